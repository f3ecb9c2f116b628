/* SPDX-License-Identifier: Apache-2.0 */
/* `mitome verify`: lines in, verdicts out, exit status. */
#include "ceremony_rig.h"
#include "cli.h"
#include "verify_case.h"

#include <jansson.h>
#include <openssl/pem.h>
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
        char *argv[16] = { name };
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

/* A valid case of the rig as a JSON object. */
static json_t *new_case(const struct rig_plan *plan)
{
        static struct rig_response built;
        char challenge[64], key[1024];
        rig_build(&rig, plan, &built);
        EVP_EncodeBlock((unsigned char *)key, built.public_key, (int)built.public_key_size);
        EVP_EncodeBlock((unsigned char *)challenge, rig.challenge, sizeof rig.challenge);
        for (char *texts[] = { challenge, key }, **text = texts; text < texts + 2; text++) {
                for (char *c = *text; *c; c++)
                        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
                (*text)[strcspn(*text, "=")] = '\0';
        }
        json_t *response = json_loadb((const char *)built.json, built.json_size, 0, NULL);
        assert_non_null(response);
        return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:s, s:i}", "name", "a case", "kind",
                plan->registration ? "registration" : "authentication", "rp_id", "example.org", "origin",
                "https://example.org", "challenge_b64url", challenge, "response", response,
                "credential_public_key_b64url", key, "at_time", "2030-01-01T00:00:00Z", "ignored", 1);
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
        static const char *const names[] = { "out", "cases", "root.pem", "root.der", "other.pem", "empty" };
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
        };
        return cmocka_run_group_tests(tests, open_all, close_all);
}
