/* SPDX-License-Identifier: Apache-2.0 */

/* Accounts at a relying party, and the authority itself: cards, applications signed by them, certificates in
 * one phone after the other, and what the register says of what followed what. */

#include "account.h"
#include "ceremony_rig.h"
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

/* ---- from the browser's JSON to the account ---- */

/* A phone with an authenticator, its certificate, and what the portal made of its registration. */
struct handset {
        struct rig authenticator;
        struct phone phone;
        EVP_PKEY *key; /* of the certificate */
        struct rig_response response;
        uint8_t buffer[MITOME_RP_BUFFER_MAX], signature[512];
        struct mitome_verdict registration;
        struct mitome_binding binding;
};

static void make_handset(struct register_rig *rig, const struct register_rig_card *card, const char *device,
        const char *nonce, struct handset *ret)
{
        static uint8_t buffer[8192];
        uint8_t digest[32];
        const struct register_rig_application application = { .device = device, .nonce = nonce };
        const struct register_rig_key *key = register_rig_key(rig);
        const slice cms = register_rig_sign(rig, card, &application, buffer);
        assert_int_equal(register_rig_check(rig, cms, &application, digest), MITOME_OK);
        assert_int_equal(register_rig_issue(rig, card->person, REGISTER_USER_VERIFICATION, key, device,
                                 digest, &ret->phone.certificate),
                MITOME_OK);
        read_phone(&ret->phone);
        ret->key = key->key;
        rig_open(&ret->authenticator);
        ret->authenticator.credential_id[0] = (uint8_t)nonce[0];
}

/* The authority's CA and its list of this minute. */
static struct mitome_trust *trust_of(struct register_rig *rig)
{
        struct mitome_trust *trust = NULL;
        struct ca_list list = { 0 };
        const struct ca_source source = register_source(rig->book);
        must(mitome_trust_new(&trust, NULL));
        must(mitome_trust_add_jpki_anchor(trust, ca_certificate(rig->config.user_verification), NULL));
        must(ca_crl(rig->config.user_verification, &source, NULL, rig->now, rig->now + 86400, &list, NULL));
        must(mitome_trust_add_crl(trust, ca_list_view(&list), NULL));
        ca_list_free(&list);
        return trust;
}

static slice sign_by_phone(struct handset *handset)
{
        uint8_t message[4096];
        writer w = WRITER(message);
        size_t size = sizeof handset->signature;
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        write_slice(&w, slice_text(MITOME_BINDING_PREFIX));
        write_slice(&w, handset->registration.auth_data);
        write_slice(&w, SLICE(handset->registration.client_data_hash));
        assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, handset->key), 1);
        assert_int_equal(EVP_DigestSign(context, handset->signature, &size, message, w.used), 1);
        EVP_MD_CTX_free(context);
        return slice_of(handset->signature, size);
}

/* Both ceremonies of the portal's: who holds the credential, and whose certificate stands behind it. */
static struct account_proof verified(struct register_rig *rig, struct handset *handset)
{
        const struct mitome_policy policy = { 0 };
        const struct mitome_expectation expected = rig_expectation(&handset->authenticator);
        struct mitome_trust *trust = trust_of(rig);
        struct rig_plan plan = rig_registration_plan();
        plan.attestation = RIG_SELF;
        plan.sign_count = 1;
        rig_build(&handset->authenticator, &plan, &handset->response);
        must(mitome_verify_registration(NULL, &policy, &expected, rig_json(&handset->response), NULL,
                rig->now, handset->buffer, sizeof handset->buffer, &handset->registration, NULL));
        must(mitome_verify_binding(&handset->registration, register_rig_der(&handset->phone.certificate),
                sign_by_phone(handset), trust, rig->now, &handset->binding, NULL));
        assert_true(handset->binding.phone);
        mitome_trust_free(trust);
        return account_proof_of(&handset->registration, &handset->binding);
}

/* A login with an assertion; the refusal is the account's, or the library's. */
static mitome_code log_in(
        struct register_rig *rig, struct handset *handset, uint32_t sign_count, bool *ret_copied)
{
        static struct account_login found;
        static uint8_t buffer[MITOME_RP_BUFFER_MAX];
        const struct mitome_policy policy = { 0 };
        const struct mitome_expectation expected = rig_expectation(&handset->authenticator);
        struct mitome_verdict verdict = { 0 };
        struct rig_plan plan = rig_authentication_plan();
        plan.sign_count = sign_count;
        mitome_status status = account_find(
                rig->askers[RIG_PORTAL], SLICE(handset->authenticator.credential_id), &found, NULL);
        if (failed(status))
                return status.code;
        assert_string_equal(found.name, "hanako");
        rig_build(&handset->authenticator, &plan, &handset->response);
        struct mitome_trust *trust = trust_of(rig);
        status = mitome_verify_authentication(NULL, &policy, &expected, rig_json(&handset->response),
                &found.credential, trust, rig->now, buffer, sizeof buffer, &verdict, NULL);
        mitome_trust_free(trust);
        if (failed(status))
                return status.code;
        if (ret_copied)
                *ret_copied = verdict.clone_suspected;
        return account_logged_in(rig->askers[RIG_PORTAL], &found, verdict.sign_count, NULL).code;
}

static void from_the_browsers_json_to_the_account_on_a_new_phone(void **state)
{
        struct register_rig *rig = *state;
        struct register_rig_card card;
        struct handset *old = calloc(1, sizeof *old), *current = calloc(1, sizeof *current);
        assert_non_null(old);
        assert_non_null(current);
        register_rig_holder(rig, &register_rig_hanako, &card);
        make_handset(rig, &card, "MT-1 0001", "a", old);
        struct account_proof proof = verified(rig, old);
        must(account_create(rig->askers[RIG_PORTAL], slice_text("hanako"), &proof, NULL));
        bool copied = true;
        assert_int_equal(log_in(rig, old, 5, &copied), MITOME_OK);
        assert_false(copied);
        assert_int_equal(log_in(rig, old, 4, &copied), MITOME_OK);
        assert_true(copied); /* the counter of 5 was kept, and .. */
        assert_int_equal(log_in(rig, old, 5, &copied), MITOME_OK);
        assert_true(copied); /* .. does not go back */
        make_handset(rig, &card, "MT-1 0002", "b", current);
        /* The new certificate has ended the old one: the old phone's login is refused by the list already. */
        assert_int_equal(log_in(rig, old, 6, NULL), MITOME_E_CERTIFICATE_REVOKED);
        proof = verified(rig, current);
        must(account_move(rig->askers[RIG_PORTAL], slice_text("hanako"), &proof, NULL));
        assert_int_equal(log_in(rig, current, 2, NULL), MITOME_OK);
        assert_int_equal(log_in(rig, old, 7, NULL), MITOME_E_ACCOUNT_ENDED);
        rig_close(&old->authenticator);
        rig_close(&current->authenticator);
        free(old);
        free(current);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                WITH(from_the_browsers_json_to_the_account_on_a_new_phone),
                WITH(an_account_follows_its_person_from_phone_to_phone),
                WITH(attack_moving_the_account_of_another_person_past_the_register),
                WITH(attack_moving_to_the_phone_that_was_given_away),
                WITH(attack_moving_to_a_certificate_that_was_revoked_or_is_on_hold),
                WITH(the_cards_certificate_is_no_successor_of_the_phones),
                WITH(attack_asking_the_register_as_who_is_no_verifier),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
