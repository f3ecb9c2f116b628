/* SPDX-License-Identifier: Apache-2.0 */
#include "journal_entry.h"

#include "digest.h"
#include "letter_head.h"

enum entry_member {
        AT_VERSION = 1,
        AT_NUMBER = 2,
        AT_PREVIOUS = 3,
        AT_AT = 4,
        AT_WHAT = 5,
        AT_OUTCOME = 6,
        AT_SUBJECT = 7,
        AT_EVIDENCE = 8,
        AT_REASON = 9,
        AT_WITNESS = 10,
        MEMBERS = AT_WITNESS,
};

enum { VERSION = 1, PAYLOAD_MAX = 1536 };
static const int64_t at_max = 253402300799; /* the year 9999 */

static const char clause[] = "docs/journal.md";
static const struct sign1_kind entry_kind = { "application/x.mitome.journal+cbor", "mitome journal 1", clause,
        MITOME_E_JOURNAL_FORM, PAYLOAD_MAX };

static const char *const outcomes[] = { "done", "refused", "asked", "confirmed" };

/* ---- what holds of every entry ---- */

static bool is_outcome(slice text)
{
        for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++)
                if (slice_is(text, outcomes[i]))
                        return true;
        return false;
}

static bool is_printable(slice text, uint8_t first, size_t max)
{
        for (size_t i = 0; i < text.size; i++)
                if (text.data[i] < first || text.data[i] > '~')
                        return false;
        return text.size <= max;
}

/* A word, ':', and at least one character without spaces; or nothing at all. */
static bool is_subject(slice text)
{
        size_t word = 0;
        while (word < text.size && text.data[word] != ':')
                word++;
        return text.size == 0 ||
               (sign1_is_name(slice_of(text.data, word), LETTER_KIND_MAX) && text.size > word + 1 &&
                       is_printable(text, '!', JOURNAL_SUBJECT_MAX));
}

static bool has_form(const struct journal_entry *entry)
{
        for (size_t i = 0; i < entry->evidence_count; i++)
                if (!sign1_is_name(entry->evidence[i].kind, LETTER_KIND_MAX) ||
                        entry->evidence[i].digest.size != LETTER_DIGEST_SIZE)
                        return false;
        if (entry->has_witness && (!sign1_is_name(entry->witness.party, LETTER_NAME_MAX) ||
                                          !letter_head_has_form(&entry->witness.head)))
                return false;
        struct letter_head before = { 0 };
        if (entry->number == 0 || entry->number > INT64_MAX ||
                failed(slice_copy(entry->previous, "previous", before.digest, sizeof before.digest, NULL)))
                return false;
        before.number = entry->number - 1;
        return letter_head_has_form(&before) && entry->at >= 0 && entry->at <= at_max &&
               sign1_is_name(entry->what, JOURNAL_TEXT_MAX) && is_outcome(entry->outcome) &&
               is_subject(entry->subject) && is_printable(entry->reason, ' ', JOURNAL_TEXT_MAX);
}

/* ---- writing ---- */

static void write_evidence(writer *w, const struct journal_entry *entry)
{
        cbor_write_array(w, entry->evidence_count);
        for (size_t i = 0; i < entry->evidence_count; i++) {
                cbor_write_array(w, 2);
                cbor_write_text(w, entry->evidence[i].kind);
                cbor_write_bytes(w, entry->evidence[i].digest);
        }
}

static void write_texts(writer *w, const struct journal_entry *entry)
{
        cbor_write_int(w, AT_WHAT);
        cbor_write_text(w, entry->what);
        cbor_write_int(w, AT_OUTCOME);
        cbor_write_text(w, entry->outcome);
        cbor_write_int(w, AT_SUBJECT);
        cbor_write_text(w, entry->subject);
        cbor_write_int(w, AT_EVIDENCE);
        write_evidence(w, entry);
        if (entry->reason.size) {
                cbor_write_int(w, AT_REASON);
                cbor_write_text(w, entry->reason);
        }
        if (entry->has_witness) {
                cbor_write_int(w, AT_WITNESS);
                cbor_write_array(w, 2);
                cbor_write_text(w, entry->witness.party);
                letter_head_write(w, &entry->witness.head);
        }
}

