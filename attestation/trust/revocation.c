/* SPDX-License-Identifier: Apache-2.0 */
#include "trust_internal.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

static const char clause[] = "RFC 5280 5";

/* ---- what does not change of a list ---- */

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

static bool has_name_of(const struct revocation_list *list, const X509 *issuer)
{
        return X509_NAME_cmp(X509_CRL_get_issuer(list->crl), X509_get_subject_name(issuer)) == 0;
}

/* RFC 5280 6.3.3 (f): a CA whose key usage leaves out cRLSign signs no list. */
static bool signs(X509 *issuer, X509_CRL *crl)
{
        (void)ERR_set_mark(); /* OpenSSL's error queue is the caller's */
        EVP_PKEY *key = X509_get0_pubkey(issuer);
        bool signed_it = key && X509_get_key_usage(issuer) & KU_CRL_SIGN &&
                         !digest_is_weak(X509_CRL_get_signature_nid(crl)) && X509_CRL_verify(crl, key) == 1;
        (void)ERR_pop_to_mark();
        return signed_it;
}

static mitome_status note_signer(struct revocation_list *list, X509 *anchor, mitome_error *error)
{
        if (has_name_of(list, anchor) && signs(anchor, list->crl) && sk_X509_push(list->signers, anchor) <= 0)
                return fail(error, MITOME_E_NO_MEMORY, "CRL", NULL);
        return ok();
}

mitome_status revocation_note_anchor(struct mitome_trust *trust, X509 *anchor, mitome_error *error)
{
        for (size_t i = 0; i < trust->list_count; i++)
                MITOME_TRY(note_signer(&trust->lists[i], anchor, error));
        return ok();
}

mitome_status revocation_add_list(struct mitome_trust *trust, X509_CRL *crl, mitome_error *error)
{
        struct revocation_list *lists =
                reallocarray(trust->lists, trust->list_count + 1, sizeof trust->lists[0]);
        if (!lists)
                return fail(error, MITOME_E_NO_MEMORY, "CRL", NULL);
        trust->lists = lists;
        struct revocation_list list = { .crl = crl, .signers = sk_X509_new_null() };
        mitome_status status = list.signers ? ok() : fail(error, MITOME_E_NO_MEMORY, "CRL", NULL);
        STACK_OF(X509) *const kinds[] = { trust->anchors, trust->jpki_anchors };
        for (size_t kind = 0; kind < 2; kind++)
                for (int i = 0; !failed(status) && i < sk_X509_num(kinds[kind]); i++)
                        status = note_signer(&list, sk_X509_value(kinds[kind], i), error);
        if (failed(status)) {
                sk_X509_free(list.signers);
                return status;
        }
        list.whole = is_whole(crl);
        /* once and here: a lookup would sort it, under the eyes of threads that share the snapshot */
        sk_X509_REVOKED_sort(X509_CRL_get_REVOKED(crl));
        trust->lists[trust->list_count++] = list;
        return ok();
}

void revocation_free(struct mitome_trust *trust)
{
        for (size_t i = 0; i < trust->list_count; i++) {
                sk_X509_free(trust->lists[i].signers);
                X509_CRL_free(trust->lists[i].crl);
        }
        free(trust->lists);
}

/* ---- what lists say ---- */

static bool is_anchor_of(const struct mitome_trust *trust, const X509 *issuer)
{
        STACK_OF(X509) *const kinds[] = { trust->anchors, trust->jpki_anchors };
        for (size_t kind = 0; kind < 2; kind++)
                for (int i = 0; i < sk_X509_num(kinds[kind]); i++)
                        if (sk_X509_value(kinds[kind], i) == issuer)
                                return true;
        return false;
}

static bool has_key_of(X509 *certificate, X509 *other)
{
        (void)ERR_set_mark();
        EVP_PKEY *key = X509_get0_pubkey(certificate), *of_other = X509_get0_pubkey(other);
        bool same = key && of_other && EVP_PKEY_eq(key, of_other) == 1;
        (void)ERR_pop_to_mark();
        return same;
}

/* Names alone never decide whose list it is; for an anchor of the snapshot its signature has been checked. A
 * list has one signature, and so the key of one: who comes with an anchor's name and a key of his own must
 * not have a list of ten million be hashed for him. */
static bool is_signed_by(const struct mitome_trust *trust, const struct revocation_list *list, X509 *issuer)
{
        int signers = sk_X509_num(list->signers);
        for (int i = 0; i < signers; i++)
                if (sk_X509_value(list->signers, i) == issuer)
                        return true;
        if (is_anchor_of(trust, issuer))
                return false;
        for (int i = 0; i < signers; i++)
                if (has_key_of(issuer, sk_X509_value(list->signers, i)))
                        return X509_get_key_usage(issuer) & KU_CRL_SIGN;
        return signers == 0 && signs(issuer, list->crl);
}

