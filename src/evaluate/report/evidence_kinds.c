/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence_document.h"
#include "evidence_item.h"

#include "binomial.h"

#include <stdio.h>
#include <string.h>

enum { SPECIES_MAX = 64 };

static void give_member(struct evidence_reading *e, struct evidence_item *item,
        enum evidence_item_member member, enum level_fact_id fact)
{
        if (item->raw[member].size == 0)
                return;
        json_t *value = evidence_item_value(item->raw[member]);
        evidence_item_give(e, item, fact, value);
        json_decref(value);
}

/* ---- certifications ---- */

static mitome_status take_common_criteria(struct evidence_reading *e, struct evidence_item *item)
{
        give_member(e, item, ITEM_AVA_VAN, LEVEL_MODEL_AVA_VAN);
        return ok();
}

/* Such a certificate is always for a time: one without an end is none. */
static mitome_status take_emv(struct evidence_reading *e, struct evidence_item *item)
{
        if (item->raw[ITEM_EXPIRES].size == 0) {
                evidence_item_unusable(e, item, LEVEL_MODEL_EMV, "its end of validity is not given",
                        "有効期限が示されていない");
                return ok();
        }
        json_t *yes = json_true();
        evidence_item_give(e, item, LEVEL_MODEL_EMV, yes);
        return ok();
}

static mitome_status take_fips(struct evidence_reading *e, struct evidence_item *item)
{
        give_member(e, item, ITEM_OVERALL, LEVEL_MODEL_FIPS_OVERALL);
        give_member(e, item, ITEM_PHYSICAL, LEVEL_MODEL_FIPS_PHYSICAL);
        return ok();
}

static mitome_status take_fido(struct evidence_reading *e, struct evidence_item *item)
{
        static const char *const levels[] = { "none", "L1", "L1+", "L2", "L2+", "L3", "L3+" };
        if (item->raw[ITEM_LEVEL].size == 0)
                return ok();
        json_t *value = evidence_item_value(item->raw[ITEM_LEVEL]);
        const char *name = json_string_value(value);
        size_t level = 0;
        while (name && level < sizeof levels / sizeof levels[0] && strcmp(levels[level], name) != 0)
                level++;
        if (name && level < sizeof levels / sizeof levels[0]) {
                json_t *number = json_integer((json_int_t)level);
                evidence_item_give(e, item, LEVEL_MODEL_FIDO_LEVEL, number);
                json_decref(number);
        } else {
                evidence_item_unusable(e, item, LEVEL_MODEL_FIDO_LEVEL,
                        "\"none\" or \"L1\" to \"L3+\" is wanted",
                        "\"none\"、\"L1\"から\"L3+\"のいずれかが必要");
        }
        json_decref(value);
        return ok();
}

static mitome_status take_fido_biometric(struct evidence_reading *e, struct evidence_item *item)
{
        give_member(e, item, ITEM_LEVEL, LEVEL_MODEL_FIDO_BIOMETRIC);
        return ok();
}

/* ---- what somebody writes down ---- */

static mitome_status take_fact(
        struct evidence_reading *e, struct evidence_item *item, struct json_reader *r, slice name)
{
        struct json_reader at;
        slice raw;
        const enum level_fact_id fact = level_fact_find(name);
        if (fact == LEVEL_FACTS)
                return evidence_item_refuse(e, name, "facts", r->bytes.error);
        MITOME_TRY(evidence_item_skip(r, &at, &raw));
        json_t *value = evidence_item_value(raw);
        evidence_item_give(e, item, fact, value);
        json_decref(value);
        return ok();
}

static mitome_status take_facts(struct evidence_reading *e, struct evidence_item *item)
{
        struct json_reader *r = &item->at[ITEM_FACTS];
        struct json_members object;
        slice name;
        if (item->raw[ITEM_FACTS].size == 0)
                return ok();
        MITOME_TRY(json_open_object(r, "facts", &object));
        for (bool more;;) {
                MITOME_TRY(json_next_member(r, &object, &name, &more));
                if (!more)
                        return ok();
                MITOME_TRY(take_fact(e, item, r, name));
        }
}

/* Each species is judged by itself, so what counts is the worst one. */
static bool worst_species(const json_t *list, const json_t **ret)
{
        enum { CONFIDENCE = 95 };
        size_t i;
        const json_t *species;
        double worst = -1;
        json_array_foreach(list, i, species)
        {
                const json_int_t errors = json_integer_value(json_object_get(species, "errors"));
                const json_int_t trials = json_integer_value(json_object_get(species, "trials"));
                const json_t *name = json_object_get(species, "name");
                if (!json_is_string(name) || json_string_length(name) >= EVIDENCE_TEXT_MAX ||
                        !json_is_integer(json_object_get(species, "errors")) ||
                        json_object_size(species) != 3 || errors < 0 || trials < 1 || errors > trials)
                        return false;
                double upper = binomial_upper((uint64_t)errors, (uint64_t)trials, CONFIDENCE / 100.0);
                if (upper > worst) {
                        worst = upper;
                        *ret = species;
                }
        }
        return json_array_size(list) > 0 && json_array_size(list) <= SPECIES_MAX;
}

