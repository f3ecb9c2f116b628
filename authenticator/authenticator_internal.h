/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHENTICATOR_INTERNAL_H
#define AUTHENTICATOR_INTERNAL_H

/* What the two files of the shipped authenticator share: authenticator.c, its public face with the three
 * mouths, and run_core.c, which carries out what the core wants. */

#include "core.h"
#include "ctaphid.h"
#include "iso7816.h"

#include <mitome/authenticator.h>
#include <mitome/element.h>

/* Whose request it is. */
enum mouth {
        MOUTH_NONE,
        MOUTH_HID,
        MOUTH_CARD, /* a reader */
        MOUTH_APP,
        MOUTHS
};

/* What the core's last action waits for. */
enum waiting {
        WAITS_FOR_REQUEST,
        WAITS_FOR_GATE,
        WAITS_FOR_TOUCH,
};

struct mitome_authenticator {
        struct mitome_authenticator_config config;
        struct mitome_enforcer *enforcer; /* between the core and the element */
        struct ctaphid *hid;
        struct iso7816 *card;
        struct core *core;
        struct core_action action;
        enum waiting waiting;

        enum mouth working; /* for whom the core works */
        bool discard;       /* he has given up: nobody waits for the answer */
        enum mouth next;    /* whose request came meanwhile */
        uint8_t command;    /* of the request, for the trace */
        unsigned element_commands;

        bool dated; /* the core knows when it was powered on */
        uint64_t now_ms;
        uint64_t deadline_ms; /* of the touch that is awaited */
        bool told;            /* the host has been told that a touch is awaited */
        bool prompted;        /* presence.ask is not yet ended */
        bool gate_runs;
        bool finger_wanted;     /* by the gate */
        bool contactless;       /* of the reader's last command */
        uint32_t card_sessions; /* how often a reader has selected the application */

        slice call_request; /* good during mitome_authenticator_call */
        bool call_answered;
        size_t call_size;
        uint8_t call_answer[MITOME_MESSAGE_MAX];

        uint8_t response[MITOME_APDU_MAX]; /* of the element */
        uint8_t blobs[MITOME_BLOBS_MAX];   /* the array on its way to the core */
};

/* run_attach selects the element's FIDO applet and reads its state. */
MITOME_CHECKED mitome_status run_attach(struct mitome_authenticator *a, mitome_error *error);

/* run_start_enforcer puts the enforcer between the core and config.element. */
MITOME_CHECKED mitome_status run_start_enforcer(struct mitome_authenticator *a, mitome_error *error);

/* run_takes_u2f asks the element whether U2F requests are taken now. */
MITOME_CHECKED mitome_status run_takes_u2f(struct mitome_authenticator *a, bool *ret, mitome_error *error);

/* run_power_on tells the core that the element was powered on. */
void run_power_on(struct mitome_authenticator *a);

/* run_is_free tells whether a request of that mouth would be taken: at once, or behind one that is discarded.
 */
bool run_is_free(const struct mitome_authenticator *a, enum mouth mouth);

/* run_take takes the mouth's request, which run_is_free has let in. run_abort ends it and nobody hears of it;
 * run_cancel ends it with KEEPALIVE_CANCEL. Both do nothing where the mouth has no request. */
void run_take(struct mitome_authenticator *a, enum mouth mouth);
void run_abort(struct mitome_authenticator *a, enum mouth mouth);
void run_cancel(struct mitome_authenticator *a, enum mouth mouth);

/* run_has: a request of that mouth is being worked on, or waits. */
bool run_has(const struct mitome_authenticator *a, enum mouth mouth);

/* run_wants_user: the user is awaited, for a host that has not given up. */
bool run_wants_user(const struct mitome_authenticator *a);

/* run_poll asks sensor or user once, for at most `wait_ms`. */
void run_poll(struct mitome_authenticator *a, int wait_ms);

/* run_end lets go of sensor and user. */
void run_end(struct mitome_authenticator *a);

/* authenticator_request and authenticator_reply are the mouths' ends, in authenticator.c: the request that a
 * mouth has, whether it is a U2F request, and its answer's way back. */
slice authenticator_request(const struct mitome_authenticator *a, enum mouth mouth, bool *ret_u2f);
void authenticator_reply(struct mitome_authenticator *a, enum mouth mouth, slice answer);

/* authenticator_channel tells a mouth's clients apart: a HID channel, a reader's session. */
uint32_t authenticator_channel(const struct mitome_authenticator *a, enum mouth mouth);

#endif
