/* SPDX-License-Identifier: Apache-2.0 */
#include "ctap_status.h"
#include "probe_element.h"

/* Fingers that were never enrolled, one after the other, until none is looked at any more: how many, what
 * then, and whether a try comes back by a power cycle, a moved clock or a reboot between them, or by the
 * power that is cut while one is looked at. */

#define RP "p06.mitome.invalid"

enum { REQUESTS_MAX = 34, UNSEEN_MAX = 3, WAIT_STEP = 30, WAITS_MAX = 4, HOUR = 3600, DAY = 24 * HOUR };
enum { WRITES_MAX = 24, TORN_WAYS = 3, TIMES_LAID = 4 };

/* How a row of strange fingers came to its end. */
enum row_end {
        ROW_CLOSED,
        ROW_ENDLESS, /* REQUESTS_MAX were looked at */
        ROW_UNTOLD,  /* time was over, or fingers were not looked at and nobody said why */
};

struct strangers {
        struct platform platform;
        unsigned full;     /* tries after the PIN and the holder's own finger */
        unsigned in_a_row; /* strange fingers until none was taken */
        unsigned seconds;  /* .. and then, until the holder's opens it again; 0: the PIN alone does */
        enum row_end end, disturbed; /* of the first row, and of the one with disturbances */
        bool holds;                  /* no try came back */
        bool stays_closed;           /* that was seen */
        bool power, clock, swept;    /* what could be tried: all of its clocks, all writes */
};

static void does_not_hold(struct strangers *strangers)
{
        strangers->holds = false;
        probe_fact_bool(strangers->platform.run, LEVEL_UV_TRIES_HOLD, false, false);
}

/* A try that is spent for each finger that is looked at is what the authenticator says of itself; a refusal
 * for good is what is seen. */
static bool is_closed(int status)
{
        return status == CTAP2_ERR_UV_BLOCKED || status == CTAP2_ERR_PUAT_REQUIRED ||
               status == CTAP2_ERR_PIN_AUTH_BLOCKED || status == CTAP2_ERR_NOT_ALLOWED;
}

static bool retries(struct strangers *strangers, unsigned *ret)
{
        int status = platform_retries(&strangers->platform, true, ret);
        if (status > 0)
                probe_end(strangers->platform.run, PROBE_NOT_TESTABLE,
                        "It does not say how many tries are left (status %02x).", status);
        return status == CTAP2_OK;
}

/* The PIN, and the holder's finger, which must open it: else nobody looks at fingers here, and that none of a
 * stranger's does says nothing. */
static bool is_open(struct strangers *strangers)
{
        int status = CTAP2_ERR_UV_INVALID;
        for (unsigned i = 0; i < TIMES_LAID && status > 0; i++) {
                if (!evidence_settle(&strangers->platform, RP))
                        return false;
                status = evidence_finger(&strangers->platform, TARGET_FINGER_HOLDER, RP);
        }
        if (status > 0)
                probe_end(strangers->platform.run, PROBE_NOT_TESTABLE,
                        "The holder's own finger does not open it (status %02x).", status);
        return status == CTAP2_OK;
}

/* ---- one after the other ---- */

/* Between two fingers. Where it waits after some, time that goes by gives fingers back as it must. */
static void disturb(struct strangers *strangers, unsigned how)
{
        struct target *target = strangers->platform.target;
        const bool clock = target->abilities & TARGET_CLOCK && strangers->seconds == 0;
        if (how == 1 && target->abilities & TARGET_POWER) {
                probe_note(strangers->platform.run, "the power goes off and on");
                strangers->power = target->power_cycle(target->context);
        } else if (how == 2 && clock) {
                probe_note(strangers->platform.run, "an hour goes by");
                strangers->clock = target->pass(target->context, HOUR, false) && strangers->clock;
        } else if (how == 0 && clock) {
                probe_note(strangers->platform.run, "a day goes by, and it is started anew");
                strangers->clock = target->pass(target->context, DAY, true) && strangers->clock;
        }
}

