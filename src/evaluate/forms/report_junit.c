/* SPDX-License-Identifier: Apache-2.0 */
#include "report_junit.h"

#include "report_parts.h"

/* What a test case holds beside its name: an element, or nothing for one that passed. What goes by wording
 * that nobody confirmed fails no build. */
static const char *const of_outcome[REPORT_OUTCOMES] = {
        [REPORT_SATISFIED] = NULL,
        [REPORT_PARTIAL] = "skipped",
        [REPORT_DECLARED] = "skipped",
        [REPORT_NOT_SATISFIED] = "failure",
        [REPORT_UNCONFIRMED] = "skipped",
        [REPORT_NOT_TESTABLE] = "skipped",
};

static const char *const of_result[REPORT_RESULTS] = {
        [REPORT_HOLDS] = NULL,
        [REPORT_PARTLY] = "skipped",
        [REPORT_BROKEN] = "failure",
        [REPORT_UNTESTED] = "skipped",
        [REPORT_TARGET_FAILED] = "error",
};

struct tally {
        unsigned tests, failure, error, skipped;
};

static void count(struct tally *tally, const char *element)
{
        tally->tests++;
        tally->failure += element && element[0] == 'f';
        tally->error += element && element[0] == 'e';
        tally->skipped += element && element[0] == 's';
}

static void add_tally(struct tally *sum, const struct tally *tally)
{
        sum->tests += tally->tests;
        sum->failure += tally->failure;
        sum->error += tally->error;
        sum->skipped += tally->skipped;
}

static void counts(struct report_text *out, const struct tally *tally)
{
        report_text_printf(out, " tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\" time=\"0\"",
                tally->tests, tally->failure, tally->error, tally->skipped);
}

/* `of` is a policy's requirement or (NULL) a probe. `element` is NULL for what passed; then the verdict goes
 * into system-out. */
static void put_case(struct report_text *out, const json_t *report, const json_t *policy, const json_t *of,
        const char *second, const char *element)
{
        REPORT_TEXT(aside);
        const char *verdict = report_verdict(out, report, policy, of, &aside);
        const char *word = report_string(out, of, policy ? "outcome" : "result");
        report_text_add(out, "<testcase classname=\"");
        report_text_escaped(out, policy ? report_string(out, policy, "id") : "probes");
        report_text_add(out, ".");
        report_text_escaped(out, second);
        report_text_add(out, "\" name=\"");
        report_text_escaped(out, report_string(out, of, "id"));
        report_text_add(out, " ");
        report_text_escaped(out, report_string(out, of, policy ? "text" : "title"));
        report_text_printf(
                out, element ? "\" time=\"0\"><%s message=\"" : "\" time=\"0\"><system-out>", element);
        report_text_escaped(out, verdict);
        if (element && element[0] != 's') {
                report_text_add(out, "\" type=\"");
                report_text_escaped(out, word);
        }
        report_text_add(out, element ? "\"/></testcase>\n" : "</system-out></testcase>\n");
}

static void probe_case(
        struct report_text *out, const json_t *report, const json_t *probe, struct tally *tally)
{
        const char *element = of_result[report_result(out, probe)];
        count(tally, element);
        put_case(out, report, NULL, probe, report_string(out, probe, "responsible"), element);
}

static void requirement_case(struct report_text *out, const json_t *report, const json_t *policy,
        const json_t *requirement, struct tally *tally)
{
        const char *element = of_outcome[report_outcome(out, requirement)];
        count(tally, element);
        put_case(out, report, policy, requirement, report_string(out, requirement, "level"), element);
}

/* What SHALL hold at one level, its own and not those below it: each is counted once. */
static void level_cases(struct report_text *out, const json_t *report, const json_t *policy, size_t level,
        struct tally *tally)
{
        const json_t *requirements = report_array(out, policy, "requirements");
        for (size_t i = 0; i < json_array_size(requirements); i++) {
                const json_t *requirement = json_array_get(requirements, i);
                const char *own = report_string(out, requirement, "level");
                if (report_is_shall(out, requirement) && report_level_index(out, policy, own) == level)
                        requirement_case(out, report, policy, requirement, tally);
        }
}

