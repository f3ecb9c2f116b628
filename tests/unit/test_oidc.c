/* SPDX-License-Identifier: Apache-2.0 */

/* Logging in to other applications through the portal, and everybody who would like to do so as somebody
 * else. The portal, its sessions, its store and its keys are the real ones. */

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

static int set_up(void **state)
{
        struct oidc_rig *rig = calloc(1, sizeof *rig);
        if (!rig)
                return -1;
        oidc_rig_open(rig);
        *state = rig;
        return 0;
}

static int tear_down(void **state)
{
        oidc_rig_close(*state);
        free(*state);
        return 0;
}

static bool begins(const char *text, const char *prefix)
{
        return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* What a request leads to; `person` < 0: nobody is logged in. */
static const char *ask(struct oidc_rig *rig, int person, const char *more, char location[OIDC_LOCATION_MAX])
{
        char query[RIG_TEXT];
        return oidc_rig_ask(rig, oidc_rig_query(rig, query, "wiki", RIG_WIKI_URI, more),
                person < 0 ? NULL : &rig->persons[person].login, location);
}

static void asked_to_error(struct oidc_rig *rig, int person, const char *more, const char *expected)
{
        char location[OIDC_LOCATION_MAX], value[RIG_TEXT];
        ask(rig, person, more, location);
        assert_true(begins(location, RIG_WIKI_URI "?error="));
        assert_string_equal(oidc_rig_parameter(location, "error", value), expected);
        assert_string_equal(oidc_rig_parameter(location, "state", value), "a%20state");
        assert_string_equal(oidc_rig_parameter(location, "iss", value), RIG_ISSUER);
        assert_string_equal(oidc_rig_parameter(location, "code", value), "");
}

/* ---- discovery ---- */

static void discovery_says_what_there_is(void **state)
{
        const struct oidc_rig *rig = *state;
        char text[8192];
        const slice document = oidc_discovery(rig->oidc);
        assert_true(document.size > 0 && document.size < sizeof text);
        memcpy(text, document.data, document.size);
        text[document.size] = '\0';
        assert_non_null(strstr(text, "\"issuer\":\"" RIG_ISSUER "\""));
        assert_non_null(strstr(text, "\"jwks_uri\":\"" RIG_ISSUER "/oidc/jwks\""));
        assert_non_null(strstr(text, "\"code_challenge_methods_supported\":[\"S256\"]"));
        assert_non_null(strstr(text, "\"id_token_signing_alg_values_supported\":[\"ES256\"]"));
        assert_null(strstr(text, "implicit"));
}

static void an_issuer_that_is_no_origin_is_refused(void **state)
{
        struct oidc_rig *rig = *state;
        static const char *const bad[] = { "", "login.example", "https://login.example/",
                "http://login.example", "https://login.example?x", "https://" };
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                const struct oidc_config config = {
                        .portal = rig->portal, .issuer = bad[i], .folder = rig->folder
                };
                struct oidc *oidc = NULL;
                assert_int_equal(oidc_open(&config, &oidc, NULL).code, MITOME_E_ARGUMENT);
                assert_null(oidc);
        }
}

/* ---- a login ---- */

static void a_code_becomes_an_id_token_and_a_pseudonym(void **state)
{
        struct oidc_rig *rig = *state;
        char code[RIG_TEXT], form[RIG_TEXT], basic[256], token[RIG_TEXT], claim[RIG_TEXT], text[RIG_TEXT];
        uint8_t buffer[RIG_TEXT];
        struct oidc_reply reply;
        oidc_rig_code(rig, HANAKO, "wiki", RIG_WIKI_URI, code);
        rig->now += 5;
        assert_int_equal(oidc_rig_exchange(rig, oidc_rig_basic(basic, "wiki", "the secret of the wiki"),
                                 oidc_rig_form(form, code, RIG_WIKI_URI, RIG_VERIFIER, ""), &reply),
                200);
        assert_string_equal(oidc_rig_member(&reply, "token_type", claim), "Bearer");
        assert_int_equal(strlen(oidc_rig_member(&reply, "access_token", claim)), OIDC_TOKEN_TEXT);
        const slice claims = oidc_rig_claims(rig, oidc_rig_member(&reply, "id_token", token), buffer);
        memcpy(text, claims.data, claims.size);
        text[claims.size] = '\0';
        static const char issuer[] = "\"iss\":\"" RIG_ISSUER "\"";
        static const char *const parts[] = { issuer, "\"aud\":\"wiki\"", "\"nonce\":\"n-1\"",
                "\"auth_time\":1763700000", "\"iat\":1763700005", "\"exp\":1763700305",
                "\"acr\":\"urn:mitome:nist-800-63b-4:AAL2\"", "\"amr\":[\"pop\",\"user\"]", "\"at_hash\":\"",
                "\"sub\":\"" };
        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
                assert_non_null(strstr(text, parts[i]));
        /* OpenID Connect Core 3.1.3.6: the left half of the access token's digest. */
        char hash[64], member[96];
        uint8_t digest[SHA256_SIZE];
        const slice access_token = slice_text(oidc_rig_member(&reply, "access_token", claim));
        sha256(&access_token, 1, digest);
        writer w = writer_over((uint8_t *)hash, sizeof hash - 1);
        oidc_write_base64url(&w, slice_of(digest, SHA256_SIZE / 2));
        snprintf(member, sizeof member, "\"at_hash\":\"%.*s\"", (int)w.used, hash);
        assert_non_null(strstr(text, member));
        assert_null(strstr(text, "serial"));
        assert_null(strstr(text, "見本"));
}

static void a_public_client_logs_in_by_its_verifier_alone(void **state)
{
        struct oidc_rig *rig = *state;
        char code[RIG_TEXT], form[RIG_TEXT];
        struct oidc_reply reply;
        oidc_rig_code(rig, HANAKO, "app", RIG_APP_URI, code);
        assert_int_equal(
                oidc_rig_exchange(rig, (slice){ 0 },
                        oidc_rig_form(form, code, RIG_APP_URI, RIG_VERIFIER, "&client_id=app"), &reply),
                200);
}

/* What a client calls a person. */
static void subject_for(
        struct oidc_rig *rig, size_t person, const char *client, const char *uri, char subject[RIG_TEXT])
{
        char code[RIG_TEXT], form[RIG_TEXT], basic[256], secret[64], token[RIG_TEXT];
        struct oidc_reply reply;
        snprintf(secret, sizeof secret, "the secret of the %s", client);
        oidc_rig_code(rig, person, client, uri, code);
        assert_int_equal(oidc_rig_exchange(rig, oidc_rig_basic(basic, client, secret),
                                 oidc_rig_form(form, code, uri, RIG_VERIFIER, ""), &reply),
                200);
        snprintf(token, sizeof token, "Bearer %s", oidc_rig_member(&reply, "access_token", subject));
        assert_int_equal(oidc_userinfo(rig->oidc, slice_text(token), &reply, NULL).code, MITOME_OK);
        assert_int_equal(reply.status, 200);
        oidc_rig_member(&reply, "sub", subject);
}

