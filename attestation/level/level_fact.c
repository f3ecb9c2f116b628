/* SPDX-License-Identifier: Apache-2.0 */
#include "level_fact.h"

#include "binomial.h"

static const struct level_fact_kind kinds[LEVEL_FACTS] = {
#define LEVEL_FACT(symbol, name, type, en, ja) { name, LEVEL_##type, en, ja },
#include "level_facts.def"
#undef LEVEL_FACT
};

/* Each login looks some dozens up where an evaluation is beside: first by their sizes. */
static const uint8_t name_sizes[LEVEL_FACTS] = {
#define LEVEL_FACT(symbol, name, type, en, ja) sizeof(name) - 1,
#include "level_facts.def"
#undef LEVEL_FACT
};

/* What a word can be. */
static const struct {
        enum level_fact_id id;
        const char *word;
} words[] = {
        { LEVEL_LOGIN_VERIFIED_BY, "pin" },
        { LEVEL_LOGIN_VERIFIED_BY, "finger" },
        { LEVEL_LOGIN_VERIFIED_BY, "face" },
        { LEVEL_LOGIN_VERIFIED_BY, "iris" },
        { LEVEL_LOGIN_VERIFIED_BY, "password" },
        { LEVEL_MODEL_KEY_PROTECTION, "software" },
        { LEVEL_MODEL_KEY_PROTECTION, "hardware" },
        { LEVEL_MODEL_KEY_PROTECTION, "tee" },
        { LEVEL_MODEL_KEY_PROTECTION, "secure_element" },
        { LEVEL_MODEL_MATCHER_PROTECTION, "software" },
        { LEVEL_MODEL_MATCHER_PROTECTION, "tee" },
        { LEVEL_MODEL_MATCHER_PROTECTION, "on_chip" },
        { LEVEL_UV_MODALITY, "finger" },
        { LEVEL_UV_MODALITY, "face" },
        { LEVEL_UV_MODALITY, "iris" },
        { LEVEL_UV_MODALITY, "voice" },
};

const struct level_fact_kind *level_fact_kind(enum level_fact_id id)
{
        return &kinds[id];
}

enum level_fact_id level_fact_find(slice name)
{
        unsigned id = 0;
        while (id < LEVEL_FACTS && (name.size != name_sizes[id] || !slice_is(name, kinds[id].name)))
                id++;
        return (enum level_fact_id)id;
}

bool level_fact_takes(enum level_fact_id id, slice word)
{
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
                if (words[i].id == id && slice_is(word, words[i].word))
                        return true;
        return false;
}

const char *level_obtained_name(enum level_obtained obtained)
{
        static const char *const names[] = { "unknown", "declared", "attested", "measured", "observed",
                "unusable" };
        return names[obtained];
}

/* ---- which of two is worse ---- */

/* What is worse for whoever relies on the device: less, or a no. Here it is more, or a yes. */
static const enum level_fact_id more_is_worse[] = { LEVEL_LOGIN_BACKUP_ELIGIBLE, LEVEL_LOGIN_CROSS_DEVICE,
        LEVEL_KEY_EXPORTABLE, LEVEL_KEY_CLONE_WORKS, LEVEL_KEY_SYNCABLE, LEVEL_KEY_COUNTER_ROLLS_BACK,
        LEVEL_PIN_DIGITS_ONLY, LEVEL_PIN_TRIES, LEVEL_PIN_TIMING_TELLS, LEVEL_UV_TRIES, LEVEL_UV_TRIES_TOTAL,
        LEVEL_UV_IDLE_HOURS, LEVEL_UV_PIN_HOURS, LEVEL_VERIFIER_SESSION_MINUTES, LEVEL_VERIFIER_IDLE_MINUTES,
        LEVEL_LIFE_HOLD_SECONDS, LEVEL_PIN_OFFERED, LEVEL_UV_OFFERED };

/* Of these, 0 is no end, which is the worst. */
static const enum level_fact_id zero_is_worst[] = { LEVEL_PIN_TRIES, LEVEL_UV_TRIES, LEVEL_UV_TRIES_TOTAL,
        LEVEL_UV_IDLE_HOURS, LEVEL_UV_PIN_HOURS, LEVEL_VERIFIER_SESSION_MINUTES,
        LEVEL_VERIFIER_IDLE_MINUTES };

static bool is_among(enum level_fact_id id, const enum level_fact_id *list, size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (list[i] == id)
                        return true;
        return false;
}

#define IS_AMONG(id, list) is_among((id), (list), sizeof(list) / sizeof(list)[0])

/* Words from the weakest; those of login.verified_by have no order, and nobody compares them. */
static unsigned word_rank(slice word)
{
        static const char *const ranks[] = { "software", "hardware", "tee", "secure_element", "on_chip",
                "voice", "face", "finger", "iris" };
        for (unsigned i = 0; i < sizeof ranks / sizeof ranks[0]; i++)
                if (slice_is(word, ranks[i]))
                        return i + 1;
        return 0;
}

double level_fact_worth(enum level_fact_id id, const struct level_fact *fact)
{
        const double sign = IS_AMONG(id, more_is_worse) ? -1 : 1;
        switch (level_fact_kind(id)->type) {
        case LEVEL_BOOL:
                return sign * fact->yes;
        case LEVEL_COUNT:
                if (fact->count == 0 && IS_AMONG(id, zero_is_worst))
                        return -1e300;
                return sign * (double)fact->count;
        case LEVEL_WORD:
                return word_rank(fact->word);
        default:
                return -binomial_upper(fact->rate.errors, fact->rate.trials, 0.95);
        }
}
