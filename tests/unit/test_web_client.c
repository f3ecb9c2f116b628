/* SPDX-License-Identifier: Apache-2.0 */
/* The WebAuthn client between a page and a real core and element: what it makes is verified by the relying
 * party's library, what it must refuse it refuses, and an authenticator that lies is not passed on. */
#include "web_client.h"

#include "apdu.h"
#include "cbor.h"
#include "ctap_rig.h"
#include "random_system.h"
#include "tlv.h"

#include <mitome/rp.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RP_ID "example.jp"
#define ORIGIN "https://login.example.jp"
/* "0123456789abcdef" */
#define CHALLENGE "MDEyMzQ1Njc4OWFiY2RlZg"
#define RP "\"rp\":{\"id\":\"" RP_ID "\",\"name\":\"Example\"}"
#define USER \
        "\"user\":{\"id\":\"aGFuYWtv\",\"name\":\"hanako\",\"displayName\":\"\\u898b\\u672c \\u82b1\\u5b50\"}"
#define ES256 "\"pubKeyCredParams\":[{\"type\":\"public-key\",\"alg\":-7}]"
#define BASE RP "," USER "," ES256 ",\"challenge\":\"" CHALLENGE "\""
#define CREATION                                                              \
        "{" BASE ",\"authenticatorSelection\":{\"residentKey\":\"required\"," \
        "\"userVerification\":\"required\"},\"attestation\":\"direct\"}"
#define REQUEST "{\"challenge\":\"" CHALLENGE "\",\"rpId\":\"" RP_ID "\",\"userVerification\":\"required\"}"

enum { ID_SIZE = 32, WRONG_PINS = 4 };

struct rig {
        struct ctap_rig ctap;
        struct web_client client;
        struct web_client_answer answer;
        mitome_error error;
        const char *pins[WRONG_PINS]; /* what the holder types, one after the other; NULL: nothing */
        unsigned asked, tries;        /* how often, and what stood there the last time */
        bool wants_pin;               /* at the first finger */
        unsigned exchanges;
        /* An authenticator that lies: this is its response to everything but getInfo; data NULL: it is
         * honest. */
        slice lie;
        uint8_t buffer[WEB_CLIENT_ANSWER_MAX];
        uint8_t verdict_buffer[MITOME_RP_BUFFER_MAX];
        struct mitome_verdict verdict;
        uint8_t key[512], id[ID_SIZE];
        size_t key_size;
};

/* ---- the holder's phone ---- */

static mitome_status exchange(void *context, slice request, uint8_t *response, size_t capacity,
        size_t *ret_size, bool *ret_wants_pin, mitome_error *error)
{
        struct rig *rig = context;
        (void)error;
        enum { GET_INFO = 0x04, MAKE = 0x01, GET = 0x02 };
        writer w = writer_over(response, capacity);
        const uint8_t command = request.data[0];
        rig->exchanges++;
        if (rig->wants_pin && (command == MAKE || command == GET)) {
                rig->wants_pin = false;
                *ret_wants_pin = true;
                write_u8(&w, CTAP2_ERR_KEEPALIVE_CANCEL);
        } else if (rig->lie.data && command != GET_INFO) {
                write_slice(&w, rig->lie);
        } else {
                write_u8(&w, ctap_rig_request(&rig->ctap, request));
                write_slice(&w, rig->ctap.body);
        }
        *ret_size = w.used;
        assert_false(w.overflowed);
        return ok();
}

static mitome_status ask_pin(void *context, unsigned tries, struct secret *ret_pin, mitome_error *error)
{
        struct rig *rig = context;
        const char *pin = rig->asked < WRONG_PINS ? rig->pins[rig->asked] : NULL;
        rig->asked++;
        rig->tries = tries;
        return pin ? secret_set(ret_pin, slice_text(pin), error) : ok();
}

static struct element_rig plain, holder, person; /* nothing; PIN and finger; JPKI certificates, and listed */

