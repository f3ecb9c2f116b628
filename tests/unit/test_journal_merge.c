/* SPDX-License-Identifier: Apache-2.0 */
#include "journal_rig.h"

#include <mitome/error.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* An application that comes to the service manager, is checked and certified by the authority: each has seen
 * the other's journal on the way. */
struct scene {
        struct book tsm, authority;
        struct directory directory;
        struct journal_merge *merge;
        bool every_signature, no_directory;
};

static void play(struct scene *scene)
{
        struct book *tsm = &scene->tsm, *authority = &scene->authority;
        book_write(tsm, (struct line){ "take-application", "done", "order:01", 0, 7, NULL });
        book_write(tsm, (struct line){ "ask-issue", "asked", "order:01", 1, 7, NULL });
        book_write(authority, (struct line){ "issue-certificate", "done", "serial:0a1b", 1, 7, tsm });
        book_write(authority, (struct line){ "publish-list", "done", NULL, 0, 0, NULL });
        book_write(tsm, (struct line){ "ask-issue", "confirmed", "serial:0a1b", 1, 0, authority });
        book_write(tsm, (struct line){ "personalise", "done", "device:MTM-1", 0, 0, NULL });
}

static int set_up(void **state)
{
        static struct scene scene;
        journal_merge_free(scene.merge); /* some begin again within a test */
        scene = (struct scene){ .every_signature = true };
        book_open(&scene.tsm, "sp-tsm", 0);
        book_open(&scene.authority, "authority", 0);
        const struct book *const books[] = { &scene.tsm, &scene.authority };
        scene.directory = book_directory(books, 2);
        *state = &scene;
        return 0;
}

static int tear_down(void **state)
{
        struct scene *scene = *state;
        journal_merge_free(scene->merge);
        scene->merge = NULL;
        return 0;
}

static void begin(struct scene *scene)
{
        const struct journal_merge_config config = { scene->no_directory ? NULL : &scene->directory,
                scene->every_signature };
        journal_merge_free(scene->merge);
        scene->merge = NULL;
        assert_int_equal(journal_merge_new(&config, &scene->merge, NULL).code, MITOME_OK);
}

static void add_in_steps(struct scene *scene, slice bytes, size_t step)
{
        struct book_source from = { bytes, step };
        assert_int_equal(journal_merge_add(scene->merge, "file", book_source(&from), NULL).code, MITOME_OK);
}

static void add(struct scene *scene, slice bytes)
{
        add_in_steps(scene, bytes, SIZE_MAX);
}

static void finish(struct scene *scene)
{
        assert_int_equal(journal_merge_finish(scene->merge, NULL).code, MITOME_OK);
}

static void merge_both(struct scene *scene, slice tsm, slice authority)
{
        begin(scene);
        add(scene, tsm);
        add(scene, authority);
        finish(scene);
}

static void merge_all(struct scene *scene)
{
        merge_both(scene, book_bytes(&scene->tsm), book_bytes(&scene->authority));
}

static const struct journal_finding *found(struct scene *scene, mitome_code code)
{
        for (size_t i = 0; i < journal_merge_findings(scene->merge); i++)
                if (journal_merge_finding(scene->merge, i)->code == code)
                        return journal_merge_finding(scene->merge, i);
        return NULL;
}

static void assert_found(struct scene *scene, mitome_code code, const char *party, uint64_t number,
        const char *seen_by, uint64_t seen_at)
{
        const struct journal_finding *finding = found(scene, code);
        assert_non_null(finding);
        assert_string_equal(finding->party, party);
        assert_int_equal(finding->number, number);
        assert_string_equal(finding->seen_by, seen_by);
        assert_int_equal(finding->seen_at, seen_at);
        assert_int_equal(journal_merge_is_sound(scene->merge), code == MITOME_E_MISSING);
}

/* The order that the scene is played in, as "<party's first letter><number>" one after the other. */
static void assert_line(struct scene *scene, const char *expected)
{
        char line[64] = { 0 };
        assert_true(journal_merge_count(scene->merge) * 2 < sizeof line);
        for (size_t i = 0; i < journal_merge_count(scene->merge); i++) {
                struct journal_entry entry = journal_merge_entry(scene->merge, i);
                line[2 * i] = (char)entry.party.data[0];
                line[2 * i + 1] = (char)('0' + entry.number);
        }
        assert_string_equal(line, expected);
}

