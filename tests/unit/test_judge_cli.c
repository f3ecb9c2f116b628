/* SPDX-License-Identifier: Apache-2.0 */
/* `mitome judge`: records in, standings out, exit status. */
#include "cli.h"
#include "metadata_rig.h"
#include "trust_rig.h"

#include <mitome/record.h>

#include <jansson.h>
#include <openssl/pem.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const root_name[] = { "C", "JP", "O", "Maker", "CN", "Root", NULL };
static const char *const leaf_name[] = { "C", "JP", "O", "Maker", "CN", "leaf", NULL };
static const char *const jpki_name[] = { "C", "JP", "O", "JPKI-TEST", "CN", "CA", NULL };
static const char signer_extensions[] = "[certificate]\nbasicConstraints = critical, CA:FALSE\n"
                                        "keyUsage = critical, digitalSignature\n";

#define STATEMENT                                                                             \
        "\"userVerificationDetails\":[[{\"userVerificationMethod\":\"passcode_external\"}]]," \
        "\"keyProtection\":[\"hardware\"],\"attestationRootCertificates\":[]"
#define ENTRY(aaguid, status)                                                                            \
        "{\"aaguid\":\"" aaguid "\",\"metadataStatement\":{\"aaguid\":\"" aaguid                         \
        "\",\"description\":\"A \\\"model\\\"\"," STATEMENT "},\"statusReports\":[{\"status\":\"" status \
        "\",\"effectiveDate\":\"2026-01-01\"}]}"
static const char payload[] =
        "{\"no\":7,\"nextUpdate\":\"2027-02-15\",\"entries\":[" ENTRY("676f6f64-206d-6f64-656c-203030303031",
                "FIDO_CERTIFIED_L1") "," ENTRY("62616420-6d6f-6465-6c20-303030303031", "REVOKED") "]}";
static const uint8_t good_model[16] = "good model 00001", bad_model[16] = "bad model 000001";
static const uint8_t lost_model[16] = "lost model 00001", id[] = { 1, 2, 3, 4 }, key[] = { 0xA0 };

static struct rig_certificate root, leaf, jpki, person, signer;
static char folder[] = "/tmp/mitome-judge-XXXXXX";
static char path_records[64], path_root[64], path_jpki[64], path_list[64], path_jpki_list[64], path_blob[64];

#define AT "--at", "2027-01-15T08:00:00Z" /* rig_now */

/* ---- files ---- */

static void write_file(char path[64], const char *name, const void *bytes, size_t size)
{
        snprintf(path, 64, "%s/%s", folder, name);
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(bytes, 1, size, file), size);
        assert_int_equal(fclose(file), 0);
}

static slice serial_of(const struct rig_certificate *certificate)
{
        const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate->x509);
        return slice_of(ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial));
}

static void write_list(char path[64], const char *name, const struct rig_certificate *issuer,
        const struct rig_certificate *listed)
{
        static struct authority_der crl;
        const struct rig_crl_plan plan = { .issuer = issuer,
                .issued = rig_now - RIG_DAY,
                .next = rig_now + RIG_DAY,
                .serial = serial_of(listed) };
        rig_crl(&crl, &plan);
        write_file(path, name, crl.bytes, crl.size);
}

static void write_pem(char path[64], const char *name, const struct rig_certificate *certificate)
{
        write_file(path, name, "text before\n", 12);
        FILE *file = fopen(path, "ab");
        assert_non_null(file);
        assert_int_equal(PEM_write_X509(file, certificate->x509), 1);
        assert_int_equal(fclose(file), 0);
}

static int open_world(void **state)
{
        (void)state;
        rig_make(&root, &(struct rig_plan){ .subject = root_name, .extensions = rig_ca_extensions });
        rig_make(&jpki, &(struct rig_plan){ .subject = jpki_name, .extensions = rig_ca_extensions });
        rig_make(&leaf, &(struct rig_plan){
                                .subject = leaf_name, .issuer = &root, .extensions = rig_leaf_extensions });
        rig_make(&person, &(struct rig_plan){
                                  .subject = leaf_name, .issuer = &jpki, .extensions = rig_leaf_extensions });
        rig_make(&signer,
                &(struct rig_plan){ .subject = leaf_name, .issuer = &root, .extensions = signer_extensions });
        if (!mkdtemp(folder))
                return -1;
        const slice chain[] = { rig_der(&signer) };
        const struct rig_blob_plan plan = { .alg = "ES256",
                .typ = "JWT",
                .chain = chain,
                .chain_size = 1,
                .key = signer.key,
                .payload = payload };
        char *blob = rig_blob(&plan);
        write_file(path_blob, "blob", blob, strlen(blob));
        FILE *file = fopen(path_blob, "ab");
        fputc('\n', file); /* as editors leave it */
        fclose(file);
        free(blob);
        write_pem(path_root, "root.pem", &root);
        write_file(path_jpki, "jpki.der", jpki.der.bytes, jpki.der.size);
        write_list(path_list, "root.crl", &root, &leaf);
        write_list(path_jpki_list, "jpki.crl", &jpki, &person);
        return 0;
}

