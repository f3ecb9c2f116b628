/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PORTAL_CEREMONY_H
#define PORTAL_CEREMONY_H

/* Registration and login: a browser's JSON in, an account or a session out. Challenges are sealed and bound
 * to the cookie they were made for, and each is spent in the store before its answer is looked at: an answer
 * that is refused has used it up.
 *
 * Nobody learns here what accounts or credentials there are: a login names nobody (the browser finds the
 * credential), and everything that tells a known credential from an unknown one before the signature was
 * found right is LOGIN_DENIED, after the same work. The journal and the figures have the reason. */

#include "session.h"

enum { CEREMONY_OPTIONS_MAX = 16384, CEREMONY_DEVICE_SIZE = 65 /* the device cookie, with terminator */ };

/* ceremony_creation_options asks for a new passkey (PublicKeyCredentialCreationOptionsJSON): for a visitor it
 * opens an account by the name `display` (UTF-8, may be empty); for a person one more passkey of his account
 * (STEP_UP when his login is not fresh), and `display` is not looked at. */
MITOME_CHECKED mitome_status ceremony_creation_options(struct portal *portal, const struct session *session,
        slice display, uint8_t *buffer, size_t capacity, slice *ret_json, mitome_error *error);

/* What came back. */
struct ceremony_answer {
        slice json;        /* RegistrationResponseJSON */
        slice display;     /* the account's name, as it was asked for; may be empty */
        slice name;        /* what the user calls the passkey; may be empty */
        slice certificate; /* the person's certificate (DER) and its key's signature over the registration */
        slice signature;   /* (mitome_verify_binding); empty: none, or in the format mitome-jpki */
        slice network;     /* the address that asks */
};

struct ceremony_registered {
        int64_t account, credential;
        bool opened;      /* a new account */
        bool certificate; /* a person's certificate stands behind it */
        enum mitome_trust_result trust;
        struct session_login login; /* a registration shows that its user is there: session_log_in takes it */
};

/* ceremony_register opens the account, or adds to the session's. It never joins an account by anything but a
 * session of it. A refusal has its own code: CHALLENGE_*, ORIGIN and the others of
 * mitome_verify_registration and _binding, ACCOUNT_EXISTS (credential or certificate), ACCOUNT_ENDED,
 * CREDENTIAL_LIMIT, STEP_UP, RATE_LIMITED. */
MITOME_CHECKED mitome_status ceremony_register(struct portal *portal, const struct session *session,
        const struct ceremony_answer *answer, struct ceremony_registered *ret, mitome_error *error);

/* ceremony_move is ceremony_register for a new phone: the account of the number `account` (as its page shows
 * it) goes over to the new certificate, when the authority says so. It waits for the authority: an errand,
 * outside a transaction. Errors also those of account_move. */
MITOME_CHECKED mitome_status ceremony_move(struct portal *portal, const struct session *session,
        slice account, const struct ceremony_answer *answer, struct ceremony_registered *ret,
        mitome_error *error);

/* ceremony_request_options asks for a login with a credential that the browser finds by itself
 * (PublicKeyCredentialRequestOptionsJSON). */
MITOME_CHECKED mitome_status ceremony_request_options(struct portal *portal, const struct session *session,
        uint8_t *buffer, size_t capacity, slice *ret_json, mitome_error *error);

struct ceremony_attempt {
        slice json;    /* AuthenticationResponseJSON */
        slice device;  /* the device cookie, as the browser sent it; may be empty */
        slice network; /* the address that asks */
        bool by_phone; /* for the figures: a login with another device */
};

/* ceremony_assert verifies a login and keeps what is to be kept of it (counter, time); it opens no session:
 * session_log_in does. `context` is what the challenge was made for. LOGIN_DENIED; CHALLENGE_*; what is
 * wrong with the request itself (ORIGIN, USER_NOT_VERIFIED ..); and, when the signature was right,
 * CERTIFICATE_*, CRL_*, ACCOUNT_ENDED, ACCOUNT_CLOSED; ACCOUNT_CHANGED: again. RATE_LIMITED. */
MITOME_CHECKED mitome_status ceremony_assert(struct portal *portal, slice context,
        const struct ceremony_attempt *attempt, struct session_login *ret, mitome_error *error);
/* ceremony_ask is what ceremony_assert answers to, for contexts of others (a login with the phone). */
MITOME_CHECKED mitome_status ceremony_ask(struct portal *portal, slice context, int64_t seconds,
        uint8_t *buffer, size_t capacity, slice *ret_json, mitome_error *error);

struct ceremony_logged_in {
        struct session session;
        char cookie[SESSION_COOKIE_SIZE];
        char device[CEREMONY_DEVICE_SIZE]; /* cookie "device", a year, strict: see portal_limits.h */
};

/* ceremony_login is ceremony_assert for the session's cookie, and session_log_in. */
MITOME_CHECKED mitome_status ceremony_login(struct portal *portal, const struct session *session,
        const struct ceremony_attempt *attempt, struct ceremony_logged_in *ret, mitome_error *error);

#endif
