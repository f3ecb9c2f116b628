/* SPDX-License-Identifier: Apache-2.0 */

/* The relying party: libmitome-rp verifies passkeys and looks at the certificate behind each, and the
 * authority's responder is asked at every visit. */

#include "tale.h"

#include "bind_passkey.h"

#include <openssl/ocsp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { CHALLENGE_SIZE = 32, RESPONSE_MAX = 16384 };

/* A question to the portal, and all that answering it takes. */
struct visit {
        uint8_t challenge[CHALLENGE_SIZE], verdict_buffer[MITOME_RP_BUFFER_MAX];
        struct browser_answer answer;
        struct mitome_verdict verdict;
        struct tale_proof proof;
        struct mitome_trust *trust; /* the snapshot for this visit */
        struct account_login login;
};

static slice origins(void)
{
        return slice_text(TALE_ORIGIN);
}

static mitome_status visit_begin(struct tale *tale, struct visit **ret, mitome_error *error)
{
        struct visit *visit = calloc(1, sizeof *visit);
        if (!visit)
                return fail(error, MITOME_E_NO_MEMORY, "visit", NULL);
        if (tale->random.fill(tale->random.context, visit->challenge, sizeof visit->challenge) != 0) {
                free(visit);
                return fail(error, MITOME_E_NO_RANDOMNESS, NULL, NULL);
        }
        *ret = visit;
        return ok();
}

static void visit_end(struct visit *visit)
{
        mitome_trust_free(visit->trust);
        free(visit);
}

/* ---- the responder ---- */

static X509 *read_x509(slice der)
{
        const unsigned char *at = der.data;
        return d2i_X509(NULL, &at, (long)der.size);
}

static OCSP_REQUEST *make_request(X509 *ca, const ASN1_INTEGER *serial)
{
        OCSP_REQUEST *request = OCSP_REQUEST_new();
        OCSP_CERTID *id = OCSP_cert_id_new(
                EVP_sha256(), X509_get_subject_name(ca), X509_get0_pubkey_bitstr(ca), serial);
        if (request && id && OCSP_request_add0_id(request, id))
                return request;
        OCSP_CERTID_free(id);
        OCSP_REQUEST_free(request);
        return NULL;
}

static mitome_status write_request(
        struct tale *tale, const ASN1_INTEGER *serial, const char *path, mitome_error *error)
{
        unsigned char *der = NULL;
        X509 *ca = read_x509(slice_of(tale->jpki_ca.bytes, tale->jpki_ca.size));
        OCSP_REQUEST *request = ca ? make_request(ca, serial) : NULL;
        int size = request ? i2d_OCSP_REQUEST(request, &der) : 0;
        mitome_status status = size > 0 ? tale_write(path, slice_of(der, (size_t)size), error)
                                        : fail(error, MITOME_E_NO_MEMORY, "OCSP request", NULL);
        OPENSSL_free(der);
        OCSP_REQUEST_free(request);
        X509_free(ca);
        return status;
}

/* A snapshot with the one answer that this visit needs. */
static mitome_status make_trust(struct tale *tale, slice response, struct visit *visit, mitome_error *error)
{
        MITOME_TRY(mitome_trust_new(&visit->trust, error));
        MITOME_TRY(mitome_trust_add_jpki_anchor(
                visit->trust, slice_of(tale->jpki_ca.bytes, tale->jpki_ca.size), error));
        return mitome_trust_add_ocsp(visit->trust, response, error);
}

static mitome_status ask_responder(
        struct tale *tale, const ASN1_INTEGER *serial, struct visit *visit, mitome_error *error)
{
        char request[TALE_PATH_MAX], answer[TALE_PATH_MAX], url[TALE_URL_MAX + 8];
        char response[RESPONSE_MAX];
        size_t size;
        tale->asked++;
        MITOME_TRY(tale_path(tale, request, error, "ocsp-%02u-request.der", tale->asked));
        MITOME_TRY(tale_path(tale, answer, error, "ocsp-%02u-response.der", tale->asked));
        snprintf(url, sizeof url, "%s/ocsp", tale->services[TALE_AUTHORITY].url);
        MITOME_TRY(write_request(tale, serial, request, error));
        MITOME_TRY(tale_fetch(tale, url, request, answer, error));
        MITOME_TRY(tale_read(answer, response, sizeof response, &size, error));
        stage_sent(&tale->stage, PORTAL, AUTHORITY, "OCSP request by HTTP, answered: %zu bytes", size);
        return make_trust(tale, slice_of((const uint8_t *)response, size), visit, error);
}

