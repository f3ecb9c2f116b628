/* SPDX-License-Identifier: Apache-2.0 */
/* CTAP and U2F as command APDUs (CTAP 2.1, 11.3), against its own reading of commands and responses. */
#include "iso7816.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RESPONSE_MAX = ISO7816_MESSAGE_MAX + 2, APDU_MAX = ISO7816_MESSAGE_MAX + 64 };

enum {
        OK = 0x9000,
        NOT_YET = 0x9100,
        WRONG_LENGTH = 0x6700,
        NO_CHANNELS = 0x6881,
        CONDITIONS = 0x6985,
        NOT_SELECTED = 0x6986,
        NOT_FOUND = 0x6A82,
        WRONG_P1P2 = 0x6A86,
        WRONG_INS = 0x6D00,
        WRONG_CLA = 0x6E00,
        UNKNOWN = 0x6F00,
};

static const uint8_t aid[] = { 0xA0, 0x00, 0x00, 0x06, 0x47, 0x2F, 0x00, 0x01 };

struct rig {
        struct iso7816 *iso;
        uint8_t response[RESPONSE_MAX];
        size_t size; /* of the response without its status word */
        uint16_t sw;
};

/* ---- a reader ---- */

static enum iso7816_outcome raw(struct rig *rig, const uint8_t *apdu, size_t size)
{
        uint8_t *exact = malloc(size + 1); /* so that reading beyond it is noticed */
        memcpy(exact, apdu, size);
        enum iso7816_outcome outcome = iso7816_receive(rig->iso, slice_of(exact, size));
        free(exact);
        return outcome;
}

#define RAW(rig, ...) raw(rig, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

/* A command with data; `le` is -1 for none, 0 for as much as there is. */
static enum iso7816_outcome command(struct rig *rig, uint8_t cla, uint8_t ins, uint8_t p1, uint8_t p2,
        const uint8_t *data, size_t size, bool extended, int le)
{
        uint8_t *apdu = malloc(APDU_MAX);
        const uint8_t header[] = { cla, ins, p1, p2 };
        size_t at = 4;
        memcpy(apdu, header, 4);
        if (extended && (size || le >= 0))
                apdu[at++] = 0;
        if (extended && size)
                apdu[at++] = (uint8_t)(size >> 8);
        if (size)
                apdu[at++] = (uint8_t)size;
        if (size)
                memcpy(apdu + at, data, size);
        at += size;
        if (extended && le >= 0)
                apdu[at++] = (uint8_t)(le >> 8);
        if (le >= 0)
                apdu[at++] = (uint8_t)le;
        enum iso7816_outcome outcome = raw(rig, apdu, at);
        free(apdu);
        return outcome;
}

static bool fetch(struct rig *rig, size_t capacity)
{
        size_t size = iso7816_send(rig->iso, rig->response, capacity);
        if (!size)
                return false;
        assert_in_range(size, 2, capacity);
        rig->size = size - 2;
        rig->sw = (uint16_t)(rig->response[size - 2] << 8 | rig->response[size - 1]);
        return true;
}

static void expect_data(struct rig *rig, uint16_t sw, const void *data, size_t size)
{
        assert_true(fetch(rig, RESPONSE_MAX));
        assert_int_equal(rig->sw, sw);
        assert_int_equal(rig->size, size);
        if (size)
                assert_memory_equal(rig->response, data, size);
        assert_false(fetch(rig, RESPONSE_MAX)); /* one response a command */
}

static void expect_sw(struct rig *rig, uint16_t sw)
{
        expect_data(rig, sw, NULL, 0);
}

static void expect_nothing(struct rig *rig)
{
        assert_false(fetch(rig, RESPONSE_MAX));
}

static void expect_request(struct rig *rig, const uint8_t *message, size_t size)
{
        assert_true(iso7816_working(rig->iso));
        slice request = iso7816_request(rig->iso);
        assert_int_equal(request.size, size);
        if (size)
                assert_memory_equal(request.data, message, size);
}

static void select_fido(struct rig *rig)
{
        assert_int_equal(command(rig, 0, 0xA4, 4, 0, aid, sizeof aid, false, 0), ISO7816_SELECTED);
        iso7816_selected(rig->iso, true);
        expect_data(rig, OK, "U2F_V2", 6);
}

static enum iso7816_outcome message(struct rig *rig, const void *data, size_t size, uint8_t p1)
{
        return command(rig, 0x80, 0x10, p1, 0, data, size, size > 255, 0);
}

