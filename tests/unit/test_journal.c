/* SPDX-License-Identifier: Apache-2.0 */
#include "journal.h"
#include "journal_entry.h"
#include "store_rig.h"

#include <mitome/error.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct desk {
        bool is_file; /* SQLite's */
        uint8_t key[LETTER_KEY_SIZE], secret[LETTER_SECRET_SIZE];
        struct sql_store *store;
        struct journal_decision decision;
        char folder[64], path[96];
        uint8_t file[JOURNAL_ENTRY_MAX * 4];
};

static int set_up(void **state)
{
        static struct desk desk;
        const uint8_t seed[crypto_sign_SEEDBYTES] = { 1, 2, 3 };
        desk = (struct desk){ .folder = "/tmp/test_journal.XXXXXX",
                .decision = { .what = "issue-certificate",
                        .outcome = "done",
                        .subject = slice_text("serial:0a1b"),
                        .evidence = { { "letter", { 1 } }, { "application", { 2 } } },
                        .evidence_count = 2 } };
        *state = &desk;
        if (!mkdtemp(desk.folder) || crypto_sign_seed_keypair(desk.key, desk.secret, seed) != 0)
                return -1;
        snprintf(desk.path, sizeof desk.path, "%s/authority.journal", desk.folder);
        const char *address = store_rig_fresh();
        desk.is_file = address == NULL;
        return sql_open(address, SQL_SCHEMA(1, journal_schema), &desk.store, NULL).code == MITOME_OK ? 0 : -1;
}

static int tear_down(void **state)
{
        struct desk *desk = *state;
        sql_close(desk->store);
        unlink(desk->path);
        return rmdir(desk->folder);
}

static mitome_code append(struct desk *desk, const struct journal_witness *witness)
{
        return journal_append(desk->store, slice_text("authority"), desk->secret, 1763733600, &desk->decision,
                witness, NULL)
                .code;
}

static slice export_and_read(struct desk *desk)
{
        assert_int_equal(journal_export(desk->store, desk->path, NULL).code, MITOME_OK);
        FILE *file = fopen(desk->path, "rb");
        assert_non_null(file);
        size_t size = fread(desk->file, 1, sizeof desk->file, file);
        fclose(file);
        return slice_of(desk->file, size);
}

static void test_entries_are_numbered_chained_and_signed(void **state)
{
        struct desk *desk = *state;
        struct letter_head head;
        const struct journal_witness witness = { slice_text("sp-tsm"), { 7, { 9 } } };
        assert_int_equal(journal_head(desk->store, &head, NULL).code, MITOME_OK);
        assert_int_equal(head.number, 0);
        assert_int_equal(append(desk, NULL), MITOME_OK);
        desk->decision.reason = "1223 AUTHORITY_LIVE";
        desk->decision.outcome = "refused";
        assert_int_equal(append(desk, &witness), MITOME_OK);

        slice rest = export_and_read(desk);
        struct journal_entry first, second;
        size_t size;
        assert_int_equal(journal_entry_read(rest, &first, &size, NULL).code, MITOME_OK);
        rest = slice_of(rest.data + size, rest.size - size);
        assert_int_equal(journal_entry_read(rest, &second, &size, NULL).code, MITOME_OK);
        assert_int_equal(size, rest.size);
        assert_int_equal(journal_entry_verify(&first, desk->key, NULL).code, MITOME_OK);
        assert_int_equal(journal_entry_verify(&second, desk->key, NULL).code, MITOME_OK);
        assert_int_equal(first.number, 1);
        assert_int_equal(second.number, 2);
        assert_true(slice_equal(second.previous, SLICE(first.digest)));
        assert_true(slice_is(first.party, "authority"));
        assert_int_equal(first.at, 1763733600);
        assert_true(slice_is(first.what, "issue-certificate"));
        assert_true(slice_is(first.outcome, "done"));
        assert_true(slice_is(first.subject, "serial:0a1b"));
        assert_int_equal(first.evidence_count, 2);
        assert_true(slice_is(first.evidence[1].kind, "application"));
        assert_int_equal(first.evidence[1].digest.data[0], 2);
        assert_int_equal(first.reason.size, 0);
        assert_false(first.has_witness);
        assert_true(slice_is(second.reason, "1223 AUTHORITY_LIVE"));
        assert_true(second.has_witness);
        assert_true(slice_is(second.witness.party, "sp-tsm"));
        assert_int_equal(second.witness.head.number, 7);
        assert_int_equal(journal_head(desk->store, &head, NULL).code, MITOME_OK);
        assert_int_equal(head.number, 2);
        assert_memory_equal(head.digest, second.digest, sizeof head.digest);
}

