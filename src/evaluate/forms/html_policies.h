/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTML_POLICIES_H
#define HTML_POLICIES_H

#include "html_put.h"

/* What policies say: levels, what keeps from the next and what would change that; where two disagree; each
 * requirement. */
void html_levels(const struct html *html);
void html_disagreements(const struct html *html);
void html_requirements(const struct html *html);

#endif
