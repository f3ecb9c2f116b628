/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JSON_OBJECT_H
#define JSON_OBJECT_H

/* Objects whose members are known beforehand, read by a table: a member, a line. What is decoded goes into an
 * arena, a writer over the rest of the caller's buffer. */

#include "json.h"

struct json_field;

typedef mitome_status json_field_read(struct json_reader *r, writer *arena, const struct json_field *field);

struct json_field {
        const char *name;  /* in the object */
        const char *field; /* in errors */
        json_field_read *read;
        bool required;
        bool null_is_absent;
        size_t max;                        /* bytes of a text or of decoded base64url */
        bool *present;                     /* set when the member is there; may be NULL */
        slice *bytes;                      /* json_field_text, _base64url, _raw */
        bool *flag;                        /* json_field_bool */
        const char *literal;               /* json_field_literal */
        const struct json_object *members; /* json_field_object; NULL: any object, skipped */
        void *target;                      /* for readers of the caller's own */
};

enum { JSON_OBJECT_FIELDS = 24 };

struct json_object {
        const char *field;
        const struct json_field *fields;
        size_t count;   /* at most JSON_OBJECT_FIELDS */
        bool closed;    /* members that are not in the table are refused with POLICY_UNKNOWN, else skipped */
        slice *unknown; /* the raw name of such a member; may be NULL */
};

/* json_object_read takes one object. MISSING when a required member is. */
MITOME_CHECKED mitome_status json_object_read(
        struct json_reader *r, writer *arena, const struct json_object *object);

/* A text, escapes undone, of at most `max` bytes. */
json_field_read json_field_text;
/* Unpadded base64url of at most `max` bytes, written without escapes (its alphabet needs none). */
json_field_read json_field_base64url;
/* Any value as it stands in the input, checked to be JSON. */
json_field_read json_field_raw;
json_field_read json_field_bool;
/* A text that must be `literal`, else VALUE. */
json_field_read json_field_literal;
json_field_read json_field_object;

/* arena_text and arena_base64url are json_field_text and _base64url for values outside a table. */
MITOME_CHECKED mitome_status arena_text(
        struct json_reader *r, writer *arena, const char *field, size_t max, slice *ret);
MITOME_CHECKED mitome_status arena_base64url(
        struct json_reader *r, writer *arena, const char *field, size_t max, slice *ret);

#endif
