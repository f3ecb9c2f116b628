/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_PAGE_H
#define WEB_PAGE_H

/* Pages: read once into a list of nodes, written from data. */

#include "web.h"

/* web_page_find gives a page's index; false: there is none. */
bool web_page_find(const struct web_page_set *set, const char *page, size_t *ret);

/* web_page_write writes a page by malloc; false: no memory, or over 4 MiB. `data` may be NULL. */
bool web_page_write(const struct web_page_set *set, size_t page, const struct web_request *request,
        json_t *data, uint8_t **ret_bytes, size_t *ret_size);

/* web_pages_parse makes a set from texts instead of files: for tests. All are copied. */
struct web_page_text {
        const char *name;
        slice html;
};
MITOME_CHECKED mitome_status web_pages_parse(const struct web_page_text *texts, size_t count, slice words,
        struct web_page_set **ret, struct web_place *ret_place, mitome_error *error);

#endif
