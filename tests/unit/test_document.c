/* SPDX-License-Identifier: Apache-2.0 */

/* Documents that a person signs, and signatures that are not the person's, not over the document, or not by
 * that key. Keys, certificates and lists are real ones, of the authority of the examples. */

#include "cms_write.h"
#include "desk_rig.h"
#include "digest.h"
#include "document.h"
#include "document_proof.h"
#include "people.h"
#include "random_system.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HANAKO = 1, TARO = 2, DAY = 86400, SIGNATURE = 256 };
static const uint8_t desk_key[DOCUMENT_KEY_SIZE] = { 5, 4, 3 };
static const char text[] = "私は、住民票の写しの交付を申請します。\nI apply for a certificate of residence.";

struct person {
        EVP_PKEY *key;
        struct authority_certificate signing, user_verification;
};

static struct fixture {
        struct mitome_random random;
        struct authority *authority, *stranger; /* another authority of the same names */
        struct person hanako, taro, impostor;
        struct portal_trust *trust;
        struct desk_rig desk_rig;
        struct document_desk desk;
} fixture;

static void must(mitome_status status)
{
        assert_int_equal(status.code, MITOME_OK);
}

/* ---- people ---- */

static void make_person(
        struct authority *authority, const struct authority_person *person, struct person *ret)
{
        ret->key = EVP_RSA_gen(2048);
        assert_non_null(ret->key);
        people_certify(authority, AUTHORITY_SIGNING, ret->key, person, desk_rig_now, &ret->signing);
        people_certify(authority, AUTHORITY_USER_VERIFICATION, ret->key, person, desk_rig_now,
                &ret->user_verification);
}

static slice der_of(const struct authority_certificate *certificate)
{
        return slice_of(certificate->der.bytes, certificate->der.size);
}

/* ---- the portal ---- */

static void believe(int64_t now)
{
        static struct authority_der signing, user;
        must(authority_crl(fixture.authority, AUTHORITY_SIGNING, now, &signing, NULL));
        must(authority_crl(fixture.authority, AUTHORITY_USER_VERIFICATION, now, &user, NULL));
        const slice lists[] = { slice_of(signing.bytes, signing.size), slice_of(user.bytes, user.size) };
        const slice jpki = authority_ca(fixture.authority, AUTHORITY_USER_VERIFICATION);
        const slice of_signing = authority_ca(fixture.authority, AUTHORITY_SIGNING);
        const struct portal_trust_parts parts = {
                .jpki = &jpki,
                .jpki_count = 1,
                .signing = &of_signing,
                .signing_count = 1,
                .lists = lists,
                .list_count = 2,
        };
        if (fixture.trust)
                must(portal_trust_replace(fixture.trust, &parts, NULL));
        else
                must(portal_trust_of(&parts, &fixture.trust, NULL));
}

static int begin_all(void **state)
{
        (void)state;
        fixture.random = random_system();
        must(authority_new(&fixture.random, desk_rig_now, &fixture.authority, NULL));
        must(authority_new(&fixture.random, desk_rig_now, &fixture.stranger, NULL));
        make_person(fixture.authority, &people_hanako, &fixture.hanako);
        make_person(fixture.authority, &people_taro, &fixture.taro);
        make_person(fixture.stranger, &people_hanako, &fixture.impostor);
        return 0;
}

static int end_all(void **state)
{
        (void)state;
        portal_trust_close(fixture.trust);
        EVP_PKEY_free(fixture.hanako.key);
        EVP_PKEY_free(fixture.taro.key);
        EVP_PKEY_free(fixture.impostor.key);
        authority_free(fixture.authority);
        authority_free(fixture.stranger);
        return 0;
}

static int begin(void **state)
{
        (void)state;
        desk_rig_open(&fixture.desk_rig, document_schema);
        fixture.desk = (struct document_desk){
                .portal = fixture.desk_rig.party, .origin = "https://portal.example", .key = desk_key
        };
        believe(desk_rig_now);
        return 0;
}

static int end(void **state)
{
        (void)state;
        desk_rig_close(&fixture.desk_rig);
        return 0;
}

/* ---- signing ---- */

static struct document form; /* of the last document */

