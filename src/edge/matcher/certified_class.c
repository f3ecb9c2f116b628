/* SPDX-License-Identifier: Apache-2.0 */
#include "certified_class.h"

#include "der.h"
#include "matcher_class.h"

/* 2.25.266746630121631752785469875097178904567: SEQUENCE { class INTEGER, modality INTEGER } */
static const uint8_t extension_oid[] = { 0x69, 0x83, 0x91, 0xAD, 0xC4, 0x90, 0xB4, 0xB7, 0x9A, 0x86, 0xBF,
        0xBD, 0x89, 0xF4, 0xB9, 0xA8, 0xF6, 0xAA, 0xAF, 0x77 };

enum { DER_OID = 0x06, EXTENSIONS = 3 /* of TBSCertificate: [3] EXPLICIT */ };

/* [RFC 5280 4.1] the extensions, wherever they stand in the part that is signed */
static mitome_status find_extensions(slice certificate, slice *ret, mitome_error *error)
{
        slice whole, signed_part, content;
        struct der_tag tag;
        reader r = reader_over(certificate, NULL, error);
        MITOME_TRY(der_read(&r, "certificate", DER_SEQUENCE, &whole, NULL));
        reader parts = reader_within(&r, whole);
        MITOME_TRY(der_read(&parts, "certificate", DER_SEQUENCE, &signed_part, NULL));
        reader fields = reader_within(&parts, signed_part);
        do
                MITOME_TRY(der_read_any(&fields, "certificate", &tag, &content));
        while (tag.kind != DER_EXPLICIT || tag.number != EXTENSIONS);
        reader inner = reader_within(&fields, content);
        return der_read(&inner, "extensions", DER_SEQUENCE, ret, NULL);
}

static mitome_status read_class(slice value, uint8_t *ret, mitome_error *error)
{
        uint32_t class;
        slice pair;
        reader r = reader_over(value, NULL, error);
        MITOME_TRY(der_read(&r, "class", DER_SEQUENCE, &pair, NULL));
        reader numbers = reader_within(&r, pair);
        MITOME_TRY(der_read_number(&numbers, "class", DER_INTEGER, MATCHER_STRONG, &class));
        *ret = (uint8_t) class;
        return ok();
}

/* One extension: its OID, whether it is critical (mostly left out), its value. */
static mitome_status read_extension(slice extension, slice *ret_oid, slice *ret_value, mitome_error *error)
{
        struct der_tag tag;
        reader r = reader_over(extension, NULL, error);
        MITOME_TRY(der_read(&r, "extension", DER_OID, ret_oid, NULL));
        do
                MITOME_TRY(der_read_any(&r, "extension", &tag, ret_value));
        while (tag.number != DER_OCTET_STRING);
        return ok();
}

static mitome_status find_class(slice certificate, uint8_t *ret, mitome_error *error)
{
        slice extensions, extension, oid, value;
        MITOME_TRY(find_extensions(certificate, &extensions, error));
        reader r = reader_over(extensions, NULL, error);
        do {
                MITOME_TRY(der_read(&r, "extension", DER_SEQUENCE, &extension, NULL));
                MITOME_TRY(read_extension(extension, &oid, &value, error));
        } while (!slice_equal(oid, SLICE(extension_oid)));
        return read_class(value, ret, error);
}

uint8_t certified_class(slice certificate, uint8_t own)
{
        uint8_t class = MATCHER_CONVENIENCE;
        if (!certificate.size)
                return own;
        if (failed(find_class(certificate, &class, NULL)))
                class = MATCHER_CONVENIENCE;
        return class < own ? class : own;
}
