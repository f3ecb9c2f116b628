/* SPDX-License-Identifier: Apache-2.0 */

/* The code for real readers, with libfprint's virtual image device in the place of the reader: what a reader
 * says (no image, an error, too hot, removed) is said to its socket as its driver takes it. */

#include "decoy_fingers.h"
#include "finger_record.h"
#include "finger_template.h"
#include "grow_finger.h"
#include "sensor_fprint.h"
#include "virtual_finger.h"

#include <fprint.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { SAY_RETRY = -1, SAY_ERROR = -2, STEPS_MAX = 16, LIMIT_S = 60, ENDED_NOT = -1 };

/* What the reader is told, one each time that it waits. */
struct step {
        int32_t width, height; /* or what to say; 0: an image of the finger */
        unsigned finger;
        uint64_t touch;
        void (*change)(uint8_t image[FINGER_SIZE]); /* what a forger does to it; NULL: nothing */
};

struct rig {
        char folder[64], argument[112], reader[96];
        struct sensor sensor;
        GMainLoop *loop;
        int hand;
        struct finger finger[2];
        const struct step *steps;
        unsigned step_count, next;
        bool cancels; /* when the steps are over */
        unsigned ready, samples, retries;
        enum mitome_gate_hint hints[STEPS_MAX];
        int outcome;
        GByteArray *kept;
        uint8_t image[FINGER_SIZE];
};

/* ---- the hand before the reader ---- */

static bool send_all(int fd, const void *bytes, size_t size)
{
        slice left = slice_of(bytes, size);
        while (left.size) {
                slice sent;
                ssize_t count = send(fd, left.data, left.size, MSG_NOSIGNAL | MSG_DONTWAIT);
                reader r = reader_over(left, NULL, NULL);
                if (count > 0 && !failed(read_bytes(&r, "image", (size_t)count, &sent)))
                        left = read_rest(&r);
                else if (!g_main_context_iteration(NULL, FALSE))
                        g_usleep(500);
        }
        return true;
}

static void connect_hand(struct rig *rig)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        snprintf(address.sun_path, sizeof address.sun_path, "%s", rig->reader);
        if (rig->hand >= 0)
                close(rig->hand);
        rig->hand = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(rig->hand, (const struct sockaddr *)&address, sizeof address), 0);
}

static gboolean take_step(gpointer user_data)
{
        struct rig *rig = user_data;
        if (rig->next == rig->step_count) {
                if (rig->cancels)
                        rig->sensor.cancel(rig->sensor.context);
                return G_SOURCE_REMOVE;
        }
        const struct step *step = &rig->steps[rig->next++];
        int32_t header[2] = { step->width, step->height };
        if (step->width == 0) {
                const struct finger_touch touch = finger_usual_touch(step->touch);
                finger_press(&rig->finger[step->finger], &touch, rig->image);
                if (step->change)
                        step->change(rig->image);
                header[0] = FINGER_WIDTH;
                header[1] = FINGER_HEIGHT;
        }
        connect_hand(rig);
        send_all(rig->hand, header, sizeof header);
        if (header[0] > 0)
                send_all(rig->hand, rig->image, (size_t)header[0] * (size_t)header[1]);
        return G_SOURCE_REMOVE;
}

/* ---- the matcher ---- */

static void on_ready(void *context)
{
        struct rig *rig = context;
        rig->ready++;
        g_idle_add(take_step, rig);
}

static void on_sample(void *context, unsigned remaining)
{
        struct rig *rig = context;
        rig->samples++;
        assert_int_equal(remaining, rig->sensor.samples - rig->samples);
}

static void on_retry(void *context, enum mitome_gate_hint hint)
{
        struct rig *rig = context;
        assert_true(rig->retries < STEPS_MAX);
        rig->hints[rig->retries++] = hint;
}

static void on_ended(void *context, enum sensor_outcome outcome, slice kept)
{
        struct rig *rig = context;
        assert_int_equal(rig->outcome, ENDED_NOT); /* once */
        rig->outcome = (int)outcome;
        if (outcome == SENSOR_ENROLLED) {
                g_byte_array_set_size(rig->kept, 0);
                g_byte_array_append(rig->kept, kept.data, (guint)kept.size);
        }
        g_main_loop_quit(rig->loop);
}

static gboolean on_late(gpointer user_data)
{
        (void)user_data;
        fail_msg("nothing happened");
        return G_SOURCE_REMOVE;
}

