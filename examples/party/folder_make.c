/* SPDX-License-Identifier: Apache-2.0 */
#include "folder_make.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

mitome_status folder_make(
        const char *path, mode_t mode, const char *field, const char *above, mitome_error *error)
{
        struct stat facts;
        if (mkdir(path, mode) == 0)
                return ok();
        if (errno == ENOENT)
                return fail(error, MITOME_E_FILE_READ, above, NULL);
        /* Also where the one above cannot be written (EACCES, EROFS), this one may be there. */
        return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode) && access(path, W_OK | X_OK) == 0
                       ? ok()
                       : fail(error, MITOME_E_FILE_WRITE, field, NULL);
}
