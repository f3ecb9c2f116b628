/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QR_SVG_H
#define QR_SVG_H

/* A QR code (ISO/IEC 18004) as a path of SVG, without style of its own: what a page with a strict
 * content-security policy can show. */

#include "bytes.h"

enum {
        QR_SVG_TEXT_MAX = 512,
        QR_SVG_QUIET = 4, /* modules around it, as the standard wants */
        QR_SVG_PATH_MAX = 64 * 1024,
};

/* qr_svg_path writes the attribute `d` of <path> for the viewBox "0 0 SIZE SIZE": one unit a module, the
 * quiet zone inside, dark modules as rectangles. Error correction M. VALUE for no text, or one with a NUL;
 * TOO_LONG; BUFFER_FULL. Where the portal was built without libqrencode: NOT_BUILT, and qr_svg_is_there is
 * false. */
MITOME_CHECKED mitome_status qr_svg_path(slice text, writer *out, unsigned *ret_size, mitome_error *error);

/* qr_svg_write writes a whole SVG file ("image/svg+xml"), dark on white, for <img>. */
MITOME_CHECKED mitome_status qr_svg_write(slice text, writer *out, mitome_error *error);

bool qr_svg_is_there(void);

#endif
