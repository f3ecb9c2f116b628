/* SPDX-License-Identifier: Apache-2.0 */
/* Every field of a policy and of an expectation, each alone: what it lets pass and what it refuses, with
 * code, field and clause. (Who claims to be what he is not: test_policy.c.) */
#include "authdata.h"
#include "format_rig.h"
#include "json.h"
#include "metadata_rig.h"

#include <mitome/metadata.h>

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define CREATE(number) "WebAuthn L3 7.1 #" number
#define GET(number) "WebAuthn L3 7.2 #" number
#define MDS "FIDO Metadata Service 3.1.4"

static struct format_rig formats;
static struct mitome_trust *anchored, *empty;
static uint8_t buffer[MITOME_RP_BUFFER_MAX];

/* ---- one ceremony ---- */

struct run {
        bool login;
        enum rig_format format; /* of a registration; RIG_FORMATS: packed, as the ceremony rig builds it */
        struct rig_plan plan;
        const char *results; /* clientExtensionResults; NULL: {} */
        struct rig_response built;
        struct mitome_policy policy;
        struct mitome_expectation expected;
        struct mitome_credential record;
        const struct mitome_trust *trust;
        struct mitome_verdict verdict;
        mitome_error error;
};

static struct run *new_run(bool login)
{
        static struct run run;
        run = (struct run){ .login = login,
                .format = RIG_FORMATS,
                .plan = login ? rig_authentication_plan() : rig_registration_plan(),
                .expected = rig_expectation(&formats.rig) };
        return &run;
}

/* The response's JSON with its results in place of {}. */
static slice json_of(const struct run *run)
{
        static const char mark[] = "\"clientExtensionResults\":{}";
        static uint8_t edited[40000];
        const struct rig_response *built = &run->built;
        if (!run->results)
                return rig_json(built);
        const uint8_t *found = memmem(built->json, built->json_size, mark, sizeof mark - 1);
        writer w = WRITER(edited);
        assert_non_null(found);
        const size_t before = (size_t)(found - built->json) + sizeof mark - 3, behind = before + 2;
        write_slice(&w, slice_of(built->json, before));
        write_slice(&w, slice_text(run->results));
        write_slice(&w, slice_of(built->json + behind, built->json_size - behind));
        assert_false(w.overflowed);
        return writer_view(&w);
}

static mitome_code verify(struct run *run)
{
        const slice json = json_of(run);
        run->error = (mitome_error){ 0 };
        mitome_status status =
                run->login
                        ? mitome_verify_authentication(NULL, &run->policy, &run->expected, json, &run->record,
                                  run->trust, RIG_NOW, buffer, sizeof buffer, &run->verdict, &run->error)
                        : mitome_verify_registration(NULL, &run->policy, &run->expected, json, run->trust,
                                  RIG_NOW, buffer, sizeof buffer, &run->verdict, &run->error);
        assert_int_equal(status.code, run->error.code);
        return status.code;
}

static void build(struct run *run)
{
        if (run->format < RIG_FORMATS)
                format_rig_build(&formats, run->format, &run->plan, &run->built);
        else
                rig_build(&formats.rig, &run->plan, &run->built);
        const struct mitome_credential right = rig_record(&formats.rig, &run->built);
        run->record.id = right.id;
        run->record.public_key = right.public_key;
        run->record.sign_count = right.sign_count;
}

struct refusal {
        mitome_code code; /* MITOME_OK: accepted */
        const char *field, *clause;
};

static const struct refusal fine = { MITOME_OK, NULL, NULL };

static void check(struct run *run, const char *name, struct refusal expected)
{
        mitome_code code = verify(run);
        const mitome_error *e = &run->error;
        if (code != expected.code)
                print_error("%s: %d %s (%s)\n", name, code, e->field, e->clause);
        assert_int_equal(code, expected.code);
        if (code == MITOME_OK)
                return;
        assert_string_equal(e->field, expected.field);
        if (expected.clause)
                assert_string_equal(e->clause, expected.clause);
        else
                assert_null(e->clause);
}

/* ---- fields that one edit and one setting show ---- */

typedef void edit_run(struct run *run);

#define EDIT(name, statement)             \
        static void name(struct run *run) \
        {                                 \
                statement;                \
        }

static const uint8_t handle[] = { 'u', 's', 'e', 'r' }, other_handle[] = { 'u', 's', 'e', 's' };
static const slice top[] = { { (const uint8_t *)"https://a", 9 }, { (const uint8_t *)"https://top", 11 } };
static const slice others[] = { { handle, sizeof handle } };
static const int64_t es256[] = { COSE_RS256, COSE_ES256 }, rs256[] = { COSE_RS256 };
static const char app_id[] = "https://example.org/app-id.json";

EDIT(nothing, (void)run)
EDIT(no_uv, run->plan.flags &= (uint8_t)~AUTHDATA_UV)
EDIT(no_up, run->plan.flags &= (uint8_t)~AUTHDATA_UP)
EDIT(cross, run->plan.client_members = ",\"crossOrigin\":true")
EDIT(framed, (run->plan.client_members = ",\"crossOrigin\":true,\"topOrigin\":\"https://top\"",
                     run->policy.allow_cross_origin = true))
EDIT(framed_by_b, (run->plan.client_members = ",\"crossOrigin\":true,\"topOrigin\":\"https://top/\"",
                          run->policy.allow_cross_origin = true))
