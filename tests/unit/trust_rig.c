/* SPDX-License-Identifier: Apache-2.0 */
#include "trust_rig.h"

#include "x509_build.h"

#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

const int64_t rig_now = 1800000000; /* 2027-01-15 */

const char rig_ca_extensions[] = "[certificate]\nkeyUsage = critical, keyCertSign, cRLSign\n"
                                 "basicConstraints = critical, CA:TRUE\nsubjectKeyIdentifier = hash\n";
const char rig_leaf_extensions[] = "[certificate]\nbasicConstraints = critical, CA:FALSE\n"
                                   "authorityKeyIdentifier = keyid\n";

static void must(bool condition, const char *what)
{
        if (!condition) {
                fprintf(stderr, "trust rig: %s failed\n", what);
                abort();
        }
}

void rig_make(struct rig_certificate *ret, const struct rig_plan *plan)
{
        static uint8_t serial[] = { 0x4d, 0x00, 0x00 };
        serial[2]++;
        *ret = (struct rig_certificate){ .key = plan->key ? plan->key : EVP_EC_gen("P-256") };
        X509_NAME *name = x509_name(plan->subject);
        must(ret->key && name, "key or name");
        EVP_PKEY *signer = plan->issuer ? plan->issuer->key : ret->key;
        const struct x509_plan made = {
                .subject = name,
                .key = ret->key,
                .issuer = plan->issuer ? plan->issuer->x509 : NULL,
                .issuer_key = signer,
                .serial = SLICE(serial),
                .not_before = plan->not_before ? plan->not_before : rig_now - RIG_DAY,
                .not_after = plan->not_after ? plan->not_after : rig_now + 365 * RIG_DAY,
                .extensions = plan->extensions,
        };
        must(x509_build(&made, &ret->x509, NULL).code == MITOME_OK, "certificate");
        if (plan->digest)
                must(X509_sign(ret->x509, signer, plan->digest) > 0, "signature");
        must(x509_der(ret->x509, &ret->der, NULL).code == MITOME_OK, "DER");
        X509_NAME_free(name);
}

void rig_free(struct rig_certificate *certificate)
{
        X509_free(certificate->x509);
        EVP_PKEY_free(certificate->key);
        *certificate = (struct rig_certificate){ 0 };
}

slice rig_der(const struct rig_certificate *certificate)
{
        return slice_of(certificate->der.bytes, certificate->der.size);
}

static void add_entry(X509_CRL *crl, const struct rig_crl_plan *plan)
{
        X509_REVOKED *entry = X509_REVOKED_new();
        BIGNUM *number = BN_bin2bn(plan->serial.data, (int)plan->serial.size, NULL);
        ASN1_INTEGER *serial = BN_to_ASN1_INTEGER(number, NULL);
        ASN1_TIME *time = ASN1_TIME_set(NULL, (time_t)(rig_now - 1));
        must(X509_REVOKED_set_serialNumber(entry, serial) == 1 &&
                        X509_REVOKED_set_revocationDate(entry, time) == 1,
                "entry");
        if (plan->reason) {
                ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();
                must(ASN1_ENUMERATED_set(reason, plan->reason) == 1 &&
                                X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason, 0, 0) == 1,
                        "reason");
                ASN1_ENUMERATED_free(reason);
        }
        if (plan->critical_entry) {
                ASN1_GENERALIZEDTIME *date = ASN1_GENERALIZEDTIME_set(NULL, (time_t)(rig_now - 1));
                must(X509_REVOKED_add1_ext_i2d(entry, NID_invalidity_date, date, 1, 0) == 1, "date");
                ASN1_GENERALIZEDTIME_free(date);
        }
        must(X509_CRL_add0_revoked(crl, entry) == 1, "entry");
        ASN1_TIME_free(time);
        ASN1_INTEGER_free(serial);
        BN_free(number);
}

static void set_time(X509_CRL *crl, int (*set)(X509_CRL *, const ASN1_TIME *), int64_t at)
{
        ASN1_TIME *time = ASN1_TIME_set(NULL, (time_t)at);
        must(time && set(crl, time) == 1, "time");
        ASN1_TIME_free(time);
}

void rig_crl(struct authority_der *ret, const struct rig_crl_plan *plan)
{
        X509_CRL *crl = X509_CRL_new();
        unsigned char *der = NULL;
        must(X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1 &&
                        X509_CRL_set_issuer_name(crl, X509_get_subject_name(plan->issuer->x509)) == 1,
                "CRL");
        set_time(crl, X509_CRL_set1_lastUpdate, plan->issued);
        if (plan->next)
                set_time(crl, X509_CRL_set1_nextUpdate, plan->next);
        if (plan->serial.size)
                add_entry(crl, plan);
        if (plan->critical) {
                ASN1_INTEGER *base = ASN1_INTEGER_new();
                must(ASN1_INTEGER_set(base, 1) == 1 &&
                                X509_CRL_add1_ext_i2d(crl, NID_delta_crl, base, 1, 0) == 1,
                        "delta indicator");
                ASN1_INTEGER_free(base);
        }
        must(X509_CRL_sign(crl, plan->signer ? plan->signer : plan->issuer->key, EVP_sha256()) > 0, "CRL");
        int size = i2d_X509_CRL(crl, &der);
        must(size > 0 && (size_t)size <= sizeof ret->bytes, "CRL");
        ret->size = (size_t)size;
        must(slice_copy(slice_of(der, ret->size), "CRL", ret->bytes, sizeof ret->bytes, NULL).code ==
                        MITOME_OK,
                "CRL");
        OPENSSL_free(der);
        X509_CRL_free(crl);
}

struct mitome_trust *rig_trust(const struct rig_certificate *anchor, const struct rig_certificate *jpki)
{
        struct mitome_trust *trust;
        must(mitome_trust_new(&trust, NULL).code == MITOME_OK, "trust");
        if (anchor)
                must(mitome_trust_add_anchor(trust, rig_der(anchor), NULL).code == MITOME_OK, "anchor");
        if (jpki)
                must(mitome_trust_add_jpki_anchor(trust, rig_der(jpki), NULL).code == MITOME_OK,
                        "JPKI anchor");
        return trust;
}

void rig_add_crl(struct mitome_trust *trust, const struct authority_der *crl)
{
        must(mitome_trust_add_crl(trust, slice_of(crl->bytes, crl->size), NULL).code == MITOME_OK, "CRL");
}
