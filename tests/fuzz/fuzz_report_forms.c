/* SPDX-License-Identifier: Apache-2.0 */

/* A report of whoever gives one (`mitome evaluate --render`, `mitome statement sign`): each form is drawn
 * from it or it is refused as no report; what is drawn is UTF-8 without controls, XML without a stray quote,
 * JSON that reads. */

#include "report_html.h"
#include "report_junit.h"
#include "report_oscal.h"
#include "report_sarif.h"
#include "report_xccdf.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
        if (!good)
                abort();
}

static void check_text(slice text)
{
        check(slice_is_utf8(text));
        for (size_t i = 0; i < text.size; i++)
                check(text.data[i] >= 0x20 || text.data[i] == '\n' || text.data[i] == '\t');
}

static void check_json(slice text)
{
        json_t *whole = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, NULL);
        check(whole != NULL);
        json_decref(whole);
}

/* Elements of ours have attributes in double quotes, and texts have neither quotes nor angles of their own.
 */
static void check_xml(slice text)
{
        bool inside = false, quoted = false;
        for (size_t i = 0; i < text.size; i++) {
                uint8_t c = text.data[i];
                check(c != '\'');
                check(c != '<' || !inside);
                check(c != '"' || inside);
                quoted = inside && (c == '"' ? !quoted : quoted);
                if (c == '<')
                        inside = true;
                else if (c == '>' && !quoted)
                        inside = false;
        }
        check(!inside && !quoted);
}

static void nothing_more(slice text)
{
        (void)text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const struct {
                mitome_status (*draw)(const json_t *report, struct report_text *out, mitome_error *error);
                void (*check)(slice text);
        } forms[] = { { evaluation_xccdf, check_xml }, { evaluation_junit, check_xml },
                { evaluation_oscal, check_json }, { evaluation_sarif, check_json },
                { evaluation_html, nothing_more } };
        json_t *report = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
        for (size_t i = 0; report && i < sizeof forms / sizeof *forms; i++) {
                REPORT_TEXT(out);
                mitome_error error = { 0 };
                mitome_status status = forms[i].draw(report, &out, &error);
                check(status.code == MITOME_OK || (status.code == MITOME_E_EVALUATE_REPORT && error.field));
                if (status.code == MITOME_OK) {
                        check_text(slice_of(out.bytes, out.size));
                        forms[i].check(slice_of(out.bytes, out.size));
                }
        }
        json_decref(report);
        return 0;
}
