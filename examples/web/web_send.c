/* SPDX-License-Identifier: Apache-2.0 */
#include "web_server.h"

#include <stdlib.h>

struct sent {
        uint8_t *bytes;
        size_t size;
};

/* Tokens are among what is answered: nothing of it stays. */
static void end_sent(void *context)
{
        struct sent *sent = context;
        if (sent->bytes)
                bytes_wipe(sent->bytes, sent->size);
        free(sent->bytes);
        free(sent);
}

static struct MHD_Response *make_response(uint8_t *bytes, size_t size)
{
        static char nothing[1];
        struct sent *sent = NULL;
        if (size == 0) {
                free(bytes);
                return MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT);
        }
        sent = malloc(sizeof *sent);
        struct MHD_Response *response =
                sent ? MHD_create_response_from_buffer_with_free_callback_cls(size, bytes, end_sent, sent)
                     : NULL;
        if (response) {
                *sent = (struct sent){ bytes, size };
                return response;
        }
        free(sent);
        bytes_wipe(bytes, size);
        free(bytes);
        return NULL;
}

/* A file's bytes stay as long as the server: they are sent from where they are. */
static struct MHD_Response *file_response(const struct web_static_file *file)
{
        return MHD_create_response_from_buffer(file->size, file->bytes, MHD_RESPMEM_PERSISTENT);
}

struct adding {
        struct MHD_Response *response;
        bool failed;
};

static void add_header(void *context, const char *name, const char *value)
{
        struct adding *adding = context;
        if (MHD_add_response_header(adding->response, name, value) == MHD_NO)
                adding->failed = true;
}

static bool add_headers(struct web_visit *visit, struct MHD_Response *response)
{
        const struct web_answer *answer = &visit->answer;
        struct adding adding = { .response = response };
        if (answer->media_type)
                add_header(&adding, "Content-Type", answer->media_type);
        for (size_t i = 0; i < answer->header_count; i++)
                add_header(&adding, answer->headers[i].name, answer->headers[i].value);
        web_guard_headers(answer, visit->web->strict_transport, add_header, &adding);
        if (visit->closes || atomic_load(&visit->web->stopping))
                add_header(&adding, "Connection", "close");
        return !adding.failed;
}

static struct MHD_Response *write_response(struct web_visit *visit)
{
        uint8_t *bytes = NULL;
        size_t size = 0;
        if (visit->file && visit->answer.status == 200) {
                visit->answer.media_type = visit->file->media_type;
                return file_response(visit->file);
        }
        web_answer_write(&visit->answer, &visit->request, &bytes, &size);
        return make_response(bytes, size);
}

enum MHD_Result web_send(struct web_visit *visit)
{
        const struct web_config *config = &visit->web->config;
        struct MHD_Response *response = write_response(visit);
        if (!response)
                return MHD_NO;
        enum MHD_Result queued = MHD_NO;
        if (add_headers(visit, response))
                queued = MHD_queue_response(visit->connection, visit->answer.status, response);
        MHD_destroy_response(response);
        atomic_store(&visit->deadline, web_now() + config->patience.answer * INT64_C(1000));
        if (config->log)
                config->log(config->log_context, visit->answer.status, visit->answer.code,
                        visit->file    ? "/static/"
                        : visit->route ? visit->route->path
                                       : "");
        return queued;
}
