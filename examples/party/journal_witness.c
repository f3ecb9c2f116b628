/* SPDX-License-Identifier: Apache-2.0 */
/* What the parties have seen of each other's journals, held against these. */
#include "journal_log.h"

#include <stdlib.h>
#include <string.h>

static mitome_status find_seen(struct journal_merge *merge, const struct journal_sight *sight,
        mitome_code code, uint64_t number, mitome_error *error)
{
        const struct journal_event *witness = &merge->events[sight->event];
        struct journal_finding finding = { .code = code, .number = number, .seen_at = witness->number };
        journal_name(finding.party, slice_text(sight->party));
        journal_name(finding.seen_by, slice_text(merge->logs[witness->party].name));
        return journal_find(merge, finding, error);
}

static const struct journal_event *seen_event(
        const struct journal_merge *merge, const struct journal_log *log, const struct journal_sight *sight)
{
        const struct journal_event *event = journal_log_entry(merge, log, sight->head.number);
        return event && slice_equal(SLICE(event->digest), SLICE(sight->head.digest)) ? event : NULL;
}

/* Nothing had been written yet: that it was so nobody can take back. */
static bool is_as_seen(
        const struct journal_merge *merge, const struct journal_log *log, const struct journal_sight *sight)
{
        return sight->head.number == 0 || seen_event(merge, log, sight);
}

/* A letter tells the head before it, and asking is the next entry. Does the journal have it there? `log` is
 * of whoever wrote the letter that the event names: letters to a third party, and its own, are not judged. */
static bool asked_for(
        const struct journal_merge *merge, const struct journal_log *log, const struct journal_sight *sight)
{
        const struct journal_entry entry = journal_event_read(&merge->events[sight->event]);
        if (slice_begins_with(entry.what, slice_text("ask-")))
                return true; /* what was seen is an answer */
        for (size_t i = 0; i < entry.evidence_count; i++) {
                size_t count;
                const struct journal_mention *mentions =
                        journal_mentions_of(merge, entry.evidence[i].digest, &count);
                bool asked = !slice_is(entry.evidence[i].kind, "letter");
                for (size_t j = 0; j < count && !asked; j++) {
                        const struct journal_event *event = &merge->events[mentions[j].event];
                        asked = mentions[j].asks && (&merge->logs[event->party] != log ||
                                                            event->number <= sight->head.number + 1);
                }
                if (!asked)
                        return false;
        }
        return true;
}

/* The first letter that somebody has and its writer's journal has not, or only later than the letter says. */
static mitome_status judge_letters(
        struct journal_merge *merge, const struct journal_log *log, mitome_error *error)
{
        const struct journal_sight *hidden = NULL;
        for (size_t i = 0; i < merge->sight_count; i++) {
                const struct journal_sight *sight = &merge->sights[i];
                if (strcmp(sight->party, log->name) == 0 &&
                        (!hidden || sight->head.number < hidden->head.number) &&
                        is_as_seen(merge, log, sight) && !asked_for(merge, log, sight))
                        hidden = sight;
        }
        if (!hidden)
                return ok();
        return find_seen(merge, hidden,
                hidden->head.number >= log->count ? MITOME_E_JOURNAL_SHORT : MITOME_E_JOURNAL_REWRITTEN,
                hidden->head.number + 1, error);
}

/* The lowest entry that somebody saw otherwise, and the highest that somebody saw behind the end: one finding
 * a party tells all, for everything behind the first is different as well. */
static mitome_status judge_log(struct journal_merge *merge, struct journal_log *log, mitome_error *error)
{
        const struct journal_sight *rewritten = NULL, *beyond = NULL;
        for (size_t i = 0; i < merge->sight_count; i++) {
                const struct journal_sight *sight = &merge->sights[i];
                if (strcmp(sight->party, log->name) != 0 || is_as_seen(merge, log, sight))
                        continue;
                const struct journal_sight **worst = sight->head.number > log->count ? &beyond : &rewritten;
                bool is_worse = !*worst || (worst == &beyond ? sight->head.number > beyond->head.number
                                                             : sight->head.number < rewritten->head.number);
                if (is_worse)
                        *worst = sight;
        }
        if (rewritten)
                MITOME_TRY(find_seen(
                        merge, rewritten, MITOME_E_JOURNAL_REWRITTEN, rewritten->head.number, error));
        if (beyond)
                MITOME_TRY(find_seen(merge, beyond, MITOME_E_JOURNAL_SHORT, log->count + 1, error));
        return rewritten || beyond ? ok() : judge_letters(merge, log, error);
}

