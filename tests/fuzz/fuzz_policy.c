/* SPDX-License-Identifier: Apache-2.0 */

/* A policy of anybody's, and the judgement by it: what was read can be judged, and a level that is reached
 * exists. */

#include "judge_level.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct level_policy policy;
        struct level_judgement judgement;
        const struct level_evidence evidence = { .user_verified = true, .metadata_known = true };
        if (level_policy_read(slice_of(data, size), &policy, NULL).code != MITOME_OK)
                return 0;
        for (size_t i = 0; i < policy.requirement_count; i++)
                if (!slice_contains(slice_of(data, size), policy.requirements[i].id) ||
                        policy.requirements[i].source.size == 0 ||
                        policy.requirements[i].level >= policy.level_count)
                        abort();
        level_judge(&policy, &evidence, &judgement);
        if (judgement.reached && judgement.level >= policy.level_count)
                abort();
        if (judgement.barred && judgement.bar >= policy.requirement_count)
                abort();
        return 0;
}
