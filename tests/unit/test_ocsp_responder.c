/* SPDX-License-Identifier: Apache-2.0 */

/* The responder: what it answers, to whom it gives no answer, and that OpenSSL (the library and the program)
 * and attestation/trust believe it. */

#include "ca_rig.h"
#include "ocsp_responder.h"
#include "trust.h"
#include "x509_build.h"

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { DAY = 86400 };
#define USER AUTHORITY_USER_VERIFICATION
#define SIGNING AUTHORITY_SIGNING

static struct ca_rig rig;
static struct ocsp_responder *responder;

static void appoint(void)
{
        const struct ocsp_responder_config config = {
                .cas = { rig.cas[0], rig.cas[1] },
                .source = ca_rig_source(&rig),
                .random = rig.random,
        };
        assert_int_equal(ocsp_responder_new(&config, rig.now, &responder, NULL).code, MITOME_OK);
}

static int open_rig(void **state)
{
        (void)state;
        ca_rig_open(&rig, ca_rig_now);
        appoint();
        return 0;
}

static int close_rig(void **state)
{
        (void)state;
        ocsp_responder_free(responder);
        ca_rig_close(&rig);
        return 0;
}

static int empty_register(void **state)
{
        (void)state;
        rig.count = 0;
        rig.broken = MITOME_OK;
        rig.now = ca_rig_now;
        return 0;
}

/* ---- asking ---- */

struct der {
        uint8_t bytes[OCSP_RESPONSE_MAX];
        size_t size;
};

static slice view(const struct der *der)
{
        return slice_of(der->bytes, der->size);
}

static X509 *parse_certificate(slice der)
{
        const unsigned char *end = der.data;
        X509 *x509 = d2i_X509(NULL, &end, (long)der.size);
        assert_non_null(x509);
        return x509;
}

static OCSP_CERTID *id_of(const EVP_MD *digest, int ca, slice certificate)
{
        X509 *issuer = parse_certificate(ca_certificate(rig.cas[ca])),
             *subject = parse_certificate(certificate);
        OCSP_CERTID *id = OCSP_cert_id_new(digest, X509_get_subject_name(issuer),
                X509_get0_pubkey_bitstr(issuer), X509_get0_serialNumber(subject));
        assert_non_null(id);
        X509_free(subject);
        X509_free(issuer);
        return id;
}

static void encode(OCSP_REQUEST *request, struct der *ret)
{
        unsigned char *end = ret->bytes;
        assert_in_range(i2d_OCSP_REQUEST(request, NULL), 1, sizeof ret->bytes);
        ret->size = (size_t)i2d_OCSP_REQUEST(request, &end);
}

/* About these rows, all of CA `ca`, which need not be theirs. */
static OCSP_REQUEST *ask(const EVP_MD *digest, int ca, const size_t *rows, size_t count)
{
        OCSP_REQUEST *request = OCSP_REQUEST_new();
        for (size_t i = 0; i < count; i++)
                assert_non_null(OCSP_request_add0_id(request, id_of(digest, ca, ca_rig_der(&rig, rows[i]))));
        return request;
}

static void plain_request(int ca, size_t row, struct der *ret)
{
        OCSP_REQUEST *request = ask(EVP_sha1(), ca, &row, 1);
        encode(request, ret);
        OCSP_REQUEST_free(request);
}

/* ---- the answer ---- */

/* OCSPResponseStatus; the answer is a response whatever was asked. */
static int outcome_of(slice request, struct der *ret)
{
        writer w = WRITER(ret->bytes);
        mitome_status status = ocsp_responder_answer(responder, request, rig.now, &w, NULL);
        assert_false(w.overflowed);
        ret->size = w.used;
        const unsigned char *end = ret->bytes;
        OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &end, (long)ret->size);
        assert_non_null(response);
        assert_ptr_equal(end, ret->bytes + ret->size);
        int outcome = OCSP_response_status(response);
        assert_true((outcome == OCSP_RESPONSE_STATUS_SUCCESSFUL) == (status.code == MITOME_OK));
        OCSP_RESPONSE_free(response);
        return outcome;
}

