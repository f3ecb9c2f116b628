/* SPDX-License-Identifier: Apache-2.0 */
#include "ctap_status.h"
#include "probe_element.h"
#include "probe_passkey.h"

/* What verified a user once is sent again: the message with its pinUvAuthParam after a newer token was given
 * out and after a power cycle, the matcher's evidence in another operation, the whole login at the site. */

#define RP "p01.mitome.invalid"

static const struct site site = { .rp_id = RP, .origin = "https://" RP };

struct replay {
        struct platform platform;
        struct passkey passkey;
        struct passkey_ceremony login;
        uint8_t message[PLATFORM_REQUEST_MAX];
        size_t size;
        bool anew, cycled, evidence; /* what was tried, and answered */
};

static slice message_of(const struct replay *replay)
{
        return slice_of(replay->message, replay->size);
}

/* A login whose message is kept; sent or not. */
static int record(struct replay *replay, bool send)
{
        const struct passkey_ask ask = { 0 };
        passkey_page(&replay->platform, &replay->login, false, site.origin);
        int status = platform_verify(&replay->platform, PLATFORM_GET, RP);
        if (status != CTAP2_OK)
                return status;
        writer w = WRITER(replay->message);
        passkey_write_assertion(&w, &replay->platform, &replay->login, &replay->passkey, &ask);
        replay->size = w.used;
        return send ? passkey_assert(&replay->platform, &replay->login, &replay->passkey, &ask) : CTAP2_OK;
}

/* Sends it again; false when the attempt is over. */
static bool must_refuse(struct replay *replay, const char *when, bool *ret_tried)
{
        struct probe_run *run = replay->platform.run;
        probe_note(run, "the recorded message is sent again %s", when);
        int status = probe_ctap(run, message_of(replay), NULL);
        const enum probe_answer answer = probe_answer_of(status);
        *ret_tried = answer != PROBE_UNCLEAR;
        if (answer == PROBE_ACCEPTED) {
                probe_fact_bool(run, LEVEL_OP_EVIDENCE_ONCE, false, false);
                probe_end(run, PROBE_BROKEN, "A recorded message was signed again %s.", when);
        }
        return status > 0;
}

/* The first time it must have been good: else its refusal later would say nothing. */
static bool is_accepted(struct replay *replay)
{
        struct site_verdict verdict;
        struct site wanting = site;
        wanting.wants_verification = platform_way(&replay->platform) != PLATFORM_BY_NOTHING;
        site_logs_in(&wanting, &replay->login, replay->login.challenge, &replay->passkey, &verdict);
        if (verdict.code != MITOME_OK)
                probe_end(replay->platform.run, PROBE_NOT_TESTABLE,
                        "The relying party refuses an ordinary login: %s", verdict.why);
        return verdict.code == MITOME_OK;
}

static void replay_login(struct replay *replay)
{
        struct site_verdict verdict;
        uint8_t challenge[32];
        probe_random(replay->platform.run, challenge, sizeof challenge);
        site_logs_in(&site, &replay->login, challenge, &replay->passkey, &verdict);
        probe_note(replay->platform.run, "the recorded login at a site that asked anew: %s",
                verdict.code == MITOME_OK ? "accepted" : verdict.why);
        probe_fact_bool(
                replay->platform.run, LEVEL_VERIFIER_REPLAY_REFUSED, verdict.code != MITOME_OK, false);
        if (verdict.code == MITOME_OK)
                probe_end(replay->platform.run, PROBE_BROKEN, "The relying party accepts a recorded login.");
}

static bool replay_token(struct replay *replay)
{
        struct target *target = replay->platform.target;
        if (platform_verify(&replay->platform, PLATFORM_GET, RP) != CTAP2_OK ||
                !must_refuse(replay, "after the user was verified once more", &replay->anew))
                return false;
        if (!(target->abilities & TARGET_POWER))
                return true;
        if (record(replay, false) != CTAP2_OK)
                return false;
        probe_note(replay->platform.run, "the message is kept back, and the power goes off and on");
        return !target->power_cycle(target->context) ||
               must_refuse(replay, "after a power cycle", &replay->cycled);
}

/* The matcher's evidence of one operation, which opens it, in the next one. No PIN comes between them, which
 * might end it by itself. False: the attempt is over. */
