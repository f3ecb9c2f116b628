/* SPDX-License-Identifier: Apache-2.0 */
/* SCP03 (GPC_SPE_014): both ends against each other, in every mode that the two can agree on. */
#include "scp03_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { ROOM = 4096 };

static const uint8_t aid[] = { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00 };
static const uint8_t host_challenge[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
static const uint8_t random_challenge[] = { 0xC1, 0xC2, 0xC3, 0xC4, 0xC5, 0xC6, 0xC7, 0xC8, 0xC9, 0xCA, 0xCB,
        0xCC, 0xCD, 0xCE, 0xCF, 0xD0 };
static const uint8_t zeros[ROOM];
static const struct scp03_session closed;

/* ---- modes ---- */

static const uint8_t key_sizes[] = { 16, 24, 32 };
static const uint8_t all_i[] = { 0x00, 0x10, 0x20, 0x30, 0x60, 0x70, 0x01, 0x11, 0x21, 0x31, 0x61, 0x71 };
static const uint8_t all_levels[] = { 0x01, 0x03, 0x11, 0x13, 0x33 };

struct mode {
        uint8_t key_size, i, level;
        unsigned number;
};

enum { COMBINATIONS = sizeof key_sizes * sizeof all_i * sizeof all_levels };

/* Amendment D 5.1, written down once more: R-MAC needs i bit 20, R-ENCRYPTION bits 60. */
static bool fits(uint8_t i, uint8_t level)
{
        return !(level & 0x10 && !(i & 0x20)) && !(level & 0x20 && !(i & 0x40));
}

static bool next_mode(struct mode *mode)
{
        while (mode->number < COMBINATIONS) {
                unsigned number = mode->number++;
                mode->key_size = key_sizes[number % sizeof key_sizes];
                number /= sizeof key_sizes;
                mode->i = all_i[number % sizeof all_i];
                mode->level = all_levels[number / sizeof all_i];
                if (fits(mode->i, mode->level))
                        return true;
        }
        return false;
}

#define EACH_MODE(mode) for (struct mode mode = { 0 }; next_mode(&mode);)

static const struct mode usual = { .key_size = 16, .i = 0x70, .level = 0x33 };

static size_t size_of(const struct mode *mode)
{
        return mode->i & 0x01 ? 16 : 8;
}

static struct scp03_keys keys_of(uint8_t size)
{
        struct scp03_keys keys = { .size = size };
        for (uint8_t i = 0; i < size; i++) {
                keys.enc[i] = (uint8_t)(0x40 + i);
                keys.mac[i] = (uint8_t)(0x70 + i);
                keys.dek[i] = (uint8_t)(0xA0 + i);
        }
        return keys;
}

static slice host_challenge_of(const struct mode *mode)
{
        return slice_of(host_challenge, size_of(mode));
}

static struct scp03_offer offer_of(const struct mode *mode, uint32_t sequence)
{
        struct scp03_offer offer = { .key_version = 0x30, .i = mode->i };
        if (mode->i & 0x10) {
                offer.aid = SLICE(aid);
                offer.sequence = sequence;
        } else {
                offer.challenge = slice_of(random_challenge, size_of(mode));
        }
        return offer;
}

/* ---- messages ---- */

struct message {
        size_t size;
        uint8_t bytes[ROOM];
};

static slice view(const struct message *message)
{
        return slice_of(message->bytes, message->size);
}

static void keep(struct message *message, const writer *w)
{
        assert_false(w->overflowed);
        message->size = w->used;
}

static void flip(struct message *message, size_t bit)
{
        message->bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
}

static void assert_closed(const struct scp03_session *session)
{
        assert_memory_equal(session, &closed, sizeof closed);
}

/* ---- opening ---- */

static void card_answers(struct scp03_session *card, const struct mode *mode, const struct scp03_keys *own,
        uint32_t sequence, struct message *ret_answer)
{
        const struct scp03_offer offer = offer_of(mode, sequence);
        writer w = writer_over(ret_answer->bytes, SCP03_ANSWER_MAX);
        assert_int_equal(
                scp03_card_initialize(card, own, &offer, host_challenge_of(mode), &w, NULL).code, MITOME_OK);
        keep(ret_answer, &w);
}

static mitome_code host_answers(struct scp03_session *host, const struct mode *mode,
        const struct scp03_keys *own, slice own_aid, slice answer, struct message *ret_command,
        mitome_error *error)
{
        writer w = WRITER(ret_command->bytes);
        mitome_status status = scp03_host_authenticate(
                host, own, mode->level, own_aid, host_challenge_of(mode), answer, &w, error);
        keep(ret_command, &w);
        return status.code;
}

static mitome_code card_takes(struct scp03_session *card, slice apdu, mitome_error *error)
{
        struct apdu_command command;
        assert_int_equal(apdu_read_command(apdu, &command, NULL).code, MITOME_OK);
        return scp03_card_authenticate(card, &command, error).code;
}

struct pair {
        struct mode mode;
        struct scp03_session host, card;
};

/* Up to EXTERNAL AUTHENTICATE, which the card has not seen yet. */
static void begin_pair(struct pair *pair, uint32_t sequence, struct message *ret_authenticate)
{
        struct message answer;
        const struct scp03_keys keys = keys_of(pair->mode.key_size);
        card_answers(&pair->card, &pair->mode, &keys, sequence, &answer);
        assert_false(pair->card.open);
        assert_int_equal(host_answers(&pair->host, &pair->mode, &keys, SLICE(aid), view(&answer),
                                 ret_authenticate, NULL),
                MITOME_OK);
}

static void open_pair_with(struct pair *pair, uint32_t sequence)
{
        struct message authenticate;
        begin_pair(pair, sequence, &authenticate);
        assert_int_equal(card_takes(&pair->card, view(&authenticate), NULL), MITOME_OK);
        assert_true(pair->card.open && pair->host.open);
        assert_int_equal(pair->card.level, pair->mode.level);
        assert_int_equal(pair->host.level, pair->mode.level);
}

static struct pair open_pair(const struct mode *mode)
{
        struct pair pair = { .mode = *mode };
        open_pair_with(&pair, 7);
        return pair;
}

static struct apdu_command command_with(slice data)
{
        return (struct apdu_command){
                .cla = 0x80, .ins = 0x30, .p1 = 1, .p2 = 2, .data = data, .expected = 256
        };
}

static void wrap(struct pair *pair, slice data, struct message *ret_wrapped)
{
        struct apdu_command plain = command_with(data);
        writer w = WRITER(ret_wrapped->bytes);
        assert_int_equal(scp03_host_wrap(&pair->host, &plain, &w, NULL).code, MITOME_OK);
        keep(ret_wrapped, &w);
}

/* What came out is copied into `ret_data`, which was the room for decrypting too. */
static mitome_code unwrap(struct pair *pair, slice wrapped, struct message *ret_data, mitome_error *error)
{
        struct apdu_command command, plain;
        mitome_status status = apdu_read_command(wrapped, &command, NULL);
        if (failed(status))
                return status.code;
        status = scp03_card_unwrap(
                &pair->card, &command, ret_data->bytes, sizeof ret_data->bytes, &plain, error);
        if (!failed(status)) {
                ret_data->size = plain.data.size;
                if (pair->mode.level & SCP03_C_DEC)
                        assert_true(plain.data.size == 0 || plain.data.data == ret_data->bytes);
                else
                        memcpy(ret_data->bytes, plain.data.data, plain.data.size);
                assert_int_equal(plain.ins, command.ins);
                assert_int_equal(plain.expected, command.expected);
        }
        return status.code;
}

static void respond(struct pair *pair, slice data, uint16_t sw, struct message *ret_response)
{
        writer w = WRITER(ret_response->bytes);
        assert_int_equal(scp03_card_wrap(&pair->card, data, sw, &w, NULL).code, MITOME_OK);
        keep(ret_response, &w);
}

static mitome_code receive(
        struct pair *pair, slice response, struct message *ret_data, uint16_t *ret_sw, mitome_error *error)
{
        slice data;
        mitome_status status = scp03_host_unwrap(
                &pair->host, response, ret_data->bytes, sizeof ret_data->bytes, &data, ret_sw, error);
        if (!failed(status)) {
                ret_data->size = data.size;
                if (data.size && data.data != ret_data->bytes)
                        memcpy(ret_data->bytes, data.data, data.size);
        }
        return status.code;
}

/* A command that the card takes, and nothing more. */
static void order(struct pair *pair, slice data)
{
        struct message wrapped, plain;
        wrap(pair, data, &wrapped);
        assert_int_equal(unwrap(pair, view(&wrapped), &plain, NULL), MITOME_OK);
        assert_true(slice_equal(view(&plain), data));
}

/* One command and its response, whole. */
static void exchange(struct pair *pair, slice data, slice answer, uint16_t sw)
{
        struct message response, received;
        uint16_t seen;
        order(pair, data);
        respond(pair, answer, sw, &response);
        assert_true(response.size <= answer.size + SCP03_OVERHEAD + 2);
        assert_int_equal(receive(pair, view(&response), &received, &seen, NULL), MITOME_OK);
        assert_int_equal(seen, sw);
        assert_true(slice_equal(view(&received), answer));
}

/* ---- what can be offered ---- */

/* 5.1: every i and every P1 that there could be. */
static void the_table_says_which_levels_go_with_which_i(void **state)
{
        (void)state;
        unsigned known = 0, modes = 0;
        for (unsigned i = 0; i <= UINT8_MAX; i++) {
                assert_int_equal(scp03_knows((uint8_t)i), memchr(all_i, (int)i, sizeof all_i) != NULL);
                known += scp03_knows((uint8_t)i);
        }
        assert_int_equal(known, 12);
        for (size_t i = 0; i < sizeof all_i; i++) {
                assert_int_equal(scp03_size(all_i[i]), i < 6 ? 8 : 16);
                for (unsigned level = 0; level <= UINT8_MAX; level++) {
                        bool expected = memchr(all_levels, (int)level, sizeof all_levels) &&
                                        fits(all_i[i], (uint8_t)level);
                        assert_int_equal(scp03_offers(all_i[i], (uint8_t)level), expected);
                        modes += expected;
                }
        }
        assert_int_equal(modes, 2 * (2 + 2 + 4 + 4 + 5 + 5));
}

static void an_offer_that_cannot_be_is_refused(void **state)
{
        (void)state;
        const struct scp03_keys keys = keys_of(16);
        static const uint8_t unknown[] = { 0x02, 0x40, 0x50, 0x41, 0x80, 0x78, 0xF0, 0x74 };
        uint8_t bytes[SCP03_ANSWER_MAX];
        for (unsigned at = 0; at < sizeof unknown + 6; at++) {
                struct pair pair = open_pair(&usual);
                struct scp03_offer offer = offer_of(&usual, 7);
                struct scp03_keys own = keys;
                slice challenge = slice_of(host_challenge, 8);
                writer w = WRITER(bytes);
                switch (at) {
                case 0:
                        own.size = 0;
                        break;
                case 1:
                        own.size = 17;
                        break;
                case 2:
                        own.size = 33;
                        break;
                case 3:
                        offer.sequence = 0x1000000;
                        break;
                case 4:
                        offer.i = 0x60;
                        break; /* and no challenge */
                case 5:
                        offer = (struct scp03_offer){ .i = 0x61, .challenge = slice_of(random_challenge, 8) };
                        challenge = SLICE(host_challenge);
                        break;
                default:
                        offer.i = unknown[at - 6];
                }
                mitome_error error = { 0 };
                assert_int_equal(scp03_card_initialize(&pair.card, &own, &offer, challenge, &w, &error).code,
                        MITOME_E_ARGUMENT);
                assert_int_equal(error.code, MITOME_E_ARGUMENT);
                assert_int_equal(w.used, 0);
                assert_closed(&pair.card); /* the former session is over too */
        }
}

/* 7.1.1.3: 8 bytes in S8 mode, 16 in S16 mode. */
static void the_host_challenge_has_the_length_of_the_mode(void **state)
{
        (void)state;
        uint8_t bytes[SCP03_ANSWER_MAX], challenge[40] = { 0 };
        for (size_t i = 0; i < sizeof all_i; i++) {
                const struct mode mode = { .key_size = 16, .i = all_i[i], .level = 0x03 };
                const struct scp03_keys keys = keys_of(16);
                const struct scp03_offer offer = offer_of(&mode, 8);
                for (size_t size = 0; size <= sizeof challenge; size++) {
                        struct pair pair = open_pair(&mode);
                        writer w = WRITER(bytes);
                        mitome_code code = scp03_card_initialize(
                                &pair.card, &keys, &offer, slice_of(challenge, size), &w, NULL)
                                                   .code;
                        assert_int_equal(code, size == size_of(&mode) ? MITOME_OK : MITOME_E_VALUE);
                        if (code != MITOME_OK)
                                assert_closed(&pair.card);
                }
        }
}

static void answers_are_as_long_as_the_mode_says(void **state)
{
        (void)state;
        EACH_MODE(mode)
        {
                struct pair pair = { .mode = mode };
                struct message answer, authenticate;
                const struct scp03_keys keys = keys_of(mode.key_size);
                card_answers(&pair.card, &mode, &keys, 0x010203, &answer);
                assert_int_equal(answer.size, 13 + 2 * size_of(&mode) + (mode.i & 0x10 ? 3 : 0));
                assert_int_equal(answer.bytes[10], 0x30);
                assert_int_equal(answer.bytes[11], 0x03);
                assert_int_equal(answer.bytes[12], mode.i);
                if (mode.i & 0x10)
                        assert_memory_equal(answer.bytes + answer.size - 3, "\1\2\3", 3);
                else
                        assert_memory_equal(answer.bytes + 13, random_challenge, size_of(&mode));
                begin_pair(&pair, 7, &authenticate);
                assert_int_equal(authenticate.size, 5 + 2 * size_of(&mode));
        }
}

/* ---- what works ---- */

static void both_ends_understand_each_other(void **state)
{
        (void)state;
        uint8_t data[ROOM];
        for (size_t i = 0; i < sizeof data; i++)
                data[i] = (uint8_t)(i * 31);
        EACH_MODE(mode)
        {
                struct pair pair = open_pair(&mode);
                for (size_t size = 0; size <= 300; size += mode.number % 5 ? 13 : 1)
                        exchange(&pair, slice_of(data, size), slice_of(data, 300 - size), SW_OK);
                exchange(&pair, slice_of(data, 4000), slice_of(data, 4000), SW_OK);
                exchange(&pair, slice_of(data, 20), slice_of(data, 5), 0x6283);
                exchange(&pair, slice_of(data, 20), slice_of(NULL, 0), 0x63C2);
                assert_int_equal(pair.host.counter, pair.card.counter);
        }
}

/* What is visible on the line at each level: MAC always, plain text where nothing is encrypted. */
static void each_level_protects_what_it_says(void **state)
{
        (void)state;
        const slice data = slice_text("0123456789abcdef+");
        EACH_MODE(mode)
        {
                struct pair pair = open_pair(&mode);
                struct message wrapped, plain, response;
                size_t mac = size_of(&mode), padded = 32;
                wrap(&pair, data, &wrapped);
                assert_int_equal(wrapped.size, 5 + (mode.level & SCP03_C_DEC ? padded : data.size) + mac + 1);
                assert_int_equal(
                        memcmp(wrapped.bytes + 5, data.data, data.size) == 0, !(mode.level & SCP03_C_DEC));
                assert_int_equal(unwrap(&pair, view(&wrapped), &plain, NULL), MITOME_OK);
                respond(&pair, data, SW_OK, &response);
                assert_int_equal(response.size, (mode.level & SCP03_R_ENC ? padded : data.size) +
                                                        (mode.level & SCP03_R_MAC ? mac : 0) + 2);
                assert_int_equal(
                        memcmp(response.bytes, data.data, data.size) == 0, !(mode.level & SCP03_R_ENC));
        }
}

/* 6.2.5: with R-MAC, a response with an error status word is neither MACed nor encrypted, and has no data.
 * The session goes on. */
static void an_error_answer_is_bare_and_the_session_goes_on(void **state)
{
        (void)state;
        EACH_MODE(mode)
        {
                struct pair pair = open_pair(&mode);
                struct message response, received;
                uint16_t sw;
                order(&pair, slice_text("data"));
                respond(&pair, slice_of("must not leave", mode.level & SCP03_R_MAC ? 14 : 0), SW_CONDITIONS,
                        &response);
                assert_true(slice_equal(view(&response), slice_of("\x69\x85", 2)));
                assert_int_equal(receive(&pair, view(&response), &received, &sw, NULL), MITOME_OK);
                assert_int_equal(sw, SW_CONDITIONS);
                assert_int_equal(received.size, 0);
                exchange(&pair, slice_text("next"), slice_text("answer"), SW_OK);
        }
}

/* 6.2.5: 62xx and 63xx are warnings; every other word but 9000 is an error. */
static void success_and_warnings_are_protected(void **state)
{
        (void)state;
        unsigned count = 0;
        for (unsigned sw = 0; sw <= UINT16_MAX; sw++)
                count += scp03_carries_mac((uint16_t)sw);
        assert_int_equal(count, 1 + 256 + 256);
        assert_true(scp03_carries_mac(0x9000));
        assert_true(scp03_carries_mac(0x6200));
        assert_true(scp03_carries_mac(0x62FF));
        assert_true(scp03_carries_mac(0x6300));
        assert_true(scp03_carries_mac(0x63FF));
}

/* 6.2.4: the MAC is over the chaining value, the header, Lc as it is sent (with the MAC counted) and the
 * data. The public vectors have short lengths only. */
static void the_mac_covers_the_length_as_it_is_sent(void **state)
{
        (void)state;
        static const size_t sizes[] = { 5, 231, 232, 239, 240, 247, 248, 300 };
        EACH_MODE(mode)
        {
                for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
                        struct pair pair = open_pair(&mode);
                        struct message wrapped;
                        uint8_t mac[SCP03_BLOCK], chain[SCP03_BLOCK];
                        memcpy(chain, pair.host.chain, sizeof chain);
                        wrap(&pair, slice_of(zeros, sizes[i]), &wrapped);
                        size_t body = mode.level & SCP03_C_DEC ? (sizes[i] / 16 + 1) * 16 : sizes[i];
                        size_t sent = body + size_of(&mode), head = sent > 255 ? 7 : 5;
                        assert_int_equal(wrapped.size, head + sent + (sent > 255 ? 2 : 1));
                        const slice parts[] = { SLICE(chain), slice_of(wrapped.bytes, head + body) };
                        assert_int_equal(
                                scp03_cmac(slice_of(pair.host.s_mac, mode.key_size), parts, 2, mac).code,
                                MITOME_OK);
                        assert_memory_equal(wrapped.bytes + head + body, mac, size_of(&mode));
                }
        }
}