static void clients_that_compare_learn_nothing(void **state)
{
        struct oidc_rig *rig = *state;
        char wiki[RIG_TEXT], shop[RIG_TEXT], notes[RIG_TEXT], again[RIG_TEXT], other[RIG_TEXT];
        subject_for(rig, HANAKO, "wiki", RIG_WIKI_URI, wiki);
        subject_for(rig, HANAKO, "shop", RIG_SHOP_URI, shop);
        subject_for(rig, HANAKO, "notes", "https://notes.example/callback", notes);
        subject_for(rig, HANAKO, "wiki", RIG_WIKI_URI, again);
        subject_for(rig, TARO, "wiki", RIG_WIKI_URI, other);
        assert_int_equal(strlen(wiki), 22);
        assert_string_equal(wiki, again);
        assert_string_not_equal(wiki, shop);
        assert_string_equal(wiki, notes); /* one sector */
        assert_string_not_equal(wiki, other);
}

/* ---- where the browser may be sent ---- */

static void open_redirect_by_another_address(void **state)
{
        struct oidc_rig *rig = *state;
        char query[RIG_TEXT];
        static const char *const bad[] = {
                "https://evil.example/callback",
                "https://wiki.example/callback/",
                "https://wiki.example/callback?x=y",
                "https://wiki.example/callback#x",
                "https://wiki.example/Callback",
                "https://wiki.example/callbac",
                "https://wiki.example:443/callback",
                "https://wiki.example/a/../callback",
                "https://wiki.example/callback@evil.example",
                "https://wiki.example.evil.example/callback",
                "http://wiki.example/callback",
                "//wiki.example/callback",
                "javascript:alert(1)",
                RIG_SHOP_URI, /* another client's */
                "",
        };
        oidc_rig_agree(rig, HANAKO, "wiki");
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
                assert_int_equal(oidc_rig_refused(rig, oidc_rig_query(rig, query, "wiki", bad[i], ""),
                                         &rig->persons[HANAKO].login),
                        MITOME_E_OIDC_REDIRECT);
}

static void a_client_that_nobody_knows_is_sent_nowhere(void **state)
{
        struct oidc_rig *rig = *state;
        char query[RIG_TEXT];
        static const char *const bad[] = { "evil", "", "WIKI", "wiki%00" };
        for (size_t i = 0; i < 3; i++)
                assert_int_equal(
                        oidc_rig_refused(rig, oidc_rig_query(rig, query, bad[i], RIG_WIKI_URI, ""), NULL),
                        MITOME_E_OIDC_CLIENT);
        assert_int_not_equal(
                oidc_rig_refused(rig, oidc_rig_query(rig, query, bad[3], RIG_WIKI_URI, ""), NULL), MITOME_OK);
}

/* One reader takes the first, another the last: so nobody takes any. */
static void a_parameter_that_stands_twice_is_sent_nowhere(void **state)
{
        struct oidc_rig *rig = *state;
        char query[RIG_TEXT];
        static const char *const twice[] = { "&redirect_uri=https://evil.example/", "&client_id=evil",
                "&state=b", "&code_challenge=AA", "&redirect%5Furi=https://evil.example/" };
        for (size_t i = 0; i < sizeof twice / sizeof twice[0]; i++)
                assert_int_equal(
                        oidc_rig_refused(rig, oidc_rig_query(rig, query, "wiki", RIG_WIKI_URI, twice[i]),
                                &rig->persons[HANAKO].login),
                        MITOME_E_WEB_FORM);
}

static void an_address_with_a_query_gets_the_code_behind_it(void **state)
{
        struct oidc_rig *rig = *state;
        char query[RIG_TEXT], location[OIDC_LOCATION_MAX];
        oidc_rig_agree(rig, HANAKO, "shop");
        oidc_rig_ask(rig, oidc_rig_query(rig, query, "shop", RIG_SHOP_URI, ""), &rig->persons[HANAKO].login,
                location);
        assert_true(begins(location, RIG_SHOP_URI "&code="));
}

/* A state with '&' and '#' in it adds no parameters of its own. */
static void a_state_that_injects_parameters_stays_a_state(void **state)
{
        struct oidc_rig *rig = *state;
        char query[RIG_TEXT], location[OIDC_LOCATION_MAX], value[RIG_TEXT];
        snprintf(query, sizeof query,
                "response_type=code&scope=openid&client_id=wiki&redirect_uri=" RIG_WIKI_URI
                "&state=x%%26code%%3Dforged%%23%%0D%%0Ay&code_challenge_method=S256&code_challenge=%s",
                rig->challenge);
        oidc_rig_agree(rig, HANAKO, "wiki");
        oidc_rig_ask(rig, slice_text(query), &rig->persons[HANAKO].login, location);
        assert_int_equal(strlen(oidc_rig_parameter(location, "code", value)), OIDC_TOKEN_TEXT);
        assert_string_equal(oidc_rig_parameter(location, "state", value), "x%26code=forged%23%0D%0Ay");
        assert_null(strpbrk(location, "\r\n#"));
}

/* RFC 9207: who the answer is of stands in it, so that a client of two providers does not take one's code to
 * the other. */
static void mix_up_of_providers_is_seen_by_the_issuer(void **state)
{
        struct oidc_rig *rig = *state;
        char location[OIDC_LOCATION_MAX], value[RIG_TEXT];
        oidc_rig_agree(rig, HANAKO, "wiki");
        ask(rig, HANAKO, "", location);
        assert_string_equal(oidc_rig_parameter(location, "iss", value), RIG_ISSUER);
        assert_string_equal(oidc_rig_parameter(location, "state", value), "a%20state");
}

/* ---- what may be asked ---- */

/* A whole query but for the client's part. */
static void refused_request(struct oidc_rig *rig, const char *rest, const char *expected)
{
        char query[RIG_TEXT], location[OIDC_LOCATION_MAX], value[RIG_TEXT];
        snprintf(query, sizeof query, "client_id=wiki&redirect_uri=" RIG_WIKI_URI "&%s", rest);
        oidc_rig_ask(rig, slice_text(query), &rig->persons[HANAKO].login, location);
        assert_true(begins(location, RIG_WIKI_URI "?error="));
        assert_string_equal(oidc_rig_parameter(location, "error", value), expected);
}

