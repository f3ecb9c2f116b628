/* SPDX-License-Identifier: Apache-2.0 */
/* A credential record as one JSON object. */
#include "json_object.h"
#include "record_fields.h"

/* ---- writing ---- */

typedef void write_member(struct json_writer *w, const struct record_field *field, const void *from);

static void write_bytes_member(struct json_writer *w, const struct record_field *field, const void *from)
{
        json_write_base64url(w, field->name, *(const slice *)from);
}

static void write_text_member(struct json_writer *w, const struct record_field *field, const void *from)
{
        json_write_text(w, field->name, *(const slice *)from);
}

static void write_key_id(struct json_writer *w, const struct record_field *field, const void *from)
{
        json_write_base64url(w, field->name, slice_of(from, MITOME_RECORD_KEY_ID_SIZE));
}

static void write_count(struct json_writer *w, const struct record_field *field, const void *from)
{
        json_write_int(w, field->name, *(const uint32_t *)from);
}

static void write_time(struct json_writer *w, const struct record_field *field, const void *from)
{
        json_write_int(w, field->name, *(const int64_t *)from);
}

static void write_bool(struct json_writer *w, const struct record_field *field, const void *from)
{
        json_write_bool(w, field->name, *(const bool *)from);
}

static void write_answer(struct json_writer *w, const struct record_field *field, const void *from)
{
        json_write_bool(w, field->name, *(const enum mitome_answer *)from == MITOME_ANSWER_YES);
}

static void write_word(struct json_writer *w, const struct record_field *field, const void *from)
{
        json_write_string(w, field->name, field->words[*(const uint32_t *)from]);
}

static void write_transports(struct json_writer *w, const struct record_field *field, const void *from)
{
        uint32_t bits = *(const uint32_t *)from;
        json_write_open_array(w, field->name);
        for (size_t i = 0; i < RECORD_TRANSPORT_WORDS; i++)
                if (bits >> i & 1)
                        json_write_string(w, NULL, record_transport_words[i]);
        json_write_close_array(w);
}

static write_member *const writers[RECORD_SHAPES] = {
        [RECORD_BYTES] = write_bytes_member,
        [RECORD_TEXT] = write_text_member,
        [RECORD_KEY_ID] = write_key_id,
        [RECORD_COUNT] = write_count,
        [RECORD_TIME] = write_time,
        [RECORD_BOOL] = write_bool,
        [RECORD_ANSWER] = write_answer,
        [RECORD_WORD] = write_word,
        [RECORD_TRANSPORTS] = write_transports,
};

mitome_status mitome_record_write_json(const struct mitome_record *record, uint8_t *buffer, size_t capacity,
        mitome_slice *ret, mitome_error *error)
{
        writer out = writer_over(buffer, capacity);
        struct json_writer w = json_into(&out);
        MITOME_TRY(record_check(record, error));
        json_write_open_object(&w, NULL);
        json_write_int(&w, "version", MITOME_RECORD_VERSION);
        json_write_int(&w, "minor", MITOME_RECORD_MINOR);
        for (size_t i = 0; i < RECORD_FIELDS; i++) {
                const struct record_field *field = &record_fields[i];
                if (!record_is_absent(record, field))
                        writers[field->shape](&w, field, record_get(record, field));
        }
        json_write_close_object(&w);
        return writer_finish(&out, "record", ret, error);
}

/* ---- reading ---- */

typedef mitome_status read_member(
        struct json_reader *r, writer *arena, const struct record_field *field, void *to);

static mitome_status read_bytes_member(
        struct json_reader *r, writer *arena, const struct record_field *field, void *to)
{
        return arena_base64url(r, arena, field->field, field->most, to);
}

static mitome_status read_text_member(
        struct json_reader *r, writer *arena, const struct record_field *field, void *to)
{
        return arena_text(r, arena, field->field, field->most, to);
}

static mitome_status read_key_id(
        struct json_reader *r, writer *arena, const struct record_field *field, void *to)
{
        const struct json_reader start = *r;
        slice bytes;
        MITOME_TRY(arena_base64url(r, arena, field->field, MITOME_RECORD_KEY_ID_SIZE, &bytes));
        if (bytes.size != MITOME_RECORD_KEY_ID_SIZE)
                return reader_fail(&start.bytes, MITOME_E_VALUE, field->field);
        return slice_copy(bytes, field->field, to, MITOME_RECORD_KEY_ID_SIZE, r->bytes.error);
}

/* Takes an integer from 0 to `most`. */
static mitome_status read_number(struct json_reader *r, const char *field, int64_t most, int64_t *ret)
{
        const struct json_reader start = *r;
        int64_t value = 0;
        MITOME_TRY(json_read_int(r, field, &value));
        if (value < 0 || value > most)
                return reader_fail(&start.bytes, MITOME_E_VALUE, field);
        *ret = value;
        return ok();
}

static mitome_status read_count(
        struct json_reader *r, writer *arena, const struct record_field *field, void *to)
{
        (void)arena;
        int64_t value = 0;
        MITOME_TRY(read_number(r, field->field, field->most, &value));
        *(uint32_t *)to = (uint32_t)value;
        return ok();
}

static mitome_status read_time(
        struct json_reader *r, writer *arena, const struct record_field *field, void *to)
{
        (void)arena;
        return read_number(r, field->field, record_time_max, to);
}

static mitome_status read_bool(
        struct json_reader *r, writer *arena, const struct record_field *field, void *to)
{
        (void)arena;
        return json_read_bool(r, field->field, to);
}

