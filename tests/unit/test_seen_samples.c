/* SPDX-License-Identifier: Apache-2.0 */

/* What is remembered of prints that were seen, over a medium and a counter in memory whose every write can
 * fail, tear, or be the last before the process is killed. */

#include "grow_finger.h"
#include "seen_samples.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MEDIUM_MAX = 1 << 18, TOUCHES = 12, NEVER = 1000000 };

static const uint8_t key[32] = { 0x5A }, other_key[32] = { 0xA5 };

struct medium {
        uint8_t bytes[MEDIUM_MAX];
        size_t size;
        uint64_t counter;
};

/* `left` writes go well; the next fails, and writes `torn` bytes of what it should have (an append only). */
struct rig {
        struct medium medium;
        unsigned left;
        size_t torn;
        struct seen_samples *seen;
};

static struct sample_checker *checker;
static uint8_t images[TOUCHES][FINGER_SIZE];
static struct sample_sketch sketches[TOUCHES];

static mitome_status load(void *context, uint8_t **ret_image, size_t *ret_size, mitome_error *error)
{
        const struct rig *rig = context;
        (void)error;
        *ret_size = rig->medium.size;
        *ret_image = rig->medium.size ? malloc(rig->medium.size) : NULL;
        if (*ret_image)
                memcpy(*ret_image, rig->medium.bytes, rig->medium.size);
        return ok();
}

static bool may_write(struct rig *rig)
{
        if (rig->left == 0)
                return false;
        rig->left--;
        return true;
}

static mitome_status replace(void *context, mitome_slice image, mitome_error *error)
{
        struct rig *rig = context;
        (void)error;
        if (!may_write(rig))
                return (mitome_status){ MITOME_E_FILE_WRITE };
        assert_true(image.size <= MEDIUM_MAX);
        memcpy(rig->medium.bytes, image.data, image.size);
        rig->medium.size = image.size;
        return ok();
}

static mitome_status append(void *context, size_t at, mitome_slice record, mitome_error *error)
{
        struct rig *rig = context;
        (void)error;
        bool whole = may_write(rig);
        size_t size = whole ? record.size : rig->torn < record.size ? rig->torn : record.size;
        assert_int_equal(at, rig->medium.size);
        assert_true(at + record.size <= MEDIUM_MAX);
        memcpy(&rig->medium.bytes[at], record.data, size);
        rig->medium.size += size;
        return whole ? ok() : (mitome_status){ MITOME_E_FILE_WRITE };
}

static mitome_status read_counter(void *context, uint64_t *ret_value, mitome_error *error)
{
        const struct rig *rig = context;
        (void)error;
        *ret_value = rig->medium.counter;
        return ok();
}

static mitome_status advance(void *context, uint64_t value, mitome_error *error)
{
        struct rig *rig = context;
        (void)error;
        assert_int_equal(value, rig->medium.counter + 1);
        if (!may_write(rig))
                return (mitome_status){ MITOME_E_FILE_WRITE };
        rig->medium.counter = value;
        return ok();
}

static struct seen_config config_of(struct rig *rig)
{
        return (struct seen_config){
                .storage = { .context = rig, .load = load, .append = append, .replace = replace },
                .anchor = { .context = rig, .read = read_counter, .advance = advance },
                .key = SLICE(key),
        };
}

static mitome_code power_on(struct rig *rig)
{
        const struct seen_config config = config_of(rig);
        seen_samples_free(rig->seen);
        rig->seen = NULL;
        return seen_samples_open(&config, &rig->seen, NULL).code;
}

static void cycle(struct rig *rig)
{
        rig->left = NEVER;
        assert_int_equal(power_on(rig), MITOME_OK);
}

static int set_up(void **state)
{
        struct rig *rig = calloc(1, sizeof *rig);
        *state = rig;
        if (!rig)
                return -1;
        rig->left = NEVER;
        return power_on(rig) == MITOME_OK ? 0 : -1;
}

static int tear_down(void **state)
{
        struct rig *rig = *state;
        seen_samples_free(rig->seen);
        free(rig);
        return 0;
}

