/* SPDX-License-Identifier: Apache-2.0 */
/* authenticatorGetInfo (CTAP 2.1, 6.4; later members by 2.2 and 2.3): what the element says of itself, told,
 * and consistent with itself. */
#include "core_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ABSENT = -1, GET_INFO = 0x04 };

static const struct core_config usb = { .transports = MITOME_TRANSPORT_USB, .blobs = true };

static int set_up(void **state)
{
        *state = core_rig_new(&usb);
        return 0;
}

static int tear_down(void **state)
{
        core_rig_free(*state);
        return 0;
}

static void ask_info(struct core_rig *rig)
{
        core_rig_command(rig, GET_INFO);
        core_rig_answer_state(rig);
        core_rig_expect_status(rig, CTAP2_OK);
}

static int option(const struct core_rig *rig, const char *name)
{
        struct cbor_reader r;
        struct cbor_members map;
        struct cbor_key key;
        bool more, value;
        int found = ABSENT;
        assert_true(core_rig_member(rig, 4, &r));
        assert_int_equal(cbor_open_map(&r, "options", 32, &map).code, MITOME_OK);
        for (;;) {
                assert_int_equal(cbor_next_key(&r, &map, &key, &more).code, MITOME_OK);
                if (!more)
                        return found;
                assert_int_equal(cbor_read_bool(&r, "option", &value).code, MITOME_OK);
                if (key.is_text && slice_is(key.text, name))
                        found = value;
        }
}

static bool lists(const struct core_rig *rig, int64_t key, const char *text)
{
        struct cbor_reader r;
        struct cbor_members list;
        slice item;
        bool found = false;
        if (!core_rig_member(rig, key, &r))
                return false;
        assert_int_equal(cbor_open_array(&r, "list", 32, &list).code, MITOME_OK);
        while (cbor_next_element(&r, &list)) {
                assert_int_equal(cbor_read_text(&r, "text", 64, &item).code, MITOME_OK);
                found |= slice_is(item, text);
        }
        return found;
}

static bool has(const struct core_rig *rig, int64_t key)
{
        struct cbor_reader r;
        return core_rig_member(rig, key, &r);
}

static bool truth(const struct core_rig *rig, int64_t key)
{
        struct cbor_reader r;
        bool value;
        assert_true(core_rig_member(rig, key, &r));
        assert_int_equal(cbor_read_bool(&r, "member", &value).code, MITOME_OK);
        return value;
}

/* ---- options, [6.4 0x04] ---- */

/* [6.4 clientPin] [6.4 uv] [6.4 bioEnroll] [6.4 userVerificationMgmtPreview] [6.4 ep] [7.1] [6.4 alwaysUv]
 * [6.7.1] */
static void options_follow_the_element(void **state)
{
        struct core_rig *rig = *state;
        static const struct {
                uint8_t flags, flags2;
                int client_pin, uv, bio, ep, always_uv;
        } cases[] = {
                { 0, 0, 0, ABSENT, ABSENT, ABSENT, 0 },
                { RIG_PIN, 0, 1, ABSENT, ABSENT, ABSENT, 0 },
                { RIG_PIN | RIG_PAIRED, 0, 1, 0, 0, ABSENT, 0 },
                { RIG_PIN | RIG_PAIRED, RIG_ENROLLED, 1, 0, 1, ABSENT, 0 }, /* closed: no tries left */
                { RIG_PIN | RIG_PAIRED | RIG_OPEN, RIG_ENROLLED, 1, 1, 1, ABSENT, 0 },
                { RIG_PIN, RIG_LIST, 1, ABSENT, ABSENT, 0, 0 },
                { RIG_PIN | RIG_ENTERPRISE, RIG_LIST, 1, ABSENT, ABSENT, 1, 0 },
                { RIG_PIN, RIG_ALWAYS_UV, 1, ABSENT, ABSENT, ABSENT, 1 },
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                rig->state.flags = cases[i].flags;
                rig->state.flags2 = cases[i].flags2;
                ask_info(rig);
                assert_int_equal(option(rig, "clientPin"), cases[i].client_pin);
                assert_int_equal(option(rig, "uv"), cases[i].uv);
                assert_int_equal(option(rig, "bioEnroll"), cases[i].bio);
                assert_int_equal(option(rig, "userVerificationMgmtPreview"), cases[i].bio);
                assert_int_equal(option(rig, "ep"), cases[i].ep);
                assert_int_equal(option(rig, "alwaysUv"), cases[i].always_uv);
        }
}

