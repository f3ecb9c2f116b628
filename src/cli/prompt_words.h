/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROMPT_WORDS_H
#define PROMPT_WORDS_H

/* What a prompt says, in the user's language. */

#include "prompt.h"

/* prompt_words fills in reason, title and body, which are safe to show. */
void prompt_words(enum mitome_language language, const struct mitome_prompt *prompt, struct prompt_text *ret);

/* prompt_words_of_finger is the title of what is told of a finger. */
const char *prompt_words_of_finger(enum mitome_language language);

/* prompt_language is the one of this process's locale: LC_ALL, LC_MESSAGES, LANG, the first that is set. */
enum mitome_language prompt_language(void);

#endif
