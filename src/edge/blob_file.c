/* SPDX-License-Identifier: Apache-2.0 */
#include "blob_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct blob_file {
        char *path, *fresh; /* what is written before it takes the other's place */
        char *folder;
};

static bool read_all(int fd, writer *into)
{
        for (;;) {
                uint8_t more;
                size_t room = into->capacity - into->used;
                ssize_t count = read(fd, room ? into->data + into->used : &more, room ? room : 1);
                if (count < 0 && errno == EINTR)
                        continue;
                if (count <= 0 || room == 0) /* the end, or more than fits */
                        return count == 0;
                into->used += (size_t)count;
        }
}

static mitome_status load(
        void *context, uint8_t *blobs, size_t capacity, size_t *ret_size, mitome_error *error)
{
        const struct blob_file *file = context;
        writer w = writer_over(blobs, capacity);
        int fd = open(file->path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 && errno != ENOENT)
                return fail(error, MITOME_E_FILE_READ, "the large blobs", NULL);
        bool read = fd < 0 || read_all(fd, &w);
        if (fd >= 0)
                close(fd);
        if (!read)
                return fail(error, MITOME_E_FILE_READ, "the large blobs", NULL);
        *ret_size = w.used;
        return ok();
}

static bool write_all(int fd, slice bytes)
{
        reader r = reader_over(bytes, NULL, NULL);
        while (r.rest.size) {
                slice written;
                ssize_t count = write(fd, r.rest.data, r.rest.size);
                if (count < 0 && errno == EINTR)
                        continue;
                if (count <= 0 || failed(read_bytes(&r, "blobs", (size_t)count, &written)))
                        return false;
        }
        return fsync(fd) == 0;
}

static bool sync_folder(const char *folder)
{
        int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        bool done = fd >= 0 && fsync(fd) == 0;
        if (fd >= 0)
                close(fd);
        return done;
}

static bool replace(const struct blob_file *file, slice blobs)
{
        int fd = open(file->fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return false;
        bool written = write_all(fd, blobs);
        written = close(fd) == 0 && written;
        if (written && rename(file->fresh, file->path) == 0)
                return sync_folder(file->folder);
        unlink(file->fresh);
        return false;
}

static bool forget(const struct blob_file *file)
{
        return (unlink(file->path) == 0 || errno == ENOENT) && sync_folder(file->folder);
}

static mitome_status save(void *context, mitome_slice blobs, mitome_error *error)
{
        const struct blob_file *file = context;
        bool done = blobs.size ? replace(file, blobs) : forget(file);
        return done ? ok() : fail(error, MITOME_E_FILE_WRITE, "the large blobs", NULL);
}

static bool name(struct blob_file *file, const char *path)
{
        const char *slash = strrchr(path, '/');
        file->path = strdup(path);
        file->folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
        return file->path && file->folder && asprintf(&file->fresh, "%s.new", path) > 0;
}

mitome_status blob_file_open(const char *path, struct blob_file **ret, mitome_error *error)
{
        struct blob_file *file = calloc(1, sizeof *file);
        if (!file || !name(file, path)) {
                blob_file_close(file);
                return fail(error, MITOME_E_NO_MEMORY, "the large blobs", NULL);
        }
        *ret = file;
        return ok();
}

struct mitome_blobs blob_file(struct blob_file *file)
{
        return (struct mitome_blobs){ .context = file, .load = load, .save = save };
}

void blob_file_close(struct blob_file *file)
{
        if (!file)
                return;
        free(file->path);
        free(file->fresh);
        free(file->folder);
        free(file);
}
