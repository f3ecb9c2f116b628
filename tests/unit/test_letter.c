/* SPDX-License-Identifier: Apache-2.0 */
#include "letter.h"

#include <mitome/error.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct desk {
        uint8_t key[LETTER_KEY_SIZE], secret[LETTER_SECRET_SIZE];
        uint8_t bytes[LETTER_MAX];
        slice whole;
        struct letter letter;
};

static int set_up(void **state)
{
        static struct desk desk;
        const uint8_t seed[crypto_sign_SEEDBYTES] = { 1, 2, 3 };
        static const uint8_t body[] = { 0xA1, 0x01, 0x18, 0x2A };
        desk = (struct desk){ .letter = {
                                      .from = slice_text("sp-tsm"),
                                      .to = slice_text("authority"),
                                      .kind = slice_text("status"),
                                      .body = SLICE(body),
                                      .id = { 9, 8, 7 },
                                      .at = 1763733600,
                                      .head = { 5, { 0x55 } },
                              } };
        *state = &desk;
        return crypto_sign_seed_keypair(desk.key, desk.secret, seed);
}

static void seal(struct desk *desk)
{
        writer w = WRITER(desk->bytes);
        assert_int_equal(letter_seal(&desk->letter, desk->secret, &w, NULL).code, MITOME_OK);
        desk->whole = writer_view(&w);
}

static void test_what_is_sealed_is_what_is_opened(void **state)
{
        struct desk *desk = *state;
        for (int answers = 0; answers < 2; answers++) {
                struct letter read = { 0 };
                desk->letter.is_answer = answers;
                desk->letter.answers[3] = (uint8_t)(answers * 7);
                seal(desk);
                assert_int_equal(letter_open(desk->whole, desk->key, &read, NULL).code, MITOME_OK);
                assert_true(slice_is(read.from, "sp-tsm"));
                assert_true(slice_is(read.to, "authority"));
                assert_true(slice_is(read.kind, "status"));
                assert_true(slice_equal(read.body, desk->letter.body));
                assert_memory_equal(read.id, desk->letter.id, LETTER_ID_SIZE);
                assert_int_equal(read.at, desk->letter.at);
                assert_int_equal(read.head.number, 5);
                assert_memory_equal(read.head.digest, desk->letter.head.digest, LETTER_DIGEST_SIZE);
                assert_int_equal(read.is_answer, answers);
                assert_memory_equal(read.answers, desk->letter.answers, LETTER_DIGEST_SIZE);
                uint8_t digest[LETTER_DIGEST_SIZE];
                crypto_hash_sha256(digest, desk->whole.data, desk->whole.size);
                assert_memory_equal(read.digest, digest, sizeof digest);
        }
}

static void test_the_name_is_read_before_anything_is_proved(void **state)
{
        struct desk *desk = *state;
        slice from;
        seal(desk);
        assert_int_equal(letter_peek(desk->whole, &from, NULL).code, MITOME_OK);
        assert_true(slice_is(from, "sp-tsm"));
        assert_int_not_equal(
                letter_peek(slice_of(desk->whole.data, desk->whole.size - 1), &from, NULL).code, MITOME_OK);
}

static void test_another_signer_is_refused(void **state)
{
        struct desk *desk = *state;
        const uint8_t seed[crypto_sign_SEEDBYTES] = { 4 };
        uint8_t key[LETTER_KEY_SIZE], secret[LETTER_SECRET_SIZE];
        struct letter read;
        assert_int_equal(crypto_sign_seed_keypair(key, secret, seed), 0);
        seal(desk);
        assert_int_equal(letter_open(desk->whole, key, &read, NULL).code, MITOME_E_SIGNATURE_INVALID);
}

/* A change of any byte, a missing one, one too many: nothing of it opens. */
static void test_no_byte_can_be_changed_cut_or_added(void **state)
{
        struct desk *desk = *state;
        struct letter read;
        desk->letter.is_answer = true;
        seal(desk);
        for (size_t i = 0; i < desk->whole.size; i++) {
                desk->bytes[i] ^= 0x01;
                assert_int_not_equal(letter_open(desk->whole, desk->key, &read, NULL).code, MITOME_OK);
                desk->bytes[i] ^= 0x01;
                assert_int_not_equal(
                        letter_open(slice_of(desk->bytes, i), desk->key, &read, NULL).code, MITOME_OK);
        }
        assert_int_not_equal(
                letter_open(slice_of(desk->bytes, desk->whole.size + 1), desk->key, &read, NULL).code,
                MITOME_OK);
}

