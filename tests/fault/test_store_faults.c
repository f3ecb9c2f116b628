/* SPDX-License-Identifier: Apache-2.0 */
/* The store when memory or the medium fails: every allocation of creating, opening, migrating and committing
 * in turn, and every way in which a write can go wrong. The linker sends the allocations here (--wrap). */
#include "store.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- memory that runs out ---- */

static struct {
        bool counting;
        unsigned count;
        unsigned fail_at; /* from 1; 0: never */
} memory;

static bool runs_out(void)
{
        return memory.counting && ++memory.count == memory.fail_at;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size)
{
        return runs_out() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
        return runs_out() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
        return runs_out() ? NULL : __real_realloc(old, size);
}

/* ---- a medium that fails as it is told ---- */

enum failing {
        WELL,
        REFUSED,  /* nothing is written: no room, no permission */
        SHORT,    /* a part of it is: the disk is full now */
        UNSYNCED, /* all of it is there, but syncing failed */
};

static struct medium {
        uint8_t bytes[1 << 17];
        size_t size;
        bool there;
        enum failing failing;
        unsigned writes, replaces;
} medium;

static mitome_status load(void *context, uint8_t **ret_image, size_t *ret_size, mitome_error *error)
{
        (void)context;
        *ret_image = NULL;
        *ret_size = 0;
        if (!medium.there)
                return ok();
        *ret_image = malloc(medium.size + 1);
        if (!*ret_image)
                return fail_at(error, MITOME_E_NO_MEMORY, MITOME_NOWHERE, "state", NULL);
        memcpy(*ret_image, medium.bytes, medium.size);
        *ret_size = medium.size;
        return ok();
}

static mitome_status append(void *context, size_t at, mitome_slice record, mitome_error *error)
{
        (void)context;
        assert_int_equal(at, medium.size);
        assert_true(medium.size + record.size <= sizeof medium.bytes);
        medium.writes++;
        size_t written = medium.failing == REFUSED ? 0
                         : medium.failing == SHORT ? record.size / 2
                                                   : record.size;
        memcpy(medium.bytes + medium.size, record.data, written);
        medium.size += written;
        return medium.failing ? fail_at(error, MITOME_E_FILE_WRITE, MITOME_NOWHERE, "state", NULL) : ok();
}

static mitome_status replace(void *context, mitome_slice image, mitome_error *error)
{
        (void)context;
        assert_true(image.size <= sizeof medium.bytes);
        medium.writes++;
        if (medium.failing == REFUSED || medium.failing == SHORT) /* atomic */
                return fail_at(error, MITOME_E_FILE_WRITE, MITOME_NOWHERE, "state", NULL);
        memcpy(medium.bytes, image.data, image.size);
        medium.size = image.size;
        medium.there = true;
        medium.replaces++;
        return medium.failing ? fail_at(error, MITOME_E_FILE_WRITE, MITOME_NOWHERE, "state", NULL) : ok();
}

static int fill(void *context, uint8_t *bytes, size_t size)
{
        (void)context;
        randombytes_buf(bytes, size);
        return 0;
}

static const struct mitome_element_config config = {
        .storage = { NULL, load, append, replace }, .random = { NULL, fill }, .storage_key = { 1, 2, 3 }
};

/* ---- a state, and what is done with it ---- */

static void put(struct store *store, uint32_t id, const char *text)
{
        assert_int_equal(store_put(store, id, slice_text(text), NULL).code, MITOME_OK);
}

static void lay_out(void)
{
        struct store *store;
        medium = (struct medium){ 0 };
        memory.counting = false;
        assert_int_equal(store_create(&config, &store, NULL).code, MITOME_OK);
        put(store, 1, "old");
        put(store, 2, "an old secret");
        assert_int_equal(store_commit(store, NULL).code, MITOME_OK);
        put(store, 3, "an object in a record");
        assert_int_equal(store_commit(store, NULL).code, MITOME_OK);
        store_close(store);
        medium.writes = medium.replaces = 0;
}