static struct sensor_watcher prepare(struct rig *rig, const struct step *steps, unsigned count)
{
        rig->steps = steps;
        rig->step_count = count;
        rig->next = rig->ready = rig->samples = rig->retries = 0;
        rig->outcome = ENDED_NOT;
        return (struct sensor_watcher){
                .context = rig, .ready = on_ready, .sample = on_sample, .retry = on_retry, .ended = on_ended
        };
}

static void run(struct rig *rig)
{
        guint limit = g_timeout_add_seconds(LIMIT_S, on_late, rig);
        g_main_loop_run(rig->loop);
        g_source_remove(limit);
}

static int verify(struct rig *rig, const struct step *steps, unsigned count)
{
        static const uint8_t id[16];
        const struct sensor_finger finger = { .id = SLICE(id),
                .kept = slice_of(rig->kept->data, rig->kept->len) };
        const struct sensor_set set = { .fingers = &finger, .count = 1 };
        const struct sensor_watcher watcher = prepare(rig, steps, count);
        assert_int_equal(rig->sensor.verify(rig->sensor.context, &set, &watcher, NULL).code, MITOME_OK);
        run(rig);
        return rig->outcome;
}

static int set_up(void **state)
{
        static const uint8_t key[32] = { 1 };
        struct rig *rig = calloc(1, sizeof *rig);
        if (!rig)
                return -1;
        strcpy(rig->folder, "/tmp/mitome-reader-XXXXXX");
        if (!mkdtemp(rig->folder))
                return -1;
        signal(SIGPIPE, SIG_IGN);
        snprintf(rig->reader, sizeof rig->reader, "%s/reader", rig->folder);
        snprintf(rig->argument, sizeof rig->argument, "reader:%s", rig->reader);
        rig->hand = -1;
        rig->loop = g_main_loop_new(NULL, FALSE);
        rig->kept = g_byte_array_new();
        for (unsigned i = 0; i < 2; i++)
                if (failed(finger_grow(400 + i, &rig->finger[i], NULL)))
                        return -1;
        *state = rig;
        const struct sensor_config config = {
                .argument = rig->argument, .folder = rig->folder, .key = SLICE(key), .scores = -1
        };
        return failed(sensor_fprint_open(&config, &rig->sensor, NULL)) ? -1 : 0;
}

static int tear_down(void **state)
{
        struct rig *rig = *state;
        char command[96];
        rig->sensor.close(rig->sensor.context);
        while (g_main_context_iteration(NULL, FALSE))
                ;
        if (rig->hand >= 0)
                close(rig->hand);
        g_byte_array_unref(rig->kept);
        g_main_loop_unref(rig->loop);
        snprintf(command, sizeof command, "rm -r '%s'", rig->folder);
        free(rig);
        return system(command);
}

/* ---- the tests; the later ones compare with what the first one enrolled ---- */

static void a_finger_is_enrolled_at_a_reader(void **state)
{
        struct rig *rig = *state;
        static const uint8_t id[16];
        const struct step steps[] = { { .touch = 1 }, { .touch = 2 },
                { SAY_RETRY, FP_DEVICE_RETRY_TOO_SHORT }, { .touch = 3 }, { .finger = 1, .touch = 4 },
                { .touch = 5 }, { .touch = 6 } };
        const struct sensor_set nobody = { 0 };
        const struct sensor_watcher watcher = prepare(rig, steps, G_N_ELEMENTS(steps));
        assert_int_equal(
                rig->sensor.enrol(rig->sensor.context, &nobody, SLICE(id), &watcher, NULL).code, MITOME_OK);
        assert_int_equal(rig->sensor.enrol(rig->sensor.context, &nobody, SLICE(id), &watcher, NULL).code,
                MITOME_E_GATE_BUSY);
        run(rig);
        assert_int_equal(rig->outcome, SENSOR_ENROLLED);
        assert_int_equal(rig->samples, rig->sensor.samples);
        assert_int_equal(rig->retries, 2);
        assert_int_equal(rig->hints[0], MITOME_GATE_HINT_TOO_SHORT);
        assert_int_equal(rig->hints[1], MITOME_GATE_HINT_GENERAL); /* another finger than before */
}

static void it_opens_and_another_one_does_not(void **state)
{
        struct rig *rig = *state;
        const struct step own = { .touch = 20 }, other = { .finger = 1, .touch = 21 };
        assert_int_equal(verify(rig, &own, 1), SENSOR_MATCH);
        assert_int_equal(verify(rig, &other, 1), SENSOR_NO_MATCH);
}

