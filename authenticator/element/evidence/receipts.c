/* SPDX-License-Identifier: Apache-2.0 */
#include "contents.h"
#include "data_fields.h"
#include "element_internal.h"
#include "tlv.h"

/* What is kept of a receipt: version (1), reason (1), whether it lists a person's keys (1), then members 5 to
 * 8 of its payload. It is signed when it is fetched, so that no failure of signing stands in an erasure's
 * way; the device key outlives everything that can be erased. */
enum { RECORD_VERSION = 1, RECORD_SIZE_MAX = 3 + CONTENTS_SIZE_MAX, SEQUENCE_SIZE = 4 };

/* The book: number of the last receipt (4), how many made room unacknowledged (4). */
struct book {
        uint32_t last, dropped;
};

static struct book read_book(const struct mitome_element *element)
{
        struct book book;
        reader r = reader_over(element_object(element, OBJECT_RECEIPT_BOOK), NULL, NULL);
        if (failed(read_u32(&r, "last", &book.last)) || failed(read_u32(&r, "dropped", &book.dropped)))
                return (struct book){ 0 };
        return book;
}

static uint16_t put_book(struct mitome_element *element, const struct book *book)
{
        uint8_t bytes[2 * SEQUENCE_SIZE];
        writer w = WRITER(bytes);
        write_u32(&w, book->last);
        write_u32(&w, book->dropped);
        return element_put(element, OBJECT_RECEIPT_BOOK, SLICE(bytes));
}

uint32_t receipts_last(const struct mitome_element *element)
{
        return read_book(element).last;
}

uint32_t receipts_dropped(const struct mitome_element *element)
{
        return read_book(element).dropped;
}

/* ---- what is kept ---- */

struct record {
        uint32_t object;
        uint8_t reason, persons;
        slice whole, members;
};

static bool next_record(const struct mitome_element *element, uint32_t from, struct record *ret)
{
        uint8_t version;
        struct record record;
        if (!store_next(element->store, from, OBJECT_RECEIPT_LAST, &record.object))
                return false;
        record.whole = element_object(element, record.object);
        reader r = reader_over(record.whole, NULL, NULL);
        if (failed(read_u8(&r, "version", &version)) || version != RECORD_VERSION ||
                failed(read_u8(&r, "reason", &record.reason)) ||
                failed(read_u8(&r, "persons", &record.persons)))
                return false;
        record.members = read_rest(&r);
        *ret = record;
        return true;
}

size_t receipts_pending(const struct mitome_element *element)
{
        size_t count = 0;
        struct record record;
        for (uint32_t from = OBJECT_RECEIPT; next_record(element, from, &record); from = record.object + 1)
                count++;
        return count;
}

/* ---- recording ---- */

static const struct {
        enum receipt_reason reason;
        unsigned scopes, other;
        const struct applet *deleted;
} reasons[] = {
        { RECEIPT_RESET, CONTENTS_CREDENTIALS, EVIDENCE_PIN | EVIDENCE_PAIRING | EVIDENCE_FINGER, NULL },
        { RECEIPT_RESET_ALL, CONTENTS_ALL, EVIDENCE_OTHERS & ~EVIDENCE_BATCH_KEY, NULL },
        { RECEIPT_ERASE_USER, CONTENTS_USER, 0, NULL },
        { RECEIPT_ERASE_SIGNING, CONTENTS_SIGNING, EVIDENCE_PASSWORD, NULL },
        { RECEIPT_ERASE_JPKI, CONTENTS_SIGNING | CONTENTS_USER, EVIDENCE_PASSWORD, NULL },
        { RECEIPT_DELETE_JPKI, CONTENTS_SIGNING | CONTENTS_USER, EVIDENCE_PASSWORD, &jpki_applet },
        { RECEIPT_DELETE_FIDO, CONTENTS_CREDENTIALS, EVIDENCE_OTHERS & ~EVIDENCE_PASSWORD, &fido_applet },
};

