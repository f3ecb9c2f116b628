/* SPDX-License-Identifier: Apache-2.0 */
#include "cms_write.h"

#include "der.h"

#include <openssl/evp.h>
#include <time.h>

enum { CONTENT_MAX = 1 << 20, SIGNED_ATTRIBUTES = 0xA0, UTC_TIME = 0x17, SHORT_LENGTH = 0x80 };

/* The object identifiers, each with its tag and length. */
static const uint8_t oid_data[] = { 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01 };
static const uint8_t oid_signed_data[] = { 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02 };
static const uint8_t oid_content_type[] = { 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09,
        0x03 };
static const uint8_t oid_message_digest[] = { 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09,
        0x04 };
static const uint8_t oid_signing_time[] = { 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09,
        0x05 };
static const uint8_t oid_signing_certificate[] = { 0x06, 0x0B, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09,
        0x10, 0x02, 0x2F };
static const uint8_t algorithm_sha256[] = { 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04,
        0x02, 0x01, 0x05, 0x00 };
static const uint8_t algorithm_rsa_sha256[] = { 0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D,
        0x01, 0x01, 0x0B, 0x05, 0x00 };
static const uint8_t version_1[] = { 0x02, 0x01, 0x01 };

/* ---- DER, outside in: the length of what follows is known ---- */

static size_t head_size(size_t length)
{
        return length < SHORT_LENGTH ? 2 : length < 0x100 ? 3 : length < 0x10000 ? 4 : 5;
}

static size_t whole_size(size_t length)
{
        return head_size(length) + length;
}

static void write_head(writer *w, uint8_t tag, size_t length)
{
        size_t octets = head_size(length) - 2;
        write_u8(w, tag);
        write_u8(w, (uint8_t)(octets ? SHORT_LENGTH | octets : length));
        for (; octets; octets--)
                write_u8(w, (uint8_t)(length >> 8 * (octets - 1)));
}

static void write_element(writer *w, uint8_t tag, slice content)
{
        write_head(w, tag, content.size);
        write_slice(w, content);
}

/* ---- what is signed ---- */

static mitome_status sha256(slice data, uint8_t ret[CMS_DIGEST_SIZE], mitome_error *error)
{
        unsigned size;
        return EVP_Digest(data.data, data.size, ret, &size, EVP_sha256(), NULL) == 1
                       ? ok()
                       : fail(error, MITOME_E_CRYPTO_FAILED, "digest", NULL);
}

/* Attribute ::= SEQUENCE { attrType, attrValues SET OF } with one value. */
static void write_attribute(writer *w, slice type, slice value)
{
        write_head(w, DER_SEQUENCE, type.size + whole_size(value.size));
        write_slice(w, type);
        write_element(w, DER_SET, value);
}

static mitome_status write_time(writer *w, int64_t now, mitome_error *error)
{
        char text[16];
        uint8_t value[32];
        time_t seconds = (time_t)now;
        struct tm tm;
        writer element = WRITER(value);
        if (!gmtime_r(&seconds, &tm) || tm.tm_year < 50 || tm.tm_year >= 150 ||
                strftime(text, sizeof text, "%y%m%d%H%M%SZ", &tm) == 0)
                return fail(error, MITOME_E_VALUE, "the time", "RFC 5652 11.3");
        write_element(&element, UTC_TIME, slice_text(text));
        write_attribute(w, SLICE(oid_signing_time), writer_view(&element));
        return ok();
}

static mitome_status write_digest(writer *w, slice content, mitome_error *error)
{
        uint8_t digest[CMS_DIGEST_SIZE], value[CMS_DIGEST_SIZE + 2];
        writer element = WRITER(value);
        MITOME_TRY(sha256(content, digest, error));
        write_element(&element, DER_OCTET_STRING, SLICE(digest));
        write_attribute(w, SLICE(oid_message_digest), writer_view(&element));
        return ok();
}

/* SigningCertificateV2 ::= SEQUENCE { SEQUENCE OF ESSCertIDv2 }: one, of the default algorithm, SHA-256. */
static mitome_status write_signing_certificate(writer *w, slice certificate, mitome_error *error)
{
        enum { HASH = CMS_DIGEST_SIZE + 2, CERT_ID = HASH + 2, LIST = CERT_ID + 2 };
        uint8_t digest[CMS_DIGEST_SIZE], value[LIST + 2];
        writer element = WRITER(value);
        MITOME_TRY(sha256(certificate, digest, error));
        write_head(&element, DER_SEQUENCE, LIST);
        write_head(&element, DER_SEQUENCE, CERT_ID);
        write_head(&element, DER_SEQUENCE, HASH);
        write_element(&element, DER_OCTET_STRING, SLICE(digest));
        write_attribute(w, SLICE(oid_signing_certificate), writer_view(&element));
        return ok();
}

