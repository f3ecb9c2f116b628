/* SPDX-License-Identifier: Apache-2.0 */
#include "phone_hand.h"

#include "grow_finger.h"
#include "pgm_image.h"

#include <stdio.h>
#include <stdlib.h>

enum { PRESENT_MS = 10000, PATH_SIZE = 512, NO_FINGER = -1 };

const struct phone_finger phone_fingers[PHONE_HAND_FINGERS] = {
        { 20261122, "finger-index", false },
        { 20261123, "finger-middle", false },
        { 20261124, "finger-ring", false },
        { 4711, "finger-stranger", true },
};

struct phone_hand {
        const struct mitome_gate *gate;
        char sensor[PATH_SIZE];
        bool runs;    /* a request */
        bool awaited; /* the sensor waits for a finger */
        bool laid;    /* one was taken, and what became of it is not known yet */
        bool over;    /* cancelled, declined, or to be done by PIN: none is laid any more */
        bool refused; /* by the holder */
        int wanted;   /* the finger that is to be laid as soon as it is awaited */
        int steady;
        uint64_t touch; /* of the next time */
        struct finger *fingers[PHONE_HAND_FINGERS];
        uint8_t pressed[FINGER_SIZE];
};

/* ---- laying ---- */

/* Each is grown when it is first needed. */
static mitome_status grow(struct phone_hand *hand, unsigned number, mitome_error *error)
{
        if (hand->fingers[number])
                return ok();
        struct finger *finger = malloc(sizeof *finger);
        if (!finger)
                return fail(error, MITOME_E_NO_MEMORY, "finger", NULL);
        mitome_status status = finger_grow(phone_fingers[number].seed, finger, error);
        if (failed(status))
                free(finger);
        else
                hand->fingers[number] = finger;
        return status;
}

static mitome_status present(
        struct phone_hand *hand, const struct virtual_finger_image *image, mitome_error *error)
{
        hand->awaited = false;
        hand->wanted = NO_FINGER;
        mitome_status status = virtual_finger_present(hand->sensor, image, PRESENT_MS, error);
        hand->laid = !failed(status);
        return status;
}

static mitome_status press(struct phone_hand *hand, unsigned number, mitome_error *error)
{
        MITOME_TRY(grow(hand, number, error));
        const struct finger_touch touch = finger_usual_touch(hand->touch++);
        finger_press(hand->fingers[number], &touch, hand->pressed);
        const struct virtual_finger_image image = { FINGER_WIDTH, FINGER_HEIGHT, SLICE(hand->pressed) };
        return present(hand, &image, error);
}

mitome_status phone_hand_lay(struct phone_hand *hand, unsigned finger, mitome_error *error)
{
        if (finger >= PHONE_HAND_FINGERS)
                return fail(error, MITOME_E_ARGUMENT, "finger", NULL);
        if (!hand->runs || hand->over)
                return fail(error, MITOME_E_GATE_IDLE, "finger", NULL);
        if (hand->awaited)
                return press(hand, finger, error);
        hand->wanted = (int)finger;
        return ok();
}

mitome_status phone_hand_lay_image(struct phone_hand *hand, slice pgm, mitome_error *error)
{
        struct virtual_finger_image image = { 0 };
        if (!hand->awaited)
                return fail(error, MITOME_E_GATE_IDLE, "finger", NULL);
        MITOME_TRY(pgm_image_read(pgm, &image, error));
        return present(hand, &image, error);
}

bool phone_hand_awaited(const struct phone_hand *hand)
{
        return hand->awaited;
}

void phone_hand_steady(struct phone_hand *hand, int finger)
{
        hand->steady = finger;
}

bool phone_hand_laid(const struct phone_hand *hand)
{
        return hand->laid;
}

void phone_hand_withdraw(struct phone_hand *hand)
{
        hand->over = true;
        hand->awaited = false;
        hand->wanted = NO_FINGER;
}

void phone_hand_decline(struct phone_hand *hand)
{
        if (!hand->runs)
                return;
        phone_hand_withdraw(hand);
        hand->refused = true;
        hand->gate->cancel(hand->gate->context);
}

/* ---- the gate ---- */

static mitome_status start(void *context, const struct mitome_gate_request *request, mitome_error *error)
{
        struct phone_hand *hand = context;
        hand->awaited = hand->laid = hand->over = hand->refused = false;
        hand->wanted = NO_FINGER;
        MITOME_TRY(hand->gate->start(hand->gate->context, request, error));
        hand->runs = true;
        return ok();
}

/* What was laid and not taken is told by the gate itself; here there is nobody to tell. */
static void lay_what_is_wanted(struct phone_hand *hand)
{
        const int finger = hand->steady != NO_FINGER ? hand->steady : hand->wanted;
        if (hand->awaited && finger != NO_FINGER)
                (void)failed(press(hand, (unsigned)finger, NULL));
}

static mitome_status poll_gate(void *context, int wait_ms, struct mitome_gate_event *ret, mitome_error *error)
{
        struct phone_hand *hand = context;
        MITOME_TRY(hand->gate->poll(hand->gate->context, wait_ms, ret, error));
        if (ret->kind != MITOME_GATE_NOTHING)
                hand->laid = false;
        if (ret->kind == MITOME_GATE_AWAITS)
                hand->awaited = !hand->over;
        if (MITOME_GATE_IS_FINAL(ret->kind))
                hand->runs = hand->awaited = false;
        if (ret->kind == MITOME_GATE_ABSENT && hand->refused) /* the matcher has only heard of a cancel */
                ret->kind = MITOME_GATE_DISMISSED;
        lay_what_is_wanted(hand);
        return ok();
}

static void cancel(void *context)
{
        struct phone_hand *hand = context;
        phone_hand_withdraw(hand);
        hand->gate->cancel(hand->gate->context);
}

struct mitome_gate phone_hand_gate(struct phone_hand *hand)
{
        return (struct mitome_gate){
                .version = hand->gate->version,
                .context = hand,
                .start = start,
                .poll = poll_gate,
                .cancel = cancel,
        };
}

/* ---- its life ---- */

mitome_status phone_hand_open(const struct mitome_gate *gate, const char *sensor, uint64_t touch,
        struct phone_hand **ret, mitome_error *error)
{
        struct phone_hand *hand = calloc(1, sizeof *hand);
        if (!hand)
                return fail(error, MITOME_E_NO_MEMORY, "hand", NULL);
        hand->gate = gate;
        hand->touch = touch;
        hand->wanted = hand->steady = NO_FINGER;
        int size = snprintf(hand->sensor, sizeof hand->sensor, "%s", sensor);
        mitome_status status = size > 0 && (size_t)size < sizeof hand->sensor
                                       ? ok()
                                       : fail(error, MITOME_E_TOO_LONG, "folder", NULL);
        if (failed(status))
                phone_hand_close(hand);
        else
                *ret = hand;
        return status;
}

void phone_hand_close(struct phone_hand *hand)
{
        if (!hand)
                return;
        for (size_t i = 0; i < PHONE_HAND_FINGERS; i++)
                free(hand->fingers[i]);
        bytes_wipe(hand->pressed, sizeof hand->pressed);
        free(hand);
}