EDIT(framed_only, run->plan.client_members = ",\"topOrigin\":\"https://top\"")
EDIT(rk, run->results = "{\"credProps\":{\"rk\":true}}")
EDIT(rk_false, run->results = "{\"credProps\":{\"rk\":false}}")
EDIT(rk_text, run->results = "{\"credProps\":{\"rk\":\"true\"}}")
EDIT(rk_one, run->results = "{\"credProps\":{\"rk\":1}}")
EDIT(rk_outside, run->results = "{\"rk\":true}")
EDIT(no_props, run->results = "{\"credProps\":{}}")
EDIT(slash, run->plan.origin = "https://example.org/")
EDIT(left_over, run->plan.trailing_auth_data = true)
EDIT(other_app, run->plan.rp_id = "https://example.org/other.json")
EDIT(handle_sent, (run->plan.user_handle = "\"dXNlcg\"", run->record.user_handle = SLICE(handle)))
EDIT(handle_alone, run->plan.user_handle = "\"dXNlcg\"")
EDIT(handle_kept, run->record.user_handle = SLICE(handle))
EDIT(handle_other, (run->plan.user_handle = "\"dXNlcg\"", run->record.user_handle = SLICE(other_handle)))

static void order(struct run *run)
{
        static const uint8_t unsorted[] = { 0xA2, 0x62, 'b', 'b', 0xF5, 0x61, 'a', 0xF5 };
        run->plan.flags |= AUTHDATA_ED;
        run->plan.extensions = SLICE(unsorted);
}

static void used_app_id(struct run *run)
{
        run->plan.rp_id = app_id;
        run->results = "{\"appid\":true}";
}

static void app_id_unsaid(struct run *run)
{
        run->plan.rp_id = app_id;
}

static void app_id_denied(struct run *run)
{
        run->plan.rp_id = app_id;
        run->results = "{\"appid\":false}";
}

static void app_id_text(struct run *run)
{
        run->plan.rp_id = app_id;
        run->results = "{\"appid\":\"true\"}";
}

static void app_id_said(struct run *run)
{
        run->results = "{\"appid\":true}";
}

static void other_app_said(struct run *run)
{
        other_app(run);
        run->results = "{\"appid\":true}";
}

/* 15 bytes, and 1. */
static void short_challenge(struct run *run)
{
        run->plan.challenge = "AQgPFh0kKzI5QEdOVVxj";
        run->expected.challenge.size = 15;
}

static void one_byte_challenge(struct run *run)
{
        run->plan.challenge = "AQ";
        run->expected.challenge.size = 1;
}

static void no_challenge(struct run *run)
{
        run->plan.challenge = "";
        run->expected.challenge.size = 0;
}

/* What is set in the policy or the expectation. */
EDIT(set_uv, run->policy.require_user_verification = true)
EDIT(set_discoverable, run->policy.require_discoverable = true)
EDIT(set_cross, run->policy.allow_cross_origin = true)
EDIT(set_top, (run->policy.top_origins = top, run->policy.top_origin_count = 2))
EDIT(set_one_top, (run->policy.top_origins = top, run->policy.top_origin_count = 1))
EDIT(set_es256, (run->policy.algorithms = es256, run->policy.algorithm_count = 2))
EDIT(set_rs256, (run->policy.algorithms = rs256, run->policy.algorithm_count = 1))
EDIT(set_no_algorithm, (run->policy.algorithms = es256, run->policy.algorithm_count = 0))
EDIT(set_short, run->policy.allow_short_challenge = true)
EDIT(set_slash, run->policy.switches = MITOME_SWITCH_ORIGIN_SLASH)
EDIT(set_left_over, run->policy.switches = MITOME_SWITCH_AUTH_DATA_LEFT_OVER)
EDIT(set_order, run->policy.switches = MITOME_SWITCH_AUTH_DATA_ANY_ORDER)
EDIT(set_no_switch, run->policy.switches = 0xFFFFFF80)
EDIT(set_conditional, run->expected.conditional_mediation = true)
EDIT(set_unidentified, run->expected.user_unidentified = true)
EDIT(set_others, (run->expected.allowed_credentials = others, run->expected.allowed_credential_count = 1))
EDIT(set_nobody, (run->expected.allowed_credentials = others, run->expected.allowed_credential_count = 0))
EDIT(set_rp_id, run->expected.rp_id = slice_text("example.com"))
EDIT(set_no_rp_id, run->expected.rp_id.size = 0)
EDIT(set_app_id, run->expected.app_id = slice_text(app_id))
EDIT(set_origin, run->expected.origins = top)
EDIT(set_no_origin, run->expected.origin_count = 0)
EDIT(set_challenge, run->expected.challenge = slice_of(formats.rig.challenge, 31))

