/* SPDX-License-Identifier: Apache-2.0 */
/* The element's store: transactions, its image and journal, its anchor, and everything that it must refuse.
 * Power cuts and other faults: tests/fault/test_store_power.c, test_store_faults.c. */
#include "power_cut.h"
#include "store.h"
#include "store_image.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NAME = 10, NONCE = 24, TAG = 16 };

/* A source that never gives the same bytes twice, and can run dry. */
struct numbers {
        uint64_t next;
        bool dry;
};

static int fill(void *context, uint8_t *bytes, size_t size)
{
        struct numbers *numbers = context;
        if (numbers->dry)
                return -1;
        uint8_t seed[randombytes_SEEDBYTES] = { 0 };
        numbers->next++;
        memcpy(seed, &numbers->next, sizeof numbers->next);
        randombytes_buf_deterministic(bytes, size, seed);
        return 0;
}

struct rig {
        struct power_cut medium;
        struct numbers numbers;
        struct mitome_element_config config;
        struct store *store;
};

static int set_up(void **state)
{
        struct rig *rig = calloc(1, sizeof *rig);
        rig->config.storage = power_cut_storage(&rig->medium);
        rig->config.random = (struct mitome_random){ &rig->numbers, fill };
        memset(rig->config.storage_key, 0x42, sizeof rig->config.storage_key);
        *state = rig;
        return 0;
}

static int tear_down(void **state)
{
        struct rig *rig = *state;
        store_close(rig->store);
        power_cut_free(&rig->medium);
        free(rig);
        return 0;
}

static void reopen(struct rig *rig)
{
        store_close(rig->store);
        rig->store = NULL;
        power_cut_on(&rig->medium);
        assert_int_equal(store_open(&rig->config, &rig->store, NULL).code, MITOME_OK);
}

static void create(struct rig *rig)
{
        assert_int_equal(store_create(&rig->config, &rig->store, NULL).code, MITOME_OK);
        assert_int_equal(store_commit(rig->store, NULL).code, MITOME_OK);
        reopen(rig);
}

static mitome_code create_code(struct rig *rig, mitome_error *error)
{
        struct store *store = NULL;
        mitome_status status = store_create(&rig->config, &store, error);
        if (!failed(status))
                status = store_commit(store, error);
        store_close(store);
        return status.code;
}

static void put(struct rig *rig, uint32_t id, slice bytes)
{
        assert_int_equal(store_put(rig->store, id, bytes, NULL).code, MITOME_OK);
}

static void drop(struct rig *rig, uint32_t id)
{
        assert_int_equal(store_delete(rig->store, id, NULL).code, MITOME_OK);
}

static void commit(struct rig *rig)
{
        assert_int_equal(store_commit(rig->store, NULL).code, MITOME_OK);
}

static void assert_holds(const struct rig *rig, uint32_t id, slice bytes)
{
        bool found = false;
        slice stored = store_get(rig->store, id, &found);
        assert_true(found);
        assert_true(slice_equal(stored, bytes));
}

static void assert_lacks(const struct rig *rig, uint32_t id)
{
        bool found = true;
        assert_int_equal(store_get(rig->store, id, &found).size, 0);
        assert_false(found);
}

static mitome_code open_code(struct rig *rig, mitome_error *error)
{
        struct store *store = NULL;
        mitome_status status = store_open(&rig->config, &store, error);
        assert_true(failed(status) == (store == NULL));
        store_close(store);
        return status.code;
}

/* ---- what it keeps ---- */

static void keeps_what_was_committed(void **state)
{
        struct rig *rig = *state;
        uint8_t largest[STORE_OBJECT_MAX];
        memset(largest, 0x99, sizeof largest);
        create(rig);
        put(rig, UINT32_MAX, slice_text("last"));
        put(rig, 0, slice_text("first"));
        put(rig, 7, SLICE(largest));
        put(rig, 6, slice_of(NULL, 0));
        commit(rig);
        for (int i = 0; i < 2; i++) {
                assert_holds(rig, 0, slice_text("first"));
                assert_holds(rig, 6, slice_of(NULL, 0));
                assert_holds(rig, 7, SLICE(largest));
                assert_holds(rig, UINT32_MAX, slice_text("last"));
                assert_lacks(rig, 1);
                reopen(rig);
        }
}

static void shows_nothing_before_the_commit(void **state)
{
        struct rig *rig = *state;
        create(rig);
        put(rig, 1, slice_text("old"));
        commit(rig);
        put(rig, 1, slice_text("new"));
        put(rig, 2, slice_text("more"));
        assert_holds(rig, 1, slice_text("old"));
        assert_lacks(rig, 2);
        drop(rig, 1);
        assert_holds(rig, 1, slice_text("old"));
        store_rollback(rig->store);
        commit(rig);
        assert_holds(rig, 1, slice_text("old"));
        assert_lacks(rig, 2);
        reopen(rig);
        assert_holds(rig, 1, slice_text("old"));
        assert_lacks(rig, 2);
}

static void the_newest_change_of_an_object_counts(void **state)
{
        struct rig *rig = *state;
        create(rig);
        put(rig, 1, slice_text("a"));
        put(rig, 1, slice_text("b"));
        put(rig, 2, slice_text("gone"));
        drop(rig, 2);
        drop(rig, 3);
        put(rig, 3, slice_text("back"));
        drop(rig, 99); /* never was there */
        commit(rig);
        reopen(rig);
        assert_holds(rig, 1, slice_text("b"));
        assert_lacks(rig, 2);
        assert_holds(rig, 3, slice_text("back"));
        drop(rig, 1);
        commit(rig);
        reopen(rig);
        assert_lacks(rig, 1);
        assert_holds(rig, 3, slice_text("back"));
}

/* An object that is read and written again as it is, from its own place. */
static void takes_views_of_its_own_objects(void **state)
{
        struct rig *rig = *state;
        bool found;
        create(rig);
        put(rig, 1, slice_text("bytes"));
        commit(rig);
        put(rig, 1, store_get(rig->store, 1, &found));
        put(rig, 2, store_get(rig->store, 1, &found));
        commit(rig);
        assert_holds(rig, 1, slice_text("bytes"));
        assert_holds(rig, 2, slice_text("bytes"));
}

