/* SPDX-License-Identifier: Apache-2.0 */
/* SCP03 (GPC_SPE_014) against public vectors: in each set the host and the card are both played, and have to
 * say what the set says. */
#include "scp03.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROOM = 4096 };

struct message {
        size_t size;
        uint8_t bytes[ROOM];
};

static slice hex(const json_t *object, const char *name, struct message *buffer)
{
        const char *text = json_string_value(json_object_get(object, name));
        buffer->size = 0;
        for (; text && text[0] && text[1]; text += 2) {
                char digits[] = { text[0], text[1], 0 }, *end;
                assert_true(buffer->size < sizeof buffer->bytes);
                buffer->bytes[buffer->size++] = (uint8_t)strtoul(digits, &end, 16);
                assert_int_equal(*end, 0);
        }
        assert_true(!text || !*text);
        return slice_of(buffer->bytes, buffer->size);
}

static size_t copy_hex(const json_t *object, const char *name, uint8_t *to, size_t capacity)
{
        struct message bytes;
        slice found = hex(object, name, &bytes);
        assert_in_range(found.size, 1, capacity);
        memcpy(to, found.data, found.size);
        return found.size;
}

static void assert_hex(const json_t *object, const char *name, const uint8_t *found, size_t size)
{
        struct message expected;
        assert_true(slice_equal(hex(object, name, &expected), slice_of(found, size)));
}

/* A vector set, and the two ends. */
struct set {
        const json_t *json;
        struct scp03_keys keys;
        uint8_t level, i;
        slice aid, host_challenge;
        struct message aid_bytes, host_challenge_bytes;
        struct scp03_session host, card;
};

static void read_set(const json_t *json, struct set *set)
{
        set->json = json;
        set->keys.size = (uint8_t)copy_hex(json, "enc", set->keys.enc, sizeof set->keys.enc);
        assert_int_equal(copy_hex(json, "mac", set->keys.mac, sizeof set->keys.mac), set->keys.size);
        assert_int_equal(copy_hex(json, "dek", set->keys.dek, sizeof set->keys.dek), set->keys.size);
        copy_hex(json, "security_level", &set->level, 1);
        copy_hex(json, "i", &set->i, 1);
        set->aid = hex(json, "pseudo_challenge_aid", &set->aid_bytes);
        set->host_challenge = hex(json, "host_challenge", &set->host_challenge_bytes);
        assert_int_equal(set->host_challenge.size, scp03_size(set->i));
}

static void assert_session_keys(const struct set *set, const struct scp03_session *session)
{
        assert_hex(set->json, "s_enc", session->s_enc, session->key_size);
        assert_hex(set->json, "s_mac", session->s_mac, session->key_size);
        assert_hex(set->json, "s_rmac", session->s_rmac, session->key_size);
}

static void play_host_opening(struct set *set)
{
        struct message update, answer, authenticate;
        uint8_t bytes[64];
        writer w = WRITER(bytes);
        slice expected = hex(set->json, "init_update_cmd", &update);
        scp03_host_initialize(expected.data[2], set->host_challenge, &w);
        assert_true(slice_equal(writer_view(&w), expected));
        w = WRITER(bytes);
        assert_int_equal(scp03_host_authenticate(&set->host, &set->keys, set->level, set->aid,
                                 set->host_challenge, hex(set->json, "init_update_rsp", &answer), &w, NULL)
                                 .code,
                MITOME_OK);
        assert_true(slice_equal(writer_view(&w), hex(set->json, "ext_auth_cmd", &authenticate)));
        assert_session_keys(set, &set->host);
}

/* One set does not say which AID was selected: there the card plays with the set's challenge as if it had
 * been random, which nothing but i and the sequence counter of its answer tells. The diversification data and
 * the key version are the other card's. */
