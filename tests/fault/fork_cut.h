/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORK_CUT_H
#define FORK_CUT_H

/* Cuts an operation at each of its points, on every point in the very state that it has there: the process is
 * forked at the point, the child goes on with the fault and must recover, the parent waits and goes on
 * without it. Whatever the operation works upon must live in the process' memory.
 *
 *      if (fork_cut_begin(&cut, CUT_LETTER, stride)) {      a child of its own, so that nothing is changed
 *              .. the operation, which asks fork_cut_here at each point ..
 *              fork_cut_end(&cut, whether all is as it must be);
 *      }
 *      assert_int_equal(cut.count->failures, 0);
 *
 * A child must not assert: it says what is wrong on stderr and ends with fork_cut_end. */

#include <stdbool.h>

enum cut_what { CUT_LETTER, CUT_ANSWER, CUT_WORD, CUT_APDU, CUT_STORE, CUT_ELEMENT };

/* Shared by all processes. */
struct fork_cut_count {
        unsigned points, cuts, failures;
};

struct fork_cut {
        struct fork_cut_count *count;
        enum cut_what what;
        unsigned stride; /* every how many points; each in another way, in turn. 1: at all, in all ways */
        bool armed;      /* in the operation that is to be cut */
        bool child;      /* this process was cut */
        unsigned at, how;
};

/* fork_cut_begin forks; true in the child, false in the parent when the child has ended. */
bool fork_cut_begin(struct fork_cut *cut, enum cut_what what, unsigned stride);

/* fork_cut_here is asked at a point that can go wrong in `ways` ways: 0, nothing does; else in that one. */
unsigned fork_cut_here(struct fork_cut *cut, enum cut_what what, unsigned ways);

/* fork_cut_end ends a child. */
_Noreturn void fork_cut_end(struct fork_cut *cut, bool good);

/* fork_cut_stride is `usual`, or 1 where MITOME_EVERY_CUT is set. */
unsigned fork_cut_stride(unsigned usual);

#endif
