/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_H
#define STORE_H

/* What the element remembers: numbered objects, changed in transactions, sealed as one image.
 *
 * A transaction is puts and deletes, then one store_commit, which is atomic and durable. Nothing that was not
 * committed is ever read back by store_get. After a commit that failed to write the store is broken: every
 * later commit fails (STORE_BROKEN) and the element must be opened again, since it cannot know which image
 * the medium kept. A commit that fails with FULL is only rolled back: it has written nothing, and the store
 * goes on. */

#include "bytes.h"

#include <mitome/element.h>

enum {
        STORE_OBJECT_MAX = 4096,           /* bytes of one object */
        STORE_OBJECTS_MAX = 4096,          /* objects of one store */
        STORE_SIZE_MAX = 12 * 1024 * 1024, /* bytes of them all, with 8 for each: storage takes 16 MiB */
};

struct store;

/* store_create seals an empty image into empty storage; store_open reads it. Errors: STORE_EXISTS,
 * STORE_MISSING, STORE_SEAL, STORE_FOREIGN, and what the storage reports. */
MITOME_CHECKED mitome_status store_create(const struct mitome_element_config *config, mitome_error *error);
MITOME_CHECKED mitome_status store_open(
        const struct mitome_element_config *config, struct store **ret, mitome_error *error);

/* store_get views an object's bytes until the next commit or rollback; the empty view with *ret_found false
 * when there is none. It sees the transaction's own puts only after the commit. */
slice store_get(const struct store *store, uint32_t id, bool *ret_found);

/* store_next gives the lowest id that is at least `from` and at most `to`, or false. */
bool store_next(const struct store *store, uint32_t from, uint32_t to, uint32_t *ret_id);

MITOME_CHECKED mitome_status store_put(struct store *store, uint32_t id, slice bytes, mitome_error *error);
MITOME_CHECKED mitome_status store_delete(struct store *store, uint32_t id, mitome_error *error);
MITOME_CHECKED mitome_status store_commit(struct store *store, mitome_error *error);
void store_rollback(struct store *store);

/* store_close wipes everything; NULL is fine. */
void store_close(struct store *store);

#endif
