/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BROWSER_H
#define BROWSER_H

/* The browser's part of WebAuthn: it writes the client data, lets libfido2 speak CTAP with the authenticator
 * and makes the JSON that a page's script would send to its server. */

#include "bytes.h"

#include <fido.h>

enum { BROWSER_MESSAGE_MAX = 16384, BROWSER_CLIENT_DATA_MAX = 1024 };

/* What a page gets back, and the parts of it that the story shows. Views point into `buffer`. */
struct browser_answer {
        int fido_error; /* FIDO_OK, or libfido2's word for the authenticator's refusal */
        slice json;
        slice client_data;
        slice attestation_object; /* registration */
        slice auth_data;
        slice credential_id;
        uint8_t buffer[BROWSER_MESSAGE_MAX];
};

/* What a page asks for. */
struct browser_request {
        const char *origin; /* the page's own, which the browser writes into the client data */
        const char *rp_id;
        slice challenge;
        slice user_id;
        const char *user_name;
        bool discoverable;   /* registration: residentKey "required" */
        slice credential_id; /* login: the one credential that is asked for; empty: the device's own */
        const char *pin;     /* what the user typed into the browser; NULL: the device looks for a finger */
};

/* browser_create is navigator.credentials.create with userVerification "required" and attestation "direct";
 * browser_get is navigator.credentials.get. `device` is open. The answer's fido_error tells a refusal; a
 * failure of the call is one of the browser's own. */
MITOME_CHECKED mitome_status browser_create(fido_dev_t *device, const struct browser_request *request,
        struct browser_answer *ret, mitome_error *error);
MITOME_CHECKED mitome_status browser_get(fido_dev_t *device, const struct browser_request *request,
        struct browser_answer *ret, mitome_error *error);

#endif
