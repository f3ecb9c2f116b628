/* SPDX-License-Identifier: Apache-2.0 */

/* What ends a certificate, for good or for a while, and what ends with it. */

#include "register_internal.h"

/* ---- ending one ---- */

static mitome_status mark_revoked(struct authority_register *book,
        const struct register_certificate *certificate, int reason, int64_t *ret_changed, mitome_error *error)
{
        return sql_do(book->store,
                "UPDATE certificate SET status = 2, reason = ?, at = ? WHERE number = ? AND status < 2",
                SQL_VALUES(SQL_INT(reason), SQL_INT(party_now(book->party)), SQL_INT(certificate->number)),
                ret_changed, error);
}

static mitome_status end_one(struct authority_register *book, const struct register_certificate *certificate,
        int reason, const struct register_grounds *grounds, const char *why, struct register_ended *ended,
        mitome_error *error)
{
        int64_t changed;
        MITOME_TRY(mark_revoked(book, certificate, reason, &changed, error));
        if (!changed)
                return ok();
        if (ended->count == REGISTER_ENDS_MAX)
                return fail(error, MITOME_E_TOO_MANY, "revoked", NULL);
        ended->endings[ended->count++] = (struct register_ending){ *certificate, reason };
        return register_note(
                book, "revoke-certificate", "done", register_about(certificate), grounds, why, error);
}

/* ---- and what hangs from it ---- */

static mitome_status find_linked(struct authority_register *book, int64_t card,
        int64_t ret[REGISTER_ENDS_MAX], size_t *ret_count, mitome_error *error)
{
        struct sql_query query = { 0 };
        size_t count = 0;
        MITOME_TRY(sql_ask(book->store,
                "SELECT phone FROM link JOIN certificate ON certificate.number = phone WHERE card = ? AND status "
                "< 2 LIMIT 8",
                SQL_VALUES(SQL_INT(card)), &query, error));
        while (count < REGISTER_ENDS_MAX && sql_next(&query))
                ret[count++] = sql_integer(&query, 0);
        MITOME_TRY(sql_end(&query));
        *ret_count = count;
        return ok();
}

static mitome_status end_linked(struct authority_register *book,
        const struct register_certificate *certificate, int reason, const struct register_grounds *grounds,
        struct register_ended *ended, mitome_error *error)
{
        int64_t phones[REGISTER_ENDS_MAX];
        size_t count;
        MITOME_TRY(find_linked(book, certificate->number, phones, &count, error));
        for (size_t i = 0; i < count; i++) {
                struct register_certificate phone = { 0 };
                MITOME_TRY(register_load_number(book, phones[i], &phone, error));
                /* An evaluation knows the line by these words (src/evaluate/report/evidence_journal.c). */
                MITOME_TRY(end_one(
                        book, &phone, reason, grounds, "ends with the card's certificate", ended, error));
        }
        return ok();
}

mitome_status register_end(struct authority_register *book, const struct register_certificate *certificate,
        int reason, const struct register_grounds *grounds, struct register_ended *ended, mitome_error *error)
{
        MITOME_TRY(end_one(book, certificate, reason, grounds, NULL, ended, error));
        return certificate->place == REGISTER_CARD
                       ? end_linked(book, certificate, reason, grounds, ended, error)
                       : ok();
}

mitome_status register_end_live(struct authority_register *book, int64_t person, enum register_kind kind,
        enum register_place place, int reason, const struct register_grounds *grounds,
        struct register_ended *ended, mitome_error *error)
{
        struct register_certificate certificate = { 0 };
        bool found = false;
        MITOME_TRY(register_load_live(book, person, kind, place, &certificate, &found, error));
        return found ? register_end(book, &certificate, reason, grounds, ended, error) : ok();
}

/* ---- telling it ---- */

