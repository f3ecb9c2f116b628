/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POST_LOCAL_H
#define POST_LOCAL_H

/* Parties of one process, and a network between them that can lose, double, delay and reorder letters: for
 * tests and the story. */

#include "party.h"

/* What becomes of one letter. */
enum post_fate {
        POST_PASS,
        POST_DROP,        /* it does not arrive */
        POST_LOSE_ANSWER, /* it arrives and is answered; the answer does not arrive */
        POST_TWICE,       /* it arrives twice; the second answer is handed back */
        POST_HOLD,        /* its sender hears nothing; it arrives at post_local_release */
};

enum { POST_HELD_MAX = 64 };

struct post_local_member {
        struct party *party; /* NULL: he is away, nothing reaches him */
        const struct party_desks *desks;
};

/* Zeroed ({0}) it has no members. It must outlive the parties. */
struct post_local {
        struct directory directory; /* what the parties are opened with; grows as they join */
        struct post_local_member members[DIRECTORY_MAX];
        /* fate is asked for each letter; `number` counts them from 1. NULL: all pass. */
        enum post_fate (*fate)(
                void *context, const struct directory_entry *to, slice letter, unsigned number);
        void *fate_context;
        unsigned letters; /* counted */
        size_t held_count;
        struct post_local_held *held[POST_HELD_MAX]; /* owned */
};

/* post_local is the way for a struct party_config. */
struct post post_local(struct post_local *network);

/* post_local_join lets a party be reached, and enters its name and key; one of that name is replaced (it was
 * closed and opened again). `desks` may be NULL: it answers nothing. FULL when there is no room. */
MITOME_CHECKED mitome_status post_local_join(struct post_local *network, struct party *party,
        const struct party_desks *desks, mitome_error *error);

/* post_local_leave makes a party unreachable; its entry stays. */
void post_local_leave(struct post_local *network, const char *name);

/* post_local_release has everything that was held arrive, the last first: what the others make of it is lost,
 * as a late answer is. */
void post_local_release(struct post_local *network);

void post_local_free(struct post_local *network);

#endif
