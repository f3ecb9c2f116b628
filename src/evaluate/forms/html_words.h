/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTML_WORDS_H
#define HTML_WORDS_H

#include "report_text.h"

enum html_word {
#define HTML_WORD(symbol, en, ja) HTML_##symbol,
#include "html_words.def"
#undef HTML_WORD
        HTML_WORDS,
};

/* html_word gives a word; static. */
const char *html_word(enum html_word word, enum report_language language);

/* html_word_find gives the word that shows one of the report's own ("not satisfied", "holds", "observed",
 * "SHALL", "element"); HTML_WORDS: there is none. */
enum html_word html_word_find(const char *name);

#endif