#define CHALLENGE "&code_challenge_method=S256&code_challenge=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void tokens_in_the_address_are_refused(void **state)
{
        static const char *const types[] = { "token", "id_token", "id_token%20token", "code%20id_token",
                "code%20token", "none", "CODE" };
        oidc_rig_agree(*state, HANAKO, "wiki");
        for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
                char rest[RIG_TEXT];
                snprintf(rest, sizeof rest, "scope=openid&response_type=%s" CHALLENGE, types[i]);
                refused_request(*state, rest, "unsupported_response_type");
        }
        refused_request(*state, "scope=openid" CHALLENGE, "invalid_request");
        refused_request(*state, "scope=openid&response_type=code&response_mode=fragment" CHALLENGE,
                "invalid_request");
        refused_request(*state, "scope=openid&response_type=code&response_mode=form_post" CHALLENGE,
                "invalid_request");
}

static void pkce_downgrade_in_the_request(void **state)
{
        static const char *const bad[] = {
                "",
                "&code_challenge=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                "&code_challenge_method=S256",
                "&code_challenge_method=plain&code_challenge=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                "&code_challenge_method=s256&code_challenge=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                "&code_challenge_method=&code_challenge=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                "&code_challenge_method=S256&code_challenge=short",
                "&code_challenge_method=S256&code_challenge=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%2BA",
                "&code_challenge_method=S256&code_challenge=",
        };
        oidc_rig_agree(*state, HANAKO, "wiki");
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                char rest[RIG_TEXT];
                snprintf(rest, sizeof rest, "scope=openid&response_type=code%s", bad[i]);
                refused_request(*state, rest, "invalid_request");
        }
}

static void what_is_not_offered_is_refused_by_its_name(void **state)
{
        static const struct {
                const char *rest, *error;
        } cases[] = {
                { "response_type=code" CHALLENGE, "invalid_scope" },
                { "scope=profile%20email&response_type=code" CHALLENGE, "invalid_scope" },
                { "scope=openid&response_type=code&request=eyJ" CHALLENGE, "request_not_supported" },
                { "scope=openid&response_type=code&request_uri=https://evil.example/" CHALLENGE,
                        "request_uri_not_supported" },
                { "scope=openid&response_type=code&registration=%7B%7D" CHALLENGE,
                        "registration_not_supported" },
                { "scope=openid&response_type=code&prompt=none%20login" CHALLENGE, "invalid_request" },
                { "scope=openid&response_type=code&prompt=create" CHALLENGE, "invalid_request" },
                { "scope=openid&response_type=code&max_age=-1" CHALLENGE, "invalid_request" },
                { "scope=openid&response_type=code&max_age=9999999999999" CHALLENGE, "invalid_request" },
                { "scope=openid&response_type=code&max_age=" CHALLENGE, "invalid_request" },
                { "scope=openid&response_type=code&after=soon" CHALLENGE, "invalid_request" },
                { "scope=openid&response_type=code&id_token_hint=a.b.c" CHALLENGE, "invalid_request" },
        };
        oidc_rig_agree(*state, HANAKO, "wiki");
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
                refused_request(*state, cases[i].rest, cases[i].error);
}

static void a_nonce_or_state_beyond_measure_is_refused(void **state)
{
        char rest[RIG_TEXT], x[600];
        memset(x, 'x', sizeof x - 1);
        x[sizeof x - 1] = '\0';
        snprintf(rest, sizeof rest, "scope=openid&response_type=code&nonce=%s" CHALLENGE, x);
        refused_request(*state, rest, "invalid_request");
        snprintf(rest, sizeof rest, "scope=openid&response_type=code&state=%s" CHALLENGE, x);
        refused_request(*state, rest, "invalid_request");
}

/* ---- logging in first, or anew ---- */

static void who_is_not_logged_in_goes_to_the_login_and_comes_back(void **state)
{
        struct oidc_rig *rig = *state;
        char location[OIDC_LOCATION_MAX];
        ask(rig, -1, "", location);
        assert_true(begins(location, "/login?next=/oidc/authorize?client_id=wiki%26redirect_uri="));
        assert_null(strchr(location, '&')); /* all of it is one value */
        assert_null(strstr(location, "after"));
}

static void the_pages_speak_the_clients_language(void **state)
{
        static const struct {
                const char *more, *language;
        } cases[] = { { "", "" }, { "&ui_locales=ja", "ja" }, { "&ui_locales=fr%20ja-JP%20en", "ja" },
                { "&ui_locales=en-GB%20ja", "en" }, { "&ui_locales=fr%20jam%20e", "" } };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                char location[OIDC_LOCATION_MAX], value[RIG_TEXT];
                ask(*state, -1, cases[i].more, location);
                assert_string_equal(oidc_rig_parameter(location, "language", value), cases[i].language);
                ask(*state, HANAKO, cases[i].more, location);
                assert_true(begins(location, "/oidc/consent?next="));
                assert_string_equal(oidc_rig_parameter(location, "language", value), cases[i].language);
        }
}

/* A request that does not fit into an address any more with what goes along is told to nobody. */
static void a_request_that_is_too_long_to_go_along_is_refused(void **state)
{
        struct oidc_rig *rig = *state;
        char query[RIG_TEXT], more[1700];
        size_t at = (size_t)snprintf(more, sizeof more, "&acr_values=");
        while (at + 4 < 1500)
                at += (size_t)snprintf(more + at, sizeof more - at, "%%26");
        assert_int_equal(oidc_rig_refused(rig, oidc_rig_query(rig, query, "wiki", RIG_WIKI_URI, more), NULL),
                MITOME_OK);
        char hint[OIDC_LOCATION_MAX];
        snprintf(hint, sizeof hint, "%s&id_token_hint=%01400d", more, 0);
        assert_int_equal(oidc_rig_refused(rig, oidc_rig_query(rig, query, "wiki", RIG_WIKI_URI, hint), NULL),
                MITOME_E_OIDC_REQUEST);
}

static void prompt_none_shows_no_page(void **state)
{
        struct oidc_rig *rig = *state;
        char location[OIDC_LOCATION_MAX];
        asked_to_error(rig, -1, "&prompt=none", "login_required");
        asked_to_error(rig, HANAKO, "&prompt=none", "consent_required");
        oidc_rig_agree(rig, HANAKO, "wiki");
        assert_true(begins(ask(rig, HANAKO, "&prompt=none", location), RIG_WIKI_URI "?code="));
        rig->now += 100;
        asked_to_error(rig, HANAKO, "&prompt=none&max_age=60", "login_required");
}

/* The request that goes along to the login, decoded once, as the browser brings it back. */
static slice came_back(const char *location, char query[RIG_TEXT])
{
        writer w = writer_over((uint8_t *)query, RIG_TEXT);
        slice value;
        assert_int_equal(
                web_field(slice_text(strchr(location, '?') + 1), "next", &w, &value, NULL).code, MITOME_OK);
        const slice path = slice_text("/oidc/authorize?");
        assert_true(slice_begins_with(value, path));
        return slice_of(value.data + path.size, value.size - path.size);
}

