/* SPDX-License-Identifier: Apache-2.0 */
/* Extension outputs, WebAuthn L3 9 and 10, CTAP 2.1 12: what each brings, of the authenticator and of the
 * client, at registrations and logins; what is of another type brings nothing, what is malformed is refused.
 */
#include "authdata.h"
#include "ceremony_rig.h"
#include "json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct rig rig;
static struct rig_response built;
static uint8_t buffer[MITOME_RP_BUFFER_MAX], second_buffer[MITOME_RP_BUFFER_MAX];

/* ---- one ceremony ---- */

struct run {
        bool create;
        struct mitome_verdict verdict;
        mitome_error error;
};

static mitome_code verify_json(struct run *run, slice json, uint8_t *space, size_t capacity)
{
        static const struct mitome_policy policy = { 0 };
        const struct mitome_expectation expected = rig_expectation(&rig);
        const struct mitome_credential record = rig_record(&rig, &built);
        run->error = (mitome_error){ 0 };
        return (run->create ? mitome_verify_registration(NULL, &policy, &expected, json, NULL, RIG_NOW, space,
                                      capacity, &run->verdict, &run->error)
                            : mitome_verify_authentication(NULL, &policy, &expected, json, &record, NULL,
                                      RIG_NOW, space, capacity, &run->verdict, &run->error))
                .code;
}

static mitome_code verify_parts(struct run *run, slice results, uint8_t *space, size_t capacity)
{
        static const struct mitome_policy policy = { 0 };
        const struct mitome_expectation expected = rig_expectation(&rig);
        const struct mitome_credential record = rig_record(&rig, &built);
        const struct mitome_response response = {
                .credential_id = SLICE(rig.credential_id),
                .client_data = slice_of(built.client_data, built.client_data_size),
                .attestation_object = slice_of(built.object, run->create ? built.object_size : 0),
                .auth_data = slice_of(built.auth_data, run->create ? 0 : built.auth_data_size),
                .signature = slice_of(built.signature, run->create ? 0 : built.signature_size),
                .extension_results = results,
        };
        run->error = (mitome_error){ 0 };
        return (run->create ? mitome_verify_registration_bytes(NULL, &policy, &expected, &response, NULL,
                                      RIG_NOW, space, capacity, &run->verdict, &run->error)
                            : mitome_verify_authentication_bytes(NULL, &policy, &expected, &response, &record,
                                      NULL, RIG_NOW, space, capacity, &run->verdict, &run->error))
                .code;
}

static void build(bool create, slice outputs)
{
        struct rig_plan plan = create ? rig_registration_plan() : rig_authentication_plan();
        if (create) { /* the cheapest to build */
                plan.format = "none";
                plan.attestation = RIG_NO_STATEMENT;
        }
        if (outputs.data)
                plan.flags |= AUTHDATA_ED;
        plan.extensions = outputs;
        rig_build(&rig, &plan, &built);
}

/* The response's JSON with these results in place of {}. */
static slice with_results(slice results)
{
        static const char mark[] = "\"clientExtensionResults\":{";
        static uint8_t edited[1 << 17];
        const uint8_t *found = memmem(built.json, built.json_size, mark, sizeof mark - 1);
        writer w = WRITER(edited);
        assert_non_null(found);
        const size_t before = (size_t)(found - built.json) + sizeof mark - 2, behind = before + 2;
        write_slice(&w, slice_of(built.json, before));
        write_slice(&w, results);
        write_slice(&w, slice_of(built.json + behind, built.json_size - behind));
        assert_false(w.overflowed);
        return writer_view(&w);
}

/* ---- comparing ---- */

static void assert_bytes(const char *name, slice found, slice expected)
{
        if (!slice_equal(found, expected))
                fail_msg("%s has %zu bytes, not %zu, or others", name, found.size, expected.size);
}

