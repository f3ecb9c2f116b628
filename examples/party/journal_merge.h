/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JOURNAL_MERGE_H
#define JOURNAL_MERGE_H

/* Several parties' journals, one time line. The order is that of cause: an entry comes after the one before
 * it in its own journal, after the entry that asked with the letter which it names, and after every head that
 * it has seen of another's journal; only what none of these tells is ordered by the clocks, so that clocks
 * may differ. Each head that one party has seen of another's journal is held against that journal: who has
 * cut his off or written it anew since is found, and by whose entry.
 *
 * What is wrong is a finding, not a failure: what stands before it is merged all the same. */

#include "journal_read.h"
#include "party.h"

struct journal_merge;

enum { JOURNAL_PARTIES_MAX = 32, JOURNAL_EVENTS_MAX = 1 << 24 };

/* What was found wrong. CBOR_* and JOURNAL_FORM, JOURNAL_CUT, JOURNAL_CHAIN, JOURNAL_PARTY,
 * SIGNATURE_INVALID, FILE_READ: the file is believed up to the entry before `number`. JOURNAL_SHORT,
 * JOURNAL_REWRITTEN: the entry `number` is not there, or not the one, that `seen_by` saw (its entry
 * `seen_at`; without a name, another file of the same party has it). JOURNAL_ORDER: it comes before the entry
 * of `seen_by` that it follows from. MISSING is no fault: `seen_by` has seen a journal that was not given,
 * or, without him, `file` is empty, of whoever has decided nothing yet; where a journal is missing that
 * somebody saw entries of, an empty file is JOURNAL_SHORT. */
struct journal_finding {
        mitome_code code;
        const char *file; /* as journal_merge_add was told, or NULL */
        char party[LETTER_NAME_MAX + 1];
        uint64_t number; /* 0: not told */
        char seen_by[LETTER_NAME_MAX + 1];
        uint64_t seen_at;
};

struct journal_party {
        char name[LETTER_NAME_MAX + 1];
        uint64_t count;
        uint8_t digest[LETTER_DIGEST_SIZE]; /* of the last entry */
        bool signed_by_him;                 /* by the key that the directory has */
};

struct journal_merge_config {
        const struct directory *directory; /* NULL: no signature can be checked */
        bool every_signature;              /* also those that a later one, over the chain, proves already */
};

MITOME_CHECKED mitome_status journal_merge_new(
        const struct journal_merge_config *config, struct journal_merge **ret, mitome_error *error);
void journal_merge_free(struct journal_merge *merge);

/* journal_merge_add reads one file; `file` names it in findings and must outlive the merge. A second one of
 * the same party may be shorter, longer, or the same. */
MITOME_CHECKED mitome_status journal_merge_add(
        struct journal_merge *merge, const char *file, struct journal_source source, mitome_error *error);

/* journal_merge_finish orders what was added and judges what was seen. */
MITOME_CHECKED mitome_status journal_merge_finish(struct journal_merge *merge, mitome_error *error);

/* ---- what came out; places count from 0 in the order of the time line ---- */

size_t journal_merge_count(const struct journal_merge *merge);
/* The entry at a place views memory of the merge. */
struct journal_entry journal_merge_entry(const struct journal_merge *merge, size_t place);

size_t journal_merge_parties(const struct journal_merge *merge);
struct journal_party journal_merge_party(const struct journal_merge *merge, size_t i);
size_t journal_merge_findings(const struct journal_merge *merge);
const struct journal_finding *journal_merge_finding(const struct journal_merge *merge, size_t i);
bool journal_merge_is_sound(const struct journal_merge *merge); /* no finding is a fault */

/* journal_merge_sharing gives the places, rising, of the entries that name evidence of this digest; at most
 * `max`. Returns how many there are. */
size_t journal_merge_sharing(const struct journal_merge *merge, slice digest, size_t *ret_places, size_t max);

/* journal_merge_about tells for every place how it belongs to a subject: 0 not at all, JOURNAL_ABOUT its own
 * entry, JOURNAL_LED_TO joined to one by evidence, over any number of steps. A digest that more than
 * JOURNAL_SHARED_MAX entries name joins nothing. */
enum { JOURNAL_SHARED_MAX = 256 };
enum journal_relation { JOURNAL_UNRELATED, JOURNAL_LED_TO, JOURNAL_ABOUT };
MITOME_CHECKED mitome_status journal_merge_about(
        const struct journal_merge *merge, slice subject, uint8_t *ret_relations, mitome_error *error);

#endif
