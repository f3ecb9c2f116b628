/* SPDX-License-Identifier: Apache-2.0 */
#include "maker_device_ca.h"

mitome_status maker_device_ca_new(
        const struct mitome_random *random, int64_t now, struct maker_ca *ret, mitome_error *error)
{
        return maker_ca_new("Device CA 1", random, now, ret, error);
}

mitome_status maker_device_ca_certify(const struct maker_ca *ca, slice model,
        const struct mitome_random *random, int64_t now, const uint8_t point[MAKER_POINT_SIZE],
        struct authority_der *ret, mitome_error *error)
{
        char extensions[MAKER_EXTENSIONS_MAX];
        struct maker_leaf leaf;
        MITOME_TRY(maker_device_leaf(model, extensions, &leaf, error));
        return maker_ca_certify(ca, &leaf, random, now, point, ret, error);
}
