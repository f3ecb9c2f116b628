/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FINGER_CLIENT_H
#define FINGER_CLIENT_H

/* A platform that manages fingers: authenticatorBioEnrollment with a token by PIN (PIN/UV auth protocol 2),
 * over whatever carries CTAP messages. */

#include "bytes.h"

#include <mitome/gate.h>

/* One CTAP message and its answer: command byte and CBOR, status byte and CBOR. */
struct finger_wire {
        void *context;
        mitome_status (*exchange)(void *context, slice request, uint8_t *response, size_t capacity,
                size_t *ret_size, mitome_error *error);
};

enum { FINGER_RESPONSE_MAX = 7609 };

/* What a sample of an enrolment came to (CTAP's lastEnrollSampleStatus; 0 is good). */
struct finger_watcher {
        void *context;
        void (*sample)(void *context, uint8_t status, unsigned remaining);
};

struct finger_client {
        struct finger_wire wire;
        struct secret token;
        size_t answer_size;
        uint8_t answer[FINGER_RESPONSE_MAX];
};

/* finger_client_open asks for a token by PIN. What the authenticator refuses is FINGER_REFUSED, with its
 * reason in words as the field; what it answers besides CTAP, FINGER_ANSWER. finger_client_close wipes. */
MITOME_CHECKED mitome_status finger_client_open(struct finger_client *client, const struct finger_wire *wire,
        const struct mitome_random *random, slice pin, mitome_error *error);
void finger_client_close(struct finger_client *client);

/* finger_client_enrol adds a finger and calls it `name`, if that is not empty. `watcher` may be NULL. */
MITOME_CHECKED mitome_status finger_client_enrol(struct finger_client *client, slice name,
        const struct finger_watcher *watcher, struct mitome_gate_finger *ret, mitome_error *error);

/* finger_client_list: none is fine. */
MITOME_CHECKED mitome_status finger_client_list(struct finger_client *client,
        struct mitome_gate_finger ret[MITOME_GATE_FINGERS_MAX], size_t *ret_count, mitome_error *error);
MITOME_CHECKED mitome_status finger_client_rename(
        struct finger_client *client, slice id, slice name, mitome_error *error);
MITOME_CHECKED mitome_status finger_client_remove(
        struct finger_client *client, slice id, mitome_error *error);

/* finger_sample_text says what came of a sample. */
const char *finger_sample_text(uint8_t status);

#endif
