/* SPDX-License-Identifier: Apache-2.0 */

/* OpenID Connect over HTTP: whose cookie it is, forms that others sent, and the headers of the answers. The
 * server is the real one, behind a proxy that has the certificate. */

#include "oidc_rig.h"
#include "web_rig.h"
#include "work_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HANAKO, TARO };

struct web_stage {
        struct oidc_rig rig;
        struct web_page_set *pages;
        struct service_lock lock;
        struct work_line *line;
        struct web *web;
        struct web_rig_answer answer;
        char next[RIG_TEXT]; /* a good request, as the page that asks for consent has it */
};

static int set_up(void **state)
{
        struct web_stage *stage = calloc(1, sizeof *stage);
        const char *pages = getenv("MITOME_PORTAL_PAGES");
        char query[RIG_TEXT];
        struct web_route_set routes;
        writer w;
        *state = stage;
        if (!stage || !pages || failed(web_pages_open(pages, &stage->pages, NULL, NULL)))
                return -1;
        stage->rig.pages = stage->pages;
        oidc_rig_open(&stage->rig);
        w = writer_over((uint8_t *)stage->next, sizeof stage->next);
        oidc_write_text(&w, "/oidc/authorize?");
        write_slice(&w, oidc_rig_query(&stage->rig, query, "wiki", RIG_WIKI_URI, ""));
        oidc_routes(stage->rig.oidc, &routes);
        if (failed(service_lock_init(&stage->lock, (struct post){ 0 }, NULL)) ||
                failed(work_line_open(stage->rig.party, &stage->lock, &stage->line, NULL)))
                return -1;
        const struct web_config config = { .public_origin = RIG_ISSUER,
                .sets = &routes,
                .set_count = 1,
                .pages = stage->pages,
                .line = stage->line };
        return failed(web_open(&config, &stage->web, NULL)) ? -1 : 0;
}

static int tear_down(void **state)
{
        struct web_stage *stage = *state;
        web_close(stage->web);
        work_line_close(stage->line);
        service_lock_end(&stage->lock);
        oidc_rig_close(&stage->rig);
        web_pages_free(stage->pages);
        free(stage);
        return 0;
}

/* ---- requests ---- */

static const char *session_of(const struct web_stage *stage, int person)
{
        static char header[128];
        snprintf(header, sizeof header, "Cookie: __Host-session=%s\r\n",
                person < 0 ? "" : stage->rig.persons[person].cookie);
        return person < 0 ? "" : header;
}

static unsigned get(struct web_stage *stage, const char *target, const char *headers)
{
        char text[3 * RIG_TEXT];
        snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: login.example\r\n%sConnection: close\r\n\r\n",
                target, headers);
        web_rig_ask(web_port(stage->web), text, &stage->answer);
        return stage->answer.status;
}

static unsigned post(struct web_stage *stage, const char *target, const char *headers, const char *form)
{
        char text[4 * RIG_TEXT];
        snprintf(text, sizeof text,
                "POST %s HTTP/1.1\r\nHost: login.example\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                "Content-Length: %zu\r\n%sConnection: close\r\n\r\n%s",
                target, strlen(form), headers, form);
        web_rig_ask(web_port(stage->web), text, &stage->answer);
        return stage->answer.status;
}

static bool says(const struct web_stage *stage, const char *text)
{
        return strstr(stage->answer.text, text) != NULL;
}

/* A form of a page: what it was asked for ("next"), its token, and more. */
static void form_of(const struct web_stage *stage, const char *next, const char *csrf, const char *more,
        char form[RIG_TEXT])
{
        writer w = writer_over((uint8_t *)form, RIG_TEXT);
        const char *text;
        (void)stage;
        oidc_write_text(&w, "csrf=");
        oidc_write_text(&w, csrf);
        oidc_write_text(&w, "&next=");
        oidc_write_escaped(&w, slice_text(next));
        oidc_write_text(&w, more);
        assert_int_equal(oidc_terminate(&w, "form", &text, NULL).code, MITOME_OK);
}

