/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PORTAL_ROUTES_H
#define PORTAL_ROUTES_H

#include "portal_site.h"

/* portal_routes are the pages and the JSON API; openapi.json says the same of the API, and
 * tests/unit/test_openapi.c holds the one against the other. `site` must outlive the server. */
struct web_route_set portal_routes(struct portal_site *site);

#endif
