/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVALUATE_MEASURE_H
#define EVALUATE_MEASURE_H

/* A measurement of this project's own matcher beside the probing, as evidence: error rates with their bounds,
 * and the curve of one error against the other, which a few trials of P12 cannot give. */

#include "evaluate_options.h"
#include "status.h"

enum { EVALUATE_MEASURE_PATH = 4096 };

/* evaluate_measure does `mitome biometric measure` into the folder `measurement` of --out, with --resume
 * going on with it, and writes measurement.json beside: ret_path. *ret_finished is false where somebody
 * interrupted it. Fails as biometric_measure does. */
MITOME_CHECKED mitome_status evaluate_measure(const struct evaluate_options *options,
        char ret_path[EVALUATE_MEASURE_PATH], bool *ret_finished, mitome_error *error);

#endif