static void list_relying_party(struct element_rig *element)
{
        static const uint8_t no_host_hashes[] = { 0x80, 1, 0x00, 0x81, 1, 0x01 };
        uint8_t bytes[64];
        writer w = WRITER(bytes);
        tlv_write_u8(&w, 0x80, 1);
        tlv_write(&w, 0x81, slice_text(RP_ID));
        assert_int_equal(element_rig_channel(element, element_rig_jpki, &element_rig_keys), SW_OK);
        assert_int_equal(element_rig_secured(element, 0x80DA0000, SLICE(no_host_hashes)), SW_OK);
        assert_int_equal(element_rig_channel(element, element_rig_fido, &element_rig_keys), SW_OK);
        assert_int_equal(element_rig_secured(element, 0x803A0000, writer_view(&w)), SW_OK);
        assert_int_equal(element_rig_select(element, element_rig_fido), SW_OK);
}

static int make_stencils(void **state)
{
        (void)state;
        const uint8_t pin[] = { 0x80, 4, '1', '2', '3', '4' };
        element_rig_open(&plain);
        element_rig_store_batch_key(&plain);
        element_rig_clone(&plain, &holder);
        assert_int_equal(element_rig_channel(&holder, element_rig_fido, &element_rig_keys), SW_OK);
        assert_int_equal(element_rig_secured(&holder, 0x80340000, SLICE(pin)), SW_OK);
        element_rig_pair(&holder, NULL);
        assert_int_equal(element_rig_select(&holder, element_rig_fido), SW_OK);
        assert_int_equal(element_rig_enrol(&holder, ELEMENT_RIG_PIN), SW_OK);
        element_rig_open(&person);
        element_rig_personalise(&person);
        element_rig_pair(&person, NULL);
        assert_int_equal(element_rig_select(&person, element_rig_fido), SW_OK);
        assert_int_equal(element_rig_enrol(&person, ELEMENT_RIG_PIN), SW_OK);
        element_rig_make_device(&person);
        list_relying_party(&person);
        return 0;
}

static int drop_stencils(void **state)
{
        (void)state;
        element_rig_close(&plain);
        element_rig_close(&holder);
        element_rig_close(&person);
        return 0;
}

/* A public suffix list of two: jp and co.jp. The real one has test_public_suffix.c. */
static size_t find_registrable(void *context, mitome_slice host)
{
        (void)context;
        size_t labels = 0, wanted = 2;
        const char *end = ".co.jp";
        if (host.size >= strlen(end) && memcmp(host.data + host.size - strlen(end), end, strlen(end)) == 0)
                wanted = 3;
        for (size_t size = 1; size <= host.size; size++) {
                labels += size == host.size || host.data[host.size - size - 1] == '.';
                if (labels == wanted)
                        return size;
        }
        return 0;
}

static const struct mitome_registrable registrable = { .find = find_registrable };

static int open_from(const struct element_rig *stencil, void **state)
{
        struct rig *rig = calloc(1, sizeof *rig);
        assert_non_null(rig);
        element_rig_clone(stencil, &rig->ctap.element);
        ctap_rig_open(&rig->ctap);
        rig->client = (struct web_client){ .context = rig,
                .exchange = exchange,
                .ask_pin = ask_pin,
                .random = random_system(),
                .registrable = &registrable };
        *state = rig;
        return 0;
}

static int open_plain(void **state)
{
        return open_from(&plain, state);
}

static int open_holder(void **state)
{
        return open_from(&holder, state);
}

static int open_person(void **state)
{
        return open_from(&person, state);
}

static int close_rig(void **state)
{
        struct rig *rig = *state;
        ctap_rig_close(&rig->ctap);
        free(rig);
        return 0;
}

/* ---- the page and its server ---- */

typedef mitome_status ceremony(const struct web_client *client, const struct web_client_page *page,
        slice options, uint8_t *buffer, size_t capacity, struct web_client_answer *ret, mitome_error *error);

static mitome_code call_from(struct rig *rig, ceremony *run, const char *origin, const char *options)
{
        const struct web_client_page page = { .origin = slice_text(origin) };
        rig->error = (mitome_error){ 0 };
        rig->exchanges = 0;
        return run(&rig->client, &page, slice_text(options), rig->buffer, sizeof rig->buffer, &rig->answer,
                &rig->error)
                .code;
}

static mitome_code create(struct rig *rig, const char *options)
{
        return call_from(rig, web_client_create, ORIGIN, options);
}

static mitome_code get(struct rig *rig, const char *options)
{
        return call_from(rig, web_client_get, ORIGIN, options);
}

