/* SPDX-License-Identifier: Apache-2.0 */
/* Certificate revocation lists, RFC 5280 5. */
#include "print_x509.h"

static const char clause[] = "RFC 5280 5.1";

enum { SHOWN = 10 };

static void print_extensions(const struct print_place *place, const X509_CRL *list)
{
        ASN1_INTEGER *number = X509_CRL_get_ext_d2i(list, NID_crl_number, NULL, NULL);
        ASN1_INTEGER *base = X509_CRL_get_ext_d2i(list, NID_delta_crl, NULL, NULL);
        AUTHORITY_KEYID *key = X509_CRL_get_ext_d2i(list, NID_authority_key_identifier, NULL, NULL);
        if (number)
                print_x509_number(place, "cRLNumber", number);
        if (base)
                print_x509_number(place, "delta to", base);
        if (X509_CRL_get_ext_by_NID(list, NID_issuing_distribution_point, -1) >= 0)
                print_line(place, "scope", "a part, or indirect (issuingDistributionPoint)");
        if (key && key->keyid)
                print_hex_line(place, "issuer's key", print_x509_string(key->keyid));
        ASN1_INTEGER_free(number);
        ASN1_INTEGER_free(base);
        AUTHORITY_KEYID_free(key);
}

/* RFC 5280 5.3.1; absent: unspecified. */
static const char *reason_of(const X509_REVOKED *entry)
{
        static const char *const reasons[] = { "unspecified", "key compromise", "CA compromise",
                "affiliation changed", "superseded", "cessation of operation", "on hold", "reason 7",
                "removed from list", "privilege withdrawn", "AA compromise" };
        ASN1_ENUMERATED *reason = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, NULL, NULL);
        int64_t number = 0;
        if (reason && ASN1_ENUMERATED_get_int64(&number, reason) != 1)
                number = -1;
        ASN1_ENUMERATED_free(reason);
        return number >= 0 && number < (int64_t)(sizeof reasons / sizeof reasons[0]) ? reasons[number]
                                                                                     : "another reason";
}

static void print_entries(const struct print_place *place, X509_CRL *list)
{
        STACK_OF(X509_REVOKED) *entries = X509_CRL_get_REVOKED(list);
        int count = entries ? sk_X509_REVOKED_num(entries) : 0;
        print_line(place, "entries", "%d", count);
        struct print_place within = *place;
        within.indent += 2;
        for (int i = 0; i < count && i < SHOWN; i++) {
                const X509_REVOKED *entry = sk_X509_REVOKED_value(entries, i);
                print_x509_number(&within, "serial", X509_REVOKED_get0_serialNumber(entry));
                print_x509_time(&within, reason_of(entry), X509_REVOKED_get0_revocationDate(entry));
        }
        if (count > SHOWN)
                print_line(&within, "\xE2\x80\xA6", "%d more", count - SHOWN);
}

mitome_status print_revocation_list(const struct print_place *place, slice der)
{
        MITOME_TRY(print_der_check(place, der, "CRL", clause));
        X509_CRL *list = print_x509_decode(der, ASN1_ITEM_rptr(X509_CRL));
        const X509_ALGOR *algorithm;
        if (!list)
                return fail_at(place->error, MITOME_E_DER, place->at, "CRL", clause);
        X509_CRL_get0_signature(list, NULL, &algorithm);
        print_line(place, "version", "%ld", X509_CRL_get_version(list) + 1);
        print_x509_name(place, "issuer", X509_CRL_get_issuer(list));
        print_x509_time(place, "thisUpdate", X509_CRL_get0_lastUpdate(list));
        print_x509_time(place, "nextUpdate", X509_CRL_get0_nextUpdate(list));
        print_x509_algorithm(place, "signed by", algorithm);
        print_extensions(place, list);
        print_entries(place, list);
        X509_CRL_free(list);
        return ok();
}
