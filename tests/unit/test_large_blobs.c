/* SPDX-License-Identifier: Apache-2.0 */
/* authenticatorLargeBlobs (CTAP 2.1, 6.10) of the core. */
#include "core_rig.h"
#include "digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#pragma GCC diagnostic ignored "-Woverride-init"

enum { LARGE_BLOBS = 0x0C, FRAGMENT_MAX = CORE_MESSAGE_MAX - 64, ARRAY_MAX = 8192, HASH_SIZE = 16 };

/* [6.10] the initial array, as the specification prints it */
static const uint8_t initial[] = { 0x80, 0x76, 0xBE, 0x8B, 0x52, 0x8D, 0x00, 0x75, 0xF7, 0xAA, 0xE9, 0x8D,
        0x6F, 0xA5, 0x7A, 0x6D, 0x3C };
static const uint8_t param[32] = { 0xA0 };

static const struct core_config config = { .now_ms = 5, .transports = MITOME_TRANSPORT_USB, .blobs = true };

static int set_up(void **state)
{
        *state = core_rig_new(&config);
        return 0;
}

static int tear_down(void **state)
{
        core_rig_free(*state);
        return 0;
}

/* Negative: the member is left out. */
struct blobs {
        int64_t get, offset, length, protocol;
        int param;
        slice set;
};

#define BLOBS(...)                                                                              \
        &(const struct blobs)                                                                   \
        {                                                                                       \
                .get = -1, .offset = -1, .length = -1, .protocol = -1, .param = -1, __VA_ARGS__ \
        }

static void write_number(writer *w, unsigned key, int64_t value)
{
        if (value < 0)
                return;
        cbor_write_uint(w, key);
        cbor_write_uint(w, (uint64_t)value);
}

static void ask(struct core_rig *rig, const struct blobs *blobs)
{
        size_t pairs = (blobs->get >= 0) + (size_t)(blobs->set.data != NULL) + (blobs->offset >= 0) +
                       (blobs->length >= 0) + (blobs->protocol >= 0) + (blobs->param >= 0);
        writer *w = core_rig_begin(rig, LARGE_BLOBS, pairs);
        write_number(w, 1, blobs->get);
        if (blobs->set.data) {
                cbor_write_uint(w, 2);
                cbor_write_bytes(w, blobs->set);
        }
        write_number(w, 3, blobs->offset);
        write_number(w, 4, blobs->length);
        if (blobs->param >= 0) {
                cbor_write_uint(w, 5);
                cbor_write_bytes(w, slice_of(param, (size_t)blobs->param));
        }
        write_number(w, 6, blobs->protocol);
        core_rig_go(rig);
}

/* An array of `size` bytes with the beginning of its hash at the end. */
static slice make_array(uint8_t *bytes, size_t size)
{
        uint8_t hash[SHA256_SIZE];
        for (size_t i = 0; i < size; i++)
                bytes[i] = (uint8_t)(i * 7);
        slice content = slice_of(bytes, size - HASH_SIZE);
        sha256(&content, 1, hash);
        memcpy(bytes + content.size, hash, HASH_SIZE);
        return slice_of(bytes, size);
}

static void load(struct core_rig *rig, slice array)
{
        core_rig_expect(rig, CORE_LOAD_BLOBS);
        core_rig_bytes(rig, CORE_BLOBS, array);
}

static void expect_fragment(struct core_rig *rig, slice expected)
{
        core_rig_same(core_rig_bytes_of(rig, 1), expected.data, expected.size);
}

/* Writes the array in fragments of `size` without authorisation, up to the action that its last one has. */
static void write_array(struct core_rig *rig, slice array, size_t size)
{
        for (size_t at = 0; at < array.size; at += size) {
                size_t left = array.size - at;
                ask(rig, BLOBS(.set = slice_of(array.data + at, left < size ? left : size),
                                 .offset = (int64_t)at, .length = at ? -1 : (int64_t)array.size));
                core_rig_answer_state(rig);
                if (left > size)
                        core_rig_expect_status(rig, CTAP2_OK);
        }
}

