/* SPDX-License-Identifier: Apache-2.0 */
/* What is printed for a person: decoded, cut where it is long, and never a PIN. */
#include "authdata.h"
#include "ceremony_rig.h"
#include "hex_text.h"
#include "print.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *text;
static size_t text_size;

static FILE *begin(void)
{
        FILE *out = open_memstream(&text, &text_size);
        assert_non_null(out);
        return out;
}

/* What was printed is exactly this. */
static void expect(FILE *out, const char *wanted)
{
        assert_int_equal(fclose(out), 0);
        assert_string_equal(text, wanted);
        free(text);
}

static void expect_part(FILE *out, const char *wanted, const char *unwanted)
{
        assert_int_equal(fclose(out), 0);
        if (!strstr(text, wanted))
                fail_msg("%s\nlacks: %s", text, wanted);
        if (unwanted && strstr(text, unwanted))
                fail_msg("%s\nholds: %s", text, unwanted);
        free(text);
}

static slice hex(const char *digits)
{
        static uint8_t buffer[2048];
        slice bytes = { 0 };
        mitome_error error = { 0 };
        assert_int_equal(
                hex_text_decode(slice_text(digits), "digits", buffer, sizeof buffer, &bytes, &error).code, 0);
        return bytes;
}

/* ---- hexadecimal text ---- */

static void hex_is_read_with_white_space_between_bytes(void **state)
{
        const uint8_t wanted[] = { 0x00, 0xA4, 0xff };
        (void)state;
        assert_true(slice_equal(hex(" 00A4\n\tfF\r\n"), SLICE(wanted)));
}

static void hex_is_refused_where_it_is_wrong(void **state)
{
        static const struct {
                const char *text;
                mitome_code code;
                size_t at;
        } cases[] = {
                { "00g0", MITOME_E_VALUE, 2 },
                { "0 0", MITOME_E_VALUE, 1 },
                { "0x00", MITOME_E_VALUE, 1 },
                { "-1", MITOME_E_VALUE, 0 },
                { "000", MITOME_E_INPUT_ENDS, 3 },
                { "", MITOME_E_MISSING, MITOME_NOWHERE },
                { " \n", MITOME_E_MISSING, MITOME_NOWHERE },
                { "0011223344", MITOME_E_BUFFER_FULL, MITOME_NOWHERE },
        };
        (void)state;
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                uint8_t buffer[4];
                slice kept = { .size = 99 };
                mitome_error error = { 0 };
                mitome_status status = hex_text_decode(
                        slice_text(cases[i].text), "digits", buffer, sizeof buffer, &kept, &error);
                assert_int_equal(status.code, cases[i].code);
                assert_int_equal(error.code, cases[i].code);
                assert_int_equal(error.at, cases[i].at);
                assert_int_equal(kept.size, 99);
        }
}

/* ---- bytes and text ---- */

static void long_bytes_are_cut_and_counted(void **state)
{
        (void)state;
        FILE *out = begin();
        print_hex(out, hex("0011223344"), 5);
        fputc(' ', out);
        print_hex(out, hex("0011223344"), 2);
        fputc(' ', out);
        print_hex(out, slice_of(NULL, 0), 2);
        expect(out, "0011223344 0011\xE2\x80\xA6 (5 bytes) ");
}

/* A relying party's name must not move the cursor: C0, DEL and C1 (U+0080..U+009F) are shown, not sent. */
static void text_cannot_steer_a_terminal(void **state)
{
        static const char nasty[] = "a\x1B[2J\x07\x7F\xC2\x9B"
                                    "31m\xC2\xA0\xE8\xAA\x8D";
        (void)state;
        FILE *out = begin();
        print_text(out, slice_of(nasty, sizeof nasty - 1));
        expect(out, "\"a\\x1b[2J\\x07\\x7f\\xc2\\x9b31m\xC2\xA0\xE8\xAA\x8D\"");
}

/* ---- CBOR ---- */

static void every_kind_of_item_is_printed(void **state)
{
        (void)state;
        FILE *out = begin();
        /* {1: h'00..09', "a": [true, false, null, -8], "b": {}} */
        slice item = hex("a3 01 4a00010203040506070809 6161 84f5f4f627 6162 a0");
        assert_int_equal(print_cbor(out, item, NULL, false, NULL).code, 0);
        fputc('\n', out);
        static const char *const list[] = { NULL, "one" };
        const struct print_names names = { list, 2 };
        assert_int_equal(print_cbor(out, item, &names, true, NULL).code, 0);
        expect(out,
                "{1: h'0001020304050607\xE2\x80\xA6 (10 bytes)', \"a\": [true, false, null, -8], \"b\": {}}\n"
                "{one: h'00010203040506070809', \"a\": [true, false, null, -8], \"b\": {}}");
}

