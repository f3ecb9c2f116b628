/* SPDX-License-Identifier: Apache-2.0 */
/* The report: every step of WebAuthn L3 7.1 and 7.2 that a verifier can take is in it, in order, and it ends
 * with the one that failed. */
#include "authdata.h"
#include "format_rig.h"

#include <mitome/record.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define CREATE(number) "WebAuthn L3 7.1 #" number
#define GET(number) "WebAuthn L3 7.2 #" number

static struct format_rig formats;
static struct rig_response built;
static uint8_t buffer[MITOME_RP_BUFFER_MAX];

/* Steps 1 and 2 of both come before there is a response. "*" is the format's own procedure. */
static const struct mitome_step registration[] = {
        { CREATE("3"), MITOME_STEP_PASSED },
        { CREATE("4"), MITOME_STEP_PASSED },
        { CREATE("5"), MITOME_STEP_PASSED },
        { CREATE("6"), MITOME_STEP_PASSED },
        { CREATE("7"), MITOME_STEP_PASSED },
        { CREATE("8"), MITOME_STEP_PASSED },
        { CREATE("9"), MITOME_STEP_PASSED },
        { CREATE("10"), MITOME_STEP_PASSED },
        { CREATE("11"), MITOME_STEP_PASSED },
        { CREATE("12"), MITOME_STEP_PASSED },
        { CREATE("13"), MITOME_STEP_PASSED },
        { CREATE("14"), MITOME_STEP_PASSED },
        { CREATE("15"), MITOME_STEP_PASSED },
        { CREATE("16"), MITOME_STEP_NOT_ASKED }, /* the policy does not require user verification */
        { CREATE("17"), MITOME_STEP_PASSED },
        { CREATE("18"), MITOME_STEP_NOT_ASKED }, /* "If the Relying Party uses the .. eligibility" */
        { CREATE("19"), MITOME_STEP_NOT_ASKED }, /* "If the Relying Party uses the .. backup state" */
        { CREATE("20"), MITOME_STEP_PASSED },
        { CREATE("21"), MITOME_STEP_PASSED },
        { "*", MITOME_STEP_PASSED },
        { CREATE("22"), MITOME_STEP_PASSED },
        { CREATE("23"), MITOME_STEP_NOT_ASKED }, /* no snapshot */
        { CREATE("24"), MITOME_STEP_PASSED },
        { CREATE("25"), MITOME_STEP_PASSED },
        { CREATE("26"), MITOME_STEP_NOT_ASKED }, /* of who keeps records, with 27 and 29 */
        { CREATE("27"), MITOME_STEP_NOT_ASKED },
        { CREATE("28"), MITOME_STEP_PASSED },
        { CREATE("29"), MITOME_STEP_NOT_ASKED },
};

static const struct mitome_step login[] = {
        { GET("3"), MITOME_STEP_PASSED },
        { GET("4"), MITOME_STEP_PASSED },
        { GET("5"), MITOME_STEP_NOT_ASKED }, /* "If options.allowCredentials is not empty" */
        { GET("6"), MITOME_STEP_PASSED },
        { GET("7"), MITOME_STEP_PASSED },
        { GET("8"), MITOME_STEP_PASSED },
        { GET("9"), MITOME_STEP_PASSED },
        { GET("10"), MITOME_STEP_PASSED },
        { GET("11"), MITOME_STEP_PASSED },
        { GET("12"), MITOME_STEP_PASSED },
        { GET("13"), MITOME_STEP_PASSED },
        { GET("14"), MITOME_STEP_PASSED },
        { GET("15"), MITOME_STEP_PASSED },
        { GET("16"), MITOME_STEP_PASSED },
        { GET("17"), MITOME_STEP_NOT_ASKED },
        { GET("18"), MITOME_STEP_PASSED },
        { GET("19"), MITOME_STEP_PASSED },
        { GET("20"), MITOME_STEP_PASSED },
        { GET("21"), MITOME_STEP_PASSED },
        { GET("22"), MITOME_STEP_PASSED },
        { GET("23"), MITOME_STEP_PASSED },
        { GET("24"), MITOME_STEP_NOT_ASKED },
        { GET("25"), MITOME_STEP_NOT_ASKED },
};

/* ---- one ceremony ---- */

