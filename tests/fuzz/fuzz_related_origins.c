/* SPDX-License-Identifier: Apache-2.0 */
/* A document of related origins from anywhere: each origin that is given out is in its space, is allowed by
 * the same document, and written into a document alone is read again. */
#include "json.h"

#include <mitome/related_origins.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* The last two labels, as if every top level were a public suffix. */
static size_t find(void *context, mitome_slice host)
{
        (void)context;
        size_t dots = 0;
        for (size_t i = host.size; i-- > 0;)
                if (host.data[i] == '.' && ++dots == 2)
                        return host.size - i - 1;
        return dots ? host.size : 0;
}

static void write_again(slice origin)
{
        uint8_t text[512], space[512];
        mitome_slice again;
        size_t count = 0;
        writer w = WRITER(text);
        struct json_writer json = json_into(&w);
        json_write_open_object(&json, NULL);
        json_write_open_array(&json, "origins");
        json_write_text(&json, NULL, origin);
        json_write_close_array(&json);
        json_write_close_object(&json);
        if (failed(mitome_related_origins_read(
                    writer_view(&w), space, sizeof space, &again, 1, &count, NULL)) ||
                count != 1 || !slice_equal(again, origin))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
        static uint8_t space[MITOME_RELATED_DOCUMENT_MAX];
        static mitome_slice origins[MITOME_RELATED_ORIGINS_MAX];
        const slice document = slice_of(bytes, size);
        size_t count = 0, labels = 0;
        bool allowed = false;
        mitome_error error = { 0 };
        mitome_status status = mitome_related_origins_read(
                document, space, sizeof space, origins, MITOME_RELATED_ORIGINS_MAX, &count, &error);
        if (failed(status) != (error.code != MITOME_OK))
                abort();
        if (failed(mitome_related_origins_allow(
                    document, slice_text("https://example.org"), &allowed, NULL)) != failed(status))
                abort();
        if (failed(status))
                return 0;
        for (size_t i = 0; i < count && i < 8; i++) {
                if (!slice_contains(SLICE(space), origins[i]) ||
                        failed(mitome_related_origins_allow(document, origins[i], &allowed, NULL)) ||
                        !allowed)
                        abort();
                write_again(origins[i]);
        }
        const struct mitome_registrable registrable = { NULL, find };
        if (failed(mitome_related_origins_labels(origins, count, &registrable, &labels, &error)) ||
                labels > count)
                abort();
        return 0;
}