/* ---- registering ---- */

/* Only a passkey of the maker's model, which keeps it in the element, has an account. */
static mitome_status verify_attested(
        const struct mitome_trust *makers, struct visit *visit, mitome_error *error)
{
        static const struct mitome_policy policy = {
                .require_user_verification = true, .require_attestation = true, .require_trust = true
        };
        const slice origin = origins();
        const struct mitome_expectation expected = { .rp_id = slice_text(TALE_RP_ID),
                .origins = &origin,
                .origin_count = 1,
                .challenge = SLICE(visit->challenge) };
        return mitome_verify_registration(NULL, &policy, &expected, visit->answer.json, makers,
                (int64_t)time(NULL), visit->verdict_buffer, sizeof visit->verdict_buffer, &visit->verdict,
                error);
}

static mitome_status verify_passkey(const struct tale *tale, struct visit *visit, mitome_error *error)
{
        struct mitome_trust *makers;
        MITOME_TRY(mitome_trust_new(&makers, error));
        mitome_status status = mitome_trust_add_anchor(
                makers, slice_of(tale->attestation_ca.bytes, tale->attestation_ca.size), error);
        if (!failed(status))
                status = verify_attested(makers, visit, error);
        mitome_trust_free(makers);
        return status;
}

static mitome_status have_it_signed(
        struct tale *tale, struct tale_phone *phone, struct visit *visit, mitome_error *error)
{
        const struct passkey_made made = { .rp_id = TALE_RP_ID,
                .auth_data = visit->answer.auth_data,
                .client_data = visit->answer.client_data };
        uint8_t bytes[BINDING_MESSAGE_MAX];
        slice message;
        MITOME_TRY(binding_compose(&made, bytes, &message, error));
        return tale_sign(tale, phone, message, &visit->proof, error);
}

/* It is left beside the responder's answer, for others to judge. */
static mitome_status ask_about_certificate(struct tale *tale, struct visit *visit, mitome_error *error)
{
        const slice certificate = slice_of(visit->proof.certificate, visit->proof.certificate_size);
        char path[TALE_PATH_MAX];
        X509 *leaf = read_x509(certificate);
        if (!leaf)
                return fail(error, MITOME_E_DER, "certificate", NULL);
        mitome_status status = ask_responder(tale, X509_get0_serialNumber(leaf), visit, error);
        X509_free(leaf);
        MITOME_TRY(status);
        MITOME_TRY(tale_path(tale, path, error, "ocsp-%02u-certificate.cer", tale->asked));
        return tale_write(path, certificate, error);
}

static mitome_status believe_holder(struct visit *visit, struct account_proof *ret, mitome_error *error)
{
        const slice certificate = slice_of(visit->proof.certificate, visit->proof.certificate_size);
        struct mitome_binding binding;
        MITOME_TRY(mitome_verify_binding(&visit->verdict, certificate, SLICE(visit->proof.signature),
                visit->trust, (int64_t)time(NULL), &binding, error));
        *ret = account_proof_of(&visit->verdict, &binding);
        return ok();
}

static mitome_status settle_account(
        struct tale *tale, const char *account, enum tale_wish wish, struct visit *visit, mitome_error *error)
{
        struct account_proof proof;
        MITOME_TRY(believe_holder(visit, &proof, error));
        return wish == TALE_OPEN_ACCOUNT ? account_create(tale->portal, slice_text(account), &proof, error)
                                         : account_move(tale->portal, slice_text(account), &proof, error);
}

