/* SPDX-License-Identifier: Apache-2.0 */
#include "line_input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LEAST_ROOM = 1 << 16 };

struct line_input line_input_over(FILE *file, size_t most)
{
        return (struct line_input){ .file = fileno(file), .most = most };
}

void line_input_free(struct line_input *input)
{
        free(input->bytes);
        *input = (struct line_input){ .over = true };
}

/* Moves what is left to the front. */
static void close_up(struct line_input *input)
{
        size_t left = input->end - input->begin;
        for (size_t i = 0; input->begin && i < left; i++)
                input->bytes[i] = input->bytes[input->begin + i];
        input->begin = 0;
        input->end = left;
}

static bool make_room(struct line_input *input)
{
        close_up(input);
        if (input->capacity - input->end >= LEAST_ROOM)
                return true;
        size_t capacity = 2 * input->capacity + 2 * (size_t)LEAST_ROOM;
        uint8_t *grown = realloc(input->bytes, capacity);
        if (!grown)
                return false;
        input->bytes = grown;
        input->capacity = capacity;
        return true;
}

static void read_more(struct line_input *input)
{
        ssize_t size = -1;
        if (make_room(input))
                do
                        size = read(input->file, input->bytes + input->end, input->capacity - input->end);
                while (size < 0 && errno == EINTR);
        input->broken = size < 0;
        input->over = size <= 0;
        if (size > 0)
                input->end += (size_t)size;
}

/* Gives out `size` bytes, and passes over as many as `behind` follow them. */
static slice give(struct line_input *input, size_t size, size_t behind)
{
        slice line = slice_of(input->bytes + input->begin, size);
        input->begin += size + behind;
        return line;
}

/* The next line, or as much of it as is more than there may be; false when more must be read. */
static bool find_line(struct line_input *input, size_t *looked_at, slice *ret)
{
        size_t left = input->end - input->begin;
        if (left == 0)
                return false;
        const uint8_t *start = input->bytes + input->begin;
        const uint8_t *end = left > *looked_at ? memchr(start + *looked_at, '\n', left - *looked_at) : NULL;
        size_t size = end ? (size_t)(end - start) : left;
        *looked_at = left;
        if (size > input->most) {
                *ret = give(input, input->most + 1, 0);
                return true;
        }
        if (!end && !input->over)
                return false;
        *ret = give(input, size, end != NULL);
        return true;
}

bool line_input_next(struct line_input *input, slice *ret)
{
        for (size_t looked_at = 0;;) {
                slice line;
                bool found = find_line(input, &looked_at, &line);
                if (found) {
                        bool rest = input->skipping;
                        input->skipping = line.size > input->most;
                        looked_at = 0;
                        if (rest)
                                continue;
                        *ret = line;
                        return true;
                }
                if (input->over)
                        return false;
                read_more(input);
        }
}

bool line_is_blank(slice line)
{
        for (size_t i = 0; i < line.size; i++)
                if (line.data[i] != ' ' && line.data[i] != '\t' && line.data[i] != '\r')
                        return false;
        return true;
}
