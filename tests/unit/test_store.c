/* SPDX-License-Identifier: Apache-2.0 */
/* The element's store: transactions, its sealed image, and everything that it must refuse. */
#include "power_cut.h"
#include "store.h"
#include "store_image.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HEADER = 10, NONCE = 24, TAG = 16 };

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
        assert_int_equal(store_create(&rig->config, NULL).code, MITOME_OK);
        reopen(rig);
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
        uint32_t fit = STORE_SIZE_MAX / (STORE_OBJECT_MAX + 8);
        for (uint32_t id = 0; id < fit; id++)
                put(rig, id, SLICE(large));
        commit(rig);
        assert_true(rig->medium.size <= 16 * 1024 * 1024);
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
static void the_image_has_the_documented_layout(void **state)
{
        struct rig *rig = *state;
        static const uint8_t list[] = { 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 'a', 'b', 'c', 1, 2, 3, 4, 0, 0,
                0, 0 };
        create(rig);
        put(rig, 0x01020304, slice_of(NULL, 0));
        put(rig, 1, slice_text("abc"));
        commit(rig);
        const uint8_t *image = rig->medium.image;
        assert_int_equal(rig->medium.size, HEADER + NONCE + sizeof list + TAG);
        assert_memory_equal(image, "MITOMESE\x00\x01", HEADER);
        uint8_t plain[sizeof list];
        unsigned long long size = 0;
        assert_int_equal(
                crypto_aead_xchacha20poly1305_ietf_decrypt(plain, &size, NULL, image + HEADER + NONCE,
                        sizeof list + TAG, image, HEADER, image + HEADER, rig->config.storage_key),
                0);
        assert_int_equal(size, sizeof list);
        assert_memory_equal(plain, list, sizeof list);
}

static void nothing_shows_and_no_image_is_like_another(void **state)
{
        struct rig *rig = *state;
        prepare(rig);
        assert_null(memmem(rig->medium.image, rig->medium.size, "secret", 6));
        size_t size = rig->medium.size;
        uint8_t *before = malloc(size);
        memcpy(before, rig->medium.image, size);
        commit(rig); /* the same objects */
        assert_int_equal(rig->medium.size, size);
        assert_memory_equal(before, rig->medium.image, HEADER);
        assert_memory_not_equal(before + HEADER, rig->medium.image + HEADER, NONCE);
        assert_memory_not_equal(
                before + HEADER + NONCE, rig->medium.image + HEADER + NONCE, size - HEADER - NONCE);
        free(before);
}

static void assert_refused(struct rig *rig, mitome_code code)
{
        size_t size = rig->medium.size;
        uint8_t *before = malloc(size + 1);
        memcpy(before, rig->medium.image, size);
        mitome_error error = { 0 };
        assert_int_equal(open_code(rig, &error), code);
        assert_int_equal(error.code, code);
        assert_int_equal(store_create(&rig->config, NULL).code, MITOME_E_STORE_EXISTS);
        assert_int_equal(rig->medium.writes, 0); /* never overwritten */
        assert_int_equal(rig->medium.size, size);
        assert_memory_equal(before, rig->medium.image, size);
        free(before);
}

static void every_truncation_is_refused(void **state)
{
        struct rig *rig = *state;
        prepare(rig);
        size_t whole = rig->medium.size;
        for (size_t size = 0; size < whole; size++) {
                rig->medium.size = size;
                assert_refused(rig, size < HEADER ? MITOME_E_STORE_FOREIGN : MITOME_E_STORE_SEAL);
        }
        rig->medium.size = whole;
        assert_int_equal(open_code(rig, NULL), MITOME_OK);
}

