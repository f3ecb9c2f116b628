/* SPDX-License-Identifier: Apache-2.0 */

/* An Android keystore's KeyDescription: what is read lies in the input, within its bounds. */

#include "key_description.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct key_authorizations *list)
{
        if (list->empty && (list->purposes || list->has_origin || list->all_applications))
                abort();
        if (!list->has_origin && list->origin)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const slice input = slice_of(data, size);
        struct key_description key;
        mitome_error error = { 0 };
        if (key_description_read(input, &key, &error).code != MITOME_OK) {
                if (!error.field || !error.clause || error.at > size)
                        abort();
                return 0;
        }
        if (!slice_contains(input, key.challenge) || !slice_contains(input, key.unique_id) ||
                key.attestation_level > KEY_LEVEL_STRONGBOX || key.keymaster_level > KEY_LEVEL_STRONGBOX)
                abort();
        check(&key.software);
        check(&key.hardware);
        return 0;
}
