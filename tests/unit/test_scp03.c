/* SPDX-License-Identifier: Apache-2.0 */
/* SCP03 (GPC_SPE_014): both ends against each other. */
#include "scp03_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { ROOM = 4096, MAC_SIZE = SCP03_S8 };

static const struct scp03_keys keys = {
        .size = 16,
        .enc = { 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4A, 0x4B, 0x4C, 0x4D, 0x4E,
                0x4F },
        .mac = { 0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5A, 0x5B, 0x5C, 0x5D, 0x5E,
                0x5F },
        .dek = { 0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E,
                0x6F },
};
static const uint8_t aid[] = { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00 };
static const uint8_t host_challenge[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
static const struct scp03_session closed;

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

static void assert_closed(const struct scp03_session *session)
{
        assert_memory_equal(session, &closed, sizeof closed);
}

/* ---- opening ---- */

static void card_answers(struct scp03_session *card, uint32_t sequence, struct message *ret_answer)
{
        writer w = WRITER(ret_answer->bytes);
        assert_int_equal(scp03_card_initialize(card, &keys,
                                 &(struct scp03_offer){ 0x30, 0x70, SLICE(aid), sequence, { 0 } },
                                 SLICE(host_challenge), &w, NULL)
                                 .code,
                MITOME_OK);
        keep(ret_answer, &w);
}

static mitome_code host_answers(struct scp03_session *host, const struct scp03_keys *own, slice own_aid,
        slice answer, struct message *ret_command, mitome_error *error)
{
        writer w = WRITER(ret_command->bytes);
        mitome_status status = scp03_host_authenticate(
                host, own, SCP03_LEVEL_ALL, own_aid, SLICE(host_challenge), answer, &w, error);
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
        struct scp03_session host, card;
};

static void open_pair(struct pair *pair)
{
        struct message answer, authenticate;
        card_answers(&pair->card, 7, &answer);
        assert_false(pair->card.open);
        assert_int_equal(
                host_answers(&pair->host, &keys, SLICE(aid), view(&answer), &authenticate, NULL), MITOME_OK);
        assert_int_equal(card_takes(&pair->card, view(&authenticate), NULL), MITOME_OK);
        assert_true(pair->card.open);
        assert_true(pair->host.open);
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
                assert_true(plain.data.size == 0 || plain.data.data == ret_data->bytes);
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
        if (!failed(status))
                ret_data->size = data.size;
        return status.code;
}

/* One command and its response, whole. */
static void exchange(struct pair *pair, slice data, slice answer, uint16_t sw)
{
        struct message wrapped, plain, response, received;
        uint16_t seen;
        wrap(pair, data, &wrapped);
        assert_true(wrapped.size <= 9 + data.size + SCP03_OVERHEAD);
        assert_int_equal(unwrap(pair, view(&wrapped), &plain, NULL), MITOME_OK);
        assert_true(slice_equal(view(&plain), data));
        respond(pair, answer, sw, &response);
        assert_int_equal(receive(pair, view(&response), &received, &seen, NULL), MITOME_OK);
        assert_int_equal(seen, sw);
        assert_true(slice_equal(view(&received), answer));
}

static void both_ends_understand_each_other(void **state)
{
        (void)state;
        struct pair pair;
        open_pair(&pair);
        uint8_t data[ROOM];
        for (size_t i = 0; i < sizeof data; i++)
                data[i] = (uint8_t)(i * 31);
        for (size_t size = 0; size <= 300; size++)
                exchange(&pair, slice_of(data, size), slice_of(data, 300 - size), SW_OK);
        exchange(&pair, slice_of(data, 4000), slice_of(data, 4000), SW_OK);
        exchange(&pair, slice_of(data, 20), slice_of(data, 5), 0x6283);
        exchange(&pair, slice_of(data, 20), slice_of(NULL, 0), 0x63C2);
        assert_int_equal(pair.host.counter, 304);
        assert_int_equal(pair.card.counter, 304);
}

/* 6.2.5: a response with an error status word is neither MACed nor encrypted, and has no data; 62xx and 63xx
 * are warnings. The session goes on. */
static void an_error_answer_is_bare_and_the_session_goes_on(void **state)
{
        (void)state;
        struct pair pair;
        open_pair(&pair);
        struct message wrapped, plain, response;
        wrap(&pair, slice_text("data"), &wrapped);
        assert_int_equal(unwrap(&pair, view(&wrapped), &plain, NULL), MITOME_OK);
        respond(&pair, slice_text("must not leave"), SW_CONDITIONS, &response);
        assert_true(slice_equal(view(&response), slice_of("\x69\x85", 2)));
        uint16_t sw;
        assert_int_equal(receive(&pair, view(&response), &plain, &sw, NULL), MITOME_OK);
        assert_int_equal(sw, SW_CONDITIONS);
        assert_int_equal(plain.size, 0);
        exchange(&pair, slice_text("next"), slice_text("answer"), SW_OK);
}

/* 6.2.5: 62xx and 63xx are warnings; every other word but 9000 is an error. */
static void success_and_warnings_are_protected(void **state)
{
        (void)state;
        unsigned protected = 0;
        for (unsigned sw = 0; sw <= UINT16_MAX; sw++)
        protected += scp03_carries_mac((uint16_t)sw);
        assert_int_equal(protected, 1 + 256 + 256);
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
        static const uint8_t data[300];
        static const size_t sizes[] = { 5, 231, 232, 300 };
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
                struct pair pair;
                struct message wrapped;
                uint8_t mac[SCP03_BLOCK];
                open_pair(&pair);
                uint8_t chain[SCP03_BLOCK];
                memcpy(chain, pair.host.chain, sizeof chain);
                wrap(&pair, slice_of(data, sizes[i]), &wrapped);
                size_t sent = (sizes[i] / 16 + 1) * 16 + MAC_SIZE, head = sent > 255 ? 7 : 5;
                assert_int_equal(wrapped.size, head + sent + (sent > 255 ? 2 : 1));
                const slice parts[] = { SLICE(chain), slice_of(wrapped.bytes, head + sent - MAC_SIZE) };
                assert_int_equal(scp03_cmac(slice_of(pair.host.s_mac, 16), parts, 2, mac).code, MITOME_OK);
                assert_memory_equal(wrapped.bytes + head + sent - MAC_SIZE, mac, MAC_SIZE);
        }
}

