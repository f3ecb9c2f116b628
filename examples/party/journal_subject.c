/* SPDX-License-Identifier: Apache-2.0 */
/* What a decision is about, as the journal may hold it. */
#include "digest.h"
#include "hex_text.h"
#include "journal.h"

/* %XX for '%' itself as well, so that two texts are never one subject. */
static void write_escaped(writer *w, slice text)
{
        for (size_t i = 0; i < text.size; i++) {
                uint8_t c = text.data[i];
                if (c > ' ' && c <= '~' && c != '%') {
                        write_u8(w, c);
                        continue;
                }
                write_u8(w, '%');
                hex_text_write(w, slice_of(&c, 1));
        }
}

static slice finish(char buffer[JOURNAL_SUBJECT_BUFFER], const char *kind, slice of,
        void (*write)(writer *w, slice bytes))
{
        writer w = writer_over((uint8_t *)buffer, JOURNAL_SUBJECT_MAX);
        write_slice(&w, slice_text(kind));
        write_u8(&w, ':');
        write(&w, of);
        if (w.overflowed) {
                uint8_t digest[SHA256_SIZE];
                sha256(&of, 1, digest);
                w = writer_over((uint8_t *)buffer, JOURNAL_SUBJECT_MAX);
                write_slice(&w, slice_text(kind));
                write_slice(&w, slice_text("-sha256:"));
                hex_text_write(&w, SLICE(digest));
        }
        buffer[w.used] = 0;
        return writer_view(&w);
}

slice journal_subject_hex(char buffer[JOURNAL_SUBJECT_BUFFER], const char *kind, slice bytes)
{
        return finish(buffer, kind, bytes, hex_text_write);
}

slice journal_subject_text(char buffer[JOURNAL_SUBJECT_BUFFER], const char *kind, slice text)
{
        return finish(buffer, kind, text, write_escaped);
}
