/* SPDX-License-Identifier: Apache-2.0 */
#include "trust_internal.h"

#include <openssl/x509v3.h>

static const char clause[] = "RFC 5280 5";

/* RFC 5280 5.3: one entry with a critical extension that is not understood, and the list must not be used for
 * any certificate. (certificateIssuer is one: it makes the entries that follow another issuer's.) */
static bool is_plain(const X509_REVOKED *entry)
{
        for (int i = 0; i < X509_REVOKED_get_ext_count(entry); i++)
                if (X509_EXTENSION_get_critical(X509_REVOKED_get_ext(entry, i)))
                        return false;
        return true;
}

/* A critical extension changes what a CRL covers (a delta, a part, other issuers' certificates); this reader
 * knows whole CRLs of one issuer, and must not take another kind for one (RFC 5280 5.2). */
static bool is_whole(X509_CRL *crl)
{
        for (int i = 0; i < X509_CRL_get_ext_count(crl); i++)
                if (X509_EXTENSION_get_critical(X509_CRL_get_ext(crl, i)))
                        return false;
        STACK_OF(X509_REVOKED) *entries = X509_CRL_get_REVOKED(crl);
        for (int i = 0; i < sk_X509_REVOKED_num(entries); i++)
                if (!is_plain(sk_X509_REVOKED_value(entries, i)))
                        return false;
        return true;
}

/* RFC 5280 6.3.3 (f): a CA whose key usage leaves out cRLSign signs no list. */
static bool signed_by(X509_CRL *crl, X509 *anchor)
{
        return X509_get_key_usage(anchor) & KU_CRL_SIGN &&
               X509_CRL_verify(crl, X509_get0_pubkey(anchor)) == 1;
}

static mitome_status check_times(const X509_CRL *crl, int64_t now, mitome_error *error)
{
        time_t at = (time_t)now;
        const ASN1_TIME *next = X509_CRL_get0_nextUpdate(crl);
        bool begun = X509_cmp_time(X509_CRL_get0_lastUpdate(crl), &at) < 0;
        bool fresh = next && X509_cmp_time(next, &at) > 0;
        return begun && fresh ? ok() : fail(error, MITOME_E_CRL_STALE, "CRL", "RFC 5280 5.1.2.5");
}

static bool is_hold(const X509_REVOKED *entry)
{
        int critical;
        ASN1_ENUMERATED *reason = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, &critical, NULL);
        bool hold = reason && ASN1_ENUMERATED_get(reason) == CRL_REASON_CERTIFICATE_HOLD;
        ASN1_ENUMERATED_free(reason);
        return hold;
}

static mitome_status check_listed(X509_CRL *crl, slice serial, mitome_error *error)
{
        BIGNUM *number = BN_bin2bn(serial.data, (int)serial.size, NULL);
        ASN1_INTEGER *wanted = number ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
        BN_free(number);
        if (!wanted)
                return fail(error, MITOME_E_NO_MEMORY, "serial", NULL);
        X509_REVOKED *entry = NULL;
        int listed = X509_CRL_get0_by_serial(crl, &entry, wanted);
        ASN1_INTEGER_free(wanted);
        if (listed == 0)
                return ok();
        if (listed == 2) /* removeFromCRL, which only a delta may say (5.3.1) */
                return fail(error, MITOME_E_CRL_FORM, "CRL", "RFC 5280 5.3.1");
        return fail(error, is_hold(entry) ? MITOME_E_CERTIFICATE_ON_HOLD : MITOME_E_CERTIFICATE_REVOKED,
                "certificate", "RFC 5280 5.3.1");
}

/* The CRLs of one anchor: those of its name that its key has signed. One that is valid now must be among
 * them. */
static mitome_status check_anchor(
        const struct mitome_trust *trust, X509 *anchor, slice serial, int64_t now, mitome_error *error)
{
        mitome_code reason = MITOME_E_CRL_MISSING;
        bool covered = false;
        for (int i = 0; i < sk_X509_CRL_num(trust->crls); i++) {
                X509_CRL *crl = sk_X509_CRL_value(trust->crls, i);
                mitome_error stale = { 0 };
                if (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(anchor)) != 0)
                        continue;
                if (!signed_by(crl, anchor)) {
                        if (reason == MITOME_E_CRL_MISSING)
                                reason = MITOME_E_CRL_SIGNATURE;
                        continue;
                }
                if (!is_whole(crl))
                        return fail(error, MITOME_E_CRL_FORM, "CRL", "RFC 5280 5.2");
                MITOME_TRY(check_listed(crl, serial, error)); /* what an old list says stays said */
                if (failed(check_times(crl, now, &stale)))
                        reason = MITOME_E_CRL_STALE;
                else
                        covered = true;
        }
        return covered ? ok() : fail(error, reason, "CRL", clause);
}

mitome_status trust_check_serial(const struct mitome_trust *trust, slice issuer_name_der, slice serial,
        int64_t now, mitome_error *error)
{
        const unsigned char *end = issuer_name_der.data;
        if (serial.size == 0 || serial.size > 20 || issuer_name_der.size == 0 ||
                issuer_name_der.size > UINT16_MAX)
                return fail(error, MITOME_E_ARGUMENT, "certificate serial", "RFC 5280 4.1.2.2");
        X509_NAME *issuer = d2i_X509_NAME(NULL, &end, (long)issuer_name_der.size);
        if (!issuer || (size_t)(end - issuer_name_der.data) != issuer_name_der.size) {
                X509_NAME_free(issuer);
                return fail(error, MITOME_E_DER, "certificate issuer", "RFC 5280 4.1.2.4");
        }
        mitome_status status = ok();
        bool known = false;
        for (int i = 0; !failed(status) && i < sk_X509_num(trust->jpki_anchors); i++) {
                X509 *anchor = sk_X509_value(trust->jpki_anchors, i);
                if (X509_NAME_cmp(X509_get_subject_name(anchor), issuer) != 0)
                        continue;
                known = true;
                status = check_anchor(trust, anchor, serial, now, error);
        }
        X509_NAME_free(issuer);
        if (!failed(status) && !known)
                return fail(error, MITOME_E_CERTIFICATE_ISSUER, "certificate", clause);
        return status;
}
