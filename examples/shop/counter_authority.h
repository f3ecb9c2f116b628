/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COUNTER_AUTHORITY_H
#define COUNTER_AUTHORITY_H

/* The counter's line to the authority: letters of the party "shop" (status, receipt, receipt-known). What the
 * counter decided goes into the shop's journal. */

#include "counter.h"
#include "party.h"

/* counter_authority_of asks by `shop`, which must outlive it. */
struct counter_authority counter_authority_of(struct party *shop);

/* counter_note writes a verdict down, in a transaction of its own: device, verdict, and the digest of the
 * statement; no serial number. */
MITOME_CHECKED mitome_status counter_note(struct party *shop, const struct counter_case *at,
        const struct counter_report *report, mitome_error *error);

/* ---- a shop by the network (counter_network.c; counter_network_absent.c where the libraries are not there)
 */

struct counter_network;
enum { COUNTER_SHOP_KEY_SIZE = 32 };

/* counter_network_open opens the shop's folder (key, store, journal; made when there is none) with the
 * directory of parties (NULL: to ask nobody). Without the libraries: UNREACHABLE. */
MITOME_CHECKED mitome_status counter_network_open(const char *folder, const char *directory,
        const struct mitome_random *random, struct counter_network **ret, mitome_error *error);
struct counter_authority counter_network_authority(struct counter_network *network);
MITOME_CHECKED mitome_status counter_network_note(struct counter_network *network,
        const struct counter_case *at, const struct counter_report *report, mitome_error *error);
/* counter_network_key is the shop's public key, by which others know it; counter_network_journal writes its
 * journal out. */
void counter_network_key(struct counter_network *network, uint8_t ret_key[COUNTER_SHOP_KEY_SIZE]);
MITOME_CHECKED mitome_status counter_network_journal(
        struct counter_network *network, const char *path, mitome_error *error);
void counter_network_close(struct counter_network *network); /* NULL is fine */

#endif