static const mitome_slice origins[] = { { (const uint8_t *)ORIGIN, sizeof ORIGIN - 1 } };

static struct mitome_expectation expectation(void)
{
        return (struct mitome_expectation){ .rp_id = slice_text(RP_ID),
                .origins = origins,
                .origin_count = 1,
                .challenge = slice_text("0123456789abcdef") };
}

static mitome_code verify_registration(struct rig *rig)
{
        const struct mitome_policy policy = { .require_user_verification = true };
        const struct mitome_expectation expected = expectation();
        mitome_error error = { 0 };
        mitome_code code = mitome_verify_registration(NULL, &policy, &expected, rig->answer.json, NULL, 0,
                rig->verdict_buffer, sizeof rig->verdict_buffer, &rig->verdict, &error)
                                   .code;
        if (code != MITOME_OK)
                return code;
        assert_int_equal(rig->verdict.credential_id.size, ID_SIZE);
        assert_int_equal(slice_copy(rig->verdict.credential_id, "", rig->id, ID_SIZE, NULL).code, MITOME_OK);
        assert_int_equal(
                slice_copy(rig->verdict.public_key, "", rig->key, sizeof rig->key, NULL).code, MITOME_OK);
        rig->key_size = rig->verdict.public_key.size;
        return code;
}

static mitome_code verify_login(struct rig *rig)
{
        const struct mitome_policy policy = { .require_user_verification = true };
        const struct mitome_expectation expected = expectation();
        const struct mitome_credential credential = { .id = SLICE(rig->id),
                .public_key = slice_of(rig->key, rig->key_size),
                .user_handle = slice_text("hanako") };
        mitome_error error = { 0 };
        return mitome_verify_authentication(NULL, &policy, &expected, rig->answer.json, &credential, NULL, 0,
                rig->verdict_buffer, sizeof rig->verdict_buffer, &rig->verdict, &error)
                .code;
}

static bool answer_has(const struct rig *rig, const char *text)
{
        return memmem(rig->answer.json.data, rig->answer.json.size, text, strlen(text)) != NULL;
}

static void register_one(struct rig *rig)
{
        assert_int_equal(create(rig, CREATION), MITOME_OK);
        assert_int_equal(verify_registration(rig), MITOME_OK);
}

static void write_id(const struct rig *rig, char *ret, size_t capacity)
{
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        size_t at = 0;
        uint32_t bits = 0;
        unsigned have = 0;
        for (size_t i = 0; i < ID_SIZE; i++) {
                bits = bits << 8 | rig->id[i];
                for (have += 8; have >= 6; have -= 6)
                        ret[at++] = digits[bits >> (have - 6) & 63];
        }
        if (have)
                ret[at++] = digits[bits << (6 - have) & 63];
        assert_true(at < capacity);
        ret[at] = '\0';
}

/* ---- what works ---- */

static void test_finger_registers_and_logs_in(void **state)
{
        struct rig *rig = *state;
        register_one(rig);
        assert_string_equal(rig->verdict.format, "packed");
        assert_true(answer_has(rig, "\"transports\":[\"usb\"]"));
        assert_true(answer_has(rig, "\"publicKeyAlgorithm\":-7"));
        assert_int_equal(get(rig, REQUEST), MITOME_OK);
        assert_int_equal(verify_login(rig), MITOME_OK);
        assert_int_equal(rig->asked, 0);
        assert_int_equal(rig->verdict.extensions.verified_by, MITOME_VERIFIED_UNTOLD);
}

static void test_allow_list_finds_credential(void **state)
{
        struct rig *rig = *state;
        char id[64], options[512];
        register_one(rig);
        write_id(rig, id, sizeof id);
        snprintf(options, sizeof options,
                "{\"challenge\":\"" CHALLENGE "\",\"rpId\":\"" RP_ID "\",\"allowCredentials\":["
                "{\"type\":\"public-key\",\"id\":\"AAAA\"},{\"type\":\"other\",\"id\":\"BBBB\"},"
                "{\"type\":\"public-key\",\"id\":\"%s\",\"transports\":[\"usb\"]}]}",
                id);
        assert_int_equal(get(rig, options), MITOME_OK);
        assert_int_equal(verify_login(rig), MITOME_OK);
}

