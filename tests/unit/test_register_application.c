/* SPDX-License-Identifier: Apache-2.0 */

/* Applications that a card has signed, and those that none has: each refusal of check-application. */

#include "application_cms.h"
#include "application_text.h"
#include "register_rig.h"

#include <openssl/cms.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { DAY = 86400, CMS_MAX = 8192 };

struct world {
        struct register_rig rig;
        struct register_rig_card card; /* of Hanako */
        uint8_t buffer[CMS_MAX];
};

static int set_up(void **state)
{
        struct world *world = calloc(1, sizeof *world);
        register_rig_begin(&world->rig);
        register_rig_open(&world->rig);
        register_rig_holder(&world->rig, &register_rig_hanako, &world->card);
        *state = world;
        return 0;
}

static int tear_down(void **state)
{
        struct world *world = *state;
        register_rig_end(&world->rig);
        free(world);
        return 0;
}

static const struct register_rig_application plain = { 0 };

static mitome_code check(struct world *world, slice cms)
{
        uint8_t digest[32];
        return register_rig_check(&world->rig, cms, &plain, digest);
}

static slice card_certificate(const struct world *world)
{
        return register_rig_der(&world->card.certificates[REGISTER_SIGNING]);
}

static EVP_PKEY *card_key(const struct world *world)
{
        return world->card.keys[REGISTER_SIGNING]->key;
}

static slice sign_text(struct world *world, const char *text)
{
        return register_rig_sign_by(
                &world->rig, card_key(world), card_certificate(world), slice_text(text), world->buffer);
}

#define BEGIN \
        "{\"application\": \"issue\", \"version\": 1, \"kinds\": [\"signing\"], \"device\": \"MT-1 0001\", "
#define APPLIED "\"applied_at\": \"2027-01-15T08:00:00Z\", "
#define NONCE "\"nonce\": \"nonce-1\""

/* ---- what is taken ---- */

static void test_an_application_by_card_is_taken(void **state)
{
        struct world *world = *state;
        assert_int_equal(
                check(world, register_rig_sign(&world->rig, &world->card, &plain, world->buffer)), MITOME_OK);
        assert_int_equal(check(world, sign_text(world, BEGIN APPLIED NONCE "}")), MITOME_OK);
        assert_int_equal(register_rig_count(&world->rig, "SELECT count(*) FROM application"), 2);
}

/* The answer was lost: the same one, in another letter. */
static void test_an_application_brought_twice_is_one(void **state)
{
        struct world *world = *state;
        uint8_t first[32], again[32];
        slice cms = register_rig_sign(&world->rig, &world->card, &plain, world->buffer);
        assert_int_equal(register_rig_check(&world->rig, cms, &plain, first), MITOME_OK);
        assert_int_equal(register_rig_check(&world->rig, cms, &plain, again), MITOME_OK);
        assert_memory_equal(first, again, sizeof first);
        assert_int_equal(register_rig_count(&world->rig, "SELECT count(*) FROM application"), 1);
}

/* ---- what was said for something else ---- */

static void test_an_application_replayed_in_another_session(void **state)
{
        struct world *world = *state;
        static const struct register_rig_application others[] = {
                { .nonce = "nonce-2" },
                { .purpose = "reset-pin" },
                { .device = "MT-1 0002" },
        };
        slice cms = register_rig_sign(&world->rig, &world->card, &plain, world->buffer);
        uint8_t digest[32];
        for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
                assert_int_equal(register_rig_check(&world->rig, cms, &others[i], digest),
                        MITOME_E_AUTHORITY_APPLICATION);
        assert_int_equal(register_rig_count(&world->rig, "SELECT count(*) FROM application"), 0);
}

/* "Clocks up to two days apart." */
static void test_an_application_of_another_day(void **state)
{
        struct world *world = *state;
        static const struct {
                int64_t off;
                mitome_code code;
        } cases[] = {
                { 2 * DAY, MITOME_OK },
                { -2 * DAY, MITOME_OK },
                { 2 * DAY + 1, MITOME_E_AUTHORITY_TIME },
                { -2 * DAY - 1, MITOME_E_AUTHORITY_TIME },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                const struct register_rig_application application = { .at = world->rig.now + cases[i].off };
                slice cms = register_rig_sign(&world->rig, &world->card, &application, world->buffer);
                assert_int_equal(check(world, cms), cases[i].code);
        }
}

/* ---- whose card ---- */

static void test_an_old_card_whose_certificate_is_revoked(void **state)
{
        struct world *world = *state;
        struct register_rig_card next = world->card;
        register_rig_card(&world->rig, 1 << REGISTER_SIGNING, 0, &next);
        assert_int_equal(check(world, register_rig_sign(&world->rig, &world->card, &plain, world->buffer)),
                MITOME_E_AUTHORITY_CARD);
        assert_int_equal(
                check(world, register_rig_sign(&world->rig, &next, &plain, world->buffer)), MITOME_OK);
}