static void walks_by_rising_id(void **state)
{
        struct rig *rig = *state;
        static const uint32_t ids[] = { 500, 3, UINT32_MAX, 100, 0, 101 };
        uint32_t id = 77;
        create(rig);
        assert_false(store_next(rig->store, 0, UINT32_MAX, &id));
        assert_int_equal(id, 77);
        for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
                put(rig, ids[i], slice_text("x"));
        assert_false(store_next(rig->store, 0, UINT32_MAX, &id)); /* not committed yet */
        commit(rig);
        static const struct {
                uint32_t from, to, next;
                bool found;
        } walks[] = {
                { 0, UINT32_MAX, 0, true },
                { 1, UINT32_MAX, 3, true },
                { 4, 99, 0, false },
                { 4, 100, 100, true },
                { 101, 101, 101, true },
                { 102, 500, 500, true },
                { 501, UINT32_MAX - 1, 0, false },
                { 501, UINT32_MAX, UINT32_MAX, true },
                { UINT32_MAX, UINT32_MAX, UINT32_MAX, true },
                { 500, 100, 0, false },
        };
        for (size_t i = 0; i < sizeof walks / sizeof walks[0]; i++) {
                assert_int_equal(store_next(rig->store, walks[i].from, walks[i].to, &id), walks[i].found);
                if (walks[i].found)
                        assert_int_equal(id, walks[i].next);
        }
}

/* Against a plain array, over many small transactions. */
static void agrees_with_a_simple_model(void **state)
{
        struct rig *rig = *state;
        enum { IDS = 16 };
        struct {
                bool there;
                uint8_t bytes[3];
        } kept[IDS] = { 0 }, next[IDS];
        uint32_t noise = 12345;
        create(rig);
        for (int round = 0; round < 300; round++) {
                memcpy(next, kept, sizeof next);
                for (int change = 0; change < round % 7; change++) {
                        noise = noise * 1664525 + 1013904223;
                        uint32_t id = noise >> 16 & (IDS - 1);
                        next[id].there = noise >> 30;
                        memset(next[id].bytes, round, 3);
                        if (next[id].there)
                                put(rig, id, SLICE(next[id].bytes));
                        else
                                drop(rig, id);
                }
                if (noise >> 28 & 1) {
                        commit(rig);
                        memcpy(kept, next, sizeof kept);
                } else {
                        store_rollback(rig->store);
                }
                if (round % 10 == 0)
                        reopen(rig);
                for (uint32_t id = 0; id < IDS; id++) {
                        if (kept[id].there)
                                assert_holds(rig, id, SLICE(kept[id].bytes));
                        else
                                assert_lacks(rig, id);
                }
        }
}

/* ---- limits ---- */

static void an_object_has_a_largest_size(void **state)
{
        struct rig *rig = *state;
        static const uint8_t too_long[STORE_OBJECT_MAX + 1];
        mitome_error error = { 0 };
        create(rig);
        assert_int_equal(store_put(rig->store, 1, SLICE(too_long), &error).code, MITOME_E_TOO_LONG);
        assert_int_equal(error.code, MITOME_E_TOO_LONG);
        commit(rig);
        assert_lacks(rig, 1);
}

static void a_full_store_refuses_and_goes_on(void **state)
{
        struct rig *rig = *state;
        mitome_error error = { 0 };
        create(rig);
        for (uint32_t id = 0; id < STORE_OBJECTS_MAX; id++)
                put(rig, id, slice_text("x"));
        commit(rig);
        unsigned replaces = rig->medium.writes;
        put(rig, STORE_OBJECTS_MAX, slice_text("one too many"));
        put(rig, 5, slice_text("changed"));
        assert_int_equal(store_commit(rig->store, &error).code, MITOME_E_FULL);
        assert_int_equal(error.code, MITOME_E_FULL);
        assert_int_equal(rig->medium.writes, replaces);
        assert_holds(rig, 5, slice_text("x"));
        put(rig, STORE_OBJECTS_MAX, slice_text("in the place of another"));
        drop(rig, 5);
        commit(rig);
        reopen(rig);
        assert_lacks(rig, 5);
        assert_holds(rig, STORE_OBJECTS_MAX, slice_text("in the place of another"));
}

static void the_objects_together_have_a_largest_size(void **state)
{
        struct rig *rig = *state;
        static const uint8_t large[STORE_OBJECT_MAX];
        create(rig);
        uint32_t fit = (STORE_SIZE_MAX - 4) / (STORE_OBJECT_MAX + 8);
        for (uint32_t id = 0; id < fit; id++)
                put(rig, id, SLICE(large));
        commit(rig);
        assert_true(rig->medium.size <= 16 * 1024 * 1024 + 512);
        put(rig, fit, SLICE(large));
        assert_int_equal(store_commit(rig->store, NULL).code, MITOME_E_FULL);
        reopen(rig);
        assert_lacks(rig, fit);
        assert_holds(rig, fit - 1, SLICE(large));
}

/* ---- the image ---- */

static void prepare(struct rig *rig)
{
        create(rig);
        put(rig, 1, slice_text("a secret that must not show"));
        put(rig, 0x01020304, slice_text("x"));
        commit(rig);
        power_cut_on(&rig->medium);
}

/* By other means than the store's own. */
static void unseal(uint8_t *plain, const uint8_t *sealed, size_t sealed_size, const uint8_t *bound,
        size_t bound_size, const uint8_t *nonce, const uint8_t *key)
{
        unsigned long long size = 0;
        assert_int_equal(crypto_aead_xchacha20poly1305_ietf_decrypt(
                                 plain, &size, NULL, sealed, sealed_size, bound, bound_size, nonce, key),
                0);
        assert_int_equal(size, sealed_size - TAG);
}

/* "magic, u16 version 2, u64 anchor, u32 size; nonce, the image's own key; nonce, the list", then records. */
static void the_medium_has_the_documented_layout(void **state)
{
        struct rig *rig = *state;
        static const uint8_t list[] = { 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 'a', 'b', 'c', 1, 2, 3, 4, 0, 0,
                0, 0 };
        static const uint8_t changed[] = { 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 'd', 'e' };
        enum { KEY_NONCE = 22, KEY = 46, LIST_NONCE = 94, LIST = 118, IMAGE = LIST + sizeof list + TAG };
        assert_int_equal(store_create(&rig->config, &rig->store, NULL).code, MITOME_OK);
        put(rig, 0x01020304, slice_of(NULL, 0));
        put(rig, 1, slice_text("abc"));
        commit(rig);
        put(rig, 1, slice_text("de"));
        commit(rig);
        const uint8_t *image = rig->medium.image, *record = image + IMAGE;
        uint8_t key[32], plain[sizeof list], bound[8 + TAG + 20] = { [7] = 1 }; /* the first record */
        assert_int_equal(rig->medium.size, IMAGE + 16 + 4 + NONCE + sizeof changed + TAG);
        assert_memory_equal(image, "MITOMESE\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x27", 22);
        unseal(key, image + KEY, 32 + TAG, image, 22, image + KEY_NONCE, rig->config.storage_key);
        unseal(plain, image + LIST, sizeof list + TAG, image, LIST_NONCE, image + LIST_NONCE, key);
        assert_memory_equal(plain, list, sizeof list);
        memcpy(bound + 8, image + IMAGE - TAG, TAG);
        memcpy(bound + 8 + TAG, record, 20);
        assert_memory_equal(record + 16, "\x00\x00\x00\x1E", 4);
        unseal(plain, record + 20 + NONCE, sizeof changed + TAG, bound, sizeof bound, record + 20, key);
        assert_memory_equal(plain, changed, sizeof changed);
}

