/* SPDX-License-Identifier: Apache-2.0 */
#include "html_chances.h"

#include <math.h>

/* The picture: the finder stands on the left, the key on the right, where the probability is 1. Between them
 * a logarithmic axis, and a line for each path that ends at what all its tries come to. */
enum {
        WIDTH = 760,
        LEFT = 130,  /* of the axis: 1 in 10,000,000 or less */
        RIGHT = 640, /* 1 */
        TOP = 12,
        ROW = 58,
        DECADES = 7,
};

static double across(double rate)
{
        double share = rate > 0 ? 1 + log10(rate) / DECADES : 0;
        return LEFT + (share < 0 ? 0 : share) * (RIGHT - LEFT);
}

/* What is known of a path. */
struct chance {
        bool counted, has_each, has_total, has_tries, endless;
        double each, total;
        json_int_t tries;
};

static struct chance chance_of(const struct html *html, const json_t *path)
{
        struct chance chance = { .counted = !json_is_false(json_object_get(path, "counted")) };
        const char *each = report_string_if(html->out, path, "each");
        const char *total = report_string_if(html->out, path, "total");
        const json_t *tries = json_object_get(path, "tries");
        chance.has_each = each && html_rate(html, "each", each, &chance.each);
        chance.has_total = total && html_rate(html, "total", total, &chance.total);
        chance.has_tries = json_is_integer(tries);
        chance.tries = json_integer_value(tries);
        chance.endless = !chance.has_total && json_array_size(json_object_get(path, "missing")) == 0;
        return chance;
}

static void put_chance(const struct html *html, double rate)
{
        if (rate >= 1)
                html_put(html, "%w", HTML_CERTAIN);
        else
                html_say(html, HTML_ONE_IN, html_one_in(rate).text);
}

static void put_total(const struct html *html, const struct chance *chance)
{
        if (chance->has_total)
                put_chance(html, chance->total);
        else
                html_put(html, "%w", chance->endless ? HTML_ENDLESS : HTML_UNKNOWN);
}

/* ---- picture ---- */

static void draw_axis(const struct html *html, double bottom)
{
        static const char *const marks[] = { NULL, "1/1,000,000", NULL, "1/10,000", NULL, "1/100", NULL,
                "1" };
        for (int decade = 0; decade <= DECADES; decade++) {
                double x = across(pow(10, decade - DECADES));
                report_text_printf(html->out, "<path class=\"grid\" d=\"M%.1f %dV%.0f\"/>", x, TOP, bottom);
                if (marks[decade])
                        report_text_printf(html->out,
                                "<text class=\"axis\" x=\"%.1f\" y=\"%.0f\" text-anchor=\"middle\">%s</text>\n",
                                x, bottom + 18, marks[decade]);
        }
}

/* Finder and key: a box each, as high as the paths between them. */
static void draw_ends(const struct html *html, double bottom)
{
        double middle = (TOP + bottom) / 2;
        report_text_printf(html->out,
                "<rect class=\"box\" x=\"6\" y=\"%d\" width=\"78\" height=\"%.0f\" rx=\"8\"/>", TOP,
                bottom - TOP);
        report_text_printf(html->out, "<circle class=\"one\" cx=\"45\" cy=\"%.0f\" r=\"9\"/>", middle - 24);
        report_text_printf(html->out, "<path class=\"one\" d=\"M29 %.0fa16 16 0 0 1 32 0z\"/>", middle + 6);
        report_text_printf(html->out, "<text x=\"45\" y=\"%.0f\" text-anchor=\"middle\">", middle + 26);
        html_put(html, "%w</text>\n", HTML_FINDER);
        report_text_printf(html->out,
                "<rect class=\"box\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%.0f\" rx=\"8\"/>", RIGHT + 20,
                TOP, WIDTH - RIGHT - 26, bottom - TOP);
        report_text_printf(
                html->out, "<circle class=\"one\" cx=\"%d\" cy=\"%.0f\" r=\"9\"/>", RIGHT + 50, middle - 12);
        report_text_printf(
                html->out, "<path class=\"one\" d=\"M%d %.0fh26v7m-8 -7v5\"/>", RIGHT + 59, middle - 12);
        report_text_printf(
                html->out, "<text x=\"%d\" y=\"%.0f\" text-anchor=\"middle\">", RIGHT + 67, middle + 26);
        html_put(html, "%w</text>\n", HTML_KEY);
}