static uint8_t *pattern(size_t size)
{
        uint8_t *bytes = malloc(size + 1);
        for (size_t i = 0; i < size; i++)
                bytes[i] = (uint8_t)(i * 7 + i / 251 + 1);
        return bytes;
}

static int set_up(void **state)
{
        struct rig *rig = calloc(1, sizeof *rig);
        assert_int_equal(iso7816_new(&rig->iso, NULL).code, MITOME_OK);
        select_fido(rig);
        *state = rig;
        return 0;
}

static int tear_down(void **state)
{
        struct rig *rig = *state;
        iso7816_free(rig->iso);
        free(rig);
        return 0;
}

/* ---- selecting, ending ---- */

/* [11.3.3 version] [11.3.3] */
static void select_tells_the_oldest_protocol(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(command(rig, 0, 0xA4, 4, 0, aid, sizeof aid, false, -1), ISO7816_SELECTED);
        iso7816_selected(rig->iso, false); /* without U2F */
        expect_data(rig, OK, "FIDO_2_0", 8);
        assert_int_equal(command(rig, 0, 0xA4, 4, 0, aid, sizeof aid, true, 0), ISO7816_SELECTED);
        iso7816_selected(rig->iso, true);
        expect_data(rig, OK, "U2F_V2", 6);
}

static void other_applications_are_not_here(void **state)
{
        struct rig *rig = *state;
        uint8_t other[sizeof aid + 1];
        memcpy(other, aid, sizeof aid);
        other[sizeof aid] = 0;
        for (size_t size = 0; size <= sizeof other; size++) {
                if (size == sizeof aid)
                        continue;
                assert_int_equal(command(rig, 0, 0xA4, 4, 0, other, size, false, 0), ISO7816_NONE);
                expect_sw(rig, NOT_FOUND);
        }
        other[7] ^= 1;
        command(rig, 0, 0xA4, 4, 0, other, sizeof aid, false, 0);
        expect_sw(rig, NOT_FOUND);
        assert_int_equal(message(rig, "\x04", 1, 0), ISO7816_REQUEST); /* what is selected stays */
        for (unsigned p1 = 0; p1 < 256; p1++) {
                if (p1 == 4)
                        continue;
                command(rig, 0, 0xA4, (uint8_t)p1, 0, aid, sizeof aid, false, 0);
                expect_sw(rig, WRONG_P1P2);
        }
}

static void expect_unselected(struct rig *rig)
{
        assert_int_equal(message(rig, "\x04", 1, 0x80), ISO7816_NONE);
        expect_sw(rig, NOT_SELECTED);
        assert_int_equal(RAW(rig, 0x80, 0x11, 0, 0, 0), ISO7816_NONE);
        expect_sw(rig, NOT_SELECTED);
        assert_int_equal(RAW(rig, 0x00, 0x03, 0, 0, 0), ISO7816_NONE);
        expect_sw(rig, NOT_SELECTED);
        assert_int_equal(RAW(rig, 0x00, 0xC0, 0, 0, 0), ISO7816_NONE);
        expect_sw(rig, NOT_SELECTED);
        assert_int_equal(RAW(rig, 0x80, 0x12, 1, 0), ISO7816_NONE);
        expect_sw(rig, NOT_SELECTED);
}

/* [11.3.3 unselected] [11.3.4] */
static void nothing_is_there_before_select_and_after_the_end(void **state)
{
        struct rig *rig = *state;
        iso7816_reset(rig->iso);
        expect_unselected(rig);
        select_fido(rig);
        assert_int_equal(RAW(rig, 0x80, 0x12, 1, 0), ISO7816_NONE);
        expect_sw(rig, OK);
        expect_unselected(rig);
        select_fido(rig);
        assert_int_equal(RAW(rig, 0x80, 0x12, 0, 0), ISO7816_NONE); /* no such control */
        expect_sw(rig, WRONG_P1P2);
        RAW(rig, 0x80, 0x12, 1, 1);
        expect_sw(rig, WRONG_P1P2);
        RAW(rig, 0x80, 0x12, 1, 0, 1, 0);
        expect_sw(rig, WRONG_LENGTH);
        assert_int_equal(message(rig, "\x04", 1, 0), ISO7816_REQUEST);
}

/* ---- messages ---- */

