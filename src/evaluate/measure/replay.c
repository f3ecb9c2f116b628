/* SPDX-License-Identifier: Apache-2.0 */
#include "replay.h"

#include "seeded_draw.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

static uint8_t grey_of(double value)
{
        return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

typedef void make(uint64_t *state, const struct replay_image *image, struct replay_image *ret);

static void copy(uint64_t *state, const struct replay_image *image, struct replay_image *ret)
{
        (void)state;
        for (size_t i = 0; i < image->width * image->height; i++)
                ret->grey[i] = image->grey[i];
}

static void add_noise(uint64_t *state, const struct replay_image *image, struct replay_image *ret)
{
        for (size_t i = 0; i < image->width * image->height; i++)
                ret->grey[i] = grey_of(image->grey[i] + 10 * draw_normal(state));
}

static void flip_bits(uint64_t *state, const struct replay_image *image, struct replay_image *ret)
{
        for (size_t i = 0; i < image->width * image->height; i++) {
                uint64_t number = draw_number(state);
                unsigned bit = number & 8 ? 1u << (number & 7) : 0;
                ret->grey[i] = (uint8_t)(image->grey[i] ^ bit);
        }
}

static void change_contrast(uint64_t *state, const struct replay_image *image, struct replay_image *ret)
{
        double contrast = draw_between(state, 0.4, 1.3), brightness = draw_between(state, -40, 40);
        for (size_t i = 0; i < image->width * image->height; i++)
                ret->grey[i] = grey_of(128 + contrast * (image->grey[i] - 128) + brightness);
}

/* The grey between the four nearest pixels; white outside. */
static double grey_at(const struct replay_image *image, double x, double y)
{
        if (x < 0 || y < 0 || x >= (double)image->width - 1 || y >= (double)image->height - 1)
                return 250;
        size_t column = (size_t)x, row = (size_t)y;
        double right = x - (double)column, low = y - (double)row;
        const uint8_t *upper = &image->grey[row * image->width + column], *lower = upper + image->width;
        return (upper[0] * (1 - right) + upper[1] * right) * (1 - low) +
               (lower[0] * (1 - right) + lower[1] * right) * low;
}

static void move(const struct replay_image *image, double across, double down, double degrees,
        struct replay_image *ret)
{
        double along = cos(degrees * pi / 180), aside = sin(degrees * pi / 180);
        double middle_x = (double)image->width / 2, middle_y = (double)image->height / 2;
        for (size_t i = 0; i < image->width * image->height; i++) {
                double x = (double)(i % image->width) - middle_x - across;
                double y = (double)(i / image->width) - middle_y - down;
                double grey =
                        grey_at(image, x * along + y * aside + middle_x, y * along - x * aside + middle_y);
                ret->grey[i] = grey_of(grey);
        }
}

static void shift(uint64_t *state, const struct replay_image *image, struct replay_image *ret)
{
        double across = draw_between(state, -8, 8);
        move(image, across, draw_between(state, -8, 8), 0, ret);
}

static void turn(uint64_t *state, const struct replay_image *image, struct replay_image *ret)
{
        move(image, 0, 0, draw_between(state, -3, 3), ret);
}

static void crop(uint64_t *state, const struct replay_image *image, struct replay_image *ret)
{
        ret->width = image->width * 9 / 10;
        ret->height = image->height * 9 / 10;
        size_t left = (size_t)draw_between(state, 0, (double)(image->width - ret->width) + 0.999);
        size_t top = (size_t)draw_between(state, 0, (double)(image->height - ret->height) + 0.999);
        for (size_t y = 0; y < ret->height; y++)
                for (size_t x = 0; x < ret->width; x++)
                        ret->grey[y * ret->width + x] = image->grey[(y + top) * image->width + x + left];
}

static void blank_spot(uint64_t *state, struct replay_image *image)
{
        double width = (double)image->width, height = (double)image->height;
        double radius = sqrt(0.1 * width * height / pi);
        double middle_x = draw_between(state, 0.25, 0.75) * width,
               middle_y = draw_between(state, 0.25, 0.75) * height;
        for (size_t i = 0; i < image->width * image->height; i++)
                if (hypot((double)(i % image->width) - middle_x, (double)(i / image->width) - middle_y) <
                        radius)
                        image->grey[i] = 250;
}

static void blank(uint64_t *state, const struct replay_image *image, struct replay_image *ret)
{
        copy(state, image, ret);
        blank_spot(state, ret);
}

static void smoothen(uint64_t *state, const struct replay_image *image, struct replay_image *ret)
{
        copy(state, image, ret);
        for (size_t y = 1; y + 1 < image->height; y++) {
                for (size_t x = 1; x + 1 < image->width; x++) {
                        unsigned sum = 0;
                        for (size_t i = 0; i < 9; i++)
                                sum += image->grey[(y + i / 3 - 1) * image->width + x + i % 3 - 1];
                        ret->grey[y * image->width + x] = (uint8_t)(sum / 9);
                }
        }
}

static void make_blocks(uint64_t *state, const struct replay_image *image, struct replay_image *ret)
{
        copy(state, image, ret);
        for (size_t y = 0; y + 1 < image->height; y += 2) {
                for (size_t x = 0; x + 1 < image->width; x += 2) {
                        uint8_t *upper = &ret->grey[y * image->width + x], *lower = upper + image->width;
                        unsigned mean = (unsigned)(upper[0] + upper[1] + lower[0] + lower[1]) / 4;
                        upper[0] = upper[1] = lower[0] = lower[1] = (uint8_t)(mean & 0xF0);
                }
        }
}

static void negate(uint64_t *state, const struct replay_image *image, struct replay_image *ret)
{
        (void)state;
        for (size_t i = 0; i < image->width * image->height; i++)
                ret->grey[i] = (uint8_t)(255 - image->grey[i]);
}

static void do_all(uint64_t *state, const struct replay_image *image, struct replay_image *ret)
{
        double across = draw_between(state, -8, 8), down = draw_between(state, -8, 8);
        move(image, across, down, draw_between(state, -3, 3), ret);
        for (size_t i = 0; i < image->width * image->height; i++)
                ret->grey[i] = grey_of(128 + 0.7 * (ret->grey[i] - 128) + 10 * draw_normal(state));
        blank_spot(state, ret);
}

static const struct {
        const char *name;
        make *make;
} ways[REPLAY_WAYS] = {
        [REPLAY_EXACT] = { "exact", copy },
        [REPLAY_NOISE] = { "noise of 10", add_noise },
        [REPLAY_FLIPS] = { "bits flipped", flip_bits },
        [REPLAY_CONTRAST] = { "contrast", change_contrast },
        [REPLAY_SHIFT] = { "shifted by 8", shift },
        [REPLAY_TURN] = { "turned by 3", turn },
        [REPLAY_CROP] = { "cropped by 10 %", crop },
        [REPLAY_BLANK] = { "blanked by 10 %", blank },
        [REPLAY_SMOOTH] = { "smoothed", smoothen },
        [REPLAY_BLOCKS] = { "in blocks", make_blocks },
        [REPLAY_NEGATIVE] = { "negative", negate },
        [REPLAY_ALL] = { "all at once", do_all },
};

const char *replay_name(enum replay_way way)
{
        return ways[way].name;
}

void replay_make(
        enum replay_way way, uint64_t seed, const struct replay_image *image, struct replay_image *ret)
{
        uint64_t state = seed;
        ret->width = image->width;
        ret->height = image->height;
        ways[way].make(&state, image, ret);
}