/* ---- the time line ---- */

static void test_journals_become_one_time_line(void **state)
{
        struct scene *scene = *state;
        play(scene);
        merge_all(scene);
        assert_true(journal_merge_is_sound(scene->merge));
        assert_int_equal(journal_merge_findings(scene->merge), 0);
        assert_line(scene, "s1s2a1a2s3s4");
        assert_int_equal(journal_merge_parties(scene->merge), 2);
        struct journal_party party = journal_merge_party(scene->merge, 0);
        assert_string_equal(party.name, "sp-tsm");
        assert_int_equal(party.count, 4);
        assert_true(party.signed_by_him);
        assert_memory_equal(party.digest, scene->tsm.head.digest, sizeof party.digest);
}

static void test_clocks_two_days_apart_do_not_break_the_order(void **state)
{
        struct scene *scene = *state;
        for (int ahead = -1; ahead <= 1; ahead += 2) {
                set_up(state);
                scene->authority.clock += (int64_t)ahead * 2 * 86400;
                play(scene);
                merge_all(scene);
                assert_true(journal_merge_is_sound(scene->merge));
                assert_line(scene, "s1s2a1a2s3s4");
        }
}

/* Without anybody's sight of another's journal, the letter alone tells who came first. */
static void test_a_letter_alone_orders_two_journals(void **state)
{
        struct scene *scene = *state;
        scene->authority.clock -= 86400;
        book_write(&scene->tsm, (struct line){ "ask-issue", "asked", NULL, 1, 0, NULL });
        book_write(&scene->authority, (struct line){ "issue-certificate", "done", NULL, 1, 0, NULL });
        merge_all(scene);
        assert_line(scene, "s1a1");
        merge_both(scene, book_bytes(&scene->authority), book_bytes(&scene->tsm));
        assert_line(scene, "s1a1");
}

static void test_a_letter_that_was_sent_again_is_one_letter(void **state)
{
        struct scene *scene = *state;
        book_write(&scene->tsm, (struct line){ "ask-issue", "asked", NULL, 1, 0, NULL });
        book_write(&scene->authority, (struct line){ "issue-certificate", "done", NULL, 1, 0, &scene->tsm });
        book_write(&scene->tsm, (struct line){ "ask-issue", "asked", NULL, 1, 0, &scene->authority });
        merge_all(scene);
        assert_true(journal_merge_is_sound(scene->merge));
        assert_line(scene, "s1a1s2");
}

/* Who puts off what he was asked for says "asked" as well; the letter is not his. */
static void test_who_puts_off_what_he_was_asked_for_did_not_write_the_letter(void **state)
{
        struct scene *scene = *state;
        book_write(&scene->authority, (struct line){ "prepare-applet", "asked", NULL, 1, 0, NULL });
        scene->tsm.clock += 3600;
        book_write(&scene->tsm, (struct line){ "ask-prepare", "asked", NULL, 1, 0, NULL });
        merge_all(scene);
        assert_true(journal_merge_is_sound(scene->merge));
        assert_line(scene, "s1a1");
}

static void test_what_nothing_joins_is_ordered_by_the_clocks(void **state)
{
        struct scene *scene = *state;
        scene->authority.clock += 1;
        for (int i = 0; i < 2; i++) {
                book_write(&scene->tsm, (struct line){ "wait", "done", NULL, 0, 0, NULL });
                book_write(&scene->authority, (struct line){ "wait", "done", NULL, 0, 0, NULL });
                scene->tsm.clock += 2;
                scene->authority.clock += 2;
        }
        merge_all(scene);
        assert_line(scene, "s1a1s2a2");
}

/* Both say that they answered a letter that the other wrote later. */
static void test_entries_that_follow_from_each_other_are_found(void **state)
{
        struct scene *scene = *state;
        book_write(&scene->tsm, (struct line){ "answer", "done", NULL, 2, 0, NULL });
        book_write(&scene->tsm, (struct line){ "ask-it", "asked", NULL, 1, 0, NULL });
        book_write(&scene->authority, (struct line){ "answer", "done", NULL, 1, 0, NULL });
        book_write(&scene->authority, (struct line){ "ask-it", "asked", NULL, 2, 0, NULL });
        merge_all(scene);
        assert_found(scene, MITOME_E_JOURNAL_ORDER, "sp-tsm", 1, "authority", 2);
        assert_int_equal(journal_merge_count(scene->merge), 4);
}

