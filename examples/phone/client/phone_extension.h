/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PHONE_EXTENSION_H
#define PHONE_EXTENSION_H

/* The phone's end of the browser extension (examples/phone/extension): a page's WebAuthn requests come over
 * loopback, and the authenticator's answers go back. docs/extension.md has the letters.
 *
 * Who may ask: a browser extension (the Origin header, which no web page can set and no page of another
 * origin gets past) that knows the pairing secret, which the phone's page shows and its owner carries over.
 * Its 128 random bits are compared in constant time, and no number of wrong ones shuts anybody out. It says
 * for which page it asks: the browser's word, which the person at the phone sees and the client holds against
 * the relying party.
 *
 * An extension's background program may not wait long, so a request is begun, and asked for until it is done.
 * One at a time. */

#include "phone_actor.h"
#include "web.h"

enum {
        PHONE_EXTENSION_SECRET_SIZE = 16,
        PHONE_EXTENSION_SECRET_TEXT = 40, /* 8 groups of 4 hexadecimal digits, with terminator */
};

struct phone_extension;

struct phone_extension_config {
        struct phone_actor *actor;
        const char *folder; /* keeps the secret, in "extension-secret", for its owner alone */
        struct mitome_random random;
};

/* phone_extension_open: FILE_MODE, FILE_READ, FILE_WRITE, VALUE of the secret's file, NO_MEMORY. Close it
 * when neither the web server nor the actor runs any more. */
MITOME_CHECKED mitome_status phone_extension_open(
        const struct phone_extension_config *config, struct phone_extension **ret, mitome_error *error);
void phone_extension_close(struct phone_extension *extension);

/* phone_extension_secret is what is typed into the extension's page. */
const char *phone_extension_secret(const struct phone_extension *extension);

/* phone_extension_routes: /extension/pair, begin, poll, cancel; all POST with JSON, all WEB_HERE. */
struct web_route_set phone_extension_routes(struct phone_extension *extension);

#endif
