/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SESSION_H
#define SESSION_H

/* Sessions. The cookie is a place and 256 random bits, as base64url; the store keeps the place and the hash
 * of both. A visitor has a cookie, too, but no row: his challenges and forms are bound to it, and it never
 * becomes the cookie of somebody who has logged in (rotation: who planted it in another's browser has
 * nothing).
 *
 * The place is when the session began, in 16 ms. Nothing rests on it but where the row lies in its index:
 * logins of one moment stand together there and are written as one page, where hashes alone would scatter
 * them over all pages. A visitor's is 0, so that his cookie need not be looked for.
 *
 * A cookie's rules for HTTP: name "session", path "/", until the browser ends, SameSite=Lax. */

#include "cross_device.h"
#include "portal_core.h"

enum {
        SESSION_COOKIE_SIZE = 49, /* characters with the terminator */
        SESSION_TOKEN_SIZE = 44,  /* the CSRF token's */
        SESSION_HASH_SIZE = 36,
        SESSION_LEVEL_MAX = 32,
        SESSION_ACR_MAX = 128,
};

/* Authentication methods, RFC 8176. */
enum session_amr {
        SESSION_AMR_POP = 0x01,  /* a key was used: always */
        SESSION_AMR_HWK = 0x02,  /* .. in hardware, as the maker declares */
        SESSION_AMR_SWK = 0x04,  /* .. in software, as far as is known */
        SESSION_AMR_USER = 0x08, /* presence */
        SESSION_AMR_MFA = 0x10,  /* the user was verified, on whatever path */
        SESSION_AMR_PIN = 0x20,  /* what follows only where the signed data tell it (mitome-jpki) */
        SESSION_AMR_FPT = 0x40,
        SESSION_AMR_FACE = 0x80,
        SESSION_AMR_IRIS = 0x100,
};
enum { SESSION_AMR_METHODS = 9 };
/* session_amr_name names the method of bit 1 << number ("pop"); NULL beyond the last. */
const char *session_amr_name(unsigned number);

struct session {
        uint8_t hash[SESSION_HASH_SIZE]; /* of the cookie: what challenges, codes and requests are bound to */
        int64_t key; /* of the hash, as a number, not 0: for cross_device_begin, _poll, _take */
        int64_t account, credential;         /* 0, 0: a visitor */
        int64_t row;                         /* session_find's, for session_lives; 0: not found yet */
        int64_t opened, authenticated, ends; /* seconds since 1970; ends: the absolute limit of its level */
        char level[SESSION_LEVEL_MAX];       /* "AAL2"; "" when none was reached */
        char acr[SESSION_ACR_MAX]; /* "urn:mitome:nist-800-63b-4:AAL2", ":cross-device" behind it when
                                      it is, which says: not phishing-resistant. Level "none" for none */
        unsigned amr;              /* enum session_amr, or'ed */
        uint64_t evidence;         /* what session_judge judges by */
        bool cross_device;
        char csrf[SESSION_TOKEN_SIZE]; /* token of forms and of the header X-CSRF */
};

/* What a login has shown (portal_ceremony.h). */
struct session_login {
        int64_t account, credential, authenticated;
        int64_t epoch; /* of the account; 0: to be looked up */
        unsigned amr;
        uint64_t evidence;
        bool cross_device;
};

/* How evidence is kept. A login with another device has not the bit of its name. */
enum { SESSION_ORIGIN_BOUND = 0x8 };
uint64_t session_pack_evidence(const struct mitome_level_evidence *evidence);

/* The same for a browser that waits for it (cross_device.h): session_grant writes what was shown, for
 * cross_device_grant, and session_granted reads what cross_device_take gave. */
void session_grant(
        const struct portal *portal, const struct session_login *login, struct cross_device_grant *ret);
void session_granted(const struct cross_device_grant *grant, struct session_login *ret);

/* session_begin makes a visitor. Nothing is written. */
MITOME_CHECKED mitome_status session_begin(struct portal *portal, struct session *ret,
        char ret_cookie[SESSION_COOKIE_SIZE], mitome_error *error);

/* session_find finds whose cookie it is: a person's, or (account 0) a visitor's. SESSION_NONE: no cookie of
 * ours: begin. SESSION_OVER: its time is over (idle or absolute), it was ended elsewhere, or the certificate
 * behind its passkey has been revoked, held, followed by another, or has expired: begin. Notes that it was
 * used. */
MITOME_CHECKED mitome_status session_find(
        struct portal *portal, slice cookie, struct session *ret, mitome_error *error);

/* session_name tells what a cookie says by itself, without the store and from any thread: hash, key and
 * token; whose it is stays open (row and account 0). For what is bound to the cookie alone, like a challenge:
 * when its answer comes, session_find looks. SESSION_NONE: it has not the form of one. */
MITOME_CHECKED mitome_status session_name(
        const struct portal *portal, slice cookie, struct session *ret, mitome_error *error);

/* session_log_in opens a session with a new cookie; `before` (a visitor, or a session of whomever) is over
 * then. */
MITOME_CHECKED mitome_status session_log_in(struct portal *portal, const struct session *before,
        const struct session_login *login, struct session *ret, char ret_cookie[SESSION_COOKIE_SIZE],
        mitome_error *error);

MITOME_CHECKED mitome_status session_end(
        struct portal *portal, const struct session *session, mitome_error *error);
/* session_end_all ends every session of an account, everywhere. */
MITOME_CHECKED mitome_status session_end_all(struct portal *portal, int64_t account, mitome_error *error);
/* session_lives tells whether the session of this row (and account) still stands, as session_find does: for
 * codes and tokens that were given out for it. SESSION_OVER. */
MITOME_CHECKED mitome_status session_lives(
        struct portal *portal, int64_t row, int64_t account, mitome_error *error);

/* session_check_csrf: CSRF when `token` is not the session's. */
MITOME_CHECKED mitome_status session_check_csrf(
        const struct session *session, slice token, mitome_error *error);
/* session_check_person: SESSION_NONE for a visitor. */
MITOME_CHECKED mitome_status session_check_person(const struct session *session, mitome_error *error);
/* session_check_fresh: STEP_UP when the person's last login is more than `seconds` ago, or was made with
 * another device: whoever talked somebody into that (cross_device.h) would give himself a passkey, and keep
 * the account. */
enum { SESSION_FRESH_SECONDS = 600 };
MITOME_CHECKED mitome_status session_check_fresh(
        const struct portal *portal, const struct session *session, int64_t seconds, mitome_error *error);

/* session_judge holds the session's login against a policy: level, and why not more. */
void session_judge(const struct portal *portal, const struct session *session, size_t policy,
        struct level_judgement *ret);

/* session_step_up names the factor by which this login would have reached the level; UNTOLD: by none, or it
 * has. */
enum mitome_level_factor session_step_up(
        const struct portal *portal, const struct session *session, size_t policy, slice level);

/* How long a session of a level lasts: NIST SP 800-63B-4 2.1.3, 2.2.3, 2.3.3. */
struct session_limits {
        const char *level;
        int64_t idle, absolute; /* seconds */
};
struct session_limits session_limits_of(const char *level);

#endif
