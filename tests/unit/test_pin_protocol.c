/* SPDX-License-Identifier: Apache-2.0 */
#include "pin_protocol.h"
#include "pin_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* The platform's side of PIN/UV auth, beside the one that the element's tests have written for themselves:
 * both must be the same protocol. */

static int count_up(void *context, uint8_t *bytes, size_t size)
{
        uint8_t *next = context;
        for (size_t i = 0; i < size; i++)
                bytes[i] = (*next)++;
        return 0;
}

static int none(void *context, uint8_t *bytes, size_t size)
{
        (void)context;
        (void)bytes;
        (void)size;
        return -1;
}

/* The other side's public key. */
static void make_point(uint8_t ret[P256_POINT_SIZE])
{
        uint8_t next = 0x51;
        const struct mitome_random random = { &next, count_up };
        SECRET(scalar);
        assert_false(failed(p256_generate(&random, &scalar, ret, NULL)));
}

static void agree(uint8_t version, struct pin_protocol *ret, struct pin_rig *ret_rig)
{
        uint8_t point[P256_POINT_SIZE], next = 7, again = 7;
        const struct mitome_random random = { &next, count_up }, same = { &again, count_up };
        make_point(point);
        assert_false(failed(pin_protocol_agree(&random, version, SLICE(point), ret, NULL)));
        pin_rig_agree_with(&same, version, SLICE(point), ret_rig);
}

static void both_derive_the_same_keys(void **state)
{
        (void)state;
        for (uint8_t version = 1; version <= 2; version++) {
                struct pin_protocol protocol;
                struct pin_rig rig;
                agree(version, &protocol, &rig);
                assert_memory_equal(protocol.point, rig.point, sizeof rig.point);
                assert_true(secret_equal(secret_view(&protocol.aes), secret_view(&rig.aes)));
                assert_true(secret_equal(secret_view(&protocol.hmac), secret_view(&rig.hmac)));
        }
}

static void one_reads_what_the_other_writes(void **state)
{
        static const uint8_t plain[32] = { 1, 2, 3 };
        (void)state;
        for (uint8_t version = 1; version <= 2; version++) {
                struct pin_protocol protocol;
                struct pin_rig rig;
                struct secret got = { 0 };
                uint8_t bytes[64], next = 0;
                const struct mitome_random random = { &next, count_up };
                writer w = WRITER(bytes);
                agree(version, &protocol, &rig);
                assert_false(failed(pin_protocol_encrypt(&protocol, &random, SLICE(plain), &w, NULL)));
                assert_int_equal(w.used, version == 1 ? 32 : 48);
                pin_rig_decrypt(&rig, writer_view(&w), &got);
                assert_true(slice_equal(secret_view(&got), SLICE(plain)));
                w = WRITER(bytes);
                pin_rig_encrypt(&rig, SLICE(plain), &w);
                assert_false(failed(pin_protocol_decrypt(&protocol, writer_view(&w), &got, NULL)));
                assert_true(slice_equal(secret_view(&got), SLICE(plain)));
        }
}

static void both_authenticate_alike(void **state)
{
        const slice message = slice_text("a message");
        (void)state;
        for (uint8_t version = 1; version <= 2; version++) {
                struct pin_protocol protocol;
                struct pin_rig rig;
                uint8_t one[SHA256_SIZE], other[SHA256_SIZE];
                agree(version, &protocol, &rig);
                const slice param = pin_protocol_param(version, &protocol.hmac, message, one);
                assert_int_equal(param.size, version == 1 ? 16 : 32);
                assert_true(slice_equal(param, pin_rig_param(version, &rig.hmac, message, other)));
        }
}

static void what_is_no_point_is_refused(void **state)
{
        uint8_t point[P256_POINT_SIZE], next = 7;
        const struct mitome_random random = { &next, count_up };
        struct pin_protocol protocol;
        (void)state;
        make_point(point);
        point[40] ^= 1;
        assert_int_equal(
                pin_protocol_agree(&random, 2, SLICE(point), &protocol, NULL).code, MITOME_E_KEY_POINT);
        assert_true(failed(pin_protocol_agree(&random, 2, slice_of(point, 64), &protocol, NULL)));
}

static void what_is_no_whole_block_is_refused(void **state)
{
        static const uint8_t sealed[112];
        static const size_t sizes[][6] = { { 0, 15, 17, 80, 112, 112 }, { 0, 15, 16, 31, 33, 96 } };
        (void)state;
        for (uint8_t version = 1; version <= 2; version++) {
                struct pin_protocol protocol;
                struct pin_rig rig;
                agree(version, &protocol, &rig);
                for (size_t i = 0; i < 6; i++) {
                        struct secret got = { .size = 77 };
                        assert_true(failed(pin_protocol_decrypt(
                                &protocol, slice_of(sealed, sizes[version - 1][i]), &got, NULL)));
                        assert_int_equal(got.size, 77);
                }
        }
}

static void without_randomness_nothing_is_encrypted(void **state)
{
        static const uint8_t plain[16];
        const struct mitome_random random = { NULL, none };
        struct pin_protocol protocol;
        struct pin_rig rig;
        uint8_t bytes[64];
        writer w = WRITER(bytes);
        (void)state;
        agree(2, &protocol, &rig);
        assert_int_equal(pin_protocol_encrypt(&protocol, &random, SLICE(plain), &w, NULL).code,
                MITOME_E_NO_RANDOMNESS);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(both_derive_the_same_keys),
                cmocka_unit_test(one_reads_what_the_other_writes),
                cmocka_unit_test(both_authenticate_alike),
                cmocka_unit_test(what_is_no_point_is_refused),
                cmocka_unit_test(what_is_no_whole_block_is_refused),
                cmocka_unit_test(without_randomness_nothing_is_encrypted),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