enum { REASON_COUNT = sizeof reasons / sizeof *reasons };

/* The oldest that lists no person's keys gives way first, and a new one of that kind before any other:
 * whoever resets again and again cannot push out what ends a certificate. *ret_keep tells whether the new one
 * has a place. */
static uint16_t make_room(struct mitome_element *element, bool persons, struct book *book, bool *ret_keep)
{
        struct record record, oldest;
        uint32_t from = OBJECT_RECEIPT;
        *ret_keep = true;
        if (receipts_pending(element) < RECEIPTS_MAX || !next_record(element, from, &oldest))
                return SW_OK;
        book->dropped++;
        for (; next_record(element, from, &record); from = record.object + 1)
                if (!record.persons)
                        return element_delete(element, record.object);
        *ret_keep = persons;
        return persons ? element_delete(element, oldest.object) : SW_OK;
}

static uint16_t put_record(
        struct mitome_element *element, enum receipt_reason reason, bool persons, slice members)
{
        uint8_t bytes[RECORD_SIZE_MAX];
        writer w = WRITER(bytes);
        bool keep;
        struct book book = read_book(element);
        book.last++;
        SW_TRY(make_room(element, persons, &book, &keep));
        write_u8(&w, RECORD_VERSION);
        write_u8(&w, (uint8_t)reason);
        write_u8(&w, persons);
        write_slice(&w, members);
        if (keep)
                SW_TRY(element_put(element, OBJECT_RECEIPT + book.last, writer_view(&w)));
        return put_book(element, &book);
}

/* With the user-verification key goes its PIN, unless other credentials still ask for it (user_pin_release).
 */
static unsigned released(const struct mitome_element *element, unsigned scopes)
{
        return scopes & CONTENTS_USER && fido_count(element) == fido_count_certificate(element)
                       ? EVIDENCE_PIN | EVIDENCE_FINGER
                       : 0;
}

uint16_t receipt_record(struct mitome_element *element, enum receipt_reason reason)
{
        uint8_t bytes[CONTENTS_SIZE_MAX];
        writer members = WRITER(bytes);
        size_t i = 0;
        while (i < REASON_COUNT && reasons[i].reason != reason)
                i++;
        if (i == REASON_COUNT)
                return SW_UNKNOWN;
        if (reasons[i].scopes & CONTENTS_SIGNING)
                SW_TRY(lease_end(element));
        struct contents_found found = contents_write(element, reasons[i].scopes,
                reasons[i].other | released(element, reasons[i].scopes), &members);
        if (!found.anything || !device_certificates(element).size)
                return SW_OK;
        return put_record(element, reason, found.persons, writer_view(&members));
}

uint16_t receipt_record_deletion(struct mitome_element *element, const struct applet *applet)
{
        for (size_t i = 0; i < REASON_COUNT; i++)
                if (reasons[i].deleted == applet)
                        return receipt_record(element, reasons[i].reason);
        return SW_OK;
}

/* ---- GET RECEIPT, ACKNOWLEDGE RECEIPT ---- */

static void write_payload(
        const struct mitome_element *element, const struct record *record, slice nonce, writer *w)
{
        enum { MEMBERS = 5 + CONTENTS_MEMBERS };
        cbor_write_map(w, MEMBERS + (nonce.size ? 1 : 0));
        cbor_write_int(w, EVIDENCE_AT_VERSION);
        cbor_write_uint(w, EVIDENCE_VERSION);
        cbor_write_int(w, EVIDENCE_AT_SEQUENCE);
        cbor_write_uint(w, record->object - OBJECT_RECEIPT);
        cbor_write_int(w, EVIDENCE_AT_REASON);
        cbor_write_uint(w, record->reason);
        cbor_write_int(w, EVIDENCE_AT_IDENTITY);
        cbor_write_text(w, device_identity(element));
        write_slice(w, record->members);
        cbor_write_int(w, EVIDENCE_AT_DROPPED);
        cbor_write_uint(w, receipts_dropped(element));
        if (!nonce.size)
                return;
        cbor_write_int(w, EVIDENCE_AT_NONCE);
        cbor_write_bytes(w, nonce);
}

