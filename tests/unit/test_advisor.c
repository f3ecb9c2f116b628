/* SPDX-License-Identifier: Apache-2.0 */
/* What lifts a device: over predicates as policies have them, against judging every value. */
#include "advisor.h"

#include "seeded_draw.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { CONFIDENCE = 95, RULES_MAX = 6, TEXT_MAX = 256 };

static struct level_expression expressions[RULES_MAX];
static char texts[RULES_MAX][TEXT_MAX];
static struct advisor_rule rules[RULES_MAX];
static size_t rule_count;

static void demand(const char *predicate, bool must_be_known)
{
        assert_in_range(rule_count, 0, RULES_MAX - 1);
        snprintf(texts[rule_count], TEXT_MAX, "%s", predicate);
        mitome_status status = level_expression_read(
                reader_over(slice_text(texts[rule_count]), NULL, NULL), &expressions[rule_count]);
        if (status.code != MITOME_OK)
                fail_msg("%s does not read", predicate);
        rules[rule_count] = (struct advisor_rule){ &expressions[rule_count], "element", must_be_known };
        rule_count++;
}

static void demand_only(const char *predicate)
{
        rule_count = 0;
        demand(predicate, true);
}

static struct advice advise(const struct level_facts *facts)
{
        struct advice advice;
        assert_int_equal(advisor_find(rules, rule_count, facts, CONFIDENCE, &advice, NULL).code, MITOME_OK);
        assert_true(advice.least);
        return advice;
}

/* The sentence of the only change. */
static void assert_advice(
        const struct level_facts *facts, const char *kind, const char *to, const char *en, const char *ja)
{
        const struct advice advice = advise(facts);
        assert_true(advice.found);
        assert_int_equal(advice.count, 1);
        json_t *changes = advisor_json(&advice, facts, CONFIDENCE);
        const json_t *change = json_array_get(changes, 0);
        assert_string_equal(json_string_value(json_object_get(change, "kind")), kind);
        assert_string_equal(json_string_value(json_object_get(change, "to")), to);
        if (!strstr(json_string_value(json_object_get(change, "text")), en))
                fail_msg("%s", json_string_value(json_object_get(change, "text")));
        if (!strstr(json_string_value(json_object_get(change, "text_ja")), ja))
                fail_msg("%s", json_string_value(json_object_get(change, "text_ja")));
        json_decref(changes);
}

static void set_count(struct level_facts *facts, enum level_fact_id id, uint64_t count)
{
        facts->facts[id] = (struct level_fact){ .obtained = LEVEL_OBSERVED, .count = count };
}

/* ---- words ---- */

static void what_has_to_change_is_said_in_figures(void **state)
{
        struct level_facts facts = { 0 };
        (void)state;
        set_count(&facts, LEVEL_UV_TRIES, 5);
        demand_only("uv.tries <= 3");
        assert_advice(&facts, "change", "3 or fewer", "uv.tries: 5 -> 3 or fewer", "uv.tries: 5 → 3以下");
        demand_only("uv.tries >= 1 and uv.tries < 5");
        assert_advice(&facts, "change", "1 to 4", "uv.tries: 5 -> 1 to 4", "1から4");
        demand_only("uv.tries = 3");
        assert_advice(&facts, "change", "3", "uv.tries: 5 -> 3", "→ 3(");
        demand_only("uv.tries > 5");
        assert_advice(&facts, "change", "6 or more", "5 -> 6 or more", "6以上");
        facts.facts[LEVEL_KEY_EXPORTABLE] = (struct level_fact){ .obtained = LEVEL_OBSERVED, .yes = true };
        demand_only("not key.exportable");
        assert_advice(&facts, "change", "no", "key.exportable: yes -> no", "はい → いいえ");
        facts.facts[LEVEL_MODEL_KEY_PROTECTION] =
                (struct level_fact){ .obtained = LEVEL_DECLARED, .word = slice_text("software") };
        demand_only("model.key_protection in (hardware, tee, secure_element)");
        assert_advice(&facts, "change", "hardware, tee or secure_element",
                "model.key_protection: software -> hardware, tee or secure_element",
                "hardware、tee、secure_element");
        demand_only("not model.key_protection = software");
        assert_advice(&facts, "change", "another word", "-> another word", "ほかの語");
}

