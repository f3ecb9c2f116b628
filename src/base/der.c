/* SPDX-License-Identifier: Apache-2.0 */
#include "der.h"

static mitome_status read_length(reader *r, const char *field, size_t *ret)
{
        uint8_t first, byte;
        uint16_t wide;
        MITOME_TRY(read_u8(r, field, &first));
        if (first < 0x80) {
                *ret = first;
                return ok();
        }
        if (first == 0x81) {
                MITOME_TRY(read_u8(r, field, &byte));
                *ret = byte;
                return byte >= 0x80 ? ok() : reader_fail(r, MITOME_E_DER, field);
        }
        if (first == 0x82) {
                MITOME_TRY(read_u16(r, field, &wide));
                *ret = wide;
                return wide > UINT8_MAX ? ok() : reader_fail(r, MITOME_E_DER, field);
        }
        return reader_fail(r, MITOME_E_DER, field);
}

mitome_status der_read(reader *r, const char *field, uint8_t tag, slice *ret, slice *ret_whole)
{
        reader start = *r;
        uint8_t found;
        size_t length;
        slice content;
        MITOME_TRY(read_u8(r, field, &found));
        if (found != tag)
                return reader_fail(&start, MITOME_E_DER, field);
        MITOME_TRY(read_length(r, field, &length));
        MITOME_TRY(read_bytes(r, field, length, &content));
        if (ret_whole)
                MITOME_TRY(read_bytes(&start, field, r->offset - start.offset, ret_whole));
        *ret = content;
        return ok();
}

mitome_status der_read_positive(reader *r, const char *field, slice *ret)
{
        reader start = *r;
        slice content;
        MITOME_TRY(der_read(r, field, DER_INTEGER, &content, NULL));
        bool negative = content.size && content.data[0] & 0x80;
        bool padded = content.size > 1 && content.data[0] == 0 && !(content.data[1] & 0x80);
        bool zero = content.size == 0 || (content.size == 1 && content.data[0] == 0);
        if (negative || padded || zero)
                return reader_fail(&start, MITOME_E_DER, field);
        if (content.data[0] == 0) {
                reader magnitude = reader_within(r, content);
                uint8_t sign;
                MITOME_TRY(read_u8(&magnitude, field, &sign));
                content = read_rest(&magnitude);
        }
        *ret = content;
        return ok();
}

mitome_status der_read_number(reader *r, const char *field, uint8_t tag, uint32_t max, uint32_t *ret)
{
        const reader start = *r;
        slice content;
        uint64_t number = 0;
        MITOME_TRY(der_read(r, field, tag, &content, NULL));
        bool negative = content.size && content.data[0] & 0x80;
        bool padded = content.size > 1 && content.data[0] == 0 && !(content.data[1] & 0x80);
        if (content.size == 0 || negative || padded)
                return reader_fail(&start, MITOME_E_DER, field);
        /* Four bytes and the sign's at most, for max is of 32 bits. */
        for (size_t i = 0; i < content.size && i <= sizeof max; i++)
                number = number << 8 | content.data[i];
        if (content.size > sizeof max + 1 || number > max)
                return reader_fail(&start, MITOME_E_VALUE, field);
        *ret = (uint32_t)number;
        return ok();
}

enum { TAG_KIND = 0xE0, TAG_NUMBER = 0x1F, TAG_BYTES_MAX = 4 };

/* X.690, 8.1.2.4: numbers over 30 follow in groups of seven bits, the first of which is not zero. */
static mitome_status read_high_number(reader *r, const char *field, uint32_t *ret)
{
        uint32_t number = 0;
        for (int i = 0; i < TAG_BYTES_MAX; i++) {
                uint8_t byte;
                MITOME_TRY(read_u8(r, field, &byte));
                if (i == 0 && byte == 0x80)
                        return reader_fail(r, MITOME_E_DER, field);
                number = number << 7 | (byte & 0x7F);
                if (byte & 0x80)
                        continue;
                *ret = number;
                return number < TAG_NUMBER ? reader_fail(r, MITOME_E_DER, field) : ok();
        }
        return reader_fail(r, MITOME_E_DER, field);
}

mitome_status der_read_any(reader *r, const char *field, struct der_tag *ret_tag, slice *ret)
{
        uint8_t first;
        size_t length;
        slice content;
        MITOME_TRY(read_u8(r, field, &first));
        struct der_tag tag = { .kind = first & TAG_KIND, .number = first & TAG_NUMBER };
        if (tag.number == TAG_NUMBER)
                MITOME_TRY(read_high_number(r, field, &tag.number));
        MITOME_TRY(read_length(r, field, &length));
        MITOME_TRY(read_bytes(r, field, length, &content));
        *ret_tag = tag;
        *ret = content;
        return ok();
}
