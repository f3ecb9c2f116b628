/* SPDX-License-Identifier: Apache-2.0 */
#include "prompt.h"

#include "harmless_text.h"
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

/* ---- the words ---- */

static const struct words {
        const char *reason, *title, *text;
        bool names_site; /* the RP ID and the user's name follow */
} words[] = {
        [0] = { "other", "Security key", "Allow what a program asks of the security key", false },
        [MITOME_PROMPT_REGISTER] = { "register", "Register", "Register at ", true },
        [MITOME_PROMPT_LOGIN] = { "login", "Log in", "Log in at ", true },
        [MITOME_PROMPT_SELECT] = { "select", "Choose", "Use this security key", false },
        [MITOME_PROMPT_RESET] = { "reset", "ERASE", "Erase everything that this security key holds", false },
        [MITOME_PROMPT_U2F_REGISTER] = { "u2f-register", "Register",
                "Register at a website that does not say its name (U2F)", false },
        [MITOME_PROMPT_U2F_LOGIN] = { "u2f-login", "Log in",
                "Log in at a website that does not say its name (U2F)", false },
        [MITOME_PROMPT_VENDOR] = { "vendor", "App", "Allow what an app of this machine asks", false },
        [MITOME_PROMPT_PIN] = { "token", "Unlock", "Unlock the security key for ", true },
        [MITOME_PROMPT_ENROL] = { "enrol", "New finger", "Add a finger", false },
};

static const struct words *words_for(enum mitome_prompt_reason why)
{
        return (size_t)why < sizeof words / sizeof words[0] && words[why].text ? &words[why] : &words[0];
}

static void compose(
        const struct prompter *prompter, const struct mitome_prompt *prompt, struct prompt_text *ret)
{
        uint8_t site[128], name[128];
        writer site_out = WRITER(site), name_out = WRITER(name);
        const struct words *chosen = words_for(prompt->why);
        *ret = (struct prompt_text){ .number = prompter->number,
                .reason = chosen->reason,
                .title = chosen->title,
                .finger = prompt->finger,
                .prompt = prompt };
        harmless_write(&site_out, prompt->rp_id, HARMLESS_END);
        write_u8(&site_out, '\0');
        if (prompt->user_name.size)
                write_slice(&name_out, slice_text(" as "));
        harmless_write(&name_out, prompt->user_name, HARMLESS_BEGINNING);
        write_u8(&name_out, '\0');
        const char *named = prompt->rp_id.size ? (const char *)site : "a program";
        snprintf(ret->body, sizeof ret->body, "%s%s%s%s", chosen->text, chosen->names_site ? named : "",
                chosen->names_site ? (const char *)name : "",
                prompt->finger ? ": lay your finger on the sensor" : "?");
}

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
        compose(prompter, prompt, &text);
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
        const struct prompt_told told = {
                .name = mitome_guidance_name(state), .number = number, .text = text
        };
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
