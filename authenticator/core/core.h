/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_H
#define CORE_H

/* CTAP 2 as a state machine: an event in, one action out. The core owns no key, reads no clock and does no
 * I/O; the same events give the same actions, so that a run can be recorded, replayed and fuzzed. */

#include "apdu.h"

#include <mitome/gate.h>

enum {
        CORE_MESSAGE_MAX = 7609
}; /* maxMsgSize of getInfo, the most that CTAPHID carries; a longer request is answered REQUEST_TOO_LARGE */

enum core_event_kind {
        CORE_REQUEST,     /* bytes: a CTAP command byte and its CBOR */
        CORE_CANCEL,      /* the host cancels what is being done */
        CORE_RESPONSE,    /* bytes: the element's answer to the APDU of the last action */
        CORE_LINK_BROKEN, /* the APDU of the last action was not answered */
        CORE_GATE,        /* gate: what the gate reported */
        CORE_TOUCHED,     /* the user touched */
        CORE_NOT_TOUCHED, /* the user did not, in time */
};

struct core_event {
        enum core_event_kind kind;
        slice bytes;
        const struct mitome_gate_event *gate;
};

enum core_action_kind {
        CORE_REPLY,       /* bytes: status byte and CBOR for the host; the next event is a REQUEST */
        CORE_TRANSMIT,    /* bytes: an APDU for the element */
        CORE_GATE_START,  /* request: start the gate, then poll it */
        CORE_GATE_POLL,   /* wait for the gate's next event */
        CORE_GATE_CANCEL, /* cancel the gate, then poll it */
        CORE_TOUCH,       /* rp_id in `request`: ask for a touch */
};

struct core_action {
        enum core_action_kind kind;
        slice bytes; /* good until the next step */
        struct mitome_gate_request request;
};

struct core;

MITOME_CHECKED mitome_status core_new(struct core **ret, mitome_error *error);
void core_free(struct core *core);

/* core_step is total: any event in any state gives an action. An event that does not fit the last action
 * abandons what was being done and is answered CTAP2_ERR_INVALID_COMMAND or the like. */
void core_step(struct core *core, const struct core_event *event, struct core_action *ret_action);

#endif
