/* SPDX-License-Identifier: Apache-2.0 */
/* What a link asks of the phone: logging another screen's browser in, and signing a document. The portal is a
 * small one of the test's, the authenticator a real core and element. */
#include "phone_login.h"

#include "phone_actor_rig.h"
#include "phone_client.h"
#include "phone_link.h"
#include "web.h"

#include <mitome/rp.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CHALLENGE "MDEyMzQ1Njc4OWFiY2RlZg" /* "0123456789abcdef" */
#define OPTIONS "{\"challenge\":\"" CHALLENGE "\",\"rpId\":\"localhost\",\"userVerification\":\"required\"}"
#define CODE "7KQ2MXPA"
#define NUMBER "3f0c3f0c3f0c3f0c3f0c3f0c3f0c3f0c"

struct rig {
        struct phone_actor *actor;
        struct web *web;
        struct web_route_set routes;
        char origin[64];
        mitome_error error;
        /* The portal: what it says, and what it heard. */
        const char *says;
        unsigned status, answer_status, asked;
        char heard[16384], heard_code[64];
        size_t heard_size;
        uint8_t key[256], id[32];
        size_t key_size;
};

static void handle_ask(void *context, const struct web_request *request, struct web_answer *answer)
{
        struct rig *rig = context;
        (void)request;
        rig->asked++;
        web_text(answer, "application/json", slice_text(rig->says));
        web_status(answer, rig->status);
}

static void handle_answer(void *context, const struct web_request *request, struct web_answer *answer)
{
        struct rig *rig = context;
        rig->heard_size = request->body.size < sizeof rig->heard - 1 ? request->body.size : 0;
        memcpy(rig->heard, request->body.data, rig->heard_size);
        rig->heard[rig->heard_size] = '\0';
        snprintf(rig->heard_code, sizeof rig->heard_code, "%.*s", (int)request->parts[0].size,
                (const char *)request->parts[0].data);
        web_text(answer, "application/json", slice_text("{}"));
        web_status(answer, rig->answer_status);
}

static void enrol(struct rig *rig)
{
        static uint8_t buffer[WEB_CLIENT_ANSWER_MAX], verdict_buffer[MITOME_RP_BUFFER_MAX];
        static const char options[] =
                "{\"rp\":{\"id\":\"localhost\",\"name\":\"x\"},\"user\":{\"id\":\"aGFuYWtv\",\"name\":\"h\","
                "\"displayName\":\"\"},\"challenge\":\"" CHALLENGE
                "\",\"pubKeyCredParams\":[{\"type\":\"public-key\",\"alg\":-7}],"
                "\"authenticatorSelection\":{\"residentKey\":\"required\"}}";
        const struct web_client_page page = { .origin = slice_text(rig->origin) };
        const struct mitome_expectation expected = { .rp_id = slice_text("localhost"),
                .origins = &page.origin,
                .origin_count = 1,
                .challenge = slice_text("0123456789abcdef") };
        struct web_client_answer answer;
        struct mitome_verdict verdict;
        struct phone_client phone;
        phone_client_open(&phone, rig->actor, rig->origin, false);
        assert_int_equal(web_client_create(&phone.client, &page, slice_text(options), buffer, sizeof buffer,
                                 &answer, NULL)
                                 .code,
                MITOME_OK);
        assert_int_equal(mitome_verify_registration(NULL, &(struct mitome_policy){ 0 }, &expected,
                                 answer.json, NULL, 0, verdict_buffer, sizeof verdict_buffer, &verdict, NULL)
                                 .code,
                MITOME_OK);
        assert_int_equal(
                slice_copy(verdict.public_key, "key", rig->key, sizeof rig->key, NULL).code, MITOME_OK);
        rig->key_size = verdict.public_key.size;
        assert_int_equal(
                slice_copy(verdict.credential_id, "id", rig->id, sizeof rig->id, NULL).code, MITOME_OK);
}

static int set_up(void **state)
{
        static const struct web_route routes[] = {
                { WEB_GET, "/api/phone/code/:code", WEB_HERE, handle_ask, NULL, 0 },
                { WEB_POST, "/api/phone/code/:code", WEB_HERE, handle_answer, "application/json", 65536 },
                { WEB_GET, "/api/document/:id", WEB_HERE, handle_ask, NULL, 0 },
                { WEB_POST, "/api/document/:id", WEB_HERE, handle_answer, "application/json", 65536 },
        };
        struct rig *rig = calloc(1, sizeof *rig);
        assert_non_null(rig);
        rig->actor = phone_actor_rig_open();
        rig->routes = (struct web_route_set){ routes, sizeof routes / sizeof *routes, rig };
        const struct web_config web = { .sets = &rig->routes, .set_count = 1 };
        assert_int_equal(web_open(&web, &rig->web, NULL).code, MITOME_OK);
        snprintf(rig->origin, sizeof rig->origin, "http://localhost:%u", web_port(rig->web));
        rig->status = rig->answer_status = 200;
        rig->says = "{\"number\":\"07\",\"options\":" OPTIONS ",\"more\":null}";
        enrol(rig);
        rig->actor->exchanges = 0;
        *state = rig;
        return 0;
}