static void what_nobody_knows_has_to_be_shown(void **state)
{
        struct level_facts facts = { 0 };
        (void)state;
        demand_only("pin.tries >= 1 and pin.tries <= 10");
        assert_advice(&facts, "show", "1 to 10", "show pin.tries: 1 to 10", "pin.triesを示す: 1から10");
        facts.facts[LEVEL_PIN_TRIES].obtained = LEVEL_UNUSABLE;
        assert_advice(&facts, "show", "1 to 10", "show pin.tries", "示す");
        demand_only("op.intent");
        assert_advice(&facts, "show", "yes", "show op.intent: yes", "はい");
}

/* The trials that it takes are those of binomial_trials. */
static void a_rate_is_shown_by_trials(void **state)
{
        struct level_facts facts = { 0 };
        (void)state;
        demand_only("uv.fmr < 1/10000");
        assert_advice(&facts, "show", "under 0.0001",
                "measure uv.fmr, under 0.0001: with 29,956 trials without an error", "誤りなしなら29,956回");
        /* Too few trials show nothing bad. */
        facts.facts[LEVEL_UV_FMR] = (struct level_fact){ .obtained = LEVEL_MEASURED, .rate = { 0, 1000 } };
        assert_advice(&facts, "show", "under 0.0001", "measure uv.fmr", "測定し");
        /* These do. */
        facts.facts[LEVEL_UV_FMR].rate.errors = 30;
        assert_advice(&facts, "change", "under 0.0001", "bring down uv.fmr", "改善し");
}

/* ---- sets ---- */

static void one_change_serves_all_who_want_it(void **state)
{
        struct level_facts facts = { 0 };
        (void)state;
        set_count(&facts, LEVEL_PIN_LENGTH_LEAST, 4);
        rule_count = 0;
        demand("pin.length_least >= 6", true);
        demand("pin.length_least <= 12 or pin.blocklist", true);
        demand("pin.blocklist or pin.length_least >= 8", true);
        const struct advice advice = advise(&facts);
        assert_int_equal(advice.count, 1);
        assert_int_equal(advice.changes[0].fact, LEVEL_PIN_LENGTH_LEAST);
        assert_int_equal(advice.changes[0].least, 8);
        assert_int_equal(advice.changes[0].most, 12);
}

static void what_cannot_be_has_no_advice(void **state)
{
        const struct level_facts facts = { 0 };
        (void)state;
        rule_count = 0;
        demand("pin.tries <= 3", true);
        demand("pin.tries >= 5", true);
        assert_false(advise(&facts).found);
}

static void beyond_what_is_judged_only_failures_count(void **state)
{
        struct level_facts facts = { 0 };
        (void)state;
        rule_count = 0;
        demand("verifier.session_minutes >= 1 and verifier.session_minutes <= 720", false);
        assert_int_equal(advise(&facts).count, 0);
        set_count(&facts, LEVEL_VERIFIER_SESSION_MINUTES, 0);
        assert_int_equal(advise(&facts).count, 1);
}

/* A device is not advised to lose its sensor, but where nothing else can be done. */
static void a_path_is_taken_away_last(void **state)
{
        struct level_facts facts = { 0 };
        (void)state;
        facts.facts[LEVEL_UV_OFFERED] = (struct level_fact){ .obtained = LEVEL_OBSERVED, .yes = true };
        rule_count = 0;
        demand("not uv.offered or (uv.local and uv.tries_hold and uv.enrol_needs_pin)", true);
        assert_int_equal(advise(&facts).count, 3);
        demand("not uv.offered or (uv.tries < 3 and uv.tries > 5)", true);
        const struct advice advice = advise(&facts);
        assert_int_equal(advice.count, 1);
        assert_int_equal(advice.changes[0].fact, LEVEL_UV_OFFERED);
        assert_false(advice.changes[0].yes);
}