/* "The logical channel number shall be set to zero": the host's wrapping is the same on every channel, and
 * the card takes it on any; which channel a session belongs to is the card manager's to know. */
static void the_mac_does_not_see_the_logical_channel(void **state)
{
        (void)state;
        for (uint8_t channel = 0; channel < 4; channel++) {
                struct pair pair = open_pair(&usual);
                struct message wrapped, plain;
                wrap(&pair, slice_text("data"), &wrapped);
                assert_int_equal(wrapped.bytes[0], 0x84);
                wrapped.bytes[0] |= channel;
                assert_int_equal(unwrap(&pair, view(&wrapped), &plain, NULL), MITOME_OK);
        }
}

/* 6.2.6: the counter goes up with each command, also one without data, so equal data never looks equal. */
static void every_command_counts_also_without_data(void **state)
{
        (void)state;
        struct message first, second, empty, plain;
        struct pair pair = open_pair(&usual), other = pair;
        wrap(&pair, slice_text("same"), &first);
        wrap(&other, slice_of(NULL, 0), &empty);
        wrap(&other, slice_text("same"), &second);
        assert_int_equal(first.size, second.size);
        assert_memory_not_equal(first.bytes + 5, second.bytes + 5, 16);
        assert_int_equal(unwrap(&pair, view(&empty), &plain, NULL), MITOME_OK);
        assert_int_equal(unwrap(&pair, view(&second), &plain, NULL), MITOME_OK);
        assert_true(slice_is(view(&plain), "same"));
}

