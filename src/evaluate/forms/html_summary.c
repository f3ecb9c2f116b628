/* SPDX-License-Identifier: Apache-2.0 */
#include "html_summary.h"

enum { NAMED = 4 /* of requirements in a row of the summary; the policy's card names all */ };

/* What a level demands and what is not simply seen to hold. */
static const struct rest {
        const char *member;
        enum html_word title;
} rests[] = {
        { "untested", HTML_NOT_TESTED },
        { "declared", HTML_RESTS_DECLARED },
        { "partial", HTML_SEEN_IN_PART },
};

enum { RESTS = sizeof rests / sizeof *rests };

void html_unconfirmed(const struct html *html, const json_t *policy)
{
        if (report_flag(html->out, policy, "unconfirmed"))
                html_put(html, " <span class=\"unverified\">%w</span>", HTML_UNCONFIRMED);
}

/* ---- scopes ---- */

static bool has_scope(const struct html *html, const json_t *scopes, const char *name)
{
        for (size_t i = 0; i < json_array_size(scopes); i++)
                if (slice_is(slice_text(report_item(html->out, scopes, i, "scopes")), name))
                        return true;
        return false;
}

static void put_scopes(const struct html *html, const json_t *scopes, bool judged)
{
        static const struct {
                const char *name;
                enum html_word word;
        } all[] = { { "device", HTML_SCOPE_DEVICE }, { "service", HTML_SCOPE_SERVICE },
                { "login", HTML_SCOPE_LOGIN } };
        size_t count = 0;
        for (size_t i = 0; i < sizeof all / sizeof *all; i++)
                if (has_scope(html, scopes, all[i].name) == judged)
                        html_put(html, count++ ? ", %w" : "%w", all[i].word);
        if (count == 0)
                html_put(html, "%w", HTML_NONE);
}

void html_left(const struct html *html, const json_t *policy, const json_t *requirement)
{
        const char *left = report_left(html->out, policy, requirement, html->language);
        if (left)
                html_put(html, " (%s)", left);
}

/* ---- at a policy's level ---- */

static void put_rest(const struct html *html, const json_t *policy, const struct rest *rest)
{
        const json_t *ids = report_array(html->out, policy, rest->member);
        const json_t *requirements = report_array(html->out, policy, "requirements");
        html_put(html, "<dt>%w</dt><dd>", rest->title);
        if (json_array_size(ids) == 0)
                html_put(html, "%w", HTML_NONE);
        else
                html_put(html, "<ul>");
        for (size_t i = 0; i < json_array_size(ids); i++) {
                const char *id = report_item(html->out, ids, i, rest->member);
                const json_t *requirement = report_find(requirements, "id", id, NULL);
                html_put(html, "<li><strong>%s</strong>", id);
                if (requirement) {
                        html_left(html, policy, requirement);
                        html_put(html, ": %s",
                                report_sentence(html->out, requirement, "text", html->language));
                        html_unverified(html, requirement);
                }
                html_put(html, "</li>");
        }
        html_put(html, json_array_size(ids) ? "</ul></dd>\n" : "</dd>\n");
}

void html_beside(const struct html *html, const json_t *policy)
{
        const json_t *scopes = report_array(html->out, policy, "scopes");
        html_put(html, "<dl class=\"about\">\n<dt>%w</dt><dd>", HTML_JUDGED);
        put_scopes(html, scopes, true);
        html_put(html, "</dd>\n<dt>%w</dt><dd>", HTML_NOT_JUDGED);
        put_scopes(html, scopes, false);
        html_put(html, "</dd>\n");
        for (size_t i = 0; i < RESTS; i++)
                if (report_string_if(html->out, policy, "level"))
                        put_rest(html, policy, &rests[i]);
                else
                        (void)report_array(html->out, policy, rests[i].member);
        html_put(html, "</dl>\n");
}

/* ---- the chapter ---- */

static void put_name(const struct html *html, const json_t *policy, int number, const char *id)
{
        size_t index;
        const json_t *requirement =
                report_find(report_array(html->out, policy, "requirements"), "id", id, &index);
        if (requirement)
                html_put(html, "<a href=\"#%l-rule-%d-%d\">%s</a>", number, (int)index, id);
        else
                html_put(html, "%s", id);
        if (!requirement ||
                !slice_is(slice_text(report_string(html->out, requirement, "outcome")), "not testable here"))
                return;
        html_put(html, " (?)");
        html_left(html, policy, requirement);
}

