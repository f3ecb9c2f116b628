/* SPDX-License-Identifier: Apache-2.0 */
/* The counter file: it rises by one, survives torn writes, never goes back by itself, and refuses what is not
 * its own. What a state makes of it: test_store.c and tests/fault/test_raw_state.c. */
#include "anchor_file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATH = 96, EVEN = 0, ODD = 4096, PLACE = 32 };

struct rig {
        char folder[48], path[PATH], next[PATH];
        struct anchor_file *file;
};

static int set_up(void **state)
{
        struct rig *rig = calloc(1, sizeof *rig);
        snprintf(rig->folder, sizeof rig->folder, "/tmp/mitome-anchor-XXXXXX");
        if (!mkdtemp(rig->folder))
                return -1;
        snprintf(rig->path, PATH, "%s/anchor", rig->folder);
        snprintf(rig->next, PATH, "%s/anchor.new", rig->folder);
        *state = rig;
        return 0;
}

static int tear_down(void **state)
{
        struct rig *rig = *state;
        anchor_file_close(rig->file);
        unlink(rig->path);
        rmdir(rig->path);
        unlink(rig->next);
        int result = rmdir(rig->folder);
        free(rig);
        return result;
}

static mitome_code reopen(struct rig *rig)
{
        mitome_error error = { 0 };
        anchor_file_close(rig->file);
        rig->file = NULL;
        mitome_code code = anchor_file_open(rig->path, &rig->file, &error).code;
        assert_int_equal(error.code, code);
        assert_true((rig->file != NULL) == (code == MITOME_OK));
        return code;
}

static uint64_t value(struct rig *rig)
{
        struct mitome_anchor anchor = anchor_file(rig->file);
        uint64_t value = 99;
        assert_int_equal(anchor.read(anchor.context, &value, NULL).code, MITOME_OK);
        return value;
}

static mitome_code advance(struct rig *rig, uint64_t to)
{
        struct mitome_anchor anchor = anchor_file(rig->file);
        return anchor.advance(anchor.context, to, NULL).code;
}

static void rises_by_one_and_stays(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(reopen(rig), MITOME_OK);
        assert_int_equal(value(rig), 0);
        for (uint64_t to = 1; to <= 300; to++) {
                assert_int_equal(advance(rig, to), MITOME_OK);
                assert_int_equal(value(rig), to);
                if (to % 7 < 2)
                        assert_int_equal(reopen(rig), MITOME_OK);
                assert_int_equal(value(rig), to);
        }
        static const uint64_t wrong[] = { 0, 1, 299, 300, 302, UINT64_MAX };
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
                assert_int_equal(advance(rig, wrong[i]), MITOME_E_ARGUMENT);
        assert_int_equal(reopen(rig), MITOME_OK);
        assert_int_equal(value(rig), 300);
}

static void only_its_owner_can_read(void **state)
{
        struct rig *rig = *state;
        struct stat status;
        mode_t before = umask(0);
        assert_int_equal(reopen(rig), MITOME_OK);
        umask(before);
        assert_int_equal(stat(rig->path, &status), 0);
        assert_int_equal(status.st_mode, S_IFREG | 0600);
        assert_int_equal(status.st_nlink, 1);
        assert_int_equal(access(rig->next, F_OK), -1);
        static const mode_t modes[] = { 0640, 0604, 0620, 0602, 0644, 0666 };
        for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
                assert_int_equal(chmod(rig->path, modes[i]), 0);
                assert_int_equal(reopen(rig), MITOME_E_FILE_MODE);
        }
        assert_int_equal(chmod(rig->path, 0600), 0);
        assert_int_equal(reopen(rig), MITOME_OK);
}

static void write_at(const struct rig *rig, off_t at, const void *bytes, size_t size)
{
        int fd = open(rig->path, O_WRONLY);
        assert_true(fd >= 0);
        assert_int_equal(pwrite(fd, bytes, size, at), size);
        close(fd);
}

/* A write that was cut off at any byte: the value before it stands, or the new one where all of it is there.
 */
