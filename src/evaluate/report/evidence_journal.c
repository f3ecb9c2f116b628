/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence_item.h"

#include "journal_merge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The journals of the life cycle's parties (docs/journal.md): verified as `mitome journal verify` does, each
 * signature by the directory, and held against each other. What they say is what their parties have signed:
 * attested, and never more than a part of a fact, since nobody writes down what he did not notice. */

enum { JOURNALS_MAX = 16 };

struct journal_papers {
        struct evidence_reading *e;
        struct evidence_item *item;
        struct directory directory;
        struct journal_merge *merge;
        char names[JOURNALS_MAX][24]; /* in findings: the merge keeps no copy */
        size_t count;
};

/* ---- reading ---- */

static ptrdiff_t read_some(void *context, uint8_t *bytes, size_t size)
{
        reader *r = context;
        const size_t count = r->rest.size < size ? r->rest.size : size;
        return failed(read_into(r, "journal", bytes, count)) ? -1 : (ptrdiff_t)count;
}

static mitome_status add_journal(struct journal_papers *papers, slice content)
{
        reader r = reader_over(content, NULL, NULL);
        if (papers->count == JOURNALS_MAX) {
                evidence_item_disbelieve(papers->item, MITOME_E_TOO_MANY);
                return ok();
        }
        char *name = papers->names[papers->count];
        (void)snprintf(name, sizeof papers->names[0], "journal %zu", ++papers->count);
        return journal_merge_add(papers->merge, name, (struct journal_source){ &r, read_some }, NULL);
}

static mitome_status read_directory(struct journal_papers *papers)
{
        char path[EVIDENCE_PATH_MAX];
        uint8_t *bytes = NULL;
        slice content;
        MITOME_TRY(evidence_item_text(papers->item, ITEM_DIRECTORY, path, sizeof path));
        if (!evidence_item_open(papers->e, papers->item, path, &bytes, &content))
                return ok();
        mitome_status read = directory_parse(content, &papers->directory, NULL);
        if (failed(read))
                evidence_item_disbelieve(papers->item, read.code);
        free(bytes);
        return ok();
}

static mitome_status add_other(struct journal_papers *papers, struct json_reader *r)
{
        char path[EVIDENCE_PATH_MAX];
        uint8_t *bytes = NULL;
        slice content;
        MITOME_TRY(evidence_item_string(r, "journals", path, sizeof path));
        if (!evidence_item_open(papers->e, papers->item, path, &bytes, &content))
                return ok();
        mitome_status status = add_journal(papers, content);
        free(bytes);
        return status;
}

static mitome_status add_others(struct journal_papers *papers)
{
        struct json_reader *r = &papers->item->at[ITEM_JOURNALS];
        struct json_members array;
        if (papers->item->raw[ITEM_JOURNALS].size == 0)
                return ok();
        MITOME_TRY(json_open_array(r, "journals", &array));
        for (bool more;;) {
                MITOME_TRY(json_next_element(r, &array, &more));
                if (!more)
                        return ok();
                MITOME_TRY(add_other(papers, r));
        }
}

/* The first fault, in the order of what was given. */
static void judge_journals(struct journal_papers *papers)
{
        const struct journal_merge *merge = papers->merge;
        for (size_t i = 0; i < journal_merge_findings(merge); i++)
                if (journal_merge_finding(merge, i)->code != MITOME_E_MISSING)
                        evidence_item_disbelieve(papers->item, journal_merge_finding(merge, i)->code);
        if (!journal_merge_is_sound(merge) || journal_merge_count(merge) == 0)
                evidence_item_reject(papers->item, "its journals show nothing", "ジャーナルに記録がない");
}

static mitome_status read_journals(struct journal_papers *papers)
{
        const struct journal_merge_config config = { &papers->directory, true };
        MITOME_TRY(read_directory(papers));
        MITOME_TRY(journal_merge_new(&config, &papers->merge, NULL));
        if (papers->item->content.data)
                MITOME_TRY(add_journal(papers, papers->item->content));
        MITOME_TRY(add_others(papers));
        MITOME_TRY(journal_merge_finish(papers->merge, NULL));
        if (!*papers->item->why)
                judge_journals(papers);
        return ok();
}

/* ---- what they show ---- */

static bool is_entry(const struct journal_entry *entry, const char *what, const char *outcome)
{
        return slice_is(entry->what, what) && slice_is(entry->outcome, outcome);
}

static slice letter_of(const struct journal_entry *entry)
{
        for (size_t i = 0; i < entry->evidence_count; i++)
                if (slice_is(entry->evidence[i].kind, "letter"))
                        return entry->evidence[i].digest;
        return slice_of(NULL, 0);
}