static int close_world(void **state)
{
        (void)state;
        char command[96];
        char *const paths[] = { path_records, path_root, path_jpki, path_list, path_jpki_list, path_blob };
        for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
                unlink(paths[i]);
        for (int i = 0; i < 2; i++) {
                snprintf(command, sizeof command, "%s/%s", folder, i ? "out" : "err");
                unlink(command);
        }
        struct rig_certificate *const all[] = { &root, &leaf, &jpki, &person, &signer };
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
                rig_free(all[i]);
        return rmdir(folder);
}

/* ---- records ---- */

static struct mitome_record record_of(const uint8_t model[16])
{
        return (struct mitome_record){ .credential_id = SLICE(id),
                .public_key = SLICE(key),
                .rp_id = slice_text("example.org"),
                .aaguid = slice_of(model, 16),
                .trust = MITOME_TRUST_VERIFIED,
                .created = rig_now };
}

static void issued_by(const struct rig_certificate *issuer, slice *ret)
{
        static uint8_t names[2][256];
        unsigned char *end = names[issuer == &jpki];
        int size = i2d_X509_NAME(X509_get_subject_name(issuer->x509), NULL);
        assert_in_range(size, 1, sizeof names[0]);
        *ret = slice_of(end, (size_t)size);
        assert_int_equal(i2d_X509_NAME(X509_get_subject_name(issuer->x509), &end), size);
}

/* The records as a file, and `more` behind them. */
static void write_records(const struct mitome_record *records, size_t count, const char *more)
{
        static uint8_t form[MITOME_RECORD_MAX];
        static char all[65536];
        size_t used = 0;
        slice written;
        for (size_t i = 0; i < count; i++) {
                assert_int_equal(
                        mitome_record_write_json(&records[i], form, sizeof form, &written, NULL).code,
                        MITOME_OK);
                used += (size_t)snprintf(all + used, sizeof all - used, "%.*s\n", (int)written.size,
                        (const char *)written.data);
        }
        used += (size_t)snprintf(all + used, sizeof all - used, "%s", more);
        write_file(path_records, "records", all, used);
}

/* ---- runs ---- */

struct output {
        int status;
        json_t *lines[16];
        size_t count;
        char errors[4096];
};

static FILE *redirect(FILE *stream, const char *name, int *ret_kept, char path[64])
{
        snprintf(path, 64, "%s/%s", folder, name);
        fflush(stream);
        *ret_kept = dup(fileno(stream));
        return freopen(path, "w", stream);
}

static void restore(FILE *stream, int kept)
{
        fflush(stream);
        dup2(kept, fileno(stream));
        close(kept);
}

static struct output run(const char *const *arguments)
{
        static char words[24][128] = { "judge" };
        char *argv[25] = { words[0] }, out[64], err[64];
        int argc = 1, kept_out, kept_err;
        struct output output = { 0 };
        for (; arguments[argc - 1]; argc++) {
                snprintf(words[argc], sizeof words[argc], "%s", arguments[argc - 1]);
                argv[argc] = words[argc];
        }
        argv[argc] = NULL;
        assert_non_null(redirect(stdout, "out", &kept_out, out));
        assert_non_null(redirect(stderr, "err", &kept_err, err));
        output.status = judge_main(argc, argv);
        restore(stdout, kept_out);
        restore(stderr, kept_err);
        FILE *file = fopen(out, "r");
        char *line = NULL;
        size_t capacity = 0;
        while (getline(&line, &capacity, file) > 0 && output.count < 16) {
                output.lines[output.count] = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
                if (output.lines[output.count])
                        output.count++;
        }
        free(line);
        fclose(file);
        file = fopen(err, "r");
        output.errors[fread(output.errors, 1, sizeof output.errors - 1, file)] = '\0';
        fclose(file);
        return output;
}

#define RUN(...) run((const char *[]){ __VA_ARGS__, NULL })

static void done(struct output *output)
{
        for (size_t i = 0; i < output->count; i++)
                json_decref(output->lines[i]);
}

