/* SPDX-License-Identifier: Apache-2.0 */
#include "sample_check.h"

#include <math.h>
#include <stdlib.h>

/* Everything happens in a window around the middle of the image: as far as the places of a sketch reach when
 * it is turned and shifted. */
enum {
        REACH_X = 92, /* of the places, as it was */
        REACH_Y = 124,
        SHIFT_X = 14, /* of an image against another; a tenth cropped off one side moves its middle so far */
        SHIFT_Y = 18,
        TURNED = 11, /* as far as a turn moves the outermost place */
        SLACK = 3,
        HALF_WIDTH = REACH_X + SHIFT_X + TURNED + SLACK,
        HALF_HEIGHT = REACH_Y + SHIFT_Y + TURNED + SLACK,
        WIDTH = 2 * HALF_WIDTH,
        HEIGHT = 2 * HALF_HEIGHT,
        NEAR_BOX = 1, /* pixels to each side: what is here .. */
        WIDE_BOX = 6, /* .. against what is around, more than a ridge and a furrow */
        NEAR_SIDE = 2 * NEAR_BOX + 1,
        WIDE_SIDE = 2 * WIDE_BOX + 1,
        SUM_WIDTH = WIDTH + 2 * WIDE_BOX + 1,
        SUM_HEIGHT = HEIGHT + 2 * WIDE_BOX + 1,
        BLOCK = 8,
        BLOCKS_X = WIDTH / BLOCK,
        BLOCKS_Y = HEIGHT / BLOCK,
};

/* Positions: first in steps of 2 pixels and 4/3 of a degree with a few of the places, then in steps of one
 * pixel, half and a quarter, where they agree so far. */
enum {
        TURNS = 13, /* of TURN_STEP; the middle one is none */
        COARSE_TURN = 2,
        COARSE_SHIFT = 2,
        COARSE_X = 2 * SHIFT_X / COARSE_SHIFT + 1,
        COARSE_Y = 2 * SHIFT_Y / COARSE_SHIFT + 1,
        COARSE_TURNS = TURNS / COARSE_TURN + 1,
        COARSE_MAX = COARSE_TURNS * COARSE_X * COARSE_Y,
        COARSE_BLOCK = 32, /* positions that are compared together */
        COARSE_ROOM = (COARSE_MAX + COARSE_BLOCK - 1) / COARSE_BLOCK * COARSE_BLOCK,
        COARSE_WORDS = 2,
        STRIPE_WORDS = WIDTH / COARSE_SHIFT / 64 + 2, /* one more than it fills */
        PROMISING = 5,                                /* a fifth away from half and half, of the first word */
        CLIMB_X = 2 * SHIFT_X + 3,                    /* a pixel further to each side */
        CLIMB_Y = 2 * SHIFT_Y + 3,
        CLIMB_PLACES = TURNS * CLIMB_Y * CLIMB_X,
        CLIMB_WORDS = 4,
        SKETCH_WORDS = SAMPLE_POINTS / 64,
        STARTS = 8, /* places to climb from */
        UNIT = 16,  /* of a pixel, and of a turn's step */
};

static const double pi = 3.14159265358979323846;
static const double turn_step = 2.0 / 3 * 3.14159265358979323846 / 180;

/* What counts as ridges, in grey levels of the filtered image. */
enum {
        FLOOR = 6,        /* mean deviation in a block under which there is nothing but noise */
        TYPICAL_PART = 3, /* and under a third of what is typical for the image */
        CLEAR_PART = 4,   /* a place is known where it is a quarter of that away from the ridge's edge */
        BLOCKS_MIN = 12,
        KNOWN_MIN = 12, /* places of 64 that a sketch must know: enough to find its copy by, .. */
        COMMON_MIN = 8, /* .. which knows these together with it */
};

/* Likenesses under which it is not worth the time to look closer: every copy measured was well over them. */
enum { COARSE_ENOUGH = 700, CLIMBED_ENOUGH = 870, FINE_ENOUGH = 920 };

enum { RIDGE = 1, KNOWN = 2 }; /* bits of a cell */

/* In steps of a turn and in pixels; or in UNITs of these. */
struct position {
        int turn, x, y;
};

struct point {
        int x, y; /* from the window's middle, in pixels */
};

/* The image as the first places of a sketch have it, in some position. */
struct laid {
        uint64_t ridge[CLIMB_WORDS], known[CLIMB_WORDS];
};

