/* SPDX-License-Identifier: Apache-2.0 */
#include "memory_files.h"

#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 512 };

struct memory_file {
        char path[PATH_SIZE];
        uint8_t *bytes;
        size_t size, capacity;
        struct memory_file *next;
};

struct memory_handle {
        sqlite3_file base;
        struct memory_file *file;
};

static struct {
        sqlite3_vfs vfs;
        bool begun;
        struct memory_file *files;
        enum memory_write (*write)(void *context, const char *path);
        void *context;
} memory;

static struct memory_file *find_file(const char *path)
{
        struct memory_file *file = memory.files;
        while (file && strcmp(file->path, path) != 0)
                file = file->next;
        return file;
}

static struct memory_file *make_file(const char *path)
{
        struct memory_file *file = strlen(path) < PATH_SIZE ? calloc(1, sizeof *file) : NULL;
        if (!file)
                return NULL;
        snprintf(file->path, sizeof file->path, "%s", path);
        file->next = memory.files;
        memory.files = file;
        return file;
}

static struct memory_file *file_of(sqlite3_file *handle)
{
        return ((struct memory_handle *)(void *)handle)->file;
}

static enum memory_write ask(const struct memory_file *file)
{
        return memory.write ? memory.write(memory.context, file->path) : MEMORY_WRITE_DONE;
}

/* ---- files ---- */

static int on_close(sqlite3_file *handle)
{
        (void)handle;
        return SQLITE_OK;
}

static int on_read(sqlite3_file *handle, void *bytes, int size, sqlite3_int64 at)
{
        const struct memory_file *file = file_of(handle);
        size_t wanted = (size_t)size, from = (size_t)at;
        size_t there = from < file->size ? file->size - from : 0;
        memset(bytes, 0, wanted);
        if (there > 0)
                memcpy(bytes, file->bytes + from, there < wanted ? there : wanted);
        return there < wanted ? SQLITE_IOERR_SHORT_READ : SQLITE_OK;
}

static bool make_room(struct memory_file *file, size_t end)
{
        if (end <= file->capacity)
                return true;
        uint8_t *bytes = realloc(file->bytes, 2 * end);
        if (!bytes)
                return false;
        file->bytes = bytes;
        file->capacity = 2 * end;
        return true;
}

static int put(struct memory_file *file, const void *bytes, size_t size, size_t at)
{
        if (!make_room(file, at + size))
                return SQLITE_FULL;
        if (at > file->size)
                memset(file->bytes + file->size, 0, at - file->size);
        if (size > 0)
                memcpy(file->bytes + at, bytes, size);
        if (at + size > file->size)
                file->size = at + size;
        return SQLITE_OK;
}

static int on_write(sqlite3_file *handle, const void *bytes, int size, sqlite3_int64 at)
{
        struct memory_file *file = file_of(handle);
        enum memory_write how = ask(file);
        if (how == MEMORY_WRITE_DONE)
                return put(file, bytes, (size_t)size, (size_t)at);
        if (how == MEMORY_WRITE_TORN)
                (void)put(file, bytes, (size_t)size / 2, (size_t)at);
        return SQLITE_IOERR_WRITE;
}

static int on_truncate(sqlite3_file *handle, sqlite3_int64 size)
{
        struct memory_file *file = file_of(handle);
        if (ask(file) != MEMORY_WRITE_DONE)
                return SQLITE_IOERR_TRUNCATE;
        if ((size_t)size < file->size)
                file->size = (size_t)size;
        return SQLITE_OK;
}

static int on_sync(sqlite3_file *handle, int flags)
{
        (void)handle;
        (void)flags;
        return SQLITE_OK;
}

static int on_size(sqlite3_file *handle, sqlite3_int64 *ret)
{
        *ret = (sqlite3_int64)file_of(handle)->size;
        return SQLITE_OK;
}

static int on_lock(sqlite3_file *handle, int level)
{
        (void)handle;
        (void)level;
        return SQLITE_OK;
}

static int on_check(sqlite3_file *handle, int *ret)
{
        (void)handle;
        *ret = 0;
        return SQLITE_OK;
}

static int on_control(sqlite3_file *handle, int what, void *value)
{
        (void)handle;
        (void)what;
        (void)value;
        return SQLITE_NOTFOUND;
}

static int on_sector(sqlite3_file *handle)
{
        (void)handle;
        return 512;
}

static int on_traits(sqlite3_file *handle)
{
        (void)handle;
        return 0;
}

/* Version 1: no shared memory. A store that takes its lock for itself needs none. */
static const sqlite3_io_methods methods = { 1, on_close, on_read, on_write, on_truncate, on_sync, on_size,
        on_lock, on_lock, on_check, on_control, on_sector, on_traits, NULL, NULL, NULL, NULL, NULL, NULL };

/* ---- the way itself ---- */

static int on_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *handle, int flags, int *ret_flags)
{
        struct memory_handle *opened = (struct memory_handle *)(void *)handle;
        (void)vfs;
        memset(opened, 0, sizeof *opened);
        struct memory_file *file = path ? find_file(path) : NULL;
        if (!file)
                file = make_file(path ? path : "");
        if (!file)
                return SQLITE_CANTOPEN;
        opened->file = file;
        opened->base.pMethods = &methods;
        if (ret_flags)
                *ret_flags = flags;
        return SQLITE_OK;
}

static int on_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
        struct memory_file *file = find_file(path);
        (void)vfs;
        (void)sync;
        if (!file)
                return SQLITE_IOERR_DELETE_NOENT;
        if (ask(file) != MEMORY_WRITE_DONE)
                return SQLITE_IOERR_DELETE;
        struct memory_file **at = &memory.files;
        while (*at != file)
                at = &(*at)->next;
        *at = file->next;
        free(file->bytes);
        free(file);
        return SQLITE_OK;
}

static int on_access(sqlite3_vfs *vfs, const char *path, int flags, int *ret)
{
        (void)vfs;
        (void)flags;
        *ret = find_file(path) != NULL;
        return SQLITE_OK;
}

void memory_files_begin(enum memory_write (*write)(void *context, const char *path), void *context)
{
        memory.write = write;
        memory.context = context;
        if (memory.begun)
                return;
        sqlite3_initialize();
        memory.vfs = *sqlite3_vfs_find(NULL);
        memory.vfs.zName = "memory files";
        memory.vfs.pNext = NULL;
        memory.vfs.szOsFile = (int)sizeof(struct memory_handle);
        memory.vfs.xOpen = on_open;
        memory.vfs.xDelete = on_delete;
        memory.vfs.xAccess = on_access;
        if (sqlite3_vfs_register(&memory.vfs, 1) != SQLITE_OK)
                abort();
        memory.begun = true;
}