#define SAME(member)                                                                      \
        do {                                                                              \
                if (found->member != expected->member)                                    \
                        fail_msg("%s: " #member " is %u", what, (unsigned)found->member); \
        } while (0)

static void assert_extensions(
        const char *what, const struct mitome_extensions *found, const struct mitome_extensions *expected)
{
        SAME(cred_protect);
        SAME(cred_blob_stored);
        assert_bytes(what, found->cred_blob, expected->cred_blob);
        SAME(has_min_pin_length);
        SAME(min_pin_length);
        SAME(hmac_secret);
        assert_bytes(what, found->hmac_secret_output, expected->hmac_secret_output);
        SAME(verified_by);
        SAME(has_app_id);
        SAME(app_id);
        SAME(has_app_id_exclude);
        SAME(app_id_exclude);
        SAME(has_discoverable);
        SAME(discoverable);
        SAME(has_prf);
        SAME(prf_enabled);
        assert_bytes(what, found->prf_first, expected->prf_first);
        assert_bytes(what, found->prf_second, expected->prf_second);
        SAME(has_large_blob);
        SAME(large_blob_supported);
        SAME(large_blob_written);
        assert_bytes(what, found->large_blob, expected->large_blob);
}

/* ---- of the client ---- */

/* The bytes 0 to 31, and 32 times 0xFF. */
#define COUNTING "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define FULL "__________________________________________8"

static uint8_t counting[32], full[32];

#define BYTES_3                              \
        {                                    \
                (const uint8_t *)"\0\1\2", 3 \
        }
#define FIRST                             \
        {                                 \
                counting, sizeof counting \
        }
#define SECOND                    \
        {                         \
                full, sizeof full \
        }

struct result_case {
        const char *json;
        struct mitome_extensions expected;
};

static const struct result_case results[] = {
        { "{}", { 0 } },
        { " { \"other\" : [ { } , null , -1.5e3 ] } ", { 0 } },
        /* 10.1.1 appid: "boolean" */
        { "{\"appid\":true}", { .has_app_id = true, .app_id = true } },
        { "{\"appid\":false}", { .has_app_id = true } },
        { "{\"\\u0061ppid\":true}", { .has_app_id = true, .app_id = true } },
        { "{\"appid\":1}", { 0 } },
        { "{\"appid\":null}", { 0 } },
        { "{\"appid\":\"true\"}", { 0 } },
        { "{\"appid\":[true]}", { 0 } },
        { "{\"appid\":{\"appid\":true}}", { 0 } },
        { "{\"appId\":true,\"APPID\":true,\"appid \":true,\"\":true}", { 0 } },
        /* 10.1.2 appidExclude: "boolean" */
        { "{\"appidExclude\":true}", { .has_app_id_exclude = true, .app_id_exclude = true } },
        { "{\"appidExclude\":false}", { .has_app_id_exclude = true } },
        { "{\"appidExclude\":0}", { 0 } },
        { "{\"appidExclude\":\"false\"}", { 0 } },
        /* 10.1.3 credProps: { rk } */
        { "{\"credProps\":{\"rk\":true}}", { .has_discoverable = true, .discoverable = true } },
        { "{\"credProps\":{\"rk\":false}}", { .has_discoverable = true } },
        { "{\"credProps\":{\"authenticatorDisplayName\":\"x\",\"rk\":true}}",
                { .has_discoverable = true, .discoverable = true } },
        { "{\"credProps\":{}}", { 0 } },
        { "{\"credProps\":{\"rk\":null}}", { 0 } },
        { "{\"credProps\":{\"rk\":1}}", { 0 } },
        { "{\"credProps\":{\"rk\":\"true\"}}", { 0 } },
        { "{\"credProps\":{\"RK\":true}}", { 0 } },
        { "{\"credProps\":{\"credProps\":{\"rk\":true}}}", { 0 } },
        { "{\"credProps\":[{\"rk\":true}]}", { 0 } },
        { "{\"credProps\":true}", { 0 } },
        { "{\"credProps\":null}", { 0 } },
        { "{\"rk\":true}", { 0 } },
        /* 10.1.4 prf: { enabled, results: { first, second } } */
        { "{\"prf\":{}}", { .has_prf = true } },
        { "{\"prf\":{\"enabled\":true}}", { .has_prf = true, .prf_enabled = true } },
        { "{\"prf\":{\"enabled\":false}}", { .has_prf = true } },
        { "{\"prf\":{\"enabled\":1}}", { .has_prf = true } },
        { "{\"prf\":{\"results\":{\"first\":\"" COUNTING "\"}}}", { .has_prf = true, .prf_first = FIRST } },
        { "{\"prf\":{\"results\":{\"second\":\"" FULL "\",\"first\":\"" COUNTING "\"}}}",
                { .has_prf = true, .prf_first = FIRST, .prf_second = SECOND } },
        { "{\"prf\":{\"enabled\":true,\"results\":{\"first\":\"" COUNTING "\",\"second\":null}}}",
                { .has_prf = true, .prf_enabled = true, .prf_first = FIRST } },
        { "{\"prf\":{\"results\":{\"first\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg\"}}}",
                { .has_prf = true } }, /* 31 bytes */
        { "{\"prf\":{\"results\":{\"first\":\"" COUNTING "AA\"}}}", { .has_prf = true } },
        { "{\"prf\":{\"results\":{\"first\":\"" COUNTING "=\"}}}", { .has_prf = true } },
        { "{\"prf\":{\"results\":{\"first\":\"////////////////////////////////////////////8\"}}}",
                { .has_prf = true } },
        { "{\"prf\":{\"results\":{\"first\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9\"}}}",
                { .has_prf = true } }, /* bits behind the last byte */
        { "{\"prf\":{\"results\":{\"first\":\"\\u0041AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\"}}}",
                { .has_prf = true } },
        { "{\"prf\":{\"results\":{\"first\":\"\"}}}", { .has_prf = true } },
        { "{\"prf\":{\"results\":{\"first\":[0,1,2]}}}", { .has_prf = true } },
        { "{\"prf\":{\"results\":[\"" COUNTING "\"]}}", { .has_prf = true } },
        { "{\"prf\":{\"results\":null}}", { .has_prf = true } },
        { "{\"prf\":{\"first\":\"" COUNTING "\"}}", { .has_prf = true } },
        { "{\"prf\":true}", { 0 } },
        { "{\"prf\":null}", { 0 } },
        { "{\"prf\":[{\"enabled\":true}]}", { 0 } },
        /* 10.1.5 largeBlob: { supported, blob, written } */
        { "{\"largeBlob\":{}}", { .has_large_blob = true } },
        { "{\"largeBlob\":{\"supported\":true}}", { .has_large_blob = true, .large_blob_supported = true } },
        { "{\"largeBlob\":{\"supported\":false,\"written\":true}}",
                { .has_large_blob = true, .large_blob_written = true } },
        { "{\"largeBlob\":{\"blob\":\"AAEC\"}}", { .has_large_blob = true, .large_blob = BYTES_3 } },
        { "{\"largeBlob\":{\"blob\":\"\"}}", { .has_large_blob = true } },
        { "{\"largeBlob\":{\"blob\":\"AAEC=\"}}", { .has_large_blob = true } },
        { "{\"largeBlob\":{\"blob\":\"A\"}}", { .has_large_blob = true } },
        { "{\"largeBlob\":{\"blob\":\"AA EC\"}}", { .has_large_blob = true } },
        { "{\"largeBlob\":{\"blob\":{\"0\":0}}}", { .has_large_blob = true } },
        { "{\"largeBlob\":{\"supported\":\"true\",\"written\":1}}", { .has_large_blob = true } },
        { "{\"largeBlob\":\"AAEC\"}", { 0 } },
        { "{\"largeBlob\":null}", { 0 } },
        /* a client has no say in what the authenticator signs */
        { "{\"credProtect\":3,\"credBlob\":true,\"minPinLength\":4,\"hmac-secret\":true,"
          "\"hmacCreateSecret\":true,\"getCredBlob\":\"AAEC\",\"uvm\":[[2,4,2]]}",
                { 0 } },
        /* all of them */
        { "{\"appid\":false,\"appidExclude\":true,\"credProps\":{\"rk\":true},\"prf\":{\"enabled\":true,"
          "\"results\":{\"first\":\"" COUNTING "\",\"second\":\"" FULL "\"}},\"largeBlob\":{\"supported\":"
          "true,\"written\":true,\"blob\":\"AAEC\"}}",
                { .has_app_id = true,
                        .has_app_id_exclude = true,
                        .app_id_exclude = true,
                        .has_discoverable = true,
                        .discoverable = true,
                        .has_prf = true,
                        .prf_enabled = true,
                        .prf_first = FIRST,
                        .prf_second = SECOND,
                        .has_large_blob = true,
                        .large_blob_supported = true,
                        .large_blob_written = true,
                        .large_blob = BYTES_3 } },
};

/* 7.1 #4 and 7.2 #4: from the browser's JSON and from its parts alike. */
static void results_of_the_client(void **state)
{
        (void)state;
        for (int create = 0; create < 2; create++) {
                struct run run = { .create = create };
                build(create, (slice){ 0 });
                for (size_t i = 0; i < COUNT(results); i++) {
                        const slice json = slice_text(results[i].json);
                        mitome_code code = verify_json(&run, with_results(json), buffer, sizeof buffer);
                        if (code != MITOME_OK)
                                print_error("%s: %d\n", results[i].json, code);
                        assert_int_equal(code, MITOME_OK);
                        assert_extensions(results[i].json, &run.verdict.extensions, &results[i].expected);
                        assert_int_equal(verify_parts(&run, json, buffer, sizeof buffer), MITOME_OK);
                        assert_extensions(results[i].json, &run.verdict.extensions, &results[i].expected);
                }
        }
}

static const struct {
        const char *json;
        mitome_code code;
} malformed[] = {
        { "[]", MITOME_E_JSON_TYPE },
        { "true", MITOME_E_JSON_TYPE },
        { "\"\"", MITOME_E_JSON_TYPE },
        { "{\"appid\":true,\"appid\":true}", MITOME_E_JSON_DUPLICATE_NAME },
        { "{\"appid\":true,\"app\\u0069d\":false}", MITOME_E_JSON_DUPLICATE_NAME },
        { "{\"x\":1,\"x\":1}", MITOME_E_JSON_DUPLICATE_NAME },
        { "{\"credProps\":{\"rk\":true},\"credProps\":{\"rk\":false}}", MITOME_E_JSON_DUPLICATE_NAME },
        { "{\"credProps\":{\"rk\":true,\"rk\":false}}", MITOME_E_JSON_DUPLICATE_NAME },
        { "{\"prf\":{\"results\":{\"first\":\"" COUNTING "\",\"first\":\"" FULL "\"}}}",
                MITOME_E_JSON_DUPLICATE_NAME },
        { "{\"largeBlob\":{\"blob\":\"AAEC\",\"blob\":\"AAEC\"}}", MITOME_E_JSON_DUPLICATE_NAME },
        { "{\"x\":[{\"a\":0,\"a\":0}]}", MITOME_E_JSON_DUPLICATE_NAME },
        { "{\"appid\":tru}", MITOME_E_JSON_SYNTAX },
        { "{\"appid\":True}", MITOME_E_JSON_SYNTAX },
        { "{\"appid\":true,}", MITOME_E_JSON_SYNTAX },
        { "{appid:true}", MITOME_E_JSON_SYNTAX },
        { "{\"appid\" true}", MITOME_E_JSON_SYNTAX },
        { "{\"prf\":{\"enabled\":truE}}", MITOME_E_JSON_SYNTAX },
        { "{\"largeBlob\":{\"blob\":\"AA\tC\"}}", MITOME_E_JSON_SYNTAX },
        { "{\"largeBlob\":{\"blob\":\"AAE\xFF\"}}", MITOME_E_UTF8 },
        { "{\"\xC0\xAF\":true}", MITOME_E_UTF8 },
        { "{\"x\":\"\xED\xA0\x80\"}", MITOME_E_UTF8 },
        { "{\"x\":\"\\uD800\"}", MITOME_E_JSON_SURROGATE },
        { "{\"credProps\":{\"\\uDC00\":true}}", MITOME_E_JSON_SURROGATE },
};

static void malformed_results_are_refused(void **state)
{
        (void)state;
        for (int create = 0; create < 2; create++) {
                struct run run = { .create = create };
                build(create, (slice){ 0 });
                for (size_t i = 0; i < COUNT(malformed); i++) {
                        const slice json = slice_text(malformed[i].json);
                        mitome_code code = verify_parts(&run, json, buffer, sizeof buffer);
                        if (code != malformed[i].code)
                                print_error("%s: %d\n", malformed[i].json, code);
                        assert_int_equal(code, malformed[i].code);
                        assert_string_equal(run.error.field, "clientExtensionResults");
                        assert_string_equal(run.error.clause, "WebAuthn L3 9.4");
                        assert_in_range(run.error.at, 0, json.size);
                        assert_int_equal(verify_json(&run, with_results(json), buffer, sizeof buffer),
                                malformed[i].code);
                }
                assert_int_equal(verify_parts(&run, slice_text("{}x"), buffer, sizeof buffer),
                        MITOME_E_TRAILING_BYTES);
                assert_int_equal(verify_parts(&run, slice_of("{}", 3), buffer, sizeof buffer),
                        MITOME_E_TRAILING_BYTES);
        }
}

static void cut_results_are_refused(void **state)
{
        (void)state;
        const slice whole = slice_text(results[COUNT(results) - 1].json);
        struct run run = { .create = true };
        build(true, (slice){ 0 });
        for (size_t size = 1; size < whole.size; size++) {
                uint8_t *cut = malloc(size); /* of just this size, for the sanitizers */
                assert_int_equal(
                        slice_copy(slice_of(whole.data, size), NULL, cut, size, NULL).code, MITOME_OK);
                assert_int_equal(
                        verify_parts(&run, slice_of(cut, size), buffer, sizeof buffer), MITOME_E_INPUT_ENDS);
                assert_string_equal(run.error.clause, "WebAuthn L3 9.4");
                free(cut);
        }
        /* none at all is what native apps have */
        assert_int_equal(verify_parts(&run, (slice){ 0 }, buffer, sizeof buffer), MITOME_OK);
}

static slice nested(char *text, size_t size, size_t depth)
{
        writer w = writer_over((uint8_t *)text, size);
        write_slice(&w, slice_text("{\"x\":"));
        for (size_t i = 0; i < depth; i++)
                write_u8(&w, '[');
        for (size_t i = 0; i < depth; i++)
                write_u8(&w, ']');
        write_u8(&w, '}');
        assert_false(w.overflowed);
        return writer_view(&w);
}

static void results_have_limits(void **state)
{
        (void)state;
        static char text[60000];
        struct run run = { .create = true };
        writer w;
        build(true, (slice){ 0 });
        /* sixteen levels, the object counted; in the response it stands one deeper */
        assert_int_equal(verify_parts(&run, nested(text, sizeof text, 15), buffer, sizeof buffer), MITOME_OK);
        assert_int_equal(
                verify_parts(&run, nested(text, sizeof text, 16), buffer, sizeof buffer), MITOME_E_DEPTH);
        assert_int_equal(
                verify_parts(&run, nested(text, sizeof text, 20000), buffer, sizeof buffer), MITOME_E_DEPTH);
        assert_int_equal(
                verify_json(&run, with_results(nested(text, sizeof text, 14)), buffer, sizeof buffer),
                MITOME_OK);
        assert_int_equal(
                verify_json(&run, with_results(nested(text, sizeof text, 15)), buffer, sizeof buffer),
                MITOME_E_DEPTH);
        /* 64 members */
        for (size_t count = 64; count <= 65; count++) {
                w = writer_over((uint8_t *)text, sizeof text);
                struct json_writer json = json_into(&w);
                json_write_open_object(&json, NULL);
                for (size_t i = 0; i < count; i++) {
                        const char name[] = { (char)('A' + i % 26), (char)('A' + i / 26), 0 };
                        json_write_bool(&json, name, true);
                }
                json_write_close_object(&json);
                assert_int_equal(verify_parts(&run, writer_view(&w), buffer, sizeof buffer),
                        count == 64 ? MITOME_OK : MITOME_E_TOO_MANY);
        }
}

/* A blob of 16 KiB is kept, a longer one counts as none, and does not take the room of what is asked for. */
static void large_blobs_have_limits(void **state)
{
        (void)state;
        static uint8_t blob[40000], text[60000];
        static const size_t sizes[] = { 16383, 16384, 16385, 16386, 16387, 16388, 16389, 40000 };
        for (size_t i = 0; i < sizeof blob; i++)
                blob[i] = (uint8_t)(i * 31);
        for (int create = 0; create < 2; create++) {
                struct run run = { .create = create };
                build(create, (slice){ 0 });
                for (size_t i = 0; i < COUNT(sizes); i++) {
                        writer w = WRITER(text);
                        struct json_writer json = json_into(&w);
                        json_write_open_object(&json, NULL);
                        json_write_open_object(&json, "largeBlob");
                        json_write_base64url(&json, "blob", slice_of(blob, sizes[i]));
                        json_write_close_object(&json);
                        json_write_close_object(&json);
                        assert_false(w.overflowed);
                        const struct mitome_extensions expected = { .has_large_blob = true,
                                .large_blob = slice_of(blob, sizes[i] <= 16384 ? sizes[i] : 0) };
                        assert_int_equal(
                                verify_parts(&run, writer_view(&w), buffer, sizeof buffer), MITOME_OK);
                        assert_extensions("largeBlob", &run.verdict.extensions, &expected);
                        assert_int_equal(
                                verify_json(&run, with_results(writer_view(&w)), buffer, sizeof buffer),
                                MITOME_OK);
                        assert_extensions("largeBlob", &run.verdict.extensions, &expected);
                }
        }
}

/* A buffer that is too small is told of; it does not make an output absent. */
static void a_small_buffer_hides_nothing(void **state)
{
        (void)state;
        const struct result_case *all = &results[COUNT(results) - 1];
        struct run run = { .create = false };
        bool fits = false;
        build(false, (slice){ 0 });
        const slice json = with_results(slice_text(all->json));
        for (size_t capacity = 0; capacity < 4096; capacity++) {
                mitome_code code = verify_json(&run, json, second_buffer, capacity);
                assert_int_equal(code, fits || code == MITOME_OK ? MITOME_OK : MITOME_E_BUFFER_FULL);
                fits = code == MITOME_OK;
                if (fits)
                        assert_extensions("all", &run.verdict.extensions, &all->expected);
        }
        assert_true(fits);
}

/* ---- of the authenticator ---- */

static slice from_hex(const char *text, uint8_t *to, size_t capacity)
{
        writer w = writer_over(to, capacity);
        for (unsigned high = 0, digits = 0; *text; text++) {
                if (*text == ' ')
                        continue;
                unsigned digit = (unsigned)(*text <= '9' ? *text - '0' : *text - 'A' + 10);
                assert_in_range(digit, 0, 15);
                if (digits++ % 2)
                        write_u8(&w, (uint8_t)(high << 4 | digit));
                high = digit;
        }
        assert_false(w.overflowed);
        return writer_view(&w);
}

#define CRED_PROTECT "6B 6372656450726F74656374 "
#define CRED_BLOB "68 63726564426C6F62 "
#define MIN_PIN_LENGTH "6C 6D696E50696E4C656E677468 "
#define MITOME_JPKI "6B 6D69746F6D652D6A706B69 "
#define HMAC_SECRET "6B 686D61632D736563726574 "
#define BYTES_32 "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F"

static const struct result_case outputs[] = {
        { "A0", { 0 } },
        { "A1 6161 A1 6162 83 01 20 40", { 0 } },
        /* CTAP 2.1 12.1 credProtect: 1 to 3 */
        { "A1" CRED_PROTECT "01", { .cred_protect = 1 } },
        { "A1" CRED_PROTECT "02", { .cred_protect = 2 } },
        { "A1" CRED_PROTECT "03", { .cred_protect = 3 } },
        { "A1" CRED_PROTECT "00", { 0 } },
        { "A1" CRED_PROTECT "04", { 0 } },
        { "A1" CRED_PROTECT "1B FFFFFFFFFFFFFFFF", { 0 } },
        { "A1" CRED_PROTECT "1B 0000000100000003", { 0 } },
        { "A1" CRED_PROTECT "20", { 0 } },
        { "A1" CRED_PROTECT "F5", { 0 } },
        { "A1" CRED_PROTECT "61 33", { 0 } },
        { "A1" CRED_PROTECT "41 03", { 0 } },
        { "A1" CRED_PROTECT "81 03", { 0 } },
        { "A1" CRED_PROTECT "A1 01 03", { 0 } },
        { "A1" CRED_PROTECT "F6", { 0 } },
        { "A1 6B 6372656450726F54656374 03", { 0 } }, /* credProTect */
        /* 12.2 credBlob: a boolean at registration, bytes at a login */
        { "A1" CRED_BLOB "F5", { .cred_blob_stored = true } },
        { "A1" CRED_BLOB "F4", { 0 } },
        { "A1" CRED_BLOB "43 000102", { .cred_blob = BYTES_3 } },
        { "A1" CRED_BLOB "40", { 0 } },
        { "A1" CRED_BLOB "01", { 0 } },
        { "A1" CRED_BLOB "63 747275", { 0 } },
        { "A1" CRED_BLOB "81 F5", { 0 } },
        { "A1" CRED_BLOB "F6", { 0 } },
        /* 12.4 minPinLength: unsigned */
        { "A1" MIN_PIN_LENGTH "04", { .has_min_pin_length = true, .min_pin_length = 4 } },
        { "A1" MIN_PIN_LENGTH "18 3F", { .has_min_pin_length = true, .min_pin_length = 63 } },
        { "A1" MIN_PIN_LENGTH "00", { .has_min_pin_length = true } },
        { "A1" MIN_PIN_LENGTH "1A FFFFFFFF", { .has_min_pin_length = true, .min_pin_length = UINT32_MAX } },
        { "A1" MIN_PIN_LENGTH "1B 0000000100000000", { 0 } },
        { "A1" MIN_PIN_LENGTH "23", { 0 } },
        { "A1" MIN_PIN_LENGTH "61 34", { 0 } },
        { "A1" MIN_PIN_LENGTH "F5", { 0 } },
        /* 12.5 hmac-secret: a boolean at registration, encrypted bytes at a login */
        { "A1" HMAC_SECRET "F5", { .hmac_secret = true } },
        { "A1" HMAC_SECRET "F4", { 0 } },
        { "A1" HMAC_SECRET "58 20 " BYTES_32, { .hmac_secret_output = FIRST } },
        { "A1" HMAC_SECRET "01", { 0 } },
        { "A1" HMAC_SECRET "A0", { 0 } },
        { "A1" HMAC_SECRET "64 74727565", { 0 } },
        /* mitome-jpki: one of five texts */
        { "A1" MITOME_JPKI "64 6E6F6E65", { .verified_by = MITOME_VERIFIED_BY_NOTHING } },
        { "A1" MITOME_JPKI "63 70696E", { .verified_by = MITOME_VERIFIED_BY_PIN } },
        { "A1" MITOME_JPKI "66 66696E676572", { .verified_by = MITOME_VERIFIED_BY_FINGER } },
        { "A1" MITOME_JPKI "64 66616365", { .verified_by = MITOME_VERIFIED_BY_FACE } },
        { "A1" MITOME_JPKI "64 69726973", { .verified_by = MITOME_VERIFIED_BY_IRIS } },
        { "A1" MITOME_JPKI "63 50494E", { 0 } },
        { "A1" MITOME_JPKI "60", { 0 } },
        { "A1" MITOME_JPKI "64 70696E00", { 0 } },
        { "A1" MITOME_JPKI "43 70696E", { 0 } },
        { "A1" MITOME_JPKI "F5", { 0 } },
        { "A1" MITOME_JPKI "02", { 0 } },
        /* what the client says is not signed */
        { "A2 65 6170706964 F5 69 6372656450726F7073 A1 62 726B F5", { 0 } },
        /* keys that are numbers */
        { "A2 01 F5" CRED_PROTECT "03", { .cred_protect = 3 } },
        /* all of them */
        { "A4" CRED_BLOB "F5" CRED_PROTECT "02" HMAC_SECRET "F5" MIN_PIN_LENGTH "06",
                { .cred_protect = 2,
                        .cred_blob_stored = true,
                        .has_min_pin_length = true,
                        .min_pin_length = 6,
                        .hmac_secret = true } },
};

static void outputs_of_the_authenticator(void **state)
{
        (void)state;
        for (size_t i = 0; i < 2 * COUNT(outputs); i++) {
                const struct result_case *c = &outputs[i / 2];
                struct run run = { .create = i % 2 };
                uint8_t bytes[256];
                build(run.create, from_hex(c->json, bytes, sizeof bytes));
                mitome_code code = verify_json(&run, rig_json(&built), buffer, sizeof buffer);
                if (code != MITOME_OK)
                        print_error("%s: %d\n", c->json, code);
                assert_int_equal(code, MITOME_OK);
                assert_extensions(c->json, &run.verdict.extensions, &c->expected);
        }
}

/* Signed and of the client, in one response: neither stands in for the other. */
static void both_kinds_stand_beside_each_other(void **state)
{
        (void)state;
        const struct result_case *client = &results[COUNT(results) - 1], *own = &outputs[COUNT(outputs) - 1];
        uint8_t bytes[256];
        for (int create = 0; create < 2; create++) {
                struct run run = { .create = create };
                struct mitome_extensions expected = client->expected;
                expected.cred_protect = own->expected.cred_protect;
                expected.cred_blob_stored = own->expected.cred_blob_stored;
                expected.has_min_pin_length = own->expected.has_min_pin_length;
                expected.min_pin_length = own->expected.min_pin_length;
                expected.hmac_secret = own->expected.hmac_secret;
                build(create, from_hex(own->json, bytes, sizeof bytes));
                assert_int_equal(
                        verify_json(&run, with_results(slice_text(client->json)), buffer, sizeof buffer),
                        MITOME_OK);
                assert_extensions("both", &run.verdict.extensions, &expected);
        }
}

static const struct {
        const char *hex;
        mitome_code code;
} bad_outputs[] = {
        { "A2" CRED_PROTECT "01" CRED_PROTECT "03", MITOME_E_CBOR_DUPLICATE_KEY },
        { "A2" HMAC_SECRET "F5" CRED_PROTECT "01", MITOME_E_CBOR_KEY_ORDER },
        { "A2" CRED_PROTECT "01" CRED_BLOB "F5", MITOME_E_CBOR_KEY_ORDER },
        { "A1" CRED_PROTECT "18 01", MITOME_E_CBOR_NOT_CANONICAL },
        { "A1" CRED_BLOB "58 03 000102", MITOME_E_CBOR_NOT_CANONICAL },
        { "A1" CRED_PROTECT "C1 01", MITOME_E_CBOR_UNSUPPORTED },
        { "A1" CRED_PROTECT "F9 3C00", MITOME_E_CBOR_UNSUPPORTED },
        { "A1" CRED_BLOB "5F 41 00 FF", MITOME_E_CBOR_UNSUPPORTED },
        { "BF" CRED_PROTECT "01 FF", MITOME_E_CBOR_UNSUPPORTED },
        { "A1 6B 6372656450726F746563FF 01", MITOME_E_UTF8 },
        { "A1 6161 81 81 81 80", MITOME_E_DEPTH },
        { "A1" CRED_BLOB "5B 7FFFFFFFFFFFFFFF", MITOME_E_INPUT_ENDS },
        { "BA 00010000", MITOME_E_TOO_MANY },
        { "A0 00", MITOME_E_TRAILING_BYTES },
};

static void malformed_outputs_are_refused(void **state)
{
        (void)state;
        for (size_t i = 0; i < 2 * COUNT(bad_outputs); i++) {
                struct run run = { .create = i % 2 };
                uint8_t bytes[256];
                build(run.create, from_hex(bad_outputs[i / 2].hex, bytes, sizeof bytes));
                mitome_code code = verify_json(&run, rig_json(&built), buffer, sizeof buffer);
                if (code != bad_outputs[i / 2].code)
                        print_error("%s: %d\n", bad_outputs[i / 2].hex, code);
                assert_int_equal(code, bad_outputs[i / 2].code);
                assert_string_equal(run.error.clause, "WebAuthn L3 6.1");
                /* what could not be read says nothing */
                assert_extensions(bad_outputs[i / 2].hex, &run.verdict.extensions,
                        &(const struct mitome_extensions){ 0 });
        }
}

static void cut_outputs_are_refused(void **state)
{
        (void)state;
        uint8_t bytes[256];
        const slice whole = from_hex(outputs[COUNT(outputs) - 1].json, bytes, sizeof bytes);
        for (int create = 0; create < 2; create++)
                for (size_t size = 0; size < whole.size; size++) {
                        struct run run = { .create = create };
                        build(create, slice_of(whole.data, size));
                        assert_int_equal(verify_json(&run, rig_json(&built), buffer, sizeof buffer),
                                MITOME_E_INPUT_ENDS);
                        assert_string_equal(run.error.field, "extensions");
                }
}

/* 6.1: ED announces them. */
static void outputs_need_their_flag(void **state)
{
        (void)state;
        uint8_t bytes[256];
        for (int create = 0; create < 2; create++) {
                struct run run = { .create = create };
                struct rig_plan plan = create ? rig_registration_plan() : rig_authentication_plan();
                plan.flags |= AUTHDATA_ED;
                plan.extensions = from_hex("A1" CRED_PROTECT "03", bytes, sizeof bytes);
                if (create)
                        plan.attestation = RIG_SELF;
                rig_build(&rig, &plan, &built);
                assert_int_equal(verify_json(&run, rig_json(&built), buffer, sizeof buffer), MITOME_OK);
                built.auth_data[32] &= (uint8_t)~AUTHDATA_ED;
                rig_seal(&rig, &plan, &built);
                assert_int_equal(
                        verify_json(&run, rig_json(&built), buffer, sizeof buffer), MITOME_E_TRAILING_BYTES);
                assert_int_equal(run.verdict.extensions.cred_protect, 0);
        }
}

static int open_all(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof counting; i++) {
                counting[i] = (uint8_t)i;
                full[i] = 0xFF;
        }
        rig_open(&rig);
        return 0;
}

static int close_all(void **state)
{
        (void)state;
        rig_close(&rig);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(results_of_the_client),
                cmocka_unit_test(malformed_results_are_refused),
                cmocka_unit_test(cut_results_are_refused),
                cmocka_unit_test(results_have_limits),
                cmocka_unit_test(large_blobs_have_limits),
                cmocka_unit_test(a_small_buffer_hides_nothing),
                cmocka_unit_test(outputs_of_the_authenticator),
                cmocka_unit_test(both_kinds_stand_beside_each_other),
                cmocka_unit_test(malformed_outputs_are_refused),
                cmocka_unit_test(cut_outputs_are_refused),
                cmocka_unit_test(outputs_need_their_flag),
        };
        return cmocka_run_group_tests(tests, open_all, close_all);
}