static mitome_status take_species(struct evidence_reading *e, struct evidence_item *item)
{
        const json_t *worst = NULL;
        if (item->raw[ITEM_SPECIES].size == 0)
                return ok();
        json_t *list = evidence_item_value(item->raw[ITEM_SPECIES]);
        if (!worst_species(list, &worst)) {
                evidence_item_unusable(e, item, LEVEL_UV_IAPAR,
                        "a list of {\"name\", \"errors\", \"trials\"} is wanted, no more errors than trials",
                        "{\"name\", \"errors\", \"trials\"}の一覧(誤りは試行以下)が必要");
        } else {
                json_t *rate = json_pack("{s:O, s:O}", "errors", json_object_get(worst, "errors"), "trials",
                        json_object_get(worst, "trials"));
                size_t length = strlen(item->label);
                (void)snprintf(item->label + length, sizeof item->label - length, ": %s",
                        json_string_value(json_object_get(worst, "name")));
                evidence_item_give(e, item, LEVEL_UV_IAPAR, rate);
                json_decref(rate);
        }
        json_decref(list);
        return ok();
}

/* ---- documents that are read ---- */

static mitome_status take_document(struct evidence_reading *e, struct evidence_item *item,
        const char *(*reads)(struct evaluation_record *, slice, const char *, size_t, const char **))
{
        const char *why_ja = "", *why = NULL;
        if (!*item->why)
                why = reads(e->record, item->content, item->label, item->evidence, &why_ja);
        if (why)
                evidence_item_reject(item, why, why_ja);
        return ok();
}

static mitome_status take_metadata(struct evidence_reading *e, struct evidence_item *item)
{
        return take_document(e, item, evidence_metadata);
}

static mitome_status take_measurement(struct evidence_reading *e, struct evidence_item *item)
{
        MITOME_TRY(take_document(e, item, evidence_measurement));
        if (*item->why) {
                evidence_item_unusable(e, item, LEVEL_UV_FMR, "", "");
                evidence_item_unusable(e, item, LEVEL_UV_FNMR, "", "");
        }
        return ok();
}

static mitome_status take_logins(struct evidence_reading *e, struct evidence_item *item)
{
        return take_document(e, item, evidence_logins);
}

/* A letter, a photograph: it is attached by its digest, and says nothing that a predicate could read.
 */
static mitome_status take_nothing(struct evidence_reading *e, struct evidence_item *item)
{
        (void)e;
        (void)item;
        return ok();
}

/* ---- all of them ---- */

static const struct evidence_item_kind kinds[] = {
        { "common-criteria", "Common Criteria certificate",
                ITEM_BIT(ITEM_CERTIFICATE) | ITEM_BIT(ITEM_AVA_VAN), false, LEVEL_DECLARED,
                take_common_criteria },
        { "emv", "EMV security certificate", ITEM_BIT(ITEM_CERTIFICATE), false, LEVEL_DECLARED, take_emv },
        { "fips-140", "FIPS 140 certificate",
                ITEM_BIT(ITEM_CERTIFICATE) | ITEM_BIT(ITEM_OVERALL) | ITEM_BIT(ITEM_PHYSICAL), false,
                LEVEL_DECLARED, take_fips },
        { "fido", "FIDO authenticator certificate", ITEM_BIT(ITEM_CERTIFICATE) | ITEM_BIT(ITEM_LEVEL), false,
                LEVEL_DECLARED, take_fido },
        { "fido-biometric", "FIDO biometric certificate", ITEM_BIT(ITEM_CERTIFICATE) | ITEM_BIT(ITEM_LEVEL),
                false, LEVEL_DECLARED, take_fido_biometric },
        { "metadata", "metadata statement", 0, true, LEVEL_DECLARED, take_metadata },
        { "measurement", "biometric measurement", 0, true, LEVEL_MEASURED, take_measurement },
        { "presentation-attacks", "presentation attacks",
                ITEM_BIT(ITEM_OBTAINED) | ITEM_BIT(ITEM_PARTIAL) | ITEM_BIT(ITEM_SPECIES), false,
                LEVEL_MEASURED, take_species },
        { "logins", "logins", 0, true, LEVEL_OBSERVED, take_logins },
        { "certificate", "certificate with its status", ITEM_BIT(ITEM_ANCHORS) | ITEM_BIT(ITEM_STATUS), true,
                LEVEL_ATTESTED, evidence_take_certificate },
        { "receipt", "erasure receipt", ITEM_BIT(ITEM_ANCHORS) | ITEM_BIT(ITEM_IDENTITY), true,
                LEVEL_ATTESTED, evidence_take_receipt },
        { "journal", "journal", ITEM_BIT(ITEM_DIRECTORY) | ITEM_BIT(ITEM_JOURNALS), true, LEVEL_ATTESTED,
                evidence_take_journal },
        { "document", "document", 0, true, LEVEL_DECLARED, take_nothing },
        { "facts", "statement", ITEM_BIT(ITEM_OBTAINED) | ITEM_BIT(ITEM_PARTIAL) | ITEM_BIT(ITEM_FACTS),
                false, LEVEL_DECLARED, take_facts },
};

const struct evidence_item_kind *evidence_kind_find(slice name)
{
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
                if (json_name_is(name, kinds[i].name))
                        return &kinds[i];
        return NULL;
}