static void write_payload(writer *w, const struct journal_entry *entry)
{
        cbor_write_map(w, (size_t)AT_EVIDENCE + (entry->reason.size > 0) + entry->has_witness);
        cbor_write_int(w, AT_VERSION);
        cbor_write_int(w, VERSION);
        cbor_write_int(w, AT_NUMBER);
        cbor_write_uint(w, entry->number);
        cbor_write_int(w, AT_PREVIOUS);
        cbor_write_bytes(w, entry->previous);
        cbor_write_int(w, AT_AT);
        cbor_write_int(w, entry->at);
        write_texts(w, entry);
}

mitome_status journal_entry_seal(const struct journal_entry *entry, const uint8_t secret[LETTER_SECRET_SIZE],
        writer *out, mitome_error *error)
{
        uint8_t bytes[PAYLOAD_MAX];
        writer w = WRITER(bytes);
        slice payload;
        if (!has_form(entry))
                return fail(error, MITOME_E_JOURNAL_FORM, "entry", clause);
        write_payload(&w, entry);
        MITOME_TRY(writer_finish(&w, "entry", &payload, error));
        return sign1_seal(&entry_kind, entry->party, payload, secret, out, error);
}

/* ---- reading ---- */

static mitome_status read_version(struct cbor_reader *r, struct journal_entry *entry)
{
        const struct cbor_reader start = *r;
        uint64_t version;
        (void)entry;
        MITOME_TRY(cbor_read_uint(r, "entry.version", UINT32_MAX, &version));
        return version == VERSION ? ok() : reader_fail(&start.bytes, MITOME_E_JOURNAL_FORM, "entry.version");
}

static mitome_status read_number(struct cbor_reader *r, struct journal_entry *entry)
{
        return cbor_read_uint(r, "entry.number", INT64_MAX, &entry->number);
}

static mitome_status read_previous(struct cbor_reader *r, struct journal_entry *entry)
{
        return cbor_read_fixed(r, "entry.previous", LETTER_DIGEST_SIZE, &entry->previous);
}

static mitome_status read_at(struct cbor_reader *r, struct journal_entry *entry)
{
        uint64_t at;
        MITOME_TRY(cbor_read_uint(r, "entry.at", (uint64_t)at_max, &at));
        entry->at = (int64_t)at;
        return ok();
}

static mitome_status read_what(struct cbor_reader *r, struct journal_entry *entry)
{
        return cbor_read_text(r, "entry.what", JOURNAL_TEXT_MAX, &entry->what);
}

static mitome_status read_outcome(struct cbor_reader *r, struct journal_entry *entry)
{
        return cbor_read_text(r, "entry.outcome", JOURNAL_TEXT_MAX, &entry->outcome);
}

static mitome_status read_subject(struct cbor_reader *r, struct journal_entry *entry)
{
        return cbor_read_text(r, "entry.subject", JOURNAL_SUBJECT_MAX, &entry->subject);
}

/* A pair: the reader stands before it, and after it. */
static mitome_status open_pair(struct cbor_reader *r, const char *field, struct cbor_members *ret)
{
        const struct cbor_reader start = *r;
        MITOME_TRY(cbor_open_array(r, field, 2, ret));
        return ret->left == 2 && cbor_next_element(r, ret)
                       ? ok()
                       : reader_fail(&start.bytes, MITOME_E_JOURNAL_FORM, field);
}

static mitome_status read_proof(struct cbor_reader *r, struct journal_proof *ret)
{
        struct cbor_members pair;
        MITOME_TRY(open_pair(r, "entry.evidence", &pair));
        MITOME_TRY(cbor_read_text(r, "entry.evidence", LETTER_KIND_MAX, &ret->kind));
        (void)cbor_next_element(r, &pair);
        MITOME_TRY(cbor_read_fixed(r, "entry.evidence", LETTER_DIGEST_SIZE, &ret->digest));
        (void)cbor_next_element(r, &pair);
        return ok();
}