/* Bad input: nothing is printed, and the place is told. */
static void bad_cbor_is_refused_before_a_character(void **state)
{
        static const struct {
                const char *digits;
                mitome_code code;
                size_t at;
        } cases[] = {
                { "a201616102", MITOME_E_INPUT_ENDS, 5 },
                { "a201000100", MITOME_E_CBOR_DUPLICATE_KEY, 3 },
                { "a202000100", MITOME_E_CBOR_KEY_ORDER, 3 },
                { "1800", MITOME_E_CBOR_NOT_CANONICAL, 0 },
                { "0000", MITOME_E_TRAILING_BYTES, 1 },
                { "c000", MITOME_E_CBOR_UNSUPPORTED, 0 },
                { "9f00ff", MITOME_E_CBOR_UNSUPPORTED, 0 },
        };
        (void)state;
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                mitome_error error = { 0 };
                FILE *out = begin();
                assert_int_equal(
                        print_cbor(out, hex(cases[i].digits), NULL, true, &error).code, cases[i].code);
                assert_int_equal(error.at, cases[i].at);
                expect(out, "");
        }
}

static void cbor_is_refused_at_every_truncation(void **state)
{
        (void)state;
        slice whole = hex("a3 01 4a00010203040506070809 6161 84f5f4f627 6162 a0");
        for (size_t size = 0; size < whole.size; size++) {
                mitome_error error = { 0 };
                FILE *out = begin();
                assert_int_equal(print_cbor(out, slice_of(whole.data, size), NULL, true, &error).code,
                        MITOME_E_INPUT_ENDS);
                assert_true(error.at <= size);
                expect(out, "");
        }
}

/* ---- CTAP ---- */

/* CTAP 2.1, 6.5.5: pinHashEnc and pinUvAuthParam are shown by their beginnings; they are encrypted or a MAC.
 */
static void ctap_messages_have_their_names(void **state)
{
        (void)state;
        FILE *out = begin();
        print_ctap(out, true, 0, hex("04"));
        print_ctap(out, false, 0x04, hex("00 a2 01 8168 4649444f5f325f30 03 40"));
        print_ctap(out, true, 0, hex("06 a2 01 02 02 01"));
        print_ctap(out, false, 0x06, hex("00 a1 03 08"));
        print_ctap(out, false, 0x02, hex("2e"));
        print_ctap(out, false, 0, hex("00 a1 03 08"));
        expect(out, "CTAP > authenticatorGetInfo (0x04)\n"
                    "CTAP < CTAP2_OK (0x00) {versions: [\"FIDO_2_0\"], aaguid: h''}\n"
                    "CTAP > authenticatorClientPIN (0x06) {pinUvAuthProtocol: 2, subCommand: 1}\n"
                    "CTAP < CTAP2_OK (0x00) {pinRetries: 8}\n"
                    "CTAP < CTAP2_ERR_NO_CREDENTIALS (0x2e)\n"
                    "CTAP < CTAP2_OK (0x00) {3: 8}\n");
}

static void strange_ctap_messages_are_printed_all_the_same(void **state)
{
        (void)state;
        FILE *out = begin();
        print_ctap(out, true, 0, slice_of(NULL, 0));
        print_ctap(out, true, 0, hex("77 a0"));
        print_ctap(out, false, 0, hex("f2"));
        print_ctap(out, true, 0, hex("01 a2 01"));
        expect(out, "CTAP (empty message)\n"
                    "CTAP > command (0x77) {}\n"
                    "CTAP < status (0xf2)\n"
                    "CTAP > authenticatorMakeCredential (0x01) not CBOR: a201\n");
        assert_true(print_ctap_knows(true, 0x40));
        assert_false(print_ctap_knows(true, 0x77));
        assert_true(print_ctap_knows(false, 0x31));
        assert_false(print_ctap_knows(false, 0xF2));
}

/* ---- APDU ---- */

