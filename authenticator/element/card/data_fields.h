/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DATA_FIELDS_H
#define DATA_FIELDS_H

/* Data fields of commands that are TLV lists: a table says what may stand in them. */

#include "apdu.h"
#include "tlv.h"

enum field_presence { FIELD_OPTIONAL, FIELD_REQUIRED, FIELD_LIST /* any number */ };

struct field {
        uint32_t tag;
        enum field_presence presence;
        size_t min, max; /* bytes of the value */
        slice *ret;      /* the value, the first one of a list; data is NULL when there is none */
};

/* fields_read takes a whole data field. Unknown, missing or doubled tags and values of another size: 6A80. */
uint16_t fields_read(slice data, const struct field *fields, size_t count);

/* fields_next gives the next value with `tag`, from a reader over a data field that fields_read took. */
bool fields_next(reader *list, uint32_t tag, slice *ret);

#endif
