/* SPDX-License-Identifier: Apache-2.0 */
/* Two parties, cut at every write of either: what was asked is done once, and nobody forgets what he said. */
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

enum { CUTS_MAX = 400 };

struct folders {
        char root[64], asker[96], asked[96];
};

static void make_folders(struct folders *folders)
{
        snprintf(folders->root, sizeof folders->root, "/tmp/mitome-cut-XXXXXX");
        assert_non_null(mkdtemp(folders->root));
        snprintf(folders->asker, sizeof folders->asker, "%s/asker", folders->root);
        snprintf(folders->asked, sizeof folders->asked, "%s/asked", folders->root);
}

static void remove_folders(const struct folders *folders)
{
        static const char *const names[] = { "party.db", "party.db-wal", "party.db-journal", "party.key" };
        const char *const both[] = { folders->asker, folders->asked };
        char path[160];
        for (size_t i = 0; i < 2; i++) {
                for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
                        snprintf(path, sizeof path, "%s/%s", both[i], names[n]);
                        (void)unlink(path);
                }
                assert_int_equal(rmdir(both[i]), 0);
        }
        assert_int_equal(rmdir(folders->root), 0);
}

static const uint8_t id[LETTER_ID_SIZE] = { 4, 2 };

/* One letter at once and two from the outbox; failures are looked at later. */
static void run_flow(struct party_rig *rig)
{
        uint64_t sum;
        size_t left;
        (void)party_rig_call(rig, "add", id, 1, &sum, NULL);
        (void)party_rig_send(rig, "add", 10);
        (void)failed(party_flush(rig->parties[RIG_ASKER], &left, NULL));
}

/* Both opened again: what is still to be done is done, and all that was is done once. */
static void check_after(struct party_rig *rig)
{
        uint64_t sum = 0;
        size_t left = 99;
        int64_t sent = 0;
        for (int i = 0; i < RIG_PARTIES; i++) {
                party_rig_shut(rig, i);
                assert_int_equal(party_rig_open(rig, i, NULL).code, MITOME_OK);
        }
        rig->now[RIG_ASKER] += 3600;
        assert_int_equal(party_rig_call(rig, "add", id, 1, &sum, NULL).code, MITOME_OK);
        assert_true(sum == 1 || sum == 11); /* the answer of then */
        assert_int_equal(party_flush(rig->parties[RIG_ASKER], &left, NULL).code, MITOME_OK);
        assert_int_equal(left, 0);
        sent = party_rig_count(rig->parties[RIG_ASKER],
                "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'outbox'");
        assert_int_equal(party_rig_sum(rig->parties[RIG_ASKED]), 1 + 10 * sent);
        assert_int_equal(party_rig_count(rig->parties[RIG_ASKED], "SELECT count(*) FROM inbox"), 1 + sent);
        assert_int_equal(party_rig_count(rig->parties[RIG_ASKED], "SELECT count(*) FROM journal"), 1 + sent);
        for (int i = 0; i < RIG_PARTIES; i++) {
                char path[160];
                snprintf(path, sizeof path, "%s/journal", rig->folders[i]);
                assert_int_equal(journal_export(party_store(rig->parties[i]), path, NULL).code, MITOME_OK);
                assert_int_equal(unlink(path), 0);
        }
}

/* cut_each cuts one of the two at each of his writes in turn; answers how many there were. */
static unsigned cut_each(const char *part, enum sql_cut_how how)
{
        for (unsigned n = 1; n < CUTS_MAX; n++) {
                struct party_rig *rig = calloc(1, sizeof *rig);
                struct folders folders;
                make_folders(&folders);
                rig->folders[RIG_ASKER] = folders.asker;
                rig->folders[RIG_ASKED] = folders.asked;
                party_rig_begin(rig);
                sql_cut_arm(part, n, how);
                run_flow(rig);
                for (int i = 0; i < RIG_PARTIES; i++)
                        party_rig_shut(rig, i); /* without power */
                bool was_cut = sql_cut_on();
                check_after(rig);
                party_rig_end(rig);
                free(rig);
                remove_folders(&folders);
                if (!was_cut)
                        return n - 1;
        }
        fail_msg("the flow does not come to its end");
        return 0;
}

static void test_every_write_of_who_is_asked_can_fail(void **state)
{
        (void)state;
        assert_true(cut_each("asked/party.db", SQL_CUT_FAILS) >= 4);
        assert_true(cut_each("asked/party.db", SQL_CUT_TORN) >= 4);
}

static void test_every_write_of_who_asks_can_fail(void **state)
{
        (void)state;
        assert_true(cut_each("asker/party.db", SQL_CUT_FAILS) >= 8);
        assert_true(cut_each("asker/party.db", SQL_CUT_TORN) >= 8);
}

/* A process that holds both, killed. */
static bool flow_of_child(void *context)
{
        struct party_rig *rig = context;
        party_rig_begin(rig);
        run_flow(rig);
        return party_rig_sum(rig->parties[RIG_ASKED]) == 11;
}

static void test_the_process_can_be_killed_at_every_write(void **state)
{
        (void)state;
        unsigned n = 1;
        for (bool was_cut = true; was_cut && n < CUTS_MAX; n++) {
                struct party_rig *rig = calloc(1, sizeof *rig);
                struct folders folders;
                make_folders(&folders);
                rig->folders[RIG_ASKER] = folders.asker;
                rig->folders[RIG_ASKED] = folders.asked;
                was_cut = sql_cut_run(NULL, n, flow_of_child, rig);
                party_rig_begin(rig);
                check_after(rig);
                party_rig_end(rig);
                free(rig);
                remove_folders(&folders);
        }
        assert_true(n > 20 && n < CUTS_MAX);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_write_of_who_is_asked_can_fail),
                cmocka_unit_test(test_every_write_of_who_asks_can_fail),
                cmocka_unit_test(test_the_process_can_be_killed_at_every_write),
        };
        sql_cut_begin();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
