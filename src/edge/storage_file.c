/* SPDX-License-Identifier: Apache-2.0 */
#include "storage_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

struct storage_file {
        int folder;
        int lock;
};

/* A file of the folder, and the one under whose name its next content is written. */
struct file_name {
        const char *name;
        const char *next;
};

static const struct file_name state_name = { "state", "state.new" };
static const struct file_name key_name = { "key", "key.new" };

/* ---- reading ---- */

static mitome_status check_readable(
        int fd, const char *field, size_t limit, size_t *ret_size, mitome_error *error)
{
        struct stat status;
        if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
                return fail(error, MITOME_E_FILE_READ, field, NULL);
        if (status.st_mode & (S_IRWXG | S_IRWXO))
                return fail(error, MITOME_E_FILE_MODE, field, NULL);
        if ((uintmax_t)status.st_size > limit)
                return fail(error, MITOME_E_TOO_LONG, field, NULL);
        *ret_size = (size_t)status.st_size;
        return ok();
}

/* Fills `space`; a file that has become shorter fails. */
static mitome_status read_all(int fd, const char *field, writer *space, mitome_error *error)
{
        while (space->used < space->capacity) {
                ssize_t count = read(fd, space->data + space->used, space->capacity - space->used);
                if (count < 0 && errno == EINTR)
                        continue;
                if (count <= 0)
                        return fail(error, MITOME_E_FILE_READ, field, NULL);
                space->used += (size_t)count;
        }
        return ok();
}

static mitome_status read_open_file(
        int fd, const char *field, size_t limit, uint8_t **ret, size_t *ret_size, mitome_error *error)
{
        size_t size = 0;
        MITOME_TRY(check_readable(fd, field, limit, &size, error));
        uint8_t *bytes = malloc(size + 1);
        if (!bytes)
                return fail(error, MITOME_E_NO_MEMORY, field, NULL);
        writer space = writer_over(bytes, size);
        mitome_status status = read_all(fd, field, &space, error);
        if (failed(status)) {
                bytes_wipe(bytes, size);
                free(bytes);
                return status;
        }
        *ret = bytes;
        *ret_size = size;
        return ok();
}

