/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JOURNAL_LOG_H
#define JOURNAL_LOG_H

/* What a merge is made of, for its files. */

#include "journal_merge.h"

enum { JOURNAL_NOBODY = INT32_MAX, JOURNAL_AFTER_MAX = 1 + JOURNAL_EVIDENCE_MAX };

struct journal_event {
        uint32_t party;
        uint32_t place; /* in the time line; JOURNAL_NOBODY: not yet in it */
        uint64_t number;
        int64_t at;
        uint8_t digest[LETTER_DIGEST_SIZE];
        uint8_t *bytes;
        size_t size;
        uint32_t after[JOURNAL_AFTER_MAX]; /* events that it follows from, besides the one before */
        size_t after_count;
};

/* A piece of evidence that an event names. */
struct journal_mention {
        uint8_t digest[LETTER_DIGEST_SIZE];
        uint32_t event;
        bool asks; /* it is the letter with which this entry ("ask-..", asked) asked */
};

/* What an event has seen of another's journal. */
struct journal_sight {
        uint32_t event;
        char party[LETTER_NAME_MAX + 1];
        struct letter_head head;
};

struct journal_log {
        char name[LETTER_NAME_MAX + 1];
        bool is_signed;
        uint32_t *events;
        size_t count, capacity;
        size_t next; /* while ordering */
};

struct journal_merge {
        struct journal_merge_config config;
        size_t log_count;
        struct journal_log logs[JOURNAL_PARTIES_MAX];
        struct journal_event *events;
        size_t event_count, event_capacity;
        struct journal_mention *mentions;
        size_t mention_count, mention_capacity;
        struct journal_sight *sights;
        size_t sight_count, sight_capacity;
        struct journal_finding *findings;
        size_t finding_count, finding_capacity;
        uint32_t *line; /* event of each place */
};

/* journal_grow makes room for one more in an array. */
MITOME_CHECKED mitome_status journal_grow(
        void **array, size_t *capacity, size_t count, size_t size, mitome_error *error);

/* journal_name writes a name into a string that holds one. */
void journal_name(char to[LETTER_NAME_MAX + 1], slice name);

MITOME_CHECKED mitome_status journal_find(
        struct journal_merge *merge, struct journal_finding finding, mitome_error *error);
struct journal_log *journal_log_of(struct journal_merge *merge, slice name);
const struct journal_event *journal_log_entry(
        const struct journal_merge *merge, const struct journal_log *log, uint64_t number);

/* journal_event_read takes an event's entry apart again, which was found good before. */
struct journal_entry journal_event_read(const struct journal_event *event);

/* The steps of finishing: mentions are sorted by digest, then event; sights are held against the journals;
 * then the time line. */
void journal_sort_mentions(struct journal_merge *merge);
MITOME_CHECKED mitome_status journal_judge_sights(struct journal_merge *merge, mitome_error *error);
MITOME_CHECKED mitome_status journal_order(struct journal_merge *merge, mitome_error *error);

/* journal_mentions_of finds the first mention of a digest; *ret_count is how many there are. */
const struct journal_mention *journal_mentions_of(
        const struct journal_merge *merge, slice digest, size_t *ret_count);

#endif