static void stands(const struct output *output, size_t at, const char *standing, int code)
{
        assert_in_range(at, 0, output->count - 1);
        const char *found = json_string_value(json_object_get(output->lines[at], "standing"));
        if (standing)
                assert_string_equal(found, standing);
        else
                assert_null(found);
        assert_int_equal(json_integer_value(json_object_get(output->lines[at], "code")), code);
}

/* ---- tests ---- */

static void judges_by_everything(void **state)
{
        (void)state;
        struct mitome_record records[5] = { record_of(good_model), record_of(bad_model),
                record_of(good_model), record_of(good_model), record_of(lost_model) };
        records[2].attestation_serial = serial_of(&leaf);
        issued_by(&root, &records[2].attestation_issuer);
        records[3].certificate_serial = serial_of(&person);
        records[3].certificate_not_after = rig_now + 5;
        issued_by(&jpki, &records[3].certificate_issuer);
        write_records(records, 5, "");
        struct output output = RUN(AT, "--mds", path_blob, "--mds-root", path_root, "--trust", path_root,
                "--jpki-trust", path_jpki, "--crl", path_list, path_jpki_list, path_records);
        assert_int_equal(output.status, 1);
        assert_int_equal(output.count, 5);
        stands(&output, 0, "good", 0);
        stands(&output, 1, "revoked", MITOME_E_MODEL_COMPROMISED);
        stands(&output, 2, "revoked", MITOME_E_ATTESTATION_REVOKED);
        stands(&output, 3, "revoked", MITOME_E_CERTIFICATE_REVOKED);
        stands(&output, 4, "good", 0);
        assert_string_equal(
                json_string_value(json_object_get(output.lines[0], "credential_id_b64url")), "AQIDBA");
        assert_string_equal(json_string_value(json_object_get(output.lines[0], "model")), "A \"model\"");
        assert_string_equal(json_string_value(json_object_get(output.lines[1], "model_status")), "REVOKED");
        assert_non_null(strstr(json_string_value(json_object_get(output.lines[2], "message")), "E956"));
        assert_true(json_string_length(json_object_get(output.lines[2], "what_to_do")) > 0);
        assert_int_equal(json_integer_value(json_object_get(output.lines[4], "line")), 5);
        assert_non_null(strstr(output.errors, "5 records: 2 good, 0 need attention, 3 revoked, 0 unreadable; "
                                              "3 changed"));
        done(&output);
}

/* Without --mds-root those of --trust may have signed the BLOB. */
static void asks_for_levels_and_models(void **state)
{
        (void)state;
        struct mitome_record records[2] = { record_of(good_model), record_of(lost_model) };
        write_records(records, 2, "");
        struct output output = RUN(AT, "--mds", path_blob, "--trust", path_root, path_records);
        assert_int_equal(output.status, 0);
        done(&output);
        output = RUN(AT, "--mds", path_blob, "--trust", path_root, "--least-level", "L1plus", path_records);
        assert_int_equal(output.status, 1);
        stands(&output, 0, "attention", MITOME_E_MODEL_LEVEL);
        stands(&output, 1, "attention", MITOME_E_MODEL_UNKNOWN);
        done(&output);
        output = RUN(AT, "--mds", path_blob, "--trust", path_root, "--known-models", path_records);
        stands(&output, 0, "good", 0);
        stands(&output, 1, "attention", MITOME_E_MODEL_UNKNOWN);
        done(&output);
        records[0].trust = MITOME_TRUST_SELF; /* whose word the AAGUID then is */
        write_records(records, 2, "");
        output = RUN(AT, "--mds", path_blob, "--trust", path_root, "--known-models", path_records);
        stands(&output, 0, "attention", MITOME_E_ATTESTATION_UNTRUSTED);
        done(&output);
}

