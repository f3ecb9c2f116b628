/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JPKI_CARD_H
#define JPKI_CARD_H

/* A client of the JPKI applet, on a card or in a phone's element: what it is, what it holds, and a signature
 * with the signing key. */

#include "bytes.h"

#include <mitome/authenticator.h>

enum jpki_file {
        JPKI_SIGNING_CERTIFICATE = 0x0001,
        JPKI_SIGNING_CA = 0x0002,
        JPKI_TOKEN_INFORMATION = 0x0006,
        JPKI_AVAILABILITY = 0x0008,
        JPKI_USER_CERTIFICATE = 0x000A,
        JPKI_USER_CA = 0x000B,
        JPKI_USER_PIN = 0x0018,
        JPKI_SIGNING_PASSWORD = 0x001B,
};

enum {
        JPKI_FILE_MAX = 4096,
        JPKI_LABEL_SIZE = 32,
        JPKI_SIGNATURE_SIZE = 256,
        JPKI_DIGEST_SIZE = 32,
        JPKI_PASSWORD_MIN = 6,
        JPKI_PASSWORD_MAX = 16,
};

/* What a label says that the applet stands in. */
enum jpki_kind { JPKI_MY_NUMBER_CARD, JPKI_ANDROID, JPKI_IPHONE, JPKI_UNKNOWN };

/* jpki_card_exchange sends one command, whose status word goes to *ret_sw; *ret_data views `response`. Fails
 * only when no answer comes. */
MITOME_CHECKED mitome_status jpki_card_exchange(const struct mitome_link *link, slice command,
        uint8_t *response, size_t capacity, slice *ret_data, uint16_t *ret_sw, mitome_error *error);

/* jpki_card_select selects an application by its AID and tells whether it is there. */
MITOME_CHECKED mitome_status jpki_card_has(
        const struct mitome_link *link, slice aid, bool *ret, mitome_error *error);

/* jpki_card_open selects the JPKI applet: NO_JPKI when there is none. */
MITOME_CHECKED mitome_status jpki_card_open(const struct mitome_link *link, mitome_error *error);

/* jpki_card_read reads a file of the selected applet; *ret views `buffer`. A certificate is cut to its DER,
 * what fills the file behind it is left out. *ret_sw is 9000, or why the file is not read (6982, 6A82). */
MITOME_CHECKED mitome_status jpki_card_read(const struct mitome_link *link, enum jpki_file file,
        uint8_t buffer[JPKI_FILE_MAX], slice *ret, uint16_t *ret_sw, mitome_error *error);

/* jpki_card_tries asks how many tries a PIN or password has left, and spends none; -1 when the card does not
 * say. */
MITOME_CHECKED mitome_status jpki_card_tries(
        const struct mitome_link *link, enum jpki_file secret, int *ret, mitome_error *error);

/* jpki_card_kind reads the label out of the token information. `ret_label` is its text without padding. */
enum jpki_kind jpki_card_kind(slice token_information, char ret_label[JPKI_LABEL_SIZE + 1]);

/* jpki_card_verify_password verifies the signing password (6 to 16 letters and digits, both kinds, letters in
 * either case; anything else is SECRET_FORM and no try). Fails with SECRET_WRONG, and *ret_tries is what is
 * left, or with SECRET_LOCKED. */
MITOME_CHECKED mitome_status jpki_card_verify_password(
        const struct mitome_link *link, slice password, int *ret_tries, mitome_error *error);

/* jpki_card_sign signs a SHA-256 digest with the signing key (RSASSA-PKCS1-v1_5). */
MITOME_CHECKED mitome_status jpki_card_sign(const struct mitome_link *link,
        const uint8_t digest[JPKI_DIGEST_SIZE], uint8_t ret_signature[JPKI_SIGNATURE_SIZE],
        mitome_error *error);

#endif