/* [6.4 uvBioEnroll] [6.4 uvAcfg] [6.4 noMcGaPermissionsWithClientPin] [6.4 rk] [6.4 up] [6.4 credMgmt]
 * [6.8.1] [6.4 authnrCfg] [6.4 largeBlobs] [6.10.1] [2.2 6.4 perCredMgmtRO] [6.4 pinUvAuthToken] [6.4
 * setMinPINLength] [7.4.1] [6.4 credentialMgmtPreview] */
static void options_that_never_change(void **state)
{
        struct core_rig *rig = *state;
        static const char *const always[] = { "rk", "credMgmt", "authnrCfg", "largeBlobs", "perCredMgmtRO",
                "pinUvAuthToken", "setMinPINLength", "credentialMgmtPreview" };
        static const char *const not_there[] = { "uvBioEnroll", "uvAcfg", "uvToken",
                "up" /* its default is true */, "noMcGaPermissionsWithClientPin" };
        ask_info(rig);
        for (size_t i = 0; i < sizeof always / sizeof *always; i++)
                assert_int_equal(option(rig, always[i]), 1);
        for (size_t i = 0; i < sizeof not_there / sizeof *not_there; i++)
                assert_int_equal(option(rig, not_there[i]), ABSENT);
}

/* [6.4 makeCredUvNotRqd] never; [7.2.4] with alwaysUv there is no U2F either */
static void always_uv_shuts_other_doors(void **state)
{
        struct core_rig *rig = *state;
        ask_info(rig);
        assert_int_equal(option(rig, "makeCredUvNotRqd"), ABSENT);
        assert_true(lists(rig, 1, "U2F_V2"));
        rig->state.flags2 = RIG_ALWAYS_UV;
        ask_info(rig);
        assert_int_equal(option(rig, "makeCredUvNotRqd"), ABSENT);
        assert_false(lists(rig, 1, "U2F_V2"));
}

/* [6.4 plat] "plat" is for the app that this is a part of; to HID and NFC it is a roaming authenticator. */
static void only_its_app_sees_a_platform_authenticator(void **state)
{
        struct core_rig *rig = *state;
        static const enum core_caller callers[] = { CORE_CALLER_HID, CORE_CALLER_NFC, CORE_CALLER_APP };
        for (size_t i = 0; i < 3; i++) {
                rig->caller = callers[i];
                ask_info(rig);
                assert_int_equal(option(rig, "plat"), callers[i] == CORE_CALLER_APP);
        }
}

/* ---- the other members ---- */

/* [6.4 0x01] [6.4 0x02] [6.4 0x03] [6.4 0x05] [6.4 0x07] [6.4 0x08] [6.4 0x09] [6.4 0x0B] [6.4 0x0D] [6.4
 * 0x0E] [6.4 0x0F] [6.4 0x10] [6.4 0x14] [2.2 6.4 0x16] [2.2 6.4 0x18] [2.2 6.4 0x1A] [2.2 6.4 0x1D] */
static void members_that_are_always_there(void **state)
{
        struct core_rig *rig = *state;
        static const uint8_t aaguid[16] = { 0xAA, 0x01 };
        ask_info(rig);
        assert_true(lists(rig, 1, "FIDO_2_0") && lists(rig, 1, "FIDO_2_1_PRE") && lists(rig, 1, "FIDO_2_1"));
        assert_true(lists(rig, 1, "FIDO_2_2") && lists(rig, 1, "FIDO_2_3"));
        assert_true(lists(rig, 2, "hmac-secret") && lists(rig, 2, "hmac-secret-mc"));
        assert_true(lists(rig, 2, "credProtect") && lists(rig, 2, "credBlob"));
        assert_true(lists(rig, 2, "largeBlobKey") && lists(rig, 2, "minPinLength"));
        assert_true(lists(rig, 2, "thirdPartyPayment") && lists(rig, 2, "mitome-jpki"));
        assert_true(lists(rig, 2, "pinComplexityPolicy"));
        core_rig_same(core_rig_bytes_of(rig, 3), aaguid, sizeof aaguid);
        assert_int_equal(core_rig_number_of(rig, 5), CORE_MESSAGE_MAX);
        assert_int_equal(core_rig_number_of(rig, 7), 64);
        assert_int_equal(core_rig_number_of(rig, 8), 32);
        assert_true(lists(rig, 9, "usb") && !lists(rig, 9, "nfc") && !lists(rig, 9, "internal"));
        assert_int_equal(core_rig_number_of(rig, 0x0B), 8192);
        assert_int_equal(core_rig_number_of(rig, 0x0D), 4);
        assert_int_equal(core_rig_number_of(rig, 0x0E), 1);
        assert_int_equal(core_rig_number_of(rig, 0x0F), 64);
        assert_int_equal(core_rig_number_of(rig, 0x10), 8);
        assert_int_equal(core_rig_number_of(rig, 0x14), 0x0102);
        assert_true(lists(rig, 0x16, "packed") && lists(rig, 0x16, "none"));
        assert_false(truth(rig, 0x18));
        assert_true(lists(rig, 0x1A, "usb"));
        assert_int_equal(core_rig_number_of(rig, 0x1D), 63);
        /* [6.4 0x13] [6.4 0x15] [2.2 6.4 0x1C] of these there is nothing to tell */
        assert_false(has(rig, 0x13) || has(rig, 0x15) || has(rig, 0x1C));
}

