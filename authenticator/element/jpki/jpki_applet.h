/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JPKI_APPLET_H
#define JPKI_APPLET_H

/* The JPKI applet: the files, secrets and keys of the plastic card, by its commands. */

#include "apdu.h"

struct mitome_element;

/* Elementary files by their numbers. */
enum jpki_ef {
        JPKI_NO_EF = 0,
        JPKI_SIGN_CERTIFICATE = 0x0001,
        JPKI_SIGN_CA = 0x0002,
        JPKI_TOKEN_INFO = 0x0006,
        JPKI_AUTH_CERTIFICATE = 0x000A,
        JPKI_AUTH_CA = 0x000B,
        JPKI_AUTH_KEY = 0x0017,
        JPKI_AUTH_PIN = 0x0018,
        JPKI_SIGN_KEY = 0x001A,
        JPKI_SIGN_PASSWORD = 0x001B,
};

enum { JPKI_PASSWORD_TRIES = 5, JPKI_FILE_MAX = 4096 };

/* What stands between two commands, and ends with a selection or a reset. */
struct jpki {
        enum jpki_ef current;
        bool pin_verified, password_verified;
};

/* The kinds of files, for what a command may be asked of. */
enum jpki_kind { JPKI_KIND_CERTIFICATE, JPKI_KIND_INFO, JPKI_KIND_SECRET, JPKI_KIND_KEY };

/* jpki_current_is answers 9000 when the current EF is of `kind`, 6986 when there is none, 6981 for another.
 */
uint16_t jpki_current_is(const struct mitome_element *element, enum jpki_kind kind);

/* jpki_is_opened tells whether the secret that guards `ef` was verified in this selection. */
bool jpki_is_opened(const struct jpki *jpki, enum jpki_ef ef);

typedef uint16_t jpki_handler(
        struct mitome_element *element, const struct apdu_command *command, writer *answer);

jpki_handler jpki_read_binary, jpki_update_binary;              /* jpki_files.c */
jpki_handler jpki_verify, jpki_change, jpki_set_reference_data; /* jpki_secrets.c */
jpki_handler jpki_sign, jpki_generate_key_pair;                 /* jpki_keys.c */

#endif
