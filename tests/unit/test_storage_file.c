/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of a state: what it keeps, and which files it refuses. Power cuts:
 * tests/fault/test_storage_power.c. */
#include "storage_file.h"

#include <errno.h>
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

enum { PATH = 96 };

struct rig {
        char above[32];
        char folder[PATH];
        struct storage_file *file;
        struct mitome_storage storage;
};

static int set_up(void **state)
{
        struct rig *rig = calloc(1, sizeof *rig);
        snprintf(rig->above, sizeof rig->above, "/tmp/mitome-unit-XXXXXX");
        if (!mkdtemp(rig->above))
                return -1;
        snprintf(rig->folder, sizeof rig->folder, "%s/state", rig->above);
        if (storage_file_open(rig->folder, &rig->file, NULL).code != MITOME_OK)
                return -1;
        rig->storage = storage_file(rig->file);
        *state = rig;
        return 0;
}

static void path_of(const struct rig *rig, const char *name, char path[PATH])
{
        assert_true(snprintf(path, PATH, "%s/%s", rig->folder, name) < PATH);
}

static int tear_down(void **state)
{
        struct rig *rig = *state;
        static const char *const names[] = { "state", "state.new", "state.old", "key", "key.new", "lock",
                "elsewhere" };
        storage_file_close(rig->file);
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
                char path[PATH];
                path_of(rig, names[i], path);
                if (remove(path) != 0 && errno != ENOENT)
                        return -1;
        }
        int result = rmdir(rig->folder) || rmdir(rig->above);
        free(rig);
        return result;
}

static void put_file(const struct rig *rig, const char *name, const void *bytes, size_t size, mode_t mode)
{
        char path[PATH];
        path_of(rig, name, path);
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, bytes, size), size);
        assert_int_equal(fchmod(fd, mode), 0);
        close(fd);
}

static struct stat status_of(const struct rig *rig, const char *name)
{
        char path[PATH];
        struct stat status;
        path_of(rig, name, path);
        assert_int_equal(lstat(path, &status), 0);
        return status;
}

static void assert_loads(const struct rig *rig, slice expected)
{
        uint8_t *image = NULL;
        size_t size = 0;
        assert_int_equal(rig->storage.load(rig->storage.context, &image, &size, NULL).code, MITOME_OK);
        assert_non_null(image);
        assert_true(slice_equal(slice_of(image, size), expected));
        free(image);
}

static void assert_refuses(const struct rig *rig, mitome_code code)
{
        uint8_t *image = NULL;
        size_t size = 7;
        mitome_error error = { 0 };
        assert_int_equal(rig->storage.load(rig->storage.context, &image, &size, &error).code, code);
        assert_null(image);
        assert_int_equal(error.code, code);
        assert_string_equal(error.field, "state");
}

static void replace(const struct rig *rig, slice image)
{
        assert_int_equal(rig->storage.replace(rig->storage.context, image, NULL).code, MITOME_OK);
}

static void keeps_one_image(void **state)
{
        struct rig *rig = *state;
        uint8_t *image = (uint8_t *)rig;
        size_t size = 1;
        assert_int_equal(rig->storage.load(rig->storage.context, &image, &size, NULL).code, MITOME_OK);
        assert_null(image); /* nothing stored yet */
        replace(rig, slice_text("first"));
        assert_loads(rig, slice_text("first"));
        replace(rig, slice_text("second, longer"));
        assert_loads(rig, slice_text("second, longer"));
        replace(rig, slice_text("3rd"));
        assert_loads(rig, slice_text("3rd"));
        replace(rig, slice_of(NULL, 0));
        assert_loads(rig, slice_of(NULL, 0)); /* empty is not missing */
}

static void only_its_owner_can_read(void **state)
{
        struct rig *rig = *state;
        uint8_t key[MITOME_STORAGE_KEY_SIZE];
        mode_t before = umask(0);
        assert_int_equal(storage_file_key(rig->file, key, NULL).code, MITOME_OK);
        replace(rig, slice_text("image"));
        umask(before);
        assert_int_equal(status_of(rig, "state").st_mode, S_IFREG | 0600);
        assert_int_equal(status_of(rig, "key").st_mode, S_IFREG | 0600);
        assert_int_equal(status_of(rig, "lock").st_mode, S_IFREG | 0600);
        assert_int_equal(status_of(rig, ".").st_mode, S_IFDIR | 0700);
}