static const struct {
        const char *name;
        int kinds; /* 1: registration, 2: login */
        edit_run *edit, *set;
        mitome_code without, with;
        const char *field; /* of the refusal, on whichever side it is */
        const char *create_clause, *get_clause;
} cases[] = {
        { "UV is set", 3, nothing, set_uv, MITOME_OK, MITOME_OK, NULL, NULL, NULL },
        { "UV is not", 3, no_uv, set_uv, MITOME_OK, MITOME_E_USER_NOT_VERIFIED, "authData.flags.UV",
                CREATE("16"), GET("17") },
        { "rk", 1, rk, set_discoverable, MITOME_OK, MITOME_OK, NULL, NULL, NULL },
        { "rk false", 1, rk_false, set_discoverable, MITOME_OK, MITOME_E_NOT_DISCOVERABLE,
                "clientExtensionResults.credProps.rk", "WebAuthn L3 10.1.3", NULL },
        { "rk absent", 1, no_props, set_discoverable, MITOME_OK, MITOME_E_NOT_DISCOVERABLE,
                "clientExtensionResults.credProps.rk", "WebAuthn L3 10.1.3", NULL },
        { "credProps absent", 1, nothing, set_discoverable, MITOME_OK, MITOME_E_NOT_DISCOVERABLE,
                "clientExtensionResults.credProps.rk", "WebAuthn L3 10.1.3", NULL },
        { "rk a text", 1, rk_text, set_discoverable, MITOME_OK, MITOME_E_NOT_DISCOVERABLE,
                "clientExtensionResults.credProps.rk", "WebAuthn L3 10.1.3", NULL },
        { "rk a number", 1, rk_one, set_discoverable, MITOME_OK, MITOME_E_NOT_DISCOVERABLE,
                "clientExtensionResults.credProps.rk", "WebAuthn L3 10.1.3", NULL },
        { "rk outside credProps", 1, rk_outside, set_discoverable, MITOME_OK, MITOME_E_NOT_DISCOVERABLE,
                "clientExtensionResults.credProps.rk", "WebAuthn L3 10.1.3", NULL },
        { "discoverable at a login", 2, nothing, set_discoverable, MITOME_OK, MITOME_OK, NULL, NULL, NULL },
        { "cross origin", 3, cross, set_cross, MITOME_E_CROSS_ORIGIN, MITOME_OK, "clientDataJSON.crossOrigin",
                CREATE("10"), GET("13") },
        { "top origin", 3, framed, set_top, MITOME_E_TOP_ORIGIN, MITOME_OK, "clientDataJSON.topOrigin",
                CREATE("11"), GET("14") },
        { "another top origin", 3, framed, set_one_top, MITOME_E_TOP_ORIGIN, MITOME_E_TOP_ORIGIN,
                "clientDataJSON.topOrigin", CREATE("11"), GET("14") },
        { "top origin with a slash", 3, framed_by_b, set_top, MITOME_E_TOP_ORIGIN, MITOME_E_TOP_ORIGIN,
                "clientDataJSON.topOrigin", CREATE("11"), GET("14") },
        { "a list without leave to be framed", 3, framed_only, set_top, MITOME_E_TOP_ORIGIN,
                MITOME_E_TOP_ORIGIN, "clientDataJSON.topOrigin", CREATE("11"), GET("14") },
        { "algorithm listed", 3, nothing, set_es256, MITOME_OK, MITOME_OK, NULL, NULL, NULL },
        { "algorithm at registration", 1, nothing, set_rs256, MITOME_OK, MITOME_E_ALGORITHM_NOT_ALLOWED,
                "authData.credentialPublicKey", CREATE("20"), NULL },
        { "algorithm at a login", 2, nothing, set_rs256, MITOME_OK, MITOME_E_ALGORITHM_NOT_ALLOWED,
                "credential.public_key", NULL, GET("21") },
        { "no algorithm at registration", 1, nothing, set_no_algorithm, MITOME_OK,
                MITOME_E_ALGORITHM_NOT_ALLOWED, "authData.credentialPublicKey", CREATE("20"), NULL },
        { "no algorithm at a login", 2, nothing, set_no_algorithm, MITOME_OK, MITOME_E_ALGORITHM_NOT_ALLOWED,
                "credential.public_key", NULL, GET("21") },
        { "challenge of 15 bytes", 3, short_challenge, set_short, MITOME_E_ARGUMENT, MITOME_OK,
                "expectation.challenge", "WebAuthn L3 13.4.3", "WebAuthn L3 13.4.3" },
        { "challenge of one byte", 3, one_byte_challenge, set_short, MITOME_E_ARGUMENT, MITOME_OK,
                "expectation.challenge", "WebAuthn L3 13.4.3", "WebAuthn L3 13.4.3" },
        { "no challenge", 3, no_challenge, set_short, MITOME_E_ARGUMENT, MITOME_E_ARGUMENT,
                "expectation.challenge", "WebAuthn L3 13.4.3", "WebAuthn L3 13.4.3" },
        { "another challenge", 3, nothing, set_challenge, MITOME_OK, MITOME_E_CHALLENGE_MISMATCH,
                "clientDataJSON.challenge", CREATE("8"), GET("11") },
        { "slash", 3, slash, set_slash, MITOME_E_ORIGIN_UNEXPECTED, MITOME_OK, "clientDataJSON.origin",
                CREATE("9"), GET("12") },
        { "bytes left over", 3, left_over, set_left_over, MITOME_E_TRAILING_BYTES, MITOME_OK, "authData",
                "WebAuthn L3 6.1", "WebAuthn L3 6.1" },
        { "keys in any order", 3, order, set_order, MITOME_E_CBOR_KEY_ORDER, MITOME_OK, "extensions",
                "WebAuthn L3 6.1", "WebAuthn L3 6.1" },
        { "bits that are no switch", 3, slash, set_no_switch, MITOME_E_ORIGIN_UNEXPECTED,
                MITOME_E_ORIGIN_UNEXPECTED, "clientDataJSON.origin", CREATE("9"), GET("12") },
        { "conditional create", 1, no_up, set_conditional, MITOME_E_USER_NOT_PRESENT, MITOME_OK,
                "authData.flags.UP", CREATE("15"), NULL },
        { "a conditional login needs presence", 2, no_up, set_conditional, MITOME_E_USER_NOT_PRESENT,
                MITOME_E_USER_NOT_PRESENT, "authData.flags.UP", NULL, GET("16") },
        { "origin", 3, nothing, set_origin, MITOME_OK, MITOME_E_ORIGIN_UNEXPECTED, "clientDataJSON.origin",
                CREATE("9"), GET("12") },
        { "no origin", 3, nothing, set_no_origin, MITOME_OK, MITOME_E_ARGUMENT, "expectation.origins", NULL,
                NULL },
        { "RP ID", 3, nothing, set_rp_id, MITOME_OK, MITOME_E_RP_ID_HASH, "authData.rpIdHash", CREATE("14"),
                GET("15") },
        { "no RP ID", 3, nothing, set_no_rp_id, MITOME_OK, MITOME_E_ARGUMENT, "expectation.rp_id", NULL,
                NULL },
        { "other credentials", 2, nothing, set_others, MITOME_OK, MITOME_E_CREDENTIAL_NOT_ALLOWED, "rawId",
                NULL, GET("5") },
        { "a list of no credential", 2, nothing, set_nobody, MITOME_OK, MITOME_E_CREDENTIAL_NOT_ALLOWED,
                "rawId", NULL, GET("5") },
        { "credentials at registration", 1, nothing, set_others, MITOME_OK, MITOME_OK, NULL, NULL, NULL },
        { "unidentified, handle right", 2, handle_sent, set_unidentified, MITOME_OK, MITOME_OK, NULL, NULL,
                NULL },
        { "unidentified, no handle", 2, nothing, set_unidentified, MITOME_OK, MITOME_E_MISSING,
                "response.userHandle", NULL, GET("6") },
        { "unidentified, none in the response", 2, handle_kept, set_unidentified, MITOME_OK, MITOME_E_MISSING,
                "response.userHandle", NULL, GET("6") },
        { "unidentified, none in the record", 2, handle_alone, set_unidentified, MITOME_OK, MITOME_E_MISSING,
                "response.userHandle", NULL, GET("6") },
        { "unidentified, another's handle", 2, handle_other, set_unidentified, MITOME_E_USER_HANDLE_MISMATCH,
                MITOME_E_USER_HANDLE_MISMATCH, "response.userHandle", NULL, GET("6") },
        { "unidentified at registration", 1, nothing, set_unidentified, MITOME_OK, MITOME_OK, NULL, NULL,
                NULL },
        /* 10.1.1: "If true, the AppID was used" */
        { "AppID used", 2, used_app_id, set_app_id, MITOME_E_RP_ID_HASH, MITOME_OK, "authData.rpIdHash", NULL,
                GET("15") },
        { "AppID used, and not said", 2, app_id_unsaid, set_app_id, MITOME_E_RP_ID_HASH, MITOME_E_RP_ID_HASH,
                "authData.rpIdHash", NULL, GET("15") },
        { "AppID used, and said not", 2, app_id_denied, set_app_id, MITOME_E_RP_ID_HASH, MITOME_E_RP_ID_HASH,
                "authData.rpIdHash", NULL, GET("15") },
        { "AppID used, and said by a text", 2, app_id_text, set_app_id, MITOME_E_RP_ID_HASH,
                MITOME_E_RP_ID_HASH, "authData.rpIdHash", NULL, GET("15") },
        { "AppID said, RP ID used", 2, app_id_said, set_app_id, MITOME_OK, MITOME_OK, NULL, NULL, NULL },
        { "AppID not used", 2, nothing, set_app_id, MITOME_OK, MITOME_OK, NULL, NULL, NULL },
        { "another AppID", 2, other_app_said, set_app_id, MITOME_E_RP_ID_HASH, MITOME_E_RP_ID_HASH,
                "authData.rpIdHash", NULL, GET("15") },
        { "AppID at registration", 1, used_app_id, set_app_id, MITOME_E_RP_ID_HASH, MITOME_E_RP_ID_HASH,
                "authData.rpIdHash", CREATE("14"), NULL },
};

