/* SPDX-License-Identifier: Apache-2.0 */

/* The matcher's own brake: when the PIN is due, when to wait; and its small file, whose writes fail, are cut
 * short, and whose process dies before and behind each of them. */

#include "entry_book.h"
#include "matcher_class.h"
#include "unlock_token.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SECOND = 1000, HOUR = 3600 * SECOND, TRIALS_OF_A_WEAK_ONE = 3 };

static const uint8_t key[32] = { 0x5A };

static struct entry_now at(uint64_t ms)
{
        return (struct entry_now){ .boot = { 0xB0 }, .ms = ms };
}

static struct entry_now at_in_another_boot(uint64_t ms)
{
        return (struct entry_now){ .boot = { 0xB1 }, .ms = ms };
}

/* A record in which the PIN was entered for the first time at `ms`. */
static struct entry_record entered_at(uint64_t ms)
{
        struct entry_record record;
        const struct entry_now now = at(ms);
        entry_begin(&record);
        entry_hear(&record, 1, &now);
        return record;
}

static mitome_code decide(const struct entry_record *record, uint8_t class, uint64_t ms)
{
        const struct entry_now now = at(ms);
        return entry_decide(record, class, &now);
}

/* One trial of `ms`, from its counting to its end. */
static void try_once(struct entry_record *record, uint64_t ms, enum entry_end end)
{
        const struct entry_now now = at(ms);
        const struct entry_record before = *record;
        entry_count(record, &now);
        entry_settle(record, &before, end, &now);
}

/* ---- the rules ---- */

static void the_pin_is_due_after_its_hours(void **state)
{
        (void)state;
        static const struct {
                uint8_t class;
                uint64_t hours;
        } limits[] = { { MATCHER_STRONG, 72 }, { MATCHER_WEAK, 24 }, { MATCHER_CONVENIENCE, 24 },
                { MATCHER_SCRIPTED, 24 } };
        for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
                struct entry_record record = entered_at(1000);
                const uint64_t end = 1000 + limits[i].hours * HOUR;
                for (uint64_t now = 1000; now < end; now += HOUR) { /* in use all the time */
                        assert_int_equal(decide(&record, limits[i].class, now), MITOME_OK);
                        try_once(&record, now, ENTRY_MATCHED);
                }
                assert_int_equal(decide(&record, limits[i].class, end - 1), MITOME_OK);
                assert_int_equal(decide(&record, limits[i].class, end), MITOME_E_GATE_PIN_DUE);
        }
}

static void four_hours_without_use_ask_all_but_strong_ones(void **state)
{
        (void)state;
        struct entry_record record = entered_at(0);
        try_once(&record, 2 * HOUR, ENTRY_MATCHED);
        try_once(&record, 3 * HOUR, ENTRY_MISSED); /* is no use */
        assert_int_equal(decide(&record, MATCHER_WEAK, 6 * HOUR - 1), MITOME_OK);
        assert_int_equal(decide(&record, MATCHER_WEAK, 6 * HOUR), MITOME_E_GATE_PIN_DUE);
        assert_int_equal(decide(&record, MATCHER_CONVENIENCE, 6 * HOUR), MITOME_E_GATE_PIN_DUE);
        assert_int_equal(decide(&record, MATCHER_STRONG, 6 * HOUR), MITOME_OK);
}

/* [CDD 7.3.10] the failures are counted until the PIN is entered: a finger that opens does not clear them */
static void three_failures_ask_all_but_strong_ones(void **state)
{
        (void)state;
        struct entry_record record = entered_at(0);
        for (unsigned i = 0; i < TRIALS_OF_A_WEAK_ONE; i++) {
                assert_int_equal(decide(&record, MATCHER_WEAK, i), MITOME_OK);
                try_once(&record, i, ENTRY_MISSED);
                try_once(&record, i, ENTRY_MATCHED);
        }
        assert_int_equal(decide(&record, MATCHER_WEAK, 10), MITOME_E_GATE_PIN_DUE);
        assert_int_equal(decide(&record, MATCHER_STRONG, 10), MITOME_OK);
        const struct entry_now now = at(10);
        entry_hear(&record, 2, &now);
        assert_int_equal(decide(&record, MATCHER_WEAK, 10), MITOME_OK);
}

