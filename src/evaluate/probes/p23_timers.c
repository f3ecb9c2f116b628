/* SPDX-License-Identifier: Apache-2.0 */

/* Time goes by. A device that was not used, or has not seen its PIN, for long asks for the PIN before it
 * looks at a finger; and a session at a website ends. */

#include "probe_finger.h"
#include "probe_portal.h"

#include "ctap_status.h"

#define RP_ID "p23.mitome.invalid"

enum { HOUR = 3600, MARGIN = 60, MARKS = 3 };

static const unsigned marks[MARKS] = { 4, 24, 72 }; /* hours that policies speak of */

struct timers {
        struct platform platform;
        unsigned idle, pin;       /* hours; 0: no end was seen */
        bool clock;               /* all of its clocks could be moved */
        bool idle_seen, pin_seen; /* each mark was answered */
};

/* What a finger of the holder's tells of the time that has gone by. One that is looked at and missed tells as
 * much as one that opens; a refusal behind misses may be for these. */
enum seen { LOOKED_AT, PIN_WANTED, UNCLEAR, OVER };

static enum seen lay_finger(struct timers *at)
{
        enum { TOUCHES = 3 };
        for (unsigned i = 0; i < TOUCHES; i++) {
                at->platform.target->finger(at->platform.target->context, TARGET_FINGER_HOLDER);
                int status = platform_uv_token(&at->platform, PLATFORM_GET, RP_ID);
                secret_wipe(&at->platform.token);
                if (status < 0)
                        return OVER;
                if (status == CTAP2_OK)
                        return LOOKED_AT;
                if (status == CTAP2_ERR_UV_BLOCKED || status == CTAP2_ERR_PUAT_REQUIRED)
                        return i == 0 ? PIN_WANTED : UNCLEAR;
                if (status != CTAP2_ERR_UV_INVALID)
                        return UNCLEAR;
        }
        return LOOKED_AT;
}

/* The PIN is entered, and a finger used: whatever was refused before was refused for want of it. */
static int begin(struct timers *at)
{
        int status = probe_finger_pin(&at->platform);
        return status == CTAP2_OK ? probe_finger_try(&at->platform, TARGET_FINGER_HOLDER) : status;
}

static void pass(struct timers *at, uint64_t seconds)
{
        struct target *target = at->platform.target;
        at->clock &= target->pass(target->context, seconds, false);
}

/* Unused for so long, from the PIN on; what came of it by an accident is tried again. */
static int leave_once(struct timers *at, unsigned hours, enum seen *ret)
{
        enum { AGAIN = 3 };
        *ret = UNCLEAR;
        for (unsigned i = 0; i < AGAIN && *ret == UNCLEAR; i++) {
                int status = begin(at);
                if (status != CTAP2_OK)
                        return status;
                pass(at, (uint64_t)hours * HOUR + MARGIN);
                *ret = lay_finger(at);
        }
        return *ret == OVER ? -1 : CTAP2_OK;
}

static int leave_idle(struct timers *at)
{
        enum seen seen = LOOKED_AT;
        for (unsigned i = 0; i < MARKS && seen == LOOKED_AT; i++) {
                int status = leave_once(at, marks[i], &seen);
                if (status != CTAP2_OK)
                        return status;
                probe_note(at->platform.run, "%u hours without use: %s", marks[i],
                        seen == LOOKED_AT    ? "a finger is looked at"
                        : seen == PIN_WANTED ? "the PIN is wanted"
                                             : "what it answers says nothing");
                if (seen == PIN_WANTED)
                        at->idle = marks[i];
        }
        at->idle_seen = seen != UNCLEAR;
        return CTAP2_OK;
}

