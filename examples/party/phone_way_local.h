/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PHONE_WAY_LOCAL_H
#define PHONE_WAY_LOCAL_H

/* A phone and its TSM in one process, and a network between them that can fail: for tests and the story. */

#include "phone_way.h"

/* What becomes of one message. */
enum phone_way_fate {
        PHONE_WAY_PASS,
        PHONE_WAY_DROP,        /* it does not arrive */
        PHONE_WAY_LOSE_ANSWER, /* it arrives, and is done; the answer does not */
        PHONE_WAY_TWICE,       /* a call arrives twice; an APDU once, since a relay counts them */
};

/* Set up by the caller; must outlive the way. */
struct phone_way_local {
        struct phone_desks desks;
        struct phone_relay relay;
        /* fate is asked before each message: a call (`kind` is the desk's) or a command of the relay (`kind`
         * is "relay"); `number` counts them from 1. A command that is dropped, or whose response is lost,
         * ends the relay. NULL: all pass. */
        enum phone_way_fate (*fate)(void *context, const char *kind, unsigned number);
        void *fate_context;
        unsigned messages; /* counted */
};

struct phone_way phone_way_local(struct phone_way_local *local);

#endif
