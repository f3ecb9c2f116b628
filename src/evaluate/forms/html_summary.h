/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTML_SUMMARY_H
#define HTML_SUMMARY_H

#include "html_put.h"

/* html_summary writes the chapter that is read first: each policy's level with all that it rests on, and what
 * came of the attacks. */
void html_summary(const struct html *html);

/* html_beside writes what must be read with a policy's level (report_each_beside says what that is). */
void html_beside(const struct html *html, const json_t *policy);

/* html_left says behind a requirement that was not tested who decides it (report_left), where that is not
 * this evaluation. */
void html_left(const struct html *html, const json_t *policy, const json_t *requirement);

/* html_unconfirmed marks a level that rests on wording which nobody confirmed. */
void html_unconfirmed(const struct html *html, const json_t *policy);

#endif
