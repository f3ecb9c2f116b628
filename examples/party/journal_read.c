/* SPDX-License-Identifier: Apache-2.0 */
#include "journal_read.h"

static const char clause[] = "docs/journal.md";

void journal_reader_begin(struct journal_reader *in, struct journal_source source)
{
        *in = (struct journal_reader){ .source = source };
}

/* Sees to it that a whole entry is in the buffer, or all that is left. What is left is moved to the front
 * only when it fits before itself. */
static mitome_status fill(struct journal_reader *in, mitome_error *error)
{
        while (!in->ended && in->end - in->start < JOURNAL_ENTRY_MAX) {
                slice rest = slice_of(in->buffer + in->start, in->end - in->start);
                if (in->start >= rest.size) {
                        MITOME_TRY(slice_copy(rest, "journal", in->buffer, JOURNAL_BUFFER, error));
                        in->start = 0;
                        in->end = rest.size;
                }
                size_t space = JOURNAL_BUFFER - in->end;
                ptrdiff_t count = in->source.read(in->source.context, in->buffer + in->end, space);
                if (count < 0 || (size_t)count > space)
                        return fail(error, MITOME_E_FILE_READ, "journal", clause);
                in->ended = count == 0;
                in->end += (size_t)count;
        }
        return ok();
}

/* Whether the entry goes on where the last one ended. */
static mitome_status check_place(
        struct journal_reader *in, const struct journal_entry *entry, mitome_error *error)
{
        if (in->head.number && !slice_is(entry->party, in->party))
                return fail(error, MITOME_E_JOURNAL_PARTY, "entry", clause);
        bool follows =
                entry->number == in->head.number + 1 && slice_equal(entry->previous, SLICE(in->head.digest));
        return follows ? ok() : fail(error, MITOME_E_JOURNAL_CHAIN, "entry", clause);
}

mitome_status journal_reader_next(struct journal_reader *in, struct journal_entry *ret, slice *ret_bytes,
        bool *ret_more, mitome_error *error)
{
        struct journal_entry entry;
        mitome_error why = { 0 };
        size_t size = 0;
        MITOME_TRY(fill(in, error));
        slice rest = slice_of(in->buffer + in->start, in->end - in->start);
        if (rest.size == 0) {
                *ret_more = false;
                return ok();
        }
        /* What the buffer ends in is the file's end, or longer than an entry may be. */
        mitome_status status = journal_entry_read(rest, &entry, &size, &why);
        if (why.code == MITOME_E_INPUT_ENDS)
                return fail(error,
                        rest.size < JOURNAL_ENTRY_MAX ? MITOME_E_JOURNAL_CUT : MITOME_E_JOURNAL_FORM,
                        "journal", clause);
        if (failed(status))
                return fail_at(error, why.code, (size_t)in->offset + why.at, why.field, why.clause);
        if (size > JOURNAL_ENTRY_MAX)
                return fail(error, MITOME_E_JOURNAL_FORM, "entry", clause);
        MITOME_TRY(check_place(in, &entry, error));
        in->start += size;
        in->offset += size;
        in->head.number = entry.number;
        MITOME_TRY(slice_copy(SLICE(entry.digest), "digest", in->head.digest, LETTER_DIGEST_SIZE, error));
        writer name = writer_over((uint8_t *)in->party, LETTER_NAME_MAX);
        write_slice(&name, entry.party);
        in->party[name.used] = 0;
        *ret = entry;
        if (ret_bytes)
                *ret_bytes = slice_of(rest.data, size);
        *ret_more = true;
        return ok();
}
