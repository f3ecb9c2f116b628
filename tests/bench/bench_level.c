/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_level.h"

#include <mitome/level.h>

#include <stdio.h>
#include <stdlib.h>

struct judged {
        struct mitome_level_policy *policy;
        const char *demanded;
        mitome_code expected;
        struct mitome_verdict verdict;
        struct mitome_level_context known;
};

static void must(bool right)
{
        if (!right)
                abort();
}

/* A login with user verification by an authenticator that nobody has attested. */
static struct judged *judged_new(const char *json, size_t size, const char *demanded, mitome_code expected)
{
        enum { USER_PRESENT_AND_VERIFIED = 0x05, ES256 = -7 };
        struct judged *judged = calloc(1, sizeof *judged);
        must(judged != NULL);
        const mitome_slice text = { (const uint8_t *)json, size };
        must(mitome_level_policy_read(text, &judged->policy, NULL).code == MITOME_OK);
        judged->verdict.flags = USER_PRESENT_AND_VERIFIED;
        judged->verdict.algorithm = ES256;
        judged->known.challenge_bits = 128;
        judged->known.certificate_bound = true;
        judged->demanded = demanded;
        judged->expected = expected;
        return judged;
}

struct judged *judged_new_shipped(const char *name)
{
        static char json[1 << 18];
        char path[4096];
        snprintf(path, sizeof path, "%s/%s.json", BENCH_POLICIES, name);
        FILE *file = fopen(path, "re");
        must(file != NULL);
        const size_t size = fread(json, 1, sizeof json, file);
        must(size < sizeof json);
        fclose(file);
        return judged_new(json, size, "AAL1", MITOME_OK);
}

struct judged *judged_new_largest(void)
{
        static char json[1 << 16];
        int size = snprintf(
                json, sizeof json, "{\"id\":\"largest\",\"levels\":[\"1\",\"2\"],\"requirements\":[");
        for (int i = 0; i < MITOME_LEVEL_REQUIREMENTS_MAX; i++)
                size += snprintf(json + size, sizeof json - (size_t)size,
                        "%s{\"id\":\"R%d\",\"level\":\"2\",\"source\":\"s\",\"section\":\"1\",\"predicate\":"
                        "\"not login.user_present or login.challenge_bits < 64 or model.key_protection in "
                        "(software, tee) or not login.user_verified or key.strength_bits > 128 and "
                        "login.origin_bound\"}",
                        i ? "," : "", i);
        size += snprintf(json + size, sizeof json - (size_t)size, "]}");
        return judged_new(json, (size_t)size, "2", MITOME_E_LEVEL_NOT_REACHED);
}

void judged_free(struct judged *judged)
{
        if (!judged)
                return;
        mitome_level_policy_free(judged->policy);
        free(judged);
}

bool judged_run(void *state)
{
        const struct judged *judged = state;
        struct mitome_level_evidence evidence;
        struct mitome_level_judgement judgement;
        mitome_error error = { 0 };
        mitome_level_evidence_of(&judged->verdict, &judged->known, &evidence);
        return mitome_level_demand(judged->policy, &evidence, judged->demanded, &judgement, &error).code ==
               judged->expected;
}
