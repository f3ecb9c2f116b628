/* SPDX-License-Identifier: Apache-2.0 */
#include "evaluation_record.h"

#include "digest.h"
#include "fact_text.h"
#include "hex_text.h"
#include "unseen_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void evaluation_record_begin(struct evaluation_record *record)
{
        *record = (struct evaluation_record){ .evidence = json_array(), .caveats = json_array() };
        record->failed = !record->evidence || !record->caveats;
}

void evaluation_record_clear(struct evaluation_record *record)
{
        fact_claims_clear(&record->claims);
        json_decref(record->evidence);
        json_decref(record->caveats);
        json_decref(record->det);
        *record = (struct evaluation_record){ 0 };
}

/* ---- evidence ---- */

static json_t *hex_string(slice bytes)
{
        char *text = malloc(2 * bytes.size + 1);
        if (!text)
                return NULL;
        writer w = writer_over((uint8_t *)text, 2 * bytes.size);
        hex_text_write(&w, bytes);
        json_t *string = json_stringn(text, 2 * bytes.size);
        free(text);
        return string;
}

size_t evaluation_record_evidence(struct evaluation_record *record, const char *what,
        enum level_obtained obtained, slice content, bool keep)
{
        uint8_t digest[SHA256_SIZE];
        sha256(&content, 1, digest);
        json_t *one = json_pack("{s:s, s:s, s:o, s:I, s:o}", "what", what, "obtained",
                level_obtained_name(obtained), "sha256", hex_string(SLICE(digest)), "size",
                (json_int_t)content.size, "bytes", keep ? hex_string(content) : json_null());
        if (json_array_append_new(record->evidence, one) != 0) {
                record->failed = true;
                return FACT_NO_EVIDENCE;
        }
        return json_array_size(record->evidence) - 1;
}

void evaluation_record_unused(
        struct evaluation_record *record, size_t evidence, const char *why, const char *why_ja)
{
        json_t *one = json_array_get(record->evidence, evidence);
        if (one && (json_object_set_new(one, "unused", json_string(why)) != 0 ||
                           json_object_set_new(one, "unused_ja", json_string(why_ja)) != 0))
                record->failed = true;
}

/* ---- the model ---- */

static bool is_zeros(const char *digits)
{
        return digits[strspn(digits, "0")] == '\0';
}

static bool is_same_model(const char *digits, const char *aaguid)
{
        size_t used = 0;
        for (; *aaguid; aaguid++) {
                const char c = *aaguid >= 'A' && *aaguid <= 'F' ? (char)(*aaguid - 'A' + 'a') : *aaguid;
                if (c != '-' && (!digits[used] || digits[used++] != c))
                        return false;
        }
        return !digits[used];
}

const char *evaluation_record_model(
        const struct evaluation_record *record, const char *aaguid, const char **ret_ja)
{
        if (is_zeros(record->aaguid)) {
                *ret_ja = "機器がどのモデルかを示していない";
                return "the device has not told which model it is";
        }
        if (!aaguid || !is_same_model(record->aaguid, aaguid)) {
                *ret_ja = "別のモデルについてのもの";
                return "it is about another model";
        }
        return NULL;
}

void evaluation_record_product(struct evaluation_record *record, const char *name)
{
        if (!can_be_seen(slice_text(name)) || strlen(name) >= sizeof record->product ||
                (*record->product && strcmp(record->product, name) <= 0))
                return;
        (void)snprintf(record->product, sizeof record->product, "%s", name);
}

void evaluation_record_caveat(
        struct evaluation_record *record, const char *id, const char *text, const char *text_ja)
{
        size_t i;
        const json_t *known;
        json_t *caveat = json_pack("{s:s, s:s, s:s}", "id", id, "text", text, "text_ja", text_ja);
        json_array_foreach(record->caveats, i, known) if (caveat && json_equal(known, caveat))
        {
                json_decref(caveat);
                return;
        }
        if (json_array_append_new(record->caveats, caveat) != 0)
                record->failed = true;
}

/* ---- claims ---- */

/* Cut between characters, so that it stays a text. */
static void keep_text(char *to, size_t size, const char *text)
{
        size_t length = strlen(text);
        if (length >= size)
                for (length = size - 1; length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80;)
                        length--;
        (void)snprintf(to, size, "%.*s", (int)length, text);
}

/* Nobody sees a rate: it was counted, and of two counts neither is surer because somebody says "observed". */
static void add(struct evaluation_record *record, struct fact_claim *claim, const char *from, size_t evidence)
{
        if (level_fact_kind(claim->fact)->type == LEVEL_RATE && claim->value.obtained == LEVEL_OBSERVED)
                claim->value.obtained = LEVEL_MEASURED;
        keep_text(claim->from, sizeof claim->from, from);
        claim->evidence = evidence;
        fact_claims_add(&record->claims, claim);
}

void evaluation_record_bool(struct evaluation_record *record, enum level_fact_id fact,
        enum level_obtained obtained, bool yes, const char *from, size_t evidence)
{
        struct fact_claim claim = { .fact = fact, .value = { .obtained = obtained, .yes = yes } };
        add(record, &claim, from, evidence);
}

