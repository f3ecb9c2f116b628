/* SPDX-License-Identifier: Apache-2.0 */
/* PINs, tokens, configuration, large blobs and reset as a platform sees them: CTAP requests, sealed by both
 * PIN/UV auth protocols, to the core before a real element, with a clock. */
#include "cbor.h"
#include "ctap_rig.h"
#include "pin_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { GET_INFO = 0x04, CLIENT_PIN = 0x06, RESET = 0x07, LARGE_BLOBS = 0x0C, CONFIG = 0x0D };
enum { RETRIES = 1, AGREEMENT, SET_PIN, CHANGE_PIN, PIN_TOKEN, UV_TOKEN, UV_RETRIES, WITH_PERMISSIONS = 9 };
enum { MC = 1, GA = 2, CM = 4, BE = 8, LBW = 16, ACFG = 32, PCMR = 64 };
enum { SECOND = 1000, MINUTE = 60000, PADDED = 64 };

static const char first[] = "correct horse", second[] = "battery staple";

static struct element_rig plain; /* a new authenticator with a matcher and nothing else */

static int make_plain(void **state)
{
        (void)state;
        element_rig_open(&plain);
        element_rig_store_batch_key(&plain);
        element_rig_pair(&plain, NULL);
        return 0;
}

static int drop_plain(void **state)
{
        (void)state;
        element_rig_close(&plain);
        return 0;
}

struct bench {
        struct ctap_rig ctap;
        uint8_t protocol;
        struct secret token;
        uint8_t bytes[1024];
        writer w; /* of the request being built */
};

static int set_up(void **state)
{
        struct bench *bench = calloc(1, sizeof *bench);
        assert_non_null(bench);
        element_rig_clone(&plain, &bench->ctap.element);
        bench->ctap.now_ms = 12345;
        ctap_rig_open(&bench->ctap);
        bench->protocol = 2;
        *state = bench;
        return 0;
}

static int tear_down(void **state)
{
        struct bench *bench = *state;
        ctap_rig_close(&bench->ctap);
        free(bench);
        return 0;
}

/* ---- requests ---- */

static writer *begin(struct bench *bench, size_t pairs)
{
        bench->w = WRITER(bench->bytes);
        cbor_write_map(&bench->w, pairs);
        return &bench->w;
}

static uint8_t go(struct bench *bench, uint8_t command)
{
        assert_false(bench->w.overflowed);
        return ctap_rig_command(&bench->ctap, command, writer_view(&bench->w));
}

static void pair_uint(writer *w, unsigned key, uint64_t value)
{
        cbor_write_uint(w, key);
        cbor_write_uint(w, value);
}

static void pair_bytes(writer *w, unsigned key, slice value)
{
        cbor_write_uint(w, key);
        cbor_write_bytes(w, value);
}

static slice find_coordinate(slice key, int64_t label)
{
        struct cbor_reader r = cbor_over(key, NULL, NULL);
        struct cbor_members map;
        struct cbor_key found;
        slice value = { 0 };
        bool more;
        assert_int_equal(cbor_open_map(&r, "key", 8, &map).code, MITOME_OK);
        for (;;) {
                assert_int_equal(cbor_next_key(&r, &map, &found, &more).code, MITOME_OK);
                if (!more)
                        return value;
                if (found.number == label)
                        assert_int_equal(cbor_read_fixed(&r, "coordinate", 32, &value).code, MITOME_OK);
                else
                        assert_int_equal(cbor_skip(&r, "member").code, MITOME_OK);
        }
}

static void agree(struct bench *bench, struct pin_rig *ret)
{
        uint8_t point[P256_POINT_SIZE];
        writer w = WRITER(point);
        pair_uint(begin(bench, 2), 1, bench->protocol);
        pair_uint(&bench->w, 2, AGREEMENT);
        assert_int_equal(go(bench, CLIENT_PIN), CTAP2_OK);
        slice key = ctap_rig_member(&bench->ctap, 1);
        write_u8(&w, 0x04);
        write_slice(&w, find_coordinate(key, -2));
        write_slice(&w, find_coordinate(key, -3));
        pin_rig_agree_with(&bench->ctap.element.random, bench->protocol, SLICE(point), ret);
}

static void pair_key(writer *w, const struct pin_rig *pin)
{
        static const uint8_t head[] = { 0x03, 0xA5, 0x01, 0x02, 0x03, 0x38, 0x18, 0x20, 0x01, 0x21 };
        write_slice(w, SLICE(head));
        cbor_write_bytes(w, slice_of(pin->point + 1, 32));
        write_u8(w, 0x22);
        cbor_write_bytes(w, slice_of(pin->point + 33, 32));
}

