/* SPDX-License-Identifier: Apache-2.0 */

/* Receipts: an element's word that keys are gone. It is believed by the maker's CA; what it names and was
 * issued into that phone is revoked. */

#include "digest.h"
#include "register_internal.h"
#include "verify_evidence.h"

/* ---- which receipt it is ---- */

/* Reads the members 5 to 8 of the payload again, as they stand there. */
static mitome_status copy_members(slice payload, writer *w, mitome_error *error)
{
        struct cbor_reader r = cbor_over(payload, "EVIDENCE.md 2", error);
        struct cbor_members map;
        MITOME_TRY(cbor_open_map(&r, "payload", EVIDENCE_MEMBERS, &map));
        for (;;) {
                struct cbor_key key;
                bool more;
                slice value;
                MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
                if (!more)
                        return ok();
                MITOME_TRY(cbor_read_item(&r, "payload", &value));
                if (key.number < EVIDENCE_AT_PERSONS || key.number > EVIDENCE_AT_OTHER)
                        continue;
                cbor_write_int(w, key.number);
                write_slice(w, value);
        }
}

/* PROTOCOL.md, ACKNOWLEDGE RECEIPT: of the number and of what the element keeps (form 1, reason, whether
 * there are persons, members 5 to 8). A nonce changes nothing of it. */
static mitome_status digest_receipt(
        const struct evidence *receipt, uint8_t ret[LETTER_DIGEST_SIZE], mitome_error *error)
{
        uint8_t bytes[EVIDENCE_PAYLOAD_MAX + 8];
        writer w = WRITER(bytes);
        slice kept;
        write_u32(&w, receipt->numbers[EVIDENCE_AT_SEQUENCE]);
        write_u8(&w, 1);
        write_u8(&w, (uint8_t)receipt->numbers[EVIDENCE_AT_REASON]);
        write_u8(&w, receipt->person_count ? 1 : 0);
        MITOME_TRY(copy_members(receipt->sign1.payload, &w, error));
        MITOME_TRY(writer_finish(&w, "receipt", &kept, error));
        sha256(&kept, 1, ret);
        return ok();
}

/* ---- whose it is ---- */

struct known_device {
        bool known;
        int64_t highest; /* of its receipts */
};

/* A phone has one device key for life: another one under its name is another phone. */
static mitome_status find_device(struct authority_register *book, slice identity,
        const uint8_t key[LETTER_DIGEST_SIZE], struct known_device *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        const struct sql_value name = SQL_TEXT_OF(identity);
        bool same = true;
        MITOME_TRY(sql_ask(book->store, "SELECT key, highest FROM device WHERE identity = ?",
                SQL_VALUES(name), &query, error));
        ret->known = sql_next(&query);
        if (ret->known) {
                same = slice_equal(sql_bytes(&query, 0), slice_of(key, LETTER_DIGEST_SIZE));
                ret->highest = sql_integer(&query, 1);
        }
        MITOME_TRY(sql_end(&query));
        return same ? ok() : fail(error, MITOME_E_AUTHORITY_RECEIPT, "the device key", NULL);
}

/* Has this number been seen, with these contents? */
static mitome_status find_receipt(struct authority_register *book, slice identity, int64_t number,
        uint8_t ret_digest[LETTER_DIGEST_SIZE], bool *ret_found, mitome_error *error)
{
        struct sql_query query = { 0 };
        const struct sql_value name = SQL_TEXT_OF(identity);
        mitome_status status = ok();
        MITOME_TRY(sql_ask(book->store, "SELECT digest FROM receipt WHERE identity = ? AND number = ?",
                SQL_VALUES(name, SQL_INT(number)), &query, error));
        bool found = sql_next(&query);
        if (found)
                status = slice_copy(sql_bytes(&query, 0), "receipt", ret_digest, LETTER_DIGEST_SIZE, error);
        mitome_status end = sql_end(&query);
        MITOME_TRY(end);
        MITOME_TRY(status);
        *ret_found = found;
        return ok();
}

/* ---- what it ends ---- */

/* The certificate that a person's member names: by number and issuer, or, where none was written beside the
 * key, by the key. It counts only if it was issued into this phone. */
