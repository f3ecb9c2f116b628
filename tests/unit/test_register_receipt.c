/* SPDX-License-Identifier: Apache-2.0 */

/* Receipts that reach the authority: by real elements, of this phone and of others, twice, changed, missing.
 */

#include "element_rig.h"
#include "register_rig.h"
#include "tlv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const slice nothing = { 0 };
static const uint32_t get_receipt = 0x80400000, get_statement = 0x80440000, make_device_key = 0x80360000,
                      store_device_certificate = 0x80380000, erase_signing = 0x800E009A,
                      erase_all = 0x800E0000;

/* A phone with a signing key of its own and the certificate that the authority gave for it. */
struct world {
        struct register_rig authority;
        struct register_rig_card card;
        struct element_rig element;
        struct mitome_trust *makers;
        struct authority_der certificate;
        uint8_t cose[4096], digest[32];
};

static void believe(struct world *world, const struct element_rig *element)
{
        if (!world->makers)
                assert_int_equal(mitome_trust_new(&world->makers, NULL).code, MITOME_OK);
        assert_int_equal(mitome_trust_add_anchor(world->makers,
                                 (mitome_slice){ element->device_ca, element->device_ca_size }, NULL)
                                 .code,
                MITOME_OK);
        world->authority.config.devices = world->makers;
}

/* The element makes the key; the certificate is issued into the phone of this identity. */
static void issue_into(struct world *world, struct element_rig *element, const char *identity)
{
        struct register_rig_key key = { 0 };
        uint8_t buffer[8192], digest[32];
        slice modulus;
        const struct register_rig_application application = { .device = identity,
                .nonce = slice_is(slice_text(identity), ELEMENT_RIG_IDENTITY) ? "here" : "elsewhere" };
        element_rig_generate(element, 0x9A);
        assert_int_equal(
                tlv_find(element_rig_value(element, 0x7F49), 0x81, "key", &modulus, NULL).code, MITOME_OK);
        assert_int_equal(
                slice_copy(modulus, "modulus", key.modulus, sizeof key.modulus, NULL).code, MITOME_OK);
        slice cms = register_rig_sign(&world->authority, &world->card, &application, buffer);
        assert_int_equal(register_rig_check(&world->authority, cms, &application, digest), MITOME_OK);
        assert_int_equal(register_rig_issue(&world->authority, world->card.person, REGISTER_SIGNING, &key,
                                 identity, digest, &world->certificate),
                MITOME_OK);
        element_rig_write(element, 0x0001, register_rig_der(&world->certificate));
}

static int set_up(void **state)
{
        struct world *world = calloc(1, sizeof *world);
        register_rig_begin(&world->authority);
        register_rig_open(&world->authority);
        register_rig_holder(&world->authority, &register_rig_hanako, &world->card);
        element_rig_open(&world->element);
        element_rig_make_device(&world->element);
        believe(world, &world->element);
        *state = world;
        return 0;
}

static int tear_down(void **state)
{
        struct world *world = *state;
        element_rig_close(&world->element);
        register_rig_end(&world->authority);
        mitome_trust_free(world->makers);
        free(world);
        return 0;
}

static void erase(struct element_rig *element, uint32_t head)
{
        assert_int_equal(element_rig_channel(element, element_rig_jpki, &element_rig_keys), SW_OK);
        assert_int_equal(element_rig_secured(element, head, nothing), SW_OK);
}

/* The oldest that is not acknowledged, with a nonce or without; its digest as the element says it. */
static slice fetch(struct world *world, struct element_rig *element, slice nonce)
{
        uint8_t bytes[128];
        writer w = WRITER(bytes);
        if (nonce.size)
                tlv_write(&w, 0x80, nonce);
        tlv_write_u8(&w, 0x85, 0x02);
        assert_int_equal(element_rig_select(element, element_rig_fido), SW_OK);
        assert_int_equal(element_rig_command(element, get_receipt, writer_view(&w)), SW_OK);
        slice cose = element_rig_value(element, 0x80);
        assert_int_equal(slice_copy(cose, "receipt", world->cose, sizeof world->cose, NULL).code, MITOME_OK);
        assert_int_equal(slice_copy(element_rig_value(element, 0x82), "digest", world->digest, 32, NULL).code,
                MITOME_OK);
        return slice_of(world->cose, cose.size);
}

static void acknowledge(struct world *world, struct element_rig *element, uint8_t number)
{
        const uint8_t sequence[] = { 0, 0, 0, number };
        uint8_t bytes[64];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x81, SLICE(sequence));
        tlv_write(&w, 0x82, SLICE(world->digest));
        assert_int_equal(element_rig_command(element, 0x80420000, writer_view(&w)), SW_OK);
}

static mitome_code bring(struct world *world, slice cose, slice *ret_answer)
{
        uint8_t bytes[4200];
        writer w = WRITER(bytes);
        cbor_write_map(&w, 1);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, cose);
        return register_rig_ask(&world->authority, RIG_SP_TSM, "receipt", &w, ret_answer);
}

static uint64_t status(struct world *world)
{
        return register_rig_status(&world->authority, REGISTER_SIGNING, register_rig_der(&world->certificate))
                .status;
}

