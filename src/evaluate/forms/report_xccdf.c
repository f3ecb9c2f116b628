/* SPDX-License-Identifier: Apache-2.0 */
#include "report_xccdf.h"

#include "report_parts.h"

/* What was seen and holds passes; what is only declared is not known; a part that was seen, and what goes by
 * wording that nobody confirmed, is for a person to judge. Nothing that was not seen whole passes, and
 * nothing fails by what is no norm. */
static const char *const xccdf_results[REPORT_OUTCOMES] = {
        [REPORT_SATISFIED] = "pass",
        [REPORT_PARTIAL] = "informational",
        [REPORT_DECLARED] = "unknown",
        [REPORT_NOT_SATISFIED] = "fail",
        [REPORT_UNCONFIRMED] = "informational",
        [REPORT_NOT_TESTABLE] = "notchecked",
};

static const char predicate_system[] = "urn:mitome:predicate";

/* An element with a text, in one language or (NULL) in none. */
static void element(struct report_text *out, const char *name, const char *attributes, const char *language,
        const char *text)
{
        report_text_printf(out, "<%s%s", name, attributes);
        if (language)
                report_text_printf(out, " xml:lang=\"%s\"", language);
        report_text_add(out, ">");
        report_text_escaped(out, text);
        report_text_printf(out, "</%s>\n", name);
}

/* A sentence in both languages: `name` of the report as elements of that name. Readers that show all
 * languages one behind the other get a line end between them. */
static void sentence(struct report_text *out, const json_t *of, const char *element_name, const char *name)
{
        element(out, element_name, "", "en", report_sentence(out, of, name, REPORT_ENGLISH));
        report_text_printf(
                out, "<%s xml:lang=\"ja\"><h:br xmlns:h=\"http://www.w3.org/1999/xhtml\"/>", element_name);
        report_text_escaped(out, report_sentence(out, of, name, REPORT_JAPANESE));
        report_text_printf(out, "</%s>\n", element_name);
}

/* Two underscores are in no name: so two pairs have two identifiers. */
static void rule_id(struct report_text *out, const json_t *policy, const json_t *requirement)
{
        char name[REPORT_NAME_SIZE];
        report_name(report_string(out, policy, "id"), name);
        report_text_printf(out, "xccdf_mitome_rule_%s", name);
        report_name(report_string(out, requirement, "id"), name);
        report_text_printf(out, "__%s", name);
}

static void policy_id(struct report_text *out, const char *kind, const json_t *policy)
{
        char name[REPORT_NAME_SIZE];
        report_name(report_string(out, policy, "id"), name);
        report_text_printf(out, "xccdf_mitome_%s_%s", kind, name);
}

/* Only what SHALL hold, by wording that was confirmed, weighs. */
static const char *severity_of(struct report_text *out, const json_t *requirement)
{
        bool shall = report_is_shall(out, requirement);
        return !report_flag(out, requirement, "verified") ? "info" : shall ? "high" : "low";
}

static const char *role_of(struct report_text *out, const json_t *requirement)
{
        bool shall = report_is_shall(out, requirement);
        return shall && report_flag(out, requirement, "verified") ? "full" : "unscored";
}

/* ---- what was asked: profiles, groups, rules ---- */

/* Whether a requirement counts for the level with this index: from its own on, and up to `until`. */
static bool counts_for(struct report_text *out, const json_t *policy, const json_t *requirement, size_t level)
{
        const char *until = report_string_if(out, requirement, "until");
        return level >= report_level_index(out, policy, report_string(out, requirement, "level")) &&
               (!until || level <= report_level_index(out, policy, until));
}

static void profile(struct report_text *out, const json_t *policy, size_t level)
{
        const json_t *levels = report_array(out, policy, "levels");
        const json_t *requirements = report_array(out, policy, "requirements");
        const char *name = report_item(out, levels, level, "levels");
        char plain[REPORT_NAME_SIZE];
        report_name(name, plain);
        report_text_add(out, "<Profile id=\"");
        policy_id(out, "profile", policy);
        report_text_printf(out, "__%s\">\n<title xml:lang=\"en\">", plain);
        report_text_escaped(out, report_string(out, policy, "title"));
        report_text_add(out, ": ");
        report_text_escaped(out, name);
        report_text_add(out, "</title>\n");
        for (size_t i = 0; i < json_array_size(requirements); i++) {
                const json_t *requirement = json_array_get(requirements, i);
                report_text_add(out, "<select idref=\"");
                rule_id(out, policy, requirement);
                report_text_printf(out, "\" selected=\"%s\"/>\n",
                        counts_for(out, policy, requirement, level) ? "true" : "false");
        }
        report_text_add(out, "</Profile>\n");
}

