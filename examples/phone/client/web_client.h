/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_CLIENT_H
#define WEB_CLIENT_H

/* A WebAuthn client (WebAuthn L3 5.1): the browser's part between a page and a CTAP authenticator. Options as
 * JSON go in, and the JSON that the page's server expects comes out. It holds the page to its origin, the
 * authenticator to its answer, and asks for a finger first and for the PIN when the finger does not do.
 *
 * Narrower than a browser: no frames of other origins, no list of accounts to choose from (the
 * authenticator's latest is taken), of the extensions credProps, credProtect, credBlob and minPinLength. */

#include "bytes.h"

#include <mitome/related_origins.h>

enum {
        WEB_CLIENT_OPTIONS_MAX = 32768,
        WEB_CLIENT_ANSWER_MAX = 32768, /* what a buffer for an answer holds at least */
        WEB_CLIENT_LIST_MAX = 64,      /* credentials that are excluded or allowed */
        WEB_CLIENT_FINGERS = 3,        /* fingers that are tried before the PIN is asked for */
};

/* The way to the authenticator, and to its holder. */
struct web_client {
        void *context;
        /* A CTAP request (command byte, CBOR) and its response (status byte, CBOR) into `response`, which
         * holds MITOME_MESSAGE_MAX. *ret_wants_pin: the holder would rather give the PIN; the response is
         * then of no interest. */
        mitome_status (*exchange)(void *context, slice request, uint8_t *response, size_t capacity,
                size_t *ret_size, bool *ret_wants_pin, mitome_error *error);
        /* The holder's PIN, of which `tries` are left; empty: it is not given. NULL: nobody can be asked. */
        mitome_status (*ask_pin)(void *context, unsigned tries, struct secret *ret_pin, mitome_error *error);
        struct mitome_random random;
        /* Who knows the public suffix list; NULL: nobody, and a page asks for its own domain alone. */
        const struct mitome_registrable *registrable;
        bool native; /* no browser: may ask the authenticator how it verified its user ("mitome-jpki") */
};

/* Who asks. */
struct web_client_page {
        slice origin;      /* "https://login.example", as browsers write it */
        bool cross_origin; /* it is a frame in a page of another origin: refused */
};

struct web_client_answer {
        uint8_t status; /* the authenticator's last, when it refused (CTAP_STATUS); else 0 */
        slice json; /* RegistrationResponseJSON or AuthenticationResponseJSON; views the caller's buffer */
};

/* web_client_create takes PublicKeyCredentialCreationOptionsJSON, web_client_get
 * PublicKeyCredentialRequestOptionsJSON (WebAuthn L3 5.1.8, 5.1.9). Members that are not known are passed
 * over, as a browser does.
 *
 * CLIENT_ORIGIN: the page may not use passkeys; CLIENT_RP_ID: not for this relying party; CROSS_ORIGIN;
 * CTAP_STATUS: the authenticator refused, ret->status says how; CLIENT_ANSWER or CBOR_*: it answered what it
 * may not; ALGORITHM_UNSUPPORTED: none of the algorithms is a public key's; TOO_MANY: more credentials are
 * listed than are looked for; JSON_*, MISSING, VALUE, TOO_LONG: the options; BUFFER_FULL. */
MITOME_CHECKED mitome_status web_client_create(const struct web_client *client,
        const struct web_client_page *page, slice options, uint8_t *buffer, size_t capacity,
        struct web_client_answer *ret, mitome_error *error);
MITOME_CHECKED mitome_status web_client_get(const struct web_client *client,
        const struct web_client_page *page, slice options, uint8_t *buffer, size_t capacity,
        struct web_client_answer *ret, mitome_error *error);

/* web_client_exception is the name of the DOMException that a page gets for a failure: the same for whatever
 * would tell a page what the holder has or has not ("NotAllowedError", WebAuthn L3 14.5.1). */
const char *web_client_exception(mitome_status status, uint8_t ctap_status);

/* web_client_may_ask holds a relying party's ID against the page that wants to speak for it (CLIENT_ORIGIN,
 * CLIENT_RP_ID): its own domain, or one above it down to the registrable one. An empty one is replaced by the
 * page's own domain in *ret_rp_id. */
MITOME_CHECKED mitome_status web_client_may_ask(slice origin, slice rp_id,
        const struct mitome_registrable *registrable, slice *ret_rp_id, mitome_error *error);

#endif
