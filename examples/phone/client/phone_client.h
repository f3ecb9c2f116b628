/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PHONE_CLIENT_H
#define PHONE_CLIENT_H

/* The WebAuthn client (web_client.h) before the phone's own authenticator. For the app's thread, i.e. within
 * an errand. */

#include "phone_actor.h"
#include "web_client.h"

/* Zeroed, then its members set; it must not move while the client is used. */
struct phone_client {
        struct phone_actor *actor;
        struct phone_caller caller;
        struct web_client client; /* set by phone_client_open */
};

/* `origin` is shown, `native` says that no browser asks; both for as long as the client lives. */
void phone_client_open(struct phone_client *ret, struct phone_actor *actor, const char *origin, bool native);

#endif
