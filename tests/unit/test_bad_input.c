/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong by one edit, derived from right ceremonies of every format: each case names the code, the
 * field and the clause that refuse it. What an edit leaves right is here too, so that no rule is stricter
 * than it says. */
#include "client_data.h"
#include "format_rig.h"
#include "transcribe.h"

#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct format_rig formats;
static struct rig *const rig = &formats.rig;
static struct rig_response built;
static struct mitome_context *context;
static uint8_t buffer[MITOME_RP_BUFFER_MAX];
static size_t refused, accepted; /* cases */

enum ceremony_kind { CREATE, GET, CEREMONIES };

struct run {
        struct mitome_policy policy;
        struct mitome_expectation expected;
        struct mitome_credential record;
        const struct mitome_trust *trust;
        int64_t now;
        struct mitome_verdict verdict;
        mitome_error error;
        mitome_code code;
};

static struct run fresh(void)
{
        return (struct run){
                .expected = rig_expectation(rig), .record = rig_record(rig, &built), .now = RIG_NOW
        };
}

static mitome_code verify(struct run *run, enum ceremony_kind kind, slice json)
{
        run->error = (mitome_error){ 0 };
        run->code = (kind == CREATE ? mitome_verify_registration(context, &run->policy, &run->expected, json,
                                              run->trust, run->now, buffer, sizeof buffer, &run->verdict,
                                              &run->error)
                                    : mitome_verify_authentication(context, &run->policy, &run->expected,
                                              json, &run->record, run->trust, run->now, buffer, sizeof buffer,
                                              &run->verdict, &run->error))
                            .code;
        return run->code;
}

/* ---- what is expected ---- */

struct refusal {
        mitome_code code; /* MITOME_OK: no refusal */
        const char *field, *clause;
};

