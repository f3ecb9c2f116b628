/* SPDX-License-Identifier: Apache-2.0 */
#include "counter_message.h"

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
        static uint8_t buffer[COUNTER_MESSAGE_MAX];
        const slice input = slice_of(data, size);
        struct counter_question question;
        struct counter_answer answer;
        writer w = WRITER(buffer);
        if (counter_read_question(input, &question, NULL).code == MITOME_OK) {
                counter_write_question(&w, &question);
                check_same(&w, input);
        }
        w = WRITER(buffer);
        if (counter_read_answer(input, &answer, NULL).code == MITOME_OK) {
                counter_write_answer(&w, &answer);
                check_same(&w, input);
        }
        return 0;
}
