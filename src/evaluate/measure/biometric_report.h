/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BIOMETRIC_REPORT_H
#define BIOMETRIC_REPORT_H

/* What a measurement says: as JSON, as text for a person. Bounds are exact and one-sided (binomial.h). */

#include "biometric_tally.h"
#include "bytes.h"

enum { BIOMETRIC_REPORT_MAX = 1 << 18 };

/* Where the numbers come from; static strings. */
struct biometric_origin {
        const char *source;  /* "grown:1", "images:.." */
        const char *command; /* what repeats it */
        bool synthetic;
};

/* biometric_report_json writes one object, biometric_report_text lines. BIOMETRIC_REPORT_MAX holds either. */
void biometric_report_json(
        const struct biometric_tally *tally, const struct biometric_origin *origin, writer *out);
void biometric_report_text(
        const struct biometric_tally *tally, const struct biometric_origin *origin, writer *out);

#endif