static void each_field_alone(void **state)
{
        (void)state;
        for (size_t i = 0; i < 2 * COUNT(cases); i++) {
                const bool login = i % 2;
                if (!(cases[i / 2].kinds & (login ? 2 : 1)))
                        continue;
                struct run *run = new_run(login);
                const char *field = cases[i / 2].field;
                const char *clause = login ? cases[i / 2].get_clause : cases[i / 2].create_clause;
                cases[i / 2].edit(run);
                build(run);
                check(run, cases[i / 2].name, (struct refusal){ cases[i / 2].without, field, clause });
                cases[i / 2].set(run);
                check(run, cases[i / 2].name, (struct refusal){ cases[i / 2].with, field, clause });
        }
}

/* ---- the default policy ---- */

static void the_default_policy(void **state)
{
        (void)state;
        static const enum mitome_trust_result trust[RIG_FORMATS] = {
                [RIG_FORMAT_NONE] = MITOME_TRUST_NONE,
                [RIG_FORMAT_SELF] = MITOME_TRUST_SELF,
                [RIG_FORMAT_PACKED] = MITOME_TRUST_UNVERIFIED,
                [RIG_FORMAT_U2F] = MITOME_TRUST_UNVERIFIED,
                [RIG_FORMAT_TPM] = MITOME_TRUST_UNVERIFIED,
                [RIG_FORMAT_ANDROID] = MITOME_TRUST_UNVERIFIED,
                [RIG_FORMAT_APPLE] = MITOME_TRUST_UNVERIFIED,
                [RIG_FORMAT_JPKI] = MITOME_TRUST_UNVERIFIED,
                [RIG_FORMAT_COMPOUND] = MITOME_TRUST_SELF, /* the weakest of its statements */
        };
        for (size_t i = 0; i < RIG_FORMATS; i++) {
                struct run *run = new_run(false);
                run->format = (enum rig_format)i;
                build(run);
                check(run, format_rig_name(run->format), fine);
                assert_int_equal(run->verdict.trust, trust[i]);
                run->trust = empty;
                check(run, format_rig_name(run->format), fine);
                assert_int_equal(run->verdict.trust, trust[i]);
                assert_null(run->verdict.metadata);
        }
        static const enum rig_key keys[] = { RIG_ES256, RIG_EDDSA, RIG_RS256 };
        for (size_t i = 0; i < 2 * COUNT(keys); i++) {
                struct run *run = new_run(i % 2);
                run->plan.key = keys[i / 2];
                run->plan.attestation = RIG_SELF;
                build(run);
                check(run, "algorithm", fine);
        }
}