static void nothing_shows_and_no_image_is_like_another(void **state)
{
        struct rig *rig = *state;
        prepare(rig);
        assert_null(memmem(rig->medium.image, rig->medium.size, "secret", 6));
        reopen(rig);
        put(rig, 1, slice_text("a secret that must not show")); /* the same again: a new image */
        commit(rig);
        size_t size = rig->medium.size;
        uint8_t *before = malloc(size);
        memcpy(before, rig->medium.image, size);
        put(rig, 1, slice_text("a secret that must not show"));
        commit(rig);
        assert_int_equal(rig->medium.size, size);
        assert_memory_equal(before, rig->medium.image, 22);
        for (size_t at = 22; at + 8 <= size; at++) /* nonces, the sealed key, the list */
                assert_null(memmem(rig->medium.image, size, before + at, 8));
        free(before);
}

static void assert_refused(struct rig *rig, mitome_code code)
{
        size_t size = rig->medium.size;
        uint8_t *before = malloc(size + 1);
        memcpy(before, rig->medium.image, size);
        unsigned writes = rig->medium.writes;
        mitome_error error = { 0 };
        assert_int_equal(open_code(rig, &error), code);
        assert_int_equal(error.code, code);
        assert_int_equal(create_code(rig, NULL), MITOME_E_STORE_EXISTS);
        assert_int_equal(rig->medium.writes, writes); /* never overwritten */
        assert_int_equal(rig->medium.size, size);
        assert_memory_equal(before, rig->medium.image, size);
        free(before);
}

static void set_image(struct rig *rig, const void *bytes, size_t size)
{
        uint8_t *copy = malloc(size + 1);
        memcpy(copy, bytes, size);
        free(rig->medium.image);
        rig->medium.image = copy;
        rig->medium.size = size;
}

/* An image and three records behind it, which count object 1 up to 3; where each ends. */
struct recorded {
        uint8_t bytes[2048];
        size_t ends[4];
};

static void set_counter(struct rig *rig, uint8_t value)
{
        put(rig, 1, slice_of(&value, 1));
        commit(rig);
}

static void record(struct rig *rig, struct recorded *ret)
{
        create(rig);
        put(rig, 7, slice_text("something long enough to be a secret"));
        set_counter(rig, 0);
        drop(rig, 99);
        put(rig, 7, slice_text("another thing, long enough to be one")); /* all in the image */
        set_counter(rig, 0);
        ret->ends[0] = rig->medium.size;
        for (uint8_t value = 1; value <= 3; value++) {
                set_counter(rig, value);
                ret->ends[value] = rig->medium.size;
        }
        assert_true(ret->ends[3] <= sizeof ret->bytes);
        memcpy(ret->bytes, rig->medium.image, ret->ends[3]);
        store_close(rig->store);
        rig->store = NULL;
        power_cut_on(&rig->medium);
}

static void assert_counts(struct rig *rig, uint8_t value)
{
        reopen(rig);
        assert_holds(rig, 1, slice_of(&value, 1));
        assert_holds(rig, 7, slice_text("another thing, long enough to be one"));
        store_close(rig->store);
        rig->store = NULL;
}

static void assert_counts_only(struct rig *rig, uint8_t value)
{
        reopen(rig);
        assert_holds(rig, 1, slice_of(&value, 1));
        store_close(rig->store);
        rig->store = NULL;
}

/* An image is whole or refused; a journal may end at any byte: what was appended last was perhaps torn. */
static void every_truncation_is_refused_or_torn(void **state)
{
        struct rig *rig = *state;
        struct recorded recorded;
        record(rig, &recorded);
        for (size_t size = 0; size <= recorded.ends[3]; size++) {
                set_image(rig, recorded.bytes, size);
                if (size < recorded.ends[0]) {
                        assert_refused(rig, size < NAME ? MITOME_E_STORE_FOREIGN : MITOME_E_STORE_SEAL);
                        continue;
                }
                uint8_t whole = 0;
                while (whole < 3 && size >= recorded.ends[whole + 1])
                        whole++;
                assert_counts(rig, whole);
                assert_int_equal(rig->medium.writes, 0); /* opening writes nothing */
        }
}

static void every_changed_bit_is_refused_before_the_last_record(void **state)
{
        struct rig *rig = *state;
        struct recorded recorded;
        record(rig, &recorded);
        for (size_t bit = 0; bit < recorded.ends[3] * 8; bit++) {
                set_image(rig, recorded.bytes, recorded.ends[3]);
                rig->medium.image[bit / 8] ^= (uint8_t)(1 << bit % 8);
                bool version_one = bit / 8 == 9 && rig->medium.image[9] == 1; /* then its seal is wrong */
                if (bit / 8 >= recorded.ends[2])
                        assert_counts(rig, 2); /* it may have been torn */
                else
                        assert_refused(rig, bit / 8 < NAME && !version_one ? MITOME_E_STORE_FOREIGN
                                                                           : MITOME_E_STORE_SEAL);
        }
        set_image(rig, recorded.bytes, recorded.ends[3]);
        assert_counts(rig, 3);
}

/* A record that is torn is never appended to: the next commit writes an image. */
static void a_torn_record_is_dropped_and_replaced(void **state)
{
        struct rig *rig = *state;
        struct recorded recorded;
        record(rig, &recorded);
        for (size_t size = recorded.ends[2] + 1; size < recorded.ends[3]; size++) {
                set_image(rig, recorded.bytes, size);
                reopen(rig);
                set_counter(rig, 9);
                assert_int_equal(rig->medium.replaces, 1);
                set_counter(rig, 10);
                assert_int_equal(rig->medium.replaces, 1);
                assert_counts(rig, 10);
        }
        /* Bytes of another file, and of any length up to a record's: nothing of this image is behind. */
        static uint8_t garbage[STORE_RECORD_MAX + 4096];
        randombytes_buf_deterministic(garbage, sizeof garbage, (const uint8_t[randombytes_SEEDBYTES]){ 7 });
        memcpy(garbage, recorded.bytes, recorded.ends[3]);
        static const size_t lengths[] = { 1, 15, 16, 20, 43, 44, 60, 1000, STORE_RECORD_MAX };
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
                set_image(rig, garbage, recorded.ends[3] + lengths[i]);
                assert_counts(rig, 3);
                memset(rig->medium.image + recorded.ends[3], 0, lengths[i]);
                assert_counts(rig, 3);
        }
        set_image(rig, garbage, recorded.ends[3] + STORE_RECORD_MAX + 1); /* no record is as long */
        assert_refused(rig, MITOME_E_STORE_SEAL);
}

