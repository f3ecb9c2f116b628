/* SPDX-License-Identifier: Apache-2.0 */
#include "kept_receipts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char beside[] = "receipt.new", field[] = "the kept receipts";

static void name_of(uint32_t number, char name[KEPT_NAME_MAX])
{
        snprintf(name, KEPT_NAME_MAX, "receipt-%010lu", (unsigned long)number);
}

static bool read_name(const char *name, uint32_t *ret_number)
{
        char own[KEPT_NAME_MAX];
        const slice head = slice_text("receipt-");
        if (!slice_begins_with(slice_text(name), head))
                return false;
        unsigned long number = strtoul(name + head.size, NULL, 10);
        if (number > UINT32_MAX)
                return false;
        name_of((uint32_t)number, own);
        *ret_number = (uint32_t)number;
        return strcmp(name, own) == 0;
}

static int open_folder(const char *folder)
{
        return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool write_all(int file, slice bytes)
{
        reader r = reader_over(bytes, NULL, NULL);
        while (r.rest.size) {
                slice written;
                ssize_t count = write(file, r.rest.data, r.rest.size);
                if (count < 0 && errno == EINTR)
                        continue;
                if (count <= 0 || failed(read_bytes(&r, field, (size_t)count, &written)))
                        return false;
        }
        return fsync(file) == 0;
}

/* Under another name first, and the folder's own entry is made durable, too. */
static bool put(int at, const char *name, slice receipt)
{
        int file = openat(at, beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (file < 0)
                return false;
        bool written = write_all(file, receipt);
        written = close(file) == 0 && written;
        return written && renameat(at, beside, at, name) == 0 && fsync(at) == 0;
}

mitome_status kept_receipts_put(const char *folder, uint32_t number, slice receipt, mitome_error *error)
{
        char name[KEPT_NAME_MAX];
        if (mkdir(folder, 0700) != 0 && errno != EEXIST)
                return fail(error, MITOME_E_FILE_WRITE, field, NULL);
        int at = open_folder(folder);
        name_of(number, name);
        bool done = at >= 0 && put(at, name, receipt);
        if (at >= 0)
                close(at);
        return done ? ok() : fail(error, MITOME_E_FILE_WRITE, field, NULL);
}

static mitome_status find_lowest(
        const char *folder, uint32_t from, uint32_t *ret_number, bool *ret_there, mitome_error *error)
{
        DIR *files = opendir(folder);
        const struct dirent *file;
        uint32_t number;
        *ret_there = false;
        if (!files)
                return errno == ENOENT ? ok() : fail(error, MITOME_E_FILE_READ, field, NULL);
        while ((file = readdir(files)) != NULL) {
                if (!read_name(file->d_name, &number) || number < from ||
                        (*ret_there && number >= *ret_number))
                        continue;
                *ret_there = true;
                *ret_number = number;
        }
        closedir(files);
        return ok();
}

static bool read_file(int file, uint8_t *buffer, size_t capacity, size_t *ret_size)
{
        writer w = writer_over(buffer, capacity);
        for (;;) {
                uint8_t bytes[512];
                ssize_t count = read(file, bytes, sizeof bytes);
                if (count < 0 && errno == EINTR)
                        continue;
                if (count > 0)
                        write_slice(&w, slice_of(bytes, (size_t)count));
                if (count <= 0 || w.overflowed) {
                        *ret_size = w.used;
                        return count == 0 && !w.overflowed;
                }
        }
}

mitome_status kept_receipts_next(const char *folder, uint32_t from, uint32_t *ret_number, uint8_t *buffer,
        size_t capacity, slice *ret, bool *ret_there, mitome_error *error)
{
        char name[KEPT_NAME_MAX];
        size_t size = 0;
        MITOME_TRY(find_lowest(folder, from, ret_number, ret_there, error));
        if (!*ret_there)
                return ok();
        int at = open_folder(folder), file = -1;
        name_of(*ret_number, name);
        if (at >= 0)
                file = openat(at, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        bool done = file >= 0 && read_file(file, buffer, capacity, &size);
        if (file >= 0)
                close(file);
        if (at >= 0)
                close(at);
        *ret = slice_of(buffer, size);
        return done ? ok() : fail(error, MITOME_E_FILE_READ, field, NULL);
}

mitome_status kept_receipts_drop(const char *folder, uint32_t number, mitome_error *error)
{
        char name[KEPT_NAME_MAX];
        int at = open_folder(folder);
        name_of(number, name);
        bool done = at >= 0 && (unlinkat(at, name, 0) == 0 || errno == ENOENT);
        if (at >= 0)
                close(at);
        return done ? ok() : fail(error, MITOME_E_FILE_WRITE, field, NULL);
}