static void test_native_client_learns_how(void **state)
{
        struct rig *rig = *state;
        rig->client.native = true;
        register_one(rig);
        assert_int_equal(get(rig, REQUEST), MITOME_OK);
        assert_int_equal(verify_login(rig), MITOME_OK);
        assert_int_equal(rig->verdict.extensions.verified_by, MITOME_VERIFIED_BY_FINGER);
        rig->wants_pin = true;
        rig->pins[0] = ELEMENT_RIG_PIN;
        assert_int_equal(get(rig, REQUEST), MITOME_OK);
        assert_int_equal(verify_login(rig), MITOME_OK);
        assert_int_equal(rig->verdict.extensions.verified_by, MITOME_VERIFIED_BY_PIN);
}

static void test_pin_instead_of_finger(void **state)
{
        struct rig *rig = *state;
        rig->wants_pin = true;
        rig->pins[0] = ELEMENT_RIG_PIN;
        register_one(rig);
        assert_int_equal(rig->asked, 1);
        assert_int_equal(rig->tries, 8);
}

static void test_wrong_pin_is_asked_again(void **state)
{
        struct rig *rig = *state;
        rig->wants_pin = true;
        rig->pins[0] = "0000";
        rig->pins[1] = ELEMENT_RIG_PIN;
        register_one(rig);
        assert_int_equal(rig->asked, 2);
        assert_int_equal(rig->tries, 7);
}

static void test_strange_finger_ends_at_pin(void **state)
{
        struct rig *rig = *state;
        register_one(rig);
        rig->ctap.finger = MITOME_GATE_NO_MATCH;
        rig->pins[0] = ELEMENT_RIG_PIN;
        assert_int_equal(get(rig, REQUEST), MITOME_OK);
        assert_int_equal(verify_login(rig), MITOME_OK);
        assert_int_equal(rig->asked, 1);
}

static void test_no_pin_given_is_no(void **state)
{
        struct rig *rig = *state;
        rig->wants_pin = true;
        assert_int_equal(create(rig, CREATION), MITOME_E_CTAP_STATUS);
        assert_int_equal(rig->answer.status, CTAP2_ERR_OPERATION_DENIED);
        assert_string_equal(web_client_exception((mitome_status){ MITOME_E_CTAP_STATUS }, rig->answer.status),
                "NotAllowedError");
        rig->wants_pin = true;
        rig->client.ask_pin = NULL;
        assert_int_equal(create(rig, CREATION), MITOME_E_CTAP_STATUS);
}

static void test_excluded_credential_is_told(void **state)
{
        struct rig *rig = *state;
        char id[64], options[1024];
        register_one(rig);
        write_id(rig, id, sizeof id);
        snprintf(options, sizeof options,
                "{" BASE ",\"excludeCredentials\":[{\"type\":\"public-key\",\"id\":\"%s\"}]}", id);
        assert_int_equal(create(rig, options), MITOME_E_CTAP_STATUS);
        assert_int_equal(rig->answer.status, CTAP2_ERR_CREDENTIAL_EXCLUDED);
        assert_string_equal(web_client_exception((mitome_status){ MITOME_E_CTAP_STATUS }, rig->answer.status),
                "InvalidStateError");
}

static void test_without_attestation_statement_goes(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(create(rig, "{" BASE "}"), MITOME_OK);
        assert_int_equal(verify_registration(rig), MITOME_OK);
        assert_string_equal(rig->verdict.format, "none");
}

static void test_extensions(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(create(rig, "{" BASE ",\"authenticatorSelection\":{\"residentKey\":\"required\"},"
                                     "\"extensions\":{\"credProps\":true,\"credBlob\":\"Ynl0ZXM\","
                                     "\"credentialProtectionPolicy\":\"userVerificationRequired\","
                                     "\"enforceCredentialProtectionPolicy\":true,\"unheardOf\":[1]}}"),
                MITOME_OK);
        assert_true(answer_has(
                rig, "\"clientExtensionResults\":{\"credProps\":{\"rk\":true},\"credBlob\":true}"));
        assert_int_equal(verify_registration(rig), MITOME_OK);
        assert_int_equal(rig->verdict.extensions.cred_protect, 3);
        assert_int_equal(get(rig, "{\"challenge\":\"" CHALLENGE "\",\"rpId\":\"" RP_ID
                                  "\",\"extensions\":{\"getCredBlob\":true}}"),
                MITOME_OK);
        assert_true(answer_has(rig, "\"getCredBlob\":\"Ynl0ZXM\""));
        assert_int_equal(verify_login(rig), MITOME_OK);
}