/* ---- attestation and trust ---- */

static const struct refusal untrusted_leaf = { MITOME_E_ATTESTATION_UNTRUSTED, "attStmt.x5c", CREATE("24") },
                            untrusted_format = { MITOME_E_ATTESTATION_UNTRUSTED, "fmt", CREATE("24") };

static void attestation_and_trust(void **state)
{
        (void)state;
        static const struct refusal missing = { MITOME_E_ATTESTATION_MISSING, "fmt", CREATE("24") };
        for (size_t i = 0; i < RIG_FORMATS; i++) {
                struct run *run = new_run(false);
                run->format = (enum rig_format)i;
                run->plan.leaf.aaguid_extension = RIG_ABSENT;
                const bool certified = format_rig_chain(run->format);
                /* who a person is needs an anchor for persons */
                const bool by_anchor = certified && run->format != RIG_FORMAT_JPKI;
                const char *name = format_rig_name(run->format);
                build(run);
                run->policy.require_attestation = true;
                check(run, name, certified ? fine : missing);
                run->trust = anchored;
                check(run, name, certified ? fine : missing);
                run->policy = (struct mitome_policy){ .require_trust = true };
                check(run, name, by_anchor ? fine : certified ? untrusted_leaf : untrusted_format);
                assert_int_equal(run->verdict.trust == MITOME_TRUST_VERIFIED, by_anchor);
                run->trust = empty;
                check(run, name, certified ? untrusted_leaf : untrusted_format);
                run->trust = NULL;
                check(run, name, certified ? untrusted_leaf : untrusted_format);
        }
}

/* A login has no attestation: what is asked of one was asked at registration. */
static void logins_are_not_asked_for_attestation(void **state)
{
        (void)state;
        static const char *const none[] = { "none" };
        struct run *run = new_run(true);
        build(run);
        run->policy = (struct mitome_policy){ .require_attestation = true,
                .require_trust = true,
                .require_metadata = true,
                .require_discoverable = true,
                .enterprise = MITOME_ENTERPRISE_REQUIRED,
                .minimum_certification = 6,
                .minimum_cred_protect = 3,
                .formats = none,
                .format_count = 1,
                .aaguids = others,
                .aaguid_count = 0 };
        check(run, "login", fine);
}

static void formats_by_name(void **state)
{
        (void)state;
        static const struct refusal denied = { MITOME_E_FORMAT_NOT_ALLOWED, "fmt", CREATE("24") };
        for (size_t i = 0; i < RIG_FORMATS; i++) {
                struct run *run = new_run(false);
                run->format = (enum rig_format)i;
                build(run);
                for (size_t k = 0; k < RIG_FORMATS; k++) {
                        const char *const names[] = { "Packed", format_rig_name((enum rig_format)k),
                                format_rig_name(RIG_FORMAT_PACKED) };
                        const bool compound = run->format == RIG_FORMAT_COMPOUND;
                        const bool named = strcmp(names[1], format_rig_name(run->format)) == 0;
                        run->policy.formats = names;
                        run->policy.format_count = compound ? 3 : 2; /* 8.9: of packed statements */
                        check(run, names[1], named ? fine : denied);
                }
                const char *const none[] = { "x" };
                run->policy.formats = none;
                run->policy.format_count = 0;
                check(run, "no format", denied);
        }
}

static void models_by_aaguid(void **state)
{
        (void)state;
        static const struct refusal denied = { MITOME_E_AAGUID_NOT_ALLOWED, "authData.aaguid", CREATE("24") };
        struct run *run = new_run(false);
        uint8_t own[16], near[16];
        memcpy(own, run->plan.aaguid, 16);
        memcpy(near, own, 16);
        near[15] ^= 1;
        const slice both[] = { SLICE(near), SLICE(own) };
        build(run);
        for (size_t count = 0; count <= 2; count++) {
                run->policy = (struct mitome_policy){ .aaguids = both, .aaguid_count = count };
                check(run, "accepted", count == 2 ? fine : denied);
                run->policy = (struct mitome_policy){ .denied_aaguids = both, .denied_aaguid_count = count };
                check(run, "denied", count == 2 ? denied : fine);
                run->policy.aaguids = both; /* who is on both lists is denied */
                run->policy.aaguid_count = 2;
                check(run, "both", count == 2 ? denied : fine);
        }
        const slice cut[] = { slice_of(own, 15) };
        run->policy = (struct mitome_policy){ .aaguids = cut, .aaguid_count = 1 };
        check(run, "cut", (struct refusal){ MITOME_E_ARGUMENT, "policy.aaguids", NULL });
        run->policy = (struct mitome_policy){ .denied_aaguids = cut, .denied_aaguid_count = 1 };
        check(run, "cut", (struct refusal){ MITOME_E_ARGUMENT, "policy.denied_aaguids", NULL });
}

