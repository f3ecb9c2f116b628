/* SPDX-License-Identifier: Apache-2.0 */

/* From the register's letters to the relying party's refusal: what the CAs publish is what the register says,
 * at the next question. */

#include "publish.h"
#include "register_rig.h"
#include "trust.h"

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { DAY = 86400 };

struct flow {
        struct register_rig rig;
        struct publication *publication;
        struct register_rig_card card;
        struct authority_der signing, login; /* in the phone */
};

static int64_t rig_clock(void *context)
{
        const struct flow *flow = context;
        return flow->rig.now;
}

static const struct ca *ca_of(const struct flow *flow, enum register_kind kind)
{
        return kind == REGISTER_SIGNING ? flow->rig.config.signing : flow->rig.config.user_verification;
}

static int set_up(void **state)
{
        struct flow *flow = calloc(1, sizeof *flow);
        register_rig_begin(&flow->rig);
        register_rig_open(&flow->rig);
        const struct publish_config config = {
                .cas = { ca_of(flow, REGISTER_USER_VERIFICATION), ca_of(flow, REGISTER_SIGNING) },
                .source = register_source(flow->rig.book),
                .random = flow->rig.random,
                .clock_context = flow,
                .now = rig_clock,
        };
        assert_int_equal(publish_open(&config, &flow->publication, NULL).code, MITOME_OK);
        register_rig_holder(&flow->rig, &register_rig_hanako, &flow->card);
        register_rig_phone(&flow->rig, &flow->card, "MT-1 0001", "a1", REGISTER_SIGNING, &flow->signing);
        register_rig_phone(
                &flow->rig, &flow->card, "MT-1 0001", "a2", REGISTER_USER_VERIFICATION, &flow->login);
        *state = flow;
        return 0;
}

static int tear_down(void **state)
{
        struct flow *flow = *state;
        publish_close(flow->publication);
        register_rig_end(&flow->rig);
        free(flow);
        return 0;
}

static slice view(const struct authority_der *der)
{
        return slice_of(der->bytes, der->size);
}

static X509 *parse(slice der)
{
        const unsigned char *end = der.data;
        X509 *x509 = d2i_X509(NULL, &end, (long)der.size);
        assert_non_null(x509);
        return x509;
}

/* ---- asking ---- */

static slice ask(
        struct flow *flow, enum register_kind kind, slice certificate, uint8_t response[OCSP_RESPONSE_MAX])
{
        unsigned char *der = NULL;
        X509 *issuer = parse(ca_certificate(ca_of(flow, kind))), *subject = parse(certificate);
        OCSP_REQUEST *request = OCSP_REQUEST_new();
        OCSP_CERTID *id = OCSP_cert_id_new(EVP_sha256(), X509_get_subject_name(issuer),
                X509_get0_pubkey_bitstr(issuer), X509_get0_serialNumber(subject));
        writer w = writer_over(response, OCSP_RESPONSE_MAX);
        assert_non_null(OCSP_request_add0_id(request, id));
        int size = i2d_OCSP_REQUEST(request, &der);
        assert_true(size > 0);
        assert_int_equal(
                publish_answer(flow->publication, slice_of(der, (size_t)size), &w, NULL).code, MITOME_OK);
        OPENSSL_free(der);
        OCSP_REQUEST_free(request);
        X509_free(subject);
        X509_free(issuer);
        return writer_view(&w);
}

/* V_OCSP_CERTSTATUS_.. */
static int status_of(struct flow *flow, enum register_kind kind, slice certificate, int *ret_reason)
{
        uint8_t bytes[OCSP_RESPONSE_MAX];
        slice der = ask(flow, kind, certificate, bytes);
        const unsigned char *end = der.data;
        OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &end, (long)der.size);
        OCSP_BASICRESP *basic = OCSP_response_get1_basic(response);
        *ret_reason = -1;
        int status = OCSP_single_get0_status(OCSP_resp_get0(basic, 0), ret_reason, NULL, NULL, NULL);
        OCSP_BASICRESP_free(basic);
        OCSP_RESPONSE_free(response);
        return status;
}

/* The relying party with an answer, a list, or both. */
static mitome_code login(struct flow *flow, slice answer, slice list)
{
        struct mitome_trust *trust = NULL;
        struct jpki_certificate read = { 0 };
        assert_int_equal(mitome_trust_new(&trust, NULL).code, MITOME_OK);
        assert_int_equal(mitome_trust_add_jpki_anchor(
                                 trust, ca_certificate(ca_of(flow, REGISTER_USER_VERIFICATION)), NULL)
                                 .code,
                MITOME_OK);
        if (answer.size)
                assert_int_equal(mitome_trust_add_ocsp(trust, answer, NULL).code, MITOME_OK);
        if (list.size)
                assert_int_equal(mitome_trust_add_crl(trust, list, NULL).code, MITOME_OK);
        mitome_code code = trust_verify_jpki(trust, view(&flow->login), flow->rig.now, &read, NULL).code;
        mitome_trust_free(trust);
        return code;
}