/* [6.4 0x11] [6.4 0x12] [2.2 6.4 0x17] only where there is built-in user verification */
static void members_of_the_finger(void **state)
{
        struct core_rig *rig = *state;
        static const int64_t keys[] = { 0x11, 0x12, 0x17 };
        rig->state.uv_count = 70000;
        ask_info(rig);
        for (size_t i = 0; i < 3; i++)
                assert_false(has(rig, keys[i]));
        rig->state.flags = RIG_PAIRED;
        ask_info(rig);
        assert_int_equal(core_rig_number_of(rig, 0x11), 3);
        assert_int_equal(core_rig_number_of(rig, 0x12), 2);
        assert_int_equal(core_rig_number_of(rig, 0x17), 70000);
        /* by what the paired matcher compares: finger, face, iris */
        static const uint8_t methods[] = { 0x02, 0x10, 0x40 };
        for (uint8_t modality = 1; modality <= 3; modality++) {
                rig->state.modality = modality;
                ask_info(rig);
                assert_int_equal(core_rig_number_of(rig, 0x12), methods[modality - 1]);
        }
}

/* [2.2 6.4 0x19] [2.3 6.4 0x1E] */
static void identifiers_are_for_who_holds_the_persistent_token(void **state)
{
        struct core_rig *rig = *state;
        ask_info(rig);
        assert_false(has(rig, 0x19) || has(rig, 0x1E));
        rig->state.persistent = true;
        ask_info(rig);
        assert_int_equal(core_rig_bytes_of(rig, 0x19).size, 32);
        assert_int_equal(core_rig_bytes_of(rig, 0x1E).size, 32);
}

/* [6.4 0x0C] [2.2 6.4 0x1B] [2.2 6.4 0x1D] */
static void pin_policy_is_told(void **state)
{
        struct core_rig *rig = *state;
        ask_info(rig);
        assert_false(truth(rig, 0x0C) || truth(rig, 0x1B));
        rig->state.flags = RIG_PIN | RIG_PERSONALISED;
        rig->state.flags2 = RIG_FORCE_CHANGE;
        rig->state.min_pin_length = 4;
        ask_info(rig);
        assert_true(truth(rig, 0x0C) && truth(rig, 0x1B));
        assert_int_equal(core_rig_number_of(rig, 0x0D), 4);
        assert_int_equal(core_rig_number_of(rig, 0x1D), 4);
        rig->state.flags = RIG_PIN;
        rig->state.min_pin_length = 63;
        ask_info(rig);
        assert_int_equal(core_rig_number_of(rig, 0x0D), 63);
        assert_int_equal(core_rig_number_of(rig, 0x1D), 63);
}

/* [6.4 0x0A] [2.2 6.4 0x16] [2.2 6.4 0x1F] what is for listed relying parties only */
static void enterprise_members(void **state)
{
        struct core_rig *rig = *state;
        static const struct {
                uint8_t flags, flags2;
                size_t algorithms, commands;
                bool format;
        } cases[] = {
                { 0, 0, 3, 2, false },
                { RIG_CERTIFICATE, RIG_LIST, 3, 3, false },
                { RIG_ENTERPRISE, RIG_LIST, 3, 3, false },
                { RIG_ENTERPRISE | RIG_PERSONALISED, RIG_LIST, 3, 3, true },
                { RIG_ENTERPRISE | RIG_PERSONALISED | RIG_CERTIFICATE, RIG_LIST, 4, 3, true },
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                struct cbor_reader r;
                struct cbor_members list;
                rig->state.flags = cases[i].flags;
                rig->state.flags2 = cases[i].flags2;
                ask_info(rig);
                assert_true(core_rig_member(rig, 0x0A, &r));
                assert_int_equal(cbor_open_array(&r, "algorithms", 8, &list).code, MITOME_OK);
                assert_int_equal(list.left, cases[i].algorithms);
                assert_true(core_rig_member(rig, 0x1F, &r));
                assert_int_equal(cbor_open_array(&r, "commands", 8, &list).code, MITOME_OK);
                assert_int_equal(list.left, cases[i].commands);
                assert_int_equal(lists(rig, 0x16, "mitome-jpki"), cases[i].format);
        }
}

