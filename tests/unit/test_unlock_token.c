/* SPDX-License-Identifier: Apache-2.0 */
#include "p256.h"
#include "unlock_token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t key_bytes[32] = { 0x4B, 0x45, 0x59 };

static struct unlock_token some_token(void)
{
        struct unlock_token token = { .purpose = UNLOCK_VERIFIED, .modality = UNLOCK_FINGER };
        memset(token.challenge, 0xC4, sizeof token.challenge);
        memset(token.digest, 0xD1, sizeof token.digest);
        memset(token.set, 0x5E, sizeof token.set);
        return token;
}

/* The table in unlock_token.h, byte by byte. */
static void the_layout_is_the_documented_one(void **state)
{
        (void)state;
        const struct unlock_token token = some_token();
        uint8_t bytes[UNLOCK_TOKEN_SIZE], mac[SHA256_SIZE];
        unlock_token_seal(&token, SLICE(key_bytes), bytes);
        assert_int_equal(UNLOCK_TOKEN_SIZE, 116);
        assert_memory_equal(bytes, ((uint8_t[]){ 1, 1, 1, 0 }), 4);
        assert_memory_equal(bytes + 4, token.challenge, 32);
        assert_memory_equal(bytes + 36, token.digest, 32);
        assert_memory_equal(bytes + 68, token.set, 16);
        const slice covered = slice_of(bytes, 84);
        hmac_sha256(SLICE(key_bytes), &covered, 1, mac);
        assert_memory_equal(bytes + 84, mac, sizeof mac);
}

static void what_was_sealed_opens(void **state)
{
        (void)state;
        for (uint8_t purpose = UNLOCK_VERIFIED; purpose <= UNLOCK_REMOVED; purpose++) {
                for (uint8_t modality = UNLOCK_FINGER; modality <= UNLOCK_IRIS; modality++) {
                        struct unlock_token token = some_token(), opened;
                        uint8_t bytes[UNLOCK_TOKEN_SIZE];
                        token.purpose = purpose;
                        token.modality = modality;
                        unlock_token_seal(&token, SLICE(key_bytes), bytes);
                        memset(&opened, 0, sizeof opened);
                        assert_int_equal(
                                unlock_token_open(SLICE(bytes), SLICE(key_bytes), &opened, NULL).code,
                                MITOME_OK);
                        assert_memory_equal(&opened, &token, sizeof token);
                }
        }
}

static void any_changed_bit_breaks_the_mac(void **state)
{
        (void)state;
        const struct unlock_token token = some_token();
        uint8_t bytes[UNLOCK_TOKEN_SIZE];
        struct unlock_token opened, untouched;
        memset(&opened, 0xEE, sizeof opened);
        untouched = opened;
        unlock_token_seal(&token, SLICE(key_bytes), bytes);
        for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
                mitome_error error = { 0 };
                bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
                assert_int_equal(unlock_token_open(SLICE(bytes), SLICE(key_bytes), &opened, &error).code,
                        MITOME_E_TOKEN_MAC);
                assert_int_equal(error.code, MITOME_E_TOKEN_MAC);
                bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        assert_memory_equal(&opened, &untouched, sizeof opened);
        assert_int_equal(unlock_token_open(SLICE(bytes), SLICE(key_bytes), &opened, NULL).code, MITOME_OK);
}

static void another_key_does_not_open(void **state)
{
        (void)state;
        const struct unlock_token token = some_token();
        uint8_t bytes[UNLOCK_TOKEN_SIZE], other[sizeof key_bytes];
        struct unlock_token opened;
        unlock_token_seal(&token, SLICE(key_bytes), bytes);
        for (size_t i = 0; i < sizeof other; i++) {
                memcpy(other, key_bytes, sizeof other);
                other[i] ^= 0x80;
                assert_int_equal(unlock_token_open(SLICE(bytes), SLICE(other), &opened, NULL).code,
                        MITOME_E_TOKEN_MAC);
        }
}

