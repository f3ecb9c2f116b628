/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SHOWN_TEXT_H
#define SHOWN_TEXT_H

/* A text that somebody signs is what he sees. Whoever draws one up and whoever shows it for signing ask the
 * same here, so that nothing is drawn up that no phone would show. */

#include "bytes.h"

/* shown_text_check: UTF8, or VALUE for a text with characters that a screen does not show, or that change
 * what is shown around them: controls but tab and new line, what has no width or looks like a blank, what
 * turns the direction of writing. A variation selector may follow a character that it changes, since names
 * are written so; any other carries what nobody sees. */
MITOME_CHECKED mitome_status shown_text_check(slice text, const char *field, mitome_error *error);

#endif
