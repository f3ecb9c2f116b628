/* SPDX-License-Identifier: Apache-2.0 */
#include "report_junit.h"
#include "report_oscal.h"
#include "report_parts.h"
#include "report_sarif.h"
#include "report_xccdf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef mitome_status form(const json_t *report, struct report_text *out, mitome_error *error);

static form *const forms[] = { evaluation_xccdf, evaluation_oscal, evaluation_junit, evaluation_sarif };

enum { FORMS = sizeof forms / sizeof *forms };

static json_t *sample(void)
{
        json_error_t error;
        json_t *report = json_load_file(getenv("MITOME_EVALUATION_SAMPLE"), 0, &error);
        assert_non_null(report);
        return report;
}

static mitome_code draw(form *draws, const json_t *report, struct report_text *out)
{
        mitome_error error = { 0 };
        mitome_status status = draws(report, out, &error);
        assert_int_equal(status.code, error.code);
        return status.code;
}

static mitome_code code_of(form *draws, const json_t *report)
{
        REPORT_TEXT(out);
        return draw(draws, report, &out);
}

/* The form as a text that the caller frees. */
static char *drawn(form *draws, const json_t *report)
{
        REPORT_TEXT(out);
        assert_int_equal(draw(draws, report, &out), MITOME_OK);
        char *text = strndup((const char *)out.bytes, out.size);
        assert_non_null(text);
        assert_int_equal(strlen(text), out.size);
        return text;
}

static json_t *drawn_json(form *draws, const json_t *report)
{
        char *text = drawn(draws, report);
        json_t *whole = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
        free(text);
        assert_non_null(whole);
        return whole;
}

static void same_report_same_bytes(void **state)
{
        (void)state;
        json_t *first = sample(), *second = sample();
        for (size_t i = 0; i < FORMS; i++) {
                char *one = drawn(forms[i], first), *other = drawn(forms[i], second);
                assert_string_equal(one, other);
                assert_int_equal(one[strlen(one) - 1], '\n');
                free(one);
                free(other);
        }
        json_decref(first);
        json_decref(second);
}

/* Requirement, and what is made of it in XCCDF, OSCAL, SARIF. One a row for each outcome. */
static const struct {
        const char *id, *xccdf, *state, *reason, *kind, *level, *junit;
} expected[] = {
        { "NONCE", "pass", "satisfied", "pass", "pass", "none", "<system-out>" },
        { "PINLEN6", "fail", "not-satisfied", "fail", "fail", "warning", NULL }, /* SHOULD: no test case */
        { "UNLOCK", "fail", "not-satisfied", "fail", "fail", "error", "<failure message=\"not satisfied: " },
        { "BIOTRY", "notchecked", "not-satisfied", "other", "open", "none",
                "<skipped message=\"not testable here (by wording that was not confirmed): " },
        { "BIOHOLD", "informational", "not-satisfied", "other", "review", "none",
                "<skipped message=\"partially observed: " },
        { "SIDE", "unknown", "not-satisfied", "other", "review", "none",
                "<skipped message=\"declared only (by wording that was not confirmed): " },
};

enum { EXPECTED = sizeof expected / sizeof *expected };

static void xccdf_says_each_outcome(void **state)
{
        (void)state;
        json_t *report = sample();
        char *text = drawn(evaluation_xccdf, report);
        for (size_t i = 0; i < EXPECTED; i++) {
                char head[128], result[64];
                snprintf(head, sizeof head, "<rule-result idref=\"xccdf_mitome_rule_nist-800-63b-4__%s\"",
                        expected[i].id);
                snprintf(result, sizeof result, "<result>%s</result>", expected[i].xccdf);
                const char *at = strstr(text, head);
                assert_non_null(at);
                const char *found = strstr(at, "<result>");
                assert_non_null(found);
                assert_memory_equal(found, result, strlen(result));
        }
        /* A profile selects what its level asks for, and nothing of a higher one. */
        const char *lowest = strstr(text, "profile_nist-800-63b-4__AAL1");
        assert_non_null(lowest);
        assert_non_null(strstr(lowest, "nist-800-63b-4__NONCE\" selected=\"true\""));
        const char *higher = strstr(lowest, "nist-800-63b-4__UNLOCK\" selected=\"false\"");
        assert_non_null(higher);
        assert_true(higher < strstr(lowest, "</Profile>"));
        /* What was not confirmed is not shown as normative. */
        const char *side = strstr(text, "<Rule id=\"xccdf_mitome_rule_nist-800-63b-4__SIDE\"");
        assert_non_null(side);
        assert_non_null(strstr(side, "severity=\"info\" role=\"unscored\""));
        free(text);
        json_decref(report);
}