static slice seal_hash(const struct pin_rig *pin, const char *text, writer *w)
{
        uint8_t hash[SHA256_SIZE];
        const slice view = slice_text(text);
        sha256(&view, 1, hash);
        pin_rig_encrypt(pin, slice_of(hash, 16), w);
        return writer_view(w);
}

static slice seal_pin(const struct pin_rig *pin, const char *text, writer *w)
{
        uint8_t padded[PADDED] = { 0 };
        assert_int_equal(slice_copy(slice_text(text), "PIN", padded, sizeof padded, NULL).code, MITOME_OK);
        pin_rig_encrypt(pin, SLICE(padded), w);
        return writer_view(w);
}

/* setPIN, or changePIN when there is a former one. */
static uint8_t change(struct bench *bench, const char *former, const char *next)
{
        struct pin_rig pin;
        uint8_t message[200], param[SHA256_SIZE];
        writer both = WRITER(message);
        agree(bench, &pin);
        slice new_pin = seal_pin(&pin, next, &both), hash = { 0 };
        if (former) {
                seal_hash(&pin, former, &both);
                hash = slice_of(message + new_pin.size, both.used - new_pin.size);
        }
        writer *w = begin(bench, former ? 6 : 5);
        pair_uint(w, 1, bench->protocol);
        pair_uint(w, 2, former ? CHANGE_PIN : SET_PIN);
        pair_key(w, &pin);
        pair_bytes(w, 4, pin_rig_param(pin.protocol, &pin.hmac, writer_view(&both), param));
        pair_bytes(w, 5, new_pin);
        if (former)
                pair_bytes(w, 6, hash);
        return go(bench, CLIENT_PIN);
}

/* permissions below 0: getPinToken */
static uint8_t get_token(struct bench *bench, const char *text, int permissions, const char *rp_id)
{
        struct pin_rig pin;
        uint8_t bytes[32];
        writer hash = WRITER(bytes);
        agree(bench, &pin);
        writer *w = begin(bench, 4 + (size_t)(permissions >= 0) + (rp_id != NULL));
        pair_uint(w, 1, bench->protocol);
        pair_uint(w, 2, permissions >= 0 ? WITH_PERMISSIONS : PIN_TOKEN);
        pair_key(w, &pin);
        pair_bytes(w, 6, seal_hash(&pin, text, &hash));
        if (permissions >= 0)
                pair_uint(w, 9, (uint64_t)permissions);
        if (rp_id) {
                cbor_write_uint(w, 10);
                cbor_write_string(w, rp_id);
        }
        uint8_t status = go(bench, CLIENT_PIN);
        if (status == CTAP2_OK)
                pin_rig_decrypt(&pin, ctap_rig_bytes(&bench->ctap, 2), &bench->token);
        return status;
}

static uint8_t get_uv_token(struct bench *bench, unsigned permissions, const char *rp_id)
{
        struct pin_rig pin;
        agree(bench, &pin);
        writer *w = begin(bench, 4 + (size_t)(rp_id != NULL));
        pair_uint(w, 1, bench->protocol);
        pair_uint(w, 2, UV_TOKEN);
        pair_key(w, &pin);
        pair_uint(w, 9, permissions);
        if (rp_id) {
                cbor_write_uint(w, 10);
                cbor_write_string(w, rp_id);
        }
        uint8_t status = go(bench, CLIENT_PIN);
        if (status == CTAP2_OK)
                pin_rig_decrypt(&pin, ctap_rig_bytes(&bench->ctap, 2), &bench->token);
        return status;
}

static uint64_t retries(struct bench *bench, unsigned subcommand)
{
        pair_uint(begin(bench, 1), 2, subcommand);
        assert_int_equal(go(bench, CLIENT_PIN), CTAP2_OK);
        return ctap_rig_uint(&bench->ctap, subcommand == RETRIES ? 3 : 5);
}

