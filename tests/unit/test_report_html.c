/* SPDX-License-Identifier: Apache-2.0 */
/* The report for people: complete in both languages, well-formed, without a script or anything from
 * elsewhere; nothing of a report becomes markup, and what is no report is refused. */
#include "evaluation_report.h"
#include "html_findings.h"
#include "report_html.h"
#include "report_rig.h"

#include <dirent.h>
#include <openssl/evp.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- a page, as a reader of XML sees it ---- */

static const char *const elements[] = { "a", "body", "br", "circle", "code", "dd", "details", "div", "dl",
        "dt", "h1", "h2", "h3", "h4", "head", "header", "html", "li", "main", "meta", "nav", "ol", "p",
        "path", "rect", "section", "span", "strong", "style", "summary", "svg", "table", "tbody", "td",
        "text", "th", "thead", "title", "tr", "ul" };

static const char *const attributes[] = { "aria-hidden", "aria-labelledby", "charset", "class", "content",
        "cx", "cy", "d", "height", "href", "hreflang", "http-equiv", "id", "lang", "name", "r", "role", "rx",
        "scope", "tabindex", "text-anchor", "viewBox", "width", "x", "xmlns", "y" };

enum { DEPTH_MAX = 32, NAMES_MAX = 4096 };

struct page {
        const char *at;
        const char *open[DEPTH_MAX];
        size_t open_size[DEPTH_MAX];
        int depth;
        struct name {
                const char *text;
                size_t size;
        } ids[NAMES_MAX], wanted[NAMES_MAX];
        size_t id_count, wanted_count;
        size_t scopes, headers;
};

static bool is_known(const char *const *list, size_t count, const char *text, size_t size)
{
        for (size_t i = 0; i < count; i++)
                if (strlen(list[i]) == size && memcmp(list[i], text, size) == 0)
                        return true;
        return false;
}

#define KNOWN(list, text, size) is_known(list, sizeof list / sizeof *list, text, size)

static void note_name(struct name *names, size_t *count, const char *text, size_t size)
{
        assert_true(*count < NAMES_MAX);
        names[(*count)++] = (struct name){ text, size };
}

static void read_attribute(struct page *page)
{
        const char *name = page->at;
        size_t size = strcspn(name, "=<> \"");
        if (!KNOWN(attributes, name, size))
                fail_msg("there is no attribute %.40s", name);
        assert_memory_equal(name + size, "=\"", 2);
        const char *value = name + size + 2;
        size_t length = strcspn(value, "\"<");
        assert_int_equal(value[length], '"');
        if (size == 2 && memcmp(name, "id", 2) == 0)
                note_name(page->ids, &page->id_count, value, length);
        if (size == 4 && memcmp(name, "href", 4) == 0) {
                assert_int_equal(value[0], '#');
                note_name(page->wanted, &page->wanted_count, value + 1, length - 1);
        }
        if (size == 15)
                note_name(page->wanted, &page->wanted_count, value, length);
        page->scopes += size == 5 && memcmp(name, "scope", 5) == 0;
        page->at = value + length + 1;
}

static void read_tag(struct page *page)
{
        bool closes = page->at[1] == '/';
        const char *name = page->at + 1 + closes;
        size_t size = strcspn(name, " />");
        if (!KNOWN(elements, name, size))
                fail_msg("there is no element %.40s", name);
        page->at = name + size;
        if (closes) {
                assert_int_equal(*page->at, '>');
                assert_true(page->depth > 0);
                page->depth--;
                if (page->open_size[page->depth] != size || memcmp(page->open[page->depth], name, size) != 0)
                        fail_msg("%.10s is closed by %.40s", page->open[page->depth], name);
                page->at++;
                return;
        }
        page->headers += size == 2 && memcmp(name, "th", 2) == 0;
        while (*page->at == ' ') {
                page->at++;
                read_attribute(page);
        }
        if (*page->at == '/') {
                page->at++;
        } else {
                assert_true(page->depth < DEPTH_MAX);
                page->open[page->depth] = name;
                page->open_size[page->depth++] = size;
        }
        assert_int_equal(*page->at++, '>');
}