/* ---- get ---- */

/* [6.10] what was never written, or is broken, is the initial array */
static void the_initial_array_is_empty(void **state)
{
        (void)state;
        static const uint8_t broken[17] = { 0x80, 0x76, 0xBE, 0x8B };
        static uint8_t endless[ARRAY_MAX + 1];
        make_array(endless, sizeof endless);
        const slice saved[] = { { 0 }, SLICE(broken), slice_of(initial, 1), slice_of(initial, 16),
                SLICE(endless), SLICE(initial) };
        for (size_t i = 0; i < sizeof saved / sizeof *saved; i++) {
                struct core_rig *rig = core_rig_new(&config);
                ask(rig, BLOBS(.get = 100, .offset = 0));
                load(rig, saved[i]);
                expect_fragment(rig, SLICE(initial));
                core_rig_free(rig);
        }
}

/* [6.10.2 4.5] */
static void fragments_are_cut_from_the_array(void **state)
{
        struct core_rig *rig = *state;
        uint8_t bytes[300];
        slice array = make_array(bytes, sizeof bytes);
        ask(rig, BLOBS(.get = 10, .offset = 0));
        load(rig, array);
        expect_fragment(rig, slice_of(bytes, 10));
        static const struct {
                int64_t get, offset;
                size_t size;
        } cases[] = { { 0, 0, 0 }, { 300, 0, 300 }, { 301, 0, 300 }, { 100, 250, 50 }, { 1, 299, 1 },
                { 5, 300, 0 }, { FRAGMENT_MAX, 17, 283 } };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                ask(rig, BLOBS(.get = cases[i].get, .offset = cases[i].offset)); /* it is loaded once */
                expect_fragment(rig, slice_of(bytes + cases[i].offset, cases[i].size));
        }
}

static void gets_are_refused(void **state)
{
        struct core_rig *rig = *state;
        const struct {
                const struct blobs *blobs;
                enum ctap_status status;
        } cases[] = {
                { BLOBS(.get = 1), CTAP1_ERR_INVALID_PARAMETER },    /* [6.10.2 1] */
                { BLOBS(.offset = 0), CTAP1_ERR_INVALID_PARAMETER }, /* [6.10.2 2] */
                { BLOBS(.get = 1, .set = SLICE(initial), .offset = 0, .length = 17),
                        CTAP1_ERR_INVALID_PARAMETER }, /* [6.10.2 3] */
                { BLOBS(.get = 1, .offset = 0, .length = 17),
                        CTAP1_ERR_INVALID_PARAMETER },                                      /* [6.10.2 4.1] */
                { BLOBS(.get = 1, .offset = 0, .param = 32), CTAP1_ERR_INVALID_PARAMETER }, /* [6.10.2 4.2] */
                { BLOBS(.get = 1, .offset = 0, .protocol = 2),
                        CTAP1_ERR_INVALID_PARAMETER },                                     /* [6.10.2 4.2] */
                { BLOBS(.get = FRAGMENT_MAX + 1, .offset = 0), CTAP1_ERR_INVALID_LENGTH }, /* [6.10.2 4.3] */
                { BLOBS(.get = INT64_MAX, .offset = INT64_MAX), CTAP1_ERR_INVALID_LENGTH },
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                ask(rig, cases[i].blobs);
                core_rig_expect_status(rig, cases[i].status);
        }
        ask(rig, BLOBS(.get = 1, .offset = 18)); /* [6.10.2 4.4] */
        load(rig, SLICE(initial));
        core_rig_expect_status(rig, CTAP1_ERR_INVALID_PARAMETER);
        ask(rig, BLOBS(.get = 1, .offset = INT64_MAX));
        core_rig_expect_status(rig, CTAP1_ERR_INVALID_PARAMETER);
}

/* A place that fails is not one that is empty: what a user keeps there must not seem gone. */
static void a_place_that_fails_is_asked_again(void **state)
{
        struct core_rig *rig = *state;
        ask(rig, BLOBS(.get = 1, .offset = 0));
        core_rig_expect(rig, CORE_LOAD_BLOBS);
        core_rig_event(rig, CORE_BLOBS_FAILED);
        core_rig_expect_status(rig, CTAP1_ERR_OTHER);
        ask(rig, BLOBS(.get = 100, .offset = 0));
        load(rig, SLICE(initial));
        expect_fragment(rig, SLICE(initial));
}

