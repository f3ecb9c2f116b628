/* SPDX-License-Identifier: Apache-2.0 */
#include "qr_svg.h"

/* Where libqrencode was not there at build time: the page shows the code to type, and no picture. */

mitome_status qr_svg_path(slice text, writer *out, unsigned *ret_size, mitome_error *error)
{
        (void)text;
        (void)out;
        (void)ret_size;
        return fail(error, MITOME_E_NOT_BUILT, "libqrencode", NULL);
}

mitome_status qr_svg_write(slice text, writer *out, mitome_error *error)
{
        (void)text;
        (void)out;
        return fail(error, MITOME_E_NOT_BUILT, "libqrencode", NULL);
}

bool qr_svg_is_there(void)
{
        return false;
}
