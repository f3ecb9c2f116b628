/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_GATE_H
#define BENCH_GATE_H

/* The whole way of a finger: a real mitome-matcher as a process, its gate, the core, and a real element (in
 * this process, on a medium in memory), personalised, with a credential of its own and one of the person's
 * certificate. The matcher's sensor is scripted, or libfprint's virtual one, on which this side lays grown
 * fingers. */

#include "bench_medium.h"
#include "grow_finger.h"
#include "matcher_gate.h"

#include <mitome/authenticator.h>

enum gate_credential { GATE_ES256, GATE_RS256, GATE_CREDENTIALS };

enum { GATE_FINGERS = 10, GATE_IMAGES = 8, GATE_JUDGED = 64 };

struct gate_bench_config {
        const char *matcher; /* the program */
        const char *folder;  /* an empty one, for its state */
        bool virtual_sensor; /* else the scripted one */
        unsigned recycle_requests;
};

/* What one ceremony took, in microseconds. */
struct gate_times {
        double wall;           /* from the request, or from the finger where one is laid, to the answer */
        double computing;      /* of this thread and of the matcher's process, in the same time */
        double libfprint_wall; /* of these, between an image and what libfprint says to it */
        double libfprint_computing;
};

struct gate_bench {
        struct element_rig element;
        struct bench_medium medium;
        struct mitome_authenticator *authenticator;
        struct matcher_gate *matcher;
        struct mitome_gate gate; /* the matcher's; what the core has lays fingers on its way */
        char state[200], sensor[200], socket[200];
        int scores[2]; /* a pipe, or -1 */
        bool virtual_sensor;

        struct finger *fingers[GATE_FINGERS]; /* those that are enrolled */
        unsigned enrolled;
        uint64_t touch; /* the next one: none is given twice */
        uint8_t *images[GATE_IMAGES];
        unsigned pressed, laid; /* images */
        unsigned hand;          /* whose finger is laid */
        bool verifies;          /* the gate's request; else it enrols, or needs no finger */
        double began_wall, began_computing;

        /* With the virtual sensor: looking at a print, comparing it with 256 seen before and 50 of a set, and
         * noting it down. */
        struct gate_times judged[GATE_JUDGED];

        uint8_t ids[GATE_CREDENTIALS][ELEMENT_RIG_ID_SIZE];
        uint8_t answer[MITOME_MESSAGE_MAX];
        size_t answer_size;
};

/* gate_bench_open makes and pairs all; what cannot be made ends the program. There is no finger yet. */
void gate_bench_open(struct gate_bench *bench, const struct gate_bench_config *config);
void gate_bench_close(struct gate_bench *bench);

/* gate_bench_enrol enrols one more finger, by bioEnrollment, and then, if it is the first, makes the two
 * credentials. */
struct gate_times gate_bench_enrol(struct gate_bench *bench);

/* gate_bench_log_in gets an assertion for one of them: by the finger that was enrolled first, or, with
 * `by_touch`, without verification. False: it did not come out as it must. */
bool gate_bench_log_in(
        struct gate_bench *bench, enum gate_credential credential, bool by_touch, struct gate_times *ret);

/* gate_bench_ask asks the matcher how it is. */
bool gate_bench_ask(struct gate_bench *bench, struct gate_times *ret);

/* gate_bench_authdata is that of the last answer; good until the next request. */
slice gate_bench_authdata(const struct gate_bench *bench);

#endif
