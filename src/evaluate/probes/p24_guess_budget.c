/* SPDX-License-Identifier: Apache-2.0 */

/* Somebody who found the device guesses on all paths: what he has in all is what each path gives by itself,
 * if no path gives back the other's tries, and if there is none behind them. What the device says of its
 * tries is not believed: guesses that were answered are counted, on each path by itself first, and then on
 * both, so many of the one that it is not closed yet before each of the other. */

#include "probe_finger.h"
#include "probe_passkey.h"

#include "ctap_status.h"

#define RP_ID "p24.mitome.invalid"

enum { GUESSES_MAX = 40, UNCLEAR_MAX = 3 };
enum path { FINGERS, PINS, PATHS };

static const char *const path_names[PATHS] = { "fingers", "PINs" };

/* What became of a guess. The answer that closes a path is not counted, here as there. */
enum guess { GUESS_WRONG, GUESS_CLOSED, GUESS_UNCLEAR, GUESS_ENDED /* the attempt is over */ };

/* One spell of guessing. */
struct spell {
        unsigned wrong[PATHS], unclear;
        bool closed[PATHS]; /* by its last answer */
        bool no_power;      /* it wants its power to go, which nobody here can do */
};

struct guesses {
        struct platform platform;
        struct passkey passkey; /* which wants its user verified */
        unsigned most[PATHS];   /* of each path by itself, or what it says of itself */
        bool blocked_before;
        const char *third, *untried;
};

/* ---- a guess on each path ---- */

/* The finger is not looked at, whoever's it is. */
static bool shuts_finger(int status)
{
        return status == CTAP2_ERR_UV_BLOCKED || status == CTAP2_ERR_PUAT_REQUIRED ||
               status == CTAP2_ERR_PIN_BLOCKED || status == CTAP2_ERR_NOT_ALLOWED;
}

static enum guess guess_finger(struct guesses *at, struct spell *spell)
{
        (void)spell;
        int status = probe_finger_try(&at->platform, TARGET_FINGER_STRANGER_ONCE);
        if (status == CTAP2_OK)
                probe_end(at->platform.run, PROBE_BROKEN, "It opens to a strange finger.");
        return status <= 0                      ? GUESS_ENDED
               : status == CTAP2_ERR_UV_INVALID ? GUESS_WRONG
               : shuts_finger(status)           ? GUESS_CLOSED
                                                : GUESS_UNCLEAR;
}

/* Three in a row, and it wants its power to go: the third was looked at, what comes behind it is not. */
static enum guess wake_pin(struct guesses *at, struct spell *spell)
{
        struct target *target = at->platform.target;
        const bool again = at->blocked_before;
        at->blocked_before = true;
        if (!(target->abilities & TARGET_POWER)) {
                spell->no_power = true;
                return again ? GUESS_CLOSED : GUESS_WRONG;
        }
        if (!target->power_cycle(target->context)) {
                probe_end(at->platform.run, PROBE_TARGET_FAILED,
                        "It does not start any more after a power cycle.");
                return GUESS_ENDED;
        }
        return again ? GUESS_UNCLEAR : GUESS_WRONG;
}

static enum guess guess_pin(struct guesses *at, struct spell *spell)
{
        uint8_t hash[PIN_PROTOCOL_HASH];
        probe_random(at->platform.run, hash, sizeof hash);
        int status = platform_hash_token(&at->platform, hash, PLATFORM_GET, RP_ID);
        if (status == CTAP2_OK)
                probe_end(at->platform.run, PROBE_BROKEN, "It opens to a PIN that was drawn.");
        if (status == CTAP2_ERR_PIN_AUTH_BLOCKED)
                return wake_pin(at, spell);
        at->blocked_before = false;
        return status <= 0                       ? GUESS_ENDED
               : status == CTAP2_ERR_PIN_INVALID ? GUESS_WRONG
               : status == CTAP2_ERR_PIN_BLOCKED ? GUESS_CLOSED
                                                 : GUESS_UNCLEAR;
}

/* Up to `most` guesses on a path, until it is closed. False: the attempt is over. */
static bool guess(struct guesses *at, struct spell *spell, enum path path, unsigned most)
{
        static enum guess (*const ways[PATHS])(
                struct guesses *, struct spell *) = { guess_finger, guess_pin };
        spell->closed[path] = false;
        while (most > 0 && !spell->closed[path] && spell->wrong[path] < GUESSES_MAX &&
                spell->unclear < UNCLEAR_MAX) {
                const enum guess came = ways[path](at, spell);
                if (came == GUESS_ENDED)
                        return false;
                spell->closed[path] = came == GUESS_CLOSED;
                spell->unclear += came == GUESS_UNCLEAR;
                spell->wrong[path] += came == GUESS_WRONG;
                most -= came == GUESS_WRONG;
        }
        return true;
}