static void read_entity(struct page *page)
{
        static const char *const entities[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&#39;" };
        for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
                if (strncmp(page->at, entities[i], strlen(entities[i])) == 0) {
                        page->at += strlen(entities[i]);
                        return;
                }
        fail_msg("there is no entity %.20s", page->at);
}

static void check_names(const struct page *page)
{
        for (size_t i = 0; i < page->id_count; i++)
                for (size_t j = 0; j < i; j++)
                        if (page->ids[i].size == page->ids[j].size &&
                                memcmp(page->ids[i].text, page->ids[j].text, page->ids[i].size) == 0)
                                fail_msg("two have the id %.30s", page->ids[i].text);
        for (size_t i = 0; i < page->wanted_count; i++) {
                bool found = false;
                for (size_t j = 0; j < page->id_count && !found; j++)
                        found = page->wanted[i].size == page->ids[j].size &&
                                memcmp(page->wanted[i].text, page->ids[j].text, page->ids[j].size) == 0;
                if (!found)
                        fail_msg("nothing has the id %.30s", page->wanted[i].text);
        }
}

/* Every element and attribute is one of ours, opened and closed in order; every link leads to a place in the
 * page; every header of a table says what for. */
static void assert_sound(const char *text)
{
        static const char doctype[] = "<!DOCTYPE html>\n";
        static struct page page;
        page = (struct page){ .at = text + strlen(doctype) };
        assert_memory_equal(text, doctype, strlen(doctype));
        while (*page.at) {
                size_t plain = strcspn(page.at, "<>&");
                page.at += plain;
                if (*page.at == '<')
                        read_tag(&page);
                else if (*page.at == '&')
                        read_entity(&page);
                else if (*page.at)
                        fail_msg("what is %.30s", page.at);
        }
        assert_int_equal(page.depth, 0);
        assert_int_equal(page.scopes, page.headers);
        check_names(&page);
}

/* ---- rendering ---- */

static const char *render(struct report_text *out, const json_t *report)
{
        assert_false(failed(evaluation_html(report, out, NULL)));
        return (const char *)out->bytes;
}

static size_t times(const char *text, const char *what)
{
        size_t count = 0;
        for (; (text = strstr(text, what)); text += strlen(what))
                count++;
        return count;
}

static void has(const char *page, const char *what, size_t count)
{
        if (times(page, what) != count)
                fail_msg("\"%s\" is there %zu times, not %zu", what, times(page, what), count);
}

/* ---- words ---- */

static void each_word_is_there_in_both_languages(void **state)
{
        (void)state;
        for (int i = 0; i < HTML_WORDS; i++) {
                const char *english = html_word((enum html_word)i, REPORT_ENGLISH);
                const char *japanese = html_word((enum html_word)i, REPORT_JAPANESE);
                assert_true(*english && *japanese);
                assert_true(slice_is_ascii(slice_text(english)));
                assert_true(slice_is_utf8(slice_text(japanese)));
                if (i != HTML_SHA256 && i != HTML_BY_TSM && slice_is_ascii(slice_text(japanese)))
                        fail_msg("\"%s\" is no Japanese", japanese);
                assert_int_equal(strcspn(english, "<>&\"'") < strlen(english) && !strchr(english, '\''), 0);
                assert_int_equal(strcspn(japanese, "<>&\""), strlen(japanese));
                /* What is filled in, in the same order. */
                const char *e = english, *j = japanese;
                for (;;) {
                        e = strpbrk(e, "%");
                        j = strpbrk(j, "%");
                        if (!e || !j)
                                break;
                        if ((e[1] == 's' || e[1] == 'd') != (j[1] == 's' || j[1] == 'd') ||
                                ((e[1] == 's' || e[1] == 'd') && e[1] != j[1]))
                                fail_msg("\"%s\" and \"%s\" take other things", english, japanese);
                        e++;
                        j++;
                }
                assert_true(!e && !j);
        }
}

static void the_language_decides_the_words(void **state)
{
        static const char *const english[] = { "<h2 id=\"en-levels\">What each policy says</h2>",
                "<h2 id=\"en-disagreements\">Where policies disagree</h2>",
                "<h2 id=\"en-budget\">How likely a finder opens the key by guessing</h2>",
                "<h2 id=\"en-rates\">Measured rates</h2>", "<h2 id=\"en-requirements\">Requirements</h2>",
                "<h2 id=\"en-probes\">Attacks that were tried</h2>",
                "<h2 id=\"en-known\">What is known, and how</h2>",
                "<h2 id=\"en-certifications\">Certifications and declarations</h2>",
                "<h2 id=\"en-documents\">Evidence that was collected</h2>",
                "<h2 id=\"en-caveats\">What this report cannot say</h2>", "<h2 id=\"en-digest\">Digest</h2>",
                "<div id=\"ja\" lang=\"ja\">", "<h2 id=\"ja-levels\">基準ごとの結果</h2>",
                "<h2 id=\"ja-disagreements\">基準によって判定が分かれる点</h2>",
                "<h2 id=\"ja-budget\">拾得者が推測で鍵を開ける確率</h2>",
                "<h2 id=\"ja-rates\">測定した率</h2>", "<h2 id=\"ja-requirements\">要求事項</h2>",
                "<h2 id=\"ja-probes\">試みた攻撃</h2>", "<h2 id=\"ja-known\">事実とその根拠</h2>",
                "<h2 id=\"ja-digest\">ダイジェスト</h2>" };
        REPORT_TEXT(out);
        json_t *sample = report_rig_sample();
        const char *page = render(&out, sample);
        (void)state;
        for (size_t i = 0; i < sizeof english / sizeof *english; i++) {
                const char *found = strstr(page, english[i]);
                if (!found)
                        fail_msg("%s is not there, or not in its place", english[i]);
                page = found;
        }
        json_decref(sample);
}

/* ---- contents ---- */

static void the_page_says_what_the_report_says(void **state)
{
        REPORT_TEXT(out);
        json_t *sample = report_rig_sample();
        const char *page = render(&out, sample);
        (void)state;
        assert_sound(page);
        has(page, "Level reached: AAL2", 1);
        has(page, "到達したレベル: AAL2", 1);
        has(page, "No level reached", 1);
        has(page, "This is the highest level of this policy.", 1);
        has(page, "What keeps it from AAL3", 1);
        has(page, "<strong>NOEXPORT</strong>: The key lives in hardware", 1);
        has(page, "The smallest changes that would reach AAL3", 1);
        has(page, "Changes that would reach AAL1", 1);
        has(page, "Whether fewer changes would do was not searched to the end.", 1);
        has(page, "<strong>Change</strong>: Keep keys in a secure element", 1);
        has(page, "<strong>立証</strong>: 秘密鍵が取り出せない", 1);
        has(page, "Drawn from the first summary", 1);
        has(page, ">provisional</span>", 2);
        has(page, "role=\"note\">Simulated: ", 1);
        has(page, "role=\"note\">模擬: ", 1);
        /* The five outcomes and the five results, as words. */
        has(page, "</span> satisfied</span>", 4);
        has(page, "</span> not satisfied</span>", 6);
        has(page, "</span> partially observed</span>", 2);
        has(page, "</span> declared only</span>", 2);
        has(page, "</span> not testable here</span>", 5);
        has(page, "</span> broken</span>", 3);
        has(page, "</span> the authenticator failed</span>", 3);
        /* Four requirements are unverified, beside what the mark means; it is with them where they keep from
         * a level, where a level rests on them, and where policies disagree. */
        has(page, "<span class=\"unverified\">wording not confirmed</span>", 9);
        has(page, "<span class=\"unverified\">原文未確認</span>", 9);
        has(page,
                "<p>The secret that opens the key has at least 6 characters.</p><code>pin.length_least &gt;= 6</code>",
                1);
        has(page, "1 in 1,260", 1);
        has(page, "1,260分の1", 1);
        has(page, "for comparison, not in the total", 2);
        /* The caveat stands at the budget, at each rate and its fact, at the requirement that goes by one, at
         * the curve and at the end. */
        has(page, "independent of each other", 8);
        has(page, "0.0132053", 4);
        has(page, "Not shown here: 40 steps.", 1);
        has(page, "mitome evaluate --destructive --replay P07 self", 2);
        has(page, "<a href=\"#en-probe-1\">P07</a>", 3);
        has(page, "2026-11-22T10:00:00Z", 2);
        json_decref(sample);
}

/* At the level's card and in the summary, in both languages. */
static void no_level_is_shown_alone(void **state)
{
        static const char *const members[] = { "scopes", "unconfirmed", "untested", "declared", "partial" };
        REPORT_TEXT(out);
        json_t *sample = report_rig_sample();
        json_t *policy = json_array_get(json_object_get(sample, "policies"), 0);
        const char *page = render(&out, sample);
        (void)state;
        has(page,
                "<strong>AAL2</strong> <span class=\"unverified\">rests on wording that was not confirmed</span>",
                1);
        has(page, "Level reached: AAL2 <span class=\"unverified\">rests on wording", 1);
        has(page,
                "<dt>Judged</dt><dd>the authenticator</dd>\n<dt>Not judged</dt><dd>the parties around it, a single login</dd>",
                2);
        has(page, "<dt>Judged</dt><dd>the authenticator, the parties around it</dd>", 1);
        has(page,
                "<dt>Demanded, but not tested</dt><dd><ul><li><strong>REAUTH</strong> (the parties were not judged): ",
                1);
        has(page, "<dt>Resting on a declaration alone</dt><dd><ul><li><strong>SIDE</strong>: ", 1);
        has(page, "<dt>Seen in part</dt><dd><ul><li><strong>FMR</strong>: ", 1);
        has(page, "<dt>申告のみによる点</dt><dd><ul><li><strong>SIDE</strong>: ", 1);
        /* Each leads to its row; what nobody could test says so, and who judges it. */
        has(page,
                "<td>the authenticator</td><td><a href=\"#en-rule-0-4\">REAUTH</a> (?) (the parties were not judged)</td><td><a href=\"#en-rule-0-3\">SIDE</a></td><td><a href=\"#en-rule-0-1\">FMR</a></td><td><a href=\"#en-rule-0-2\">NOEXPORT</a></td>",
                1);
        has(page,
                "<td>認証器</td><td><a href=\"#ja-rule-0-4\">REAUTH</a> (?) (関係者は判定の範囲外)</td><td><a href=\"#ja-rule-0-3\">SIDE</a></td><td><a href=\"#ja-rule-0-1\">FMR</a></td><td><a href=\"#ja-rule-0-2\">NOEXPORT</a></td>",
                1);
        for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
                json_t *kept = json_incref(json_object_get(policy, members[i]));
                mitome_error error = { 0 };
                assert_int_equal(json_object_del(policy, members[i]), 0);
                report_text_clear(&out);
                assert_int_equal(evaluation_html(sample, &out, &error).code, MITOME_E_EVALUATE_REPORT);
                assert_string_equal(error.field, members[i]);
                (void)json_object_set_new(policy, members[i], kept);
        }
        json_decref(sample);
}

