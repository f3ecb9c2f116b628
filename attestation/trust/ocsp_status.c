/* SPDX-License-Identifier: Apache-2.0 */

/* OCSP responses (RFC 6960), fetched by somebody else: whom they are about, who signed them, whether they are
 * fresh, what they say. */

#include "trust_internal.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

/* ---- taking one in ---- */

/* RFC 5280 4.2: who does not understand a critical extension does not use what carries it. */
static bool is_plain_answer(OCSP_BASICRESP *answer)
{
        for (int i = 0; i < OCSP_BASICRESP_get_ext_count(answer); i++)
                if (X509_EXTENSION_get_critical(OCSP_BASICRESP_get_ext(answer, i)))
                        return false;
        for (int i = 0; i < OCSP_resp_count(answer); i++) {
                OCSP_SINGLERESP *single = OCSP_resp_get0(answer, i);
                for (int j = 0; j < OCSP_SINGLERESP_get_ext_count(single); j++)
                        if (X509_EXTENSION_get_critical(OCSP_SINGLERESP_get_ext(single, j)))
                                return false;
        }
        return OCSP_resp_count(answer) > 0;
}

/* OpenSSL reads some forms that DER does not have, and verifies the signature over what it would have written
 * itself: only what is written so counts. */
static bool is_der_of(OCSP_BASICRESP *answer, slice der)
{
        OCSP_RESPONSE *again = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, answer);
        unsigned char *bytes = NULL;
        int size = again ? i2d_OCSP_RESPONSE(again, &bytes) : -1;
        bool same = size > 0 && slice_equal(slice_of(bytes, (size_t)size), der);
        OPENSSL_free(bytes);
        OCSP_RESPONSE_free(again);
        return same;
}

/* RFC 6960 4.2.1: only a successful response has an answer in it, and id-pkix-ocsp-basic is the only kind. */
static mitome_status open_response(
        OCSP_RESPONSE *response, slice der, OCSP_BASICRESP **ret, mitome_error *error)
{
        if (OCSP_response_status(response) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
                return fail(error, MITOME_E_OCSP_STATUS, "OCSP response", "RFC 6960 2.3");
        OCSP_BASICRESP *answer = OCSP_response_get1_basic(response);
        mitome_status status = ok();
        if (!answer || !is_plain_answer(answer))
                status = fail(error, MITOME_E_OCSP_FORM, "OCSP response", "RFC 6960 4.2.1");
        else if (!is_der_of(answer, der))
                status = fail(error, MITOME_E_DER, "OCSP response", "RFC 6960 4.2.1");
        if (failed(status))
                OCSP_BASICRESP_free(answer);
        else
                *ret = answer;
        return status;
}

static mitome_status keep_answer(
        struct mitome_trust *trust, OCSP_RESPONSE *response, slice der, mitome_error *error)
{
        OCSP_BASICRESP **answers =
                reallocarray(trust->answers, trust->answer_count + 1, sizeof trust->answers[0]);
        if (!answers)
                return fail(error, MITOME_E_NO_MEMORY, "OCSP response", NULL);
        trust->answers = answers;
        MITOME_TRY(open_response(response, der, &answers[trust->answer_count], error));
        trust->answer_count++;
        return ok();
}

mitome_status mitome_trust_add_ocsp(struct mitome_trust *trust, mitome_slice der, mitome_error *error)
{
        if (der.size == 0 || der.size > INT32_MAX)
                return fail(error, MITOME_E_DER, "OCSP response", "RFC 6960 4.2.1");
        const unsigned char *end = der.data;
        (void)ERR_set_mark();
        OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &end, (long)der.size);
        mitome_status status;
        if (!response)
                status = fail(error, MITOME_E_DER, "OCSP response", "RFC 6960 4.2.1");
        else if ((size_t)(end - der.data) != der.size)
                status = fail(error, MITOME_E_TRAILING_BYTES, "OCSP response", "RFC 6960 4.2.1");
        else
                status = keep_answer(trust, response, der, error);
        OCSP_RESPONSE_free(response);
        (void)ERR_pop_to_mark();
        return status;
}

/* ---- whom it is about ---- */

/* RFC 6960 4.1.1: the issuer's name and key, hashed, and the serial number; one for each digest that
 * responders use. SHA-1 signs nothing here: it only finds the certificate. */
enum { DIGESTS = 2 };

struct identity {
        OCSP_CERTID *by_digest[DIGESTS];
};

static void identity_free(struct identity *identity)
{
        for (size_t i = 0; i < DIGESTS; i++)
                OCSP_CERTID_free(identity->by_digest[i]);
}

static bool identify(const X509 *issuer, const ASN1_INTEGER *serial, struct identity *ret)
{
        const EVP_MD *const digests[DIGESTS] = { EVP_sha1(), EVP_sha256() };
        bool made = true;
        for (size_t i = 0; i < DIGESTS; i++) {
                ret->by_digest[i] = OCSP_cert_id_new(
                        digests[i], X509_get_subject_name(issuer), X509_get0_pubkey_bitstr(issuer), serial);
                made = made && ret->by_digest[i];
        }
        return made;
}

static bool is_about(const OCSP_SINGLERESP *single, const struct identity *identity)
{
        for (size_t i = 0; i < DIGESTS; i++)
                if (OCSP_id_cmp(identity->by_digest[i], OCSP_SINGLERESP_get0_id(single)) == 0)
                        return true;
        return false;
}