/* [11.3.7.1] */
static void a_message_is_answered(void **state)
{
        struct rig *rig = *state;
        uint8_t *bytes = pattern(ISO7816_MESSAGE_MAX);
        for (size_t size = 0; size <= ISO7816_MESSAGE_MAX; size += size < 300 ? 1 : 203) {
                assert_int_equal(command(rig, 0x80, 0x10, 0, 0, bytes, size, true, 0), ISO7816_REQUEST);
                assert_false(iso7816_request_is_u2f(rig->iso));
                expect_request(rig, bytes, size);
                expect_nothing(rig);
                iso7816_reply(rig->iso, slice_of(bytes, size));
                expect_data(rig, OK, bytes, size);
                assert_false(iso7816_working(rig->iso));
                if (size > 255)
                        continue;
                assert_int_equal(command(rig, 0x80, 0x10, 0, 0, bytes, size, false, size % 2 ? 0 : -1),
                        ISO7816_REQUEST); /* without Le, too: there are clients that want all and say nothing
                                           */
                expect_request(rig, bytes, size);
                iso7816_reply(rig->iso, slice_of(bytes, size));
                expect_data(rig, OK, bytes, size);
        }
        free(bytes);
}

/* [11.3.7.1] */
static void reserved_bits_are_zero(void **state)
{
        struct rig *rig = *state;
        for (unsigned p1 = 0; p1 < 256; p1++) {
                assert_int_equal(
                        message(rig, "\x04", 1, (uint8_t)p1), p1 & 0x7F ? ISO7816_NONE : ISO7816_REQUEST);
                if (p1 & 0x7F)
                        expect_sw(rig, WRONG_P1P2);
                else
                        iso7816_refuse(rig->iso, 0x6A80);
                if (!(p1 & 0x7F))
                        expect_sw(rig, 0x6A80);
                RAW(rig, 0x80, 0x10, 0, (uint8_t)(p1 ? p1 : 1), 1, 4);
                expect_sw(rig, WRONG_P1P2);
        }
}

static void an_answer_to_nothing_is_not_sent(void **state)
{
        struct rig *rig = *state;
        iso7816_reply(rig->iso, slice_of("x", 1));
        iso7816_keepalive(rig->iso, ISO7816_PROCESSING);
        expect_nothing(rig);
}

/* One response a command: what goes wrong after "not yet" is told to whoever asks how far it is. */
static void a_late_refusal_waits_to_be_asked_for(void **state)
{
        struct rig *rig = *state;
        uint8_t *bytes = pattern(2 * ISO7816_MESSAGE_MAX);
        for (int answered = 0; answered < 2; answered++) {
                assert_int_equal(message(rig, "\x04", 1, 0x80), ISO7816_REQUEST);
                iso7816_keepalive(rig->iso, ISO7816_PROCESSING);
                expect_data(rig, 0x9100, "\x01", 1);
                if (answered)
                        iso7816_reply(rig->iso, slice_of(bytes, 2 * ISO7816_MESSAGE_MAX));
                else
                        iso7816_refuse(rig->iso, 0x6A80);
                expect_nothing(rig);
                assert_false(iso7816_working(rig->iso));
                assert_int_equal(RAW(rig, 0x80, 0x11, 0, 0, 0), ISO7816_NONE);
                expect_sw(rig, answered ? UNKNOWN : 0x6A80);
                RAW(rig, 0x80, 0x11, 0, 0, 0);
                expect_sw(rig, CONDITIONS);
        }
        free(bytes);
}

static void an_answer_that_is_too_long_is_an_error(void **state)
{
        struct rig *rig = *state;
        uint8_t *bytes = pattern(2 * ISO7816_MESSAGE_MAX);
        message(rig, "\x04", 1, 0);
        iso7816_reply(rig->iso, slice_of(bytes, 2 * ISO7816_MESSAGE_MAX));
        expect_sw(rig, UNKNOWN);
        free(bytes);
}

/* ---- in parts ---- */

/* Sends a message as short commands of at most `part` bytes. */
static enum iso7816_outcome chain(
        struct rig *rig, uint8_t cla, uint8_t ins, uint8_t p1, const uint8_t *bytes, size_t size, size_t part)
{
        while (size > part) {
                assert_int_equal(command(rig, (uint8_t)(cla | 0x10), ins, p1, 0, bytes, part, false, -1),
                        ISO7816_NONE);
                expect_sw(rig, OK);
                assert_false(iso7816_working(rig->iso));
                bytes += part;
                size -= part;
        }
        return command(rig, cla, ins, p1, 0, bytes, size, false, 0);
}

