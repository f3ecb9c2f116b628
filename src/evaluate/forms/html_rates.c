/* SPDX-License-Identifier: Apache-2.0 */
#include "html_chances.h"

#include <math.h>

enum {
        WIDTH = 720,
        HEIGHT = 400,
        LEFT = 90,
        RIGHT = 690,
        TOP = 30,
        BOTTOM = 330,
        DECADES = 5, /* 0.001 % to 100 % */
        LABELS = 8,  /* thresholds that are named beside the curve, about */
        ROWS_MAX = 200,
};

static double share_of(double rate)
{
        double share = rate > 0 ? 1 + log10(rate) / DECADES : 0;
        return share < 0 ? 0 : share;
}

static double across(double rate)
{
        return LEFT + share_of(rate) * (RIGHT - LEFT);
}

static double down(double rate)
{
        return BOTTOM - share_of(rate) * (BOTTOM - TOP);
}

/* ---- curve ---- */

struct point {
        json_int_t threshold;
        double fmr, fnmr;
};

static bool point_of(const struct html *html, const json_t *point, struct point *ret)
{
        ret->threshold = report_count(html->out, point, "threshold");
        return html_rate(html, "fmr", report_string(html->out, point, "fmr"), &ret->fmr) &&
               html_rate(html, "fnmr", report_string(html->out, point, "fnmr"), &ret->fnmr);
}

static void draw_axes(const struct html *html)
{
        static const char *const decades[] = { "0.001 %", "0.01 %", "0.1 %", "1 %", "10 %", "100 %" };
        for (int i = 0; i <= DECADES; i++) {
                double rate = pow(10, i - DECADES);
                report_text_printf(
                        html->out, "<path class=\"grid\" d=\"M%.1f %dV%d\"/>", across(rate), TOP, BOTTOM);
                report_text_printf(html->out,
                        "<text class=\"axis\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
                        across(rate), BOTTOM + 18, decades[i]);
                report_text_printf(
                        html->out, "<path class=\"grid\" d=\"M%d %.1fH%d\"/>", LEFT, down(rate), RIGHT);
                report_text_printf(html->out,
                        "<text class=\"axis\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", LEFT - 6,
                        down(rate) + 4, decades[i]);
        }
        report_text_printf(html->out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">", RIGHT, BOTTOM + 44);
        html_put(html, "%w \xe2\x86\x92</text>\n", HTML_DET_ACROSS);
        report_text_printf(html->out, "<text x=\"%d\" y=\"%d\">\xe2\x86\x91 ", LEFT, TOP - 10);
        html_put(html, "%w</text>\n", HTML_DET_UP);
}

static void draw_curve(const struct html *html, const json_t *points)
{
        size_t count = json_array_size(points);
        struct point point;
        html_put(html, "<path class=\"curve\" d=\"");
        for (size_t i = 0; i < count; i++)
                if (point_of(html, json_array_get(points, i), &point))
                        report_text_printf(
                                html->out, "%c%.1f %.1f", i ? 'L' : 'M', across(point.fmr), down(point.fnmr));
        html_put(html, "\"/>\n");
        for (size_t i = 0; i < count; i += 1 + count / LABELS) {
                if (!point_of(html, json_array_get(points, i), &point))
                        return;
                report_text_printf(html->out, "<circle class=\"all\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>",
                        across(point.fmr), down(point.fnmr));
                report_text_printf(html->out, "<text class=\"axis\" x=\"%.1f\" y=\"%.1f\">%d</text>\n",
                        across(point.fmr) + 6, down(point.fnmr) - 6, (int)point.threshold);
        }
}

static void put_points(const struct html *html, const json_t *points)
{
        static const enum html_word columns[] = { HTML_THRESHOLD, HTML_DET_ACROSS, HTML_DET_UP };
        html_put(html, "<details><summary>%w</summary>\n", HTML_DET_POINTS);
        html_scroll_begin(html, "points", 0, HTML_DET_POINTS, NULL);
        html_columns(html, columns, sizeof columns / sizeof *columns);
        for (size_t i = 0; i < json_array_size(points) && i < ROWS_MAX; i++) {
                const json_t *point = json_array_get(points, i);
                html_put(html, "<tr><th scope=\"row\" class=\"number\">%d</th>",
                        (int)report_count(html->out, point, "threshold"));
                html_put(html, "<td class=\"number\">%s</td><td class=\"number\">%s</td></tr>\n",
                        report_string(html->out, point, "fmr"), report_string(html->out, point, "fnmr"));
        }
        html_put(html, "</tbody></table>\n");
        html_scroll_end(html);
        html_put(html, "</details>\n");
}