static void test_listed_party_learns_whose(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(create(rig, "{" BASE ",\"attestation\":\"enterprise\"}"), MITOME_OK);
        assert_int_equal(verify_registration(rig), MITOME_OK);
        assert_string_equal(rig->verdict.format, "mitome-jpki");
        assert_int_equal(create(rig, "{" BASE ",\"attestation\":\"direct\"}"), MITOME_OK);
        assert_int_equal(verify_registration(rig), MITOME_OK);
        assert_string_equal(rig->verdict.format, "packed");
}

static void test_certificate_credential(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(create(rig, "{" RP "," USER ",\"challenge\":\"" CHALLENGE
                                     "\",\"pubKeyCredParams\":[{\"type\":\"public-key\",\"alg\":-257}],"
                                     "\"attestation\":\"enterprise\"}"),
                MITOME_OK);
        assert_true(answer_has(rig, "\"publicKeyAlgorithm\":-257"));
        assert_int_equal(verify_registration(rig), MITOME_OK);
        assert_int_equal(rig->verdict.algorithm, -257);
}

static void test_key_without_verification(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(create(rig, "{" BASE "}"), MITOME_OK);
        assert_int_equal(verify_registration(rig), MITOME_E_USER_NOT_VERIFIED);
        assert_int_equal(create(rig, CREATION), MITOME_E_CTAP_STATUS);
        assert_string_equal(web_client_exception((mitome_status){ MITOME_E_CTAP_STATUS }, rig->answer.status),
                "ConstraintError");
}

/* ---- who may ask ---- */

static void test_pages_that_may_ask(void **state)
{
        struct rig *rig = *state;
        static const struct {
                const char *origin, *rp_id;
                mitome_code code;
        } cases[] = {
                { "https://example.jp", "example.jp", MITOME_OK },
                { "https://a.b.example.jp:8443", "example.jp", MITOME_OK },
                { "https://login.example.jp", "", MITOME_OK },
                { "http://localhost:8080", "localhost", MITOME_OK },
                { "http://a.localhost", "a.localhost", MITOME_OK },
                { "https://example.jp", "login.example.jp", MITOME_E_CLIENT_RP_ID },
                { "https://evilexample.jp", "example.jp", MITOME_E_CLIENT_RP_ID },
                { "https://example.jp.evil.example", "example.jp", MITOME_E_CLIENT_RP_ID },
                { "https://example.jp", "jp", MITOME_E_CLIENT_RP_ID },
                { "https://a.b.example.co.jp", "b.example.co.jp", MITOME_OK },
                { "https://a.b.example.co.jp", "example.co.jp", MITOME_OK },
                { "https://evil.co.jp", "co.jp", MITOME_E_CLIENT_RP_ID },
                { "https://co.jp", "co.jp", MITOME_OK },
                { "https://example.jp", "ample.jp", MITOME_E_CLIENT_RP_ID },
                { "https://example.jp", "EXAMPLE.jp", MITOME_E_CLIENT_RP_ID },
                { "https://example.jp", "example.jp.", MITOME_E_CLIENT_RP_ID },
                { "https://example.jp", ".jp", MITOME_E_CLIENT_RP_ID },
                { "http://a.localhost", "localhost", MITOME_E_CLIENT_RP_ID },
                { "http://example.jp", "example.jp", MITOME_E_CLIENT_ORIGIN },
                { "http://127.0.0.1:8080", "127.0.0.1", MITOME_E_CLIENT_ORIGIN },
                { "https://127.0.0.1", "127.0.0.1", MITOME_E_CLIENT_ORIGIN },
                { "http://notlocalhost", "notlocalhost", MITOME_E_CLIENT_ORIGIN },
                { "https://example.jp/", "example.jp", MITOME_E_CLIENT_ORIGIN },
                { "https://example.jp:0", "example.jp", MITOME_E_CLIENT_ORIGIN },
                { "https://example.jp:99999", "example.jp", MITOME_E_CLIENT_ORIGIN },
                { "https://example.jp:", "example.jp", MITOME_E_CLIENT_ORIGIN },
                { "https://example.jp@evil.example", "example.jp", MITOME_E_CLIENT_ORIGIN },
                { "chrome-extension://abcdefgh", "abcdefgh", MITOME_E_CLIENT_ORIGIN },
                { "null", "", MITOME_E_CLIENT_ORIGIN },
                { "", "", MITOME_E_CLIENT_ORIGIN },
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                slice rp_id = { 0 };
                mitome_code code = web_client_may_ask(slice_text(cases[i].origin), slice_text(cases[i].rp_id),
                        &registrable, &rp_id, &rig->error)
                                           .code;
                if (code != cases[i].code)
                        fail_msg("%s for %s: %d", cases[i].origin, cases[i].rp_id, code);
        }
}

