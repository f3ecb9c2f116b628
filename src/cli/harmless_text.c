/* SPDX-License-Identifier: Apache-2.0 */
#include "harmless_text.h"

/* Characters that move the cursor, that turn the direction of what follows, or that nobody sees: they could
 * make one site look like another. */
static bool is_misleading(slice character)
{
        static const char *const others[] = { "\xD8\x9C", "\xE2\x80\x8E", "\xE2\x80\x8F", "\xE2\x80\xAA",
                "\xE2\x80\xAB", "\xE2\x80\xAC", "\xE2\x80\xAD", "\xE2\x80\xAE", "\xE2\x81\xA6",
                "\xE2\x81\xA7", "\xE2\x81\xA8", "\xE2\x81\xA9", "\xE2\x80\xA8", "\xE2\x80\xA9", "\xC2\xAD",
                "\xE2\x80\x8B", "\xE2\x81\xA0", "\xEF\xBB\xBF" };
        enum { SPACE = 0x20, DELETE = 0x7F, C1_LEAD = 0xC2, C1_END = 0xA0 };
        static const char tags[] = "\xF3\xA0"; /* the plane of invisible ones */
        const uint8_t first = character.data[0];
        for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
                if (slice_is(character, others[i]))
                        return true;
        return first < SPACE || first == DELETE || slice_begins_with(character, slice_text(tags)) ||
               (character.size == 2 && first == C1_LEAD && character.data[1] < C1_END);
}

/* What is shown for the next character; false at the end. */
static bool next(reader *r, slice *ret_shown)
{
        slice character = { 0 };
        size_t size = slice_utf8_first(r->rest);
        if (!r->rest.size || failed(read_bytes(r, "text", size ? size : 1, &character)))
                return false;
        *ret_shown = size && !is_misleading(character) ? character : slice_text("?");
        return true;
}

static size_t shown_size(reader r)
{
        slice shown;
        size_t size = 0;
        while (next(&r, &shown))
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
                while (shown_size(r) > HARMLESS_SHOWN_MAX && next(&r, &shown))
                        continue;
        }
        while (next(&r, &shown)) {
                if (w->used - begin + shown.size > HARMLESS_SHOWN_MAX) {
                        write_slice(w, slice_text(rest));
                        return;
                }
                write_slice(w, shown);
        }
}
