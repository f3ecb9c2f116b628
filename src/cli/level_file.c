/* SPDX-License-Identifier: Apache-2.0 */
#include "level_file.h"

#include "trust_files.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where the policies are from where the program is: installed, and in a build folder. */
static const char *const folders[] = { "../share/mitome/policies", "../attestation/level/policies" };

static bool find_shipped(const char *name, char path[PATH_MAX])
{
        char program[PATH_MAX];
        ssize_t size = readlink("/proc/self/exe", program, sizeof program - 1);
        if (size <= 0)
                return false;
        program[size] = '\0';
        char *end = strrchr(program, '/');
        if (!end)
                return false;
        *end = '\0';
        for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
                int length = snprintf(path, PATH_MAX, "%s/%s/%s.json", program, folders[i], name);
                if (length > 0 && length < PATH_MAX && access(path, R_OK) == 0)
                        return true;
        }
        return false;
}

/* A name is one of the policies that come with the program. A file says that it is one: else whoever can
 * write into a folder where somebody works would say what his levels demand. */
static bool is_file_name(const char *name)
{
        static const char ending[] = ".json";
        const size_t size = strlen(name), end = sizeof ending - 1;
        return strchr(name, '/') || (size > end && strcmp(name + size - end, ending) == 0);
}

struct level_file_spot level_file_spot(slice text, size_t at)
{
        struct level_file_spot spot = { .line = 1, .column = 1 };
        for (size_t i = 0; i < at && i < text.size; i++) {
                if (text.data[i] == '\n')
                        spot = (struct level_file_spot){ .line = spot.line + 1, .column = 1 };
                else if ((text.data[i] & 0xC0) != 0x80) /* the first byte of a character */
                        spot.column++;
        }
        return spot;
}

mitome_status level_file_read(const char *name, struct level_policy *ret, uint8_t **ret_bytes,
        slice *ret_json, struct level_file_spot *ret_spot, mitome_error *error)
{
        mitome_error refusal = { 0 };
        char path[PATH_MAX];
        uint8_t *bytes = NULL;
        slice json;
        *ret_spot = (struct level_file_spot){ 0 };
        if (!is_file_name(name)) {
                errno = ENOENT;
                if (!find_shipped(name, path))
                        return fail(error, MITOME_E_FILE_READ, "policy", NULL);
                name = path;
        }
        MITOME_TRY(trust_read_file(name, &bytes, &json, error));
        mitome_status status = level_policy_read(json, ret, &refusal);
        if (failed(status)) {
                if (refusal.at != MITOME_NOWHERE)
                        *ret_spot = level_file_spot(json, refusal.at);
                if (error)
                        *error = refusal;
                free(bytes);
                return status;
        }
        if (ret_json)
                *ret_json = json;
        *ret_bytes = bytes;
        return ok();
}
