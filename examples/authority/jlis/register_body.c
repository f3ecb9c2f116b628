/* SPDX-License-Identifier: Apache-2.0 */
#include "register_body.h"

static mitome_status read_value(struct cbor_reader *r, const struct body_field *field)
{
        uint64_t number;
        slice bytes;
        switch (field->type) {
        case BODY_NUMBER:
                MITOME_TRY(cbor_read_uint(r, field->name, field->most, &number));
                *field->number = number;
                return ok();
        case BODY_ITEM:
                return cbor_read_item(r, field->name, field->bytes);
        case BODY_TEXT:
                MITOME_TRY(cbor_read_text(r, field->name, field->most, &bytes));
                break;
        case BODY_BYTES:
                MITOME_TRY(cbor_read_bytes(r, field->name, field->most, &bytes));
                break;
        }
        if (bytes.size < field->least)
                return reader_fail(&r->bytes, MITOME_E_VALUE, field->name);
        *field->bytes = bytes;
        return ok();
}

/* Skips what may be absent and stands before `key`. */
static mitome_status find_field(const struct cbor_reader *r, const struct body_field *fields, size_t count,
        const struct cbor_key *key, size_t *at)
{
        while (*at < count && !key->is_text && fields[*at].key < key->number) {
                if (!fields[*at].optional)
                        return reader_fail(&r->bytes, MITOME_E_MISSING, fields[*at].name);
                (*at)++;
        }
        return *at < count && !key->is_text && fields[*at].key == key->number
                       ? ok()
                       : reader_fail(&r->bytes, MITOME_E_VALUE, "body");
}

mitome_status body_read(slice body, const struct body_field *fields, size_t count, mitome_error *error)
{
        struct cbor_reader r = cbor_over(body, "letter", error);
        struct cbor_members map;
        size_t at = 0;
        MITOME_TRY(cbor_open_map(&r, "body", count, &map));
        for (;;) {
                struct cbor_key key;
                bool more;
                MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
                if (!more)
                        break;
                MITOME_TRY(find_field(&r, fields, count, &key, &at));
                MITOME_TRY(read_value(&r, &fields[at++]));
        }
        MITOME_TRY(cbor_end(&r, "body"));
        for (; at < count; at++)
                if (!fields[at].optional)
                        return fail(error, MITOME_E_MISSING, fields[at].name, "letter");
        return ok();
}

mitome_status body_read_date(slice item, struct body_date *ret, mitome_error *error)
{
        static const char field[] = "date of birth";
        struct cbor_reader r = cbor_over(item, "letter", error);
        struct cbor_members array;
        uint64_t numbers[3];
        size_t count = 0;
        MITOME_TRY(cbor_open_array(&r, field, 3, &array));
        while (cbor_next_element(&r, &array))
                MITOME_TRY(cbor_read_uint(&r, field, 9999, &numbers[count++]));
        MITOME_TRY(cbor_end(&r, field));
        if (count != 3)
                return fail(error, MITOME_E_VALUE, field, "letter");
        *ret = (struct body_date){ (int)numbers[0], (int)numbers[1], (int)numbers[2] };
        return ok();
}
