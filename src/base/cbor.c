/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor.h"

#include <cbor/callbacks.h>
#include <cbor/encoding.h>
#include <cbor/streaming.h>

/* One item's head, as libcbor's decoder tells it: the kind, the number in the head, and for a string its
 * bytes. */
struct head {
        enum cbor_kind kind;
        bool forbidden; /* well-formed CBOR that CTAP2 does not have */
        uint64_t number;
        slice string;
        size_t size; /* of the whole item for a scalar or a string, of the head for a container */
};

static void found(void *context, enum cbor_kind kind, uint64_t number)
{
        struct head *head = context;
        head->kind = kind;
        head->number = number;
}

static void found_uint8(void *context, uint8_t value)
{
        found(context, CBOR_KIND_UINT, value);
}

static void found_uint16(void *context, uint16_t value)
{
        found(context, CBOR_KIND_UINT, value);
}

static void found_uint32(void *context, uint32_t value)
{
        found(context, CBOR_KIND_UINT, value);
}

static void found_uint64(void *context, uint64_t value)
{
        found(context, CBOR_KIND_UINT, value);
}

static void found_negative8(void *context, uint8_t value)
{
        found(context, CBOR_KIND_NEGATIVE, value);
}

static void found_negative16(void *context, uint16_t value)
{
        found(context, CBOR_KIND_NEGATIVE, value);
}

static void found_negative32(void *context, uint32_t value)
{
        found(context, CBOR_KIND_NEGATIVE, value);
}

static void found_negative64(void *context, uint64_t value)
{
        found(context, CBOR_KIND_NEGATIVE, value);
}

static void found_string(void *context, enum cbor_kind kind, cbor_data data, size_t size)
{
        struct head *head = context;
        head->string = slice_of(data, size);
        found(context, kind, size);
}

static void found_bytes(void *context, cbor_data data, size_t size)
{
        found_string(context, CBOR_KIND_BYTES, data, size);
}

static void found_text(void *context, cbor_data data, size_t size)
{
        found_string(context, CBOR_KIND_TEXT, data, size);
}

static void found_array(void *context, size_t count)
{
        found(context, CBOR_KIND_ARRAY, count);
}

static void found_map(void *context, size_t pairs)
{
        found(context, CBOR_KIND_MAP, pairs);
}

static void found_bool(void *context, bool value)
{
        found(context, CBOR_KIND_BOOL, value);
}

static void found_null(void *context)
{
        found(context, CBOR_KIND_NULL, 0);
}

static void found_forbidden(void *context)
{
        struct head *head = context;
        head->forbidden = true;
}

static void found_forbidden_float(void *context, float value)
{
        (void)value;
        found_forbidden(context);
}

static void found_forbidden_double(void *context, double value)
{
        (void)value;
        found_forbidden(context);
}

static void found_forbidden_tag(void *context, uint64_t value)
{
        (void)value;
        found_forbidden(context);
}

static const struct cbor_callbacks callbacks = {
        .uint8 = found_uint8,
        .uint16 = found_uint16,
        .uint32 = found_uint32,
        .uint64 = found_uint64,
        .negint8 = found_negative8,
        .negint16 = found_negative16,
        .negint32 = found_negative32,
        .negint64 = found_negative64,
        .byte_string = found_bytes,
        .byte_string_start = found_forbidden,
        .string = found_text,
        .string_start = found_forbidden,
        .array_start = found_array,
        .indef_array_start = found_forbidden,
        .map_start = found_map,
        .indef_map_start = found_forbidden,
        .tag = found_forbidden_tag,
        .float2 = found_forbidden_float,
        .float4 = found_forbidden_float,
        .float8 = found_forbidden_double,
        .undefined = found_forbidden,
        .null = found_null,
        .boolean = found_bool,
        .indef_break = found_forbidden,
};

/* [8 canonical] how long the head of an integer, a string or a container is in canonical form: the shortest;
 * [8 definite] and never of an unknown length. */
static size_t canonical_head(uint64_t number)
{
        return number < 24            ? 1
               : number <= UINT8_MAX  ? 2
               : number <= UINT16_MAX ? 3
               : number <= UINT32_MAX ? 5
                                      : 9;
}

