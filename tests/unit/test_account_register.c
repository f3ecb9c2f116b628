/* SPDX-License-Identifier: Apache-2.0 */

/* Accounts at a relying party, and the authority itself: cards, applications signed by them, certificates in
 * one phone after the other, and what the register says of what followed what. */

#include "account.h"
#include "register_rig.h"

#include <openssl/x509.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void must(mitome_status status)
{
        assert_int_equal(status.code, MITOME_OK);
}

static int64_t now_of_rig(void *context)
{
        const struct register_rig *rig = context;
        return rig->now;
}

/* In the place of the rig's party of that name, one that keeps accounts. */
static void keep_accounts(struct register_rig *rig, enum register_rig_party who, const char *name)
{
        const struct party_config config = { .name = name,
                .schema = account_schema,
                .schema_version = ACCOUNT_SCHEMA_VERSION,
                .directory = &rig->network.directory,
                .post = post_local(&rig->network),
                .clock = { .context = rig, .now = now_of_rig },
                .random = rig->random };
        party_close(rig->askers[who]);
        must(party_open(&config, &rig->askers[who], NULL));
        must(post_local_join(&rig->network, rig->askers[who], NULL, NULL));
}

static int set_up(void **state)
{
        struct register_rig *rig = calloc(1, sizeof *rig);
        assert_non_null(rig);
        register_rig_begin(rig);
        register_rig_open(rig);
        keep_accounts(rig, RIG_PORTAL, PARTY_PORTAL);
        keep_accounts(rig, RIG_SHOP, PARTY_SHOP);
        *state = rig;
        return 0;
}

static int tear_down(void **state)
{
        register_rig_end(*state);
        free(*state);
        return 0;
}

/* ---- a phone, as the portal has verified it ---- */

struct phone {
        struct authority_der certificate;
        uint8_t issuer[512], serial[ACCOUNT_SERIAL_MAX];
        size_t issuer_size;
        slice serial_view;
};

static void read_phone(struct phone *phone)
{
        const unsigned char *at = phone->certificate.bytes;
        X509 *certificate = d2i_X509(NULL, &at, (long)phone->certificate.size);
        unsigned char *issuer = phone->issuer;
        assert_non_null(certificate);
        const int size = i2d_X509_NAME(X509_get_issuer_name(certificate), NULL);
        assert_true(size > 0 && (size_t)size <= sizeof phone->issuer);
        phone->issuer_size = (size_t)i2d_X509_NAME(X509_get_issuer_name(certificate), &issuer);
        phone->serial_view = register_rig_serial(register_rig_der(&phone->certificate), phone->serial);
        X509_free(certificate);
}

static void new_phone(
        struct register_rig *rig, const struct register_rig_card *card, const char *device, struct phone *ret)
{
        register_rig_phone(rig, card, device, device + 5, REGISTER_USER_VERIFICATION, &ret->certificate);
        read_phone(ret);
}

/* The credential is named after the serial. */
static struct account_proof proof_of(const struct phone *phone)
{
        return (struct account_proof){ .issuer = slice_of(phone->issuer, phone->issuer_size),
                .serial = phone->serial_view,
                .not_after = register_rig_now + 86400,
                .credential_id = phone->serial_view,
                .public_key = phone->serial_view };
}

static void open_account(
        struct register_rig *rig, enum register_rig_party who, const char *name, const struct phone *phone)
{
        const struct account_proof proof = proof_of(phone);
        must(account_create(rig->askers[who], slice_text(name), &proof, NULL));
}

static mitome_code move_to(
        struct register_rig *rig, enum register_rig_party who, const char *name, const struct phone *phone)
{
        const struct account_proof proof = proof_of(phone);
        return account_move(rig->askers[who], slice_text(name), &proof, NULL).code;
}

static mitome_code login(struct register_rig *rig, const struct phone *phone)
{
        static struct account_login found;
        return account_find(rig->askers[RIG_PORTAL], phone->serial_view, &found, NULL).code;
}

/* ---- */

static void an_account_follows_its_person_from_phone_to_phone(void **state)
{
        struct register_rig *rig = *state;
        struct register_rig_card card;
        struct phone first, second, third, fourth;
        register_rig_holder(rig, &register_rig_hanako, &card);
        new_phone(rig, &card, "MT-1 0001", &first);
        open_account(rig, RIG_PORTAL, "hanako", &first);
        new_phone(rig, &card, "MT-1 0002", &second);
        assert_int_equal(move_to(rig, RIG_PORTAL, "hanako", &second), MITOME_OK);
        assert_int_equal(login(rig, &second), MITOME_OK);
        assert_int_equal(login(rig, &first), MITOME_E_ACCOUNT_ENDED);
        /* Two changes without a login between them. */
        new_phone(rig, &card, "MT-1 0003", &third);
        new_phone(rig, &card, "MT-1 0004", &fourth);
        assert_int_equal(move_to(rig, RIG_PORTAL, "hanako", &fourth), MITOME_OK);
        assert_int_equal(login(rig, &fourth), MITOME_OK);
        assert_int_equal(login(rig, &second), MITOME_E_ACCOUNT_ENDED);
        assert_int_equal(move_to(rig, RIG_PORTAL, "hanako", &third), MITOME_E_ACCOUNT_NOT_SUCCESSOR);
}

