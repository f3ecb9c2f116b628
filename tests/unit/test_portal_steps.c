/* SPDX-License-Identifier: Apache-2.0 */
/* A portal's store of every older version becomes one of today's, and keeps what is in it. */
#include "party.h"
#include "portal_steps.h"
#include "store_rig.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { STEPS_MAX = 64 };

static int fill(void *context, uint8_t *bytes, size_t size)
{
        uint8_t *next = context;
        for (size_t i = 0; i < size; i++)
                bytes[i] = (*next)++;
        return 0;
}

static int64_t clock_of(void *context)
{
        (void)context;
        return 1763733600;
}

static mitome_code open_with(
        const char *folder, const char *store, const struct sql_step *steps, struct party **ret)
{
        static const struct directory nobody;
        static uint8_t next;
        const struct party_config config = { .name = PARTY_PORTAL,
                .folder = folder,
                .store = store,
                .steps = steps,
                .directory = &nobody,
                .clock = { NULL, clock_of },
                .random = { &next, fill } };
        return party_open(&config, ret, NULL).code;
}

static int64_t ask_one(struct party *party, const char *sql)
{
        struct sql_query query;
        assert_int_equal(sql_ask(party_store(party), sql, NULL, 0, &query, NULL).code, MITOME_OK);
        assert_true(sql_next(&query));
        const int64_t number = sql_integer(&query, 0);
        assert_int_equal(sql_end(&query).code, MITOME_OK);
        return number;
}

/* The party's own tables are there from the first version on. */
static void write_something(struct party *party)
{
        assert_int_equal(sql_do(party_store(party),
                                 "INSERT INTO inbox (sender, id, what, letter, refused, answer, at) VALUES "
                                 "('shop', x'01', x'02', x'03', 0, x'04', 5)",
                                 NULL, 0, NULL, NULL)
                                 .code,
                MITOME_OK);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
        (void)status;
        (void)kind;
        (void)walk;
        return remove(path);
}

static void bring_forward_from(size_t count)
{
        struct sql_step older[STEPS_MAX + 1] = { 0 };
        struct party *party;
        char folder[] = "/tmp/test_portal_steps.XXXXXX";
        const char *store = store_rig_fresh();
        for (size_t i = 0; i < count; i++)
                older[i] = portal_steps[i];
        assert_non_null(mkdtemp(folder));
        assert_int_equal(open_with(folder, store, older, &party), MITOME_OK);
        write_something(party);
        party_close(party);
        assert_int_equal(open_with(folder, store, portal_steps, &party), MITOME_OK);
        assert_int_equal(ask_one(party, "SELECT at FROM inbox"), 5);
        assert_int_equal(ask_one(party, "SELECT count(*) FROM account"), 0);
        assert_int_equal(ask_one(party, "SELECT count(*) FROM oidc_code"), 0);
        party_close(party);
        if (portal_steps[count].sql)
                assert_int_equal(open_with(folder, store, older, &party), MITOME_E_SQL_NEWER);
        assert_int_equal(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void test_a_portals_store_of_every_older_version_is_brought_forward(void **state)
{
        size_t count = 0;
        (void)state;
        while (portal_steps[count].sql)
                count++;
        assert_in_range(count, 1, STEPS_MAX);
        for (size_t i = 1; i <= count; i++)
                bring_forward_from(i);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_portals_store_of_every_older_version_is_brought_forward),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
