/* SPDX-License-Identifier: Apache-2.0 */
/* The options of both ceremonies, WebAuthn L3 5.4, 5.5, 5.1.8 and 5.1.9: what is written, read again by
 * jansson, and what is refused. */
#include "bytes.h"

#include <mitome/options.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const uint8_t bytes[2048] = { 0xFB, 0xFF, 0xFE, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
#define BYTES_16 "-__-BAUGBwgJCgsMDQ4PEA"
#define BYTES_3 "-__-"
#define BYTES_2 "-_8"
#define BYTES_1 "-w"

static slice first(size_t size)
{
        return slice_of(bytes, size);
}

/* The least that must be said; each test adds to it, or takes away. */
static struct mitome_creation_options creation_of(void)
{
        return (struct mitome_creation_options){
                .rp_id = slice_text("example.org"),
                .user_id = first(3),
                .user_name = slice_text("taro@example.org"),
                .challenge = first(16),
        };
}

static struct mitome_request_options request_of(void)
{
        return (struct mitome_request_options){ .rp_id = slice_text("example.org"), .challenge = first(16) };
}

static uint8_t buffer[16384];

static slice create(const struct mitome_creation_options *options)
{
        slice json = { 0 };
        mitome_error error = { 0 };
        mitome_status status = mitome_write_creation_options(options, buffer, sizeof buffer, &json, &error);
        if (failed(status))
                print_error("%d %s\n", status.code, error.field ? error.field : "");
        assert_int_equal(status.code, MITOME_OK);
        return json;
}

static slice request(const struct mitome_request_options *options)
{
        slice json = { 0 };
        mitome_error error = { 0 };
        mitome_status status = mitome_write_request_options(options, buffer, sizeof buffer, &json, &error);
        if (failed(status))
                print_error("%d %s\n", status.code, error.field ? error.field : "");
        assert_int_equal(status.code, MITOME_OK);
        return json;
}