static void a_state_that_others_can_touch_is_refused(void **state)
{
        struct rig *rig = *state;
        static const mode_t modes[] = { 0640, 0604, 0620, 0602, 0610, 0601, 0644, 0666 };
        for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
                put_file(rig, "state", "image", 5, modes[i]);
                assert_refuses(rig, MITOME_E_FILE_MODE);
        }
        put_file(rig, "state", "image", 5, 0600);
        assert_loads(rig, slice_text("image"));
        put_file(rig, "state", "image", 5, 0400);
        assert_loads(rig, slice_text("image"));
}

static void what_is_no_plain_file_is_refused(void **state)
{
        struct rig *rig = *state;
        char path[PATH], elsewhere[PATH];
        path_of(rig, "state", path);
        put_file(rig, "elsewhere", "image", 5, 0600);
        path_of(rig, "elsewhere", elsewhere);

        assert_int_equal(symlink("elsewhere", path), 0);
        assert_refuses(rig, MITOME_E_FILE_READ);
        replace(rig, slice_text("new")); /* in the place of the link, not behind it */
        assert_loads(rig, slice_text("new"));
        assert_int_equal(status_of(rig, "elsewhere").st_size, 5);

        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkfifo(path, 0600), 0);
        assert_refuses(rig, MITOME_E_FILE_READ); /* and does not wait for a writer */
        assert_int_equal(unlink(path), 0);

        assert_int_equal(mkdir(path, 0700), 0);
        assert_refuses(rig, MITOME_E_FILE_READ);
        mitome_error error = { 0 };
        assert_int_equal(rig->storage.replace(rig->storage.context, slice_text("new"), &error).code,
                MITOME_E_FILE_WRITE);
        assert_int_equal(error.code, MITOME_E_FILE_WRITE);
        assert_string_equal(error.field, "state");
}

static void nobody_writes_through_a_link_left_as_the_next_state(void **state)
{
        struct rig *rig = *state;
        char path[PATH];
        path_of(rig, "state.new", path);
        put_file(rig, "elsewhere", "image", 5, 0600);
        assert_int_equal(symlink("elsewhere", path), 0);
        replace(rig, slice_text("longer than the other"));
        assert_loads(rig, slice_text("longer than the other"));
        assert_int_equal(status_of(rig, "elsewhere").st_size, 5);
}

static mitome_code append(const struct rig *rig, size_t at, slice record)
{
        mitome_error error = { 0 };
        mitome_code code = rig->storage.append(rig->storage.context, at, record, &error).code;
        assert_int_equal(error.code, code);
        return code;
}

static void appends_behind_what_is_there(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(append(rig, 0, slice_text("x")), MITOME_E_FILE_WRITE); /* nothing is */
        replace(rig, slice_text("image"));
        assert_int_equal(append(rig, 5, slice_text(", record")), MITOME_OK);
        assert_int_equal(append(rig, 13, slice_text(", another")), MITOME_OK);
        assert_loads(rig, slice_text("image, record, another"));
        static const size_t wrong[] = { 0, 5, 21, 23, SIZE_MAX };
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
                assert_int_equal(append(rig, wrong[i], slice_text("x")), MITOME_E_STORE_APPEND);
        assert_loads(rig, slice_text("image, record, another"));
        assert_int_equal(append(rig, 22, slice_of(NULL, 0)), MITOME_OK);
        replace(rig, slice_text("new"));
        assert_int_equal(append(rig, 3, slice_text("er")), MITOME_OK);
        assert_loads(rig, slice_text("newer"));
}

static void nothing_is_appended_to_another_kind_of_file(void **state)
{
        struct rig *rig = *state;
        char path[PATH];
        path_of(rig, "state", path);
        put_file(rig, "elsewhere", "image", 5, 0600);
        assert_int_equal(symlink("elsewhere", path), 0);
        assert_int_equal(append(rig, 5, slice_text("x")), MITOME_E_FILE_WRITE);
        assert_int_equal(status_of(rig, "elsewhere").st_size, 5);
        assert_int_equal(unlink(path), 0);
        put_file(rig, "state", "image", 5, 0640);
        assert_int_equal(append(rig, 5, slice_text("x")), MITOME_E_FILE_MODE);
        assert_int_equal(status_of(rig, "state").st_size, 5);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkfifo(path, 0600), 0);
        assert_int_equal(append(rig, 0, slice_text("x")), MITOME_E_FILE_WRITE);
}