/* authenticatorConfig with the token; `params` as encoded, empty for none */
static uint8_t configure(struct bench *bench, uint8_t subcommand, slice params)
{
        uint8_t message[200], param[SHA256_SIZE];
        writer m = WRITER(message);
        for (int i = 0; i < 32; i++)
                write_u8(&m, 0xFF);
        write_u8(&m, CONFIG);
        write_u8(&m, subcommand);
        write_slice(&m, params);
        writer *w = begin(bench, params.size ? 4 : 3);
        pair_uint(w, 1, subcommand);
        if (params.size) {
                cbor_write_uint(w, 2);
                write_slice(w, params);
        }
        pair_uint(w, 3, bench->protocol);
        pair_bytes(w, 4, pin_rig_param(bench->protocol, &bench->token, writer_view(&m), param));
        return go(bench, CONFIG);
}

static uint8_t write_blobs(struct bench *bench, slice array)
{
        uint8_t message[70], param[SHA256_SIZE], hash[SHA256_SIZE];
        writer m = WRITER(message);
        for (int i = 0; i < 32; i++)
                write_u8(&m, 0xFF);
        write_slice(&m, slice_of("\x0C\x00\x00\x00\x00\x00", 6));
        sha256(&array, 1, hash);
        write_slice(&m, SLICE(hash));
        writer *w = begin(bench, 5);
        pair_bytes(w, 2, array);
        pair_uint(w, 3, 0);
        pair_uint(w, 4, array.size);
        pair_bytes(w, 5, pin_rig_param(bench->protocol, &bench->token, writer_view(&m), param));
        pair_uint(w, 6, bench->protocol);
        return go(bench, LARGE_BLOBS);
}

static slice read_blobs(struct bench *bench)
{
        pair_uint(begin(bench, 2), 1, 1000);
        pair_uint(&bench->w, 3, 0);
        assert_int_equal(go(bench, LARGE_BLOBS), CTAP2_OK);
        return ctap_rig_bytes(&bench->ctap, 1);
}

static bool info_true(struct bench *bench, uint64_t key)
{
        bool value;
        assert_int_equal(ctap_rig_command(&bench->ctap, GET_INFO, (slice){ 0 }), CTAP2_OK);
        struct cbor_reader r = cbor_over(ctap_rig_member(&bench->ctap, key), NULL, NULL);
        assert_int_equal(cbor_read_bool(&r, "member", &value).code, MITOME_OK);
        return value;
}

static bool option(struct bench *bench, const char *name)
{
        struct cbor_members map;
        struct cbor_key key;
        bool more, value, found = false;
        assert_int_equal(ctap_rig_command(&bench->ctap, GET_INFO, (slice){ 0 }), CTAP2_OK);
        struct cbor_reader r = cbor_over(ctap_rig_member(&bench->ctap, 4), NULL, NULL);
        assert_int_equal(cbor_open_map(&r, "options", 32, &map).code, MITOME_OK);
        for (;;) {
                assert_int_equal(cbor_next_key(&r, &map, &key, &more).code, MITOME_OK);
                if (!more)
                        return found;
                assert_int_equal(cbor_read_bool(&r, "option", &value).code, MITOME_OK);
                found |= slice_is(key.text, name) && value;
        }
}

/* ---- PINs ---- */

/* [6.5.5.5 5] [6.5.5.5 6] [6.5.5.5 8] [6.5.5.5 9] [6.5.5.5 12] [6.5.5.6 5] [6.5.5.6 9] [6.5.5.6 11] [6.5.5.6
 * 12] [6.5.5.6 17] [6.5.5.6 19] [6.5.5.6 21] [6.5.5.7.1 12] [6.5.5.7.1 13] [6.5.5.7.1 14] [6.5.5.7.1 15]
 * [6.5.5.7.2 13] [6.5.5.7.2 14] [6.5.5.7.2 16] [6.5.5.7.2 17], by both protocols */
static void a_pin_is_set_changed_and_used(void **state)
{
        struct bench *bench = *state;
        assert_false(option(bench, "clientPin"));
        assert_int_equal(get_token(bench, first, -1, NULL), CTAP2_ERR_PIN_NOT_SET);
        assert_int_equal(change(bench, first, second), CTAP2_ERR_PIN_NOT_SET);
        for (uint8_t protocol = 1; protocol <= 2; protocol++) {
                bench->protocol = protocol;
                if (protocol == 1) {
                        assert_int_equal(change(bench, NULL, "abc"), CTAP2_ERR_PIN_POLICY_VIOLATION);
                        assert_int_equal(change(bench, NULL, first), CTAP2_OK);
                        assert_true(option(bench, "clientPin"));
                }
                assert_int_equal(change(bench, NULL, second), CTAP2_ERR_PIN_AUTH_INVALID); /* [6.5.5.5 3] */
                assert_int_equal(get_token(bench, first, -1, NULL), CTAP2_OK);
                assert_int_equal(bench->token.size, 32);
                assert_int_equal(change(bench, first, "abc"), CTAP2_ERR_PIN_POLICY_VIOLATION);
                assert_int_equal(change(bench, first, second), CTAP2_OK);
                assert_int_equal(get_token(bench, first, GA, "example.com"), CTAP2_ERR_PIN_INVALID);
                assert_int_equal(get_token(bench, second, GA, "example.com"), CTAP2_OK);
                assert_int_equal(change(bench, second, first), CTAP2_OK);
        }
}

