/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COUNTER_RIG_H
#define COUNTER_RIG_H

/* A phone on a shop's counter: a real element behind a real enforcer and the app's port; its holder and its
 * app may misbehave. */

#include "counter.h"
#include "counter_message.h"
#include "counter_port.h"
#include "element_rig.h"

struct counter_rig {
        struct element_rig rig;
        struct mitome_link link;
        struct mitome_enforcer *enforcer;
        struct counter_port port;
        bool declines, hides, replays; /* the holder; the app */
        bool forges_statement, forges_receipt;
        unsigned touches, acknowledged;
        bool full; /* the app can keep nothing more */
        unsigned kept_count;
        struct counter_piece kept[COUNTER_RECEIPTS_MAX]; /* what it keeps of what it let the element forget */
        struct counter_piece old; /* a receipt that was fetched for somebody else's question */
};

extern const struct mitome_random counter_rig_random;

/* counter_rig_make makes a phone with a device key; `ret_makers` believes its maker. counter_rig_clone opens
 * another one in its state. What must not fail and does aborts. Not to be moved. */
void counter_rig_make(struct counter_rig *phone, struct mitome_trust **ret_makers);
void counter_rig_clone(const struct counter_rig *phone, struct counter_rig *ret);
void counter_rig_close(struct counter_rig *phone);

/* counter_rig_provision puts certificates in, once; counter_rig_again a further one of user verification. */
void counter_rig_provision(struct counter_rig *phone);
void counter_rig_again(struct counter_rig *phone);

/* counter_rig_erase has the management station erase (84 0E 00 P2). */
void counter_rig_erase(struct counter_rig *phone, uint8_t p2);

/* counter_rig_phone is the phone as the counter sees it, by the messages of the line. */
struct counter_phone counter_rig_phone(struct counter_rig *phone);

#endif