struct piece {
        int from, to; /* of `ends`: the records between; from -1 is the image */
};

static void set_pieces(struct rig *rig, const struct recorded *recorded, const struct piece *pieces)
{
        uint8_t bytes[4096];
        size_t used = 0;
        for (; pieces->to >= 0; pieces++) {
                size_t from = pieces->from < 0 ? 0 : recorded->ends[pieces->from];
                memcpy(bytes + used, recorded->bytes + from, recorded->ends[pieces->to] - from);
                used += recorded->ends[pieces->to] - from;
        }
        set_image(rig, bytes, used);
}

#define PIECES(...) ((const struct piece[]){ { -1, 0 }, __VA_ARGS__, { 0, -1 } })

/* "records are chained": each opens behind the one that it was appended to. What is wrong at the end cannot
 * be told from a torn record, and is left out like one. */
static void records_open_in_their_order_alone(void **state)
{
        struct rig *rig = *state;
        struct recorded recorded;
        record(rig, &recorded);
        set_pieces(rig, &recorded, PIECES({ 0, 1 }, { 1, 2 }, { 2, 3 }));
        assert_counts(rig, 3);
        static const struct piece wrong[][6] = {
                { { -1, 0 }, { 1, 2 }, { 2, 3 }, { 0, -1 } },           /* the first is gone */
                { { -1, 0 }, { 1, 2 }, { 0, 1 }, { 2, 3 }, { 0, -1 } }, /* exchanged */
                { { -1, 0 }, { 0, 1 }, { 0, 1 }, { 1, 2 }, { 0, -1 } }, /* twice */
                { { -1, 0 }, { 2, 3 }, { 0, 3 }, { 0, -1 } },
        };
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
                set_pieces(rig, &recorded, wrong[i]);
                assert_refused(rig, MITOME_E_STORE_SEAL);
        }
        set_pieces(rig, &recorded, PIECES({ 0, 1 }, { 2, 3 })); /* the one in the middle is gone */
        assert_counts(rig, 1);
        set_pieces(rig, &recorded, PIECES({ 0, 3 }, { 2, 3 })); /* the last one twice */
        assert_counts(rig, 3);
}

/* Two lives of the same state, each continued for itself: no record of one goes on in the other. */
static void records_of_another_life_do_not_open(void **state)
{
        struct rig *rig = *state;
        struct recorded recorded;
        uint8_t other[2048];
        record(rig, &recorded);
        set_image(rig, recorded.bytes, recorded.ends[1]);
        reopen(rig);
        set_counter(rig, 12);
        set_counter(rig, 13);
        size_t size = rig->medium.size;
        assert_int_equal(size, recorded.ends[3]);
        memcpy(other, rig->medium.image, size);
        memcpy(other + recorded.ends[1], recorded.bytes + recorded.ends[1],
                recorded.ends[2] - recorded.ends[1]); /* the third record follows another second one */
        set_image(rig, other, size);
        store_close(rig->store);
        rig->store = NULL;
        assert_counts(rig, 2);
}

static void records_of_another_image_do_not_open(void **state)
{
        struct rig *rig = *state;
        struct recorded first;
        uint8_t bytes[4096];
        record(rig, &first);
        reopen(rig);
        put(rig, 7, slice_text("another thing, long enough to be one")); /* a new image of the same */
        commit(rig);
        size_t size = rig->medium.size;
        memcpy(bytes, rig->medium.image, size);
        memcpy(bytes + size, first.bytes + first.ends[0], first.ends[1] - first.ends[0]);
        set_image(rig, bytes, size + first.ends[1] - first.ends[0]);
        store_close(rig->store);
        rig->store = NULL;
        assert_counts(rig, 3);
}

static void what_is_not_ours_is_foreign(void **state)
{
        struct rig *rig = *state;
        static const char *const foreign[] = { "", "M", "#!/bin/sh\nexit 0\n", "mitomese\x00\x01",
                "MITOMESE" };
        for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
                set_image(rig, foreign[i], strlen(foreign[i]));
                assert_refused(rig, MITOME_E_STORE_FOREIGN);
        }
}

static void another_key_does_not_open_it(void **state)
{
        struct rig *rig = *state;
        prepare(rig);
        rig->config.storage_key[31] ^= 0x80;
        assert_refused(rig, MITOME_E_STORE_SEAL);
}

/* ---- the former version ---- */

/* A version 1 image, as its own description had it: "magic, version, nonce, then XChaCha20-Poly1305 over the
 * list of objects with magic and version as associated data". */
static void seal_former(struct rig *rig, uint16_t version, const uint8_t *list, size_t size)
{
        uint8_t image[256] = "MITOMESE";
        unsigned long long sealed;
        assert_true(NAME + NONCE + size + TAG <= sizeof image);
        image[8] = (uint8_t)(version >> 8);
        image[9] = (uint8_t)version;
        crypto_aead_xchacha20poly1305_ietf_encrypt(image + NAME + NONCE, &sealed, list, size, image, NAME,
                NULL, image + NAME, rig->config.storage_key);
        set_image(rig, image, NAME + NONCE + size + TAG);
}

/* Two objects, 1 {a b} and 2 {c}. */
static const uint8_t good_list[] = { 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 'a', 'b', 0, 0, 0, 2, 0, 0, 0, 1,
        'c' };

static void the_former_version_is_brought_up_at_once(void **state)
{
        struct rig *rig = *state;
        seal_former(rig, 1, good_list, sizeof good_list);
        assert_int_equal(store_open(&rig->config, &rig->store, NULL).code, MITOME_OK);
        assert_int_equal(rig->medium.replaces, 1);
        assert_memory_equal(rig->medium.image, "MITOMESE\x00\x02", NAME);
        for (int i = 0; i < 2; i++) {
                assert_holds(rig, 1, slice_text("ab"));
                assert_holds(rig, 2, slice_text("c"));
                put(rig, 3, slice_text("new"));
                commit(rig);
                reopen(rig);
                assert_int_equal(rig->medium.writes, 0); /* once */
        }
        assert_holds(rig, 3, slice_text("new"));
}