static void what_a_reader_asks_for_is_handed_on(void **state)
{
        struct rig *rig = *state;
        static const enum mitome_gate_hint hints[] = { MITOME_GATE_HINT_GENERAL, MITOME_GATE_HINT_TOO_SHORT,
                MITOME_GATE_HINT_CENTRE, MITOME_GATE_HINT_LIFT };
        const struct step steps[] = { { SAY_RETRY, FP_DEVICE_RETRY_GENERAL },
                { SAY_RETRY, FP_DEVICE_RETRY_TOO_SHORT }, { SAY_RETRY, FP_DEVICE_RETRY_CENTER_FINGER },
                { SAY_RETRY, FP_DEVICE_RETRY_REMOVE_FINGER }, { .touch = 22 } };
        assert_int_equal(verify(rig, steps, G_N_ELEMENTS(steps)), SENSOR_MATCH);
        assert_int_equal(rig->retries, G_N_ELEMENTS(hints));
        for (unsigned i = 0; i < rig->retries; i++)
                assert_int_equal(rig->hints[i], hints[i]);
}

/* Nothing was compared, so nobody hears of it but by a second "touch it". */
static void an_overheated_reader_is_begun_anew(void **state)
{
        struct rig *rig = *state;
        const struct step steps[] = { { SAY_ERROR, FP_DEVICE_ERROR_TOO_HOT }, { .touch = 23 } };
        assert_int_equal(verify(rig, steps, G_N_ELEMENTS(steps)), SENSOR_MATCH);
        assert_int_equal(rig->ready, 2);
        assert_int_equal(rig->retries, 0);
}

static void a_removed_reader_is_looked_for(void **state)
{
        struct rig *rig = *state;
        const struct step steps[] = { { SAY_ERROR, FP_DEVICE_ERROR_REMOVED },
                { SAY_ERROR, FP_DEVICE_ERROR_PROTO }, { .touch = 24 } };
        assert_int_equal(verify(rig, steps, G_N_ELEMENTS(steps)), SENSOR_MATCH);
}

static void one_that_only_fails_is_broken(void **state)
{
        struct rig *rig = *state;
        const struct step steps[] = { { SAY_ERROR, FP_DEVICE_ERROR_GENERAL },
                { SAY_ERROR, FP_DEVICE_ERROR_GENERAL }, { SAY_ERROR, FP_DEVICE_ERROR_TOO_HOT },
                { SAY_ERROR, FP_DEVICE_ERROR_GENERAL }, { .touch = 25 } };
        assert_int_equal(verify(rig, steps, G_N_ELEMENTS(steps)), SENSOR_BROKEN);
        assert_int_equal(rig->next, 4);
        assert_int_equal(verify(rig, &steps[4], 1), SENSOR_MATCH); /* until the next request */
}

static void an_image_that_is_too_large_is_not_looked_at(void **state)
{
        struct rig *rig = *state;
        const struct step steps[] = { { 1001, 92 }, { .touch = 26 } };
        memset(rig->image, 90, sizeof rig->image);
        assert_int_equal(verify(rig, steps, G_N_ELEMENTS(steps)), SENSOR_MATCH);
        assert_int_equal(rig->retries, 1);
}

static void a_cancelled_reader_gives_the_try_back(void **state)
{
        struct rig *rig = *state;
        rig->cancels = true;
        assert_int_equal(verify(rig, NULL, 0), SENSOR_CANCELLED);
        rig->cancels = false;
        const struct step own = { .touch = 27 };
        assert_int_equal(verify(rig, &own, 1), SENSOR_MATCH); /* at once, while the device still closes */
}

/* ---- attacks: copies of samples that the matcher has seen ---- */

static void flip_bits(uint8_t image[FINGER_SIZE])
{
        for (int i = 0; i < FINGER_SIZE; i += 7)
                image[i] ^= (uint8_t)(1 << (i / 7) % 6);
}

static void add_noise(uint8_t image[FINGER_SIZE])
{
        uint32_t state = 1;
        for (int i = 0; i < FINGER_SIZE; i++) {
                state = state * 1664525 + 1013904223;
                int value = image[i] + (int)(state >> 24) % 33 - 16;
                image[i] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
        }
}

static void darken(uint8_t image[FINGER_SIZE])
{
        for (int i = 0; i < FINGER_SIZE; i++)
                image[i] = (uint8_t)(image[i] * 3 / 4);
}

static void invert(uint8_t image[FINGER_SIZE])
{
        for (int i = 0; i < FINGER_SIZE; i++)
                image[i] = (uint8_t)(255 - image[i]);
}

