/* SPDX-License-Identifier: Apache-2.0 */

/* What is asked of an image before it is compared. Fingers, touches and replays come from fixed seeds. */

#include "grow_finger.h"
#include "replay.h"
#include "sample_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FINGERS = 3, TOUCHES = 6 };

static struct sample_checker *checker;
static struct finger fingers[FINGERS];
static uint8_t image[FINGER_SIZE], changed[FINGER_SIZE];

static int set_up(void **state)
{
        (void)state;
        for (uint64_t i = 0; i < FINGERS; i++)
                if (failed(finger_grow(700 + i, &fingers[i], NULL)))
                        return -1;
        return failed(sample_checker_new(&checker, NULL)) ? -1 : 0;
}

static int tear_down(void **state)
{
        (void)state;
        sample_checker_free(checker);
        return 0;
}

static void press(size_t finger, uint64_t seed)
{
        const struct finger_touch touch = finger_usual_touch(seed);
        finger_press(&fingers[finger], &touch, image);
}

static enum sample_quality look(const uint8_t *grey, size_t width, size_t height, struct sample_sketch *ret)
{
        const struct sample_image looked = { width, height, slice_of(grey, width * height) };
        return sample_look(checker, &looked, ret);
}

static struct sample_sketch sketch_of_image(void)
{
        struct sample_sketch sketch = { 0 };
        assert_int_equal(look(image, FINGER_WIDTH, FINGER_HEIGHT, &sketch), SAMPLE_GOOD);
        return sketch;
}

/* ---- attacks ---- */

/* How many of FINGERS * TOUCHES replays are noticed. */
static unsigned count_noticed(enum replay_way way)
{
        struct sample_sketch ignored;
        unsigned noticed = 0;
        for (size_t finger = 0; finger < FINGERS; finger++) {
                for (uint64_t touch = 0; touch < TOUCHES; touch++) {
                        press(finger, 100 * finger + touch);
                        const struct sample_sketch seen = sketch_of_image();
                        const struct replay_image taken = { FINGER_WIDTH, FINGER_HEIGHT, image };
                        struct replay_image replay = { .grey = changed };
                        replay_make(way, 10 * finger + touch, &taken, &replay);
                        assert_int_equal(look(changed, replay.width, replay.height, &ignored), SAMPLE_GOOD);
                        noticed += sample_is_copy(checker, &seen);
                }
        }
        return noticed;
}

#define NOTICED(attack, way)                                            \
        static void attack(void **state)                                \
        {                                                               \
                (void)state;                                            \
                assert_int_equal(count_noticed(way), FINGERS *TOUCHES); \
        }

NOTICED(exact_replay, REPLAY_EXACT)
NOTICED(replay_with_noise, REPLAY_NOISE)
NOTICED(replay_with_bits_flipped, REPLAY_FLIPS)
NOTICED(replay_of_other_brightness_and_contrast, REPLAY_CONTRAST)
NOTICED(replay_shifted, REPLAY_SHIFT)
NOTICED(replay_turned, REPLAY_TURN)
NOTICED(replay_cropped, REPLAY_CROP)
NOTICED(replay_with_a_blank, REPLAY_BLANK)
NOTICED(replay_smoothed, REPLAY_SMOOTH)
NOTICED(replay_in_blocks, REPLAY_BLOCKS)
NOTICED(replay_as_a_negative, REPLAY_NEGATIVE)

/* Nearly always: bench_samples says how often. */
static void replay_changed_in_every_way_at_once(void **state)
{
        (void)state;
        assert_true(count_noticed(REPLAY_ALL) >= FINGERS * TOUCHES * 9 / 10);
}

/* A replay of a replay: each is compared with what was kept of the first. */
static void replay_of_a_replay(void **state)
{
        (void)state;
        static uint8_t again[FINGER_SIZE];
        struct sample_sketch ignored;
        press(0, 1);
        const struct sample_sketch seen = sketch_of_image();
        const struct replay_image taken = { FINGER_WIDTH, FINGER_HEIGHT, image };
        struct replay_image replay = { .grey = changed }, second = { .grey = again };
        replay_make(REPLAY_NOISE, 5, &taken, &replay);
        replay_make(REPLAY_SMOOTH, 6, &replay, &second);
        assert_int_equal(look(again, second.width, second.height, &ignored), SAMPLE_GOOD);
        assert_true(sample_is_copy(checker, &seen));
}

/* ---- what is none ---- */

static void another_touch_is_no_copy(void **state)
{
        (void)state;
        for (size_t finger = 0; finger < FINGERS; finger++) {
                struct sample_sketch seen[TOUCHES], ignored;
                for (uint64_t touch = 0; touch < TOUCHES; touch++) {
                        press(finger, 100 * finger + touch);
                        seen[touch] = sketch_of_image();
                        for (uint64_t earlier = 0; earlier < touch; earlier++)
                                assert_false(sample_is_copy(checker, &seen[earlier]));
                }
                assert_int_equal(look(image, FINGER_WIDTH, FINGER_HEIGHT, &ignored), SAMPLE_GOOD);
                assert_true(sample_is_copy(checker, &seen[TOUCHES - 1]));
        }
}