/* What is judged at each login is no oversight of the evaluation, and what it judged itself says nothing of
 * the kind; a blocker that nobody could test is told from one that fails. */
static void what_is_judged_elsewhere_says_where(void **state)
{
        static const struct {
                const char *scope, *en, *ja;
        } rows[] = { { "login", " (left to each login)", " (個々のログインで判定)" },
                { "service", " (the parties were not judged)", " (関係者は判定の範囲外)" },
                { "device", "", "" } };
        (void)state;
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                REPORT_TEXT(out);
                char text[160];
                json_t *sample = report_rig_sample();
                json_t *policy = json_array_get(json_object_get(sample, "policies"), 0);
                json_t *reauth = json_array_get(json_object_get(policy, "requirements"), 4);
                (void)json_object_set_new(reauth, "scope", json_pack("[s]", rows[i].scope));
                (void)json_object_set_new(policy, "blockers", json_pack("[s, s]", "NOEXPORT", "REAUTH"));
                const char *page = render(&out, sample);
                assert_sound(page);
                snprintf(text, sizeof text, "<li><strong>REAUTH</strong>%s: ", rows[i].en);
                has(page, text, *rows[i].en ? 1 : 4); /* in both languages, and as a blocker */
                snprintf(text, sizeof text, "<td><a href=\"#en-rule-0-4\">REAUTH</a> (?)%s</td>", rows[i].en);
                has(page, text, 1);
                snprintf(text, sizeof text, "<td><a href=\"#ja-rule-0-4\">REAUTH</a> (?)%s</td>", rows[i].ja);
                has(page, text, 1);
                snprintf(text, sizeof text, "NOEXPORT</a>, <a href=\"#en-rule-0-4\">REAUTH</a> (?)%s</td>",
                        rows[i].en);
                has(page, text, 1);
                json_decref(sample);
        }
}

