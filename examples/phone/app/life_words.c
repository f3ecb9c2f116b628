/* SPDX-License-Identifier: Apache-2.0 */
#include "life_words.h"

#include "cbor.h"
#include "kept_receipts.h"

#include <stdlib.h>

/* ---- maps: members 1, 2, .. one after the other ---- */

struct map {
        struct cbor_reader r;
        struct cbor_members members;
        bool more;
        int64_t key;
};

static mitome_status next(struct map *map)
{
        struct cbor_key key = { 0 };
        MITOME_TRY(cbor_next_key(&map->r, &map->members, &key, &map->more));
        if (map->more && key.is_text)
                return reader_fail(&map->r.bytes, MITOME_E_VALUE, "the answer");
        map->key = key.number;
        return ok();
}

static mitome_status open_map(const struct life_answer *answer, struct map *ret, mitome_error *error)
{
        ret->r = cbor_over(answer->body, NULL, error);
        MITOME_TRY(cbor_open_map(&ret->r, "the answer", 4, &ret->members));
        return next(ret);
}

static mitome_status at_member(struct map *map, int64_t key)
{
        return map->more && map->key == key ? ok()
                                            : reader_fail(&map->r.bytes, MITOME_E_MISSING, "the answer");
}

static mitome_status close_map(struct map *map)
{
        if (map->more)
                return reader_fail(&map->r.bytes, MITOME_E_VALUE, "the answer");
        return cbor_end(&map->r, "the answer");
}

/* ---- calls ---- */

mitome_status life_call(const struct phone_way *way, const char *kind, slice body, struct life_answer *ret,
        mitome_error *error)
{
        return way->call(way->context, kind, body, ret->bytes, sizeof ret->bytes, &ret->body, error);
}

static void write_member(writer *w, uint64_t key, slice bytes)
{
        cbor_write_uint(w, key);
        cbor_write_bytes(w, bytes);
}

mitome_status life_ask_identity(const struct phone_way *way, const char *kind, slice identity,
        struct life_answer *ret, mitome_error *error)
{
        uint8_t bytes[PHONE_IDENTITY_MAX + 16];
        writer w = WRITER(bytes);
        slice body;
        cbor_write_map(&w, 1);
        cbor_write_uint(&w, 1);
        cbor_write_text(&w, identity);
        MITOME_TRY(writer_finish(&w, "the identity", &body, error));
        return life_call(way, kind, body, ret, error);
}

static void write_kinds(writer *w, unsigned kinds)
{
        cbor_write_array(w, (kinds & 1) + (kinds >> 1 & 1));
        for (unsigned kind = 1; kind <= 2; kind++)
                if (kinds & kind)
                        cbor_write_uint(w, kind);
}

static mitome_status read_session(
        const struct life_answer *answer, struct life_session *ret, mitome_error *error)
{
        struct map map;
        slice id, nonce;
        *ret = (struct life_session){ 0 };
        MITOME_TRY(open_map(answer, &map, error));
        MITOME_TRY(at_member(&map, 1));
        MITOME_TRY(cbor_read_fixed(&map.r, "the session", LIFE_ID_SIZE, &id));
        MITOME_TRY(next(&map));
        MITOME_TRY(at_member(&map, 2));
        MITOME_TRY(cbor_read_text(&map.r, "the nonce", LIFE_NONCE_MAX, &nonce));
        MITOME_TRY(next(&map));
        MITOME_TRY(close_map(&map));
        MITOME_TRY(slice_copy(id, "the session", ret->id, sizeof ret->id, error));
        return slice_copy(nonce, "the nonce", (uint8_t *)ret->nonce, LIFE_NONCE_MAX, error);
}

mitome_status life_begin(const struct phone_way *way, slice identity, const char *purpose, unsigned kinds,
        const char *model, struct life_session *ret, mitome_error *error)
{
        uint8_t bytes[PHONE_IDENTITY_MAX + 128];
        struct life_answer answer;
        writer w = WRITER(bytes);
        slice body;
        cbor_write_map(&w, 4);
        cbor_write_uint(&w, 1);
        cbor_write_text(&w, identity);
        cbor_write_uint(&w, 2);
        cbor_write_string(&w, purpose);
        cbor_write_uint(&w, 3);
        write_kinds(&w, kinds);
        cbor_write_uint(&w, 4);
        cbor_write_string(&w, model);
        MITOME_TRY(writer_finish(&w, "the identity", &body, error));
        MITOME_TRY(life_call(way, "begin", body, &answer, error));
        return read_session(&answer, ret, error);
}

