/* SPDX-License-Identifier: Apache-2.0 */
/* What the core measures in time, and what a power cycle ends: tokens (CTAP 2.1, 6.5.2.1),
 * authenticatorReset's window (6.6), touches (6.9). */
#include "core_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
        GET_ASSERTION = 0x02,
        CLIENT_PIN = 0x06,
        GET_NEXT = 0x08,
        RESET = 0x07,
        SELECTION = 0x0B,
        CONFIG = 0x0D,
        SECOND = 1000,
        MINUTE = 60000
};

static const uint8_t filler[128] = { 0xF3 };

static const struct core_config config = {
        .now_ms = UINT64_C(1) << 40, .transports = MITOME_TRANSPORT_USB, .blobs = true
};

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

/* ---- tokens ---- */

static void write_key(writer *w)
{
        static const uint8_t head[] = { 0xA5, 0x01, 0x02, 0x03, 0x38, 0x18, 0x20, 0x01, 0x21 };
        write_slice(w, SLICE(head));
        cbor_write_bytes(w, slice_of(filler, 32));
        write_u8(w, 0x22);
        cbor_write_bytes(w, slice_of(filler, 32));
}

static void get_token(struct core_rig *rig)
{
        writer *w = core_rig_begin(rig, CLIENT_PIN, 4);
        cbor_write_uint(w, 1);
        cbor_write_uint(w, 2);
        cbor_write_uint(w, 2);
        cbor_write_uint(w, 5);
        cbor_write_uint(w, 3);
        write_key(w);
        cbor_write_uint(w, 6);
        cbor_write_bytes(w, slice_of(filler, 32));
        core_rig_go(rig);
        uint8_t bytes[60];
        writer data = WRITER(bytes);
        tlv_write(&data, 0x80, slice_of(filler, 48));
        core_rig_respond(rig, writer_view(&data), SW_OK);
        core_rig_expect_status(rig, CTAP2_OK);
}

static void begin_use(struct core_rig *rig)
{
        writer *w = core_rig_begin(rig, CONFIG, 3);
        rig->state.flags = RIG_PIN;
        cbor_write_uint(w, 1);
        cbor_write_uint(w, 2);
        cbor_write_uint(w, 3);
        cbor_write_uint(w, 2);
        cbor_write_uint(w, 4);
        cbor_write_bytes(w, slice_of(filler, 32));
        core_rig_go(rig);
}

static void use_token(struct core_rig *rig, uint16_t sw)
{
        begin_use(rig);
        core_rig_answer_state(rig);
        core_rig_expect_apdu(rig, RIG_CONFIGURE);
        core_rig_respond(rig, (slice){ 0 }, sw);
}

static void expect_forgotten(struct core_rig *rig)
{
        assert_int_equal(core_rig_expect_apdu(rig, RIG_FORGET_TOKEN).size, 0);
        core_rig_respond(rig, (slice){ 0 }, SW_OK);
}

/* [6.5.2.1] initial usage time limit: 30 s */
static void an_unused_token_ends_after_half_a_minute(void **state)
{
        struct core_rig *rig = *state;
        get_token(rig);
        rig->now_ms += 30 * SECOND;
        core_rig_expect_idle(rig);
        rig->now_ms += 1;
        begin_use(rig);
        expect_forgotten(rig); /* before anything else: what it authorises comes too late */
        core_rig_answer_state(rig);
        core_rig_expect_apdu(rig, RIG_CONFIGURE);
        core_rig_respond(rig, (slice){ 0 }, SW_SECURITY_STATUS);
        core_rig_expect_status(rig, CTAP2_ERR_PIN_AUTH_INVALID);
        rig->now_ms += 30 * MINUTE;
        core_rig_expect_idle(rig); /* once */
}

