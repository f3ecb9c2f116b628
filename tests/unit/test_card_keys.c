/* SPDX-License-Identifier: Apache-2.0 */
/* Key sets of security domains: PUT KEY, rotation, tries, and what GET DATA tells of them. The quoted lines
 * are those of PROTOCOL.md. */
#include "card_rig.h"
#include "store.h"
#include "tlv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const slice nothing = { 0 };

enum { TRIES = 10 };

#define assert_sw(call, wanted) assert_int_equal((call), (wanted))

#define assert_refused(card, call, wanted)                            \
        do {                                                          \
                unsigned writes_ = (card)->rig.medium.writes;         \
                assert_sw((call), (wanted));                          \
                assert_int_equal((card)->rig.medium.writes, writes_); \
                assert_true((card)->rig.data.size == 0);              \
        } while (0)

static int set_up(void **state)
{
        struct card_rig *card = calloc(1, sizeof *card);
        element_rig_open(&card->rig);
        card_rig_issuer_session(card, 0);
        *state = card;
        return 0;
}

static int tear_down(void **state)
{
        struct card_rig *card = *state;
        element_rig_close(&card->rig);
        free(card);
        return 0;
}

/* ---- PUT KEY ---- */

/* "Both codings of an AES key; the answer is the version and the three check values." */
static void a_set_is_added_in_both_codings(void **state)
{
        struct card_rig *card = *state;
        const struct scp03_keys factory = card_rig_factory();
        static const uint8_t sizes[] = { 16, 24, 32 };
        uint8_t version = 0x20, bytes[160];
        for (int inner = 0; inner < 2; inner++) {
                for (size_t i = 0; i < sizeof sizes; i++) {
                        if (!inner && sizes[i] == 24) /* the bare coding cannot tell 24 from 32 */
                                continue;
                        const struct scp03_keys keys = card_rig_keys(sizes[i], version);
                        slice data = card_rig_key_data(
                                version, &keys, slice_of(factory.dek, factory.size), inner, bytes);
                        card_rig_issuer_session(card, 0);
                        assert_sw(card_rig_secured(card, 0, 0x80D80081, data), SW_OK);
                        assert_int_equal(card->rig.data.size, 10);
                        assert_int_equal(card->rig.data.data[0], version);
                        assert_memory_equal(card->rig.data.data + 1, data.data + data.size / 3 + 1 - 3, 3);
                        assert_memory_equal(card->rig.data.data + 7, data.data + data.size - 3, 3);
                        assert_sw(card_rig_begin(card, 0, &keys, version, SCP03_LEVEL_ALL), SW_OK);
                        assert_sw(card_rig_begin(card, 0, &factory, version, SCP03_LEVEL_ALL), 0);
                        version++;
                }
        }
        assert_sw(card_rig_begin(card, 0, &factory, 0x01, SCP03_LEVEL_ALL), SW_OK);
}

/* "P1 is the set that is replaced: it is gone in the same commit." */
static void rotation_ends_the_former_set(void **state)
{
        struct card_rig *card = *state;
        const struct scp03_keys factory = card_rig_factory(), first = card_rig_keys(16, 1),
                                second = card_rig_keys(32, 2);
        uint8_t buffer[128];
        unsigned writes = card->rig.medium.writes;
        assert_sw(card_rig_put_key(card, 0, 0x01, 0x01, &first, &factory), SW_OK); /* the same version */
        assert_int_equal(card->rig.medium.writes, writes + 1);
        assert_int_equal(card_rig_life(card, 0, 0x80, card_rig_issuer), 0x01); /* the session goes on */
        assert_sw(card_rig_begin(card, 0, &factory, 0x01, SCP03_LEVEL_ALL), 0);
        assert_sw(card_rig_begin(card, 0, &first, 0x00, SCP03_LEVEL_ALL), SW_OK);
        assert_sw(card_rig_put_key(card, 0, 0x01, 0x30, &second, &first), SW_OK); /* another */
        assert_int_equal(element_rig_stored(&card->rig, 0x04000100, buffer, sizeof buffer).size, 0);
        assert_sw(card_rig_begin(card, 0, &first, 0x01, SCP03_LEVEL_ALL), SW_NO_REFERENCE);
        assert_sw(card_rig_begin(card, 0, &second, 0x30, SCP03_LEVEL_ALL), SW_OK);
        /* the DEK of this session is gone after it has replaced its own set */
        assert_sw(card_rig_put_key(card, 0, 0x30, 0x31, &first, &second), SW_OK);
        assert_refused(card, card_rig_put_key(card, 0, 0, 0x32, &first, &second), SW_CONDITIONS);
}

