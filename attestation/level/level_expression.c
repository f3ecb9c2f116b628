/* SPDX-License-Identifier: Apache-2.0 */
#include "level_expression.h"

#include "binomial.h"

/* ---- words ---- */

static const char field[] = "predicate";

/* One word ahead of what was read: a name, a number, or a sign. */
struct expression_reader {
        reader rest; /* behind `word` */
        slice word;  /* empty at the end */
        size_t at;   /* where it begins, in the policy */
        unsigned depth;
        struct level_expression *expression;
};

static bool is_digit(uint8_t c)
{
        return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Names have points in them, and so have percentages. */
static bool is_within(uint8_t c)
{
        return is_letter(c) || is_digit(c) || c == '.';
}

/* How many bytes the word at the beginning of `text` has. What is none is a word of one byte (or of one
 * character), which nothing below takes. */
static size_t word_size(slice text)
{
        const uint8_t first = text.data[0];
        size_t size = 1;
        if (is_letter(first) || is_digit(first)) {
                while (size < text.size && is_within(text.data[size]))
                        size++;
                return size;
        }
        const bool compares = first == '<' || first == '>';
        return compares && text.size > 1 && text.data[1] == '=' ? 2 : 1;
}

static void next_word(struct expression_reader *r)
{
        slice taken;
        mitome_status status = ok();
        while (r->rest.rest.size && r->rest.rest.data[0] == ' ' && !failed(status))
                status = read_bytes(&r->rest, field, 1, &taken);
        r->at = r->rest.offset;
        r->word = slice_of(r->rest.rest.data, 0);
        if (r->rest.rest.size)
                status = read_bytes(&r->rest, field, word_size(r->rest.rest), &r->word);
        (void)status; /* cannot fail: it asks for no more than there is */
}

static mitome_status refuse_word(const struct expression_reader *r, mitome_code code)
{
        return fail_at(r->rest.error, code, r->at, field, r->rest.clause);
}

static bool next_is(const struct expression_reader *r, const char *word)
{
        return slice_is(r->word, word);
}

/* Takes `word` if it is the next one. */
static bool take_if(struct expression_reader *r, const char *word)
{
        const bool is = next_is(r, word);
        if (is)
                next_word(r);
        return is;
}

static mitome_status take_sign(struct expression_reader *r, const char *sign)
{
        return take_if(r, sign) ? ok() : refuse_word(r, MITOME_E_POLICY_EXPRESSION);
}

/* ---- numbers ---- */

/* A number of at most 15 digits, so that it is exact in a double, too. */
static mitome_status read_digits(const struct expression_reader *r, slice digits, uint64_t *ret)
{
        enum { DIGITS_MAX = 15 };
        uint64_t value = 0;
        if (digits.size == 0 || digits.size > DIGITS_MAX || (digits.size > 1 && digits.data[0] == '0'))
                return refuse_word(r, MITOME_E_POLICY_EXPRESSION);
        for (size_t i = 0; i < digits.size; i++) {
                if (!is_digit(digits.data[i]))
                        return refuse_word(r, MITOME_E_POLICY_EXPRESSION);
                value = value * 10 + (uint64_t)(digits.data[i] - '0');
        }
        *ret = value;
        return ok();
}

static mitome_status take_count(struct expression_reader *r, uint64_t *ret)
{
        if (!r->word.size || !is_digit(r->word.data[0]))
                return refuse_word(r, r->word.size && is_letter(r->word.data[0])
                                              ? MITOME_E_POLICY_TYPE
                                              : MITOME_E_POLICY_EXPRESSION);
        MITOME_TRY(read_digits(r, r->word, ret));
        next_word(r);
        return ok();
}

/* The digits before and behind a point: "0.002" into "0" and "002". */
static bool split_at_point(slice word, slice *ret_whole, slice *ret_part)
{
        slice point;
        size_t size = 0;
        while (size < word.size && word.data[size] != '.')
                size++;
        reader r = reader_over(word, NULL, NULL);
        if (failed(read_bytes(&r, field, size, ret_whole)) || failed(read_bytes(&r, field, 1, &point)))
                return false;
        *ret_part = read_rest(&r);
        return true;
}

/* "0.002" of "0.002 %": as 2 in 100000. */
static mitome_status take_percentage(struct expression_reader *r, struct level_node *node)
{
        enum { PLACES_MAX = 9 };
        slice whole = r->word, part = { 0 };
        uint64_t units, digits = 0, scale = 1;
        const bool pointed = split_at_point(r->word, &whole, &part);
        MITOME_TRY(read_digits(r, whole, &units));
        if (part.size > PLACES_MAX || (pointed && part.size == 0) || units > 100)
                return refuse_word(r, MITOME_E_POLICY_EXPRESSION);
        for (size_t i = 0; i < part.size; i++) {
                if (!is_digit(part.data[i]))
                        return refuse_word(r, MITOME_E_POLICY_EXPRESSION);
                digits = digits * 10 + (uint64_t)(part.data[i] - '0');
                scale *= 10;
        }
        node->rate.part = units * scale + digits;
        node->rate.whole = 100 * scale;
        next_word(r);
        return take_sign(r, "%");
}

static mitome_status take_fraction(struct expression_reader *r, struct level_node *node)
{
        MITOME_TRY(read_digits(r, r->word, &node->rate.part));
        next_word(r);
        MITOME_TRY(take_sign(r, "/"));
        return take_count(r, &node->rate.whole);
}

/* N/M or N%: more than nothing, and at most all. */
static mitome_status take_rate(struct expression_reader *r, struct level_node *node)
{
        const struct expression_reader start = *r;
        struct expression_reader behind = *r;
        if (!r->word.size || !is_digit(r->word.data[0]))
                return refuse_word(r, r->word.size && is_letter(r->word.data[0])
                                              ? MITOME_E_POLICY_TYPE
                                              : MITOME_E_POLICY_EXPRESSION);
        next_word(&behind);
        MITOME_TRY(next_is(&behind, "/") ? take_fraction(r, node) : take_percentage(r, node));
        return node->rate.part > 0 && node->rate.part <= node->rate.whole
                       ? ok()
                       : refuse_word(&start, MITOME_E_POLICY_EXPRESSION);
}

/* ---- comparisons ---- */

static const struct {
        const char *sign;
        enum level_operator operator;
        unsigned types; /* bits of enum level_type */
} comparisons[] = {
        { "=", LEVEL_EQUAL, 1u << LEVEL_COUNT | 1u << LEVEL_WORD },
        { "<", LEVEL_LESS, 1u << LEVEL_COUNT | 1u << LEVEL_RATE },
        { "<=", LEVEL_AT_MOST, 1u << LEVEL_COUNT | 1u << LEVEL_RATE },
        { ">", LEVEL_MORE, 1u << LEVEL_COUNT },
        { ">=", LEVEL_AT_LEAST, 1u << LEVEL_COUNT },
        { "in", LEVEL_IN, 1u << LEVEL_WORD },
};

static mitome_status add_node(struct expression_reader *r, const struct level_node *node, uint8_t *ret)
{
        struct level_expression *expression = r->expression;
        if (expression->count == LEVEL_NODES_MAX)
                return refuse_word(r, MITOME_E_TOO_MANY);
        *ret = (uint8_t)expression->count;
        expression->nodes[expression->count++] = *node;
        return ok();
}

static mitome_status take_fact_word(struct expression_reader *r, enum level_fact_id fact)
{
        if (!r->word.size || !is_letter(r->word.data[0]))
                return refuse_word(r, r->word.size && is_digit(r->word.data[0]) ? MITOME_E_POLICY_TYPE
                                                                                : MITOME_E_POLICY_EXPRESSION);
        if (!level_fact_takes(fact, r->word))
                return refuse_word(r, MITOME_E_POLICY_TYPE);
        next_word(r);
        return ok();
}

static mitome_status take_words(struct expression_reader *r, struct level_node *node)
{
        MITOME_TRY(take_sign(r, "("));
        const struct expression_reader first = *r;
        size_t end;
        do {
                end = r->at + r->word.size;
                MITOME_TRY(take_fact_word(r, node->fact));
        } while (take_if(r, ","));
        node->words = slice_of(first.word.data, end - first.at);
        return take_sign(r, ")");
}

static mitome_status take_value(struct expression_reader *r, enum level_type type, struct level_node *node)
{
        if (type == LEVEL_COUNT)
                return take_count(r, &node->count);
        if (type == LEVEL_RATE)
                return take_rate(r, node);
        if (node->operator== LEVEL_IN)
                return take_words(r, node);
        node->words = r->word;
        return take_fact_word(r, node->fact);
}

static bool ends_comparison(const struct expression_reader *r)
{
        return r->word.size == 0 || next_is(r, "and") || next_is(r, "or") || next_is(r, ")");
}

static mitome_status take_comparison(struct expression_reader *r, uint8_t *ret)
{
        struct level_node node = { .operator= LEVEL_HOLDS, .fact = level_fact_find(r->word) };
        if (!r->word.size || !is_letter(r->word.data[0]) || next_is(r, "and") || next_is(r, "or") ||
                next_is(r, "in"))
                return refuse_word(r, MITOME_E_POLICY_EXPRESSION);
        if (node.fact == LEVEL_FACTS)
                return refuse_word(r, MITOME_E_POLICY_PREDICATE);
        const enum level_type type = level_fact_kind(node.fact)->type;
        const struct expression_reader fact = *r;
        next_word(r);
        for (size_t i = 0; i < sizeof comparisons / sizeof comparisons[0]; i++) {
                if (!next_is(r, comparisons[i].sign))
                        continue;
                if (!(comparisons[i].types & 1u << type))
                        return refuse_word(r, MITOME_E_POLICY_TYPE);
                node.operator= comparisons[i].operator;
                next_word(r);
                MITOME_TRY(take_value(r, type, &node));
                return add_node(r, &node, ret);
        }
        if (type == LEVEL_BOOL)
                return add_node(r, &node, ret);
        return ends_comparison(r) ? refuse_word(&fact, MITOME_E_POLICY_TYPE)
                                  : refuse_word(r, MITOME_E_POLICY_EXPRESSION);
}

/* ---- what joins them: `not` binds tightest, then `and` ---- */

static mitome_status take_or(struct expression_reader *r, uint8_t *ret);

/* Recurses at most LEVEL_DEPTH_MAX deep. */
static mitome_status take_part(struct expression_reader *r, uint8_t *ret)
{
        const bool negates = next_is(r, "not");
        if (!negates && !next_is(r, "("))
                return take_comparison(r, ret);
        if (r->depth == LEVEL_DEPTH_MAX)
                return refuse_word(r, MITOME_E_DEPTH);
        r->depth++;
        next_word(r);
        if (negates) {
                struct level_node node = { .operator= LEVEL_NOT, .fact = LEVEL_FACTS };
                MITOME_TRY(take_part(r, &node.left));
                MITOME_TRY(add_node(r, &node, ret));
        } else {
                MITOME_TRY(take_or(r, ret));
                MITOME_TRY(take_sign(r, ")"));
        }
        r->depth--;
        return ok();
}

static mitome_status take_and(struct expression_reader *r, uint8_t *ret)
{
        MITOME_TRY(take_part(r, ret));
        while (take_if(r, "and")) {
                struct level_node node = { .operator= LEVEL_AND, .left = *ret, .fact = LEVEL_FACTS };
                MITOME_TRY(take_part(r, &node.right));
                MITOME_TRY(add_node(r, &node, ret));
        }
        return ok();
}

static mitome_status take_or(struct expression_reader *r, uint8_t *ret)
{
        MITOME_TRY(take_and(r, ret));
        while (take_if(r, "or")) {
                struct level_node node = { .operator= LEVEL_OR, .left = *ret, .fact = LEVEL_FACTS };
                MITOME_TRY(take_and(r, &node.right));
                MITOME_TRY(add_node(r, &node, ret));
        }
        return ok();
}

mitome_status level_expression_read(reader text, struct level_expression *ret)
{
        struct level_expression expression = { .count = 0 };
        struct expression_reader r = { .rest = text, .expression = &expression };
        uint8_t whole = 0;
        next_word(&r);
        MITOME_TRY(take_or(&r, &whole));
        if (r.word.size)
                return refuse_word(&r, MITOME_E_POLICY_EXPRESSION);
        *ret = expression;
        return ok();
}

bool level_words_next(slice *list, slice *ret_word)
{
        reader r = reader_over(*list, NULL, NULL);
        struct expression_reader words = { .rest = r };
        do
                next_word(&words);
        while (slice_is(words.word, ","));
        *list = words.rest.rest;
        *ret_word = words.word;
        return words.word.size > 0;
}

/* ---- deciding ---- */

bool level_count_compares(const struct level_node *node, uint64_t count)
{
        switch (node->operator) {
        case LEVEL_EQUAL:
                return count == node->count;
        case LEVEL_LESS:
                return count < node->count;
        case LEVEL_AT_MOST:
                return count <= node->count;
        case LEVEL_MORE:
                return count > node->count;
        default:
                return count >= node->count;
        }
}

static bool is_word_of(slice list, slice word)
{
        slice one;
        while (level_words_next(&list, &one))
                if (slice_equal(one, word))
                        return true;
        return false;
}

/* A rate without a trial says nothing. */
static bool is_known(const struct level_node *node, const struct level_fact *fact)
{
        if (fact->obtained == LEVEL_UNKNOWN || fact->obtained == LEVEL_UNUSABLE)
                return false;
        return level_fact_kind(node->fact)->type != LEVEL_RATE ||
               (fact->rate.trials > 0 && fact->rate.errors <= fact->rate.trials);
}

/* A part of a predicate: whether it holds, and what that rests on. */
enum truth { FALSE, TRUE, UNKNOWN };

/* Trials that bear out neither that the rate keeps the limit nor that it breaks it are too few: they decide
 * nothing. */
static enum truth compare_rate(
        const struct level_node *node, const struct level_fact *fact, unsigned confidence)
{
        const double limit = (double)node->rate.part / (double)node->rate.whole;
        const uint64_t errors = fact->rate.errors, trials = fact->rate.trials;
        const bool takes_all = node->operator== LEVEL_AT_MOST && node->rate.part == node->rate.whole;
        if (takes_all || binomial_upper_is_below(errors, trials, limit, confidence / 100.0))
                return TRUE;
        return binomial_lower_is_above(errors, trials, limit, confidence / 100.0) ? FALSE : UNKNOWN;
}

static enum truth compare(const struct level_node *node, const struct level_fact *fact, unsigned confidence)
{
        switch (level_fact_kind(node->fact)->type) {
        case LEVEL_COUNT:
                return level_count_compares(node, fact->count) ? TRUE : FALSE;
        case LEVEL_WORD:
                return is_word_of(node->words, fact->word) ? TRUE : FALSE;
        case LEVEL_RATE:
                return compare_rate(node, fact, confidence);
        default:
                return fact->yes ? TRUE : FALSE;
        }
}

enum { SEEN = 1, DECLARED = 2, IN_PART = 4 }; /* what it rests on, or'ed */

struct part {
        enum truth truth;
        unsigned basis;
        enum level_fact_id fact;
};

static struct part judge_comparison(
        const struct level_node *node, const struct level_facts *facts, unsigned confidence)
{
        const struct level_fact *fact = &facts->facts[node->fact];
        if (!is_known(node, fact))
                return (struct part){ UNKNOWN, 0, node->fact };
        const unsigned basis =
                (fact->obtained == LEVEL_DECLARED ? DECLARED : SEEN) | (fact->partial ? IN_PART : 0);
        return (struct part){ compare(node, fact, confidence), basis, node->fact };
}

/* How far something is from having been seen whole. */
static unsigned doubt(unsigned basis)
{
        return basis == SEEN ? 0 : basis & SEEN ? 1 : 2;
}

/* Both are needed: the whole rests on what both rest on. Of what holds the weaker one is named; of
 * alternatives that all fail the last: "not uv.offered or uv.tries <= 5" fails by the tries. */
static struct part both(struct part a, struct part b)
{
        struct part result = a.truth == FALSE || doubt(b.basis) > doubt(a.basis) ? b : a;
        result.basis = a.basis | b.basis;
        return result;
}

/* Either is enough: the stronger one. */
static struct part either(struct part a, struct part b)
{
        return doubt(b.basis) < doubt(a.basis) ? b : a;
}

/* `decisive` is what decides alone: false for AND, true for OR. */
static struct part join(struct part a, struct part b, enum truth decisive)
{
        if (a.truth == decisive && b.truth == decisive)
                return either(a, b);
        if (a.truth == decisive || b.truth == decisive)
                return a.truth == decisive ? a : b;
        if (a.truth == UNKNOWN || b.truth == UNKNOWN)
                return a.truth == UNKNOWN ? a : b;
        return both(a, b);
}

static struct part negate(struct part part)
{
        if (part.truth != UNKNOWN)
                part.truth = part.truth == TRUE ? FALSE : TRUE;
        return part;
}

static void judge_parts(const struct level_expression *expression, const struct level_facts *facts,
        unsigned confidence, struct part parts[LEVEL_NODES_MAX])
{
        for (size_t i = 0; i < expression->count; i++) {
                const struct level_node *node = &expression->nodes[i];
                if (node->operator== LEVEL_NOT)
                        parts[i] = negate(parts[node->left]);
                else if (node->operator== LEVEL_AND || node->operator== LEVEL_OR)
                        parts[i] = join(parts[node->left], parts[node->right],
                                node->operator== LEVEL_OR ? TRUE : FALSE);
                else
                        parts[i] = judge_comparison(node, facts, confidence);
        }
}

static struct level_finding finding_of(struct part part)
{
        static const enum level_outcome holds[] = { LEVEL_SATISFIED, LEVEL_PARTLY_OBSERVED,
                LEVEL_DECLARED_ONLY };
        if (part.truth == UNKNOWN)
                return (struct level_finding){ LEVEL_NOT_TESTABLE, part.fact };
        return (struct level_finding){ part.truth == TRUE ? holds[doubt(part.basis)] : LEVEL_NOT_SATISFIED,
                part.fact };
}

struct level_finding level_node_judge(
        const struct level_node *node, const struct level_facts *facts, unsigned confidence)
{
        return finding_of(judge_comparison(node, facts, confidence));
}

struct level_finding level_expression_judge(
        const struct level_expression *expression, const struct level_facts *facts, unsigned confidence)
{
        struct part parts[LEVEL_NODES_MAX];
        judge_parts(expression, facts, confidence, parts);
        return finding_of(parts[expression->count - 1]);
}

void level_expression_findings(const struct level_expression *expression, const struct level_facts *facts,
        unsigned confidence, struct level_finding ret[LEVEL_NODES_MAX])
{
        struct part parts[LEVEL_NODES_MAX];
        judge_parts(expression, facts, confidence, parts);
        for (size_t i = 0; i < expression->count; i++)
                ret[i] = finding_of(parts[i]);
}

const char *level_outcome_name(enum level_outcome outcome)
{
        static const char *const names[LEVEL_OUTCOMES] = { "satisfied", "partially observed", "declared only",
                "not satisfied", "not testable here" };
        return names[outcome];
}