static int press_all(void **state)
{
        static struct finger finger;
        (void)state;
        if (sodium_init() < 0 || failed(sample_checker_new(&checker, NULL)) ||
                failed(finger_grow(710, &finger, NULL)))
                return -1;
        for (uint64_t i = 0; i < TOUCHES; i++) {
                const struct finger_touch touch = finger_usual_touch(i);
                finger_press(&finger, &touch, images[i]);
                const struct sample_image image = { FINGER_WIDTH, FINGER_HEIGHT, SLICE(images[i]) };
                if (sample_look(checker, &image, &sketches[i]) != SAMPLE_GOOD)
                        return -1;
        }
        return 0;
}

static int free_all(void **state)
{
        (void)state;
        sample_checker_free(checker);
        return 0;
}

static bool holds(const struct rig *rig, size_t touch)
{
        const struct sample_image image = { FINGER_WIDTH, FINGER_HEIGHT, SLICE(images[touch]) };
        struct sample_sketch ignored;
        assert_int_equal(sample_look(checker, &image, &ignored), SAMPLE_GOOD);
        return seen_samples_holds(rig->seen, checker);
}

static void add(struct rig *rig, size_t touch)
{
        assert_int_equal(seen_samples_add(rig->seen, &sketches[touch], NULL).code, MITOME_OK);
}

/* A sketch that is like none of the touches; `number` tells it from others. */
static struct sample_sketch filler(uint64_t number)
{
        struct sample_sketch sketch = { 0 };
        for (size_t i = 0; i < SAMPLE_POINTS / 64; i++) {
                sketch.ridge[i] = (number + i) * UINT64_C(0x9E3779B97F4A7C15);
                sketch.known[i] = UINT64_MAX;
        }
        return sketch;
}

/* ---- attacks ---- */

static void exact_replay_of_a_presented_sample(void **state)
{
        struct rig *rig = *state;
        assert_false(holds(rig, 0));
        add(rig, 0);
        assert_true(holds(rig, 0));
        assert_false(holds(rig, 1));
        cycle(rig);
        assert_true(holds(rig, 0));
        assert_false(holds(rig, 1));
}

/* For as long as the ring is large; across images that are written anew. */
static void replay_of_a_sample_of_long_ago(void **state)
{
        struct rig *rig = *state;
        add(rig, 0);
        add(rig, 1);
        for (uint64_t i = 0; i < SEEN_LAST - 1; i++) {
                const struct sample_sketch sketch = filler(i);
                assert_int_equal(seen_samples_add(rig->seen, &sketch, NULL).code, MITOME_OK);
        }
        assert_true(holds(rig, 1));
        cycle(rig);
        assert_true(holds(rig, 1));
        assert_false(holds(rig, 0)); /* 256 came after it */
}

static void ring_deleted(void **state)
{
        struct rig *rig = *state;
        add(rig, 0);
        rig->medium.size = 0;
        assert_int_equal(power_on(rig), MITOME_E_STORE_MISSING);
}

/* Then it is another one, and the matcher closes. */
static void ring_deleted_with_its_counter(void **state)
{
        struct rig *rig = *state;
        uint8_t before[SEEN_IDENTITY_SIZE], after[SEEN_IDENTITY_SIZE];
        add(rig, 0);
        seen_samples_identity(rig->seen, before);
        cycle(rig);
        seen_samples_identity(rig->seen, after);
        assert_memory_equal(before, after, sizeof before);
        rig->medium.size = 0;
        rig->medium.counter = 0;
        cycle(rig);
        seen_samples_identity(rig->seen, after);
        assert_memory_not_equal(before, after, sizeof before);
}

static void counter_deleted(void **state)
{
        struct rig *rig = *state;
        add(rig, 0);
        rig->medium.counter = 0;
        assert_int_equal(power_on(rig), MITOME_E_STORE_ANCHOR);
}

