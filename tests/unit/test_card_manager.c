/* SPDX-License-Identifier: Apache-2.0 */
/* The element from outside: creation, power, selection, SCP03. The quoted lines are PROTOCOL.md's. */
#include "element_rig.h"
#include "tlv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const slice nothing = { 0 };

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

#define assert_sw(call, wanted) assert_int_equal((call), (wanted))

/* ---- creation and power: element.h ---- */

/* "Storage that holds anything, even something unreadable, is refused (STORE_EXISTS) and left as it is." */
static void creation_wants_an_empty_medium(void **state)
{
        struct element_rig *rig = *state;
        mitome_error error = { 0 };
        size_t size = rig->medium.size;
        unsigned replaces = rig->medium.writes;
        assert_int_equal(
                mitome_element_create(&rig->config, &element_rig_keys, &error).code, MITOME_E_STORE_EXISTS);
        assert_int_equal(error.code, MITOME_E_STORE_EXISTS);
        rig->medium.image[0] ^= 1;
        assert_int_equal(
                mitome_element_create(&rig->config, &element_rig_keys, NULL).code, MITOME_E_STORE_EXISTS);
        assert_int_equal(rig->medium.size, size);
        assert_int_equal(rig->medium.writes, replaces);
}

/* A new element comes to be in one piece, or not at all. */
static void creation_survives_a_power_cut(void **state)
{
        (void)state;
        for (int moment = POWER_CUT_BEFORE; moment <= POWER_CUT_AFTER; moment++) {
                struct element_rig rig = { 0 };
                element_rig_configure(&rig);
                power_cut_arm(&rig.medium, 1, (enum power_cut_moment)moment);
                assert_int_not_equal(
                        mitome_element_create(&rig.config, &element_rig_keys, NULL).code, MITOME_OK);
                assert_int_equal(rig.medium.writes, 1); /* there is no second one to cut */
                power_cut_on(&rig.medium);
                mitome_code code = mitome_element_open(&rig.config, &rig.element, NULL).code;
                assert_int_equal(code, moment == POWER_CUT_AFTER ? MITOME_OK : MITOME_E_STORE_MISSING);
                if (rig.element)
                        assert_sw(element_rig_channel(&rig, element_rig_manager, &element_rig_keys), SW_OK);
                element_rig_close(&rig);
        }
}

static mitome_code open_code(struct element_rig *rig)
{
        struct mitome_element *element = NULL;
        mitome_error error = { 0 };
        mitome_code code = mitome_element_open(&rig->config, &element, &error).code;
        assert_int_equal(error.code, code);
        assert_true((element != NULL) == (code == MITOME_OK));
        mitome_element_free(element);
        return code;
}

/* "A state that is missing (STORE_MISSING), damaged or sealed with another key (STORE_SEAL), or of another
 * program or version (STORE_FOREIGN) is refused and left as it is." */
static void a_bad_state_is_refused(void **state)
{
        struct element_rig *rig = *state;
        element_rig_off(rig);
        rig->medium.image[rig->medium.size - 1] ^= 1;
        assert_int_equal(open_code(rig), MITOME_E_STORE_SEAL);
        rig->medium.image[rig->medium.size - 1] ^= 1;
        rig->config.storage_key[0] ^= 1;
        assert_int_equal(open_code(rig), MITOME_E_STORE_SEAL);
        rig->config.storage_key[0] ^= 1;
        rig->medium.image[0] ^= 1;
        assert_int_equal(open_code(rig), MITOME_E_STORE_FOREIGN);
        rig->medium.image[0] ^= 1;
        assert_int_equal(open_code(rig), MITOME_OK);
        rig->medium.off = true;
        assert_int_equal(open_code(rig), MITOME_E_FILE_READ);
        struct element_rig empty = { 0 };
        element_rig_configure(&empty);
        assert_int_equal(open_code(&empty), MITOME_E_STORE_MISSING);
        mitome_element_free(NULL);
}

/* A store of ours without an element in it. */
static void an_empty_store_is_no_element(void **state)
{
        (void)state;
        struct element_rig rig = { 0 };
        element_rig_configure(&rig);
        assert_int_equal(element_rig_create_store(&rig), MITOME_OK);
        assert_int_equal(open_code(&rig), MITOME_E_STORE_FOREIGN);
        element_rig_close(&rig);
}