/* Else who calls his journal empty in each letter could write it anew afterwards. */
static void test_a_journal_that_was_called_empty_is_noted_as_such(void **state)
{
        struct desk *desk = *state;
        const struct journal_witness nothing_yet = { slice_text("sp-tsm"), { 0, { 0 } } };
        struct journal_entry entry;
        size_t size;
        assert_int_equal(append(desk, &nothing_yet), MITOME_OK);
        assert_int_equal(journal_entry_read(export_and_read(desk), &entry, &size, NULL).code, MITOME_OK);
        assert_true(entry.has_witness);
        assert_int_equal(entry.witness.head.number, 0);
}

static void test_a_decision_that_is_rolled_back_is_none(void **state)
{
        struct desk *desk = *state;
        struct letter_head head;
        assert_int_equal(sql_begin(desk->store, NULL).code, MITOME_OK);
        assert_int_equal(append(desk, NULL), MITOME_OK);
        sql_rollback(desk->store);
        assert_int_equal(journal_head(desk->store, &head, NULL).code, MITOME_OK);
        assert_int_equal(head.number, 0);
        assert_int_equal(append(desk, NULL), MITOME_OK);
        assert_int_equal(journal_head(desk->store, &head, NULL).code, MITOME_OK);
        assert_int_equal(head.number, 1);
}

static void test_the_program_itself_cannot_change_or_cut_its_journal(void **state)
{
        struct desk *desk = *state;
        assert_int_equal(append(desk, NULL), MITOME_OK);
        assert_int_equal(sql_do(desk->store, "DELETE FROM journal", NULL, 0, NULL, NULL).code,
                MITOME_E_SQL_CONSTRAINT);
        assert_int_equal(sql_do(desk->store, "UPDATE journal SET entry = x'00'", NULL, 0, NULL, NULL).code,
                MITOME_E_SQL_CONSTRAINT);
        assert_int_equal(sql_do(desk->store,
                                 "INSERT INTO journal VALUES (1, x'00', x'00') ON CONFLICT (number) DO UPDATE"
                                 " SET entry = excluded.entry",
                                 NULL, 0, NULL, NULL)
                                 .code,
                MITOME_E_SQL_CONSTRAINT);
        if (desk->is_file)
                assert_int_equal(
                        sql_do(desk->store, "INSERT OR REPLACE INTO journal VALUES (1, x'00', x'00')", NULL,
                                0, NULL, NULL)
                                .code,
                        MITOME_E_SQL_CONSTRAINT);
}

/* The form leaves no room for what must not stand there. */
static void test_no_name_and_no_address_fits_into_a_journal(void **state)
{
        static const char *const subjects[] = { "見本 花子", "person:見本花子", "Hanako Mihon",
                "person:Hanako Mihon", "hanako", ":0a1b", "serial:", "Serial:0a1b" };
        struct desk *desk = *state;
        for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
                desk->decision.subject = slice_text(subjects[i]);
                assert_int_equal(append(desk, NULL), MITOME_E_JOURNAL_FORM);
        }
        desk->decision.subject = slice_of(NULL, 0);
        desk->decision.reason = "東京都千代田区";
        assert_int_equal(append(desk, NULL), MITOME_E_JOURNAL_FORM);
        desk->decision.reason = NULL;
        assert_int_equal(append(desk, NULL), MITOME_OK);
}

