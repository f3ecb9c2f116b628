/* SPDX-License-Identifier: Apache-2.0 */

/* Built without jansson, by which reports are written. */

#include "cli.h"
#include "complain.h"

int evaluate_main(int argc, char **argv)
{
        const mitome_error error = { .code = MITOME_E_NOT_BUILT, .at = MITOME_NOWHERE, .field = "jansson" };
        (void)argc;
        (void)argv;
        return complain("mitome evaluate", &error);
}
