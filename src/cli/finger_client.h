/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FINGER_CLIENT_H
#define FINGER_CLIENT_H

/* A platform that manages and tries fingers: authenticatorBioEnrollment with a token by PIN (PIN/UV auth
 * protocol 2), and a token by finger, over whatever carries CTAP messages. */

#include "bytes.h"

#include <mitome/guidance.h>

/* One CTAP message and its answer: command byte and CBOR, status byte and CBOR. */
struct finger_wire {
        void *context;
        mitome_status (*exchange)(void *context, slice request, uint8_t *response, size_t capacity,
                size_t *ret_size, mitome_error *error);
};

enum { FINGER_RESPONSE_MAX = 7609 };

/* What a sample of an enrolment came to (CTAP's lastEnrollSampleStatus; 0 is good). finger_sample_guidance
 * has the words for it. */
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

/* finger_client_begin opens one without a token, for finger_client_state and finger_client_verify. */
void finger_client_begin(struct finger_client *client, const struct finger_wire *wire);

/* How it stands with the fingers, as far as anybody may ask. */
struct finger_state {
        bool sensor, enrolled, open, pin_set;
        unsigned modality; /* uvModality of FIDO's registry; 0: not said */
        unsigned uv_tries, pin_tries;
        unsigned samples;         /* of one enrolment, at most; 0: not said */
        unsigned uv_count;        /* captures since the PIN was entered last */
        enum mitome_guidance why; /* the path is open: RECOGNISED would be; else why it is not */
};
MITOME_CHECKED mitome_status finger_client_state(
        struct finger_client *client, struct finger_state *ret, mitome_error *error);

/* finger_client_verify has one finger tried: a token by finger, for a name that is no website's, is asked for
 * and thrown away. *ret_said is RECOGNISED, or what speaks against it; *ret_state how it stands afterwards.
 * Fails with FINGER_REFUSED where it is about something else than a finger. */
MITOME_CHECKED mitome_status finger_client_verify(struct finger_client *client,
        const struct mitome_random *random, enum mitome_guidance *ret_said, struct finger_state *ret_state,
        mitome_error *error);

/* finger_client_enrol adds a finger and calls it `name`, if that is not empty. `watcher` may be NULL. A
 * finger that is enrolled already, laid again and again, ends it, and so do too many samples that are of no
 * use. */
MITOME_CHECKED mitome_status finger_client_enrol(struct finger_client *client, slice name,
        const struct finger_watcher *watcher, struct mitome_gate_finger *ret, mitome_error *error);

/* finger_client_list: none is fine. */
MITOME_CHECKED mitome_status finger_client_list(struct finger_client *client,
        struct mitome_gate_finger ret[MITOME_GATE_FINGERS_MAX], size_t *ret_count, mitome_error *error);
MITOME_CHECKED mitome_status finger_client_rename(
        struct finger_client *client, slice id, slice name, mitome_error *error);
MITOME_CHECKED mitome_status finger_client_remove(
        struct finger_client *client, slice id, mitome_error *error);

/* finger_sample_guidance tells what is to be said of a sample. */
enum mitome_guidance finger_sample_guidance(uint8_t status, unsigned remaining);

#endif