static bool has_number(enum cbor_kind kind)
{
        return kind != CBOR_KIND_BOOL && kind != CBOR_KIND_NULL;
}

/* Looks at the next head without taking it. The reader is left alone. */
static mitome_status look(const struct cbor_reader *r, const char *field, struct head *ret)
{
        struct head head = { 0 };
        slice rest = r->bytes.rest;
        if (rest.size == 0)
                return reader_fail(&r->bytes, MITOME_E_INPUT_ENDS, field);
        struct cbor_decoder_result result = cbor_stream_decode(rest.data, rest.size, &callbacks, &head);
        if (result.status == CBOR_DECODER_NEDATA)
                return reader_fail(&r->bytes, MITOME_E_INPUT_ENDS, field);
        /* 28 to 31 in the low bits stand for nothing here (RFC 8949, 3); what else libcbor does not take are
         * tags and simple values that it has no callback for. */
        if (result.status != CBOR_DECODER_FINISHED && (rest.data[0] & 0x1F) >= 28)
                return reader_fail(&r->bytes, MITOME_E_CBOR_MALFORMED, field);
        if (result.status != CBOR_DECODER_FINISHED || head.forbidden)
                return reader_fail(&r->bytes, MITOME_E_CBOR_UNSUPPORTED, field);
        head.size = result.read;
        if (has_number(head.kind) && head.size - head.string.size != canonical_head(head.number))
                return reader_fail(&r->bytes, MITOME_E_CBOR_NOT_CANONICAL, field);
        *ret = head;
        return ok();
}

/* Looks at the next head, which must be of `kind`, and takes it. */
static mitome_status take(struct cbor_reader *r, const char *field, enum cbor_kind kind, struct head *ret)
{
        struct head head;
        slice taken;
        MITOME_TRY(look(r, field, &head));
        if (head.kind != kind)
                return reader_fail(&r->bytes, MITOME_E_CBOR_TYPE, field);
        MITOME_TRY(read_bytes(&r->bytes, field, head.size, &taken));
        *ret = head;
        return ok();
}

struct cbor_reader cbor_over(slice input, const char *clause, mitome_error *error)
{
        return (struct cbor_reader){ .bytes = reader_over(input, clause, error) };
}

struct cbor_reader cbor_within(const struct cbor_reader *outer, slice item)
{
        return (struct cbor_reader){
                .bytes = reader_within(&outer->bytes, item),
                .depth = outer->depth,
                .deeper = outer->deeper,
                .any_order = outer->any_order,
        };
}

mitome_status cbor_peek(struct cbor_reader *r, const char *field, enum cbor_kind *ret)
{
        struct head head;
        MITOME_TRY(look(r, field, &head));
        *ret = head.kind;
        return ok();
}

mitome_status cbor_read_uint(struct cbor_reader *r, const char *field, uint64_t max, uint64_t *ret)
{
        struct cbor_reader before = *r;
        struct head head;
        MITOME_TRY(take(r, field, CBOR_KIND_UINT, &head));
        if (head.number > max)
                return reader_fail(&before.bytes, MITOME_E_VALUE, field);
        *ret = head.number;
        return ok();
}

mitome_status cbor_read_int(struct cbor_reader *r, const char *field, int64_t *ret)
{
        struct cbor_reader before = *r;
        struct head head;
        enum cbor_kind kind;
        MITOME_TRY(cbor_peek(r, field, &kind));
        MITOME_TRY(take(r, field, kind == CBOR_KIND_NEGATIVE ? CBOR_KIND_NEGATIVE : CBOR_KIND_UINT, &head));
        if (head.number > INT64_MAX)
                return reader_fail(&before.bytes, MITOME_E_VALUE, field);
        *ret = kind == CBOR_KIND_NEGATIVE ? -1 - (int64_t)head.number : (int64_t)head.number;
        return ok();
}

mitome_status cbor_read_bool(struct cbor_reader *r, const char *field, bool *ret)
{
        struct head head;
        MITOME_TRY(take(r, field, CBOR_KIND_BOOL, &head));
        *ret = head.number != 0;
        return ok();
}

