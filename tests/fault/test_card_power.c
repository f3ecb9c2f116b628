/* SPDX-License-Identifier: Apache-2.0 */
/* The card manager under power cuts: the registry is as it was before a command or as it is after it, never
 * between, and of two key sets one opens the card. */
#include "card_rig.h"
#include "native.h"
#include "power_sweep.h"
#include "store.h"
#include "tlv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const slice nothing = { 0 };
static const uint8_t content[] = { 'f', 'e', 'l', 'i', 'c', 'a' };

#define assert_sw(call, wanted) assert_int_equal((call), (wanted))

/* How many of the operation's steps were answered 9000: promises. */
struct known {
        unsigned steps;
};

/* ---- stations ---- */

/* Opens a session with what has this AID, or tells that the card has other keys. */
static bool opens(struct element_rig *rig, slice aid, const struct scp03_keys *keys)
{
        static const uint8_t challenge[] = { 8, 7, 6, 5, 4, 3, 2, 1 };
        uint8_t bytes[64];
        writer w = WRITER(bytes);
        if (element_rig_select(rig, aid) != SW_OK ||
                element_rig_command(rig, 0x80500000, SLICE(challenge)) != SW_OK)
                return false;
        if (scp03_host_authenticate(
                    &rig->host, keys, SCP03_LEVEL_ALL, aid, SLICE(challenge), rig->data, &w, NULL)
                        .code != MITOME_OK)
                return false;
        if (element_rig_transmit(rig, writer_view(&w)) == SW_OK)
                return true;
        scp03_close(&rig->host);
        return false;
}

static bool opens_issuer(struct element_rig *rig)
{
        const struct scp03_keys keys = card_rig_factory();
        return opens(rig, card_rig_issuer, &keys);
}

/* A step of an operation; after a cut there are none. */
static bool step(struct element_rig *rig, struct known *known, uint32_t head, slice data)
{
        if (rig->sw != SW_OK || !rig->host.open || element_rig_secured(rig, head, data) != SW_OK)
                return false;
        known->steps++;
        return true;
}

static slice tagged(slice aid, uint8_t buffer[32])
{
        writer w = writer_over(buffer, 32);
        tlv_write(&w, 0x4F, aid);
        return writer_view(&w);
}

/* The life of an entry, 0: there is none. The issuer's session must be open. */
static uint8_t life_of(struct element_rig *rig, uint8_t p1, slice aid)
{
        uint8_t bytes[32];
        slice entry, life;
        if (element_rig_secured(rig, 0x80F20002 | (uint32_t)p1 << 8, tagged(aid, bytes)) != SW_OK)
                return 0;
        assert_int_equal(tlv_find(rig->data, 0xE3, "entry", &entry, NULL).code, MITOME_OK);
        assert_int_equal(tlv_find_fixed(entry, 0x9F70, "life", 1, &life, NULL).code, MITOME_OK);
        return life.data[0];
}

