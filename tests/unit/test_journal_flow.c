/* SPDX-License-Identifier: Apache-2.0 */
/* The journals of the real parties, after a certificate was issued into a phone, held by telephone, revoked
 * and erased: one sound time line, that says who let each thing happen, on what. */
#include "journal_merge.h"
#include "tsm_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { FILE_MAX = 1 << 18 };

struct flow {
        struct tsm_rig rig;
        struct journal_merge *merge;
        char serial[JOURNAL_SUBJECT_BUFFER]; /* as a subject: of the phone's certificate for user verification
                                              */
};

static void letter_about_it(struct flow *flow, const char *kind, int reason)
{
        uint8_t body[128];
        writer w = WRITER(body);
        tsm_rig_body_of_serial(&flow->rig, 0, REGISTER_USER_VERIFICATION, reason, &w);
        assert_int_equal(tsm_rig_letter(&flow->rig, TSM_RIG_CALL_CENTRE, kind, writer_view(&w)), MITOME_OK);
        flow->rig.now += 60;
}

static void keep_serial(struct flow *flow)
{
        uint8_t body[128];
        writer w = WRITER(body);
        struct cbor_members map;
        struct cbor_key key;
        bool more;
        slice serial = { 0 };
        uint64_t kind;
        tsm_rig_body_of_serial(&flow->rig, 0, REGISTER_USER_VERIFICATION, -1, &w);
        struct cbor_reader r = cbor_over(writer_view(&w), "rig", NULL);
        assert_int_equal(cbor_open_map(&r, "", 2, &map).code, MITOME_OK);
        assert_int_equal(cbor_next_key(&r, &map, &key, &more).code, MITOME_OK);
        assert_int_equal(cbor_read_uint(&r, "", 9, &kind).code, MITOME_OK);
        assert_int_equal(cbor_next_key(&r, &map, &key, &more).code, MITOME_OK);
        assert_int_equal(cbor_read_bytes(&r, "", 20, &serial).code, MITOME_OK);
        (void)journal_subject_hex(flow->serial, "serial", serial);
}

static int set_up(void **state)
{
        struct flow *flow = calloc(1, sizeof *flow);
        uint8_t order[SP_ID_SIZE];
        assert_non_null(flow);
        tsm_rig_open(&flow->rig);
        tsm_rig_issue(&flow->rig, 0, 0, order);
        keep_serial(flow);
        flow->rig.now += 3600;
        letter_about_it(flow, "hold", -1);
        letter_about_it(flow, "revoke", 1);
        for (int i = 0; i < 3; i++) {
                tsm_rig_flush(&flow->rig);
                (void)tsm_rig_relay(&flow->rig, 0);
        }
        tsm_rig_flush(&flow->rig);
        *state = flow;
        return 0;
}

static int tear_down(void **state)
{
        struct flow *flow = *state;
        journal_merge_free(flow->merge);
        tsm_rig_close(&flow->rig);
        free(flow);
        return 0;
}

struct page {
        slice rest;
};

static ptrdiff_t read_page(void *context, uint8_t *bytes, size_t size)
{
        struct page *page = context;
        reader r = reader_over(page->rest, NULL, NULL);
        size_t count = size < page->rest.size ? size : page->rest.size;
        if (read_into(&r, "page", bytes, count).code != MITOME_OK)
                return -1;
        page->rest = r.rest;
        return (ptrdiff_t)count;
}

/* A party's journal as it exports it, without its last `less` entries. */
static slice journal_of(struct party *party, unsigned less, uint8_t buffer[FILE_MAX])
{
        static const char sql[] =
                "SELECT entry FROM journal WHERE number <= (SELECT max(number) FROM journal) - ?"
                " ORDER BY number";
        struct sql_query query;
        writer w = writer_over(buffer, FILE_MAX);
        assert_int_equal(
                sql_ask(party_store(party), sql, SQL_VALUES(SQL_INT(less)), &query, NULL).code, MITOME_OK);
        while (sql_next(&query))
                write_slice(&w, sql_bytes(&query, 0));
        assert_int_equal(sql_end(&query).code, MITOME_OK);
        assert_false(w.overflowed);
        return writer_view(&w);
}