static bool same_text(const char *a, const char *b)
{
        return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

static void check(const struct run *run, const char *name, const char *detail, struct refusal expected)
{
        const mitome_error *e = &run->error;
        const bool right = run->code == expected.code && e->code == expected.code &&
                           same_text(e->field, expected.field) && same_text(e->clause, expected.clause);
        if (!right)
                print_error("%s (%s): %d %s (%s), not %d %s (%s)\n", name, detail, (int)run->code,
                        e->field ? e->field : "-", e->clause ? e->clause : "-", (int)expected.code,
                        expected.field ? expected.field : "-", expected.clause ? expected.clause : "-");
        assert_true(right);
        if (expected.code == MITOME_OK)
                accepted++;
        else
                refused++;
}

static const struct refusal fine = { MITOME_OK, NULL, NULL };

static struct rig_plan plan_of(enum ceremony_kind kind)
{
        struct rig_plan plan = kind == CREATE ? rig_registration_plan() : rig_authentication_plan();
        plan.attestation = RIG_NO_STATEMENT;
        plan.format = "none";
        return plan;
}

static const char *const kind_names[CEREMONIES] = { "registration", "authentication" };

/* ---- client data ---- */

enum step { PARSE, TYPE, CHALLENGE, ORIGIN, CROSS, TOP };

static const char *const step_clauses[CEREMONIES][6] = {
        { "WebAuthn L3 7.1 #6", "WebAuthn L3 7.1 #7", "WebAuthn L3 7.1 #8", "WebAuthn L3 7.1 #9",
                "WebAuthn L3 7.1 #10", "WebAuthn L3 7.1 #11" },
        { "WebAuthn L3 7.2 #9", "WebAuthn L3 7.2 #10", "WebAuthn L3 7.2 #11", "WebAuthn L3 7.2 #12",
                "WebAuthn L3 7.2 #13", "WebAuthn L3 7.2 #14" },
};

static const char right_challenge[] = "AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09o";
static const char *const right_types[CEREMONIES] = { "webauthn.create", "webauthn.get" };

/* Takes client data as it is, and signs anew. */
static void verify_client_data(struct run *run, enum ceremony_kind kind, slice client_data)
{
        const struct rig_plan plan = plan_of(kind);
        rig_build(rig, &plan, &built);
        assert_true(client_data.size <= sizeof built.client_data);
        memcpy(built.client_data, client_data.data, client_data.size);
        built.client_data_size = client_data.size;
        rig_seal(rig, &plan, &built);
        run->record = rig_record(rig, &built);
        (void)verify(run, kind, rig_json(&built));
}

/* JSON values in their places; NULL: the right one. */
static void verify_members(struct run *run, enum ceremony_kind kind, const char *type, const char *challenge,
        const char *origin, const char *members)
{
        static char text[8192];
        char right_type[32], challenge_text[64];
        snprintf(right_type, sizeof right_type, "\"%s\"", right_types[kind]);
        snprintf(challenge_text, sizeof challenge_text, "\"%s\"", right_challenge);
        int size = snprintf(text, sizeof text, "{\"type\":%s,\"challenge\":%s,\"origin\":%s%s}",
                type ? type : right_type, challenge ? challenge : challenge_text,
                origin ? origin : "\"https://example.org\"", members ? members : "");
        assert_in_range(size, 1, sizeof text - 1);
        verify_client_data(run, kind, slice_of(text, (size_t)size));
}

/* Origins that look like https://example.org, between the quotes of JSON (RFC 6454, 6.2: an origin's ASCII
 * serialisation has one form; 7.1 #9: it must be the expected one). */
static const char *const foreign_origins[] = {
        "https://Example.org",
        "https://EXAMPLE.ORG",
        "https://example.Org",
        "HTTPS://example.org",
        "Https://example.org",
        "http://example.org",
        "wss://example.org",
        "ftp://example.org",
        "file://example.org",
        "//example.org",
        "example.org",
        "https:example.org",
        "https:/example.org",
        "https:///example.org",
        "https:\\\\\\\\example.org",
        "https//example.org",
        "://example.org",
        /* ports */
        "https://example.org:443",
        "https://example.org:0",
        "https://example.org:80",
        "https://example.org:8443",
        "https://example.org:00443",
        "https://example.org:",
        "https://example.org:443.",
        "https://example.org:a",
        /* behind it */
        "https://example.org.",
        "https://example.org..",
        "https://example.org/",
        "https://example.org//",
        "https://example.org/index.html",
        "https://example.org?",
        "https://example.org?a=b",
        "https://example.org#",
        "https://example.org#top",
        "https://example.org ",
        "https://example.org\\t",
        "https://example.org\\n",
        "https://example.org\\r\\n",
        "https://example.org\\\\",
        "https://example.org%00",
        "https://example.org%2e",
        "https://example.org;",
        "https://example.org,",
        /* before it */
        " https://example.org",
        "\\thttps://example.org",
        "\\ufeffhttps://example.org",
        "view-source:https://example.org",
        "blob:https://example.org",
        "https://https://example.org",
        /* NUL, RFC 8259, 7: a character as any other */
        "\\u0000",
        "https://example.org\\u0000",
        "https://example.org\\u0000.evil.example",
        "\\u0000https://example.org",
        "https://example\\u0000.org",
        "https://example.or\\u0000",
        /* who is asked, and who is named */
        "https://example.org@evil.example",
        "https://user@example.org",
        "https://user:secret@example.org",
        "https://@example.org",
        "https://evil.example\\\\@example.org",
        "https://evil.example#@example.org",
        "https://evil.example/https://example.org",
        "https://evil.example?https://example.org",
        "https://example.org:secret@evil.example",
        "https://example.org%40evil.example",
        /* neighbours */
        "https://www.example.org",
        "https://.example.org",
        "https://a.b.example.org",
        "https://evilexample.org",
        "https://example.org.evil.example",
        "https://example.orgevil.example",
        "https://example-org",
        "https://exampleorg",
        "https://org",
        "https://.org",
        "https://example.or",
        "https://xample.org",
        "https://example.com",
        "https://example.org.org",
        "https://example..org",
        "https://*.example.org",
        "https://*",
        "*",
        "https://localhost",
        "https://127.0.0.1",
        "https://[::1]",
        "https://0x7f.1",
        /* other scripts and other dots (UTS 46, 2.3) */
        "https://example\\u3002org",
        "https://example\\uff0eorg",
        "https://example\\uff61org",
        "https://ex\\u0430mple.org",
        "https://xn--exmple-4nf.org",
        "https://\\uff45xample.org",
        "https://example.org\\u200b",
        "https://exam\\u00adple.org",
        "https://\\u202egro.elpmaxe",
        "https://exa\\u0301mple.org",
        "https://\\ud835\\udd2dxample.org",
        "https://example.\\u043erg",
        "https://xn--example.org",
        "https://example\xE3\x80\x82org",
        "https://ex\xD0\xB0mple.org",
        "https\xEF\xBC\x9A//example.org",
        "https://example.org\xE2\x80\x8B",
        "https:\\u2044\\u2044example.org",
        /* no origin at all */
        "",
        " ",
        "null",
        "undefined",
        "https://",
        "https:",
        "about:blank",
        "data:text/html,x",
        "android:apk-key-hash:AAAA",
        "ios:bundle-id:org.example",
        "chrome-extension://example.org",
        "https://example.org,https://evil.example",
        "https://example.org https://evil.example",
        "[\\\"https://example.org\\\"]",
        "\\\"https://example.org\\\"",
};

/* The same text, however it is escaped. */
static const char *const same_origins[] = {
        "https://example.org",
        "https:\\/\\/example.org",
        "https://example.o\\u0072g",
        "\\u0068\\u0074\\u0074\\u0070\\u0073://example.org",
        "https://ex\\u0061mple\\u002eorg",
        "https://ex\\u0061mple\\u002Eorg",
};

static void an_origin_is_compared_byte_by_byte(void **state)
{
        (void)state;
        for (int kind = 0; kind < CEREMONIES; kind++) {
                char origin[256];
                struct run run = fresh();
                for (size_t i = 0; i < COUNT(foreign_origins); i++) {
                        snprintf(origin, sizeof origin, "\"%s\"", foreign_origins[i]);
                        verify_members(&run, kind, NULL, NULL, origin, NULL);
                        check(&run, foreign_origins[i], kind_names[kind],
                                (struct refusal){ MITOME_E_ORIGIN_UNEXPECTED, "clientDataJSON.origin",
                                        step_clauses[kind][ORIGIN] });
                }
                for (size_t i = 0; i < COUNT(same_origins); i++) {
                        snprintf(origin, sizeof origin, "\"%s\"", same_origins[i]);
                        verify_members(&run, kind, NULL, NULL, origin, NULL);
                        check(&run, same_origins[i], kind_names[kind], fine);
                }
        }
}

/* A switch for one slash is for one slash. */
static void a_slash_too_many_is_one_slash(void **state)
{
        (void)state;
        static const struct {
                const char *origin;
                mitome_code code;
        } cases[] = {
                { "\"https://example.org\"", MITOME_OK },
                { "\"https://example.org/\"", MITOME_OK },
                { "\"https://example.org\\/\"", MITOME_OK },
                { "\"https://example.org//\"", MITOME_E_ORIGIN_UNEXPECTED },
                { "\"https://example.org/.\"", MITOME_E_ORIGIN_UNEXPECTED },
                { "\"https://example.org./\"", MITOME_E_ORIGIN_UNEXPECTED },
                { "\"/\"", MITOME_E_ORIGIN_UNEXPECTED },
                { "\"https://example.org\\\\\"", MITOME_E_ORIGIN_UNEXPECTED },
        };
        for (size_t i = 0; i < COUNT(cases); i++) {
                struct run run = fresh();
                run.policy.switches = MITOME_SWITCH_ORIGIN_SLASH;
                verify_members(&run, CREATE, NULL, NULL, cases[i].origin, NULL);
                check(&run, cases[i].origin, "switch",
                        cases[i].code == MITOME_OK ? fine
                                                   : (struct refusal){ cases[i].code, "clientDataJSON.origin",
                                                             step_clauses[CREATE][ORIGIN] });
        }
}

/* @ is the right type. */
static const char *const foreign_types[] = { "@ ", " @", "@.", "@\\u0000", "\\u0000@", "@@", "\\ufeff@",
        "@\\n", "", "webauthn", "webauthn.", ".create", "create", "get", "Webauthn.create", "webauthn.Create",
        "WEBAUTHN.GET", "webauthn.Get", "webauthn_create", "webauthn-get", "webauthn:create",
        "webauthn.creat", "webauthn.ge", "webauthn\\u3002create", "webauthn.cre\\u0430te", "payment.get",
        "payment.create", "navigator.id.getAssertion", "navigator.id.finishEnrollment",
        "webauthn.create,webauthn.get", "public-key", "null" };

static void expand(const char *pattern, const char *right, char *ret, size_t capacity)
{
        writer w = writer_over((uint8_t *)ret, capacity);
        write_u8(&w, '"');
        for (; *pattern; pattern++)
                if (*pattern == '@')
                        write_slice(&w, slice_text(right));
                else
                        write_u8(&w, (uint8_t)*pattern);
        write_u8(&w, '"');
        write_u8(&w, 0);
        assert_false(w.overflowed);
}

static void a_type_is_compared_byte_by_byte(void **state)
{
        (void)state;
        for (int kind = 0; kind < CEREMONIES; kind++) {
                struct run run = fresh();
                char type[128];
                for (size_t i = 0; i < COUNT(foreign_types) + 1; i++) {
                        expand(i < COUNT(foreign_types) ? foreign_types[i] : right_types[!kind],
                                right_types[kind], type, sizeof type);
                        verify_members(&run, kind, type, NULL, NULL, NULL);
                        check(&run, type, kind_names[kind],
                                (struct refusal){ MITOME_E_CLIENT_DATA_TYPE, "clientDataJSON.type",
                                        step_clauses[kind][TYPE] });
                }
        }
}

static const struct {
        const char *pattern;
        mitome_code code;
        enum step step;
} foreign_challenges[] = {
        { "", MITOME_E_CHALLENGE_MISMATCH, CHALLENGE },
        { "AA", MITOME_E_CHALLENGE_MISMATCH, CHALLENGE },
        { "@A", MITOME_E_CHALLENGE_MISMATCH, CHALLENGE }, /* a byte more */
        { "AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09", MITOME_E_BASE64URL, PARSE },
        { "AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM0w", MITOME_E_CHALLENGE_MISMATCH, CHALLENGE },
        { "aQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09o", MITOME_E_CHALLENGE_MISMATCH, CHALLENGE },
        { "AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09p", MITOME_E_BASE64URL, PARSE }, /* loose bits */
        { "AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09q", MITOME_E_BASE64URL, PARSE },
        { "@=", MITOME_E_BASE64URL, PARSE },
        { "@==", MITOME_E_BASE64URL, PARSE },
        { " @", MITOME_E_BASE64URL, PARSE },
        { "@ ", MITOME_E_BASE64URL, PARSE },
        { "@\\n", MITOME_E_BASE64URL, PARSE },
        { "@\\u0000", MITOME_E_BASE64URL, PARSE },
        { "\\u0041QgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09o", MITOME_E_BASE64URL, PARSE },
        { "AQ+P", MITOME_E_BASE64URL, PARSE }, /* the other alphabet (RFC 4648, 4) */
        { "AQ/P", MITOME_E_BASE64URL, PARSE },
        { "=", MITOME_E_BASE64URL, PARSE },
        { "A", MITOME_E_BASE64URL, PARSE },
        { "AQ\xC3\xA4\x41", MITOME_E_BASE64URL, PARSE },
        { "@.@", MITOME_E_BASE64URL, PARSE },
};

static void a_challenge_has_one_text(void **state)
{
        (void)state;
        for (int kind = 0; kind < CEREMONIES; kind++)
                for (size_t i = 0; i < COUNT(foreign_challenges); i++) {
                        struct run run = fresh();
                        char challenge[160];
                        expand(foreign_challenges[i].pattern, right_challenge, challenge, sizeof challenge);
                        verify_members(&run, kind, NULL, challenge, NULL, NULL);
                        check(&run, challenge, kind_names[kind],
                                (struct refusal){ foreign_challenges[i].code, "clientDataJSON.challenge",
                                        step_clauses[kind][foreign_challenges[i].step] });
                }
}

/* Members of other types, or none. */
static void members_have_their_types(void **state)
{
        (void)state;
        static const char *const values[] = { "1", "-1", "0.5", "true", "false", "null", "[]", "{}",
                "[\"webauthn.create\"]", "{\"x\":\"https://example.org\"}" };
        static const char *const fields[] = { "clientDataJSON.type", "clientDataJSON.challenge",
                "clientDataJSON.origin" };
        for (int kind = 0; kind < CEREMONIES; kind++)
                for (size_t i = 0; i < COUNT(values); i++)
                        for (size_t f = 0; f < COUNT(fields); f++) {
                                struct run run = fresh();
                                verify_members(&run, kind, f == 0 ? values[i] : NULL,
                                        f == 1 ? values[i] : NULL, f == 2 ? values[i] : NULL, NULL);
                                check(&run, values[i], fields[f],
                                        (struct refusal){
                                                MITOME_E_JSON_TYPE, fields[f], step_clauses[kind][PARSE] });
                        }
}

#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

/* Further members, behind those that are right. */
static const struct {
        const char *members;
        mitome_code code;
        const char *field;
        enum step step;
} member_cases[] = {
        { ",\"crossOrigin\":false", MITOME_OK, NULL, PARSE },
        { ",\"CrossOrigin\":true", MITOME_OK, NULL, PARSE }, /* a name of nobody's */
        { ",\"crossOrigin \":true", MITOME_OK, NULL, PARSE },
        { ",\"crossOrigin\":true", MITOME_E_CROSS_ORIGIN, "clientDataJSON.crossOrigin", CROSS },
        { ",\"cross\\u004frigin\":true", MITOME_E_CROSS_ORIGIN, "clientDataJSON.crossOrigin", CROSS },
        { ",\"\\u0063rossOrigin\" : true", MITOME_E_CROSS_ORIGIN, "clientDataJSON.crossOrigin", CROSS },
        { ",\"crossOrigin\":\"false\"", MITOME_E_JSON_TYPE, "clientDataJSON.crossOrigin", PARSE },
        { ",\"crossOrigin\":0", MITOME_E_JSON_TYPE, "clientDataJSON.crossOrigin", PARSE },
        { ",\"crossOrigin\":null", MITOME_E_JSON_TYPE, "clientDataJSON.crossOrigin", PARSE },
        { ",\"crossOrigin\":[]", MITOME_E_JSON_TYPE, "clientDataJSON.crossOrigin", PARSE },
        { ",\"crossOrigin\":fals", MITOME_E_JSON_SYNTAX, "clientDataJSON.crossOrigin", PARSE },
        { ",\"crossOrigin\":falsee", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\"crossOrigin\":False", MITOME_E_JSON_SYNTAX, "clientDataJSON.crossOrigin", PARSE },
        { ",\"topOrigin\":\"https://example.org\"", MITOME_E_TOP_ORIGIN, "clientDataJSON.topOrigin", TOP },
        { ",\"topOrigin\":\"\"", MITOME_E_TOP_ORIGIN, "clientDataJSON.topOrigin", TOP },
        { ",\"top\\u004frigin\":\"\"", MITOME_E_TOP_ORIGIN, "clientDataJSON.topOrigin", TOP },
        { ",\"topOrigin\":null", MITOME_E_JSON_TYPE, "clientDataJSON.topOrigin", PARSE },
        { ",\"topOrigin\":false", MITOME_E_JSON_TYPE, "clientDataJSON.topOrigin", PARSE },
        { ",\"topOrigin\":[\"https://example.org\"]", MITOME_E_JSON_TYPE, "clientDataJSON.topOrigin", PARSE },
        /* twice, RFC 8259, 4 */
        { ",\"type\":\"webauthn.create\"", MITOME_E_JSON_DUPLICATE_NAME, "clientDataJSON", PARSE },
        { ",\"\\u0074ype\":\"webauthn.create\"", MITOME_E_JSON_DUPLICATE_NAME, "clientDataJSON", PARSE },
        { ",\"origin\":\"https://example.org\"", MITOME_E_JSON_DUPLICATE_NAME, "clientDataJSON", PARSE },
        { ",\"or\\u0069gin\":\"https://evil.example\"", MITOME_E_JSON_DUPLICATE_NAME, "clientDataJSON",
                PARSE },
        { ",\"\\u006f\\u0072\\u0069\\u0067\\u0069\\u006e\":1", MITOME_E_JSON_DUPLICATE_NAME, "clientDataJSON",
                PARSE },
        { ",\"challenge\":\"\"", MITOME_E_JSON_DUPLICATE_NAME, "clientDataJSON", PARSE },
        { ",\"challen\\u0067e\":null", MITOME_E_JSON_DUPLICATE_NAME, "clientDataJSON", PARSE },
        { ",\"crossOrigin\":false,\"crossOrigin\":false", MITOME_E_JSON_DUPLICATE_NAME, "clientDataJSON",
                PARSE },
        { ",\"x\":1,\"\\u0078\":1", MITOME_E_JSON_DUPLICATE_NAME, "clientDataJSON", PARSE },
        { ",\"\":1,\"\":1", MITOME_E_JSON_DUPLICATE_NAME, "clientDataJSON", PARSE },
        { ",\"\xC3\xA4\":1,\"\\u00e4\":1", MITOME_E_JSON_DUPLICATE_NAME, "clientDataJSON", PARSE },
        { ",\"\\ud83d\\ude00\":1,\"\xF0\x9F\x98\x80\":1", MITOME_E_JSON_DUPLICATE_NAME, "clientDataJSON",
                PARSE },
        { ",\"\\/\":1,\"/\":1", MITOME_E_JSON_DUPLICATE_NAME, "clientDataJSON", PARSE },
        { ",\"x\":{\"a\":1,\"a\":2}", MITOME_E_JSON_DUPLICATE_NAME, "clientDataJSON", PARSE },
        { ",\"x\":[[{\"a\":1,\"\\u0061\":2}]]", MITOME_E_JSON_DUPLICATE_NAME, "clientDataJSON", PARSE },
        { ",\"\\u0000\":1,\"\":1", MITOME_OK, NULL, PARSE }, /* two names */
        { ",\"a\\u0000\":1,\"a\\u0000b\":1,\"a\":1", MITOME_OK, NULL, PARSE },
        { ",\"Type\":1,\"TYPE\":2", MITOME_OK, NULL, PARSE },
        { ",\"type\\u0000\":\"webauthn.get\"", MITOME_OK, NULL, PARSE },
        /* grammar, RFC 8259 */
        { ",", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",,\"x\":1", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\"x\"", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\"x\":", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\"x\":1,", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\"x\" 1", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",x:1", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",'x':1", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",1:1", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",null:1", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\"x\":'y'", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\"x\":01", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\"x\":-", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\"x\":+1", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\"x\":1.", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\"x\":.5", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\"x\":1e", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\"x\":0x10", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\"x\":NaN", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\"x\":Infinity", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\"x\":undefined", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\"x\":nul", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\"x\":nulll", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\"x\":[1,]", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\"x\":[1 2]", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\"x\":[}", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\"x\":{]", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { "/**/", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\"x\":1//", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\"x\":\"\\x41\"", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\"x\":\"\\u12\"", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\"x\":\"\\u12g4\"", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\"x\":\"\\U0041\"", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\"x\":\"\\'\"", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\"x\":\"\t\"", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\"x\":\"\n\"", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\"x\":\"\x01\"", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\"x\":\"\x1F\"", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\f\"x\":1", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE }, /* no white space of JSON's */
        { ",\v\"x\":1", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\xC2\xA0\"x\":1", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\xEF\xBB\xBF\"x\":1", MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE },
        { ",\"x\":\"\x7F\"", MITOME_OK, NULL, PARSE },
        { ",\"x\":-0.0e-0", MITOME_OK, NULL, PARSE },
        { ",\"x\":1E400", MITOME_OK, NULL, PARSE },
        { ",\"x\":" HUNDRED "1" HUNDRED, MITOME_E_JSON_SYNTAX, "clientDataJSON", PARSE }, /* a zero before */
        { ",\"x\":1" HUNDRED HUNDRED HUNDRED, MITOME_OK, NULL, PARSE },
        { " \t\r\n,\r\n\t \"x\" \r\n: \t[ ]\n", MITOME_OK, NULL, PARSE },
        /* surrogates and UTF-8, RFC 8259, 8 */
        { ",\"x\":\"\\ud800\"", MITOME_E_JSON_SURROGATE, "clientDataJSON", PARSE },
        { ",\"x\":\"\\udc00\"", MITOME_E_JSON_SURROGATE, "clientDataJSON", PARSE },
        { ",\"x\":\"\\udc00\\ud800\"", MITOME_E_JSON_SURROGATE, "clientDataJSON", PARSE },
        { ",\"x\":\"\\ud800\\ud800\"", MITOME_E_JSON_SURROGATE, "clientDataJSON", PARSE },
        { ",\"x\":\"\\ud800x\"", MITOME_E_JSON_SURROGATE, "clientDataJSON", PARSE },
        { ",\"\\ud800\":1", MITOME_E_JSON_SURROGATE, "clientDataJSON", PARSE },
        { ",\"x\":\"\\ud83d\\ude00\"", MITOME_OK, NULL, PARSE },
        { ",\"x\":\"\x80\"", MITOME_E_UTF8, "clientDataJSON", PARSE },
        { ",\"x\":\"\xC0\x80\"", MITOME_E_UTF8, "clientDataJSON", PARSE },
        { ",\"x\":\"\xC1\xBF\"", MITOME_E_UTF8, "clientDataJSON", PARSE },
        { ",\"x\":\"\xE0\x80\x80\"", MITOME_E_UTF8, "clientDataJSON", PARSE },
        { ",\"x\":\"\xED\xA0\x80\"", MITOME_E_UTF8, "clientDataJSON", PARSE },
        { ",\"x\":\"\xED\xBF\xBF\"", MITOME_E_UTF8, "clientDataJSON", PARSE },
        { ",\"x\":\"\xF0\x80\x80\x80\"", MITOME_E_UTF8, "clientDataJSON", PARSE },
        { ",\"x\":\"\xF4\x90\x80\x80\"", MITOME_E_UTF8, "clientDataJSON", PARSE },
        { ",\"x\":\"\xF5\x80\x80\x80\"", MITOME_E_UTF8, "clientDataJSON", PARSE },
        { ",\"x\":\"\xFE\xFF\"", MITOME_E_UTF8, "clientDataJSON", PARSE },
        { ",\"x\":\"\xE3\x81\"", MITOME_E_UTF8, "clientDataJSON", PARSE },
        { ",\"\xC0\xAF\":1", MITOME_E_UTF8, "clientDataJSON", PARSE },
        /* depth: JSON_DEPTH is 16, the object is the first */
        { ",\"x\":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]", MITOME_OK, NULL, PARSE },
        { ",\"x\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]", MITOME_E_DEPTH, "clientDataJSON", PARSE },
        { ",\"x\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", MITOME_E_DEPTH, "clientDataJSON", PARSE },
        { ",\"x\":{\"\":{\"\":{\"\":{\"\":{\"\":{\"\":{\"\":{\"\":{\"\":{\"\":{\"\":{\"\":{\"\":{\"\":{\"\":{",
                MITOME_E_DEPTH, "clientDataJSON", PARSE },
};

static void further_members_change_nothing_or_are_refused(void **state)
{
        (void)state;
        for (int kind = 0; kind < CEREMONIES; kind++)
                for (size_t i = 0; i < COUNT(member_cases); i++) {
                        struct run run = fresh();
                        const bool right = member_cases[i].code == MITOME_OK;
                        verify_members(&run, kind, NULL, NULL, NULL, member_cases[i].members);
                        check(&run, member_cases[i].members, kind_names[kind],
                                (struct refusal){ member_cases[i].code, member_cases[i].field,
                                        right ? NULL : step_clauses[kind][member_cases[i].step] });
                }
}

/* JSON_NAMES is 64: three are there. */
static void members_have_a_limit(void **state)
{
        (void)state;
        char members[1024] = "";
        struct run run = fresh();
        for (int i = 0; i < 62; i++) {
                const struct refusal too_many = { MITOME_E_TOO_MANY, "clientDataJSON",
                        step_clauses[CREATE][PARSE] };
                snprintf(members + strlen(members), 16, ",\"n%d\":0", i);
                if (i >= 59) {
                        verify_members(&run, CREATE, NULL, NULL, NULL, members);
                        check(&run, "members", members, i <= 60 ? fine : too_many);
                }
        }
}

#define BYTES(text) text, sizeof(text) - 1

/* In place of the whole text, or around the right one where @ stands. */
static const struct {
        const char *bytes;
        size_t size;
        mitome_code code;
        const char *field;
} whole_texts[] = {
        { BYTES("@"), MITOME_OK, NULL },
        { BYTES("\xEF\xBB\xBF@"), MITOME_OK, NULL }, /* 7.1 #5: UTF-8 decode takes a mark away */
        { BYTES("\r\n\t @\r\n\t "), MITOME_OK, NULL },
        { BYTES("\xEF\xBB\xBF\xEF\xBB\xBF@"), MITOME_E_JSON_SYNTAX, "clientDataJSON" }, /* one mark */
        { BYTES(" \xEF\xBB\xBF@"), MITOME_E_JSON_SYNTAX, "clientDataJSON" },
        { BYTES("@\xEF\xBB\xBF"), MITOME_E_TRAILING_BYTES, "clientDataJSON" },
        { BYTES("\xEF\xBB@"), MITOME_E_JSON_SYNTAX, "clientDataJSON" },
        { BYTES("\xEF\xBB\xBF"), MITOME_E_INPUT_ENDS, "clientDataJSON" },
        { BYTES("\xFE\xFF@"), MITOME_E_JSON_SYNTAX, "clientDataJSON" }, /* UTF-16 and UTF-32 */
        { BYTES("\xFF\xFE@"), MITOME_E_JSON_SYNTAX, "clientDataJSON" },
        { BYTES("\x00\x00\xFE\xFF@"), MITOME_E_JSON_SYNTAX, "clientDataJSON" },
        { BYTES("{\0\"\0t\0y\0p\0e\0\"\0:\0\"\0\"\0}\0"), MITOME_E_JSON_SYNTAX, "clientDataJSON" },
        { BYTES("\0{\0\"\0t\0y\0p\0e\0\"\0:\0\"\0\"\0}"), MITOME_E_JSON_SYNTAX, "clientDataJSON" },
        { BYTES("+AHs-"), MITOME_E_JSON_SYNTAX, "clientDataJSON" }, /* UTF-7 */
        { BYTES("@\0"), MITOME_E_TRAILING_BYTES, "clientDataJSON" },
        { BYTES("\0@"), MITOME_E_JSON_SYNTAX, "clientDataJSON" },
        { BYTES("@@"), MITOME_E_TRAILING_BYTES, "clientDataJSON" },
        { BYTES("@,@"), MITOME_E_TRAILING_BYTES, "clientDataJSON" },
        { BYTES("@}"), MITOME_E_TRAILING_BYTES, "clientDataJSON" },
        { BYTES("@x"), MITOME_E_TRAILING_BYTES, "clientDataJSON" },
        { BYTES("@//"), MITOME_E_TRAILING_BYTES, "clientDataJSON" },
        { BYTES("[@]"), MITOME_E_JSON_TYPE, "clientDataJSON" },
        { BYTES("(@)"), MITOME_E_JSON_SYNTAX, "clientDataJSON" },
        { BYTES("{\"x\":@}"), MITOME_E_MISSING, "clientDataJSON.type" },
        { BYTES("x@"), MITOME_E_JSON_SYNTAX, "clientDataJSON" },
        { BYTES(")]}'\n@"), MITOME_E_JSON_SYNTAX, "clientDataJSON" },
        { BYTES(""), MITOME_E_INPUT_ENDS, "clientDataJSON" },
        { BYTES(" "), MITOME_E_INPUT_ENDS, "clientDataJSON" },
        { BYTES("null"), MITOME_E_JSON_TYPE, "clientDataJSON" },
        { BYTES("true"), MITOME_E_JSON_TYPE, "clientDataJSON" },
        { BYTES("0"), MITOME_E_JSON_TYPE, "clientDataJSON" },
        { BYTES("\"{}\""), MITOME_E_JSON_TYPE, "clientDataJSON" },
        { BYTES("[]"), MITOME_E_JSON_TYPE, "clientDataJSON" },
        { BYTES("{"), MITOME_E_INPUT_ENDS, "clientDataJSON" },
        { BYTES("{}"), MITOME_E_MISSING, "clientDataJSON.type" },
        { BYTES("{\"type\":\"webauthn.create\"}"), MITOME_E_MISSING, "clientDataJSON.challenge" },
        { BYTES("{\"type\":\"webauthn.create\",\"challenge\":\"AA\"}"), MITOME_E_MISSING,
                "clientDataJSON.origin" },
        { BYTES("{\"type\":\"webauthn.create\",\"challenge\":\"AA\",\"Origin\":\"https://example.org\"}"),
                MITOME_E_MISSING, "clientDataJSON.origin" },
};

static void client_data_is_one_object_in_utf8(void **state)
{
        (void)state;
        for (int kind = 0; kind < CEREMONIES; kind++)
                for (size_t i = 0; i < COUNT(whole_texts); i++) {
                        uint8_t text[1024];
                        char right[256];
                        writer w = WRITER(text);
                        struct run run = fresh();
                        snprintf(right, sizeof right,
                                "{\"type\":\"%s\",\"challenge\":\"%s\",\"origin\":\"https://example.org\"}",
                                right_types[kind], right_challenge);
                        for (size_t at = 0; at < whole_texts[i].size; at++)
                                if (whole_texts[i].bytes[at] == '@')
                                        write_slice(&w, slice_text(right));
                                else
                                        write_u8(&w, (uint8_t)whole_texts[i].bytes[at]);
                        verify_client_data(&run, kind, writer_view(&w));
                        check(&run, whole_texts[i].bytes, kind_names[kind],
                                (struct refusal){ whole_texts[i].code, whole_texts[i].field,
                                        whole_texts[i].code ? step_clauses[kind][PARSE] : NULL });
                }
}

/* ---- the JSON of the response ---- */

enum { ANY = 3, ONLY_CREATE = 1, ONLY_GET = 2 };

static const struct {
        const char *find, *replace;
        mitome_code code;
        const char *field;
        int kinds;
        bool extensions; /* 9.4, not 5.1 */
} json_edits[] = {
        { "{", " \t\r\n{", MITOME_OK, NULL, ANY },
        { "{", "\xEF\xBB\xBF{", MITOME_E_JSON_SYNTAX, "response JSON", ANY },
        { "{", "[{", MITOME_E_JSON_TYPE, "response JSON", ANY },
        { "{", "{\"x\":1,", MITOME_OK, NULL, ANY },
        { "{", "{\"x\":1,\"x\":1,", MITOME_E_JSON_DUPLICATE_NAME, "response JSON", ANY },
        { "{", "{,", MITOME_E_JSON_SYNTAX, "response JSON", ANY },
        { "\"id\"", "\"Id\"", MITOME_E_MISSING, "id", ANY },
        { "\"id\"", "\"\\u0069d\"", MITOME_OK, NULL, ANY },
        { "\"id\"", "\"id\":null,\"x\"", MITOME_E_JSON_TYPE, "id", ANY },
        { "\"id\"", "\"id\":1,\"x\"", MITOME_E_JSON_TYPE, "id", ANY },
        { "\"id\"", "\"id\":\"\",\"x\"", MITOME_E_CREDENTIAL_ID_MISMATCH, "id", ANY },
        { "\"id\"", "\"id\":\"AA\",\"x\"", MITOME_E_CREDENTIAL_ID_MISMATCH, "id", ANY },
        { "\"id\"", "\"id\":\"AA\",\"id\"", MITOME_E_JSON_DUPLICATE_NAME, "response JSON", ANY },
        { "\"id\":\"", "\"id\":\" ", MITOME_E_BASE64URL, "id", ANY },
        { "\"id\":\"", "\"id\":\"=", MITOME_E_BASE64URL, "id", ANY },
        { "\"id\":\"w", "\"id\":\"\\u0077", MITOME_E_BASE64URL, "id", ANY },
        { "\"rawId\"", "\"rawid\"", MITOME_E_MISSING, "rawId", ANY },
        { "\"rawId\"", "\"rawId\":\"\",\"x\"", MITOME_E_CREDENTIAL_ID_MISMATCH, "id", ANY },
        { "\"rawId\"", "\"rawId\":[],\"x\"", MITOME_E_JSON_TYPE, "rawId", ANY },
        { "\"rawId\"", "\"rawId\":\"AA\",\"raw\\u0049d\"", MITOME_E_JSON_DUPLICATE_NAME, "response JSON",
                ANY },
        { "\"rawId\":\"w", "\"rawId\":\"x", MITOME_E_CREDENTIAL_ID_MISMATCH, "id", ANY },
        { "\"rawId\":\"", "\"rawId\":\"+", MITOME_E_BASE64URL, "rawId", ANY },
        { "\"type\":\"public-key\"", "\"type\":\"Public-Key\"", MITOME_E_VALUE, "type", ANY },
        { "\"type\":\"public-key\"", "\"type\":\"public-key \"", MITOME_E_VALUE, "type", ANY },
        { "\"type\":\"public-key\"", "\"type\":\"public-key\\u0000\"", MITOME_E_VALUE, "type", ANY },
        { "\"type\":\"public-key\"", "\"type\":\"\"", MITOME_E_VALUE, "type", ANY },
        { "\"type\":\"public-key\"", "\"type\":null", MITOME_E_JSON_TYPE, "type", ANY },
        { "\"type\":\"public-key\"", "\"type\":[\"public-key\"]", MITOME_E_JSON_TYPE, "type", ANY },
        { "\"type\":\"public-key\"", "\"x\":0", MITOME_E_MISSING, "type", ANY },
        { "\"type\":\"public-key\"", "\"type\":\"public\\u002dkey\"", MITOME_OK, NULL, ANY },
        { "\"type\":\"public-key\"", "\"type\":\"public-key\",\"typ\\u0065\":\"public-key\"",
                MITOME_E_JSON_DUPLICATE_NAME, "response JSON", ANY },
        { "\"type\":\"public-key\"", "\"type\":\"public-key\",", MITOME_E_JSON_SYNTAX, "response JSON", ANY },
        { "\"type\":\"public-key\"}", "\"type\":\"public-key\"", MITOME_E_INPUT_ENDS, "response JSON", ANY },
        { "\"type\":\"public-key\"}", "\"type\":\"public-key\"}}", MITOME_E_TRAILING_BYTES, "response JSON",
                ANY },
        { "\"response\"", "\"Response\"", MITOME_E_MISSING, "response", ANY },
        { "\"response\"", "\"response\":{},\"x\"", MITOME_E_MISSING, "response.clientDataJSON", ANY },
        { "\"response\"", "\"response\":null,\"x\"", MITOME_E_JSON_TYPE, "response", ANY },
        { "\"response\"", "\"response\":\"\",\"x\"", MITOME_E_JSON_TYPE, "response", ANY },
        { "\"response\"", "\"response\":[],\"x\"", MITOME_E_JSON_TYPE, "response", ANY },
        { "\"response\"", "\"x\":{},\"re\\u0073ponse\"", MITOME_OK, NULL, ANY },
        { "\"clientDataJSON\"", "\"clientDataJson\"", MITOME_E_MISSING, "response.clientDataJSON", ANY },
        { "\"clientDataJSON\"", "\"clientDataJSON\":null,\"x\"", MITOME_E_JSON_TYPE,
                "response.clientDataJSON", ANY },
        { "\"clientDataJSON\"", "\"clientDataJSON\":{},\"x\"", MITOME_E_JSON_TYPE, "response.clientDataJSON",
                ANY },
        { "\"clientDataJSON\"", "\"clientDataJSON\":\"e30\",\"clientDataJSON\"", MITOME_E_JSON_DUPLICATE_NAME,
                "response", ANY },
        { "\"clientDataJSON\"", "\"clientDataJSON\":\"e30\",\"client\\u0044ataJSON\"",
                MITOME_E_JSON_DUPLICATE_NAME, "response", ANY },
        { "\"clientDataJSON\":\"", "\"clientDataJSON\":\"=", MITOME_E_BASE64URL, "response.clientDataJSON",
                ANY },
        { "\"clientDataJSON\":\"", "\"clientDataJSON\":\"\\u0065", MITOME_E_BASE64URL,
                "response.clientDataJSON", ANY },
        { "\"attestationObject\"", "\"attestationobject\"", MITOME_E_MISSING, "response.attestationObject",
                ONLY_CREATE },
        { "\"attestationObject\"", "\"attestationObject\":7,\"x\"", MITOME_E_JSON_TYPE,
                "response.attestationObject", ONLY_CREATE },
        { "\"attestationObject\":\"", "\"attestationObject\":\"/", MITOME_E_BASE64URL,
                "response.attestationObject", ONLY_CREATE },
        { "\"attestationObject\"", "\"authenticatorData\":\"AA\",\"signature\":\"AA\",\"attestationObject\"",
                MITOME_OK, NULL, ONLY_CREATE },
        { "\"authenticatorData\"", "\"authData\"", MITOME_E_MISSING, "response.authenticatorData", ONLY_GET },
        { "\"authenticatorData\"", "\"authenticatorData\":null,\"x\"", MITOME_E_JSON_TYPE,
                "response.authenticatorData", ONLY_GET },
        { "\"authenticatorData\":\"", "\"authenticatorData\":\"~", MITOME_E_BASE64URL,
                "response.authenticatorData", ONLY_GET },
        { "\"signature\"", "\"sig\"", MITOME_E_MISSING, "response.signature", ONLY_GET },
        { "\"signature\"", "\"signature\":[],\"x\"", MITOME_E_JSON_TYPE, "response.signature", ONLY_GET },
        { "\"signature\"", "\"signature\":\"\",\"signatur\\u0065\"", MITOME_E_JSON_DUPLICATE_NAME, "response",
                ONLY_GET },
        { "\"signature\":\"", "\"signature\":\".", MITOME_E_BASE64URL, "response.signature", ONLY_GET },
        { "\"signature\"", "\"userHandle\":null,\"signature\"", MITOME_OK, NULL, ONLY_GET },
        { "\"signature\"", "\"userHandle\":\"dXNlcg\",\"signature\"", MITOME_OK, NULL, ONLY_GET },
        { "\"signature\"", "\"userHandle\":true,\"signature\"", MITOME_E_JSON_TYPE, "response.userHandle",
                ONLY_GET },
        { "\"signature\"", "\"userHandle\":\"dXNlcg==\",\"signature\"", MITOME_E_BASE64URL,
                "response.userHandle", ONLY_GET },
        { "\"signature\"", "\"userHandle\":null,\"userHandle\":null,\"signature\"",
                MITOME_E_JSON_DUPLICATE_NAME, "response", ONLY_GET },
        /* extension results: another type counts as absent, what is no JSON is refused */
        { "\"clientExtensionResults\":{}", "\"x\":0", MITOME_OK, NULL, ANY },
        { "\"clientExtensionResults\":{}", "\"clientExtensionResults\":null", MITOME_OK, NULL, ANY },
        { "\"clientExtensionResults\":{}", "\"clientExtensionResults\":[]", MITOME_E_JSON_TYPE,
                "clientExtensionResults", ANY, true },
        { "\"clientExtensionResults\":{}", "\"clientExtensionResults\":\"{}\"", MITOME_E_JSON_TYPE,
                "clientExtensionResults", ANY, true },
        { "\"clientExtensionResults\":{}", "\"clientExtensionResults\":0", MITOME_E_JSON_TYPE,
                "clientExtensionResults", ANY, true },
        { "\"clientExtensionResults\":{}", "\"clientExtensionResults\":{\"appid\":\"true\",\"credProps\":[]}",
                MITOME_OK, NULL, ANY },
        { "\"clientExtensionResults\":{}", "\"clientExtensionResults\":{\"credProps\":{\"rk\":1}}", MITOME_OK,
                NULL, ANY },
        { "\"clientExtensionResults\":{}",
                "\"clientExtensionResults\":{\"prf\":{\"results\":{\"first\":\"=\"}}}", MITOME_OK, NULL,
                ANY },
        { "\"clientExtensionResults\":{}", "\"clientExtensionResults\":{\"a\":1,\"\\u0061\":1}",
                MITOME_E_JSON_DUPLICATE_NAME, "clientExtensionResults", ANY },
        { "\"clientExtensionResults\":{}", "\"clientExtensionResults\":{\"prf\":{\"a\":1,\"a\":1}}",
                MITOME_E_JSON_DUPLICATE_NAME, "clientExtensionResults", ANY },
        { "\"clientExtensionResults\":{}", "\"clientExtensionResults\":{},\"clientExtensionResults\":{}",
                MITOME_E_JSON_DUPLICATE_NAME, "response JSON", ANY },
        { "\"clientExtensionResults\":{}", "\"clientExtensionResults\":{\"a\":tru}", MITOME_E_JSON_SYNTAX,
                "clientExtensionResults", ANY },
        { "\"clientExtensionResults\":{}", "\"clientExtensionResults\":{\"a\":\"\xFF\"}", MITOME_E_UTF8,
                "clientExtensionResults", ANY },
};

static slice replace_once(slice text, const char *find, const char *with, uint8_t *to, size_t capacity)
{
        const uint8_t *at = memmem(text.data, text.size, find, strlen(find));
        writer w = writer_over(to, capacity);
        assert_non_null(at);
        const size_t before = (size_t)(at - text.data), behind = before + strlen(find);
        write_slice(&w, slice_of(text.data, before));
        write_slice(&w, slice_text(with));
        write_slice(&w, slice_of(text.data + behind, text.size - behind));
        assert_false(w.overflowed);
        return writer_view(&w);
}

static void a_response_is_as_the_specification_writes_it(void **state)
{
        (void)state;
        for (int kind = 0; kind < CEREMONIES; kind++) {
                const struct rig_plan plan = plan_of(kind);
                rig_build(rig, &plan, &built);
                for (size_t i = 0; i < COUNT(json_edits); i++) {
                        static uint8_t edited[32768];
                        struct run run = fresh();
                        if (!(json_edits[i].kinds & 1 << kind))
                                continue;
                        (void)verify(&run, kind,
                                replace_once(rig_json(&built), json_edits[i].find, json_edits[i].replace,
                                        edited, sizeof edited));
                        check(&run, json_edits[i].replace, kind_names[kind],
                                (struct refusal){ json_edits[i].code, json_edits[i].field,
                                        !json_edits[i].code        ? NULL
                                        : json_edits[i].extensions ? "WebAuthn L3 9.4"
                                                                   : "WebAuthn L3 5.1" });
                }
        }
}

/* ---- authenticator data ---- */

/* Writes hexadecimal with letters for what a ceremony has: H rpIdHash, G AAGUID, I the credential ID, X and Y
 * the point, K the whole key, Z and O 32 bytes of zeros and of ones. */
static slice write_pattern(const char *pattern, const struct rig_response *of, uint8_t *to, size_t capacity)
{
        static const uint8_t zeros[32];
        uint8_t hash[32], ones[32];
        char digits[3] = "";
        const slice rp_id = slice_text("example.org"), key = slice_of(of->public_key, of->public_key_size);
        const struct rig_plan plan = rig_registration_plan();
        writer w = writer_over(to, capacity);
        sha256(&rp_id, 1, hash);
        memset(ones, 0xFF, sizeof ones);
        for (; *pattern; pattern++) {
                const struct {
                        char letter;
                        slice bytes;
                } known[] = { { 'H', SLICE(hash) }, { 'G', SLICE(plan.aaguid) },
                        { 'I', SLICE(rig->credential_id) }, { 'X', slice_of(key.data + 10, 32) },
                        { 'Y', slice_of(key.data + 45, 32) }, { 'K', key }, { 'Z', SLICE(zeros) },
                        { 'O', SLICE(ones) }, { ' ', slice_of(NULL, 0) } };
                size_t i = 0;
                while (i < COUNT(known) && known[i].letter != *pattern)
                        i++;
                if (i < COUNT(known)) {
                        write_slice(&w, known[i].bytes);
                        continue;
                }
                uint8_t byte[1];
                digits[0] = *pattern++;
                digits[1] = *pattern;
                write_slice(&w, hex_decode(digits, byte, sizeof byte));
        }
        assert_false(w.overflowed);
        return writer_view(&w);
}

static void verify_auth_data(
        struct run *run, enum ceremony_kind kind, const char *before, const char *pattern)
{
        const struct rig_plan plan = plan_of(kind);
        char whole[1024];
        rig_build(rig, &plan, &built);
        snprintf(whole, sizeof whole, "%s%s", before, pattern);
        built.auth_data_size = write_pattern(whole, &built, built.auth_data, sizeof built.auth_data).size;
        rig_seal(rig, &plan, &built);
        run->record = rig_record(rig, &built);
        (void)verify(run, kind, rig_json(&built));
}

#define KEY_FIELD "attestedCredentialData.credentialPublicKey"
#define ID_FIELD "attestedCredentialData.credentialIdLength"
#define POINT "20 01 21 5820 X 22 5820 Y"

struct pattern_case {
        const char *pattern;
        mitome_code code;
        const char *field;
};

/* CTAP2 canonical CBOR (6.5.6: the key "MUST be in CTAP2 canonical CBOR encoding form"), RFC 9053, WebAuthn
 * L3 5.8.5
 * ("MUST NOT contain any other optional parameters"). */
static const struct pattern_case key_cases[] = {
        { "A5 01 02 03 26" POINT, MITOME_OK, NULL },
        { "A5 01 02 03 28" POINT, MITOME_OK, NULL }, /* ESP256 */
        /* order */
        { "A5 03 26 01 02" POINT, MITOME_E_KEY_TYPE, KEY_FIELD },
        { "A5 01 02 20 01 03 26 21 5820 X 22 5820 Y", MITOME_E_KEY_TYPE, KEY_FIELD },
        { "A5 01 02 03 26 21 5820 X 20 01 22 5820 Y", MITOME_E_KEY_TYPE, KEY_FIELD },
        { "A5 01 02 03 26 20 01 22 5820 Y 21 5820 X", MITOME_E_KEY_TYPE, KEY_FIELD },
        { "A5 20 01 21 5820 X 22 5820 Y 01 02 03 26", MITOME_E_KEY_TYPE, KEY_FIELD },
        /* twice */
        { "A6 01 02 01 02 03 26" POINT, MITOME_E_CBOR_DUPLICATE_KEY, KEY_FIELD },
        { "A3 01 02 01 02 03 26", MITOME_E_CBOR_DUPLICATE_KEY, KEY_FIELD },
        { "A5 01 02 03 26 20 01 20 01 21 5820 X", MITOME_E_CBOR_DUPLICATE_KEY, KEY_FIELD },
        { "A5 01 02 03 26 20 01 21 5820 X 21 5820 X", MITOME_E_CBOR_DUPLICATE_KEY, KEY_FIELD },
        { "A6 01 02 03 26 20 01 21 5820 X 22 5820 Y 22 5820 Y", MITOME_E_KEY_TYPE, KEY_FIELD }, /* too many */
        /* more, and fewer */
        { "A6 01 02 03 26" POINT "23 00", MITOME_E_KEY_TYPE, KEY_FIELD },
        { "A6 01 02 02 41 00 03 26" POINT, MITOME_E_KEY_TYPE, KEY_FIELD },   /* kid */
        { "A6 01 02 03 26 04 81 02" POINT, MITOME_E_KEY_TYPE, KEY_FIELD },   /* key_ops */
        { "A6 01 02 03 26" POINT "23 41 00", MITOME_E_KEY_TYPE, KEY_FIELD }, /* d, of a private key */
        { "A6 01 02 03 26" POINT "6161 00", MITOME_E_KEY_TYPE, KEY_FIELD },
        { "A4 01 02 03 26 20 01 21 5820 X", MITOME_E_KEY_TYPE, KEY_FIELD },
        { "A3 01 02 03 26 20 01", MITOME_E_KEY_TYPE, KEY_FIELD },
        { "A1 01 02", MITOME_E_KEY_TYPE, KEY_FIELD },
        { "A0", MITOME_E_KEY_TYPE, KEY_FIELD },
        { "A9 01 02 03 26" POINT "23 00 24 00 25 00 26 00", MITOME_E_TOO_MANY, KEY_FIELD },
        { "BB FFFFFFFFFFFFFFFF", MITOME_E_TOO_MANY, KEY_FIELD },
        { "BA 00FFFFFF", MITOME_E_TOO_MANY, KEY_FIELD },
        { "", MITOME_E_INPUT_ENDS, KEY_FIELD },
        /* no map */
        { "85 01 02 03 26 00", MITOME_E_CBOR_TYPE, KEY_FIELD },
        { "58 4D K", MITOME_E_CBOR_TYPE, KEY_FIELD }, /* COSE_Key in a byte string */
        { "F6", MITOME_E_CBOR_TYPE, KEY_FIELD },
        { "00", MITOME_E_CBOR_TYPE, KEY_FIELD },
        { "60", MITOME_E_CBOR_TYPE, KEY_FIELD },
        { "04 X Y", MITOME_E_CBOR_TYPE, KEY_FIELD }, /* as U2F has it */
        /* not canonical */
        { "B805 01 02 03 26" POINT, MITOME_E_CBOR_NOT_CANONICAL, KEY_FIELD },
        { "B90005 01 02 03 26" POINT, MITOME_E_CBOR_NOT_CANONICAL, KEY_FIELD },
        { "A5 1801 02 03 26" POINT, MITOME_E_CBOR_NOT_CANONICAL, KEY_FIELD },
        { "A5 01 1802 03 26" POINT, MITOME_E_CBOR_NOT_CANONICAL, KEY_FIELD },
        { "A5 01 02 03 3806" POINT, MITOME_E_CBOR_NOT_CANONICAL, KEY_FIELD },
        { "A5 01 02 03 390006" POINT, MITOME_E_CBOR_NOT_CANONICAL, KEY_FIELD },
        { "A5 01 02 03 26 3800 01 21 5820 X 22 5820 Y", MITOME_E_CBOR_NOT_CANONICAL, KEY_FIELD },
        { "A5 01 02 03 26 20 01 21 590020 X 22 5820 Y", MITOME_E_CBOR_NOT_CANONICAL, KEY_FIELD },
        { "A5 01 02 03 26 20 01 21 5820 X 22 5A00000020 Y", MITOME_E_CBOR_NOT_CANONICAL, KEY_FIELD },
        { "BF 01 02 03 26" POINT "FF", MITOME_E_CBOR_UNSUPPORTED, KEY_FIELD },
        { "A5 01 02 03 26 20 01 21 5F5820 X FF 22 5820 Y", MITOME_E_CBOR_UNSUPPORTED, KEY_FIELD },
        { "C0 A5 01 02 03 26" POINT, MITOME_E_CBOR_UNSUPPORTED, KEY_FIELD },
        { "D9D9F7 A5 01 02 03 26" POINT, MITOME_E_CBOR_UNSUPPORTED, KEY_FIELD },
        { "A5 01 C002 03 26" POINT, MITOME_E_CBOR_UNSUPPORTED, KEY_FIELD },
        { "A5 01 02 03 26 20 01 21 C25820 X 22 5820 Y", MITOME_E_CBOR_UNSUPPORTED, KEY_FIELD }, /* a bignum */
        { "A5 01 F94000 03 26" POINT, MITOME_E_CBOR_UNSUPPORTED, KEY_FIELD },
        { "A5 01 FA40000000 03 26" POINT, MITOME_E_CBOR_UNSUPPORTED, KEY_FIELD },
        { "A5 F93C00 02 03 26" POINT, MITOME_E_CBOR_UNSUPPORTED, KEY_FIELD },
        { "A5 01 F7 03 26" POINT, MITOME_E_CBOR_UNSUPPORTED, KEY_FIELD },
        { "A5 01 E2 03 26" POINT, MITOME_E_CBOR_UNSUPPORTED, KEY_FIELD },
        { "A5 01 1C 03 26" POINT, MITOME_E_CBOR_MALFORMED, KEY_FIELD },
        { "A5 01 FF 03 26" POINT, MITOME_E_CBOR_UNSUPPORTED, KEY_FIELD },
        { "BC", MITOME_E_CBOR_MALFORMED, KEY_FIELD },
        /* other types and other keys */
        { "A5 01 01 03 26" POINT, MITOME_E_KEY_TYPE, KEY_FIELD },
        { "A5 01 03 03 26" POINT, MITOME_E_KEY_TYPE, KEY_FIELD },
        { "A5 01 00 03 26" POINT, MITOME_E_KEY_TYPE, KEY_FIELD },
        { "A5 01 21 03 26" POINT, MITOME_E_KEY_TYPE, KEY_FIELD },
        { "A5 01 6132 03 26" POINT, MITOME_E_CBOR_TYPE, KEY_FIELD },
        { "A5 01 63454332 03 26" POINT, MITOME_E_CBOR_TYPE, KEY_FIELD },
        { "A5 01 02 03 655345323536" POINT, MITOME_E_CBOR_TYPE, KEY_FIELD },
        { "A5 01 02 03 4126" POINT, MITOME_E_CBOR_TYPE, KEY_FIELD },
        { "A5 01 02 03 3BFFFFFFFFFFFFFFFF" POINT, MITOME_E_VALUE, KEY_FIELD },
        { "A5 01 02 03 3B8000000000000006" POINT, MITOME_E_VALUE, KEY_FIELD },
        { "A5 01 02 03 3B0000000100000006" POINT, MITOME_E_ALGORITHM_UNSUPPORTED,
                KEY_FIELD }, /* not cut to 32 bits */
        { "A5 01 02 03 06" POINT, MITOME_E_ALGORITHM_UNSUPPORTED, KEY_FIELD },
        { "A5 01 02 03 00" POINT, MITOME_E_ALGORITHM_UNSUPPORTED, KEY_FIELD },
        { "A5 01 02 03 382D" POINT, MITOME_E_ALGORITHM_UNSUPPORTED, KEY_FIELD },
        { "A5 01 02 03 26 20 02 21 5820 X 22 5820 Y", MITOME_E_KEY_TYPE, KEY_FIELD },
        { "A5 01 02 03 26 20 03 21 5820 X 22 5820 Y", MITOME_E_KEY_TYPE, KEY_FIELD },
        { "A5 01 02 03 26 20 06 21 5820 X 22 5820 Y", MITOME_E_KEY_TYPE, KEY_FIELD },
        { "A5 01 02 03 26 20 08 21 5820 X 22 5820 Y", MITOME_E_KEY_TYPE, KEY_FIELD },
        { "A5 01 02 03 26 20 00 21 5820 X 22 5820 Y", MITOME_E_KEY_TYPE, KEY_FIELD },
        { "A5 01 02 03 26 20 65502D323536 21 5820 X 22 5820 Y", MITOME_E_CBOR_TYPE, KEY_FIELD },
        { "A5 01 02 03 382E 20 08 21 5820 X 22 5820 Y", MITOME_E_KEY_POINT, KEY_FIELD }, /* ES256K, whole */
        { "A5 01 02 03 3822" POINT, MITOME_E_KEY_TYPE, KEY_FIELD },                      /* ES384 */
        {
                "A4 01 01 03 27 20 06 21 5820 Z",
                MITOME_E_KEY_POINT,
                KEY_FIELD,
        },
        /* points */
        { "A5 01 02 03 26 20 01 21 5820 Y 22 5820 X", MITOME_E_KEY_POINT, KEY_FIELD },
        { "A5 01 02 03 26 20 01 21 5820 X 22 5820 X", MITOME_E_KEY_POINT, KEY_FIELD },
        { "A5 01 02 03 26 20 01 21 5820 Z 22 5820 Z", MITOME_E_KEY_POINT, KEY_FIELD },
        { "A5 01 02 03 26 20 01 21 5820 X 22 5820 Z", MITOME_E_KEY_POINT, KEY_FIELD },
        { "A5 01 02 03 26 20 01 21 5820 O 22 5820 O", MITOME_E_KEY_POINT, KEY_FIELD },
        { "A5 01 02 03 26 20 01 21 5821 00 X 22 5820 Y", MITOME_E_KEY_POINT, KEY_FIELD },
        { "A5 01 02 03 26 20 01 21 5820 X 22 5821 00 Y", MITOME_E_KEY_POINT, KEY_FIELD },
        { "A5 01 02 03 26 20 01 21 40 22 40", MITOME_E_KEY_POINT, KEY_FIELD },
        { "A5 01 02 03 26 20 01 21 5821 02 X 22 40", MITOME_E_KEY_POINT, KEY_FIELD },
        { "A5 01 02 03 26 20 01 21 5840 X Y 22 40", MITOME_E_KEY_POINT, KEY_FIELD },
        { "A5 01 02 03 26 20 01 21 5820 X 22 F5", MITOME_E_CBOR_TYPE,
                KEY_FIELD }, /* compressed, RFC 9053 7.1.1 */
        { "A5 01 02 03 26 20 01 21 5820 X 22 F4", MITOME_E_CBOR_TYPE, KEY_FIELD },
        { "A5 01 02 03 26 20 01 21 7820 Z 22 5820 Y", MITOME_E_CBOR_TYPE, KEY_FIELD },
        { "A5 01 02 03 26 20 01 21 5BFFFFFFFFFFFFFFFF X", MITOME_E_INPUT_ENDS, KEY_FIELD },
        { "A5 01 02 03 26 20 01 21 5A00FFFFFF X", MITOME_E_INPUT_ENDS, KEY_FIELD },
        { "A5 01 02 03 26 20 01 21 81 5820 X 22 5820 Y", MITOME_E_CBOR_TYPE, KEY_FIELD },
        /* RSA */
        { "A4 01 03 03 390100 20 5820 X 21 43010001", MITOME_E_KEY_WEAK, KEY_FIELD },
        { "A4 01 03 03 390100 20 40 21 40", MITOME_E_KEY_WEAK, KEY_FIELD },
        { "A4 01 03 03 26 20 5820 X 21 43010001", MITOME_E_KEY_TYPE, KEY_FIELD },
        { "A4 01 02 03 390100 20 5820 X 21 43010001", MITOME_E_KEY_TYPE, KEY_FIELD },
        /* behind it */
        { "K 00", MITOME_E_TRAILING_BYTES, "authData" },
        { "K A0", MITOME_E_TRAILING_BYTES, "authData" },
        { "K K", MITOME_E_TRAILING_BYTES, "authData" },
};

static void check_patterns(enum ceremony_kind kind, const char *before, const struct pattern_case *cases,
        size_t count, const char *clause)
{
        for (size_t i = 0; i < count; i++) {
                struct run run = fresh();
                verify_auth_data(&run, kind, before, cases[i].pattern);
                check(&run, cases[i].pattern, before,
                        cases[i].code ? (struct refusal){ cases[i].code, cases[i].field, clause } : fine);
        }
}

static void credential_keys_are_canonical(void **state)
{
        (void)state;
        check_patterns(CREATE, "H 45 00000001 G 0020 I", key_cases, COUNT(key_cases), "WebAuthn L3 6.1");
        /* The same in a login, where no step asks for attested data: what is there must be right all the
         * same. */
        check_patterns(GET, "H 45 00000007 G 0020 I", key_cases, COUNT(key_cases), "WebAuthn L3 6.1");
}

static const struct pattern_case id_cases[] = {
        { "0020 I K", MITOME_OK, NULL },
        { "0000 I K", MITOME_E_TOO_LONG, ID_FIELD },
        { "0000 K", MITOME_E_TOO_LONG, ID_FIELD },
        { "0400 I K", MITOME_E_TOO_LONG, ID_FIELD },
        { "0401 I K", MITOME_E_TOO_LONG, ID_FIELD },
        { "FFFF I K", MITOME_E_TOO_LONG, ID_FIELD },
        { "8020 I K", MITOME_E_TOO_LONG, ID_FIELD },
        { "2000 I K", MITOME_E_TOO_LONG, ID_FIELD }, /* the other byte order */
        { "03FF I K", MITOME_E_INPUT_ENDS, "attestedCredentialData.credentialId" },
        { "0021 I K", MITOME_E_CBOR_TYPE, KEY_FIELD },
        { "001F I K", MITOME_E_CBOR_MALFORMED, KEY_FIELD },
        { "0020 I", MITOME_E_INPUT_ENDS, KEY_FIELD },
        { "0020", MITOME_E_INPUT_ENDS, "attestedCredentialData.credentialId" },
        { "00", MITOME_E_INPUT_ENDS, ID_FIELD },
        { "", MITOME_E_INPUT_ENDS, ID_FIELD },
        { "0020 I 00 K", MITOME_E_CBOR_TYPE, KEY_FIELD },
};

static void credential_ids_have_their_length(void **state)
{
        (void)state;
        check_patterns(CREATE, "H 45 00000001 G", id_cases, COUNT(id_cases), "WebAuthn L3 6.1");
        check_patterns(GET, "H 45 00000007 G", id_cases, COUNT(id_cases), "WebAuthn L3 6.1");
        /* WebAuthn L3 5.1: rawId is the ID that the authenticator gave it. */
        static const struct pattern_case others[] = {
                { "0020 X K", MITOME_E_CREDENTIAL_ID_MISMATCH, "rawId" },
                { "0020 Z K", MITOME_E_CREDENTIAL_ID_MISMATCH, "rawId" },
                { "0001 C0 K", MITOME_E_CREDENTIAL_ID_MISMATCH, "rawId" },
                { "0021 I 00 K", MITOME_E_CREDENTIAL_ID_MISMATCH, "rawId" },
                { "0040 I I K", MITOME_E_CREDENTIAL_ID_MISMATCH, "rawId" },
        };
        check_patterns(CREATE, "H 45 00000001 G", others, COUNT(others), "WebAuthn L3 5.1");
}

static const struct pattern_case extension_cases[] = {
        { "A0", MITOME_OK, NULL }, { "A1 6161 F5", MITOME_OK, NULL },
        { "A2 6161 F5 6162 F5", MITOME_OK, NULL },
        { "A2 617A 00 626161 00", MITOME_OK, NULL },             /* shorter first */
        { "A1 6B6372656450726F74656374 6161", MITOME_OK, NULL }, /* credProtect of another type: absent */
        { "A1 6161 83 01 20 43000000", MITOME_OK, NULL }, { "", MITOME_E_INPUT_ENDS, "extensions" },
        { "80", MITOME_E_CBOR_TYPE, "extensions" }, { "40", MITOME_E_CBOR_TYPE, "extensions" },
        { "F6", MITOME_E_CBOR_TYPE, "extensions" }, { "00", MITOME_E_CBOR_TYPE, "extensions" },
        { "6161", MITOME_E_CBOR_TYPE, "extensions" }, { "A0 00", MITOME_E_TRAILING_BYTES, "authData" },
        { "A0 A0", MITOME_E_TRAILING_BYTES, "authData" },
        { "A1 6161 F5 F5", MITOME_E_TRAILING_BYTES, "authData" }, { "A1", MITOME_E_INPUT_ENDS, "extensions" },
        { "A1 6161", MITOME_E_INPUT_ENDS, "extensions" }, { "A2 6161 F5", MITOME_E_INPUT_ENDS, "extensions" },
        { "A2 6161 F5 6161 F5", MITOME_E_CBOR_DUPLICATE_KEY, "extensions" },
        { "A2 6161 F5 6161 F4", MITOME_E_CBOR_DUPLICATE_KEY, "extensions" },
        { "A2 6162 F5 6161 F5", MITOME_E_CBOR_KEY_ORDER, "extensions" },
        { "A2 626161 F5 6162 F5", MITOME_E_CBOR_KEY_ORDER, "extensions" },
        { "A2 6161 F5 00 F5", MITOME_E_CBOR_KEY_ORDER, "extensions" },
        { "A3 6161 F5 6162 F5 6161 F5", MITOME_E_CBOR_KEY_ORDER, "extensions" },
        { "A1 6161 A2 6162 00 6161 00", MITOME_E_CBOR_KEY_ORDER, "extensions" },
        { "A1 6161 A2 6161 00 6161 00", MITOME_E_CBOR_DUPLICATE_KEY, "extensions" },
        { "B801 6161 F5", MITOME_E_CBOR_NOT_CANONICAL, "extensions" },
        { "A1 780161 F5", MITOME_E_CBOR_NOT_CANONICAL, "extensions" },
        { "A1 6161 1800", MITOME_E_CBOR_NOT_CANONICAL, "extensions" },
        { "A1 6161 190001", MITOME_E_CBOR_NOT_CANONICAL, "extensions" },
        { "A1 6161 580100", MITOME_E_CBOR_NOT_CANONICAL, "extensions" },
        { "A1 6161 9801F5", MITOME_E_CBOR_NOT_CANONICAL, "extensions" },
        { "BF 6161 F5 FF", MITOME_E_CBOR_UNSUPPORTED, "extensions" },
        { "A1 6161 9F FF", MITOME_E_CBOR_UNSUPPORTED, "extensions" },
        { "A1 6161 5F FF", MITOME_E_CBOR_UNSUPPORTED, "extensions" },
        { "A1 7F6161FF F5", MITOME_E_CBOR_UNSUPPORTED, "extensions" },
        { "C0 A0", MITOME_E_CBOR_UNSUPPORTED, "extensions" },
        { "A1 6161 C000", MITOME_E_CBOR_UNSUPPORTED, "extensions" },
        { "A1 6161 F90000", MITOME_E_CBOR_UNSUPPORTED, "extensions" },
        { "A1 6161 FB0000000000000000", MITOME_E_CBOR_UNSUPPORTED, "extensions" },
        { "A1 6161 F7", MITOME_E_CBOR_UNSUPPORTED, "extensions" },
        { "A1 6161 E0", MITOME_E_CBOR_UNSUPPORTED, "extensions" },
        { "A1 6161 F8FF", MITOME_E_CBOR_UNSUPPORTED, "extensions" },
        { "A1 6161 FF", MITOME_E_CBOR_UNSUPPORTED, "extensions" },
        { "A1 6161 1F", MITOME_E_CBOR_MALFORMED, "extensions" },
        { "A1 6161 3C", MITOME_E_CBOR_MALFORMED, "extensions" },
        { "A1 4161 F5", MITOME_E_CBOR_TYPE, "extensions" }, { "A1 F5 F5", MITOME_E_CBOR_TYPE, "extensions" },
        { "A1 80 F5", MITOME_E_CBOR_TYPE, "extensions" }, { "A1 A0 F5", MITOME_E_CBOR_TYPE, "extensions" },
        { "A1 61FF F5", MITOME_E_UTF8, "extensions" }, { "A1 62C080 F5", MITOME_E_UTF8, "extensions" },
        { "A1 6161 61FF", MITOME_E_UTF8, "extensions" },
        { "A1 6161 A1 6161 A1 6161 A1 6161 00", MITOME_OK, NULL }, /* four levels */
        { "A1 6161 A1 6161 A1 6161 A1 6161 A0", MITOME_E_DEPTH, "extensions" },
        { "A1 6161 81 81 81 00", MITOME_OK, NULL }, { "A1 6161 81 81 81 80", MITOME_E_DEPTH, "extensions" },
        { "A1 6161 8181818181818181818181818181818181818181", MITOME_E_DEPTH, "extensions" },
        { "BBFFFFFFFFFFFFFFFF", MITOME_E_TOO_MANY, "extensions" },
        { "A1 6161 9BFFFFFFFFFFFFFFFF", MITOME_E_TOO_MANY, "extensions" },
        { "A1 6161 9AFFFFFFFF", MITOME_E_TOO_MANY, "extensions" },
        { "A1 6161 5BFFFFFFFFFFFFFFFF", MITOME_E_INPUT_ENDS, "extensions" },
        { "A1 6161 7B00000001FFFFFFFF", MITOME_E_INPUT_ENDS, "extensions" },
        { "A1 6161 1BFFFFFFFFFFFFFFFF", MITOME_OK, NULL }, /* skipped, not read */
};

static void extensions_are_canonical(void **state)
{
        (void)state;
        check_patterns(CREATE, "H C5 00000001 G 0020 I K", extension_cases, COUNT(extension_cases),
                "WebAuthn L3 6.1");
        check_patterns(GET, "H 85 00000007", extension_cases, COUNT(extension_cases), "WebAuthn L3 6.1");
        check_patterns(
                GET, "H C5 00000007 G 0020 I K", extension_cases, COUNT(extension_cases), "WebAuthn L3 6.1");
}

/* What an authenticator says stands, whatever stands beside it. */
static void outputs_are_found_among_many(void **state)
{
        (void)state;
        for (size_t others = 0; others <= 40; others += 8) {
                uint8_t extensions[512];
                struct run run = fresh();
                struct rig_plan plan = plan_of(CREATE);
                writer w = WRITER(extensions);
                cbor_write_map(&w, 1 + others);
                for (size_t i = 0; i < others; i++) {
                        const uint8_t name[] = { 'a', (uint8_t)('A' + i) };
                        cbor_write_text(&w, SLICE(name));
                        cbor_write_bool(&w, true);
                }
                cbor_write_string(&w, "credProtect");
                cbor_write_uint(&w, 3);
                plan.flags |= AUTHDATA_ED;
                plan.extensions = writer_view(&w);
                run.policy.minimum_cred_protect = 3;
                rig_build(rig, &plan, &built);
                (void)verify(&run, CREATE, rig_json(&built));
                check(&run, "credProtect", "among others", fine);
                assert_int_equal(run.verdict.extensions.cred_protect, 3);
        }
}

static void flags_say_what_follows(void **state)
{
        (void)state;
        static const struct {
                enum ceremony_kind kind;
                const char *pattern;
                struct refusal expected;
        } cases[] = {
                { CREATE, "H 05 00000001",
                        { MITOME_E_NO_CREDENTIAL_DATA, "authData", "WebAuthn L3 7.1 #13" } },
                { CREATE, "H 85 00000001 A0",
                        { MITOME_E_NO_CREDENTIAL_DATA, "authData", "WebAuthn L3 7.1 #13" } },
                { CREATE, "H 05 00000001 G 0020 I K",
                        { MITOME_E_TRAILING_BYTES, "authData", "WebAuthn L3 6.1" } },
                { CREATE, "H 45 00000001 G 0020 I K A0",
                        { MITOME_E_TRAILING_BYTES, "authData", "WebAuthn L3 6.1" } },
                { CREATE, "H C5 00000001 G 0020 I K",
                        { MITOME_E_INPUT_ENDS, "extensions", "WebAuthn L3 6.1" } },
                { CREATE, "H C5 00000001 A0 G 0020 I K",
                        { MITOME_E_TOO_LONG, ID_FIELD, "WebAuthn L3 6.1" } }, /* the wrong way round */
                { CREATE, "H 55 00000001 G 0020 I K", { MITOME_E_VALUE, "flags.BS", "WebAuthn L3 6.1.3" } },
                { CREATE, "H 5D 00000001 G 0020 I K", { MITOME_OK } },
                { CREATE, "H 4D 00000001 G 0020 I K", { MITOME_OK } },
                { CREATE, "H 67 00000001 G 0020 I K", { MITOME_OK } }, /* reserved bits */
                { CREATE, "H 44 00000001 G 0020 I K",
                        { MITOME_E_USER_NOT_PRESENT, "authData.flags.UP", "WebAuthn L3 7.1 #15" } },
                { CREATE, "H 40 00000001 G 0020 I K",
                        { MITOME_E_USER_NOT_PRESENT, "authData.flags.UP", "WebAuthn L3 7.1 #15" } },
                { CREATE, "H 41 00000001 G 0020 I K", { MITOME_OK } }, /* UV is not asked for */
                { CREATE, "Z 45 00000001 G 0020 I K",
                        { MITOME_E_RP_ID_HASH, "authData.rpIdHash", "WebAuthn L3 7.1 #14" } },
                { CREATE, "X 45 00000001 G 0020 I K",
                        { MITOME_E_RP_ID_HASH, "authData.rpIdHash", "WebAuthn L3 7.1 #14" } },
                { CREATE, "H 45 000001 G 0020 I K", { MITOME_E_TOO_LONG, ID_FIELD, "WebAuthn L3 6.1" } },
                { CREATE, "H", { MITOME_E_INPUT_ENDS, "flags", "WebAuthn L3 6.1" } },
                { CREATE, "H 45", { MITOME_E_INPUT_ENDS, "signCount", "WebAuthn L3 6.1" } },
                { CREATE, "H 45 000000", { MITOME_E_INPUT_ENDS, "signCount", "WebAuthn L3 6.1" } },
                { CREATE, "", { MITOME_E_INPUT_ENDS, "rpIdHash", "WebAuthn L3 6.1" } },
                { GET, "H 05 00000007", { MITOME_OK } },
                { GET, "H 27 00000007", { MITOME_OK } },
                { GET, "H 05 00000007 00", { MITOME_E_TRAILING_BYTES, "authData", "WebAuthn L3 6.1" } },
                { GET, "H 05 00000007 A0", { MITOME_E_TRAILING_BYTES, "authData", "WebAuthn L3 6.1" } },
                { GET, "H 45 00000007",
                        { MITOME_E_INPUT_ENDS, "attestedCredentialData.aaguid", "WebAuthn L3 6.1" } },
                { GET, "H 85 00000007", { MITOME_E_INPUT_ENDS, "extensions", "WebAuthn L3 6.1" } },
                { GET, "H 15 00000007", { MITOME_E_VALUE, "flags.BS", "WebAuthn L3 6.1.3" } },
                { GET, "H 0D 00000007",
                        { MITOME_E_BACKUP_ELIGIBILITY, "authData.flags.BE", "WebAuthn L3 7.2 #19" } },
                { GET, "H 1D 00000007",
                        { MITOME_E_BACKUP_ELIGIBILITY, "authData.flags.BE", "WebAuthn L3 7.2 #19" } },
                { GET, "H 04 00000007",
                        { MITOME_E_USER_NOT_PRESENT, "authData.flags.UP", "WebAuthn L3 7.2 #16" } },
                { GET, "H 01 00000007", { MITOME_OK } },
                { GET, "O 05 00000007", { MITOME_E_RP_ID_HASH, "authData.rpIdHash", "WebAuthn L3 7.2 #15" } },
                { GET, "H 05 0000", { MITOME_E_INPUT_ENDS, "signCount", "WebAuthn L3 6.1" } },
        };
        for (size_t i = 0; i < COUNT(cases); i++) {
                struct run run = fresh();
                verify_auth_data(&run, cases[i].kind, cases[i].pattern, "");
                /* no bytes at all are no member of a response */
                check(&run, cases[i].pattern, kind_names[cases[i].kind], cases[i].expected);
        }
}

/* ---- the attestation object ---- */

#define FMT "63666D74"
#define NONE "646E6F6E65"
#define STMT "6761747453746D74"
#define AUTH "686175746844617461"

/* T stands for authData as a byte string, t for it as text. */
static const struct pattern_case object_cases[] = {
        { "A3" FMT NONE STMT "A0" AUTH "T", MITOME_OK, NULL },
        { "A3" AUTH "T" STMT "A0" FMT NONE, MITOME_OK, NULL }, /* the platform's order */
        { "A3" STMT "A0" AUTH "T" FMT NONE, MITOME_OK, NULL },
        { "A3" FMT NONE AUTH "T" STMT "A0", MITOME_OK, NULL },
        { "A3" FMT NONE FMT NONE AUTH "T", MITOME_E_CBOR_DUPLICATE_KEY, "attestationObject" },
        { "A3" FMT NONE STMT "A0" STMT "A0", MITOME_E_CBOR_DUPLICATE_KEY, "attestationObject" },
        { "A3" AUTH "T" AUTH "T" FMT NONE, MITOME_E_CBOR_DUPLICATE_KEY, "attestationObject" },
        { "A4" FMT NONE STMT "A0" AUTH "T 6178 00", MITOME_E_TOO_MANY, "attestationObject" },
        { "A4" FMT NONE STMT "A0" AUTH "T" AUTH "T", MITOME_E_TOO_MANY, "attestationObject" },
        { "A3" FMT NONE STMT "A0 6178 00", MITOME_E_VALUE, "attestationObject" },
        { "A3" FMT NONE STMT "A0 01 T", MITOME_E_VALUE, "attestationObject" },
        { "A3" FMT NONE STMT "A0 686175746864617461 T", MITOME_E_VALUE, "attestationObject" }, /* authdata */
        { "A3" FMT NONE STMT "A0 687175746844617461 T", MITOME_E_VALUE, "attestationObject" },
        { "A3 01" NONE "02 T 03 A0", MITOME_E_VALUE, "attestationObject" }, /* as CTAP2 numbers them */
        { "A2" FMT NONE STMT "A0", MITOME_E_MISSING, "authData" },
        { "A2" FMT NONE AUTH "T", MITOME_E_MISSING, "attStmt" },
        { "A2" STMT "A0" AUTH "T", MITOME_E_MISSING, "fmt" },
        { "A0", MITOME_E_MISSING, "fmt" },
        { "80", MITOME_E_CBOR_TYPE, "attestationObject" },
        { "83" NONE "T A0", MITOME_E_CBOR_TYPE, "attestationObject" },
        { "F6", MITOME_E_CBOR_TYPE, "attestationObject" },
        { "40", MITOME_E_CBOR_TYPE, "attestationObject" },
        { "00", MITOME_E_CBOR_TYPE, "attestationObject" },
        { "D9D9F7 A3" FMT NONE STMT "A0" AUTH "T", MITOME_E_CBOR_UNSUPPORTED, "attestationObject" },
        { "BF" FMT NONE STMT "A0" AUTH "T FF", MITOME_E_CBOR_UNSUPPORTED, "attestationObject" },
        { "B803" FMT NONE STMT "A0" AUTH "T", MITOME_E_CBOR_NOT_CANONICAL, "attestationObject" },
        { "A3 7803666D74" NONE STMT "A0" AUTH "T", MITOME_E_CBOR_NOT_CANONICAL, "attestationObject" },
        { "A3 7F63666D74FF" NONE STMT "A0" AUTH "T", MITOME_E_CBOR_UNSUPPORTED, "attestationObject" },
        { "A3 43666D74" NONE STMT "A0" AUTH "T", MITOME_E_CBOR_TYPE, "attestationObject" },
        { "A3" FMT "78046E6F6E65" STMT "A0" AUTH "T", MITOME_E_CBOR_NOT_CANONICAL, "fmt" },
        { "A3" FMT "446E6F6E65" STMT "A0" AUTH "T", MITOME_E_CBOR_TYPE, "fmt" },
        { "A3" FMT "F6" STMT "A0" AUTH "T", MITOME_E_CBOR_TYPE, "fmt" },
        { "A3" FMT "81646E6F6E65" STMT "A0" AUTH "T", MITOME_E_CBOR_TYPE, "fmt" },
        { "A3" FMT "64FFFFFFFF" STMT "A0" AUTH "T", MITOME_E_UTF8, "fmt" },
        { "A3" FMT "7F646E6F6E65FF" STMT "A0" AUTH "T", MITOME_E_CBOR_UNSUPPORTED, "fmt" },
        { "A3" FMT NONE STMT "A0" AUTH "F6", MITOME_E_CBOR_TYPE, "authData" },
        { "A3" FMT NONE STMT "A0" AUTH "t", MITOME_E_CBOR_TYPE, "authData" },
        { "A3" FMT NONE STMT "A0" AUTH "81T", MITOME_E_CBOR_TYPE, "authData" },
        { "A3" FMT NONE STMT "A0" AUTH "C2T", MITOME_E_CBOR_UNSUPPORTED, "authData" },
        { "A3" FMT NONE STMT "A0" AUTH "D818T", MITOME_E_CBOR_UNSUPPORTED, "authData" },
        { "A3" FMT NONE STMT "A0" AUTH "5FTFF", MITOME_E_CBOR_UNSUPPORTED, "authData" },
        { "A3" FMT NONE STMT "A0" AUTH "5BFFFFFFFFFFFFFFFF", MITOME_E_INPUT_ENDS, "authData" },
        { "A3" FMT NONE STMT "A0" AUTH, MITOME_E_INPUT_ENDS, "authData" },
        { "A3" FMT NONE STMT "A0" AUTH "T00", MITOME_E_TRAILING_BYTES, "attestationObject" },
        { "A3" FMT NONE STMT "A0" AUTH "TA0", MITOME_E_TRAILING_BYTES, "attestationObject" },
        { "A3" FMT NONE STMT "C0A0" AUTH "T", MITOME_E_CBOR_UNSUPPORTED, "attStmt" },
        { "A3" FMT NONE STMT "BFFF" AUTH "T", MITOME_E_CBOR_UNSUPPORTED, "attStmt" },
        { "A3" FMT NONE STMT "B800" AUTH "T", MITOME_E_CBOR_NOT_CANONICAL, "attStmt" },
        { "A3" FMT NONE STMT "A1 6161 F90000" AUTH "T", MITOME_E_CBOR_UNSUPPORTED, "attStmt" },
        { "A3" FMT NONE STMT "A2 6161 00 6161 00" AUTH "T", MITOME_E_CBOR_DUPLICATE_KEY, "attStmt" },
        { "A3" FMT NONE STMT "A3 6161 00 6162 00 6161 00" AUTH "T", MITOME_E_CBOR_DUPLICATE_KEY, "attStmt" },
        { "A3" FMT NONE STMT "A1 6161 8181818180" AUTH "T", MITOME_E_DEPTH, "attStmt" },
        { "A3" FMT NONE STMT "818181818180" AUTH "T", MITOME_E_DEPTH, "attStmt" },
        { "A3" FMT NONE STMT "BBFFFFFFFFFFFFFFFF" AUTH "T", MITOME_E_TOO_MANY, "attStmt" },
        { "A3" FMT NONE STMT "9BFFFFFFFFFFFFFFFF" AUTH "T", MITOME_E_TOO_MANY, "attStmt" },
        { "A3" FMT NONE STMT "1C" AUTH "T", MITOME_E_CBOR_MALFORMED, "attStmt" },
};

static struct refusal of_pattern(const struct pattern_case *one, const char *clause)
{
        return one->code ? (struct refusal){ one->code, one->field, clause } : fine;
}

/* write_pattern, and authData. */
static void write_object(const char *pattern)
{
        uint8_t part[8192];
        char text[256];
        size_t size = 0;
        writer w = WRITER(built.object);
        for (;; pattern++) {
                if (*pattern && *pattern != 'T' && *pattern != 't') {
                        text[size++] = *pattern;
                        assert_true(size < sizeof text);
                        continue;
                }
                text[size] = 0;
                size = 0;
                write_slice(&w, write_pattern(text, &built, part, sizeof part));
                if (*pattern == 'T')
                        cbor_write_bytes(&w, slice_of(built.auth_data, built.auth_data_size));
                else if (*pattern == 't')
                        cbor_write_text(&w, slice_of(built.auth_data, built.auth_data_size));
                else
                        break;
        }
        assert_false(w.overflowed);
        built.object_size = w.used;
}

/* WebAuthn L3 6.5.4. */
static void an_attestation_object_is_a_map_of_three(void **state)
{
        (void)state;
        const struct rig_plan plan = plan_of(CREATE);
        for (size_t i = 0; i < COUNT(object_cases); i++) {
                struct run run = fresh();
                rig_build(rig, &plan, &built);
                write_object(object_cases[i].pattern);
                rig_wrap(rig, &plan, &built);
                (void)verify(&run, CREATE, rig_json(&built));
                check(&run, object_cases[i].pattern, "object",
                        of_pattern(&object_cases[i], "WebAuthn L3 7.1 #13"));
        }
}

/* 7.1 #21: "a USASCII case-sensitive match". */
static void format_names_are_exact(void **state)
{
        (void)state;
        static const char *const names[] = { "", "None", "NONE", "none ", " none", "nonee", "non", "packed2",
                "PACKED", "fido_u2f", "fido-u2f ", "FIDO-U2F", "u2f", "tpm2", "TPM", "android", "android-Key",
                "androidkey", "Apple", "apple-appattest", "compound ", "mitome_jpki", "self", "basic",
                "none\xE2\x80\x8B", "n\xD0\xBEne", "01234567890123456789012345678901" };
        for (size_t i = 0; i < COUNT(names); i++) {
                struct rig_plan plan = plan_of(CREATE);
                struct run run = fresh();
                plan.format = names[i];
                rig_build(rig, &plan, &built);
                (void)verify(&run, CREATE, rig_json(&built));
                check(&run, names[i], "format",
                        (struct refusal){ MITOME_E_FORMAT_UNSUPPORTED, "fmt, a name that is not known",
                                "WebAuthn L3 7.1 #21" });
        }
}

/* ---- statements of every format, member by member ---- */

static const struct format_facts {
        const char *name, *clause;
} facts[RIG_FORMATS] = {
        [RIG_FORMAT_NONE] = { "none", "WebAuthn L3 8.7" },
        [RIG_FORMAT_SELF] = { "self", "WebAuthn L3 8.2" },
        [RIG_FORMAT_PACKED] = { "packed", "WebAuthn L3 8.2" },
        [RIG_FORMAT_U2F] = { "fido-u2f", "WebAuthn L3 8.6" },
        [RIG_FORMAT_TPM] = { "tpm", "WebAuthn L3 8.3" },
        [RIG_FORMAT_ANDROID] = { "android-key", "WebAuthn L3 8.4" },
        [RIG_FORMAT_APPLE] = { "apple", "WebAuthn L3 8.8" },
        [RIG_FORMAT_JPKI] = { "mitome-jpki", "mitome-jpki 3" },
        [RIG_FORMAT_COMPOUND] = { "compound", "WebAuthn L3 8.9" },
};

static const char object_clause[] = "WebAuthn L3 7.1 #13";

enum { MEMBERS_MAX = 8 };

struct members {
        struct {
                char name[16], field[32];
                slice value; /* CBOR */
                enum cbor_kind kind;
        } list[MEMBERS_MAX];
        size_t count;
        uint8_t bytes[12288]; /* of the statement */
};

static void read_members(slice statement, struct members *ret)
{
        struct cbor_reader r = cbor_over(slice_of(ret->bytes, statement.size), NULL, NULL);
        struct cbor_members map;
        struct cbor_key key;
        bool more;
        memcpy(ret->bytes, statement.data, statement.size);
        r.deeper = ATTESTATION_DEEPER;
        r.any_order = true;
        ret->count = 0;
        assert_int_equal(cbor_open_map(&r, "s", MEMBERS_MAX, &map).code, MITOME_OK);
        for (;;) {
                assert_int_equal(cbor_next_key(&r, &map, &key, &more).code, MITOME_OK);
                if (!more)
                        return;
                const int size = (int)key.text.size;
                assert_in_range(size, 1, 15);
                snprintf(ret->list[ret->count].name, 16, "%.*s", size, (const char *)key.text.data);
                snprintf(ret->list[ret->count].field, 32, "attStmt.%.*s", size, (const char *)key.text.data);
                assert_int_equal(cbor_peek(&r, "s", &ret->list[ret->count].kind).code, MITOME_OK);
                assert_int_equal(cbor_read_item(&r, "s", &ret->list[ret->count].value).code, MITOME_OK);
                ret->count++;
        }
}

struct member_edit {
        size_t at; /* which member */
        bool drop, twice, rename, reverse;
        const char *value;   /* hexadecimal, in its place */
        const char *further; /* hexadecimal: name and value of one more */
};

static slice write_members(
        const struct members *members, const struct member_edit *edit, uint8_t *to, size_t capacity)
{
        writer w = writer_over(to, capacity);
        uint8_t bytes[64];
        cbor_write_map(&w, members->count - edit->drop + edit->twice + (edit->further != NULL));
        for (size_t i = 0; i < members->count; i++) {
                const size_t at = edit->reverse ? members->count - 1 - i : i;
                const bool edited = at == edit->at;
                char name[16];
                memcpy(name, members->list[at].name, sizeof name);
                name[0] = (char)(name[0] ^ (edited && edit->rename ? 0x20 : 0));
                if (edited && edit->drop)
                        continue;
                for (int times = edited && edit->twice ? 2 : 1; times; times--) {
                        cbor_write_string(&w, name);
                        write_slice(&w, edited && edit->value ? hex_decode(edit->value, bytes, sizeof bytes)
                                                              : members->list[at].value);
                }
        }
        if (edit->further)
                write_slice(&w, hex_decode(edit->further, bytes, sizeof bytes));
        assert_false(w.overflowed);
        return writer_view(&w);
}

/* Puts a statement into the registration that stands in `built`. */
static void verify_statement(struct run *run, enum rig_format format, slice statement)
{
        static uint8_t copy[12288];
        struct rig_plan plan = rig_registration_plan();
        assert_true(statement.size <= sizeof copy);
        memcpy(copy, statement.data, statement.size);
        plan.format = format_rig_name(format);
        plan.statement = slice_of(copy, statement.size);
        rig_seal(rig, &plan, &built);
        (void)verify(run, CREATE, rig_json(&built));
}

static void begin_format(enum rig_format format, struct members *ret)
{
        const struct rig_plan plan = rig_registration_plan();
        struct run run = fresh();
        format_rig_build(&formats, format, &plan, &built);
        (void)verify(&run, CREATE, rig_json(&built));
        check(&run, facts[format].name, "right", fine);
        if (format != RIG_FORMAT_COMPOUND)
                read_members(rig_statement(&built), ret);
}

static void check_edit(enum rig_format format, const struct members *members, const struct member_edit *edit,
        const char *detail, struct refusal expected)
{
        static uint8_t statement[12288];
        struct run run = fresh();
        verify_statement(&run, format, write_members(members, edit, statement, sizeof statement));
        check(&run, facts[format].name, detail, expected);
}

/* CBOR that no format may hold at any place: refused before the format looks. */
static const struct {
        const char *value;
        mitome_code code;
} never[] = {
        { "F90000", MITOME_E_CBOR_UNSUPPORTED },
        { "FB0000000000000000", MITOME_E_CBOR_UNSUPPORTED },
        { "F7", MITOME_E_CBOR_UNSUPPORTED },
        { "E0", MITOME_E_CBOR_UNSUPPORTED },
        { "F820", MITOME_E_CBOR_UNSUPPORTED },
        { "C000", MITOME_E_CBOR_UNSUPPORTED },
        { "D81840", MITOME_E_CBOR_UNSUPPORTED },
        { "5F4100FF", MITOME_E_CBOR_UNSUPPORTED },
        { "7F6161FF", MITOME_E_CBOR_UNSUPPORTED },
        { "9FFF", MITOME_E_CBOR_UNSUPPORTED },
        { "BFFF", MITOME_E_CBOR_UNSUPPORTED },
        { "1800", MITOME_E_CBOR_NOT_CANONICAL },
        { "3806", MITOME_E_CBOR_NOT_CANONICAL },
        { "580100", MITOME_E_CBOR_NOT_CANONICAL },
        { "9800", MITOME_E_CBOR_NOT_CANONICAL },
        { "1E", MITOME_E_CBOR_MALFORMED },
        { "5C", MITOME_E_CBOR_MALFORMED },
        { "61FF", MITOME_E_UTF8 },
        { "A161FF00", MITOME_E_UTF8 },
        { "A2616100616100", MITOME_E_CBOR_DUPLICATE_KEY },
        { "A1410000", MITOME_E_CBOR_TYPE },
        { "8181818180", MITOME_E_DEPTH },
        { "9BFFFFFFFFFFFFFFFF", MITOME_E_TOO_MANY },
        { "BAFFFFFFFF", MITOME_E_TOO_MANY },
};

static const struct {
        const char *value;
        enum cbor_kind kind;
} of_kinds[] = {
        { "00", CBOR_KIND_UINT },
        { "40", CBOR_KIND_BYTES },
        { "60", CBOR_KIND_TEXT },
        { "80", CBOR_KIND_ARRAY },
        { "A0", CBOR_KIND_MAP },
        { "F5", CBOR_KIND_BOOL },
        { "F6", CBOR_KIND_NULL },
};

/* What an empty value of the right type comes to. */
static struct refusal of_empty(enum rig_format format, const char *name)
{
        const char *clause = facts[format].clause;
        if (strcmp(name, "x5c") == 0)
                return (struct refusal){ MITOME_E_CHAIN_EMPTY, "attStmt.x5c", clause };
        if (strcmp(name, "sig") == 0)
                return (struct refusal){ MITOME_E_SIGNATURE_FORM, "attStmt.sig", clause };
        if (strcmp(name, "ver") == 0)
                return (struct refusal){ MITOME_E_VALUE, "attStmt.ver", clause };
        if (strcmp(name, "pubArea") == 0)
                return (struct refusal){ MITOME_E_INPUT_ENDS, "pubArea.type", clause };
        if (strcmp(name, "certInfo") == 0)
                return (struct refusal){ MITOME_E_INPUT_ENDS, "certInfo.magic", clause };
        if (strcmp(name, "device") == 0)
                return (struct refusal){ MITOME_E_MISSING, "attStmt.alg", "WebAuthn L3 8.2" };
        switch (format) { /* alg 0 */
        case RIG_FORMAT_JPKI:
                return (struct refusal){ MITOME_E_STATEMENT_ALGORITHM, "attStmt.alg", clause };
        case RIG_FORMAT_TPM:
                return (struct refusal){ MITOME_E_ALGORITHM_UNSUPPORTED, "attStmt.alg", clause };
        case RIG_FORMAT_ANDROID:
                return (struct refusal){ MITOME_E_ALGORITHM_UNSUPPORTED, "attStmt.x5c[0] public key",
                        clause };
        default:
                return (struct refusal){ MITOME_E_MISSING, "attStmt.alg", clause };
        }
}

static struct refusal of_other_kind(enum rig_format format, const struct members *members, size_t at)
{
        static char field[32];
        snprintf(field, sizeof field, "%s", members->list[at].field);
        if (strcmp(members->list[at].name, "device") == 0) /* packed's to judge */
                return (struct refusal){ MITOME_E_CBOR_TYPE, "attStmt", "WebAuthn L3 8.2" };
        return (struct refusal){ MITOME_E_CBOR_TYPE, field, facts[format].clause };
}

static bool is_kind(enum cbor_kind proper, enum cbor_kind given)
{
        return proper == given || (proper == CBOR_KIND_NEGATIVE && given == CBOR_KIND_UINT);
}

static void edit_values(enum rig_format format, const struct members *members, size_t at)
{
        for (size_t i = 0; i < COUNT(never); i++) {
                const struct member_edit edit = { .at = at, .value = never[i].value };
                check_edit(format, members, &edit, members->list[at].name,
                        (struct refusal){ never[i].code, "attStmt", object_clause });
        }
        for (size_t i = 0; i < COUNT(of_kinds); i++) {
                const struct member_edit edit = { .at = at, .value = of_kinds[i].value };
                check_edit(format, members, &edit, members->list[at].name,
                        is_kind(members->list[at].kind, of_kinds[i].kind)
                                ? of_empty(format, members->list[at].name)
                                : of_other_kind(format, members, at));
        }
}

static void edit_member(enum rig_format format, const struct members *members, size_t at)
{
        const struct member_edit drop = { .at = at, .drop = true }, twice = { .at = at, .twice = true },
                                 rename = { .at = at, .rename = true };
        struct refusal missing = { MITOME_E_MISSING, members->list[at].field, facts[format].clause };
        if (format == RIG_FORMAT_PACKED && strcmp(members->list[at].name, "x5c") == 0)
                /* that is self attestation, and another key's signature */
                missing = (struct refusal){ MITOME_E_SIGNATURE_INVALID, "attStmt.sig", facts[format].clause };
        check_edit(format, members, &drop, members->list[at].name, missing);
        check_edit(format, members, &twice, members->list[at].name,
                (struct refusal){ MITOME_E_CBOR_DUPLICATE_KEY, "attStmt", object_clause });
        check_edit(format, members, &rename, members->list[at].name,
                (struct refusal){ MITOME_E_VALUE, "attStmt", facts[format].clause });
        edit_values(format, members, at);
}

/* "Verify that attStmt is valid CBOR conforming to the syntax defined above and perform CBOR decoding on it",
 * in each of 8.2 to 8.8 and in mitome-jpki. */
static void every_member_of_every_statement_is_held_to_its_syntax(void **state)
{
        (void)state;
        static struct members members;
        static const char *const further[] = { "6178 00", "60 00", "00 00", "20 00", "63736967 40" };
        for (int format = RIG_FORMAT_SELF; format < RIG_FORMAT_COMPOUND; format++) {
                begin_format(format, &members);
                const struct member_edit reverse = { .at = 99, .reverse = true };
                check_edit(format, &members, &reverse, "another order", fine);
                for (size_t at = 0; at < members.count; at++)
                        edit_member(format, &members, at);
                for (size_t i = 0; i < COUNT(further); i++) {
                        const struct member_edit edit = { .at = 99, .further = further[i] };
                        const bool twice = i == 4 && format != RIG_FORMAT_APPLE; /* sig again */
                        check_edit(format, &members, &edit, further[i],
                                twice ? (struct refusal){ MITOME_E_CBOR_DUPLICATE_KEY, "attStmt",
                                                object_clause }
                                      : (struct refusal){ MITOME_E_VALUE, "attStmt", facts[format].clause });
                }
        }
}

/* In place of all of it. */
static void a_statement_has_its_type(void **state)
{
        (void)state;
        static const char *const first_members[RIG_FORMATS] = { [RIG_FORMAT_SELF] = "attStmt.alg",
                [RIG_FORMAT_PACKED] = "attStmt.alg",
                [RIG_FORMAT_U2F] = "attStmt.sig",
                [RIG_FORMAT_TPM] = "attStmt.alg",
                [RIG_FORMAT_ANDROID] = "attStmt.alg",
                [RIG_FORMAT_APPLE] = "attStmt.x5c",
                [RIG_FORMAT_JPKI] = "attStmt.alg" };
        static struct members members;
        for (int format = RIG_FORMAT_NONE; format < RIG_FORMATS; format++) {
                begin_format(format, &members);
                for (size_t i = 0; i < COUNT(of_kinds); i++) {
                        uint8_t bytes[16];
                        struct run run = fresh();
                        struct refusal expected = { MITOME_E_CBOR_TYPE, "attStmt", facts[format].clause };
                        if (of_kinds[i].kind == CBOR_KIND_MAP && format == RIG_FORMAT_NONE)
                                expected = fine;
                        else if (of_kinds[i].kind == CBOR_KIND_MAP && format != RIG_FORMAT_COMPOUND)
                                expected = (struct refusal){ MITOME_E_MISSING, first_members[format],
                                        facts[format].clause };
                        else if (of_kinds[i].kind == CBOR_KIND_ARRAY && format == RIG_FORMAT_COMPOUND)
                                expected.code = MITOME_E_COMPOUND_TOO_FEW;
                        verify_statement(&run, format, hex_decode(of_kinds[i].value, bytes, sizeof bytes));
                        check(&run, facts[format].name, of_kinds[i].value, expected);
                }
        }
}

/* A statement of one format under the name of another. */
static void a_statement_is_of_its_format(void **state)
{
        (void)state;
        static struct members members;
        for (int format = RIG_FORMAT_NONE; format < RIG_FORMATS; format++)
                for (int other = RIG_FORMAT_NONE; other < RIG_FORMATS; other++) {
                        struct run run = fresh();
                        if (same_text(format_rig_name(format), format_rig_name(other)))
                                continue;
                        begin_format(format, &members);
                        const slice statement = rig_statement(&built);
                        verify_statement(&run, other, statement);
                        /* android-key is packed with another certificate: there the extension, here 8.2.1 */
                        if (format == RIG_FORMAT_ANDROID && same_text(format_rig_name(other), "packed"))
                                check(&run, facts[format].name, facts[other].name,
                                        (struct refusal){ MITOME_E_LEAF_SUBJECT, "attStmt.x5c[0] subject C",
                                                "WebAuthn L3 8.2.1" });
                        else {
                                assert_int_not_equal(run.code, MITOME_OK);
                                assert_string_equal(run.error.clause, facts[other].clause);
                                assert_memory_equal(run.error.field, "attStmt", 7);
                                refused++;
                        }
                }
}

/* "sig" of the same keys over another ceremony, in which one byte of one part is another. */
static void a_statement_is_of_its_ceremony(void **state)
{
        (void)state;
        static const struct refusal replayed[RIG_FORMATS] = {
                [RIG_FORMAT_SELF] = { MITOME_E_SIGNATURE_INVALID, "attStmt.sig", "WebAuthn L3 8.2" },
                [RIG_FORMAT_PACKED] = { MITOME_E_SIGNATURE_INVALID, "attStmt.sig", "WebAuthn L3 8.2" },
                [RIG_FORMAT_U2F] = { MITOME_E_SIGNATURE_INVALID, "attStmt.sig", "WebAuthn L3 8.6" },
                [RIG_FORMAT_TPM] = { MITOME_E_NONCE_MISMATCH, "certInfo.extraData", "WebAuthn L3 8.3" },
                [RIG_FORMAT_ANDROID] = { MITOME_E_SIGNATURE_INVALID, "attStmt.sig", "WebAuthn L3 8.4" },
                [RIG_FORMAT_APPLE] = { MITOME_E_NONCE_MISMATCH, "attStmt.x5c[0] nonce", "WebAuthn L3 8.8" },
                [RIG_FORMAT_JPKI] = { MITOME_E_SIGNATURE_INVALID, "attStmt.sig", "mitome-jpki 3" },
                [RIG_FORMAT_COMPOUND] = { MITOME_E_SIGNATURE_INVALID, "attStmt.sig", "WebAuthn L3 8.2" },
        };
        static struct members members;
        static uint8_t statement[12288];
        for (int format = RIG_FORMAT_SELF; format < RIG_FORMATS; format++)
                for (int part = 0; part < 4; part++) {
                        struct rig_plan plan = rig_registration_plan();
                        struct run run = fresh();
                        if (format == RIG_FORMAT_U2F && part != 3)
                                continue; /* counter, flags and AAGUID are not signed there */
                        begin_format(format, &members);
                        const slice old = rig_statement(&built);
                        memcpy(statement, old.data, old.size);
                        plan.sign_count += part == 0;
                        plan.flags ^= part == 1 ? AUTHDATA_UV : 0;
                        plan.aaguid[0] ^= part == 2;
                        plan.client_members = part == 3 ? ",\"crossOrigin\": false" : plan.client_members;
                        rig_build(rig, &plan, &built);
                        verify_statement(&run, format, slice_of(statement, old.size));
                        check(&run, facts[format].name, "replayed", replayed[format]);
                }
}

/* ---- x5c ---- */

static slice first_certificate(const struct members *members)
{
        struct attestation_chain chain;
        for (size_t i = 0; i < members->count; i++)
                if (strcmp(members->list[i].name, "x5c") == 0) {
                        struct cbor_reader r = cbor_over(members->list[i].value, NULL, NULL);
                        assert_int_equal(attestation_read_chain(&r, "x5c", &chain).code, MITOME_OK);
                        return chain.certificates[0];
                }
        fail_msg("no x5c");
        return (slice){ 0 };
}

/* The statement with these items of CBOR as its x5c. */
static void verify_chain(struct run *run, enum rig_format format, struct members *members, slice x5c)
{
        static uint8_t statement[16384];
        const struct member_edit none = { .at = 99 };
        for (size_t i = 0; i < members->count; i++)
                if (strcmp(members->list[i].name, "x5c") == 0)
                        members->list[i].value = x5c;
        verify_statement(run, format, write_members(members, &none, statement, sizeof statement));
}

enum chain_edit {
        CHAIN_NONE,
        CHAIN_TEXT,
        CHAIN_NESTED,
        CHAIN_EMPTY_LEAF,
        CHAIN_TRAILING,
        CHAIN_SHORT,
        CHAIN_OTHER_TAG,
        CHAIN_LONG_LENGTH, /* BER, not DER */
        CHAIN_INDEFINITE,
        CHAIN_PEM,
        CHAIN_ZEROS,
        CHAIN_NINE,
        CHAIN_HUGE,
        CHAIN_CA_ALONE,
        CHAIN_CA_FIRST,
        CHAIN_EDITS,
};

static const char *const chain_names[CHAIN_EDITS] = { "none", "text", "nested", "empty leaf", "byte behind",
        "byte missing", "other tag", "long length", "indefinite length", "PEM", "zeros", "nine", "huge",
        "CA alone", "CA first" };

static void write_leaf(writer *w, enum chain_edit edit, slice leaf)
{
        static const uint8_t huge[ATTESTATION_CERTIFICATE_MAX + 1] = { 0x30, 0x82, 0x1F, 0xFD };
        static const char pem[] = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
        uint8_t bytes[4096] = { 0 };
        assert_true(leaf.size + 3 <= sizeof bytes);
        memcpy(bytes, leaf.data, leaf.size);
        slice edited = slice_of(bytes, leaf.size);
        switch (edit) {
        case CHAIN_EMPTY_LEAF:
                edited.size = 0;
                break;
        case CHAIN_TRAILING:
                edited.size++;
                break;
        case CHAIN_SHORT:
                edited.size--;
                break;
        case CHAIN_OTHER_TAG:
                bytes[0] = 0x31;
                break;
        case CHAIN_LONG_LENGTH: /* 30 82 xx xx to 30 83 00 xx xx */
                memmove(bytes + 3, bytes + 2, leaf.size - 2);
                bytes[1] = 0x83;
                bytes[2] = 0;
                edited.size++;
                break;
        case CHAIN_INDEFINITE:
                memmove(bytes + 2, bytes + 4, leaf.size - 4);
                bytes[1] = 0x80;
                bytes[leaf.size - 2] = bytes[leaf.size - 1] = 0;
                break;
        case CHAIN_PEM:
                edited = slice_text(pem);
                break;
        case CHAIN_ZEROS:
                memset(bytes, 0, leaf.size);
                break;
        case CHAIN_HUGE:
                edited = SLICE(huge);
                break;
        default:
                break;
        }
        if (edit == CHAIN_TEXT)
                cbor_write_string(w, "MIIB");
        else
                cbor_write_bytes(w, edited);
}

static slice write_chain(enum chain_edit edit, slice leaf, uint8_t *to, size_t capacity)
{
        const slice ca = slice_of(rig->ca_der, rig->ca_der_size);
        writer w = writer_over(to, capacity);
        size_t count = edit == CHAIN_NONE ? 0 : edit == CHAIN_NINE ? 9 : edit == CHAIN_CA_FIRST ? 2 : 1;
        cbor_write_array(&w, count);
        if (edit == CHAIN_NESTED)
                cbor_write_array(&w, 1);
        if (edit == CHAIN_CA_ALONE || edit == CHAIN_CA_FIRST) {
                cbor_write_bytes(&w, ca);
                count--;
        }
        while (count--)
                write_leaf(&w, edit, leaf);
        assert_false(w.overflowed);
        return writer_view(&w);
}

/* Signed by another than the CA whose certificate stands where the leaf's belongs. */
static struct refusal of_ca(enum rig_format format, bool first)
{
        const char *clause = facts[format].clause;
        if (format == RIG_FORMAT_U2F && first)
                return (struct refusal){ MITOME_E_CHAIN_NOT_ONE, "attStmt.x5c", clause };
        if (format == RIG_FORMAT_APPLE)
                return (struct refusal){ MITOME_E_LEAF_EXTENSION_MISSING, "attStmt.x5c[0] nonce", clause };
        if (format == RIG_FORMAT_JPKI)
                return (struct refusal){ MITOME_E_KEY_TYPE, "attStmt.x5c[0] public key", clause };
        return (struct refusal){ MITOME_E_SIGNATURE_INVALID, "attStmt.sig", clause };
}

static struct refusal of_chain(enum rig_format format, enum chain_edit edit)
{
        const char *clause = facts[format].clause;
        switch (edit) {
        case CHAIN_NONE:
                return (struct refusal){ MITOME_E_CHAIN_EMPTY, "attStmt.x5c", clause };
        case CHAIN_TEXT:
        case CHAIN_NESTED:
                return (struct refusal){ MITOME_E_CBOR_TYPE, "attStmt.x5c", clause };
        case CHAIN_NINE:
                return (struct refusal){ MITOME_E_TOO_MANY, "attStmt.x5c", clause };
        case CHAIN_HUGE:
                return (struct refusal){ MITOME_E_TOO_LONG, "attStmt.x5c", clause };
        case CHAIN_TRAILING:
                return (struct refusal){ MITOME_E_TRAILING_BYTES, "attStmt.x5c[0]", clause };
        case CHAIN_INDEFINITE:
        case CHAIN_LONG_LENGTH: /* BER: some makers' leaves are no strict DER; only what is within is signed
                                 */
                return fine;
        case CHAIN_CA_ALONE:
                return of_ca(format, false);
        case CHAIN_CA_FIRST:
                return of_ca(format, true);
        default:
                return (struct refusal){ MITOME_E_DER, "attStmt.x5c[0]", clause };
        }
}

static void a_chain_begins_with_the_leaf_in_der(void **state)
{
        (void)state;
        static struct members members;
        static uint8_t x5c[16384];
        for (int format = 0; format < RIG_FORMATS; format++)
                for (int edit = 0; format_rig_chain(format) && edit < CHAIN_EDITS; edit++) {
                        struct run run = fresh();
                        begin_format(format, &members);
                        verify_chain(&run, format, &members,
                                write_chain(edit, first_certificate(&members), x5c, sizeof x5c));
                        check(&run, facts[format].name, chain_names[edit], of_chain(format, edit));
                }
}

/* Behind the leaf: only who has an anchor looks there. */
static const struct {
        const char *chain; /* L the leaf, C its CA, F a CA of the same name, X what is none, T C and a byte */
        struct refusal strict; /* with require_trust */
        bool accepted_without;
} paths[] = {
        { "L", { MITOME_OK }, true },
        { "LC", { MITOME_OK }, true },
        { "LCC", { MITOME_OK }, true }, /* a root issues itself */
        { "LL", { MITOME_E_CERTIFICATE_PATH, "x5c", "WebAuthn L3 7.1 #24" }, true },
        { "LLC", { MITOME_E_CERTIFICATE_PATH, "x5c", "WebAuthn L3 7.1 #24" }, true },
        { "LCL", { MITOME_E_CERTIFICATE_PATH, "x5c", "WebAuthn L3 7.1 #24" }, true },
        { "LCLC", { MITOME_E_CERTIFICATE_PATH, "x5c", "WebAuthn L3 7.1 #24" }, true },
        { "LF", { MITOME_E_CERTIFICATE_PATH, "x5c", "WebAuthn L3 7.1 #24" }, true },
        { "LFC", { MITOME_E_CERTIFICATE_PATH, "x5c", "WebAuthn L3 7.1 #24" }, true },
        { "LCF", { MITOME_E_CERTIFICATE_PATH, "x5c", "WebAuthn L3 7.1 #24" }, true },
        { "LX", { MITOME_E_DER, "x5c", "RFC 5280 4.1" }, false },
        { "LCX", { MITOME_E_DER, "x5c", "RFC 5280 4.1" }, false },
        { "LT", { MITOME_E_TRAILING_BYTES, "x5c", "RFC 5280 4.1" }, false },
};

static slice write_path(const char *path, slice leaf, slice foreign, uint8_t *to, size_t capacity)
{
        static const uint8_t none[] = { 0x30, 0x00 };
        uint8_t trailing[2049];
        const slice ca = slice_of(rig->ca_der, rig->ca_der_size);
        writer w = writer_over(to, capacity), t = WRITER(trailing);
        write_slice(&t, ca);
        write_u8(&t, 0);
        cbor_write_array(&w, strlen(path));
        for (; *path; path++)
                cbor_write_bytes(&w, *path == 'L'   ? leaf
                                     : *path == 'C' ? ca
                                     : *path == 'F' ? foreign
                                     : *path == 'T' ? writer_view(&t)
                                                    : SLICE(none));
        assert_false(w.overflowed);
        return writer_view(&w);
}

static struct mitome_trust *trust_in(slice anchor)
{
        struct mitome_trust *trust = NULL;
        assert_int_equal(mitome_trust_new(&trust, NULL).code, MITOME_OK);
        assert_int_equal(mitome_trust_add_anchor(trust, anchor, NULL).code, MITOME_OK);
        return trust;
}

/* 7.1 #24: a path that contradicts itself is refused where trust is demanded, and is worth as much as none
 * where it is not; what is no certificate is refused in any case. */
static void a_path_leads_from_each_to_the_next(void **state)
{
        (void)state;
        static const enum rig_format with_paths[] = { RIG_FORMAT_PACKED, RIG_FORMAT_TPM, RIG_FORMAT_ANDROID,
                RIG_FORMAT_APPLE };
        static struct members members;
        static uint8_t x5c[16384];
        struct rig foreign;
        rig_open(&foreign);
        struct mitome_trust *trust = trust_in(slice_of(rig->ca_der, rig->ca_der_size));
        for (size_t f = 0; f < COUNT(with_paths); f++)
                for (size_t i = 0; i < COUNT(paths) * 2; i++) {
                        const enum rig_format format = with_paths[f];
                        const size_t path = i / 2;
                        struct run run = fresh();
                        run.trust = trust;
                        run.policy.require_trust = i % 2 == 0;
                        begin_format(format, &members);
                        verify_chain(&run, format, &members,
                                write_path(paths[path].chain, first_certificate(&members),
                                        slice_of(foreign.ca_der, foreign.ca_der_size), x5c, sizeof x5c));
                        const bool fails = run.policy.require_trust || !paths[path].accepted_without;
                        check(&run, facts[format].name, paths[path].chain, fails ? paths[path].strict : fine);
                        if (run.code == MITOME_OK)
                                assert_int_equal(run.verdict.trust, paths[path].strict.code
                                                                            ? MITOME_TRUST_UNVERIFIED
                                                                            : MITOME_TRUST_VERIFIED);
                }
        mitome_trust_free(trust);
        rig_close(&foreign);
}

/* ---- certificates that are edited and signed again ---- */

typedef void edit_certificate(X509 *leaf);

static void add_unknown(X509 *leaf, bool critical)
{
        ASN1_OBJECT *type = OBJ_txt2obj("1.3.6.1.4.1.99999.7", 1);
        ASN1_OCTET_STRING *content = ASN1_OCTET_STRING_new();
        assert_int_equal(ASN1_OCTET_STRING_set(content, (const uint8_t *)"\x05\x00", 2), 1);
        X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, type, critical, content);
        assert_int_equal(X509_add_ext(leaf, extension, -1), 1);
        X509_EXTENSION_free(extension);
        ASN1_OCTET_STRING_free(content);
        ASN1_OBJECT_free(type);
}

static void unknown_extension(X509 *leaf)
{
        add_unknown(leaf, false);
}

static void critical_extension(X509 *leaf)
{
        add_unknown(leaf, true);
}

static void version_1(X509 *leaf)
{
        assert_int_equal(X509_set_version(leaf, X509_VERSION_1), 1);
        while (X509_get_ext_count(leaf) > 0)
                X509_EXTENSION_free(X509_delete_ext(leaf, 0));
}

static void add_constraints(X509 *leaf, const char *text)
{
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, text);
        assert_int_equal(X509_add_ext(leaf, extension, -1), 1);
        X509_EXTENSION_free(extension);
}

