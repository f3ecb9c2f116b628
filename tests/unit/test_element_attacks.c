/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody tried who had read the applets' code: one path round what another path refuses. */
#include "card_rig.h"
#include "p256.h"
#include "pin_rig.h"
#include "tlv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
        AUTH_PIN = 0x0018,
        OTHER = 1,
        FINGER_OPEN = 0x08,
        PIN_SET = 0x02,
        ENROLMENT_SET = 0x0031,
        PAIRING_KEY = 0x0030,
        PIN = 0x0020
};
static const uint32_t verify = 0x01200080, change = 0x01240180, sign = 0x812A0397, set_pin = 0x80340000,
                      reset = 0x80180000, begin = 0x80200000, delete_content = 0x80E40000;
static const slice nothing = { 0 };
static const char rp_id[] = "login.example.go.jp", text_pin[] = "a longer PIN";

#define assert_sw(call, wanted) assert_int_equal((call), (wanted))

static int set_up(void **state)
{
        struct element_rig *rig = calloc(1, sizeof *rig);
        element_rig_open(rig);
        *state = rig;
        return 0;
}

static int tear_down(void **state)
{
        element_rig_close(*state);
        free(*state);
        return 0;
}

/* ---- JPKI on the other logical channel, FIDO on the basic one ---- */

static void select_jpki_on_other(struct element_rig *rig)
{
        assert_sw(element_rig_command(rig, 0x00700000, nothing), SW_OK);
        assert_sw(element_rig_command(rig, 0x01A4040C, element_rig_jpki), SW_OK);
}

static uint16_t verify_on_other(struct element_rig *rig, const char *pin)
{
        static const uint8_t file[] = { 0x00, AUTH_PIN };
        assert_sw(element_rig_command(rig, 0x01A4020C, SLICE(file)), SW_OK);
        return element_rig_command(rig, verify, slice_text(pin));
}

static void give_pin(struct element_rig *rig, const char *pin)
{
        uint8_t bytes[80];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, slice_text(pin));
        assert_sw(element_rig_channel(rig, element_rig_fido, &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(rig, set_pin, writer_view(&w)), SW_OK);
}

static bool is_stored(struct element_rig *rig, uint32_t id)
{
        uint8_t bytes[256];
        return element_rig_stored(rig, id, bytes, sizeof bytes).size > 0;
}

/* "It ends with .. the PIN's last try", by whichever path: also what was begun with it. */
static void a_pin_locked_by_verify_ends_tokens(void **state)
{
        struct element_rig *rig = *state;
        SECRET(token);
        element_rig_personalise(rig);
        select_jpki_on_other(rig);
        struct element_rig_operation operation = { .command = 1, .rp_id = rp_id, .pin = &token };
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &token), SW_OK);
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        for (uint16_t left = 3; left-- > 1;)
                assert_sw(verify_on_other(rig, "0000"), SW_TRIES_LEFT | left);
        assert_sw(element_rig_begin(rig, &operation), SW_SECURITY_STATUS); /* that one use was its use */
        assert_sw(verify_on_other(rig, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &token), SW_OK);
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        for (uint16_t left = 3; left-- > 0;)
                assert_sw(verify_on_other(rig, "0000"), SW_TRIES_LEFT | left);
        assert_sw(
                element_rig_make(rig, &operation, nothing, 0, 0x07, slice_text("u"), nothing), SW_CONDITIONS);
        assert_sw(element_rig_begin(rig, &operation), SW_SECURITY_STATUS);
}

