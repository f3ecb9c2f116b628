/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed challenges, WebAuthn L3 13.4.3: "the challenges MUST contain enough entropy to make guessing them
 * infeasible", and a relying party must know its own. */
#include "ceremony_rig.h"
#include "json.h"

#include <mitome/challenge.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NOW = 1893456000, LATER = NOW + 300 };

/* Two keys of the relying party, and one of somebody else. */
static const struct mitome_challenge_key keys[] = { { { 1, 2, 3 } }, { { 4, 5, 6 } } };
static const struct mitome_challenge_key foreign[] = { { { 1, 2, 4 } } };

/* Counts, so that a test knows what comes; fails from `left` on. */
struct counted {
        uint8_t next;
        int left;
};

static int fill(void *context, uint8_t *bytes, size_t size)
{
        struct counted *counted = context;
        for (size_t i = 0; i < size; i++)
                bytes[i] = counted->next++;
        return counted->left-- > 0 ? 0 : -1;
}

static struct mitome_challenge_scope scope_of(void)
{
        return (struct mitome_challenge_scope){
                .rp_id = slice_text("example.org"),
                .purpose = MITOME_CHALLENGE_AUTHENTICATION,
                .context = slice_text("session 7"),
        };
}

static void seal(const struct mitome_challenge_scope *scope, uint8_t ret[MITOME_CHALLENGE_SIZE])
{
        struct counted counted = { .next = 0x40, .left = 1 };
        const struct mitome_random random = { &counted, fill };
        assert_int_equal(mitome_challenge_seal(keys, 2, scope, LATER, &random, ret, NULL).code, MITOME_OK);
}

static mitome_code open_at(const struct mitome_challenge_scope *scope, slice challenge, int64_t now,
        struct mitome_challenge *ret)
{
        mitome_error error = { 0 };
        mitome_status status = mitome_challenge_open(keys, 2, scope, challenge, now, NULL, ret, &error);
        assert_int_equal(status.code, error.code);
        return status.code;
}

static void seals_and_opens(void **state)
{
        (void)state;
        const struct mitome_challenge_scope scope = scope_of();
        uint8_t challenge[MITOME_CHALLENGE_SIZE], expected_id[MITOME_CHALLENGE_ID_SIZE];
        struct mitome_challenge opened = { .key = 9 };
        seal(&scope, challenge);
        assert_int_equal(open_at(&scope, SLICE(challenge), NOW, &opened), MITOME_OK);
        for (uint8_t i = 0; i < sizeof expected_id; i++)
                expected_id[i] = (uint8_t)(0x40 + i);
        assert_memory_equal(opened.id, expected_id, sizeof expected_id);
        assert_true(opened.expires == LATER);
        assert_int_equal(opened.key, 0);
}

/* The form is kept by servers of several versions: version, id, expiry, and HMAC-SHA-256 over a use, these,
 * purpose, sizes, RP ID and context. Written down here by hand. */
static void keeps_its_form(void **state)
{
        (void)state;
        const struct mitome_challenge_scope scope = scope_of();
        uint8_t challenge[MITOME_CHALLENGE_SIZE], mac[SHA256_SIZE];
        static const uint8_t clear[] = { 1, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4A,
                0x4B, 0x4C, 0x4D, 0x4E, 0x4F, 0, 0, 0, 0, 0x70, 0xDB, 0xD9, 0xAC };
        static const uint8_t bound[] = { 2, 0, 0, 0, 0, 0, 0, 0, 11, 0, 0, 0, 0, 0, 0, 0, 9 };
        const slice parts[] = { slice_of("mitome challenge", 17), SLICE(clear), SLICE(bound),
                slice_text("example.org"), slice_text("session 7") };
        seal(&scope, challenge);
        hmac_sha256(SLICE(keys[0].bytes), parts, 5, mac);
        assert_memory_equal(challenge, clear, sizeof clear);
        assert_memory_equal(challenge + sizeof clear, mac, sizeof mac);
}

