/* SPDX-License-Identifier: Apache-2.0 */

/* A metadata statement of anybody's: what it gives out lies in its buffers. */

#include "metadata_statement.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static uint8_t buffer[1024];
        struct metadata_statement statement;
        if (metadata_statement_read(slice_of(data, size), buffer, sizeof buffer, &statement, NULL).code !=
                MITOME_OK)
                return 0;
        for (size_t i = 0; i < statement.root_count; i++)
                if (!slice_contains(SLICE(buffer), statement.roots[i]) || statement.roots[i].size == 0)
                        abort();
        return 0;
}