static mitome_status register_with(struct tale *tale, struct tale_phone *phone, const char *account,
        enum tale_wish wish, struct visit *visit, struct tale_login *ret, mitome_error *error)
{
        MITOME_TRY(tale_make_passkey(tale, phone, SLICE(visit->challenge), &visit->answer, error));
        MITOME_TRY(verify_passkey(tale, visit, error));
        MITOME_TRY(have_it_signed(tale, phone, visit, error));
        stage_sent(&tale->stage, APP, PORTAL,
                "a passkey (ES256, %s, attested by the maker), and the certificate behind it, after the PIN",
                visit->verdict.format);
        MITOME_TRY(ask_about_certificate(tale, visit, error));
        mitome_error cause = { 0 };
        mitome_status settled = settle_account(tale, account, wish, visit, &cause);
        *ret = (struct tale_login){ .code = settled.code };
        tale_reason(settled, &cause, ret->reason);
        return ok();
}

mitome_status tale_register(struct tale *tale, struct tale_phone *phone, const char *account,
        enum tale_wish wish, struct tale_login *ret, mitome_error *error)
{
        struct visit *visit;
        MITOME_TRY(visit_begin(tale, &visit, error));
        mitome_status status = register_with(tale, phone, account, wish, visit, ret, error);
        visit_end(visit);
        return status;
}

/* ---- logging in ---- */

static mitome_status ask_about_account(struct tale *tale, struct visit *visit, mitome_error *error)
{
        const slice serial = visit->login.credential.certificate_serial;
        BIGNUM *number = BN_bin2bn(serial.data, (int)serial.size, NULL);
        ASN1_INTEGER *integer = number ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
        mitome_status status = integer ? ask_responder(tale, integer, visit, error)
                                       : fail(error, MITOME_E_NO_MEMORY, "serial number", NULL);
        ASN1_INTEGER_free(integer);
        BN_free(number);
        return status;
}

static mitome_status judge(struct tale *tale, struct visit *visit, mitome_error *error)
{
        static const struct mitome_policy policy = { .require_user_verification = true };
        const slice origin = origins();
        const struct mitome_expectation expected = { .rp_id = slice_text(TALE_RP_ID),
                .origins = &origin,
                .origin_count = 1,
                .challenge = SLICE(visit->challenge) };
        MITOME_TRY(mitome_verify_authentication(NULL, &policy, &expected, visit->answer.json,
                &visit->login.credential, visit->trust, (int64_t)time(NULL), visit->verdict_buffer,
                sizeof visit->verdict_buffer, &visit->verdict, error));
        return account_logged_in(tale->portal, &visit->login, visit->verdict.sign_count, error);
}

static mitome_status log_in_with(struct tale *tale, struct tale_phone *phone, struct visit *visit,
        struct tale_login *ret, mitome_error *error)
{
        MITOME_TRY(tale_use_passkey(tale, phone, SLICE(visit->challenge), &visit->answer, error));
        stage_sent(&tale->stage, APP, PORTAL, "an assertion by the passkey of %s", phone->identity);
        mitome_error cause = { 0 };
        mitome_status found = account_find(tale->portal, visit->answer.credential_id, &visit->login, &cause);
        if (!failed(found)) {
                MITOME_TRY(ask_about_account(tale, visit, error));
                found = judge(tale, visit, &cause);
        }
        *ret = (struct tale_login){ .code = found.code, .sign_count = visit->verdict.sign_count };
        tale_reason(found, &cause, ret->reason);
        return ok();
}

mitome_status tale_log_in(
        struct tale *tale, struct tale_phone *phone, struct tale_login *ret, mitome_error *error)
{
        struct visit *visit;
        MITOME_TRY(visit_begin(tale, &visit, error));
        mitome_status status = log_in_with(tale, phone, visit, ret, error);
        visit_end(visit);
        return status;
}

mitome_status tale_offer_login(struct tale *tale, struct tale_phone *phone, const char *what,
        mitome_code expected, mitome_error *error)
{
        struct tale_login login;
        MITOME_TRY(tale_log_in(tale, phone, &login, error));
        stage_check(&tale->stage, PORTAL, login.code == expected, what, "%s",
                login.code == MITOME_OK ? "welcome: the responder says good" : login.reason);
        return ok();
}