/* ---- set, of an authenticator that nothing protects ---- */

/* [6.10.2 5.2] [6.10.2 5.2.4] [6.10.2 5.2.5] [6.10.2 5.7] [6.10.2 5.8] [6.10.2 5.9] [6.10.2 5.10]
 * [6.10.2 5.10.2] [6.10.2 5.11] in one fragment and in many */
static void an_array_is_written(void **state)
{
        struct core_rig *rig = *state;
        uint8_t bytes[1000];
        static const size_t sizes[] = { 1000, 999, 500, 333, 17 };
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
                slice array = make_array(bytes, sizeof bytes - i);
                write_array(rig, array, sizes[i]);
                core_rig_expect(rig, CORE_SAVE_BLOBS);
                core_rig_same(rig->action.bytes, array.data, array.size);
                core_rig_event(rig, CORE_BLOBS_SAVED);
                core_rig_expect_status(rig, CTAP2_OK);
                assert_int_equal(rig->answer.size, 1);
                ask(rig, BLOBS(.get = 2000, .offset = 0));
                expect_fragment(rig, array);
        }
}

static void the_largest_array_fits_and_no_larger_one(void **state)
{
        struct core_rig *rig = *state;
        static uint8_t bytes[ARRAY_MAX];
        slice array = make_array(bytes, sizeof bytes);
        write_array(rig, array, FRAGMENT_MAX);
        core_rig_expect(rig, CORE_SAVE_BLOBS);
        core_rig_same(rig->action.bytes, array.data, array.size);
        core_rig_event(rig, CORE_BLOBS_SAVED);
        core_rig_expect_status(rig, CTAP2_OK);
        ask(rig, BLOBS(.get = FRAGMENT_MAX, .offset = 0));
        expect_fragment(rig, slice_of(bytes, FRAGMENT_MAX));
        assert_true(rig->answer.size <= CORE_MESSAGE_MAX);
        ask(rig, BLOBS(.get = FRAGMENT_MAX, .offset = FRAGMENT_MAX));
        expect_fragment(rig, slice_of(bytes + FRAGMENT_MAX, ARRAY_MAX - FRAGMENT_MAX));
        /* [6.10.2 5.2.2] */
        ask(rig, BLOBS(.set = slice_of(bytes, 20), .offset = 0, .length = ARRAY_MAX + 1));
        core_rig_expect_status(rig, CTAP2_ERR_LARGE_BLOB_STORAGE_FULL);
        ask(rig, BLOBS(.set = slice_of(bytes, 20), .offset = 0, .length = INT64_MAX));
        core_rig_expect_status(rig, CTAP2_ERR_LARGE_BLOB_STORAGE_FULL);
}

static void sets_are_refused(void **state)
{
        struct core_rig *rig = *state;
        static uint8_t long_fragment[FRAGMENT_MAX + 1];
        const slice part = slice_of(long_fragment, 20);
        const struct {
                const struct blobs *blobs;
                enum ctap_status status;
        } cases[] = {
                { BLOBS(.set = part, .length = 40), CTAP1_ERR_INVALID_PARAMETER }, /* [6.10.2 1] */
                { BLOBS(.set = SLICE(long_fragment), .offset = 0, .length = ARRAY_MAX),
                        CTAP1_ERR_INVALID_LENGTH },                               /* [6.10.2 5.1] */
                { BLOBS(.set = part, .offset = 0), CTAP1_ERR_INVALID_PARAMETER }, /* [6.10.2 5.2.1] */
                { BLOBS(.set = part, .offset = 0, .length = 16),
                        CTAP1_ERR_INVALID_PARAMETER }, /* [6.10.2 5.2.3] */
                { BLOBS(.set = part, .offset = 20, .length = 40),
                        CTAP1_ERR_INVALID_PARAMETER },                       /* [6.10.2 5.3] */
                { BLOBS(.set = part, .offset = 20), CTAP1_ERR_INVALID_SEQ }, /* [6.10.2 5.4] none begun */
                { BLOBS(.set = part, .offset = INT64_MAX), CTAP1_ERR_INVALID_SEQ },
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                ask(rig, cases[i].blobs);
                core_rig_expect_status(rig, cases[i].status);
        }
}

