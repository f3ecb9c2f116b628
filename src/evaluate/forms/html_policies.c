/* SPDX-License-Identifier: Apache-2.0 */
#include "html_policies.h"

#include "html_summary.h"

static const char *sentence(const struct html *html, const json_t *of, const char *name)
{
        return report_sentence(html->out, of, name, html->language);
}

static const char *string(const struct html *html, const json_t *of, const char *name)
{
        return report_string(html->out, of, name);
}

/* ---- levels ---- */

/* The ladder: levels from the lowest, those up to the reached one told apart by a symbol and a word. */
static void put_ladder(const struct html *html, const json_t *policy, const char *reached)
{
        const json_t *levels = report_array(html->out, policy, "levels");
        size_t steps = 0;
        for (size_t i = 0; reached && i < json_array_size(levels); i++)
                if (slice_is(slice_text(report_item(html->out, levels, i, "levels")), reached))
                        steps = i + 1;
        if (reached && steps == 0)
                report_unlike(html->out, "level");
        html_put(html, "<ol class=\"ladder\">");
        for (size_t i = 0; i < json_array_size(levels); i++) {
                const char *level = report_item(html->out, levels, i, "levels");
                if (i < steps)
                        html_put(html,
                                "<li class=\"reached\"><span aria-hidden=\"true\">\xe2\x9c\x93</span> %s: %w</li>",
                                level, HTML_REACHED);
                else
                        html_put(html, "<li>%s: %w</li>", level, HTML_NOT_REACHED);
        }
        html_put(html, "</ol>\n");
}

enum { LISTED = 3 /* of what nobody could test, or has yet to show: more of it is folded */ };

static bool is_told(const json_t *of, const char *name, const char *word)
{
        const char *text = json_string_value(json_object_get(of, name));
        return text && slice_is(slice_text(text), word);
}

static void put_blocker(const struct html *html, const json_t *requirement)
{
        html_put(html, "<li><strong>%s</strong>: %s ", string(html, requirement, "id"),
                sentence(html, requirement, "text"));
        html_badge(html, string(html, requirement, "outcome"));
        html_unverified(html, requirement);
        html_put(html, " <span class=\"quiet\">%s</span>", sentence(html, requirement, "why"));
        html_bound(html, requirement);
        html_put(html, "</li>\n");
}

/* What keeps from a level: those that are known to fail first, then those that nobody could test. */
static void put_blocker_list(const struct html *html, const json_t *policy, bool untested)
{
        const json_t *requirements = report_array(html->out, policy, "requirements");
        const json_t *blockers = report_array(html->out, policy, "blockers");
        size_t count = 0;
        for (size_t i = 0; i < json_array_size(blockers); i++) {
                const char *id = report_item(html->out, blockers, i, "blockers");
                const json_t *requirement = report_find(requirements, "id", id, NULL);
                if (is_told(requirement, "outcome", "not testable here") != untested)
                        continue;
                html_put(html, count ? "" : "<ul>\n");
                put_blocker(html, requirement);
                count++;
        }
        html_put(html, count ? "</ul>\n" : "");
}

static size_t count_untested(const json_t *policy)
{
        const json_t *requirements = json_object_get(policy, "requirements");
        const json_t *blockers = json_object_get(policy, "blockers");
        size_t count = 0;
        for (size_t i = 0; i < json_array_size(blockers); i++)
                count += is_told(
                        report_find(requirements, "id", json_string_value(json_array_get(blockers, i)), NULL),
                        "outcome", "not testable here");
        return count;
}

/* What keeps from a level: those that are known to fail first, then those that nobody could test. */
static void put_blockers(const struct html *html, const json_t *policy, const char *next)
{
        size_t untested = count_untested(policy);
        html_put(html, "<h4>");
        html_say(html, HTML_KEEPS_FROM, next);
        html_put(html, "</h4>\n");
        put_blocker_list(html, policy, false);
        if (untested > LISTED) {
                html_put(html, "<details class=\"more\"><summary>");
                html_say(html, HTML_KEEPS_UNTESTED, (int)untested);
                html_put(html, "</summary>\n");
        }
        put_blocker_list(html, policy, true);
        html_put(html, untested > LISTED ? "</details>\n" : "");
}

