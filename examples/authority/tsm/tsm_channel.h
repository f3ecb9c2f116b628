/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TSM_CHANNEL_H
#define TSM_CHANNEL_H

/* How a service manager speaks with the element: whoever holds the keys of a security domain speaks with what
 * is associated with it through SCP03, and whatever lies in between (the phone, its app) only relays sealed
 * bytes. The commands are those of authenticator/element/PROTOCOL.md. */

#include "authority.h"
#include "scp03.h"

#include <mitome/link.h>

/* A channel to one applet or domain. `link` is the relay; it must outlive the channel. */
struct tsm_channel {
        const struct mitome_link *link;
        struct scp03_session session;
        struct secret dek; /* of the set that opened it: PUT KEY seals with it */
        uint16_t sw;       /* the last status word: after APDU_STATUS, why */
        uint8_t number;    /* the logical channel: whoever uses the phone keeps his own */
};

enum tsm_applet { TSM_FIDO, TSM_JPKI, TSM_ARA, TSM_CARD_MANAGER, TSM_PROVIDER, TSM_STAND_IN };

/* tsm_aid is the name of an applet or domain. */
slice tsm_aid(enum tsm_applet applet);

/* A key set and the version that it has, or shall have, in its domain. */
struct tsm_key_set {
        uint8_t version;
        struct scp03_keys keys;
};

/* Versions as the examples give them. */
enum {
        TSM_KEYS_LOWEST = 0x00, /* whichever is the lowest */
        TSM_KEYS_ISSUER = 0x01, /* a new element's */
        TSM_KEYS_FIRST = 0x10,  /* the provider's, from the SEI-TSM */
        TSM_KEYS_OWN = 0x11,    /* the provider's, that nobody else knows */
};

/* tsm_make_keys draws a set of AES-256 keys. Wipe it. */
MITOME_CHECKED mitome_status tsm_make_keys(
        struct tsm_key_set *ret, uint8_t version, const struct mitome_random *random, mitome_error *error);

/* tsm_open selects on a logical channel of its own and opens a secure channel, with the lowest set. Fails
 * with CHANNEL_* when the keys are not the element's, with APDU_STATUS when the element refuses. Close it
 * with tsm_close. tsm_open_set asks for the set's own version. */
MITOME_CHECKED mitome_status tsm_open(struct tsm_channel *channel, const struct mitome_link *link,
        const struct scp03_keys *keys, enum tsm_applet applet, const struct mitome_random *random,
        mitome_error *error);
MITOME_CHECKED mitome_status tsm_open_set(struct tsm_channel *channel, const struct mitome_link *link,
        const struct tsm_key_set *set, enum tsm_applet applet, const struct mitome_random *random,
        mitome_error *error);
void tsm_close(struct tsm_channel *channel);

/* tsm_open_plain only selects, on a logical channel of its own, for what needs no session; tsm_ask_plain
 * sends one command there, whatever the answer (channel->sw). Nobody vouches for what is answered. Close it
 * with tsm_close. */
enum { TSM_WIRE_MAX = 4096 };
MITOME_CHECKED mitome_status tsm_open_plain(struct tsm_channel *channel, const struct mitome_link *link,
        enum tsm_applet applet, mitome_error *error);
MITOME_CHECKED mitome_status tsm_ask_plain(struct tsm_channel *channel, const struct apdu_command *command,
        uint8_t response[TSM_WIRE_MAX], slice *ret_data, mitome_error *error);

/* tsm_put_keys adds a set to the domain that the channel is open to, or replaces the one of version
 * `replaced` (0: none). A channel that the replaced set opened still stands; close it. */
MITOME_CHECKED mitome_status tsm_put_keys(
        struct tsm_channel *channel, uint8_t replaced, const struct tsm_key_set *set, mitome_error *error);

/* For sei_tsm.c and sp_tsm.c. tsm_exchange sends one command, which must be answered 9000; *ret_data views
 * `plain`. tsm_order does so where the answer's data say nothing. */
MITOME_CHECKED mitome_status tsm_exchange(struct tsm_channel *channel, const struct apdu_command *command,
        uint8_t plain[TSM_WIRE_MAX], slice *ret_data, mitome_error *error);
MITOME_CHECKED mitome_status tsm_order(
        struct tsm_channel *channel, const struct apdu_command *command, mitome_error *error);

#endif
