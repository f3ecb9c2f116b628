/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRINT_PLACE_H
#define PRINT_PLACE_H

/* Where a printer writes, and where in the input its part stands: lines of a name and a value, parts inside
 * parts, and what is wrong with them. */

#include "cbor.h"
#include "print.h"

/* print_bare is print_text without the quotation marks. */
void print_bare(FILE *out, slice text);

/* print_name begins a line: the indent and a name. */
void print_name(const struct print_place *place, const char *name);

/* These print a whole line. */
__attribute__((format(printf, 3, 4))) void print_line(
        const struct print_place *place, const char *name, const char *format, ...);
void print_hex_line(const struct print_place *place, const char *name, slice bytes);
/* print_bytes_line tells the number of bytes before them. */
void print_bytes_line(const struct print_place *place, const char *name, slice bytes);
void print_text_line(const struct print_place *place, const char *name, slice text);
/* print_aaguid_line prints 16 bytes as a UUID. */
void print_aaguid_line(const struct print_place *place, const char *name, slice aaguid);
/* print_time_line prints seconds since 1970 as a date. */
void print_time_line(const struct print_place *place, const char *name, int64_t time);

/* print_reader and print_cbor_reader read a part so that offsets count in the whole input. */
reader print_reader(const struct print_place *place, slice bytes, const char *clause);
struct cbor_reader print_cbor_reader(const struct print_place *place, slice bytes, const char *clause);

/* print_cbor_item takes the next item and prints it on the line that was begun. */
MITOME_CHECKED mitome_status print_cbor_item(const struct print_place *place, struct cbor_reader *r);

/* print_relay records and returns the failure of a reader that counted from the start of the part. */
MITOME_CHECKED mitome_status print_relay(
        const struct print_place *place, mitome_status status, const mitome_error *inner);

/* print_wrong prints a line that says what is wrong and where, and records it. */
void print_wrong(const struct print_place *place, const mitome_error *wrong);

/* print_part prints a part further in. What is wrong with it is said there, and the whole goes on. `at` is
 * where it begins in the whole input. */
typedef mitome_status print_printer(const struct print_place *place, slice bytes);
void print_part(const struct print_place *place, print_printer *printer, slice bytes, size_t at);

#endif
