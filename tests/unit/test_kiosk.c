/* SPDX-License-Identifier: Apache-2.0 */

/* A convenience store's terminal before a phone: the real element over a contactless interface, certified by
 * the authority's real CA, whose list decides. */

#include "ca_rig.h"
#include "element_rig.h"
#include "kiosk.h"
#include "tlv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { USER_CERTIFICATE = 0x000A, CARD = 0x01, NO_HOST_HASHES = 0x01, DAY = 86400 };

static const slice nothing = { 0 };

#define assert_ok(status) assert_int_equal((status).code, MITOME_OK)
#define assert_sw(call, wanted) assert_int_equal((call), (wanted))

static struct ca_rig authority;
static struct element_rig stencil, card_stencil, phone;
static bool gives_evidence; /* an element that does not keep to its rules */
static bool is_plastic;     /* a card that signs nothing but a DigestInfo */

/* ---- phones and cards ---- */

static void personalise(struct element_rig *rig, uint8_t personality, uint8_t flags)
{
        const uint8_t fields[] = { 0x80, 1, personality, 0x81, 1, flags };
        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(rig, 0x80DA0000, SLICE(fields)), SW_OK);
}

/* The certificate goes into the next row of the authority's register. */
static void certify(struct element_rig *rig, bool on_card)
{
        slice key, modulus;
        struct ca_rig_row *row = &authority.rows[authority.count++];
        struct authority_person person = people_hanako;
        person.on_card = on_card;
        *row = (struct ca_rig_row){ .kind = AUTHORITY_USER_VERIFICATION };
        assert_ok(ca_draw_serial(&authority.random, row->certificate.serial, NULL));
        assert_sw(element_rig_secured(rig, 0x80460097, nothing), SW_OK);
        key = element_rig_value(rig, 0x7F49);
        assert_ok(tlv_find(key, 0x81, "modulus", &modulus, NULL));
        const struct ca_order order = { .person = &person,
                .modulus = modulus,
                .serial = SLICE(row->certificate.serial),
                .not_before = authority.now - DAY,
                .not_after = authority.now + 100 * (int64_t)DAY };
        assert_ok(ca_issue(authority.cas[AUTHORITY_USER_VERIFICATION], &order, &authority.random,
                &row->certificate.der, NULL));
        element_rig_write(
                rig, USER_CERTIFICATE, slice_of(row->certificate.der.bytes, row->certificate.der.size));
        assert_sw(element_rig_secured(rig, 0x802C0098, slice_text(ELEMENT_RIG_PIN)), SW_OK);
}

static int make_stencil(void **state)
{
        (void)state;
        ca_rig_open(&authority, ca_rig_now);
        element_rig_open(&stencil);
        element_rig_make_device(&stencil);
        personalise(&stencil, 0x00, NO_HOST_HASHES);
        certify(&stencil, false);
        element_rig_open(&card_stencil);
        personalise(&card_stencil, CARD, 0x00);
        certify(&card_stencil, true);
        return 0;
}

static int drop_stencil(void **state)
{
        (void)state;
        element_rig_close(&stencil);
        element_rig_close(&card_stencil);
        ca_rig_close(&authority);
        return 0;
}

static int set_up(void **state)
{
        (void)state;
        gives_evidence = is_plastic = false;
        ca_rig_set(&authority, 0, CA_GOOD, 0);
        element_rig_clone(&stencil, &phone);
        mitome_element_set_contactless(phone.element, 1);
        return 0;
}

static int tear_down(void **state)
{
        (void)state;
        element_rig_close(&phone);
        return 0;
}

/* ---- the terminal ---- */

static mitome_status transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct element_rig *rig = context;
        static uint8_t answer[MITOME_APDU_MAX];
        mitome_status status = mitome_element_transmit(rig->element, command, answer, ret_size, error);
        assert_true(*ret_size <= capacity);
        memcpy(response, answer, *ret_size);
        if (gives_evidence && command.size > 1 && command.data[1] == 0x44)
                memcpy(response, "\x90\x00", *ret_size = 2);
        if (is_plastic && command.size > 3 && command.data[1] == 0x2A && command.data[3] != 0x80)
                memcpy(response, "\x6A\x86", *ret_size = 2);
        return status;
}

static void add_list(struct mitome_trust *trust)
{
        struct ca_list list;
        const struct ca_source source = ca_rig_source(&authority);
        assert_ok(ca_crl(authority.cas[AUTHORITY_USER_VERIFICATION], &source, NULL, authority.now,
                authority.now + DAY, &list, NULL));
        assert_ok(mitome_trust_add_crl(trust, (mitome_slice){ list.bytes, list.size }, NULL));
        ca_list_free(&list);
}

static struct kiosk_holder holder;
static int tries;

static mitome_code serve_with(bool list, const char *pin)
{
        struct mitome_trust *trust;
        const slice anchor = ca_certificate(authority.cas[AUTHORITY_USER_VERIFICATION]);
        assert_ok(mitome_trust_new(&trust, NULL));
        assert_ok(mitome_trust_add_jpki_anchor(trust, (mitome_slice){ anchor.data, anchor.size }, NULL));
        if (list)
                add_list(trust);
        const struct kiosk kiosk = { .trust = trust, .random = authority.random, .now = authority.now };
        const struct mitome_link link = { .context = &phone, .transmit = transmit };
        mitome_status status = kiosk_serve(&kiosk, &link, slice_text(pin), &holder, &tries, NULL);
        mitome_trust_free(trust);
        return status.code;
}

