/* SPDX-License-Identifier: Apache-2.0 */
/* SET STATUS and GET STATUS: the lives of card, domains and applications, each state with each step. The
 * quoted lines are those of PROTOCOL.md. */
#include "card_rig.h"
#include "native.h"
#include "tlv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const slice nothing = { 0 };

enum { OP_READY = 0x01, INITIALIZED = 0x07, SECURED = 0x0F, LOCKED_CARD = 0x7F, TERMINATED = 0xFF };
enum { INSTALLED = 0x03, SELECTABLE = 0x07, PERSONALIZED = 0x0F, LOCKED = 0x83 };

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

/* ---- the card ---- */

static const uint8_t card_states[] = { OP_READY, INITIALIZED, SECURED, LOCKED_CARD, TERMINATED };

static const uint8_t paths[][3] = {
        [0] = { 0 },
        [1] = { INITIALIZED },
        [2] = { INITIALIZED, SECURED },
        [3] = { INITIALIZED, SECURED, LOCKED_CARD },
        [4] = { TERMINATED },
};

/* A fresh element, led into one of the states. */
static void bring(struct card_rig *card, size_t state)
{
        element_rig_open(&card->rig);
        card_rig_issuer_session(card, 0);
        for (size_t i = 0; i < 3 && paths[state][i]; i++)
                assert_sw(card_rig_set_status(card, 0, 0x8000 | paths[state][i], nothing), SW_OK);
}

static bool is_step(uint8_t from, uint8_t to)
{
        return (from == OP_READY && to == INITIALIZED) || (from == INITIALIZED && to == SECURED) ||
               (from == SECURED && to == LOCKED_CARD) || (from == LOCKED_CARD && to == SECURED) ||
               (from != TERMINATED && to == TERMINATED);
}

/* "01 -> 07 -> 0F <-> 7F, all -> FF; every other step, also to the same state, is 6985": 5 x 256 of them. */
static void the_card_goes_its_steps_only(void **state)
{
        (void)state;
        for (size_t from = 0; from < sizeof card_states; from++) {
                struct card_rig card = { 0 };
                bring(&card, from);
                for (unsigned to = 0; to <= 0xFF; to++) {
                        if (is_step(card_states[from], (uint8_t)to))
                                continue;
                        unsigned writes = card.rig.medium.writes;
                        assert_sw(card_rig_set_status(&card, 0, (uint16_t)(0x8000 | to), nothing),
                                SW_CONDITIONS);
                        assert_int_equal(card.rig.medium.writes, writes);
                }
                element_rig_close(&card.rig);
        }
        for (size_t from = 0; from < sizeof card_states; from++) {
                for (size_t to = 0; to < sizeof card_states; to++) {
                        struct card_rig card = { 0 };
                        if (!is_step(card_states[from], card_states[to]))
                                continue;
                        bring(&card, from);
                        assert_sw(card_rig_set_status(&card, 0, 0x8000 | card_states[to], card_rig_issuer),
                                SW_OK);
                        if (card_states[to] != TERMINATED)
                                assert_int_equal(
                                        card_rig_life(&card, 0, 0x80, card_rig_issuer), card_states[to]);
                        element_rig_close(&card.rig);
                }
        }
}

static const struct {
        uint32_t head;
        uint16_t locked, terminated; /* in these states; 0: it works */
} commands[] = {
        { 0x80F28002, 0, SW_CONDITIONS },
        { 0x80CA0066, 0, 0 },
        { 0x80E40000, SW_CONDITIONS, SW_CONDITIONS },
        { 0x80E60C00, SW_CONDITIONS, SW_CONDITIONS },
        { 0x80E60200, SW_CONDITIONS, SW_CONDITIONS },
        { 0x80E88000, SW_CONDITIONS, SW_CONDITIONS },
        { 0x80E28000, SW_CONDITIONS, SW_CONDITIONS },
        { 0x80D80081, SW_CONDITIONS, SW_CONDITIONS },
        { 0x80F04080, SW_CONDITIONS, SW_CONDITIONS },
};

/* "CARD_LOCKED: the issuer's domain alone, with SELECT (6283), sessions, GET DATA, GET STATUS and the SET
 * STATUS that unlocks or terminates." */
