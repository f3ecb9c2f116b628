/* SPDX-License-Identifier: Apache-2.0 */
/* What a party asks of others: at once, or until it is answered. */
#include "party_internal.h"

#include "digest.h"
#include "refusal.h"

#include <string.h>

enum {
        SEALED_FOR = LETTER_SKEW / 2, /* a letter that waits longer is sealed anew */
        PAUSE_MAX = 3600,
        AT_ONCE = 256, /* letters to one party in one flush: the others get their turn */
};

/* One letter on its way. */
struct errand {
        const struct directory_entry *to;
        slice kind, letter;
        uint8_t id[LETTER_ID_SIZE];
        uint8_t digest[LETTER_DIGEST_SIZE];
};

/* ---- asking ---- */

/* seal_errand seals the letter into `out` and notes that it was asked; inside a transaction. */
static mitome_status seal_errand(
        struct party *party, struct errand *errand, slice body, writer *out, mitome_error *error)
{
        struct letter letter = { .to = slice_text(errand->to->name), .kind = errand->kind, .body = body };
        MITOME_TRY(slice_copy(SLICE(errand->id), "id", letter.id, sizeof letter.id, error));
        MITOME_TRY(party_seal_letter(party, &letter, out, error));
        errand->letter = writer_view(out);
        sha256(&errand->letter, 1, errand->digest);
        struct party_notice notice = { .verb = "ask",
                .kind = errand->kind,
                .outcome = "asked",
                .id = errand->id,
                .letter = errand->digest };
        return party_note(party, &notice, error);
}

static mitome_status read_answer(const struct party *party, const struct errand *errand, slice bytes,
        struct letter *ret, mitome_code *ret_refusal, mitome_error *error)
{
        struct letter answer;
        mitome_code refusal = MITOME_OK;
        MITOME_TRY(letter_open(bytes, errand->to->key, &answer, error));
        if (answer.head.number == 0) /* whoever has answered has written that he did */
                return fail(error, MITOME_E_LETTER_FORM, "answer.head", NULL);
        if (!slice_is(answer.from, errand->to->name) || !slice_is(answer.to, party->name) ||
                !answer.is_answer || !slice_equal(SLICE(answer.answers), SLICE(errand->digest)))
                return fail(error, MITOME_E_LETTER_ADDRESSEE, "answer", NULL);
        if (slice_is(answer.kind, party_refusal_kind))
                MITOME_TRY(refusal_read(answer.body, &refusal, error));
        else if (!slice_is(answer.kind, party_answer_kind))
                return fail(error, MITOME_E_LETTER_FORM, "answer.kind", NULL);
        *ret = answer;
        *ret_refusal = refusal;
        return ok();
}

/* Whatever is not his answer to this letter is as good as none: anybody on the way can make it. */
static mitome_status ask(struct party *party, const struct errand *errand, uint8_t buffer[LETTER_MAX],
        struct letter *ret, mitome_code *ret_refusal, mitome_error *error)
{
        size_t size = 0;
        if (failed(party->post.deliver(
                    party->post.context, errand->to, errand->letter, buffer, LETTER_MAX, &size, NULL)) ||
                size > LETTER_MAX ||
                failed(read_answer(party, errand, slice_of(buffer, size), ret, ret_refusal, NULL)))
                return fail(error, MITOME_E_UNREACHABLE, errand->to->name, NULL);
        return ok();
}

/* note_answer notes what he said, as he said it; inside a transaction. */
static mitome_status note_answer(struct party *party, const struct errand *errand,
        const struct letter *answer, mitome_code refusal, mitome_error *error)
{
        struct party_notice notice = { .verb = "ask",
                .kind = errand->kind,
                .outcome = refusal == MITOME_OK ? "confirmed" : "refused",
                .id = errand->id,
                .letter = errand->digest,
                .answer = answer->digest,
                .refusal = refusal };
        party_saw(party, answer->from, &answer->head);
        return party_note(party, &notice, error);
}

static mitome_status begin_errand(struct party *party, const char *to, const char *kind,
        const uint8_t id[LETTER_ID_SIZE], struct errand *ret, mitome_error *error)
{
        struct errand errand = { .to = directory_find(party->directory, slice_text(to)),
                .kind = slice_text(kind) };
        if (!errand.to)
                return fail(error, MITOME_E_LETTER_ADDRESSEE, "to", NULL);
        MITOME_TRY(slice_copy(slice_of(id, LETTER_ID_SIZE), "id", errand.id, sizeof errand.id, error));
        *ret = errand;
        return ok();
}

