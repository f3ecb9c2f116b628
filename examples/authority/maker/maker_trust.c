/* SPDX-License-Identifier: Apache-2.0 */
#include "maker_trust.h"

#include "small_file.h"

enum { FILE_MAX = 16384 };

mitome_status maker_trust_read(
        const char *path, const char *option, struct mitome_trust **ret, mitome_error *error)
{
        uint8_t buffer[FILE_MAX];
        slice der;
        struct mitome_trust *trust;
        if (!path)
                return fail(error, MITOME_E_MISSING, option, NULL);
        MITOME_TRY(small_file_read(path, option, buffer, sizeof buffer, &der, error));
        MITOME_TRY(mitome_trust_new(&trust, error));
        mitome_status status = mitome_trust_add_anchor(trust, der, error);
        if (failed(status))
                mitome_trust_free(trust);
        else
                *ret = trust;
        return status;
}
