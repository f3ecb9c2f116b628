/* SPDX-License-Identifier: Apache-2.0 */
#include "evaluate_keys.h"
#include "evaluate_screen.h"
#include "maker_statement.h"
#include "probing.h"
#include "safe_text.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* What a target says of itself, on its way into a report, onto a terminal and into a command line. */

#define UNKNOWN "\xEF\xBF\xBD"

static void bytes_that_are_no_text_are_marked(void **state)
{
        static const struct {
                const char *bytes;
                size_t size;
                const char *text;
        } cases[] = {
                { "FIDO_2_1", 8, "FIDO_2_1" },
                { "", 0, "" },
                { "a\0b", 3, "a" UNKNOWN "b" },
                { "\xE6\x8C\x87", 3, "\xE6\x8C\x87" },
                { "x\xE6\x8C", 3, "x" UNKNOWN UNKNOWN }, /* cut in the middle */
                { "\xC0\x80", 2, UNKNOWN UNKNOWN },      /* U+0000, too long */
                { "\xED\xA0\x80", 3, UNKNOWN UNKNOWN UNKNOWN },
        };
        (void)state;
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                json_t *json = safe_text(slice_of((const uint8_t *)cases[i].bytes, cases[i].size));
                assert_non_null(json);
                assert_string_equal(json_string_value(json), cases[i].text);
                assert_int_equal(json_string_length(json), strlen(cases[i].text));
                json_decref(json);
        }
}

static void a_word_of_a_shell_stays_one(void **state)
{
        static const char *const cases[][2] = {
                { "hid:/dev/hidraw3", "hid:/dev/hidraw3" },
                { "pcsc:Virtual PCD 00 00", "'pcsc:Virtual PCD 00 00'" },
                { "unix:/tmp/it's", "'unix:/tmp/it'\\''s'" },
                { "unix:/tmp/$(id);`id`", "'unix:/tmp/$(id);`id`'" },
                { "", "''" },
                { "~", "'~'" },
        };
        (void)state;
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                char *word = safe_text_quoted(cases[i][0]);
                assert_non_null(word);
                assert_string_equal(word, cases[i][1]);
                free(word);
        }
}

static void shown(const char *text, const char *wanted)
{
        char *out = NULL;
        size_t size = 0;
        FILE *file = open_memstream(&out, &size);
        assert_non_null(file);
        evaluate_print_harmless(file, text);
        assert_int_equal(fclose(file), 0);
        assert_string_equal(out, wanted);
        free(out);
}

static void nothing_commands_the_terminal(void **state)
{
        char each[] = "a?b";
        (void)state;
        shown("It answered 00. \xE6\x8C\x87", "It answered 00. \xE6\x8C\x87");
        for (int control = 1; control < 0x20; control++) {
                each[1] = (char)control;
                shown(each, "a?b");
        }
        shown("a\x7F", "a?");
        for (int control = 0x80; control < 0xA0; control++) {
                const char c1[] = { 'a', (char)0xC2, (char)control, 'b', '\0' };
                shown(c1, "a?b");
        }
        shown("\x1B]0;title\x07", "?]0;title?");
        shown("a\x9B"
              "31m",
                "a?31m"); /* C1 as one byte is no UTF-8 */
        shown("\xC2", "?");
}

static void nothing_turns_the_words_beside_it(void **state)
{
        static const char *const turning[] = { "\xE2\x80\xAA", "\xE2\x80\xAB", "\xE2\x80\xAC", "\xE2\x80\xAD",
                "\xE2\x80\xAE", "\xE2\x81\xA6", "\xE2\x81\xA7", "\xE2\x81\xA8", "\xE2\x81\xA9",
                "\xE2\x80\x8E", "\xE2\x80\x8F", "\xD8\x9C", "\xE2\x80\x8B", "\xEF\xBB\xBF" };
        (void)state;
        for (size_t i = 0; i < sizeof turning / sizeof *turning; i++) {
                char text[16];
                snprintf(text, sizeof text, "a%sb", turning[i]);
                shown(text, "a?b");
        }
}

static void keys_are_listed_by_the_names_of_targets(void **state)
{
        static const struct plugged_key keys[] = { { "/nonexistent", "\x1B[2Jred", 1, 2 } };
        char *out = NULL;
        size_t size = 0;
        FILE *file = open_memstream(&out, &size);
        (void)state;
        assert_non_null(file);
        evaluate_keys_print(file, keys, 1, true);
        assert_int_equal(fclose(file), 0);
        assert_string_equal(out, "hid:/nonexistent  ?[2Jred (0001:0002) 模擬\n");
        free(out);
}

