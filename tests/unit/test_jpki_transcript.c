/* SPDX-License-Identifier: Apache-2.0 */
/* Whole conversations with the JPKI applet, as clients in use have them, byte by byte; and commands whose
 * lengths are not what they say. */
#include "element_rig.h"
#include "transcribe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The answer: a status word, and how its data begins ("" for none, "*" for any; with its size, unless that is
 * 0). */
struct exchange {
        const char *command;
        uint16_t sw;
        const char *data;
        size_t size;
};

static struct element_rig phone, card;

static void make(struct element_rig *rig, const char *settings)
{
        uint8_t bytes[64];
        element_rig_open(rig);
        assert_int_equal(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        slice data = hex_decode(settings, bytes, sizeof bytes);
        assert_int_equal(element_rig_secured(rig, 0x80DA0000, data), SW_OK);
        element_rig_personalise(rig);
}

static int make_both(void **state)
{
        (void)state;
        make(&phone, "800100810100");
        element_rig_lease(&phone, 1000);
        make(&card, "800101810100820431323334");
        return 0;
}

static int drop_both(void **state)
{
        (void)state;
        element_rig_close(&phone);
        element_rig_close(&card);
        return 0;
}

/* Holds the element to a conversation, from its reset on. */
static void converse(const struct element_rig *whole, const struct exchange *exchanges, size_t count)
{
        struct element_rig *rig = calloc(1, sizeof *rig);
        element_rig_clone(whole, rig);
        for (size_t i = 0; i < count; i++) {
                uint8_t command[512], wanted[512];
                const struct exchange *exchange = &exchanges[i];
                (void)element_rig_transmit(rig, hex_decode(exchange->command, command, sizeof command));
                if (rig->sw != exchange->sw)
                        print_error("%zu: %s\n", i, exchange->command);
                assert_int_equal(rig->sw, exchange->sw);
                if (strcmp(exchange->data, "*") != 0) {
                        slice data = hex_decode(exchange->data, wanted, sizeof wanted);
                        assert_true(rig->data.size >= data.size && (data.size > 0 || rig->data.size == 0));
                        if (data.size)
                                assert_memory_equal(rig->data.data, data.data, data.size);
                }
                if (exchange->size)
                        assert_int_equal(rig->data.size, exchange->size);
        }
        element_rig_close(rig);
        free(rig);
}

#define CONVERSE(whole, exchanges) converse(&(whole), exchanges, sizeof(exchanges) / sizeof *(exchanges))

#define SELECT_AP "00A4040C0AD392F000260100000001"
#define DIGEST_INFO                                  \
        "3031300D060960864801650304020105000420"     \
        "000102030405060708090A0B0C0D0E0F1011121314" \
        "15161718191A1B1C1D1E1F"

/* ---- OpenSC 0.23 ---- */

/* Before it believes in this card it asks for about 28 others; each question has to fail cleanly. */
static void other_cards_are_asked_for_in_vain(void **state)
{
        (void)state;
        static const struct exchange exchanges[] = {
                { "00A4040C0BA000000308000010000100", SW_NOT_FOUND, "", 0 },
                { "00A404000BA000000308000010000100FFFF", SW_WRONG_LENGTH, "", 0 },
                { "00A4040006D27600012401", SW_NOT_FOUND, "", 0 },
                { "00A4040009A0000000790300000000", SW_NOT_FOUND, "", 0 },
                { "00A4040007A0000000790300", SW_NOT_FOUND, "", 0 },
                { "00A4040008A0000001510000FF00", SW_NOT_FOUND, "", 0 },
                { "00A404000CA000000063504B43532D3135", SW_NOT_FOUND, "", 0 },
                { "00A4000C023F00", 0, "", 0 },
                { "00A408000411002F00", 0, "", 0 },
                { "00C0000000", SW_WRONG_INS, "", 0 },
                { "B0200000", SW_WRONG_CLA, "", 0 },
                { "C0F2000000", 0, "", 0 },
                { "80300100000000", 0, "", 0 },
                { SELECT_AP, SW_OK, "", 0 },
        };
        struct element_rig *rig = calloc(1, sizeof *rig);
        element_rig_clone(&phone, rig);
        for (size_t i = 0; i < sizeof exchanges / sizeof *exchanges; i++) {
                uint8_t command[64];
                (void)element_rig_transmit(rig, hex_decode(exchanges[i].command, command, sizeof command));
                if (exchanges[i].sw)
                        assert_int_equal(rig->sw, exchanges[i].sw);
                assert_true(exchanges[i].sw == SW_OK || (rig->sw & 0xF000) == 0x6000);
                assert_int_equal(rig->data.size, 0);
        }
        element_rig_close(rig);
        free(rig);
}

/* Binding, then login with the PIN and one signature. */
static void a_card_is_bound_and_signs(void **state)
{
        (void)state;
        static const struct exchange exchanges[] = {
                { SELECT_AP, SW_OK, "", 0 }, { "00A4020C020006", SW_OK, "", 0 },
                { "00B0000020", SW_OK, "4A504B494150494343544F4B454E32 20202020202020202020202020202020 20",
                        32 },
                { "00A4020C020018", SW_OK, "", 0 }, { "00200080", 0x63C3, "", 0 },
                { "00A4020C02001B", SW_OK, "", 0 }, { "00200080", 0x63C5, "", 0 },
                { "00A4020C02000A", SW_OK, "", 0 }, { "00B0000004", SW_OK, "30820510", 4 },
                { "00B0000000", SW_OK, "30820510", 256 }, { "00B0010000", SW_OK, "*", 256 },
                { "00B0020000", SW_OK, "*", 256 }, { "00B0030000", SW_OK, "*", 256 },
                { "00B0040000", SW_OK, "*", 256 }, { "00B0050000", SW_OK, "*", 20 },
                { "00A4020C020001", SW_OK, "", 0 }, { "00B0000004", SW_SECURITY_STATUS, "", 0 },
                { "00A4020C02000B", SW_OK, "", 0 }, { "00B0000004", SW_OK, "30820448", 4 },
                { "00A4020C020002", SW_OK, "", 0 }, { "00B0000004", SW_OFFSET, "", 0 }, /* nobody wrote it */
                { "00A4020C020018", SW_OK, "", 0 }, { "002000800431323334", SW_OK, "", 0 },
                { "00A4020C020017", SW_OK, "", 0 }, { "802A008033" DIGEST_INFO "00", SW_OK, "*", 256 },
                { "802A008033" DIGEST_INFO "00", SW_OK, "*", 256 }, { "00A4020C020018", SW_OK, "", 0 },
                { "00200080", 0x63C3, "", 0 }, /* never 9000 */
        };
        CONVERSE(card, exchanges);
}

/* "With the phone's rule on 000A it still binds": the certificate is missing before the login. */
static void a_phone_is_bound_and_signs(void **state)
{
        (void)state;
        static const struct exchange exchanges[] = {
                { SELECT_AP, SW_OK, "", 0 },
                { "00A4020C020006", SW_OK, "", 0 },
                { "00B0000020", SW_OK, "4A504B494150475053 45544F4B454E2020", 32 },
                { "00A4020C020018", SW_OK, "", 0 },
                { "00200080", 0x63C3, "", 0 },
                { "00A4020C02000A", SW_OK, "", 0 },
                { "00B0000004", SW_SECURITY_STATUS, "", 0 },
                { "00A4020C020018", SW_OK, "", 0 },
                { "002000800431323334", SW_OK, "", 0 },
                { "00A4020C02000A", SW_OK, "", 0 },
                { "00B0000004", SW_OK, "30820510", 4 },
                { "00A4020C020017", SW_OK, "", 0 },
                { "802A008033" DIGEST_INFO "00", SW_OK, "*", 256 },
                /* logout */
                { SELECT_AP, SW_OK, "", 0 },
                { "00A4020C020017", SW_OK, "", 0 },
                { "802A008033" DIGEST_INFO "00", SW_SECURITY_STATUS, "", 0 },
                { "00A4020C02000A", SW_OK, "", 0 },
                { "00B0000004", SW_SECURITY_STATUS, "", 0 },
        };
        CONVERSE(phone, exchanges);
}

/* "The signing key gets VERIFY twice (login, then per-signature consent)." */
static void the_signing_key_is_verified_for_twice(void **state)
{
        (void)state;
        static const struct exchange exchanges[] = {
                { SELECT_AP, SW_OK, "", 0 }, { "00A4020C02001B", SW_OK, "", 0 },
                { "0020008009 50415353574F524431", SW_OK, "", 0 }, { "00A4020C020001", SW_OK, "", 0 },
                { "00B0000004", SW_OK, "308205D8", 4 }, { "00A4020C02001B", SW_OK, "", 0 },
                { "0020008009 50415353574F524431", SW_OK, "", 0 }, { "00A4020C02001A", SW_OK, "", 0 },
                { "802A008033" DIGEST_INFO "00", SW_OK, "*", 256 }, { "00A4020C02001B", SW_OK, "", 0 },
                { "0020008009 70617373776F726431", SW_OK, "", 0 }, /* upper case is the client's habit */
        };
        CONVERSE(phone, exchanges);
        CONVERSE(card, exchanges);
}

/* "The empty VERIFY must always answer 63Cx: 63C0 when locked." */
static void a_locked_token_is_still_one(void **state)
{
        (void)state;
        static const struct exchange exchanges[] = {
                { SELECT_AP, SW_OK, "", 0 },
                { "00A4020C020018", SW_OK, "", 0 },
                { "002000800430303030", 0x63C2, "", 0 },
                { "002000800430303030", 0x63C1, "", 0 },
                { "002000800430303030", 0x63C0, "", 0 },
                { "002000800431323334", SW_UNUSABLE, "", 0 },
                { "002000800430303030", SW_UNUSABLE, "", 0 },
                { "00200080", 0x63C0, "", 0 },
                { SELECT_AP, SW_OK, "", 0 },
                { "00A4020C020018", SW_OK, "", 0 },
                { "00200080", 0x63C0, "", 0 },
                { "002401800435363738", SW_SECURITY_STATUS, "", 0 },
                { "00A4020C02001B", SW_OK, "", 0 },
                { "00200080", 0x63C5, "", 0 },
                { "0020008009 50415353574F524431", SW_OK, "", 0 },
        };
        CONVERSE(phone, exchanges);
        CONVERSE(card, exchanges);
}

/* What no driver does and `scriptor` can: change the PIN. */
static void a_script_changes_the_pin(void **state)
{
        (void)state;
        static const struct exchange exchanges[] = {
                { SELECT_AP, SW_OK, "", 0 },
                { "00A4020C020018", SW_OK, "", 0 },
                { "002401800435363738", SW_SECURITY_STATUS, "", 0 },
                { "002000800431323334", SW_OK, "", 0 },
                { "0024018003353637", SW_WRONG_DATA, "", 0 },
                { "00240180053536373839", SW_WRONG_DATA, "", 0 },
                { "002401800435363741", SW_WRONG_DATA, "", 0 },
                { "0024018008 3132333435363738", SW_WRONG_DATA, "", 0 }, /* old and new, ISO's other form */
                { "002400800435363738", SW_WRONG_P1P2, "", 0 },
                { "002401800435363738", SW_OK, "", 0 },
                { "00A4020C020017", SW_OK, "", 0 },
                { "802A008033" DIGEST_INFO "00", SW_OK, "*", 256 },
                { SELECT_AP, SW_OK, "", 0 },
                { "00A4020C020018", SW_OK, "", 0 },
                { "002000800431323334", 0x63C2, "", 0 },
                { "002000800435363738", SW_OK, "", 0 },
        };
        CONVERSE(phone, exchanges);
}

/* ---- lengths ---- */

/* The same commands with extended lengths, and one signature of a long message. */
static void extended_lengths_are_taken(void **state)
{
        (void)state;
        static const struct exchange exchanges[] = {
                { SELECT_AP, SW_OK, "", 0 },
                { "00A4020C 0000020018", SW_OK, "", 0 },
                { "00200080 00000431323334", SW_OK, "", 0 },
                { "00A4020C 000002000A", SW_OK, "", 0 },
                { "00B00000 000000", SW_OK, "30820510", 1300 },
                { "00B00000 000400", SW_OK, "30820510", 1024 },
                { "00B00500 000100", SW_OK, "*", 20 },
                { "802A0397 00000178 0000", SW_OK, "*", 256 },
                { "802A0397 00000178 0100", SW_OK, "*", 256 },
                { "00840000 000008", SW_OK, "*", 8 },
                { "00840000 000101", SW_WRONG_LENGTH, "", 0 },
        };
        CONVERSE(phone, exchanges);
}

/* Lc and Le that are wrong, missing or too many: refused, and no try is spent. */
static void lengths_that_disagree_are_refused(void **state)
{
        (void)state;
        static const struct exchange exchanges[] = {
                { SELECT_AP, SW_OK, "", 0 },
                { "00A4020C020018", SW_OK, "", 0 },
                { "0020008005 31323334", SW_WRONG_LENGTH, "", 0 },
                { "0020008003 3132333435", SW_WRONG_LENGTH, "", 0 },
                { "00200080 00000531323334", SW_WRONG_LENGTH, "", 0 },
                { "00200080 000000 31323334", SW_WRONG_LENGTH, "", 0 },
                { "00200080 0000", SW_WRONG_LENGTH, "", 0 },
                { "002000", SW_WRONG_LENGTH, "", 0 },
                { "00", SW_WRONG_LENGTH, "", 0 },
                { "", SW_WRONG_LENGTH, "", 0 },
                { "00200080", 0x63C3, "", 0 },
                { "0020008000", 0x63C3, "", 0 }, /* Le: a query too */
                { "002000800431323334", SW_OK, "", 0 },
                { "802A0397 01 78", SW_WRONG_LENGTH, "", 0 },    /* no Le */
                { "802A0397 01 78 FF", SW_WRONG_LENGTH, "", 0 }, /* one byte too few */
                { "802A0397 00000178 00FF", SW_WRONG_LENGTH, "", 0 },
                { "802A0397 00", SW_WRONG_LENGTH, "", 0 }, /* nothing to sign */
                { "802A0397", SW_WRONG_LENGTH, "", 0 },
                { "802A0397 01 78 00", SW_OK, "*", 256 },
                { "00B0000001", SW_WRONG_FILE_TYPE, "", 0 },
                { "00A4020C02000B", SW_OK, "", 0 },
                { "00B00000", SW_WRONG_LENGTH, "", 0 },
                { "00B00000 01 00 04", SW_WRONG_LENGTH, "", 0 },
                { "00B0000001", SW_OK, "30", 1 },
                { "00B0044B01", SW_OK, "*", 1 },
                { "00B0044BFF", SW_OK, "*", 1 },
                { "00B0044C01", SW_OFFSET, "", 0 },
                { "00B07FFF01", SW_OFFSET, "", 0 },
                { "00B0800001", SW_WRONG_P1P2, "", 0 },
                { "00840000", SW_WRONG_LENGTH, "", 0 },
                { "00840000 01 00 08", SW_WRONG_LENGTH, "", 0 },
                { "00840100 08", SW_WRONG_P1P2, "", 0 },
        };
        CONVERSE(phone, exchanges);
}

/* Each command that does something, cut anywhere and with a byte too many: nothing but its whole does it. */
static void a_command_is_itself_only_when_it_is_whole(void **state)
{
        (void)state;
        static const char *const commands[] = { "002000800430303030", "002401800435363738",
                "00240180 00000435363738" };
        uint8_t bytes[64];
        for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
                struct element_rig *rig = calloc(1, sizeof *rig);
                element_rig_clone(&phone, rig);
                assert_int_equal(element_rig_select(rig, element_rig_jpki), SW_OK);
                assert_int_equal(element_rig_select_file(rig, 0x0018), SW_OK);
                assert_int_equal(element_rig_command(rig, 0x00200080, slice_text("1234")), SW_OK);
                slice whole = hex_decode(commands[i], bytes, sizeof bytes - 2);
                unsigned writes = rig->medium.writes;
                for (size_t size = 0; size < whole.size; size++) {
                        (void)element_rig_transmit(rig, slice_of(bytes, size));
                        assert_int_not_equal(rig->sw, SW_OK);
                        assert_int_equal(rig->medium.writes, writes);
                }
                bytes[whole.size] = bytes[whole.size + 1] = '5';
                (void)element_rig_transmit(rig, slice_of(bytes, whole.size + 2 + (i == 2)));
                assert_int_equal(rig->sw, SW_WRONG_LENGTH);
                assert_int_equal(rig->medium.writes, writes);
                element_rig_close(rig);
                free(rig);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(other_cards_are_asked_for_in_vain),
                cmocka_unit_test(a_card_is_bound_and_signs),
                cmocka_unit_test(a_phone_is_bound_and_signs),
                cmocka_unit_test(the_signing_key_is_verified_for_twice),
                cmocka_unit_test(a_locked_token_is_still_one),
                cmocka_unit_test(a_script_changes_the_pin),
                cmocka_unit_test(extended_lengths_are_taken),
                cmocka_unit_test(lengths_that_disagree_are_refused),
                cmocka_unit_test(a_command_is_itself_only_when_it_is_whole),
        };
        return cmocka_run_group_tests(tests, make_both, drop_both);
}