static void consent_target(const struct web_stage *stage, char target[RIG_TEXT])
{
        char location[OIDC_LOCATION_MAX];
        assert_int_equal(
                oidc_write_next("/oidc/consent", slice_text(stage->next), location, NULL).code, MITOME_OK);
        snprintf(target, RIG_TEXT, "%s", location);
}

/* ---- what is open to all ---- */

static void discovery_and_keys_are_there(void **state)
{
        struct web_stage *stage = *state;
        assert_int_equal(get(stage, "/.well-known/openid-configuration", ""), 200);
        assert_true(says(stage, "\"token_endpoint\":\"" RIG_ISSUER "/oidc/token\""));
        assert_int_equal(get(stage, "/oidc/jwks", ""), 200);
        assert_true(says(stage, "\"kty\":\"EC\""));
        assert_false(says(stage, "\"d\":"));
}

static void a_request_of_nobody_goes_to_the_login(void **state)
{
        struct web_stage *stage = *state;
        static const char *const headers[] = { "",
                "Cookie: __Host-session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n",
                "Cookie: __Host-session=x\r\n" };
        for (size_t i = 0; i < 3; i++) {
                assert_int_equal(get(stage, stage->next, headers[i]), 303);
                assert_true(says(stage, "/login?next=/oidc/authorize?"));
        }
}

/* A cookie without the prefix could have been planted by a host beside. */
static void a_planted_cookie_is_nobodys(void **state)
{
        struct web_stage *stage = *state;
        char header[128];
        snprintf(header, sizeof header, "Cookie: session=%s\r\n", stage->rig.persons[HANAKO].cookie);
        assert_int_equal(get(stage, "/auth/check", header), 401);
        assert_int_equal(get(stage, "/auth/check", session_of(stage, HANAKO)), 200);
}

static void a_request_that_may_send_nobody_anywhere_is_a_page(void **state)
{
        struct web_stage *stage = *state;
        assert_int_equal(get(stage, "/oidc/authorize?client_id=wiki&redirect_uri=https://evil.example/",
                                 session_of(stage, HANAKO)),
                400);
        assert_false(says(stage, "\r\nLocation:") || says(stage, "\r\nlocation:"));
}

static void a_request_as_a_form_is_sent_again(void **state)
{
        struct web_stage *stage = *state;
        assert_int_equal(post(stage, "/oidc/authorize", "", stage->next + strlen("/oidc/authorize?")), 303);
        assert_true(says(stage, stage->next));
        assert_int_equal(post(stage, "/oidc/logout", "", "client_id=wiki"), 303);
        assert_true(says(stage, "/oidc/logout?client_id=wiki"));
}

/* ---- consent ---- */

static void the_page_that_asks_shows_who_asks_and_where_to(void **state)
{
        struct web_stage *stage = *state;
        char target[RIG_TEXT];
        consent_target(stage, target);
        assert_int_equal(get(stage, target, session_of(stage, HANAKO)), 200);
        assert_true(says(stage, "Log in to Wiki?"));
        assert_true(says(stage, "<code>https://wiki.example</code>"));
        assert_true(says(stage, "form-action 'self' https://wiki.example"));
        assert_true(says(stage, stage->rig.persons[HANAKO].session.csrf));
        assert_int_equal(get(stage, target, ""), 303);
        assert_true(says(stage, "/login?next="));
}

static void consent_by_the_page_leads_back_to_the_request(void **state)
{
        struct web_stage *stage = *state;
        char form[RIG_TEXT];
        form_of(stage, stage->next, stage->rig.persons[HANAKO].session.csrf, "&answer=yes", form);
        assert_int_equal(post(stage, "/oidc/consent", session_of(stage, HANAKO), form), 303);
        assert_int_equal(get(stage, stage->next, session_of(stage, HANAKO)), 303);
        assert_true(says(stage, RIG_WIKI_URI "?code="));
}

