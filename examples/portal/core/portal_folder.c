/* SPDX-License-Identifier: Apache-2.0 */
#include "portal_folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { NAME_MAX_SIZE = 256 };

/* The order is that of struct portal_trust_parts, see portal_folder_parts. */
static const struct folder_kind {
        const char *folder, *suffix;
} kinds[PORTAL_FOLDER_KINDS] = {
        { "attestation", ".der" },
        { "jpki", ".der" },
        { "jpki-signing", ".der" },
        { "crl", ".crl" },
        { "metadata", ".json" },
        { "evaluators", ".der" },
        { "evaluations", ".statement" },
};

struct portal_trust_parts portal_folder_parts(const struct portal_folder *folder)
{
        return (struct portal_trust_parts){
                .attestation = folder->files[0],
                .attestation_count = folder->counts[0],
                .jpki = folder->files[1],
                .jpki_count = folder->counts[1],
                .signing = folder->files[2],
                .signing_count = folder->counts[2],
                .lists = folder->files[3],
                .list_count = folder->counts[3],
                .statements = folder->files[4],
                .statement_count = folder->counts[4],
                .evaluators = folder->files[5],
                .evaluator_count = folder->counts[5],
                .evaluations = folder->files[6],
                .evaluation_count = folder->counts[6],
        };
}

/* ---- names ---- */

/* Names of one kind, in order. */
struct listing {
        char names[PORTAL_TRUST_FILES][NAME_MAX_SIZE];
        size_t count;
};

/* What begins with a dot is a file that somebody is still writing. */
static bool is_of_kind(const char *name, const char *suffix)
{
        const size_t size = strlen(name), tail = strlen(suffix);
        return name[0] != '.' && size > tail && size < NAME_MAX_SIZE &&
               strcmp(name + size - tail, suffix) == 0;
}

static int by_name(const void *a, const void *b)
{
        return strcmp(a, b);
}

static mitome_status list_open(
        DIR *folder, const struct folder_kind *kind, struct listing *ret, mitome_error *error)
{
        for (const struct dirent *entry; (entry = readdir(folder));) {
                if (!is_of_kind(entry->d_name, kind->suffix))
                        continue;
                if (ret->count == PORTAL_TRUST_FILES)
                        return fail(error, MITOME_E_TOO_MANY, kind->folder, NULL);
                (void)snprintf(ret->names[ret->count++], NAME_MAX_SIZE, "%s", entry->d_name);
        }
        qsort(ret->names, ret->count, NAME_MAX_SIZE, by_name);
        return ok();
}

/* A folder of one kind that is missing has nothing in it. */
static mitome_status list_kind(
        const char *path, const struct folder_kind *kind, struct listing *ret, mitome_error *error)
{
        char whole[PORTAL_TRUST_PATH_MAX];
        ret->count = 0;
        if ((size_t)snprintf(whole, sizeof whole, "%s/%s", path, kind->folder) >= sizeof whole)
                return fail(error, MITOME_E_TOO_LONG, "trust folder", NULL);
        DIR *folder = opendir(whole);
        if (!folder)
                return errno == ENOENT ? ok() : fail(error, MITOME_E_FILE_READ, kind->folder, NULL);
        mitome_status status = list_open(folder, kind, ret, error);
        (void)closedir(folder);
        return status;
}

static mitome_status file_path(const char *path, const struct folder_kind *kind, const char *name,
        char ret[PORTAL_TRUST_PATH_MAX], mitome_error *error)
{
        return (size_t)snprintf(ret, PORTAL_TRUST_PATH_MAX, "%s/%s/%s", path, kind->folder, name) <
                               PORTAL_TRUST_PATH_MAX
                       ? ok()
                       : fail(error, MITOME_E_TOO_LONG, "trust folder", NULL);
}

/* ---- looking ---- */

struct glance {
        char path[PORTAL_TRUST_PATH_MAX];
        int64_t size, seconds, nanoseconds, inode;
};

static mitome_status look_at(const char *path, const struct folder_kind *kind, const char *name,
        uint8_t digest[SHA256_SIZE], mitome_error *error)
{
        struct glance glance = { 0 };
        struct stat facts;
        MITOME_TRY(file_path(path, kind, name, glance.path, error));
        if (stat(glance.path, &facts) != 0)
                return fail(error, MITOME_E_FILE_READ, kind->folder, NULL);
        glance.size = facts.st_size;
        glance.seconds = facts.st_mtim.tv_sec;
        glance.nanoseconds = facts.st_mtim.tv_nsec;
        glance.inode = (int64_t)facts.st_ino;
        const slice parts[] = { slice_of(digest, SHA256_SIZE), slice_of(&glance, sizeof glance) };
        sha256(parts, 2, digest);
        return ok();
}