static void a_torn_write_leaves_the_value_before(void **state)
{
        struct rig *rig = *state;
        for (uint64_t to = 1; to <= 4; to++) {
                off_t at = to % 2 ? ODD : EVEN;
                uint8_t before[PLACE] = { 0 }, after[PLACE], torn[PLACE];
                assert_int_equal(reopen(rig), MITOME_OK);
                int fd = open(rig->path, O_RDONLY);
                (void)!pread(fd, before, PLACE, at);
                assert_int_equal(advance(rig, to), MITOME_OK);
                assert_int_equal(pread(fd, after, PLACE, at), PLACE);
                close(fd);
                for (size_t written = 0; written < PLACE; written++) {
                        memcpy(torn, before, PLACE);
                        memcpy(torn, after, written);
                        write_at(rig, at, torn, PLACE);
                        assert_int_equal(reopen(rig), MITOME_OK);
                        bool same = memcmp(torn, after, PLACE) == 0;
                        assert_int_equal(value(rig), same ? to : to - 1);
                        if (same)
                                continue;
                        assert_int_equal(advance(rig, to), MITOME_OK); /* and it goes on */
                        assert_int_equal(value(rig), to);
                }
                write_at(rig, at, after, PLACE);
        }
}

static void what_is_not_a_counter_is_refused(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(reopen(rig), MITOME_OK);
        assert_int_equal(advance(rig, 1), MITOME_OK);
        assert_int_equal(truncate(rig->path, 0), 0);
        assert_int_equal(reopen(rig), MITOME_E_FILE_READ); /* emptied: not a new one */
        write_at(rig, 0, "what else might be in a file, longer than a place", 49);
        assert_int_equal(reopen(rig), MITOME_E_FILE_READ);
        assert_int_equal(unlink(rig->path), 0);
        assert_int_equal(symlink("elsewhere", rig->path), 0);
        assert_int_equal(reopen(rig), MITOME_E_FILE_WRITE);
        assert_int_equal(unlink(rig->path), 0);
        assert_int_equal(mkfifo(rig->path, 0600), 0);
        assert_int_equal(reopen(rig), MITOME_E_FILE_READ);
        assert_int_equal(unlink(rig->path), 0);
        assert_int_equal(mkdir(rig->path, 0700), 0);
        assert_int_equal(reopen(rig), MITOME_E_FILE_WRITE);
        struct anchor_file *file = NULL;
        assert_int_equal(
                anchor_file_open("/tmp/no-such-folder-here/anchor", &file, NULL).code, MITOME_E_FILE_WRITE);
        assert_null(file);
}

/* A value in the other one's place, as a program that swaps the places would leave it. */
static void a_value_has_its_own_place(void **state)
{
        struct rig *rig = *state;
        uint8_t place[PLACE], zeros[PLACE] = { 0 };
        assert_int_equal(reopen(rig), MITOME_OK);
        for (uint64_t to = 1; to <= 3; to++)
                assert_int_equal(advance(rig, to), MITOME_OK);
        int fd = open(rig->path, O_RDONLY);
        assert_int_equal(pread(fd, place, PLACE, ODD), PLACE);
        close(fd);
        write_at(rig, EVEN, place, PLACE);
        write_at(rig, ODD, zeros, PLACE);
        assert_int_equal(reopen(rig), MITOME_E_FILE_READ);
}

static void what_a_cut_left_of_its_making_is_no_obstacle(void **state)
{
        struct rig *rig = *state;
        int fd = open(rig->next, O_WRONLY | O_CREAT, 0600);
        assert_int_equal(write(fd, "half", 4), 4);
        close(fd);
        assert_int_equal(reopen(rig), MITOME_OK);
        assert_int_equal(value(rig), 0);
        assert_int_equal(access(rig->next, F_OK), -1);
}

static void it_is_one_holder_at_a_time(void **state)
{
        struct rig *rig = *state;
        struct anchor_file *second = NULL;
        assert_int_equal(reopen(rig), MITOME_OK);
        assert_int_equal(anchor_file_open(rig->path, &second, NULL).code, MITOME_E_FILE_LOCKED);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
                _exit(anchor_file_open(rig->path, &second, NULL).code == MITOME_E_FILE_LOCKED ? 0 : 1);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        assert_int_equal(reopen(rig), MITOME_OK);
        anchor_file_close(NULL);
}

#define ANCHOR_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                ANCHOR_TEST(rises_by_one_and_stays),
                ANCHOR_TEST(only_its_owner_can_read),
                ANCHOR_TEST(a_torn_write_leaves_the_value_before),
                ANCHOR_TEST(what_is_not_a_counter_is_refused),
                ANCHOR_TEST(a_value_has_its_own_place),
                ANCHOR_TEST(what_a_cut_left_of_its_making_is_no_obstacle),
                ANCHOR_TEST(it_is_one_holder_at_a_time),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
