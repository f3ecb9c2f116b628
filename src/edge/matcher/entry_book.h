/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENTRY_BOOK_H
#define ENTRY_BOOK_H

/* Where the entry policy's record is kept: a small file of its own, sealed by XChaCha20-Poly1305 with the key
 * of the matcher's folder, replaced whole. One that is missing, damaged or another's is a loss: the PIN is
 * due. What it cannot notice is an older copy of itself; that is why the element, which can, counts on its
 * own. */

#include "entry_policy.h"

#include <mitome/authenticator.h>

enum { ENTRY_FILE_SIZE = 16 + 24 + ENTRY_RECORD_SIZE + 16 }; /* name, nonce, sealed record */

struct entry_book {
        struct mitome_blobs file;
        struct secret key;
        struct entry_record record; /* as it is on the medium */
};

/* entry_book_open reads the record; a file that cannot be read is a loss as well. Fails with ARGUMENT for a
 * key of another size. */
MITOME_CHECKED mitome_status entry_book_open(
        const struct mitome_blobs *file, slice key, struct entry_book *ret, mitome_error *error);

/* entry_book_write makes `next` the record, once it is written. Nothing is written where nothing changes.
 * Fails as the file does; the record is then as before. */
MITOME_CHECKED mitome_status entry_book_write(
        struct entry_book *book, const struct entry_record *next, mitome_error *error);

/* entry_book_close wipes the key. */
void entry_book_close(struct entry_book *book);

#endif
