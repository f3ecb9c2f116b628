/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PHONE_GUARD_H
#define PHONE_GUARD_H

/* Who may use the phone's page. Whoever has the address that the program printed: its fragment is a secret,
 * which the page's script exchanges for a cookie and a token. From then on a request must have both (cookies
 * are sent to every port of this machine, and somebody else may listen there: the cookie alone opens
 * nothing), and one that changes something must come from the page itself (Origin). A page of another site
 * has none of these, and neither has one whose name was pointed at this machine (DNS rebinding): its Host is
 * not answered at all. */

#include "web.h"

enum { PHONE_GUARD_SECRET = 16, PHONE_GUARD_TOKEN = 32, PHONE_GUARD_TEXT = 2 * PHONE_GUARD_TOKEN + 1 };

/* Texts, hexadecimal. */
struct phone_guard {
        char secret[2 * PHONE_GUARD_SECRET + 1]; /* of the address */
        char cookie[PHONE_GUARD_TEXT], csrf[PHONE_GUARD_TEXT];
};

/* phone_guard_draw draws all three: NO_RANDOMNESS. */
MITOME_CHECKED mitome_status phone_guard_draw(
        const struct mitome_random *random, struct phone_guard *ret, mitome_error *error);

/* phone_guard_admit sets the cookie for whoever knows the secret: PHONE_PAGE_SECRET, PHONE_PAGE_ORIGIN. */
MITOME_CHECKED mitome_status phone_guard_admit(const struct phone_guard *guard,
        const struct web_request *request, slice secret, struct web_answer *answer, mitome_error *error);

/* phone_guard_check: PHONE_PAGE_SECRET, PHONE_PAGE_ORIGIN. */
MITOME_CHECKED mitome_status phone_guard_check(
        const struct phone_guard *guard, const struct web_request *request, mitome_error *error);

#endif
