/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RELAY_STATION_H
#define RELAY_STATION_H

/* The TSM's end of relays: turns the phones' requests, each a step, into links that a party's code calls. A
 * thread for each relay, which holds the service's lock whenever it does not wait for its phone. */

#include "phone_way.h"
#include "relay_message.h"
#include "service_lock.h"

struct relay_station;

/* relay_station_open; a phone may take `seconds` for one command, then it is gone. */
MITOME_CHECKED mitome_status relay_station_open(const struct phone_relay *relay, unsigned seconds,
        struct service_lock *lock, struct party *party, struct relay_station **ret, mitome_error *error);

/* relay_station_step takes one message of a phone and waits for what it is to be told; blocks, and is called
 * without the lock. Views of *ret point into `buffer`. RELAY_SESSION: no such relay, or not at that number;
 * FULL: too many; UNREACHABLE: nothing to say yet, say it again. */
MITOME_CHECKED mitome_status relay_station_step(struct relay_station *station, slice identity,
        const struct relay_message *message, uint8_t buffer[MITOME_APDU_MAX], struct relay_message *ret,
        mitome_error *error);

/* relay_station_stop ends all relays and waits for them, without the lock; steps that wait fail, as do later
 * ones. relay_station_free then, when no step is under way. */
void relay_station_stop(struct relay_station *station);
void relay_station_free(struct relay_station *station);

#endif
