/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VERIFY_STREAM_H
#define VERIFY_STREAM_H

/* Lines in, verdicts out, in the same order, by several threads and in constant memory. */

#include "verify_line.h"

#include <stdio.h>

enum { VERIFY_JOBS_MAX = 64 };

struct verify_counts {
        uint64_t accepted, refused;
};

/* verify_stream verifies every line of `input` that is not blank, with `jobs` threads. Progress goes to
 * standard error when `progress`. Fails with NO_MEMORY, FILE_READ, FILE_WRITE (errno tells more) or PROCESS
 * (a thread could not be started). */
MITOME_CHECKED mitome_status verify_stream(const struct verify_rules *rules, FILE *input, FILE *output,
        unsigned jobs, bool progress, struct verify_counts *ret, mitome_error *error);

#endif
