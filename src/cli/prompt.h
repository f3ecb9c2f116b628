/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROMPT_H
#define PROMPT_H

/* Who asks the user on behalf of the authenticator: on the terminal, by a program of the desktop, through a
 * socket, or by all of them at once; the first answer counts. */

#include "bytes.h"

#include <mitome/authenticator.h>

#include <mitome/guidance.h>

#include <poll.h>

enum { PROMPT_BODY_MAX = 512, PROMPT_WATCH_MAX = 8, PROMPT_WAYS_MAX = 3 };

/* What the user is asked, in words that are safe to show: whatever came from a website has no control
 * characters and none that turn the direction of writing. */
struct prompt_text {
        unsigned number;    /* another one with each prompt */
        const char *reason; /* a word for programs: register, login, select .. */
        const char *title;
        char body[PROMPT_BODY_MAX];
        bool finger; /* a finger on the sensor is asked for */
        const struct mitome_prompt *prompt;
};

/* What the user is told of a finger, while a prompt stands or after its end. */
struct prompt_told {
        const char *name; /* a word for programs: not-recognised, lift .. */
        const char *title;
        unsigned number;
        const char *text;
};

/* One way to the user. After `ask` comes `hear`, again and again, then `end`. None of them waits. */
struct prompt_way {
        void *context;
        void (*ask)(void *context, const struct prompt_text *text);
        enum mitome_presence_answer (*hear)(void *context);
        void (*tell)(void *context, const struct prompt_told *told);
        void (*end)(void *context);
        void (*close)(void *context);
        size_t (*watch)(void *context, struct pollfd fds[PROMPT_WATCH_MAX]);
};

/* prompt_by_terminal asks on standard error and hears lines of standard input: y is a touch, another line
 * declines. */
MITOME_CHECKED mitome_status prompt_by_terminal(struct prompt_way *ret, mitome_error *error);

/* prompt_by_command runs `COMMAND TITLE BODY REASON touch|finger` for each prompt and ends it with the
 * prompt. Exit status 0 is a touch, 1 declines, any other says nothing. What the user is told is
 * `COMMAND TITLE TEXT WORD told`, beside it, whose exit status is nobody's answer. A name without a slash is
 * looked for in PATH. Fails with PROMPT_COMMAND. */
MITOME_CHECKED mitome_status prompt_by_command(
        const char *command, struct prompt_way *ret, mitome_error *error);

/* prompt_by_socket listens at `path` (mode 0600, own user only). Each prompt is a line of JSON to whoever is
 * connected: {"prompt": N, "reason", "title", "text", "finger", "rp_id"?, "user_name"?, "timeout_ms"}, its
 * end {"ended": N}, what the user is told {"told": WORD, "number", "text"}. `yes N` and `no N` answer it.
 * Fails with SOCKET. */
MITOME_CHECKED mitome_status prompt_by_socket(const char *path, struct prompt_way *ret, mitome_error *error);

struct prompter_config {
        bool automatic; /* says that the user is there, always, and asks nobody: for tests */
        bool terminal;
        const char *command, *socket;  /* NULL: not this way */
        enum mitome_language language; /* of what is asked and told */
};

struct prompter;

MITOME_CHECKED mitome_status prompter_open(
        const struct prompter_config *config, struct prompter **ret, mitome_error *error);

/* prompter_presence is for a struct mitome_authenticator_config; it lives as long as `prompter`. */
struct mitome_presence prompter_presence(struct prompter *prompter);

/* prompter_answer waits up to `wait_ms` for what the user says to the prompt that stands; once. */
enum mitome_presence_answer prompter_answer(struct prompter *prompter, int wait_ms);

/* prompter_automatic has it say, for a while, that the user is there. */
void prompter_automatic(struct prompter *prompter, bool automatic);

/* prompter_tend does what is to be done while nothing is asked, and says after how many milliseconds it wants
 * to be called again (-1: when there is something); prompter_watch says what to poll before. */
int prompter_tend(struct prompter *prompter);
size_t prompter_watch(struct prompter *prompter, struct pollfd fds[PROMPT_WAYS_MAX * PROMPT_WATCH_MAX]);

void prompter_close(struct prompter *prompter);

#endif