static bool is_verified(OCSP_BASICRESP *basic, int ca)
{
        X509_STORE *store = X509_STORE_new();
        X509_VERIFY_PARAM *parameters = X509_VERIFY_PARAM_new();
        X509 *issuer = parse_certificate(ca_certificate(rig.cas[ca]));
        X509_VERIFY_PARAM_set_time(parameters, (time_t)rig.now);
        assert_int_equal(X509_STORE_set1_param(store, parameters), 1);
        assert_int_equal(X509_STORE_add_cert(store, issuer), 1);
        bool verified = OCSP_basic_verify(basic, NULL, store, 0) == 1;
        X509_free(issuer);
        X509_VERIFY_PARAM_free(parameters);
        X509_STORE_free(store);
        return verified;
}

static OCSP_BASICRESP *answered(OCSP_REQUEST *request, int ca)
{
        struct der der, response;
        encode(request, &der);
        assert_int_equal(outcome_of(view(&der), &response), OCSP_RESPONSE_STATUS_SUCCESSFUL);
        const unsigned char *end = response.bytes;
        OCSP_RESPONSE *read = d2i_OCSP_RESPONSE(NULL, &end, (long)response.size);
        OCSP_BASICRESP *basic = OCSP_response_get1_basic(read);
        assert_non_null(basic);
        assert_true(is_verified(basic, ca));
        assert_false(is_verified(basic, !ca));
        OCSP_RESPONSE_free(read);
        return basic;
}

static int status_of(OCSP_BASICRESP *basic, int ca, size_t row, const EVP_MD *digest, int *ret_reason)
{
        int status = -1;
        ASN1_GENERALIZEDTIME *since = NULL, *begin = NULL, *end = NULL;
        OCSP_CERTID *id = id_of(digest, ca, ca_rig_der(&rig, row));
        assert_int_equal(OCSP_resp_find_status(basic, id, &status, ret_reason, &since, &begin, &end), 1);
        assert_int_equal(ASN1_TIME_cmp_time_t(begin, rig.now), 0);
        assert_int_equal(ASN1_TIME_cmp_time_t(end, rig.now + 60), 0);
        if (since)
                assert_int_equal(ASN1_TIME_cmp_time_t(since, rig.rows[row].status.at), 0);
        OCSP_CERTID_free(id);
        return status;
}

static void it_says_what_the_register_says(void **state)
{
        (void)state;
        static const struct {
                struct ca_status of;
                int status, reason;
        } cases[] = {
                { { CA_GOOD, 0, 0 }, V_OCSP_CERTSTATUS_GOOD, -1 },
                { { CA_HOLD, 0, 0 }, V_OCSP_CERTSTATUS_REVOKED, OCSP_REVOKED_STATUS_CERTIFICATEHOLD },
                { { CA_REVOKED, 0, 0 }, V_OCSP_CERTSTATUS_REVOKED, -1 },
                { { CA_REVOKED, 1, 0 }, V_OCSP_CERTSTATUS_REVOKED, OCSP_REVOKED_STATUS_KEYCOMPROMISE },
                { { CA_UNKNOWN, 0, 0 }, V_OCSP_CERTSTATUS_UNKNOWN, -1 },
        };
        for (int ca = USER; ca <= SIGNING; ca++) {
                size_t row = ca_rig_issue(&rig, (enum authority_kind)ca, &people_hanako);
                for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                        const EVP_MD *digest = i % 2 ? EVP_sha256() : EVP_sha1();
                        int reason = -1;
                        ca_rig_set(&rig, row, cases[i].of.state, cases[i].of.reason);
                        OCSP_REQUEST *request = ask(digest, ca, &row, 1);
                        OCSP_BASICRESP *basic = answered(request, ca);
                        assert_int_equal(status_of(basic, ca, row, digest, &reason), cases[i].status);
                        assert_int_equal(reason, cases[i].reason);
                        assert_int_equal(OCSP_check_nonce(request, basic), 2); /* neither has one */
                        OCSP_BASICRESP_free(basic);
                        OCSP_REQUEST_free(request);
                }
        }
}