static void a_former_version_that_cannot_be_written_is_not_opened(void **state)
{
        struct rig *rig = *state;
        mitome_error error = { 0 };
        seal_former(rig, 1, good_list, sizeof good_list);
        rig->numbers.dry = true;
        assert_int_equal(open_code(rig, &error), MITOME_E_NO_RANDOMNESS);
        assert_int_equal(error.code, MITOME_E_NO_RANDOMNESS);
        assert_memory_equal(rig->medium.image, "MITOMESE\x00\x01", NAME);
}

static void a_damaged_former_version_is_refused(void **state)
{
        struct rig *rig = *state;
        seal_former(rig, 1, good_list, sizeof good_list);
        size_t whole = rig->medium.size;
        for (size_t size = 0; size < whole; size++) {
                rig->medium.size = size;
                assert_refused(rig, size < NAME ? MITOME_E_STORE_FOREIGN : MITOME_E_STORE_SEAL);
        }
        rig->medium.size = whole;
        for (size_t at = NAME; at < whole; at++) {
                rig->medium.image[at] ^= 0x10;
                assert_refused(rig, MITOME_E_STORE_SEAL);
                rig->medium.image[at] ^= 0x10;
        }
}

static void other_versions_are_foreign(void **state)
{
        struct rig *rig = *state;
        static const uint16_t versions[] = { 0, 3, 0x0101, 0x0201, 0xFFFF };
        for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
                seal_former(rig, versions[i], good_list, sizeof good_list);
                assert_refused(rig, MITOME_E_STORE_FOREIGN);
        }
}

/* ---- lists: sealed with the right key, and yet not what a store writes ---- */

static mitome_code read_list(const uint8_t *list, size_t size, mitome_error *error)
{
        struct store_objects objects = { 0 };
        uint8_t *exact = malloc(size ? size : 1); /* so that a sanitizer sees a byte too far */
        memcpy(exact, list, size);
        mitome_status status = store_objects_read(slice_of(exact, size), &objects, error);
        if (failed(status))
                assert_null(objects.list); /* untouched */
        store_objects_free(&objects);
        free(exact);
        return status.code;
}

static void seal_image(struct rig *rig, const uint8_t *list, size_t list_size, struct store_journal *journal)
{
        uint8_t image[512];
        size_t size = STORE_IMAGE_HEAD + list_size + TAG;
        assert_true(size <= sizeof image);
        memcpy(image + STORE_IMAGE_HEAD, list, list_size);
        assert_int_equal(store_image_seal(&rig->config, 0, image, size, journal, NULL).code, MITOME_OK);
        set_image(rig, image, size);
}

static void seal_record(struct rig *rig, const uint8_t *list, size_t list_size, struct store_journal *journal)
{
        uint8_t bytes[1024];
        size_t before = rig->medium.size, size = STORE_RECORD_HEAD + list_size + TAG;
        assert_true(before + size <= sizeof bytes);
        memcpy(bytes, rig->medium.image, before);
        memcpy(bytes + before + STORE_RECORD_HEAD, list, list_size);
        assert_int_equal(store_record_seal(&rig->config, journal, bytes + before, size, journal, NULL).code,
                MITOME_OK);
        set_image(rig, bytes, before + size);
}

static void assert_list_refused(struct rig *rig, const uint8_t *list, size_t size, mitome_code code)
{
        static const uint8_t empty[4];
        struct store_journal journal;
        mitome_error error = { 0 };
        assert_int_equal(read_list(list, size, &error), code);
        assert_int_equal(error.code, code);
        assert_true(error.at <= size);
        assert_non_null(error.field);
        seal_former(rig, 1, list, size);
        assert_refused(rig, code);
        seal_image(rig, list, size, &journal);
        assert_refused(rig, code);
        seal_image(rig, empty, sizeof empty, &journal);
        seal_record(rig, list, size, &journal);
        assert_refused(rig, code);
}

static void the_object_list_is_strict(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(read_list(good_list, sizeof good_list, NULL), MITOME_OK);
        for (size_t size = 0; size < sizeof good_list; size++)
                assert_list_refused(rig, good_list, size, MITOME_E_INPUT_ENDS);
        static const struct {
                size_t at;
                uint8_t value;
                mitome_code code;
        } bad[] = {
                { 3, 1, MITOME_E_TRAILING_BYTES }, /* counted too few */
                { 3, 3, MITOME_E_INPUT_ENDS },     /* and too many */
                { 2, 0x10, MITOME_E_INPUT_ENDS },  /* 4098, and room for no more than two is made */
                { 1, 0x01, MITOME_E_TOO_MANY },    /* 65538 */
                { 0, 0xFF, MITOME_E_TOO_MANY },
                { 7, 2, MITOME_E_VALUE },        /* the same id twice */
                { 7, 3, MITOME_E_VALUE },        /* falling */
                { 10, 0x10, MITOME_E_TOO_LONG }, /* 4098 */
                { 8, 0xFF, MITOME_E_TOO_LONG },
        };
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                uint8_t list[sizeof good_list];
                memcpy(list, good_list, sizeof list);
                list[bad[i].at] = bad[i].value;
                assert_list_refused(rig, list, sizeof list, bad[i].code);
        }
}

/* A record that destroys what it replaces, or changes nothing, was not written by a commit. */
static void a_record_holds_what_a_commit_appends(void **state)
{
        struct rig *rig = *state;
        static const uint8_t image[] = { 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0,
                0, 2, 0, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8 };
        static const uint8_t secret[] = { 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 'x' };
        static const uint8_t counter[] = { 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 'x' };
        static const uint8_t none[] = { 0, 0, 0, 0 };
        struct store_journal journal;
        seal_image(rig, image, sizeof image, &journal);
        seal_record(rig, counter, sizeof counter, &journal);
        seal_record(rig, counter, sizeof counter, &journal);
        assert_int_equal(open_code(rig, NULL), MITOME_OK);
        seal_image(rig, image, sizeof image, &journal);
        seal_record(rig, secret, sizeof secret, &journal);
        assert_refused(rig, MITOME_E_VALUE);
        seal_image(rig, image, sizeof image, &journal);
        seal_record(rig, none, sizeof none, &journal);
        assert_refused(rig, MITOME_E_VALUE);
}

/* ---- what is appended, and what is written anew ---- */

