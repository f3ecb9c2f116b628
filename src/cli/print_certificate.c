/* SPDX-License-Identifier: Apache-2.0 */
/* X.509 certificates, RFC 5280 4. */
#include "der.h"
#include "print_x509.h"

static const char clause[] = "RFC 5280 4.1";

enum { EXTENSIONS_TAG = 3 };

/* Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING } */
static mitome_status print_extension(const struct print_place *place, reader *r)
{
        static const char field[] = "certificate extension";
        slice content, whole, value;
        struct der_tag tag;
        bool critical = false;
        MITOME_TRY(der_read(r, field, DER_SEQUENCE, &content, NULL));
        reader in_extension = reader_within(r, content);
        MITOME_TRY(der_read(&in_extension, field, V_ASN1_OBJECT, &value, &whole));
        MITOME_TRY(der_read_any(&in_extension, field, &tag, &value));
        if (tag.number == V_ASN1_BOOLEAN) {
                critical = value.size == 1 && value.data[0];
                MITOME_TRY(der_read_any(&in_extension, field, &tag, &value));
        }
        ASN1_OBJECT *type = print_x509_decode(whole, ASN1_ITEM_rptr(ASN1_OBJECT));
        if (!type)
                return reader_fail(r, MITOME_E_DER, field);
        struct print_place within = *place;
        within.at = in_extension.offset - value.size;
        print_certificate_extension(&within, type, critical, value);
        ASN1_OBJECT_free(type);
        return ok();
}

/* OpenSSL has found the outline to be right; this finds where in the bytes the extensions stand. */
static mitome_status print_extensions(const struct print_place *place, slice der)
{
        reader r = print_reader(place, der, clause);
        struct der_tag tag;
        slice content;
        MITOME_TRY(der_read(&r, "certificate", DER_SEQUENCE, &content, NULL));
        r = reader_within(&r, content);
        MITOME_TRY(der_read(&r, "tbsCertificate", DER_SEQUENCE, &content, NULL));
        r = reader_within(&r, content);
        do {
                if (r.rest.size == 0)
                        return ok();
                MITOME_TRY(der_read_any(&r, "tbsCertificate", &tag, &content));
        } while (tag.kind != DER_EXPLICIT || tag.number != EXTENSIONS_TAG);
        r = reader_within(&r, content);
        MITOME_TRY(der_read(&r, "extensions", DER_SEQUENCE, &content, NULL));
        r = reader_within(&r, content);
        while (r.rest.size)
                MITOME_TRY(print_extension(place, &r));
        return ok();
}

static void print_fields(const struct print_place *place, X509 *certificate)
{
        print_line(place, "version", "%ld", X509_get_version(certificate) + 1);
        print_x509_name(place, "subject", X509_get_subject_name(certificate));
        print_x509_name(place, "issuer", X509_get_issuer_name(certificate));
        print_x509_number(place, "serial", X509_get0_serialNumber(certificate));
        print_x509_time(place, "not before", X509_get0_notBefore(certificate));
        print_x509_time(place, "not after", X509_get0_notAfter(certificate));
        print_x509_key(place, "public key", X509_get_X509_PUBKEY(certificate));
        print_x509_algorithm(place, "signed by", X509_get0_tbs_sigalg(certificate));
}

mitome_status print_certificate(const struct print_place *place, slice der)
{
        MITOME_TRY(print_der_check(place, der, "certificate", clause));
        X509 *certificate = print_x509_decode(der, ASN1_ITEM_rptr(X509));
        if (!certificate)
                return fail_at(place->error, MITOME_E_DER, place->at, "certificate", clause);
        print_fields(place, certificate);
        X509_free(certificate);
        mitome_error wrong = { 0 };
        struct print_place quiet = *place;
        quiet.error = &wrong;
        if (failed(print_extensions(&quiet, der)))
                print_wrong(place, &wrong);
        else if (wrong.code != MITOME_OK)
                error_record(place->error, wrong.code, wrong.at, wrong.field, wrong.clause);
        return ok();
}