/* [6.10.2 5.4] [6.10.2 5.6] */
static void fragments_come_in_order(void **state)
{
        struct core_rig *rig = *state;
        uint8_t bytes[60];
        slice array = make_array(bytes, sizeof bytes);
        write_array(rig, slice_of(array.data, 20), 20); /* length 20: it is whole, and its hash is wrong */
        core_rig_expect_status(rig, CTAP2_ERR_INTEGRITY_FAILURE);
        ask(rig, BLOBS(.set = slice_of(bytes, 20), .offset = 0, .length = 60));
        core_rig_answer_state(rig);
        core_rig_expect_status(rig, CTAP2_OK);
        static const int64_t wrong[] = { 19, 21, 40, 60 };
        for (size_t i = 0; i < 4; i++) {
                ask(rig, BLOBS(.set = slice_of(bytes + 20, 20), .offset = wrong[i]));
                core_rig_expect_status(rig, CTAP1_ERR_INVALID_SEQ);
        }
        uint8_t more[41] = { 0 };
        ask(rig, BLOBS(.set = SLICE(more), .offset = 20));
        core_rig_answer_state(rig);
        core_rig_expect_status(rig, CTAP1_ERR_INVALID_PARAMETER);
        core_rig_expect_idle(rig); /* another command in between */
        ask(rig, BLOBS(.set = slice_of(bytes + 20, 40), .offset = 20));
        core_rig_answer_state(rig);
        core_rig_expect(rig, CORE_SAVE_BLOBS);
        core_rig_same(rig->action.bytes, array.data, array.size);
        core_rig_event(rig, CORE_BLOBS_SAVED);
        core_rig_expect_status(rig, CTAP2_OK);
}

/* [6.10.2 5.10.1] what was there stays */
static void a_wrong_hash_changes_nothing(void **state)
{
        struct core_rig *rig = *state;
        uint8_t bytes[60];
        slice array = make_array(bytes, sizeof bytes);
        ask(rig, BLOBS(.get = 100, .offset = 0));
        load(rig, SLICE(initial));
        for (size_t i = 0; i < sizeof bytes; i += 59) { /* in the content, in the hash */
                bytes[i] ^= 1;
                write_array(rig, array, 30);
                core_rig_expect_status(rig, CTAP2_ERR_INTEGRITY_FAILURE);
                bytes[i] ^= 1;
        }
        ask(rig, BLOBS(.set = slice_of(bytes, 20), .offset = 20)); /* and nothing is being written */
        core_rig_expect_status(rig, CTAP1_ERR_INVALID_SEQ);
        ask(rig, BLOBS(.get = 100, .offset = 0));
        expect_fragment(rig, SLICE(initial));
}

/* Whether the former or the new array is there after a write that failed, only the place knows. */
static void a_write_that_fails_is_told(void **state)
{
        struct core_rig *rig = *state;
        uint8_t bytes[60];
        slice array = make_array(bytes, sizeof bytes);
        write_array(rig, array, 60);
        core_rig_expect(rig, CORE_SAVE_BLOBS);
        core_rig_event(rig, CORE_BLOBS_FAILED);
        core_rig_expect_status(rig, CTAP1_ERR_OTHER);
        ask(rig, BLOBS(.get = 100, .offset = 0));
        load(rig, SLICE(initial));
        expect_fragment(rig, SLICE(initial));
}