/* Signed by the right key, and still not a letter. */
static void test_what_has_not_the_form_is_neither_sealed_nor_opened(void **state)
{
        struct desk *desk = *state;
        static uint8_t long_body[LETTER_BODY_MAX + 1];
        static const struct letter_head nowhere = { 0, { 1 } }, no_digest = { 3, { 0 } };
        const struct letter good = desk->letter;
        struct letter bad[9];
        for (size_t i = 0; i < 9; i++)
                bad[i] = good;
        bad[0].from = slice_text("SP-TSM");
        bad[1].from = slice_text("");
        bad[2].to = slice_text("a-name-that-is-longer-than-a-partys-may-be");
        bad[3].kind = slice_text("status?");
        bad[4].body = SLICE(long_body);
        bad[5].at = -1;
        bad[6].at = INT64_MAX;
        bad[7].head = nowhere;
        bad[8].head = no_digest;
        for (size_t i = 0; i < 9; i++) {
                writer w = WRITER(desk->bytes);
                assert_int_equal(letter_seal(&bad[i], desk->secret, &w, NULL).code, MITOME_E_LETTER_FORM);
        }
}

/* COSE as the tests build it: what a party that holds its key could send although letter_seal would not. */
static slice sign_by_hand(struct desk *desk, const char *aad, slice protected, slice payload)
{
        static uint8_t to_sign[LETTER_MAX];
        uint8_t signature[64];
        writer w = WRITER(to_sign), out = WRITER(desk->bytes);
        cbor_write_array(&w, 4);
        cbor_write_string(&w, "Signature1");
        cbor_write_bytes(&w, protected);
        cbor_write_bytes(&w, slice_text(aad));
        cbor_write_bytes(&w, payload);
        crypto_sign_detached(signature, NULL, to_sign, w.used, desk->secret);
        cbor_write_array(&out, 4);
        cbor_write_bytes(&out, protected);
        cbor_write_map(&out, 0);
        cbor_write_bytes(&out, payload);
        cbor_write_bytes(&out, SLICE(signature));
        return writer_view(&out);
}

static slice header(uint8_t buffer[128], int64_t alg, const char *type, const char *name)
{
        writer w = writer_over(buffer, 128);
        cbor_write_map(&w, 3);
        cbor_write_int(&w, 1);
        cbor_write_int(&w, alg);
        cbor_write_int(&w, 3);
        cbor_write_string(&w, type);
        cbor_write_int(&w, 4);
        cbor_write_bytes(&w, slice_text(name));
        return writer_view(&w);
}

static const char media_type[] = "application/x.mitome.letter+cbor";

/* All members of a letter but `left_out`; `version`, `from` and the head's number as wished. */
static slice members(uint8_t buffer[512], int left_out, uint64_t version, const char *from, uint64_t number)
{
        const uint8_t id[LETTER_ID_SIZE] = { 1 }, digest[LETTER_DIGEST_SIZE] = { 1 };
        writer w = writer_over(buffer, 512);
        cbor_write_map(&w, left_out ? 8 : 9);
        for (int key = 1; key <= 9; key++) {
                if (key == left_out)
                        continue;
                cbor_write_int(&w, key);
                if (key == 1)
                        cbor_write_uint(&w, version);
                if (key == 2 || key == 3 || key == 6)
                        cbor_write_string(&w, key == 2 ? from : "authority");
                if (key == 4)
                        cbor_write_bytes(&w, SLICE(id));
                if (key == 5)
                        cbor_write_uint(&w, 1763733600);
                if (key == 7 || key == 9)
                        cbor_write_bytes(&w, SLICE(digest));
                if (key == 8) {
                        cbor_write_map(&w, 2);
                        cbor_write_int(&w, 1);
                        cbor_write_uint(&w, number);
                        cbor_write_int(&w, 2);
                        cbor_write_bytes(&w, SLICE(digest));
                }
        }
        return writer_view(&w);
}