struct run {
        struct mitome_policy policy;
        struct mitome_expectation expected;
        struct mitome_credential record;
        const struct mitome_trust *trust;
        const char *extension_results; /* NULL: the response's own */
        size_t cut;                    /* bytes of authData that are lost */
        struct mitome_verdict verdict;
        mitome_error error;
};

static struct run fresh(void)
{
        return (struct run){ .expected = rig_expectation(&formats.rig) };
}

/* From bytes, so that what is around authData can be made wrong alone. */
static mitome_code verify_parts(struct run *run, bool create)
{
        const struct mitome_response response = {
                .credential_id = SLICE(formats.rig.credential_id),
                .client_data = slice_of(built.client_data, built.client_data_size),
                .attestation_object = create ? slice_of(built.object, built.object_size) : (slice){ 0 },
                .auth_data =
                        create ? (slice){ 0 } : slice_of(built.auth_data, built.auth_data_size - run->cut),
                .signature = create ? (slice){ 0 } : slice_of(built.signature, built.signature_size),
                .extension_results = slice_text(run->extension_results ? run->extension_results : ""),
        };
        run->error = (mitome_error){ 0 };
        return (create ? mitome_verify_registration_bytes(NULL, &run->policy, &run->expected, &response,
                                 run->trust, RIG_NOW, buffer, sizeof buffer, &run->verdict, &run->error)
                       : mitome_verify_authentication_bytes(NULL, &run->policy, &run->expected, &response,
                                 &run->record, run->trust, RIG_NOW, buffer, sizeof buffer, &run->verdict,
                                 &run->error))
                .code;
}

static mitome_code verify_json(struct run *run, bool create)
{
        if (run->extension_results || run->cut)
                return verify_parts(run, create);
        run->error = (mitome_error){ 0 };
        return (create ? mitome_verify_registration(NULL, &run->policy, &run->expected, rig_json(&built),
                                 run->trust, RIG_NOW, buffer, sizeof buffer, &run->verdict, &run->error)
                       : mitome_verify_authentication(NULL, &run->policy, &run->expected, rig_json(&built),
                                 &run->record, run->trust, RIG_NOW, buffer, sizeof buffer, &run->verdict,
                                 &run->error))
                .code;
}

/* ---- what is accepted ---- */

static void expect_steps(const struct mitome_verdict *verdict, const struct mitome_step *steps, size_t count,
        const char *format_clause)
{
        for (size_t i = 0; i < count && i < verdict->step_count; i++) {
                const char *clause = *steps[i].clause == '*' ? format_clause : steps[i].clause;
                assert_string_equal(verdict->steps[i].clause, clause);
                if (verdict->steps[i].outcome != steps[i].outcome)
                        print_error("%s: %d\n", clause, verdict->steps[i].outcome);
                assert_int_equal(verdict->steps[i].outcome, steps[i].outcome);
        }
        assert_int_equal(verdict->step_count, count);
}

static void every_format_reports_every_step(void **state)
{
        (void)state;
        static const char *const clauses[RIG_FORMATS] = {
                [RIG_FORMAT_NONE] = "WebAuthn L3 8.7",
                [RIG_FORMAT_SELF] = "WebAuthn L3 8.2",
                [RIG_FORMAT_PACKED] = "WebAuthn L3 8.2",
                [RIG_FORMAT_U2F] = "WebAuthn L3 8.6",
                [RIG_FORMAT_TPM] = "WebAuthn L3 8.3",
                [RIG_FORMAT_ANDROID] = "WebAuthn L3 8.4",
                [RIG_FORMAT_APPLE] = "WebAuthn L3 8.8",
                [RIG_FORMAT_JPKI] = "mitome-jpki 3",
                [RIG_FORMAT_COMPOUND] = "WebAuthn L3 8.9",
        };
        for (size_t i = 0; i < RIG_FORMATS; i++) {
                const struct rig_plan plan = rig_registration_plan();
                struct run run = fresh();
                format_rig_build(&formats, (enum rig_format)i, &plan, &built);
                assert_int_equal(verify_json(&run, true), MITOME_OK);
                expect_steps(&run.verdict, registration, COUNT(registration), clauses[i]);
                assert_int_equal(verify_parts(&run, true), MITOME_OK);
                expect_steps(&run.verdict, registration, COUNT(registration), clauses[i]);
        }
}

