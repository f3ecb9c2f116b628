/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_PAGES_H
#define PUBLISH_PAGES_H

/* The pages of publish.h for a service; their context is the publication. */

#include "publish.h"
#include "service.h"

enum { PUBLISH_PAGE_COUNT = 4 };
extern const struct service_page publish_pages[PUBLISH_PAGE_COUNT];

#endif