/* The reason is in English; what the result means stands before it in Japanese, and by itself in no other. */
static void a_reason_in_english_has_japanese_before_it(void **state)
{
        static const struct {
                const char *result, *ja, *en;
        } rows[] = { { "holds", "「確認すべきこと」のとおりになりました。", "What must be seen was seen." },
                { "partly", "試した範囲では「確認すべきこと」のとおりになりました。", "as far as was tried" },
                { "broken", "「確認すべきこと」のとおりになりませんでした。", "the attack succeeded" },
                { "not testable here", "ここでは試せなかったため", "It could not be tried here" },
                { "target failed", "認証器が停止したか、プロトコルに違反した", "broke the protocol" } };
        (void)state;
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                REPORT_TEXT(out);
                json_t *sample = report_rig_sample();
                json_t *probe = json_array_get(json_object_get(sample, "probes"), 0);
                (void)json_object_set_new(sample, "probes", json_pack("[O]", probe));
                (void)json_object_set_new(probe, "result", json_string(rows[i].result));
                (void)json_object_set_new(probe, "why", json_string("the reason"));
                const char *page = render(&out, sample);
                has(page, "<span lang=\"en\">the reason</span>", 2);
                has(page, "<dd><span lang=\"en\">the reason</span>", 1);
                has(page, rows[i].ja, 1);
                has(page, rows[i].en, 0);
                json_decref(sample);
        }
}

static void a_real_element_has_no_banner(void **state)
{
        REPORT_TEXT(out);
        json_t *sample = report_rig_sample();
        (void)state;
        (void)json_object_set_new(json_object_get(sample, "target"), "simulated", json_false());
        const char *page = render(&out, sample);
        assert_sound(page);
        has(page, "role=\"note\"", 0);
        has(page, "Simulated: ", 0);
        json_decref(sample);
}

static void what_is_not_there_is_said(void **state)
{
        static const char *const arrays[] = { "caveats", "evidence", "facts", "probes", "policies",
                "disagreements" };
        REPORT_TEXT(out);
        json_t *sample = report_rig_sample();
        (void)state;
        for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
                (void)json_object_set_new(sample, arrays[i], json_array());
        (void)json_object_set_new(sample, "guess_budget", json_null());
        (void)json_object_set_new(sample, "det", json_null());
        const char *page = render(&out, sample);
        assert_sound(page);
        has(page, "Nothing was tried.", 1);
        has(page, "Nothing is known.", 1);
        has(page, "Too little is known for a figure.", 1);
        has(page, "No rate was measured.", 1);
        has(page, "No curve: ", 1);
        has(page, "No two of the chosen policies", 1);
        has(page, "<svg", 0);
        json_decref(sample);
}

