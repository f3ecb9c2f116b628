/* SPDX-License-Identifier: Apache-2.0 */

/* How often the wrong finger is taken and the right one is not: few honest trials of one comparison each, as
 * they can be made in a moment. What bounds a rate of 1 in 10,000 is `mitome biometric measure`, whose
 * results are given as evidence. */

#include "probe_finger.h"

#include "ctap_status.h"

enum { TRIALS = 10 };

struct counted {
        unsigned taken, trials, untold; /* untold: nobody was seen, so nothing was compared */
};

/* A trial is a comparison: what was recognised, and what was not. The PIN gives back what each costs. */
static int count(struct platform *platform, enum target_finger whose, unsigned done, struct counted *ret)
{
        for (unsigned i = 0; i < TRIALS; i++) {
                int status = probe_finger_try(platform, whose);
                if (status < 0)
                        return status;
                const enum probe_finger_answer answer = probe_finger_answer_of(status);
                const bool compared = answer == PROBE_FINGER_TAKEN || answer == PROBE_FINGER_STRANGE;
                ret->taken += answer == PROBE_FINGER_TAKEN;
                ret->trials += compared;
                ret->untold += !compared;
                status = probe_finger_pin(platform);
                if (status != CTAP2_OK)
                        return status;
                if (!probe_progress(platform->run, done + i + 1, 2 * TRIALS))
                        break;
        }
        return CTAP2_OK;
}

static void judge(struct probe_run *run, const struct counted *strangers, const struct counted *holder)
{
        const unsigned missed = holder->trials - holder->taken;
        probe_note(run, "strangers' fingers, one comparison each: %u of %u taken; %u were not compared",
                strangers->taken, strangers->trials, strangers->untold);
        probe_note(run,
                "the holder's finger, one comparison each: %u of %u not recognised; %u were not compared",
                missed, holder->trials, holder->untold);
        if (strangers->trials)
                probe_fact_rate(run, LEVEL_UV_FMR, strangers->taken, strangers->trials);
        if (holder->trials)
                probe_fact_rate(run, LEVEL_UV_FNMR, missed, holder->trials);
        if (strangers->taken)
                probe_end(run, PROBE_BROKEN, "Of %u strangers' fingers %u were taken for the holder's.",
                        strangers->trials, strangers->taken);
        if (holder->trials && holder->taken == 0)
                probe_end(run, PROBE_BROKEN, "The holder's finger was never recognised, %u times.",
                        holder->trials);
        if (strangers->trials == 0 || holder->trials == 0)
                probe_end(run, PROBE_NOT_TESTABLE,
                        "It compared nothing: %u strangers' fingers, %u touches of the holder's.",
                        strangers->trials, holder->trials);
        probe_end(run, PROBE_PARTLY,
                "Of %u strangers' fingers none was taken, of the holder's %u touches %u were not recognised: too few for a bound. "
                "--measure makes more, and so does `mitome biometric measure`, whose result is evidence.",
                strangers->trials, holder->trials, missed);
}

static void measure(struct platform *platform)
{
        struct counted strangers = { 0 }, holder = { 0 };
        int status = count(platform, TARGET_FINGER_STRANGER_ONCE, 0, &strangers);
        if (status == CTAP2_OK)
                status = count(platform, TARGET_FINGER_HOLDER_ONCE, TRIALS, &holder);
        if (status > 0)
                probe_end(platform->run, PROBE_NOT_TESTABLE,
                        "Its PIN does not open it any more (status %02x).", (unsigned)status);
        if (status == CTAP2_OK)
                judge(platform->run, &strangers, &holder);
}

static void attempt(struct probe_run *run, struct target *target)
{
        struct platform platform = { 0 };
        if (probe_finger_open(&platform, run, target)) {
                measure(&platform);
                if (target->restart)
                        (void)target->restart(target->context);
        }
        platform_close(&platform);
}

const struct probe probe_p12 = { .id = "P12",
        .title = "The wrong finger, and the right one",
        .title_ja = "他人の受入れと本人の拒否",
        .attack = "Lay strangers' fingers, another one each time, and the holder's, and count.",
        .attack_ja = "毎回異なる他人の指と本人の指を提示して数える。",
        .must = "No stranger is taken for the holder; figures with their bounds come by evidence of a measurement.",
        .must_ja = "他人は受け入れられない。信頼限界を伴う数値は測定結果を証拠として与える。",
        .responsible = "matcher",
        .needs = TARGET_CTAP | TARGET_FINGER,
        .attempt = attempt };