/* [6.5.2.1] over NFC: 19.8 s, whoever uses it then */
static void an_unused_token_ends_sooner_over_nfc(void **state)
{
        struct core_rig *rig = *state;
        for (int late = 0; late <= 1; late++) {
                rig->caller = CORE_CALLER_NFC;
                get_token(rig);
                rig->caller = CORE_CALLER_HID;
                rig->now_ms += 19800 + (uint64_t)late;
                begin_use(rig);
                if (late)
                        expect_forgotten(rig);
                core_rig_answer_state(rig);
                core_rig_expect_apdu(rig, RIG_CONFIGURE);
                core_rig_respond(rig, (slice){ 0 }, late ? SW_SECURITY_STATUS : SW_OK);
        }
}

/* [6.5.2.1] max usage time period: 10 minutes, from its beginning */
static void a_used_token_ends_after_ten_minutes(void **state)
{
        struct core_rig *rig = *state;
        get_token(rig);
        rig->now_ms += 29 * SECOND;
        use_token(rig, SW_OK);
        core_rig_expect_status(rig, CTAP2_OK);
        rig->now_ms += 10 * MINUTE - 29 * SECOND;
        use_token(rig, SW_OK);
        core_rig_expect_status(rig, CTAP2_OK);
        rig->now_ms += 1;
        begin_use(rig);
        expect_forgotten(rig);
        core_rig_answer_state(rig);
}

/* A wrong pinUvAuthParam is no use: whoever has no token keeps none alive. */
static void wrong_parameters_keep_no_token_alive(void **state)
{
        struct core_rig *rig = *state;
        get_token(rig);
        rig->now_ms += 20 * SECOND;
        use_token(rig, SW_SECURITY_STATUS);
        core_rig_expect_status(rig, CTAP2_ERR_PIN_AUTH_INVALID);
        rig->now_ms += 11 * SECOND;
        core_rig_command(rig, SELECTION);
        expect_forgotten(rig);
        core_rig_expect(rig, CORE_TOUCH);
        core_rig_event(rig, CORE_TOUCHED);
        core_rig_expect_status(rig, CTAP2_OK);
}

static void a_new_token_has_new_time(void **state)
{
        struct core_rig *rig = *state;
        get_token(rig);
        rig->now_ms += 29 * SECOND;
        get_token(rig);
        rig->now_ms += 29 * SECOND;
        use_token(rig, SW_OK);
        core_rig_expect_status(rig, CTAP2_OK);
}

/* An element that does not forget: nothing is done, until it does. */
static void a_token_that_stays_stops_everything(void **state)
{
        struct core_rig *rig = *state;
        get_token(rig);
        rig->now_ms += 31 * SECOND;
        for (int i = 0; i < 3; i++) {
                begin_use(rig);
                core_rig_expect_apdu(rig, RIG_FORGET_TOKEN);
                if (i == 0)
                        core_rig_respond(rig, (slice){ 0 }, SW_UNKNOWN);
                else
                        core_rig_event(rig, CORE_LINK_BROKEN);
                core_rig_expect_status(rig, CTAP1_ERR_OTHER);
        }
        begin_use(rig);
        expect_forgotten(rig);
        core_rig_answer_state(rig);
}

/* A clock that goes back makes no token younger. */
static void a_clock_that_goes_back_ends_tokens(void **state)
{
        struct core_rig *rig = *state;
        get_token(rig);
        rig->now_ms -= 1;
        begin_use(rig);
        expect_forgotten(rig);
        core_rig_answer_state(rig);
}

/* ---- userPresent ---- */

