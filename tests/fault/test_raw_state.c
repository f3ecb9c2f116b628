/* SPDX-License-Identifier: Apache-2.0 */
/* What is on the medium, byte for byte: the files of a real folder, and the blocks of those that were
 * replaced, which the test holds open to read them after they have lost their names. Whoever takes the disk
 * has the key of the folder, too: what a commit has destroyed must not be there in any form it opens. */
#include "anchor_file.h"
#include "random_system.h"
#include "storage_file.h"
#include "store.h"
#include "store_image.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATH = 128, LARGEST = 1 << 20, SECRET_ID = 7 };

static const char secret[] = "-- the private key that must be gone, all 48 bytes";

struct rig {
        char above[64], folder[PATH], anchor_path[PATH];
        struct storage_file *file;
        struct anchor_file *anchor;
        struct mitome_element_config config;
        struct store *store;
};

static void open_store(struct rig *rig)
{
        assert_int_equal(storage_file_open(rig->folder, &rig->file, NULL).code, MITOME_OK);
        rig->config = (struct mitome_element_config){ .storage = storage_file(rig->file),
                .random = random_system() };
        assert_int_equal(storage_file_key(rig->file, rig->config.storage_key, NULL).code, MITOME_OK);
        if (rig->anchor)
                rig->config.anchor = anchor_file(rig->anchor);
}

static void close_store(struct rig *rig)
{
        store_close(rig->store);
        storage_file_close(rig->file);
        rig->store = NULL;
        rig->file = NULL;
}

static mitome_code reopen(struct rig *rig)
{
        close_store(rig);
        open_store(rig);
        return store_open(&rig->config, &rig->store, NULL).code;
}

static int set_up(void **state)
{
        struct rig *rig = calloc(1, sizeof *rig);
        snprintf(rig->above, sizeof rig->above, "/tmp/mitome-raw-XXXXXX");
        if (!mkdtemp(rig->above))
                return -1;
        snprintf(rig->folder, PATH, "%s/state", rig->above);
        snprintf(rig->anchor_path, PATH, "%s/anchor", rig->above);
        *state = rig;
        return 0;
}

static void empty_folder(const char *folder)
{
        DIR *listing = opendir(folder);
        for (struct dirent *entry; listing && (entry = readdir(listing));) {
                char path[2 * PATH + 256];
                snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
                unlink(path);
        }
        if (listing)
                closedir(listing);
        rmdir(folder);
}

static int tear_down(void **state)
{
        struct rig *rig = *state;
        close_store(rig);
        anchor_file_close(rig->anchor);
        empty_folder(rig->folder);
        empty_folder(rig->above);
        free(rig);
        return 0;
}

static void put(struct rig *rig, uint32_t id, slice bytes)
{
        assert_int_equal(store_put(rig->store, id, bytes, NULL).code, MITOME_OK);
}

static void commit(struct rig *rig)
{
        assert_int_equal(store_commit(rig->store, NULL).code, MITOME_OK);
}

/* ---- the medium ---- */

struct bytes {
        uint8_t *data;
        size_t size;
};

/* Everything from the first block to the last. */
static struct bytes read_fd(int fd)
{
        struct bytes bytes = { .data = malloc(LARGEST) };
        ssize_t size = pread(fd, bytes.data, LARGEST, 0);
        assert_true(size >= 0 && size < LARGEST);
        bytes.size = (size_t)size;
        return bytes;
}

static int open_state(const struct rig *rig)
{
        char path[2 * PATH];
        snprintf(path, sizeof path, "%s/state", rig->folder);
        int fd = open(path, O_RDONLY);
        assert_true(fd >= 0);
        return fd;
}

/* What whoever has the disk and the key gets out of some bytes: the objects, or nothing. */
static bool opens_with_secret(const struct rig *rig, struct bytes bytes)
{
        struct store_journal journal;
        struct store_objects objects = { 0 };
        uint8_t *copy = malloc(bytes.size + 1);
        memcpy(copy, bytes.data, bytes.size);
        bool opened = !failed(store_image_open(&rig->config, copy, bytes.size, &journal, &objects, NULL));
        const struct store_object *found = opened ? store_objects_find(&objects, SECRET_ID) : NULL;
        bool there = found && slice_is(slice_of(found->bytes, found->size), secret);
        store_objects_free(&objects);
        free(copy);
        return there;
}

static bool all_zero(struct bytes bytes)
{
        for (size_t i = 0; i < bytes.size; i++)
                if (bytes.data[i])
                        return false;
        return true;
}

