/* SPDX-License-Identifier: Apache-2.0 */
#include "complain.h"

#include <stdio.h>

int complain(const char *program, const mitome_error *error)
{
        char text[512];
        mitome_explain(error, text, sizeof text);
        fprintf(stderr, "%s: %s\n", program, text);
        return 2;
}
