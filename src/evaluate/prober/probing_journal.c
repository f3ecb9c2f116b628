/* SPDX-License-Identifier: Apache-2.0 */
#include "probing_journal.h"

#include "bytes.h"
#include "probing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 4096, JOURNAL_MAX = 64 << 20, LINES_MAX = 4096 };

static mitome_status refuse(mitome_error *error)
{
        return fail(error, MITOME_E_EVALUATE_JOURNAL, PROBING_JOURNAL, NULL);
}

/* ---- writing ---- */

static bool write_all(int fd, const char *bytes, size_t size)
{
        while (size) {
                ssize_t count = write(fd, bytes, size);
                if (count < 0 && errno == EINTR)
                        continue;
                if (count <= 0)
                        return false;
                bytes += count;
                size -= (size_t)count;
        }
        return true;
}

static mitome_status add_line(int fd, const json_t *value, mitome_error *error)
{
        char *text = json_dumps(value, JSON_COMPACT);
        if (!text)
                return fail(error, MITOME_E_NO_MEMORY, PROBING_JOURNAL, NULL);
        const size_t size = strlen(text);
        text[size] = '\n'; /* in the place of its end: one write, and a line that is there is there whole */
        bool written = write_all(fd, text, size + 1) && fdatasync(fd) == 0;
        free(text);
        return written ? ok() : fail(error, MITOME_E_FILE_WRITE, PROBING_JOURNAL, NULL);
}

mitome_status probing_journal_add(struct probing_journal *journal, const json_t *probe, mitome_error *error)
{
        return journal->fd >= 0 ? add_line(journal->fd, probe, error) : ok();
}

/* ---- reading ---- */

static mitome_status read_text(int fd, char **ret, size_t *ret_size, mitome_error *error)
{
        struct stat file;
        if (fstat(fd, &file) != 0 || file.st_size > JOURNAL_MAX)
                return fail(error, MITOME_E_FILE_READ, PROBING_JOURNAL, NULL);
        char *text = malloc((size_t)file.st_size + 1);
        size_t size = 0;
        ssize_t count = 1;
        while (text && size < (size_t)file.st_size && count > 0) {
                count = pread(fd, text + size, (size_t)file.st_size - size, (off_t)size);
                size += count > 0 ? (size_t)count : 0;
        }
        if (!text || size < (size_t)file.st_size) {
                free(text);
                return fail(error, MITOME_E_FILE_READ, PROBING_JOURNAL, NULL);
        }
        *ret = text;
        *ret_size = size;
        return ok();
}

static mitome_status take_line(
        struct probing_journal *journal, const char *line, size_t size, mitome_error *error)
{
        json_t *value = json_loadb(line, size, JSON_REJECT_DUPLICATES, NULL);
        if (!json_is_object(value)) {
                json_decref(value);
                return refuse(error);
        }
        if (!journal->header) {
                journal->header = value;
                return ok();
        }
        const char *id = json_string_value(json_object_get(value, "id"));
        const char *result = json_string_value(json_object_get(value, "result"));
        bool taken = id && result && json_object_set(journal->probes, id, value) == 0;
        json_decref(value);
        return taken ? ok() : refuse(error);
}

/* *ret_whole is where the last whole line ends. */
static mitome_status take_lines(struct probing_journal *journal, const char *text, size_t size,
        size_t *ret_whole, mitome_error *error)
{
        size_t at = 0;
        for (unsigned lines = 0; at < size; lines++) {
                const char *end = memchr(text + at, '\n', size - at);
                if (!end)
                        break;
                if (lines == LINES_MAX)
                        return refuse(error);
                MITOME_TRY(take_line(journal, text + at, (size_t)(end - text) - at, error));
                at = (size_t)(end - text) + 1;
        }
        *ret_whole = at;
        return ok();
}

static mitome_status read_journal(
        struct probing_journal *journal, int fd, size_t *ret_whole, mitome_error *error)
{
        char *text = NULL;
        size_t size;
        journal->probes = json_object();
        MITOME_TRY(read_text(fd, &text, &size, error));
        mitome_status status = take_lines(journal, text, size, ret_whole, error);
        free(text);
        return status;
}