static const json_t *find_text(const json_t *array, const char *name, const char *value)
{
        size_t i;
        const json_t *one;
        json_array_foreach(array, i, one)
        {
                const char *text = json_string_value(json_object_get(one, name));
                if (text && strcmp(text, value) == 0)
                        return one;
        }
        return NULL;
}

static void oscal_says_each_outcome_and_points_at_what_was_seen(void **state)
{
        (void)state;
        json_t *report = sample(), *whole = drawn_json(evaluation_oscal, report);
        const json_t *result =
                json_array_get(json_object_get(json_object_get(whole, "assessment-results"), "results"), 0);
        const json_t *findings = json_object_get(result, "findings");
        const json_t *observations = json_object_get(result, "observations");
        assert_int_equal(json_array_size(findings), 9);
        assert_int_equal(json_array_size(observations), 6 + 5); /* probes and evidence */
        for (size_t i = 0; i < EXPECTED; i++) {
                const json_t *finding = find_text(findings, "title", expected[i].id);
                const json_t *status = json_object_get(json_object_get(finding, "target"), "status");
                assert_string_equal(json_string_value(json_object_get(status, "state")), expected[i].state);
                assert_string_equal(json_string_value(json_object_get(status, "reason")), expected[i].reason);
        }
        size_t i, j;
        json_t *finding, *relation;
        json_array_foreach(findings, i, finding)
        {
                json_array_foreach(json_object_get(finding, "related-observations"), j, relation)
                {
                        assert_non_null(find_text(observations, "uuid",
                                json_string_value(json_object_get(relation, "observation-uuid"))));
                }
        }
        /* P07 and its trace stand behind the PIN's length. */
        const json_t *pin = find_text(findings, "title", "PINLEN");
        assert_int_equal(json_array_size(json_object_get(pin, "related-observations")), 2);
        json_decref(whole);
        json_decref(report);
}

static size_t collect_uuids(const json_t *value, json_t *into)
{
        size_t count = 0, i;
        const char *name;
        json_t *member, *object = (json_t *)(uintptr_t)value;
        if (json_is_array(value)) {
                json_array_foreach(value, i, member) count += collect_uuids(member, into);
                return count;
        }
        json_object_foreach(object, name, member)
        {
                if (strcmp(name, "uuid") == 0) {
                        count++;
                        json_object_set(into, json_string_value(member), json_true());
                }
                count += collect_uuids(member, into);
        }
        return count;
}

static void uuids_are_of_version_5_each_once_and_follow_the_report(void **state)
{
        (void)state;
        json_t *report = sample(), *first = drawn_json(evaluation_oscal, report);
        json_t *uuids = json_object(), *others = json_object();
        size_t count = collect_uuids(first, uuids);
        assert_true(count > 20);
        assert_int_equal(json_object_size(uuids), count);
        json_object_set_new(report, "at", json_string("2026-11-22T10:00:01Z"));
        json_t *second = drawn_json(evaluation_oscal, report);
        assert_int_equal(collect_uuids(second, others), count);
        size_t kept = 0;
        const char *uuid;
        json_t *value;
        json_object_foreach(uuids, uuid, value)
        {
                assert_int_equal(strlen(uuid), 36);
                assert_int_equal(uuid[14], '5');
                assert_non_null(strchr("89ab", uuid[19]));
                kept += json_object_get(others, uuid) != NULL;
        }
        assert_int_equal(kept, 2); /* the authenticator and the tool are the same in each report */
        json_decref(uuids);
        json_decref(others);
        json_decref(first);
        json_decref(second);
        json_decref(report);
}