static void draw_up(int64_t account, uint8_t id[DOCUMENT_ID_SIZE])
{
        must(document_open(&fixture.desk, account, slice_text(text), id, NULL));
        must(document_find(&fixture.desk, account, slice_of(id, DOCUMENT_ID_SIZE), &form, NULL));
}

static slice form_view(void)
{
        return slice_of(form.form, form.form_size);
}

static uint8_t signature[SIGNATURE];

static slice sign(EVP_PKEY *key, slice what)
{
        size_t size = sizeof signature;
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key), 1);
        assert_int_equal(EVP_DigestSign(context, signature, &size, what.data, what.size), 1);
        EVP_MD_CTX_free(context);
        return slice_of(signature, size);
}

static mitome_code hand_in(const uint8_t id[DOCUMENT_ID_SIZE], const struct document_proof *proof)
{
        struct document signed_one = { 0 };
        const struct portal_snapshot *snapshot = portal_trust_take(fixture.trust);
        mitome_error error = { 0 };
        mitome_status status = document_sign(
                &fixture.desk, snapshot, slice_of(id, DOCUMENT_ID_SIZE), proof, &signed_one, &error);
        portal_trust_give_back(fixture.trust, snapshot);
        assert_int_equal(error.code, status.code);
        assert_int_equal(signed_one.state, failed(status) ? DOCUMENT_WAITS : DOCUMENT_SIGNED);
        return status.code;
}

static mitome_code hand_in_bare(const uint8_t id[DOCUMENT_ID_SIZE],
        const struct authority_certificate *certificate, EVP_PKEY *key, slice what)
{
        const struct document_proof proof = { .certificate = der_of(certificate),
                .signature = sign(key, what) };
        return hand_in(id, &proof);
}

static mitome_code sign_as(const uint8_t id[DOCUMENT_ID_SIZE], const struct person *person)
{
        return hand_in_bare(id, &person->signing, person->key, form_view());
}

static slice make_cms(const struct person *person, slice content, uint8_t *buffer, size_t capacity)
{
        struct cms_plan plan = {
                .content = content, .certificate = der_of(&person->signing), .now = desk_rig_now
        };
        writer out = writer_over(buffer, capacity);
        size_t size = sizeof signature;
        must(cms_prepare(&plan, NULL));
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(person->key, NULL);
        assert_int_equal(EVP_PKEY_sign_init(context), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING), 1);
        assert_int_equal(EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()), 1);
        assert_int_equal(EVP_PKEY_sign(context, signature, &size, plan.digest, sizeof plan.digest), 1);
        EVP_PKEY_CTX_free(context);
        must(cms_write(&plan, slice_of(signature, size), &out, NULL));
        return writer_view(&out);
}

/* ---- what it is for ---- */

static void a_person_signs_a_document(void **state)
{
        (void)state;
        uint8_t id[DOCUMENT_ID_SIZE];
        draw_up(HANAKO, id);
        assert_int_equal(form.state, DOCUMENT_WAITS);
        assert_int_equal(desk_rig_count(&fixture.desk_rig, "SELECT count(*) FROM journal"), 1); /* drawn up */
        fixture.desk_rig.now += 60;
        assert_int_equal(sign_as(id, &fixture.hanako), MITOME_OK);
        must(document_find(&fixture.desk, HANAKO, SLICE(id), &form, NULL));
        assert_int_equal(form.state, DOCUMENT_SIGNED);
        assert_int_equal(form.signed_at, desk_rig_now + 60);
        assert_true(
                slice_equal(slice_of(form.serial, form.serial_size), SLICE(fixture.hanako.signing.serial)));
        assert_int_equal(desk_rig_count(&fixture.desk_rig, "SELECT count(*) FROM journal"), 2);
}

static void a_document_is_signed_as_cms(void **state)
{
        (void)state;
        static uint8_t room[DOCUMENT_PROOF_MAX];
        uint8_t id[DOCUMENT_ID_SIZE];
        char name[DOCUMENT_NAME_MAX + 1];
        draw_up(HANAKO, id);
        const struct document_proof proof = { .cms = make_cms(
                                                      &fixture.hanako, form_view(), room, sizeof room) };
        assert_int_equal(hand_in(id, &proof), MITOME_OK);
        must(document_signer(&proof, name, NULL));
        assert_string_equal(name, "見本 花子");
}

