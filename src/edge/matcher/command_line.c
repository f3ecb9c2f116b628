/* SPDX-License-Identifier: Apache-2.0 */
#include "command_line.h"

#include "hex_text.h"
#include "matcher_class.h"
#include "sensor_words.h"

enum { SAMPLES_MAX = GATE_SAMPLES_MAX };

static mitome_status refuse(mitome_error *error, const char *what)
{
        return fail(error, MITOME_E_SENSOR_LINE, what, "docs/sensors.md");
}

/* The next word, up to a blank; there is none behind the last one. */
static slice next_word(slice *rest)
{
        reader r = reader_over(*rest, NULL, NULL);
        slice word = { 0 }, blank = { 0 };
        size_t size = 0;
        while (size < rest->size && rest->data[size] != ' ')
                size++;
        if (failed(read_bytes(&r, "word", size, &word)))
                return word;
        /* A blank at the end is a word too many, an empty one, which nothing takes for one. */
        if (r.rest.size == 1)
                return slice_of(NULL, 0);
        (void)failed(read_bytes(&r, "blank", r.rest.size ? 1 : 0, &blank));
        *rest = read_rest(&r);
        return word;
}

static int digit_of(uint8_t character)
{
        if (character >= '0' && character <= '9')
                return character - '0';
        return character >= 'a' && character <= 'f' ? character - 'a' + 10 : -1;
}

mitome_status command_hex_read(slice hex, uint8_t *ret, size_t size, mitome_error *error)
{
        if (hex.size != 2 * size)
                return refuse(error, "hexadecimal digits");
        for (size_t i = 0; i < size; i++) {
                int high = digit_of(hex.data[2 * i]), low = digit_of(hex.data[2 * i + 1]);
                if (high < 0 || low < 0)
                        return refuse(error, "hexadecimal digits");
                ret[i] = (uint8_t)(high << 4 | low);
        }
        return ok();
}

void command_hex_write(writer *w, slice bytes)
{
        if (!bytes.size)
                write_u8(w, '-');
        hex_text_write(w, bytes);
}

/* ---- what stands behind each word ---- */

static mitome_status read_nothing(slice *rest, struct command_line *line, mitome_error *error)
{
        (void)rest;
        (void)line;
        (void)error;
        return ok();
}

static mitome_status read_number(slice *rest, struct command_line *line, mitome_error *error)
{
        return sensor_number_of(next_word(rest), SAMPLES_MAX, &line->number) ? ok()
                                                                             : refuse(error, "a number");
}

static mitome_status read_hint(slice *rest, struct command_line *line, mitome_error *error)
{
        return sensor_hint_of(next_word(rest), &line->hint) ? ok() : refuse(error, "a hint");
}

static mitome_status read_id(slice *rest, struct command_line *line, mitome_error *error)
{
        return command_hex_read(next_word(rest), line->id, sizeof line->id, error);
}

static mitome_status read_kept(slice *rest, struct command_line *line, mitome_error *error)
{
        slice word = next_word(rest);
        if (word.size == 0 || (word.size % 2 && !slice_is(word, "-")) || word.size > 2 * SENSOR_KEPT_MAX)
                return refuse(error, "what is to be kept");
        line->hex = slice_is(word, "-") ? slice_of(NULL, 0) : word;
        return ok();
}

static mitome_status read_survey(slice *rest, struct command_line *line, mitome_error *error)
{
        slice word = next_word(rest);
        return slice_is(word, "-") ? ok() : command_hex_read(word, line->survey, sizeof line->survey, error);
}

static mitome_status read_sensor(slice *rest, struct command_line *line, mitome_error *error)
{
        if (!slice_is(next_word(rest), "1"))
                return refuse(error, "a version that is not known");
        line->name = next_word(rest);
        if (line->name.size == 0 || line->name.size > COMMAND_NAME_MAX)
                return refuse(error, "a name of 1 to 32 characters");
        if (!sensor_modality_of(next_word(rest), &line->modality))
                return refuse(error, "a modality");
        if (!sensor_class_of(next_word(rest), &line->class))
                return refuse(error, "a class");
        MITOME_TRY(read_number(rest, line, error));
        return line->number ? ok() : refuse(error, "a number");
}

static const struct form {
        const char *word;
        mitome_status (*read)(slice *rest, struct command_line *line, mitome_error *error);
} forms[COMMAND_WORDS] = {
        [COMMAND_SENSOR] = { "mitome-sensor", read_sensor },
        [COMMAND_READY] = { "ready", read_nothing },
        [COMMAND_SAMPLE] = { "sample", read_number },
        [COMMAND_RETRY] = { "retry", read_hint },
        [COMMAND_MATCH] = { "match", read_id },
        [COMMAND_NO_MATCH] = { "no-match", read_nothing },
        [COMMAND_SAME] = { "same", read_nothing },
        [COMMAND_ENROLLED] = { "enrolled", read_kept },
        [COMMAND_CANCELLED] = { "cancelled", read_nothing },
        [COMMAND_DISMISSED] = { "dismissed", read_nothing },
        [COMMAND_BROKEN] = { "broken", read_nothing },
        [COMMAND_SURVEY] = { "survey", read_survey },
        [COMMAND_REMOVED] = { "removed", read_nothing },
};

static bool is_printable(slice line)
{
        for (size_t i = 0; i < line.size; i++)
                if (line.data[i] < 0x20 || line.data[i] > 0x7E)
                        return false;
        return true;
}

static mitome_status read_form(
        enum command_word word, slice rest, struct command_line *ret, mitome_error *error)
{
        struct command_line line = { .word = word };
        MITOME_TRY(forms[word].read(&rest, &line, error));
        if (rest.size)
                return refuse(error, "more than belongs there");
        *ret = line;
        return ok();
}

mitome_status command_line_read(slice line, struct command_line *ret, mitome_error *error)
{
        if (line.size > COMMAND_LINE_MAX || !is_printable(line))
                return refuse(error, "what is no line of text");
        slice rest = line;
        slice first = next_word(&rest);
        for (unsigned i = 0; i < COMMAND_WORDS; i++)
                if (slice_is(first, forms[i].word))
                        return read_form((enum command_word)i, rest, ret, error);
        return refuse(error, "an unknown word");
}
