/* SPDX-License-Identifier: Apache-2.0 */
/* Without jansson there are no reports, and so nothing to sign. */
#include "cli.h"
#include "complain.h"

int statement_main(int argc, char **argv)
{
        const mitome_error error = { .code = MITOME_E_NOT_BUILT, .at = MITOME_NOWHERE, .field = "jansson" };
        (void)argc, (void)argv;
        return complain("mitome statement", &error);
}
