/* SPDX-License-Identifier: Apache-2.0 */

/* The folder of those whom a portal believes: as it should be, changed while it is read, damaged, gone, and
 * a revocation list that nobody renews. */

#include "maker.h"
#include "people.h"
#include "portal_trust.h"
#include "random_system.h"
#include "trust.h"

#include <ftw.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { DAY = 86400, STATEMENT_MAX = 65536 };
static const int64_t now = 1800000000;

static struct fixture {
        struct mitome_random random;
        struct authority *authority;
        struct maker_batch batch;
        struct authority_certificate hanako; /* for user verification */
        uint8_t modulus[256];
        char folder[64];
        char statement[STATEMENT_MAX];
} fixture;

static void must(mitome_status status)
{
        assert_int_equal(status.code, MITOME_OK);
}

/* ---- the folder ---- */

static void write_file(const char *name, slice bytes)
{
        char path[160], fresh[160];
        (void)snprintf(path, sizeof path, "%s/%s", fixture.folder, name);
        (void)snprintf(fresh, sizeof fresh, "%s/.fresh", fixture.folder);
        FILE *file = fopen(fresh, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(bytes.data, 1, bytes.size, file), bytes.size);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(rename(fresh, path), 0);
}

static void remove_file(const char *name)
{
        char path[160];
        (void)snprintf(path, sizeof path, "%s/%s", fixture.folder, name);
        assert_int_equal(unlink(path), 0);
}

static void write_lists(int64_t at)
{
        static struct authority_der list;
        must(authority_crl(fixture.authority, AUTHORITY_USER_VERIFICATION, at, &list, NULL));
        write_file("crl/user.crl", slice_of(list.bytes, list.size));
        must(authority_crl(fixture.authority, AUTHORITY_SIGNING, at, &list, NULL));
        write_file("crl/signing.crl", slice_of(list.bytes, list.size));
}

static void write_statement(const char *aaguid, const char *description, const char *icon)
{
        (void)snprintf(fixture.statement, sizeof fixture.statement,
                "{\"aaguid\":\"%s\",\"description\":\"%s\",\"attestationRootCertificates\":[],"
                "\"keyProtection\":[\"software\"],\"matcherProtection\":[\"software\"],"
                "\"userVerificationDetails\":[[{\"userVerificationMethod\":\"passcode_internal\"}]]%s%s%s}",
                aaguid, description, icon ? ",\"icon\":\"" : "", icon ? icon : "", icon ? "\"" : "");
}

static const char first_model[] = "6d69746f-6d65-4001-8000-736f66740001";
static const char icon[] = "data:image/png;base64,iVBORw0KGgo=";

static int begin_all(void **state)
{
        (void)state;
        static const uint8_t exponent[] = { 1, 0, 1 };
        fixture.random = random_system();
        must(authority_new(&fixture.random, now, &fixture.authority, NULL));
        must(maker_make_batch(&fixture.random, now, &fixture.batch, NULL));
        assert_int_equal(fixture.random.fill(NULL, fixture.modulus, sizeof fixture.modulus), 0);
        fixture.modulus[0] |= 0x80;
        fixture.modulus[255] |= 1;
        must(authority_issue(fixture.authority, AUTHORITY_USER_VERIFICATION, &people_hanako,
                SLICE(fixture.modulus), SLICE(exponent), now, &fixture.hanako, NULL));
        return 0;
}

static int end_all(void **state)
{
        (void)state;
        authority_free(fixture.authority);
        return 0;
}

static int begin(void **state)
{
        static const char *const kinds[] = { "attestation", "jpki", "jpki-signing", "crl", "metadata" };
        char path[128];
        (void)state;
        strcpy(fixture.folder, "/tmp/mitome-trust-XXXXXX");
        assert_non_null(mkdtemp(fixture.folder));
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
                (void)snprintf(path, sizeof path, "%s/%s", fixture.folder, kinds[i]);
                assert_int_equal(mkdir(path, 0700), 0);
        }
        write_file("attestation/maker.der", slice_of(fixture.batch.ca.bytes, fixture.batch.ca.size));
        write_file("jpki/ca.der", authority_ca(fixture.authority, AUTHORITY_USER_VERIFICATION));
        write_file("jpki-signing/ca.der", authority_ca(fixture.authority, AUTHORITY_SIGNING));
        write_lists(now);
        write_statement(first_model, "MT-1 \\u898b\\u672c", icon);
        write_file("metadata/mt-1.json", slice_text(fixture.statement));
        return 0;
}

