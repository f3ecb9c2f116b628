/* SPDX-License-Identifier: Apache-2.0 */
/* `mitome verify`: lines in, verdicts out, exit status. */
#include "ceremony_rig.h"
#include "cli.h"
#include "evaluator_rig.h"
#include "format_rig.h"
#include "line_input.h"
#include "metadata_rig.h"
#include "verify_case.h"
#include "verify_line.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct rig rig, other_rig;
static char folder[] = "/tmp/mitome-verify-XXXXXX";

struct output {
        int status;
        json_t *verdicts[64];
        size_t count;
};

static void path_of(char path[256], const char *name)
{
        snprintf(path, 256, "%s/%s", folder, name);
}

static void write_file(const char *name, const char *text, size_t size)
{
        char path[256];
        path_of(path, name);
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(text, 1, size, file), size);
        assert_int_equal(fclose(file), 0);
}

/* Runs the subcommand with standard output in a file, then reads the verdicts. */
static struct output run(char *const *arguments)
{
        static char name[] = "verify";
        char *argv[24] = { name };
        int argc = 1;
        struct output output = { 0 };
        char path[256];
        path_of(path, "out");
        for (; arguments[argc - 1]; argc++)
                argv[argc] = arguments[argc - 1];
        fflush(stdout);
        int kept = dup(STDOUT_FILENO);
        assert_non_null(freopen(path, "w", stdout));
        output.status = verify_main(argc, argv);
        fflush(stdout);
        dup2(kept, STDOUT_FILENO);
        close(kept);
        FILE *file = fopen(path, "r");
        char *line = NULL;
        size_t capacity = 0;
        while (getline(&line, &capacity, file) > 0 && output.count < 64) {
                output.verdicts[output.count] = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
                assert_non_null(output.verdicts[output.count++]);
        }
        free(line);
        fclose(file);
        return output;
}

static void done(struct output *output)
{
        for (size_t i = 0; i < output->count; i++)
                json_decref(output->verdicts[i]);
}

static struct output run_text(const char *text)
{
        char path[256];
        path_of(path, "cases");
        write_file("cases", text, strlen(text));
        return run((char *[]){ path, NULL });
}

static bool is_ok(const struct output *output, size_t at)
{
        assert_in_range(at, 0, output->count - 1);
        return json_is_true(json_object_get(output->verdicts[at], "ok"));
}

static json_int_t code_of(const struct output *output, size_t at)
{
        assert_in_range(at, 0, output->count - 1);
        return json_integer_value(json_object_get(output->verdicts[at], "code"));
}

static const char *text_of(const struct output *output, size_t at, const char *name)
{
        assert_in_range(at, 0, output->count - 1);
        return json_string_value(json_object_get(output->verdicts[at], name));
}

/* ---- cases ---- */

static char *pem_of(const X509 *certificate)
{
        BIO *bio = BIO_new(BIO_s_mem());
        char *data, *text;
        assert_int_equal(PEM_write_bio_X509(bio, certificate), 1);
        long size = BIO_get_mem_data(bio, &data);
        text = strndup(data, (size_t)size);
        BIO_free(bio);
        return text;
}

/* What a rig has built for a plan, as a JSON object. */
static json_t *case_of(const struct rig *from, const struct rig_plan *plan, const struct rig_response *built)
{
        char challenge[64], key[1024];
        EVP_EncodeBlock((unsigned char *)key, built->public_key, (int)built->public_key_size);
        EVP_EncodeBlock((unsigned char *)challenge, from->challenge, sizeof from->challenge);
        for (char *texts[] = { challenge, key }, **text = texts; text < texts + 2; text++) {
                for (char *c = *text; *c; c++)
                        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
                (*text)[strcspn(*text, "=")] = '\0';
        }
        json_t *response = json_loadb((const char *)built->json, built->json_size, 0, NULL);
        assert_non_null(response);
        return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:s, s:i}", "name", "a case", "kind",
                plan->registration ? "registration" : "authentication", "rp_id", "example.org", "origin",
                "https://example.org", "challenge_b64url", challenge, "response", response,
                "credential_public_key_b64url", key, "at_time", "2030-01-01T00:00:00Z", "ignored", 1);
}

/* A valid case of the rig. */
static json_t *new_case(const struct rig_plan *plan)
{
        static struct rig_response built;
        rig_build(&rig, plan, &built);
        return case_of(&rig, plan, &built);
}

static struct output run_case(json_t *c)
{
        char *line = json_dumps(c, JSON_COMPACT);
        struct output output = run_text(line);
        free(line);
        json_decref(c);
        assert_int_equal(output.count, 1);
        return output;
}

static json_t *with_policy(const struct rig_plan *plan, const char *policy)
{
        json_t *c = new_case(plan);
        json_t *object = json_loads(policy, 0, NULL);
        assert_non_null(object);
        json_object_set_new(c, "policy", object);
        return c;
}

static void check_policy(
        const struct rig_plan *plan, const char *policy, mitome_code code, const char *field_or_clause)
{
        struct output output = run_case(with_policy(plan, policy));
        if (code_of(&output, 0) != code)
                print_error("%s: %s\n", policy, text_of(&output, 0, "message"));
        assert_int_equal(code_of(&output, 0), code);
        assert_int_equal(is_ok(&output, 0), code == MITOME_OK);
        assert_int_equal(output.status, code == MITOME_OK ? 0 : 1);
        if (field_or_clause && strncmp(field_or_clause, "WebAuthn", 8) == 0)
                assert_string_equal(text_of(&output, 0, "clause"), field_or_clause);
        else if (field_or_clause)
                assert_string_equal(text_of(&output, 0, "field"), field_or_clause);
        done(&output);
}

/* ---- tests ---- */

static void a_verdict_tells_everything(void **state)
{
        (void)state;
        const struct rig_plan plan = rig_registration_plan();
        struct output output = run_case(new_case(&plan));
        assert_int_equal(output.status, 0);
        assert_true(is_ok(&output, 0));
        assert_int_equal(code_of(&output, 0), 0);
        assert_string_equal(text_of(&output, 0, "name"), "a case");
        assert_string_equal(text_of(&output, 0, "fmt"), "packed");
        assert_string_equal(text_of(&output, 0, "alg"), "ES256");
        assert_string_equal(text_of(&output, 0, "trust"), "unverified");
        assert_string_equal(text_of(&output, 0, "message"), "no error");
        assert_true(json_is_null(json_object_get(output.verdicts[0], "clause")));
        assert_true(json_is_null(json_object_get(output.verdicts[0], "field")));
        assert_int_equal(json_integer_value(json_object_get(output.verdicts[0], "sign_count")), 1);
        assert_int_equal(json_integer_value(json_object_get(output.verdicts[0], "flags")), plan.flags);
        done(&output);
}

