/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEI_TSM_H
#define SEI_TSM_H

/* The secure element issuer's TSM, played: with the keys of the issuer's domain it installs, deletes and
 * gives away, writes the access rules, and leads the card through its life. It personalises nothing. */

#include "tsm_channel.h"

/* tsm_hand_over makes the service provider's domain, with the first keys, gives it the JPKI and FIDO applets
 * and ends the card's time at its issuer: life cycle SECURED. The issuer's keys open neither domain nor
 * applets afterwards, but the first keys do, until tsm_take_over. */
MITOME_CHECKED mitome_status tsm_hand_over(const struct mitome_link *link, const struct scp03_keys *issuer,
        const struct tsm_key_set *first, const struct mitome_random *random, mitome_error *error);

/* The steps of it, and what else the issuer's domain does, in a channel to TSM_CARD_MANAGER. In one to
 * another domain the element refuses them. */
MITOME_CHECKED mitome_status tsm_install_domain(struct tsm_channel *channel, slice aid, mitome_error *error);
MITOME_CHECKED mitome_status tsm_extradite(
        struct tsm_channel *channel, enum tsm_applet applet, mitome_error *error);
MITOME_CHECKED mitome_status tsm_secure_card(struct tsm_channel *channel, mitome_error *error);
MITOME_CHECKED mitome_status tsm_delete(
        struct tsm_channel *channel, enum tsm_applet applet, mitome_error *error);

/* tsm_install_applet makes the instance of JPKI's or FIDO's applet, selectable, associated with the issuer's
 * domain. */
MITOME_CHECKED mitome_status tsm_install_applet(
        struct tsm_channel *channel, enum tsm_applet applet, mitome_error *error);

/* tsm_look_up asks the card what it has of this name (GET STATUS). */
struct tsm_entry {
        bool exists;
        uint8_t life;     /* as PROTOCOL.md has it */
        bool at_provider; /* it is associated with the provider's domain */
};
MITOME_CHECKED mitome_status tsm_look_up(
        struct tsm_channel *channel, enum tsm_applet applet, struct tsm_entry *ret, mitome_error *error);

/* tsm_lead_card leads the card from wherever it is to SECURED, and leaves one that is there. */
MITOME_CHECKED mitome_status tsm_lead_card(struct tsm_channel *channel, mitome_error *error);

/* tsm_reset_fido is the FIDO applet's own reset, for a new owner; no session, and a touch by the phone's
 * word. */
MITOME_CHECKED mitome_status tsm_reset_fido(const struct mitome_link *link, mitome_error *error);

/* tsm_what_is_left tells, in the issuer's channel, what of a holder's is in the FIDO applet (0: nothing). */
MITOME_CHECKED mitome_status tsm_what_is_left(struct tsm_channel *channel, uint8_t *ret, mitome_error *error);

/* tsm_delete_fido deletes the instance of the FIDO applet: the element is no authenticator any more. */
MITOME_CHECKED mitome_status tsm_delete_fido(struct tsm_channel *channel, mitome_error *error);

/* tsm_pass_on asks that what follows be passed on to an applet: only its own domain may. */
MITOME_CHECKED mitome_status tsm_pass_on(
        struct tsm_channel *channel, enum tsm_applet applet, mitome_error *error);

/* ARA-M: what the SEI-TSM writes. tsm_allow_app lets the app whose signing certificate has this hash (SHA-256
 * or SHA-1; empty: every app) send anything to the applet; tsm_forbid_apps takes back all rules about it. */
MITOME_CHECKED mitome_status tsm_allow_app(
        struct tsm_channel *channel, enum tsm_applet applet, slice hash, mitome_error *error);
MITOME_CHECKED mitome_status tsm_forbid_apps(
        struct tsm_channel *channel, enum tsm_applet applet, mitome_error *error);

/* tsm_forbid_app takes back what tsm_allow_app said of one app. */
MITOME_CHECKED mitome_status tsm_forbid_app(
        struct tsm_channel *channel, enum tsm_applet applet, slice hash, mitome_error *error);

#endif
