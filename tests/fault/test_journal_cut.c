/* SPDX-License-Identifier: Apache-2.0 */
/* The journals of two parties that write to each other, cut at every write of either, put back to an older
 * copy, with clocks that disagree: what is left is one sound time line, or says what was taken away. */
#include "journal_merge.h"
#include "party_rig.h"
#include "sql_cut.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { CUTS_MAX = 400, PATH_SIZE = 160 };

static const char *const names[RIG_PARTIES] = { "asker", "asked" };

struct office {
        struct party_rig rig;
        char root[64], folders[RIG_PARTIES][96], journals[RIG_PARTIES][PATH_SIZE];
        struct journal_merge *merge;
};

static int set_up(void **state)
{
        struct office *office = calloc(1, sizeof *office);
        assert_non_null(office);
        snprintf(office->root, sizeof office->root, "/tmp/mitome-journal-XXXXXX");
        assert_non_null(mkdtemp(office->root));
        for (int i = 0; i < RIG_PARTIES; i++) {
                snprintf(office->folders[i], sizeof office->folders[i], "%s/%s", office->root, names[i]);
                snprintf(office->journals[i], PATH_SIZE, "%s/%s.journal", office->root, names[i]);
                office->rig.folders[i] = office->folders[i];
        }
        party_rig_begin(&office->rig);
        *state = office;
        return 0;
}

static int tear_down(void **state)
{
        static const char *const files[] = { "party.db", "party.db-wal", "party.db-journal", "party.key" };
        struct office *office = *state;
        char path[PATH_SIZE];
        journal_merge_free(office->merge);
        party_rig_end(&office->rig);
        for (size_t i = 0; i < RIG_PARTIES; i++) {
                (void)unlink(office->journals[i]);
                for (size_t n = 0; n < sizeof files / sizeof *files; n++) {
                        snprintf(path, sizeof path, "%s/%s", office->folders[i], files[n]);
                        (void)unlink(path);
                }
                assert_int_equal(rmdir(office->folders[i]), 0);
        }
        assert_int_equal(rmdir(office->root), 0);
        free(office);
        return 0;
}

static ptrdiff_t read_file(void *context, uint8_t *bytes, size_t size)
{
        size_t count = fread(bytes, 1, size, context);
        return ferror((FILE *)context) ? -1 : (ptrdiff_t)count;
}

/* Both journals as they are now, written out and merged. */
static void merge_both(struct office *office)
{
        const struct journal_merge_config config = { &office->rig.network.directory, true };
        journal_merge_free(office->merge);
        assert_int_equal(journal_merge_new(&config, &office->merge, NULL).code, MITOME_OK);
        for (int i = 0; i < RIG_PARTIES; i++) {
                struct sql_store *store = party_store(office->rig.parties[i]);
                assert_int_equal(journal_export(store, office->journals[i], NULL).code, MITOME_OK);
                FILE *file = fopen(office->journals[i], "rb");
                assert_non_null(file);
                assert_int_equal(journal_merge_add(office->merge, names[i],
                                         (struct journal_source){ file, read_file }, NULL)
                                         .code,
                        MITOME_OK);
                fclose(file);
        }
        assert_int_equal(journal_merge_finish(office->merge, NULL).code, MITOME_OK);
}

/* The first fault; an empty journal, in which nobody has written yet, is none here. */
static const struct journal_finding *fault(struct office *office)
{
        for (size_t i = 0; i < journal_merge_findings(office->merge); i++)
                if (journal_merge_finding(office->merge, i)->code != MITOME_E_MISSING &&
                        journal_merge_finding(office->merge, i)->party[0])
                        return journal_merge_finding(office->merge, i);
        return NULL;
}