/* [6.5.5.6 3] [6.5.5.6 6] [6.5.5.6 7.1] [6.5.5.6 7.1.1] [6.5.5.7.1 5] [6.5.5.7.1 8] [6.5.5.7.1 9.1]
 * [6.5.5.7.1 9.1.1] [6.5.5.7.2 5] [6.5.5.7.2 8] [6.5.5.7.2 9.1] [6.5.5.7.2 9.1.1] [6.5.5.7.1 9.1.2] three
 * misses in a row want a power cycle; nothing is burnt meanwhile; the last one locks.
 */
static void misses_are_counted(void **state)
{
        struct bench *bench = *state;
        assert_int_equal(change(bench, NULL, first), CTAP2_OK);
        uint64_t left = retries(bench, RETRIES);
        assert_int_equal(left, 8);
        while (left > 0) {
                for (int miss = 1; miss <= 3 && left > 0; miss++) {
                        bench->protocol = miss & 1 ? 1 : 2;
                        uint8_t status = get_token(bench, second, GA, "example.com");
                        left--;
                        assert_int_equal(status, left == 0  ? CTAP2_ERR_PIN_BLOCKED
                                                 : miss < 3 ? CTAP2_ERR_PIN_INVALID
                                                            : CTAP2_ERR_PIN_AUTH_BLOCKED);
                        assert_int_equal(retries(bench, RETRIES), left);
                        assert_int_equal(ctap_rig_member(&bench->ctap, 4).size, left && miss == 3 ? 1 : 0);
                }
                if (left == 0)
                        break;
                for (int i = 0; i < 10; i++) { /* no host burns what is left, not even with the right PIN */
                        assert_int_equal(get_token(bench, i & 1 ? first : second, -1, NULL),
                                CTAP2_ERR_PIN_AUTH_BLOCKED);
                        assert_int_equal(change(bench, first, second), CTAP2_ERR_PIN_AUTH_BLOCKED);
                }
                assert_int_equal(retries(bench, RETRIES), left);
                ctap_rig_power_cycle(&bench->ctap);
        }
        ctap_rig_power_cycle(&bench->ctap);
        assert_int_equal(get_token(bench, first, -1, NULL), CTAP2_ERR_PIN_BLOCKED);
        assert_int_equal(change(bench, first, second), CTAP2_ERR_PIN_BLOCKED);
}

/* [6.5.5.6 8] [6.5.5.6 18] [6.5.5.7.1 10] [6.5.5.7.2 10] */
static void a_right_pin_gives_the_tries_back(void **state)
{
        struct bench *bench = *state;
        assert_int_equal(change(bench, NULL, first), CTAP2_OK);
        for (int i = 0; i < 5; i++) {
                assert_int_equal(get_token(bench, second, -1, NULL), CTAP2_ERR_PIN_INVALID);
                assert_int_equal(change(bench, second, first), CTAP2_ERR_PIN_INVALID);
                assert_int_equal(retries(bench, RETRIES), 6);
                assert_int_equal(get_token(bench, first, -1, NULL), CTAP2_OK);
                assert_int_equal(retries(bench, RETRIES), 8);
        }
}

/* ---- configuration ---- */

