/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SP_TSM_H
#define SP_TSM_H

/* The service provider's TSM, played: with the keys of the provider's own domain it personalises the JPKI and
 * FIDO applets and erases what is in them. It installs and deletes nothing. */

#include "matcher_certificate.h"
#include "tsm_channel.h"

/* tsm_take_over makes the provider's domain the provider's: in a session by the first keys they are replaced
 * by `own`, which whoever gave the first ones does not know. */
MITOME_CHECKED mitome_status tsm_take_over(const struct mitome_link *link, const struct tsm_key_set *first,
        const struct tsm_key_set *own, const struct mitome_random *random, mitome_error *error);

/* FIDO applet */
MITOME_CHECKED mitome_status tsm_store_batch_key(
        struct tsm_channel *channel, slice aaguid, slice key, slice certificate, mitome_error *error);

/* tsm_pair begins a pairing with a matcher whose certificate was read by tsm_check_matcher,
 * tsm_confirm_pairing ends it in the same channel with what the matcher answered: until then the former one
 * stands. Whoever calls it vouches for the holder's card where there was a matcher before. */
MITOME_CHECKED mitome_status tsm_pair(struct tsm_channel *channel, const struct tsm_matcher *matcher,
        uint8_t ret_element_point[65], mitome_error *error);
MITOME_CHECKED mitome_status tsm_confirm_pairing(
        struct tsm_channel *channel, const uint8_t confirmation[32], mitome_error *error);

/* tsm_make_device_key has the element make its device key; the maker certifies the point and gives the phone
 * an identity, which is what is printed on it. */
MITOME_CHECKED mitome_status tsm_make_device_key(
        struct tsm_channel *channel, uint8_t ret_point[65], mitome_error *error);
MITOME_CHECKED mitome_status tsm_store_device_certificate(
        struct tsm_channel *channel, const char *identity, slice certificate, mitome_error *error);

/* tsm_set_enterprise_list writes the list of relying parties that may learn whose certificate it is, and
 * switches it on. */
MITOME_CHECKED mitome_status tsm_set_enterprise_list(
        struct tsm_channel *channel, const char *const *rp_ids, size_t count, mitome_error *error);

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
enum tsm_personality {
        TSM_PHONE,
        TSM_CARD,
        TSM_AUTHENTICATOR, /* a phone whose user-verification key signs no hash of a host's, so that it may be
                              a credential */
};
MITOME_CHECKED mitome_status tsm_personalise(struct tsm_channel *channel, enum tsm_personality personality,
        const char *serial, mitome_error *error);

/* tsm_plays tells what it plays. */
MITOME_CHECKED mitome_status tsm_plays(
        struct tsm_channel *channel, enum tsm_personality *ret, mitome_error *error);

/* tsm_set_lease lets the signing key make `count` more signatures, as long as the certificate with this
 * serial number stands beside it: to be called when the certificate was seen to be alive. */
MITOME_CHECKED mitome_status tsm_set_lease(
        struct tsm_channel *channel, slice serial, uint16_t count, mitome_error *error);

/* tsm_lease_left tells how many are left. */
MITOME_CHECKED mitome_status tsm_lease_left(
        struct tsm_channel *channel, uint16_t *ret_count, mitome_error *error);

/* tsm_look tells what the applet holds now: bits of enum tsm_there. */
enum tsm_there {
        TSM_USER_KEY = 0x01,
        TSM_USER_CERTIFICATE = 0x02,
        TSM_SIGNING_KEY = 0x04,
        TSM_SIGNING_CERTIFICATE = 0x08,
        TSM_PIN_TEMPORARY = 0x10,
        TSM_PASSWORD_TEMPORARY = 0x20,
        TSM_PIN_SET = 0x40,
        TSM_PASSWORD_SET = 0x80,
};
MITOME_CHECKED mitome_status tsm_look(struct tsm_channel *channel, unsigned *ret_there, mitome_error *error);

/* tsm_set_temporary is tsm_set_secret for a secret that opens nothing until its holder has changed it. */
MITOME_CHECKED mitome_status tsm_set_temporary(
        struct tsm_channel *channel, enum authority_kind kind, slice secret, mitome_error *error);

/* tsm_erase_kind is tsm_erase for what belongs to one kind. */
MITOME_CHECKED mitome_status tsm_erase_kind(
        struct tsm_channel *channel, enum authority_kind kind, mitome_error *error);

/* In a channel to the FIDO applet: the oldest receipt of an erasure that nobody has acknowledged, without a
 * touch, since the station knows the phone (6A88 in channel->sw: none). ret->evidence views ret->bytes. */
struct tsm_receipt {
        uint8_t bytes[TSM_WIRE_MAX];
        slice evidence;
        slice number, digest; /* 4 and 32 bytes */
};
MITOME_CHECKED mitome_status tsm_fetch_receipt(
        struct tsm_channel *channel, struct tsm_receipt *ret, mitome_error *error);

/* tsm_acknowledge lets the element forget it: when the authority has it. */
MITOME_CHECKED mitome_status tsm_acknowledge(
        struct tsm_channel *channel, const struct tsm_receipt *receipt, mitome_error *error);

/* tsm_erase ends keys, certificates and secrets of both kinds; a receipt stays until somebody fetches it. */
MITOME_CHECKED mitome_status tsm_erase(struct tsm_channel *channel, mitome_error *error);

#endif
