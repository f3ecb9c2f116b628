/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JOURNAL_RIG_H
#define JOURNAL_RIG_H

/* Parties that write what a test has them write, true or not. */

#include "journal_merge.h"

enum { BOOK_MAX = 16, BOOK_ENTRIES = 16 };

struct book {
        char name[LETTER_NAME_MAX + 1];
        uint8_t key[LETTER_KEY_SIZE], secret[LETTER_SECRET_SIZE];
        int64_t clock;
        struct letter_head head;
        uint8_t bytes[BOOK_ENTRIES * JOURNAL_ENTRY_MAX];
        size_t used;
        size_t ends[BOOK_ENTRIES + 1]; /* where entry n ends, counted from the first that is still there */
        uint64_t written;              /* entries that its writer has taken out */
};

/* One line of a book. Evidence by its first byte; 0: none. */
struct line {
        const char *what, *outcome, *subject;
        uint8_t letter, application;
        const struct book *seen; /* NULL: nobody's journal */
        const char *reason;      /* or NULL */
};

/* book_open makes the party; a test's keys are those of their names and `life`. */
void book_open(struct book *book, const char *name, uint8_t life);
void book_write(struct book *book, struct line line);
slice book_bytes(const struct book *book);
slice book_entry(const struct book *book, size_t number);

/* A directory of all books given. */
struct directory book_directory(const struct book *const *books, size_t count);

/* A source over bytes that gives at most `step` at a time; 0: fails. */
struct book_source {
        slice rest;
        size_t step;
};
struct journal_source book_source(struct book_source *from);

#endif
