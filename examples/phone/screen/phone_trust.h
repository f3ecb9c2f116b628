/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PHONE_TRUST_H
#define PHONE_TRUST_H

/* The folder from which a relying party of the demonstration takes what it believes: the maker's CAs, those
 * of the certificates, their lists, and the model's metadata.
 *
 *   attestation/, jpki/, jpki-signing/: DER; crl/; metadata/: JSON */

#include "world.h"

/* phone_trust_write writes all of it anew; phone_trust_lists the lists alone. The lists are good for a day
 * from the world's now. FILE_WRITE, TOO_LONG, and as the CAs fail. */
MITOME_CHECKED mitome_status phone_trust_write(
        struct world *world, const char *folder, int64_t now, mitome_error *error);
MITOME_CHECKED mitome_status phone_trust_lists(
        struct world *world, const char *folder, int64_t now, mitome_error *error);

#endif