/* [6.11.4] [6.5.5.5 11] [6.5.5.6 14] [6.5.5.6 15] [6.5.5.6 16] [6.5.5.7.1 11] [6.5.5.7.2 11] [6.5.5.6 13] */
static void a_change_is_forced(void **state)
{
        struct bench *bench = *state;
        static const uint8_t force[] = { 0xA1, 0x03, 0xF5 }, twenty[] = { 0xA1, 0x01, 0x14 },
                             eight[] = { 0xA1, 0x01, 0x08 };
        assert_int_equal(change(bench, NULL, first), CTAP2_OK);
        assert_int_equal(get_token(bench, first, ACFG, NULL), CTAP2_OK);
        assert_false(info_true(bench, 0x0C));
        assert_int_equal(configure(bench, 3, SLICE(force)), CTAP2_OK);
        assert_true(info_true(bench, 0x0C));
        assert_int_equal(get_token(bench, first, -1, NULL), CTAP2_ERR_PIN_INVALID);
        assert_int_equal(get_token(bench, first, ACFG, NULL), CTAP2_ERR_PIN_POLICY_VIOLATION);
        assert_int_equal(change(bench, first, first), CTAP2_ERR_PIN_POLICY_VIOLATION);
        assert_int_equal(change(bench, first, second), CTAP2_OK);
        assert_false(info_true(bench, 0x0C));

        assert_int_equal(get_token(bench, second, ACFG, NULL), CTAP2_OK);
        assert_int_equal(
                configure(bench, 3, SLICE(twenty)), CTAP2_OK); /* the PIN that is there is too short */
        assert_true(info_true(bench, 0x0C));
        assert_int_equal(ctap_rig_uint(&bench->ctap, 0x0D), 20);
        assert_int_equal(change(bench, second, first), CTAP2_ERR_PIN_POLICY_VIOLATION);
        assert_int_equal(change(bench, second, "twenty characters and more"), CTAP2_OK);
        assert_int_equal(get_token(bench, "twenty characters and more", ACFG, NULL), CTAP2_OK);
        assert_int_equal(configure(bench, 3, SLICE(eight)), CTAP2_ERR_PIN_POLICY_VIOLATION);
}

/* [6.11.2] and what getInfo says then */
static void always_uv_is_switched(void **state)
{
        struct bench *bench = *state;
        assert_int_equal(change(bench, NULL, first), CTAP2_OK);
        for (int on = 1; on >= 0; on--) {
                assert_int_equal(get_token(bench, first, ACFG, NULL), CTAP2_OK);
                assert_int_equal(configure(bench, 2, (slice){ 0 }), CTAP2_OK);
                assert_int_equal(option(bench, "alwaysUv"), on);
        }
}

/* Without the permission, with a token of the other protocol's form, with none. */
static void configuration_wants_its_permission(void **state)
{
        struct bench *bench = *state;
        assert_int_equal(change(bench, NULL, first), CTAP2_OK);
        assert_int_equal(get_token(bench, first, CM | LBW, NULL), CTAP2_OK);
        assert_int_equal(configure(bench, 2, (slice){ 0 }), CTAP2_ERR_PIN_AUTH_INVALID);
        assert_int_equal(get_token(bench, first, ACFG, NULL), CTAP2_OK);
        bench->protocol = 1; /* PIN protocol downgrade: 16 bytes of a token of protocol 2 */
        assert_int_equal(configure(bench, 2, (slice){ 0 }), CTAP2_ERR_PIN_AUTH_INVALID);
        bench->protocol = 2;
        assert_int_equal(configure(bench, 2, (slice){ 0 }), CTAP2_OK);
        bench->token.data[31] ^= 1;
        assert_int_equal(configure(bench, 2, (slice){ 0 }), CTAP2_ERR_PIN_AUTH_INVALID);
        pair_uint(begin(bench, 1), 1, 2);
        assert_int_equal(go(bench, CONFIG), CTAP2_ERR_PUAT_REQUIRED);
        assert_true(option(bench, "alwaysUv"));
}

/* ---- time ---- */

/* [6.5.2.1] Token used after expiry: not a word of it in the request, the element has forgotten it. */
static void tokens_end_in_time(void **state)
{
        struct bench *bench = *state;
        assert_int_equal(change(bench, NULL, first), CTAP2_OK);
        assert_int_equal(get_token(bench, first, ACFG, NULL), CTAP2_OK);
        bench->ctap.now_ms += 30 * SECOND + 1;
        assert_int_equal(configure(bench, 2, (slice){ 0 }), CTAP2_ERR_PIN_AUTH_INVALID);

        assert_int_equal(get_token(bench, first, ACFG, NULL), CTAP2_OK);
        bench->ctap.now_ms += 29 * SECOND;
        assert_int_equal(configure(bench, 2, (slice){ 0 }), CTAP2_OK);
        bench->ctap.now_ms += 9 * MINUTE;
        assert_int_equal(configure(bench, 2, (slice){ 0 }), CTAP2_OK);
        bench->ctap.now_ms += MINUTE;
        assert_int_equal(configure(bench, 2, (slice){ 0 }), CTAP2_ERR_PIN_AUTH_INVALID);
}

