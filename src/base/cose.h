/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COSE_H
#define COSE_H

/* COSE public keys (RFC 9052, 9053, 8230) as WebAuthn uses them, and what they verify. Signatures are made in
 * authenticator/element only. */

#include "cbor.h"

enum cose_algorithm {
        COSE_ES256 = -7,
        COSE_EDDSA = -8,
        COSE_RS256 = -257,
};

/* A key as it stands in a credential: views into the bytes it was read from. */
struct cose_key {
        int64_t algorithm; /* enum cose_algorithm */
        slice x, y;        /* ES256: the coordinates; EdDSA: x is the key */
        slice n, e;        /* RS256: modulus and exponent, big-endian, no leading zero */
};

/* cose_algorithm_name is "ES256" and so on, or NULL for an algorithm that is not supported. */
const char *cose_algorithm_name(int64_t algorithm);

/* cose_key_read takes one COSE_Key. Refused: an algorithm that is not in the table (ALGORITHM_UNSUPPORTED),
 * parameters that do not belong to the key type (KEY_TYPE), coordinates of another size, points off the curve
 * or at infinity (KEY_POINT), RSA moduli that are even, under 2048 or over 4096 bits, and exponents that are
 * even, 1 or over 64 bits (KEY_WEAK). */
MITOME_CHECKED mitome_status cose_key_read(struct cbor_reader *r, const char *field, struct cose_key *ret);

/* cose_key_write writes the key in canonical form. */
void cose_key_write(writer *w, const struct cose_key *key);

/* cose_verify checks `signature` over the parts, one after the other. ES256 signatures are strict DER
 * (SIGNATURE_FORM), EdDSA 64 bytes, RS256 as long as the modulus. At most COSE_PARTS parts, for EdDSA of
 * COSE_EDDSA_MAX bytes together (TOO_LONG). OpenSSL's error queue is left as it was found. */
enum { COSE_PARTS = 4, COSE_EDDSA_MAX = 4096 };
MITOME_CHECKED mitome_status cose_verify(const struct cose_key *key, const slice *parts, size_t count,
        slice signature, const char *field, const char *clause, mitome_error *error);

#endif