static void no_two_are_alike(void **state)
{
        (void)state;
        const struct mitome_challenge_scope scope = scope_of();
        struct counted counted = { .left = 2 };
        const struct mitome_random random = { &counted, fill };
        uint8_t one[MITOME_CHALLENGE_SIZE], two[MITOME_CHALLENGE_SIZE];
        assert_int_equal(mitome_challenge_seal(keys, 1, &scope, LATER, &random, one, NULL).code, MITOME_OK);
        assert_int_equal(mitome_challenge_seal(keys, 1, &scope, LATER, &random, two, NULL).code, MITOME_OK);
        assert_memory_not_equal(one + 1, two + 1, MITOME_CHALLENGE_ID_SIZE);
        assert_memory_not_equal(one + 25, two + 25, SHA256_SIZE);
}

/* An old key opens as long as it is in the list; the new one seals. */
static void follows_its_keys(void **state)
{
        (void)state;
        const struct mitome_challenge_scope scope = scope_of();
        const struct mitome_challenge_key newer[] = { keys[1], keys[0] };
        uint8_t challenge[MITOME_CHALLENGE_SIZE];
        struct mitome_challenge opened = { 0 };
        mitome_error error = { 0 };
        seal(&scope, challenge);
        assert_int_equal(
                mitome_challenge_open(newer, 2, &scope, SLICE(challenge), NOW, NULL, &opened, &error).code,
                MITOME_OK);
        assert_int_equal(opened.key, 1);
        assert_int_equal(
                mitome_challenge_open(newer, 1, &scope, SLICE(challenge), NOW, NULL, &opened, &error).code,
                MITOME_E_CHALLENGE_FOREIGN);
        error = (mitome_error){ 0 };
        assert_int_equal(
                mitome_challenge_open(foreign, 1, &scope, SLICE(challenge), NOW, NULL, &opened, &error).code,
                MITOME_E_CHALLENGE_FOREIGN);
        assert_string_equal(error.field, "challenge");
        assert_string_equal(error.clause, "WebAuthn L3 13.4.3");
}

/* Sealed for one scope, good for no other: also where the same bytes are cut elsewhere. */
static void belongs_to_its_scope(void **state)
{
        (void)state;
        const struct mitome_challenge_scope scope = scope_of();
        const struct mitome_challenge_scope others[] = {
                { slice_text("example.com"), scope.purpose, scope.context },
                { slice_text("login.example.org"), scope.purpose, scope.context },
                { scope.rp_id, MITOME_CHALLENGE_REGISTRATION, scope.context },
                { scope.rp_id, scope.purpose, slice_text("session 8") },
                { scope.rp_id, scope.purpose, slice_text("session 77") },
                { scope.rp_id, scope.purpose, { 0 } },
                { slice_text("example.orgs"), scope.purpose, slice_text("ession 7") },
                { slice_text("example.or"), scope.purpose, slice_text("gsession 7") },
        };
        uint8_t challenge[MITOME_CHALLENGE_SIZE];
        seal(&scope, challenge);
        for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
                struct mitome_challenge opened = { .expires = 1 };
                assert_int_equal(
                        open_at(&others[i], SLICE(challenge), NOW, &opened), MITOME_E_CHALLENGE_FOREIGN);
                assert_true(opened.expires == 1);
        }
}

static void expires(void **state)
{
        (void)state;
        const struct mitome_challenge_scope scope = scope_of();
        uint8_t challenge[MITOME_CHALLENGE_SIZE];
        struct mitome_challenge opened = { 0 };
        seal(&scope, challenge);
        assert_int_equal(open_at(&scope, SLICE(challenge), LATER - 1, &opened), MITOME_OK);
        assert_int_equal(open_at(&scope, SLICE(challenge), LATER, &opened), MITOME_E_CHALLENGE_EXPIRED);
        assert_int_equal(open_at(&scope, SLICE(challenge), INT64_MAX, &opened), MITOME_E_CHALLENGE_EXPIRED);
        assert_int_equal(open_at(&scope, SLICE(challenge), INT64_MIN, &opened), MITOME_OK);
}

