/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_MARKUP_H
#define WEB_MARKUP_H

/* Where in HTML one is: as much of it as tells whether an escaped value can stand there. */

#include "bytes.h"

enum web_markup_place {
        WEB_IN_TEXT,
        WEB_IN_TAG,        /* between < and >, outside of quotes */
        WEB_IN_VALUE,      /* of an attribute, in double quotes */
        WEB_IN_CODE_VALUE, /* the same, of one that is a script or a style: nothing of a value */
        WEB_IN_URL_VALUE,  /* the same, of one that is an address */
        WEB_IN_OTHER,      /* in single quotes, a comment, a script or a style */
};

struct web_markup {
        enum web_markup_place place;
        bool begins; /* WEB_IN_URL_VALUE: nothing of it has been written */
        enum { WEB_OTHER_QUOTE, WEB_OTHER_COMMENT, WEB_OTHER_RAW, WEB_OTHER_BANG } other;
        uint8_t last[12]; /* of the text: what was read last, in small letters; "" begins with 0 */
        uint8_t name[16]; /* of the attribute that is being read, in small letters, cut */
        size_t name_size;
        bool name_ended;
        uint8_t tag[8]; /* the element's name, cut */
        size_t tag_size;
        bool in_tag_name;
};

/* web_markup_begin is at the start of a page; web_markup_walk goes on over what is written literally. */
struct web_markup web_markup_begin(void);
void web_markup_walk(struct web_markup *markup, slice text);

/* web_markup_same tells whether two ways have come to the same place. */
bool web_markup_same(const struct web_markup *a, const struct web_markup *b);

#endif
