/* SPDX-License-Identifier: Apache-2.0 */
#include "specimen_hand.h"

#include "replay.h"
#include "virtual_finger.h"

#include <stdlib.h>

enum { PRESENT_MS = 10000, AGAIN_MAX = 3 };

/* Whose fingers they are: nobody's. Each request of a stranger is another stranger's. */
#define HOLDER_SEED UINT64_C(20261122)
#define STRANGER_SEED UINT64_C(770000)
#define OTHER_SEED UINT64_C(20261123)

/* ---- laying one ---- */

static mitome_status grow(struct finger **finger, uint64_t seed, mitome_error *error)
{
        if (!*finger)
                *finger = malloc(sizeof **finger);
        return *finger ? finger_grow(seed, *finger, error) : fail(error, MITOME_E_NO_MEMORY, "finger", NULL);
}

static mitome_status press(struct specimen_hand *hand, const struct finger *finger)
{
        const struct finger_touch touch = finger_usual_touch(++hand->touch);
        finger_press(finger, &touch, hand->sample);
        hand->has_sample = true;
        return ok();
}

static mitome_status press_holder(struct specimen_hand *hand, mitome_error *error)
{
        if (!hand->holder)
                MITOME_TRY(grow(&hand->holder, HOLDER_SEED, error));
        return press(hand, hand->holder);
}

static mitome_status press_stranger(struct specimen_hand *hand, mitome_error *error)
{
        if (!hand->other || hand->grown != hand->stranger)
                MITOME_TRY(grow(&hand->other, STRANGER_SEED + hand->stranger, error));
        hand->grown = hand->stranger;
        return press(hand, hand->other);
}

static mitome_status press_other(struct specimen_hand *hand, mitome_error *error)
{
        if (!hand->second)
                MITOME_TRY(grow(&hand->second, OTHER_SEED, error));
        return press(hand, hand->second);
}

/* What becomes of an image in the hands of somebody who has it. */
static mitome_status alter(struct specimen_hand *hand, enum replay_way way)
{
        const struct replay_image image = { FINGER_WIDTH, FINGER_HEIGHT, hand->sample };
        struct replay_image altered = { .grey = hand->altered };
        replay_make(way, ++hand->touch, &image, &altered);
        return ok();
}

static mitome_status press_near(struct specimen_hand *hand, mitome_error *error)
{
        static const enum replay_way ways[] = { REPLAY_NOISE, REPLAY_SHIFT, REPLAY_TURN, REPLAY_CONTRAST,
                REPLAY_SMOOTH, REPLAY_BLANK };
        (void)error;
        return alter(hand, ways[hand->near++ % (sizeof ways / sizeof *ways)]);
}

static mitome_status press_again(struct specimen_hand *hand, mitome_error *error)
{
        (void)error;
        return alter(hand, REPLAY_EXACT);
}

static mitome_status press_printed(struct specimen_hand *hand, mitome_error *error)
{
        MITOME_TRY(press_holder(hand, error));
        return alter(hand, REPLAY_BLOCKS);
}

static mitome_status press_smoothed(struct specimen_hand *hand, mitome_error *error)
{
        MITOME_TRY(press_holder(hand, error));
        return alter(hand, REPLAY_SMOOTH);
}

static const struct {
        mitome_status (*press)(struct specimen_hand *hand, mitome_error *error);
        bool altered;  /* it is not the sample itself that is laid */
        unsigned most; /* times in a request; 0: as often as it is asked for */
} presses[] = {
        [TARGET_FINGER_HOLDER] = { .press = press_holder },
        [TARGET_FINGER_HOLDER_ONCE] = { .press = press_holder, .most = 1 },
        [TARGET_FINGER_STRANGER_ONCE] = { .press = press_stranger, .most = 1 },
        [TARGET_FINGER_STRANGER] = { .press = press_stranger },
        [TARGET_FINGER_SAME] = { .press = press_again, .altered = true, .most = AGAIN_MAX },
        [TARGET_FINGER_NEAR] = { .press = press_near, .altered = true, .most = AGAIN_MAX },
        [TARGET_FINGER_OTHER] = { .press = press_other },
        [TARGET_FINGER_PRINTED] = { .press = press_printed, .altered = true },
        [TARGET_FINGER_SMOOTHED] = { .press = press_smoothed, .altered = true },
};

