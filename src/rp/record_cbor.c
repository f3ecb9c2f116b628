/* SPDX-License-Identifier: Apache-2.0 */
/* A credential record as canonical CBOR: one map with integer keys. */
#include "cbor.h"
#include "record_fields.h"

/* ---- writing ---- */

static void write_bytes_member(writer *w, const void *from)
{
        cbor_write_bytes(w, *(const slice *)from);
}

static void write_text_member(writer *w, const void *from)
{
        cbor_write_text(w, *(const slice *)from);
}

static void write_key_id(writer *w, const void *from)
{
        cbor_write_bytes(w, slice_of(from, MITOME_RECORD_KEY_ID_SIZE));
}

/* Words and transports as well: their numbers. */
static void write_count(writer *w, const void *from)
{
        cbor_write_uint(w, *(const uint32_t *)from);
}

static void write_time(writer *w, const void *from)
{
        cbor_write_uint(w, (uint64_t) * (const int64_t *)from);
}

static void write_bool(writer *w, const void *from)
{
        cbor_write_bool(w, *(const bool *)from);
}

static void write_answer(writer *w, const void *from)
{
        cbor_write_bool(w, *(const enum mitome_answer *)from == MITOME_ANSWER_YES);
}

static void (*const writers[RECORD_SHAPES])(writer *w, const void *from) = {
        [RECORD_BYTES] = write_bytes_member,
        [RECORD_TEXT] = write_text_member,
        [RECORD_KEY_ID] = write_key_id,
        [RECORD_COUNT] = write_count,
        [RECORD_TIME] = write_time,
        [RECORD_BOOL] = write_bool,
        [RECORD_ANSWER] = write_answer,
        [RECORD_WORD] = write_count,
        [RECORD_TRANSPORTS] = write_count,
};

static size_t count_members(const struct mitome_record *record)
{
        size_t count = 0;
        for (size_t i = 0; i < RECORD_FIELDS; i++)
                count += !record_is_absent(record, &record_fields[i]);
        return count;
}

mitome_status mitome_record_write_cbor(const struct mitome_record *record, uint8_t *buffer, size_t capacity,
        mitome_slice *ret, mitome_error *error)
{
        writer w = writer_over(buffer, capacity);
        MITOME_TRY(record_check(record, error));
        cbor_write_map(&w, 2 + count_members(record));
        cbor_write_uint(&w, RECORD_KEY_VERSION);
        cbor_write_uint(&w, MITOME_RECORD_VERSION);
        cbor_write_uint(&w, RECORD_KEY_MINOR);
        cbor_write_uint(&w, MITOME_RECORD_MINOR);
        for (size_t i = 0; i < RECORD_FIELDS; i++) {
                const struct record_field *field = &record_fields[i];
                if (record_is_absent(record, field))
                        continue;
                cbor_write_uint(&w, field->key);
                writers[field->shape](&w, record_get(record, field));
        }
        return writer_finish(&w, "record", ret, error);
}

/* ---- reading ---- */

typedef mitome_status read_member(struct cbor_reader *r, const struct record_field *field, void *to);

static mitome_status read_bytes_member(struct cbor_reader *r, const struct record_field *field, void *to)
{
        return cbor_read_bytes(r, field->field, field->most, to);
}

static mitome_status read_text_member(struct cbor_reader *r, const struct record_field *field, void *to)
{
        return cbor_read_text(r, field->field, field->most, to);
}

static mitome_status read_key_id(struct cbor_reader *r, const struct record_field *field, void *to)
{
        slice bytes;
        MITOME_TRY(cbor_read_fixed(r, field->field, MITOME_RECORD_KEY_ID_SIZE, &bytes));
        return slice_copy(bytes, field->field, to, MITOME_RECORD_KEY_ID_SIZE, r->bytes.error);
}

static mitome_status read_count(struct cbor_reader *r, const struct record_field *field, void *to)
{
        uint64_t value = 0;
        MITOME_TRY(cbor_read_uint(r, field->field, field->most, &value));
        *(uint32_t *)to = (uint32_t)value;
        return ok();
}

static mitome_status read_time(struct cbor_reader *r, const struct record_field *field, void *to)
{
        uint64_t value = 0;
        MITOME_TRY(cbor_read_uint(r, field->field, (uint64_t)record_time_max, &value));
        *(int64_t *)to = (int64_t)value;
        return ok();
}

static mitome_status read_bool(struct cbor_reader *r, const struct record_field *field, void *to)
{
        return cbor_read_bool(r, field->field, to);
}

