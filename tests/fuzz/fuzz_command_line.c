/* SPDX-License-Identifier: Apache-2.0 */
#include "command_line.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is to be kept becomes bytes, and the bytes the same digits again. */
static void check_kept(slice hex)
{
        const size_t size = hex.size / 2;
        uint8_t *bytes = malloc(size + 1), *text = malloc(hex.size + 1);
        if (!bytes || !text)
                abort();
        writer w = writer_over(text, hex.size + 1);
        if (!failed(command_hex_read(hex, bytes, size, NULL)) && size) {
                command_hex_write(&w, slice_of(bytes, size));
                if (!slice_equal(writer_view(&w), hex))
                        abort();
        }
        free(bytes);
        free(text);
}

static void check_line(const struct command_line *line, slice input)
{
        if (line->word >= COMMAND_WORDS || input.size > COMMAND_LINE_MAX)
                abort();
        if (line->name.size > COMMAND_NAME_MAX || line->number > GATE_SAMPLES_MAX)
                abort();
        if (line->word == COMMAND_ENROLLED)
                check_kept(line->hex);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const slice input = slice_of(data, size);
        struct command_line line = { 0 };
        if (!failed(command_line_read(input, &line, NULL)))
                check_line(&line, input);
        return 0;
}
