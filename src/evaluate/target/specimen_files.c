/* SPDX-License-Identifier: Apache-2.0 */
#include "specimen_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 512, DEPTH_MAX = 4 };

static bool name_file(char path[PATH_SIZE], const char *folder, const char *name)
{
        int size = snprintf(path, PATH_SIZE, "%s/%s", folder, name);
        return size > 0 && size < PATH_SIZE;
}

/* . and .. */
static bool is_own(const struct dirent *entry)
{
        return strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
}

/* ---- keeping ---- */

static bool read_whole(int fd, uint8_t *bytes, size_t size)
{
        size_t done = 0;
        ssize_t count = 1;
        while (done < size && (count = read(fd, bytes + done, size - done)) > 0)
                done += (size_t)count;
        return done == size;
}

static mitome_status keep_file(int fd, struct specimen_file *ret, mitome_error *error)
{
        struct stat file;
        if (fstat(fd, &file) != 0 || file.st_size > SPECIMEN_FILE_MAX)
                return fail(error, MITOME_E_TOO_LONG, "file", NULL);
        ret->size = (size_t)file.st_size;
        ret->bytes = malloc(ret->size + 1);
        if (!ret->bytes)
                return fail(error, MITOME_E_NO_MEMORY, "file", NULL);
        return read_whole(fd, ret->bytes, ret->size) ? ok() : fail(error, MITOME_E_FILE_READ, "file", NULL);
}

static mitome_status keep_named(
        struct specimen_files *files, const char *path, const char *name, mitome_error *error)
{
        if (files->count == SPECIMEN_FILES_MAX)
                return fail(error, MITOME_E_TOO_LONG, "folder", NULL);
        struct specimen_file *file = &files->list[files->count];
        int size = snprintf(file->name, sizeof file->name, "%s", name);
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0 || size >= SPECIMEN_NAME_MAX) {
                if (fd >= 0)
                        close(fd);
                return fail(error, MITOME_E_FILE_READ, "file", NULL);
        }
        files->count++;
        mitome_status status = keep_file(fd, file, error);
        close(fd);
        return status;
}

/* `within` is the part of the names that stands before those of this folder: "", or "seen/". */
static mitome_status keep_folder(
        struct specimen_files *files, const char *folder, const char *within, mitome_error *error)
{
        char path[PATH_SIZE], name[SPECIMEN_NAME_MAX * 2];
        mitome_status status = ok();
        DIR *directory = opendir(folder);
        for (struct dirent *entry; directory && !failed(status) && (entry = readdir(directory));) {
                if (is_own(entry) || !name_file(path, folder, entry->d_name))
                        continue;
                snprintf(name, sizeof name, "%s%.64s%s", within, entry->d_name,
                        entry->d_type == DT_DIR ? "/" : "");
                if (entry->d_type == DT_REG)
                        status = keep_named(files, path, name, error);
                else if (entry->d_type == DT_DIR && !*within)
                        status = keep_folder(files, path, name, error);
        }
        if (directory)
                closedir(directory);
        return status;
}

mitome_status specimen_files_keep(const char *folder, struct specimen_files *ret, mitome_error *error)
{
        struct specimen_files files = { 0 };
        mitome_status status = keep_folder(&files, folder, "", error);
        if (failed(status))
                specimen_files_drop(&files);
        else
                *ret = files;
        return status;
}

void specimen_files_drop(struct specimen_files *files)
{
        for (size_t i = 0; i < files->count; i++) {
                if (files->list[i].bytes)
                        bytes_wipe(files->list[i].bytes, files->list[i].size);
                free(files->list[i].bytes);
        }
        *files = (struct specimen_files){ 0 };
}

/* ---- putting back ---- */

/* Folders stay. */
static void empty_folder(const char *folder, unsigned depth)
{
        char path[PATH_SIZE];
        DIR *directory = opendir(folder);
        for (struct dirent *entry; directory && (entry = readdir(directory));) {
                if (is_own(entry) || !name_file(path, folder, entry->d_name))
                        continue;
                if (entry->d_type == DT_REG)
                        unlink(path);
                else if (entry->d_type == DT_DIR && depth == 0)
                        empty_folder(path, depth + 1);
        }
        if (directory)
                closedir(directory);
}

static mitome_status put_file(const char *folder, const struct specimen_file *file, mitome_error *error)
{
        char path[PATH_SIZE];
        int fd = name_file(path, folder, file->name)
                         ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)
                         : -1;
        bool written = fd >= 0 && write(fd, file->bytes, file->size) == (ssize_t)file->size;
        if (fd >= 0)
                close(fd);
        return written ? ok() : fail(error, MITOME_E_FILE_WRITE, "file", NULL);
}