static void get_finger_token(struct core_rig *rig)
{
        rig->state.flags = RIG_PIN | RIG_PAIRED | RIG_OPEN;
        rig->state.flags2 = RIG_ENROLLED;
        writer *w = core_rig_begin(rig, CLIENT_PIN, 5);
        cbor_write_uint(w, 1);
        cbor_write_uint(w, 2);
        cbor_write_uint(w, 2);
        cbor_write_uint(w, 6);
        cbor_write_uint(w, 3);
        write_key(w);
        cbor_write_uint(w, 9);
        cbor_write_uint(w, 2);
        cbor_write_uint(w, 10);
        cbor_write_string(w, "example.com");
        core_rig_go(rig);
        core_rig_answer_state(rig);
        uint8_t bytes[60];
        writer data = WRITER(bytes);
        tlv_write(&data, 0x80, slice_of(filler, 32));
        core_rig_respond(rig, writer_view(&data), SW_OK);
        core_rig_gate(rig, MITOME_GATE_EVIDENCE, true);
        data = WRITER(bytes);
        tlv_write(&data, 0x80, slice_of(filler, 48));
        core_rig_respond(rig, writer_view(&data), SW_OK);
        core_rig_expect_status(rig, CTAP2_OK);
}

static void begin_assertion(struct core_rig *rig, bool with_token)
{
        writer *w = core_rig_begin(rig, GET_ASSERTION, with_token ? 4 : 2);
        cbor_write_uint(w, 1);
        cbor_write_string(w, "example.com");
        cbor_write_uint(w, 2);
        cbor_write_bytes(w, slice_of(filler, 32));
        if (with_token) {
                cbor_write_uint(w, 6);
                cbor_write_bytes(w, slice_of(filler, 32));
                cbor_write_uint(w, 7);
                cbor_write_uint(w, 2);
        }
        core_rig_go(rig);
        core_rig_answer_state(rig);
        core_rig_expect_apdu(rig, RIG_BEGIN);
        core_rig_respond(rig, (slice){ 0 }, SW_OK);
}

static void answer_assertion(struct core_rig *rig, uint8_t count)
{
        uint8_t bytes[60];
        writer data = WRITER(bytes);
        tlv_write(&data, 0x80, slice_of(filler, 32));
        tlv_write(&data, 0x81, slice_of(filler, 2));
        tlv_write(&data, 0x82, slice_of(filler, 2));
        tlv_write(&data, 0x83, slice_of(filler, 4));
        if (count) {
                tlv_write_head(&data, 0x86, 2);
                write_u16(&data, count);
        }
        core_rig_respond(rig, writer_view(&data), SW_OK);
        core_rig_expect_status(rig, CTAP2_OK);
}

/* [6.5.2.1] user present time limit: who held a finger on the sensor for the token need not touch, for 30 s
 * and once */
static void a_finger_counts_as_presence_for_half_a_minute(void **state)
{
        struct core_rig *rig = *state;
        get_finger_token(rig);
        rig->now_ms += 30 * SECOND;
        begin_assertion(rig, true);
        core_rig_expect_apdu(rig, RIG_GET); /* no touch */
        answer_assertion(rig, 0);
        begin_assertion(rig, true); /* whether the token has a permission left, the element says */
        core_rig_expect(rig, CORE_TOUCH);
        core_rig_event(rig, CORE_TOUCHED);
        answer_assertion(rig, 0);

        get_finger_token(rig);
        use_token(rig, SW_OK); /* it lives on */
        rig->now_ms += 30 * SECOND + 1;
        begin_assertion(rig, true);
        core_rig_expect(rig, CORE_TOUCH);
        core_rig_event(rig, CORE_TOUCHED);
        answer_assertion(rig, 0);
}

/* Alone, a PIN satisfies no touch; nor does a finger's token the request of somebody without it. */
static void presence_is_the_tokens_own(void **state)
{
        struct core_rig *rig = *state;
        get_token(rig);
        begin_assertion(rig, true);
        core_rig_expect(rig, CORE_TOUCH);
        core_rig_event(rig, CORE_TOUCHED);
        answer_assertion(rig, 0);
        get_finger_token(rig);
        begin_assertion(rig, false);
        core_rig_expect(rig, CORE_TOUCH);
        core_rig_event(rig, CORE_TOUCHED);
        answer_assertion(rig, 0);
}

/* ---- sequences ---- */

static void begin_chain(struct core_rig *rig)
{
        begin_assertion(rig, false);
        core_rig_event(rig, CORE_TOUCHED);
        answer_assertion(rig, 3);
}

