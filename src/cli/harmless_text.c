/* SPDX-License-Identifier: Apache-2.0 */
#include "harmless_text.h"

#include "unseen_text.h"

bool harmless_next(reader *r, slice *ret_shown)
{
        slice character = { 0 };
        size_t size = slice_utf8_first(r->rest);
        if (!r->rest.size || failed(read_bytes(r, "text", size ? size : 1, &character)))
                return false;
        *ret_shown = size && !is_unseen(character) ? character : slice_text("?");
        return true;
}

static size_t shown_size(reader r)
{
        slice shown;
        size_t size = 0;
        while (harmless_next(&r, &shown))
                size += shown.size;
        return size;
}

void harmless_write(writer *w, slice text, enum harmless_part part)
{
        static const char rest[] = "…";
        slice shown;
        reader r = reader_over(text, NULL, NULL);
        size_t begin = w->used;
        if (part == HARMLESS_END && shown_size(r) > HARMLESS_SHOWN_MAX) {
                write_slice(w, slice_text(rest));
                begin = w->used;
                while (shown_size(r) > HARMLESS_SHOWN_MAX && harmless_next(&r, &shown))
                        continue;
        }
        while (harmless_next(&r, &shown)) {
                if (w->used - begin + shown.size > HARMLESS_SHOWN_MAX) {
                        write_slice(w, slice_text(rest));
                        return;
                }
                write_slice(w, shown);
        }
}
