/* SPDX-License-Identifier: Apache-2.0 */
#include "level_expression.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { CONFIDENCE = 95, OFFSET = 1000 };

/* ---- reading ---- */

/* As a predicate stands in a policy: somewhere behind its beginning. */
static mitome_code read_text(const char *text, struct level_expression *ret, size_t *ret_at)
{
        mitome_error error = { 0 };
        reader r = reader_over(slice_text(text), "clause", &error);
        r.offset = OFFSET;
        mitome_status status = level_expression_read(r, ret);
        assert_int_equal(status.code, error.code);
        if (ret_at)
                *ret_at = failed(status) ? error.at - OFFSET : 0;
        return status.code;
}

static void read_right(const char *text, struct level_expression *ret)
{
        size_t at;
        mitome_code code = read_text(text, ret, &at);
        if (code != MITOME_OK)
                fail_msg("%s: %d at %zu", text, (int)code, at);
}

/* ---- facts ---- */

/* "pin.tries=3", "uv.fmr=1/30000", "model.key_protection=tee", "login.user_present=yes", each with how it was
 * obtained in front: D declared, A attested, M measured, O observed, X unusable, P observed in part, Q
 * declared in part. */
static void set_one(struct level_facts *facts, const char *text)
{
        static const char letters[] = "DAMOX";
        static const enum level_obtained obtained[] = { LEVEL_DECLARED, LEVEL_ATTESTED, LEVEL_MEASURED,
                LEVEL_OBSERVED, LEVEL_UNUSABLE };
        const char *value = strchr(text, '=');
        assert_non_null(value);
        const enum level_fact_id id = level_fact_find(slice_of(text + 1, (size_t)(value - text) - 1));
        assert_int_not_equal(id, LEVEL_FACTS);
        struct level_fact *fact = &facts->facts[id];
        const char *letter = strchr(letters, *text);
        *fact = (struct level_fact){ .partial = *text == 'P' || *text == 'Q' };
        fact->obtained = letter ? obtained[letter - letters] : *text == 'Q' ? LEVEL_DECLARED : LEVEL_OBSERVED;
        value++;
        unsigned long long first = 0, second = 0;
        switch (level_fact_kind(id)->type) {
        case LEVEL_BOOL:
                fact->yes = strcmp(value, "yes") == 0;
                break;
        case LEVEL_COUNT:
                assert_int_equal(sscanf(value, "%llu", &first), 1);
                fact->count = first;
                break;
        case LEVEL_WORD:
                fact->word = slice_text(value);
                break;
        case LEVEL_RATE:
                assert_int_equal(sscanf(value, "%llu/%llu", &first, &second), 2);
                fact->rate.errors = first;
                fact->rate.trials = second;
                break;
        }
}

/* Facts with a space between them; words are views of `words`, which must outlive them. */
static void set_facts(struct level_facts *facts, const char *text, char words[256])
{
        *facts = (struct level_facts){ 0 };
        snprintf(words, 256, "%s", text);
        for (char *one = strtok(words, " "); one; one = strtok(NULL, " "))
                set_one(facts, one);
}

static struct level_finding judge(const char *predicate, const char *known)
{
        struct level_expression expression;
        struct level_facts facts;
        char words[256];
        read_right(predicate, &expression);
        set_facts(&facts, known, words);
        return level_expression_judge(&expression, &facts, CONFIDENCE);
}

/* ---- operators and types ---- */

struct row {
        const char *predicate, *facts;
        enum level_outcome outcome;
};

static void check_rows(const struct row *rows, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                const enum level_outcome outcome = judge(rows[i].predicate, rows[i].facts).outcome;
                if (outcome != rows[i].outcome)
                        fail_msg("%s with %s: %s", rows[i].predicate, rows[i].facts,
                                level_outcome_name(outcome));
        }
}

#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof(rows)[0])