static void ring_rolled_back(void **state)
{
        struct rig *rig = *state;
        struct medium *before = malloc(sizeof *before);
        assert_non_null(before);
        add(rig, 0);
        *before = rig->medium;
        add(rig, 1);
        memcpy(rig->medium.bytes, before->bytes, sizeof before->bytes);
        rig->medium.size = before->size;
        assert_int_equal(power_on(rig), MITOME_E_STORE_ROLLED_BACK);
        free(before);
}

/* Every number of bytes off the end: none is taken for what was there. */
static void ring_cut_short(void **state)
{
        struct rig *rig = *state;
        add(rig, 0);
        add(rig, 1);
        size_t whole = rig->medium.size;
        for (size_t size = 1; size < whole; size += 7) {
                rig->medium.size = size;
                mitome_code code = power_on(rig);
                assert_true(code == MITOME_E_STORE_ROLLED_BACK || code == MITOME_E_STORE_SEAL ||
                            code == MITOME_E_STORE_FOREIGN);
        }
}

static void each_byte_changed(void **state)
{
        struct rig *rig = *state;
        add(rig, 0);
        add(rig, 1);
        for (size_t i = 0; i < rig->medium.size; i++) {
                rig->medium.bytes[i] ^= 1;
                mitome_code code = power_on(rig);
                assert_true(code == MITOME_E_STORE_ROLLED_BACK || code == MITOME_E_STORE_SEAL ||
                            code == MITOME_E_STORE_FOREIGN);
                rig->medium.bytes[i] ^= 1;
        }
        cycle(rig);
}

static void records_swapped(void **state)
{
        struct rig *rig = *state;
        static uint8_t first[4096];
        size_t image = rig->medium.size;
        add(rig, 0);
        size_t record = rig->medium.size - image;
        assert_true(record < sizeof first);
        add(rig, 1);
        memcpy(first, &rig->medium.bytes[image], record);
        memmove(&rig->medium.bytes[image], &rig->medium.bytes[image + record], record);
        memcpy(&rig->medium.bytes[image + record], first, record);
        assert_int_equal(power_on(rig), MITOME_E_STORE_ROLLED_BACK);
}

/* Has the image written anew: a torn record is found behind it. */
static void cycle_anew(struct rig *rig)
{
        rig->medium.bytes[rig->medium.size++] = 0;
        cycle(rig);
}

/* A record of an image that was replaced does not fit behind the next. */
static void record_of_before_put_behind(void **state)
{
        struct rig *rig = *state;
        static uint8_t old[4096];
        size_t image = rig->medium.size;
        add(rig, 0);
        size_t record = rig->medium.size - image;
        memcpy(old, &rig->medium.bytes[image], record);
        cycle_anew(rig);
        add(rig, 1);
        memcpy(&rig->medium.bytes[rig->medium.size - record], old, record);
        assert_int_equal(power_on(rig), MITOME_E_STORE_ROLLED_BACK);
}

static void another_key(void **state)
{
        struct rig *rig = *state;
        struct seen_config config = config_of(rig);
        struct seen_samples *seen = NULL;
        config.key = SLICE(other_key);
        assert_int_equal(seen_samples_open(&config, &seen, NULL).code, MITOME_E_STORE_SEAL);
        config.key = slice_of(key, 31);
        assert_int_equal(seen_samples_open(&config, &seen, NULL).code, MITOME_E_ARGUMENT);
        assert_null(seen);
}

/* ---- kills ---- */

/* After each number of writes, torn in each place: what was acknowledged is there, and it opens. */
static void killed_at_each_write_nothing_is_forgotten(void **state)
{
        struct rig *rig = *state;
        for (unsigned left = 0; left < 8; left++) {
                for (size_t torn = 0; torn < 700; torn += 23) {
                        bool acknowledged[3] = { false };
                        memset(&rig->medium, 0, sizeof rig->medium);
                        cycle(rig);
                        rig->left = left;
                        rig->torn = torn;
                        for (size_t i = 0; i < 3; i++)
                                acknowledged[i] = !failed(seen_samples_add(rig->seen, &sketches[i], NULL));
                        assert_true(!acknowledged[1] || acknowledged[0]);
                        cycle(rig);
                        if (torn % 3 == 0)
                                for (size_t i = 0; i < 3; i++)
                                        assert_true(!acknowledged[i] || holds(rig, i));
                        add(rig, 5); /* and it goes on */
                }
        }
}