static void sarif_says_each_outcome_and_its_indices_hold(void **state)
{
        (void)state;
        json_t *report = sample(), *whole = drawn_json(evaluation_sarif, report);
        const json_t *run = json_array_get(json_object_get(whole, "runs"), 0);
        const json_t *rules =
                json_object_get(json_object_get(json_object_get(run, "tool"), "driver"), "rules");
        const json_t *results = json_object_get(run, "results");
        assert_int_equal(json_array_size(results), 6 + 9 + 1); /* probes, requirements, a disagreement */
        for (size_t i = 0; i < EXPECTED; i++) {
                char id[64];
                snprintf(id, sizeof id, "nist-800-63b-4/%s", expected[i].id);
                const json_t *result = find_text(results, "ruleId", id);
                assert_string_equal(json_string_value(json_object_get(result, "kind")), expected[i].kind);
                assert_string_equal(json_string_value(json_object_get(result, "level")), expected[i].level);
        }
        size_t i;
        json_t *result;
        json_array_foreach(results, i, result)
        {
                size_t index = (size_t)json_integer_value(json_object_get(result, "ruleIndex"));
                const json_t *rule = json_array_get(rules, index);
                assert_true(json_equal(json_object_get(rule, "id"), json_object_get(result, "ruleId")));
                const json_t *reference = json_array_get(json_object_get(result, "taxa"), 0);
                if (!reference)
                        continue;
                const json_t *component = json_object_get(reference, "toolComponent");
                const json_t *taxonomy = json_array_get(json_object_get(run, "taxonomies"),
                        (size_t)json_integer_value(json_object_get(component, "index")));
                const json_t *taxon = json_array_get(json_object_get(taxonomy, "taxa"),
                        (size_t)json_integer_value(json_object_get(reference, "index")));
                assert_true(
                        json_equal(json_object_get(taxonomy, "name"), json_object_get(component, "name")));
                assert_true(json_equal(json_object_get(taxon, "id"), json_object_get(reference, "id")));
        }
        json_decref(whole);
        json_decref(report);
}

static void junit_says_each_outcome_and_counts(void **state)
{
        (void)state;
        json_t *report = sample();
        char *text = drawn(evaluation_junit, report);
        /* 6 probes and 8 that SHALL hold: UNLOCK, revision 3's PINLEN and P05 failed, P22 died; P06 and P13,
         * BIOTRY, BIOHOLD and SIDE are skipped. */
        assert_non_null(strstr(text, " tests=\"14\" failures=\"3\" errors=\"1\" skipped=\"5\" time=\"0\">"));
        assert_non_null(strstr(
                text, "<testsuite name=\"probes\" tests=\"6\" failures=\"1\" errors=\"1\" skipped=\"2\""));
        for (size_t i = 0; i < EXPECTED; i++) {
                char head[128];
                snprintf(head, sizeof head, " name=\"%s ", expected[i].id);
                const char *at = strstr(text, head);
                assert_true(!at == !expected[i].junit);
                if (!at)
                        continue;
                const char *element = strchr(at, '>');
                assert_non_null(element);
                assert_memory_equal(element + 1, expected[i].junit, strlen(expected[i].junit));
        }
        free(text);
        json_decref(report);
}

/* ---- what is said beside ---- */

static size_t times(const char *text, const char *what)
{
        size_t count = 0;
        for (; (text = strstr(text, what)); text += strlen(what))
                count++;
        return count;
}

static json_t *policy_of(json_t *report, size_t index)
{
        return json_array_get(json_object_get(report, "policies"), index);
}

/* In Japanese as much as in English. */
static void the_front_says_levels_in_both_languages(void **state)
{
        static const char *const texts[] = { " 到達したレベル: AAL2.", " 原文未確認の要求による判定: はい.",
                " 判定の範囲: 認証器, 個々のログイン.", " このレベルが求めるが試験していない点: REAUTH.",
                " 申告のみによる点: なし.", " 一部のみ確認した点: PADTEST." };
        (void)state;
        json_t *report = sample(), *policy = policy_of(report, 0);
        json_object_set_new(policy, "level", json_string("AAL2"));
        json_object_set_new(policy, "unconfirmed", json_true());
        json_object_set_new(policy, "scopes", json_pack("[s, s]", "device", "login"));
        json_object_set_new(policy, "untested", json_pack("[s]", "REAUTH"));
        json_object_set_new(policy, "declared", json_array());
        json_object_set_new(policy, "partial", json_pack("[s]", "PADTEST"));
        char *text = drawn(evaluation_xccdf, report);
        const char *front = strstr(text, "<front-matter xml:lang=\"ja\">");
        assert_non_null(front);
        assert_int_equal(
                times(front, "到達したレベル: "), json_array_size(json_object_get(report, "policies")));
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
                assert_non_null(strstr(front, texts[i]));
        free(text);
        json_decref(report);
}

