/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTML_STYLE_H
#define HTML_STYLE_H

#include "report_text.h"

/* html_style writes the style sheet: for screens of every width, light and dark, and for paper (A4). Of the
 * two languages it shows the one whose part the address points into, English if it points nowhere. */
void html_style(struct report_text *out);

#endif