/* Sessions that a replaced set opened on other channels end with it. */
static void rotation_ends_other_sessions(void **state)
{
        struct card_rig *card = *state;
        const struct scp03_keys factory = card_rig_factory(), first = card_rig_keys(16, 1);
        card_rig_manage(card, 1);
        card_rig_issuer_session(card, 1);
        assert_sw(card_rig_put_key(card, 0, 0x01, 0x02, &first, &factory), SW_OK);
        assert_sw(card_rig_secured(card, 1, 0x80F28002, nothing), SW_SECURITY_STATUS);
        assert_int_equal(card_rig_life(card, 0, 0x80, card_rig_issuer), 0x01);
}

static void wrong_keys_are_refused(void **state)
{
        struct card_rig *card = *state;
        const struct scp03_keys factory = card_rig_factory(), keys = card_rig_keys(16, 0x41);
        uint8_t bytes[160];
        const slice dek = slice_of(factory.dek, factory.size);
        slice data = card_rig_key_data(0x40, &keys, dek, true, bytes);
        assert_refused(card, card_rig_secured(card, 0, 0x80D80001, data), SW_WRONG_P1P2); /* one key */
        assert_refused(card, card_rig_secured(card, 0, 0x80D80082, data), SW_WRONG_P1P2);
        assert_refused(card, card_rig_secured(card, 0, 0x80D80281, data), SW_NO_REFERENCE);
        assert_refused(card, card_rig_secured(card, 0, 0x80D88181, data), SW_NO_REFERENCE);
        for (size_t size = 0; size < data.size; size++)
                assert_refused(
                        card, card_rig_secured(card, 0, 0x80D80081, slice_of(bytes, size)), SW_WRONG_DATA);
        for (size_t at = 1; at < data.size; at++) { /* each bit is under the check values, type and lengths */
                bytes[at] ^= 0x10;
                assert_refused(card, card_rig_secured(card, 0, 0x80D80081, data), SW_WRONG_DATA);
                bytes[at] ^= 0x10;
        }
        static const uint8_t versions[] = { 0x00, 0x80, 0xFF };
        for (size_t i = 0; i < sizeof versions; i++) {
                bytes[0] = versions[i];
                assert_refused(card, card_rig_secured(card, 0, 0x80D80081, data), SW_WRONG_DATA);
        }
        bytes[0] = 0x01; /* it is there */
        assert_refused(card, card_rig_secured(card, 0, 0x80D80081, data), SW_CONDITIONS);
        bytes[0] = 0x40;
        assert_sw(card_rig_secured(card, 0, 0x80D80081, data), SW_OK);
        bytes[0] = 0x01; /* nor does one set become another that is there */
        assert_refused(card, card_rig_secured(card, 0, 0x80D84081, data), SW_CONDITIONS);
}

static void keys_of_a_set_have_one_size(void **state)
{
        struct card_rig *card = *state;
        const struct scp03_keys factory = card_rig_factory(), small = card_rig_keys(16, 1),
                                large = card_rig_keys(32, 1);
        uint8_t first[160], second[160], mixed[160];
        const slice dek = slice_of(factory.dek, factory.size);
        slice a = card_rig_key_data(0x40, &small, dek, true, first);
        slice b = card_rig_key_data(0x40, &large, dek, true, second);
        writer w = WRITER(mixed);
        write_slice(&w, slice_of(first, 1 + 2 * (a.size - 1) / 3));
        write_slice(&w, slice_of(second + 1 + 2 * (b.size - 1) / 3, (b.size - 1) / 3));
        assert_refused(card, card_rig_secured(card, 0, 0x80D80081, writer_view(&w)), SW_WRONG_DATA);
}