static void draw_path(const struct html *html, const json_t *path, double y)
{
        const struct chance chance = chance_of(html, path);
        double end = chance.has_total  ? across(chance.total)
                     : chance.endless  ? RIGHT
                     : chance.has_each ? across(chance.each)
                                       : LEFT;
        report_text_printf(html->out, "<path class=\"%s\" d=\"M84 %.0fH%.1f\"/>",
                chance.counted && chance.has_total ? "line" : "aside", y, end);
        if (chance.has_each)
                report_text_printf(html->out, "<circle class=\"one\" cx=\"%.1f\" cy=\"%.0f\" r=\"5\"/>",
                        across(chance.each), y);
        if (chance.has_total)
                report_text_printf(
                        html->out, "<circle class=\"all\" cx=\"%.1f\" cy=\"%.0f\" r=\"6\"/>", end, y);
        report_text_printf(html->out, "<text x=\"%d\" y=\"%.0f\">", LEFT - 30, y - 12);
        html_put(html, "%s: ", report_sentence(html->out, path, "name", html->language));
        put_total(html, &chance);
        if (!chance.counted)
                html_put(html, " (%w)", HTML_FOR_COMPARISON);
        html_put(html, "</text>\n");
}

static void draw_sum(const struct html *html, const char *text, double y)
{
        double total;
        if (!html_rate(html, "total", text, &total))
                return;
        report_text_printf(html->out, "<path class=\"sum\" d=\"M84 %.0fH%.1f\"/>", y, across(total));
        report_text_printf(
                html->out, "<circle class=\"sum-all\" cx=\"%.1f\" cy=\"%.0f\" r=\"7\"/>", across(total), y);
        report_text_printf(html->out, "<text class=\"strong\" x=\"%d\" y=\"%.0f\">", LEFT - 30, y - 12);
        html_put(html, "%w: ", HTML_TOTAL);
        put_chance(html, total);
        html_put(html, "</text>\n");
}

static void draw_paths(const struct html *html, const json_t *paths, const char *total)
{
        size_t rows = json_array_size(paths) + (total ? 1 : 0);
        double bottom = TOP + (double)rows * ROW + 16;
        html_scroll_begin(html, "paths", 0, HTML_BUDGET_PICTURE, NULL);
        report_text_printf(html->out,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %.0f\" role=\"img\" ", WIDTH,
                bottom + 30);
        html_put(html, "aria-labelledby=\"%l-paths-title\">\n<title id=\"%l-paths-title\">%w</title>\n",
                HTML_BUDGET_PICTURE);
        draw_axis(html, bottom);
        draw_ends(html, bottom);
        for (size_t i = 0; i < json_array_size(paths); i++)
                draw_path(html, json_array_get(paths, i), TOP + ((double)i + 0.75) * ROW);
        if (total)
                draw_sum(html, total, TOP + ((double)rows - 0.25) * ROW);
        html_put(html, "</svg>\n");
        html_scroll_end(html);
        html_put(html, "<p class=\"quiet\">%w</p>\n", HTML_BUDGET_AXIS);
}

/* ---- table ---- */

static void put_path(const struct html *html, const json_t *path)
{
        const struct chance chance = chance_of(html, path);
        html_put(html, "<tr><th scope=\"row\">%s", report_sentence(html->out, path, "name", html->language));
        if (!chance.counted)
                html_put(html, "<br/><span class=\"quiet\">%w</span>", HTML_FOR_COMPARISON);
        html_put(html, "</th><td class=\"number\">");
        if (chance.has_each)
                put_chance(html, chance.each);
        else
                html_put(html, "%w", HTML_UNKNOWN);
        html_put(html, "</td><td class=\"number\">");
        if (chance.has_tries)
                html_put(html, "%d", (int)chance.tries);
        else
                html_put(html, "%w", chance.endless ? HTML_ENDLESS : HTML_UNKNOWN);
        html_put(html, "</td><td class=\"number\">");
        put_total(html, &chance);
        html_put(html, "</td><td>%s", report_sentence(html->out, path, "basis", html->language));
        if (json_array_size(json_object_get(path, "missing"))) {
                html_put(html, " %w ", HTML_UNKNOWN);
                html_put(html, "<code>");
                html_list(html, path, "missing");
                html_put(html, "</code>");
        }
        html_put(html, "</td></tr>\n");
}

void html_budget(const struct html *html)
{
        static const enum html_word columns[] = { HTML_PATH, HTML_ONE_TRY, HTML_TRIES, HTML_ALL_TRIES,
                HTML_BASIS };
        const json_t *budget = report_object_if(html->out, html->report, "guess_budget");
        html_heading(html, "budget", HTML_BUDGET);
        if (!budget) {
                html_put(html, "<p>%w</p>\n</section>\n", HTML_BUDGET_NONE);
                return;
        }
        const json_t *paths = report_array(html->out, budget, "paths");
        const char *total = report_string_if(html->out, budget, "total");
        html_put(html, "<p>%s</p>\n", report_sentence(html->out, budget, "text", html->language));
        draw_paths(html, paths, total);
        html_scroll_begin(html, "chances", 0, HTML_BUDGET, NULL);
        html_columns(html, columns, sizeof columns / sizeof *columns);
        for (size_t i = 0; i < json_array_size(paths); i++)
                put_path(html, json_array_get(paths, i));
        html_put(html, "</tbody></table>\n");
        html_scroll_end(html);
        html_put(html, "<p class=\"quiet\">%w</p>\n</section>\n", HTML_INDEPENDENCE);
}
