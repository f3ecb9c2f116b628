/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FINGER_THRESHOLD_H
#define FINGER_THRESHOLD_H

/* Scores of libfprint's comparison of minutiae, for one impression with one other. libfprint itself says yes
 * from 40 on. docs/accuracy.md has the measurement that these were chosen by. */

enum {
        FINGER_THRESHOLD = 80, /* from here on it is the finger, and opens */
        /* From here on an enrolment takes two impressions for those of one finger: fit to ask for another
         * sample, not to open anything. */
        FINGER_LIKENESS = 60,
};

#endif
