/* SPDX-License-Identifier: Apache-2.0 */

/* Images of grown fingers compared by libfprint, with a score for each impression; and the form of its
 * templates. */

#include "comparator.h"
#include "decoy_fingers.h"
#include "finger_template.h"
#include "grow_finger.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { IMPRESSIONS = 3, LIBFPRINT_THRESHOLD = 40, OURS = 60 };

struct rig {
        char folder[64], path[96];
        GMainLoop *loop;
        struct score_log *log;
        struct comparator *comparator;
        struct finger finger[2];
        uint8_t image[FINGER_SIZE];
        GPtrArray *prints; /* of the first finger, an impression each */
        /* The last result. */
        enum comparator_outcome outcome;
        size_t count, minutiae;
        int scores[COMPARATOR_SCORES_MAX];
        FpPrint *print;
};

static void on_compared(void *context, const struct comparator_result *result)
{
        struct rig *rig = context;
        rig->outcome = result->outcome;
        rig->count = result->count;
        rig->minutiae = result->minutiae;
        for (size_t i = 0; i < result->count; i++)
                rig->scores[i] = result->scores[i];
        g_clear_object(&rig->print);
        rig->print = result->print ? g_object_ref(result->print) : NULL;
        g_main_loop_quit(rig->loop);
}

static void compare_image(struct rig *rig, GPtrArray *gallery, int limit)
{
        const struct virtual_finger_image image = { FINGER_WIDTH, FINGER_HEIGHT, SLICE(rig->image) };
        comparator_compare(rig->comparator, &image, gallery, limit, on_compared, rig);
        g_main_loop_run(rig->loop);
}

static void compare(struct rig *rig, unsigned finger, uint64_t touch_seed, GPtrArray *gallery, int limit)
{
        const struct finger_touch touch = finger_usual_touch(touch_seed);
        finger_press(&rig->finger[finger], &touch, rig->image);
        compare_image(rig, gallery, limit);
}

static GPtrArray *new_gallery(void)
{
        return g_ptr_array_new_with_free_func(g_object_unref);
}

static int set_up(void **state)
{
        struct rig *rig = calloc(1, sizeof *rig);
        if (!rig)
                return -1;
        strcpy(rig->folder, "/tmp/mitome-comparator-XXXXXX");
        if (!mkdtemp(rig->folder))
                return -1;
        signal(SIGPIPE, SIG_IGN);
        snprintf(rig->path, sizeof rig->path, "%s/sensor", rig->folder);
        rig->loop = g_main_loop_new(NULL, FALSE);
        rig->log = g_new0(struct score_log, 1);
        rig->prints = new_gallery();
        score_log_listen(rig->log);
        for (unsigned i = 0; i < 2; i++)
                if (failed(finger_grow(300 + i, &rig->finger[i], NULL)))
                        return -1;
        *state = rig;
        return failed(comparator_new(rig->path, rig->log, &rig->comparator, NULL)) ? -1 : 0;
}

static int tear_down(void **state)
{
        struct rig *rig = *state;
        comparator_free(rig->comparator);
        while (g_main_context_iteration(NULL, FALSE))
                ;
        g_clear_object(&rig->print);
        g_ptr_array_unref(rig->prints);
        g_main_loop_unref(rig->loop);
        rmdir(rig->folder);
        free(rig); /* not the log: the log writer stays */
        return 0;
}

/* ---- comparing ---- */

static void an_image_alone_gives_a_print(void **state)
{
        struct rig *rig = *state;
        GPtrArray *nothing = new_gallery();
        for (unsigned i = 0; i < IMPRESSIONS; i++) {
                compare(rig, 0, 10 + i, nothing, OURS);
                assert_int_equal(rig->outcome, COMPARATOR_COMPARED);
                assert_int_equal(rig->count, 0);
                assert_in_range(rig->minutiae, 20, 200);
                g_ptr_array_add(rig->prints, g_object_ref(rig->print));
        }
        g_ptr_array_unref(nothing);
}

