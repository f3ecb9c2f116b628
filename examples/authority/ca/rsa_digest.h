/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RSA_DIGEST_H
#define RSA_DIGEST_H

/* By what a key is named that has no certificate: in the register, in an order, in a receipt. */

#include "bytes.h"

enum { RSA_DIGEST_SIZE = 32 };

/* rsa_digest is SHA-256 of the SubjectPublicKeyInfo of an RSA-2048 key, exponent 65537. */
void rsa_digest(slice modulus, uint8_t ret[RSA_DIGEST_SIZE]);

#endif