static mitome_code serve(void)
{
        return serve_with(true, ELEMENT_RIG_PIN);
}

static void a_phone_is_served_as_a_card_is(void **state)
{
        (void)state;
        assert_int_equal(serve(), MITOME_OK);
        assert_true(holder.phone);
        assert_int_equal(holder.token, JPKI_ANDROID);
        assert_true(slice_equal(
                slice_of(holder.serial, holder.serial_size), SLICE(authority.rows[0].certificate.serial)));
        element_rig_close(&phone);
        element_rig_clone(&card_stencil, &phone);
        mitome_element_set_contactless(phone.element, 1);
        assert_int_equal(serve(), MITOME_OK);
        assert_false(holder.phone);
        assert_int_equal(holder.token, JPKI_MY_NUMBER_CARD);
        is_plastic = true;
        assert_int_equal(serve(), MITOME_OK);
}

static void a_revoked_certificate_gets_no_paper(void **state)
{
        (void)state;
        ca_rig_set(&authority, 0, CA_REVOKED, 1);
        assert_int_equal(serve(), MITOME_E_CERTIFICATE_REVOKED);
}

static void a_certificate_on_hold_gets_no_paper(void **state)
{
        (void)state;
        ca_rig_set(&authority, 0, CA_HOLD, 6);
        assert_int_equal(serve(), MITOME_E_CERTIFICATE_ON_HOLD);
}

static void without_a_list_nobody_is_served(void **state)
{
        (void)state;
        assert_int_equal(serve_with(false, ELEMENT_RIG_PIN), MITOME_E_CRL_MISSING);
}

static void a_wrong_pin_costs_a_try_and_a_wrong_form_none(void **state)
{
        (void)state;
        static const char *const no_pins[] = { "", "123", "12345", "12a4" };
        for (size_t i = 0; i < sizeof no_pins / sizeof *no_pins; i++) {
                assert_int_equal(serve_with(true, no_pins[i]), MITOME_E_SECRET_FORM);
                assert_int_equal(tries, -1);
        }
        for (int left = 2; left >= 0; left--) {
                assert_int_equal(serve_with(true, "0000"), MITOME_E_SECRET_WRONG);
                assert_int_equal(tries, left);
                if (left) /* three in a row want a reset, which a reader gives */
                        mitome_element_reset(phone.element);
        }
        assert_int_equal(serve(), MITOME_E_SECRET_LOCKED);
        assert_int_equal(tries, -1);
}

/* "Neither is given contactless": an element that does is not trusted with a PIN. */
static void an_element_that_gives_evidence_in_passing(void **state)
{
        (void)state;
        gives_evidence = true;
        assert_int_equal(serve(), MITOME_E_KIOSK_EVIDENCE);
        gives_evidence = false;
        assert_sw(element_rig_select(&phone, element_rig_jpki), SW_OK);
        assert_sw(element_rig_select_file(&phone, 0x0018), SW_OK);
        assert_sw(element_rig_command(&phone, 0x00200080, nothing), 0x63C3);
}

/* A card's certificate and key in something that says to be a phone. */
static void a_cards_certificate_in_a_phone(void **state)
{
        (void)state;
        static const uint8_t as_phone[] = { 0x00, 0x00 };
        element_rig_close(&phone);
        element_rig_clone(&card_stencil, &phone);
        element_rig_off(&phone);
        element_rig_store(&phone, 0x0201, SLICE(as_phone)); /* OBJECT_JPKI_SETTINGS: personality, flags */
        element_rig_open(&phone);
        mitome_element_set_contactless(phone.element, 1);
        assert_int_equal(serve(), MITOME_E_KIOSK_CERTIFICATE);
}

/* A copy of the certificate beside another key: the signature tells. */
static void a_copied_certificate_without_its_key(void **state)
{
        (void)state;
        element_rig_off(&phone);
        uint8_t key[2400];
        const slice other = element_rig_stored(&card_stencil, 0x0117, key, sizeof key);
        element_rig_store(&phone, 0x0117, other);
        element_rig_open(&phone);
        mitome_element_set_contactless(phone.element, 1);
        assert_int_equal(serve(), MITOME_E_CARD_SIGNATURE);
}

static void an_erased_phone_gets_no_paper(void **state)
{
        (void)state;
        mitome_element_set_contactless(phone.element, 0);
        assert_sw(element_rig_channel(&phone, element_rig_jpki, &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(&phone, 0x800E0000, nothing), SW_OK);
        mitome_element_set_contactless(phone.element, 1);
        assert_int_equal(serve(), MITOME_E_SECRET_LOCKED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(a_phone_is_served_as_a_card_is),
                TEST(a_revoked_certificate_gets_no_paper),
                TEST(a_certificate_on_hold_gets_no_paper),
                TEST(without_a_list_nobody_is_served),
                TEST(a_wrong_pin_costs_a_try_and_a_wrong_form_none),
                TEST(an_element_that_gives_evidence_in_passing),
                TEST(a_cards_certificate_in_a_phone),
                TEST(a_copied_certificate_without_its_key),
                TEST(an_erased_phone_gets_no_paper),
        };
        return cmocka_run_group_tests(tests, make_stencil, drop_stencil);
}
