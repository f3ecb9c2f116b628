/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SAFE_TEXT_H
#define SAFE_TEXT_H

/* Texts that a target or a person has written, in a report and on a command line. */

#include "bytes.h"

#include <jansson.h>

/* safe_text makes JSON of it, with U+FFFD in the place of what is no UTF-8 (a character that was cut, too)
 * and of U+0000, which would hide what stands behind it from whoever reads it as C does. NULL: no memory. */
json_t *safe_text(slice text);

/* safe_text_hex makes JSON of bytes, in small hexadecimal digits. */
json_t *safe_text_hex(slice bytes);

/* safe_text_quoted makes one word of a shell of it, as it is where that is one already. The caller's; NULL:
 * no memory. */
char *safe_text_quoted(const char *text);

#endif