void life_write_application(writer *w, slice session, slice cms, slice token, slice statement)
{
        cbor_write_map(w, 2 + (token.size > 0) + (statement.size > 0));
        write_member(w, 1, session);
        write_member(w, 2, cms);
        if (token.size) {
                cbor_write_uint(w, 3);
                cbor_write_text(w, token);
        }
        if (statement.size)
                write_member(w, 4, statement);
}

void life_write_statement(writer *w, slice identity, slice statement, slice session)
{
        cbor_write_map(w, 3);
        cbor_write_uint(w, 1);
        cbor_write_text(w, identity);
        write_member(w, 2, statement);
        write_member(w, 3, session);
}

void life_write_for_session(writer *w, slice session, slice evidence)
{
        cbor_write_map(w, 2);
        write_member(w, 1, session);
        write_member(w, 2, evidence);
}

mitome_status life_read_id(const struct life_answer *answer, int64_t number, slice *ret, mitome_error *error)
{
        struct map map;
        slice id;
        MITOME_TRY(open_map(answer, &map, error));
        MITOME_TRY(at_member(&map, number));
        MITOME_TRY(cbor_read_fixed(&map.r, "the answer", LIFE_ID_SIZE, &id));
        MITOME_TRY(next(&map));
        MITOME_TRY(close_map(&map));
        *ret = id;
        return ok();
}

mitome_status life_read_pair(
        const struct life_answer *answer, slice *ret_id, slice *ret_bytes, mitome_error *error)
{
        struct map map;
        slice id, bytes;
        MITOME_TRY(open_map(answer, &map, error));
        MITOME_TRY(at_member(&map, 1));
        MITOME_TRY(cbor_read_fixed(&map.r, "the session", LIFE_ID_SIZE, &id));
        MITOME_TRY(next(&map));
        MITOME_TRY(at_member(&map, 2));
        MITOME_TRY(cbor_read_bytes(&map.r, "the nonce", LIFE_NONCE_MAX, &bytes));
        MITOME_TRY(next(&map));
        MITOME_TRY(close_map(&map));
        *ret_id = id;
        *ret_bytes = bytes;
        return ok();
}

/* ---- states ---- */

mitome_status life_ask_order(
        const struct phone_way *way, slice order, struct life_answer *ret, mitome_error *error)
{
        uint8_t bytes[LIFE_ID_SIZE + 16];
        writer w = WRITER(bytes);
        slice body;
        cbor_write_map(&w, 1);
        write_member(&w, 1, order);
        MITOME_TRY(writer_finish(&w, "the order", &body, error));
        return life_call(way, "state", body, ret, error);
}

mitome_status life_read_state(
        const struct life_answer *answer, uint64_t *ret_state, uint64_t *ret_code, mitome_error *error)
{
        enum { STATE_MAX = 255, CODE_MAX = 65535 };
        struct map map;
        uint64_t state, code = 0;
        MITOME_TRY(open_map(answer, &map, error));
        MITOME_TRY(at_member(&map, 1));
        MITOME_TRY(cbor_read_uint(&map.r, "the state", STATE_MAX, &state));
        MITOME_TRY(next(&map));
        if (map.more) {
                MITOME_TRY(at_member(&map, 2));
                MITOME_TRY(cbor_read_uint(&map.r, "the code", CODE_MAX, &code));
                MITOME_TRY(next(&map));
        }
        MITOME_TRY(close_map(&map));
        *ret_state = state;
        *ret_code = code;
        return ok();
}

static mitome_status read_secret(const struct life_answer *answer, struct secret *ret, mitome_error *error)
{
        struct map map;
        slice text;
        MITOME_TRY(open_map(answer, &map, error));
        MITOME_TRY(at_member(&map, 1));
        MITOME_TRY(cbor_read_bytes(&map.r, "the temporary secret", SECRET_MAX, &text));
        MITOME_TRY(next(&map));
        MITOME_TRY(close_map(&map));
        return secret_set(ret, text, error);
}

mitome_status life_ask_secret(
        const struct phone_way *way, slice session, uint64_t which, struct secret *ret, mitome_error *error)
{
        uint8_t bytes[LIFE_ID_SIZE + 16];
        struct life_answer answer;
        writer w = WRITER(bytes);
        slice body;
        cbor_write_map(&w, 2);
        write_member(&w, 1, session);
        cbor_write_uint(&w, 2);
        cbor_write_uint(&w, which);
        MITOME_TRY(writer_finish(&w, "the session", &body, error));
        mitome_status status = life_call(way, "secret", body, &answer, error);
        if (!failed(status))
                status = read_secret(&answer, ret, error);
        bytes_wipe(&answer, sizeof answer);
        return status;
}