/* A token of the right key but of a form that is not known: made by hand, so that its MAC is right. */
static mitome_code open_with_head(const uint8_t head[4])
{
        const struct unlock_token token = some_token();
        uint8_t bytes[UNLOCK_TOKEN_SIZE];
        struct unlock_token opened;
        unlock_token_seal(&token, SLICE(key_bytes), bytes);
        memcpy(bytes, head, 4);
        const slice covered = slice_of(bytes, 84);
        hmac_sha256(SLICE(key_bytes), &covered, 1, bytes + 84);
        return unlock_token_open(SLICE(bytes), SLICE(key_bytes), &opened, NULL).code;
}

static void unknown_forms_are_refused(void **state)
{
        (void)state;
        static const uint8_t heads[][4] = { { 0, 1, 1, 0 }, { 2, 1, 1, 0 }, { 1, 0, 1, 0 }, { 1, 5, 1, 0 },
                { 1, 255, 1, 0 }, { 1, 1, 0, 0 }, { 1, 1, 4, 0 }, { 1, 1, 255, 0 }, { 1, 1, 1, 1 },
                { 1, 1, 1, 128 } };
        assert_int_equal(open_with_head((const uint8_t[]){ 1, 1, 1, 0 }), MITOME_OK);
        for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
                assert_int_equal(open_with_head(heads[i]), MITOME_E_TOKEN_FORM);
}

static void any_other_length_is_refused(void **state)
{
        (void)state;
        const struct unlock_token token = some_token();
        struct unlock_token opened;
        uint8_t sealed[UNLOCK_TOKEN_SIZE];
        unlock_token_seal(&token, SLICE(key_bytes), sealed);
        for (size_t size = 0; size <= UNLOCK_TOKEN_SIZE + 1; size++) {
                uint8_t *bytes = calloc(1, size + 1); /* a block of its own: a read past it shows */
                assert_non_null(bytes);
                memcpy(bytes, sealed, size < sizeof sealed ? size : sizeof sealed);
                mitome_code code =
                        unlock_token_open(slice_of(bytes, size), SLICE(key_bytes), &opened, NULL).code;
                assert_int_equal(code, size == UNLOCK_TOKEN_SIZE ? MITOME_OK : MITOME_E_TOKEN_FORM);
                free(bytes);
        }
}

/* unlock_token.h: SHA-256("mitome operation 1" || command || rpIdHash || clientDataHash). */
static void the_digest_is_of_command_and_both_hashes(void **state)
{
        (void)state;
        uint8_t rp[32], client[32], text[18 + 1 + 64], expected[32], digest[32], other[32];
        memset(rp, 0x11, sizeof rp);
        memset(client, 0x22, sizeof client);
        memcpy(text, "mitome operation 1", 18);
        text[18] = 0x02;
        memcpy(text + 19, rp, 32);
        memcpy(text + 51, client, 32);
        const slice whole = SLICE(text);
        sha256(&whole, 1, expected);
        unlock_digest(0x02, SLICE(rp), SLICE(client), digest);
        assert_memory_equal(digest, expected, sizeof digest);
        unlock_digest(0x01, SLICE(rp), SLICE(client), other);
        assert_memory_not_equal(digest, other, sizeof digest);
        unlock_digest(0x02, SLICE(client), SLICE(rp), other);
        assert_memory_not_equal(digest, other, sizeof digest);

        text[18] = 0x09; /* enrolment has neither: zeros */
        memset(text + 19, 0, 64);
        sha256(&whole, 1, expected);
        unlock_digest(0x09, slice_of(NULL, 0), slice_of(NULL, 0), digest);
        assert_memory_equal(digest, expected, sizeof digest);
}

/* unlock_token.h: SHA-256("mitome removal 1" || id); what removes one finger is neither an enrolment's digest
 * nor another finger's. */
