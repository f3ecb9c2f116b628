/* SPDX-License-Identifier: Apache-2.0 */
#include "web_static.h"

#include "digest.h"
#include "hex_text.h"
#include "small_file.h"
#include "web_cut.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
        const char *ending, *media_type;
} types[] = { { ".css", "text/css; charset=utf-8" }, { ".js", "text/javascript; charset=utf-8" },
        { ".svg", "image/svg+xml" }, { ".png", "image/png" } };

static const char *media_type_of(const char *name)
{
        const char *ending = strrchr(name, '.');
        for (size_t i = 0; ending && i < sizeof types / sizeof *types; i++)
                if (strcmp(ending, types[i].ending) == 0)
                        return types[i].media_type;
        return NULL;
}

static int is_served(const struct dirent *entry)
{
        return entry->d_name[0] != '.' && media_type_of(entry->d_name) != NULL;
}

static void make_etag(struct web_static_file *file)
{
        uint8_t digest[SHA256_SIZE];
        slice content = slice_of(file->bytes, file->size);
        writer w = writer_over((uint8_t *)file->etag, sizeof file->etag - 1);
        sha256(&content, 1, digest);
        write_u8(&w, '"');
        hex_text_write(&w, slice_of(digest, 16));
        write_u8(&w, '"');
        file->etag[w.used] = '\0';
}

static mitome_status read_file(
        struct web_static *files, const char *folder, const char *name, uint8_t *buffer, mitome_error *error)
{
        char path[4096];
        slice content;
        struct web_static_file *file = &files->files[files->count];
        if (files->count == WEB_STATIC_FILES)
                return fail(error, MITOME_E_TOO_MANY, "static file", NULL);
        int size = snprintf(path, sizeof path, "%s/%s", folder, name),
            named = snprintf(file->name, sizeof file->name, "%s", name);
        if (size < 0 || (size_t)size >= sizeof path || named < 0 || (size_t)named >= sizeof file->name)
                return fail(error, MITOME_E_TOO_LONG, "static file's name", NULL);
        MITOME_TRY(small_file_read(path, "static file", buffer, WEB_STATIC_MAX, &content, error));
        file->bytes = malloc(content.size ? content.size : 1);
        if (!file->bytes)
                return fail(error, MITOME_E_NO_MEMORY, "static file", NULL);
        files->count++;
        file->size = content.size;
        file->media_type = media_type_of(name);
        MITOME_TRY(slice_copy(content, "static file", file->bytes, file->size, error));
        make_etag(file);
        return ok();
}

static mitome_status read_files(
        struct web_static *files, const char *folder, uint8_t *buffer, mitome_error *error)
{
        struct dirent **entries = NULL;
        int count = scandir(folder, &entries, is_served, alphasort);
        mitome_status status =
                count < 0 ? fail(error, MITOME_E_FILE_READ, "folder of static files", NULL) : ok();
        for (int i = 0; i < count; i++) {
                if (!failed(status))
                        status = read_file(files, folder, entries[i]->d_name, buffer, error);
                free(entries[i]);
        }
        free(entries);
        return status;
}

mitome_status web_static_open(const char *folder, struct web_static **ret, mitome_error *error)
{
        struct web_static *files = calloc(1, sizeof *files);
        uint8_t *buffer = malloc(WEB_STATIC_MAX);
        mitome_status status = files && buffer ? read_files(files, folder, buffer, error)
                                               : fail(error, MITOME_E_NO_MEMORY, "static files", NULL);
        free(buffer);
        if (failed(status))
                web_static_free(files);
        else
                *ret = files;
        return status;
}

void web_static_free(struct web_static *files)
{
        for (size_t i = 0; files && i < files->count; i++)
                free(files->files[i].bytes);
        free(files);
}

const struct web_static_file *web_static_find(const struct web_static *files, slice path)
{
        static const char before[] = "/static/";
        if (!files || !slice_begins_with(path, slice_text(before)))
                return NULL;
        slice name = web_after(path, sizeof before - 1);
        for (size_t i = 0; i < files->count; i++)
                if (slice_is(name, files->files[i].name))
                        return &files->files[i];
        return NULL;
}

void web_static_answer(
        const struct web_static_file *file, const struct web_request *request, struct web_answer *answer)
{
        web_set_header(answer, "ETag", file->etag);
        web_set_header(answer, "Cache-Control", "no-cache"); /* kept, but asked for each time */
        if (slice_is(web_header(request, "if-none-match"), file->etag))
                web_status(answer, 304);
}