/* What cannot be told apart from a public suffix is asked for by nobody but its own host. */
static void test_without_suffix_list(void **state)
{
        (void)state;
        slice rp_id;
        assert_int_equal(web_client_may_ask(slice_text(ORIGIN), slice_text(RP_ID), NULL, &rp_id, NULL).code,
                MITOME_E_CLIENT_RP_ID);
        assert_int_equal(
                web_client_may_ask(slice_text(ORIGIN), slice_text("login." RP_ID), NULL, &rp_id, NULL).code,
                MITOME_OK);
        assert_true(slice_is(rp_id, "login." RP_ID));
}

static void test_foreign_page_asks_for_relying_party(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(
                call_from(rig, web_client_get, "https://evil.example", REQUEST), MITOME_E_CLIENT_RP_ID);
        assert_int_equal(rig->exchanges, 0);
        assert_string_equal(
                web_client_exception((mitome_status){ MITOME_E_CLIENT_RP_ID }, 0), "SecurityError");
}

static void test_page_without_tls(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(call_from(rig, web_client_create, "http://login.example.jp", CREATION),
                MITOME_E_CLIENT_ORIGIN);
        assert_int_equal(rig->exchanges, 0);
}

static void test_frame_in_foreign_page(void **state)
{
        struct rig *rig = *state;
        const struct web_client_page page = { .origin = slice_text(ORIGIN), .cross_origin = true };
        assert_int_equal(web_client_get(&rig->client, &page, slice_text(REQUEST), rig->buffer,
                                 sizeof rig->buffer, &rig->answer, NULL)
                                 .code,
                MITOME_E_CROSS_ORIGIN);
        assert_int_equal(rig->exchanges, 0);
}

/* ---- options ---- */

static void test_options_refused(void **state)
{
        struct rig *rig = *state;
        static const struct {
                const char *options;
                mitome_code code;
        } cases[] = {
                { "", MITOME_E_INPUT_ENDS },
                { "[]", MITOME_E_JSON_TYPE },
                { "{}", MITOME_E_MISSING },
                { "{" BASE "} ", MITOME_OK },
                { "{" BASE "}x", MITOME_E_TRAILING_BYTES },
                { "{" BASE ",\"challenge\":\"AA\"}", MITOME_E_JSON_DUPLICATE_NAME },
                { "{" RP "," USER "," ES256 ",\"challenge\":\"\"}", MITOME_E_VALUE },
                { "{" RP "," USER "," ES256 ",\"challenge\":\"A=\"}", MITOME_E_BASE64URL },
                { "{" RP "," USER ",\"challenge\":\"" CHALLENGE
                  "\",\"pubKeyCredParams\":[{\"type\":\"ring\",\"alg\":-7}]}",
                        MITOME_E_ALGORITHM_UNSUPPORTED },
                { "{" RP ",\"user\":{\"id\":\"\",\"name\":\"n\",\"displayName\":\"d\"}," ES256
                  ",\"challenge\":\"" CHALLENGE "\"}",
                        MITOME_E_VALUE },
                { "{" BASE ",\"excludeCredentials\":[{\"type\":\"public-key\"}]}", MITOME_E_MISSING },
                { "{" BASE ",\"excludeCredentials\":{}}", MITOME_E_JSON_TYPE },
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                mitome_code code = create(rig, cases[i].options);
                if (code != cases[i].code)
                        fail_msg("%zu %s: %d", i, cases[i].options, code);
                if (code != MITOME_OK)
                        assert_int_equal(rig->exchanges, 0);
        }
}