struct sample_checker {
        struct point points[SAMPLE_POINTS];
        int32_t offset[TURNS][64 * CLIMB_WORDS]; /* of the first of them in the window, turned */
        struct position coarse[COARSE_MAX];
        struct point turned[COARSE_TURNS][64 * COARSE_WORDS]; /* in the leftmost, uppermost position; in the
                                                                 window */
        /* Of the image looked at last: */
        uint32_t sums[SUM_HEIGHT * SUM_WIDTH];
        int16_t band[HEIGHT * WIDTH];
        uint8_t cell[HEIGHT * WIDTH];
        uint64_t stripes[HEIGHT][COARSE_SHIFT]
                        [STRIPE_WORDS];               /* ridges: every other cell of a row, a bit each */
        uint64_t coarsely[COARSE_WORDS][COARSE_ROOM]; /* what is behind the last position is none */
        bool is_laid[CLIMB_PLACES];                   /* the rest only where it is asked for */
        struct laid laid[CLIMB_PLACES];
};

/* ---- the places and the positions ---- */

/* Spreads numbers evenly over 0..1, however many of them are taken: their bits, in the reverse order. */
static double spread(uint32_t number)
{
        uint32_t reversed = 0;
        for (int i = 0; i < 32; i++)
                reversed |= (number >> i & 1) << (31 - i);
        return reversed * 0x1p-32;
}

/* Denser towards the middle, which small sensors see as well. */
static void place_points(struct sample_checker *checker)
{
        const double golden = pi * 0.76393202250021030359;
        for (uint32_t i = 0; i < SAMPLE_POINTS; i++) {
                double far = pow(spread(i), 0.7);
                checker->points[i] = (struct point){ (int)lround(REACH_X * far * cos(i * golden)),
                        (int)lround(REACH_Y * far * sin(i * golden)) };
        }
}

static void turn_points(struct sample_checker *checker)
{
        for (int turn = 0; turn < TURNS; turn++) {
                double angle = (turn - TURNS / 2) * turn_step, along = cos(angle), aside = sin(angle);
                for (size_t i = 0; i < 64 * CLIMB_WORDS; i++) {
                        const struct point *point = &checker->points[i];
                        long x = lround(point->x * along - point->y * aside);
                        long y = lround(point->x * aside + point->y * along);
                        checker->offset[turn][i] = (int32_t)(y * WIDTH + x);
                        if (turn % COARSE_TURN == 0 && i < sizeof checker->turned[0] / sizeof(struct point))
                                checker->turned[turn / COARSE_TURN][i] =
                                        (struct point){ (int)x + HALF_WIDTH - SHIFT_X,
                                                (int)y + HALF_HEIGHT - SHIFT_Y };
                }
        }
}

static void place_coarse(struct sample_checker *checker)
{
        struct position *position = checker->coarse;
        for (int turn = -TURNS / 2; turn <= TURNS / 2; turn += COARSE_TURN)
                for (int y = -SHIFT_Y; y <= SHIFT_Y; y += COARSE_SHIFT)
                        for (int x = -SHIFT_X; x <= SHIFT_X; x += COARSE_SHIFT)
                                *position++ = (struct position){ turn, x, y };
}

mitome_status sample_checker_new(struct sample_checker **ret, mitome_error *error)
{
        struct sample_checker *checker = calloc(1, sizeof *checker);
        if (!checker)
                return fail(error, MITOME_E_NO_MEMORY, "samples", NULL);
        place_points(checker);
        turn_points(checker);
        place_coarse(checker);
        *ret = checker;
        return ok();
}

void sample_checker_forget(struct sample_checker *checker)
{
        bytes_wipe(checker->sums, sizeof checker->sums);
        bytes_wipe(checker->band, sizeof checker->band);
        bytes_wipe(checker->cell, sizeof checker->cell);
        bytes_wipe(checker->coarsely, sizeof checker->coarsely);
        bytes_wipe(checker->is_laid, sizeof checker->is_laid);
        bytes_wipe(checker->laid, sizeof checker->laid);
}

void sample_checker_free(struct sample_checker *checker)
{
        if (!checker)
                return;
        bytes_wipe(checker, sizeof *checker);
        free(checker);
}

/* ---- filtering ---- */

/* The part of the window, and of what surrounds it, that the image covers; from the window's middle. */
struct cover {
        int left, right, top, bottom; /* the last two of each pair are just outside */
};

static int least(int a, int b)
{
        return a < b ? a : b;
}

static struct cover cover_of(const struct sample_image *image)
{
        int width = (int)image->width, height = (int)image->height;
        return (struct cover){
                .left = -least(width / 2, HALF_WIDTH + WIDE_BOX),
                .right = least(width - width / 2, HALF_WIDTH + WIDE_BOX),
                .top = -least(height / 2, HALF_HEIGHT + WIDE_BOX),
                .bottom = least(height - height / 2, HALF_HEIGHT + WIDE_BOX),
        };
}