static void no_form_names_a_level_alone(void **state)
{
        static const struct {
                const char *member, *id, *name, *label;
        } rows[] = {
                { "scopes", "somewhere", "scopes-judged", "Judged: somewhere." },
                { "untested", "REAUTH", "not-tested", "Demanded by this level, but not tested: REAUTH." },
                { "declared", "AVAVAN", "declared-only", "Resting on a declaration alone: AVAVAN." },
                { "partial", "PADTEST", "partially-observed", "Seen in part: PADTEST." },
        };
        (void)state;
        json_t *report = sample(), *policy = policy_of(report, 0);
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
                json_object_set_new(policy, rows[i].member, json_pack("[s]", rows[i].id));
        json_object_set_new(policy, "unconfirmed", json_true());
        for (size_t f = 0; f < FORMS; f++) {
                char *text = drawn(forms[f], report);
                bool sentences = forms[f] == evaluation_xccdf;
                size_t levels = times(text, sentences ? "Level reached: " : "level-reached");
                assert_true(levels >= 3);
                assert_int_equal(
                        levels, times(text, sentences ? "A verdict by wording that was not confirmed: "
                                                      : "by-unconfirmed-wording"));
                for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                        assert_non_null(strstr(text, sentences ? rows[i].label : rows[i].id));
                        assert_true(sentences || times(text, rows[i].name) == levels);
                }
                free(text);
        }
        json_decref(report);
}

/* What was not tested because others decide it says so in each form, where it is judged and where a level
 * names it; what was in scope, or was tested, does not. */
static void each_form_says_to_whom_a_requirement_is_left(void **state)
{
        static const struct {
                const char *scope, *outcome, *left;
        } rows[] = {
                { "login", "not testable here", " (left to each login)" },
                { "service", "not testable here", " (the parties were not judged)" },
                { "device", "not testable here", NULL },
                { "login", "satisfied", NULL },
        };
        (void)state;
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                json_t *report = sample(), *policy = policy_of(report, 0);
                json_t *biotry = json_array_get(json_object_get(policy, "requirements"), 4);
                assert_string_equal(json_string_value(json_object_get(biotry, "id")), "BIOTRY");
                json_object_set_new(policy, "untested", json_pack("[s]", "BIOTRY"));
                json_object_set_new(biotry, "scope", json_pack("[s]", rows[i].scope));
                json_object_set_new(biotry, "outcome", json_string(rows[i].outcome));
                for (size_t f = 0; f < FORMS; f++) {
                        char *text = drawn(forms[f], report), beside[64], verdict[64];
                        const char *left = rows[i].left ? rows[i].left : "";
                        snprintf(beside, sizeof beside, "BIOTRY%s%s", left,
                                forms[f] == evaluation_xccdf ? "." : "\"");
                        snprintf(verdict, sizeof verdict, "%s%s (by wording", rows[i].outcome, left);
                        assert_true(times(text, beside) > 0 && times(text, verdict) == 1);
                        if (!rows[i].left)
                                assert_true(!strstr(text, "left to each") && !strstr(text, "not judged)"));
                        free(text);
                }
                json_decref(report);
        }
}

static void a_level_without_what_it_rests_on_is_refused(void **state)
{
        static const char *const members[] = { "scopes", "unconfirmed", "untested", "declared", "partial" };
        (void)state;
        for (size_t i = 0; i < sizeof members / sizeof *members; i++)
                for (size_t f = 0; f < FORMS; f++) {
                        json_t *report = sample();
                        assert_int_equal(json_object_del(policy_of(report, 1), members[i]), 0);
                        assert_int_equal(code_of(forms[f], report), MITOME_E_EVALUATE_REPORT);
                        json_decref(report);
                }
}

/* The sample has a bound in one requirement; one more in a probe, and one where two policies disagree. */
static void each_bound_has_its_caveat(void **state)
{
        static const char bound[] = "uv.fmr is at most 0.0000994061",
                          caveat[] = " Caveat: The bound on the false match r";
        (void)state;
        json_t *report = sample();
        json_t *probe = json_array_get(json_object_get(report, "probes"), 0);
        json_t *disagreement = json_array_get(json_object_get(report, "disagreements"), 0);
        json_object_set_new(probe, "why", json_string(bound));
        json_object_set_new(probe, "facts", json_pack("[s]", "uv.fmr"));
        json_object_set_new(disagreement, "text", json_string(bound));
        json_object_set_new(disagreement, "sides",
                json_pack("[{s:s, s:s}]", "policy", "nist-800-63b-3", "requirement", "FMR"));
        for (size_t f = 0; f < FORMS; f++) {
                char *text = drawn(forms[f], report);
                size_t count = times(text, bound);
                assert_int_equal(count, forms[f] == evaluation_xccdf   ? 1
                                        : forms[f] == evaluation_sarif ? 3
                                                                       : 2);
                assert_int_equal(times(text, caveat), count);
                for (const char *at = text; (at = strstr(at, bound)); at++) {
                        const char *beside = strstr(at, caveat);
                        assert_non_null(beside);
                        assert_true((size_t)(beside - at) < sizeof bound + 32);
                }
                free(text);
        }
        json_object_set_new(report, "caveats", json_array());
        for (size_t f = 0; f < FORMS; f++)
                assert_int_equal(code_of(forms[f], report), MITOME_E_EVALUATE_REPORT);
        json_decref(report);
}

