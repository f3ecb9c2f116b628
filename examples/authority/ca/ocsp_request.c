/* SPDX-License-Identifier: Apache-2.0 */
#include "ocsp_request.h"

#include "der.h"

static const char clause[] = "RFC 6960 4.1.1";
static const char field[] = "OCSP request";

enum { DER_BOOLEAN = 0x01, DER_OID = 0x06, DER_CONTEXT_2 = 0xA2, DER_TRUE = 0xFF };

static bool next_is(const reader *r, uint8_t tag)
{
        return r->rest.size > 0 && r->rest.data[0] == tag;
}

/* ---- extensions ---- */

struct extension {
        slice oid, value;
        bool critical;
};

static mitome_status read_extension(reader *list, struct extension *ret)
{
        slice content, flag;
        MITOME_TRY(der_read(list, field, DER_SEQUENCE, &content, NULL));
        reader r = reader_within(list, content);
        *ret = (struct extension){ 0 };
        MITOME_TRY(der_read(&r, field, DER_OID, &ret->oid, NULL));
        if (next_is(&r, DER_BOOLEAN)) { /* DEFAULT FALSE: only TRUE is written */
                MITOME_TRY(der_read(&r, field, DER_BOOLEAN, &flag, NULL));
                if (flag.size != 1 || flag.data[0] != DER_TRUE)
                        return reader_fail(&r, MITOME_E_DER, field);
                ret->critical = true;
        }
        MITOME_TRY(der_read(&r, field, DER_OCTET_STRING, &ret->value, NULL));
        return read_end(&r, field);
}

/* RFC 8954 2.1: Nonce ::= OCTET STRING (SIZE (1..32)), once. */
static mitome_status read_nonce(const reader *list, slice value, slice *nonce)
{
        slice content;
        reader r = reader_within(list, value);
        MITOME_TRY(der_read(&r, "nonce", DER_OCTET_STRING, &content, NULL));
        MITOME_TRY(read_end(&r, "nonce"));
        if (nonce->size || content.size == 0 || content.size > OCSP_NONCE_MAX)
                return fail(list->error, MITOME_E_VALUE, "nonce", "RFC 8954 2.1");
        *nonce = content;
        return ok();
}

static mitome_status take_extension(const reader *list, const struct extension *extension, slice *nonce)
{
        static const uint8_t oid_nonce[] = { 0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x02 };
        if (nonce && slice_equal(extension->oid, SLICE(oid_nonce)))
                return read_nonce(list, extension->value, nonce);
        return extension->critical ? fail(list->error, MITOME_E_VALUE, "critical extension", "RFC 6960 4.4")
                                   : ok();
}

/* [n] EXPLICIT Extensions. `nonce` is NULL where it does not belong. */
static mitome_status read_extensions(reader *outer, uint8_t tag, slice *nonce)
{
        slice wrapped, content;
        if (!next_is(outer, tag))
                return ok();
        MITOME_TRY(der_read(outer, field, tag, &wrapped, NULL));
        reader wrapper = reader_within(outer, wrapped);
        MITOME_TRY(der_read(&wrapper, field, DER_SEQUENCE, &content, NULL));
        MITOME_TRY(read_end(&wrapper, field));
        reader list = reader_within(&wrapper, content);
        if (content.size == 0)
                return reader_fail(&list, MITOME_E_DER, field);
        while (list.rest.size) {
                struct extension extension;
                MITOME_TRY(read_extension(&list, &extension));
                MITOME_TRY(take_extension(&list, &extension, nonce));
        }
        return ok();
}

/* ---- certificates ---- */

/* AlgorithmIdentifier, its parameters NULL or absent (RFC 5754 2). */
static mitome_status read_digest(reader *outer, enum ocsp_digest *ret)
{
        static const uint8_t oid_sha1[] = { 0x2B, 0x0E, 0x03, 0x02, 0x1A };
        static const uint8_t oid_sha256[] = { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01 };
        slice content, oid, nothing = { 0 };
        MITOME_TRY(der_read(outer, field, DER_SEQUENCE, &content, NULL));
        reader r = reader_within(outer, content);
        MITOME_TRY(der_read(&r, field, DER_OID, &oid, NULL));
        *ret = slice_equal(oid, SLICE(oid_sha1))     ? OCSP_SHA1
               : slice_equal(oid, SLICE(oid_sha256)) ? OCSP_SHA256
                                                     : OCSP_OTHER_DIGEST;
        if (*ret == OCSP_OTHER_DIGEST) { /* with whatever parameters it has */
                (void)read_rest(&r);
                return ok();
        }
        if (r.rest.size)
                MITOME_TRY(der_read(&r, field, DER_NULL, &nothing, NULL));
        return nothing.size ? reader_fail(&r, MITOME_E_DER, field) : read_end(&r, field);
}

