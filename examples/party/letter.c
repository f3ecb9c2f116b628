/* SPDX-License-Identifier: Apache-2.0 */
#include "letter.h"

#include "digest.h"
#include "letter_head.h"
#include "sign1.h"

enum letter_member {
        AT_VERSION = 1,
        AT_FROM = 2,
        AT_TO = 3,
        AT_ID = 4,
        AT_AT = 5,
        AT_KIND = 6,
        AT_BODY = 7,
        AT_HEAD = 8,
        AT_ANSWERS = 9,
        MEMBERS = AT_ANSWERS,
};

enum { VERSION = 1 };
static const int64_t at_max = 253402300799; /* the year 9999 */

static const char clause[] = "letter.h";
static const struct sign1_kind letter_kind = { "application/x.mitome.letter+cbor", "mitome letter 1", clause,
        MITOME_E_LETTER_FORM, LETTER_BODY_MAX + 512 };

/* What holds of every letter, written or read. */
static bool has_form(const struct letter *letter)
{
        return sign1_is_name(letter->from, LETTER_NAME_MAX) && sign1_is_name(letter->to, LETTER_NAME_MAX) &&
               sign1_is_name(letter->kind, LETTER_KIND_MAX) && letter->body.size <= LETTER_BODY_MAX &&
               letter->at >= 0 && letter->at <= at_max && letter_head_has_form(&letter->head);
}

static void write_payload(writer *w, const struct letter *letter)
{
        cbor_write_map(w, letter->is_answer ? MEMBERS : MEMBERS - 1);
        cbor_write_int(w, AT_VERSION);
        cbor_write_int(w, VERSION);
        cbor_write_int(w, AT_FROM);
        cbor_write_text(w, letter->from);
        cbor_write_int(w, AT_TO);
        cbor_write_text(w, letter->to);
        cbor_write_int(w, AT_ID);
        cbor_write_bytes(w, SLICE(letter->id));
        cbor_write_int(w, AT_AT);
        cbor_write_int(w, letter->at);
        cbor_write_int(w, AT_KIND);
        cbor_write_text(w, letter->kind);
        cbor_write_int(w, AT_BODY);
        cbor_write_bytes(w, letter->body);
        cbor_write_int(w, AT_HEAD);
        letter_head_write(w, &letter->head);
        if (letter->is_answer) {
                cbor_write_int(w, AT_ANSWERS);
                cbor_write_bytes(w, SLICE(letter->answers));
        }
}

mitome_status letter_seal(const struct letter *letter, const uint8_t secret[LETTER_SECRET_SIZE], writer *out,
        mitome_error *error)
{
        uint8_t bytes[SIGN1_PAYLOAD_MAX];
        writer w = WRITER(bytes);
        slice payload;
        if (!has_form(letter))
                return fail(error, MITOME_E_LETTER_FORM, "letter", clause);
        write_payload(&w, letter);
        MITOME_TRY(writer_finish(&w, "letter", &payload, error));
        return sign1_seal(&letter_kind, letter->from, payload, secret, out, error);
}

/* ---- reading ---- */

static mitome_status read_version(struct cbor_reader *r, struct letter *letter)
{
        const struct cbor_reader start = *r;
        uint64_t version;
        (void)letter;
        MITOME_TRY(cbor_read_uint(r, "letter.version", UINT32_MAX, &version));
        return version == VERSION ? ok() : reader_fail(&start.bytes, MITOME_E_LETTER_FORM, "letter.version");
}

static mitome_status read_name(struct cbor_reader *r, const char *field, size_t max, slice *ret)
{
        const struct cbor_reader start = *r;
        slice name;
        MITOME_TRY(cbor_read_text(r, field, max, &name));
        if (!sign1_is_name(name, max))
                return reader_fail(&start.bytes, MITOME_E_LETTER_FORM, field);
        *ret = name;
        return ok();
}

static mitome_status read_from(struct cbor_reader *r, struct letter *letter)
{
        return read_name(r, "letter.from", LETTER_NAME_MAX, &letter->from);
}

static mitome_status read_to(struct cbor_reader *r, struct letter *letter)
{
        return read_name(r, "letter.to", LETTER_NAME_MAX, &letter->to);
}