static mitome_status look_kind(const char *path, const struct folder_kind *kind, struct listing *listing,
        uint8_t digest[SHA256_SIZE], mitome_error *error)
{
        MITOME_TRY(list_kind(path, kind, listing, error));
        for (size_t i = 0; i < listing->count; i++)
                MITOME_TRY(look_at(path, kind, listing->names[i], digest, error));
        return ok();
}

mitome_status portal_folder_look(const char *path, uint8_t ret[SHA256_SIZE], mitome_error *error)
{
        struct stat facts;
        uint8_t digest[SHA256_SIZE] = { 0 };
        if (stat(path, &facts) != 0 || !S_ISDIR(facts.st_mode))
                return fail(error, MITOME_E_FILE_READ, "trust folder", NULL);
        struct listing *listing = malloc(sizeof *listing);
        if (!listing)
                return fail(error, MITOME_E_NO_MEMORY, "trust folder", NULL);
        mitome_status status = ok();
        for (size_t i = 0; i < PORTAL_FOLDER_KINDS && !failed(status); i++)
                status = look_kind(path, &kinds[i], listing, digest, error);
        free(listing);
        MITOME_TRY(status);
        return slice_copy(SLICE(digest), "trust folder", ret, SHA256_SIZE, error);
}

/* ---- reading ---- */

static mitome_status read_open(
        FILE *file, const char *field, uint8_t **ret_memory, slice *ret, mitome_error *error)
{
        struct stat facts;
        if (fstat(fileno(file), &facts) != 0 || !S_ISREG(facts.st_mode))
                return fail(error, MITOME_E_FILE_READ, field, NULL);
        if (facts.st_size > PORTAL_TRUST_FILE_MAX)
                return fail(error, MITOME_E_TOO_LONG, field, NULL);
        const size_t size = (size_t)facts.st_size;
        uint8_t *bytes = malloc(size + 1);
        if (!bytes)
                return fail(error, MITOME_E_NO_MEMORY, field, NULL);
        /* One more than there were: a file that grows meanwhile is not whole. */
        if (fread(bytes, 1, size + 1, file) != size || ferror(file)) {
                free(bytes);
                return fail(error, MITOME_E_FILE_READ, field, NULL);
        }
        *ret_memory = bytes;
        *ret = slice_of(bytes, size);
        return ok();
}

static mitome_status read_file(const char *path, const struct folder_kind *kind, const char *name,
        uint8_t **ret_memory, slice *ret, mitome_error *error)
{
        char whole[PORTAL_TRUST_PATH_MAX];
        MITOME_TRY(file_path(path, kind, name, whole, error));
        FILE *file = fopen(whole, "rbe");
        if (!file)
                return fail(error, MITOME_E_FILE_READ, kind->folder, NULL);
        mitome_status status = read_open(file, kind->folder, ret_memory, ret, error);
        (void)fclose(file);
        return status;
}

static mitome_status read_kind(const char *path, size_t kind, struct listing *listing,
        struct portal_folder *folder, mitome_error *error)
{
        MITOME_TRY(list_kind(path, &kinds[kind], listing, error));
        for (size_t i = 0; i < listing->count; i++) {
                MITOME_TRY(read_file(path, &kinds[kind], listing->names[i], &folder->memory[kind][i],
                        &folder->files[kind][i], error));
                folder->counts[kind] = i + 1;
        }
        return ok();
}

mitome_status portal_folder_read(const char *path, struct portal_folder *ret, mitome_error *error)
{
        struct listing *listing = malloc(sizeof *listing);
        if (!listing)
                return fail(error, MITOME_E_NO_MEMORY, "trust folder", NULL);
        *ret = (struct portal_folder){ 0 };
        mitome_status status = ok();
        for (size_t i = 0; i < PORTAL_FOLDER_KINDS && !failed(status); i++)
                status = read_kind(path, i, listing, ret, error);
        free(listing);
        if (failed(status))
                portal_folder_free(ret);
        return status;
}

void portal_folder_free(struct portal_folder *folder)
{
        for (size_t kind = 0; kind < PORTAL_FOLDER_KINDS; kind++)
                for (size_t i = 0; i < folder->counts[kind]; i++)
                        free(folder->memory[kind][i]);
        *folder = (struct portal_folder){ 0 };
}