static void test_bytes_may_come_in_any_portions(void **state)
{
        struct scene *scene = *state;
        play(scene);
        for (size_t step = 1; step < 5000; step = step * 3 + 1) {
                begin(scene);
                add_in_steps(scene, book_bytes(&scene->tsm), step);
                add_in_steps(scene, book_bytes(&scene->authority), step);
                finish(scene);
                assert_true(journal_merge_is_sound(scene->merge));
                assert_line(scene, "s1s2a1a2s3s4");
        }
}

/* ---- attacks on a journal ---- */

static void test_no_byte_can_be_changed(void **state)
{
        struct scene *scene = *state;
        play(scene);
        for (int every = 0; every < 2; every++) {
                scene->every_signature = every;
                for (size_t i = 0; i < scene->authority.used; i++) {
                        scene->authority.bytes[i] ^= 0x04;
                        merge_all(scene);
                        assert_false(journal_merge_is_sound(scene->merge));
                        scene->authority.bytes[i] ^= 0x04;
                }
        }
        merge_all(scene);
        assert_true(journal_merge_is_sound(scene->merge));
}

/* Within an entry, the file itself tells; between two, what the other one has seen. */
static void test_a_journal_cut_anywhere_is_found(void **state)
{
        struct scene *scene = *state;
        play(scene);
        for (size_t size = 0; size < scene->authority.used; size++) {
                merge_both(scene, book_bytes(&scene->tsm), slice_of(scene->authority.bytes, size));
                assert_false(journal_merge_is_sound(scene->merge));
                uint64_t kept = size >= scene->authority.ends[1];
                if (size && size != scene->authority.ends[1])
                        assert_int_equal(found(scene, MITOME_E_JOURNAL_CUT)->number, kept + 1);
                assert_int_equal(journal_merge_count(scene->merge), 4 + kept);
        }
}

static void test_who_saw_more_of_a_journal_than_there_is_is_named(void **state)
{
        struct scene *scene = *state;
        play(scene);
        merge_both(scene, book_bytes(&scene->tsm), book_entry(&scene->authority, 1));
        assert_found(scene, MITOME_E_JOURNAL_SHORT, "authority", 2, "sp-tsm", 3);
        merge_both(scene, book_bytes(&scene->tsm), slice_of(NULL, 0));
        assert_found(scene, MITOME_E_JOURNAL_SHORT, "", 1, "", 0);
        assert_non_null(found(scene, MITOME_E_MISSING));
        /* What nobody has seen yet can be cut off: the last entry of the service manager. */
        merge_both(scene, slice_of(scene->tsm.bytes, scene->tsm.ends[3]), book_bytes(&scene->authority));
        assert_true(journal_merge_is_sound(scene->merge));
}

/* Who decided nothing yet has an empty journal; that is no fault as long as it can be nobody's who did. */
static void test_an_empty_journal_is_noted_and_no_fault(void **state)
{
        struct scene *scene = *state;
        play(scene);
        begin(scene);
        add(scene, book_bytes(&scene->tsm));
        add(scene, slice_of(NULL, 0));
        add(scene, book_bytes(&scene->authority));
        finish(scene);
        assert_found(scene, MITOME_E_MISSING, "", 0, "", 0);
        assert_int_equal(journal_merge_count(scene->merge), 6);
}

static size_t join(uint8_t *to, size_t capacity, const struct book *book, const size_t *numbers, size_t count)
{
        writer w = writer_over(to, capacity);
        for (size_t i = 0; i < count; i++)
                write_slice(&w, book_entry(book, numbers[i]));
        return w.used;
}