/* The sum of all that stands before (x, y). */
static size_t sum_place(int x, int y)
{
        return (size_t)(y + HALF_HEIGHT + WIDE_BOX) * SUM_WIDTH + (size_t)(x + HALF_WIDTH + WIDE_BOX);
}

static void add_up(struct sample_checker *checker, const struct sample_image *image, struct cover cover)
{
        uint32_t *sums = checker->sums;
        for (int x = cover.left; x <= cover.right; x++)
                sums[sum_place(x, cover.top)] = 0;
        for (int y = cover.top; y < cover.bottom; y++) {
                const size_t row = (size_t)(y + (int)(image->height / 2)) * image->width;
                const uint8_t *grey = &image->grey.data[row + (size_t)((int)(image->width / 2) + cover.left)];
                uint32_t *before = &sums[sum_place(cover.left, y)];
                uint32_t *after = &sums[sum_place(cover.left, y + 1)];
                uint32_t sum = 0;
                *after++ = 0;
                for (int x = cover.left; x < cover.right; x++) {
                        sum += *grey++;
                        *after++ = *++before + sum;
                }
        }
}

#if defined(__GNUC__) && !defined(__clang__)
#define MANY_AT_ONCE __attribute__((optimize("O3"))) /* Clang does so unasked */
#else
#define MANY_AT_ONCE
#endif

/* A row of it. Numbers of this size are exact in a float, their quotient is never rounded up to a whole one,
 * and a processor divides several of them at once. */
MANY_AT_ONCE static void filter_row(const uint32_t *restrict sums, int16_t *restrict band, int count)
{
        const uint32_t *near_upper = sums - (ptrdiff_t)NEAR_BOX * SUM_WIDTH - NEAR_BOX,
                       *near_lower = near_upper + (ptrdiff_t)NEAR_SIDE * SUM_WIDTH,
                       *wide_upper = sums - (ptrdiff_t)WIDE_BOX * SUM_WIDTH - WIDE_BOX,
                       *wide_lower = wide_upper + (ptrdiff_t)WIDE_SIDE * SUM_WIDTH;
        const float near_area = NEAR_SIDE * NEAR_SIDE, wide_area = WIDE_SIDE * WIDE_SIDE;
        for (int i = 0; i < count; i++) {
                const int32_t here = (int32_t)(near_lower[i + NEAR_SIDE] - near_lower[i] -
                                               near_upper[i + NEAR_SIDE] + near_upper[i]);
                const int32_t around = (int32_t)(wide_lower[i + WIDE_SIDE] - wide_lower[i] -
                                                 wide_upper[i + WIDE_SIDE] + wide_upper[i]);
                band[i] = (int16_t)(int32_t)(((float)here * wide_area - (float)around * near_area) /
                                             (wide_area * near_area));
        }
}

/* Dark ridges give negative values. Where the wide box does not fit in the image there is nothing. */
static void filter(struct sample_checker *checker, struct cover cover)
{
        const int left = cover.left + WIDE_BOX, right = cover.right - WIDE_BOX;
        for (size_t i = 0; i < HEIGHT * WIDTH; i++)
                checker->band[i] = 0;
        for (int y = cover.top + WIDE_BOX; y < cover.bottom - WIDE_BOX; y++)
                filter_row(&checker->sums[sum_place(left, y)],
                        &checker->band[(y + HALF_HEIGHT) * WIDTH + HALF_WIDTH + left], right - left);
}

/* ---- what of it is ridges ---- */

struct block {
        int32_t strength; /* mean deviation */
        int64_t xx, yy, xy;
};

struct survey {
        int top, bottom, left, right; /* the blocks that the image covers; the last two of each are outside */
        struct block blocks[BLOCKS_Y * BLOCKS_X];
        int32_t typical;
        unsigned covered, strong, ridged;
};

static struct block survey_block(const int16_t *band)
{
        struct block block = { 0 };
        for (int y = 0; y < BLOCK; y++, band += WIDTH)
                for (int x = 0; x < BLOCK; x++)
                        block.strength += abs(band[x]);
        block.strength /= BLOCK * BLOCK;
        return block;
}

/* The slopes of every other pixel; blocks at the window's rim have no neighbours. */
static void add_slopes(const int16_t *band, struct block *block)
{
        for (int y = 0; y < BLOCK; y += 2, band += (ptrdiff_t)2 * WIDTH) {
                for (int x = 0; x < BLOCK; x += 2) {
                        int32_t across = band[x + 1] - band[x - 1], down = band[x + WIDTH] - band[x - WIDTH];
                        block->xx += across * across;
                        block->yy += down * down;
                        block->xy += across * down;
                }
        }
}