static void a_removal_names_its_finger(void **state)
{
        (void)state;
        uint8_t text[16 + 16], expected[SHA256_SIZE], removal[SHA256_SIZE], digest[SHA256_SIZE],
                other[SHA256_SIZE];
        memcpy(text, "mitome removal 1", 16);
        memset(text + 16, 0x1D, 16);
        const slice whole = SLICE(text);
        sha256(&whole, 1, expected);
        unlock_removal(slice_of(text + 16, 16), removal);
        assert_memory_equal(removal, expected, sizeof removal);
        unlock_digest(0x09, slice_of(NULL, 0), SLICE(removal), digest);
        unlock_digest(0x09, slice_of(NULL, 0), slice_of(NULL, 0), other);
        assert_memory_not_equal(digest, other, sizeof digest);
        text[16] ^= 1;
        unlock_removal(slice_of(text + 16, 16), removal);
        assert_memory_not_equal(removal, expected, sizeof removal);
}

/* ---- pairing ---- */

/* Numbers that look random and are the same in every run. */
static int count_up(void *context, uint8_t *bytes, size_t size)
{
        uint8_t *next = context;
        for (size_t i = 0; i < size; i++)
                bytes[i] = (*next)++;
        return 0;
}

static int fail_always(void *context, uint8_t *bytes, size_t size)
{
        (void)context;
        memset(bytes, 0, size);
        return -1;
}

struct side {
        struct secret scalar;
        uint8_t point[P256_POINT_SIZE];
};

static struct side make_side(uint8_t first)
{
        const struct mitome_random random = { .context = &first, .fill = count_up };
        struct side side = { 0 };
        assert_int_equal(p256_generate(&random, &side.scalar, side.point, NULL).code, MITOME_OK);
        return side;
}

static void both_sides_derive_one_key(void **state)
{
        (void)state;
        struct side element = make_side(1), matcher = make_side(77);
        SECRET(of_element);
        SECRET(of_matcher);
        SECRET(swapped);
        assert_int_equal(pairing_derive(secret_view(&element.scalar), SLICE(matcher.point),
                                 SLICE(element.point), SLICE(matcher.point), &of_element, NULL)
                                 .code,
                MITOME_OK);
        assert_int_equal(pairing_derive(secret_view(&matcher.scalar), SLICE(element.point),
                                 SLICE(element.point), SLICE(matcher.point), &of_matcher, NULL)
                                 .code,
                MITOME_OK);
        assert_int_equal(of_element.size, 32);
        assert_true(secret_equal(secret_view(&of_element), secret_view(&of_matcher)));

        /* The roles are part of the key. */
        assert_int_equal(pairing_derive(secret_view(&element.scalar), SLICE(matcher.point),
                                 SLICE(matcher.point), SLICE(element.point), &swapped, NULL)
                                 .code,
                MITOME_OK);
        assert_false(secret_equal(secret_view(&of_element), secret_view(&swapped)));

        /* RFC 5869 over the shared x coordinate, as unlock_token.h says. */
        SECRET(shared);
        SECRET(expected);
        uint8_t info[16 + 2 * PAIRING_POINT_SIZE];
        memcpy(info, "mitome pairing 1", 16);
        memcpy(info + 16, element.point, PAIRING_POINT_SIZE);
        memcpy(info + 16 + PAIRING_POINT_SIZE, matcher.point, PAIRING_POINT_SIZE);
        assert_int_equal(p256_agree(secret_view(&matcher.scalar), SLICE(element.point), &shared, NULL).code,
                MITOME_OK);
        hkdf_sha256(slice_of(NULL, 0), secret_view(&shared), SLICE(info), &expected);
        assert_true(secret_equal(secret_view(&of_element), secret_view(&expected)));
}

static mitome_code derive_with(slice point)
{
        struct side element = make_side(1), matcher = make_side(77);
        SECRET(key);
        mitome_code code = pairing_derive(
                secret_view(&element.scalar), point, SLICE(element.point), SLICE(matcher.point), &key, NULL)
                                   .code;
        assert_int_equal(key.size, code == MITOME_OK ? 32 : 0);
        return code;
}