/* A party whose journal was not given is named once, by the one who saw most of it. */
static mitome_status judge_absent(struct journal_merge *merge, mitome_error *error)
{
        for (size_t i = 0; i < merge->sight_count; i++) {
                const struct journal_sight *most = &merge->sights[i];
                bool is_first = !journal_log_of(merge, slice_text(most->party));
                for (size_t j = 0; j < i && is_first; j++)
                        is_first = strcmp(merge->sights[j].party, merge->sights[i].party) != 0;
                if (!is_first)
                        continue;
                for (size_t j = i + 1; j < merge->sight_count; j++)
                        if (strcmp(merge->sights[j].party, most->party) == 0 &&
                                merge->sights[j].head.number > most->head.number)
                                most = &merge->sights[j];
                MITOME_TRY(find_seen(merge, most, MITOME_E_MISSING, most->head.number, error));
        }
        return ok();
}

/* A file with nothing in it does not say whose it is. When somebody has seen entries of a journal that was
 * not given, it may be that one, cut off before its first entry. */
static void judge_empty(struct journal_merge *merge)
{
        bool is_seen = false;
        for (size_t i = 0; i < merge->finding_count; i++)
                is_seen |= merge->findings[i].code == MITOME_E_MISSING && merge->findings[i].number > 0;
        for (size_t i = 0; is_seen && i < merge->finding_count; i++) {
                struct journal_finding *finding = &merge->findings[i];
                if (finding->code != MITOME_E_MISSING || finding->seen_by[0])
                        continue;
                finding->code = MITOME_E_JOURNAL_SHORT;
                finding->number = 1;
        }
}

/* An event follows from what it has seen. */
static void follow(struct journal_merge *merge, uint32_t event, const struct journal_event *before)
{
        struct journal_event *later = &merge->events[event];
        if (before->party != later->party && later->after_count < JOURNAL_AFTER_MAX)
                later->after[later->after_count++] = (uint32_t)(before - merge->events);
}

mitome_status journal_judge_sights(struct journal_merge *merge, mitome_error *error)
{
        for (size_t i = 0; i < merge->sight_count; i++) {
                const struct journal_sight *sight = &merge->sights[i];
                const struct journal_log *log = journal_log_of(merge, slice_text(sight->party));
                const struct journal_event *seen = log ? seen_event(merge, log, sight) : NULL;
                if (seen)
                        follow(merge, sight->event, seen);
        }
        for (size_t i = 0; i < merge->log_count; i++)
                MITOME_TRY(judge_log(merge, &merge->logs[i], error));
        MITOME_TRY(judge_absent(merge, error));
        judge_empty(merge);
        return ok();
}

/* ---- evidence ---- */

static int by_digest(const void *a, const void *b)
{
        const struct journal_mention *one = a, *other = b;
        int order = memcmp(one->digest, other->digest, sizeof one->digest);
        return order ? order : (one->event > other->event) - (one->event < other->event);
}

void journal_sort_mentions(struct journal_merge *merge)
{
        if (merge->mention_count)
                qsort(merge->mentions, merge->mention_count, sizeof *merge->mentions, by_digest);
}

const struct journal_mention *journal_mentions_of(
        const struct journal_merge *merge, slice digest, size_t *ret_count)
{
        size_t low = 0, high = merge->mention_count;
        while (low < high) {
                size_t middle = low + (high - low) / 2;
                if (memcmp(merge->mentions[middle].digest, digest.data, LETTER_DIGEST_SIZE) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        size_t end = low;
        while (end < merge->mention_count && slice_equal(SLICE(merge->mentions[end].digest), digest))
                end++;
        *ret_count = end - low;
        return merge->mentions + low;
}
