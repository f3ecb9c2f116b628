/* SPDX-License-Identifier: Apache-2.0 */
#include "life_cycle_http.h"

double life_cycle_http(struct party *authority, const struct party_desks *desks,
        struct publication *publication, slice request, int64_t count)
{
        (void)authority, (void)desks, (void)publication, (void)request, (void)count;
        return 0;
}