static void remove_constraints(X509 *leaf)
{
        for (int at; (at = X509_get_ext_by_NID(leaf, NID_basic_constraints, -1)) >= 0;)
                X509_EXTENSION_free(X509_delete_ext(leaf, at));
}

static void ca_leaf(X509 *leaf)
{
        remove_constraints(leaf);
        add_constraints(leaf, "CA:TRUE");
}

static void constraints_twice(X509 *leaf)
{
        remove_constraints(leaf);
        add_constraints(leaf, "CA:FALSE");
        add_constraints(leaf, "CA:TRUE");
}

static void ends_before_it_begins(X509 *leaf)
{
        ASN1_TIME_set(X509_getm_notBefore(leaf), RIG_NOW + 1);
        ASN1_TIME_set(X509_getm_notAfter(leaf), RIG_NOW - 1);
}

static void has_ended(X509 *leaf)
{
        ASN1_TIME_set(X509_getm_notBefore(leaf), RIG_NOW - 3);
        ASN1_TIME_set(X509_getm_notAfter(leaf), RIG_NOW - 1);
}

static void negative_serial(X509 *leaf)
{
        ASN1_INTEGER_set(X509_get_serialNumber(leaf), -5);
}

static void other_issuer(X509 *leaf)
{
        X509_NAME *name = X509_NAME_new();
        X509_NAME_add_entry_by_txt(
                name, "CN", MBSTRING_UTF8, (const unsigned char *)"Rig attestation CB", -1, -1, 0);
        assert_int_equal(X509_set_issuer_name(leaf, name), 1);
        X509_NAME_free(name);
}

