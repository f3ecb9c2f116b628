/* SPDX-License-Identifier: Apache-2.0 */
#ifndef METADATA_FIELDS_H
#define METADATA_FIELDS_H

/* How metadata writes bytes and days into JSON strings. Each takes one string, or fails with VALUE (JSON_TYPE
 * when it is none) at its place. */

#include "json.h"

enum { METADATA_AAGUID_SIZE = 16, METADATA_KEY_IDENTIFIER_SIZE = 20 };

/* "6d69746f-6d65-4001-8000-736f66740001" */
MITOME_CHECKED mitome_status metadata_read_aaguid(
        struct json_reader *r, const char *field, uint8_t ret[METADATA_AAGUID_SIZE]);

/* 40 hexadecimal digits */
MITOME_CHECKED mitome_status metadata_read_key_identifier(
        struct json_reader *r, const char *field, uint8_t ret[METADATA_KEY_IDENTIFIER_SIZE]);

/* "2027-01-15": the day's start in seconds since 1970, UTC */
MITOME_CHECKED mitome_status metadata_read_day(struct json_reader *r, const char *field, int64_t *ret);

/* metadata_read_base64 takes padded base64 (RFC 4648 4), which may be broken into lines, into `out`;
 * BUFFER_FULL when it does not fit. Escapes are undone in `scratch`, which is left as it was found. */
MITOME_CHECKED mitome_status metadata_read_base64(
        struct json_reader *r, const char *field, writer *scratch, writer *out, slice *ret);

/* metadata_take_null tells whether null comes next, which stands for a member that is absent, and takes it.
 */
MITOME_CHECKED mitome_status metadata_take_null(struct json_reader *r, const char *field, bool *ret);

#endif