static void put_change(const struct html *html, const json_t *change)
{
        enum html_word kind = html_word_find(string(html, change, "kind"));
        if (kind != HTML_KIND_CHANGE && kind != HTML_KIND_SHOW) {
                report_unlike(html->out, "kind");
                return;
        }
        html_put(html, "<li><strong>%w</strong>: %s ", kind, sentence(html, change, "text"));
        html_put(html, "<span class=\"quiet\">(<code>%s</code>; %w: ", string(html, change, "fact"),
                HTML_RESPONSIBLE);
        html_own(html, string(html, change, "responsible"));
        html_put(html, ")</span></li>\n");
}

static void put_change_list(const struct html *html, const json_t *changes, bool to_show)
{
        size_t count = 0;
        for (size_t i = 0; i < json_array_size(changes); i++) {
                const json_t *change = json_array_get(changes, i);
                if (is_told(change, "kind", "show") != to_show)
                        continue;
                html_put(html, count ? "" : "<ul>\n");
                put_change(html, change);
                count++;
        }
        html_put(html, count ? "</ul>\n" : "");
}

static void put_changes(const struct html *html, const json_t *policy, const char *next)
{
        const json_t *changes = report_array_if(html->out, policy, "changes");
        const json_t *least = json_object_get(policy, "changes_least");
        html_put(html, "<h4>");
        html_say(html, json_is_false(least) ? HTML_CHANGES_SOME : HTML_CHANGES, next);
        html_put(html, "</h4>\n");
        if (json_array_size(changes) == 0) {
                html_put(html, "<p>%w</p>\n", HTML_CHANGES_NONE);
                return;
        }
        size_t shows = 0;
        for (size_t i = 0; i < json_array_size(changes); i++)
                shows += is_told(json_array_get(changes, i), "kind", "show");
        put_change_list(html, changes, false);
        if (shows > LISTED) {
                html_put(html, "<details class=\"more\"><summary>");
                html_say(html, HTML_SHOW_MORE, (int)shows);
                html_put(html, "</summary>\n");
        }
        put_change_list(html, changes, true);
        html_put(html, shows > LISTED ? "</details>\n" : "");
        html_put(html, "<p class=\"quiet\">%w</p>\n", HTML_SHOW_WHAT);
        if (json_is_false(least))
                html_put(html, "<p class=\"quiet\">%w</p>\n", HTML_CHANGES_NOT_LEAST);
}

static void put_policy(const struct html *html, const json_t *policy, int number)
{
        const char *level = report_string_if(html->out, policy, "level");
        const char *next = report_string_if(html->out, policy, "next");
        const char *note = json_string_value(json_object_get(policy, "note"));
        html_put(html, "<div class=\"card\">\n<h3 id=\"%l-card-%d\">%s", number,
                sentence(html, policy, "title"));
        if (report_flag(html->out, policy, "provisional"))
                html_put(html, " <span class=\"unverified\">%w</span></h3>\n<p class=\"quiet\">%w</p>\n",
                        HTML_PROVISIONAL, HTML_PROVISIONAL_WHY);
        else
                html_put(html, "</h3>\n");
        if (note && *note)
                html_put(html, "<p class=\"quiet\">%s</p>\n", sentence(html, policy, "note"));
        html_put(html, "<p class=\"level\">");
        html_say(html, level ? HTML_LEVEL_REACHED : HTML_NO_LEVEL, level);
        html_unconfirmed(html, policy);
        html_put(html, "</p>\n");
        put_ladder(html, policy, level);
        html_beside(html, policy);
        if (next) {
                put_blockers(html, policy, next);
                put_changes(html, policy, next);
        } else {
                html_put(html, "<p>%w</p>\n", HTML_HIGHEST);
        }
        html_put(html, "</div>\n");
}

