/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_PASSKEY_H
#define PROBE_PASSKEY_H

/* What a probe needs of a website and its browser: passkeys of its own at RP IDs that nobody has, ceremonies
 * with fresh challenges, and a relying party, which is libmitome-rp, that says what it thinks of them. */

#include "probe_platform.h"

#include <mitome/rp.h>

enum {
        PASSKEY_ID_MAX = 1023,
        PASSKEY_KEY_MAX = 640,
        PASSKEY_RP_MAX = 48,
        PASSKEY_FLAGS_AT = 32 /* of auth_data */
};

struct passkey {
        char rp_id[PASSKEY_RP_MAX];
        uint8_t id[PASSKEY_ID_MAX], key[PASSKEY_KEY_MAX]; /* COSE */
        size_t id_size, key_size;
        int64_t algorithm;
        uint8_t flags; /* of its registration */
        uint32_t count;
        bool discoverable;
};

/* One ceremony: what the page asked, what the browser wrote, what the authenticator answered. */
struct passkey_ceremony {
        uint8_t challenge[32];
        uint8_t client_data[400], hash[SHA256_SIZE];
        size_t client_data_size;
        uint8_t object[6000]; /* registration: the attestation object */
        size_t object_size;
        uint8_t auth_data[2048], signature[1200], user[64];
        size_t auth_data_size, signature_size, user_size;
        uint64_t credentials; /* authentication: how many fit */
};

/* passkey_page draws a challenge and writes the client data of a page at `origin`. */
void passkey_page(
        struct platform *platform, struct passkey_ceremony *ceremony, bool registration, const char *origin);

/* What a page wants of a new passkey; zeroed: ES256, EdDSA or RS256, discoverable where it can be deleted
 * again. */
struct passkey_wish {
        const char *rp_id;
        unsigned protect;          /* credProtect 1 to 3; 0: not asked */
        const int64_t *algorithms; /* NULL: the usual ones */
        size_t algorithm_count;
        uint8_t user; /* another one is another account */
        bool told;    /* extension mitome-jpki: how the user was verified */
};

/* passkey_make is makeCredential, by platform->token if there is one. The token is then used. */
int passkey_make(struct platform *platform, struct passkey_ceremony *ceremony,
        const struct passkey_wish *wish, struct passkey *ret);

/* passkey_new verifies the user if that can be done, and makes one, in a ceremony of its own at
 * https://rp_id. False: none came of it, and the verdict (NOT_TESTABLE, with the reason) has been given. */
bool passkey_new(struct platform *platform, const struct passkey_wish *wish, struct passkey *ret);

/* passkey_refusal says in words why none could be made. */
const char *passkey_refusal(int status);

/* What is asked of an assertion; zeroed: presence, and verification by the token if there is one. */
struct passkey_ask {
        const char *rp_id;           /* NULL: the passkey's own */
        bool unnamed;                /* no allow list */
        bool no_presence;            /* option up false */
        bool by_itself;              /* option uv true: the authenticator verifies; no token is sent */
        bool told;                   /* extension mitome-jpki */
        const uint8_t *verified_for; /* the token's word is on this hash; NULL: on the ceremony's own */
};
int passkey_assert(struct platform *platform, struct passkey_ceremony *ceremony,
        const struct passkey *passkey, const struct passkey_ask *ask);

/* passkey_login verifies the user as far as that can be done, and asserts: an ordinary login at
 * https://rp_id. */
int passkey_login(
        struct platform *platform, struct passkey_ceremony *ceremony, const struct passkey *passkey);

/* passkey_drop deletes it, or notes that it cannot be deleted. */
void passkey_drop(struct platform *platform, const struct passkey *passkey);

/* passkey_write_assertion writes getAssertion in whole: for who sends it again. */
void passkey_write_assertion(writer *w, const struct platform *platform,
        const struct passkey_ceremony *ceremony, const struct passkey *passkey,
        const struct passkey_ask *ask);

/* ---- the relying party ---- */

struct site {
        const char *rp_id, *origin;
        bool wants_verification;
        const int64_t *algorithms; /* NULL: all */
        size_t algorithm_count;
};

struct site_verdict {
        mitome_code code; /* MITOME_OK: accepted */
        char why[200];
        uint8_t flags;
        uint32_t count;
        int64_t algorithm;
        bool clone_suspected;
        enum mitome_verified_by verified_by;
        const char *format; /* static */
};

/* site_registers and site_logs_in have the relying party judge a ceremony: with the challenge that the
 * ceremony began with, or another one. `passkey` is what the site has stored. */
void site_registers(const struct site *site, const struct passkey_ceremony *ceremony,
        const struct passkey *passkey, struct site_verdict *ret);
void site_logs_in(const struct site *site, const struct passkey_ceremony *ceremony,
        const uint8_t challenge[32], const struct passkey *passkey, struct site_verdict *ret);

/* passkey_works tries an ordinary login, the user verified, and has the relying party judge it: where that is
 * no good a refusal of anything else says nothing. False: the attempt is over. */
bool passkey_works(struct platform *platform, const struct passkey *passkey, const struct passkey_ask *ask,
        bool *ret_works);

/* passkey_flags is the flags byte of an assertion, 0 if there is none, whatever is behind it: who looks for a
 * flag that must not be there does not let it go because the rest cannot be read. */
uint8_t passkey_flags(const struct passkey_ceremony *ceremony);
/* passkey_reads says whether its authenticator data can be read, passkey_count gives the counter in them.
 * False: that a flag is not there, or a counter does not grow, says nothing. */
bool passkey_reads(const struct passkey_ceremony *ceremony);
bool passkey_count(const struct passkey_ceremony *ceremony, uint32_t *ret);
/* passkey_signed says whether the passkey's key has signed it, whatever its authenticator data are: who has
 * that has the key, also where no relying party would accept the login. */
bool passkey_signed(const struct passkey_ceremony *ceremony, const struct passkey *passkey);

/* passkey_strength is the security strength of an algorithm's keys in bits, as SP 800-57 counts; 0: unknown.
 */
unsigned passkey_strength(const struct passkey *passkey);

#endif
