/* SPDX-License-Identifier: Apache-2.0 */
#include "journal_line.h"

#include "unix_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

enum { PIECE = 16384, HEAD_SIZE = 8, CONNECT_MS = 1000, SILENT_S = 10 };

static const char field[] = "the journal";

struct journal_line {
        int folder, listener;
        char *path; /* of the copy that is given */
        char *socket;
};

/* A folder's path may be longer than a socket's may: it is named by its descriptor. */
static mitome_status name_socket(int folder, char **ret, mitome_error *error)
{
        char *name = NULL;
        if (asprintf(&name, "/proc/self/fd/%d/journal.sock", folder) < 0)
                return fail(error, MITOME_E_NO_MEMORY, field, NULL);
        *ret = name;
        return ok();
}

static mitome_status listen_in(struct journal_line *line, const char *folder, mitome_error *error)
{
        line->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (line->folder < 0)
                return fail(error, MITOME_E_FILE_READ, "folder", NULL);
        if (asprintf(&line->path, "%s/journal.given", folder) < 0) {
                line->path = NULL;
                return fail(error, MITOME_E_NO_MEMORY, field, NULL);
        }
        MITOME_TRY(name_socket(line->folder, &line->socket, error));
        return unix_socket_listen(line->socket, &line->listener, error);
}

mitome_status journal_line_open(const char *folder, struct journal_line **ret, mitome_error *error)
{
        struct journal_line *line = calloc(1, sizeof *line);
        if (!line)
                return fail(error, MITOME_E_NO_MEMORY, field, NULL);
        line->folder = line->listener = -1;
        mitome_status status = listen_in(line, folder, error);
        if (failed(status))
                journal_line_close(line);
        else
                *ret = line;
        return status;
}

void journal_line_close(struct journal_line *line)
{
        if (!line)
                return;
        if (line->listener >= 0) {
                close(line->listener);
                (void)unlink(line->socket);
        }
        if (line->folder >= 0)
                close(line->folder);
        free(line->path);
        free(line->socket);
        free(line);
}

int journal_line_descriptor(const struct journal_line *line)
{
        return line->listener;
}

/* ---- bytes ---- */

static bool send_all(int line, slice bytes)
{
        reader r = reader_over(bytes, NULL, NULL);
        while (r.rest.size) {
                slice sent;
                ssize_t count = send(line, r.rest.data, r.rest.size, MSG_NOSIGNAL);
                if (count < 0 && errno == EINTR)
                        continue;
                if (count <= 0 || failed(read_bytes(&r, field, (size_t)count, &sent)))
                        return false;
        }
        return true;
}

/* The next bytes, at most `size`; 0 at the end, or when nothing comes. */
static size_t take_some(int from, uint8_t *bytes, size_t size)
{
        for (;;) {
                ssize_t count = read(from, bytes, size);
                if (count >= 0 || errno != EINTR)
                        return count > 0 ? (size_t)count : 0;
        }
}

static bool set_patience(int line)
{
        const struct timeval silent = { .tv_sec = SILENT_S };
        return setsockopt(line, SOL_SOCKET, SO_SNDTIMEO, &silent, sizeof silent) == 0 &&
               setsockopt(line, SOL_SOCKET, SO_RCVTIMEO, &silent, sizeof silent) == 0;
}

/* ---- giving ---- */

static bool send_file(int line, int file)
{
        uint8_t bytes[PIECE], head[HEAD_SIZE];
        struct stat facts;
        writer w = WRITER(head);
        if (fstat(file, &facts) != 0)
                return false;
        write_u64(&w, (uint64_t)facts.st_size);
        if (!send_all(line, writer_view(&w)))
                return false;
        for (size_t count; (count = take_some(file, bytes, sizeof bytes)) > 0;)
                if (!send_all(line, slice_of(bytes, count)))
                        return false;
        return true;
}

