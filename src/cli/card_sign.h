/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARD_SIGN_H
#define CARD_SIGN_H

/* `mitome card sign-application`: files and prompts around card_application.h. */

#include "card_application.h"

#include <mitome/link.h>

struct card_sign {
        const char *in; /* a file with the application; NULL: it is composed */
        struct card_application application;
        const char *out; /* NULL: standard output */
        int password_fd; /* -1: asked for on the terminal, without echo */
};

/* card_sign signs and writes a CMS SignedData. What is to be known about a refusal beyond its error (tries
 * left) is said on stderr. Fails as card_application_sign, with VALUE, FILE_READ, FILE_WRITE. */
MITOME_CHECKED mitome_status card_sign(
        const struct mitome_link *link, const struct card_sign *order, mitome_error *error);

#endif
