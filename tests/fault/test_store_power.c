/* SPDX-License-Identifier: Apache-2.0 */
/* The store under power cuts, before, during and after every write of a life: its creation or its migration,
 * records, images, the anchor; and again during the opening that follows. After each cut it opens as it was
 * after the last commit that was told, or the one that was under way. */
#include "power_cut.h"
#include "store.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COMMITS = 12, MOMENTS = POWER_CUT_AFTER + 1 };

struct life {
        struct power_cut medium;
        uint64_t drawn;
        struct mitome_element_config config;
        struct store *store;
        unsigned told; /* commits that were */
};

static int fill(void *context, uint8_t *bytes, size_t size)
{
        struct life *life = context;
        uint8_t seed[randombytes_SEEDBYTES] = { 0 };
        life->drawn++;
        memcpy(seed, &life->drawn, sizeof life->drawn);
        randombytes_buf_deterministic(bytes, size, seed);
        return 0;
}

/* ---- a life ---- */

enum beginning { FROM_NOTHING, FROM_VERSION_1 };

/* A version 1 image of one object: the counter, 0. */
static void lay_former(struct life *life)
{
        static const uint8_t list[] = { 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0 };
        enum { HEAD = 10 + 24 };
        unsigned long long sealed;
        uint8_t *image = calloc(1, HEAD + sizeof list + 16);
        memcpy(image, "MITOMESE\x00\x01", 10);
        crypto_aead_xchacha20poly1305_ietf_encrypt(image + HEAD, &sealed, list, sizeof list, image, 10, NULL,
                image + 10, life->config.storage_key);
        life->medium.image = image;
        life->medium.size = HEAD + sizeof list + 16;
}

static struct life *begin(enum beginning beginning, bool anchored)
{
        struct life *life = calloc(1, sizeof *life);
        life->config.storage = power_cut_storage(&life->medium);
        if (anchored)
                life->config.anchor = power_cut_anchor(&life->medium);
        life->config.random = (struct mitome_random){ life, fill };
        memset(life->config.storage_key, 0x42, sizeof life->config.storage_key);
        if (beginning == FROM_VERSION_1)
                lay_former(life);
        return life;
}

static void end(struct life *life)
{
        store_close(life->store);
        power_cut_free(&life->medium);
        free(life);
}

/* Commit n counts to n. Every third one brings an object besides, which the one after the next takes away;
 * the others replace one that is longer than a counter, now and then. */
static bool commit(struct life *life, unsigned n)
{
        uint8_t number = (uint8_t)n, key[40];
        memset(key, (int)n, sizeof key);
        bool staged = !failed(store_put(life->store, 1, slice_of(&number, 1), NULL));
        if (n % 3 == 0)
                staged = staged && !failed(store_put(life->store, 100 + n, SLICE(key), NULL));
        if (n % 3 == 2)
                staged = staged && !failed(store_delete(life->store, 100 + n - 2, NULL));
        if (n % 4 == 1)
                staged = staged && !failed(store_put(life->store, 2, SLICE(key), NULL));
        assert_true(staged);
        return !failed(store_commit(life->store, NULL));
}

/* Lives until the power goes or all is done. */
static void live(struct life *life)
{
        if (!life->medium.image) {
                if (failed(store_create(&life->config, &life->store, NULL)))
                        return;
                uint8_t zero = 0;
                assert_int_equal(store_put(life->store, 1, slice_of(&zero, 1), NULL).code, MITOME_OK);
                if (failed(store_commit(life->store, NULL)))
                        return;
        } else if (failed(store_open(&life->config, &life->store, NULL))) {
                return;
        }
        while (life->told < COMMITS && commit(life, life->told + 1))
                life->told++;
}

static unsigned counted(const struct life *life)
{
        bool found;
        slice number = store_get(life->store, 1, &found);
        assert_true(found);
        assert_int_equal(number.size, 1);
        return number.data[0];
}

/* All of it is as commit n left it. */
static void assert_as_after(const struct life *life, unsigned n)
{
        bool found;
        assert_int_equal(counted(life), n);
        for (unsigned k = 0; k <= COMMITS + 1; k++) {
                (void)store_get(life->store, 100 + k, &found);
                assert_int_equal(found, k > 0 && k % 3 == 0 && k <= n && n < k + 2);
        }
        unsigned last = 0;
        for (unsigned k = 1; k <= n; k += 4)
                last = k;
        slice key = store_get(life->store, 2, &found);
        assert_int_equal(found, last > 0);
        assert_true(!found || (key.size == 40 && key.data[0] == last && key.data[39] == last));
}