/* 6.2.7: the direction is part of the counter block. */
static void a_response_is_not_encrypted_like_its_command(void **state)
{
        (void)state;
        struct pair pair = open_pair(&usual);
        struct message wrapped, plain, response;
        wrap(&pair, slice_text("same"), &wrapped);
        assert_int_equal(unwrap(&pair, view(&wrapped), &plain, NULL), MITOME_OK);
        respond(&pair, slice_text("same"), SW_OK, &response);
        assert_int_equal(response.size, 16 + 8 + 2);
        assert_memory_not_equal(wrapped.bytes + 5, response.bytes, 16);
}

/* The counter is 128 bits in the standard and 64 here: it never starts again. */
static void at_the_counters_end_the_session_is_over(void **state)
{
        (void)state;
        EACH_MODE(mode)
        {
                struct pair pair = open_pair(&mode);
                struct message wrapped, plain;
                pair.host.counter = pair.card.counter = UINT64_MAX - 1;
                exchange(&pair, slice_text("the last one"), slice_text("answer"), SW_OK);
                struct pair other = pair;
                other.host.counter = 0;
                wrap(&other, slice_text("one more"), &wrapped);
                mitome_error error = { 0 };
                assert_int_equal(unwrap(&pair, view(&wrapped), &plain, &error), MITOME_E_CHANNEL_CLOSED);
                assert_int_equal(error.code, MITOME_E_CHANNEL_CLOSED);
                assert_closed(&pair.card);
                struct apdu_command command = command_with(slice_text("one more"));
                writer w = WRITER(wrapped.bytes);
                assert_int_equal(
                        scp03_host_wrap(&pair.host, &command, &w, NULL).code, MITOME_E_CHANNEL_CLOSED);
                assert_closed(&pair.host);
        }
}

