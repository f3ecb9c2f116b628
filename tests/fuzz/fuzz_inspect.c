/* SPDX-License-Identifier: Apache-2.0 */
/* Anything, for `mitome inspect` to recognise and print: as what it begins like, and as each kind in turn.
 * What is printed can steer no terminal, what is refused is not printed, and every refusal has its reason. */
#include "inspect_input.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool right)
{
        if (!right)
                abort();
}

static void inspect(const struct inspect_kind *kind, slice input, bool pem)
{
        char *text = NULL;
        size_t size = 0;
        mitome_error error = { 0 };
        FILE *out = open_memstream(&text, &size);
        must(out != NULL);
        mitome_status status = inspect_input(out, kind, input, false, &error);
        must(fclose(out) == 0);
        must(!failed(status) || error.code == status.code);
        must(!failed(status) || size == 0 || pem);
        must(failed(status) || size > 0);
        must(slice_is_utf8(slice_of(text, size)));
        for (size_t i = 0; i < size; i++)
                must(text[i] == '\n' || ((unsigned char)text[i] >= ' ' && text[i] != 0x7F));
        free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const slice input = slice_of(data, size);
        const bool pem = memmem(data, size, "-----BEGIN ", 11) != NULL;
        const struct inspect_kind *kind;
        inspect(NULL, input, pem);
        for (size_t i = 0; (kind = inspect_kind_at(i)); i++)
                if (kind->may_be(input) || size % 7 == 0)
                        inspect(kind, input, pem);
        return 0;
}