static void the_form_names_portal_account_and_number(void **state)
{
        (void)state;
        uint8_t first[DOCUMENT_ID_SIZE], second[DOCUMENT_ID_SIZE];
        char whole[DOCUMENT_FORM_MAX + 1] = { 0 }, again[DOCUMENT_FORM_MAX + 1] = { 0 };
        draw_up(HANAKO, first);
        memcpy(whole, form.form, form.form_size);
        assert_memory_equal(whole, "Document for https://portal.example\nAccount: ", 45);
        assert_string_equal(strstr(whole, "\n\n") + 2, text);
        draw_up(HANAKO, second);
        memcpy(again, form.form, form.form_size);
        assert_string_not_equal(whole, again); /* the number */
        assert_memory_equal(whole, again, 45 + 32);
        draw_up(TARO, second);
        assert_memory_not_equal(whole, form.form, 45 + 32);
}

static void what_it_rests_on_is_handed_out_to_its_account(void **state)
{
        (void)state;
        static uint8_t room[2 * DOCUMENT_PROOF_MAX];
        uint8_t id[DOCUMENT_ID_SIZE];
        char name[DOCUMENT_NAME_MAX + 1];
        struct document_proof proof = { 0 };
        draw_up(HANAKO, id);
        assert_int_equal(
                document_evidence(&fixture.desk, HANAKO, SLICE(id), room, sizeof room, &proof, NULL).code,
                MITOME_E_DOCUMENT_UNKNOWN);
        assert_int_equal(sign_as(id, &fixture.hanako), MITOME_OK);
        must(document_evidence(&fixture.desk, HANAKO, SLICE(id), room, sizeof room, &proof, NULL));
        assert_true(slice_equal(proof.certificate, der_of(&fixture.hanako.signing)));
        assert_true(slice_equal(proof.signature, SLICE(signature)));
        must(document_signer(&proof, name, NULL));
        assert_string_equal(name, "見本 花子");
        assert_int_equal(
                document_evidence(&fixture.desk, TARO, SLICE(id), room, sizeof room, &proof, NULL).code,
                MITOME_E_DOCUMENT_UNKNOWN);
        assert_int_equal(document_evidence(&fixture.desk, HANAKO, SLICE(id), room, 100, &proof, NULL).code,
                MITOME_E_BUFFER_FULL);
}

static bool has_bytes(slice whole, const char *part)
{
        return memmem(whole.data, whole.size, part, strlen(part)) != NULL;
}

static void the_journal_has_no_text_and_no_name(void **state)
{
        (void)state;
        static uint8_t room[16384];
        uint8_t id[DOCUMENT_ID_SIZE];
        draw_up(HANAKO, id);
        assert_int_equal(sign_as(id, &fixture.taro), MITOME_OK);
        draw_up(HANAKO, id);
        assert_int_equal(sign_as(id, &fixture.hanako), MITOME_E_DOCUMENT_PERSON);
        const slice journal = desk_rig_journal(&fixture.desk_rig, room, sizeof room);
        assert_true(has_bytes(journal, "draw-up-document"));
        assert_true(has_bytes(journal, "sign-document"));
        assert_true(has_bytes(journal, "1423 DOCUMENT_PERSON"));
        assert_false(has_bytes(journal, "residence"));
        assert_false(has_bytes(journal, "見本"));
        assert_false(has_bytes(journal, "花子"));
}

static void a_new_certificate_of_the_same_person_signs_on(void **state)
{
        (void)state;
        uint8_t id[DOCUMENT_ID_SIZE];
        struct authority_person moved = people_hanako;
        struct person later = { 0 };
        moved.address = "大阪府見本市見本町二丁目2番2号";
        make_person(fixture.authority, &moved, &later);
        draw_up(HANAKO, id);
        assert_int_equal(sign_as(id, &fixture.hanako), MITOME_OK);
        draw_up(HANAKO, id);
        assert_int_equal(sign_as(id, &later), MITOME_OK);
        EVP_PKEY_free(later.key);
}

/* ---- attacks ---- */

static void attack_the_document_of_another_person(void **state)
{
        (void)state;
        uint8_t first[DOCUMENT_ID_SIZE], second[DOCUMENT_ID_SIZE];
        draw_up(HANAKO, first);
        assert_int_equal(sign_as(first, &fixture.hanako), MITOME_OK);
        draw_up(HANAKO, second);
        assert_int_equal(sign_as(second, &fixture.taro), MITOME_E_DOCUMENT_PERSON);
        must(document_find(&fixture.desk, HANAKO, SLICE(second), &form, NULL));
        assert_int_equal(form.state, DOCUMENT_WAITS);
        assert_int_equal(form.signed_at, 0);
}

