/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_FIND_H
#define WEB_FIND_H

/* The router: of several sets of routes the one that a path is for. */

#include "web.h"

enum { WEB_ROUTES = 256 };

struct web_table {
        struct web_entry {
                slice path;
                bool fixed; /* without ":name" */
                const struct web_route *route;
                void *context;
        } entries[WEB_ROUTES];
        size_t count;
};

/* web_table_make makes the table of all sets, once: ARGUMENT for a route that cannot be. */
MITOME_CHECKED mitome_status web_table_make(
        const struct web_config *config, struct web_table *table, mitome_error *error);

/* web_find finds the route of a request and fills its parts. NULL: there is none; *ret_methods says by which
 * methods (bits of enum web_method) there is. A fixed path wins over one with ":name". */
const struct web_entry *web_find(
        const struct web_table *table, struct web_request *request, unsigned *ret_methods);

#endif