/* ---- the summary ---- */

/* What is printed of this report, which the caller frees. */
static char *summary_of(const json_t *report, bool japanese)
{
        const struct evaluate_screen screen = { .japanese = japanese };
        char *text = calloc(1, 4096);
        FILE *file = tmpfile();
        int kept = dup(STDOUT_FILENO);
        assert_true(text && file && kept >= 0 && fflush(stdout) == 0);
        assert_true(dup2(fileno(file), STDOUT_FILENO) == STDOUT_FILENO);
        evaluate_screen_summary(&screen, report);
        (void)fflush(stdout);
        assert_true(dup2(kept, STDOUT_FILENO) == STDOUT_FILENO && close(kept) == 0);
        rewind(file);
        assert_true(fread(text, 1, 4095, file) > 0);
        assert_int_equal(fclose(file), 0);
        return text;
}

static void artefacts_stand_beside_the_attacks_on_the_screen(void **state)
{
        (void)state;
        json_t *report = json_pack("{s:[{s:s}], s:[{s:s, s:s, s:s}, {s:s, s:s, s:s}], s:[]}", "probes",
                "result", "holds", "caveats", "id", "declared", "text", "Somebody says so.", "text_ja",
                "申告のみ。", "id", "artefacts", "text", "Artefacts opened it.", "text_ja",
                "人工物が受け入れられた。", "policies");
        assert_non_null(report);
        char *english = summary_of(report, false), *japanese = summary_of(report, true);
        assert_string_equal(english, "\nprobes: 1 holds\nArtefacts opened it.\n");
        assert_string_equal(japanese, "\n試験: 1 防いだ\n人工物が受け入れられた。\n");
        free(english);
        free(japanese);
        json_decref(report);
}

static void what_is_left_to_others_says_so(void **state)
{
        static const char *const texts[] = {
                "kept off by SIDE (?), BIND (?) (the parties were not judged), UNLOCK\n",
                "  Demanded by this level, but not tested: REVOKE (left to each login), PIN\n  Resting on a declaration alone: ?[2JX\n  Seen in part: none\n",
                " に届かない理由: SIDE (?), BIND (?) (関係者は判定の範囲外), UNLOCK\n",
                "  判定の範囲: 認証器\n  このレベルが求めるが試験していない点: REVOKE (個々のログインで判定), PIN\n  申告のみによる点: ?[2JX\n  一部のみ確認した点: なし\n",
        };
        static const char untested[] = "not testable here";
        (void)state;
        json_t *report = json_pack(
                "{s:[], s:[], s:[{s:s, s:s, s:s, s:[s], s:[s,s,s], s:[s,s], s:[s], s:[], s:[{s:s,s:[s],s:s}, "
                "{s:s,s:[s],s:s}, {s:s,s:[s],s:s}, {s:s,s:[s],s:s}, {s:s,s:[s],s:s}]}]}",
                "probes", "caveats", "policies", "id", "p", "level", "AAL1", "next", "AAL2", "scopes",
                "device", "blockers", "SIDE", "BIND", "UNLOCK", "untested", "REVOKE", "PIN", "declared",
                "\x1B[2JX", "partial", "requirements", "id", "SIDE", "scope", "device", "outcome", untested,
                "id", "BIND", "scope", "service", "outcome", untested, "id", "REVOKE", "scope", "login",
                "outcome", untested, "id", "PIN", "scope", "device", "outcome", untested, "id", "UNLOCK",
                "scope", "login", "outcome", "not satisfied");
        assert_non_null(report);
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
                char *text = summary_of(report, i >= 2);
                assert_non_null(strstr(text, texts[i]));
                free(text);
        }
        json_decref(report);
}

/* ---- signals ---- */

