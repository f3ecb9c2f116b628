/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DEMO_FINGER_H
#define DEMO_FINGER_H

#include "bytes.h"

#include <mitome/authenticator.h>

/* demo_finger_enrol enrols the finger that lies before the virtual sensor for the invented person, by his PIN
 * and as any platform does it: CTAP commands, from PIN token to captures. Fails as finger_client does. */
MITOME_CHECKED mitome_status demo_finger_enrol(
        struct mitome_authenticator *authenticator, mitome_error *error);

#endif
