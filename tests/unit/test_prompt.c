/* SPDX-License-Identifier: Apache-2.0 */
#include "prompt.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATH_SIZE = 64, WAIT_MS = 5000, LINE_SIZE = 2048 };

static char folder[] = "/tmp/mitome-prompt-XXXXXX";
static char line[LINE_SIZE];

static void path_of(const char *name, char path[PATH_SIZE])
{
        snprintf(path, PATH_SIZE, "%s/%s", folder, name);
}

static struct prompter *open_prompter(const struct prompter_config *config)
{
        struct prompter *prompter = NULL;
        assert_int_equal(prompter_open(config, &prompter, NULL).code, MITOME_OK);
        return prompter;
}

static void ask(struct prompter *prompter, enum mitome_prompt_reason why, slice rp_id, slice user)
{
        const struct mitome_presence presence = prompter_presence(prompter);
        const struct mitome_prompt prompt = {
                .why = why, .rp_id = rp_id, .user_name = user, .timeout_ms = 30000
        };
        presence.ask(presence.context, &prompt);
}

static void end(struct prompter *prompter)
{
        const struct mitome_presence presence = prompter_presence(prompter);
        presence.end(presence.context);
}

/* Asks until there is an answer, or none comes for a while. */
static enum mitome_presence_answer answer(struct prompter *prompter, int patience_ms)
{
        enum { STEP_MS = 20 };
        enum mitome_presence_answer said = MITOME_PRESENCE_NOTHING;
        for (int waited = 0; waited < patience_ms && said == MITOME_PRESENCE_NOTHING; waited += STEP_MS)
                said = prompter_answer(prompter, STEP_MS);
        return said;
}

/* ---- by a socket ---- */

static int connect_to(const char *path)
{
        struct sockaddr_un to = { .sun_family = AF_UNIX };
        struct timeval limit = { .tv_sec = WAIT_MS / 1000 };
        snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_true(fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0);
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        return fd;
}

static void read_line(int fd)
{
        size_t size = 0;
        while (size < sizeof line - 1 && recv(fd, line + size, 1, 0) == 1 && line[size] != '\n')
                size++;
        assert_int_equal(line[size], '\n');
        line[size] = '\0';
}

