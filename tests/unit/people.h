/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PEOPLE_H
#define PEOPLE_H

/* People of whom there are none, and what an authority certifies of them. A failure ends the test program. */

#include "authority.h"

#include <openssl/evp.h>

extern const struct authority_person people_hanako, people_taro;

enum { PEOPLE_MODULUS = 256 };

/* people_modulus gives the modulus of an RSA-2048 key. */
void people_modulus(const EVP_PKEY *key, uint8_t ret[PEOPLE_MODULUS]);

/* people_certify has the authority issue a certificate of a person's key. */
void people_certify(struct authority *authority, enum authority_kind kind, const EVP_PKEY *key,
        const struct authority_person *person, int64_t now, struct authority_certificate *ret);

#endif
