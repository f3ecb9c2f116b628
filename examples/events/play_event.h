/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAY_EVENT_H
#define PLAY_EVENT_H

/* One row of the table, played in a world of its own: a person with certificates in a phone, what happens,
 * and what came of it. */

#include "counter.h"
#include "event_table.h"

#include <mitome/bytes.h>

/* What came of it. */
struct event_outcome {
        enum event_certificate user_verification, signing;
        enum event_element element;
        bool broken[EVENT_FORBIDDEN]; /* what must not be, of what the row forbids */
        enum counter_verdict verdict; /* of the counter, where there was a check */
        unsigned refused_steps;       /* steps that must be refused, and were */
};

/* play_event plays a row from the beginning; `setting` as REGISTER_RELEASE or REGISTER_REISSUE. A failure is
 * one of the environment, not of the row. */
MITOME_CHECKED mitome_status play_event(const struct phone_event *event, const struct mitome_random *random,
        int setting, struct event_outcome *ret, mitome_error *error);

#endif