/* Fetches an answer by GET RESPONSE. */
static void expect_chained(struct rig *rig, uint8_t cla, size_t most, const uint8_t *bytes, size_t size)
{
        while (size > most) {
                assert_true(fetch(rig, RESPONSE_MAX));
                assert_int_equal(rig->size, most);
                assert_memory_equal(rig->response, bytes, most);
                bytes += most;
                size -= most;
                assert_int_equal(rig->sw, 0x6100 | (size > 255 ? 0 : size));
                expect_nothing(rig);
                assert_int_equal(RAW(rig, cla, 0xC0, 0, 0, (uint8_t)most), ISO7816_NONE);
        }
        expect_data(rig, OK, bytes, size);
}

/* [11.3.6] */
static void messages_of_every_length_go_in_parts(void **state)
{
        struct rig *rig = *state;
        uint8_t *bytes = pattern(ISO7816_MESSAGE_MAX);
        static const size_t parts[] = { 1, 7, 100, 250, 255 };
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
                size_t most = parts[i] < 10 ? 40 : ISO7816_MESSAGE_MAX;
                for (size_t size = 1; size <= most; size += size < 600 ? 13 : 503) {
                        assert_int_equal(
                                chain(rig, 0x80, 0x10, 0x80, bytes, size, parts[i]), ISO7816_REQUEST);
                        expect_request(rig, bytes, size);
                        iso7816_reply(rig->iso, slice_of(bytes, size));
                        expect_chained(rig, (uint8_t)(i % 2 ? 0x80 : 0x00), 256, bytes, size);
                }
        }
        chain(rig, 0x80, 0x10, 0, bytes, ISO7816_MESSAGE_MAX, 255);
        iso7816_reply(rig->iso, slice_of(bytes, ISO7816_MESSAGE_MAX));
        expect_chained(rig, 0, 256, bytes, ISO7816_MESSAGE_MAX);
        free(bytes);
}

/* [11.3.6 response] */
static void an_answer_goes_in_the_parts_that_are_taken(void **state)
{
        struct rig *rig = *state;
        uint8_t *bytes = pattern(1000);
        for (size_t most = 1; most <= 255; most += 31) { /* by Le */
                command(rig, 0x80, 0x10, 0, 0, bytes, 1, false, (int)most);
                iso7816_reply(rig->iso, slice_of(bytes, 500));
                expect_chained(rig, 0, most, bytes, 500);
        }
        message(rig, bytes, 300, 0); /* by the room for the response, though more was asked for */
        iso7816_reply(rig->iso, slice_of(bytes, 1000));
        assert_true(fetch(rig, 602));
        assert_int_equal(rig->size, 600);
        assert_int_equal(rig->sw, 0x6100);
        RAW(rig, 0, 0xC0, 0, 0, 0);
        assert_true(fetch(rig, 602));
        assert_int_equal(rig->size, 256);
        assert_int_equal(rig->sw, 0x6100 | 144);
        assert_memory_equal(rig->response, bytes + 600, 256);
        RAW(rig, 0, 0xC0, 0, 0, 0, 0, 0);
        expect_data(rig, OK, bytes + 856, 144);
        RAW(rig, 0, 0xC0, 0, 0, 0); /* there is no more */
        expect_sw(rig, CONDITIONS);
        free(bytes);
}

static void the_rest_of_an_answer_goes_with_the_next_command(void **state)
{
        struct rig *rig = *state;
        uint8_t *bytes = pattern(1000);
        command(rig, 0x80, 0x10, 0, 0, bytes, 1, false, 0);
        iso7816_reply(rig->iso, slice_of(bytes, 1000));
        assert_true(fetch(rig, RESPONSE_MAX));
        RAW(rig, 0, 0xC0, 1, 0, 0); /* a question of another form leaves it */
        expect_sw(rig, WRONG_P1P2);
        RAW(rig, 0, 0xC0, 0, 0, 0);
        assert_true(fetch(rig, RESPONSE_MAX));
        assert_memory_equal(rig->response, bytes + 256, 256);
        message(rig, "\x04", 1, 0);
        iso7816_reply(rig->iso, slice_of("y", 1));
        expect_data(rig, OK, "y", 1);
        RAW(rig, 0, 0xC0, 0, 0, 0);
        expect_sw(rig, CONDITIONS);
        free(bytes);
}