static bool journal_says(struct world *world, const char *what)
{
        struct sql_query query;
        bool found = false;
        assert_int_equal(sql_ask(party_store(world->authority.authority), "SELECT * FROM journal", NULL, 0,
                                 &query, NULL)
                                 .code,
                MITOME_OK);
        while (sql_next(&query))
                for (int column = 0; column < 6; column++) {
                        slice bytes = sql_bytes(&query, column);
                        found = found || (bytes.size && memmem(bytes.data, bytes.size, what, strlen(what)));
                }
        assert_int_equal(sql_end(&query).code, MITOME_OK);
        return found;
}

/* ---- what they do ---- */

/* "An erase receipt that reaches the authority revokes what it names", and what it answers is what the
 * element wants to hear. */
static void test_a_receipt_revokes_what_it_names(void **state)
{
        struct world *world = *state;
        slice answer;
        issue_into(world, &world->element, ELEMENT_RIG_IDENTITY);
        erase(&world->element, erase_all);
        assert_int_equal(status(world), REGISTER_GOOD);
        slice cose = fetch(world, &world->element, nothing);
        assert_int_equal(bring(world, cose, &answer), MITOME_OK);
        assert_non_null(memmem(answer.data, answer.size, world->digest, 32));
        assert_int_equal(status(world), REGISTER_REVOKED);
        register_rig_flush(&world->authority);
        assert_int_equal(world->authority.told, 1);
        acknowledge(world, &world->element, 1);
}

/* The same receipt, fetched with a nonce or brought by another: one receipt, and revoked once. */
static void test_a_receipt_brought_twice_is_one(void **state)
{
        struct world *world = *state;
        issue_into(world, &world->element, ELEMENT_RIG_IDENTITY);
        erase(&world->element, erase_signing);
        assert_int_equal(bring(world, fetch(world, &world->element, nothing), NULL), MITOME_OK);
        assert_int_equal(
                bring(world, fetch(world, &world->element, slice_text("sixteen bytes ..")), NULL), MITOME_OK);
        register_rig_flush(&world->authority);
        assert_int_equal(world->authority.told, 1);
        assert_int_equal(register_rig_count(&world->authority, "SELECT count(*) FROM receipt"), 1);
}

/* Its numbers have no gaps: one that was thrown away is missed. */
static void test_a_missing_receipt_is_noticed(void **state)
{
        struct world *world = *state;
        issue_into(world, &world->element, ELEMENT_RIG_IDENTITY);
        erase(&world->element, erase_signing);
        fetch(world, &world->element, nothing);
        acknowledge(world, &world->element, 1);          /* by an app that does not bring it */
        issue_into(world, &world->element, "MT-1 0002"); /* another nonce; which phone does not matter here */
        erase(&world->element, erase_signing);
        assert_false(journal_says(world, "miss-receipt"));
        assert_int_equal(bring(world, fetch(world, &world->element, nothing), NULL), MITOME_OK);
        assert_true(journal_says(world, "miss-receipt"));
}

/* ---- what they do not ---- */

/* A genuine element that holds a certificate which was issued into another phone: it ends nothing. */
static void test_a_receipt_of_another_phone_ends_nothing(void **state)
{
        struct world *world = *state;
        issue_into(world, &world->element, "MT-1 0002");
        erase(&world->element, erase_signing);
        assert_int_equal(bring(world, fetch(world, &world->element, nothing), NULL), MITOME_OK);
        assert_int_equal(status(world), REGISTER_GOOD);
        assert_true(journal_says(world, "not issued into the phone"));
}

static void test_a_forged_receipt(void **state)
{
        struct world *world = *state;
        issue_into(world, &world->element, ELEMENT_RIG_IDENTITY);
        erase(&world->element, erase_signing);
        slice cose = fetch(world, &world->element, nothing);
        for (size_t i = 0; i < cose.size; i += 5) {
                world->cose[i] ^= 0x04;
                assert_int_not_equal(bring(world, cose, NULL), MITOME_OK);
                world->cose[i] ^= 0x04;
        }
        assert_int_not_equal(bring(world, slice_of(cose.data, cose.size - 1), NULL), MITOME_OK);
        assert_int_equal(status(world), REGISTER_GOOD);
        assert_int_equal(register_rig_count(&world->authority, "SELECT count(*) FROM receipt"), 0);
}

static void test_a_receipt_of_a_maker_who_is_not_known(void **state)
{
        struct world *world = *state;
        struct mitome_trust *none;
        issue_into(world, &world->element, ELEMENT_RIG_IDENTITY);
        erase(&world->element, erase_signing);
        slice cose = fetch(world, &world->element, nothing);
        assert_int_equal(mitome_trust_new(&none, NULL).code, MITOME_OK);
        world->authority.config.devices = none;
        assert_int_equal(bring(world, cose, NULL), MITOME_E_CERTIFICATE_ISSUER);
        world->authority.config.devices = NULL;
        assert_int_equal(bring(world, cose, NULL), MITOME_E_CERTIFICATE_ISSUER);
        assert_int_equal(status(world), REGISTER_GOOD);
        mitome_trust_free(none);
}