/* By the target's own member: a report without any caveat says so, too. */
static void each_form_says_what_is_simulated(void **state)
{
        static const struct {
                form *draws;
                const char *yes, *no;
        } rows[] = {
                { evaluation_xccdf, "simulated\" type=\"boolean\">true<",
                        "simulated\" type=\"boolean\">false<" },
                { evaluation_junit, "<property name=\"simulated\" value=\"yes\"/>",
                        "<property name=\"simulated\" value=\"no\"/>" },
                { evaluation_sarif, "\"simulated\": \"yes\"", "\"simulated\": \"no\"" },
                { evaluation_oscal, "Its element is software, a simulation.", "\"type\": \"hardware\"" },
        };
        (void)state;
        json_t *report = sample();
        json_t *target = json_object_get(report, "target");
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                char *text = drawn(rows[i].draws, report);
                assert_true(times(text, rows[i].yes) > 0 && times(text, rows[i].no) == 0);
                free(text);
        }
        json_object_set_new(target, "simulated", json_false());
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                char *text = drawn(rows[i].draws, report);
                assert_true(times(text, rows[i].yes) == 0 && times(text, rows[i].no) > 0);
                free(text);
        }
        json_decref(report);
}

/* A report whose target nobody can tell, one of before there were descriptions, is refused. */
static void each_form_says_what_was_evaluated(void **state)
{
        static const struct {
                form *draws;
                const char *title;
        } rows[] = {
                { evaluation_xccdf, "<title xml:lang=\"en\">Evaluation of Key 5 (over CTAPHID)</title>" },
                { evaluation_oscal, "\"title\": \"Evaluation of Key 5 (over CTAPHID)\"" },
                { evaluation_junit, "<testsuites name=\"mitome evaluate self: Key 5 (over CTAPHID)\"" },
                { evaluation_sarif, "\"text\": \"Evaluation of Key 5 (over CTAPHID)\"" },
        };
        (void)state;
        json_t *report = sample(), *target = json_object_get(report, "target");
        json_object_set_new(target, "description", json_string("Key 5 (over CTAPHID)"));
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                char *text = drawn(rows[i].draws, report);
                assert_int_equal(times(text, rows[i].title), 1);
                free(text);
        }
        json_object_del(target, "description");
        for (size_t f = 0; f < FORMS; f++)
                assert_int_equal(code_of(forms[f], report), MITOME_E_EVALUATE_REPORT);
        json_decref(report);
}

static void wording_that_nobody_confirmed_fails_nothing(void **state)
{
        (void)state;
        json_t *report = sample();
        json_t *requirements = json_object_get(policy_of(report, 0), "requirements");
        json_object_set_new(
                json_array_get(requirements, 3), "verified", json_false()); /* UNLOCK, not satisfied */
        char *text = drawn(evaluation_junit, report);
        assert_non_null(strstr(text, " tests=\"14\" failures=\"2\" errors=\"1\" skipped=\"6\" time=\"0\">"));
        assert_non_null(
                strstr(text, "<skipped message=\"not satisfied (by wording that was not confirmed): "));
        free(text);
        text = drawn(evaluation_xccdf, report);
        const char *rule = strstr(text,
                "<rule-result idref=\"xccdf_mitome_rule_nist-800-63b-4__UNLOCK\" severity=\"info\" role=\"unscored\"");
        assert_non_null(rule);
        assert_memory_equal(strstr(rule, "<result>"), "<result>informational<", 22);
        free(text);
        json_t *sarif = drawn_json(evaluation_sarif, report), *oscal = drawn_json(evaluation_oscal, report);
        const json_t *result =
                find_text(json_object_get(json_array_get(json_object_get(sarif, "runs"), 0), "results"),
                        "ruleId", "nist-800-63b-4/UNLOCK");
        assert_string_equal(json_string_value(json_object_get(result, "kind")), "review");
        assert_string_equal(json_string_value(json_object_get(result, "level")), "none");
        const json_t *findings = json_object_get(
                json_array_get(json_object_get(json_object_get(oscal, "assessment-results"), "results"), 0),
                "findings");
        const json_t *status =
                json_object_get(json_object_get(find_text(findings, "title", "UNLOCK"), "target"), "status");
        assert_string_equal(json_string_value(json_object_get(status, "reason")), "other");
        json_decref(sarif);
        json_decref(oscal);
        json_decref(report);
}