/* What was laid and not taken is told by the gate itself. */
static mitome_status lay(struct specimen_hand *hand, mitome_error *error)
{
        MITOME_TRY(presses[hand->whose].press(hand, error));
        hand->laid++;
        const struct virtual_finger_image image = { FINGER_WIDTH, FINGER_HEIGHT,
                presses[hand->whose].altered ? SLICE(hand->altered) : SLICE(hand->sample) };
        hand->awaited = false;
        mitome_status status = virtual_finger_present(hand->sensor, &image, PRESENT_MS, NULL);
        hand->awaited = failed(status); /* refused: it still waits */
        return ok();
}

/* What is made of the last sample needs one. */
static bool will_lay(const struct specimen_hand *hand)
{
        const bool needs_sample = hand->whose == TARGET_FINGER_SAME || hand->whose == TARGET_FINGER_NEAR;
        const unsigned most = presses[hand->whose].most;
        return hand->whose != TARGET_FINGER_NONE && (!needs_sample || hand->has_sample) &&
               (!most || hand->laid < most);
}

bool specimen_hand_waits(const struct specimen_hand *hand)
{
        return hand->runs && hand->awaited && !will_lay(hand);
}

/* Where nobody comes, or comes with what is refused, the matcher is given less time: it has nothing to see.
 */
static uint32_t limit_of(const struct specimen_hand *hand)
{
        enum { NOBODY_MS = 500, SAME_MS = 3000 };
        return hand->whose == TARGET_FINGER_NONE   ? NOBODY_MS
               : hand->whose == TARGET_FINGER_SAME ? SAME_MS
                                                   : 0;
}

/* ---- the gate ---- */

static mitome_status start(void *context, const struct mitome_gate_request *request, mitome_error *error)
{
        struct specimen_hand *hand = context;
        hand->awaited = hand->runs = false;
        hand->laid = 0;
        hand->stranger++;
        struct mitome_gate_request sooner = *request;
        if (limit_of(hand) && (!request->timeout_ms || request->timeout_ms > limit_of(hand)))
                sooner.timeout_ms = limit_of(hand);
        MITOME_TRY(hand->ready(hand->context, &hand->gate, error));
        MITOME_TRY(hand->gate->start(hand->gate->context, &sooner, error));
        hand->runs = true;
        return ok();
}

static mitome_status poll_gate(void *context, int wait_ms, struct mitome_gate_event *ret, mitome_error *error)
{
        struct specimen_hand *hand = context;
        if (!hand->gate)
                return fail(error, MITOME_E_GATE_BROKEN, "matcher", NULL);
        MITOME_TRY(hand->gate->poll(hand->gate->context, wait_ms, ret, error));
        if (ret->kind == MITOME_GATE_AWAITS)
                hand->awaited = true;
        if (MITOME_GATE_IS_FINAL(ret->kind))
                hand->runs = hand->awaited = false;
        if (ret->has_evidence && hand->change)
                hand->change(hand->of, ret->evidence, sizeof ret->evidence);
        return hand->runs && hand->awaited && will_lay(hand) ? lay(hand, error) : ok();
}

static void cancel(void *context)
{
        struct specimen_hand *hand = context;
        hand->awaited = false;
        if (hand->gate)
                hand->gate->cancel(hand->gate->context);
}

struct mitome_gate specimen_hand_gate(struct specimen_hand *hand)
{
        return (struct mitome_gate){ .version = MITOME_GATE_VERSION,
                .context = hand,
                .start = start,
                .poll = poll_gate,
                .cancel = cancel };
}

void specimen_hand_drop(struct specimen_hand *hand)
{
        free(hand->holder);
        free(hand->other);
        free(hand->second);
        bytes_wipe(hand->sample, sizeof hand->sample);
        bytes_wipe(hand->altered, sizeof hand->altered);
        *hand = (struct specimen_hand){ 0 };
}
