/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PHONE_LOGIN_H
#define PHONE_LOGIN_H

/* What a link or a code that another screen shows asks of the phone: to log that screen's browser in, or to
 * sign a document. An errand: it waits for the portal and for the person.
 *
 * Logging in: the portal says a number of two digits, which stands on the other screen as well; the person
 * compares, and lays a finger on the sensor; the assertion goes to the portal. Nothing tells whose screen it
 * is but that number and the person's eyes: this is not resistant to phishing, and the portal says so in
 * `acr`. */

#include "phone_actor.h"

struct phone_login_config {
        const char *portal;  /* origin for a code that is typed without a link; NULL: links only */
        const char *ca_file; /* PEM: who vouches for the portal, e.g. its own local CA; NULL: the system's */
};

/* phone_login_run: LOGIN_LINK for what is neither link nor code; UNREACHABLE; LOGIN_REFUSED when the portal
 * says no (a code that is over, a passkey that it does not know); LOGIN_ANSWER for an answer that is none;
 * PHONE_DECLINED when the person says no; and what web_client_get or phone_actor_sign fail with. */
MITOME_CHECKED mitome_status phone_login_run(struct phone_actor *actor,
        const struct phone_login_config *config, const char *link_or_code, mitome_error *error);

#endif
