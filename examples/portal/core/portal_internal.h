/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PORTAL_INTERNAL_H
#define PORTAL_INTERNAL_H

/* What the files of the portal's core share. */

#include "account.h"
#include "digest.h"
#include "portal_limits.h"
#include "session.h"
#include "tally.h"

#include <pthread.h>

enum { PORTAL_NETWORKS = 4096, PORTAL_TALLY_CODES = 64, PORTAL_MINUTE = 60, PORTAL_MAC_SIZE = 32 };

/* A network's bucket for a purpose, in tokens * 60 so that whole numbers do. */
struct limits_bucket {
        uint64_t key; /* 0: free */
        int64_t filled_at, tokens;
};

/* What was counted since it was last written. */
struct tally_pending {
        int64_t done[TALLY_WHATS];
        struct tally_reason refused[PORTAL_TALLY_CODES];
        size_t refused_count;
        int64_t second;                             /* which the ring stands at */
        int64_t minute[TALLY_WHATS][PORTAL_MINUTE]; /* by second */
};

struct portal {
        struct portal_config config;
        slice rp_id, rp_name, origins[PORTAL_ORIGINS];
        struct mitome_context *context;
        struct mitome_challenge_key challenge_keys[2];
        struct secret csrf_key, device_key, lockout_key, handle_key;
        struct level_policy policies[PORTAL_POLICIES];
        pthread_mutex_t buckets_lock; /* what needs no store asks the buckets from the server's threads */
        struct limits_bucket buckets[PORTAL_NETWORKS];
        uint8_t bucket_key[16];
        struct tally_pending tally;
        int64_t swept;
        int64_t sessions_swept; /* up to this number, on this way through the table */
        uint8_t buffer[MITOME_RP_BUFFER_MAX], arena[MITOME_RP_BUFFER_MAX]; /* of the ceremony under way */
};

/* portal_settle ends the transaction around something that was asked: what was done, or why it was refused,
 * is kept; when the store failed, nothing is. `error` tells the cause. */
MITOME_CHECKED mitome_status portal_settle(
        struct portal *portal, enum tally_what what, mitome_status so_far, mitome_error *error);

/* portal_mac authenticates `count` parts by one of the portal's keys: keyed BLAKE2b (RFC 7693 2.9), which
 * costs a fifth of HMAC-SHA-256. What it makes, nobody but the portal reads. */
void portal_mac(const struct secret *key, const slice *parts, size_t count, uint8_t ret_mac[PORTAL_MAC_SIZE]);

/* portal_milliseconds is the real clock, whatever portal_now says: for where rows of one moment lie, and
 * nothing that is decided. */
int64_t portal_milliseconds(void);

/* portal_number writes a row's number for a MAC. */
slice portal_number(int64_t number, uint8_t buffer[8]);

/* portal_certificate_status is what a login with a passkey that is bound to this user-verification
 * certificate would hear of it now: MITOME_OK, CERTIFICATE_REVOKED, CRL_STALE .. */
mitome_code portal_certificate_status(
        const struct portal *portal, slice issuer, slice serial, int64_t not_after);

/* session_open is session_log_in in the open transaction. */
MITOME_CHECKED mitome_status session_open(struct portal *portal, const struct session *before,
        const struct session_login *login, struct session *ret, char ret_cookie[SESSION_COOKIE_SIZE],
        mitome_error *error);

/* ---- lock-out (portal_limits.h): `account` of an unknown credential is its ID's digest ---- */

struct lockout {
        uint8_t key[LOCKOUT_KEY_SIZE];
};
struct lockout lockout_of(const struct portal *portal, slice account, slice device, slice network);
MITOME_CHECKED mitome_status lockout_check(
        struct portal *portal, const struct lockout *lockout, mitome_error *error);
MITOME_CHECKED mitome_status lockout_count(
        struct portal *portal, const struct lockout *lockout, mitome_error *error);
MITOME_CHECKED mitome_status lockout_sweep(struct portal *portal, mitome_error *error);

/* The device cookie: 16 random bytes and a MAC over them and the account, base64url. device_is answers the
 * random bytes when it is the account's, else an empty view. */
enum { DEVICE_NONCE_SIZE = 16, DEVICE_SIZE = DEVICE_NONCE_SIZE + PORTAL_MAC_SIZE, DEVICE_TEXT_SIZE = 65 };
slice device_of(const struct portal *portal, slice account, slice cookie, uint8_t buffer[DEVICE_SIZE]);
MITOME_CHECKED mitome_status device_make(
        struct portal *portal, slice account, char ret[DEVICE_TEXT_SIZE], mitome_error *error);

/* What is swept once a second, and what once a minute. */
MITOME_CHECKED mitome_status tally_flush(struct portal *portal, mitome_error *error);
MITOME_CHECKED mitome_status session_sweep(struct portal *portal, mitome_error *error);
MITOME_CHECKED mitome_status ceremony_sweep(struct portal *portal, mitome_error *error);

#endif
