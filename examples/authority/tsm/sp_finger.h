/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SP_FINGER_H
#define SP_FINGER_H

/* What the SP-TSM does in a phone that has its holder's certificates, so that a finger opens them: it pairs
 * element and matcher, and writes which relying parties may learn whose certificate it is. Both are done with
 * the keys of the phone's own domain, and only there: the phone's session was opened by its holder's card. */

#include "matcher_certificate.h"
#include "sp_orders.h"

/* The matcher, by its certificate (tsm_check_matcher), and the way to it. */
struct sp_matcher {
        struct tsm_matcher known;
        void *context;
        mitome_status (*pair)(void *context, const uint8_t element_point[65], uint8_t ret_confirmation[32],
                mitome_error *error);
};

/* sp_tsm_fit writes the list and, with a matcher, pairs (which ends a former pairing and closes the finger
 * path until the PIN). ORDER_HELD for a phone in which no certificate of a person is alive; DEVICE_UNKNOWN,
 * and as the element refuses. */
MITOME_CHECKED mitome_status sp_tsm_fit(struct sp_tsm *tsm, slice identity, const struct mitome_link *link,
        const struct sp_matcher *matcher, const char *const *rp_ids, size_t count, mitome_error *error);

#endif
