/* SPDX-License-Identifier: Apache-2.0 */
#include "life_cycle_store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

enum { INDEXES_MAX = 32, TOWNS = 1741 /* municipalities of Japan */ };

static void run(sqlite3 *store, const char *sql, int64_t people, int64_t other)
{
        sqlite3_stmt *statement;
        if (sqlite3_prepare_v2(store, sql, -1, &statement, NULL) != SQLITE_OK) {
                fprintf(stderr, "bench_life_cycle: %s\n", sqlite3_errmsg(store));
                exit(1);
        }
        if (sqlite3_bind_parameter_count(statement) > 0)
                sqlite3_bind_int64(statement, 1, people);
        if (sqlite3_bind_parameter_count(statement) > 1)
                sqlite3_bind_int64(statement, 2, other);
        int result = sqlite3_step(statement);
        while (result == SQLITE_ROW)
                result = sqlite3_step(statement);
        if (result != SQLITE_DONE) {
                fprintf(stderr, "bench_life_cycle: %s\n", sqlite3_errmsg(store));
                exit(1);
        }
        sqlite3_finalize(statement);
}

/* Indexes are made once the rows are there: the same store, sooner. */
struct indexes {
        char *names[INDEXES_MAX], *texts[INDEXES_MAX];
        size_t count;
};

static char *text_of(sqlite3_stmt *statement, int column)
{
        return sqlite3_mprintf("%s", (const char *)sqlite3_column_text(statement, column));
}

static void drop_indexes(sqlite3 *store, struct indexes *ret)
{
        sqlite3_stmt *statement;
        *ret = (struct indexes){ 0 };
        if (sqlite3_prepare_v2(store,
                    "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL", -1,
                    &statement, NULL) != SQLITE_OK)
                exit(1);
        while (ret->count < INDEXES_MAX && sqlite3_step(statement) == SQLITE_ROW) {
                ret->names[ret->count] = text_of(statement, 0);
                ret->texts[ret->count++] = text_of(statement, 1);
        }
        sqlite3_finalize(statement);
        for (size_t i = 0; i < ret->count; i++) {
                char *sql = sqlite3_mprintf("DROP INDEX %s", ret->names[i]);
                run(store, sql, 0, 0);
                sqlite3_free(sql);
        }
}

static void make_indexes(sqlite3 *store, struct indexes *indexes)
{
        for (size_t i = 0; i < indexes->count; i++) {
                run(store, indexes->texts[i], 0, 0);
                sqlite3_free(indexes->names[i]);
                sqlite3_free(indexes->texts[i]);
        }
}

#define SEQUENCE "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ?1) "

/* A kind at a place, of everybody. The number says which: 4 * person + 0 .. 3. */
static void certify(sqlite3 *store, int64_t people, int kind, int place, int64_t not_after)
{
        char *sql = sqlite3_mprintf(SEQUENCE
                "INSERT INTO certificate (number, kind, serial, person, place, device, key, digest, "
                "town, not_after) SELECT 4 * i + %d, %d, randomblob(10), i, %d, %s, randomblob(32), "
                "randomblob(32), i %% %d + 1, ?2 FROM n",
                2 * (place - 1) + kind - 1, kind, place, place == 2 ? "printf('MTM-%%08d', i)" : "NULL",
                TOWNS);
        run(store, sql, people, not_after);
        sqlite3_free(sql);
}

static void link_to(sqlite3 *store, int64_t people, int card, int phone)
{
        char *sql = sqlite3_mprintf(SEQUENCE
                "INSERT INTO link (card, phone) SELECT 4 * i + %d, 4 * i + %d FROM n",
                card - 1, 2 + phone - 1);
        run(store, sql, people, 0);
        sqlite3_free(sql);
}

void life_cycle_fill(const char *path, int64_t people, int64_t ended, int64_t not_after)
{
        sqlite3 *store;
        struct indexes indexes;
        if (sqlite3_open(path, &store) != SQLITE_OK)
                exit(1);
        run(store, "PRAGMA synchronous = OFF", 0, 0);
        run(store, "PRAGMA cache_size = -400000", 0, 0);
        drop_indexes(store, &indexes);
        run(store, "BEGIN", 0, 0);
        run(store,
                SEQUENCE
                "INSERT INTO town (number, prefecture, city) SELECT i, printf('Mihon-%02d', i % 47), "
                "printf('Mihon-%04d-shi', i) FROM n",
                TOWNS, 0);
        run(store,
                SEQUENCE
                "INSERT INTO person (number, id, name, address, prefecture, city, gender, born, "
                "municipality) SELECT i, randomblob(16), printf('見本 %d', i), "
                "printf('東京都見本区見本町%d番%d号', i / 100, i % 100), printf('Mihon-%02d', (i % 1741 "
                "+ 1) % 47), printf('Mihon-%04d-shi', i % 1741 + 1), printf('%d', i % 2 + 1), 19900401 "
                "- 10000 * (i % 50), printf('%06d', i % 1741 + 1) FROM n",
                people, 0);
        for (int place = 1; place <= 2; place++)
                for (int kind = 1; kind <= 2; kind++)
                        certify(store, people, kind, place, not_after);
        link_to(store, people, 1, 1);
        link_to(store, people, 2, 1);
        link_to(store, people, 2, 2);
        run(store,
                "UPDATE certificate SET status = 2, reason = 5, at = unixepoch() - 1000 WHERE person % ?1 = 0",
                ended, 0);
        make_indexes(store, &indexes);
        run(store, "COMMIT", 0, 0);
        run(store, "PRAGMA wal_checkpoint(TRUNCATE)", 0, 0);
        sqlite3_close(store);
}
