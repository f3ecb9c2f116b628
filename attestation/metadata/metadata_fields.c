/* SPDX-License-Identifier: Apache-2.0 */
#include "metadata_fields.h"

#include <sodium.h>
#include <time.h>

static bool read_hex(slice text, const char *ignored, uint8_t *to, size_t size)
{
        size_t got = 0;
        return sodium_hex2bin(to, size, (const char *)text.data, text.size, ignored, &got, NULL) == 0 &&
               got == size;
}

mitome_status metadata_read_aaguid(
        struct json_reader *r, const char *field, uint8_t ret[METADATA_AAGUID_SIZE])
{
        slice raw;
        MITOME_TRY(json_read_raw(r, field, &raw));
        bool form = raw.size == 36 && raw.data[8] == '-' && raw.data[13] == '-' && raw.data[18] == '-' &&
                    raw.data[23] == '-';
        if (!form || !read_hex(raw, "-", ret, METADATA_AAGUID_SIZE))
                return reader_fail(&r->bytes, MITOME_E_VALUE, field);
        return ok();
}

mitome_status metadata_read_key_identifier(
        struct json_reader *r, const char *field, uint8_t ret[METADATA_KEY_IDENTIFIER_SIZE])
{
        slice raw;
        MITOME_TRY(json_read_raw(r, field, &raw));
        bool form = raw.size == (size_t)2 * METADATA_KEY_IDENTIFIER_SIZE;
        if (!form || !read_hex(raw, NULL, ret, METADATA_KEY_IDENTIFIER_SIZE))
                return reader_fail(&r->bytes, MITOME_E_VALUE, field);
        return ok();
}

/* ---- days ---- */

/* The number that `count` digits from `at` on make, or -1. */
static int digits(slice text, size_t at, size_t count)
{
        int value = 0;
        for (size_t i = at; i < at + count; i++) {
                if (text.data[i] < '0' || text.data[i] > '9')
                        return -1;
                value = value * 10 + (text.data[i] - '0');
        }
        return value;
}

static bool day_start(slice text, int64_t *ret)
{
        if (text.size != 10 || text.data[4] != '-' || text.data[7] != '-')
                return false;
        int year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
        if (year < 1970 || month < 1 || day < 1)
                return false;
        struct tm tm = { .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day };
        time_t start = timegm(&tm);
        /* timegm makes a day of anything; one that its month does not have falls into another. */
        if (tm.tm_mon != month - 1)
                return false;
        *ret = (int64_t)start;
        return true;
}

mitome_status metadata_read_day(struct json_reader *r, const char *field, int64_t *ret)
{
        slice raw;
        MITOME_TRY(json_read_raw(r, field, &raw));
        return day_start(raw, ret) ? ok() : reader_fail(&r->bytes, MITOME_E_VALUE, field);
}

/* ---- base64 ---- */

/* The text without its escapes: some writers put a backslash before each slash. */
static mitome_status read_plain(struct json_reader *r, const char *field, writer *scratch, slice *ret)
{
        struct json_reader start = *r;
        slice raw;
        MITOME_TRY(json_read_raw(r, field, &raw));
        uint8_t *space = write_space(scratch, raw.size);
        if (!space)
                return reader_fail(&r->bytes, MITOME_E_BUFFER_FULL, field);
        return json_read_string(&start, field, space, raw.size, ret);
}

static mitome_status decode(struct json_reader *r, const char *field, slice text, writer *out, slice *ret)
{
        size_t most = text.size / 4 * 3, size = 0;
        /* libsodium 1.0.18 takes bytes over 0x7F for digits. */
        if (text.size == 0 || !slice_is_ascii(text))
                return reader_fail(&r->bytes, MITOME_E_VALUE, field);
        uint8_t *space = write_space(out, most);
        if (!space)
                return reader_fail(&r->bytes, MITOME_E_BUFFER_FULL, field);
        if (sodium_base642bin(space, most, (const char *)text.data, text.size, " \t\r\n", &size, NULL,
                    sodium_base64_VARIANT_ORIGINAL) != 0 ||
                size == 0)
                return reader_fail(&r->bytes, MITOME_E_VALUE, field);
        out->used -= most - size;
        *ret = slice_of(space, size);
        return ok();
}

mitome_status metadata_read_base64(
        struct json_reader *r, const char *field, writer *scratch, writer *out, slice *ret)
{
        const writer found = *scratch;
        slice text;
        mitome_status status = read_plain(r, field, scratch, &text);
        if (!failed(status))
                status = decode(r, field, text, out, ret);
        *scratch = found;
        return status;
}

mitome_status metadata_take_null(struct json_reader *r, const char *field, bool *ret)
{
        enum json_kind kind;
        MITOME_TRY(json_peek(r, field, &kind));
        if (kind == JSON_KIND_NULL)
                MITOME_TRY(json_skip(r, field));
        *ret = kind == JSON_KIND_NULL;
        return ok();
}
