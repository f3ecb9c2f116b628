/* SPDX-License-Identifier: Apache-2.0 */
#include "journal_rig.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

void book_open(struct book *book, const char *name, uint8_t life)
{
        uint8_t seed[crypto_sign_SEEDBYTES] = { life };
        *book = (struct book){ .clock = 1763733600 };
        snprintf(book->name, sizeof book->name, "%s", name);
        snprintf((char *)seed + 1, sizeof seed - 1, "%s", name);
        if (crypto_sign_seed_keypair(book->key, book->secret, seed) != 0)
                abort();
}

void book_write(struct book *book, struct line line)
{
        uint8_t letter[LETTER_DIGEST_SIZE] = { line.letter, 'L' };
        uint8_t application[LETTER_DIGEST_SIZE] = { line.application, 'A' };
        struct journal_entry entry = { .party = slice_text(book->name),
                .number = book->head.number + 1,
                .previous = SLICE(book->head.digest),
                .at = book->clock++,
                .what = slice_text(line.what),
                .outcome = slice_text(line.outcome),
                .subject = slice_text(line.subject ? line.subject : ""),
                .reason = slice_text(line.reason ? line.reason : ""),
                .has_witness = line.seen != NULL };
        if (line.letter)
                entry.evidence[entry.evidence_count++] =
                        (struct journal_proof){ slice_text("letter"), SLICE(letter) };
        if (line.application)
                entry.evidence[entry.evidence_count++] =
                        (struct journal_proof){ slice_text("application"), SLICE(application) };
        if (entry.has_witness)
                entry.witness = (struct journal_witness){ slice_text(line.seen->name), line.seen->head };
        writer w = writer_over(book->bytes + book->used, sizeof book->bytes - book->used);
        if (entry.number - book->written > BOOK_ENTRIES ||
                failed(journal_entry_seal(&entry, book->secret, &w, NULL)))
                abort();
        crypto_hash_sha256(book->head.digest, book->bytes + book->used, w.used);
        book->used += w.used;
        book->head.number++;
        book->ends[book->head.number - book->written] = book->used;
}

slice book_bytes(const struct book *book)
{
        return slice_of(book->bytes, book->used);
}

slice book_entry(const struct book *book, size_t number)
{
        return slice_of(book->bytes + book->ends[number - 1], book->ends[number] - book->ends[number - 1]);
}

struct directory book_directory(const struct book *const *books, size_t count)
{
        struct directory directory = { .count = count };
        for (size_t i = 0; i < count; i++) {
                struct directory_entry *entry = &directory.entries[i];
                snprintf(entry->name, sizeof entry->name, "%s", books[i]->name);
                if (failed(slice_copy(SLICE(books[i]->key), "key", entry->key, sizeof entry->key, NULL)))
                        abort();
        }
        return directory;
}

static ptrdiff_t read_some(void *context, uint8_t *bytes, size_t size)
{
        struct book_source *from = context;
        reader r = reader_over(from->rest, NULL, NULL);
        size_t count = from->rest.size < from->step ? from->rest.size : from->step;
        if (from->step == 0 || failed(read_into(&r, "source", bytes, count < size ? count : size)))
                return -1;
        from->rest = r.rest;
        return (ptrdiff_t)(count < size ? count : size);
}

struct journal_source book_source(struct book_source *from)
{
        return (struct journal_source){ from, read_some };
}
