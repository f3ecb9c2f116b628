/* SPDX-License-Identifier: Apache-2.0 */
/* Pages: what is written, and what no page may hold. */
#include "web_page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char words_text[] =
        "{\"hello\": {\"en\": \"Hello {name}!\", \"ja\": \"{name} さん、<こんにちは>\"},\n"
        "\"state_held\": {\"en\": \"held\", \"ja\": \"一時停止\", \"code\": true}}";

static mitome_code parse(
        const char *html, const char *words, struct web_page_set **ret, struct web_place *place)
{
        const struct web_page_text texts[] = { { "page", slice_text(html) },
                { "part", slice_text("<i>{{name}}</i>") } };
        mitome_error error = { 0 };
        mitome_status status = web_pages_parse(texts, 2, slice_text(words), ret, place, &error);
        assert_int_equal(status.code, error.code);
        return status.code;
}

static char *written_in(enum web_language language, const char *html, const char *words, const char *json)
{
        struct web_page_set *set = NULL;
        const struct web_request request = { .language = language, .path = slice_text("/here") };
        json_t *data = json ? json_loads(json, 0, NULL) : NULL;
        uint8_t *bytes = NULL;
        size_t size = 0;
        struct web_place place;
        mitome_code code = parse(html, words, &set, &place);
        if (code != MITOME_OK)
                fail_msg("%s: code %d at %s:%u %s", html, code, place.file, place.line, place.name);
        assert_true(web_page_write(set, 0, &request, data, &bytes, &size));
        char *text = calloc(1, size + 1);
        assert_non_null(text);
        if (size)
                memcpy(text, bytes, size);
        free(bytes);
        json_decref(data);
        web_pages_free(set);
        return text;
}

static void writes(const char *html, const char *json, const char *expected)
{
        char *text = written_in(WEB_EN, html, "{}", json);
        assert_string_equal(text, expected);
        free(text);
}

static void values_are_escaped_everywhere(void **state)
{
        (void)state;
        writes("<p>{{a}}</p>", "{\"a\": \"<script>alert('1')</script>&\\\"\"}",
                "<p>&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&quot;</p>");
        writes("<p title=\"{{a}}\">", "{\"a\": \"\\\" onclick=\\\"x\"}",
                "<p title=\"&quot; onclick=&quot;x\">");
        writes("{{#each l}}{{.}},{{/each}}", "{\"l\": [\"<\", 7, true, null, -1]}", "&lt;,7,true,,-1,");
        writes("{{a.b}}{{none}}{{a}}{{a.c}}", "{\"a\": {\"b\": \"x\"}}", "x");
        writes("{{>part}}", "{\"name\": \"<\"}", "<i>&lt;</i>");
}

static void an_address_that_runs_as_a_script_is_not_written(void **state)
{
        (void)state;
        writes("<a href=\"{{u}}\">", "{\"u\": \"javascript:alert(1)\"}", "<a href=\"#\">");
        writes("<a href=\"{{u}}\">", "{\"u\": \" JavaScript:alert(1)\"}", "<a href=\"#\">");
        writes("<a href=\"{{u}}\">", "{\"u\": \"//evil.example/\"}", "<a href=\"#\">");
        writes("<a href=\"{{u}}\">", "{\"u\": \"/\\\\evil.example/\"}", "<a href=\"#\">");
        writes("<a href=\"{{u}}\">", "{\"u\": \"data:text/html,x\"}", "<a href=\"#\">");
        writes("<a href=\"{{u}}\">", "{}", "<a href=\"#\">");
        writes("<a href=\"{{u}}\">", "{\"u\": \"/x?a=1&b\"}", "<a href=\"/x?a=1&amp;b\">");
        writes("<a href=\"/x/{{u}}\">", "{\"u\": \"javascript:\"}", "<a href=\"/x/javascript:\">");
        writes("<a HREF = \"{{u}}\">", "{\"u\": \"javascript:\"}", "<a HREF = \"#\">");
}

static void blocks_are_taken_or_left(void **state)
{
        (void)state;
        writes("{{#if a}}yes{{#else}}no{{/if}}", "{\"a\": true}", "yes");
        writes("{{#if a}}yes{{#else}}no{{/if}}", "{\"a\": \"\"}", "no");
        writes("{{#if a}}yes{{#else}}no{{/if}}", NULL, "no");
        writes("{{#if a}}yes{{/if}}", "{\"a\": 0}", "");
        writes("{{#if a}}yes{{/if}}", "{\"a\": []}", "");
        writes("{{#if a}}yes{{/if}}", "{\"a\": {\"b\": 1}}", "yes");
        writes("{{#each l}}[{{n}}{{#if t}}{{t}}{{/if}}{{#each m}}{{.}}{{n}}{{/each}}]{{/each}}",
                "{\"t\": \"T\", \"l\": [{\"n\": 1}, {\"n\": 2, \"m\": [\"x\", \"y\"]}]}", "[1T][2Tx2y2]");
        writes("<input {{#if a}}checked{{/if}}>", "{\"a\": true}", "<input checked>");
        writes("<p {{#if a}}class=\"{{a}}\"{{/if}}>", "{\"a\": \"x\"}", "<p class=\"x\">");
        writes("{{#each l}}x{{/each}}", "{\"l\": {\"a\": 1}}", "");
}

