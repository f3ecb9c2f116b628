/* SPDX-License-Identifier: Apache-2.0 */
#include "status.h"

mitome_status fail_at(mitome_error *error, mitome_code code, size_t at, const char *field, const char *clause)
{
        if (error && error->code == MITOME_OK)
                *error = (mitome_error){ .code = code, .at = at, .field = field, .clause = clause };
        return (mitome_status){ code };
}

mitome_status fail(mitome_error *error, mitome_code code, const char *field, const char *clause)
{
        return fail_at(error, code, MITOME_NOWHERE, field, clause);
}
