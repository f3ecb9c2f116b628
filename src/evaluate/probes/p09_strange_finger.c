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
        int status = probe_finger_token(platform, TARGET_FINGER_HOLDER, PLATFORM_FINGERS, NULL);
        return status == CTAP2_ERR_UV_INVALID ? CTAP1_ERR_OTHER : status; /* missed: not asked for yet */
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
        if (!(platform->target->abilities & TARGET_POWER))
                return CTAP1_ERR_OTHER; /* that says nothing */
        int status = probe_finger_manage(platform);
        if (status != CTAP2_OK)
                return status;
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

struct adding {
        struct probe_fingers before;
        unsigned untold; /* ways that were not tried, or whose answers say nothing */
        const char *way; /* by which one was added */
};

/* With the PIN one is added, and goes again: else a refusal would say nothing of the PIN. */
static int add_with_pin(struct platform *platform, struct adding *adding)
{
        struct probe_fingers fingers = { 0 };
        bool added = false;
        int status = probe_finger_all(platform, &adding->before);
        if (status == CTAP2_OK)
                status = probe_finger_manage(platform);
        if (status == CTAP2_OK)
                status = probe_finger_enrol(platform, TARGET_FINGER_OTHER, &added);
        if (status == CTAP2_OK)
                status = probe_finger_all(platform, &fingers);
        if (status == CTAP2_OK && (!added || fingers.count != adding->before.count + 1))
                status = CTAP1_ERR_OTHER;
        if (status == CTAP2_OK)
                status = probe_finger_remove_new(platform, &adding->before);
        if (status >= 0)
                probe_note(platform->run,
                        "another person's finger is added with the PIN, and removed: status %02x",
                        (unsigned)status);
        return status;
}