/* The parts of a message follow one another; anything between them ends it. */
static void a_chain_that_is_broken_is_forgotten(void **state)
{
        struct rig *rig = *state;
        static const struct {
                uint8_t apdu[6];
                size_t size;
                uint16_t sw;
        } between[] = {
                { { 0x80, 0x11, 0, 0, 0 }, 5, CONDITIONS },
                { { 0x00, 0xC0, 0, 0, 0 }, 5, CONDITIONS },
                { { 0x00, 0xA4, 4, 0, 1, 0xA0 }, 6, NOT_FOUND },
                { { 0x80, 0x55, 0, 0, 0 }, 5, WRONG_INS },
                { { 0x84, 0x10, 0, 0, 0 }, 5, WRONG_CLA },
                { { 0x80 }, 1, WRONG_LENGTH },
                { { 0x80, 0x10, 0, 0, 5, 1 }, 6, WRONG_LENGTH },
        };
        for (size_t i = 0; i < sizeof between / sizeof *between; i++) {
                command(rig, 0x90, 0x10, 0, 0, (const uint8_t *)"\x04\x05", 2, false, -1);
                expect_sw(rig, OK);
                assert_int_equal(raw(rig, between[i].apdu, between[i].size), ISO7816_NONE);
                expect_sw(rig, between[i].sw);
                assert_int_equal(message(rig, "\x06", 1, 0), ISO7816_REQUEST);
                expect_request(rig, (const uint8_t *)"\x06", 1);
                iso7816_refuse(rig->iso, OK);
                expect_sw(rig, OK);
        }
        command(rig, 0x90, 0x10, 0, 0, (const uint8_t *)"\x04", 1, false, -1); /* another P1: not its rest */
        expect_sw(rig, OK);
        assert_int_equal(message(rig, "\x06", 1, 0x80), ISO7816_REQUEST);
        expect_request(rig, (const uint8_t *)"\x06", 1);
}

/* What is too long is heard to its end: its rest is no message of its own. */
static void a_chain_that_is_too_long_is_refused_at_its_end(void **state)
{
        struct rig *rig = *state;
        uint8_t *bytes = pattern(3 * ISO7816_MESSAGE_MAX);
        static const size_t sizes[] = { ISO7816_MESSAGE_MAX + 1, 8000, 3 * ISO7816_MESSAGE_MAX };
        for (size_t i = 0; i < 3; i++) {
                assert_int_equal(chain(rig, 0x80, 0x10, 0, bytes, sizes[i], 250), ISO7816_NONE);
                expect_data(rig, OK, "\x39", 1);
                assert_int_equal(chain(rig, 0, 0x01, 0, bytes, sizes[i], 250), ISO7816_NONE);
                expect_sw(rig, WRONG_LENGTH);
        }
        assert_int_equal(
                command(rig, 0x80, 0x10, 0, 0, bytes, ISO7816_MESSAGE_MAX + 1, true, 0), ISO7816_NONE);
        expect_data(rig, OK, "\x39", 1);
        assert_int_equal(chain(rig, 0x80, 0x10, 0, bytes, ISO7816_MESSAGE_MAX, 250), ISO7816_REQUEST);
        free(bytes);
}

/* ---- keepalives ---- */

/* [11.3.7.2] */
static void a_host_that_waits_is_told_so(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(message(rig, "\x01", 1, 0x80), ISO7816_REQUEST);
        iso7816_keepalive(rig->iso, ISO7816_PROCESSING);
        expect_data(rig, NOT_YET, "\x01", 1);
        for (int i = 0; i < 3; i++) {
                assert_int_equal(RAW(rig, 0x80, 0x11, 0, 0, 0), ISO7816_WAITS);
                expect_nothing(rig);
                iso7816_keepalive(rig->iso, ISO7816_UP_NEEDED);
                expect_data(rig, NOT_YET, "\x02", 1);
                iso7816_keepalive(rig->iso, ISO7816_UP_NEEDED); /* not asked */
                expect_nothing(rig);
        }
        expect_request(rig, (const uint8_t *)"\x01", 1);
        iso7816_reply(rig->iso, slice_of("done", 4)); /* between two questions */
        expect_nothing(rig);
        assert_int_equal(RAW(rig, 0x80, 0x11, 0, 0, 0), ISO7816_NONE);
        expect_data(rig, OK, "done", 4);
        RAW(rig, 0x80, 0x11, 0, 0, 0);
        expect_sw(rig, CONDITIONS);
}

static void the_long_answer_to_a_question_goes_in_parts(void **state)
{
        struct rig *rig = *state;
        uint8_t *bytes = pattern(700);
        message(rig, "\x01", 1, 0x80);
        iso7816_keepalive(rig->iso, ISO7816_UP_NEEDED);
        expect_data(rig, NOT_YET, "\x02", 1);
        RAW(rig, 0x80, 0x11, 0, 0, 0);
        iso7816_reply(rig->iso, slice_of(bytes, 700));
        expect_chained(rig, 0, 256, bytes, 700);
        free(bytes);
}