/* [6.3 1] [6.3 3] [6.3 7] 30 s from each to the next */
static void assertions_follow_within_half_a_minute(void **state)
{
        struct core_rig *rig = *state;
        core_rig_command(rig, GET_NEXT);
        core_rig_expect_status(rig, CTAP2_ERR_NOT_ALLOWED);
        begin_chain(rig);
        for (int i = 0; i < 5; i++) {
                rig->now_ms += 30 * SECOND;
                core_rig_command(rig, GET_NEXT);
                assert_int_equal(core_rig_expect_apdu(rig, RIG_NEXT).size, 0);
                answer_assertion(rig, 0);
        }
        rig->now_ms += 30 * SECOND + 1;
        core_rig_command(rig, GET_NEXT);
        core_rig_expect_status(rig, CTAP2_ERR_NOT_ALLOWED);
}

/* [6.3 1] whatever comes between ends it */
static void sequences_are_not_interrupted(void **state)
{
        struct core_rig *rig = *state;
        for (int between = 0; between < 5; between++) {
                begin_chain(rig);
                if (between == 0)
                        core_rig_expect_idle(rig); /* getInfo */
                else if (between == 1)
                        get_token(rig);
                else if (between == 2)
                        core_rig_event(rig, CORE_POWER_ON);
                else if (between == 3)
                        core_rig_command(rig, 0x77);
                else
                        core_rig_bytes(rig, CORE_U2F, (slice){ 0 });
                core_rig_command(rig, GET_NEXT);
                core_rig_expect_status(rig, CTAP2_ERR_NOT_ALLOWED);
        }
}

/* What comes next was authorised for who began it: neither another channel's host nor a reader that somebody
 * walks past gets another's assertion, or the rest of another's list. */
static void nobody_goes_on_with_anothers_sequence(void **state)
{
        struct core_rig *rig = *state;
        static const struct {
                enum core_caller caller;
                uint32_t channel;
        } others[] = { { CORE_CALLER_HID, 2 }, { CORE_CALLER_NFC, 1 }, { CORE_CALLER_APP, 1 } };
        for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
                rig->caller = CORE_CALLER_HID;
                rig->channel = 1;
                begin_chain(rig);
                rig->caller = others[i].caller;
                rig->channel = others[i].channel;
                core_rig_command(rig, GET_NEXT);
                core_rig_expect_status(rig, CTAP2_ERR_NOT_ALLOWED);
        }
}

/* ---- selection, [6.9] ---- */

/* [6.9 declined] [6.9 timeout] [6.9 input] */
static void a_device_is_selected(void **state)
{
        struct core_rig *rig = *state;
        static const struct {
                enum core_event_kind event;
                enum ctap_status status;
        } cases[] = {
                { CORE_TOUCHED, CTAP2_OK },
                { CORE_NOT_TOUCHED, CTAP2_ERR_OPERATION_DENIED },
                { CORE_TOUCH_TIMEOUT, CTAP2_ERR_USER_ACTION_TIMEOUT },
                { CORE_CANCEL, CTAP2_ERR_KEEPALIVE_CANCEL },
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                core_rig_command(rig, SELECTION);
                core_rig_expect(rig, CORE_TOUCH);
                assert_int_equal(rig->action.touch.why, CORE_PROMPT_SELECT);
                assert_int_equal(rig->action.touch.timeout_ms, 30 * SECOND);
                core_rig_event(rig, cases[i].event);
                core_rig_expect_status(rig, cases[i].status);
                assert_int_equal(rig->answer.size, 1);
        }
        static const uint8_t more[] = { SELECTION, 0xA0 };
        core_rig_bytes(rig, CORE_REQUEST, SLICE(more));
        core_rig_expect_status(rig, CTAP1_ERR_INVALID_LENGTH);
}

/* ---- reset, [6.6] ---- */

