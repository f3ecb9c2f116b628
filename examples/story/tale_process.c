/* SPDX-License-Identifier: Apache-2.0 */
#include "tale.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAUSE_MS = 50 };

mitome_status tale_path(
        const struct tale *tale, char path[TALE_PATH_MAX], mitome_error *error, const char *format, ...)
{
        va_list arguments;
        int before = snprintf(path, TALE_PATH_MAX, "%s/", tale->out);
        if (before < 0 || before >= TALE_PATH_MAX)
                return fail(error, MITOME_E_TOO_LONG, "--out", NULL);
        va_start(arguments, format);
        /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it was started above */
        int length = vsnprintf(path + before, (size_t)(TALE_PATH_MAX - before), format, arguments);
        va_end(arguments);
        return length >= 0 && before + length < TALE_PATH_MAX ? ok()
                                                              : fail(error, MITOME_E_TOO_LONG, "--out", NULL);
}

void tale_pause(unsigned ms)
{
        const struct timespec pause = { ms / 1000, (long)(ms % 1000) * 1000000 };
        nanosleep(&pause, NULL);
}

/* Nothing returns from here. It dies with the story, and reads nothing. */
static void become(pid_t parent, const char *log, char *const *words)
{
        int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
        int out = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (in >= 0 && out >= 0 && dup2(in, 0) == 0 && dup2(out, 1) == 1 && dup2(out, 2) == 2 &&
                prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent)
                execv(words[0], words);
        _exit(127);
}

mitome_status tale_start(
        const struct tale *tale, const char *log, const char *const *words, pid_t *ret, mitome_error *error)
{
        char program[TALE_PATH_MAX], texts[TALE_WORDS_MAX][TALE_PATH_MAX];
        char *arguments[TALE_WORDS_MAX + 1] = { program };
        size_t count = 1;
        int length = snprintf(program, sizeof program, "%s/%s", tale->build, words[0]);
        for (; words[count] && count < TALE_WORDS_MAX; count++) {
                int size = snprintf(texts[count], sizeof texts[count], "%s", words[count]);
                length = size >= TALE_PATH_MAX ? size : length;
                arguments[count] = texts[count];
        }
        if (length >= TALE_PATH_MAX || words[count])
                return fail(error, MITOME_E_TOO_LONG, words[0], NULL);
        const pid_t parent = getpid(), child = fork();
        if (child == 0)
                become(parent, log, arguments);
        if (child < 0)
                return fail(error, MITOME_E_PROCESS, words[0], NULL);
        *ret = child;
        return ok();
}

mitome_status tale_run(const struct tale *tale, const char *log, const char *const *words, int *ret_exit,
        mitome_error *error)
{
        pid_t child;
        int status;
        MITOME_TRY(tale_start(tale, log, words, &child, error));
        if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
                return fail(error, MITOME_E_PROCESS, words[0], NULL);
        *ret_exit = WEXITSTATUS(status);
        return ok();
}

mitome_status tale_read(
        const char *path, char *buffer, size_t capacity, size_t *ret_size, mitome_error *error)
{
        FILE *file = fopen(path, "rb");
        if (!file)
                return fail(error, MITOME_E_FILE_READ, "a file of the story", NULL);
        size_t size = fread(buffer, 1, capacity, file);
        bool good = !ferror(file) && size < capacity;
        fclose(file);
        if (!good)
                return fail(error, MITOME_E_TOO_LONG, "a file of the story", NULL);
        buffer[size] = '\0';
        *ret_size = size;
        return ok();
}

mitome_status tale_write(const char *path, slice content, mitome_error *error)
{
        FILE *file = fopen(path, "wb");
        if (!file)
                return fail(error, MITOME_E_FILE_WRITE, "a file of the story", NULL);
        bool good = fwrite(content.data, 1, content.size, file) == content.size;
        good &= fclose(file) == 0;
        return good ? ok() : fail(error, MITOME_E_FILE_WRITE, "a file of the story", NULL);
}

mitome_status tale_await(const char *path, const char *text, mitome_error *error)
{
        char content[4096];
        size_t size;
        for (unsigned waited = 0; waited < TALE_WAIT_S * 1000; waited += PAUSE_MS) {
                if (!failed(tale_read(path, content, sizeof content, &size, NULL)) && strstr(content, text))
                        return ok();
                tale_pause(PAUSE_MS);
        }
        return fail(error, MITOME_E_UNREACHABLE, text, NULL);
}

void tale_reason(mitome_status status, const mitome_error *cause, char text[STAGE_TEXT_MAX])
{
        char *advice;
        text[0] = '\0';
        if (!failed(status))
                return;
        mitome_explain(cause, text, STAGE_TEXT_MAX);
        advice = strstr(text, ": ");
        if (advice)
                *advice = '\0';
}
