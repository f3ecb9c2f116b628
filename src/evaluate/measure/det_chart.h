/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DET_CHART_H
#define DET_CHART_H

/* The errors of a matcher as a picture (SVG): on the left one kind of error against the other (detection
 * error tradeoff), on the right both against the threshold. Axes are logarithmic; where no error was seen,
 * the curve runs along the edge, and what was shown is the dashed 95 % bound. */

#include "biometric_tally.h"
#include "bytes.h"

enum { DET_CHART_MAX = 1 << 18 };

/* det_chart_write draws a tally that has scores; DET_CHART_MAX holds any. */
void det_chart_write(const struct biometric_tally *tally, writer *out);

#endif
