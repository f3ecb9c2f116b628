/* SPDX-License-Identifier: Apache-2.0 */

/* Logging out at a client's wish, and what a web server that asks who is there is told. */

#include "oidc_rig.h"
#include "web.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HANAKO, TARO };

struct leave_rig {
        struct oidc_rig oidc;
        char id_token[RIG_TEXT]; /* of Hanako, for the wiki */
};

static int set_up(void **state)
{
        char code[RIG_TEXT], form[RIG_TEXT], basic[256];
        struct oidc_reply reply;
        struct leave_rig *rig = calloc(1, sizeof *rig);
        if (!rig)
                return -1;
        oidc_rig_open(&rig->oidc);
        oidc_rig_code(&rig->oidc, HANAKO, "wiki", RIG_WIKI_URI, code);
        oidc_rig_exchange(&rig->oidc, oidc_rig_basic(basic, "wiki", "the secret of the wiki"),
                oidc_rig_form(form, code, RIG_WIKI_URI, RIG_VERIFIER, ""), &reply);
        oidc_rig_member(&reply, "id_token", rig->id_token);
        *state = rig;
        return rig->id_token[0] ? 0 : -1;
}

static int tear_down(void **state)
{
        struct leave_rig *rig = *state;
        oidc_rig_close(&rig->oidc);
        free(rig);
        return 0;
}

static mitome_code leave(struct leave_rig *rig, int person, const char *query, struct oidc_leaving *ret)
{
        const struct oidc_login *login = person < 0 ? NULL : &rig->oidc.persons[person].login;
        *ret = (struct oidc_leaving){ 0 };
        return oidc_leave(rig->oidc.oidc, slice_text(query), login, ret, NULL).code;
}

static void with_token(const struct leave_rig *rig, const char *more, char query[RIG_TEXT])
{
        snprintf(query, RIG_TEXT, "id_token_hint=%.*s%s", RIG_TEXT - 512, rig->id_token, more);
}

static void a_client_logs_its_own_person_out_without_a_question(void **state)
{
        struct oidc_leaving leaving;
        char query[RIG_TEXT];
        with_token(*state, "&post_logout_redirect_uri=https://wiki.example/bye&state=s%26x", query);
        assert_int_equal(leave(*state, HANAKO, query, &leaving), MITOME_OK);
        assert_true(leaving.sure);
        assert_string_equal(leaving.location, "https://wiki.example/bye?state=s%26x");
}

static void a_token_is_still_good_for_that_when_it_has_expired(void **state)
{
        struct leave_rig *rig = *state;
        struct oidc_leaving leaving;
        char query[RIG_TEXT];
        rig->oidc.now += OIDC_ID_TOKEN_S + 1;
        with_token(rig, "", query);
        assert_int_equal(leave(rig, HANAKO, query, &leaving), MITOME_OK);
        assert_true(leaving.sure);
        assert_string_equal(leaving.location, "/");
}

/* A link that anybody can write (logout CSRF). */
static void nobody_is_logged_out_by_a_link_alone(void **state)
{
        struct oidc_leaving leaving;
        static const char *const links[] = { "", "client_id=wiki",
                "client_id=wiki&post_logout_redirect_uri=https://wiki.example/bye" };
        for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
                assert_int_equal(leave(*state, HANAKO, links[i], &leaving), MITOME_OK);
                assert_false(leaving.sure);
        }
}

static void another_persons_token_logs_nobody_out(void **state)
{
        struct oidc_leaving leaving;
        char query[RIG_TEXT];
        with_token(*state, "", query);
        assert_int_equal(leave(*state, TARO, query, &leaving), MITOME_OK);
        assert_false(leaving.sure);
        assert_int_equal(leave(*state, -1, query, &leaving), MITOME_OK);
        assert_false(leaving.sure);
}

static void a_forged_token_is_refused(void **state)
{
        struct oidc_leaving leaving;
        assert_int_equal(leave(*state, HANAKO, "id_token_hint=", &leaving), MITOME_E_OIDC_HINT);
        assert_int_equal(leave(*state, HANAKO, "id_token_hint=eyJhbGciOiJub25lIn0.e30.", &leaving),
                MITOME_E_OIDC_HINT);
}

