/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATE_DOUBLE_H
#define GATE_DOUBLE_H

/* A gate without a sensor: a test says which finger comes, and it seals unlock tokens as a matcher does, with
 * the pairing key. It can also be a bad gate. */

#include "unlock_token.h"

enum finger {
        FINGER_OWN,      /* in the set */
        FINGER_OTHER,    /* not in the set */
        FINGER_NONE,     /* nobody comes in time */
        FINGER_WAITED,   /* nobody has come yet */
        FINGER_BLURRED,  /* one capture that is not usable, then FINGER_OWN */
        FINGER_SMUDGED,  /* captures that are not usable, for ever */
        FINGER_KNOWN,    /* in the set already, where another one is wanted */
        FINGER_WITHHELD, /* the user says no */
};

/* What is wrong with its tokens. */
enum forgery {
        FORGERY_NONE,
        FORGERY_REPLAY, /* the token before */
        FORGERY_MAC,
        FORGERY_RP_ID,   /* made for another relying party */
        FORGERY_COMMAND, /* for another command */
        FORGERY_SET,     /* of another set of fingers */
        FORGERY_PURPOSE, /* "enrolled" for "verified" */
};

enum { GATE_DOUBLE_SAMPLES = 5 };

struct gate_double {
        struct secret pairing_key;
        uint8_t set[UNLOCK_SET_SIZE];
        enum finger finger;
        enum forgery forgery;
        bool broken;
        mitome_code declines_for; /* why it declines; 0: it has no sensor */
        bool declines;            /* it has no sensor: says so under seal, and nobody is asked for a finger */

        bool runs, cancelled, awaited;
        struct mitome_gate_request request; /* its views point into the copies below */
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE];
        uint8_t rp_id_hash[SHA256_SIZE], client_data_hash[SHA256_SIZE];
        uint8_t remaining;
        uint8_t last_token[UNLOCK_TOKEN_SIZE];
        uint8_t finger_id[MITOME_GATE_FINGER_ID_SIZE], name[MITOME_GATE_NAME_MAX], name_size;
        size_t finger_count;
        struct mitome_gate_finger fingers[MITOME_GATE_FINGERS_MAX];
        unsigned starts;
};

struct mitome_gate gate_double_gate(struct gate_double *gate);

#endif