static int at_most(int a, int limit)
{
        return least(a > 0 ? a : 0, limit);
}

/* Blocks that the filtered image covers wholly. */
static void survey_cover(struct cover cover, struct survey *survey)
{
        const int rim = WIDE_BOX + BLOCK - 1;
        survey->left = at_most((HALF_WIDTH + cover.left + rim) / BLOCK, BLOCKS_X);
        survey->right = at_most((HALF_WIDTH + cover.right - WIDE_BOX) / BLOCK, BLOCKS_X);
        survey->top = at_most((HALF_HEIGHT + cover.top + rim) / BLOCK, BLOCKS_Y);
        survey->bottom = at_most((HALF_HEIGHT + cover.bottom - WIDE_BOX) / BLOCK, BLOCKS_Y);
}

static void survey_all(const struct sample_checker *checker, struct survey *survey)
{
        int64_t sum = 0;
        for (int row = 0; row < BLOCKS_Y; row++) {
                for (int column = 0; column < BLOCKS_X; column++) {
                        const int16_t *band = &checker->band[(row * WIDTH + column) * BLOCK];
                        struct block *block = &survey->blocks[row * BLOCKS_X + column];
                        *block = survey_block(band);
                        if (block->strength < FLOOR)
                                continue;
                        survey->strong++;
                        sum += block->strength;
                        if (row && row < BLOCKS_Y - 1 && column && column < BLOCKS_X - 1)
                                add_slopes(band, block);
                }
        }
        survey->typical = survey->strong ? (int32_t)(sum / survey->strong) : 0;
}

static bool is_strong(const struct survey *survey, int row, int column)
{
        int32_t strength = survey->blocks[row * BLOCKS_X + column].strength;
        return strength >= FLOOR && strength * TYPICAL_PART >= survey->typical;
}

/* Nothing beside it in the image is weak: at the edge of a blank the filter sees the edge. */
static bool is_known(const struct survey *survey, int row, int column)
{
        return is_strong(survey, row, column) && (row <= survey->top || is_strong(survey, row - 1, column)) &&
               (row + 1 >= survey->bottom || is_strong(survey, row + 1, column)) &&
               (column <= survey->left || is_strong(survey, row, column - 1)) &&
               (column + 1 >= survey->right || is_strong(survey, row, column + 1));
}

/* Ridges run one way: their slopes have a direction, those of noise or of a blot have none. Over two blocks
 * by two. */
static bool has_direction(const struct survey *survey, int row, int column)
{
        double xx = 0, yy = 0, xy = 0;
        for (int i = 0; i < 4; i++) {
                const struct block *block = &survey->blocks[(row + i / 2) * BLOCKS_X + column + i % 2];
                xx += (double)block->xx;
                yy += (double)block->yy;
                xy += (double)block->xy;
        }
        double along = hypot(xx - yy, 2 * xy);
        return along > 0.4 * (xx + yy);
}

static void count_ridges(struct survey *survey)
{
        for (int row = 1; row < BLOCKS_Y - 2; row += 2)
                for (int column = 1; column < BLOCKS_X - 2; column += 2)
                        survey->ridged +=
                                is_strong(survey, row, column) && has_direction(survey, row, column);
}

MANY_AT_ONCE static void fill_block(struct sample_checker *checker, bool known, int32_t clear, size_t first)
{
        for (size_t y = 0; y < BLOCK; y++) {
                for (size_t at = first + y * WIDTH; at < first + y * WIDTH + BLOCK; at++) {
                        int32_t grey = checker->band[at];
                        uint8_t is_clear = known && abs(grey) >= clear ? KNOWN : 0;
                        checker->cell[at] = (uint8_t)(is_clear | (grey < 0 ? RIDGE : 0));
                }
        }
}

static void fill_cells(struct sample_checker *checker, const struct survey *survey)
{
        const int32_t clear = survey->typical / CLEAR_PART;
        for (int row = 0; row < BLOCKS_Y; row++)
                for (int column = 0; column < BLOCKS_X; column++)
                        fill_block(checker, is_known(survey, row, column), clear,
                                ((size_t)row * WIDTH + (size_t)column) * BLOCK);
}

/* ---- sketches ---- */

static size_t window_place(int x, int y)
{
        return (size_t)(y + HALF_HEIGHT) * WIDTH + (size_t)(x + HALF_WIDTH);
}

