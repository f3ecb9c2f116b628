/* SPDX-License-Identifier: Apache-2.0 */
#include "report_html.h"

#include "digest.h"
#include "html_chances.h"
#include "html_findings.h"
#include "html_policies.h"
#include "html_style.h"
#include "html_summary.h"

/* ---- the head, once ---- */

static void put_base64(struct report_text *out, const uint8_t digest[SHA256_SIZE])
{
        static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for (size_t i = 0; i < SHA256_SIZE; i += 3) {
                uint32_t bits = 0;
                for (size_t j = i; j < i + 3; j++)
                        bits = bits << 8 | (j < SHA256_SIZE ? digest[j] : 0u);
                for (size_t j = 0; j < 4; j++) {
                        bool padding = i + j > SHA256_SIZE;
                        report_text_printf(out, "%c", padding ? '=' : letters[bits >> (18 - 6 * j) & 63]);
                }
        }
}

static const char *target_of(const struct html *html)
{
        return report_sentence(
                html->out, report_object(html->out, html->report, "target"), "description", html->language);
}

static void put_title(const struct html *html)
{
        html_say(html, HTML_TITLE, target_of(html));
}

/* Nothing is loaded and nothing runs; the one style sheet is known by its digest. */
static void put_head(const struct html *html, slice style)
{
        const struct html japanese = { html->out, html->report, REPORT_JAPANESE };
        uint8_t digest[SHA256_SIZE];
        sha256(&style, 1, digest);
        html_put(html,
                "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-");
        put_base64(html->out, digest);
        html_put(html, "'; base-uri 'none'; form-action 'none'\"/>\n"
                       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
                       "<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>");
        put_title(html);
        html_put(html, " / ");
        put_title(&japanese);
        html_put(html, "</title>\n<style>");
        report_text_add_slice(html->out, style);
        html_put(html, "</style>\n</head>\n<body>\n");
}

/* ---- each language ---- */

static void put_about(const struct html *html)
{
        const json_t *target = report_object(html->out, html->report, "target");
        const json_t *tool = report_object(html->out, html->report, "tool");
        const char *aaguid = report_string_if(html->out, target, "aaguid");
        html_put(html, "<dl class=\"about\">\n<dt>%w</dt><dd>%s</dd>\n<dt>%w</dt><dd><code>%s</code></dd>\n",
                HTML_TARGET, target_of(html), HTML_REACHED_BY, report_string(html->out, target, "name"));
        html_put(html, "<dt>%w</dt><dd>", HTML_MODEL);
        if (aaguid)
                html_put(html, "<code>%s</code>", aaguid);
        else
                html_put(html, "%w", HTML_UNKNOWN);
        html_put(html, "</dd>\n<dt>%w</dt><dd>", HTML_VERSIONS);
        html_list(html, target, "versions");
        html_put(html, "</dd>\n<dt>%w</dt><dd>", HTML_TRANSPORTS);
        html_list(html, target, "transports");
        html_put(html, "</dd>\n<dt>%w</dt><dd>%s</dd>\n", HTML_AT,
                report_string(html->out, html->report, "at"));
        html_put(html, "<dt>%w</dt><dd>%s %s</dd>\n</dl>\n", HTML_TOOL,
                report_string(html->out, tool, "name"), report_string(html->out, tool, "version"));
}

static void put_caveats(const struct html *html)
{
        const json_t *caveats = report_array(html->out, html->report, "caveats");
        html_heading(html, "caveats", HTML_CAVEATS);
        html_put(html, "<ul>\n");
        for (size_t i = 0; i < json_array_size(caveats); i++)
                html_put(html, "<li>%s</li>\n",
                        report_sentence(html->out, json_array_get(caveats, i), "text", html->language));
        html_put(html, "<li>%w</li>\n</ul>\n</section>\n", HTML_INDEPENDENCE);
}