static void a_path_without_a_figure_is_drawn_as_such(void **state)
{
        REPORT_TEXT(out);
        json_t *sample = report_rig_sample();
        json_t *budget = json_object_get(sample, "guess_budget");
        json_t *finger = json_array_get(json_object_get(budget, "paths"), 0);
        json_t *pin = json_array_get(json_object_get(budget, "paths"), 2);
        (void)state;
        (void)json_object_set_new(budget, "total", json_null());
        (void)json_object_set_new(finger, "total", json_null());
        (void)json_object_set_new(finger, "tries", json_null());
        (void)json_object_set_new(finger, "missing", json_pack("[s]", "uv.tries_total"));
        (void)json_object_set_new(pin, "total", json_null());
        const char *page = render(&out, sample);
        assert_sound(page);
        has(page, "<text x=\"100\" y=\"44\">finger: not known</text>", 1);
        has(page, "<text x=\"100\" y=\"160\">PIN: no end of tries</text>", 1);
        has(page, "uv.tries_total", 2);
        has(page, "class=\"sum\"", 0);
        json_decref(sample);
}

static void what_nobody_could_test_stands_behind_what_fails(void **state)
{
        REPORT_TEXT(out);
        json_t *sample = report_rig_sample();
        json_t *policy = json_array_get(json_object_get(sample, "policies"), 0);
        json_t *change = json_array_get(json_object_get(policy, "changes"), 1);
        (void)state;
        (void)json_object_set_new(policy, "blockers",
                json_pack("[s, s, s, s, s]", "REAUTH", "REAUTH", "NOEXPORT", "REAUTH", "REAUTH"));
        (void)json_object_set_new(
                policy, "changes", json_pack("[O, O, O, O]", change, change, change, change));
        const char *page = strstr(render(&out, sample), "What keeps it from AAL3");
        assert_sound((const char *)out.bytes);
        assert_non_null(page);
        has(page, "<summary>4 could not be tested here</summary>", 1);
        has(page, "<summary>4 to show</summary>", 1);
        const char *fails = strstr(page, "<strong>NOEXPORT</strong>"),
                   *folded = strstr(page, "<summary>4 could");
        assert_true(fails && fails < folded && folded < strstr(page, "<strong>REAUTH</strong>"));
        json_decref(sample);
}

static void only_contradictions_are_shown_at_once(void **state)
{
        REPORT_TEXT(out);
        json_t *sample = report_rig_sample();
        json_t *disagreement = json_array_get(json_object_get(sample, "disagreements"), 0);
        json_t *side = json_array_get(json_object_get(disagreement, "sides"), 0);
        (void)state;
        const char *page = render(&out, sample);
        has(page, "Differences that come of", 0);
        has(page, "No two of the chosen policies", 0);
        (void)json_object_set_new(side, "outcome", json_string("not testable here"));
        report_text_clear(&out);
        page = render(&out, sample);
        assert_sound(page);
        has(page, "<summary>Differences that come of what could be seen (1)</summary>", 1);
        has(page, "No two of the chosen policies", 1);
        json_decref(sample);
}

static void long_evidence_is_cut_and_said_to_be(void **state)
{
        static char hex[HTML_BYTES_MAX + 201];
        REPORT_TEXT(out);
        json_t *sample = report_rig_sample();
        json_t *probe = json_array_get(json_object_get(sample, "probes"), 0);
        json_t *steps = json_array();
        (void)state;
        memset(hex, 'a', sizeof hex - 1);
        for (int i = 0; i < 100; i++)
                (void)json_array_append_new(
                        steps, json_pack("{s:s, s:s, s:s}", "sent", hex, "saw", "00", "by", "ctap"));
        (void)json_object_set_new(probe, "steps", steps);
        const char *page = render(&out, sample);
        assert_sound(page);
        has(page, "(64 steps)", 1);
        has(page, "Not shown here: 36 steps.", 1);
        has(page, "bytes in all)", 64);
        json_decref(sample);
}

/* ---- a report of the program's ---- */

enum { SHIPPED_MAX = 16, POLICY_MAX = 1 << 17 };

static char policy_names[SHIPPED_MAX][64], policy_texts[SHIPPED_MAX][POLICY_MAX];
static struct evaluation_policy_file policies[SHIPPED_MAX];

static size_t load_policies(void)
{
        const char *folder = getenv("MITOME_POLICIES");
        struct dirent **entries;
        size_t used = 0;
        assert_non_null(folder);
        int count = scandir(folder, &entries, NULL, alphasort);
        assert_true(count > 0);
        for (int i = 0; i < count; i++) {
                char path[512];
                const char *end = strrchr(entries[i]->d_name, '.');
                if (end && strcmp(end, ".json") == 0) {
                        assert_true(used < SHIPPED_MAX);
                        (void)snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
                        (void)snprintf(
                                policy_names[used], sizeof policy_names[used], "%.60s", entries[i]->d_name);
                        FILE *file = fopen(path, "rb");
                        assert_non_null(file);
                        size_t size = fread(policy_texts[used], 1, POLICY_MAX, file);
                        (void)fclose(file);
                        policies[used] = (struct evaluation_policy_file){ policy_names[used],
                                slice_of(policy_texts[used], size) };
                        used++;
                }
                free(entries[i]);
        }
        free(entries);
        return used;
}

