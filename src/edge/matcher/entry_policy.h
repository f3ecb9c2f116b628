/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENTRY_POLICY_H
#define ENTRY_POLICY_H

/* When the PIN has to be entered before a finger opens anything again: the matcher's own brake, beside the
 * element's tries. The rules are data, by the class of the sensor (Android's CDD 7.3.10: 72 hours for a
 * strong one; 24 hours, 4 hours without use and 3 failures for the others; 30 seconds after 5 false trials
 * for all). Facts go in and a decision comes out. There is no time of day in it: only how long this boot has
 * lasted, so that setting a clock changes nothing, and after another boot the PIN is due. */

#include "bytes.h"

enum {
        ENTRY_BOOT_SIZE = 16,
        ENTRY_RECORD_SIZE = 58,
        ENTRY_TRIALS = 5, /* false ones in a row; after them one trial in each ENTRY_DELAY_MS */
        ENTRY_DELAY_MS = 30000,
};

/* Which boot this is, and for how long it has lasted, sleep included. */
struct entry_now {
        uint8_t boot[ENTRY_BOOT_SIZE];
        uint64_t ms;
};

/* What is remembered. Zeros: nothing was, or it is lost; the PIN is due. */
struct entry_record {
        bool heard;      /* `count` is one that the element said */
        bool due;        /* until the count rises */
        uint32_t count;  /* how often the element's PIN was entered; it never goes down */
        uint32_t number; /* of the last challenge that was spent since then */
        uint8_t boot[ENTRY_BOOT_SIZE];
        uint64_t entered_ms; /* the last time that it was */
        uint64_t used_ms;    /* the last time that a finger opened something, or the PIN did */
        uint64_t missed_ms;  /* the last false trial */
        uint32_t misses;     /* false trials in a row */
        uint32_t failures;   /* false trials since the PIN was entered */
};

enum entry_end {
        ENTRY_MATCHED,
        ENTRY_MISSED, /* or nobody knows */
        ENTRY_NOTHING /* was presented */
};

/* entry_begin is the record of a new pairing: the element's count is of before, and its PIN is due, which it
 * has to be entered for to enrol a finger. */
void entry_begin(struct entry_record *record);

/* entry_is_spent tells whether the challenge of that number was asked for a finger with, or answered, or is
 * older than one that was. entry_spend makes it so. */
bool entry_is_spent(const struct entry_record *record, uint32_t count, uint32_t number);
void entry_spend(struct entry_record *record, uint32_t count, uint32_t number);

/* entry_hear takes in what the element says (unlock_entry_open). A higher count: the PIN was entered, and
 * nothing stands against the fingers any more. A lower one is an old word, or of an element whose state was
 * put back, and the first one after a loss tells nothing: the PIN is due until the highest one is passed. */
void entry_hear(struct entry_record *record, uint32_t count, const struct entry_now *now);

/* entry_decide gives MITOME_OK, GATE_PIN_DUE or GATE_WAIT. */
mitome_code entry_decide(const struct entry_record *record, uint8_t class, const struct entry_now *now);

/* entry_count counts a trial as false, before the finger is asked for. entry_settle says what became of it;
 * `before` is the record as it was when the trial was counted. */
void entry_count(struct entry_record *record, const struct entry_now *now);
void entry_settle(struct entry_record *record, const struct entry_record *before, enum entry_end end,
        const struct entry_now *now);

/* entry_record_write writes ENTRY_RECORD_SIZE bytes, entry_record_read takes them. Fails with TRUNCATED,
 * TRAILING or STORE_FOREIGN. */
void entry_record_write(writer *w, const struct entry_record *record);
MITOME_CHECKED mitome_status entry_record_read(slice bytes, struct entry_record *ret, mitome_error *error);

#endif