static void test_entries_swapped_left_out_or_doubled_are_found(void **state)
{
        static const struct {
                size_t numbers[4], count;
                uint64_t wrong;
        } cases[] = {
                { { 2, 1, 3, 4 }, 4, 1 },
                { { 1, 3, 2, 4 }, 4, 2 },
                { { 1, 3, 4 }, 3, 2 },
                { { 2, 3, 4 }, 3, 1 },
                { { 1, 1, 2, 3 }, 4, 2 },
        };
        struct scene *scene = *state;
        static uint8_t bytes[sizeof scene->tsm.bytes];
        play(scene);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                size_t used = join(bytes, sizeof bytes, &scene->tsm, cases[i].numbers, cases[i].count);
                merge_both(scene, slice_of(bytes, used), book_bytes(&scene->authority));
                assert_int_equal(found(scene, MITOME_E_JOURNAL_CHAIN)->number, cases[i].wrong);
                assert_false(journal_merge_is_sound(scene->merge));
        }
}

/* Digests that follow each other do not help when a number is left out. */
static void test_a_number_that_is_left_out_is_found(void **state)
{
        struct scene *scene = *state;
        book_write(&scene->tsm, (struct line){ "wait", "done", NULL, 0, 0, NULL });
        scene->tsm.head.number++;
        scene->tsm.written++;
        book_write(&scene->tsm, (struct line){ "wait", "done", NULL, 0, 0, NULL });
        begin(scene);
        add(scene, book_bytes(&scene->tsm));
        finish(scene);
        assert_int_equal(found(scene, MITOME_E_JOURNAL_CHAIN)->number, 2);
}

static void test_an_entry_of_another_party_in_a_journal_is_found(void **state)
{
        struct scene *scene = *state;
        static uint8_t bytes[sizeof scene->tsm.bytes];
        play(scene);
        writer w = WRITER(bytes);
        write_slice(&w, book_entry(&scene->tsm, 1));
        write_slice(&w, book_entry(&scene->authority, 1));
        merge_both(scene, writer_view(&w), book_bytes(&scene->authority));
        assert_int_equal(found(scene, MITOME_E_JOURNAL_PARTY)->number, 2);
}

/* The same words, in a chain that is whole, by somebody else who calls himself the authority. */
static void test_a_journal_signed_by_another_key_is_not_believed(void **state)
{
        struct scene *scene = *state;
        for (int every = 0; every < 2; every++) {
                set_up(state);
                scene->every_signature = every;
                book_open(&scene->authority, "authority", 66);
                play(scene);
                merge_all(scene);
                assert_int_equal(found(scene, MITOME_E_SIGNATURE_INVALID)->number, 1);
                assert_string_equal(found(scene, MITOME_E_SIGNATURE_INVALID)->party, "authority");
                assert_line(scene, "s1s2s3s4");
                assert_false(journal_merge_party(scene->merge, 1).signed_by_him);
        }
}

static void test_a_party_that_is_not_in_the_directory_is_not_believed(void **state)
{
        struct scene *scene = *state;
        play(scene);
        scene->directory.count = 1;
        merge_all(scene);
        assert_int_equal(found(scene, MITOME_E_JOURNAL_PARTY)->number, 1);
        assert_int_equal(journal_merge_count(scene->merge), 4);
}

/* The party itself, with its own key, writes what it did anew: form, chain and signatures are right. */
static void test_a_journal_rewritten_with_the_right_key_is_found_by_who_saw_it(void **state)
{
        struct scene *scene = *state;
        play(scene);
        struct book *authority = &scene->authority;
        book_open(authority, "authority", 0);
        book_write(authority, (struct line){ "issue-certificate", "refused", "serial:0a1b", 1, 7, NULL });
        book_write(authority, (struct line){ "publish-list", "done", NULL, 0, 0, NULL });
        book_write(authority, (struct line){ "publish-list", "done", NULL, 0, 0, NULL });
        merge_all(scene);
        assert_found(scene, MITOME_E_JOURNAL_REWRITTEN, "authority", 2, "sp-tsm", 3);
}

/* As parties do: the letter tells the head before it, and asking is the next entry. */
static void ask_and_take(struct scene *scene, size_t before, size_t between)
{
        void *again = scene;
        set_up(&again);
        struct book *tsm = &scene->tsm;
        for (size_t i = 0; i < before; i++)
                book_write(tsm, (struct line){ "wait", "done", NULL, 0, 0, NULL });
        book_write(&scene->authority, (struct line){ "take-revoke", "done", "serial:0a1b", 1, 0, tsm });
        for (size_t i = 0; i < between; i++)
                book_write(tsm, (struct line){ "act", "done", NULL, 0, 0, NULL });
        book_write(tsm, (struct line){ "ask-revoke", "asked", "serial:0a1b", 1, 0, NULL });
}

