/* SPDX-License-Identifier: Apache-2.0 */
#include "whole_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { PATH_SIZE = 600 };

mitome_status whole_file_write(const char *path, mitome_slice content, mitome_error *error)
{
        char made[PATH_SIZE];
        int size = snprintf(made, sizeof made, "%s.new", path);
        if (size < 0 || (size_t)size >= sizeof made)
                return fail(error, MITOME_E_TOO_LONG, "folder", NULL);
        int fd = open(made, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        bool good = fd >= 0 && write(fd, content.data, content.size) == (ssize_t)content.size;
        if (fd >= 0)
                good = close(fd) == 0 && good;
        good = good && rename(made, path) == 0;
        return good ? ok() : fail(error, MITOME_E_FILE_WRITE, "a file of the folder", NULL);
}