/* Who keeps the line as evidence has no other way to know it. */
static void flags_that_nobody_signed_are_marked(void **state)
{
        (void)state;
        static struct format_rig formats;
        static struct rig_response built;
        static const enum rig_format each[] = { RIG_FORMAT_U2F, RIG_FORMAT_PACKED };
        format_rig_open(&formats);
        for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
                struct rig_plan plan = rig_registration_plan();
                plan.leaf.aaguid_extension = RIG_ABSENT;
                format_rig_build(&formats, each[i], &plan, &built);
                struct output output = run_case(case_of(&formats.rig, &plan, &built));
                const json_t *marked = json_object_get(output.verdicts[0], "flags_unsigned");
                assert_true(is_ok(&output, 0));
                assert_string_equal(text_of(&output, 0, "fmt"), format_rig_name(each[i]));
                assert_int_equal(json_is_true(marked), each[i] == RIG_FORMAT_U2F);
                assert_int_equal(marked == NULL, each[i] != RIG_FORMAT_U2F);
                done(&output);
        }
        format_rig_close(&formats);
}

static void a_refusal_tells_why(void **state)
{
        (void)state;
        struct rig_plan plan = rig_authentication_plan();
        plan.origin = "https://example.org.";
        struct output output = run_case(new_case(&plan));
        assert_int_equal(output.status, 1);
        assert_int_equal(code_of(&output, 0), MITOME_E_ORIGIN_UNEXPECTED);
        assert_string_equal(text_of(&output, 0, "clause"), "WebAuthn L3 7.2 #12");
        assert_string_equal(text_of(&output, 0, "field"), "clientDataJSON.origin");
        assert_true(json_is_null(json_object_get(output.verdicts[0], "trust")));
        assert_true(json_is_null(json_object_get(output.verdicts[0], "flags")));
        done(&output);
}

/* "A line that is no case gets a verdict with its error and does not stop the rest." */
static void a_bad_line_stops_nothing(void **state)
{
        (void)state;
        const struct rig_plan plan = rig_registration_plan();
        json_t *c = new_case(&plan);
        char *good = json_dumps(c, JSON_COMPACT), *text = NULL;
        json_decref(c);
        assert_true(asprintf(&text,
                            "%s\n?\n[]\n{}\n{\"name\":\"n\",\"kind\":\"other\",\"rp_id\":\"r\",\"origin\":"
                            "\"o\",\"challenge_b64url\":\"AA\",\"response\":{}}\n\n  \r\n{\"name\":1}\n"
                            "{\"name\":\"\xFF\"}\n%s",
                            good, good) > 0);
        static const mitome_code codes[] = { MITOME_OK, MITOME_E_JSON_SYNTAX, MITOME_E_JSON_TYPE,
                MITOME_E_MISSING, MITOME_E_VALUE, MITOME_E_JSON_TYPE, MITOME_E_UTF8, MITOME_OK };
        struct output output = run_text(text);
        assert_int_equal(output.status, 1);
        assert_int_equal(output.count, 8);
        for (size_t i = 0; i < output.count; i++)
                assert_int_equal(code_of(&output, i), codes[i]);
        assert_string_equal(text_of(&output, 4, "name"), "n");
        assert_string_equal(text_of(&output, 4, "field"), "kind");
        done(&output);
        free(text);
        free(good);
}

static void nothing_to_do_is_no_failure(void **state)
{
        (void)state;
        struct output output = run_text("");
        assert_int_equal(output.status, 0);
        assert_int_equal(output.count, 0);
}

static void policies_are_enforced(void **state)
{
        (void)state;
        struct rig_plan plan = rig_registration_plan();
        check_policy(&plan, "{}", MITOME_OK, NULL);
        check_policy(&plan, "{\"user_verification\":\"required\"}", MITOME_OK, NULL);
        check_policy(&plan, "{\"allowed_origins\":[\"https://a\",\"https://example.org\"]}", MITOME_OK, NULL);
        check_policy(&plan, "{\"allowed_origins\":[\"https://a\"]}", MITOME_E_ORIGIN_UNEXPECTED,
                "WebAuthn L3 7.1 #9");
        check_policy(&plan, "{\"allowed_origins\":[]}", MITOME_E_ARGUMENT, "expectation.origins");
        check_policy(&plan, "{\"allowed_algs\":[-257,-7]}", MITOME_OK, NULL);
        check_policy(
                &plan, "{\"allowed_algs\":[-257]}", MITOME_E_ALGORITHM_NOT_ALLOWED, "WebAuthn L3 7.1 #20");
        check_policy(&plan, "{\"allowed_algs\":[]}", MITOME_E_ALGORITHM_NOT_ALLOWED, "WebAuthn L3 7.1 #20");
        check_policy(
                &plan, "{\"trust\":\"required\"}", MITOME_E_ATTESTATION_UNTRUSTED, "WebAuthn L3 7.1 #24");
        plan.flags &= (uint8_t)~0x04;
        check_policy(&plan, "{\"user_verification\":\"preferred\"}", MITOME_OK, NULL);
        check_policy(&plan, "{\"user_verification\":\"required\"}", MITOME_E_USER_NOT_VERIFIED,
                "WebAuthn L3 7.1 #16");
        plan.flags &= (uint8_t)~0x01;
        check_policy(&plan, "{\"mediation\":\"optional\"}", MITOME_E_USER_NOT_PRESENT, "WebAuthn L3 7.1 #15");
        check_policy(&plan, "{\"mediation\":\"conditional\"}", MITOME_OK, NULL);
        plan = rig_registration_plan();
        plan.client_members = ",\"crossOrigin\":true,\"topOrigin\":\"https://top\"";
        check_policy(&plan, "{\"allow_cross_origin\":true}", MITOME_E_TOP_ORIGIN, "WebAuthn L3 7.1 #11");
        check_policy(&plan, "{\"allowed_top_origins\":[\"https://top\"]}", MITOME_E_CROSS_ORIGIN,
                "WebAuthn L3 7.1 #10");
        check_policy(&plan, "{\"allow_cross_origin\":true,\"allowed_top_origins\":[\"https://top\"]}",
                MITOME_OK, NULL);
}

static void login_policies_are_enforced(void **state)
{
        (void)state;
        struct rig_plan plan = rig_authentication_plan();
        static const char id[] = "wMHCw8TFxsfIycrLzM3Oz9DR0tPU1dbX2Nna29zd3t8";
        char text[256];
        snprintf(text, sizeof text, "{\"allow_credentials\":[\"AAAA\",\"%s\"]}", id);
        check_policy(&plan, text, MITOME_OK, NULL);
        check_policy(&plan, "{\"allow_credentials\":[]}", MITOME_OK, NULL);
        check_policy(&plan, "{\"allow_credentials\":[\"AAAA\"]}", MITOME_E_CREDENTIAL_NOT_ALLOWED,
                "WebAuthn L3 7.2 #5");
        check_policy(&plan, "{\"stored_be\":false}", MITOME_OK, NULL);
        check_policy(&plan, "{\"stored_be\":null}", MITOME_OK, NULL);
        check_policy(&plan, "{\"stored_be\":true}", MITOME_E_BACKUP_ELIGIBILITY, "WebAuthn L3 7.2 #19");
        plan.user_handle = "\"dXNlcg\"";
        check_policy(&plan, "{\"user_handle_b64url\":\"dXNlcg\"}", MITOME_OK, NULL);
        check_policy(&plan, "{\"user_handle_b64url\":\"dXNlcw\"}", MITOME_E_USER_HANDLE_MISMATCH,
                "WebAuthn L3 7.2 #6");
        struct output output = run_case(with_policy(&plan, "{\"stored_sign_count\":7}"));
        assert_true(is_ok(&output, 0));
        assert_true(json_is_true(json_object_get(output.verdicts[0], "clone_suspected")));
        assert_string_equal(text_of(&output, 0, "user_handle_b64url"), "dXNlcg");
        done(&output);
}