static void touch_for_reset(struct core_rig *rig)
{
        core_rig_command(rig, RESET);
        core_rig_expect(rig, CORE_TOUCH);
        assert_int_equal(rig->action.touch.why, CORE_PROMPT_RESET);
        core_rig_event(rig, CORE_TOUCHED);
}

/* The gate's fingers go last. Without a gate that answers, the reset is as good. */
static void forget_fingers(struct core_rig *rig, enum mitome_gate_event_kind answer)
{
        core_rig_expect(rig, CORE_GATE_START);
        assert_int_equal(rig->action.request.purpose, MITOME_GATE_FORGET);
        core_rig_gate(rig, MITOME_GATE_NOTHING, false);
        core_rig_expect(rig, CORE_GATE_POLL);
        core_rig_gate(rig, answer, false);
        core_rig_expect_status(rig, CTAP2_OK);
}

/* [6.6 largeBlobs] [6.6 presence] */
static void everything_is_erased(void **state)
{
        struct core_rig *rig = *state;
        static const uint8_t touched = 0x02;
        static const uint8_t empty[] = { 0x80, 0x76, 0xBE, 0x8B, 0x52, 0x8D, 0x00, 0x75, 0xF7, 0xAA, 0xE9,
                0x8D, 0x6F, 0xA5, 0x7A, 0x6D, 0x3C };
        get_token(rig);
        touch_for_reset(rig);
        core_rig_same(core_rig_tag(core_rig_expect_apdu(rig, RIG_RESET), 0x85), &touched, 1);
        core_rig_respond(rig, (slice){ 0 }, SW_OK);
        core_rig_expect(rig, CORE_SAVE_BLOBS); /* after the keys are gone */
        core_rig_same(rig->action.bytes, empty, sizeof empty);
        core_rig_event(rig, CORE_BLOBS_SAVED);
        forget_fingers(rig, MITOME_GATE_DONE);
        rig->now_ms += 5 * MINUTE;
        core_rig_expect_idle(rig); /* no token to be forgotten */
}

/* [2.2 6.4 0x1A] transportsForReset names no field of a reader's: there nothing is erased, touched or not */
static void no_reader_in_passing_erases(void **state)
{
        struct core_rig *rig = *state;
        rig->caller = CORE_CALLER_NFC;
        rig->contactless = true;
        core_rig_command(rig, RESET);
        core_rig_expect_status(rig, CTAP2_ERR_NOT_ALLOWED);
        rig->contactless = false; /* a card that was put into a reader */
        touch_for_reset(rig);
        core_rig_expect_apdu(rig, RIG_RESET);
        core_rig_respond(rig, (slice){ 0 }, SW_CONDITIONS);
        core_rig_expect_status(rig, CTAP2_ERR_NOT_ALLOWED);
}

/* CANCEL at every moment: what the element has erased stays erased, and so the array and the fingers go too.
 */
static void a_reset_is_not_cancelled_halfway(void **state)
{
        struct core_rig *rig = *state;
        touch_for_reset(rig);
        core_rig_respond(rig, (slice){ 0 }, SW_OK);
        core_rig_expect(rig, CORE_SAVE_BLOBS);
        core_rig_event(rig, CORE_CANCEL);
        core_rig_expect(rig, CORE_SAVE_BLOBS); /* once more */
        core_rig_event(rig, CORE_BLOBS_SAVED);
        core_rig_expect(rig, CORE_GATE_START);
        core_rig_event(rig, CORE_CANCEL);
        core_rig_expect(rig, CORE_GATE_POLL);
        core_rig_gate(rig, MITOME_GATE_NOTHING, false);
        core_rig_event(rig, CORE_CANCEL);
        core_rig_expect(rig, CORE_GATE_POLL);
        core_rig_gate(rig, MITOME_GATE_DONE, false);
        core_rig_expect_status(rig, CTAP2_OK);
        core_rig_command(rig, SELECTION); /* which can be cancelled again */
        core_rig_event(rig, CORE_CANCEL);
        core_rig_expect_status(rig, CTAP2_ERR_KEEPALIVE_CANCEL);
}