static void put_names(const struct html *html, const json_t *policy, int number, const char *member)
{
        const json_t *ids = report_array(html->out, policy, member);
        const size_t count = json_array_size(ids);
        for (size_t i = 0; i < count && i < NAMED; i++) {
                html_put(html, i ? ", " : "");
                put_name(html, policy, number, report_item(html->out, ids, i, member));
        }
        if (count > NAMED) {
                html_put(html, ", ");
                html_say(html, HTML_AND_MORE, (int)(count - NAMED));
        }
        if (count == 0)
                html_put(html, "%w", HTML_NONE);
}

static void put_policy(const struct html *html, const json_t *policy, int number)
{
        const char *level = report_string_if(html->out, policy, "level");
        html_put(html, "<tr><th scope=\"row\"><a href=\"#%l-card-%d\">%s</a>", number,
                report_sentence(html->out, policy, "title", html->language));
        if (report_flag(html->out, policy, "provisional"))
                html_put(html, " <span class=\"unverified\">%w</span>", HTML_PROVISIONAL);
        html_put(html, "</th><td><strong>");
        if (level)
                html_put(html, "%s", level);
        else
                html_put(html, "%w", HTML_NONE);
        html_put(html, "</strong>");
        html_unconfirmed(html, policy);
        html_put(html, "</td><td>");
        put_scopes(html, report_array(html->out, policy, "scopes"), true);
        html_put(html, "</td>");
        for (size_t i = 0; i < RESTS; i++) {
                html_put(html, "<td>");
                if (level)
                        put_names(html, policy, number, rests[i].member);
                else
                        html_put(html, "-");
                html_put(html, "</td>");
        }
        html_put(html, "<td>");
        put_names(html, policy, number, "blockers");
        html_put(html, "</td></tr>\n");
}

/* Copies of a finger that opened it break no probe: how often they may is for policies to say. A count of
 * attacks that were withstood is not to be read without them. */
static void put_artefacts(const struct html *html)
{
        const json_t *caveat =
                report_find(report_array(html->out, html->report, "caveats"), "id", "artefacts", NULL);
        if (caveat)
                html_put(html, "<br/><a href=\"#%l-caveats\">%s</a>",
                        report_sentence(html->out, caveat, "text", html->language));
}

static void put_attacks(const struct html *html)
{
        static const char *const results[] = { "broken", "target failed", "partly", "not testable here",
                "holds" };
        const json_t *probes = report_array(html->out, html->report, "probes");
        html_put(html, "<p><a href=\"#%l-probes\">%w</a>:", HTML_PROBES);
        for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
                int count = 0;
                for (size_t j = 0; j < json_array_size(probes); j++)
                        count += slice_is(
                                slice_text(report_string(html->out, json_array_get(probes, j), "result")),
                                results[i]);
                if (count == 0)
                        continue;
                html_put(html, " ");
                html_badge(html, results[i]);
                html_put(html, " %d", count);
        }
        put_artefacts(html);
        html_put(html, "</p>\n");
}

void html_summary(const struct html *html)
{
        static const enum html_word columns[] = { HTML_POLICY, HTML_REACHED_LEVEL, HTML_JUDGED,
                HTML_NOT_TESTED, HTML_RESTS_DECLARED, HTML_SEEN_IN_PART, HTML_KEPT_BY };
        const json_t *policies = report_array(html->out, html->report, "policies");
        html_heading(html, "summary", HTML_SUMMARY);
        html_put(html, "<p>%w</p>\n", HTML_NO_SCORE);
        html_scroll_begin(html, "summaries", 0, HTML_SUMMARY, NULL);
        html_columns(html, columns, sizeof columns / sizeof *columns);
        for (size_t i = 0; i < json_array_size(policies); i++)
                put_policy(html, json_array_get(policies, i), (int)i);
        html_put(html, "</tbody></table>\n");
        html_scroll_end(html);
        put_attacks(html);
        html_put(html, "<p class=\"quiet\">%w</p>\n</section>\n", HTML_SUMMARY_WHY);
}
