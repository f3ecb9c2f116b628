/* SPDX-License-Identifier: Apache-2.0 */
/* What belongs to a subject, and which entries share evidence. */
#include "journal_log.h"

#include <stdlib.h>

size_t journal_merge_sharing(const struct journal_merge *merge, slice digest, size_t *ret_places, size_t max)
{
        size_t count, kept = 0;
        const struct journal_mention *mentions = journal_mentions_of(merge, digest, &count);
        for (size_t i = 0; i < count; i++) {
                size_t place = merge->events[mentions[i].event].place, at = kept < max ? kept : max;
                for (; at > 0 && ret_places[at - 1] > place; at--)
                        if (at < max)
                                ret_places[at] = ret_places[at - 1];
                if (at < max) {
                        ret_places[at] = place;
                        kept += kept < max;
                }
        }
        return count;
}

/* Places that are joined already and whose evidence is still to be followed. */
struct journal_frontier {
        const struct journal_merge *merge;
        uint8_t *relations;
        uint32_t *places;
        size_t count;
};

static void reach(struct journal_frontier *frontier, uint32_t place, enum journal_relation relation)
{
        if (frontier->relations[place] != JOURNAL_UNRELATED)
                return;
        frontier->relations[place] = (uint8_t)relation;
        frontier->places[frontier->count++] = place;
}

static void follow_evidence(struct journal_frontier *frontier, const struct journal_entry *entry)
{
        for (size_t i = 0; i < entry->evidence_count; i++) {
                size_t count;
                const struct journal_mention *mentions =
                        journal_mentions_of(frontier->merge, entry->evidence[i].digest, &count);
                for (size_t j = 0; count <= JOURNAL_SHARED_MAX && j < count; j++)
                        reach(frontier, frontier->merge->events[mentions[j].event].place, JOURNAL_LED_TO);
        }
}

mitome_status journal_merge_about(
        const struct journal_merge *merge, slice subject, uint8_t *ret_relations, mitome_error *error)
{
        struct journal_frontier frontier = { merge, ret_relations, NULL, 0 };
        frontier.places = calloc(merge->event_count + 1, sizeof *frontier.places);
        if (!frontier.places)
                return fail(error, MITOME_E_NO_MEMORY, "journal", NULL);
        for (uint32_t place = 0; place < merge->event_count; place++)
                ret_relations[place] = JOURNAL_UNRELATED;
        for (uint32_t place = 0; place < merge->event_count; place++) {
                struct journal_entry entry = journal_merge_entry(merge, place);
                if (slice_equal(entry.subject, subject))
                        reach(&frontier, place, JOURNAL_ABOUT);
        }
        while (frontier.count) {
                struct journal_entry entry = journal_merge_entry(merge, frontier.places[--frontier.count]);
                follow_evidence(&frontier, &entry);
        }
        free(frontier.places);
        return ok();
}
