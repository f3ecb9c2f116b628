/* SPDX-License-Identifier: Apache-2.0 */

/* Somebody who found the device guesses on all paths at once: fingers and PINs in turn. What he has in all is
 * what each path gives by itself, if no path gives back the other's tries, and if there is none behind them.
 */

#include "probe_finger.h"
#include "probe_passkey.h"

#include "ctap_status.h"

#define RP_ID "p24.mitome.invalid"

enum { ROUNDS_MAX = 40 };

struct guesses {
        struct platform platform;
        struct passkey passkey; /* which wants its user verified */
        unsigned pins, fingers; /* tries, as told at first */
        unsigned pin_made, finger_made;
        bool pin_closed, finger_closed;
        bool pin_back, finger_back; /* a try came back */
        const char *third;
};

struct left {
        unsigned pins, fingers;
};

static int read_left(struct guesses *at, struct left *ret)
{
        int status = platform_retries(&at->platform, false, &ret->pins);
        return status == CTAP2_OK ? platform_retries(&at->platform, true, &ret->fingers) : status;
}

static void watch(struct guesses *at, const struct left *before, const struct left *after, const char *what)
{
        if (after->pins > before->pins || after->fingers > before->fingers)
                probe_note(at->platform.run, "%s gave a try back: PIN %u -> %u, finger %u -> %u", what,
                        before->pins, after->pins, before->fingers, after->fingers);
        at->pin_back |= after->pins > before->pins;
        at->finger_back |= after->fingers > before->fingers;
}

/* ---- a guess on each path ---- */

static int guess_finger(struct guesses *at)
{
        struct left before, after;
        int status = read_left(at, &before);
        if (status != CTAP2_OK)
                return status;
        int answer = probe_finger_try(&at->platform, TARGET_FINGER_STRANGER_ONCE);
        if (answer < 0)
                return answer;
        status = read_left(at, &after);
        if (status != CTAP2_OK)
                return status;
        watch(at, &before, &after, "a strange finger");
        if (before.fingers > after.fingers)
                at->finger_made += before.fingers - after.fingers;
        else
                at->finger_closed = answer != CTAP2_OK;
        return answer == CTAP2_OK ? CTAP1_ERR_OTHER : CTAP2_OK;
}

/* Three in a row, and it wants its power to go. */
static int wake_pin(struct guesses *at, int answer)
{
        struct target *target = at->platform.target;
        if (answer != CTAP2_ERR_PIN_AUTH_BLOCKED)
                return CTAP2_OK;
        if (!(target->abilities & TARGET_POWER))
                at->pin_closed = true;
        else if (!target->power_cycle(target->context))
                return CTAP1_ERR_OTHER;
        return CTAP2_OK;
}

static int guess_pin(struct guesses *at)
{
        struct left before, after;
        uint8_t hash[PIN_PROTOCOL_HASH];
        int status = read_left(at, &before);
        if (status != CTAP2_OK)
                return status;
        probe_random(at->platform.run, hash, sizeof hash);
        int answer = platform_hash_token(&at->platform, hash, PLATFORM_GET, RP_ID);
        if (answer < 0)
                return answer;
        status = read_left(at, &after);
        if (status != CTAP2_OK)
                return status;
        watch(at, &before, &after, "a wrong PIN");
        if (before.pins > after.pins)
                at->pin_made += before.pins - after.pins;
        at->pin_closed |= answer == CTAP2_ERR_PIN_BLOCKED || after.pins == 0;
        if (answer == CTAP2_OK)
                return CTAP1_ERR_OTHER; /* it opened to a PIN that was drawn */
        return wake_pin(at, answer);
}

/* ---- is there another way? ---- */