/* [6.4 0x06] protocol 2 is preferred */
static void both_pin_protocols_are_there(void **state)
{
        struct core_rig *rig = *state;
        struct cbor_reader r;
        struct cbor_members list;
        uint64_t protocol;
        ask_info(rig);
        assert_true(core_rig_member(rig, 6, &r));
        assert_int_equal(cbor_open_array(&r, "protocols", 2, &list).code, MITOME_OK);
        for (uint64_t wanted = 2; wanted >= 1; wanted--) {
                assert_true(cbor_next_element(&r, &list));
                assert_int_equal(cbor_read_uint(&r, "protocol", 2, &protocol).code, MITOME_OK);
                assert_int_equal(protocol, wanted);
        }
        assert_false(cbor_next_element(&r, &list));
}

/* [6.4 0x0E] whoever gives touches by a program has to say so, or others would believe them */
static void a_program_that_touches_says_so(void **state)
{
        static const struct core_config config = { .transports = MITOME_TRANSPORT_USB, .test_touch = true };
        struct core_rig *rig = core_rig_new(&config);
        (void)state;
        ask_info(rig);
        assert_true(core_rig_number_of(rig, 0x0E) == (UINT64_C(0x54455354) << 32 | 1));
        core_rig_free(rig);
}

/* [6.4 largeBlobs] [6.10.1] Without a place for the array there are no large blobs, and nothing says there
 * were. */
static void large_blobs_want_a_place(void **state)
{
        static const struct core_config config = { .transports = MITOME_TRANSPORT_NFC };
        struct core_rig *rig = core_rig_new(&config);
        (void)state;
        ask_info(rig);
        assert_int_equal(option(rig, "largeBlobs"), 0);
        assert_false(has(rig, 0x0B) || lists(rig, 2, "largeBlobKey"));
        assert_true(lists(rig, 9, "nfc") && !lists(rig, 9, "usb"));
        assert_false(lists(rig, 0x1A, "nfc")); /* nobody resets without holding the device */
        core_rig_free(rig);
}

/* [6.4 0x09] */
static void a_card_with_contacts_says_so(void **state)
{
        static const struct core_config config = { .transports = MITOME_TRANSPORT_SMART_CARD };
        struct core_rig *rig = core_rig_new(&config);
        (void)state;
        ask_info(rig);
        assert_true(lists(rig, 9, "smart-card") && !lists(rig, 9, "usb") && !lists(rig, 9, "nfc"));
        assert_true(lists(rig, 0x1A, "smart-card"));
        core_rig_free(rig);
}

/* ---- consistency: [6.4 0x07] what getInfo names must be sendable in one message ---- */

static void write_id(writer *w)
{
        static const uint8_t id[32] = { 0x1D };
        cbor_write_map(w, 2);
        cbor_write_string(w, "id");
        cbor_write_bytes(w, SLICE(id));
        cbor_write_string(w, "type");
        cbor_write_string(w, "public-key");
}

static void the_longest_list_fits_the_longest_message(void **state)
{
        struct core_rig *rig = *state;
        static const uint8_t hash[32] = { 0xC0 }, param[32] = { 0xA0 };
        static char rp_id[254];
        memset(rp_id, 'r', sizeof rp_id - 1);
        ask_info(rig);
        size_t count = core_rig_number_of(rig, 7);
        writer *w = core_rig_begin(rig, 0x02, 5);
        cbor_write_uint(w, 1);
        cbor_write_string(w, rp_id);
        cbor_write_uint(w, 2);
        cbor_write_bytes(w, SLICE(hash));
        cbor_write_uint(w, 3);
        cbor_write_array(w, count);
        for (size_t i = 0; i < count; i++)
                write_id(w);
        cbor_write_uint(w, 6);
        cbor_write_bytes(w, SLICE(param));
        cbor_write_uint(w, 7);
        cbor_write_uint(w, 2);
        assert_true(w->used <= core_rig_number_of(rig, 5));
        core_rig_go(rig);
        core_rig_answer_state(rig);
        core_rig_expect_apdu(rig, RIG_BEGIN); /* it was taken */
        core_rig_respond(rig, (slice){ 0 }, SW_SECURITY_STATUS);
        core_rig_expect_status(rig, CTAP2_ERR_PIN_AUTH_INVALID);
}