static void merge_all(struct flow *flow, int shortened, unsigned less)
{
        static uint8_t buffer[FILE_MAX];
        const struct journal_merge_config config = { &flow->rig.network.directory, true };
        assert_int_equal(journal_merge_new(&config, &flow->merge, NULL).code, MITOME_OK);
        for (int i = 0; i < TSM_RIG_PARTIES; i++) {
                struct page page = { journal_of(flow->rig.parties[i], i == shortened ? less : 0, buffer) };
                assert_int_equal(journal_merge_add(flow->merge, "journal",
                                         (struct journal_source){ &page, read_page }, NULL)
                                         .code,
                        MITOME_OK);
        }
        assert_int_equal(journal_merge_finish(flow->merge, NULL).code, MITOME_OK);
}

/* The place of a party's first entry with these words on the subject; fails when there is none. */
static size_t place_of(struct flow *flow, const char *party, const char *what, const char *subject)
{
        for (size_t i = 0; i < journal_merge_count(flow->merge); i++) {
                struct journal_entry entry = journal_merge_entry(flow->merge, i);
                if (slice_is(entry.party, party) && slice_is(entry.what, what) &&
                        (!subject || slice_is(entry.subject, subject)))
                        return i;
        }
        fail_msg("%s has no entry %s", party, what);
        return 0;
}

/* Who asked with a letter that the entry at a place names. */
static void assert_asked_by(struct flow *flow, size_t place, const char *party, const char *what)
{
        struct journal_entry entry = journal_merge_entry(flow->merge, place);
        size_t places[8];
        assert_true(entry.evidence_count > 0 && slice_is(entry.evidence[0].kind, "letter"));
        size_t count = journal_merge_sharing(flow->merge, entry.evidence[0].digest, places, 8);
        assert_true(count > 1 && count <= 8 && places[0] < place);
        struct journal_entry asked = journal_merge_entry(flow->merge, places[0]);
        assert_true(slice_is(asked.party, party));
        assert_true(slice_is(asked.what, what));
        assert_true(slice_is(asked.outcome, "asked"));
}

static void test_the_journals_of_all_parties_are_one_sound_time_line(void **state)
{
        struct flow *flow = *state;
        merge_all(flow, -1, 0);
        for (size_t i = 0; i < journal_merge_findings(flow->merge); i++)
                print_message("finding %d of %s\n", (int)journal_merge_finding(flow->merge, i)->code,
                        journal_merge_finding(flow->merge, i)->party);
        assert_true(journal_merge_is_sound(flow->merge));
        assert_int_equal(journal_merge_parties(flow->merge), TSM_RIG_PARTIES);
}

static void test_of_a_certificate_it_is_told_who_asked_for_it_and_on_which_application(void **state)
{
        struct flow *flow = *state;
        size_t places[16], before = 0;
        merge_all(flow, -1, 0);
        size_t issued = place_of(flow, PARTY_AUTHORITY, "issue-certificate", flow->serial);
        assert_asked_by(flow, issued, PARTY_SP_TSM, "ask-issue");
        struct journal_entry entry = journal_merge_entry(flow->merge, issued);
        assert_true(entry.evidence_count > 1 && slice_is(entry.evidence[1].kind, "application"));
        size_t count = journal_merge_sharing(flow->merge, entry.evidence[1].digest, places, 16);
        for (size_t i = 0; i < count && i < 16; i++)
                before += places[i] < issued;
        assert_true(before >= 2); /* the authority took it, and the service manager */
}

