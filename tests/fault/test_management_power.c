/* SPDX-License-Identifier: Apache-2.0 */
/* The power is cut at every write of credential management, U2F and document signing: a credential is there
 * or gone, renamed or not; a counter never goes back; no password is tried for nothing, and no lease is won.
 */
#include "cbor.h"
#include "pin_rig.h"
#include "power_sweep.h"
#include "tlv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CM = 0x04, TRIES = 5, PADDED = 64, LEASES = 5 };
enum { DELETE = 0x06, UPDATE = 0x07, FIRST_CREDENTIAL = 0x04 };

static const slice nothing = { 0 };
static const char rp_id[] = "login.example.go.jp", app_id[] = "https://login.example.go.jp/app-id.json";
static struct element_rig stencil; /* personalised, a finger, a discoverable credential, one of U2F, leases */
static uint8_t first_id[ELEMENT_RIG_ID_SIZE], u2f_id[ELEMENT_RIG_ID_SIZE];

static bool open_applet(struct element_rig *rig)
{
        return element_rig_select(rig, element_rig_fido) == SW_OK;
}

/* ---- U2F ---- */

static uint16_t u2f(struct element_rig *rig, uint32_t head, slice handle)
{
        uint8_t bytes[256], hash[SHA256_SIZE];
        const slice text = slice_text(app_id);
        writer w = WRITER(bytes);
        sha256(&text, 1, hash);
        tlv_write(&w, 0x80, SLICE(hash)); /* a challenge like any other */
        tlv_write(&w, 0x81, SLICE(hash));
        tlv_write_u8(&w, 0x85, 0x02);
        if (handle.size)
                tlv_write(&w, 0x82, handle);
        return element_rig_command(rig, head, writer_view(&w));
}

static uint16_t u2f_register(struct element_rig *rig, uint8_t ret_handle[ELEMENT_RIG_ID_SIZE])
{
        enum { HANDLE_AT = 1 + 65 + 1 };
        if (u2f(rig, 0x80520000, nothing) == SW_OK)
                memcpy(ret_handle, element_rig_value(rig, 0x80).data + HANDLE_AT, ELEMENT_RIG_ID_SIZE);
        return rig->sw;
}

static uint16_t u2f_sign(
        struct element_rig *rig, const uint8_t handle[ELEMENT_RIG_ID_SIZE], uint32_t *ret_counter)
{
        if (u2f(rig, 0x80540000, slice_of(handle, ELEMENT_RIG_ID_SIZE)) == SW_OK) {
                reader r = reader_over(element_rig_value(rig, 0x80), NULL, NULL);
                uint8_t presence;
                assert_int_equal(read_u8(&r, "presence", &presence).code, MITOME_OK);
                assert_int_equal(read_u32(&r, "counter", ret_counter).code, MITOME_OK);
        }
        return rig->sw;
}

static int make_stencil(void **state)
{
        (void)state;
        element_rig_open(&stencil);
        element_rig_personalise(&stencil);
        element_rig_pair(&stencil, NULL);
        assert_int_equal(element_rig_enrol(&stencil, ELEMENT_RIG_PIN), SW_OK);
        element_rig_lease(&stencil, LEASES);
        assert_true(open_applet(&stencil));
        assert_int_equal(element_rig_register(&stencil, rp_id, 0x01, first_id), SW_OK);
        assert_int_equal(u2f_register(&stencil, u2f_id), SW_OK);
        return 0;
}

static int drop_stencil(void **state)
{
        (void)state;
        element_rig_close(&stencil);
        return 0;
}

struct registered {
        bool made;
        uint8_t handle[ELEMENT_RIG_ID_SIZE];
        uint16_t room;
};

static void register_one(struct element_rig *rig, void *context)
{
        struct registered *known = context;
        known->made = open_applet(rig) && u2f_register(rig, known->handle) == SW_OK;
}

static void check_registered(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        const struct registered *known = context;
        uint32_t counter;
        assert_true(known->made || cut->at > 0);
        assert_true(open_applet(rig));
        unsigned room = element_rig_state(rig).room;
        assert_in_range(room, known->room - 1u, known->made ? known->room - 1u : known->room);
        if (known->made)
                assert_int_equal(u2f_sign(rig, known->handle, &counter), SW_OK);
        assert_int_equal(u2f_sign(rig, u2f_id, &counter), SW_OK);
}

