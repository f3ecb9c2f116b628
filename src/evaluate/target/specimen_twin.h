/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SPECIMEN_TWIN_H
#define SPECIMEN_TWIN_H

/* A second specimen, made and personalised by itself, that is given what the first one stored: as somebody
 * does who has read it and has another phone of that make. It has no finger. */

#include "specimen.h"

/* specimen_twin_open makes it, with the image of a slot and the key that seals it, and with `anchor` the
 * anchor's count of that moment. *ret_runs: it starts so; else it was refused, and is closed again. Close it
 * with specimen_close. Fails where there is nothing in the slot (MISSING), and as specimen_open. */
MITOME_CHECKED mitome_status specimen_twin_open(const struct specimen *first, unsigned slot, bool anchor,
        struct specimen *ret, bool *ret_runs, mitome_error *error);

#endif
