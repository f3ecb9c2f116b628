/* SPDX-License-Identifier: Apache-2.0 */
#include "qr_svg.h"

#include <qrencode.h>
#include <stdio.h>
#include <string.h>

static bool is_dark(const QRcode *code, int x, int y)
{
        return code->data[y * code->width + x] & 1;
}

static int run_from(const QRcode *code, int x, int y)
{
        int end = x;
        while (end < code->width && is_dark(code, end, y))
                end++;
        return end - x;
}

/* Dark modules beside each other are one rectangle: a fifth of the bytes. */
static void write_row(const QRcode *code, int y, writer *out)
{
        for (int x = 0; x < code->width; x++) {
                const int run = run_from(code, x, y);
                char text[64];
                if (run == 0)
                        continue;
                (void)snprintf(
                        text, sizeof text, "M%d %dh%dv1h-%dz", x + QR_SVG_QUIET, y + QR_SVG_QUIET, run, run);
                write_slice(out, slice_text(text));
                x += run;
        }
}

static mitome_status check_text(slice text, mitome_error *error)
{
        if (text.size > QR_SVG_TEXT_MAX)
                return fail(error, MITOME_E_TOO_LONG, "QR code", NULL);
        if (text.size == 0 || memchr(text.data, '\0', text.size))
                return fail(error, MITOME_E_VALUE, "QR code", NULL);
        return ok();
}

mitome_status qr_svg_path(slice text, writer *out, unsigned *ret_size, mitome_error *error)
{
        slice whole;
        MITOME_TRY(check_text(text, error));
        QRcode *code = QRcode_encodeData((int)text.size, text.data, 0, QR_ECLEVEL_M);
        if (!code)
                return fail(error, MITOME_E_NO_MEMORY, "QR code", NULL);
        for (int y = 0; y < code->width; y++)
                write_row(code, y, out);
        const unsigned size = (unsigned)code->width + 2 * QR_SVG_QUIET;
        QRcode_free(code);
        MITOME_TRY(writer_finish(out, "QR code", &whole, error));
        *ret_size = size;
        return ok();
}

static void write_head(writer *out, unsigned size)
{
        char text[256];
        (void)snprintf(text, sizeof text,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %u %u\" shape-rendering=\"crispEdges\">"
                "<path fill=\"#fff\" d=\"M0 0h%uv%uh-%uz\"/><path fill=\"#000\" d=\"",
                size, size, size, size, size);
        write_slice(out, slice_text(text));
}

mitome_status qr_svg_write(slice text, writer *out, mitome_error *error)
{
        uint8_t path[QR_SVG_PATH_MAX];
        writer in_path = WRITER(path);
        unsigned size = 0;
        slice whole;
        MITOME_TRY(qr_svg_path(text, &in_path, &size, error));
        write_head(out, size);
        write_slice(out, writer_view(&in_path));
        write_slice(out, slice_text("\"/></svg>\n"));
        return writer_finish(out, "QR code", &whole, error);
}

bool qr_svg_is_there(void)
{
        return true;
}