static const json_t *sarif_run(const json_t *whole)
{
        return json_array_get(json_object_get(whole, "runs"), 0);
}

static const char *blamed(const json_t *whole, const char *rule)
{
        const json_t *result = find_text(json_object_get(sarif_run(whole), "results"), "ruleId", rule);
        const json_t *location = json_array_get(json_object_get(result, "locations"), 0);
        return json_string_value(
                json_object_get(json_array_get(json_object_get(location, "logicalLocations"), 0), "name"));
}

static void sarif_says_what_was_not_tried_and_whose_it_is(void **state)
{
        static const struct {
                const char *id, *kind;
        } rows[] = { { "P01", "pass" }, { "P05", "fail" }, { "P06", "review" }, { "P13", "open" },
                { "P22", "fail" } };
        (void)state;
        json_t *report = sample(), *whole = drawn_json(evaluation_sarif, report);
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                const json_t *result =
                        find_text(json_object_get(sarif_run(whole), "results"), "ruleId", rows[i].id);
                assert_string_equal(json_string_value(json_object_get(result, "kind")), rows[i].kind);
        }
        assert_string_equal(blamed(whole, "P13"), "relying party");
        assert_string_equal(blamed(whole, "P05"), "self");
        const json_t *invocation = json_array_get(json_object_get(sarif_run(whole), "invocations"), 0);
        assert_true(json_is_false(json_object_get(invocation, "executionSuccessful")));
        json_decref(whole);
        json_t *probes = json_object_get(report, "probes");
        assert_int_equal(
                json_array_remove(probes, json_array_size(probes) - 1), 0); /* P22, under which it failed */
        whole = drawn_json(evaluation_sarif, report);
        invocation = json_array_get(json_object_get(sarif_run(whole), "invocations"), 0);
        assert_true(json_is_true(json_object_get(invocation, "executionSuccessful")));
        json_decref(whole);
        json_decref(report);
}

/* ---- what is hostile, and what is missing ---- */

static const char hostile[] = "a<b>&\"' ]]> \x01\x1b[2J\n\xef\xbf\xbe\xe2\x80\xa8"
                              "\xe2\x80\xae\xe2\x81\xa6\xe2\x80\x8b\xc2\x9b%s%n";

/* Words that decide keep what they are. */
static bool decides(const char *name)
{
        static const char *const words[] = { "at", "outcome", "result", "keyword", "level", "levels",
                "until" };
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
                if (strcmp(words[i], name) == 0)
                        return true;
        return false;
}

static void set_texts(json_t *value, const char *text)
{
        size_t i;
        const char *name;
        json_t *member;
        void *next;
        json_array_foreach(value, i, member)
        {
                if (json_is_string(member))
                        json_array_set_new(value, i, json_string(text));
                else
                        set_texts(member, text);
        }
        json_object_foreach_safe(value, next, name, member)
        {
                if (json_is_string(member) && !decides(name))
                        json_object_set_new(value, name, json_string(text));
                else if (!decides(name))
                        set_texts(member, text);
        }
}

static void hostile_texts_stay_texts(void **state)
{
        (void)state;
        json_t *report = sample();
        set_texts(report, hostile);
        for (size_t i = 0; i < FORMS; i++) {
                char *text = drawn(forms[i], report);
                for (const char *c = text; *c; c++)
                        assert_true((uint8_t)*c >= 0x20 || *c == '\n');
                bool xml = text[0] == '<';
                assert_true(!xml || (!strstr(text, "a<b>") && !strstr(text, "]]>") && !strchr(text, '\'')));
                assert_non_null(strstr(text, "%s%n"));
                /* What turns the direction or is seen by nobody: its code. */
                assert_non_null(strstr(text, "[U+202E][U+2066][U+200B]"));
                assert_true(!strstr(text, "\xe2\x80\xae") && !strstr(text, "\xe2\x81\xa6") &&
                            !strstr(text, "\xe2\x80\x8b") && !strstr(text, "\xc2\x9b"));
                free(text);
        }
        json_t *oscal = drawn_json(evaluation_oscal, report), *sarif = drawn_json(evaluation_sarif, report);
        json_decref(oscal);
        json_decref(sarif);
        json_decref(report);
}