static void a_locked_card_is_unlocked_only(void **state)
{
        struct card_rig *card = *state;
        static const uint8_t all[] = { 0x4F, 0x00 };
        element_rig_personalise(&card->rig);
        card_rig_issuer_session(card, 0);
        card_rig_manage(card, 1);
        assert_sw(card_rig_select(card, 1, element_rig_jpki), SW_OK);
        assert_sw(card_rig_set_status(card, 0, 0x8007, nothing), SW_OK);
        assert_sw(card_rig_set_status(card, 0, 0x800F, nothing), SW_OK);
        assert_sw(card_rig_set_status(card, 0, 0x807F, nothing), SW_OK);
        for (int round = 0; round < 2; round++) {
                for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
                        assert_sw(card_rig_secured(card, 0, commands[i].head, SLICE(all)),
                                commands[i].locked ? commands[i].locked : SW_OK);
                assert_sw(card_rig_send(card, 0, 0x00A40400, element_rig_jpki), SW_NOT_FOUND);
                assert_sw(card_rig_send(card, 0, 0x00700000, nothing), SW_FUNCTION_UNSUPPORTED);
                element_rig_cycle(&card->rig);
                const struct scp03_keys keys = card_rig_factory();
                assert_sw(card_rig_select(card, 0, nothing), SW_CARD_LOCKED);
                assert_int_equal(card->rig.data.data[0], 0x6F);
                assert_sw(card_rig_begin(card, 0, &keys, 0, SCP03_LEVEL_ALL), SW_OK);
        }
        assert_sw(card_rig_set_status(card, 0, 0x800F, nothing), SW_OK);
        assert_sw(card_rig_select(card, 0, element_rig_jpki), SW_OK); /* as it was */
        assert_sw(element_rig_select_file(&card->rig, 0x0018), SW_OK);
        assert_sw(element_rig_command(&card->rig, 0x00200080, slice_text(ELEMENT_RIG_PIN)), SW_OK);
}

/* What is selected elsewhere when the card is locked answers no more; when it is unlocked, it does again. */
static void the_lock_reaches_other_channels(void **state)
{
        struct card_rig *card = *state;
        const struct scp03_keys keys = card_rig_factory();
        card_rig_manage(card, 1);
        assert_sw(card_rig_open(card, 1, card_rig_stand_in, &keys), SW_OK);
        assert_sw(card_rig_set_status(card, 0, 0x8007, nothing), SW_OK);
        assert_sw(card_rig_set_status(card, 0, 0x800F, nothing), SW_OK);
        assert_sw(card_rig_set_status(card, 0, 0x807F, nothing), SW_OK);
        assert_sw(card_rig_secured(card, 1, 0x80E28000, slice_text("x")), SW_CONDITIONS);
        assert_sw(card_rig_send(card, 1, 0x00B00000, nothing), SW_CONDITIONS);
        assert_sw(card_rig_begin(card, 1, &keys, 0, SCP03_LEVEL_ALL), SW_CONDITIONS);
        assert_sw(card_rig_set_status(card, 0, 0x800F, nothing), SW_OK);
        assert_sw(card_rig_send(card, 1, 0x00B00000, nothing), SW_OK);
}

/* "TERMINATED: 6985 to all but GET DATA", for ever. */
static void a_terminated_card_is_dead(void **state)
{
        struct card_rig *card = *state;
        static const uint8_t challenge[8] = { 0 };
        assert_sw(card_rig_set_status(card, 0, 0x80FF, nothing), SW_OK);
        for (int round = 0; round < 2; round++) {
                for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
                        assert_sw(card_rig_send(card, 0, commands[i].head, nothing),
                                commands[i].terminated ? commands[i].terminated : SW_OK);
                        assert_sw(card_rig_send(card, 0, commands[i].head | 0x04000000, nothing),
                                SW_CONDITIONS);
                }
                assert_sw(card_rig_send(card, 0, 0x00A40400, nothing), SW_CONDITIONS);
                assert_sw(card_rig_send(card, 0, 0x00A40400, element_rig_jpki), SW_CONDITIONS);
                assert_sw(card_rig_send(card, 0, 0x00700000, nothing), SW_CONDITIONS);
                assert_sw(card_rig_send(card, 0, 0x80500000, SLICE(challenge)), SW_CONDITIONS);
                assert_sw(card_rig_send(card, 0, 0x84823300, SLICE(challenge)), SW_CONDITIONS);
                element_rig_cycle(&card->rig);
        }
}

