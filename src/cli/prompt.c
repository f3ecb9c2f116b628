/* SPDX-License-Identifier: Apache-2.0 */
#include "prompt.h"

#include "prompt_words.h"
#include "steady_clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { LINGER_MS = 3000 };

struct prompter {
        bool automatic;
        enum mitome_language language;
        bool asked;   /* and not yet answered */
        bool lingers; /* ended by the host, which is expected to ask the same again */
        uint64_t linger_end_ms;
        enum mitome_prompt_reason why;
        unsigned number;
        size_t count;
        struct prompt_way ways[PROMPT_WAYS_MAX];
};

/* ---- asking ---- */

static void end_ways(struct prompter *prompter)
{
        prompter->lingers = false;
        for (size_t i = 0; i < prompter->count; i++)
                prompter->ways[i].end(prompter->ways[i].context);
}

/* U2F hosts ask again and again until the touch comes: the user sees one prompt. */
static bool goes_on(const struct prompter *prompter, const struct mitome_prompt *prompt)
{
        return prompter->lingers && prompt->why == prompter->why &&
               steady_clock_ms() < prompter->linger_end_ms;
}

static void ask(void *context, const struct mitome_prompt *prompt)
{
        struct prompter *prompter = context;
        struct prompt_text text;
        if (prompter->automatic) /* nobody is asked */
                return;
        bool same = goes_on(prompter, prompt);
        if (prompter->lingers && !same)
                end_ways(prompter);
        prompter->lingers = false;
        prompter->asked = true;
        if (same)
                return;
        prompter->number++;
        prompter->why = prompt->why;
        text = (struct prompt_text){ .number = prompter->number, .finger = prompt->finger, .prompt = prompt };
        prompt_words(prompter->language, prompt, &text);
        for (size_t i = 0; i < prompter->count; i++)
                prompter->ways[i].ask(prompter->ways[i].context, &text);
}

static enum mitome_presence_answer hear(struct prompter *prompter)
{
        enum mitome_presence_answer answer = MITOME_PRESENCE_NOTHING;
        for (size_t i = 0; i < prompter->count && answer == MITOME_PRESENCE_NOTHING; i++)
                answer = prompter->ways[i].hear(prompter->ways[i].context);
        return answer;
}

enum mitome_presence_answer prompter_answer(struct prompter *prompter, int wait_ms)
{
        struct pollfd fds[PROMPT_WAYS_MAX * PROMPT_WATCH_MAX];
        if (prompter->automatic)
                return MITOME_PRESENCE_TOUCHED;
        if (!prompter->asked)
                return MITOME_PRESENCE_NOTHING;
        enum mitome_presence_answer answer = hear(prompter);
        if (answer == MITOME_PRESENCE_NOTHING && wait_ms > 0) {
                size_t count = prompter_watch(prompter, fds);
                if (poll(fds, count, wait_ms) > 0)
                        answer = hear(prompter);
        }
        if (answer != MITOME_PRESENCE_NOTHING)
                prompter->asked = false;
        return answer;
}

static enum mitome_presence_answer poll_presence(void *context, int wait_ms)
{
        return prompter_answer(context, wait_ms);
}

static void end(void *context)
{
        struct prompter *prompter = context;
        bool is_u2f = prompter->why == MITOME_PROMPT_U2F_REGISTER || prompter->why == MITOME_PROMPT_U2F_LOGIN;
        if (prompter->asked && is_u2f) {
                prompter->lingers = true;
                prompter->linger_end_ms = steady_clock_ms() + LINGER_MS;
        } else {
                end_ways(prompter);
        }
        prompter->asked = false;
}

/* Where nobody is asked nobody is told. */
static void tell(void *context, enum mitome_guidance state, unsigned number)
{
        struct prompter *prompter = context;
        char text[MITOME_GUIDANCE_MAX];
        if (prompter->automatic ||
                failed(mitome_guidance_write(state, prompter->language, number, text, sizeof text, NULL)))
                return;
        const struct prompt_told told = { .name = mitome_guidance_name(state),
                .title = prompt_words_of_finger(prompter->language),
                .number = number,
                .text = text };
        for (size_t i = 0; i < prompter->count; i++)
                prompter->ways[i].tell(prompter->ways[i].context, &told);
}

static void wink(void *context)
{
        struct prompter *prompter = context;
        (void)prompter;
        fputs("mitome authenticator: this is the one (a program had it wink)\n", stderr);
}

struct mitome_presence prompter_presence(struct prompter *prompter)
{
        return (struct mitome_presence){
                .context = prompter, .ask = ask, .poll = poll_presence, .end = end, .wink = wink, .tell = tell
        };
}

/* ---- its life ---- */

size_t prompter_watch(struct prompter *prompter, struct pollfd fds[PROMPT_WAYS_MAX * PROMPT_WATCH_MAX])
{
        size_t count = 0;
        for (size_t i = 0; i < prompter->count; i++)
                count += prompter->ways[i].watch(prompter->ways[i].context, fds + count);
        return count;
}

/* What is said while nothing is asked is no answer; who comes or goes is noticed. What is said while a prompt
 * lingers waits for the next question. */
int prompter_tend(struct prompter *prompter)
{
        uint64_t now = steady_clock_ms();
        if (prompter->asked)
                return -1;
        if (prompter->lingers && now < prompter->linger_end_ms)
                return (int)(prompter->linger_end_ms - now);
        if (prompter->lingers)
                end_ways(prompter);
        (void)hear(prompter);
        return -1;
}

void prompter_automatic(struct prompter *prompter, bool automatic)
{
        prompter->automatic = automatic;
}

static mitome_status add_ways(
        struct prompter *prompter, const struct prompter_config *config, mitome_error *error)
{
        if (config->terminal) {
                MITOME_TRY(prompt_by_terminal(&prompter->ways[prompter->count], error));
                prompter->count++;
        }
        if (config->command) {
                MITOME_TRY(prompt_by_command(config->command, &prompter->ways[prompter->count], error));
                prompter->count++;
        }
        if (config->socket) {
                MITOME_TRY(prompt_by_socket(config->socket, &prompter->ways[prompter->count], error));
                prompter->count++;
        }
        return ok();
}

mitome_status prompter_open(const struct prompter_config *config, struct prompter **ret, mitome_error *error)
{
        struct prompter *prompter = calloc(1, sizeof *prompter);
        if (!prompter)
                return fail(error, MITOME_E_NO_MEMORY, "prompts", NULL);
        prompter->automatic = config->automatic;
        prompter->language = config->language;
        mitome_status status = add_ways(prompter, config, error);
        if (failed(status))
                prompter_close(prompter);
        else
                *ret = prompter;
        return status;
}

void prompter_close(struct prompter *prompter)
{
        if (!prompter)
                return;
        end_ways(prompter);
        for (size_t i = 0; i < prompter->count; i++)
                prompter->ways[i].close(prompter->ways[i].context);
        free(prompter);
}
