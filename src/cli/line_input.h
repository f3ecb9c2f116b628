/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LINE_INPUT_H
#define LINE_INPUT_H

/* Lines of any file, in bounded memory: a line without end must not be kept to be refused. */

#include "bytes.h"

#include <stdio.h>

struct line_input {
        int file;
        size_t most;
        uint8_t *bytes;
        size_t capacity, begin, end; /* what was read and not yet given out */
        bool skipping;               /* the rest of a line that was too long */
        bool over, broken;
};

/* line_input_over reads from `file`, of which nothing has been read before. */
struct line_input line_input_over(FILE *file, size_t most);
void line_input_free(struct line_input *input);

/* line_input_next views the next line without its end, until the next call; one of more than `most` bytes is
 * cut to `most` + 1. False when there is none: at the end of the file, or, with `broken` and errno, when it
 * could not be read. */
bool line_input_next(struct line_input *input, slice *ret);

/* line_is_blank tells whether a line is white space only. */
bool line_is_blank(slice line);

#endif
