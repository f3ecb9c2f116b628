/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MITOME_CHALLENGE_H
#define MITOME_CHALLENGE_H

/* Challenges that need no session store: each carries its expiry and a MAC that binds it to the relying
 * party, the ceremony and a context of the caller's. A server that holds the key can tell its own challenges,
 * and that they are fresh; that each is answered once, it can tell with a hook (struct mitome_once).
 *
 * Before the ceremony:
 *
 *      const struct mitome_challenge_scope scope = {
 *              .rp_id = { (const uint8_t *)"example.org", 11 },
 *              .purpose = MITOME_CHALLENGE_AUTHENTICATION,
 *              .context = { session_id, sizeof session_id },
 *      };
 *      uint8_t challenge[MITOME_CHALLENGE_SIZE];
 *      status = mitome_challenge_seal(keys, 2, &scope, now + 300, &random, challenge, &error);
 *
 * When the answer comes, the challenge is in it:
 *
 *      uint8_t challenge[MITOME_CHALLENGE_SIZE];
 *      status = mitome_challenge_from_response(json, buffer, sizeof buffer, challenge, &error);
 *      ...
 *      struct mitome_challenge opened;
 *      status = mitome_challenge_open(keys, 2, &scope, slice, now, &once, &opened, &error);
 *      ...
 *      expectation.challenge = slice;    // and then mitome_verify_authentication
 *
 * Opened with `once` before the answer is verified, a challenge is good for one answer, right or wrong.
 * Without a context, whoever sees a challenge may answer it from another session: bind it to the session (a
 * cookie), or to the user.
 *
 * All functions are pure but for the hooks, and may be called from any thread. */

#include <mitome/bytes.h>
#include <mitome/error.h>

#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

enum {
        MITOME_CHALLENGE_SIZE = 57, /* version, id, expiry, MAC; 76 characters of base64url */
        MITOME_CHALLENGE_KEY_SIZE = 32,
        MITOME_CHALLENGE_ID_SIZE = 16,
};

/* A key: 32 random bytes, shared by all servers of the relying party, used for nothing else. A key of zeros
 * is refused (ARGUMENT): it was never filled. */
struct mitome_challenge_key {
        uint8_t bytes[MITOME_CHALLENGE_KEY_SIZE];
};

enum mitome_challenge_purpose {
        MITOME_CHALLENGE_REGISTRATION = 1,
        MITOME_CHALLENGE_AUTHENTICATION = 2,
};

/* What a challenge is bound to. None of it is carried: who opens must say the same. */
struct mitome_challenge_scope {
        mitome_slice rp_id; /* not empty */
        enum mitome_challenge_purpose purpose;
        mitome_slice
                context; /* bytes that the answer must belong to: session, user, transaction; may be empty */
};

/* What was in it. */
struct mitome_challenge {
        uint8_t id[MITOME_CHALLENGE_ID_SIZE]; /* random, unlike any other */
        int64_t expires;                      /* in seconds since 1970, UTC: from then on it is refused */
        size_t key;                           /* which key sealed it; 0 is the one that seals now */
};

/* The hook for one-time use. `spend` notes an id and answers 0 when it had not been noted before, 1 when it
 * had, -1 when it cannot say (anything but 0 is refused). It must be one step: two servers that spend the
 * same id at once must not both be told 0. Ids may be forgotten once `expires` has passed on every server's
 * clock.
 *
 * A unique index does it, here in SQL, for as many servers as share the database:
 *
 *      CREATE TABLE spent (id BLOB PRIMARY KEY, expires INTEGER NOT NULL);
 *      INSERT INTO spent (id, expires) VALUES (?, ?);       -- done: 0; constraint violation: 1; else: -1
 *      DELETE FROM spent WHERE expires < ? - 60;            -- from time to time, with `now`
 *
 * `spend` is called last, after everything else was found right: what is not ours costs no row. */
struct mitome_once {
        void *context;
        int (*spend)(void *context, const uint8_t id[MITOME_CHALLENGE_ID_SIZE], int64_t expires);
};

/* mitome_challenge_seal makes a challenge by the first of `count` keys. `expires`, in seconds since 1970,
 * UTC, is above 0; WebAuthn L3 15.1 recommends 5 to 10 minutes for a ceremony. Any other unit is as good when
 * `now` has it, too: who spends many orders them better by milliseconds. NO_RANDOMNESS when `random` fails;
 * ARGUMENT. */
MITOME_CHECKED mitome_status mitome_challenge_seal(const struct mitome_challenge_key *keys, size_t count,
        const struct mitome_challenge_scope *scope, int64_t expires, const struct mitome_random *random,
        uint8_t ret[MITOME_CHALLENGE_SIZE], mitome_error *error);

/* mitome_challenge_open tells whether a challenge was sealed by one of `count` keys for this scope, and is
 * still good at `now`. To change keys put the new one first, and leave the old one behind it until the last
 * challenge that it sealed has expired. `once` may be NULL: then a challenge can be answered until it
 * expires.
 *
 * CHALLENGE_FOREIGN: sealed by no key here, for another scope, changed, or of another size: which of these is
 * not told. CHALLENGE_EXPIRED. CHALLENGE_SPENT: answered before. CHALLENGE_UNDECIDED: the hook could not say.
 * ARGUMENT. */
MITOME_CHECKED mitome_status mitome_challenge_open(const struct mitome_challenge_key *keys, size_t count,
        const struct mitome_challenge_scope *scope, mitome_slice challenge, int64_t now,
        const struct mitome_once *once, struct mitome_challenge *ret, mitome_error *error);

/* mitome_challenge_from_response takes the challenge out of a RegistrationResponseJSON or
 * AuthenticationResponseJSON. Nothing of the response is verified by that. `buffer` (MITOME_RP_BUFFER_MAX is
 * always enough) is free again afterwards. CHALLENGE_FOREIGN when the challenge is not of the size of a
 * sealed one; what is no response is refused as mitome_verify_registration does. */
MITOME_CHECKED mitome_status mitome_challenge_from_response(mitome_slice response_json, uint8_t *buffer,
        size_t capacity, uint8_t ret[MITOME_CHALLENGE_SIZE], mitome_error *error);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
