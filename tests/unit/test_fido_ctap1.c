/* SPDX-License-Identifier: Apache-2.0 */
/* U2F REGISTER and U2F AUTHENTICATE in the element, and one credential used by both generations of CTAP. */
#include "authdata.h"
#include "pin_rig.h"
#include "store.h"
#include "tlv.h"

#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { UNTOUCHED = 0x01, TOUCHED = 0x02, DISCOVERABLE = 0x01, ENTERPRISE = 0x04 };
enum { ES256 = 0x07, EDDSA = 0x08, RS256 = 0x09, ES384 = 0x0A };
enum { MC = 0x01, GA = 0x02, CM = 0x04, ACFG = 0x20 };
enum { HANDLE_SIZE = ELEMENT_RIG_ID_SIZE, POINT_SIZE = 65 };

static const uint32_t u2f_register = 0x80520000, u2f_authenticate = 0x80540000;
static const slice nothing = { 0 };
static const char app_id[] = "https://login.example.go.jp/app-id.json";
static const uint8_t challenge[SHA256_SIZE] = { 0xC4, 0xA1 };
static struct element_rig stencil; /* a plain authenticator without a PIN */

static int make_stencil(void **state)
{
        (void)state;
        element_rig_open(&stencil);
        element_rig_store_batch_key(&stencil);
        return 0;
}

static int drop_stencil(void **state)
{
        (void)state;
        element_rig_close(&stencil);
        return 0;
}

static int setup(void **state)
{
        struct element_rig *rig = calloc(1, sizeof *rig);
        assert_non_null(rig);
        element_rig_clone(&stencil, rig);
        assert_int_equal(element_rig_select(rig, element_rig_fido), SW_OK);
        *state = rig;
        return 0;
}

static int teardown(void **state)
{
        element_rig_close(*state);
        free(*state);
        return 0;
}

/* ---- requests ---- */

static void hash_of(const char *text, uint8_t hash[SHA256_SIZE])
{
        const slice part = slice_text(text);
        sha256(&part, 1, hash);
}

static void write_request(writer *w, const char *application, slice handle, uint8_t options)
{
        uint8_t hash[SHA256_SIZE];
        hash_of(application, hash);
        tlv_write(w, 0x80, SLICE(challenge));
        tlv_write(w, 0x81, SLICE(hash));
        tlv_write_u8(w, 0x85, options);
        if (handle.data)
                tlv_write(w, 0x82, handle);
}

static uint16_t enrol(struct element_rig *rig, const char *application, uint8_t options)
{
        uint8_t bytes[256];
        writer w = WRITER(bytes);
        write_request(&w, application, nothing, options);
        return element_rig_command(rig, u2f_register, writer_view(&w));
}

static uint16_t sign(struct element_rig *rig, const char *application, slice handle, uint8_t options)
{
        uint8_t bytes[512];
        writer w = WRITER(bytes);
        write_request(&w, application, handle, options);
        return element_rig_command(rig, u2f_authenticate, writer_view(&w));
}

/* ---- responses ---- */

struct registered {
        uint8_t point[POINT_SIZE], handle[HANDLE_SIZE];
};

static struct cose_key key_of(const uint8_t point[POINT_SIZE])
{
        return (struct cose_key){
                .algorithm = COSE_ES256, .x = slice_of(point + 1, 32), .y = slice_of(point + 33, 32)
        };
}

static void expect_signature(
        const uint8_t point[POINT_SIZE], const slice *parts, size_t count, slice signature)
{
        struct cose_key key = key_of(point);
        /* one part more than cose_verify takes: put together */
        uint8_t message[512];
        writer w = WRITER(message);
        for (size_t i = 0; i < count; i++)
                write_slice(&w, parts[i]);
        const slice whole = writer_view(&w);
        assert_int_equal(
                cose_verify(NULL, &key, &whole, 1, signature, "signature", NULL, NULL).code, MITOME_OK);
}

