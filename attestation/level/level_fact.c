/* SPDX-License-Identifier: Apache-2.0 */
#include "level_fact.h"

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