static int remove_one(const char *path, const struct stat *facts, int kind, struct FTW *walk)
{
        (void)facts;
        (void)kind;
        (void)walk;
        return remove(path);
}

static int end(void **state)
{
        (void)state;
        (void)nftw(fixture.folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
        return 0;
}

static struct portal_trust *open_folder(void)
{
        struct portal_trust *trust = NULL;
        must(portal_trust_open(fixture.folder, &trust, NULL));
        return trust;
}

/* What is said of the person's certificate. */
static mitome_code standing(const struct portal_trust *trust, int64_t at)
{
        struct jpki_certificate read = { 0 };
        const struct portal_snapshot *snapshot = portal_trust_take(trust);
        mitome_status status = trust_verify_jpki(snapshot->trust,
                slice_of(fixture.hanako.der.bytes, fixture.hanako.der.size), at, &read, NULL);
        portal_trust_give_back(trust, snapshot);
        return status.code;
}

static bool again(struct portal_trust *trust)
{
        bool changed = false;
        must(portal_trust_again(trust, &changed, NULL));
        return changed;
}

static mitome_code refuses(struct portal_trust *trust)
{
        bool changed = false;
        mitome_error error = { 0 };
        mitome_status status = portal_trust_again(trust, &changed, &error);
        assert_false(changed);
        assert_int_equal(error.code, status.code);
        return status.code;
}

/* ---- what it is for ---- */

static void a_folder_is_read(void **state)
{
        (void)state;
        static const uint8_t aaguid[] = { 0x6d, 0x69, 0x74, 0x6f, 0x6d, 0x65, 0x40, 0x01, 0x80, 0x00, 0x73,
                0x6f, 0x66, 0x74, 0x00, 0x01 };
        struct portal_trust *trust = open_folder();
        const struct portal_snapshot *snapshot = portal_trust_take(trust);
        const slice chain = slice_of(fixture.batch.certificate.bytes, fixture.batch.certificate.size);
        bool anchored = false;
        must(trust_verify_attestation(snapshot->trust, &chain, 1, now + DAY / 2, &anchored, NULL));
        assert_true(anchored);
        assert_int_equal(standing(trust, now + 60), MITOME_OK);
        assert_int_equal(snapshot->signing_count, 1);
        assert_true(slice_equal(
                snapshot->signing_anchors[0], authority_ca(fixture.authority, AUTHORITY_SIGNING)));
        const struct portal_model *model = portal_model_find(snapshot, SLICE(aaguid));
        assert_non_null(model);
        assert_true(slice_is(model->description, "MT-1 見本"));
        assert_true(slice_is(model->icon, icon));
        assert_int_equal(model->statement.key_protection, METADATA_SOFTWARE);
        assert_null(portal_model_find(snapshot, slice_of(aaguid, 15)));
        portal_trust_give_back(trust, snapshot);
        portal_trust_close(trust);
}

static void a_list_that_is_renewed_is_read(void **state)
{
        (void)state;
        struct portal_trust *trust = open_folder();
        assert_false(again(trust));
        assert_int_equal(standing(trust, now + 60), MITOME_OK);
        must(authority_hold(fixture.authority, AUTHORITY_USER_VERIFICATION, &fixture.hanako, now + 60, NULL));
        write_lists(now + 60);
        assert_true(again(trust));
        assert_false(again(trust));
        assert_int_equal(standing(trust, now + 120), MITOME_E_CERTIFICATE_ON_HOLD);
        must(authority_release(fixture.authority, AUTHORITY_USER_VERIFICATION, &fixture.hanako, NULL));
        write_lists(now + 180);
        assert_true(again(trust));
        assert_int_equal(standing(trust, now + 240), MITOME_OK);
        portal_trust_close(trust);
}

static void who_reads_the_old_snapshot_keeps_it(void **state)
{
        (void)state;
        struct portal_trust *trust = open_folder();
        const struct portal_snapshot *old = portal_trust_take(trust), *same = portal_trust_take(trust);
        assert_ptr_equal(old, same);
        remove_file("metadata/mt-1.json");
        assert_true(again(trust));
        const struct portal_snapshot *fresh = portal_trust_take(trust);
        assert_int_equal(fresh->model_count, 0);
        assert_int_equal(old->model_count, 1);
        assert_true(slice_is(old->models[0].icon, icon));
        portal_trust_give_back(trust, old);
        assert_true(slice_is(same->models[0].icon, icon));
        portal_trust_give_back(trust, same);
        portal_trust_give_back(trust, fresh);
        portal_trust_close(trust);
}

static void an_empty_folder_believes_nobody(void **state)
{
        (void)state;
        remove_file("attestation/maker.der");
        remove_file("jpki/ca.der");
        remove_file("jpki-signing/ca.der");
        remove_file("metadata/mt-1.json");
        struct portal_trust *trust = open_folder();
        assert_int_equal(standing(trust, now + 60), MITOME_E_CERTIFICATE_ISSUER);
        portal_trust_close(trust);
}

static void files_of_other_kinds_and_half_written_ones_are_left_alone(void **state)
{
        (void)state;
        struct portal_trust *trust = open_folder();
        write_file("crl/README", slice_text("no list"));
        write_file("crl/.user.crl", slice_text("half a li"));
        assert_false(again(trust));
        portal_trust_close(trust);
}

/* ---- what is wrong ---- */

static void attack_a_list_that_nobody_renews(void **state)
{
        (void)state;
        struct portal_trust *trust = open_folder();
        assert_int_equal(standing(trust, now + 60), MITOME_OK);
        assert_int_equal(standing(trust, now + 2 * DAY), MITOME_E_CRL_STALE);
        portal_trust_close(trust);
}

static void attack_a_list_that_is_taken_away(void **state)
{
        (void)state;
        struct portal_trust *trust = open_folder();
        remove_file("crl/user.crl");
        assert_true(again(trust));
        assert_int_equal(standing(trust, now + 60), MITOME_E_CRL_MISSING);
        portal_trust_close(trust);
}

static void attack_a_list_by_the_other_ca(void **state)
{
        (void)state;
        static struct authority_der list;
        struct portal_trust *trust = open_folder();
        must(authority_crl(fixture.authority, AUTHORITY_SIGNING, now, &list, NULL));
        write_file("crl/user.crl", slice_of(list.bytes, list.size));
        assert_true(again(trust));
        assert_int_equal(standing(trust, now + 60), MITOME_E_CRL_MISSING);
        portal_trust_close(trust);
}

static void a_folder_that_cannot_be_read_leaves_the_old_snapshot(void **state)
{
        (void)state;
        struct portal_trust *trust = open_folder();
        write_file("crl/user.crl", slice_text("no list at all"));
        assert_int_equal(refuses(trust), MITOME_E_DER);
        assert_int_equal(standing(trust, now + 60), MITOME_OK);
        assert_int_equal(refuses(trust), MITOME_E_DER); /* it tries again each time */
        write_lists(now);
        assert_true(again(trust));
        char aside[80];
        (void)snprintf(aside, sizeof aside, "%s.aside", fixture.folder);
        assert_int_equal(rename(fixture.folder, aside), 0);
        assert_int_equal(refuses(trust), MITOME_E_FILE_READ);
        assert_int_equal(standing(trust, now + 60), MITOME_OK);
        assert_int_equal(rename(aside, fixture.folder), 0);
        assert_false(again(trust));
        portal_trust_close(trust);
}

static void files_that_are_not_of_their_kind_are_refused(void **state)
{
        (void)state;
        static const struct {
                const char *file;
                const char *content;
                mitome_code code;
                const char *field;
        } wrong[] = {
                { "attestation/a.der", "none", MITOME_E_DER, "attestation" },
                { "jpki/a.der", "none", MITOME_E_DER, "jpki" },
                { "jpki-signing/a.der", "", MITOME_E_DER, "jpki-signing" },
                { "crl/a.crl", "", MITOME_E_DER, "crl" },
                { "metadata/a.json", "", MITOME_E_VALUE, "metadata statement" },
                { "metadata/a.json", "{}", MITOME_E_MISSING, "aaguid" },
        };
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
                struct portal_trust *trust = NULL;
                mitome_error error = { 0 };
                write_file(wrong[i].file, slice_text(wrong[i].content));
                assert_int_equal(portal_trust_open(fixture.folder, &trust, &error).code, wrong[i].code);
                assert_string_equal(error.field, wrong[i].field);
                assert_null(trust);
                remove_file(wrong[i].file);
        }
        /* A person's certificate is no CA. */
        struct portal_trust *trust = NULL;
        write_file("jpki/a.der", slice_of(fixture.hanako.der.bytes, fixture.hanako.der.size));
        assert_int_equal(portal_trust_open(fixture.folder, &trust, NULL).code, MITOME_E_ANCHOR_NO_CA);
}

