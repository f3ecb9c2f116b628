/* SPDX-License-Identifier: Apache-2.0 */
#include "shown_text.h"

/* Of one character of well-formed UTF-8. */
static uint32_t code_point(slice character)
{
        uint32_t point = character.data[0];
        if (character.size > 1)
                point &= 0x7FU >> character.size;
        for (size_t i = 1; i < character.size; i++)
                point = point << 6 | (character.data[i] & 0x3FU);
        return point;
}

/* Controls, separators, interlinear annotation, and Unicode's Default_Ignorable_Code_Point but for the
 * variation selectors. In order. */
static bool is_hidden(slice character)
{
        static const struct {
                uint32_t first, last;
        } hidden[] = {
                { 0x0000, 0x0008 },   /* controls but tab and new line .. */
                { 0x000B, 0x001F },   /* .. */
                { 0x007F, 0x009F },   /* .. */
                { 0x00AD, 0x00AD },   /* soft hyphen */
                { 0x034F, 0x034F },   /* combining grapheme joiner */
                { 0x061C, 0x061C },   /* Arabic letter mark */
                { 0x115F, 0x1160 },   /* Hangul fillers */
                { 0x17B4, 0x17B5 },   /* Khmer vowels that are not written */
                { 0x180B, 0x180F },   /* Mongolian selectors and separator */
                { 0x200B, 0x200F },   /* of no width; directions */
                { 0x2028, 0x202E },   /* separators; directions */
                { 0x2060, 0x206F },   /* of no width; isolates */
                { 0x3164, 0x3164 },   /* Hangul filler */
                { 0xFE03, 0xFE0D },   /* variation selectors of no Japanese, and of no picture */
                { 0xFEFF, 0xFEFF },   /* byte order mark */
                { 0xFFA0, 0xFFA0 },   /* halfwidth Hangul filler */
                { 0xFFF0, 0xFFFB },   /* unassigned; annotation */
                { 0x1BCA0, 0x1BCA3 }, /* shorthand controls */
                { 0x1D173, 0x1D17A }, /* musical controls */
                { 0xE0000, 0xE00FF }, /* tags: letters that nobody sees */
                { 0xE01F0, 0xE0FFF }, /* unassigned, not to be shown */
        };
        const uint32_t point = code_point(character);
        for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
                if (point >= hidden[i].first && point <= hidden[i].last)
                        return true;
        return false;
}

static bool is_selector(uint32_t point)
{
        return (point >= 0xFE00 && point <= 0xFE0F) || (point >= 0xE0100 && point <= 0xE01EF);
}

/* CJK ideographs, of which alone there are sequences with the selectors from U+E0100 on (UTS 37). */
static bool is_ideograph(uint32_t point)
{
        return (point >= 0x3400 && point <= 0x9FFF) || (point >= 0xF900 && point <= 0xFAFF) ||
               (point >= 0x20000 && point <= 0x3FFFF);
}

/* A selector is not seen itself: 256 of them spell any bytes behind one character. One goes with a character
 * that it may change. */
static bool is_stray(slice character, uint32_t before)
{
        const uint32_t point = code_point(character);
        if (!is_selector(point))
                return false;
        return point >= 0xE0100 ? !is_ideograph(before)
                                : before <= 0x20 || before == 0x3000 || is_selector(before);
}

mitome_status shown_text_check(slice text, const char *field, mitome_error *error)
{
        reader r = reader_over(text, NULL, error);
        slice character;
        uint32_t before = 0;
        if (!slice_is_utf8(text))
                return fail(error, MITOME_E_UTF8, field, NULL);
        while (r.rest.size) {
                MITOME_TRY(read_bytes(&r, field, slice_utf8_first(r.rest), &character));
                if (is_hidden(character) || is_stray(character, before))
                        return fail(error, MITOME_E_VALUE, field, NULL);
                before = code_point(character);
        }
        return ok();
}
