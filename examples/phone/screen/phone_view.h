/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PHONE_VIEW_H
#define PHONE_VIEW_H

/* What the page shows of the phone, as JSON. NULL: no memory. */

#include "phone_actor.h"

#include <jansson.h>

json_t *phone_view_screen(struct phone_actor *actor, enum mitome_language language);
json_t *phone_view_state(struct phone_actor *actor, const char *pairing_secret);
json_t *phone_view_log(struct phone_actor *actor, uint64_t after);

/* phone_view_wish begins the wish of that name (phone_wish): ARGUMENT when there is none. */
MITOME_CHECKED mitome_status phone_view_wish(struct phone_actor *actor, slice name, slice id, slice text,
        uint64_t *ret_number, mitome_error *error);

#endif
