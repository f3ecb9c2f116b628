/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BIOMETRIC_JOURNAL_H
#define BIOMETRIC_JOURNAL_H

/* What a measurement has done, a line a step, so that one that was interrupted goes on where it was. Text:
 *
 *   mitome biometric journal 1 fingers 246 attempts 4 set 10 source grown:1
 *   impostor 0 1 1 no-match enrolled 1 laid 1 unusable 0 same 0 known 0 scores 0:12
 *   (kind, set, step, finger, outcome; scores are FINGER:SCORE)
 *
 * The order of the lines does not matter, and the first one may stand there again: journals of parts of one
 * measurement are joined by writing one behind the other.
 */

#include "biometric_tally.h"

struct biometric_journal;

struct biometric_journal_config {
        const char *path;
        const struct biometric_plan *plan;
        const char *source;
        bool resume; /* what is there is read; else there must be nothing */
};

/* biometric_journal_open reads what the journal has into `tally`; a last line that was not finished is cut
 * off. Fails with MEASURE_EXISTS, MEASURE_OTHER (another plan or source), MEASURE_JOURNAL, FILE_READ,
 * FILE_WRITE or NO_MEMORY. */
MITOME_CHECKED mitome_status biometric_journal_open(const struct biometric_journal_config *config,
        struct biometric_tally *tally, struct biometric_journal **ret, mitome_error *error);

/* biometric_journal_has tells whether a step was done. */
bool biometric_journal_has(const struct biometric_journal *journal, unsigned set, size_t step);

/* biometric_journal_add writes one record. Fails with FILE_WRITE. */
MITOME_CHECKED mitome_status biometric_journal_add(
        struct biometric_journal *journal, const struct biometric_record *record, mitome_error *error);

/* biometric_journal_close takes NULL as well. */
void biometric_journal_close(struct biometric_journal *journal);

#endif
