/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PORTAL_BODY_H
#define PORTAL_BODY_H

/* What a page or a phone sends: one flat JSON object, strictly the members that are known. */

#include "json.h"

enum body_kind {
        BODY_TEXT,   /* a string, escapes undone */
        BODY_BYTES,  /* a string of unpadded base64url */
        BODY_OBJECT, /* an object, as it stands (a view of the body): checked, not looked into */
};

struct body_field {
        const char *name;
        enum body_kind kind;
        bool required;
        uint8_t *buffer; /* BODY_OBJECT: none */
        size_t capacity;
        slice *ret; /* {NULL, 0} when it is not there */
};

/* body_read: JSON_* for what is no JSON, VALUE for a member that is not known, TYPE (JSON_TYPE) for a value
 * of another kind, BUFFER_FULL for one that is too long, MISSING. *fields' ret are all set or none. */
enum { BODY_FIELDS_MAX = 8 };
MITOME_CHECKED mitome_status body_read(
        slice body, const struct body_field *fields, size_t count, mitome_error *error);

#endif
