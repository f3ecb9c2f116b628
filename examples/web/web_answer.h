/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_ANSWER_H
#define WEB_ANSWER_H

/* What a handler says, kept until it is sent. */

#include "web.h"

enum web_answer_kind { WEB_NOTHING, WEB_BYTES, WEB_JSON, WEB_PAGE };

struct web_answer {
        unsigned status;
        enum web_answer_kind kind;
        const char *media_type; /* in text */
        uint8_t *bytes;         /* WEB_BYTES: by malloc */
        size_t size;
        json_t *data;
        const struct web_page_set *pages;
        size_t page;
        const struct web_page_set *problems; /* stays over a reset */
        mitome_code code;                    /* of a problem, for the log */
        struct {
                const char *name, *value; /* in text */
        } headers[WEB_ANSWER_HEADERS];
        size_t header_count;
        const char *form_action; /* in text */
        bool undone, broken;
        writer text;
        char store[WEB_ANSWER_HEADER_TEXT];
};

/* web_answer_start makes an answer of anything; web_answer_end gives back what it holds, and wipes. */
void web_answer_start(struct web_answer *answer, const struct web_page_set *problems);
void web_answer_end(struct web_answer *answer);

/* web_answer_write gives the body's bytes, by malloc, to the caller; one that cannot be written becomes a
 * bare 500. */
void web_answer_write(
        struct web_answer *answer, const struct web_request *request, uint8_t **ret_bytes, size_t *ret_size);

/* web_answer_header finds what a handler has set; NULL: nothing. Any case. */
const char *web_answer_header(const struct web_answer *answer, const char *name);

/* web_guard_headers calls `add` for each header that all answers have, but for those that the handler has
 * set. */
void web_guard_headers(const struct web_answer *answer, bool strict_transport,
        void (*add)(void *context, const char *name, const char *value), void *context);

#endif