static mitome_code read_model(const char *aaguid, const char *description, const char *picture)
{
        struct portal_trust *trust = NULL;
        write_statement(aaguid, description, picture);
        const slice json = slice_text(fixture.statement);
        const struct portal_trust_parts parts = { .statements = &json, .statement_count = 1 };
        mitome_status status = portal_trust_of(&parts, &trust, NULL);
        portal_trust_close(trust);
        return status.code;
}

static void attack_an_icon_that_is_no_picture(void **state)
{
        (void)state;
        static const char *const bad[] = { "https://tracker.example/pixel.png", "javascript:alert(1)",
                "data:image/svg+xml;base64,AAAA", "data:image/png;base64,", "data:image/png;base64,AAA",
                "data:image/png;base64,AA=A", "data:image/png;base64,A===", "data:image/png;base64,AAAA AAA",
                "data:image/png;base64,AAAA\\u0022 onerror=", "data:text/html;base64,AAAA" };
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
                assert_int_equal(read_model(first_model, "x", bad[i]), MITOME_E_VALUE);
        assert_int_equal(read_model(first_model, "x", icon), MITOME_OK);
        assert_int_equal(read_model(first_model, "x", NULL), MITOME_OK);
        static char big[PORTAL_MODEL_ICON_MAX - 100];
        memset(big, 'A', sizeof big - 1);
        assert_int_equal(read_model(first_model, big, icon), MITOME_E_TOO_LONG);
}