/* A serial number of one CA is not the other's. */
static void a_serial_number_that_the_ca_never_gave_is_unknown(void **state)
{
        (void)state;
        int reason = -2;
        size_t row = ca_rig_issue(&rig, SIGNING, &people_hanako);
        OCSP_REQUEST *request = ask(EVP_sha1(), USER, &row, 1);
        OCSP_BASICRESP *basic = answered(request, USER);
        assert_int_equal(status_of(basic, USER, row, EVP_sha1(), &reason), V_OCSP_CERTSTATUS_UNKNOWN);
        OCSP_BASICRESP_free(basic);
        OCSP_REQUEST_free(request);
}

static void several_are_answered_at_once_and_seventeen_are_not(void **state)
{
        (void)state;
        size_t rows[OCSP_CERTIFICATES_MAX + 1];
        struct der der, response;
        for (size_t i = 0; i <= OCSP_CERTIFICATES_MAX; i++) {
                rows[i] = ca_rig_issue(&rig, USER, &people_hanako);
                ca_rig_set(&rig, rows[i], i % 2 ? CA_REVOKED : CA_GOOD, 0);
        }
        OCSP_REQUEST *request = ask(EVP_sha256(), USER, rows, OCSP_CERTIFICATES_MAX);
        OCSP_BASICRESP *basic = answered(request, USER);
        assert_int_equal(OCSP_resp_count(basic), OCSP_CERTIFICATES_MAX);
        for (size_t i = 0; i < OCSP_CERTIFICATES_MAX; i++) {
                int reason;
                assert_int_equal(status_of(basic, USER, rows[i], EVP_sha256(), &reason),
                        i % 2 ? V_OCSP_CERTSTATUS_REVOKED : V_OCSP_CERTSTATUS_GOOD);
        }
        OCSP_BASICRESP_free(basic);
        OCSP_REQUEST_free(request);
        request = ask(EVP_sha1(), USER, rows, OCSP_CERTIFICATES_MAX + 1);
        encode(request, &der);
        assert_int_equal(outcome_of(view(&der), &response), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
        OCSP_REQUEST_free(request);
        static uint8_t endless[OCSP_REQUEST_MAX + 1];
        assert_int_equal(outcome_of(SLICE(endless), &response), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
}

/* ---- whom it does not answer ---- */

/* A CA of somebody else, one that has our CA's name but another key, and both of ours in one request. */
static void it_answers_for_no_other_ca_and_for_one_at_a_time(void **state)
{
        (void)state;
        struct der der, response;
        struct ca *twin = NULL, *own = rig.cas[USER];
        size_t user = ca_rig_issue(&rig, USER, &people_hanako),
               signing = ca_rig_issue(&rig, SIGNING, &people_hanako);
        assert_int_equal(
                ca_make(AUTHORITY_USER_VERIFICATION, &rig.random, rig.now, &twin, NULL).code, MITOME_OK);
        rig.cas[USER] = twin;
        plain_request(USER, user, &der);
        rig.cas[USER] = own;
        ca_close(twin);
        assert_int_equal(outcome_of(view(&der), &response), OCSP_RESPONSE_STATUS_UNAUTHORIZED);

        OCSP_REQUEST *request = ask(EVP_sha1(), USER, &user, 1);
        assert_non_null(OCSP_request_add0_id(request, id_of(EVP_sha1(), SIGNING, ca_rig_der(&rig, signing))));
        encode(request, &der);
        OCSP_REQUEST_free(request);
        assert_int_equal(outcome_of(view(&der), &response), OCSP_RESPONSE_STATUS_UNAUTHORIZED);

        /* nor by a digest that it does not know */
        request = ask(EVP_sha384(), USER, &user, 1);
        encode(request, &der);
        OCSP_REQUEST_free(request);
        assert_int_equal(outcome_of(view(&der), &response), OCSP_RESPONSE_STATUS_UNAUTHORIZED);
}

/* "It cannot say" is neither yes nor no. */
static void a_register_that_fails_makes_nobody_good(void **state)
{
        (void)state;
        struct der der, response;
        size_t row = ca_rig_issue(&rig, USER, &people_hanako);
        plain_request(USER, row, &der);
        rig.broken = MITOME_E_SQL_FAILED;
        assert_int_equal(outcome_of(view(&der), &response), OCSP_RESPONSE_STATUS_TRYLATER);
}

static void a_request_that_is_cut_or_longer_is_none(void **state)
{
        (void)state;
        struct der der, response;
        size_t row = ca_rig_issue(&rig, USER, &people_hanako);
        plain_request(USER, row, &der);
        for (size_t size = 0; size < der.size; size++)
                assert_int_equal(outcome_of(slice_of(der.bytes, size), &response),
                        OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
        der.bytes[der.size++] = 0;
        assert_int_equal(outcome_of(view(&der), &response), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
}

/* Whatever byte is changed, it is answered, and never with "good" for the certificate that is revoked. */
static void a_changed_byte_never_makes_a_revoked_one_good(void **state)
{
        (void)state;
        struct der der, response;
        int reason;
        size_t row = ca_rig_issue(&rig, USER, &people_hanako);
        ca_rig_set(&rig, row, CA_REVOKED, 0);
        plain_request(USER, row, &der);
        for (size_t i = 0; i < der.size; i++) {
                der.bytes[i] ^= 0x21;
                if (outcome_of(view(&der), &response) == OCSP_RESPONSE_STATUS_SUCCESSFUL) {
                        const unsigned char *end = response.bytes;
                        OCSP_RESPONSE *read = d2i_OCSP_RESPONSE(NULL, &end, (long)response.size);
                        OCSP_BASICRESP *basic = OCSP_response_get1_basic(read);
                        assert_int_equal(
                                OCSP_single_get0_status(OCSP_resp_get0(basic, 0), &reason, NULL, NULL, NULL),
                                V_OCSP_CERTSTATUS_UNKNOWN);
                        OCSP_BASICRESP_free(basic);
                        OCSP_RESPONSE_free(read);
                }
                der.bytes[i] ^= 0x21;
        }
}

/* ---- nonces and extensions ---- */

static void add_extension(OCSP_REQUEST *request, const char *oid, bool critical, slice value)
{
        ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
        ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
        assert_int_equal(ASN1_OCTET_STRING_set(octets, value.data, (int)value.size), 1);
        X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, object, critical, octets);
        assert_int_equal(OCSP_REQUEST_add_ext(request, extension, -1), 1);
        X509_EXTENSION_free(extension);
        ASN1_OCTET_STRING_free(octets);
        ASN1_OBJECT_free(object);
}

static const char nonce_oid[] = "1.3.6.1.5.5.7.48.1.2";

/* RFC 8954 2.1: 1 to 32 bytes. */
static void a_nonce_comes_back_unless_it_is_none(void **state)
{
        (void)state;
        static const size_t sizes[] = { 0, 1, 16, 32, 33, 64 };
        size_t row = ca_rig_issue(&rig, USER, &people_hanako);
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
                uint8_t value[66] = { 0x04, (uint8_t)sizes[i] };
                struct der der, response;
                memset(value + 2, 0xA5, sizes[i]);
                OCSP_REQUEST *request = ask(EVP_sha1(), USER, &row, 1);
                add_extension(request, nonce_oid, false, slice_of(value, 2 + sizes[i]));
                if (sizes[i] >= 1 && sizes[i] <= 32) {
                        OCSP_BASICRESP *basic = answered(request, USER);
                        assert_int_equal(OCSP_check_nonce(request, basic), 1);
                        OCSP_BASICRESP_free(basic);
                } else {
                        encode(request, &der);
                        assert_int_equal(
                                outcome_of(view(&der), &response), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
                }
                OCSP_REQUEST_free(request);
        }
}

static int outcome_with(size_t row, const char *oid, bool critical, slice value, int times)
{
        struct der der, response;
        OCSP_REQUEST *request = ask(EVP_sha1(), USER, &row, 1);
        for (int i = 0; i < times; i++)
                add_extension(request, oid, critical, value);
        encode(request, &der);
        OCSP_REQUEST_free(request);
        return outcome_of(view(&der), &response);
}

static void two_nonces_and_unknown_critical_extensions_are_refused(void **state)
{
        (void)state;
        static const uint8_t nonce[] = { 0x04, 0x02, 0x01, 0x02 },
                             longer[] = { 0x04, 0x02, 0x01, 0x02, 0x03 }, bare[] = { 0x01, 0x02 },
                             nothing[] = { 0x05, 0x00 };
        size_t row = ca_rig_issue(&rig, USER, &people_hanako);
        assert_int_equal(
                outcome_with(row, nonce_oid, false, SLICE(nonce), 1), OCSP_RESPONSE_STATUS_SUCCESSFUL);
        assert_int_equal(
                outcome_with(row, nonce_oid, true, SLICE(nonce), 1), OCSP_RESPONSE_STATUS_SUCCESSFUL);
        assert_int_equal(
                outcome_with(row, nonce_oid, false, SLICE(nonce), 2), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
        assert_int_equal(
                outcome_with(row, nonce_oid, false, SLICE(longer), 1), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
        assert_int_equal(
                outcome_with(row, nonce_oid, false, SLICE(bare), 1), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
        assert_int_equal(outcome_with(row, "1.3.6.1.4.1.99999.7", false, SLICE(nothing), 1),
                OCSP_RESPONSE_STATUS_SUCCESSFUL);
        assert_int_equal(outcome_with(row, "1.3.6.1.4.1.99999.7", true, SLICE(nothing), 1),
                OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
}

static X509 *of_himself(EVP_PKEY *key)
{
        static const char *const pairs[] = { "CN", "somebody", NULL };
        static const uint8_t serial[] = { 1 };
        X509 *certificate = NULL;
        X509_NAME *name = x509_name(pairs);
        const struct x509_plan plan = {
                .subject = name,
                .key = key,
                .issuer_key = key,
                .serial = SLICE(serial),
                .not_before = rig.now,
                .not_after = rig.now + DAY,
                .extensions = "[certificate]\nbasicConstraints = CA:FALSE\n",
        };
        assert_int_equal(x509_build(&plan, &certificate, NULL).code, MITOME_OK);
        X509_NAME_free(name);
        return certificate;
}

/* 4.1.1: version 1 is the default, which DER does not write; a signature is read over. */
static void who_asks_is_answered_signed_or_not(void **state)
{
        (void)state;
        struct der der, response;
        size_t row = ca_rig_issue(&rig, USER, &people_hanako);
        EVP_PKEY *key = EVP_EC_gen("P-256");
        X509 *certificate = of_himself(key);
        OCSP_REQUEST *request = ask(EVP_sha1(), USER, &row, 1);
        assert_int_equal(OCSP_request_sign(request, certificate, key, EVP_sha256(), NULL, 0), 1);
        encode(request, &der);
        assert_int_equal(outcome_of(view(&der), &response), OCSP_RESPONSE_STATUS_SUCCESSFUL);
        OCSP_REQUEST_free(request);
        X509_free(certificate);
        EVP_PKEY_free(key);
        static const uint8_t versioned[] = { 0x30, 0x09, 0x30, 0x07, 0xA0, 0x03, 0x02, 0x01, 0x00, 0x30,
                0x00 };
        assert_int_equal(outcome_of(SLICE(versioned), &response), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
        static const uint8_t nobody[] = { 0x30, 0x04, 0x30, 0x02, 0x30, 0x00 };
        assert_int_equal(outcome_of(SLICE(nobody), &response), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
}

/* ---- its own certificate ---- */

static X509 *signer_of(OCSP_BASICRESP *basic)
{
        X509 *signer = sk_X509_value(OCSP_resp_get0_certs(basic), 0);
        assert_non_null(signer);
        assert_int_equal(X509_up_ref(signer), 1);
        return signer;
}

static X509 *signer_now(size_t row)
{
        OCSP_REQUEST *request = ask(EVP_sha1(), USER, &row, 1);
        OCSP_BASICRESP *basic = answered(request, USER);
        X509 *signer = signer_of(basic);
        OCSP_BASICRESP_free(basic);
        OCSP_REQUEST_free(request);
        return signer;
}

static void its_key_is_for_answers_only_and_does_not_grow_old(void **state)
{
        (void)state;
        size_t row = ca_rig_issue(&rig, USER, &people_hanako);
        X509 *first = signer_now(row);
        assert_int_equal(X509_get_extended_key_usage(first), XKU_OCSP_SIGN);
        assert_int_equal(X509_get_key_usage(first), KU_DIGITAL_SIGNATURE);
        assert_true(X509_get_ext_by_NID(first, NID_id_pkix_OCSP_noCheck, -1) >= 0);
        assert_int_equal(X509_check_ca(first), 0);
        assert_int_equal(EVP_PKEY_get_bits(X509_get0_pubkey(first)), 256);
        rig.now += 14 * DAY;
        X509 *second = signer_now(row);
        assert_int_equal(X509_cmp(first, second), 0);
        rig.now += 2 * DAY;
        X509 *third = signer_now(row);
        assert_int_not_equal(X509_cmp(first, third), 0);
        rig.now -= 17 * DAY; /* a clock that goes backwards */
        rig.now += 2 * DAY;
        X509 *fourth = signer_now(row);
        assert_int_not_equal(X509_cmp(third, fourth), 0);
        X509_free(fourth);
        X509_free(third);
        X509_free(second);
        X509_free(first);
}

/* ---- a request in a path ---- */

static int outcome_of_path(slice path)
{
        struct der response;
        writer w = WRITER(response.bytes);
        mitome_status status = ocsp_responder_get(responder, path, rig.now, &w, NULL);
        const unsigned char *end = response.bytes;
        OCSP_RESPONSE *read = d2i_OCSP_RESPONSE(NULL, &end, (long)w.used);
        assert_non_null(read);
        int outcome = OCSP_response_status(read);
        assert_true((outcome == OCSP_RESPONSE_STATUS_SUCCESSFUL) == (status.code == MITOME_OK));
        OCSP_RESPONSE_free(read);
        return outcome;
}

/* RFC 6960 A.1: the base64, with its '+', '/' and '=' as they are or percent-encoded. */
static void a_request_may_stand_in_the_path(void **state)
{
        (void)state;
        struct der der;
        char text[512], encoded[1600];
        size_t row = ca_rig_issue(&rig, USER, &people_hanako), used = 0;
        plain_request(USER, row, &der);
        int length = EVP_EncodeBlock((unsigned char *)text, der.bytes, (int)der.size);
        for (int i = 0; i < length; i++)
                used += (size_t)snprintf(encoded + used, sizeof encoded - used, i % 3 ? "%c" : "%%%02x",
                        (unsigned char)text[i]);
        assert_int_equal(outcome_of_path(slice_text(text)), OCSP_RESPONSE_STATUS_SUCCESSFUL);
        assert_int_equal(outcome_of_path(slice_text(encoded)), OCSP_RESPONSE_STATUS_SUCCESSFUL);
        static const char *const bad[] = { "", "%", "%4", "%zz", "not base64!", "MA==MA==", "M" };
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
                assert_int_equal(outcome_of_path(slice_text(bad[i])), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
        static uint8_t endless[OCSP_REQUEST_MAX * 2 + 1];
        memset(endless, 'A', sizeof endless);
        assert_int_equal(outcome_of_path(SLICE(endless)), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
        assert_int_equal(outcome_of_path(slice_of(endless, sizeof endless - 1)),
                OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
}

/* ---- the witnesses ---- */

static mitome_code login(size_t row)
{
        struct der der, response;
        struct mitome_trust *trust = NULL;
        struct jpki_certificate read = { 0 };
        plain_request(USER, row, &der);
        assert_int_equal(outcome_of(view(&der), &response), OCSP_RESPONSE_STATUS_SUCCESSFUL);
        assert_int_equal(mitome_trust_new(&trust, NULL).code, MITOME_OK);
        assert_int_equal(
                mitome_trust_add_jpki_anchor(trust, ca_certificate(rig.cas[USER]), NULL).code, MITOME_OK);
        assert_int_equal(mitome_trust_add_ocsp(trust, view(&response), NULL).code, MITOME_OK);
        mitome_code code = trust_verify_jpki(trust, ca_rig_der(&rig, row), rig.now, &read, NULL).code;
        rig.now += 61;
        if (code == MITOME_OK) /* an answer is kept for a minute and no longer */
                assert_int_equal(trust_verify_jpki(trust, ca_rig_der(&rig, row), rig.now, &read, NULL).code,
                        MITOME_E_OCSP_STALE);
        rig.now -= 61;
        mitome_trust_free(trust);
        return code;
}

/* From the revocation in the register to the refusal at the relying party there is one question. */
static void the_relying_party_refuses_at_its_next_question(void **state)
{
        (void)state;
        size_t row = ca_rig_issue(&rig, USER, &people_hanako);
        assert_int_equal(login(row), MITOME_OK);
        ca_rig_set(&rig, row, CA_HOLD, 0);
        assert_int_equal(login(row), MITOME_E_CERTIFICATE_ON_HOLD);
        ca_rig_set(&rig, row, CA_GOOD, 0);
        assert_int_equal(login(row), MITOME_OK);
        ca_rig_set(&rig, row, CA_REVOKED, 0);
        assert_int_equal(login(row), MITOME_E_CERTIFICATE_REVOKED);
        ca_rig_set(&rig, row, CA_UNKNOWN, 0);
        assert_int_equal(login(row), MITOME_E_CERTIFICATE_UNKNOWN);
}

struct asked {
        char ca[96], leaf[96], request[96], response[96];
};

static void openssl_asks(const struct asked *asked, const char *digest)
{
        const char *const arguments[] = { "openssl", "ocsp", digest, "-issuer", asked->ca, "-cert",
                asked->leaf, "-reqout", asked->request, NULL };
        char output[512];
        if (ca_rig_run(arguments, output, sizeof output) != 0)
                fail_msg("%s", output);
}

static void answer_file(struct asked *asked)
{
        struct der der, response;
        FILE *file = fopen(asked->request, "re");
        assert_non_null(file);
        der.size = fread(der.bytes, 1, sizeof der.bytes, file);
        fclose(file);
        assert_int_equal(outcome_of(view(&der), &response), OCSP_RESPONSE_STATUS_SUCCESSFUL);
        ca_rig_file(&rig, "response.der", NULL, view(&response), asked->response);
}

static void openssl_says(const char *const *arguments, const char *expected)
{
        char output[16384];
        if (ca_rig_run(arguments, output, sizeof output) != 0)
                fail_msg("%s", output);
        assert_non_null(strstr(output, "Response verify OK"));
        assert_null(strstr(output, "WARNING")); /* the nonce is there */
        assert_non_null(strstr(output, expected));
}

/* Once for the nonce of its request, and once for the certificate, which it finds by an ID of its own. */
static void openssl_hears(const struct asked *asked, const char *digest, const char *word)
{
        char status[32], named[32];
        const char *const by_request[] = { "openssl", "ocsp", "-reqin", asked->request, "-respin",
                asked->response, "-CAfile", asked->ca, "-resp_text", NULL };
        const char *const by_name[] = { "openssl", "ocsp", digest, "-no_nonce", "-issuer", asked->ca, "-cert",
                asked->leaf, "-respin", asked->response, "-CAfile", asked->ca, NULL };
        snprintf(status, sizeof status, "Cert Status: %s", word);
        snprintf(named, sizeof named, "leaf.pem: %s", word);
        openssl_says(by_request, status);
        openssl_says(by_name, named);
}

/* `openssl ocsp` asks (with its nonce), and believes the answer. It knows only the clock of this machine. */
static void openssl_ocsp_believes_the_answers(void **state)
{
        (void)state;
        static const char *const version[] = { "openssl", "version", NULL };
        static const char *const words[] = { "good", "revoked", "revoked", "unknown" };
        struct asked asked;
        if (ca_rig_run(version, NULL, 0) != 0)
                skip();
        ocsp_responder_free(responder);
        ca_rig_close(&rig);
        ca_rig_open(&rig, time(NULL));
        appoint();
        for (int ca = USER; ca <= SIGNING; ca++) {
                size_t row = ca_rig_issue(&rig, (enum authority_kind)ca, &people_hanako);
                ca_rig_file(&rig, "ca.pem", "CERTIFICATE", ca_certificate(rig.cas[ca]), asked.ca);
                ca_rig_file(&rig, "leaf.pem", "CERTIFICATE", ca_rig_der(&rig, row), asked.leaf);
                snprintf(asked.request, sizeof asked.request, "%s/request.der", rig.folder);
                for (int i = CA_GOOD; i <= CA_UNKNOWN; i++) {
                        ca_rig_set(&rig, row, (enum ca_state)i, 0);
                        const char *digest = i % 2 ? "-sha256" : "-sha1";
                        openssl_asks(&asked, digest);
                        answer_file(&asked);
                        openssl_hears(&asked, digest, words[i]);
                }
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(it_says_what_the_register_says, empty_register),
                cmocka_unit_test_setup(a_serial_number_that_the_ca_never_gave_is_unknown, empty_register),
                cmocka_unit_test_setup(several_are_answered_at_once_and_seventeen_are_not, empty_register),
                cmocka_unit_test_setup(it_answers_for_no_other_ca_and_for_one_at_a_time, empty_register),
                cmocka_unit_test_setup(a_register_that_fails_makes_nobody_good, empty_register),
                cmocka_unit_test_setup(a_request_that_is_cut_or_longer_is_none, empty_register),
                cmocka_unit_test_setup(a_changed_byte_never_makes_a_revoked_one_good, empty_register),
                cmocka_unit_test_setup(a_nonce_comes_back_unless_it_is_none, empty_register),
                cmocka_unit_test_setup(
                        two_nonces_and_unknown_critical_extensions_are_refused, empty_register),
                cmocka_unit_test_setup(who_asks_is_answered_signed_or_not, empty_register),
                cmocka_unit_test_setup(its_key_is_for_answers_only_and_does_not_grow_old, empty_register),
                cmocka_unit_test_setup(a_request_may_stand_in_the_path, empty_register),
                cmocka_unit_test_setup(the_relying_party_refuses_at_its_next_question, empty_register),
                cmocka_unit_test_setup(openssl_ocsp_believes_the_answers, empty_register),
        };
        return cmocka_run_group_tests(tests, open_rig, close_rig);
}
