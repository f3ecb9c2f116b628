/* SPDX-License-Identifier: Apache-2.0 */
/* CTAPHID (CTAP 2.1, 11.2) against its own reading of the packets. */
#include "ctaphid.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
        REPORT = CTAPHID_REPORT_SIZE,
        INITIAL_PAYLOAD = REPORT - 7,
        NEXT_PAYLOAD = REPORT - 5,
        CHANNEL_OFFSET_OF_INIT = 7 + 8,
};

static const uint32_t broadcast = 0xFFFFFFFF;

enum { INVALID_CMD = 0x01, INVALID_LEN = 0x03, INVALID_SEQ = 0x04, MSG_TIMEOUT = 0x05, CHANNEL_BUSY = 0x06 };
enum { INVALID_PAR = 0x02, INVALID_CHANNEL = 0x0B, OTHER = 0x7F };

/* A script of "random" numbers; it fails when it is used up. */
struct numbers {
        const uint32_t *next;
        size_t left;
};

static int give_number(void *context, uint8_t *bytes, size_t size)
{
        struct numbers *numbers = context;
        if (numbers->left == 0 || size != 4)
                return -1;
        for (size_t i = 0; i < 4; i++)
                bytes[i] = (uint8_t)(*numbers->next >> (24 - 8 * i));
        numbers->next++;
        numbers->left--;
        return 0;
}

static int count_up(void *context, uint8_t *bytes, size_t size)
{
        uint32_t *counter = context;
        assert_int_equal(size, 4);
        ++*counter;
        for (size_t i = 0; i < 4; i++)
                bytes[i] = (uint8_t)(*counter >> (24 - 8 * i));
        return 0;
}

struct rig {
        struct ctaphid *hid;
        uint32_t counter;
        uint32_t channel;
        uint64_t now;
        uint8_t report[REPORT];
};