static void a_login_reports_every_step(void **state)
{
        (void)state;
        const struct rig_plan plan = rig_authentication_plan();
        struct run run = fresh();
        rig_build(&formats.rig, &plan, &built);
        run.record = rig_record(&formats.rig, &built);
        assert_int_equal(verify_json(&run, false), MITOME_OK);
        expect_steps(&run.verdict, login, COUNT(login), NULL);
        assert_int_equal(verify_parts(&run, false), MITOME_OK);
        expect_steps(&run.verdict, login, COUNT(login), NULL);
}

static void change(struct mitome_step *steps, size_t count, const char *clause, enum mitome_outcome outcome)
{
        for (size_t i = 0; i < count; i++)
                if (strcmp(steps[i].clause, clause) == 0) {
                        assert_int_not_equal(steps[i].outcome, outcome);
                        steps[i].outcome = outcome;
                        return;
                }
        fail_msg("no step %s", clause);
}

/* What is asked is reported as asked, and the other way round. */
static void what_is_asked_is_reported(void **state)
{
        (void)state;
        struct rig_plan plan = rig_registration_plan();
        struct run run = fresh();
        struct mitome_step steps[COUNT(registration)], login_steps[COUNT(login)];
        struct mitome_trust *trust = NULL;
        memcpy(steps, registration, sizeof steps);
        memcpy(login_steps, login, sizeof login_steps);
        assert_int_equal(mitome_trust_new(&trust, NULL).code, MITOME_OK);
        run.trust = trust;
        run.policy.require_user_verification = true;
        run.expected.conditional_mediation = true;
        rig_build(&formats.rig, &plan, &built);
        assert_int_equal(verify_json(&run, true), MITOME_OK);
        change(steps, COUNT(steps), CREATE("15"), MITOME_STEP_NOT_ASKED);
        change(steps, COUNT(steps), CREATE("16"), MITOME_STEP_PASSED);
        change(steps, COUNT(steps), CREATE("23"), MITOME_STEP_PASSED);
        expect_steps(&run.verdict, steps, COUNT(steps), "WebAuthn L3 8.2");

        const slice allowed = SLICE(formats.rig.credential_id);
        plan = rig_authentication_plan();
        run.expected = rig_expectation(&formats.rig);
        run.expected.allowed_credentials = &allowed;
        run.expected.allowed_credential_count = 1;
        rig_build(&formats.rig, &plan, &built);
        run.record = rig_record(&formats.rig, &built);
        run.record.backup_eligible_unknown = true;
        assert_int_equal(verify_json(&run, false), MITOME_OK);
        change(login_steps, COUNT(login), GET("5"), MITOME_STEP_PASSED);
        change(login_steps, COUNT(login), GET("17"), MITOME_STEP_PASSED);
        change(login_steps, COUNT(login), GET("19"), MITOME_STEP_NOT_ASKED);
        expect_steps(&run.verdict, login_steps, COUNT(login), NULL);
        mitome_trust_free(trust);
}

/* A record that is verified again repeats 13 to 25, and asks nobody for presence. */
static void a_record_reports_its_part(void **state)
{
        (void)state;
        const struct rig_plan plan = rig_registration_plan();
        const struct mitome_record_facts facts = { .keep_attestation = true };
        struct run run = fresh();
        struct mitome_record record;
        struct mitome_verdict again;
        struct mitome_step steps[COUNT(registration)];
        static uint8_t space[MITOME_RP_BUFFER_MAX];
        memcpy(steps, registration, sizeof steps);
        change(steps, COUNT(steps), CREATE("15"), MITOME_STEP_NOT_ASKED);
        rig_build(&formats.rig, &plan, &built);
        assert_int_equal(verify_json(&run, true), MITOME_OK);
        assert_int_equal(
                mitome_record_from_registration(&run.verdict, &run.expected, &facts, RIG_NOW, &record, NULL)
                        .code,
                MITOME_OK);
        assert_int_equal(mitome_verify_record(
                                 NULL, &run.policy, &record, NULL, RIG_NOW, space, sizeof space, &again, NULL)
                                 .code,
                MITOME_OK);
        expect_steps(&again, steps + 10, 14, "WebAuthn L3 8.2");
        assert_string_equal(again.steps[0].clause, CREATE("13"));
        assert_string_equal(again.steps[again.step_count - 1].clause, CREATE("25"));
}

