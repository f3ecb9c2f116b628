/* SPDX-License-Identifier: Apache-2.0 */
/* An element with each kind of key set: every i and level of SCP03 as a management station meets them. */
#include "element_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t key_sizes[] = { 16, 24, 32 };
static const uint8_t all_i[] = { 0x00, 0x10, 0x20, 0x30, 0x60, 0x70, 0x01, 0x11, 0x21, 0x31, 0x61, 0x71 };
static const uint8_t all_levels[] = { 0x01, 0x03, 0x11, 0x13, 0x33 };
static const slice nothing = { 0 };

static struct mitome_card_keys keys_of(uint8_t size, uint8_t i)
{
        struct mitome_card_keys keys = { .size = size, .i = i };
        memset(keys.enc, 0xE1, size);
        memset(keys.mac, 0xA2, size);
        memset(keys.dek, 0xD3, size);
        return keys;
}

static void make(struct element_rig *rig, const struct mitome_card_keys *keys)
{
        *rig = (struct element_rig){ 0 };
        element_rig_configure(rig);
        assert_int_equal(mitome_element_create(&rig->config, keys, NULL).code, MITOME_OK);
        element_rig_open(rig);
}

/* SET PIN through a session that was opened at `level`. */
static uint16_t protected_command(struct element_rig *rig, const struct mitome_card_keys *keys, uint8_t level)
{
        static const uint8_t pin[] = { 0x80, 4, '4', '3', '2', '1' };
        assert_int_equal(element_rig_channel_at(rig, element_rig_fido, keys, level), SW_OK);
        return element_rig_secured(rig, 0x80340000, SLICE(pin));
}

/* Amendment D 5.1, and PROTOCOL.md: what is protected has to come MACed and encrypted. */
static void every_level_opens_and_only_encrypted_ones_order(void **state)
{
        (void)state;
        static struct element_rig rig;
        for (size_t at = 0; at < sizeof key_sizes * sizeof all_i; at++) {
                const struct mitome_card_keys keys =
                        keys_of(key_sizes[at % sizeof key_sizes], all_i[at / sizeof key_sizes]);
                make(&rig, &keys);
                for (size_t i = 0; i < sizeof all_levels; i++) {
                        if (!scp03_offers(keys.i, all_levels[i]))
                                continue;
                        assert_int_equal(protected_command(&rig, &keys, all_levels[i]),
                                all_levels[i] & 0x02 ? SW_OK : SW_SECURITY_STATUS);
                        /* an open command is answered at any level, and the session goes on */
                        assert_int_equal(element_rig_secured(&rig, 0x80100000, nothing), SW_OK);
                        assert_int_equal(element_rig_secured(&rig, 0x80100000, nothing), SW_OK);
                }
                element_rig_close(&rig);
        }
}

/* A right host that asks for more than is offered: 6A86, and the session is over. */
static void a_level_above_the_offer_is_refused(void **state)
{
        (void)state;
        static struct element_rig rig;
        unsigned refused = 0;
        for (size_t at = 0; at < sizeof all_i; at++) {
                const struct mitome_card_keys keys = keys_of(16, all_i[at]);
                const struct scp03_keys host_keys = element_rig_host_keys(&keys);
                make(&rig, &keys);
                for (size_t i = 0; i < sizeof all_levels; i++) {
                        uint8_t challenge[16] = { 9 }, bytes[64];
                        const slice own = slice_of(challenge, scp03_size(keys.i));
                        if (scp03_offers(keys.i, all_levels[i]))
                                continue;
                        assert_int_equal(element_rig_select(&rig, element_rig_fido), SW_OK);
                        writer w = WRITER(bytes);
                        scp03_host_initialize(0, own, &w);
                        assert_int_equal(element_rig_transmit(&rig, writer_view(&w)), SW_OK);
                        w = WRITER(bytes);
                        assert_int_equal(scp03_host_authenticate(&rig.host, &host_keys, SCP03_C_MAC,
                                                 element_rig_fido, own, rig.data, &w, NULL)
                                                 .code,
                                MITOME_OK);
                        bytes[2] = all_levels[i];
                        assert_int_equal(element_rig_transmit(&rig, writer_view(&w)), SW_WRONG_P1P2);
                        assert_int_equal(element_rig_command(&rig, 0x84340000, nothing), SW_SECURITY_STATUS);
                        refused++;
                }
                element_rig_close(&rig);
        }
        assert_int_equal(refused, 2 * (3 + 3 + 1 + 1));
}