static void attack_moving_the_account_of_another_person_past_the_register(void **state)
{
        struct register_rig *rig = *state;
        struct register_rig_card card, other;
        struct phone phone, thief, thiefs_next;
        register_rig_holder(rig, &register_rig_hanako, &card);
        register_rig_holder(rig, &register_rig_taro, &other);
        new_phone(rig, &card, "MT-1 0001", &phone);
        new_phone(rig, &other, "MT-1 0002", &thief);
        open_account(rig, RIG_PORTAL, "hanako", &phone);
        assert_int_equal(move_to(rig, RIG_PORTAL, "hanako", &thief), MITOME_E_ACCOUNT_NOT_SUCCESSOR);
        /* Nor with her own phone, bought and provisioned by him: device 0001 is his now. */
        new_phone(rig, &other, "MT-1 0001", &thiefs_next);
        assert_int_equal(move_to(rig, RIG_PORTAL, "hanako", &thiefs_next), MITOME_E_ACCOUNT_NOT_SUCCESSOR);
        assert_int_equal(login(rig, &phone), MITOME_OK);
}

/* An account that was opened on the new phone does not go to the old one, whose certificate has ended. */
static void attack_moving_to_the_phone_that_was_given_away(void **state)
{
        struct register_rig *rig = *state;
        struct register_rig_card card;
        struct phone old, current;
        register_rig_holder(rig, &register_rig_hanako, &card);
        new_phone(rig, &card, "MT-1 0001", &old);
        new_phone(rig, &card, "MT-1 0002", &current);
        open_account(rig, RIG_PORTAL, "hanako", &current);
        assert_int_equal(move_to(rig, RIG_PORTAL, "hanako", &old), MITOME_E_ACCOUNT_NOT_SUCCESSOR);
}

static void attack_moving_to_a_certificate_that_was_revoked_or_is_on_hold(void **state)
{
        struct register_rig *rig = *state;
        struct register_rig_card card;
        struct phone old, current;
        size_t ended = 0;
        register_rig_holder(rig, &register_rig_hanako, &card);
        new_phone(rig, &card, "MT-1 0001", &old);
        open_account(rig, RIG_PORTAL, "hanako", &old);
        new_phone(rig, &card, "MT-1 0002", &current);
        assert_int_equal(register_rig_hold(rig, RIG_CALL_CENTRE, "hold", REGISTER_USER_VERIFICATION,
                                 register_rig_der(&current.certificate)),
                MITOME_OK);
        assert_int_equal(move_to(rig, RIG_PORTAL, "hanako", &current), MITOME_E_ACCOUNT_NOT_SUCCESSOR);
        assert_int_equal(register_rig_revoke(rig, RIG_CALL_CENTRE, REGISTER_USER_VERIFICATION,
                                 register_rig_der(&current.certificate), 1, &ended),
                MITOME_OK);
        assert_int_equal(move_to(rig, RIG_PORTAL, "hanako", &current), MITOME_E_ACCOUNT_NOT_SUCCESSOR);
        assert_int_equal(login(rig, &current), MITOME_E_ACCOUNT_UNKNOWN);
}

/* The card's certificate is another certificate of the same person; it did not follow the phone's, nor was it
 * followed by it. */
static void the_cards_certificate_is_no_successor_of_the_phones(void **state)
{
        struct register_rig *rig = *state;
        struct register_rig_card card;
        struct phone phone, of_card;
        register_rig_holder(rig, &register_rig_hanako, &card);
        of_card.certificate = card.certificates[REGISTER_USER_VERIFICATION];
        read_phone(&of_card);
        open_account(rig, RIG_PORTAL, "hanako", &of_card);
        new_phone(rig, &card, "MT-1 0001", &phone);
        assert_int_equal(move_to(rig, RIG_PORTAL, "hanako", &phone), MITOME_E_ACCOUNT_NOT_SUCCESSOR);
        open_account(rig, RIG_PORTAL, "hanako-phone", &phone); /* an account of its own it may open */
}

static void attack_asking_the_register_as_who_is_no_verifier(void **state)
{
        struct register_rig *rig = *state;
        struct register_rig_card card;
        struct phone old, current;
        register_rig_holder(rig, &register_rig_hanako, &card);
        new_phone(rig, &card, "MT-1 0001", &old);
        open_account(rig, RIG_SHOP, "hanako", &old);
        new_phone(rig, &card, "MT-1 0002", &current);
        assert_int_equal(move_to(rig, RIG_SHOP, "hanako", &current), MITOME_E_REFUSED);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                WITH(an_account_follows_its_person_from_phone_to_phone),
                WITH(attack_moving_the_account_of_another_person_past_the_register),
                WITH(attack_moving_to_the_phone_that_was_given_away),
                WITH(attack_moving_to_a_certificate_that_was_revoked_or_is_on_hold),
                WITH(the_cards_certificate_is_no_successor_of_the_phones),
                WITH(attack_asking_the_register_as_who_is_no_verifier),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
