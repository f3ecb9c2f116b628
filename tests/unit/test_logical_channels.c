/* SPDX-License-Identifier: Apache-2.0 */
/* Four logical channels: MANAGE CHANNEL, selection, and sessions that do not cross. The quoted lines are
 * those of PROTOCOL.md. */
#include "card_rig.h"
#include "tlv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const slice nothing = { 0 };

#define assert_sw(call, wanted) assert_int_equal((call), (wanted))

static int set_up(void **state)
{
        struct card_rig *card = calloc(1, sizeof *card);
        element_rig_open(&card->rig);
        *state = card;
        return 0;
}

static int tear_down(void **state)
{
        struct card_rig *card = *state;
        element_rig_close(&card->rig);
        free(card);
        return 0;
}

/* "`00 70 00 00`: the number of a channel; 6A81 when all are open. `00 70 80 n` closes it; 6200 it was not
 * open." */
static void channels_open_and_close(void **state)
{
        struct card_rig *card = *state;
        for (uint8_t channel = 1; channel < 4; channel++) {
                assert_sw(card_rig_send(card, channel, 0x80CA0066, nothing), SW_CHANNEL_UNSUPPORTED);
                card_rig_manage(card, channel);
                assert_sw(card_rig_send(card, channel, 0x80CA0066, nothing), SW_OK); /* the issuer's domain */
        }
        assert_sw(card_rig_send(card, 0, 0x00700000, nothing), SW_FUNCTION_UNSUPPORTED);
        assert_sw(card_rig_send(card, 0, 0x00708002, nothing), SW_OK);
        assert_sw(card_rig_send(card, 2, 0x80CA0066, nothing), SW_CHANNEL_UNSUPPORTED);
        assert_sw(card_rig_send(card, 0, 0x00708002, nothing), SW_ALREADY_CLOSED);
        card_rig_manage(card, 2);
        assert_sw(card_rig_send(card, 3, 0x00708003, nothing), SW_OK); /* itself */
        assert_sw(card_rig_send(card, 3, 0x00700000, nothing), SW_CHANNEL_UNSUPPORTED);
        mitome_element_reset(card->rig.element);
        for (uint8_t channel = 1; channel < 4; channel++)
                assert_sw(card_rig_send(card, channel, 0x80CA0066, nothing), SW_CHANNEL_UNSUPPORTED);
}

static void wrong_channels_are_refused(void **state)
{
        struct card_rig *card = *state;
        static const uint8_t byte[] = { 0 };
        assert_sw(card_rig_send(card, 0, 0x00708000, nothing), SW_WRONG_P1P2); /* the basic one stays */
        assert_sw(card_rig_send(card, 0, 0x00708004, nothing), SW_WRONG_P1P2);
        assert_sw(card_rig_send(card, 0, 0x00700001, nothing), SW_WRONG_P1P2);
        assert_sw(card_rig_send(card, 0, 0x00704000, nothing), SW_WRONG_P1P2);
        assert_sw(card_rig_send(card, 0, 0x00700000, SLICE(byte)), SW_WRONG_LENGTH);
        assert_sw(card_rig_send(card, 0, 0x80700000, nothing), SW_WRONG_INS);
}

/* "JPKI, FIDO and ARA-M are selected on one channel at a time: 6985 on a second." */
static void some_are_selected_once(void **state)
{
        struct card_rig *card = *state;
        const slice once[] = { element_rig_jpki, element_rig_fido };
        card_rig_manage(card, 1);
        for (size_t i = 0; i < 2; i++) {
                assert_sw(card_rig_select(card, 0, once[i]), SW_OK);
                assert_sw(card_rig_select(card, 0, once[i]), SW_OK); /* again, on its own */
                assert_sw(card_rig_select(card, 1, once[i]), SW_CONDITIONS);
                assert_sw(card_rig_select(card, 0, nothing), SW_OK);
                assert_sw(card_rig_select(card, 1, once[i]), SW_OK);
                assert_sw(card_rig_select(card, 0, once[i]), SW_CONDITIONS);
                assert_sw(card_rig_send(card, 0, 0x00708001, nothing), SW_OK);
                assert_sw(card_rig_select(card, 0, once[i]), SW_OK);
                card_rig_manage(card, 1);
        }
        assert_sw(card_rig_select(card, 0, card_rig_stand_in), SW_OK);
        assert_sw(card_rig_select(card, 1, card_rig_stand_in), SW_OK);
}