static void after_five_misses_each_trial_waits_thirty_seconds(void **state)
{
        (void)state;
        struct entry_record record = entered_at(0);
        for (unsigned i = 0; i < ENTRY_TRIALS; i++) {
                assert_int_equal(decide(&record, MATCHER_STRONG, i), MITOME_OK);
                try_once(&record, i, ENTRY_MISSED);
        }
        for (uint64_t last = ENTRY_TRIALS - 1, i = 0; i < 3; i++) {
                assert_int_equal(decide(&record, MATCHER_STRONG, last), MITOME_E_GATE_WAIT);
                assert_int_equal(decide(&record, MATCHER_STRONG, last + 30 * SECOND - 1), MITOME_E_GATE_WAIT);
                last += 30 * SECOND;
                assert_int_equal(decide(&record, MATCHER_STRONG, last), MITOME_OK);
                try_once(&record, last, ENTRY_MISSED);
        }
        struct entry_record cleared = record;
        const struct entry_now now = at(200 * SECOND);
        entry_hear(&cleared, 2, &now);
        assert_int_equal(decide(&cleared, MATCHER_STRONG, now.ms), MITOME_OK);
        try_once(&record, now.ms, ENTRY_MATCHED); /* and a finger that opens ends it as well */
        try_once(&record, now.ms, ENTRY_MISSED);
        assert_int_equal(decide(&record, MATCHER_STRONG, now.ms), MITOME_OK);
}

/* What was counted and not presented is given back, with the time of the miss before. */
static void nothing_presented_counts_nothing(void **state)
{
        (void)state;
        struct entry_record record = entered_at(0);
        for (unsigned i = 0; i < ENTRY_TRIALS; i++)
                try_once(&record, 0, ENTRY_MISSED);
        const struct entry_record before = record;
        try_once(&record, 40 * SECOND, ENTRY_NOTHING);
        assert_int_equal(record.misses, before.misses);
        assert_int_equal(record.failures, before.failures);
        assert_int_equal(record.missed_ms, before.missed_ms);
        assert_int_equal(decide(&record, MATCHER_STRONG, 40 * SECOND), MITOME_OK);
}

static void counters_do_not_wrap(void **state)
{
        (void)state;
        struct entry_record record = entered_at(0);
        record.misses = record.failures = UINT32_MAX;
        try_once(&record, 0, ENTRY_MISSED);
        assert_int_equal(decide(&record, MATCHER_STRONG, 0), MITOME_E_GATE_WAIT);
        assert_int_equal(decide(&record, MATCHER_WEAK, 0), MITOME_E_GATE_PIN_DUE);
}

static void a_class_that_is_not_known_is_not_trusted(void **state)
{
        (void)state;
        const struct entry_record record = entered_at(0);
        assert_int_equal(decide(&record, 200, 4 * HOUR), MITOME_E_GATE_PIN_DUE);
}

/* ---- attacks ---- */

static void a_restart_of_the_machine_asks_for_the_pin(void **state)
{
        (void)state;
        struct entry_record record = entered_at(1000);
        const struct entry_now now = at_in_another_boot(1001);
        assert_int_equal(entry_decide(&record, MATCHER_STRONG, &now), MITOME_E_GATE_PIN_DUE);
        entry_hear(&record, 1, &now); /* the same count as before */
        assert_int_equal(entry_decide(&record, MATCHER_STRONG, &now), MITOME_E_GATE_PIN_DUE);
        entry_hear(&record, 2, &now);
        assert_int_equal(entry_decide(&record, MATCHER_STRONG, &now), MITOME_OK);
}

/* The time of day is not among the facts. A boot that lasts less long than it did is none that was seen. */
static void a_clock_that_goes_back_asks_for_the_pin(void **state)
{
        (void)state;
        struct entry_record record = entered_at(5 * HOUR);
        assert_int_equal(decide(&record, MATCHER_STRONG, 5 * HOUR - 1), MITOME_E_GATE_PIN_DUE);
        for (unsigned i = 0; i < ENTRY_TRIALS; i++)
                try_once(&record, 6 * HOUR, ENTRY_MISSED);
        assert_int_equal(decide(&record, MATCHER_STRONG, 6 * HOUR - 1), MITOME_E_GATE_PIN_DUE);
        assert_int_equal(decide(&record, MATCHER_STRONG, 6 * HOUR), MITOME_E_GATE_WAIT);
        assert_int_equal(decide(&record, MATCHER_STRONG, 6 * HOUR + 30 * SECOND), MITOME_OK);
}