static void play_card_opening(struct set *set)
{
        struct message sequence, challenge, answer, authenticate;
        uint8_t bytes[SCP03_ANSWER_MAX];
        slice number = hex(set->json, "seq_counter", &sequence);
        slice expected = hex(set->json, "init_update_rsp", &answer);
        bool pseudo = set->aid.size && set->i & SCP03_I_PSEUDO_RANDOM;
        struct scp03_offer offer = { .key_version = 0x30,
                .i = pseudo ? set->i : set->i & ~SCP03_I_PSEUDO_RANDOM,
                .aid = set->aid,
                .challenge = hex(set->json, "card_challenge", &challenge) };
        if (pseudo) {
                assert_int_equal(number.size, 3);
                offer.sequence =
                        (uint32_t)number.data[0] << 16 | (uint32_t)number.data[1] << 8 | number.data[2];
                offer.challenge = (slice){ 0 };
        }
        writer w = WRITER(bytes);
        assert_int_equal(
                scp03_card_initialize(&set->card, &set->keys, &offer, set->host_challenge, &w, NULL).code,
                MITOME_OK);
        assert_int_equal(expected.size, w.used + (pseudo ? 0 : 3));
        size_t from = pseudo ? 11 : 13;
        assert_memory_equal(expected.data + from, bytes + from, w.used - from);
        assert_hex(set->json, "card_cryptogram", bytes + 21, 8);
        assert_hex(set->json, "host_cryptogram", set->card.host_cryptogram, 8);
        assert_session_keys(set, &set->card);

        struct apdu_command command;
        assert_int_equal(
                apdu_read_command(hex(set->json, "ext_auth_cmd", &authenticate), &command, NULL).code,
                MITOME_OK);
        assert_int_equal(scp03_card_authenticate(&set->card, &command, NULL).code, MITOME_OK);
        assert_int_equal(set->card.level, set->level);
        assert_int_equal(set->host.level, set->level);
}

static void play_command(struct set *set, const json_t *item)
{
        struct message plain_bytes, wrapped_bytes, out;
        struct apdu_command plain, wrapped, unwrapped;
        slice expected = hex(item, "wrapped", &wrapped_bytes);
        assert_int_equal(apdu_read_command(hex(item, "plain", &plain_bytes), &plain, NULL).code, MITOME_OK);
        assert_int_equal(apdu_read_command(expected, &wrapped, NULL).code, MITOME_OK);
        writer w = WRITER(out.bytes);
        assert_int_equal(scp03_host_wrap(&set->host, &plain, &w, NULL).code, MITOME_OK);
        assert_true(slice_equal(writer_view(&w), expected));
        assert_int_equal(
                scp03_card_unwrap(&set->card, &wrapped, out.bytes, ROOM, &unwrapped, NULL).code, MITOME_OK);
        assert_true(slice_equal(unwrapped.data, plain.data));
}

static unsigned play_response(struct set *set, const json_t *item)
{
        struct message plain_bytes, expected_bytes, out, received, sw_bytes;
        slice sw_view = hex(item, "sw", &sw_bytes), plain = hex(item, "rsp_plain", &plain_bytes), data;
        if (sw_view.size != 2)
                return 0;
        uint16_t sw = (uint16_t)(sw_view.data[0] << 8 | sw_view.data[1]), seen;
        writer w = WRITER(out.bytes);
        assert_int_equal(scp03_card_wrap(&set->card, plain, sw, &w, NULL).code, MITOME_OK);
        assert_true(slice_equal(slice_of(out.bytes, w.used - 2), hex(item, "rsp_wrapped", &expected_bytes)));
        assert_int_equal(
                scp03_host_unwrap(&set->host, writer_view(&w), received.bytes, ROOM, &data, &seen, NULL).code,
                MITOME_OK);
        assert_true(slice_equal(data, plain));
        assert_int_equal(seen, sw);
        return 1;
}

struct tally {
        unsigned sets, commands, responses;
};

static void play(const json_t *json, struct tally *tally)
{
        struct set set = { 0 };
        read_set(json, &set);
        play_host_opening(&set);
        play_card_opening(&set);
        size_t index;
        const json_t *item;
        json_array_foreach(json_object_get(json, "commands"), index, item)
        {
                play_command(&set, item);
                tally->commands++;
                tally->responses += play_response(&set, item);
        }
        tally->sets++;
}

static void agrees_with_public_vectors(void **state)
{
        (void)state;
        const char *folder = getenv("MITOME_VECTORS");
        char path[4096];
        snprintf(path, sizeof path, "%s/scp03.json", folder ? folder : "");
        json_error_t where;
        json_t *file = folder ? json_load_file(path, JSON_REJECT_DUPLICATES, &where) : NULL;
        if (!file && (!folder || json_error_code(&where) == json_error_cannot_open_file)) {
                print_message("no vectors: MITOME_VECTORS does not name a folder with scp03.json\n");
                skip();
        }
        assert_non_null(file);
        struct tally tally = { 0 };
        size_t index;
        const json_t *set;
        json_array_foreach(json_object_get(file, "sets"), index, set) play(set, &tally);
        json_decref(file);
        print_message("%u sets, %u commands, %u responses\n", tally.sets, tally.commands, tally.responses);
        assert_int_equal(tally.sets, 15);
        assert_int_equal(tally.commands, 55);
        assert_int_equal(tally.responses, 12);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(agrees_with_public_vectors),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