/* "a failure of this call means that the state could not be stored, and the element then answers 6581 until
 * it is opened again." */
static void a_failed_commit_stops_the_element(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t initialize[] = { 0x80, 0x50, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8 };
        power_cut_arm(&rig->medium, 1, POWER_CUT_BEFORE);
        assert_sw(element_rig_transmit(rig, SLICE(initialize)), SW_MEMORY_FAILURE);
        assert_int_equal(rig->failure, MITOME_E_FILE_WRITE);
        assert_int_equal(rig->data.size, 0);
        power_cut_on(&rig->medium);
        assert_sw(element_rig_select(rig, element_rig_jpki), SW_MEMORY_FAILURE);
        assert_int_equal(rig->failure, MITOME_OK);
        mitome_element_reset(rig->element);
        assert_sw(element_rig_transmit(rig, SLICE(initialize)), SW_MEMORY_FAILURE);
        element_rig_cycle(rig);
        assert_sw(element_rig_transmit(rig, SLICE(initialize)), SW_OK);
}

static void the_atr_is_the_one_that_drivers_know(void **state)
{
        (void)state;
        static const uint8_t atr[] = { 0x3B, 0xE0, 0x00, 0xFF, 0x81, 0x31, 0xFE, 0x45, 0x14 };
        assert_true(slice_equal(mitome_element_atr(), SLICE(atr)));
}

/* ---- APDUs, classes and selection ---- */

static void malformed_commands_are_refused(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t get_state[] = { 0x80, 0x10, 0x00, 0x00, 0x00 };
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        for (size_t size = 0; size < 4; size++)
                assert_sw(element_rig_transmit(rig, slice_of(get_state, size)), SW_WRONG_LENGTH);
        static const uint8_t short_data[] = { 0x80, 0x20, 0x00, 0x00, 0x05, 0x80, 0x01 };
        assert_sw(element_rig_transmit(rig, SLICE(short_data)), SW_WRONG_LENGTH);
        uint8_t *large = calloc(1, MITOME_APDU_MAX + 1);
        writer w = writer_over(large, MITOME_APDU_MAX + 1);
        write_u32(&w, 0x80200000);
        write_u8(&w, 0);
        write_u16(&w, MITOME_APDU_MAX + 1 - 7);
        assert_sw(element_rig_transmit(rig, slice_of(large, MITOME_APDU_MAX + 1)), SW_WRONG_LENGTH);
        free(large);
        assert_sw(element_rig_transmit(rig, SLICE(get_state)), SW_OK);
}

/* "one logical channel" */
static void other_classes_are_refused(void **state)
{
        struct element_rig *rig = *state;
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        for (unsigned cla = 0; cla <= 0xFF; cla++) {
                uint16_t wanted = SW_WRONG_CLA; /* GET STATE is of class 80 */
                if (cla == 0x80)
                        wanted = SW_OK;
                else if (cla == 0x84 || cla == 0x04)
                        wanted = SW_SECURITY_STATUS; /* no session */
                else if (((cla & 0x78) == 0 && cla & 0x03) || (cla & 0x40 && cla != 0xFF))
                        wanted = SW_CHANNEL_UNSUPPORTED; /* 1 to 3 are closed, 4 to 19 do not exist */
                assert_sw(element_rig_command(rig, cla << 24 | 0x100000, nothing), wanted);
        }
}

/* "SELECT `00 A4 04 P2`...: an AID that is not there 6A82, and the selection stays. Nothing is selected after
 * a reset but the issuer's domain." */