/* ---- cuts ---- */

static void power_on(struct life *life)
{
        store_close(life->store);
        life->store = NULL;
        power_cut_on(&life->medium);
}

/* Opens, with the power cut at the n-th write of the opening if it has as many. */
static bool open_cut(struct life *life, unsigned n, enum power_cut_moment moment)
{
        power_cut_arm(&life->medium, n, moment);
        mitome_code code = store_open(&life->config, &life->store, NULL).code;
        assert_int_equal(code == MITOME_OK, !life->medium.off);
        power_cut_arm(&life->medium, 0, moment);
        return life->medium.off;
}

static unsigned check(struct life *life, const struct power_cut *cut)
{
        unsigned openings = 1;
        power_on(life);
        if (!life->medium.image) { /* it was to be created, and that was not told */
                assert_int_equal(life->told, 0);
                assert_int_equal(store_open(&life->config, &life->store, NULL).code, MITOME_E_STORE_MISSING);
        } else {
                for (unsigned at = 1; open_cut(life, at, cut->moment); at++, openings++)
                        power_on(life);
                assert_in_range(counted(life), life->told, life->told + 1);
                assert_as_after(life, counted(life));
                life->told = counted(life);
        }
        store_close(life->store);
        life->store = NULL;
        live(life); /* and it goes on */
        assert_int_equal(life->told, COMMITS);
        assert_as_after(life, COMMITS);
        return openings;
}

static unsigned sweep(enum beginning beginning, bool anchored)
{
        struct life *whole = begin(beginning, anchored);
        live(whole);
        assert_int_equal(whole->told, COMMITS);
        unsigned writes = whole->medium.writes, openings = 0;
        end(whole);
        assert_int_equal(writes, (COMMITS + 1) * (anchored ? 2 : 1));
        for (unsigned at = 1; at <= writes; at++)
                for (int moment = 0; moment < MOMENTS; moment++) {
                        struct life *life = begin(beginning, anchored);
                        power_cut_arm(&life->medium, at, (enum power_cut_moment)moment);
                        live(life);
                        assert_true(life->medium.off);
                        assert_int_equal(life->medium.writes, at);
                        openings += check(life, &life->medium);
                        end(life);
                }
        print_message("%u writes, each cut before, in and after; %u openings\n", writes, openings);
        return openings;
}

static void no_cut_loses_what_was_told(void **state)
{
        (void)state;
        sweep(FROM_NOTHING, false);
}

static void no_cut_of_a_migration_does(void **state)
{
        (void)state;
        sweep(FROM_VERSION_1, false);
}

/* An opening after a cut writes, too: the anchor that was not raised, the image that was not migrated. */
static void no_cut_parts_a_state_from_its_anchor(void **state)
{
        (void)state;
        assert_true(sweep(FROM_NOTHING, true) > COMMITS * 2 * MOMENTS);
        assert_true(sweep(FROM_VERSION_1, true) > COMMITS * 2 * MOMENTS);
}

/* Nothing that a cut leaves can be put back to win a commit: whatever was answered is anchored. */
static void no_copy_from_before_an_answer_opens(void **state)
{
        (void)state;
        struct life *life = begin(FROM_NOTHING, true);
        struct {
                uint8_t *bytes;
                size_t size;
        } copies[COMMITS] = { 0 };
        for (unsigned n = 0; n < COMMITS; n++) { /* a life that stops after n commits, by its copies */
                unsigned writes = 2 + 2 * n;
                power_cut_arm(&life->medium, writes + 1, POWER_CUT_BEFORE);
                live(life);
                assert_int_equal(life->told, n);
                copies[n].size = life->medium.size;
                copies[n].bytes = malloc(life->medium.size);
                memcpy(copies[n].bytes, life->medium.image, life->medium.size);
                end(life);
                life = begin(FROM_NOTHING, true);
        }
        live(life);
        for (unsigned n = 0; n < COMMITS; n++) {
                power_on(life);
                free(life->medium.image);
                life->medium.image = copies[n].bytes;
                life->medium.size = copies[n].size;
                assert_int_equal(
                        store_open(&life->config, &life->store, NULL).code, MITOME_E_STORE_ROLLED_BACK);
        }
        end(life);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(no_cut_loses_what_was_told),
                cmocka_unit_test(no_cut_of_a_migration_does),
                cmocka_unit_test(no_cut_parts_a_state_from_its_anchor),
                cmocka_unit_test(no_copy_from_before_an_answer_opens),
        };
        return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
