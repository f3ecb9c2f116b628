/* SPDX-License-Identifier: Apache-2.0 */
#ifndef METADATA_SNAPSHOT_H
#define METADATA_SNAPSHOT_H

/* A snapshot as it lies in memory: one block, `holding` first. */

#include "metadata_statement.h"

#include <mitome/metadata.h>

/* The only part that changes: who reads it through a slot. The slot's lock guards it. */
struct metadata_holding {
        size_t readers;
        bool replaced;
};

struct metadata_key {
        uint8_t identifier[METADATA_KEY_IDENTIFIER_SIZE];
        const struct mitome_metadata_entry *entry;
};

struct mitome_metadata {
        struct metadata_holding *holding;
        uint64_t number;
        int64_t next_update;
        slice signer; /* certificate, DER */
        const struct mitome_metadata_entry *entries;
        const struct mitome_metadata_entry **models; /* those with an AAGUID, in its order */
        struct metadata_key *keys;                   /* in their order */
        size_t entry_count, model_count, key_count;
};

/* metadata_snapshot_read reads a payload, which was verified: everything but the age of the BLOB. `scratch`
 * is as large as the payload. Free *ret with mitome_metadata_free. */
MITOME_CHECKED mitome_status metadata_snapshot_read(slice payload, slice signer, int64_t now, writer *scratch,
        struct mitome_metadata **ret, mitome_error *error);

#endif