static json_t *found(const char *name, const char *obtained, json_t *value)
{
        return json_pack(
                "{s:s, s:s, s:b, s:o}", "name", name, "obtained", obtained, "partial", 0, "value", value);
}

/* The sample's target and probes, with what they found, judged by every policy that ships. */
static json_t *make_report(void)
{
        json_t *sample = report_rig_sample(), *report = NULL;
        json_t *probes = json_object_get(sample, "probes");
        json_t *pin = json_array_get(probes, 1), *fingers = json_array_get(probes, 2);
        const char *wrong = NULL;
        (void)json_object_set_new(
                json_object_get(sample, "target"), "get_info", json_string("00a10181684649444f5f325f31"));
        for (size_t i = 0; i < json_array_size(probes); i++)
                (void)json_object_set_new(json_array_get(probes, i), "found", json_array());
        (void)json_object_set_new(pin, "found",
                json_pack("[o, o, o]", found("pin.length_least", "observed", json_integer(4)),
                        found("pin.tries", "observed", json_integer(3)),
                        found("pin.offered", "observed", json_true())));
        (void)json_object_set_new(fingers, "found",
                json_pack("[o]",
                        found("uv.fmr", "measured", json_pack("{s:i, s:i}", "errors", 0, "trials", 30135))));
        const struct evaluation_input input = { .version = "0.1.0",
                .at = "2026-11-22T10:00:00Z",
                .target = json_object_get(sample, "target"),
                .probes = probes,
                .policies = policies,
                .policy_count = load_policies(),
                .services = true };
        assert_true(input.policy_count >= 9);
        mitome_error error = { 0 };
        if (failed(evaluation_report(&input, &report, &wrong, &error)))
                fail_msg("no report: %s %s", wrong ? wrong : "", error.field ? error.field : "");
        json_decref(sample);
        return report;
}

static void a_report_of_every_policy_is_drawn_whole(void **state)
{
        REPORT_TEXT(out);
        json_t *report = make_report();
        const json_t *drawn = json_object_get(report, "policies");
        const char *page = render(&out, report);
        (void)state;
        if (getenv("MITOME_REPORT_OUT")) /* for who wants to look at it */
                assert_int_equal(json_dump_file(report, getenv("MITOME_REPORT_OUT"), JSON_INDENT(2)), 0);
        assert_sound(page);
        assert_true(json_array_size(drawn) >= 9);
        for (size_t i = 0; i < json_array_size(drawn); i++) {
                REPORT_TEXT(title);
                const json_t *policy = json_array_get(drawn, i);
                report_text_add(&title, ">");
                report_text_escaped(&title, json_string_value(json_object_get(policy, "title")));
                report_text_add_slice(&title, slice_of("", 1));
                assert_true(times(page, (const char *)title.bytes) >= 3);
                size_t requirements = json_array_size(json_object_get(policy, "requirements"));
                assert_true(requirements > 0);
        }
        json_decref(report);
}

/* Where a bound ends: what holds it. */
static const char *end_of(const char *at)
{
        static const char *const ends[] = { "</tr>", "</li>", "</dd>", "</p>" };
        const char *end = at + strlen(at);
        for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
                const char *found = strstr(at, ends[i]);
                if (found && found < end)
                        end = found;
        }
        return end;
}

static void each_bound_has_its_caveat_beside_it(void **state)
{
        static const struct {
                const char *bound, *caveat;
        } languages[] = { { "(at most ", "independent of each other" },
                { " trials, at most ", "independent of each other" }, { "%で高々", "互いに独立な場合" },
                { "件、上限0.", "互いに独立な場合" } };
        REPORT_TEXT(out);
        json_t *report = make_report();
        const char *page = render(&out, report);
        (void)state;
        for (size_t i = 0; i < sizeof languages / sizeof *languages; i++) {
                size_t count = 0;
                for (const char *at = page; (at = strstr(at, languages[i].bound)); at++, count++) {
                        const char *caveat = strstr(at, languages[i].caveat);
                        if (!caveat || caveat > end_of(at))
                                fail_msg("a bound without its caveat: %.120s", at);
                }
                assert_true(count > 0);
        }
        json_decref(report);
}

static void what_cannot_be_used_is_said_in_both_languages(void **state)
{
        REPORT_TEXT(out);
        json_t *sample = report_rig_sample();
        const char *page = render(&out, sample);
        (void)state;
        has(page, "a number is wanted, not &quot;five&quot;</p>", 1);
        has(page, "「five」ではなく数が必要</p>", 1);
        json_decref(sample);
}

/* ---- what may not be there ---- */

