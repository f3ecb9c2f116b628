/* SPDX-License-Identifier: Apache-2.0 */
#include "bytes.h"

#include <mitome/rp.h>

static const struct {
        unsigned bit;
        const char *name;
} switches[] = {
        { MITOME_SWITCH_U2F_ZERO_AAGUID, "u2f-zero-aaguid" },
        { MITOME_SWITCH_TPM_MANUFACTURER, "tpm-manufacturer" },
        { MITOME_SWITCH_ANDROID_TEE, "android-tee" },
        { MITOME_SWITCH_ORIGIN_SLASH, "origin-slash" },
        { MITOME_SWITCH_AUTH_DATA_LEFT_OVER, "auth-data-left-over" },
        { MITOME_SWITCH_LEAF_UNUSED_BITS, "leaf-unused-bits" },
        { MITOME_SWITCH_AUTH_DATA_ANY_ORDER, "auth-data-any-order" },
};

unsigned mitome_switch_find(mitome_slice name)
{
        for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++)
                if (slice_is(name, switches[i].name))
                        return switches[i].bit;
        return 0;
}
