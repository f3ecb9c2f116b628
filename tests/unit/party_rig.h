/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARTY_RIG_H
#define PARTY_RIG_H

/* Two parties that count: `asker` (sp-tsm) asks `asked` (authority), whose desks add to a table of sums. */

#include "post_local.h"

/* Desks: "add" {1: amount} -> {1: sum}, with a decision; "look" {} -> {1: sum}, with none; "refuse" adds, and
 * refuses; "break" adds, and its store fails once. "only-shop" is for a shop. */
enum { RIG_ASKER, RIG_ASKED, RIG_PARTIES };

struct party_rig {
        struct post_local network;
        struct party *parties[RIG_PARTIES];
        struct party_desks desks;
        int64_t now[RIG_PARTIES]; /* each his own clock */
        unsigned random;
        unsigned breaks; /* how often "break" still fails */
        unsigned handled;
        const char *folders[RIG_PARTIES]; /* NULL: in memory */
        const char *stores[RIG_PARTIES];  /* NULL: beside the key */
        struct post post;                 /* instead of the network, when there is one */
};

/* Functions that cannot fail end the test (abort) when they do. party_rig_open begins with whatever folders
 * are set; party_rig_shut closes, and a second open goes on. */
void party_rig_begin(struct party_rig *rig);
mitome_status party_rig_open(struct party_rig *rig, int which, mitome_error *error);
void party_rig_shut(struct party_rig *rig, int which);
void party_rig_end(struct party_rig *rig);

/* party_rig_add is the body of "add". */
slice party_rig_add(uint8_t buffer[16], uint64_t amount);

/* party_rig_sum is what the table of a party says. */
int64_t party_rig_sum(struct party *party);

/* party_rig_count is the answer of a SELECT count(*). */
int64_t party_rig_count(struct party *party, const char *sql);

/* party_rig_call calls from asker to asked; the answer's sum. */
mitome_status party_rig_call(struct party_rig *rig, const char *kind, const uint8_t id[LETTER_ID_SIZE],
        uint64_t amount, uint64_t *ret_sum, mitome_code *ret_refusal);

/* party_rig_send sends "add" in a transaction of its own. */
mitome_status party_rig_send(struct party_rig *rig, const char *kind, uint64_t amount);

#endif
