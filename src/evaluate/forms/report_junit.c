/* SPDX-License-Identifier: Apache-2.0 */
#include "report_junit.h"

#include "report_parts.h"

/* What a test case holds beside its name: an element, or nothing for one that passed. */
static const char *const of_outcome[REPORT_OUTCOMES] = {
        [REPORT_SATISFIED] = NULL,
        [REPORT_PARTIAL] = "skipped",
        [REPORT_DECLARED] = "skipped",
        [REPORT_NOT_SATISFIED] = "failure",
        [REPORT_NOT_TESTABLE] = "skipped",
};

static const struct {
        const char *element, *word;
} of_result[REPORT_RESULTS] = {
        [REPORT_HOLDS] = { NULL, "holds" },
        [REPORT_PARTLY] = { "skipped", "partly" },
        [REPORT_BROKEN] = { "failure", "broken" },
        [REPORT_UNTESTED] = { "skipped", "not testable here" },
        [REPORT_TARGET_FAILED] = { "error", "target failed" },
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

/* `element` is NULL for what passed; then `why` goes into system-out. */
static void verdict(
        struct report_text *out, const char *element, const char *word, const char *note, const char *why)
{
        if (!element) {
                report_text_add(out, "<system-out>");
                report_text_escaped(out, why);
                report_text_add(out, "</system-out>");
                return;
        }
        report_text_printf(out, "<%s message=\"%s%s: ", element, word, note);
        report_text_escaped(out, why);
        report_text_printf(out, element[0] == 's' ? "\"/>" : "\" type=\"%s\"/>", word);
}

/* ---- probes ---- */

static void probe_case(struct report_text *out, const json_t *probe, struct tally *tally)
{
        enum report_result result = report_result(out, probe);
        count(tally, of_result[result].element);
        report_text_add(out, "<testcase classname=\"probes.");
        report_text_escaped(out, report_string(out, probe, "responsible"));
        report_text_add(out, "\" name=\"");
        report_text_escaped(out, report_string(out, probe, "id"));
        report_text_add(out, " ");
        report_text_escaped(out, report_string(out, probe, "title"));
        report_text_add(out, "\" time=\"0\">");
        verdict(out, of_result[result].element, of_result[result].word, "", report_string(out, probe, "why"));
        report_text_add(out, "</testcase>\n");
}

/* ---- requirements ---- */

static void requirement_case(
        struct report_text *out, const json_t *policy, const json_t *requirement, struct tally *tally)
{
        enum report_outcome outcome = report_outcome(out, requirement);
        bool confirmed = report_flag(out, requirement, "verified");
        count(tally, of_outcome[outcome]);
        report_text_add(out, "<testcase classname=\"");
        report_text_escaped(out, report_string(out, policy, "id"));
        report_text_add(out, ".");
        report_text_escaped(out, report_string(out, requirement, "level"));
        report_text_add(out, "\" name=\"");
        report_text_escaped(out, report_string(out, requirement, "id"));
        report_text_add(out, " ");
        report_text_escaped(out, report_string(out, requirement, "text"));
        report_text_add(out, "\" time=\"0\">");
        verdict(out, of_outcome[outcome], report_outcome_name(outcome),
                confirmed ? "" : " (by wording that was not confirmed)",
                report_string(out, requirement, "why"));
        report_text_add(out, "</testcase>\n");
}

/* What SHALL hold at one level, its own and not those below it: each is counted once. */
static void level_cases(struct report_text *out, const json_t *policy, size_t level, struct tally *tally)
{
        const json_t *requirements = report_array(out, policy, "requirements");
        for (size_t i = 0; i < json_array_size(requirements); i++) {
                const json_t *requirement = json_array_get(requirements, i);
                const char *own = report_string(out, requirement, "level");
                if (report_is_shall(out, requirement) && report_level_index(out, policy, own) == level)
                        requirement_case(out, policy, requirement, tally);
        }
}

/* ---- suites ---- */

static void caveats_of(struct report_text *out, const json_t *report)
{
        const json_t *caveats = report_array(out, report, "caveats");
        if (json_array_size(caveats) == 0)
                return;
        report_text_add(out, "<properties>\n");
        for (size_t i = 0; i < json_array_size(caveats); i++) {
                report_text_add(out, "<property name=\"caveat\" value=\"");
                report_text_escaped(out, report_string(out, json_array_get(caveats, i), "text"));
                report_text_add(out, "\"/>\n");
        }
        report_text_add(out, "</properties>\n");
}

/* A suite's cases are written aside, for their number stands before them. */
static void suite(struct report_text *out, const json_t *report, const char *first, const char *second,
        const char *at, const struct report_text *cases, const struct tally *tally, struct tally *sum)
{
        report_text_add(out, "<testsuite name=\"");
        report_text_escaped(out, first);
        report_text_add(out, second[0] ? " " : "");
        report_text_escaped(out, second);
        report_text_add(out, "\"");
        counts(out, tally);
        report_text_add(out, " timestamp=\"");
        report_text_escaped(out, at);
        report_text_add(out, "\">\n");
        caveats_of(out, report);
        report_text_add_slice(out, slice_of(cases->bytes, cases->size));
        report_text_add(out, "</testsuite>\n");
        add_tally(sum, tally);
        if (out->code == MITOME_OK && cases->code != MITOME_OK) {
                out->code = cases->code;
                out->missing = cases->missing;
        }
}

static void probe_suite(struct report_text *out, const json_t *report, const char *at, struct tally *sum)
{
        REPORT_TEXT(cases);
        struct tally tally = { 0 };
        const json_t *probes = report_array(out, report, "probes");
        for (size_t i = 0; i < json_array_size(probes); i++)
                probe_case(&cases, json_array_get(probes, i), &tally);
        suite(out, report, "probes", "", at, &cases, &tally, sum);
}

static void policy_suites(struct report_text *out, const json_t *report, const json_t *policy, const char *at,
        struct tally *sum)
{
        const json_t *levels = report_array(out, policy, "levels");
        for (size_t level = 0; level < json_array_size(levels); level++) {
                REPORT_TEXT(cases);
                struct tally tally = { 0 };
                level_cases(&cases, policy, level, &tally);
                suite(out, report, report_string(out, policy, "id"),
                        report_item(out, levels, level, "levels"), at, &cases, &tally, sum);
        }
}

mitome_status evaluation_junit(const json_t *report, struct report_text *out, mitome_error *error)
{
        REPORT_TEXT(suites);
        struct tally sum = { 0 };
        slice written;
        const json_t *policies = report_array(out, report, "policies");
        const char *at = report_time(out, report);
        probe_suite(&suites, report, at, &sum);
        for (size_t i = 0; i < json_array_size(policies); i++)
                policy_suites(&suites, report, json_array_get(policies, i), at, &sum);
        report_text_add(
                out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"mitome evaluate ");
        report_text_escaped(out, report_string(out, report_object(out, report, "target"), "name"));
        report_text_add(out, "\"");
        counts(out, &sum);
        report_text_add(out, ">\n");
        report_text_add_slice(out, slice_of(suites.bytes, suites.size));
        report_text_add(out, "</testsuites>\n");
        if (out->code == MITOME_OK && suites.code != MITOME_OK) {
                out->code = suites.code;
                out->missing = suites.missing;
        }
        return report_text_finish(out, &written, error);
}
