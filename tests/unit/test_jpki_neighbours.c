/* SPDX-License-Identifier: Apache-2.0 */
/* The JPKI applet and what stands beside it in the element: other logical channels, the FIDO applet with the
 * same PIN, and applets that its erasure has to leave alone. */
#include "element_rig.h"
#include "store.h"
#include "tlv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { AUTH_PIN = 0x0018, SIGN_PASSWORD = 0x001B, BASIC = 0, OTHER = 1 };
static const uint32_t verify_secret = 0x00200080, change = 0x00240180, sign = 0x802A0397;
static const slice nothing = { 0 };
static struct element_rig stencil;

static const uint8_t stand_in[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x02 };
static const uint8_t jpki_file[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x80, 0x02 };
static const char travel_card[] = "1000 yen, and the way to work";

#define assert_sw(call, wanted) assert_int_equal((call), (wanted))

static int make_stencil(void **state)
{
        (void)state;
        element_rig_open(&stencil);
        element_rig_personalise(&stencil);
        element_rig_make_device(&stencil);
        element_rig_pair(&stencil, NULL);
        element_rig_lease(&stencil, 10);
        assert_sw(element_rig_channel(&stencil, SLICE(stand_in), &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(&stencil, 0x80E28000, slice_text(travel_card)), SW_OK);
        return 0;
}

static int drop_stencil(void **state)
{
        (void)state;
        element_rig_close(&stencil);
        return 0;
}

static int set_up(void **state)
{
        struct element_rig *rig = calloc(1, sizeof *rig);
        element_rig_clone(&stencil, rig);
        *state = rig;
        return 0;
}

static int tear_down(void **state)
{
        element_rig_close(*state);
        free(*state);
        return 0;
}

/* ---- on a logical channel of one's own ---- */

static uint16_t command_on(struct element_rig *rig, uint8_t channel, uint32_t head, slice data)
{
        return element_rig_command(rig, head | (uint32_t)channel << 24, data);
}

static uint16_t select_on(struct element_rig *rig, uint8_t channel, slice aid)
{
        return element_rig_send(rig,
                &(struct apdu_command){ .cla = channel, .ins = 0xA4, .p1 = 0x04, .p2 = 0x0C, .data = aid });
}

static uint16_t select_file_on(struct element_rig *rig, uint8_t channel, uint16_t file)
{
        const uint8_t id[] = { (uint8_t)(file >> 8), (uint8_t)file };
        return element_rig_send(
                rig, &(struct apdu_command){
                             .cla = channel, .ins = 0xA4, .p1 = 0x02, .p2 = 0x0C, .data = SLICE(id) });
}

static uint16_t verify_on(struct element_rig *rig, uint8_t channel, uint16_t file, const char *secret)
{
        assert_sw(select_file_on(rig, channel, file), SW_OK);
        return command_on(rig, channel, verify_secret, slice_text(secret));
}

static void open_other(struct element_rig *rig)
{
        assert_sw(element_rig_send(rig, &(struct apdu_command){ .ins = 0x70, .expected = 1 }), SW_OK);
        assert_int_equal(rig->data.size, 1);
        assert_int_equal(rig->data.data[0], OTHER);
}

/* A command in the secure channel that is open on the other logical channel. */
static uint16_t secured_on_other(struct element_rig *rig, uint32_t head, slice data)
{
        uint8_t bytes[512];
        writer w = WRITER(bytes);
        const struct apdu_command command = { .cla = (uint8_t)(head >> 24),
                .ins = (uint8_t)(head >> 16),
                .p1 = (uint8_t)(head >> 8),
                .p2 = (uint8_t)head,
                .data = data,
                .expected = 65536 };
        assert_int_equal(scp03_host_wrap(&rig->host, &command, &w, NULL).code, MITOME_OK);
        bytes[0] |= OTHER;
        (void)element_rig_transmit(rig, writer_view(&w));
        assert_int_equal(scp03_host_unwrap(&rig->host, slice_of(rig->response, rig->data.size + 2),
                                 rig->plain, sizeof rig->plain, &rig->data, &rig->sw, NULL)
                                 .code,
                MITOME_OK);
        return rig->sw;
}

static void open_session_on_other(struct element_rig *rig)
{
        static const uint8_t challenge[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
        uint8_t bytes[64];
        const struct scp03_keys keys = element_rig_host_keys(&element_rig_keys);
        assert_sw(command_on(rig, OTHER, 0x80500000, SLICE(challenge)), SW_OK);
        writer w = WRITER(bytes);
        assert_int_equal(scp03_host_authenticate(&rig->host, &keys, SCP03_LEVEL_ALL, nothing,
                                 SLICE(challenge), rig->data, &w, NULL)
                                 .code,
                MITOME_OK);
        bytes[0] |= OTHER;
        assert_sw(element_rig_transmit(rig, writer_view(&w)), SW_OK);
}

/* A PIN that was verified on one logical channel opens nothing on another. */
static void another_channel_sees_no_verified_pin(void **state)
{
        struct element_rig *rig = *state;
        open_other(rig);
        assert_sw(select_on(rig, BASIC, element_rig_jpki), SW_OK);
        assert_sw(verify_on(rig, BASIC, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(command_on(rig, BASIC, sign, slice_text("x")), SW_OK);
        assert_int_not_equal(command_on(rig, OTHER, sign, slice_text("x")), SW_OK);
        assert_sw(select_on(rig, OTHER, element_rig_jpki), SW_CONDITIONS); /* it is selected once */
        assert_int_not_equal(command_on(rig, OTHER, sign, slice_text("x")), SW_OK);
        assert_sw(command_on(rig, BASIC, sign, slice_text("x")), SW_OK); /* nor did that disturb */
        assert_sw(select_on(rig, BASIC, element_rig_manager), SW_OK);
        assert_sw(select_on(rig, OTHER, element_rig_jpki), SW_OK);
        assert_sw(command_on(rig, OTHER, sign, slice_text("x")), SW_SECURITY_STATUS);
        assert_sw(command_on(rig, OTHER, 0x00B00000, nothing), SW_NO_CURRENT_FILE);
        assert_sw(verify_on(rig, OTHER, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(command_on(rig, OTHER, sign, slice_text("x")), SW_OK);
        /* Closing the channel is a logout too. */
        assert_sw(element_rig_command(rig, 0x00708001, nothing), SW_OK);
        open_other(rig);
        assert_sw(select_on(rig, OTHER, element_rig_jpki), SW_OK);
        assert_sw(command_on(rig, OTHER, sign, slice_text("x")), SW_SECURITY_STATUS);
}

/* ---- what must be gone, or must not ---- */

enum { PIECE = 24 };

struct pieces {
        size_t count;
        uint8_t bytes[16][PIECE];
};

static void keep_piece(struct element_rig *rig, uint32_t object, size_t offset, struct pieces *pieces)
{
        uint8_t bytes[4096];
        slice stored = element_rig_stored(rig, object, bytes, sizeof bytes);
        assert_true(stored.size >= offset + PIECE);
        memcpy(pieces->bytes[pieces->count++], bytes + offset, PIECE);
}

static size_t count_pieces(struct element_rig *rig, const struct pieces *pieces)
{
        struct store *store;
        uint32_t id;
        size_t found = 0;
        bool is_there;
        assert_int_equal(store_open(&rig->config, &store, NULL).code, MITOME_OK);
        for (uint32_t from = 0; store_next(store, from, UINT32_MAX, &id); from = id + 1) {
                slice content = store_get(store, id, &is_there);
                for (size_t i = 0; i < pieces->count; i++)
                        found += memmem(content.data, content.size, pieces->bytes[i], PIECE) != NULL;
        }
        store_close(store);
        for (size_t i = 0; i < pieces->count; i++)
                found += memmem(rig->medium.image, rig->medium.size, pieces->bytes[i], PIECE) != NULL;
        return found;
}

static void keep_all(struct element_rig *rig, struct pieces *pieces)
{
        static const uint32_t objects[] = { 0x0117, 0x011A, 0x010A, 0x010B, 0x0101 };
        for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
                keep_piece(rig, objects[i], 300, pieces);
                keep_piece(rig, objects[i], 700, pieces);
        }
        keep_piece(rig, 0x0023, 20, pieces);
}

/* ---- one PIN ---- */

/* "the FIDO applet's tokens and this applet's VERIFY spend, and give back, the same tries" */
static void tries_are_the_same_by_either_path(void **state)
{
        struct element_rig *rig = *state;
        SECRET(token);
        open_other(rig);
        assert_sw(select_on(rig, OTHER, element_rig_jpki), SW_OK);
        assert_sw(select_on(rig, BASIC, element_rig_fido), SW_OK);
        assert_sw(element_rig_pin_token(rig, "0000", &token), 0x63C2);
        assert_sw(verify_on(rig, OTHER, AUTH_PIN, ""), 0x63C2);
        assert_sw(verify_on(rig, OTHER, AUTH_PIN, "0000"), 0x63C1);
        assert_int_equal(element_rig_state(rig).pin_tries, 1);
        assert_sw(verify_on(rig, OTHER, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        assert_int_equal(element_rig_state(rig).pin_tries, 3);
        assert_sw(verify_on(rig, OTHER, AUTH_PIN, "0000"), 0x63C2);
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &token), SW_OK);
        assert_sw(verify_on(rig, OTHER, AUTH_PIN, ""), 0x63C3);
        assert_sw(verify_on(rig, OTHER, AUTH_PIN, "0000"), 0x63C2);
        assert_sw(verify_on(rig, OTHER, AUTH_PIN, "0000"), 0x63C1);
        assert_sw(element_rig_pin_token(rig, "0000", &token), 0x63C0);
        assert_sw(verify_on(rig, OTHER, AUTH_PIN, ELEMENT_RIG_PIN), SW_UNUSABLE);
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &token), SW_BLOCKED);
}

/* "Locked means locked": also what was verified before, on another channel, by whoever. */
static void a_lock_closes_what_was_open(void **state)
{
        struct element_rig *rig = *state;
        SECRET(token);
        open_other(rig);
        assert_sw(select_on(rig, OTHER, element_rig_jpki), SW_OK);
        assert_sw(verify_on(rig, OTHER, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(command_on(rig, OTHER, sign, slice_text("x")), SW_OK);
        assert_sw(select_on(rig, BASIC, element_rig_fido), SW_OK);
        assert_sw(element_rig_pin_token(rig, "0000", &token), 0x63C2);
        assert_sw(element_rig_pin_token(rig, "0000", &token), 0x63C1);
        assert_sw(command_on(rig, OTHER, sign, slice_text("x")), SW_OK);
        assert_sw(element_rig_pin_token(rig, "0000", &token), 0x63C0);
        assert_sw(command_on(rig, OTHER, sign, slice_text("x")), SW_SECURITY_STATUS);
        assert_sw(select_file_on(rig, OTHER, 0x000A), SW_OK);
        assert_sw(command_on(rig, OTHER, 0x00B00000, nothing), SW_SECURITY_STATUS);
        assert_sw(select_file_on(rig, OTHER, AUTH_PIN), SW_OK);
        assert_sw(command_on(rig, OTHER, change, slice_text("5678")), SW_SECURITY_STATUS);
}

/* The FIDO applet's SET PIN is a reset like the JPKI applet's: what the former PIN opened there is closed,
 * and no finger that it confirmed opens anything. */
static void set_pin_closes_the_other_applet_too(void **state)
{
        struct element_rig *rig = *state;
        enum { FINGER_OPEN = 0x08 };
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(element_rig_enrol(rig, ELEMENT_RIG_PIN), SW_OK);
        assert_true(element_rig_state(rig).flags & FINGER_OPEN);
        open_other(rig);
        assert_sw(select_on(rig, OTHER, element_rig_jpki), SW_OK);
        assert_sw(verify_on(rig, OTHER, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(command_on(rig, OTHER, sign, slice_text("x")), SW_OK);
        assert_sw(element_rig_channel(rig, element_rig_fido, &element_rig_keys), SW_OK);
        assert_sw(command_on(rig, OTHER, sign, slice_text("x")), SW_OK); /* a selection is no one else's */
        assert_sw(element_rig_secured(rig, 0x80340000,
                          slice_text("\x80\x04"
                                     "5678")),
                SW_OK);
        assert_sw(command_on(rig, OTHER, sign, slice_text("x")), SW_SECURITY_STATUS);
        assert_sw(verify_on(rig, OTHER, AUTH_PIN, "5678"), SW_OK);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_false(element_rig_state(rig).flags & FINGER_OPEN);
}

/* authenticatorReset wants a touch only. It must not leave a key that a new PIN would open, nor what was
 * open. */
static void a_reset_of_the_fido_applet_leaves_no_key(void **state)
{
        struct element_rig *rig = *state;
        struct pieces pieces = { 0 };
        keep_all(rig, &pieces);
        open_other(rig);
        assert_sw(select_on(rig, OTHER, element_rig_jpki), SW_OK);
        assert_sw(verify_on(rig, OTHER, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(command_on(rig, OTHER, sign, slice_text("x")), SW_OK);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(element_rig_command(rig, 0x80180000, slice_text("\x85\x01\x02")), SW_OK);
        assert_int_equal(count_pieces(rig, &pieces), 0);
        assert_sw(command_on(rig, OTHER, sign, slice_text("x")), SW_SECURITY_STATUS);
        assert_sw(element_rig_channel(rig, element_rig_fido, &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(rig, 0x80340000,
                          slice_text("\x80\x04"
                                     "5678")),
                SW_OK);
        assert_sw(verify_on(rig, OTHER, AUTH_PIN, "5678"), SW_OK);
        assert_sw(command_on(rig, OTHER, sign, slice_text("x")), SW_NO_REFERENCE);
}

static struct element_rig_operation by_token(const struct secret *token)
{
        return (struct element_rig_operation){ .command = 0x02, .rp_id = "rp.example", .pin = token };
}

/* A PIN token that the former PIN was given for ends with that PIN, whoever changes it where. */
static void a_new_pin_ends_tokens(void **state)
{
        struct element_rig *rig = *state;
        SECRET(token);
        open_other(rig);
        assert_sw(select_on(rig, OTHER, element_rig_jpki), SW_OK);
        assert_sw(select_on(rig, BASIC, element_rig_fido), SW_OK);
        for (int reset = 0; reset < 2; reset++) {
                assert_sw(element_rig_pin_token(rig, reset ? "5678" : ELEMENT_RIG_PIN, &token), SW_OK);
                if (reset) {
                        open_session_on_other(rig);
                        assert_sw(secured_on_other(rig, 0x802C0098, slice_text("8642")), SW_OK);
                        scp03_close(&rig->host);
                } else {
                        assert_sw(verify_on(rig, OTHER, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
                        assert_sw(command_on(rig, OTHER, change, slice_text("5678")), SW_OK);
                }
                struct element_rig_operation operation = by_token(&token);
                assert_sw(element_rig_begin(rig, &operation), SW_SECURITY_STATUS);
        }
}

/* Between BEGIN and its end the certificate goes: what the PIN had opened is over. */
static void an_erasure_ends_what_was_begun(void **state)
{
        struct element_rig *rig = *state;
        SECRET(token);
        open_other(rig);
        assert_sw(select_on(rig, OTHER, element_rig_jpki), SW_OK);
        assert_sw(verify_on(rig, OTHER, AUTH_PIN, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(verify_on(rig, OTHER, SIGN_PASSWORD, ELEMENT_RIG_PASSWORD), SW_OK);
        assert_sw(command_on(rig, OTHER, 0x802A039A, slice_text("x")), SW_OK);
        assert_sw(select_on(rig, BASIC, element_rig_fido), SW_OK);
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &token), SW_OK);
        struct element_rig_operation operation = by_token(&token);
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        open_session_on_other(rig);
        assert_sw(secured_on_other(rig, 0x800E0000, nothing), SW_OK);
        scp03_close(&rig->host);
        assert_sw(command_on(rig, OTHER, sign, slice_text("x")), SW_SECURITY_STATUS);
        assert_sw(command_on(rig, OTHER, 0x802A039A, slice_text("x")), SW_SECURITY_STATUS);
        assert_sw(element_rig_get(rig, nothing, 0, nothing), SW_CONDITIONS);
}

/* ---- the other level of erasure ---- */

static uint16_t delete_jpki(struct element_rig *rig)
{
        uint8_t bytes[32];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x4F, element_rig_jpki);
        assert_sw(element_rig_channel(rig, element_rig_manager, &element_rig_keys), SW_OK);
        return element_rig_secured(rig, 0x80E40000, writer_view(&w));
}

static void write_lv(writer *w, slice value)
{
        write_u8(w, (uint8_t)value.size);
        write_slice(w, value);
}

static uint16_t install_jpki(struct element_rig *rig)
{
        static const uint8_t privileges[] = { 0 }, parameters[] = { 0xC9, 0x00 };
        uint8_t bytes[64];
        writer w = WRITER(bytes);
        write_lv(&w, SLICE(jpki_file));
        write_lv(&w, element_rig_jpki);
        write_lv(&w, element_rig_jpki);
        write_lv(&w, SLICE(privileges));
        write_lv(&w, SLICE(parameters));
        write_lv(&w, nothing);
        assert_sw(element_rig_channel(rig, element_rig_manager, &element_rig_keys), SW_OK);
        return element_rig_secured(rig, 0x80E60C00, writer_view(&w));
}

static void assert_neighbours_are_well(struct element_rig *rig)
{
        assert_sw(element_rig_select(rig, SLICE(stand_in)), SW_OK);
        assert_sw(element_rig_command(rig, 0x00B00000, nothing), SW_OK);
        assert_true(slice_is(rig->data, travel_card));
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(element_rig_log_in(rig, "rp.example", nothing), SW_OK);
}

static uint32_t generation(struct element_rig *rig)
{
        uint8_t bytes[4];
        assert_int_equal(element_rig_stored(rig, 0x0200, bytes, sizeof bytes).size, 4);
        return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void register_one(struct element_rig *rig)
{
        uint8_t id[ELEMENT_RIG_ID_SIZE];
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(element_rig_enrol(rig, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(element_rig_register(rig, "rp.example", 0x01, id), SW_OK);
}

/* Both levels leave nothing of the applet, and everything of the others. */
static void neighbours_outlive_both_erasures(void **state)
{
        struct element_rig *rig = *state;
        struct pieces pieces = { 0 };
        register_one(rig);
        keep_all(rig, &pieces);
        assert_true(count_pieces(rig, &pieces) >= pieces.count);
        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(rig, 0x800E0000, nothing), SW_OK);
        assert_int_equal(count_pieces(rig, &pieces), 0);
        assert_neighbours_are_well(rig);
        assert_sw(delete_jpki(rig), SW_OK);
        assert_sw(element_rig_select(rig, element_rig_jpki), SW_NOT_FOUND);
        assert_neighbours_are_well(rig);
}

static void deletion_alone_leaves_nothing(void **state)
{
        struct element_rig *rig = *state;
        struct pieces pieces = { 0 };
        uint8_t bytes[64];
        register_one(rig);
        keep_all(rig, &pieces);
        uint32_t before = generation(rig);
        assert_sw(delete_jpki(rig), SW_OK);
        assert_int_equal(count_pieces(rig, &pieces), 0);
        assert_int_equal(element_rig_stored(rig, 0x0201, bytes, sizeof bytes).size, 0);
        assert_neighbours_are_well(rig);
        /* An applet that comes again is empty, and counts on. */
        assert_sw(install_jpki(rig), SW_OK);
        assert_sw(element_rig_select(rig, element_rig_jpki), SW_OK);
        assert_sw(element_rig_command(rig, 0x80CA0001, nothing), SW_OK);
        assert_memory_equal(rig->data.data, "\x80\x01\x00\x81\x01\x00\x83\x01\x40", 9); /* FIDO's PIN */
        assert_sw(verify_on(rig, BASIC, SIGN_PASSWORD, ELEMENT_RIG_PASSWORD), SW_UNUSABLE);
        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(rig, 0x80460097, nothing), SW_OK);
        assert_true(generation(rig) > before + 1);
}

/* Without credentials the PIN and the fingers' confirmation go with the certificate they came with. */
static void a_deletion_takes_a_pin_that_guards_nothing(void **state)
{
        struct element_rig *rig = *state;
        struct pieces pieces = { 0 };
        uint8_t bytes[64];
        keep_piece(rig, 0x0020, 20, &pieces);
        assert_sw(delete_jpki(rig), SW_OK);
        assert_int_equal(count_pieces(rig, &pieces), 0);
        assert_int_equal(element_rig_stored(rig, 0x0031, bytes, sizeof bytes).size, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(another_channel_sees_no_verified_pin),
                TEST(tries_are_the_same_by_either_path),
                TEST(a_lock_closes_what_was_open),
                TEST(a_new_pin_ends_tokens),
                TEST(set_pin_closes_the_other_applet_too),
                TEST(a_reset_of_the_fido_applet_leaves_no_key),
                TEST(an_erasure_ends_what_was_begun),
                TEST(neighbours_outlive_both_erasures),
                TEST(deletion_alone_leaves_nothing),
                TEST(a_deletion_takes_a_pin_that_guards_nothing),
        };
        return cmocka_run_group_tests(tests, make_stencil, drop_stencil);
}