/* Used now and then, so that it is never idle, but without the PIN, from mark to mark. */
static int use_without_pin(struct timers *at)
{
        /* well below the mark at which it was too long: the limit itself may be shorter */
        const unsigned most = at->idle == marks[0] ? 1 : at->idle == marks[1] ? marks[0] : marks[MARKS - 1];
        enum seen seen = LOOKED_AT;
        unsigned hours = 0;
        int status = begin(at);
        if (status != CTAP2_OK)
                return status;
        for (unsigned i = 0; i < MARKS && seen == LOOKED_AT; i++) {
                while (hours < marks[i] && seen == LOOKED_AT) {
                        const unsigned step = marks[i] - hours < most ? marks[i] - hours : most;
                        hours += step;
                        pass(at, (uint64_t)step * HOUR + (hours == marks[i] ? MARGIN : 0));
                        seen = lay_finger(at);
                }
                if (seen == PIN_WANTED)
                        at->pin = marks[i];
        }
        if (seen == OVER)
                return -1;
        at->pin_seen = seen != UNCLEAR;
        probe_note(at->platform.run, "%u hours after the PIN %s", hours,
                seen == LOOKED_AT    ? "a finger is still looked at"
                : seen == PIN_WANTED ? "it is wanted again"
                                     : "what it answers says nothing");
        return begin(at);
}

/* That no end was seen says something only if the time did go by. */
static void tell(struct timers *at, enum level_fact_id fact, unsigned hours, bool seen)
{
        if (seen && (hours || at->clock))
                probe_fact_count(at->platform.run, fact, hours, !at->clock);
}

/* What ends at the same mark with use as without is the PIN's timer, not the idle one. */
static void conclude(struct timers *at)
{
        struct probe_run *run = at->platform.run;
        if (at->idle && at->idle == at->pin)
                at->idle = 0;
        tell(at, LEVEL_UV_IDLE_HOURS, at->idle, at->idle_seen);
        tell(at, LEVEL_UV_PIN_HOURS, at->pin, at->pin_seen);
        if (!at->clock)
                probe_end(run, PROBE_PARTLY, "Not all of its clocks could be moved.");
        else if (!at->idle_seen || !at->pin_seen)
                probe_end(run, PROBE_PARTLY, "After some time it answers what says nothing of a timer.");
        else if (!at->pin && !at->idle)
                probe_end(run, PROBE_BROKEN, "After %u hours without its PIN a finger is still looked at.",
                        marks[MARKS - 1]);
        else if (!at->pin)
                probe_end(run, PROBE_HOLDS, "The PIN is wanted after %u hours without use.", at->idle);
        else if (at->idle)
                probe_end(run, PROBE_HOLDS,
                        "The PIN is wanted %u hours after its last entry, and after %u hours without use.",
                        at->pin, at->idle);
        else
                probe_end(run, PROBE_HOLDS, "The PIN is wanted %u hours after its last entry, used or not.",
                        at->pin);
}

static void time_device(struct probe_run *run, struct target *target)
{
        struct timers at = { .clock = true };
        if (probe_finger_open(&at.platform, run, target)) {
                int status = leave_idle(&at);
                if (status == CTAP2_OK)
                        status = use_without_pin(&at);
                if (status > 0)
                        probe_end(run, PROBE_NOT_TESTABLE,
                                "PIN and finger do not open it any more (status %02x).", status);
                if (status == CTAP2_OK)
                        conclude(&at);
                if (target->restart)
                        (void)target->restart(target->context);
        }
        platform_close(&at.platform);
}

static void attempt(struct probe_run *run, struct target *target)
{
        time_device(run, target);
        if (target->abilities & TARGET_LIFE)
                probe_portal_time(run, target);
}

const struct probe probe_p23 = { .id = "P23",
        .title = "Time goes by",
        .title_ja = "時間の経過",
        .attack =
                "Leave it unused for 4, 24 and 72 hours, use it as long without its PIN, and leave a session open.",
        .attack_ja = "4・24・72時間放置し、同じ時間PINなしで使い続け、セッションを開いたままにする。",
        .must = "After a time that is known it asks for the PIN, and the session ends, with use and without.",
        .must_ja = "定まった時間の後にPINが要求され、セッションは使用中でも未使用でも終了する。",
        .responsible = "matcher",
        .needs = TARGET_CTAP | TARGET_FINGER | TARGET_CLOCK,
        .attempt = attempt };
