/* SPDX-License-Identifier: Apache-2.0 */
#include "portal_body.h"

static const char clause[] = "examples/portal/openapi.json";

/* An object as it stands: what was left before it, without what is left behind it. */
static mitome_status read_object(struct json_reader *json, const char *name, slice *ret)
{
        enum json_kind kind;
        MITOME_TRY(json_peek(json, name, &kind));
        if (kind != JSON_KIND_OBJECT)
                return reader_fail(&json->bytes, MITOME_E_JSON_TYPE, name);
        const slice before = json->bytes.rest;
        MITOME_TRY(json_skip(json, name));
        *ret = slice_of(before.data, before.size - json->bytes.rest.size);
        return ok();
}

static mitome_status read_value(struct json_reader *json, const struct body_field *field, slice *ret)
{
        switch (field->kind) {
        case BODY_TEXT:
                return json_read_string(json, field->name, field->buffer, field->capacity, ret);
        case BODY_BYTES:
                return json_read_base64url(json, field->name, field->buffer, field->capacity, ret);
        default:
                return read_object(json, field->name, ret);
        }
}

/* The field of a name; `count` when there is none. */
static size_t field_of(const struct body_field *fields, size_t count, slice name)
{
        size_t i = 0;
        while (i < count && !json_name_is(name, fields[i].name))
                i++;
        return i;
}

static mitome_status read_members(
        struct json_reader *json, const struct body_field *fields, size_t count, slice *values)
{
        struct json_members members;
        slice name;
        bool more;
        MITOME_TRY(json_open_object(json, "body", &members));
        for (;;) {
                MITOME_TRY(json_next_member(json, &members, &name, &more));
                if (!more)
                        return json_end(json, "body");
                const size_t i = field_of(fields, count, name);
                if (i == count)
                        return reader_fail(&json->bytes, MITOME_E_VALUE, "a member of the body");
                MITOME_TRY(read_value(json, &fields[i], &values[i]));
                if (!values[i].data) /* an empty text is there, too */
                        values[i] = slice_of("", 0);
        }
}

mitome_status body_read(slice body, const struct body_field *fields, size_t count, mitome_error *error)
{
        slice values[BODY_FIELDS_MAX] = { 0 };
        if (count > BODY_FIELDS_MAX)
                return fail(error, MITOME_E_ARGUMENT, "fields", NULL);
        struct json_reader json = json_over(body, clause, error);
        MITOME_TRY(read_members(&json, fields, count, values));
        for (size_t i = 0; i < count; i++)
                if (fields[i].required && !values[i].data)
                        return fail(error, MITOME_E_MISSING, fields[i].name, clause);
        for (size_t i = 0; i < count; i++)
                *fields[i].ret = values[i];
        return ok();
}
