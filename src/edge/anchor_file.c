/* SPDX-License-Identifier: Apache-2.0 */
#include "anchor_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* A place: magic, u64 value, the first 16 bytes of their BLAKE2b hash. An even value has the first one, an
 * odd value the second. The hash tells a torn write; it keeps nobody from writing what he likes. */
enum {
        CHECK_SIZE = crypto_generichash_BYTES_MIN,
        CHECKED_SIZE = 16,
        PLACE_SIZE = CHECKED_SIZE + CHECK_SIZE,
        PLACE_DISTANCE = 4096, /* no sector of today's disks holds both */
};

static const char magic[] = "MITOMEAN";

struct anchor_file {
        int fd;
        uint64_t value;
};

/* ---- one place ---- */

static void write_place(uint64_t value, uint8_t place[PLACE_SIZE])
{
        writer w = writer_over(place, PLACE_SIZE);
        write_slice(&w, slice_text(magic));
        write_u64(&w, value);
        crypto_generichash(write_space(&w, CHECK_SIZE), CHECK_SIZE, place, CHECKED_SIZE, NULL, 0);
}

static off_t place_of(uint64_t value)
{
        return value % 2 ? PLACE_DISTANCE : 0;
}

/* Whether a place holds a value of its own. */
static bool read_place(int fd, off_t at, uint64_t *ret_value)
{
        uint8_t place[PLACE_SIZE], expected[PLACE_SIZE];
        reader r = reader_over(SLICE(place), NULL, NULL);
        slice name;
        uint64_t value;
        if (pread(fd, place, sizeof place, at) != (ssize_t)sizeof place ||
                failed(read_bytes(&r, "anchor", sizeof magic - 1, &name)) ||
                failed(read_u64(&r, "anchor", &value)))
                return false;
        write_place(value, expected);
        if (!slice_equal(SLICE(place), SLICE(expected)) || place_of(value) != at)
                return false;
        *ret_value = value;
        return true;
}

static bool put_place(int fd, uint64_t value)
{
        uint8_t place[PLACE_SIZE];
        write_place(value, place);
        return pwrite(fd, place, sizeof place, place_of(value)) == (ssize_t)sizeof place &&
               fdatasync(fd) == 0;
}

/* ---- the file ---- */

static bool settle_folder(const char *path)
{
        char above[PATH_MAX];
        if (snprintf(above, sizeof above, "%s", path) >= (int)sizeof above)
                return false;
        int folder = open(dirname(above), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder < 0)
                return false;
        bool done = fsync(folder) == 0;
        close(folder);
        return done;
}

/* A new file comes to its name with the value 0 in it, unless another one was faster. */
static bool make(const char *path)
{
        char next[PATH_MAX];
        if (snprintf(next, sizeof next, "%s.new", path) >= (int)sizeof next)
                return false;
        unlink(next); /* what a power cut left */
        int fd = open(next, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return false;
        bool done = put_place(fd, 0) && (link(next, path) == 0 || errno == EEXIST);
        close(fd);
        return unlink(next) == 0 && done && settle_folder(path);
}

static int open_file(const char *path)
{
        enum { FLAGS = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY };
        int fd = open(path, FLAGS);
        return fd < 0 && errno == ENOENT && make(path) ? open(path, FLAGS) : fd;
}

static mitome_status check_file(int fd, mitome_error *error)
{
        struct stat status;
        if (fd < 0)
                return fail(error, MITOME_E_FILE_WRITE, "anchor", NULL);
        if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
                return fail(error, MITOME_E_FILE_READ, "anchor", NULL);
        if (status.st_mode & (S_IRWXG | S_IRWXO))
                return fail(error, MITOME_E_FILE_MODE, "anchor", NULL);
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
                return ok();
        return fail(error, errno == EWOULDBLOCK ? MITOME_E_FILE_LOCKED : MITOME_E_FILE_WRITE, "anchor", NULL);
}

/* What is read is on the medium first: no power cut may take back a value that was acted on. */
static mitome_status read_value(int fd, uint64_t *ret_value, mitome_error *error)
{
        uint64_t even = 0, odd = 0;
        if (fsync(fd) != 0)
                return fail(error, MITOME_E_FILE_WRITE, "anchor", NULL);
        bool has_even = read_place(fd, 0, &even);
        bool has_odd = read_place(fd, PLACE_DISTANCE, &odd);
        if (!has_even && !has_odd)
                return fail(error, MITOME_E_FILE_READ, "anchor", NULL);
        *ret_value = even > odd ? even : odd;
        return ok();
}

mitome_status anchor_file_open(const char *path, struct anchor_file **ret, mitome_error *error)
{
        struct anchor_file *file = malloc(sizeof *file);
        if (!file)
                return fail(error, MITOME_E_NO_MEMORY, "anchor", NULL);
        *file = (struct anchor_file){ .fd = open_file(path) };
        mitome_status status = check_file(file->fd, error);
        if (!failed(status))
                status = read_value(file->fd, &file->value, error);
        if (failed(status)) {
                anchor_file_close(file);
                return status;
        }
        *ret = file;
        return ok();
}

void anchor_file_close(struct anchor_file *file)
{
        if (!file)
                return;
        if (file->fd >= 0)
                close(file->fd);
        free(file);
}

/* ---- the anchor ---- */

static mitome_status read_anchor(void *context, uint64_t *ret_value, mitome_error *error)
{
        struct anchor_file *file = context;
        MITOME_TRY(read_value(file->fd, &file->value, error));
        *ret_value = file->value;
        return ok();
}

static mitome_status advance(void *context, uint64_t value, mitome_error *error)
{
        struct anchor_file *file = context;
        if (value != file->value + 1)
                return fail(error, MITOME_E_ARGUMENT, "anchor", NULL);
        if (!put_place(file->fd, value))
                return fail(error, MITOME_E_FILE_WRITE, "anchor", NULL);
        file->value = value;
        return ok();
}

struct mitome_anchor anchor_file(struct anchor_file *file)
{
        return (struct mitome_anchor){ .context = file, .read = read_anchor, .advance = advance };
}