static void put_u32(uint8_t *at, uint32_t value)
{
        for (size_t i = 0; i < 4; i++)
                at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static uint32_t get_u32(const uint8_t *at)
{
        return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static enum ctaphid_outcome initial(
        struct rig *rig, uint32_t channel, uint8_t command, size_t size, const uint8_t *payload)
{
        uint8_t report[REPORT] = { 0 };
        put_u32(report, channel);
        report[4] = command | 0x80;
        report[5] = (uint8_t)(size >> 8);
        report[6] = (uint8_t)size;
        if (payload)
                memcpy(report + 7, payload, size < INITIAL_PAYLOAD ? size : INITIAL_PAYLOAD);
        return ctaphid_receive(rig->hid, report, rig->now);
}

static enum ctaphid_outcome next(
        struct rig *rig, uint32_t channel, uint8_t sequence, const uint8_t *payload, size_t size)
{
        uint8_t report[REPORT] = { 0 };
        put_u32(report, channel);
        report[4] = sequence;
        memcpy(report + 5, payload, size);
        return ctaphid_receive(rig->hid, report, rig->now);
}

/* A whole message in as many packets as it needs; the outcome of the last. */
static enum ctaphid_outcome say(
        struct rig *rig, uint32_t channel, uint8_t command, const uint8_t *message, size_t size)
{
        enum ctaphid_outcome outcome = initial(rig, channel, command, size, message);
        uint8_t sequence = 0;
        for (size_t done = INITIAL_PAYLOAD; done < size; done += NEXT_PAYLOAD) {
                assert_int_equal(outcome, CTAPHID_NONE);
                size_t part = size - done < NEXT_PAYLOAD ? size - done : NEXT_PAYLOAD;
                outcome = next(rig, channel, sequence++, message + done, part);
        }
        return outcome;
}

static void expect_silence(struct rig *rig)
{
        uint8_t report[REPORT];
        assert_false(ctaphid_send(rig->hid, report));
}

static void expect_packet(struct rig *rig, uint32_t channel, uint8_t command, size_t size)
{
        assert_true(ctaphid_send(rig->hid, rig->report));
        assert_int_equal(get_u32(rig->report), channel);
        assert_int_equal(rig->report[4], command | 0x80);
        assert_int_equal((size_t)rig->report[5] << 8 | rig->report[6], size);
}

static void expect_error(struct rig *rig, uint32_t channel, uint8_t code)
{
        expect_packet(rig, channel, CTAPHID_ERROR, 1);
        assert_int_equal(rig->report[7], code);
        expect_silence(rig);
}

static void expect_keepalive(struct rig *rig, uint8_t status)
{
        expect_packet(rig, rig->channel, CTAPHID_KEEPALIVE, 1);
        assert_int_equal(rig->report[7], status);
        expect_silence(rig);
}

/* Takes a whole message, packet by packet, and compares it. */
static void expect_message(
        struct rig *rig, uint32_t channel, uint8_t command, const uint8_t *message, size_t size)
{
        expect_packet(rig, channel, command, size);
        size_t part = size < INITIAL_PAYLOAD ? size : INITIAL_PAYLOAD;
        assert_memory_equal(rig->report + 7, message, part);
        uint8_t sequence = 0;
        for (size_t done = part; done < size; done += part) {
                assert_true(ctaphid_send(rig->hid, rig->report));
                assert_int_equal(get_u32(rig->report), channel);
                assert_int_equal(rig->report[4], sequence++);
                part = size - done < NEXT_PAYLOAD ? size - done : NEXT_PAYLOAD;
                assert_memory_equal(rig->report + 5, message + done, part);
                for (size_t i = 5 + part; i < REPORT; i++)
                        assert_int_equal(rig->report[i], 0); /* no old bytes go out as padding */
        }
        expect_silence(rig);
}

static uint32_t open_channel(struct rig *rig)
{
        static const uint8_t nonce[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
        assert_int_equal(say(rig, broadcast, CTAPHID_INIT, nonce, sizeof nonce), CTAPHID_NONE);
        expect_packet(rig, broadcast, CTAPHID_INIT, 17);
        assert_memory_equal(rig->report + 7, nonce, sizeof nonce);
        return get_u32(rig->report + CHANNEL_OFFSET_OF_INIT);
}

static int set_up(void **state)
{
        struct rig *rig = calloc(1, sizeof *rig);
        rig->now = 1000000;
        struct mitome_random random = { .context = &rig->counter, .fill = count_up };
        assert_int_equal(ctaphid_new(&random, &rig->hid, NULL).code, MITOME_OK);
        rig->channel = open_channel(rig);
        *state = rig;
        return 0;
}

static int tear_down(void **state)
{
        struct rig *rig = *state;
        ctaphid_free(rig->hid);
        free(rig);
        return 0;
}

static uint8_t *pattern(size_t size)
{
        uint8_t *bytes = malloc(size + 1);
        for (size_t i = 0; i < size; i++)
                bytes[i] = (uint8_t)(i * 7 + i / 251 + 1);
        return bytes;
}

/* A device that works on a request of the channel. */
static void make_busy(struct rig *rig)
{
        static const uint8_t message[] = { 0x04 };
        assert_int_equal(say(rig, rig->channel, CTAPHID_CBOR, message, 1), CTAPHID_REQUEST);
}

/* ---- [11.2.9.1.3] INIT, [11.2.3] channels ---- */

/* [11.2.7] */
static void init_tells_version_and_capabilities(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(open_channel(rig), 2); /* each INIT its own channel */
        assert_int_equal(rig->report[7 + 12], 2);
        assert_int_equal(rig->report[7 + 16],
                0x01 | 0x04); /* WINK, CBOR, and MSG since it is not said to be missing */
        expect_silence(rig);
}

static void init_avoids_reserved_and_taken_channels(void **state)
{
        (void)state;
        static const uint32_t script[] = { 0, 0xFFFFFFFF, 7, 7, 9 };
        struct numbers numbers = { script, 5 };
        struct mitome_random random = { .context = &numbers, .fill = give_number };
        struct rig rig = { 0 };
        assert_int_equal(ctaphid_new(&random, &rig.hid, NULL).code, MITOME_OK);
        assert_int_equal(open_channel(&rig), 7);
        assert_int_equal(open_channel(&rig), 9);
        /* No randomness: an error, no channel. */
        const uint8_t nonce[8] = { 0 };
        say(&rig, broadcast, CTAPHID_INIT, nonce, 8);
        expect_error(&rig, broadcast, OTHER);
        ctaphid_free(rig.hid);
}

static void init_of_another_length_is_refused(void **state)
{
        struct rig *rig = *state;
        const uint8_t nonce[9] = { 0 };
        for (size_t size = 0; size <= 9; size++) {
                if (size == 8)
                        continue;
                initial(rig, broadcast, CTAPHID_INIT, size, nonce);
                expect_error(rig, broadcast, INVALID_LEN);
        }
}

/* A host may know its number from before the device was without power. */
static void init_on_an_unknown_channel_opens_it(void **state)
{
        struct rig *rig = *state;
        const uint8_t nonce[8] = { 4 };
        initial(rig, 0xABCD, CTAPHID_PING, 1, nonce);
        expect_error(rig, 0xABCD, INVALID_CHANNEL);
        say(rig, 0xABCD, CTAPHID_INIT, nonce, 8);
        expect_packet(rig, 0xABCD, CTAPHID_INIT, 17);
        assert_int_equal(get_u32(rig->report + CHANNEL_OFFSET_OF_INIT), 0xABCD);
        say(rig, 0xABCD, CTAPHID_PING, nonce, 1);
        expect_message(rig, 0xABCD, CTAPHID_PING, nonce, 1);
        make_busy(rig); /* and no number of them takes the busy one's place */
        for (uint32_t i = 0; i < 3 * CTAPHID_CHANNELS; i++) {
                say(rig, 0xBB00 + i, CTAPHID_INIT, nonce, 8);
                expect_packet(rig, 0xBB00 + i, CTAPHID_INIT, 17);
        }
        ctaphid_reply(rig->hid, slice_of("x", 1));
        expect_message(rig, rig->channel, CTAPHID_CBOR, (const uint8_t *)"x", 1);
        make_busy(rig);
}

static void the_oldest_channel_makes_room(void **state)
{
        struct rig *rig = *state;
        const uint8_t ping[] = { 1 };
        uint32_t second = open_channel(rig);
        for (int i = 2; i < CTAPHID_CHANNELS; i++)
                open_channel(rig);
        say(rig, rig->channel, CTAPHID_PING, ping, 1); /* now `second` is the oldest */
        expect_message(rig, rig->channel, CTAPHID_PING, ping, 1);
        open_channel(rig);
        say(rig, rig->channel, CTAPHID_PING, ping, 1);
        expect_message(rig, rig->channel, CTAPHID_PING, ping, 1);
        say(rig, second, CTAPHID_PING, ping, 1);
        expect_error(rig, second, INVALID_CHANNEL);
}

static void the_busy_channel_is_never_given_away(void **state)
{
        struct rig *rig = *state;
        make_busy(rig);
        for (int i = 0; i < 3 * CTAPHID_CHANNELS; i++)
                open_channel(rig);
        ctaphid_reply(rig->hid, slice_of("\0", 1));
        expect_message(rig, rig->channel, CTAPHID_CBOR, (const uint8_t *)"\0", 1);
        make_busy(rig);
}

/* ---- [11.2.4] fragments, [11.2.9.1.2] CBOR, [11.2.9.1.4] PING ---- */

static void messages_of_every_length_come_back(void **state)
{
        struct rig *rig = *state;
        uint8_t *message = pattern(CTAPHID_MESSAGE_MAX);
        for (size_t size = 0; size <= CTAPHID_MESSAGE_MAX; size += size < 300 ? 1 : 53) {
                assert_int_equal(say(rig, rig->channel, CTAPHID_PING, message, size), CTAPHID_NONE);
                expect_message(rig, rig->channel, CTAPHID_PING, message, size);
        }
        assert_int_equal(say(rig, rig->channel, CTAPHID_PING, message, CTAPHID_MESSAGE_MAX), CTAPHID_NONE);
        expect_message(rig, rig->channel, CTAPHID_PING, message, CTAPHID_MESSAGE_MAX);
        free(message);
}

static void a_request_is_whole_at_its_last_packet(void **state)
{
        struct rig *rig = *state;
        uint8_t *message = pattern(2048);
        for (size_t size = 1; size <= 2048; size += 113) {
                assert_int_equal(say(rig, rig->channel, CTAPHID_CBOR, message, size), CTAPHID_REQUEST);
                slice request = ctaphid_request(rig->hid);
                assert_int_equal(request.size, size);
                assert_memory_equal(request.data, message, size);
                expect_silence(rig);
                ctaphid_reply(rig->hid, slice_of(message, size));
                assert_int_equal(ctaphid_request(rig->hid).size, 0);
                expect_message(rig, rig->channel, CTAPHID_CBOR, message, size);
        }
        free(message);
}

/* [11.2.9.1.6 0x7F] */
static void an_answer_that_is_too_long_is_an_error(void **state)
{
        struct rig *rig = *state;
        uint8_t *message = pattern(CTAPHID_MESSAGE_MAX + 1);
        make_busy(rig);
        ctaphid_reply(rig->hid, slice_of(message, CTAPHID_MESSAGE_MAX + 1));
        expect_error(rig, rig->channel, OTHER);
        make_busy(rig);
        ctaphid_reply(rig->hid, slice_of(message, CTAPHID_MESSAGE_MAX));
        expect_message(rig, rig->channel, CTAPHID_CBOR, message, CTAPHID_MESSAGE_MAX);
        free(message);
}

static void an_answer_to_nothing_is_not_sent(void **state)
{
        struct rig *rig = *state;
        ctaphid_reply(rig->hid, slice_of("x", 1));
        expect_silence(rig);
}

/* [11.2.9.2.1] and the layer above shows the device */
static void wink_comes_back(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(initial(rig, rig->channel, CTAPHID_WINK, 0, NULL), CTAPHID_WINKS);
        expect_message(rig, rig->channel, CTAPHID_WINK, NULL, 0);
        initial(rig, rig->channel, CTAPHID_WINK, 1, NULL);
        expect_error(rig, rig->channel, INVALID_LEN);
}

/* ---- refusals, [11.2.5.4] the order of packets ---- */

/* [11.2.9.1.6 0x04] */
static void wrong_sequence_ends_the_transaction(void **state)
{
        struct rig *rig = *state;
        uint8_t *message = pattern(300);
        for (unsigned wrong = 0; wrong < 128; wrong++) {
                if (wrong == 1)
                        continue;
                initial(rig, rig->channel, CTAPHID_CBOR, 300, message);
                next(rig, rig->channel, 0, message, NEXT_PAYLOAD);
                assert_int_equal(
                        next(rig, rig->channel, (uint8_t)wrong, message, NEXT_PAYLOAD), CTAPHID_NONE);
                expect_error(rig, rig->channel, INVALID_SEQ);
                next(rig, rig->channel, 1, message, NEXT_PAYLOAD); /* belongs to nothing now */
                expect_silence(rig);
        }
        make_busy(rig);
        free(message);
}

static void an_initial_packet_in_a_message_ends_it(void **state)
{
        struct rig *rig = *state;
        uint8_t *message = pattern(300);
        initial(rig, rig->channel, CTAPHID_CBOR, 300, message);
        initial(rig, rig->channel, CTAPHID_PING, 1, message);
        expect_error(rig, rig->channel, INVALID_SEQ);
        make_busy(rig);
        free(message);
}

/* [11.2.9.1.6 0x03] */
static void lengths_out_of_range_are_refused(void **state)
{
        struct rig *rig = *state;
        static const struct {
                uint8_t command;
                size_t size;
        } cases[] = { { CTAPHID_PING, CTAPHID_MESSAGE_MAX + 1 }, { CTAPHID_PING, 0xFFFF },
                { CTAPHID_CBOR, CTAPHID_MESSAGE_MAX + 1 }, { CTAPHID_CBOR, 0 }, { CTAPHID_MSG, 0 },
                { CTAPHID_MSG, CTAPHID_MESSAGE_MAX + 1 }, { CTAPHID_LOCK, 0 }, { CTAPHID_LOCK, 2 } };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                assert_int_equal(
                        initial(rig, rig->channel, cases[i].command, cases[i].size, NULL), CTAPHID_NONE);
                expect_error(rig, rig->channel, INVALID_LEN);
        }
        make_busy(rig);
}

/* [11.2.9.1.6 0x01] */
static void unknown_commands_are_refused(void **state)
{
        struct rig *rig = *state;
        for (unsigned command = 0; command < 0x80; command++) {
                if (command == CTAPHID_PING || command == CTAPHID_INIT || command == CTAPHID_WINK ||
                        command == CTAPHID_CBOR || command == CTAPHID_CANCEL || command == CTAPHID_MSG ||
                        command == CTAPHID_LOCK)
                        continue;
                initial(rig, rig->channel, (uint8_t)command, 1, NULL);
                expect_error(rig, rig->channel, INVALID_CMD);
        }
}

/* [11.2.9.1.6 0x0B] */
static void channels_that_do_not_exist_are_refused(void **state)
{
        struct rig *rig = *state;
        const uint32_t channels[] = { 0, 2, 0x11223344, 0xFFFFFFFE, broadcast };
        for (size_t i = 0; i < sizeof channels / sizeof *channels; i++) {
                initial(rig, channels[i], CTAPHID_PING, 1, NULL);
                expect_error(rig, channels[i], INVALID_CHANNEL);
        }
        const uint8_t nonce[8] = { 0 };
        initial(rig, 0, CTAPHID_INIT, 8, nonce);
        expect_error(rig, 0, INVALID_CHANNEL);
}

static void stray_continuations_are_ignored(void **state)
{
        struct rig *rig = *state;
        uint8_t *message = pattern(300);
        assert_int_equal(next(rig, rig->channel, 0, message, NEXT_PAYLOAD), CTAPHID_NONE);
        expect_silence(rig);
        uint32_t other = open_channel(rig);
        initial(rig, rig->channel, CTAPHID_PING, 100, message);
        next(rig, other, 0, message, NEXT_PAYLOAD); /* another's: it disturbs nobody */
        expect_silence(rig);
        next(rig, rig->channel, 0, message + INITIAL_PAYLOAD, 100 - INITIAL_PAYLOAD);
        expect_message(rig, rig->channel, CTAPHID_PING, message, 100);
        free(message);
}

/* [11.2.9.1.6 0x06] [11.2.5.1] a device does one transaction at a time */
static void others_hear_that_the_device_is_busy(void **state)
{
        struct rig *rig = *state;
        uint8_t *message = pattern(300);
        uint32_t other = open_channel(rig);
        const uint8_t nonce[8] = { 0 };

        initial(rig, rig->channel, CTAPHID_PING, 100, message); /* receiving */
        initial(rig, other, CTAPHID_PING, 1, message);
        expect_error(rig, other, CHANNEL_BUSY);
        initial(rig, other, CTAPHID_INIT, 8, nonce); /* disturbs nobody */
        expect_packet(rig, other, CTAPHID_INIT, 17);
        open_channel(rig); /* a new channel may always be asked for */
        next(rig, rig->channel, 0, message + INITIAL_PAYLOAD, 100 - INITIAL_PAYLOAD);

        assert_true(ctaphid_send(rig->hid, rig->report)); /* sending: one packet of two is out */
        initial(rig, other, CTAPHID_PING, 1, message);
        initial(rig, rig->channel, CTAPHID_PING, 1, message);
        expect_packet(rig, other, CTAPHID_ERROR, 1);
        assert_int_equal(rig->report[7], CHANNEL_BUSY);
        expect_packet(rig, rig->channel, CTAPHID_ERROR, 1);
        assert_int_equal(rig->report[7], CHANNEL_BUSY);
        assert_true(ctaphid_send(rig->hid, rig->report));
        assert_int_equal(rig->report[4], 0);
        expect_silence(rig);

        make_busy(rig); /* working */
        initial(rig, other, CTAPHID_CBOR, 1, message);
        expect_error(rig, other, CHANNEL_BUSY);
        initial(rig, rig->channel, CTAPHID_CBOR, 1, message);
        expect_error(rig, rig->channel, CHANNEL_BUSY);
        assert_int_equal(ctaphid_request(rig->hid).size, 1);
        free(message);
}

/* ---- [11.2.5.3] INIT during a transaction, [11.2.9.1.5] CANCEL ---- */

static void init_on_the_own_channel_aborts(void **state)
{
        struct rig *rig = *state;
        uint8_t *message = pattern(300);
        const uint8_t nonce[8] = { 9 };
        initial(rig, rig->channel, CTAPHID_CBOR, 300, message); /* receiving: nobody above knows of it */
        assert_int_equal(initial(rig, rig->channel, CTAPHID_INIT, 8, nonce), CTAPHID_NONE);
        expect_packet(rig, rig->channel, CTAPHID_INIT, 17);
        assert_int_equal(get_u32(rig->report + CHANNEL_OFFSET_OF_INIT), rig->channel);
        next(rig, rig->channel, 0, message, NEXT_PAYLOAD);
        expect_silence(rig);

        make_busy(rig); /* working */
        assert_int_equal(initial(rig, rig->channel, CTAPHID_INIT, 8, nonce), CTAPHID_ABORTED);
        expect_packet(rig, rig->channel, CTAPHID_INIT, 17);
        ctaphid_reply(rig->hid, slice_of("x", 1)); /* comes too late */
        expect_silence(rig);

        initial(rig, rig->channel, CTAPHID_PING, 57, message); /* sending */
        assert_int_equal(initial(rig, rig->channel, CTAPHID_INIT, 8, nonce), CTAPHID_NONE);
        expect_packet(rig, rig->channel, CTAPHID_INIT, 17);
        expect_silence(rig);
        free(message);
}

static void cancel_reaches_only_the_request_of_its_channel(void **state)
{
        struct rig *rig = *state;
        uint8_t *message = pattern(300);
        uint32_t other = open_channel(rig);
        assert_int_equal(initial(rig, rig->channel, CTAPHID_CANCEL, 0, NULL), CTAPHID_NONE); /* idle */
        expect_silence(rig);
        initial(rig, rig->channel, CTAPHID_PING, 100, message);
        assert_int_equal(initial(rig, rig->channel, CTAPHID_CANCEL, 0, NULL), CTAPHID_NONE); /* receiving */
        expect_silence(rig);
        next(rig, rig->channel, 0, message + INITIAL_PAYLOAD, 100 - INITIAL_PAYLOAD);
        expect_message(rig, rig->channel, CTAPHID_PING, message, 100);
        make_busy(rig);
        assert_int_equal(initial(rig, other, CTAPHID_CANCEL, 0, NULL), CTAPHID_NONE);
        assert_int_equal(initial(rig, rig->channel, CTAPHID_CANCEL, 0, NULL), CTAPHID_CANCELS);
        expect_silence(rig); /* CANCEL itself is not answered */
        ctaphid_reply(rig->hid, slice_of("\x2D", 1));
        expect_message(rig, rig->channel, CTAPHID_CBOR, (const uint8_t *)"\x2D", 1);
        free(message);
}

/* ---- time: [11.2.5.2] between packets, [11.2.9.1.7] of keepalives ---- */

/* [11.2.9.1.6 0x05] */
static void half_a_second_between_packets_is_too_long(void **state)
{
        struct rig *rig = *state;
        uint8_t *message = pattern(300);
        initial(rig, rig->channel, CTAPHID_PING, 300, message);
        for (uint8_t sequence = 0; sequence < 3; sequence++) { /* each packet has its own half second */
                rig->now += 499;
                ctaphid_tick(rig->hid, rig->now);
                expect_silence(rig);
                next(rig, rig->channel, sequence, message, NEXT_PAYLOAD);
        }
        rig->now += 500;
        ctaphid_tick(rig->hid, rig->now);
        expect_error(rig, rig->channel, MSG_TIMEOUT);
        ctaphid_tick(rig->hid, rig->now + 10000);
        expect_silence(rig);

        initial(rig, rig->channel, CTAPHID_PING, 300, message);
        rig->now += 500; /* a packet that comes too late finds nothing to go on with */
        next(rig, rig->channel, 0, message, NEXT_PAYLOAD);
        expect_error(rig, rig->channel, MSG_TIMEOUT);
        free(message);
}

/* [11.2.9.1.7 0x01] [11.2.9.1.7 0x02] */
static void keepalives_come_each_100_ms(void **state)
{
        struct rig *rig = *state;
        ctaphid_keepalive(rig->hid, CTAPHID_UP_NEEDED, rig->now); /* idle */
        expect_silence(rig);
        make_busy(rig);
        ctaphid_keepalive(rig->hid, CTAPHID_PROCESSING, rig->now + 99);
        expect_silence(rig);
        assert_int_equal(ctaphid_keepalive_in(rig->hid, rig->now), 100);
        assert_int_equal(ctaphid_keepalive_in(rig->hid, rig->now + 99), 1);
        assert_int_equal(ctaphid_keepalive_in(rig->hid, rig->now + 100), 0);
        assert_int_equal(ctaphid_keepalive_in(rig->hid, rig->now + 1000), 0);
        ctaphid_keepalive(rig->hid, CTAPHID_PROCESSING, rig->now + 100);
        expect_keepalive(rig, 1);
        ctaphid_keepalive(rig->hid, CTAPHID_UP_NEEDED, rig->now + 101); /* at once: the status changed */
        expect_keepalive(rig, 2);
        ctaphid_keepalive(rig->hid, CTAPHID_UP_NEEDED, rig->now + 200);
        expect_silence(rig);
        ctaphid_keepalive(rig->hid, CTAPHID_UP_NEEDED, rig->now + 201);
        expect_keepalive(rig, 2);
        ctaphid_reply(rig->hid, slice_of("\0", 1));
        ctaphid_keepalive(rig->hid, CTAPHID_UP_NEEDED, rig->now + 500);
        expect_message(rig, rig->channel, CTAPHID_CBOR, (const uint8_t *)"\0", 1);
}

/* [11.2.9.1.6] */
static void a_host_that_does_not_read_costs_nothing(void **state)
{
        struct rig *rig = *state;
        unsigned answers = 0;
        for (int i = 0; i < 1000; i++)
                initial(rig, 0x11223344, CTAPHID_PING, 1, NULL);
        while (ctaphid_send(rig->hid, rig->report))
                answers++;
        assert_int_equal(answers, 16);
        make_busy(rig);
}

/* ---- CANCEL and INIT at every moment ---- */

enum { LONG_SIZE = INITIAL_PAYLOAD + 3 * NEXT_PAYLOAD + 5, LONG_PACKETS = 5 };

/* Sends the packets of a long message of the channel from `from` to before `to`. */
static enum ctaphid_outcome send_packets(
        struct rig *rig, uint32_t channel, const uint8_t *message, unsigned from, unsigned to)
{
        enum ctaphid_outcome outcome = CTAPHID_NONE;
        for (unsigned i = from; i < to; i++) {
                size_t at = i ? INITIAL_PAYLOAD + (i - 1) * NEXT_PAYLOAD : 0;
                size_t part = LONG_SIZE - at < NEXT_PAYLOAD ? LONG_SIZE - at : NEXT_PAYLOAD;
                outcome = i ? next(rig, channel, (uint8_t)(i - 1), message + at, part)
                            : initial(rig, channel, CTAPHID_CBOR, LONG_SIZE, message);
        }
        return outcome;
}

/* [11.2.9.1.5] between any two packets of a request or of its answer CANCEL means nothing, from any channel
 */
static void cancel_between_packets_changes_nothing(void **state)
{
        struct rig *rig = *state;
        uint8_t *message = pattern(LONG_SIZE);
        const uint32_t channels[] = { rig->channel, open_channel(rig), 0x99, 0, broadcast };
        for (unsigned moment = 0; moment < LONG_PACKETS; moment++) {
                for (size_t i = 0; i < 3; i++) {
                        send_packets(rig, rig->channel, message, 0, moment);
                        assert_int_equal(initial(rig, channels[i], CTAPHID_CANCEL, 0, NULL), CTAPHID_NONE);
                        expect_silence(rig);
                        assert_int_equal(send_packets(rig, rig->channel, message, moment, LONG_PACKETS),
                                CTAPHID_REQUEST);
                        ctaphid_reply(rig->hid, slice_of(message, LONG_SIZE));
                        for (unsigned sent = 0; sent < moment; sent++)
                                assert_true(ctaphid_send(rig->hid, rig->report));
                        assert_int_equal(initial(rig, channels[i], CTAPHID_CANCEL, 0, NULL), CTAPHID_NONE);
                        for (unsigned sent = moment; sent < LONG_PACKETS; sent++)
                                assert_true(ctaphid_send(rig->hid, rig->report));
                        expect_silence(rig);
                }
        }
        for (size_t i = 3; i < 5; i++) { /* where there are no requests there is nothing to cancel */
                initial(rig, channels[i], CTAPHID_CANCEL, 0, NULL);
                expect_error(rig, channels[i], INVALID_CHANNEL);
        }
        free(message);
}

/* [11.2.5.3] INIT after any number of packets, either way, and the channel is as new */
static void init_between_packets_begins_anew(void **state)
{
        struct rig *rig = *state;
        uint8_t *message = pattern(LONG_SIZE);
        const uint8_t nonce[8] = { 7 };
        for (unsigned moment = 0; moment <= 2 * LONG_PACKETS; moment++) {
                enum ctaphid_outcome outcome = send_packets(
                        rig, rig->channel, message, 0, moment < LONG_PACKETS ? moment : LONG_PACKETS);
                if (moment > LONG_PACKETS)
                        ctaphid_reply(rig->hid, slice_of(message, LONG_SIZE));
                for (unsigned sent = LONG_PACKETS + 1; sent < moment; sent++)
                        assert_true(ctaphid_send(rig->hid, rig->report));
                assert_int_equal(outcome, moment < LONG_PACKETS ? CTAPHID_NONE : CTAPHID_REQUEST);
                assert_int_equal(say(rig, rig->channel, CTAPHID_INIT, nonce, 8),
                        moment == LONG_PACKETS ? CTAPHID_ABORTED : CTAPHID_NONE);
                expect_packet(rig, rig->channel, CTAPHID_INIT, 17);
                expect_silence(rig);
                assert_false(ctaphid_busy(rig->hid));
        }
        free(message);
}

/* Whoever begins anew hears nothing of what was queued for it before. */
static void init_drops_what_was_to_be_told(void **state)
{
        struct rig *rig = *state;
        const uint8_t nonce[8] = { 3 };
        uint32_t other = open_channel(rig);
        make_busy(rig);
        ctaphid_keepalive(rig->hid, CTAPHID_UP_NEEDED, rig->now);
        initial(rig, other, CTAPHID_PING, 1, nonce);
        ctaphid_keepalive(rig->hid, CTAPHID_PROCESSING, rig->now);
        assert_int_equal(say(rig, rig->channel, CTAPHID_INIT, nonce, 8), CTAPHID_ABORTED);
        expect_packet(rig, other, CTAPHID_ERROR, 1); /* the other's stays */
        expect_packet(rig, rig->channel, CTAPHID_INIT, 17);
        expect_silence(rig);
}

/* [11.2.5.1] the packets of two hosts, each between the other's: one is served, the other hears "busy" once
 */
static void interleaved_channels_do_not_mix(void **state)
{
        struct rig *rig = *state;
        uint8_t *message = pattern(2 * LONG_SIZE);
        uint32_t other = open_channel(rig);
        for (unsigned start = 1; start < LONG_PACKETS; start++) {
                send_packets(rig, rig->channel, message, 0, start);
                for (unsigned i = 0; i < LONG_PACKETS; i++) {
                        assert_int_equal(
                                send_packets(rig, other, message + LONG_SIZE, i, i + 1), CTAPHID_NONE);
                        if (i == 0)
                                expect_error(rig, other, CHANNEL_BUSY);
                        expect_silence(rig);
                        if (start + i < LONG_PACKETS - 1)
                                send_packets(rig, rig->channel, message, start + i, start + i + 1);
                }
                assert_int_equal(send_packets(rig, rig->channel, message, LONG_PACKETS - 1, LONG_PACKETS),
                        CTAPHID_REQUEST);
                assert_memory_equal(ctaphid_request(rig->hid).data, message, LONG_SIZE);
                ctaphid_reply(rig->hid, slice_of(message, 1));
                expect_message(rig, rig->channel, CTAPHID_CBOR, message, 1);
        }
        free(message);
}

/* ---- U2F ---- */

/* [11.2.9.1.1] */
static void a_u2f_message_is_told_apart(void **state)
{
        struct rig *rig = *state;
        static const uint8_t version[] = { 0, 3, 0, 0, 0, 0, 0 };
        assert_int_equal(ctaphid_request_kind(rig->hid), CTAPHID_NOTHING);
        make_busy(rig);
        assert_int_equal(ctaphid_request_kind(rig->hid), CTAPHID_CBOR);
        ctaphid_reply(rig->hid, slice_of("x", 1));
        expect_message(rig, rig->channel, CTAPHID_CBOR, (const uint8_t *)"x", 1);
        assert_int_equal(say(rig, rig->channel, CTAPHID_MSG, version, sizeof version), CTAPHID_REQUEST);
        assert_int_equal(ctaphid_request_kind(rig->hid), CTAPHID_MSG);
        assert_int_equal(ctaphid_request(rig->hid).size, sizeof version);
        /* [11.2.9.1.5] a U2F request is not one that can be cancelled */
        assert_int_equal(initial(rig, rig->channel, CTAPHID_CANCEL, 0, NULL), CTAPHID_NONE);
        /* [11.2.9.1.7] nor one whose host understands keepalives */
        ctaphid_keepalive(rig->hid, CTAPHID_UP_NEEDED, rig->now + 1000);
        expect_silence(rig);
        ctaphid_reply(rig->hid, slice_of("U2F_V2\x90\0", 8));
        expect_message(rig, rig->channel, CTAPHID_MSG, (const uint8_t *)"U2F_V2\x90\0", 8);
}

/* ---- what is kept ---- */

static const uint8_t secret[] = "one-secret-that-nobody-else-has-in-memory";

/* Memory is searched as whoever had stolen it would. */
static void expect_forgotten(struct rig *rig)
{
        assert_null(memmem(rig->hid, malloc_usable_size(rig->hid), secret, 16));
        expect_silence(rig);
}

static void receive_secret(struct rig *rig)
{
        assert_int_equal(say(rig, rig->channel, CTAPHID_CBOR, secret, sizeof secret), CTAPHID_REQUEST);
        assert_non_null(memmem(rig->hid, malloc_usable_size(rig->hid), secret, 16));
}

/* A message may hold a token or a key: however its transaction ends, none of it stays. */
static void nothing_of_a_message_is_kept(void **state)
{
        struct rig *rig = *state;
        uint8_t *message = pattern(300);
        const uint8_t nonce[8] = { 0 };
        receive_secret(rig);
        ctaphid_reply(rig->hid, slice_of("x", 1)); /* a shorter answer over it */
        assert_true(ctaphid_send(rig->hid, rig->report));
        expect_forgotten(rig);
        make_busy(rig);
        ctaphid_reply(rig->hid, slice_of(secret, sizeof secret));
        expect_message(rig, rig->channel, CTAPHID_CBOR, secret, sizeof secret);
        expect_forgotten(rig);
        receive_secret(rig);
        say(rig, rig->channel, CTAPHID_INIT, nonce, 8);
        assert_true(ctaphid_send(rig->hid, rig->report));
        expect_forgotten(rig);
        memcpy(message, secret, sizeof secret);
        initial(rig, rig->channel, CTAPHID_CBOR, 300, message);
        rig->now += 500;
        ctaphid_tick(rig->hid, rig->now);
        assert_true(ctaphid_send(rig->hid, rig->report));
        expect_forgotten(rig);
        initial(rig, rig->channel, CTAPHID_CBOR, 300, message);
        next(rig, rig->channel, 7, message, NEXT_PAYLOAD);
        assert_true(ctaphid_send(rig->hid, rig->report));
        expect_forgotten(rig);
        receive_secret(rig);
        ctaphid_reset(rig->hid);
        expect_forgotten(rig);
        receive_secret(rig);
        ctaphid_reply(rig->hid, slice_of(secret, sizeof secret));
        rig->now += 3000;
        ctaphid_tick(rig->hid, rig->now);
        expect_forgotten(rig);
        free(message);
}

/* ---- [11.2.9.2.2] LOCK ---- */

static void take_lock(struct rig *rig, uint32_t channel, uint8_t seconds)
{
        assert_int_equal(say(rig, channel, CTAPHID_LOCK, &seconds, 1), CTAPHID_NONE);
        expect_message(rig, channel, CTAPHID_LOCK, NULL, 0);
}

static void expect_served(struct rig *rig, uint32_t channel)
{
        const uint8_t ping[] = { 5 };
        say(rig, channel, CTAPHID_PING, ping, 1);
        expect_message(rig, channel, CTAPHID_PING, ping, 1);
}

static void expect_locked_out(struct rig *rig, uint32_t channel)
{
        static const uint8_t commands[] = { CTAPHID_PING, CTAPHID_MSG, CTAPHID_CBOR, CTAPHID_LOCK };
        const uint8_t payload[8] = { 0 };
        for (size_t i = 0; i < sizeof commands; i++) {
                assert_int_equal(say(rig, channel, commands[i], payload, 1), CTAPHID_NONE);
                expect_error(rig, channel, CHANNEL_BUSY);
        }
        say(rig, channel, CTAPHID_INIT, payload, 8);
        expect_error(rig, channel, CHANNEL_BUSY);
}

/* [11.2.6] [11.2.9.2.2] */
static void a_lock_keeps_others_away(void **state)
{
        struct rig *rig = *state;
        uint32_t other = open_channel(rig);
        for (uint8_t seconds = 1; seconds <= 10; seconds++) {
                take_lock(rig, rig->channel, seconds);
                expect_locked_out(rig, other);
                expect_locked_out(rig, open_channel(rig)); /* a channel may be had; it is as the others */
                rig->now += seconds * 1000u - 1;
                expect_locked_out(rig, other);
                expect_served(rig, rig->channel);
                rig->now += 1;
                expect_served(rig, other);
        }
}

static void a_lock_is_given_back_or_taken_anew(void **state)
{
        struct rig *rig = *state;
        const uint8_t nonce[8] = { 0 };
        uint32_t other = open_channel(rig);
        take_lock(rig, rig->channel, 10);
        take_lock(rig, rig->channel, 0);
        expect_served(rig, other);
        take_lock(rig, rig->channel, 2);
        rig->now += 1999;
        take_lock(rig, rig->channel, 2); /* longer than one time by asking again */
        rig->now += 1999;
        expect_locked_out(rig, other);
        say(rig, rig->channel, CTAPHID_INIT, nonce, 8); /* [11.2.5.3] a host that begins anew has none */
        expect_packet(rig, rig->channel, CTAPHID_INIT, 17);
        expect_served(rig, other);
}

/* [11.2.9.1.6 0x02] [11.2.9.2.2] */
static void a_lock_is_ten_seconds_at_most(void **state)
{
        struct rig *rig = *state;
        uint32_t other = open_channel(rig);
        for (unsigned seconds = 11; seconds <= 255; seconds++) {
                const uint8_t payload = (uint8_t)seconds;
                say(rig, rig->channel, CTAPHID_LOCK, &payload, 1);
                expect_error(rig, rig->channel, INVALID_PAR);
                expect_served(rig, other);
        }
}

static void the_locking_channel_is_never_given_away(void **state)
{
        struct rig *rig = *state;
        take_lock(rig, rig->channel, 10);
        for (int i = 0; i < 3 * CTAPHID_CHANNELS; i++)
                open_channel(rig);
        expect_served(rig, rig->channel);
        take_lock(rig, rig->channel, 0);
}

/* ---- a device that has other mouths ---- */

static void work_for_others_is_busy_here(void **state)
{
        struct rig *rig = *state;
        uint8_t *message = pattern(LONG_SIZE);
        send_packets(rig, rig->channel, message, 0, 2);
        ctaphid_set_elsewhere(rig->hid, true); /* in the middle of a message */
        assert_int_equal(send_packets(rig, rig->channel, message, 2, LONG_PACKETS), CTAPHID_NONE);
        expect_error(rig, rig->channel, CHANNEL_BUSY);
        assert_int_equal(ctaphid_request(rig->hid).size, 0);
        assert_int_equal(initial(rig, rig->channel, CTAPHID_CBOR, 1, message), CTAPHID_NONE);
        expect_error(rig, rig->channel, CHANNEL_BUSY);
        initial(rig, rig->channel, CTAPHID_MSG, 1, message);
        expect_error(rig, rig->channel, CHANNEL_BUSY);
        expect_served(rig, rig->channel); /* what is settled here is settled */
        take_lock(rig, rig->channel, 1);
        ctaphid_set_elsewhere(rig->hid, false);
        make_busy(rig);
        free(message);
}

static void a_device_that_was_without_power_has_nothing_begun(void **state)
{
        struct rig *rig = *state;
        uint32_t other = open_channel(rig);
        take_lock(rig, rig->channel, 10);
        make_busy(rig);
        initial(rig, other, CTAPHID_PING, 0, NULL); /* an error that waits to be sent */
        ctaphid_reset(rig->hid);
        assert_false(ctaphid_busy(rig->hid));
        expect_silence(rig);
        assert_int_equal(ctaphid_request(rig->hid).size, 0);
        expect_served(rig, other); /* the lock is gone, the channels are not */
        make_busy(rig);
}

/* An answer that its host does not fetch keeps the device for 3 s from its last packet, not for ever. */
static void an_answer_that_nobody_fetches_is_dropped(void **state)
{
        struct rig *rig = *state;
        uint8_t *message = pattern(300);
        uint32_t other = open_channel(rig);
        make_busy(rig);
        ctaphid_reply(rig->hid, slice_of(message, 300));
        for (int i = 0; i < 3; i++) { /* a slow host is served */
                rig->now += 2999;
                ctaphid_tick(rig->hid, rig->now);
                assert_true(ctaphid_send(rig->hid, rig->report));
        }
        rig->now += 2999;
        initial(rig, other, CTAPHID_PING, 0, NULL);
        expect_packet(rig, other, CTAPHID_ERROR, 1);
        rig->now += 1;
        initial(rig, other, CTAPHID_PING, 0, NULL);
        expect_message(rig, other, CTAPHID_PING, NULL, 0);
        free(message);
}

static void a_device_deep_in_its_work_can_say_so(void **state)
{
        struct rig *rig = *state;
        uint32_t other = open_channel(rig);
        assert_false(ctaphid_send_keepalive(rig->hid, rig->report));
        make_busy(rig);
        ctaphid_keepalive(rig->hid, CTAPHID_PROCESSING, rig->now + 100);
        assert_true(ctaphid_send_keepalive(rig->hid, rig->report));
        assert_int_equal(rig->report[4], CTAPHID_KEEPALIVE | 0x80);
        assert_int_equal(rig->report[7], CTAPHID_PROCESSING);
        assert_false(ctaphid_send_keepalive(rig->hid, rig->report));
        initial(rig, other, CTAPHID_PING, 0, NULL); /* what stands before it is not overtaken */
        ctaphid_keepalive(rig->hid, CTAPHID_PROCESSING, rig->now + 200);
        assert_false(ctaphid_send_keepalive(rig->hid, rig->report));
        expect_packet(rig, other, CTAPHID_ERROR, 1);
        assert_true(ctaphid_send_keepalive(rig->hid, rig->report));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(init_tells_version_and_capabilities),
                cmocka_unit_test(init_avoids_reserved_and_taken_channels),
                TEST(init_of_another_length_is_refused),
                TEST(init_on_an_unknown_channel_opens_it),
                TEST(the_oldest_channel_makes_room),
                TEST(the_busy_channel_is_never_given_away),
                TEST(messages_of_every_length_come_back),
                TEST(a_request_is_whole_at_its_last_packet),
                TEST(an_answer_that_is_too_long_is_an_error),
                TEST(an_answer_to_nothing_is_not_sent),
                TEST(wink_comes_back),
                TEST(wrong_sequence_ends_the_transaction),
                TEST(an_initial_packet_in_a_message_ends_it),
                TEST(lengths_out_of_range_are_refused),
                TEST(unknown_commands_are_refused),
                TEST(channels_that_do_not_exist_are_refused),
                TEST(stray_continuations_are_ignored),
                TEST(others_hear_that_the_device_is_busy),
                TEST(init_on_the_own_channel_aborts),
                TEST(cancel_reaches_only_the_request_of_its_channel),
                TEST(half_a_second_between_packets_is_too_long),
                TEST(keepalives_come_each_100_ms),
                TEST(a_host_that_does_not_read_costs_nothing),
                TEST(cancel_between_packets_changes_nothing),
                TEST(init_between_packets_begins_anew),
                TEST(init_drops_what_was_to_be_told),
                TEST(interleaved_channels_do_not_mix),
                TEST(a_u2f_message_is_told_apart),
                TEST(nothing_of_a_message_is_kept),
                TEST(a_lock_keeps_others_away),
                TEST(a_lock_is_given_back_or_taken_anew),
                TEST(a_lock_is_ten_seconds_at_most),
                TEST(the_locking_channel_is_never_given_away),
                TEST(work_for_others_is_busy_here),
                TEST(a_device_that_was_without_power_has_nothing_begun),
                TEST(an_answer_that_nobody_fetches_is_dropped),
                TEST(a_device_deep_in_its_work_can_say_so),
        };
        return cmocka_run_group_tests_name("ctaphid", tests, NULL, NULL);
}