static void open_redirect_after_logging_out(void **state)
{
        struct oidc_leaving leaving;
        char query[RIG_TEXT];
        static const char *const bad[] = { "https://evil.example/", "https://wiki.example/bye/",
                "https://wiki.example/callback", "//evil.example", "", "javascript:alert(1)" };
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                char more[256];
                snprintf(more, sizeof more, "&post_logout_redirect_uri=%s", bad[i]);
                with_token(*state, more, query);
                assert_int_equal(leave(*state, HANAKO, query, &leaving), MITOME_E_OIDC_REDIRECT);
                assert_string_equal(leaving.location, "");
        }
        assert_int_equal(leave(*state, HANAKO, "post_logout_redirect_uri=https://wiki.example/bye", &leaving),
                MITOME_E_OIDC_REDIRECT);
        assert_int_equal(
                leave(*state, HANAKO, "client_id=shop&post_logout_redirect_uri=https://wiki.example/bye",
                        &leaving),
                MITOME_E_OIDC_REDIRECT);
}

static void a_client_that_is_not_the_tokens_is_refused(void **state)
{
        struct oidc_leaving leaving;
        char query[RIG_TEXT];
        with_token(*state, "&client_id=shop", query);
        assert_int_equal(leave(*state, HANAKO, query, &leaving), MITOME_E_OIDC_CLIENT);
        assert_int_equal(leave(*state, HANAKO, "client_id=evil", &leaving), MITOME_E_OIDC_CLIENT);
        assert_int_equal(leave(*state, HANAKO, "client_id=wiki&client_id=shop", &leaving), MITOME_E_WEB_FORM);
}

static void the_page_that_asks_takes_nothing_but_our_path(void **state)
{
        struct leave_rig *rig = *state;
        struct oidc_leaving leaving;
        static const char *const bad[] = { "", "/oidc/logoutx", "/account",
                "https://evil.example/oidc/logout", "/oidc/logou" };
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
                assert_int_equal(
                        oidc_leave_read(rig->oidc.oidc, slice_text(bad[i]), NULL, &leaving, NULL).code,
                        MITOME_E_OIDC_RETURN);
        assert_int_equal(
                oidc_leave_read(rig->oidc.oidc, slice_text("/oidc/logout"), NULL, &leaving, NULL).code,
                MITOME_OK);
        assert_int_equal(oidc_leave_read(rig->oidc.oidc, slice_text("/oidc/logout?client_id=wiki"), NULL,
                                 &leaving, NULL)
                                 .code,
                MITOME_OK);
        assert_true(slice_is(leaving.client->id, "wiki"));
}

/* ---- who is there ---- */

static unsigned check(struct leave_rig *rig, int person, const char *query, struct oidc_presence *ret)
{
        const struct oidc_login *login = person < 0 ? NULL : &rig->oidc.persons[person].login;
        assert_int_equal(oidc_check(rig->oidc.oidc, slice_text(query), login, ret, NULL).code, MITOME_OK);
        return ret->status;
}

static void a_web_server_hears_who_is_there(void **state)
{
        struct oidc_presence hanako, taro, again;
        assert_int_equal(check(*state, -1, "", &hanako), 401);
        assert_string_equal(hanako.subject, "");
        assert_int_equal(check(*state, HANAKO, "", &hanako), 200);
        assert_int_equal(check(*state, TARO, "", &taro), 200);
        assert_int_equal(check(*state, HANAKO, "", &again), 200);
        assert_string_equal(hanako.level, "AAL2");
        assert_int_equal(strlen(hanako.subject), 22);
        assert_string_equal(hanako.subject, again.subject);
        assert_string_not_equal(hanako.subject, taro.subject);
}

static void a_login_of_another_level_is_not_let_in(void **state)
{
        struct oidc_presence presence;
        assert_int_equal(check(*state, HANAKO, "level=AAL3", &presence), 403);
        assert_string_equal(presence.subject, "");
        assert_int_equal(check(*state, HANAKO, "level=AAL3%20AAL2", &presence), 200);
        assert_int_equal(check(*state, HANAKO, "level=", &presence), 403);
        assert_int_equal(check(*state, HANAKO, "level=AAL", &presence), 403);
        assert_int_equal(check(*state, HANAKO, "acr=urn:mitome:nist-800-63b-4:AAL2", &presence), 200);
        assert_int_equal(check(*state, HANAKO, "acr=urn:mitome:nist-800-63b-4:AAL3", &presence), 403);
}

