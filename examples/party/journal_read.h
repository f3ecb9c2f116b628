/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JOURNAL_READ_H
#define JOURNAL_READ_H

/* Reads an exported journal from front to back, in a fixed piece of memory: form, numbers and chain are
 * checked, and that all is of one party. Signatures are the caller's to check: one that is right proves all
 * entries before it as well, for each holds the digest of the one before. */

#include "journal_entry.h"

/* Where the bytes come from: up to `size` of them, 0 at the end, -1 when it cannot be read. */
struct journal_source {
        void *context;
        ptrdiff_t (*read)(void *context, uint8_t *bytes, size_t size);
};

enum { JOURNAL_BUFFER = 8 * JOURNAL_ENTRY_MAX };

struct journal_reader {
        struct journal_source source;
        size_t start, end; /* of what is in the buffer and not yet taken */
        bool ended;
        uint64_t offset; /* of what is taken next, in the whole */
        char party[LETTER_NAME_MAX + 1];
        struct letter_head head; /* of what was taken */
        uint8_t buffer[JOURNAL_BUFFER];
};

void journal_reader_begin(struct journal_reader *in, struct journal_source source);

/* journal_reader_next takes the next entry, which views the reader's memory until the next call; `ret_bytes`
 * (may be NULL) is all of it. *ret_more is false at the end. Failures: FILE_READ, JOURNAL_FORM or CBOR_*,
 * JOURNAL_CUT (ends within an entry), JOURNAL_CHAIN, JOURNAL_PARTY; `head` is the last entry that was good.
 */
MITOME_CHECKED mitome_status journal_reader_next(struct journal_reader *in, struct journal_entry *ret,
        slice *ret_bytes, bool *ret_more, mitome_error *error);

#endif