/* ---- who signed it ---- */

/* A store in which only the issuer is believed, at this time. */
static X509_STORE *store_of(X509 *issuer, int64_t now)
{
        X509_STORE *store = X509_STORE_new();
        X509_VERIFY_PARAM *parameters = X509_VERIFY_PARAM_new();
        bool made = store && parameters && X509_STORE_add_cert(store, issuer) == 1;
        if (made) {
                X509_VERIFY_PARAM_set_time(parameters, (time_t)now);
                X509_VERIFY_PARAM_set_auth_level(parameters, TRUST_SECURITY_LEVEL);
                made = X509_STORE_set1_param(store, parameters) == 1;
        }
        X509_VERIFY_PARAM_free(parameters);
        if (made)
                return store;
        X509_STORE_free(store);
        return NULL;
}

/* A delegate whose key usage does not let it sign, or who is on its issuer's list, answers nothing. (RFC 6960
 * 4.2.2.2.1; a list that the snapshot has is heeded even with id-pkix-ocsp-nocheck.) */
static bool is_fit(
        const struct mitome_trust *trust, OCSP_BASICRESP *answer, X509 *issuer, STACK_OF(X509) * candidates)
{
        X509 *signer = NULL;
        if (OCSP_resp_get0_signer(answer, &signer, candidates) != 1)
                return false;
        if (X509_cmp(signer, issuer) == 0)
                return true;
        return X509_get_key_usage(signer) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION) &&
               !revocation_lists(trust, issuer, X509_get0_serialNumber(signer));
}

/* RFC 6960 4.2.2.2: by the issuer itself, or by one whom it has issued a certificate for just that
 * (id-kp-OCSPSigning) "directly". */
static bool is_believed(const struct mitome_trust *trust, OCSP_BASICRESP *answer, X509 *issuer, int64_t now)
{
        const ASN1_OBJECT *algorithm;
        X509_ALGOR_get0(&algorithm, NULL, NULL, OCSP_resp_get0_tbs_sigalg(answer));
        if (digest_is_weak(OBJ_obj2nid(algorithm)))
                return false;
        (void)ERR_set_mark();
        X509_STORE *store = store_of(issuer, now);
        STACK_OF(X509) *candidates = sk_X509_new_null();
        bool believed =
                store && candidates && sk_X509_push(candidates, issuer) > 0 &&
                is_fit(trust, answer, issuer, candidates) &&
                OCSP_basic_verify(answer, candidates, store, OCSP_PARTIAL_CHAIN | OCSP_NOEXPLICIT) == 1;
        sk_X509_free(candidates);
        X509_STORE_free(store);
        (void)ERR_pop_to_mark();
        return believed;
}

/* ---- what it says ---- */

static mitome_status take_status(OCSP_SINGLERESP *single, int64_t now, const char *field,
        struct standing *standing, mitome_error *error)
{
        int reason = -1;
        ASN1_GENERALIZEDTIME *revoked, *begin = NULL, *end = NULL;
        int status = OCSP_single_get0_status(single, &reason, &revoked, &begin, &end);
        if (status == V_OCSP_CERTSTATUS_REVOKED) /* what an old answer says stays said */
                return fail(error,
                        reason == OCSP_REVOKED_STATUS_CERTIFICATEHOLD ? MITOME_E_CERTIFICATE_ON_HOLD
                                                                      : MITOME_E_CERTIFICATE_REVOKED,
                        field, "RFC 6960 2.2");
        if (!time_is_within(begin, end, now))
                standing_explain(standing, MITOME_E_OCSP_STALE);
        else if (status == V_OCSP_CERTSTATUS_GOOD)
                standing->alive = true;
        else
                standing->unknown = true;
        return ok();
}

/* One question to the snapshot. */
struct question {
        const struct mitome_trust *trust;
        X509 *issuer;
        int64_t now;
        const char *field;
        struct identity identity;
};

static mitome_status ask_answer(const struct question *question, OCSP_BASICRESP *answer,
        struct standing *standing, mitome_error *error)
{
        for (int i = 0; i < OCSP_resp_count(answer); i++) {
                OCSP_SINGLERESP *single = OCSP_resp_get0(answer, i);
                if (!is_about(single, &question->identity))
                        continue;
                if (is_believed(question->trust, answer, question->issuer, question->now))
                        MITOME_TRY(take_status(single, question->now, question->field, standing, error));
                else
                        standing_explain(standing, MITOME_E_OCSP_SIGNATURE);
        }
        return ok();
}

mitome_status ocsp_ask(const struct mitome_trust *trust, X509 *issuer, const ASN1_INTEGER *serial,
        int64_t now, const char *field, struct standing *standing, mitome_error *error)
{
        if (trust->answer_count == 0)
                return ok();
        struct question question = { .trust = trust, .issuer = issuer, .now = now, .field = field };
        mitome_status status = ok();
        if (!identify(issuer, serial, &question.identity))
                status = fail(error, MITOME_E_NO_MEMORY, "OCSP response", NULL);
        for (size_t i = 0; !failed(status) && i < trust->answer_count; i++)
                status = ask_answer(&question, trust->answers[i], standing, error);
        identity_free(&question.identity);
        return status;
}

void ocsp_free(struct mitome_trust *trust)
{
        for (size_t i = 0; i < trust->answer_count; i++)
                OCSP_BASICRESP_free(trust->answers[i]);
        free(trust->answers);
}
