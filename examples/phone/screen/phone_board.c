/* SPDX-License-Identifier: Apache-2.0 */
#include "phone_within.h"

#include <errno.h>
#include <string.h>
#include <time.h>

enum { QUESTION_S = 120 };

/* ---- what is shown ---- */

void phone_board_text(char *to, size_t capacity, slice text)
{
        writer w = writer_over((uint8_t *)to, capacity - 1);
        size_t size = text.size < capacity - 1 ? text.size : capacity - 1;
        while (size < text.size && size > 0 && (text.data[size] & 0xC0) == 0x80)
                size--; /* not in the middle of a character */
        write_slice(&w, slice_of(text.data, size));
        to[w.used] = '\0';
}

void phone_board_change(struct phone_actor *actor)
{
        actor->screen.number++;
        pthread_cond_broadcast(&actor->changed);
}

static void show_nothing(struct phone_actor *actor)
{
        struct phone_screen *screen = &actor->screen;
        *screen = (struct phone_screen){
                .number = screen->number,
                .state = actor->errand_runs || actor->exchange ? PHONE_WORKS : PHONE_RESTS,
                .told = screen->told,
                .told_number = screen->told_number,
                .errand = screen->errand,
                .last_errand = screen->last_errand,
                .last_code = screen->last_code,
        };
        if (actor->errand_runs)
                phone_board_text(screen->word, sizeof screen->word, slice_text(actor->errand.name));
        phone_board_change(actor);
}

void phone_board_rest(struct phone_actor *actor)
{
        if (actor->asked)
                phone_board_change(actor);
        else
                show_nothing(actor);
}

/* A new prompt, which nobody has answered yet. While an exchange is being done, the authenticator asks for
 * nobody else. */
static struct phone_screen *begin_prompt(struct phone_actor *actor, enum phone_screen_state state)
{
        show_nothing(actor);
        actor->screen.state = state;
        actor->screen.prompt = ++actor->prompts;
        if (state == PHONE_FINGER && actor->exchange && actor->exchange->begun)
                actor->exchange->prompt = actor->screen.prompt;
        actor->reply_yes = false;
        bytes_wipe(&actor->reply, sizeof actor->reply);
        return &actor->screen;
}

void phone_actor_screen(struct phone_actor *actor, struct phone_screen *ret)
{
        pthread_mutex_lock(&actor->lock);
        *ret = actor->screen;
        pthread_mutex_unlock(&actor->lock);
}

/* ---- the authenticator asks ---- */

/* A question of the app's that stands gives way: nobody waits long for the authenticator. */
static void ask(void *context, const struct mitome_prompt *prompt)
{
        struct phone_actor *actor = context;
        pthread_mutex_lock(&actor->lock);
        const struct phone_exchange *exchange = actor->exchange;
        const bool again = exchange && exchange->begun && exchange->prompt != 0;
        struct phone_screen *screen = begin_prompt(actor, prompt->finger ? PHONE_FINGER : PHONE_TOUCH);
        actor->asked = screen->prompt;
        screen->reason = prompt->why;
        /* The next impression, the next try: what became of the last stays. */
        if (prompt->why != MITOME_PROMPT_ENROL && !again)
                screen->told = MITOME_GUIDANCE_NONE;
        phone_board_text(screen->rp_id, sizeof screen->rp_id, prompt->rp_id);
        phone_board_text(screen->user_name, sizeof screen->user_name, prompt->user_name);
        if (exchange && exchange->begun && exchange->caller && exchange->caller->origin)
                phone_board_text(screen->origin, sizeof screen->origin, slice_text(exchange->caller->origin));
        phone_board_change(actor);
        pthread_mutex_unlock(&actor->lock);
}

static void await_change(struct phone_actor *actor, int wait_ms)
{
        enum { SECOND_MS = 1000, MS_NS = 1000000, SECOND_NS = 1000000000 };
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += wait_ms / SECOND_MS;
        until.tv_nsec += (long)(wait_ms % SECOND_MS) * MS_NS;
        if (until.tv_nsec >= SECOND_NS) {
                until.tv_sec++;
                until.tv_nsec -= SECOND_NS;
        }
        (void)pthread_cond_timedwait(&actor->changed, &actor->lock, &until);
}

static enum mitome_presence_answer poll_answer(void *context, int wait_ms)
{
        struct phone_actor *actor = context;
        pthread_mutex_lock(&actor->lock);
        if (actor->answered != actor->asked && wait_ms > 0)
                await_change(actor, wait_ms);
        const enum mitome_presence_answer answer = actor->answered != actor->asked ? MITOME_PRESENCE_NOTHING
                                                   : actor->reply_yes              ? MITOME_PRESENCE_TOUCHED
                                                                                   : MITOME_PRESENCE_DECLINED;
        pthread_mutex_unlock(&actor->lock);
        return answer;
}

