/* SPDX-License-Identifier: Apache-2.0 */
#ifndef METADATA_RIG_H
#define METADATA_RIG_H

/* Metadata BLOBs of every make, right and wrong. A failure of the rig ends the test program. */

#include "bytes.h"

#include <openssl/evp.h>

enum { RIG_BLOB_CHAIN_MAX = 12 };

struct rig_blob_plan {
        const char *alg; /* "ES256", "none", "HS256" (keyed with x5c[0]'s bytes, as an attacker would); NULL:
                            none in the header, and an ES256 signature */
        const char *signed_as; /* how it is signed when the header lies; NULL: as `alg` says */
        const char *typ;       /* NULL: none in the header */
        const char *more;      /* further members of the header, each after its comma, or NULL */
        bool no_x5c;
        const slice *chain;
        size_t chain_size;
        EVP_PKEY *key;
        bool der_signature; /* ECDSA as X.509 has it */
        const char *payload;
};

/* rig_blob makes a BLOB, a string to be freed with free. */
char *rig_blob(const struct rig_blob_plan *plan);

/* rig_base64 and rig_base64url encode, padded and unpadded, into strings to be freed with free. */
char *rig_base64(slice bytes);
char *rig_base64url(slice bytes);

#endif