static mitome_status take_string(
        struct cbor_reader *r, const char *field, enum cbor_kind kind, size_t max, slice *ret)
{
        struct cbor_reader before = *r;
        struct head head;
        MITOME_TRY(take(r, field, kind, &head));
        if (head.string.size > max)
                return reader_fail(&before.bytes, MITOME_E_TOO_LONG, field);
        if (kind == CBOR_KIND_TEXT && !slice_is_utf8(head.string))
                return reader_fail(&before.bytes, MITOME_E_UTF8, field);
        *ret = head.string;
        return ok();
}

mitome_status cbor_read_bytes(struct cbor_reader *r, const char *field, size_t max, slice *ret)
{
        return take_string(r, field, CBOR_KIND_BYTES, max, ret);
}

mitome_status cbor_read_text(struct cbor_reader *r, const char *field, size_t max, slice *ret)
{
        return take_string(r, field, CBOR_KIND_TEXT, max, ret);
}

mitome_status cbor_read_fixed(struct cbor_reader *r, const char *field, size_t size, slice *ret)
{
        struct cbor_reader before = *r;
        slice bytes;
        MITOME_TRY(take_string(r, field, CBOR_KIND_BYTES, SIZE_MAX, &bytes));
        if (bytes.size != size)
                return reader_fail(&before.bytes, MITOME_E_VALUE, field);
        *ret = bytes;
        return ok();
}

static mitome_status open_members(
        struct cbor_reader *r, const char *field, enum cbor_kind kind, size_t max, struct cbor_members *ret)
{
        struct cbor_reader before = *r;
        struct head head;
        MITOME_TRY(take(r, field, kind, &head));
        if (r->depth >= CBOR_DEPTH + r->deeper)
                return reader_fail(&before.bytes, MITOME_E_DEPTH, field);
        bool unordered = r->any_order && kind == CBOR_KIND_MAP;
        if (head.number > max || head.number > (unordered ? CBOR_UNORDERED : CBOR_MEMBERS))
                return reader_fail(&before.bytes, MITOME_E_TOO_MANY, field);
        /* No item is shorter than a byte: a caller may make room for as many members as it is told of. */
        if (head.number * (kind == CBOR_KIND_MAP ? 2 : 1) > r->bytes.rest.size)
                return reader_fail(&r->bytes, MITOME_E_INPUT_ENDS, field);
        r->depth++;
        ret->left = (size_t)head.number;
        ret->field = field;
        ret->key_count = 0;
        return ok();
}

mitome_status cbor_open_array(struct cbor_reader *r, const char *field, size_t max, struct cbor_members *ret)
{
        return open_members(r, field, CBOR_KIND_ARRAY, max, ret);
}

mitome_status cbor_open_map(struct cbor_reader *r, const char *field, size_t max, struct cbor_members *ret)
{
        return open_members(r, field, CBOR_KIND_MAP, max, ret);
}

bool cbor_next_element(struct cbor_reader *r, struct cbor_members *array)
{
        if (array->left == 0) {
                r->depth--;
                return false;
        }
        array->left--;
        return true;
}

/* [8 order] the canonical order of two encoded keys: major type, then length, then bytes. Negative, 0 or
 * positive. */
static int key_order(slice a, slice b)
{
        int major = (a.data[0] >> 5) - (b.data[0] >> 5);
        if (major != 0)
                return major;
        if (a.size != b.size)
                return a.size < b.size ? -1 : 1;
        for (size_t i = 0; i < a.size; i++)
                if (a.data[i] != b.data[i])
                        return a.data[i] < b.data[i] ? -1 : 1;
        return 0;
}

/* [8 keys] whether `key` may stand where it does, behind smaller ones, and only once. */
static mitome_code admit_key(struct cbor_members *map, slice key, bool any_order)
{
        for (size_t i = 0; i < map->key_count; i++) {
                int order = key_order(map->keys[i], key);
                if (order == 0)
                        return MITOME_E_CBOR_DUPLICATE_KEY;
                if (order > 0 && !any_order)
                        return MITOME_E_CBOR_KEY_ORDER;
        }
        map->keys[any_order ? map->key_count : 0] = key;
        map->key_count = any_order ? map->key_count + 1 : 1;
        return MITOME_OK;
}