static void every_changed_bit_is_refused(void **state)
{
        struct rig *rig = *state;
        prepare(rig);
        for (size_t bit = 0; bit < rig->medium.size * 8; bit++) {
                rig->medium.image[bit / 8] ^= (uint8_t)(1 << bit % 8);
                assert_refused(rig, bit / 8 < HEADER ? MITOME_E_STORE_FOREIGN : MITOME_E_STORE_SEAL);
                rig->medium.image[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        assert_int_equal(open_code(rig, NULL), MITOME_OK);
}

static void set_image(struct rig *rig, const void *bytes, size_t size)
{
        free(rig->medium.image);
        rig->medium.image = malloc(size + 1);
        memcpy(rig->medium.image, bytes, size);
        rig->medium.size = size;
}

static void bytes_behind_the_image_are_refused(void **state)
{
        struct rig *rig = *state;
        prepare(rig);
        uint8_t longer[512] = { 0 };
        size_t size = rig->medium.size;
        assert_true(size < sizeof longer);
        memcpy(longer, rig->medium.image, size);
        set_image(rig, longer, size + 1);
        assert_refused(rig, MITOME_E_STORE_SEAL);
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

/* Sealed with the right key, and yet not what a store writes. */
static void seal(struct rig *rig, uint16_t version, const uint8_t *list, size_t size)
{
        uint8_t image[256] = "MITOMESE";
        unsigned long long sealed;
        assert_true(HEADER + NONCE + size + TAG <= sizeof image);
        image[8] = (uint8_t)(version >> 8);
        image[9] = (uint8_t)version;
        crypto_aead_xchacha20poly1305_ietf_encrypt(image + HEADER + NONCE, &sealed, list, size, image, HEADER,
                NULL, image + HEADER, rig->config.storage_key);
        set_image(rig, image, HEADER + NONCE + size + TAG);
}

static void a_newer_version_is_foreign(void **state)
{
        struct rig *rig = *state;
        static const uint8_t empty[4];
        seal(rig, 1, empty, sizeof empty);
        assert_int_equal(open_code(rig, NULL), MITOME_OK);
        seal(rig, 2, empty, sizeof empty);
        assert_refused(rig, MITOME_E_STORE_FOREIGN);
        seal(rig, 0, empty, sizeof empty);
        assert_refused(rig, MITOME_E_STORE_FOREIGN);
        seal(rig, 0x0101, empty, sizeof empty);
        assert_refused(rig, MITOME_E_STORE_FOREIGN);
}

/* Two objects, 1 {a b} and 2 {c}. */
static const uint8_t good_list[] = { 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 'a', 'b', 0, 0, 0, 2, 0, 0, 0, 1,
        'c' };

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

static void the_object_list_is_strict(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(read_list(good_list, sizeof good_list, NULL), MITOME_OK);
        for (size_t size = 0; size < sizeof good_list; size++) {
                mitome_error error = { 0 };
                assert_int_equal(read_list(good_list, size, &error), MITOME_E_INPUT_ENDS);
                assert_true(error.at <= size);
                assert_non_null(error.field);
                seal(rig, 1, good_list, size);
                assert_refused(rig, MITOME_E_INPUT_ENDS);
        }
        static const struct {
                size_t at;
                uint8_t value;
                mitome_code code;
        } bad[] = {
                { 3, 1, MITOME_E_TRAILING_BYTES }, /* counted too few */
                { 3, 3, MITOME_E_INPUT_ENDS },     /* and too many */
                { 2, 0x10, MITOME_E_TOO_MANY },    /* 4098 */
                { 0, 0xFF, MITOME_E_TOO_MANY },
                { 7, 2, MITOME_E_VALUE },        /* the same id twice */
                { 7, 3, MITOME_E_VALUE },        /* falling */
                { 10, 0x10, MITOME_E_TOO_LONG }, /* 4098 */
                { 8, 0xFF, MITOME_E_TOO_LONG },
        };
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                uint8_t list[sizeof good_list];
                mitome_error error = { 0 };
                memcpy(list, good_list, sizeof list);
                list[bad[i].at] = bad[i].value;
                assert_int_equal(read_list(list, sizeof list, &error), bad[i].code);
                assert_int_equal(error.code, bad[i].code);
                seal(rig, 1, list, sizeof list);
                assert_refused(rig, bad[i].code);
        }
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

static void a_state_is_never_created_twice(void **state)
{
        struct rig *rig = *state;
        prepare(rig);
        assert_int_equal(store_create(&rig->config, NULL).code, MITOME_E_STORE_EXISTS);
        assert_int_equal(rig->medium.writes, 0);
        reopen(rig);
        assert_holds(rig, 0x01020304, slice_text("x"));
        rig->medium.off = true; /* unreadable: perhaps there is one */
        mitome_error error = { 0 };
        assert_int_equal(store_create(&rig->config, &error).code, MITOME_E_STORE_EXISTS);
        assert_int_equal(error.code, MITOME_E_STORE_EXISTS);
        error = (mitome_error){ 0 };
        assert_int_equal(open_code(rig, &error), MITOME_E_FILE_READ);
}

static void a_failed_commit_stops_the_store(void **state)
{
        struct rig *rig = *state;
        mitome_error error = { 0 };
        prepare(rig);
        put(rig, 9, slice_text("new"));
        power_cut_arm(&rig->medium, 1, POWER_CUT_BEFORE);
        assert_int_equal(store_commit(rig->store, &error).code, MITOME_E_FILE_WRITE);
        assert_lacks(rig, 9);
        rig->medium.off = false; /* even if the medium comes back */
        put(rig, 9, slice_text("again"));
        error = (mitome_error){ 0 };
        assert_int_equal(store_commit(rig->store, &error).code, MITOME_E_STORE_BROKEN);
        assert_int_equal(error.code, MITOME_E_STORE_BROKEN);
        assert_int_equal(rig->medium.writes, 1);
        assert_lacks(rig, 9);
        reopen(rig);
        assert_lacks(rig, 9);
        put(rig, 9, slice_text("once more"));
        commit(rig);
        assert_holds(rig, 9, slice_text("once more"));
}

static void nothing_is_sealed_without_randomness(void **state)
{
        struct rig *rig = *state;
        rig->numbers.dry = true;
        mitome_error error = { 0 };
        assert_int_equal(store_create(&rig->config, &error).code, MITOME_E_NO_RANDOMNESS);
        assert_int_equal(error.code, MITOME_E_NO_RANDOMNESS);
        assert_null(rig->medium.image);
        rig->numbers.dry = false;
        prepare(rig);
        rig->numbers.dry = true;
        put(rig, 9, slice_text("new"));
        assert_int_equal(store_commit(rig->store, NULL).code, MITOME_E_NO_RANDOMNESS);
        assert_int_equal(rig->medium.writes, 0);
        assert_lacks(rig, 9);
}

/* A counter that only goes up, and two objects that must never disagree. */
static bool count_up(struct rig *rig, uint8_t value)
{
        put(rig, 1, slice_of(&value, 1));
        drop(rig, 100u + value - 1);
        put(rig, 100u + value, slice_of(&value, 1));
        return !failed(store_commit(rig->store, NULL));
}

static uint8_t counted(const struct rig *rig)
{
        bool found;
        uint32_t id, after;
        slice value = store_get(rig->store, 1, &found);
        if (!found)
                return 0;
        assert_int_equal(value.size, 1);
        assert_true(store_next(rig->store, 100, UINT32_MAX, &id));
        assert_int_equal(id, 100u + value.data[0]);
        assert_false(store_next(rig->store, id + 1, UINT32_MAX, &after));
        return value.data[0];
}

static void a_power_cut_leaves_the_old_state_or_the_new_one(void **state)
{
        struct rig *rig = *state;
        enum { COMMITS = 10 };
        for (unsigned cut = 1; cut <= 1 + COMMITS; cut++) {
                for (int moment = POWER_CUT_BEFORE; moment <= POWER_CUT_AFTER; moment++) {
                        power_cut_free(&rig->medium);
                        power_cut_arm(&rig->medium, cut, (enum power_cut_moment)moment);
                        uint8_t told = 0;
                        if (!failed(store_create(&rig->config, NULL))) {
                                assert_int_equal(store_open(&rig->config, &rig->store, NULL).code, MITOME_OK);
                                while (told < COMMITS && count_up(rig, (uint8_t)(told + 1)))
                                        told++;
                                store_close(rig->store);
                                rig->store = NULL;
                        }
                        assert_true(rig->medium.off);
                        assert_int_equal(told, cut < 2 ? 0 : cut - 2);
                        power_cut_on(&rig->medium);
                        mitome_code code = store_open(&rig->config, &rig->store, NULL).code;
                        if (cut == 1 && moment != POWER_CUT_AFTER) {
                                assert_int_equal(code, MITOME_E_STORE_MISSING);
                                continue;
                        }
                        assert_int_equal(code, MITOME_OK);
                        assert_int_equal(counted(rig), cut == 1 ? 0 : told + (moment == POWER_CUT_AFTER));
                        store_close(rig->store);
                        rig->store = NULL;
                }
        }
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
                STORE_TEST(the_image_has_the_documented_layout),
                STORE_TEST(nothing_shows_and_no_image_is_like_another),
                STORE_TEST(every_truncation_is_refused),
                STORE_TEST(every_changed_bit_is_refused),
                STORE_TEST(bytes_behind_the_image_are_refused),
                STORE_TEST(what_is_not_ours_is_foreign),
                STORE_TEST(another_key_does_not_open_it),
                STORE_TEST(a_newer_version_is_foreign),
                STORE_TEST(the_object_list_is_strict),
                STORE_TEST(nothing_stored_is_missing),
                STORE_TEST(a_state_is_never_created_twice),
                STORE_TEST(a_failed_commit_stops_the_store),
                STORE_TEST(nothing_is_sealed_without_randomness),
                STORE_TEST(a_power_cut_leaves_the_old_state_or_the_new_one),
        };
        return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