static void write_ending(writer *w, const struct register_ending *ending)
{
        const struct register_certificate *certificate = &ending->certificate;
        bool phone = certificate->place == REGISTER_PHONE;
        cbor_write_map(w, phone ? 4 : 3);
        cbor_write_uint(w, 1);
        cbor_write_uint(w, certificate->kind);
        cbor_write_uint(w, 2);
        cbor_write_bytes(w, register_serial(certificate));
        if (phone) {
                cbor_write_uint(w, 3);
                cbor_write_string(w, certificate->device);
        }
        cbor_write_uint(w, 4);
        cbor_write_uint(w, (uint64_t)ending->reason);
}

void register_write_ended(writer *w, const struct register_ended *ended)
{
        cbor_write_array(w, ended->count);
        for (size_t i = 0; i < ended->count; i++)
                write_ending(w, &ended->endings[i]);
}

mitome_status register_tell(
        struct authority_register *book, const struct register_ended *ended, mitome_error *error)
{
        struct register_ended phones = { 0 };
        uint8_t bytes[2048];
        writer w = WRITER(bytes);
        slice body;
        for (size_t i = 0; i < ended->count; i++)
                if (ended->endings[i].certificate.place == REGISTER_PHONE)
                        phones.endings[phones.count++] = ended->endings[i];
        if (!phones.count)
                return ok();
        cbor_write_map(&w, 1);
        cbor_write_uint(&w, 1);
        register_write_ended(&w, &phones);
        MITOME_TRY(writer_finish(&w, "revoked", &body, error));
        return party_send(book->party, PARTY_SP_TSM, "revoked", body, error);
}

/* ---- revoke ---- */

static bool is_reason(uint64_t reason)
{
        static const uint8_t known[] = { 0, REASON_KEY_COMPROMISE, REASON_FACTS_CHANGED, REASON_SUPERSEDED,
                REASON_CEASED, REASON_WITHDRAWN };
        for (size_t i = 0; i < sizeof known; i++)
                if (known[i] == reason)
                        return true;
        return false;
}

/* An application by card that asks for a revocation: of this person, not old, and for something that ends a
 * certificate. */
static mitome_status check_application(struct authority_register *book,
        const struct register_certificate *certificate, slice digest, mitome_error *error)
{
        struct sql_query query = { 0 };
        bool found, same = false, fits = false;
        int64_t at = 0;
        MITOME_TRY(sql_ask(book->store,
                "SELECT person, purpose IN ('revoke', 'issue', 'renew'), checked_at FROM application WHERE digest "
                "= ?",
                SQL_VALUES(SQL_BYTES(digest)), &query, error));
        found = sql_next(&query);
        if (found) {
                same = sql_integer(&query, 0) == certificate->person;
                fits = sql_integer(&query, 1) != 0;
                at = sql_integer(&query, 2);
        }
        MITOME_TRY(sql_end(&query));
        if (!found)
                return fail(error, MITOME_E_AUTHORITY_UNKNOWN, "application", NULL);
        if (!same || !fits)
                return fail(error, MITOME_E_AUTHORITY_APPLICATION, same ? "purpose" : "person", NULL);
        return party_now(book->party) <= at + REGISTER_APPLICATION_DAY
                       ? ok()
                       : fail(error, MITOME_E_AUTHORITY_TIME, "the application", NULL);
}

static mitome_status answer_ended(struct authority_register *book, const struct register_ended *ended,
        writer *answer, mitome_error *error)
{
        cbor_write_map(answer, 1);
        cbor_write_uint(answer, 1);
        register_write_ended(answer, ended);
        return register_tell(book, ended, error);
}

/* Of what is in a card the TSM is not asked. */
static mitome_status check_place(const struct party_request *request,
        const struct register_certificate *certificate, mitome_error *error)
{
        return certificate->place == REGISTER_PHONE || !slice_is(request->from, PARTY_SP_TSM)
                       ? ok()
                       : fail(error, MITOME_E_AUTHORITY_SENDER, PARTY_SP_TSM, NULL);
}

