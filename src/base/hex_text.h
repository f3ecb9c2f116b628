/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HEX_TEXT_H
#define HEX_TEXT_H

#include "bytes.h"

/* hex_text_decode decodes hexadecimal digits of either case. White space (blank, tab, line ends) may stand
 * before, behind and between whole bytes. Fails with VALUE at the first character that is neither, with
 * INPUT_ENDS after half a byte, with BUFFER_FULL, and with MISSING when there is no digit at all. */
MITOME_CHECKED mitome_status hex_text_decode(
        slice text, const char *field, uint8_t *buffer, size_t capacity, slice *ret, mitome_error *error);

/* hex_text_write writes two digits a byte, small ones. */
void hex_text_write(writer *w, slice bytes);

/* hex_text_value is what one digit of either case stands for; -1: it is none. */
int hex_text_value(uint8_t character);

bool hex_text_is_space(uint8_t character);

#endif