static void test_a_decision_without_form_is_refused(void **state)
{
        struct desk *desk = *state;
        const struct journal_decision good = desk->decision;
        const struct journal_witness nobody = { slice_text("Nobody"), { 1, { 1 } } };
        desk->decision.what = "Issue certificate";
        assert_int_equal(append(desk, NULL), MITOME_E_JOURNAL_FORM);
        desk->decision = good;
        desk->decision.what = NULL;
        assert_int_equal(append(desk, NULL), MITOME_E_JOURNAL_FORM);
        desk->decision = good;
        desk->decision.outcome = "perhaps";
        assert_int_equal(append(desk, NULL), MITOME_E_JOURNAL_FORM);
        desk->decision = good;
        desk->decision.evidence[1].kind = "My application";
        assert_int_equal(append(desk, NULL), MITOME_E_JOURNAL_FORM);
        desk->decision = good;
        desk->decision.evidence_count = JOURNAL_EVIDENCE_MAX + 1;
        assert_int_equal(append(desk, NULL), MITOME_E_JOURNAL_FORM);
        desk->decision = good;
        assert_int_equal(append(desk, &nobody), MITOME_E_JOURNAL_FORM);
        assert_int_equal(append(desk, NULL), MITOME_OK);
}

/* Nothing has no digest. */
static void test_an_empty_journal_with_a_digest_is_no_witness(void **state)
{
        struct desk *desk = *state;
        const uint8_t zeros[LETTER_DIGEST_SIZE] = { 0 };
        uint8_t bytes[JOURNAL_ENTRY_MAX];
        struct journal_entry entry = { .party = slice_text("authority"),
                .number = 1,
                .previous = SLICE(zeros),
                .what = slice_text("wait"),
                .outcome = slice_text("done"),
                .has_witness = true,
                .witness = { slice_text("sp-tsm"), { 0, { 1 } } } };
        writer w = WRITER(bytes);
        assert_int_equal(journal_entry_seal(&entry, desk->secret, &w, NULL).code, MITOME_E_JOURNAL_FORM);
        entry.witness.head.digest[0] = 0;
        assert_int_equal(journal_entry_seal(&entry, desk->secret, &w, NULL).code, MITOME_OK);
}

static void test_an_export_replaces_whole_or_not_at_all(void **state)
{
        struct desk *desk = *state;
        struct stat status;
        assert_int_equal(append(desk, NULL), MITOME_OK);
        size_t first = export_and_read(desk).size;
        assert_int_equal(append(desk, NULL), MITOME_OK);
        assert_true(export_and_read(desk).size > first);
        assert_int_equal(stat(desk->path, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0644);
        assert_int_equal(journal_export(desk->store, "/nowhere/at/all", NULL).code, MITOME_E_FILE_WRITE);
        assert_int_equal(journal_export(desk->store, desk->folder, NULL).code, MITOME_E_FILE_WRITE);
}

static void test_subjects_never_fall_together(void **state)
{
        static const uint8_t serial[] = { 0x0A, 0x1B, 0xFF };
        static uint8_t long_one[200];
        char buffer[JOURNAL_SUBJECT_BUFFER];
        (void)state;
        assert_true(slice_is(journal_subject_hex(buffer, "serial", SLICE(serial)), "serial:0a1bff"));
        assert_true(
                slice_is(journal_subject_text(buffer, "device", slice_text("MTM-0001")), "device:MTM-0001"));
        assert_true(
                slice_is(journal_subject_text(buffer, "device", slice_text("a b%20")), "device:a%20b%2520"));
        slice digest = journal_subject_hex(buffer, "serial", SLICE(long_one));
        assert_int_equal(digest.size, 14 + 64);
        assert_true(slice_begins_with(digest, slice_text("serial-sha256:")));
        assert_string_equal(buffer + 14 + 60, "a33a");
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                WITH_STORE(test_entries_are_numbered_chained_and_signed),
                WITH_STORE(test_a_journal_that_was_called_empty_is_noted_as_such),
                WITH_STORE(test_a_decision_that_is_rolled_back_is_none),
                WITH_STORE(test_the_program_itself_cannot_change_or_cut_its_journal),
                WITH_STORE(test_no_name_and_no_address_fits_into_a_journal),
                WITH_STORE(test_a_decision_without_form_is_refused),
                WITH_STORE(test_an_empty_journal_with_a_digest_is_no_witness),
                WITH_STORE(test_an_export_replaces_whole_or_not_at_all),
                cmocka_unit_test(test_subjects_never_fall_together),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
