/* SPDX-License-Identifier: Apache-2.0 */
#include "hex_text.h"

bool hex_text_is_space(uint8_t character)
{
        return character == ' ' || character == '\t' || character == '\n' || character == '\r';
}

int hex_text_value(uint8_t c)
{
        return c >= '0' && c <= '9'   ? c - '0'
               : c >= 'a' && c <= 'f' ? c - 'a' + 10
               : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                      : -1;
}

void hex_text_write(writer *w, slice bytes)
{
        static const char digits[] = "0123456789abcdef";
        for (size_t i = 0; i < bytes.size; i++) {
                write_u8(w, (uint8_t)digits[bytes.data[i] >> 4]);
                write_u8(w, (uint8_t)digits[bytes.data[i] & 0x0F]);
        }
}

mitome_status hex_text_decode(
        slice text, const char *field, uint8_t *buffer, size_t capacity, slice *ret, mitome_error *error)
{
        writer w = writer_over(buffer, capacity);
        int high = -1;
        for (size_t i = 0; i < text.size; i++) {
                int digit = hex_text_value(text.data[i]);
                if (high < 0 && hex_text_is_space(text.data[i]))
                        continue;
                if (digit < 0)
                        return fail_at(error, MITOME_E_VALUE, i, field, NULL);
                if (high >= 0)
                        write_u8(&w, (uint8_t)(high << 4 | digit));
                high = high < 0 ? digit : -1;
        }
        if (high >= 0)
                return fail_at(error, MITOME_E_INPUT_ENDS, text.size, field, NULL);
        if (w.used == 0 && !w.overflowed)
                return fail(error, MITOME_E_MISSING, field, NULL);
        return writer_finish(&w, field, ret, error);
}