static void counters_and_new_objects_are_appended(void **state)
{
        struct rig *rig = *state;
        static const uint8_t eight[8], large[STORE_OBJECT_MAX];
        create(rig);
        put(rig, 1, SLICE(eight));
        commit(rig);
        put(rig, 1, SLICE(large)); /* what it replaces is small */
        put(rig, 2, SLICE(large));
        put(rig, 3, slice_text("counter"));
        commit(rig);
        put(rig, 3, slice_text("x"));
        commit(rig);
        drop(rig, 99);
        put(rig, 3, slice_text("y"));
        commit(rig);
        assert_int_equal(rig->medium.replaces, 0);
        assert_int_equal(rig->medium.writes, 4);
        reopen(rig);
        assert_holds(rig, 1, SLICE(large));
        assert_holds(rig, 2, SLICE(large));
        assert_holds(rig, 3, slice_text("y"));
}

static void a_commit_of_nothing_writes_nothing(void **state)
{
        struct rig *rig = *state;
        create(rig);
        commit(rig);
        drop(rig, 99);
        commit(rig);
        put(rig, 5, slice_text("x"));
        drop(rig, 5);
        commit(rig);
        assert_int_equal(rig->medium.writes, 0);
}

/* What a key was and what opened it: the image's own key, found with the storage key, opens none of it any
 * more once the image is replaced. */
static void what_destroys_makes_a_new_image_and_a_new_key(void **state)
{
        struct rig *rig = *state;
        uint8_t keys[4][32];
        create(rig);
        put(rig, 1, slice_text("123456789")); /* more than a counter */
        put(rig, 2, slice_text("12345678"));
        commit(rig);
        for (int i = 0; i < 4; i++) {
                if (i == 1)
                        put(rig, 1, slice_text("short"));
                if (i == 2)
                        drop(rig, 1);
                if (i == 3)
                        drop(rig, 2);
                commit(rig);
                assert_int_equal(rig->medium.replaces, i);
                const uint8_t *image = rig->medium.image;
                unseal(keys[i], image + 46, 32 + TAG, image, 22, image + 22, rig->config.storage_key);
                for (int former = 0; former < i; former++)
                        assert_memory_not_equal(keys[former], keys[i], 32);
        }
        reopen(rig);
        assert_lacks(rig, 1);
        assert_lacks(rig, 2);
}

static void a_large_commit_goes_into_an_image(void **state)
{
        struct rig *rig = *state;
        static const uint8_t large[STORE_OBJECT_MAX];
        create(rig);
        for (uint32_t id = 0; id < 17; id++)
                put(rig, id, SLICE(large));
        commit(rig);
        assert_int_equal(rig->medium.replaces, 1);
        reopen(rig);
        assert_holds(rig, 16, SLICE(large));
}

static void storage_that_cannot_append_is_replaced(void **state)
{
        struct rig *rig = *state;
        rig->config.storage.append = NULL;
        create(rig);
        set_counter(rig, 1);
        set_counter(rig, 2);
        assert_int_equal(rig->medium.replaces, 2);
        reopen(rig);
        assert_holds(rig, 1, slice_of("\x02", 1));
}

/* "wear and size bounded": over many commits the medium never holds more than image and journal, and for each
 * byte appended about one is written anew. */
static void wear_and_size_are_bounded(void **state)
{
        struct rig *rig = *state;
        static const struct {
                unsigned objects;
                size_t journal; /* its most */
        } sizes[] = { { 10, STORE_JOURNAL_LEAST }, { 1000, 1000 * (250 + 8) + 512 } };
        for (size_t i = 0; i < 2; i++) {
                static const uint8_t credential[250];
                enum { COMMITS = 20000 };
                create(rig);
                for (uint32_t id = 0; id < sizes[i].objects; id++)
                        put(rig, 100 + id, SLICE(credential));
                set_counter(rig, 0);
                reopen(rig);
                size_t largest = 0, appended = 0, replaced = 0, before = rig->medium.size;
                for (unsigned n = 1; n <= COMMITS; n++) {
                        uint8_t value[4] = { 0, 0, (uint8_t)(n >> 8), (uint8_t)n };
                        unsigned replaces = rig->medium.replaces;
                        put(rig, 1, SLICE(value));
                        commit(rig);
                        if (rig->medium.replaces > replaces)
                                replaced += rig->medium.size;
                        else
                                appended += rig->medium.size - before;
                        before = rig->medium.size;
                        largest = before > largest ? before : largest;
                }
                assert_true(largest <= sizes[i].journal + sizes[i].objects * 258 + 1024);
                assert_true(rig->medium.replaces > 0);
                assert_true(replaced <= appended + appended / 10);
                print_message("%u objects, %d counters: %zu bytes appended, %zu written anew in %u images, "
                              "%zu at most\n",
                        sizes[i].objects, COMMITS, appended, replaced, rig->medium.replaces, largest);
                store_close(rig->store);
                rig->store = NULL;
                power_cut_free(&rig->medium);
        }
}

/* ---- the anchor ---- */

static void anchor(struct rig *rig)
{
        rig->config.anchor = power_cut_anchor(&rig->medium);
}

static void every_commit_raises_the_anchor(void **state)
{
        struct rig *rig = *state;
        anchor(rig);
        create(rig);
        assert_int_equal(rig->medium.anchor, 2);
        set_counter(rig, 1);
        put(rig, 2, slice_text("more than eight bytes"));
        commit(rig);
        drop(rig, 2); /* an image */
        commit(rig);
        assert_int_equal(rig->medium.anchor, 5);
        commit(rig); /* nothing */
        assert_int_equal(rig->medium.anchor, 5);
        reopen(rig); /* so does every opening */
        assert_int_equal(rig->medium.anchor, 6);
        set_counter(rig, 2);
        assert_int_equal(rig->medium.anchor, 7);
        reopen(rig);
}

struct copy {
        uint8_t bytes[4096];
        size_t size;
        uint64_t anchor;
};

static struct copy copy_medium(const struct rig *rig)
{
        struct copy copy = { .size = rig->medium.size, .anchor = rig->medium.anchor };
        assert_true(copy.size <= sizeof copy.bytes);
        memcpy(copy.bytes, rig->medium.image, copy.size);
        return copy;
}

static void assert_rolled_back(struct rig *rig, const struct copy *copy, mitome_code code)
{
        store_close(rig->store);
        rig->store = NULL;
        set_image(rig, copy->bytes, copy->size);
        assert_refused(rig, code);
}

