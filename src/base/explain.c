/* SPDX-License-Identifier: Apache-2.0 */
#include <mitome/error.h>

#include <stdio.h>
#include <string.h>

struct registered {
        mitome_code code;
        const char *message;
        const char *remedy;
};

static const struct registered registry[] = {
#define MITOME_ERROR(number, name, message, remedy) { MITOME_E_##name, message, remedy },
#include <mitome/errors.def>
#undef MITOME_ERROR
};

/* A line under construction: `used` counts what the whole line needs, `text` gets what fits. */
struct line {
        char *text;
        size_t size;
        size_t used;
};

static void line_add(struct line *line, const char *text, size_t size)
{
        for (size_t i = 0; i < size; i++, line->used++)
                if (line->used + 1 < line->size)
                        line->text[line->used] = text[i];
}

static void line_say(struct line *line, const char *text)
{
        line_add(line, text, strlen(text));
}

static void line_number(struct line *line, const char *before, size_t number)
{
        char digits[24];
        int length = snprintf(digits, sizeof digits, "%zu", number);
        line_say(line, before);
        line_add(line, digits, length > 0 ? (size_t)length : 0);
}

static void line_message(struct line *line, const char *message, const char *field)
{
        static const char mark[] = "{field}";
        const char *place = strstr(message, mark);
        if (!place) {
                line_say(line, message);
                return;
        }
        line_add(line, message, (size_t)(place - message));
        line_say(line, field ? field : "the input");
        line_say(line, place + sizeof mark - 1);
}

static const struct registered *registry_find(mitome_code code)
{
        for (size_t i = 0; i < sizeof registry / sizeof registry[0]; i++)
                if (registry[i].code == code)
                        return &registry[i];
        return NULL;
}

size_t mitome_explain(const mitome_error *error, char *text, size_t size)
{
        struct line line = { .text = text, .size = size };
        if (error->code == MITOME_OK) {
                line_say(&line, "no error");
        } else {
                const struct registered *entry = registry_find(error->code);
                line_number(&line, "E", (size_t)error->code);
                line_say(&line, " ");
                line_message(&line, entry ? entry->message : "an error that this build does not know",
                        error->field);
                if (error->at != MITOME_NOWHERE)
                        line_number(&line, " at byte ", error->at);
                if (error->clause) {
                        line_say(&line, " (");
                        line_say(&line, error->clause);
                        line_say(&line, ")");
                }
                if (entry && entry->remedy[0]) {
                        line_say(&line, ": ");
                        line_say(&line, entry->remedy);
                }
        }
        if (size)
                text[line.used < size ? line.used : size - 1] = '\0';
        return line.used;
}
