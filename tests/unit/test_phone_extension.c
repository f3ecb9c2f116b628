/* SPDX-License-Identifier: Apache-2.0 */
/* The phone's end of the browser extension, over HTTP: who may ask, and what a page gets. The authenticator
 * behind it is a real core and element. */
#include "phone_extension.h"

#include "phone_actor_rig.h"
#include "random_system.h"
#include "web_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define EXTENSION "chrome-extension://abcdefghijklmnopabcdefghijklmnop"
#define OVERRIDE \
        "\"remoteDesktopClientOverride\":{\"origin\":\"http://localhost:8080\",\"sameOriginWithAncestors\":true}"
#define CREATE                                                                                         \
        "{\"kind\":\"create\",\"options\":{\"rp\":{\"id\":\"localhost\",\"name\":\"x\"},\"user\":{"    \
        "\"id\":\"aGFuYWtv\",\"name\":\"h\",\"displayName\":\"\"},\"challenge\":\"MDEyMzQ1Njc4OWFi\"," \
        "\"pubKeyCredParams\":[{\"type\":\"public-key\",\"alg\":-7}],\"authenticatorSelection\":{"     \
        "\"residentKey\":\"required\",\"userVerification\":\"required\"},\"extensions\":{" OVERRIDE "}}}"
#define GET(override)                                                                               \
        "{\"kind\":\"get\",\"options\":{\"challenge\":\"MDEyMzQ1Njc4OWFi\",\"rpId\":\"localhost\"," \
        "\"extensions\":{" override "}}}"

enum { TEXT = 8192 };

struct rig {
        char folder[64];
        struct phone_actor *actor;
        struct phone_extension *extension;
        struct web_route_set routes;
        struct web *web;
        struct web_rig_answer answer;
        char request[40];
};

static int set_up(void **state)
{
        struct rig *rig = calloc(1, sizeof *rig);
        assert_non_null(rig);
        snprintf(rig->folder, sizeof rig->folder, "/tmp/mitome-extension-XXXXXX");
        assert_non_null(mkdtemp(rig->folder));
        rig->actor = phone_actor_rig_open();
        const struct phone_extension_config config = {
                .actor = rig->actor, .folder = rig->folder, .random = random_system()
        };
        assert_int_equal(phone_extension_open(&config, &rig->extension, NULL).code, MITOME_OK);
        rig->routes = phone_extension_routes(rig->extension);
        const struct web_config web = { .sets = &rig->routes, .set_count = 1 };
        assert_int_equal(web_open(&web, &rig->web, NULL).code, MITOME_OK);
        *state = rig;
        return 0;
}

static int tear_down(void **state)
{
        struct rig *rig = *state;
        char path[128];
        web_close(rig->web);
        phone_actor_rig_close(rig->actor);
        phone_extension_close(rig->extension);
        snprintf(path, sizeof path, "%s/extension-secret", rig->folder);
        unlink(path);
        rmdir(rig->folder);
        free(rig);
        return 0;
}

/* ---- letters ---- */

static unsigned post_as(
        struct rig *rig, const char *path, const char *origin, const char *secret, const char *body)
{
        static char text[TEXT];
        char said_origin[128] = "", said_secret[128] = "";
        if (origin)
                snprintf(said_origin, sizeof said_origin, "Origin: %s\r\n", origin);
        if (secret)
                snprintf(said_secret, sizeof said_secret, "X-Mitome-Pairing: %s\r\n", secret);
        int size = snprintf(text, sizeof text,
                "POST /extension/%s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n%s%sContent-Type: application/json\r\n"
                "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
                path, web_port(rig->web), said_origin, said_secret, strlen(body), body);
        assert_in_range(size, 1, (int)sizeof text - 1);
        web_rig_ask(web_port(rig->web), text, &rig->answer);
        return rig->answer.status;
}

static unsigned post(struct rig *rig, const char *path, const char *body)
{
        return post_as(rig, path, EXTENSION, phone_extension_secret(rig->extension), body);
}

static bool has(const struct rig *rig, const char *text)
{
        return strstr(rig->answer.body, text) != NULL;
}

static void begin(struct rig *rig, const char *body)
{
        assert_int_equal(post(rig, "begin", body), 200);
        assert_int_equal(sscanf(rig->answer.body, "{\"request\":\"%32[0-9a-f]\"}", rig->request), 1);
}

static unsigned about(struct rig *rig, const char *path)
{
        char body[128];
        snprintf(body, sizeof body, "{\"request\":\"%s\"}", rig->request);
        return post(rig, path, body);
}

