/* SPDX-License-Identifier: Apache-2.0 */
/* What others ask of a party: each letter once, whatever the network does with it. */
#include "party_internal.h"

#include "digest.h"
#include "refusal.h"

/* ---- the answer ---- */

/* What is kept of an answer. It is sealed anew whenever it is given: it names the letter that it answers, and
 * an id that is used again comes in another letter (of another time). */
struct kept_answer {
        bool refused;
        slice body;
};

static mitome_status seal_answer(struct party *party, const struct letter *letter,
        const struct kept_answer *kept, writer *out, mitome_error *error)
{
        struct letter answer = { .to = letter->from,
                .kind = slice_text(kept->refused ? party_refusal_kind : party_answer_kind),
                .body = kept->body,
                .is_answer = true };
        MITOME_TRY(slice_copy(SLICE(letter->id), "id", answer.id, sizeof answer.id, error));
        MITOME_TRY(slice_copy(SLICE(letter->digest), "digest", answer.answers, sizeof answer.answers, error));
        return party_seal_letter(party, &answer, out, error);
}

/* ---- one that was here before ---- */

static void digest_what(const struct letter *letter, uint8_t ret[SHA256_SIZE])
{
        static const uint8_t end[1] = { 0 }; /* stands in no kind */
        const slice parts[] = { letter->kind, SLICE(end), letter->body };
        sha256(parts, 3, ret);
}

static mitome_status answer_again(struct party *party, const struct letter *letter, struct sql_query *query,
        writer *out, mitome_error *error)
{
        uint8_t what[SHA256_SIZE], refusal[REFUSAL_SIZE];
        struct kept_answer kept = { sql_integer(query, 1) != 0, sql_bytes(query, 2) };
        digest_what(letter, what);
        if (!slice_equal(sql_bytes(query, 0), SLICE(what)))
                kept = (struct kept_answer){ true, refusal_write(MITOME_E_LETTER_TWICE, refusal) };
        return seal_answer(party, letter, &kept, out, error);
}

static mitome_status look_up(
        struct party *party, const struct letter *letter, writer *out, bool *ret_known, mitome_error *error)
{
        struct sql_query query;
        MITOME_TRY(
                sql_ask(party->store, "SELECT what, refused, answer FROM inbox WHERE sender = ? AND id = ?",
                        SQL_VALUES(SQL_TEXT_OF(letter->from), SQL_BYTES(SLICE(letter->id))), &query, error));
        mitome_status status = ok();
        bool known = sql_next(&query);
        if (known)
                status = answer_again(party, letter, &query, out, error);
        MITOME_TRY(sql_end(&query));
        MITOME_TRY(status);
        *ret_known = known;
        return ok();
}

/* ---- a new one ---- */

static const struct party_desk *find_desk(const struct party_desks *desks, slice kind)
{
        for (size_t i = 0; desks && i < desks->count; i++)
                if (slice_is(kind, desks->desks[i].kind))
                        return &desks->desks[i];
        return NULL;
}

static bool may_ask(const struct party_desk *desk, slice from)
{
        for (const char *const *name = desk->from; name && *name; name++)
                if (slice_is(from, *name))
                        return true;
        return false;
}

/* A letter that came and what it came as. */
struct arrival {
        struct party *party;
        const struct party_desks *desks;
        const struct letter *letter;
        slice bytes;
};

/* What is old goes when something new comes, a few at a time: nothing grows for ever. First the letter:
 * LETTER_TIME refuses it by then, whoever brings it, and what it says of people is nobody's any more. Later
 * that there was one: who lost the answer, and could not be reached for long, asks in a letter of today with
 * the id of then. */
static mitome_status forget(struct party *party, mitome_error *error)
{
        enum { A_FEW = 16 };
        int64_t now = party_now(party);
        MITOME_TRY(sql_do(party->store,
                "UPDATE inbox SET letter = x'' WHERE (sender, id) IN (SELECT sender, id FROM inbox"
                " WHERE letter <> x'' AND at < ? ORDER BY at LIMIT ?)",
                SQL_VALUES(SQL_INT(now - 2 * (int64_t)LETTER_SKEW), SQL_INT(A_FEW)), NULL, error));
        return sql_do(party->store,
                "DELETE FROM inbox WHERE (sender, id) IN (SELECT sender, id FROM inbox"
                " WHERE at < ? ORDER BY at LIMIT ?)",
                SQL_VALUES(SQL_INT(now - PARTY_REMEMBERS), SQL_INT(A_FEW)), NULL, error);
}

static mitome_status keep(
        const struct arrival *arrival, const struct kept_answer *answer, mitome_error *error)
{
        uint8_t what[SHA256_SIZE];
        digest_what(arrival->letter, what);
        MITOME_TRY(forget(arrival->party, error));
        return sql_do(arrival->party->store,
                "INSERT INTO inbox (sender, id, what, letter, refused, answer, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                SQL_VALUES(SQL_TEXT_OF(arrival->letter->from), SQL_BYTES(SLICE(arrival->letter->id)),
                        SQL_BYTES(SLICE(what)), SQL_BYTES(arrival->bytes), SQL_INT(answer->refused),
                        SQL_BYTES(answer->body), SQL_INT(party_now(arrival->party))),
                NULL, error);
}

static mitome_status note(const struct arrival *arrival, mitome_code refusal, mitome_error *error)
{
        const struct letter *letter = arrival->letter;
        struct party_notice notice = { .verb = "take",
                .kind = letter->kind,
                .outcome = refusal == MITOME_OK ? "done" : "refused",
                .id = letter->id,
                .letter = letter->digest,
                .refusal = refusal };
        return party_note(arrival->party, &notice, error);
}