/* "Unknown members of a case are ignored, unknown members of policy are errors." What this version cannot
 * enforce is an error, too. */
static void policies_that_cannot_be_kept_are_refused(void **state)
{
        (void)state;
        const struct rig_plan plan = rig_registration_plan();
        check_policy(&plan, "{\"app_id\":7}", MITOME_E_JSON_TYPE, "policy.app_id");
        check_policy(&plan, "{\"level\":\"x\"}", MITOME_E_POLICY_UNSUPPORTED, "policy.level");
        check_policy(&plan, "{\"crl_b64\":[\"A\"]}", MITOME_E_VALUE, "policy.crl_b64");
        check_policy(&plan, "{\"crl_b64\":[\"AAAA\"]}", MITOME_E_DER, "CRL");
        check_policy(&plan, "{\"switches\":[\"x\"]}", MITOME_E_VALUE, "policy.switches");
        check_policy(&plan, "{\"trust\":\"none\"}", MITOME_E_VALUE, "policy.trust");
        check_policy(
                &plan, "{\"user_verification\":\"Required\"}", MITOME_E_VALUE, "policy.user_verification");
        check_policy(&plan, "{\"user_verification\":\"\"}", MITOME_E_VALUE, "policy.user_verification");
        check_policy(&plan, "{\"user_verification\":true}", MITOME_E_JSON_TYPE, "policy.user_verification");
        check_policy(&plan, "{\"mediation\":\"cond\"}", MITOME_E_VALUE, "policy.mediation");
        check_policy(&plan, "{\"stored_sign_count\":-1}", MITOME_E_VALUE, "policy.stored_sign_count");
        check_policy(&plan, "{\"stored_sign_count\":4294967296}", MITOME_E_VALUE, "policy.stored_sign_count");
        check_policy(&plan, "{\"allowed_algs\":-7}", MITOME_E_JSON_TYPE, "policy.allowed_algs");
        check_policy(&plan, "{\"allowed_algs\":[\"ES256\"]}", MITOME_E_JSON_TYPE, "policy.allowed_algs");
        check_policy(&plan, "[]", MITOME_E_JSON_TYPE, "policy");
        struct output output = run_case(with_policy(&plan, "{\"user_verificaton\":\"required\"}"));
        assert_int_equal(code_of(&output, 0), MITOME_E_POLICY_UNKNOWN);
        assert_string_equal(text_of(&output, 0, "unknown"), "user_verificaton");
        done(&output);
}

/* "With root_pem the path must end there (self attestation is then refused)" */
static void root_pem_is_the_only_end_of_a_path(void **state)
{
        (void)state;
        char *root = pem_of(rig.ca), *other = pem_of(other_rig.ca);
        const struct {
                const char *pem;
                enum rig_attestation attestation;
                const char *format;
                mitome_code code;
        } cases[] = {
                { root, RIG_CHAIN, "packed", MITOME_OK },
                { other, RIG_CHAIN, "packed", MITOME_E_ATTESTATION_UNTRUSTED },
                { root, RIG_SELF, "packed", MITOME_E_ATTESTATION_UNTRUSTED },
                { root, RIG_NO_STATEMENT, "none", MITOME_E_ATTESTATION_UNTRUSTED },
                { "", RIG_CHAIN, "packed", MITOME_E_VALUE },
                { "-----BEGIN CERTIFICATE-----\n", RIG_CHAIN, "packed", MITOME_E_VALUE },
                { "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", RIG_CHAIN, "packed",
                        MITOME_E_VALUE },
                { "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", RIG_CHAIN, "packed",
                        MITOME_E_DER },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct rig_plan plan = rig_registration_plan();
                plan.attestation = cases[i].attestation;
                plan.format = cases[i].format;
                json_t *c = new_case(&plan);
                json_object_set_new(c, "root_pem", json_string(cases[i].pem));
                struct output output = run_case(c);
                assert_int_equal(code_of(&output, 0), cases[i].code);
                if (cases[i].code == MITOME_OK)
                        assert_string_equal(text_of(&output, 0, "trust"), "verified");
                done(&output);
        }
        free(root);
        free(other);
}

static void at_time_is_the_clock(void **state)
{
        (void)state;
        static const struct {
                const char *time;
                mitome_code code;
        } cases[] = {
                { "2030-01-01T00:00:00Z", MITOME_OK },
                { "2023-12-31T23:59:59Z", MITOME_E_CERTIFICATE_NOT_YET_VALID },
                { "2024-01-01T08:59:59+09:00", MITOME_E_CERTIFICATE_NOT_YET_VALID },
                { "2038-01-01T00:00:01Z", MITOME_E_CERTIFICATE_EXPIRED },
                { "yesterday", MITOME_E_VALUE },
        };
        const struct rig_plan plan = rig_registration_plan();
        char *root = pem_of(rig.ca);
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                json_t *c = new_case(&plan);
                json_object_set_new(c, "at_time", json_string(cases[i].time));
                json_object_set_new(c, "root_pem", json_string(root));
                struct output output = run_case(c);
                assert_int_equal(code_of(&output, 0), cases[i].code);
                done(&output);
        }
        free(root);
}

static void reads_rfc_3339(void **state)
{
        (void)state;
        static const struct {
                const char *text;
                bool right;
                int64_t time;
        } cases[] = {
                { "1970-01-01T00:00:00Z", true, 0 },
                { "2026-10-01T00:00:00Z", true, 1790812800 },
                { "2026-10-01t00:00:00z", true, 1790812800 },
                { "2026-10-01T09:00:00+09:00", true, 1790812800 },
                { "2026-09-30T23:30:00.999-00:30", true, 1790812800 },
                { "2024-02-29T00:00:00Z", true, 1709164800 },
                { "2016-12-31T23:59:60Z", true, 1483228800 },
                { "2026-02-29T00:00:00Z", false, 0 },
                { "2026-02-30T00:00:00Z", false, 0 },
                { "2026-04-31T12:00:00Z", false, 0 },
                { "2026-13-01T00:00:00Z", false, 0 },
                { "2026-00-01T00:00:00Z", false, 0 },
                { "2026-01-01T24:00:00Z", false, 0 },
                { "2026-01-01T00:60:00Z", false, 0 },
                { "2026-01-01T00:00:61Z", false, 0 },
                { "2026-01-01T00:00:00", false, 0 },
                { "2026-01-01T00:00:00.Z", false, 0 },
                { "2026-01-01T00:00:00.5", false, 0 },
                { "2026-01-01T00:00:00+9:00", false, 0 },
                { "2026-01-01T00:00:00+0900", false, 0 },
                { "2026-01-01T00:00:00+24:00", false, 0 },
                { "2026-01-01T00:00:00Zx", false, 0 },
                { "2026-01-01 00:00:00Z", false, 0 },
                { "2026-1-01T00:00:00Z", false, 0 },
                { "2026-01-01", false, 0 },
                { "", false, 0 },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                int64_t time = 0;
                if (verify_case_time(slice_text(cases[i].text), &time) != cases[i].right)
                        fail_msg("%s", cases[i].text);
                assert_int_equal(time, cases[i].time);
        }
}

