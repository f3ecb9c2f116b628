/* SPDX-License-Identifier: Apache-2.0 */
#include "transcribe.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* ---- CBOR ---- */

static mitome_status copy_integer(struct cbor_reader *from, writer *to, enum cbor_kind kind)
{
        uint64_t number;
        int64_t negative;
        slice item;
        if (kind == CBOR_KIND_UINT) {
                MITOME_TRY(cbor_read_uint(from, "item", UINT64_MAX, &number));
                cbor_write_uint(to, number);
                return ok();
        }
        MITOME_TRY(cbor_read_item(from, "item", &item));
        struct cbor_reader again = cbor_over(item, NULL, NULL);
        if (failed(cbor_read_int(&again, "item", &negative)))
                write_slice(to, item); /* under -2^63, which can be skipped, not read */
        else
                cbor_write_int(to, negative);
        return ok();
}

static mitome_status copy_string(struct cbor_reader *from, writer *to, enum cbor_kind kind)
{
        slice string;
        if (kind == CBOR_KIND_BYTES) {
                MITOME_TRY(cbor_read_bytes(from, "item", SIZE_MAX, &string));
                cbor_write_bytes(to, string);
        } else {
                MITOME_TRY(cbor_read_text(from, "item", SIZE_MAX, &string));
                cbor_write_text(to, string);
        }
        return ok();
}

static mitome_status copy_array(struct cbor_reader *from, writer *to)
{
        struct cbor_members array;
        MITOME_TRY(cbor_open_array(from, "array", CBOR_MEMBERS, &array));
        cbor_write_array(to, array.left);
        while (cbor_next_element(from, &array))
                MITOME_TRY(cbor_transcribe(from, to));
        return ok();
}

static mitome_status copy_map(struct cbor_reader *from, writer *to)
{
        struct cbor_members map;
        struct cbor_key key;
        MITOME_TRY(cbor_open_map(from, "map", CBOR_MEMBERS, &map));
        cbor_write_map(to, map.left);
        for (bool more;;) {
                MITOME_TRY(cbor_next_key(from, &map, &key, &more));
                if (!more)
                        return ok();
                if (key.is_text)
                        cbor_write_text(to, key.text);
                else
                        cbor_write_int(to, key.number);
                MITOME_TRY(cbor_transcribe(from, to));
        }
}

mitome_status cbor_transcribe(struct cbor_reader *from, writer *to)
{
        enum cbor_kind kind;
        slice item;
        bool value;
        MITOME_TRY(cbor_peek(from, "item", &kind));
        switch (kind) {
        case CBOR_KIND_UINT:
        case CBOR_KIND_NEGATIVE:
                return copy_integer(from, to, kind);
        case CBOR_KIND_BYTES:
        case CBOR_KIND_TEXT:
                return copy_string(from, to, kind);
        case CBOR_KIND_ARRAY:
                return copy_array(from, to);
        case CBOR_KIND_MAP:
                return copy_map(from, to);
        case CBOR_KIND_BOOL:
                MITOME_TRY(cbor_read_bool(from, "item", &value));
                cbor_write_bool(to, value);
                return ok();
        case CBOR_KIND_NULL:
                MITOME_TRY(cbor_read_item(from, "item", &item));
                write_u8(to, 0xF6);
                return ok();
        }
        abort();
}

/* ---- JSON ---- */

static mitome_status json_copy_object(struct json_reader *from, struct json_writer *to)
{
        struct json_members object;
        slice raw, name;
        uint8_t text[TRANSCRIBED_STRING];
        MITOME_TRY(json_open_object(from, "object", &object));
        json_write_open_array(to, NULL);
        for (bool more;;) {
                struct json_reader before = *from;
                MITOME_TRY(json_next_member(from, &object, &raw, &more));
                if (!more)
                        break;
                /* the raw name and its two quotes, read as the string that it is */
                struct json_reader quoted = { .bytes = reader_within(
                                                      &before.bytes, slice_of(raw.data - 1, raw.size + 2)) };
                MITOME_TRY(json_read_string(&quoted, "name", text, sizeof text, &name));
                json_write_text(to, NULL, name);
                MITOME_TRY(json_transcribe(from, to));
        }
        json_write_close_array(to);
        return ok();
}

static mitome_status json_copy_array(struct json_reader *from, struct json_writer *to)
{
        struct json_members array;
        MITOME_TRY(json_open_array(from, "array", &array));
        json_write_open_array(to, NULL);
        for (bool more;;) {
                MITOME_TRY(json_next_element(from, &array, &more));
                if (!more)
                        break;
                MITOME_TRY(json_transcribe(from, to));
        }
        json_write_close_array(to);
        return ok();
}

static mitome_status json_copy_string(struct json_reader *from, struct json_writer *to)
{
        uint8_t text[TRANSCRIBED_STRING];
        slice string;
        MITOME_TRY(json_read_string(from, "string", text, sizeof text, &string));
        json_write_text(to, NULL, string);
        return ok();
}

/* An integer as it is understood; any other number as it stands. */
static mitome_status json_copy_number(struct json_reader *from, struct json_writer *to)
{
        struct json_reader start = *from;
        int64_t number;
        MITOME_TRY(json_skip(from, "number"));
        struct json_reader probe = start;
        if (!failed(json_read_int(&probe, "number", &number)))
                json_write_int(to, NULL, number);
        else
                json_write_raw(
                        to, NULL, slice_of(start.bytes.rest.data, from->bytes.offset - start.bytes.offset));
        return ok();
}

mitome_status json_transcribe(struct json_reader *from, struct json_writer *to)
{
        enum json_kind kind;
        bool value;
        MITOME_TRY(json_peek(from, "value", &kind));
        switch (kind) {
        case JSON_KIND_OBJECT:
                return json_copy_object(from, to);
        case JSON_KIND_ARRAY:
                return json_copy_array(from, to);
        case JSON_KIND_STRING:
                return json_copy_string(from, to);
        case JSON_KIND_NUMBER:
                return json_copy_number(from, to);
        case JSON_KIND_BOOL:
                MITOME_TRY(json_read_bool(from, "value", &value));
                json_write_bool(to, NULL, value);
                return ok();
        case JSON_KIND_NULL:
                MITOME_TRY(json_skip(from, "value"));
                json_write_null(to, NULL);
                return ok();
        }
        abort();
}

/* ---- bytes ---- */

slice hex_decode(const char *hex, uint8_t *buffer, size_t capacity)
{
        size_t size;
        if (sodium_hex2bin(buffer, capacity, hex, strlen(hex), " ", &size, NULL) != 0)
                abort();
        return slice_of(buffer, size);
}

slice exact_copy(slice bytes)
{
        uint8_t *copy = malloc(bytes.size ? bytes.size : 1);
        if (!copy || failed(slice_copy(bytes, "copy", copy, bytes.size, NULL)))
                abort();
        return slice_of(copy, bytes.size);
}

void exact_free(slice copy)
{
        free((void *)(uintptr_t)copy.data);
}