static void words_are_in_the_readers_language(void **state)
{
        char *text = written_in(WEB_EN, "{{:hello}} {{language}} {{other_language}} {{path}}{{=s}}",
                words_text, "{\"name\": \"<H>\", \"s\": \"state_held\"}");
        (void)state;
        assert_string_equal(text, "Hello &lt;H&gt;! en ja /hereheld");
        free(text);
        text = written_in(WEB_JA, "{{:hello}}{{=s}}", words_text, "{\"name\": \"花子\", \"s\": \"none\"}");
        assert_string_equal(text, "花子 さん、&lt;こんにちは&gt;");
        free(text);
}

static void refuses(mitome_code code, unsigned line, const char *html, const char *words)
{
        struct web_page_set *set = NULL;
        struct web_place place;
        mitome_code got = parse(html, words, &set, &place);
        if (got != code || place.line != line)
                fail_msg("%s with %s: code %d instead of %d, line %u instead of %u", html, words, got, code,
                        place.line, line);
}

static void a_value_where_no_escape_helps_is_refused(void **state)
{
        static const char *const pages[] = { "<p {{a}}>", "<{{a}}>", "<p title={{a}}>", "<p title='{{a}}'>",
                "<p onclick=\"{{a}}\">", "<p ONCLICK=\"{{a}}\">", "<p style=\"{{a}}\">",
                "<script>{{a}}</script>", "<SCRIPT src=\"x\">{{a}}</SCRIPT>", "<style>{{a}}</style>",
                "<!-- {{a}} -->", "<!{{a}}>", "<script/src=\"x\">{{a}}", "<iframe srcdoc=\"{{a}}\">",
                "<p title=x onclick = \"x{{a}}\">", "<p {{=a}}>", "<p {{>part}}>", "<p title=\"{{>part}}\">",
                "<script>{{>part}}</script>", "<p title = '\"{{a}}'>", "<img srcset=\"{{a}}\">",
                "<meta http-equiv=\"{{a}}\">" };
        (void)state;
        for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
                refuses(MITOME_E_WEB_TEMPLATE, 1, pages[i], "{}");
        refuses(MITOME_E_WEB_TEMPLATE, 3, "<p>\n</p>\n<p {{:hello}}>", words_text);
        refuses(MITOME_E_WEB_TEMPLATE, 1, "<a href=\"{{:hello}}\">", words_text);
}

static void a_value_behind_a_comment_or_a_script_is_fine(void **state)
{
        (void)state;
        writes("<!DOCTYPE html><!-- > \" ' <p --><script src=\"x\"></script><style></style >{{a}}",
                "{\"a\": \"x\"}",
                "<!DOCTYPE html><!-- > \" ' <p --><script src=\"x\"></script><style></style >x");
        writes("<script src=\"/static/{{a}}\"></script>", "{\"a\": \"x\"}",
                "<script src=\"/static/x\"></script>");
}

static void a_page_that_is_not_one_is_refused_with_its_line(void **state)
{
        (void)state;
        static const char *const pages[] = { "\n{{a", "\n<scr{{#if a}} {{/if}}ipt>", "\n{{#if a}}",
                "\n{{/if}}", "\n{{/each}}", "\n{{#else}}", "\n{{#if a}}{{/each}}",
                "\n{{#each a}}{{#else}}{{/each}}", "\n{{#if a}}{{#else}}{{#else}}{{/if}}", "\n{{A}}",
                "\n{{ a }}", "\n{{a-b}}", "\n{{a..b}}", "\n{{.a}}", "\n{{1}}", "\n{{{a}}}", "\n{{}}",
                "\n{{!a}}", "\n{{#if }}", "\n{{>none}}", "\n<p", "\n<p title=\"", "\n{{#if a}}<p {{/if}}>",
                "\n{{#if a}}<p title=\"{{#else}}<p title='{{/if}}'>", "\n{{#each a}}<!--{{/each}}-->",
                "\n<a href=\"{{#if a}}x{{/if}}{{b}}\">" };
        for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
                refuses(MITOME_E_WEB_TEMPLATE, 2, pages[i], "{}");
        refuses(MITOME_E_WEB_TEMPLATE, 0, "\xff", "{}");
        refuses(MITOME_E_WEB_TEMPLATE, 0, "{{>page}}", "{}");
        char deep[17 * 9 + 1] = "";
        for (unsigned i = 0; i < 17; i++)
                memcpy(deep + strlen(deep), "{{#if a}}", 10);
        refuses(MITOME_E_WEB_TEMPLATE, 1, deep, "{}");
}