/* In turn, so many of each, until a whole round brings nothing: a path that was closed is tried again, since
 * the other one may have opened it. */
static bool guess_in_turn(struct guesses *at, struct spell *spell, unsigned fingers, unsigned pins)
{
        unsigned before;
        do {
                before = spell->wrong[FINGERS] + spell->wrong[PINS];
                if (!guess(at, spell, FINGERS, fingers) || !guess(at, spell, PINS, pins))
                        return false;
        } while (spell->wrong[FINGERS] + spell->wrong[PINS] > before);
        return true;
}

/* ---- the device, as new ---- */

/* With its PIN entered and its finger recognised; where it can be made anew it is. */
static bool begin(struct guesses *at)
{
        struct probe_run *run = at->platform.run;
        struct target *target = at->platform.target;
        if (target->restart && !target->restart(target->context)) {
                probe_end(run, PROBE_TARGET_FAILED, "It could not be made anew.");
                return false;
        }
        at->blocked_before = false;
        platform_close(&at->platform);
        return probe_finger_open(&at->platform, run, target) && probe_finger_pin(&at->platform) == CTAP2_OK;
}

static bool note_spell(struct guesses *at, const char *what, const struct spell *spell)
{
        probe_note(at->platform.run, "%s: %u wrong fingers and %u wrong PINs were looked at%s", what,
                spell->wrong[FINGERS], spell->wrong[PINS],
                spell->unclear == 0 ? "" : ", some answers said nothing");
        if (spell->unclear)
                at->untried = "some guesses were answered by what says nothing of them";
        if (spell->no_power)
                at->untried = "it wants its power to go before the next PIN";
        return true;
}

/* Each path by itself. */
static bool measure(struct guesses *at)
{
        static const char *const whats[PATHS] = { "fingers by themselves", "PINs by themselves" };
        struct probe_run *run = at->platform.run;
        for (enum path path = FINGERS; path < PATHS; path++) {
                struct spell spell = { 0 };
                if (!begin(at) || !guess(at, &spell, path, UINT16_MAX) ||
                        !note_spell(at, whats[path], &spell))
                        return false;
                at->most[path] = spell.wrong[path];
                if (spell.wrong[path] >= GUESSES_MAX)
                        probe_end(run, PROBE_BROKEN, "No end was seen of the %s that it takes.",
                                path_names[path]);
                else if (!spell.closed[path] && !at->untried)
                        at->untried = "a path did not close";
        }
        return true;
}

/* Where it cannot be made anew there is one spell, and its own word for what a path gives by itself: as much
 * as it likes, where it says nothing. */
static bool ask(struct guesses *at)
{
        int status = CTAP2_OK;
        for (enum path path = FINGERS; status >= 0 && path < PATHS; path++) {
                status = platform_retries(&at->platform, path == FINGERS, &at->most[path]);
                if (status != CTAP2_OK)
                        at->most[path] = GUESSES_MAX;
        }
        at->untried = "it cannot be made anew, and what a path takes by itself is its own word";
        return status >= 0;
}

/* ---- is there another way? ---- */

static bool answered(struct guesses *at, int status, const char *opens)
{
        const enum probe_answer answer = probe_answer_of(status);
        if (answer == PROBE_ACCEPTED && !at->third)
                at->third = opens;
        if (answer == PROBE_UNCLEAR && status >= 0)
                at->untried = "another way in was answered by what says nothing of it";
        return status >= 0;
}

static bool try_presence(struct guesses *at)
{
        struct passkey_ceremony ceremony;
        const struct passkey_ask presence = { 0 };
        if (!at->platform.info.cred_protect) {
                probe_note(at->platform.run, "its passkeys cannot be made to want their user verified");
                return true;
        }
        secret_wipe(&at->platform.token);
        passkey_page(&at->platform, &ceremony, false, "https://" RP_ID);
        return answered(at, passkey_assert(&at->platform, &ceremony, &at->passkey, &presence),
                "by presence alone, with a passkey that wants its user verified");
}

/* What is closed is closed to its holder, too: else it was only said to be. */
static bool try_holder(struct guesses *at, const struct spell *spell)
{
        const char *pin = at->platform.target->pin;
        if (spell->closed[FINGERS] && !answered(at, probe_finger_try(&at->platform, TARGET_FINGER_HOLDER),
                                              "to a finger, after its tries were used up"))
                return false;
        if (!spell->closed[PINS])
                return true;
        int status = platform_pin_token(&at->platform, pin, PLATFORM_GET, RP_ID);
        secret_wipe(&at->platform.token);
        return answered(at, status, "to its PIN, after its tries were used up");
}