static int tear_down(void **state)
{
        struct rig *rig = *state;
        web_close(rig->web);
        phone_actor_rig_close(rig->actor);
        free(rig);
        return 0;
}

static mitome_code follow(struct rig *rig, const char *path)
{
        char link[256];
        const struct phone_login_config config = { .portal = rig->origin };
        rig->error = (mitome_error){ 0 };
        snprintf(link, sizeof link, "%s%s", path[0] == '/' ? rig->origin : "", path);
        return phone_login_run(rig->actor, &config, link, &rig->error).code;
}

static mitome_code verify(struct rig *rig, struct mitome_verdict *ret)
{
        static uint8_t buffer[MITOME_RP_BUFFER_MAX];
        const slice origin = slice_text(rig->origin);
        const struct mitome_policy policy = { .require_user_verification = true };
        const struct mitome_expectation expected = { .rp_id = slice_text("localhost"),
                .origins = &origin,
                .origin_count = 1,
                .challenge = slice_text("0123456789abcdef"),
                .user_unidentified = true };
        const struct mitome_credential credential = { .id = SLICE(rig->id),
                .public_key = slice_of(rig->key, rig->key_size),
                .user_handle = slice_text("hanako") };
        return mitome_verify_authentication(NULL, &policy, &expected, slice_of(rig->heard, rig->heard_size),
                &credential, NULL, 0, buffer, sizeof buffer, ret, NULL)
                .code;
}

/* ---- logging in ---- */

static void test_link_logs_in(void **state)
{
        struct rig *rig = *state;
        struct mitome_verdict verdict;
        assert_int_equal(follow(rig, "/phone/" CODE), MITOME_OK);
        assert_string_equal(rig->heard_code, CODE);
        assert_string_equal(rig->actor->number_shown, "07");
        assert_string_equal(rig->actor->word, "confirm-login");
        assert_string_equal(rig->actor->origin, rig->origin);
        assert_int_equal(verify(rig, &verdict), MITOME_OK);
        /* a program and no browser: the portal learns that it was a finger */
        assert_int_equal(verdict.extensions.verified_by, MITOME_VERIFIED_BY_FINGER);
}

static void test_typed_code_logs_in(void **state)
{
        struct rig *rig = *state;
        struct mitome_verdict verdict;
        assert_int_equal(follow(rig, " 7kq2-mxpa\n"), MITOME_OK);
        assert_string_equal(rig->heard_code, CODE);
        assert_int_equal(verify(rig, &verdict), MITOME_OK);
}

static void test_person_says_no(void **state)
{
        struct rig *rig = *state;
        rig->actor->says_no = true;
        assert_int_equal(follow(rig, "/phone/" CODE), MITOME_E_PHONE_DECLINED);
        assert_int_equal(rig->actor->exchanges, 0);
        assert_int_equal(rig->heard_size, 0);
}

static void test_code_is_over(void **state)
{
        struct rig *rig = *state;
        rig->status = 404;
        assert_int_equal(follow(rig, "/phone/" CODE), MITOME_E_LOGIN_REFUSED);
        assert_int_equal(rig->actor->questions, 0);
        rig->status = 200;
        rig->answer_status = 403;
        assert_int_equal(follow(rig, "/phone/" CODE), MITOME_E_LOGIN_REFUSED);
}

static void test_portal_says_something_else(void **state)
{
        struct rig *rig = *state;
        static const char *const answers[] = { "", "<html>", "{}", "{\"number\":\"07\"}",
                "{\"number\":\"7\",\"options\":{}}", "{\"number\":\"<b\",\"options\":{}}",
                "{\"number\":\"123\",\"options\":{}}", "{\"number\":7,\"options\":{}}",
                "{\"number\":\"07\",\"options\":" OPTIONS "}}" };
        for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
                rig->says = answers[i];
                assert_int_equal(follow(rig, "/phone/" CODE), MITOME_E_LOGIN_ANSWER);
        }
        assert_int_equal(rig->actor->questions, 0);
        assert_int_equal(rig->actor->exchanges, 0);
}

/* A page of the attacker's own shows a code that he has begun at the real portal: the phone goes by the link,
 * and gives no assertion for another domain. */
static void test_portal_hands_on_challenge_of_another(void **state)
{
        struct rig *rig = *state;
        rig->says = "{\"number\":\"07\",\"options\":{\"challenge\":\"" CHALLENGE
                    "\",\"rpId\":\"login.example.go.jp\",\"userVerification\":\"required\"}}";
        assert_int_equal(follow(rig, "/phone/" CODE), MITOME_E_CLIENT_RP_ID);
        assert_int_equal(rig->actor->exchanges, 0);
        assert_int_equal(rig->heard_size, 0);
}