static void nothing(X509 *leaf)
{
        (void)leaf;
}

enum signer { BY_CA, BY_CA_SHA1, BY_STRANGER, BY_CA_SPOILED };

#define X5C(code, clause)                                  \
        {                                                  \
                MITOME_E_##code, "x5c", "RFC 5280 " clause \
        }
#define PATH                                                            \
        {                                                               \
                MITOME_E_CERTIFICATE_PATH, "x5c", "WebAuthn L3 7.1 #24" \
        }
#define UNTRUSTED                                                                    \
        {                                                                            \
                MITOME_E_ATTESTATION_UNTRUSTED, "attStmt.x5c", "WebAuthn L3 7.1 #24" \
        }

static const struct {
        const char *name;
        edit_certificate *edit;
        enum signer signer;
        mitome_code leaf; /* packed and tpm: 8.2.1 and 8.3.1 look into the leaf; OK: nothing is found there */
        struct refusal alone;   /* with require_trust, x5c: the leaf; OK: a path is found */
        struct refusal with_ca; /* x5c: the leaf and its CA */
} certificate_edits[] = {
        { "signed again", nothing, BY_CA, MITOME_OK, { MITOME_OK }, { MITOME_OK } },
        { "an unknown extension", unknown_extension, BY_CA, MITOME_OK, { MITOME_OK }, { MITOME_OK } },
        { "a critical unknown extension", critical_extension, BY_CA, MITOME_OK,
                X5C(CERTIFICATE_CRITICAL, "4.2"), X5C(CERTIFICATE_CRITICAL, "4.2") },
        { "version 1", version_1, BY_CA, MITOME_E_LEAF_VERSION, { MITOME_OK }, { MITOME_OK } },
        { "CA", ca_leaf, BY_CA, MITOME_E_LEAF_CONSTRAINTS, { MITOME_OK }, { MITOME_OK } },
        { "no basicConstraints", remove_constraints, BY_CA, MITOME_E_LEAF_CONSTRAINTS, { MITOME_OK },
                { MITOME_OK } },
        { "basicConstraints twice", constraints_twice, BY_CA, MITOME_E_LEAF_CONSTRAINTS, UNTRUSTED, PATH },
        { "ends before it begins", ends_before_it_begins, BY_CA, MITOME_OK,
                X5C(CERTIFICATE_NOT_YET_VALID, "4.1.2.5"), X5C(CERTIFICATE_NOT_YET_VALID, "4.1.2.5") },
        { "has ended", has_ended, BY_CA, MITOME_OK, X5C(CERTIFICATE_EXPIRED, "4.1.2.5"),
                X5C(CERTIFICATE_EXPIRED, "4.1.2.5") },
        { "a negative serial number", negative_serial, BY_CA, MITOME_OK, { MITOME_OK }, { MITOME_OK } },
        { "another issuer's name", other_issuer, BY_CA, MITOME_OK, UNTRUSTED, PATH },
        { "signed with SHA-1", nothing, BY_CA_SHA1, MITOME_OK, UNTRUSTED, UNTRUSTED },
        { "signed by a stranger", nothing, BY_STRANGER, MITOME_OK, UNTRUSTED, PATH },
        { "another signature", nothing, BY_CA_SPOILED, MITOME_OK, UNTRUSTED, PATH },
};