/* Titles, descriptions and remarks are Markdown in OSCAL; SARIF's messages have links and placeholders. */
static void what_marks_up_stays_text(void **state)
{
        static const struct {
                const char *text, *oscal, *sarif;
        } rows[] = {
                { "[Key](javascript:alert(1)) <img src=x onerror=alert(1)>",
                        "\\[Key\\](javascript:alert(1)) \\<img src=x onerror=alert(1)\\>",
                        "[Key] (javascript:alert(1)) <img src=x onerror=alert(1)>" },
                { "![a](b) **c** _d_ `e` ~f~ ^g^ | &lt; \\h {{ insert: param, i }}",
                        "\\!\\[a\\](b) \\*\\*c\\*\\* \\_d\\_ \\`e\\` \\~f\\~ \\^g\\^ \\| \\&lt; \\\\h \\{\\{ insert: param, i \\}\\}",
                        "![a] (b) **c** _d_ `e` ~f~ ^g^ | &lt; \\h {{{{ insert: param, i }}}}" },
                { " \n# Key {0} #", "\\# Key \\{0\\} #", "# Key {{0}} #" },
                { "- 1. Key", "\\- 1. Key", "- 1. Key" },
                { "+", "\\+", "+" },
                { "12) Key", "12\\) Key", "12) Key" },
                { "3. Key 4.0", "3\\. Key 4.0", "3. Key 4.0" },
                { ".5 (Key)", ".5 (Key)", ".5 (Key)" },
                { "", "\\-", "-" },
        };
        (void)state;
        json_t *report = sample(), *probe = json_array_get(json_object_get(report, "probes"), 0);
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                json_object_set_new(probe, "title", json_string(rows[i].text));
                json_t *oscal = drawn_json(evaluation_oscal, report),
                       *sarif = drawn_json(evaluation_sarif, report);
                const json_t *result = json_array_get(
                        json_object_get(json_object_get(oscal, "assessment-results"), "results"), 0);
                const json_t *observation = json_array_get(json_object_get(result, "observations"), 0);
                const json_t *driver = json_object_get(json_object_get(sarif_run(sarif), "tool"), "driver");
                const json_t *rule = json_array_get(json_object_get(driver, "rules"), 0);
                assert_string_equal(json_string_value(json_object_get(observation, "title")), rows[i].oscal);
                assert_string_equal(
                        json_string_value(json_object_get(json_object_get(rule, "shortDescription"), "text")),
                        rows[i].sarif);
                json_decref(oscal);
                json_decref(sarif);
        }
        json_decref(report);
}

/* Every such member, wherever it is: a report of nothing but markup has none left. */
static size_t count_markup(const json_t *value, const char *const *names)
{
        size_t count = 0, i;
        const char *name;
        json_t *member, *object = (json_t *)(uintptr_t)value;
        json_array_foreach(value, i, member) count += count_markup(member, names);
        json_object_foreach(object, name, member)
        {
                const char *text = json_string_value(member);
                for (i = 0; text && names[i]; i++)
                        if (strcmp(names[i], name) == 0 && (strstr(text, "[Key](") || strstr(text, " <img")))
                                count++;
                count += count_markup(member, names);
        }
        return count;
}

static void no_member_marks_up(void **state)
{
        static const char *const marked[] = { "title", "description", "remarks", NULL };
        static const char link[] = "[Key](http://a) <img src=x>";
        (void)state;
        json_t *report = sample();
        const char *const of_array[] = { "probes", "evidence", "caveats", "disagreements", "policies" };
        set_texts(report, link);
        for (size_t i = 0; i < sizeof of_array / sizeof *of_array; i++)
                assert_true(json_array_size(json_object_get(report, of_array[i])) > 0);
        json_t *oscal = drawn_json(evaluation_oscal, report);
        assert_int_equal(count_markup(oscal, marked), 0);
        json_decref(oscal);
        char *sarif = drawn(evaluation_sarif, report);
        assert_null(strstr(sarif, "\"text\": \"[Key]("));
        free(sarif);
        json_decref(report);
}

/* Takes each member out, one after the other, at any depth, and puts in what is of no type that is wanted. */
static size_t without_each(json_t *report, json_t *value, size_t *refused)
{
        size_t tried = 0, i;
        const char *name;
        json_t *member;
        void *next;
        json_array_foreach(value, i, member) tried += without_each(report, member, refused);
        json_object_foreach_safe(value, next, name, member)
        {
                char *key = strdup(name);
                json_t *kept = json_incref(member);
                assert_non_null(key);
                tried += without_each(report, member, refused);
                json_object_set_new(value, key, json_real(0.5));
                for (size_t f = 0; f < FORMS; f++) {
                        mitome_code code = code_of(forms[f], report);
                        assert_true(code == MITOME_OK || code == MITOME_E_EVALUATE_REPORT);
                        *refused += code != MITOME_OK;
                }
                json_object_set_new(value, key, kept);
                free(key);
                tried++;
        }
        return tried;
}