static void two_statements_of_one_model_are_refused(void **state)
{
        (void)state;
        struct portal_trust *trust = NULL;
        write_statement(first_model, "another", NULL);
        write_file("metadata/other.json", slice_text(fixture.statement));
        assert_int_equal(portal_trust_open(fixture.folder, &trust, NULL).code, MITOME_E_METADATA_TWICE);
}

static void too_many_files_and_no_folder_are_refused(void **state)
{
        (void)state;
        struct portal_trust *trust = NULL;
        char name[64];
        static char long_path[PORTAL_TRUST_PATH_MAX + 1];
        for (int i = 0; i < PORTAL_TRUST_FILES; i++) {
                (void)snprintf(name, sizeof name, "attestation/%d.der", i);
                write_file(name, slice_of(fixture.batch.ca.bytes, fixture.batch.ca.size));
        }
        assert_int_equal(portal_trust_open(fixture.folder, &trust, NULL).code, MITOME_E_TOO_MANY);
        assert_int_equal(portal_trust_open("/nowhere/at/all", &trust, NULL).code, MITOME_E_FILE_READ);
        memset(long_path, 'a', sizeof long_path - 1);
        assert_int_equal(portal_trust_open(long_path, &trust, NULL).code, MITOME_E_TOO_LONG);
}

/* ---- threads ---- */

static void *read_on_and_on(void *context)
{
        const struct portal_trust *trust = context;
        for (int i = 0; i < 400; i++)
                if (standing(trust, now + 60) != MITOME_OK)
                        return context;
        return NULL;
}

static void threads_read_while_it_is_replaced(void **state)
{
        (void)state;
        pthread_t threads[2];
        struct portal_trust *trust = open_folder();
        for (size_t i = 0; i < 2; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, read_on_and_on, trust), 0);
        for (int i = 0; i < 10; i++) {
                write_lists(now + i);
                assert_true(again(trust));
        }
        for (size_t i = 0; i < 2; i++) {
                void *wrong = trust;
                assert_int_equal(pthread_join(threads[i], &wrong), 0);
                assert_null(wrong);
        }
        portal_trust_close(trust);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
        const struct CMUnitTest tests[] = {
                CASE(a_folder_is_read),
                CASE(a_list_that_is_renewed_is_read),
                CASE(who_reads_the_old_snapshot_keeps_it),
                CASE(an_empty_folder_believes_nobody),
                CASE(files_of_other_kinds_and_half_written_ones_are_left_alone),
                CASE(attack_a_list_that_nobody_renews),
                CASE(attack_a_list_that_is_taken_away),
                CASE(attack_a_list_by_the_other_ca),
                CASE(a_folder_that_cannot_be_read_leaves_the_old_snapshot),
                CASE(files_that_are_not_of_their_kind_are_refused),
                CASE(attack_an_icon_that_is_no_picture),
                CASE(two_statements_of_one_model_are_refused),
                CASE(too_many_files_and_no_folder_are_refused),
                CASE(threads_read_while_it_is_replaced),
        };
        return cmocka_run_group_tests(tests, begin_all, end_all);
}
