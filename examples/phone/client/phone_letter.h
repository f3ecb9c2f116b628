/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PHONE_LETTER_H
#define PHONE_LETTER_H

/* The phone's letters to a portal: JSON, by libcurl, bounded in size and time. No redirect is followed, no
 * proxy used, no cookie kept. */

#include "bytes.h"

enum { PHONE_LETTER_URL_MAX = 512, PHONE_LETTER_TIMEOUT_MS = 20000 };

struct phone_letter {
        const char *origin;  /* https, or http to localhost: phone_link_read has seen to that */
        const char *path;    /* "/api/phone/code/" */
        const char *code;    /* behind it */
        const char *ca_file; /* PEM: who vouches for the portal; NULL: the system's */
        slice body;          /* JSON to post; data NULL: it is only asked */
};

/* phone_letter_send gives the answer's status and body. UNREACHABLE when there is none, or one over
 * `capacity`; TOO_LONG for the address. */
MITOME_CHECKED mitome_status phone_letter_send(const struct phone_letter *letter, uint8_t *buffer,
        size_t capacity, long *ret_status, slice *ret_answer, mitome_error *error);

#endif