/* ---- switches of formats ---- */

static void switches_of_formats(void **state)
{
        (void)state;
        struct run *run = new_run(false);
        run->format = RIG_FORMAT_U2F;
        build(run);
        run->policy.switches = MITOME_SWITCH_U2F_ZERO_AAGUID;
        check(run, "u2f", (struct refusal){ MITOME_E_U2F_AAGUID, "aaguid", "WebAuthn L3 8.6" });
        memset(run->plan.aaguid, 0, 16);
        build(run);
        check(run, "u2f of zeros", fine);

        run = new_run(false);
        run->format = RIG_FORMAT_TPM; /* its maker is of no registry */
        build(run);
        check(run, "tpm", fine);
        run->policy.switches = MITOME_SWITCH_TPM_MANUFACTURER;
        assert_int_equal(verify(run), MITOME_E_AIK_DEVICE_VALUE);
        assert_string_equal(run->error.clause, "WebAuthn L3 8.3.1");

        run = new_run(false);
        run->format = RIG_FORMAT_ANDROID; /* enforced by the TEE */
        build(run);
        run->policy.switches = MITOME_SWITCH_ANDROID_TEE;
        check(run, "android-key", fine);
}

/* ---- credProtect ---- */

static void credentials_are_protected(void **state)
{
        (void)state;
        static const struct refusal weak = { MITOME_E_CRED_PROTECT, "authData.extensions.credProtect",
                "CTAP 2.1 12.1" };
        static uint8_t output[] = { 0xA1, 0x6B, 'c', 'r', 'e', 'd', 'P', 'r', 'o', 't', 'e', 'c', 't', 0 };
        for (uint8_t level = 0; level <= 4; level++) {
                struct run *run = new_run(false);
                if (level) {
                        output[sizeof output - 1] = level;
                        run->plan.flags |= AUTHDATA_ED;
                        run->plan.extensions = SLICE(output);
                }
                build(run);
                for (unsigned minimum = 0; minimum <= 4; minimum++) {
                        run->policy.minimum_cred_protect = minimum;
                        check(run, "credProtect", level % 4 >= minimum ? fine : weak); /* 4 is no level */
                }
        }
}

/* ---- metadata ---- */

static const uint8_t model[16] = "policy field 001";

/* A snapshot that knows one model by its latest status; its root is the rig's CA. */
static struct mitome_metadata *metadata_of(const uint8_t aaguid[16], const char *status)
{
        static const struct rig_extension_plan none = { 0 };
        static char payload[4096];
        char name[40], *end = name, *root = rig_base64(slice_of(formats.rig.ca_der, formats.rig.ca_der_size));
        for (size_t i = 0; i < 16; i++)
                end += sprintf(end, "%02x%s", aaguid[i], i == 3 || i == 5 || i == 7 || i == 9 ? "-" : "");
        snprintf(payload, sizeof payload,
                "{\"no\":1,\"nextUpdate\":\"2030-02-15\",\"entries\":[{\"aaguid\":\"%s\",\"metadataStatement\":{"
                "\"description\":\"a model\",\"attestationRootCertificates\":[\"%s\"]},\"statusReports\":[{"
                "\"status\":\"%s\"}]}]}",
                name, root, status);
        free(root);
        struct rig_der leaf;
        struct mitome_metadata *metadata = NULL;
        rig_certify(&formats.rig, formats.aik, &none, &leaf);
        const slice chain[] = { rig_der_view(&leaf) };
        const struct rig_blob_plan plan = { .alg = "ES256",
                .typ = "JWT",
                .chain = chain,
                .chain_size = 1,
                .key = formats.aik,
                .payload = payload };
        char *blob = rig_blob(&plan);
        assert_int_equal(
                mitome_metadata_read(slice_text(blob), anchored, RIG_NOW, 0, false, &metadata, NULL).code,
                MITOME_OK);
        free(blob);
        return metadata;
}

/* A run with a packed registration of the model, and a snapshot with nothing but that metadata. */
static struct run *run_of_model(struct mitome_trust *trust, struct mitome_metadata *metadata)
{
        struct run *run = new_run(false);
        memcpy(run->plan.aaguid, model, 16);
        run->plan.leaf.aaguid_extension = RIG_ABSENT;
        build(run);
        mitome_trust_set_metadata(trust, metadata);
        run->trust = trust;
        return run;
}

static void certified_models(void **state)
{
        (void)state;
        static const struct {
                const char *status;
                unsigned level;
        } levels[] = { { "NOT_FIDO_CERTIFIED", 0 }, { "SELF_ASSERTION_SUBMITTED", 0 },
                { "FIDO_CERTIFIED", 0 }, { "UPDATE_AVAILABLE", 0 }, { "FIDO_CERTIFIED_L1", 1 },
                { "FIDO_CERTIFIED_L1plus", 2 }, { "FIDO_CERTIFIED_L2", 3 }, { "FIDO_CERTIFIED_L2plus", 4 },
                { "FIDO_CERTIFIED_L3", 5 }, { "FIDO_CERTIFIED_L3plus", 6 } };
        static const struct refusal low = { MITOME_E_CERTIFICATION_LEVEL, "authData.aaguid", MDS };
        for (size_t i = 0; i < COUNT(levels); i++) {
                struct mitome_metadata *metadata = metadata_of(model, levels[i].status);
                struct run *run = run_of_model(empty, metadata);
                for (unsigned minimum = 0; minimum <= 7; minimum++) {
                        run->policy.minimum_certification = minimum;
                        check(run, levels[i].status, levels[i].level >= minimum ? fine : low);
                        assert_int_equal(run->verdict.metadata->certification_level, levels[i].level);
                }
                mitome_trust_set_metadata(empty, NULL);
                mitome_metadata_free(metadata);
        }
}