static void a_count_that_goes_down_asks_for_the_pin(void **state)
{
        (void)state;
        struct entry_record record = entered_at(0);
        const struct entry_now now = at(1);
        entry_hear(&record, 9, &now);
        assert_int_equal(decide(&record, MATCHER_STRONG, 1), MITOME_OK);
        entry_hear(&record, 8, &now); /* the element's state was put back */
        assert_int_equal(decide(&record, MATCHER_STRONG, 1), MITOME_E_GATE_PIN_DUE);
        entry_hear(&record, 8, &now);
        assert_int_equal(decide(&record, MATCHER_STRONG, 1), MITOME_E_GATE_PIN_DUE);
        entry_hear(&record, 9, &now); /* entered again, or the word of before that was put back: who knows */
        assert_int_equal(decide(&record, MATCHER_STRONG, 1), MITOME_E_GATE_PIN_DUE);
        entry_hear(&record, 10, &now);
        assert_int_equal(decide(&record, MATCHER_STRONG, 1), MITOME_OK);
}

/* The core kept a word from before the PIN was entered last, and shows it first: the true word that follows
 * is higher, and no PIN was entered. */
static void an_old_word_before_a_true_one_passes_for_no_pin(void **state)
{
        (void)state;
        struct entry_record record = entered_at(0);
        struct entry_now now = at(1);
        entry_hear(&record, 9, &now);
        now = at(73 * HOUR);
        assert_int_equal(decide(&record, MATCHER_STRONG, now.ms), MITOME_E_GATE_PIN_DUE);
        entry_hear(&record, 8, &now);
        entry_hear(&record, 9, &now);
        assert_int_equal(decide(&record, MATCHER_STRONG, now.ms), MITOME_E_GATE_PIN_DUE);
        assert_int_equal(record.entered_ms, 1);
}

static void a_challenge_is_spent_once_and_with_it_all_older_ones(void **state)
{
        (void)state;
        struct entry_record record = entered_at(0); /* the count is 1 */
        const struct entry_now now = at(1);
        assert_false(entry_is_spent(&record, 1, 5));
        entry_spend(&record, 1, 5);
        assert_true(entry_is_spent(&record, 1, 5));
        assert_true(entry_is_spent(&record, 1, 4));
        assert_false(entry_is_spent(&record, 1, 6));
        entry_spend(&record, 1, 3); /* takes nothing back */
        assert_true(entry_is_spent(&record, 1, 5));
        const struct entry_record before = record;
        entry_spend(&record, 1, 6);
        entry_settle(&record, &before, ENTRY_NOTHING, &now); /* nor does a trial that counts nothing */
        assert_true(entry_is_spent(&record, 1, 6));
        entry_settle(&record, &before, ENTRY_MATCHED, &now);
        assert_true(entry_is_spent(&record, 1, 6));
        entry_hear(&record, 2, &now);
        assert_false(entry_is_spent(&record, 2, 1));
}

static void a_lost_record_asks_for_the_pin_whatever_is_said_first(void **state)
{
        (void)state;
        struct entry_record record = { 0 };
        const struct entry_now now = at(1);
        assert_int_equal(decide(&record, MATCHER_STRONG, 1), MITOME_E_GATE_PIN_DUE);
        entry_hear(&record, 77, &now);
        assert_int_equal(decide(&record, MATCHER_STRONG, 1), MITOME_E_GATE_PIN_DUE);
        entry_hear(&record, 77, &now);
        assert_int_equal(decide(&record, MATCHER_STRONG, 1), MITOME_E_GATE_PIN_DUE);
        entry_hear(&record, 78, &now);
        assert_int_equal(decide(&record, MATCHER_STRONG, 1), MITOME_OK);
}

static void a_new_pairing_asks_for_the_pin(void **state)
{
        (void)state;
        struct entry_record record;
        const struct entry_now now = at(1);
        entry_begin(&record);
        assert_int_equal(decide(&record, MATCHER_STRONG, 1), MITOME_E_GATE_PIN_DUE);
        entry_hear(&record, 0, &now); /* an element that never had a PIN entered */
        assert_int_equal(decide(&record, MATCHER_STRONG, 1), MITOME_E_GATE_PIN_DUE);
        entry_hear(&record, 1, &now);
        assert_int_equal(decide(&record, MATCHER_STRONG, 1), MITOME_OK);
}

/* ---- the element's word ---- */

static mitome_code open_entry(slice entry, slice challenge, slice pairing_key, struct unlock_entry *ret)
{
        return unlock_entry_open(entry, UNLOCK_VERIFIED, challenge, pairing_key, ret, NULL).code;
}