/* ---- applications and domains ---- */

/* "Locked: not selectable, 6A82, and its former state comes back." From each state. */
static void an_application_is_locked_and_unlocked(void **state)
{
        struct card_rig *card = *state;
        const struct native_file *native = native_named("stand-in");
        static const uint8_t none[] = { 0x00 };
        const struct card_rig_install fields = { native->aid, native->module, card_rig_stand_in, SLICE(none),
                nothing, nothing };
        card_rig_manage(card, 1);
        for (int selectable = 0; selectable < 2; selectable++) {
                uint8_t life = selectable ? SELECTABLE : INSTALLED;
                assert_sw(card_rig_delete(card, 0, card_rig_stand_in, 0), SW_OK);
                assert_sw(card_rig_install(card, 0, selectable ? 0x0C00 : 0x0400, &fields), SW_OK);
                for (unsigned to = 0; to < 0x80; to++)
                        assert_refused(card,
                                card_rig_set_status(card, 0, (uint16_t)(0x4000 | to), card_rig_stand_in),
                                SW_CONDITIONS);
                assert_sw(card_rig_set_status(card, 0, 0x4083, card_rig_stand_in), SW_OK);
                assert_int_equal(card_rig_life(card, 0, 0x40, card_rig_stand_in), LOCKED);
                assert_refused(card, card_rig_set_status(card, 0, 0x4080, card_rig_stand_in), SW_CONDITIONS);
                assert_sw(card_rig_select(card, 1, card_rig_stand_in), SW_NOT_FOUND);
                const struct card_rig_install make = { .third = card_rig_stand_in, .fourth = SLICE(none) };
                assert_refused(card, card_rig_install(card, 0, 0x0800, &make), SW_CONDITIONS);
                assert_refused(card,
                        card_rig_install(
                                card, 0, 0x2000, &(struct card_rig_install){ .third = card_rig_stand_in }),
                        SW_CONDITIONS);
                assert_sw(
                        card_rig_set_status(card, 0, selectable ? 0x4000 : 0x4003, card_rig_stand_in), SW_OK);
                assert_int_equal(card_rig_life(card, 0, 0x40, card_rig_stand_in), life);
                assert_sw(card_rig_select(card, 1, card_rig_stand_in), selectable ? SW_OK : SW_NOT_FOUND);
                assert_sw(card_rig_select(card, 1, card_rig_issuer), SW_OK);
        }
}

/* One that is selected when it is locked answers no more. */
static void the_lock_is_at_once(void **state)
{
        struct card_rig *card = *state;
        const struct scp03_keys keys = card_rig_factory();
        card_rig_manage(card, 1);
        assert_sw(card_rig_open(card, 1, card_rig_stand_in, &keys), SW_OK);
        assert_sw(card_rig_set_status(card, 0, 0x4080, card_rig_stand_in), SW_OK);
        assert_refused(card, card_rig_secured(card, 1, 0x80E28000, slice_text("x")), SW_CONDITIONS);
        assert_refused(card, card_rig_send(card, 1, 0x00B00000, nothing), SW_CONDITIONS);
        assert_sw(card_rig_set_status(card, 0, 0x4000, card_rig_stand_in), SW_OK);
        assert_sw(card_rig_send(card, 1, 0x00B00000, nothing), SW_OK);
        /* and one that is locked can be deleted */
        assert_sw(card_rig_select(card, 1, card_rig_issuer), SW_OK);
        assert_sw(card_rig_set_status(card, 0, 0x4080, card_rig_stand_in), SW_OK);
        assert_sw(card_rig_delete(card, 0, card_rig_stand_in, 0), SW_OK);
}

