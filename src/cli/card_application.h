/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARD_APPLICATION_H
#define CARD_APPLICATION_H

/* A My Number Card signs the application for a phone certificate: with its signing key, opened by its signing
 * password and by nothing else. */

#include "jpki_card.h"

#include <stdio.h>

enum { CARD_APPLICATION_MAX = 64 * 1024, CARD_NONCE_MAX = 128 };

struct card_application {
        const char *in;    /* a file with the application; NULL: one is written from what follows */
        const char *kind;  /* "user-verification", "signing" or "both" */
        const char *nonce; /* what the authority gave, against a second use; letters, digits, '-' and '_' */
        const char *out;   /* NULL: standard output */
        int password_fd;   /* -1: asked for on the terminal, without echo */
        int64_t now;
};

/* card_application_sign signs and writes a CMS SignedData. What is to be known about a refusal beyond its
 * error (tries left) is said on stderr. Fails with NO_JPKI, NOT_MY_NUMBER_CARD, SECRET_FORM, SECRET_WRONG,
 * SECRET_LOCKED, VALUE, FILE_READ, FILE_WRITE, or as the link does. */
MITOME_CHECKED mitome_status card_application_sign(
        const struct mitome_link *link, const struct card_application *application, mitome_error *error);

#endif