void html_levels(const struct html *html)
{
        const json_t *policies = report_array(html->out, html->report, "policies");
        html_heading(html, "levels", HTML_LEVELS);
        for (size_t i = 0; i < json_array_size(policies); i++)
                put_policy(html, json_array_get(policies, i), (int)i);
        html_put(html, "</section>\n");
}

/* ---- disagreements ---- */

static void put_side(const struct html *html, const json_t *side)
{
        const json_t *policies = report_array(html->out, html->report, "policies");
        const char *id = string(html, side, "policy"), *name = string(html, side, "requirement");
        const json_t *policy = report_find(policies, "id", id, NULL);
        const json_t *requirement = report_find(json_object_get(policy, "requirements"), "id", name, NULL);
        html_put(html, "<tr><th scope=\"row\">%s</th>", policy ? sentence(html, policy, "title") : id);
        html_put(html, "<td>%s", name);
        if (requirement) {
                html_put(html, "<br/><span class=\"quiet\">");
                html_own(html, string(html, requirement, "keyword"));
                html_put(html, "</span></td><td><p>%s", sentence(html, requirement, "text"));
                html_unverified(html, requirement);
                html_put(html, "</p>");
        } else {
                html_put(html, "</td><td>");
        }
        html_put(html, "<code>%s</code></td><td>", string(html, side, "predicate"));
        html_badge(html, string(html, side, "outcome"));
        html_put(html, "</td></tr>\n");
}

static void put_disagreement(const struct html *html, const json_t *disagreement, int number)
{
        static const enum html_word columns[] = { HTML_POLICY, HTML_REQUIREMENT, HTML_DEMANDS, HTML_OUTCOME };
        const json_t *sides = report_array(html->out, disagreement, "sides");
        html_put(html, "<h3>%s</h3>\n", string(html, disagreement, "topic"));
        html_scroll_begin(html, "sides", number, HTML_DISAGREEMENTS, NULL);
        html_columns(html, columns, sizeof columns / sizeof *columns);
        for (size_t i = 0; i < json_array_size(sides); i++)
                put_side(html, json_array_get(sides, i));
        html_put(html, "</tbody></table>\n");
        html_scroll_end(html);
        html_put(html, "<p class=\"quiet\">%s", sentence(html, disagreement, "text"));
        html_bound(html, disagreement);
        html_put(html, "</p>\n");
}

/* Whether one side fails where another one holds. */
static bool contradicts(const json_t *disagreement)
{
        const json_t *sides = json_object_get(disagreement, "sides");
        bool fails = false, holds = false;
        for (size_t i = 0; i < json_array_size(sides); i++) {
                const json_t *side = json_array_get(sides, i);
                if (is_told(side, "outcome", "not satisfied"))
                        fails = true;
                else if (!is_told(side, "outcome", "not testable here"))
                        holds = true;
        }
        return fails && holds;
}

static size_t put_those(const struct html *html, const json_t *disagreements, bool contradicting)
{
        size_t count = 0;
        for (size_t i = 0; i < json_array_size(disagreements); i++) {
                if (contradicts(json_array_get(disagreements, i)) != contradicting)
                        continue;
                put_disagreement(html, json_array_get(disagreements, i), (int)i);
                count++;
        }
        return count;
}

void html_disagreements(const struct html *html)
{
        const json_t *disagreements = report_array(html->out, html->report, "disagreements");
        html_heading(html, "disagreements", HTML_DISAGREEMENTS);
        size_t shown = put_those(html, disagreements, true);
        size_t rest = json_array_size(disagreements) - shown;
        if (shown == 0)
                html_put(html, "<p>%w</p>\n", HTML_DISAGREEMENTS_NONE);
        if (rest) {
                html_put(html, "<details class=\"more\"><summary>");
                html_say(html, HTML_DISAGREEMENTS_SEEN, (int)rest);
                html_put(html, "</summary>\n<p>%w</p>\n", HTML_DISAGREEMENTS_SEEN_WHY);
                (void)put_those(html, disagreements, false);
                html_put(html, "</details>\n");
        }
        html_put(html, "</section>\n");
}

