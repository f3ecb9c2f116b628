/* SPDX-License-Identifier: Apache-2.0 */
#include "portal_evaluation.h"
#include "portal_internal.h"

#include "json.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum {
        PLACE_BYTES = 4,
        COOKIE_BYTES = PLACE_BYTES + 32,
        NOTE_EVERY = 16,  /* a session's use is noted when a 16th of its idle limit has gone by */
        CLOCK_SLACK = 60, /* that portals' clocks may differ by */
        GRANT_SHIFT = 16, /* where the evidence stands in what cross_device.h carries as amr */
        GRANT_MASK = 0xFFFF,
};

/* ---- names ---- */

const char *session_amr_name(unsigned number)
{
        static const char *const names[SESSION_AMR_METHODS] = { "pop", "hwk", "swk", "user", "mfa", "pin",
                "fpt", "face", "iris" };
        return number < SESSION_AMR_METHODS ? names[number] : NULL;
}

/* NIST SP 800-63B-4: AAL1 30 days, which 2.1.3 recommends (and no idle limit: ours); AAL2 24 hours and one
 * hour, 2.2.3; AAL3 12 hours and 15 minutes, 2.3.3. What reaches no level has the shortest. */
struct session_limits session_limits_of(const char *level)
{
        static const struct session_limits table[] = {
                { "AAL1", 24 * 3600, 30 * 86400 },
                { "AAL2", 3600, 24 * 3600 },
                { "AAL3", 15 * 60, 12 * 3600 },
        };
        static const struct session_limits shortest = { "", 15 * 60, 12 * 3600 };
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
                if (strcmp(level, table[i].level) == 0)
                        return table[i];
        return shortest;
}

/* ---- evidence ---- */

/* The bits, which the store keeps: only ever added to. */
enum {
        BIT_USER_PRESENT = 0x1,
        BIT_USER_VERIFIED = 0x2,
        BIT_CHALLENGE_FRESH = 0x4,
        /* SESSION_ORIGIN_BOUND = 0x8 */
        BIT_ATTESTATION_TRUSTED = 0x10,
        BIT_CERTIFICATE_ALIVE = 0x20,
        BIT_BACKUP_ELIGIBLE = 0x40,
        BIT_MODEL_KNOWN = 0x80,
        BIT_VERIFICATION_TOLD = 0x100,
        BIT_EVERY_PATH_VERIFIES = 0x200,
        BIT_HARDWARE_KEY = 0x400, /* of whatever kind: sessions from before the kind was kept have no more */
        KEY_SHIFT = 11,           /* 2 bits: 0 hardware, 1 TEE, 2 secure element */
        MATCHER_SHIFT = 13,       /* 2 bits: enum mitome_matcher_protection */
        TWO_BITS = 3,
        BIT_PIN_OFFERED = 0x8000,
        BIT_PIN_DIGITS_ONLY = 0x10000,
        BIT_BIOMETRIC_OFFERED = 0x20000,
        MODALITY_SHIFT = 18, /* 3 bits: enum mitome_modality */
        THREE_BITS = 7,
};

static bool has(uint64_t bits, unsigned bit)
{
        return (bits & bit) != 0;
}

/* Numbers that may not be said: 0 for that, else one more than the number, as far as the bits go, which is
 * beyond what any policy asks for. */
struct number_bits {
        unsigned shift, width;
};
static const struct number_bits pin_length_bits = { 21, 5 }, pin_tries_bits = { 26, 7 },
                                biometric_tries_bits = { 33, 7 }, wait_bits = { 40, 6 };
enum { KEY_RESTRICTED_SHIFT = 46 }; /* the last one: 47 bits fit above the methods of a grant */

static uint64_t pack_number(struct number_bits bits, bool said, uint32_t value)
{
        const uint64_t most = (UINT64_C(1) << bits.width) - 1;
        const uint64_t kept = said ? (uint64_t)value + 1 : 0;
        return (kept < most ? kept : most) << bits.shift;
}

static uint32_t unpack_number(struct number_bits bits, uint64_t packed, bool *ret_said)
{
        const uint64_t kept = packed >> bits.shift & ((UINT64_C(1) << bits.width) - 1);
        *ret_said = kept > 0;
        return kept ? (uint32_t)(kept - 1) : 0;
}

