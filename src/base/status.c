/* SPDX-License-Identifier: Apache-2.0 */
#include "status.h"

void error_record(mitome_error *error, mitome_code code, size_t at, const char *field, const char *clause)
{
        if (error && error->code == MITOME_OK)
                *error = (mitome_error){ .code = code, .at = at, .field = field, .clause = clause };
}