static mitome_status find_named(struct authority_register *book, const struct evidence *receipt,
        const struct evidence_person *person, struct register_certificate *ret, bool *ret_found,
        mitome_error *error)
{
        struct sql_query query = { 0 };
        const struct sql_value device = SQL_TEXT_OF(receipt->identity);
        int64_t number = 0;
        if (person->serial.size && !slice_equal(person->issuer, SLICE(book->issuer[person->kind])))
                return ok();
        if (person->serial.size)
                MITOME_TRY(sql_ask(book->store,
                        "SELECT number FROM certificate WHERE kind = ? AND serial = ? AND device = ?",
                        SQL_VALUES(SQL_INT(person->kind), SQL_BYTES(person->serial), device), &query, error));
        else
                MITOME_TRY(sql_ask(book->store,
                        "SELECT number FROM certificate WHERE kind = ? AND key = ? AND device = ?",
                        SQL_VALUES(SQL_INT(person->kind), SQL_BYTES(person->key), device), &query, error));
        bool found = sql_next(&query);
        if (found)
                number = sql_integer(&query, 0);
        MITOME_TRY(sql_end(&query));
        if (!found)
                return ok();
        MITOME_TRY(register_load_number(book, number, ret, error));
        *ret_found = !person->certificate.size || slice_equal(person->certificate, SLICE(ret->digest));
        return ok();
}

static mitome_status end_named(struct authority_register *book, const struct evidence *receipt,
        const struct register_grounds *grounds, struct register_ended *ended, mitome_error *error)
{
        for (size_t i = 0; i < receipt->person_count; i++) {
                const struct evidence_person *person = &receipt->persons[i];
                struct register_certificate certificate = { 0 };
                bool found = false;
                MITOME_TRY(find_named(book, receipt, person, &certificate, &found, error));
                if (found) {
                        MITOME_TRY(register_end(book, &certificate, REASON_CEASED, grounds, ended, error));
                        continue;
                }
                /* a genuine receipt all the same: what it names is not this authority's, or was never issued
                 * into this phone */
                const struct register_subject subject = { person->serial.size ? "serial" : "key",
                        person->serial.size ? person->serial : person->key, true };
                MITOME_TRY(register_note(book, "revoke-certificate", "refused", subject, grounds,
                        "not issued into the phone of the receipt", error));
        }
        return ok();
}

/* ---- keeping it ---- */

/* A gap: a receipt was acknowledged by somebody who did not bring it, or is still on its way. */
static mitome_status note_gap(struct authority_register *book, slice identity,
        const struct known_device *device, int64_t number, const struct register_grounds *grounds,
        mitome_error *error)
{
        const struct register_subject subject = { "device", identity, false };
        if (number <= device->highest + 1)
                return ok();
        return register_note(book, "miss-receipt", "asked", subject, grounds,
                "receipts before this one have not arrived", error);
}

static mitome_status keep_receipt(struct authority_register *book, slice identity,
        const uint8_t key[LETTER_DIGEST_SIZE], int64_t number, const uint8_t digest[LETTER_DIGEST_SIZE],
        mitome_error *error)
{
        const struct sql_value name = SQL_TEXT_OF(identity);
        MITOME_TRY(sql_do(book->store,
                "INSERT INTO device (identity, key, highest) VALUES (?, ?, ?) ON CONFLICT (identity) DO UPDATE "
                "SET highest = max(highest, excluded.highest)",
                SQL_VALUES(name, SQL_BYTES(slice_of(key, LETTER_DIGEST_SIZE)), SQL_INT(number)), NULL,
                error));
        return sql_do(book->store, "INSERT INTO receipt (identity, number, digest, at) VALUES (?, ?, ?, ?)",
                SQL_VALUES(name, SQL_INT(number), SQL_BYTES(slice_of(digest, LETTER_DIGEST_SIZE)),
                        SQL_INT(party_now(book->party))),
                NULL, error);
}

static mitome_status take_receipt(struct authority_register *book, const struct evidence *receipt,
        const uint8_t digest[LETTER_DIGEST_SIZE], struct register_grounds *grounds,
        struct register_ended *ended, bool *ret_new, mitome_error *error)
{
        uint8_t key[LETTER_DIGEST_SIZE], before[LETTER_DIGEST_SIZE];
        int64_t number = receipt->numbers[EVIDENCE_AT_SEQUENCE];
        const struct register_subject subject = { "device", receipt->identity, false };
        struct known_device device = { 0 };
        bool seen;
        MITOME_TRY(evidence_device_key(receipt, key, error));
        MITOME_TRY(find_device(book, receipt->identity, key, &device, error));
        MITOME_TRY(find_receipt(book, receipt->identity, number, before, &seen, error));
        if (seen)
                return slice_equal(SLICE(before), slice_of(digest, LETTER_DIGEST_SIZE))
                               ? ok()
                               : fail(error, MITOME_E_AUTHORITY_RECEIPT, "the receipt", NULL);
        *ret_new = true;
        MITOME_TRY(keep_receipt(book, receipt->identity, key, number, digest, error));
        MITOME_TRY(register_note(book, "take-receipt", "done", subject, grounds, NULL, error));
        MITOME_TRY(note_gap(book, receipt->identity, &device, number, grounds, error));
        return end_named(book, receipt, grounds, ended, error);
}