static void a_member_of_another_type_is_refused_or_not_needed(void **state)
{
        (void)state;
        json_t *report = sample();
        size_t refused = 0, tried = without_each(report, report, &refused);
        assert_true(tried > 300);
        assert_true(refused > 600);
        for (size_t i = 0; i < FORMS; i++)
                assert_int_equal(code_of(forms[i], report), MITOME_OK);
        json_decref(report);
}

static void words_that_are_none_are_refused(void **state)
{
        static const struct {
                const char *array, *name;
        } table[] = { { "policies", "outcome" }, { "policies", "keyword" }, { "policies", "level" },
                { "probes", "result" } };
        (void)state;
        for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
                json_t *report = sample();
                json_t *first = json_array_get(json_object_get(report, table[i].array), 0);
                json_t *of = json_array_get(json_object_get(first, "requirements"), 0);
                json_object_set_new(of ? of : first, table[i].name, json_string("perhaps"));
                size_t refused = 0;
                for (size_t f = 0; f < FORMS; f++)
                        refused += code_of(forms[f], report) == MITOME_E_EVALUATE_REPORT;
                /* XCCDF has no probes; OSCAL and SARIF do not ask where a level stands. */
                assert_int_equal(refused, strcmp(table[i].name, "level") == 0    ? 2
                                          : strcmp(table[i].name, "result") == 0 ? 3
                                                                                 : 4);
                json_decref(report);
        }
        json_t *report = sample();
        json_object_set_new(report, "at", json_string("yesterday"));
        assert_int_equal(code_of(evaluation_xccdf, report), MITOME_E_EVALUATE_REPORT);
        assert_int_equal(code_of(evaluation_oscal, report), MITOME_E_EVALUATE_REPORT);
        json_decref(report);
}

static void an_empty_report_has_each_form(void **state)
{
        static const char *const arrays[] = { "policies", "probes", "facts", "evidence", "caveats",
                "disagreements" };
        (void)state;
        json_t *report = sample();
        for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
                json_object_set_new(report, arrays[i], json_array());
        for (size_t i = 0; i < FORMS; i++)
                assert_int_equal(code_of(forms[i], report), MITOME_OK);
        json_decref(report);
}

static void two_texts_have_two_names(void **state)
{
        static const char *const texts[] = {
                "a", "a_b", "a b", "a_20b", "a-b", "\xe6\x8c\x87", "",
                "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890",
                "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567891"
        };
        enum { TEXTS = sizeof texts / sizeof *texts };
        char names[TEXTS][REPORT_NAME_SIZE];
        (void)state;
        for (size_t i = 0; i < TEXTS; i++) {
                report_name(texts[i], names[i]);
                assert_int_equal(
                        strspn(names[i], "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._-"),
                        strlen(names[i]));
                for (size_t j = 0; j < i; j++)
                        assert_string_not_equal(names[i], names[j]);
        }
        assert_string_equal(names[0], "a");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(same_report_same_bytes),
                cmocka_unit_test(xccdf_says_each_outcome),
                cmocka_unit_test(oscal_says_each_outcome_and_points_at_what_was_seen),
                cmocka_unit_test(uuids_are_of_version_5_each_once_and_follow_the_report),
                cmocka_unit_test(sarif_says_each_outcome_and_its_indices_hold),
                cmocka_unit_test(junit_says_each_outcome_and_counts),
                cmocka_unit_test(no_form_names_a_level_alone),
                cmocka_unit_test(the_front_says_levels_in_both_languages),
                cmocka_unit_test(each_form_says_to_whom_a_requirement_is_left),
                cmocka_unit_test(a_level_without_what_it_rests_on_is_refused),
                cmocka_unit_test(each_bound_has_its_caveat),
                cmocka_unit_test(each_form_says_what_is_simulated),
                cmocka_unit_test(each_form_says_what_was_evaluated),
                cmocka_unit_test(wording_that_nobody_confirmed_fails_nothing),
                cmocka_unit_test(sarif_says_what_was_not_tried_and_whose_it_is),
                cmocka_unit_test(hostile_texts_stay_texts),
                cmocka_unit_test(what_marks_up_stays_text),
                cmocka_unit_test(no_member_marks_up),
                cmocka_unit_test(a_member_of_another_type_is_refused_or_not_needed),
                cmocka_unit_test(words_that_are_none_are_refused),
                cmocka_unit_test(an_empty_report_has_each_form),
                cmocka_unit_test(two_texts_have_two_names),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