static void another_finger_is_no_copy(void **state)
{
        (void)state;
        struct sample_sketch seen[FINGERS];
        for (size_t finger = 0; finger < FINGERS; finger++) {
                press(finger, 3);
                seen[finger] = sketch_of_image();
                for (size_t earlier = 0; earlier < finger; earlier++)
                        assert_true(sample_likeness(checker, &seen[earlier]) < 800);
        }
}

/* A sketch that knows nothing is like nothing, and an empty ring's place is none of anything. */
static void nothing_is_no_copy(void **state)
{
        (void)state;
        const struct sample_sketch nothing = { 0 };
        struct sample_sketch little = { 0 };
        press(0, 1);
        const struct sample_sketch seen = sketch_of_image();
        assert_int_equal(sample_likeness(checker, &nothing), 500);
        little.ridge[0] = seen.ridge[0];
        little.known[0] = 0xFF; /* eight places, and they all agree */
        assert_false(sample_is_copy(checker, &little));
}

/* ---- small sensors ---- */

static void cut_out(size_t side)
{
        for (size_t y = 0; y < side; y++)
                memcpy(&changed[y * side],
                        &image[(FINGER_HEIGHT / 2 - side / 2 + y) * FINGER_WIDTH + FINGER_WIDTH / 2 -
                                side / 2],
                        side);
}

static void a_small_sensor_notices_a_copy_as_well(void **state)
{
        (void)state;
        static uint8_t noisy[FINGER_SIZE];
        for (size_t side = 96; side <= 160; side += 32) {
                struct sample_sketch seen, other, ignored;
                press(1, 11);
                cut_out(side);
                assert_int_equal(look(changed, side, side, &seen), SAMPLE_GOOD);
                const struct replay_image taken = { side, side, changed };
                struct replay_image replay = { .grey = noisy };
                replay_make(REPLAY_NOISE, side, &taken, &replay);
                assert_int_equal(look(noisy, side, side, &ignored), SAMPLE_GOOD);
                assert_true(sample_is_copy(checker, &seen));
                press(2, 12);
                cut_out(side);
                assert_int_equal(look(changed, side, side, &other), SAMPLE_GOOD);
                assert_false(sample_is_copy(checker, &seen));
        }
}

/* What is taken is enough to know its copy by, however little of the print it is. */
static void no_print_is_too_small_for_its_copy_to_be_noticed(void **state)
{
        (void)state;
        unsigned taken = 0, small = 0;
        for (uint64_t touch = 0; touch < 4; touch++) {
                press(touch % FINGERS, 40 + touch);
                for (size_t side = 48; side <= 128; side += 8) {
                        struct sample_sketch seen = { 0 };
                        cut_out(side);
                        if (look(changed, side, side, &seen) == SAMPLE_GOOD) {
                                assert_true(sample_is_copy(checker, &seen));
                                taken++;
                        } else {
                                small++;
                        }
                }
        }
        assert_true(taken > 0 && small > 0);
}

/* ---- quality ---- */

static void what_is_no_image_is_refused(void **state)
{
        (void)state;
        struct sample_sketch sketch;
        static const struct {
                size_t width, height, size;
        } none[] = { { 47, 100, 4700 }, { 100, 47, 4700 }, { 1001, 100, 100100 }, { 100, 1001, 100100 },
                { 100, 100, 9999 }, { 100, 100, 10001 }, { 100, 100, 0 }, { 0, 0, 0 }, { SIZE_MAX, 2, 4 } };
        static uint8_t bytes[1001 * 100];
        for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
                const struct sample_image looked = { none[i].width, none[i].height,
                        slice_of(bytes, none[i].size) };
                assert_int_equal(sample_look(checker, &looked, &sketch), SAMPLE_NO_IMAGE);
        }
}

static void an_even_grey_is_faint(void **state)
{
        (void)state;
        struct sample_sketch sketch;
        for (int grey = 0; grey < 256; grey += 85) {
                memset(image, grey, sizeof image);
                assert_int_equal(look(image, FINGER_WIDTH, FINGER_HEIGHT, &sketch), SAMPLE_FAINT);
        }
}

static void a_print_that_hardly_touched_is_faint(void **state)
{
        (void)state;
        struct sample_sketch sketch;
        press(0, 1);
        for (size_t i = 0; i < sizeof image; i++)
                image[i] = (uint8_t)(240 + image[i] / 32);
        assert_int_equal(look(image, FINGER_WIDTH, FINGER_HEIGHT, &sketch), SAMPLE_FAINT);
}