/* No file of the folder has a part of what was the image: not its sealed key, not a block of its text. */
static void assert_nothing_of(const struct rig *rig, struct bytes former)
{
        DIR *listing = opendir(rig->folder);
        assert_non_null(listing);
        for (struct dirent *entry; (entry = readdir(listing));) {
                char path[PATH + 300];
                snprintf(path, sizeof path, "%s/%s", rig->folder, entry->d_name);
                int fd = open(path, O_RDONLY | O_NOFOLLOW);
                struct stat status;
                assert_true(fd >= 0 && fstat(fd, &status) == 0);
                if (S_ISREG(status.st_mode)) {
                        struct bytes now = read_fd(fd);
                        assert_null(memmem(now.data, now.size, secret, 16));
                        for (size_t at = 22; at + 16 <= former.size; at++)
                                assert_null(memmem(now.data, now.size, former.data + at, 16));
                        assert_false(opens_with_secret(rig, now));
                        free(now.data);
                }
                close(fd);
        }
        closedir(listing);
}

/* ---- tests ---- */

enum way { BY_DELETION, BY_REPLACEMENT, WAYS };

/* "keys wiped from the medium on erase (the old blocks are overwritten or their wrapping key destroyed, and a
 * test greps the raw file)" */
static void what_is_erased_is_gone_from_the_medium(void **state)
{
        struct rig *rig = *state;
        for (int way = 0; way < WAYS; way++) {
                for (int in_record = 0; in_record < 2; in_record++) {
                        open_store(rig);
                        assert_int_equal(store_create(&rig->config, &rig->store, NULL).code, MITOME_OK);
                        put(rig, 1, slice_text("x"));
                        if (in_record)
                                commit(rig);
                        put(rig, SECRET_ID, slice_text(secret));
                        commit(rig);
                        put(rig, 1, slice_text("y")); /* a record behind */
                        commit(rig);

                        int fd = open_state(rig);
                        struct bytes before = read_fd(fd);
                        assert_null(memmem(before.data, before.size, secret, 16));
                        assert_true(opens_with_secret(rig, before)); /* the disk alone would do */

                        if (way == BY_DELETION)
                                assert_int_equal(store_delete(rig->store, SECRET_ID, NULL).code, MITOME_OK);
                        else
                                put(rig, SECRET_ID, slice_text("another key, which took its place"));
                        commit(rig); /* answered: from here on it must be gone */

                        struct bytes after = read_fd(fd); /* the blocks that the former state had */
                        assert_int_equal(after.size, before.size);
                        assert_true(all_zero(after));
                        assert_nothing_of(rig, before);
                        struct stat status;
                        assert_int_equal(fstat(fd, &status), 0);
                        assert_int_equal(status.st_nlink, 0);

                        close(fd);
                        free(before.data);
                        free(after.data);
                        close_store(rig);
                        empty_folder(rig->folder);
                }
        }
}

/* A counter's record is appended: the file grows, and the image before it stays as it was. */
static void a_counter_is_appended_in_place(void **state)
{
        struct rig *rig = *state;
        open_store(rig);
        assert_int_equal(store_create(&rig->config, &rig->store, NULL).code, MITOME_OK);
        put(rig, 1, slice_text("x"));
        commit(rig);
        int fd = open_state(rig);
        struct bytes before = read_fd(fd);
        for (int i = 0; i < 10; i++) {
                put(rig, 1, slice_text("y"));
                commit(rig);
        }
        struct bytes after = read_fd(fd); /* the same file */
        assert_true(after.size > before.size);
        assert_memory_equal(after.data, before.data, before.size);
        close(fd);
        free(before.data);
        free(after.data);
        assert_int_equal(reopen(rig), MITOME_OK);
}

/* ---- a folder that was put back ---- */

static struct bytes take_copy(const struct rig *rig)
{
        int fd = open_state(rig);
        struct bytes copy = read_fd(fd);
        close(fd);
        return copy;
}

static void put_back(const struct rig *rig, struct bytes copy)
{
        char path[2 * PATH];
        snprintf(path, sizeof path, "%s/state", rig->folder);
        int fd = open(path, O_WRONLY | O_TRUNC);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, copy.data, copy.size), copy.size);
        close(fd);
}

static void count_to(struct rig *rig, uint8_t value)
{
        put(rig, 1, slice_of(&value, 1));
        commit(rig);
}