/* A file of the folder that has another name elsewhere is not written over: it is unlinked here, no more. */
static void what_has_another_name_is_not_destroyed(void **state)
{
        struct rig *rig = *state;
        char path[PATH], elsewhere[PATH];
        put_file(rig, "elsewhere", "another's bytes", 15, 0600);
        path_of(rig, "elsewhere", elsewhere);
        static const char *const names[] = { "state.old", "state.new" };
        for (size_t i = 0; i < 2; i++) {
                path_of(rig, names[i], path);
                assert_int_equal(link(elsewhere, path), 0);
                replace(rig, slice_text("image"));
                assert_int_equal(access(path, F_OK), -1);
                assert_int_equal(symlink("elsewhere", path), 0);
                replace(rig, slice_text("image"));
                assert_int_equal(access(path, F_OK), -1);
        }
        uint8_t bytes[15];
        int fd = open(elsewhere, O_RDONLY);
        assert_int_equal(read(fd, bytes, sizeof bytes), sizeof bytes);
        close(fd);
        assert_memory_equal(bytes, "another's bytes", sizeof bytes);
}

static void the_largest_state_is_the_most(void **state)
{
        struct rig *rig = *state;
        uint8_t *image = calloc(1, STORAGE_FILE_MAX + 1);
        mitome_error error = { 0 };
        replace(rig, slice_text("image"));
        assert_int_equal(
                rig->storage.replace(rig->storage.context, slice_of(image, STORAGE_FILE_MAX + 1), &error)
                        .code,
                MITOME_E_TOO_LONG);
        assert_int_equal(error.code, MITOME_E_TOO_LONG);
        assert_loads(rig, slice_text("image"));
        replace(rig, slice_of(image, STORAGE_FILE_MAX));
        assert_loads(rig, slice_of(image, STORAGE_FILE_MAX));
        assert_int_equal(append(rig, STORAGE_FILE_MAX, slice_text("x")), MITOME_E_TOO_LONG);
        char path[PATH];
        path_of(rig, "state", path);
        assert_int_equal(truncate(path, STORAGE_FILE_MAX + 1), 0);
        assert_refuses(rig, MITOME_E_TOO_LONG);
        free(image);
}

static void a_folder_is_one_holder_at_a_time(void **state)
{
        struct rig *rig = *state;
        struct storage_file *second = NULL;
        mitome_error error = { 0 };
        assert_int_equal(storage_file_open(rig->folder, &second, &error).code, MITOME_E_FILE_LOCKED);
        assert_null(second);
        assert_int_equal(error.code, MITOME_E_FILE_LOCKED);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
                _exit(storage_file_open(rig->folder, &second, NULL).code == MITOME_E_FILE_LOCKED ? 0 : 1);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        storage_file_close(rig->file);
        rig->file = NULL;
        assert_int_equal(storage_file_open(rig->folder, &rig->file, NULL).code, MITOME_OK);
}

static void folders_that_cannot_be_are_refused(void **state)
{
        struct rig *rig = *state;
        struct storage_file *file = NULL;
        char path[PATH];
        mitome_error error = { 0 };
        path_of(rig, "missing/deeper", path);
        assert_int_equal(storage_file_open(path, &file, &error).code, MITOME_E_FILE_WRITE);
        assert_int_equal(error.code, MITOME_E_FILE_WRITE);
        path_of(rig, "lock", path); /* a file */
        assert_int_equal(storage_file_open(path, &file, NULL).code, MITOME_E_FILE_WRITE);
        assert_null(file);
        storage_file_close(NULL);
}

/* Who may write there could put an older state in the place of the newest. */
static void a_folder_that_others_may_write_to_is_refused(void **state)
{
        static const mode_t wrong[] = { 0770, 0707, 0720, 0702, 01777 };
        struct rig *rig = *state;
        struct storage_file *file = NULL;
        storage_file_close(rig->file);
        rig->file = NULL;
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
                assert_int_equal(chmod(rig->folder, wrong[i]), 0);
                assert_int_equal(storage_file_open(rig->folder, &file, NULL).code, MITOME_E_FOLDER_MODE);
        }
        assert_null(file);
        assert_int_equal(chmod(rig->folder, 0755), 0); /* its files are closed in themselves */
        assert_int_equal(storage_file_open(rig->folder, &rig->file, NULL).code, MITOME_OK);
        if (geteuid() != 0) /* only root can give one away */
                return;
        storage_file_close(rig->file);
        rig->file = NULL;
        assert_int_equal(chown(rig->folder, 65534, (gid_t)-1), 0);
        assert_int_equal(storage_file_open(rig->folder, &file, NULL).code, MITOME_E_FOLDER_MODE);
}

