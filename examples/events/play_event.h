/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAY_EVENT_H
#define PLAY_EVENT_H

/* One row of the table, played in a world of its own: a person with certificates in a phone, what happens,
 * and what came of it. */

#include "event_table.h"

#include <mitome/bytes.h>

/* What came of it; EVENT_CERTIFICATES and EVENT_ELEMENTS where it is nothing that has a name. */
struct event_outcome {
        enum event_certificate user_verification, signing;
        enum event_element element;
        bool broken[EVENT_FORBIDDEN]; /* what must not be, of what the row forbids */
};

/* play_event plays a row from the beginning, as it is played under that setting. A failure is one of the
 * environment, not of the row. */
MITOME_CHECKED mitome_status play_event(const struct phone_event *event, enum event_setting setting,
        const struct mitome_random *random, struct event_outcome *ret, mitome_error *error);

/* event_is_right compares it with what the row demands; *ret_wrong is a word for what is not so. */
bool event_is_right(const struct phone_event *event, enum event_setting setting,
        const struct event_outcome *outcome, const char **ret_wrong);

#endif
