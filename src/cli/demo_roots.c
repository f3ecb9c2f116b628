/* SPDX-License-Identifier: Apache-2.0 */
#include "demo_roots.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <unistd.h>

mitome_status demo_roots_write(const char *folder, const char *name, const char *label, const slice *ders,
        size_t count, mitome_error *error)
{
        char path[4096];
        int length = snprintf(path, sizeof path, "%s/%s", folder, name);
        if (length < 0 || (size_t)length >= sizeof path)
                return fail(error, MITOME_E_TOO_LONG, "the state's folder", NULL);
        (void)unlink(path); /* of an element whose making was cut short: it never was */
        FILE *file = fopen(path, "wxe");
        bool written = file;
        for (size_t i = 0; written && i < count; i++)
                written = PEM_write(file, label, "", ders[i].data, (long)ders[i].size) > 0;
        written = written && fflush(file) == 0 && fsync(fileno(file)) == 0;
        written = file && fclose(file) == 0 && written;
        return written ? ok() : fail(error, MITOME_E_FILE_WRITE, name, NULL);
}