static void test_list_too_long(void **state)
{
        struct rig *rig = *state;
        static char options[8192];
        int at = snprintf(options, sizeof options, "{\"challenge\":\"" CHALLENGE "\",\"allowCredentials\":[");
        for (int i = 0; i <= WEB_CLIENT_LIST_MAX; i++)
                at += snprintf(options + at, sizeof options - (size_t)at,
                        "%s{\"type\":\"public-key\",\"id\":\"AAAA\"}", i ? "," : "");
        snprintf(options + at, sizeof options - (size_t)at, "]}");
        assert_int_equal(get(rig, options), MITOME_E_TOO_MANY);
}

static void test_nothing_known_looks_like_refusal(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(get(rig, REQUEST), MITOME_E_CTAP_STATUS);
        const char *nothing =
                web_client_exception((mitome_status){ MITOME_E_CTAP_STATUS }, rig->answer.status);
        rig->ctap.user = CORE_NOT_TOUCHED;
        assert_string_equal(nothing, "NotAllowedError");
        assert_string_equal(nothing,
                web_client_exception((mitome_status){ MITOME_E_CTAP_STATUS }, CTAP2_ERR_OPERATION_DENIED));
}

/* ---- authenticators that lie ---- */

/* An assertion of the rig's for the other relying party is answered to this one. */
static void test_assertion_for_other_party(void **state)
{
        struct rig *rig = *state;
        static uint8_t reply[CORE_MESSAGE_MAX];
        writer w = WRITER(reply);
        assert_int_equal(call_from(rig, web_client_create, "https://other.example",
                                 "{\"rp\":{\"name\":\"x\"}," USER "," ES256 ",\"challenge\":\"" CHALLENGE
                                 "\",\"authenticatorSelection\":{\"residentKey\":\"required\"}}"),
                MITOME_OK);
        assert_int_equal(
                call_from(rig, web_client_get, "https://other.example", "{\"challenge\":\"" CHALLENGE "\"}"),
                MITOME_OK);
        write_u8(&w, 0);
        write_slice(&w, rig->ctap.body);
        rig->lie = writer_view(&w);
        assert_int_equal(get(rig, REQUEST), MITOME_E_CLIENT_ANSWER);
        assert_string_equal(rig->error.field, "authData.rpIdHash");
}

/* The relying party asked for one credential, and gets another one's signature. */
static void test_assertion_of_credential_not_allowed(void **state)
{
        struct rig *rig = *state;
        static uint8_t reply[CORE_MESSAGE_MAX];
        writer w = WRITER(reply);
        register_one(rig);
        assert_int_equal(get(rig, REQUEST), MITOME_OK);
        write_u8(&w, 0);
        write_slice(&w, rig->ctap.body);
        rig->lie = writer_view(&w);
        assert_int_equal(get(rig, "{\"challenge\":\"" CHALLENGE "\",\"rpId\":\"" RP_ID
                                  "\",\"allowCredentials\":[{\"type\":\"public-key\",\"id\":\"AAAA\"}]}"),
                MITOME_E_CLIENT_ANSWER);
        assert_string_equal(rig->error.field, "credential");
}

/* Who it is was not asked for, and is told. */
static void test_identity_told_unasked(void **state)
{
        struct rig *rig = *state;
        static uint8_t reply[CORE_MESSAGE_MAX];
        writer w = WRITER(reply);
        assert_int_equal(create(rig, "{" BASE ",\"attestation\":\"enterprise\"}"), MITOME_OK);
        write_u8(&w, 0);
        write_slice(&w, rig->ctap.body);
        rig->lie = writer_view(&w);
        assert_int_equal(create(rig, "{" BASE ",\"attestation\":\"direct\"}"), MITOME_E_CLIENT_ANSWER);
        assert_string_equal(rig->error.field, "epAtt");
}

