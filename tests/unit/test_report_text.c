/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that grow, and reading the report beside them: nothing of the report becomes markup, and what is not
 * as it must be is said at the end, the first one. */
#include "report_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void assert_escaped(const char *text, const char *expected)
{
        REPORT_TEXT(out);
        slice view;
        report_text_escaped(&out, text);
        assert_false(failed(report_text_finish(&out, &view, NULL)));
        if (!slice_is(view, expected))
                fail_msg("%s became %.*s", text, (int)view.size, (const char *)view.data);
        assert_int_equal(view.data[view.size], 0);
}

static void nothing_becomes_markup(void **state)
{
        (void)state;
        assert_escaped("plain, \xe6\x8c\x87, \xf0\x9f\x91\x86", "plain, \xe6\x8c\x87, \xf0\x9f\x91\x86");
        assert_escaped("<script>alert('x')</script>", "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;");
        assert_escaped("\" onload=\"x&amp;", "&quot; onload=&quot;x&amp;amp;");
        assert_escaped("]]>", "]]&gt;");
        assert_escaped(NULL, "");
        assert_escaped("a\tb\nc", "a\tb\nc");
}

static void what_xml_cannot_hold_is_replaced(void **state)
{
        (void)state;
        assert_escaped("\x01\x1b[2J\x7f\r", "\xef\xbf\xbd\xef\xbf\xbd[2J\xef\xbf\xbd\xef\xbf\xbd");
        assert_escaped("\xef\xbf\xbe\xef\xbf\xbf", "\xef\xbf\xbd\xef\xbf\xbd");
        assert_escaped("\xef\xbf\xbd", "\xef\xbf\xbd");
        /* Malformed: an overlong form, a lone continuation, an end within a character. */
        assert_escaped("\xc0\xbc", "\xef\xbf\xbd\xef\xbf\xbd");
        assert_escaped("\x80z", "\xef\xbf\xbdz");
        assert_escaped("z\xe6\x8c", "z\xef\xbf\xbd\xef\xbf\xbd");
}

static void what_nobody_sees_is_shown_as_its_code(void **state)
{
        (void)state;
        assert_escaped(
                "a\xe2\x80\xaa\xe2\x80\xae\xe2\x81\xa6\xe2\x81\xa9z", "a[U+202A][U+202E][U+2066][U+2069]z");
        assert_escaped(
                "\xe2\x80\x8b\xe2\x80\x8f\xe2\x81\xa0\xef\xbb\xbf", "[U+200B][U+200F][U+2060][U+FEFF]");
        assert_escaped("\xc2\x80\xc2\x9b\xc2\x9f\xc2\xad", "[U+0080][U+009B][U+009F][U+00AD]");
        assert_escaped("\xf3\xa0\x80\xa0", "[U+E0020]");
        /* Its neighbours stay: hyphens, a dash, an ellipsis, a blank, an accented letter, a key. */
        assert_escaped("\xe2\x80\x90\xe2\x80\x94\xe2\x80\xa6\xc2\xa0\xc3\xa9\xf0\x9f\x94\x91",
                "\xe2\x80\x90\xe2\x80\x94\xe2\x80\xa6\xc2\xa0\xc3\xa9\xf0\x9f\x94\x91");
}

static void a_text_grows_and_a_line_is_bounded(void **state)
{
        char line[REPORT_LINE_MAX + 2];
        REPORT_TEXT(out);
        slice view;
        (void)state;
        memset(line, 'x', sizeof line);
        line[REPORT_LINE_MAX] = '\0';
        for (int i = 0; i < 100; i++)
                report_text_printf(&out, "%s", line);
        assert_false(failed(report_text_finish(&out, &view, NULL)));
        assert_int_equal(view.size, 100 * REPORT_LINE_MAX);
        line[REPORT_LINE_MAX] = 'x';
        line[REPORT_LINE_MAX + 1] = '\0';
        report_text_printf(&out, "%s", line);
        assert_int_equal(report_text_finish(&out, &view, NULL).code, MITOME_E_NO_MEMORY);
}

static void a_text_ends_at_its_limit(void **state)
{
        static uint8_t half[REPORT_TEXT_MAX / 2];
        REPORT_TEXT(out);
        slice view;
        (void)state;
        memset(half, 'x', sizeof half);
        report_text_add_slice(&out, SLICE(half));
        report_text_add_slice(&out, SLICE(half));
        assert_int_equal(out.code, MITOME_OK);
        report_text_add(&out, "x");
        assert_int_equal(report_text_finish(&out, &view, NULL).code, MITOME_E_NO_MEMORY);
}