static void check(struct report_text *out, const json_t *requirement)
{
        report_text_printf(out, "<check system=\"%s\"><check-content>", predicate_system);
        report_text_escaped(out, report_string(out, requirement, "predicate"));
        report_text_add(out, "</check-content></check>\n");
}

static void rule(struct report_text *out, const json_t *policy, const json_t *requirement)
{
        const char *id = report_string(out, requirement, "id");
        const char *level = report_string(out, requirement, "level");
        report_text_add(out, "<Rule id=\"");
        rule_id(out, policy, requirement);
        report_text_printf(out, "\" selected=\"true\" severity=\"%s\" role=\"%s\">\n<title xml:lang=\"en\">",
                severity_of(out, requirement), role_of(out, requirement));
        report_text_escaped(out, id);
        report_text_add(out, " (");
        report_text_escaped(out, level);
        report_text_printf(out, ", %s)</title>\n", report_is_shall(out, requirement) ? "SHALL" : "SHOULD");
        sentence(out, requirement, "description", "text");
        if (!report_flag(out, requirement, "verified"))
                element(out, "warning", " category=\"general\"", "en",
                        "The wording of the source was not confirmed: this is not normative.");
        report_text_add(out, "<reference>");
        report_text_escaped(out, report_string(out, requirement, "source"));
        report_text_add(out, ", ");
        report_text_escaped(out, report_string(out, requirement, "section"));
        report_text_add(out, "</reference>\n<rationale xml:lang=\"en\">It holds when: ");
        report_text_escaped(out, report_string(out, requirement, "predicate"));
        report_text_add(out, ". Responsible: ");
        report_text_escaped(out, report_string(out, requirement, "responsible"));
        report_text_add(out, ".</rationale>\n");
        sentence(out, requirement, "fixtext", "remedy");
        check(out, requirement);
        report_text_add(out, "</Rule>\n");
}

static void put_beside(void *out, const char *name, const char *label, const char *text)
{
        (void)name;
        report_text_printf(out, " %s: ", label);
        report_text_escaped(out, text);
        report_text_add(out, ".");
}

static void group(struct report_text *out, const json_t *policy)
{
        const json_t *requirements = report_array(out, policy, "requirements");
        report_text_add(out, "<Group id=\"");
        policy_id(out, "group", policy);
        report_text_add(out, "\">\n");
        element(out, "title", "", "en", report_string(out, policy, "title"));
        report_text_add(out, "<description xml:lang=\"en\">Policy file with SHA-256 ");
        report_text_escaped(out, report_string(out, policy, "sha256"));
        report_text_add(out, ".");
        report_each_beside(out, policy, REPORT_ENGLISH, put_beside, out);
        report_text_add(out, "</description>\n");
        const char *note = report_string_if(out, policy, "note");
        if (report_flag(out, policy, "provisional"))
                element(out, "warning", " category=\"general\"", "en", "This policy is provisional.");
        if (note && *note)
                element(out, "warning", " category=\"general\"", "en", note);
        for (size_t i = 0; i < json_array_size(requirements); i++)
                rule(out, policy, json_array_get(requirements, i));
        report_text_add(out, "</Group>\n");
}

/* ---- what came of it ---- */

static void rule_result(struct report_text *out, const json_t *report, const json_t *policy,
        const json_t *requirement, const char *at)
{
        REPORT_TEXT(aside);
        enum report_outcome outcome = report_outcome(out, requirement);
        report_text_add(out, "<rule-result idref=\"");
        rule_id(out, policy, requirement);
        report_text_printf(out, "\" severity=\"%s\" role=\"%s\" time=\"", severity_of(out, requirement),
                role_of(out, requirement));
        report_text_escaped(out, at);
        report_text_printf(out, "\">\n<result>%s</result>\n<message severity=\"%s\">", xccdf_results[outcome],
                outcome == REPORT_NOT_SATISFIED ? "error" : "info");
        report_text_escaped(out, report_verdict(out, report, policy, requirement, &aside));
        report_text_add(out, "</message>\n");
        check(out, requirement);
        report_text_add(out, "</rule-result>\n");
}