static void each_operator_compares_at_its_edge(void **state)
{
        (void)state;
        static const struct row rows[] = {
                { "login.user_present", "Ologin.user_present=yes", LEVEL_SATISFIED },
                { "login.user_present", "Ologin.user_present=no", LEVEL_NOT_SATISFIED },
                { "not login.user_present", "Ologin.user_present=no", LEVEL_SATISFIED },
                { "not login.user_present", "Ologin.user_present=yes", LEVEL_NOT_SATISFIED },
                { "pin.tries = 3", "Opin.tries=3", LEVEL_SATISFIED },
                { "pin.tries = 3", "Opin.tries=4", LEVEL_NOT_SATISFIED },
                { "pin.tries < 3", "Opin.tries=2", LEVEL_SATISFIED },
                { "pin.tries < 3", "Opin.tries=3", LEVEL_NOT_SATISFIED },
                { "pin.tries <= 3", "Opin.tries=3", LEVEL_SATISFIED },
                { "pin.tries <= 3", "Opin.tries=4", LEVEL_NOT_SATISFIED },
                { "pin.tries > 3", "Opin.tries=4", LEVEL_SATISFIED },
                { "pin.tries > 3", "Opin.tries=3", LEVEL_NOT_SATISFIED },
                { "pin.tries >= 3", "Opin.tries=3", LEVEL_SATISFIED },
                { "pin.tries >= 3", "Opin.tries=2", LEVEL_NOT_SATISFIED },
                { "pin.tries = 0", "Opin.tries=0", LEVEL_SATISFIED },
                { "pin.tries < 999999999999999", "Opin.tries=999999999999998", LEVEL_SATISFIED },
                { "pin.tries>=3and pin.offered", "Opin.tries=3 Opin.offered=yes", LEVEL_OUTCOMES },
                { "model.key_protection = tee", "Omodel.key_protection=tee", LEVEL_SATISFIED },
                { "model.key_protection = tee", "Omodel.key_protection=software", LEVEL_NOT_SATISFIED },
                { "model.key_protection in (hardware, tee)", "Omodel.key_protection=tee", LEVEL_SATISFIED },
                { "model.key_protection in(hardware,tee)", "Omodel.key_protection=hardware",
                        LEVEL_SATISFIED },
                { "model.key_protection in (hardware, tee)", "Omodel.key_protection=secure_element",
                        LEVEL_NOT_SATISFIED },
                { "model.key_protection in (tee)", "Omodel.key_protection=te", LEVEL_NOT_SATISFIED },
        };
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
                if (rows[i].outcome == LEVEL_OUTCOMES) { /* a number ends where its word does */
                        struct level_expression expression;
                        assert_int_equal(
                                read_text(rows[i].predicate, &expression, NULL), MITOME_E_POLICY_EXPRESSION);
                } else {
                        check_rows(&rows[i], 1);
                }
}

/* The trials are those of the tables: 29956 without an error bring the bound of 95 % under 1/10000, one fewer
 * does not, and decides nothing: it is not the errors that are too many, but the trials too few. */