/* A PIN that was verified on one channel is forgotten when the applet's selection there ends, and another
 * channel never sees it. */
static void a_verified_pin_stays_on_its_channel(void **state)
{
        struct card_rig *card = *state;
        static const uint8_t file[] = { 0x00, 0x18 };
        element_rig_personalise(&card->rig);
        card_rig_manage(card, 1);
        assert_sw(card_rig_select(card, 1, element_rig_jpki), SW_OK);
        assert_sw(card_rig_send(card, 1, 0x00A4020C, SLICE(file)), SW_OK);
        assert_sw(card_rig_send(card, 1, 0x00200080, slice_text(ELEMENT_RIG_PIN)), SW_OK);
        assert_sw(card_rig_select(card, 0, element_rig_jpki), SW_CONDITIONS);
        assert_sw(card_rig_send(card, 0, 0x00708001, nothing), SW_OK);
        assert_sw(card_rig_select(card, 0, element_rig_jpki), SW_OK);
        static const uint8_t certificate[] = { 0x00, 0x0A };
        assert_sw(card_rig_send(card, 0, 0x00A4020C, SLICE(certificate)), SW_OK);
        assert_sw(card_rig_send(card, 0, 0x00B00000, nothing), SW_SECURITY_STATUS);
}

/* Sessions on all channels at once, their commands interleaved: each has its own keys, counters and chain. */
static void sessions_run_side_by_side(void **state)
{
        struct card_rig *card = *state;
        static const uint8_t all[] = { 0x4F, 0x00 };
        for (uint8_t channel = 1; channel < 4; channel++)
                card_rig_manage(card, channel);
        for (uint8_t channel = 0; channel < 4; channel++)
                card_rig_issuer_session(card, channel);
        for (int i = 0; i < 20; i++)
                assert_sw(card_rig_secured(card, (uint8_t)(i * 7 % 4), 0x80F28002, SLICE(all)), SW_OK);
        assert_sw(card_rig_send(card, 0, 0x00708002, nothing), SW_OK); /* ends one of them */
        for (int i = 0; i < 20; i++)
                if (i % 4 != 2)
                        assert_sw(card_rig_secured(card, (uint8_t)(i % 4), 0x80F28002, SLICE(all)), SW_OK);
}

/* A command that was wrapped for one channel is not taken on another: there it ends the session, here it is
 * still good. */
static void a_session_does_not_cross(void **state)
{
        struct card_rig *card = *state;
        static const uint8_t all[] = { 0x4F, 0x00 };
        uint8_t bytes[64];
        writer w = WRITER(bytes);
        const struct apdu_command command = {
                .cla = 0x80, .ins = 0xF2, .p1 = 0x80, .p2 = 0x02, .data = SLICE(all), .expected = 256
        };
        card_rig_manage(card, 1);
        card_rig_manage(card, 2);
        card_rig_issuer_session(card, 0);
        card_rig_issuer_session(card, 1);
        assert_int_equal(scp03_host_wrap(&card->hosts[0], &command, &w, NULL).code, MITOME_OK);
        bytes[0] = 0x86; /* channel 2: no session */
        assert_sw(element_rig_transmit(&card->rig, writer_view(&w)), SW_SECURITY_STATUS);
        bytes[0] = 0x85; /* channel 1: another session */
        assert_sw(element_rig_transmit(&card->rig, writer_view(&w)), SW_SECURE_MESSAGING);
        assert_sw(card_rig_secured(card, 1, 0x80F28002, SLICE(all)), SW_SECURITY_STATUS);
        bytes[0] = 0x84;
        assert_sw(element_rig_transmit(&card->rig, writer_view(&w)), SW_OK);
        assert_sw(element_rig_transmit(&card->rig, writer_view(&w)), SW_SECURE_MESSAGING); /* once */
}