mitome_status specimen_files_put(const char *folder, const struct specimen_files *files, mitome_error *error)
{
        empty_folder(folder, 0);
        for (size_t i = 0; i < files->count; i++)
                MITOME_TRY(put_file(folder, &files->list[i], error));
        return ok();
}

/* ---- folders ---- */

static int remove_one(const char *path, const struct stat *file, int kind, struct FTW *place)
{
        (void)file;
        (void)kind;
        (void)place;
        (void)remove(path); /* what cannot go stays, and its folder with it */
        return 0;
}

void specimen_files_remove(const char *folder)
{
        enum { DESCRIPTORS = 8 };
        (void)nftw(folder, remove_one, DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
}

/* ---- looking for something ---- */

static bool file_has(const char *path, slice pattern)
{
        struct stat file;
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0 || fstat(fd, &file) != 0 || !S_ISREG(file.st_mode)) {
                if (fd >= 0)
                        close(fd);
                return false;
        }
        uint8_t *bytes = malloc((size_t)file.st_size + 1);
        bool there = bytes && read_whole(fd, bytes, (size_t)file.st_size) &&
                     memmem(bytes, (size_t)file.st_size, pattern.data, pattern.size);
        free(bytes);
        close(fd);
        return there;
}

static bool folder_has(const char *folder, slice pattern, unsigned depth, char *ret_name, size_t size)
{
        char path[PATH_SIZE];
        bool there = false;
        DIR *directory = opendir(folder);
        for (struct dirent *entry; directory && !there && (entry = readdir(directory));) {
                if (is_own(entry) || !name_file(path, folder, entry->d_name))
                        continue;
                if (entry->d_type == DT_DIR) {
                        there = depth < DEPTH_MAX && folder_has(path, pattern, depth + 1, ret_name, size);
                } else if (file_has(path, pattern)) {
                        snprintf(ret_name, size, "%s", entry->d_name);
                        there = true;
                }
        }
        if (directory)
                closedir(directory);
        return there;
}

bool specimen_files_find(const char *folder, slice pattern, char *ret_name, size_t size)
{
        return pattern.size && folder_has(folder, pattern, 0, ret_name, size);
}

static int open_memory(long process)
{
        char path[64];
        snprintf(path, sizeof path, "/proc/%ld/mem", process);
        return open(path, O_RDONLY | O_CLOEXEC);
}

bool specimen_memory_open(long process)
{
        int fd = process > 0 ? open_memory(process) : -1;
        if (fd >= 0)
                close(fd);
        return fd >= 0;
}

/* A piece at a time, each beginning with the end of the one before. */
static bool range_has(int fd, uint64_t from, uint64_t to, slice pattern)
{
        enum { PIECE = 1 << 20 };
        uint8_t *piece = malloc(PIECE);
        bool there = false;
        while (piece && !there && from < to) {
                size_t size = to - from < PIECE ? (size_t)(to - from) : PIECE;
                ssize_t count = pread(fd, piece, size, (off_t)from);
                if (count < (ssize_t)pattern.size)
                        break;
                there = memmem(piece, (size_t)count, pattern.data, pattern.size) != NULL;
                from += (uint64_t)count - (from + (uint64_t)count < to ? pattern.size - 1 : 0);
        }
        free(piece);
        return there;
}

/* What a sanitizer sets aside, and nothing of ours, is larger than this. */
#define RANGE_MAX (UINT64_C(1) << 30)

bool specimen_memory_find(long process, slice pattern)
{
        enum { LINE = 512 };
        static const uint64_t shadow = UINT64_C(1) << 32;
        char path[64], line[LINE], mode[8];
        uint64_t from, to;
        bool there = false;
        snprintf(path, sizeof path, "/proc/%ld/maps", process);
        FILE *maps = fopen(path, "re");
        int fd = open_memory(process);
        while (maps && fd >= 0 && pattern.size && !there && fgets(line, sizeof line, maps)) {
                char *end, *rest;
                from = strtoull(line, &end, 16);
                to = *end == '-' ? strtoull(end + 1, &rest, 16) : 0;
                if (!to || snprintf(mode, sizeof mode, "%.4s", rest + 1) < 2 || mode[1] != 'w' ||
                        to - from > RANGE_MAX)
                        continue;
                if (to - from < shadow) /* what is larger is a sanitizer's, and would take days */
                        there = range_has(fd, from, to, pattern);
        }
        if (fd >= 0)
                close(fd);
        if (maps)
                fclose(maps);
        return there;
}