/* 7.1.1: a host challenge of the other mode is 6700. */
static void the_challenge_says_the_mode(void **state)
{
        (void)state;
        static struct element_rig rig;
        static const uint8_t challenge[17] = { 1 };
        for (size_t at = 0; at < sizeof all_i; at++) {
                const struct mitome_card_keys keys = keys_of(32, all_i[at]);
                make(&rig, &keys);
                assert_int_equal(element_rig_select(&rig, element_rig_fido), SW_OK);
                for (size_t size = 1; size <= sizeof challenge; size++)
                        assert_int_equal(element_rig_command(&rig, 0x80500000, slice_of(challenge, size)),
                                size == scp03_size(keys.i) ? SW_OK : SW_WRONG_LENGTH);
                element_rig_close(&rig);
        }
}

/* 6.2.2.1: random without i bit 10 (and nothing is written then), otherwise from a number that never comes
 * twice. */
static void no_card_challenge_comes_twice(void **state)
{
        (void)state;
        static struct element_rig rig;
        static const uint8_t challenge[16] = { 1 };
        for (size_t at = 0; at < sizeof all_i; at++) {
                const struct mitome_card_keys keys = keys_of(16, all_i[at]);
                uint8_t seen[8][16] = { 0 };
                make(&rig, &keys);
                for (size_t i = 0; i < 8; i++) {
                        if (i == 4)
                                element_rig_cycle(&rig);
                        assert_int_equal(element_rig_select(&rig, element_rig_fido), SW_OK);
                        assert_int_equal(element_rig_command(
                                                 &rig, 0x80500000, slice_of(challenge, scp03_size(keys.i))),
                                SW_OK);
                        assert_int_equal(rig.data.size,
                                13 + 2 * scp03_size(keys.i) + (keys.i & SCP03_I_PSEUDO_RANDOM ? 3 : 0));
                        memcpy(seen[i], rig.data.data + 13, scp03_size(keys.i));
                        for (size_t before = 0; before < i; before++)
                                assert_memory_not_equal(seen[before], seen[i], 8);
                }
                element_rig_close(&rig);
        }
}

static void keys_that_cannot_be_make_no_element(void **state)
{
        (void)state;
        static struct element_rig rig;
        static const uint8_t wrong_sizes[] = { 0, 8, 17, 31, 33, 255 },
                             wrong_i[] = { 0x02, 0x40, 0x50, 0x80 };
        rig = (struct element_rig){ 0 };
        element_rig_configure(&rig);
        for (size_t i = 0; i < sizeof wrong_sizes + sizeof wrong_i; i++) {
                struct mitome_card_keys keys = keys_of(16, 0x70);
                mitome_error error = { 0 };
                if (i < sizeof wrong_sizes)
                        keys.size = wrong_sizes[i];
                else
                        keys.i = wrong_i[i - sizeof wrong_sizes];
                assert_int_equal(mitome_element_create(&rig.config, &keys, &error).code, MITOME_E_ARGUMENT);
                assert_int_equal(error.code, MITOME_E_ARGUMENT);
        }
        element_rig_open(&rig); /* the storage is still empty */
        element_rig_close(&rig);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_level_opens_and_only_encrypted_ones_order),
                cmocka_unit_test(a_level_above_the_offer_is_refused),
                cmocka_unit_test(the_challenge_says_the_mode),
                cmocka_unit_test(no_card_challenge_comes_twice),
                cmocka_unit_test(keys_that_cannot_be_make_no_element),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