static bool replay_once(struct platform *platform, struct evidence_tape *tape, int *ret_status)
{
        *tape = (struct evidence_tape){ .play = EVIDENCE_LISTEN };
        *ret_status = evidence_hear(platform, tape, RP);
        if (*ret_status != CTAP2_OK || tape->size == 0)
                return *ret_status >= 0;
        tape->play = EVIDENCE_REPLAY;
        tape->heard = 0;
        probe_note(platform->run, "a new operation gets the matcher's evidence of the former one");
        evidence_begin(platform->target, tape);
        *ret_status = evidence_finger(platform, TARGET_FINGER_HOLDER, RP);
        evidence_end(platform->target);
        return *ret_status >= 0;
}

static bool replay_evidence(struct replay *replay)
{
        enum { TIMES = 3 };
        struct platform *platform = &replay->platform;
        struct evidence_tape tape = { 0 };
        int status = 0;
        for (unsigned i = 0; i < TIMES && !(tape.play == EVIDENCE_REPLAY && tape.heard); i++)
                if (!replay_once(platform, &tape, &status))
                        return false;
        const bool heard = tape.play == EVIDENCE_REPLAY && tape.heard;
        replay->evidence = heard && probe_answer_of(status) != PROBE_UNCLEAR;
        if (heard && status == CTAP2_OK) {
                probe_fact_bool(platform->run, LEVEL_OP_EVIDENCE_ONCE, false, false);
                probe_end(platform->run, PROBE_BROKEN, "The matcher's evidence opened a second operation.");
                return false; /* all is said */
        }
        return evidence_settle(platform, RP);
}

static void conclude(struct replay *replay)
{
        struct platform *platform = &replay->platform;
        const bool some = replay->anew || replay->cycled || replay->evidence;
        const bool whole =
                replay->anew && replay->cycled && (replay->evidence || !platform->info.uv_possible);
        if (some)
                probe_fact_bool(platform->run, LEVEL_OP_EVIDENCE_ONCE, true, !whole);
        probe_end(platform->run, whole ? PROBE_HOLDS : PROBE_PARTLY,
                "Refused: a recorded login at the site%s%s%s.",
                replay->anew ? "; a recorded message after a new verification" : "",
                replay->cycled ? "; one after a power cycle" : " (none over a power cycle)",
                replay->evidence ? "; the matcher's evidence in a second operation" : "");
}

static void play(struct replay *replay)
{
        struct platform *platform = &replay->platform;
        int status = record(replay, true);
        if (status != CTAP2_OK) {
                if (status > 0)
                        probe_end(platform->run, PROBE_NOT_TESTABLE, "It does not log in (status %02x).",
                                status);
                return;
        }
        if (!is_accepted(replay))
                return;
        replay_login(replay);
        if (platform_way(platform) == PLATFORM_BY_NOTHING) {
                probe_end(platform->run, PROBE_PARTLY,
                        "Only the recorded login was tried: no PIN is known here.");
                return;
        }
        const bool fingers = platform->target->abilities & TARGET_EVIDENCE &&
                             platform->target->abilities & TARGET_FINGER && platform->info.uv_set;
        if (replay_token(replay) && (!fingers || replay_evidence(replay)))
                conclude(replay);
}

static void attempt(struct probe_run *run, struct target *target)
{
        struct replay replay = { 0 };
        const struct passkey_wish wish = { .rp_id = RP };
        if (!platform_open(&replay.platform, run, target))
                return;
        if (passkey_new(&replay.platform, &wish, &replay.passkey)) {
                play(&replay);
                passkey_drop(&replay.platform, &replay.passkey);
        }
        platform_close(&replay.platform);
}

const struct probe probe_p01 = {
        .id = "P01",
        .title = "Replayed evidence",
        .title_ja = "検証証拠の再送",
        .attack =
                "What verified the user once (a signed message, the matcher's evidence, a whole login) is sent again.",
        .attack_ja = "一度使われた検証の証拠(メッセージ、照合結果、認証全体)を再送する。",
        .must = "Each is refused the second time.",
        .must_ja = "二度目はすべて拒否されること。",
        .responsible = "element",
        .needs = TARGET_CTAP,
        .attempt = attempt,
};