static slice edit_leaf(slice der, edit_certificate *edit, enum signer signer, uint8_t to[4096])
{
        const unsigned char *at = der.data;
        unsigned char *end = to;
        X509 *leaf = d2i_X509(NULL, &at, (long)der.size);
        EVP_PKEY *stranger = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
        assert_non_null(leaf);
        edit(leaf);
        assert_true(X509_sign(leaf, signer == BY_STRANGER ? stranger : rig->ca_key,
                            signer == BY_CA_SHA1 ? EVP_sha1() : EVP_sha256()) > 0);
        const int size = i2d_X509(leaf, NULL);
        assert_in_range(size, 1, 4096);
        assert_int_equal(i2d_X509(leaf, &end), size);
        to[size - 1] ^= signer == BY_CA_SPOILED;
        X509_free(leaf);
        EVP_PKEY_free(stranger);
        return slice_of(to, (size_t)size);
}

static const char *leaf_field(mitome_code code)
{
        return code == MITOME_E_LEAF_VERSION ? "attStmt.x5c[0]" : "attStmt.x5c[0] basicConstraints";
}

static struct refusal of_certificate(size_t i, enum rig_format format, bool with_ca, bool demanded)
{
        const bool looked_into = format == RIG_FORMAT_PACKED || format == RIG_FORMAT_TPM;
        if (looked_into && certificate_edits[i].leaf)
                return (struct refusal){ certificate_edits[i].leaf, leaf_field(certificate_edits[i].leaf),
                        format == RIG_FORMAT_TPM ? "WebAuthn L3 8.3.1" : "WebAuthn L3 8.2.1" };
        if (format == RIG_FORMAT_ANDROID || format == RIG_FORMAT_APPLE)
                if (certificate_edits[i].edit == version_1) /* that has no extensions */
                        return (struct refusal){ MITOME_E_LEAF_EXTENSION_MISSING,
                                format == RIG_FORMAT_APPLE ? "attStmt.x5c[0] nonce"
                                                           : "attStmt.x5c[0] KeyDescription",
                                facts[format].clause };
        if (!demanded)
                return fine;
        return with_ca ? certificate_edits[i].with_ca : certificate_edits[i].alone;
}