static void tokens_end_with_the_power(void **state)
{
        struct bench *bench = *state;
        assert_int_equal(change(bench, NULL, first), CTAP2_OK);
        assert_int_equal(get_token(bench, first, ACFG, NULL), CTAP2_OK);
        ctap_rig_power_cycle(&bench->ctap);
        assert_int_equal(configure(bench, 2, (slice){ 0 }), CTAP2_ERR_PIN_AUTH_INVALID);
}

/* ---- fingers ---- */

static void enrol(struct bench *bench)
{
        assert_int_equal(change(bench, NULL, first), CTAP2_OK);
        assert_int_equal(element_rig_enrol(&bench->ctap.element, first), SW_OK);
}

/* [6.5.5.7.3 6] [6.5.5.7.3 9] [6.5.5.7.3 11] [6.5.5.7.3 12] [6.5.5.7.3 13] [6.5.5.7.3 14] [6.5.5.7.3 15]
 * [6.5.5.7.3 16] */
static void a_finger_gives_a_token(void **state)
{
        struct bench *bench = *state;
        static const uint8_t empty[] = { 0x80, 0x76, 0xBE, 0x8B, 0x52, 0x8D, 0x00, 0x75, 0xF7, 0xAA, 0xE9,
                0x8D, 0x6F, 0xA5, 0x7A, 0x6D, 0x3C };
        assert_int_equal(get_uv_token(bench, LBW, NULL), CTAP2_ERR_NOT_ALLOWED); /* [6.5.5.7.3 5] */
        enrol(bench);
        assert_true(option(bench, "uv") && option(bench, "bioEnroll"));
        for (uint8_t protocol = 1; protocol <= 2; protocol++) {
                bench->protocol = protocol;
                assert_int_equal(get_uv_token(bench, LBW, NULL), CTAP2_OK);
                assert_int_equal(write_blobs(bench, SLICE(empty)), CTAP2_OK);
                assert_int_equal(get_uv_token(bench, MC | GA, "example.com"), CTAP2_OK);
                assert_int_equal(write_blobs(bench, SLICE(empty)), CTAP2_ERR_PIN_AUTH_INVALID);
        }
        assert_int_equal(get_uv_token(bench, ACFG, NULL), CTAP2_ERR_UNAUTHORIZED_PERMISSION);
        assert_int_equal(get_uv_token(bench, BE, NULL), CTAP2_ERR_UNAUTHORIZED_PERMISSION);
        assert_int_equal(get_uv_token(bench, MC, NULL), CTAP2_ERR_MISSING_PARAMETER);
}

/* [6.5.3.1] [6.5.5.7.3 10.1] [6.5.5.7.3 10.2] [6.5.5.7.3 10.3] Wrong fingers cost tries, none costs nothing,
 * the PIN gives them back. */
static void wrong_fingers_are_counted(void **state)
{
        struct bench *bench = *state;
        enrol(bench);
        uint64_t left = retries(bench, UV_RETRIES);
        bench->ctap.finger = MITOME_GATE_ABSENT;
        for (int i = 0; i < 20; i++)
                assert_int_equal(get_uv_token(bench, CM, NULL), CTAP2_ERR_USER_ACTION_TIMEOUT);
        assert_int_equal(retries(bench, UV_RETRIES), left);
        bench->ctap.finger = MITOME_GATE_NO_MATCH;
        while (left > 0) {
                left--;
                assert_int_equal(
                        get_uv_token(bench, CM, NULL), left ? CTAP2_ERR_UV_INVALID : CTAP2_ERR_UV_BLOCKED);
                assert_int_equal(retries(bench, UV_RETRIES), left);
        }
        assert_int_equal(get_uv_token(bench, CM, NULL), CTAP2_ERR_UV_BLOCKED);
        assert_false(option(bench, "uv"));
        assert_int_equal(retries(bench, RETRIES), 8);
        assert_int_equal(get_token(bench, first, -1, NULL), CTAP2_OK);
        bench->ctap.finger = MITOME_GATE_EVIDENCE;
        assert_int_equal(get_uv_token(bench, CM, NULL), CTAP2_OK);
}

/* [6.5.5.7.3 5] A matcher that has no finger after all, or no sensor: nothing was compared, and whoever has a
 * PIN uses that. */
