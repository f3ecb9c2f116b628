/* SPDX-License-Identifier: Apache-2.0 */
#include "tlv.h"

static const char clause[] = "ISO 7816-4 5.2.2";

enum { TAG_BYTES_MAX = 3 };

/* Tags: the low five bits of the first byte, all set, announce further bytes; bit 8 of those, one more. */
static mitome_status read_tag(reader *r, const char *field, uint32_t *ret)
{
        uint8_t byte;
        MITOME_TRY(read_u8(r, field, &byte));
        uint32_t tag = byte;
        bool more = (byte & 0x1F) == 0x1F;
        for (int count = 1; more; count++) {
                if (count == TAG_BYTES_MAX)
                        return reader_fail(r, MITOME_E_TLV, field);
                MITOME_TRY(read_u8(r, field, &byte));
                tag = tag << 8 | byte;
                more = byte & 0x80;
                bool shorter = more ? byte == 0x80 : byte < 0x1F; /* a shorter tag has this number */
                if (count == 1 && shorter)
                        return reader_fail(r, MITOME_E_TLV, field);
        }
        if (tag == 0)
                return reader_fail(r, MITOME_E_TLV, field);
        *ret = tag;
        return ok();
}

static mitome_status read_length(reader *r, const char *field, size_t *ret)
{
        uint8_t first, byte;
        uint16_t wide;
        MITOME_TRY(read_u8(r, field, &first));
        switch (first) {
        case 0x81:
                MITOME_TRY(read_u8(r, field, &byte));
                *ret = byte;
                return byte >= 0x80 ? ok() : reader_fail(r, MITOME_E_TLV, field);
        case 0x82:
                MITOME_TRY(read_u16(r, field, &wide));
                *ret = wide;
                return wide > UINT8_MAX ? ok() : reader_fail(r, MITOME_E_TLV, field);
        default:
                *ret = first;
                return first < 0x80 ? ok() : reader_fail(r, MITOME_E_TLV, field);
        }
}

mitome_status tlv_read_head(reader *r, const char *field, uint32_t *ret_tag, size_t *ret_size)
{
        uint32_t tag = 0; /* which gcc cannot see at -Os */
        MITOME_TRY(read_tag(r, field, &tag));
        MITOME_TRY(read_length(r, field, ret_size));
        *ret_tag = tag;
        return ok();
}

mitome_status tlv_read(reader *r, const char *field, struct tlv *ret)
{
        struct tlv tlv;
        size_t length;
        MITOME_TRY(tlv_read_head(r, field, &tlv.tag, &length));
        MITOME_TRY(read_bytes(r, field, length, &tlv.value));
        *ret = tlv;
        return ok();
}

/* Walks the whole list; how often the tag stands in it, and the first value it has. */
static mitome_status search(
        slice list, uint32_t tag, const char *field, size_t *ret_count, slice *ret, mitome_error *error)
{
        reader r = reader_over(list, clause, error);
        slice value = { 0 };
        size_t count = 0;
        while (r.rest.size) {
                struct tlv tlv;
                MITOME_TRY(tlv_read(&r, field, &tlv));
                if (tlv.tag == tag && count++ == 0)
                        value = tlv.value;
        }
        if (count > 1)
                return fail(error, MITOME_E_TLV_TWICE, field, clause);
        *ret_count = count;
        *ret = value;
        return ok();
}

mitome_status tlv_find(slice list, uint32_t tag, const char *field, slice *ret, mitome_error *error)
{
        size_t count;
        slice value;
        MITOME_TRY(search(list, tag, field, &count, &value, error));
        if (count == 0)
                return fail(error, MITOME_E_TLV_MISSING, field, clause);
        *ret = value;
        return ok();
}

mitome_status tlv_find_fixed(
        slice list, uint32_t tag, const char *field, size_t size, slice *ret, mitome_error *error)
{
        slice value;
        MITOME_TRY(tlv_find(list, tag, field, &value, error));
        if (value.size != size)
                return fail(error, MITOME_E_VALUE, field, clause);
        *ret = value;
        return ok();
}

mitome_status tlv_find_optional(slice list, uint32_t tag, const char *field, slice *ret, mitome_error *error)
{
        size_t count;
        return search(list, tag, field, &count, ret, error);
}

static void write_tag(writer *w, uint32_t tag)
{
        if (tag > 0xFFFF)
                write_u8(w, (uint8_t)(tag >> 16));
        if (tag > 0xFF)
                write_u8(w, (uint8_t)(tag >> 8));
        write_u8(w, (uint8_t)tag);
}

void tlv_write_head(writer *w, uint32_t tag, size_t size)
{
        write_tag(w, tag);
        if (size > UINT16_MAX) {
                w->overflowed = true;
                return;
        }
        if (size > UINT8_MAX) {
                write_u8(w, 0x82);
                write_u16(w, (uint16_t)size);
        } else {
                if (size >= 0x80)
                        write_u8(w, 0x81);
                write_u8(w, (uint8_t)size);
        }
}

void tlv_write(writer *w, uint32_t tag, slice value)
{
        tlv_write_head(w, tag, value.size);
        write_slice(w, value);
}

void tlv_write_u8(writer *w, uint32_t tag, uint8_t value)
{
        tlv_write(w, tag, slice_of(&value, 1));
}
