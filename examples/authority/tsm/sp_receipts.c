/* SPDX-License-Identifier: Apache-2.0 */

/* Receipts of erasures: from the element, or from the phone's app, to the authority, which alone believes
 * them. Only what it has taken confirms an erasure. */

#include "digest.h"
#include "read_evidence.h"
#include "sp_map.h"
#include "sp_within.h"

static mitome_status insert(
        struct sp_tsm *tsm, slice identity, int64_t number, slice cose, mitome_error *error)
{
        uint8_t digest[SHA256_SIZE];
        sha256(&cose, 1, digest);
        return sql_do(tsm->store,
                "INSERT INTO receipt (identity, number, digest, cose) VALUES (?, ?, ?, ?) ON CONFLICT DO "
                "UPDATE SET digest = excluded.digest, cose = excluded.cose WHERE taken_at IS NULL",
                SQL_VALUES(SQL_TEXT_OF(identity), SQL_INT(number), SQL_BYTES(SLICE(digest)), SQL_BYTES(cose)),
                NULL, error);
}

mitome_status sp_receipt_keep(
        struct sp_tsm *tsm, slice identity, slice cose, int64_t *ret_number, mitome_error *error)
{
        struct evidence evidence;
        MITOME_TRY(evidence_read(cose, &evidence, error));
        if (evidence.kind != EVIDENCE_RECEIPT)
                return fail(error, MITOME_E_EVIDENCE_KIND, "receipt", NULL);
        if (!slice_equal(evidence.identity, identity))
                return fail(error, MITOME_E_VALUE, "receipt's identity", NULL);
        *ret_number = evidence.numbers[EVIDENCE_AT_SEQUENCE];
        return insert(tsm, identity, *ret_number, cose, error);
}

mitome_status sp_receipt_taken(
        struct sp_tsm *tsm, slice identity, int64_t number, bool *ret, mitome_error *error)
{
        struct sql_query query;
        MITOME_TRY(sql_ask(tsm->store,
                "SELECT 1 FROM receipt WHERE identity = ? AND number = ? AND taken_at IS NOT NULL",
                SQL_VALUES(SQL_TEXT_OF(identity), SQL_INT(number)), &query, error));
        *ret = sql_next(&query);
        return sql_end(&query);
}

/* ---- what the authority's word brings ---- */

static mitome_status end_erasure(struct sp_tsm *tsm, slice identity, slice id, mitome_error *error)
{
        struct sp_order order;
        bool all;
        MITOME_TRY(sp_order_load(tsm->store, id, &order, error));
        MITOME_TRY(sp_all_at(tsm->store, &order, SP_STEP_CONFIRMED, &all, error));
        if (!all)
                return ok();
        MITOME_TRY(sp_order_move(tsm, &order, SP_ORDER_DONE, error));
        MITOME_TRY(sp_settle_revocations(tsm, identity, error));
        return sp_leave(tsm, identity, error);
}

/* A receipt that names the certificate or the key. One that names neither may be an older one that a relay
 * has kept back: behind the last that was known when the erasure was asked for, it counts only after the
 * element's own word that nothing is there (step 21); or, for a key that nobody knows and that never had a
 * certificate, after the phone was asked (20). */
