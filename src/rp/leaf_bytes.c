/* SPDX-License-Identifier: Apache-2.0 */
#include "leaf_bytes.h"

#include "der.h"

enum { DER_OBJECT_IDENTIFIER = 0x06, DER_BOOLEAN = 0x01, DER_CONTEXT_3 = 0xA3 };

/* 1.3.6.1.4.1.45724.1.1.2 */
static const uint8_t serial_oid[] = { 0x2B, 0x06, 0x01, 0x04, 0x01, 0x82, 0xE5, 0x1C, 0x01, 0x01, 0x02 };

/* ---- the mark of enterprise attestation ---- */

/* One Extension (RFC 5280 4.1): its OID, whether it is critical, its value. */
static mitome_status read_extension(reader *r, slice *ret_oid, slice *ret_value)
{
        slice extension, critical;
        MITOME_TRY(der_read(r, NULL, DER_SEQUENCE, &extension, NULL));
        reader in = reader_within(r, extension);
        MITOME_TRY(der_read(&in, NULL, DER_OBJECT_IDENTIFIER, ret_oid, NULL));
        if (in.rest.size && in.rest.data[0] == DER_BOOLEAN)
                MITOME_TRY(der_read(&in, NULL, DER_BOOLEAN, &critical, NULL));
        return der_read(&in, NULL, DER_OCTET_STRING, ret_value, NULL);
}

/* Moves over the parts of TBSCertificate to its extensions; INPUT_ENDS where there are none. */
static mitome_status find_extensions(slice der, reader *ret)
{
        slice whole, tbs, list, extensions;
        reader r = reader_over(der, NULL, NULL);
        MITOME_TRY(der_read(&r, NULL, DER_SEQUENCE, &whole, NULL));
        reader in_whole = reader_within(&r, whole);
        MITOME_TRY(der_read(&in_whole, NULL, DER_SEQUENCE, &tbs, NULL));
        reader in_tbs = reader_within(&in_whole, tbs);
        while (in_tbs.rest.size && in_tbs.rest.data[0] != DER_CONTEXT_3) {
                slice part;
                MITOME_TRY(der_read(&in_tbs, NULL, in_tbs.rest.data[0], &part, NULL));
        }
        MITOME_TRY(der_read(&in_tbs, NULL, DER_CONTEXT_3, &list, NULL));
        reader in_list = reader_within(&in_tbs, list);
        MITOME_TRY(der_read(&in_list, NULL, DER_SEQUENCE, &extensions, NULL));
        *ret = reader_within(&in_list, extensions);
        return ok();
}

slice leaf_device_serial(slice der)
{
        const slice none = { 0 };
        slice oid, value, serial;
        reader r;
        if (failed(find_extensions(der, &r)))
                return none;
        while (r.rest.size) {
                if (failed(read_extension(&r, &oid, &value)))
                        return none;
                reader in_value = reader_over(value, NULL, NULL);
                if (slice_equal(oid, SLICE(serial_oid)))
                        return failed(der_read(&in_value, NULL, DER_OCTET_STRING, &serial, NULL)) ? value
                                                                                                  : serial;
        }
        return none;
}

/* ---- unused bits ---- */

/* The certificate's bytes before the count of unused bits, and behind it; false where it is 0 or not found.
 */
static bool split_at_unused_bits(slice der, slice *ret_before, slice *ret_after)
{
        slice whole, tbs, algorithm, part;
        uint8_t unused;
        reader r = reader_over(der, NULL, NULL), again = r;
        if (failed(der_read(&r, NULL, DER_SEQUENCE, &whole, NULL)) || r.rest.size)
                return false;
        reader in_whole = reader_within(&r, whole);
        if (failed(der_read(&in_whole, NULL, DER_SEQUENCE, &tbs, NULL)) ||
                failed(der_read(&in_whole, NULL, DER_SEQUENCE, &algorithm, NULL)) ||
                failed(der_read(&in_whole, NULL, DER_BIT_STRING, &part, NULL)) || in_whole.rest.size)
                return false;
        reader bits = reader_over(part, NULL, NULL);
        if (failed(read_u8(&bits, NULL, &unused)) || unused == 0 || unused > 7)
                return false;
        *ret_after = read_rest(&bits);
        return !failed(read_bytes(&again, NULL, der.size - part.size, ret_before));
}

slice leaf_mend_unused_bits(slice der, writer *space)
{
        slice before, after;
        if (!split_at_unused_bits(der, &before, &after))
                return der;
        writer mended = writer_over(write_space(space, der.size), der.size);
        if (space->overflowed)
                return der;
        write_slice(&mended, before);
        write_u8(&mended, 0);
        write_slice(&mended, after);
        return writer_view(&mended);
}
