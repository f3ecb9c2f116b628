/* SPDX-License-Identifier: Apache-2.0 */
#include "publish_pages.h"

#include <stdlib.h>

/* The service frees what it sends. */
static mitome_status hand_out(slice page, uint8_t **ret_body, size_t *ret_size, mitome_error *error)
{
        uint8_t *body = malloc(page.size);
        if (!body)
                return fail(error, MITOME_E_NO_MEMORY, "page", NULL);
        mitome_status status = slice_copy(page, "page", body, page.size, error);
        if (failed(status)) {
                free(body);
                return status;
        }
        *ret_body = body;
        *ret_size = page.size;
        return ok();
}

static mitome_status show_list(void *context, const struct service_asked *asked, uint8_t **ret_body,
        size_t *ret_size, mitome_error *error)
{
        slice page;
        MITOME_TRY(publish_list(context, asked->path, &page, error));
        return hand_out(page, ret_body, ret_size, error);
}

static mitome_status show_ca(void *context, const struct service_asked *asked, uint8_t **ret_body,
        size_t *ret_size, mitome_error *error)
{
        slice page;
        MITOME_TRY(publish_ca(context, asked->path, &page, error));
        return hand_out(page, ret_body, ret_size, error);
}

/* What is no request gets an answer that says so (RFC 6960 2.3): the reason is not the asker's to know. */
static mitome_status answer_posted(void *context, const struct service_asked *asked, uint8_t **ret_body,
        size_t *ret_size, mitome_error *error)
{
        uint8_t bytes[OCSP_RESPONSE_MAX];
        writer w = WRITER(bytes);
        if (asked->path.size)
                return fail(error, MITOME_E_VALUE, "path", NULL);
        (void)publish_answer(context, asked->body, &w, NULL).code;
        return hand_out(writer_view(&w), ret_body, ret_size, error);
}

static mitome_status answer_in_path(void *context, const struct service_asked *asked, uint8_t **ret_body,
        size_t *ret_size, mitome_error *error)
{
        uint8_t bytes[OCSP_RESPONSE_MAX];
        writer w = WRITER(bytes);
        (void)publish_answer_get(context, asked->path, &w, NULL).code;
        return hand_out(writer_view(&w), ret_body, ret_size, error);
}

const struct service_page publish_pages[PUBLISH_PAGE_COUNT] = {
        { "/ca/", SERVICE_GET, "application/pkix-cert", show_ca },
        { "/crl/", SERVICE_GET, "application/pkix-crl", show_list },
        { "/ocsp", SERVICE_POST, "application/ocsp-response", answer_posted },
        { "/ocsp/", SERVICE_GET, "application/ocsp-response", answer_in_path },
};