/* INITIALIZE UPDATE on one channel, EXTERNAL AUTHENTICATE on another: none of both is open. */
static void an_opening_does_not_cross(void **state)
{
        struct card_rig *card = *state;
        static const uint8_t challenge[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
        const struct scp03_keys keys = card_rig_factory();
        uint8_t bytes[64];
        writer w = WRITER(bytes);
        card_rig_manage(card, 1);
        assert_sw(card_rig_send(card, 0, 0x80500000, SLICE(challenge)), SW_OK);
        assert_int_equal(scp03_host_authenticate(&card->hosts[0], &keys, SCP03_LEVEL_ALL, nothing,
                                 SLICE(challenge), card->rig.data, &w, NULL)
                                 .code,
                MITOME_OK);
        bytes[0] = 0x85;
        assert_sw(element_rig_transmit(&card->rig, writer_view(&w)), SW_CONDITIONS);
        assert_sw(card_rig_send(card, 1, 0x84F28002, nothing), SW_SECURITY_STATUS);
        bytes[0] = 0x84; /* there it is still good */
        assert_sw(element_rig_transmit(&card->rig, writer_view(&w)), SW_OK);
}

/* ---- selection ---- */

static slice selected(const struct card_rig *card)
{
        slice control, name;
        assert_int_equal(tlv_find(card->rig.data, 0x6F, "FCI", &control, NULL).code, MITOME_OK);
        assert_int_equal(tlv_find(control, 0x84, "AID", &name, NULL).code, MITOME_OK);
        return name;
}

/* "P2 00, 02 (the next one): 6F { 84 AID, A5 {..} }; 0C, 0E: no answer." */
static void selection_by_a_part_of_the_name(void **state)
{
        struct card_rig *card = *state;
        const slice prefix = slice_of(element_rig_fido.data, 7);
        assert_sw(card_rig_select(card, 0, nothing), SW_OK);
        assert_true(slice_equal(selected(card), card_rig_issuer));
        assert_sw(card_rig_select(card, 0, prefix), SW_OK);
        assert_true(slice_equal(selected(card), element_rig_fido));
        assert_sw(card_rig_send(card, 0, 0x00A40402, prefix), SW_OK);
        assert_true(slice_equal(selected(card), card_rig_stand_in));
        assert_sw(card_rig_send(card, 0, 0x00A40402, prefix), SW_NOT_FOUND); /* and the selection stays */
        assert_sw(card_rig_send(card, 0, 0x00B00000, nothing), SW_OK);
        assert_sw(card_rig_send(card, 0, 0x00A4040C, prefix), SW_OK);
        assert_int_equal(card->rig.data.size, 0);
        assert_sw(card_rig_send(card, 0, 0x00A4040E, prefix), SW_OK);
        assert_int_equal(card->rig.data.size, 0);
        assert_sw(card_rig_send(card, 0, 0x00B00000, nothing), SW_OK);
        /* a whole name goes before the beginning of another: the load files are not selected at all */
        assert_sw(card_rig_select(card, 0, slice_of(card_rig_issuer.data, 5)), SW_OK);
        assert_true(slice_equal(selected(card), card_rig_issuer));
        assert_sw(card_rig_send(card, 0, 0x00A40402, slice_of(card_rig_issuer.data, 5)), SW_OK);
        assert_true(slice_equal(selected(card), card_rig_ara));
        assert_sw(card_rig_select(card, 0, card_rig_domain_file), SW_NOT_FOUND);
}

/* What a client looks for in the answer of the issuer's domain (table 11-81). */
static void the_issuer_is_recognised(void **state)
{
        struct card_rig *card = *state;
        slice control, proprietary, recognition, field;
        assert_sw(card_rig_select(card, 0, card_rig_issuer), SW_OK);
        assert_int_equal(tlv_find(card->rig.data, 0x6F, "FCI", &control, NULL).code, MITOME_OK);
        assert_int_equal(tlv_find(control, 0xA5, "A5", &proprietary, NULL).code, MITOME_OK);
        assert_int_equal(tlv_find_fixed(proprietary, 0x9F65, "9F65", 1, &field, NULL).code, MITOME_OK);
        assert_int_equal(field.data[0], 0xFF);
        assert_int_equal(tlv_find(proprietary, 0x73, "73", &recognition, NULL).code, MITOME_OK);
        assert_int_equal(tlv_find(recognition, 0x64, "64", &field, NULL).code, MITOME_OK);
        assert_int_equal(field.data[field.size - 2], 0x03);
        assert_int_equal(field.data[field.size - 1], 0x70);
        assert_sw(card_rig_select(card, 0, element_rig_jpki), SW_OK);
        assert_true(slice_equal(selected(card), element_rig_jpki));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(channels_open_and_close),
                TEST(wrong_channels_are_refused),
                TEST(some_are_selected_once),
                TEST(a_verified_pin_stays_on_its_channel),
                TEST(sessions_run_side_by_side),
                TEST(a_session_does_not_cross),
                TEST(an_opening_does_not_cross),
                TEST(selection_by_a_part_of_the_name),
                TEST(the_issuer_is_recognised),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
