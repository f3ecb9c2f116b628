/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool read_open(FILE *file, size_t most, uint8_t **ret_bytes, slice *ret)
{
        struct stat about;
        if (fstat(fileno(file), &about) != 0 || !S_ISREG(about.st_mode) || about.st_size < 0 ||
                (uintmax_t)about.st_size > most)
                return false;
        const size_t size = (size_t)about.st_size;
        uint8_t *bytes = malloc(size + 1);
        if (!bytes)
                return false;
        if (fread(bytes, 1, size, file) != size) {
                free(bytes);
                return false;
        }
        *ret_bytes = bytes;
        *ret = slice_of(bytes, size);
        return true;
}

static bool read_whole(const char *path, size_t most, uint8_t **ret_bytes, slice *ret)
{
        /* What waits for a writer (a FIFO) is no file, and is not waited for. */
        const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "r");
        bool read = file && read_open(file, most, ret_bytes, ret);
        if (file)
                fclose(file);
        else if (descriptor >= 0)
                close(descriptor);
        return read;
}

/* `context` is the evidence file's own path. */
static bool read_beside(void *context, const char *path, uint8_t **ret_bytes, slice *ret)
{
        const char *own = context, *slash = strrchr(own, '/');
        char beside[PATH_MAX];
        int folder = slash && *path != '/' ? (int)(slash - own) + 1 : 0;
        int length = snprintf(beside, sizeof beside, "%.*s%s", folder, own, path);
        return length > 0 && (size_t)length < sizeof beside &&
               read_whole(beside, EVIDENCE_DOCUMENT_MAX, ret_bytes, ret);
}

mitome_status evidence_folder_read(const char *path, struct evaluation_record *record, mitome_error *error)
{
        const struct evidence_documents documents = { .read = read_beside,
                .context = (void *)(uintptr_t)path };
        uint8_t *bytes = NULL;
        slice json;
        if (!read_whole(path, EVIDENCE_FILE_MAX, &bytes, &json))
                return fail(error, MITOME_E_FILE_READ, "--evidence", NULL);
        mitome_status status = evidence_file_read(json, path, &documents, record, error);
        free(bytes);
        return status;
}

static mitome_status check(slice json, const char *path, struct evaluation_record *record, unsigned *ret_line,
        unsigned *ret_column, mitome_error *error)
{
        const struct evidence_documents documents = { .read = read_beside,
                .context = (void *)(uintptr_t)path };
        mitome_error refusal = { 0 };
        mitome_status status = evidence_file_read(json, path, &documents, record, &refusal);
        if (!failed(status))
                return record->claims.code == MITOME_OK ? ok()
                                                        : fail(error, record->claims.code, "facts", NULL);
        if (refusal.at != MITOME_NOWHERE)
                evidence_file_place(json, refusal.at, ret_line, ret_column);
        return fail(error, refusal.code, refusal.field, refusal.clause);
}

mitome_status evidence_folder_check(
        const char *path, unsigned *ret_line, unsigned *ret_column, mitome_error *error)
{
        struct evaluation_record record;
        uint8_t *bytes = NULL;
        slice json;
        *ret_line = *ret_column = 0;
        if (!read_whole(path, EVIDENCE_FILE_MAX, &bytes, &json))
                return fail(error, MITOME_E_FILE_READ, "--evidence", NULL);
        evaluation_record_begin(&record);
        mitome_status status = record.failed ? fail(error, MITOME_E_NO_MEMORY, "--evidence", NULL)
                                             : check(json, path, &record, ret_line, ret_column, error);
        evaluation_record_clear(&record);
        free(bytes);
        return status;
}