/* Strange fingers until it is closed. False: the attempt is over. */
static bool present(struct strangers *strangers, bool disturbs, enum row_end *ret_end, unsigned *ret_tries)
{
        unsigned before, after = 0, seen = 0, unseen = 0;
        if (!is_open(strangers) || !retries(strangers, &before))
                return false;
        strangers->full = before;
        *ret_end = ROW_UNTOLD;
        *ret_tries = 0;
        for (unsigned request = 1; request <= REQUESTS_MAX && unseen < UNSEEN_MAX; request++) {
                int status = evidence_finger(&strangers->platform, TARGET_FINGER_STRANGER, RP);
                if (status == CTAP2_OK)
                        probe_end(strangers->platform.run, PROBE_BROKEN, "A strange finger opened it.");
                if (status <= 0 || !retries(strangers, &after))
                        return false;
                if (after > before) {
                        does_not_hold(strangers);
                        probe_end(strangers->platform.run, PROBE_BROKEN,
                                "A try came back: %u were left, now %u.", before, after);
                }
                before = after;
                if (is_closed(status) && (after == 0 || status != CTAP2_ERR_NOT_ALLOWED)) {
                        const unsigned spent = strangers->full > after ? strangers->full - after : 0;
                        *ret_tries = spent > seen ? spent : seen;
                        *ret_end = ROW_CLOSED;
                        return true;
                }
                seen += status == CTAP2_ERR_UV_INVALID;
                unseen += status != CTAP2_ERR_UV_INVALID;
                if (!probe_progress(strangers->platform.run, request, REQUESTS_MAX))
                        return true;
                if (disturbs)
                        disturb(strangers, request % 3);
        }
        *ret_end = unseen < UNSEEN_MAX ? ROW_ENDLESS : ROW_UNTOLD;
        return true;
}

/* What the wait is, once it is closed: seconds after which the holder's finger opens it again; 0: only the
 * PIN does. False: the attempt is over. */
static bool wait(struct strangers *strangers)
{
        struct target *target = strangers->platform.target;
        int status = evidence_finger(&strangers->platform, TARGET_FINGER_HOLDER, RP);
        if (status == CTAP2_OK) {
                strangers->end = ROW_ENDLESS;
                probe_end(
                        strangers->platform.run, PROBE_BROKEN, "Closed, it opens to a finger all the same.");
                return true;
        }
        for (unsigned i = 1; status > 0 && i <= WAITS_MAX && target->abilities & TARGET_CLOCK; i++) {
                probe_note(strangers->platform.run, "%u seconds go by", i < WAITS_MAX ? WAIT_STEP : HOUR);
                if (!target->pass(target->context, i < WAITS_MAX ? WAIT_STEP : HOUR, false))
                        strangers->clock = false;
                status = evidence_finger(&strangers->platform, TARGET_FINGER_HOLDER, RP);
                if (status == CTAP2_OK)
                        strangers->seconds = i < WAITS_MAX ? i * WAIT_STEP : HOUR;
        }
        strangers->stays_closed = is_closed(status);
        return status >= 0;
}

/* ---- while one is looked at ---- */

struct cut_finger {
        enum target_finger whose;
        unsigned write, torn; /* where the power was to be cut */
        bool cut;             /* whether it was */
        int status;           /* the answer, if there was one */
        unsigned before, after;
};

/* What it has answered, and the tries behind it, must be one story. */
static void judge_cut(struct strangers *strangers, const struct cut_finger *finger)
{
        static const char *const moments[] = { "before", "within", "after" };
        const char *why = NULL;
        if (finger->whose != TARGET_FINGER_STRANGER)
                return;
        if (finger->after > finger->before)
                why = "A try came back";
        else if (finger->status == CTAP2_ERR_UV_INVALID && finger->after >= finger->before)
                why = "A strange finger was looked at and cost nothing";
        if (finger->status == CTAP2_OK)
                probe_end(strangers->platform.run, PROBE_BROKEN, "A strange finger opened it.");
        if (!why)
                return;
        does_not_hold(strangers);
        probe_end(strangers->platform.run, PROBE_BROKEN, "%s: %s %s write %u.", why,
                finger->cut ? "the power was cut" : "the power went off behind the answer, not",
                moments[finger->torn], finger->write);
}