/* libfprint stops at the first that reaches its 40. */
static void every_impression_has_a_score_of_its_own(void **state)
{
        struct rig *rig = *state;
        compare(rig, 0, 20, rig->prints, COMPARATOR_ALL);
        assert_int_equal(rig->count, IMPRESSIONS);
        for (unsigned i = 0; i < IMPRESSIONS; i++)
                assert_in_range(rig->scores[i], LIBFPRINT_THRESHOLD, COMPARATOR_OVERFLOW - 1);
        compare(rig, 0, 20, rig->prints, OURS);
        assert_int_equal(rig->count, 1); /* the first one is enough */
        compare(rig, 1, 20, rig->prints, OURS);
        assert_int_equal(rig->count, IMPRESSIONS);
        for (unsigned i = 0; i < IMPRESSIONS; i++)
                assert_in_range(rig->scores[i], 0, LIBFPRINT_THRESHOLD - 1);
}

/* The same print twice: two that are one object are two entries all the same. */
static void a_print_that_stands_twice_is_compared_twice(void **state)
{
        struct rig *rig = *state;
        GPtrArray *twice = new_gallery();
        for (unsigned i = 0; i < 2; i++)
                g_ptr_array_add(twice, g_object_ref(g_ptr_array_index(rig->prints, 0)));
        compare(rig, 0, 21, twice, COMPARATOR_ALL);
        assert_int_equal(rig->outcome, COMPARATOR_COMPARED);
        assert_int_equal(rig->count, 2);
        assert_int_equal(rig->scores[0], rig->scores[1]);
        g_ptr_array_unref(twice);
}

static void an_image_without_minutiae_is_unusable(void **state)
{
        struct rig *rig = *state;
        memset(rig->image, 250, sizeof rig->image);
        compare_image(rig, rig->prints, OURS);
        assert_int_equal(rig->outcome, COMPARATOR_UNUSABLE);
        assert_int_equal(rig->count, 0);
        compare(rig, 0, 22, rig->prints, OURS); /* and the next one is compared as if nothing had been */
        assert_int_equal(rig->outcome, COMPARATOR_COMPARED);
}

/* A message that looks like a score must not be taken for one. */
static void a_score_of_nobody_is_a_failure(void **state)
{
        struct rig *rig = *state;
        const struct finger_touch touch = finger_usual_touch(23);
        finger_press(&rig->finger[1], &touch, rig->image);
        const struct virtual_finger_image image = { FINGER_WIDTH, FINGER_HEIGHT, SLICE(rig->image) };
        comparator_compare(rig->comparator, &image, rig->prints, OURS, on_compared, rig);
        g_log_structured("libfprint-print", G_LOG_LEVEL_DEBUG, "MESSAGE", "score 400/40");
        g_main_loop_run(rig->loop);
        assert_int_equal(rig->outcome, COMPARATOR_FAILED);
}

static void lines_that_are_no_scores_are_none(void **state)
{
        static const char *const lines[] = { "score 70/40 ", "score 70", "score /40", " score 70/40",
                "score 70/40\n", "score 1234567/40", "" };
        struct rig *rig = *state;
        rig->log->count = 0;
        for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
                g_log_structured("libfprint-print", G_LOG_LEVEL_DEBUG, "MESSAGE", "%s", lines[i]);
        g_log_structured("libfprint-device", G_LOG_LEVEL_DEBUG, "MESSAGE", "score 70/40");
        assert_int_equal(rig->log->count, 0);
        for (unsigned i = 0; i < COMPARATOR_SCORES_MAX + 5; i++)
                g_log_structured("libfprint-print", G_LOG_LEVEL_DEBUG, "MESSAGE", "score 7/40");
        assert_int_equal(rig->log->count, COMPARATOR_SCORES_MAX + 5); /* counted, not kept */
        assert_int_equal(rig->log->scores[COMPARATOR_SCORES_MAX - 1], 7);
}

static void no_socket_is_left_for_anybody_else(void **state)
{
        struct rig *rig = *state;
        struct stat status;
        assert_int_equal(lstat(rig->path, &status), -1);
}

/* ---- templates ---- */