mitome_status cbor_next_key(
        struct cbor_reader *r, struct cbor_members *map, struct cbor_key *ret, bool *ret_more)
{
        if (map->left == 0) {
                r->depth--;
                *ret_more = false;
                return ok();
        }
        struct cbor_reader before = *r;
        struct cbor_key key = { 0 };
        enum cbor_kind kind;
        MITOME_TRY(cbor_peek(r, map->field, &kind));
        key.is_text = kind == CBOR_KIND_TEXT;
        if (key.is_text)
                MITOME_TRY(cbor_read_text(r, map->field, SIZE_MAX, &key.text));
        else
                MITOME_TRY(cbor_read_int(r, map->field, &key.number));
        slice encoded = slice_of(before.bytes.rest.data, r->bytes.offset - before.bytes.offset);
        mitome_code code = admit_key(map, encoded, r->any_order);
        if (code != MITOME_OK)
                return reader_fail(&before.bytes, code, map->field);
        map->left--;
        *ret = key;
        *ret_more = true;
        return ok();
}

static mitome_status skip_array(struct cbor_reader *r, const char *field)
{
        struct cbor_members array;
        MITOME_TRY(cbor_open_array(r, field, CBOR_MEMBERS, &array));
        while (cbor_next_element(r, &array))
                MITOME_TRY(cbor_skip(r, field));
        return ok();
}

static mitome_status skip_map(struct cbor_reader *r, const char *field)
{
        struct cbor_members map;
        struct cbor_key key;
        MITOME_TRY(cbor_open_map(r, field, CBOR_MEMBERS, &map));
        for (bool more;;) {
                MITOME_TRY(cbor_next_key(r, &map, &key, &more));
                if (!more)
                        return ok();
                MITOME_TRY(cbor_skip(r, field));
        }
}

/* [8 depth] Recurses at most CBOR_DEPTH + deeper deep: open_members refuses to go further. */
mitome_status cbor_skip(struct cbor_reader *r, const char *field)
{
        enum cbor_kind kind;
        MITOME_TRY(cbor_peek(r, field, &kind));
        if (kind == CBOR_KIND_ARRAY)
                return skip_array(r, field);
        if (kind == CBOR_KIND_MAP)
                return skip_map(r, field);
        if (kind == CBOR_KIND_TEXT) {
                slice text;
                return cbor_read_text(r, field, SIZE_MAX, &text);
        }
        struct head head;
        return take(r, field, kind, &head);
}

mitome_status cbor_read_item(struct cbor_reader *r, const char *field, slice *ret)
{
        const uint8_t *start = r->bytes.rest.data;
        size_t before = r->bytes.offset;
        MITOME_TRY(cbor_skip(r, field));
        *ret = slice_of(start, r->bytes.offset - before);
        return ok();
}

mitome_status cbor_end(const struct cbor_reader *r, const char *field)
{
        return read_end(&r->bytes, field);
}

enum { HEAD_MAX = 9 };

typedef size_t encode_number(uint64_t value, unsigned char *buffer, size_t size);

static void write_head(writer *w, encode_number *encode, uint64_t number)
{
        uint8_t head[HEAD_MAX];
        write_slice(w, slice_of(head, encode(number, head, sizeof head)));
}

void cbor_write_uint(writer *w, uint64_t value)
{
        write_head(w, cbor_encode_uint, value);
}

void cbor_write_int(writer *w, int64_t value)
{
        if (value >= 0)
                write_head(w, cbor_encode_uint, (uint64_t)value);
        else
                write_head(w, cbor_encode_negint, (uint64_t)(-1 - value));
}

void cbor_write_bool(writer *w, bool value)
{
        uint8_t head[HEAD_MAX];
        write_slice(w, slice_of(head, cbor_encode_bool(value, head, sizeof head)));
}

void cbor_write_bytes(writer *w, slice bytes)
{
        write_head(w, cbor_encode_bytestring_start, bytes.size);
        write_slice(w, bytes);
}

void cbor_write_text(writer *w, slice text)
{
        write_head(w, cbor_encode_string_start, text.size);
        write_slice(w, text);
}

void cbor_write_string(writer *w, const char *text)
{
        cbor_write_text(w, slice_text(text));
}

void cbor_write_array(writer *w, size_t count)
{
        write_head(w, cbor_encode_array_start, count);
}

void cbor_write_map(writer *w, size_t pairs)
{
        write_head(w, cbor_encode_map_start, pairs);
}