/* The time line, "<party's first two letters>:<what>=<outcome> .." */
static void assert_line(struct office *office, const char *expected)
{
        char line[512];
        size_t used = 0;
        line[0] = 0;
        for (size_t i = 0; i < journal_merge_count(office->merge) && used < sizeof line; i++) {
                struct journal_entry entry = journal_merge_entry(office->merge, i);
                used += (size_t)snprintf(line + used, sizeof line - used, "%s%.2s:%.*s=%.*s", i ? " " : "",
                        (const char *)entry.party.data, (int)entry.what.size, (const char *)entry.what.data,
                        (int)entry.outcome.size, (const char *)entry.outcome.data);
        }
        assert_string_equal(line, expected);
}

static mitome_status call(struct office *office, const char *kind, uint8_t number)
{
        const uint8_t id[LETTER_ID_SIZE] = { number };
        uint64_t sum;
        return party_rig_call(&office->rig, kind, id, 1, &sum, NULL);
}

static void open_again(struct office *office, int which)
{
        party_rig_shut(&office->rig, which);
        assert_int_equal(party_rig_open(&office->rig, which, NULL).code, MITOME_OK);
}

/* ---- what is said of a day's work ---- */

static void test_a_call_is_told_by_both_sides_in_the_order_of_cause(void **state)
{
        struct office *office = *state;
        for (int ahead = -1; ahead <= 1; ahead++) {
                office->rig.now[RIG_ASKED] = office->rig.now[RIG_ASKER] + ahead * 86400;
                assert_int_equal(call(office, "add", (uint8_t)(5 + ahead)).code, MITOME_OK);
        }
        assert_int_equal(call(office, "look", 20).code, MITOME_OK);
        assert_int_equal(call(office, "refuse", 21).code, MITOME_E_REFUSED);
        merge_both(office);
        assert_true(journal_merge_is_sound(office->merge));
        assert_line(office, "sp:ask-add=asked au:add=done sp:ask-add=confirmed "
                            "sp:ask-add=asked au:add=done sp:ask-add=confirmed "
                            "sp:ask-add=asked au:add=done sp:ask-add=confirmed "
                            "sp:ask-look=asked au:take-look=done sp:ask-look=confirmed "
                            "sp:ask-refuse=asked au:take-refuse=refused sp:ask-refuse=refused");
}

static void test_what_waited_in_the_outbox_is_told_as_well(void **state)
{
        struct office *office = *state;
        size_t left;
        post_local_leave(&office->rig.network, PARTY_AUTHORITY);
        assert_int_equal(party_rig_send(&office->rig, "add", 3).code, MITOME_OK);
        assert_int_equal(party_flush(office->rig.parties[RIG_ASKER], &left, NULL).code, MITOME_OK);
        assert_int_equal(left, 1);
        open_again(office, RIG_ASKED);
        office->rig.now[RIG_ASKER] += 60;
        assert_int_equal(party_flush(office->rig.parties[RIG_ASKER], &left, NULL).code, MITOME_OK);
        assert_int_equal(left, 0);
        merge_both(office);
        assert_true(journal_merge_is_sound(office->merge));
        assert_line(office, "sp:ask-add=asked au:add=done sp:ask-add=confirmed");
}

/* ---- cuts ---- */

static unsigned cut_each(const char *part, enum sql_cut_how how)
{
        for (unsigned n = 1; n < CUTS_MAX; n++) {
                void *state;
                size_t left;
                set_up(&state);
                struct office *office = state;
                sql_cut_arm(part, n, how);
                (void)call(office, "add", 1);
                (void)failed(party_rig_send(&office->rig, "add", 2));
                (void)failed(party_flush(office->rig.parties[RIG_ASKER], &left, NULL));
                for (int i = 0; i < RIG_PARTIES; i++)
                        party_rig_shut(&office->rig, i);
                bool was_cut = sql_cut_on();
                for (int i = 0; i < RIG_PARTIES; i++)
                        open_again(office, i);
                merge_both(office); /* as it was left */
                assert_null(fault(office));
                office->rig.now[RIG_ASKER] += 3600;
                assert_int_equal(call(office, "add", 1).code, MITOME_OK);
                assert_int_equal(party_flush(office->rig.parties[RIG_ASKER], &left, NULL).code, MITOME_OK);
                merge_both(office); /* and when all was done that was asked */
                assert_true(journal_merge_is_sound(office->merge));
                tear_down(&state);
                if (!was_cut)
                        return n - 1;
        }
        fail_msg("the flow does not come to its end");
        return 0;
}

