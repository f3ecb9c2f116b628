/* SPDX-License-Identifier: Apache-2.0 */
#include "blob_file.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATH_SIZE = 64 };

static char folder[] = "/tmp/mitome-blobs-XXXXXX";
static char path[PATH_SIZE], fresh[PATH_SIZE + 8];
static uint8_t read_back[MITOME_BLOBS_MAX], long_one[MITOME_BLOBS_MAX];

static slice load(const struct mitome_blobs *blobs)
{
        size_t size = 0;
        assert_int_equal(
                blobs->load(blobs->context, read_back, sizeof read_back, &size, NULL).code, MITOME_OK);
        return slice_of(read_back, size);
}

static mitome_code save(const struct mitome_blobs *blobs, slice bytes)
{
        return blobs->save(blobs->context, bytes, NULL).code;
}

static struct blob_file *open_file(void)
{
        struct blob_file *file;
        assert_int_equal(blob_file_open(path, &file, NULL).code, MITOME_OK);
        return file;
}

static void what_was_saved_last_is_there(void **state)
{
        struct stat status;
        (void)state;
        struct blob_file *file = open_file();
        struct mitome_blobs blobs = blob_file(file);
        assert_int_equal(load(&blobs).size, 0);
        assert_int_equal(save(&blobs, slice_text("first, and the longer one")), MITOME_OK);
        assert_int_equal(save(&blobs, slice_text("second")), MITOME_OK);
        assert_true(slice_is(load(&blobs), "second"));
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
        blob_file_close(file);
        file = open_file(); /* by another process */
        blobs = blob_file(file);
        assert_true(slice_is(load(&blobs), "second"));
        assert_int_equal(save(&blobs, slice_of("", 0)), MITOME_OK); /* a reset */
        assert_int_equal(load(&blobs).size, 0);
        assert_int_equal(access(path, F_OK), -1);
        assert_int_equal(save(&blobs, slice_of("", 0)), MITOME_OK);
        blob_file_close(file);
}

static void a_file_that_is_too_long_is_refused(void **state)
{
        size_t size = 0;
        uint8_t few[5];
        (void)state;
        struct blob_file *file = open_file();
        struct mitome_blobs blobs = blob_file(file);
        assert_int_equal(save(&blobs, slice_text("six by")), MITOME_OK);
        assert_int_equal(blobs.load(blobs.context, few, sizeof few, &size, NULL).code, MITOME_E_FILE_READ);
        assert_int_equal(size, 0);
        assert_int_equal(save(&blobs, slice_text("five!")), MITOME_OK);
        assert_int_equal(blobs.load(blobs.context, few, sizeof few, &size, NULL).code, MITOME_OK);
        assert_int_equal(size, 5);
        assert_int_equal(save(&blobs, slice_of("", 0)), MITOME_OK);
        blob_file_close(file);
}

/* The disk is full half way: what was there before is still there. */
static void a_write_that_fails_changes_nothing(void **state)
{
        struct rlimit before, half;
        (void)state;
        struct blob_file *file = open_file();
        struct mitome_blobs blobs = blob_file(file);
        assert_int_equal(save(&blobs, slice_text("as it was")), MITOME_OK);
        signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
        half = before;
        half.rlim_cur = sizeof long_one / 2;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &half), 0);
        mitome_code code = save(&blobs, SLICE(long_one));
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(code, MITOME_E_FILE_WRITE);
        assert_true(slice_is(load(&blobs), "as it was"));
        assert_int_equal(access(fresh, F_OK), -1);
        assert_int_equal(save(&blobs, slice_of("", 0)), MITOME_OK);
        blob_file_close(file);
}

static int make_folder(void **state)
{
        (void)state;
        if (!mkdtemp(folder))
                return -1;
        snprintf(path, sizeof path, "%s/blobs", folder);
        snprintf(fresh, sizeof fresh, "%s.new", path);
        return 0;
}

static int remove_folder(void **state)
{
        (void)state;
        return rmdir(folder);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_was_saved_last_is_there),
                cmocka_unit_test(a_file_that_is_too_long_is_refused),
                cmocka_unit_test(a_write_that_fails_changes_nothing),
        };
        return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
