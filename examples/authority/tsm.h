/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TSM_H
#define TSM_H

/* The trusted service managers, played: whoever holds the element's keys speaks with an applet through SCP03,
 * and whatever lies in between (the phone, its app) only relays sealed bytes. The commands are those of
 * authenticator/element/PROTOCOL.md. */

#include "authority.h"
#include "scp03.h"

#include <mitome/authenticator.h>

/* A channel to one applet. `link` is the relay; it must outlive the channel. */
struct tsm_channel {
        const struct mitome_link *link;
        struct scp03_session session;
        uint8_t number; /* the logical channel: whoever uses the phone keeps his own */
};

enum tsm_applet { TSM_FIDO, TSM_JPKI, TSM_ARA, TSM_CARD_MANAGER };

/* tsm_aid is the applet's name. */
slice tsm_aid(enum tsm_applet applet);

/* tsm_open selects the applet on a logical channel of its own and opens a secure channel to it. Fails with
 * CHANNEL_* when the keys are not the element's, with APDU_STATUS when the element refuses. Close it with
 * tsm_close. */
MITOME_CHECKED mitome_status tsm_open(struct tsm_channel *channel, const struct mitome_link *link,
        const struct scp03_keys *keys, enum tsm_applet applet, const struct mitome_random *random,
        mitome_error *error);
void tsm_close(struct tsm_channel *channel);

/* FIDO applet */
MITOME_CHECKED mitome_status tsm_store_batch_key(
        struct tsm_channel *channel, slice aaguid, slice key, slice certificate, mitome_error *error);

/* tsm_pair begins a pairing, tsm_confirm_pairing ends it in the same channel with what the matcher answered:
 * until then the former one stands. Whoever calls it vouches for the matcher's certificate, and for the
 * holder's card where there was a matcher before. */
MITOME_CHECKED mitome_status tsm_pair(
        struct tsm_channel *channel, slice matcher_point, uint8_t ret_element_point[65], mitome_error *error);
MITOME_CHECKED mitome_status tsm_confirm_pairing(
        struct tsm_channel *channel, const uint8_t confirmation[32], mitome_error *error);

/* tsm_make_device_key has the element make its device key; the maker certifies the point and gives the phone
 * an identity, which is what is printed on it. */
MITOME_CHECKED mitome_status tsm_make_device_key(
        struct tsm_channel *channel, uint8_t ret_point[65], mitome_error *error);
MITOME_CHECKED mitome_status tsm_store_device_certificate(
        struct tsm_channel *channel, const char *identity, slice certificate, mitome_error *error);

/* JPKI applet */
struct tsm_public_key {
        uint8_t modulus[256];
        uint8_t exponent[3];
};
MITOME_CHECKED mitome_status tsm_generate_key(struct tsm_channel *channel, enum authority_kind kind,
        struct tsm_public_key *ret, mitome_error *error);
MITOME_CHECKED mitome_status tsm_write_certificate(
        struct tsm_channel *channel, enum authority_kind kind, slice der, mitome_error *error);
MITOME_CHECKED mitome_status tsm_write_ca_certificate(
        struct tsm_channel *channel, enum authority_kind kind, slice der, mitome_error *error);
MITOME_CHECKED mitome_status tsm_set_secret(
        struct tsm_channel *channel, enum authority_kind kind, const char *secret, mitome_error *error);

/* tsm_personalise says what the applet plays; before its first key. `serial` may be empty. */
enum tsm_personality { TSM_PHONE, TSM_CARD };
MITOME_CHECKED mitome_status tsm_personalise(struct tsm_channel *channel, enum tsm_personality personality,
        const char *serial, mitome_error *error);

/* tsm_set_lease lets the signing key make `count` more signatures, as long as the certificate with this
 * serial number stands beside it: to be called when the certificate was seen to be alive. */
MITOME_CHECKED mitome_status tsm_set_lease(
        struct tsm_channel *channel, slice serial, uint16_t count, mitome_error *error);

/* ARA-M: what the SEI-TSM writes. tsm_allow_app lets the app whose signing certificate has this hash (SHA-256
 * or SHA-1; empty: every app) send anything to the applet; tsm_forbid_apps takes back all rules about it. */
MITOME_CHECKED mitome_status tsm_allow_app(
        struct tsm_channel *channel, enum tsm_applet applet, slice hash, mitome_error *error);
MITOME_CHECKED mitome_status tsm_forbid_apps(
        struct tsm_channel *channel, enum tsm_applet applet, mitome_error *error);

/* Card manager */

/* tsm_delete_fido deletes the instance of the FIDO applet: the element is no authenticator any more. */
MITOME_CHECKED mitome_status tsm_delete_fido(struct tsm_channel *channel, mitome_error *error);

#endif