/* The statement's signature is right all the while: it is the certificate that says something else. */
static void edited_certificates_are_not_trusted(void **state)
{
        (void)state;
        static const enum rig_format with_paths[] = { RIG_FORMAT_PACKED, RIG_FORMAT_U2F, RIG_FORMAT_TPM,
                RIG_FORMAT_ANDROID, RIG_FORMAT_APPLE };
        static struct members members;
        static uint8_t x5c[16384], der[4096];
        struct mitome_trust *trust = trust_in(slice_of(rig->ca_der, rig->ca_der_size));
        for (size_t f = 0; f < COUNT(with_paths); f++)
                for (size_t i = 0; i < COUNT(certificate_edits) * 4; i++) {
                        const enum rig_format format = with_paths[f];
                        const bool with_ca = i & 1, demanded = i & 2;
                        struct run run = fresh();
                        if (with_ca && format == RIG_FORMAT_U2F)
                                continue; /* one certificate */
                        run.trust = trust;
                        run.policy.require_trust = demanded;
                        begin_format(format, &members);
                        const slice leaf = edit_leaf(first_certificate(&members),
                                certificate_edits[i / 4].edit, certificate_edits[i / 4].signer, der);
                        verify_chain(&run, format, &members,
                                write_path(with_ca ? "LC" : "L", leaf, (slice){ 0 }, x5c, sizeof x5c));
                        const struct refusal expected = of_certificate(i / 4, format, with_ca, demanded);
                        check(&run, facts[format].name, certificate_edits[i / 4].name, expected);
                        if (run.code == MITOME_OK)
                                assert_int_equal(
                                        run.verdict.trust, of_certificate(i / 4, format, with_ca, true).code
                                                                   ? MITOME_TRUST_UNVERIFIED
                                                                   : MITOME_TRUST_VERIFIED);
                }
        mitome_trust_free(trust);
}