static void attack_one_person_signs_for_two_accounts(void **state)
{
        (void)state;
        uint8_t id[DOCUMENT_ID_SIZE];
        draw_up(HANAKO, id);
        assert_int_equal(sign_as(id, &fixture.hanako), MITOME_OK);
        draw_up(TARO, id);
        assert_int_equal(sign_as(id, &fixture.hanako), MITOME_E_DOCUMENT_PERSON);
        /* .. and has taken nothing from whose account it is. */
        draw_up(TARO, id);
        assert_int_equal(sign_as(id, &fixture.taro), MITOME_OK);
}

static void attack_another_session_reads_the_document(void **state)
{
        (void)state;
        uint8_t id[DOCUMENT_ID_SIZE];
        struct document read = { 0 };
        draw_up(HANAKO, id);
        assert_int_equal(
                document_find(&fixture.desk, TARO, SLICE(id), &read, NULL).code, MITOME_E_DOCUMENT_UNKNOWN);
        id[0] ^= 1;
        assert_int_equal(
                document_find(&fixture.desk, 0, SLICE(id), &read, NULL).code, MITOME_E_DOCUMENT_UNKNOWN);
        assert_int_equal(read.form_size, 0);
}

static void attack_a_signature_by_the_user_verification_key(void **state)
{
        (void)state;
        uint8_t id[DOCUMENT_ID_SIZE];
        EVP_PKEY *other = EVP_RSA_gen(2048);
        draw_up(HANAKO, id);
        /* With the certificate that says so, .. */
        assert_int_equal(hand_in_bare(id, &fixture.hanako.user_verification, fixture.hanako.key, form_view()),
                MITOME_E_DOCUMENT_CERTIFICATE);
        /* .. and with the one for signing, by another key. */
        assert_int_equal(
                hand_in_bare(id, &fixture.hanako.signing, other, form_view()), MITOME_E_SIGNATURE_INVALID);
        EVP_PKEY_free(other);
}

static void attack_a_changed_document(void **state)
{
        (void)state;
        static uint8_t room[DOCUMENT_PROOF_MAX];
        uint8_t id[DOCUMENT_ID_SIZE], changed[DOCUMENT_FORM_MAX];
        draw_up(HANAKO, id);
        memcpy(changed, form.form, form.form_size);
        changed[form.form_size - 1] ^= 1;
        const slice other = slice_of(changed, form.form_size);
        assert_int_equal(hand_in_bare(id, &fixture.hanako.signing, fixture.hanako.key, other),
                MITOME_E_SIGNATURE_INVALID);
        const struct document_proof proof = { .cms = make_cms(&fixture.hanako, other, room, sizeof room) };
        assert_int_equal(hand_in(id, &proof), MITOME_E_SIGNATURE_INVALID);
        /* The bare text, without the form around it. */
        assert_int_equal(hand_in_bare(id, &fixture.hanako.signing, fixture.hanako.key, slice_text(text)),
                MITOME_E_SIGNATURE_INVALID);
}

static void attack_the_signature_of_the_document_before(void **state)
{
        (void)state;
        uint8_t first[DOCUMENT_ID_SIZE], second[DOCUMENT_ID_SIZE];
        draw_up(HANAKO, first);
        assert_int_equal(sign_as(first, &fixture.hanako), MITOME_OK);
        const struct document_proof old = { .certificate = der_of(&fixture.hanako.signing),
                .signature = SLICE(signature) };
        assert_int_equal(hand_in(first, &old), MITOME_E_DOCUMENT_OVER);
        draw_up(HANAKO, second);
        assert_int_equal(hand_in(second, &old), MITOME_E_SIGNATURE_INVALID);
}

static void attack_a_certificate_of_another_authority(void **state)
{
        (void)state;
        uint8_t id[DOCUMENT_ID_SIZE];
        draw_up(HANAKO, id);
        assert_int_equal(sign_as(id, &fixture.impostor), MITOME_E_CERTIFICATE_ISSUER);
}

