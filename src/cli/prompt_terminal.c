/* SPDX-License-Identifier: Apache-2.0 */
#include "prompt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

/* Lines of standard input, as many as are there. */
struct terminal {
        bool ended; /* standard input is at its end: nobody answers here */
        bool asking;
        char line[64]; /* what has been typed of the next line */
        size_t used;
};

static void ask(void *context, const struct prompt_text *text)
{
        struct terminal *terminal = context;
        if (isatty(STDIN_FILENO)) { /* what was typed before the question answers nothing */
                tcflush(STDIN_FILENO, TCIFLUSH);
                terminal->used = 0;
        }
        terminal->asking = true;
        fprintf(stderr, "mitome authenticator: %s: %s%s", text->title, text->body,
                terminal->ended ? "\n" : " [y/N] ");
        fflush(stderr);
}

static bool may_read(const struct terminal *terminal)
{
        struct pollfd ready = { .fd = STDIN_FILENO, .events = POLLIN };
        if (terminal->ended || poll(&ready, 1, 0) != 1)
                return false;
        return !isatty(STDIN_FILENO) ||
               tcgetpgrp(STDIN_FILENO) == getpgrp(); /* in the background it would stop us */
}

/* Takes one line, or what there is of it. A longer line than any answer is one that declines. */
static bool take_line(struct terminal *terminal)
{
        while (may_read(terminal)) {
                char c;
                ssize_t count = read(STDIN_FILENO, &c, 1);
                if (count < 0 && errno == EINTR)
                        continue;
                terminal->ended = count <= 0;
                if (terminal->ended || c == '\n')
                        return !terminal->ended;
                if (terminal->used < sizeof terminal->line)
                        terminal->line[terminal->used++] = c;
        }
        return false;
}

static bool is_yes(const struct terminal *terminal)
{
        const slice line = slice_of(terminal->line, terminal->used);
        return slice_is(line, "y") || slice_is(line, "Y") || slice_is(line, "yes");
}

static enum mitome_presence_answer hear(void *context)
{
        struct terminal *terminal = context;
        if (!terminal->asking || !take_line(terminal)) /* lines of a pipe wait for their question */
                return MITOME_PRESENCE_NOTHING;
        bool yes = is_yes(terminal);
        terminal->used = 0;
        terminal->asking = false;
        return yes ? MITOME_PRESENCE_TOUCHED : MITOME_PRESENCE_DECLINED;
}

static void tell(void *context, const struct prompt_told *told)
{
        const struct terminal *terminal = context;
        bool in_line = terminal->asking && !terminal->ended; /* behind "[y/N]" */
        fprintf(stderr, "%smitome authenticator: %s\n", in_line ? "\n" : "", told->text);
}

static void end(void *context)
{
        struct terminal *terminal = context;
        if (terminal->asking)
                fputs(terminal->ended ? "" : "\nmitome authenticator: no more needed\n", stderr);
        terminal->asking = false;
}

static size_t watch(void *context, struct pollfd fds[PROMPT_WATCH_MAX])
{
        const struct terminal *terminal = context;
        fds[0] = (struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN };
        return terminal->asking && !terminal->ended ? 1 : 0;
}

/* A service has no terminal: its questions do not end in "[y/N]". */
static bool nobody_types(void)
{
        struct stat here, nowhere;
        return fstat(STDIN_FILENO, &here) != 0 ||
               (stat("/dev/null", &nowhere) == 0 && S_ISCHR(here.st_mode) && here.st_rdev == nowhere.st_rdev);
}

mitome_status prompt_by_terminal(struct prompt_way *ret, mitome_error *error)
{
        struct terminal *terminal = calloc(1, sizeof *terminal);
        if (!terminal)
                return fail(error, MITOME_E_NO_MEMORY, "prompts", NULL);
        terminal->ended = nobody_types();
        *ret = (struct prompt_way){ terminal, ask, hear, tell, end, free, watch };
        return ok();
}
