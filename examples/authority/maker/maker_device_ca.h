/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MAKER_DEVICE_CA_H
#define MAKER_DEVICE_CA_H

/* The maker's CA for device keys: one for all its phones, so that an authority needs one anchor a maker. */

#include "maker.h"

MITOME_CHECKED mitome_status maker_device_ca_new(
        const struct mitome_random *random, int64_t now, struct maker_ca *ret, mitome_error *error);

/* maker_device_ca_certify certifies the point that the element of a phone of this model gave. VALUE when it
 * is none, or no model's name. */
MITOME_CHECKED mitome_status maker_device_ca_certify(const struct maker_ca *ca, slice model,
        const struct mitome_random *random, int64_t now, const uint8_t point[MAKER_POINT_SIZE],
        struct authority_der *ret, mitome_error *error);

#endif