static void attack_a_revoked_certificate(void **state)
{
        (void)state;
        uint8_t id[DOCUMENT_ID_SIZE];
        must(authority_hold(fixture.authority, AUTHORITY_SIGNING, &fixture.taro.signing, desk_rig_now, NULL));
        believe(desk_rig_now);
        draw_up(TARO, id);
        assert_int_equal(sign_as(id, &fixture.taro), MITOME_E_CERTIFICATE_ON_HOLD);
        must(authority_release(fixture.authority, AUTHORITY_SIGNING, &fixture.taro.signing, NULL));
        believe(desk_rig_now);
        assert_int_equal(sign_as(id, &fixture.taro), MITOME_OK);
}

static void attack_a_list_that_nobody_renews(void **state)
{
        (void)state;
        uint8_t id[DOCUMENT_ID_SIZE];
        fixture.desk_rig.now += 2 * DAY;
        draw_up(HANAKO, id);
        assert_int_equal(sign_as(id, &fixture.hanako), MITOME_E_CRL_STALE);
        believe(fixture.desk_rig.now);
        assert_int_equal(sign_as(id, &fixture.hanako), MITOME_OK);
}

static void attack_a_certificate_whose_time_is_over(void **state)
{
        (void)state;
        uint8_t id[DOCUMENT_ID_SIZE];
        fixture.desk_rig.now += INT64_C(6) * 366 * DAY;
        believe(fixture.desk_rig.now);
        draw_up(HANAKO, id);
        assert_int_equal(sign_as(id, &fixture.hanako), MITOME_E_CERTIFICATE_EXPIRED);
        fixture.desk_rig.now = desk_rig_now - DAY;
        draw_up(HANAKO, id);
        const mitome_code code = sign_as(id, &fixture.hanako);
        assert_true(code == MITOME_E_CERTIFICATE_NOT_YET_VALID || code == MITOME_E_CERTIFICATE_ISSUER);
}

static void attack_proofs_without_end(void **state)
{
        (void)state;
        uint8_t id[DOCUMENT_ID_SIZE];
        draw_up(HANAKO, id);
        for (int i = 0; i < DOCUMENT_TRIES; i++)
                assert_int_equal(
                        hand_in_bare(id, &fixture.hanako.signing, fixture.hanako.key, slice_text(text)),
                        MITOME_E_SIGNATURE_INVALID);
        assert_int_equal(sign_as(id, &fixture.hanako), MITOME_E_DOCUMENT_OVER);
        must(document_find(&fixture.desk, HANAKO, SLICE(id), &form, NULL));
        assert_int_equal(form.state, DOCUMENT_OVER);
}

static void attack_a_document_that_is_signed_too_late(void **state)
{
        (void)state;
        uint8_t id[DOCUMENT_ID_SIZE];
        draw_up(HANAKO, id);
        fixture.desk_rig.now += DOCUMENT_SECONDS;
        assert_int_equal(sign_as(id, &fixture.hanako), MITOME_E_DOCUMENT_OVER);
}

static void attack_a_text_that_reads_otherwise_than_it_is(void **state)
{
        (void)state;
        static uint8_t long_text[DOCUMENT_TEXT_MAX + 1];
        static const char *const bad[] = { "", "a\xFF", "a\x01", "a\r\n", "a\x7F" };
        static const uint8_t leftward[] = { 'p', 'a', 'y', ' ', 0xE2, 0x80, 0xAE, '0', '1' };
        static const uint8_t isolated[] = { 0xE2, 0x81, 0xA6, 'a' };
        static const char *const not_shown[] = { "1\xE2\x80\x8B.000", "\xC2\xAD", "\xC2\x85",
                "\xF3\xA0\x81\x81" };
        uint8_t id[DOCUMENT_ID_SIZE];
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
                assert_int_equal(document_open(&fixture.desk, HANAKO, slice_text(bad[i]), id, NULL).code,
                        MITOME_E_VALUE);
        assert_int_equal(
                document_open(&fixture.desk, HANAKO, SLICE(leftward), id, NULL).code, MITOME_E_VALUE);
        assert_int_equal(
                document_open(&fixture.desk, HANAKO, SLICE(isolated), id, NULL).code, MITOME_E_VALUE);
        for (size_t i = 0; i < sizeof not_shown / sizeof not_shown[0]; i++) /* which the phone would refuse */
                assert_int_equal(
                        document_open(&fixture.desk, HANAKO, slice_text(not_shown[i]), id, NULL).code,
                        MITOME_E_VALUE);
        memset(long_text, 'a', sizeof long_text);
        assert_int_equal(
                document_open(&fixture.desk, HANAKO, SLICE(long_text), id, NULL).code, MITOME_E_TOO_LONG);
        assert_int_equal(document_open(&fixture.desk, 0, slice_text(text), id, NULL).code, MITOME_E_ARGUMENT);
        must(document_open(&fixture.desk, HANAKO, slice_of(long_text, DOCUMENT_TEXT_MAX), id, NULL));
        fixture.desk_rig.no_randomness = true;
        assert_int_equal(document_open(&fixture.desk, HANAKO, slice_text(text), id, NULL).code,
                MITOME_E_NO_RANDOMNESS);
}

