/* SPDX-License-Identifier: Apache-2.0 */
#include "html_findings.h"

#include <stdio.h>

static const struct html_meaning kinds[] = {
        { "observed", HTML_OBSERVED_IS },
        { "measured", HTML_MEASURED_IS },
        { "attested", HTML_ATTESTED_IS },
        { "declared", HTML_DECLARED_IS },
        { "unusable", HTML_UNUSABLE_IS },
};

static struct html_one_in number_text(json_int_t number)
{
        struct html_one_in out;
        (void)snprintf(out.text, sizeof out.text, "%" JSON_INTEGER_FORMAT, number);
        return out;
}

static void put_value(const struct html *html, const json_t *value)
{
        if (json_is_boolean(value))
                html_put(html, "%w", json_is_true(value) ? HTML_YES : HTML_NO);
        else if (json_is_integer(value))
                html_put(html, "%s", number_text(json_integer_value(value)).text);
        else if (json_is_string(value))
                html_put(html, "%s", json_string_value(value));
        else if (json_is_object(value))
                html_say(html, HTML_RATE_VALUE, number_text(report_count(html->out, value, "errors")).text,
                        number_text(report_count(html->out, value, "trials")).text,
                        report_string(html->out, value, "upper_95"));
        else if (json_is_null(value))
                html_put(html, "%w", HTML_UNKNOWN);
        else
                report_unlike(html->out, "value");
}

static void put_fact(const struct html *html, const json_t *fact)
{
        const char *from = report_string_if(html->out, fact, "from");
        const json_t *value = json_object_get(fact, "value");
        const json_t *evidence = report_array_if(html->out, fact, "evidence");
        html_put(html, "<tr><th scope=\"row\">%s<br/><code>%s</code></th><td>",
                report_sentence(html->out, fact, "text", html->language),
                report_string(html->out, fact, "name"));
        put_value(html, value);
        if (json_is_object(value))
                html_put(html, " <span class=\"quiet\">%w</span>", HTML_INDEPENDENCE);
        html_put(html, "</td><td>");
        html_badge(html, report_string(html->out, fact, "obtained"));
        if (json_is_true(json_object_get(fact, "partial")))
                html_put(html, " <span class=\"badge part\">%w</span>", HTML_IN_PART);
        if (json_object_get(fact, "why"))
                html_put(html, "<p class=\"quiet\">%s</p>",
                        report_sentence(html->out, fact, "why", html->language));
        html_put(html, "</td><td>");
        if (from)
                html_link_probe(html, from);
        html_put(html, "</td><td>");
        for (size_t i = 0; i < json_array_size(evidence); i++) {
                html_put(html, i ? ", " : "");
                html_link_evidence(html, report_item(html->out, evidence, i, "evidence"));
        }
        html_put(html, "</td></tr>\n");
}

/* What laboratories and makers say, which nobody sees by probing. */
static bool is_certification(const json_t *fact)
{
        static const char *const names[] = { "model.fido_level", "model.fido_biometric", "model.ava_van",
                "model.emv", "model.fips_overall", "model.fips_physical" };
        const char *name = json_string_value(json_object_get(fact, "name"));
        for (size_t i = 0; name && i < sizeof names / sizeof *names; i++)
                if (slice_is(slice_text(name), names[i]))
                        return true;
        return false;
}

static void put_table(const struct html *html, bool certifications, enum html_word title, enum html_word none)
{
        static const enum html_word columns[] = { HTML_FACT, HTML_VALUE, HTML_HOW_KNOWN, HTML_FROM,
                HTML_EVIDENCE };
        const json_t *facts = report_array(html->out, html->report, "facts");
        bool any = false;
        for (size_t i = 0; i < json_array_size(facts); i++) {
                if (is_certification(json_array_get(facts, i)) != certifications)
                        continue;
                if (!any) {
                        html_scroll_begin(html, "facts", certifications, title, NULL);
                        html_columns(html, columns, sizeof columns / sizeof *columns);
                        any = true;
                }
                put_fact(html, json_array_get(facts, i));
        }
        if (!any) {
                html_put(html, "<p>%w</p>\n", none);
                return;
        }
        html_put(html, "</tbody></table>\n");
        html_scroll_end(html);
}

void html_facts(const struct html *html)
{
        html_heading(html, "known", HTML_FACTS);
        html_meanings(html, kinds, sizeof kinds / sizeof *kinds);
        put_table(html, false, HTML_FACTS, HTML_FACTS_NONE);
        html_put(html, "</section>\n");
        html_heading(html, "certifications", HTML_CERTIFICATIONS);
        html_put(html, "<p>%w</p>\n", HTML_CERTIFICATIONS_WHY);
        put_table(html, true, HTML_CERTIFICATIONS, HTML_CERTIFICATIONS_NONE);
        html_put(html, "</section>\n");
}

/* ---- evidence ---- */

static void put_piece(const struct html *html, const json_t *piece, int number)
{
        const char *bytes = report_string_if(html->out, piece, "bytes");
        html_put(html, "<tr id=\"%l-evidence-%d\"><th scope=\"row\">%s</th><td>%s", number,
                report_string(html->out, piece, "id"), report_string(html->out, piece, "what"));
        if (bytes && *bytes) {
                html_put(html, "<details><summary>%w</summary>", HTML_BYTES);
                html_bytes(html, bytes);
                html_put(html, "</details>");
        }
        html_put(html, "</td><td>");
        html_badge(html, report_string(html->out, piece, "obtained"));
        html_put(html, "</td><td class=\"number\">%s</td><td><code>%s</code></td></tr>\n",
                number_text(report_count(html->out, piece, "size")).text,
                report_string(html->out, piece, "sha256"));
}

void html_evidence(const struct html *html)
{
        static const enum html_word columns[] = { HTML_EVIDENCE, HTML_DOCUMENT, HTML_HOW_KNOWN, HTML_SIZE,
                HTML_SHA256 };
        const json_t *evidence = report_array(html->out, html->report, "evidence");
        html_heading(html, "documents", HTML_DOCUMENTS);
        if (json_array_size(evidence) == 0) {
                html_put(html, "<p>%w</p>\n</section>\n", HTML_NONE);
                return;
        }
        html_scroll_begin(html, "pieces", 0, HTML_DOCUMENTS, NULL);
        html_columns(html, columns, sizeof columns / sizeof *columns);
        for (size_t i = 0; i < json_array_size(evidence); i++)
                put_piece(html, json_array_get(evidence, i), (int)i);
        html_put(html, "</tbody></table>\n");
        html_scroll_end(html);
        html_put(html, "</section>\n");
}