/* An old version of the same. */
static void lay_out_former(void)
{
        static const uint8_t list[] = { 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 'o', 'l', 'd', 0, 0, 0, 3, 0, 0,
                0, 1, 'x' };
        unsigned long long sealed;
        medium = (struct medium){ .bytes = "MITOMESE\x00\x01", .there = true };
        crypto_aead_xchacha20poly1305_ietf_encrypt(medium.bytes + 34, &sealed, list, sizeof list,
                medium.bytes, 10, NULL, medium.bytes + 10, config.storage_key);
        medium.size = 34 + (size_t)sealed;
}

static bool holds(const struct store *store, uint32_t id, const char *text)
{
        bool found;
        slice bytes = store_get(store, id, &found);
        return text ? found && slice_is(bytes, text) : !found;
}

enum change { APPENDS, APPENDS_MUCH, REWRITES, GROWS, CHANGES };

static mitome_status change(struct store *store, enum change change, mitome_error *error)
{
        MITOME_TRY(store_put(store, 1, slice_text("new"), error));
        if (change == REWRITES)
                MITOME_TRY(store_delete(store, 2, error));
        static const uint8_t much[STORE_OBJECT_MAX] = { 1 }; /* more than a record that needs no memory */
        if (change == APPENDS_MUCH)
                MITOME_TRY(store_put(store, 4, SLICE(much), error));
        for (uint32_t id = 100; change == GROWS && id < 200; id++) /* the list must grow */
                MITOME_TRY(store_put(store, id, slice_text("one of many"), error));
        return store_commit(store, error);
}

static bool is_as(const struct store *store, enum change change, bool done)
{
        return holds(store, 1, done ? "new" : "old") &&
               holds(store, 2, done && change == REWRITES ? NULL : "an old secret") &&
               holds(store, 3, "an object in a record") &&
               holds(store, 199, done && change == GROWS ? "one of many" : NULL);
}

static struct store *reopen(struct store *store)
{
        store_close(store);
        assert_int_equal(store_open(&config, &store, NULL).code, MITOME_OK);
        return store;
}

/* ---- tests ---- */

/* Refused, nothing written, and the next try goes well. */
static void every_allocation_of_a_commit_may_fail(void **state)
{
        (void)state;
        for (int kind = 0; kind < CHANGES; kind++) {
                unsigned failures = 0;
                for (unsigned fail_at = 1;; fail_at++) {
                        lay_out();
                        struct store *store;
                        mitome_error error = { 0 };
                        assert_int_equal(store_open(&config, &store, NULL).code, MITOME_OK);
                        memory.counting = true;
                        memory.count = 0;
                        memory.fail_at = fail_at;
                        mitome_status status = change(store, (enum change)kind, &error);
                        memory.counting = false;
                        store_rollback(store);
                        bool done = memory.count < fail_at;
                        assert_int_equal(status.code, done ? MITOME_OK : MITOME_E_NO_MEMORY);
                        assert_int_equal(error.code, status.code);
                        assert_false(store_is_broken(store));
                        assert_int_equal(medium.writes, done);
                        assert_true(is_as(store, (enum change)kind, done));
                        store = reopen(store);
                        assert_true(is_as(store, (enum change)kind, done));
                        assert_int_equal(change(store, (enum change)kind, NULL).code, MITOME_OK);
                        assert_true(is_as(store, (enum change)kind, true));
                        store_close(store);
                        if (done)
                                break;
                        failures++;
                }
                assert_true(failures >= (kind == APPENDS ? 2 : 3)); /* room, objects, and what is written */
        }
}