static void rates_are_judged_by_their_bounds(void **state)
{
        (void)state;
        static const struct row rows[] = {
                { "uv.fmr < 1/10000", "Muv.fmr=0/29956", LEVEL_SATISFIED },
                { "uv.fmr < 1/10000", "Muv.fmr=0/29955", LEVEL_NOT_TESTABLE },
                { "uv.fmr < 0.01%", "Muv.fmr=0/29956", LEVEL_SATISFIED },
                { "uv.fmr < 0.01 %", "Muv.fmr=0/29955", LEVEL_NOT_TESTABLE },
                { "uv.fmr < 0.002%", "Muv.fmr=0/149786", LEVEL_SATISFIED },
                { "uv.fmr < 0.002%", "Muv.fmr=0/149785", LEVEL_NOT_TESTABLE },
                { "uv.iapar < 7%", "Muv.iapar=0/42", LEVEL_SATISFIED },
                { "uv.iapar < 7%", "Muv.iapar=0/41", LEVEL_NOT_TESTABLE },
                { "uv.fnmr <= 1/1", "Muv.fnmr=5/5", LEVEL_SATISFIED },
                { "uv.fnmr < 1/1", "Muv.fnmr=5/5", LEVEL_NOT_TESTABLE },
                { "uv.fnmr <= 100%", "Muv.fnmr=5/5", LEVEL_SATISFIED },
                { "uv.fmr < 1/10000", "Muv.fmr=3/20000", LEVEL_NOT_TESTABLE },
                { "uv.fmr < 1/10000", "Muv.fmr=10/30135", LEVEL_NOT_SATISFIED },
                { "uv.iapar < 7%", "Muv.iapar=4/4", LEVEL_NOT_SATISFIED },
                { "uv.iapar < 7%", "Muv.iapar=1/1", LEVEL_NOT_TESTABLE },
                { "uv.fmr < 1/10000", "Muv.fmr=0/0", LEVEL_NOT_TESTABLE },
                { "uv.fmr < 1/10000", "Muv.fmr=3/2", LEVEL_NOT_TESTABLE },
                { "uv.fmr < 1/10000", "Duv.fmr=0/29956", LEVEL_DECLARED_ONLY },
        };
        CHECK_ROWS(rows);
        static const struct {
                unsigned confidence;
                unsigned trials;
        } enough[] = { { 80, 16094 }, { 90, 23025 }, { 95, 29956 } };
        struct level_expression expression;
        read_right("uv.fmr < 1/10000", &expression);
        for (size_t i = 0; i < sizeof enough / sizeof enough[0]; i++)
                for (unsigned less = 0; less < 2; less++) {
                        struct level_facts facts = { 0 };
                        facts.facts[LEVEL_UV_FMR] = (struct level_fact){ .obtained = LEVEL_MEASURED,
                                .rate = { .errors = 0, .trials = enough[i].trials - less } };
                        assert_int_equal(
                                level_expression_judge(&expression, &facts, enough[i].confidence).outcome,
                                less ? LEVEL_NOT_TESTABLE : LEVEL_SATISFIED);
                }
}

/* Whether the parser and the comparison mean the same rate, for figures that nobody chose. */
static void a_percentage_is_the_rate_that_it_says(void **state)
{
        (void)state;
        for (unsigned thousandths = 1; thousandths <= 2000; thousandths += 7) {
                char text[64];
                struct level_expression expression;
                snprintf(text, sizeof text, "uv.fmr < %u.%03u%%", thousandths / 1000, thousandths % 1000);
                read_right(text, &expression);
                const double limit =
                        (double)expression.nodes[0].rate.part / (double)expression.nodes[0].rate.whole;
                assert_true(limit > thousandths / 100000.0 * 0.999999 &&
                            limit < thousandths / 100000.0 * 1.000001);
        }
}

static void a_fact_of_no_use_decides_nothing(void **state)
{
        (void)state;
        static const struct row rows[] = {
                { "pin.offered", "", LEVEL_NOT_TESTABLE },
                { "not pin.offered", "", LEVEL_NOT_TESTABLE },
                { "pin.offered", "Xpin.offered=yes", LEVEL_NOT_TESTABLE },
                { "pin.tries < 3", "Xpin.tries=2", LEVEL_NOT_TESTABLE },
                { "pin.tries < 3 or pin.offered", "Xpin.tries=9 Opin.offered=yes", LEVEL_SATISFIED },
        };
        CHECK_ROWS(rows);
}

/* ---- three values ---- */

static const char *const truths[] = { "no", "yes", NULL }; /* NULL: not known */

static char kleene_and(char a, char b)
{
        return a == 'F' || b == 'F' ? 'F' : a == 'T' && b == 'T' ? 'T' : '?';
}

static char kleene_or(char a, char b)
{
        return a == 'T' || b == 'T' ? 'T' : a == 'F' && b == 'F' ? 'F' : '?';
}

static char kleene_not(char a)
{
        return a == 'T' ? 'F' : a == 'F' ? 'T' : '?';
}