/* An authenticator without a finger's verification says that it was one. */
static void test_verification_left_out(void **state)
{
        struct rig *rig = *state;
        static uint8_t reply[CORE_MESSAGE_MAX];
        writer w = WRITER(reply);
        assert_int_equal(get(rig, REQUEST), MITOME_E_CTAP_STATUS);
        register_one(rig);
        assert_int_equal(get(rig, "{\"challenge\":\"" CHALLENGE "\",\"rpId\":\"" RP_ID
                                  "\",\"userVerification\":\"discouraged\"}"),
                MITOME_OK);
        write_u8(&w, 0);
        write_slice(&w, rig->ctap.body);
        rig->lie = writer_view(&w);
        assert_int_equal(get(rig, REQUEST), MITOME_E_CLIENT_ANSWER);
        assert_string_equal(rig->error.field, "authData.flags");
}

static void test_broken_answers(void **state)
{
        struct rig *rig = *state;
        static const uint8_t nothing[] = { 0x00 }, no_map[] = { 0x00, 0x80 }, empty[] = { 0x00, 0xA0 },
                             unordered[] = { 0x00, 0xA2, 0x02, 0x40, 0x01, 0x60 };
        const slice lies[] = { SLICE(nothing), SLICE(no_map), SLICE(empty), SLICE(unordered) };
        for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
                rig->lie = lies[i];
                mitome_code code = create(rig, CREATION);
                assert_int_not_equal(code, MITOME_OK);
                assert_int_not_equal(code, MITOME_E_CTAP_STATUS);
                assert_int_equal(rig->answer.status, 0);
        }
}

/* Of tries that are left nobody is told out of an answer that goes on behind its end. */
static void test_answer_with_more_behind_it(void **state)
{
        struct rig *rig = *state;
        static const uint8_t tries[] = { 0x00, 0xA1, 0x03, 0x08, 0xF6 };
        rig->wants_pin = true;
        rig->lie = SLICE(tries);
        rig->pins[0] = ELEMENT_RIG_PIN;
        assert_int_equal(create(rig, CREATION), MITOME_E_TRAILING_BYTES);
        assert_int_equal(rig->asked, 0);
}

/* One that says "wrong PIN" for ever is not asked for ever. */
static void test_endless_wrong_pin(void **state)
{
        struct rig *rig = *state;
        static const uint8_t wrong[] = { CTAP2_ERR_PIN_INVALID };
        rig->wants_pin = true;
        rig->lie = SLICE(wrong);
        rig->pins[0] = rig->pins[1] = rig->pins[2] = rig->pins[3] = "0000";
        assert_int_equal(create(rig, CREATION), MITOME_E_CTAP_STATUS);
        assert_true(rig->exchanges < 64);
}

#define HOLDER(name) cmocka_unit_test_setup_teardown(name, open_holder, close_rig)
#define PERSON(name) cmocka_unit_test_setup_teardown(name, open_person, close_rig)

int main(void)
{
        const struct CMUnitTest tests[] = {
                HOLDER(test_finger_registers_and_logs_in),
                HOLDER(test_allow_list_finds_credential),
                HOLDER(test_native_client_learns_how),
                HOLDER(test_pin_instead_of_finger),
                HOLDER(test_wrong_pin_is_asked_again),
                HOLDER(test_strange_finger_ends_at_pin),
                HOLDER(test_no_pin_given_is_no),
                HOLDER(test_excluded_credential_is_told),
                HOLDER(test_without_attestation_statement_goes),
                HOLDER(test_extensions),
                PERSON(test_listed_party_learns_whose),
                PERSON(test_certificate_credential),
                cmocka_unit_test_setup_teardown(test_key_without_verification, open_plain, close_rig),
                HOLDER(test_pages_that_may_ask),
                cmocka_unit_test(test_without_suffix_list),
                HOLDER(test_foreign_page_asks_for_relying_party),
                HOLDER(test_page_without_tls),
                HOLDER(test_frame_in_foreign_page),
                HOLDER(test_options_refused),
                HOLDER(test_list_too_long),
                HOLDER(test_nothing_known_looks_like_refusal),
                HOLDER(test_assertion_for_other_party),
                HOLDER(test_assertion_of_credential_not_allowed),
                PERSON(test_identity_told_unasked),
                HOLDER(test_verification_left_out),
                HOLDER(test_broken_answers),
                HOLDER(test_endless_wrong_pin),
                HOLDER(test_answer_with_more_behind_it),
        };
        return cmocka_run_group_tests(tests, make_stencils, drop_stencils);
}