static void prepare(struct element_rig *rig)
{
        element_rig_open(rig);
        element_rig_personalise(rig);
        assert_sw(element_rig_channel(rig, card_rig_stand_in, &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(rig, 0x80E28000, SLICE(content)), SW_OK);
        element_rig_off(rig);
}

static void sweep(void (*operate)(struct element_rig *, void *),
        void (*check)(struct element_rig *, const struct power_sweep_cut *, void *), unsigned least)
{
        struct element_rig rig = { 0 };
        const struct known known = { 0 };
        prepare(&rig);
        unsigned writes = power_sweep(&rig, &(struct power_sweep){ operate, check, &known, sizeof known });
        assert_true(writes >= least);
        print_message("%u writes\n", writes);
        element_rig_close(&rig);
}

static void check_stand_in(struct element_rig *rig)
{
        assert_sw(element_rig_select(rig, card_rig_stand_in), SW_OK);
        assert_sw(element_rig_command(rig, 0x00B00000, nothing), SW_OK);
        assert_true(slice_equal(rig->data, SLICE(content)));
}

/* ---- DELETE ---- */

static void delete_jpki(struct element_rig *rig, void *context)
{
        uint8_t bytes[32];
        if (opens_issuer(rig))
                step(rig, context, 0x80E40000, tagged(element_rig_jpki, bytes));
}

static void check_deleted(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        const struct known *known = context;
        uint8_t buffer[4096];
        assert_true(cut->at || known->steps == 1);
        assert_true(opens_issuer(rig));
        bool there = life_of(rig, 0x40, element_rig_jpki) != 0;
        assert_false(there && known->steps);
        check_stand_in(rig);
        if (there) {
                assert_sw(element_rig_select(rig, element_rig_jpki), SW_OK);
                assert_sw(element_rig_select_file(rig, 0x0018), SW_OK);
                assert_sw(element_rig_command(rig, 0x00200080, slice_text(ELEMENT_RIG_PIN)), SW_OK);
        }
        for (uint32_t id = 0x0100; id <= 0x01FF; id++) /* all files, or none */
                if (id == 0x0101 || id == 0x010A || id == 0x0117 || id == 0x011A)
                        assert_int_equal(element_rig_stored(rig, id, buffer, sizeof buffer).size != 0, there);
}

static void deletion_is_whole(void **state)
{
        (void)state;
        sweep(delete_jpki, check_deleted, 4);
}

/* ---- LOAD and INSTALL ---- */

static slice fields_of(const struct native_file *native, bool load, uint8_t buffer[128])
{
        static const uint8_t load_rest[] = { 0, 0, 0, 0 }, install_rest[] = { 1, 0, 2, 0xC9, 0, 0 };
        writer w = writer_over(buffer, 128);
        write_u8(&w, (uint8_t)native->aid.size);
        write_slice(&w, native->aid);
        for (int i = 0; !load && i < 2; i++) {
                write_u8(&w, (uint8_t)native->module.size);
                write_slice(&w, native->module);
        }
        write_slice(&w, load ? SLICE(load_rest) : SLICE(install_rest));
        return writer_view(&w);
}

static void load_again(struct element_rig *rig, void *context)
{
        uint8_t bytes[LOAD_FILE_MAX + 4], file[LOAD_FILE_MAX];
        const struct native_file *native = native_named("ara");
        writer f = WRITER(file), w = WRITER(bytes);
        native_write_load_file(native, &f);
        tlv_write(&w, 0xC4, writer_view(&f));
        uint8_t fields[128], tag[32];
        if (opens_issuer(rig) && step(rig, context, 0x80E40080, tagged(native->aid, tag)) &&
                step(rig, context, 0x80E60200, fields_of(native, true, fields)) &&
                step(rig, context, 0x80E88000, writer_view(&w)))
                step(rig, context, 0x80E60C00, fields_of(native, false, fields));
}

static void check_loaded(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        const struct known *known = context;
        const struct native_file *native = native_named("ara");
        assert_true(cut->at || known->steps == 4);
        assert_true(opens_issuer(rig));
        bool file = life_of(rig, 0x20, native->aid) == 0x01;
        uint8_t instance = life_of(rig, 0x40, native->module);
        assert_true(instance == 0 || (instance == 0x07 && file));
        if (known->steps == 3)
                assert_true(file);
        if (known->steps == 4)
                assert_int_equal(instance, 0x07);
        if (known->steps == 1 || known->steps == 2)
                assert_int_equal(instance, 0);
        assert_sw(element_rig_select(rig, native->module), instance ? SW_OK : SW_NOT_FOUND);
        check_stand_in(rig);
}

static void loading_is_whole(void **state)
{
        (void)state;
        sweep(load_again, check_loaded, 6);
}

/* ---- PUT KEY ---- */

static void rotate(struct element_rig *rig, void *context)
{
        uint8_t bytes[160];
        const struct scp03_keys factory = card_rig_factory(), next = card_rig_keys(32, 0x21);
        const slice dek = slice_of(factory.dek, factory.size);
        if (opens_issuer(rig))
                step(rig, context, 0x80D80181, card_rig_key_data(0x02, &next, dek, true, bytes));
}

static void check_rotated(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        const struct known *known = context;
        const struct scp03_keys next = card_rig_keys(32, 0x21);
        assert_true(cut->at || known->steps == 1);
        bool former = opens_issuer(rig);
        assert_int_equal(opens(rig, card_rig_issuer, &next), !former);
        assert_false(former && known->steps);
        uint8_t buffer[128]; /* of the other one nothing is left */
        bool first = element_rig_stored(rig, 0x04000100, buffer, sizeof buffer).size != 0;
        bool second = element_rig_stored(rig, 0x04000200, buffer, sizeof buffer).size != 0;
        assert_true(first == former && second != former);
}

static void a_rotation_leaves_one_set(void **state)
{
        (void)state;
        sweep(rotate, check_rotated, 4);
}

/* ---- a provider's domain ---- */

static void hand_over(struct element_rig *rig, void *context)
{
        static const uint8_t rest[] = { 1, 0x80, 2, 0xC9, 0, 0 }, ends[] = { 0, 0, 0 };
        uint8_t bytes[160], keys[160];
        const struct scp03_keys factory = card_rig_factory(), own = card_rig_keys(16, 0x31);
        const slice aids[] = { card_rig_domain_file, card_rig_domain_module, card_rig_provider };
        writer w = WRITER(bytes);
        for (int i = 0; i < 3; i++) {
                write_u8(&w, (uint8_t)aids[i].size);
                write_slice(&w, aids[i]);
        }
        write_slice(&w, SLICE(rest));
        if (!opens_issuer(rig) || !step(rig, context, 0x80E60C00, writer_view(&w)))
                return;
        w = WRITER(bytes);
        write_u8(&w, (uint8_t)card_rig_provider.size);
        write_slice(&w, card_rig_provider);
        write_u8(&w, 0);
        write_u8(&w, (uint8_t)card_rig_stand_in.size);
        write_slice(&w, card_rig_stand_in);
        write_slice(&w, SLICE(ends));
        if (!step(rig, context, 0x80E61000, writer_view(&w)) || !opens(rig, card_rig_provider, &factory))
                return;
        const slice dek = slice_of(factory.dek, factory.size);
        step(rig, context, 0x80D80081, card_rig_key_data(0x30, &own, dek, true, keys));
}

/* Who has the keys of the stand-in: never both, never nobody; and its content is what it was. */
static void check_handed_over(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        const struct known *known = context;
        const struct scp03_keys factory = card_rig_factory(), own = card_rig_keys(16, 0x31);
        assert_true(cut->at || known->steps == 3);
        check_stand_in(rig);
        bool issuer = opens(rig, card_rig_stand_in, &factory);
        assert_int_equal(opens(rig, card_rig_stand_in, &own), !issuer);
        assert_false(issuer && known->steps == 3);
        assert_true(opens_issuer(rig));
        uint8_t life = life_of(rig, 0x40, card_rig_provider);
        assert_true(life == (issuer ? 0x07 : 0x0F) || (life == 0 && known->steps == 0));
}

static void a_handover_has_one_owner(void **state)
{
        (void)state;
        sweep(hand_over, check_handed_over, 9);
}

/* ---- SET STATUS ---- */

static void live(struct element_rig *rig, void *context)
{
        static const uint8_t lives[] = { 0x07, 0x0F, 0x7F, 0x0F, 0x7F };
        if (!opens_issuer(rig))
                return;
        for (size_t i = 0; i < sizeof lives; i++)
                if (!step(rig, context, 0x80F08000 | lives[i], nothing))
                        return;
}

static void check_life(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        static const uint8_t after[] = { 0x01, 0x07, 0x0F, 0x7F, 0x0F, 0x7F };
        const struct known *known = context;
        assert_true(cut->at || known->steps == 5);
        uint16_t sw = element_rig_select(rig, card_rig_issuer);
        assert_true(sw == SW_OK || sw == SW_CARD_LOCKED);
        assert_sw(element_rig_select(rig, element_rig_jpki), sw == SW_OK ? SW_OK : SW_NOT_FOUND);
        bool now = (after[known->steps] == 0x7F) == (sw == SW_CARD_LOCKED);
        bool next = known->steps < 5 && (after[known->steps + 1] == 0x7F) == (sw == SW_CARD_LOCKED);
        assert_true(now || next);
        if (cut->moment == POWER_CUT_BEFORE || cut->moment == POWER_CUT_TORN || !cut->at)
                assert_true(now);
}

static void a_lock_is_on_or_off(void **state)
{
        (void)state;
        sweep(live, check_life, 8);
}

/* ---- tries ---- */

enum { GUESSES = 5 };

static void guess(struct element_rig *rig, void *context)
{
        static const uint8_t challenge[] = { 8, 7, 6, 5, 4, 3, 2, 1 }, wrong[16] = { 0 };
        struct known *known = context;
        for (int i = 0; i < GUESSES; i++)
                if (element_rig_command(rig, 0x80500000, SLICE(challenge)) == SW_OK &&
                        element_rig_command(rig, 0x84823300, SLICE(wrong)) == 0x6300)
                        known->steps++;
}

static void check_tries(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        const struct known *known = context;
        uint8_t buffer[4];
        slice tries = element_rig_stored(rig, 0x04000102, buffer, sizeof buffer);
        (void)cut;
        assert_int_equal(tries.size, 1);
        assert_true(tries.data[0] <= 10 - known->steps); /* none is won */
        assert_true(tries.data[0] + 1U >= 10 - known->steps);
}

static void no_try_is_won(void **state)
{
        (void)state;
        sweep(guess, check_tries, 2 * GUESSES);
}

/* ---- migration ---- */

static void put(struct store *store, uint32_t id, slice bytes)
{
        assert_int_equal(store_put(store, id, bytes, NULL).code, MITOME_OK);
}

static void make_older(struct element_rig *rig)
{
        static const uint8_t tries[] = { 3 }, sequence[] = { 0, 0, 0x12, 0x34 };
        struct store *store;
        uint8_t keys[48];
        writer w = WRITER(keys);
        write_slice(&w, slice_of(element_rig_keys.enc, 16));
        write_slice(&w, slice_of(element_rig_keys.mac, 16));
        write_slice(&w, slice_of(element_rig_keys.dek, 16));
        element_rig_configure(rig);
        assert_int_equal(element_rig_create_store(rig), MITOME_OK);
        assert_int_equal(store_open(&rig->config, &store, NULL).code, MITOME_OK);
        put(store, 0x0001, SLICE(keys));
        put(store, 0x0002, SLICE(sequence));
        put(store, 0x0021, SLICE(tries));
        put(store, 0x0022, SLICE(tries));
        assert_int_equal(store_commit(store, NULL).code, MITOME_OK);
        store_close(store);
}

/* The one write by which an element of before the registry becomes one with it. */
static void a_migration_is_whole(void **state)
{
        (void)state;
        for (int moment = POWER_CUT_BEFORE; moment <= POWER_CUT_AFTER; moment++) {
                struct element_rig rig = { 0 };
                make_older(&rig);
                power_cut_arm(&rig.medium, 1, (enum power_cut_moment)moment);
                assert_int_not_equal(mitome_element_open(&rig.config, &rig.element, NULL).code, MITOME_OK);
                assert_null(rig.element);
                power_cut_on(&rig.medium);
                element_rig_open(&rig);
                assert_true(opens_issuer(&rig));
                assert_int_equal(life_of(&rig, 0x40, element_rig_jpki), 0x07);
                assert_sw(element_rig_command(&rig, 0x80CA00C1, nothing), SW_OK);
                assert_int_equal(rig.data.data[4], 0x35);
                element_rig_close(&rig);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(deletion_is_whole),
                cmocka_unit_test(loading_is_whole),
                cmocka_unit_test(a_rotation_leaves_one_set),
                cmocka_unit_test(a_handover_has_one_owner),
                cmocka_unit_test(a_lock_is_on_or_off),
                cmocka_unit_test(no_try_is_won),
                cmocka_unit_test(a_migration_is_whole),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
