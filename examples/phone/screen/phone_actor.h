/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PHONE_ACTOR_H
#define PHONE_ACTOR_H

/* The phone at work. One thread, the actor's, owns the authenticator, the element and the matcher, the JPKI
 * app's life cycle and the parties around it; who wants something of them asks, from any thread but that one,
 * and waits. A second thread, the app's, does one errand after the other (a login, a signature, a new
 * finger): what takes a person's time is an errand, and what a web server's thread does is only to begin one.
 *
 * What the phone's screen shows is one struct phone_screen, which has another number each time that it
 * changes; what is typed or touched there comes by phone_actor_reply and phone_actor_touch. */

#include "bytes.h"

#include <mitome/guidance.h>

enum {
        PHONE_TEXT_MAX = 256,      /* of a name or an origin on the screen, with its terminator */
        PHONE_SECRET_MAX = 64,     /* of a PIN or a password */
        PHONE_NUMBER_MAX = 8,      /* of what both screens show */
        PHONE_DOCUMENT_MAX = 8192, /* of a text that is shown as a whole */
        PHONE_CERTIFICATE_MAX = 4096,
        PHONE_SIGNATURE_SIZE = 256,
};

struct phone_actor;

/* phone_actor_open makes or finds the phone (phone_life.h; its presence and trace are the actor's own) and
 * starts both threads. `hid` is a port for other programs' CTAPHID, as hid_port_open takes it ("uhid"); NULL:
 * none. */
struct phone_life_config;
MITOME_CHECKED mitome_status phone_actor_open(const struct phone_life_config *config, const char *hid,
        struct phone_actor **ret, mitome_error *error);
void phone_actor_close(struct phone_actor *actor);

/* ---- CTAP ---- */

/* On whose behalf the phone's own authenticator is asked; the screen shows it. */
struct phone_caller {
        const char *origin;  /* "https://portal.example"; NULL: nobody's page */
        const char *purpose; /* a word of the page's words, e.g. "login"; NULL: what the authenticator says */
};

/* phone_actor_exchange has the authenticator answer a CTAP request (command byte, CBOR): status byte and CBOR
 * in `response`, which is as long as MITOME_MESSAGE_MAX (<mitome/authenticator.h>). It waits for the person
 * as long as the authenticator does. *ret_wants_pin: the holder has pressed "use the PIN instead" while a
 * finger was awaited; the status is then KEEPALIVE_CANCEL (2D), and whoever asked may ask for the PIN
 * (phone_actor_ask) and try that way. GATE_BROKEN when the phone ends or its element has gone. */
MITOME_CHECKED mitome_status phone_actor_exchange(struct phone_actor *actor,
        const struct phone_caller *caller, slice request, uint8_t *response, size_t capacity,
        size_t *ret_size, bool *ret_wants_pin, mitome_error *error);

/* ---- asking the holder ---- */

enum phone_question_kind {
        PHONE_ASKS_PIN = 1,  /* four digits */
        PHONE_ASKS_PASSWORD, /* the signing password */
        PHONE_ASKS_CONSENT,  /* yes or no: text, origin, number */
};

struct phone_question {
        enum phone_question_kind kind;
        const char *origin; /* whom it is for; NULL */
        const char *word;   /* of the page's words: what is asked, e.g. "confirm-login" */
        const char *text;   /* e.g. a document's name; NULL */
        const char *number; /* what the other screen shows, too; NULL */
        unsigned tries;     /* of PIN or password; 0: not known */
};

struct phone_answer {
        bool yes;                         /* else: no, or nobody came in time */
        size_t size;                      /* of the secret */
        uint8_t secret[PHONE_SECRET_MAX]; /* wipe it */
};

/* phone_actor_ask puts a question on the screen and waits (at most two minutes) for what the holder says. It
 * is for the app's thread. */
MITOME_CHECKED mitome_status phone_actor_ask(struct phone_actor *actor, const struct phone_question *question,
        struct phone_answer *ret, mitome_error *error);

/* ---- signing ---- */

/* phone_actor_sign shows the holder a document (UTF-8; the whole of it) and asks for the signing password,
 * and has the signing key make a PKCS#1 v1.5 signature with SHA-256 of it. It is for the app's thread.
 * TOO_LONG, UTF8 or VALUE for what cannot be shown as it is (shown_text.h); PHONE_DECLINED when the holder
 * would not; SECRET_WRONG; APDU_STATUS as the element refuses (6985: the lease is used up, or there is no
 * certificate any more). */
