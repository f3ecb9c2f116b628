/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RECORD_LEAF_H
#define RECORD_LEAF_H

/* The attestation certificate of a registration, as far as a record remembers it. */

#include "bytes.h"

enum { LEAF_KEY_ID_SIZE = 20 };

struct record_leaf {
        bool has_key_id;
        uint8_t key_id[LEAF_KEY_ID_SIZE]; /* SHA-1 of the key's bits, RFC 5280 4.2.1.2 (1) */
        slice serial;                     /* magnitude; empty when it is not as RFC 5280 4.1.2.2 has it */
        slice issuer;                     /* Name, DER; empty with the serial */
};

/* record_leaf_read reads a certificate (DER) as far as it can be read. */
void record_leaf_read(slice der, struct record_leaf *ret);

/* record_leaf_find looks for the authenticator's certificate in an attestation object that was verified: the
 * first x5c, that of `device` where there is one. What cannot be found or read stays empty: certificates that
 * are not strict DER exist, and were OpenSSL's to judge. Views point into the object. */
void record_leaf_find(slice attestation_object, struct record_leaf *ret);

#endif