static void a_new_login_is_asked_for_once(struct oidc_rig *rig, const char *more)
{
        char location[OIDC_LOCATION_MAX], query[RIG_TEXT];
        oidc_rig_agree(rig, HANAKO, "wiki");
        oidc_rig_log_in(rig, HANAKO);
        rig->now += 100;
        ask(rig, HANAKO, more, location);
        assert_true(begins(location, "/login?next="));
        const slice back = came_back(location, query);
        char again[OIDC_LOCATION_MAX];
        oidc_rig_ask(rig, back, &rig->persons[HANAKO].login, again); /* without having logged in */
        assert_true(begins(again, "/login?next="));
        rig->now += 10;
        oidc_rig_log_in(rig, HANAKO);
        rig->now += 1;
        oidc_rig_ask(rig, back, &rig->persons[HANAKO].login, again);
        assert_true(begins(again, RIG_WIKI_URI "?code="));
}

static void prompt_login_asks_for_a_new_login_once(void **state)
{
        a_new_login_is_asked_for_once(*state, "&prompt=login");
        a_new_login_is_asked_for_once(*state, "&prompt=select_account");
}

static void max_age_asks_for_a_new_login_once(void **state)
{
        a_new_login_is_asked_for_once(*state, "&max_age=60");
        a_new_login_is_asked_for_once(*state, "&max_age=0");
}

static void a_level_that_is_not_reached_asks_for_a_new_login_once(void **state)
{
        a_new_login_is_asked_for_once(*state, "&acr_values=AAL3");
        a_new_login_is_asked_for_once(*state, "&acr_values=urn:mitome:nist-800-63b-4:AAL3%20urn:x");
}

static void a_login_that_is_enough_is_not_asked_for_again(void **state)
{
        struct oidc_rig *rig = *state;
        char location[OIDC_LOCATION_MAX];
        oidc_rig_agree(rig, HANAKO, "wiki");
        rig->now += 60;
        assert_true(begins(ask(rig, HANAKO, "&max_age=60", location), RIG_WIKI_URI "?code="));
        assert_true(begins(ask(rig, HANAKO, "&acr_values=AAL3%20AAL2", location), RIG_WIKI_URI "?code="));
        assert_true(begins(ask(rig, HANAKO, "&acr_values=urn:mitome:nist-800-63b-4:AAL2", location),
                RIG_WIKI_URI "?code="));
}

#define NOTES_URI "https://notes.example/callback"

/* As a login with another device has it: the attacker showed his code to somebody. */
static const struct oidc_login *cross(struct oidc_rig *rig)
{
        rig->persons[HANAKO].login.acr = slice_text("urn:mitome:nist-800-63b-4:AAL2:cross-device");
        return &rig->persons[HANAKO].login;
}

/* Neither at once nor after it was asked for anew: the client never gets a code for it. */
static void attack_a_phished_login_for_a_client_that_asks_for_a_level(void **state)
{
        static const char *const demands[] = { "&acr_values=AAL2", "&acr_values=AAL3",
                "&acr_values=urn:mitome:nist-800-63b-4:AAL2", "&acr_values=AAL1%20AAL2%20AAL3%20urn:x",
                "&acr_values=AAL2&prompt=login" };
        struct oidc_rig *rig = *state;
        char location[OIDC_LOCATION_MAX], query[RIG_TEXT], value[RIG_TEXT];
        oidc_rig_agree(rig, HANAKO, "wiki");
        for (size_t i = 0; i < sizeof demands / sizeof demands[0]; i++) {
                oidc_rig_log_in(rig, HANAKO);
                rig->now += 1;
                oidc_rig_ask(rig, oidc_rig_query(rig, query, "wiki", RIG_WIKI_URI, demands[i]), cross(rig),
                        location);
                assert_true(begins(location, "/login?next="));
                char back[RIG_TEXT], again[OIDC_LOCATION_MAX];
                const slice next = came_back(location, back);
                oidc_rig_log_in(rig, HANAKO);
                oidc_rig_ask(rig, next, cross(rig), again);
                assert_true(begins(again, RIG_WIKI_URI "?error="));
                assert_string_equal(
                        oidc_rig_parameter(again, "error", value), "unmet_authentication_requirements");
                oidc_rig_log_in(rig, HANAKO); /* by a passkey of this browser */
                oidc_rig_ask(rig, next, &rig->persons[HANAKO].login, again);
                assert_true(begins(again, RIG_WIKI_URI "?code="));
                rig->now += 1;
        }
        cross(rig);
        asked_to_error(rig, HANAKO, "&acr_values=AAL2&prompt=none", "login_required");
}

static void a_client_that_names_the_other_device_is_given_it(void **state)
{
        struct oidc_rig *rig = *state;
        char location[OIDC_LOCATION_MAX];
        oidc_rig_agree(rig, HANAKO, "wiki");
        cross(rig);
        assert_true(begins(ask(rig, HANAKO, "", location), RIG_WIKI_URI "?code="));
        assert_true(begins(ask(rig, HANAKO, "&acr_values=", location), RIG_WIKI_URI "?code="));
        assert_true(begins(
                ask(rig, HANAKO, "&acr_values=AAL2%20urn:mitome:nist-800-63b-4:AAL2:cross-device", location),
                RIG_WIKI_URI "?code="));
}

/* Who shows his code to somebody sits before the browser: he takes the level out of the request, or names
 * what he has. The clients file is out of his reach. */
static void attack_a_phisher_takes_the_level_out_of_the_request(void **state)
{
        static const char *const requests[] = { "",
                "&acr_values=", "&acr_values=urn:mitome:nist-800-63b-4:AAL2:cross-device",
                "&acr_values=AAL2%20urn:mitome:nist-800-63b-4:AAL2:cross-device&prompt=login" };
        struct oidc_rig *rig = *state;
        char location[OIDC_LOCATION_MAX], query[RIG_TEXT], value[RIG_TEXT], back[RIG_TEXT];
        oidc_rig_agree(rig, HANAKO, "notes");
        for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
                oidc_rig_log_in(rig, HANAKO);
                rig->now += 1;
                oidc_rig_ask(rig, oidc_rig_query(rig, query, "notes", NOTES_URI, requests[i]), cross(rig),
                        location);
                assert_true(begins(location, "/login?next="));
                const slice next = came_back(location, back);
                oidc_rig_log_in(rig, HANAKO);
                oidc_rig_ask(rig, next, cross(rig), location);
                assert_true(begins(location, NOTES_URI "?error="));
                assert_string_equal(
                        oidc_rig_parameter(location, "error", value), "unmet_authentication_requirements");
                oidc_rig_log_in(rig, HANAKO); /* by a passkey of this browser */
                oidc_rig_ask(rig, next, &rig->persons[HANAKO].login, location);
                assert_true(begins(location, NOTES_URI "?code="));
                rig->now += 1;
        }
        oidc_rig_ask(
                rig, oidc_rig_query(rig, query, "notes", NOTES_URI, "&prompt=none"), cross(rig), location);
        assert_string_equal(oidc_rig_parameter(location, "error", value), "login_required");
}