static uint64_t pack_limits(const struct mitome_level_limits *limits)
{
        return (limits->pin_offered ? BIT_PIN_OFFERED : 0u) |
               (limits->pin_digits_only ? BIT_PIN_DIGITS_ONLY : 0u) |
               (limits->biometric_offered ? BIT_BIOMETRIC_OFFERED : 0u) |
               (uint64_t)limits->modality << MODALITY_SHIFT |
               pack_number(pin_length_bits, limits->pin_length_said, limits->pin_length_least) |
               pack_number(pin_tries_bits, limits->pin_tries_said, limits->pin_tries) |
               pack_number(biometric_tries_bits, limits->biometric_tries_said, limits->biometric_tries) |
               pack_number(wait_bits, limits->wait_said, limits->wait_seconds);
}

static enum mitome_modality unpack_modality(uint64_t bits)
{
        const unsigned modality = (unsigned)(bits >> MODALITY_SHIFT) & THREE_BITS;
        return modality <= MITOME_MODALITY_VOICE ? (enum mitome_modality)modality : MITOME_MODALITY_UNKNOWN;
}

static struct mitome_level_limits unpack_limits(uint64_t bits)
{
        struct mitome_level_limits limits = { .pin_offered = has(bits, BIT_PIN_OFFERED),
                .pin_digits_only = has(bits, BIT_PIN_DIGITS_ONLY),
                .biometric_offered = has(bits, BIT_BIOMETRIC_OFFERED),
                .modality = unpack_modality(bits) };
        limits.pin_length_least = unpack_number(pin_length_bits, bits, &limits.pin_length_said);
        limits.pin_tries = unpack_number(pin_tries_bits, bits, &limits.pin_tries_said);
        limits.biometric_tries = unpack_number(biometric_tries_bits, bits, &limits.biometric_tries_said);
        limits.wait_seconds = unpack_number(wait_bits, bits, &limits.wait_said);
        return limits;
}

static enum mitome_key_protection unpack_key(uint64_t bits)
{
        static const enum mitome_key_protection hardware[] = { MITOME_KEY_PROTECTION_HARDWARE,
                MITOME_KEY_PROTECTION_TEE, MITOME_KEY_PROTECTION_SECURE_ELEMENT,
                MITOME_KEY_PROTECTION_UNKNOWN };
        if (!has(bits, BIT_MODEL_KNOWN))
                return MITOME_KEY_PROTECTION_UNKNOWN;
        return has(bits, BIT_HARDWARE_KEY) ? hardware[bits >> KEY_SHIFT & TWO_BITS]
                                           : MITOME_KEY_PROTECTION_SOFTWARE;
}

static unsigned pack_key(enum mitome_key_protection protection)
{
        return protection < MITOME_KEY_PROTECTION_HARDWARE
                       ? 0
                       : BIT_HARDWARE_KEY | (unsigned)(protection - MITOME_KEY_PROTECTION_HARDWARE)
                                                    << KEY_SHIFT;
}

/* How the user was verified is told by the method (RFC 8176) that is kept for clients, too. */
static enum mitome_level_factor unpack_factor(uint64_t bits, unsigned amr)
{
        static const struct {
                unsigned method;
                enum mitome_level_factor factor;
        } table[] = {
                { SESSION_AMR_PIN, MITOME_FACTOR_PIN },
                { SESSION_AMR_IRIS, MITOME_FACTOR_IRIS },
                { SESSION_AMR_FACE, MITOME_FACTOR_FACE },
                { SESSION_AMR_FPT, MITOME_FACTOR_FINGER },
        };
        for (size_t i = 0; has(bits, BIT_VERIFICATION_TOLD) && i < sizeof table / sizeof table[0]; i++)
                if (amr & table[i].method)
                        return table[i].factor;
        return MITOME_FACTOR_UNTOLD;
}

