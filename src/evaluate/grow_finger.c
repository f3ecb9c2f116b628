/* SPDX-License-Identifier: Apache-2.0 */
#include "grow_finger.h"

#include <math.h>
#include <stdlib.h>

static const double pi = 3.14159265358979323846;

/* ---- numbers out of a seed: a 64-bit counter and its scrambling ---- */

static uint64_t next_number(uint64_t *state)
{
        uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
        z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
        z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
        return z ^ z >> 31;
}

/* Evenly spread from `low` to `high`. */
static double draw(uint64_t *state, double low, double high)
{
        return low + (high - low) * (double)(next_number(state) >> 11) * 0x1p-53;
}

/* Near enough to a normal distribution of deviation 1: the sum of twelve. */
static double draw_normal(uint64_t *state)
{
        double sum = -6;
        for (int i = 0; i < 12; i++)
                sum += draw(state, 0, 1);
        return sum;
}

/* ---- the orientation field ---- */

enum { SINGULARITIES_MAX = 4 };

/* A core turns the ridges by half a turn around itself, a delta by half a turn the other way. */
struct singularity {
        double x, y; /* from the middle of the skin, y upwards */
        double turn; /* +0.5 core, -0.5 delta */
};

struct field {
        struct singularity points[SINGULARITIES_MAX];
        unsigned count;
        double rise; /* an arch has no singularity: how steeply its ridges climb to the middle */
        double tilt;
};

static enum finger_class draw_class(uint64_t *state)
{
        /* About how often people have them, in percent. */
        static const double share[] = {
                [FINGER_LEFT_LOOP] = 34,
                [FINGER_RIGHT_LOOP] = 32,
                [FINGER_WHORL] = 27,
                [FINGER_ARCH] = 4,
                [FINGER_TENTED_ARCH] = 3,
        };
        double left = draw(state, 0, 100);
        for (int class = 0; class < FINGER_TENTED_ARCH; class ++) {
                left -= share[class];
                if (left < 0)
                        return (enum finger_class) class;
        }
        return FINGER_TENTED_ARCH;
}

/* Where the singularities of each class lie, before each finger moves its own. */
static const struct field fields[] = {
        [FINGER_LEFT_LOOP] = { .points = { { 0, 25, 0.5 }, { 75, -85, -0.5 } }, .count = 2 },
        [FINGER_RIGHT_LOOP] = { .points = { { 0, 25, 0.5 }, { -75, -85, -0.5 } }, .count = 2 },
        [FINGER_WHORL] = { .points = { { 0, 40, 0.5 }, { 0, 0, 0.5 }, { -90, -95, -0.5 }, { 90, -95, -0.5 } },
                .count = 4 },
        [FINGER_ARCH] = { .count = 0, .rise = 1 },
        [FINGER_TENTED_ARCH] = { .points = { { 0, 10, 0.5 }, { 0, -70, -0.5 } }, .count = 2 },
};

static struct field draw_field(enum finger_class class, uint64_t *state)
{
        struct field field = fields[class];
        for (unsigned i = 0; i < field.count; i++) {
                field.points[i].x += draw(state, -14, 14);
                field.points[i].y += draw(state, -18, 18);
        }
        field.rise *= draw(state, 0.6, 1.2);
        field.tilt = draw(state, -0.15, 0.15);
        return field;
}

/* The direction of the ridges at a place, any multiple of pi aside. */
static double direction_at(const struct field *field, double x, double y)
{
        double across = x / FINGER_SKIN_WIDTH, up = y / FINGER_SKIN_HEIGHT;
        double direction = field->tilt - atan(field->rise * sin(2 * pi * across) * exp(-6 * up * up));
        for (unsigned i = 0; i < field->count; i++) {
                const struct singularity *point = &field->points[i];
                direction += point->turn * atan2(y - point->y, x - point->x);
        }
        return direction;
}

/* ---- the filter ---- */