/* The same JSON value, whatever the order of its members. */
static void is_json(slice json, const char *expected)
{
        json_t *was = json_loadb((const char *)json.data, json.size, JSON_REJECT_DUPLICATES, NULL);
        json_t *want = json_loads(expected, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(want);
        if (!was || !json_equal(was, want))
                print_error("%.*s\nis not\n%s\n", (int)json.size, (const char *)json.data, expected);
        assert_non_null(was);
        assert_true(json_equal(was, want));
        json_decref(was);
        json_decref(want);
}

#define RP "\"rp\":{\"id\":\"example.org\",\"name\":\"example.org\"}"
#define USER "\"user\":{\"id\":\"" BYTES_3 "\",\"name\":\"taro@example.org\",\"displayName\":\"\"}"
#define CHALLENGE "\"challenge\":\"" BYTES_16 "\""
#define KEY(alg) "{\"type\":\"public-key\",\"alg\":" alg "}"
#define ALGORITHMS "\"pubKeyCredParams\":[" KEY("-7") "," KEY("-8") "," KEY("-257") "]"
#define SELECTION                                                                           \
        "\"authenticatorSelection\":{\"residentKey\":\"preferred\",\"requireResidentKey\":" \
        "false,\"userVerification\":\"preferred\"}"
#define LEAST RP "," USER "," CHALLENGE
#define REQUEST CHALLENGE ",\"rpId\":\"example.org\",\"userVerification\":\"preferred\""

static void says_the_least(void **state)
{
        (void)state;
        const struct mitome_creation_options creation = creation_of();
        is_json(create(&creation),
                "{" LEAST "," ALGORITHMS "," SELECTION ",\"attestation\":\"none\",\"extensions\":{}}");
        const struct mitome_request_options options = request_of();
        is_json(request(&options), "{" REQUEST ",\"extensions\":{}}");
}

static void says_everything_of_a_registration(void **state)
{
        (void)state;
        static const int64_t algorithms[] = { -257, -7, -48, -9 };
        static const enum mitome_hint hints[] = { MITOME_HINT_HYBRID, MITOME_HINT_SECURITY_KEY,
                MITOME_HINT_CLIENT_DEVICE };
        const mitome_slice formats[] = { slice_text("packed"), slice_text("mitome-jpki") };
        const struct mitome_descriptor exclude[] = {
                { first(3), 0 },
                { first(2), MITOME_TRANSPORT_USB | MITOME_TRANSPORT_NFC | MITOME_TRANSPORT_BLE |
                                    MITOME_TRANSPORT_SMART_CARD | MITOME_TRANSPORT_HYBRID |
                                    MITOME_TRANSPORT_INTERNAL },
                { first(1), MITOME_TRANSPORT_INTERNAL },
        };
        struct mitome_creation_options options = creation_of();
        options.rp_name = slice_text("\xE4\xBE\x8B");
        options.user_display_name = slice_text("\"\xE5\xA4\xAA\xE9\x83\x8E\" \\ </script>");
        options.algorithms = algorithms;
        options.algorithm_count = COUNT(algorithms);
        options.timeout_ms = UINT32_MAX;
        options.exclude = exclude;
        options.exclude_count = COUNT(exclude);
        options.attachment = MITOME_ATTACHMENT_CROSS_PLATFORM;
        options.resident_key = MITOME_RESIDENT_KEY_REQUIRED;
        options.user_verification = MITOME_USER_VERIFICATION_REQUIRED;
        options.hints = hints;
        options.hint_count = COUNT(hints);
        options.attestation = MITOME_CONVEYANCE_ENTERPRISE;
        options.attestation_formats = formats;
        options.attestation_format_count = COUNT(formats);
        is_json(create(&options),
                "{\"rp\":{\"id\":\"example.org\",\"name\":\"\xE4\xBE\x8B\"},"
                "\"user\":{\"id\":\"" BYTES_3 "\",\"name\":\"taro@example.org\",\"displayName\":"
                "\"\\\"\xE5\xA4\xAA\xE9\x83\x8E\\\" \\\\ </script>\"}," CHALLENGE ","
                "\"pubKeyCredParams\":[" KEY("-257") "," KEY("-7") "," KEY("-48") "," KEY(
                        "-9") "],"
                              "\"timeout\":4294967295,\"excludeCredentials\":["
                              "{\"type\":\"public-key\",\"id\":\"" BYTES_3 "\"},"
                              "{\"type\":\"public-key\",\"id\":\"" BYTES_2
                              "\",\"transports\":[\"usb\",\"nfc\",\"ble\","
                              "\"smart-card\",\"hybrid\",\"internal\"]},"
                              "{\"type\":\"public-key\",\"id\":\"" BYTES_1
                              "\",\"transports\":[\"internal\"]}],"
                              "\"authenticatorSelection\":{\"authenticatorAttachment\":\"cross-platform\",\"residentKey\":"
                              "\"required\",\"requireResidentKey\":true,\"userVerification\":\"required\"},"
                              "\"hints\":[\"hybrid\",\"security-key\",\"client-device\"],\"attestation\":\"enterprise\","
                              "\"attestationFormats\":[\"packed\",\"mitome-jpki\"],\"extensions\":{}}");
}

/* Every member of each enumeration has its text. */
static void knows_every_word(void **state)
{
        (void)state;
        static const char *const words[] = { "preferred", "required", "discouraged" };
        static const char *const attachments[] = { NULL, "platform", "cross-platform" };
        static const char *const conveyances[] = { "none", "indirect", "direct", "enterprise" };
        for (int i = 0; i < 4; i++) {
                struct mitome_creation_options options = creation_of();
                options.user_verification = i % 3;
                options.resident_key = (i + 1) % 3;
                options.attachment = (i + 2) % 3;
                options.attestation = i;
                slice json = create(&options);
                json_t *root = json_loadb((const char *)json.data, json.size, 0, NULL);
                json_t *selection = json_object_get(root, "authenticatorSelection");
                const char *attachment = attachments[(i + 2) % 3];
                json_t *was = json_object_get(selection, "authenticatorAttachment");
                assert_string_equal(
                        json_string_value(json_object_get(selection, "userVerification")), words[i % 3]);
                assert_string_equal(
                        json_string_value(json_object_get(selection, "residentKey")), words[(i + 1) % 3]);
                /* 5.4.4: requireResidentKey is true if, and only if, residentKey is required */
                assert_true(json_is_true(json_object_get(selection, "requireResidentKey")) ==
                            (options.resident_key == MITOME_RESIDENT_KEY_REQUIRED));
                assert_true(json_is_boolean(json_object_get(selection, "requireResidentKey")));
                assert_true(attachment ? strcmp(json_string_value(was), attachment) == 0 : !was);
                assert_string_equal(json_string_value(json_object_get(root, "attestation")), conveyances[i]);
                json_decref(root);
                struct mitome_request_options login = request_of();
                login.user_verification = i % 3;
                json = request(&login);
                root = json_loadb((const char *)json.data, json.size, 0, NULL);
                assert_string_equal(
                        json_string_value(json_object_get(root, "userVerification")), words[i % 3]);
                json_decref(root);
        }
}

/* What stands in "extensions", of a registration. */
static void extends_creation(const struct mitome_creation_extensions *extensions, const char *expected)
{
        static char text[4096];
        struct mitome_creation_options options = creation_of();
        options.extensions = *extensions;
        snprintf(text, sizeof text,
                "{" LEAST "," ALGORITHMS "," SELECTION ",\"attestation\":\"none\",\"extensions\":%s}",
                expected);
        is_json(create(&options), text);
}

static void says_extensions_of_a_registration(void **state)
{
        (void)state;
        const struct mitome_prf_values one = { first(3), { 0 } }, two = { first(2), first(1) };
        const struct mitome_prf_values empty = { first(0), first(0) };
        const struct {
                struct mitome_creation_extensions asked;
                const char *expected;
        } cases[] = {
                { { .appid_exclude = slice_text("https://example.org/appid.json") },
                        "{\"appidExclude\":\"https://example.org/appid.json\"}" },
                { { .cred_props = true }, "{\"credProps\":true}" },
                { { .cred_protect = MITOME_CRED_PROTECT_UV_OPTIONAL },
                        "{\"credentialProtectionPolicy\":\"userVerificationOptional\","
                        "\"enforceCredentialProtectionPolicy\":false}" },
                { { .cred_protect = MITOME_CRED_PROTECT_UV_OPTIONAL_WITH_ID },
                        "{\"credentialProtectionPolicy\":\"userVerificationOptionalWithCredentialIDList\","
                        "\"enforceCredentialProtectionPolicy\":false}" },
                { { .cred_protect = MITOME_CRED_PROTECT_UV_REQUIRED, .enforce_cred_protect = true },
                        "{\"credentialProtectionPolicy\":\"userVerificationRequired\","
                        "\"enforceCredentialProtectionPolicy\":true}" },
                { { .cred_blob = first(3) }, "{\"credBlob\":\"" BYTES_3 "\"}" },
                { { .cred_blob = first(0) }, "{\"credBlob\":\"\"}" },
                { { .min_pin_length = true }, "{\"minPinLength\":true}" },
                { { .prf = true }, "{\"prf\":{}}" },
                { { .prf_eval = &one }, "{\"prf\":{\"eval\":{\"first\":\"" BYTES_3 "\"}}}" },
                { { .prf = true, .prf_eval = &two },
                        "{\"prf\":{\"eval\":{\"first\":\"" BYTES_2 "\",\"second\":\"" BYTES_1 "\"}}}" },
                { { .prf_eval = &empty }, "{\"prf\":{\"eval\":{\"first\":\"\",\"second\":\"\"}}}" },
                { { .hmac_create_secret = true }, "{\"hmacCreateSecret\":true}" },
                { { .large_blob = MITOME_LARGE_BLOB_PREFERRED },
                        "{\"largeBlob\":{\"support\":\"preferred\"}}" },
                { { .large_blob = MITOME_LARGE_BLOB_REQUIRED },
                        "{\"largeBlob\":{\"support\":\"required\"}}" },
                { { .cred_props = true, .min_pin_length = true, .hmac_create_secret = true },
                        "{\"credProps\":true,\"minPinLength\":true,\"hmacCreateSecret\":true}" },
        };
        for (size_t i = 0; i < COUNT(cases); i++)
                extends_creation(&cases[i].asked, cases[i].expected);
}

#define ALLOW                                                                                    \
        "\"allowCredentials\":[{\"type\":\"public-key\",\"id\":\"" BYTES_3 "\",\"transports\":[" \
        "\"usb\"]},{\"type\":\"public-key\",\"id\":\"" BYTES_2 "\"}]"

static void says_everything_of_a_login(void **state)
{
        (void)state;
        static const enum mitome_hint hints[] = { MITOME_HINT_CLIENT_DEVICE };
        const struct mitome_descriptor allow[] = { { first(3), MITOME_TRANSPORT_USB }, { first(2), 0 } };
        const struct mitome_prf_values eval = { first(1), first(2) };
        const struct mitome_prf_by_credential by_credential[] = {
                { first(2), { first(1), { 0 } } },
                { first(3), { first(2), first(3) } },
        };
        struct mitome_request_options options = request_of();
        options.timeout_ms = 300000;
        options.allow = allow;
        options.allow_count = 2;
        options.hints = hints;
        options.hint_count = 1;
        options.extensions = (struct mitome_request_extensions){
                .appid = slice_text("https://example.org"),
                .get_cred_blob = true,
                .prf_eval = &eval,
                .prf_by_credential = by_credential,
                .prf_by_credential_count = 2,
                .large_blob_read = true,
        };
        is_json(request(&options),
                "{" REQUEST ",\"timeout\":300000," ALLOW ",\"hints\":[\"client-device\"],\"extensions\":{"
                "\"appid\":\"https://example.org\",\"getCredBlob\":true,\"prf\":{\"eval\":{\"first\":"
                "\"" BYTES_1 "\",\"second\":\"" BYTES_2 "\"},\"evalByCredential\":{\"" BYTES_2
                "\":{\"first\":\"" BYTES_1 "\"},\"" BYTES_3 "\":{\"first\":\"" BYTES_2
                "\",\"second\":\"" BYTES_3 "\"}}},\"largeBlob\":{\"read\":true}}}");
        options.extensions = (struct mitome_request_extensions){
                .prf_by_credential = by_credential,
                .prf_by_credential_count = 1,
        };
        is_json(request(&options), "{" REQUEST ",\"timeout\":300000," ALLOW
                                   ",\"hints\":[\"client-device\"],\"extensions\":{\"prf\":{"
                                   "\"evalByCredential\":{\"" BYTES_2 "\":{\"first\":\"" BYTES_1 "\"}}}}}");
}

static void writes_a_blob_to_one_credential(void **state)
{
        (void)state;
        const struct mitome_descriptor allow[] = { { first(3), 0 }, { first(2), 0 } };
        struct mitome_request_options options = request_of();
        options.allow = allow;
        options.allow_count = 1;
        options.extensions.large_blob_write = first(16);
        is_json(request(&options),
                "{" REQUEST ",\"allowCredentials\":[{\"type\":\"public-key\",\"id\":"
                "\"" BYTES_3 "\"}],\"extensions\":{\"largeBlob\":{\"write\":\"" BYTES_16 "\"}}}");
        options.extensions.large_blob_write = first(0); /* an empty blob is one */
        is_json(request(&options), "{" REQUEST ",\"allowCredentials\":[{\"type\":\"public-key\",\"id\":"
                                   "\"" BYTES_3 "\"}],\"extensions\":{\"largeBlob\":{\"write\":\"\"}}}");
}

/* ---- what is refused ---- */

static void refuses_creation(const struct mitome_creation_options *options, mitome_code code,
        const char *field, const char *clause)
{
        slice json = { bytes, 7 };
        mitome_error error = { 0 };
        mitome_status status = mitome_write_creation_options(options, buffer, sizeof buffer, &json, &error);
        if (status.code != code)
                print_error("%s: %d\n", field, status.code);
        assert_int_equal(status.code, code);
        assert_int_equal(error.code, code);
        assert_string_equal(error.field, field);
        if (clause)
                assert_string_equal(error.clause, clause);
        assert_true(json.data == bytes && json.size == 7);
}

static void refuses_request(
        const struct mitome_request_options *options, mitome_code code, const char *field, const char *clause)
{
        slice json = { bytes, 7 };
        mitome_error error = { 0 };
        mitome_status status = mitome_write_request_options(options, buffer, sizeof buffer, &json, &error);
        if (status.code != code)
                print_error("%s: %d\n", field, status.code);
        assert_int_equal(status.code, code);
        assert_int_equal(error.code, code);
        assert_string_equal(error.field, field);
        if (clause)
                assert_string_equal(error.clause, clause);
        assert_true(json.data == bytes && json.size == 7);
}

/* 4, RP ID: "a valid domain string", which has no scheme, port, path, and is no address. */
static void refuses_rp_ids_that_are_no_domains(void **state)
{
        (void)state;
        static const char *const ids[] = { "", ".", "example.org.", ".example.org", "example..org",
                "Example.org", "https://example.org", "example.org:443", "example.org/", "*.example.org",
                "exam ple.org", "exam_ple.org", "-example.org", "example-.org", "\xE4\xBE\x8B.jp",
                "127.0.0.1", "1", "example.1", "example.0x1f", "[::1]", "example.org\n",
                "a234567890123456789012345678901234567890123456789012345678901234.org" };
        for (size_t i = 0; i < COUNT(ids); i++) {
                struct mitome_creation_options creation = creation_of();
                struct mitome_request_options options = request_of();
                creation.rp_id = slice_text(ids[i]);
                options.rp_id = slice_text(ids[i]);
                refuses_creation(&creation, MITOME_E_RP_ID_FORM, "options.rp.id", "WebAuthn L3 4");
                refuses_request(&options, MITOME_E_RP_ID_FORM, "options.rp.id", "WebAuthn L3 4");
        }
        struct mitome_creation_options creation = creation_of();
        creation.rp_id = slice_of("example.org", 12); /* with its terminator */
        refuses_creation(&creation, MITOME_E_RP_ID_FORM, "options.rp.id", NULL);
        static const char *const good[] = { "localhost", "xn--r8jz45g.jp", "a.b-c.d1.org", "1.2.3.4.org" };
        for (size_t i = 0; i < COUNT(good); i++) {
                creation.rp_id = slice_text(good[i]);
                create(&creation);
        }
}

/* 5.4.3: "The user handle MUST NOT be empty" and has "a maximum size of 64 bytes". */
static void refuses_user_handles(void **state)
{
        (void)state;
        struct mitome_creation_options options = creation_of();
        options.user_id = first(0);
        refuses_creation(&options, MITOME_E_MISSING, "options.user.id", "WebAuthn L3 5.4.3");
        options.user_id = first(65);
        refuses_creation(&options, MITOME_E_TOO_LONG, "options.user.id", "WebAuthn L3 5.4.3");
        options.user_id = first(64);
        create(&options);
        options.user_id = first(1);
        create(&options);
}

/* 5.4.1 and 5.4.3: names are held to RFC 8265 and RFC 8266: UTF-8, no control characters; a user's name is
 * not empty. */
static void refuses_texts(void **state)
{
        (void)state;
        static const struct {
                const char *text;
                mitome_code code;
        } cases[] = {
                { "taro\xFF", MITOME_E_UTF8 },
                { "\xC0\xAF", MITOME_E_UTF8 },
                { "\xED\xA0\x80", MITOME_E_UTF8 },
                { "\xF4\x90\x80\x80", MITOME_E_UTF8 },
                { "\xE5\xA4", MITOME_E_UTF8 },
                { "taro\n", MITOME_E_VALUE },
                { "\x1Btaro", MITOME_E_VALUE },
                { "ta\x7Fro", MITOME_E_VALUE },
        };
        for (size_t i = 0; i < COUNT(cases); i++) {
                struct mitome_creation_options options = creation_of();
                options.rp_name = slice_text(cases[i].text);
                refuses_creation(&options, cases[i].code, "options.rp.name", "WebAuthn L3 5.4.1");
                options = creation_of();
                options.user_name = slice_text(cases[i].text);
                refuses_creation(&options, cases[i].code, "options.user.name", "WebAuthn L3 5.4.1");
                options = creation_of();
                options.user_display_name = slice_text(cases[i].text);
                refuses_creation(&options, cases[i].code, "options.user.displayName", "WebAuthn L3 5.4.3");
        }
        struct mitome_creation_options options = creation_of();
        options.user_name = (slice){ 0 };
        refuses_creation(&options, MITOME_E_MISSING, "options.user.name", "WebAuthn L3 5.4.1");
}

/* 13.4.3: "Challenges SHOULD therefore be at least 16 bytes long." */
static void refuses_short_challenges(void **state)
{
        (void)state;
        for (size_t size = 0; size < 16; size++) {
                struct mitome_creation_options creation = creation_of();
                struct mitome_request_options options = request_of();
                creation.challenge = first(size);
                options.challenge = first(size);
                refuses_creation(
                        &creation, MITOME_E_CHALLENGE_SHORT, "options.challenge", "WebAuthn L3 13.4.3");
                refuses_request(
                        &options, MITOME_E_CHALLENGE_SHORT, "options.challenge", "WebAuthn L3 13.4.3");
        }
}

/* 5.4: pubKeyCredParams; 5.1.3: an empty list is the client's default. RS1 (-65535) is of tpm statements
 * only, ES256 as +7 and 0 are nothing. */
static void refuses_algorithms(void **state)
{
        (void)state;
        static const int64_t none[] = { -65535, 0, 7, INT64_MIN, -1 };
        for (size_t i = 0; i < COUNT(none); i++) {
                const int64_t list[] = { -7, none[i] };
                struct mitome_creation_options options = creation_of();
                options.algorithms = list;
                options.algorithm_count = 2;
                refuses_creation(&options, MITOME_E_ALGORITHM_UNSUPPORTED, "options.pubKeyCredParams",
                        "WebAuthn L3 5.4");
                options.algorithm_count = 1;
                create(&options);
                options.algorithm_count = 0;
                refuses_creation(&options, MITOME_E_MISSING, "options.pubKeyCredParams", "WebAuthn L3 5.4");
        }
}

/* 5.8.3: "required BufferSource id"; 4: a credential ID is at most 1023 bytes long. */
static void refuses_descriptors(void **state)
{
        (void)state;
        static const struct {
                size_t size;
                uint32_t transports;
                mitome_code code;
        } cases[] = {
                { 0, 0, MITOME_E_MISSING },
                { 1024, 0, MITOME_E_TOO_LONG },
                { 3, 0x40, MITOME_E_ARGUMENT },
                { 3, UINT32_MAX, MITOME_E_ARGUMENT },
        };
        for (size_t i = 0; i < COUNT(cases); i++) {
                const struct mitome_descriptor list[] = { { first(3), 0 },
                        { first(cases[i].size), cases[i].transports } };
                struct mitome_creation_options creation = creation_of();
                struct mitome_request_options options = request_of();
                creation.exclude = list;
                creation.exclude_count = 2;
                options.allow = list;
                options.allow_count = 2;
                refuses_creation(
                        &creation, cases[i].code, "options.excludeCredentials[]", "WebAuthn L3 5.8.3");
                refuses_request(&options, cases[i].code, "options.allowCredentials[]", "WebAuthn L3 5.8.3");
        }
        const struct mitome_descriptor longest = { first(1023), 0 };
        struct mitome_request_options options = request_of();
        options.allow = &longest;
        options.allow_count = 1;
        request(&options);
}

/* A number that is no member of its enumeration: what a caller of another version could hand in. */
static void refuses_numbers_without_a_word(void **state)
{
        (void)state;
        static const enum mitome_hint hint = (enum mitome_hint)3;
        struct mitome_creation_options options = creation_of();
        options.attachment = (enum mitome_attachment)3;
        refuses_creation(
                &options, MITOME_E_ARGUMENT, "options.authenticatorSelection.authenticatorAttachment", NULL);
        options = creation_of();
        options.resident_key = (enum mitome_resident_key)3;
        refuses_creation(&options, MITOME_E_ARGUMENT, "options.authenticatorSelection.residentKey", NULL);
        options = creation_of();
        options.user_verification = (enum mitome_user_verification) - 1;
        refuses_creation(
                &options, MITOME_E_ARGUMENT, "options.authenticatorSelection.userVerification", NULL);
        options = creation_of();
        options.attestation = (enum mitome_conveyance)4;
        refuses_creation(&options, MITOME_E_ARGUMENT, "options.attestation", NULL);
        options = creation_of();
        options.hints = &hint;
        options.hint_count = 1;
        refuses_creation(&options, MITOME_E_ARGUMENT, "options.hints", NULL);
        options = creation_of();
        options.extensions.cred_protect = (enum mitome_cred_protect)4;
        refuses_creation(&options, MITOME_E_ARGUMENT, "options.extensions.credentialProtectionPolicy", NULL);
        options = creation_of();
        options.extensions.large_blob = (enum mitome_large_blob_support)3;
        refuses_creation(&options, MITOME_E_ARGUMENT, "options.extensions.largeBlob.support", NULL);
        struct mitome_request_options login = request_of();
        login.user_verification = (enum mitome_user_verification)3;
        refuses_request(&login, MITOME_E_ARGUMENT, "options.userVerification", NULL);
        login = request_of();
        login.hints = &hint;
        login.hint_count = 1;
        refuses_request(&login, MITOME_E_ARGUMENT, "options.hints", NULL);
}

/* 8.1: identifiers are "a maximum of 32 octets in length and MUST consist only of printable USASCII
 * characters, excluding backslash and doublequote". */
static void refuses_format_names(void **state)
{
        (void)state;
        static const struct {
                const char *name;
                mitome_code code;
        } cases[] = {
                { "", MITOME_E_MISSING },
                { "a2345678901234567890123456789012", MITOME_OK },
                { "a23456789012345678901234567890123", MITOME_E_TOO_LONG },
                { "pack\\ed", MITOME_E_VALUE },
                { "pack\"ed", MITOME_E_VALUE },
                { "pack ed", MITOME_E_VALUE },
                { "packed\n", MITOME_E_VALUE },
                { "\xE4\xBE\x8B", MITOME_E_VALUE },
                { "packed\x7F", MITOME_E_VALUE },
        };
        for (size_t i = 0; i < COUNT(cases); i++) {
                const mitome_slice list[] = { slice_text("packed"), slice_text(cases[i].name) };
                struct mitome_creation_options options = creation_of();
                options.attestation_formats = list;
                options.attestation_format_count = 2;
                if (cases[i].code == MITOME_OK)
                        create(&options);
                else
                        refuses_creation(
                                &options, cases[i].code, "options.attestationFormats", "WebAuthn L3 8.1");
        }
}

/* 10.1.1, 10.1.2: the AppID is an https address. */
static void refuses_appids(void **state)
{
        (void)state;
        static char longest[2050];
        memset(longest, 'a', 2049);
        memcpy(longest, "https://", 8);
        const struct {
                const char *text;
                mitome_code code;
        } cases[] = {
                { "http://example.org", MITOME_E_VALUE },
                { "HTTPS://example.org", MITOME_E_VALUE },
                { "https://", MITOME_E_VALUE },
                { "https:/", MITOME_E_VALUE },
                { "example.org", MITOME_E_VALUE },
                { "https://example.org/a b", MITOME_E_VALUE },
                { "https://example.org\n", MITOME_E_VALUE },
                { "https://\xE4\xBE\x8B.jp", MITOME_E_VALUE },
                { "https://\xFF", MITOME_E_VALUE },
                { longest, MITOME_E_TOO_LONG },
        };
        for (size_t i = 0; i < COUNT(cases); i++) {
                struct mitome_creation_options creation = creation_of();
                struct mitome_request_options options = request_of();
                creation.extensions.appid_exclude = slice_text(cases[i].text);
                options.extensions.appid = slice_text(cases[i].text);
                refuses_creation(
                        &creation, cases[i].code, "options.extensions.appidExclude", "WebAuthn L3 10.1.2");
                refuses_request(&options, cases[i].code, "options.extensions.appid", "WebAuthn L3 10.1.1");
        }
}

/* CTAP 2.1 12.1: what is enforced is the policy that is asked for. */
static void refuses_to_enforce_nothing(void **state)
{
        (void)state;
        struct mitome_creation_options options = creation_of();
        options.extensions.enforce_cred_protect = true;
        refuses_creation(&options, MITOME_E_OPTIONS_CONTRADICTION,
                "options.extensions.enforceCredentialProtectionPolicy", "CTAP 2.1 12.1");
}

/* 10.1.4: "required BufferSource first"; evalByCredential without allowCredentials is a NotSupportedError,
 * with a key that is the empty string or not the id of one of them a SyntaxError. */
static void refuses_prf_values(void **state)
{
        (void)state;
        static const char field[] = "options.extensions.prf.evalByCredential",
                          clause[] = "WebAuthn L3 10.1.4";
        const struct mitome_prf_values none = { { 0 }, first(3) };
        const struct mitome_descriptor allow[] = { { first(3), 0 }, { first(2), 0 } };
        struct mitome_prf_by_credential by_credential[] = { { first(3), { first(1), { 0 } } },
                { first(2), { first(1), { 0 } } } };
        struct mitome_creation_options creation = creation_of();
        creation.extensions.prf_eval = &none;
        refuses_creation(&creation, MITOME_E_MISSING, "options.extensions.prf.first", clause);
        struct mitome_request_options options = request_of();
        options.extensions.prf_eval = &none;
        refuses_request(&options, MITOME_E_MISSING, "options.extensions.prf.first", clause);
        options = request_of();
        options.extensions.prf_by_credential = by_credential;
        options.extensions.prf_by_credential_count = 2;
        refuses_request(&options, MITOME_E_OPTIONS_CONTRADICTION, field, clause); /* no allow list */
        options.allow = allow;
        options.allow_count = 1;
        refuses_request(
                &options, MITOME_E_OPTIONS_CONTRADICTION, field, clause); /* the second is not in it */
        options.allow_count = 2;
        request(&options);
        by_credential[1].credential_id = first(0);
        refuses_request(&options, MITOME_E_OPTIONS_CONTRADICTION, field, clause);
        by_credential[1].credential_id = first(3);
        refuses_request(&options, MITOME_E_OPTIONS_CONTRADICTION, field, clause); /* one member, two values */
        by_credential[1] = (struct mitome_prf_by_credential){ first(2), none };
        refuses_request(&options, MITOME_E_MISSING, "options.extensions.prf.first", clause);
}

/* 10.1.5: read and write at once, and write with other than exactly one allowed credential, are
 * NotSupportedErrors. */
static void refuses_large_blobs(void **state)
{
        (void)state;
        static const char clause[] = "WebAuthn L3 10.1.5";
        const struct mitome_descriptor allow[] = { { first(3), 0 }, { first(2), 0 } };
        struct mitome_request_options options = request_of();
        options.allow = allow;
        options.allow_count = 1;
        options.extensions.large_blob_write = first(3);
        options.extensions.large_blob_read = true;
        refuses_request(
                &options, MITOME_E_OPTIONS_CONTRADICTION, "options.extensions.largeBlob.read", clause);
        options.extensions.large_blob_read = false;
        options.allow_count = 2;
        refuses_request(
                &options, MITOME_E_OPTIONS_CONTRADICTION, "options.extensions.largeBlob.write", clause);
        options.allow_count = 0;
        refuses_request(
                &options, MITOME_E_OPTIONS_CONTRADICTION, "options.extensions.largeBlob.write", clause);
}

/* The caller's buffer may have any size: too small is told, and nothing is written behind it. */
static void keeps_to_its_buffer(void **state)
{
        (void)state;
        const struct mitome_prf_values values = { first(3), first(3) };
        struct mitome_creation_options creation = creation_of();
        creation.extensions.prf_eval = &values;
        creation.extensions.appid_exclude = slice_text("https://example.org");
        const struct mitome_descriptor allow = { first(64), MITOME_TRANSPORT_USB };
        const struct mitome_prf_by_credential by_credential = { first(64), values };
        struct mitome_request_options options = request_of();
        options.allow = &allow;
        options.allow_count = 1;
        options.extensions.prf_by_credential = &by_credential;
        options.extensions.prf_by_credential_count = 1;
        /* base64url needs a byte of room behind it, for the terminator that libsodium writes */
        const size_t sizes[] = { create(&creation).size, request(&options).size };
        for (size_t which = 0; which < 2; which++) {
                for (size_t capacity = 0; capacity <= sizes[which]; capacity++) {
                        static uint8_t small[1024];
                        slice json = { bytes, 7 };
                        memset(small, 0xEE, sizeof small);
                        mitome_status status =
                                which ? mitome_write_request_options(&options, small, capacity, &json, NULL)
                                      : mitome_write_creation_options(
                                                &creation, small, capacity, &json, NULL);
                        assert_int_equal(
                                status.code, capacity < sizes[which] ? MITOME_E_BUFFER_FULL : MITOME_OK);
                        assert_int_equal(json.size, capacity < sizes[which] ? 7 : sizes[which]);
                        for (size_t i = capacity; i < sizeof small; i++)
                                assert_int_equal(small[i], 0xEE);
                }
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(says_the_least),
                cmocka_unit_test(says_everything_of_a_registration),
                cmocka_unit_test(knows_every_word),
                cmocka_unit_test(says_extensions_of_a_registration),
                cmocka_unit_test(says_everything_of_a_login),
                cmocka_unit_test(writes_a_blob_to_one_credential),
                cmocka_unit_test(refuses_rp_ids_that_are_no_domains),
                cmocka_unit_test(refuses_user_handles),
                cmocka_unit_test(refuses_texts),
                cmocka_unit_test(refuses_short_challenges),
                cmocka_unit_test(refuses_algorithms),
                cmocka_unit_test(refuses_descriptors),
                cmocka_unit_test(refuses_numbers_without_a_word),
                cmocka_unit_test(refuses_format_names),
                cmocka_unit_test(refuses_appids),
                cmocka_unit_test(refuses_to_enforce_nothing),
                cmocka_unit_test(refuses_prf_values),
                cmocka_unit_test(refuses_large_blobs),
                cmocka_unit_test(keeps_to_its_buffer),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
