/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DER_H
#define DER_H

/* Strict DER (X.690), one element at a time: definite lengths of at most 65535 in their shortest form, tags
 * of one byte but for der_read_any. Certificates are OpenSSL's to judge; this finds where in the bytes their
 * parts stand. */

#include "bytes.h"

enum {
        DER_INTEGER = 0x02,
        DER_BIT_STRING = 0x03,
        DER_OCTET_STRING = 0x04,
        DER_NULL = 0x05,
        DER_ENUMERATED = 0x0A,
        DER_SEQUENCE = 0x30,
        DER_SET = 0x31,
        DER_CONTEXT_0 = 0xA0,
        DER_CONTEXT_1 = 0xA1,
        DER_EXPLICIT = 0xA0, /* the class and form of [n] EXPLICIT, see struct der_tag */
};

/* der_read takes one element of `tag` and views its content; `ret_whole`, unless NULL, views it with its tag
 * and length. Anything else fails with DER or INPUT_ENDS. */
MITOME_CHECKED mitome_status der_read(
        reader *r, const char *field, uint8_t tag, slice *ret, slice *ret_whole);

/* der_read_positive takes an INTEGER over zero and views its magnitude, big-endian without leading zero. */
MITOME_CHECKED mitome_status der_read_positive(reader *r, const char *field, slice *ret);

/* der_read_number takes an INTEGER or an ENUMERATED (`tag`) of 0 to `max`: VALUE when it is more, DER when it
 * is negative or not in its shortest form. */
MITOME_CHECKED mitome_status der_read_number(
        reader *r, const char *field, uint8_t tag, uint32_t max, uint32_t *ret);

/* A tag of any width: class and form (the three high bits of its first byte), and number. */
struct der_tag {
        uint8_t kind;
        uint32_t number; /* at most 28 bits */
};

/* der_read_any takes one element whatever its tag, and views its content. */
MITOME_CHECKED mitome_status der_read_any(reader *r, const char *field, struct der_tag *ret_tag, slice *ret);

#endif
