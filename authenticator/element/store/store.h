/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_H
#define STORE_H

/* What the element remembers: numbered objects, changed in transactions, sealed on a medium.
 *
 * A transaction is puts and deletes, then one store_commit, which is atomic and durable. Nothing that was not
 * committed is ever read back by store_get.
 *
 * A commit appends one record, at a cost that does not depend on how much is stored. It writes everything
 * anew, under a new key, and has the former image destroyed, when it deletes an object or replaces one of
 * more than 8 bytes: keys and verifiers are gone from the medium when it returns. (Smaller ones are taken for
 * counters; their former values go with the next such commit.) It also does so when the journal has grown as
 * long as the image, but at least 64 KiB and at most 4 MiB: the medium holds no more than image and journal,
 * twice during the rewriting.
 *
 * After a commit that failed to write the store is broken: every later commit fails (STORE_BROKEN) and the
 * element must be opened again, since it cannot know what the medium kept. A commit that fails with FULL,
 * NO_MEMORY or NO_RANDOMNESS is only rolled back: it has written nothing, and the store goes on.
 *
 * What is detected: any changed bit of what stands before the last record, records taken out, put in,
 * exchanged or brought from elsewhere (STORE_SEAL). What is not, without an anchor: an older copy of the
 * whole state, or a state whose last records are cut off. With an anchor (struct mitome_anchor) both are
 * (STORE_ROLLED_BACK), but for one commit that was under way when the power went, which may be there or not:
 * it was never answered. So that it is not kept for later, in the place of another one that was, every
 * opening with an anchor writes the state anew and raises the anchor. Nothing detects an older state when the
 * anchor was put back along with it. */

#include "store_objects.h"

#include <mitome/element.h>

struct store;

/* store_create begins a new store for an empty medium; its first commit writes it, in one piece, whatever it
 * puts. Errors: STORE_EXISTS, NO_MEMORY, and what the anchor reports. */
MITOME_CHECKED mitome_status store_create(
        const struct mitome_element_config *config, struct store **ret, mitome_error *error);

/* store_open reads one. A state of an older version is brought to the present one here, and one that has no
 * anchor yet to the anchor of the config. Errors: STORE_MISSING, STORE_SEAL, STORE_FOREIGN,
 * STORE_ROLLED_BACK, STORE_ANCHOR, and what storage and anchor report. */
MITOME_CHECKED mitome_status store_open(
        const struct mitome_element_config *config, struct store **ret, mitome_error *error);

/* store_get views an object's bytes until the next commit or rollback; the empty view with *ret_found false
 * when there is none. It sees the transaction's own puts only after the commit. O(log n). */
slice store_get(const struct store *store, uint32_t id, bool *ret_found);

/* store_next gives the lowest id that is at least `from` and at most `to`, or false. O(log n). */
bool store_next(const struct store *store, uint32_t from, uint32_t to, uint32_t *ret_id);

/* Within a transaction the last put or delete of an id counts. */
MITOME_CHECKED mitome_status store_put(struct store *store, uint32_t id, slice bytes, mitome_error *error);
MITOME_CHECKED mitome_status store_delete(struct store *store, uint32_t id, mitome_error *error);
MITOME_CHECKED mitome_status store_commit(struct store *store, mitome_error *error);
void store_rollback(struct store *store);

/* store_is_broken tells whether a commit has failed to write. */
bool store_is_broken(const struct store *store);

/* store_close wipes everything; NULL is fine. */
void store_close(struct store *store);

#endif
