/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTML_PUT_H
#define HTML_PUT_H

/* How the HTML form is written. Nothing of the report comes into it but through html_put and html_say, which
 * escape it: there is no way to write it as markup. */

#include "html_words.h"
#include "report_parts.h"

struct html {
        struct report_text *out;
        const json_t *report;
        enum report_language language;
};

/* html_put writes markup (a literal) with these filled in; any other % is itself.
 *
 *   %s   a text of the report, escaped; NULL is none
 *   %d   an int
 *   %w   a word (enum html_word)
 *   %l   the language's code, nothing is taken for it: ids of both languages must differ */
void html_put(const struct html *html, const char *markup, ...);

/* html_say writes a word that has %s and %d in it, filled in. */
void html_say(const struct html *html, enum html_word word, ...);

/* html_heading begins a section with an id that both languages have, each its own, and closes nothing. */
void html_heading(const struct html *html, const char *id, enum html_word word);

/* html_badge writes one of the report's own words ("not satisfied", "broken", "declared") as a symbol and a
 * word, in its colour. Any other is noted. */
void html_badge(const struct html *html, const char *name);

/* html_own writes one of the report's own words as it is called in this language; any other as it stands. */
void html_own(const struct html *html, const char *name);

/* html_meanings writes what so many badges mean, as a list. */
struct html_meaning {
        const char *name;
        enum html_word meaning;
};
void html_meanings(const struct html *html, const struct html_meaning *meanings, size_t count);

/* html_unverified marks a requirement by wording that nobody confirmed. */
void html_unverified(const struct html *html, const json_t *requirement);

/* html_scroll_begin opens a group that scrolls by itself where a table or picture is wider than the page;
 * `number` tells those of one kind apart. */
void html_scroll_begin(
        const struct html *html, const char *id, int number, enum html_word name, const char *of);
void html_scroll_end(const struct html *html);

/* html_columns writes a table's beginning up to its first row. */
void html_columns(const struct html *html, const enum html_word *columns, size_t count);

/* html_list writes an array of texts, with commas between them; `none` if there are none. */
void html_list(const struct html *html, const json_t *of, const char *name);

/* html_rate reads a rate of the report ("0.000499875"), 0 to 1; false, and noted, if it is none. */
bool html_rate(const struct html *html, const char *name, const char *text, double *ret);

/* html_one_in writes a rate as people say it: "1 in 2,010"; at most 63 bytes. */
struct html_one_in {
        char text[64];
};
struct html_one_in html_one_in(double rate);

/* html_bound writes, where this part of the report speaks of a measured rate, what its bound rests on. */
void html_bound(const struct html *html, const json_t *of);

/* html_link_probe writes what a probe, html_link_evidence what a piece of evidence is called, as a link to it
 * where it is there. */
void html_link_probe(const struct html *html, const char *probe);
void html_link_evidence(const struct html *html, const char *evidence);

#endif
