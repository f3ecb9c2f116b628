/* SPDX-License-Identifier: Apache-2.0 */
#include "document.h"

#include "digest.h"
#include "document_proof.h"
#include "hex_text.h"
#include "shown_text.h"

#include <stdio.h>
#include <stdlib.h>

/* The numbers are in the store: never give one a second meaning. */
enum { WAITS = 0, SIGNED = 1 };
enum { KEEP_SECONDS = 86400, ACCOUNT_DIGEST_SIZE = 16, NUMBER_SIZE = 16, REASON_MAX = 64 };

const char document_schema[] =
        "CREATE TABLE document (id BLOB PRIMARY KEY, account INTEGER NOT NULL, opened INTEGER NOT NULL, expires "
        "INTEGER NOT NULL, state INTEGER NOT NULL, tries INTEGER NOT NULL, digest BLOB NOT NULL, form BLOB NOT "
        "NULL, serial BLOB, signed_at INTEGER, signature_digest BLOB, certificate BLOB, signature BLOB, cms "
        "BLOB);"
        "CREATE INDEX document_account ON document (account);"
        "CREATE INDEX document_expires ON document (expires);"
        /* Whom an account's documents are signed by: a keyed digest, one person an account. */
        "CREATE TABLE document_person (account INTEGER PRIMARY KEY, person BLOB NOT NULL UNIQUE);";

/* ---- the text ---- */

static mitome_status check_text(slice text, mitome_error *error)
{
        if (text.size > DOCUMENT_TEXT_MAX)
                return fail(error, MITOME_E_TOO_LONG, "text", NULL);
        if (text.size == 0 || failed(shown_text_check(text, "text", NULL)))
                return fail(error, MITOME_E_VALUE, "text", NULL);
        return ok();
}

/* Says nothing to anybody else, and is the same for each document of the account. */
static void name_account(const struct document_desk *desk, int64_t account, uint8_t ret[SHA256_SIZE])
{
        uint8_t row[8];
        writer w = WRITER(row);
        write_u64(&w, (uint64_t)account);
        const slice parts[] = { slice_text("document account"), SLICE(row) };
        hmac_sha256(slice_of(desk->key, DOCUMENT_KEY_SIZE), parts, 2, ret);
}

static mitome_status write_form(const struct document_desk *desk, int64_t account, slice text, slice number,
        writer *out, slice *ret, mitome_error *error)
{
        uint8_t named[SHA256_SIZE];
        name_account(desk, account, named);
        write_slice(out, slice_text("Document for "));
        write_slice(out, slice_text(desk->origin));
        write_slice(out, slice_text("\nAccount: "));
        hex_text_write(out, slice_of(named, ACCOUNT_DIGEST_SIZE));
        write_slice(out, slice_text("\nNumber: "));
        hex_text_write(out, number);
        write_slice(out, slice_text("\n\n"));
        write_slice(out, text);
        return writer_finish(out, "text", ret, error);
}

/* ---- drawing up ---- */

static mitome_status draw(const struct document_desk *desk, uint8_t *bytes, size_t size, mitome_error *error)
{
        const struct mitome_random *random = party_random(desk->portal);
        return random->fill(random->context, bytes, size) == 0
                       ? ok()
                       : fail(error, MITOME_E_NO_RANDOMNESS, "document", NULL);
}

static mitome_status end_oldest(const struct document_desk *desk, int64_t account, mitome_error *error)
{
        return sql_do(party_store(desk->portal),
                "DELETE FROM document WHERE account = ? AND state = 0 AND id NOT IN (SELECT id FROM document "
                "WHERE account = ? AND state = 0 ORDER BY opened DESC, id LIMIT ?)",
                SQL_VALUES(SQL_INT(account), SQL_INT(account), SQL_INT(DOCUMENT_OPEN - 1)), NULL, error);
}

/* Before anybody has signed it: what is put before a person to sign is a decision, too. */
static mitome_status note_opened(const struct document_desk *desk, slice digest, mitome_error *error)
{
        char subject[JOURNAL_SUBJECT_BUFFER];
        const struct journal_decision decision = { .what = "draw-up-document",
                .outcome = "done",
                .subject = journal_subject_hex(subject, "document", digest) };
        return party_decide(desk->portal, &decision, error);
}

