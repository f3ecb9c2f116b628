/* SPDX-License-Identifier: Apache-2.0 */
#include "html_put.h"

#include "rate_text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- filling in ---- */

static void put_word(const struct html *html, enum html_word word)
{
        report_text_escaped(html->out, html_word(word, html->language));
}

/* Writes what stands for a directive; false: it is none. */
static bool put_directive(const struct html *html, char directive, va_list *list)
{
        /* NOLINTBEGIN(clang-analyzer-valist.Uninitialized): the callers started it */
        switch (directive) {
        case 's':
                report_text_escaped(html->out, va_arg(*list, const char *));
                return true;
        case 'd':
                report_text_printf(html->out, "%d", va_arg(*list, int));
                return true;
        case 'w':
                put_word(html, va_arg(*list, enum html_word));
                return true;
        case 'l':
                report_text_add(html->out, html->language == REPORT_JAPANESE ? "ja" : "en");
                return true;
        default:
                return false;
        }
        /* NOLINTEND(clang-analyzer-valist.Uninitialized) */
}

static void fill(const struct html *html, const char *pattern, va_list *list)
{
        reader r = reader_over(slice_text(pattern), NULL, NULL);
        slice piece;
        while (r.rest.size) {
                size_t size = 0;
                while (size < r.rest.size && r.rest.data[size] != '%')
                        size++;
                if (failed(read_bytes(&r, "pattern", size, &piece)))
                        return;
                report_text_add_slice(html->out, piece);
                if (failed(read_bytes(&r, "pattern", r.rest.size ? 1 : 0, &piece)))
                        return;
                if (piece.size && r.rest.size && put_directive(html, (char)r.rest.data[0], list)) {
                        if (failed(read_bytes(&r, "pattern", 1, &piece)))
                                return;
                } else {
                        report_text_add_slice(html->out, piece);
                }
        }
}

void html_put(const struct html *html, const char *markup, ...)
{
        va_list list;
        va_start(list, markup);
        fill(html, markup, &list);
        va_end(list);
}

void html_say(const struct html *html, enum html_word word, ...)
{
        va_list list;
        va_start(list, word);
        fill(html, html_word(word, html->language), &list);
        va_end(list);
}

/* ---- pieces ---- */

void html_heading(const struct html *html, const char *id, enum html_word word)
{
        html_put(html, "<section>\n<h2 id=\"%l-%s\">%w</h2>\n", id, word);
}

void html_badge(const struct html *html, const char *name)
{
        static const struct {
                const char *name, *class, *symbol;
        } badges[] = {
                { "satisfied", "good", "\xe2\x9c\x93" },          /* check mark */
                { "not satisfied", "bad", "\xe2\x9c\x97" },       /* ballot x */
                { "partially observed", "part", "\xe2\x97\x90" }, /* half circle */
                { "declared only", "told", "\xe2\x97\x8b" },      /* circle */
                { "not testable here", "open", "?" },
                { "holds", "good", "\xe2\x9c\x93" },
                { "partly", "part", "\xe2\x97\x90" },
                { "broken", "bad", "\xe2\x9c\x97" },
                { "target failed", "bad", "!" },
                { "observed", "good", "\xe2\x97\x8f" }, /* filled circle */
                { "measured", "good", "\xe2\x97\x8f" },
                { "attested", "part", "\xe2\x97\x90" },
                { "declared", "told", "\xe2\x97\x8b" },
                { "unusable", "open", "?" },
        };
        enum html_word word = html_word_find(name);
        for (size_t i = 0; i < sizeof badges / sizeof *badges; i++) {
                if (word == HTML_WORDS || !slice_is(slice_text(name), badges[i].name))
                        continue;
                html_put(html, "<span class=\"badge %s\"><span aria-hidden=\"true\">%s</span> %w</span>",
                        badges[i].class, badges[i].symbol, word);
                return;
        }
        html_put(html, "<span class=\"badge open\">%s</span>", name);
        report_unlike(html->out, "outcome");
}

void html_own(const struct html *html, const char *name)
{
        enum html_word word = html_word_find(name);
        if (word == HTML_WORDS)
                html_put(html, "%s", name);
        else
                html_put(html, "%w", word);
}

void html_bound(const struct html *html, const json_t *of)
{
        if (report_has_bound(html->out, html->report, of))
                html_put(html, " <span class=\"quiet\">%w</span>", HTML_INDEPENDENCE);
}

void html_unverified(const struct html *html, const json_t *requirement)
{
        if (!report_flag(html->out, requirement, "verified"))
                html_put(html, " <span class=\"unverified\">%w</span>", HTML_UNVERIFIED);
}

void html_meanings(const struct html *html, const struct html_meaning *meanings, size_t count)
{
        html_put(html, "<dl class=\"meanings\">\n");
        for (size_t i = 0; i < count; i++) {
                html_put(html, "<dt>");
                html_badge(html, meanings[i].name);
                html_put(html, "</dt><dd>%w</dd>\n", meanings[i].meaning);
        }
        html_put(html, "</dl>\n");
}

void html_scroll_begin(
        const struct html *html, const char *id, int number, enum html_word name, const char *of)
{
        html_put(html,
                "<div class=\"scroll %s\" role=\"group\" tabindex=\"0\" aria-labelledby=\"%l-%s-%d\">\n", id,
                id, number);
        html_put(html, "<p class=\"caption\" id=\"%l-%s-%d\">", id, number);
        html_say(html, name, of);
        html_put(html, "</p>\n");
}

void html_scroll_end(const struct html *html)
{
        html_put(html, "</div>\n");
}

void html_columns(const struct html *html, const enum html_word *columns, size_t count)
{
        html_put(html, "<table>\n<thead><tr>");
        for (size_t i = 0; i < count; i++)
                html_put(html, "<th scope=\"col\">%w</th>", columns[i]);
        html_put(html, "</tr></thead>\n<tbody>\n");
}

void html_list(const struct html *html, const json_t *of, const char *name)
{
        const json_t *list = report_array(html->out, of, name);
        for (size_t i = 0; i < json_array_size(list); i++)
                html_put(html, i ? ", %s" : "%s", report_item(html->out, list, i, name));
        if (json_array_size(list) == 0)
                html_put(html, "%w", HTML_NONE);
}

/* ---- numbers ---- */

bool html_rate(const struct html *html, const char *name, const char *text, double *ret)
{
        char *end = NULL;
        double rate = text ? strtod(text, &end) : -1;
        if (text && end != text && *end == '\0' && isfinite(rate) && rate >= 0 && rate <= 1) {
                *ret = rate;
                return true;
        }
        report_unlike(html->out, name);
        return false;
}

struct html_one_in html_one_in(double rate)
{
        struct html_one_in out;
        one_in_text(rate, out.text);
        return out;
}

/* ---- links ---- */

static void link_to(const struct html *html, const char *array, const char *kind, const char *id)
{
        size_t index;
        if (report_find(json_object_get(html->report, array), "id", id, &index))
                html_put(html, "<a href=\"#%l-%s-%d\">%s</a>", kind, (int)index, id);
        else
                html_put(html, "%s", id);
}

void html_link_probe(const struct html *html, const char *probe)
{
        link_to(html, "probes", "probe", probe);
}

void html_link_evidence(const struct html *html, const char *evidence)
{
        link_to(html, "evidence", "evidence", evidence);
}