static void refuses_every_change(void **state)
{
        (void)state;
        const struct mitome_challenge_scope scope = scope_of();
        uint8_t challenge[MITOME_CHALLENGE_SIZE + 1] = { 0 };
        struct mitome_challenge opened;
        seal(&scope, challenge);
        for (size_t bit = 0; bit < 8 * MITOME_CHALLENGE_SIZE; bit++) {
                challenge[bit / 8] ^= (uint8_t)(1u << bit % 8);
                assert_int_equal(open_at(&scope, slice_of(challenge, MITOME_CHALLENGE_SIZE), NOW, &opened),
                        MITOME_E_CHALLENGE_FOREIGN);
                challenge[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        for (size_t size = 0; size <= sizeof challenge; size++)
                assert_int_equal(open_at(&scope, slice_of(challenge, size), NOW, &opened),
                        size == MITOME_CHALLENGE_SIZE ? MITOME_OK : MITOME_E_CHALLENGE_FOREIGN);
        assert_int_equal(open_at(&scope, (slice){ 0 }, NOW, &opened), MITOME_E_CHALLENGE_FOREIGN);
}

/* Who holds the key of an older or newer version still opens version 1 alone, and no time past the end of
 * time. */
static void refuses_other_versions_of_its_own_key(void **state)
{
        (void)state;
        const struct mitome_challenge_scope scope = scope_of();
        static const struct {
                size_t at;
                uint8_t value;
        } edits[] = { { 0, 0 }, { 0, 2 }, { 17, 0x80 } };
        for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
                uint8_t challenge[MITOME_CHALLENGE_SIZE];
                static const uint8_t bound[] = { 2, 0, 0, 0, 0, 0, 0, 0, 11, 0, 0, 0, 0, 0, 0, 0, 9 };
                const slice parts[] = { slice_of("mitome challenge", 17), slice_of(challenge, 25),
                        SLICE(bound), slice_text("example.org"), slice_text("session 7") };
                struct mitome_challenge opened;
                seal(&scope, challenge);
                challenge[edits[i].at] = edits[i].value;
                hmac_sha256(SLICE(keys[0].bytes), parts, 5, challenge + 25);
                assert_int_equal(open_at(&scope, SLICE(challenge), NOW, &opened), MITOME_E_CHALLENGE_FOREIGN);
        }
}

/* A store of spent challenges with room for one. */
struct store {
        uint8_t id[MITOME_CHALLENGE_ID_SIZE];
        int64_t expires;
        int calls;
        int broken; /* what it answers instead; 0: it works */
};

static int spend(void *context, const uint8_t id[MITOME_CHALLENGE_ID_SIZE], int64_t expires)
{
        struct store *store = context;
        store->calls++;
        if (store->broken)
                return store->broken;
        if (store->expires && memcmp(store->id, id, sizeof store->id) == 0)
                return 1;
        memcpy(store->id, id, sizeof store->id);
        store->expires = expires;
        return 0;
}

static void is_answered_once(void **state)
{
        (void)state;
        const struct mitome_challenge_scope scope = scope_of();
        struct store store = { 0 };
        const struct mitome_once once = { &store, spend };
        uint8_t challenge[MITOME_CHALLENGE_SIZE];
        struct mitome_challenge opened = { 0 };
        mitome_error error = { 0 };
        seal(&scope, challenge);
        assert_int_equal(
                mitome_challenge_open(keys, 2, &scope, SLICE(challenge), NOW, &once, &opened, &error).code,
                MITOME_OK);
        assert_true(store.expires == LATER);
        assert_memory_equal(store.id, opened.id, sizeof store.id);
        opened.expires = 1;
        assert_int_equal(
                mitome_challenge_open(keys, 2, &scope, SLICE(challenge), NOW, &once, &opened, &error).code,
                MITOME_E_CHALLENGE_SPENT);
        assert_true(opened.expires == 1);
}

/* A hook that cannot say, or says what it must not, lets nobody in. */
static void fails_closed(void **state)
{
        (void)state;
        const struct mitome_challenge_scope scope = scope_of();
        static const int answers[] = { -1, 2, -2, INT32_MIN };
        uint8_t challenge[MITOME_CHALLENGE_SIZE];
        seal(&scope, challenge);
        for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
                struct store store = { .broken = answers[i] };
                const struct mitome_once once = { &store, spend };
                struct mitome_challenge opened = { .expires = 1 };
                mitome_error error = { 0 };
                assert_int_equal(
                        mitome_challenge_open(keys, 2, &scope, SLICE(challenge), NOW, &once, &opened, &error)
                                .code,
                        MITOME_E_CHALLENGE_UNDECIDED);
                assert_true(opened.expires == 1);
        }
}

