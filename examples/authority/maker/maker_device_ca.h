/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MAKER_DEVICE_CA_H
#define MAKER_DEVICE_CA_H

/* The maker's CA for device keys: one for all its phones, so that an authority needs one anchor a maker. */

#include "maker.h"

enum { MAKER_CA_KEY_MAX = 256 };

struct maker_device_ca {
        struct authority_der certificate;
        uint8_t key[MAKER_CA_KEY_MAX]; /* PKCS#8, DER; wipe it (maker_device_ca_wipe) */
        size_t key_size;
};

/* maker_device_ca_new makes a CA, P-256, valid for twenty years from `now`. */
MITOME_CHECKED mitome_status maker_device_ca_new(
        const struct mitome_random *random, int64_t now, struct maker_device_ca *ret, mitome_error *error);
void maker_device_ca_wipe(struct maker_device_ca *ca);

/* maker_device_ca_certify certifies the point (uncompressed P-256) that an element gave. VALUE when it is
 * none. */
MITOME_CHECKED mitome_status maker_device_ca_certify(const struct maker_device_ca *ca,
        const struct mitome_random *random, int64_t now, const uint8_t point[MAKER_POINT_SIZE],
        struct authority_der *ret, mitome_error *error);

#endif
