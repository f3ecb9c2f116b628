/* SPDX-License-Identifier: Apache-2.0 */
#include "desk_rig.h"

#include "small_file.h"
#include "store_rig.h"

#include <fcntl.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

const int64_t desk_rig_now = 1800000000; /* 2027-01-15 08:00:00Z, when the certificates of ca_rig begin */

static int64_t tell_now(void *context)
{
        const struct desk_rig *rig = context;
        return rig->now;
}

static int fill(void *context, uint8_t *bytes, size_t size)
{
        const struct desk_rig *rig = context;
        if (rig->no_randomness)
                return -1;
        if (rig->constant)
                memset(bytes, rig->constant, size);
        else
                randombytes_buf(bytes, size);
        return 0;
}

static mitome_status nobody(void *context, const struct directory_entry *to, slice letter, uint8_t *answer,
        size_t capacity, size_t *ret_size, mitome_error *error)
{
        (void)context;
        (void)to;
        (void)letter;
        (void)answer;
        (void)capacity;
        (void)ret_size;
        return fail_at(error, MITOME_E_UNREACHABLE, MITOME_NOWHERE, "anybody", NULL);
}

void desk_rig_open(struct desk_rig *rig, const char *schema)
{
        *rig = (struct desk_rig){ .now = desk_rig_now };
        assert_true(sodium_init() >= 0);
        const struct sql_step steps[] = { { .version = 1, .sql = schema }, { 0 } };
        const struct party_config config = {
                .name = PARTY_PORTAL,
                .store = store_rig_fresh(),
                .steps = steps,
                .directory = &rig->directory,
                .post = { .deliver = nobody },
                .clock = { .context = rig, .now = tell_now },
                .random = { .context = rig, .fill = fill },
        };
        mitome_error error = { 0 };
        if (failed(party_open(&config, &rig->party, &error)))
                print_error("%d %s\n", (int)error.code, error.field ? error.field : "");
        assert_non_null(rig->party);
}

void desk_rig_close(struct desk_rig *rig)
{
        party_close(rig->party);
}

int64_t desk_rig_count(struct desk_rig *rig, const char *sql)
{
        struct sql_query query = { 0 };
        assert_int_equal(sql_ask(party_store(rig->party), sql, NULL, 0, &query, NULL).code, MITOME_OK);
        assert_true(sql_next(&query));
        const int64_t count = sql_integer(&query, 0);
        assert_int_equal(sql_end(&query).code, MITOME_OK);
        return count;
}

slice desk_rig_journal(struct desk_rig *rig, uint8_t *buffer, size_t capacity)
{
        char path[] = "/tmp/mitome-desk-XXXXXX";
        const int fd = mkstemp(path);
        slice whole;
        assert_true(fd >= 0);
        (void)close(fd);
        assert_int_equal(journal_export(party_store(rig->party), path, NULL).code, MITOME_OK);
        assert_int_equal(small_file_read(path, "journal", buffer, capacity, &whole, NULL).code, MITOME_OK);
        assert_int_equal(unlink(path), 0);
        return whole;
}
