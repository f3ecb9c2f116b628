/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DESK_RIG_H
#define DESK_RIG_H

/* A portal's party for tests of what it does without HTTP: a store (store_rig.h, else in memory), a clock
 * that is set by hand and real randomness, unless it is told to fail. */

#include "party.h"

struct desk_rig {
        struct directory directory;
        struct party *party;
        int64_t now;
        bool no_randomness;
        unsigned char constant; /* not 0: every random byte is this */
};

extern const int64_t desk_rig_now; /* the time that it begins with */

/* desk_rig_open opens it with one schema, in a new store. */
void desk_rig_open(struct desk_rig *rig, const char *schema);
void desk_rig_close(struct desk_rig *rig);

/* desk_rig_count is the answer of a SELECT count(*). */
int64_t desk_rig_count(struct desk_rig *rig, const char *sql);

/* desk_rig_journal writes the exported journal into a buffer, as it is. */
slice desk_rig_journal(struct desk_rig *rig, uint8_t *buffer, size_t capacity);

#endif
