/* SPDX-License-Identifier: Apache-2.0 */
#include "report_rig.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

json_t *report_rig_sample(void)
{
        json_error_t error;
        const char *path = getenv("MITOME_REPORT_PAGE");
        json_t *sample = path ? json_load_file(path, JSON_REJECT_DUPLICATES, &error) : NULL;
        if (!sample)
                (void)fprintf(stderr, "the sample is not there: MITOME_REPORT_PAGE\n");
        assert(sample);
        return sample;
}

struct walk {
        json_t *whole, *with;
        bool strings_only, without;
        size_t count;
        void (*work)(const json_t *report, const char *member);
};

static void visit(struct walk *walk, json_t *here, const char *name);

/* Members keep their order: a form is to be the same but for this one. */
static void visit_member(struct walk *walk, json_t *object, const char *key)
{
        json_t *old = json_incref(json_object_get(object, key));
        visit(walk, old, key);
        if (walk->without) {
                walk->count++;
                (void)json_object_del(object, key);
                walk->work(walk->whole, key);
                (void)json_object_set(object, key, old);
        } else if (!walk->strings_only || json_is_string(old)) {
                walk->count++;
                (void)json_object_set(object, key, walk->with);
                walk->work(walk->whole, key);
                (void)json_object_set(object, key, old);
        }
        json_decref(old);
}

static void visit(struct walk *walk, json_t *here, const char *name)
{
        if (json_is_object(here)) {
                size_t count = 0, capacity = json_object_size(here);
                const char **keys = calloc(capacity + 1, sizeof *keys);
                const char *key;
                json_t *value;
                assert(keys);
                json_object_foreach(here, key, value) keys[count++] = key;
                /* The keys stay where they are but for one that is taken out, which is put back as a copy. */
                for (size_t i = 0; i < count; i++) {
                        char *copy = NULL;
                        assert(asprintf(&copy, "%s", keys[i]) > 0);
                        visit_member(walk, here, copy);
                        free(copy);
                }
                free(keys);
                return;
        }
        for (size_t i = 0; i < json_array_size(here); i++) {
                json_t *old = json_incref(json_array_get(here, i));
                visit(walk, old, name);
                if (!walk->without && (!walk->strings_only || json_is_string(old))) {
                        walk->count++;
                        (void)json_array_set(here, i, walk->with);
                        walk->work(walk->whole, name);
                        (void)json_array_set(here, i, old);
                }
                json_decref(old);
        }
}

size_t report_rig_each(json_t *report, json_t *with, bool strings_only,
        void (*work)(const json_t *report, const char *member))
{
        struct walk walk = { report, with, strings_only, false, 0, work };
        visit(&walk, report, "report");
        return walk.count;
}

size_t report_rig_without(json_t *report, void (*work)(const json_t *report, const char *member))
{
        struct walk walk = { report, NULL, false, true, 0, work };
        visit(&walk, report, "report");
        return walk.count;
}