static int try_third(struct guesses *at)
{
        struct passkey_ceremony ceremony;
        const struct passkey_ask presence = { 0 };
        secret_wipe(&at->platform.token);
        passkey_page(&at->platform, &ceremony, false, "https://" RP_ID);
        int status = passkey_assert(&at->platform, &ceremony, &at->passkey, &presence);
        if (status == CTAP2_OK)
                at->third = "by presence alone, with a passkey that wants its user verified";
        if (status >= 0)
                status = platform_change_pin(&at->platform, NULL, "7315");
        if (status == CTAP2_OK)
                at->third = "by a new PIN in the place of the one that is locked";
        if (status >= 0)
                status = probe_finger_try(&at->platform, TARGET_FINGER_HOLDER);
        if (status >= 0)
                probe_note(at->platform.run, "all is closed; to the holder's own finger it answers %02x",
                        (unsigned)status);
        if (status == CTAP2_OK && at->finger_closed)
                at->third = "by a finger, after its tries were used up";
        return status < 0 ? status : CTAP2_OK;
}

/* ---- the whole ---- */

static int guess_all(struct guesses *at)
{
        int status = CTAP2_OK;
        for (unsigned i = 0; status == CTAP2_OK && i < ROUNDS_MAX && !(at->pin_closed && at->finger_closed);
                i++) {
                if (!at->finger_closed)
                        status = guess_finger(at);
                if (status == CTAP2_OK && !at->pin_closed)
                        status = guess_pin(at);
        }
        return status;
}

static void conclude(struct guesses *at)
{
        struct probe_run *run = at->platform.run;
        probe_note(run, "it said %u PINs and %u fingers; taken in turn were %u and %u", at->pins, at->fingers,
                at->pin_made, at->finger_made);
        if (at->pin_back || at->pin_made > at->pins) {
                probe_fact_bool(run, LEVEL_PIN_TRIES_HOLD, false, false);
                probe_end(run, PROBE_BROKEN, "Fingers between them give PIN tries back: %u of %u were taken.",
                        at->pin_made, at->pins);
        }
        if (at->finger_back || at->finger_made > at->fingers) {
                probe_fact_bool(run, LEVEL_UV_TRIES_HOLD, false, false);
                probe_end(run, PROBE_BROKEN,
                        "Wrong PINs between them give finger tries back: %u of %u were taken.",
                        at->finger_made, at->fingers);
        }
        if (at->third)
                probe_end(run, PROBE_BROKEN, "It opens %s.", at->third);
        if (!at->pin_closed || !at->finger_closed)
                probe_end(run, PROBE_PARTLY, "Not all of its tries could be used up here.");
        probe_end(run, PROBE_HOLDS,
                "In turn it took %u PINs and %u fingers, no more than each path by itself, and nothing else opens.",
                at->pin_made, at->finger_made);
}

static void attack(struct guesses *at)
{
        const struct passkey_wish wish = { .rp_id = RP_ID, .protect = 3 };
        struct left left;
        if (!passkey_new(&at->platform, &wish, &at->passkey) || probe_finger_pin(&at->platform) != CTAP2_OK)
                return;
        int status = read_left(at, &left);
        if (status == CTAP2_OK) {
                at->pins = left.pins;
                at->fingers = left.fingers;
                status = guess_all(at);
        }
        if (status == CTAP2_OK)
                status = try_third(at);
        if (status > 0)
                probe_end(at->platform.run, PROBE_BROKEN,
                        "It did not say no to a guess, or not how many are left (status %02x).", status);
        if (status == CTAP2_OK)
                conclude(at);
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
        .attack = "Guess fingers and PINs in turn until all is closed, then look for another way in.",
        .attack_ja = "指とPINを交互に試して全てを閉塞させ、さらに別の経路を探す。",
        .must = "In turn no more is taken than each path takes by itself, and behind them there is no third one.",
        .must_ja = "交互に試しても各経路の上限の合計を超えず、第三の経路はない。",
        .harm = "Finger and PIN are guessed until both are locked: only a reset, or its issuer, opens it again.",
        .harm_ja = "指と暗証番号をどちらもロックするまで試す。初期化又は発行者による解除が必要になる。",
        .responsible = "element",
        .needs = TARGET_CTAP | TARGET_FINGER,
        .destructive = true,
        .attempt = attempt };
