/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RECORD_LEAF_H
#define RECORD_LEAF_H

/* An attestation certificate, as far as a record remembers it. */

#include "bytes.h"

enum { LEAF_KEY_ID_SIZE = 20 };

struct record_leaf {
        bool has_key_id;
        uint8_t key_id[LEAF_KEY_ID_SIZE]; /* SHA-1 of the key's bits, RFC 5280 4.2.1.2 (1) */
        slice serial;                     /* magnitude; empty when it is not as RFC 5280 4.1.2.2 has it */
        slice issuer;                     /* Name, DER; empty with the serial */
};

/* record_leaf_read reads a certificate (DER) as far as it can be read: some that exist are not strict DER,
 * and were OpenSSL's to judge. */
void record_leaf_read(slice der, struct record_leaf *ret);

#endif