/* ---- receipt ---- */

/* The SP-TSM waits for the receipt where an erasure was asked for, and hears of none that a shop or the maker
 * brought. After `revoked`, which is what it asks for erasures upon. */
static mitome_status pass_on(struct authority_register *book, const struct party_request *request, slice cose,
        const uint8_t digest[LETTER_DIGEST_SIZE], mitome_error *error)
{
        uint8_t body[EVIDENCE_MAX + 64];
        writer w = WRITER(body);
        slice view;
        if (slice_equal(request->from, slice_text(PARTY_SP_TSM)) ||
                !directory_find(party_directory(book->party), slice_text(PARTY_SP_TSM)))
                return ok();
        cbor_write_map(&w, 2);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, cose);
        cbor_write_uint(&w, 2);
        cbor_write_bytes(&w, slice_of(digest, LETTER_DIGEST_SIZE));
        MITOME_TRY(writer_finish(&w, "receipt-taken", &view, error));
        return party_send(book->party, PARTY_SP_TSM, "receipt-taken", view, error);
}

mitome_status register_receipt_desk(
        void *context, const struct party_request *request, writer *answer, mitome_error *error)
{
        struct authority_register *book = context;
        static const struct evidence_expected expected = { .kind = EVIDENCE_RECEIPT };
        struct register_grounds grounds = register_grounds(request);
        struct register_ended ended = { 0 };
        struct evidence receipt;
        uint8_t digest[LETTER_DIGEST_SIZE];
        bool is_new = false;
        slice cose;
        const struct body_field fields[] = { BODY_FIELD_BYTES(1, "receipt", 1, EVIDENCE_MAX, &cose) };
        MITOME_TRY(body_read(request->body, fields, 1, error));
        if (!book->config->devices)
                return fail(error, MITOME_E_CERTIFICATE_ISSUER, "x5chain[0]", NULL);
        MITOME_TRY(evidence_verify(
                cose, &expected, book->config->devices, party_now(book->party), NULL, &receipt, error));
        MITOME_TRY(digest_receipt(&receipt, digest, error));
        register_add_ground(&grounds, "receipt", SLICE(digest));
        MITOME_TRY(take_receipt(book, &receipt, digest, &grounds, &ended, &is_new, error));
        cbor_write_map(answer, 4);
        cbor_write_uint(answer, 1);
        cbor_write_text(answer, receipt.identity);
        cbor_write_uint(answer, 2);
        cbor_write_uint(answer, receipt.numbers[EVIDENCE_AT_SEQUENCE]);
        cbor_write_uint(answer, 3);
        cbor_write_bytes(answer, SLICE(digest));
        cbor_write_uint(answer, 4);
        register_write_ended(answer, &ended);
        MITOME_TRY(register_tell(book, &ended, error));
        return is_new ? pass_on(book, request, cose, digest, error) : ok();
}

/* ---- receipt-known ---- */

mitome_status register_known_desk(
        void *context, const struct party_request *request, writer *answer, mitome_error *error)
{
        struct authority_register *book = context;
        uint8_t digest[LETTER_DIGEST_SIZE];
        slice identity;
        uint64_t number;
        bool found;
        const struct body_field fields[] = {
                BODY_FIELD_TEXT(1, "identity", REGISTER_IDENTITY_MAX, &identity),
                BODY_FIELD_NUMBER(2, "number", UINT32_MAX, &number),
        };
        MITOME_TRY(body_read(request->body, fields, 2, error));
        MITOME_TRY(find_receipt(book, identity, (int64_t)number, digest, &found, error));
        cbor_write_map(answer, found ? 2 : 1);
        cbor_write_uint(answer, 1);
        cbor_write_bool(answer, found);
        if (found) {
                cbor_write_uint(answer, 2);
                cbor_write_bytes(answer, SLICE(digest));
        }
        return ok();
}