static void the_page_needs_nothing_and_runs_nothing(void **state)
{
        REPORT_TEXT(out);
        json_t *sample = report_rig_sample();
        const char *page = render(&out, sample);
        (void)state;
        has(page, "<script", 0);
        has(page, " style=", 0);
        has(page, " src=", 0);
        has(page, "url(", 0);
        has(page, "@import", 0);
        /* The one address is the name of SVG. */
        has(page, "http", times(page, "xmlns=\"http://www.w3.org/2000/svg\"") + times(page, "http-equiv"));
        has(page, "content=\"default-src 'none'; style-src 'sha256-", 1);
        json_decref(sample);
}

static void the_policy_names_the_style_sheet(void **state)
{
        REPORT_TEXT(out);
        json_t *sample = report_rig_sample();
        const char *page = render(&out, sample);
        const char *style = strstr(page, "<style>") + strlen("<style>");
        uint8_t digest[EVP_MAX_MD_SIZE], base64[2 * EVP_MAX_MD_SIZE];
        unsigned size;
        (void)state;
        assert_int_equal(EVP_Digest(style, (size_t)(strstr(style, "</style>") - style), digest, &size,
                                 EVP_sha256(), NULL),
                1);
        assert_int_equal(EVP_EncodeBlock(base64, digest, (int)size), 44);
        const char *said = strstr(page, "'sha256-") + strlen("'sha256-");
        assert_memory_equal(said, base64, 44);
        assert_int_equal(said[44], '\'');
        json_decref(sample);
}

static void the_same_report_gives_the_same_bytes(void **state)
{
        REPORT_TEXT(one);
        REPORT_TEXT(other);
        json_t *sample = report_rig_sample();
        json_t *again = report_rig_sample();
        (void)state;
        assert_string_equal(render(&one, sample), render(&other, again));
        json_decref(sample);
        json_decref(again);
}

/* The other forms' sample, whose texts have markup in them. */
static void another_report_is_drawn_as_well(void **state)
{
        REPORT_TEXT(out);
        json_t *sample = json_load_file(getenv("MITOME_EVALUATION_SAMPLE"), JSON_REJECT_DUPLICATES, NULL);
        (void)state;
        assert_non_null(sample);
        const char *page = render(&out, sample);
        assert_sound(page);
        has(page, "measurement of fingers &lt;40 people&gt;", 2);
        json_decref(sample);
}

/* ---- attacks ---- */

#define HOSTILE \
        "\"><script>alert(1)</script></title></style><img src=x onerror='alert(2)'>&#60;]]>%s%n%w\x1b[2J"

/* Words that a report may not invent, and the id of what keeps from a level: in their place the page may be
 * refused. */
static bool is_word(const char *member)
{
        static const char *const words[] = { "id", "levels", "outcome", "result", "obtained", "keyword",
                "kind", "level", "each", "total", "upper_95", "fmr", "fnmr", "blockers" };
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
                if (strcmp(member, words[i]) == 0)
                        return true;
        return false;
}

static size_t shown, refused;

static void show_hostile(const json_t *report, const char *member)
{
        REPORT_TEXT(out);
        mitome_error error = { 0 };
        mitome_status status = evaluation_html(report, &out, &error);
        if (failed(status)) {
                assert_int_equal(status.code, MITOME_E_EVALUATE_REPORT);
                if (!is_word(member))
                        fail_msg("%s was refused for %s", member, error.field);
                refused++;
                return;
        }
        assert_sound((const char *)out.bytes);
        has((const char *)out.bytes, "<script", 0);
        has((const char *)out.bytes, "\x1b", 0);
        shown += times((const char *)out.bytes, "&lt;script&gt;alert(1)") > 0;
}

static void no_text_of_a_report_becomes_markup(void **state)
{
        json_t *sample = report_rig_sample();
        json_t *hostile = json_string(HOSTILE);
        (void)state;
        shown = refused = 0;
        size_t count = report_rig_each(sample, hostile, true, show_hostile);
        /* Most are shown; the rest are digests of policies in other places, ids that nothing leads to. */
        assert_true(count > 200);
        assert_true(shown > count / 2);
        assert_true(refused > 20);
        json_decref(hostile);
        json_decref(sample);
}

static void survive(const json_t *report, const char *member)
{
        REPORT_TEXT(out);
        mitome_error error = { 0 };
        mitome_status status = evaluation_html(report, &out, &error);
        (void)member;
        if (failed(status)) {
                assert_int_equal(status.code, MITOME_E_EVALUATE_REPORT);
                assert_non_null(error.field);
                refused++;
        } else {
                assert_sound((const char *)out.bytes);
        }
}

