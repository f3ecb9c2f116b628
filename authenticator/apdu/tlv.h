/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLV_H
#define TLV_H

/* BER-TLV as cards use it (ISO 7816-4, 5.2.2): tags of one to three bytes, definite lengths of at most 65535
 * in their shortest form. */

#include "bytes.h"

struct tlv {
        uint32_t tag; /* as it stands: 0x80, 0x9F70, 0x7F49 */
        slice value;
};

MITOME_CHECKED mitome_status tlv_read(reader *r, const char *field, struct tlv *ret);

/* tlv_read_head takes tag and length alone: the value may come in pieces. */
MITOME_CHECKED mitome_status tlv_read_head(reader *r, const char *field, uint32_t *ret_tag, size_t *ret_size);

/* tlv_find gives the one value with `tag` at the top level of `list`; TLV_MISSING when there is none,
 * TLV_TWICE when there are two. The whole list is checked to be well-formed. */
MITOME_CHECKED mitome_status tlv_find(
        slice list, uint32_t tag, const char *field, slice *ret, mitome_error *error);

/* tlv_find_fixed is tlv_find for a value of exactly `size` bytes (else VALUE). */
MITOME_CHECKED mitome_status tlv_find_fixed(
        slice list, uint32_t tag, const char *field, size_t size, slice *ret, mitome_error *error);

/* tlv_find_optional sets *ret to the empty view when the tag is absent. */
MITOME_CHECKED mitome_status tlv_find_optional(
        slice list, uint32_t tag, const char *field, slice *ret, mitome_error *error);

/* tlv_write_head writes tag and length; `size` bytes of value are the caller's to write. */
void tlv_write_head(writer *w, uint32_t tag, size_t size);
void tlv_write(writer *w, uint32_t tag, slice value);
void tlv_write_u8(writer *w, uint32_t tag, uint8_t value);

#endif
