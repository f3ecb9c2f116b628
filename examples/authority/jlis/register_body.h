/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGISTER_BODY_H
#define REGISTER_BODY_H

/* The body of a letter: a canonical map with integer keys, described by a table. */

#include "cbor.h"

enum body_type { BODY_BYTES, BODY_TEXT, BODY_NUMBER, BODY_ITEM };

struct body_field {
        int64_t key; /* they rise */
        enum body_type type;
        const char *name;
        size_t least, most; /* bytes; of a number its largest value in `most` */
        bool optional;      /* when it is absent, *bytes and *number stay as they were */
        slice *bytes;       /* views into the body */
        uint64_t *number;
};

#define BODY_FIELD_BYTES(at, label, from, to, ret)                                               \
        {                                                                                        \
                .key = (at), .type = BODY_BYTES, .name = (label), .least = (from), .most = (to), \
                .bytes = (ret)                                                                   \
        }
#define BODY_FIELD_TEXT(at, label, to, ret)                                                               \
        {                                                                                                 \
                .key = (at), .type = BODY_TEXT, .name = (label), .least = 1, .most = (to), .bytes = (ret) \
        }
#define BODY_FIELD_NUMBER(at, label, to, ret)                                                    \
        {                                                                                        \
                .key = (at), .type = BODY_NUMBER, .name = (label), .most = (to), .number = (ret) \
        }
#define BODY_FIELD_ITEM(at, label, ret)                                         \
        {                                                                       \
                .key = (at), .type = BODY_ITEM, .name = (label), .bytes = (ret) \
        }

/* body_read takes a body apart: MISSING, VALUE (a key that is not known, a value out of its bounds),
 * TOO_LONG, CBOR_*, TRAILING_BYTES. */
MITOME_CHECKED mitome_status body_read(
        slice body, const struct body_field *fields, size_t count, mitome_error *error);

/* body_read_date takes [year, month, day] apart; whether there is such a day is not asked. */
struct body_date {
        int year, month, day;
};
MITOME_CHECKED mitome_status body_read_date(slice item, struct body_date *ret, mitome_error *error);

#endif