enum { REACH = 8, SIDE = 2 * REACH + 1, TAPS = SIDE * SIDE, DIRECTIONS = 48, ROUNDS = 9 };

/* A wave across the ridges under a bell that is longer along them than across; it answers nothing to an even
 * grey. */
static void make_kernel(double direction, double period, float kernel[TAPS])
{
        const double along_reach = 4.0, across_reach = 3.2;
        double sum = 0, bells = 0, bell[TAPS], wave[TAPS];
        for (int i = 0; i < TAPS; i++) {
                double x = i % SIDE - REACH, y = REACH - i / SIDE;
                double along = x * cos(direction) + y * sin(direction);
                double across = y * cos(direction) - x * sin(direction);
                bell[i] = exp(-along * along / (2 * along_reach * along_reach) -
                              across * across / (2 * across_reach * across_reach));
                wave[i] = bell[i] * cos(2 * pi * across / period);
                sum += wave[i];
                bells += bell[i];
        }
        double size = 0;
        for (int i = 0; i < TAPS; i++) {
                wave[i] -= bell[i] * sum / bells;
                size += fabs(wave[i]);
        }
        for (int i = 0; i < TAPS; i++)
                kernel[i] = (float)(wave[i] / size);
}

/* What growing takes; too much for a stack. */
struct garden {
        float kernels[DIRECTIONS][TAPS];
        uint8_t direction[FINGER_SKIN_SIZE];
        float skin[FINGER_SKIN_SIZE], grown[FINGER_SKIN_SIZE];
};

static float answer_inside(const struct garden *garden, int x, int y)
{
        const int at = y * FINGER_SKIN_WIDTH + x;
        const float *kernel = garden->kernels[garden->direction[at]];
        float sum = 0;
        for (int dy = -REACH; dy <= REACH; dy++) {
                const float *row = &garden->skin[at + dy * FINGER_SKIN_WIDTH - REACH];
                for (int i = 0; i < SIDE; i++)
                        sum += *kernel++ * row[i];
        }
        return sum;
}

static float grow_pixel(const struct garden *garden, int x, int y)
{
        const float gain = 4;
        if (x < REACH || y < REACH || x >= FINGER_SKIN_WIDTH - REACH || y >= FINGER_SKIN_HEIGHT - REACH)
                return 0;
        float value = gain * answer_inside(garden, x, y);
        return value < -1 ? -1 : value > 1 ? 1 : value;
}

static void grow_once(struct garden *garden)
{
        for (int y = 0; y < FINGER_SKIN_HEIGHT; y++)
                for (int x = 0; x < FINGER_SKIN_WIDTH; x++)
                        garden->grown[y * FINGER_SKIN_WIDTH + x] = grow_pixel(garden, x, y);
        for (int i = 0; i < FINGER_SKIN_SIZE; i++)
                garden->skin[i] = garden->grown[i];
}

static void lay_out(struct garden *garden, const struct field *field, double period)
{
        for (int i = 0; i < DIRECTIONS; i++)
                make_kernel(i * pi / DIRECTIONS, period, garden->kernels[i]);
        for (int i = 0; i < FINGER_SKIN_SIZE; i++) {
                double x = i % FINGER_SKIN_WIDTH - FINGER_SKIN_WIDTH / 2;
                double y = FINGER_SKIN_HEIGHT / 2 - i / FINGER_SKIN_WIDTH;
                double turns = direction_at(field, x, y) / pi;
                int step = (int)((turns - floor(turns)) * DIRECTIONS);
                garden->direction[i] = (uint8_t)(step % DIRECTIONS);
        }
}

static void sow(struct garden *garden, uint64_t *state)
{
        for (int i = 0; i < FINGER_SKIN_SIZE; i++)
                garden->skin[i] = (float)draw(state, -1, 1);
}

