/* SPDX-License-Identifier: Apache-2.0 */
#include "portal_rows.h"

#include "digest.h"

#include <sqlite3.h>
#include <stdio.h>

enum { STATEMENTS = 3 };

static void digest_number(const char *label, uint64_t number, uint8_t ret[SHA256_SIZE])
{
        uint8_t bytes[8];
        writer w = WRITER(bytes);
        write_u64(&w, number);
        const slice parts[] = { slice_text(label), SLICE(bytes) };
        sha256(parts, 2, ret);
}

void portal_rows_be(struct soft_passkey *passkey, uint64_t number)
{
        digest_number("id", number, passkey->id);
        digest_number("user", number, passkey->user);
        passkey->user_size = SHA256_SIZE;
}

/* ?1 the row, ?2 the account's handle, ?3 the passkey's id; copied from the row that was registered. */
static const char copy_account[] =
        "INSERT INTO account (id, handle, name, display, closed, epoch, opened_at) SELECT ?1, ?2, 'row ' || ?1, "
        "display, closed, epoch, opened_at FROM account WHERE id = (SELECT account FROM account_credential WHERE "
        "id = ?4) AND ?3 NOT NULL";
static const char copy_credential[] =
        "INSERT INTO account_credential (number, id, account, certificate, public_key, sign_count, flags, trust, "
        "transports, aaguid, format, name, created, last_used) SELECT ?1, ?3, ?1, NULL, public_key, sign_count, "
        "flags, trust, transports, aaguid, format, name, created, last_used FROM account_credential WHERE id = ?4 "
        "AND ?2 NOT NULL";
static const char copy_record[] =
        "INSERT INTO account_record (credential, record) SELECT ?1, record FROM account_record WHERE credential = "
        "(SELECT number FROM account_credential WHERE id = ?4) AND ?2 NOT NULL AND ?3 NOT NULL";
static const char *const copies[STATEMENTS] = { copy_account, copy_credential, copy_record };

static bool run_one(
        sqlite3_stmt *statement, int64_t row, const struct soft_passkey *to, const struct soft_passkey *from)
{
        (void)sqlite3_reset(statement);
        return sqlite3_bind_int64(statement, 1, row) == SQLITE_OK &&
               sqlite3_bind_blob(statement, 2, to->user, (int)to->user_size, SQLITE_STATIC) == SQLITE_OK &&
               sqlite3_bind_blob(statement, 3, to->id, SOFT_ID_SIZE, SQLITE_STATIC) == SQLITE_OK &&
               sqlite3_bind_blob(statement, 4, from->id, SOFT_ID_SIZE, SQLITE_STATIC) == SQLITE_OK &&
               sqlite3_step(statement) == SQLITE_DONE;
}

static bool copy_rows(
        sqlite3 *db, sqlite3_stmt *statements[STATEMENTS], const struct soft_passkey *from, uint64_t count)
{
        enum { FIRST = 1000 };
        bool good = sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK;
        for (uint64_t number = 0; number < count && good; number++) {
                struct soft_passkey to = { 0 };
                portal_rows_be(&to, number);
                for (size_t i = 0; i < STATEMENTS && good; i++)
                        good = run_one(statements[i], (int64_t)number + FIRST, &to, from);
        }
        return good && sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
}

/* In one transaction without a journal, in memory as far as it goes: the indexes' order is none, and a page
 * of theirs that is written between is written again for the next row. */
static bool fill(sqlite3 *db, const struct soft_passkey *passkey, uint64_t count)
{
        sqlite3_stmt *statements[STATEMENTS] = { NULL };
        bool good =
                sqlite3_exec(db,
                        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -3000000",
                        NULL, NULL, NULL) == SQLITE_OK;
        for (size_t i = 0; i < STATEMENTS && good; i++)
                good = sqlite3_prepare_v2(db, copies[i], -1, &statements[i], NULL) == SQLITE_OK;
        good = good && copy_rows(db, statements, passkey, count);
        if (!good)
                (void)fprintf(stderr, "rows: %s\n", sqlite3_errmsg(db));
        for (size_t i = 0; i < STATEMENTS; i++)
                (void)sqlite3_finalize(statements[i]);
        return good;
}

bool portal_rows_fill(const char *folder, const struct soft_passkey *passkey, uint64_t count)
{
        char path[512];
        sqlite3 *db = NULL;
        (void)snprintf(path, sizeof path, "%s/party.db", folder);
        const bool good = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
                          fill(db, passkey, count);
        (void)sqlite3_close(db);
        return good;
}
