/* SPDX-License-Identifier: Apache-2.0 */
#include "phone_log.h"

#include "print.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct line {
        uint64_t number; /* 0: none */
        const char *way;
        char *text;
};

struct phone_log {
        pthread_mutex_t lock;
        uint64_t last;
        uint8_t command; /* that the next CTAP response answers */
        struct line lines[PHONE_LOG_LINES];
};

mitome_status phone_log_open(struct phone_log **ret, mitome_error *error)
{
        struct phone_log *log = calloc(1, sizeof *log);
        if (!log)
                return fail(error, MITOME_E_NO_MEMORY, "log", NULL);
        pthread_mutex_init(&log->lock, NULL);
        *ret = log;
        return ok();
}

void phone_log_close(struct phone_log *log)
{
        if (!log)
                return;
        for (size_t i = 0; i < PHONE_LOG_LINES; i++)
                free(log->lines[i].text);
        pthread_mutex_destroy(&log->lock);
        free(log);
}

/* A line that there is no memory for is left out. */
static void keep(struct phone_log *log, const char *way, char *text)
{
        pthread_mutex_lock(&log->lock);
        struct line *line = &log->lines[++log->last % PHONE_LOG_LINES];
        free(line->text);
        *line = (struct line){ log->last, way, text };
        pthread_mutex_unlock(&log->lock);
}

static FILE *begin(char **text, size_t *size)
{
        *text = NULL;
        return open_memstream(text, size);
}

static void end(struct phone_log *log, const char *way, FILE *out, char **made, const size_t *size)
{
        const bool closed = fclose(out) == 0; /* text and size are there from now on */
        char *text = *made;
        if (!closed || !text) {
                free(text);
                return;
        }
        if (*size > PHONE_LOG_LINE_MAX)
                text[PHONE_LOG_LINE_MAX] = '\0';
        text[strcspn(text, "\n")] = '\0';
        keep(log, way, text);
}

void phone_log_ctap(void *context, bool request, slice message)
{
        struct phone_log *log = context;
        char *text;
        size_t size;
        FILE *out = begin(&text, &size);
        if (!out)
                return;
        if (request && message.size)
                log->command = message.data[0];
        print_ctap(out, request, log->command, message);
        end(log, request ? "ctap-request" : "ctap-response", out, &text, &size);
}

void phone_log_apdu(void *context, bool command, slice apdu)
{
        struct phone_log *log = context;
        char *text;
        size_t size;
        FILE *out = begin(&text, &size);
        if (!out)
                return;
        print_apdu(out, command, apdu);
        end(log, command ? "apdu-command" : "apdu-response", out, &text, &size);
}

/* A line that was cut in the middle of a character is not shown. */
json_t *phone_log_read(struct phone_log *log, uint64_t after)
{
        json_t *lines = json_array();
        pthread_mutex_lock(&log->lock);
        const uint64_t oldest = log->last > PHONE_LOG_LINES ? log->last - PHONE_LOG_LINES : 0;
        for (uint64_t i = after > oldest ? after : oldest; i < log->last; i++) {
                const struct line *line = &log->lines[(i + 1) % PHONE_LOG_LINES];
                json_t *item = json_pack("{s:I, s:s, s:s}", "number", (json_int_t)line->number, "way",
                        line->way, "text", line->text);
                if (item)
                        json_array_append_new(lines, item);
        }
        pthread_mutex_unlock(&log->lock);
        return lines;
}
