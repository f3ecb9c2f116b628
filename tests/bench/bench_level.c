/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_level.h"

#include "evaluation_statement.h"

#include <stdio.h>
#include <stdlib.h>

struct judged {
        struct mitome_level_policy *policy;
        const char *demanded;
        mitome_code expected;
        struct mitome_verdict verdict;
        struct mitome_level_context known;
        bool evaluated;
        struct mitome_evaluation evaluation; /* views `statement` */
        uint8_t statement[MITOME_EVALUATION_MAX];
};

enum { NOW = 1800000000, DAY = 86400 };

static const uint8_t aaguid[MITOME_LEVEL_AAGUID_SIZE] = { 1 };

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

static struct judged *new_shipped(const char *name, const char *demanded)
{
        static char json[1 << 18];
        char path[4096];
        snprintf(path, sizeof path, "%s/%s.json", BENCH_POLICIES, name);
        FILE *file = fopen(path, "re");
        must(file != NULL);
        const size_t size = fread(json, 1, sizeof json, file);
        must(size < sizeof json);
        fclose(file);
        return judged_new(json, size, demanded, MITOME_OK);
}

struct judged *judged_new_shipped(const char *name)
{
        return new_shipped(name, "AAL1");
}

/* The better of two for whoever relies on the device. */
static void keep_better(enum level_fact_id id, struct level_fact *best, struct level_fact other)
{
        if (best->obtained == LEVEL_UNKNOWN || level_fact_worth(id, &other) > level_fact_worth(id, best))
                *best = other;
}

static struct level_fact good_fact(enum level_fact_id id, bool errors)
{
        static const char *const words[] = { "finger", "software", "hardware", "tee", "secure_element",
                "on_chip" };
        struct level_fact fact = { 0 };
        if (id == LEVEL_PIN_OFFERED || id == LEVEL_UV_OFFERED) /* each path is one more to judge */
                return (struct level_fact){ .obtained = LEVEL_ATTESTED, .yes = true };
        switch (level_fact_kind(id)->type) {
        case LEVEL_BOOL:
                keep_better(id, &fact, (struct level_fact){ .obtained = LEVEL_ATTESTED, .yes = false });
                keep_better(id, &fact, (struct level_fact){ .obtained = LEVEL_ATTESTED, .yes = true });
                break;
        case LEVEL_COUNT:
                fact = (struct level_fact){ .obtained = LEVEL_ATTESTED, .count = 6 };
                break;
        case LEVEL_WORD:
                for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
                        if (level_fact_takes(id, slice_text(words[i])))
                                keep_better(id, &fact,
                                        (struct level_fact){
                                                .obtained = LEVEL_ATTESTED, .word = slice_text(words[i]) });
                break;
        case LEVEL_RATE:
                fact = (struct level_fact){ .obtained = LEVEL_ATTESTED,
                        .rate = { .errors = errors ? 30 : 0, .trials = 1000000 } };
                break;
        }
        return fact;
}

/* As a statement that was signed and read would have it. */
static void add_evaluation(struct judged *judged, bool errors)
{
        static uint8_t payload[EVALUATION_PAYLOAD_MAX];
        static const uint8_t digest[32] = { 1 }, certificate[] = { 0x30, 0 }, signature[64] = { 0 };
        const struct mitome_evaluation said = { .report = SLICE(digest),
                .aaguid = SLICE(aaguid),
                .build = slice_text("bench"),
                .at = NOW,
                .expires = NOW + DAY };
        const slice chain = SLICE(certificate);
        struct level_facts facts = { 0 };
        struct evaluation_statement read;
        writer w = WRITER(payload), cose = WRITER(judged->statement);
        for (size_t id = 0; id < LEVEL_FACTS; id++)
                facts.facts[id] = good_fact((enum level_fact_id)id, errors);
        evaluation_payload_write(&w, &said, &facts);
        must(!w.overflowed);
        evaluation_statement_write(&cose, -7, &chain, 1, writer_view(&w), SLICE(signature));
        must(!cose.overflowed &&
                evaluation_statement_read(writer_view(&cose), &read, NULL).code == MITOME_OK);
        judged->evaluation = read.said;
        judged->evaluated = true;
}

struct judged *judged_new_evaluated(const char *name, bool errors)
{
        struct judged *judged = new_shipped(name, "AAL2");
        judged->known.trust = MITOME_TRUST_VERIFIED;
        judged->known.aaguid = SLICE(aaguid);
        judged->known.format = slice_text("packed");
        add_evaluation(judged, errors);
        return judged;
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
        if (judged->evaluated)
                return mitome_level_demand_evaluated(judged->policy, &evidence, &judged->evaluation, NOW,
                               judged->demanded, &judgement, &error)
                               .code == judged->expected;
        return mitome_level_demand(judged->policy, &evidence, judged->demanded, &judgement, &error).code ==
               judged->expected;
}