static uint8_t counted(const struct rig *rig)
{
        bool found;
        slice value = store_get(rig->store, 1, &found);
        return found ? value.data[0] : 0xFF;
}

/* With the anchor elsewhere it is refused; without one, and with one that went back along with it, it opens:
 * the documentation says so. */
static void a_folder_that_was_put_back_is_refused(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(anchor_file_open(rig->anchor_path, &rig->anchor, NULL).code, MITOME_OK);
        open_store(rig);
        assert_int_equal(store_create(&rig->config, &rig->store, NULL).code, MITOME_OK);
        count_to(rig, 3);
        struct bytes old = take_copy(rig);
        int fd = open(rig->anchor_path, O_RDONLY);
        struct bytes old_anchor = read_fd(fd);
        close(fd);
        for (uint8_t tries = 3; tries--;)
                count_to(rig, tries + 1);
        struct bytes newest = take_copy(rig);
        put_back(rig, old);
        assert_int_equal(reopen(rig), MITOME_E_STORE_ROLLED_BACK);
        put_back(rig, newest);
        assert_int_equal(reopen(rig), MITOME_OK);
        assert_int_equal(counted(rig), 1);

        anchor_file_close(rig->anchor); /* no anchor is named any more */
        rig->anchor = NULL;
        assert_int_equal(reopen(rig), MITOME_E_STORE_ANCHOR);
        assert_int_equal(unlink(rig->anchor_path), 0); /* or a new one */
        assert_int_equal(anchor_file_open(rig->anchor_path, &rig->anchor, NULL).code, MITOME_OK);
        assert_int_equal(reopen(rig), MITOME_E_STORE_ANCHOR);
        put_back(rig, old);
        assert_int_equal(reopen(rig), MITOME_OK); /* value 1 beside 0: as after a power cut */
        assert_int_equal(counted(rig), 3);

        put_back(rig, newest);
        assert_int_equal(reopen(rig), MITOME_E_STORE_ANCHOR);
        anchor_file_close(rig->anchor);
        put_back(rig, old);
        fd = open(rig->anchor_path, O_WRONLY | O_TRUNC);
        assert_int_equal(write(fd, old_anchor.data, old_anchor.size), old_anchor.size);
        close(fd);
        assert_int_equal(anchor_file_open(rig->anchor_path, &rig->anchor, NULL).code, MITOME_OK);
        assert_int_equal(reopen(rig), MITOME_OK); /* both put back: not detectable */
        assert_int_equal(counted(rig), 3);
        free(old.data);
        free(newest.data);
        free(old_anchor.data);
}

/* ---- two processes ---- */

static void a_second_process_is_kept_out(void **state)
{
        struct rig *rig = *state;
        open_store(rig);
        assert_int_equal(store_create(&rig->config, &rig->store, NULL).code, MITOME_OK);
        count_to(rig, 1);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
                struct storage_file *second = NULL;
                _exit(storage_file_open(rig->folder, &second, NULL).code == MITOME_E_FILE_LOCKED ? 0 : 1);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        count_to(rig, 2); /* and the first goes on */
        assert_int_equal(reopen(rig), MITOME_OK);
        assert_int_equal(counted(rig), 2);
}

/* One that does not ask for the lock: what it wrote is noticed, and nothing is written behind it. */
static void a_state_that_changed_underneath_is_noticed(void **state)
{
        struct rig *rig = *state;
        open_store(rig);
        assert_int_equal(store_create(&rig->config, &rig->store, NULL).code, MITOME_OK);
        count_to(rig, 1);
        struct bytes old = take_copy(rig);
        count_to(rig, 2);
        put_back(rig, old);
        mitome_error error = { 0 };
        put(rig, 1, slice_text("z"));
        assert_int_equal(store_commit(rig->store, &error).code, MITOME_E_STORE_APPEND);
        assert_int_equal(error.code, MITOME_E_STORE_APPEND);
        assert_true(store_is_broken(rig->store));
        struct bytes left = take_copy(rig);
        assert_int_equal(left.size, old.size);
        free(old.data);
        free(left.data);
}

#define RAW_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                RAW_TEST(what_is_erased_is_gone_from_the_medium),
                RAW_TEST(a_counter_is_appended_in_place),
                RAW_TEST(a_folder_that_was_put_back_is_refused),
                RAW_TEST(a_second_process_is_kept_out),
                RAW_TEST(a_state_that_changed_underneath_is_noticed),
        };
        return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
