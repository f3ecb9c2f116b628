/* SPDX-License-Identifier: Apache-2.0 */
#include "journal_log.h"

#include <stdlib.h>
#include <string.h>

/* ---- memory ---- */

mitome_status journal_grow(void **array, size_t *capacity, size_t count, size_t size, mitome_error *error)
{
        if (count < *capacity)
                return ok();
        size_t wanted = *capacity ? *capacity * 2 : 64;
        void *grown = reallocarray(*array, wanted, size);
        if (!grown)
                return fail(error, MITOME_E_NO_MEMORY, "journal", NULL);
        *array = grown;
        *capacity = wanted;
        return ok();
}

/* GROW is journal_grow for an array of the merge or of a log. */
#define GROW(of, name, error)                                                             \
        journal_grow((void **)&(of)->name##s, &(of)->name##_capacity, (of)->name##_count, \
                sizeof *(of)->name##s, (error))

void journal_name(char to[LETTER_NAME_MAX + 1], slice name)
{
        writer w = writer_over((uint8_t *)to, LETTER_NAME_MAX);
        write_slice(&w, name);
        to[w.used] = 0;
}

mitome_status journal_merge_new(
        const struct journal_merge_config *config, struct journal_merge **ret, mitome_error *error)
{
        struct journal_merge *merge = calloc(1, sizeof *merge);
        if (!merge)
                return fail(error, MITOME_E_NO_MEMORY, "journal", NULL);
        merge->config = *config;
        *ret = merge;
        return ok();
}

void journal_merge_free(struct journal_merge *merge)
{
        if (!merge)
                return;
        for (size_t i = 0; i < merge->log_count; i++)
                free(merge->logs[i].events);
        for (size_t i = 0; i < merge->event_count; i++)
                free(merge->events[i].bytes);
        free(merge->events);
        free(merge->mentions);
        free(merge->sights);
        free(merge->findings);
        free(merge->line);
        free(merge);
}

mitome_status journal_find(struct journal_merge *merge, struct journal_finding finding, mitome_error *error)
{
        MITOME_TRY(GROW(merge, finding, error));
        merge->findings[merge->finding_count++] = finding;
        return ok();
}

struct journal_log *journal_log_of(struct journal_merge *merge, slice name)
{
        for (size_t i = 0; i < merge->log_count; i++)
                if (slice_is(name, merge->logs[i].name))
                        return &merge->logs[i];
        return NULL;
}

const struct journal_event *journal_log_entry(
        const struct journal_merge *merge, const struct journal_log *log, uint64_t number)
{
        bool there = log && number > 0 && number <= log->count;
        return there ? &merge->events[log->events[number - 1]] : NULL;
}

struct journal_entry journal_event_read(const struct journal_event *event)
{
        struct journal_entry entry = { 0 };
        size_t size;
        (void)failed(journal_entry_read(slice_of(event->bytes, event->size), &entry, &size, NULL));
        return entry;
}

/* ---- taking in ---- */

/* One file that is being read. */
struct journal_intake {
        struct journal_merge *merge;
        const char *file;
        struct journal_reader *reader;
        struct journal_log *log;              /* of its party, once an entry was read */
        const struct directory_entry *signer; /* NULL: no directory */
        size_t taken_before;                  /* entries of the party before this file */
        mitome_error *error;
};

static mitome_status find_in(struct journal_intake *in, mitome_code code, uint64_t number)
{
        struct journal_finding finding = { .code = code, .file = in->file, .number = number };
        journal_name(finding.party, slice_text(in->reader->party));
        return journal_find(in->merge, finding, in->error);
}

static mitome_status note_evidence(
        struct journal_merge *merge, const struct journal_entry *entry, uint32_t event, mitome_error *error)
{
        bool asks = slice_is(entry->outcome, "asked") && slice_begins_with(entry->what, slice_text("ask-"));
        for (size_t i = 0; i < entry->evidence_count; i++) {
                MITOME_TRY(GROW(merge, mention, error));
                struct journal_mention *mention = &merge->mentions[merge->mention_count];
                *mention = (struct journal_mention){ .event = event,
                        .asks = asks && slice_is(entry->evidence[i].kind, "letter") };
                MITOME_TRY(slice_copy(
                        entry->evidence[i].digest, "digest", mention->digest, LETTER_DIGEST_SIZE, error));
                merge->mention_count++;
        }
        if (!entry->has_witness)
                return ok();
        MITOME_TRY(GROW(merge, sight, error));
        struct journal_sight *sight = &merge->sights[merge->sight_count++];
        *sight = (struct journal_sight){ .event = event, .head = entry->witness.head };
        journal_name(sight->party, entry->witness.party);
        return ok();
}

static mitome_status copy_of(slice bytes, uint8_t **ret, mitome_error *error)
{
        uint8_t *copy = malloc(bytes.size);
        if (!copy)
                return fail(error, MITOME_E_NO_MEMORY, "journal", NULL);
        mitome_status status = slice_copy(bytes, "journal", copy, bytes.size, error);
        if (failed(status)) {
                free(copy);
                return status;
        }
        *ret = copy;
        return ok();
}

static mitome_status take_event(struct journal_intake *in, const struct journal_entry *entry, slice bytes)
{
        struct journal_merge *merge = in->merge;
        struct journal_log *log = in->log;
        if (merge->event_count >= JOURNAL_EVENTS_MAX)
                return fail(in->error, MITOME_E_TOO_MANY, "journal", NULL);
        MITOME_TRY(GROW(merge, event, in->error));
        MITOME_TRY(journal_grow(
                (void **)&log->events, &log->capacity, log->count, sizeof *log->events, in->error));
        struct journal_event *event = &merge->events[merge->event_count];
        *event = (struct journal_event){ .party = (uint32_t)(log - merge->logs),
                .place = JOURNAL_NOBODY,
                .number = entry->number,
                .at = entry->at,
                .size = bytes.size };
        MITOME_TRY(
                slice_copy(SLICE(entry->digest), "digest", event->digest, sizeof event->digest, in->error));
        MITOME_TRY(copy_of(bytes, &event->bytes, in->error));
        log->events[log->count++] = (uint32_t)merge->event_count++;
        return note_evidence(merge, entry, log->events[log->count - 1], in->error);
}

/* The file's first entry says whose it is. *ret_is_his is false when nobody of that name is known. */
static mitome_status begin_party(
        struct journal_intake *in, const struct journal_entry *entry, bool *ret_is_his)
{
        struct journal_merge *merge = in->merge;
        const struct directory *directory = merge->config.directory;
        in->signer = directory ? directory_find(directory, entry->party) : NULL;
        *ret_is_his = !directory || in->signer;
        if (!*ret_is_his)
                return ok();
        in->log = journal_log_of(merge, entry->party);
        if (!in->log) {
                if (merge->log_count == JOURNAL_PARTIES_MAX)
                        return fail(in->error, MITOME_E_TOO_MANY, "parties", NULL);
                in->log = &merge->logs[merge->log_count++];
                journal_name(in->log->name, entry->party);
        }
        in->taken_before = in->log->count;
        return ok();
}

/* What was taken from this file, from entry `number` on, is put out again. */
static void drop_from(struct journal_intake *in, uint64_t number)
{
        struct journal_merge *merge = in->merge;
        while (in->log->count >= number) {
                uint32_t event = in->log->events[--in->log->count];
                while (merge->mention_count && merge->mentions[merge->mention_count - 1].event == event)
                        merge->mention_count--;
                while (merge->sight_count && merge->sights[merge->sight_count - 1].event == event)
                        merge->sight_count--;
                free(merge->events[event].bytes);
                merge->event_count--;
        }
}

static bool is_signed(const struct journal_intake *in, const struct journal_event *event)
{
        struct journal_entry entry = journal_event_read(event);
        return !failed(journal_entry_verify(&entry, in->signer->key, NULL));
}

/* The last signature proves the chain before it. When it does not hold, or each is asked for, they are looked
 * at one by one. */
static mitome_status check_signatures(struct journal_intake *in)
{
        struct journal_log *log = in->log;
        if (!log || !in->signer || log->count == in->taken_before)
                return ok();
        const struct journal_event *last = journal_log_entry(in->merge, log, log->count);
        log->is_signed = true;
        if (!in->merge->config.every_signature && is_signed(in, last))
                return ok();
        for (uint64_t number = in->taken_before + 1; number <= log->count; number++) {
                if (is_signed(in, journal_log_entry(in->merge, log, number)))
                        continue;
                drop_from(in, number);
                log->is_signed = log->count > 0;
                return find_in(in, MITOME_E_SIGNATURE_INVALID, number);
        }
        return ok();
}

/* An entry that another file of the party had already must be the same. */
static mitome_status take_entry(
        struct journal_intake *in, const struct journal_entry *entry, slice bytes, bool *ret_goes_on)
{
        const struct journal_event *known = journal_log_entry(in->merge, in->log, entry->number);
        *ret_goes_on = true;
        if (!known)
                return take_event(in, entry, bytes);
        if (slice_equal(SLICE(known->digest), SLICE(entry->digest)))
                return ok();
        *ret_goes_on = false;
        return find_in(in, MITOME_E_JOURNAL_REWRITTEN, entry->number);
}

static mitome_status take_file(struct journal_intake *in)
{
        struct journal_entry entry;
        slice bytes;
        for (bool more = true, goes_on = true; goes_on;) {
                mitome_error why = { 0 };
                if (failed(journal_reader_next(in->reader, &entry, &bytes, &more, &why)))
                        return find_in(in, why.code, in->reader->head.number + 1);
                if (!more)
                        break;
                if (!in->log) {
                        bool is_his;
                        MITOME_TRY(begin_party(in, &entry, &is_his));
                        if (!is_his)
                                return find_in(in, MITOME_E_JOURNAL_PARTY, entry.number);
                }
                MITOME_TRY(take_entry(in, &entry, bytes, &goes_on));
        }
        return ok();
}

mitome_status journal_merge_add(
        struct journal_merge *merge, const char *file, struct journal_source source, mitome_error *error)
{
        struct journal_intake in = { .merge = merge, .file = file, .error = error };
        size_t found_before = merge->finding_count;
        in.reader = malloc(sizeof *in.reader);
        if (!in.reader)
                return fail(error, MITOME_E_NO_MEMORY, "journal", NULL);
        journal_reader_begin(in.reader, source);
        mitome_status status = take_file(&in);
        if (!failed(status) && !in.log && merge->finding_count == found_before)
                status =
                        find_in(&in, MITOME_E_MISSING, 0); /* who decided nothing yet, or no journal at all */
        if (!failed(status))
                status = check_signatures(&in);
        free(in.reader);
        return status;
}

mitome_status journal_merge_finish(struct journal_merge *merge, mitome_error *error)
{
        journal_sort_mentions(merge);
        MITOME_TRY(journal_judge_sights(merge, error));
        return journal_order(merge, error);
}

/* ---- what came out ---- */

size_t journal_merge_count(const struct journal_merge *merge)
{
        return merge->event_count;
}

struct journal_entry journal_merge_entry(const struct journal_merge *merge, size_t place)
{
        return journal_event_read(&merge->events[merge->line[place]]);
}

size_t journal_merge_parties(const struct journal_merge *merge)
{
        return merge->log_count;
}

struct journal_party journal_merge_party(const struct journal_merge *merge, size_t i)
{
        const struct journal_log *log = &merge->logs[i];
        const struct journal_event *last = journal_log_entry(merge, log, log->count);
        struct journal_party party = { .count = log->count, .signed_by_him = log->is_signed };
        journal_name(party.name, slice_text(log->name));
        if (last)
                (void)failed(
                        slice_copy(SLICE(last->digest), "digest", party.digest, sizeof party.digest, NULL));
        return party;
}

size_t journal_merge_findings(const struct journal_merge *merge)
{
        return merge->finding_count;
}

const struct journal_finding *journal_merge_finding(const struct journal_merge *merge, size_t i)
{
        return &merge->findings[i];
}

bool journal_merge_is_sound(const struct journal_merge *merge)
{
        for (size_t i = 0; i < merge->finding_count; i++)
                if (merge->findings[i].code != MITOME_E_MISSING)
                        return false;
        return true;
}