static void the_key_is_made_once(void **state)
{
        struct rig *rig = *state;
        static const uint8_t zeros[MITOME_STORAGE_KEY_SIZE];
        uint8_t first[MITOME_STORAGE_KEY_SIZE] = { 0 }, again[MITOME_STORAGE_KEY_SIZE] = { 0 };
        assert_int_equal(storage_file_key(rig->file, first, NULL).code, MITOME_OK);
        assert_memory_not_equal(first, zeros, sizeof first);
        replace(rig, slice_text("image"));
        storage_file_close(rig->file);
        assert_int_equal(storage_file_open(rig->folder, &rig->file, NULL).code, MITOME_OK);
        assert_int_equal(storage_file_key(rig->file, again, NULL).code, MITOME_OK);
        assert_memory_equal(first, again, sizeof first);
        char path[PATH];
        path_of(rig, "key", path);
        assert_int_equal(unlink(path), 0);
        path_of(rig, "state", path);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(storage_file_key(rig->file, again, NULL).code, MITOME_OK);
        assert_memory_not_equal(first, again, sizeof first);
}

static void assert_key_refused(struct rig *rig, mitome_code code)
{
        uint8_t key[MITOME_STORAGE_KEY_SIZE];
        memset(key, 0x55, sizeof key);
        mitome_error error = { 0 };
        assert_int_equal(storage_file_key(rig->file, key, &error).code, code);
        assert_int_equal(error.code, code);
        assert_string_equal(error.field, "key");
        for (size_t i = 0; i < sizeof key; i++)
                assert_int_equal(key[i], 0x55); /* untouched */
}

/* A new key could never open the old state, and would hide that the old key is lost. */
static void a_state_without_its_key_is_refused(void **state)
{
        struct rig *rig = *state;
        char path[PATH];
        path_of(rig, "key", path);
        replace(rig, slice_text("image"));
        assert_key_refused(rig, MITOME_E_FILE_READ);
        assert_int_equal(access(path, F_OK), -1);
        assert_loads(rig, slice_text("image"));
        path_of(rig, "state", path); /* also where the state is only a link to nowhere */
        assert_int_equal(unlink(path), 0);
        assert_int_equal(symlink("nowhere", path), 0);
        assert_key_refused(rig, MITOME_E_FILE_READ);
}

static void a_key_of_another_size_or_mode_is_refused(void **state)
{
        struct rig *rig = *state;
        static const uint8_t bytes[100];
        for (size_t size = 0; size <= SECRET_MAX; size++) {
                if (size == MITOME_STORAGE_KEY_SIZE)
                        continue;
                put_file(rig, "key", bytes, size, 0600);
                assert_key_refused(rig, MITOME_E_VALUE);
                assert_int_equal(status_of(rig, "key").st_size, size); /* left as it is */
        }
        put_file(rig, "key", bytes, sizeof bytes, 0600);
        assert_key_refused(rig, MITOME_E_TOO_LONG);
        put_file(rig, "key", bytes, MITOME_STORAGE_KEY_SIZE, 0640);
        assert_key_refused(rig, MITOME_E_FILE_MODE);
        put_file(rig, "key", bytes, MITOME_STORAGE_KEY_SIZE, 0604);
        assert_key_refused(rig, MITOME_E_FILE_MODE);
        char path[PATH];
        path_of(rig, "key", path);
        put_file(rig, "elsewhere", bytes, MITOME_STORAGE_KEY_SIZE, 0600);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(symlink("elsewhere", path), 0);
        assert_key_refused(rig, MITOME_E_FILE_READ);
}

#define STORAGE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                STORAGE_TEST(keeps_one_image),
                STORAGE_TEST(only_its_owner_can_read),
                STORAGE_TEST(a_state_that_others_can_touch_is_refused),
                STORAGE_TEST(what_is_no_plain_file_is_refused),
                STORAGE_TEST(nobody_writes_through_a_link_left_as_the_next_state),
                STORAGE_TEST(appends_behind_what_is_there),
                STORAGE_TEST(nothing_is_appended_to_another_kind_of_file),
                STORAGE_TEST(what_has_another_name_is_not_destroyed),
                STORAGE_TEST(the_largest_state_is_the_most),
                STORAGE_TEST(a_folder_is_one_holder_at_a_time),
                STORAGE_TEST(folders_that_cannot_be_are_refused),
                STORAGE_TEST(a_folder_that_others_may_write_to_is_refused),
                STORAGE_TEST(the_key_is_made_once),
                STORAGE_TEST(a_state_without_its_key_is_refused),
                STORAGE_TEST(a_key_of_another_size_or_mode_is_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
