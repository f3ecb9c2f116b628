/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEI_ORDERS_H
#define SEI_ORDERS_H

/* The SEI-TSM as a party: it knows the issuer's keys of every phone's element, and has the JPKI applet
 * installed, cleaned of what a former owner left, or deleted, when the SP-TSM, or the maker for a factory
 * reset, asks for it. What is wanted is a row; sei_tsm_serve looks at what the element says now and does the
 * steps that are missing, as soon as the phone relays.
 *
 * Letters:
 *   register-element  maker   {1 identity, 2 version, 3 issuer's keys ENC||MAC||DEK, sealed to this party}
 *   prepare           sp-tsm  {1 identity, 2 wanted (1 installed and clean, 0 deleted), 3 [SHA-256 of the
 *                             certificate of an app that may use the applets], ? 4 seconds} -> {1 state};
 *                             4 is there if 1 is wanted, 1..600: how long the wish stands
 *   applet-state      sp-tsm  {1 identity} -> {1 state}
 *   reset             maker   {1 identity} -> {1 state}
 * and from here, by the outbox: hand-over to sp-tsm {1 identity, 2 version, 3 sealed first keys}, as soon as
 * the provider's domain has them.
 *
 * Every new `prepare` that wants the applet installed cleans once: what is in the JPKI applet goes with its
 * instance, and the FIDO applet is reset (credentials, fingers, PIN of whoever had the phone before). While
 * one is open, another of the same wish joins it, and prolongs it. It stands for as long as whoever applied
 * has time, by this party's clock; one that ran out is as if it had never been said: it cleans nothing, and
 * an erasure that it went before is done after all. A deletion that was written before the last wish to have
 * the applet, and comes after it, is not done, unless that wish ran out. Other applets, FeliCa's, and what
 * the card's other domains hold, are not touched. The FIDO applet is not the issuer's any more, so that its
 * reset is a plain command which the phone passes on, with a touch by its word; that it was
 * done the element says, sealed, to the issuer's keys (SEI_NOT_RESET). */

#include "party.h"
#include "phone_way.h"
#include "tsm_channel.h"

enum sei_tsm_state { SEI_TSM_ABSENT, SEI_TSM_INSTALLED, SEI_TSM_ASKED };

enum { SEI_TSM_IDENTITY_MAX = 64, SEI_TSM_APPS_MAX = 8, SEI_TSM_WISH_S = 600 };

struct sei_tsm_config {
        const char *key_file; /* what seals the elements' keys in the store; made when it is not there (mode
                                 0600); NULL: drawn, and forgotten at the end. A file is no HSM. */
};

/* Its tables: party_config's schema. */
extern const char sei_tsm_schema[];
enum { SEI_TSM_SCHEMA_VERSION = 2 };

struct sei_tsm;
MITOME_CHECKED mitome_status sei_tsm_open(
        struct party *party, const struct sei_tsm_config *config, struct sei_tsm **ret, mitome_error *error);
void sei_tsm_close(struct sei_tsm *tsm);

/* What others ask of it; the context is the struct sei_tsm. */
extern const struct party_desk sei_tsm_desks[];
extern const size_t sei_tsm_desk_count;
/* A phone has no words here: it relays, and hears nothing when nothing waits. What is in a phone is told to
 * nobody who can only name it. */

/* sei_tsm_register remembers the issuer's keys of a new element (register-element does it by letter). The
 * same again changes nothing; other keys for a phone that is known: SEI_KNOWN. */
MITOME_CHECKED mitome_status sei_tsm_register(
        struct sei_tsm *tsm, slice identity, const struct tsm_key_set *issuer, mitome_error *error);

/* sei_tsm_serve is the relay's other end: it does what is open for this phone; nothing when nothing is.
 * Outside a transaction. Fails with SEI_UNKNOWN, SEI_DOMAIN (the provider's domain has keys that nobody here
 * gave it), or as the link and the element do; then the order stays open, and may be served again. */
MITOME_CHECKED mitome_status sei_tsm_serve(
        struct sei_tsm *tsm, slice identity, const struct mitome_link *link, mitome_error *error);

/* sei_tsm_tick sends what waits for the others. */
MITOME_CHECKED mitome_status sei_tsm_tick(struct sei_tsm *tsm, mitome_error *error);

/* sei_tsm_look tells how it stands with a phone; SEI_UNKNOWN. */
MITOME_CHECKED mitome_status sei_tsm_look(
        struct sei_tsm *tsm, slice identity, enum sei_tsm_state *ret, mitome_error *error);

#endif
