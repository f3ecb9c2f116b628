/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUSH_QUEUE_H
#define PUSH_QUEUE_H

/* Push without a push service: a box for each app in a table of the TSM's own store, which the app asks from
 * time to time. The default, and what an evaluation without Google runs with. The token is the box's key: 32
 * random bytes that only the app and the TSM know. A message stays until the app has said that it saw it.
 *
 * Two words of the phone (struct phone_desk, phone_way.h), CBOR maps:
 *   push-register {} -> {1: token}
 *   push-poll {1: token, ? 2: [id..] that were seen} -> {1: [{1: kind, 2: id}..]} */

#include "party.h"
#include "phone_way.h"
#include "push.h"

/* To be pasted into the schema of whoever keeps it. */
#define PUSH_QUEUE_SCHEMA                                                                                    \
        "CREATE TABLE push_box (token TEXT PRIMARY KEY, made_at INTEGER NOT NULL, seen_at INTEGER) WITHOUT " \
        "ROWID;"                                                                                             \
        "CREATE TABLE push_item (token TEXT NOT NULL REFERENCES push_box (token), id BLOB NOT NULL, kind "   \
        "TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (token, id)) WITHOUT ROWID;"

enum {
        PUSH_BOX_ITEMS = 16,             /* a box holds no more: the next is PUSH_LATER */
        PUSH_BOX_TOKEN_SIZE = 43,        /* characters: 32 bytes as base64url */
        PUSH_BOX_UNUSED_S = 86400,       /* a box that was never asked for is thrown away after this */
        PUSH_BOX_SILENT_S = 270 * 86400, /* and one that nobody asks for any more: the app is gone */
        PUSH_BOXES_MOST = 1000000,
        PUSH_POLL_MAX = 512, /* bytes of a push-poll */
};

struct push_queue {
        struct sql_store *store;
        struct party_clock clock;
        struct mitome_random random;
        size_t boxes_most; /* 0: PUSH_BOXES_MOST */
};

/* push_queue is the `struct push` of it. A token without a box is PUSH_TOKEN_GONE; the same message twice is
 * once in the box. */
struct push push_queue(struct push_queue *queue);

/* What the phone says. push_queue_register fails with FULL when there are too many boxes, NO_RANDOMNESS;
 * push_queue_poll with PUSH_BOX_UNKNOWN (register again), CBOR_*, VALUE. `context` is the struct push_queue.
 */
MITOME_CHECKED mitome_status push_queue_register(
        void *context, slice body, writer *answer, mitome_error *error);
MITOME_CHECKED mitome_status push_queue_poll(void *context, slice body, writer *answer, mitome_error *error);

/* Both, for a TSM that answers them. */
enum { PUSH_QUEUE_DESKS = 2 };
extern const struct phone_desk push_queue_desks[PUSH_QUEUE_DESKS];

/* push_queue_sweep throws away boxes that nobody asks for. */
MITOME_CHECKED mitome_status push_queue_sweep(struct push_queue *queue, mitome_error *error);

#endif