/* The entry of another party that asked by the letter upon which this one was decided. */
static bool find_asker(const struct journal_merge *merge, const struct journal_entry *done, size_t *ret)
{
        enum { SHARING = 16 };
        size_t places[SHARING];
        const slice letter = letter_of(done);
        size_t count = letter.size ? journal_merge_sharing(merge, letter, places, SHARING) : 0;
        for (size_t i = 0; i < count && i < SHARING; i++) {
                const struct journal_entry entry = journal_merge_entry(merge, places[i]);
                if (is_entry(&entry, "ask-hold", "asked") && !slice_equal(entry.party, done->party)) {
                        *ret = places[i];
                        return true;
                }
        }
        return false;
}

/* The call itself: what that party noted of the same certificate before it asked. */
static bool find_call(const struct journal_merge *merge, size_t asked, slice subject, int64_t *ret_at)
{
        const struct journal_entry asking = journal_merge_entry(merge, asked);
        for (size_t place = asked; place-- > 0;) {
                const struct journal_entry entry = journal_merge_entry(merge, place);
                if (is_entry(&entry, "hold", "asked") && slice_equal(entry.party, asking.party) &&
                        slice_equal(entry.subject, subject)) {
                        *ret_at = entry.at;
                        return true;
                }
        }
        return false;
}

/* From the call to the hold, by the two parties' clocks: the slowest. Clocks that go backwards tell nothing.
 */
static void show_holds(struct journal_papers *papers)
{
        const struct journal_merge *merge = papers->merge;
        int64_t slowest = -1;
        for (size_t place = 0; place < journal_merge_count(merge); place++) {
                const struct journal_entry entry = journal_merge_entry(merge, place);
                size_t asked;
                int64_t called;
                if (is_entry(&entry, "hold-certificate", "done") && find_asker(merge, &entry, &asked) &&
                        find_call(merge, asked, entry.subject, &called) && entry.at - called > slowest)
                        slowest = entry.at - called;
        }
        if (slowest < 0)
                return;
        json_t *seconds = json_integer(slowest);
        evidence_item_give(papers->e, papers->item, LEVEL_LIFE_HOLD_SECONDS, seconds);
        json_decref(seconds);
}

/* What a journal's line shows by being there. */
static const struct {
        const char *what, *outcome;
        const char *reason;  /* NULL: any, or that of `refusal` */
        mitome_code refusal; /* its number begins the reason */
        enum level_fact_id fact;
} shows[] = {
        { "revoke-certificate", "done", "ends with the card's certificate", MITOME_OK, LEVEL_LIFE_LINKED },
        { "take-receipt", "done", NULL, MITOME_OK, LEVEL_LIFE_ERASURE_PROVED },
        { "log-in", "refused", NULL, MITOME_E_CERTIFICATE_REVOKED, LEVEL_LIFE_REVOKED_REFUSED },
        { "log-in", "refused", NULL, MITOME_E_CERTIFICATE_ON_HOLD, LEVEL_LIFE_REVOKED_REFUSED },
        { "log-in", "refused", NULL, MITOME_E_CERTIFICATE_EXPIRED, LEVEL_LIFE_EXPIRED_REFUSED },
        { "log-in", "refused", NULL, MITOME_E_CRL_STALE, LEVEL_LIFE_BAD_STATUS_REFUSED },
        { "log-in", "refused", NULL, MITOME_E_CRL_SIGNATURE, LEVEL_LIFE_BAD_STATUS_REFUSED },
        { "log-in", "refused", NULL, MITOME_E_OCSP_STALE, LEVEL_LIFE_BAD_STATUS_REFUSED },
        { "log-in", "refused", NULL, MITOME_E_OCSP_SIGNATURE, LEVEL_LIFE_BAD_STATUS_REFUSED },
};

static bool is_shown(const struct journal_entry *entry, size_t i)
{
        char number[16];
        (void)snprintf(number, sizeof number, "%d ", (int)shows[i].refusal);
        return is_entry(entry, shows[i].what, shows[i].outcome) &&
               (!shows[i].reason || slice_is(entry->reason, shows[i].reason)) &&
               (shows[i].refusal == MITOME_OK || slice_begins_with(entry->reason, slice_text(number)));
}

static void show_lines(struct journal_papers *papers)
{
        bool told[LEVEL_FACTS] = { false };
        json_t *yes = json_true();
        for (size_t place = 0; place < journal_merge_count(papers->merge); place++) {
                const struct journal_entry entry = journal_merge_entry(papers->merge, place);
                for (size_t i = 0; i < sizeof shows / sizeof shows[0]; i++) {
                        if (told[shows[i].fact] || !is_shown(&entry, i))
                                continue;
                        told[shows[i].fact] = true;
                        evidence_item_give(papers->e, papers->item, shows[i].fact, yes);
                }
        }
        json_decref(yes);
}

mitome_status evidence_take_journal(struct evidence_reading *e, struct evidence_item *item)
{
        struct journal_papers *papers = calloc(1, sizeof *papers);
        if (!papers) {
                e->record->failed = true;
                return ok();
        }
        papers->e = e;
        papers->item = item;
        mitome_status status = read_journals(papers);
        if (!failed(status) && !*item->why) {
                item->partial = true;
                show_holds(papers);
                show_lines(papers);
        }
        journal_merge_free(papers->merge);
        free(papers);
        return status;
}