/* What is not ours, or too late, is not noted as spent. */
static void spends_nothing_for_strangers(void **state)
{
        (void)state;
        const struct mitome_challenge_scope scope = scope_of();
        struct store store = { 0 };
        const struct mitome_once once = { &store, spend };
        uint8_t challenge[MITOME_CHALLENGE_SIZE];
        struct mitome_challenge opened;
        seal(&scope, challenge);
        assert_int_equal(
                mitome_challenge_open(keys, 2, &scope, SLICE(challenge), LATER, &once, &opened, NULL).code,
                MITOME_E_CHALLENGE_EXPIRED);
        assert_int_equal(
                mitome_challenge_open(foreign, 1, &scope, SLICE(challenge), NOW, &once, &opened, NULL).code,
                MITOME_E_CHALLENGE_FOREIGN);
        assert_int_equal(store.calls, 0);
}

static void needs_randomness(void **state)
{
        (void)state;
        const struct mitome_challenge_scope scope = scope_of();
        struct counted counted = { 0 };
        const struct mitome_random random = { &counted, fill };
        uint8_t challenge[MITOME_CHALLENGE_SIZE], before[MITOME_CHALLENGE_SIZE];
        mitome_error error = { 0 };
        memset(challenge, 0xEE, sizeof challenge);
        memset(before, 0xEE, sizeof before);
        assert_int_equal(mitome_challenge_seal(keys, 2, &scope, LATER, &random, challenge, &error).code,
                MITOME_E_NO_RANDOMNESS);
        assert_memory_equal(challenge, before, sizeof before);
}

/* Faults of the caller that would make challenges which bind nothing. */
static void refuses_what_binds_nothing(void **state)
{
        (void)state;
        static const struct mitome_challenge_key zeros[2] = { { { 1 } }, { { 0 } } };
        const struct mitome_challenge_scope scope = scope_of();
        const struct mitome_challenge_scope no_rp = { { 0 }, scope.purpose, scope.context };
        const struct mitome_challenge_scope no_purpose = { scope.rp_id, 0, scope.context };
        const struct mitome_challenge_scope odd_purpose = { scope.rp_id, 3, scope.context };
        const struct {
                const struct mitome_challenge_key *keys;
                size_t count;
                const struct mitome_challenge_scope *scope;
                const char *field;
        } cases[] = {
                { NULL, 0, &scope, "keys" },
                { NULL, 1, &scope, "keys" },
                { keys, 0, &scope, "keys" },
                { zeros, 2, &scope, "keys" },
                { keys, 2, &no_rp, "scope.rp_id" },
                { keys, 2, &no_purpose, "scope.purpose" },
                { keys, 2, &odd_purpose, "scope.purpose" },
        };
        uint8_t challenge[MITOME_CHALLENGE_SIZE];
        struct mitome_challenge opened;
        seal(&scope, challenge);
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct counted counted = { .left = 1 };
                const struct mitome_random random = { &counted, fill };
                mitome_error error = { 0 };
                uint8_t out[MITOME_CHALLENGE_SIZE];
                assert_int_equal(mitome_challenge_seal(cases[i].keys, cases[i].count, cases[i].scope, LATER,
                                         &random, out, &error)
                                         .code,
                        MITOME_E_ARGUMENT);
                assert_string_equal(error.field, cases[i].field);
                error = (mitome_error){ 0 };
                assert_int_equal(mitome_challenge_open(cases[i].keys, cases[i].count, cases[i].scope,
                                         SLICE(challenge), NOW, NULL, &opened, &error)
                                         .code,
                        MITOME_E_ARGUMENT);
                assert_string_equal(error.field, cases[i].field);
        }
}

