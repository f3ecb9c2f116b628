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

/* A file of the folder, the one under whose name its next content is written, and the one that its former
 * content has while it is being destroyed. */
struct file_name {
        const char *name, *next, *former;
};

static const struct file_name state_name = { "state", "state.new", "state.old" };
static const struct file_name key_name = { "key", "key.new", NULL }; /* made once */

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

/* ---- destroying ----
 *
 * A file that is merely unlinked or replaced leaves its blocks as they are, and the key that is kept beside
 * them opens them. So what a file held is written over, where it stands, before its last name goes. That
 * destroys it on a disk whose file system writes in place (ext4 and XFS, their journals being of metadata).
 * It does not on one that never writes in place (btrfs, ZFS, F2FS, snapshots of any kind), and below every
 * file system a flash controller may keep the former page until it needs it: there only the destruction of
 * the key, or of the whole medium, is an end. */

static bool zero_all(int fd, off_t size)
{
        static const uint8_t zeros[4096];
        while (size > 0) {
                slice part = slice_of(zeros, size < (off_t)sizeof zeros ? (size_t)size : sizeof zeros);
                if (!write_all(fd, part))
                        return false;
                size -= (off_t)part.size;
        }
        return fsync(fd) == 0;
}

/* A file that has another name, too, is not ours to destroy: the state itself, for one, where the power went
 * between its two names. */
static bool zero_only_name(int fd)
{
        struct stat status;
        if (fstat(fd, &status) != 0)
                return false;
        return !S_ISREG(status.st_mode) || status.st_nlink > 1 || zero_all(fd, status.st_size);
}

/* Writes over a file of the folder and unlinks it. What is not there, or is no file, is no failure. The
 * folder comes first: while the medium may still have another file's name on it, it is not written over. */
static bool destroy(const struct storage_file *file, const char *name)
{
        int fd = openat(file->folder, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
        if (fd < 0 && errno == ENOENT)
                return true;
        bool zeroed =
                fd < 0 ? errno == ELOOP || errno == ENXIO : fsync(file->folder) == 0 && zero_only_name(fd);
        if (fd >= 0)
                close(fd);
        return zeroed && unlinkat(file->folder, name, 0) == 0;
}

/* Whatever a power cut, or a replacement, has left. */
static bool destroy_rest(const struct storage_file *file, const struct file_name *name)
{
        return destroy(file, name->next) && (!name->former || destroy(file, name->former));
}

/* ---- replacing ---- */

/* Gives the content that is about to be replaced a second name, so that it can still be found, and destroyed,
 * when the power goes right after it lost the first. */
static bool keep_former(const struct storage_file *file, const struct file_name *name)
{
        return !name->former || linkat(file->folder, name->name, file->folder, name->former, 0) == 0 ||
               errno == ENOENT; /* there is none yet */
}

/* Every byte is written under a name that the medium already has. */
static bool write_next(const struct storage_file *file, const struct file_name *name, slice bytes)
{
        int fd = openat(file->folder, name->next, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return false;
        bool done =
                keep_former(file, name) && fsync(file->folder) == 0 && write_all(fd, bytes) && fsync(fd) == 0;
        return close(fd) == 0 && done;
}

/* The new content is on the medium before it takes the name, the name before the old content is destroyed,
 * and that before success is reported. After a failure the name has the old content or the new, whole. */
static mitome_status replace_file(
        const struct storage_file *file, const struct file_name *name, slice bytes, mitome_error *error)
{
        bool done = destroy_rest(file, name) && write_next(file, name, bytes) &&
                    renameat(file->folder, name->next, file->folder, name->name) == 0 &&
                    fsync(file->folder) == 0;
        bool clean = destroy_rest(file, name);
        return done && clean ? ok() : fail(error, MITOME_E_FILE_WRITE, name->name, NULL);
}

/* ---- the storage ---- */

/* What is read here may be acted on: it is on the medium before it is given out, even if the process that
 * wrote it died before it could sync. */
static bool settle(const struct storage_file *file, const struct file_name *name)
{
        int fd = openat(file->folder, name->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
        bool done = fd < 0 || fsync(fd) == 0;
        if (fd >= 0)
                close(fd);
        return done && fsync(file->folder) == 0;
}

static mitome_status load(void *context, uint8_t **ret_image, size_t *ret_size, mitome_error *error)
{
        struct storage_file *file = context;
        uint8_t *image;
        size_t size;
        MITOME_TRY(read_file(file, &state_name, STORAGE_FILE_MAX, &image, &size, error));
        if (settle(file, &state_name) && destroy_rest(file, &state_name)) {
                *ret_image = image;
                *ret_size = size;
                return ok();
        }
        free(image);
        return fail(error, MITOME_E_FILE_WRITE, state_name.name, NULL);
}

static mitome_status replace(void *context, mitome_slice image, mitome_error *error)
{
        if (image.size > STORAGE_FILE_MAX)
                return fail(error, MITOME_E_TOO_LONG, state_name.name, NULL);
        return replace_file(context, &state_name, image, error);
}

static mitome_status append_to(int fd, size_t at, slice record, mitome_error *error)
{
        size_t size = 0;
        MITOME_TRY(check_readable(fd, state_name.name, STORAGE_FILE_MAX, &size, error));
        if (size != at)
                return fail(error, MITOME_E_STORE_APPEND, state_name.name, NULL);
        if (record.size > STORAGE_FILE_MAX - size)
                return fail(error, MITOME_E_TOO_LONG, state_name.name, NULL);
        return write_all(fd, record) && fdatasync(fd) == 0
                       ? ok()
                       : fail(error, MITOME_E_FILE_WRITE, state_name.name, NULL);
}

/* The name is looked up each time: a file that was put in its place is not written past. */
static mitome_status append(void *context, size_t at, mitome_slice record, mitome_error *error)
{
        const struct storage_file *file = context;
        int fd = openat(file->folder, state_name.name,
                O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
        if (fd < 0)
                return fail(error, MITOME_E_FILE_WRITE, state_name.name, NULL);
        mitome_status status = append_to(fd, at, record, error);
        if (close(fd) != 0 && !failed(status))
                status = fail(error, MITOME_E_FILE_WRITE, state_name.name, NULL);
        return status;
}

struct mitome_storage storage_file(struct storage_file *file)
{
        return (struct mitome_storage){ .context = file, .load = load, .append = append, .replace = replace };
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

/* Who may write into the folder could put an older state back, and with it tries that are spent. */
static mitome_status check_folder(int folder, mitome_error *error)
{
        struct stat status;
        bool own = fstat(folder, &status) == 0 && status.st_uid == geteuid() &&
                   !(status.st_mode & (S_IWGRP | S_IWOTH));
        return own ? ok() : fail(error, MITOME_E_FOLDER_MODE, "state folder", NULL);
}

static mitome_status open_folder(struct storage_file *file, const char *folder, mitome_error *error)
{
        bool made = mkdir(folder, 0700) == 0;
        file->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (file->folder < 0 || (made && !settle_folder(file->folder)))
                return fail(error, MITOME_E_FILE_WRITE, "state folder", NULL);
        return check_folder(file->folder, error);
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