static void trust_files_anchor_paths(void **state)
{
        (void)state;
        const struct rig_plan plan = rig_registration_plan();
        json_t *c = with_policy(&plan, "{\"trust\":\"required\"}");
        char *line = json_dumps(c, JSON_COMPACT), *root = pem_of(rig.ca), *other = pem_of(other_rig.ca);
        char trust[] = "--trust", unknown[] = "--unknown", mds[] = "--mds", level[] = "--level";
        char cases[256], pem[256], der[256], second[256], empty[256], missing[256];
        json_decref(c);
        path_of(cases, "cases");
        path_of(pem, "root.pem");
        path_of(der, "root.der");
        path_of(second, "other.pem");
        path_of(empty, "empty");
        path_of(missing, "missing");
        write_file("cases", line, strlen(line));
        write_file("root.pem", root, strlen(root));
        write_file("root.der", (const char *)rig.ca_der, rig.ca_der_size);
        write_file("other.pem", other, strlen(other));
        write_file("empty", "", 0);
        char *const calls[][6] = {
                { trust, pem, cases },
                { trust, der, cases },
                { trust, second, pem, cases }, /* FILE.. */
                { trust, second, trust, pem, cases },
                { trust, second, cases },
                { cases },
                { trust, missing, cases },
                { trust, empty, cases },
                { trust, pem, missing },
                { cases, cases },
                { unknown, cases },
                { mds, pem, cases },
                { level, level, cases },
                { folder },
        };
        static const int statuses[] = { 0, 0, 0, 0, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2 };
        int kept = dup(STDERR_FILENO); /* the refusals below complain there */
        assert_non_null(freopen("/dev/null", "w", stderr));
        for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
                struct output output = run(calls[i]);
                assert_int_equal(output.status, statuses[i]);
                assert_int_equal(output.count, statuses[i] == 2 ? 0 : 1);
                if (statuses[i] == 0)
                        assert_string_equal(text_of(&output, 0, "trust"), "verified");
                done(&output);
        }
        fflush(stderr);
        dup2(kept, STDERR_FILENO);
        close(kept);
        free(line);
        free(root);
        free(other);
}

/* A policy of one's own that is wrong is refused with line and column, columns counted in characters. */
static void a_wrong_policy_is_refused_at_its_line(void **state)
{
        (void)state;
        static const struct {
                const char *member, *with,
                        *place; /* a word of the right policy, what stands there, what is told */
        } wrongs[] = {
                { "login.user_verified", "login.user_is_nice", "policy:5:35: E1101 " },
                { "login.user_verified", "login.user_verified and", "policy:5:58: E1435 " },
                { "login.user_verified", "login.user_verified >= 2", "policy:5:55: E1436 " },
                { "\"level\":\"上\"", "\"level\":\"下\"", "policy:6:21: E1102 " },
                { "\"id\":\"B\"", "\"id\":\"A\"", "policy:6:2: E1103 " },
                { "\"source\":\"我\",", "", "policy:4:2: E118 " },
                { "\"title\"", "\"score\"", "policy:2:3: E1104 " },
        };
        static const char right[] = "{\"id\":\"p\",\n"
                                    " \"title\":\"役所\", \"levels\":[\"low\",\"上\"],\n"
                                    " \"requirements\":[\n"
                                    " {\"id\":\"A\",\"level\":\"low\",\"source\":\"我\",\"section\":\"1\",\n"
                                    "  \"keyword\":\"SHALL\", \"predicate\":\"login.user_verified\"},\n"
                                    " {\"id\":\"B\",\"level\":\"上\",\"source\":\"s\",\"section\":\"2\",\n"
                                    "  \"predicate\":\"login.user_present\"}]}\n";
        char policy[256], complaint[256], level[] = "--level", none[] = "/dev/null", told[512] = "";
        path_of(policy, "policy");
        path_of(complaint, "complaint");
        for (size_t i = 0; i <= sizeof wrongs / sizeof wrongs[0]; i++) {
                const bool wrong = i < sizeof wrongs / sizeof wrongs[0];
                const char *at = wrong ? strstr(right, wrongs[i].member) : right;
                char text[1024];
                assert_non_null(at);
                snprintf(text, sizeof text, "%.*s%s%s", (int)(at - right), right, wrong ? wrongs[i].with : "",
                        at + (wrong ? strlen(wrongs[i].member) : 0));
                write_file("policy", text, strlen(text));
                const int kept = dup(STDERR_FILENO);
                assert_non_null(freopen(complaint, "w", stderr));
                struct output output = run((char *[]){ level, policy, none, NULL });
                fflush(stderr);
                dup2(kept, STDERR_FILENO);
                close(kept);
                assert_int_equal(output.status, wrong ? 2 : 0);
                done(&output);
                FILE *file = fopen(complaint, "r");
                assert_non_null(file);
                told[fread(told, 1, sizeof told - 1, file)] = '\0';
                fclose(file);
                if (wrong && !strstr(told, wrongs[i].place))
                        fail_msg("%s: %s", wrongs[i].place, told);
        }
        assert_string_equal(told, "");
}

/* "The attestation certificate itself" may be the anchor (7.1 #24), and roots of version 1 cannot say that
 * they are CAs: that they vouch for no person keeps none of them from vouching for a device. */
static void root_pem_need_be_no_ca(void **state)
{
        (void)state;
        static struct rig_response built;
        const struct rig_plan plan = rig_registration_plan();
        rig_build(&rig, &plan, &built);
        const unsigned char *end = built.leaf;
        X509 *leaf = d2i_X509(NULL, &end, (long)built.leaf_size), *old = X509_dup(rig.ca);
        assert_int_equal(X509_set_version(old, X509_VERSION_1), 1);
        while (X509_get_ext_count(old))
                X509_EXTENSION_free(X509_delete_ext(old, 0));
        assert_true(X509_sign(old, rig.ca_key, EVP_sha256()) > 0);
        X509 *const roots[] = { leaf, old };
        for (size_t i = 0; i < 2; i++) {
                char *pem = pem_of(roots[i]);
                json_t *c = new_case(&plan);
                json_t *response = json_loadb((const char *)built.json, built.json_size, 0, NULL);
                json_object_set_new(c, "root_pem", json_string(pem));
                if (i == 0) /* the very leaf that was made above */
                        json_object_set_new(c, "response", response);
                else
                        json_decref(response);
                struct output output = run_case(c);
                assert_int_equal(code_of(&output, 0), MITOME_OK);
                assert_string_equal(text_of(&output, 0, "trust"), "verified");
                done(&output);
                free(pem);
                X509_free(roots[i]);
        }
}