static void draw_sketch(const struct sample_checker *checker, struct sample_sketch *ret)
{
        *ret = (struct sample_sketch){ 0 };
        for (size_t i = 0; i < SAMPLE_POINTS; i++) {
                const uint64_t cell = checker->cell[window_place(checker->points[i].x, checker->points[i].y)];
                ret->ridge[i / 64] |= (cell & RIDGE) << i % 64;
                ret->known[i / 64] |= (cell & KNOWN) / KNOWN << i % 64;
        }
}

static void cut_stripes(struct sample_checker *checker)
{
        for (size_t row = 0; row < HEIGHT; row++) {
                const uint8_t *cells = &checker->cell[row * WIDTH];
                for (size_t i = 0; i < COARSE_SHIFT * STRIPE_WORDS; i++) {
                        const size_t first = i % STRIPE_WORDS * 64 * COARSE_SHIFT + i / STRIPE_WORDS;
                        uint64_t word = 0;
                        for (size_t bit = 0, x = first; bit < 64 && x < WIDTH; bit++, x += COARSE_SHIFT)
                                word |= (uint64_t)(cells[x] & RIDGE) << bit;
                        checker->stripes[row][i / STRIPE_WORDS][i % STRIPE_WORDS] = word;
                }
        }
}

/* What is at one of the places as the image is shifted to the right: a bit for each coarse position. */
static uint64_t run_along(const struct sample_checker *checker, const struct point *from, int row)
{
        const unsigned x = (unsigned)from->x, at = x / COARSE_SHIFT;
        const uint64_t *stripe = &checker->stripes[from->y + row][x % COARSE_SHIFT][at / 64];
        return stripe[0] >> at % 64 | stripe[1] << 1 << (63 - at % 64);
}

/* Eight bytes as a square of bits: rows become columns. */
static uint64_t transpose(uint64_t square)
{
        static const struct {
                unsigned distance;
                uint64_t upper;
        } steps[] = { { 7, 0x00AA00AA00AA00AA }, { 14, 0x0000CCCC0000CCCC }, { 28, 0x00000000F0F0F0F0 } };
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
                const uint64_t swapped = (square ^ square >> steps[i].distance) & steps[i].upper;
                square ^= swapped ^ swapped << steps[i].distance;
        }
        return square;
}

/* 64 places in a row of coarse positions: found by place, wanted by position. */
static void lay_row(
        const struct sample_checker *checker, const struct point *places, int row, uint64_t ret[COARSE_X])
{
        for (unsigned x = 0; x < COARSE_X; x++)
                ret[x] = 0;
        for (unsigned byte = 0; byte < 8; byte++) {
                uint64_t low = 0, high = 0;
                for (unsigned i = 0; i < 8; i++) {
                        const uint64_t run = run_along(checker, &places[8 * byte + i], row);
                        low |= (run & 0xFF) << 8 * i;
                        high |= (run >> 8 & 0xFF) << 8 * i;
                }
                low = transpose(low);
                high = transpose(high);
                for (unsigned x = 0; x < COARSE_X; x++)
                        ret[x] |= ((x < 8 ? low : high) >> x % 8 * 8 & 0xFF) << 8 * byte;
        }
}

_Static_assert(COARSE_X <= 16, "a row of positions in two squares");

/* The image in every coarse position, once, for however many it is compared with. */
static void lay_coarsely(struct sample_checker *checker)
{
        uint64_t row[COARSE_X];
        cut_stripes(checker);
        for (size_t i = 0; i < COARSE_TURNS * COARSE_Y; i++) {
                for (size_t word = 0; word < COARSE_WORDS; word++) {
                        lay_row(checker, &checker->turned[i / COARSE_Y][64 * word],
                                (int)(i % COARSE_Y) * COARSE_SHIFT, row);
                        for (size_t x = 0; x < COARSE_X; x++)
                                checker->coarsely[word][i * COARSE_X + x] = row[x];
                }
        }
        for (size_t i = 0; i < CLIMB_PLACES; i++)
                checker->is_laid[i] = false;
}

static const struct laid *lay(struct sample_checker *checker, const struct position *position)
{
        const int turn = position->turn + TURNS / 2, x = position->x + CLIMB_X / 2,
                  y = position->y + CLIMB_Y / 2;
        const size_t at = ((size_t)turn * CLIMB_Y + (size_t)y) * CLIMB_X + (size_t)x;
        struct laid *laid = &checker->laid[at];
        if (checker->is_laid[at])
                return laid;
        const uint8_t *cells = &checker->cell[window_place(position->x, position->y)];
        const int32_t *offset = checker->offset[position->turn + TURNS / 2];
        for (size_t word = 0; word < CLIMB_WORDS; word++) {
                uint64_t ridge = 0, known = 0;
                for (unsigned bit = 0; bit < 64; bit++) {
                        const uint64_t cell = cells[*offset++];
                        ridge |= (cell & RIDGE) << bit;
                        known |= (cell & KNOWN) / KNOWN << bit;
                }
                laid->ridge[word] = ridge;
                laid->known[word] = known;
        }
        checker->is_laid[at] = true;
        return laid;
}