static char truth_of(const char *predicate, const char *facts)
{
        static const char letters[] = { 'T', 'T', 'T', 'F', '?' };
        return letters[judge(predicate, facts).outcome];
}

static void unknown_decides_nothing_in_either_direction(void **state)
{
        (void)state;
        static const char letters[] = "FT?";
        for (int a = 0; a < 3; a++)
                for (int b = 0; b < 3; b++)
                        for (int c = 0; c < 3; c++) {
                                const char x = letters[a], y = letters[b], z = letters[c];
                                char facts[256] = "";
                                static const char *const names[] = { "Opin.offered", "Ouv.offered",
                                        "Ouv.local" };
                                const int values[] = { a, b, c };
                                for (int i = 0; i < 3; i++)
                                        if (truths[values[i]])
                                                snprintf(facts + strlen(facts), sizeof facts - strlen(facts),
                                                        "%s=%s ", names[i], truths[values[i]]);
                                assert_int_equal(
                                        truth_of("pin.offered and uv.offered", facts), kleene_and(x, y));
                                assert_int_equal(
                                        truth_of("pin.offered or uv.offered", facts), kleene_or(x, y));
                                assert_int_equal(truth_of("not pin.offered", facts), kleene_not(x));
                                /* `not` binds tightest, then `and` */
                                assert_int_equal(truth_of("pin.offered or uv.offered and uv.local", facts),
                                        kleene_or(x, kleene_and(y, z)));
                                assert_int_equal(truth_of("(pin.offered or uv.offered) and uv.local", facts),
                                        kleene_and(kleene_or(x, y), z));
                                assert_int_equal(truth_of("not pin.offered and uv.offered", facts),
                                        kleene_and(kleene_not(x), y));
                                assert_int_equal(truth_of("not (pin.offered and uv.offered)", facts),
                                        kleene_or(kleene_not(x), kleene_not(y)));
                                assert_int_equal(truth_of("not not pin.offered or not uv.local", facts),
                                        kleene_or(x, kleene_not(z)));
                        }
}

/* ---- what it rests on ---- */

static void an_outcome_says_what_it_rests_on(void **state)
{
        (void)state;
        static const struct row rows[] = {
                { "pin.offered", "Opin.offered=yes", LEVEL_SATISFIED },
                { "pin.offered", "Apin.offered=yes", LEVEL_SATISFIED },
                { "pin.offered", "Mpin.offered=yes", LEVEL_SATISFIED },
                { "pin.offered", "Dpin.offered=yes", LEVEL_DECLARED_ONLY },
                { "pin.offered", "Ppin.offered=yes", LEVEL_PARTLY_OBSERVED },
                { "pin.offered", "Qpin.offered=yes", LEVEL_DECLARED_ONLY },
                { "not pin.offered", "Dpin.offered=no", LEVEL_DECLARED_ONLY },
                /* both are needed: the whole rests on both */
                { "pin.offered and uv.offered", "Opin.offered=yes Duv.offered=yes", LEVEL_PARTLY_OBSERVED },
                { "pin.offered and uv.offered", "Dpin.offered=yes Duv.offered=yes", LEVEL_DECLARED_ONLY },
                { "pin.offered and uv.offered", "Ppin.offered=yes Ouv.offered=yes", LEVEL_PARTLY_OBSERVED },
                { "not (pin.offered or uv.offered)", "Opin.offered=no Duv.offered=no",
                        LEVEL_PARTLY_OBSERVED },
                /* either is enough: the better one counts */
                { "pin.offered or uv.offered", "Dpin.offered=yes Ouv.offered=yes", LEVEL_SATISFIED },
                { "pin.offered or uv.offered", "Opin.offered=no Duv.offered=yes", LEVEL_DECLARED_ONLY },
                { "pin.offered or uv.offered", "Dpin.offered=yes Puv.offered=yes", LEVEL_PARTLY_OBSERVED },
                /* what fails, fails by whatever is known */
                { "pin.offered and uv.offered", "Dpin.offered=no Ouv.offered=yes", LEVEL_NOT_SATISFIED },
                { "pin.offered", "Ppin.offered=no", LEVEL_NOT_SATISFIED },
        };
        CHECK_ROWS(rows);
        static const char *const names[LEVEL_OUTCOMES] = { "satisfied", "partially observed", "declared only",
                "not satisfied", "not testable here" };
        for (int i = 0; i < LEVEL_OUTCOMES; i++)
                assert_string_equal(level_outcome_name((enum level_outcome)i), names[i]);
}