static void say(int fd, const char *text)
{
        assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static struct prompter *open_socket(char path[PATH_SIZE])
{
        path_of("prompts", path);
        return open_prompter(&(struct prompter_config){ .socket = path });
}

static void a_socket_hears_the_prompt_and_answers_it_by_number(void **state)
{
        char path[PATH_SIZE];
        struct stat status;
        (void)state;
        struct prompter *prompter = open_socket(path);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
        int early = connect_to(path);
        (void)prompter_tend(prompter);
        ask(prompter, MITOME_PROMPT_LOGIN, slice_text("example.org"), slice_text("hanako"));
        read_line(early);
        assert_non_null(strstr(line, "\"prompt\":1"));
        assert_non_null(strstr(line, "\"reason\":\"login\""));
        assert_non_null(strstr(line, "Log in at example.org as hanako?"));
        assert_non_null(strstr(line, "\"rp_id\":\"example.org\""));
        int late = connect_to(path); /* hears what stands */
        assert_int_equal(prompter_answer(prompter, 50), MITOME_PRESENCE_NOTHING);
        read_line(late);
        assert_non_null(strstr(line, "\"prompt\":1"));
        say(late, "yes 2\nperhaps\nyes\n"); /* none of them answers this one */
        assert_int_equal(answer(prompter, 200), MITOME_PRESENCE_NOTHING);
        say(late, "yes 1\n");
        assert_int_equal(answer(prompter, WAIT_MS), MITOME_PRESENCE_TOUCHED);
        end(prompter);
        read_line(early);
        assert_string_equal(line, "{\"ended\":1}");
        close(early);
        close(late);
        prompter_close(prompter);
        assert_int_equal(stat(path, &status), -1);
}

static void what_is_told_of_a_finger_is_heard_by_all(void **state)
{
        char path[PATH_SIZE];
        (void)state;
        path_of("prompts", path);
        struct prompter *prompter =
                open_prompter(&(struct prompter_config){ .socket = path, .language = MITOME_JAPANESE });
        const struct mitome_presence presence = prompter_presence(prompter);
        int fd = connect_to(path);
        (void)prompter_tend(prompter);
        ask(prompter, MITOME_PROMPT_LOGIN, slice_text("example.org"), slice_text(""));
        read_line(fd);
        presence.tell(presence.context, MITOME_GUIDANCE_NOT_RECOGNISED, 4);
        read_line(fd);
        assert_non_null(strstr(line, "{\"told\":\"not-recognised\",\"number\":4,\"text\":"));
        assert_non_null(strstr(line, "あと4回"));
        end(prompter);
        read_line(fd);
        presence.tell(presence.context, MITOME_GUIDANCE_CLOSED, 0); /* behind its end, too */
        read_line(fd);
        assert_non_null(strstr(line, "\"told\":\"closed\""));
        presence.tell(presence.context, MITOME_GUIDANCE_NONE, 0); /* nothing */
        prompter_automatic(prompter, true);
        presence.tell(presence.context, MITOME_GUIDANCE_LIFT, 0);
        prompter_automatic(prompter, false);
        presence.tell(presence.context, MITOME_GUIDANCE_TOUCH, 0);
        read_line(fd);
        assert_non_null(strstr(line, "\"told\":\"touch\""));
        close(fd);
        prompter_close(prompter);
}

/* An answer to a prompt that has ended does not open the next one. */
static void a_late_answer_answers_nothing(void **state)
{
        char path[PATH_SIZE];
        (void)state;
        struct prompter *prompter = open_socket(path);
        int fd = connect_to(path);
        (void)prompter_tend(prompter);
        ask(prompter, MITOME_PROMPT_LOGIN, slice_text("a.example"), slice_text(""));
        end(prompter);
        say(fd, "yes 1\n");
        ask(prompter, MITOME_PROMPT_RESET, slice_text(""), slice_text(""));
        assert_int_equal(answer(prompter, 200), MITOME_PRESENCE_NOTHING);
        say(fd, "no 2\n");
        assert_int_equal(answer(prompter, WAIT_MS), MITOME_PRESENCE_DECLINED);
        close(fd);
        prompter_close(prompter);
}

static void a_line_without_end_is_hung_up_on(void **state)
{
        char path[PATH_SIZE], byte;
        (void)state;
        struct prompter *prompter = open_socket(path);
        int fd = connect_to(path);
        (void)prompter_tend(prompter);
        say(fd, "yes 1 and then more than any answer has");
        ask(prompter, MITOME_PROMPT_LOGIN, slice_text("a.example"), slice_text(""));
        assert_int_equal(answer(prompter, 100), MITOME_PRESENCE_NOTHING);
        read_line(fd);
        assert_true(recv(fd, &byte, 1, 0) <= 0);
        close(fd);
        prompter_close(prompter);
}

static void prompts_are_in_japanese_too(void **state)
{
        char path[PATH_SIZE];
        (void)state;
        path_of("prompts", path);
        struct prompter *prompter =
                open_prompter(&(struct prompter_config){ .socket = path, .language = MITOME_JAPANESE });
        const struct mitome_presence presence = prompter_presence(prompter);
        int fd = connect_to(path);
        (void)prompter_tend(prompter);
        ask(prompter, MITOME_PROMPT_LOGIN, slice_text("example.org"), slice_text("hanako\x1b"));
        read_line(fd);
        assert_non_null(strstr(line, "\"title\":\"ログイン\""));
        assert_non_null(strstr(line, "example.org に hanako? としてログインします。よろしいですか?"));
        assert_non_null(strstr(line, "\"reason\":\"login\"")); /* for programs: the same in each language */
        end(prompter);
        read_line(fd);
        presence.ask(presence.context, &(struct mitome_prompt){ .why = MITOME_PROMPT_PIN, .finger = true });
        read_line(fd);
        assert_non_null(strstr(line,
                "プログラム のためにセキュリティキーのロックを解除します。センサーに指を当ててください。"));
        end(prompter);
        read_line(fd);
        for (int why = 0; why <= MITOME_PROMPT_ENROL + 1; why++) { /* each has words that end in a question */
                ask(prompter, (enum mitome_prompt_reason)why, slice_text("{user}{site}"),
                        slice_text("{site}"));
                do
                        read_line(fd);
                while (!strstr(line, "\"prompt\":")); /* behind the end of the one before */
                assert_non_null(strstr(line, "。よろしいですか?\""));
                end(prompter);
        }
        close(fd);
        prompter_close(prompter);
}

/* What a website calls itself is put in, and is no phrase itself. */
static void the_name_of_a_site_fills_no_place(void **state)
{
        char path[PATH_SIZE];
        (void)state;
        struct prompter *prompter = open_socket(path);
        int fd = connect_to(path);
        (void)prompter_tend(prompter);
        ask(prompter, MITOME_PROMPT_LOGIN, slice_text("{user}"), slice_text("{site}"));
        read_line(fd);
        assert_non_null(strstr(line, "Log in at {user} as {site}?"));
        close(fd);
        prompter_close(prompter);
}

/* What a website or a host calls itself moves no cursor and turns no text. */
static void what_is_shown_is_harmless(void **state)
{
        char path[PATH_SIZE];
        (void)state;
        struct prompter *prompter = open_socket(path);
        int fd = connect_to(path);
        (void)prompter_tend(prompter);
        ask(prompter, MITOME_PROMPT_REGISTER, slice_text("bank.example\x1b[2J\r\n\xE2\x80\xAE"),
                slice_text("\xFF\xC2\x9B"
                           "a\"b<c"));
        read_line(fd);
        assert_non_null(strstr(line, "Register at bank.example?[2J??? as ??a\\\"b<c?"));
        char endless[300];
        memset(endless, 'x', sizeof endless);
        end(prompter);
        read_line(fd);
        ask(prompter, MITOME_PROMPT_PIN, slice_text(""), slice_text(""));
        read_line(fd);
        assert_non_null(strstr(line, "Unlock the security key for a program?"));
        end(prompter);
        ask(prompter, MITOME_PROMPT_LOGIN, SLICE(endless), slice_text(""));
        read_line(fd);
        read_line(fd);
        assert_non_null(strstr(line, "\"text\":\"Log in at …xxx"));
        assert_non_null(strstr(line, "xxx?\""));
        close(fd);
        prompter_close(prompter);
}

/* Who owns a domain name stands at its end: a long one does not hide it behind somebody else's. */
static void the_end_of_a_long_name_of_a_site_is_shown(void **state)
{
        char path[PATH_SIZE], filling[200], name[254];
        (void)state;
        struct prompter *prompter = open_socket(path);
        int fd = connect_to(path);
        (void)prompter_tend(prompter);
        memset(filling, 'x', sizeof filling);
        snprintf(name, sizeof name, "bank.example.%.*s.evil.example", (int)sizeof filling, filling);
        ask(prompter, MITOME_PROMPT_LOGIN, slice_text(name), slice_text(""));
        read_line(fd);
        const char *text = strstr(line, "\"text\":\"Log in at …xxx");
        assert_non_null(text);
        assert_non_null(strstr(text, "xxx.evil.example?\""));
        end(prompter);
        read_line(fd);
        /* what turns the direction, and what nobody sees, is shown as "?" */
        ask(prompter, MITOME_PROMPT_LOGIN,
                slice_text("a\xD8\x9C\xE2\x80\x8B\xEF\xBB\xBF\xF3\xA0\x81\xA1.example"), slice_text(""));
        read_line(fd);
        assert_non_null(strstr(line, "Log in at a????.example?"));
        close(fd);
        prompter_close(prompter);
}

/* U2F hosts give up and ask again, several times a second. */
static void u2f_is_asked_once(void **state)
{
        char path[PATH_SIZE];
        (void)state;
        struct prompter *prompter = open_socket(path);
        int fd = connect_to(path);
        (void)prompter_tend(prompter);
        ask(prompter, MITOME_PROMPT_U2F_LOGIN, slice_text(""), slice_text(""));
        read_line(fd);
        end(prompter);
        assert_in_range(prompter_tend(prompter), 1, 3000);
        say(fd, "yes 1\n"); /* between two questions */
        (void)prompter_tend(prompter);
        ask(prompter, MITOME_PROMPT_U2F_LOGIN, slice_text(""), slice_text(""));
        assert_int_equal(answer(prompter, WAIT_MS), MITOME_PRESENCE_TOUCHED);
        end(prompter);
        read_line(fd);
        assert_string_equal(line, "{\"ended\":1}"); /* and there was no second prompt */
        ask(prompter, MITOME_PROMPT_U2F_LOGIN, slice_text(""), slice_text(""));
        read_line(fd);
        assert_non_null(strstr(line, "\"prompt\":2")); /* what was answered is not asked on */
        end(prompter);
        ask(prompter, MITOME_PROMPT_LOGIN, slice_text("b.example"), slice_text(""));
        read_line(fd);
        assert_string_equal(line, "{\"ended\":2}");
        close(fd);
        prompter_close(prompter);
}

/* ---- by a program ---- */

static void write_program(const char *path, const char *body)
{
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fprintf(file, "#!/bin/sh\n%s\n", body);
        fclose(file);
        assert_int_equal(chmod(path, 0700), 0);
}

static enum mitome_presence_answer ask_program(const char *body, int patience_ms)
{
        char path[PATH_SIZE];
        path_of("program", path);
        write_program(path, body);
        struct prompter *prompter = open_prompter(&(struct prompter_config){ .command = path });
        ask(prompter, MITOME_PROMPT_LOGIN, slice_text("example.org"), slice_text(""));
        enum mitome_presence_answer said = answer(prompter, patience_ms);
        prompter_close(prompter); /* and with it the program */
        unlink(path);
        return said;
}

static void a_programs_exit_status_answers(void **state)
{
        (void)state;
        assert_int_equal(ask_program("exit 0", WAIT_MS), MITOME_PRESENCE_TOUCHED);
        assert_int_equal(ask_program("exit 1", WAIT_MS), MITOME_PRESENCE_DECLINED);
        assert_int_equal(ask_program("exit 2", 300), MITOME_PRESENCE_NOTHING);
        assert_int_equal(ask_program("kill -KILL $$", 300), MITOME_PRESENCE_NOTHING);
        assert_int_equal(ask_program("exec sleep 1000", 100), MITOME_PRESENCE_NOTHING);
        assert_int_equal(
                ask_program("[ \"$1|$2|$3|$4\" = 'Log in|Log in at example.org?|login|touch' ] || exit 1",
                        WAIT_MS),
                MITOME_PRESENCE_TOUCHED);
}

/* It asks nothing: what its program exits with is no answer to the prompt that stands. */
static void what_a_program_tells_answers_nothing(void **state)
{
        char path[PATH_SIZE], heard[PATH_SIZE];
        struct stat status;
        (void)state;
        path_of("program", path);
        path_of("program.heard", heard);
        write_program(path, "[ \"$4\" = touch ] && exec sleep 1000\n"
                            "printf '%s' \"$1|$2|$3|$4\" >\"$0.new\" && mv \"$0.new\" \"$0.heard\"");
        struct prompter *prompter = open_prompter(&(struct prompter_config){ .command = path });
        const struct mitome_presence presence = prompter_presence(prompter);
        ask(prompter, MITOME_PROMPT_LOGIN, slice_text("example.org"), slice_text(""));
        presence.tell(presence.context, MITOME_GUIDANCE_LIFT, 0);
        for (int waited = 0; waited < WAIT_MS && stat(heard, &status) != 0; waited += 20)
                assert_int_equal(prompter_answer(prompter, 20), MITOME_PRESENCE_NOTHING);
        assert_int_equal(answer(prompter, 100), MITOME_PRESENCE_NOTHING);
        FILE *file = fopen(heard, "r");
        assert_non_null(file);
        assert_non_null(fgets(line, sizeof line, file));
        fclose(file);
        assert_string_equal(line, "Fingerprint|Please lift your finger, then touch again.|lift|told");
        prompter_close(prompter);
        unlink(heard);
        unlink(path);
}

static void a_program_that_is_not_there_is_refused(void **state)
{
        struct prompter *prompter;
        (void)state;
        assert_int_equal(
                prompter_open(&(struct prompter_config){ .command = "/nonexistent/program" }, &prompter, NULL)
                        .code,
                MITOME_E_PROMPT_COMMAND);
        assert_int_equal(prompter_open(&(struct prompter_config){ .command = "no-such-program-anywhere" },
                                 &prompter, NULL)
                                 .code,
                MITOME_E_PROMPT_COMMAND);
        prompter = open_prompter(&(struct prompter_config){ .command = "true" }); /* by PATH */
        prompter_close(prompter);
}

/* ---- the terminal, here a pipe ---- */

static enum mitome_presence_answer ask_lines(const char *lines)
{
        int ends[2], before = dup(STDIN_FILENO);
        assert_int_equal(pipe(ends), 0);
        assert_int_equal(write(ends[1], lines, strlen(lines)), (ssize_t)strlen(lines));
        close(ends[1]);
        assert_true(dup2(ends[0], STDIN_FILENO) >= 0);
        close(ends[0]);
        struct prompter *prompter = open_prompter(&(struct prompter_config){ .terminal = true });
        ask(prompter, MITOME_PROMPT_LOGIN, slice_text("example.org"), slice_text(""));
        enum mitome_presence_answer said = answer(prompter, 200);
        prompter_close(prompter);
        assert_true(dup2(before, STDIN_FILENO) >= 0);
        close(before);
        return said;
}

static void a_line_on_the_terminal_answers(void **state)
{
        (void)state;
        assert_int_equal(ask_lines("y\n"), MITOME_PRESENCE_TOUCHED);
        assert_int_equal(ask_lines("yes\nn\n"), MITOME_PRESENCE_TOUCHED);
        assert_int_equal(ask_lines("\n"), MITOME_PRESENCE_DECLINED);
        assert_int_equal(ask_lines("n\ny\n"), MITOME_PRESENCE_DECLINED);
        assert_int_equal(ask_lines("yesterday\n"), MITOME_PRESENCE_DECLINED);
        assert_int_equal(ask_lines("y"), MITOME_PRESENCE_NOTHING); /* no whole line */
        assert_int_equal(ask_lines(""), MITOME_PRESENCE_NOTHING);
}

static void only_the_test_touch_answers_by_itself(void **state)
{
        (void)state;
        struct prompter *prompter = open_prompter(&(struct prompter_config){ 0 });
        ask(prompter, MITOME_PROMPT_LOGIN, slice_text("example.org"), slice_text(""));
        assert_int_equal(answer(prompter, 100), MITOME_PRESENCE_NOTHING);
        prompter_automatic(prompter, true);
        assert_int_equal(prompter_answer(prompter, 0), MITOME_PRESENCE_TOUCHED);
        prompter_close(prompter);
}

static int make_folder(void **state)
{
        (void)state;
        return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
        (void)state;
        return rmdir(folder);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_socket_hears_the_prompt_and_answers_it_by_number),
                cmocka_unit_test(what_is_told_of_a_finger_is_heard_by_all),
                cmocka_unit_test(a_late_answer_answers_nothing),
                cmocka_unit_test(a_line_without_end_is_hung_up_on),
                cmocka_unit_test(prompts_are_in_japanese_too),
                cmocka_unit_test(the_name_of_a_site_fills_no_place),
                cmocka_unit_test(what_is_shown_is_harmless),
                cmocka_unit_test(the_end_of_a_long_name_of_a_site_is_shown),
                cmocka_unit_test(u2f_is_asked_once),
                cmocka_unit_test(a_programs_exit_status_answers),
                cmocka_unit_test(what_a_program_tells_answers_nothing),
                cmocka_unit_test(a_program_that_is_not_there_is_refused),
                cmocka_unit_test(a_line_on_the_terminal_answers),
                cmocka_unit_test(only_the_test_touch_answers_by_itself),
        };
        return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