static void a_domain_has_eight_sets(void **state)
{
        struct card_rig *card = *state;
        const struct scp03_keys factory = card_rig_factory(), keys = card_rig_keys(16, 9);
        for (uint8_t version = 2; version <= 8; version++)
                assert_sw(card_rig_put_key(card, 0, 0, version, &keys, &factory), SW_OK);
        assert_refused(card, card_rig_put_key(card, 0, 0, 9, &keys, &factory), SW_FULL);
        assert_sw(card_rig_put_key(card, 0, 8, 9, &keys, &factory), SW_OK);
}

/* ---- DELETE [key] ---- */

static void the_last_set_stays(void **state)
{
        struct card_rig *card = *state;
        const struct scp03_keys factory = card_rig_factory(), keys = card_rig_keys(16, 9);
        static const uint8_t first[] = { 0xD2, 0x01, 0x01 }, second[] = { 0xD2, 0x01, 0x02 },
                             one[] = { 0xD0, 0x01, 0x01, 0xD2, 0x01, 0x01 }, none[] = { 0xD2, 0x00 },
                             both[] = { 0x4F, 0x07, 0xA0, 0, 0, 1, 0x51, 0, 0, 0xD2, 0x01, 0x01 };
        assert_refused(card, card_rig_secured(card, 0, 0x80E40000, SLICE(first)), SW_CONDITIONS);
        assert_refused(card, card_rig_secured(card, 0, 0x80E40000, SLICE(second)), SW_NO_REFERENCE);
        assert_refused(card, card_rig_secured(card, 0, 0x80E40000, SLICE(one)), SW_WRONG_DATA);
        assert_refused(card, card_rig_secured(card, 0, 0x80E40000, SLICE(none)), SW_WRONG_DATA);
        assert_refused(card, card_rig_secured(card, 0, 0x80E40000, SLICE(both)), SW_WRONG_DATA);
        assert_sw(card_rig_put_key(card, 0, 0, 2, &keys, &factory), SW_OK);
        assert_sw(card_rig_secured(card, 0, 0x80E40000, SLICE(first)), SW_OK);
        assert_sw(card_rig_begin(card, 0, &factory, 1, SCP03_LEVEL_ALL), SW_NO_REFERENCE);
        assert_sw(card_rig_begin(card, 0, &keys, 0, SCP03_LEVEL_ALL), SW_OK);
        assert_refused(card, card_rig_secured(card, 0, 0x80E40000, SLICE(second)), SW_CONDITIONS);
}

/* ---- tries ---- */

/* "Ten wrong hosts in a row close a set for good: 6983", power cycles in between or not, right keys or not.
 */
static void a_set_closes_after_ten_guesses(void **state)
{
        struct card_rig *card = *state;
        const struct scp03_keys factory = card_rig_factory(), keys = card_rig_keys(16, 9);
        assert_sw(card_rig_put_key(card, 0, 0, 2, &keys, &factory), SW_OK);
        for (int i = 0; i < TRIES; i++) {
                if (i % 3 == 0)
                        element_rig_cycle(&card->rig);
                assert_sw(card_rig_guess(card, 0, 1), 0x6300);
        }
        assert_refused(card, card_rig_guess(card, 0, 1), SW_BLOCKED);
        assert_sw(card_rig_begin(card, 0, &factory, 1, SCP03_LEVEL_ALL), SW_BLOCKED);
        element_rig_cycle(&card->rig);
        assert_sw(card_rig_begin(card, 0, &factory, 1, SCP03_LEVEL_ALL), SW_BLOCKED);
        /* 00 is the first that is not closed; the other set has its own tries */
        assert_sw(card_rig_begin(card, 0, &keys, 0, SCP03_LEVEL_ALL), SW_OK);
        /* and can put a new one in the place of the closed one */
        assert_sw(card_rig_put_key(card, 0, 1, 1, &factory, &keys), SW_OK);
        assert_sw(card_rig_begin(card, 0, &factory, 1, SCP03_LEVEL_ALL), SW_OK);
}