static void a_host_that_does_not_know_keepalives_gets_none(void **state)
{
        struct rig *rig = *state;
        message(rig, "\x01", 1, 0);
        iso7816_keepalive(rig->iso, ISO7816_UP_NEEDED);
        expect_nothing(rig);
        iso7816_reply(rig->iso, slice_of("done", 4));
        expect_data(rig, OK, "done", 4);
        RAW(rig, 0, 3, 0, 0, 0); /* nor does one that speaks U2F, whatever it said before */
        iso7816_keepalive(rig->iso, ISO7816_UP_NEEDED);
        expect_nothing(rig);
}

/* [11.3.7.2 cancel] [11.3.7.2] */
static void a_host_can_cancel(void **state)
{
        struct rig *rig = *state;
        message(rig, "\x01", 1, 0x80);
        iso7816_keepalive(rig->iso, ISO7816_UP_NEEDED);
        expect_data(rig, NOT_YET, "\x02", 1);
        for (unsigned p1 = 1; p1 < 256; p1++) {
                if (p1 == 0x11)
                        continue;
                assert_int_equal(RAW(rig, 0x80, 0x11, (uint8_t)p1, 0, 0), ISO7816_NONE);
                expect_sw(rig, WRONG_P1P2);
        }
        assert_int_equal(RAW(rig, 0x80, 0x11, 0x11, 0, 0), ISO7816_CANCELS);
        iso7816_reply(rig->iso, slice_of("\x2D", 1));
        expect_data(rig, OK, "\x2D", 1);
        RAW(rig, 0x80, 0x11, 0x11, 0, 0); /* nothing to cancel */
        expect_sw(rig, CONDITIONS);

        message(rig, "\x01", 1, 0x80); /* one whose end takes its time; its host does not wait for it */
        iso7816_keepalive(rig->iso, ISO7816_UP_NEEDED);
        expect_data(rig, NOT_YET, "\x02", 1);
        assert_int_equal(RAW(rig, 0x80, 0x11, 0x11, 0, 0), ISO7816_CANCELS);
        iso7816_keepalive(rig->iso, ISO7816_PROCESSING);
        expect_data(rig, NOT_YET, "\x01", 1);
        assert_int_equal(message(rig, "\x04", 1, 0x80), ISO7816_REQUEST);
        expect_request(rig, (const uint8_t *)"\x04", 1);
}

static void one_message_at_a_time(void **state)
{
        struct rig *rig = *state;
        message(rig, "\x01", 1, 0x80);
        iso7816_keepalive(rig->iso, ISO7816_UP_NEEDED);
        expect_data(rig, NOT_YET, "\x02", 1);
        assert_int_equal(message(rig, "\x04", 1, 0x80), ISO7816_NONE);
        expect_sw(rig, CONDITIONS);
        assert_int_equal(RAW(rig, 0, 3, 0, 0, 0), ISO7816_NONE);
        expect_sw(rig, CONDITIONS);
        RAW(rig, 0, 0xC0, 0, 0, 0);
        expect_sw(rig, CONDITIONS);
        RAW(rig, 0, 0xA4, 4, 0, 1, 0xA0); /* a look for another application */
        expect_sw(rig, NOT_FOUND);
        expect_request(rig, (const uint8_t *)"\x01", 1);
        select_fido(rig); /* who selects begins anew */
        assert_false(iso7816_working(rig->iso));
        message(rig, "\x01", 1, 0x80);
        iso7816_keepalive(rig->iso, ISO7816_UP_NEEDED);
        expect_data(rig, NOT_YET, "\x02", 1);
        RAW(rig, 0x80, 0x12, 1, 0); /* and so does who ends */
        expect_sw(rig, OK);
        assert_false(iso7816_working(rig->iso));
}

/* A host that was owed an answer and says something else has given up: it does not get the old answer. */
static void a_host_that_gives_up_gets_no_old_answer(void **state)
{
        struct rig *rig = *state;
        message(rig, "\x01", 1, 0);
        assert_int_equal(message(rig, "\x04", 1, 0), ISO7816_REQUEST);
        expect_request(rig, (const uint8_t *)"\x04", 1);
        iso7816_reply(rig->iso, slice_of("new", 3));
        RAW(rig, 0, 0xA4, 4, 0, 1, 0xA0);
        expect_sw(rig, NOT_FOUND);
        expect_nothing(rig);
        RAW(rig, 0, 0xC0, 0, 0, 0);
        expect_sw(rig, CONDITIONS);
        message(rig, "\x01", 1, 0);
        RAW(rig, 0x80);
        expect_sw(rig, WRONG_LENGTH);
        assert_false(iso7816_working(rig->iso));
}