/* ---- opening ---- */

static bool is_same_run(const json_t *one, const json_t *other)
{
        json_t *a = json_copy((json_t *)(uintptr_t)one), *b = json_copy((json_t *)(uintptr_t)other);
        json_object_del(a, "at");
        json_object_del(b, "at");
        bool same = a && b && json_equal(a, b);
        json_decref(a);
        json_decref(b);
        return same;
}

/* One that was killed before it had written its header has found nothing yet. */
static mitome_status go_on(struct probing_journal *journal, const json_t *header, mitome_error *error)
{
        size_t whole = 0;
        MITOME_TRY(read_journal(journal, journal->fd, &whole, error));
        if (journal->header && !is_same_run(journal->header, header))
                return refuse(error);
        if (ftruncate(journal->fd, (off_t)whole) != 0)
                return fail(error, MITOME_E_FILE_WRITE, PROBING_JOURNAL, NULL);
        if (journal->header)
                return ok();
        journal->header = json_deep_copy(header);
        return add_line(journal->fd, header, error);
}

static mitome_status begin(struct probing_journal *journal, const json_t *header, mitome_error *error)
{
        journal->probes = json_object();
        journal->header = json_deep_copy(header);
        if (ftruncate(journal->fd, 0) != 0)
                return fail(error, MITOME_E_FILE_WRITE, PROBING_JOURNAL, NULL);
        return add_line(journal->fd, header, error);
}

static mitome_status open_in(struct probing_journal *journal, const char *folder, const json_t *header,
        bool resume, mitome_error *error)
{
        char path[PATH_SIZE];
        int size = snprintf(path, sizeof path, "%s/%s", folder, PROBING_JOURNAL);
        if (size < 0 || size >= PATH_SIZE)
                return fail(error, MITOME_E_TOO_LONG, "--out", NULL);
        journal->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (journal->fd < 0)
                return fail(error, MITOME_E_FILE_WRITE, PROBING_JOURNAL, NULL);
        return resume ? go_on(journal, header, error) : begin(journal, header, error);
}

mitome_status probing_journal_open(
        const char *folder, json_t *header, bool resume, struct probing_journal *ret, mitome_error *error)
{
        struct probing_journal journal = { .fd = -1 };
        mitome_status status = ok();
        if (folder) {
                status = open_in(&journal, folder, header, resume, error);
        } else {
                journal.header = json_deep_copy(header);
                journal.probes = json_object();
        }
        json_decref(header);
        if (failed(status))
                probing_journal_close(&journal);
        else
                *ret = journal;
        return status;
}

void probing_journal_close(struct probing_journal *journal)
{
        if (journal->fd >= 0)
                close(journal->fd);
        json_decref(journal->header);
        json_decref(journal->probes);
        *journal = (struct probing_journal){ .fd = -1 };
}

mitome_status probing_journal_read(
        const char *folder, const json_t *header, struct probing_journal *ret, mitome_error *error)
{
        char path[PATH_SIZE];
        struct probing_journal journal = { .fd = -1 };
        size_t whole;
        int size = snprintf(path, sizeof path, "%s/%s", folder, PROBING_JOURNAL);
        if (size < 0 || size >= PATH_SIZE)
                return fail(error, MITOME_E_TOO_LONG, "--out", NULL);
        journal.fd = open(path, O_RDONLY | O_CLOEXEC);
        if (journal.fd < 0)
                return fail(error, MITOME_E_FILE_READ, PROBING_JOURNAL, NULL);
        mitome_status status = read_journal(&journal, journal.fd, &whole, error);
        if (!failed(status) && !(journal.header && is_same_run(journal.header, header)))
                status = refuse(error);
        close(journal.fd);
        journal.fd = -1;
        if (failed(status))
                probing_journal_close(&journal);
        else
                *ret = journal;
        return status;
}