static bool try_new_pin(struct guesses *at)
{
        int status = platform_change_pin(&at->platform, NULL, "7315");
        if (status == CTAP2_OK) {
                probe_note(at->platform.run, "its PIN is 7315 now");
                platform_forget_pin(&at->platform);
        }
        return answered(at, status, "to a new PIN in the place of the one that is locked");
}

/* ---- the whole ---- */

static void compare(struct guesses *at, const struct spell *spell)
{
        static const enum level_fact_id holds[PATHS] = { LEVEL_UV_TRIES_HOLD, LEVEL_PIN_TRIES_HOLD };
        struct probe_run *run = at->platform.run;
        for (enum path path = FINGERS; path < PATHS; path++) {
                if (spell->wrong[path] <= at->most[path])
                        continue;
                probe_fact_bool(run, holds[path], false, false);
                probe_end(run, PROBE_BROKEN,
                        "%s between them give tries back: %u wrong %s were looked at, by themselves %u.",
                        path == PINS ? "Fingers" : "Wrong PINs", spell->wrong[path], path_names[path],
                        at->most[path]);
        }
        if (spell->wrong[FINGERS] == 0 || spell->wrong[PINS] == 0)
                at->untried = "on one of the paths no guess was looked at";
        else if ((!spell->closed[FINGERS] || !spell->closed[PINS]) && !at->untried)
                at->untried = "not all of its tries could be used up";
}

/* One spell in turn, and what opens behind it. */
static bool attack_once(struct guesses *at, unsigned fingers, unsigned pins)
{
        const struct passkey_wish wish = { .rp_id = RP_ID,
                .protect = at->platform.info.cred_protect ? 3 : 0 };
        struct spell spell = { 0 };
        if (!passkey_new(&at->platform, &wish, &at->passkey) || probe_finger_pin(&at->platform) != CTAP2_OK ||
                !guess_in_turn(at, &spell, fingers, pins) || !note_spell(at, "in turn", &spell))
                return false;
        compare(at, &spell);
        return try_presence(at) && try_holder(at, &spell) && try_new_pin(at);
}

static unsigned all_but_one(unsigned most)
{
        return most > 1 ? most - 1 : 1;
}

static void attack(struct guesses *at)
{
        struct probe_run *run = at->platform.run;
        const bool renews = at->platform.target->restart;
        if (renews ? !measure(at) || !begin(at) : !ask(at) || probe_finger_pin(&at->platform) != CTAP2_OK)
                return;
        if (!attack_once(at, all_but_one(at->most[FINGERS]), 1))
                return;
        if (renews && (!begin(at) || !attack_once(at, 1, all_but_one(at->most[PINS]))))
                return;
        if (at->third)
                probe_end(run, PROBE_BROKEN, "It opens %s.", at->third);
        if (at->untried)
                probe_end(run, PROBE_PARTLY, "Nothing gave a try back, but %s.", at->untried);
        probe_end(run, PROBE_HOLDS,
                "By themselves it took %u wrong fingers and %u wrong PINs before it closed, in turn no more, and nothing else "
                "opens.",
                at->most[FINGERS], at->most[PINS]);
}

static void attempt(struct probe_run *run, struct target *target)
{
        struct guesses at = { 0 };
        if (probe_finger_open(&at.platform, run, target)) {
                attack(&at);
                if (target->restart)
                        (void)target->restart(target->context);
        }
        platform_close(&at.platform);
}

const struct probe probe_p24 = { .id = "P24",
        .title = "All paths at once",
        .title_ja = "全経路の同時推測",
        .attack =
                "Guess fingers, then PINs, then both in turn until all is closed, then look for another way in.",
        .attack_ja = "指とPINを別々に、次に交互に試して全てを閉塞させ、さらに別の経路を探す。",
        .must = "In turn no more is taken than each path takes by itself, and behind them there is no third one.",
        .must_ja = "交互に試しても各経路の上限の合計を超えず、第三の経路はない。",
        .harm = "Finger and PIN are guessed until both are locked: only a reset, or its issuer, opens it again.",
        .harm_ja = "指とPINをどちらもロックするまで試す。初期化又は発行者による解除が必要になる。",
        .responsible = "element",
        .needs = TARGET_CTAP | TARGET_FINGER,
        .destructive = true,
        .attempt = attempt };
