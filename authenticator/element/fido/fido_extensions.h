/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FIDO_EXTENSIONS_H
#define FIDO_EXTENSIONS_H

/* The extensions of makeCredential and getAssertion (CTAP 2.1, 12, and 2.2): the element keeps what they
 * need, and encodes their outputs in authData. */

#include "fido_applet.h"

/* What is asked for: field 8A of MAKE CREDENTIAL and GET ASSERTION. */
enum fido_extension {
        EXTENSION_HMAC_SECRET = 0x01, /* MAKE CREDENTIAL only */
        EXTENSION_LARGE_BLOB_KEY = 0x02,
        EXTENSION_MIN_PIN_LENGTH = 0x04, /* MAKE CREDENTIAL only */
        EXTENSION_PAYMENT = 0x08,
        EXTENSION_JPKI = 0x10,
        EXTENSION_CRED_BLOB = 0x20,
        EXTENSION_COMPLEXITY = 0x40, /* pinComplexityPolicy, MAKE CREDENTIAL only */
        EXTENSIONS_OF_MAKE = 0x7F,
        EXTENSIONS_OF_GET =
                EXTENSION_LARGE_BLOB_KEY | EXTENSION_PAYMENT | EXTENSION_JPKI | EXTENSION_CRED_BLOB,
};

enum {
        FIDO_OUTPUTS_MAX = 256,     /* all outputs of one authData */
        FIDO_SALTS_INPUT_MAX = 192, /* field 8B */
};

/* fido_salts_open takes field 8B, the input of hmac-secret: 80 x · 81 y · 82 saltEnc · 84 saltAuth · [88
 * protocol]. 6982 saltAuth is not the platform's, or there is no key agreement · 6A80 anything else. */
uint16_t fido_salts_open(const struct fido *fido, slice input, struct fido_salts *ret);
void fido_salts_wipe(struct fido_salts *salts);

/* What outputs are made of. */
struct fido_asked {
        uint8_t flags;                  /* enum fido_extension */
        bool protection;                /* credProtect was asked for */
        bool blob_kept;                 /* credBlob was given, and is stored */
        uint8_t modality;               /* enum fido_modality: how the user was verified */
        const struct fido_salts *salts; /* of hmac-secret, or of hmac-secret-mc; NULL: not asked for */
};

/* fido_write_outputs writes the map of outputs, in canonical order, or nothing when there is none:
 * of a credential that is being made, or of one that signs. */
uint16_t fido_write_make_outputs(struct mitome_element *element, const struct fido_asked *asked,
        const struct fido_credential *credential, writer *w);
uint16_t fido_write_get_outputs(struct mitome_element *element, const struct fido_asked *asked,
        const struct fido_credential *credential, writer *w);

#endif