static void known_models(void **state)
{
        (void)state;
        static const uint8_t other_model[16] = "policy field 002";
        static const struct refusal unknown = { MITOME_E_AUTHENTICATOR_UNKNOWN, "authData.aaguid", MDS };
        struct mitome_metadata *metadata[] = { metadata_of(model, "FIDO_CERTIFIED"),
                metadata_of(other_model, "FIDO_CERTIFIED"), NULL };
        for (size_t i = 0; i < COUNT(metadata); i++) {
                struct run *run = run_of_model(empty, metadata[i]);
                check(run, "not asked", fine);
                run->policy.require_metadata = true;
                check(run, "asked", i == 0 ? fine : unknown);
                run->policy = (struct mitome_policy){ .minimum_certification = 1 };
                if (i)
                        check(run, "level", unknown);
                /* without a snapshot nobody is known */
                run->trust = NULL;
                check(run, "level", unknown);
                run->policy = (struct mitome_policy){ .require_metadata = true };
                check(run, "asked", unknown);
                mitome_trust_set_metadata(empty, NULL);
        }
        mitome_metadata_free(metadata[0]);
        mitome_metadata_free(metadata[1]);
}

static void compromised_models(void **state)
{
        (void)state;
        static const char *const statuses[] = { "REVOKED", "USER_VERIFICATION_BYPASS",
                "ATTESTATION_KEY_COMPROMISE", "USER_KEY_REMOTE_COMPROMISE", "USER_KEY_PHYSICAL_COMPROMISE" };
        static const struct refusal broken = { MITOME_E_AUTHENTICATOR_COMPROMISED, "authData.aaguid", MDS };
        for (size_t i = 0; i < COUNT(statuses); i++) {
                struct mitome_metadata *metadata = metadata_of(model, statuses[i]);
                struct run *run = run_of_model(empty, metadata);
                check(run, statuses[i], broken);
                assert_ptr_equal(run->verdict.metadata, mitome_metadata_find(metadata, SLICE(model)));
                run->policy.allow_compromised = true;
                check(run, statuses[i], fine);
                assert_true(run->verdict.metadata->compromised);
                run->policy.minimum_certification = 1; /* it lets pass that alone */
                check(run, statuses[i],
                        (struct refusal){ MITOME_E_CERTIFICATION_LEVEL, "authData.aaguid", MDS });
                mitome_trust_set_metadata(empty, NULL);
                mitome_metadata_free(metadata);
        }
}

static void roots_of_models(void **state)
{
        (void)state;
        struct mitome_metadata *metadata = metadata_of(model, "FIDO_CERTIFIED_L1");
        struct run *run = run_of_model(empty, metadata);
        check(run, "believed", fine);
        assert_int_equal(run->verdict.trust, MITOME_TRUST_VERIFIED);
        run->policy.ignore_metadata_roots = true;
        check(run, "not believed", fine);
        assert_int_equal(run->verdict.trust, MITOME_TRUST_UNVERIFIED);
        assert_non_null(run->verdict.metadata); /* it is still looked up */
        run->policy.require_trust = true;
        check(run, "not believed", untrusted_leaf);
        run->policy.ignore_metadata_roots = false;
        check(run, "believed", fine);
        mitome_trust_set_metadata(empty, NULL);
        run->trust = anchored; /* an anchor of the snapshot vouches either way */
        run->policy.ignore_metadata_roots = true;
        check(run, "anchored", fine);
        mitome_metadata_free(metadata);
}

/* ---- enterprise attestation, 8.2.2 ---- */

/* A fido-u2f registration whose certificate carries id-fido-gen-ce-sernum. */
static void build_telling(struct run *run)
{
        static const uint8_t serial[] = { 0x04, 0x04, 'S', 'N', '0', '1' };
        static const struct rig_extension_plan telling = { "1.3.6.1.4.1.45724.1.1.2",
                { serial, sizeof serial }, 1 };
        static uint8_t statement[4096];
        struct cbor_members map;
        struct cbor_key key;
        struct rig_der leaf;
        slice signature;
        bool more;
        writer w = WRITER(statement);
        run->format = RIG_FORMAT_U2F;
        build(run);
        struct cbor_reader r = cbor_over(rig_statement(&run->built), NULL, NULL);
        assert_int_equal(cbor_open_map(&r, NULL, 2, &map).code, MITOME_OK);
        assert_int_equal(cbor_next_key(&r, &map, &key, &more).code, MITOME_OK);
        assert_true(key.is_text && slice_is(key.text, "sig"));
        assert_int_equal(cbor_read_bytes(&r, NULL, 128, &signature).code, MITOME_OK);
        rig_certify(&formats.rig, formats.rig.attestation[RIG_ES256], &telling, &leaf);
        cbor_write_map(&w, 2);
        cbor_write_string(&w, "sig");
        cbor_write_bytes(&w, signature);
        cbor_write_string(&w, "x5c");
        cbor_write_array(&w, 1);
        cbor_write_bytes(&w, rig_der_view(&leaf));
        assert_false(w.overflowed);
        run->plan.format = "fido-u2f";
        run->plan.statement = writer_view(&w);
        rig_seal(&formats.rig, &run->plan, &run->built);
}