static void shift(uint8_t image[FINGER_SIZE])
{
        enum { RIGHT = 5, DOWN = 6 };
        for (int i = FINGER_SIZE - 1; i >= 0; i--) {
                int x = i % FINGER_WIDTH - RIGHT, y = i / FINGER_WIDTH - DOWN;
                image[i] = x < 0 || y < 0 ? 250 : image[y * FINGER_WIDTH + x];
        }
}

static void crop(uint8_t image[FINGER_SIZE])
{
        memset(image, 250, FINGER_SIZE / 10);
}

/* Each of them would match: it is the finger's own image. */
static void expect_copy_is_refused(
        struct rig *rig, uint64_t touch, void (*change)(uint8_t image[FINGER_SIZE]))
{
        const struct step copy = { .touch = touch, .change = change };
        assert_int_equal(verify(rig, &copy, 1), SENSOR_SAME);
        assert_int_equal(rig->retries, 0); /* he has had his try */
}

static void an_image_of_the_enrolment_opens_nothing(void **state)
{
        for (uint64_t touch = 1; touch <= 6; touch++)
                if (touch != 4) /* that one was of another finger */
                        expect_copy_is_refused(*state, touch, NULL);
}

static void an_image_that_opened_opens_nothing_again(void **state)
{
        expect_copy_is_refused(*state, 20, NULL);
        expect_copy_is_refused(*state, 20, NULL);
        const struct step own = { .touch = 50 };
        assert_int_equal(verify(*state, &own, 1), SENSOR_MATCH);
        expect_copy_is_refused(*state, 50, NULL);
}

static void a_copy_with_bits_flipped_opens_nothing(void **state)
{
        expect_copy_is_refused(*state, 1, flip_bits);
        expect_copy_is_refused(*state, 50, flip_bits);
}

static void a_copy_with_noise_opens_nothing(void **state)
{
        expect_copy_is_refused(*state, 2, add_noise);
        expect_copy_is_refused(*state, 50, add_noise);
}

static void a_copy_of_other_brightness_opens_nothing(void **state)
{
        expect_copy_is_refused(*state, 3, darken);
        expect_copy_is_refused(*state, 50, invert);
}

static void a_copy_that_was_shifted_opens_nothing(void **state)
{
        expect_copy_is_refused(*state, 5, shift);
        expect_copy_is_refused(*state, 50, shift);
}

static void a_copy_that_was_cropped_opens_nothing(void **state)
{
        expect_copy_is_refused(*state, 6, crop);
        expect_copy_is_refused(*state, 50, crop);
}

/* Ridges with two forks: enough to see, too little to compare. */
static void draw_two_forks(uint8_t image[FINGER_SIZE])
{
        for (int i = 0; i < FINGER_SIZE; i++) {
                double x = i % FINGER_WIDTH - FINGER_WIDTH / 2, y = i / FINGER_WIDTH - FINGER_HEIGHT / 2;
                double phase = 0.7 * x + 0.1 * y + atan2(y - 45, x) + atan2(y + 40, x - 9);
                image[i] = (uint8_t)(128 + 90 * sin(phase));
        }
}

/* What costs no try must not make the matcher forget what did: with hundreds of such images, and a
 * cancellation that gives the try back, everything it has seen could be laid again. */
static void rubbish_drives_no_sample_out_of_its_memory(void **state)
{
        struct rig *rig = *state;
        const struct step rubbish = { .touch = 1, .change = draw_two_forks };
        const struct step twice[] = { rubbish, rubbish };
        rig->cancels = true;
        assert_int_equal(verify(rig, twice, 2), SENSOR_CANCELLED);
        assert_int_equal(rig->retries, 2);
        for (unsigned i = 0; i < 2; i++)
                assert_int_equal(rig->hints[i], MITOME_GATE_HINT_POOR); /* not SAME: it is not remembered */
        rig->cancels = false;
        expect_copy_is_refused(rig, 50, NULL);
}

