/* SPDX-License-Identifier: Apache-2.0 */
#include "entry_policy.h"

#include "matcher_class.h"

enum { RECORD_VERSION = 2, HOUR_MS = 3600 * 1000, HEARD = 1, DUE = 2 };

/* [CDD 7.3.10] what asks for the PIN; 0: nothing of the kind */
static const struct rule {
        uint64_t since_entered_ms, since_used_ms;
        uint32_t failures;
} rules[] = {
        [MATCHER_SCRIPTED] = { 24 * HOUR_MS, 4 * HOUR_MS, 3 },
        [MATCHER_CONVENIENCE] = { 24 * HOUR_MS, 4 * HOUR_MS, 3 },
        [MATCHER_WEAK] = { 24 * HOUR_MS, 4 * HOUR_MS, 3 },
        [MATCHER_STRONG] = { 72LL * HOUR_MS, 0, 0 },
};

static const struct rule *rule_of(uint8_t class)
{
        return &rules[class < sizeof rules / sizeof rules[0] ? class : MATCHER_CONVENIENCE];
}

void entry_begin(struct entry_record *record)
{
        *record = (struct entry_record){ .heard = true, .due = true };
}

static mitome_status set_boot(struct entry_record *record, const struct entry_now *now)
{
        return slice_copy(SLICE(now->boot), "boot", record->boot, sizeof record->boot, NULL);
}

void entry_hear(struct entry_record *record, uint32_t count, const struct entry_now *now)
{
        if (record->heard && count > record->count) {
                *record = (struct entry_record){
                        .heard = true, .count = count, .entered_ms = now->ms, .used_ms = now->ms
                };
                record->due = failed(set_boot(record, now)); /* never */
        } else if (!record->heard) {
                record->heard = record->due = true;
                record->count = count;
        } else if (count < record->count) {
                /* Were it the count from now on, the next true word would pass for a PIN entered. */
                record->due = true;
        }
}

bool entry_is_spent(const struct entry_record *record, uint32_t count, uint32_t number)
{
        return record->heard && count == record->count && number <= record->number;
}

void entry_spend(struct entry_record *record, uint32_t count, uint32_t number)
{
        if (record->heard && count == record->count && number > record->number)
                record->number = number;
}

/* Whether `then` is `limit_ms` ago, or has not been yet: a clock that went back is not believed. */
static bool is_past(uint64_t then, uint64_t limit_ms, const struct entry_now *now)
{
        return now->ms < then || (limit_ms && now->ms - then >= limit_ms);
}

mitome_code entry_decide(const struct entry_record *record, uint8_t class, const struct entry_now *now)
{
        const struct rule *rule = rule_of(class);
        if (!record->heard || record->due || !slice_equal(SLICE(record->boot), SLICE(now->boot)) ||
                is_past(record->entered_ms, rule->since_entered_ms, now) ||
                is_past(record->used_ms, rule->since_used_ms, now) || is_past(record->missed_ms, 0, now) ||
                (rule->failures && record->failures >= rule->failures))
                return MITOME_E_GATE_PIN_DUE;
        if (record->misses >= ENTRY_TRIALS && !is_past(record->missed_ms, ENTRY_DELAY_MS, now))
                return MITOME_E_GATE_WAIT;
        return MITOME_OK;
}

static void count_up(uint32_t *counter)
{
        if (*counter < UINT32_MAX)
                (*counter)++;
}

void entry_count(struct entry_record *record, const struct entry_now *now)
{
        count_up(&record->misses);
        count_up(&record->failures);
        record->missed_ms = now->ms;
}

void entry_settle(struct entry_record *record, const struct entry_record *before, enum entry_end end,
        const struct entry_now *now)
{
        const uint32_t number = record->number;
        if (end == ENTRY_MISSED) {
                record->missed_ms = now->ms;
                return;
        }
        *record = *before;
        record->number = number; /* spent is spent */
        if (end == ENTRY_MATCHED) {
                record->misses = 0;
                record->used_ms = now->ms;
        }
}

void entry_record_write(writer *w, const struct entry_record *record)
{
        write_u8(w, RECORD_VERSION);
        write_u8(w, (uint8_t)((record->heard ? HEARD : 0) | (record->due ? DUE : 0)));
        write_u32(w, record->count);
        write_u32(w, record->number);
        write_slice(w, SLICE(record->boot));
        write_u64(w, record->entered_ms);
        write_u64(w, record->used_ms);
        write_u64(w, record->missed_ms);
        write_u32(w, record->misses);
        write_u32(w, record->failures);
}

mitome_status entry_record_read(slice bytes, struct entry_record *ret, mitome_error *error)
{
        struct entry_record record = { 0 };
        uint8_t version, flags;
        reader r = reader_over(bytes, NULL, error);
        MITOME_TRY(read_u8(&r, "entry.version", &version));
        MITOME_TRY(read_u8(&r, "entry.flags", &flags));
        if (version != RECORD_VERSION || flags & ~(HEARD | DUE))
                return reader_fail(&r, MITOME_E_STORE_FOREIGN, "entry.version");
        record.heard = flags & HEARD;
        record.due = flags & DUE;
        MITOME_TRY(read_u32(&r, "entry.count", &record.count));
        MITOME_TRY(read_u32(&r, "entry.number", &record.number));
        MITOME_TRY(read_into(&r, "entry.boot", record.boot, sizeof record.boot));
        MITOME_TRY(read_u64(&r, "entry.entered", &record.entered_ms));
        MITOME_TRY(read_u64(&r, "entry.used", &record.used_ms));
        MITOME_TRY(read_u64(&r, "entry.missed", &record.missed_ms));
        MITOME_TRY(read_u32(&r, "entry.misses", &record.misses));
        MITOME_TRY(read_u32(&r, "entry.failures", &record.failures));
        MITOME_TRY(read_end(&r, "entry"));
        *ret = record;
        return ok();
}
