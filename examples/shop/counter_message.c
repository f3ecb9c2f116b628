/* SPDX-License-Identifier: Apache-2.0 */
#include "counter_message.h"

#include "cbor.h"

static const char clause[] = "counter_message.h";

enum { AT_KIND = 1, AT_NONCE = 2, AT_NUMBER = 3, AT_DIGEST = 4, AT_EVIDENCE = 2 };

void counter_write_question(writer *w, const struct counter_question *question)
{
        bool acknowledges = question->kind == COUNTER_ACKNOWLEDGES;
        cbor_write_map(w, acknowledges ? 3 : 2);
        cbor_write_uint(w, AT_KIND);
        cbor_write_uint(w, question->kind);
        if (!acknowledges) {
                cbor_write_uint(w, AT_NONCE);
                cbor_write_bytes(w, question->nonce);
                return;
        }
        cbor_write_uint(w, AT_NUMBER);
        cbor_write_uint(w, question->number);
        cbor_write_uint(w, AT_DIGEST);
        cbor_write_bytes(w, question->digest);
}

/* The number of the next member, which must be `wanted`. */
static mitome_status read_key(
        struct cbor_reader *r, struct cbor_members *map, int64_t wanted, const char *field)
{
        struct cbor_key key;
        bool more;
        MITOME_TRY(cbor_next_key(r, map, &key, &more));
        if (!more)
                return reader_fail(&r->bytes, MITOME_E_MISSING, field);
        return !key.is_text && key.number == wanted ? ok() : reader_fail(&r->bytes, MITOME_E_VALUE, field);
}

static mitome_status read_end_of_map(struct cbor_reader *r, struct cbor_members *map, const char *field)
{
        struct cbor_key key;
        bool more;
        MITOME_TRY(cbor_next_key(r, map, &key, &more));
        if (more)
                return reader_fail(&r->bytes, MITOME_E_VALUE, field);
        return cbor_end(r, field);
}

static mitome_status read_nonce(struct cbor_reader *r, struct cbor_members *map, slice *ret)
{
        MITOME_TRY(read_key(r, map, AT_NONCE, "nonce"));
        MITOME_TRY(cbor_read_bytes(r, "nonce", EVIDENCE_NONCE_MAX, ret));
        return ret->size >= EVIDENCE_NONCE_MIN ? ok() : reader_fail(&r->bytes, MITOME_E_VALUE, "nonce");
}

static mitome_status read_place(
        struct cbor_reader *r, struct cbor_members *map, struct counter_question *question)
{
        uint64_t number;
        MITOME_TRY(read_key(r, map, AT_NUMBER, "number"));
        MITOME_TRY(cbor_read_uint(r, "number", UINT32_MAX, &number));
        MITOME_TRY(read_key(r, map, AT_DIGEST, "digest"));
        MITOME_TRY(cbor_read_fixed(r, "digest", SHA256_SIZE, &question->digest));
        question->number = (uint32_t)number;
        return ok();
}

mitome_status counter_read_question(slice bytes, struct counter_question *ret, mitome_error *error)
{
        struct cbor_reader r = cbor_over(bytes, clause, error);
        struct counter_question question = { 0 };
        struct cbor_members map;
        uint64_t kind;
        MITOME_TRY(cbor_open_map(&r, "question", 3, &map));
        MITOME_TRY(read_key(&r, &map, AT_KIND, "kind"));
        MITOME_TRY(cbor_read_uint(&r, "kind", COUNTER_ACKNOWLEDGES, &kind));
        if (kind < COUNTER_ASKS_STATEMENT)
                return reader_fail(&r.bytes, MITOME_E_VALUE, "kind");
        question.kind = (enum counter_question_kind)kind;
        MITOME_TRY(kind == COUNTER_ACKNOWLEDGES ? read_place(&r, &map, &question)
                                                : read_nonce(&r, &map, &question.nonce));
        MITOME_TRY(read_end_of_map(&r, &map, "question"));
        *ret = question;
        return ok();
}

void counter_write_answer(writer *w, const struct counter_answer *answer)
{
        cbor_write_map(w, answer->evidence.size ? 2 : 1);
        cbor_write_uint(w, AT_KIND);
        cbor_write_uint(w, answer->kind);
        if (!answer->evidence.size)
                return;
        cbor_write_uint(w, AT_EVIDENCE);
        cbor_write_bytes(w, answer->evidence);
}

static mitome_status read_evidence(struct cbor_reader *r, struct cbor_members *map, slice *ret)
{
        MITOME_TRY(read_key(r, map, AT_EVIDENCE, "evidence"));
        MITOME_TRY(cbor_read_bytes(r, "evidence", EVIDENCE_MAX, ret));
        return ret->size ? ok() : reader_fail(&r->bytes, MITOME_E_VALUE, "evidence");
}

mitome_status counter_read_answer(slice bytes, struct counter_answer *ret, mitome_error *error)
{
        struct cbor_reader r = cbor_over(bytes, clause, error);
        struct counter_answer answer = { 0 };
        struct cbor_members map;
        uint64_t kind;
        MITOME_TRY(cbor_open_map(&r, "answer", 2, &map));
        bool has_evidence = map.left == 2;
        MITOME_TRY(read_key(&r, &map, AT_KIND, "kind"));
        MITOME_TRY(cbor_read_uint(&r, "kind", COUNTER_FAILED, &kind));
        answer.kind = (enum counter_answer_kind)kind;
        if (has_evidence && kind != COUNTER_GIVEN)
                return reader_fail(&r.bytes, MITOME_E_VALUE, "evidence");
        if (has_evidence)
                MITOME_TRY(read_evidence(&r, &map, &answer.evidence));
        MITOME_TRY(read_end_of_map(&r, &map, "answer"));
        *ret = answer;
        return ok();
}
