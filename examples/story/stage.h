/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STAGE_H
#define STAGE_H

/* How a story is told: steps, what one party sent another and how long it took, and at the end a table of
 * what had to be and what was. */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { STAGE_CHECKS_MAX = 32, STAGE_TEXT_MAX = 160 };

struct stage_check {
        char what[STAGE_TEXT_MAX];
        const char *party; /* who decided */
        char outcome[STAGE_TEXT_MAX];
        bool as_it_must_be;
};

struct stage {
        FILE *out;
        bool colour;
        unsigned step;
        uint64_t began_us, last_us;
        struct stage_check checks[STAGE_CHECKS_MAX];
        unsigned check_count;
        bool overfull;
};

/* stage_open begins; colours are used when `out` is a terminal. */
void stage_open(struct stage *stage, FILE *out);

/* stage_step opens the next numbered step. */
void stage_step(struct stage *stage, const char *title);

/* stage_sent says what `from` gave `to`, and how long that took since the last line. */
void stage_sent(struct stage *stage, const char *from, const char *to, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

/* stage_note says something on a line of its own. */
void stage_note(struct stage *stage, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* stage_check records one line of the summary: what was checked, who had to decide it, whether it came out as
 * it must, and what came out in words. */
void stage_check(struct stage *stage, const char *party, bool as_it_must_be, const char *what,
        const char *format, ...) __attribute__((format(printf, 5, 6)));

/* stage_summary prints the table; true when every line, and at least `expected` of them, is as it must be. */
bool stage_summary(struct stage *stage, unsigned expected);

#endif