mitome_status party_call(struct party *party, const char *to, const char *kind,
        const uint8_t id[LETTER_ID_SIZE], slice body, uint8_t buffer[LETTER_MAX], slice *ret_answer,
        mitome_code *ret_refusal, mitome_error *error)
{
        uint8_t bytes[LETTER_MAX];
        writer out = WRITER(bytes);
        struct errand errand;
        struct letter answer;
        mitome_code refusal;
        if (sql_is_open(party->store))
                return fail(error, MITOME_E_ARGUMENT, "a call inside a transaction", NULL);
        MITOME_TRY(begin_errand(party, to, kind, id, &errand, error));
        MITOME_TRY(sql_begin(party->store, error));
        MITOME_TRY(sql_settle(party->store, seal_errand(party, &errand, body, &out, error), error));
        MITOME_TRY(ask(party, &errand, buffer, &answer, &refusal, error));
        MITOME_TRY(sql_begin(party->store, error));
        MITOME_TRY(sql_settle(party->store, note_answer(party, &errand, &answer, refusal, error), error));
        MITOME_TRY(slice_copy(SLICE(errand.digest), "letter", party->asked, sizeof party->asked, error));
        MITOME_TRY(
                slice_copy(SLICE(answer.digest), "answer", party->answered, sizeof party->answered, error));
        if (refusal != MITOME_OK) {
                if (ret_refusal)
                        *ret_refusal = refusal;
                return fail(error, MITOME_E_REFUSED, errand.to->name, NULL);
        }
        *ret_answer = answer.body;
        return ok();
}

void party_call_evidence(const struct party *party, struct journal_evidence ret[2])
{
        writer letter = WRITER(ret[0].digest), answer = WRITER(ret[1].digest);
        ret[0].kind = "letter";
        ret[1].kind = "answer";
        write_slice(&letter, SLICE(party->asked));
        write_slice(&answer, SLICE(party->answered));
}

/* ---- sending ---- */

mitome_status party_send(
        struct party *party, const char *to, const char *kind, slice body, mitome_error *error)
{
        uint8_t bytes[LETTER_MAX], id[LETTER_ID_SIZE];
        writer out = WRITER(bytes);
        struct errand errand;
        int64_t now = party_now(party);
        if (!sql_is_open(party->store))
                return fail(error, MITOME_E_ARGUMENT, "sending outside a transaction", NULL);
        MITOME_TRY(party_make_id(party, id, error));
        MITOME_TRY(begin_errand(party, to, kind, id, &errand, error));
        MITOME_TRY(seal_errand(party, &errand, body, &out, error));
        return sql_do(party->store,
                "INSERT INTO outbox (addressee, id, kind, body, letter, sealed, due) VALUES (?, ?, ?, ?, ?, ?, ?)",
                SQL_VALUES(SQL_STR(to), SQL_BYTES(SLICE(id)), SQL_STR(kind), SQL_BYTES(body),
                        SQL_BYTES(errand.letter), SQL_INT(now), SQL_INT(now)),
                NULL, error);
}

/* ---- what waits ---- */

/* The oldest letter to one party. */
struct waiting {
        int64_t number, sealed, attempts, due;
        char kind[LETTER_KIND_MAX + 1];
        uint8_t letter[LETTER_MAX], body[LETTER_BODY_MAX];
        slice letter_view, body_view;
        uint8_t id[LETTER_ID_SIZE];
};

static mitome_status take_bytes(const struct sql_query *query, int column, uint8_t *to, size_t capacity,
        slice *ret, mitome_error *error)
{
        slice bytes = sql_bytes(query, column);
        MITOME_TRY(slice_copy(bytes, "outbox", to, capacity, error));
        *ret = slice_of(to, bytes.size);
        return ok();
}

static mitome_status take_row(const struct sql_query *query, struct waiting *ret, mitome_error *error)
{
        slice id, kind;
        ret->number = sql_integer(query, 0);
        ret->sealed = sql_integer(query, 1);
        ret->attempts = sql_integer(query, 2);
        ret->due = sql_integer(query, 3);
        MITOME_TRY(take_bytes(query, 4, ret->id, sizeof ret->id, &id, error));
        MITOME_TRY(take_bytes(query, 5, (uint8_t *)ret->kind, LETTER_KIND_MAX, &kind, error));
        ret->kind[kind.size] = '\0';
        MITOME_TRY(take_bytes(query, 6, ret->letter, sizeof ret->letter, &ret->letter_view, error));
        return take_bytes(query, 7, ret->body, sizeof ret->body, &ret->body_view, error);
}

static mitome_status find_oldest(
        struct party *party, const char *to, struct waiting *ret, bool *ret_found, mitome_error *error)
{
        struct sql_query query;
        mitome_status status = ok();
        MITOME_TRY(sql_ask(party->store,
                "SELECT number, sealed, attempts, due, id, kind, letter, body FROM outbox"
                " WHERE addressee = ? ORDER BY number LIMIT 1",
                SQL_VALUES(SQL_STR(to)), &query, error));
        bool found = sql_next(&query);
        if (found)
                status = take_row(&query, ret, error);
        MITOME_TRY(sql_end(&query));
        MITOME_TRY(status);
        *ret_found = found;
        return ok();
}

/* A due time further off than any pause was written by a clock that has been put back. */
static bool is_due(const struct waiting *waiting, int64_t now)
{
        return waiting->due <= now || waiting->due > now + PAUSE_MAX;
}

