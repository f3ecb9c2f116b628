/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_ELEMENT_H
#define PROBE_ELEMENT_H

/* What probes send to an element beside its authenticator, and what they do with the evidence that its
 * matcher sends it. Status words are those of probe_apdu: -1 ends the attempt. */

#include "apdu.h"
#include "probe_platform.h"

enum element_applet { ELEMENT_ISSUER, ELEMENT_JPKI, ELEMENT_ARA, ELEMENT_FIDO };

slice element_applet_aid(enum element_applet applet);

int element_select(struct probe_run *run, enum element_applet applet);

/* element_send sends one command, `header` being CLA INS P1 P2; `expected` is Ne. ret_data may be NULL. */
int element_send(struct probe_run *run, uint32_t header, slice data, size_t expected, slice *ret_data);

/* element_select_file selects a file of the applet that is selected. */
int element_select_file(struct probe_run *run, uint16_t file);

/* element_verify_pin gives the JPKI applet, which is selected then, the PIN of user verification, which may
 * be another one than the authenticator's: ELEMENT_PIN_UNKNOWN, and nothing is sent, where it is not known,
 * where the element has refused it, or where it cannot be made anew and does not say that a try is to spare.
 */
enum { ELEMENT_PIN_UNKNOWN = 0x6982 };
int element_verify_pin(struct platform *platform);

/* ---- evidence ---- */

enum evidence_play {
        EVIDENCE_LISTEN, /* keep it, change nothing */
        EVIDENCE_REPLAY, /* in its place, what was kept */
        EVIDENCE_FLIP,   /* change the bits `mask` of the byte `at` */
        EVIDENCE_BLANK,  /* zeros from `at` on */
};

struct evidence_tape {
        enum evidence_play play;
        size_t at;
        uint8_t mask;
        unsigned heard; /* how often evidence came by */
        size_t size;
        uint8_t kept[MITOME_GATE_EVIDENCE_SIZE];
};

/* evidence_begin puts the tape between matcher and element, evidence_end takes it away. */
void evidence_begin(struct target *target, struct evidence_tape *tape);
void evidence_end(struct target *target);

/* evidence_finger has a finger of `whose` verified, for a token; afterwards it is the holder's that lies
 * there, as at the beginning. */
int evidence_finger(struct platform *platform, enum target_finger whose, const char *rp_id);

/* evidence_hear lays the holder's finger, the PIN given before each time, until evidence comes by the tape,
 * or it has been laid four times: tape->heard tells. The status of the last time; -1: the attempt is over. */
int evidence_hear(struct platform *platform, struct evidence_tape *tape, const char *rp_id);

/* evidence_settle gives the PIN: the tries of the finger are full again, and the matcher has heard of it.
 * False: that failed, and the verdict has been given. */
bool evidence_settle(struct platform *platform, const char *rp_id);

#endif