/* A list that stands behind a damaged one must not be left out without a word. */
static void a_damaged_block_is_not_passed_over(void **state)
{
        (void)state;
        const struct rig_plan plan = rig_registration_plan();
        json_t *c = with_policy(&plan, "{\"trust\":\"required\"}");
        char *line = json_dumps(c, JSON_COMPACT), *root = pem_of(rig.ca), *other = pem_of(other_rig.ca);
        char text[16384], cases[256], pem[256], trust[] = "--trust";
        json_decref(c);
        path_of(cases, "cases");
        path_of(pem, "root.pem");
        write_file("cases", line, strlen(line));
        int kept = dup(STDERR_FILENO);
        assert_non_null(freopen("/dev/null", "w", stderr));
        for (size_t i = 0; i < 5; i++) {
                size_t first = strlen(other);
                snprintf(
                        text, sizeof text, "%s\ntext between\n%s%s", other, root, i == 1 ? "and behind" : "");
                if (i == 2)
                        text[first / 2] = '!';
                if (i == 3) /* "-----END" of the first block */
                        strstr(text, "-----END")[0] = 'x';
                if (i == 4) /* the second is cut */
                        text[strlen(text) - 40] = '\0';
                write_file("root.pem", text, strlen(text));
                struct output output = run((char *[]){ trust, pem, cases, NULL });
                assert_int_equal(output.status, i < 2 ? 0 : 2);
                done(&output);
        }
        fflush(stderr);
        dup2(kept, STDERR_FILENO);
        close(kept);
        free(line);
        free(root);
        free(other);
}

/* Behind --trust FILE.. a file is looked at, to tell whether it is one more; a pipe cannot be looked at
 * twice. */
static void a_pipe_is_read_once(void **state)
{
        (void)state;
        const struct rig_plan plan = rig_registration_plan();
        json_t *c = new_case(&plan);
        char *line = json_dumps(c, JSON_COMPACT), *root = pem_of(rig.ca);
        char pem[256], name[32], trust[] = "--trust";
        int ends[2];
        json_decref(c);
        path_of(pem, "root.pem");
        write_file("root.pem", root, strlen(root));
        assert_int_equal(pipe(ends), 0);
        snprintf(name, sizeof name, "/dev/fd/%d", ends[0]);
        assert_int_equal(write(ends[1], line, strlen(line)), strlen(line));
        close(ends[1]);
        struct output output = run((char *[]){ trust, pem, name, NULL });
        close(ends[0]);
        assert_int_equal(output.status, 0);
        assert_int_equal(output.count, 1);
        assert_string_equal(text_of(&output, 0, "trust"), "verified");
        done(&output);
        free(line);
        free(root);
}

/* ---- many lines ---- */

static char *good_line(const char *name)
{
        const struct rig_plan plan = rig_authentication_plan();
        json_t *c = new_case(&plan);
        json_object_set_new(c, "name", json_string(name));
        char *line = json_dumps(c, JSON_COMPACT);
        json_decref(c);
        return line;
}

static void verdicts_come_in_order(void **state)
{
        (void)state;
        char jobs[] = "--jobs", cases[256];
        char *one = good_line("NAME");
        char *name = strstr(one, "NAME");
        path_of(cases, "cases");
        FILE *file = fopen(cases, "wb");
        for (int i = 0; i < 60; i++) {
                char number[5];
                snprintf(number, sizeof number, "%04d", i);
                memcpy(name, number, 4);
                fprintf(file, "%s\n%s", i % 7 == 3 ? "no case" : one, i % 5 ? "" : " \t\r\n\n");
        }
        assert_int_equal(fclose(file), 0);
        char counts[][3] = { "1", "2", "7", "64", "0" };
        for (size_t n = 0; n < sizeof counts / sizeof counts[0]; n++) {
                struct output output = run((char *[]){ jobs, counts[n], cases, NULL });
                assert_int_equal(output.status, 1);
                assert_int_equal(output.count, 60);
                for (size_t i = 0; i < 60; i++) {
                        assert_int_equal(is_ok(&output, i), i % 7 != 3);
                        if (i % 7 != 3)
                                assert_int_equal(atoi(text_of(&output, i, "name")), i);
                }
                done(&output);
        }
        free(one);
}

/* A line without end must not be kept to be refused: more memory than for the longest case is never asked
 * for. */
static void long_lines_are_refused_and_passed_over(void **state)
{
        (void)state;
        char jobs[] = "--jobs", cases[256];
        char *one = good_line("a name"), counts[][2] = { "1", "3" };
        path_of(cases, "cases");
        for (size_t n = 0; n < 6; n++) {
                FILE *file = fopen(cases, "wb");
                fprintf(file, "%s\n", one);
                for (size_t i = 0; i < 3 * (size_t)VERIFY_LINE_MAX + n / 2; i++)
                        putc(i % 1000 == 999 ? '\0' : 'x', file);
                if (n / 2 != 2) /* then it is the last */
                        fprintf(file, "\n%s", one);
                assert_int_equal(fclose(file), 0);
                struct output output = run((char *[]){ jobs, counts[n % 2], cases, NULL });
                assert_int_equal(output.status, 1);
                assert_int_equal(output.count, n / 2 == 2 ? 2 : 3);
                assert_true(is_ok(&output, 0));
                assert_int_equal(code_of(&output, 1), MITOME_E_TOO_LONG);
                if (n / 2 != 2)
                        assert_true(is_ok(&output, 2));
                done(&output);
        }
        free(one);
}

static void lines_of_every_length(void **state)
{
        (void)state;
        enum { MOST = 100000 };
        static const size_t sizes[] = { 0, 1, 65535, 65536, 65537, MOST - 1, MOST, MOST + 1, MOST + 2,
                2 * MOST + 2, 2 * MOST + 3, 0, 7 };
        const size_t count = sizeof sizes / sizeof sizes[0];
        char path[256];
        path_of(path, "cases");
        for (int ended = 0; ended < 2; ended++) {
                FILE *file = fopen(path, "wb");
                for (size_t i = 0; i < count; i++) {
                        for (size_t at = 0; at < sizes[i]; at++)
                                putc('a' + (int)i, file);
                        if (i + 1 < count || ended)
                                putc('\n', file);
                }
                fclose(file);
                file = fopen(path, "rb");
                struct line_input input = line_input_over(file, MOST);
                slice line;
                for (size_t i = 0; i < count; i++) {
                        size_t size = sizes[i] > MOST ? MOST + 1 : sizes[i];
                        assert_true(line_input_next(&input, &line));
                        assert_int_equal(line.size, size);
                        for (size_t at = 0; at < size; at++)
                                if (line.data[at] != 'a' + i)
                                        fail_msg("line %zu at %zu", i, at);
                }
                assert_false(line_input_next(&input, &line));
                assert_false(input.broken);
                assert_in_range(input.capacity, MOST, 8 * MOST);
                line_input_free(&input);
                fclose(file);
        }
        FILE *file = fopen(folder, "rb"); /* a directory can be opened, and not read */
        struct line_input input = line_input_over(file, MOST);
        slice line;
        assert_false(line_input_next(&input, &line));
        assert_true(input.broken);
        assert_int_equal(errno, EISDIR);
        line_input_free(&input);
        fclose(file);
}

/* The libc's, but for a system that has no more threads to give. */
static int threads_left = -1;

int pthread_create(
        pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument)
{
        typedef int create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
        create *next;
        void *found = dlsym(RTLD_NEXT, "pthread_create");
        memcpy(&next, &found, sizeof next);
        if (threads_left == 0)
                return EAGAIN;
        threads_left -= threads_left > 0;
        return next(thread, attributes, start, argument);
}