/* ---- what works ---- */

static void test_passkey_is_made_and_used(void **state)
{
        struct rig *rig = *state;
        begin(rig, CREATE);
        phone_actor_rig_wait(rig->actor);
        assert_int_equal(about(rig, "poll"), 200);
        assert_true(has(rig, "\"state\":\"done\""));
        assert_true(has(rig, "\"attestationObject\""));
        begin(rig, GET(OVERRIDE));
        phone_actor_rig_wait(rig->actor);
        assert_int_equal(about(rig, "poll"), 200);
        assert_true(has(rig, "\"signature\""));
        assert_string_equal(rig->actor->origin, "http://localhost:8080");
}

static void test_page_learns_only_exception(void **state)
{
        struct rig *rig = *state;
        begin(rig, GET(OVERRIDE));
        phone_actor_rig_wait(rig->actor);
        assert_int_equal(about(rig, "poll"), 200);
        assert_true(has(rig, "{\"state\":\"failed\",\"name\":\"NotAllowedError\",\"message\":\"E501\"}"));
}

static void test_request_waits_and_is_cancelled(void **state)
{
        struct rig *rig = *state;
        phone_actor_rig_set_away(rig->actor, true);
        begin(rig, CREATE);
        assert_int_equal(about(rig, "poll"), 200);
        assert_true(has(rig, "{\"state\":\"works\"}"));
        assert_int_equal(post(rig, "begin", CREATE), 409);
        assert_int_equal(about(rig, "cancel"), 200);
        phone_actor_rig_wait(rig->actor);
        assert_int_equal(about(rig, "poll"), 200);
        assert_true(has(rig, "\"name\":\"NotAllowedError\""));
        phone_actor_rig_set_away(rig->actor, false);
        begin(rig, CREATE);
        phone_actor_rig_wait(rig->actor);
        assert_int_equal(about(rig, "poll"), 200);
        assert_true(has(rig, "\"state\":\"done\""));
}

static void test_pairing_is_tried(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(post(rig, "pair", "{}"), 200);
        assert_true(has(rig, "{\"paired\":true}"));
        char plain[64], *to = plain;
        for (const char *c = phone_extension_secret(rig->extension); *c; c++)
                if (*c != '-')
                        *to++ = *c;
        *to = '\0';
        assert_int_equal(post_as(rig, "pair", EXTENSION, plain, "{}"), 200);
}

static void test_secret_is_kept_for_its_owner(void **state)
{
        struct rig *rig = *state;
        char path[128];
        struct stat file;
        struct phone_extension *again = NULL;
        const struct phone_extension_config config = {
                .actor = rig->actor, .folder = rig->folder, .random = random_system()
        };
        snprintf(path, sizeof path, "%s/extension-secret", rig->folder);
        assert_int_equal(stat(path, &file), 0);
        assert_int_equal(file.st_mode & 0777, 0600);
        assert_int_equal(phone_extension_open(&config, &again, NULL).code, MITOME_OK);
        assert_string_equal(phone_extension_secret(again), phone_extension_secret(rig->extension));
        phone_extension_close(again);
        assert_int_equal(chmod(path, 0644), 0);
        assert_int_equal(phone_extension_open(&config, &again, NULL).code, MITOME_E_FILE_MODE);
}

/* ---- attacks ---- */

static void test_web_page_asks_phone(void **state)
{
        struct rig *rig = *state;
        static const char *const origins[] = { NULL, "null", "http://localhost:8080", "https://evil.example",
                "chrome-extension://", "chrome-extension://abcdefghijklmnopabcdefghijklmno",
                "chrome-extension://abcdefghijklmnopabcdefghijklmnoq",
                "chrome-extension://abcdefghijklmnopabcdefghijklmnop.evil.example" };
        for (size_t i = 0; i < sizeof origins / sizeof *origins; i++) {
                assert_int_equal(
                        post_as(rig, "begin", origins[i], phone_extension_secret(rig->extension), CREATE),
                        403);
                assert_true(has(rig, "E1408"));
        }
        assert_int_equal(rig->actor->exchanges, 0);
}