static void test_journals_agree_after_a_cut_at_any_write(void **state)
{
        (void)state;
        assert_true(cut_each("asked/party.db", SQL_CUT_FAILS) >= 4);
        assert_true(cut_each("asked/party.db", SQL_CUT_TORN) >= 4);
        assert_true(cut_each("asker/party.db", SQL_CUT_FAILS) >= 8);
        assert_true(cut_each("asker/party.db", SQL_CUT_TORN) >= 8);
}

/* ---- attacks ---- */

static void copy_store(struct office *office, int which, bool back)
{
        char store[PATH_SIZE], kept[PATH_SIZE], command[3 * PATH_SIZE];
        snprintf(store, sizeof store, "%s/party.db", office->folders[which]);
        snprintf(kept, sizeof kept, "%s/kept", office->root);
        party_rig_shut(&office->rig, which); /* all of it is in one file then */
        snprintf(command, sizeof command, "cp '%s' '%s'", back ? kept : store, back ? store : kept);
        assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): names of the test's own */
        if (back)
                assert_int_equal(unlink(kept), 0);
        open_again(office, which);
}

/* What was decided is undone by putting the store back to what it was before: rows, answers and journal. */
static void test_an_old_copy_of_a_store_that_is_put_back_is_found(void **state)
{
        struct office *office = *state;
        assert_int_equal(call(office, "add", 1).code, MITOME_OK);
        copy_store(office, RIG_ASKED, false);
        assert_int_equal(call(office, "add", 2).code, MITOME_OK);
        merge_both(office);
        assert_true(journal_merge_is_sound(office->merge));
        copy_store(office, RIG_ASKED, true);
        merge_both(office);
        const struct journal_finding *finding = fault(office);
        assert_non_null(finding);
        assert_int_equal(finding->code, MITOME_E_JOURNAL_SHORT);
        assert_string_equal(finding->party, PARTY_AUTHORITY);
        assert_int_equal(finding->number, 2);
        assert_string_equal(finding->seen_by, PARTY_SP_TSM);
        assert_int_equal(finding->seen_at, 4);
}

/* And going on from there does not hide it: the entry that takes the place is another one. */
static void test_an_old_copy_that_is_put_back_and_gone_on_with_is_found(void **state)
{
        struct office *office = *state;
        assert_int_equal(call(office, "add", 1).code, MITOME_OK);
        copy_store(office, RIG_ASKED, false);
        assert_int_equal(call(office, "add", 2).code, MITOME_OK);
        copy_store(office, RIG_ASKED, true);
        assert_int_equal(call(office, "add", 3).code, MITOME_OK);
        merge_both(office);
        const struct journal_finding *finding = fault(office);
        assert_non_null(finding);
        assert_int_equal(finding->code, MITOME_E_JOURNAL_REWRITTEN);
        assert_string_equal(finding->party, PARTY_AUTHORITY);
        assert_int_equal(finding->number, 2);
}

#define OFFICE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
        sql_cut_begin();
        const struct CMUnitTest tests[] = {
                OFFICE(test_a_call_is_told_by_both_sides_in_the_order_of_cause),
                OFFICE(test_what_waited_in_the_outbox_is_told_as_well),
                cmocka_unit_test(test_journals_agree_after_a_cut_at_any_write),
                OFFICE(test_an_old_copy_of_a_store_that_is_put_back_is_found),
                OFFICE(test_an_old_copy_that_is_put_back_and_gone_on_with_is_found),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
