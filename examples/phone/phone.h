/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PHONE_H
#define PHONE_H

/* A phone: the element and the matcher as processes of their own, the CTAP core in this one, and a hand that
 * lays a finger on the sensor when it lights up. libfido2 opens the phone as a device. */

#include "card_link.h"
#include "matcher_gate.h"
#include "scp03.h"

#include <mitome/authenticator.h>

#include <fido.h>

enum { PHONE_PATH_MAX = 100, PHONE_IMAGES_MAX = 8 };

/* What the phone is made of. Paths are those of this project's programs. */
struct phone_config {
        const char *folder;    /* for everything the phone keeps; exists, empty */
        const char *program;   /* mitome */
        const char *matcher;   /* mitome-matcher */
        struct mitome_app app; /* the one on it, by its signing certificate */
        struct mitome_random random;
        struct mitome_trace trace;
};

/* What somebody who has taken over the phone's software, but neither the element nor the matcher, does with
 * the next evidence. */
enum phone_attack {
        PHONE_HONEST,
        PHONE_REPLAYS_TOKEN, /* hands in the evidence of an earlier login again */
        PHONE_BREAKS_MAC,    /* changes one bit */
        PHONE_CHANGES_RP_ID, /* asks the finger for the site that the user expects, and logs in at another */
};

struct phone {
        struct phone_config config;
        pid_t element_process;
        struct card_link *card;
        struct mitome_link link;      /* to the element, watched: the platform's, not the app's */
        struct mitome_enforcer *jpki; /* the app's way to the JPKI applet */
        struct matcher_gate *matcher;
        struct mitome_gate gate; /* the matcher's, watched and perhaps attacked */
        struct mitome_authenticator *authenticator;
        char element_socket[PHONE_PATH_MAX], sensor_socket[PHONE_PATH_MAX];

        /* the hand */
        const uint8_t *images[PHONE_IMAGES_MAX]; /* FINGER_WIDTH x FINGER_HEIGHT each; NULL: no finger */
        unsigned image_count, image_next;

        /* the attacker */
        enum phone_attack attack;
        const char *shown_rp_id; /* PHONE_CHANGES_RP_ID: what the matcher is told */
        uint8_t recorded[MITOME_GATE_EVIDENCE_SIZE];
        bool has_recorded;

        /* the screen: what it said last of a finger */
        enum mitome_guidance said;
        unsigned said_number;

        uint16_t last_refusal; /* the last status word of the element that was no success */
        enum mitome_gate_event_kind last_gate_end;
        mitome_code failure; /* of something beside the protocol, e.g. a sensor that did not take the image */
};

/* phone_make makes a new element with the keys (written to a file of mode 0600 for its process to read) and
 * starts both processes. */
MITOME_CHECKED mitome_status phone_make(struct phone *phone, const struct phone_config *config,
        const struct scp03_keys *keys, mitome_error *error);
void phone_end(struct phone *phone);

/* phone_rest gives both applets free, for somebody else to select: the authenticator begins anew with the
 * next phone_open, the JPKI applet with the next jpki_select. */
void phone_rest(struct phone *phone);

/* phone_finger says what the hand lays on the sensor from now on, one image after the other. */
void phone_finger(struct phone *phone, const uint8_t *const *images, unsigned count);

/* phone_screen gives the words that stand there, in that language; empty when there are none. */
void phone_screen(const struct phone *phone, enum mitome_language language, char text[MITOME_GUIDANCE_MAX]);

/* phone_open gives libfido2's device for this phone, opened; NULL when it does not open. Only one phone at a
 * time can be open: libfido2 hands a path to its transport and nothing else. Close it with phone_close. */
fido_dev_t *phone_open(struct phone *phone);
void phone_close(fido_dev_t *device);

#endif