static void test_a_letter_that_its_writer_asked_for_is_no_fault(void **state)
{
        struct scene *scene = *state;
        for (size_t before = 0; before < 3; before++) {
                ask_and_take(scene, before, 0);
                merge_all(scene);
                assert_true(journal_merge_is_sound(scene->merge));
        }
}

/* Nobody has seen the entry itself, only the letter that it names: the head in it stands before. */
static void test_a_journal_cut_off_before_the_letter_that_somebody_has(void **state)
{
        struct scene *scene = *state;
        for (size_t before = 1; before < 3; before++) {
                ask_and_take(scene, before, 0);
                merge_both(scene, slice_of(scene->tsm.bytes, scene->tsm.ends[before]),
                        book_bytes(&scene->authority));
                assert_found(scene, MITOME_E_JOURNAL_SHORT, "sp-tsm", before + 1, "authority", 1);
        }
}

static void test_a_journal_rewritten_to_deny_a_letter_that_somebody_has(void **state)
{
        struct scene *scene = *state;
        for (size_t before = 0; before < 3; before++) {
                ask_and_take(scene, before, 0);
                book_open(&scene->tsm, "sp-tsm", 0);
                for (size_t i = 0; i < before + 2; i++)
                        book_write(&scene->tsm, (struct line){ "wait", "done", NULL, 0, 0, NULL });
                merge_all(scene);
                assert_found(scene, MITOME_E_JOURNAL_REWRITTEN, "sp-tsm", before + 1, "authority", 1);
        }
}

/* Whoever tells an old head, or none, in each letter leaves himself room to write the rest anew. */
static void test_a_letter_that_tells_an_old_head_is_found(void **state)
{
        struct scene *scene = *state;
        for (size_t before = 0; before < 3; before++) {
                ask_and_take(scene, before, 1);
                merge_all(scene);
                assert_found(scene, MITOME_E_JOURNAL_REWRITTEN, "sp-tsm", before + 1, "authority", 1);
        }
}

/* What a third party asked, and what a party asked itself, says nothing of the one whose head is noted. */
static void test_a_letter_of_another_is_not_held_against_who_was_seen(void **state)
{
        struct scene *scene = *state;
        book_write(&scene->tsm, (struct line){ "wait", "done", NULL, 0, 0, NULL });
        book_write(&scene->authority, (struct line){ "ask-erase", "asked", "device:A", 2, 0, NULL });
        book_write(&scene->authority, (struct line){ "erase", "asked", "device:A", 2, 0, &scene->tsm });
        book_write(
                &scene->authority, (struct line){ "ask-erase", "confirmed", "device:A", 2, 0, &scene->tsm });
        merge_all(scene);
        assert_true(journal_merge_is_sound(scene->merge));
}

/* Of many who saw it, the one is named who saw most: the lowest entry that differs, the highest that is gone.
 */
static void test_of_many_sights_the_one_that_tells_most_is_named(void **state)
{
        struct scene *scene = *state;
        struct book *tsm = &scene->tsm, *authority = &scene->authority;
        for (int i = 0; i < 5; i++) {
                book_write(authority, (struct line){ "wait", "done", NULL, 0, 0, NULL });
                book_write(tsm, (struct line){ "wait", "done", NULL, 0, 0, i == 2 ? NULL : authority });
        }
        merge_both(scene, book_bytes(tsm), slice_of(authority->bytes, authority->ends[2]));
        assert_found(scene, MITOME_E_JOURNAL_SHORT, "authority", 3, "sp-tsm", 5);
        book_open(authority, "authority", 0);
        book_write(authority, (struct line){ "wait", "done", NULL, 0, 0, NULL });
        for (int i = 0; i < 5; i++)
                book_write(authority, (struct line){ "act", "done", NULL, 0, 0, NULL });
        merge_all(scene);
        assert_found(scene, MITOME_E_JOURNAL_REWRITTEN, "authority", 2, "sp-tsm", 2);
}

