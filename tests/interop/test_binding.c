/* SPDX-License-Identifier: Apache-2.0 */

/* From a phone that the SP-TSM personalised, by her card's application, to what a relying party believes: the
 * browser on the phone makes a passkey, the JPKI app has the element sign for it, and mitome_verify_binding
 * judges. And what the same element, with the right PIN, does not sign. */

#include "bind_passkey.h"
#include "jpki_app.h"
#include "jpki_card.h"
#include "jpki_message.h"
#include "life_rig.h"
#include "phone_browser.h"

#include <mitome/rp.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define PIN "4649"
#define CARD_PIN "9999"
#define RP_ID "portal.example"
#define ORIGIN "https://login.portal.example"

#define assert_ok(status) assert_int_equal((status).code, MITOME_OK)

static struct life_rig rig;
static struct browser_answer passkey;
static uint8_t challenge[32] = { 0x43 }, verdict_buffer[MITOME_RP_BUFFER_MAX];
static struct mitome_verdict registration;

/* What is signed, and by what. */
struct proof {
        uint8_t der[JPKI_CERTIFICATE_MAX], signature[JPKI_SIGNATURE_SIZE];
        slice certificate;
};

/* ---- a phone, and a passkey in it ---- */

static struct life_state run(void)
{
        struct life_state state = { 0 };
        assert_ok(life_cycle_run(rig.app, &state, NULL));
        return state;
}

static void issue(void)
{
        assert_ok(life_rig_apply(&rig, LIFE_ISSUE, LIFE_USER_VERIFICATION, NULL));
        assert_int_equal(run().order, LIFE_ORDER_HOLDER);
        assert_ok(life_cycle_choose(rig.app, LIFE_USER_VERIFICATION, slice_text(PIN), NULL));
        assert_int_equal(run().order, LIFE_ORDER_DONE);
        life_rig_flush(&rig);
}

static void make_passkey(void)
{
        static const struct mitome_policy policy = { .require_user_verification = true,
                .require_attestation = true };
        const slice origin = slice_text(ORIGIN);
        const struct mitome_expectation expected = { .rp_id = slice_text(RP_ID),
                .origins = &origin,
                .origin_count = 1,
                .challenge = SLICE(challenge) };
        const struct browser_request request = { .origin = ORIGIN,
                .rp_id = RP_ID,
                .challenge = SLICE(challenge),
                .user_id = slice_text("user-0001"),
                .user_name = "hanako",
                .pin = PIN };
        /* Who makes phones lets the phone's own software use the FIDO applet. */
        const struct phone_browser browser = {
                .element = rig.phone.link, .app = rig.software, .random = rig.tsm.random
        };
        assert_ok(phone_browser_create(&browser, &request, &passkey, NULL));
        assert_ok(mitome_verify_registration(NULL, &policy, &expected, passkey.json, NULL, rig.tsm.now,
                verdict_buffer, sizeof verdict_buffer, &registration, NULL));
}

static int open_all(void **state)
{
        (void)state;
        life_rig_open(&rig);
        issue();
        make_passkey();
        return 0;
}

static int close_all(void **state)
{
        (void)state;
        life_rig_close(&rig);
        return 0;
}

/* ---- the app ---- */

/* Reads the certificate and has the key of a thing sign, after the PIN. */
typedef mitome_status sign_call(
        const struct mitome_link *link, slice message, uint8_t *ret_signature, uint16_t *ret_sw);

static mitome_status by_element(
        const struct mitome_link *link, slice message, uint8_t *ret_signature, uint16_t *ret_sw)
{
        return jpki_app_sign_message(link, message, ret_signature, ret_sw, NULL);
}

static mitome_status by_card(
        const struct mitome_link *link, slice message, uint8_t *ret_signature, uint16_t *ret_sw)
{
        return jpki_app_sign(link, &jpki_user_verification, &message, 1, ret_signature, ret_sw, NULL);
}

