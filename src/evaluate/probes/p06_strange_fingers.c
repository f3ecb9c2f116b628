/* SPDX-License-Identifier: Apache-2.0 */
#include "ctap_status.h"
#include "probe_element.h"

/* Fingers that were never enrolled, one after the other, until none is looked at any more: how many, what
 * then, and whether a try comes back by a power cycle, a moved clock or a reboot between them. */

#define RP "p06.mitome.invalid"

enum { REQUESTS_MAX = 34, WAIT_STEP = 30, WAITS_MAX = 4, HOUR = 3600, DAY = 24 * HOUR };

struct strangers {
        struct platform platform;
        unsigned full;     /* tries after the PIN */
        unsigned in_a_row; /* strange fingers until none was taken; 0: no end was seen */
        bool holds;        /* no try came back */
        bool clock;        /* all its clocks could be moved */
};

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

/* Between two fingers. */
static void disturb(struct strangers *strangers, unsigned how)
{
        struct target *target = strangers->platform.target;
        if (how == 1 && target->abilities & TARGET_POWER) {
                probe_note(strangers->platform.run, "the power goes off and on");
                target->power_cycle(target->context);
        } else if (how == 2 && target->abilities & TARGET_CLOCK) {
                probe_note(strangers->platform.run, "an hour goes by");
                strangers->clock = target->pass(target->context, HOUR, false) && strangers->clock;
        } else if (how == 0 && target->abilities & TARGET_CLOCK) {
                probe_note(strangers->platform.run, "a day goes by, and it is started anew");
                strangers->clock = target->pass(target->context, DAY, true) && strangers->clock;
        }
}

/* Strange fingers until it is closed. False: the attempt is over. */
static bool present(struct strangers *strangers, bool disturbs, unsigned *ret_tries)
{
        unsigned before, after = 0;
        if (!evidence_settle(&strangers->platform, RP) || !retries(strangers, &before))
                return false;
        strangers->full = before;
        *ret_tries = 0;
        for (unsigned request = 1; request <= REQUESTS_MAX; request++) {
                int status = evidence_finger(&strangers->platform, TARGET_FINGER_STRANGER, RP);
                if (status == CTAP2_OK)
                        probe_end(strangers->platform.run, PROBE_BROKEN, "A strange finger opened it.");
                if (status <= 0 || !retries(strangers, &after))
                        return false;
                if (after > before) {
                        strangers->holds = false;
                        probe_end(strangers->platform.run, PROBE_BROKEN,
                                "A try came back: %u were left, now %u.", before, after);
                }
                before = after;
                if (is_closed(status) && (after == 0 || status != CTAP2_ERR_NOT_ALLOWED)) {
                        const unsigned spent = strangers->full - after;
                        *ret_tries = spent >= request - 1 ? spent : request - 1;
                        return true;
                }
                if (!probe_progress(strangers->platform.run, request, REQUESTS_MAX))
                        break;
                if (disturbs)
                        disturb(strangers, request % 3);
        }
        return true;
}

/* What the wait is, once it is closed: seconds after which the holder's finger opens it again; 0: only the
 * PIN does. False: the attempt is over. */
static bool wait(struct strangers *strangers, unsigned *ret_seconds)
{
        struct target *target = strangers->platform.target;
        *ret_seconds = 0;
        int status = evidence_finger(&strangers->platform, TARGET_FINGER_HOLDER, RP);
        if (status == CTAP2_OK) {
                strangers->in_a_row = 0;
                probe_end(
                        strangers->platform.run, PROBE_BROKEN, "Closed, it opens to a finger all the same.");
        }
        for (unsigned i = 1; status > 0 && i <= WAITS_MAX && target->abilities & TARGET_CLOCK; i++) {
                probe_note(strangers->platform.run, "%u seconds go by", i < WAITS_MAX ? WAIT_STEP : HOUR);
                if (!target->pass(target->context, i < WAITS_MAX ? WAIT_STEP : HOUR, false))
                        strangers->clock = false;
                status = evidence_finger(&strangers->platform, TARGET_FINGER_HOLDER, RP);
                if (status == CTAP2_OK)
                        *ret_seconds = i < WAITS_MAX ? i * WAIT_STEP : HOUR;
        }
        return status >= 0;
}

static void conclude(struct strangers *strangers, unsigned disturbed, unsigned seconds)
{
        struct probe_run *run = strangers->platform.run;
        const bool clock = strangers->clock;
        const bool power = strangers->platform.target->abilities & TARGET_POWER;
        probe_fact_count(run, LEVEL_UV_TRIES, strangers->in_a_row, false);
        probe_fact_count(run, LEVEL_UV_WAIT_SECONDS, seconds, !clock);
        probe_fact_count(run, LEVEL_UV_TRIES_TOTAL, seconds ? 0 : strangers->in_a_row, !clock);
        if (strangers->in_a_row && (disturbed == 0 || disturbed > strangers->in_a_row)) {
                strangers->holds = false;
                probe_end(run, PROBE_BROKEN,
                        "With power cycles and a moved clock between them it takes more fingers than %u.",
                        strangers->in_a_row);
        }
        if (!strangers->holds || clock || power) /* else nothing was tried that could give one back */
                probe_fact_bool(run, LEVEL_UV_TRIES_HOLD, strangers->holds, !clock || !power);
        if (!strangers->in_a_row)
                probe_end(run, PROBE_BROKEN, "No end was seen: strange fingers go on being looked at.");
        probe_end(run, clock && power ? PROBE_HOLDS : PROBE_PARTLY,
                "After %u strange fingers %s; nothing gave a try back.", strangers->in_a_row,
                seconds ? "it waits" : "only the PIN helps");
}

static void attempt(struct probe_run *run, struct target *target)
{
        struct strangers strangers = { .holds = true, .clock = target->abilities & TARGET_CLOCK };
        unsigned disturbed = 0, seconds = 0;
        if (!platform_open(&strangers.platform, run, target))
                return;
        if (!strangers.platform.info.uv_set)
                probe_end(run, PROBE_NOT_TESTABLE, "No finger is enrolled.");
        else if (present(&strangers, false, &strangers.in_a_row) && wait(&strangers, &seconds) &&
                 present(&strangers, true, &disturbed)) {
                conclude(&strangers, disturbed, seconds);
                evidence_settle(&strangers.platform, RP);
        }
        platform_close(&strangers.platform);
}

const struct probe probe_p06 = {
        .id = "P06",
        .title = "Strange fingers",
        .title_ja = "他人の指",
        .attack =
                "Fingers that were never enrolled are presented until none is taken; then again with power cycles, a moved clock and reboots between them.",
        .attack_ja =
                "未登録の指を受け付けられなくなるまで提示し、電源断・時計の変更・再起動を挟んで繰り返す。",
        .must = "After few of them only the PIN helps, or a wait; and nothing gives a try back.",
        .must_ja = "少数回で暗証番号又は待機が必要となり、試行回数が戻らないこと。",
        .responsible = "matcher",
        .needs = TARGET_CTAP | TARGET_FINGER,
        .attempt = attempt,
};