static void end_prompt(void *context)
{
        struct phone_actor *actor = context;
        pthread_mutex_lock(&actor->lock);
        actor->asked = 0;
        phone_board_rest(actor);
        pthread_mutex_unlock(&actor->lock);
}

static void tell(void *context, enum mitome_guidance state, unsigned number)
{
        struct phone_actor *actor = context;
        pthread_mutex_lock(&actor->lock);
        actor->screen.told = state;
        actor->screen.told_number = number;
        phone_board_change(actor);
        pthread_mutex_unlock(&actor->lock);
}

struct mitome_presence phone_board_presence(struct phone_actor *actor)
{
        return (struct mitome_presence){
                .context = actor, .ask = ask, .poll = poll_answer, .end = end_prompt, .tell = tell
        };
}

void phone_board_watch_hand(struct phone_actor *actor)
{
        const bool awaited = phone_hand_awaited(actor->life.body.hand);
        pthread_mutex_lock(&actor->lock);
        const enum phone_screen_state state = actor->screen.state;
        if (awaited && (state == PHONE_RESTS || state == PHONE_WORKS)) {
                struct phone_screen *screen = begin_prompt(actor, PHONE_FINGER);
                screen->reason = MITOME_PROMPT_ENROL;
                actor->hand_prompt = screen->prompt;
                phone_board_change(actor);
        } else if (!awaited && actor->hand_prompt) {
                if (actor->screen.prompt == actor->hand_prompt)
                        phone_board_rest(actor);
                actor->hand_prompt = 0;
        }
        pthread_mutex_unlock(&actor->lock);
}

/* ---- the app asks ---- */

static void show_question(struct phone_actor *actor, const struct phone_question *question)
{
        struct phone_screen *screen = begin_prompt(actor, PHONE_QUESTION);
        const struct {
                char *to;
                size_t capacity;
                const char *text;
        } texts[] = {
                { screen->origin, sizeof screen->origin, question->origin },
                { screen->word, sizeof screen->word, question->word },
                { screen->text, sizeof screen->text, question->text },
                { screen->two_digits, sizeof screen->two_digits, question->number },
        };
        screen->question = question->kind;
        screen->tries = question->tries;
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
                phone_board_text(
                        texts[i].to, texts[i].capacity, slice_text(texts[i].text ? texts[i].text : ""));
        phone_board_change(actor);
}

static int64_t seconds(void)
{
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return now.tv_sec;
}

/* Under the lock. Whether there is reason to wait on for a question's turn, or for its answer. */
static bool may_wait(const struct phone_actor *actor, int64_t end)
{
        return !actor->errand_cancelled && !actor->ends && seconds() < end;
}

/* Under the lock: true for a yes that was said to this question and to nothing else. It waits for its turn
 * when the authenticator asks for another host; when the authenticator takes its place the answer is no. */
static bool is_granted(struct phone_actor *actor, const struct phone_question *question)
{
        enum { TURN_MS = 1000 };
        const int64_t end = seconds() + QUESTION_S;
        while (actor->asked && may_wait(actor, end))
                await_change(actor, TURN_MS);
        if (actor->asked)
                return false;
        show_question(actor, question);
        const unsigned prompt = actor->screen.prompt;
        while (actor->screen.prompt == prompt && actor->answered != prompt && may_wait(actor, end))
                await_change(actor, TURN_MS);
        return actor->answered == prompt && actor->reply_yes;
}

mitome_status phone_actor_ask(struct phone_actor *actor, const struct phone_question *question,
        struct phone_answer *ret, mitome_error *error)
{
        struct phone_answer answer = { 0 };
        pthread_mutex_lock(&actor->lock);
        answer.yes = is_granted(actor, question);
        const bool ends = actor->ends;
        mitome_status status = ok();
        if (answer.yes) {
                answer.size = actor->reply.size;
                status = slice_copy(slice_of(actor->reply.data, actor->reply.size), "secret", answer.secret,
                        sizeof answer.secret, error);
        }
        bytes_wipe(&actor->reply, sizeof actor->reply);
        phone_board_rest(actor);
        pthread_mutex_unlock(&actor->lock);
        if (ends)
                status = fail(error, MITOME_E_GATE_BROKEN, "phone", NULL);
        if (!failed(status))
                *ret = answer;
        bytes_wipe(&answer, sizeof answer);
        return status;
}

/* Under the lock. */
static bool stands(const struct phone_actor *actor, unsigned prompt)
{
        return prompt != 0 && actor->screen.prompt == prompt && actor->answered != prompt;
}

static mitome_status take_reply(struct phone_actor *actor, bool yes, slice secret, mitome_error *error)
{
        if (secret.size > PHONE_SECRET_MAX)
                return fail(error, MITOME_E_TOO_LONG, "secret", NULL);
        actor->reply.size = secret.size;
        actor->reply_yes = yes;
        actor->answered = actor->screen.prompt;
        return slice_copy(secret, "secret", actor->reply.data, sizeof actor->reply.data, error);
}

/* ---- a finger is wanted: one, or a no, or the PIN instead ---- */