static void a_fingertip_is_too_small(void **state)
{
        (void)state;
        struct sample_sketch sketch;
        press(0, 1);
        for (size_t i = 0; i < sizeof image; i++) {
                size_t x = i % FINGER_WIDTH, y = i / FINGER_WIDTH;
                if (x < 100 || x > 150 || y < 90 || y > 140)
                        image[i] = 250;
        }
        assert_int_equal(look(image, FINGER_WIDTH, FINGER_HEIGHT, &sketch), SAMPLE_SMALL);
}

/* Noise is strong everywhere and runs nowhere. */
static void noise_is_no_print(void **state)
{
        (void)state;
        struct sample_sketch sketch;
        for (uint32_t seed = 1; seed < 20; seed++) {
                uint32_t number = seed * 2654435761u;
                for (size_t i = 0; i < sizeof image; i++) {
                        number ^= number << 13;
                        number ^= number >> 17;
                        number ^= number << 5;
                        image[i] = (uint8_t)number;
                }
                assert_int_equal(look(image, FINGER_WIDTH, FINGER_HEIGHT, &sketch), SAMPLE_SMALL);
        }
}

static void usual_touches_are_good(void **state)
{
        (void)state;
        for (uint64_t seed = 0; seed < 60; seed++) {
                press(seed % FINGERS, 9000 + seed);
                (void)sketch_of_image();
        }
}

static void the_largest_image_is_looked_at(void **state)
{
        (void)state;
        uint8_t *large = malloc(SAMPLE_SIDE_MAX * SAMPLE_SIDE_MAX);
        struct sample_sketch small, sketch;
        assert_non_null(large);
        memset(large, 250, SAMPLE_SIDE_MAX * SAMPLE_SIDE_MAX);
        press(1, 4);
        small = sketch_of_image();
        for (size_t y = 0; y < FINGER_HEIGHT; y++)
                memcpy(&large[(SAMPLE_SIDE_MAX / 2 - FINGER_HEIGHT / 2 + y) * SAMPLE_SIDE_MAX +
                               SAMPLE_SIDE_MAX / 2 - FINGER_WIDTH / 2],
                        &image[y * FINGER_WIDTH], FINGER_WIDTH);
        assert_int_equal(look(large, SAMPLE_SIDE_MAX, SAMPLE_SIDE_MAX, &sketch), SAMPLE_GOOD);
        assert_true(sample_is_copy(checker, &small));
        free(large);
}

/* ---- its form in a file ---- */

static void a_sketch_is_read_as_it_was_written(void **state)
{
        (void)state;
        uint8_t bytes[SAMPLE_SKETCH_SIZE];
        writer w = WRITER(bytes);
        struct sample_sketch read = { 0 };
        press(0, 1);
        const struct sample_sketch sketch = sketch_of_image();
        sample_sketch_write(&w, &sketch);
        assert_int_equal(writer_view(&w).size, SAMPLE_SKETCH_SIZE);
        reader r = reader_over(SLICE(bytes), NULL, NULL);
        assert_int_equal(sample_sketch_read(&r, &read).code, MITOME_OK);
        assert_memory_equal(&read, &sketch, sizeof sketch);
        for (size_t size = 0; size < sizeof bytes; size++) {
                r = reader_over(slice_of(bytes, size), NULL, NULL);
                assert_int_equal(sample_sketch_read(&r, &read).code, MITOME_E_INPUT_ENDS);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(exact_replay),
                cmocka_unit_test(replay_with_noise),
                cmocka_unit_test(replay_with_bits_flipped),
                cmocka_unit_test(replay_of_other_brightness_and_contrast),
                cmocka_unit_test(replay_shifted),
                cmocka_unit_test(replay_turned),
                cmocka_unit_test(replay_cropped),
                cmocka_unit_test(replay_with_a_blank),
                cmocka_unit_test(replay_smoothed),
                cmocka_unit_test(replay_in_blocks),
                cmocka_unit_test(replay_as_a_negative),
                cmocka_unit_test(replay_changed_in_every_way_at_once),
                cmocka_unit_test(replay_of_a_replay),
                cmocka_unit_test(another_touch_is_no_copy),
                cmocka_unit_test(another_finger_is_no_copy),
                cmocka_unit_test(nothing_is_no_copy),
                cmocka_unit_test(a_small_sensor_notices_a_copy_as_well),
                cmocka_unit_test(no_print_is_too_small_for_its_copy_to_be_noticed),
                cmocka_unit_test(what_is_no_image_is_refused),
                cmocka_unit_test(an_even_grey_is_faint),
                cmocka_unit_test(a_print_that_hardly_touched_is_faint),
                cmocka_unit_test(a_fingertip_is_too_small),
                cmocka_unit_test(noise_is_no_print),
                cmocka_unit_test(usual_touches_are_good),
                cmocka_unit_test(the_largest_image_is_looked_at),
                cmocka_unit_test(a_sketch_is_read_as_it_was_written),
        };
        return cmocka_run_group_tests(tests, set_up, tear_down);
}
