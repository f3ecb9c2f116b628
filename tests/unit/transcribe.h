/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TRANSCRIBE_H
#define TRANSCRIBE_H

/* For the tests and the fuzz targets of src/base: what a reader tells, written again by the writer. */

#include "cbor.h"
#include "json.h"

/* cbor_transcribe takes the next item and writes it again. There is one encoding of each item, so what comes
 * out is what went in. */
MITOME_CHECKED mitome_status cbor_transcribe(struct cbor_reader *from, writer *to);

/* json_transcribe takes the next value and writes it again without white space, objects as arrays of name,
 * value, name, value (the names that a json_writer writes come from the program, not from an input). Done to
 * its own output it changes nothing. Strings over TRANSCRIBED_STRING bytes fail with TOO_LONG. */
enum { TRANSCRIBED_STRING = 4096 };
MITOME_CHECKED mitome_status json_transcribe(struct json_reader *from, struct json_writer *to);

/* hex_decode writes the bytes of hexadecimal text, in which spaces may stand, into `buffer` and views them;
 * text that is none, or too long, aborts the test. */
slice hex_decode(const char *hex, uint8_t *buffer, size_t capacity);

/* exact_copy copies into memory of just that size, so that a sanitizer sees a byte read behind it. Free the
 * view's data with exact_free. */
slice exact_copy(slice bytes);
void exact_free(slice copy);

#endif
