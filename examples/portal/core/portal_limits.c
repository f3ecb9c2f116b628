/* SPDX-License-Identifier: Apache-2.0 */
#include "portal_internal.h"

#include "json.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <stdio.h>

/* ---- token buckets ---- */

enum { SCALE = 60, NETWORK_MAX = 64, NETWORK_SIZE = 17, PROBES = 8 };

/* Tokens at once, and a minute. Many people may sit behind one address: these stop programs, not offices. */
static const struct {
        int64_t burst, a_minute;
} rates[LIMITS_PURPOSES] = {
        [LIMITS_OPTIONS] = { 240, 480 },
        [LIMITS_REGISTER] = { 30, 60 },
        [LIMITS_LOGIN] = { 120, 240 },
        [LIMITS_PHONE] = { 30, 60 },
        [LIMITS_CODE] = { 30, 30 },
        [LIMITS_DOCUMENT] = { 30, 60 },
        [LIMITS_TOKEN] = { 600, 6000 },
        [LIMITS_ADMIN] = { 5, 5 },
};

/* IPv4 by /24, IPv6 by /56: what one subscriber is given. What is no address is itself. */
static slice network_of(slice address, uint8_t buffer[NETWORK_MAX])
{
        char text[INET6_ADDRSTRLEN] = "";
        writer w = writer_over(buffer, NETWORK_MAX);
        if (address.size < sizeof text)
                snprintf(text, sizeof text, "%.*s", (int)address.size, (const char *)address.data);
        struct in_addr four;
        struct in6_addr six;
        if (inet_pton(AF_INET, text, &four) == 1) {
                write_u8(&w, 4);
                write_slice(&w, slice_of(&four, 3));
        } else if (inet_pton(AF_INET6, text, &six) == 1) {
                const bool mapped = IN6_IS_ADDR_V4MAPPED(&six);
                write_u8(&w, mapped ? 4 : 6);
                write_slice(&w, mapped ? slice_of(&six.s6_addr[12], 3) : slice_of(&six, 7));
        } else {
                uint8_t digest[SHA256_SIZE];
                sha256(&address, 1, digest);
                write_slice(&w, SLICE(digest));
        }
        return writer_view(&w);
}

/* A keyed hash: nobody can choose networks that fall together. */
static uint64_t bucket_key(const struct portal *portal, enum limits_purpose purpose, slice network)
{
        uint8_t bytes[NETWORK_MAX], hash[crypto_shorthash_BYTES];
        uint64_t key = 0;
        writer w = WRITER(bytes);
        write_u8(&w, (uint8_t)purpose);
        write_slice(&w, network);
        crypto_shorthash(hash, bytes, w.used, portal->bucket_key);
        reader r = reader_over(SLICE(hash), NULL, NULL);
        return failed(read_u64(&r, "hash", &key)) ? 1 : key | 1;
}

/* Its own bucket, a free one, or that which was filled longest ago. */
static struct limits_bucket *find_bucket(struct portal *portal, uint64_t key)
{
        struct limits_bucket *oldest = NULL;
        for (size_t i = 0; i < PROBES; i++) {
                struct limits_bucket *bucket = &portal->buckets[(key / 2 + i) % PORTAL_NETWORKS];
                if (bucket->key == key || bucket->key == 0)
                        return bucket;
                if (!oldest || bucket->filled_at < oldest->filled_at)
                        oldest = bucket;
        }
        return oldest;
}

static bool bucket_take(struct portal *portal, enum limits_purpose purpose, slice network)
{
        uint8_t buffer[NETWORK_MAX];
        const int64_t now = portal_now(portal), most = rates[purpose].burst * SCALE;
        const uint64_t key = bucket_key(portal, purpose, network_of(network, buffer));
        struct limits_bucket *bucket = find_bucket(portal, key);
        if (bucket->key != key || bucket->filled_at > now)
                *bucket = (struct limits_bucket){ .key = key, .filled_at = now, .tokens = most };
        const int64_t passed = now - bucket->filled_at;
        bucket->filled_at = now;
        bucket->tokens = passed >= most / rates[purpose].a_minute
                                 ? most
                                 : bucket->tokens + passed * rates[purpose].a_minute;
        if (bucket->tokens > most)
                bucket->tokens = most;
        if (bucket->tokens < SCALE)
                return false;
        bucket->tokens -= SCALE;
        return true;
}

mitome_status limits_take(
        struct portal *portal, enum limits_purpose purpose, slice network, mitome_error *error)
{
        if (portal->config.unlimited)
                return ok();
        (void)pthread_mutex_lock(&portal->buckets_lock);
        const bool taken = bucket_take(portal, purpose, network);
        (void)pthread_mutex_unlock(&portal->buckets_lock);
        return taken ? ok() : fail(error, MITOME_E_RATE_LIMITED, "network", NULL);
}