static void apdus_have_their_names(void **state)
{
        (void)state;
        FILE *out = begin();
        print_apdu(out, true, hex("00A4040C 08 F04D49544F4D4501"));
        print_apdu(out, true, hex("802A0000 04 01020304"));
        print_apdu(out, true, hex("802A0080 04 01020304 00"));
        print_apdu(out, true, hex("00FE0000"));
        print_apdu(out, false, hex("9000"));
        print_apdu(out, false, hex("0102 63C2"));
        print_apdu(out, false, hex("6F01"));
        expect(out, "APDU > 00 A4 04 0C SELECT, 8 bytes: f04d49544f4d4501\n"
                    "APDU > 80 2A 00 00 CONFIRM ENROLMENT, 4 bytes: 01020304\n"
                    "APDU > 80 2A 00 80 COMPUTE DIGITAL SIGNATURE, 4 bytes: 01020304, Ne 256\n"
                    "APDU > 00 FE 00 00 command\n"
                    "APDU < 9000 done\n"
                    "APDU < 63C2 wrong, tries left in the last digit, 2 bytes: 0102\n"
                    "APDU < 6F01 status word\n");
        assert_true(print_apdu_knows(true, hex("00A4040C")));
        assert_false(print_apdu_knows(true, hex("00FE0000")));
        assert_false(print_apdu_knows(true, hex("00A4")));
        assert_true(print_apdu_knows(false, hex("9000")));
        assert_false(print_apdu_knows(false, hex("6F01")));
        assert_false(print_apdu_knows(false, hex("90")));
}

/* PINs and passwords: length only, whatever the class, the logical channel or the mistake. */
static void no_apdu_prints_a_pin(void **state)
{
        static const char *const commands[] = {
                "00200098 04 31323334",         /* VERIFY */
                "00240098 08 3132333435363738", /* CHANGE REFERENCE DATA, old and new */
                "01200098 04 31323334",         /* on logical channel 1 */
                "0C200098 04 31323334",         /* marked as sealed, and is not */
                "002C0098 04 31323334",         /* RESET RETRY COUNTER */
                "80200098 04 31323334",         /* VERIFY in the wrong class */
                "842C0098 04 31323334",         /* SET REFERENCE DATA, not sealed by mistake */
                "00200098 00000431323334",      /* extended */
                "00200098 05 31323334",         /* lengths disagree */
                "00200098 31323334",            /* no length at all */
        };
        (void)state;
        for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
                FILE *out = begin();
                print_apdu(out, true, hex(commands[i]));
                expect_part(out, "bytes", "313233");
        }
}

static void malformed_apdus_are_only_counted(void **state)
{
        (void)state;
        FILE *out = begin();
        print_apdu(out, true, hex("00A404"));
        print_apdu(out, true, hex("00A4040C 09 F04D49544F4D4501"));
        print_apdu(out, false, hex("90"));
        expect(out, "APDU > malformed, 3 bytes\nAPDU > malformed, 13 bytes\nAPDU < malformed, 1 bytes\n");
}

/* ---- credentials ---- */

static struct rig rig;
static struct rig_response built;

static int build(void **state)
{
        (void)state;
        rig_open(&rig);
        struct rig_plan plan = rig_registration_plan();
        plan.format = "packed";
        plan.attestation = RIG_CHAIN;
        rig_build(&rig, &plan, &built);
        return 0;
}

static int put_away(void **state)
{
        (void)state;
        rig_close(&rig);
        return 0;
}

/* WebAuthn L3 6.1: rpIdHash is SHA-256 of "example.org". */
static void authenticator_data_is_printed_by_its_members(void **state)
{
        (void)state;
        FILE *out = begin();
        slice data = slice_of(built.auth_data, built.auth_data_size);
        assert_int_equal(print_authdata(&(struct print_place){ out, 2, 0, NULL }, data).code, 0);
        expect_part(out,
                "  rpIdHash       bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b5\n", NULL);
}

static void authenticator_data_is_refused_at_every_truncation(void **state)
{
        (void)state;
        for (size_t size = 0; size < built.auth_data_size; size++) {
                mitome_error error = { 0 };
                FILE *out = begin();
                assert_true(failed(print_authdata(
                        &(struct print_place){ out, 2, 0, &error }, slice_of(built.auth_data, size))));
                assert_true(error.at <= size);
                expect(out, "");
        }
}

/* WebAuthn L3 6.5.4 */
static void attestation_objects_show_format_statement_and_data(void **state)
{
        static const char *const parts[] = { "  format         \"packed\"\n",
                "    alg            ES256 (-7)\n", "    sig            ", " bytes: 30",
                "    x5c[0]         certificate, ", "      subject        CN=\"", "  authenticator data, ",
                "    flags          0x4", "UP user present", "AT attested credential data", "    signCount ",
                "    AAGUID  ", "    public key     ES256 (-7), P-256\n      x            " };
        (void)state;
        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
                FILE *out = begin();
                assert_int_equal(print_attestation_object(&(struct print_place){ out, 2, 0, NULL },
                                         slice_of(built.object, built.object_size))
                                         .code,
                        0);
                expect_part(out, parts[i], NULL);
        }
}

/* Whatever is cut off: an error that names a place inside, and no crash. Only what stands before the cut is
 * ever printed. */
