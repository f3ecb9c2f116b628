/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BIND_PASSKEY_H
#define BIND_PASSKEY_H

/* What the JPKI app has the user-verification key sign, so that its holder stands behind a passkey that the
 * phone's authenticator has just made for a website. No page hands the app a message to sign: the app makes
 * it of what it has looked at itself. */

#include "bytes.h"

/* A new passkey. */
struct passkey_made {
        const char *rp_id; /* which the app shows its holder before it asks for the PIN */
        slice auth_data;
        slice client_data; /* clientDataJSON */
};

enum { BINDING_MESSAGE_MAX = 2048 };

/* binding_compose writes the message (mitome/rp.h, mitome_verify_binding) into `buffer`. Refused is what was
 * made for another RP ID (RP_ID_HASH), is no registration (CLIENT_DATA_TYPE, NO_CREDENTIAL_DATA), or came
 * from a page that is not of this RP ID (ORIGIN_UNEXPECTED; CROSS_ORIGIN: in another's frame); RP_ID_FORM;
 * and what cannot be read. */
MITOME_CHECKED mitome_status binding_compose(const struct passkey_made *made,
        uint8_t buffer[BINDING_MESSAGE_MAX], slice *ret_message, mitome_error *error);

#endif
