/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DER_H
#define DER_H

/* Strict DER (X.690), one element at a time: tags of one byte, definite lengths of at most 65535 in their
 * shortest form. Certificates are OpenSSL's to judge; this finds where in the bytes their parts stand. */

#include "bytes.h"

enum {
        DER_INTEGER = 0x02,
        DER_BIT_STRING = 0x03,
        DER_OCTET_STRING = 0x04,
        DER_SEQUENCE = 0x30,
        DER_SET = 0x31,
        DER_CONTEXT_0 = 0xA0,
};

/* der_read takes one element of `tag` and views its content; `ret_whole`, unless NULL, views it with its tag
 * and length. Anything else fails with DER or INPUT_ENDS. */
MITOME_CHECKED mitome_status der_read(
        reader *r, const char *field, uint8_t tag, slice *ret, slice *ret_whole);

/* der_read_positive takes an INTEGER over zero and views its magnitude, big-endian without leading zero. */
MITOME_CHECKED mitome_status der_read_positive(reader *r, const char *field, slice *ret);

#endif