static unsigned count_bits(uint64_t word)
{
        return (unsigned)__builtin_popcountll(word);
}

/* Else its copy could not be told either. */
static bool knows_enough(const struct sample_sketch *sketch, size_t words)
{
        unsigned known = 0;
        for (size_t i = 0; i < words; i++)
                known += count_bits(sketch->known[i]);
        return known >= words * KNOWN_MIN;
}

enum sample_quality sample_look(
        struct sample_checker *checker, const struct sample_image *image, struct sample_sketch *ret_sketch)
{
        if (image->width < SAMPLE_SIDE_MIN || image->width > SAMPLE_SIDE_MAX ||
                image->height < SAMPLE_SIDE_MIN || image->height > SAMPLE_SIDE_MAX ||
                image->grey.size != image->width * image->height)
                return SAMPLE_NO_IMAGE;
        const struct cover cover = cover_of(image);
        struct survey survey = { 0 };
        struct sample_sketch sketch = { 0 };
        add_up(checker, image, cover);
        filter(checker, cover);
        survey_cover(cover, &survey);
        survey_all(checker, &survey);
        fill_cells(checker, &survey);
        count_ridges(&survey);
        draw_sketch(checker, &sketch);
        if (survey.strong < BLOCKS_MIN)
                return SAMPLE_FAINT;
        if (survey.ridged < 4 || !knows_enough(&sketch, CLIMB_WORDS) || !knows_enough(&sketch, SKETCH_WORDS))
                return SAMPLE_SMALL;
        lay_coarsely(checker);
        *ret_sketch = sketch;
        return SAMPLE_GOOD;
}

/* ---- comparing ---- */

struct found {
        unsigned apart; /* thousandths from "half of it agrees", which is what chance gives */
        struct position at;
};

static unsigned apart_from_half(unsigned differing, unsigned common)
{
        unsigned twice = 2 * differing;
        return (twice > common ? twice - common : common - twice) * SAMPLE_LIKENESS_MAX /
               (common ? common : 1);
}

static bool is_beside(const struct position *a, const struct position *b)
{
        return abs(a->turn - b->turn) <= COARSE_TURN && abs(a->x - b->x) <= COARSE_SHIFT &&
               abs(a->y - b->y) <= COARSE_SHIFT;
}

/* The best first. Of two beside each other one is enough: they lead to the same top. */
static void put_in(struct found found, struct found best[STARTS])
{
        for (size_t i = 0; i < STARTS; i++) {
                if (found.apart <= best[i].apart) {
                        if (is_beside(&found.at, &best[i].at))
                                return;
                        continue;
                }
                struct found worse = best[i];
                best[i] = found;
                if (is_beside(&found.at, &worse.at))
                        return;
                found = worse;
        }
}

/* How far from half and half each position of a block is, in places; returns the farthest. */
__attribute__((always_inline)) static inline int64_t compare_block(const struct sample_checker *checker,
        size_t first, const uint64_t known[COARSE_WORDS], const uint64_t ridge[COARSE_WORDS], int64_t count,
        int64_t ret_apart[COARSE_BLOCK])
{
        const uint64_t *upper = &checker->coarsely[0][first], *lower = &checker->coarsely[1][first];
        int64_t most = 0;
        for (size_t i = 0; i < COARSE_BLOCK; i++) {
                const int64_t differing = __builtin_popcountll((upper[i] & known[0]) ^ ridge[0]) +
                                          __builtin_popcountll((lower[i] & known[1]) ^ ridge[1]);
                const int64_t twice = 2 * differing - count;
                ret_apart[i] = twice < 0 ? -twice : twice;
                most = ret_apart[i] > most ? ret_apart[i] : most;
        }
        return most;
}

/* This is done some thousand times for each sketch, so it counts in places, not in thousandths, and looks at
 * nothing that is not worth it. Inlined into several functions, see below. */
