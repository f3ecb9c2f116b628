/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DEVICE_PAIRING_H
#define DEVICE_PAIRING_H

/* How a demonstration's matcher gets the certificate of its maker, once, and how the station pairs it with
 * the element: with the keys of the issuer's domain that were left in the folder. */

#include "device.h"
#include "device_state.h"

/* device_pair certifies the matcher, if it is new, and pairs it with the element, which is in this state.
 * Fails as the matcher and the element do, with MATCHER_* where the certificate is not the matcher's, or is
 * none for such an element. */
MITOME_CHECKED mitome_status device_pair(
        struct device *device, const struct device_state *state, mitome_error *error);

/* device_check_sensor fails with MATCHER_SENSOR when the matcher reads otherwise than whom the element was
 * paired with: something else, or with less. */
MITOME_CHECKED mitome_status device_check_sensor(
        struct device *device, const struct device_state *state, mitome_error *error);

#endif