static void test_a_card_on_hold(void **state)
{
        struct world *world = *state;
        slice cms = register_rig_sign(&world->rig, &world->card, &plain, world->buffer);
        assert_int_equal(register_rig_hold(&world->rig, RIG_CALL_CENTRE, "hold", REGISTER_SIGNING,
                                 card_certificate(world)),
                MITOME_OK);
        assert_int_equal(check(world, cms), MITOME_E_AUTHORITY_CARD);
        assert_int_equal(register_rig_hold(&world->rig, RIG_CALL_CENTRE, "release", REGISTER_SIGNING,
                                 card_certificate(world)),
                MITOME_OK);
        assert_int_equal(check(world, cms), MITOME_OK);
}

static void test_a_card_past_its_end(void **state)
{
        struct world *world = *state;
        register_rig_card(&world->rig, 1 << REGISTER_SIGNING, world->rig.now + DAY, &world->card);
        slice cms = register_rig_sign(&world->rig, &world->card, &plain, world->buffer);
        assert_int_equal(check(world, cms), MITOME_OK);
        world->rig.now += DAY + 1;
        assert_int_equal(check(world, cms), MITOME_E_AUTHORITY_SIGNER);
}

/* A phone's certificate does not beget another: its holder may have lost the card long ago. */
static void test_a_phones_signing_certificate_is_no_card(void **state)
{
        struct world *world = *state;
        struct authority_der phone;
        uint8_t digest[32];
        const struct register_rig_key *key = register_rig_key(&world->rig);
        slice cms = register_rig_sign(&world->rig, &world->card, &plain, world->buffer);
        assert_int_equal(register_rig_check(&world->rig, cms, &plain, digest), MITOME_OK);
        assert_int_equal(register_rig_issue(&world->rig, world->card.person, REGISTER_SIGNING, key,
                                 "MT-1 0001", digest, &phone),
                MITOME_OK);
        cms = register_rig_sign_by(&world->rig, key->key, register_rig_der(&phone),
                slice_text(BEGIN APPLIED NONCE "}"), world->buffer);
        assert_int_equal(check(world, cms), MITOME_E_AUTHORITY_SIGNER);
}

static void test_a_cards_login_certificate_signs_no_application(void **state)
{
        struct world *world = *state;
        const enum register_kind kind = REGISTER_USER_VERIFICATION;
        slice cms = register_rig_sign_by(&world->rig, world->card.keys[kind]->key,
                register_rig_der(&world->card.certificates[kind]), slice_text(BEGIN APPLIED NONCE "}"),
                world->buffer);
        assert_int_equal(check(world, cms), MITOME_E_AUTHORITY_SIGNER);
}

/* A CA of the same name and profile, with another key; and a certificate of the right CA that the register
 * never entered. */
static void test_a_card_of_a_ca_that_only_has_the_name(void **state)
{
        struct world *world = *state;
        struct ca *impostor;
        struct authority_der der;
        uint8_t serial[REGISTER_SERIAL_MAX];
        const struct register_rig_key *key = register_rig_key(&world->rig);
        const struct authority_person person = { "見本 花子", "東京都見本区見本町一丁目1番1号", "Tokyo-to",
                "Mihon-ku", "2", 1990, 4, 1, true };
        const struct ca_order order = {
                .person = &person,
                .modulus = SLICE(key->modulus),
                .serial = register_rig_serial(card_certificate(world), serial),
                .not_before = world->rig.now,
                .not_after = world->rig.now + DAY,
        };
        assert_int_equal(ca_make(AUTHORITY_SIGNING, &world->rig.random, world->rig.now, &impostor, NULL).code,
                MITOME_OK);
        const struct ca *const cas[] = { impostor, world->rig.config.signing };
        for (size_t i = 0; i < 2; i++) {
                assert_int_equal(ca_issue(cas[i], &order, &world->rig.random, &der, NULL).code, MITOME_OK);
                slice cms = register_rig_sign_by(&world->rig, key->key, register_rig_der(&der),
                        slice_text(BEGIN APPLIED NONCE "}"), world->buffer);
                assert_int_equal(check(world, cms), MITOME_E_AUTHORITY_SIGNER);
        }
        ca_close(impostor);
}

/* Beside the card's certificate, by another key. */
static void test_a_signature_that_is_not_the_cards(void **state)
{
        struct world *world = *state;
        slice cms = register_rig_sign_by(&world->rig, register_rig_key(&world->rig)->key,
                card_certificate(world), slice_text(BEGIN APPLIED NONCE "}"), world->buffer);
        assert_int_equal(check(world, cms), MITOME_E_SIGNATURE_INVALID);
}