static void the_fact_that_decided_is_named(void **state)
{
        (void)state;
        static const struct {
                const char *predicate, *facts;
                enum level_fact_id fact;
        } rows[] = {
                { "pin.offered and uv.offered", "Opin.offered=yes Duv.offered=yes", LEVEL_UV_OFFERED },
                { "pin.offered and uv.offered", "Opin.offered=yes", LEVEL_UV_OFFERED },
                { "pin.offered and uv.offered", "Opin.offered=yes Ouv.offered=no", LEVEL_UV_OFFERED },
                { "pin.offered and uv.offered", "Dpin.offered=no Ouv.offered=no", LEVEL_UV_OFFERED },
                { "pin.offered and uv.offered", "Opin.offered=yes Ouv.offered=yes", LEVEL_PIN_OFFERED },
                { "pin.offered or uv.offered", "Opin.offered=no Ouv.offered=yes", LEVEL_UV_OFFERED },
                { "pin.offered or uv.offered", "Opin.offered=no", LEVEL_UV_OFFERED },
                { "not uv.offered or uv.tries <= 5", "Ouv.offered=yes Ouv.tries=6", LEVEL_UV_TRIES },
                { "not uv.offered or uv.tries <= 5", "Duv.offered=yes Ouv.tries=6", LEVEL_UV_TRIES },
                { "pin.tries <= 5 and pin.tries_hold", "Opin.tries=3", LEVEL_PIN_TRIES_HOLD },
        };
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
                assert_int_equal(judge(rows[i].predicate, rows[i].facts).fact, rows[i].fact);
}

/* ---- what others walk ---- */

static void nodes_stand_behind_what_they_join(void **state)
{
        (void)state;
        struct level_expression e;
        struct level_finding findings[LEVEL_NODES_MAX];
        struct level_facts facts;
        char words[256];
        read_right("not uv.offered or (uv.tries >= 1 and model.key_protection in (hardware, tee))", &e);
        static const enum level_operator operators[] = { LEVEL_HOLDS, LEVEL_NOT, LEVEL_AT_LEAST, LEVEL_IN,
                LEVEL_AND, LEVEL_OR };
        assert_int_equal(e.count, 6);
        for (size_t i = 0; i < 6; i++)
                assert_int_equal(e.nodes[i].operator, operators[i]);
        assert_int_equal(e.nodes[1].left, 0);
        assert_int_equal(e.nodes[2].count, 1);
        assert_int_equal(e.nodes[4].left, 2);
        assert_int_equal(e.nodes[4].right, 3);
        assert_int_equal(e.nodes[5].left, 1);
        assert_int_equal(e.nodes[5].right, 4);
        slice list = e.nodes[3].words, word;
        assert_true(slice_is(list, "hardware, tee"));
        assert_true(level_words_next(&list, &word) && slice_is(word, "hardware"));
        assert_true(level_words_next(&list, &word) && slice_is(word, "tee"));
        assert_false(level_words_next(&list, &word));

        set_facts(&facts, "Ouv.offered=yes Puv.tries=5", words);
        level_expression_findings(&e, &facts, CONFIDENCE, findings);
        static const enum level_outcome outcomes[] = { LEVEL_SATISFIED, LEVEL_NOT_SATISFIED,
                LEVEL_PARTLY_OBSERVED, LEVEL_NOT_TESTABLE, LEVEL_NOT_TESTABLE, LEVEL_NOT_TESTABLE };
        for (size_t i = 0; i < 6; i++)
                assert_int_equal(findings[i].outcome, outcomes[i]);
        assert_int_equal(findings[5].fact, LEVEL_MODEL_KEY_PROTECTION);
        assert_int_equal(level_node_judge(&e.nodes[2], &facts, CONFIDENCE).outcome, LEVEL_PARTLY_OBSERVED);
        assert_int_equal(level_node_judge(&e.nodes[3], &facts, CONFIDENCE).outcome, LEVEL_NOT_TESTABLE);
}

