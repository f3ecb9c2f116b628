/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STATUS_TEXT_H
#define STATUS_TEXT_H

/* How it stands with an element, in words for its holder: above all what CTAP has no words for, and what to
 * do about it. */

#include "device_state.h"

enum { STATUS_TEXT_MAX = 8192 };

/* status_text writes lines of text; status_json one line of JSON, whose "troubles" are the short names of
 * what is wrong: pin-locked, power-cycle-owed, pin-change-forced, fingers-closed, certificates-on-hold,
 * certificate-missing, lease-used-up, password-locked, full. */
void status_text(const struct device_state *state, writer *out);
void status_json(const struct device_state *state, writer *out);

/* status_has_trouble tells whether any of these is there. */
bool status_has_trouble(const struct device_state *state);

#endif