static void test_nobody_is_there(void **state)
{
        struct rig *rig = *state;
        web_close(rig->web);
        assert_int_equal(follow(rig, "/phone/" CODE), MITOME_E_UNREACHABLE);
        const struct web_config web = { .sets = &rig->routes, .set_count = 1 };
        assert_int_equal(web_open(&web, &rig->web, NULL).code, MITOME_OK);
}

/* ---- signing ---- */

static void test_document_is_signed(void **state)
{
        struct rig *rig = *state;
        char says[512];
        snprintf(says, sizeof says, "{\"form\":\"Document for %s\\nAccount: 3f0c\\n\\nI move.\"}",
                rig->origin);
        rig->says = says;
        assert_int_equal(follow(rig, "/document/" NUMBER), MITOME_OK);
        assert_string_equal(rig->actor->signed_origin, rig->origin);
        assert_string_equal(rig->heard_code, NUMBER);
        assert_non_null(strstr(rig->heard, "{\"certificate\":\"Y2VydGlmaWNhdGU\",\"signature\":\"AAAA"));
}

static void test_document_for_another_portal(void **state)
{
        struct rig *rig = *state;
        static const char *const forms[] = {
                "{\"form\":\"Document for https://bank.example\\nAccount: 1\\n\"}",
                "{\"form\":\"I owe you everything\"}", "{\"form\":\"\"}", "{}"
        };
        for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
                rig->says = forms[i];
                assert_int_equal(follow(rig, "/document/" NUMBER), MITOME_E_LOGIN_ANSWER);
        }
        char says[256];
        snprintf(says, sizeof says, "{\"form\":\"Document for %s.evil.example\\n\"}", rig->origin);
        rig->says = says;
        assert_int_equal(follow(rig, "/document/" NUMBER), MITOME_E_LOGIN_ANSWER);
        assert_int_equal(rig->actor->signatures, 0);
}

/* ---- links ---- */

static void test_links(void **state)
{
        (void)state;
        static const struct {
                const char *text, *portal, *origin, *code;
        } cases[] = {
                { "https://p.example/phone/7KQ2MXPA", NULL, "https://p.example", "7KQ2MXPA" },
                { "\n https://p.example:8443/phone/7kq2mxpa ", NULL, "https://p.example:8443", "7KQ2MXPA" },
                { "http://localhost:8080/document/" NUMBER, NULL, "http://localhost:8080", NUMBER },
                { "7KQ2 MXPA", "https://p.example", "https://p.example", "7KQ2MXPA" },
                { "7KQ2MXPA", NULL, NULL, NULL },
                { "", "https://p.example", NULL, NULL },
                { "7KQ2MXP", "https://p.example", NULL, NULL },
                { "7KQ2MXPAA", "https://p.example", NULL, NULL },
                { "7KQ2/XPA", "https://p.example", NULL, NULL },
                { "7KQ2MXPA", "http://p.example", NULL, NULL },
                { "http://p.example/phone/7KQ2MXPA", NULL, NULL, NULL },
                { "https://127.0.0.1/phone/7KQ2MXPA", NULL, NULL, NULL },
                { "https://user@p.example/phone/7KQ2MXPA", NULL, NULL, NULL },
                { "https://p.example/phone/7KQ2MXPA?x=1", NULL, NULL, NULL },
                { "https://p.example/phone/7KQ2MXPA/../x", NULL, NULL, NULL },
                { "https://p.example/phone/", NULL, NULL, NULL },
                { "https://p.example/admin/7KQ2MXPA", NULL, NULL, NULL },
                { "https://p.example", NULL, NULL, NULL },
                { "https://P.example/phone/7KQ2MXPA", NULL, NULL, NULL },
                { "file:///phone/7KQ2MXPA", "https://p.example", NULL, NULL },
                { "https://p.example/document/3F0C3F0C3F0C3F0C3F0C3F0C3F0C3F0C", NULL, NULL, NULL },
                { "https://p.example/document/3f0c", NULL, NULL, NULL },
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                struct phone_link link = { 0 };
                mitome_code code =
                        phone_link_read(slice_text(cases[i].text), cases[i].portal, &link, NULL).code;
                if (code != (cases[i].origin ? MITOME_OK : MITOME_E_LOGIN_LINK))
                        fail_msg("%s: %d", cases[i].text, code);
                if (cases[i].origin)
                        assert_string_equal(link.origin, cases[i].origin);
                if (cases[i].code)
                        assert_string_equal(link.code, cases[i].code);
        }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_link_logs_in),
                TEST(test_typed_code_logs_in),
                TEST(test_person_says_no),
                TEST(test_code_is_over),
                TEST(test_portal_says_something_else),
                TEST(test_portal_hands_on_challenge_of_another),
                TEST(test_nobody_is_there),
                TEST(test_document_is_signed),
                TEST(test_document_for_another_portal),
                cmocka_unit_test(test_links),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