static void applets_are_selected_by_name(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t other[] = { 0xA0, 0x00, 0x00, 0x03, 0x08 };
        const slice aids[] = { element_rig_manager, element_rig_jpki, element_rig_fido };
        for (size_t i = 0; i < 3; i++) {
                assert_sw(element_rig_command(rig, 0x00A4040C, aids[i]), SW_OK);
                assert_sw(element_rig_command(rig, 0x00A40400, aids[i]), SW_OK);
                for (uint32_t p2 = 0; p2 <= 0xFF; p2++)
                        if (p2 != 0x00 && p2 != 0x02 && p2 != 0x0C && p2 != 0x0E)
                                assert_sw(element_rig_command(rig, 0x00A40400 | p2, aids[i]), SW_WRONG_P1P2);
        }
        assert_sw(element_rig_command(rig, 0x80100000, nothing), SW_OK); /* FIDO is selected still */
        assert_sw(element_rig_select(rig, SLICE(other)), SW_NOT_FOUND);
        assert_sw(element_rig_command(rig, 0x80100000, nothing), SW_OK);
        mitome_element_reset(rig->element);
        assert_sw(element_rig_command(rig, 0x80100000, nothing), SW_WRONG_INS);
        assert_sw(element_rig_command(rig, 0x00A4020C, nothing), SW_WRONG_INS);
        assert_sw(element_rig_select(rig, element_rig_jpki), SW_OK);
        assert_sw(element_rig_command(rig, 0x80100000, nothing), SW_WRONG_INS); /* not this applet's */
        assert_sw(element_rig_command(rig, 0x80B00000, nothing), SW_WRONG_CLA);
}

/* ---- SCP03 ---- */

static const uint32_t management[] = { 0x80300000, 0x80320000, 0x80340000 };
static const uint32_t jpki_management[] = { 0x80460097, 0x80D60000, 0x802C0098 };

/* "`CLA 84` commands are accepted inside an SCP03 session (level 33) only ...; without one they are answered
 * 6982." */
static void management_needs_a_channel(void **state)
{
        struct element_rig *rig = *state;
        unsigned replaces = rig->medium.writes;
        for (size_t i = 0; i < 3; i++) {
                assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
                assert_sw(element_rig_command(rig, management[i] | 0x04000000, nothing), SW_SECURITY_STATUS);
                assert_sw(element_rig_command(rig, management[i], nothing), SW_SECURITY_STATUS);
                assert_sw(element_rig_select(rig, element_rig_jpki), SW_OK);
                assert_sw(element_rig_command(rig, jpki_management[i] | 0x04000000, nothing),
                        SW_SECURITY_STATUS);
                assert_sw(element_rig_command(rig, jpki_management[i], nothing), SW_SECURITY_STATUS);
        }
        assert_int_equal(rig->medium.writes, replaces);
}