/* Somebody who has overheard the opening of a session says the same again, byte for byte. */
static uint16_t replay(struct card_rig *card, uint32_t initialize, slice challenge, slice authenticate)
{
        assert_sw(card_rig_select(card, 0, card_rig_issuer), SW_OK);
        assert_sw(element_rig_command(&card->rig, initialize, challenge), SW_OK);
        return element_rig_transmit(&card->rig, authenticate);
}

/* "Its counter begins at 0, but where the domain has the same ENC and MAC already: then behind theirs, so
 * that no recorded session opens it." */
static void keys_that_come_back_open_no_recorded_session(void **state)
{
        struct card_rig *card = *state;
        const struct scp03_keys factory = card_rig_factory(), keys = card_rig_keys(16, 9);
        struct scp03_keys other_dek = keys;
        struct scp03_session host;
        static const uint8_t challenge[8] = { 1, 2, 3 };
        uint8_t bytes[64];
        writer heard = WRITER(bytes);
        other_dek.dek[0] ^= 1;
        assert_sw(card_rig_put_key(card, 0, 0, 2, &keys, &factory), SW_OK);
        assert_sw(element_rig_command(&card->rig, 0x80500200, SLICE(challenge)), SW_OK);
        assert_int_equal(scp03_host_authenticate(&host, &keys, SCP03_LEVEL_ALL, nothing, SLICE(challenge),
                                 card->rig.data, &heard, NULL)
                                 .code,
                MITOME_OK);
        assert_sw(element_rig_transmit(&card->rig, writer_view(&heard)), SW_OK);
        for (int i = 0; i < TRIES; i++)
                assert_sw(card_rig_guess(card, 0, 2), 0x6300);
        card_rig_issuer_session(card, 0);
        assert_sw(card_rig_put_key(card, 0, 2, 2, &keys, &factory), SW_OK); /* opened again */
        assert_sw(card_rig_put_key(card, 0, 0, 3, &other_dek, &factory), SW_OK);
        assert_sw(replay(card, 0x80500200, SLICE(challenge), writer_view(&heard)), 0x6300);
        assert_sw(replay(card, 0x80500300, SLICE(challenge), writer_view(&heard)), 0x6300);
        assert_sw(card_rig_begin(card, 0, &keys, 2, SCP03_LEVEL_ALL), SW_OK);
        assert_sw(card_rig_begin(card, 0, &keys, 3, SCP03_LEVEL_ALL), SW_OK);
}

/* "The issuer's too": its only set closed, nobody manages the element any more; its holder goes on. */
static void the_issuer_can_be_locked_out(void **state)
{
        struct card_rig *card = *state;
        const struct scp03_keys factory = card_rig_factory();
        element_rig_personalise(&card->rig);
        for (int i = 0; i < TRIES; i++)
                assert_sw(card_rig_guess(card, 0, 0), 0x6300);
        assert_sw(card_rig_open(card, 0, card_rig_issuer, &factory), SW_BLOCKED);
        assert_sw(card_rig_open(card, 0, element_rig_jpki, &factory), SW_BLOCKED);
        assert_sw(element_rig_select(&card->rig, element_rig_jpki), SW_OK);
        assert_sw(element_rig_select_file(&card->rig, 0x0018), SW_OK);
        assert_sw(element_rig_command(&card->rig, 0x00200080, slice_text(ELEMENT_RIG_PIN)), SW_OK);
}

/* "A right host gives all tries back." */
static void a_right_host_gives_tries_back(void **state)
{
        struct card_rig *card = *state;
        const struct scp03_keys factory = card_rig_factory();
        for (int round = 0; round < 3; round++) {
                for (int i = 0; i < TRIES - 1; i++)
                        assert_sw(card_rig_guess(card, 0, 0), 0x6300);
                assert_sw(card_rig_begin(card, 0, &factory, 0, SCP03_LEVEL_ALL), SW_OK);
        }
}