__attribute__((always_inline)) static inline void find_by_counting(
        const struct sample_checker *checker, const struct sample_sketch *earlier, struct found best[STARTS])
{
        const uint64_t known[COARSE_WORDS] = { earlier->known[0], earlier->known[1] };
        const uint64_t ridge[COARSE_WORDS] = { earlier->ridge[0] & known[0], earlier->ridge[1] & known[1] };
        const int64_t count = __builtin_popcountll(known[0]) + __builtin_popcountll(known[1]);
        int64_t least = count * (2 * COARSE_ENOUGH - SAMPLE_LIKENESS_MAX) / SAMPLE_LIKENESS_MAX;
        int64_t apart[COARSE_BLOCK];
        for (size_t first = 0; first < COARSE_MAX; first += COARSE_BLOCK) {
                if (compare_block(checker, first, known, ridge, count, apart) <= least)
                        continue;
                for (size_t i = 0; i < COARSE_BLOCK && first + i < COARSE_MAX; i++) {
                        if (apart[i] <= least)
                                continue;
                        put_in((struct found){ (unsigned)apart[i], checker->coarse[first + i] }, best);
                        if (best[STARTS - 1].apart > least)
                                least = best[STARTS - 1].apart;
                }
        }
        for (size_t i = 0; i < STARTS; i++)
                best[i].apart = best[i].apart * SAMPLE_LIKENESS_MAX / (unsigned)(count ? count : 1);
}

static void find_plainly(
        const struct sample_checker *checker, const struct sample_sketch *earlier, struct found best[STARTS])
{
        find_by_counting(checker, earlier, best);
}

/* Every processor since 2008 counts bits in one instruction, many since 2019 in eight words at once, but a
 * program for all of them does not use that unasked. */
#if defined(__x86_64__)
__attribute__((target("popcnt"))) static void find_by_words(
        const struct sample_checker *checker, const struct sample_sketch *earlier, struct found best[STARTS])
{
        find_by_counting(checker, earlier, best);
}

MANY_AT_ONCE __attribute__((target("popcnt,avx512f,avx512vpopcntdq"))) static void find_by_eight_words(
        const struct sample_checker *checker, const struct sample_sketch *earlier, struct found best[STARTS])
{
        find_by_counting(checker, earlier, best);
}

static void find_coarse(
        const struct sample_checker *checker, const struct sample_sketch *earlier, struct found best[STARTS])
{
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vpopcntdq"))
                find_by_eight_words(checker, earlier, best);
        else if (__builtin_cpu_supports("popcnt"))
                find_by_words(checker, earlier, best);
        else
                find_plainly(checker, earlier, best);
}
#else
static void find_coarse(
        const struct sample_checker *checker, const struct sample_sketch *earlier, struct found best[STARTS])
{
        find_plainly(checker, earlier, best);
}
#endif

typedef unsigned measure(
        struct sample_checker *checker, const struct position *position, const struct sample_sketch *earlier);

/* Goes on by one step in some direction, as long as that is better. */
static void climb(struct sample_checker *checker, measure *apart_at, int step,
        const struct sample_sketch *earlier, struct found *found)
{
        static const struct position directions[] = { { 0, 1, 0 }, { 0, -1, 0 }, { 0, 0, 1 }, { 0, 0, -1 },
                { 1, 0, 0 }, { -1, 0, 0 } };
        found->apart = apart_at(checker, &found->at, earlier);
        for (bool better = true; better;) {
                better = false;
                for (size_t i = 0; i < sizeof directions / sizeof *directions; i++) {
                        const struct position next = { found->at.turn + step * directions[i].turn,
                                found->at.x + step * directions[i].x, found->at.y + step * directions[i].y };
                        unsigned apart = apart_at(checker, &next, earlier);
                        if (apart <= found->apart)
                                continue;
                        *found = (struct found){ apart, next };
                        better = true;
                }
        }
}

static bool is_within(const struct position *position, int unit)
{
        return abs(position->turn) <= TURNS / 2 * unit && abs(position->x) <= CLIMB_X / 2 * unit &&
               abs(position->y) <= CLIMB_Y / 2 * unit;
}

/* In whole steps. */
static unsigned apart_laid(
        struct sample_checker *checker, const struct position *position, const struct sample_sketch *earlier)
{
        unsigned common = 0, differing = 0;
        if (!is_within(position, 1))
                return 0;
        const struct laid *laid = lay(checker, position);
        for (size_t word = 0; word < CLIMB_WORDS; word++) {
                uint64_t known = laid->known[word] & earlier->known[word];
                common += count_bits(known);
                differing += count_bits((laid->ridge[word] ^ earlier->ridge[word]) & known);
        }
        return common < CLIMB_WORDS * COMMON_MIN ? 0 : apart_from_half(differing, common);
}

/* The filtered grey between its four nearest pixels; from the window's corner, in UNITs. */
static int32_t band_at(const struct sample_checker *checker, unsigned x, unsigned y)
{
        int right = (int)(x % UNIT), low = (int)(y % UNIT);
        const int16_t *band = &checker->band[y / UNIT * WIDTH + x / UNIT];
        int32_t upper = band[0] * (UNIT - right) + band[1] * right;
        int32_t lower = band[WIDTH] * (UNIT - right) + band[WIDTH + 1] * right;
        return upper * (UNIT - low) + lower * low;
}

