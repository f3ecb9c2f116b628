/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PHONE_HAND_H
#define PHONE_HAND_H

/* Whose finger touches: the gate to the matcher with a hand before its virtual sensor, which lays a finger
 * down when it is told to, and not before the sensor waits for one. The fingers are grown: they belong to
 * nobody, and are laid a little differently each time. */

#include "bytes.h"

#include <mitome/gate.h>

/* The fingers that there are. */
struct phone_finger {
        uint64_t seed;
        const char *word; /* of the page's words */
        bool stranger;    /* of somebody who is not the phone's holder */
};
enum { PHONE_HAND_STRANGER = 3, PHONE_HAND_FINGERS };
extern const struct phone_finger phone_fingers[PHONE_HAND_FINGERS];

struct phone_hand;

/* phone_hand_open: the gate must outlive the hand. How the finger is laid first follows from `touch`, and
 * each time is another one: two hands of the same number lay the same touches. NO_MEMORY. */
MITOME_CHECKED mitome_status phone_hand_open(const struct mitome_gate *gate, const char *sensor,
        uint64_t touch, struct phone_hand **ret, mitome_error *error);
void phone_hand_close(struct phone_hand *hand);

struct mitome_gate phone_hand_gate(struct phone_hand *hand);

/* phone_hand_lay lays that finger, at once or as soon as the sensor waits, while a request runs: ARGUMENT for
 * a finger that there is not, GATE_IDLE when none is wanted, and as virtual_finger_present does.
 * phone_hand_lay_image lays a picture of a finger (PGM): IMAGE_FILE. */
MITOME_CHECKED mitome_status phone_hand_lay(struct phone_hand *hand, unsigned finger, mitome_error *error);
MITOME_CHECKED mitome_status phone_hand_lay_image(struct phone_hand *hand, slice pgm, mitome_error *error);

/* phone_hand_awaited tells whether the sensor waits for a finger now. */
bool phone_hand_awaited(const struct phone_hand *hand);

/* phone_hand_laid tells whether a finger was taken that is still being looked at: from then on it is too late
 * for another decision. */
bool phone_hand_laid(const struct phone_hand *hand);

/* phone_hand_withdraw: no finger is laid any more for the request that runs, not even one that was told. */
void phone_hand_withdraw(struct phone_hand *hand);

/* phone_hand_steady has it lay the same finger each time, without being told (-1: no longer): for the
 * factory. */
void phone_hand_steady(struct phone_hand *hand, int finger);

/* phone_hand_decline: the holder would not; the request ends with DISMISSED. */
void phone_hand_decline(struct phone_hand *hand);

#endif