static void attack_a_proof_that_is_none(void **state)
{
        (void)state;
        static uint8_t room[DOCUMENT_PROOF_MAX], long_one[DOCUMENT_PROOF_MAX + 1];
        uint8_t id[DOCUMENT_ID_SIZE];
        draw_up(HANAKO, id);
        const slice cms = make_cms(&fixture.hanako, form_view(), room, sizeof room - 1);
        const slice certificate = der_of(&fixture.hanako.signing);
        const struct document_proof none[] = {
                { .cms = slice_of(NULL, 0) },
                { .cms = cms, .certificate = certificate },
                { .cms = certificate },
                { .cms = slice_of(cms.data, cms.size + 1) },
        };
        for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
                assert_int_equal(hand_in(id, &none[i]), MITOME_E_DOCUMENT_PROOF);
        const struct document_proof too_long = { .cms = SLICE(long_one) };
        assert_int_equal(hand_in(id, &too_long), MITOME_E_TOO_LONG);
        const struct document_proof last = { .certificate = slice_of(certificate.data, certificate.size - 1),
                .signature = SLICE(signature) };
        assert_int_equal(hand_in(id, &last), MITOME_E_DOCUMENT_PROOF);
        id[3] ^= 1;
        assert_int_equal(hand_in(id, &last), MITOME_E_DOCUMENT_UNKNOWN);
}

static void documents_end_the_oldest_and_those_nobody_signed(void **state)
{
        (void)state;
        uint8_t id[DOCUMENT_ID_SIZE];
        draw_up(HANAKO, id);
        assert_int_equal(sign_as(id, &fixture.hanako), MITOME_OK);
        for (int i = 0; i < DOCUMENT_OPEN + 2; i++)
                draw_up(HANAKO, id);
        assert_int_equal(
                desk_rig_count(&fixture.desk_rig, "SELECT count(*) FROM document"), DOCUMENT_OPEN + 1);
        fixture.desk_rig.now += DOCUMENT_SECONDS + DAY;
        must(document_sweep(&fixture.desk, NULL));
        assert_int_equal(desk_rig_count(&fixture.desk_rig, "SELECT count(*) FROM document"), 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
        const struct CMUnitTest tests[] = {
                CASE(a_person_signs_a_document),
                CASE(a_document_is_signed_as_cms),
                CASE(the_form_names_portal_account_and_number),
                CASE(what_it_rests_on_is_handed_out_to_its_account),
                CASE(the_journal_has_no_text_and_no_name),
                CASE(a_new_certificate_of_the_same_person_signs_on),
                CASE(attack_the_document_of_another_person),
                CASE(attack_one_person_signs_for_two_accounts),
                CASE(attack_another_session_reads_the_document),
                CASE(attack_a_signature_by_the_user_verification_key),
                CASE(attack_a_changed_document),
                CASE(attack_the_signature_of_the_document_before),
                CASE(attack_a_certificate_of_another_authority),
                CASE(attack_a_revoked_certificate),
                CASE(attack_a_list_that_nobody_renews),
                CASE(attack_a_certificate_whose_time_is_over),
                CASE(attack_proofs_without_end),
                CASE(attack_a_document_that_is_signed_too_late),
                CASE(attack_a_text_that_reads_otherwise_than_it_is),
                CASE(attack_a_proof_that_is_none),
                CASE(documents_end_the_oldest_and_those_nobody_signed),
        };
        return cmocka_run_group_tests(tests, begin_all, end_all);
}
