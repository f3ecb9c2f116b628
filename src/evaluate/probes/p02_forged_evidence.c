/* SPDX-License-Identifier: Apache-2.0 */
#include "ctap_status.h"
#include "probe_element.h"

/* The matcher's evidence is changed on its way to the element: each field of it, and its MAC in several
 * places. Each time a real finger has matched, so that only the change is left to be refused. */

#define RP "p02.mitome.invalid"

static const struct forgery {
        const char *what;
        enum evidence_play play;
        uint8_t at, mask;
} forgeries[] = {
        { "another version", EVIDENCE_FLIP, 0, 0x02 },
        { "another purpose", EVIDENCE_FLIP, 1, 0x02 },
        { "any modality", EVIDENCE_FLIP, 2, 0xFE },
        { "a reserved bit", EVIDENCE_FLIP, 3, 0x80 },
        { "another challenge (first byte)", EVIDENCE_FLIP, 4, 0x80 },
        { "another challenge (last byte)", EVIDENCE_FLIP, 35, 0x01 },
        { "another operation (first byte)", EVIDENCE_FLIP, 36, 0x80 },
        { "another operation (last byte)", EVIDENCE_FLIP, 67, 0x01 },
        { "another user's fingers (first byte)", EVIDENCE_FLIP, 68, 0x80 },
        { "another user's fingers (last byte)", EVIDENCE_FLIP, 83, 0x01 },
        { "another MAC (first byte)", EVIDENCE_FLIP, 84, 0x80 },
        { "another MAC (8th byte)", EVIDENCE_FLIP, 91, 0x01 },
        { "another MAC (17th byte)", EVIDENCE_FLIP, 100, 0x01 },
        { "another MAC (last byte)", EVIDENCE_FLIP, 115, 0x01 },
        { "no MAC", EVIDENCE_BLANK, 84, 0 },
        { "nothing but zeros", EVIDENCE_BLANK, 0, 0 },
};

enum { FORGERIES = sizeof forgeries / sizeof *forgeries };

struct forging {
        unsigned tried, accepted;
        bool opens; /* what is not changed still opens it, in the end */
};

/* A finger matches, and what it gives is changed. False: the attempt is over. */
static bool forge(struct platform *platform, const struct forgery *forgery, struct forging *forging)
{
        struct evidence_tape tape = { .play = forgery->play, .at = forgery->at, .mask = forgery->mask };
        probe_note(platform->run, "a finger matches, and its evidence says: %s", forgery->what);
        int status = evidence_hear(platform, &tape, RP);
        if (status < 0)
                return false;
        const enum probe_answer answer = tape.heard ? probe_answer_of(status) : PROBE_UNCLEAR;
        forging->tried += answer != PROBE_UNCLEAR;
        if (answer == PROBE_ACCEPTED) {
                forging->accepted++;
                probe_fact_bool(platform->run, LEVEL_UV_INJECTION_REFUSED, false, false);
                probe_end(platform->run, PROBE_BROKEN, "Changed evidence opened it: %s.", forgery->what);
        }
        return true;
}

/* What a finger gives when nothing is changed must open: else a refusal says nothing. */
static int hear_unchanged(struct platform *platform, bool *ret_opens)
{
        struct evidence_tape tape = { .play = EVIDENCE_LISTEN };
        int status = evidence_hear(platform, &tape, RP);
        *ret_opens = status == CTAP2_OK && tape.size == sizeof tape.kept;
        return status;
}

static void conclude(struct platform *platform, const struct forging *forging)
{
        const bool whole = forging->tried == FORGERIES && forging->opens;
        if (forging->accepted)
                return;
        if (forging->tried && forging->opens)
                probe_fact_bool(platform->run, LEVEL_UV_INJECTION_REFUSED, true, !whole);
        if (evidence_settle(platform, RP))
                probe_end(platform->run, whole ? PROBE_HOLDS : PROBE_PARTLY,
                        "%u of %d changes of the evidence were tried, and all of them refused%s.",
                        forging->tried, (int)FORGERIES,
                        forging->opens ? "" : "; but what is not changed opens it no more either");
}

static void play(struct platform *platform)
{
        struct forging forging = { 0 };
        bool opens;
        int status = hear_unchanged(platform, &opens);
        if (status >= 0 && !opens)
                probe_end(platform->run, PROBE_NOT_TESTABLE, "No finger opens it (status %02x).", status);
        if (status < 0 || !opens)
                return;
        for (size_t i = 0; i < FORGERIES && probe_progress(platform->run, i, FORGERIES); i++)
                if (!forge(platform, &forgeries[i], &forging))
                        return;
        if (hear_unchanged(platform, &forging.opens) >= 0)
                conclude(platform, &forging);
}

static void attempt(struct probe_run *run, struct target *target)
{
        struct platform platform;
        if (!platform_open(&platform, run, target))
                return;
        if (platform.info.uv_set)
                play(&platform);
        else
                probe_end(run, PROBE_NOT_TESTABLE, "No finger is enrolled.");
        platform_close(&platform);
}

const struct probe probe_p02 = {
        .id = "P02",
        .title = "Forged evidence of the matcher",
        .title_ja = "照合結果の偽造",
        .attack =
                "Each field of the matcher's evidence, and its MAC in several places, is changed on the way to the element.",
        .attack_ja = "照合器からセキュアエレメントへの証拠の各項目とMACの各所を改変する。",
        .must = "Evidence that is not what the matcher wrote opens nothing.",
        .must_ja = "改変された証拠では何も開かないこと。",
        .responsible = "element",
        .needs = TARGET_CTAP | TARGET_FINGER | TARGET_EVIDENCE,
        .attempt = attempt,
};