static void an_old_entry_replayed_in_a_new_request_is_refused(void **state)
{
        (void)state;
        static const uint8_t pairing_key[32] = { 0x9A }, first[32] = { 1 }, second[32] = { 2 };
        uint8_t entry[UNLOCK_ENTRY_SIZE];
        const struct unlock_entry said = { .entered = 0x01020304, .number = 0x05060708 };
        struct unlock_entry heard = { 0 };
        unlock_entry_seal(&said, UNLOCK_VERIFIED, SLICE(first), SLICE(pairing_key), entry);
        assert_int_equal(open_entry(SLICE(entry), SLICE(first), SLICE(pairing_key), &heard), MITOME_OK);
        assert_int_equal(heard.entered, 0x01020304);
        assert_int_equal(heard.number, 0x05060708);
        assert_int_equal(
                open_entry(SLICE(entry), SLICE(second), SLICE(pairing_key), &heard), MITOME_E_GATE_ENTRY);
}

static void an_entry_with_a_flipped_bit_is_refused(void **state)
{
        (void)state;
        static const uint8_t pairing_key[32] = { 0x9A }, other_key[32] = { 0x9B }, challenge[32] = { 1 };
        uint8_t entry[UNLOCK_ENTRY_SIZE + 1] = { 0 };
        const struct unlock_entry said = { .entered = 1, .number = 1 };
        struct unlock_entry heard;
        const slice whole = slice_of(entry, UNLOCK_ENTRY_SIZE);
        unlock_entry_seal(&said, UNLOCK_VERIFIED, SLICE(challenge), SLICE(pairing_key), entry);
        for (size_t bit = 0; bit < 8 * (size_t)UNLOCK_ENTRY_SIZE; bit++) {
                entry[bit / 8] ^= (uint8_t)(1u << bit % 8);
                assert_int_equal(
                        open_entry(whole, SLICE(challenge), SLICE(pairing_key), &heard), MITOME_E_GATE_ENTRY);
                entry[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        for (size_t size = 0; size <= UNLOCK_ENTRY_SIZE + 1; size++)
                assert_int_equal(
                        open_entry(slice_of(entry, size), SLICE(challenge), SLICE(pairing_key), &heard),
                        size == UNLOCK_ENTRY_SIZE ? MITOME_OK : MITOME_E_GATE_ENTRY);
        assert_int_equal(open_entry(whole, SLICE(challenge), SLICE(other_key), &heard), MITOME_E_GATE_ENTRY);
        assert_int_equal(
                open_entry(whole, slice_of(challenge, 31), SLICE(pairing_key), &heard), MITOME_E_GATE_ENTRY);
        assert_int_equal(
                unlock_entry_open(whole, UNLOCK_ENROLLED, SLICE(challenge), SLICE(pairing_key), &heard, NULL)
                        .code,
                MITOME_E_GATE_ENTRY);
}

/* ---- the record's bytes ---- */

static void records_are_written_and_read(void **state)
{
        (void)state;
        const struct entry_record record = { .heard = true,
                .due = true,
                .count = 0x01020304,
                .number = 0x05060708,
                .boot = { 0xB0, 7 },
                .entered_ms = 0x1111111111111111,
                .used_ms = 0x2222222222222222,
                .missed_ms = 0x3333333333333333,
                .misses = 5,
                .failures = 6 };
        struct entry_record again = { 0 }, read;
        uint8_t bytes[ENTRY_RECORD_SIZE + 1] = { 0 }, twice[ENTRY_RECORD_SIZE];
        writer w = writer_over(bytes, ENTRY_RECORD_SIZE), v = WRITER(twice);
        entry_record_write(&w, &record);
        assert_int_equal(writer_view(&w).size, ENTRY_RECORD_SIZE);
        assert_false(w.overflowed);
        assert_int_equal(entry_record_read(writer_view(&w), &again, NULL).code, MITOME_OK);
        entry_record_write(&v, &again);
        assert_memory_equal(bytes, twice, sizeof twice);
        for (size_t size = 0; size <= ENTRY_RECORD_SIZE + 1; size++)
                assert_int_equal(entry_record_read(slice_of(bytes, size), &read, NULL).code == MITOME_OK,
                        size == ENTRY_RECORD_SIZE);
        bytes[0] = 1;
        assert_int_equal(entry_record_read(writer_view(&w), &read, NULL).code, MITOME_E_STORE_FOREIGN);
        bytes[0] = 2;
        bytes[1] = 4;
        assert_int_equal(entry_record_read(writer_view(&w), &read, NULL).code, MITOME_E_STORE_FOREIGN);
}

/* ---- the file ---- */

struct medium {
        uint8_t bytes[2 * ENTRY_FILE_SIZE];
        size_t size;
        int until_failure; /* -1: none */
        bool keeps;        /* what is written when it fails: the power goes behind the write */
        unsigned writes;
};

static mitome_status load(
        void *context, uint8_t *bytes, size_t capacity, size_t *ret_size, mitome_error *error)
{
        const struct medium *medium = context;
        (void)error;
        if (medium->size > capacity)
                return (mitome_status){ MITOME_E_FILE_READ };
        memcpy(bytes, medium->bytes, medium->size);
        *ret_size = medium->size;
        return ok();
}

static mitome_status save(void *context, mitome_slice bytes, mitome_error *error)
{
        struct medium *medium = context;
        const bool fails = medium->until_failure-- == 0;
        (void)error;
        if (!fails || medium->keeps) {
                assert_int_equal(bytes.size, ENTRY_FILE_SIZE);
                memcpy(medium->bytes, bytes.data, bytes.size);
                medium->size = bytes.size;
                medium->writes++;
        }
        return (mitome_status){ fails ? MITOME_E_FILE_WRITE : MITOME_OK };
}

static struct entry_book open_book(struct medium *medium)
{
        struct entry_book book = { 0 };
        const struct mitome_blobs file = { .context = medium, .load = load, .save = save };
        assert_int_equal(entry_book_open(&file, SLICE(key), &book, NULL).code, MITOME_OK);
        return book;
}

static void the_record_survives_and_is_sealed(void **state)
{
        (void)state;
        struct medium medium = { .until_failure = -1 };
        struct entry_book book = open_book(&medium);
        assert_false(book.record.heard);
        struct entry_record record = entered_at(0x1234567890);
        try_once(&record, 0x1234567890, ENTRY_MISSED);
        assert_int_equal(entry_book_write(&book, &record, NULL).code, MITOME_OK);
        assert_int_equal(entry_book_write(&book, &record, NULL).code, MITOME_OK);
        assert_int_equal(medium.writes, 1); /* nothing had changed */
        entry_book_close(&book);
        book = open_book(&medium);
        assert_int_equal(book.record.misses, 1);
        assert_int_equal(book.record.entered_ms, 0x1234567890);
        entry_book_close(&book);

        uint8_t plain[ENTRY_RECORD_SIZE];
        writer w = WRITER(plain);
        entry_record_write(&w, &record);
        for (size_t i = 0; i + 8 <= medium.size; i++)
                assert_memory_not_equal(medium.bytes + i, plain + 2, 8);
        const struct mitome_blobs file = { .context = &medium, .load = load, .save = save };
        assert_int_equal(entry_book_open(&file, slice_of(key, 31), &book, NULL).code, MITOME_E_ARGUMENT);
}

/* Whatever is done to the file, nothing is cleared by it. */
static void a_file_deleted_damaged_or_anothers_asks_for_the_pin(void **state)
{
        (void)state;
        struct medium medium = { .until_failure = -1 };
        struct entry_book book = open_book(&medium);
        const struct entry_record record = entered_at(0);
        assert_int_equal(entry_book_write(&book, &record, NULL).code, MITOME_OK);
        assert_int_equal(decide(&book.record, MATCHER_STRONG, 1), MITOME_OK);
        entry_book_close(&book);
        const struct medium good = medium;
        for (size_t i = 0; i < good.size; i++) { /* each byte, and each length */
                medium = good;
                medium.bytes[i] ^= 0x20;
                book = open_book(&medium);
                assert_int_equal(decide(&book.record, MATCHER_STRONG, 1), MITOME_E_GATE_PIN_DUE);
                entry_book_close(&book);
                medium = good;
                medium.size = i;
                book = open_book(&medium);
                assert_int_equal(decide(&book.record, MATCHER_STRONG, 1), MITOME_E_GATE_PIN_DUE);
                entry_book_close(&book);
        }
        medium = good;
        medium.size = sizeof medium.bytes; /* longer than one can be */
        book = open_book(&medium);
        assert_int_equal(decide(&book.record, MATCHER_STRONG, 1), MITOME_E_GATE_PIN_DUE);
        entry_book_close(&book);
}

/* What a matcher does with one trial, until the medium stops it. */
static bool miss_once(struct entry_book *book, uint64_t ms)
{
        const struct entry_now now = at(ms);
        const struct entry_record before = book->record;
        struct entry_record next = before;
        if (entry_decide(&before, MATCHER_STRONG, &now) != MITOME_OK)
                return false;
        entry_count(&next, &now);
        if (failed(entry_book_write(book, &next, NULL)))
                return false; /* no finger is asked for */
        entry_settle(&next, &before, ENTRY_MISSED, &now);
        (void)failed(entry_book_write(book, &next, NULL));
        return true;
}

/* Killed before or behind each write and started again at once: no more than five are ever asked for. */
static void a_sixth_try_by_restart_is_refused(void **state)
{
        (void)state;
        for (int keeps = 0; keeps < 2; keeps++) {
                for (int kill_at = 0; kill_at < 12; kill_at++) {
                        struct medium medium = { .until_failure = -1, .keeps = keeps };
                        struct entry_book book = open_book(&medium);
                        const struct entry_record record = entered_at(0);
                        unsigned asked = 0;
                        assert_int_equal(entry_book_write(&book, &record, NULL).code, MITOME_OK);
                        medium.until_failure = kill_at;
                        for (unsigned i = 0; i < 20; i++) {
                                asked += miss_once(&book, i);
                                entry_book_close(&book); /* it is killed */
                                book = open_book(&medium);
                        }
                        assert_true(asked <= ENTRY_TRIALS);
                        assert_true(asked >= ENTRY_TRIALS - 1); /* and a kill costs no more than its trial */
                        assert_int_equal(decide(&book.record, MATCHER_STRONG, 20), MITOME_E_GATE_WAIT);
                        entry_book_close(&book);
                }
        }
}

/* No finger is asked for, if that cannot be counted. */
static void a_failing_write_leaves_the_record_as_it_was(void **state)
{
        (void)state;
        struct medium medium = { .until_failure = -1 };
        struct entry_book book = open_book(&medium);
        const struct entry_record record = entered_at(0);
        assert_int_equal(entry_book_write(&book, &record, NULL).code, MITOME_OK);
        struct entry_record next = record;
        const struct entry_now now = at(1);
        entry_count(&next, &now);
        medium.until_failure = 0;
        assert_int_equal(entry_book_write(&book, &next, NULL).code, MITOME_E_FILE_WRITE);
        assert_int_equal(book.record.misses, 0);
        entry_book_close(&book);
        book = open_book(&medium);
        assert_int_equal(book.record.misses, 0);
        entry_book_close(&book);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_pin_is_due_after_its_hours),
                cmocka_unit_test(four_hours_without_use_ask_all_but_strong_ones),
                cmocka_unit_test(three_failures_ask_all_but_strong_ones),
                cmocka_unit_test(after_five_misses_each_trial_waits_thirty_seconds),
                cmocka_unit_test(nothing_presented_counts_nothing),
                cmocka_unit_test(counters_do_not_wrap),
                cmocka_unit_test(a_class_that_is_not_known_is_not_trusted),
                cmocka_unit_test(a_restart_of_the_machine_asks_for_the_pin),
                cmocka_unit_test(a_clock_that_goes_back_asks_for_the_pin),
                cmocka_unit_test(a_count_that_goes_down_asks_for_the_pin),
                cmocka_unit_test(an_old_word_before_a_true_one_passes_for_no_pin),
                cmocka_unit_test(a_challenge_is_spent_once_and_with_it_all_older_ones),
                cmocka_unit_test(a_lost_record_asks_for_the_pin_whatever_is_said_first),
                cmocka_unit_test(a_new_pairing_asks_for_the_pin),
                cmocka_unit_test(an_old_entry_replayed_in_a_new_request_is_refused),
                cmocka_unit_test(an_entry_with_a_flipped_bit_is_refused),
                cmocka_unit_test(records_are_written_and_read),
                cmocka_unit_test(the_record_survives_and_is_sealed),
                cmocka_unit_test(a_file_deleted_damaged_or_anothers_asks_for_the_pin),
                cmocka_unit_test(a_sixth_try_by_restart_is_refused),
                cmocka_unit_test(a_failing_write_leaves_the_record_as_it_was),
        };
        return sodium_init() < 0 ? 1 : cmocka_run_group_tests_name("entry_policy", tests, NULL, NULL);
}