/* ---- refusals while opening ---- */

/* i is not authenticated in itself: the host takes nothing that offers less than it asks for, and nothing of
 * the mode that its challenge was not made for. */
static void the_host_refuses_a_card_that_offers_less(void **state)
{
        (void)state;
        EACH_MODE(mode)
        {
                const struct scp03_keys keys = keys_of(mode.key_size);
                struct message answer, command;
                struct pair pair = { .mode = mode };
                card_answers(&pair.card, &mode, &keys, 7, &answer);
                for (unsigned i = 0; i <= UINT8_MAX; i++) {
                        answer.bytes[12] = (uint8_t)i;
                        bool good = scp03_knows((uint8_t)i) && fits((uint8_t)i, mode.level) &&
                                    (i & 0x01) == (mode.i & 0x01);
                        mitome_error error = { 0 };
                        mitome_code code = host_answers(
                                &pair.host, &mode, &keys, SLICE(aid), view(&answer), &command, &error);
                        assert_int_equal(code == MITOME_E_CHANNEL_LEVEL, !good);
                        assert_int_equal(error.code, code);
                        if ((i & 0x10) != (mode.i & 0x10))
                                assert_int_not_equal(code, MITOME_OK); /* longer or shorter */
                        if (code != MITOME_OK)
                                assert_closed(&pair.host);
                }
                answer.bytes[12] = mode.i;
                answer.bytes[11] = 0x02; /* SCP02 */
                assert_int_equal(
                        host_answers(&pair.host, &mode, &keys, SLICE(aid), view(&answer), &command, NULL),
                        MITOME_E_CHANNEL_LEVEL);
        }
}

static void the_host_asks_for_no_level_that_there_is_not(void **state)
{
        (void)state;
        EACH_MODE(mode)
        {
                const struct scp03_keys keys = keys_of(mode.key_size);
                struct message answer, command;
                struct pair pair = { .mode = mode };
                card_answers(&pair.card, &mode, &keys, 7, &answer);
                for (unsigned level = 0; level <= UINT8_MAX; level++) {
                        struct mode asked = mode;
                        asked.level = (uint8_t)level;
                        assert_int_equal(host_answers(&pair.host, &asked, &keys, SLICE(aid), view(&answer),
                                                 &command, NULL),
                                scp03_offers(mode.i, (uint8_t)level) ? MITOME_OK : MITOME_E_CHANNEL_LEVEL);
                }
        }
        struct scp03_keys none = keys_of(16);
        none.size = 20;
        struct pair pair = open_pair(&usual);
        struct message command;
        assert_int_equal(host_answers(&pair.host, &usual, &none, SLICE(aid), SLICE(zeros), &command, NULL),
                MITOME_E_ARGUMENT);
        assert_closed(&pair.host);
}

static void the_host_refuses_every_changed_or_cut_answer(void **state)
{
        (void)state;
        EACH_MODE(mode)
        {
                const struct scp03_keys keys = keys_of(mode.key_size);
                struct pair pair = { .mode = mode };
                struct message answer, command;
                card_answers(&pair.card, &mode, &keys, 7, &answer);
                for (size_t bit = 13 * 8; bit < answer.size * 8; bit++) {
                        flip(&answer, bit);
                        assert_int_equal(host_answers(&pair.host, &mode, &keys, SLICE(aid), view(&answer),
                                                 &command, NULL),
                                MITOME_E_CHANNEL_CRYPTOGRAM);
                        assert_int_equal(command.size, 0);
                        assert_closed(&pair.host);
                        flip(&answer, bit);
                }
                for (size_t size = 0; size < answer.size; size++) {
                        mitome_error error = { 0 };
                        assert_int_equal(host_answers(&pair.host, &mode, &keys, SLICE(aid),
                                                 slice_of(answer.bytes, size), &command, &error),
                                MITOME_E_INPUT_ENDS);
                        assert_true(error.at <= size);
                        assert_closed(&pair.host);
                }
                answer.size++;
                assert_int_equal(
                        host_answers(&pair.host, &mode, &keys, SLICE(aid), view(&answer), &command, NULL),
                        MITOME_E_TRAILING_BYTES);
                assert_closed(&pair.host);
        }
}

static void other_keys_open_nothing(void **state)
{
        (void)state;
        EACH_MODE(mode)
        {
                struct pair pair = { .mode = mode };
                struct message answer, command;
                const struct scp03_keys keys = keys_of(mode.key_size);
                struct scp03_keys other_mac = keys, other_enc = keys, other_dek = keys;
                other_mac.mac[mode.key_size - 1] ^= 1;
                other_enc.enc[0] ^= 0x80;
                other_dek.dek[0] ^= 1;
                card_answers(&pair.card, &mode, &keys, 7, &answer);
                assert_int_equal(host_answers(&pair.host, &mode, &other_mac, slice_of(NULL, 0), view(&answer),
                                         &command, NULL),
                        MITOME_E_CHANNEL_CRYPTOGRAM);
                assert_closed(&pair.host);
                if (mode.i & 0x10) {
                        assert_int_equal(host_answers(&pair.host, &mode, &other_enc, SLICE(aid),
                                                 view(&answer), &command, NULL),
                                MITOME_E_CHANNEL_CRYPTOGRAM);
                        assert_closed(&pair.host);
                }
                assert_int_equal(host_answers(&pair.host, &mode, &other_dek, SLICE(aid), view(&answer),
                                         &command, NULL),
                        MITOME_OK);
        }
}