mitome_status finger_grow(uint64_t seed, struct finger *ret, mitome_error *error)
{
        uint64_t state = seed;
        struct garden *garden = malloc(sizeof *garden);
        if (!garden)
                return fail(error, MITOME_E_NO_MEMORY, "finger", NULL);
        ret->class = draw_class(&state);
        struct field field = draw_field(ret->class, &state);
        lay_out(garden, &field, draw(&state, 8.2, 9.8));
        sow(garden, &state);
        for (int i = 0; i < ROUNDS; i++)
                grow_once(garden);
        for (int i = 0; i < FINGER_SKIN_SIZE; i++)
                ret->skin[i] = (uint8_t)(128 - 110 * garden->skin[i]);
        free(garden);
        return ok();
}

/* ---- pressing ---- */

enum { SPOTS = 3 };

/* Where the skin did not touch: round spots that share out the blank part of the image. */
struct spots {
        double x[SPOTS], y[SPOTS];
        double radius;
};

static struct spots draw_spots(double blank, uint64_t *state)
{
        struct spots spots = { .radius = sqrt(blank * FINGER_SIZE / (SPOTS * pi)) };
        for (int i = 0; i < SPOTS; i++) {
                spots.x[i] = draw(state, -0.4, 0.4) * FINGER_WIDTH;
                spots.y[i] = draw(state, -0.4, 0.4) * FINGER_HEIGHT;
        }
        return spots;
}

static bool is_blank(const struct spots *spots, double x, double y)
{
        for (int i = 0; i < SPOTS; i++)
                if (hypot(x - spots->x[i], y - spots->y[i]) < spots->radius)
                        return true;
        return false;
}

/* The part of a finger that lies flat is an oval. */
static bool lies_flat(double x, double y)
{
        double across = x / (0.44 * FINGER_SKIN_WIDTH), up = y / (0.46 * FINGER_SKIN_HEIGHT);
        return across * across + up * up < 1;
}

/* The grey of the skin between its four nearest pixels; white where it does not touch. */
static double skin_at(const struct finger *finger, double x, double y)
{
        const double white = 250;
        if (!lies_flat(x, y))
                return white;
        double column = x + FINGER_SKIN_WIDTH / 2, row = y + FINGER_SKIN_HEIGHT / 2;
        int left = (int)column, top = (int)row;
        double right_share = column - left, low_share = row - top;
        const uint8_t *pixel = &finger->skin[top * FINGER_SKIN_WIDTH + left];
        double upper = pixel[0] + right_share * (pixel[1] - pixel[0]);
        double lower = pixel[FINGER_SKIN_WIDTH] +
                       right_share * (pixel[FINGER_SKIN_WIDTH + 1] - pixel[FINGER_SKIN_WIDTH]);
        return upper + low_share * (lower - upper);
}

static uint8_t grey_of(double value)
{
        return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

struct finger_touch finger_usual_touch(uint64_t seed)
{
        uint64_t state = seed ^ UINT64_C(0x746F756368);
        return (struct finger_touch){
                .rotation = draw(&state, -12, 12),
                .shift_x = draw(&state, -14, 14),
                .shift_y = draw(&state, -14, 14),
                .noise = draw(&state, 4, 14),
                .blank = draw(&state, 0, 0.04),
                .seed = next_number(&state),
        };
}

void finger_press(
        const struct finger *finger, const struct finger_touch *touch, uint8_t ret_image[FINGER_SIZE])
{
        uint64_t state = touch->seed;
        struct spots spots = draw_spots(touch->blank, &state);
        double turn = touch->rotation * pi / 180;
        for (int i = 0; i < FINGER_SIZE; i++) {
                double x = i % FINGER_WIDTH - FINGER_WIDTH / 2 - touch->shift_x;
                double y = i / FINGER_WIDTH - FINGER_HEIGHT / 2 - touch->shift_y;
                double skin_x = x * cos(turn) + y * sin(turn), skin_y = y * cos(turn) - x * sin(turn);
                double grey = is_blank(&spots, x, y) ? 250 : skin_at(finger, skin_x, skin_y);
                ret_image[i] = grey_of(grey + touch->noise * draw_normal(&state));
        }
}