/* Nor does it enrol: five times the same image is one sample. */
static void one_image_given_again_and_again_enrols_nothing(void **state)
{
        struct rig *rig = *state;
        static const uint8_t id[16];
        const struct step steps[] = { { .finger = 1, .touch = 60 }, { .finger = 1, .touch = 60 },
                { .finger = 1, .touch = 60, .change = add_noise },
                { .finger = 1, .touch = 60, .change = shift }, { .finger = 1, .touch = 60 } };
        const struct sensor_set nobody = { 0 };
        const struct sensor_watcher watcher = prepare(rig, steps, G_N_ELEMENTS(steps));
        rig->cancels = true;
        assert_int_equal(
                rig->sensor.enrol(rig->sensor.context, &nobody, SLICE(id), &watcher, NULL).code, MITOME_OK);
        run(rig);
        rig->cancels = false;
        assert_int_equal(rig->outcome, SENSOR_CANCELLED);
        assert_int_equal(rig->samples, 1);
        assert_int_equal(rig->retries, G_N_ELEMENTS(steps) - 1);
        for (unsigned i = 0; i < rig->retries; i++)
                assert_int_equal(rig->hints[i], MITOME_GATE_HINT_SAME);
}

static void a_finger_of_the_set_is_not_enrolled_again(void **state)
{
        struct rig *rig = *state;
        static const uint8_t id[16];
        const struct step steps[] = { { .touch = 61 }, { .touch = 62 } };
        const struct sensor_finger known = { .id = SLICE(id),
                .kept = slice_of(rig->kept->data, rig->kept->len) };
        const struct sensor_set set = { .fingers = &known, .count = 1 };
        const struct sensor_watcher watcher = prepare(rig, steps, G_N_ELEMENTS(steps));
        rig->cancels = true;
        assert_int_equal(
                rig->sensor.enrol(rig->sensor.context, &set, SLICE(id), &watcher, NULL).code, MITOME_OK);
        run(rig);
        rig->cancels = false;
        assert_int_equal(rig->outcome, SENSOR_CANCELLED);
        assert_int_equal(rig->samples, 0);
        assert_int_equal(rig->retries, 2);
        assert_int_equal(rig->hints[0], MITOME_GATE_HINT_KNOWN);
}

/* ---- what is kept ---- */

/* What would be kept of the decoys, were they a finger. */
static GByteArray *record_of_decoys(void)
{
        GPtrArray *decoys = g_ptr_array_new_with_free_func(g_object_unref);
        GByteArray *template = NULL, *record = g_byte_array_new();
        uint8_t room[1 << 15];
        writer w = WRITER(room);
        assert_true(decoy_fingers_append(decoys));
        assert_int_equal(finger_template_join(decoys, &template, NULL).code, MITOME_OK);
        const struct finger_record finger = { .sketch_count = 1,
                .template = slice_of(template->data, template->len) };
        finger_record_write(&w, &finger);
        g_byte_array_append(record, writer_view(&w).data, (guint)writer_view(&w).size);
        g_byte_array_unref(template);
        g_ptr_array_unref(decoys);
        return record;
}

/* A finger that is like the decoys is no finger to enrol, nor does it open anything. */
static void a_print_that_fits_many_is_refused(void **state)
{
        struct rig *rig = *state;
        static const uint8_t id[16];
        const struct step steps[] = { { .finger = 1, .touch = 30 }, { .finger = 1, .touch = 31 },
                { .finger = 1, .touch = 32 } };
        const struct sensor_set nobody = { 0 };
        assert_int_equal(finger_grow(DECOY_SEED, &rig->finger[1], NULL).code, MITOME_OK);
        const struct sensor_watcher watcher = prepare(rig, steps, 2);
        rig->cancels = true;
        assert_int_equal(
                rig->sensor.enrol(rig->sensor.context, &nobody, SLICE(id), &watcher, NULL).code, MITOME_OK);
        run(rig);
        rig->cancels = false;
        assert_int_equal(rig->outcome, SENSOR_CANCELLED);
        assert_int_equal(rig->samples, 0);
        assert_int_equal(rig->retries, 2);
        assert_int_equal(rig->hints[1], MITOME_GATE_HINT_POOR);
        /* Even where such a one is in the set. */
        GByteArray *own = rig->kept;
        rig->kept = record_of_decoys();
        assert_int_equal(verify(rig, &steps[2], 1), SENSOR_NO_MATCH);
        g_byte_array_unref(rig->kept);
        rig->kept = own;
}

static void what_is_kept_of_nobody_is_refused(void **state)
{
        struct rig *rig = *state;
        static const uint8_t id[16];
        const struct sensor_finger finger = { .id = SLICE(id), .kept = slice_text("of nobody") };
        const struct sensor_set set = { .fingers = &finger, .count = 1 };
        const struct sensor_watcher watcher = prepare(rig, NULL, 0);
        assert_int_equal(rig->sensor.verify(rig->sensor.context, &set, &watcher, NULL).code, MITOME_E_VALUE);
        assert_int_equal(rig->outcome, ENDED_NOT);
        const struct step own = { .touch = 28 };
        assert_int_equal(verify(rig, &own, 1), SENSOR_MATCH);
}

