/* SPDX-License-Identifier: Apache-2.0 */

/* Journals of anybody's. The first byte tells what the rest is: a file as it stands (what is read is sealed
 * again to the same words); changes to a right journal, which must all be found; or what three parties wrote
 * and saw, which merges into one line whatever it is. */

#include "journal_rig.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BOOKS = 3 };

static struct book books[BOOKS];

static void must(bool right)
{
        if (!right)
                abort();
}

static struct journal_merge *begin(const struct directory *directory)
{
        const struct journal_merge_config config = { directory, false };
        struct journal_merge *merge = NULL;
        must(!failed(journal_merge_new(&config, &merge, NULL)));
        return merge;
}

static void add(struct journal_merge *merge, slice bytes, size_t step)
{
        struct book_source from = { bytes, step };
        must(!failed(journal_merge_add(merge, "file", book_source(&from), NULL)));
}

/* Each entry stands once in the line, behind the one before it in its own journal. */
static void finish(struct journal_merge *merge)
{
        uint64_t seen[JOURNAL_PARTIES_MAX] = { 0 };
        must(!failed(journal_merge_finish(merge, NULL)));
        for (size_t place = 0; place < journal_merge_count(merge); place++) {
                struct journal_entry entry = journal_merge_entry(merge, place);
                size_t party = 0;
                while (!slice_is(entry.party, journal_merge_party(merge, party).name))
                        must(++party < journal_merge_parties(merge));
                must(entry.number == ++seen[party]);
        }
        for (size_t party = 0; party < journal_merge_parties(merge); party++)
                must(journal_merge_party(merge, party).count == seen[party]);
}

static void read_file(slice bytes)
{
        static uint8_t sealed[JOURNAL_ENTRY_MAX];
        struct journal_entry entry, again;
        size_t size, same;
        writer w = WRITER(sealed);
        struct journal_merge *merge = begin(NULL);
        add(merge, bytes, 1 + bytes.size / 3);
        finish(merge);
        journal_merge_free(merge);
        if (failed(journal_entry_read(bytes, &entry, &size, NULL)))
                return;
        must(size <= bytes.size && slice_contains(bytes, entry.what) && slice_contains(bytes, entry.subject));
        if (failed(journal_entry_seal(&entry, books[0].secret, &w, NULL)))
                abort();
        must(!failed(journal_entry_read(writer_view(&w), &again, &same, NULL)));
        must(same == size && slice_equal(entry.note.payload, again.note.payload));
}

static void write_some(struct book *book, const struct book *seen, uint8_t choice, uint8_t evidence)
{
        static const char *const outcomes[] = { "asked", "done", "refused", "confirmed" };
        book->clock += (int64_t)(choice >> 4) * 7200 - 50000;
        book_write(book, (struct line){ choice >> 1 & 1 ? "ask-act" : "act", outcomes[choice >> 2 & 3],
                                 evidence & 1 ? "serial:01" : NULL, (uint8_t)(evidence >> 4),
                                 evidence >> 1 & 7, choice & 1 ? seen : NULL });
}

/* Changes of a right journal, place and what is added to the byte there: one asks by a letter, the other
 * takes it, the first notes that. */
static void change(reader *r)
{
        const struct book *const both[] = { &books[0], &books[1] };
        static uint8_t bytes[sizeof books[0].bytes];
        struct directory directory = book_directory(both, 2);
        write_some(&books[0], &books[1], 2, 0x10);
        write_some(&books[1], &books[0], 5, 0x11);
        write_some(&books[0], &books[1], 13, 0x10);
        must(!failed(slice_copy(book_bytes(&books[1]), "", bytes, sizeof bytes, NULL)));
        uint16_t place;
        uint8_t by;
        while (!failed(read_u16(r, "", &place)) && !failed(read_u8(r, "", &by)))
                bytes[place % books[1].used] = (uint8_t)(bytes[place % books[1].used] + by);
        slice changed = slice_of(bytes, books[1].used);
        struct journal_merge *merge = begin(&directory);
        add(merge, book_bytes(&books[0]), SIZE_MAX);
        add(merge, changed, SIZE_MAX);
        finish(merge);
        must(journal_merge_is_sound(merge) == slice_equal(changed, book_bytes(&books[1])));
        journal_merge_free(merge);
}

static void write_and_merge(reader *r)
{
        uint8_t about[BOOKS * BOOK_ENTRIES + 1], who, choice, evidence;
        while (!failed(read_u8(r, "", &who)) && !failed(read_u8(r, "", &choice)) &&
                !failed(read_u8(r, "", &evidence)))
                if (books[who % BOOKS].head.number < BOOK_ENTRIES)
                        write_some(&books[who % BOOKS], &books[who / BOOKS % BOOKS], choice, evidence);
        struct journal_merge *merge = begin(NULL);
        for (size_t i = 0; i < BOOKS; i++)
                if (books[i].used)
                        add(merge, book_bytes(&books[i]), SIZE_MAX);
        finish(merge);
        must(!failed(journal_merge_about(merge, slice_text("serial:01"), about, NULL)));
        journal_merge_free(merge);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const char *const names[BOOKS] = { "one", "two", "three" };
        reader r = reader_over(slice_of(data, size), NULL, NULL);
        uint8_t mode;
        if (failed(read_u8(&r, "", &mode)))
                return 0;
        for (size_t i = 0; i < BOOKS; i++)
                book_open(&books[i], names[i], 0);
        if (mode % 3 == 0)
                read_file(read_rest(&r));
        else if (mode % 3 == 1)
                change(&r);
        else
                write_and_merge(&r);
        return 0;
}