static void a_matcher_that_refuses_gives_no_token(void **state)
{
        struct bench *bench = *state;
        static const struct {
                mitome_code code;
                uint8_t status;
        } cases[] = {
                { MITOME_E_GATE_NO_FINGER, CTAP2_ERR_NOT_ALLOWED },
                { MITOME_E_GATE_NO_SENSOR, CTAP1_ERR_OTHER },
                { MITOME_E_GATE_BUSY, CTAP1_ERR_OTHER },
                /* closed until the PIN, or for a while: the finger is, and the PIN is what opens */
                { MITOME_E_GATE_PIN_DUE, CTAP2_ERR_UV_BLOCKED },
        };
        enrol(bench);
        uint64_t left = retries(bench, UV_RETRIES);
        bench->ctap.finger = MITOME_GATE_REFUSED;
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                bench->ctap.finger_code = cases[i].code;
                assert_int_equal(get_uv_token(bench, CM, NULL), cases[i].status);
                assert_true(retries(bench, UV_RETRIES) + i + 1 >= left);
        }
        assert_int_equal(retries(bench, RETRIES), 8);
        assert_int_equal(get_token(bench, first, CM, NULL), CTAP2_OK);
        bench->ctap.finger = MITOME_GATE_EVIDENCE;
        assert_int_equal(get_uv_token(bench, CM, NULL), CTAP2_OK);
}

/* [2.2 6.4 0x17] */
static void finger_uses_since_the_last_pin_are_told(void **state)
{
        struct bench *bench = *state;
        enrol(bench);
        assert_int_equal(get_token(bench, first, -1, NULL), CTAP2_OK);
        for (uint64_t uses = 0; uses < 3; uses++) {
                assert_int_equal(ctap_rig_command(&bench->ctap, GET_INFO, (slice){ 0 }), CTAP2_OK);
                assert_int_equal(ctap_rig_uint(&bench->ctap, 0x17), uses);
                assert_int_equal(get_uv_token(bench, CM, NULL), CTAP2_OK);
        }
        assert_int_equal(get_token(bench, first, -1, NULL), CTAP2_OK);
        assert_int_equal(ctap_rig_command(&bench->ctap, GET_INFO, (slice){ 0 }), CTAP2_OK);
        assert_int_equal(ctap_rig_uint(&bench->ctap, 0x17), 0);
}

/* ---- large blobs ---- */

static slice an_array(uint8_t *bytes, size_t size)
{
        uint8_t hash[SHA256_SIZE];
        memset(bytes, 0x5A, size);
        slice content = slice_of(bytes, size - 16);
        sha256(&content, 1, hash);
        memcpy(bytes + size - 16, hash, 16);
        return slice_of(bytes, size);
}

static void blobs_are_kept_by_who_may_write(void **state)
{
        struct bench *bench = *state;
        uint8_t bytes[300];
        slice array = an_array(bytes, sizeof bytes);
        assert_int_equal(change(bench, NULL, first), CTAP2_OK);
        assert_int_equal(read_blobs(bench).size, 17);
        for (uint8_t protocol = 1; protocol <= 2; protocol++) {
                bench->protocol = protocol;
                assert_int_equal(get_token(bench, first, CM, NULL), CTAP2_OK);
                assert_int_equal(write_blobs(bench, array), CTAP2_ERR_PIN_AUTH_INVALID);
                assert_int_equal(get_token(bench, first, LBW, NULL), CTAP2_OK);
                assert_int_equal(write_blobs(bench, array), CTAP2_OK);
                assert_true(slice_equal(read_blobs(bench), array));
                array = an_array(bytes, 200);
        }
        ctap_rig_power_cycle(&bench->ctap);
        assert_int_equal(read_blobs(bench).size, 300 - 100);
        bench->ctap.blobs_fail = true;
        assert_int_equal(get_token(bench, first, LBW, NULL), CTAP2_OK);
        assert_int_equal(write_blobs(bench, an_array(bytes, 100)), CTAP1_ERR_OTHER);
        bench->ctap.blobs_fail = false;
        assert_int_equal(read_blobs(bench).size, 200);
}

/* ---- the persistent token ---- */