/* Threads that did start must not wait for ever for those that did not. */
static void too_few_threads_are_told(void **state)
{
        (void)state;
        char jobs[] = "--jobs", eight[] = "8", cases[256];
        path_of(cases, "cases");
        write_file("cases", "{}\n", 3);
        int kept = dup(STDERR_FILENO);
        assert_non_null(freopen("/dev/null", "w", stderr));
        alarm(60);
        for (threads_left = 7; threads_left >= 0; threads_left--) {
                int allowed = threads_left;
                struct output output = run((char *[]){ jobs, eight, cases, NULL });
                assert_int_equal(output.status, allowed == 7 ? 1 : 2);
                assert_int_equal(output.count, allowed == 7);
                done(&output);
                threads_left = allowed;
        }
        alarm(0);
        fflush(stderr);
        dup2(kept, STDERR_FILENO);
        close(kept);
}

/* ---- metadata and levels ---- */

#define MODEL "6d69746f-6d65-2062-6174-636820303031" /* the rig's */

static void write_blob(size_t name_size)
{
        static struct rig_response built;
        static char payload[300000], name[200001];
        const struct rig_plan plan = rig_registration_plan();
        rig_build(&rig, &plan, &built);
        char *root = rig_base64(slice_of(rig.ca_der, rig.ca_der_size));
        memset(name, 'n', name_size);
        name[name_size] = '\0';
        snprintf(payload, sizeof payload,
                "{\"no\":1,\"nextUpdate\":\"2037-01-01\",\"entries\":[{\"aaguid\":\"" MODEL
                "\",\"metadataStatement\":{\"description\":\"%s\",\"attestationRootCertificates\":[\"%s\"],"
                "\"userVerificationDetails\":[[{\"userVerificationMethod\":\"passcode_external\"}]],"
                "\"keyProtection\":[\"secure_element\"]},\"statusReports\":[{\"status\":"
                "\"FIDO_CERTIFIED_L3\"}]}]}",
                name, root);
        const slice chain[] = { slice_of(built.leaf, built.leaf_size) };
        char *blob = rig_blob(&(struct rig_blob_plan){ .alg = "ES256",
                .typ = "JWT",
                .chain = chain,
                .chain_size = 1,
                .key = rig.attestation[RIG_ES256],
                .payload = payload });
        write_file("blob", blob, strlen(blob));
        free(blob);
        free(root);
}

static struct output run_with_blob(const struct rig_plan *plan, bool level)
{
        char blob[256], root[256], policy[256], cases[256];
        char mds[] = "--mds", mds_root[] = "--mds-root", by_level[] = "--level";
        json_t *c = new_case(plan);
        char *line = json_dumps(c, JSON_COMPACT);
        path_of(blob, "blob");
        path_of(root, "root.der");
        path_of(policy, "policy");
        path_of(cases, "cases");
        write_file("cases", line, strlen(line));
        write_file("root.der", (const char *)rig.ca_der, rig.ca_der_size);
        struct output output =
                run((char *[]){ mds, blob, mds_root, root, cases, level ? by_level : NULL, policy, NULL });
        json_decref(c);
        free(line);
        assert_int_equal(output.count, 1);
        return output;
}

/* What a maker declares of a model is not declared of those who only claim to be one. */
static void claims_reach_no_level(void **state)
{
        (void)state;
        static const char policy[] =
                "{\"id\":\"p\",\"title\":\"p\",\"levels\":[\"low\",\"high\"],\"requirements\":["
                "{\"id\":\"A\",\"level\":\"low\",\"source\":\"s\",\"section\":\"1\",\"predicate\":\"login.user_present\"},"
                "{\"id\":\"B\",\"level\":\"high\",\"source\":\"s\",\"section\":\"2\",\"predicate\":"
                "\"login.user_verified and model.every_path_verifies\"},"
                "{\"id\":\"C\",\"level\":\"high\",\"source\":\"s\",\"section\":\"3\",\"predicate\":\"not model.key_protection = software\"}"
                "]}";
        static const struct {
                enum rig_attestation attestation;
                const char *format, *level, *outcomes[2];
        } cases[] = {
                { RIG_CHAIN, "packed", "high", { "partially observed", "declared only" } },
                { RIG_SELF, "packed", "low", { "not testable here", "not testable here" } },
                { RIG_NO_STATEMENT, "none", "low", { "not testable here", "not testable here" } },
        };
        write_file("policy", policy, sizeof policy - 1);
        write_blob(10);
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct rig_plan plan = rig_registration_plan();
                plan.attestation = cases[i].attestation;
                plan.format = cases[i].format;
                struct output output = run_with_blob(&plan, true);
                assert_int_equal(output.status, 0);
                assert_string_equal(text_of(&output, 0, "level"), cases[i].level);
                json_t *reasons = json_object_get(output.verdicts[0], "level_reasons");
                for (size_t n = 1; n < 3; n++)
                        assert_string_equal(
                                json_string_value(json_object_get(json_array_get(reasons, n), "outcome")),
                                cases[i].outcomes[n - 1]);
                json_t *needs = json_object_get(output.verdicts[0], "level_next_needs");
                assert_int_equal(json_array_size(needs), i ? 2 : 0);
                done(&output);
        }
}

/* ---- an evaluation beside ---- */

static const char device_policy[] =
        "{\"id\":\"p\",\"title\":\"p\",\"levels\":[\"low\",\"high\"],\"requirements\":["
        "{\"id\":\"A\",\"level\":\"low\",\"source\":\"s\",\"verified\":true,\"section\":\"1\",\"predicate\":\"login.user_present\","
        "\"scope\":[\"login\"]},"
        "{\"id\":\"B\",\"level\":\"high\",\"source\":\"s\",\"verified\":true,\"section\":\"2\",\"predicate\":\"pin.tries = 3\","
        "\"scope\":[\"device\"]},"
        "{\"id\":\"C\",\"level\":\"high\",\"source\":\"s\",\"verified\":true,\"section\":\"3\",\"predicate\":\"not uv.iapar < 1%\","
        "\"scope\":[\"device\"],\"keyword\":\"SHOULD\"}]}";

/* The sample report, about another model and of another day, signed. */
static void write_statement(const struct evaluator *evaluator, const char *aaguid, const char *day)
{
        static uint8_t buffer[MITOME_EVALUATION_MAX];
        char *report = evaluator_sample();
        char *at = strstr(report, "2026-11-22"), *model = strstr(report, "00112233445566778899aabbccddeeff");
        slice statement;
        assert_true(at && model && strlen(aaguid) == 32 && strlen(day) == 10);
        memcpy(at, day, 10);
        memcpy(model, aaguid, 32);
        const struct evaluation_order order = evaluator_order(evaluator, slice_text(report));
        assert_int_equal(evaluation_sign(&order, buffer, &statement, NULL).code, MITOME_OK);
        write_file("statement", (const char *)statement.data, statement.size);
        free(report);
}

/* How it is run, beside the policy, the statement and whom to believe. */
struct evaluated {
        const char *certificate;
        bool require, refuse_simulation, demand;
        slice list; /* of revoked evaluators; empty: none */
};