/* "A restored older image of the file is detected when the host keeps the anchor" */
static void an_older_state_is_detected(void **state)
{
        struct rig *rig = *state;
        struct copy copies[6];
        anchor(rig);
        create(rig);
        for (uint8_t i = 0; i < 6; i++) { /* appended and anew, by turns */
                put(rig, 5, slice_of("a verifier, longer than eight", i % 2 ? 20u : 21u));
                set_counter(rig, i);
                set_counter(rig, i);
                copies[i] = copy_medium(rig);
        }
        for (int i = 0; i < 5; i++)
                assert_rolled_back(rig, &copies[i], MITOME_E_STORE_ROLLED_BACK);
        struct copy cut = copies[5]; /* the last record cut off, or damaged: as old */
        cut.size--;
        assert_rolled_back(rig, &cut, MITOME_E_STORE_ROLLED_BACK);
        cut = copies[5];
        cut.bytes[cut.size - 1] ^= 1;
        assert_rolled_back(rig, &cut, MITOME_E_STORE_ROLLED_BACK);
        set_image(rig, copies[5].bytes, copies[5].size); /* the newest goes on */
        assert_counts_only(rig, 5);
}

/* The state that a life leaves which was cut off after it had written and before it raised the anchor. */
static struct copy cut_off(struct rig *rig, bool anew)
{
        put(rig, 9, anew ? slice_text("in the place of something") : slice_text("something"));
        put(rig, anew ? 10 : 11, slice_of(NULL, 0));
        power_cut_arm(&rig->medium, 2, POWER_CUT_BEFORE);
        assert_true(failed(store_commit(rig->store, NULL)));
        return copy_medium(rig);
}

/* Such a state is as high as what the next life writes. It must not come in the place of what that one has
 * answered: of a try that was spent, for one. */
static void a_state_that_was_cut_off_is_not_kept_for_later(void **state)
{
        struct rig *rig = *state;
        anchor(rig);
        create(rig);
        for (int anew = 0; anew < 2; anew++) { /* appended, then an image */
                set_counter(rig, 3);
                struct copy before = copy_medium(rig);
                struct copy early = cut_off(rig, anew);
                set_image(rig, before.bytes, before.size);
                reopen(rig);
                struct copy opened = copy_medium(rig);
                struct copy late = cut_off(rig, anew);
                set_image(rig, opened.bytes, opened.size);
                reopen(rig);
                set_counter(rig, 2); /* answered */
                struct copy after = copy_medium(rig);
                assert_rolled_back(rig, &early, MITOME_E_STORE_ROLLED_BACK);
                assert_rolled_back(rig, &late, MITOME_E_STORE_ROLLED_BACK);
                set_image(rig, after.bytes, after.size);
                reopen(rig);
                assert_holds(rig, 1, slice_of("\x02", 1));
                put(rig, 9, slice_text("something"));
                commit(rig);
        }
}

/* "the documentation says what is not detectable": store.h and element.h do; this shows it. */
static void what_cannot_be_detected_is_not(void **state)
{
        struct rig *rig = *state;
        create(rig);
        set_counter(rig, 3);
        struct copy copy = copy_medium(rig);
        set_counter(rig, 2);
        set_image(rig, copy.bytes, copy.size); /* no anchor */
        assert_counts_only(rig, 3);
        anchor(rig);
        assert_counts_only(rig, 3);
        reopen(rig);
        copy = copy_medium(rig);
        set_counter(rig, 2);
        set_image(rig, copy.bytes, copy.size); /* the anchor was put back along with it */
        rig->medium.anchor = copy.anchor;
        assert_counts_only(rig, 3);
}

static void a_state_is_brought_to_an_anchor(void **state)
{
        struct rig *rig = *state;
        create(rig);
        set_counter(rig, 1);
        struct copy before = copy_medium(rig);
        anchor(rig);
        reopen(rig);
        assert_int_equal(rig->medium.anchor, 1);
        assert_int_equal(rig->medium.replaces, 1);
        assert_rolled_back(rig, &before, MITOME_E_STORE_ROLLED_BACK); /* from before it had one */
        seal_former(rig, 1, good_list, sizeof good_list);
        assert_refused(rig, MITOME_E_STORE_ROLLED_BACK);
        rig->medium.anchor = 0;
        power_cut_on(&rig->medium);
        assert_int_equal(open_code(rig, NULL), MITOME_OK); /* version and anchor in one */
        assert_int_equal(rig->medium.anchor, 1);
        assert_int_equal(rig->medium.replaces, 1);
}

static void state_and_anchor_must_belong_together(void **state)
{
        struct rig *rig = *state;
        anchor(rig);
        rig->medium.anchor = 100; /* of an element before this one */
        create(rig);
        for (uint8_t i = 0; i < 5; i++)
                set_counter(rig, i);
        struct copy copy = copy_medium(rig);
        assert_int_equal(copy.anchor, 107);
        rig->medium.anchor = 106; /* a commit whose anchor was not raised any more */
        assert_counts_only(rig, 4);
        assert_int_equal(rig->medium.anchor, 108); /* that one, and the opening */
        static const uint64_t others[] = { 0, 1, 105 };
        for (size_t i = 0; i < 3; i++) {
                rig->medium.anchor = others[i];
                assert_rolled_back(rig, &copy, MITOME_E_STORE_ANCHOR);
        }
        rig->medium.anchor = 108;
        assert_rolled_back(rig, &copy, MITOME_E_STORE_ROLLED_BACK);
        rig->medium.anchor = UINT64_MAX;
        assert_rolled_back(rig, &copy, MITOME_E_STORE_ROLLED_BACK);
        rig->config.anchor = (struct mitome_anchor){ 0 }; /* the host names none any more */
        assert_rolled_back(rig, &copy, MITOME_E_STORE_ANCHOR);
}

/* ---- storage ---- */

static void nothing_stored_is_missing(void **state)
{
        struct rig *rig = *state;
        mitome_error error = { 0 };
        assert_int_equal(open_code(rig, &error), MITOME_E_STORE_MISSING);
        assert_int_equal(error.code, MITOME_E_STORE_MISSING);
        assert_int_equal(rig->medium.writes, 0);
}

static void a_new_store_is_written_by_its_first_commit(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(store_create(&rig->config, &rig->store, NULL).code, MITOME_OK);
        assert_null(rig->medium.image);
        put(rig, 1, slice_text("x"));
        store_rollback(rig->store);
        commit(rig);
        assert_int_equal(rig->medium.writes, 1);
        reopen(rig);
        assert_lacks(rig, 1);
}

