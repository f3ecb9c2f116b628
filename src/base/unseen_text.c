/* SPDX-License-Identifier: Apache-2.0 */
#include "unseen_text.h"

uint32_t utf8_code(slice character)
{
        static const uint8_t lead_bits[] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };
        uint32_t code = 0;
        if (character.size == 0 || character.size >= sizeof lead_bits)
                return 0;
        code = character.data[0] & lead_bits[character.size];
        for (size_t i = 1; i < character.size; i++)
                code = code << 6 | (character.data[i] & 0x3F);
        return code;
}

bool is_unseen(slice character)
{
        /* Unicode's Cc, Zl, Zp and most of Cf, and the letters that are blank. */
        static const struct {
                uint32_t first, last;
        } ranges[] = {
                { 0x0000, 0x001F },   /* C0 */
                { 0x007F, 0x009F },   /* DELETE, C1 */
                { 0x00AD, 0x00AD },   /* soft hyphen */
                { 0x034F, 0x034F },   /* grapheme joiner */
                { 0x0600, 0x0605 },   /* signs that stand around numbers */
                { 0x061C, 0x061C },   /* direction */
                { 0x115F, 0x1160 },   /* fillers */
                { 0x17B4, 0x17B5 },   /* vowels that are not written */
                { 0x200B, 0x200F },   /* no width; direction */
                { 0x2028, 0x202E },   /* ends of lines; direction */
                { 0x2060, 0x206F },   /* joiners, operators, direction */
                { 0x3164, 0x3164 },   /* filler */
                { 0xFEFF, 0xFEFF },   /* byte order */
                { 0xFFA0, 0xFFA0 },   /* filler */
                { 0xFFF0, 0xFFFB },   /* notes between lines */
                { 0x1BCA0, 0x1BCA3 }, /* shorthand */
                { 0x1D173, 0x1D17A }, /* music */
                { 0xE0000, 0xE0FFF }, /* tags and variants */
        };
        const uint32_t code = utf8_code(character);
        for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
                if (code >= ranges[i].first && code <= ranges[i].last)
                        return true;
        return false;
}

static bool is_blank(slice character)
{
        const uint32_t code = utf8_code(character);
        return code == ' ' || code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200A) ||
               code == 0x202F || code == 0x205F || code == 0x2800 || code == 0x3000 || is_unseen(character);
}

bool can_be_seen(slice text)
{
        bool seen = false;
        for (size_t size; !seen && (size = slice_utf8_first(text)) > 0;) {
                seen = !is_blank(slice_of(text.data, size));
                text = slice_of(text.data + size, text.size - size);
        }
        return seen;
}