static mitome_status read_proofs(struct cbor_reader *r, struct journal_entry *entry)
{
        struct cbor_members array;
        MITOME_TRY(cbor_open_array(r, "entry.evidence", JOURNAL_EVIDENCE_MAX, &array));
        while (cbor_next_element(r, &array)) {
                MITOME_TRY(read_proof(r, &entry->evidence[entry->evidence_count]));
                entry->evidence_count++;
        }
        return ok();
}

static mitome_status read_reason(struct cbor_reader *r, struct journal_entry *entry)
{
        const struct cbor_reader start = *r;
        MITOME_TRY(cbor_read_text(r, "entry.reason", JOURNAL_TEXT_MAX, &entry->reason));
        return entry->reason.size ? ok() : reader_fail(&start.bytes, MITOME_E_JOURNAL_FORM, "entry.reason");
}

static mitome_status read_witness(struct cbor_reader *r, struct journal_entry *entry)
{
        struct cbor_members pair;
        MITOME_TRY(open_pair(r, "entry.witness", &pair));
        MITOME_TRY(cbor_read_text(r, "entry.witness", LETTER_NAME_MAX, &entry->witness.party));
        (void)cbor_next_element(r, &pair);
        MITOME_TRY(letter_head_read(r, "entry.witness", MITOME_E_JOURNAL_FORM, &entry->witness.head));
        (void)cbor_next_element(r, &pair);
        entry->has_witness = true;
        return ok();
}

static mitome_status (*const members[MEMBERS + 1])(struct cbor_reader *r, struct journal_entry *entry) = {
        [AT_VERSION] = read_version,
        [AT_NUMBER] = read_number,
        [AT_PREVIOUS] = read_previous,
        [AT_AT] = read_at,
        [AT_WHAT] = read_what,
        [AT_OUTCOME] = read_outcome,
        [AT_SUBJECT] = read_subject,
        [AT_EVIDENCE] = read_proofs,
        [AT_REASON] = read_reason,
        [AT_WITNESS] = read_witness,
};

static mitome_status read_payload(struct cbor_reader *r, struct journal_entry *entry)
{
        const struct cbor_reader start = *r;
        struct cbor_members map;
        struct cbor_key key;
        int64_t required = 0;
        MITOME_TRY(cbor_open_map(r, "entry", MEMBERS, &map));
        for (bool more;;) {
                MITOME_TRY(cbor_next_key(r, &map, &key, &more));
                if (!more)
                        break;
                if (key.is_text || key.number < AT_VERSION || key.number > MEMBERS)
                        return reader_fail(&r->bytes, MITOME_E_JOURNAL_FORM, "entry");
                MITOME_TRY(members[key.number](r, entry));
                required += key.number <= AT_EVIDENCE;
        }
        MITOME_TRY(cbor_end(r, "entry"));
        return required == AT_EVIDENCE && has_form(entry)
                       ? ok()
                       : reader_fail(&start.bytes, MITOME_E_JOURNAL_FORM, "entry");
}

mitome_status journal_entry_read(
        slice bytes, struct journal_entry *ret, size_t *ret_size, mitome_error *error)
{
        struct journal_entry entry = { 0 };
        struct cbor_reader r = cbor_over(bytes, clause, error);
        MITOME_TRY(sign1_read(&entry_kind, &r, &entry.note));
        struct cbor_reader payload = cbor_over(entry.note.payload, clause, error);
        payload.bytes = reader_within(&r.bytes, entry.note.payload);
        MITOME_TRY(read_payload(&payload, &entry));
        slice whole = slice_of(bytes.data, r.bytes.offset);
        entry.party = entry.note.name;
        sha256(&whole, 1, entry.digest);
        *ret = entry;
        *ret_size = whole.size;
        return ok();
}

mitome_status journal_entry_verify(
        const struct journal_entry *entry, const uint8_t key[LETTER_KEY_SIZE], mitome_error *error)
{
        return sign1_verify(&entry_kind, &entry->note, key, error);
}
