/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAY_STEPS_H
#define PLAY_STEPS_H

/* A person with both certificates in his phone, and what may happen to it, step by step. */

#include "counter.h"
#include "event_table.h"
#include "relying_party.h"

struct play {
        struct world world;
        struct world_person *person;
        struct world_phone *old, *new, *another; /* another: somebody else's, which the card is laid on */
        struct {
                uint8_t bytes[REGISTER_SERIAL_MAX];
                size_t size;
        } serials[REGISTER_KINDS + 1]; /* what was in the old phone at first */
        unsigned receipts_before;
        uint8_t list_bytes[RELYING_PARTY_LIST_MAX];
        slice list; /* of revocations, as it was published at first */
        int64_t list_until;
        uint8_t trace[SHA256_SIZE]; /* play_trace, at first */
        bool checked, tried_while_held, login_while_held, refused;
        struct counter_report report; /* the counter's, where it was asked */
};

/* play_begin opens the world and issues both certificates into the old phone; world_close ends it. */
MITOME_CHECKED mitome_status play_begin(
        struct play *play, const struct mitome_random *random, int setting, mitome_error *error);

MITOME_CHECKED mitome_status play_step(struct play *play, enum event_step step, mitome_error *error);

/* play_serial is the number of the certificate that the old phone had at first. */
slice play_serial(const struct play *play, enum register_kind kind);

/* play_look asks the element itself, whether or not its phone is silent, as a counter with a line to the
 * authority would. */
MITOME_CHECKED mitome_status play_look(
        struct play *play, struct world_phone *phone, struct counter_report *ret, mitome_error *error);

/* play_trace is what all parties have decided and know: the heads of their journals, the certificates, what
 * was ordered, and what is thought to be in the elements. Two that are equal: nothing has happened. */
MITOME_CHECKED mitome_status play_trace(struct play *play, uint8_t ret[SHA256_SIZE], mitome_error *error);

#endif