/* 6.2.6: the counter goes up with each command, also one without data, so equal data never looks equal. */
static void every_command_counts_also_without_data(void **state)
{
        (void)state;
        struct pair pair;
        struct message first, second, empty, plain;
        open_pair(&pair);
        struct pair other = pair;
        wrap(&pair, slice_text("same"), &first);
        wrap(&other, slice_of(NULL, 0), &empty);
        wrap(&other, slice_text("same"), &second);
        assert_int_equal(first.size, second.size);
        assert_memory_not_equal(first.bytes + 5, second.bytes + 5, 16);
        assert_int_equal(unwrap(&pair, view(&empty), &plain, NULL), MITOME_OK);
        assert_int_equal(unwrap(&pair, view(&second), &plain, NULL), MITOME_OK);
        assert_true(slice_is(view(&plain), "same"));
}

/* The counter is 128 bits; ours takes the low 64. The direction bit is not part of it. */
static void a_response_is_not_encrypted_like_its_command(void **state)
{
        (void)state;
        struct pair pair;
        struct message wrapped, plain, response;
        open_pair(&pair);
        wrap(&pair, slice_text("same"), &wrapped);
        assert_int_equal(unwrap(&pair, view(&wrapped), &plain, NULL), MITOME_OK);
        respond(&pair, slice_text("same"), SW_OK, &response);
        assert_int_equal(response.size, 16 + MAC_SIZE + 2);
        assert_memory_not_equal(wrapped.bytes + 5, response.bytes, 16);
}

/* ---- refusals while opening ---- */

static void the_host_refuses_a_card_that_offers_less(void **state)
{
        (void)state;
        static const struct {
                size_t at;
                uint8_t value;
        } less[] = { { 11, 0x02 }, { 12, 0x10 }, { 12, 0x00 }, { 12, 0x30 }, { 12, 0x71 }, { 12, 0x50 },
                { 12, 0xF0 } };
        for (size_t i = 0; i < sizeof less / sizeof less[0]; i++) {
                struct pair pair;
                struct message answer, command;
                mitome_error error = { 0 };
                card_answers(&pair.card, 7, &answer);
                answer.bytes[less[i].at] = less[i].value;
                assert_int_equal(host_answers(&pair.host, &keys, SLICE(aid), view(&answer), &command, &error),
                        MITOME_E_CHANNEL_LEVEL);
                assert_int_equal(error.code, MITOME_E_CHANNEL_LEVEL);
                assert_int_equal(command.size, 0);
                assert_closed(&pair.host);
        }
}

