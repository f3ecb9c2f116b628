/* SPDX-License-Identifier: Apache-2.0 */
#include "probe.h"

#include <string.h>

#define PROBE(name) extern const struct probe name;
#include "probes.def"
#undef PROBE

#define PROBE(name) &(name),
const struct probe *const probe_catalogue[] = {
#include "probes.def"
        NULL,
};
#undef PROBE

bool probe_harms(const struct probe *probe, const struct target *target)
{
        return probe->harm && target->may_destroy && !target->restart &&
               (probe->needs & ~target->abilities) == 0;
}

const struct probe *probe_find(const char *id)
{
        for (size_t i = 0; probe_catalogue[i]; i++)
                if (strcmp(probe_catalogue[i]->id, id) == 0)
                        return probe_catalogue[i];
        return NULL;
}
