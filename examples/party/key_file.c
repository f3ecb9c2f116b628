/* SPDX-License-Identifier: Apache-2.0 */
#include "key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static mitome_status read_key(int file, size_t size, uint8_t *ret_key, mitome_error *error)
{
        struct stat facts;
        if (fstat(file, &facts) != 0 || !S_ISREG(facts.st_mode))
                return fail(error, MITOME_E_FILE_READ, "key file", NULL);
        if (facts.st_mode & 077)
                return fail(error, MITOME_E_FILE_MODE, "key file", NULL);
        if ((size_t)facts.st_size != size)
                return fail(error, MITOME_E_VALUE, "key file", NULL);
        return read(file, ret_key, size) == (ssize_t)size ? ok()
                                                          : fail(error, MITOME_E_FILE_READ, "key file", NULL);
}

/* The name lasts through a power cut only when the folder is written, too. */
static bool sync_folder_of(const char *path)
{
        char copy[PATH_MAX];
        snprintf(copy, sizeof copy, "%s", path);
        int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        bool done = folder >= 0 && fsync(folder) == 0;
        if (folder >= 0)
                close(folder);
        return done;
}

/* Whole under another name first; link does not replace what somebody else has made meanwhile. */
static mitome_status write_key(const char *path, slice key, mitome_error *error)
{
        char name[PATH_MAX];
        int length = snprintf(name, sizeof name, "%s.new", path);
        if (length < 0 || length >= PATH_MAX)
                return fail(error, MITOME_E_TOO_LONG, "key file", NULL);
        (void)unlink(name); /* what a crash has left */
        int file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (file < 0)
                return fail(error, MITOME_E_FILE_WRITE, "key file", NULL);
        bool done = write(file, key.data, key.size) == (ssize_t)key.size && fsync(file) == 0;
        done = close(file) == 0 && done;
        done = done && link(name, path) == 0;
        (void)unlink(name);
        return done && sync_folder_of(path) ? ok() : fail(error, MITOME_E_FILE_WRITE, "key file", NULL);
}

mitome_status key_file_keep(const char *path, size_t size, const struct mitome_random *random,
        uint8_t *ret_key, mitome_error *error)
{
        int file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
        if (file >= 0) {
                mitome_status status = read_key(file, size, ret_key, error);
                close(file);
                return status;
        }
        if (errno != ENOENT)
                return fail(error, MITOME_E_FILE_READ, "key file", NULL);
        if (random->fill(random->context, ret_key, size) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, "key file", NULL);
        return write_key(path, slice_of(ret_key, size), error);
}