static void too_many_figures_are_refused(void **state)
{
        const struct level_facts facts = { 0 };
        struct advice advice;
        struct level_expression many[16];
        struct advisor_rule wide[16];
        char text[16][512];
        (void)state;
        for (unsigned r = 0; r < 16; r++) {
                size_t used = 0;
                for (unsigned i = 0; i < 6; i++)
                        used += (size_t)snprintf(text[r] + used, sizeof text[r] - used, "%suv.tries = %u",
                                i ? " or " : "", 10 * (6 * r + i + 1));
                assert_int_equal(
                        level_expression_read(reader_over(slice_text(text[r]), NULL, NULL), &many[r]).code,
                        MITOME_OK);
                wide[r] = (struct advisor_rule){ &many[r], "element", true };
        }
        assert_int_equal(advisor_find(wide, 16, &facts, CONFIDENCE, &advice, NULL).code, MITOME_E_TOO_MANY);
        assert_int_equal(advisor_find(wide, 4, &facts, CONFIDENCE, &advice, NULL).code, MITOME_OK);
}

/* ---- against judging every value ---- */

enum { FACTS = 5, VALUES = 9 };

static const enum level_fact_id facts_used[FACTS] = { LEVEL_PIN_TRIES, LEVEL_PIN_BLOCKLIST, LEVEL_UV_TRIES,
        LEVEL_UV_LOCAL, LEVEL_MODEL_KEY_PROTECTION };
static const char *const words[] = { "software", "hardware", "tee", "secure_element" };

static unsigned draw(uint64_t *seed, unsigned below)
{
        return (unsigned)(draw_number(seed) % below);
}

static unsigned values_of(size_t fact)
{
        const enum level_type type = level_fact_kind(facts_used[fact])->type;
        return type == LEVEL_BOOL ? 2 : type == LEVEL_WORD ? 4 : VALUES;
}

/* `value` -1 is not known. */
static void set_value(struct level_facts *facts, size_t fact, int value)
{
        struct level_fact *of = &facts->facts[facts_used[fact]];
        *of = (struct level_fact){ .obtained = value < 0 ? LEVEL_UNKNOWN : LEVEL_OBSERVED };
        if (level_fact_kind(facts_used[fact])->type == LEVEL_BOOL)
                of->yes = value == 1;
        else if (level_fact_kind(facts_used[fact])->type == LEVEL_WORD)
                of->word = slice_text(words[value < 0 ? 0 : value]);
        else
                of->count = (uint64_t)(value < 0 ? 0 : value);
}

static void draw_comparison(uint64_t *seed, char *text, size_t size)
{
        static const char *const operators[] = { "=", "<", "<=", ">", ">=" };
        const size_t fact = draw(seed, FACTS);
        const char *name = level_fact_kind(facts_used[fact])->name;
        const char *not = draw(seed, 4) ? "" : "not ";
        switch (level_fact_kind(facts_used[fact])->type) {
        case LEVEL_BOOL:
                snprintf(text, size, "%s%s", not, name);
                break;
        case LEVEL_WORD:
                snprintf(text, size, "%s%s in (%s, %s)", not, name, words[draw(seed, 2)], words[2]);
                break;
        default:
                snprintf(text, size, "%s%s %s %u", not, name, operators[draw(seed, 5)],
                        draw(seed, VALUES - 1));
        }
}

static void draw_policy(uint64_t *seed)
{
        rule_count = 0;
        const size_t count = 1 + draw(seed, 4);
        for (size_t i = 0; i < count; i++) {
                char one[96], two[96], three[96], text[TEXT_MAX];
                draw_comparison(seed, one, sizeof one);
                draw_comparison(seed, two, sizeof two);
                draw_comparison(seed, three, sizeof three);
                snprintf(text, sizeof text, draw(seed, 2) ? "%s or (%s and %s)" : "%s and (%s or %s)", one,
                        two, three);
                demand(text, draw(seed, 4) != 0);
        }
}