static mitome_code login_now(struct flow *flow)
{
        uint8_t bytes[OCSP_RESPONSE_MAX];
        return login(flow, ask(flow, REGISTER_USER_VERIFICATION, view(&flow->login), bytes), (slice){ 0 });
}

static slice list_now(struct flow *flow, const char *path)
{
        slice list = { 0 };
        assert_int_equal(publish_list(flow->publication, slice_text(path), &list, NULL).code, MITOME_OK);
        return list;
}

static bool lists(slice list, const struct authority_der *der)
{
        const unsigned char *end = list.data;
        X509_REVOKED *entry = NULL;
        X509_CRL *crl = d2i_X509_CRL(NULL, &end, (long)list.size);
        X509 *x509 = parse(view(der));
        bool found = X509_CRL_get0_by_cert(crl, &entry, x509) == 1;
        X509_free(x509);
        X509_CRL_free(crl);
        return found;
}

/* ---- what is said ---- */

/* A card that ends takes what is in the phone along, and whoever asks next hears of it. */
static void a_card_that_ends_ends_the_logins_of_the_phone(void **state)
{
        struct flow *flow = *state;
        int reason;
        size_t ended = 0;
        assert_int_equal(login_now(flow), MITOME_OK);
        assert_int_equal(register_rig_revoke(&flow->rig, RIG_MUNICIPALITY, REGISTER_USER_VERIFICATION,
                                 view(&flow->card.certificates[REGISTER_USER_VERIFICATION]), 5, &ended),
                MITOME_OK);
        assert_int_equal(ended, 3);
        assert_int_equal(login_now(flow), MITOME_E_CERTIFICATE_REVOKED);
        assert_int_equal(
                status_of(flow, REGISTER_SIGNING, view(&flow->signing), &reason), V_OCSP_CERTSTATUS_REVOKED);
        assert_int_equal(reason, OCSP_REVOKED_STATUS_CESSATIONOFOPERATION);
        assert_int_equal(login(flow, (slice){ 0 }, list_now(flow, "user-verification.crl")),
                MITOME_E_CERTIFICATE_REVOKED);
}

static void a_hold_by_telephone_is_told_as_a_hold(void **state)
{
        struct flow *flow = *state;
        assert_int_equal(register_rig_hold(&flow->rig, RIG_CALL_CENTRE, "hold", REGISTER_USER_VERIFICATION,
                                 view(&flow->login)),
                MITOME_OK);
        assert_int_equal(login_now(flow), MITOME_E_CERTIFICATE_ON_HOLD);
        assert_int_equal(login(flow, (slice){ 0 }, list_now(flow, "user-verification.crl")),
                MITOME_E_CERTIFICATE_ON_HOLD);
}

/* The list of her municipality names her certificate, that of another one does not. */
static void a_revoked_signing_certificate_stands_on_the_list_of_its_place(void **state)
{
        struct flow *flow = *state;
        char path[160];
        size_t ended;
        snprintf(path, sizeof path, "signing/%s/%s.crl", register_rig_hanako.prefecture,
                register_rig_hanako.city);
        assert_int_equal(register_rig_revoke(
                                 &flow->rig, RIG_SP_TSM, REGISTER_SIGNING, view(&flow->signing), 1, &ended),
                MITOME_OK);
        assert_true(lists(list_now(flow, path), &flow->signing));
        assert_true(lists(list_now(flow, "signing.crl"), &flow->signing));
        assert_false(lists(list_now(flow, path), &flow->card.certificates[REGISTER_SIGNING]));
        struct register_rig_card taro;
        register_rig_holder(&flow->rig, &register_rig_taro, &taro);
        snprintf(
                path, sizeof path, "signing/%s/%s.crl", register_rig_taro.prefecture, register_rig_taro.city);
        assert_false(lists(list_now(flow, path), &flow->signing));
        assert_int_equal(login_now(flow), MITOME_OK); /* user verification goes on */
}

/* ---- faults and attacks ---- */

/* An authority (or somebody between) that shows a list from before: what it leaves open, and what closes it.
 */
