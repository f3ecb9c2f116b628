/* SPDX-License-Identifier: Apache-2.0 */
#include "pgm_image.h"

static bool is_space(uint8_t c)
{
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A comment goes from # to the end of its line. */
static mitome_status skip_comment(reader *r)
{
        uint8_t c;
        do
                MITOME_TRY(read_u8(r, "comment", &c));
        while (c != '\n');
        return ok();
}

/* Space, comments, then digits and the one space that ends them. */
static mitome_status read_number(reader *r, int32_t most, int32_t *ret)
{
        int32_t number = 0;
        uint8_t c;
        do {
                MITOME_TRY(read_u8(r, "image", &c));
                if (c == '#')
                        MITOME_TRY(skip_comment(r));
        } while (is_space(c) || c == '#');
        while (c >= '0' && c <= '9') {
                number = number * 10 + (c - '0');
                if (number > most)
                        return reader_fail(r, MITOME_E_IMAGE_FILE, "image");
                MITOME_TRY(read_u8(r, "image", &c));
        }
        if (number == 0 || !is_space(c))
                return reader_fail(r, MITOME_E_IMAGE_FILE, "image");
        *ret = number;
        return ok();
}

static mitome_status read_image(reader *r, struct virtual_finger_image *ret)
{
        enum { WHITE = 255 };
        slice magic;
        int32_t white;
        MITOME_TRY(read_bytes(r, "image", 2, &magic));
        if (!slice_is(magic, "P5"))
                return reader_fail(r, MITOME_E_IMAGE_FILE, "image");
        MITOME_TRY(read_number(r, PGM_IMAGE_SIDE_MAX, &ret->width));
        MITOME_TRY(read_number(r, PGM_IMAGE_SIDE_MAX, &ret->height));
        MITOME_TRY(read_number(r, WHITE, &white));
        if (white != WHITE)
                return reader_fail(r, MITOME_E_IMAGE_FILE, "image");
        MITOME_TRY(read_bytes(r, "image", (size_t)ret->width * (size_t)ret->height, &ret->grey));
        return read_end(r, "image");
}

mitome_status pgm_image_read(slice file, struct virtual_finger_image *ret, mitome_error *error)
{
        struct virtual_finger_image image;
        reader r = reader_over(file, NULL, NULL);
        if (failed(read_image(&r, &image)))
                return fail_at(error, MITOME_E_IMAGE_FILE, r.offset, "image", NULL);
        *ret = image;
        return ok();
}