/* The title says what was evaluated, and not by which words it was reached. */
static void a_page_says_what_was_evaluated(void **state)
{
        REPORT_TEXT(out);
        mitome_error error = { 0 };
        json_t *sample = report_rig_sample();
        const char *page = render(&out, sample);
        (void)state;
        has(page,
                "<title>Evaluation of Sample (this project&#39;s own authenticator, simulated) / Sample(本プロジェクトの認証器、模擬)の評価報告</title>",
                1);
        has(page, "<h1>Evaluation of Sample (this project&#39;s own authenticator, simulated)</h1>", 1);
        has(page, "<h1>Sample(本プロジェクトの認証器、模擬)の評価報告</h1>", 1);
        has(page,
                "<dd>Sample (this project&#39;s own authenticator, simulated)</dd>\n<dt>How it was reached</dt><dd><code>self</code></dd>",
                1);
        (void)json_object_del(json_object_get(sample, "target"), "description_ja");
        report_text_clear(&out);
        assert_int_equal(evaluation_html(sample, &out, &error).code, MITOME_E_EVALUATE_REPORT);
        assert_string_equal(error.field, "description");
        json_decref(sample);
}

/* Copies of a finger that opened it stand where attacks are counted; where there were none, nothing does. */
static void artefacts_stand_beside_the_attacks(void **state)
{
        static const char en[] = " 1<br/><a href=\"#en-caveats\">Artefacts opened it.</a></p>",
                          ja[] = " 1<br/><a href=\"#ja-caveats\">人工物が受け入れられた。</a></p>";
        REPORT_TEXT(out);
        json_t *sample = report_rig_sample();
        const char *page = render(&out, sample);
        (void)state;
        has(page, "<a href=\"#en-caveats\">", 1); /* the contents' */
        (void)json_array_append_new(json_object_get(sample, "caveats"),
                json_pack("{s:s, s:s, s:s}", "id", "artefacts", "text", "Artefacts opened it.", "text_ja",
                        "人工物が受け入れられた。"));
        report_text_clear(&out);
        page = render(&out, sample);
        has(page, en, 1);
        has(page, ja, 1);
        json_decref(sample);
}

static void what_is_no_report_is_refused(void **state)
{
        json_t *sample = report_rig_sample();
        json_t *values[] = { json_null(), json_true(), json_integer(-1), json_real(0.5), json_object(),
                json_array(), json_string("") };
        (void)state;
        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
                refused = 0;
                assert_true(report_rig_each(sample, values[i], false, survive) > 300);
                assert_true(refused > 20);
                json_decref(values[i]);
        }
        refused = 0;
        assert_true(report_rig_without(sample, survive) > 300);
        assert_true(refused > 100);
        json_decref(sample);
}

static void another_version_is_refused(void **state)
{
        REPORT_TEXT(out);
        mitome_error error = { 0 };
        json_t *sample = report_rig_sample();
        (void)state;
        (void)json_object_set_new(sample, "mitome_report", json_integer(2));
        assert_int_equal(evaluation_html(sample, &out, &error).code, MITOME_E_EVALUATE_REPORT);
        assert_string_equal(error.field, "mitome_report");
        assert_int_equal(out.size, 0);
        json_decref(sample);
}

/* ---- numbers ---- */

static void a_rate_is_said_as_people_say_it(void **state)
{
        static const struct {
                double rate;
                const char *text;
        } rows[] = { { 1, "1.0" }, { 0.4, "2.5" }, { 0.1, "10" }, { 0.0000994, "10,100" },
                { 0.0003, "3,330" }, { 0.000796752, "1,260" }, { 1e-7, "10,000,000" }, { 0.00131, "763" },
                { 0, "1,000,000,000,000,000+" } };
        (void)state;
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
                assert_string_equal(html_one_in(rows[i].rate).text, rows[i].text);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_word_is_there_in_both_languages),
                cmocka_unit_test(the_language_decides_the_words),
                cmocka_unit_test(the_page_says_what_the_report_says),
                cmocka_unit_test(no_level_is_shown_alone),
                cmocka_unit_test(what_is_judged_elsewhere_says_where),
                cmocka_unit_test(a_reason_in_english_has_japanese_before_it),
                cmocka_unit_test(each_bound_has_its_caveat_beside_it),
                cmocka_unit_test(what_cannot_be_used_is_said_in_both_languages),
                cmocka_unit_test(a_real_element_has_no_banner),
                cmocka_unit_test(what_is_not_there_is_said),
                cmocka_unit_test(a_path_without_a_figure_is_drawn_as_such),
                cmocka_unit_test(what_nobody_could_test_stands_behind_what_fails),
                cmocka_unit_test(only_contradictions_are_shown_at_once),
                cmocka_unit_test(long_evidence_is_cut_and_said_to_be),
                cmocka_unit_test(a_report_of_every_policy_is_drawn_whole),
                cmocka_unit_test(the_page_needs_nothing_and_runs_nothing),
                cmocka_unit_test(the_policy_names_the_style_sheet),
                cmocka_unit_test(the_same_report_gives_the_same_bytes),
                cmocka_unit_test(another_report_is_drawn_as_well),
                cmocka_unit_test(no_text_of_a_report_becomes_markup),
                cmocka_unit_test(a_page_says_what_was_evaluated),
                cmocka_unit_test(artefacts_stand_beside_the_attacks),
                cmocka_unit_test(what_is_no_report_is_refused),
                cmocka_unit_test(another_version_is_refused),
                cmocka_unit_test(a_rate_is_said_as_people_say_it),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
