/* SPDX-License-Identifier: Apache-2.0 */

/* What is laid on the sensor in the place of a finger: the very image that was seen before, the same nearly,
 * the one of the enrolment; and artefacts, made of a print that nobody has presented yet. */

#include "probe_finger.h"

#include "ctap_status.h"

enum { NEAR_TRIALS = 6, SPECIES_TRIALS = 4 };

struct copies {
        struct platform platform;
        unsigned tried, taken;
        const char *first; /* that was taken */
        unsigned accepted; /* of SPECIES_TRIALS, of the worst species */
        const char *worst;
};

/* What is refused costs a try, which the PIN gives back. */
static int lay(struct copies *at, enum target_finger whose, bool *ret_taken)
{
        int status = probe_finger_try(&at->platform, whose);
        *ret_taken = status == CTAP2_OK;
        return status < 0 ? status : probe_finger_pin(&at->platform);
}

static int lay_copy(struct copies *at, enum target_finger whose, const char *what)
{
        bool taken;
        int status = lay(at, whose, &taken);
        if (status < 0)
                return status;
        probe_note(at->platform.run, "%s: %s", what, taken ? "taken" : "refused");
        at->tried++;
        at->taken += taken;
        if (taken && !at->first)
                at->first = what;
        return status;
}

/* ---- copies ---- */

static int replay(struct copies *at)
{
        struct target *target = at->platform.target;
        int status = lay_copy(at, TARGET_FINGER_SAME, "the image of the login before");
        for (unsigned i = 0; status == CTAP2_OK && i < NEAR_TRIALS; i++)
                status = lay_copy(at, TARGET_FINGER_NEAR, "the same, a little changed");
        if (status != CTAP2_OK || !(target->abilities & TARGET_POWER))
                return status;
        probe_note(at->platform.run, "the power goes and comes");
        if (!target->power_cycle(target->context))
                return CTAP1_ERR_OTHER;
        status = probe_finger_pin(&at->platform);
        return status == CTAP2_OK ? lay_copy(at, TARGET_FINGER_SAME, "the same image after a power cycle")
                                  : status;
}

/* The last sample of an enrolment is as good as a finger could be. */
static int replay_enrolment(struct copies *at)
{
        bool added = false;
        int status = probe_finger_manage(&at->platform);
        if (status == CTAP2_OK)
                status = probe_finger_enrol(&at->platform, TARGET_FINGER_OTHER, &added);
        if (status != CTAP2_OK || !added)
                return status;
        return lay_copy(at, TARGET_FINGER_SAME, "an image of the enrolment");
}

/* ---- artefacts ---- */

static int present_artefacts(struct copies *at)
{
        static const struct {
                enum target_finger whose;
                const char *name;
        } species[] = { { TARGET_FINGER_PRINTED, "printed" }, { TARGET_FINGER_SMOOTHED, "smoothed" } };
        for (size_t i = 0; i < sizeof species / sizeof *species; i++) {
                unsigned accepted = 0;
                for (unsigned n = 0; n < SPECIES_TRIALS; n++) {
                        bool taken;
                        int status = lay(at, species[i].whose, &taken);
                        if (status != CTAP2_OK)
                                return status;
                        accepted += taken;
                }
                probe_note(at->platform.run, "artefact, %s: %u of %u accepted", species[i].name, accepted,
                        SPECIES_TRIALS);
                if (!at->worst || accepted > at->accepted) {
                        at->worst = species[i].name;
                        at->accepted = accepted;
                }
        }
        return CTAP2_OK;
}

/* ---- the whole ---- */

static void conclude(struct copies *at)
{
        struct probe_run *run = at->platform.run;
        probe_fact_bool(run, LEVEL_UV_REPLAY_REFUSED, at->taken == 0, false);
        probe_fact_rate(run, LEVEL_UV_IAPAR, at->accepted, SPECIES_TRIALS);
        if (at->taken)
                probe_end(run, PROBE_BROKEN, "A copy was taken for a finger: %s (%u of %u).", at->first,
                        at->taken, at->tried);
        if (at->accepted)
                probe_end(run, PROBE_PARTLY,
                        "All %u copies were refused, but artefacts are taken for fingers: of the worst species (%s) %u of %u.",
                        at->tried, at->worst, at->accepted, SPECIES_TRIALS);
        probe_end(run, PROBE_HOLDS,
                "All %u copies were refused, and so were all artefacts, %u of each species.", at->tried,
                SPECIES_TRIALS);
}

static void attack(struct copies *at)
{
        static int (*const steps[])(struct copies *) = { replay, replay_enrolment, present_artefacts };
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
                int status = steps[i](at);
                if (status > 0)
                        probe_end(at->platform.run, PROBE_NOT_TESTABLE,
                                "PIN and enrolment do not do here what they should (status %02x).", status);
                if (status != CTAP2_OK)
                        return;
        }
        conclude(at);
}

static void attempt(struct probe_run *run, struct target *target)
{
        struct copies at = { 0 };
        if (probe_finger_open(&at.platform, run, target)) {
                attack(&at);
                if (target->restart)
                        (void)target->restart(target->context);
        }
        platform_close(&at.platform);
}

const struct probe probe_p11 = { .id = "P11",
        .title = "Copies and artefacts",
        .title_ja = "複製と人工物",
        .attack =
                "Lay the image of an earlier login again, nearly the same, and one of the enrolment; then prints on paper "
                "and casts.",
        .attack_ja = "以前の認証や登録時の画像をそのまま又は少し変えて再提示し、印刷物や型取りを提示する。",
        .must = "No copy is taken for a finger; how many artefacts are is counted, the worst species.",
        .must_ja = "複製は指と認められない。人工物は受け入れられた割合を種別ごとに数え、最悪の種別を示す。",
        .responsible = "matcher",
        .needs = TARGET_CTAP | TARGET_FINGER,
        .attempt = attempt };
