/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include "hex_text.h"

#include <sodium.h>

struct json_reader json_over(slice input, const char *clause, mitome_error *error)
{
        return (struct json_reader){ .bytes = reader_over(input, clause, error) };
}

static mitome_status json_fail(const struct json_reader *r, mitome_code code, const char *field)
{
        return reader_fail(&r->bytes, code, field);
}

/* The next byte, or 0 at the end: no grammar below takes a NUL. */
static uint8_t next_byte(const struct json_reader *r)
{
        return r->bytes.rest.size ? r->bytes.rest.data[0] : 0;
}

static void take_byte(struct json_reader *r)
{
        slice byte;
        mitome_status status = read_bytes(&r->bytes, NULL, r->bytes.rest.size ? 1 : 0, &byte);
        (void)status; /* cannot fail: it asks for no more than there is */
}

static void skip_space(struct json_reader *r)
{
        while (next_byte(r) == ' ' || next_byte(r) == '\t' || next_byte(r) == '\n' || next_byte(r) == '\r')
                take_byte(r);
}

/* Takes `expected` or fails: with INPUT_ENDS when nothing is left, else with `code`. */
static mitome_status take_expected(
        struct json_reader *r, const char *field, uint8_t expected, mitome_code code)
{
        if (r->bytes.rest.size == 0)
                return json_fail(r, MITOME_E_INPUT_ENDS, field);
        if (next_byte(r) != expected)
                return json_fail(r, code, field);
        take_byte(r);
        return ok();
}

mitome_status json_peek(struct json_reader *r, const char *field, enum json_kind *ret)
{
        skip_space(r);
        uint8_t c = next_byte(r);
        if (r->bytes.rest.size == 0)
                return json_fail(r, MITOME_E_INPUT_ENDS, field);
        if (c == '{')
                *ret = JSON_KIND_OBJECT;
        else if (c == '[')
                *ret = JSON_KIND_ARRAY;
        else if (c == '"')
                *ret = JSON_KIND_STRING;
        else if (c == '-' || (c >= '0' && c <= '9'))
                *ret = JSON_KIND_NUMBER;
        else if (c == 't' || c == 'f')
                *ret = JSON_KIND_BOOL;
        else if (c == 'n')
                *ret = JSON_KIND_NULL;
        else
                return json_fail(r, MITOME_E_JSON_SYNTAX, field);
        return ok();
}

static mitome_status expect_kind(struct json_reader *r, const char *field, enum json_kind expected)
{
        enum json_kind kind;
        MITOME_TRY(json_peek(r, field, &kind));
        return kind == expected ? ok() : json_fail(r, MITOME_E_JSON_TYPE, field);
}

/* ---- strings ---- */

/* Takes four hexadecimal digits. */
static mitome_status take_hex4(struct json_reader *r, const char *field, uint16_t *ret)
{
        uint16_t value = 0;
        for (int i = 0; i < 4; i++) {
                if (r->bytes.rest.size == 0)
                        return json_fail(r, MITOME_E_INPUT_ENDS, field);
                int digit = hex_text_value(next_byte(r));
                if (digit < 0)
                        return json_fail(r, MITOME_E_JSON_SYNTAX, field);
                value = (uint16_t)(value << 4 | digit);
                take_byte(r);
        }
        *ret = value;
        return ok();
}

static const struct {
        uint8_t letter, meaning;
} short_escapes[] = {
        { '"', '"' },
        { '\\', '\\' },
        { '/', '/' },
        { 'b', '\b' },
        { 'f', '\f' },
        { 'n', '\n' },
        { 'r', '\r' },
        { 't', '\t' },
};

static bool short_escape(uint8_t letter, uint8_t *ret)
{
        for (size_t i = 0; i < sizeof short_escapes / sizeof short_escapes[0]; i++)
                if (short_escapes[i].letter == letter) {
                        *ret = short_escapes[i].meaning;
                        return true;
                }
        return false;
}

