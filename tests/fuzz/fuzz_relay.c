/* SPDX-License-Identifier: Apache-2.0 */

/* What phones say to /relay/IDENTITY, and what a TSM says back. A message that is taken has one form. */

#include "relay_message.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        uint8_t again[RELAY_MESSAGE_MAX];
        const slice input = slice_of(data, size);
        struct relay_message message;
        writer out = WRITER(again);
        if (failed(relay_message_read(input, &message, NULL)))
                return 0;
        relay_message_write(&out, &message);
        if (!slice_equal(writer_view(&out), input) || message.apdu.size > MITOME_APDU_MAX)
                abort();
        return 0;
}