mitome_status document_open(const struct document_desk *desk, int64_t account, slice text,
        uint8_t ret_id[DOCUMENT_ID_SIZE], mitome_error *error)
{
        uint8_t id[DOCUMENT_ID_SIZE], number[NUMBER_SIZE], digest[SHA256_SIZE], form[DOCUMENT_FORM_MAX];
        writer out = WRITER(form);
        slice whole;
        if (account == 0)
                return fail(error, MITOME_E_ARGUMENT, "account", NULL);
        MITOME_TRY(check_text(text, error));
        MITOME_TRY(draw(desk, id, sizeof id, error));
        MITOME_TRY(draw(desk, number, sizeof number, error));
        MITOME_TRY(write_form(desk, account, text, SLICE(number), &out, &whole, error));
        sha256(&whole, 1, digest);
        MITOME_TRY(end_oldest(desk, account, error));
        MITOME_TRY(note_opened(desk, SLICE(digest), error));
        const int64_t now = party_now(desk->portal);
        MITOME_TRY(sql_do(party_store(desk->portal),
                "INSERT INTO document (id, account, opened, expires, state, tries, digest, form) VALUES (?, ?, "
                "?, ?, 0, 0, ?, ?)",
                SQL_VALUES(SQL_BYTES(SLICE(id)), SQL_INT(account), SQL_INT(now),
                        SQL_INT(now + DOCUMENT_SECONDS), SQL_BYTES(SLICE(digest)), SQL_BYTES(whole)),
                NULL, error));
        return slice_copy(SLICE(id), "document", ret_id, DOCUMENT_ID_SIZE, error);
}

/* ---- finding ---- */

static mitome_status copy_sized(
        slice from, uint8_t *to, size_t capacity, size_t *ret_size, mitome_error *error)
{
        MITOME_TRY(slice_copy(from, "document", to, capacity, error));
        *ret_size = from.size;
        return ok();
}

static enum document_state state_of(const struct sql_query *query, int64_t expires, int64_t now)
{
        if (sql_integer(query, 0) == SIGNED)
                return DOCUMENT_SIGNED;
        return expires <= now || sql_integer(query, 8) >= DOCUMENT_TRIES ? DOCUMENT_OVER : DOCUMENT_WAITS;
}

static mitome_status read_row(
        const struct sql_query *query, int64_t now, struct document *ret, mitome_error *error)
{
        size_t size = 0;
        *ret = (struct document){
                .account = sql_integer(query, 1),
                .opened = sql_integer(query, 2),
                .expires = sql_integer(query, 3),
                .signed_at = sql_integer(query, 4),
        };
        ret->state = state_of(query, ret->expires, now);
        MITOME_TRY(copy_sized(sql_bytes(query, 5), ret->digest, sizeof ret->digest, &size, error));
        MITOME_TRY(copy_sized(sql_bytes(query, 6), ret->form, sizeof ret->form, &ret->form_size, error));
        MITOME_TRY(
                copy_sized(sql_bytes(query, 7), ret->serial, sizeof ret->serial, &ret->serial_size, error));
        return copy_sized(sql_bytes(query, 9), ret->signature, sizeof ret->signature, &size, error);
}

mitome_status document_find(const struct document_desk *desk, int64_t account, slice id, struct document *ret,
        mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_ask(party_store(desk->portal),
                "SELECT state, account, opened, expires, signed_at, digest, form, serial, tries, "
                "signature_digest FROM document WHERE id = ?",
                SQL_VALUES(SQL_BYTES(id)), &query, error));
        mitome_status status = fail(NULL, MITOME_E_DOCUMENT_UNKNOWN, "document", NULL);
        if (sql_next(&query) && (account == 0 || sql_integer(&query, 1) == account))
                status = read_row(&query, party_now(desk->portal), ret, error);
        MITOME_TRY(sql_end(&query));
        return failed(status) ? fail(error, status.code, "document", NULL) : ok();
}

/* ---- signing ---- */

/* Counted before anything is verified. */
static mitome_status count_try(const struct document_desk *desk, slice id, mitome_error *error)
{
        int64_t changed = 0;
        MITOME_TRY(sql_do(party_store(desk->portal),
                "UPDATE document SET tries = tries + 1 WHERE id = ? AND state = 0 AND tries < ? AND expires > ?",
                SQL_VALUES(SQL_BYTES(id), SQL_INT(DOCUMENT_TRIES), SQL_INT(party_now(desk->portal))),
                &changed, error));
        return changed ? ok() : fail(error, MITOME_E_DOCUMENT_OVER, "document", NULL);
}

static void digest_proof(const struct document_proof *proof, uint8_t ret[SHA256_SIZE])
{
        const slice what = proof->cms.size ? proof->cms : proof->signature;
        sha256(&what, 1, ret);
}