static void an_old_list_is_no_answer_when_its_day_is_over(void **state)
{
        struct flow *flow = *state;
        static uint8_t kept[65536];
        uint8_t bytes[OCSP_RESPONSE_MAX];
        size_t ended;
        slice list = list_now(flow, "user-verification.crl");
        assert_int_equal(slice_copy(list, "list", kept, sizeof kept, NULL).code, MITOME_OK);
        const slice old = slice_of(kept, list.size);
        assert_int_equal(register_rig_revoke(&flow->rig, RIG_SP_TSM, REGISTER_USER_VERIFICATION,
                                 view(&flow->login), 1, &ended),
                MITOME_OK);
        assert_int_equal(login(flow, (slice){ 0 }, old), MITOME_OK); /* the hole that a list has for a day */
        slice answer = ask(flow, REGISTER_USER_VERIFICATION, view(&flow->login), bytes);
        assert_int_equal(login(flow, answer, old), MITOME_E_CERTIFICATE_REVOKED);
        flow->rig.now += DAY + 1;
        assert_int_equal(login(flow, (slice){ 0 }, old), MITOME_E_CRL_STALE);
        assert_int_equal(login(flow, (slice){ 0 }, list_now(flow, "user-verification.crl")),
                MITOME_E_CERTIFICATE_REVOKED);
}

/* An answer from before the revocation, shown again a minute later. */
static void a_replayed_answer_is_stale(void **state)
{
        struct flow *flow = *state;
        uint8_t bytes[OCSP_RESPONSE_MAX];
        size_t ended;
        slice answer = ask(flow, REGISTER_USER_VERIFICATION, view(&flow->login), bytes);
        assert_int_equal(register_rig_revoke(&flow->rig, RIG_SP_TSM, REGISTER_USER_VERIFICATION,
                                 view(&flow->login), 1, &ended),
                MITOME_OK);
        flow->rig.now += 61;
        assert_int_equal(login(flow, answer, (slice){ 0 }), MITOME_E_OCSP_STALE);
        assert_int_equal(login_now(flow), MITOME_E_CERTIFICATE_REVOKED);
}

/* An answer about somebody else's certificate, or about the same number at the other CA, says nothing of
 * hers. */
static void an_answer_about_another_certificate_lets_nobody_in(void **state)
{
        struct flow *flow = *state;
        uint8_t bytes[OCSP_RESPONSE_MAX];
        int reason;
        slice answer = ask(flow, REGISTER_USER_VERIFICATION,
                view(&flow->card.certificates[REGISTER_USER_VERIFICATION]), bytes);
        assert_int_equal(login(flow, answer, (slice){ 0 }), MITOME_E_CRL_MISSING);
        answer = ask(flow, REGISTER_SIGNING, view(&flow->signing), bytes);
        assert_int_equal(login(flow, answer, (slice){ 0 }), MITOME_E_CRL_MISSING);
        assert_int_equal(
                status_of(flow, REGISTER_SIGNING, view(&flow->login), &reason), V_OCSP_CERTSTATUS_UNKNOWN);
}

/* Whoever makes up names has no list signed, draws no number, and puts out no list that is kept. */
static void places_that_do_not_exist_have_no_list(void **state)
{
        struct flow *flow = *state;
        static const char numbers[] = "SELECT last FROM list_number WHERE kind = 1";
        slice list;
        char path[96];
        snprintf(path, sizeof path, "signing/%s/%s.crl", register_rig_hanako.prefecture,
                register_rig_hanako.city);
        list = list_now(flow, path);
        const uint8_t *before = list.data;
        const int64_t number = register_rig_count(&flow->rig, numbers);
        for (int i = 0; i < 2 * PUBLISH_LISTS_MAX; i++) {
                char other[64];
                snprintf(other, sizeof other, "signing/Tokyo-to/Town-%03d.crl", i);
                assert_int_equal(
                        publish_list(flow->publication, slice_text(other), &list, NULL).code, MITOME_E_VALUE);
        }
        assert_int_equal(register_rig_count(&flow->rig, numbers), number);
        assert_ptr_equal(list_now(flow, path).data, before);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        a_card_that_ends_ends_the_logins_of_the_phone, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_hold_by_telephone_is_told_as_a_hold, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        a_revoked_signing_certificate_stands_on_the_list_of_its_place, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        an_old_list_is_no_answer_when_its_day_is_over, set_up, tear_down),
                cmocka_unit_test_setup_teardown(places_that_do_not_exist_have_no_list, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_replayed_answer_is_stale, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        an_answer_about_another_certificate_lets_nobody_in, set_up, tear_down),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