/* What whoever acknowledges has seen: the number and all that is kept. */
static void digest_record(const struct record *record, uint8_t ret[SHA256_SIZE])
{
        uint8_t sequence[SEQUENCE_SIZE];
        writer w = WRITER(sequence);
        write_u32(&w, record->object - OBJECT_RECEIPT);
        const slice parts[] = { SLICE(sequence), record->whole };
        sha256(parts, 2, ret);
}

static void write_place(const struct mitome_element *element, const struct record *record, writer *answer)
{
        uint8_t sequence[SEQUENCE_SIZE], digest[SHA256_SIZE];
        writer w = WRITER(sequence);
        write_u32(&w, record->object - OBJECT_RECEIPT);
        digest_record(record, digest);
        tlv_write(answer, 0x81, SLICE(sequence));
        tlv_write(answer, 0x82, SLICE(digest));
        tlv_write_u8(answer, 0x83, (uint8_t)receipts_pending(element));
}

/* Sealed for the management station, which knows the phone and is the only one to read it, a receipt follows
 * nobody about: then no touch is asked for, and the receipt of an erasure from afar comes home by itself. */
static uint16_t receipt_permitted(const struct mitome_element *element, bool sealed, slice options)
{
        if (!sealed)
                return evidence_permitted(element, options);
        return element->contactless ? SW_CONDITIONS : SW_OK;
}

uint16_t evidence_get_receipt(
        struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        slice nonce, options;
        struct record record;
        uint8_t bytes[EVIDENCE_PAYLOAD_MAX];
        writer payload = WRITER(bytes);
        bool sealed = element_is_sealed(element);
        const struct field fields[] = {
                { 0x80, FIELD_OPTIONAL, EVIDENCE_NONCE_MIN, EVIDENCE_NONCE_MAX, &nonce },
                { 0x85, sealed ? FIELD_OPTIONAL : FIELD_REQUIRED, 1, 1, &options },
        };
        SW_TRY(fields_read(command->data, fields, sizeof fields / sizeof *fields));
        SW_TRY(receipt_permitted(element, sealed, options));
        if (!next_record(element, OBJECT_RECEIPT, &record))
                return SW_NO_REFERENCE;
        write_payload(element, &record, nonce, &payload);
        SW_TRY(payload.overflowed ? SW_UNKNOWN
                                  : evidence_seal(element, EVIDENCE_RECEIPT, writer_view(&payload), answer));
        write_place(element, &record, answer);
        return SW_OK;
}

uint16_t evidence_acknowledge_receipt(
        struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        (void)answer;
        slice sequence, digest;
        uint32_t number;
        struct record record;
        uint8_t expected[SHA256_SIZE];
        const struct field fields[] = {
                { 0x81, FIELD_REQUIRED, SEQUENCE_SIZE, SEQUENCE_SIZE, &sequence },
                { 0x82, FIELD_REQUIRED, SHA256_SIZE, SHA256_SIZE, &digest },
        };
        SW_TRY(fields_read(command->data, fields, sizeof fields / sizeof *fields));
        if (element->contactless) /* whoever passes learns not even which numbers are there */
                return SW_CONDITIONS;
        reader r = reader_over(sequence, NULL, NULL);
        if (failed(read_u32(&r, "sequence", &number)) || number > OBJECT_RECEIPT_LAST - OBJECT_RECEIPT ||
                !next_record(element, OBJECT_RECEIPT + number, &record) ||
                record.object != OBJECT_RECEIPT + number)
                return SW_NO_REFERENCE;
        digest_record(&record, expected);
        if (!secret_equal(digest, SLICE(expected)))
                return SW_WRONG_DATA;
        SW_TRY(element_delete(element, record.object));
        return element_commit(element);
}