static void enterprise_attestation(void **state)
{
        (void)state;
        static const struct refusal missing = { MITOME_E_ENTERPRISE_MISSING, "attStmt", "WebAuthn L3 8.2.2" },
                                    refused = { MITOME_E_ENTERPRISE_REFUSED, "attStmt", "WebAuthn L3 8.2.2" };
        for (size_t i = 0; i < RIG_FORMATS; i++) {
                struct run *run = new_run(false);
                run->format = (enum rig_format)i;
                run->plan.leaf.aaguid_extension = RIG_ABSENT;
                build(run);
                run->trust = anchored;
                const bool person = run->format == RIG_FORMAT_JPKI;
                run->policy.enterprise = MITOME_ENTERPRISE_REQUIRED; /* of the person, no anchor knows */
                check(run, format_rig_name(run->format), person ? untrusted_leaf : missing);
                run->policy.enterprise = MITOME_ENTERPRISE_REFUSED;
                check(run, format_rig_name(run->format), person ? refused : fine);
        }
        struct run *run = new_run(false);
        build_telling(run);
        check(run, "any", fine);
        assert_true(slice_is(run->verdict.device_serial, "SN01"));
        run->policy.enterprise = MITOME_ENTERPRISE_REFUSED;
        check(run, "refused", refused);
        assert_true(slice_is(run->verdict.device_serial, "SN01")); /* what was known by then */
        run->policy.enterprise = MITOME_ENTERPRISE_REQUIRED;
        check(run, "anybody's word", untrusted_leaf);
        run->trust = anchored;
        check(run, "the maker's word", fine);
}

/* ---- frozen ---- */

struct shared {
        const struct mitome_policy *policy;
        slice registration, login;
        struct mitome_credential record;
        size_t accepted;
};

static void *verify_many(void *argument)
{
        struct shared *shared = argument;
        const struct mitome_expectation expected = {
                .rp_id = slice_text("example.org"),
                .origins = &(const slice){ (const uint8_t *)"https://example.org", 19 },
                .origin_count = 1,
                .challenge = SLICE(formats.rig.challenge),
        };
        struct mitome_context *context = NULL;
        struct mitome_verdict verdict;
        uint8_t *space = malloc(MITOME_RP_BUFFER_MAX);
        if (!space || mitome_context_new(&context, NULL).code != MITOME_OK)
                return NULL;
        for (int i = 0; i < 50; i++) {
                shared->accepted +=
                        mitome_verify_registration(context, shared->policy, &expected, shared->registration,
                                anchored, RIG_NOW, space, MITOME_RP_BUFFER_MAX, &verdict, NULL)
                                        .code == MITOME_OK &&
                        verdict.trust == MITOME_TRUST_VERIFIED;
                shared->accepted += mitome_verify_authentication(context, shared->policy, &expected,
                                            shared->login, &shared->record, anchored, RIG_NOW, space,
                                            MITOME_RP_BUFFER_MAX, &verdict, NULL)
                                            .code == MITOME_OK;
        }
        mitome_context_free(context);
        free(space);
        return NULL;
}

/* "Nothing in it is written to: threads may share it": it lies where nothing can be written. */
static void two_threads_share_a_policy(void **state)
{
        (void)state;
        static const char *const packed[] = { "packed" };
        static struct run create, get;
        const size_t page = (size_t)sysconf(_SC_PAGESIZE);
        struct mitome_policy *policy =
                mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_true(policy != MAP_FAILED);
        *policy = (struct mitome_policy){ .require_trust = true,
                .require_user_verification = true,
                .algorithms = es256,
                .algorithm_count = 2,
                .formats = packed,
                .format_count = 1 };
        assert_int_equal(mprotect(policy, page, PROT_READ), 0);
        create = *new_run(false);
        build(&create);
        get = *new_run(true);
        build(&get);
        get.record.public_key = slice_of(get.built.public_key, get.built.public_key_size);
        struct shared shared[2];
        pthread_t threads[2];
        for (size_t i = 0; i < 2; i++) {
                shared[i] = (struct shared){ .policy = policy,
                        .registration = rig_json(&create.built),
                        .login = rig_json(&get.built),
                        .record = get.record };
                assert_int_equal(pthread_create(&threads[i], NULL, verify_many, &shared[i]), 0);
        }
        for (size_t i = 0; i < 2; i++) {
                pthread_join(threads[i], NULL);
                assert_int_equal(shared[i].accepted, 100);
        }
        munmap(policy, page);
}

static int open_all(void **state)
{
        (void)state;
        format_rig_open(&formats);
        const slice ca = slice_of(formats.rig.ca_der, formats.rig.ca_der_size);
        return failed(mitome_trust_new(&anchored, NULL)) || failed(mitome_trust_new(&empty, NULL)) ||
               failed(mitome_trust_add_anchor(anchored, ca, NULL));
}

static int close_all(void **state)
{
        (void)state;
        mitome_trust_free(anchored);
        mitome_trust_free(empty);
        format_rig_close(&formats);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_field_alone),
                cmocka_unit_test(the_default_policy),
                cmocka_unit_test(attestation_and_trust),
                cmocka_unit_test(logins_are_not_asked_for_attestation),
                cmocka_unit_test(formats_by_name),
                cmocka_unit_test(models_by_aaguid),
                cmocka_unit_test(switches_of_formats),
                cmocka_unit_test(credentials_are_protected),
                cmocka_unit_test(certified_models),
                cmocka_unit_test(known_models),
                cmocka_unit_test(compromised_models),
                cmocka_unit_test(roots_of_models),
                cmocka_unit_test(enterprise_attestation),
                cmocka_unit_test(two_threads_share_a_policy),
        };
        return cmocka_run_group_tests(tests, open_all, close_all);
}