/* [6.4] */
static void info_takes_no_input(void **state)
{
        struct core_rig *rig = *state;
        static const uint8_t message[] = { 0x04, 0xA0 };
        core_rig_bytes(rig, CORE_REQUEST, SLICE(message));
        core_rig_expect_status(rig, CTAP1_ERR_INVALID_LENGTH);
}

enum flaw { MISSING, TWICE, SHORT, LONG, FLAWS };

/* A state with one field missing, there twice, or of another size. */
static slice flawed_state(writer *w, size_t field, enum flaw flaw)
{
        static const uint8_t tags[] = { 0x80, 0x86, 0x81, 0x82, 0x83, 0x84, 0x85, 0x87, 0x8A, 0x8D };
        static const uint8_t sizes[] = { 16, 1, 1, 1, 1, 1, 2, 2, 4, 2 }, zeros[17];
        for (size_t i = 0; i < sizeof tags; i++) {
                size_t size = sizes[i];
                if (i == field && flaw == MISSING)
                        continue;
                if (i == field && flaw == TWICE)
                        tlv_write(w, tags[i], slice_of(zeros, size));
                if (i == field && (flaw == SHORT || flaw == LONG))
                        size = flaw == SHORT ? size - 1 : size + 1;
                tlv_write(w, tags[i], slice_of(zeros, size));
        }
        return writer_view(w);
}

/* The state of an element is not believed in parts. */
static void half_a_state_is_none(void **state)
{
        struct core_rig *rig = *state;
        enum { FIELDS = 10, FLAGS2 = 1, MATCHER = 9 };
        for (size_t field = 0; field < FIELDS; field++) {
                for (enum flaw flaw = MISSING; flaw < FLAWS; flaw++) {
                        uint8_t bytes[200];
                        writer w = WRITER(bytes);
                        slice answer = flawed_state(&w, field, flaw);
                        core_rig_command(rig, GET_INFO);
                        core_rig_respond(rig, answer, SW_OK);
                        bool of_before = (field == FLAGS2 || field == MATCHER) && flaw == MISSING;
                        core_rig_expect_status(rig, of_before ? CTAP2_OK : CTAP1_ERR_OTHER);
                }
        }
        core_rig_expect_idle(rig);
}

/* Nor is one that ends in the middle. */
static void every_truncation_of_a_state_is_refused(void **state)
{
        struct core_rig *rig = *state;
        uint8_t bytes[200];
        writer w = WRITER(bytes);
        enum { MATCHER_SIZE = 4 }; /* the last field, which elements of before do not have */
        slice whole = flawed_state(&w, SIZE_MAX, MISSING);
        for (size_t cut = 0; cut < whole.size; cut++) {
                core_rig_command(rig, GET_INFO);
                core_rig_respond(rig, slice_of(bytes, cut), SW_OK);
                core_rig_expect_status(rig, cut == whole.size - MATCHER_SIZE ? CTAP2_OK : CTAP1_ERR_OTHER);
        }
        core_rig_command(rig, GET_INFO);
        core_rig_respond(rig, whole, SW_OK);
        core_rig_expect_status(rig, CTAP2_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(options_follow_the_element),
                TEST(options_that_never_change),
                TEST(always_uv_shuts_other_doors),
                TEST(only_its_app_sees_a_platform_authenticator),
                TEST(members_that_are_always_there),
                TEST(members_of_the_finger),
                TEST(identifiers_are_for_who_holds_the_persistent_token),
                TEST(pin_policy_is_told),
                TEST(enterprise_members),
                TEST(both_pin_protocols_are_there),
                TEST(a_program_that_touches_says_so),
                TEST(large_blobs_want_a_place),
                TEST(a_card_with_contacts_says_so),
                TEST(the_longest_list_fits_the_longest_message),
                TEST(info_takes_no_input),
                TEST(half_a_state_is_none),
                TEST(every_truncation_of_a_state_is_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