/* ---- what is refused ---- */

typedef void edit_run(struct rig_plan *plan, struct run *run);

#define EDIT(name, statement)                                    \
        static void name(struct rig_plan *plan, struct run *run) \
        {                                                        \
                (void)plan;                                      \
                (void)run;                                       \
                statement;                                       \
        }

static const int64_t rs256_only[] = { COSE_RS256 };
static const char *const none_only[] = { "none" };
static const uint8_t word[] = { 'w', 'o', 'r', 'd' };
static const slice others[] = { { word, sizeof word } };

EDIT(json, plan->after_json = "x")
EDIT(results, run->extension_results = "[]")
EDIT(client_json, plan->client_json = "[]")
EDIT(not_utf8, plan->client_json = "{\"type\":\"\xFF\"}")
EDIT(type, plan->type = "payment.get")
EDIT(challenge, plan->challenge = "AAAAAAAAAAAAAAAAAAAAAA")
EDIT(origin, plan->origin = "http://example.org")
EDIT(cross, plan->client_members = ",\"crossOrigin\":true")
EDIT(top, (plan->client_members = ",\"topOrigin\":\"https://a\"", run->policy.allow_cross_origin = true))
EDIT(object, plan->trailing_object = true)
EDIT(raw_id, plan->id = plan->raw_id = "AAAA")
EDIT(backed_up, plan->flags |= AUTHDATA_BS)
EDIT(no_key, plan->flags &= (uint8_t)~AUTHDATA_AT)
EDIT(rp_id, plan->rp_id = "example.com")
EDIT(presence, plan->flags &= (uint8_t)~AUTHDATA_UP)
EDIT(verification, (plan->flags &= (uint8_t)~AUTHDATA_UV, run->policy.require_user_verification = true))
EDIT(algorithm, (run->policy.algorithms = rs256_only, run->policy.algorithm_count = 1))
EDIT(format, plan->format = "unheard-of")
EDIT(ended, plan->format = "android-safetynet")
EDIT(format_denied, (run->policy.formats = none_only, run->policy.format_count = 1))
EDIT(signature, plan->spoil_signature = true)
EDIT(trust, run->policy.require_trust = true)
EDIT(denied, (run->policy.minimum_certification = 1))
EDIT(discoverable, run->policy.require_discoverable = true)
EDIT(protection, run->policy.minimum_cred_protect = 1)
EDIT(allowed, (run->expected.allowed_credentials = others, run->expected.allowed_credential_count = 1))
EDIT(other_record, run->record.id = SLICE(word))
EDIT(cut, run->cut = 1)
EDIT(trailing, plan->trailing_auth_data = true)
EDIT(eligibility, run->record.backup_eligible = true)
EDIT(damaged, run->record.public_key = SLICE(word))
EDIT(revoked, run->record.certificate_serial = SLICE(word))

struct refusal {
        const char *name;
        edit_run *edit;
        mitome_code code;
        const char *step;   /* the last in the report */
        const char *clause; /* of the error where it is another's than 7.1 and 7.2; NULL: none */
};

#define SAME "" /* the error's clause is the step */

