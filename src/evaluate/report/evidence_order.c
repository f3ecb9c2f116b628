/* SPDX-License-Identifier: Apache-2.0 */
#include "evaluation_assembly.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *member(const json_t *of, const char *name)
{
        const char *text = json_string_value(json_object_get(of, name));
        return text ? text : "";
}

/* getInfo, then what the probes saw, then what was given. */
static int rank_of(const json_t *evidence)
{
        const char *what = member(evidence, "what");
        return strcmp(what, "getInfo") == 0                           ? 0
               : strncmp(what, "trace of ", strlen("trace of ")) == 0 ? 1
                                                                      : 2;
}

struct piece {
        const json_t *evidence;
        size_t index; /* as it came */
};

static int compare_evidence(const void *left, const void *right)
{
        static const char *const members[] = { "what", "sha256", "obtained", "unused" };
        const json_t *one = ((const struct piece *)left)->evidence;
        const json_t *other = ((const struct piece *)right)->evidence;
        if (rank_of(one) != rank_of(other))
                return rank_of(one) - rank_of(other);
        for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
                int order = strcmp(member(one, members[i]), member(other, members[i]));
                if (order)
                        return order;
        }
        return 0;
}

json_t *evidence_order_name(size_t place)
{
        char name[24];
        (void)snprintf(name, sizeof name, "E%02zu", place + 1);
        return json_string(name);
}

static void name_traces(struct assembling *a)
{
        size_t i;
        json_t *probe;
        json_array_foreach(a->probes, i, probe)
        {
                const json_t *evidence = json_object_get(probe, "evidence");
                if (json_is_integer(evidence))
                        json_object_set_new(probe, "evidence",
                                evidence_order_name(a->places[json_integer_value(evidence)]));
        }
}

/* places[i] is where the i-th piece stands among all that differ: two that are the same share a place. */
mitome_status evidence_order(struct assembling *a, mitome_error *error)
{
        const size_t count = json_array_size(a->record.evidence);
        struct piece *pieces = calloc(count + 1, sizeof *pieces);
        a->places = calloc(count + 1, sizeof *a->places);
        if (!a->places || !pieces) {
                free(pieces);
                return assembly_no_memory(error);
        }
        for (size_t i = 0; i < count; i++)
                pieces[i] = (struct piece){ json_array_get(a->record.evidence, i), i };
        qsort(pieces, count, sizeof *pieces, compare_evidence);
        for (size_t i = 0, place = 0; i < count; i++) {
                place += i && compare_evidence(&pieces[i - 1], &pieces[i]) != 0;
                a->places[pieces[i].index] = place;
        }
        free(pieces);
        for (size_t i = 0; i < a->record.claims.count; i++) {
                struct fact_claim *claim = &a->record.claims.claims[i];
                if (claim->evidence != FACT_NO_EVIDENCE)
                        claim->evidence = a->places[claim->evidence];
        }
        name_traces(a);
        return ok();
}

json_t *evidence_order_json(const struct assembling *a)
{
        const size_t count = json_array_size(a->record.evidence);
        json_t *ordered = json_array();
        for (size_t place = 0; place < count; place++)
                for (size_t i = 0; i < count; i++) {
                        if (a->places[i] != place)
                                continue;
                        json_t *one = json_object();
                        json_object_set_new(one, "id", evidence_order_name(place));
                        json_object_update(one, json_array_get(a->record.evidence, i));
                        json_array_append_new(ordered, one);
                        break;
                }
        return ordered;
}
