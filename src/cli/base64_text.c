/* SPDX-License-Identifier: Apache-2.0 */
#include "base64_text.h"

#include "hex_text.h"

#include <string.h>

struct decoder {
        writer out;
        uint32_t bits;
        unsigned count;   /* digits since the last whole group */
        unsigned padding; /* '=' that were seen */
        bool classic, url;
};

static int digit_of(struct decoder *d, uint8_t c)
{
        if (c >= 'A' && c <= 'Z')
                return c - 'A';
        if (c >= 'a' && c <= 'z')
                return c - 'a' + 26;
        if (c >= '0' && c <= '9')
                return c - '0' + 52;
        d->classic = d->classic || c == '+' || c == '/';
        d->url = d->url || c == '-' || c == '_';
        return d->classic && d->url ? -1 : c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

static bool take(struct decoder *d, uint8_t c)
{
        if (c == '\r' || c == '\n')
                return true;
        if (c == '=')
                return d->count >= 2 && d->count + ++d->padding <= 4;
        int digit = digit_of(d, c);
        if (digit < 0 || d->padding)
                return false;
        d->bits = d->bits << 6 | (uint32_t)digit;
        if (++d->count == 4) {
                write_u8(&d->out, (uint8_t)(d->bits >> 16));
                write_u16(&d->out, (uint16_t)d->bits);
                d->bits = d->count = 0;
        }
        return true;
}

/* The last group: two digits are one byte, three are two, and what is over must be zero. */
static bool end(struct decoder *d)
{
        if (d->padding && d->count + d->padding != 4)
                return false;
        if (d->count == 2) {
                write_u8(&d->out, (uint8_t)(d->bits >> 4));
                return (d->bits & 0x0F) == 0;
        }
        if (d->count == 3) {
                write_u16(&d->out, (uint16_t)(d->bits >> 2));
                return (d->bits & 0x03) == 0;
        }
        return d->count == 0;
}

static slice trimmed(slice text, size_t *ret_start)
{
        reader r = reader_over(text, NULL, NULL);
        slice passed;
        while (r.rest.size && hex_text_is_space(r.rest.data[0]) && !failed(read_bytes(&r, NULL, 1, &passed)))
                continue;
        while (r.rest.size && hex_text_is_space(r.rest.data[r.rest.size - 1]))
                r.rest.size--;
        *ret_start = r.offset;
        return r.rest;
}

mitome_status base64_text_decode(
        slice text, const char *field, uint8_t *buffer, size_t capacity, slice *ret, mitome_error *error)
{
        struct decoder d = { .out = writer_over(buffer, capacity) };
        size_t start, i = 0;
        slice body = trimmed(text, &start);
        if (body.size == 0)
                return fail(error, MITOME_E_MISSING, field, NULL);
        while (i < body.size && take(&d, body.data[i]))
                i++;
        bool right = i == body.size && end(&d);
        if (right)
                return writer_finish(&d.out, field, ret, error);
        bool padded = d.classic || memchr(body.data, '=', body.size);
        return fail_at(error, padded ? MITOME_E_VALUE : MITOME_E_BASE64URL, start + i, field,
                padded ? "RFC 4648 4" : "RFC 4648 5");
}
