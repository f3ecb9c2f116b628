/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARD_APPLICATION_H
#define CARD_APPLICATION_H

/* The application for a phone certificate, and a My Number Card that signs it: with its signing key, opened
 * by its signing password and by nothing else. One line of JSON:
 *
 *   {"application": PURPOSE, "version": 1, "kinds": [KIND..], "device": IDENTITY, "applied_at": TIME,
 * "nonce": NONCE}
 *
 * the kinds in the order "user-verification", "signing". An application that names no device says
 * "phone-certificate" in the place of its purpose; service managers do not take it. */

#include "bytes.h"

#include <mitome/link.h>

enum { CARD_APPLICATION_MAX = 64 * 1024, CARD_NONCE_MAX = 128, CARD_DEVICE_MAX = 64 };

struct card_application {
        const char *kind; /* "user-verification", "signing" or "both" */
        const char *
                purpose; /* "issue", "renew", "reset-pin", "reset-password", "revoke"; NULL: without device */
        const char *device; /* the identity printed on the phone: UTF-8 without quote, backslash and control
                               characters; NULL: none, and no purpose */
        const char *nonce;  /* what was given against a second use; letters, digits, '-' and '_' */
        int64_t now;
};

/* card_application_write composes one; `buffer` has CARD_APPLICATION_MAX bytes. VALUE names what is wrong as
 * the program's option. */
MITOME_CHECKED mitome_status card_application_write(
        const struct card_application *application, uint8_t *buffer, slice *ret, mitome_error *error);

/* Who knows the signing password. */
struct card_holder {
        void *context;
        /* tell gives it, knowing how many tries are left (1 or more; -1: the card does not say) */
        mitome_status (*tell)(void *context, int tries, struct secret *ret, mitome_error *error);
        /* wrong says how many are left after a wrong one; may be NULL */
        void (*wrong)(void *context, int tries);
};

/* card_application_sign has the card behind `link` sign the content and writes a CMS SignedData (room for the
 * content, JPKI_FILE_MAX and CMS_OVERHEAD). Fails with NO_JPKI, NOT_MY_NUMBER_CARD, SECRET_FORM,
 * SECRET_WRONG, SECRET_LOCKED, CARD_SIGNATURE, or as the link does. */
MITOME_CHECKED mitome_status card_application_sign(const struct mitome_link *link, slice content, int64_t now,
        const struct card_holder *holder, writer *out, mitome_error *error);

#endif