static mitome_status copy_journal(struct journal_line *line, struct party *party, struct service_lock *lock,
        int *ret_file, mitome_error *error)
{
        service_lock_take(lock);
        mitome_status status = journal_export(party_store(party), line->path, error);
        service_lock_leave(lock);
        MITOME_TRY(status);
        *ret_file = open(line->path, O_RDONLY | O_CLOEXEC);
        (void)unlink(line->path);
        return *ret_file >= 0 ? ok() : fail(error, MITOME_E_FILE_READ, field, NULL);
}

mitome_status journal_line_give(
        struct journal_line *line, struct party *party, struct service_lock *lock, mitome_error *error)
{
        int asker, file;
        MITOME_TRY(unix_socket_accept(line->listener, &asker, error));
        mitome_status status = copy_journal(line, party, lock, &file, error);
        if (!failed(status)) {
                if (!set_patience(asker) || !send_file(asker, file))
                        status = fail(error, MITOME_E_LINK, field, NULL);
                close(file);
        }
        close(asker);
        return status;
}

/* ---- asking ---- */

static bool read_head(int line, uint64_t *ret_size)
{
        uint8_t head[HEAD_SIZE];
        for (size_t i = 0; i < sizeof head; i++)
                if (take_some(line, head + i, 1) != 1)
                        return false;
        reader r = reader_over(SLICE(head), NULL, NULL);
        return !failed(read_u64(&r, field, ret_size));
}

static mitome_status write_journal(int line, FILE *file, mitome_error *error)
{
        uint8_t bytes[PIECE];
        uint64_t left;
        if (!read_head(line, &left))
                return fail(error, MITOME_E_LINK, field, NULL);
        while (left) {
                size_t count = take_some(line, bytes, left < sizeof bytes ? (size_t)left : sizeof bytes);
                if (!count)
                        return fail(error, MITOME_E_LINK, field, NULL);
                if (fwrite(bytes, 1, count, file) != count)
                        return fail(error, MITOME_E_FILE_WRITE, field, NULL);
                left -= count;
        }
        return fflush(file) == 0 && fsync(fileno(file)) == 0 ? ok()
                                                             : fail(error, MITOME_E_FILE_WRITE, field, NULL);
}

static mitome_status keep_journal(int line, const char *path, const char *beside, mitome_error *error)
{
        int descriptor = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
        FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "wb");
        if (!file) {
                if (descriptor >= 0)
                        close(descriptor);
                return fail(error, MITOME_E_FILE_WRITE, field, NULL);
        }
        mitome_status status = write_journal(line, file, error);
        if (fclose(file) != 0 && !failed(status))
                status = fail(error, MITOME_E_FILE_WRITE, field, NULL);
        if (!failed(status) && rename(beside, path) != 0)
                status = fail(error, MITOME_E_FILE_WRITE, field, NULL);
        if (failed(status))
                (void)unlink(beside);
        return status;
}

static mitome_status ask(const char *socket, const char *path, mitome_error *error)
{
        int line;
        char *beside = NULL;
        MITOME_TRY(unix_socket_connect(socket, CONNECT_MS, &line, error));
        mitome_status status;
        if (!set_patience(line))
                status = fail(error, MITOME_E_LINK, field, NULL);
        else if (asprintf(&beside, "%s.%ld.new", path, (long)getpid()) < 0)
                status = fail(error, MITOME_E_NO_MEMORY, field, NULL);
        else
                status = keep_journal(line, path, beside, error);
        free(beside);
        close(line);
        return status;
}

mitome_status journal_line_fetch(const char *folder, const char *path, mitome_error *error)
{
        char *socket = NULL;
        int opened = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (opened < 0)
                return fail(error, MITOME_E_FILE_READ, "folder", NULL);
        mitome_status status = name_socket(opened, &socket, error);
        if (!failed(status)) {
                status = ask(socket, path, error);
                free(socket);
        }
        close(opened);
        return status;
}