void evaluation_record_count(struct evaluation_record *record, enum level_fact_id fact,
        enum level_obtained obtained, uint64_t count, const char *from, size_t evidence)
{
        struct fact_claim claim = { .fact = fact, .value = { .obtained = obtained, .count = count } };
        add(record, &claim, from, evidence);
}

void evaluation_record_word(struct evaluation_record *record, enum level_fact_id fact,
        enum level_obtained obtained, const char *word, const char *from, size_t evidence)
{
        struct fact_claim claim = { .fact = fact, .value = { .obtained = obtained } };
        (void)snprintf(claim.word, sizeof claim.word, "%s", word);
        add(record, &claim, from, evidence);
}

void evaluation_record_rate(struct evaluation_record *record, enum level_fact_id fact,
        enum level_obtained obtained, uint64_t errors, uint64_t trials, const char *from, size_t evidence)
{
        struct fact_claim claim = { .fact = fact,
                .value = { .obtained = obtained, .rate = { .errors = errors, .trials = trials } } };
        add(record, &claim, from, evidence);
}

void evaluation_record_unusable(struct evaluation_record *record, enum level_fact_id fact, const char *why,
        const char *why_ja, const char *from, size_t evidence)
{
        struct fact_claim claim = { .fact = fact, .value = { .obtained = LEVEL_UNUSABLE } };
        keep_text(claim.why, sizeof claim.why, why);
        keep_text(claim.why_ja, sizeof claim.why_ja, why_ja);
        add(record, &claim, from, evidence);
}

/* ---- values of JSON ---- */

/* No greater ones than an evaluation statement can carry. */
static bool is_number(const json_t *value)
{
        return json_is_integer(value) && json_integer_value(value) >= 0 &&
               json_integer_value(value) <= UINT32_MAX;
}

static bool take_rate(const json_t *value, struct fact_claim *claim)
{
        const json_t *errors = json_object_get(value, "errors"), *trials = json_object_get(value, "trials");
        bool fits = json_object_size(value) == 2 && is_number(errors) && is_number(trials) &&
                    json_integer_value(trials) > 0 &&
                    json_integer_value(errors) <= json_integer_value(trials);
        if (fits) {
                claim->value.rate.errors = (uint64_t)json_integer_value(errors);
                claim->value.rate.trials = (uint64_t)json_integer_value(trials);
        }
        return fits;
}

static bool take_value(const json_t *value, struct fact_claim *claim)
{
        switch (level_fact_kind(claim->fact)->type) {
        case LEVEL_BOOL:
                claim->value.yes = json_is_true(value);
                return json_is_boolean(value);
        case LEVEL_COUNT:
                claim->value.count = (uint64_t)json_integer_value(value);
                return is_number(value);
        case LEVEL_WORD:
                if (!json_is_string(value) || json_string_length(value) >= sizeof claim->word ||
                        !level_fact_takes(
                                claim->fact, slice_of(json_string_value(value), json_string_length(value))))
                        return false;
                (void)snprintf(claim->word, sizeof claim->word, "%s", json_string_value(value));
                return true;
        case LEVEL_RATE:
                break;
        }
        return take_rate(value, claim);
}

static const struct {
        const char *wanted, *wanted_ja;
} wishes[] = {
        [LEVEL_BOOL] = { "true or false is wanted", "trueかfalseが必要" },
        [LEVEL_COUNT] = { "a number is wanted", "0以上の整数が必要" },
        [LEVEL_WORD] = { "a word of this fact is wanted", "このファクトの語が必要" },
        [LEVEL_RATE] = { "{\"errors\", \"trials\"} is wanted, no more errors than trials",
                "{\"errors\", \"trials\"}(誤りは試行以下)が必要" },
};

static const char most[] = " (4294967295 at most)", most_ja[] = "、4294967295まで";

void evaluation_record_given(struct evaluation_record *record, enum level_fact_id fact,
        enum level_obtained obtained, bool partial, const json_t *value, const char *from, size_t evidence)
{
        enum { SHOWN = 60 };
        struct fact_claim claim = { .fact = fact, .value = { .obtained = obtained, .partial = partial } };
        const enum level_type type = level_fact_kind(fact)->type;
        char shown[SHOWN], why[FACT_WHY_MAX], why_ja[FACT_WHY_MAX];
        if (take_value(value, &claim)) {
                add(record, &claim, from, evidence);
                return;
        }
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        keep_text(shown, sizeof shown, text ? text : "");
        free(text);
        const bool great = json_is_integer(value) && json_integer_value(value) > UINT32_MAX;
        (void)snprintf(why, sizeof why, "%s%s, not %s", wishes[type].wanted, great ? most : "", shown);
        (void)snprintf(why_ja, sizeof why_ja, "%s(%sではなく%s)", wishes[type].wanted_ja, shown,
                great ? most_ja : "");
        evaluation_record_unusable(record, fact, why, why_ja, from, evidence);
}
