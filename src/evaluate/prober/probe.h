/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_H
#define PROBE_H

/* A probe attacks a target in one way and says what it saw. Probes are files of src/evaluate/probes, one
 * each, and rows of probe_catalogue.c. A probe leaves the target as it found it (a fresh credential for its
 * own RP ID is deleted where that can be done; `restart` for what cannot be taken back), is bounded, draws
 * nothing but from probe_random, and gives the same result for the same target.
 *
 * Everything that is sent and seen goes through these functions, which keep the trace: it is in the report,
 * and `--replay ID` does it again and compares. So nothing in the trace may give the PIN away: the platform's
 * side of key agreement is drawn from target->random, and a command that brings a PIN is noted without it. */

#include "level_fact.h"
#include "target.h"

enum probe_result {
        PROBE_NOT_TESTABLE,  /* an ability is missing, or it would destroy: `why` says which */
        PROBE_HOLDS,         /* the attack failed, as it must */
        PROBE_PARTLY,        /* it failed as far as it could be tried here */
        PROBE_BROKEN,        /* the attack succeeded */
        PROBE_TARGET_FAILED, /* the target hung, died, lied about the protocol or flooded: a finding, too */
};

struct probe_run;

struct probe {
        const char *id; /* "P01" */
        const char *title, *title_ja;
        const char *attack, *attack_ja; /* a sentence: what is tried */
        const char *must, *must_ja;     /* a sentence: what must be seen */
        const char *responsible; /* "element", "matcher", "app", "platform", "relying party", "TSM", "CA",
                                    "shop" */
        unsigned needs;          /* abilities without which nothing can be tried */
        /* A sentence: what it does to a target that cannot be made anew, where --destructive allows it. It is
         * said before. NULL: nothing. */
        const char *harm, *harm_ja;
        bool destructive; /* without that leave it is not tried at all; else it tries what does no harm */
        void (*attempt)(struct probe_run *run, struct target *target);
};

/* The catalogue, P01 first, which ends with an empty row; probe_find gives NULL for an id that there is not.
 */
extern const struct probe *const probe_catalogue[];
const struct probe *probe_find(const char *id);

/* probe_harms: it has leave to do harm that cannot be undone to this target, and would. */
bool probe_harms(const struct probe *probe, const struct target *target);

/* ---- what an attempt calls ---- */

/* probe_ctap sends a message; the answer's status byte, or -1 with PROBE_TARGET_FAILED noted: the attempt
 * then returns. ret_body views the CBOR behind the status until the next call; it may be NULL. */
int probe_ctap(struct probe_run *run, slice request, slice *ret_body);

/* What an answer says of what was asked. A link that broke, a user who was not there, who said no or whom the
 * time ran out for, and "other error" say nothing of it: such a case has not been tried. */
enum probe_answer {
        PROBE_ACCEPTED,
        PROBE_REFUSED,
        PROBE_UNCLEAR,
};

/* probe_answer_of reads a status of probe_ctap (CTAP 2.1, 8.2). */
enum probe_answer probe_answer_of(int status);

/* probe_apdu sends a command to the element: its status word, or -1 as above. */
int probe_apdu(struct probe_run *run, slice command, slice *ret_data);

/* probe_turn_to has what follows go to another target, and gives the one before: for who has two at a time.
 */
struct target *probe_turn_to(struct probe_run *run, struct target *target);

/* probe_note adds a line to the trace: what happens beside the messages ("the power is cut at write 7"). */
__attribute__((format(printf, 2, 3))) void probe_note(struct probe_run *run, const char *format, ...);

/* probe_random gives bytes that depend on the probe alone, so that a replay sends the same ones where the
 * target's own randomness does not enter. */
void probe_random(struct probe_run *run, uint8_t *bytes, size_t size);

/* probe_progress tells how far a long attempt has come; false: the person has had enough, or the time that a
 * probe may take is over: end with what was seen (PARTLY). */
bool probe_progress(struct probe_run *run, uint64_t done, uint64_t of);

/* probe_puts_back: what follows puts back what the probe has changed. A few messages may be sent for that
 * when its time and messages are over, or the person has had enough. */
void probe_puts_back(struct probe_run *run);

/* probe_tells_refusal: the target, or its element, has refused the PIN, and has it no more. Whoever keeps a
 * journal writes it down before anything else is sent. */
void probe_tells_refusal(struct probe_run *run);

/* The verdict, once; a second one only makes it worse. BROKEN wins, then TARGET_FAILED, NOT_TESTABLE, PARTLY.
 */
__attribute__((format(printf, 3, 4))) void probe_end(
        struct probe_run *run, enum probe_result result, const char *why, ...);

/* What it found out, for policies; `partial` as in struct level_fact. Obtained: observed, for rates measured.
 */
void probe_fact_bool(struct probe_run *run, enum level_fact_id fact, bool yes, bool partial);
void probe_fact_count(struct probe_run *run, enum level_fact_id fact, uint64_t count, bool partial);
void probe_fact_rate(struct probe_run *run, enum level_fact_id fact, uint64_t errors, uint64_t trials);

#endif
