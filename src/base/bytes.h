/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BYTES_H
#define BYTES_H

/* Slice, reader, writer, secret: the only place where a pointer into untrusted bytes is moved or copied from.
 */

#include "status.h"

#include <mitome/bytes.h>

typedef mitome_slice slice;

static inline slice slice_of(const void *data, size_t size)
{
        return (slice){ .data = data, .size = size };
}

/* SLICE views a whole array; it does not work on a pointer. */
#define SLICE(array) slice_of((array), sizeof(array))

/* slice_text views a C string without its terminator. */
slice slice_text(const char *text);

/* slice_equal tells whether two views hold the same bytes. Not for secrets: see secret_equal. */
bool slice_equal(slice a, slice b);

/* slice_begins_with tells whether a view is `prefix`, or goes on behind it. */
bool slice_begins_with(slice view, slice prefix);

/* slice_is tells whether a view holds exactly the characters of `text`. */
bool slice_is(slice view, const char *text);

/* slice_is_ascii tells whether all bytes are under 0x80. */
bool slice_is_ascii(slice view);

/* slice_is_utf8 tells whether the bytes are well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates,
 * nothing above U+10FFFF). */
bool slice_is_utf8(slice view);

/* slice_utf8_first is how many bytes the first character of the view has, 0 when there is none or it is not
 * well-formed UTF-8. */
size_t slice_utf8_first(slice view);

/* slice_contains tells whether `inner` views a part of `outer`'s own storage (compares addresses, not bytes).
 */
bool slice_contains(slice outer, slice inner);

/* slice_copy copies `from` into `to`, which holds `capacity` bytes; fails with BUFFER_FULL and copies nothing
 * when it does not fit. */
MITOME_CHECKED mitome_status slice_copy(
        slice from, const char *field, uint8_t *to, size_t capacity, mitome_error *error);

/* A reader moves once over its input, front to back. Offsets in errors count from the start of the outermost
 * input: a reader over a part of another's input is made with reader_within. */
typedef struct reader {
        slice rest;
        size_t offset;      /* of rest.data in the outermost input */
        const char *clause; /* what a malformed input violates */
        mitome_error *error;
} reader;

reader reader_over(slice input, const char *clause, mitome_error *error);

/* reader_within reads `part`, a slice that `outer` has just given out, again from its start; offsets go on
 * counting in the outermost input. */
reader reader_within(const reader *outer, slice part);

/* reader_fail records `code` at the reader's place. */
MITOME_CHECKED static inline mitome_status reader_fail(const reader *r, mitome_code code, const char *field)
{
        return fail_at(r->error, code, r->offset, field, r->clause);
}

/* Each of these takes the next bytes, big-endian, or fails with INPUT_ENDS at the reader's place and leaves
 * the reader and *ret alone. */
MITOME_CHECKED mitome_status read_u8(reader *r, const char *field, uint8_t *ret);
MITOME_CHECKED mitome_status read_u16(reader *r, const char *field, uint16_t *ret);
MITOME_CHECKED mitome_status read_u32(reader *r, const char *field, uint32_t *ret);
MITOME_CHECKED mitome_status read_u64(reader *r, const char *field, uint64_t *ret);
MITOME_CHECKED mitome_status read_bytes(reader *r, const char *field, size_t size, slice *ret);

/* read_into takes the next `size` bytes as a copy. */
MITOME_CHECKED mitome_status read_into(reader *r, const char *field, uint8_t *ret, size_t size);

/* read_rest takes all that is left, perhaps nothing. */
slice read_rest(reader *r);

/* read_end fails with TRAILING_BYTES if anything is left of `field`. */
MITOME_CHECKED mitome_status read_end(const reader *r, const char *field);

/* A writer fills a buffer of the caller's. It fails once and for good: write on without looking, and look at
 * the end with writer_finish. */
typedef struct writer {
        uint8_t *data;
        size_t capacity;
        size_t used;
        bool overflowed;
} writer;

writer writer_over(uint8_t *buffer, size_t capacity);

#define WRITER(array) writer_over((array), sizeof(array))

void write_u8(writer *w, uint8_t value);
void write_u16(writer *w, uint16_t value);
void write_u32(writer *w, uint32_t value);
void write_u64(writer *w, uint64_t value);
void write_slice(writer *w, slice bytes);

/* write_space reserves `size` bytes for the caller to fill, or returns NULL (and the writer has overflowed).
 */
uint8_t *write_space(writer *w, size_t size);

/* writer_view is what has been written so far. */
slice writer_view(const writer *w);

/* writer_finish publishes what was written, or fails with BUFFER_FULL. */
MITOME_CHECKED mitome_status writer_finish(
        const writer *w, const char *field, slice *ret, mitome_error *error);

/* A secret is at most 64 bytes that are wiped on every way out of their scope: declare it with SECRET(name).
 */
enum { SECRET_MAX = 64 };

struct secret {
        size_t size;
        uint8_t data[SECRET_MAX];
};

void secret_wipe(struct secret *secret);

#define SECRET(name) __attribute__((cleanup(secret_wipe))) struct secret name = { 0 }

slice secret_view(const struct secret *secret);

/* secret_set copies 1..64 bytes in; anything else fails with ARGUMENT. */
MITOME_CHECKED mitome_status secret_set(struct secret *secret, slice bytes, mitome_error *error);

/* secret_equal compares in a time that depends on the sizes only; views of different size are never equal. */
bool secret_equal(slice a, slice b);

/* bytes_wipe overwrites memory in a way that a compiler does not remove. */
void bytes_wipe(void *bytes, size_t size);

#endif