/* A finger under a cut, a stranger's behind the PIN, so that less than all tries are left. False: the attempt
 * is over. */
static bool lay_under_cut(struct strangers *strangers, struct cut_finger *finger)
{
        struct platform *platform = &strangers->platform;
        struct target *target = platform->target;
        if (!evidence_settle(platform, RP) || evidence_finger(platform, TARGET_FINGER_STRANGER, RP) < 0 ||
                !retries(strangers, &finger->before))
                return false;
        probe_note(platform->run,
                "%u tries are left; the power is cut at write %u, moment %u, while %s finger is looked at",
                finger->before, finger->write, finger->torn,
                finger->whose == TARGET_FINGER_HOLDER ? "the holder's" : "a strange");
        target->cut(target->context, finger->write, finger->torn);
        finger->status = evidence_finger(platform, finger->whose, RP);
        finger->cut = target->was_cut(target->context);
        target->cut(target->context, 0, 0);
        if (!finger->cut && finger->status < 0)
                return false;
        if (!target->power_cycle(target->context)) {
                probe_end(platform->run, finger->cut ? PROBE_BROKEN : PROBE_TARGET_FAILED,
                        "It does not start any more after a power cut.");
                return false;
        }
        if (!retries(strangers, &finger->after))
                return false;
        judge_cut(strangers, finger);
        return true;
}

/* *ret_whole: up to one that ended without a cut, as such a finger does; *ret_spent: somewhere the cut left a
 * try less. */
static bool cut_fingers(
        struct strangers *strangers, enum target_finger whose, bool *ret_whole, bool *ret_spent)
{
        const int expected = whose == TARGET_FINGER_HOLDER ? CTAP2_OK : CTAP2_ERR_UV_INVALID;
        unsigned again = TIMES_LAID;
        *ret_whole = *ret_spent = false;
        for (unsigned i = 0; i < WRITES_MAX * TORN_WAYS; i++) {
                struct cut_finger finger = {
                        .whose = whose, .write = i / TORN_WAYS + 1, .torn = i % TORN_WAYS
                };
                if (!probe_progress(strangers->platform.run, i, WRITES_MAX * TORN_WAYS))
                        return true;
                if (!lay_under_cut(strangers, &finger))
                        return false;
                *ret_spent = *ret_spent || (finger.cut && finger.after < finger.before);
                if (finger.cut)
                        continue;
                *ret_whole = i > 0 && finger.torn == 0 && finger.status == expected;
                if (*ret_whole || --again == 0)
                        return true;
                i--; /* the holder's was not recognised: he lays it again */
        }
        return true;
}

/* A try that is written down before a finger is looked at is gone for a while even where it is the holder's;
 * else whoever cuts the power where a miss is about to be written down has looked for nothing. */
static bool cut_power(struct strangers *strangers)
{
        const unsigned needs = TARGET_MEDIUM | TARGET_POWER;
        bool strange, holders, spent;
        if ((strangers->platform.target->abilities & needs) != needs || strangers->full < 2)
                return true;
        if (!cut_fingers(strangers, TARGET_FINGER_STRANGER, &strange, &spent) ||
                !cut_fingers(strangers, TARGET_FINGER_HOLDER, &holders, &spent))
                return false;
        if (strange && holders && !spent) {
                does_not_hold(strangers);
                probe_end(strangers->platform.run, PROBE_BROKEN,
                        "A finger is looked at before its try is written down: no power cut under the holder's leaves one try less.");
        }
        strangers->swept = strange && holders;
        return true;
}

/* ---- all of it ---- */