static const struct refusal refused_registrations[] = {
        { "JSON", json, MITOME_E_TRAILING_BYTES, CREATE("3"), "WebAuthn L3 5.1" },
        { "extension results", results, MITOME_E_JSON_TYPE, CREATE("4"), "WebAuthn L3 9.4" },
        { "client data", client_json, MITOME_E_JSON_TYPE, CREATE("6"), SAME },
        { "UTF-8", not_utf8, MITOME_E_UTF8, CREATE("6"), SAME },
        { "type", type, MITOME_E_CLIENT_DATA_TYPE, CREATE("7"), SAME },
        { "challenge", challenge, MITOME_E_CHALLENGE_MISMATCH, CREATE("8"), SAME },
        { "origin", origin, MITOME_E_ORIGIN_UNEXPECTED, CREATE("9"), SAME },
        { "cross origin", cross, MITOME_E_CROSS_ORIGIN, CREATE("10"), SAME },
        { "top origin", top, MITOME_E_TOP_ORIGIN, CREATE("11"), SAME },
        { "object", object, MITOME_E_TRAILING_BYTES, CREATE("13"), SAME },
        { "ID", raw_id, MITOME_E_CREDENTIAL_ID_MISMATCH, CREATE("13"), "WebAuthn L3 5.1" },
        { "authData", trailing, MITOME_E_TRAILING_BYTES, CREATE("13"), "WebAuthn L3 6.1" },
        { "BS without BE", backed_up, MITOME_E_VALUE, CREATE("13"), "WebAuthn L3 6.1.3" },
        { "no credential", no_key, MITOME_E_NO_CREDENTIAL_DATA, CREATE("13"), SAME },
        { "RP ID", rp_id, MITOME_E_RP_ID_HASH, CREATE("14"), SAME },
        { "presence", presence, MITOME_E_USER_NOT_PRESENT, CREATE("15"), SAME },
        { "verification", verification, MITOME_E_USER_NOT_VERIFIED, CREATE("16"), SAME },
        { "algorithm", algorithm, MITOME_E_ALGORITHM_NOT_ALLOWED, CREATE("20"), SAME },
        { "format", format, MITOME_E_FORMAT_UNSUPPORTED, CREATE("21"), SAME },
        { "ended format", ended, MITOME_E_FORMAT_ENDED, CREATE("21"), SAME },
        { "format denied", format_denied, MITOME_E_FORMAT_NOT_ALLOWED, CREATE("24"), SAME },
        { "signature", signature, MITOME_E_SIGNATURE_INVALID, CREATE("22"), "WebAuthn L3 8.2" },
        { "trust", trust, MITOME_E_ATTESTATION_UNTRUSTED, CREATE("24"), SAME },
        { "model", denied, MITOME_E_AUTHENTICATOR_UNKNOWN, CREATE("24"), "FIDO Metadata Service 3.1.4" },
        { "discoverable", discoverable, MITOME_E_NOT_DISCOVERABLE, CREATE("28"), "WebAuthn L3 10.1.3" },
        { "credProtect", protection, MITOME_E_CRED_PROTECT, CREATE("28"), "CTAP 2.1 12.1" },
};

static const struct refusal refused_logins[] = {
        { "JSON", json, MITOME_E_TRAILING_BYTES, GET("3"), "WebAuthn L3 5.1" },
        { "extension results", results, MITOME_E_JSON_TYPE, GET("4"), "WebAuthn L3 9.4" },
        { "not allowed", allowed, MITOME_E_CREDENTIAL_NOT_ALLOWED, GET("5"), SAME },
        { "record", other_record, MITOME_E_CREDENTIAL_ID_MISMATCH, GET("6"), SAME },
        { "client data", client_json, MITOME_E_JSON_TYPE, GET("9"), SAME },
        { "UTF-8", not_utf8, MITOME_E_UTF8, GET("9"), SAME },
        { "type", type, MITOME_E_CLIENT_DATA_TYPE, GET("10"), SAME },
        { "challenge", challenge, MITOME_E_CHALLENGE_MISMATCH, GET("11"), SAME },
        { "origin", origin, MITOME_E_ORIGIN_UNEXPECTED, GET("12"), SAME },
        { "cross origin", cross, MITOME_E_CROSS_ORIGIN, GET("13"), SAME },
        { "top origin", top, MITOME_E_TOP_ORIGIN, GET("14"), SAME },
        { "authData cut", cut, MITOME_E_INPUT_ENDS, GET("15"), "WebAuthn L3 6.1" },
        { "authData", trailing, MITOME_E_TRAILING_BYTES, GET("15"), "WebAuthn L3 6.1" },
        { "BS without BE", backed_up, MITOME_E_VALUE, GET("15"), "WebAuthn L3 6.1.3" },
        { "RP ID", rp_id, MITOME_E_RP_ID_HASH, GET("15"), SAME },
        { "presence", presence, MITOME_E_USER_NOT_PRESENT, GET("16"), SAME },
        { "verification", verification, MITOME_E_USER_NOT_VERIFIED, GET("17"), SAME },
        { "eligibility", eligibility, MITOME_E_BACKUP_ELIGIBILITY, GET("19"), SAME },
        { "signature", signature, MITOME_E_SIGNATURE_INVALID, GET("21"), SAME },
        { "algorithm", algorithm, MITOME_E_ALGORITHM_NOT_ALLOWED, GET("21"), SAME },
        { "key", damaged, MITOME_E_INPUT_ENDS, GET("21"), SAME },
        { "certificate", revoked, MITOME_E_CRL_MISSING, "RFC 5280 6.3", NULL },
};

