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