/* ---- suites ---- */

static void put_property(void *out, const char *name, const char *label, const char *text)
{
        (void)label;
        report_text_printf(out, "<property name=\"%s\" value=\"", name);
        report_text_escaped(out, text);
        report_text_add(out, "\"/>\n");
}

/* What must be read with it: whether the element is simulated, the caveats, and what its policy's level rests
 * on. */
static void put_properties(struct report_text *out, const json_t *report, const json_t *policy)
{
        const json_t *caveats = report_array(out, report, "caveats");
        const bool simulated = report_flag(out, report_object(out, report, "target"), "simulated");
        report_text_add(out, "<properties>\n");
        put_property(out, "simulated", NULL, simulated ? "yes" : "no");
        if (policy)
                report_each_beside(out, policy, REPORT_ENGLISH, put_property, out);
        for (size_t i = 0; i < json_array_size(caveats); i++)
                put_property(out, "caveat", NULL, report_string(out, json_array_get(caveats, i), "text"));
        report_text_add(out, "</properties>\n");
}

/* A suite's cases are written aside, for their number stands before them. `policy` is NULL for the probes. */
static void suite(struct report_text *out, const json_t *report, const json_t *policy, const char *level,
        struct report_text *cases, const struct tally *tally, struct tally *sum)
{
        report_text_add(out, "<testsuite name=\"");
        report_text_escaped(out, policy ? report_string(out, policy, "id") : "probes");
        report_text_add(out, policy ? " " : "");
        report_text_escaped(out, level);
        report_text_add(out, "\"");
        counts(out, tally);
        report_text_add(out, " timestamp=\"");
        report_text_escaped(out, report_time(out, report));
        report_text_add(out, "\">\n");
        put_properties(out, report, policy);
        report_text_add(out, report_end(out, cases));
        report_text_add(out, "</testsuite>\n");
        add_tally(sum, tally);
}

static void probe_suite(struct report_text *out, const json_t *report, struct tally *sum)
{
        REPORT_TEXT(cases);
        struct tally tally = { 0 };
        const json_t *probes = report_array(out, report, "probes");
        for (size_t i = 0; i < json_array_size(probes); i++)
                probe_case(&cases, report, json_array_get(probes, i), &tally);
        suite(out, report, NULL, NULL, &cases, &tally, sum);
}

static void policy_suites(
        struct report_text *out, const json_t *report, const json_t *policy, struct tally *sum)
{
        const json_t *levels = report_array(out, policy, "levels");
        for (size_t level = 0; level < json_array_size(levels); level++) {
                REPORT_TEXT(cases);
                struct tally tally = { 0 };
                level_cases(&cases, report, policy, level, &tally);
                suite(out, report, policy, report_item(out, levels, level, "levels"), &cases, &tally, sum);
        }
}

mitome_status evaluation_junit(const json_t *report, struct report_text *out, mitome_error *error)
{
        REPORT_TEXT(suites);
        struct tally sum = { 0 };
        slice written;
        const json_t *policies = report_array(out, report, "policies");
        const json_t *target = report_object(out, report, "target");
        probe_suite(&suites, report, &sum);
        for (size_t i = 0; i < json_array_size(policies); i++)
                policy_suites(&suites, report, json_array_get(policies, i), &sum);
        report_text_add(
                out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"mitome evaluate ");
        report_text_escaped(out, report_string(out, target, "name"));
        report_text_add(out, ": ");
        report_text_escaped(out, report_string(out, target, "description"));
        report_text_add(out, "\"");
        counts(out, &sum);
        report_text_add(out, ">\n");
        report_text_add(out, report_end(out, &suites));
        report_text_add(out, "</testsuites>\n");
        return report_text_finish(out, &written, error);
}
