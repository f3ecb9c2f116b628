/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates of which only the serial number and the issuer's name are known: what a record keeps. */
#include "trust_internal.h"

static const char clause[] = "RFC 5280 5";

/* So many that comparing with each takes as long as reading a name. */
enum { FEW_ANCHORS = 16 };

struct named {
        const X509_NAME *issuer;
        X509_NAME *parsed; /* the same, when it had to be */
        ASN1_INTEGER *serial;
};

static void named_free(struct named *named)
{
        ASN1_INTEGER_free(named->serial);
        X509_NAME_free(named->parsed);
}

/* Names are mostly written as the CA writes its own: the anchor's is then at hand, which takes a third of the
 * time of reading it again. */
static const X509_NAME *find_name(STACK_OF(X509) * anchors, slice der)
{
        for (int i = 0; i < sk_X509_num(anchors); i++) {
                const X509_NAME *name = X509_get_subject_name(sk_X509_value(anchors, i));
                const unsigned char *bytes;
                size_t size;
                if (X509_NAME_get0_der(name, &bytes, &size) == 1 && slice_equal(der, slice_of(bytes, size)))
                        return name;
        }
        return NULL;
}

static mitome_status read_serial(slice serial, ASN1_INTEGER **ret, mitome_error *error)
{
        BIGNUM *number = BN_bin2bn(serial.data, (int)serial.size, NULL);
        *ret = number ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
        BN_free(number);
        return *ret ? ok() : fail(error, MITOME_E_NO_MEMORY, "certificate serial", NULL);
}

static mitome_status read_issuer(slice der, struct named *ret, mitome_error *error)
{
        const unsigned char *end = der.data;
        if (ret->issuer)
                return ok();
        ret->issuer = ret->parsed = d2i_X509_NAME(NULL, &end, (long)der.size);
        if (!ret->parsed || (size_t)(end - der.data) != der.size)
                return fail(error, MITOME_E_DER, "certificate issuer", "RFC 5280 4.1.2.4");
        return ok();
}

static mitome_status named_read(
        STACK_OF(X509) * anchors, slice issuer_name_der, slice serial, struct named *ret, mitome_error *error)
{
        if (serial.size == 0 || serial.size > 20 || issuer_name_der.size == 0 ||
                issuer_name_der.size > UINT16_MAX)
                return fail(error, MITOME_E_ARGUMENT, "certificate serial", "RFC 5280 4.1.2.2");
        ret->issuer = sk_X509_num(anchors) <= FEW_ANCHORS ? find_name(anchors, issuer_name_der) : NULL;
        MITOME_TRY(read_issuer(issuer_name_der, ret, error));
        return read_serial(serial, &ret->serial, error);
}

/* ---- JPKI: an answer is a must ---- */

/* Every anchor of the name must speak; that a generation does not know the certificate is an answer as long
 * as another does. That one says nothing does not keep the others from saying that it is revoked. */
static mitome_status check_generations(
        const struct mitome_trust *trust, const struct named *named, int64_t now, mitome_error *error)
{
        bool known = false, alive = false, silent = false;
        struct standing silence = { 0 };
        for (int i = 0; i < sk_X509_num(trust->jpki_anchors); i++) {
                X509 *anchor = sk_X509_value(trust->jpki_anchors, i);
                struct standing standing;
                if (X509_NAME_cmp(X509_get_subject_name(anchor), named->issuer) != 0)
                        continue;
                known = true;
                MITOME_TRY(
                        revocation_ask(trust, anchor, named->serial, now, "certificate", &standing, error));
                if (!silent && !standing.alive && !standing.unknown) {
                        silence = standing;
                        silent = true;
                }
                alive = alive || (standing.alive && !standing.unknown);
        }
        if (!known)
                return fail(error, MITOME_E_CERTIFICATE_ISSUER, "certificate", clause);
        if (silent)
                return revocation_fail_unsaid(&silence, "certificate", error);
        return alive ? ok() : fail(error, MITOME_E_CERTIFICATE_UNKNOWN, "certificate", "RFC 6960 2.2");
}

mitome_status trust_check_serial(const struct mitome_trust *trust, slice issuer_name_der, slice serial,
        int64_t now, mitome_error *error)
{
        struct named named = { 0 };
        mitome_status status = named_read(trust->jpki_anchors, issuer_name_der, serial, &named, error);
        if (!failed(status))
                status = check_generations(trust, &named, now, error);
        named_free(&named);
        return status;
}

/* ---- attestation: what was said ---- */

/* The issuer need not be an anchor: a maker's intermediate came in x5c, and went. What a list of nobody's
 * says is not believed, and not passed over either. */
static mitome_status check_orphans(
        const struct mitome_trust *trust, const struct named *named, mitome_error *error)
{
        for (size_t i = 0; i < trust->list_count; i++) {
                const struct revocation_list *list = &trust->lists[i];
                if (sk_X509_num(list->signers) == 0 &&
                        X509_NAME_cmp(X509_CRL_get_issuer(list->crl), named->issuer) == 0 &&
                        X509_CRL_get0_by_serial(list->crl, NULL, named->serial))
                        return fail(error, MITOME_E_CRL_SIGNATURE, "CRL", clause);
        }
        return ok();
}

/* One anchor of the name that calls the certificate good is enough: the others may be of another key. */
static mitome_status check_anchors(
        const struct mitome_trust *trust, const struct named *named, int64_t now, mitome_error *error)
{
        struct standing worst = { .reason = MITOME_E_CRL_MISSING };
        bool alive = false;
        size_t first, behind;
        if (!anchor_index_find(trust, named->issuer, &first, &behind))
                return fail(error, MITOME_E_CRYPTO_FAILED, "certificate", clause);
        for (size_t i = first; i < behind; i++) {
                X509 *anchor = trust->places[i].anchor;
                struct standing standing;
                if (X509_NAME_cmp(X509_get_subject_name(anchor), named->issuer) != 0)
                        continue;
                MITOME_TRY(
                        revocation_ask(trust, anchor, named->serial, now, "certificate", &standing, error));
                alive = alive || (standing.alive && !standing.unknown);
                worst.unknown = worst.unknown || standing.unknown;
                standing_explain(&worst, standing.reason);
        }
        bool silent = !worst.unknown && worst.reason == MITOME_E_CRL_MISSING;
        if (alive || (silent && !trust->require_revocation))
                return ok();
        return revocation_fail_unsaid(&worst, "certificate", error);
}

mitome_status trust_check_listed(const struct mitome_trust *trust, slice issuer_name_der, slice serial,
        int64_t now, mitome_error *error)
{
        struct named named = { 0 };
        if (trust->list_count == 0 && trust->answer_count == 0 && !trust->require_revocation)
                return ok(); /* nobody says anything: a million records are judged without being parsed */
        mitome_status status = named_read(trust->anchors, issuer_name_der, serial, &named, error);
        if (!failed(status))
                status = check_anchors(trust, &named, now, error);
        if (!failed(status))
                status = check_orphans(trust, &named, error);
        named_free(&named);
        return status;
}