static void a_registration_is_there_or_not(void **state)
{
        (void)state;
        assert_true(open_applet(&stencil));
        const struct registered known = { .room = element_rig_state(&stencil).room };
        assert_int_equal(power_sweep(&stencil, &(struct power_sweep){ register_one, check_registered, &known,
                                                       sizeof known }),
                1);
}

struct counted {
        uint32_t last;
};

static void count(struct element_rig *rig, void *context)
{
        struct counted *known = context;
        uint32_t counter = 0;
        if (!open_applet(rig))
                return;
        for (int i = 0; i < 130 && u2f_sign(rig, u2f_id, &counter) == SW_OK; i++) {
                assert_true(counter > known->last);
                known->last = counter;
        }
}

static void check_count(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        const struct counted *known = context;
        uint32_t counter = 0;
        (void)cut;
        assert_true(open_applet(rig));
        assert_int_equal(u2f_sign(rig, u2f_id, &counter), SW_OK);
        assert_true(counter > known->last);
}

/* 130 signatures, three writes: one durable write in 64. */
static void counters_of_u2f_never_go_back(void **state)
{
        (void)state;
        static const struct counted known = { 0 };
        assert_int_equal(
                power_sweep(&stencil, &(struct power_sweep){ count, check_count, &known, sizeof known }), 3);
}

/* ---- credential management ---- */

static uint16_t manage(struct element_rig *rig, const struct secret *token, slice message)
{
        uint8_t bytes[512], param[SHA256_SIZE];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x84, pin_rig_param(2, token, message, param));
        tlv_write(&w, 0x85, message);
        return element_rig_command(rig, 0x80460000, writer_view(&w));
}

static slice change(bool update, uint8_t buffer[256])
{
        writer w = writer_over(buffer, 256);
        write_u8(&w, update ? UPDATE : DELETE);
        cbor_write_map(&w, update ? 2 : 1);
        cbor_write_uint(&w, 2);
        cbor_write_map(&w, 2);
        cbor_write_string(&w, "id");
        cbor_write_bytes(&w, SLICE(first_id));
        cbor_write_string(&w, "type");
        cbor_write_string(&w, "public-key");
        if (update) {
                cbor_write_uint(&w, 3);
                cbor_write_map(&w, 2);
                cbor_write_string(&w, "id");
                cbor_write_bytes(&w, slice_text("user-1"));
                cbor_write_string(&w, "name");
                cbor_write_string(&w, "after");
        }
        return writer_view(&w);
}

struct changed {
        bool update, done;
};

static void change_one(struct element_rig *rig, void *context)
{
        struct changed *known = context;
        uint8_t buffer[256];
        SECRET(token);
        known->done = open_applet(rig) && pin_rig_token(rig, 2, ELEMENT_RIG_PIN, CM, NULL, &token) == SW_OK &&
                      manage(rig, &token, change(known->update, buffer)) == SW_OK;
}

static uint16_t list(struct element_rig *rig)
{
        uint8_t bytes[64], hash[SHA256_SIZE];
        const slice text = slice_text(rp_id);
        writer w = WRITER(bytes);
        SECRET(token);
        sha256(&text, 1, hash);
        write_u8(&w, FIRST_CREDENTIAL);
        cbor_write_map(&w, 1);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, SLICE(hash));
        assert_true(open_applet(rig));
        assert_int_equal(pin_rig_token(rig, 2, ELEMENT_RIG_PIN, CM, NULL, &token), SW_OK);
        return manage(rig, &token, writer_view(&w));
}

static void check_change(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        const struct changed *known = context;
        assert_true(known->done || cut->at > 0);
        uint16_t sw = list(rig);
        if (!known->update) {
                assert_true(sw == SW_NO_REFERENCE || (sw == SW_OK && !known->done));
                assert_int_equal(element_rig_log_in(rig, rp_id, SLICE(first_id)), sw);
                return;
        }
        assert_int_equal(sw, SW_OK);
        bool renamed = slice_is(element_rig_value(rig, 0x84), "after");
        assert_true(renamed || !known->done);
        assert_true(renamed || slice_is(element_rig_value(rig, 0x84), "hanako"));
        assert_true(slice_is(element_rig_value(rig, 0x85), renamed ? "" : "Hanako"));
        assert_int_equal(element_rig_log_in(rig, rp_id, SLICE(first_id)), SW_OK);
}