static void what_is_there_is_read(void **state)
{
        REPORT_TEXT(out);
        slice view;
        json_t *report = json_loads(
                "{\"t\":\"x\",\"s\":\"word\",\"s_ja\":\"\\u8a9e\",\"f\":true,\"n\":7,\"a\":[\"q\"],"
                "\"o\":{},\"z\":null}",
                0, NULL);
        (void)state;
        assert_non_null(report);
        assert_string_equal(report_string(&out, report, "t"), "x");
        assert_string_equal(report_sentence(&out, report, "s", REPORT_ENGLISH), "word");
        assert_string_equal(report_sentence(&out, report, "s", REPORT_JAPANESE), "\xe8\xaa\x9e");
        assert_true(report_flag(&out, report, "f"));
        assert_int_equal(report_count(&out, report, "n"), 7);
        assert_string_equal(report_item(&out, report_array(&out, report, "a"), 0, "a"), "q");
        assert_non_null(report_object(&out, report, "o"));
        assert_null(report_string_if(&out, report, "z"));
        assert_null(report_array_if(&out, report, "z"));
        assert_null(report_object_if(&out, report, "nowhere"));
        report_text_json(&out, report_array(&out, report, "a"));
        assert_false(failed(report_text_finish(&out, &view, NULL)));
        assert_true(slice_is(view, "[\n  \"q\"\n]"));
        json_decref(report);
}

/* SHA-256 of what `printf '{\n  "b": 1,\n  "a": "x"\n}\n'` writes. */
static void the_digest_is_of_the_file(void **state)
{
        static const uint8_t expected[] = { 0x4a, 0xee, 0x11, 0xc1, 0x23, 0xc8, 0x2e, 0xed, 0xed, 0x28, 0xd8,
                0x72, 0x7e, 0x53, 0xd1, 0x5a, 0xdf, 0x95, 0x63, 0xbd, 0x6a, 0xa4, 0xcd, 0xd0, 0xac, 0x1d,
                0xc9, 0xab, 0x74, 0xb7, 0xfa, 0x87 };
        uint8_t digest[REPORT_FILE_DIGEST_SIZE];
        REPORT_TEXT(out);
        slice file;
        json_t *report = json_loads("{\"b\":1,\"a\":\"x\"}", 0, NULL);
        (void)state;
        assert_non_null(report);
        report_text_file(&out, report);
        assert_false(failed(report_text_finish(&out, &file, NULL)));
        assert_true(slice_is(file, "{\n  \"b\": 1,\n  \"a\": \"x\"\n}\n"));
        assert_true(report_file_digest(report, digest));
        assert_memory_equal(digest, expected, sizeof digest);
        assert_false(report_file_digest(NULL, digest));
        json_decref(report);
}

static void read_wrong(struct report_text *out, const json_t *report, int what)
{
        switch (what) {
        case 0:
                assert_string_equal(report_string(out, report, "field"), "");
                break;
        case 1:
                assert_false(report_flag(out, report, "field"));
                break;
        case 2:
                assert_int_equal(report_count(out, report, "field"), 0);
                break;
        case 3:
                assert_null(report_array(out, report, "field"));
                break;
        case 4:
                assert_null(report_object(out, report, "field"));
                break;
        case 5:
                assert_string_equal(report_sentence(out, report, "field", REPORT_JAPANESE), "");
                break;
        case 6:
                assert_null(report_string_if(out, report, "field"));
                break;
        case 7:
                assert_null(report_array_if(out, report, "field"));
                break;
        case 8:
                assert_null(report_object_if(out, report, "field"));
                break;
        default:
                assert_string_equal(report_item(out, report, 3, "field"), "");
        }
}

static void what_is_not_as_it_must_be_is_named(void **state)
{
        json_t *report = json_loads("{\"field\": -1.5}", 0, NULL);
        (void)state;
        assert_non_null(report);
        for (int what = 0; what <= 9; what++) {
                REPORT_TEXT(out);
                slice view = { 0 };
                mitome_error error = { 0 };
                read_wrong(&out, report, what);
                (void)report_string(&out, report, "later");
                assert_int_equal(report_text_finish(&out, &view, &error).code, MITOME_E_EVALUATE_REPORT);
                assert_string_equal(error.field, "field");
                assert_null(view.data);
        }
        json_decref(report);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nothing_becomes_markup),
                cmocka_unit_test(what_xml_cannot_hold_is_replaced),
                cmocka_unit_test(what_nobody_sees_is_shown_as_its_code),
                cmocka_unit_test(a_text_grows_and_a_line_is_bounded),
                cmocka_unit_test(a_text_ends_at_its_limit),
                cmocka_unit_test(what_is_there_is_read),
                cmocka_unit_test(the_digest_is_of_the_file),
                cmocka_unit_test(what_is_not_as_it_must_be_is_named),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
