/* SPDX-License-Identifier: Apache-2.0 */
#include "sql_cut.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_CUT = 77 };

struct cut_state {
        sqlite3_vfs vfs;
        sqlite3_vfs *below;
        const char *part;
        unsigned at, count; /* at: 0 when it is not armed */
        enum sql_cut_how how;
        bool off;
};

static struct cut_state cut;

static bool is_counted(const char *path)
{
        return path && (!cut.part || strstr(path, cut.part));
}

/* whether this operation is to fail; *ret_torn: half of it is done first */
static bool fails(const char *path, bool *ret_torn)
{
        *ret_torn = false;
        if (cut.at == 0 || !is_counted(path))
                return false;
        if (cut.off)
                return true;
        if (++cut.count != cut.at)
                return false;
        if (cut.how == SQL_CUT_KILLS)
                _exit(EXIT_CUT);
        cut.off = true;
        *ret_torn = cut.how == SQL_CUT_TORN;
        return true;
}

/* ---- files ---- */

struct named_file {
        sqlite3_file base;
        sqlite3_file *below;
        char path[512];
};

static struct named_file *named(sqlite3_file *file)
{
        return (struct named_file *)(void *)file;
}

static sqlite3_file *below(sqlite3_file *file)
{
        return named(file)->below;
}

static int on_close(sqlite3_file *file)
{
        return below(file)->pMethods->xClose(below(file));
}

static int on_read(sqlite3_file *file, void *bytes, int size, sqlite3_int64 at)
{
        return below(file)->pMethods->xRead(below(file), bytes, size, at);
}

static int on_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 at)
{
        bool torn;
        if (!fails(named(file)->path, &torn))
                return below(file)->pMethods->xWrite(below(file), bytes, size, at);
        if (torn)
                (void)below(file)->pMethods->xWrite(below(file), bytes, size / 2, at);
        return SQLITE_IOERR_WRITE;
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 size)
{
        bool torn;
        return fails(named(file)->path, &torn) ? SQLITE_IOERR_TRUNCATE
                                               : below(file)->pMethods->xTruncate(below(file), size);
}

static int on_sync(sqlite3_file *file, int flags)
{
        bool torn;
        return fails(named(file)->path, &torn) ? SQLITE_IOERR_FSYNC
                                               : below(file)->pMethods->xSync(below(file), flags);
}

static int on_size(sqlite3_file *file, sqlite3_int64 *ret)
{
        return below(file)->pMethods->xFileSize(below(file), ret);
}

static int on_lock(sqlite3_file *file, int level)
{
        return below(file)->pMethods->xLock(below(file), level);
}

static int on_unlock(sqlite3_file *file, int level)
{
        return below(file)->pMethods->xUnlock(below(file), level);
}

static int on_check(sqlite3_file *file, int *ret)
{
        return below(file)->pMethods->xCheckReservedLock(below(file), ret);
}

static int on_control(sqlite3_file *file, int what, void *value)
{
        return below(file)->pMethods->xFileControl(below(file), what, value);
}

static int on_sector(sqlite3_file *file)
{
        return below(file)->pMethods->xSectorSize(below(file));
}

static int on_traits(sqlite3_file *file)
{
        return below(file)->pMethods->xDeviceCharacteristics(below(file));
}

/* Version 1: no shared memory. A store that takes its lock for itself needs none. */
static const sqlite3_io_methods methods = { 1, on_close, on_read, on_write, on_truncate, on_sync, on_size,
        on_lock, on_unlock, on_check, on_control, on_sector, on_traits, NULL, NULL, NULL, NULL, NULL, NULL };

/* ---- the way itself ---- */

static int on_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *ret_flags)
{
        struct named_file *opened = named(file);
        (void)vfs;
        memset(opened, 0, sizeof *opened);
        opened->below = (sqlite3_file *)(void *)(opened + 1);
        int result = cut.below->xOpen(cut.below, path, opened->below, flags, ret_flags);
        if (path && strlen(path) < sizeof opened->path)
                memcpy(opened->path, path, strlen(path));
        if (opened->below->pMethods)
                opened->base.pMethods = &methods;
        return result;
}

static int on_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
        bool torn;
        (void)vfs;
        return fails(path, &torn) ? SQLITE_IOERR_DELETE : cut.below->xDelete(cut.below, path, sync);
}

void sql_cut_begin(void)
{
        if (cut.below)
                return;
        sqlite3_initialize();
        cut.below = sqlite3_vfs_find(NULL);
        cut.vfs = *cut.below;
        cut.vfs.zName = "cut";
        cut.vfs.pNext = NULL;
        cut.vfs.szOsFile = (int)sizeof(struct named_file) + cut.below->szOsFile;
        cut.vfs.xOpen = on_open;
        cut.vfs.xDelete = on_delete;
        if (sqlite3_vfs_register(&cut.vfs, 1) != SQLITE_OK)
                abort();
}

void sql_cut_arm(const char *part, unsigned n, enum sql_cut_how how)
{
        cut.part = part;
        cut.at = n;
        cut.count = 0;
        cut.how = how;
        cut.off = false;
}

bool sql_cut_on(void)
{
        bool was_off = cut.off;
        cut.at = 0;
        cut.off = false;
        return was_off;
}

unsigned sql_cut_count(void)
{
        return cut.count;
}

bool sql_cut_run(const char *part, unsigned n, bool (*flow)(void *context), void *context)
{
        int status = 0;
        pid_t child = fork();
        if (child < 0)
                abort();
        if (child == 0) {
                sql_cut_arm(part, n, SQL_CUT_KILLS);
                _exit(flow(context) ? 0 : 1);
        }
        if (waitpid(child, &status, 0) != child || !WIFEXITED(status) ||
                (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != EXIT_CUT))
                abort();
        return WEXITSTATUS(status) == EXIT_CUT;
}
