/* SPDX-License-Identifier: Apache-2.0 */
#include "json_object.h"

static mitome_status arena_take(
        struct json_reader *r, writer *arena, const char *field, size_t size, uint8_t **ret)
{
        uint8_t *space = write_space(arena, size);
        if (!space)
                return fail(r->bytes.error, MITOME_E_BUFFER_FULL, field, NULL);
        *ret = space;
        return ok();
}

static bool has_escape(slice raw)
{
        bool found = false;
        for (size_t i = 0; i < raw.size; i++)
                found |= raw.data[i] == '\\';
        return found;
}

mitome_status arena_text(struct json_reader *r, writer *arena, const char *field, size_t max, slice *ret)
{
        struct json_reader start = *r;
        slice raw, text;
        uint8_t *space = NULL;
        MITOME_TRY(json_read_raw(r, field, &raw));
        /* Without its escapes a text is never longer than with them. */
        MITOME_TRY(arena_take(&start, arena, field, raw.size, &space));
        if (has_escape(raw)) {
                struct json_reader again = start;
                MITOME_TRY(json_read_string(&again, field, space, raw.size, &text));
        } else {
                MITOME_TRY(slice_copy(raw, field, space, raw.size, NULL));
                text = slice_of(space, raw.size);
        }
        if (text.size > max)
                return reader_fail(&start.bytes, MITOME_E_TOO_LONG, field);
        *ret = text;
        return ok();
}

mitome_status arena_base64url(struct json_reader *r, writer *arena, const char *field, size_t max, slice *ret)
{
        enum json_kind kind;
        slice raw, bytes;
        uint8_t *space = NULL;
        MITOME_TRY(json_peek(r, field, &kind)); /* past the white space */
        struct json_reader start = *r;
        MITOME_TRY(json_read_raw(r, field, &raw));
        size_t capacity =
                raw.size / 4 * 3 + 2; /* two digits or three that are left over make two bytes at most */
        if (capacity > max + 4)
                return reader_fail(&start.bytes, MITOME_E_TOO_LONG, field);
        MITOME_TRY(arena_take(&start, arena, field, capacity, &space));
        mitome_status status = base64url_decode(raw, field, space, capacity, &bytes, NULL);
        if (failed(status))
                return reader_fail(&start.bytes, status.code, field);
        if (bytes.size > max)
                return reader_fail(&start.bytes, MITOME_E_TOO_LONG, field);
        *ret = bytes;
        return ok();
}

mitome_status json_field_text(struct json_reader *r, writer *arena, const struct json_field *field)
{
        return arena_text(r, arena, field->field, field->max, field->bytes);
}

mitome_status json_field_base64url(struct json_reader *r, writer *arena, const struct json_field *field)
{
        return arena_base64url(r, arena, field->field, field->max, field->bytes);
}

mitome_status json_field_raw(struct json_reader *r, writer *arena, const struct json_field *field)
{
        (void)arena;
        enum json_kind kind;
        MITOME_TRY(json_peek(r, field->field, &kind)); /* past the white space */
        const struct json_reader start = *r;
        MITOME_TRY(json_skip(r, field->field));
        *field->bytes = slice_of(start.bytes.rest.data, r->bytes.offset - start.bytes.offset);
        return ok();
}

mitome_status json_field_bool(struct json_reader *r, writer *arena, const struct json_field *field)
{
        (void)arena;
        return json_read_bool(r, field->field, field->flag);
}

mitome_status json_field_literal(struct json_reader *r, writer *arena, const struct json_field *field)
{
        (void)arena;
        slice raw;
        const struct json_reader start = *r;
        MITOME_TRY(json_read_raw(r, field->field, &raw));
        if (!json_name_is(raw, field->literal))
                return reader_fail(&start.bytes, MITOME_E_VALUE, field->field);
        return ok();
}

mitome_status json_field_object(struct json_reader *r, writer *arena, const struct json_field *field)
{
        enum json_kind kind;
        if (field->members)
                return json_object_read(r, arena, field->members);
        MITOME_TRY(json_peek(r, field->field, &kind));
        if (kind != JSON_KIND_OBJECT)
                return reader_fail(&r->bytes, MITOME_E_JSON_TYPE, field->field);
        return json_skip(r, field->field);
}

static mitome_status read_field(
        struct json_reader *r, writer *arena, const struct json_field *field, bool *ret_seen)
{
        enum json_kind kind;
        MITOME_TRY(json_peek(r, field->field, &kind));
        if (kind == JSON_KIND_NULL && field->null_is_absent)
                return json_skip(r, field->field);
        MITOME_TRY(field->read(r, arena, field));
        if (field->present)
                *field->present = true;
        *ret_seen = true;
        return ok();
}

static mitome_status read_unknown(struct json_reader *r, const struct json_object *object, slice name)
{
        if (!object->closed)
                return json_skip(r, object->field);
        if (object->unknown)
                *object->unknown = name;
        return reader_fail(&r->bytes, MITOME_E_POLICY_UNKNOWN, object->field);
}

static mitome_status read_member(
        struct json_reader *r, writer *arena, const struct json_object *object, slice name, bool *seen)
{
        for (size_t i = 0; i < object->count; i++)
                if (json_name_is(name, object->fields[i].name))
                        return read_field(r, arena, &object->fields[i], &seen[i]);
        return read_unknown(r, object, name);
}

mitome_status json_object_read(struct json_reader *r, writer *arena, const struct json_object *object)
{
        bool seen[JSON_OBJECT_FIELDS] = { 0 };
        struct json_members members;
        slice name;
        MITOME_TRY(json_open_object(r, object->field, &members));
        for (bool more;;) {
                MITOME_TRY(json_next_member(r, &members, &name, &more));
                if (!more)
                        break;
                MITOME_TRY(read_member(r, arena, object, name, seen));
        }
        for (size_t i = 0; i < object->count; i++)
                if (object->fields[i].required && !seen[i])
                        return reader_fail(&r->bytes, MITOME_E_MISSING, object->fields[i].field);
        return ok();
}