/* A locked domain gives no service: neither to itself nor to its applications. */
static void a_locked_domain_serves_nobody(void **state)
{
        struct card_rig *card = *state;
        const struct scp03_keys factory = card_rig_factory(), own = card_rig_keys(16, 3);
        card_rig_manage(card, 1);
        assert_sw(card_rig_make_domain(card, 0, card_rig_provider, 0x800000, nothing), SW_OK);
        assert_sw(card_rig_extradite(card, 0, card_rig_stand_in, card_rig_provider), SW_OK);
        assert_refused(
                card, card_rig_set_status(card, 0, 0x400F, card_rig_provider), SW_CONDITIONS); /* no keys */
        assert_sw(card_rig_open(card, 1, card_rig_provider, &factory), SW_OK);
        assert_sw(card_rig_put_key(card, 1, 0, 0x30, &own, &factory), SW_OK);
        assert_sw(card_rig_open(card, 1, card_rig_stand_in, &own), SW_OK);
        assert_sw(card_rig_set_status(card, 0, 0x4080, card_rig_provider), SW_OK);
        assert_refused(card, card_rig_secured(card, 1, 0x80E28000, slice_text("x")), SW_SECURITY_STATUS);
        assert_refused(card, card_rig_begin(card, 1, &own, 0, SCP03_LEVEL_ALL), SW_CONDITIONS);
        assert_sw(card_rig_send(card, 1, 0x00B00000, nothing), SW_OK); /* the application itself lives */
        assert_sw(card_rig_select(card, 1, card_rig_provider), SW_NOT_FOUND);
        assert_sw(card_rig_set_status(card, 0, 0x4000, card_rig_provider), SW_OK);
        assert_int_equal(card_rig_life(card, 0, 0x40, card_rig_provider), PERSONALIZED);
        assert_refused(card, card_rig_set_status(card, 0, 0x400F, card_rig_provider), SW_CONDITIONS);
        assert_sw(card_rig_open(card, 1, card_rig_stand_in, &own), SW_OK);
}

/* "6985 the domain, or the one whose keys it uses, is locked": a domain below that has no keys of its own is
 * no way around the lock. */
static void keys_of_a_locked_domain_open_nothing_below(void **state)
{
        struct card_rig *card = *state;
        static const uint8_t below[] = { 0xF0, 0x01, 0x02, 0x03, 0x04, 0x05 };
        const struct scp03_keys factory = card_rig_factory(), own = card_rig_keys(16, 3);
        card_rig_manage(card, 1);
        assert_sw(card_rig_make_domain(card, 0, card_rig_provider, 0x800000, nothing), SW_OK);
        assert_sw(card_rig_make_domain(card, 0, SLICE(below), 0x800000, nothing), SW_OK);
        assert_sw(card_rig_extradite(card, 0, SLICE(below), card_rig_provider), SW_OK);
        assert_sw(card_rig_open(card, 1, card_rig_provider, &factory), SW_OK);
        assert_sw(card_rig_put_key(card, 1, 0, 0x30, &own, &factory), SW_OK);
        assert_sw(card_rig_open(card, 1, SLICE(below), &own), SW_OK);
        assert_sw(card_rig_set_status(card, 0, 0x4080, card_rig_provider), SW_OK);
        assert_refused(card, card_rig_secured(card, 1, 0x80F24002, slice_of("\x4F\x00", 2)),
                SW_SECURITY_STATUS); /* the session that was open */
        assert_refused(card, card_rig_begin(card, 1, &own, 0, SCP03_LEVEL_ALL), SW_CONDITIONS);
        assert_sw(card_rig_set_status(card, 0, 0x4000, card_rig_provider), SW_OK);
        assert_sw(card_rig_open(card, 1, SLICE(below), &own), SW_OK);
}

/* "`60`: a domain with all that is associated with it." */
static void a_domain_is_locked_with_its_own(void **state)
{
        struct card_rig *card = *state;
        assert_sw(card_rig_make_domain(card, 0, card_rig_provider, 0x800000, nothing), SW_OK);
        assert_sw(card_rig_extradite(card, 0, card_rig_stand_in, card_rig_provider), SW_OK);
        assert_refused(
                card, card_rig_set_status(card, 0, 0x6080, card_rig_stand_in), SW_CONDITIONS); /* no domain */
        assert_sw(card_rig_set_status(card, 0, 0x6080, card_rig_provider), SW_OK);
        assert_int_equal(card_rig_life(card, 0, 0x40, card_rig_provider), LOCKED);
        assert_int_equal(card_rig_life(card, 0, 0x40, card_rig_stand_in), LOCKED);
        assert_int_equal(card_rig_life(card, 0, 0x40, element_rig_jpki), SELECTABLE);
        assert_sw(card_rig_set_status(card, 0, 0x6000, card_rig_provider), SW_OK);
        assert_int_equal(card_rig_life(card, 0, 0x40, card_rig_provider), SELECTABLE);
        assert_int_equal(card_rig_life(card, 0, 0x40, card_rig_stand_in), SELECTABLE);
}

