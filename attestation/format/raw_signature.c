/* SPDX-License-Identifier: Apache-2.0 */
#include "raw_signature.h"

static void write_integer(writer *w, slice number)
{
        reader r = reader_over(number, NULL, NULL);
        slice zero;
        while (r.rest.size > 1 && r.rest.data[0] == 0 && !failed(read_bytes(&r, NULL, 1, &zero)))
                continue;
        bool padded = r.rest.size && r.rest.data[0] & 0x80;
        write_u8(w, 0x02);
        write_u8(w, (uint8_t)(r.rest.size + padded));
        if (padded)
                write_u8(w, 0);
        write_slice(w, read_rest(&r));
}

void raw_signature_write_der(writer *w, slice raw)
{
        uint8_t bytes[RAW_SIGNATURE_SIZE + 8];
        writer numbers = WRITER(bytes);
        slice half;
        reader r = reader_over(raw, NULL, NULL);
        while (!failed(read_bytes(&r, NULL, RAW_SIGNATURE_SIZE / 2, &half)))
                write_integer(&numbers, half);
        write_u8(w, 0x30);
        write_u8(w, (uint8_t)numbers.used);
        write_slice(w, writer_view(&numbers));
}