static void test_result(struct report_text *out, const json_t *report)
{
        const json_t *target = report_object(out, report, "target");
        const json_t *tool = report_object(out, report, "tool");
        const json_t *policies = report_array(out, report, "policies");
        const char *at = report_time(out, report);
        const bool simulated = report_flag(out, target, "simulated");
        report_text_printf(out,
                "<TestResult id=\"xccdf_mitome_testresult_evaluation\" start-time=\"%.20s\" end-time=\"%.20s\" version=\"",
                at, at);
        report_text_escaped(out, report_string(out, tool, "version"));
        report_text_add(out, "\" test-system=\"mitome\">\n<title xml:lang=\"en\">Evaluation of ");
        report_text_escaped(out, report_string(out, target, "description"));
        report_text_add(out, "</title>\n<target>");
        report_text_escaped(out, report_string(out, target, "name"));
        report_text_add(
                out, "</target>\n<target-facts>\n<fact name=\"urn:mitome:target:aaguid\" type=\"string\">");
        report_text_escaped(out, report_string_if(out, target, "aaguid"));
        report_text_printf(out,
                "</fact>\n<fact name=\"urn:mitome:target:simulated\" type=\"boolean\">%s</fact>\n</target-facts>\n",
                simulated ? "true" : "false");
        for (size_t i = 0; i < json_array_size(policies); i++) {
                const json_t *policy = json_array_get(policies, i);
                const json_t *requirements = report_array(out, policy, "requirements");
                for (size_t j = 0; j < json_array_size(requirements); j++)
                        rule_result(out, report, policy, json_array_get(requirements, j), at);
        }
        report_text_add(
                out, "<score system=\"urn:mitome:no-score\" maximum=\"0\">0</score>\n</TestResult>\n");
}

static const char line_end[] = "<h:br xmlns:h=\"http://www.w3.org/1999/xhtml\"/>\n";

static void put_caveats(struct report_text *out, const json_t *report, enum report_language language)
{
        const json_t *caveats = report_array(out, report, "caveats");
        for (size_t i = 0; i < json_array_size(caveats); i++) {
                report_text_escaped(out, report_sentence(out, json_array_get(caveats, i), "text", language));
                report_text_add(out, line_end);
        }
}

/* What every reader of the report must know first: the simulation above all, and the levels with what they
 * rest on. Pages that are made of XCCDF show the first of these, and nothing of what groups say. */
static void front_matter(struct report_text *out, const json_t *report, enum report_language language)
{
        const json_t *policies = report_array(out, report, "policies");
        report_text_printf(out, "<front-matter xml:lang=\"%s\">", language == REPORT_JAPANESE ? "ja" : "en");
        put_caveats(out, report, language);
        for (size_t i = 0; i < json_array_size(policies); i++) {
                const json_t *policy = json_array_get(policies, i);
                report_text_escaped(out, report_string(out, policy, "id"));
                report_text_add(out, ":");
                report_each_beside(out, policy, language, put_beside, out);
                report_text_add(out, line_end);
        }
        report_text_add(out, "</front-matter>\n");
}

mitome_status evaluation_xccdf(const json_t *report, struct report_text *out, mitome_error *error)
{
        const json_t *policies = report_array(out, report, "policies");
        const json_t *tool = report_object(out, report, "tool");
        slice written;
        report_text_printf(out,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Benchmark xmlns=\"http://checklists.nist.gov/xccdf/1.2\""
                " id=\"xccdf_mitome_benchmark_evaluation\" resolved=\"true\" xml:lang=\"en\">\n<status date=\"%.10s\">draft</status>\n",
                report_time(out, report));
        element(out, "title", "", "en", "Authentication-level policies");
        element(out, "description", "", "en",
                "What authentication-level policies ask of an authenticator, and what an evaluation found. There is no score.");
        report_text_add(out,
                "<description xml:lang=\"ja\"><h:br xmlns:h=\"http://www.w3.org/1999/xhtml\"/>"
                "認証レベルの基準が認証器に求めることと、評価の結果。点数はない。</description>\n");
        front_matter(out, report, REPORT_ENGLISH);
        front_matter(out, report, REPORT_JAPANESE);
        element(out, "version", "", NULL, report_string(out, tool, "version"));
        for (size_t i = 0; i < json_array_size(policies); i++) {
                const json_t *policy = json_array_get(policies, i);
                size_t levels = json_array_size(report_array(out, policy, "levels"));
                for (size_t level = 0; level < levels; level++)
                        profile(out, policy, level);
        }
        for (size_t i = 0; i < json_array_size(policies); i++)
                group(out, json_array_get(policies, i));
        test_result(out, report);
        report_text_add(out, "</Benchmark>\n");
        return report_text_finish(out, &written, error);
}