static void killed_while_it_begins(void **state)
{
        struct rig *rig = *state;
        for (unsigned left = 0; left < 2; left++) {
                memset(&rig->medium, 0, sizeof rig->medium);
                rig->left = left;
                assert_int_equal(power_on(rig), MITOME_E_FILE_WRITE);
                cycle(rig);
                add(rig, 0);
        }
}

static void after_a_failed_write_nothing_goes_on(void **state)
{
        struct rig *rig = *state;
        rig->left = 0;
        assert_int_equal(seen_samples_add(rig->seen, &sketches[3], NULL).code, MITOME_E_FILE_WRITE);
        rig->left = NEVER;
        assert_int_equal(seen_samples_add(rig->seen, &sketches[3], NULL).code, MITOME_E_FILE_WRITE);
        cycle(rig);
        add(rig, 3);
}

/* ---- what it is for ---- */

static void it_begins_anew_only_when_told(void **state)
{
        struct rig *rig = *state;
        const struct seen_config config = config_of(rig);
        uint8_t before[SEEN_IDENTITY_SIZE], after[SEEN_IDENTITY_SIZE];
        seen_samples_identity(rig->seen, before);
        add(rig, 1);
        rig->medium.bytes[100] ^= 1;
        assert_int_equal(power_on(rig), MITOME_E_STORE_SEAL);
        assert_int_equal(power_on(rig), MITOME_E_STORE_SEAL); /* it was left as it is */
        assert_int_equal(seen_samples_renew(&config, &rig->seen, NULL).code, MITOME_OK);
        seen_samples_identity(rig->seen, after);
        assert_memory_not_equal(before, after, sizeof before);
        assert_false(holds(rig, 1));
        add(rig, 2);
        cycle(rig);
        assert_true(holds(rig, 2));
}

/* No sketch stands in the medium as it is in memory. */
static void nothing_is_readable_at_rest(void **state)
{
        struct rig *rig = *state;
        uint8_t form[SAMPLE_SKETCH_SIZE];
        writer w = WRITER(form);
        add(rig, 0);
        add(rig, 0);
        sample_sketch_write(&w, &sketches[0]);
        assert_null(memmem(rig->medium.bytes, rig->medium.size, form, 16));
        assert_null(memmem(rig->medium.bytes, rig->medium.size, sketches[0].ridge, 16));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(exact_replay_of_a_presented_sample, set_up, tear_down),
                cmocka_unit_test_setup_teardown(replay_of_a_sample_of_long_ago, set_up, tear_down),
                cmocka_unit_test_setup_teardown(ring_deleted, set_up, tear_down),
                cmocka_unit_test_setup_teardown(ring_deleted_with_its_counter, set_up, tear_down),
                cmocka_unit_test_setup_teardown(counter_deleted, set_up, tear_down),
                cmocka_unit_test_setup_teardown(ring_rolled_back, set_up, tear_down),
                cmocka_unit_test_setup_teardown(ring_cut_short, set_up, tear_down),
                cmocka_unit_test_setup_teardown(each_byte_changed, set_up, tear_down),
                cmocka_unit_test_setup_teardown(records_swapped, set_up, tear_down),
                cmocka_unit_test_setup_teardown(record_of_before_put_behind, set_up, tear_down),
                cmocka_unit_test_setup_teardown(another_key, set_up, tear_down),
                cmocka_unit_test_setup_teardown(killed_at_each_write_nothing_is_forgotten, set_up, tear_down),
                cmocka_unit_test_setup_teardown(killed_while_it_begins, set_up, tear_down),
                cmocka_unit_test_setup_teardown(after_a_failed_write_nothing_goes_on, set_up, tear_down),
                cmocka_unit_test_setup_teardown(it_begins_anew_only_when_told, set_up, tear_down),
                cmocka_unit_test_setup_teardown(nothing_is_readable_at_rest, set_up, tear_down),
        };
        return cmocka_run_group_tests(tests, press_all, free_all);
}