/* A domain locks what is its own, itself too, and then has no way back. */
static void a_domain_locks_its_own(void **state)
{
        struct card_rig *card = *state;
        const struct scp03_keys factory = card_rig_factory();
        assert_sw(card_rig_make_domain(card, 0, card_rig_provider, 0x800000, nothing), SW_OK);
        assert_sw(card_rig_extradite(card, 0, card_rig_stand_in, card_rig_provider), SW_OK);
        assert_sw(card_rig_open(card, 0, card_rig_provider, &factory), SW_OK);
        assert_sw(card_rig_set_status(card, 0, 0x4080, card_rig_stand_in), SW_OK);
        assert_sw(card_rig_set_status(card, 0, 0x4000, card_rig_stand_in), SW_OK);
        assert_sw(card_rig_set_status(card, 0, 0x4080, card_rig_provider), SW_OK);
        assert_refused(card, card_rig_set_status(card, 0, 0x4000, card_rig_provider), SW_CONDITIONS);
}

static void wrong_steps_are_refused(void **state)
{
        struct card_rig *card = *state;
        static const uint8_t p1[] = { 0x00, 0x01, 0x10, 0x20, 0x41, 0x81, 0xC0, 0xFF };
        for (size_t i = 0; i < sizeof p1; i++)
                assert_refused(card,
                        card_rig_set_status(card, 0, (uint16_t)(p1[i] << 8 | 0x80), card_rig_stand_in),
                        SW_WRONG_P1P2);
        assert_refused(card, card_rig_set_status(card, 0, 0x4080, card_rig_issuer), SW_NO_REFERENCE);
        assert_refused(card, card_rig_set_status(card, 0, 0x4080, card_rig_provider), SW_NO_REFERENCE);
        assert_refused(
                card, card_rig_set_status(card, 0, 0x4080, native_named("jpki")->aid), SW_NO_REFERENCE);
        assert_refused(card, card_rig_set_status(card, 0, 0x4080, nothing), SW_NO_REFERENCE);
}

/* ---- GET STATUS ---- */

/* "E3 { 4F, 9F70, C5, C4, CC, CE, 84 }": each entry once, in pieces that fit a short answer. */
static void the_registry_is_told_in_pieces(void **state)
{
        struct card_rig *card = *state;
        static const uint8_t all[] = { 0x4F, 0x00 };
        uint8_t aid[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x20 };
        unsigned counted = 0, pieces = 1;
        for (int i = 0; i < 12; i++, aid[7]++)
                assert_sw(card_rig_make_domain(card, 0, SLICE(aid), 0x800000, nothing), SW_OK);
        uint16_t sw = card_rig_secured(card, 0, 0x80F24002, SLICE(all));
        for (;; pieces++) {
                assert_true(card->rig.data.size <= 239);
                reader r = reader_over(card->rig.data, NULL, NULL);
                while (r.rest.size) {
                        struct tlv entry;
                        slice field;
                        assert_int_equal(tlv_read(&r, "entry", &entry).code, MITOME_OK);
                        assert_int_equal(entry.tag, 0xE3);
                        assert_int_equal(
                                tlv_find_fixed(entry.value, 0x9F70, "life", 1, &field, NULL).code, MITOME_OK);
                        assert_int_equal(
                                tlv_find_fixed(entry.value, 0xC5, "privileges", 3, &field, NULL).code,
                                MITOME_OK);
                        assert_int_equal(
                                tlv_find(entry.value, 0xC4, "load file", &field, NULL).code, MITOME_OK);
                        assert_int_equal(tlv_find(entry.value, 0xCC, "domain", &field, NULL).code, MITOME_OK);
                        assert_true(slice_equal(field, card_rig_issuer));
                        counted++;
                }
                if (sw != SW_MORE_DATA)
                        break;
                sw = card_rig_secured(card, 0, 0x80F24003, SLICE(all));
        }
        assert_sw(sw, SW_OK);
        assert_int_equal(counted, 16);
        assert_true(pieces > 2);
        assert_refused(
                card, card_rig_secured(card, 0, 0x80F24003, SLICE(all)), SW_CONDITIONS); /* nothing follows */
}