/* ---- U2F ---- */

/* [10.1] */
static void u2f_requests_are_commands_of_their_own(void **state)
{
        struct rig *rig = *state;
        uint8_t *bytes = pattern(400);
        static const uint8_t version[] = { 0, 3, 0, 0, 0, 0, 0 };
        assert_int_equal(RAW(rig, 0, 3, 0, 0, 0), ISO7816_REQUEST);
        assert_true(iso7816_request_is_u2f(rig->iso));
        expect_request(rig, version, sizeof version);
        iso7816_reply(rig->iso, slice_of("U2F_V2\x90\0", 8));
        expect_data(rig, OK, "U2F_V2", 6);
        RAW(rig, 0, 3, 0, 0);
        expect_request(rig, version, sizeof version);
        iso7816_reply(rig->iso, slice_of("\x69\x85", 2));
        expect_sw(rig, CONDITIONS);

        static const uint8_t head[] = { 0, 2, 7, 0, 0, 0, 100 };
        uint8_t expected[sizeof head + 100 + 2] = { 0 };
        memcpy(expected, head, sizeof head);
        memcpy(expected + sizeof head, bytes, 100);
        for (int extended = 0; extended < 2; extended++) {
                command(rig, 0, 2, 7, 0, bytes, 100, extended, 0);
                expect_request(rig, expected, sizeof expected);
                iso7816_reply(rig->iso, slice_of("\x6A\x80", 2));
                expect_sw(rig, 0x6A80);
        }
        assert_int_equal(chain(rig, 0, 2, 7, bytes, 100, 30), ISO7816_REQUEST);
        expect_request(rig, expected, sizeof expected);
        memcpy(bytes + 380, "\x90\0", 2); /* a registration: longer than a short response */
        iso7816_reply(rig->iso, slice_of(bytes, 382));
        expect_chained(rig, 0, 256, bytes, 380);
        iso7816_refuse(rig->iso, OK);
        expect_sw(rig, OK);
        free(bytes);
}

static void a_u2f_answer_has_a_status_word(void **state)
{
        struct rig *rig = *state;
        RAW(rig, 0, 3, 0, 0, 0);
        iso7816_reply(rig->iso, slice_of("x", 1));
        expect_sw(rig, UNKNOWN);
        RAW(rig, 0, 3, 0, 0, 0);
        iso7816_reply(rig->iso, (slice){ 0 });
        expect_sw(rig, UNKNOWN);
}

/* ---- what is no command of ours ---- */

/* [11.3.5 class] */
static void classes_and_instructions_are_refused(void **state)
{
        struct rig *rig = *state;
        for (unsigned cla = 0; cla < 256; cla++) {
                unsigned plain = cla & ~0x10u;
                if (plain == 0 || plain == 0x80)
                        continue;
                RAW(rig, (uint8_t)cla, 0x10, 0, 0, 0);
                expect_sw(rig, plain & 0x7C ? WRONG_CLA : NO_CHANNELS);
        }
        for (unsigned ins = 0; ins < 256; ins++) {
                if (ins == 0x10 || ins == 0x11 || ins == 0x12 || ins == 0xC0)
                        continue;
                RAW(rig, 0x80, (uint8_t)ins, 0, 0, 0);
                expect_sw(rig, WRONG_INS);
        }
        RAW(rig, 0x10, 0xA4, 4, 0, 1, 0xA0); /* these do not come in parts */
        expect_sw(rig, WRONG_CLA);
        RAW(rig, 0x90, 0x11, 0, 0, 0);
        expect_sw(rig, WRONG_CLA);
}