struct phone_signature {
        uint8_t certificate[PHONE_CERTIFICATE_MAX]; /* DER */
        size_t certificate_size;
        uint8_t signature[PHONE_SIGNATURE_SIZE];
};
MITOME_CHECKED mitome_status phone_actor_sign(struct phone_actor *actor, const char *origin, slice document,
        struct phone_signature *ret, mitome_error *error);

/* ---- errands ---- */

/* What is done in the app's thread, which may wait there. `done` is called in that thread at the end, once,
 * with the first cause of a failure; what context points to is its to free. */
struct phone_errand {
        const char *name; /* a word of the page's words: "login", "sign", "enrol" .. */
        void *context;
        mitome_status (*run)(void *context, struct phone_actor *actor, mitome_error *error);
        void (*done)(void *context, mitome_status status, const mitome_error *error);
};

/* phone_actor_begin begins one and returns at once; GATE_BUSY while another one is being done (`done` is then
 * not called). *ret_number is never 0. phone_actor_cancel ends what the errand of that number waits for: a
 * CTAP request is then answered 2D, a question with no. False, and nothing is done, for one that is not being
 * done any more. A finger that was not laid yet has cost nobody a try; one that was laid has, unless it
 * matched. */
MITOME_CHECKED mitome_status phone_actor_begin(struct phone_actor *actor, const struct phone_errand *errand,
        uint64_t *ret_number, mitome_error *error);
bool phone_actor_cancel(struct phone_actor *actor, uint64_t number);

/* ---- the screen ---- */

enum phone_screen_state {
        PHONE_RESTS = 0,
        PHONE_WORKS,    /* something is being done, and nobody is waited for */
        PHONE_FINGER,   /* a finger on the sensor is wanted */
        PHONE_TOUCH,    /* yes or no is wanted, for a request without a finger */
        PHONE_QUESTION, /* an answer to phone_actor_ask is wanted */
};

struct phone_screen {
        uint64_t number; /* another one, and a greater, with each change */
        enum phone_screen_state state;
        unsigned prompt; /* of FINGER, TOUCH and QUESTION: a reply names it */
        unsigned reason; /* of FINGER and TOUCH: enum mitome_prompt_reason */
        enum phone_question_kind question;
        char origin[PHONE_TEXT_MAX]; /* empty where there is none, as all of these */
        char rp_id[PHONE_TEXT_MAX];
        char user_name[PHONE_TEXT_MAX];
        char word[PHONE_TEXT_MAX]; /* of a question, or of the errand that is being done */
        char text[PHONE_DOCUMENT_MAX];
        char two_digits[PHONE_NUMBER_MAX];
        unsigned tries;
        enum mitome_guidance told; /* what became of the last finger */
        unsigned told_number;
        uint64_t errand;       /* that is being done; 0: none */
        uint64_t last_errand;  /* that has ended */
        mitome_code last_code; /* and how */
};

/* phone_actor_screen gives what is shown now. */
void phone_actor_screen(struct phone_actor *actor, struct phone_screen *ret);

/* phone_actor_reply answers the prompt of that number: yes or no, with PIN or password where that is asked.
 * PHONE_PROMPT_OVER when another one is shown by now. */
MITOME_CHECKED mitome_status phone_actor_reply(
        struct phone_actor *actor, unsigned prompt, bool yes, slice secret, mitome_error *error);

/* phone_actor_pin_instead ends the wait for a finger (phone_actor_exchange, *ret_wants_pin). It names the
 * prompt, as a finger does: PHONE_PROMPT_OVER for another one, and when a finger was laid that is being
 * looked at, or somebody has said no. Whoever is first decides: nothing is asked twice, and nothing counted.
 */
MITOME_CHECKED mitome_status phone_actor_pin_instead(
        struct phone_actor *actor, unsigned prompt, mitome_error *error);

/* phone_actor_touch lays a finger on the sensor for the prompt of that number, and for no other request that
 * has come since: whose it is, by its place in the list of the demonstration's fingers; or an image of a
 * sensor's size. PHONE_PROMPT_OVER as above, GATE_IDLE while no finger is wanted. */
MITOME_CHECKED mitome_status phone_actor_touch(
        struct phone_actor *actor, unsigned prompt, unsigned finger, mitome_error *error);
MITOME_CHECKED mitome_status phone_actor_touch_image(
        struct phone_actor *actor, unsigned prompt, slice pgm, mitome_error *error);

#endif
