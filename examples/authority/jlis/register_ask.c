/* SPDX-License-Identifier: Apache-2.0 */

/* Questions that change nothing: is it good, and is it the successor. */

#include "register_internal.h"

/* ---- status ---- */

static void write_status(writer *answer, const struct register_certificate *certificate)
{
        bool listed = certificate->status != REGISTER_GOOD;
        cbor_write_map(answer, listed ? 4 : 2);
        cbor_write_uint(answer, 1);
        cbor_write_uint(answer, certificate->status);
        if (listed) {
                cbor_write_uint(answer, 2);
                cbor_write_uint(answer, (uint64_t)certificate->reason);
                cbor_write_uint(answer, 3);
                cbor_write_int(answer, certificate->at);
        }
        cbor_write_uint(answer, 4);
        cbor_write_int(answer, certificate->not_after);
}

mitome_status register_status_desk(
        void *context, const struct party_request *request, writer *answer, mitome_error *error)
{
        struct authority_register *book = context;
        struct register_certificate certificate = { 0 };
        uint64_t kind;
        slice serial;
        const struct body_field fields[] = {
                BODY_FIELD_NUMBER(1, "kind", REGISTER_KINDS, &kind),
                BODY_FIELD_BYTES(2, "serial", 1, REGISTER_SERIAL_MAX, &serial),
        };
        MITOME_TRY(body_read(request->body, fields, 2, error));
        mitome_status status = register_load(book, (enum register_kind)kind, serial, &certificate, NULL);
        if (status.code == MITOME_E_AUTHORITY_UNKNOWN) {
                cbor_write_map(answer, 1);
                cbor_write_uint(answer, 1);
                cbor_write_uint(answer, REGISTER_UNKNOWN);
                return ok();
        }
        if (failed(status))
                return fail(error, status.code, "certificate", NULL);
        write_status(answer, &certificate);
        return ok();
}

/* ---- successor ---- */

static bool is_verifier(const struct authority_register *book, slice from)
{
        for (const char *const *name = book->config->verifiers; name && *name; name++)
                if (slice_is(from, *name))
                        return true;
        return false;
}

/* The line of what each certificate took the place of leads from the good one back to the old one, which has
 * ended: that there is one live certificate of a kind says the last. */
static mitome_status is_successor(struct authority_register *book, enum register_kind kind, slice old,
        slice new, bool *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_ask(book->store,
                "WITH RECURSIVE line (number) AS (SELECT replaces FROM certificate WHERE kind = ?1 AND "
                "serial = ?3 AND status = 0 AND not_after >= ?4 UNION ALL SELECT replaces FROM line JOIN "
                "certificate USING (number)) SELECT 1 FROM line JOIN certificate USING (number) "
                "WHERE kind = ?1 AND serial = ?2",
                SQL_VALUES(SQL_INT(kind), SQL_BYTES(old), SQL_BYTES(new), SQL_INT(party_now(book->party))),
                &query, error));
        bool found = sql_next(&query);
        MITOME_TRY(sql_end(&query));
        *ret = found;
        return ok();
}

mitome_status register_successor_desk(
        void *context, const struct party_request *request, writer *answer, mitome_error *error)
{
        struct authority_register *book = context;
        struct register_grounds grounds = register_grounds(request);
        uint64_t kind;
        slice issuer, old, new;
        bool succeeds = false;
        const struct body_field fields[] = {
                BODY_FIELD_NUMBER(1, "kind", REGISTER_KINDS, &kind),
                BODY_FIELD_BYTES(2, "issuer", LETTER_DIGEST_SIZE, LETTER_DIGEST_SIZE, &issuer),
                BODY_FIELD_BYTES(3, "old serial", 1, REGISTER_SERIAL_MAX, &old),
                BODY_FIELD_BYTES(4, "new serial", 1, REGISTER_SERIAL_MAX, &new),
        };
        MITOME_TRY(body_read(request->body, fields, 4, error));
        if (!is_verifier(book, request->from) || kind != REGISTER_USER_VERIFICATION)
                return fail(error, MITOME_E_AUTHORITY_SENDER, "who is no verifier of this kind", NULL);
        if (slice_equal(issuer, SLICE(book->issuer[kind])))
                MITOME_TRY(is_successor(book, (enum register_kind)kind, old, new, &succeeds, error));
        cbor_write_map(answer, 1);
        cbor_write_uint(answer, 1);
        cbor_write_bool(answer, succeeds);
        const struct register_subject subject = { "serial", old, true };
        return register_note(
                book, "tell-successor", succeeds ? "done" : "refused", subject, &grounds, NULL, error);
}