/* Of the key's strength nothing is kept: the library takes no key for a login that has under 112 bits. */
static struct mitome_level_evidence unpack(uint64_t bits, unsigned amr)
{
        enum { LEAST_KEY_BITS = 112 };
        return (struct mitome_level_evidence){
                .user_present = has(bits, BIT_USER_PRESENT),
                .user_verified = has(bits, BIT_USER_VERIFIED),
                .challenge_bits = has(bits, BIT_CHALLENGE_FRESH) ? MITOME_CHALLENGE_ID_SIZE * 8 : 0,
                .origin_bound = has(bits, SESSION_ORIGIN_BOUND),
                .cross_device = !has(bits, SESSION_ORIGIN_BOUND),
                .attestation_trusted = has(bits, BIT_ATTESTATION_TRUSTED),
                .certificate_bound =
                        has(bits, BIT_CERTIFICATE_ALIVE), /* one that is not alive ends sessions */
                .certificate_alive = has(bits, BIT_CERTIFICATE_ALIVE),
                .backup_eligible = has(bits, BIT_BACKUP_ELIGIBLE),
                .model_known = has(bits, BIT_MODEL_KNOWN),
                .verified_by = unpack_factor(bits, amr),
                .tells_verification = has(bits, BIT_VERIFICATION_TOLD),
                .every_path_verifies = has(bits, BIT_EVERY_PATH_VERIFIES),
                .key_protection = unpack_key(bits),
                .matcher_protection = (enum mitome_matcher_protection)(bits >> MATCHER_SHIFT & TWO_BITS),
                .key_bits = LEAST_KEY_BITS,
                .key_restricted = bits >> KEY_RESTRICTED_SHIFT & 1,
                .limits = unpack_limits(bits),
        };
}

uint64_t session_pack_evidence(const struct mitome_level_evidence *evidence)
{
        return (evidence->user_present ? BIT_USER_PRESENT : 0u) |
               (evidence->user_verified ? BIT_USER_VERIFIED : 0u) |
               (evidence->challenge_bits ? BIT_CHALLENGE_FRESH : 0u) |
               (evidence->origin_bound ? SESSION_ORIGIN_BOUND : 0u) |
               (evidence->attestation_trusted ? BIT_ATTESTATION_TRUSTED : 0u) |
               (evidence->certificate_alive ? BIT_CERTIFICATE_ALIVE : 0u) |
               (evidence->backup_eligible ? BIT_BACKUP_ELIGIBLE : 0u) |
               (evidence->model_known ? BIT_MODEL_KNOWN : 0u) |
               (evidence->tells_verification ? BIT_VERIFICATION_TOLD : 0u) |
               (evidence->every_path_verifies ? BIT_EVERY_PATH_VERIFIES : 0u) |
               pack_key(evidence->key_protection) | (unsigned)evidence->matcher_protection << MATCHER_SHIFT |
               (uint64_t)evidence->key_restricted << KEY_RESTRICTED_SHIFT | pack_limits(&evidence->limits);
}

/* The model that the passkey's attestation key signed; zeros are none. */
static void read_aaguid(const struct portal *portal, int64_t credential, uint8_t ret[ACCOUNT_AAGUID_SIZE])
{
        struct sql_query query = { 0 };
        writer w = writer_over(ret, ACCOUNT_AAGUID_SIZE);
        mitome_status status = sql_ask(party_store(portal->config.party),
                "SELECT aaguid, format FROM account_credential WHERE number = ?",
                SQL_VALUES(SQL_INT(credential)), &query, NULL);
        if (failed(status))
                return;
        if (sql_next(&query) && sql_bytes(&query, 0).size == ACCOUNT_AAGUID_SIZE &&
                aaguid_word(sql_bytes(&query, 1)) == AAGUID_SIGNED)
                write_slice(&w, sql_bytes(&query, 0));
        status = sql_end(&query);
        (void)status; /* a model that was not found is one that nobody has evaluated */
}

/* What a session is judged by. The evaluation is looked for anew: it may have come, or be over. */
struct judged_login {
        struct mitome_level_evidence evidence;
        struct mitome_evaluation evaluation;
        bool evaluated; /* there is one to be believed */
        const struct portal_snapshot *belief;
};

static void judged_open(const struct portal *portal, uint64_t evidence, unsigned amr, int64_t credential,
        struct judged_login *ret)
{
        *ret = (struct judged_login){ .evidence = unpack(evidence, amr) };
        if (!portal->config.demand_evaluated || !ret->evidence.attestation_trusted)
                return;
        read_aaguid(portal, credential, ret->evidence.aaguid);
        ret->belief = portal_believe(portal);
        ret->evaluated = ret->belief && !failed(portal_evaluation_find(ret->belief,
                                                SLICE(ret->evidence.aaguid), portal_now(portal),
                                                portal->config.accept_simulated, &ret->evaluation, NULL));
}