static void a_template_is_joined_and_split(void **state)
{
        struct rig *rig = *state;
        GByteArray *kept = NULL;
        GPtrArray *split = new_gallery();
        assert_int_equal(finger_template_join(rig->prints, &kept, NULL).code, MITOME_OK);
        FpPrint *whole = fp_print_deserialize(kept->data, kept->len, NULL); /* it is libfprint's own form */
        assert_non_null(whole);
        g_object_unref(g_object_take_ref(whole));
        assert_int_equal(finger_template_split(slice_of(kept->data, kept->len), split, NULL).code, MITOME_OK);
        assert_int_equal(split->len, IMPRESSIONS);
        for (unsigned i = 0; i < IMPRESSIONS; i++)
                assert_true(fp_print_equal(g_ptr_array_index(split, i), g_ptr_array_index(rig->prints, i)));
        compare(rig, 0, 24, split, COMPARATOR_ALL);
        int scores[IMPRESSIONS];
        memcpy(scores, rig->scores, sizeof scores);
        compare(rig, 0, 24, rig->prints, COMPARATOR_ALL);
        assert_memory_equal(scores, rig->scores, sizeof scores);
        g_ptr_array_unref(split);
        g_byte_array_unref(kept);
}

static void what_is_no_template_is_refused(void **state)
{
        struct rig *rig = *state;
        GByteArray *kept = NULL, *none = NULL;
        GPtrArray *split = new_gallery();
        assert_int_equal(finger_template_join(split, &none, NULL).code, MITOME_E_VALUE);
        assert_int_equal(finger_template_join(rig->prints, &kept, NULL).code, MITOME_OK);
        for (guint size = 0; size < kept->len; size++)
                assert_int_equal(
                        finger_template_split(slice_of(kept->data, size), split, NULL).code, MITOME_E_VALUE);
        kept->data[0] ^= 1; /* another form */
        assert_int_equal(
                finger_template_split(slice_of(kept->data, kept->len), split, NULL).code, MITOME_E_VALUE);
        kept->data[0] ^= 1;
        kept->data[3] ^= 3; /* another type: what a reader compares on its own chip */
        assert_int_equal(
                finger_template_split(slice_of(kept->data, kept->len), split, NULL).code, MITOME_E_VALUE);
        assert_int_equal(split->len, 0);
        g_byte_array_unref(kept);
        g_ptr_array_unref(split);
}

static void more_impressions_than_ever_are_refused(void **state)
{
        struct rig *rig = *state;
        GByteArray *kept = NULL;
        GPtrArray *many = new_gallery(), *split = new_gallery();
        for (unsigned i = 0; i <= FINGER_TEMPLATE_IMPRESSIONS_MAX; i++)
                g_ptr_array_add(many, g_object_ref(g_ptr_array_index(rig->prints, 0)));
        assert_int_equal(finger_template_join(many, &kept, NULL).code, MITOME_OK);
        assert_int_equal(
                finger_template_split(slice_of(kept->data, kept->len), split, NULL).code, MITOME_E_VALUE);
        assert_int_equal(split->len, 0);
        g_byte_array_unref(kept);
        g_ptr_array_unref(many);
        g_ptr_array_unref(split);
}

static void prints_are_made_of_their_minutiae(void **state)
{
        struct rig *rig = *state;
        struct finger_minutia minutiae[256];
        FpPrint *whole = g_ptr_array_index(rig->prints, 0);
        size_t count = finger_template_minutiae(whole, minutiae, G_N_ELEMENTS(minutiae));
        assert_in_range(count, 20, 200);
        FpPrint *again = finger_template_print(minutiae, count);
        assert_true(fp_print_equal(again, whole));
        g_object_unref(again);
        again = finger_template_print(minutiae, count - 1);
        assert_false(fp_print_equal(again, whole));
        g_object_unref(again);
        assert_null(finger_template_print(minutiae, G_N_ELEMENTS(minutiae)));
}

