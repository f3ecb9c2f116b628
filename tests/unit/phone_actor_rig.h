/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PHONE_ACTOR_RIG_H
#define PHONE_ACTOR_RIG_H

/* A phone's actor (phone_actor.h) with a real core and element, and a person who does as told. An errand runs
 * in a thread of its own, as with the phone's. */

#include "ctap_rig.h"
#include "phone_actor.h"

#include <pthread.h>

struct phone_actor {
        struct ctap_rig ctap;
        pthread_mutex_t mutex; /* of what follows */
        pthread_cond_t changed;
        pthread_t thread;
        bool runs, started;
        uint64_t number;
        struct phone_errand errand;

        /* The person. */
        bool says_no;    /* to the question whether to log in */
        const char *pin; /* NULL: not given */
        bool away; /* nobody touches: a finger is waited for until it is cancelled, or the person comes */
        bool cancelled;

        /* What the screen showed. */
        char origin[PHONE_TEXT_MAX], number_shown[PHONE_NUMBER_MAX], word[PHONE_TEXT_MAX];
        unsigned questions, exchanges;
        char signed_origin[PHONE_TEXT_MAX];
        unsigned signatures;
};

/* A phone with a PIN (ELEMENT_RIG_PIN) and a finger. */
struct phone_actor *phone_actor_rig_open(void);
void phone_actor_rig_close(struct phone_actor *actor);

/* phone_actor_rig_wait waits for the end of the errand, if there is one. */
void phone_actor_rig_wait(struct phone_actor *actor);
/* phone_actor_rig_set_away sends the person away, or brings him back. */
void phone_actor_rig_set_away(struct phone_actor *actor, bool away);

#endif