static void test_a_statement_is_no_receipt(void **state)
{
        struct world *world = *state;
        uint8_t bytes[64];
        writer w = WRITER(bytes);
        issue_into(world, &world->element, ELEMENT_RIG_IDENTITY);
        tlv_write(&w, 0x80, slice_text("sixteen bytes .."));
        tlv_write_u8(&w, 0x85, 0x02);
        assert_int_equal(element_rig_select(&world->element, element_rig_fido), SW_OK);
        assert_int_equal(element_rig_command(&world->element, get_statement, writer_view(&w)), SW_OK);
        assert_int_equal(
                bring(world, element_rig_value(&world->element, 0x80), NULL), MITOME_E_EVIDENCE_KIND);
        assert_int_equal(status(world), REGISTER_GOOD);
}

/* A second element that says to be this phone: the first one's key is the phone's. */
static void test_a_receipt_by_another_key_of_that_name(void **state)
{
        struct world *world = *state;
        static struct element_rig other;
        uint8_t bytes[3072], buffer[ELEMENT_RIG_CERTIFICATE_MAX];
        writer w = WRITER(bytes);
        other = (struct element_rig){ 0 };
        issue_into(world, &world->element, ELEMENT_RIG_IDENTITY);
        erase(&world->element, erase_signing);
        assert_int_equal(bring(world, fetch(world, &world->element, nothing), NULL), MITOME_OK);
        element_rig_open(&other);
        assert_int_equal(element_rig_channel(&other, element_rig_fido, &element_rig_keys), SW_OK);
        assert_int_equal(element_rig_secured(&other, make_device_key, nothing), SW_OK);
        assert_int_equal(
                element_rig_secured(&other, make_device_key, nothing), SW_OK); /* another than the rig's */
        slice certificate = element_rig_certify_device(&other, element_rig_value(&other, 0x80), buffer);
        tlv_write(&w, 0x80, slice_text(ELEMENT_RIG_IDENTITY));
        tlv_write(&w, 0x82, certificate);
        assert_int_equal(element_rig_secured(&other, store_device_certificate, writer_view(&w)), SW_OK);
        believe(world, &other);
        element_rig_personalise(&other);
        erase(&other, erase_signing);
        assert_int_equal(bring(world, fetch(world, &other, nothing), NULL), MITOME_E_AUTHORITY_RECEIPT);
        element_rig_close(&other);
}

/* An element that was set back to an earlier state counts again: two receipts of one number. */
static void test_two_receipts_of_one_number(void **state)
{
        struct world *world = *state;
        static struct element_rig copy;
        issue_into(world, &world->element, ELEMENT_RIG_IDENTITY);
        element_rig_clone(&world->element, &copy);
        erase(&world->element, erase_signing);
        assert_int_equal(bring(world, fetch(world, &world->element, nothing), NULL), MITOME_OK);
        erase(&copy, erase_all);
        assert_int_equal(bring(world, fetch(world, &copy, nothing), NULL), MITOME_E_AUTHORITY_RECEIPT);
        element_rig_close(&copy);
}

/* ---- receipt-known ---- */

static mitome_code ask_known(struct world *world, const char *identity, uint32_t number, slice *ret_answer)
{
        uint8_t bytes[128];
        writer w = WRITER(bytes);
        cbor_write_map(&w, 2);
        cbor_write_uint(&w, 1);
        cbor_write_string(&w, identity);
        cbor_write_uint(&w, 2);
        cbor_write_uint(&w, number);
        return register_rig_ask(&world->authority, RIG_SHOP, "receipt-known", &w, ret_answer);
}

static void test_a_shop_asks_which_receipts_are_known(void **state)
{
        struct world *world = *state;
        slice answer;
        issue_into(world, &world->element, ELEMENT_RIG_IDENTITY);
        erase(&world->element, erase_signing);
        assert_int_equal(bring(world, fetch(world, &world->element, nothing), NULL), MITOME_OK);
        assert_int_equal(ask_known(world, ELEMENT_RIG_IDENTITY, 1, &answer), MITOME_OK);
        assert_non_null(memmem(answer.data, answer.size, world->digest, 32));
        assert_int_equal(ask_known(world, ELEMENT_RIG_IDENTITY, 2, &answer), MITOME_OK);
        assert_int_equal(answer.size, 3);
        assert_int_equal(answer.data[2], 0xF4);
        assert_int_equal(ask_known(world, "MT-1 0002", 1, &answer), MITOME_OK);
        assert_int_equal(answer.data[2], 0xF4);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
                TEST(test_a_receipt_revokes_what_it_names),
                TEST(test_a_receipt_brought_twice_is_one),
                TEST(test_a_missing_receipt_is_noticed),
                TEST(test_a_receipt_of_another_phone_ends_nothing),
                TEST(test_a_forged_receipt),
                TEST(test_a_receipt_of_a_maker_who_is_not_known),
                TEST(test_a_statement_is_no_receipt),
                TEST(test_a_receipt_by_another_key_of_that_name),
                TEST(test_two_receipts_of_one_number),
                TEST(test_a_shop_asks_which_receipts_are_known),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