static void put_det(const struct html *html)
{
        const json_t *det = report_object_if(html->out, html->report, "det");
        html_put(html, "<h3>%w</h3>\n", HTML_DET);
        if (!det) {
                html_put(html, "<p>%w</p>\n", HTML_DET_NONE);
                return;
        }
        const json_t *points = report_array(html->out, det, "points");
        html_scroll_begin(html, "det", 0, HTML_DET_PICTURE, NULL);
        report_text_printf(html->out,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" ", WIDTH,
                HEIGHT);
        html_put(html, "aria-labelledby=\"%l-det-title\">\n<title id=\"%l-det-title\">%w</title>\n",
                HTML_DET_PICTURE);
        draw_axes(html);
        draw_curve(html, points);
        html_put(html, "</svg>\n");
        html_scroll_end(html);
        html_put(html, "<p class=\"quiet\">");
        html_say(html, HTML_DET_SOURCE, report_string(html->out, det, "source"));
        html_put(html, " %w</p>\n", HTML_INDEPENDENCE);
        put_points(html, points);
}

/* ---- measured rates ---- */

static bool is_rate(const json_t *fact)
{
        const char *type = json_string_value(json_object_get(fact, "type"));
        return type && slice_is(slice_text(type), "rate") && json_is_object(json_object_get(fact, "value"));
}

static void put_rate(const struct html *html, const json_t *fact)
{
        const json_t *value = report_object(html->out, fact, "value");
        const json_int_t errors = report_count(html->out, value, "errors");
        const json_int_t trials = report_count(html->out, value, "trials");
        const char *bound = report_string(html->out, value, "upper_95");
        double upper;
        html_put(html, "<tr><th scope=\"row\">%s<br/><code>%s</code></th>",
                report_sentence(html->out, fact, "text", html->language),
                report_string(html->out, fact, "name"));
        report_text_printf(html->out, "<td class=\"number\">%" JSON_INTEGER_FORMAT "</td>", errors);
        report_text_printf(html->out, "<td class=\"number\">%" JSON_INTEGER_FORMAT "</td>", trials);
        report_text_printf(
                html->out, "<td class=\"number\">%.6g</td>", trials ? (double)errors / (double)trials : 0);
        html_put(html, "<td class=\"number\">%s<br/>", bound);
        if (html_rate(html, "upper_95", bound, &upper))
                html_say(html, HTML_ONE_IN, html_one_in(upper).text);
        html_put(html, "</td><td>");
        html_badge(html, report_string(html->out, fact, "obtained"));
        html_put(html, "<p class=\"quiet\">%w</p></td></tr>\n", HTML_INDEPENDENCE);
}

void html_rates(const struct html *html)
{
        static const enum html_word columns[] = { HTML_RATE, HTML_ERRORS, HTML_TRIALS, HTML_SEEN,
                HTML_UPPER_BOUND, HTML_HOW_KNOWN };
        const json_t *facts = report_array(html->out, html->report, "facts");
        bool any = false;
        html_heading(html, "rates", HTML_RATES);
        for (size_t i = 0; i < json_array_size(facts); i++) {
                if (!is_rate(json_array_get(facts, i)))
                        continue;
                if (!any) {
                        html_scroll_begin(html, "rate", 0, HTML_RATES, NULL);
                        html_columns(html, columns, sizeof columns / sizeof *columns);
                        any = true;
                }
                put_rate(html, json_array_get(facts, i));
        }
        if (any) {
                html_put(html, "</tbody></table>\n");
                html_scroll_end(html);
        } else {
                html_put(html, "<p>%w</p>\n", HTML_RATES_NONE);
        }
        put_det(html);
        html_put(html, "</section>\n");
}
