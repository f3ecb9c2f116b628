/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUSH_ASIDE_H
#define PUSH_ASIDE_H

/* A push service that does not hold up its party: requests run in a thread of their own, one after the other.
 * The first attempt hands the request over and says PUSH_LATER; an attempt for the same token and id after it
 * has ended says what came of it. So a service that hangs costs the schedule's first wait (10 s), and not the
 * party's time. What is under way when the process ends is made anew by the registry, with the same id. */

#include "push.h"

enum { PUSH_ASIDE_JOBS = 64 }; /* at a time; more are PUSH_LATER */

struct push_aside;

/* push_aside_open starts the thread; `inner` is used by it alone from then on. Fails with NO_MEMORY. */
MITOME_CHECKED mitome_status push_aside_open(struct push inner, struct push_aside **ret, mitome_error *error);

/* push_aside_close waits for the request that is under way, and drops those that wait. */
void push_aside_close(struct push_aside *aside);

/* push_aside is the `struct push` of it. A failure of the inner one's side (NO_MEMORY ..) is told as such. */
struct push push_aside(struct push_aside *aside);

#endif