static bool is_lifted(const struct level_facts *facts)
{
        for (size_t r = 0; r < rule_count; r++) {
                enum level_outcome outcome =
                        level_expression_judge(rules[r].predicate, facts, CONFIDENCE).outcome;
                if (outcome == LEVEL_NOT_SATISFIED ||
                        (outcome == LEVEL_NOT_TESTABLE && rules[r].must_be_known))
                        return false;
        }
        return true;
}

/* The fewest facts that have to be others, by trying every value of each: 9 x 2 x 9 x 2 x 4 states, or one
 * more each where a fact is not known. */
static size_t fewest(const int now[FACTS])
{
        int values[FACTS];
        size_t best = SIZE_MAX;
        for (size_t i = 0; i < FACTS; i++)
                values[i] = now[i] < 0 ? -1 : 0;
        for (bool more = true; more;) {
                struct level_facts facts = { 0 };
                size_t changed = 0;
                for (size_t i = 0; i < FACTS; i++) {
                        set_value(&facts, i, values[i]);
                        changed += values[i] != now[i];
                }
                if (changed < best && is_lifted(&facts))
                        best = changed;
                more = false;
                for (size_t i = 0; i < FACTS && !more; i++) {
                        more = ++values[i] < (int)values_of(i);
                        if (!more)
                                values[i] = now[i] < 0 ? -1 : 0;
                }
        }
        return best;
}

/* Any value that the advice names lifts the device: the ends of what it says are tried. */
static void assert_advice_holds(const struct advice *advice, const struct level_facts *before, bool at_most)
{
        struct level_facts facts = *before;
        for (size_t i = 0; i < advice->count; i++) {
                const struct advisor_change *change = &advice->changes[i];
                struct level_fact *fact = &facts.facts[change->fact];
                *fact = (struct level_fact){ .obtained = LEVEL_OBSERVED };
                if (level_fact_kind(change->fact)->type == LEVEL_BOOL)
                        fact->yes = change->yes;
                else if (level_fact_kind(change->fact)->type == LEVEL_WORD)
                        fact->word = change->word_count ? change->words[at_most ? change->word_count - 1 : 0]
                                                        : slice_text("secure_element");
                else
                        fact->count = at_most ? change->most : change->least;
        }
        assert_true(is_lifted(&facts));
}

static void no_smaller_set_lifts_a_drawn_device(void **state)
{
        enum { POLICIES = 300 };
        size_t hopeless = 0, several = 0;
        (void)state;
        for (uint64_t i = 1; i <= POLICIES; i++) {
                uint64_t seed = i;
                struct level_facts facts = { 0 };
                int now[FACTS];
                draw_policy(&seed);
                for (size_t f = 0; f < FACTS; f++) {
                        now[f] = (int)draw(&seed, values_of(f) + 1) - 1;
                        set_value(&facts, f, now[f]);
                }
                const struct advice advice = advise(&facts);
                const size_t best = fewest(now);
                assert_int_equal(advice.found, best != SIZE_MAX);
                hopeless += !advice.found;
                if (!advice.found)
                        continue;
                assert_int_equal(advice.count, best);
                several += best > 1;
                if (best > 1)
                        continue; /* of several, the ends of each hold for the others as they were taken */
                assert_advice_holds(&advice, &facts, false);
                assert_advice_holds(&advice, &facts, true);
        }
        assert_true(several > POLICIES / 20);
        (void)hopeless;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_has_to_change_is_said_in_figures),
                cmocka_unit_test(what_nobody_knows_has_to_be_shown),
                cmocka_unit_test(a_rate_is_shown_by_trials),
                cmocka_unit_test(one_change_serves_all_who_want_it),
                cmocka_unit_test(what_cannot_be_has_no_advice),
                cmocka_unit_test(beyond_what_is_judged_only_failures_count),
                cmocka_unit_test(a_path_is_taken_away_last),
                cmocka_unit_test(too_many_figures_are_refused),
                cmocka_unit_test(no_smaller_set_lifts_a_drawn_device),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