static void a_login_by_phone_is_told_apart(void **state)
{
        struct leave_rig *rig = *state;
        struct oidc_presence presence;
        rig->oidc.persons[HANAKO].login.acr = slice_text("urn:mitome:nist-800-63b-4:AAL2:cross-device");
        assert_int_equal(check(rig, HANAKO, "acr=urn:mitome:nist-800-63b-4:AAL2", &presence), 403);
        assert_int_equal(check(rig, HANAKO, "level=AAL2", &presence), 403);
        assert_int_equal(check(rig, HANAKO, "level=AAL1%20AAL2%20AAL3", &presence), 403);
        assert_int_equal(
                check(rig, HANAKO,
                        "acr=urn:mitome:nist-800-63b-4:AAL2%20urn:mitome:nist-800-63b-4:AAL2:cross-device",
                        &presence),
                200);
        assert_int_equal(check(rig, HANAKO, "", &presence), 200);
        assert_string_equal(presence.acr, "urn:mitome:nist-800-63b-4:AAL2:cross-device");
}

static mitome_code back(
        struct leave_rig *rig, int person, const char *query, char location[OIDC_LOCATION_MAX])
{
        location[0] = '\0';
        return oidc_return(
                slice_text(query), person < 0 ? NULL : &rig->oidc.persons[person].login, location, NULL)
                .code;
}

/* What nginx has as $request_uri comes back as it was, over the login page as well. */
static void after_the_login_there_is_a_way_back(void **state)
{
        char location[OIDC_LOCATION_MAX], buffer[OIDC_LOCATION_MAX];
        writer w = writer_over((uint8_t *)buffer, sizeof buffer);
        slice next;
        const char asked[] = "to=/private/a%20b?c=d%26e&f=%E3%81%82";
        assert_int_equal(back(*state, HANAKO, asked, location), MITOME_OK);
        assert_string_equal(location, asked + 3);
        assert_int_equal(back(*state, -1, asked, location), MITOME_OK);
        assert_int_equal(strncmp(location, "/login?next=/auth/return?to=/private/", 37), 0);
        assert_int_equal(
                web_field(slice_text(strchr(location, '?') + 1), "next", &w, &next, NULL).code, MITOME_OK);
        assert_true(slice_begins_with(next, slice_text("/auth/return?to=")));
        assert_int_equal(next.size, strlen("/auth/return?") + strlen(asked));
        assert_memory_equal(next.data + strlen("/auth/return?"), asked, strlen(asked));
}

static void open_redirect_on_the_way_back(void **state)
{
        static const char *const bad[] = { "to=https://evil.example/", "to=//evil.example/",
                "to=/\\evil.example/", "to=\\\\evil.example", "to=/\t/evil.example", "to=/\n/evil.example",
                "to=/a b", "to=", "", "to=private", "to=javascript:alert(1)", "to=/あ", "x=1&to=/b",
                "TO=/a" };
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                char location[OIDC_LOCATION_MAX];
                assert_int_equal(back(*state, HANAKO, bad[i], location), MITOME_E_OIDC_RETURN);
                assert_string_equal(location, "");
                assert_int_equal(back(*state, -1, bad[i], location), MITOME_E_OIDC_RETURN);
                assert_string_equal(location, "");
        }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(a_client_logs_its_own_person_out_without_a_question),
                TEST(a_token_is_still_good_for_that_when_it_has_expired),
                TEST(nobody_is_logged_out_by_a_link_alone),
                TEST(another_persons_token_logs_nobody_out),
                TEST(a_forged_token_is_refused),
                TEST(open_redirect_after_logging_out),
                TEST(a_client_that_is_not_the_tokens_is_refused),
                TEST(the_page_that_asks_takes_nothing_but_our_path),
                TEST(a_web_server_hears_who_is_there),
                TEST(a_login_of_another_level_is_not_let_in),
                TEST(a_login_by_phone_is_told_apart),
                TEST(after_the_login_there_is_a_way_back),
                TEST(open_redirect_on_the_way_back),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
