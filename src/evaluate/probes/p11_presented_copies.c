/* SPDX-License-Identifier: Apache-2.0 */

/* What is laid on the sensor in the place of a finger: the very image that was seen before, the same nearly,
 * the one of the enrolment; and artefacts, made of a print that nobody has presented yet. */

#include "probe_finger.h"

#include "ctap_status.h"

enum { NEAR_TRIALS = 6, SPECIES_TRIALS = 4 };

struct species {
        unsigned tried, accepted;
};

struct copies {
        struct platform platform;
        unsigned tried, taken, untold; /* copies; those that were not tried, or whose answers say nothing */
        const char *first;             /* that was taken */
        struct species worst;
        const char *worst_name;
        unsigned species_untold;
};

/* What is refused costs a try, which the PIN gives back. Which refusal it was is all the same here, where the
 * holder himself is let in before and afterwards: no door was closed. */
static int lay(struct copies *at, enum target_finger whose, enum probe_answer *ret)
{
        int status = probe_finger_try(&at->platform, whose);
        *ret = probe_answer_of(status);
        return status < 0 ? status : probe_finger_pin(&at->platform);
}

static int lay_copy(struct copies *at, enum target_finger whose, const char *what)
{
        static const char *const words[] = { [PROBE_ACCEPTED] = "taken",
                [PROBE_REFUSED] = "refused",
                [PROBE_UNCLEAR] = "the answer says nothing" };
        enum probe_answer answer;
        int status = lay(at, whose, &answer);
        if (status < 0)
                return status;
        probe_note(at->platform.run, "%s: %s", what, words[answer]);
        at->tried += answer != PROBE_UNCLEAR;
        at->untold += answer == PROBE_UNCLEAR;
        at->taken += answer == PROBE_ACCEPTED;
        if (answer == PROBE_ACCEPTED && !at->first)
                at->first = what;
        return status;
}

/* The holder's live finger opens it: else what was refused was refused to anybody. */
static int lay_live(struct copies *at)
{
        int status = probe_finger_try(&at->platform, TARGET_FINGER_HOLDER);
        if (status < 0)
                return status;
        probe_note(at->platform.run, "the holder's live finger: status %02x", (unsigned)status);
        if (status != CTAP2_OK)
                return status;
        return probe_finger_pin(&at->platform);
}

/* ---- copies ---- */

static int replay(struct copies *at)
{
        struct target *target = at->platform.target;
        int status = lay_copy(at, TARGET_FINGER_SAME, "the image of the login before");
        for (unsigned i = 0; status == CTAP2_OK && i < NEAR_TRIALS; i++)
                status = lay_copy(at, TARGET_FINGER_NEAR, "the same, a little changed");
        if (status != CTAP2_OK)
                return status;
        if (!(target->abilities & TARGET_POWER)) {
                at->untold++;
                return status;
        }
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
        if (status == CTAP2_OK && !added) {
                probe_note(at->platform.run, "the enrolment did not come to its end");
                at->untold++;
                return probe_finger_pin(&at->platform);
        }
        return status == CTAP2_OK ? lay_copy(at, TARGET_FINGER_SAME, "an image of the enrolment") : status;
}

/* ---- artefacts ---- */

static bool is_worse(const struct species *one, const struct species *other)
{
        return other->tried == 0 || one->accepted * other->tried > other->accepted * one->tried;
}

static int present_species(struct copies *at, enum target_finger whose, const char *name)
{
        struct species species = { 0 };
        for (unsigned n = 0; n < SPECIES_TRIALS; n++) {
                enum probe_answer answer;
                int status = lay(at, whose, &answer);
                if (status != CTAP2_OK)
                        return status;
                species.tried += answer != PROBE_UNCLEAR;
                species.accepted += answer == PROBE_ACCEPTED;
        }
        probe_note(
                at->platform.run, "artefact, %s: %u of %u accepted", name, species.accepted, species.tried);
        at->species_untold += SPECIES_TRIALS - species.tried;
        if (species.tried && is_worse(&species, &at->worst)) {
                at->worst_name = name;
                at->worst = species;
        }
        return CTAP2_OK;
}

static int present_artefacts(struct copies *at)
{
        int status = present_species(at, TARGET_FINGER_PRINTED, "printed");
        return status == CTAP2_OK ? present_species(at, TARGET_FINGER_SMOOTHED, "smoothed") : status;
}

/* ---- the whole ---- */

/* That is so, whatever else comes of it. */
static void say_taken(struct copies *at)
{
        if (!at->taken)
                return;
        probe_fact_bool(at->platform.run, LEVEL_UV_REPLAY_REFUSED, false, false);
        probe_end(at->platform.run, PROBE_BROKEN, "A copy was taken for a finger: %s (%u of %u).", at->first,
                at->taken, at->tried);
}

static void conclude(struct copies *at)
{
        struct probe_run *run = at->platform.run;
        say_taken(at);
        if (at->tried && !at->taken)
                probe_fact_bool(run, LEVEL_UV_REPLAY_REFUSED, true, at->untold);
        if (at->worst.tried)
                probe_fact_rate(run, LEVEL_UV_IAPAR, at->worst.accepted, at->worst.tried);
        if (at->worst.accepted)
                probe_end(run, PROBE_PARTLY,
                        "%u copies were refused and %u not tried; artefacts are taken for fingers: of the worst species (%s) %u of %u.",
                        at->tried, at->untold, at->worst_name, at->worst.accepted, at->worst.tried);
        if (at->untold || at->species_untold)
                probe_end(run, PROBE_PARTLY,
                        "What could be tried was refused; %u copies and %u artefacts were not, or their answers say nothing.",
                        at->untold, at->species_untold);
        probe_end(run, PROBE_HOLDS,
                "All %u copies were refused, and so were all artefacts, %u of each species.", at->tried,
                SPECIES_TRIALS);
}

/* What was added goes again, as far as it can. */
static void tidy(struct copies *at, const struct probe_fingers *before)
{
        struct target *target = at->platform.target;
        probe_puts_back(at->platform.run);
        if (target->restart)
                (void)target->restart(target->context);
        else
                (void)probe_finger_remove_new(&at->platform, before);
}

static void attack(struct copies *at)
{
        static const struct {
                int (*step)(struct copies *at);
                const char *cannot;
        } steps[] = {
                { replay, "Its PIN does not do here what it should" },
                { lay_live, "After the copies the holder's own finger does not open it either" },
                { replay_enrolment, "PIN and enrolment do not do here what they should" },
                { present_artefacts, "Its PIN does not do here what it should" },
                { lay_live, "After the artefacts the holder's own finger does not open it either" },
        };
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
                int status = steps[i].step(at);
                if (status > 0)
                        probe_end(at->platform.run, PROBE_NOT_TESTABLE,
                                "%s (status %02x): what was refused says nothing.", steps[i].cannot,
                                (unsigned)status);
                if (status != CTAP2_OK) {
                        say_taken(at);
                        return;
                }
        }
        conclude(at);
}

static void attempt(struct probe_run *run, struct target *target)
{
        struct copies at = { 0 };
        struct probe_fingers before;
        if (probe_finger_open(&at.platform, run, target)) {
                int status = probe_finger_all(&at.platform, &before);
                if (status == CTAP2_OK)
                        attack(&at);
                if (status > 0)
                        probe_end(run, PROBE_NOT_TESTABLE, "Its fingers cannot be listed (status %02x).",
                                (unsigned)status);
                if (status == CTAP2_OK)
                        tidy(&at, &before);
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