static void test_two_files_of_one_party_that_agree_are_one_journal(void **state)
{
        struct scene *scene = *state;
        play(scene);
        for (int longer_first = 0; longer_first < 2; longer_first++) {
                slice shorter = slice_of(scene->tsm.bytes, scene->tsm.ends[2]);
                begin(scene);
                add(scene, longer_first ? book_bytes(&scene->tsm) : shorter);
                add(scene, longer_first ? shorter : book_bytes(&scene->tsm));
                add(scene, book_bytes(&scene->authority));
                finish(scene);
                assert_true(journal_merge_is_sound(scene->merge));
                assert_line(scene, "s1s2a1a2s3s4");
        }
}

static void test_a_party_that_shows_two_different_journals_is_found(void **state)
{
        struct scene *scene = *state;
        struct book other;
        play(scene);
        book_open(&other, "sp-tsm", 0);
        book_write(&other, (struct line){ "take-application", "done", "order:01", 0, 7, NULL });
        book_write(&other, (struct line){ "give-up", "done", "order:01", 0, 7, NULL });
        begin(scene);
        add(scene, book_bytes(&scene->tsm));
        add(scene, book_bytes(&other));
        finish(scene);
        assert_found(scene, MITOME_E_JOURNAL_REWRITTEN, "sp-tsm", 2, "", 0);
}

/* A later signature proves the chain, so that reading may rest on it; verifying does not. */
static void test_a_single_bad_signature_under_a_good_one_is_found_when_each_is_checked(void **state)
{
        struct scene *scene = *state;
        struct book *tsm = &scene->tsm;
        for (int every = 0; every < 2; every++) {
                set_up(state);
                scene->every_signature = every;
                uint8_t right[LETTER_SECRET_SIZE];
                struct book stranger;
                book_open(&stranger, "stranger", 1);
                book_write(tsm, (struct line){ "take-application", "done", NULL, 0, 0, NULL });
                assert_int_equal(slice_copy(SLICE(tsm->secret), "", right, sizeof right, NULL).code, 0);
                assert_int_equal(
                        slice_copy(SLICE(stranger.secret), "", tsm->secret, sizeof right, NULL).code, 0);
                book_write(tsm, (struct line){ "give-up", "done", NULL, 0, 0, NULL });
                assert_int_equal(slice_copy(SLICE(right), "", tsm->secret, sizeof right, NULL).code, 0);
                book_write(tsm, (struct line){ "wait", "done", NULL, 0, 0, NULL });
                begin(scene);
                add(scene, book_bytes(tsm));
                finish(scene);
                assert_int_equal(journal_merge_is_sound(scene->merge), !every);
                if (every)
                        assert_int_equal(found(scene, MITOME_E_SIGNATURE_INVALID)->number, 2);
                assert_int_equal(journal_merge_count(scene->merge), every ? 1 : 3);
        }
}

/* ---- what was not given ---- */

static void test_a_journal_that_is_not_there_is_named_and_no_fault(void **state)
{
        struct scene *scene = *state;
        play(scene);
        begin(scene);
        add(scene, book_bytes(&scene->tsm));
        finish(scene);
        assert_found(scene, MITOME_E_MISSING, "authority", 2, "sp-tsm", 3);
        assert_line(scene, "s1s2s3s4");
}

static void test_without_a_directory_nothing_is_called_signed(void **state)
{
        struct scene *scene = *state;
        play(scene);
        scene->no_directory = true;
        merge_all(scene);
        assert_true(journal_merge_is_sound(scene->merge));
        assert_false(journal_merge_party(scene->merge, 0).signed_by_him);
}

static void test_what_is_no_journal_is_refused(void **state)
{
        struct scene *scene = *state;
        static uint8_t zeros[3 * JOURNAL_BUFFER];
        static uint8_t endless[JOURNAL_BUFFER] = { 0x84, 0x59, 0xFF, 0xFF };
        const slice files[] = { SLICE(zeros), SLICE(endless), slice_text("not a journal") };
        for (size_t i = 0; i < 3; i++) {
                begin(scene);
                add(scene, files[i]);
                finish(scene);
                assert_int_equal(journal_merge_findings(scene->merge), 1);
                assert_false(journal_merge_is_sound(scene->merge));
                assert_int_equal(journal_merge_count(scene->merge), 0);
        }
        begin(scene);
        add_in_steps(scene, SLICE(zeros), 0);
        finish(scene);
        assert_non_null(found(scene, MITOME_E_FILE_READ));
}

