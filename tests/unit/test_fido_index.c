/* SPDX-License-Identifier: Apache-2.0 */
/* The index of credentials against a list that is searched from end to end. */
#include "fido_index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { STEPS = 4000, PARTIES = 7, MODEL_MAX = 1024 };

struct model {
        struct fido_index_entry list[MODEL_MAX];
        size_t count;
};

/* The same in every run. */
static uint32_t draw(uint32_t *state)
{
        *state = *state * 1664525u + 1013904223u;
        return *state >> 8;
}

static void expect_same(const struct fido_index *index, const struct model *model)
{
        size_t discoverable = 0;
        for (size_t i = 0; i < model->count; i++)
                discoverable += (model->list[i].flags & INDEX_DISCOVERABLE) != 0;
        assert_int_equal(index->count, model->count);
        assert_int_equal(index->discoverable, discoverable);
        for (uint32_t rp = 0; rp < PARTIES; rp++) {
                size_t first, end, found = 0;
                fido_index_range(index, rp, &first, &end);
                for (size_t i = first; i + 1 < end; i++)
                        assert_true(index->entries[i].place < index->entries[i + 1].place);
                for (size_t i = 0; i < model->count; i++) {
                        const struct fido_index_entry *wanted = &model->list[i];
                        if (wanted->rp != rp)
                                continue;
                        struct fido_index_entry *entry = fido_index_at(index, rp, wanted->place);
                        assert_non_null(entry);
                        assert_int_equal(entry->id, wanted->id);
                        assert_false(entry->flags & INDEX_DOOMED);
                        found++;
                }
                assert_int_equal(end - first, found);
                assert_null(fido_index_at(index, rp, index->next_place));
        }
}

/* A transaction: at most one goes, at most one comes, and it comes about or not. */
static void change(struct fido_index *index, struct model *model, uint32_t *state)
{
        bool committed = draw(state) % 3 > 0, adds = draw(state) % 3 > 0;
        size_t doomed = model->count && draw(state) % 3 == 0 ? draw(state) % model->count : model->count;
        if (doomed < model->count)
                fido_index_at(index, model->list[doomed].rp, model->list[doomed].place)->flags |=
                        INDEX_DOOMED;
        if (adds) {
                assert_int_equal(fido_index_reserve(index, NULL).code, MITOME_OK);
                index->added = (struct fido_index_entry){ .rp = draw(state) % PARTIES,
                        .id = draw(state),
                        .place = index->next_place,
                        .flags = draw(state) % 2 ? INDEX_DISCOVERABLE : 0 };
                index->has_added = true;
        }
        const struct fido_index_entry added = index->added;
        fido_index_settle(index, committed);
        assert_false(index->has_added);
        if (!committed)
                return;
        if (doomed < model->count)
                model->list[doomed] = model->list[--model->count];
        if (adds && model->count < MODEL_MAX)
                model->list[model->count++] = added;
}

static void it_holds_what_was_committed(void **state)
{
        (void)state;
        static struct model model;
        struct fido_index index = { .built = true };
        uint32_t random = 1;
        for (int i = 0; i < STEPS && model.count < MODEL_MAX - 1; i++) {
                change(&index, &model, &random);
                if (i % 37 == 0)
                        expect_same(&index, &model);
        }
        expect_same(&index, &model);
        assert_true(model.count > 100);
        /* made anew from its entries in any order, it is the same */
        struct fido_index anew = { .built = true };
        for (size_t i = 0; i < model.count; i++) {
                assert_int_equal(fido_index_reserve(&anew, NULL).code, MITOME_OK);
                fido_index_append(&anew, &model.list[i]);
        }
        fido_index_sort(&anew);
        expect_same(&anew, &model);
        fido_index_forget(&anew);
        fido_index_forget(&index);
        assert_null(index.entries);
        assert_false(index.built);
        fido_index_forget(&index); /* twice is fine */
}

static void an_empty_one_finds_nothing(void **state)
{
        (void)state;
        struct fido_index index = { 0 };
        size_t first, end;
        fido_index_range(&index, 5, &first, &end);
        assert_int_equal(first, end);
        assert_null(fido_index_at(&index, 5, 1));
        fido_index_settle(&index, true);
        fido_index_settle(&index, false);
        fido_index_sort(&index);
        const struct fido_index_entry entry = { .rp = 5, .place = 1 };
        fido_index_append(&index, &entry); /* no room was made */
        assert_int_equal(index.count, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(it_holds_what_was_committed),
                cmocka_unit_test(an_empty_one_finds_nothing),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