/* Who trusts nobody, or another of the same name, or at another time. */
static void trust_is_demanded_or_reported(void **state)
{
        (void)state;
        static struct members members;
        struct rig foreign;
        rig_open(&foreign);
        struct mitome_trust *right = trust_in(slice_of(rig->ca_der, rig->ca_der_size));
        struct mitome_trust *other = trust_in(slice_of(foreign.ca_der, foreign.ca_der_size));
        const struct refusal untrusted = { MITOME_E_ATTESTATION_UNTRUSTED, "attStmt.x5c",
                "WebAuthn L3 7.1 #24" };
        const struct refusal expired = { MITOME_E_CERTIFICATE_EXPIRED, "x5c", "RFC 5280 4.1.2.5" };
        const struct refusal early = { MITOME_E_CERTIFICATE_NOT_YET_VALID, "x5c", "RFC 5280 4.1.2.5" };
        const struct refusal not_asked = { MITOME_E_ATTESTATION_UNTRUSTED, "fmt", "WebAuthn L3 7.1 #24" };
        const struct {
                const struct mitome_trust *trust;
                int64_t now;
                struct refusal strict;
        } cases[] = {
                { right, RIG_NOW, fine },
                { right, RIG_NOW + 86399, fine },
                { right, RIG_NOW - 86400, fine },
                { NULL, RIG_NOW, untrusted },
                { other, RIG_NOW, untrusted },
                { right, INT64_C(2145916801), expired }, /* after all of them */
                { right, 1704067199, early },            /* before all of them */
                { right, 0, early },
                { other, INT64_C(2145916801), expired },
        };
        for (int format = 0; format < RIG_FORMATS; format++)
                for (size_t i = 0; i < COUNT(cases) * 2; i++) {
                        struct run run = fresh();
                        struct refusal expected = cases[i / 2].strict;
                        run.trust = cases[i / 2].trust;
                        run.now = cases[i / 2].now;
                        run.policy.require_trust = i % 2;
                        begin_format(format, &members);
                        if (format == RIG_FORMAT_NONE || format == RIG_FORMAT_SELF)
                                expected = not_asked;
                        else if (format == RIG_FORMAT_COMPOUND &&
                                 (!expected.code || expected.code == MITOME_E_ATTESTATION_UNTRUSTED))
                                expected = not_asked; /* one part is self attestation */
                        else if (expected.code == MITOME_OK && format == RIG_FORMAT_JPKI)
                                expected = untrusted; /* nobody vouches for the person */
                        (void)verify(&run, CREATE, rig_json(&built));
                        check(&run, facts[format].name, "anchors",
                                run.policy.require_trust ? expected : fine);
                        if (!run.policy.require_trust && expected.code)
                                assert_int_not_equal(run.verdict.trust, MITOME_TRUST_VERIFIED);
                }
        mitome_trust_free(right);
        mitome_trust_free(other);
        rig_close(&foreign);
}

/* ---- algorithms that are not the keys' ---- */

static const int64_t identifiers[] = { COSE_ES256, COSE_EDDSA, COSE_ESP256, COSE_ED25519, COSE_ES384,
        COSE_ES512, COSE_PS256, COSE_PS384, COSE_PS512, COSE_ES256K, COSE_ML_DSA_44, COSE_ML_DSA_65,
        COSE_ML_DSA_87, COSE_ESP384, COSE_ESP512, COSE_ED448, COSE_RS256, COSE_RS384, COSE_RS512, COSE_RS1,
        -46, -1, 1, 5, -6, -10, -25, -65534, -65536, INT64_C(-4294967303), INT64_C(4294967289), INT64_MIN,
        INT64_MAX };

static bool hashes_with_sha256(int64_t id)
{
        return id == COSE_ES256 || id == COSE_ESP256 || id == COSE_ES256K || id == COSE_RS256 ||
               id == COSE_PS256;
}

static bool is_hashed(int64_t id)
{
        enum cose_form form;
        return cose_algorithm_form(id, &form) && form != COSE_FORM_ED25519 && form != COSE_FORM_ED448 &&
               form < COSE_FORM_ML_DSA_44;
}

static enum cose_form form_of(int64_t id)
{
        enum cose_form form = COSE_FORMS;
        (void)cose_algorithm_form(id, &form);
        return form;
}

/* What a key of `right`, with a signature of that algorithm, comes to when `id` is said to be its algorithm.
 */
static struct refusal of_algorithm(int64_t right, int64_t id, const char *clause)
{
        if (!cose_algorithm_name(id) || cose_algorithm_is_broken(id))
                return (struct refusal){ MITOME_E_ALGORITHM_UNSUPPORTED, "attStmt.alg", clause };
        if (form_of(id) != form_of(right))
                return (struct refusal){ MITOME_E_KEY_TYPE, "attStmt.x5c[0] public key", clause };
        const bool same = form_of(id) == COSE_FORM_P256 || form_of(id) == COSE_FORM_ED25519 || id == right;
        return same ? fine : (struct refusal){ MITOME_E_SIGNATURE_INVALID, "attStmt.sig", clause };
}

/* 8.2: "using the attestation public key in attestnCert with the algorithm specified in alg". */
static void alg_is_that_of_the_certificates_key(void **state)
{
        (void)state;
        static const struct {
                enum rig_key key;
                int64_t algorithm;
        } leaves[] = { { RIG_ES256, COSE_ES256 }, { RIG_RS256, COSE_RS256 }, { RIG_EDDSA, COSE_EDDSA } };
        for (size_t leaf = 0; leaf < COUNT(leaves); leaf++)
                for (size_t i = 0; i < COUNT(identifiers); i++) {
                        struct rig_plan plan = rig_registration_plan();
                        struct run run = fresh();
                        char detail[32];
                        plan.leaf.key = leaves[leaf].key;
                        plan.statement_algorithm = identifiers[i];
                        rig_build(rig, &plan, &built);
                        (void)verify(&run, CREATE, rig_json(&built));
                        struct refusal expected =
                                of_algorithm(leaves[leaf].algorithm, identifiers[i], "WebAuthn L3 8.2");
                        if (identifiers[i] == INT64_MIN)
                                expected = (struct refusal){ MITOME_E_ALGORITHM_UNSUPPORTED, "attStmt.alg",
                                        "WebAuthn L3 8.2" };
                        snprintf(detail, sizeof detail, "%lld", (long long)identifiers[i]);
                        check(&run, "packed", detail, expected);
                }
}

/* 8.2: "Validate that alg matches the algorithm of the credentialPublicKey". */
static void alg_of_self_attestation_is_that_of_the_key(void **state)
{
        (void)state;
        static const struct {
                enum rig_key key;
                int64_t algorithm;
        } keys[] = { { RIG_ES256, COSE_ES256 }, { RIG_RS256, COSE_RS256 }, { RIG_EDDSA, COSE_EDDSA } };
        for (size_t key = 0; key < COUNT(keys); key++)
                for (size_t i = 0; i < COUNT(identifiers); i++) {
                        struct rig_plan plan = rig_registration_plan();
                        struct run run = fresh();
                        char detail[32];
                        plan.attestation = RIG_SELF;
                        plan.key = keys[key].key;
                        plan.statement_algorithm = identifiers[i];
                        rig_build(rig, &plan, &built);
                        (void)verify(&run, CREATE, rig_json(&built));
                        snprintf(detail, sizeof detail, "%lld", (long long)identifiers[i]);
                        check(&run, "self", detail,
                                identifiers[i] == keys[key].algorithm
                                        ? fine
                                        : (struct refusal){ MITOME_E_STATEMENT_ALGORITHM, "attStmt.alg",
                                                  "WebAuthn L3 8.2" });
                }
}

static struct refusal of_statement_algorithm(enum rig_format format, int64_t id)
{
        const char *clause = facts[format].clause;
        switch (format) {
        case RIG_FORMAT_JPKI: /* "2. Verify that alg is -257." */
                return id == COSE_RS256
                               ? fine
                               : (struct refusal){ MITOME_E_STATEMENT_ALGORITHM, "attStmt.alg", clause };
        case RIG_FORMAT_SELF:
                return id == COSE_ES256
                               ? fine
                               : (struct refusal){ MITOME_E_STATEMENT_ALGORITHM, "attStmt.alg", clause };
        case RIG_FORMAT_TPM: /* extraData is hashed by it */
                if (!is_hashed(id))
                        return (struct refusal){ MITOME_E_ALGORITHM_UNSUPPORTED, "attStmt.alg", clause };
                if (!hashes_with_sha256(id))
                        return (struct refusal){ MITOME_E_NONCE_MISMATCH, "certInfo.extraData", clause };
                return of_algorithm(COSE_ES256, id, clause);
        case RIG_FORMAT_ANDROID:
                if (!cose_algorithm_name(id))
                        return (struct refusal){ MITOME_E_ALGORITHM_UNSUPPORTED, "attStmt.x5c[0] public key",
                                clause };
                return of_algorithm(COSE_ES256, id, clause);
        default:
                return of_algorithm(COSE_ES256, id, clause);
        }
}