/* The table is of the fingers that it says. */
static void decoys_are_recognised_when_they_are_grown_again(void **state)
{
        enum { GROWN = 2 };
        struct rig *rig = *state;
        GPtrArray *decoys = new_gallery();
        assert_true(decoy_fingers_append(decoys));
        assert_int_equal(decoys->len, DECOYS);
        for (unsigned i = 0; i < GROWN; i++) {
                assert_int_equal(finger_grow(DECOY_SEED + i, &rig->finger[1], NULL).code, MITOME_OK);
                compare(rig, 1, 30, decoys, COMPARATOR_ALL);
                assert_int_equal(rig->count, DECOYS);
                for (unsigned j = 0; j < DECOYS; j++)
                        assert_true((rig->scores[j] >= OURS) == (j == i));
        }
        compare(rig, 0, 31, decoys, COMPARATOR_ALL);
        for (unsigned j = 0; j < DECOYS; j++)
                assert_in_range(rig->scores[j], 0, OURS - 1);
        g_ptr_array_unref(decoys);
}

/* A device that cannot be opened is tried anew a few times, and again at the next comparison. */
static void a_device_that_fails_is_replaced(void **state)
{
        struct rig *rig = *state;
        struct comparator *usual = rig->comparator;
        char path[128];
        snprintf(path, sizeof path, "%s/other", rig->folder);
        assert_int_equal(mkdir(path, 0700), 0); /* in the way of its socket */
        assert_int_equal(comparator_new(path, rig->log, &rig->comparator, NULL).code, MITOME_OK);
        compare(rig, 0, 40, rig->prints, OURS);
        assert_int_equal(rig->outcome, COMPARATOR_FAILED);
        assert_int_equal(rig->count, 0);
        assert_int_equal(rmdir(path), 0);
        compare(rig, 0, 40, rig->prints, OURS);
        assert_int_equal(rig->outcome, COMPARATOR_COMPARED);
        assert_in_range(rig->scores[0], OURS, COMPARATOR_OVERFLOW - 1);
        comparator_free(rig->comparator);
        rig->comparator = usual;
}

/* In the middle of a comparison: its end is not told, and nothing is touched that is gone. */
static void it_may_be_freed_while_it_compares(void **state)
{
        struct rig *rig = *state;
        const struct virtual_finger_image image = { FINGER_WIDTH, FINGER_HEIGHT, SLICE(rig->image) };
        rig->count = 99;
        comparator_compare(rig->comparator, &image, rig->prints, OURS, on_compared, rig);
        g_main_context_iteration(NULL, FALSE);
        comparator_free(rig->comparator);
        rig->comparator = NULL;
        for (int i = 0; i < 50; i++) {
                g_main_context_iteration(NULL, FALSE);
                g_usleep(2000);
        }
        assert_int_equal(rig->count, 99);
}

/* ---- attacks: a process of the same user at the device's own socket ---- */

/* A socket that was unlinked is gone for its name alone: whoever linked it in time still finds it. */
static void keep_name(const char *path, const char *other)
{
        while (access(path, F_OK) != 0)
                g_main_context_iteration(NULL, TRUE);
        assert_int_equal(link(path, other), 0);
        while (access(path, F_OK) == 0)
                g_main_context_iteration(NULL, TRUE);
}

static int connect_to(const char *path)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        memcpy(address.sun_path, path, strlen(path) + 1);
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
        return fd;
}

static void lay_from_elsewhere(struct rig *rig, int fd)
{
        const struct finger_touch touch = finger_usual_touch(61);
        const int32_t header[] = { FINGER_WIDTH, FINGER_HEIGHT };
        finger_press(&rig->finger[0], &touch, rig->image);
        assert_int_equal(send(fd, header, sizeof header, MSG_NOSIGNAL), sizeof header);
        assert_int_equal(send(fd, rig->image, sizeof rig->image, MSG_NOSIGNAL), sizeof rig->image);
}

/* libfprint takes whoever connected last. What would match comes from there; what was presented, and checked,
 * does not match. */
