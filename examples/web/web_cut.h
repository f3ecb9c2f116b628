/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_CUT_H
#define WEB_CUT_H

/* Taking texts of HTTP apart. */

#include "bytes.h"

/* web_cut takes what stands before the first `at` from the front of `rest`, and `at` with it; without one,
 * all. */
slice web_cut(slice *rest, uint8_t at);

/* web_after is what is left behind the first `size` bytes; nothing when there are fewer. */
slice web_after(slice text, size_t size);

/* web_trim takes blanks and tabs from both ends. */
slice web_trim(slice text);

/* web_same compares ASCII in any case. */
bool web_same(slice text, const char *other);

bool web_has(slice text, uint8_t byte);
bool web_is_digits(slice text); /* at least one */
bool web_is_token(slice text);  /* RFC 9110, 5.6.2 */

/* web_unescape undoes percent-encoding into `w` (and, when `plus` is set, '+' for a blank). False: an escape
 * is not one.
 */
bool web_unescape(slice text, bool plus, writer *w);

#endif