static void refuses_no_expiry_and_no_hook(void **state)
{
        (void)state;
        static const int64_t never[] = { 0, -1, INT64_MIN };
        const struct mitome_challenge_scope scope = scope_of();
        const struct mitome_once nothing = { 0 };
        uint8_t challenge[MITOME_CHALLENGE_SIZE];
        struct mitome_challenge opened;
        mitome_error error = { 0 };
        seal(&scope, challenge);
        assert_int_equal(
                mitome_challenge_open(keys, 2, &scope, SLICE(challenge), NOW, &nothing, &opened, &error).code,
                MITOME_E_ARGUMENT);
        assert_string_equal(error.field, "once.spend");
        for (size_t i = 0; i < 3; i++) {
                struct counted counted = { .left = 1 };
                const struct mitome_random random = { &counted, fill };
                error = (mitome_error){ 0 };
                assert_int_equal(
                        mitome_challenge_seal(keys, 2, &scope, never[i], &random, challenge, &error).code,
                        MITOME_E_ARGUMENT);
                assert_string_equal(error.field, "expires");
        }
}

/* ---- out of a response, and through a whole ceremony ---- */

static uint8_t buffer[MITOME_RP_BUFFER_MAX];

static void base64url(slice bytes, char *ret, size_t size)
{
        uint8_t space[1024];
        writer w = WRITER(space);
        struct json_writer json = json_into(&w);
        json_write_base64url(&json, NULL, bytes);
        snprintf(ret, size, "%.*s", (int)w.used - 2, (const char *)space + 1);
}

/* A login as a server without sessions runs it. */
static void serves_a_whole_login(void **state)
{
        (void)state;
        static struct rig rig;
        static struct rig_response response;
        const struct mitome_challenge_scope scope = scope_of();
        uint8_t challenge[MITOME_CHALLENGE_SIZE], found[MITOME_CHALLENGE_SIZE];
        char text[128];
        mitome_error error = { 0 };
        seal(&scope, challenge);
        base64url(SLICE(challenge), text, sizeof text);
        assert_int_equal(strlen(text), 76);
        rig_open(&rig);
        struct rig_plan plan = rig_authentication_plan();
        plan.challenge = text;
        rig_build(&rig, &plan, &response);

        assert_int_equal(
                mitome_challenge_from_response(rig_json(&response), buffer, sizeof buffer, found, &error)
                        .code,
                MITOME_OK);
        assert_memory_equal(found, challenge, sizeof found);
        struct store store = { 0 };
        const struct mitome_once once = { &store, spend };
        struct mitome_challenge opened;
        assert_int_equal(
                mitome_challenge_open(keys, 2, &scope, SLICE(found), NOW, &once, &opened, &error).code,
                MITOME_OK);
        const struct mitome_policy policy = { 0 };
        struct mitome_expectation expectation = rig_expectation(&rig);
        expectation.challenge = SLICE(found);
        const struct mitome_credential record = rig_record(&rig, &response);
        struct mitome_verdict verdict;
        assert_int_equal(mitome_verify_authentication(NULL, &policy, &expectation, rig_json(&response),
                                 &record, NULL, NOW, buffer, sizeof buffer, &verdict, &error)
                                 .code,
                MITOME_OK);
        rig_close(&rig);
}

/* What a response must be for its challenge to be found; `C` stands for clientDataJSON in base64url. */
static const char wrapped[] =
        "{\"id\":\"AA\",\"response\":{\"clientDataJSON\":\"%s\"},\"type\":\"public-key\"}";

static mitome_code find_in(const char *format, const char *client_data, mitome_error *error)
{
        char text[2048], json[4096];
        uint8_t found[MITOME_CHALLENGE_SIZE];
        base64url(slice_text(client_data), text, sizeof text);
        snprintf(json, sizeof json, format, text);
        *error = (mitome_error){ 0 };
        return mitome_challenge_from_response(slice_text(json), buffer, sizeof buffer, found, error).code;
}

#define CLIENT_DATA(challenge) \
        "{\"type\":\"webauthn.get\",\"challenge\":\"" challenge "\",\"origin\":\"https://example.org\"}"