/* What --records prints is what the next run starts from: then nothing has changed. */
static void prints_what_has_changed(void **state)
{
        (void)state;
        struct mitome_record records[2] = { record_of(good_model), record_of(bad_model) };
        write_records(records, 2, "");
        struct output output =
                RUN(AT, "--changed", "--mds", path_blob, "--mds-root", path_root, "--", path_records);
        assert_int_equal(output.status, 1);
        assert_int_equal(output.count, 1);
        stands(&output, 0, "revoked", MITOME_E_MODEL_COMPROMISED);
        assert_true(json_is_null(json_object_get(output.lines[0], "was")));
        assert_true(json_is_true(json_object_get(output.lines[0], "changed")));
        done(&output);

        output = RUN(AT, "--records", "--mds", path_blob, "--mds-root", path_root, "--", path_records);
        assert_int_equal(output.count, 2);
        char *lines[2], both[8192];
        for (size_t i = 0; i < 2; i++)
                lines[i] = json_dumps(output.lines[i], JSON_COMPACT);
        snprintf(both, sizeof both, "%s\n\n \t\n%s", lines[0], lines[1]); /* no line end at the end */
        free(lines[0]);
        free(lines[1]);
        done(&output);
        write_records(NULL, 0, both);
        output = RUN(AT, "--changed", "--mds", path_blob, "--mds-root", path_root, "--", path_records);
        assert_int_equal(output.count, 0);
        assert_int_equal(output.status, 1); /* nothing new, and still not good */
        assert_non_null(
                strstr(output.errors, "1 good, 0 need attention, 1 revoked, 0 unreadable; 0 changed"));
        done(&output);
        output = RUN(AT, path_records); /* without metadata both are good again: that is a change, too */
        assert_int_equal(output.status, 1);
        stands(&output, 1, "good", 0);
        assert_string_equal(json_string_value(json_object_get(output.lines[1], "was")), "revoked");
        assert_int_equal(json_integer_value(json_object_get(output.lines[1], "line")), 4);
        done(&output);
}

/* A line that is no record is told of, and does not stop the rest. */
static void goes_on_behind_a_bad_line(void **state)
{
        (void)state;
        struct mitome_record record = record_of(good_model);
        static char long_line[(1 << 20) + 64];
        write_records(&record, 1, "{\"version\":2}\nnonsense\n");
        struct output output = RUN(AT, path_records);
        assert_int_equal(output.status, 1);
        assert_int_equal(output.count, 3);
        stands(&output, 0, "good", 0);
        stands(&output, 1, NULL, MITOME_E_RECORD_VERSION);
        stands(&output, 2, NULL, MITOME_E_JSON_TYPE);
        assert_non_null(strstr(output.errors, "2 unreadable"));
        done(&output);
        memset(long_line, ' ', sizeof long_line - 1);
        memcpy(long_line + 8, "{", 1);
        write_file(path_records, "records", long_line, sizeof long_line - 1);
        output = RUN(AT, path_records);
        stands(&output, 0, NULL, MITOME_E_TOO_LONG);
        done(&output);
}

static void an_empty_file_is_all_good(void **state)
{
        (void)state;
        write_records(NULL, 0, "\n");
        struct output output = RUN(AT, path_records);
        assert_int_equal(output.status, 0);
        assert_int_equal(output.count, 0);
        done(&output);
}

/* What cannot be used must not look as if it were. */
static void does_not_run_with(void **state)
{
        (void)state;
        static const char missing[] = "/nonexistent/records";
        write_records(NULL, 0, "");
        const char *const cases[][8] = {
                { "--frobnicate" },
                { "--at", "yesterday", path_records },
                { "--at", "1970-01-01T00:00:00Z", path_records },
                { "--least-level", "L4", path_records },
                { "--mds" },
                { "--mds", path_blob, path_records }, /* nobody is believed */
                { AT, "--mds", path_blob, "--mds-root", path_jpki, "--", path_records },      /* another CA */
                { AT, "--mds", path_root, "--mds-root", path_root, "--", path_records },      /* no BLOB */
                { "--at", "2028-01-01T00:00:00Z", "--mds", path_blob, "--trust", path_root }, /* overdue */
                { "--trust", path_list, path_records },
                { "--crl", path_root, path_records },
                { "--crl", path_records },
                { "--trust", missing },
                { "--mds", missing, "--mds-root", path_root },
                { missing },
                { folder },
                { path_records, path_records },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct output output = run(cases[i]);
                if (output.status != 2 || output.errors[0] == '\0')
                        print_error("case %zu: %d %s\n", i, output.status, output.errors);
                assert_int_equal(output.status, 2);
                assert_true(output.errors[0] != '\0');
                assert_int_equal(output.count, 0);
                done(&output);
        }
}

static void helps(void **state)
{
        (void)state;
        struct output output = RUN("--help");
        assert_int_equal(output.status, 0);
        assert_string_equal(output.errors, "");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(judges_by_everything),
                cmocka_unit_test(asks_for_levels_and_models),
                cmocka_unit_test(prints_what_has_changed),
                cmocka_unit_test(goes_on_behind_a_bad_line),
                cmocka_unit_test(an_empty_file_is_all_good),
                cmocka_unit_test(does_not_run_with),
                cmocka_unit_test(helps),
        };
        return cmocka_run_group_tests(tests, open_world, close_world);
}