static void judged_close(const struct portal *portal, struct judged_login *login)
{
        portal_believe_no_more(portal, login->belief);
}

static void judge(const struct portal *portal, const struct judged_login *login,
        const struct level_policy *policy, struct level_judgement *ret)
{
        if (!portal->config.demand_evaluated) {
                login_level_judge(policy, &login->evidence, ret);
                return;
        }
        const mitome_status status = login_level_judge_evaluated(policy, &login->evidence,
                login->evaluated ? &login->evaluation : NULL, portal_now(portal), ret, NULL);
        (void)status; /* without one nothing is known of the device: the judgement says so */
}

void session_judge(const struct portal *portal, const struct session *session, size_t policy,
        struct level_judgement *ret)
{
        struct judged_login login;
        judged_open(portal, session->evidence, session->amr, session->credential, &login);
        judge(portal, &login, portal_policy(portal, policy), ret);
        judged_close(portal, &login);
}

enum mitome_level_factor session_step_up(
        const struct portal *portal, const struct session *session, size_t policy, slice level)
{
        const struct login_demand demanded = { level, "level" };
        const struct level_policy *levels = portal_policy(portal, policy);
        struct login_judgement judgement = { 0 };
        struct judged_login login;
        judged_open(portal, session->evidence, session->amr, session->credential, &login);
        const mitome_status status =
                portal->config.demand_evaluated
                        ? login_level_demand_evaluated(levels, &login.evidence,
                                  login.evaluated ? &login.evaluation : NULL, portal_now(portal), &demanded,
                                  &judgement, NULL)
                        : login_level_demand(levels, &login.evidence, &demanded, &judgement, NULL);
        judged_close(portal, &login);
        return status.code == MITOME_E_LEVEL_STEP_UP ? judgement.step_up : MITOME_FACTOR_UNTOLD;
}

#define PRINTED(view) (int)(view).size, (const char *)(view).data

static void write_level(const struct portal *portal, uint64_t evidence, unsigned amr, int64_t credential,
        char ret[SESSION_LEVEL_MAX])
{
        const struct level_policy *policy = portal_policy(portal, 0);
        struct level_judgement judgement;
        struct judged_login login;
        judged_open(portal, evidence, amr, credential, &login);
        judge(portal, &login, policy, &judgement);
        judged_close(portal, &login);
        ret[0] = '\0';
        if (judgement.reached)
                snprintf(ret, SESSION_LEVEL_MAX, "%.*s", PRINTED(policy->levels[judgement.level]));
}

static void write_acr(const struct portal *portal, struct session *session)
{
        const struct level_policy *policy = portal_policy(portal, 0);
        snprintf(session->acr, sizeof session->acr, "urn:mitome:%.*s:%s%s", PRINTED(policy->id),
                session->level[0] ? session->level : "none", session->cross_device ? CROSS_DEVICE_ACR : "");
}

/* What a login with another device has not shown: that the browser is the phone's holder's. */
static uint64_t evidence_of(const struct session_login *login)
{
        return login->cross_device ? login->evidence & ~(uint64_t)SESSION_ORIGIN_BOUND : login->evidence;
}

void session_grant(
        const struct portal *portal, const struct session_login *login, struct cross_device_grant *ret)
{
        struct session_login crossed = *login;
        crossed.cross_device = true;
        *ret = (struct cross_device_grant){ .account = login->account,
                .credential = login->credential,
                .authenticated = login->authenticated,
                .amr = (int64_t)(login->amr | evidence_of(&crossed) << GRANT_SHIFT) };
        write_level(portal, evidence_of(&crossed), login->amr, login->credential, ret->level);
}

void session_granted(const struct cross_device_grant *grant, struct session_login *ret)
{
        *ret = (struct session_login){ .account = grant->account,
                .credential = grant->credential,
                .authenticated = grant->authenticated,
                .amr = (unsigned)grant->amr & GRANT_MASK,
                .evidence = (uint64_t)grant->amr >> GRANT_SHIFT,
                .cross_device = true };
}