static struct output run_evaluated(const struct rig_plan *plan, const struct evaluated *how)
{
        char root[256], policy[256], cases[256], statement[256], believed[256];
        char trust[] = "--trust", level[] = "--level", evaluation[] = "--evaluation",
             evaluator[] = "--evaluator", accept[] = "--accept-simulation",
             require[] = "--require-evaluation", report[] = "--report", crl[] = "--crl", list[256];
        json_t *c = new_case(plan);
        if (how->demand)
                json_object_set_new(c, "policy", json_pack("{s:s}", "level", "low"));
        char *line = json_dumps(c, JSON_COMPACT);
        path_of(root, "root.der");
        path_of(policy, "policy");
        path_of(cases, "cases");
        path_of(statement, "statement");
        path_of(believed, "evaluator.pem");
        path_of(list, "list");
        write_file("list", (const char *)how->list.data, how->list.size);
        write_file("cases", line, strlen(line));
        write_file("root.der", (const char *)rig.ca_der, rig.ca_der_size);
        write_file("policy", device_policy, sizeof device_policy - 1);
        write_file("evaluator.pem", how->certificate, strlen(how->certificate));
        struct output output = run((char *[]){ trust, root, level, policy, evaluation, statement, evaluator,
                believed, how->refuse_simulation ? report : accept, how->require ? require : report, cases,
                how->list.size ? crl : NULL, list, NULL });
        json_decref(c);
        free(line);
        assert_int_equal(output.count, 1);
        return output;
}

/* Each ceremony of the rig is of 2030-01-01; a statement counts for 90 days. One that does not count is not
 * passed over: the device is judged by nothing, and who demands an evaluation, or a level, gets none. */
static void an_evaluation_is_judged_beside_the_model_it_is_about(void **state)
{
        static const char ours[] = "6d69746f6d6520626174636820303031";
        static const char other_model[] = "00112233445566778899aabbccddeeff";
        static const struct {
                const char *aaguid, *day;
                enum rig_attestation attestation;
                bool stranger, refuse_simulation;
                mitome_code code;
        } table[] = {
                { ours, "2029-12-31", RIG_CHAIN, false, false, MITOME_OK },
                { other_model, "2029-12-31", RIG_CHAIN, false, false, MITOME_E_EVALUATION_OTHER },
                { other_model, "2029-09-01", RIG_CHAIN, false, false, MITOME_E_EVALUATION_OTHER },
                { ours, "2029-12-31", RIG_CHAIN, false, true, MITOME_E_EVALUATION_OTHER },
                { ours, "2029-12-31", RIG_SELF, false, false, MITOME_E_ATTESTATION_UNTRUSTED },
                { ours, "2029-09-01", RIG_CHAIN, false, false, MITOME_E_EVALUATION_EXPIRED },
                { ours, "2030-01-02", RIG_CHAIN, false, false, MITOME_E_EVALUATION_STATEMENT },
                { ours, "2029-12-31", RIG_CHAIN, true, false, MITOME_E_EVALUATION_SIGNATURE },
        };
        struct evaluator evaluator, other;
        (void)state;
        evaluator_make(&(struct evaluator_plan){ .kind = "P-256" }, &evaluator);
        evaluator_make(&(struct evaluator_plan){ .kind = "P-256" }, &other);
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
                for (int demands = 0; demands < 3; demands++) {
                        const struct evaluated how = {
                                .certificate =
                                        table[i].stranger ? other.certificate_pem : evaluator.certificate_pem,
                                .refuse_simulation = table[i].refuse_simulation,
                                .require = demands == 1,
                                .demand = demands == 2,
                        };
                        struct rig_plan plan = rig_registration_plan();
                        plan.attestation = table[i].attestation;
                        write_statement(&evaluator, table[i].aaguid, table[i].day);
                        struct output output = run_evaluated(&plan, &how);
                        assert_int_equal(code_of(&output, 0), demands ? table[i].code : MITOME_OK);
                        const json_t *verdict = output.verdicts[0],
                                     *reasons = json_object_get(verdict, "level_reasons");
                        const bool counts = table[i].code == MITOME_OK;
                        assert_int_equal(
                                json_integer_value(json_object_get(verdict, "level_evaluation_code")),
                                table[i].code);
                        assert_string_equal(text_of(&output, 0, "level"), counts ? "high" : "low");
                        assert_true(json_is_false(json_object_get(verdict, "level_unconfirmed")));
                        assert_string_equal(text_of(&output, 0, "level_says"),
                                counts ? "high, login and device" : "low, login and device");
                        assert_string_equal(
                                json_string_value(json_object_get(json_array_get(reasons, 1), "outcome")),
                                counts ? "satisfied" : "not testable here");
                        assert_int_equal(json_array_size(json_object_get(verdict, "level_scopes")), 2);
                        done(&output);
                }
        evaluator_drop(&evaluator);
        evaluator_drop(&other);
}

/* The lists that are given speak of evaluators, too. */
static void a_revoked_evaluator_is_believed_no_more(void **state)
{
        enum { AT = 1893456000 }; /* 2030-01-01 */
        static const char ours[] = "6d69746f6d6520626174636820303031";
        const struct rig_plan plan = rig_registration_plan();
        struct evaluator root, hired;
        uint8_t der[EVALUATOR_LIST_MAX];
        (void)state;
        evaluator_make(&(struct evaluator_plan){ .kind = "P-256", .is_ca = true }, &root);
        evaluator_make(&(struct evaluator_plan){ .kind = "P-256", .issuer = &root }, &hired);
        write_statement(&hired, ours, "2029-12-31");
        for (int revoked = 0; revoked < 2; revoked++) {
                const struct evaluated how = { .certificate = root.certificate_pem,
                        .require = true,
                        .list = evaluator_list(&root, revoked ? &hired : &root, AT, der) };
                struct output output = run_evaluated(&plan, &how);
                assert_int_equal(code_of(&output, 0), revoked ? MITOME_E_CERTIFICATE_REVOKED : MITOME_OK);
                assert_string_equal(text_of(&output, 0, "trust"), "verified");
                done(&output);
        }
        evaluator_drop(&root);
        evaluator_drop(&hired);
}