/* ---- form ---- */

/* No byte of it can be changed: neither content nor attributes nor signature. The version numbers, which
 * nobody relies on, are OpenSSL's. */
static void test_a_changed_application(void **state)
{
        struct world *world = *state;
        size_t taken = 0;
        slice cms = register_rig_sign(&world->rig, &world->card, &plain, world->buffer);
        for (size_t i = 0; i < cms.size; i += 7) {
                world->buffer[i] ^= 0x01;
                taken += check(world, cms) == MITOME_OK;
                world->buffer[i] ^= 0x01;
        }
        assert_true(taken <= 1);
        assert_int_equal(check(world, cms), MITOME_OK);
        assert_int_equal(register_rig_count(&world->rig, "SELECT count(*) FROM application"), 1);
}

static void test_a_cut_application(void **state)
{
        struct world *world = *state;
        slice cms = register_rig_sign(&world->rig, &world->card, &plain, world->buffer);
        for (size_t size = 1; size < cms.size; size += 61)
                assert_int_equal(check(world, slice_of(cms.data, size)), MITOME_E_AUTHORITY_CMS);
        world->buffer[cms.size] = 0;
        assert_int_equal(check(world, slice_of(cms.data, cms.size + 1)), MITOME_E_AUTHORITY_CMS);
}

struct other_form {
        const char *what;
        unsigned flags;
        bool two_signers, two_certificates, sha1;
        mitome_code code;
};

static slice sign_otherwise(struct world *world, const struct other_form *form)
{
        const unsigned char *at = card_certificate(world).data;
        X509 *certificate = d2i_X509(NULL, &at, (long)card_certificate(world).size);
        BIO *text = BIO_new_mem_buf(BEGIN APPLIED NONCE "}", -1);
        CMS_ContentInfo *cms =
                CMS_sign(NULL, NULL, NULL, NULL, CMS_PARTIAL | CMS_BINARY | (form->flags & CMS_DETACHED));
        unsigned flags = CMS_PARTIAL | CMS_BINARY | CMS_NOSMIMECAP | form->flags;
        const EVP_MD *digest = form->sha1 ? EVP_sha1() : EVP_sha256();
        assert_non_null(CMS_add1_signer(cms, certificate, card_key(world), digest, flags));
        if (form->two_signers)
                assert_non_null(
                        CMS_add1_signer(cms, certificate, card_key(world), digest, flags | CMS_NOCERTS));
        if (form->two_certificates) {
                slice other = ca_certificate(world->rig.config.signing);
                at = other.data;
                X509 *second = d2i_X509(NULL, &at, (long)other.size);
                assert_int_equal(CMS_add1_cert(cms, second), 1);
                X509_free(second);
        }
        assert_int_equal(CMS_final(cms, text, NULL, CMS_BINARY | (form->flags & CMS_DETACHED)), 1);
        unsigned char *to = world->buffer;
        assert_true(i2d_CMS_ContentInfo(cms, NULL) < CMS_MAX);
        int size = i2d_CMS_ContentInfo(cms, &to);
        CMS_ContentInfo_free(cms);
        BIO_free(text);
        X509_free(certificate);
        return slice_of(world->buffer, (size_t)size);
}

/* OpenSSL writes them, so that the form is not only what our writer happens to write. */
static void test_other_forms_of_signed_data(void **state)
{
        struct world *world = *state;
        static const struct other_form forms[] = {
                { "as it should be", CMS_CADES, .code = MITOME_OK },
                { "without the signer's digest", 0, .code = MITOME_E_SIGNATURE_INVALID },
                { "detached", CMS_CADES | CMS_DETACHED, .code = MITOME_E_AUTHORITY_CMS },
                { "without attributes", CMS_NOATTR, .code = MITOME_E_AUTHORITY_CMS },
                { "without certificate", CMS_CADES | CMS_NOCERTS, .code = MITOME_E_AUTHORITY_CMS },
                { "two signers", CMS_CADES, .two_signers = true, .code = MITOME_E_AUTHORITY_CMS },
                { "two certificates", CMS_CADES, .two_certificates = true, .code = MITOME_E_AUTHORITY_CMS },
                { "SHA-1", CMS_CADES, .sha1 = true, .code = MITOME_E_AUTHORITY_CMS },
        };
        for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
                mitome_code code = check(world, sign_otherwise(world, &forms[i]));
                if (code != forms[i].code)
                        fail_msg("%s: %d", forms[i].what, (int)code);
        }
}

/* ---- text ---- */

