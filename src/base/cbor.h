/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CBOR_H
#define CBOR_H

/* CTAP2 canonical CBOR (CTAP 2.1, 8 "Message Encoding"), strict both ways: shortest integers and lengths,
 * definite lengths, keys sorted by major type, length, bytes, no duplicates, no tags, floats or undefined, at
 * most CBOR_DEPTH levels unless a reader is told otherwise. Item heads are decoded by libcbor's streaming
 * decoder, one at a time; nothing is allocated. */

#include "bytes.h"

enum {
        CBOR_DEPTH = 4,      /* containers inside one another, CTAP 2.1, 8 */
        CBOR_MEMBERS = 1024, /* of one array or map, whatever a caller's own limit */
        CBOR_UNORDERED = 16, /* of a map in any order */
};

enum cbor_kind {
        CBOR_KIND_UINT,
        CBOR_KIND_NEGATIVE,
        CBOR_KIND_BYTES,
        CBOR_KIND_TEXT,
        CBOR_KIND_ARRAY,
        CBOR_KIND_MAP,
        CBOR_KIND_BOOL,
        CBOR_KIND_NULL,
};

/* A pull parser: each call takes the next item or fails and leaves its answer alone. */
struct cbor_reader {
        reader bytes;
        unsigned depth;  /* containers that are open */
        unsigned deeper; /* how many more than CBOR_DEPTH may be: 0 for what CTAP2 sends */
        bool any_order;  /* keys may come in any order, but still not twice: for what platforms put together
                          */
};

struct cbor_reader cbor_over(slice input, const char *clause, mitome_error *error);

/* cbor_within reads an item again that `outer` has just given out (a slice from cbor_read_item), at outer's
 * depth, by outer's rules. */
struct cbor_reader cbor_within(const struct cbor_reader *outer, slice item);

/* cbor_peek tells the kind of the next item without taking it. */
MITOME_CHECKED mitome_status cbor_peek(struct cbor_reader *r, const char *field, enum cbor_kind *ret);

MITOME_CHECKED mitome_status cbor_read_uint(
        struct cbor_reader *r, const char *field, uint64_t max, uint64_t *ret);
MITOME_CHECKED mitome_status cbor_read_int(struct cbor_reader *r, const char *field, int64_t *ret);
MITOME_CHECKED mitome_status cbor_read_bool(struct cbor_reader *r, const char *field, bool *ret);
/* cbor_read_bytes and cbor_read_text fail with TOO_LONG over `max` bytes; text is checked to be UTF-8. */
MITOME_CHECKED mitome_status cbor_read_bytes(
        struct cbor_reader *r, const char *field, size_t max, slice *ret);
MITOME_CHECKED mitome_status cbor_read_text(struct cbor_reader *r, const char *field, size_t max, slice *ret);
/* cbor_read_fixed takes a byte string of exactly `size` bytes, else VALUE. */
MITOME_CHECKED mitome_status cbor_read_fixed(
        struct cbor_reader *r, const char *field, size_t size, slice *ret);

/* cbor_read_item takes the next item whole, whatever it is (checked to be canonical all the way down), as the
 * bytes that encode it. */
MITOME_CHECKED mitome_status cbor_read_item(struct cbor_reader *r, const char *field, slice *ret);

/* An array or a map that is being read. Leave it only by reading all its members (cbor_next says so). */
struct cbor_members {
        size_t left; /* members (of a map: pairs) not yet taken */
        const char *field;
        size_t key_count;           /* how many of these are set: of a canonical map the last key only */
        slice keys[CBOR_UNORDERED]; /* encodings of keys that were taken */
};

/* Open a container of at most `max` members (pairs). Closed by the cbor_next that answers "none left". */
MITOME_CHECKED mitome_status cbor_open_array(
        struct cbor_reader *r, const char *field, size_t max, struct cbor_members *ret);
MITOME_CHECKED mitome_status cbor_open_map(
        struct cbor_reader *r, const char *field, size_t max, struct cbor_members *ret);

/* cbor_next_element answers whether there is one more element to read; when there is none, the array is
 * closed. */
bool cbor_next_element(struct cbor_reader *r, struct cbor_members *array);

/* A map key: an integer or a text. */
struct cbor_key {
        bool is_text;
        int64_t number; /* when it is not a text */
        slice text;
};

/* cbor_next_key takes the next key of a map, or sets *ret_more to false and closes the map. It refuses keys
 * out of order (unless the reader takes any) or twice (CBOR_KEY_ORDER, CBOR_DUPLICATE_KEY) and keys that are
 * neither integer nor text (CBOR_TYPE). Every key must be followed by reading (or skipping) its value. */
MITOME_CHECKED mitome_status cbor_next_key(
        struct cbor_reader *r, struct cbor_members *map, struct cbor_key *ret, bool *ret_more);

/* cbor_skip takes the next item and forgets it. */
MITOME_CHECKED mitome_status cbor_skip(struct cbor_reader *r, const char *field);

/* cbor_end fails with TRAILING_BYTES when anything follows. */
MITOME_CHECKED mitome_status cbor_end(const struct cbor_reader *r, const char *field);

/* Writing: heads by libcbor's encoders, into a writer that fails once and for good. Keys come in canonical
 * order from the caller; in builds with assertions cbor_write_* does not check it, the tests of each message
 * do. */
void cbor_write_uint(writer *w, uint64_t value);
void cbor_write_int(writer *w, int64_t value);
void cbor_write_bool(writer *w, bool value);
void cbor_write_bytes(writer *w, slice bytes);
void cbor_write_text(writer *w, slice text);
void cbor_write_string(writer *w, const char *text);
void cbor_write_array(writer *w, size_t count);
void cbor_write_map(writer *w, size_t pairs);

#endif