mitome_status register_revoke_desk(
        void *context, const struct party_request *request, writer *answer, mitome_error *error)
{
        struct authority_register *book = context;
        struct register_certificate certificate = { 0 };
        struct register_grounds grounds = register_grounds(request);
        struct register_ended ended = { 0 };
        uint64_t kind, reason;
        slice serial, application = { 0 };
        struct body_field fields[] = {
                BODY_FIELD_NUMBER(1, "kind", REGISTER_KINDS, &kind),
                BODY_FIELD_BYTES(2, "serial", 1, REGISTER_SERIAL_MAX, &serial),
                BODY_FIELD_NUMBER(3, "reason", REASON_WITHDRAWN, &reason),
                BODY_FIELD_BYTES(4, "application", LETTER_DIGEST_SIZE, LETTER_DIGEST_SIZE, &application),
        };
        fields[3].optional = true;
        MITOME_TRY(body_read(request->body, fields, 4, error));
        if (!is_reason(reason))
                return fail(error, MITOME_E_VALUE, "reason", "RFC 5280 5.3.1");
        MITOME_TRY(register_load(book, (enum register_kind)kind, serial, &certificate, error));
        MITOME_TRY(check_place(request, &certificate, error));
        if (application.size) {
                MITOME_TRY(check_application(book, &certificate, application, error));
                register_add_ground(&grounds, "application", application);
        }
        MITOME_TRY(register_end(book, &certificate, (int)reason, &grounds, &ended, error));
        return answer_ended(book, &ended, answer, error);
}

/* ---- hold and release ---- */

static mitome_status read_named(struct authority_register *book, const struct party_request *request,
        struct register_certificate *ret, mitome_error *error)
{
        uint64_t kind;
        slice serial;
        const struct body_field fields[] = {
                BODY_FIELD_NUMBER(1, "kind", REGISTER_KINDS, &kind),
                BODY_FIELD_BYTES(2, "serial", 1, REGISTER_SERIAL_MAX, &serial),
        };
        MITOME_TRY(body_read(request->body, fields, 2, error));
        MITOME_TRY(register_load(book, (enum register_kind)kind, serial, ret, error));
        return ret->status == REGISTER_REVOKED ? fail(error, MITOME_E_AUTHORITY_REVOKED, "certificate", NULL)
                                               : ok();
}

/* Twice is once: the first hold's time stays. */
mitome_status register_hold_desk(
        void *context, const struct party_request *request, writer *answer, mitome_error *error)
{
        struct authority_register *book = context;
        struct register_certificate certificate = { 0 };
        struct register_grounds grounds = register_grounds(request);
        cbor_write_map(answer, 0);
        MITOME_TRY(read_named(book, request, &certificate, error));
        if (certificate.status == REGISTER_HOLD)
                return ok();
        MITOME_TRY(sql_do(book->store,
                "UPDATE certificate SET status = 1, reason = ?, at = ? WHERE number = ? AND status = 0",
                SQL_VALUES(
                        SQL_INT(REASON_HOLD), SQL_INT(party_now(book->party)), SQL_INT(certificate.number)),
                NULL, error));
        return register_note(
                book, "hold-certificate", "done", register_about(&certificate), &grounds, NULL, error);
}

mitome_status register_release_desk(
        void *context, const struct party_request *request, writer *answer, mitome_error *error)
{
        struct authority_register *book = context;
        struct register_certificate certificate = { 0 };
        struct register_grounds grounds = register_grounds(request);
        cbor_write_map(answer, 0);
        MITOME_TRY(read_named(book, request, &certificate, error));
        if (certificate.status == REGISTER_GOOD)
                return ok();
        if (certificate.place == REGISTER_PHONE && book->config->phone_release == REGISTER_REISSUE)
                return fail(error, MITOME_E_AUTHORITY_REISSUE, "the certificate", NULL);
        MITOME_TRY(sql_do(book->store,
                "UPDATE certificate SET status = 0, reason = NULL, at = NULL WHERE number = ? AND status = 1",
                SQL_VALUES(SQL_INT(certificate.number)), NULL, error));
        return register_note(
                book, "release-certificate", "done", register_about(&certificate), &grounds, NULL, error);
}
