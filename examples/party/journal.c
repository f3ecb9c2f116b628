/* SPDX-License-Identifier: Apache-2.0 */
#include "journal.h"

#include "digest.h"
#include "journal_entry.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Even a program with a fault in it does not change what stands there. */
const char journal_schema[] =
        "CREATE TABLE journal (number INTEGER PRIMARY KEY, digest BLOB NOT NULL, entry BLOB NOT NULL);"
        "CREATE TRIGGER journal_is_not_changed BEFORE UPDATE ON journal"
        " BEGIN SELECT RAISE(ABORT, 'the journal stays as it is'); END;"
        "CREATE TRIGGER journal_is_not_cut BEFORE DELETE ON journal"
        " BEGIN SELECT RAISE(ABORT, 'the journal stays as it is'); END;";

mitome_status journal_head(struct sql_store *store, struct letter_head *ret, mitome_error *error)
{
        static const char sql[] = "SELECT number, digest FROM journal ORDER BY number DESC LIMIT 1";
        struct sql_query query;
        struct letter_head head = { 0 };
        mitome_status status = ok();
        MITOME_TRY(sql_ask(store, sql, NULL, 0, &query, error));
        if (sql_next(&query)) {
                slice digest = sql_bytes(&query, 1);
                head.number = (uint64_t)sql_integer(&query, 0);
                status = digest.size == sizeof head.digest
                                 ? slice_copy(digest, "journal", head.digest, sizeof head.digest, error)
                                 : fail(error, MITOME_E_JOURNAL_FORM, "journal", NULL);
        }
        mitome_status ended = sql_end(&query);
        MITOME_TRY(status);
        MITOME_TRY(ended);
        *ret = head;
        return ok();
}

static slice text_or_none(const char *text)
{
        return text ? slice_text(text) : slice_of(NULL, 0);
}

static mitome_status entry_of(const struct journal_decision *decision, const struct journal_witness *witness,
        struct journal_entry *entry, mitome_error *error)
{
        if (decision->evidence_count > JOURNAL_EVIDENCE_MAX)
                return fail(error, MITOME_E_JOURNAL_FORM, "evidence", "docs/journal.md");
        entry->what = text_or_none(decision->what);
        entry->outcome = text_or_none(decision->outcome);
        entry->subject = decision->subject;
        entry->reason = text_or_none(decision->reason);
        entry->evidence_count = decision->evidence_count;
        for (size_t i = 0; i < decision->evidence_count; i++)
                entry->evidence[i] = (struct journal_proof){ text_or_none(decision->evidence[i].kind),
                        SLICE(decision->evidence[i].digest) };
        /* Also an empty journal: what its owner asks for next has to be its first entry. */
        entry->has_witness = witness;
        if (entry->has_witness)
                entry->witness = *witness;
        return ok();
}

mitome_status journal_append(struct sql_store *store, slice party, const uint8_t secret[LETTER_SECRET_SIZE],
        int64_t at, const struct journal_decision *decision, const struct journal_witness *witness,
        mitome_error *error)
{
        uint8_t bytes[JOURNAL_ENTRY_MAX], digest[SHA256_SIZE];
        writer w = WRITER(bytes);
        struct letter_head head;
        struct journal_entry entry = { .party = party, .at = at };
        MITOME_TRY(journal_head(store, &head, error));
        MITOME_TRY(entry_of(decision, witness, &entry, error));
        entry.number = head.number + 1;
        entry.previous = SLICE(head.digest);
        MITOME_TRY(journal_entry_seal(&entry, secret, &w, error));
        slice whole = writer_view(&w);
        sha256(&whole, 1, digest);
        return sql_do(store, "INSERT INTO journal (number, digest, entry) VALUES (?, ?, ?)",
                SQL_VALUES(SQL_INT((int64_t)entry.number), SQL_BYTES(SLICE(digest)), SQL_BYTES(whole)), NULL,
                error);
}

/* ---- export ---- */

/* A part at a time: PostgreSQL answers all of a question at once. */
static mitome_status write_part(
        struct sql_store *store, FILE *file, int64_t *after, bool *ret_more, mitome_error *error)
{
        enum { PART = 1000 };
        struct sql_query query;
        bool written = true;
        int64_t count = 0;
        MITOME_TRY(
                sql_ask(store, "SELECT number, entry FROM journal WHERE number > ? ORDER BY number LIMIT ?",
                        SQL_VALUES(SQL_INT(*after), SQL_INT(PART)), &query, error));
        while (written && sql_next(&query)) {
                slice entry = sql_bytes(&query, 1);
                written = fwrite(entry.data, 1, entry.size, file) == entry.size;
                *after = sql_integer(&query, 0);
                count++;
        }
        MITOME_TRY(sql_end(&query));
        *ret_more = count == PART;
        return written ? ok() : fail(error, MITOME_E_FILE_WRITE, "journal", NULL);
}

static mitome_status write_entries(struct sql_store *store, FILE *file, mitome_error *error)
{
        int64_t after = 0;
        bool more = true;
        while (more)
                MITOME_TRY(write_part(store, file, &after, &more, error));
        return fflush(file) == 0 && fsync(fileno(file)) == 0
                       ? ok()
                       : fail(error, MITOME_E_FILE_WRITE, "journal", NULL);
}

static mitome_status write_file(struct sql_store *store, const char *path, mitome_error *error)
{
        int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "wb");
        if (!file) {
                if (descriptor >= 0)
                        close(descriptor);
                return fail(error, MITOME_E_FILE_WRITE, "journal", NULL);
        }
        mitome_status status = fchmod(descriptor, 0644) == 0
                                       ? write_entries(store, file, error)
                                       : fail(error, MITOME_E_FILE_WRITE, "journal", NULL);
        if (fclose(file) != 0 && !failed(status))
                status = fail(error, MITOME_E_FILE_WRITE, "journal", NULL);
        return status;
}

/* Under another name first; a rename is done whole or not at all. */
mitome_status journal_export(struct sql_store *store, const char *path, mitome_error *error)
{
        char *beside = NULL;
        if (asprintf(&beside, "%s.%ld.new", path, (long)getpid()) < 0)
                return fail(error, MITOME_E_NO_MEMORY, "journal", NULL);
        (void)unlink(beside); /* left by a process of this number that was killed */
        mitome_status status = write_file(store, beside, error);
        if (!failed(status) && rename(beside, path) != 0)
                status = fail(error, MITOME_E_FILE_WRITE, "journal", NULL);
        if (failed(status))
                (void)unlink(beside);
        free(beside);
        return status;
}