/* CANCEL while the place works: what it has afterwards, it is asked. */
static void a_cancelled_write_is_looked_up(void **state)
{
        struct core_rig *rig = *state;
        uint8_t bytes[60];
        slice array = make_array(bytes, sizeof bytes);
        write_array(rig, array, 60);
        core_rig_expect(rig, CORE_SAVE_BLOBS);
        core_rig_event(rig, CORE_CANCEL);
        core_rig_expect_status(rig, CTAP2_ERR_KEEPALIVE_CANCEL);
        ask(rig, BLOBS(.get = 100, .offset = 0));
        load(rig, array); /* it was saved after all */
        expect_fragment(rig, array);
}

/* ---- set, of a protected one ---- */

/* [6.10.2 5.5.4] 32 times FF, 0C 00, the offset (little-endian), the hash of the fragment; permission lbw */
static void the_token_signs_each_fragment(void **state)
{
        struct core_rig *rig = *state;
        static uint8_t bytes[1000];
        const uint8_t lbw = 0x10;
        slice array = make_array(bytes, sizeof bytes);
        rig->state.flags = RIG_PIN;
        for (size_t at = 0; at < 1000; at += 600) {
                slice fragment = slice_of(bytes + at, at ? 400 : 600);
                uint8_t message[70], hash[SHA256_SIZE];
                writer w = WRITER(message);
                for (int i = 0; i < 32; i++)
                        write_u8(&w, 0xFF);
                static const uint8_t first[] = { 0x0C, 0, 0, 0, 0, 0 },
                                     second[] = { 0x0C, 0, 0x58, 0x02, 0, 0 };
                write_slice(&w, at ? SLICE(second) : SLICE(first));
                sha256(&fragment, 1, hash);
                write_slice(&w, SLICE(hash));
                ask(rig, BLOBS(.set = fragment, .offset = (int64_t)at, .length = at ? -1 : 1000,
                                 .param = at ? 16 : 32, .protocol = at ? 1 : 2));
                core_rig_answer_state(rig);
                slice data = core_rig_expect_apdu(rig, RIG_AUTHORISE);
                core_rig_same(core_rig_tag(data, 0x83), &lbw, 1);
                core_rig_same(core_rig_tag(data, 0x84), param, at ? 16 : 32);
                core_rig_same(core_rig_tag(data, 0x85), message, sizeof message);
                core_rig_respond(rig, (slice){ 0 }, SW_OK);
        }
        core_rig_expect(rig, CORE_SAVE_BLOBS);
        core_rig_same(rig->action.bytes, array.data, array.size);
        core_rig_event(rig, CORE_BLOBS_SAVED);
        core_rig_expect_status(rig, CTAP2_OK);
}

/* [6.10.2 5.5] by each form of protection */
static void protected_arrays_want_a_token(void **state)
{
        struct core_rig *rig = *state;
        uint8_t bytes[60];
        slice array = make_array(bytes, sizeof bytes);
        static const struct {
                uint8_t flags, flags2;
        } protected[] = { { RIG_PIN, 0 }, { RIG_PAIRED, RIG_ENROLLED }, { 0, RIG_ALWAYS_UV } };
        static const struct {
                int param;
                int64_t protocol;
                enum ctap_status status;
        } cases[] = {
                { -1, -1, CTAP2_ERR_PUAT_REQUIRED },     /* [6.10.2 5.5.1] */
                { -1, 2, CTAP2_ERR_PUAT_REQUIRED },      /* [6.10.2 5.5.1] */
                { 32, -1, CTAP2_ERR_MISSING_PARAMETER }, /* [6.10.2 5.5.2] */
                { 32, 3, CTAP1_ERR_INVALID_PARAMETER },  /* [6.10.2 5.5.3] */
                { 32, 1, CTAP2_ERR_PIN_AUTH_INVALID },   /* of the other protocol's size */
                { 16, 2, CTAP2_ERR_PIN_AUTH_INVALID },
                { 0, 2, CTAP2_ERR_PIN_AUTH_INVALID },
        };
        for (size_t i = 0; i < 3; i++) {
                rig->state.flags = protected[i].flags;
                rig->state.flags2 = protected[i].flags2;
                for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
                        ask(rig, BLOBS(.set = array, .offset = 0, .length = 60, .param = cases[k].param,
                                         .protocol = cases[k].protocol));
                        core_rig_answer_state(rig);
                        core_rig_expect_status(rig, cases[k].status);
                }
        }
        /* [6.10.2 5.5.4] [6.10.2 5.5.5] wrong, or without the permission: the element says so */
        ask(rig, BLOBS(.set = array, .offset = 0, .length = 60, .param = 32, .protocol = 2));
        core_rig_answer_state(rig);
        core_rig_expect_apdu(rig, RIG_AUTHORISE);
        core_rig_respond(rig, (slice){ 0 }, SW_SECURITY_STATUS);
        core_rig_expect_status(rig, CTAP2_ERR_PIN_AUTH_INVALID);
}

