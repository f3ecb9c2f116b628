/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PORTAL_RIG_H
#define PORTAL_RIG_H

/* A portal, an authority whose certificates it believes, and browsers that answer it with passkeys of the
 * test's own. Each answer begins right; a negative case is one edit away. */

#include "authdata.h"
#include "authority.h"
#include "ceremony_rig.h"
#include "credential.h"
#include "portal_ceremony.h"
#include "portal_internal.h"

/* A browser: a cookie, perhaps a device cookie, and passkeys by number. */
struct portal_browser {
        char cookie[SESSION_COOKIE_SIZE], device[CEREMONY_DEVICE_SIZE];
        const char *address;
        struct session session;
};

enum { PORTAL_RIG_HANDLES = 8 };

struct portal_rig {
        struct rig passkeys; /* one pair of keys a kind; credential_id is that of the passkey in use */
        struct authority *authority;
        EVP_PKEY *person_key;
        unsigned people; /* that have had a certificate */
        struct authority_certificate certificate;
        struct portal_trust *trust;
        slice evaluator, evaluation; /* of the next portal_rig_list: DER, and a statement; empty: none */
        struct post post;            /* before it is opened: the way to others, and their names; or zero */
        const struct directory *names;
        struct directory nobody;
        const char *store; /* another address than one in memory */
        struct party *party;
        struct portal *portal;
        int64_t now;
        char policies[2][65536];
        uint8_t handles[PORTAL_RIG_HANDLES][ACCOUNT_HANDLE_SIZE]; /* of the accounts, by passkey's number */
        uint32_t sign_count;
        struct rig_response response;
        bool no_randomness;
};

/* portal_rig_open; `attestation` as the portal's configuration has it. */
void portal_rig_open(struct portal_rig *rig, enum portal_attestation attestation);
void portal_rig_close(struct portal_rig *rig);

/* For cmocka: the state is a struct portal_rig, whose portal takes attested passkeys only, or all. */
int portal_rig_set_up(void **state);
int portal_rig_set_up_unattested(void **state);
int portal_rig_tear_down(void **state);

/* portal_rig_new_certificate: the person has another one now, with a key of its own. */
void portal_rig_new_certificate(struct portal_rig *rig);

/* portal_rig_list gives the portal a new list of the authority's. */
void portal_rig_list(struct portal_rig *rig);

/* portal_rig_visit gives the browser a cookie; portal_rig_return finds its session again. */
void portal_rig_visit(struct portal_rig *rig, struct portal_browser *browser);
mitome_code portal_rig_return(struct portal_rig *rig, struct portal_browser *browser);

/* portal_rig_passkey takes the passkey of this number. */
void portal_rig_passkey(struct portal_rig *rig, unsigned number);

/* portal_rig_begin_registration asks for options, and answers them with what the plan makes of it: in
 * rig->response. portal_rig_begin_login the same. A plan's challenge is filled in. */
void portal_rig_begin_registration(
        struct portal_rig *rig, struct portal_browser *browser, unsigned number, struct rig_plan *plan);
void portal_rig_begin_login(
        struct portal_rig *rig, struct portal_browser *browser, unsigned number, struct rig_plan *plan);

/* Both halves; a plan of NULL is the right one. */
enum portal_rig_proof { PORTAL_RIG_BARE, PORTAL_RIG_CERTIFIED };
mitome_code portal_rig_register(struct portal_rig *rig, struct portal_browser *browser, unsigned number,
        enum portal_rig_proof proof, struct ceremony_registered *ret);
mitome_code portal_rig_log_in(struct portal_rig *rig, struct portal_browser *browser, unsigned number,
        struct ceremony_logged_in *ret);
/* portal_rig_settle: somebody has an account, its passkey `number`, and a session. */
void portal_rig_settle(
        struct portal_rig *rig, struct portal_browser *browser, unsigned number, enum portal_rig_proof proof);
/* portal_rig_answer posts rig->response as the browser's login. */
mitome_code portal_rig_answer(
        struct portal_rig *rig, struct portal_browser *browser, struct ceremony_logged_in *ret);

/* portal_rig_sign_binding is the person's key's signature behind rig->response. */
slice portal_rig_sign_binding(struct portal_rig *rig, uint8_t signature[512]);

/* portal_rig_decoy is the key that unknown credentials are verified against, with its private half. */
EVP_PKEY *portal_rig_decoy(void);

/* portal_rig_count answers one number of the store. */
int64_t portal_rig_count(struct portal_rig *rig, const char *sql);

#endif
