/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARMLESS_TEXT_H
#define HARMLESS_TEXT_H

/* What websites, hosts and their users call themselves, as it may be shown to people. */

#include "bytes.h"

/* Which part of a text that is too long is shown. */
enum harmless_part {
        HARMLESS_BEGINNING, /* of a name */
        HARMLESS_END, /* of a domain name: whose it is stands there, and its owner chooses all before it */
};

enum { HARMLESS_SHOWN_MAX = 80, HARMLESS_SIZE_MAX = HARMLESS_SHOWN_MAX + 3 };

/* harmless_write writes UTF-8 with "?" in the place of what is none, of control characters, and of characters
 * that turn the direction of writing or are not seen; at most HARMLESS_SHOWN_MAX bytes, and "…" for the rest.
 */
void harmless_write(writer *w, slice text, enum harmless_part part);

/* harmless_next takes the next character of a text, and gives what is shown for it; false at the end. */
bool harmless_next(reader *r, slice *ret_shown);

#endif
