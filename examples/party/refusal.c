/* SPDX-License-Identifier: Apache-2.0 */
#include "refusal.h"

#include "cbor.h"

slice refusal_write(mitome_code code, uint8_t buffer[REFUSAL_SIZE])
{
        writer w = writer_over(buffer, REFUSAL_SIZE);
        cbor_write_map(&w, 1);
        cbor_write_int(&w, 1);
        cbor_write_uint(&w, (uint64_t)code);
        return writer_view(&w);
}

mitome_status refusal_read(slice body, mitome_code *ret, mitome_error *error)
{
        struct cbor_reader r = cbor_over(body, "refusal.h", error);
        struct cbor_members map;
        struct cbor_key key;
        uint64_t code;
        bool more;
        MITOME_TRY(cbor_open_map(&r, "refusal", 1, &map));
        MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
        if (!more || key.is_text || key.number != 1)
                return fail(error, MITOME_E_LETTER_FORM, "refusal", NULL);
        MITOME_TRY(cbor_read_uint(&r, "refusal.code", INT16_MAX, &code));
        MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
        MITOME_TRY(cbor_end(&r, "refusal"));
        if (code == MITOME_OK)
                return fail(error, MITOME_E_LETTER_FORM, "refusal.code", NULL);
        *ret = (mitome_code)code;
        return ok();
}
