/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PHONE_WITHIN_H
#define PHONE_WITHIN_H

/* What the files of the actor share; phone_actor.h is what others see of it. */

#include "hid_port.h"
#include "phone_actor.h"
#include "phone_life.h"
#include "phone_log.h"

#include <pthread.h>

/* What the actor's thread is to do. It lies with whoever waits for it. */
struct phone_job {
        mitome_status (*run)(struct phone_actor *actor, void *context, mitome_error *error);
        void *context;
        bool anytime; /* also while the authenticator waits for somebody; else when it has nothing to do */
        struct phone_job *next;
        bool done;
        mitome_status status;
        mitome_error error;
};

/* A CTAP request of the app's. */
struct phone_exchange {
        const struct phone_caller *caller;
        slice request;
        uint8_t *response;
        size_t capacity, size;
        unsigned prompt; /* the last for which a finger was wanted on its behalf; 0: none was */
        bool begun, cancelled, done, broken;
};

/* How it stands with the phone, as the page shows it. */
struct phone_model {
        struct device_state state;
        struct life_state life;
        bool life_known;
        struct phone_life_certificate certificates[REGISTER_KINDS + 1]; /* by enum register_kind */
        bool fingers_known; /* their names: the PIN was entered for that */
        size_t finger_count;
        struct mitome_gate_finger fingers[MITOME_GATE_FINGERS_MAX];
};

struct phone_actor {
        /* The actor's thread's own. */
        struct phone_life life;
        struct hid_port port;
        struct phone_log *log;
        bool has_port, was_reset;
        uint8_t command; /* that is being done */
        uint64_t ticked;

        /* Everybody's, under the lock. */
        pthread_mutex_t lock;
        pthread_cond_t changed;
        int wake; /* an eventfd */
        bool ends;
        struct phone_job *first, **last;
        struct phone_exchange *exchange;
        struct phone_screen screen;
        unsigned prompts;
        unsigned hand_prompt; /* that phone_board_watch_hand has shown; 0: none stands */
        unsigned asked;       /* the authenticator's prompt that stands; 0: none */
        unsigned answered;    /* the prompt that the holder's last answer is for, and nobody else's */
        bool reply_yes, wants_pin;
        struct secret reply;
        struct phone_model model;

        /* The app's thread. */
        struct phone_errand errand;
        uint64_t errands; /* the number of the last that was begun */
        bool errand_runs, errand_cancelled;

        pthread_t threads[2];
        unsigned thread_count;
};

/* ---- phone_actor.c ---- */

/* phone_actor_do has the actor's thread do a job, and waits. GATE_BROKEN when the phone ends. */
MITOME_CHECKED mitome_status phone_actor_do(
        struct phone_actor *actor, struct phone_job *job, mitome_error *error);

/* phone_actor_refresh has the model looked at anew; in the actor's thread. */
void phone_actor_refresh(struct phone_actor *actor);
/* phone_actor_model gives the last one. */
void phone_actor_model(struct phone_actor *actor, struct phone_model *ret);

/* ---- phone_board.c: the screen ---- */

/* phone_board_change is to be called, under the lock, when `screen` has been changed. */
void phone_board_change(struct phone_actor *actor);
/* phone_board_rest shows that nobody is waited for any more, unless the authenticator still waits: what it
 * asks stays until it has its answer. Under the lock. */
void phone_board_rest(struct phone_actor *actor);
/* phone_board_presence asks the holder on behalf of the authenticator. */
struct mitome_presence phone_board_presence(struct phone_actor *actor);

/* phone_board_watch_hand shows that a finger is awaited where the authenticator does not say so: it asks once
 * for an enrolment, and not for each impression. In the actor's thread. */
void phone_board_watch_hand(struct phone_actor *actor);

/* A text on the screen; what does not fit is cut. */
void phone_board_text(char *to, size_t capacity, slice text);

/* ---- phone_errands.c ---- */

enum phone_wish {
        PHONE_WISH_FINGERS,        /* show the fingers' names */
        PHONE_WISH_ENROL,          /* text: the name */
        PHONE_WISH_RENAME,         /* id, text */
        PHONE_WISH_REMOVE,         /* id */
        PHONE_WISH_ISSUE,          /* certificates, by the card */
        PHONE_WISH_RESET_PIN,      /* by the card */
        PHONE_WISH_RESET_PASSWORD, /* by the card */
        PHONE_WISH_HOLD,           /* by telephone */
        PHONE_WISH_RELEASE,
        PHONE_WISH_REVOKE, /* and erase what is in the phone */
        PHONE_WISH_ERASE,  /* the whole phone */
        PHONE_WISHES
};
extern const char *const phone_wish_names[PHONE_WISHES];

/* phone_wish begins it as an errand: GATE_BUSY, ARGUMENT, NO_MEMORY. */
MITOME_CHECKED mitome_status phone_wish(struct phone_actor *actor, enum phone_wish wish, slice id, slice text,
        uint64_t *ret_number, mitome_error *error);

#endif
