/* SPDX-License-Identifier: Apache-2.0 */
/* Fills a folder with journals for the test of `mitome journal`: FOLDER, or FOLDER COUNT for long ones. */
#include "journal_rig.h"

#include <stdio.h>
#include <stdlib.h>

static void keep(const char *folder, const char *name, slice bytes)
{
        char path[512];
        snprintf(path, sizeof path, "%s/%s", folder, name);
        FILE *file = fopen(path, "ab");
        if (!file || fwrite(bytes.data, 1, bytes.size, file) != bytes.size || fclose(file) != 0)
                exit(2);
}

/* The authority's clock is a day behind. */
static void write_scene(const char *folder, struct book *tsm, struct book *authority, const char *outcome)
{
        authority->clock -= 86400;
        book_write(tsm, (struct line){ "take-application", "done", "order:01", 0, 7, NULL });
        book_write(tsm, (struct line){ "ask-issue", "asked", "letter:05", 1, 7, NULL });
        book_write(authority, (struct line){ "issue-certificate", outcome, "serial:0a1b", 1, 7, tsm });
        book_write(tsm, (struct line){ "ask-issue", "confirmed", "letter:05", 1, 0, authority });
        book_write(tsm, (struct line){ "personalise", "done", "device:MTM%201", 0, 0, NULL });
        keep(folder, "sp-tsm.journal", book_bytes(tsm));
        keep(folder, "authority.journal", book_bytes(authority));
}

static void write_variants(const char *folder, struct book *authority)
{
        slice whole = book_bytes(authority);
        keep(folder, "cut.journal", slice_of(whole.data, whole.size - 10));
        keep(folder, "empty.journal", slice_of(whole.data, 0));
        book_open(authority, "authority", 0);
        book_write(authority, (struct line){ "issue-certificate", "refused", "serial:0a1b", 1, 7, NULL });
        keep(folder, "rewritten.journal", book_bytes(authority));
        book_open(authority, "authority", 9);
        book_write(authority, (struct line){ "issue-certificate", "done", "serial:0a1b", 1, 7, NULL });
        keep(folder, "forged.journal", book_bytes(authority));
}

/* Two parties that ask and answer, COUNT entries each. */
static void write_long(const char *folder, struct book *tsm, struct book *authority, long count)
{
        for (long i = 0; i < count; i += BOOK_ENTRIES) {
                struct book *const books[] = { tsm, authority };
                static const char *const files[] = { "sp-tsm.journal", "authority.journal" };
                for (size_t n = 0; n < BOOK_ENTRIES; n++) {
                        uint8_t letter = (uint8_t)(1 + (i + (long)n) % 255);
                        book_write(tsm,
                                (struct line){ "ask-status", "asked", "letter:05", letter, 0, authority });
                        book_write(authority,
                                (struct line){ "take-status", "done", "serial:0a1b", letter, 0, tsm });
                }
                for (size_t b = 0; b < 2; b++) {
                        keep(folder, files[b], book_bytes(books[b]));
                        books[b]->used = 0;
                        books[b]->written += BOOK_ENTRIES;
                }
        }
}

int main(int argc, char **argv)
{
        static struct book tsm, authority;
        char path[512];
        if (argc < 2)
                return 2;
        book_open(&tsm, "sp-tsm", 0);
        book_open(&authority, "authority", 0);
        const struct book *const books[] = { &tsm, &authority };
        struct directory directory = book_directory(books, 2);
        snprintf(path, sizeof path, "%s/directory.json", argv[1]);
        if (failed(directory_write(path, &directory, NULL)))
                return 2;
        if (argc > 2) {
                write_long(argv[1], &tsm, &authority, strtol(argv[2], NULL, 10));
                return 0;
        }
        write_scene(argv[1], &tsm, &authority, "done");
        write_variants(argv[1], &authority);
        return 0;
}