#define TEXT_76 "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg5"

static void refuses_what_is_no_response(void **state)
{
        (void)state;
        static const struct {
                const char *format, *client_data;
                mitome_code code;
                const char *field;
        } cases[] = {
                { wrapped, CLIENT_DATA(TEXT_76), MITOME_OK, NULL },
                /* 13.4.3: a challenge of another size was never sealed */
                { wrapped, CLIENT_DATA("AQIDBAUGBwgJCgsMDQ4PEA"), MITOME_E_CHALLENGE_FOREIGN,
                        "clientDataJSON.challenge" },
                { wrapped, CLIENT_DATA(TEXT_76 "AA"), MITOME_E_CHALLENGE_FOREIGN,
                        "clientDataJSON.challenge" },
                { wrapped, CLIENT_DATA(TEXT_76 "="), MITOME_E_BASE64URL, "clientDataJSON.challenge" },
                { wrapped, "{}", MITOME_E_MISSING, "clientDataJSON.type" },
                { wrapped, "[]", MITOME_E_JSON_TYPE, "clientDataJSON" },
                { "{\"response\":{}}%.0s", "", MITOME_E_MISSING, "response.clientDataJSON" },
                { "{\"response\":[]}%.0s", "", MITOME_E_JSON_TYPE, "response" },
                { "{}%.0s", "", MITOME_E_MISSING, "response" },
                { "{\"response\":{\"clientDataJSON\":\"%s\"}}x", CLIENT_DATA(TEXT_76),
                        MITOME_E_TRAILING_BYTES, "response JSON" },
                { "{\"response\":{\"clientDataJSON\":\"%s=\"}}", CLIENT_DATA(TEXT_76), MITOME_E_BASE64URL,
                        "response.clientDataJSON" },
                { "{\"response\":{\"clientDataJSON\":\"%s\"},\"response\":{}}", CLIENT_DATA(TEXT_76),
                        MITOME_E_JSON_DUPLICATE_NAME, "response JSON" },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                mitome_error error;
                assert_int_equal(find_in(cases[i].format, cases[i].client_data, &error), cases[i].code);
                if (cases[i].field)
                        assert_string_equal(error.field, cases[i].field);
        }
}

static void refuses_every_truncated_response(void **state)
{
        (void)state;
        char text[512], json[1024];
        uint8_t found[MITOME_CHALLENGE_SIZE];
        base64url(slice_text(CLIENT_DATA(TEXT_76)), text, sizeof text);
        int size = snprintf(json, sizeof json, wrapped, text);
        for (size_t n = 0; n < (size_t)size; n++) {
                uint8_t *exact = malloc(n ? n : 1); /* so that a sanitizer sees what is read behind it */
                memcpy(exact, json, n);
                assert_int_not_equal(
                        mitome_challenge_from_response(slice_of(exact, n), buffer, sizeof buffer, found, NULL)
                                .code,
                        MITOME_OK);
                free(exact);
        }
        for (size_t capacity = 0; capacity < 200; capacity++)
                assert_int_equal(mitome_challenge_from_response(
                                         slice_of(json, (size_t)size), buffer, capacity, found, NULL)
                                         .code,
                        MITOME_E_BUFFER_FULL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(seals_and_opens),
                cmocka_unit_test(keeps_its_form),
                cmocka_unit_test(no_two_are_alike),
                cmocka_unit_test(follows_its_keys),
                cmocka_unit_test(belongs_to_its_scope),
                cmocka_unit_test(expires),
                cmocka_unit_test(refuses_every_change),
                cmocka_unit_test(refuses_other_versions_of_its_own_key),
                cmocka_unit_test(is_answered_once),
                cmocka_unit_test(fails_closed),
                cmocka_unit_test(spends_nothing_for_strangers),
                cmocka_unit_test(needs_randomness),
                cmocka_unit_test(refuses_what_binds_nothing),
                cmocka_unit_test(refuses_no_expiry_and_no_hook),
                cmocka_unit_test(serves_a_whole_login),
                cmocka_unit_test(refuses_what_is_no_response),
                cmocka_unit_test(refuses_every_truncated_response),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
