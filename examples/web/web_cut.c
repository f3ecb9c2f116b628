/* SPDX-License-Identifier: Apache-2.0 */
#include "web_cut.h"

#include "hex_text.h"

#include <string.h>
#include <strings.h>

/* Called several times for each header of each request: so without a reader, by indices that are checked
 * here. */
static slice take(slice *rest, size_t size)
{
        slice taken = { 0 };
        if (size > rest->size || size == 0)
                return taken;
        taken = slice_of(rest->data, size);
        *rest = slice_of(&rest->data[size], rest->size - size);
        return taken;
}

slice web_after(slice text, size_t size)
{
        slice rest = text;
        (void)take(&rest, size < text.size ? size : text.size);
        return rest;
}

slice web_cut(slice *rest, uint8_t at)
{
        const uint8_t *found = rest->size ? memchr(rest->data, at, rest->size) : NULL;
        if (!found)
                return take(rest, rest->size);
        slice taken = take(rest, (size_t)(found - rest->data));
        (void)take(rest, 1);
        return taken;
}

static bool is_blank(uint8_t c)
{
        return c == ' ' || c == '\t';
}

slice web_trim(slice text)
{
        while (text.size && is_blank(text.data[text.size - 1]))
                text.size--;
        size_t blanks = 0;
        while (blanks < text.size && is_blank(text.data[blanks]))
                blanks++;
        (void)take(&text, blanks);
        return text;
}

bool web_same(slice text, const char *other)
{
        size_t size = strlen(other);
        return text.size == size && (size == 0 || strncasecmp((const char *)text.data, other, size) == 0);
}

bool web_has(slice text, uint8_t byte)
{
        return text.size && memchr(text.data, byte, text.size);
}

bool web_is_digits(slice text)
{
        for (size_t i = 0; i < text.size; i++)
                if (text.data[i] < '0' || text.data[i] > '9')
                        return false;
        return text.size > 0;
}

static bool is_token_byte(uint8_t c)
{
        uint8_t small = c | 0x20;
        return (small >= 'a' && small <= 'z') || c == '-' || (c >= '0' && c <= '9') ||
               (c && strchr("!#$%&'*+.^_`|~", c));
}

bool web_is_token(slice text)
{
        for (size_t i = 0; i < text.size; i++)
                if (!is_token_byte(text.data[i]))
                        return false;
        return text.size > 0;
}

bool web_unescape(slice text, bool plus, writer *w)
{
        for (size_t i = 0; i < text.size; i++) {
                uint8_t c = text.data[i];
                if (c == '%') {
                        if (text.size - i < 3)
                                return false;
                        int high = hex_text_value(text.data[i + 1]), low = hex_text_value(text.data[i + 2]);
                        if (high < 0 || low < 0)
                                return false;
                        write_u8(w, (uint8_t)(high << 4 | low));
                        i += 2;
                } else {
                        write_u8(w, plus && c == '+' ? ' ' : c);
                }
        }
        return true;
}
