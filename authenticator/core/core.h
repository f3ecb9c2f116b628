/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_H
#define CORE_H

/* CTAP 2 as a state machine: an event in, one action out. The core owns no key, reads no clock and does no
 * I/O; the same events give the same actions, so that a run can be recorded, replayed and fuzzed. What CTAP
 * measures in time is measured by the times of the events, when the next request comes. */

#include "apdu.h"

#include <mitome/gate.h>
#include <mitome/guidance.h>
#include <mitome/transport.h>

enum {
        CORE_MESSAGE_MAX = 7609
}; /* maxMsgSize of getInfo, the most that CTAPHID carries; a longer request is answered REQUEST_TOO_LARGE */

enum core_event_kind {
        CORE_REQUEST,       /* bytes: a CTAP command byte and its CBOR; caller */
        CORE_U2F,           /* bytes: a U2F request APDU; caller. The reply's bytes are a response APDU */
        CORE_CANCEL,        /* the host cancels what is being done */
        CORE_RESPONSE,      /* bytes: the element's answer to the APDU of the last action */
        CORE_LINK_BROKEN,   /* the APDU of the last action was not answered */
        CORE_GATE,          /* gate: what the gate reported */
        CORE_TOUCHED,       /* the user touched */
        CORE_NOT_TOUCHED,   /* the user declined */
        CORE_TOUCH_TIMEOUT, /* the user did neither in time */
        CORE_BLOBS,         /* bytes: the large-blob array that was saved last; empty: none ever was */
        CORE_BLOBS_SAVED,   /* durably */
        CORE_BLOBS_FAILED,  /* loading or saving the array */
        CORE_POWER_ON,      /* the element was powered off and on and its applet is selected again */
        CORE_EVENT_KINDS
};

/* Who asks. HID and NFC carry the words of anybody; APP is a caller that the access control enforcer has
 * checked. */
enum core_caller {
        CORE_CALLER_HID,
        CORE_CALLER_NFC,
        CORE_CALLER_APP,
};

struct core_event {
        enum core_event_kind kind;
        uint64_t now_ms; /* of any clock that only goes forward, the same in all events and in core_config */
        enum core_caller caller;
        uint32_t channel; /* of a request: tells this caller's clients apart */
        bool contactless; /* it came over a reader's field */
        slice bytes;
        const struct mitome_gate_event *gate;
};

enum core_action_kind {
        CORE_REPLY,       /* bytes: status byte and CBOR for the host; the next event is a request. After
                             CORE_POWER_ON it is for nobody, unless a request was being done */
        CORE_TRANSMIT,    /* bytes: an APDU for the element */
        CORE_GATE_START,  /* request: start the gate, then poll it */
        CORE_GATE_POLL,   /* wait for the gate's next event */
        CORE_GATE_CANCEL, /* cancel the gate, then poll it */
        CORE_TOUCH,       /* touch: ask the user. Any other action ends a touch that is being asked for */
        CORE_LOAD_BLOBS,  /* give the large-blob array: CORE_BLOBS or CORE_BLOBS_FAILED */
        CORE_SAVE_BLOBS,  /* bytes: keep this array in the place of the former, all or nothing:
                             CORE_BLOBS_SAVED or CORE_BLOBS_FAILED */
        CORE_ACTION_KINDS
};

/* What a touch is asked for. */
enum core_prompt {
        CORE_PROMPT_REGISTER = 1,
        CORE_PROMPT_LOGIN,
        CORE_PROMPT_SELECT, /* is it this device? */
        CORE_PROMPT_RESET,  /* everything will be erased */
        CORE_PROMPT_U2F_REGISTER,
        CORE_PROMPT_U2F_LOGIN,
        CORE_PROMPT_VENDOR, /* a vendor command */
};

struct core_touch {
        enum core_prompt why;
        slice rp_id;     /* text; empty where there is none: SELECT, RESET, U2F */
        slice user_name; /* text; empty where none is known */
        uint32_t timeout_ms;
};

/* What the user is to be told before the action is carried out, whatever it is. */
struct core_guidance {
        enum mitome_guidance state; /* NONE: nothing */
        unsigned number;
};

struct core_action {
        enum core_action_kind kind;
        struct core_guidance guidance;
        slice bytes; /* good until the next step */
        struct mitome_gate_request request;
        struct core_touch touch;
};

/* What getInfo says that the element cannot know. */
struct core_config {
        uint64_t now_ms; /* of power-on: core_new, like CORE_POWER_ON, opens authenticatorReset's window */
        unsigned transports; /* of enum mitome_transport */
        bool test_touch;     /* touches are given by a program: the firmware version says "TEST" */
        bool blobs;          /* there is a place for the large-blob array */
};

struct core;

/* core_new fails with NO_MEMORY only. */
MITOME_CHECKED mitome_status core_new(
        const struct core_config *config, struct core **ret, mitome_error *error);
void core_free(struct core *core);

/* core_step is total: any event in any state gives an action. An event that does not fit the last action
 * abandons what was being done and is answered CTAP1_ERR_INVALID_COMMAND or the like. CORE_POWER_ON fits
 * always. */
void core_step(struct core *core, const struct core_event *event, struct core_action *ret_action);

#endif