static uint16_t sign_over(
        const struct mitome_link *link, const char *pin, sign_call *sign, slice message, struct proof *ret)
{
        uint16_t sw = 0;
        assert_ok(jpki_app_verify(link, &jpki_user_verification, pin, &sw, NULL));
        assert_ok(jpki_app_read_certificate(
                link, &jpki_user_verification, ret->der, sizeof ret->der, &ret->certificate, &sw, NULL));
        mitome_status status = sign(link, message, ret->signature, &sw);
        assert_int_equal(status.code, sw == SW_OK ? MITOME_OK : MITOME_E_APDU_STATUS);
        return sw;
}

/* In the phone, where the access rules let the app in. */
static uint16_t sign_by_phone_as(sign_call *sign, slice message, struct proof *ret)
{
        struct mitome_enforcer *enforcer;
        assert_ok(mitome_enforcer_new(&rig.phone.link, &rig.jpki_app, &enforcer, NULL));
        const struct mitome_link link = mitome_enforcer_link(enforcer);
        assert_ok(jpki_app_select(enforcer, NULL));
        const uint16_t sw = sign_over(&link, PIN, sign, message, ret);
        mitome_enforcer_free(enforcer);
        return sw;
}

static uint16_t sign_by_phone(slice message, struct proof *ret)
{
        return sign_by_phone_as(by_element, message, ret);
}

static uint16_t sign_by_card(slice message, struct proof *ret)
{
        assert_ok(jpki_card_open(&rig.card.link, NULL));
        return sign_over(&rig.card.link, CARD_PIN, by_card, message, ret);
}

static slice compose(uint8_t buffer[BINDING_MESSAGE_MAX])
{
        const struct passkey_made made = { RP_ID, passkey.auth_data, passkey.client_data };
        slice message;
        assert_ok(binding_compose(&made, buffer, &message, NULL));
        return message;
}

/* ---- the relying party ---- */

static struct mitome_trust *trust_of_today(void)
{
        struct mitome_trust *trust;
        struct ca_list list = { 0 };
        const struct ca_source source = register_source(rig.tsm.book);
        assert_ok(mitome_trust_new(&trust, NULL));
        assert_ok(mitome_trust_add_jpki_anchor(trust, ca_certificate(rig.tsm.user_verification), NULL));
        assert_ok(ca_crl(
                rig.tsm.user_verification, &source, NULL, rig.tsm.now, rig.tsm.now + 86400, &list, NULL));
        assert_ok(mitome_trust_add_crl(trust, ca_list_view(&list), NULL));
        ca_list_free(&list);
        return trust;
}

static mitome_code bind(const struct proof *proof, struct mitome_binding *ret)
{
        struct mitome_trust *trust = trust_of_today();
        mitome_status status = mitome_verify_binding(
                &registration, proof->certificate, SLICE(proof->signature), trust, rig.tsm.now, ret, NULL);
        mitome_trust_free(trust);
        return status.code;
}

/* ---- tests ---- */

static void a_phone_that_the_sp_tsm_personalised_is_bound(void **state)
{
        (void)state;
        uint8_t buffer[BINDING_MESSAGE_MAX];
        struct proof proof = { 0 };
        struct mitome_binding binding = { 0 };
        assert_int_equal(sign_by_phone(compose(buffer), &proof), SW_OK);
        assert_int_equal(bind(&proof, &binding), MITOME_OK);
        assert_true(binding.phone);
        assert_true(binding.serial.size > 0);
        assert_true(binding.not_after > rig.tsm.now);
}

/* The plastic card knows no message, only DigestInfo: it is the same signature. */
static void a_card_is_bound_by_the_same_message(void **state)
{
        (void)state;
        uint8_t buffer[BINDING_MESSAGE_MAX];
        struct proof proof = { 0 };
        struct mitome_binding binding = { 0 };
        assert_int_equal(sign_by_card(compose(buffer), &proof), SW_OK);
        assert_int_equal(bind(&proof, &binding), MITOME_OK);
        assert_false(binding.phone);
}