/* However often: the extension that was paired is answered all the while. */
static void test_stranger_who_guesses_shuts_nobody_out(void **state)
{
        enum { GUESSES = 1000 };
        struct rig *rig = *state;
        char wrong[64];
        snprintf(wrong, sizeof wrong, "%s", phone_extension_secret(rig->extension));
        for (int i = 0; i < GUESSES; i++) {
                snprintf(wrong, 5, "%04x", i);
                wrong[4] = '-';
                if (strcmp(wrong, phone_extension_secret(rig->extension)) == 0)
                        continue;
                assert_int_equal(post_as(rig, "begin", EXTENSION, wrong, CREATE), 401);
        }
        assert_true(has(rig, "E1409"));
        assert_int_equal(rig->actor->exchanges, 0);
        assert_int_equal(post(rig, "pair", "{}"), 200);
        begin(rig, CREATE);
        assert_int_equal(post_as(rig, "pair", EXTENSION, wrong, "{}"), 401);
        phone_actor_rig_wait(rig->actor);
        assert_int_equal(about(rig, "poll"), 200);
        assert_true(has(rig, "\"state\":\"done\""));
}

static void test_secret_left_out_or_cut(void **state)
{
        struct rig *rig = *state;
        char part[64];
        snprintf(part, sizeof part, "%.34s", phone_extension_secret(rig->extension));
        assert_int_equal(post_as(rig, "pair", EXTENSION, NULL, "{}"), 401);
        assert_int_equal(post_as(rig, "pair", EXTENSION, "", "{}"), 401);
        assert_int_equal(post_as(rig, "pair", EXTENSION, part, "{}"), 401);
        assert_int_equal(post(rig, "pair", "{}"), 200);
}

/* The browser says which page asks; another page's relying party is not asked for. */
static void test_page_asks_for_foreign_relying_party(void **state)
{
        struct rig *rig = *state;
        begin(rig, GET("\"remoteDesktopClientOverride\":{\"origin\":\"https://evil.example\","
                       "\"sameOriginWithAncestors\":true}"));
        phone_actor_rig_wait(rig->actor);
        assert_int_equal(about(rig, "poll"), 200);
        assert_true(has(rig, "\"name\":\"SecurityError\""));
        assert_int_equal(rig->actor->exchanges, 0);
}

static void test_frame_of_foreign_page_asks(void **state)
{
        struct rig *rig = *state;
        begin(rig, GET("\"remoteDesktopClientOverride\":{\"origin\":\"http://localhost:8080\","
                       "\"sameOriginWithAncestors\":false}"));
        phone_actor_rig_wait(rig->actor);
        assert_int_equal(about(rig, "poll"), 200);
        assert_true(has(rig, "\"name\":\"NotAllowedError\""));
        assert_int_equal(rig->actor->exchanges, 0);
}

static void test_answer_of_others_request(void **state)
{
        struct rig *rig = *state;
        begin(rig, CREATE);
        phone_actor_rig_wait(rig->actor);
        rig->request[0] = rig->request[0] == '0' ? '1' : '0';
        assert_int_equal(about(rig, "poll"), 404);
        assert_int_equal(about(rig, "cancel"), 404);
        assert_true(has(rig, "E1411"));
        rig->request[0] = '\0';
        assert_int_equal(about(rig, "poll"), 404);
}

static void test_letters_that_are_none(void **state)
{
        struct rig *rig = *state;
        static const char *const bodies[] = { "", "[]", "{\"kind\":\"sign\",\"options\":{}}",
                "{\"kind\":\"get\"}", "{\"kind\":\"get\",\"options\":[]}",
                "{\"kind\":\"get\",\"options\":{}}", "{\"kind\":\"get\",\"options\":{},\"more\":1}",
                "{\"kind\":\"get\",\"kind\":\"get\",\"options\":{}}" };
        for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
                assert_int_equal(post(rig, "begin", bodies[i]), 400);
        assert_int_equal(post(rig, "begin", GET("\"credProps\":true")), 400);
        assert_int_equal(
                post(rig, "begin", GET("\"remoteDesktopClientOverride\":{\"origin\":\"http://localhost\"}")),
                400);
        assert_int_equal(rig->actor->exchanges, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_passkey_is_made_and_used),
                TEST(test_page_learns_only_exception),
                TEST(test_request_waits_and_is_cancelled),
                TEST(test_pairing_is_tried),
                TEST(test_secret_is_kept_for_its_owner),
                TEST(test_web_page_asks_phone),
                TEST(test_stranger_who_guesses_shuts_nobody_out),
                TEST(test_secret_left_out_or_cut),
                TEST(test_page_asks_for_foreign_relying_party),
                TEST(test_frame_of_foreign_page_asks),
                TEST(test_answer_of_others_request),
                TEST(test_letters_that_are_none),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
