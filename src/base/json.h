/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JSON_H
#define JSON_H

/* Strict JSON (RFC 8259) without allocation: duplicate names, bad UTF-8, lone surrogates, unescaped control
 * characters, leading zeros and trailing bytes are refused. Numbers are integers of at most 53 bits; any
 * other number can be skipped, not read. */

#include "bytes.h"

enum {
        JSON_DEPTH = 16,
        JSON_NAMES = 64, /* members of one object */
};

struct json_reader {
        reader bytes;
        unsigned depth;
};

struct json_reader json_over(slice input, const char *clause, mitome_error *error);

enum json_kind {
        JSON_KIND_OBJECT,
        JSON_KIND_ARRAY,
        JSON_KIND_STRING,
        JSON_KIND_NUMBER,
        JSON_KIND_BOOL,
        JSON_KIND_NULL
};

MITOME_CHECKED mitome_status json_peek(struct json_reader *r, const char *field, enum json_kind *ret);

/* An object or an array that is being read; hold it while reading its members. */
struct json_members {
        const char *field;
        bool started;
        size_t count;
        uint64_t escaped;        /* bits: which of the names have escapes */
        slice names[JSON_NAMES]; /* as they stand in the input, between the quotes */
};

MITOME_CHECKED mitome_status json_open_object(
        struct json_reader *r, const char *field, struct json_members *ret);
MITOME_CHECKED mitome_status json_open_array(
        struct json_reader *r, const char *field, struct json_members *ret);

/* json_next_member takes the next name (raw, see json_name_is), or sets *ret_more to false and closes the
 * object. More than JSON_NAMES members: TOO_MANY; the same name twice, however it is escaped:
 * JSON_DUPLICATE_NAME. */
MITOME_CHECKED mitome_status json_next_member(
        struct json_reader *r, struct json_members *object, slice *ret_name, bool *ret_more);
MITOME_CHECKED mitome_status json_next_element(
        struct json_reader *r, struct json_members *array, bool *ret_more);

/* json_name_is compares a raw name or string with `text`, escapes undone. */
bool json_name_is(slice raw, const char *text);

/* json_read_raw takes a string as it stands between its quotes (checked whole); json_unescape undoes its
 * escapes. */
MITOME_CHECKED mitome_status json_read_raw(struct json_reader *r, const char *field, slice *ret);

/* json_read_string takes a string, escapes undone, into `buffer`; the view ends before any terminator. */
MITOME_CHECKED mitome_status json_read_string(
        struct json_reader *r, const char *field, uint8_t *buffer, size_t capacity, slice *ret);

/* json_read_base64url takes a string of unpadded base64url (RFC 4648, 5; no white space, no trailing bits, no
 * escapes) as bytes. */
MITOME_CHECKED mitome_status json_read_base64url(
        struct json_reader *r, const char *field, uint8_t *buffer, size_t capacity, slice *ret);

MITOME_CHECKED mitome_status json_read_bool(struct json_reader *r, const char *field, bool *ret);
MITOME_CHECKED mitome_status json_read_int(struct json_reader *r, const char *field, int64_t *ret);
MITOME_CHECKED mitome_status json_skip(struct json_reader *r, const char *field);
MITOME_CHECKED mitome_status json_end(struct json_reader *r, const char *field);

/* base64url_decode decodes unpadded base64url text as json_read_base64url does. */
MITOME_CHECKED mitome_status base64url_decode(
        slice text, const char *field, uint8_t *buffer, size_t capacity, slice *ret, mitome_error *error);

/* Writing, into a writer that fails once and for good. The json_writer puts the commas. */
struct json_writer {
        writer *out;
        bool comma; /* a comma is due before the next member */
};

struct json_writer json_into(writer *out);
void json_write_open_object(struct json_writer *w, const char *name); /* name: NULL outside an object */
void json_write_close_object(struct json_writer *w);
void json_write_open_array(struct json_writer *w, const char *name);
void json_write_close_array(struct json_writer *w);
/* json_write_text escapes what must be; bytes that are not UTF-8 become U+FFFD. */
void json_write_text(struct json_writer *w, const char *name, slice text);
void json_write_string(struct json_writer *w, const char *name, const char *text);
void json_write_base64url(struct json_writer *w, const char *name, slice bytes);
void json_write_int(struct json_writer *w, const char *name, int64_t value);
void json_write_bool(struct json_writer *w, const char *name, bool value);
void json_write_null(struct json_writer *w, const char *name);
/* json_write_raw writes a value that is JSON already. */
void json_write_raw(struct json_writer *w, const char *name, slice json);

#endif