/* An "after" of long ago would make an old login a new one. */
static void a_forged_after_makes_no_old_login_new(void **state)
{
        struct oidc_rig *rig = *state;
        char location[OIDC_LOCATION_MAX], more[128];
        oidc_rig_agree(rig, HANAKO, "wiki");
        rig->now += OIDC_AFTER_S + 1;
        const long long forged[] = { 0, RIG_NOW - 1, RIG_NOW, rig->now + 1, 999999999999 };
        for (size_t i = 0; i < sizeof forged / sizeof forged[0]; i++) {
                snprintf(more, sizeof more, "&max_age=60&after=%lld", forged[i]);
                assert_true(begins(ask(rig, HANAKO, more, location), "/login?next="));
        }
}

static void the_person_whom_the_client_means_is_the_one_who_is_here(void **state)
{
        struct oidc_rig *rig = *state;
        char code[RIG_TEXT], form[RIG_TEXT], basic[256], token[RIG_TEXT], more[RIG_TEXT],
                location[OIDC_LOCATION_MAX];
        struct oidc_reply reply;
        oidc_rig_code(rig, HANAKO, "wiki", RIG_WIKI_URI, code);
        oidc_rig_exchange(rig, oidc_rig_basic(basic, "wiki", "the secret of the wiki"),
                oidc_rig_form(form, code, RIG_WIKI_URI, RIG_VERIFIER, ""), &reply);
        snprintf(more, sizeof more, "&prompt=none&id_token_hint=%s",
                oidc_rig_member(&reply, "id_token", token));
        oidc_rig_agree(rig, TARO, "wiki");
        assert_true(begins(ask(rig, HANAKO, more, location), RIG_WIKI_URI "?code="));
        asked_to_error(rig, TARO, more, "login_required");
        snprintf(more, sizeof more, "&id_token_hint=%.2000s", token);
        assert_true(begins(ask(rig, TARO, more, location), "/login?next="));
}

/* ---- consent ---- */

static void answer(struct oidc_rig *rig, const char *location, bool agreed, char ret[OIDC_LOCATION_MAX])
{
        char buffer[RIG_TEXT];
        writer w = writer_over((uint8_t *)buffer, sizeof buffer);
        struct oidc_request request;
        slice next;
        assert_int_equal(
                web_field(slice_text(strchr(location, '?') + 1), "next", &w, &next, NULL).code, MITOME_OK);
        assert_int_equal(oidc_consent_read(rig->oidc, next, &request, NULL).code, MITOME_OK);
        assert_int_equal(
                oidc_consent_answer(rig->oidc, &request, &rig->persons[HANAKO].login, agreed, ret, NULL).code,
                MITOME_OK);
}

static void consent_is_asked_once_for_each_client(void **state)
{
        struct oidc_rig *rig = *state;
        char location[OIDC_LOCATION_MAX], back[OIDC_LOCATION_MAX], query[RIG_TEXT];
        ask(rig, HANAKO, "", location);
        assert_true(begins(location, "/oidc/consent?next=/oidc/authorize?"));
        answer(rig, location, true, back);
        assert_true(begins(back, "/oidc/authorize?"));
        oidc_rig_ask(rig, slice_text(strchr(back, '?') + 1), &rig->persons[HANAKO].login, location);
        assert_true(begins(location, RIG_WIKI_URI "?code="));
        assert_true(begins(ask(rig, HANAKO, "", location), RIG_WIKI_URI "?code="));
        oidc_rig_ask(rig, oidc_rig_query(rig, query, "shop", RIG_SHOP_URI, ""), &rig->persons[HANAKO].login,
                location);
        assert_true(begins(location, "/oidc/consent?next="));
        ask(rig, TARO, "", location);
        assert_true(begins(location, "/oidc/consent?next="));
}

/* A yes stands for ever: whoever phished a login would leave one to the client that is told of none. */
static void attack_a_phisher_agrees_in_the_persons_name(void **state)
{
        struct oidc_rig *rig = *state;
        char location[OIDC_LOCATION_MAX], back[OIDC_LOCATION_MAX], query[RIG_TEXT];
        const slice notes = oidc_rig_query(rig, query, "notes", NOTES_URI, "&prompt=consent");
        oidc_rig_ask(rig, notes, &rig->persons[HANAKO].login, location);
        assert_true(begins(location, "/oidc/consent?next="));
        cross(rig);
        answer(rig, location, true, back);
        oidc_rig_ask(rig, slice_text(strchr(back, '?') + 1), &rig->persons[HANAKO].login, back);
        assert_true(begins(back, "/login?next="));
        oidc_rig_log_in(rig, HANAKO);
        oidc_rig_ask(
                rig, oidc_rig_query(rig, query, "notes", NOTES_URI, ""), &rig->persons[HANAKO].login, back);
        assert_true(begins(back, "/oidc/consent?next="));
        answer(rig, location, true, back);
        oidc_rig_ask(rig, slice_text(strchr(back, '?') + 1), &rig->persons[HANAKO].login, back);
        assert_true(begins(back, NOTES_URI "?code="));
}

static void a_no_is_told_to_the_client_and_not_kept(void **state)
{
        struct oidc_rig *rig = *state;
        char location[OIDC_LOCATION_MAX], back[OIDC_LOCATION_MAX], value[RIG_TEXT];
        ask(rig, HANAKO, "", location);
        answer(rig, location, false, back);
        assert_true(begins(back, RIG_WIKI_URI "?error=access_denied"));
        assert_string_equal(oidc_rig_parameter(back, "state", value), "a%20state");
        ask(rig, HANAKO, "", location);
        assert_true(begins(location, "/oidc/consent?next="));
}

static bool find_in(slice whole, slice part)
{
        return memmem(whole.data, whole.size, part.data, part.size) != NULL;
}

/* How many entries there are of telling clients; the last of them has `outcome`, and names nobody. */
static int tellings(struct oidc_rig *rig, const char *outcome)
{
        struct sql_query query = { 0 };
        uint8_t pseudonym[OIDC_SUBJECT_SIZE];
        int count = 0;
        const slice sector = slice_text("wiki.example");
        assert_int_equal(
                account_subject_of(rig->party, rig->persons[HANAKO].login.account, sector, pseudonym, NULL)
                        .code,
                MITOME_OK);
        assert_int_equal(sql_ask(party_store(rig->party), "SELECT entry FROM journal ORDER BY number", NULL,
                                 0, &query, NULL)
                                 .code,
                MITOME_OK);
        bool last = false;
        while (sql_next(&query)) {
                const slice entry = sql_bytes(&query, 0);
                if (!find_in(entry, slice_text("tell-client")))
                        continue;
                count++;
                assert_true(find_in(entry, slice_text("client:wiki")));
                assert_true(find_in(entry, slice_text("pseudonym")));
                assert_false(find_in(entry, SLICE(pseudonym)));
                assert_false(find_in(entry, slice_text("見本")));
                last = find_in(entry, slice_text(outcome));
        }
        assert_int_equal(sql_end(&query).code, MITOME_OK);
        assert_true(last);
        return count;
}

