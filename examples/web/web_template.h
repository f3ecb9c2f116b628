/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_TEMPLATE_H
#define WEB_TEMPLATE_H

/* A page as a list of nodes: what web_template_parse makes and web_page_write goes through. */

#include "web_page.h"

enum { WEB_NESTING = 16, WEB_NODES = 4096 };

enum web_node_kind {
        WEB_NODE_TEXT,
        WEB_NODE_VALUE,
        WEB_NODE_ADDRESS,    /* a value at the start of an address: of a harmless scheme, or "#" */
        WEB_NODE_WORD,       /* index: of the word */
        WEB_NODE_NAMED_WORD, /* {{=name}} */
        WEB_NODE_PART,       /* index: of the page */
        WEB_NODE_IF,         /* index: of what follows else or the end */
        WEB_NODE_ELSE,       /* index: of what follows the end */
        WEB_NODE_EACH,       /* index: of what follows the end */
        WEB_NODE_END,
};

struct web_node {
        enum web_node_kind kind;
        slice text; /* as it is written, or the name */
        size_t index;
};

struct web_word {
        char *name, *texts[WEB_LANGUAGES];
        bool used;
};

struct web_page_one {
        char name[64];
        uint8_t *html;
        size_t size;
        struct web_node *nodes;
        size_t count;
};

struct web_page_set {
        struct web_page_one pages[WEB_PAGES];
        size_t page_count;
        struct web_word words[WEB_WORDS]; /* sorted by name */
        size_t word_count;
};

/* web_template_parse reads the page's html into its nodes; words that it uses are marked. WEB_TEMPLATE,
 * WEB_WORD, TOO_MANY, NO_MEMORY. */
MITOME_CHECKED mitome_status web_template_parse(
        struct web_page_set *set, size_t page, struct web_place *place, mitome_error *error);

/* web_words_parse fills the set's words from words.json. */
MITOME_CHECKED mitome_status web_words_parse(
        struct web_page_set *set, slice text, struct web_place *place, mitome_error *error);
bool web_word_find(const struct web_page_set *set, slice name, size_t *ret);

/* web_place_name notes what a failure is about. */
void web_place_name(struct web_place *place, slice name);

#endif