/* The attributes are written in the order of DER's SET OF: they differ in their lengths, which grow. The
 * signature is over them as a SET, though they stand under another tag. */
mitome_status cms_prepare(struct cms_plan *plan, mitome_error *error)
{
        uint8_t set[CMS_ATTRIBUTES_MAX + 8];
        writer attributes = WRITER(plan->attributes), w = WRITER(set);
        slice list;
        if (plan->content.size > CONTENT_MAX)
                return fail(error, MITOME_E_TOO_LONG, "the content", NULL);
        write_attribute(&attributes, SLICE(oid_content_type), SLICE(oid_data));
        MITOME_TRY(write_time(&attributes, plan->now, error));
        MITOME_TRY(write_digest(&attributes, plan->content, error));
        MITOME_TRY(write_signing_certificate(&attributes, plan->certificate, error));
        MITOME_TRY(writer_finish(&attributes, "signed attributes", &list, error));
        plan->attributes_size = list.size;
        write_element(&w, DER_SET, list);
        return sha256(writer_view(&w), plan->digest, error);
}

/* ---- the whole ---- */

/* IssuerAndSerialNumber, as the two stand in the certificate. */
static mitome_status find_issuer(slice certificate, slice *ret_issuer, slice *ret_serial, mitome_error *error)
{
        reader r = reader_over(certificate, "RFC 5280 4.1", error);
        slice content;
        MITOME_TRY(der_read(&r, "certificate", DER_SEQUENCE, &content, NULL));
        r = reader_within(&r, content);
        MITOME_TRY(der_read(&r, "tbsCertificate", DER_SEQUENCE, &content, NULL));
        r = reader_within(&r, content);
        MITOME_TRY(der_read(&r, "version", DER_CONTEXT_0, &content, NULL));
        MITOME_TRY(der_read(&r, "serialNumber", DER_INTEGER, &content, ret_serial));
        MITOME_TRY(der_read(&r, "signature", DER_SEQUENCE, &content, NULL));
        return der_read(&r, "issuer", DER_SEQUENCE, &content, ret_issuer);
}

static size_t signer_size(const struct cms_plan *plan, slice issuer, slice serial, slice signature)
{
        return sizeof version_1 + whole_size(issuer.size + serial.size) + sizeof algorithm_sha256 +
               whole_size(plan->attributes_size) + sizeof algorithm_rsa_sha256 + whole_size(signature.size);
}

static void write_signer(writer *w, const struct cms_plan *plan, slice issuer, slice serial, slice signature)
{
        write_head(w, DER_SEQUENCE, signer_size(plan, issuer, serial, signature));
        write_slice(w, SLICE(version_1));
        write_head(w, DER_SEQUENCE, issuer.size + serial.size);
        write_slice(w, issuer);
        write_slice(w, serial);
        write_slice(w, SLICE(algorithm_sha256));
        write_element(w, SIGNED_ATTRIBUTES, slice_of(plan->attributes, plan->attributes_size));
        write_slice(w, SLICE(algorithm_rsa_sha256));
        write_element(w, DER_OCTET_STRING, signature);
}

mitome_status cms_write(const struct cms_plan *plan, slice signature, writer *out, mitome_error *error)
{
        slice issuer, serial, whole;
        MITOME_TRY(find_issuer(plan->certificate, &issuer, &serial, error));
        size_t octets = whole_size(plan->content.size);
        size_t content = sizeof oid_data + whole_size(octets);
        size_t signer = whole_size(signer_size(plan, issuer, serial, signature));
        size_t signed_data = sizeof version_1 + whole_size(sizeof algorithm_sha256) + whole_size(content) +
                             whole_size(plan->certificate.size) + whole_size(signer);

        write_head(out, DER_SEQUENCE, sizeof oid_signed_data + whole_size(whole_size(signed_data)));
        write_slice(out, SLICE(oid_signed_data));
        write_head(out, DER_CONTEXT_0, whole_size(signed_data));
        write_head(out, DER_SEQUENCE, signed_data);
        write_slice(out, SLICE(version_1));
        write_element(out, DER_SET, SLICE(algorithm_sha256));
        write_head(out, DER_SEQUENCE, content);
        write_slice(out, SLICE(oid_data));
        write_head(out, DER_CONTEXT_0, octets);
        write_element(out, DER_OCTET_STRING, plan->content);
        write_element(out, DER_CONTEXT_0, plan->certificate);
        write_head(out, DER_SET, signer);
        write_signer(out, plan, issuer, serial, signature);
        return writer_finish(out, "the signed application", &whole, error);
}
