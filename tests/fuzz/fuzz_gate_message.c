/* SPDX-License-Identifier: Apache-2.0 */
#include "gate_message.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever is taken is written again as the same bytes: there is one encoding of each message. */
static void check_same(const writer *w, slice input)
{
        slice again;
        if (failed(writer_finish(w, "message", &again, NULL)) || !slice_equal(again, input))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const slice input = slice_of(data, size);
        uint8_t buffer[GATE_MESSAGE_MAX];
        struct gate_request request;
        struct gate_report report;
        writer w = WRITER(buffer);
        if (gate_request_read(input, &request, NULL).code == MITOME_OK) {
                gate_request_write(&w, &request);
                check_same(&w, input);
        }
        w = WRITER(buffer);
        if (gate_report_read(input, &report, NULL).code == MITOME_OK) {
                gate_report_write(&w, &report);
                check_same(&w, input);
        }
        return 0;
}
