/* SPDX-License-Identifier: Apache-2.0 */
/* CBOR from anywhere: an item that is taken has one encoding, the one that was read. */
#include "transcribe.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Peeking and skipping say what reading it all says, and leave the reader in the same place. */
static void check_skip(slice input, mitome_status taken, const struct cbor_reader *end)
{
        mitome_error error = { 0 };
        struct cbor_reader r = cbor_over(input, "CTAP 2.1 8", &error);
        slice item;
        mitome_status status = cbor_read_item(&r, "item", &item);
        if (status.code != taken.code || error.code != status.code)
                abort();
        if (failed(status) ? error.at > input.size : !slice_contains(input, item))
                abort();
        if (!failed(status) && (r.bytes.offset != end->bytes.offset || item.size != r.bytes.offset))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
        static uint8_t buffer[1 << 16];
        if (size > sizeof buffer)
                return 0;
        slice input = slice_of(bytes, size), written;
        struct cbor_reader r = cbor_over(input, NULL, NULL);
        writer w = WRITER(buffer);
        mitome_status status = cbor_transcribe(&r, &w);
        check_skip(input, status, &r);
        if (failed(status))
                return 0;
        if (r.depth != 0 || failed(writer_finish(&w, "item", &written, NULL)) ||
                !slice_equal(written, slice_of(bytes, r.bytes.offset)))
                abort();
        return 0;
}
