/* SPDX-License-Identifier: Apache-2.0 */
#include "authdata.h"
#include "ctap_status.h"
#include "probe_passkey.h"

/* The phone is on and unlocked, and nobody verifies anything: what does it sign, and what does it claim? With
 * a hand that does not touch: does it sign for somebody who is not there? */

#define RP "p05.mitome.invalid"
#define GUARDED_RP "p05-guarded.mitome.invalid"

enum { PROTECTED = 3 /* credProtect: userVerificationRequired */ };

struct unlocked {
        struct platform platform;
        struct passkey guarded, ordinary;
        bool has_guarded;
        bool no_factor, intent;
        bool guard_tried, claims_tried, touch_tried; /* each in whole */
};

/* Without any token. False: the attempt is over. */
static bool ask_without(struct unlocked *unlocked, const struct passkey *passkey,
        const struct passkey_ask *ask, const char *what, struct passkey_ceremony *ceremony,
        enum probe_answer *ret)
{
        struct platform *platform = &unlocked->platform;
        secret_wipe(&platform->token);
        passkey_page(platform, ceremony, false, "https://" RP);
        probe_note(platform->run, "%s", what);
        int status = passkey_assert(platform, ceremony, passkey, ask);
        *ret = probe_answer_of(status);
        return status >= 0;
}

static void no_factor(struct unlocked *unlocked)
{
        unlocked->no_factor = false;
        probe_fact_bool(unlocked->platform.run, LEVEL_OP_UNLOCK_IS_NO_FACTOR, false, false);
}

static bool try_guarded(struct unlocked *unlocked)
{
        static const struct passkey_ask asks[] = { { 0 }, { .no_presence = true }, { .unnamed = true } };
        static const char *const what[] = { "a passkey that wants verification, without any",
                "the same, without presence either", "the same, without being named" };
        struct passkey_ceremony ceremony;
        enum probe_answer answer;
        bool works;
        if (!passkey_works(&unlocked->platform, &unlocked->guarded, &(struct passkey_ask){ 0 }, &works))
                return false;
        unlocked->guard_tried = works;
        for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
                if (!ask_without(unlocked, &unlocked->guarded, &asks[i], what[i], &ceremony, &answer))
                        return false;
                unlocked->guard_tried = unlocked->guard_tried && answer != PROBE_UNCLEAR;
                if (answer == PROBE_ACCEPTED) {
                        no_factor(unlocked);
                        probe_end(unlocked->platform.run, PROBE_BROKEN, "Signed without verification: %s.",
                                what[i]);
                }
        }
        return true;
}

/* What it may sign for anybody who has it in hand must not say more than that. */
static bool try_ordinary(struct unlocked *unlocked)
{
        static const struct passkey_ask asks[] = { { 0 }, { .no_presence = true } };
        static const char *const what[] = { "an ordinary passkey, without verification",
                "the same, without presence either" };
        const uint8_t too_much[] = { AUTHDATA_UV, AUTHDATA_UV | AUTHDATA_UP };
        struct passkey_ceremony ceremony;
        enum probe_answer answer;
        unlocked->claims_tried = true;
        for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
                if (!ask_without(unlocked, &unlocked->ordinary, &asks[i], what[i], &ceremony, &answer))
                        return false;
                unlocked->claims_tried =
                        unlocked->claims_tried &&
                        (answer == PROBE_REFUSED || (answer == PROBE_ACCEPTED && passkey_reads(&ceremony)));
                if (answer == PROBE_ACCEPTED && passkey_flags(&ceremony) & too_much[i]) {
                        no_factor(unlocked);
                        probe_end(unlocked->platform.run, PROBE_BROKEN,
                                "It claims what did not happen (flags %02x): %s.", passkey_flags(&ceremony),
                                what[i]);
                }
        }
        return true;
}

/* How a login ends that waits for a touch, and none comes. */
static bool is_unanswered(int status)
{
        return status == CTAP2_ERR_USER_ACTION_TIMEOUT || status == CTAP2_ERR_ACTION_TIMEOUT ||
               status == CTAP2_ERR_OPERATION_DENIED || status == CTAP1_ERR_TIMEOUT;
}