/* "The try is written down before the comparison": a cut wins none. */
static void a_cut_wins_no_try(void **state)
{
        struct card_rig *card = *state;
        for (int i = 0; i < TRIES; i++) {
                power_cut_arm(&card->rig.medium, 2, POWER_CUT_AFTER); /* 1 is the sequence number */
                assert_sw(card_rig_guess(card, 0, 0), SW_MEMORY_FAILURE);
                power_cut_on(&card->rig.medium);
                element_rig_cycle(&card->rig);
        }
        assert_sw(card_rig_guess(card, 0, 0), SW_BLOCKED);
}

/* INITIALIZE UPDATE alone compares nothing and costs nothing, nor does a level that is not offered. */
static void asking_costs_no_try(void **state)
{
        struct card_rig *card = *state;
        const struct scp03_keys factory = card_rig_factory();
        static const uint8_t challenge[8] = { 1 }, wrong[16] = { 0 };
        for (int i = 0; i < 3 * TRIES; i++) {
                assert_sw(card_rig_send(card, 0, 0x80500000, SLICE(challenge)), SW_OK);
                if (i & 1)
                        assert_sw(card_rig_send(card, 0, 0x84823100, SLICE(wrong)), SW_WRONG_P1P2);
        }
        assert_sw(card_rig_begin(card, 0, &factory, 0, SCP03_LEVEL_ALL), SW_OK);
}

/* Two channels do not have two times the tries. */
static void channels_share_the_tries(void **state)
{
        struct card_rig *card = *state;
        static const uint8_t challenge[8] = { 1 }, wrong[16] = { 0 };
        card_rig_manage(card, 1);
        card_rig_manage(card, 2);
        assert_sw(card_rig_send(card, 2, 0x80500000, SLICE(challenge)), SW_OK);
        for (int i = 0; i < TRIES / 2; i++) {
                for (uint8_t channel = 0; channel < 2; channel++)
                        assert_sw(card_rig_send(card, channel, 0x80500000, SLICE(challenge)), SW_OK);
                for (uint8_t channel = 0; channel < 2; channel++)
                        assert_sw(card_rig_send(card, channel, 0x84823300, SLICE(wrong)), 0x6300);
        }
        assert_sw(card_rig_guess(card, 0, 0), SW_BLOCKED);
        assert_refused(card, card_rig_send(card, 2, 0x84823300, SLICE(wrong)), SW_BLOCKED); /* meanwhile */
}

/* ---- the provider's domain ---- */

/* "A domain without keys is opened with those above it, until it has its own." */
static void a_domain_gets_its_first_keys(void **state)
{
        struct card_rig *card = *state;
        const struct scp03_keys factory = card_rig_factory(), own = card_rig_keys(24, 0x51),
                                other = card_rig_keys(16, 0x52);
        assert_sw(card_rig_make_domain(card, 0, card_rig_provider, 0x800000, nothing), SW_OK);
        assert_sw(card_rig_open(card, 0, card_rig_provider, &factory), SW_OK);
        assert_int_equal(card_rig_life(card, 0, 0x40, card_rig_provider), 0x07);
        assert_sw(card_rig_put_key(card, 0, 0, 0x30, &own, &factory), SW_OK);
        assert_sw(card_rig_open(card, 0, card_rig_provider, &factory), 0);
        assert_sw(card_rig_open(card, 0, card_rig_provider, &own), SW_OK);
        assert_int_equal(card_rig_life(card, 0, 0x40, card_rig_provider), 0x0F);
        assert_sw(card_rig_put_key(card, 0, 0x30, 0x31, &other, &own), SW_OK);
        assert_sw(card_rig_open(card, 0, card_rig_provider, &other), SW_OK);
        card_rig_issuer_session(card, 0); /* whose own set is what it was */
}

