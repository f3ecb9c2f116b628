/* SPDX-License-Identifier: Apache-2.0 */
/* A page and its words: what may be read is written with data that would break out of it if it could. */
#include "web_cut.h"
#include "web_page.h"

#include <stdlib.h>
#include <string.h>

/* No page of the fuzzer's holds this word: where it comes out, it came from the data, and is escaped. */
static const char data_text[] =
        "{\"a\": \"<ZQ9>\\\"'\", \"u\": \"javascript:ZQ9\", \"l\": [\"<ZQ9>\", {\"a\": \"<ZQ9>\"}, 1, true], \"o\": {\"a\": \"\\\"ZQ9\"}}";

static bool stands(slice text, const char *part)
{
        return text.size && memmem(text.data, text.size, part, strlen(part)) != NULL;
}

static void judge(slice page, slice written)
{
        if (stands(page, "ZQ9"))
                return;
        if (stands(written, "<ZQ9") || stands(written, "\"ZQ9") || stands(written, "ZQ9>\""))
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
                judge(page, slice_of(bytes, written));
        free(bytes);
        json_decref(values);
        web_pages_free(set);
        return 0;
}
