/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CUT_WORLD_H
#define CUT_WORLD_H

/* All parties, a person and phones (examples/events/world.h), with a fault at any message, APDU or write of
 * one flow; what must hold after each fault, whatever came of the flow; and what must have come of it once
 * everybody has gone on. */

#include "fork_cut.h"
#include "play_steps.h"

struct cut_world;

/* One thing that people do. */
struct cut_flow {
        const char *name;
        bool (*prepare)(struct cut_world *world); /* what stands before it, uncut; may be NULL */
        /* drive does it, or what is left of it, as somebody who looks how it stands and goes on; it may fail
         * wherever something was cut, and be called again. */
        void (*drive)(struct cut_world *world);
        bool (*reached)(struct cut_world *world);
};

struct cut_element {
        struct cut_world *world;
        struct mitome_storage below;
};

struct cut_answer {
        uint8_t bytes[LETTER_MAX];
        size_t size;
};

struct cut_world {
        struct play play;
        struct cut_answer answers[DIRECTORY_MAX]; /* the last of each party */
        struct fork_cut cut;
        char folder[64];
        const char *part; /* of a store's path: whose writes are cut */
        bool dead;        /* the disk, or the element's power, is gone */
        int64_t skew;     /* how far whoever takes a letter is ahead of whoever wrote it */
        bool no_receipts; /* the phones' words about receipts do not arrive */
        struct cut_element elements[WORLD_PHONES];
        const struct cut_flow *flow;
        const struct world_person *person; /* who applies; NULL: play.person */
        /* What a flow has done and seen. */
        bool told_hold[REGISTER_KINDS], told_release[REGISTER_KINDS], told_end;
        bool held, confirmed, moved;
        struct counter_report report;
        uint8_t card[REGISTER_SERIAL_MAX]; /* a certificate on the person's card */
        size_t card_size;
};

/* cut_world_open makes the world; a person with a card, and two phones, `old` and `another`, with nothing in
 * them. cut_world_settle_in puts both certificates into the old one. All that fails ends the test. */
void cut_world_open(struct cut_world *world);
void cut_world_settle_in(struct cut_world *world);
void cut_world_close(struct cut_world *world);

/* cut_world_phone makes one more (0 .. WORLD_PHONES - 1). */
bool cut_world_phone(struct cut_world *world, unsigned number, struct world_phone **ret);

/* cut_world_sweep cuts a flow at every `stride`-th of its points. `part`: for CUT_STORE. Says on stderr what
 * went wrong. *ret: how much there was. */
bool cut_world_sweep(struct cut_world *world, const struct cut_flow *flow, enum cut_what what,
        const char *part, unsigned stride, struct fork_cut_count *ret);

/* ---- how it stands ---- */

/* A number that a party's store answers; -1 when it does not. */
int64_t cut_world_number(struct cut_world *world, enum world_party who, const char *sql);

/* Whether an applet waits to be put into a phone, or taken away. */
bool cut_world_awaits_applet(struct cut_world *world);

/* What the element itself says is in it, by its device key. */
struct cut_content {
        unsigned kinds; /* LIFE_SIGNING | .. : keys, with a certificate or without */
        struct {
                uint8_t serial[REGISTER_SERIAL_MAX];
                size_t size; /* 0: a key alone */
        } at[REGISTER_KINDS + 1];
};
bool cut_world_content(struct cut_world *world, struct world_phone *phone, struct cut_content *ret);

/* cut_world_is_sound checks what must hold at any moment; `quiet`: also what must hold when nothing is under
 * way any more. */
bool cut_world_is_sound(struct cut_world *world, bool quiet);

#endif