/* "C9 81 02 03 i: what the domain offers." Each i of Amendment D, at each level that it allows. */
static void each_domain_speaks_as_it_was_installed(void **state)
{
        struct card_rig *card = *state;
        const struct scp03_keys factory = card_rig_factory();
        static const uint8_t wrong[] = { 0x81, 0x02, 0x03, 0x40 }, scp02[] = { 0x81, 0x02, 0x02, 0x70 },
                             rest[] = { 0x81, 0x02, 0x03, 0x70, 0x82, 0x00 };
        static const uint8_t levels[] = { 0x01, 0x03, 0x11, 0x13, 0x33 };
        assert_refused(card, card_rig_make_domain(card, 0, card_rig_provider, 0x800000, SLICE(wrong)),
                SW_WRONG_DATA);
        assert_refused(card, card_rig_make_domain(card, 0, card_rig_provider, 0x800000, SLICE(scp02)),
                SW_WRONG_DATA);
        assert_refused(
                card, card_rig_make_domain(card, 0, card_rig_provider, 0x800000, SLICE(rest)), SW_WRONG_DATA);
        for (unsigned i = 0; i <= 0x71; i++) {
                if (!scp03_knows((uint8_t)i) || i & SCP03_I_S16)
                        continue;
                const uint8_t options[] = { 0x81, 0x02, 0x03, (uint8_t)i };
                card_rig_issuer_session(card, 0);
                assert_sw(card_rig_make_domain(card, 0, card_rig_provider, 0x800000, SLICE(options)), SW_OK);
                for (size_t n = 0; n < sizeof levels; n++) {
                        if (!scp03_offers((uint8_t)i, levels[n]))
                                continue;
                        assert_sw(card_rig_select(card, 0, card_rig_provider), SW_OK);
                        assert_int_equal(card->rig.data.data[card->rig.data.size - 5], i); /* 64 of the FCI */
                        assert_sw(card_rig_begin(card, 0, &factory, 0, levels[n]), SW_OK);
                        assert_int_equal(card_rig_life(card, 0, 0x40, card_rig_provider), 0x07);
                }
                card_rig_issuer_session(card, 0);
                assert_sw(card_rig_delete(card, 0, card_rig_provider, 0), SW_OK);
        }
}

/* "Management takes C-MAC at least; protected commands of applets C-MAC and C-DECRYPTION." */
static void levels_open_what_they_say(void **state)
{
        struct card_rig *card = *state;
        const struct scp03_keys factory = card_rig_factory();
        static const uint8_t levels[] = { 0x01, 0x03, 0x11, 0x13, 0x33 };
        for (size_t i = 0; i < sizeof levels; i++) {
                assert_sw(card_rig_select(card, 0, card_rig_issuer), SW_OK);
                assert_sw(card_rig_begin(card, 0, &factory, 0, levels[i]), SW_OK);
                assert_int_equal(card_rig_life(card, 0, 0x80, card_rig_issuer), 0x01);
                assert_sw(card_rig_select(card, 0, element_rig_jpki), SW_OK);
                assert_sw(card_rig_begin(card, 0, &factory, 0, levels[i]), SW_OK);
                assert_sw(card_rig_secured(card, 0, 0x802C0098, slice_text("1234")),
                        levels[i] & SCP03_C_DEC ? SW_OK : SW_SECURITY_STATUS);
        }
}

/* ---- GET DATA ---- */

