/* SPDX-License-Identifier: Apache-2.0 */
#include "specimen_folder.h"

#include "specimen_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Under the second name there is none that was not locked when it got it. */
#define FRESH "mitome-specimen-new-"
#define HELD "mitome-specimen-held-"

enum { DRAWN = 6, PATH_SIZE = 512 };

static int lock_folder(int above, const char *path)
{
        int fd = openat(above, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
                close(fd);
                return -1;
        }
        return fd;
}

mitome_status specimen_folder_make(
        const char *above, char *ret_path, size_t capacity, int *ret_lock, mitome_error *error)
{
        char fresh[PATH_SIZE];
        int size = snprintf(fresh, sizeof fresh, "%s/" FRESH "XXXXXX", above);
        if (size < 0 || (size_t)size >= sizeof fresh || !mkdtemp(fresh))
                return fail(error, MITOME_E_FILE_WRITE, "the folder for a specimen", NULL);
        int fd = lock_folder(AT_FDCWD, fresh);
        size = snprintf(ret_path, capacity, "%s/" HELD "%s", above, fresh + strlen(fresh) - DRAWN);
        if (fd < 0 || size < 0 || (size_t)size >= capacity || rename(fresh, ret_path) != 0) {
                if (fd >= 0)
                        close(fd);
                rmdir(fresh);
                *ret_path = '\0';
                return fail(error, MITOME_E_FILE_WRITE, "the folder for a specimen", NULL);
        }
        *ret_lock = fd;
        return ok();
}

static bool is_name(const char *name)
{
        return strncmp(name, HELD, strlen(HELD)) == 0 && strlen(name) == strlen(HELD) + DRAWN;
}

static void remove_dead(int above, const char *folder, const char *name)
{
        char path[PATH_SIZE];
        struct stat file;
        int size = snprintf(path, sizeof path, "%s/%s", folder, name);
        int fd = size > 0 && (size_t)size < sizeof path ? lock_folder(above, name) : -1;
        if (fd < 0)
                return;
        if (fstat(fd, &file) == 0 && file.st_uid == geteuid())
                specimen_files_remove(path);
        close(fd);
}

void specimen_folder_sweep(const char *above)
{
        DIR *directory = opendir(above);
        for (struct dirent *entry; directory && (entry = readdir(directory));)
                if (is_name(entry->d_name))
                        remove_dead(dirfd(directory), above, entry->d_name);
        if (directory)
                closedir(directory);
}