static void a_consent_is_in_the_journal_and_says_nothing_of_the_person(void **state)
{
        struct oidc_rig *rig = *state;
        char asked[OIDC_LOCATION_MAX], back[OIDC_LOCATION_MAX];
        ask(rig, HANAKO, "", asked);
        answer(rig, asked, false, back);
        assert_int_equal(tellings(rig, "refused"), 1);
        answer(rig, asked, true, back);
        assert_int_equal(tellings(rig, "done"), 2);
        answer(rig, asked, true, back); /* the same form once more */
        assert_int_equal(tellings(rig, "done"), 2);
}

static void prompt_consent_asks_again(void **state)
{
        struct oidc_rig *rig = *state;
        char location[OIDC_LOCATION_MAX], back[OIDC_LOCATION_MAX];
        oidc_rig_agree(rig, HANAKO, "wiki");
        ask(rig, HANAKO, "&prompt=consent", location);
        assert_true(begins(location, "/oidc/consent?next="));
        answer(rig, location, true, back);
        oidc_rig_ask(rig, slice_text(strchr(back, '?') + 1), &rig->persons[HANAKO].login, location);
        assert_true(begins(location, RIG_WIKI_URI "?code="));
}

static void a_consent_form_that_sends_elsewhere_is_refused(void **state)
{
        struct oidc_rig *rig = *state;
        struct oidc_request request;
        char next[RIG_TEXT], query[RIG_TEXT];
        static const char *const bad[] = { "", "/account",
                "https://evil.example/oidc/authorize?client_id=wiki", "//evil.example/oidc/authorize?",
                "/oidc/authorize", "/oidc/authorize/?client_id=wiki" };
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
                assert_int_equal(oidc_consent_read(rig->oidc, slice_text(bad[i]), &request, NULL).code,
                        MITOME_E_OIDC_RETURN);
        const slice elsewhere = oidc_rig_query(rig, query, "wiki", "https://evil.example/", "");
        snprintf(
                next, sizeof next, "/oidc/authorize?%.*s", (int)elsewhere.size, (const char *)elsewhere.data);
        assert_int_equal(
                oidc_consent_read(rig->oidc, slice_text(next), &request, NULL).code, MITOME_E_OIDC_REDIRECT);
}

/* ---- codes ---- */

struct
try {
        const char *id, *secret, *uri, *verifier, *more;
};

static const struct try good = { "wiki", "the secret of the wiki", RIG_WIKI_URI, RIG_VERIFIER, "" };

static unsigned exchange(
        struct oidc_rig *rig, const char *code, const struct try *try, struct oidc_reply *reply)
{
        char form[RIG_TEXT], basic[256];
        return oidc_rig_exchange(rig, try->id ? oidc_rig_basic(basic, try->id, try->secret) : (slice){ 0 },
                oidc_rig_form(form, code, try->uri, try->verifier, try->more), reply);
}

static void exchange_is_refused(struct oidc_rig *rig, const char *code, const struct try *try,
        mitome_code expected, const char *error)
{
        struct oidc_reply reply;
        char value[RIG_TEXT];
        exchange(rig, code, try, &reply);
        assert_int_equal(reply.code, expected);
        assert_int_equal(reply.status, strcmp(error, "invalid_client") == 0 ? 401 : 400);
        assert_string_equal(oidc_rig_member(&reply, "error", value), error);
        assert_string_equal(oidc_rig_member(&reply, "id_token", value), "");
}

static unsigned look(struct oidc_rig *rig, const char *token)
{
        char header[RIG_TEXT + 8];
        struct oidc_reply reply = { 0 };
        snprintf(header, sizeof header, "Bearer %s", token);
        assert_int_equal(oidc_userinfo(rig->oidc, slice_text(header), &reply, NULL).code, MITOME_OK);
        return reply.status;
}

static void a_code_that_is_used_twice_ends_what_it_gave(void **state)
{
        struct oidc_rig *rig = *state;
        char code[RIG_TEXT], token[RIG_TEXT];
        struct oidc_reply reply;
        oidc_rig_code(rig, HANAKO, "wiki", RIG_WIKI_URI, code);
        assert_int_equal(exchange(rig, code, &good, &reply), 200);
        oidc_rig_member(&reply, "access_token", token);
        assert_int_equal(look(rig, token), 200);
        exchange_is_refused(rig, code, &good, MITOME_E_OIDC_CODE, "invalid_grant");
        assert_int_equal(look(rig, token), 401);
}

static void a_stolen_code_is_of_no_use_to_another_client(void **state)
{
        struct oidc_rig *rig = *state;
        char code[RIG_TEXT];
        const struct try thief = { "shop", "the secret of the shop", RIG_WIKI_URI, RIG_VERIFIER, "" };
        oidc_rig_code(rig, HANAKO, "wiki", RIG_WIKI_URI, code);
        exchange_is_refused(rig, code, &thief, MITOME_E_OIDC_CODE, "invalid_grant");
        exchange_is_refused(rig, code, &good, MITOME_E_OIDC_CODE, "invalid_grant"); /* it is spent */
}

static void a_stolen_code_without_its_verifier_is_of_no_use(void **state)
{
        struct oidc_rig *rig = *state;
        static const char *const bad[] = { NULL, "", "another-verifier-of-43-characters-that-is-it-not",
                "a-verifier-of-43-characters-that-nobody-know", "short",
                "A-VERIFIER-OF-43-CHARACTERS-THAT-NOBODY-KNOWS" };
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                char code[RIG_TEXT];
                struct try try = good;
                try.verifier = bad[i];
                oidc_rig_code(rig, HANAKO, "wiki", RIG_WIKI_URI, code);
                exchange_is_refused(rig, code, &try, MITOME_E_OIDC_VERIFIER, "invalid_grant");
                exchange_is_refused(rig, code, &good, MITOME_E_OIDC_CODE, "invalid_grant");
        }
}

/* The challenge itself is in the address bar: as "plain" it would be its own verifier. */
static void pkce_downgrade_in_the_exchange(void **state)
{
        struct oidc_rig *rig = *state;
        char code[RIG_TEXT];
        struct try try = good;
        try.verifier = rig->challenge;
        oidc_rig_code(rig, HANAKO, "wiki", RIG_WIKI_URI, code);
        exchange_is_refused(rig, code, &try, MITOME_E_OIDC_VERIFIER, "invalid_grant");
}

