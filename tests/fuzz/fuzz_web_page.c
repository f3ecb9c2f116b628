/* SPDX-License-Identifier: Apache-2.0 */
/* A page and its words: what may be read is written with data that would break out of it if it could. */
#include "web_cut.h"
#include "web_page.h"

#include <stdlib.h>
#include <string.h>

/* What is judged has none of these words of its own: where they come out, they came from the data, and are
 * escaped. Each mark is sought behind or between them, so that a page's own before or after a value is not
 * taken for it. */
static const char data_text[] =
        "{\"a\": \"<ZQ9>KX4\\\"JW5'\", \"u\": \"javascript:ZQ9\", \"l\": [\"<ZQ9>KX4\", {\"a\": \"<ZQ9>KX4\"}, 1, true], \"o\": {\"a\": \"\\\"ZQ9\"}}";

static bool stands(slice text, const char *part)
{
        return text.size && memmem(text.data, text.size, part, strlen(part)) != NULL;
}

static void judge(slice input, slice written)
{
        static const char *const loose[] = { "<ZQ9", "\"ZQ9", "ZQ9>KX4", "KX4\"JW5" };
        if (stands(input, "ZQ9") || stands(input, "KX4") || stands(input, "JW5"))
                return;
        for (size_t i = 0; i < sizeof loose / sizeof *loose; i++)
                if (stands(written, loose[i]))
                        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const char common[] = "{\"w\": {\"en\": \"<{a}\", \"ja\": \"{\", \"code\": true}}";
        slice words = slice_of(data, size), page = web_cut(&words, 0);
        const struct web_page_text texts[] = { { "page", page }, { "part", slice_text("{{a}}") } };
        const struct web_request request = { .path = slice_text("/") };
        struct web_page_set *set = NULL;
        struct web_place place;
        uint8_t *bytes = NULL;
        size_t written = 0;
        if (failed(web_pages_parse(texts, 2, words.size ? words : slice_text(common), &set, &place, NULL)))
                return 0;
        json_t *values = json_loads(data_text, 0, NULL);
        if (web_page_write(set, 0, &request, values, &bytes, &written))
                judge(slice_of(data, size), slice_of(bytes, written));
        free(bytes);
        json_decref(values);
        web_pages_free(set);
        return 0;
}