static bool is_hold(const X509_REVOKED *entry)
{
        int critical;
        ASN1_ENUMERATED *reason = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, &critical, NULL);
        bool hold = reason && ASN1_ENUMERATED_get(reason) == CRL_REASON_CERTIFICATE_HOLD;
        ASN1_ENUMERATED_free(reason);
        return hold;
}

static mitome_status check_listed(
        X509_CRL *crl, const ASN1_INTEGER *serial, const char *field, mitome_error *error)
{
        X509_REVOKED *entry = NULL;
        int listed = X509_CRL_get0_by_serial(crl, &entry, serial);
        if (listed == 0)
                return ok();
        if (listed == 2) /* removeFromCRL, which only a delta may say (5.3.1) */
                return fail(error, MITOME_E_CRL_FORM, "CRL", "RFC 5280 5.3.1");
        return fail(error, is_hold(entry) ? MITOME_E_CERTIFICATE_ON_HOLD : MITOME_E_CERTIFICATE_REVOKED,
                field, "RFC 5280 5.3.1");
}

static mitome_status ask_lists(const struct mitome_trust *trust, X509 *issuer, const ASN1_INTEGER *serial,
        int64_t now, const char *field, struct standing *standing, mitome_error *error)
{
        for (size_t i = 0; i < trust->list_count; i++) {
                const struct revocation_list *list = &trust->lists[i];
                if (!has_name_of(list, issuer))
                        continue;
                if (!is_signed_by(trust, list, issuer)) {
                        standing_explain(standing, MITOME_E_CRL_SIGNATURE);
                        continue;
                }
                if (!list->whole)
                        return fail(error, MITOME_E_CRL_FORM, "CRL", "RFC 5280 5.2");
                /* What an old list says stays said. */
                MITOME_TRY(check_listed(list->crl, serial, field, error));
                /* 5.1.2.5: a list that does not say when the next one comes is never fresh. */
                if (time_is_within(
                            X509_CRL_get0_lastUpdate(list->crl), X509_CRL_get0_nextUpdate(list->crl), now))
                        standing->alive = true;
                else
                        standing_explain(standing, MITOME_E_CRL_STALE);
        }
        return ok();
}

bool revocation_lists(const struct mitome_trust *trust, X509 *issuer, const ASN1_INTEGER *serial)
{
        for (size_t i = 0; i < trust->list_count; i++) {
                const struct revocation_list *list = &trust->lists[i];
                if (has_name_of(list, issuer) && X509_CRL_get0_by_serial(list->crl, NULL, serial) &&
                        is_signed_by(trust, list, issuer))
                        return true;
        }
        return false;
}

/* ---- what is known of a certificate ---- */

static int weight(mitome_code reason)
{
        if (reason == MITOME_E_CRL_STALE || reason == MITOME_E_OCSP_STALE)
                return 2;
        return reason == MITOME_E_CRL_MISSING ? 0 : 1;
}

void standing_explain(struct standing *standing, mitome_code reason)
{
        if (weight(reason) > weight(standing->reason))
                standing->reason = reason;
}

mitome_status revocation_ask(const struct mitome_trust *trust, X509 *issuer, const ASN1_INTEGER *serial,
        int64_t now, const char *field, struct standing *ret, mitome_error *error)
{
        *ret = (struct standing){ .reason = MITOME_E_CRL_MISSING };
        MITOME_TRY(ask_lists(trust, issuer, serial, now, field, ret, error));
        return ocsp_ask(trust, issuer, serial, now, field, ret, error);
}

mitome_status revocation_fail_unsaid(const struct standing *standing, const char *field, mitome_error *error)
{
        bool answer = standing->reason == MITOME_E_OCSP_STALE || standing->reason == MITOME_E_OCSP_SIGNATURE;
        if (standing->unknown)
                return fail(error, MITOME_E_CERTIFICATE_UNKNOWN, field, "RFC 6960 2.2");
        return fail(
                error, standing->reason, answer ? "OCSP response" : "CRL", answer ? "RFC 6960 3.2" : clause);
}

/* Nothing said is soft, unless the relying party requires an answer; an answer that cannot be believed never
 * is. */
static mitome_status check_certificate(const struct mitome_trust *trust, X509 *issuer, const X509 *subject,
        bool required, int64_t now, mitome_error *error)
{
        struct standing standing;
        MITOME_TRY(
                revocation_ask(trust, issuer, X509_get0_serialNumber(subject), now, "x5c", &standing, error));
        if (standing.alive && !standing.unknown)
                return ok();
        bool silent = !standing.unknown && standing.reason == MITOME_E_CRL_MISSING;
        return silent && !required ? ok() : revocation_fail_unsaid(&standing, "x5c", error);
}

mitome_status revocation_check_path(const struct mitome_trust *trust, X509 *const *path, size_t count,
        bool anchored, int64_t now, mitome_error *error)
{
        bool required = trust->require_revocation && anchored;
        for (size_t i = 0; i + 1 < count; i++)
                MITOME_TRY(check_certificate(trust, path[i + 1], path[i], required, now, error));
        return ok();
}