static void a_code_that_was_sent_elsewhere_is_refused(void **state)
{
        struct oidc_rig *rig = *state;
        static const char *const bad[] = { "", "https://wiki.example/second", "https://evil.example/" };
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                char code[RIG_TEXT];
                struct try try = good;
                try.uri = bad[i];
                oidc_rig_code(rig, HANAKO, "wiki", RIG_WIKI_URI, code);
                exchange_is_refused(rig, code, &try, MITOME_E_OIDC_REDIRECT, "invalid_grant");
        }
}

static void a_code_lives_a_minute(void **state)
{
        struct oidc_rig *rig = *state;
        char code[RIG_TEXT];
        struct oidc_reply reply;
        oidc_rig_code(rig, HANAKO, "wiki", RIG_WIKI_URI, code);
        rig->now += OIDC_CODE_S - 1;
        assert_int_equal(exchange(rig, code, &good, &reply), 200);
        oidc_rig_code(rig, HANAKO, "wiki", RIG_WIKI_URI, code);
        rig->now += OIDC_CODE_S;
        exchange_is_refused(rig, code, &good, MITOME_E_OIDC_CODE, "invalid_grant");
}

static void a_code_is_not_guessed(void **state)
{
        exchange_is_refused(*state, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &good, MITOME_E_OIDC_CODE,
                "invalid_grant");
        exchange_is_refused(*state, "x", &good, MITOME_E_OIDC_CODE, "invalid_grant");
        exchange_is_refused(*state, "", &good, MITOME_E_OIDC_REQUEST, "invalid_request");
}

static void logging_out_takes_codes_and_tokens_along(void **state)
{
        struct oidc_rig *rig = *state;
        char code[RIG_TEXT], second[RIG_TEXT], token[RIG_TEXT];
        struct oidc_reply reply;
        oidc_rig_code(rig, HANAKO, "wiki", RIG_WIKI_URI, code);
        oidc_rig_code(rig, HANAKO, "wiki", RIG_WIKI_URI, second);
        assert_int_equal(exchange(rig, code, &good, &reply), 200);
        oidc_rig_member(&reply, "access_token", token);
        assert_int_equal(session_end(rig->portal, &rig->persons[HANAKO].session, NULL).code, MITOME_OK);
        exchange_is_refused(rig, second, &good, MITOME_E_SESSION_OVER, "invalid_grant");
        assert_int_equal(look(rig, token), 401);
}

static void logging_out_everywhere_takes_codes_and_tokens_along(void **state)
{
        struct oidc_rig *rig = *state;
        char code[RIG_TEXT], second[RIG_TEXT], token[RIG_TEXT];
        struct oidc_reply reply;
        oidc_rig_code(rig, HANAKO, "wiki", RIG_WIKI_URI, code);
        oidc_rig_code(rig, HANAKO, "wiki", RIG_WIKI_URI, second);
        assert_int_equal(exchange(rig, code, &good, &reply), 200);
        oidc_rig_member(&reply, "access_token", token);
        assert_int_equal(
                session_end_all(rig->portal, rig->persons[HANAKO].login.account, NULL).code, MITOME_OK);
        exchange_is_refused(rig, second, &good, MITOME_E_SESSION_OVER, "invalid_grant");
        assert_int_equal(look(rig, token), 401);
}

static void codes_and_tokens_lie_in_the_store_hashed(void **state)
{
        struct oidc_rig *rig = *state;
        char code[RIG_TEXT];
        struct sql_query query = { 0 };
        oidc_rig_code(rig, HANAKO, "wiki", RIG_WIKI_URI, code);
        assert_int_equal(
                sql_ask(oidc_store(rig->oidc), "SELECT digest FROM oidc_code", NULL, 0, &query, NULL).code,
                MITOME_OK);
        assert_true(sql_next(&query));
        uint8_t digest[SHA256_SIZE];
        const slice text = slice_text(code);
        sha256(&text, 1, digest);
        assert_true(slice_equal(sql_bytes(&query, 0), SLICE(digest)));
        assert_int_equal(sql_end(&query).code, MITOME_OK);
}

static void what_has_expired_is_swept(void **state)
{
        struct oidc_rig *rig = *state;
        char code[RIG_TEXT];
        struct oidc_reply reply;
        struct sql_query query = { 0 };
        for (int i = 0; i < 3; i++) {
                oidc_rig_code(rig, HANAKO, "wiki", RIG_WIKI_URI, code);
                assert_int_equal(exchange(rig, code, &good, &reply), 200);
                rig->now += OIDC_CODE_S + 2 * OIDC_ACCESS_S;
                oidc_rig_log_in(rig, HANAKO);
        }
        assert_int_equal(sql_ask(oidc_store(rig->oidc),
                                 "SELECT (SELECT count(*) FROM oidc_code), (SELECT count(*) FROM oidc_token)",
                                 NULL, 0, &query, NULL)
                                 .code,
                MITOME_OK);
        assert_true(sql_next(&query));
        assert_int_equal(sql_integer(&query, 0), 1);
        assert_int_equal(sql_integer(&query, 1), 1);
        assert_int_equal(sql_end(&query).code, MITOME_OK);
}

/* ---- clients that are not who they say ---- */

static void a_client_without_its_secret_is_nobody(void **state)
{
        struct oidc_rig *rig = *state;
        static const struct try bad[] = {
                { "wiki", "the secret of the shop", RIG_WIKI_URI, RIG_VERIFIER, "" },
                { "wiki", "", RIG_WIKI_URI, RIG_VERIFIER, "" },
                { "evil", "the secret of the wiki", RIG_WIKI_URI, RIG_VERIFIER, "" },
                { "app", "", RIG_WIKI_URI, RIG_VERIFIER, "" },
                { NULL, "", RIG_WIKI_URI, RIG_VERIFIER, "&client_id=wiki" },
                { NULL, "", RIG_WIKI_URI, RIG_VERIFIER, "" },
                { NULL, "", RIG_WIKI_URI, RIG_VERIFIER, "&client_id=evil" },
                { NULL, "", RIG_WIKI_URI, RIG_VERIFIER, "&client_id=app&client_secret=x" },
                { NULL, "", RIG_WIKI_URI, RIG_VERIFIER,
                        "&client_id=wiki&client_secret=the%20secret%20of%20the%20wiki" },
                { "wiki", "the secret of the wiki", RIG_WIKI_URI, RIG_VERIFIER, "&client_id=shop" },
                { "wiki", "the secret of the wiki", RIG_WIKI_URI, RIG_VERIFIER, "&client_secret=x" },
        };
        char code[RIG_TEXT];
        struct oidc_reply reply;
        oidc_rig_code(rig, HANAKO, "wiki", RIG_WIKI_URI, code);
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
                exchange_is_refused(rig, code, &bad[i], MITOME_E_OIDC_CLIENT, "invalid_client");
        assert_int_equal(exchange(rig, code, &good, &reply), 200); /* nobody has spent it */
}