/* ---- cookies ---- */

/* In 16 ms; it comes round in two years, which costs nothing. */
static uint32_t place_now(void)
{
        const uint32_t place = (uint32_t)(portal_milliseconds() / 16);
        return place ? place : 1;
}

static bool has_place(const struct session *session)
{
        static const uint8_t none[PLACE_BYTES];
        return !slice_equal(slice_of(session->hash, PLACE_BYTES), SLICE(none));
}

static void write_base64url(slice bytes, char *ret, size_t size)
{
        (void)sodium_bin2base64(ret, size, bytes.data, bytes.size, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* The hash names it, and the token of its forms is made from that. */
static mitome_status name_session(
        const struct portal *portal, slice bytes, struct session *ret, mitome_error *error)
{
        uint8_t digest[SHA256_SIZE], token[PORTAL_MAC_SIZE];
        uint64_t key = 0;
        writer w = WRITER(ret->hash);
        sha256(&bytes, 1, digest);
        reader r = reader_over(SLICE(digest), NULL, error);
        MITOME_TRY(read_u64(&r, "session", &key));
        ret->key = (int64_t)(key >> 1 | 1);
        write_slice(&w, slice_of(bytes.data, PLACE_BYTES));
        write_slice(&w, SLICE(digest));
        const slice hash = writer_view(&w);
        portal_mac(&portal->csrf_key, &hash, 1, token);
        write_base64url(SLICE(token), ret->csrf, sizeof ret->csrf);
        return ok();
}

static mitome_status begin_at(struct portal *portal, uint32_t place, struct session *ret,
        char ret_cookie[SESSION_COOKIE_SIZE], mitome_error *error)
{
        SECRET(cookie);
        struct session begun = { 0 };
        writer w = writer_over(cookie.data, COOKIE_BYTES);
        write_u32(&w, place);
        MITOME_TRY(portal_draw(portal, cookie.data + PLACE_BYTES, COOKIE_BYTES - PLACE_BYTES, error));
        cookie.size = COOKIE_BYTES;
        MITOME_TRY(name_session(portal, secret_view(&cookie), &begun, error));
        begun.opened = portal_now(portal);
        write_base64url(secret_view(&cookie), ret_cookie, SESSION_COOKIE_SIZE);
        *ret = begun;
        return ok();
}

mitome_status session_begin(
        struct portal *portal, struct session *ret, char ret_cookie[SESSION_COOKIE_SIZE], mitome_error *error)
{
        return begin_at(portal, 0, ret, ret_cookie, error);
}

/* ---- finding ---- */

struct found {
        bool there, stands; /* account open, credential there, nothing logged out everywhere, and no word
                               that its certificate is over */
        int64_t seen;
};

/* The certificate of a session's credential, from this column on. What ends it ends the session. That nobody
 * knows (no list, or a stale one) ends nothing: such a login is refused, and a session has its limits. When
 * it expires stands in the certificate, and needs no list. */
#define CERTIFICATE_COLUMNS "k.number, k.issuer, k.serial, k.not_after, k.ended_at"

static bool is_certificate_over(const struct portal *portal, const struct sql_query *query, int first)
{
        if (sql_is_null(query, first))
                return false;
        if (!sql_is_null(query, first + 4) || sql_integer(query, first + 3) <= portal_now(portal))
                return true;
        const mitome_code code = portal_certificate_status(portal, sql_bytes(query, first + 1),
                sql_bytes(query, first + 2), sql_integer(query, first + 3));
        return code == MITOME_E_CERTIFICATE_REVOKED || code == MITOME_E_CERTIFICATE_ON_HOLD;
}

static mitome_status read_found(const struct portal *portal, const struct sql_query *query,
        struct session *session, struct found *ret, mitome_error *error)
{
        slice level = sql_bytes(query, 7);
        session->row = sql_integer(query, 0);
        session->account = sql_integer(query, 1);
        session->credential = sql_integer(query, 2);
        session->opened = sql_integer(query, 3);
        session->authenticated = sql_integer(query, 4);
        session->ends = sql_integer(query, 6);
        session->amr = (unsigned)sql_integer(query, 8);
        session->evidence = (uint64_t)sql_integer(query, 9);
        session->cross_device = sql_integer(query, 10) != 0;
        *ret = (struct found){ true,
                !sql_is_null(query, 11) && !sql_is_null(query, 12) && !is_certificate_over(portal, query, 13),
                sql_integer(query, 5) };
        MITOME_TRY(slice_copy(
                level, "session.level", (uint8_t *)session->level, sizeof session->level - 1, error));
        session->level[level.size] = '\0';
        return ok();
}

static mitome_status look_up(
        struct portal *portal, struct session *session, struct found *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        mitome_status status = ok();
        MITOME_TRY(sql_ask(party_store(portal->config.party),
                "SELECT s.number, s.account, s.credential, s.opened, s.authenticated, s.seen, s.ends, s.level, "
                "s.amr, s.evidence, s.crossed, a.id, c.number, " CERTIFICATE_COLUMNS " FROM portal_session s "
                "LEFT JOIN account a ON a.id = s.account AND a.epoch = s.epoch AND a.closed = 0 "
                "LEFT JOIN account_credential c ON c.number = s.credential "
                "LEFT JOIN account_certificate k ON k.number = c.certificate WHERE s.hash = ?",
                SQL_VALUES(SQL_BYTES(SLICE(session->hash))), &query, error));
        if (sql_next(&query))
                status = read_found(portal, &query, session, ret, error);
        MITOME_TRY(sql_end(&query));
        return status;
}

static mitome_status delete_session(struct portal *portal, const struct session *session, mitome_error *error)
{
        return sql_do(party_store(portal->config.party), "DELETE FROM portal_session WHERE hash = ?",
                SQL_VALUES(SQL_BYTES(SLICE(session->hash))), NULL, error);
}

static mitome_status delete_row(struct portal *portal, int64_t row, mitome_error *error)
{
        return sql_do(party_store(portal->config.party), "DELETE FROM portal_session WHERE number = ?",
                SQL_VALUES(SQL_INT(row)), NULL, error);
}

static bool is_over(const struct session *session, const struct found *found, int64_t now)
{
        const struct session_limits limits = session_limits_of(session->level);
        return !found->stands || now >= session->ends || now - found->seen >= limits.idle ||
               session->opened > now + CLOCK_SLACK;
}

static mitome_status note_use(
        struct portal *portal, const struct session *session, int64_t seen, int64_t now, mitome_error *error)
{
        if (now - seen < session_limits_of(session->level).idle / NOTE_EVERY)
                return ok();
        return sql_do(party_store(portal->config.party),
                "UPDATE portal_session SET seen = ? WHERE number = ?",
                SQL_VALUES(SQL_INT(now), SQL_INT(session->row)), NULL, error);
}

mitome_status session_name(
        const struct portal *portal, slice cookie, struct session *ret, mitome_error *error)
{
        SECRET(bytes);
        slice view;
        struct session session = { 0 };
        mitome_error ignored = { 0 };
        if (cookie.size != SESSION_COOKIE_SIZE - 1 ||
                failed(base64url_decode(cookie, "cookie", bytes.data, COOKIE_BYTES, &view, &ignored)))
                return fail(error, MITOME_E_SESSION_NONE, "cookie", NULL);
        bytes.size = view.size;
        MITOME_TRY(name_session(portal, view, &session, error));
        *ret = session;
        return ok();
}

mitome_status session_find(struct portal *portal, slice cookie, struct session *ret, mitome_error *error)
{
        struct session session = { 0 };
        struct found found = { 0 };
        const int64_t now = portal_now(portal);
        MITOME_TRY(session_name(portal, cookie, &session, error));
        if (has_place(&session))
                MITOME_TRY(look_up(portal, &session, &found, error));
        if (found.there && is_over(&session, &found, now)) {
                MITOME_TRY(delete_session(portal, &session, error));
                return fail(error, MITOME_E_SESSION_OVER, "cookie", NULL);
        }
        if (found.there) {
                MITOME_TRY(note_use(portal, &session, found.seen, now, error));
                write_acr(portal, &session);
        }
        *ret = session;
        return ok();
}

mitome_status session_lives(struct portal *portal, int64_t row, int64_t account, mitome_error *error)
{
        struct sql_query query = { 0 };
        const int64_t now = portal_now(portal);
        MITOME_TRY(sql_ask(party_store(portal->config.party),
                "SELECT " CERTIFICATE_COLUMNS " FROM portal_session s JOIN account a ON a.id = s.account AND "
                "a.epoch = s.epoch AND a.closed = 0 JOIN account_credential c ON c.number = s.credential "
                "LEFT JOIN account_certificate k ON k.number = c.certificate "
                "WHERE s.number = ? AND s.account = ? AND s.ends > ?",
                SQL_VALUES(SQL_INT(row), SQL_INT(account), SQL_INT(now)), &query, error));
        const bool there = sql_next(&query), over = there && is_certificate_over(portal, &query, 0);
        MITOME_TRY(sql_end(&query));
        if (over) /* it does not come back with the certificate */
                MITOME_TRY(delete_row(portal, row, error));
        return there && !over ? ok() : fail(error, MITOME_E_SESSION_OVER, "row", NULL);
}

/* ---- logging in and out ---- */

static mitome_status find_epoch(
        struct portal *portal, const struct session_login *login, int64_t *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        if (login->epoch) {
                *ret = login->epoch;
                return ok();
        }
        MITOME_TRY(sql_ask(party_store(portal->config.party),
                "SELECT a.epoch FROM account_credential c JOIN account a ON a.id = c.account "
                "LEFT JOIN account_certificate k ON k.number = c.certificate "
                "WHERE c.number = ? AND a.id = ? AND a.closed = 0 AND k.ended_at IS NULL",
                SQL_VALUES(SQL_INT(login->credential), SQL_INT(login->account)), &query, error));
        *ret = sql_next(&query) ? sql_integer(&query, 0) : 0;
        MITOME_TRY(sql_end(&query));
        return *ret ? ok() : fail(error, MITOME_E_ACCOUNT_CLOSED, "account", NULL);
}

static mitome_status insert_session(
        struct portal *portal, const struct session *session, int64_t epoch, mitome_error *error)
{
        return sql_do(party_store(portal->config.party),
                "INSERT INTO portal_session (hash, account, credential, epoch, opened, authenticated, seen, "
                "ends, level, amr, evidence, crossed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                SQL_VALUES(SQL_BYTES(SLICE(session->hash)), SQL_INT(session->account),
                        SQL_INT(session->credential), SQL_INT(epoch), SQL_INT(session->opened),
                        SQL_INT(session->authenticated), SQL_INT(session->opened), SQL_INT(session->ends),
                        SQL_STR(session->level), SQL_INT(session->amr), SQL_INT((int64_t)session->evidence),
                        SQL_INT(session->cross_device)),
                NULL, error);
}

mitome_status session_open(struct portal *portal, const struct session *before,
        const struct session_login *login, struct session *ret, char ret_cookie[SESSION_COOKIE_SIZE],
        mitome_error *error)
{
        int64_t epoch = 0;
        MITOME_TRY(find_epoch(portal, login, &epoch, error));
        MITOME_TRY(begin_at(portal, place_now(), ret, ret_cookie, error));
        ret->account = login->account;
        ret->credential = login->credential;
        ret->authenticated = login->authenticated;
        ret->amr = login->amr;
        ret->evidence = evidence_of(login);
        ret->cross_device = login->cross_device;
        write_level(portal, ret->evidence, ret->amr, ret->credential, ret->level);
        write_acr(portal, ret);
        ret->ends = ret->opened + session_limits_of(ret->level).absolute;
        if (before->account)
                MITOME_TRY(delete_session(portal, before, error));
        return insert_session(portal, ret, epoch, error);
}

mitome_status session_log_in(struct portal *portal, const struct session *before,
        const struct session_login *login, struct session *ret, char ret_cookie[SESSION_COOKIE_SIZE],
        mitome_error *error)
{
        struct sql_store *store = party_store(portal->config.party);
        struct session session = { 0 };
        char cookie[SESSION_COOKIE_SIZE];
        MITOME_TRY(sql_begin(store, error));
        MITOME_TRY(sql_settle(store, session_open(portal, before, login, &session, cookie, error), error));
        *ret = session;
        snprintf(ret_cookie, SESSION_COOKIE_SIZE, "%s", cookie);
        bytes_wipe(cookie, sizeof cookie);
        return ok();
}

mitome_status session_end(struct portal *portal, const struct session *session, mitome_error *error)
{
        return session->account ? delete_session(portal, session, error) : ok();
}

mitome_status session_end_all(struct portal *portal, int64_t account, mitome_error *error)
{
        int64_t changed = 0;
        MITOME_TRY(
                sql_do(party_store(portal->config.party), "UPDATE account SET epoch = epoch + 1 WHERE id = ?",
                        SQL_VALUES(SQL_INT(account)), &changed, error));
        return changed ? ok() : fail(error, MITOME_E_ACCOUNT_UNKNOWN, "account", NULL);
}

/* A session that makes no request while its certificate is held must not come back with the release. Those
 * that one round has no room for are the next round's. */
static mitome_status end_uncertified(struct portal *portal, int64_t after, int64_t last, mitome_error *error)
{
        enum { ROOM = 128 };
        int64_t over[ROOM];
        size_t count = 0;
        struct sql_query query = { 0 };
        MITOME_TRY(sql_ask(party_store(portal->config.party),
                "SELECT s.number, " CERTIFICATE_COLUMNS " FROM portal_session s "
                "JOIN account_credential c ON c.number = s.credential "
                "JOIN account_certificate k ON k.number = c.certificate WHERE s.number > ? AND s.number <= ?",
                SQL_VALUES(SQL_INT(after), SQL_INT(last)), &query, error));
        while (sql_next(&query))
                if (count < ROOM && is_certificate_over(portal, &query, 1))
                        over[count++] = sql_integer(&query, 0);
        MITOME_TRY(sql_end(&query));
        for (size_t i = 0; i < count; i++)
                MITOME_TRY(delete_row(portal, over[i], error));
        return ok();
}

/* Levels differ in how long their sessions last, so that those that are over stand among others: the whole
 * table is gone through, a piece at a time. What nobody used for the longest idle limit is over at any level,
 * and what its login showed is kept no longer. */
mitome_status session_sweep(struct portal *portal, mitome_error *error)
{
        enum { PIECE = 2000 };
        struct sql_store *store = party_store(portal->config.party);
        struct sql_query query = { 0 };
        int64_t last = 0, count = 0;
        MITOME_TRY(sql_ask(store,
                "SELECT max(piece.number), count(*) FROM (SELECT number FROM portal_session WHERE number > ? "
                "ORDER BY number LIMIT ?) AS piece",
                SQL_VALUES(SQL_INT(portal->sessions_swept), SQL_INT(PIECE)), &query, error));
        if (sql_next(&query)) {
                last = sql_integer(&query, 0);
                count = sql_integer(&query, 1);
        }
        MITOME_TRY(sql_end(&query));
        MITOME_TRY(sql_do(store,
                "DELETE FROM portal_session WHERE number > ? AND number <= ? AND (ends <= ? OR seen <= ?)",
                SQL_VALUES(SQL_INT(portal->sessions_swept), SQL_INT(last), SQL_INT(portal_now(portal)),
                        SQL_INT(portal_now(portal) - session_limits_of("AAL1").idle)),
                NULL, error));
        MITOME_TRY(end_uncertified(portal, portal->sessions_swept, last, error));
        portal->sessions_swept = count == PIECE ? last : 0;
        return ok();
}

/* ---- what is asked of one ---- */

mitome_status session_check_csrf(const struct session *session, slice token, mitome_error *error)
{
        return secret_equal(slice_text(session->csrf), token)
                       ? ok()
                       : fail(error, MITOME_E_CSRF, "the form's token", NULL);
}

mitome_status session_check_person(const struct session *session, mitome_error *error)
{
        return session->account ? ok() : fail(error, MITOME_E_SESSION_NONE, "cookie", NULL);
}

mitome_status session_check_fresh(
        const struct portal *portal, const struct session *session, int64_t seconds, mitome_error *error)
{
        MITOME_TRY(session_check_person(session, error));
        if (session->cross_device)
                return fail(error, MITOME_E_STEP_UP, "session", NULL);
        const int64_t age = portal_now(portal) - session->authenticated;
        return age <= seconds ? ok() : fail(error, MITOME_E_STEP_UP, "session", NULL);
}