static void a_reset_that_fails_is_told(void **state)
{
        struct core_rig *rig = *state;
        touch_for_reset(rig);
        core_rig_respond(rig, (slice){ 0 }, SW_CONDITIONS); /* contactless */
        core_rig_expect_status(rig, CTAP2_ERR_NOT_ALLOWED);
        touch_for_reset(rig);
        core_rig_respond(rig, (slice){ 0 }, SW_OK);
        core_rig_event(rig, CORE_BLOBS_FAILED);
        core_rig_expect_status(rig, CTAP1_ERR_OTHER);
        touch_for_reset(rig); /* and again, within the window */
        core_rig_respond(rig, (slice){ 0 }, SW_OK);
        core_rig_event(rig, CORE_BLOBS_SAVED);
        forget_fingers(rig, MITOME_GATE_REFUSED);
}

static void without_blobs_there_is_less_to_erase(void **state)
{
        static const struct core_config no_place = { .transports = MITOME_TRANSPORT_USB };
        struct core_rig *rig = core_rig_new(&no_place);
        (void)state;
        touch_for_reset(rig);
        core_rig_respond(rig, (slice){ 0 }, SW_OK);
        forget_fingers(rig, MITOME_GATE_BROKEN);
        core_rig_free(rig);
}

/* [6.6 window] Reset outside its window. */
static void the_window_is_ten_seconds(void **state)
{
        struct core_rig *rig = *state;
        rig->now_ms += 10 * SECOND;
        core_rig_command(rig, RESET);
        core_rig_expect(rig, CORE_TOUCH);
        core_rig_event(rig, CORE_NOT_TOUCHED);
        core_rig_expect_status(rig, CTAP2_ERR_OPERATION_DENIED);
        rig->now_ms += 1;
        core_rig_command(rig, RESET);
        core_rig_expect_status(rig, CTAP2_ERR_NOT_ALLOWED);
        rig->now_ms += 90 * MINUTE;
        core_rig_event(rig, CORE_POWER_ON); /* opens it again */
        core_rig_expect(rig, CORE_REPLY);
        core_rig_command(rig, RESET);
        core_rig_expect(rig, CORE_TOUCH);
        rig->now_ms += 29 * SECOND; /* the request came in time; the user may take longer */
        core_rig_event(rig, CORE_TOUCHED);
        core_rig_expect_apdu(rig, RIG_RESET);
        core_rig_respond(rig, (slice){ 0 }, SW_OK);
        core_rig_event(rig, CORE_BLOBS_SAVED);
        forget_fingers(rig, MITOME_GATE_BROKEN);
}

/* A reset is not a power cycle: it opens no window for the next. */
static void resets_do_not_keep_the_window_open(void **state)
{
        struct core_rig *rig = *state;
        rig->now_ms += 9 * SECOND;
        touch_for_reset(rig);
        core_rig_respond(rig, (slice){ 0 }, SW_OK);
        core_rig_event(rig, CORE_BLOBS_SAVED);
        forget_fingers(rig, MITOME_GATE_DONE);
        rig->now_ms += 2 * SECOND;
        core_rig_command(rig, RESET);
        core_rig_expect_status(rig, CTAP2_ERR_NOT_ALLOWED);
}

