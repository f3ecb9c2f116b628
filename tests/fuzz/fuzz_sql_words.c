/* SPDX-License-Identifier: Apache-2.0 */

/* Words of SQLite's for PostgreSQL: whatever the text, what comes out has no second statement where one was
 * asked for, ends every quotation that it begins, and has a $1 for each value. */

#include "sql_words.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int right)
{
        if (!right)
                abort();
}

struct seen {
        size_t values, ends;
        int open; /* the quote that is open */
};

static struct seen look(const char *text)
{
        struct seen seen = { 0 };
        for (; *text; text++) {
                const int c = *text;
                if (seen.open)
                        seen.open = c == seen.open ? 0 : seen.open;
                else if (c == '\'' || c == '"')
                        seen.open = c;
                else if (c == '?')
                        abort();
                else if (c == ';' && text[1])
                        seen.ends++;
        }
        return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        enum { MOST = 65536 };
        static uint8_t bytes[MOST];
        for (int several = 0; several < 2; several++) {
                writer w = WRITER(bytes);
                size_t values = 0;
                mitome_status status = sql_words_postgres(slice_of(data, size), several, &w, &values, NULL);
                if (failed(status))
                        continue;
                must(w.used > 0 && strlen((const char *)bytes) == w.used - 1);
                const struct seen seen = look((const char *)bytes);
                must(seen.open == 0);
                /* A trigger is two statements, its function and it. */
                must(several || seen.ends == 0 || strstr((const char *)bytes, "LANGUAGE plpgsql"));
                must(values <= size);
        }
        return 0;
}
