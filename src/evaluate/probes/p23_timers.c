/* SPDX-License-Identifier: Apache-2.0 */

/* Time goes by. A device that was not used, or has not seen its PIN, for long asks for the PIN before it
 * looks at a finger; and a session at a website ends. */

#include "probe_finger.h"
#include "probe_portal.h"

#include "ctap_status.h"

enum { HOUR = 3600, MARGIN = 60, MARKS = 3 };

static const unsigned marks[MARKS] = { 4, 24, 72 }; /* hours that policies speak of */

struct timers {
        struct platform platform;
        unsigned idle, pin; /* hours; 0: no end was seen */
        bool clock;         /* all of its clocks could be moved */
};

/* The PIN is entered, and a finger used. */
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

/* Unused for so long: is a finger still looked at? */
static int leave_idle(struct timers *at)
{
        for (unsigned i = 0; i < MARKS && !at->idle; i++) {
                int status = begin(at);
                if (status != CTAP2_OK)
                        return status;
                pass(at, (uint64_t)marks[i] * HOUR + MARGIN);
                status = probe_finger_try(&at->platform, TARGET_FINGER_HOLDER);
                if (status < 0)
                        return status;
                probe_note(at->platform.run, "%u hours without use: %s (status %02x)", marks[i],
                        status == CTAP2_OK ? "the finger opens it" : "the finger does not", (unsigned)status);
                if (status != CTAP2_OK)
                        at->idle = marks[i];
        }
        return CTAP2_OK;
}

/* Used now and then, so that it is never idle, but without the PIN, from mark to mark. */
static int use_without_pin(struct timers *at)
{
        const unsigned most = at->idle == marks[0]   ? marks[0] - 1
                              : at->idle == marks[1] ? marks[1] - 1
                                                     : marks[MARKS - 1];
        unsigned hours = 0;
        int status = begin(at);
        for (unsigned i = 0; i < MARKS && status == CTAP2_OK; i++) {
                while (hours < marks[i] && status == CTAP2_OK) {
                        const unsigned step = marks[i] - hours < most ? marks[i] - hours : most;
                        hours += step;
                        pass(at, (uint64_t)step * HOUR + (hours == marks[i] ? MARGIN : 0));
                        status = probe_finger_try(&at->platform, TARGET_FINGER_HOLDER);
                }
                if (status > 0)
                        at->pin = marks[i];
        }
        if (status >= 0)
                probe_note(at->platform.run,
                        at->pin ? "%u hours after the PIN a finger does not do any more"
                                : "%u hours after the PIN a finger still does",
                        hours);
        return status < 0 ? status : CTAP2_OK;
}

/* What ends at the same mark with use as without is the PIN's timer, not the idle one. */
static void conclude(struct timers *at)
{
        struct probe_run *run = at->platform.run;
        if (at->idle && at->idle == at->pin)
                at->idle = 0;
        probe_fact_count(run, LEVEL_UV_IDLE_HOURS, at->idle, !at->clock);
        probe_fact_count(run, LEVEL_UV_PIN_HOURS, at->pin, !at->clock);
        if (!at->pin && !at->idle)
                probe_end(run, PROBE_BROKEN, "After %u hours without its PIN a finger still opens it.",
                        marks[MARKS - 1]);
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
                if (status == CTAP2_OK) {
                        conclude(&at);
                        if (!at.clock)
                                probe_end(run, PROBE_PARTLY, "Not all of its clocks could be moved.");
                        if (at.idle)
                                probe_end(run, PROBE_HOLDS,
                                        "The PIN is wanted %u hours after its last entry, and after %u hours without use.",
                                        at.pin, at.idle);
                        probe_end(run, PROBE_HOLDS,
                                "The PIN is wanted %u hours after its last entry, used or not.", at.pin);
                }
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