static bool is_high_surrogate(uint32_t unit)
{
        return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool is_low_surrogate(uint32_t unit)
{
        return unit >= 0xDC00 && unit <= 0xDFFF;
}

/* Takes what stands behind "\u": one unit, or two that make a pair. */
static mitome_status take_unicode(struct json_reader *r, const char *field, uint32_t *ret)
{
        uint16_t unit, second;
        MITOME_TRY(take_hex4(r, field, &unit));
        if (is_low_surrogate(unit))
                return json_fail(r, MITOME_E_JSON_SURROGATE, field);
        *ret = unit;
        if (!is_high_surrogate(unit))
                return ok();
        MITOME_TRY(take_expected(r, field, '\\', MITOME_E_JSON_SURROGATE));
        MITOME_TRY(take_expected(r, field, 'u', MITOME_E_JSON_SURROGATE));
        MITOME_TRY(take_hex4(r, field, &second));
        if (!is_low_surrogate(second))
                return json_fail(r, MITOME_E_JSON_SURROGATE, field);
        *ret = 0x10000 + ((uint32_t)(unit - 0xD800) << 10) + (uint32_t)(second - 0xDC00);
        return ok();
}

/* Takes one escape, whose backslash is the next byte, as a code point. */
static mitome_status take_escape(struct json_reader *r, const char *field, uint32_t *ret)
{
        uint8_t meaning;
        take_byte(r);
        if (r->bytes.rest.size == 0)
                return json_fail(r, MITOME_E_INPUT_ENDS, field);
        if (next_byte(r) == 'u') {
                take_byte(r);
                return take_unicode(r, field, ret);
        }
        if (!short_escape(next_byte(r), &meaning))
                return json_fail(r, MITOME_E_JSON_SYNTAX, field);
        take_byte(r);
        *ret = meaning;
        return ok();
}

/* Takes all bytes of a string up to one that ends it, escapes or must not stand in it: most strings in one
 * go. */
static void take_plain(struct json_reader *r, uint8_t *any)
{
        slice rest = r->bytes.rest, taken;
        size_t size = 0;
        for (; size < rest.size; size++) {
                uint8_t c = rest.data[size];
                if (c < 0x20 || c == '"' || c == '\\')
                        break;
                *any |= c;
        }
        mitome_status status = read_bytes(&r->bytes, NULL, size, &taken);
        (void)status; /* cannot fail: it asks for no more than there is */
}

mitome_status json_read_raw(struct json_reader *r, const char *field, slice *ret)
{
        uint8_t any = 0;
        MITOME_TRY(expect_kind(r, field, JSON_KIND_STRING));
        take_byte(r);
        struct json_reader start = *r;
        for (take_plain(r, &any); next_byte(r) != '"'; take_plain(r, &any)) {
                uint32_t point;
                if (r->bytes.rest.size == 0)
                        return json_fail(r, MITOME_E_INPUT_ENDS, field);
                if (next_byte(r) != '\\')
                        return json_fail(r, MITOME_E_JSON_SYNTAX, field);
                MITOME_TRY(take_escape(r, field, &point));
        }
        slice raw = slice_of(start.bytes.rest.data, r->bytes.offset - start.bytes.offset);
        if (any >= 0x80 && !slice_is_utf8(raw))
                return json_fail(&start, MITOME_E_UTF8, field);
        take_byte(r);
        *ret = raw;
        return ok();
}

static void write_utf8(writer *w, uint32_t point)
{
        if (point < 0x80) {
                write_u8(w, (uint8_t)point);
        } else if (point < 0x800) {
                write_u8(w, (uint8_t)(0xC0 | point >> 6));
                write_u8(w, (uint8_t)(0x80 | (point & 0x3F)));
        } else if (point < 0x10000) {
                write_u8(w, (uint8_t)(0xE0 | point >> 12));
                write_u8(w, (uint8_t)(0x80 | (point >> 6 & 0x3F)));
                write_u8(w, (uint8_t)(0x80 | (point & 0x3F)));
        } else {
                write_u8(w, (uint8_t)(0xF0 | point >> 18));
                write_u8(w, (uint8_t)(0x80 | (point >> 12 & 0x3F)));
                write_u8(w, (uint8_t)(0x80 | (point >> 6 & 0x3F)));
                write_u8(w, (uint8_t)(0x80 | (point & 0x3F)));
        }
}

/* A raw string, read byte by byte with its escapes undone. The string has been checked before. */
struct plain {
        struct json_reader raw;
        uint8_t bytes[4]; /* of an escape */
        size_t at, count;
};

static struct plain plain_over(slice raw)
{
        return (struct plain){ .raw = json_over(raw, NULL, NULL) };
}

/* The next byte, or -1 at the end. */
static int plain_next(struct plain *p)
{
        if (p->at < p->count)
                return p->bytes[p->at++];
        if (p->raw.bytes.rest.size == 0)
                return -1;
        if (next_byte(&p->raw) != '\\') {
                int byte = next_byte(&p->raw);
                take_byte(&p->raw);
                return byte;
        }
        uint32_t point;
        if (failed(take_escape(&p->raw, NULL, &point)))
                return -1;
        writer w = WRITER(p->bytes);
        write_utf8(&w, point);
        p->count = w.used;
        p->at = 1;
        return p->bytes[0];
}

static bool plain_equal(struct plain a, struct plain b)
{
        for (;;) {
                int byte = plain_next(&a);
                if (byte != plain_next(&b))
                        return false;
                if (byte < 0)
                        return true;
        }
}

static bool has_escape(slice raw)
{
        for (size_t i = 0; i < raw.size; i++)
                if (raw.data[i] == '\\')
                        return true;
        return false;
}

bool json_name_is(slice raw, const char *text)
{
        if (!has_escape(raw))
                return slice_is(raw, text);
        struct plain p = plain_over(raw);
        for (;; text++) {
                int byte = plain_next(&p);
                if (byte != (*text ? (uint8_t)*text : -1))
                        return false;
                if (byte < 0)
                        return true;
        }
}

mitome_status json_read_string(
        struct json_reader *r, const char *field, uint8_t *buffer, size_t capacity, slice *ret)
{
        slice raw;
        skip_space(r);
        struct json_reader start = *r;
        MITOME_TRY(json_read_raw(r, field, &raw));
        writer w = writer_over(buffer, capacity);
        struct plain p = plain_over(raw);
        if (!has_escape(raw))
                write_slice(&w, raw);
        else
                for (int byte; (byte = plain_next(&p)) >= 0;)
                        write_u8(&w, (uint8_t)byte);
        if (w.overflowed)
                return json_fail(&start, MITOME_E_TOO_LONG, field);
        *ret = writer_view(&w);
        return ok();
}

/* RFC 4648 5, plus one: 0 is no digit. Nothing in a response is secret, so that a table may be read. */
static const uint8_t base64url_digits[256] = {
        ['A'] = 1,
        ['B'] = 2,
        ['C'] = 3,
        ['D'] = 4,
        ['E'] = 5,
        ['F'] = 6,
        ['G'] = 7,
        ['H'] = 8,
        ['I'] = 9,
        ['J'] = 10,
        ['K'] = 11,
        ['L'] = 12,
        ['M'] = 13,
        ['N'] = 14,
        ['O'] = 15,
        ['P'] = 16,
        ['Q'] = 17,
        ['R'] = 18,
        ['S'] = 19,
        ['T'] = 20,
        ['U'] = 21,
        ['V'] = 22,
        ['W'] = 23,
        ['X'] = 24,
        ['Y'] = 25,
        ['Z'] = 26,
        ['a'] = 27,
        ['b'] = 28,
        ['c'] = 29,
        ['d'] = 30,
        ['e'] = 31,
        ['f'] = 32,
        ['g'] = 33,
        ['h'] = 34,
        ['i'] = 35,
        ['j'] = 36,
        ['k'] = 37,
        ['l'] = 38,
        ['m'] = 39,
        ['n'] = 40,
        ['o'] = 41,
        ['p'] = 42,
        ['q'] = 43,
        ['r'] = 44,
        ['s'] = 45,
        ['t'] = 46,
        ['u'] = 47,
        ['v'] = 48,
        ['w'] = 49,
        ['x'] = 50,
        ['y'] = 51,
        ['z'] = 52,
        ['0'] = 53,
        ['1'] = 54,
        ['2'] = 55,
        ['3'] = 56,
        ['4'] = 57,
        ['5'] = 58,
        ['6'] = 59,
        ['7'] = 60,
        ['8'] = 61,
        ['9'] = 62,
        ['-'] = 63,
        ['_'] = 64,
};

/* Up to four digits as the bits of up to three bytes, the first in the highest place; false when one is no
 * digit, or the bits that belong to no byte are not zero. */
static bool take_group(slice text, size_t at, size_t count, uint32_t *ret)
{
        uint32_t bits = 0;
        for (size_t i = 0; i < count; i++) {
                uint8_t digit = base64url_digits[text.data[at + i]];
                if (digit == 0)
                        return false;
                bits |= (uint32_t)(digit - 1) << (18 - 6 * i);
        }
        *ret = bits;
        return count == 4 || (bits & (count == 2 ? 0xFFFF : 0xFF)) == 0;
}

mitome_status base64url_decode(
        slice text, const char *field, uint8_t *buffer, size_t capacity, slice *ret, mitome_error *error)
{
        static const char clause[] = "RFC 4648 5";
        size_t left_over = text.size % 4, size = 0;
        size_t wanted = text.size / 4 * 3 + (left_over ? left_over - 1 : 0);
        if (left_over == 1)
                return fail(error, MITOME_E_BASE64URL, field, clause);
        if (wanted > capacity)
                return fail(error, MITOME_E_TOO_LONG, field, clause);
        for (size_t at = 0; at < text.size; at += 4) {
                size_t count = text.size - at < 4 ? left_over : 4;
                uint32_t bits;
                if (!take_group(text, at, count, &bits))
                        return fail(error, MITOME_E_BASE64URL, field, clause);
                for (size_t i = 0; i + 1 < count; i++)
                        buffer[size++] = (uint8_t)(bits >> (16 - 8 * i));
        }
        *ret = slice_of(buffer, size);
        return ok();
}

mitome_status json_read_base64url(
        struct json_reader *r, const char *field, uint8_t *buffer, size_t capacity, slice *ret)
{
        slice raw;
        skip_space(r);
        struct json_reader start = *r;
        MITOME_TRY(json_read_raw(r, field, &raw));
        mitome_status status = base64url_decode(raw, field, buffer, capacity, ret, NULL);
        return failed(status) ? json_fail(&start, status.code, field) : ok();
}

/* ---- objects and arrays ---- */

static mitome_status open_members(
        struct json_reader *r, const char *field, enum json_kind kind, struct json_members *ret)
{
        MITOME_TRY(expect_kind(r, field, kind));
        if (r->depth >= JSON_DEPTH)
                return json_fail(r, MITOME_E_DEPTH, field);
        take_byte(r);
        r->depth++;
        ret->field = field;
        ret->started = false;
        ret->count = 0;
        ret->escaped = 0;
        return ok();
}

mitome_status json_open_object(struct json_reader *r, const char *field, struct json_members *ret)
{
        return open_members(r, field, JSON_KIND_OBJECT, ret);
}

mitome_status json_open_array(struct json_reader *r, const char *field, struct json_members *ret)
{
        return open_members(r, field, JSON_KIND_ARRAY, ret);
}

/* Closes at `end`, or takes the comma before a further member. */
static mitome_status next_or_end(
        struct json_reader *r, struct json_members *members, uint8_t end, bool *ret_more)
{
        skip_space(r);
        if (next_byte(r) == end) {
                take_byte(r);
                r->depth--;
                *ret_more = false;
                return ok();
        }
        if (members->started)
                MITOME_TRY(take_expected(r, members->field, ',', MITOME_E_JSON_SYNTAX));
        members->started = true;
        *ret_more = true;
        return ok();
}

_Static_assert(JSON_NAMES <= 64, "a bit for each name");

static mitome_status remember_name(struct json_reader *r, struct json_members *object, slice name)
{
        if (object->count == JSON_NAMES)
                return json_fail(r, MITOME_E_TOO_MANY, object->field);
        bool escaped = has_escape(name);
        for (size_t i = 0; i < object->count; i++) {
                bool plain = !escaped && !(object->escaped >> i & 1);
                if (plain ? slice_equal(object->names[i], name)
                          : plain_equal(plain_over(object->names[i]), plain_over(name)))
                        return json_fail(r, MITOME_E_JSON_DUPLICATE_NAME, object->field);
        }
        object->escaped |= (uint64_t)escaped << object->count;
        object->names[object->count++] = name;
        return ok();
}

mitome_status json_next_member(
        struct json_reader *r, struct json_members *object, slice *ret_name, bool *ret_more)
{
        bool more;
        slice name;
        MITOME_TRY(next_or_end(r, object, '}', &more));
        if (more) {
                enum json_kind kind;
                MITOME_TRY(json_peek(r, object->field, &kind));
                if (kind != JSON_KIND_STRING)
                        return json_fail(r, MITOME_E_JSON_SYNTAX, object->field);
                struct json_reader start = *r;
                MITOME_TRY(json_read_raw(r, object->field, &name));
                MITOME_TRY(remember_name(&start, object, name));
                skip_space(r);
                MITOME_TRY(take_expected(r, object->field, ':', MITOME_E_JSON_SYNTAX));
                *ret_name = name;
        }
        *ret_more = more;
        return ok();
}

mitome_status json_next_element(struct json_reader *r, struct json_members *array, bool *ret_more)
{
        bool first = !array->started, more;
        MITOME_TRY(next_or_end(r, array, ']', &more));
        skip_space(r);
        if (more && !first && next_byte(r) == ']')
                return json_fail(r, MITOME_E_JSON_SYNTAX, array->field);
        *ret_more = more;
        return ok();
}

/* ---- scalars ---- */

static bool is_digit(uint8_t c)
{
        return c >= '0' && c <= '9';
}

static mitome_status take_digits(struct json_reader *r, const char *field)
{
        if (r->bytes.rest.size == 0)
                return json_fail(r, MITOME_E_INPUT_ENDS, field);
        if (!is_digit(next_byte(r)))
                return json_fail(r, MITOME_E_JSON_SYNTAX, field);
        while (is_digit(next_byte(r)))
                take_byte(r);
        return ok();
}

/* The part of a number before any fraction: RFC 8259, 6, without leading zeros. */
static mitome_status take_integer(struct json_reader *r, const char *field)
{
        if (next_byte(r) == '-')
                take_byte(r);
        bool zero = next_byte(r) == '0';
        struct json_reader start = *r;
        MITOME_TRY(take_digits(r, field));
        if (zero && r->bytes.offset - start.bytes.offset > 1)
                return json_fail(&start, MITOME_E_JSON_SYNTAX, field);
        return ok();
}

static mitome_status skip_number(struct json_reader *r, const char *field)
{
        MITOME_TRY(take_integer(r, field));
        if (next_byte(r) == '.') {
                take_byte(r);
                MITOME_TRY(take_digits(r, field));
        }
        if (next_byte(r) == 'e' || next_byte(r) == 'E') {
                take_byte(r);
                if (next_byte(r) == '+' || next_byte(r) == '-')
                        take_byte(r);
                MITOME_TRY(take_digits(r, field));
        }
        return ok();
}

mitome_status json_read_int(struct json_reader *r, const char *field, int64_t *ret)
{
        static const int64_t limit = INT64_C(9007199254740991); /* 2^53 - 1, RFC 8259, 6: interoperable */
        MITOME_TRY(expect_kind(r, field, JSON_KIND_NUMBER));
        struct json_reader start = *r;
        MITOME_TRY(skip_number(r, field));
        slice digits = slice_of(start.bytes.rest.data, r->bytes.offset - start.bytes.offset);
        bool negative = digits.data[0] == '-';
        int64_t value = 0;
        for (size_t i = negative; i < digits.size; i++) {
                if (!is_digit(digits.data[i]) || value > limit / 10)
                        return json_fail(&start, MITOME_E_JSON_NUMBER, field);
                value = value * 10 + (digits.data[i] - '0');
        }
        if (value > limit)
                return json_fail(&start, MITOME_E_JSON_NUMBER, field);
        *ret = negative ? -value : value;
        return ok();
}

static mitome_status take_word(struct json_reader *r, const char *field, const char *word)
{
        for (; *word; word++)
                MITOME_TRY(take_expected(r, field, (uint8_t)*word, MITOME_E_JSON_SYNTAX));
        return ok();
}

mitome_status json_read_bool(struct json_reader *r, const char *field, bool *ret)
{
        MITOME_TRY(expect_kind(r, field, JSON_KIND_BOOL));
        bool value = next_byte(r) == 't';
        MITOME_TRY(take_word(r, field, value ? "true" : "false"));
        *ret = value;
        return ok();
}

static mitome_status skip_object(struct json_reader *r, const char *field)
{
        struct json_members object;
        slice name;
        MITOME_TRY(json_open_object(r, field, &object));
        for (bool more;;) {
                MITOME_TRY(json_next_member(r, &object, &name, &more));
                if (!more)
                        return ok();
                MITOME_TRY(json_skip(r, field));
        }
}

static mitome_status skip_array(struct json_reader *r, const char *field)
{
        struct json_members array;
        MITOME_TRY(json_open_array(r, field, &array));
        for (bool more;;) {
                MITOME_TRY(json_next_element(r, &array, &more));
                if (!more)
                        return ok();
                MITOME_TRY(json_skip(r, field));
        }
}

/* Recurses at most JSON_DEPTH deep: open_members refuses to go further. */
mitome_status json_skip(struct json_reader *r, const char *field)
{
        enum json_kind kind;
        slice raw;
        MITOME_TRY(json_peek(r, field, &kind));
        switch (kind) {
        case JSON_KIND_OBJECT:
                return skip_object(r, field);
        case JSON_KIND_ARRAY:
                return skip_array(r, field);
        case JSON_KIND_STRING:
                return json_read_raw(r, field, &raw);
        case JSON_KIND_NUMBER:
                return skip_number(r, field);
        case JSON_KIND_BOOL:
                return take_word(r, field, next_byte(r) == 't' ? "true" : "false");
        case JSON_KIND_NULL:
                return take_word(r, field, "null");
        }
        return json_fail(r, MITOME_E_JSON_SYNTAX, field);
}

mitome_status json_end(struct json_reader *r, const char *field)
{
        skip_space(r);
        return read_end(&r->bytes, field);
}

/* ---- writing ---- */

struct json_writer json_into(writer *out)
{
        return (struct json_writer){ .out = out };
}

static void write_text(writer *w, const char *text)
{
        write_slice(w, slice_text(text));
}

static void write_escaped(writer *w, uint8_t byte)
{
        if (byte == '"' || byte == '\\') {
                write_u8(w, '\\');
                write_u8(w, byte);
        } else if (byte < 0x20 || byte == 0x7F) {
                write_text(w, "\\u00");
                hex_text_write(w, slice_of(&byte, 1));
        } else {
                write_u8(w, byte);
        }
}

static void write_quoted(writer *w, slice text)
{
        reader r = reader_over(text, NULL, NULL);
        slice part;
        write_u8(w, '"');
        while (r.rest.size) {
                size_t size = slice_utf8_first(r.rest);
                if (failed(read_bytes(&r, NULL, size ? size : 1, &part)))
                        break; /* cannot be: it asks for no more than there is */
                if (size == 1)
                        write_escaped(w, part.data[0]);
                else if (size)
                        write_slice(w, part);
                else
                        write_text(w, "\xEF\xBF\xBD"); /* U+FFFD */
        }
        write_u8(w, '"');
}

/* What stands before every value: the comma that is due, and the name. */
static void begin_value(struct json_writer *w, const char *name)
{
        if (w->comma)
                write_u8(w->out, ',');
        w->comma = true;
        if (name) {
                write_quoted(w->out, slice_text(name));
                write_u8(w->out, ':');
        }
}

static void open_bracket(struct json_writer *w, const char *name, uint8_t bracket)
{
        begin_value(w, name);
        write_u8(w->out, bracket);
        w->comma = false;
}

static void close_bracket(struct json_writer *w, uint8_t bracket)
{
        write_u8(w->out, bracket);
        w->comma = true;
}

void json_write_open_object(struct json_writer *w, const char *name)
{
        open_bracket(w, name, '{');
}

void json_write_close_object(struct json_writer *w)
{
        close_bracket(w, '}');
}

void json_write_open_array(struct json_writer *w, const char *name)
{
        open_bracket(w, name, '[');
}

void json_write_close_array(struct json_writer *w)
{
        close_bracket(w, ']');
}

void json_write_text(struct json_writer *w, const char *name, slice text)
{
        begin_value(w, name);
        write_quoted(w->out, text);
}

void json_write_string(struct json_writer *w, const char *name, const char *text)
{
        json_write_text(w, name, slice_text(text));
}

void json_write_base64url(struct json_writer *w, const char *name, slice bytes)
{
        begin_value(w, name);
        write_u8(w->out, '"');
        size_t size = sodium_base64_ENCODED_LEN(bytes.size, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
        uint8_t *space = write_space(w->out, size); /* with room for the terminator that libsodium writes */
        if (space) {
                sodium_bin2base64((char *)space, size, bytes.data, bytes.size,
                        sodium_base64_VARIANT_URLSAFE_NO_PADDING);
                w->out->used--;
        }
        write_u8(w->out, '"');
}

static void write_digits(writer *w, uint64_t value)
{
        uint8_t digits[20];
        size_t count = 0;
        do
                digits[count++] = (uint8_t)('0' + value % 10);
        while (value /= 10);
        while (count)
                write_u8(w, digits[--count]);
}

void json_write_int(struct json_writer *w, const char *name, int64_t value)
{
        begin_value(w, name);
        if (value < 0)
                write_u8(w->out, '-');
        write_digits(w->out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void json_write_bool(struct json_writer *w, const char *name, bool value)
{
        begin_value(w, name);
        write_text(w->out, value ? "true" : "false");
}

void json_write_null(struct json_writer *w, const char *name)
{
        begin_value(w, name);
        write_text(w->out, "null");
}

void json_write_raw(struct json_writer *w, const char *name, slice json)
{
        begin_value(w, name);
        write_slice(w->out, json);
}