/* ---- causes ---- */

static void test_evidence_joins_the_entries_of_different_parties(void **state)
{
        struct scene *scene = *state;
        uint8_t application[LETTER_DIGEST_SIZE] = { 7, 'A' }, unknown[LETTER_DIGEST_SIZE] = { 8, 'A' };
        size_t places[2];
        play(scene);
        merge_all(scene);
        assert_int_equal(journal_merge_sharing(scene->merge, SLICE(application), places, 2), 3);
        assert_int_equal(places[0], 0);
        assert_int_equal(places[1], 1);
        assert_int_equal(journal_merge_sharing(scene->merge, SLICE(unknown), places, 2), 0);
}

static void test_what_led_to_a_certificate_is_told_from_what_did_not(void **state)
{
        struct scene *scene = *state;
        uint8_t about[6];
        static const uint8_t expected[] = { JOURNAL_LED_TO, JOURNAL_LED_TO, JOURNAL_ABOUT, JOURNAL_UNRELATED,
                JOURNAL_ABOUT, JOURNAL_UNRELATED };
        play(scene);
        merge_all(scene);
        assert_int_equal(
                journal_merge_about(scene->merge, slice_text("serial:0a1b"), about, NULL).code, MITOME_OK);
        assert_memory_equal(about, expected, sizeof expected);
        assert_int_equal(
                journal_merge_about(scene->merge, slice_text("serial:0a"), about, NULL).code, MITOME_OK);
        for (size_t i = 0; i < 6; i++)
                assert_int_equal(about[i], JOURNAL_UNRELATED);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                SCENE(test_journals_become_one_time_line),
                SCENE(test_clocks_two_days_apart_do_not_break_the_order),
                SCENE(test_a_letter_alone_orders_two_journals),
                SCENE(test_a_letter_that_was_sent_again_is_one_letter),
                SCENE(test_who_puts_off_what_he_was_asked_for_did_not_write_the_letter),
                SCENE(test_what_nothing_joins_is_ordered_by_the_clocks),
                SCENE(test_entries_that_follow_from_each_other_are_found),
                SCENE(test_bytes_may_come_in_any_portions),
                SCENE(test_no_byte_can_be_changed),
                SCENE(test_a_journal_cut_anywhere_is_found),
                SCENE(test_who_saw_more_of_a_journal_than_there_is_is_named),
                SCENE(test_an_empty_journal_is_noted_and_no_fault),
                SCENE(test_entries_swapped_left_out_or_doubled_are_found),
                SCENE(test_a_number_that_is_left_out_is_found),
                SCENE(test_of_many_sights_the_one_that_tells_most_is_named),
                SCENE(test_an_entry_of_another_party_in_a_journal_is_found),
                SCENE(test_a_journal_signed_by_another_key_is_not_believed),
                SCENE(test_a_party_that_is_not_in_the_directory_is_not_believed),
                SCENE(test_a_journal_rewritten_with_the_right_key_is_found_by_who_saw_it),
                SCENE(test_a_letter_that_its_writer_asked_for_is_no_fault),
                SCENE(test_a_journal_cut_off_before_the_letter_that_somebody_has),
                SCENE(test_a_journal_rewritten_to_deny_a_letter_that_somebody_has),
                SCENE(test_a_letter_that_tells_an_old_head_is_found),
                SCENE(test_a_letter_of_another_is_not_held_against_who_was_seen),
                SCENE(test_two_files_of_one_party_that_agree_are_one_journal),
                SCENE(test_a_party_that_shows_two_different_journals_is_found),
                SCENE(test_a_single_bad_signature_under_a_good_one_is_found_when_each_is_checked),
                SCENE(test_a_journal_that_is_not_there_is_named_and_no_fault),
                SCENE(test_without_a_directory_nothing_is_called_signed),
                SCENE(test_what_is_no_journal_is_refused),
                SCENE(test_evidence_joins_the_entries_of_different_parties),
                SCENE(test_what_led_to_a_certificate_is_told_from_what_did_not),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