/* [6.6 presence] [6.6 declined] [6.6 timeout] [6.6 input] */
static void nobody_resets_without_a_touch(void **state)
{
        struct core_rig *rig = *state;
        static const struct {
                enum core_event_kind event;
                enum ctap_status status;
        } cases[] = {
                { CORE_NOT_TOUCHED, CTAP2_ERR_OPERATION_DENIED },
                { CORE_TOUCH_TIMEOUT, CTAP2_ERR_USER_ACTION_TIMEOUT },
                { CORE_CANCEL, CTAP2_ERR_KEEPALIVE_CANCEL },
                { CORE_LINK_BROKEN, CTAP1_ERR_INVALID_COMMAND },
                { CORE_BLOBS_SAVED, CTAP1_ERR_INVALID_COMMAND },
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                core_rig_command(rig, RESET);
                core_rig_expect(rig, CORE_TOUCH);
                core_rig_event(rig, cases[i].event);
                core_rig_expect_status(rig, cases[i].status);
        }
        static const uint8_t more[] = { RESET, 0xA0 };
        core_rig_bytes(rig, CORE_REQUEST, SLICE(more));
        core_rig_expect_status(rig, CTAP1_ERR_INVALID_LENGTH);
}

/* ---- power ---- */

/* Wherever it happens: what was being done ends, tokens are gone, and the next request is answered. */
static void power_falls_everywhere(void **state)
{
        struct core_rig *rig = *state;
        for (int place = 0; place < 5; place++) {
                get_token(rig);
                if (place == 1)
                        core_rig_command(rig, SELECTION); /* a touch is awaited */
                else if (place == 2)
                        core_rig_command(rig, 0x04); /* the element's answer */
                else if (place == 3)
                        begin_use(rig);
                else if (place == 4) {
                        core_rig_event(rig, CORE_POWER_ON);
                        touch_for_reset(rig);
                        core_rig_respond(rig, (slice){ 0 }, SW_OK);
                        core_rig_expect(rig, CORE_SAVE_BLOBS);
                }
                core_rig_event(rig, CORE_POWER_ON);
                core_rig_expect_status(rig, CTAP1_ERR_OTHER);
                rig->now_ms += MINUTE;
                core_rig_expect_idle(rig);
        }
}

/* ---- U2F ---- */

/* What is refused before anybody looks at the APDU is told as U2F has it: a status word. */
static void u2f_is_answered_with_status_words(void **state)
{
        struct core_rig *rig = *state;
        static uint8_t longest[CORE_MESSAGE_MAX + 1];
        core_rig_bytes(rig, CORE_U2F, (slice){ 0 });
        core_rig_expect(rig, CORE_REPLY);
        core_rig_same(rig->answer, "\x67\x00", 2);
        core_rig_bytes(rig, CORE_U2F, SLICE(longest));
        core_rig_expect(rig, CORE_REPLY);
        core_rig_same(rig->answer, "\x67\x00", 2);
        core_rig_expect_idle(rig);
        /* busy with another request */
        core_rig_command(rig, SELECTION);
        core_rig_bytes(rig, CORE_U2F, slice_of("\x00\x03\x00\x00", 4));
        core_rig_expect(rig, CORE_REPLY);
        assert_int_equal(rig->answer.size, 2);
        core_rig_expect_idle(rig);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(an_unused_token_ends_after_half_a_minute),
                TEST(an_unused_token_ends_sooner_over_nfc),
                TEST(a_used_token_ends_after_ten_minutes),
                TEST(wrong_parameters_keep_no_token_alive),
                TEST(a_new_token_has_new_time),
                TEST(a_token_that_stays_stops_everything),
                TEST(a_clock_that_goes_back_ends_tokens),
                TEST(a_finger_counts_as_presence_for_half_a_minute),
                TEST(presence_is_the_tokens_own),
                TEST(assertions_follow_within_half_a_minute),
                TEST(sequences_are_not_interrupted),
                TEST(nobody_goes_on_with_anothers_sequence),
                TEST(a_device_is_selected),
                TEST(everything_is_erased),
                TEST(no_reader_in_passing_erases),
                TEST(a_reset_is_not_cancelled_halfway),
                TEST(a_reset_that_fails_is_told),
                TEST(without_blobs_there_is_less_to_erase),
                TEST(the_window_is_ten_seconds),
                TEST(resets_do_not_keep_the_window_open),
                TEST(nobody_resets_without_a_touch),
                TEST(power_falls_everywhere),
                TEST(u2f_is_answered_with_status_words),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
