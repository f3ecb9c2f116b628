/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BIOMETRIC_MEASURE_H
#define BIOMETRIC_MEASURE_H

/* A measurement of the fingerprint gate with what is written of it: `mitome biometric measure`, and
 * `mitome evaluate --measure`. */

#include "status.h"

#include <stdbool.h>
#include <stdint.h>

enum biometric_print { BIOMETRIC_TEXT, BIOMETRIC_JSON, BIOMETRIC_CHART, BIOMETRIC_NOTHING };

struct biometric_order {
        const char *images;  /* NULL: fingers are grown, from `seed` on */
        const char *out;     /* folder of journal, report.json, report.txt and det.svg; NULL: none is kept */
        const char *matcher; /* NULL: beside this program */
        unsigned fingers, impressions, part, parts, threshold;
        uint64_t seed;
        bool resume;
        enum biometric_print print; /* which of them goes to standard output */
};

/* biometric_measure measures. *ret_finished is false where somebody interrupted it: what was done is written.
 * Fails with NO_MATCHER, FILE_WRITE, and as biometric_source_images and biometric_run do. */
MITOME_CHECKED mitome_status biometric_measure(
        struct biometric_order *order, bool *ret_finished, mitome_error *error);

#endif