static bool try_untouched(struct unlocked *unlocked)
{
        struct platform *platform = &unlocked->platform;
        struct target *target = platform->target;
        struct passkey_ceremony ceremony;
        bool works;
        if (!(target->abilities & TARGET_TOUCH))
                return true;
        if (!passkey_works(platform, &unlocked->ordinary, &(struct passkey_ask){ 0 }, &works))
                return false;
        if (!works)
                return true;
        passkey_page(platform, &ceremony, false, "https://" RP);
        int status = platform_verify(platform, PLATFORM_GET, RP);
        if (status != CTAP2_OK)
                return status > 0;
        probe_note(platform->run, "the PIN is known, and nobody touches");
        target->touch(target->context, false);
        status = passkey_assert(platform, &ceremony, &unlocked->ordinary, &(struct passkey_ask){ 0 });
        target->touch(target->context, true);
        unlocked->touch_tried = status == CTAP2_OK || is_unanswered(status);
        if (status == CTAP2_OK) {
                unlocked->intent = false;
                probe_fact_bool(platform->run, LEVEL_OP_INTENT, false, false);
                probe_end(platform->run, PROBE_BROKEN, "It signed, and nobody had touched it.");
        }
        return status >= 0;
}

static void play(struct unlocked *unlocked)
{
        struct probe_run *run = unlocked->platform.run;
        unlocked->no_factor = unlocked->intent = true;
        if ((unlocked->has_guarded && !try_guarded(unlocked)) || !try_ordinary(unlocked) ||
                !try_untouched(unlocked))
                return;
        const bool whole = unlocked->guard_tried && unlocked->claims_tried;
        if (unlocked->no_factor && (unlocked->guard_tried || unlocked->claims_tried))
                probe_fact_bool(run, LEVEL_OP_UNLOCK_IS_NO_FACTOR, true, !whole);
        if (unlocked->intent && unlocked->touch_tried)
                probe_fact_bool(run, LEVEL_OP_INTENT, true, false);
        probe_end(run, whole && unlocked->touch_tried ? PROBE_HOLDS : PROBE_PARTLY, "%s; %s; %s.",
                unlocked->guard_tried   ? "Nothing was signed that wants verification"
                : unlocked->has_guarded ? "Whether a login wants verification was not seen in whole"
                                        : "It makes no passkeys that want verification (credProtect)",
                unlocked->claims_tried ? "nothing was claimed that did not happen"
                                       : "what it claims was not seen in whole",
                unlocked->touch_tried ? "nothing was signed without a touch"
                                      : "whether it signs without a touch was not tried");
}

static void attempt(struct probe_run *run, struct target *target)
{
        struct unlocked unlocked = { 0 };
        struct passkey_wish wish = { .rp_id = RP };
        if (!platform_open(&unlocked.platform, run, target))
                return;
        if (passkey_new(&unlocked.platform, &wish, &unlocked.ordinary)) {
                wish.protect = PROTECTED;
                wish.rp_id = GUARDED_RP;
                unlocked.has_guarded = unlocked.platform.info.cred_protect &&
                                       passkey_new(&unlocked.platform, &wish, &unlocked.guarded);
                play(&unlocked);
                if (unlocked.has_guarded)
                        passkey_drop(&unlocked.platform, &unlocked.guarded);
                passkey_drop(&unlocked.platform, &unlocked.ordinary);
        }
        platform_close(&unlocked.platform);
}

const struct probe probe_p05 = {
        .id = "P05",
        .title = "An unlocked phone",
        .title_ja = "ロック解除済みの端末",
        .attack =
                "The phone is unlocked; signatures are asked for without verification, and without a touch.",
        .attack_ja = "ロック解除済みの端末に、利用者検証なし・接触なしで署名を求める。",
        .must = "It signs nothing that wants verification, claims none, and signs for nobody who is not there.",
        .must_ja = "検証を要する署名をせず、検証したと偽らず、不在の利用者のために署名しないこと。",
        .responsible = "app",
        .needs = TARGET_CTAP,
        .attempt = attempt,
};