static void the_host_refuses_every_changed_or_cut_answer(void **state)
{
        (void)state;
        struct pair pair;
        struct message answer, command;
        card_answers(&pair.card, 7, &answer);
        assert_int_equal(answer.size, 32);
        for (size_t bit = 13 * 8; bit < answer.size * 8; bit++) {
                answer.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
                assert_int_equal(host_answers(&pair.host, &keys, SLICE(aid), view(&answer), &command, NULL),
                        MITOME_E_CHANNEL_CRYPTOGRAM);
                assert_closed(&pair.host);
                answer.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        for (size_t size = 0; size < answer.size; size++) {
                mitome_error error = { 0 };
                assert_int_equal(host_answers(&pair.host, &keys, SLICE(aid), slice_of(answer.bytes, size),
                                         &command, &error),
                        MITOME_E_INPUT_ENDS);
                assert_true(error.at <= size);
                assert_closed(&pair.host);
        }
        answer.size++;
        assert_int_equal(host_answers(&pair.host, &keys, SLICE(aid), view(&answer), &command, NULL),
                MITOME_E_TRAILING_BYTES);
        assert_closed(&pair.host);
}

static void other_keys_open_nothing(void **state)
{
        (void)state;
        struct pair pair;
        struct message answer, command;
        struct scp03_keys other_mac = keys, other_enc = keys, other_dek = keys;
        other_mac.mac[15] ^= 1;
        other_enc.enc[0] ^= 0x80;
        other_dek.dek[0] ^= 1;
        card_answers(&pair.card, 7, &answer);
        assert_int_equal(
                host_answers(&pair.host, &other_mac, slice_of(NULL, 0), view(&answer), &command, NULL),
                MITOME_E_CHANNEL_CRYPTOGRAM);
        assert_int_equal(host_answers(&pair.host, &other_enc, SLICE(aid), view(&answer), &command, NULL),
                MITOME_E_CHANNEL_CRYPTOGRAM);
        assert_closed(&pair.host);
        assert_int_equal(
                host_answers(&pair.host, &other_dek, SLICE(aid), view(&answer), &command, NULL), MITOME_OK);

        /* A host that does not recompute the challenge notices nothing, but cannot say anything either. */
        assert_int_equal(
                host_answers(&pair.host, &other_enc, slice_of(NULL, 0), view(&answer), &command, NULL),
                MITOME_OK);
        assert_int_equal(card_takes(&pair.card, view(&command), NULL), MITOME_OK);
        struct message wrapped, plain;
        wrap(&pair, slice_text("secret"), &wrapped);
        assert_int_equal(unwrap(&pair, view(&wrapped), &plain, NULL), MITOME_E_CHANNEL_PADDING);
        assert_closed(&pair.card);
}

/* A host that answers a card's challenge without its keys. */
static void the_card_refuses_a_host_with_other_keys(void **state)
{
        (void)state;
        struct pair pair, other;
        struct message answer, other_answer, command;
        struct scp03_keys wrong = keys;
        wrong.mac[0] ^= 1;
        card_answers(&pair.card, 7, &answer);
        writer w = WRITER(other_answer.bytes);
        assert_int_equal(scp03_card_initialize(&other.card, &wrong,
                                 &(struct scp03_offer){ 0x30, 0x70, SLICE(aid), 7, { 0 } },
                                 SLICE(host_challenge), &w, NULL)
                                 .code,
                MITOME_OK);
        keep(&other_answer, &w);
        assert_int_equal(
                host_answers(&pair.host, &wrong, SLICE(aid), view(&other_answer), &command, NULL), MITOME_OK);
        mitome_error error = { 0 };
        assert_int_equal(card_takes(&pair.card, view(&command), &error), MITOME_E_CHANNEL_CRYPTOGRAM);
        assert_int_equal(error.code, MITOME_E_CHANNEL_CRYPTOGRAM);
        assert_closed(&pair.card);
}

static void the_card_refuses_every_changed_authentication(void **state)
{
        (void)state;
        struct pair pair;
        struct message answer, command;
        card_answers(&pair.card, 7, &answer);
        assert_int_equal(
                host_answers(&pair.host, &keys, SLICE(aid), view(&answer), &command, NULL), MITOME_OK);
        assert_int_equal(command.size, 5 + 16);
        const struct scp03_session before = pair.card;
        for (size_t bit = 2; bit < command.size * 8; bit++) { /* 0 and 1: the logical channel, not MACed */
                size_t at = bit / 8;
                if (at == 4)
                        continue; /* Lc: no command any more */
                mitome_code code = at == 3 ? MITOME_E_CHANNEL_LEVEL
                                   : at == 2 && !scp03_offers(0x70, command.bytes[2] ^ (1 << bit % 8))
                                           ? MITOME_E_CHANNEL_LEVEL
                                   : at >= 5 && at < 13 ? MITOME_E_CHANNEL_CRYPTOGRAM
                                                        : MITOME_E_CHANNEL_MAC;
                pair.card = before;
                command.bytes[at] ^= (uint8_t)(1 << bit % 8);
                assert_int_equal(card_takes(&pair.card, view(&command), NULL), code);
                assert_closed(&pair.card);
                command.bytes[at] ^= (uint8_t)(1 << bit % 8);
        }
        pair.card = before;
        assert_int_equal(card_takes(&pair.card, view(&command), NULL), MITOME_OK);
        assert_int_equal(
                card_takes(&pair.card, view(&command), NULL), MITOME_E_CHANNEL_CLOSED); /* replayed */
        assert_closed(&pair.card);
        assert_int_equal(
                card_takes(&pair.card, view(&command), NULL), MITOME_E_CHANNEL_CLOSED); /* never begun */
}

static void initialize_update_takes_eight_bytes(void **state)
{
        (void)state;
        struct pair pair;
        uint8_t buffer[40];
        for (size_t size = 0; size <= 16; size += size == 7 ? 2 : 1) {
                open_pair(&pair);
                writer w = WRITER(buffer);
                uint8_t challenge[16] = { 0 };
                assert_int_equal(scp03_card_initialize(&pair.card, &keys,
                                         &(struct scp03_offer){ 0x30, 0x70, SLICE(aid), 8, { 0 } },
                                         slice_of(challenge, size), &w, NULL)
                                         .code,
                        MITOME_E_VALUE);
                assert_int_equal(w.used, 0);
                assert_closed(&pair.card); /* the former session is over too */
        }
}

/* ---- refusals of an open session ---- */

static void the_card_refuses_every_changed_command(void **state)
{
        (void)state;
        struct pair pair;
        struct message wrapped, plain;
        open_pair(&pair);
        wrap(&pair, slice_text("0123456789abcdef+"), &wrapped);
        assert_int_equal(wrapped.size, 5 + 32 + 8 + 1);
        const struct pair before = pair;
        for (size_t bit = 2; bit < (wrapped.size - 1) * 8; bit++) { /* 0 and 1: the logical channel */
                pair = before;
                wrapped.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
                memset(plain.bytes, 0xEE, sizeof plain.bytes);
                mitome_error error = { 0 };
                mitome_code code = unwrap(&pair, view(&wrapped), &plain, &error);
                wrapped.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
                if (bit / 8 == 4 && code == MITOME_E_APDU_LENGTH)
                        continue; /* Lc: no command any more */
                assert_int_equal(code, MITOME_E_CHANNEL_MAC);
                assert_int_equal(error.code, code);
                assert_closed(&pair.card);
                for (size_t i = 0; i < sizeof plain.bytes; i++)
                        assert_int_equal(plain.bytes[i], 0);
        }
        /* 6.2.4: Le is not part of what is MACed. */
        pair = before;
        wrapped.bytes[wrapped.size - 1] = 0x10;
        assert_int_equal(unwrap(&pair, view(&wrapped), &plain, NULL), MITOME_OK);
}

/* A shorter body under a fitting Lc; bodies without room for a MAC. */
static void the_card_refuses_every_cut_command(void **state)
{
        (void)state;
        struct pair pair;
        struct message wrapped, plain;
        open_pair(&pair);
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

static void the_card_refuses_replays_and_reordering(void **state)
{
        (void)state;
        struct pair pair;
        struct message first, second, plain;
        open_pair(&pair);
        wrap(&pair, slice_text("first"), &first);
        wrap(&pair, slice_text("second"), &second);
        const struct pair before = pair;
        assert_int_equal(unwrap(&pair, view(&first), &plain, NULL), MITOME_OK);
        assert_int_equal(unwrap(&pair, view(&first), &plain, NULL), MITOME_E_CHANNEL_MAC);
        assert_closed(&pair.card);
        assert_int_equal(unwrap(&pair, view(&second), &plain, NULL), MITOME_E_CHANNEL_CLOSED);
        pair = before;
        assert_int_equal(unwrap(&pair, view(&second), &plain, NULL), MITOME_E_CHANNEL_MAC);
        assert_closed(&pair.card);

        struct pair later; /* the same keys and challenge of the host, the next sequence number */
        struct message answer, command;
        card_answers(&later.card, 8, &answer);
        assert_int_equal(
                host_answers(&later.host, &keys, SLICE(aid), view(&answer), &command, NULL), MITOME_OK);
        assert_int_equal(card_takes(&later.card, view(&command), NULL), MITOME_OK);
        assert_int_equal(unwrap(&later, view(&first), &plain, NULL), MITOME_E_CHANNEL_MAC);
        assert_closed(&later.card);
}

/* Under a right MAC: what only a holder of the keys can send. */
static void the_card_refuses_wrong_padding(void **state)
{
        (void)state;
        static const uint8_t zeros[16] = { 0 }, full[16] = { 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
                0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0x81 };
        const slice bodies[] = { slice_of(zeros, 1), slice_of(zeros, 15), SLICE(zeros), SLICE(full) };
        for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
                struct pair pair;
                struct message data, plain;
                open_pair(&pair);
                writer w = WRITER(data.bytes);
                struct apdu_command command = { .cla = 0x84, .ins = 0x30 }, unwrapped;
                assert_int_equal(scp03_command_mac(&pair.host, &command, bodies[i]).code, MITOME_OK);
                write_slice(&w, bodies[i]);
                write_slice(&w, slice_of(pair.host.chain, MAC_SIZE));
                command.data = writer_view(&w);
                assert_int_equal(
                        scp03_card_unwrap(&pair.card, &command, plain.bytes, ROOM, &unwrapped, NULL).code,
                        MITOME_E_CHANNEL_PADDING);
                assert_closed(&pair.card);
        }
}

/* Padding of a whole block is more than 6.2.6 adds ("80" and then zeros up to the block's end). */
static void padding_is_never_longer_than_a_block(void **state)
{
        (void)state;
        struct pair pair;
        open_pair(&pair);
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
        struct pair pair;
        struct message wrapped, plain, response;
        uint16_t sw;
        open_pair(&pair);
        wrap(&pair, slice_text("data"), &wrapped);
        assert_int_equal(unwrap(&pair, view(&wrapped), &plain, NULL), MITOME_OK);
        respond(&pair, slice_text("0123456789abcdef+"), SW_OK, &response);
        assert_int_equal(response.size, 32 + 8 + 2);
        const struct pair before = pair;
        for (size_t bit = 0; bit < response.size * 8; bit++) {
                pair = before;
                response.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
                mitome_error error = { 0 };
                assert_int_equal(receive(&pair, view(&response), &plain, &sw, &error), MITOME_E_CHANNEL_MAC);
                assert_int_equal(error.code, MITOME_E_CHANNEL_MAC);
                assert_closed(&pair.host);
                response.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        for (size_t size = 0; size < response.size - 2; size++) {
                pair = before;
                struct message cut = { 0 };
                writer w = WRITER(cut.bytes);
                write_slice(&w, slice_of(response.bytes, size));
                write_u16(&w, SW_OK);
                keep(&cut, &w);
                assert_int_equal(receive(&pair, view(&cut), &plain, &sw, NULL), MITOME_E_CHANNEL_MAC);
                assert_closed(&pair.host);
        }
        pair = before;
        assert_int_equal(receive(&pair, slice_of("\x90", 1), &plain, &sw, NULL), MITOME_E_APDU_LENGTH);
        assert_closed(&pair.host);
        pair = before;
        assert_int_equal(receive(&pair, view(&response), &plain, &sw, NULL), MITOME_OK);
        assert_true(slice_is(view(&plain), "0123456789abcdef+"));
}

static void the_host_refuses_the_answer_to_another_command(void **state)
{
        (void)state;
        struct pair pair;
        struct message first, second, plain, answer;
        uint16_t sw;
        open_pair(&pair);
        wrap(&pair, slice_text("first"), &first);
        assert_int_equal(unwrap(&pair, view(&first), &plain, NULL), MITOME_OK);
        respond(&pair, slice_text("yes"), SW_OK, &answer);
        assert_int_equal(receive(&pair, view(&answer), &plain, &sw, NULL), MITOME_OK);
        wrap(&pair, slice_text("second"), &second);
        assert_int_equal(receive(&pair, view(&answer), &plain, &sw, NULL), MITOME_E_CHANNEL_MAC);
        assert_closed(&pair.host);
}

static void a_closed_session_says_nothing(void **state)
{
        (void)state;
        struct pair pair = { 0 };
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

        struct message answer; /* begun, not authenticated */
        card_answers(&pair.card, 7, &answer);
        assert_int_equal(scp03_card_unwrap(&pair.card, &command, out.bytes, ROOM, &plain, NULL).code,
                MITOME_E_CHANNEL_CLOSED);
        assert_closed(&pair.card);

        open_pair(&pair);
        scp03_close(&pair.host);
        assert_closed(&pair.host);
}

/* Half a message would leave the two ends out of step. */
static void no_room_closes_the_session(void **state)
{
        (void)state;
        static const uint8_t much[ROOM];
        struct pair pair;
        struct message wrapped, plain;
        struct apdu_command too_long = command_with(SLICE(much)), command, unwrapped;
        uint8_t small[15];
        open_pair(&pair);
        writer w = WRITER(wrapped.bytes);
        assert_int_equal(scp03_host_wrap(&pair.host, &too_long, &w, NULL).code, MITOME_E_TOO_LONG);
        assert_closed(&pair.host);

        open_pair(&pair);
        w = WRITER(small);
        struct apdu_command short_one = command_with(slice_text("x"));
        assert_int_equal(scp03_host_wrap(&pair.host, &short_one, &w, NULL).code, MITOME_E_BUFFER_FULL);
        assert_closed(&pair.host);

        open_pair(&pair);
        wrap(&pair, slice_text("x"), &wrapped);
        assert_int_equal(apdu_read_command(view(&wrapped), &command, NULL).code, MITOME_OK);
        assert_int_equal(scp03_card_unwrap(&pair.card, &command, small, sizeof small, &unwrapped, NULL).code,
                MITOME_E_BUFFER_FULL);
        assert_closed(&pair.card);

        open_pair(&pair);
        wrap(&pair, slice_text("x"), &wrapped);
        assert_int_equal(unwrap(&pair, view(&wrapped), &plain, NULL), MITOME_OK);
        w = WRITER(small);
        assert_int_equal(
                scp03_card_wrap(&pair.card, slice_text("x"), SW_OK, &w, NULL).code, MITOME_E_BUFFER_FULL);
        assert_closed(&pair.card);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(both_ends_understand_each_other),
                cmocka_unit_test(an_error_answer_is_bare_and_the_session_goes_on),
                cmocka_unit_test(success_and_warnings_are_protected),
                cmocka_unit_test(the_mac_covers_the_length_as_it_is_sent),
                cmocka_unit_test(every_command_counts_also_without_data),
                cmocka_unit_test(a_response_is_not_encrypted_like_its_command),
                cmocka_unit_test(the_host_refuses_a_card_that_offers_less),
                cmocka_unit_test(the_host_refuses_every_changed_or_cut_answer),
                cmocka_unit_test(other_keys_open_nothing),
                cmocka_unit_test(the_card_refuses_a_host_with_other_keys),
                cmocka_unit_test(the_card_refuses_every_changed_authentication),
                cmocka_unit_test(initialize_update_takes_eight_bytes),
                cmocka_unit_test(the_card_refuses_every_changed_command),
                cmocka_unit_test(the_card_refuses_every_cut_command),
                cmocka_unit_test(the_card_refuses_replays_and_reordering),
                cmocka_unit_test(the_card_refuses_wrong_padding),
                cmocka_unit_test(padding_is_never_longer_than_a_block),
                cmocka_unit_test(the_host_refuses_every_changed_or_cut_response),
                cmocka_unit_test(the_host_refuses_the_answer_to_another_command),
                cmocka_unit_test(a_closed_session_says_nothing),
                cmocka_unit_test(no_room_closes_the_session),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