/* A case may be a recording: its challenge proves nothing, unless who runs the program drew it. */
static void a_recorded_challenge_is_not_fresh(void **state)
{
        (void)state;
        static const char policy_json[] =
                "{\"id\":\"p\",\"title\":\"p\",\"levels\":[\"low\",\"high\"],\"requirements\":["
                "{\"id\":\"A\",\"level\":\"low\",\"source\":\"s\",\"section\":\"1\",\"predicate\":\"login.user_present\","
                "\"scope\":[\"login\"]},"
                "{\"id\":\"N\",\"level\":\"high\",\"source\":\"s\",\"section\":\"2\",\"predicate\":"
                "\"login.challenge_bits >= 64\",\"scope\":[\"login\"]},"
                "{\"id\":\"T\",\"level\":\"low\",\"source\":\"s\",\"section\":\"3\",\"predicate\":\"pin.tries <= 10\","
                "\"scope\":[\"device\"]},"
                "{\"id\":\"S\",\"level\":\"low\",\"source\":\"s\",\"section\":\"4\",\"predicate\":"
                "\"verifier.replay_refused\",\"scope\":[\"device\",\"service\"]}]}";
        char policy[256], cases[256], level[] = "--level", fresh[] = "--fresh";
        const struct rig_plan plan = rig_registration_plan();
        json_t *c = new_case(&plan);
        char *line = json_dumps(c, JSON_COMPACT);
        path_of(policy, "policy");
        path_of(cases, "cases");
        write_file("policy", policy_json, sizeof policy_json - 1);
        write_file("cases", line, strlen(line));
        for (int drew = 0; drew < 2; drew++) {
                struct output output = run((char *[]){ level, policy, cases, drew ? fresh : NULL, NULL });
                const json_t *reasons = json_object_get(output.verdicts[0], "level_reasons");
                assert_string_equal(text_of(&output, 0, "level"), drew ? "high" : "low");
                assert_string_equal(json_string_value(json_object_get(json_array_get(reasons, 1), "outcome")),
                        drew ? "satisfied" : "not satisfied");
                assert_string_equal(text_of(&output, 0, "level_says"),
                        drew ? "high (unconfirmed), login; of the device: T, S not tested; of the service: S not tested"
                             : "low (unconfirmed), login; of the device: T, S not tested; of the service: S not tested");
                assert_true(json_is_true(json_object_get(output.verdicts[0], "level_unconfirmed")));
                done(&output);
        }
        json_decref(c);
        free(line);
}

/* A file in the folder where somebody works is not the policy that he names. */
static void a_policy_of_the_folder_is_not_the_one_that_is_named(void **state)
{
        (void)state;
        static const char lenient[] =
                "{\"id\":\"p\",\"levels\":[\"low\"],\"requirements\":[{\"id\":\"A\",\"level\":\"low\",\"source\":\"s\","
                "\"section\":\"1\",\"predicate\":\"login.user_present\"}]}";
        char level[] = "--level", named[] = "policy", dotted[] = "./policy", none[] = "/dev/null";
        char *names[] = { named, dotted };
        int before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(before >= 0);
        write_file("policy", lenient, sizeof lenient - 1);
        assert_int_equal(chdir(folder), 0);
        int statuses[2];
        for (size_t i = 0; i < 2; i++) {
                struct output output = run((char *[]){ level, names[i], none, NULL });
                statuses[i] = output.status;
                done(&output);
        }
        assert_int_equal(fchdir(before), 0);
        close(before);
        assert_int_equal(statuses[0], 2);
        assert_int_equal(statuses[1], 0);
}

static void an_evaluation_wants_a_policy_and_an_evaluator(void **state)
{
        char statement[256], policy[256], empty[256], pem[256],
                none[] = "/dev/null", level[] = "--level", evaluation[] = "--evaluation",
                evaluator[] = "--evaluator", require[] = "--require-evaluation";
        struct evaluator signer;
        (void)state;
        evaluator_make(&(struct evaluator_plan){ .kind = "P-256" }, &signer);
        write_statement(&signer, "00112233445566778899aabbccddeeff", "2029-12-31");
        write_file("evaluator.pem", signer.certificate_pem, strlen(signer.certificate_pem));
        write_file("empty", "", 0);
        evaluator_drop(&signer);
        path_of(empty, "empty");
        path_of(pem, "evaluator.pem");
        write_file("policy", device_policy, sizeof device_policy - 1);
        path_of(statement, "statement");
        path_of(policy, "policy");
        char *const wrong[][9] = {
                { level, policy, evaluator, pem, evaluation, empty, require, none, NULL }, /* of nothing */
                { evaluation, statement, none, NULL }, { evaluation, statement, level, policy, none, NULL },
                { evaluation, policy + 1, none, NULL }, /* there is no such file */
                { evaluator, policy, none, NULL },      /* that is no certificate */
                { require, level, policy, none, NULL }, /* of nobody */
        };
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
                struct output output = run(wrong[i]);
                assert_int_equal(output.status, 2);
                assert_int_equal(output.count, 0);
                done(&output);
        }
}

/* Whatever goes into it, a verdict is a whole line; and what is not told is not accepted. */
static void a_verdict_is_whole(void **state)
{
        (void)state;
        static const size_t sizes[] = { 1000, 100000, 131072, 200000 };
        const struct rig_plan plan = rig_registration_plan();
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
                write_blob(sizes[i]);
                struct output output = run_with_blob(&plan, false);
                assert_int_equal(is_ok(&output, 0), i < 2);
                assert_int_equal(code_of(&output, 0), i < 2 ? MITOME_OK : MITOME_E_BUFFER_FULL);
                assert_int_equal(output.status, i < 2 ? 0 : 1);
                assert_string_equal(text_of(&output, 0, "name"), "a case");
                done(&output);
        }
}

static int open_all(void **state)
{
        (void)state;
        rig_open(&rig);
        rig_open(&other_rig);
        return mkdtemp(folder) ? 0 : -1;
}

static int close_all(void **state)
{
        (void)state;
        static const char *const names[] = { "out", "cases", "root.pem", "root.der", "other.pem", "empty",
                "blob", "policy", "complaint", "statement", "evaluator.pem", "list" };
        char path[256];
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
                path_of(path, names[i]);
                unlink(path);
        }
        rig_close(&rig);
        rig_close(&other_rig);
        return rmdir(folder);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_verdict_tells_everything),
                cmocka_unit_test(flags_that_nobody_signed_are_marked),
                cmocka_unit_test(a_refusal_tells_why),
                cmocka_unit_test(a_bad_line_stops_nothing),
                cmocka_unit_test(nothing_to_do_is_no_failure),
                cmocka_unit_test(policies_are_enforced),
                cmocka_unit_test(login_policies_are_enforced),
                cmocka_unit_test(policies_that_cannot_be_kept_are_refused),
                cmocka_unit_test(root_pem_is_the_only_end_of_a_path),
                cmocka_unit_test(at_time_is_the_clock),
                cmocka_unit_test(reads_rfc_3339),
                cmocka_unit_test(trust_files_anchor_paths),
                cmocka_unit_test(a_wrong_policy_is_refused_at_its_line),
                cmocka_unit_test(root_pem_need_be_no_ca),
                cmocka_unit_test(a_damaged_block_is_not_passed_over),
                cmocka_unit_test(a_pipe_is_read_once),
                cmocka_unit_test(verdicts_come_in_order),
                cmocka_unit_test(long_lines_are_refused_and_passed_over),
                cmocka_unit_test(lines_of_every_length),
                cmocka_unit_test(too_few_threads_are_told),
                cmocka_unit_test(claims_reach_no_level),
                cmocka_unit_test(an_evaluation_is_judged_beside_the_model_it_is_about),
                cmocka_unit_test(an_evaluation_wants_a_policy_and_an_evaluator),
                cmocka_unit_test(a_revoked_evaluator_is_believed_no_more),
                cmocka_unit_test(a_recorded_challenge_is_not_fresh),
                cmocka_unit_test(a_policy_of_the_folder_is_not_the_one_that_is_named),
                cmocka_unit_test(a_verdict_is_whole),
        };
        return cmocka_run_group_tests(tests, open_all, close_all);
}