static void an_image_injected_at_the_device_itself_opens_nothing(void **state)
{
        struct rig *rig = *state;
        struct comparator *usual = rig->comparator;
        const struct finger_touch touch = finger_usual_touch(60);
        uint8_t presented[FINGER_SIZE];
        char path[128], other[128];
        snprintf(path, sizeof path, "%s/raced", rig->folder);
        snprintf(other, sizeof other, "%s/kept", rig->folder);
        finger_press(&rig->finger[1], &touch, presented);
        const struct virtual_finger_image image = { FINGER_WIDTH, FINGER_HEIGHT, SLICE(presented) };
        assert_int_equal(comparator_new(path, rig->log, &rig->comparator, NULL).code, MITOME_OK);
        comparator_compare(rig->comparator, &image, rig->prints, OURS, on_compared, rig);
        keep_name(path, other);
        int fd = connect_to(other);
        lay_from_elsewhere(rig, fd);
        g_main_loop_run(rig->loop);
        close(fd);
        assert_int_equal(rig->outcome, COMPARATOR_FAILED);
        comparator_free(rig->comparator);
        unlink(other);
        rig->comparator = usual;
}

/* Another process that takes the place of the device's socket; tells by its exit whether it was shown
 * anything. */
static pid_t take_its_place(const char *path)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        uint8_t byte;
        int told[2];
        memcpy(address.sun_path, path, strlen(path) + 1);
        assert_int_equal(pipe(told), 0);
        pid_t child = fork();
        if (child == 0) {
                alarm(20);
                unlink(path);
                int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
                if (bind(listener, (const struct sockaddr *)&address, sizeof address) != 0 ||
                        listen(listener, 1) != 0)
                        _exit(2);
                close(told[1]);
                _exit(read(accept(listener, NULL, NULL), &byte, 1) == 0 ? 0 : 1);
        }
        close(told[1]);
        assert_int_equal(read(told[0], &byte, 1), 0); /* it listens */
        close(told[0]);
        return child;
}

static void an_image_is_not_shown_to_whoever_takes_the_devices_place(void **state)
{
        struct rig *rig = *state;
        struct comparator *usual = rig->comparator;
        const struct finger_touch touch = finger_usual_touch(62);
        char path[128];
        int status = 0;
        snprintf(path, sizeof path, "%s/taken", rig->folder);
        finger_press(&rig->finger[0], &touch, rig->image);
        const struct virtual_finger_image image = { FINGER_WIDTH, FINGER_HEIGHT, SLICE(rig->image) };
        assert_int_equal(comparator_new(path, rig->log, &rig->comparator, NULL).code, MITOME_OK);
        comparator_compare(rig->comparator, &image, rig->prints, OURS, on_compared, rig);
        while (access(path, F_OK) != 0)
                g_main_context_iteration(NULL, TRUE);
        pid_t child = take_its_place(path);
        g_main_loop_run(rig->loop);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        assert_int_equal(rig->outcome, COMPARATOR_COMPARED); /* on a new device */
        comparator_free(rig->comparator);
        rig->comparator = usual;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_image_alone_gives_a_print),
                cmocka_unit_test(every_impression_has_a_score_of_its_own),
                cmocka_unit_test(a_print_that_stands_twice_is_compared_twice),
                cmocka_unit_test(an_image_without_minutiae_is_unusable),
                cmocka_unit_test(a_score_of_nobody_is_a_failure),
                cmocka_unit_test(lines_that_are_no_scores_are_none),
                cmocka_unit_test(no_socket_is_left_for_anybody_else),
                cmocka_unit_test(a_template_is_joined_and_split),
                cmocka_unit_test(what_is_no_template_is_refused),
                cmocka_unit_test(more_impressions_than_ever_are_refused),
                cmocka_unit_test(prints_are_made_of_their_minutiae),
                cmocka_unit_test(decoys_are_recognised_when_they_are_grown_again),
                cmocka_unit_test(a_device_that_fails_is_replaced),
                cmocka_unit_test(an_image_injected_at_the_device_itself_opens_nothing),
                cmocka_unit_test(an_image_is_not_shown_to_whoever_takes_the_devices_place),
                cmocka_unit_test(it_may_be_freed_while_it_compares),
        };
        return cmocka_run_group_tests(tests, set_up, tear_down);
}