static mitome_status note(const struct document_desk *desk, const struct document *document,
        const struct document_proof *proof, const char *outcome, const char *reason, mitome_error *error)
{
        char subject[JOURNAL_SUBJECT_BUFFER];
        struct journal_decision decision = {
                .what = "sign-document",
                .outcome = outcome,
                .subject = journal_subject_hex(subject, "document", SLICE(document->digest)),
                .evidence = { { .kind = "signature" } },
                .evidence_count = 1,
                .reason = reason,
        };
        digest_proof(proof, decision.evidence[0].digest);
        return party_decide(desk->portal, &decision, error);
}

static void name_person(
        const struct document_desk *desk, const struct document_signed_by *signer, uint8_t ret[SHA256_SIZE])
{
        /* With its '\0', so that no part of a name passes for a day. */
        const slice parts[] = { slice_text("document person"), slice_of(signer->name, sizeof signer->name),
                slice_of(signer->birth, sizeof signer->birth) };
        hmac_sha256(slice_of(desk->key, DOCUMENT_KEY_SIZE), parts, 3, ret);
}

static mitome_status is_person(
        struct sql_store *store, int64_t account, slice person, bool *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_ask(store, "SELECT person FROM document_person WHERE account = ?",
                SQL_VALUES(SQL_INT(account)), &query, error));
        const bool same = sql_next(&query) && secret_equal(sql_bytes(&query, 0), person);
        MITOME_TRY(sql_end(&query));
        *ret = same;
        return ok();
}

/* The first signature of an account says whose it is; nobody is the person of two. */
static mitome_status check_person(const struct document_desk *desk, int64_t account,
        const struct document_signed_by *signer, mitome_error *error)
{
        struct sql_store *store = party_store(desk->portal);
        uint8_t person[SHA256_SIZE];
        bool same = false;
        name_person(desk, signer, person);
        MITOME_TRY(sql_do(store,
                "INSERT INTO document_person (account, person) VALUES (?, ?) ON CONFLICT DO NOTHING",
                SQL_VALUES(SQL_INT(account), SQL_BYTES(SLICE(person))), NULL, error));
        MITOME_TRY(is_person(store, account, SLICE(person), &same, error));
        return same ? ok() : fail(error, MITOME_E_DOCUMENT_PERSON, "signer", NULL);
}

static mitome_status keep_proof(const struct document_desk *desk, slice id,
        const struct document_signed_by *signer, const struct document_proof *proof, mitome_error *error)
{
        uint8_t digest[SHA256_SIZE];
        int64_t changed = 0;
        digest_proof(proof, digest);
        MITOME_TRY(sql_do(party_store(desk->portal),
                "UPDATE document SET state = 1, serial = ?, signed_at = ?, signature_digest = ?, certificate = "
                "?, signature = ?, cms = ? WHERE id = ? AND state = 0",
                SQL_VALUES(SQL_BYTES(slice_of(signer->serial, signer->serial_size)),
                        SQL_INT(party_now(desk->portal)), SQL_BYTES(SLICE(digest)),
                        sql_bytes_or_none(proof->certificate), sql_bytes_or_none(proof->signature),
                        sql_bytes_or_none(proof->cms), SQL_BYTES(id)),
                &changed, error));
        return changed ? ok() : fail(error, MITOME_E_DOCUMENT_OVER, "document", NULL);
}

static mitome_status keep(const struct document_desk *desk, slice id, const struct document *document,
        const struct document_signed_by *signer, const struct document_proof *proof, mitome_error *error)
{
        MITOME_TRY(check_person(desk, document->account, signer, error));
        MITOME_TRY(keep_proof(desk, id, signer, proof, error));
        return note(desk, document, proof, "done", NULL, error);
}

static mitome_status verify_and_keep(const struct document_desk *desk, const struct portal_snapshot *snapshot,
        slice id, const struct document *document, const struct document_proof *proof, mitome_error *error)
{
        struct sql_store *store = party_store(desk->portal);
        struct document_signed_by signer = { 0 };
        const slice form = slice_of(document->form, document->form_size);
        MITOME_TRY(document_proof_verify(snapshot, proof, form, party_now(desk->portal), &signer, error));
        MITOME_TRY(sql_begin(store, error));
        return sql_settle(store, keep(desk, id, document, &signer, proof, error), error);
}

static mitome_status refuse(const struct document_desk *desk, const struct document *document,
        const struct document_proof *proof, mitome_code code, mitome_error *error)
{
        struct sql_store *store = party_store(desk->portal);
        char reason[REASON_MAX];
        (void)snprintf(reason, sizeof reason, "%d %s", (int)code, party_code_name(code));
        MITOME_TRY(sql_begin(store, error));
        return sql_settle(store, note(desk, document, proof, "refused", reason, error), error);
}