/* ---- wakes ---- */

mitome_status life_ask_token(const struct phone_way *way, struct life_answer *ret, mitome_error *error)
{
        uint8_t bytes[4];
        writer w = WRITER(bytes);
        cbor_write_map(&w, 0);
        return life_call(way, "push-register", writer_view(&w), ret, error);
}

mitome_status life_read_token(const struct life_answer *answer, slice *ret, mitome_error *error)
{
        struct map map;
        slice token;
        MITOME_TRY(open_map(answer, &map, error));
        MITOME_TRY(at_member(&map, 1));
        MITOME_TRY(cbor_read_text(&map.r, "the push token", LIFE_FACT_MAX, &token));
        MITOME_TRY(next(&map));
        MITOME_TRY(close_map(&map));
        *ret = token;
        return ok();
}

static mitome_status read_wake(struct cbor_reader *r, uint8_t ret_id[LIFE_ID_SIZE], mitome_error *error)
{
        enum { KIND_MAX = 16 };
        struct cbor_members members;
        struct cbor_key key;
        bool more;
        slice kind, id;
        MITOME_TRY(cbor_open_map(r, "a wake", 2, &members));
        MITOME_TRY(cbor_next_key(r, &members, &key, &more));
        if (!more || key.is_text || key.number != 1)
                return reader_fail(&r->bytes, MITOME_E_MISSING, "a wake");
        MITOME_TRY(cbor_read_text(r, "a wake", KIND_MAX, &kind));
        MITOME_TRY(cbor_next_key(r, &members, &key, &more));
        if (!more || key.is_text || key.number != 2)
                return reader_fail(&r->bytes, MITOME_E_MISSING, "a wake");
        MITOME_TRY(cbor_read_fixed(r, "a wake", LIFE_ID_SIZE, &id));
        MITOME_TRY(cbor_next_key(r, &members, &key, &more));
        return slice_copy(id, "a wake", ret_id, LIFE_ID_SIZE, error);
}

static mitome_status read_wakes(const struct life_answer *answer, struct life_wakes *ret, mitome_error *error)
{
        struct map map;
        struct cbor_members list;
        struct life_wakes wakes = { 0 };
        MITOME_TRY(open_map(answer, &map, error));
        MITOME_TRY(at_member(&map, 1));
        MITOME_TRY(cbor_open_array(&map.r, "the wakes", LIFE_WAKES_MAX, &list));
        while (cbor_next_element(&map.r, &list))
                MITOME_TRY(read_wake(&map.r, wakes.ids[wakes.count++], error));
        MITOME_TRY(next(&map));
        MITOME_TRY(close_map(&map));
        *ret = wakes;
        return ok();
}

mitome_status life_poll(
        const struct phone_way *way, slice token, struct life_wakes *wakes, mitome_error *error)
{
        uint8_t bytes[LIFE_FACT_MAX + LIFE_WAKES_MAX * (LIFE_ID_SIZE + 2) + 16];
        struct life_answer answer;
        writer w = WRITER(bytes);
        slice body;
        cbor_write_map(&w, wakes->count ? 2 : 1);
        cbor_write_uint(&w, 1);
        cbor_write_text(&w, token);
        if (wakes->count) {
                cbor_write_uint(&w, 2);
                cbor_write_array(&w, wakes->count);
                for (size_t i = 0; i < wakes->count; i++)
                        cbor_write_bytes(&w, SLICE(wakes->ids[i]));
        }
        MITOME_TRY(writer_finish(&w, "the push token", &body, error));
        MITOME_TRY(life_call(way, "push-poll", body, &answer, error));
        return read_wakes(&answer, wakes, error);
}

/* ---- receipts ---- */

static mitome_status read_taken(
        const struct life_answer *answer, uint32_t *ret_number, slice *ret_digest, mitome_error *error)
{
        struct map map;
        uint64_t number;
        slice digest;
        MITOME_TRY(open_map(answer, &map, error));
        MITOME_TRY(at_member(&map, 1));
        MITOME_TRY(cbor_read_uint(&map.r, "the number", UINT32_MAX, &number));
        MITOME_TRY(next(&map));
        MITOME_TRY(at_member(&map, 2));
        MITOME_TRY(cbor_read_fixed(&map.r, "the digest", 32, &digest));
        MITOME_TRY(next(&map));
        MITOME_TRY(close_map(&map));
        *ret_number = (uint32_t)number;
        *ret_digest = digest;
        return ok();
}