static bool is_sized(const struct ocsp_id *id)
{
        static const size_t sizes[] = { [OCSP_SHA1] = 20, [OCSP_SHA256] = 32 };
        return id->digest == OCSP_OTHER_DIGEST ||
               (id->name_hash.size == sizes[id->digest] && id->key_hash.size == sizes[id->digest]);
}

/* A CertificateSerialNumber is an INTEGER; one that is not positive, or longer than 20 bytes, was given to
 * nobody. It must be DER all the same. */
static mitome_status read_serial(reader *outer, slice *ret)
{
        slice content;
        MITOME_TRY(der_read(outer, "serial", DER_INTEGER, &content, NULL));
        bool longer = content.size > 1 && ((content.data[0] == 0x00 && !(content.data[1] & 0x80)) ||
                                                  (content.data[0] == 0xFF && content.data[1] & 0x80));
        if (content.size == 0 || longer)
                return reader_fail(outer, MITOME_E_DER, "serial");
        *ret = (slice){ 0 };
        bool negative = content.data[0] & 0x80;
        reader r = reader_within(outer, content);
        if (content.size > 1 && content.data[0] == 0x00)
                MITOME_TRY(read_bytes(&r, "serial", 1, ret));
        slice magnitude = read_rest(&r);
        bool given = !negative && magnitude.size <= OCSP_SERIAL_MAX && magnitude.data[0] != 0;
        *ret = given ? magnitude : (slice){ 0 };
        return ok();
}

static mitome_status read_id(reader *outer, struct ocsp_id *ret)
{
        slice content;
        MITOME_TRY(der_read(outer, field, DER_SEQUENCE, &content, &ret->whole));
        reader r = reader_within(outer, content);
        MITOME_TRY(read_digest(&r, &ret->digest));
        MITOME_TRY(der_read(&r, field, DER_OCTET_STRING, &ret->name_hash, NULL));
        MITOME_TRY(der_read(&r, field, DER_OCTET_STRING, &ret->key_hash, NULL));
        MITOME_TRY(read_serial(&r, &ret->serial));
        MITOME_TRY(read_end(&r, field));
        return is_sized(ret) ? ok() : fail(outer->error, MITOME_E_VALUE, "CertID", clause);
}

static mitome_status read_ids(reader *outer, struct ocsp_request *ret)
{
        slice list, content;
        MITOME_TRY(der_read(outer, field, DER_SEQUENCE, &list, NULL));
        reader entries = reader_within(outer, list);
        for (ret->count = 0; entries.rest.size; ret->count++) {
                if (ret->count == OCSP_CERTIFICATES_MAX)
                        return fail(outer->error, MITOME_E_FULL, field, clause);
                MITOME_TRY(der_read(&entries, field, DER_SEQUENCE, &content, NULL));
                reader entry = reader_within(&entries, content);
                MITOME_TRY(read_id(&entry, &ret->ids[ret->count]));
                MITOME_TRY(read_extensions(&entry, DER_CONTEXT_0, NULL));
                MITOME_TRY(read_end(&entry, field));
        }
        return ret->count ? ok() : fail(outer->error, MITOME_E_MISSING, "CertID", clause);
}

/* ---- the request ---- */

/* [0] EXPLICIT version DEFAULT v1: DER leaves it out, and there is no other. [0] is also what nobody else
 * begins with here. */
static mitome_status read_tbs(reader *outer, struct ocsp_request *ret)
{
        slice content, name;
        MITOME_TRY(der_read(outer, field, DER_SEQUENCE, &content, NULL));
        reader r = reader_within(outer, content);
        if (next_is(&r, DER_CONTEXT_0))
                return fail(outer->error, MITOME_E_VALUE, "version", clause);
        if (next_is(&r, DER_CONTEXT_1))
                MITOME_TRY(der_read(&r, field, DER_CONTEXT_1, &name, NULL));
        MITOME_TRY(read_ids(&r, ret));
        MITOME_TRY(read_extensions(&r, DER_CONTEXT_2, &ret->nonce));
        return read_end(&r, field);
}

mitome_status ocsp_request_read(slice der, struct ocsp_request *ret, mitome_error *error)
{
        slice content, signature;
        struct ocsp_request request = { 0 };
        reader input = reader_over(der, clause, error);
        MITOME_TRY(der_read(&input, field, DER_SEQUENCE, &content, NULL));
        MITOME_TRY(read_end(&input, field));
        reader r = reader_within(&input, content);
        MITOME_TRY(read_tbs(&r, &request));
        if (next_is(&r, DER_CONTEXT_0))
                MITOME_TRY(der_read(&r, field, DER_CONTEXT_0, &signature, NULL));
        MITOME_TRY(read_end(&r, field));
        *ret = request;
        return ok();
}