/* *ret is NULL when there is no such file. O_NONBLOCK: opening a pipe must not wait for its writer. */
static mitome_status read_file(const struct storage_file *file, const struct file_name *name, size_t limit,
        uint8_t **ret, size_t *ret_size, mitome_error *error)
{
        int fd = openat(file->folder, name->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
        if (fd < 0 && errno == ENOENT) {
                *ret = NULL;
                *ret_size = 0;
                return ok();
        }
        if (fd < 0)
                return fail(error, MITOME_E_FILE_READ, name->name, NULL);
        mitome_status status = read_open_file(fd, name->name, limit, ret, ret_size, error);
        close(fd);
        return status;
}

/* ---- writing ---- */

static bool write_all(int fd, slice bytes)
{
        while (bytes.size) {
                ssize_t count = write(fd, bytes.data, bytes.size);
                if (count < 0 && errno == EINTR)
                        continue;
                if (count <= 0)
                        return false;
                bytes = slice_of(bytes.data + count, bytes.size - (size_t)count);
        }
        return true;
}

static bool write_next(const struct storage_file *file, const struct file_name *name, slice bytes)
{
        /* What an earlier power cut left; whether there was anything shows when the file is made. */
        unlinkat(file->folder, name->next, 0);
        int fd = openat(file->folder, name->next, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return false;
        bool done = write_all(fd, bytes) && fsync(fd) == 0;
        return close(fd) == 0 && done;
}

/* The new content is on the medium before it takes the name, and the name before success is reported. */
static mitome_status replace_file(
        const struct storage_file *file, const struct file_name *name, slice bytes, mitome_error *error)
{
        if (!write_next(file, name, bytes) ||
                renameat(file->folder, name->next, file->folder, name->name) != 0) {
                unlinkat(file->folder, name->next, 0);
                return fail(error, MITOME_E_FILE_WRITE, name->name, NULL);
        }
        if (fsync(file->folder) != 0)
                return fail(error, MITOME_E_FILE_WRITE, name->name, NULL);
        return ok();
}

/* ---- the storage ---- */

static mitome_status load(void *context, uint8_t **ret_image, size_t *ret_size, mitome_error *error)
{
        return read_file(context, &state_name, STORAGE_FILE_MAX, ret_image, ret_size, error);
}

static mitome_status replace(void *context, mitome_slice image, mitome_error *error)
{
        if (image.size > STORAGE_FILE_MAX)
                return fail(error, MITOME_E_TOO_LONG, state_name.name, NULL);
        return replace_file(context, &state_name, image, error);
}

struct mitome_storage storage_file(struct storage_file *file)
{
        return (struct mitome_storage){ .context = file, .load = load, .replace = replace };
}

/* ---- the key ---- */

static bool fill_random(uint8_t *bytes, size_t size)
{
        /* Up to 256 bytes come whole or not at all (getrandom(2)); before the pool is ready the call waits.
         */
        ssize_t count;
        do
                count = getrandom(bytes, size, 0);
        while (count < 0 && errno == EINTR);
        return count == (ssize_t)size;
}

/* A new key would not open what an old one sealed: it is made only where there is no state. */
static mitome_status make_key(struct storage_file *file, struct secret *ret_key, mitome_error *error)
{
        struct stat status;
        if (fstatat(file->folder, state_name.name, &status, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT)
                return fail(error, MITOME_E_FILE_READ, key_name.name, NULL);
        if (!fill_random(ret_key->data, MITOME_STORAGE_KEY_SIZE))
                return fail(error, MITOME_E_NO_RANDOMNESS, key_name.name, NULL);
        ret_key->size = MITOME_STORAGE_KEY_SIZE;
        return replace_file(file, &key_name, secret_view(ret_key), error);
}

static mitome_status read_key(struct storage_file *file, struct secret *ret_key, mitome_error *error)
{
        uint8_t *bytes;
        size_t size;
        MITOME_TRY(read_file(file, &key_name, SECRET_MAX, &bytes, &size, error));
        if (!bytes)
                return make_key(file, ret_key, error);
        mitome_status status = size == MITOME_STORAGE_KEY_SIZE
                                       ? secret_set(ret_key, slice_of(bytes, size), error)
                                       : fail(error, MITOME_E_VALUE, key_name.name, NULL);
        bytes_wipe(bytes, size);
        free(bytes);
        return status;
}

mitome_status storage_file_key(
        struct storage_file *file, uint8_t ret_key[MITOME_STORAGE_KEY_SIZE], mitome_error *error)
{
        SECRET(key);
        MITOME_TRY(read_key(file, &key, error));
        return slice_copy(secret_view(&key), key_name.name, ret_key, MITOME_STORAGE_KEY_SIZE, error);
}

/* ---- the folder ---- */

/* A folder that was just made lasts once the one above it is on the medium. */
static bool settle_folder(int folder)
{
        int above = openat(folder, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (above < 0)
                return false;
        bool done = fsync(above) == 0;
        close(above);
        return done;
}

static mitome_status open_folder(struct storage_file *file, const char *folder, mitome_error *error)
{
        bool made = mkdir(folder, 0700) == 0;
        file->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (file->folder < 0 || (made && !settle_folder(file->folder)))
                return fail(error, MITOME_E_FILE_WRITE, "state folder", NULL);
        return ok();
}

static mitome_status lock_folder(struct storage_file *file, mitome_error *error)
{
        file->lock = openat(file->folder, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (file->lock < 0)
                return fail(error, MITOME_E_FILE_WRITE, "lock", NULL);
        if (flock(file->lock, LOCK_EX | LOCK_NB) == 0)
                return ok();
        return fail(error, errno == EWOULDBLOCK ? MITOME_E_FILE_LOCKED : MITOME_E_FILE_WRITE, "state folder",
                NULL);
}

mitome_status storage_file_open(const char *folder, struct storage_file **ret, mitome_error *error)
{
        struct storage_file *file = malloc(sizeof *file);
        if (!file)
                return fail(error, MITOME_E_NO_MEMORY, "state folder", NULL);
        *file = (struct storage_file){ .folder = -1, .lock = -1 };
        mitome_status status = open_folder(file, folder, error);
        if (!failed(status))
                status = lock_folder(file, error);
        if (failed(status)) {
                storage_file_close(file);
                return status;
        }
        *ret = file;
        return ok();
}

void storage_file_close(struct storage_file *file)
{
        if (!file)
                return;
        if (file->lock >= 0)
                close(file->lock); /* lets go of the lock too */
        if (file->folder >= 0)
                close(file->folder);
        free(file);
}