/* A finger of one way must not serve the next: each begins with what there was. */
static int try_way(struct platform *platform, size_t i, struct adding *adding)
{
        struct probe_fingers fingers;
        bool added = false;
        int status = ways[i].get(platform);
        if (status == CTAP2_OK)
                status = probe_finger_enrol(platform, TARGET_FINGER_OTHER, &added);
        secret_wipe(&platform->token);
        if (status < 0)
                return status;
        int listed = probe_finger_all(platform, &fingers);
        if (listed < 0)
                return listed;
        added = added || (listed == CTAP2_OK && fingers.count > adding->before.count);
        /* One that was begun and not ended was not refused either. */
        const bool refused = !added && listed == CTAP2_OK && probe_answer_of(status) == PROBE_REFUSED;
        adding->untold += !added && !refused;
        probe_note(platform->run, "another person's finger is to be added %s: %s (status %02x)", ways[i].what,
                added     ? "added"
                : refused ? "refused"
                          : "that was not tried, or the answer says nothing",
                (unsigned)status);
        if (added && !adding->way)
                adding->way = ways[i].what;
        return CTAP2_OK;
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

/* Who is not recognised lays it again: a matcher that misses him is no closed door. */
static int insist(struct platform *platform, enum target_finger whose)
{
        enum { TIMES = 3 };
        int status = CTAP2_ERR_UV_INVALID;
        for (int i = 0; status == CTAP2_ERR_UV_INVALID && i < TIMES; i++)
                status = probe_finger_try(platform, whose);
        return status;
}

static int try_changed_set(struct platform *platform, struct change *ret)
{
        struct probe_fingers fingers;
        int status = change_set(platform, ret);
        secret_wipe(&platform->token);
        if (status < 0)
                return status;
        ret->other = insist(platform, TARGET_FINGER_OTHER);
        ret->holder = ret->other < 0 ? -1 : probe_finger_try(platform, TARGET_FINGER_HOLDER);
        if (ret->holder < 0)
                return -1;
        status = probe_finger_all(platform, &fingers);
        ret->after = fingers.count;
        if (status < 0)
                return status;
        probe_note(platform->run,
                "it had %zu fingers, and has %zu; the other's finger: status %02x; the holder's: status %02x",
                ret->before, ret->after, (unsigned)ret->other, (unsigned)ret->holder);
        return status;
}

/* The verdict about what could be tried of it. */
static void judge_change(struct platform *platform)
{
        struct change change = { 0 };
        struct probe_run *run = platform->run;
        if (!(platform->target->abilities & TARGET_EVIDENCE)) {
                probe_end(run, PROBE_PARTLY,
                        "No finger is added without the PIN; its set of fingers cannot be changed from elsewhere here.");
                return;
        }
        int status = try_changed_set(platform, &change);
        if (status < 0)
                return;
        const bool changed = status == CTAP2_OK && change.after > change.before;
        const bool opens = change.other == CTAP2_OK || (changed && change.holder == CTAP2_OK);
        const bool closed = changed && probe_finger_answer_of(change.other) == PROBE_FINGER_CLOSED &&
                            probe_finger_answer_of(change.holder) == PROBE_FINGER_CLOSED;
        if (opens || changed)
                probe_fact_bool(run, LEVEL_UV_CHANGE_CLOSES, !opens, !opens && !closed);
        if (opens)
                probe_end(run, PROBE_BROKEN, "A set of fingers that was changed from elsewhere opens it.");
        else if (!changed)
                probe_end(run, PROBE_PARTLY,
                        "No finger is added without the PIN; its set of fingers could not be changed from elsewhere (%zu before, %zu after).",
                        change.before, change.after);
        else if (!closed)
                probe_end(run, PROBE_PARTLY,
                        "No finger is added without the PIN; with a set that was changed from elsewhere its fingers were not recognised, which does not show that it is closed (status %02x, the holder's %02x).",
                        (unsigned)change.other, (unsigned)change.holder);
}

/* What was closed opens by the PIN: else it was only locked. */
static void see_it_open(struct platform *platform)
{
        int status = probe_finger_pin(platform);
        if (status == CTAP2_OK)
                status = probe_finger_try(platform, TARGET_FINGER_HOLDER);
        if (status >= 0)
                probe_note(platform->run, "at the end, PIN and finger of the holder: status %02x",
                        (unsigned)status);
        if (status > 0)
                probe_end(platform->run, PROBE_PARTLY,
                        "At the end PIN and finger of its holder do not open it either (status %02x): what was refused may have been so for that.",
                        (unsigned)status);
}

/* ---- the whole ---- */

static void attack(struct platform *platform, struct adding *adding)
{
        struct probe_run *run = platform->run;
        int status = add_with_pin(platform, adding);
        if (status > 0)
                probe_end(run, PROBE_NOT_TESTABLE,
                        "No finger can be added with the PIN and removed again (status %02x).",
                        (unsigned)status);
        for (size_t i = 0; status == CTAP2_OK && i < sizeof ways / sizeof *ways; i++)
                status = try_way(platform, i, adding);
        if (status != CTAP2_OK)
                return;
        status = probe_finger_pin(platform);
        if (status == CTAP2_OK)
                status = probe_finger_try(platform, TARGET_FINGER_OTHER);
        if (status < 0)
                return;
        if (status == CTAP2_OK && !adding->way) /* whatever its list says */
                adding->way = "and opens it, although it is in no list";
        if (adding->way || adding->untold < sizeof ways / sizeof *ways)
                probe_fact_bool(
                        run, LEVEL_UV_ENROL_NEEDS_PIN, adding->way == NULL, !adding->way && adding->untold);
        if (adding->way) {
                probe_end(run, PROBE_BROKEN, "Another person's finger was added %s.", adding->way);
                return;
        }
        if (adding->untold)
                probe_end(run, PROBE_PARTLY,
                        "No finger was added without the PIN, but %u of %zu ways were not tried.",
                        adding->untold, sizeof ways / sizeof *ways);
        if (probe_finger_pin(platform) < 0)
                return;
        judge_change(platform);
        see_it_open(platform);
        probe_end(run, PROBE_HOLDS,
                "No finger is added without the PIN, and a set that was changed behind its back opens nothing.");
}

static void tidy(struct platform *platform, const struct adding *adding)
{
        struct target *target = platform->target;
        probe_puts_back(platform->run);
        if (target->restart)
                (void)target->restart(target->context);
        else if (adding->before.count)
                (void)probe_finger_remove_new(platform, &adding->before);
}

static void attempt(struct probe_run *run, struct target *target)
{
        struct platform platform = { 0 };
        struct adding adding = { 0 };
        if (probe_finger_open(&platform, run, target)) {
                attack(&platform, &adding);
                tidy(&platform, &adding);
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
                "PINなしで(トークンなし、別用途や古いトークンで)他人の指を追加し、セキュアエレメントに知らせずに登録指を変更する。",
        .must = "No finger is added, and a set that the element did not agree to opens nothing until the PIN is entered.",
        .must_ja =
                "指は追加されず、セキュアエレメントが承認していない登録指ではPINを入力するまで何も開かない。",
        .responsible = "matcher",
        .needs = TARGET_CTAP | TARGET_FINGER,
        .attempt = attempt };
