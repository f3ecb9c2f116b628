/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OIDC_RIG_H
#define OIDC_RIG_H

/* A portal with two persons and some clients: "wiki" (a secret), "shop" (a secret), "app" (public, loopback),
 * "notes" (a secret, of the wiki's sector). Sessions are opened as after a login; what is asked is asked of
 * the real portal and its store. */

#include "account.h"
#include "oidc_authorize.h"
#include "oidc_exchange.h"
#include "oidc_internal.h"
#include "oidc_leave.h"
#include "session.h"

#define RIG_ISSUER "https://login.example"
#define RIG_WIKI_URI "https://wiki.example/callback"
#define RIG_SHOP_URI "https://shop.example/callback?from=portal"
#define RIG_APP_URI "http://127.0.0.1:4711/callback"
#define RIG_VERIFIER "a-verifier-of-43-characters-that-nobody-knows"
/* BASIC_WIKI is "wiki:the secret of the wiki", BASIC_SHOP "shop:the secret of the shop". */
enum { RIG_NOW = 1763700000, RIG_PERSONS = 2, RIG_TEXT = 4096 };

struct oidc_person {
        struct session session;
        char cookie[SESSION_COOKIE_SIZE];
        struct oidc_login login;
};

struct oidc_rig {
        char folder[64];
        int64_t now;
        const struct web_page_set *pages; /* before it is opened; NULL: no HTTP */
        struct party *party;
        struct portal *portal;
        struct oidc *oidc;
        uint8_t policy[65536];
        struct oidc_person persons[RIG_PERSONS];
        char challenge[64]; /* of RIG_VERIFIER */
};

/* What cannot fail ends the test when it does. */
void oidc_rig_open(struct oidc_rig *rig);
void oidc_rig_close(struct oidc_rig *rig);
void oidc_rig_reopen(struct oidc_rig *rig); /* the keys of its folder are read anew */
void oidc_rig_log_in(struct oidc_rig *rig, size_t person);

/* oidc_rig_basic writes the Authorization header of a client. */
slice oidc_rig_basic(char buffer[256], const char *id, const char *secret);

/* oidc_rig_query is a good request of a client, and `more` behind it ("&prompt=none"). */
slice oidc_rig_query(const struct oidc_rig *rig, char buffer[RIG_TEXT], const char *client, const char *uri,
        const char *more);

/* oidc_rig_ask asks, and gives where the browser is sent. */
const char *oidc_rig_ask(
        struct oidc_rig *rig, slice query, const struct oidc_login *login, char location[OIDC_LOCATION_MAX]);
/* oidc_rig_refused asks, and gives the code that it is refused with. */
mitome_code oidc_rig_refused(struct oidc_rig *rig, slice query, const struct oidc_login *login);

/* oidc_rig_agree is a person's consent. */
void oidc_rig_agree(struct oidc_rig *rig, size_t person, const char *client);

/* oidc_rig_parameter copies the value of a parameter of an address, as it stands there; "" when there is
 * none.
 */
const char *oidc_rig_parameter(const char *address, const char *name, char value[RIG_TEXT]);

/* oidc_rig_code gets a code for a person who has agreed. */
const char *oidc_rig_code(
        struct oidc_rig *rig, size_t person, const char *client, const char *uri, char code[RIG_TEXT]);

/* oidc_rig_form is the form that exchanges it. */
slice oidc_rig_form(
        char buffer[RIG_TEXT], const char *code, const char *uri, const char *verifier, const char *more);

/* oidc_rig_exchange gives the HTTP status; oidc_rig_member copies a text member of the answer's JSON. */
unsigned oidc_rig_exchange(struct oidc_rig *rig, slice authorization, slice form, struct oidc_reply *ret);
const char *oidc_rig_member(const struct oidc_reply *reply, const char *name, char value[RIG_TEXT]);

/* oidc_rig_claims gives the claims of an ID token, whose signature it verifies. */
slice oidc_rig_claims(struct oidc_rig *rig, const char *id_token, uint8_t buffer[RIG_TEXT]);

#endif