static void get_data_tells_what_it_may(void **state)
{
        struct card_rig *card = *state;
        const struct scp03_keys factory = card_rig_factory(), own = card_rig_keys(32, 0x51);
        static const uint8_t keys[] = { 0xE0, 0x12, 0xC0, 4, 1, 1, 0x88, 16, 0xC0, 4, 2, 1, 0x88, 16, 0xC0, 4,
                3, 1, 0x88, 16 };
        static const uint8_t recognition[] = { 0x66, 0x31, 0x73, 0x2F, 0x06, 0x07, 0x2A, 0x86, 0x48, 0x86,
                0xFC, 0x6B, 0x01, 0x60, 0x0C, 0x06, 0x0A, 0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B, 0x02, 0x02,
                0x03, 0x01, 0x63, 0x09, 0x06, 0x07, 0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B, 0x03, 0x64, 0x0B,
                0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B, 0x04, 0x03, 0x70 };
        static const uint8_t counter[] = { 0xC1, 0x03, 0x00, 0x00, 0x01 };
        assert_sw(card_rig_send(card, 0, 0x80CA00E0, nothing), SW_OK);
        assert_true(slice_equal(card->rig.data, SLICE(keys)));
        assert_sw(card_rig_send(card, 0, 0x00CA0066, nothing), SW_OK);
        assert_int_equal(card->rig.data.size, sizeof recognition);
        assert_memory_equal(card->rig.data.data, recognition, sizeof recognition);
        assert_sw(card_rig_send(card, 0, 0x80CA00C1, nothing), SW_OK);
        assert_true(slice_equal(card->rig.data, SLICE(counter)));
        assert_sw(card_rig_send(card, 0, 0x80CA9F7F, nothing), SW_OK);
        assert_int_equal(card->rig.data.size, 45);
        for (uint32_t p1 = 1; p1 <= 0xFF; p1++) /* or list-keys of a client never ends */
                assert_refused(card, card_rig_send(card, 0, 0x80CA00E0 | p1 << 8, nothing), SW_NO_REFERENCE);
        assert_refused(card, card_rig_send(card, 0, 0x80CA0045, nothing), SW_NO_REFERENCE);
        assert_refused(card, card_rig_send(card, 0, 0x80CA00CF, nothing), SW_NO_REFERENCE);
        assert_sw(card_rig_secured(card, 0, 0x80CA00E0, nothing), SW_OK);
        assert_sw(card_rig_make_domain(card, 0, card_rig_provider, 0x800000, nothing), SW_OK);
        assert_sw(card_rig_open(card, 0, card_rig_provider, &factory), SW_OK);
        assert_sw(card_rig_send(card, 0, 0x80CA00E0, nothing), SW_OK);
        assert_int_equal(card->rig.data.size, 2); /* it has none of its own */
        assert_refused(card, card_rig_send(card, 0, 0x80CA9F7F, nothing), SW_NO_REFERENCE);
        assert_sw(card_rig_put_key(card, 0, 0, 0x30, &own, &factory), SW_OK);
        assert_sw(card_rig_send(card, 0, 0x80CA00E0, nothing), SW_OK);
        assert_int_equal(card->rig.data.data[5], 0x30);
        assert_int_equal(card->rig.data.data[7], 32);
}

/* "Of the issuer's domain, in a session of level 33 only: DF4D what RESET of the FIDO applet would end" */
static void the_issuer_sees_what_a_holder_has_left(void **state)
{
        struct card_rig *card = *state;
        static const uint8_t none[] = { 0xDF, 0x4D, 0x01, 0x00 }, pin[] = { 0xDF, 0x4D, 0x01, 0x01 };
        const struct scp03_keys factory = card_rig_factory();
        static const uint8_t lower[] = { SCP03_C_MAC, SCP03_C_MAC | SCP03_C_DEC,
                SCP03_C_MAC | SCP03_C_DEC | SCP03_R_MAC };
        uint8_t bytes[8];
        writer w = WRITER(bytes);
        assert_refused(card, card_rig_send(card, 0, 0x80CADF4D, nothing), SW_CONDITIONS);
        assert_sw(card_rig_secured(card, 0, 0x80CADF4D, nothing), SW_OK);
        assert_true(slice_equal(card->rig.data, SLICE(none)));
        assert_sw(card_rig_open(card, 0, element_rig_fido, &factory), SW_OK);
        tlv_write(&w, 0x80, slice_text("1357"));
        assert_sw(card_rig_secured(card, 0, 0x80340000, writer_view(&w)), SW_OK);
        assert_refused(card, card_rig_secured(card, 0, 0x80CADF4D, nothing), SW_WRONG_INS);
        for (size_t i = 0; i < sizeof lower; i++) {
                assert_sw(card_rig_select(card, 0, card_rig_issuer), SW_OK);
                assert_sw(card_rig_begin(card, 0, &factory, 0, lower[i]), SW_OK);
                assert_refused(card, card_rig_secured(card, 0, 0x80CADF4D, nothing), SW_CONDITIONS);
        }
        assert_sw(card_rig_open(card, 0, card_rig_issuer, &factory), SW_OK);
        assert_sw(card_rig_secured(card, 0, 0x80CADF4D, nothing), SW_OK);
        assert_true(slice_equal(card->rig.data, SLICE(pin)));
        assert_sw(card_rig_make_domain(card, 0, card_rig_provider, 0x800000, nothing), SW_OK);
        assert_sw(card_rig_open(card, 0, card_rig_provider, &factory), SW_OK);
        assert_refused(card, card_rig_secured(card, 0, 0x80CADF4D, nothing), SW_NO_REFERENCE);
}