static mitome_status put_off(struct party *party, const struct waiting *waiting, mitome_error *error)
{
        int64_t pause = waiting->attempts < 12 ? INT64_C(1) << waiting->attempts : PAUSE_MAX;
        if (pause > PAUSE_MAX)
                pause = PAUSE_MAX;
        return sql_do(party->store, "UPDATE outbox SET attempts = attempts + 1, due = ? WHERE number = ?",
                SQL_VALUES(SQL_INT(party_now(party) + pause), SQL_INT(waiting->number)), NULL, error);
}

static mitome_status seal_anew(
        struct party *party, struct waiting *waiting, struct errand *errand, mitome_error *error)
{
        writer out = WRITER(waiting->letter);
        MITOME_TRY(seal_errand(party, errand, waiting->body_view, &out, error));
        return sql_do(party->store, "UPDATE outbox SET letter = ?, sealed = ? WHERE number = ?",
                SQL_VALUES(SQL_BYTES(errand->letter), SQL_INT(party_now(party)), SQL_INT(waiting->number)),
                NULL, error);
}

static mitome_status finish(struct party *party, const struct waiting *waiting, const struct errand *errand,
        const struct letter *answer, mitome_code refusal, mitome_error *error)
{
        MITOME_TRY(note_answer(party, errand, answer, refusal, error));
        return sql_do(party->store, "DELETE FROM outbox WHERE number = ?",
                SQL_VALUES(SQL_INT(waiting->number)), NULL, error);
}

static bool is_old(const struct waiting *waiting, int64_t now)
{
        return waiting->sealed < now - SEALED_FOR || waiting->sealed > now + SEALED_FOR;
}

/* send_oldest sends one letter; *ret_more: it is done, and the next one may go. */
static mitome_status send_oldest(
        struct party *party, struct waiting *waiting, const char *to, bool *ret_more, mitome_error *error)
{
        uint8_t buffer[LETTER_MAX];
        struct errand errand;
        struct letter answer;
        mitome_code refusal;
        *ret_more = false;
        if (failed(begin_errand(party, to, waiting->kind, waiting->id, &errand, NULL)))
                return put_off(party, waiting, error); /* he may be entered later */
        errand.letter = waiting->letter_view;
        sha256(&errand.letter, 1, errand.digest);
        if (is_old(waiting, party_now(party))) {
                MITOME_TRY(sql_begin(party->store, error));
                MITOME_TRY(sql_settle(party->store, seal_anew(party, waiting, &errand, error), error));
        }
        if (failed(ask(party, &errand, buffer, &answer, &refusal, NULL)))
                return put_off(party, waiting, error);
        MITOME_TRY(sql_begin(party->store, error));
        MITOME_TRY(sql_settle(party->store, finish(party, waiting, &errand, &answer, refusal, error), error));
        *ret_more = true;
        return ok();
}

static mitome_status flush_to(struct party *party, const char *to, mitome_error *error)
{
        for (int i = 0; i < AT_ONCE; i++) {
                struct waiting waiting = { 0 };
                bool found = false, more = false;
                MITOME_TRY(find_oldest(party, to, &waiting, &found, error));
                if (!found || !is_due(&waiting, party_now(party)))
                        return ok();
                MITOME_TRY(send_oldest(party, &waiting, to, &more, error));
                if (!more)
                        return ok();
        }
        return ok();
}

struct addressees {
        size_t count;
        char names[DIRECTORY_MAX][LETTER_NAME_MAX + 1];
};

static mitome_status find_addressees(struct party *party, struct addressees *ret, mitome_error *error)
{
        struct sql_query query;
        struct addressees all = { 0 };
        mitome_status status = ok();
        MITOME_TRY(sql_ask(party->store, "SELECT DISTINCT addressee FROM outbox", NULL, 0, &query, error));
        while (!failed(status) && all.count < DIRECTORY_MAX && sql_next(&query)) {
                slice name;
                status = take_bytes(
                        &query, 0, (uint8_t *)all.names[all.count++], LETTER_NAME_MAX, &name, error);
        }
        MITOME_TRY(sql_end(&query));
        MITOME_TRY(status);
        *ret = all;
        return ok();
}

static mitome_status count_left(struct party *party, size_t *ret, mitome_error *error)
{
        struct sql_query query;
        MITOME_TRY(sql_ask(party->store, "SELECT count(*) FROM outbox", NULL, 0, &query, error));
        int64_t left = sql_next(&query) ? sql_integer(&query, 0) : 0;
        MITOME_TRY(sql_end(&query));
        *ret = (size_t)left;
        return ok();
}

static mitome_status flush_all(struct party *party, mitome_error *error)
{
        struct addressees all;
        MITOME_TRY(find_addressees(party, &all, error));
        for (size_t i = 0; i < all.count; i++)
                MITOME_TRY(flush_to(party, all.names[i], error));
        return ok();
}

mitome_status party_flush(struct party *party, size_t *ret_left, mitome_error *error)
{
        mitome_status status = ok();
        if (sql_is_open(party->store))
                return fail(error, MITOME_E_ARGUMENT, "a flush inside a transaction", NULL);
        if (!party->flushing) { /* another thread, while this one's letter is under way, only counts */
                party->flushing = true;
                status = flush_all(party, error);
                party->flushing = false;
        }
        MITOME_TRY(status);
        return count_left(party, ret_left, error);
}