/* The number alone, in every format that has one. */
static void alg_of_every_format_is_held_to_its_key(void **state)
{
        (void)state;
        static struct members members;
        for (int format = RIG_FORMAT_SELF; format < RIG_FORMAT_COMPOUND; format++)
                for (size_t i = 0; i < COUNT(identifiers); i++) {
                        uint8_t number[9];
                        char hex[20], detail[32];
                        writer w = WRITER(number);
                        if (format == RIG_FORMAT_U2F || format == RIG_FORMAT_APPLE)
                                continue;
                        begin_format(format, &members);
                        assert_string_equal(members.list[0].name, "alg");
                        cbor_write_int(&w, identifiers[i]);
                        for (size_t at = 0; at < w.used; at++)
                                snprintf(hex + 2 * at, 3, "%02x", number[at]);
                        snprintf(detail, sizeof detail, "%lld", (long long)identifiers[i]);
                        const struct member_edit edit = { .at = 0, .value = hex };
                        check_edit(format, &members, &edit, detail,
                                of_statement_algorithm(format, identifiers[i]));
                }
}

static void sign_sha1(EVP_PKEY *key, struct rig_der *ret)
{
        uint8_t message[4096], hash[32];
        writer w = WRITER(message);
        rig_client_data_hash(&built, hash);
        write_slice(&w, slice_of(built.auth_data, built.auth_data_size));
        write_slice(&w, SLICE(hash));
        ret->size = sizeof ret->bytes;
        EVP_MD_CTX *digest = EVP_MD_CTX_new();
        assert_int_equal(EVP_DigestSignInit(digest, NULL, EVP_sha1(), NULL, key), 1);
        assert_int_equal(EVP_DigestSign(digest, ret->bytes, &ret->size, message, w.used), 1);
        EVP_MD_CTX_free(digest);
}

/* RS1 is of old TPMs: whoever else signs with SHA-1 signs for whoever finds a collision. The signature is
 * right. */
static void sha1_is_for_tpms_only(void **state)
{
        (void)state;
        static const struct {
                enum rig_format format;
                const char *clause;
                mitome_code code;
        } cases[] = {
                { RIG_FORMAT_ANDROID, "WebAuthn L3 8.4", MITOME_E_ALGORITHM_UNSUPPORTED },
                { RIG_FORMAT_SELF, "WebAuthn L3 8.2", MITOME_E_STATEMENT_ALGORITHM },
                { RIG_FORMAT_JPKI, "mitome-jpki 3", MITOME_E_STATEMENT_ALGORITHM },
        };
        static struct members members;
        static uint8_t value[1200];
        static uint8_t statement[12288];
        for (size_t i = 0; i < COUNT(cases); i++) {
                struct rig_plan plan = rig_registration_plan();
                struct run run = fresh();
                struct rig_der signature;
                const struct member_edit edit = { .at = 0, .value = "39FFFE" };
                plan.key = cases[i].format == RIG_FORMAT_JPKI ? RIG_ES256 : RIG_RS256;
                format_rig_build(&formats, cases[i].format, &plan, &built);
                (void)verify(&run, CREATE, rig_json(&built));
                check(&run, facts[cases[i].format].name, "RS256", fine);
                read_members(rig_statement(&built), &members);
                sign_sha1(cases[i].format == RIG_FORMAT_JPKI ? formats.person : rig->credential[RIG_RS256],
                        &signature);
                writer w = WRITER(value);
                cbor_write_bytes(&w, rig_der_view(&signature));
                assert_string_equal(members.list[1].name, "sig");
                members.list[1].value = writer_view(&w);
                verify_statement(
                        &run, cases[i].format, write_members(&members, &edit, statement, sizeof statement));
                check(&run, facts[cases[i].format].name, "RS1",
                        (struct refusal){ cases[i].code, "attStmt.alg", cases[i].clause });
        }
}

/* 7.1 #20 and RFC 9053: the alg of the COSE key, over keys of each type. */
static void alg_of_a_credential_key_is_that_of_its_type(void **state)
{
        (void)state;
        static const struct {
                enum rig_key key;
                int64_t algorithm;
        } keys[] = { { RIG_ES256, COSE_ES256 }, { RIG_RS256, COSE_RS256 }, { RIG_EDDSA, COSE_EDDSA },
                { RIG_ES384, COSE_ES384 } };
        for (size_t key = 0; key < COUNT(keys); key++)
                for (size_t i = 0; i < COUNT(identifiers); i++) {
                        struct rig_plan plan = plan_of(CREATE);
                        uint8_t encoded[640], number[9];
                        char detail[32];
                        writer w = WRITER(encoded), old = WRITER(number);
                        plan.key = keys[key].key;
                        rig_build(rig, &plan, &built);
                        cbor_write_int(&old, keys[key].algorithm);
                        const slice right = slice_of(built.public_key, built.public_key_size);
                        write_slice(&w, slice_of(right.data, 4)); /* the map, 1: kty, 3 */
                        cbor_write_int(&w, identifiers[i]);
                        write_slice(&w, slice_of(right.data + 4 + old.used, right.size - 4 - old.used));
                        plan.public_key = writer_view(&w);
                        rig_build(rig, &plan, &built);
                        struct run run = fresh();
                        (void)verify(&run, CREATE, rig_json(&built));
                        const int64_t id = identifiers[i];
                        struct refusal expected = fine;
                        if (!cose_algorithm_name(id))
                                expected = (struct refusal){ MITOME_E_ALGORITHM_UNSUPPORTED, KEY_FIELD,
                                        "WebAuthn L3 6.1" };
                        else if (form_of(id) != form_of(keys[key].algorithm))
                                expected =
                                        (struct refusal){ MITOME_E_KEY_TYPE, KEY_FIELD, "WebAuthn L3 6.1" };
                        else if (cose_algorithm_is_broken(id))
                                expected = (struct refusal){ MITOME_E_ALGORITHM_UNSUPPORTED,
                                        "authData.credentialPublicKey", "WebAuthn L3 7.1 #20" };
                        snprintf(detail, sizeof detail, "%lld", (long long)id);
                        check(&run, "credential key", detail, expected);
                }
}

/* 7.2 #21: the record's key, over an assertion that its owner signed. */
static void alg_of_a_record_is_that_of_its_key(void **state)
{
        (void)state;
        static const struct {
                enum rig_key key;
                int64_t algorithm;
        } keys[] = { { RIG_ES256, COSE_ES256 }, { RIG_RS256, COSE_RS256 }, { RIG_EDDSA, COSE_EDDSA } };
        for (size_t key = 0; key < COUNT(keys); key++)
                for (size_t i = 0; i < COUNT(identifiers); i++) {
                        struct rig_plan plan = plan_of(GET);
                        uint8_t encoded[640], number[9];
                        char detail[32];
                        writer w = WRITER(encoded), old = WRITER(number);
                        const int64_t id = identifiers[i];
                        plan.key = keys[key].key;
                        rig_build(rig, &plan, &built);
                        cbor_write_int(&old, keys[key].algorithm);
                        const slice right = slice_of(built.public_key, built.public_key_size);
                        write_slice(&w, slice_of(right.data, 4));
                        cbor_write_int(&w, id);
                        write_slice(&w, slice_of(right.data + 4 + old.used, right.size - 4 - old.used));
                        struct run run = fresh();
                        run.record.public_key = writer_view(&w);
                        (void)verify(&run, GET, rig_json(&built));
                        const char *clause = "WebAuthn L3 7.2 #21", *field = "credential.public_key";
                        struct refusal expected = of_algorithm(keys[key].algorithm, id, clause);
                        if (!cose_algorithm_name(id) ||
                                (cose_algorithm_is_broken(id) && keys[key].key == RIG_RS256))
                                expected = (struct refusal){ MITOME_E_ALGORITHM_UNSUPPORTED, field, clause };
                        else if (form_of(id) != form_of(keys[key].algorithm))
                                expected = (struct refusal){ MITOME_E_KEY_TYPE, field, clause };
                        else if (expected.code)
                                expected.field = "response.signature";
                        snprintf(detail, sizeof detail, "%lld", (long long)id);
                        check(&run, "record", detail, expected);
                }
}

/* ---- logins ---- */

/* 10.1.1: the AppID counts only where it was asked for and the client says that it was used. */
static void an_app_id_is_asked_for_and_used(void **state)
{
        (void)state;
        static const char app_id[] = "https://example.org/app-id.json";
        static const struct {
                bool asked;
                const char *results, *hashed;
                bool right;
        } cases[] = {
                { true, "{\"appid\":true}", app_id, true },
                { true, "{\"appid\":true}", "example.org", true },
                { true, "{\"appid\":false}", "example.org", true },
                { true, "{}", "example.org", true },
                { false, "{\"appid\":true}", "example.org", true },
                { false, "{\"appid\":true}", app_id, false },
                { true, "{\"appid\":false}", app_id, false },
                { true, "{}", app_id, false },
                { true, "null", app_id, false },
                { true, "{\"appid\":\"true\"}", app_id, false },
                { true, "{\"appid\":1}", app_id, false },
                { true, "{\"appid\":[true]}", app_id, false },
                { true, "{\"AppId\":true}", app_id, false },
                { true, "{\"appidExclude\":true}", app_id, false },
                { true, "{\"x\":{\"appid\":true}}", app_id, false },
                { true, "{\"appid\":true}", "https://example.org/app-id.jso", false },
                { true, "{\"appid\":true}", "https://evil.example/app-id.json", false },
                { true, "{\"appid\":true}", "", false },
        };
        for (size_t i = 0; i < COUNT(cases); i++) {
                static uint8_t json[32768];
                char results[128];
                struct rig_plan plan = plan_of(GET);
                plan.rp_id = cases[i].hashed;
                rig_build(rig, &plan, &built);
                struct run run = fresh();
                if (cases[i].asked)
                        run.expected.app_id = slice_text(app_id);
                snprintf(results, sizeof results, "\"clientExtensionResults\":%s", cases[i].results);
                (void)verify(&run, GET,
                        replace_once(rig_json(&built), "\"clientExtensionResults\":{}", results, json,
                                sizeof json));
                check(&run, cases[i].results, cases[i].hashed,
                        cases[i].right ? fine
                                       : (struct refusal){ MITOME_E_RP_ID_HASH, "authData.rpIdHash",
                                                 "WebAuthn L3 7.2 #15" });
        }
}

/* 7.2 #6: "If the user was not identified before the ceremony was initiated, ... verify that
 * response.userHandle is present". */
static void an_unidentified_user_names_himself(void **state)
{
        (void)state;
        static const struct {
                const char *sent, *kept; /* JSON; text, NULL: unknown */
                bool unidentified;
                mitome_code code;
        } cases[] = {
                { "\"dXNlcg\"", "user", true, MITOME_OK },
                { "\"dXNlcg\"", "user", false, MITOME_OK },
                { NULL, "user", false, MITOME_OK },
                { NULL, NULL, false, MITOME_OK },
                { "\"dXNlcg\"", NULL, false, MITOME_OK },
                { NULL, "user", true, MITOME_E_MISSING },
                { "null", "user", true, MITOME_E_MISSING },
                { "\"dXNlcg\"", NULL, true, MITOME_E_MISSING }, /* whose it is cannot be said */
                { NULL, NULL, true, MITOME_E_MISSING },
                { "\"\"", NULL, true, MITOME_E_MISSING },
                { "\"\"", "user", true, MITOME_E_MISSING }, /* 5.4.3: 1 byte at least, so that is none */
                { "\"\"", "user", false, MITOME_OK },
                { "\"dXNlcw\"", "user", true, MITOME_E_USER_HANDLE_MISMATCH },
                { "\"dXNlcgA\"", "user", true, MITOME_E_USER_HANDLE_MISMATCH },
                { "\"VXNlcg\"", "user", false, MITOME_E_USER_HANDLE_MISMATCH },
        };
        for (size_t i = 0; i < COUNT(cases); i++) {
                struct rig_plan plan = plan_of(GET);
                plan.user_handle = cases[i].sent;
                rig_build(rig, &plan, &built);
                struct run run = fresh();
                run.record.user_handle = cases[i].kept ? slice_text(cases[i].kept) : slice_of(NULL, 0);
                run.expected.user_unidentified = cases[i].unidentified;
                (void)verify(&run, GET, rig_json(&built));
                check(&run, cases[i].sent ? cases[i].sent : "none", cases[i].kept ? cases[i].kept : "none",
                        cases[i].code ? (struct refusal){ cases[i].code, "response.userHandle",
                                                "WebAuthn L3 7.2 #6" }
                                      : fine);
        }
}

/* 7.2 #5, over lists that nearly name the credential. */
static void a_credential_is_one_of_those_asked_for(void **state)
{
        (void)state;
        uint8_t near[34];
        const struct rig_plan plan = plan_of(GET);
        memcpy(near, rig->credential_id, 32);
        near[32] = near[33] = 0;
        const slice lists[][2] = {
                { slice_of(near, 31), slice_of(near, 33) },
                { slice_of(near, 0), slice_of(near + 1, 32) },
                { slice_of(near + 32, 1), slice_of(near, 34) },
        };
        rig_build(rig, &plan, &built);
        for (size_t i = 0; i < COUNT(lists) + 1; i++) {
                struct run run = fresh();
                const slice right[] = { slice_of(near, 31), slice_of(near, 32) };
                run.expected.allowed_credentials = i < COUNT(lists) ? lists[i] : right;
                run.expected.allowed_credential_count = 2;
                (void)verify(&run, GET, rig_json(&built));
                check(&run, "allowCredentials", "near",
                        i < COUNT(lists) ? (struct refusal){ MITOME_E_CREDENTIAL_NOT_ALLOWED, "rawId",
                                                   "WebAuthn L3 7.2 #5" }
                                         : fine);
        }
}

/* An assertion is no registration, and the other way round; nor is one part another. */
static void parts_are_not_exchanged(void **state)
{
        (void)state;
        static uint8_t json[32768];
        struct rig_plan create = plan_of(CREATE), get = plan_of(GET);
        rig_build(rig, &create, &built);
        struct run run = fresh();
        (void)verify(&run, GET, rig_json(&built));
        check(&run, "registration", "as a login",
                (struct refusal){ MITOME_E_MISSING, "response.authenticatorData", "WebAuthn L3 5.1" });
        rig_build(rig, &get, &built);
        run = fresh();
        (void)verify(&run, CREATE, rig_json(&built));
        check(&run, "login", "as a registration",
                (struct refusal){ MITOME_E_MISSING, "response.attestationObject", "WebAuthn L3 5.1" });
        (void)verify(&run, GET,
                replace_once(
                        rig_json(&built), "\"authenticatorData\":\"", "\"signature\":\"", json, sizeof json));
        check(&run, "signature", "twice",
                (struct refusal){ MITOME_E_JSON_DUPLICATE_NAME, "response", "WebAuthn L3 5.1" });
}

/* Parts as bytes have the limits that they have as JSON. */
static void bytes_have_limits(void **state)
{
        (void)state;
        static uint8_t long_bytes[65537];
        const struct rig_plan plan = plan_of(CREATE);
        rig_build(rig, &plan, &built);
        const struct mitome_response right = { .credential_id = SLICE(rig->credential_id),
                .client_data = slice_of(built.client_data, built.client_data_size),
                .attestation_object = slice_of(built.object, built.object_size) };
        const struct {
                struct mitome_response response;
                struct refusal expected;
        } cases[] = {
                { { right.credential_id, right.client_data, right.attestation_object }, { MITOME_OK } },
                { { { 0 }, right.client_data, right.attestation_object },
                        { MITOME_E_MISSING, "rawId", "WebAuthn L3 5.1" } },
                { { right.credential_id, { 0 }, right.attestation_object },
                        { MITOME_E_MISSING, "response.clientDataJSON", "WebAuthn L3 5.1" } },
                { { right.credential_id, right.client_data, { 0 } },
                        { MITOME_E_MISSING, "response.attestationObject", "WebAuthn L3 5.1" } },
                { { slice_of(long_bytes, 1024), right.client_data, right.attestation_object },
                        { MITOME_E_TOO_LONG, "rawId", "WebAuthn L3 5.1" } },
                { { right.credential_id, slice_of(long_bytes, CLIENT_DATA_MAX + 1),
                          right.attestation_object },
                        { MITOME_E_TOO_LONG, "response.clientDataJSON", "WebAuthn L3 5.1" } },
                { { right.credential_id, right.client_data, SLICE(long_bytes) },
                        { MITOME_E_TOO_LONG, "response.attestationObject", "WebAuthn L3 5.1" } },
        };
        for (size_t i = 0; i < COUNT(cases); i++) {
                struct run run = fresh();
                run.code = mitome_verify_registration_bytes(context, &run.policy, &run.expected,
                        &cases[i].response, NULL, run.now, buffer, sizeof buffer, &run.verdict, &run.error)
                                   .code;
                check(&run, "bytes", "limits", cases[i].expected);
        }
}

/* ---- */

static int open_all(void **state)
{
        (void)state;
        format_rig_open(&formats);
        const struct rig_plan plan = rig_registration_plan();
        rig_build(rig, &plan, &built);
        return mitome_context_new(&context, NULL).code;
}

static int close_all(void **state)
{
        (void)state;
        print_message(
                "%zu cases were refused for their reason, %zu accepted for theirs\n", refused, accepted);
        mitome_context_free(context);
        format_rig_close(&formats);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_origin_is_compared_byte_by_byte),
                cmocka_unit_test(a_slash_too_many_is_one_slash),
                cmocka_unit_test(a_type_is_compared_byte_by_byte),
                cmocka_unit_test(a_challenge_has_one_text),
                cmocka_unit_test(members_have_their_types),
                cmocka_unit_test(further_members_change_nothing_or_are_refused),
                cmocka_unit_test(members_have_a_limit),
                cmocka_unit_test(client_data_is_one_object_in_utf8),
                cmocka_unit_test(a_response_is_as_the_specification_writes_it),
                cmocka_unit_test(credential_keys_are_canonical),
                cmocka_unit_test(credential_ids_have_their_length),
                cmocka_unit_test(extensions_are_canonical),
                cmocka_unit_test(outputs_are_found_among_many),
                cmocka_unit_test(flags_say_what_follows),
                cmocka_unit_test(an_attestation_object_is_a_map_of_three),
                cmocka_unit_test(format_names_are_exact),
                cmocka_unit_test(every_member_of_every_statement_is_held_to_its_syntax),
                cmocka_unit_test(a_statement_has_its_type),
                cmocka_unit_test(a_statement_is_of_its_format),
                cmocka_unit_test(a_statement_is_of_its_ceremony),
                cmocka_unit_test(a_chain_begins_with_the_leaf_in_der),
                cmocka_unit_test(a_path_leads_from_each_to_the_next),
                cmocka_unit_test(edited_certificates_are_not_trusted),
                cmocka_unit_test(trust_is_demanded_or_reported),
                cmocka_unit_test(alg_is_that_of_the_certificates_key),
                cmocka_unit_test(alg_of_self_attestation_is_that_of_the_key),
                cmocka_unit_test(alg_of_every_format_is_held_to_its_key),
                cmocka_unit_test(sha1_is_for_tpms_only),
                cmocka_unit_test(alg_of_a_credential_key_is_that_of_its_type),
                cmocka_unit_test(alg_of_a_record_is_that_of_its_key),
                cmocka_unit_test(an_app_id_is_asked_for_and_used),
                cmocka_unit_test(an_unidentified_user_names_himself),
                cmocka_unit_test(a_credential_is_one_of_those_asked_for),
                cmocka_unit_test(parts_are_not_exchanged),
                cmocka_unit_test(bytes_have_limits),
        };
        return cmocka_run_group_tests(tests, open_all, close_all);
}