mitome_status sp_confirm(struct sp_tsm *tsm, slice identity, mitome_error *error)
{
        enum { AT_ONCE = 16 };
        uint8_t ids[AT_ONCE][SP_ID_SIZE];
        size_t count = 0;
        struct sql_query query;
        mitome_status status = ok();
        MITOME_TRY(sql_do(tsm->store,
                "UPDATE part SET step = 22 WHERE step IN (0, 20, 21) AND order_id IN (SELECT id FROM order_ "
                "WHERE identity = ?1 AND purpose = 6 AND state <= 3) AND EXISTS (SELECT 1 FROM erased x WHERE "
                "x.identity = ?1 AND x.kind = part.kind AND (x.serial = part.serial OR x.key = part.key OR "
                "(x.number > part.tries AND ((part.step = 21 AND (x.serial IS NULL OR part.serial IS NULL)) OR "
                "(part.step = 20 AND x.serial IS NULL AND part.serial IS NULL AND part.key IS NULL)))))",
                SQL_VALUES(SQL_TEXT_OF(identity)), NULL, error));
        MITOME_TRY(sql_ask(tsm->store,
                "SELECT id FROM order_ WHERE identity = ? AND purpose = 6 AND state <= 3 LIMIT 16",
                SQL_VALUES(SQL_TEXT_OF(identity)), &query, error));
        while (!failed(status) && count < AT_ONCE && sql_next(&query))
                status = slice_copy(sql_bytes(&query, 0), "order", ids[count++], SP_ID_SIZE, error);
        mitome_status ended = sql_end(&query);
        MITOME_TRY(status);
        MITOME_TRY(ended);
        for (size_t i = 0; i < count; i++)
                MITOME_TRY(end_erasure(tsm, identity, SLICE(ids[i]), error));
        return ok();
}

static mitome_status note_person(struct sp_tsm *tsm, slice identity, int64_t number,
        const struct evidence_person *person, mitome_error *error)
{
        MITOME_TRY(sql_do(tsm->store,
                "INSERT OR IGNORE INTO erased (identity, number, kind, serial, key) VALUES (?, ?, ?, ?, ?)",
                SQL_VALUES(SQL_TEXT_OF(identity), SQL_INT(number), SQL_INT(person->kind),
                        sql_bytes_or_none(person->serial), sql_bytes_or_none(person->key)),
                NULL, error));
        return sql_do(tsm->store,
                "DELETE FROM held WHERE identity = ?1 AND kind = ?2 AND (serial = ?3 OR (lives = 0 AND EXISTS "
                "(SELECT 1 FROM part JOIN order_ ON order_.id = order_id WHERE identity = ?1 AND part.kind = ?2 "
                "AND part.serial = held.serial AND part.key = ?4)))",
                SQL_VALUES(SQL_TEXT_OF(identity), SQL_INT(person->kind), sql_bytes_or_none(person->serial),
                        sql_bytes_or_none(person->key)),
                NULL, error);
}

static mitome_status read_answer(
        slice answer, struct sp_taken *ret, slice *ret_identity, slice *ret_revoked, mitome_error *error)
{
        struct sp_map map;
        uint64_t number;
        MITOME_TRY(sp_map_begin(answer, &map, error));
        MITOME_TRY(sp_map_text(&map, 1, "identity", EVIDENCE_IDENTITY_MAX, ret_identity));
        MITOME_TRY(sp_map_uint(&map, 2, "number", UINT32_MAX, &number));
        MITOME_TRY(sp_map_fixed(&map, 3, "digest", sizeof ret->digest, ret->digest));
        MITOME_TRY(sp_map_at(&map, 4, "revoked"));
        MITOME_TRY(cbor_read_item(&map.r, "revoked", ret_revoked));
        MITOME_TRY(sp_map_end(&map));
        ret->number = (int64_t)number;
        return ok();
}