/* A host without the encryption key that does not recompute the challenge notices nothing; but what it says
 * is not understood. */
static void without_the_encryption_key_nothing_is_understood(void **state)
{
        (void)state;
        struct pair pair = { .mode = usual };
        struct message answer, command, wrapped, plain;
        const struct scp03_keys keys = keys_of(16);
        struct scp03_keys other = keys;
        other.enc[0] ^= 0x80;
        card_answers(&pair.card, &usual, &keys, 7, &answer);
        assert_int_equal(
                host_answers(&pair.host, &usual, &other, slice_of(NULL, 0), view(&answer), &command, NULL),
                MITOME_OK);
        assert_int_equal(card_takes(&pair.card, view(&command), NULL), MITOME_OK);
        wrap(&pair, slice_text("secret"), &wrapped);
        assert_int_equal(unwrap(&pair, view(&wrapped), &plain, NULL), MITOME_E_CHANNEL_PADDING);
        assert_closed(&pair.card);
}

/* A host that answers a card's challenge without its keys. */
static void the_card_refuses_a_host_with_other_keys(void **state)
{
        (void)state;
        EACH_MODE(mode)
        {
                struct pair pair = { .mode = mode }, other = pair;
                struct message answer, other_answer, command;
                const struct scp03_keys keys = keys_of(mode.key_size);
                struct scp03_keys wrong = keys;
                wrong.mac[0] ^= 1;
                card_answers(&pair.card, &mode, &keys, 7, &answer);
                card_answers(&other.card, &mode, &wrong, 7, &other_answer);
                assert_int_equal(host_answers(&pair.host, &mode, &wrong, SLICE(aid), view(&other_answer),
                                         &command, NULL),
                        MITOME_OK);
                mitome_error error = { 0 };
                assert_int_equal(card_takes(&pair.card, view(&command), &error), MITOME_E_CHANNEL_CRYPTOGRAM);
                assert_int_equal(error.code, MITOME_E_CHANNEL_CRYPTOGRAM);
                assert_closed(&pair.card);
        }
}

/* What a changed EXTERNAL AUTHENTICATE is refused with. A level that could be had, but was not asked for, is
 * known by the MAC: no downgrade. */
static mitome_code refusal_of(const struct message *command, size_t at, const struct mode *mode)
{
        if (at == 3 || (at == 2 && !scp03_offers(mode->i, command->bytes[2])))
                return MITOME_E_CHANNEL_LEVEL;
        return at >= 5 && at < 5 + size_of(mode) ? MITOME_E_CHANNEL_CRYPTOGRAM : MITOME_E_CHANNEL_MAC;
}

static void the_card_refuses_every_changed_authentication(void **state)
{
        (void)state;
        EACH_MODE(mode)
        {
                struct pair pair = { .mode = mode };
                struct message command;
                begin_pair(&pair, 7, &command);
                const struct scp03_session before = pair.card;
                for (size_t bit = 2; bit < command.size * 8; bit++) { /* 0 and 1: the logical channel */
                        if (bit / 8 == 4)
                                continue; /* Lc: no command any more */
                        pair.card = before;
                        flip(&command, bit);
                        assert_int_equal(card_takes(&pair.card, view(&command), NULL),
                                refusal_of(&command, bit / 8, &mode));
                        assert_closed(&pair.card);
                        flip(&command, bit);
                }
                pair.card = before;
                assert_int_equal(card_takes(&pair.card, view(&command), NULL), MITOME_OK);
                assert_memory_equal(pair.card.host_cryptogram, zeros, sizeof pair.card.host_cryptogram);
                assert_int_equal(
                        card_takes(&pair.card, view(&command), NULL), MITOME_E_CHANNEL_CLOSED); /* replayed */
                assert_closed(&pair.card);
                assert_int_equal(card_takes(&pair.card, view(&command), NULL),
                        MITOME_E_CHANNEL_CLOSED); /* never begun */
        }
}

/* Every other level in P1, with the MAC that was made for the one asked for. */
static void no_level_is_changed_on_the_way(void **state)
{
        (void)state;
        EACH_MODE(mode)
        {
                struct pair pair = { .mode = mode };
                struct message command;
                begin_pair(&pair, 7, &command);
                const struct scp03_session before = pair.card;
                for (unsigned level = 0; level <= UINT8_MAX; level++) {
                        if (level == mode.level)
                                continue;
                        pair.card = before;
                        command.bytes[2] = (uint8_t)level;
                        assert_int_equal(card_takes(&pair.card, view(&command), NULL),
                                scp03_offers(mode.i, (uint8_t)level) ? MITOME_E_CHANNEL_MAC
                                                                     : MITOME_E_CHANNEL_LEVEL);
                        assert_closed(&pair.card);
                }
        }
}

/* A right cryptogram and a right MAC, for a level that i does not offer. */
static void a_level_that_is_not_offered_is_refused_whatever_the_mac(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof all_i; i++) {
                for (unsigned level = 0; level <= UINT8_MAX; level++) {
                        const struct mode mode = { .key_size = 16, .i = all_i[i], .level = 0x03 };
                        const struct scp03_keys keys = keys_of(16);
                        struct scp03_session card;
                        struct message answer;
                        card_answers(&card, &mode, &keys, 7, &answer);
                        struct scp03_session forged = card;
                        slice cryptogram = slice_of(forged.host_cryptogram, size_of(&mode));
                        struct apdu_command command = { .cla = 0x84, .ins = 0x82, .p1 = (uint8_t)level };
                        uint8_t body[32];
                        writer w = WRITER(body);
                        assert_int_equal(scp03_command_mac(&forged, &command, cryptogram).code, MITOME_OK);
                        write_slice(&w, cryptogram);
                        write_slice(&w, scp03_command_mac_view(&forged));
                        command.data = writer_view(&w);
                        assert_int_equal(scp03_card_authenticate(&card, &command, NULL).code,
                                scp03_offers(mode.i, (uint8_t)level) ? MITOME_OK : MITOME_E_CHANNEL_LEVEL);
                        if (!scp03_offers(mode.i, (uint8_t)level))
                                assert_closed(&card);
                }
        }
}

/* ---- refusals of an open session ---- */

