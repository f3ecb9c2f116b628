/* SPDX-License-Identifier: Apache-2.0 */
#include "grow_finger.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct finger finger, other;
static uint8_t image[FINGER_SIZE], second[FINGER_SIZE];

static int grow(void **state)
{
        (void)state;
        return failed(finger_grow(1, &finger, NULL)) || failed(finger_grow(2, &other, NULL)) ? -1 : 0;
}

static double mean_difference(const uint8_t *a, const uint8_t *b, size_t size)
{
        double sum = 0;
        for (size_t i = 0; i < size; i++)
                sum += abs(a[i] - b[i]);
        return sum / (double)size;
}

static void a_seed_grows_one_finger(void **state)
{
        (void)state;
        static struct finger again;
        assert_int_equal(finger_grow(1, &again, NULL).code, MITOME_OK);
        assert_int_equal(again.class, finger.class);
        assert_memory_equal(again.skin, finger.skin, sizeof finger.skin);
        assert_true(mean_difference(finger.skin, other.skin, FINGER_SKIN_SIZE) > 50);
}

static void a_touch_is_a_pure_function_too(void **state)
{
        (void)state;
        struct finger_touch touch = finger_usual_touch(7), same = finger_usual_touch(7);
        assert_memory_equal(&touch, &same, sizeof touch);
        finger_press(&finger, &touch, image);
        finger_press(&finger, &same, second);
        assert_memory_equal(image, second, sizeof image);
        touch = finger_usual_touch(8);
        finger_press(&finger, &touch, second);
        assert_true(mean_difference(image, second, FINGER_SIZE) > 10);
}

static void usual_touches_keep_their_bounds(void **state)
{
        (void)state;
        for (uint64_t seed = 0; seed < 1000; seed++) {
                struct finger_touch touch = finger_usual_touch(seed);
                assert_true(fabs(touch.rotation) <= 12);
                assert_true(fabs(touch.shift_x) <= 14 && fabs(touch.shift_y) <= 14);
                assert_true(touch.noise >= 4 && touch.noise <= 14);
                assert_true(touch.blank >= 0 && touch.blank <= 0.04);
                assert_true(touch.pull >= 1.5 && touch.pull <= 4);
                assert_true(fabs(touch.pressure) <= 0.8);
                assert_true(touch.roll >= 0 && touch.roll <= 18);
        }
}

/* Without noise or blanks, a shift moves the picture and nothing else. */
static void a_shift_moves_the_picture(void **state)
{
        (void)state;
        const struct finger_touch plain = { .seed = 1 }, shifted = { .seed = 1, .shift_x = 5, .shift_y = -9 };
        finger_press(&finger, &plain, image);
        finger_press(&finger, &shifted, second);
        for (int y = 100; y < 250; y++)
                for (int x = 60; x < 190; x++)
                        assert_int_equal(image[y * FINGER_WIDTH + x], second[(y - 9) * FINGER_WIDTH + x + 5]);
}

/* A turn there and a turn back agree in the middle, up to the smoothing of the pixels between. */
static void a_turn_by_half_a_circle_reverses_the_picture(void **state)
{
        (void)state;
        const struct finger_touch plain = { .seed = 1 }, turned = { .seed = 1, .rotation = 180 };
        double sum = 0;
        unsigned count = 0;
        finger_press(&finger, &plain, image);
        finger_press(&finger, &turned, second);
        for (int y = 100; y < 250; y++)
                for (int x = 60; x < 190; x++, count++)
                        sum += abs(image[y * FINGER_WIDTH + x] -
                                   second[(FINGER_HEIGHT - y) * FINGER_WIDTH + FINGER_WIDTH - x]);
        assert_true(sum / count < 1.5);
}

static double share_of_white(const uint8_t pixels[FINGER_SIZE])
{
        unsigned white = 0;
        for (size_t i = 0; i < FINGER_SIZE; i++)
                white += pixels[i] >= 245;
        return (double)white / FINGER_SIZE;
}

static void blank_spots_are_blank(void **state)
{
        (void)state;
        const struct finger_touch plain = { .seed = 3 }, dry = { .seed = 3, .blank = 0.15 };
        finger_press(&finger, &plain, image);
        finger_press(&finger, &dry, second);
        double more = share_of_white(second) - share_of_white(image);
        assert_true(more > 0.03 && more < 0.16); /* the spots may overlap each other and the edge */
}

static void noise_is_as_strong_as_asked(void **state)
{
        (void)state;
        const struct finger_touch plain = { .seed = 3 }, noisy = { .seed = 3, .noise = 10 };
        double squares = 0;
        unsigned count = 0;
        finger_press(&finger, &plain, image);
        finger_press(&finger, &noisy, second);
        for (size_t i = 0; i < FINGER_SIZE; i++) {
                if (image[i] < 60 || image[i] > 200) /* away from the ends of the scale */
                        continue;
                double difference = second[i] - image[i];
                squares += difference * difference;
                count++;
        }
        assert_true(count > 1000);
        assert_true(fabs(sqrt(squares / count) - 10) < 1);
}