/* ---- refusals ---- */

/* `at`: the first occurrence of this text (its end, for ""). */
static const struct refusal {
        const char *predicate;
        mitome_code code;
        const char *at;
} refusals[] = {
        /* names */
        { "pin.trys <= 3", MITOME_E_POLICY_PREDICATE, "pin.trys" },
        { "pin.offered and is_nice", MITOME_E_POLICY_PREDICATE, "is_nice" },
        { "PIN.OFFERED", MITOME_E_POLICY_PREDICATE, "PIN" },
        { "pin.offered.", MITOME_E_POLICY_PREDICATE, "pin" },
        { "NOT pin.offered", MITOME_E_POLICY_PREDICATE, "NOT" },
        /* types */
        { "pin.offered = 3", MITOME_E_POLICY_TYPE, "=" },
        { "pin.offered in (tee)", MITOME_E_POLICY_TYPE, "in (" },
        { "pin.tries", MITOME_E_POLICY_TYPE, "pin" },
        { "uv.offered and pin.tries", MITOME_E_POLICY_TYPE, "pin" },
        { "pin.tries in (3)", MITOME_E_POLICY_TYPE, "in (" },
        { "pin.tries = three", MITOME_E_POLICY_TYPE, "three" },
        { "model.key_protection", MITOME_E_POLICY_TYPE, "model" },
        { "model.key_protection < tee", MITOME_E_POLICY_TYPE, "<" },
        { "model.key_protection >= tee", MITOME_E_POLICY_TYPE, ">=" },
        { "model.key_protection = steel", MITOME_E_POLICY_TYPE, "steel" },
        { "model.key_protection = on_chip", MITOME_E_POLICY_TYPE, "on_chip" },
        { "model.key_protection = 3", MITOME_E_POLICY_TYPE, "3" },
        { "model.key_protection in (tee, on_chip)", MITOME_E_POLICY_TYPE, "on_chip" },
        { "uv.fmr", MITOME_E_POLICY_TYPE, "uv" },
        { "uv.fmr = 1/2", MITOME_E_POLICY_TYPE, "=" },
        { "uv.fmr > 1/2", MITOME_E_POLICY_TYPE, ">" },
        { "uv.fmr >= 1/2", MITOME_E_POLICY_TYPE, ">=" },
        { "uv.fmr < little", MITOME_E_POLICY_TYPE, "little" },
        /* what does not read */
        { "", MITOME_E_POLICY_EXPRESSION, "" },
        { "   ", MITOME_E_POLICY_EXPRESSION, "" },
        { "pin.offered and", MITOME_E_POLICY_EXPRESSION, "" },
        { "or pin.offered", MITOME_E_POLICY_EXPRESSION, "or" },
        { "not", MITOME_E_POLICY_EXPRESSION, "" },
        { "pin.offered uv.offered", MITOME_E_POLICY_EXPRESSION, "uv" },
        { "pin.offered not uv.offered", MITOME_E_POLICY_EXPRESSION, "not" },
        { "(pin.offered", MITOME_E_POLICY_EXPRESSION, "" },
        { "pin.offered)", MITOME_E_POLICY_EXPRESSION, ")" },
        { "()", MITOME_E_POLICY_EXPRESSION, ")" },
        { "pin.tries == 3", MITOME_E_POLICY_EXPRESSION, "= 3" },
        { "pin.tries =< 3", MITOME_E_POLICY_EXPRESSION, "< 3" },
        { "pin.tries != 3", MITOME_E_POLICY_EXPRESSION, "!" },
        { "pin.tries <", MITOME_E_POLICY_EXPRESSION, "" },
        { "pin.tries < -3", MITOME_E_POLICY_EXPRESSION, "-" },
        { "pin.tries < 03", MITOME_E_POLICY_EXPRESSION, "03" },
        { "pin.tries < 3.5", MITOME_E_POLICY_EXPRESSION, "3.5" },
        { "pin.tries < 1000000000000000", MITOME_E_POLICY_EXPRESSION, "1000" },
        { "pin.tries < 0x10", MITOME_E_POLICY_EXPRESSION, "0x10" },
        { "3 < pin.tries", MITOME_E_POLICY_EXPRESSION, "3" },
        { "pin.tries < uv.tries", MITOME_E_POLICY_TYPE, "uv.tries" },
        { "model.key_protection in tee", MITOME_E_POLICY_EXPRESSION, "tee" },
        { "model.key_protection in ()", MITOME_E_POLICY_EXPRESSION, ")" },
        { "model.key_protection in (tee", MITOME_E_POLICY_EXPRESSION, "" },
        { "model.key_protection in (tee,)", MITOME_E_POLICY_EXPRESSION, ")" },
        { "model.key_protection in (tee hardware)", MITOME_E_POLICY_EXPRESSION, "hardware" },
        { "uv.fmr < 1", MITOME_E_POLICY_EXPRESSION, "" },
        { "uv.fmr < 1/", MITOME_E_POLICY_EXPRESSION, "" },
        { "uv.fmr < 0/5", MITOME_E_POLICY_EXPRESSION, "0/5" },
        { "uv.fmr < 1/0", MITOME_E_POLICY_EXPRESSION, "1/0" },
        { "uv.fmr < 6/5", MITOME_E_POLICY_EXPRESSION, "6/5" },
        { "uv.fmr < 0%", MITOME_E_POLICY_EXPRESSION, "0%" },
        { "uv.fmr < 100.1%", MITOME_E_POLICY_EXPRESSION, "100.1" },
        { "uv.fmr < 101%", MITOME_E_POLICY_EXPRESSION, "101" },
        { "uv.fmr < 5.%", MITOME_E_POLICY_EXPRESSION, "5." },
        { "uv.fmr < .5%", MITOME_E_POLICY_EXPRESSION, ".5" },
        { "uv.fmr < 1.2.3%", MITOME_E_POLICY_EXPRESSION, "1.2.3" },
        { "uv.fmr < 0.0000000001%", MITOME_E_POLICY_EXPRESSION, "0.0" },
        { "uv.fmr < 0.01", MITOME_E_POLICY_EXPRESSION, "" },
        { "uv.fmr < 1/2%", MITOME_E_POLICY_EXPRESSION, "%" },
        /* hostile */
        { "pin.offered\\u0020", MITOME_E_POLICY_EXPRESSION, "\\" },
        { "pin.offered\tand uv.offered", MITOME_E_POLICY_EXPRESSION, "\t" },
        { "pin.offered and \xE8\xAA\x8D", MITOME_E_POLICY_EXPRESSION, "\xE8" },
        { "pin.offered;", MITOME_E_POLICY_EXPRESSION, ";" },
};