static mitome_status check_sizes(const struct document_proof *proof, mitome_error *error)
{
        return proof->certificate.size > DOCUMENT_PROOF_MAX || proof->signature.size > DOCUMENT_PROOF_MAX ||
                               proof->cms.size > DOCUMENT_PROOF_MAX
                       ? fail(error, MITOME_E_TOO_LONG, "proof", NULL)
                       : ok();
}

/* The machine's, not the proof's: then nothing is known of it. */
static bool is_store_failure(mitome_code code)
{
        static const mitome_code failures[] = { MITOME_E_SQL_FAILED, MITOME_E_SQL_CONSTRAINT,
                MITOME_E_SQL_AGAIN, MITOME_E_SQL_UNKNOWN, MITOME_E_NO_MEMORY };
        for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++)
                if (failures[i] == code)
                        return true;
        return false;
}

mitome_status document_sign(const struct document_desk *desk, const struct portal_snapshot *snapshot,
        slice id, const struct document_proof *proof, struct document *ret, mitome_error *error)
{
        struct document document = { 0 };
        MITOME_TRY(check_sizes(proof, error));
        MITOME_TRY(document_find(desk, 0, id, &document, error));
        MITOME_TRY(count_try(desk, id, error));
        mitome_status status = verify_and_keep(desk, snapshot, id, &document, proof, error);
        if (failed(status)) {
                if (!is_store_failure(status.code))
                        MITOME_TRY(refuse(desk, &document, proof, status.code, NULL));
                return status;
        }
        return document_find(desk, 0, id, ret, error);
}

/* ---- what is handed out, and forgotten ---- */

static mitome_status keep_view(writer *room, slice from, slice *ret, mitome_error *error)
{
        uint8_t *to = write_space(room, from.size);
        if (!to)
                return fail(error, MITOME_E_BUFFER_FULL, "document", NULL);
        MITOME_TRY(slice_copy(from, "document", to, from.size, error));
        *ret = slice_of(to, from.size);
        return ok();
}

static mitome_status read_evidence(
        const struct sql_query *query, writer *room, struct document_proof *ret, mitome_error *error)
{
        struct document_proof proof = { 0 };
        slice *const to[] = { &proof.certificate, &proof.signature, &proof.cms };
        for (int i = 0; i < 3; i++)
                if (!sql_is_null(query, i))
                        MITOME_TRY(keep_view(room, sql_bytes(query, i), to[i], error));
        *ret = proof;
        return ok();
}

mitome_status document_evidence(const struct document_desk *desk, int64_t account, slice id, uint8_t *buffer,
        size_t capacity, struct document_proof *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        writer room = writer_over(buffer, capacity);
        MITOME_TRY(sql_ask(party_store(desk->portal),
                "SELECT certificate, signature, cms FROM document WHERE id = ? AND account = ? AND state = 1",
                SQL_VALUES(SQL_BYTES(id), SQL_INT(account)), &query, error));
        mitome_status status = sql_next(&query) ? read_evidence(&query, &room, ret, error)
                                                : fail(NULL, MITOME_E_DOCUMENT_UNKNOWN, "document", NULL);
        MITOME_TRY(sql_end(&query));
        return failed(status) ? fail(error, status.code, "document", NULL) : ok();
}

static mitome_status read_name(const struct document_proof *proof, uint8_t buffer[DOCUMENT_PROOF_MAX],
        char ret[DOCUMENT_NAME_MAX + 1], mitome_error *error)
{
        struct document_signed_by signer = { 0 };
        slice certificate;
        MITOME_TRY(document_proof_certificate(proof, buffer, &certificate, error));
        MITOME_TRY(document_proof_person(certificate, &signer, error));
        return slice_copy(SLICE(signer.name), "name", (uint8_t *)ret, DOCUMENT_NAME_MAX + 1, error);
}

mitome_status document_signer(
        const struct document_proof *proof, char ret[DOCUMENT_NAME_MAX + 1], mitome_error *error)
{
        uint8_t *buffer = malloc(DOCUMENT_PROOF_MAX);
        if (!buffer)
                return fail(error, MITOME_E_NO_MEMORY, "document", NULL);
        mitome_status status = read_name(proof, buffer, ret, error);
        free(buffer);
        return status;
}

mitome_status document_sweep(const struct document_desk *desk, mitome_error *error)
{
        return sql_do(party_store(desk->portal), "DELETE FROM document WHERE state = 0 AND expires <= ?",
                SQL_VALUES(SQL_INT(party_now(desk->portal) - KEEP_SECONDS)), NULL, error);
}
