/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CUT_STEPS_H
#define CUT_STEPS_H

/* What people in the flows do, as somebody who looks how things stand and goes on; and how they stand. */

#include "account.h"
#include "cut_world.h"

/* cut_apply is an application by the person's card, or what is left of it. What could not be done is done by
 * the next call. */
void cut_apply(struct cut_world *world, struct world_phone *phone, enum life_purpose purpose, unsigned kinds);

/* cut_apply_anew is the same, into a phone whose app has been through an issue: an order that is done, and
 * the element holds what it held at first, is another's, or an older one. */
void cut_apply_anew(struct cut_world *world, struct world_phone *phone);

/* cut_goes_on: the phone is switched on and has a network, and looks whether there is something for it. */
void cut_goes_on(struct cut_world *world, struct world_phone *phone);

/* cut_set_back sets the old phone back, until that is confirmed. */
void cut_set_back(struct cut_world *world);

/* cut_tell has a clerk say something of a certificate. What the clerk has taken down is never said again: it
 * takes effect by itself. `told` remembers it. */
void cut_tell(struct cut_world *world, enum world_party clerk, const char *what, enum register_kind kind,
        slice serial, bool *told);

/* ---- how it stands ---- */

bool cut_is_done(struct world_phone *phone, enum life_purpose purpose, unsigned present);
bool cut_is_empty(struct cut_world *world, struct world_phone *phone);

/* Certificates of phones that are good. */
int64_t cut_live(struct cut_world *world);

/* No order is open, and no applet waits to be put somewhere or taken away. */
bool cut_is_over(struct cut_world *world);

/* Erased, revoked, and the authority has the receipt. */
bool cut_is_gone(struct cut_world *world);

/* Both of what the old phone had at first. */
bool cut_both_are(struct cut_world *world, enum ca_state wanted);

/* Both kinds are in the phone, and neither certificate is one that the old phone had at first. */
bool cut_has_others(struct cut_world *world, struct world_phone *phone);

/* Every wish that a clerk took down has been answered, and there was one. */
bool cut_is_answered(struct cut_world *world, enum world_party clerk);

/* cut_issuer writes the name of the CA of user verification, as its certificates have it; its size. */
size_t cut_issuer(struct cut_world *world, uint8_t ret[ACCOUNT_ISSUER_MAX]);

bool cut_opens(struct cut_world *world, struct world_phone *phone, unsigned kind, const char *secret);

/* Signatures left of the signing key's lease; -1 when the element does not say. */
int cut_lease(struct cut_world *world, struct world_phone *phone);

/* cut_sign has the signing key sign `count` times. */
bool cut_sign(struct cut_world *world, struct world_phone *phone, unsigned count);

#endif
