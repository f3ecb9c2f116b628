/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORY_PHONE_H
#define STORY_PHONE_H

/* The phone of the first story: a phone's hardware (phone_body.h), the JPKI app's way to its applet, who
 * looks at what passes, and somebody who may have taken the phone's software over. libfido2 opens it as a
 * device. */

/* Before fido.h, which has macros of the same names. */
#include "apdu.h"

#include "phone_body.h"

#include <fido.h>

/* What somebody who has taken over the phone's software, but neither the element nor the matcher, does with
 * the next evidence. */
enum phone_attack {
        PHONE_HONEST,
        PHONE_REPLAYS_TOKEN, /* hands in the evidence of an earlier login again */
        PHONE_BREAKS_MAC,    /* changes one bit */
        PHONE_CHANGES_RP_ID, /* asks the finger for the site that the user expects, and logs in at another */
};

struct story_phone {
        struct phone_body body;
        struct mitome_trace trace;    /* of whoever looks on */
        struct mitome_enforcer *jpki; /* the app's way to the JPKI applet */

        /* the hand */
        unsigned finger, touches; /* which one is laid on the sensor, how often more */

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
};

/* story_phone_make makes a new phone and starts it. Do not move it afterwards. */
MITOME_CHECKED mitome_status story_phone_make(
        struct story_phone *phone, const struct phone_body_config *config, mitome_error *error);
void story_phone_end(struct story_phone *phone);

/* story_phone_rest gives both applets free, for somebody else to select: the authenticator begins anew with
 * the next story_phone_open, the JPKI applet with the next jpki_app_select. */
void story_phone_rest(struct story_phone *phone);

/* story_phone_touch says which finger (phone_hand.h) the hand lays on the sensor from now on, and how often.
 */
void story_phone_touch(struct story_phone *phone, unsigned finger, unsigned touches);

/* story_phone_screen gives the words that stand there, in that language; empty when there are none. */
void story_phone_screen(
        const struct story_phone *phone, enum mitome_language language, char text[MITOME_GUIDANCE_MAX]);

/* story_phone_open gives libfido2's device for this phone, opened; browser_device_close closes it. */
MITOME_CHECKED mitome_status story_phone_open(
        struct story_phone *phone, fido_dev_t **ret, mitome_error *error);

#endif