static void tell_tries(struct strangers *strangers)
{
        struct probe_run *run = strangers->platform.run;
        const bool closed = strangers->end == ROW_CLOSED;
        const bool waited = strangers->clock && (strangers->seconds || strangers->stays_closed);
        if (strangers->end == ROW_UNTOLD)
                return;
        probe_fact_count(run, LEVEL_UV_TRIES, closed ? strangers->in_a_row : 0, false);
        if (closed)
                probe_fact_count(run, LEVEL_UV_WAIT_SECONDS, strangers->seconds, !waited);
        probe_fact_count(run, LEVEL_UV_TRIES_TOTAL, closed && !strangers->seconds ? strangers->in_a_row : 0,
                closed && !waited);
}

static void conclude(struct strangers *strangers, unsigned disturbed)
{
        struct probe_run *run = strangers->platform.run;
        const bool closed = strangers->end == ROW_CLOSED;
        const bool clock = strangers->clock && strangers->seconds == 0;
        const bool whole =
                closed && strangers->disturbed == ROW_CLOSED && strangers->power && clock && strangers->swept;
        tell_tries(strangers);
        if (strangers->end == ROW_ENDLESS)
                probe_end(run, PROBE_BROKEN, "No end was seen: strange fingers go on being looked at.");
        if (closed && (strangers->disturbed == ROW_ENDLESS ||
                              (strangers->disturbed == ROW_CLOSED && disturbed > strangers->in_a_row))) {
                does_not_hold(strangers);
                probe_end(run, PROBE_BROKEN,
                        "With power cycles and a moved clock between them it takes more fingers than %u.",
                        strangers->in_a_row);
        }
        if (strangers->holds && closed && strangers->disturbed == ROW_CLOSED &&
                (clock || strangers->power || strangers->swept))
                probe_fact_bool(run, LEVEL_UV_TRIES_HOLD, true, !whole);
        if (closed)
                probe_end(run, whole ? PROBE_HOLDS : PROBE_PARTLY,
                        "After %u strange fingers %s; nothing gave a try back.%s%s%s", strangers->in_a_row,
                        strangers->seconds ? "it waits" : "only the PIN helps",
                        strangers->power ? "" : " No power cycle was tried.",
                        clock ? "" : " Not all of its clocks were moved.",
                        strangers->swept ? "" : " Not all writes were cut off while a finger was looked at.");
        else
                probe_end(run, PROBE_PARTLY,
                        "Ended before an end was seen: time was over, or fingers were not looked at.");
}

static void play(struct strangers *strangers)
{
        unsigned disturbed = 0;
        if (!present(strangers, false, &strangers->end, &strangers->in_a_row))
                return;
        if (strangers->end == ROW_CLOSED &&
                (!wait(strangers) || !present(strangers, true, &strangers->disturbed, &disturbed) ||
                        !cut_power(strangers)))
                return;
        conclude(strangers, disturbed);
}

static void attempt(struct probe_run *run, struct target *target)
{
        struct strangers strangers = { .holds = true, .clock = target->abilities & TARGET_CLOCK };
        if (!platform_open(&strangers.platform, run, target))
                return;
        if (strangers.platform.info.uv_set) {
                play(&strangers);
                probe_puts_back(run);
                (void)evidence_settle(&strangers.platform, RP);
        } else {
                probe_end(run, PROBE_NOT_TESTABLE, "No finger is enrolled.");
        }
        platform_close(&strangers.platform);
}

const struct probe probe_p06 = {
        .id = "P06",
        .title = "Strange fingers",
        .title_ja = "他人の指",
        .attack =
                "Fingers that were never enrolled are presented until none is taken; then again with power cycles, a moved clock and reboots between them, and with the power cut while one is looked at.",
        .attack_ja =
                "未登録の指を受け付けられなくなるまで提示し、電源断・時計の変更・再起動を挟んで、又は照合中に電源を断って繰り返す。",
        .must = "After few of them only the PIN helps, or a wait; and nothing gives a try back.",
        .must_ja = "少数回でPIN又は待機が必要となり、試行回数が戻らないこと。",
        .responsible = "matcher",
        .needs = TARGET_CTAP | TARGET_FINGER,
        .attempt = attempt,
};
