/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PHONE_BODY_H
#define PHONE_BODY_H

/* A phone's hardware, of the first story as of the phone on the screen: the element and the matcher, each a
 * process of its own with a folder of its own, a hand before the sensor, and the authenticator between them
 * in this process. One thread owns it. */

#include "element_process.h"
#include "matcher_gate.h"
#include "phone_hand.h"

#include <mitome/authenticator.h>

enum { PHONE_FOLDER_MAX = 400 };

struct phone_body_config {
        const char *folder;               /* `element`, `matcher` and more are in it; it exists */
        const char *program;              /* mitome */
        const char *matcher;              /* mitome-matcher */
        struct mitome_app software;       /* the phone's own, which may use the FIDO applet */
        const struct tsm_key_set *issuer; /* of a new element; NULL: it is there */
        struct mitome_random random;
        uint64_t touch; /* how the hand begins (phone_hand_open); 0: drawn, unlike that of any other run */
        struct mitome_presence presence;
        struct mitome_trace trace;
        unsigned transports;
};

struct phone_body {
        struct phone_body_config config;
        struct element_process element;
        struct mitome_link link; /* to the element, watched: the platform's */
        struct matcher_gate *matcher;
        struct mitome_gate gate; /* to the matcher */
        struct phone_hand *hand;
        struct mitome_gate fingers; /* what the authenticator asks: the hand's gate, unless whoever started
                                       the phone has put one of his own before it since */
        struct blob_file *blobs;
        uint8_t fido_channel; /* the logical channel that the authenticator has selected its applet on */
        struct mitome_authenticator *authenticator; /* NULL: the element is somebody else's for a while */
        char folder[PHONE_FOLDER_MAX], sensor[PHONE_FOLDER_MAX + 32];
};

/* phone_body_start starts everything but the authenticator. Do not move it afterwards. */
MITOME_CHECKED mitome_status phone_body_start(
        struct phone_body *body, const struct phone_body_config *config, mitome_error *error);
void phone_body_stop(struct phone_body *body);

/* phone_body_wake powers the authenticator on; phone_body_rest takes it away, so that both applets are free.
 */
MITOME_CHECKED mitome_status phone_body_wake(struct phone_body *body, mitome_error *error);
void phone_body_rest(struct phone_body *body);

/* phone_body_call has the authenticator answer the app, as often as it takes: for the factory, while nobody
 * else asks. It has the form of struct finger_wire's exchange; `context` is the body. */
MITOME_CHECKED mitome_status phone_body_call(void *context, slice request, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error);

#endif