static void every_allocation_of_an_opening_may_fail(void **state)
{
        (void)state;
        for (int former = 0; former < 2; former++) {
                unsigned failures = 0;
                for (unsigned fail_at = 1;; fail_at++) {
                        struct store *store = NULL;
                        mitome_error error = { 0 };
                        if (former)
                                lay_out_former();
                        else
                                lay_out();
                        size_t size = medium.size;
                        memory.counting = true;
                        memory.count = 0;
                        memory.fail_at = fail_at;
                        mitome_status status = store_open(&config, &store, &error);
                        memory.counting = false;
                        bool done = memory.count < fail_at;
                        assert_int_equal(status.code, done ? MITOME_OK : MITOME_E_NO_MEMORY);
                        assert_int_equal(error.code, status.code);
                        assert_int_equal(store != NULL, done);
                        assert_int_equal(medium.writes, done && former);
                        assert_true(done || medium.size == size);
                        store = reopen(store);
                        assert_true(holds(store, 1, "old"));
                        store_close(store);
                        if (done)
                                break;
                        failures++;
                }
                assert_true(failures >= 5);
        }
}

static void every_allocation_of_a_creation_may_fail(void **state)
{
        (void)state;
        unsigned failures = 0;
        for (unsigned fail_at = 1;; fail_at++) {
                struct store *store = NULL;
                medium = (struct medium){ 0 };
                memory.counting = true;
                memory.count = 0;
                memory.fail_at = fail_at;
                mitome_status status = store_create(&config, &store, NULL);
                if (!failed(status))
                        status = store_put(store, 1, slice_text("first"), NULL);
                if (!failed(status))
                        status = store_commit(store, NULL);
                memory.counting = false;
                store_close(store);
                bool done = memory.count < fail_at;
                assert_int_equal(status.code, done ? MITOME_OK : MITOME_E_NO_MEMORY);
                assert_int_equal(medium.there, done);
                if (done)
                        break;
                failures++;
        }
        assert_true(failures >= 4);
}

/* "After a commit that failed to write the store is broken ... and the element must be opened again" */
static void every_failed_write_stops_the_store(void **state)
{
        (void)state;
        for (int kind = 0; kind < CHANGES; kind++)
                for (int failing = REFUSED; failing <= UNSYNCED; failing++) {
                        struct store *store;
                        mitome_error error = { 0 };
                        lay_out();
                        assert_int_equal(store_open(&config, &store, NULL).code, MITOME_OK);
                        medium.failing = (enum failing)failing;
                        assert_int_equal(change(store, (enum change)kind, &error).code, MITOME_E_FILE_WRITE);
                        assert_int_equal(error.code, MITOME_E_FILE_WRITE);
                        assert_true(store_is_broken(store));
                        assert_true(is_as(store, (enum change)kind, false));
                        medium.failing = WELL; /* even if there is room again */
                        assert_int_equal(change(store, (enum change)kind, NULL).code, MITOME_E_STORE_BROKEN);
                        assert_int_equal(medium.writes, 1);
                        store = reopen(store);
                        assert_true(is_as(store, (enum change)kind, failing == UNSYNCED));
                        assert_int_equal(change(store, (enum change)kind, NULL).code, MITOME_OK);
                        assert_true(is_as(store, (enum change)kind, true));
                        store = reopen(store);
                        assert_true(is_as(store, (enum change)kind, true));
                        store_close(store);
                }
}

/* A former image that cannot be rewritten stays, and is not opened. */
static void a_migration_that_fails_changes_nothing(void **state)
{
        (void)state;
        for (int failing = REFUSED; failing <= UNSYNCED; failing++) {
                struct store *store = NULL;
                lay_out_former();
                medium.failing = (enum failing)failing;
                assert_int_equal(store_open(&config, &store, NULL).code, MITOME_E_FILE_WRITE);
                assert_null(store);
                assert_int_equal(medium.bytes[9], failing == UNSYNCED ? 2 : 1);
                medium.failing = WELL;
                store = reopen(store);
                assert_true(holds(store, 1, "old") && holds(store, 3, "x"));
                store_close(store);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_allocation_of_a_commit_may_fail),
                cmocka_unit_test(every_allocation_of_an_opening_may_fail),
                cmocka_unit_test(every_allocation_of_a_creation_may_fail),
                cmocka_unit_test(every_failed_write_stops_the_store),
                cmocka_unit_test(a_migration_that_fails_changes_nothing),
        };
        return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
