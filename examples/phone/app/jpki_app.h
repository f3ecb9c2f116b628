/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JPKI_APP_H
#define JPKI_APP_H

/* What the JPKI app on the phone asks of the JPKI applet: the plastic card's own commands, by PIN or
 * password. */

#include "apdu.h"
#include "jpki_card.h"

#include <mitome/authenticator.h>

enum { JPKI_CERTIFICATE_MAX = 4096 };

/* The two keys with all that belongs to each (elementary files of the applet). */
struct jpki_key {
        uint16_t key_file;
        uint16_t secret_file;
        uint16_t certificate_file;
};

extern const struct jpki_key jpki_user_verification; /* 0017, PIN 0018, certificate 000A */
extern const struct jpki_key jpki_signing;           /* 001A, password 001B, certificate 0001 */

/* jpki_app_select selects the JPKI applet, if the element's access rules let this app. */
MITOME_CHECKED mitome_status jpki_app_select(struct mitome_enforcer *enforcer, mitome_error *error);

/* Every other call sends its APDUs over `link`, the enforcer's, and sets *ret_sw to the last status word. A
 * status word other than 9000 is a refusal by the element: the call then fails with APDU_STATUS and *ret_sw
 * says why. */

MITOME_CHECKED mitome_status jpki_app_verify(const struct mitome_link *link, const struct jpki_key *key,
        const char *secret, uint16_t *ret_sw, mitome_error *error);

/* jpki_app_read_certificate reads the certificate's DER into `buffer`. */
MITOME_CHECKED mitome_status jpki_app_read_certificate(const struct mitome_link *link,
        const struct jpki_key *key, uint8_t *buffer, size_t capacity, slice *ret, uint16_t *ret_sw,
        mitome_error *error);

/* jpki_app_sign signs SHA-256 of the parts with PKCS#1 v1.5 (a DigestInfo goes to the card, as OpenSC sends
 * it).
 */
MITOME_CHECKED mitome_status jpki_app_sign(const struct mitome_link *link, const struct jpki_key *key,
        const slice *parts, size_t count, uint8_t ret_signature[JPKI_SIGNATURE_SIZE], uint16_t *ret_sw,
        mitome_error *error);

/* jpki_app_sign_message has a phone's user-verification key sign a message that says what it is for
 * (JPKI_MESSAGE_PREFIX): the element hashes it itself, and signs no other. The plastic card knows no such
 * way; jpki_app_sign makes the same signature there. */
enum { JPKI_MESSAGE_MAX = 2048 };
MITOME_CHECKED mitome_status jpki_app_sign_message(const struct mitome_link *link, slice message,
        uint8_t ret_signature[JPKI_SIGNATURE_SIZE], uint16_t *ret_sw, mitome_error *error);

#endif