static void a_state_is_never_created_twice(void **state)
{
        struct rig *rig = *state;
        prepare(rig);
        assert_int_equal(create_code(rig, NULL), MITOME_E_STORE_EXISTS);
        assert_int_equal(rig->medium.writes, 0);
        reopen(rig);
        assert_holds(rig, 0x01020304, slice_text("x"));
        rig->medium.off = true; /* unreadable: perhaps there is one */
        mitome_error error = { 0 };
        assert_int_equal(create_code(rig, &error), MITOME_E_FILE_READ);
        assert_int_equal(error.code, MITOME_E_FILE_READ);
        error = (mitome_error){ 0 };
        assert_int_equal(open_code(rig, &error), MITOME_E_FILE_READ);
}

/* Who writes to the same medium in between is noticed, and nothing is written behind what he wrote. */
static void two_stores_on_one_medium_do_not_mix(void **state)
{
        struct rig *rig = *state;
        struct store *other;
        mitome_error error = { 0 };
        create(rig);
        set_counter(rig, 1);
        assert_int_equal(store_open(&rig->config, &other, NULL).code, MITOME_OK);
        set_counter(rig, 2);
        assert_int_equal(store_put(other, 1, slice_text("z"), NULL).code, MITOME_OK);
        assert_int_equal(store_commit(other, &error).code, MITOME_E_STORE_APPEND);
        assert_int_equal(error.code, MITOME_E_STORE_APPEND);
        assert_true(store_is_broken(other));
        assert_int_equal(store_commit(other, NULL).code, MITOME_E_STORE_BROKEN);
        store_close(other);
        assert_counts_only(rig, 2);
}

static void a_failed_commit_stops_the_store(void **state)
{
        struct rig *rig = *state;
        for (int anew = 0; anew < 2; anew++) {
                mitome_error error = { 0 };
                power_cut_free(&rig->medium);
                prepare(rig);
                put(rig, 9, slice_text("new"));
                if (anew)
                        drop(rig, 1);
                power_cut_arm(&rig->medium, 1, POWER_CUT_BEFORE);
                assert_int_equal(store_commit(rig->store, &error).code, MITOME_E_FILE_WRITE);
                assert_true(store_is_broken(rig->store));
                assert_lacks(rig, 9);
                rig->medium.off = false; /* even if the medium comes back */
                put(rig, 9, slice_text("again"));
                error = (mitome_error){ 0 };
                assert_int_equal(store_commit(rig->store, &error).code, MITOME_E_STORE_BROKEN);
                assert_int_equal(error.code, MITOME_E_STORE_BROKEN);
                assert_int_equal(rig->medium.writes, 1);
                assert_lacks(rig, 9);
                reopen(rig);
                assert_false(store_is_broken(rig->store));
                assert_lacks(rig, 9);
                put(rig, 9, slice_text("once more"));
                commit(rig);
                assert_holds(rig, 9, slice_text("once more"));
                store_close(rig->store);
                rig->store = NULL;
        }
}

static void nothing_is_sealed_without_randomness(void **state)
{
        struct rig *rig = *state;
        rig->numbers.dry = true;
        mitome_error error = { 0 };
        assert_int_equal(create_code(rig, &error), MITOME_E_NO_RANDOMNESS);
        assert_int_equal(error.code, MITOME_E_NO_RANDOMNESS);
        assert_null(rig->medium.image);
        rig->numbers.dry = false;
        prepare(rig);
        for (int anew = 0; anew < 2; anew++) {
                rig->numbers.dry = true;
                put(rig, 9, slice_text("new"));
                if (anew)
                        drop(rig, 1);
                assert_int_equal(store_commit(rig->store, NULL).code, MITOME_E_NO_RANDOMNESS);
                assert_int_equal(rig->medium.writes, 0);
                assert_lacks(rig, 9);
                assert_false(store_is_broken(rig->store)); /* it has written nothing, and goes on */
        }
        rig->numbers.dry = false;
        put(rig, 9, slice_text("new"));
        commit(rig);
        assert_holds(rig, 9, slice_text("new"));
}

#define STORE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                STORE_TEST(keeps_what_was_committed),
                STORE_TEST(shows_nothing_before_the_commit),
                STORE_TEST(the_newest_change_of_an_object_counts),
                STORE_TEST(takes_views_of_its_own_objects),
                STORE_TEST(walks_by_rising_id),
                STORE_TEST(agrees_with_a_simple_model),
                STORE_TEST(an_object_has_a_largest_size),
                STORE_TEST(a_full_store_refuses_and_goes_on),
                STORE_TEST(the_objects_together_have_a_largest_size),
                STORE_TEST(the_medium_has_the_documented_layout),
                STORE_TEST(nothing_shows_and_no_image_is_like_another),
                STORE_TEST(every_truncation_is_refused_or_torn),
                STORE_TEST(every_changed_bit_is_refused_before_the_last_record),
                STORE_TEST(a_torn_record_is_dropped_and_replaced),
                STORE_TEST(records_open_in_their_order_alone),
                STORE_TEST(records_of_another_life_do_not_open),
                STORE_TEST(records_of_another_image_do_not_open),
                STORE_TEST(what_is_not_ours_is_foreign),
                STORE_TEST(another_key_does_not_open_it),
                STORE_TEST(the_former_version_is_brought_up_at_once),
                STORE_TEST(a_former_version_that_cannot_be_written_is_not_opened),
                STORE_TEST(a_damaged_former_version_is_refused),
                STORE_TEST(other_versions_are_foreign),
                STORE_TEST(the_object_list_is_strict),
                STORE_TEST(a_record_holds_what_a_commit_appends),
                STORE_TEST(counters_and_new_objects_are_appended),
                STORE_TEST(a_commit_of_nothing_writes_nothing),
                STORE_TEST(what_destroys_makes_a_new_image_and_a_new_key),
                STORE_TEST(a_large_commit_goes_into_an_image),
                STORE_TEST(storage_that_cannot_append_is_replaced),
                STORE_TEST(wear_and_size_are_bounded),
                STORE_TEST(every_commit_raises_the_anchor),
                STORE_TEST(an_older_state_is_detected),
                STORE_TEST(what_cannot_be_detected_is_not),
                STORE_TEST(a_state_that_was_cut_off_is_not_kept_for_later),
                STORE_TEST(a_state_is_brought_to_an_anchor),
                STORE_TEST(state_and_anchor_must_belong_together),
                STORE_TEST(nothing_stored_is_missing),
                STORE_TEST(a_new_store_is_written_by_its_first_commit),
                STORE_TEST(a_state_is_never_created_twice),
                STORE_TEST(two_stores_on_one_medium_do_not_mix),
                STORE_TEST(a_failed_commit_stops_the_store),
                STORE_TEST(nothing_is_sealed_without_randomness),
        };
        return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
