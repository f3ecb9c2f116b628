/* SPDX-License-Identifier: Apache-2.0 */
#include "safe_text.h"

#include "hex_text.h"

#include <stdlib.h>
#include <string.h>

enum { UNKNOWN_SIZE = 3 }; /* U+FFFD in UTF-8 */

json_t *safe_text(slice text)
{
        static const char unknown[] = "\xEF\xBF\xBD";
        uint8_t *bytes = malloc(UNKNOWN_SIZE * text.size + 1);
        if (!bytes)
                return NULL;
        writer w = writer_over(bytes, UNKNOWN_SIZE * text.size + 1);
        reader r = reader_over(text, NULL, NULL);
        slice character;
        while (r.rest.size) {
                const size_t size = slice_utf8_first(r.rest);
                const bool shown = size && r.rest.data[0];
                if (failed(read_bytes(&r, "text", size ? size : 1, &character)))
                        break;
                write_slice(&w, shown ? character : slice_text(unknown));
        }
        json_t *json = json_stringn((const char *)bytes, w.used);
        free(bytes);
        return json;
}

json_t *safe_text_hex(slice bytes)
{
        char *text = malloc(2 * bytes.size + 1);
        if (!text)
                return NULL;
        writer w = writer_over((uint8_t *)text, 2 * bytes.size);
        hex_text_write(&w, bytes);
        json_t *json = json_stringn(text, w.used);
        free(text);
        return json;
}

/* ---- for a shell ---- */

static bool is_plain(const char *text)
{
        static const char plain[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-";
        return *text && strspn(text, plain) == strlen(text);
}

/* Within '..' all characters stand for themselves, but for ' itself. */
char *safe_text_quoted(const char *text)
{
        enum { QUOTE_SIZE = 4 };
        const size_t capacity = QUOTE_SIZE * strlen(text) + 3;
        char *word = malloc(capacity);
        if (!word)
                return NULL;
        writer w = writer_over((uint8_t *)word, capacity);
        const bool plain = is_plain(text);
        if (!plain)
                write_u8(&w, '\'');
        for (const char *at = text; *at; at++)
                write_slice(&w, *at == '\'' ? slice_text("'\\''") : slice_of((const uint8_t *)at, 1));
        if (!plain)
                write_u8(&w, '\'');
        write_u8(&w, '\0');
        return word;
}