static mitome_status read_answer(struct cbor_reader *r, const struct record_field *field, void *to)
{
        bool value = false;
        MITOME_TRY(cbor_read_bool(r, field->field, &value));
        *(enum mitome_answer *)to = value ? MITOME_ANSWER_YES : MITOME_ANSWER_NO;
        return ok();
}

static read_member *const readers[RECORD_SHAPES] = {
        [RECORD_BYTES] = read_bytes_member,
        [RECORD_TEXT] = read_text_member,
        [RECORD_KEY_ID] = read_key_id,
        [RECORD_COUNT] = read_count,
        [RECORD_TIME] = read_time,
        [RECORD_BOOL] = read_bool,
        [RECORD_ANSWER] = read_answer,
        [RECORD_WORD] = read_count,
        [RECORD_TRANSPORTS] = read_count,
};

/* Takes the next key, which must be `number`. */
static mitome_status expect_key(
        struct cbor_reader *r, struct cbor_members *map, int64_t number, const char *field)
{
        struct cbor_reader start = *r;
        struct cbor_key key;
        bool more = false;
        MITOME_TRY(cbor_next_key(r, map, &key, &more));
        if (!more || key.is_text || key.number != number)
                return reader_fail(&start.bytes, MITOME_E_MISSING, field);
        return ok();
}

/* The two members that say how to read the others come first in canonical order. */
static mitome_status read_version(struct cbor_reader *r, struct cbor_members *map, uint64_t *ret_minor)
{
        uint64_t version = 0;
        MITOME_TRY(expect_key(r, map, RECORD_KEY_VERSION, "record.version"));
        const struct cbor_reader start = *r;
        MITOME_TRY(cbor_read_uint(r, "record.version", UINT64_MAX, &version));
        if (version != MITOME_RECORD_VERSION)
                return reader_fail(&start.bytes, MITOME_E_RECORD_VERSION, "record.version");
        MITOME_TRY(expect_key(r, map, RECORD_KEY_MINOR, "record.minor"));
        return cbor_read_uint(r, "record.minor", UINT16_MAX, ret_minor);
}

static const struct record_field *find_field(const struct cbor_key *key)
{
        for (size_t i = 0; !key->is_text && i < RECORD_FIELDS; i++)
                if (record_fields[i].key == key->number)
                        return &record_fields[i];
        return NULL;
}

static mitome_status read_known(
        struct cbor_reader *r, const struct record_field *field, struct mitome_record *record)
{
        struct cbor_reader start = *r;
        MITOME_TRY(readers[field->shape](r, field, record_at(record, field)));
        /* What stands there must be what the writer would have left out only for being nothing. */
        mitome_status status = record_check_field(record, field, NULL);
        if (failed(status) || record_is_absent(record, field))
                return reader_fail(&start.bytes, failed(status) ? status.code : MITOME_E_VALUE, field->field);
        return ok();
}

static mitome_status read_members(
        struct cbor_reader *r, struct cbor_members *map, uint64_t minor, struct mitome_record *record)
{
        struct cbor_key key;
        uint32_t seen = 0;
        for (bool more = true;;) {
                struct cbor_reader start = *r;
                MITOME_TRY(cbor_next_key(r, map, &key, &more));
                if (!more)
                        return record_check_seen(seen, r->bytes.error);
                const struct record_field *field = find_field(&key);
                if (field) {
                        MITOME_TRY(read_known(r, field, record));
                        seen |= 1u << (field - record_fields);
                } else if (minor > MITOME_RECORD_MINOR) {
                        MITOME_TRY(cbor_skip(r, "record"));
                } else {
                        return reader_fail(&start.bytes, MITOME_E_RECORD_MEMBER, "record");
                }
        }
}

mitome_status mitome_record_read_cbor(mitome_slice cbor, struct mitome_record *ret, mitome_error *error)
{
        struct cbor_reader r = cbor_over(cbor, record_clause, error);
        struct mitome_record record = { 0 };
        struct cbor_members map;
        uint64_t minor = 0;
        MITOME_TRY(cbor_open_map(&r, "record", RECORD_MEMBERS_MAX, &map));
        MITOME_TRY(read_version(&r, &map, &minor));
        MITOME_TRY(read_members(&r, &map, minor, &record));
        MITOME_TRY(cbor_end(&r, "record"));
        MITOME_TRY(record_check_whole(&record, error));
        *ret = record;
        return ok();
}