static void test_a_right_signature_does_not_make_a_letter(void **state)
{
        struct desk *desk = *state;
        uint8_t head[128], body[512];
        struct letter read;
        slice right = header(head, -8, media_type, "sp-tsm");
        for (int left_out = 0; left_out <= 9; left_out++) {
                slice whole =
                        sign_by_hand(desk, "mitome letter 1", right, members(body, left_out, 1, "sp-tsm", 7));
                bool good = left_out == 0 || left_out == 9; /* only an answer has the last one */
                assert_int_equal(letter_open(whole, desk->key, &read, NULL).code,
                        good ? MITOME_OK : MITOME_E_LETTER_FORM);
        }
        slice wrong[] = { members(body, 0, 2, "sp-tsm", 7) };
        assert_int_equal(
                letter_open(sign_by_hand(desk, "mitome letter 1", right, wrong[0]), desk->key, &read, NULL)
                        .code,
                MITOME_E_LETTER_FORM);
        wrong[0] = members(body, 0, 1, "sp-tsm", 0);
        assert_int_equal(
                letter_open(sign_by_hand(desk, "mitome letter 1", right, wrong[0]), desk->key, &read, NULL)
                        .code,
                MITOME_E_LETTER_FORM);
}

static void test_a_name_in_the_letter_that_is_not_the_signers_is_refused(void **state)
{
        struct desk *desk = *state;
        uint8_t head[128], body[512];
        struct letter read;
        slice whole = sign_by_hand(desk, "mitome letter 1", header(head, -8, media_type, "sp-tsm"),
                members(body, 0, 1, "sei-tsm", 7));
        assert_int_equal(letter_open(whole, desk->key, &read, NULL).code, MITOME_E_LETTER_FORM);
}

/* What a party signs as something else can not be handed on as its letter. */
static void test_another_kind_of_signed_note_is_no_letter(void **state)
{
        struct desk *desk = *state;
        uint8_t head[128], body[512];
        struct letter read;
        slice payload = members(body, 0, 1, "sp-tsm", 7);
        slice journal = header(head, -8, "application/x.mitome.journal+cbor", "sp-tsm");
        assert_int_equal(
                letter_open(sign_by_hand(desk, "mitome letter 1", journal, payload), desk->key, &read, NULL)
                        .code,
                MITOME_E_LETTER_FORM);
        slice letter = header(head, -8, media_type, "sp-tsm");
        assert_int_equal(
                letter_open(sign_by_hand(desk, "mitome journal 1", letter, payload), desk->key, &read, NULL)
                        .code,
                MITOME_E_SIGNATURE_INVALID);
        letter = header(head, -7, media_type, "sp-tsm");
        assert_int_equal(
                letter_open(sign_by_hand(desk, "mitome letter 1", letter, payload), desk->key, &read, NULL)
                        .code,
                MITOME_E_LETTER_FORM);
        letter = header(head, -8, media_type, "Sp-tsm");
        assert_int_equal(
                letter_open(sign_by_hand(desk, "mitome letter 1", letter, payload), desk->key, &read, NULL)
                        .code,
                MITOME_E_LETTER_FORM);
}

static void test_the_longest_letter_fits(void **state)
{
        struct desk *desk = *state;
        static uint8_t body[LETTER_BODY_MAX];
        static const char name[] = "a-party-whose-name-is-32-letters";
        struct letter read;
        desk->letter.body = SLICE(body);
        desk->letter.from = desk->letter.to = slice_text(name);
        desk->letter.kind = slice_text("a-kind-of-letter-with-the-longest-name-of-all-48");
        desk->letter.head.number = INT64_MAX;
        desk->letter.is_answer = true;
        seal(desk);
        assert_int_equal(letter_open(desk->whole, desk->key, &read, NULL).code, MITOME_OK);
        assert_true(desk->whole.size <= LETTER_MAX);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_what_is_sealed_is_what_is_opened, set_up),
                cmocka_unit_test_setup(test_the_name_is_read_before_anything_is_proved, set_up),
                cmocka_unit_test_setup(test_another_signer_is_refused, set_up),
                cmocka_unit_test_setup(test_no_byte_can_be_changed_cut_or_added, set_up),
                cmocka_unit_test_setup(test_what_has_not_the_form_is_neither_sealed_nor_opened, set_up),
                cmocka_unit_test_setup(test_a_right_signature_does_not_make_a_letter, set_up),
                cmocka_unit_test_setup(test_a_name_in_the_letter_that_is_not_the_signers_is_refused, set_up),
                cmocka_unit_test_setup(test_another_kind_of_signed_note_is_no_letter, set_up),
                cmocka_unit_test_setup(test_the_longest_letter_fits, set_up),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
