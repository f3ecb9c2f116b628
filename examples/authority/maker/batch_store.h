/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BATCH_STORE_H
#define BATCH_STORE_H

/* The one batch of the model, in the maker's store: all phones that it makes share its key, so that their
 * attestations tell nobody apart, and relying parties need one anchor. The key lies in the store, where a
 * real one would be in an HSM. */

#include "maker.h"
#include "party.h"

/* A table of the maker's store (reset_server_schema has it). */
#define BATCH_STORE_SCHEMA                                                               \
        "CREATE TABLE batch (one INTEGER PRIMARY KEY CHECK (one = 1), ca BLOB NOT NULL," \
        " certificate BLOB NOT NULL, key BLOB NOT NULL) WITHOUT ROWID;"

/* batch_store_take gives the batch, and makes it if there is none. Wipe it. */
MITOME_CHECKED mitome_status batch_store_take(
        struct party *party, struct maker_batch *ret, mitome_error *error);

#endif
