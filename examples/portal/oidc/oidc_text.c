/* SPDX-License-Identifier: Apache-2.0 */
#include "oidc_text.h"

#include "json.h"

#include <sodium.h>
#include <string.h>

void oidc_write_text(writer *w, const char *text)
{
        write_slice(w, slice_text(text));
}

/* RFC 3986 3.4, less what HTML forms give a meaning ('+', '&', ';'). */
static bool stands_for_itself(uint8_t character)
{
        static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/?:@=";
        return character && strchr(plain, character);
}

void oidc_write_escaped(writer *w, slice value)
{
        static const char digits[] = "0123456789ABCDEF";
        for (size_t i = 0; i < value.size; i++) {
                const uint8_t c = value.data[i];
                if (stands_for_itself(c)) {
                        write_u8(w, c);
                        continue;
                }
                write_u8(w, '%');
                write_u8(w, (uint8_t)digits[c >> 4]);
                write_u8(w, (uint8_t)digits[c & 15]);
        }
}

void oidc_write_parameter(writer *w, const char *name, slice value)
{
        const slice so_far = writer_view(w);
        write_u8(w, so_far.size && memchr(so_far.data, '?', so_far.size) ? '&' : '?');
        oidc_write_text(w, name);
        write_u8(w, '=');
        oidc_write_escaped(w, value);
}

void oidc_write_number(writer *w, int64_t number)
{
        uint8_t digits[20];
        size_t at = sizeof digits;
        do {
                digits[--at] = (uint8_t)('0' + number % 10);
                number /= 10;
        } while (number > 0 && at > 0);
        for (; at < sizeof digits; at++)
                write_u8(w, digits[at]);
}

mitome_status oidc_read_number(slice text, const char *field, int64_t *ret, mitome_error *error)
{
        enum { DIGITS = 12 };
        int64_t number = 0;
        if (text.size == 0 || text.size > DIGITS)
                return fail(error, MITOME_E_VALUE, field, NULL);
        for (size_t i = 0; i < text.size; i++) {
                if (text.data[i] < '0' || text.data[i] > '9')
                        return fail(error, MITOME_E_VALUE, field, NULL);
                number = 10 * number + (text.data[i] - '0');
        }
        *ret = number;
        return ok();
}

void oidc_write_base64url(writer *w, slice bytes)
{
        enum { PIECE = 48, PIECE_TEXT = 65 }; /* a piece is whole groups of three */
        reader r = reader_over(bytes, NULL, NULL);
        while (r.rest.size) {
                char text[PIECE_TEXT];
                slice piece;
                if (failed(read_bytes(&r, "base64url", r.rest.size < PIECE ? r.rest.size : PIECE, &piece)))
                        return;
                oidc_write_text(w, sodium_bin2base64(text, sizeof text, piece.data, piece.size,
                                           sodium_base64_VARIANT_URLSAFE_NO_PADDING));
                bytes_wipe(text, sizeof text);
        }
}

mitome_status oidc_read_token(
        slice text, const char *field, uint8_t ret[OIDC_TOKEN_SIZE], mitome_error *error)
{
        slice bytes;
        if (text.size != OIDC_TOKEN_TEXT)
                return fail(error, MITOME_E_VALUE, field, NULL);
        return base64url_decode(text, field, ret, OIDC_TOKEN_SIZE, &bytes, error);
}

slice oidc_next_word(reader *list)
{
        slice blank;
        while (list->rest.size && list->rest.data[0] == ' ')
                if (failed(read_bytes(list, "word", 1, &blank)))
                        return (slice){ 0 };
        size_t size = 0;
        slice word = { 0 };
        while (size < list->rest.size && list->rest.data[size] != ' ')
                size++;
        return size && !failed(read_bytes(list, "word", size, &word)) ? word : (slice){ 0 };
}

bool oidc_has_word(slice list, slice word)
{
        reader r = reader_over(list, NULL, NULL);
        for (slice next = oidc_next_word(&r); next.size; next = oidc_next_word(&r))
                if (slice_equal(next, word))
                        return true;
        return false;
}

mitome_status oidc_terminate(writer *w, const char *field, const char **ret_text, mitome_error *error)
{
        slice whole;
        write_u8(w, '\0');
        if (w->overflowed && w->capacity)
                w->data[0] = '\0'; /* half an address is none */
        MITOME_TRY(writer_finish(w, field, &whole, error));
        *ret_text = (const char *)whole.data;
        return ok();
}