/* The best likeness of a part of the second picture with the first, over small moves. */
static double least_difference(int left, int top)
{
        double least = 255;
        for (int dy = -6; dy <= 6; dy++) {
                for (int dx = -6; dx <= 6; dx++) {
                        double sum = 0;
                        for (int y = top; y < top + 40; y++)
                                for (int x = left; x < left + 40; x++)
                                        sum += abs(image[y * FINGER_WIDTH + x] -
                                                   second[(y + dy) * FINGER_WIDTH + x + dx]);
                        least = fmin(least, sum / (40.0 * 40.0));
                }
        }
        return least;
}

/* A part of it is still found near by, but the whole is no picture that was moved. */
static void soft_skin_is_drawn_out_of_place(void **state)
{
        (void)state;
        const struct finger_touch plain = { .seed = 4 }, pulled = { .seed = 4, .pull = 3 };
        finger_press(&finger, &plain, image);
        finger_press(&finger, &pulled, second);
        assert_true(mean_difference(image, second, FINGER_SIZE) > 25);
        assert_true(least_difference(60, 80) < 35 && least_difference(120, 220) < 35);
}

static double mean_grey(const uint8_t pixels[FINGER_SIZE])
{
        double sum = 0;
        for (int y = 130; y < 230; y++)
                for (int x = 80; x < 180; x++)
                        sum += pixels[y * FINGER_WIDTH + x];
        return sum / (100.0 * 100.0);
}

static void pressure_widens_the_ridges(void **state)
{
        (void)state;
        const struct finger_touch light = { .seed = 4, .pressure = -1 }, firm = { .seed = 4, .pressure = 1 };
        finger_press(&finger, &light, image);
        finger_press(&finger, &firm, second);
        assert_true(mean_grey(image) > mean_grey(second) + 20);
        assert_true(share_of_white(image) > share_of_white(second) + 0.1); /* and less of it lies flat */
}

static void a_rolled_finger_shows_another_part(void **state)
{
        (void)state;
        const struct finger_touch plain = { .seed = 4 }, rolled = { .seed = 4, .roll = 25 };
        finger_press(&finger, &plain, image);
        finger_press(&finger, &rolled, second);
        unsigned lifted = 0, changed = 0;
        for (size_t i = 0; i < FINGER_SIZE; i++) {
                lifted += image[i] < 245 && second[i] == 250;
                changed += second[i] != 250 && image[i] != second[i];
        }
        assert_true(lifted > FINGER_SIZE / 50);
        assert_int_equal(changed, 0);
}

/* Ridges: dark and light in equal parts where the finger lies flat, changing about every 4.5 pixels. */
static void the_skin_has_ridges(void **state)
{
        (void)state;
        unsigned dark = 0, edges = 0, count = 0;
        for (int y = 100; y < 320; y++)
                for (int x = 60; x < 260; x++, count++) {
                        const uint8_t *pixel = &finger.skin[y * FINGER_SKIN_WIDTH + x];
                        bool is_dark = pixel[0] < 128;
                        dark += is_dark;
                        edges += is_dark != (pixel[1] < 128);
                        edges += is_dark != (pixel[FINGER_SKIN_WIDTH] < 128);
                }
        double share = (double)dark / count, edge = (double)edges / count;
        assert_true(share > 0.4 && share < 0.6);
        assert_true(edge > 0.15 && edge < 0.45);
}

/* All classes are drawn, loops most often. */
static void every_class_grows(void **state)
{
        (void)state;
        unsigned seen[FINGER_TENTED_ARCH + 1] = { 0 };
        static struct finger grown;
        static const uint64_t seeds[] = { 1, 3, 6, 44, 45 }; /* one of each */
        for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
                assert_int_equal(finger_grow(seeds[i], &grown, NULL).code, MITOME_OK);
                assert_true(grown.class <= FINGER_TENTED_ARCH);
                seen[grown.class]++;
        }
        for (size_t i = 0; i <= FINGER_TENTED_ARCH; i++)
                assert_int_equal(seen[i], 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_seed_grows_one_finger),
                cmocka_unit_test(a_touch_is_a_pure_function_too),
                cmocka_unit_test(usual_touches_keep_their_bounds),
                cmocka_unit_test(a_shift_moves_the_picture),
                cmocka_unit_test(a_turn_by_half_a_circle_reverses_the_picture),
                cmocka_unit_test(blank_spots_are_blank),
                cmocka_unit_test(noise_is_as_strong_as_asked),
                cmocka_unit_test(soft_skin_is_drawn_out_of_place),
                cmocka_unit_test(pressure_widens_the_ridges),
                cmocka_unit_test(a_rolled_finger_shows_another_part),
                cmocka_unit_test(the_skin_has_ridges),
                cmocka_unit_test(every_class_grows),
        };
        return cmocka_run_group_tests(tests, grow, NULL);
}