/* SP 800-56A rev. 3, 5.6.2.3.3: a received point must be on the curve, and not its neutral element. */
static void points_that_are_none_are_refused(void **state)
{
        (void)state;
        struct side matcher = make_side(77);
        uint8_t point[PAIRING_POINT_SIZE];
        assert_int_equal(derive_with(SLICE(matcher.point)), MITOME_OK);

        memcpy(point, matcher.point, sizeof point);
        point[64] ^= 1; /* off the curve */
        assert_int_equal(derive_with(SLICE(point)), MITOME_E_KEY_POINT);
        memset(point + 1, 0, 64); /* x = y = 0 is not on P-256 */
        assert_int_equal(derive_with(SLICE(point)), MITOME_E_KEY_POINT);
        memset(point + 1, 0xFF, 64); /* no elements of the field */
        assert_int_equal(derive_with(SLICE(point)), MITOME_E_KEY_POINT);

        static const uint8_t infinity[1] = { 0x00 }; /* SEC 1, 2.3.3 */
        static const uint8_t padded_infinity[PAIRING_POINT_SIZE] = { 0x00 };
        assert_int_equal(derive_with(SLICE(infinity)), MITOME_E_KEY_POINT);
        assert_int_equal(derive_with(SLICE(padded_infinity)), MITOME_E_KEY_POINT);

        memcpy(point, matcher.point, sizeof point);
        for (unsigned form = 0; form < 256; form++) { /* compressed, hybrid and unknown forms */
                point[0] = (uint8_t)form;
                assert_int_equal(derive_with(SLICE(point)), form == 0x04 ? MITOME_OK : MITOME_E_KEY_POINT);
        }
        uint8_t compressed[33];
        memcpy(compressed, matcher.point, sizeof compressed);
        compressed[0] = 0x02 | (matcher.point[64] & 1);
        assert_int_equal(derive_with(SLICE(compressed)), MITOME_E_KEY_POINT);
        assert_int_equal(derive_with(slice_of(NULL, 0)), MITOME_E_KEY_POINT);
        assert_int_equal(derive_with(slice_of(matcher.point, 64)), MITOME_E_KEY_POINT);
}

/* The order of P-256 (SEC 2, 2.4.2) and its neighbours: a private key is 1..n-1. */
static void scalars_out_of_range_are_refused(void **state)
{
        (void)state;
        uint8_t order[] = { 0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                0xFF, 0xFF, 0xFF, 0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2,
                0xFC, 0x63, 0x25, 0x51 };
        static const uint8_t zero[32];
        struct side matcher = make_side(77);
        SECRET(x);
        assert_int_equal(
                p256_agree(SLICE(zero), SLICE(matcher.point), &x, NULL).code, MITOME_E_CRYPTO_FAILED);
        assert_int_equal(
                p256_agree(SLICE(order), SLICE(matcher.point), &x, NULL).code, MITOME_E_CRYPTO_FAILED);
        order[31]--; /* n - 1: the point mirrored, of the same x */
        assert_int_equal(p256_agree(SLICE(order), SLICE(matcher.point), &x, NULL).code, MITOME_OK);
        assert_memory_equal(x.data, matcher.point + 1, 32);
}

static void no_key_without_randomness(void **state)
{
        (void)state;
        const struct mitome_random random = { .fill = fail_always };
        SECRET(scalar);
        uint8_t point[P256_POINT_SIZE];
        assert_int_equal(p256_generate(&random, &scalar, point, NULL).code, MITOME_E_NO_RANDOMNESS);
        assert_int_equal(scalar.size, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_layout_is_the_documented_one),
                cmocka_unit_test(what_was_sealed_opens),
                cmocka_unit_test(any_changed_bit_breaks_the_mac),
                cmocka_unit_test(another_key_does_not_open),
                cmocka_unit_test(unknown_forms_are_refused),
                cmocka_unit_test(any_other_length_is_refused),
                cmocka_unit_test(the_digest_is_of_command_and_both_hashes),
                cmocka_unit_test(a_removal_names_its_finger),
                cmocka_unit_test(both_sides_derive_one_key),
                cmocka_unit_test(points_that_are_none_are_refused),
                cmocka_unit_test(scalars_out_of_range_are_refused),
                cmocka_unit_test(no_key_without_randomness),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
