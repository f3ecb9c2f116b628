/* SPDX-License-Identifier: Apache-2.0 */
#include "level_file.h"

#include "trust_files.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where the policies are from where the program is: installed, and in a build folder. */
static const char *const folders[] = { "../share/mitome/policies", "../attestation/level/policies" };

static bool find_program(char ret_folder[PATH_MAX])
{
        ssize_t size = readlink("/proc/self/exe", ret_folder, PATH_MAX - 1);
        if (size <= 0)
                return false;
        ret_folder[size] = '\0';
        char *end = strrchr(ret_folder, '/');
        if (end)
                *end = '\0';
        return end;
}

static bool find_shipped(const char *name, char path[PATH_MAX])
{
        char program[PATH_MAX];
        if (!find_program(program))
                return false;
        for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
                int length = snprintf(path, PATH_MAX, "%s/%s/%s.json", program, folders[i], name);
                if (length > 0 && length < PATH_MAX && access(path, R_OK) == 0)
                        return true;
        }
        return false;
}

static int is_policy(const struct dirent *entry)
{
        const char *ending = strrchr(entry->d_name, '.');
        return ending && strcmp(ending, ".json") == 0;
}

void level_file_print_names(FILE *out)
{
        char program[PATH_MAX], path[PATH_MAX];
        struct dirent **names = NULL;
        int count = -1;
        for (size_t i = 0; i < sizeof folders / sizeof folders[0] && count < 0 && find_program(program); i++)
                if (snprintf(path, sizeof path, "%s/%s", program, folders[i]) < PATH_MAX)
                        count = scandir(path, &names, is_policy, alphasort);
        for (int i = 0; i < count; i++) {
                fprintf(out, "%s%.*s", i ? ", " : "", (int)strcspn(names[i]->d_name, "."), names[i]->d_name);
                free(names[i]);
        }
        if (count >= 0)
                free(names);
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
