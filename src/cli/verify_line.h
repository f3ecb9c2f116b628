/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VERIFY_LINE_H
#define VERIFY_LINE_H

/* One line of `mitome verify`: a case in, its verdict out. */

#include "judge_level.h"
#include "verify_trust.h"

enum { VERIFY_LINE_MAX = 4 << 20 };

/* What all lines are verified by. Nothing writes to it. */
struct verify_rules {
        const struct verify_trust *trust;
        const struct level_policy *levels; /* of --level; NULL: none */
        slice evaluation; /* of --evaluation: a statement, which is believed or not in each case; empty: none
                           */
        const struct mitome_trust *evaluators;
        bool require_evaluation; /* a case that no believed statement is about is refused */
        bool accept_simulation;  /* a statement about an element in software counts, too */
        bool fresh;  /* whoever runs this drew the challenges, each for its case, and uses them once */
        bool report; /* every step into the verdict */
};

/* What one thread needs. */
struct verify_worker;

struct verify_worker *verify_worker_new(const struct verify_rules *rules);
void verify_worker_free(struct verify_worker *worker);

/* verify_line verifies the case in `line` and views its verdict, a JSON object, in *ret; it stands until the
 * worker's next line. Answers whether the case was accepted. */
bool verify_line(struct verify_worker *worker, slice line, slice *ret);

#endif