/* ---- migration ---- */

static void put(struct store *store, uint32_t id, slice bytes)
{
        assert_int_equal(store_put(store, id, bytes, NULL).code, MITOME_OK);
}

/* An element of before the registry: its keys and its sequence number go on, and nothing is left of the old
 * objects. */
static void an_older_element_is_migrated(void **state)
{
        (void)state;
        static const uint8_t tries[] = { 3 }, sequence[] = { 0, 0, 0x12, 0x34 };
        for (int form = 0; form < 2; form++) {
                struct card_rig card = { 0 };
                struct store *store;
                uint8_t keys[49], buffer[128];
                writer w = WRITER(keys);
                if (form)
                        write_u8(&w, 0x70);
                write_slice(&w, slice_of(element_rig_keys.enc, 16));
                write_slice(&w, slice_of(element_rig_keys.mac, 16));
                write_slice(&w, slice_of(element_rig_keys.dek, 16));
                element_rig_configure(&card.rig);
                assert_int_equal(element_rig_create_store(&card.rig), MITOME_OK);
                assert_int_equal(store_open(&card.rig.config, &store, NULL).code, MITOME_OK);
                put(store, 0x0001, writer_view(&w));
                put(store, 0x0002, SLICE(sequence));
                put(store, 0x0021, SLICE(tries));
                put(store, 0x0022, SLICE(tries));
                assert_int_equal(store_commit(store, NULL).code, MITOME_OK);
                store_close(store);
                element_rig_open(&card.rig);
                card_rig_issuer_session(&card, 0);
                assert_sw(card_rig_send(&card, 0, 0x80CA00C1, nothing), SW_OK);
                assert_int_equal(card.rig.data.data[4], 0x35);
                assert_int_equal(card_rig_life(&card, 0, 0x40, element_rig_jpki), 0x07);
                assert_int_equal(element_rig_stored(&card.rig, 0x0001, buffer, sizeof buffer).size, 0);
                assert_int_equal(element_rig_stored(&card.rig, 0x0002, buffer, sizeof buffer).size, 0);
                element_rig_cycle(&card.rig);
                card_rig_issuer_session(&card, 0);
                element_rig_close(&card.rig);
        }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(a_set_is_added_in_both_codings),
                TEST(rotation_ends_the_former_set),
                TEST(rotation_ends_other_sessions),
                TEST(wrong_keys_are_refused),
                TEST(keys_of_a_set_have_one_size),
                TEST(a_domain_has_eight_sets),
                TEST(the_last_set_stays),
                TEST(a_set_closes_after_ten_guesses),
                TEST(keys_that_come_back_open_no_recorded_session),
                TEST(the_issuer_can_be_locked_out),
                TEST(a_right_host_gives_tries_back),
                TEST(a_cut_wins_no_try),
                TEST(asking_costs_no_try),
                TEST(channels_share_the_tries),
                TEST(a_domain_gets_its_first_keys),
                TEST(each_domain_speaks_as_it_was_installed),
                TEST(levels_open_what_they_say),
                TEST(get_data_tells_what_it_may),
                TEST(the_issuer_sees_what_a_holder_has_left),
                TEST(an_older_element_is_migrated),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