/* Reading needs none, whatever protects. */
static void everybody_reads(void **state)
{
        struct core_rig *rig = *state;
        rig->state.flags = RIG_PIN;
        rig->state.flags2 = RIG_ALWAYS_UV;
        ask(rig, BLOBS(.get = 100, .offset = 0));
        load(rig, SLICE(initial));
        expect_fragment(rig, SLICE(initial));
}

/* An array that is being written is forgotten by a power cycle. */
static void half_an_array_ends_with_the_power(void **state)
{
        struct core_rig *rig = *state;
        uint8_t bytes[60];
        slice array = make_array(bytes, sizeof bytes);
        ask(rig, BLOBS(.set = slice_of(bytes, 30), .offset = 0, .length = 60));
        core_rig_answer_state(rig);
        core_rig_expect_status(rig, CTAP2_OK);
        core_rig_event(rig, CORE_POWER_ON);
        ask(rig, BLOBS(.set = slice_of(array.data + 30, 30), .offset = 30));
        core_rig_expect_status(rig, CTAP1_ERR_INVALID_SEQ);
}

static void without_a_place_there_is_no_such_command(void **state)
{
        static const struct core_config no_place = { .transports = MITOME_TRANSPORT_USB };
        struct core_rig *rig = core_rig_new(&no_place);
        (void)state;
        ask(rig, BLOBS(.get = 1, .offset = 0));
        core_rig_expect_status(rig, CTAP1_ERR_INVALID_COMMAND);
        core_rig_free(rig);
}

static void truncations_and_types_are_refused(void **state)
{
        struct core_rig *rig = *state;
        uint8_t whole[200];
        ask(rig, BLOBS(.set = SLICE(initial), .offset = 0, .length = 17, .param = 32, .protocol = 2));
        core_rig_answer_state(rig);
        core_rig_event(rig, CORE_BLOBS_SAVED);
        assert_int_equal(
                slice_copy(writer_view(&rig->w), "request", whole, sizeof whole, NULL).code, MITOME_OK);
        for (size_t cut = 1; cut < rig->w.used; cut++) {
                core_rig_bytes(rig, CORE_REQUEST, slice_of(whole, cut));
                core_rig_expect_status(rig, CTAP2_ERR_INVALID_CBOR);
        }
        for (unsigned key = 1; key <= 6; key++) {
                writer *w = core_rig_begin(rig, LARGE_BLOBS, 1);
                cbor_write_uint(w, key);
                cbor_write_bool(w, false);
                core_rig_go(rig);
                core_rig_expect_status(rig, CTAP2_ERR_CBOR_UNEXPECTED_TYPE);
        }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(the_initial_array_is_empty),
                TEST(fragments_are_cut_from_the_array),
                TEST(gets_are_refused),
                TEST(a_place_that_fails_is_asked_again),
                TEST(an_array_is_written),
                TEST(the_largest_array_fits_and_no_larger_one),
                TEST(sets_are_refused),
                TEST(fragments_come_in_order),
                TEST(a_wrong_hash_changes_nothing),
                TEST(a_write_that_fails_is_told),
                TEST(a_cancelled_write_is_looked_up),
                TEST(the_token_signs_each_fragment),
                TEST(protected_arrays_want_a_token),
                TEST(everybody_reads),
                TEST(half_an_array_ends_with_the_power),
                TEST(without_a_place_there_is_no_such_command),
                TEST(truncations_and_types_are_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