static bool is_known_at(const struct sample_checker *checker, unsigned x, unsigned y)
{
        return checker->cell[(y + UNIT / 2) / UNIT * WIDTH + (x + UNIT / 2) / UNIT] & KNOWN;
}

/* The first places of a sketch, in UNITs. */
static unsigned apart_between(const struct sample_checker *checker, const struct position *position,
        size_t words, const struct sample_sketch *earlier)
{
        enum { ONE = 4096 };
        const double angle = position->turn * turn_step / UNIT;
        const int along = (int)lround(cos(angle) * ONE), aside = (int)lround(sin(angle) * ONE);
        const int middle_x = position->x + HALF_WIDTH * UNIT, middle_y = position->y + HALF_HEIGHT * UNIT;
        unsigned common = 0, differing = 0;
        for (size_t i = 0; i < 64 * words; i++) {
                const struct point *point = &checker->points[i];
                unsigned x = (unsigned)((point->x * along - point->y * aside) / (ONE / UNIT) + middle_x);
                unsigned y = (unsigned)((point->x * aside + point->y * along) / (ONE / UNIT) + middle_y);
                if (!(earlier->known[i / 64] >> i % 64 & 1) || !is_known_at(checker, x, y))
                        continue;
                bool was_ridge = earlier->ridge[i / 64] >> i % 64 & 1;
                common++;
                differing += (band_at(checker, x, y) < 0) != was_ridge;
        }
        return common < words * COMMON_MIN ? 0 : apart_from_half(differing, common);
}

static unsigned apart_finely(
        struct sample_checker *checker, const struct position *position, const struct sample_sketch *earlier)
{
        return is_within(position, UNIT) ? apart_between(checker, position, CLIMB_WORDS, earlier) : 0;
}

static unsigned apart_wholly(
        struct sample_checker *checker, const struct position *position, const struct sample_sketch *earlier)
{
        return is_within(position, UNIT) ? apart_between(checker, position, SKETCH_WORDS, earlier) : 0;
}

static unsigned likeness_of(unsigned apart)
{
        return (SAMPLE_LIKENESS_MAX + apart) / 2;
}

static unsigned look_closer(
        struct sample_checker *checker, struct position from, const struct sample_sketch *earlier)
{
        struct found found = { .at = { from.turn * UNIT, from.x * UNIT, from.y * UNIT } };
        climb(checker, apart_finely, UNIT / 2, earlier, &found);
        climb(checker, apart_finely, UNIT / 4, earlier, &found);
        unsigned likeness = likeness_of(apart_wholly(checker, &found.at, earlier));
        if (likeness < FINE_ENOUGH)
                return likeness;
        climb(checker, apart_wholly, UNIT / 4, earlier, &found);
        climb(checker, apart_wholly, UNIT / 8, earlier, &found);
        return likeness_of(found.apart);
}

unsigned sample_likeness(struct sample_checker *checker, const struct sample_sketch *earlier)
{
        struct found best[STARTS] = { 0 }, most = { 0 };
        find_coarse(checker, earlier, best);
        for (size_t i = 0; i < STARTS && best[i].apart; i++) {
                climb(checker, apart_laid, 1, earlier, &best[i]);
                if (best[i].apart > most.apart)
                        most = best[i];
        }
        return likeness_of(most.apart) < CLIMBED_ENOUGH ? likeness_of(most.apart)
                                                        : look_closer(checker, most.at, earlier);
}

bool sample_is_copy(struct sample_checker *checker, const struct sample_sketch *earlier)
{
        return sample_likeness(checker, earlier) >= SAMPLE_COPY;
}

/* ---- in a file ---- */

void sample_sketch_write(writer *w, const struct sample_sketch *sketch)
{
        for (size_t i = 0; i < SKETCH_WORDS; i++)
                write_u64(w, sketch->ridge[i]);
        for (size_t i = 0; i < SKETCH_WORDS; i++)
                write_u64(w, sketch->known[i]);
}

mitome_status sample_sketch_read(reader *r, struct sample_sketch *ret)
{
        struct sample_sketch sketch;
        for (size_t i = 0; i < SKETCH_WORDS; i++)
                MITOME_TRY(read_u64(r, "sketch", &sketch.ridge[i]));
        for (size_t i = 0; i < SKETCH_WORDS; i++)
                MITOME_TRY(read_u64(r, "sketch", &sketch.known[i]));
        *ret = sketch;
        return ok();
}