static void attestation_objects_are_refused_at_every_truncation(void **state)
{
        (void)state;
        for (size_t size = 0; size < built.object_size; size++) {
                mitome_error error = { 0 };
                FILE *out = begin();
                assert_true(failed(print_attestation_object(
                        &(struct print_place){ out, 2, 0, &error }, slice_of(built.object, size))));
                assert_true(error.code != MITOME_OK && error.at <= size);
                expect(out, "");
        }
}

/* Offsets count in the whole object: what is wrong in authData is told where a hex dump of the file shows it.
 */
static void errors_inside_authenticator_data_count_from_the_object(void **state)
{
        (void)state;
        mitome_error error = { 0 };
        struct rig_plan plan = rig_registration_plan();
        plan.trailing_auth_data = true;
        struct rig_response *bad = calloc(1, sizeof *bad);
        assert_non_null(bad);
        rig_build(&rig, &plan, bad);
        FILE *out = begin();
        const struct print_place place = { out, 2, 0, &error };
        assert_int_equal(print_attestation_object(&place, slice_of(bad->object, bad->object_size)).code, 0);
        assert_int_equal(error.code, MITOME_E_TRAILING_BYTES);
        assert_int_equal(error.at, bad->object_size - 1);
        expect_part(out, "    ! E113 bytes follow the end of authData at byte ", "rpIdHash");
        free(bad);
}

static void an_object_with_other_keys_is_refused(void **state)
{
        (void)state;
        mitome_error error = { 0 };
        FILE *out = begin();
        /* {"fmt": "none", "attstmt": {}, ..} */
        slice object = hex("a3 63666d74 646e6f6e65 6761747473746d74 a0 6861757468446174 61 40");
        assert_int_equal(print_attestation_object(&(struct print_place){ out, 2, 0, &error }, object).code,
                MITOME_E_VALUE);
        assert_string_equal(error.field, "attestationObject");
        assert_int_equal(error.at, 18);
        expect(out, "");
}

static void keys_of_every_type_are_printed(void **state)
{
        static const struct {
                enum rig_key key;
                const char *wanted;
        } cases[] = {
                { RIG_ES256, "public key     ES256 (-7), P-256\n  x            " },
                { RIG_EDDSA, "public key     EdDSA (-8), Ed25519\n  x            " },
                { RIG_RS256, "public key     RS256 (-257), RSA of 2048 bits\n  n            " },
        };
        (void)state;
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct rig_plan plan = rig_registration_plan();
                struct rig_response *response = calloc(1, sizeof *response);
                assert_non_null(response);
                plan.key = cases[i].key;
                rig_build(&rig, &plan, response);
                slice key = slice_of(response->public_key, response->public_key_size);
                FILE *out = begin();
                assert_int_equal(print_cose_key(&(struct print_place){ out, 0, 0, NULL }, key).code, 0);
                expect_part(out, cases[i].wanted, NULL);
                for (size_t size = 0; size < key.size; size++) {
                        out = begin();
                        assert_true(failed(print_cose_key(
                                &(struct print_place){ out, 0, 0, NULL }, slice_of(key.data, size))));
                        expect(out, "");
                }
                free(response);
        }
}

int main(void)
{
        const struct CMUnitTest bytes[] = {
                cmocka_unit_test(hex_is_read_with_white_space_between_bytes),
                cmocka_unit_test(hex_is_refused_where_it_is_wrong),
                cmocka_unit_test(long_bytes_are_cut_and_counted),
                cmocka_unit_test(text_cannot_steer_a_terminal),
                cmocka_unit_test(every_kind_of_item_is_printed),
                cmocka_unit_test(bad_cbor_is_refused_before_a_character),
                cmocka_unit_test(cbor_is_refused_at_every_truncation),
                cmocka_unit_test(ctap_messages_have_their_names),
                cmocka_unit_test(strange_ctap_messages_are_printed_all_the_same),
                cmocka_unit_test(apdus_have_their_names),
                cmocka_unit_test(no_apdu_prints_a_pin),
                cmocka_unit_test(malformed_apdus_are_only_counted),
        };
        const struct CMUnitTest credentials[] = {
                cmocka_unit_test(authenticator_data_is_printed_by_its_members),
                cmocka_unit_test(authenticator_data_is_refused_at_every_truncation),
                cmocka_unit_test(attestation_objects_show_format_statement_and_data),
                cmocka_unit_test(attestation_objects_are_refused_at_every_truncation),
                cmocka_unit_test(errors_inside_authenticator_data_count_from_the_object),
                cmocka_unit_test(an_object_with_other_keys_is_refused),
                cmocka_unit_test(keys_of_every_type_are_printed),
        };
        int wrong = cmocka_run_group_tests(bytes, NULL, NULL);
        return wrong + cmocka_run_group_tests(credentials, build, put_away);
}