static void the_card_refuses_every_changed_command(void **state)
{
        (void)state;
        EACH_MODE(mode)
        {
                struct message wrapped, plain;
                struct pair pair = open_pair(&mode);
                wrap(&pair, slice_text("0123456789abcdef+"), &wrapped);
                const struct pair before = pair;
                for (size_t bit = 2; bit < (wrapped.size - 1) * 8; bit++) { /* 0 and 1: the channel */
                        pair = before;
                        flip(&wrapped, bit);
                        memset(plain.bytes, 0xEE, sizeof plain.bytes);
                        mitome_error error = { 0 };
                        mitome_code code = unwrap(&pair, view(&wrapped), &plain, &error);
                        flip(&wrapped, bit);
                        if (bit / 8 == 4 && code == MITOME_E_APDU_LENGTH)
                                continue; /* Lc: no command any more */
                        assert_int_equal(code, MITOME_E_CHANNEL_MAC);
                        assert_int_equal(error.code, code);
                        assert_closed(&pair.card);
                        assert_memory_equal(plain.bytes, zeros, sizeof plain.bytes);
                }
                /* 6.2.4: Le is not part of what is MACed. */
                pair = before;
                wrapped.bytes[wrapped.size - 1] = 0x10;
                assert_int_equal(unwrap(&pair, view(&wrapped), &plain, NULL), MITOME_OK);
        }
}

/* A shorter body under a fitting Lc; bodies without room for a MAC. */
static void the_card_refuses_every_cut_command(void **state)
{
        (void)state;
        EACH_MODE(mode)
        {
                struct message wrapped, plain;
                struct pair pair = open_pair(&mode);
                wrap(&pair, slice_text("0123456789abcdef+"), &wrapped);
                struct apdu_command whole, unwrapped;
                assert_int_equal(apdu_read_command(view(&wrapped), &whole, NULL).code, MITOME_OK);
                const struct pair before = pair;
                for (size_t size = 0; size < whole.data.size; size++) {
                        pair = before;
                        struct apdu_command cut = whole;
                        cut.data.size = size;
                        assert_int_equal(
                                scp03_card_unwrap(&pair.card, &cut, plain.bytes, ROOM, &unwrapped, NULL).code,
                                MITOME_E_CHANNEL_MAC);
                        assert_closed(&pair.card);
                }
        }
}

static void the_card_refuses_replays_and_reordering(void **state)
{
        (void)state;
        EACH_MODE(mode)
        {
                struct message first, second, plain;
                struct pair pair = open_pair(&mode);
                wrap(&pair, slice_text("first"), &first);
                wrap(&pair, slice_text("second"), &second);
                const struct pair before = pair;
                assert_int_equal(unwrap(&pair, view(&first), &plain, NULL), MITOME_OK);
                assert_int_equal(unwrap(&pair, view(&first), &plain, NULL), MITOME_E_CHANNEL_MAC);
                assert_closed(&pair.card);
                assert_int_equal(unwrap(&pair, view(&second), &plain, NULL), MITOME_E_CHANNEL_CLOSED);
                pair = before; /* the first one lost on the way */
                assert_int_equal(unwrap(&pair, view(&second), &plain, NULL), MITOME_E_CHANNEL_MAC);
                assert_closed(&pair.card);
                if (!(mode.i & 0x10))
                        continue;
                struct pair later = {
                        .mode = mode
                }; /* the same keys and host's challenge, the next number */
                open_pair_with(&later, 8);
                assert_int_equal(unwrap(&later, view(&first), &plain, NULL), MITOME_E_CHANNEL_MAC);
                assert_closed(&later.card);
        }
}

/* The eight bytes of S8 are the first eight of the sixteen of S16: neither end takes the other's. */
static void a_mac_of_the_other_length_is_refused(void **state)
{
        (void)state;
        EACH_MODE(mode)
        {
                struct message wrapped, plain, response;
                struct pair pair = open_pair(&mode);
                const struct pair before = pair;
                pair.host.i ^= 0x01;
                wrap(&pair, slice_text("data"), &wrapped);
                assert_int_equal(unwrap(&pair, view(&wrapped), &plain, NULL), MITOME_E_CHANNEL_MAC);
                assert_closed(&pair.card);
                if (!(mode.level & SCP03_R_MAC))
                        continue;
                pair = before;
                order(&pair, slice_text("data"));
                pair.card.i ^= 0x01;
                respond(&pair, slice_text("answer"), SW_OK, &response);
                uint16_t sw;
                assert_int_equal(receive(&pair, view(&response), &plain, &sw, NULL), MITOME_E_CHANNEL_MAC);
                assert_closed(&pair.host);
        }
}

/* A host that left C-DECRYPTION out has its command refused, MAC or not. */
static void the_other_ends_level_is_no_excuse(void **state)
{
        (void)state;
        struct mode mode = { .key_size = 16, .i = 0x70, .level = 0x33 };
        struct message wrapped, plain, response;
        uint16_t sw;
        struct pair pair = open_pair(&mode);
        pair.host.level = 0x11;
        wrap(&pair, slice_text("0123456789abcde"), &wrapped);
        assert_int_equal(unwrap(&pair, view(&wrapped), &plain, NULL), MITOME_E_CHANNEL_PADDING);
        assert_closed(&pair.card);

        pair = open_pair(&mode);
        order(&pair, slice_text("data"));
        pair.card.level = 0x03; /* a response without a MAC */
        respond(&pair, slice_text("0123456789abcdef"), SW_OK, &response);
        assert_int_equal(receive(&pair, view(&response), &plain, &sw, NULL), MITOME_E_CHANNEL_MAC);
        assert_closed(&pair.host);

        pair = open_pair(&mode);
        order(&pair, slice_text("data"));
        pair.card.level = 0x13; /* one in plain text */
        respond(&pair, slice_text("answer"), SW_OK, &response);
        assert_int_equal(receive(&pair, view(&response), &plain, &sw, NULL), MITOME_E_CHANNEL_PADDING);
        assert_closed(&pair.host);
}

/* Under a right MAC: what only a holder of the keys can send. */
static void the_card_refuses_wrong_padding(void **state)
{
        (void)state;
        static const uint8_t full[16] = { 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB,
                0xCC, 0xDD, 0xEE, 0xFF, 0x81 };
        const slice bodies[] = { slice_of(zeros, 1), slice_of(zeros, 15), slice_of(zeros, 16), SLICE(full) };
        EACH_MODE(mode)
        {
                if (!(mode.level & SCP03_C_DEC))
                        continue;
                for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
                        struct message data, plain;
                        struct pair pair = open_pair(&mode);
                        writer w = WRITER(data.bytes);
                        struct apdu_command command = { .cla = 0x84, .ins = 0x30 }, unwrapped;
                        assert_int_equal(scp03_command_mac(&pair.host, &command, bodies[i]).code, MITOME_OK);
                        write_slice(&w, bodies[i]);
                        write_slice(&w, scp03_command_mac_view(&pair.host));
                        command.data = writer_view(&w);
                        assert_int_equal(
                                scp03_card_unwrap(&pair.card, &command, plain.bytes, ROOM, &unwrapped, NULL)
                                        .code,
                                MITOME_E_CHANNEL_PADDING);
                        assert_closed(&pair.card);
                }
        }
}