static mitome_status handle(const struct arrival *arrival, writer *body, mitome_error *error)
{
        const struct letter *letter = arrival->letter;
        const struct party_desk *desk = find_desk(arrival->desks, letter->kind);
        struct party_request request = {
                .from = letter->from, .kind = letter->kind, .body = letter->body, .at = letter->at
        };
        slice whole;
        if (!desk)
                return fail(error, MITOME_E_LETTER_KIND, "letter.kind", NULL);
        if (!may_ask(desk, letter->from))
                return fail(error, MITOME_E_LETTER_SENDER, "letter.from", NULL);
        MITOME_TRY(slice_copy(SLICE(letter->id), "id", request.id, sizeof request.id, error));
        MITOME_TRY(slice_copy(SLICE(letter->digest), "digest", request.digest, sizeof request.digest, error));
        MITOME_TRY(desk->handle(arrival->desks->context, &request, body, error));
        return writer_finish(body, "answer", &whole, error);
}

/* Inside a transaction: the desk's work, its note, and the answer. */
static mitome_status do_it(const struct arrival *arrival, writer *out, mitome_error *error)
{
        uint8_t buffer[LETTER_BODY_MAX];
        writer body = WRITER(buffer);
        unsigned decisions = arrival->party->decisions;
        MITOME_TRY(handle(arrival, &body, error));
        if (arrival->party->decisions == decisions)
                MITOME_TRY(note(arrival, MITOME_OK, error));
        const struct kept_answer answer = { false, writer_view(&body) };
        MITOME_TRY(keep(arrival, &answer, error));
        mitome_status status = seal_answer(arrival->party, arrival->letter, &answer, out, error);
        bytes_wipe(buffer, sizeof buffer);
        return status;
}

static mitome_status refuse_it(
        const struct arrival *arrival, mitome_code code, writer *out, mitome_error *error)
{
        uint8_t buffer[REFUSAL_SIZE];
        const struct kept_answer answer = { true, refusal_write(code, buffer) };
        party_saw(arrival->party, arrival->letter->from, &arrival->letter->head);
        MITOME_TRY(note(arrival, code, error));
        MITOME_TRY(keep(arrival, &answer, error));
        return seal_answer(arrival->party, arrival->letter, &answer, out, error);
}

/* What says nothing about the letter: it may be done when it comes again. */
static bool is_trouble(mitome_code code)
{
        static const mitome_code troubles[] = { MITOME_E_SQL_FAILED, MITOME_E_SQL_CONSTRAINT,
                MITOME_E_SQL_AGAIN, MITOME_E_SQL_UNKNOWN, MITOME_E_NO_MEMORY, MITOME_E_NO_RANDOMNESS,
                MITOME_E_FILE_WRITE, MITOME_E_STORE_EXISTS, MITOME_E_STORE_MISSING, MITOME_E_STORE_SEAL,
                MITOME_E_STORE_FOREIGN, MITOME_E_STORE_BROKEN, MITOME_E_STORE_ROLLED_BACK,
                MITOME_E_STORE_ANCHOR, MITOME_E_STORE_APPEND };
        for (size_t i = 0; i < sizeof troubles / sizeof *troubles; i++)
                if (troubles[i] == code)
                        return true;
        return false;
}

static mitome_status answer_new(const struct arrival *arrival, writer *out, mitome_error *error)
{
        struct sql_store *store = arrival->party->store;
        const writer before = *out;
        mitome_error cause = { 0 };
        MITOME_TRY(sql_begin(store, error));
        mitome_status status = do_it(arrival, out, &cause);
        if (!failed(status) || is_trouble(status.code)) {
                if (failed(status))
                        error_record(error, cause.code, cause.at, cause.field, cause.clause);
                status = sql_settle(store, status, error);
        } else {
                sql_rollback(store);
                *out = before;
                MITOME_TRY(sql_begin(store, error));
                status = sql_settle(store, refuse_it(arrival, status.code, out, error), error);
        }
        if (failed(status))
                *out = before;
        return status;
}

/* ---- who may write at all ---- */

static mitome_status open_letter(
        const struct party *party, slice bytes, struct letter *ret, mitome_error *error)
{
        slice from;
        struct letter letter;
        MITOME_TRY(letter_peek(bytes, &from, error));
        const struct directory_entry *sender = directory_find(party->directory, from);
        if (!sender)
                return fail(error, MITOME_E_LETTER_SENDER, "letter.from", NULL);
        MITOME_TRY(letter_open(bytes, sender->key, &letter, error));
        if (letter.is_answer)
                return fail(error, MITOME_E_LETTER_FORM, "letter.answers", NULL);
        if (!slice_is(letter.to, party->name))
                return fail(error, MITOME_E_LETTER_ADDRESSEE, "letter.to", NULL);
        int64_t now = party_now(party);
        if (letter.at > now + LETTER_SKEW || letter.at < now - LETTER_SKEW)
                return fail(error, MITOME_E_LETTER_TIME, "letter.at", NULL);
        *ret = letter;
        return ok();
}

mitome_status party_receive(struct party *party, const struct party_desks *desks, slice letter,
        writer *answer, mitome_error *error)
{
        struct letter opened;
        bool known = false;
        MITOME_TRY(open_letter(party, letter, &opened, error));
        MITOME_TRY(look_up(party, &opened, answer, &known, error));
        if (known)
                return ok();
        party->sight_count = 0; /* nobody's head is noted with another's letter */
        party_saw(party, opened.from, &opened.head);
        const struct arrival arrival = { party, desks, &opened, letter };
        return answer_new(&arrival, answer, error);
}
