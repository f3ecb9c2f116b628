/* SPDX-License-Identifier: Apache-2.0 */
#include "grow_finger.h"

#include "seeded_draw.h"

#include <math.h>
#include <stdlib.h>

static const double pi = 3.14159265358979323846;

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
        double left = draw_between(state, 0, 100);
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
                field.points[i].x += draw_between(state, -14, 14);
                field.points[i].y += draw_between(state, -18, 18);
        }
        field.rise *= draw_between(state, 0.6, 1.2);
        field.tilt = draw_between(state, -0.15, 0.15);
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
                garden->skin[i] = (float)draw_between(state, -1, 1);
}

mitome_status finger_grow(uint64_t seed, struct finger *ret, mitome_error *error)
{
        uint64_t state = seed;
        struct garden *garden = malloc(sizeof *garden);
        if (!garden)
                return fail(error, MITOME_E_NO_MEMORY, "finger", NULL);
        ret->class = draw_class(&state);
        struct field field = draw_field(ret->class, &state);
        lay_out(garden, &field, draw_between(&state, 8.2, 9.8));
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
                spots.x[i] = draw_between(state, -0.4, 0.4) * FINGER_WIDTH;
                spots.y[i] = draw_between(state, -0.4, 0.4) * FINGER_HEIGHT;
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

/* The part of a finger that lies flat is an oval, smaller under less pressure. */
struct oval {
        double x, y; /* its middle on the skin */
        double across, up;
};

static struct oval whole_oval(void)
{
        return (struct oval){ .across = 0.44 * FINGER_SKIN_WIDTH, .up = 0.46 * FINGER_SKIN_HEIGHT };
}

static struct oval draw_oval(const struct finger_touch *touch, uint64_t *state)
{
        const double shrinks = 0.15;
        double size = touch->pressure < 0 ? 1 + shrinks * touch->pressure : 1;
        double towards = draw_between(state, 0, 2 * pi);
        struct oval oval = whole_oval();
        oval.x = touch->roll * cos(towards);
        oval.y = touch->roll * sin(towards);
        oval.across *= size;
        oval.up *= size;
        return oval;
}

static bool is_inside(const struct oval *oval, double x, double y)
{
        double across = (x - oval->x) / oval->across, up = (y - oval->y) / oval->up;
        return across * across + up * up < 1;
}

/* ---- soft skin: how far each place of it was drawn, on a grid with smooth values between ---- */

enum { WAVES = 4, MESH = 8, MESH_WIDTH = FINGER_WIDTH / MESH + 2, MESH_HEIGHT = FINGER_HEIGHT / MESH + 2 };

struct place {
        double x, y;
};

struct mesh {
        struct place drawn[MESH_HEIGHT][MESH_WIDTH];
};

/* Where the finger presses most the glass holds the skin; around that it goes with the hand, which pushes and
 * turns a little. And skin gives way unevenly. */
struct draught {
        struct place held, push, wave[WAVES], amount[WAVES];
        double turn, phase[WAVES];
};

static struct draught draw_draught(uint64_t *state)
{
        struct draught draught = { .held = { draw_between(state, -25, 25), draw_between(state, -35, 35) } };
        double towards = draw_between(state, 0, 2 * pi);
        draught.push = (struct place){ cos(towards), sin(towards) };
        draught.turn = draw_between(state, -0.012, 0.012);
        for (int i = 0; i < WAVES; i++) {
                double length = draw_between(state, 90, 240), course = draw_between(state, 0, 2 * pi);
                draught.wave[i] =
                        (struct place){ 2 * pi / length * cos(course), 2 * pi / length * sin(course) };
                draught.amount[i] =
                        (struct place){ draw_between(state, -0.5, 0.5), draw_between(state, -0.5, 0.5) };
                draught.phase[i] = draw_between(state, 0, 2 * pi);
        }
        return draught;
}

static struct place drawn_at(const struct draught *draught, double x, double y)
{
        const double grip = 60;
        double from_x = x - draught->held.x, from_y = y - draught->held.y;
        double loose = 1 - exp(-(from_x * from_x + from_y * from_y) / (2 * grip * grip));
        struct place drawn = { loose * (draught->push.x - draught->turn * from_y),
                loose * (draught->push.y + draught->turn * from_x) };
        for (int i = 0; i < WAVES; i++) {
                double height = sin(draught->wave[i].x * x + draught->wave[i].y * y + draught->phase[i]);
                drawn.x += draught->amount[i].x * height;
                drawn.y += draught->amount[i].y * height;
        }
        return drawn;
}

/* As far as `pull` on the average, whatever the seed says of the pattern; and the whole does not move: that
 * is the touch's shift. */
static void scale_mesh(double pull, struct mesh *mesh)
{
        struct place mean = { 0 };
        double squares = 0;
        struct place *places = &mesh->drawn[0][0];
        for (int i = 0; i < MESH_HEIGHT * MESH_WIDTH; i++) {
                mean.x += places[i].x / (MESH_HEIGHT * MESH_WIDTH);
                mean.y += places[i].y / (MESH_HEIGHT * MESH_WIDTH);
        }
        for (int i = 0; i < MESH_HEIGHT * MESH_WIDTH; i++) {
                places[i].x -= mean.x;
                places[i].y -= mean.y;
                squares += places[i].x * places[i].x + places[i].y * places[i].y;
        }
        double scale = pull / sqrt(squares / (MESH_HEIGHT * MESH_WIDTH));
        for (int i = 0; i < MESH_HEIGHT * MESH_WIDTH; i++) {
                places[i].x *= scale;
                places[i].y *= scale;
        }
}

static void draw_mesh(double pull, uint64_t *state, struct mesh *ret)
{
        const struct draught draught = draw_draught(state);
        for (int row = 0; row < MESH_HEIGHT; row++)
                for (int column = 0; column < MESH_WIDTH; column++)
                        ret->drawn[row][column] = drawn_at(
                                &draught, column * MESH - FINGER_WIDTH / 2, row * MESH - FINGER_HEIGHT / 2);
        scale_mesh(pull, ret);
}

static struct place between(struct place a, struct place b, double share)
{
        return (struct place){ a.x + share * (b.x - a.x), a.y + share * (b.y - a.y) };
}

static struct place mesh_at(const struct mesh *mesh, int x, int y)
{
        int column = x / MESH, row = y / MESH;
        double right = (double)(x % MESH) / MESH, low = (double)(y % MESH) / MESH;
        const struct place *upper = &mesh->drawn[row][column], *lower = &mesh->drawn[row + 1][column];
        return between(between(upper[0], upper[1], right), between(lower[0], lower[1], right), low);
}

/* The grey of the skin between its four nearest pixels; white where it does not touch. */
static double skin_at(const struct finger *finger, double x, double y)
{
        const double white = 250;
        const struct oval whole = whole_oval();
        if (!is_inside(&whole, x, y))
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

/* One after the other: C does not say in which order an initialiser draws. */
struct finger_touch finger_usual_touch(uint64_t seed)
{
        uint64_t state = seed ^ UINT64_C(0x746F756368);
        struct finger_touch touch = { .rotation = draw_between(&state, -12, 12) };
        touch.shift_x = draw_between(&state, -14, 14);
        touch.shift_y = draw_between(&state, -14, 14);
        touch.noise = draw_between(&state, 4, 14);
        touch.blank = draw_between(&state, 0, 0.04);
        touch.seed = draw_number(&state);
        touch.pull = draw_between(&state, 1.5, 4);
        touch.pressure = draw_between(&state, -0.8, 0.8);
        touch.roll = draw_between(&state, 0, 18);
        return touch;
}

/* What a seed says of a touch. */
struct press {
        struct spots spots;
        struct oval flat;
        struct mesh mesh;
};

static void draw_press(const struct finger_touch *touch, uint64_t *state, struct press *ret)
{
        uint64_t skin = touch->seed ^ UINT64_C(0x736B696E);
        ret->spots = draw_spots(touch->blank, state);
        ret->flat = draw_oval(touch, &skin);
        draw_mesh(touch->pull, &skin, &ret->mesh);
}

/* Firm pressure widens the dark ridges at the cost of the furrows, most in the middle of the oval. */
static double pressed_grey(double grey, double pressure, const struct oval *flat, double x, double y)
{
        const double widest = 45;
        double across = (x - flat->x) / flat->across, up = (y - flat->y) / flat->up;
        return grey - widest * pressure * (1 - 0.5 * (across * across + up * up));
}

void finger_press(
        const struct finger *finger, const struct finger_touch *touch, uint8_t ret_image[FINGER_SIZE])
{
        uint64_t state = touch->seed;
        struct press press;
        draw_press(touch, &state, &press);
        double turn = touch->rotation * pi / 180;
        for (int i = 0; i < FINGER_SIZE; i++) {
                double x = i % FINGER_WIDTH - FINGER_WIDTH / 2 - touch->shift_x;
                double y = i / FINGER_WIDTH - FINGER_HEIGHT / 2 - touch->shift_y;
                struct place drawn = mesh_at(&press.mesh, i % FINGER_WIDTH, i / FINGER_WIDTH);
                double skin_x = x * cos(turn) + y * sin(turn) + drawn.x;
                double skin_y = y * cos(turn) - x * sin(turn) + drawn.y;
                double grey = 250;
                if (!is_blank(&press.spots, x, y) && is_inside(&press.flat, skin_x, skin_y))
                        grey = pressed_grey(skin_at(finger, skin_x, skin_y), touch->pressure, &press.flat,
                                skin_x, skin_y);
                ret_image[i] = grey_of(grey + touch->noise * draw_normal(&state));
        }
}