/* Padding of a whole block is more than 6.2.6 adds ("80" and then zeros up to the block's end). */
static void padding_is_never_longer_than_a_block(void **state)
{
        (void)state;
        struct pair pair = open_pair(&usual);
        pair.host.counter = 1;
        pair.card.counter = 1;
        uint8_t plain[32] = { 'x' }, cipher[64], buffer[64];
        plain[15] = 0x80; /* then 16 zeros */
        writer w = WRITER(cipher);
        slice out;
        assert_int_equal(scp03_encrypt(&pair.host, SCP03_COMMAND, SLICE(plain), &w).code, MITOME_OK);
        assert_int_equal(w.used, 48);
        assert_int_equal(
                scp03_decrypt(&pair.card, SCP03_COMMAND, slice_of(cipher, 48), buffer, 64, &out, NULL).code,
                MITOME_OK);
        assert_int_equal(out.size, 32);
        assert_int_equal(
                scp03_decrypt(&pair.card, SCP03_COMMAND, slice_of(cipher, 32), buffer, 64, &out, NULL).code,
                MITOME_E_CHANNEL_PADDING);
        assert_int_equal(
                scp03_decrypt(&pair.card, SCP03_COMMAND, slice_of(cipher, 0), buffer, 64, &out, NULL).code,
                MITOME_E_CHANNEL_PADDING);
}

static void the_host_refuses_every_changed_or_cut_response(void **state)
{
        (void)state;
        EACH_MODE(mode)
        {
                if (!(mode.level & SCP03_R_MAC))
                        continue;
                struct message plain, response;
                uint16_t sw;
                struct pair pair = open_pair(&mode);
                order(&pair, slice_text("data"));
                respond(&pair, slice_text("0123456789abcdef+"), SW_OK, &response);
                const struct pair before = pair;
                for (size_t bit = 0; bit < response.size * 8; bit++) {
                        pair = before;
                        flip(&response, bit);
                        mitome_error error = { 0 };
                        assert_int_equal(
                                receive(&pair, view(&response), &plain, &sw, &error), MITOME_E_CHANNEL_MAC);
                        assert_int_equal(error.code, MITOME_E_CHANNEL_MAC);
                        assert_closed(&pair.host);
                        flip(&response, bit);
                }
                for (size_t size = 0; size < response.size - 2; size++) {
                        pair = before;
                        struct message cut;
                        writer w = WRITER(cut.bytes);
                        write_slice(&w, slice_of(response.bytes, size));
                        write_u16(&w, SW_OK);
                        keep(&cut, &w);
                        assert_int_equal(receive(&pair, view(&cut), &plain, &sw, NULL), MITOME_E_CHANNEL_MAC);
                        assert_closed(&pair.host);
                }
                pair = before;
                assert_int_equal(
                        receive(&pair, slice_of("\x90", 1), &plain, &sw, NULL), MITOME_E_APDU_LENGTH);
                assert_closed(&pair.host);
                pair = before;
                assert_int_equal(receive(&pair, view(&response), &plain, &sw, NULL), MITOME_OK);
                assert_true(slice_is(view(&plain), "0123456789abcdef+"));
        }
}

static void the_host_refuses_the_answer_to_another_command(void **state)
{
        (void)state;
        EACH_MODE(mode)
        {
                if (!(mode.level & SCP03_R_MAC))
                        continue;
                struct message second, plain, answer;
                uint16_t sw;
                struct pair pair = open_pair(&mode);
                order(&pair, slice_text("first"));
                respond(&pair, slice_text("yes"), SW_OK, &answer);
                assert_int_equal(receive(&pair, view(&answer), &plain, &sw, NULL), MITOME_OK);
                wrap(&pair, slice_text("second"), &second);
                assert_int_equal(receive(&pair, view(&answer), &plain, &sw, NULL), MITOME_E_CHANNEL_MAC);
                assert_closed(&pair.host);
        }
}

static void a_closed_session_says_nothing(void **state)
{
        (void)state;
        struct pair pair = { .mode = usual };
        struct message out;
        struct apdu_command command = command_with(slice_text("0123456789")), plain;
        slice data;
        uint16_t sw;
        writer w = WRITER(out.bytes);
        assert_int_equal(scp03_host_wrap(&pair.host, &command, &w, NULL).code, MITOME_E_CHANNEL_CLOSED);
        assert_int_equal(
                scp03_host_unwrap(&pair.host, slice_of("\x90\x00", 2), out.bytes, ROOM, &data, &sw, NULL)
                        .code,
                MITOME_E_CHANNEL_CLOSED);
        assert_int_equal(scp03_card_unwrap(&pair.card, &command, out.bytes, ROOM, &plain, NULL).code,
                MITOME_E_CHANNEL_CLOSED);
        assert_int_equal(
                scp03_card_wrap(&pair.card, slice_text("x"), SW_OK, &w, NULL).code, MITOME_E_CHANNEL_CLOSED);
        assert_int_equal(w.used, 0);

        struct message authenticate; /* begun, not authenticated */
        begin_pair(&pair, 7, &authenticate);
        assert_int_equal(scp03_card_unwrap(&pair.card, &command, out.bytes, ROOM, &plain, NULL).code,
                MITOME_E_CHANNEL_CLOSED);
        assert_closed(&pair.card);
        scp03_close(&pair.host);
        assert_closed(&pair.host);
}

/* Half a message would leave the two ends out of step. */
static void no_room_closes_the_session(void **state)
{
        (void)state;
        EACH_MODE(mode)
        {
                struct message wrapped;
                struct apdu_command too_long = command_with(SLICE(zeros)), command, unwrapped;
                uint8_t small[15];
                struct pair pair = open_pair(&mode);
                writer w = WRITER(wrapped.bytes);
                assert_int_equal(scp03_host_wrap(&pair.host, &too_long, &w, NULL).code, MITOME_E_TOO_LONG);
                assert_closed(&pair.host);

                pair = open_pair(&mode);
                w = writer_over(small, 13);
                struct apdu_command short_one = command_with(slice_text("x"));
                assert_int_equal(
                        scp03_host_wrap(&pair.host, &short_one, &w, NULL).code, MITOME_E_BUFFER_FULL);
                assert_closed(&pair.host);

                if (mode.level & SCP03_C_DEC) {
                        pair = open_pair(&mode);
                        wrap(&pair, slice_text("x"), &wrapped);
                        assert_int_equal(apdu_read_command(view(&wrapped), &command, NULL).code, MITOME_OK);
                        assert_int_equal(
                                scp03_card_unwrap(&pair.card, &command, small, sizeof small, &unwrapped, NULL)
                                        .code,
                                MITOME_E_BUFFER_FULL);
                        assert_closed(&pair.card);
                }
                for (size_t room = 0; room < 3; room++) {
                        pair = open_pair(&mode);
                        order(&pair, slice_text("x"));
                        w = writer_over(small, room);
                        assert_int_equal(scp03_card_wrap(&pair.card, slice_text("x"), SW_OK, &w, NULL).code,
                                MITOME_E_BUFFER_FULL);
                        assert_closed(&pair.card);
                }
        }
}

/* ---- S16 ---- */