static void a_channel_opens_for_each_applet(void **state)
{
        struct element_rig *rig = *state;
        const slice aids[] = { element_rig_manager, element_rig_jpki, element_rig_fido };
        for (size_t i = 0; i < 3; i++)
                assert_sw(element_rig_channel(rig, aids[i], &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(rig, 0x80100000, nothing), SW_OK); /* encrypted there and back */
        assert_int_equal(element_rig_value(rig, 0x80).size, 16);
        assert_sw(element_rig_secured(rig, 0x80FE0000, nothing), SW_WRONG_INS); /* an error does not end it */
        assert_sw(element_rig_secured(rig, 0x80100000, nothing), SW_OK);
}

static uint32_t sequence(struct element_rig *rig, slice aid, uint16_t *ret_sw)
{
        static const uint8_t challenge[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
        assert_sw(element_rig_select(rig, aid), SW_OK);
        *ret_sw = element_rig_send(
                rig, &(struct apdu_command){ .cla = 0x80, .ins = 0x50, .data = SLICE(challenge) });
        if (*ret_sw != SW_OK)
                return 0;
        assert_int_equal(rig->data.size, 32);
        return (uint32_t)rig->data.data[29] << 16 | (uint32_t)rig->data.data[30] << 8 | rig->data.data[31];
}

/* The sequence number is durable before it is answered: no power cut makes a card challenge come twice. */
static void the_sequence_never_repeats(void **state)
{
        struct element_rig *rig = *state;
        uint16_t sw;
        assert_int_equal(sequence(rig, element_rig_manager, &sw), 1);
        assert_int_equal(sequence(rig, element_rig_fido, &sw), 2); /* one counter for all */
        element_rig_cycle(rig);
        assert_int_equal(sequence(rig, element_rig_manager, &sw), 3);
        for (int moment = POWER_CUT_BEFORE; moment <= POWER_CUT_AFTER; moment++) {
                power_cut_arm(&rig->medium, 1, (enum power_cut_moment)moment);
                assert_int_equal(sequence(rig, element_rig_manager, &sw), 0);
                assert_sw(sw, SW_MEMORY_FAILURE);
                power_cut_on(&rig->medium);
                element_rig_cycle(rig);
        }
        assert_int_equal(sequence(rig, element_rig_manager, &sw), 5);
}

static void the_sequence_ends_without_starting_again(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t last[] = { 0x00, 0xFF, 0xFF, 0xFE };
        uint16_t sw;
        element_rig_off(rig);
        element_rig_store(rig, 0x04000101, SLICE(last));
        element_rig_open(rig);
        assert_int_equal(sequence(rig, element_rig_manager, &sw), 0xFFFFFF);
        assert_int_equal(sequence(rig, element_rig_manager, &sw), 0);
        assert_sw(sw, SW_CONDITIONS);
}

static void initialize_update_is_checked(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t challenge[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
        const slice eight = slice_of(challenge, 8);
        unsigned replaces = rig->medium.writes;
        assert_sw(element_rig_command(rig, 0x80500200, eight), SW_NO_REFERENCE); /* key version */
        assert_sw(element_rig_command(rig, 0x80500001, eight), SW_WRONG_P1P2);
        assert_sw(element_rig_command(rig, 0x80500000, SLICE(challenge)), SW_WRONG_LENGTH);
        assert_sw(element_rig_command(rig, 0x80500000, slice_of(challenge, 7)), SW_WRONG_LENGTH);
        assert_int_equal(rig->medium.writes, replaces);
        assert_sw(element_rig_command(rig, 0x80500100, eight), SW_OK);
}

/* Opens a session up to EXTERNAL AUTHENTICATE, which is left in `command`. */
static slice authenticate(struct element_rig *rig, struct mitome_card_keys keys, uint8_t *buffer, size_t size)
{
        static const uint8_t challenge[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
        const struct scp03_keys host_keys = element_rig_host_keys(&keys);
        writer w = writer_over(buffer, size);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        scp03_host_initialize(0, SLICE(challenge), &w);
        assert_sw(element_rig_transmit(rig, writer_view(&w)), SW_OK);
        w = writer_over(buffer, size);
        assert_int_equal(scp03_host_authenticate(&rig->host, &host_keys, SCP03_LEVEL_ALL, element_rig_fido,
                                 SLICE(challenge), rig->data, &w, NULL)
                                 .code,
                MITOME_OK);
        return writer_view(&w);
}

/* Amendment D 7.1.2: a wrong cryptogram 6300, a wrong MAC 6988; either closes, and the sequence is spent. */
static void a_wrong_host_opens_nothing(void **state)
{
        struct element_rig *rig = *state;
        uint8_t bytes[64];
        for (size_t at = 5; at < 21; at++) {
                slice command = authenticate(rig, element_rig_keys, bytes, sizeof bytes);
                assert_int_equal(command.size, 21);
                bytes[at] ^= 0x01; /* eight bytes of cryptogram, eight of MAC */
                assert_sw(element_rig_transmit(rig, command), at < 13 ? 0x6300 : SW_SECURE_MESSAGING);
                bytes[at] ^= 0x01;
                assert_sw(element_rig_transmit(rig, command), SW_CONDITIONS); /* it is over */
                assert_sw(element_rig_command(rig, 0x84340000, nothing), SW_SECURITY_STATUS);
                assert_sw(element_rig_channel(rig, element_rig_fido, &element_rig_keys), SW_OK); /* tries */
        }
        slice command = authenticate(rig, element_rig_keys, bytes, sizeof bytes);
        bytes[2] = 0x03; /* another level: R-MAC and R-ENCRYPTION left out */
        assert_sw(element_rig_transmit(rig, command), SW_SECURE_MESSAGING);
        assert_sw(element_rig_command(rig, 0x84340000, nothing), SW_SECURITY_STATUS);
        command = authenticate(rig, element_rig_keys, bytes, sizeof bytes);
        bytes[2] = 0x31; /* a level that there is not */
        assert_sw(element_rig_transmit(rig, command), SW_WRONG_P1P2);
        assert_sw(element_rig_command(rig, 0x84340000, nothing), SW_SECURITY_STATUS);
        mitome_element_reset(rig->element);
        assert_sw(element_rig_transmit(rig, command), SW_CONDITIONS);
}

static slice wrapped_set_pin(struct element_rig *rig, uint8_t *buffer, size_t size)
{
        uint8_t data[16];
        writer d = WRITER(data), w = writer_over(buffer, size);
        tlv_write(&d, 0x80, slice_text("4321"));
        const struct apdu_command plain = { .cla = 0x80, .ins = 0x34, .data = writer_view(&d) };
        assert_sw(element_rig_channel(rig, element_rig_fido, &element_rig_keys), SW_OK);
        assert_int_equal(scp03_host_wrap(&rig->host, &plain, &w, NULL).code, MITOME_OK);
        return writer_view(&w);
}

/* "Selecting an applet, a reset, and any error of the channel end the session." */
static void each_byte_of_a_command_is_under_the_mac(void **state)
{
        struct element_rig *rig = *state;
        uint8_t bytes[64];
        size_t size = wrapped_set_pin(rig, bytes, sizeof bytes).size;
        for (size_t at = 0; at < size; at++) {
                slice command = wrapped_set_pin(rig, bytes, sizeof bytes);
                if (at == 0 || at == 4)
                        continue; /* class and length: another APDU altogether */
                bytes[at] ^= 0x10;
                assert_sw(element_rig_transmit(rig, command), SW_SECURE_MESSAGING);
                bytes[at] ^= 0x10;
                assert_sw(element_rig_transmit(rig, command), SW_SECURITY_STATUS); /* it is over */
        }
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_int_equal(element_rig_state(rig).flags, 0); /* no PIN was set */
}

static void a_command_is_taken_once(void **state)
{
        struct element_rig *rig = *state;
        uint8_t bytes[64];
        slice command = wrapped_set_pin(rig, bytes, sizeof bytes);
        assert_sw(element_rig_transmit(rig, command), SW_OK);
        assert_sw(element_rig_transmit(rig, command), SW_SECURE_MESSAGING);
        command = wrapped_set_pin(rig, bytes, sizeof bytes);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK); /* ends the session */
        assert_sw(element_rig_transmit(rig, command), SW_SECURITY_STATUS);
        command = wrapped_set_pin(rig, bytes, sizeof bytes);
        mitome_element_reset(rig->element);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(element_rig_transmit(rig, command), SW_SECURITY_STATUS);
}

/* A selection through the channel ends it: its answer has no MAC. */
static void a_selection_inside_ends_the_channel(void **state)
{
        struct element_rig *rig = *state;
        uint8_t bytes[64];
        writer w = WRITER(bytes);
        const struct apdu_command select = { .ins = 0xA4, .p1 = 0x04, .p2 = 0x0C, .data = element_rig_jpki };
        assert_sw(element_rig_channel(rig, element_rig_fido, &element_rig_keys), SW_OK);
        assert_int_equal(scp03_host_wrap(&rig->host, &select, &w, NULL).code, MITOME_OK);
        assert_sw(element_rig_transmit(rig, writer_view(&w)), SW_OK);
        assert_int_equal(rig->data.size, 0);
        assert_sw(element_rig_command(rig, 0x84460097, nothing), SW_SECURITY_STATUS);
        assert_sw(element_rig_select_file(rig, 0x0006), SW_OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(creation_wants_an_empty_medium),
                TEST(creation_survives_a_power_cut),
                TEST(a_bad_state_is_refused),
                TEST(an_empty_store_is_no_element),
                TEST(a_failed_commit_stops_the_element),
                TEST(the_atr_is_the_one_that_drivers_know),
                TEST(malformed_commands_are_refused),
                TEST(other_classes_are_refused),
                TEST(applets_are_selected_by_name),
                TEST(management_needs_a_channel),
                TEST(a_channel_opens_for_each_applet),
                TEST(the_sequence_never_repeats),
                TEST(the_sequence_ends_without_starting_again),
                TEST(initialize_update_is_checked),
                TEST(a_wrong_host_opens_nothing),
                TEST(each_byte_of_a_command_is_under_the_mac),
                TEST(a_command_is_taken_once),
                TEST(a_selection_inside_ends_the_channel),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