/* Who had verified the former PIN in the JPKI applet must not choose the next one, whoever ended it. */
static void a_pin_that_was_reset_changes_nothing(void **state)
{
        struct element_rig *rig = *state;
        give_pin(rig, ELEMENT_RIG_PIN);
        select_jpki_on_other(rig);
        assert_sw(verify_on_other(rig, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(element_rig_command(rig, change, slice_text("5678")), SW_OK);
        assert_sw(element_rig_command(rig, reset, slice_text("\x85\x01\x02")), SW_OK);
        assert_sw(element_rig_command(rig, change, slice_text("8642")), SW_SECURITY_STATUS);
        assert_int_equal(element_rig_state(rig).flags & PIN_SET, 0);
        give_pin(rig, "1111");
        assert_sw(element_rig_command(rig, change, slice_text("8642")), SW_SECURITY_STATUS);
}

/* DELETE of the FIDO applet's instance takes the PIN: what it had opened in the JPKI applet closes. */
static void a_pin_that_was_deleted_opens_nothing(void **state)
{
        struct element_rig *rig = *state;
        uint8_t bytes[32];
        writer w = WRITER(bytes);
        element_rig_personalise(rig);
        select_jpki_on_other(rig);
        assert_sw(verify_on_other(rig, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(element_rig_command(rig, sign, slice_text("x")), SW_OK);
        tlv_write(&w, 0x4F, element_rig_fido);
        assert_sw(element_rig_channel(rig, element_rig_manager, &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(rig, delete_content, writer_view(&w)), SW_OK);
        assert_false(is_stored(rig, PIN));
        assert_sw(element_rig_command(rig, sign, slice_text("x")), SW_SECURITY_STATUS);
        assert_sw(element_rig_command(rig, change, slice_text("8642")), SW_SECURITY_STATUS);
}

/* "Personalised ..: a PIN that is not 4 digits is deleted then": the fingers that only it had confirmed, and
 * its tokens, would have opened the new holder's key. */
static void personalisation_ends_what_a_former_pin_confirmed(void **state)
{
        struct element_rig *rig = *state;
        for (int digits = 0; digits < 2; digits++) {
                const char *pin = digits ? ELEMENT_RIG_PIN : text_pin;
                give_pin(rig, pin);
                element_rig_pair(rig, NULL);
                assert_sw(element_rig_enrol(rig, pin), SW_OK);
                assert_int_equal(element_rig_state(rig).flags & FINGER_OPEN, FINGER_OPEN);
                element_rig_generate(rig, 0x97);
                element_rig_certify(rig, 0x000A, 1300);
                assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
                assert_int_equal(element_rig_state(rig).flags & PIN_SET, digits ? PIN_SET : 0);
                assert_int_equal(element_rig_state(rig).flags & FINGER_OPEN, digits ? FINGER_OPEN : 0);
                assert_int_equal(is_stored(rig, ENROLMENT_SET), digits);
                assert_sw(element_rig_command(rig, reset, slice_text("\x85\x01\x02")), SW_OK);
        }
}

/* A token without permissions may log in and enrol. Its HMAC over a clientDataHash, which a relying party
 * made begin with 01 01 by trying challenges, must not start an enrolment. */
static void a_login_starts_no_enrolment(void **state)
{
        struct element_rig *rig = *state;
        SECRET(token);
        give_pin(rig, ELEMENT_RIG_PIN);
        element_rig_pair(rig, NULL);
        for (size_t size = 31; size <= 33; size++) {
                uint8_t message[33] = { 0x01, 0x01, 0x5A }, param[SHA256_SIZE], bytes[128];
                const slice signed_part = slice_of(message, size);
                writer w = WRITER(bytes);
                assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &token), SW_OK);
                hmac_sha256(secret_view(&token), &signed_part, 1, param);
                tlv_write_u8(&w, 0x80, 0x09);
                tlv_write_u8(&w, 0x83, 0x00);
                tlv_write(&w, 0x84, SLICE(param));
                tlv_write(&w, 0x85, signed_part);
                assert_sw(
                        element_rig_command(rig, begin, writer_view(&w)), size == 32 ? SW_WRONG_DATA : SW_OK);
        }
}

/* A relying party chooses what is hashed until the hash begins like a message of another command: what a
 * token of all permissions signs for its login authorises none of them. */
static void a_login_authorises_no_other_command(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t heads[][4] = { { 0xFF, 0xFF, 0xFF, 0xFF }, { 0x01, 0x01, 0xA1, 0x03 },
                { 0x01, 0x02, 0xA1, 0x01 }, { 0x01, 0x04, 0xA0, 0x00 }, { 0x01, 0x05, 0xA2, 0x01 },
                { 0x01, 0x06, 0xA1, 0x01 }, { 0x02, 0x00, 0x00, 0x00 }, { 0x04, 0xA1, 0x01, 0x58 },
                { 0x06, 0xA1, 0x02, 0xA2 }, { 0x07, 0xA2, 0x02, 0xA2 } };
        static const struct {
                uint32_t command;
                uint8_t tag, value; /* of the field beside message and parameter */
        } commands[] = { { 0x801E0000, 0, 0 }, { 0x80460000, 0, 0 }, { 0x802C0000, 0, 0 },
                { 0x80280000, 0x83, 0x08 }, { 0x80280000, 0x83, 0x10 }, { 0x80200000, 0x80, 0x09 } };
        SECRET(token);
        give_pin(rig, ELEMENT_RIG_PIN);
        element_rig_pair(rig, NULL);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
                for (size_t j = 0; j < sizeof commands / sizeof *commands; j++) {
                        uint8_t hash[SHA256_SIZE] = { 0 }, param[SHA256_SIZE], bytes[128];
                        const slice message = SLICE(hash);
                        writer w = WRITER(bytes);
                        memcpy(hash, heads[i], sizeof heads[i]);
                        assert_sw(pin_rig_token(rig, 2, ELEMENT_RIG_PIN, 0x3F, rp_id, &token), SW_OK);
                        hmac_sha256(secret_view(&token), &message, 1, param);
                        if (commands[j].tag == 0x80) {
                                tlv_write_u8(&w, 0x80, commands[j].value);
                                tlv_write_u8(&w, 0x83, 0);
                        } else if (commands[j].tag) {
                                tlv_write_u8(&w, commands[j].tag, commands[j].value);
                        }
                        tlv_write(&w, 0x84, SLICE(param));
                        tlv_write(&w, 0x85, message);
                        assert_int_not_equal(
                                element_rig_command(rig, commands[j].command, writer_view(&w)), SW_OK);
                        struct element_rig_operation login = { .command = 2, .rp_id = rp_id, .pin = &token };
                        memcpy(login.client_data_hash, hash, sizeof hash);
                        assert_sw(element_rig_begin(rig, &login), SW_OK); /* which it was for */
                }
        }
}

/* A reader that somebody walks past claims a touch, too. */
static void nobody_resets_in_passing(void **state)
{
        struct element_rig *rig = *state;
        element_rig_personalise(rig);
        for (int contactless = 1; contactless >= 0; contactless--) {
                mitome_element_set_contactless(rig->element, contactless);
                assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
                assert_sw(element_rig_command(rig, reset, slice_text("\x85\x01\x02")),
                        contactless ? SW_CONDITIONS : SW_OK);
                assert_int_equal(is_stored(rig, PIN), contactless);
        }
}

/* "3 tries": also between a new key and its certificate, when the element counts as personalised no more. */
static void a_renewal_gives_no_tries(void **state)
{
        struct element_rig *rig = *state;
        element_rig_personalise(rig);
        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(rig, 0x80460097, nothing), SW_OK);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        select_jpki_on_other(rig);
        assert_sw(verify_on_other(rig, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(element_rig_command(rig, sign, slice_text("x")), SW_OK);
        assert_int_equal(element_rig_state(rig).pin_tries, 3);
        for (uint16_t left = 3; left-- > 0;)
                assert_sw(verify_on_other(rig, "0000"), SW_TRIES_LEFT | left);
        assert_sw(verify_on_other(rig, ELEMENT_RIG_PIN), SW_UNUSABLE);
        assert_sw(element_rig_command(rig, sign, slice_text("x")), SW_SECURITY_STATUS);
}

/* The JPKI applet is the provider's now. Who only manages the FIDO applet does not choose the PIN of its key
 * 0017. */
static void another_domain_sets_no_pin(void **state)
{
        (void)state;
        struct card_rig *card = calloc(1, sizeof *card);
        const struct scp03_keys factory = card_rig_factory(), own = card_rig_keys(16, 0x31);
        static const uint8_t pin[] = { 0x80, 4, '5', '6', '7', '8' };
        element_rig_open(&card->rig);
        element_rig_personalise(&card->rig);
        assert_sw(card_rig_open(card, 0, element_rig_fido, &factory), SW_OK);
        assert_sw(card_rig_secured(card, 0, set_pin, SLICE(pin)), SW_OK);
        card_rig_issuer_session(card, 0);
        assert_sw(card_rig_make_domain(card, 0, card_rig_provider, 0x800000, nothing), SW_OK);
        assert_sw(card_rig_extradite(card, 0, element_rig_jpki, card_rig_provider), SW_OK);
        assert_sw(card_rig_open(card, 0, card_rig_provider, &factory), SW_OK);
        assert_sw(card_rig_put_key(card, 0, 0, 0x30, &own, &factory), SW_OK);
        assert_sw(card_rig_open(card, 0, element_rig_fido, &factory), SW_OK);
        assert_sw(card_rig_secured(card, 0, set_pin, SLICE(pin)), SW_CONDITIONS);
        assert_sw(card_rig_open(card, 0, element_rig_jpki, &own), SW_OK);
        assert_sw(card_rig_secured(card, 0, 0x802C0098, slice_text("8642")), SW_OK);
        element_rig_close(&card->rig);
        free(card);
}

/* An untested matcher is paired while no person's key is there; the key comes by the other channel before the
 * pairing is confirmed. */
static void a_pairing_is_not_confirmed_behind_a_personalisation(void **state)
{
        (void)state;
        const struct scp03_keys factory = card_rig_factory();
        for (int personalised = 0; personalised < 2; personalised++) {
                struct card_rig *card = calloc(1, sizeof *card);
                uint8_t point[PAIRING_POINT_SIZE], own[PAIRING_POINT_SIZE], mac[SHA256_SIZE], bytes[80];
                SECRET(scalar);
                SECRET(key);
                assert_non_null(card);
                element_rig_open(&card->rig);
                give_pin(&card->rig, ELEMENT_RIG_PIN);
                card->rig.matcher_chosen = true;
                card->rig.matcher_class = MATCHER_CONVENIENCE;
                card->rig.matcher_modality = UNLOCK_FACE;
                assert_false(failed(p256_generate(&card->rig.random, &scalar, point, NULL)));
                writer w = WRITER(bytes);
                element_rig_write_matcher(&card->rig, SLICE(point), &w);
                assert_sw(element_rig_select(&card->rig, element_rig_jpki), SW_OK);
                card_rig_manage(card, OTHER);
                assert_sw(card_rig_open(card, OTHER, element_rig_fido, &factory), SW_OK);
                assert_sw(card_rig_secured(card, OTHER, 0x80320000, writer_view(&w)), SW_OK);
                memcpy(own, element_rig_value(&card->rig, 0x80).data, sizeof own);
                assert_false(failed(pairing_derive(
                        secret_view(&scalar), SLICE(own), SLICE(own), SLICE(point), &key, NULL)));
                pairing_confirmation(secret_view(&key), PAIRING_MATCHER, SLICE(own), SLICE(point), mac);
                if (personalised)
                        element_rig_generate(&card->rig, 0x97);
                w = WRITER(bytes);
                tlv_write(&w, 0x80, SLICE(mac));
                assert_sw(card_rig_secured(card, OTHER, 0x803C0000, writer_view(&w)),
                        personalised ? SW_CONDITIONS : SW_OK);
                assert_int_equal(is_stored(&card->rig, PAIRING_KEY), !personalised);
                element_rig_close(&card->rig);
                free(card);
        }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(a_pin_locked_by_verify_ends_tokens),
                TEST(a_pin_that_was_reset_changes_nothing),
                TEST(a_pin_that_was_deleted_opens_nothing),
                TEST(personalisation_ends_what_a_former_pin_confirmed),
                TEST(a_login_starts_no_enrolment),
                TEST(a_login_authorises_no_other_command),
                TEST(nobody_resets_in_passing),
                TEST(a_renewal_gives_no_tries),
                cmocka_unit_test(another_domain_sets_no_pin),
                cmocka_unit_test(a_pairing_is_not_confirmed_behind_a_personalisation),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
