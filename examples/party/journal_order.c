/* SPDX-License-Identifier: Apache-2.0 */
/* The time line. Of each journal the next entry stands ready when all that it follows from is in the line; of
 * those that are ready, the earliest by the clocks goes first. */
#include "journal_log.h"

#include <stdlib.h>

/* Of the entries that asked with one letter, the first: a letter that was sent again is still one letter. */
static const struct journal_event *asker(
        const struct journal_merge *merge, const struct journal_mention *mentions, size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (mentions[i].asks)
                        return &merge->events[mentions[i].event];
        return NULL;
}

/* Whoever names a letter comes after the one who wrote it. The mentions of a digest stand together. */
static void follow_letters(struct journal_merge *merge)
{
        for (size_t start = 0, end; merge->events && start < merge->mention_count; start = end) {
                const struct journal_mention *first = &merge->mentions[start];
                for (end = start + 1; end < merge->mention_count &&
                                      slice_equal(SLICE(merge->mentions[end].digest), SLICE(first->digest));)
                        end++;
                const struct journal_event *asked = asker(merge, first, end - start);
                for (size_t i = start; asked && i < end; i++) {
                        struct journal_event *event = &merge->events[merge->mentions[i].event];
                        if (event->party != asked->party && event->after_count < JOURNAL_AFTER_MAX)
                                event->after[event->after_count++] = (uint32_t)(asked - merge->events);
                }
        }
}

static struct journal_event *next_of(const struct journal_merge *merge, const struct journal_log *log)
{
        return log->next < log->count ? &merge->events[log->events[log->next]] : NULL;
}

/* What an event still waits for; NULL: nothing. */
static const struct journal_event *waits_for(
        const struct journal_merge *merge, const struct journal_event *event)
{
        for (size_t i = 0; i < event->after_count; i++)
                if (merge->events[event->after[i]].place == JOURNAL_NOBODY)
                        return &merge->events[event->after[i]];
        return NULL;
}

/* The earliest of the next entries; of those that are ready, or of all. */
static struct journal_log *earliest(struct journal_merge *merge, bool ready)
{
        struct journal_log *first = NULL;
        for (size_t i = 0; i < merge->log_count; i++) {
                struct journal_event *event = next_of(merge, &merge->logs[i]);
                if (!event || (ready && waits_for(merge, event)))
                        continue;
                if (!first || event->at < next_of(merge, first)->at)
                        first = &merge->logs[i];
        }
        return first;
}

/* No entry is ready: some of them say that they follow from each other. */
static mitome_status find_knot(
        struct journal_merge *merge, const struct journal_event *event, mitome_error *error)
{
        const struct journal_event *before = waits_for(merge, event);
        struct journal_finding finding = {
                .code = MITOME_E_JOURNAL_ORDER, .number = event->number, .seen_at = before->number
        };
        journal_name(finding.party, slice_text(merge->logs[event->party].name));
        journal_name(finding.seen_by, slice_text(merge->logs[before->party].name));
        return journal_find(merge, finding, error);
}

mitome_status journal_order(struct journal_merge *merge, mitome_error *error)
{
        merge->line = calloc(merge->event_count + 1, sizeof *merge->line);
        if (!merge->line)
                return fail(error, MITOME_E_NO_MEMORY, "journal", NULL);
        follow_letters(merge);
        for (uint32_t place = 0; place < merge->event_count; place++) {
                struct journal_log *log = earliest(merge, true);
                if (!log) {
                        log = earliest(merge, false);
                        MITOME_TRY(find_knot(merge, next_of(merge, log), error));
                }
                merge->line[place] = log->events[log->next];
                next_of(merge, log)->place = place;
                log->next++;
        }
        return ok();
}
