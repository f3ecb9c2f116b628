/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_MODEL_H
#define CORE_MODEL_H

/* What may never happen between the core, the element and the gate, whatever the events are. Used by the
 * unit test and by the fuzz target of the core. */

#include "core.h"

struct core_model {
        bool begun;      /* an operation is open */
        uint8_t command; /* BEGIN's */
        bool built_in;   /* BEGIN asked for built-in verification */
        bool with_pin;   /* BEGIN carried a pinUvAuthParam */
        bool gate_runs;
        bool touched; /* since BEGIN */
        bool refused; /* since BEGIN: would not touch, or not in time */
        bool u2f;     /* the request is one of U2F */
        bool contactless;
        bool app;     /* it came from an app that was checked */
        bool pressed; /* touched since the request */
        bool touch_awaited;
        bool evidence;        /* the gate has given evidence since BEGIN */
        bool captured;        /* the gate was asked to verify since BEGIN */
        unsigned captures;    /* how often in this request */
        bool erased;          /* the element has answered RESET with 9000 in this request */
        bool may_manage;      /* the element has allowed this request to list or rename fingers */
        bool pending_fingers; /* AUTHORISE was asked for that */
        uint8_t pending_ins;  /* of the command whose answer is awaited */
        bool pending_built_in, pending_with_pin;
        bool has_entry; /* BEGIN has answered the element's word on its PIN, which is the gate's alone */
        uint8_t entry[40];
        bool pending_param; /* the command carries a pinUvAuthParam */
        uint8_t pending_command;
        /* what is measured in time */
        uint64_t now_ms, request_ms, power_on_ms;
        bool token, token_used, token_present; /* a pinUvAuthToken lives, and its userPresent flag */
        bool nfc;                              /* the request is a card's */
        uint64_t token_ms, token_first_ms;
        bool chain; /* of assertions: the last request began it, or went on with it */
        uint64_t chain_ms;
        bool persistent; /* the token that is asked for is the one without time */
        uint64_t client, chain_client, listing_client; /* caller and channel: who asks, and who began */
        bool listing;                                  /* of credentials: as with the chain */
        uint64_t listing_ms;
        bool pending_listing;
        bool always_uv, has_pin, finger_open, enrolled; /* as GET STATE said last */
        bool may_write; /* the element has allowed this request to write large blobs */
        bool pending_writes;
        uint8_t asked;                    /* the request's command */
        unsigned made_before, got_before; /* the request */
        unsigned made, got, confirmed;    /* commands that were answered 9000 */
};

/* core_model_event takes note of an event before it is given to the core, core_model_action checks the action
 * that follows and aborts the program when it is one that may not be. */
void core_model_event(struct core_model *model, const struct core_event *event);
void core_model_action(struct core_model *model, const struct core_action *action);

#endif