static void put_digest(const struct html *html)
{
        uint8_t digest[REPORT_FILE_DIGEST_SIZE] = { 0 };
        html_heading(html, "digest", HTML_DIGEST);
        html_put(html, "<p>%w</p>\n<p><code>", HTML_DIGEST_WHY);
        if (!report_file_digest(html->report, digest))
                report_unlike(html->out, "report");
        for (size_t i = 0; i < sizeof digest; i++)
                report_text_printf(html->out, "%02x", digest[i]);
        html_put(html, "</code></p>\n</section>\n");
}

static const struct chapter {
        const char *id;
        enum html_word title;
        void (*put)(const struct html *html); /* NULL: the one before writes it, too */
} chapters[] = {
        { "summary", HTML_SUMMARY, html_summary },
        { "levels", HTML_LEVELS, html_levels },
        { "disagreements", HTML_DISAGREEMENTS, html_disagreements },
        { "budget", HTML_BUDGET, html_budget },
        { "rates", HTML_RATES, html_rates },
        { "requirements", HTML_REQUIREMENTS, html_requirements },
        { "probes", HTML_PROBES, html_probes },
        { "known", HTML_FACTS, html_facts },
        { "certifications", HTML_CERTIFICATIONS, NULL },
        { "documents", HTML_DOCUMENTS, html_evidence },
        { "caveats", HTML_CAVEATS, put_caveats },
        { "digest", HTML_DIGEST, put_digest },
};

enum { CHAPTERS = sizeof chapters / sizeof *chapters };

static void put_contents(const struct html *html)
{
        html_put(html, "<nav aria-labelledby=\"%l-contents\">\n<h2 id=\"%l-contents\">%w</h2>\n<ol>\n",
                HTML_CONTENTS);
        for (size_t i = 0; i < CHAPTERS; i++)
                html_put(html, "<li><a href=\"#%l-%s\">%w</a></li>\n", chapters[i].id, chapters[i].title);
        html_put(html, "</ol>\n</nav>\n");
}

static void put_language(const struct html *html)
{
        const json_t *target = report_object(html->out, html->report, "target");
        enum report_language other = html->language == REPORT_ENGLISH ? REPORT_JAPANESE : REPORT_ENGLISH;
        const char *code = other == REPORT_JAPANESE ? "ja" : "en";
        html_put(html,
                "<div id=\"%l\" lang=\"%l\">\n<header>\n<p><a class=\"skip\" href=\"#%l-main\">%w</a></p>\n",
                HTML_SKIP);
        html_put(html, "<p class=\"languages\"><a href=\"#%s\" hreflang=\"%s\" lang=\"%s\">%s</a></p>\n<h1>",
                code, code, code, html_word(HTML_LANGUAGE, other));
        put_title(html);
        html_put(html, "</h1>\n");
        if (report_flag(html->out, target, "simulated"))
                html_put(html, "<p class=\"banner\" role=\"note\">%w</p>\n", HTML_SIMULATED);
        put_about(html);
        html_put(html, "</header>\n");
        put_contents(html);
        html_put(html, "<main id=\"%l-main\" tabindex=\"-1\">\n");
        for (size_t i = 0; i < CHAPTERS; i++)
                if (chapters[i].put)
                        chapters[i].put(html);
        html_put(html, "</main>\n</div>\n");
}

mitome_status evaluation_html(const json_t *report, struct report_text *out, mitome_error *error)
{
        struct html html = { out, report, REPORT_ENGLISH };
        REPORT_TEXT(sheet);
        slice style, page;
        if (!json_is_integer(json_object_get(report, "mitome_report")) ||
                json_integer_value(json_object_get(report, "mitome_report")) != 1)
                return fail(error, MITOME_E_EVALUATE_REPORT, "mitome_report", NULL);
        html_style(&sheet);
        MITOME_TRY(report_text_finish(&sheet, &style, error));
        put_head(&html, style);
        put_language(&html);
        html.language = REPORT_JAPANESE;
        put_language(&html);
        report_text_add(out, "</body>\n</html>\n");
        return report_text_finish(out, &page, error);
}