/* ---- requirements ---- */

static const struct html_meaning outcomes[] = {
        { "satisfied", HTML_SATISFIED_IS },
        { "partially observed", HTML_PARTIALLY_IS },
        { "declared only", HTML_DECLARED_ONLY_IS },
        { "not satisfied", HTML_NOT_SATISFIED_IS },
        { "not testable here", HTML_NOT_TESTABLE_IS },
};

static void put_requirement(
        const struct html *html, const json_t *policy, const json_t *requirement, int place, int number)
{
        const char *outcome = string(html, requirement, "outcome");
        enum html_word keyword = html_word_find(string(html, requirement, "keyword"));
        if (keyword != HTML_SHALL && keyword != HTML_SHOULD) {
                report_unlike(html->out, "keyword");
                return;
        }
        html_put(html,
                "<tr id=\"%l-rule-%d-%d\"><th scope=\"row\">%s</th><td>%s<br/><span class=\"quiet\">%w</span></td>",
                place, number, string(html, requirement, "id"), string(html, requirement, "level"), keyword);
        html_put(html, "<td><p>%s</p><p class=\"quiet\">%s, %s</p>", sentence(html, requirement, "text"),
                string(html, requirement, "source"), string(html, requirement, "section"));
        html_unverified(html, requirement);
        html_put(html, "</td><td>");
        html_badge(html, outcome);
        html_left(html, policy, requirement);
        html_put(html, "</td><td><p>%s", sentence(html, requirement, "why"));
        html_bound(html, requirement);
        html_put(html, "</p><p><code>%s</code></p></td>", string(html, requirement, "predicate"));
        html_put(html, "<td><p>");
        html_own(html, string(html, requirement, "responsible"));
        html_put(html, "</p>");
        if (!slice_is(slice_text(outcome), "satisfied"))
                html_put(html, "<p>%s</p>", sentence(html, requirement, "remedy"));
        html_put(html, "</td></tr>\n");
}

static void put_table(const struct html *html, const json_t *policy, int number)
{
        static const enum html_word columns[] = { HTML_REQUIREMENT, HTML_LEVEL, HTML_DEMANDS, HTML_OUTCOME,
                HTML_WHY, HTML_RESPONSIBLE };
        const json_t *requirements = report_array(html->out, policy, "requirements");
        const char *title = sentence(html, policy, "title");
        html_put(html, "<h3>%s</h3>\n<p class=\"quiet\">", title);
        html_say(html, HTML_CONFIDENCE, (int)report_count(html->out, policy, "confidence"));
        html_put(html, " %w: <code>%s</code></p>\n", HTML_VERSION, string(html, policy, "sha256"));
        html_scroll_begin(html, "policy", number, HTML_REQUIREMENTS_OF, title);
        html_columns(html, columns, sizeof columns / sizeof *columns);
        for (size_t i = 0; i < json_array_size(requirements); i++)
                put_requirement(html, policy, json_array_get(requirements, i), number, (int)i);
        html_put(html, "</tbody></table>\n");
        html_scroll_end(html);
}

void html_requirements(const struct html *html)
{
        const json_t *policies = report_array(html->out, html->report, "policies");
        html_heading(html, "requirements", HTML_REQUIREMENTS);
        html_put(html, "<h3>%w</h3>\n", HTML_LEGEND);
        html_meanings(html, outcomes, sizeof outcomes / sizeof *outcomes);
        html_put(html, "<p><span class=\"unverified\">%w</span> %w</p>\n", HTML_UNVERIFIED,
                HTML_UNVERIFIED_WHY);
        for (size_t i = 0; i < json_array_size(policies); i++)
                put_table(html, json_array_get(policies, i), (int)i);
        html_put(html, "</section>\n");
}
