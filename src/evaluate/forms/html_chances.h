/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTML_CHANCES_H
#define HTML_CHANCES_H

#include "html_put.h"

/* The guess budget with a picture of the attack paths, and what was measured with its bounds and the curve of
 * errors. */
void html_budget(const struct html *html);
void html_rates(const struct html *html);

#endif