/* How a child ends that hears `first`, and then `second`. */
static int ends_by(int first, int second)
{
        int status;
        pid_t child = fork();
        if (child == 0) {
                struct evaluate_screen screen = evaluate_screen(false);
                const struct probing_watch watch = evaluate_screen_watch(&screen);
                evaluate_screen_listen();
                if (watch.stopped(watch.context) || raise(first) != 0 || !watch.stopped(watch.context))
                        _exit(1);
                raise(second);
                _exit(0);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

static void a_second_interrupt_ends_it_at_once(void **state)
{
        (void)state;
        assert_int_equal(ends_by(SIGINT, SIGINT), SIGINT);
        assert_int_equal(ends_by(SIGTERM, SIGTERM), 0); /* timeout(1) sends it twice */
        assert_int_equal(ends_by(SIGTERM, SIGINT), 0);
        assert_int_equal(ends_by(SIGHUP, SIGTERM), 0);
}

/* ---- a target that lies about what it is ---- */

static slice info;

static enum target_trouble say_info(
        void *context, slice request, unsigned limit_ms, uint8_t *response, size_t capacity, size_t *ret_size)
{
        writer w = writer_over(response, capacity);
        (void)context;
        (void)request;
        (void)limit_ms;
        write_u8(&w, 0);
        write_slice(&w, info);
        *ret_size = w.used;
        return TARGET_ANSWERED;
}

static json_t *target_that_says(slice get_info, const char *name)
{
        struct target target = { .name = name, .abilities = TARGET_CTAP, .exchange = say_info };
        info = get_info;
        json_t *said = probing_target(&target);
        assert_non_null(said);
        char *text = json_dumps(said, 0);
        assert_non_null(text);
        json_t *again = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
        assert_true(json_equal(said, again)); /* it can be read again */
        json_decref(again);
        free(text);
        return said;
}

static const char *text_of(const json_t *said, const char *member)
{
        return json_string_value(json_object_get(said, member));
}

static void a_version_that_hides_its_end_is_shown_whole(void **state)
{
        static const uint8_t hiding[] = { 0xA1, 0x01, 0x81, 0x6A, 'F', 'I', 'D', 'O', '_', '2', '_', '1',
                0x00, 'x' };
        (void)state;
        json_t *said = target_that_says(SLICE(hiding), "hid:/dev/\xE6\x8C");
        assert_string_equal(json_string_value(json_array_get(json_object_get(said, "versions"), 0)),
                "FIDO_2_1" UNKNOWN "x");
        assert_string_equal(text_of(said, "name"), "hid:/dev/" UNKNOWN UNKNOWN);
        assert_string_equal(text_of(said, "kind"), "hid");
        assert_true(json_is_false(json_object_get(said, "simulated")));
        json_decref(said);
}

static void what_is_no_getinfo_says_nothing(void **state)
{
        static const uint8_t wrong[][8] = { { 0x81, 0x01 }, { 0xA1, 0x03, 0x41, 0x00 }, { 0xA1, 0x01, 0x05 },
                { 0xBF, 0xFF }, { 0xA1, 0x01, 0x81, 0x9F } };
        (void)state;
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
                json_t *said = target_that_says(SLICE(wrong[i]), "udp:8111");
                assert_string_equal(text_of(said, "aaguid"), "");
                assert_int_equal(json_array_size(json_object_get(said, "versions")), 0);
                json_decref(said);
        }
}

/* Whatever way it is reached by. */
static void a_model_of_this_project_is_simulated(void **state)
{
        uint8_t bytes[32];
        (void)state;
        for (size_t i = 0; i <= MAKER_CLASSES; i++) {
                static const uint8_t another[MAKER_AAGUID_SIZE] = { 1, 2, 3 };
                const bool own = i < MAKER_CLASSES;
                writer w = WRITER(bytes);
                write_u8(&w, 0xA1);
                write_u8(&w, 0x03);
                write_u8(&w, 0x50);
                write_slice(&w, own ? SLICE(maker_classes[i].aaguid) : SLICE(another));
                json_t *said = target_that_says(writer_view(&w), "hid:/dev/hidraw0");
                assert_int_equal(json_is_true(json_object_get(said, "simulated")), own);
                assert_int_equal(strlen(text_of(said, "aaguid")), 36);
                json_decref(said);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(bytes_that_are_no_text_are_marked),
                cmocka_unit_test(a_word_of_a_shell_stays_one),
                cmocka_unit_test(nothing_commands_the_terminal),
                cmocka_unit_test(nothing_turns_the_words_beside_it),
                cmocka_unit_test(keys_are_listed_by_the_names_of_targets),
                cmocka_unit_test(artefacts_stand_beside_the_attacks_on_the_screen),
                cmocka_unit_test(what_is_left_to_others_says_so),
                cmocka_unit_test(a_second_interrupt_ends_it_at_once),
                cmocka_unit_test(a_version_that_hides_its_end_is_shown_whole),
                cmocka_unit_test(what_is_no_getinfo_says_nothing),
                cmocka_unit_test(a_model_of_this_project_is_simulated),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
