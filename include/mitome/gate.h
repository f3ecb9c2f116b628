/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MITOME_GATE_H
#define MITOME_GATE_H

/* The biometric gate as the authenticator sees it: start, poll, cancel. No image and no template ever crosses
 * this interface; what comes out is evidence for the element, which alone decides (DESIGN: unlock token). */

#include <mitome/bytes.h>
#include <mitome/error.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
        MITOME_GATE_VERSION = 3,
        MITOME_GATE_FINGERS_MAX = 10, /* of one set */
        MITOME_GATE_FINGER_ID_SIZE = 16,
        MITOME_GATE_NAME_MAX = 64, /* bytes of UTF-8 */
};

enum mitome_gate_purpose {
        MITOME_GATE_VERIFY = 1, /* compare one capture with the enrolled set */
        MITOME_GATE_ENROL = 2,  /* add one finger to the set */
        /* These need no finger. Who may ask for them is the element's to say, before. */
        MITOME_GATE_LIST = 3,   /* tell the fingers of the set */
        MITOME_GATE_RENAME = 4, /* call one of them otherwise; the set stays what it is */
        MITOME_GATE_REMOVE = 5, /* take one out of the set */
        MITOME_GATE_FORGET =
                6, /* the authenticator was reset: forget all fingers, and whom it is paired with */
};

/* What the gate is asked for. It computes what it signs from these itself: above all from the text of the RP
 * ID, which it shows to the user. */
struct mitome_gate_request {
        enum mitome_gate_purpose purpose;
        uint8_t command;               /* the CTAP command that will be done: 0x01, 0x02, 0x06, 0x09 */
        mitome_slice rp_id;            /* VERIFY: text */
        mitome_slice client_data_hash; /* VERIFY: 32 bytes; for 0x06 31 zeros and the permissions */
        mitome_slice challenge;        /* VERIFY, ENROL, REMOVE: 32 bytes, from the element, good for once */
        mitome_slice finger_id; /* ENROL: 16 bytes, what the new finger will be known by; RENAME, REMOVE */
        mitome_slice name;      /* RENAME: UTF-8; empty: it has none any more */
        mitome_slice entry;  /* VERIFY, ENROL: 40 bytes, the element's word beside its challenge on how often
                                its  PIN was entered: the gate asks for it now and then */
        uint32_t timeout_ms; /* for the whole request; 0 means the gate's own limit */
};

enum mitome_gate_event_kind {
        MITOME_GATE_NOTHING = 0, /* nothing new within the wait */
        MITOME_GATE_AWAITS = 1,  /* the sensor is ready: touch it; ENROL: `remaining` samples are wanted */
        MITOME_GATE_SAMPLE = 2,  /* one enrolment sample was taken, `remaining` more are wanted */
        MITOME_GATE_RETRY = 3,   /* the capture was not usable, `hint` says why; the same challenge goes on */
        MITOME_GATE_EVIDENCE = 4, /* VERIFY, ENROL, REMOVE done: `evidence` is for the element */
        MITOME_GATE_NO_MATCH =
                5, /* done: a finger was presented and is not in the set; `hint` is NONE or SAME */
        MITOME_GATE_ABSENT =
                6, /* done: nothing was presented in time, or cancelled; `evidence` says so to the element */
        MITOME_GATE_BROKEN = 7,     /* done: the sensor or its process failed */
        MITOME_GATE_DONE = 8,       /* LIST, RENAME, FORGET done; after LIST the fingers are in `fingers` */
        MITOME_GATE_REFUSED = 9,    /* done: this cannot be, `code` says why; `evidence`, where there is some,
                                       tells the element that nothing was presented */
        MITOME_GATE_DISMISSED = 10, /* done: the user said no at the sensor; `evidence` tells the element that
                                       nothing was presented */
};

enum mitome_gate_hint {
        MITOME_GATE_HINT_NONE = 0,
        MITOME_GATE_HINT_TOO_SHORT = 1,
        MITOME_GATE_HINT_CENTRE = 2,
        MITOME_GATE_HINT_LIFT = 3,
        MITOME_GATE_HINT_GENERAL = 4,
        MITOME_GATE_HINT_SAME = 5, /* as good as a sample seen before: lift, and touch a little differently */
        MITOME_GATE_HINT_KNOWN = 6, /* ENROL: this finger is in the set already: take another one */
        MITOME_GATE_HINT_POOR = 7,  /* too little to see: press flat, or take another finger */
};

enum { MITOME_GATE_EVIDENCE_SIZE = 116 }; /* an unlock token, authenticator/gate/unlock_token.h */

/* One finger of the set, as its holder knows it. */
struct mitome_gate_finger {
        uint8_t id[MITOME_GATE_FINGER_ID_SIZE];
        uint8_t name_size; /* 0: it has none */
        uint8_t name[MITOME_GATE_NAME_MAX];
};

struct mitome_gate_event {
        enum mitome_gate_event_kind kind;
        enum mitome_gate_hint hint;
        uint8_t remaining;
        bool has_evidence;
        uint8_t evidence[MITOME_GATE_EVIDENCE_SIZE];
        mitome_code code;
        size_t finger_count;
        struct mitome_gate_finger fingers[MITOME_GATE_FINGERS_MAX];
};

/* Whether an event of this kind ends the request. */
#define MITOME_GATE_IS_FINAL(kind) ((kind) >= MITOME_GATE_EVIDENCE && (kind) <= MITOME_GATE_DISMISSED)

/* A gate takes one request at a time: start fails with GATE_BUSY until the last one has ended. */
struct mitome_gate {
        unsigned version; /* MITOME_GATE_VERSION; another one is no gate */
        void *context;
        /* start fails when the request cannot even be heard; one that is heard and cannot be carried out ends
         * at once, with REFUSED. */
        mitome_status (*start)(void *context, const struct mitome_gate_request *request, mitome_error *error);
        /* poll waits up to `wait_ms` for the next event; NOTHING is not a failure. */
        mitome_status (*poll)(void *context, int wait_ms, struct mitome_gate_event *ret, mitome_error *error);
        /* cancel asks the running request to end; its ABSENT (or an earlier) event still comes by poll. */
        void (*cancel)(void *context);
};

#ifdef __cplusplus
}
#endif

#endif
