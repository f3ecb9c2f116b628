/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_LEVEL_H
#define BENCH_LEVEL_H

/* What judging a login's level costs. */

#include "bench_round.h"

struct judged;
/* By a policy of attestation/level/policies. */
struct judged *judged_new_shipped(const char *name);
/* judged_new_evaluated has an evaluation statement beside that names each fact that one may, and reaches AAL2
 * with it; its rates with errors, whose bounds have to be looked for, or without. */
struct judged *judged_new_evaluated(const char *name, bool errors);
/* judged_new_largest is by a policy with as many requirements as one can have, of which the login fulfils
 * none but the last parts, and demands a level that even a further factor does not reach: all is judged
 * twice. */
struct judged *judged_new_largest(void);
void judged_free(struct judged *judged);

bench_operation judged_run; /* struct judged: evidence of a verdict, and a level demanded */

#endif