/* Cross-site request forgery: consent that nobody has given. */
static void a_forged_consent_form_is_refused(void **state)
{
        struct web_stage *stage = *state;
        char form[RIG_TEXT], headers[512];
        const char *right = stage->rig.persons[HANAKO].session.csrf;
        const struct {
                const char *csrf, *header;
                int person;
        } forged[] = {
                { "", "", HANAKO },
                { "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "", HANAKO },
                { stage->rig.persons[TARO].session.csrf, "", HANAKO },
                { right, "Sec-Fetch-Site: cross-site\r\n", HANAKO },
                { right, "Sec-Fetch-Site: same-site\r\n", HANAKO },
                { right, "Origin: https://evil.example\r\n", HANAKO },
                { right, "", TARO },
                { right, "", -1 },
        };
        for (size_t i = 0; i < sizeof forged / sizeof forged[0]; i++) {
                form_of(stage, stage->next, forged[i].csrf, "&answer=yes", form);
                snprintf(headers, sizeof headers, "%s%s", session_of(stage, forged[i].person),
                        forged[i].header);
                assert_int_equal(post(stage, "/oidc/consent", headers, form), 403);
        }
        assert_int_equal(get(stage, stage->next, session_of(stage, HANAKO)), 303);
        assert_true(says(stage, "/oidc/consent?next="));
}

/* ---- clients ---- */

static void tokens_are_not_kept_on_the_way(void **state)
{
        struct web_stage *stage = *state;
        assert_int_equal(
                post(stage, "/oidc/token", "", "grant_type=authorization_code&code=x&client_id=app"), 400);
        assert_true(says(stage, "{\"error\":\"invalid_grant\"}"));
        assert_true(says(stage, "no-store"));
        assert_int_equal(post(stage, "/oidc/token", "Authorization: Basic d2lraTp4\r\n",
                                 "grant_type=authorization_code&code=x"),
                401);
        assert_true(says(stage, "Basic realm="));
        assert_int_equal(get(stage, "/oidc/userinfo", ""), 401);
        assert_true(says(stage, "Bearer"));
        assert_int_equal(get(stage, "/oidc/userinfo", "Authorization: Bearer x\r\n"), 401);
        assert_true(says(stage, "error=\"invalid_token\""));
}

/* Each of them is one try at some client's secret. */
static void attack_secrets_are_tried_without_end(void **state)
{
        enum { TRIES = 600 };
        static const char form[] = "grant_type=authorization_code&code=x",
                          basic[] = "Authorization: Basic d2lraTp4\r\n";
        struct web_stage *stage = *state;
        for (int i = 0; i < TRIES; i++)
                assert_int_equal(post(stage, "/oidc/token", basic, form), 401);
        assert_int_equal(post(stage, "/oidc/token", basic, form), 429);
}

static void a_code_comes_out_of_the_store_s_thread_once(void **state)
{
        struct web_stage *stage = *state;
        char form[RIG_TEXT], code[RIG_TEXT], exchange[RIG_TEXT], location[RIG_TEXT];
        form_of(stage, stage->next, stage->rig.persons[HANAKO].session.csrf, "&answer=yes", form);
        post(stage, "/oidc/consent", session_of(stage, HANAKO), form);
        get(stage, stage->next, session_of(stage, HANAKO));
        const char *at = strstr(stage->answer.text, RIG_WIKI_URI "?code=");
        assert_non_null(at);
        snprintf(location, sizeof location, "%.*s", (int)strcspn(at, "\r\n"), at);
        oidc_rig_parameter(location, "code", code);
        exchange[oidc_rig_form(exchange, code, RIG_WIKI_URI, RIG_VERIFIER, "").size] = '\0';
        char basic[256], header[300];
        oidc_rig_basic(basic, "wiki", "the secret of the wiki");
        snprintf(header, sizeof header, "Authorization: %s\r\n", basic);
        assert_int_equal(post(stage, "/oidc/token", header, exchange), 200);
        assert_true(says(stage, "\"id_token\":\""));
        assert_int_equal(post(stage, "/oidc/token", header, exchange), 400);
}

/* ---- leaving ---- */

static void a_link_that_logs_out_asks_first(void **state)
{
        struct web_stage *stage = *state;
        char form[RIG_TEXT];
        assert_int_equal(get(stage, "/oidc/logout", session_of(stage, HANAKO)), 303);
        assert_true(says(stage, "/oidc/leave?next=/oidc/logout"));
        assert_int_equal(get(stage, "/oidc/leave?next=/oidc/logout", session_of(stage, HANAKO)), 200);
        form_of(stage, "/oidc/logout", "", "", form);
        assert_int_equal(post(stage, "/oidc/leave", session_of(stage, HANAKO), form), 403);
        assert_int_equal(get(stage, "/auth/check", session_of(stage, HANAKO)), 200);
        form_of(stage, "/oidc/logout", stage->rig.persons[HANAKO].session.csrf, "", form);
        assert_int_equal(post(stage, "/oidc/leave", session_of(stage, HANAKO), form), 303);
        assert_int_equal(get(stage, "/auth/check", session_of(stage, HANAKO)), 401);
        assert_int_equal(get(stage, "/auth/check", session_of(stage, TARO)), 200);
}

static void a_form_that_sends_elsewhere_after_leaving_is_refused(void **state)
{
        struct web_stage *stage = *state;
        char form[RIG_TEXT];
        static const char *const bad[] = { "https://evil.example/", "//evil.example/oidc/logout", "/account",
                "/oidc/logout?client_id=wiki&post_logout_redirect_uri=https://evil.example/" };
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                form_of(stage, bad[i], stage->rig.persons[HANAKO].session.csrf, "", form);
                assert_int_equal(post(stage, "/oidc/leave", session_of(stage, HANAKO), form), 400);
        }
        assert_int_equal(get(stage, "/auth/check", session_of(stage, HANAKO)), 200);
}