static mitome_status read_answer(
        struct json_reader *r, writer *arena, const struct record_field *field, void *to)
{
        (void)arena;
        bool value = false;
        MITOME_TRY(json_read_bool(r, field->field, &value));
        *(enum mitome_answer *)to = value ? MITOME_ANSWER_YES : MITOME_ANSWER_NO;
        return ok();
}

/* Takes one of the words, which are `count` with gaps. */
static mitome_status read_one_of(
        struct json_reader *r, const char *field, const char *const *words, size_t count, uint32_t *ret)
{
        const struct json_reader start = *r;
        slice raw;
        MITOME_TRY(json_read_raw(r, field, &raw));
        for (size_t i = 0; i < count; i++)
                if (words[i] && json_name_is(raw, words[i])) {
                        *ret = (uint32_t)i;
                        return ok();
                }
        return reader_fail(&start.bytes, MITOME_E_VALUE, field);
}

static mitome_status read_word(
        struct json_reader *r, writer *arena, const struct record_field *field, void *to)
{
        (void)arena;
        return read_one_of(r, field->field, field->words, field->most + 1u, to);
}

static mitome_status read_transports(
        struct json_reader *r, writer *arena, const struct record_field *field, void *to)
{
        (void)arena;
        struct json_members array;
        uint32_t bits = 0, bit = 0;
        MITOME_TRY(json_open_array(r, field->field, &array));
        for (bool more = true;;) {
                MITOME_TRY(json_next_element(r, &array, &more));
                if (!more)
                        break;
                const struct json_reader start = *r;
                MITOME_TRY(
                        read_one_of(r, field->field, record_transport_words, RECORD_TRANSPORT_WORDS, &bit));
                if (bits >> bit & 1)
                        return reader_fail(&start.bytes, MITOME_E_VALUE, field->field);
                bits |= 1u << bit;
        }
        *(uint32_t *)to = bits;
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
        [RECORD_WORD] = read_word,
        [RECORD_TRANSPORTS] = read_transports,
};

/* A record that is being read. */
struct reading {
        struct json_reader json;
        writer arena;
        struct mitome_record record;
        size_t next;   /* in the table: members mostly come in its order */
        uint32_t seen; /* bits, by place in the table */
        bool has_version, has_minor;
        int64_t minor;
        bool has_unknown;
        size_t unknown_at;
};

static mitome_status read_version(struct reading *s)
{
        const struct json_reader start = s->json;
        int64_t version = 0;
        MITOME_TRY(read_number(&s->json, "record.version", UINT32_MAX, &version));
        if (version != MITOME_RECORD_VERSION)
                return reader_fail(&start.bytes, MITOME_E_RECORD_VERSION, "record.version");
        s->has_version = true;
        return ok();
}

static mitome_status read_known(struct reading *s, size_t place)
{
        const struct record_field *field = &record_fields[place];
        enum json_kind kind;
        MITOME_TRY(json_peek(&s->json, field->field, &kind)); /* past the white space */
        const struct json_reader start = s->json;
        MITOME_TRY(readers[field->shape](&s->json, &s->arena, field, record_at(&s->record, field)));
        /* A member that says nothing is left out. */
        mitome_status status = record_check_field(&s->record, field, NULL);
        if (failed(status) || record_is_absent(&s->record, field))
                return reader_fail(&start.bytes, failed(status) ? status.code : MITOME_E_VALUE, field->field);
        s->seen |= 1u << place;
        s->next = place + 1;
        return ok();
}

static mitome_status read_one(struct reading *s, slice name)
{
        for (size_t i = 0; i < RECORD_FIELDS; i++) {
                size_t place = (s->next + i) % RECORD_FIELDS;
                if (json_name_is(name, record_fields[place].name))
                        return read_known(s, place);
        }
        if (json_name_is(name, "version"))
                return read_version(s);
        if (json_name_is(name, "minor")) {
                s->has_minor = true;
                return read_number(&s->json, "record.minor", UINT16_MAX, &s->minor);
        }
        if (!s->has_unknown)
                s->unknown_at = s->json.bytes.offset;
        s->has_unknown = true;
        return json_skip(&s->json, "record");
}

/* What can be told only when all members have been seen: they come in any order. */
static mitome_status check_members(const struct reading *s, mitome_error *error)
{
        if (!s->has_version || !s->has_minor)
                return fail(error, MITOME_E_MISSING, s->has_version ? "record.minor" : "record.version",
                        record_clause);
        if (s->has_unknown && s->minor <= MITOME_RECORD_MINOR)
                return fail_at(error, MITOME_E_RECORD_MEMBER, s->unknown_at, "record", record_clause);
        MITOME_TRY(record_check_seen(s->seen, error));
        return record_check_whole(&s->record, error);
}

mitome_status mitome_record_read_json(
        mitome_slice json, uint8_t *buffer, size_t capacity, struct mitome_record *ret, mitome_error *error)
{
        struct reading s = { .json = json_over(json, record_clause, error),
                .arena = writer_over(buffer, capacity) };
        struct json_members object;
        slice name;
        MITOME_TRY(json_open_object(&s.json, "record", &object));
        for (bool more = true;;) {
                MITOME_TRY(json_next_member(&s.json, &object, &name, &more));
                if (!more)
                        break;
                MITOME_TRY(read_one(&s, name));
        }
        MITOME_TRY(json_end(&s.json, "record"));
        MITOME_TRY(check_members(&s, error));
        *ret = s.record;
        return ok();
}