/* ---- the device cookie ---- */

static void device_mac(
        const struct portal *portal, slice account, slice nonce, uint8_t ret_mac[PORTAL_MAC_SIZE])
{
        const slice parts[] = { nonce, account };
        portal_mac(&portal->device_key, parts, 2, ret_mac);
}

slice device_of(const struct portal *portal, slice account, slice cookie, uint8_t buffer[DEVICE_SIZE])
{
        uint8_t mac[PORTAL_MAC_SIZE];
        slice bytes, nonce, told;
        mitome_error ignored = { 0 };
        const slice none = slice_of(NULL, 0);
        if (cookie.size != DEVICE_TEXT_SIZE - 1 ||
                failed(base64url_decode(cookie, "device", buffer, DEVICE_SIZE, &bytes, &ignored)))
                return none;
        reader r = reader_over(bytes, NULL, &ignored);
        if (failed(read_bytes(&r, "nonce", DEVICE_NONCE_SIZE, &nonce)))
                return none;
        told = read_rest(&r);
        device_mac(portal, account, nonce, mac);
        return secret_equal(SLICE(mac), told) ? nonce : none;
}

mitome_status device_make(
        struct portal *portal, slice account, char ret[DEVICE_TEXT_SIZE], mitome_error *error)
{
        uint8_t nonce[DEVICE_NONCE_SIZE], mac[PORTAL_MAC_SIZE], bytes[DEVICE_SIZE];
        MITOME_TRY(portal_draw(portal, nonce, sizeof nonce, error));
        device_mac(portal, account, SLICE(nonce), mac);
        writer w = WRITER(bytes);
        write_slice(&w, SLICE(nonce));
        write_slice(&w, SLICE(mac));
        (void)sodium_bin2base64(
                ret, DEVICE_TEXT_SIZE, bytes, sizeof bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
        return ok();
}

/* ---- lock-out ---- */

struct lockout lockout_of(const struct portal *portal, slice account, slice device, slice network)
{
        static const uint8_t here[] = "browser", there[] = "network";
        uint8_t device_bytes[DEVICE_SIZE], network_bytes[NETWORK_MAX], account_size[8];
        struct lockout lockout;
        const slice nonce = device_of(portal, account, device, device_bytes);
        const slice parts[] = { portal_number((int64_t)account.size, account_size), account,
                nonce.size ? SLICE(here) : SLICE(there),
                nonce.size ? nonce : network_of(network, network_bytes) };
        portal_mac(&portal->lockout_key, parts, sizeof parts / sizeof parts[0], lockout.key);
        return lockout;
}

mitome_status lockout_check(struct portal *portal, const struct lockout *lockout, mitome_error *error)
{
        struct sql_query query = { 0 };
        const int64_t since = portal_now(portal) - LOCKOUT_SECONDS;
        MITOME_TRY(sql_ask(party_store(portal->config.party),
                "SELECT failures FROM portal_lock WHERE place = ? AND since > ?",
                SQL_VALUES(SQL_BYTES(SLICE(lockout->key)), SQL_INT(since)), &query, error));
        const int64_t failures = sql_next(&query) ? sql_integer(&query, 0) : 0;
        MITOME_TRY(sql_end(&query));
        return failures < LOCKOUT_FAILURES ? ok() : fail(error, MITOME_E_LOGIN_LOCKED, "account", NULL);
}

/* The window begins with its first failure, and begins anew when it is over. */
mitome_status lockout_count(struct portal *portal, const struct lockout *lockout, mitome_error *error)
{
        const int64_t now = portal_now(portal), since = now - LOCKOUT_SECONDS;
        return sql_do(party_store(portal->config.party),
                "INSERT INTO portal_lock (place, failures, since) VALUES (?, 1, ?) ON CONFLICT (place) DO UPDATE "
                "SET failures = CASE WHEN portal_lock.since > ? THEN portal_lock.failures + 1 ELSE 1 END, "
                "since = CASE WHEN portal_lock.since > ? THEN portal_lock.since ELSE excluded.since END",
                SQL_VALUES(SQL_BYTES(SLICE(lockout->key)), SQL_INT(now), SQL_INT(since), SQL_INT(since)),
                NULL, error);
}

mitome_status lockout_sweep(struct portal *portal, mitome_error *error)
{
        const int64_t since = portal_now(portal) - LOCKOUT_SECONDS;
        return sql_do(party_store(portal->config.party), "DELETE FROM portal_lock WHERE since <= ?",
                SQL_VALUES(SQL_INT(since)), NULL, error);
}