static void test_a_text_that_is_no_application(void **state)
{
        struct world *world = *state;
        static const struct {
                const char *text;
                mitome_code code;
        } texts[] = {
                { BEGIN APPLIED NONCE ", \"more\": 1}", MITOME_E_AUTHORITY_CMS },
                { BEGIN APPLIED "\"more\": 1}", MITOME_E_AUTHORITY_CMS },
                { BEGIN APPLIED NONCE ", " NONCE "}", MITOME_E_JSON_DUPLICATE_NAME },
                { BEGIN NONCE "}", MITOME_E_AUTHORITY_CMS },
                { BEGIN APPLIED NONCE "} ?", MITOME_E_TRAILING_BYTES },
                { BEGIN APPLIED NONCE, MITOME_E_INPUT_ENDS },
                { BEGIN "\"applied_at\": \"2027-02-30T08:00:00Z\", " NONCE "}", MITOME_E_AUTHORITY_CMS },
                { BEGIN "\"applied_at\": \"2027-01-15 08:00:00Z\", " NONCE "}", MITOME_E_AUTHORITY_CMS },
                { BEGIN "\"applied_at\": \"2027-01-15T08:00:60Z\", " NONCE "}", MITOME_E_AUTHORITY_CMS },
                { BEGIN "\"applied_at\": 1, " NONCE "}", MITOME_E_JSON_TYPE },
                { BEGIN APPLIED "\"nonce\": \"\"}", MITOME_E_AUTHORITY_CMS },
                { "{\"application\": \"issue\", \"version\": 2, \"kinds\": [\"signing\"], \"device\": \"MT-1 0001\", " APPLIED
                                NONCE "}",
                        MITOME_E_AUTHORITY_CMS },
                { "{\"application\": \"issue\", \"version\": 1, \"kinds\": [], \"device\": \"MT-1 0001\", " APPLIED
                                NONCE "}",
                        MITOME_E_AUTHORITY_CMS },
                { "{\"application\": \"issue\", \"version\": 1, \"kinds\": [\"signing\", \"signing\"], \"device\": \"MT-1 0001\", " APPLIED
                                NONCE "}",
                        MITOME_E_AUTHORITY_CMS },
                { "{\"application\": \"issue\", \"version\": 1, \"kinds\": [\"login\"], \"device\": \"MT-1 0001\", " APPLIED
                                NONCE "}",
                        MITOME_E_AUTHORITY_CMS },
                /* another's phone, to whoever reads it as a string */
                { "{\"application\": \"issue\", \"version\": 1, \"kinds\": [\"signing\"], \"device\": \"MT-1 0001\\u0000x\", " APPLIED
                                NONCE "}",
                        MITOME_E_AUTHORITY_CMS },
                { "{\"application\": \"issue\", \"version\": 1, \"kinds\": [\"signing\"], \"device\": \"MT-1 0001\\u200B\", " APPLIED
                                NONCE "}",
                        MITOME_E_AUTHORITY_CMS },
                /* what the program writes without a device is for nobody's phone */
                { "{\"application\": \"phone-certificate\", \"version\": 1, \"kinds\": [\"signing\"], " APPLIED
                                NONCE "}",
                        MITOME_E_AUTHORITY_CMS },
        };
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
                mitome_code code = check(world, sign_text(world, texts[i].text));
                if (code != texts[i].code)
                        fail_msg("%s: %d", texts[i].text, (int)code);
        }
        assert_int_equal(register_rig_count(&world->rig, "SELECT count(*) FROM application"), 0);
}

static void test_a_text_longer_than_an_application(void **state)
{
        struct world *world = *state;
        char text[APPLICATION_CONTENT_MAX + 512];
        snprintf(text, sizeof text, BEGIN APPLIED NONCE "%*s}", APPLICATION_CONTENT_MAX, " ");
        assert_int_equal(check(world, sign_text(world, text)), MITOME_E_AUTHORITY_CMS);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
                TEST(test_an_application_by_card_is_taken),
                TEST(test_an_application_brought_twice_is_one),
                TEST(test_an_application_replayed_in_another_session),
                TEST(test_an_application_of_another_day),
                TEST(test_an_old_card_whose_certificate_is_revoked),
                TEST(test_a_card_on_hold),
                TEST(test_a_card_past_its_end),
                TEST(test_a_phones_signing_certificate_is_no_card),
                TEST(test_a_cards_login_certificate_signs_no_application),
                TEST(test_a_card_of_a_ca_that_only_has_the_name),
                TEST(test_a_signature_that_is_not_the_cards),
                TEST(test_a_changed_application),
                TEST(test_a_cut_application),
                TEST(test_other_forms_of_signed_data),
                TEST(test_a_text_that_is_no_application),
                TEST(test_a_text_longer_than_an_application),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