/* U2F raw message formats 4.3: 05, public key, key handle behind its length, certificate, signature. */
static struct registered read_registration(const struct element_rig *rig, const char *application)
{
        struct registered registered;
        uint8_t legacy, size, hash[SHA256_SIZE];
        slice point, handle;
        reader r = reader_over(element_rig_value(rig, 0x80), NULL, NULL);
        assert_int_equal(read_u8(&r, "legacy", &legacy).code, MITOME_OK);
        assert_int_equal(legacy, 0x05);
        assert_int_equal(read_bytes(&r, "point", POINT_SIZE, &point).code, MITOME_OK);
        assert_int_equal(point.data[0], 0x04);
        assert_int_equal(read_u8(&r, "size", &size).code, MITOME_OK);
        assert_int_equal(size, HANDLE_SIZE);
        assert_int_equal(read_bytes(&r, "handle", size, &handle).code, MITOME_OK);
        const unsigned char *at = r.rest.data;
        X509 *x509 = d2i_X509(NULL, &at, (long)r.rest.size);
        assert_non_null(x509);
        X509_free(x509);
        slice certificate;
        assert_int_equal(
                read_bytes(&r, "certificate", (size_t)(at - r.rest.data), &certificate).code, MITOME_OK);
        hash_of(application, hash);
        static const uint8_t zero[1];
        const slice parts[] = { SLICE(zero), SLICE(hash), SLICE(challenge), handle, point };
        expect_signature(rig->batch_point, parts, 5, r.rest);
        memcpy(registered.point, point.data, sizeof registered.point);
        memcpy(registered.handle, handle.data, sizeof registered.handle);
        return registered;
}

static struct registered enrolled(struct element_rig *rig, const char *application)
{
        assert_int_equal(enrol(rig, application, TOUCHED), SW_OK);
        return read_registration(rig, application);
}

/* 5.4: user presence, counter, signature; gives the counter. */
static uint32_t read_signature(const struct element_rig *rig, const char *application,
        const uint8_t point[POINT_SIZE], uint8_t presence)
{
        uint8_t hash[SHA256_SIZE];
        uint32_t counter;
        slice head, message = element_rig_value(rig, 0x80);
        reader r = reader_over(message, NULL, NULL);
        assert_int_equal(read_bytes(&r, "head", 5, &head).code, MITOME_OK);
        assert_int_equal(head.data[0], presence);
        hash_of(application, hash);
        const slice parts[] = { SLICE(hash), head, SLICE(challenge) };
        expect_signature(point, parts, 3, r.rest);
        reader c = reader_over(slice_of(head.data + 1, 4), NULL, NULL);
        assert_int_equal(read_u32(&c, "counter", &counter).code, MITOME_OK);
        return counter;
}

/* ---- by itself ---- */

