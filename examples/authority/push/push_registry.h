/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUSH_REGISTRY_H
#define PUSH_REGISTRY_H

/* Which phone has which push token, and which phones are to be woken; tables in the SP-TSM's own store, so
 * that an order, its wake and their ends are written in one transaction.
 *
 * Who redirects a phone's token keeps it from hearing that it is to erase itself. So a token is named by the
 * phone itself: whoever calls push_registry_name has just seen a statement by its device key for the very
 * application that the token comes with. A card signature proves who applies, not which phone he holds: it is
 * not enough. The token of the old phone stays after a change of phones: it is what the remote erasure is
 * sent to. Two phones may name one token: waking a phone once more harms nobody, but taking a token away from
 * its phone would.
 *
 * All functions work in the open transaction, if there is one. */

#include "push_schedule.h"
#include "sql_store.h"

#include <mitome/bytes.h>

/* To be pasted into the schema of whoever keeps it. */
#define PUSH_REGISTRY_SCHEMA                                                                                        \
        "CREATE TABLE push_token (identity TEXT PRIMARY KEY, token TEXT NOT NULL, named_at INTEGER NOT NULL, "      \
        "gone_at INTEGER) WITHOUT ROWID;"                                                                           \
        "CREATE TABLE push_wake (identity TEXT PRIMARY KEY, id BLOB NOT NULL UNIQUE, phase INTEGER NOT NULL, "      \
        "outcome INTEGER NOT NULL, repeats INTEGER NOT NULL, attempts INTEGER NOT NULL, next_at INTEGER NOT NULL, " \
        "since INTEGER NOT NULL, asked_at INTEGER) WITHOUT ROWID;"                                                  \
        "CREATE INDEX push_wake_due ON push_wake (next_at) WHERE phase <> 2;"

enum { PUSH_IDENTITY_MAX = 64 };

/* push_registry_name: the phone has named its token, which takes the place of the one before; a wake that
 * waits is due at once. VALUE, TOO_LONG. */
MITOME_CHECKED mitome_status push_registry_name(
        struct sql_store *store, slice identity, slice token, int64_t now, mitome_error *error);

/* push_registry_forget: the phone has no owner any more (erased, and the receipt taken; reset; another
 * owner): its token and wake go. */
MITOME_CHECKED mitome_status push_registry_forget(
        struct sql_store *store, slice identity, mitome_error *error);

/* push_registry_wake asks for the phone to be woken. One wake a phone: there is one already: that one stands,
 * and is due at once. Without a token it waits (PUSH_PHASE_NO_WAY). NO_RANDOMNESS. */
MITOME_CHECKED mitome_status push_registry_wake(struct sql_store *store, slice identity, int64_t now,
        const struct mitome_random *random, mitome_error *error);

/* push_registry_end: nothing is open for this phone any more. */
MITOME_CHECKED mitome_status push_registry_end(struct sql_store *store, slice identity, mitome_error *error);

/* What can be said of a wake to people. */
struct push_wake {
        bool exists;
        struct push_plan plan;
        int64_t since;    /* when it was asked for */
        int64_t asked_at; /* when the service first took it; 0: not yet */
};
MITOME_CHECKED mitome_status push_registry_look(
        struct sql_store *store, slice identity, struct push_wake *ret, mitome_error *error);

/* push_registry_round sends what is due, at most `most`, oldest first; call it outside a transaction, now and
 * then. *ret_sent (may be NULL) is how many were tried. Nothing of the store is held while one is under way,
 * and what came of it is noted for the token that it was sent to: a phone that has named another one
 * meanwhile is not marked as gone. An attempt that is cut off is made again, with the same id. */
MITOME_CHECKED mitome_status push_registry_round(struct sql_store *store, const struct push *push,
        int64_t now, const struct mitome_random *random, size_t most, size_t *ret_sent, mitome_error *error);

#endif