/* [6.5.5.7.2 12] */
static void the_persistent_token_stays(void **state)
{
        struct bench *bench = *state;
        assert_int_equal(change(bench, NULL, first), CTAP2_OK);
        assert_int_equal(ctap_rig_command(&bench->ctap, GET_INFO, (slice){ 0 }), CTAP2_OK);
        assert_int_equal(ctap_rig_member(&bench->ctap, 0x19).size, 0);
        assert_int_equal(get_token(bench, first, PCMR, NULL), CTAP2_OK);
        struct secret former = bench->token;
        uint8_t sealed[32];
        assert_int_equal(ctap_rig_command(&bench->ctap, GET_INFO, (slice){ 0 }), CTAP2_OK);
        slice told = ctap_rig_bytes(&bench->ctap, 0x19);
        assert_int_equal(told.size, 32);
        memcpy(sealed, told.data, 32);
        assert_int_equal(ctap_rig_bytes(&bench->ctap, 0x1E).size, 32);
        assert_int_equal(ctap_rig_command(&bench->ctap, GET_INFO, (slice){ 0 }), CTAP2_OK);
        assert_memory_not_equal(ctap_rig_bytes(&bench->ctap, 0x19).data, sealed, 32); /* no beacon */
        bench->ctap.now_ms += 60 * MINUTE;
        ctap_rig_power_cycle(&bench->ctap);
        assert_int_equal(get_token(bench, first, PCMR, NULL), CTAP2_OK);
        assert_true(secret_equal(secret_view(&former), secret_view(&bench->token)));
        assert_int_equal(change(bench, first, second), CTAP2_OK); /* [2.2 6.5.5.6 20] */
        assert_int_equal(get_token(bench, second, PCMR, NULL), CTAP2_OK);
        assert_false(secret_equal(secret_view(&former), secret_view(&bench->token)));
}

/* ---- reset, [6.6] ---- */

static void a_reset_leaves_a_new_authenticator(void **state)
{
        struct bench *bench = *state;
        uint8_t bytes[300];
        static const uint8_t six[] = { 0xA1, 0x01, 0x06 };
        enrol(bench);
        assert_int_equal(get_token(bench, first, LBW | ACFG, NULL), CTAP2_OK);
        assert_int_equal(write_blobs(bench, an_array(bytes, sizeof bytes)), CTAP2_OK);
        assert_int_equal(configure(bench, 2, (slice){ 0 }), CTAP2_OK);
        assert_int_equal(configure(bench, 3, SLICE(six)), CTAP2_OK);
        assert_int_equal(get_token(bench, first, PCMR, NULL), CTAP2_OK);
        bench->ctap.now_ms += 11 * SECOND;
        assert_int_equal(ctap_rig_command(&bench->ctap, RESET, (slice){ 0 }), CTAP2_ERR_NOT_ALLOWED);
        assert_true(option(bench, "clientPin"));
        ctap_rig_power_cycle(&bench->ctap);
        bench->ctap.user = CORE_NOT_TOUCHED;
        assert_int_equal(ctap_rig_command(&bench->ctap, RESET, (slice){ 0 }), CTAP2_ERR_OPERATION_DENIED);
        assert_true(option(bench, "clientPin"));
        bench->ctap.user = CORE_TOUCHED;
        assert_false(bench->ctap.fingers_forgotten);
        assert_int_equal(ctap_rig_command(&bench->ctap, RESET, (slice){ 0 }), CTAP2_OK);
        assert_true(bench->ctap.fingers_forgotten);
        assert_false(option(bench, "clientPin") || option(bench, "alwaysUv") || option(bench, "bioEnroll"));
        assert_int_equal(ctap_rig_uint(&bench->ctap, 0x0D), 4);
        assert_int_equal(ctap_rig_member(&bench->ctap, 0x19).size, 0);
        assert_int_equal(read_blobs(bench).size, 17);
        assert_int_equal(change(bench, NULL, second), CTAP2_OK);
        assert_int_equal(retries(bench, RETRIES), 8);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(a_pin_is_set_changed_and_used),
                TEST(misses_are_counted),
                TEST(a_right_pin_gives_the_tries_back),
                TEST(a_change_is_forced),
                TEST(always_uv_is_switched),
                TEST(configuration_wants_its_permission),
                TEST(tokens_end_in_time),
                TEST(tokens_end_with_the_power),
                TEST(a_finger_gives_a_token),
                TEST(wrong_fingers_are_counted),
                TEST(a_matcher_that_refuses_gives_no_token),
                TEST(finger_uses_since_the_last_pin_are_told),
                TEST(blobs_are_kept_by_who_may_write),
                TEST(the_persistent_token_stays),
                TEST(a_reset_leaves_a_new_authenticator),
        };
        return cmocka_run_group_tests(tests, make_plain, drop_plain);
}
