/* SPDX-License-Identifier: Apache-2.0 */
#include "html_findings.h"

void html_bytes(const struct html *html, const char *hex)
{
        slice all = slice_text(hex);
        html_put(html, "<code>");
        if (all.size <= HTML_BYTES_MAX) {
                html_put(html, "%s</code>", hex);
                return;
        }
        if (!slice_is_ascii(all))
                report_unlike(html->out, "bytes");
        else
                for (size_t i = 0; i < HTML_BYTES_MAX; i++) {
                        const char one[] = { (char)all.data[i], '\0' };
                        html_put(html, "%s", one);
                }
        html_put(html, "\xe2\x80\xa6</code> <span class=\"quiet\">");
        html_say(html, HTML_BYTES_MORE, (int)(all.size / 2));
        html_put(html, "</span>");
}

static void put_step(const struct html *html, const json_t *step)
{
        const char *note = json_string_value(json_object_get(step, "note"));
        html_put(html, "<li>");
        if (note) {
                html_put(html, "<span class=\"step\">%w</span> <span lang=\"en\">%s</span></li>\n",
                        HTML_NOTED, note);
                return;
        }
        html_put(html, "<span class=\"step\">%w (%s)</span> ", HTML_SENT,
                report_string(html->out, step, "by"));
        html_bytes(html, report_string(html->out, step, "sent"));
        html_put(html, " <span class=\"step\">%w</span> ", HTML_SAW);
        html_bytes(html, report_string(html->out, step, "saw"));
        html_put(html, "</li>\n");
}

static void put_steps(const struct html *html, const json_t *probe)
{
        const json_t *steps = report_array(html->out, probe, "steps");
        size_t count = json_array_size(steps);
        size_t shown = count < HTML_STEPS_MAX ? count : HTML_STEPS_MAX;
        json_int_t hidden = report_count(html->out, probe, "steps_omitted") + (json_int_t)(count - shown);
        if (count == 0)
                return;
        html_put(html, "<details><summary>");
        html_say(html, HTML_STEPS, (int)shown);
        html_put(html, "</summary>\n<ol class=\"steps\">\n");
        for (size_t i = 0; i < shown; i++)
                put_step(html, json_array_get(steps, i));
        html_put(html, "</ol>\n");
        if (hidden) {
                html_put(html, "<p class=\"quiet\">");
                html_say(html, HTML_STEPS_MORE, (int)hidden);
                html_put(html, "</p>\n");
        }
        html_put(html, "</details>\n");
}

/* The reason itself is in English alone: before it stands, in Japanese, what the result means. */
static void put_why(const struct html *html, const json_t *probe, const char *why)
{
        static const enum html_word words[REPORT_RESULTS] = { [REPORT_HOLDS] = HTML_HOLDS_WHY,
                [REPORT_PARTLY] = HTML_PARTLY_WHY,
                [REPORT_BROKEN] = HTML_BROKEN_WHY,
                [REPORT_UNTESTED] = HTML_NOT_TESTABLE_WHY,
                [REPORT_TARGET_FAILED] = HTML_TARGET_FAILED_WHY };
        html_put(html, "<dt>%w</dt><dd>", HTML_WHY);
        if (html->language != REPORT_ENGLISH)
                html_put(html, "%w ", words[report_result(html->out, probe)]);
        html_put(html, "<span lang=\"en\">%s</span>", why);
        html_bound(html, probe);
        html_put(html, "</dd>\n");
}

static void put_probe(const struct html *html, const json_t *probe, int number)
{
        const char *why = report_string_if(html->out, probe, "why");
        const char *evidence = report_string_if(html->out, probe, "evidence");
        html_put(html, "<h3 id=\"%l-probe-%d\">%s %s ", number, report_string(html->out, probe, "id"),
                report_sentence(html->out, probe, "title", html->language));
        html_badge(html, report_string(html->out, probe, "result"));
        html_put(html, "</h3>\n<dl class=\"about\">\n<dt>%w</dt><dd>%s</dd>\n", HTML_TRIED,
                report_sentence(html->out, probe, "attack", html->language));
        html_put(html, "<dt>%w</dt><dd>%s</dd>\n", HTML_MUST,
                report_sentence(html->out, probe, "must", html->language));
        if (why && *why)
                put_why(html, probe, why);
        html_put(html, "<dt>%w</dt><dd>", HTML_RESPONSIBLE);
        html_own(html, report_string(html->out, probe, "responsible"));
        html_put(html, "</dd>\n");
        if (json_array_size(json_object_get(probe, "facts"))) {
                html_put(html, "<dt>%w</dt><dd><code>", HTML_FOUND);
                html_list(html, probe, "facts");
                html_put(html, "</code></dd>\n");
        }
        if (evidence) {
                html_put(html, "<dt>%w</dt><dd>", HTML_EVIDENCE);
                html_link_evidence(html, evidence);
                html_put(html, "</dd>\n");
        }
        html_put(html, "<dt>%w</dt><dd><code>%s</code></dd>\n</dl>\n", HTML_REPLAY,
                report_string(html->out, probe, "replay"));
        put_steps(html, probe);
}

static void put_row(const struct html *html, const json_t *probe)
{
        html_put(html, "<tr><th scope=\"row\">");
        html_link_probe(html, report_string(html->out, probe, "id"));
        html_put(html, "</th><td>%s", report_sentence(html->out, probe, "title", html->language));
        if (report_flag(html->out, probe, "destructive"))
                html_put(html, " <span class=\"quiet\">(%w)</span>", HTML_DESTRUCTIVE);
        html_put(html, "</td><td>");
        html_badge(html, report_string(html->out, probe, "result"));
        html_put(html, "</td><td>");
        html_own(html, report_string(html->out, probe, "responsible"));
        html_put(html, "</td></tr>\n");
}

void html_probes(const struct html *html)
{
        static const enum html_word columns[] = { HTML_PROBE, HTML_TRIED, HTML_RESULT, HTML_RESPONSIBLE };
        const json_t *probes = report_array(html->out, html->report, "probes");
        size_t count = json_array_size(probes);
        html_heading(html, "probes", HTML_PROBES);
        if (count == 0) {
                html_put(html, "<p>%w</p>\n</section>\n", HTML_PROBES_NONE);
                return;
        }
        html_scroll_begin(html, "tried", 0, HTML_PROBES, NULL);
        html_columns(html, columns, sizeof columns / sizeof *columns);
        for (size_t i = 0; i < count; i++)
                put_row(html, json_array_get(probes, i));
        html_put(html, "</tbody></table>\n");
        html_scroll_end(html);
        for (size_t i = 0; i < count; i++)
                put_probe(html, json_array_get(probes, i), (int)i);
        html_put(html, "</section>\n");
}