static void a_wrong_word_is_refused_where_it_begins(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
                const struct refusal *r = &refusals[i];
                struct level_expression expression = { .count = 77 };
                size_t at;
                const mitome_code code = read_text(r->predicate, &expression, &at);
                const char *place =
                        *r->at ? strstr(r->predicate, r->at) : r->predicate + strlen(r->predicate);
                assert_non_null(place);
                if (code != r->code || at != (size_t)(place - r->predicate))
                        fail_msg("\"%s\": %d at %zu", r->predicate, (int)code, at);
                assert_int_equal(expression.count, 77);
        }
}

/* As many nodes and as deep as there may be, and one more. */
static void predicates_are_bounded(void **state)
{
        (void)state;
        struct level_expression expression;
        char text[1024];
        size_t at;
        for (int over = 0; over < 2; over++) {
                /* n comparisons and n - 1 that join them: 31 nodes, and 33 */
                int used = snprintf(text, sizeof text, "pin.offered");
                for (int i = 1; i < LEVEL_NODES_MAX / 2 + over; i++)
                        used += snprintf(text + used, sizeof text - (size_t)used, " and pin.offered");
                assert_int_equal(read_text(text, &expression, &at), over ? MITOME_E_TOO_MANY : MITOME_OK);

                used = 0;
                for (int i = 0; i < LEVEL_DEPTH_MAX + over; i++)
                        used += snprintf(text + used, sizeof text - (size_t)used, i % 2 ? "(" : "not ");
                used += snprintf(text + used, sizeof text - (size_t)used, "pin.offered");
                for (int i = 0; i < LEVEL_DEPTH_MAX + over; i++)
                        used += snprintf(text + used, sizeof text - (size_t)used, i % 2 ? ")" : "");
                assert_int_equal(read_text(text, &expression, &at), over ? MITOME_E_DEPTH : MITOME_OK);
        }
        char *deep = text;
        memset(deep, '(', sizeof text - 1);
        text[sizeof text - 1] = '\0';
        assert_int_equal(read_text(deep, &expression, &at), MITOME_E_DEPTH);
        assert_int_equal(at, LEVEL_DEPTH_MAX);
}