static void a_word_that_is_missing_unused_or_in_one_language_is_refused(void **state)
{
        (void)state;
        refuses(MITOME_E_WEB_WORD, 2, "\n{{:none}}", "{}");
        refuses(MITOME_E_WEB_WORD, 0, "x", "{\"w\": {\"en\": \"a\", \"ja\": \"b\"}}");
        refuses(MITOME_E_WEB_WORD, 0, "{{:w}}", "{\"w\": {\"en\": \"a\"}}");
        refuses(MITOME_E_WEB_WORD, 0, "{{:w}}", "{\"w\": {\"en\": \"a\", \"ja\": \"\"}}");
        refuses(MITOME_E_WEB_WORD, 0, "{{:w}}", "{\"w\": {\"en\": \"a\", \"ja\": \"b\", \"fr\": \"c\"}}");
        refuses(MITOME_E_WEB_WORD, 0, "{{:w}}", "{\"w\": {\"en\": \"a\", \"ja\": \"b\", \"code\": false}}");
        refuses(MITOME_E_WEB_WORD, 0, "{{:w}}", "{\"w\": \"a\"}");
        refuses(MITOME_E_JSON_TYPE, 0, "x", "[]");
        refuses(MITOME_E_JSON_SYNTAX, 2, "x", "{\n\"w\": }");
        refuses(MITOME_E_JSON_SYNTAX, 1, "x",
                "{\"w\": {\"en\": \"a\", \"ja\": \"b\"}, \"w\": {\"en\": \"a\", \"ja\": \"b\"}}");
}

static void a_folder_is_read(void **state)
{
        char folder[] = "/tmp/web-page-XXXXXX", path[64];
        struct web_page_set *set = NULL;
        struct web_place place;
        size_t index = 9;
        (void)state;
        assert_non_null(mkdtemp(folder));
        assert_int_equal(web_pages_open(folder, &set, &place, NULL).code, MITOME_E_FILE_READ);
        static const struct {
                const char *name, *text;
        } files[] = { { "a.html", "{{:w}}" }, { "words.json", "{\"w\": {\"en\": \"a\", \"ja\": \"b\"}}" },
                { "notes.txt", "{{" } };
        for (size_t i = 0; i < 3; i++) {
                snprintf(path, sizeof path, "%s/%s", folder, files[i].name);
                FILE *file = fopen(path, "w");
                assert_non_null(file);
                fputs(files[i].text, file);
                assert_int_equal(fclose(file), 0);
        }
        assert_int_equal(web_pages_open(folder, &set, &place, NULL).code, MITOME_OK);
        assert_true(web_page_find(set, "a", &index));
        assert_int_equal(index, 0);
        assert_false(web_page_find(set, "b", &index));
        assert_string_equal(web_word(set, WEB_JA, "w"), "b");
        assert_string_equal(web_word(set, WEB_JA, "v"), "");
        web_pages_free(set);
        for (size_t i = 0; i < 3; i++) {
                snprintf(path, sizeof path, "%s/%s", folder, files[i].name);
                assert_int_equal(unlink(path), 0);
        }
        assert_int_equal(rmdir(folder), 0);
        assert_int_equal(web_pages_open(folder, &set, NULL, NULL).code, MITOME_E_FILE_READ);
}

static void the_phones_pages_are_such_pages(void **state)
{
        const char *folder = getenv("MITOME_PHONE_PAGES");
        struct web_page_set *set = NULL;
        struct web_place place = { 0 };
        mitome_error error = { 0 };
        (void)state;
        if (!folder)
                skip();
        if (web_pages_open(folder, &set, &place, &error).code != MITOME_OK)
                fail_msg("%s:%u: code %d of %s \"%s\"", place.file, place.line, error.code, error.field,
                        place.name);
        web_pages_free(set);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(values_are_escaped_everywhere),
                cmocka_unit_test(an_address_that_runs_as_a_script_is_not_written),
                cmocka_unit_test(blocks_are_taken_or_left),
                cmocka_unit_test(words_are_in_the_readers_language),
                cmocka_unit_test(a_value_where_no_escape_helps_is_refused),
                cmocka_unit_test(a_value_behind_a_comment_or_a_script_is_fine),
                cmocka_unit_test(a_page_that_is_not_one_is_refused_with_its_line),
                cmocka_unit_test(a_word_that_is_missing_unused_or_in_one_language_is_refused),
                cmocka_unit_test(a_folder_is_read),
                cmocka_unit_test(the_phones_pages_are_such_pages),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
