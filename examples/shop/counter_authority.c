/* SPDX-License-Identifier: Apache-2.0 */
#include "counter_authority.h"

#include "cbor.h"

static const char clause[] = "examples/shop/counter_authority.h";

/* ---- letters ---- */

struct exchange {
        uint8_t bytes[LETTER_MAX];
        slice answer;
};

/* A refusal's code is what the authority says of it. */
static mitome_status call(
        struct party *shop, const char *kind, slice body, struct exchange *exchange, mitome_error *error)
{
        uint8_t id[LETTER_ID_SIZE];
        mitome_code refusal = MITOME_OK;
        mitome_error cause = { 0 };
        MITOME_TRY(party_make_id(shop, id, error));
        mitome_status status = party_call(
                shop, PARTY_AUTHORITY, kind, id, body, exchange->bytes, &exchange->answer, &refusal, &cause);
        if (!failed(status))
                return ok();
        bool refused = status.code == MITOME_E_REFUSED && refusal != MITOME_OK;
        return fail(error, refused ? refusal : status.code, "the authority", clause);
}

/* Opens the answer's map at its first member, which must be 1. */
static mitome_status open_answer(struct cbor_reader *r, struct cbor_members *map)
{
        struct cbor_key key;
        bool more;
        MITOME_TRY(cbor_open_map(r, "answer", 8, map));
        MITOME_TRY(cbor_next_key(r, map, &key, &more));
        return more && !key.is_text && key.number == 1 ? ok()
                                                       : reader_fail(&r->bytes, MITOME_E_MISSING, "answer");
}

/* What follows is nothing that the shop asks for; but it ends where the answer does. */
static mitome_status end_answer(struct cbor_reader *r, struct cbor_members *map)
{
        struct cbor_key key;
        for (bool more;;) {
                MITOME_TRY(cbor_next_key(r, map, &key, &more));
                if (!more)
                        return cbor_end(r, "answer");
                MITOME_TRY(cbor_skip(r, "answer"));
        }
}

static mitome_status ask_status(void *context, enum evidence_person_kind kind, slice serial,
        enum counter_status *ret, mitome_error *error)
{
        uint8_t bytes[64];
        writer w = WRITER(bytes);
        slice body;
        struct exchange exchange;
        struct cbor_members map;
        uint64_t status;
        cbor_write_map(&w, 2);
        cbor_write_uint(&w, 1);
        cbor_write_uint(&w, (uint64_t)kind);
        cbor_write_uint(&w, 2);
        cbor_write_bytes(&w, serial);
        MITOME_TRY(writer_finish(&w, "status", &body, error));
        MITOME_TRY(call(context, "status", body, &exchange, error));
        struct cbor_reader r = cbor_over(exchange.answer, clause, error);
        MITOME_TRY(open_answer(&r, &map));
        MITOME_TRY(cbor_read_uint(&r, "status", COUNTER_UNKNOWN, &status));
        MITOME_TRY(end_answer(&r, &map));
        *ret = (enum counter_status)status;
        return ok();
}

/* The answer's member 3 is the digest, behind identity and number. */
static mitome_status read_digest(slice answer, uint8_t ret[SHA256_SIZE], mitome_error *error)
{
        struct cbor_reader r = cbor_over(answer, clause, error);
        struct cbor_members map;
        struct cbor_key key;
        slice digest;
        bool more;
        MITOME_TRY(cbor_open_map(&r, "answer", 8, &map));
        for (;;) {
                MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
                if (!more)
                        return reader_fail(&r.bytes, MITOME_E_MISSING, "digest");
                if (!key.is_text && key.number == 3)
                        break;
                MITOME_TRY(cbor_skip(&r, "answer"));
        }
        MITOME_TRY(cbor_read_fixed(&r, "digest", SHA256_SIZE, &digest));
        MITOME_TRY(end_answer(&r, &map));
        return slice_copy(digest, "digest", ret, SHA256_SIZE, error);
}

static mitome_status hand_in(
        void *context, slice receipt, uint8_t ret_digest[SHA256_SIZE], mitome_error *error)
{
        uint8_t bytes[EVIDENCE_MAX + 16];
        writer w = WRITER(bytes);
        slice body;
        struct exchange exchange;
        cbor_write_map(&w, 1);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, receipt);
        MITOME_TRY(writer_finish(&w, "receipt", &body, error));
        MITOME_TRY(call(context, "receipt", body, &exchange, error));
        return read_digest(exchange.answer, ret_digest, error);
}

static mitome_status ask_known(void *context, slice identity, uint32_t number, bool *ret, mitome_error *error)
{
        uint8_t bytes[EVIDENCE_IDENTITY_MAX + 32];
        writer w = WRITER(bytes);
        slice body;
        struct exchange exchange;
        struct cbor_members map;
        bool known;
        cbor_write_map(&w, 2);
        cbor_write_uint(&w, 1);
        cbor_write_text(&w, identity);
        cbor_write_uint(&w, 2);
        cbor_write_uint(&w, number);
        MITOME_TRY(writer_finish(&w, "receipt-known", &body, error));
        MITOME_TRY(call(context, "receipt-known", body, &exchange, error));
        struct cbor_reader r = cbor_over(exchange.answer, clause, error);
        MITOME_TRY(open_answer(&r, &map));
        MITOME_TRY(cbor_read_bool(&r, "known", &known));
        MITOME_TRY(end_answer(&r, &map));
        *ret = known;
        return ok();
}

struct counter_authority counter_authority_of(struct party *shop)
{
        return (struct counter_authority){
                .context = shop, .status = ask_status, .receipt = hand_in, .known = ask_known
        };
}

/* ---- the journal ---- */

mitome_status counter_note(struct party *shop, const struct counter_case *at,
        const struct counter_report *report, mitome_error *error)
{
        char buffer[JOURNAL_SUBJECT_BUFFER];
        struct journal_decision decision = {
                .what = "check-device",
                .outcome = counter_is_clear(report->verdict) ? "confirmed" : "done",
                .subject = journal_subject_text(buffer, "device", at->counter->identity),
                .reason = counter_verdict_name(report->verdict),
        };
        if (at->has_statement) {
                const slice statement = slice_of(at->statement.bytes, at->statement.size);
                decision.evidence[0].kind = "statement";
                sha256(&statement, 1, decision.evidence[0].digest);
                decision.evidence_count = 1;
        }
        MITOME_TRY(sql_begin(party_store(shop), error));
        return sql_settle(party_store(shop), party_decide(shop, &decision, error), error);
}