/* [10.1] */
static void a_registration_is_attested_and_signs(void **state)
{
        struct element_rig *rig = *state;
        struct registered registered = enrolled(rig, app_id);
        for (uint32_t i = 1; i < 4; i++) {
                assert_int_equal(sign(rig, app_id, SLICE(registered.handle), TOUCHED), SW_OK);
                assert_int_equal(read_signature(rig, app_id, registered.point, 1), i);
        }
        element_rig_cycle(rig);
        assert_int_equal(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_int_equal(sign(rig, app_id, SLICE(registered.handle), TOUCHED), SW_OK);
        assert_true(read_signature(rig, app_id, registered.point, 1) > 3); /* it never goes back */
}

static void each_registration_is_another(void **state)
{
        struct element_rig *rig = *state;
        struct registered first = enrolled(rig, app_id), second = enrolled(rig, app_id);
        assert_memory_not_equal(first.handle, second.handle, sizeof first.handle);
        assert_memory_not_equal(first.point, second.point, sizeof first.point);
        assert_int_equal(sign(rig, app_id, SLICE(first.handle), TOUCHED), SW_OK);
        read_signature(rig, app_id, first.point, 1);
        assert_int_equal(sign(rig, app_id, SLICE(second.handle), TOUCHED), SW_OK);
        read_signature(rig, app_id, second.point, 1);
}

static void nothing_is_made_without_a_touch(void **state)
{
        struct element_rig *rig = *state;
        uint16_t room = element_rig_state(rig).room;
        assert_int_equal(enrol(rig, app_id, 0), SW_CONDITIONS);
        assert_int_equal(element_rig_state(rig).room, room);
        struct registered registered = enrolled(rig, app_id);
        assert_int_equal(element_rig_state(rig).room, room - 1);
        assert_int_equal(sign(rig, app_id, SLICE(registered.handle), 0), SW_CONDITIONS);
}

/* "dont-enforce-user-presence-and-sign": the flag says that nobody was there. */
static void a_signature_without_a_touch_says_so(void **state)
{
        struct element_rig *rig = *state;
        struct registered registered = enrolled(rig, app_id);
        assert_int_equal(sign(rig, app_id, SLICE(registered.handle), UNTOUCHED), SW_OK);
        read_signature(rig, app_id, registered.point, 0);
        assert_int_equal(sign(rig, app_id, SLICE(registered.handle), UNTOUCHED | TOUCHED), SW_OK);
        read_signature(rig, app_id, registered.point, 1);
}

static void handles_are_of_their_application(void **state)
{
        struct element_rig *rig = *state, other = { 0 };
        static const uint8_t options[] = { 0, TOUCHED, UNTOUCHED };
        struct registered registered = enrolled(rig, app_id);
        element_rig_clone(&stencil, &other); /* another authenticator */
        assert_int_equal(element_rig_select(&other, element_rig_fido), SW_OK);
        for (size_t i = 0; i < sizeof options; i++) {
                uint8_t handle[HANDLE_SIZE + 1] = { 0 };
                memcpy(handle, registered.handle, HANDLE_SIZE);
                assert_int_equal(sign(rig, "https://b.example", SLICE(registered.handle), options[i]),
                        SW_NO_REFERENCE);
                assert_int_equal(sign(&other, app_id, SLICE(registered.handle), options[i]), SW_NO_REFERENCE);
                for (size_t size = 1; size <= sizeof handle; size++)
                        if (size != HANDLE_SIZE)
                                assert_int_equal(sign(rig, app_id, slice_of(handle, size), options[i]),
                                        SW_NO_REFERENCE);
                for (size_t at = 0; at < HANDLE_SIZE; at++) {
                        handle[at] ^= 0x40;
                        assert_int_equal(sign(rig, app_id, slice_of(handle, HANDLE_SIZE), options[i]),
                                SW_NO_REFERENCE);
                        handle[at] ^= 0x40;
                }
        }
        element_rig_close(&other);
}

static void bad_data_is_refused(void **state)
{
        struct element_rig *rig = *state;
        struct registered registered = enrolled(rig, app_id);
        uint8_t bytes[256];
        writer w = WRITER(bytes);
        write_request(&w, app_id, SLICE(registered.handle), TOUCHED);
        for (size_t size = 0; size < w.used; size++) {
                assert_int_equal(
                        element_rig_command(rig, u2f_authenticate, slice_of(bytes, size)), SW_WRONG_DATA);
                /* a registration's data ends before the key handle */
                bool whole = size == w.used - HANDLE_SIZE - 2;
                assert_int_equal(element_rig_command(rig, u2f_register, slice_of(bytes, size)),
                        whole ? SW_OK : SW_WRONG_DATA);
        }
        assert_int_equal(element_rig_command(rig, u2f_register, writer_view(&w)), SW_WRONG_DATA);
        assert_int_equal(enrol(rig, app_id, TOUCHED | UNTOUCHED), SW_WRONG_DATA);
        assert_int_equal(enrol(rig, app_id, 0x04 | TOUCHED), SW_WRONG_DATA);
        assert_int_equal(sign(rig, app_id, SLICE(registered.handle), 0x04), SW_WRONG_DATA);
        static const uint8_t empty[1];
        assert_int_equal(sign(rig, app_id, slice_of(empty, 0), TOUCHED), SW_WRONG_DATA);
}

static void without_a_batch_key_nothing_registers(void **state)
{
        (void)state;
        struct element_rig rig = { 0 };
        element_rig_open(&rig);
        assert_int_equal(element_rig_select(&rig, element_rig_fido), SW_OK);
        assert_int_equal(enrol(&rig, app_id, TOUCHED), SW_CONDITIONS);
        element_rig_close(&rig);
}

/* As many as there is room for, copies of the first behind the element's back. */
static void a_full_element_registers_no_more(void **state)
{
        enum { FULL = 10000, ID_AT = 4 };
        struct element_rig *rig = *state;
        uint8_t record[512];
        struct store *store;
        struct registered registered = enrolled(rig, app_id);
        slice stored = element_rig_stored(rig, 0x01000000, record, sizeof record);
        element_rig_off(rig);
        assert_int_equal(store_open(&rig->config, &store, NULL).code, MITOME_OK);
        for (uint32_t i = 1; i < FULL; i++) {
                writer id = writer_over(record + ID_AT, 4);
                write_u32(&id, i);
                assert_int_equal(store_put(store, 0x01000000 + i, slice_of(record, stored.size), NULL).code,
                        MITOME_OK);
        }
        assert_int_equal(store_commit(store, NULL).code, MITOME_OK);
        store_close(store);
        element_rig_open(rig);
        assert_int_equal(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_int_equal(enrol(rig, app_id, TOUCHED), SW_FULL);
        assert_int_equal(sign(rig, app_id, SLICE(registered.handle), TOUCHED), SW_OK);
        assert_int_equal(element_rig_state(rig).room, 0);
}

/* ---- with CTAP 2 ---- */

static uint16_t assert_for(
        struct element_rig *rig, const char *rp_id, slice allowed, const struct secret *pin)
{
        struct element_rig_operation operation = {
                .command = 0x02, .rp_id = rp_id, .options = 0x01, .pin = pin
        };
        assert_int_equal(element_rig_begin(rig, &operation), SW_OK);
        return element_rig_get(rig, nothing, TOUCHED, allowed);
}

/* [10.3] The AppID takes the place of the RP ID; there is no user to be told of. */
static void a_registration_of_u2f_signs_for_ctap_2(void **state)
{
        struct element_rig *rig = *state;
        struct authdata data;
        struct registered registered = enrolled(rig, app_id);
        struct cose_key key = key_of(registered.point);
        static const uint8_t client_data_hash[SHA256_SIZE];
        assert_int_equal(assert_for(rig, app_id, SLICE(registered.handle), NULL), SW_OK);
        assert_true(slice_equal(element_rig_value(rig, 0x80), SLICE(registered.handle)));
        slice authdata = element_rig_value(rig, 0x81);
        assert_int_equal(authdata_read(authdata, &data, NULL).code, MITOME_OK);
        assert_int_equal(data.flags, AUTHDATA_UP);
        assert_int_equal(data.sign_count, 1);
        const slice parts[] = { authdata, SLICE(client_data_hash) };
        assert_int_equal(
                cose_verify(NULL, &key, parts, 2, element_rig_value(rig, 0x82), "signature", NULL, NULL).code,
                MITOME_OK);
        /* counted together */
        assert_int_equal(sign(rig, app_id, SLICE(registered.handle), TOUCHED), SW_OK);
        assert_int_equal(read_signature(rig, app_id, registered.point, 1), 2);
        /* not discoverable, and another's nowhere */
        assert_int_equal(assert_for(rig, app_id, nothing, NULL), SW_NO_REFERENCE);
        assert_int_equal(
                assert_for(rig, "login.example.go.jp", SLICE(registered.handle), NULL), SW_NO_REFERENCE);
}

static uint16_t make(struct element_rig *rig, const char *rp_id, uint8_t algorithm, uint8_t protection,
        slice excluded, struct registered *ret)
{
        uint8_t bytes[512];
        struct authdata data;
        struct element_rig_operation operation = { .command = 0x01, .rp_id = rp_id, .options = 0x01 };
        assert_int_equal(element_rig_begin(rig, &operation), SW_OK);
        writer w = WRITER(bytes);
        tlv_write(&w, 0x81, slice_text(rp_id));
        tlv_write(&w, 0x82, slice_text("user"));
        tlv_write(&w, 0x83, nothing);
        tlv_write(&w, 0x84, nothing);
        tlv_write_u8(&w, 0x85, DISCOVERABLE | TOUCHED);
        tlv_write_u8(&w, 0x86, algorithm);
        if (excluded.size)
                tlv_write(&w, 0x87, excluded);
        tlv_write_u8(&w, 0x88, protection);
        if (element_rig_command(rig, 0x80240000, writer_view(&w)) != SW_OK)
                return rig->sw;
        assert_int_equal(authdata_read(element_rig_value(rig, 0x80), &data, NULL).code, MITOME_OK);
        memcpy(ret->handle, data.credential_id.data, sizeof ret->handle);
        ret->point[0] = 0x04;
        if (algorithm == ES256) {
                memcpy(ret->point + 1, data.public_key.x.data, 32);
                memcpy(ret->point + 33, data.public_key.y.data, 32);
        }
        return SW_OK;
}

/* [10.2] */
static void a_credential_of_ctap_2_signs_for_u2f(void **state)
{
        struct element_rig *rig = *state;
        struct registered made;
        assert_int_equal(make(rig, "a.example", ES256, 1, nothing, &made), SW_OK);
        assert_int_equal(sign(rig, "a.example", SLICE(made.handle), 0), SW_CONDITIONS);
        assert_int_equal(sign(rig, "a.example", SLICE(made.handle), TOUCHED), SW_OK);
        assert_int_equal(read_signature(rig, "a.example", made.point, 1), 1);
}

/* U2F knows P-256. */
static void other_algorithms_are_not_there_for_u2f(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t algorithms[] = { EDDSA, ES384 };
        struct registered made;
        for (size_t i = 0; i < sizeof algorithms; i++) {
                assert_int_equal(make(rig, "a.example", algorithms[i], 1, nothing, &made), SW_OK);
                assert_int_equal(sign(rig, "a.example", SLICE(made.handle), 0), SW_NO_REFERENCE);
                assert_int_equal(sign(rig, "a.example", SLICE(made.handle), TOUCHED), SW_NO_REFERENCE);
        }
}

/* [12.1] credProtect by every path of an unverified user: with an allow list, without, as an excluded one, by
 * U2F
 */
static void protection_holds_on_every_path(void **state)
{
        struct element_rig *rig = *state;
        static const struct {
                uint16_t named, unnamed, excluded, u2f;
        } wanted[] = {
                [1] = { SW_OK, SW_OK, SW_EXISTS, SW_OK },
                [2] = { SW_OK, SW_NO_REFERENCE, SW_EXISTS, SW_OK },
                [3] = { SW_NO_REFERENCE, SW_NO_REFERENCE, SW_OK, SW_NO_REFERENCE },
        };
        for (uint8_t level = 1; level <= 3; level++) {
                char rp_id[] = "0.example";
                struct registered made, second;
                rp_id[0] = (char)('0' + level);
                assert_int_equal(make(rig, rp_id, ES256, level, nothing, &made), SW_OK);
                assert_int_equal(assert_for(rig, rp_id, SLICE(made.handle), NULL), wanted[level].named);
                assert_int_equal(assert_for(rig, rp_id, nothing, NULL), wanted[level].unnamed);
                assert_int_equal(sign(rig, rp_id, SLICE(made.handle), TOUCHED), wanted[level].u2f);
                assert_int_equal(sign(rig, rp_id, SLICE(made.handle), UNTOUCHED), wanted[level].u2f);
                assert_int_equal(sign(rig, rp_id, SLICE(made.handle), 0),
                        wanted[level].u2f == SW_OK ? SW_CONDITIONS : wanted[level].u2f);
                assert_int_equal(
                        make(rig, rp_id, ES256, level, SLICE(made.handle), &second), wanted[level].excluded);
        }
}

/* [10.2] */
static void a_registration_of_u2f_is_excluded(void **state)
{
        struct element_rig *rig = *state;
        struct registered registered = enrolled(rig, "a.example"), made;
        assert_int_equal(make(rig, "a.example", ES256, 1, SLICE(registered.handle), &made), SW_EXISTS);
}

static void set_pin(struct element_rig *rig)
{
        const uint8_t pin[] = { 0x80, 4, '1', '2', '3', '4' };
        assert_int_equal(element_rig_channel(rig, element_rig_fido, &element_rig_keys), SW_OK);
        assert_int_equal(element_rig_secured(rig, 0x80340000, SLICE(pin)), SW_OK);
        assert_int_equal(element_rig_select(rig, element_rig_fido), SW_OK);
}

/* A PIN changes nothing for U2F; and no list of credentials shows what has no user. */
static void a_registration_of_u2f_is_not_listed(void **state)
{
        struct element_rig *rig = *state;
        struct registered registered = enrolled(rig, app_id);
        uint8_t bytes[64], param[SHA256_SIZE];
        const uint8_t metadata[] = { 0x01 };
        const slice message = SLICE(metadata);
        SECRET(token);
        set_pin(rig);
        assert_int_equal(sign(rig, app_id, SLICE(registered.handle), TOUCHED), SW_OK);
        enrolled(rig, app_id);
        assert_int_equal(pin_rig_token(rig, 2, ELEMENT_RIG_PIN, CM, NULL, &token), SW_OK);
        hmac_sha256(secret_view(&token), &message, 1, param);
        writer w = WRITER(bytes);
        tlv_write(&w, 0x84, SLICE(param));
        tlv_write(&w, 0x85, message);
        assert_int_equal(element_rig_command(rig, 0x80460000, writer_view(&w)), SW_OK);
        assert_int_equal(element_rig_value(rig, 0x80).data[1], 0);
        assert_int_equal(element_rig_value(rig, 0x81).data[1], (10000 - 2) & 0xFF);
}

/* [7.2.4] */
static void always_uv_switches_u2f_off(void **state)
{
        struct element_rig *rig = *state;
        const uint8_t toggle[] = { 0x02 };
        SECRET(token);
        struct registered registered = enrolled(rig, app_id);
        set_pin(rig);
        for (int off = 0; off < 2; off++) {
                uint16_t room = element_rig_state(rig).room;
                assert_int_equal(pin_rig_token(rig, 2, ELEMENT_RIG_PIN, ACFG, NULL, &token), SW_OK);
                assert_int_equal(pin_rig_configure(rig, 2, &token, SLICE(toggle)), SW_OK);
                if (off)
                        break;
                assert_int_equal(enrol(rig, app_id, TOUCHED), SW_SECURITY_STATUS);
                assert_int_equal(element_rig_state(rig).room, room);
                assert_int_equal(sign(rig, app_id, SLICE(registered.handle), 0), SW_SECURITY_STATUS);
                assert_int_equal(sign(rig, app_id, SLICE(registered.handle), TOUCHED), SW_SECURITY_STATUS);
                assert_int_equal(sign(rig, app_id, SLICE(registered.handle), UNTOUCHED), SW_SECURITY_STATUS);
        }
        assert_int_equal(sign(rig, app_id, SLICE(registered.handle), TOUCHED), SW_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(a_registration_is_attested_and_signs),
                TEST(each_registration_is_another),
                TEST(nothing_is_made_without_a_touch),
                TEST(a_signature_without_a_touch_says_so),
                TEST(handles_are_of_their_application),
                TEST(bad_data_is_refused),
                cmocka_unit_test(without_a_batch_key_nothing_registers),
                TEST(a_full_element_registers_no_more),
                TEST(a_registration_of_u2f_signs_for_ctap_2),
                TEST(a_credential_of_ctap_2_signs_for_u2f),
                TEST(other_algorithms_are_not_there_for_u2f),
                TEST(protection_holds_on_every_path),
                TEST(a_registration_of_u2f_is_excluded),
                TEST(a_registration_of_u2f_is_not_listed),
                TEST(always_uv_switches_u2f_off),
        };
        return cmocka_run_group_tests(tests, make_stencil, drop_stencil);
}