/* It is not known which images it was enrolled with. */
static void a_template_without_sketches_opens_nothing(void **state)
{
        struct rig *rig = *state;
        struct finger_record record;
        GByteArray *own = rig->kept;
        assert_int_equal(finger_record_read(slice_of(own->data, own->len), &record, NULL).code, MITOME_OK);
        rig->kept = g_byte_array_new();
        g_byte_array_append(rig->kept, record.template.data, (guint)record.template.size);
        const struct step steps[] = { { .touch = 70 }, { .touch = 71 } };
        assert_int_equal(verify(rig, &steps[0], 1), SENSOR_NO_MATCH);
        g_byte_array_unref(rig->kept);
        rig->kept = own;
        assert_int_equal(verify(rig, &steps[1], 1), SENSOR_MATCH);
}

static void sketches_are_kept_with_the_template(void **state)
{
        struct rig *rig = *state;
        struct finger_record record;
        const slice kept = slice_of(rig->kept->data, rig->kept->len);
        assert_int_equal(finger_record_read(kept, &record, NULL).code, MITOME_OK);
        assert_int_equal(record.sketch_count, rig->sensor.samples);
        for (size_t size = 0; size < kept.size - record.template.size; size++)
                assert_int_equal(
                        finger_record_read(slice_of(kept.data, size), &record, NULL).code, MITOME_E_VALUE);
        for (unsigned i = 0; i < 2; i++) { /* another kind, another version */
                rig->kept->data[i] ^= 1;
                assert_int_equal(finger_record_read(kept, &record, NULL).code, MITOME_E_VALUE);
                rig->kept->data[i] ^= 1;
        }
        const uint8_t none[] = { 'f', 1, 0 }, many[] = { 'f', 1, FINGER_RECORD_SKETCHES_MAX + 1 };
        assert_int_equal(finger_record_read(SLICE(none), &record, NULL).code, MITOME_E_VALUE);
        assert_int_equal(finger_record_read(SLICE(many), &record, NULL).code, MITOME_E_VALUE);
}

/* Scores would tell whoever holds a real finger how near he is. */
static void a_reader_tells_no_scores(void **state)
{
        struct rig *rig = *state;
        static const uint8_t key[32] = { 1 };
        struct sensor sensor;
        const struct sensor_config config = { .folder = rig->folder, .key = SLICE(key), .scores = 1 };
        assert_int_equal(sensor_fprint_open(&config, &sensor, NULL).code, MITOME_E_ARGUMENT);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_finger_is_enrolled_at_a_reader),
                cmocka_unit_test(it_opens_and_another_one_does_not),
                cmocka_unit_test(what_a_reader_asks_for_is_handed_on),
                cmocka_unit_test(an_overheated_reader_is_begun_anew),
                cmocka_unit_test(a_removed_reader_is_looked_for),
                cmocka_unit_test(one_that_only_fails_is_broken),
                cmocka_unit_test(an_image_that_is_too_large_is_not_looked_at),
                cmocka_unit_test(a_cancelled_reader_gives_the_try_back),
                cmocka_unit_test(an_image_of_the_enrolment_opens_nothing),
                cmocka_unit_test(an_image_that_opened_opens_nothing_again),
                cmocka_unit_test(a_copy_with_bits_flipped_opens_nothing),
                cmocka_unit_test(a_copy_with_noise_opens_nothing),
                cmocka_unit_test(a_copy_of_other_brightness_opens_nothing),
                cmocka_unit_test(a_copy_that_was_shifted_opens_nothing),
                cmocka_unit_test(a_copy_that_was_cropped_opens_nothing),
                cmocka_unit_test(rubbish_drives_no_sample_out_of_its_memory),
                cmocka_unit_test(one_image_given_again_and_again_enrols_nothing),
                cmocka_unit_test(a_finger_of_the_set_is_not_enrolled_again),
                cmocka_unit_test(a_print_that_fits_many_is_refused),
                cmocka_unit_test(sketches_are_kept_with_the_template),
                cmocka_unit_test(what_is_kept_of_nobody_is_refused),
                cmocka_unit_test(a_template_without_sketches_opens_nothing),
                cmocka_unit_test(a_reader_tells_no_scores),
        };
        return cmocka_run_group_tests(tests, set_up, tear_down);
}