/* [11.3.5] lengths are short or extended, and tell the truth */
static void a_command_is_refused_at_every_truncation(void **state)
{
        struct rig *rig = *state;
        uint8_t *bytes = pattern(300);
        static const size_t sizes[] = { 1, 100, 255, 300 };
        for (size_t i = 0; i < 4; i++) {
                uint8_t apdu[400] = { 0x80, 0x10, 0, 0 };
                size_t header = sizes[i] > 255 ? 7 : 5, end = sizes[i] > 255 ? 2 : 1;
                apdu[4] = (uint8_t)(sizes[i] > 255 ? 0 : sizes[i]);
                apdu[5] = (uint8_t)(sizes[i] >> 8);
                apdu[6] = (uint8_t)sizes[i];
                memcpy(apdu + header, bytes, sizes[i]);
                memset(apdu + header + sizes[i], 0, end);
                size_t whole = header + sizes[i] + end;
                for (size_t size = 0; size <= whole + 1; size++) {
                        bool right = size == whole || size == whole - end; /* Le may be left out */
                        /* The header alone, or with a length that is then Le: no data. */
                        right = right || size == 4 || size == 5 || (sizes[i] > 255 && size == 7);
                        assert_int_equal(raw(rig, apdu, size), right ? ISO7816_REQUEST : ISO7816_NONE);
                        if (right)
                                iso7816_refuse(rig->iso, WRONG_LENGTH);
                        expect_sw(rig, WRONG_LENGTH);
                }
        }
        free(bytes);
}

static void a_reset_forgets_everything(void **state)
{
        struct rig *rig = *state;
        message(rig, "\x01", 1, 0x80);
        iso7816_reset(rig->iso);
        assert_false(iso7816_working(rig->iso));
        assert_int_equal(iso7816_request(rig->iso).size, 0);
        iso7816_reply(rig->iso, slice_of("late", 4));
        expect_nothing(rig);
        RAW(rig, 0x80, 0x11, 0, 0, 0);
        expect_sw(rig, NOT_SELECTED);
        iso7816_free(NULL);
}

static const uint8_t secret[] = "one-secret-that-nobody-else-has-in-memory";

static void expect_forgotten(struct rig *rig)
{
        assert_null(memmem(rig->iso, malloc_usable_size(rig->iso), secret, 16));
        expect_nothing(rig);
}

/* A message may hold a token or a key: however it ends, none of it stays. */
static void nothing_of_a_message_is_kept(void **state)
{
        struct rig *rig = *state;
        message(rig, secret, sizeof secret, 0);
        assert_non_null(memmem(rig->iso, malloc_usable_size(rig->iso), secret, 16));
        iso7816_reply(rig->iso, slice_of("x", 1));
        expect_data(rig, OK, "x", 1);
        expect_forgotten(rig);
        message(rig, "\x04", 1, 0);
        iso7816_reply(rig->iso, slice_of(secret, sizeof secret));
        expect_data(rig, OK, secret, sizeof secret);
        expect_forgotten(rig);
        command(rig, 0x90, 0x10, 0, 0, secret, sizeof secret, false, -1);
        expect_sw(rig, OK);
        RAW(rig, 0x80, 0x55, 0, 0, 0); /* the chain is broken */
        expect_sw(rig, WRONG_INS);
        expect_forgotten(rig);
        message(rig, secret, sizeof secret, 0);
        RAW(rig, 0x80, 0x12, 1, 0);
        expect_sw(rig, OK);
        expect_forgotten(rig);
        select_fido(rig);
        message(rig, secret, sizeof secret, 0);
        select_fido(rig);
        expect_forgotten(rig);
        message(rig, secret, sizeof secret, 0);
        iso7816_reset(rig->iso);
        expect_forgotten(rig);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(select_tells_the_oldest_protocol),
                TEST(other_applications_are_not_here),
                TEST(nothing_is_there_before_select_and_after_the_end),
                TEST(a_message_is_answered),
                TEST(reserved_bits_are_zero),
                TEST(an_answer_to_nothing_is_not_sent),
                TEST(a_late_refusal_waits_to_be_asked_for),
                TEST(an_answer_that_is_too_long_is_an_error),
                TEST(messages_of_every_length_go_in_parts),
                TEST(an_answer_goes_in_the_parts_that_are_taken),
                TEST(the_rest_of_an_answer_goes_with_the_next_command),
                TEST(a_chain_that_is_broken_is_forgotten),
                TEST(a_chain_that_is_too_long_is_refused_at_its_end),
                TEST(a_host_that_waits_is_told_so),
                TEST(the_long_answer_to_a_question_goes_in_parts),
                TEST(a_host_that_does_not_know_keepalives_gets_none),
                TEST(a_host_can_cancel),
                TEST(one_message_at_a_time),
                TEST(a_host_that_gives_up_gets_no_old_answer),
                TEST(u2f_requests_are_commands_of_their_own),
                TEST(a_u2f_answer_has_a_status_word),
                TEST(classes_and_instructions_are_refused),
                TEST(a_command_is_refused_at_every_truncation),
                TEST(a_reset_forgets_everything),
                TEST(nothing_of_a_message_is_kept),
        };
        return cmocka_run_group_tests_name("iso7816", tests, NULL, NULL);
}