enum choice { LAYS, DECLINES, WANTS_PIN };

struct decision {
        enum choice choice;
        unsigned prompt;
        unsigned finger;
        slice image; /* empty: the finger of that number */
};

/* Under the lock. */
static mitome_status check_finger_prompt(
        const struct phone_actor *actor, const struct decision *decision, mitome_error *error)
{
        const struct phone_exchange *exchange = actor->exchange;
        if (actor->screen.state != PHONE_FINGER && decision->choice == LAYS)
                return fail(error, MITOME_E_GATE_IDLE, "finger", NULL);
        bool right = stands(actor, decision->prompt) && actor->screen.state == PHONE_FINGER;
        if (decision->choice == WANTS_PIN) /* another host's request is not this exchange's */
                right = right && exchange && exchange->prompt == decision->prompt;
        return right ? ok() : fail(error, MITOME_E_PHONE_PROMPT_OVER, "the question", NULL);
}

/* Under the lock. What is not a finger ends the prompt; a finger that was laid before it has done so. */
static mitome_status note_decision(
        struct phone_actor *actor, const struct decision *decision, mitome_error *error)
{
        MITOME_TRY(check_finger_prompt(actor, decision, error));
        if (decision->choice == LAYS)
                return ok();
        if (phone_hand_laid(actor->life.body.hand))
                return fail(error, MITOME_E_PHONE_PROMPT_OVER, "the question", NULL);
        MITOME_TRY(take_reply(actor, false, (slice){ 0 }, error));
        if (decision->choice == WANTS_PIN)
                actor->wants_pin = actor->exchange->cancelled = true;
        return ok();
}

/* In the actor's thread, which alone asks for the next finger and hears what became of the last: who comes
 * first decides, and nobody decides for another request. */
static mitome_status decide(struct phone_actor *actor, void *context, mitome_error *error)
{
        const struct decision *decision = context;
        struct phone_hand *hand = actor->life.body.hand;
        pthread_mutex_lock(&actor->lock);
        mitome_status status = note_decision(actor, decision, error);
        pthread_mutex_unlock(&actor->lock);
        if (failed(status))
                return status;
        if (decision->choice == DECLINES)
                phone_hand_decline(hand);
        else if (decision->choice == WANTS_PIN)
                phone_hand_withdraw(hand);
        else
                return decision->image.size ? phone_hand_lay_image(hand, decision->image, error)
                                            : phone_hand_lay(hand, decision->finger, error);
        return ok();
}

/* Nobody waits for the actor's thread with what cannot be right. */
static mitome_status have_decided(struct phone_actor *actor, struct decision *decision, mitome_error *error)
{
        struct phone_job job = { .run = decide, .context = decision, .anytime = true };
        pthread_mutex_lock(&actor->lock);
        mitome_status status = check_finger_prompt(actor, decision, error);
        pthread_mutex_unlock(&actor->lock);
        return failed(status) ? status : phone_actor_do(actor, &job, error);
}

mitome_status phone_actor_pin_instead(struct phone_actor *actor, unsigned prompt, mitome_error *error)
{
        struct decision decision = { .choice = WANTS_PIN, .prompt = prompt };
        return have_decided(actor, &decision, error);
}

mitome_status phone_actor_touch(
        struct phone_actor *actor, unsigned prompt, unsigned finger, mitome_error *error)
{
        struct decision decision = { .choice = LAYS, .prompt = prompt, .finger = finger };
        return have_decided(actor, &decision, error);
}

mitome_status phone_actor_touch_image(
        struct phone_actor *actor, unsigned prompt, slice pgm, mitome_error *error)
{
        struct decision decision = { .choice = LAYS, .prompt = prompt, .image = pgm };
        return pgm.size ? have_decided(actor, &decision, error)
                        : fail(error, MITOME_E_IMAGE_FILE, "image", NULL);
}

/* ---- the holder answers ---- */

static mitome_status decline_finger(struct phone_actor *actor, unsigned prompt, mitome_error *error)
{
        struct decision decision = { .choice = DECLINES, .prompt = prompt };
        return have_decided(actor, &decision, error);
}

mitome_status phone_actor_reply(
        struct phone_actor *actor, unsigned prompt, bool yes, slice secret, mitome_error *error)
{
        pthread_mutex_lock(&actor->lock);
        const bool finger = actor->screen.state == PHONE_FINGER;
        mitome_status status =
                stands(actor, prompt) ? ok() : fail(error, MITOME_E_PHONE_PROMPT_OVER, "the question", NULL);
        if (!failed(status) && finger && yes) /* a finger answers, not a word */
                status = fail(error, MITOME_E_ARGUMENT, "yes", NULL);
        if (!failed(status) && !finger)
                status = take_reply(actor, yes, secret, error);
        pthread_cond_broadcast(&actor->changed);
        pthread_mutex_unlock(&actor->lock);
        return failed(status) || !finger ? status : decline_finger(actor, prompt, error);
}
