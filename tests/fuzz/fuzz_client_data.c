/* SPDX-License-Identifier: Apache-2.0 */
/* clientDataJSON from anywhere: what is read stays inside the arena. */
#include "client_data.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
        static uint8_t buffer[65536];
        struct client_data data;
        mitome_error error = { 0 };
        writer arena = WRITER(buffer);
        mitome_status status =
                client_data_read(slice_of(bytes, size), "WebAuthn L3 7.1 #6", &arena, &data, &error);
        if (failed(status) != (error.code != MITOME_OK))
                abort();
        if (failed(status))
                return 0;
        const slice views[] = { data.type, data.challenge, data.origin, data.top_origin };
        for (size_t i = 0; i < 4; i++)
                if (views[i].size && !slice_contains(SLICE(buffer), views[i]))
                        abort();
        return 0;
}