static mitome_status hand_in(const struct life_taker *taker, slice receipt, struct life_answer *answer,
        uint32_t *ret_number, slice *ret_digest, mitome_error *error)
{
        uint8_t bytes[EVIDENCE_ANSWER_MAX + 64];
        writer w = WRITER(bytes);
        slice body;
        if (taker->session.size) {
                life_write_for_session(&w, taker->session, receipt);
        } else {
                cbor_write_map(&w, 1);
                write_member(&w, 1, receipt);
        }
        MITOME_TRY(writer_finish(&w, "the receipt", &body, error));
        MITOME_TRY(life_call(taker->way, taker->kind, body, answer, error));
        return read_taken(answer, ret_number, ret_digest, error);
}

static mitome_status hand_in_receipt(const struct life_taker *taker, const struct evidence_answer *receipt,
        struct life_answer *answer, mitome_error *error)
{
        slice digest;
        uint32_t number, own = 0;
        MITOME_TRY(hand_in(taker, receipt->evidence, answer, &number, &digest, error));
        reader r = reader_over(receipt->number, NULL, error);
        MITOME_TRY(read_u32(&r, "the number", &own));
        return number == own && slice_equal(digest, receipt->digest)
                       ? ok()
                       : fail(error, MITOME_E_LIFE_EVIDENCE, "the receipt", NULL);
}

static mitome_status deliver_all(struct mitome_enforcer *enforcer, const struct life_taker *taker,
        struct evidence_answer *receipt, struct life_answer *answer, unsigned *count, mitome_error *error)
{
        enum { PENDING_MAX = 64 }; /* the element keeps 16; one that goes on and on is not listened to */
        for (; *count < PENDING_MAX; (*count)++) {
                uint16_t sw = 0;
                mitome_error cause = { 0 };
                mitome_status status =
                        evidence_fetch(enforcer, EVIDENCE_RECEIPT, (slice){ 0 }, receipt, &sw, &cause);
                if (status.code == MITOME_E_APDU_STATUS && sw == SW_NO_REFERENCE)
                        return ok();
                if (failed(status))
                        return fail(error, status.code, cause.field, cause.clause);
                MITOME_TRY(hand_in_receipt(taker, receipt, answer, error));
                MITOME_TRY(evidence_acknowledge(enforcer, receipt, &sw, error));
        }
        return ok();
}

mitome_status life_deliver(struct mitome_enforcer *enforcer, const struct life_taker *taker,
        unsigned *ret_count, mitome_error *error)
{
        struct evidence_answer *receipt = calloc(1, sizeof *receipt);
        struct life_answer *answer = calloc(1, sizeof *answer);
        *ret_count = 0;
        mitome_status status = receipt && answer
                                       ? deliver_all(enforcer, taker, receipt, answer, ret_count, error)
                                       : fail(error, MITOME_E_NO_MEMORY, "the receipt", NULL);
        free(answer);
        free(receipt);
        return status;
}

static mitome_status deliver_kept(const char *folder, const struct life_taker *taker, uint8_t *receipt,
        struct life_answer *answer, unsigned *count, mitome_error *error)
{
        uint32_t number = 0, taken = 0;
        for (uint32_t from = 0;; from = number + 1) {
                slice kept, digest;
                bool there;
                mitome_error cause = { 0 };
                MITOME_TRY(kept_receipts_next(
                        folder, from, &number, receipt, EVIDENCE_ANSWER_MAX, &kept, &there, error));
                if (!there)
                        return ok();
                mitome_status status = hand_in(taker, kept, answer, &taken, &digest, &cause);
                if (failed(status) && status.code != MITOME_E_REFUSED)
                        return fail(error, status.code, cause.field, cause.clause);
                if (!failed(status) && taken == number) {
                        MITOME_TRY(kept_receipts_drop(folder, number, error));
                        (*count)++;
                }
                if (number == UINT32_MAX)
                        return ok();
        }
}

mitome_status life_deliver_kept(
        const char *folder, const struct life_taker *taker, unsigned *count, mitome_error *error)
{
        uint8_t *receipt = malloc(EVIDENCE_ANSWER_MAX);
        struct life_answer *answer = calloc(1, sizeof *answer);
        mitome_status status = receipt && answer ? deliver_kept(folder, taker, receipt, answer, count, error)
                                                 : fail(error, MITOME_E_NO_MEMORY, "the receipt", NULL);
        free(answer);
        free(receipt);
        return status;
}