static mitome_status read_id(struct cbor_reader *r, struct letter *letter)
{
        return letter_read_fixed(r, "letter.id", letter->id, sizeof letter->id);
}

static mitome_status read_at(struct cbor_reader *r, struct letter *letter)
{
        uint64_t at;
        MITOME_TRY(cbor_read_uint(r, "letter.at", (uint64_t)at_max, &at));
        letter->at = (int64_t)at;
        return ok();
}

static mitome_status read_kind(struct cbor_reader *r, struct letter *letter)
{
        return read_name(r, "letter.kind", LETTER_KIND_MAX, &letter->kind);
}

static mitome_status read_body(struct cbor_reader *r, struct letter *letter)
{
        return cbor_read_bytes(r, "letter.body", LETTER_BODY_MAX, &letter->body);
}

static mitome_status read_head(struct cbor_reader *r, struct letter *letter)
{
        return letter_head_read(r, "letter.head", MITOME_E_LETTER_FORM, &letter->head);
}

static mitome_status read_answers(struct cbor_reader *r, struct letter *letter)
{
        letter->is_answer = true;
        return letter_read_fixed(r, "letter.answers", letter->answers, sizeof letter->answers);
}

static mitome_status (*const members[MEMBERS + 1])(struct cbor_reader *r, struct letter *letter) = {
        [AT_VERSION] = read_version,
        [AT_FROM] = read_from,
        [AT_TO] = read_to,
        [AT_ID] = read_id,
        [AT_AT] = read_at,
        [AT_KIND] = read_kind,
        [AT_BODY] = read_body,
        [AT_HEAD] = read_head,
        [AT_ANSWERS] = read_answers,
};

static mitome_status read_payload(struct cbor_reader *r, struct letter *letter)
{
        const struct cbor_reader start = *r;
        struct cbor_members map;
        struct cbor_key key;
        size_t count = 0;
        MITOME_TRY(cbor_open_map(r, "letter", MEMBERS, &map));
        for (bool more;;) {
                MITOME_TRY(cbor_next_key(r, &map, &key, &more));
                if (!more)
                        break;
                if (key.is_text || key.number < AT_VERSION || key.number > MEMBERS)
                        return reader_fail(&r->bytes, MITOME_E_LETTER_FORM, "letter");
                MITOME_TRY(members[key.number](r, letter));
                count++;
        }
        MITOME_TRY(cbor_end(r, "letter"));
        /* Keys rise, so that this many of them are all but perhaps the last. */
        bool complete = count == MEMBERS || (count == MEMBERS - 1 && !letter->is_answer);
        return complete ? ok() : reader_fail(&start.bytes, MITOME_E_LETTER_FORM, "letter");
}

static mitome_status read_whole(slice bytes, struct cbor_reader *r, struct sign1 *ret, mitome_error *error)
{
        *r = cbor_over(bytes, clause, error);
        if (bytes.size > LETTER_MAX)
                return fail(error, MITOME_E_TOO_LONG, "letter", clause);
        MITOME_TRY(sign1_read(&letter_kind, r, ret));
        return cbor_end(r, "letter");
}

mitome_status letter_peek(slice bytes, slice *ret_from, mitome_error *error)
{
        struct cbor_reader r;
        struct sign1 note;
        MITOME_TRY(read_whole(bytes, &r, &note, error));
        *ret_from = note.name;
        return ok();
}

mitome_status letter_open(
        slice bytes, const uint8_t key[LETTER_KEY_SIZE], struct letter *ret, mitome_error *error)
{
        struct letter letter = { 0 };
        struct cbor_reader r;
        struct sign1 note;
        MITOME_TRY(read_whole(bytes, &r, &note, error));
        MITOME_TRY(sign1_verify(&letter_kind, &note, key, error));
        struct cbor_reader payload = cbor_over(note.payload, clause, error);
        payload.bytes = reader_within(&r.bytes, note.payload);
        MITOME_TRY(read_payload(&payload, &letter));
        if (!slice_equal(letter.from, note.name))
                return fail(error, MITOME_E_LETTER_FORM, "letter.from", clause);
        sha256(&bytes, 1, letter.digest);
        *ret = letter;
        return ok();
}
