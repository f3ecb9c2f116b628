/* SPDX-License-Identifier: Apache-2.0 */
#include "small_file.h"

#include <stdio.h>

mitome_status small_file_read(const char *path, const char *field, uint8_t *buffer, size_t capacity,
        slice *ret, mitome_error *error)
{
        FILE *file = fopen(path, "rbe");
        if (!file)
                return fail(error, MITOME_E_FILE_READ, field, NULL);
        const size_t size = fread(buffer, 1, capacity, file);
        const bool more = fgetc(file) != EOF;
        const bool broken = ferror(file) != 0;
        (void)fclose(file);
        if (broken)
                return fail(error, MITOME_E_FILE_READ, field, NULL);
        if (more)
                return fail(error, MITOME_E_TOO_LONG, field, NULL);
        *ret = slice_of(buffer, size);
        return ok();
}