static void an_authorization_header_that_is_none_is_refused(void **state)
{
        struct oidc_rig *rig = *state;
        static const char *const bad[] = { "Basic", "Basic ", "Basic !!!!",
                "Basic d2lraQ==", "Bearer d2lraTp4", "d2lraTp4", "Basic d2lraTp4 d2lraTp4",
                "Basic d2lraTolZw==", "Basic d2lraTolMg==" };
        char form[RIG_TEXT], value[RIG_TEXT];
        struct oidc_reply reply;
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                assert_int_equal(
                        oidc_rig_exchange(rig, slice_text(bad[i]),
                                oidc_rig_form(form, "x", RIG_WIKI_URI, RIG_VERIFIER, "&client_id=wiki"),
                                &reply),
                        401);
                assert_string_equal(oidc_rig_member(&reply, "error", value), "invalid_client");
                assert_string_equal(reply.authenticate, "Basic realm=\"token\"");
        }
}

/* RFC 6749 2.3.1: encoded as in a form; so libraries send it. */
static void a_secret_is_taken_as_it_is_encoded(void **state)
{
        struct oidc_rig *rig = *state;
        const struct try encoded = { "wi%6Bi", "the+secret%20of+the%20wik%69", RIG_WIKI_URI, RIG_VERIFIER,
                "&client_id=wiki" };
        char code[RIG_TEXT];
        struct oidc_reply reply;
        oidc_rig_code(rig, HANAKO, "wiki", RIG_WIKI_URI, code);
        assert_int_equal(exchange(rig, code, &encoded, &reply), 200);
}

static void other_grants_are_refused(void **state)
{
        struct oidc_rig *rig = *state;
        static const struct {
                const char *form, *error;
        } cases[] = {
                { "grant_type=password&username=a&password=b", "unsupported_grant_type" },
                { "grant_type=refresh_token&refresh_token=x", "unsupported_grant_type" },
                { "grant_type=client_credentials", "unsupported_grant_type" },
                { "code=x", "invalid_request" },
                { "grant_type=authorization_code", "invalid_request" },
                { "grant_type=authorization_code&code=a&code=b", "invalid_request" },
                { "grant_type=authorization_code&code=%zz", "invalid_request" },
        };
        char basic[256], value[RIG_TEXT];
        struct oidc_reply reply;
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                assert_int_equal(
                        oidc_rig_exchange(rig, oidc_rig_basic(basic, "wiki", "the secret of the wiki"),
                                slice_text(cases[i].form), &reply),
                        400);
                assert_string_equal(oidc_rig_member(&reply, "error", value), cases[i].error);
        }
}

/* ---- userinfo ---- */

static void userinfo_wants_a_token_that_lives(void **state)
{
        struct oidc_rig *rig = *state;
        char code[RIG_TEXT], token[RIG_TEXT];
        struct oidc_reply reply;
        oidc_rig_code(rig, HANAKO, "wiki", RIG_WIKI_URI, code);
        assert_int_equal(exchange(rig, code, &good, &reply), 200);
        oidc_rig_member(&reply, "access_token", token);
        assert_int_equal(look(rig, token), 200);
        assert_int_equal(look(rig, code), 401);
        assert_int_equal(look(rig, ""), 401);
        assert_int_equal(oidc_userinfo(rig->oidc, (slice){ 0 }, &reply, NULL).code, MITOME_OK);
        assert_int_equal(reply.status, 401);
        assert_string_equal(reply.authenticate, "Bearer");
        char basic[256];
        assert_int_equal(
                oidc_userinfo(rig->oidc, oidc_rig_basic(basic, "wiki", "x"), &reply, NULL).code, MITOME_OK);
        assert_string_equal(reply.authenticate, "Bearer error=\"invalid_token\"");
        rig->now += OIDC_ACCESS_S;
        assert_int_equal(look(rig, token), 401);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(discovery_says_what_there_is),
                TEST(an_issuer_that_is_no_origin_is_refused),
                TEST(a_code_becomes_an_id_token_and_a_pseudonym),
                TEST(a_public_client_logs_in_by_its_verifier_alone),
                TEST(clients_that_compare_learn_nothing),
                TEST(open_redirect_by_another_address),
                TEST(a_client_that_nobody_knows_is_sent_nowhere),
                TEST(a_parameter_that_stands_twice_is_sent_nowhere),
                TEST(an_address_with_a_query_gets_the_code_behind_it),
                TEST(a_state_that_injects_parameters_stays_a_state),
                TEST(mix_up_of_providers_is_seen_by_the_issuer),
                TEST(tokens_in_the_address_are_refused),
                TEST(pkce_downgrade_in_the_request),
                TEST(what_is_not_offered_is_refused_by_its_name),
                TEST(a_nonce_or_state_beyond_measure_is_refused),
                TEST(who_is_not_logged_in_goes_to_the_login_and_comes_back),
                TEST(the_pages_speak_the_clients_language),
                TEST(a_request_that_is_too_long_to_go_along_is_refused),
                TEST(prompt_none_shows_no_page),
                TEST(prompt_login_asks_for_a_new_login_once),
                TEST(max_age_asks_for_a_new_login_once),
                TEST(a_level_that_is_not_reached_asks_for_a_new_login_once),
                TEST(a_login_that_is_enough_is_not_asked_for_again),
                TEST(attack_a_phished_login_for_a_client_that_asks_for_a_level),
                TEST(a_client_that_names_the_other_device_is_given_it),
                TEST(attack_a_phisher_takes_the_level_out_of_the_request),
                TEST(a_forged_after_makes_no_old_login_new),
                TEST(the_person_whom_the_client_means_is_the_one_who_is_here),
                TEST(consent_is_asked_once_for_each_client),
                TEST(attack_a_phisher_agrees_in_the_persons_name),
                TEST(a_no_is_told_to_the_client_and_not_kept),
                TEST(a_consent_is_in_the_journal_and_says_nothing_of_the_person),
                TEST(prompt_consent_asks_again),
                TEST(a_consent_form_that_sends_elsewhere_is_refused),
                TEST(a_code_that_is_used_twice_ends_what_it_gave),
                TEST(a_stolen_code_is_of_no_use_to_another_client),
                TEST(a_stolen_code_without_its_verifier_is_of_no_use),
                TEST(pkce_downgrade_in_the_exchange),
                TEST(a_code_that_was_sent_elsewhere_is_refused),
                TEST(a_code_lives_a_minute),
                TEST(a_code_is_not_guessed),
                TEST(logging_out_takes_codes_and_tokens_along),
                TEST(logging_out_everywhere_takes_codes_and_tokens_along),
                TEST(codes_and_tokens_lie_in_the_store_hashed),
                TEST(what_has_expired_is_swept),
                TEST(a_client_without_its_secret_is_nobody),
                TEST(an_authorization_header_that_is_none_is_refused),
                TEST(a_secret_is_taken_as_it_is_encoded),
                TEST(other_grants_are_refused),
                TEST(userinfo_wants_a_token_that_lives),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