static void the_issuer_is_told_as_clients_expect(void **state)
{
        struct card_rig *card = *state;
        static const uint8_t all[] = { 0x4F, 0x00 }, some[] = { 0x4F, 0x00, 0x5C, 0x03, 0x9F, 0x70, 0x4F };
        static const uint8_t whole[] = { 0xE3, 0x1B, 0x4F, 0x07, 0xA0, 0, 0, 1, 0x51, 0, 0, 0x9F, 0x70, 0x01,
                0x01, 0xC5, 0x03, 0x9C, 0x5C, 0x00, 0xCC, 0x07, 0xA0, 0, 0, 1, 0x51, 0, 0 };
        static const uint8_t part[] = { 0xE3, 0x0D, 0x4F, 0x07, 0xA0, 0, 0, 1, 0x51, 0, 0, 0x9F, 0x70, 0x01,
                0x01 };
        assert_sw(card_rig_secured(card, 0, 0x80F28002, SLICE(all)), SW_OK);
        assert_true(slice_equal(card->rig.data, SLICE(whole)));
        assert_sw(card_rig_secured(card, 0, 0x80F28002, SLICE(some)), SW_OK);
        assert_true(slice_equal(card->rig.data, SLICE(part)));
        assert_sw(card_rig_secured(card, 0, 0x80F21002, SLICE(all)), SW_OK);
        slice entry, field;
        reader r = reader_over(card->rig.data, NULL, NULL);
        struct tlv tlv;
        assert_int_equal(tlv_read(&r, "entry", &tlv).code, MITOME_OK);
        entry = tlv.value;
        assert_int_equal(tlv_find(entry, 0x84, "module", &field, NULL).code, MITOME_OK);
        assert_true(slice_equal(field, card_rig_domain_module));
        assert_int_equal(tlv_find_fixed(entry, 0xCE, "version", 2, &field, NULL).code, MITOME_OK);
}

static void wrong_questions_are_refused(void **state)
{
        struct card_rig *card = *state;
        static const uint8_t all[] = { 0x4F, 0x00 }, no_aid[] = { 0x5C, 0x00 },
                             unknown[] = { 0x4F, 0x02, 0xA0, 0x55 };
        for (unsigned p1 = 0; p1 <= 0xFF; p1++)
                if (p1 != 0x80 && p1 != 0x40 && p1 != 0x20 && p1 != 0x10)
                        assert_refused(card, card_rig_secured(card, 0, 0x80F20002 | p1 << 8, SLICE(all)),
                                SW_WRONG_P1P2);
        for (unsigned p2 = 0; p2 <= 0xFF; p2++)
                if (p2 != 0x02 && p2 != 0x03)
                        assert_refused(
                                card, card_rig_secured(card, 0, 0x80F28000 | p2, SLICE(all)), SW_WRONG_P1P2);
        assert_refused(card, card_rig_secured(card, 0, 0x80F28002, nothing), SW_WRONG_DATA);
        assert_refused(card, card_rig_secured(card, 0, 0x80F28002, SLICE(no_aid)), SW_WRONG_DATA);
        assert_refused(card, card_rig_secured(card, 0, 0x80F28002, slice_of(all, 1)), SW_WRONG_DATA);
        assert_refused(card, card_rig_secured(card, 0, 0x80F24002, SLICE(unknown)), SW_NO_REFERENCE);
        assert_refused(card, card_rig_secured(card, 0, 0x80F28003, SLICE(all)), SW_CONDITIONS);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(the_card_goes_its_steps_only),
                TEST(a_locked_card_is_unlocked_only),
                TEST(the_lock_reaches_other_channels),
                TEST(a_terminated_card_is_dead),
                TEST(an_application_is_locked_and_unlocked),
                TEST(the_lock_is_at_once),
                TEST(a_locked_domain_serves_nobody),
                TEST(keys_of_a_locked_domain_open_nothing_below),
                TEST(a_domain_is_locked_with_its_own),
                TEST(a_domain_locks_its_own),
                TEST(wrong_steps_are_refused),
                TEST(the_registry_is_told_in_pieces),
                TEST(the_issuer_is_told_as_clients_expect),
                TEST(wrong_questions_are_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