/* The report is the beginning of the full one, and ends with the step that failed. */
static void check_report(
        const struct run *run, const struct refusal *refusal, const struct mitome_step *steps, size_t count)
{
        const struct mitome_verdict *v = &run->verdict;
        assert_in_range(v->step_count, 1, count + 1);
        const struct mitome_step *last = &v->steps[v->step_count - 1];
        assert_string_equal(last->clause, refusal->step);
        assert_int_equal(last->outcome, MITOME_STEP_FAILED);
        if (refusal->clause)
                assert_string_equal(run->error.clause, *refusal->clause ? refusal->clause : refusal->step);
        else
                assert_null(run->error.clause);
        if (run->error.clause && strstr(run->error.clause, " 7."))
                assert_string_equal(run->error.clause, last->clause);
        for (size_t i = 0; i + 1 < v->step_count; i++) {
                bool own = *steps[i].clause == '*';
                assert_string_equal(v->steps[i].clause, own ? "WebAuthn L3 8.2" : steps[i].clause);
                if (!own || strcmp(refusal->step, CREATE("22")) != 0)
                        assert_int_not_equal(v->steps[i].outcome, MITOME_STEP_FAILED);
                else
                        assert_int_equal(v->steps[i].outcome, MITOME_STEP_FAILED);
        }
}

static void check_refusals(bool create, const struct refusal *refusals, size_t refusal_count,
        const struct mitome_step *steps, size_t count)
{
        for (size_t i = 0; i < refusal_count; i++) {
                struct rig_plan plan = create ? rig_registration_plan() : rig_authentication_plan();
                struct run run = fresh();
                refusals[i].edit(&plan, &run);
                rig_build(&formats.rig, &plan, &built);
                const struct mitome_credential right = rig_record(&formats.rig, &built);
                if (!run.record.id.size)
                        run.record.id = right.id;
                if (!run.record.public_key.size)
                        run.record.public_key = right.public_key;
                mitome_code code = verify_json(&run, create);
                if (code != refusals[i].code || !run.verdict.step_count)
                        print_error("%s: %d %s (%s)\n", refusals[i].name, code, run.error.field,
                                run.error.clause);
                assert_int_equal(code, refusals[i].code);
                check_report(&run, &refusals[i], steps, count);
        }
}

static void a_refused_registration_ends_its_report(void **state)
{
        (void)state;
        check_refusals(
                true, refused_registrations, COUNT(refused_registrations), registration, COUNT(registration));
}

static void a_refused_login_ends_its_report(void **state)
{
        (void)state;
        check_refusals(false, refused_logins, COUNT(refused_logins), login, COUNT(login));
}

/* What the caller got wrong is no step of the ceremony. */
static void a_fault_of_the_caller_has_no_report(void **state)
{
        (void)state;
        const struct rig_plan plan = rig_registration_plan();
        struct run run = fresh();
        rig_build(&formats.rig, &plan, &built);
        run.expected.challenge.size = 15;
        run.verdict.step_count = 7;
        assert_int_equal(verify_json(&run, true), MITOME_E_ARGUMENT);
        assert_int_equal(run.verdict.step_count, 0);
        assert_int_equal(verify_json(&run, false), MITOME_E_ARGUMENT);
        assert_int_equal(run.verdict.step_count, 0);
}

static int open_all(void **state)
{
        (void)state;
        format_rig_open(&formats);
        return 0;
}

static int close_all(void **state)
{
        (void)state;
        format_rig_close(&formats);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_format_reports_every_step),
                cmocka_unit_test(a_login_reports_every_step),
                cmocka_unit_test(what_is_asked_is_reported),
                cmocka_unit_test(a_record_reports_its_part),
                cmocka_unit_test(a_refused_registration_ends_its_report),
                cmocka_unit_test(a_refused_login_ends_its_report),
                cmocka_unit_test(a_fault_of_the_caller_has_no_report),
        };
        return cmocka_run_group_tests(tests, open_all, close_all);
}
