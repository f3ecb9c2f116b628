/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFE_CYCLE_HTTP_H
#define LIFE_CYCLE_HTTP_H

#include "party.h"
#include "publish.h"

/* life_cycle_http serves the authority's pages, as its program does, and asks this request `count` times over
 * eight connections that stay open. Answers a second; 0 where there is no HTTP. */
double life_cycle_http(struct party *authority, const struct party_desks *desks,
        struct publication *publication, slice request, int64_t count);

#endif