/* ---- nginx ---- */

static void who_is_there_is_said_in_headers_and_not_kept(void **state)
{
        struct web_stage *stage = *state;
        assert_int_equal(get(stage, "/auth/check", session_of(stage, HANAKO)), 200);
        assert_true(says(stage, "x-mitome-subject: ") || says(stage, "X-Mitome-Subject: "));
        assert_true(says(stage, "no-store"));
        assert_int_equal(strlen(stage->answer.body), 0);
        assert_int_equal(get(stage, "/auth/check?level=AAL9", session_of(stage, HANAKO)), 403);
        assert_int_equal(get(stage, "/auth/return?to=/private/?a=b&c=d", session_of(stage, HANAKO)), 303);
        assert_true(says(stage, ": /private/?a=b&c=d\r\n"));
        assert_int_equal(get(stage, "/auth/return?to=//evil.example/", session_of(stage, HANAKO)), 400);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(discovery_and_keys_are_there),
                TEST(a_request_of_nobody_goes_to_the_login),
                TEST(a_planted_cookie_is_nobodys),
                TEST(a_request_that_may_send_nobody_anywhere_is_a_page),
                TEST(a_request_as_a_form_is_sent_again),
                TEST(the_page_that_asks_shows_who_asks_and_where_to),
                TEST(consent_by_the_page_leads_back_to_the_request),
                TEST(a_forged_consent_form_is_refused),
                TEST(tokens_are_not_kept_on_the_way),
                TEST(attack_secrets_are_tried_without_end),
                TEST(a_code_comes_out_of_the_store_s_thread_once),
                TEST(a_link_that_logs_out_asks_first),
                TEST(a_form_that_sends_elsewhere_after_leaving_is_refused),
                TEST(who_is_there_is_said_in_headers_and_not_kept),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