/* `called`: the authority's answer to a call says so, which is evidence, too. */
static mitome_status take(struct sp_tsm *tsm, slice cose, const struct sp_taken *taken, slice identity,
        slice revoked_list, bool called, mitome_error *error)
{
        struct evidence evidence;
        struct sp_revoked revoked[SP_REVOKED_MAX];
        size_t count;
        bool known;
        struct cbor_reader r = cbor_over(revoked_list, NULL, error);
        MITOME_TRY(evidence_read(cose, &evidence, error));
        if (!slice_equal(evidence.identity, identity) ||
                evidence.numbers[EVIDENCE_AT_SEQUENCE] != (uint64_t)taken->number)
                return fail(error, MITOME_E_VALUE, "the authority's answer", NULL);
        MITOME_TRY(sp_read_revoked(&r, revoked, &count));
        MITOME_TRY(cbor_end(&r, "revoked"));
        MITOME_TRY(insert(tsm, identity, taken->number, cose, error));
        MITOME_TRY(sql_do(tsm->store,
                "UPDATE receipt SET taken_at = COALESCE(taken_at, ?) WHERE identity = ? AND number = ?",
                SQL_VALUES(SQL_INT(party_now(tsm->party)), SQL_TEXT_OF(identity), SQL_INT(taken->number)),
                NULL, error));
        const struct sp_evidence why = { "receipt", SLICE(taken->digest), called };
        MITOME_TRY(sp_journal_device(tsm, "take-receipt", "confirmed", identity, &why, NULL, error));
        for (size_t i = 0; i < evidence.person_count; i++)
                MITOME_TRY(note_person(tsm, identity, taken->number, &evidence.persons[i], error));
        MITOME_TRY(sp_take_revoked(tsm, revoked, count, &why, error));
        MITOME_TRY(sp_confirm(tsm, identity, error));
        MITOME_TRY(sp_device_knows(tsm, identity, &known, error));
        return known && evidence.person_count ? sp_leave(tsm, identity, error) : ok();
}

mitome_status sp_receipt_show(struct sp_tsm *tsm, slice cose, struct sp_taken *ret, mitome_error *error)
{
        uint8_t body[EVIDENCE_MAX + 16], buffer[LETTER_MAX], id[LETTER_ID_SIZE];
        writer w = WRITER(body);
        slice view, answer, identity, revoked;
        mitome_code refusal = MITOME_OK;
        struct sp_taken taken;
        cbor_write_map(&w, 1);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, cose);
        MITOME_TRY(writer_finish(&w, "receipt", &view, error));
        MITOME_TRY(party_make_id(tsm->party, id, error));
        mitome_status status = party_call(
                tsm->party, PARTY_AUTHORITY, "receipt", id, view, buffer, &answer, &refusal, error);
        if (sp_was_refused(status)) {
                if (error)
                        *error = (mitome_error){ 0 };
                return fail(error, refusal == MITOME_OK ? MITOME_E_REFUSED : refusal, "receipt", NULL);
        }
        MITOME_TRY(status);
        MITOME_TRY(read_answer(answer, &taken, &identity, &revoked, error));
        MITOME_TRY(sql_begin(tsm->store, error));
        MITOME_TRY(sp_finish(tsm->store, take(tsm, cose, &taken, identity, revoked, true, error), error));
        *ret = taken;
        return ok();
}

/* Somebody else brought it: a shop, or the maker of a phone that was set back. */
mitome_status sp_hear_receipt(
        void *context, const struct party_request *request, writer *answer, mitome_error *error)
{
        static const uint8_t none[] = { 0x80 }; /* what it revoked was said before, by `revoked` */
        struct sp_tsm *tsm = context;
        struct sp_map map;
        struct evidence evidence;
        struct sp_taken taken;
        slice cose;
        MITOME_TRY(sp_map_begin(request->body, &map, error));
        MITOME_TRY(sp_map_bytes(&map, 1, "receipt", EVIDENCE_MAX, &cose));
        MITOME_TRY(sp_map_fixed(&map, 2, "digest", sizeof taken.digest, taken.digest));
        MITOME_TRY(sp_map_end(&map));
        MITOME_TRY(evidence_read(cose, &evidence, error));
        if (evidence.kind != EVIDENCE_RECEIPT)
                return fail(error, MITOME_E_EVIDENCE_KIND, "receipt", NULL);
        MITOME_TRY(sp_check_speaker(tsm, &evidence, error));
        taken.number = evidence.numbers[EVIDENCE_AT_SEQUENCE];
        const struct sp_evidence why = { "letter", SLICE(request->digest), false };
        MITOME_TRY(sp_journal_device(tsm, "hear-receipt", "done", evidence.identity, &why, NULL, error));
        MITOME_TRY(take(tsm, cose, &taken, evidence.identity, SLICE(none), false, error));
        cbor_write_map(answer, 0);
        return ok();
}
