/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFE_CYCLE_CARD_H
#define LIFE_CYCLE_CARD_H

/* A card that signs applications: its key is OpenSSL's. */

#include "bytes.h"

#include <openssl/x509.h>

enum { CARD_CMS_MAX = 8192 };

struct card {
        EVP_PKEY *key;
        uint8_t modulus[256];
        X509 *certificate; /* for signing, as the authority issued it */
};

/* These end the program when they cannot. */
void life_cycle_card_make(struct card *ret);
void life_cycle_card_free(struct card *card);

/* life_cycle_card_sign writes the CMS of an application for a user-verification certificate on this device,
 * now. */
slice life_cycle_card_sign(
        const struct card *card, const char *device, const char *nonce, uint8_t buffer[CARD_CMS_MAX]);

#endif
