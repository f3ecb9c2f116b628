/* SPDX-License-Identifier: Apache-2.0 */
#include "harmless_text.h"

/* Characters that move the cursor, that turn the direction of what follows, or that nobody sees: they could
 * make one site look like another. */
static bool is_misleading(slice character)
{
        /* UTF-8, without the zeros behind it */
        static const uint8_t others[][3] = { { 0xD8, 0x9C }, { 0xE2, 0x80, 0x8E }, { 0xE2, 0x80, 0x8F },
                { 0xE2, 0x80, 0xAA }, { 0xE2, 0x80, 0xAB }, { 0xE2, 0x80, 0xAC }, { 0xE2, 0x80, 0xAD },
                { 0xE2, 0x80, 0xAE }, { 0xE2, 0x81, 0xA6 }, { 0xE2, 0x81, 0xA7 }, { 0xE2, 0x81, 0xA8 },
                { 0xE2, 0x81, 0xA9 }, { 0xE2, 0x80, 0xA8 }, { 0xE2, 0x80, 0xA9 }, { 0xC2, 0xAD },
                { 0xE2, 0x80, 0x8B }, { 0xE2, 0x81, 0xA0 }, { 0xEF, 0xBB, 0xBF } };
        enum { SPACE = 0x20, DELETE = 0x7F, C1_LEAD = 0xC2, C1_END = 0xA0 };
        static const char tags[] = "\xF3\xA0"; /* the plane of invisible ones */
        const uint8_t first = character.data[0];
        for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
                if (slice_equal(character, slice_of(others[i], others[i][2] ? 3 : 2)))
                        return true;
        return first < SPACE || first == DELETE || slice_begins_with(character, slice_text(tags)) ||
               (character.size == 2 && first == C1_LEAD && character.data[1] < C1_END);
}

bool harmless_next(reader *r, slice *ret_shown)
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