static void test_of_a_hold_and_a_revocation_it_is_told_that_the_call_centre_asked(void **state)
{
        struct flow *flow = *state;
        merge_all(flow, -1, 0);
        size_t held = place_of(flow, PARTY_AUTHORITY, "hold-certificate", flow->serial);
        size_t revoked = place_of(flow, PARTY_AUTHORITY, "revoke-certificate", flow->serial);
        assert_asked_by(flow, held, PARTY_CALL_CENTRE, "ask-hold");
        assert_asked_by(flow, revoked, PARTY_CALL_CENTRE, "ask-revoke");
        assert_true(held < revoked);
        assert_true(revoked < place_of(flow, PARTY_SP_TSM, "hear-revocation", flow->serial));
        /* and that the service manager has it from the authority */
        assert_asked_by(flow, place_of(flow, PARTY_SP_TSM, "note-revocation", flow->serial), PARTY_AUTHORITY,
                "ask-revoked");
}

static void test_what_led_to_a_certificate_leaves_out_other_people(void **state)
{
        struct flow *flow = *state;
        merge_all(flow, -1, 0);
        uint8_t *relations = calloc(journal_merge_count(flow->merge), 1);
        assert_non_null(relations);
        assert_int_equal(
                journal_merge_about(flow->merge, slice_text(flow->serial), relations, NULL).code, MITOME_OK);
        size_t hold = place_of(flow, PARTY_CALL_CENTRE, "ask-hold", NULL);
        size_t registered = 0, of_hers = 0;
        for (size_t i = 0; i < journal_merge_count(flow->merge); i++) {
                struct journal_entry entry = journal_merge_entry(flow->merge, i);
                bool one = slice_is(entry.what, "ask-register-person") && slice_is(entry.outcome, "asked");
                registered += one;
                of_hers += one && relations[i] == JOURNAL_LED_TO;
        }
        assert_int_equal(relations[hold], JOURNAL_LED_TO);
        assert_true(registered > 1);
        assert_int_equal(of_hers, 1); /* her own */
        free(relations);
}

static void test_the_service_manager_cannot_hide_what_it_asked_for(void **state)
{
        struct flow *flow = *state;
        merge_all(flow, TSM_RIG_SP, 30);
        assert_false(journal_merge_is_sound(flow->merge));
        bool is_found = false;
        for (size_t i = 0; i < journal_merge_findings(flow->merge); i++) {
                const struct journal_finding *finding = journal_merge_finding(flow->merge, i);
                is_found |= finding->code == MITOME_E_JOURNAL_SHORT &&
                            strcmp(finding->party, PARTY_SP_TSM) == 0 &&
                            strcmp(finding->seen_by, PARTY_AUTHORITY) == 0;
        }
        assert_true(is_found);
}

/* What the form cannot leave out, the parties do: nothing of the person who was registered stands anywhere.
 */
static void test_no_word_of_the_four_basic_facts_stands_in_any_journal(void **state)
{
        static const char *const words[] = { "見本", "花子", "太郎", "東京", "一丁目", "Mihon-ku", "Tokyo-to",
                "PASSWORD1" };
        struct flow *flow = *state;
        static uint8_t buffer[FILE_MAX];
        for (int i = 0; i < TSM_RIG_PARTIES; i++) {
                slice journal = journal_of(flow->rig.parties[i], 0, buffer);
                assert_true(journal.size > 0);
                for (size_t n = 0; n < sizeof words / sizeof *words; n++)
                        assert_null(memmem(journal.data, journal.size, words[n], strlen(words[n])));
        }
}

/* What was played is only looked at. */
static int forget(void **state)
{
        struct flow *flow = *state;
        journal_merge_free(flow->merge);
        flow->merge = NULL;
        return 0;
}

#define FLOW(test) cmocka_unit_test_teardown(test, forget)

int main(void)
{
        const struct CMUnitTest tests[] = {
                FLOW(test_the_journals_of_all_parties_are_one_sound_time_line),
                FLOW(test_of_a_certificate_it_is_told_who_asked_for_it_and_on_which_application),
                FLOW(test_of_a_hold_and_a_revocation_it_is_told_that_the_call_centre_asked),
                FLOW(test_what_led_to_a_certificate_leaves_out_other_people),
                FLOW(test_the_service_manager_cannot_hide_what_it_asked_for),
                FLOW(test_no_word_of_the_four_basic_facts_stands_in_any_journal),
        };
        return cmocka_run_group_tests(tests, set_up, tear_down);
}
