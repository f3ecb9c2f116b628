/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RECORD_FIELDS_H
#define RECORD_FIELDS_H

/* The members of a credential record as one table, which writes and reads both forms (docs/record.md). */

#include "bytes.h"

#include <mitome/record.h>

enum record_shape {
        RECORD_BYTES,      /* slice; base64url in JSON */
        RECORD_TEXT,       /* slice, UTF-8 */
        RECORD_KEY_ID,     /* uint8_t[MITOME_RECORD_KEY_ID_SIZE] */
        RECORD_COUNT,      /* uint32_t */
        RECORD_TIME,       /* int64_t */
        RECORD_BOOL,       /* bool */
        RECORD_ANSWER,     /* enum mitome_answer: absent, false, true */
        RECORD_WORD,       /* an enum: a word in JSON, its number in CBOR */
        RECORD_TRANSPORTS, /* uint32_t: words in JSON, bits in CBOR */
        RECORD_SHAPES,
};

struct record_field {
        uint8_t key;       /* in CBOR */
        const char *name;  /* in JSON */
        const char *field; /* in errors */
        enum record_shape shape;
        bool required;
        bool magnitude;           /* RECORD_BYTES: no leading zero */
        uint32_t least, most;     /* bytes, or the number itself */
        size_t offset;            /* of the member in struct mitome_record */
        const char *const *words; /* RECORD_WORD: by number, NULL where the number says nothing */
};

enum { RECORD_FIELDS = 28, RECORD_KEY_VERSION = 1, RECORD_KEY_MINOR = 2, RECORD_MEMBERS_MAX = 60 };

extern const struct record_field record_fields[RECORD_FIELDS]; /* in the order of their keys */

enum { RECORD_TRANSPORT_WORDS = 6 };
extern const char *const record_transport_words[RECORD_TRANSPORT_WORDS]; /* by bit */

extern const char record_clause[];
extern const int64_t record_time_max; /* the last second of the year 9999 */

/* The member of a record that a line of the table is about. */
void *record_at(struct mitome_record *record, const struct record_field *field);
const void *record_get(const struct mitome_record *record, const struct record_field *field);

/* record_is_absent tells whether a member has nothing to be written. */
bool record_is_absent(const struct mitome_record *record, const struct record_field *field);

/* record_check_field holds a member that is there to its limits: TOO_LONG, VALUE, UTF8. */
MITOME_CHECKED mitome_status record_check_field(
        const struct mitome_record *record, const struct record_field *field, mitome_error *error);

/* record_check_whole refuses members that contradict one another: RECORD_CONTRADICTION. */
MITOME_CHECKED mitome_status record_check_whole(const struct mitome_record *record, mitome_error *error);

/* record_check is both, for all members: what passes can be written and read again. MISSING for a required
 * member that is empty. */
MITOME_CHECKED mitome_status record_check(const struct mitome_record *record, mitome_error *error);

/* record_check_seen fails with MISSING for the first required member whose bit (its place in the table) is
 * not set. */
MITOME_CHECKED mitome_status record_check_seen(uint32_t seen, mitome_error *error);

#endif