static void a_change_is_whole_or_none(void **state)
{
        (void)state;
        for (int update = 0; update < 2; update++) {
                const struct changed known = { .update = update };
                /* the PIN's try, its tries given back, the change */
                assert_int_equal(power_sweep(&stencil, &(struct power_sweep){ change_one, check_change,
                                                               &known, sizeof known }),
                        3);
        }
}

/* ---- document signing ---- */

static uint16_t sign_document(struct element_rig *rig, const char *password)
{
        uint8_t padded[PADDED] = { 0 }, sealed_bytes[96], message[256], param[SHA256_SIZE], bytes[512];
        static const uint8_t hash[SHA256_SIZE] = { 0x4A };
        struct pin_rig pin;
        writer sealed = WRITER(sealed_bytes), m = WRITER(message), w = WRITER(bytes);
        writer secret = WRITER(padded);
        write_slice(&secret, slice_text(password));
        if (pin_rig_agree(rig, 2, &pin) != SW_OK)
                return rig->sw;
        pin_rig_encrypt(&pin, SLICE(padded), &sealed);
        write_u8(&m, 0x56);
        write_slice(&m, writer_view(&sealed));
        write_slice(&m, SLICE(hash));
        pin_rig_write_agreement(&w, &pin);
        tlv_write(&w, 0x82, writer_view(&sealed));
        tlv_write(&w, 0x83, SLICE(hash));
        tlv_write(&w, 0x84, pin_rig_param(2, &pin.hmac, writer_view(&m), param));
        return element_rig_command(rig, 0x80560000, writer_view(&w));
}

static unsigned ask_jpki(struct element_rig *rig, bool tries)
{
        unsigned number;
        assert_int_equal(element_rig_select(rig, element_rig_jpki), SW_OK);
        if (tries) {
                assert_int_equal(element_rig_select_file(rig, 0x001B), SW_OK);
                number = element_rig_command(rig, 0x00200080, nothing) & 0x0F;
        } else {
                assert_int_equal(element_rig_command(rig, 0x804C0000, nothing), SW_OK);
                number = element_rig_value(rig, 0x81).data[1];
        }
        return number;
}

struct signed_documents {
        const char *password;
        unsigned answered; /* what became of it was told: 63Cx, or a signature */
};

static void sign_some(struct element_rig *rig, void *context)
{
        struct signed_documents *known = context;
        if (!open_applet(rig))
                return;
        for (int i = 0; i < 2; i++) {
                uint16_t sw = sign_document(rig, known->password);
                known->answered += sw == SW_OK || (sw & 0xFFF0) == SW_TRIES_LEFT;
        }
}

/* Whoever cuts the power before he is told has spent his guess all the same, or was told nothing. */
static void check_guesses(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        const struct signed_documents *known = context;
        unsigned left = ask_jpki(rig, true);
        assert_true(left <= TRIES - known->answered);
        if (cut->at == 0)
                assert_int_equal(left, TRIES - 2);
        assert_int_equal(ask_jpki(rig, false), LEASES);
}

static void no_guess_of_the_password_is_free(void **state)
{
        (void)state;
        static const struct signed_documents known = { .password = "WRONG1" };
        assert_int_equal(power_sweep(&stencil,
                                 &(struct power_sweep){ sign_some, check_guesses, &known, sizeof known }),
                2);
}

static void check_leases(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        const struct signed_documents *known = context;
        assert_true(ask_jpki(rig, false) <= LEASES - known->answered);
        assert_in_range(ask_jpki(rig, true), TRIES - 1, TRIES);
        if (cut->at == 0)
                assert_int_equal(known->answered, 2);
}

/* Each: the try, the tries given back, the lease. */
static void no_signature_goes_without_a_lease(void **state)
{
        (void)state;
        static const struct signed_documents known = { .password = ELEMENT_RIG_PASSWORD };
        assert_int_equal(
                power_sweep(&stencil, &(struct power_sweep){ sign_some, check_leases, &known, sizeof known }),
                6);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_registration_is_there_or_not),
                cmocka_unit_test(counters_of_u2f_never_go_back),
                cmocka_unit_test(a_change_is_whole_or_none),
                cmocka_unit_test(no_guess_of_the_password_is_free),
                cmocka_unit_test(no_signature_goes_without_a_lease),
        };
        return cmocka_run_group_tests(tests, make_stencil, drop_stencil);
}