/* Each fact is found by its name and by no part of it, and each word of a WORD fact is one that its text
 * names. */
static void every_fact_is_found_by_its_name(void **state)
{
        (void)state;
        for (unsigned i = 0; i < LEVEL_FACTS; i++) {
                const struct level_fact_kind *kind = level_fact_kind((enum level_fact_id)i);
                assert_int_equal(level_fact_find(slice_text(kind->name)), i);
                assert_int_equal(level_fact_find(slice_of(kind->name, strlen(kind->name) - 1)), LEVEL_FACTS);
                assert_true(strlen(kind->text) > 0 && strlen(kind->text_ja) > 0);
        }
        assert_int_equal(level_fact_find(slice_text("")), LEVEL_FACTS);
        static const struct {
                enum level_fact_id id;
                const char *word;
                bool takes;
        } words[] = {
                { LEVEL_MODEL_KEY_PROTECTION, "secure_element", true },
                { LEVEL_MODEL_KEY_PROTECTION, "on_chip", false },
                { LEVEL_MODEL_MATCHER_PROTECTION, "on_chip", true },
                { LEVEL_MODEL_MATCHER_PROTECTION, "hardware", false },
                { LEVEL_UV_MODALITY, "voice", true },
                { LEVEL_UV_MODALITY, "", false },
                { LEVEL_PIN_TRIES, "finger", false },
        };
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
                assert_int_equal(level_fact_takes(words[i].id, slice_text(words[i].word)), words[i].takes);
                if (words[i].takes)
                        assert_non_null(strstr(level_fact_kind(words[i].id)->text, words[i].word));
        }
        static const char *const obtained[] = { "unknown", "declared", "attested", "measured", "observed",
                "unusable" };
        for (int i = 0; i <= LEVEL_UNUSABLE; i++)
                assert_string_equal(level_obtained_name((enum level_obtained)i), obtained[i]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_operator_compares_at_its_edge),
                cmocka_unit_test(rates_are_judged_by_their_bounds),
                cmocka_unit_test(a_percentage_is_the_rate_that_it_says),
                cmocka_unit_test(a_fact_of_no_use_decides_nothing),
                cmocka_unit_test(unknown_decides_nothing_in_either_direction),
                cmocka_unit_test(an_outcome_says_what_it_rests_on),
                cmocka_unit_test(the_fact_that_decided_is_named),
                cmocka_unit_test(nodes_stand_behind_what_they_join),
                cmocka_unit_test(a_wrong_word_is_refused_where_it_begins),
                cmocka_unit_test(predicates_are_bounded),
                cmocka_unit_test(every_fact_is_found_by_its_name),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
