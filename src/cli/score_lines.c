/* SPDX-License-Identifier: Apache-2.0 */
#include "score_lines.h"

#include "bytes.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum { LINE_MAX_SIZE = 64, WAIT_MS = 5000 };

struct score_lines {
        int fd;
        size_t used, taken; /* of the buffer: filled, and given out */
        uint8_t buffer[4096];
};

mitome_status score_lines_open(int fd, struct score_lines **ret, mitome_error *error)
{
        struct score_lines *lines = calloc(1, sizeof *lines);
        if (!lines) {
                close(fd);
                return fail(error, MITOME_E_NO_MEMORY, "scores", NULL);
        }
        lines->fd = fd;
        *ret = lines;
        return ok();
}

void score_lines_close(struct score_lines *lines)
{
        if (!lines)
                return;
        close(lines->fd);
        free(lines);
}

/* One byte more; false when none comes in time. */
static bool next_byte(struct score_lines *lines, int wait_ms, uint8_t *ret)
{
        if (lines->taken == lines->used) {
                struct pollfd there = { .fd = lines->fd, .events = POLLIN };
                ssize_t count;
                do
                        count = poll(&there, 1, wait_ms);
                while (count < 0 && errno == EINTR);
                count = count > 0 ? read(lines->fd, lines->buffer, sizeof lines->buffer) : 0;
                if (count <= 0)
                        return false;
                lines->used = (size_t)count;
                lines->taken = 0;
        }
        *ret = lines->buffer[lines->taken++];
        return true;
}

static bool next_line(struct score_lines *lines, uint8_t line[LINE_MAX_SIZE], slice *ret)
{
        size_t size = 0;
        uint8_t byte;
        while (next_byte(lines, WAIT_MS, &byte)) {
                if (byte == '\n') {
                        *ret = slice_of(line, size);
                        return true;
                }
                if (size == LINE_MAX_SIZE)
                        return false;
                line[size++] = byte;
        }
        return false;
}

/* A number of up to six digits and the one character that ends it; behind the last one is nothing. */
static bool read_number(reader *r, unsigned *ret)
{
        enum { DIGITS_MAX = 6 };
        unsigned number = 0, digits = 0;
        uint8_t c = ' ';
        while (r->rest.size && !failed(read_u8(r, "score", &c)) && c >= '0' && c <= '9' &&
                digits < DIGITS_MAX) {
                number = number * 10 + (unsigned)(c - '0');
                digits++;
                c = ' ';
        }
        *ret = number;
        return digits > 0 && c == ' ';
}

static bool read_comparison(slice line, struct score_line *ret)
{
        static const char word[] = "comparison ";
        reader r = reader_over(line, NULL, NULL);
        slice begun;
        return slice_begins_with(line, slice_text(word)) &&
               !failed(read_bytes(&r, "score", sizeof word - 1, &begun)) && read_number(&r, &ret->place) &&
               read_number(&r, &ret->score) && r.rest.size == 0;
}

/* An attempt that was asked for again before anything was compared ends with no comparison: the next one
 * counts. */
mitome_status score_lines_attempt(struct score_lines *lines, struct score_line *ret, size_t capacity,
        size_t *ret_count, mitome_error *error)
{
        uint8_t bytes[LINE_MAX_SIZE];
        slice line;
        size_t count = 0;
        while (next_line(lines, bytes, &line)) {
                if (slice_is(line, "attempt") && count > 0) {
                        *ret_count = count;
                        return ok();
                }
                if (slice_is(line, "attempt") || slice_begins_with(line, slice_text("libfprint ")))
                        continue;
                if (count == capacity || !read_comparison(line, &ret[count++]))
                        break;
        }
        return fail(error, MITOME_E_MEASURE_SCORES, "the matcher", NULL);
}

mitome_status score_lines_drop(struct score_lines *lines, mitome_error *error)
{
        enum { DROPPED_MAX = 1 << 16 };
        uint8_t byte;
        for (size_t dropped = 0; next_byte(lines, 0, &byte); dropped++)
                if (dropped == DROPPED_MAX)
                        return fail(error, MITOME_E_MEASURE_SCORES, "the matcher", NULL);
        return ok();
}