/* The form of a login by the certificate's own key: whoever has the PIN would have authData as he likes. */
static void attack_the_raw_form(void **state)
{
        (void)state;
        uint8_t buffer[BINDING_MESSAGE_MAX];
        const size_t behind = sizeof JPKI_MESSAGE_PREFIX; /* and the use */
        slice message = compose(buffer);
        const slice raw = slice_of(message.data + behind, message.size - behind);
        struct proof proof = { 0 };
        struct mitome_binding binding;
        assert_int_equal(sign_by_phone(raw, &proof), SW_CONDITIONS);
        assert_int_equal(sign_by_phone_as(by_card, raw, &proof), SW_CONDITIONS);
        assert_int_equal(sign_by_phone_as(by_card, message, &proof), SW_CONDITIONS); /* nor its hash */
        /* A card signs it, as it signs everything; nobody believes it. */
        assert_int_equal(sign_by_card(raw, &proof), SW_OK);
        assert_int_equal(bind(&proof, &binding), MITOME_E_SIGNATURE_INVALID);
}

/* A terminal, or another website, has its question signed, and has put there what would bind a passkey. */
static void attack_a_challenge_that_is_a_binding(void **state)
{
        (void)state;
        uint8_t buffer[BINDING_MESSAGE_MAX];
        struct proof proof = { 0 };
        struct mitome_binding binding;
        slice message = compose(buffer);
        buffer[sizeof JPKI_MESSAGE_PREFIX - 1] = JPKI_USE_CHALLENGE;
        assert_int_equal(sign_by_phone(message, &proof), SW_OK);
        assert_int_equal(bind(&proof, &binding), MITOME_E_SIGNATURE_INVALID);
}

static void attack_another_use_or_prefix(void **state)
{
        (void)state;
        uint8_t buffer[BINDING_MESSAGE_MAX];
        struct proof proof = { 0 };
        struct mitome_binding binding;
        slice message = compose(buffer);
        static const struct {
                size_t at;
                uint8_t value;
        } changes[] = { { 32, 0x00 }, { 32, 0x03 }, { 32, 0xFF }, { 31, '2' }, { 0, 'M' } };
        for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
                const uint8_t before = buffer[changes[i].at];
                buffer[changes[i].at] = changes[i].value;
                assert_int_equal(sign_by_phone(message, &proof), SW_CONDITIONS);
                assert_int_equal(sign_by_card(message, &proof), SW_OK);
                assert_int_equal(bind(&proof, &binding), MITOME_E_SIGNATURE_INVALID);
                buffer[changes[i].at] = before;
        }
        assert_int_equal(sign_by_phone(message, &proof), SW_OK); /* it was the change */
        assert_int_equal(bind(&proof, &binding), MITOME_OK);
}

/* A binding is for one passkey: another's does not fit, whoever made it. */
static void attack_the_binding_of_another_passkey(void **state)
{
        (void)state;
        uint8_t buffer[BINDING_MESSAGE_MAX];
        struct proof proof = { 0 };
        struct mitome_binding binding;
        assert_int_equal(sign_by_phone(compose(buffer), &proof), SW_OK);
        challenge[1] ^= 1;
        make_passkey();
        assert_int_equal(bind(&proof, &binding), MITOME_E_SIGNATURE_INVALID);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_phone_that_the_sp_tsm_personalised_is_bound),
                cmocka_unit_test(a_card_is_bound_by_the_same_message),
                cmocka_unit_test(attack_the_raw_form),
                cmocka_unit_test(attack_a_challenge_that_is_a_binding),
                cmocka_unit_test(attack_another_use_or_prefix),
                cmocka_unit_test(attack_the_binding_of_another_passkey),
        };
        return cmocka_run_group_tests(tests, open_all, close_all);
}