/* The public vectors have no S16. These were computed by another implementation of AES-CMAC from 4.1.5's
 * text, outside of this program: host challenge 01..10, card challenge C1..D0, keys of keys_of. */
static const struct {
        uint8_t key_size;
        uint8_t card_cryptogram[16], host_cryptogram[16], pseudo_random[16], authenticate_mac[16];
} s16[] = {
        { 16,
                { 0x76, 0x2D, 0x90, 0x77, 0xAA, 0x01, 0x51, 0x37, 0x60, 0x68, 0x06, 0x94, 0x09, 0x3C, 0xFE,
                        0xDC },
                { 0x0D, 0xEB, 0x50, 0x20, 0xF4, 0x01, 0x5B, 0x4A, 0xE7, 0xB3, 0x9D, 0xFB, 0x4C, 0x64, 0xCD,
                        0x24 },
                { 0xE7, 0x80, 0xFD, 0xD2, 0xFE, 0xB0, 0xE0, 0x8D, 0x63, 0x84, 0x59, 0x36, 0x29, 0x01, 0xF8,
                        0x3E },
                { 0x87, 0x67, 0xA8, 0x4A, 0xE3, 0x6F, 0xE2, 0xA1, 0x8C, 0xDA, 0xAE, 0x10, 0x02, 0x3A, 0xC1,
                        0xBD } },
        { 24,
                { 0x8B, 0x78, 0x66, 0xA3, 0x73, 0x10, 0x94, 0x91, 0x69, 0x0C, 0xCB, 0xF3, 0x92, 0xBC, 0xDB,
                        0x8B },
                { 0x70, 0x49, 0x39, 0x13, 0x48, 0xA3, 0x99, 0x36, 0xFB, 0x28, 0x71, 0x04, 0x14, 0x0C, 0x20,
                        0x95 },
                { 0x55, 0xEB, 0x58, 0x0F, 0xC8, 0x30, 0x1D, 0x71, 0x2D, 0x7C, 0x68, 0x6D, 0x58, 0xF8, 0xA0,
                        0x3A },
                { 0x04, 0xF0, 0x5E, 0x97, 0x7D, 0x22, 0x08, 0xF4, 0x11, 0x23, 0x93, 0x31, 0x6A, 0x7F, 0x63,
                        0xDA } },
        { 32,
                { 0xB5, 0xE5, 0x8B, 0xD9, 0x9B, 0x4F, 0xDD, 0xBB, 0x3C, 0xF5, 0x0B, 0x13, 0x51, 0x9D, 0xDF,
                        0xA6 },
                { 0xE8, 0x2E, 0x03, 0x7C, 0x89, 0x23, 0xB5, 0x60, 0x0E, 0x86, 0xC5, 0x27, 0x14, 0x3A, 0xA5,
                        0x31 },
                { 0xFC, 0xAA, 0x15, 0xAF, 0x34, 0x5D, 0x56, 0x98, 0x9B, 0xCC, 0xC0, 0x9D, 0xD3, 0x41, 0x51,
                        0xFD },
                { 0x7D, 0xF6, 0xEA, 0xE7, 0xC5, 0xD2, 0x33, 0x64, 0x53, 0x44, 0x45, 0xD2, 0x59, 0xF5, 0x00,
                        0x0C } },
};

static void s16_agrees_with_another_implementation(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof s16 / sizeof *s16; i++) {
                const struct mode mode = { .key_size = s16[i].key_size, .i = 0x61, .level = 0x33 };
                const struct scp03_keys keys = keys_of(mode.key_size);
                struct pair pair = { .mode = mode };
                struct message answer, command;
                card_answers(&pair.card, &mode, &keys, 0, &answer);
                assert_memory_equal(answer.bytes + 29, s16[i].card_cryptogram, 16);
                assert_int_equal(host_answers(&pair.host, &mode, &keys, slice_of(NULL, 0), view(&answer),
                                         &command, NULL),
                        MITOME_OK);
                assert_memory_equal(command.bytes, "\x84\x82\x33\x00\x20", 5);
                assert_memory_equal(command.bytes + 5, s16[i].host_cryptogram, 16);
                assert_memory_equal(command.bytes + 21, s16[i].authenticate_mac, 16);
                const struct mode pseudo = { .key_size = mode.key_size, .i = 0x71, .level = 0x33 };
                card_answers(&pair.card, &pseudo, &keys, 7, &answer);
                assert_memory_equal(answer.bytes + 13, s16[i].pseudo_random, 16);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_table_says_which_levels_go_with_which_i),
                cmocka_unit_test(an_offer_that_cannot_be_is_refused),
                cmocka_unit_test(the_host_challenge_has_the_length_of_the_mode),
                cmocka_unit_test(answers_are_as_long_as_the_mode_says),
                cmocka_unit_test(both_ends_understand_each_other),
                cmocka_unit_test(each_level_protects_what_it_says),
                cmocka_unit_test(an_error_answer_is_bare_and_the_session_goes_on),
                cmocka_unit_test(success_and_warnings_are_protected),
                cmocka_unit_test(the_mac_covers_the_length_as_it_is_sent),
                cmocka_unit_test(the_mac_does_not_see_the_logical_channel),
                cmocka_unit_test(every_command_counts_also_without_data),
                cmocka_unit_test(a_response_is_not_encrypted_like_its_command),
                cmocka_unit_test(at_the_counters_end_the_session_is_over),
                cmocka_unit_test(the_host_refuses_a_card_that_offers_less),
                cmocka_unit_test(the_host_asks_for_no_level_that_there_is_not),
                cmocka_unit_test(the_host_refuses_every_changed_or_cut_answer),
                cmocka_unit_test(other_keys_open_nothing),
                cmocka_unit_test(without_the_encryption_key_nothing_is_understood),
                cmocka_unit_test(the_card_refuses_a_host_with_other_keys),
                cmocka_unit_test(the_card_refuses_every_changed_authentication),
                cmocka_unit_test(no_level_is_changed_on_the_way),
                cmocka_unit_test(a_level_that_is_not_offered_is_refused_whatever_the_mac),
                cmocka_unit_test(the_card_refuses_every_changed_command),
                cmocka_unit_test(the_card_refuses_every_cut_command),
                cmocka_unit_test(the_card_refuses_replays_and_reordering),
                cmocka_unit_test(a_mac_of_the_other_length_is_refused),
                cmocka_unit_test(the_other_ends_level_is_no_excuse),
                cmocka_unit_test(the_card_refuses_wrong_padding),
                cmocka_unit_test(padding_is_never_longer_than_a_block),
                cmocka_unit_test(the_host_refuses_every_changed_or_cut_response),
                cmocka_unit_test(the_host_refuses_the_answer_to_another_command),
                cmocka_unit_test(a_closed_session_says_nothing),
                cmocka_unit_test(no_room_closes_the_session),
                cmocka_unit_test(s16_agrees_with_another_implementation),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
