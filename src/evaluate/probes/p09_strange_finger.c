/* SPDX-License-Identifier: Apache-2.0 */

/* A stranger's finger gets into the set: without the PIN, and past the element, which then hears of a set
 * that it never agreed to. */

#include "probe_finger.h"

#include "ctap_status.h"

#define RP_ID "p09.probe.mitome.example"

/* ---- without the PIN ---- */

static int by_no_token(struct platform *platform)
{
        secret_wipe(&platform->token);
        return CTAP2_OK;
}

static int by_another_permission(struct platform *platform)
{
        return platform_pin_token(platform, platform->target->pin, PLATFORM_GET, RP_ID);
}

static int by_finger(struct platform *platform)
{
        return platform_uv_token(platform, PLATFORM_FINGERS, NULL);
}

static int by_invention(struct platform *platform)
{
        platform->token.size = SHA256_SIZE;
        probe_random(platform->run, platform->token.data, SHA256_SIZE);
        return CTAP2_OK;
}

/* The right one, and then the power goes: it is nobody's any more. */
static int by_old_token(struct platform *platform)
{
        int status = probe_finger_manage(platform);
        if (status != CTAP2_OK || !(platform->target->abilities & TARGET_POWER))
                return status == CTAP2_OK ? CTAP2_ERR_NOT_ALLOWED : status;
        probe_note(platform->run, "the power goes and comes");
        return platform->target->power_cycle(platform->target->context) ? CTAP2_OK : CTAP1_ERR_OTHER;
}

static const struct {
        const char *what;
        int (*get)(struct platform *platform);
} ways[] = {
        { "without any token", by_no_token },
        { "with a token by PIN for logins only", by_another_permission },
        { "with a token by an enrolled finger", by_finger },
        { "with a token that was made up", by_invention },
        { "with the token by PIN of before a power cycle", by_old_token },
};

/* False: the attempt is over. */
static bool try_without_pin(struct platform *platform, const char **ret_way)
{
        for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
                bool added = false;
                int status = ways[i].get(platform);
                if (status == CTAP2_OK)
                        status = probe_finger_enrol(platform, TARGET_FINGER_OTHER, &added);
                secret_wipe(&platform->token);
                if (status < 0)
                        return false;
                probe_note(platform->run, "another person's finger is to be added %s: %s (status %02x)",
                        ways[i].what, added ? "added" : "refused", (unsigned)status);
                if (added && !*ret_way)
                        *ret_way = ways[i].what;
        }
        return true;
}

/* ---- past the element ---- */

/* Nothing is left of it: an element that believes forged evidence (P02) does not take this for any either. */
static void spoil(void *of, uint8_t *evidence, size_t size)
{
        (void)of;
        for (size_t i = 0; i < size; i++)
                evidence[i] = 0;
}

/* The holder's PIN begins an enrolment; what the matcher says of it does not reach the element as it was. If
 * the matcher keeps the finger it has another set now than the element agreed to, as after a change from
 * elsewhere: no finger of it may open a thing until the PIN is entered. */
struct change {
        size_t before, after;
        int other, holder; /* what came of their fingers then */
};

static int change_set(struct platform *platform, struct change *ret)
{
        struct probe_fingers fingers = { 0 };
        bool added = false;
        int status = probe_finger_manage(platform);
        if (status == CTAP2_OK)
                status = probe_finger_list(platform, &fingers);
        ret->before = fingers.count;
        platform->target->tamper(platform->target->context, spoil, NULL);
        if (status == CTAP2_OK)
                status = probe_finger_enrol(platform, TARGET_FINGER_OTHER, &added);
        platform->target->tamper(platform->target->context, NULL, NULL);
        if (status >= 0)
                probe_note(platform->run, "the evidence of an enrolment was blanked on its way: status %02x",
                        (unsigned)status);
        return status;
}

static int try_changed_set(struct platform *platform, struct change *ret)
{
        struct probe_fingers fingers = { 0 };
        int status = change_set(platform, ret);
        if (status < 0)
                return status;
        ret->other = probe_finger_try(platform, TARGET_FINGER_OTHER);
        ret->holder = ret->other < 0 ? -1 : probe_finger_try(platform, TARGET_FINGER_HOLDER);
        if (ret->holder < 0)
                return -1;
        status = probe_finger_manage(platform);
        if (status == CTAP2_OK)
                status = probe_finger_list(platform, &fingers);
        ret->after = fingers.count;
        probe_note(platform->run,
                "it had %zu fingers, and has %zu; the other's finger: status %02x; the holder's: status %02x",
                ret->before, ret->after, (unsigned)ret->other, (unsigned)ret->holder);
        return status;
}

static void judge_change(struct platform *platform)
{
        struct change change = { 0 };
        if (!(platform->target->abilities & TARGET_EVIDENCE)) {
                probe_end(platform->run, PROBE_PARTLY,
                        "No finger is added without the PIN; its set of fingers cannot be changed from elsewhere here.");
                return;
        }
        if (try_changed_set(platform, &change) != CTAP2_OK)
                return;
        const bool changed = change.after > change.before;
        const bool opens = change.other == CTAP2_OK || (changed && change.holder == CTAP2_OK);
        if (opens || changed)
                probe_fact_bool(platform->run, LEVEL_UV_CHANGE_CLOSES, !opens, !changed);
        if (opens)
                probe_end(platform->run, PROBE_BROKEN,
                        "A set of fingers that was changed from elsewhere opens it.");
}

/* ---- the whole ---- */

static void attack(struct platform *platform)
{
        const char *way = NULL;
        if (!try_without_pin(platform, &way))
                return;
        probe_fact_bool(platform->run, LEVEL_UV_ENROL_NEEDS_PIN, way == NULL, false);
        if (way) {
                probe_end(platform->run, PROBE_BROKEN, "Another person's finger was added %s.", way);
                return;
        }
        if (probe_finger_pin(platform) < 0)
                return;
        judge_change(platform);
        probe_end(platform->run, PROBE_HOLDS,
                "No finger is added without the PIN, and a set that was changed behind its back opens nothing.");
}

/* What was added goes again. */
static void tidy(struct platform *platform)
{
        struct probe_fingers fingers;
        struct target *target = platform->target;
        if (target->restart) {
                (void)target->restart(target->context);
                return;
        }
        if (probe_finger_manage(platform) != CTAP2_OK || probe_finger_list(platform, &fingers) != CTAP2_OK)
                return;
        while (fingers.count > 1 && probe_finger_remove(platform, &fingers, fingers.count - 1) == CTAP2_OK)
                fingers.count--;
}

static void attempt(struct probe_run *run, struct target *target)
{
        struct platform platform = { 0 };
        if (probe_finger_open(&platform, run, target)) {
                attack(&platform);
                tidy(&platform);
        }
        platform_close(&platform);
}

const struct probe probe_p09 = { .id = "P09",
        .title = "A stranger's finger",
        .title_ja = "他人の指の追加",
        .attack =
                "Add another person's finger without the PIN: by no token, another's, an old one; and change the set of "
                "fingers behind the back of the element.",
        .attack_ja =
                "PINなしで(トークンなし、別用途や古いトークンで)他人の指を追加し、素子に知らせずに登録指を変更する。",
        .must = "No finger is added, and a set that the element did not agree to opens nothing until the PIN is entered.",
        .must_ja = "指は追加されず、素子が承認していない登録指ではPINを入力するまで何も開かない。",
        .responsible = "matcher",
        .needs = TARGET_CTAP | TARGET_FINGER,
        .attempt = attempt };
