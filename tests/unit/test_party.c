/* SPDX-License-Identifier: Apache-2.0 */
#include "folder_make.h"
#include "party_rig.h"
#include "store_rig.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { DAY = 86400 };

static int set_up(void **state)
{
        struct party_rig *rig = calloc(1, sizeof *rig);
        party_rig_begin(rig);
        *state = rig;
        return 0;
}

static int tear_down(void **state)
{
        party_rig_end(*state);
        free(*state);
        return 0;
}

static const uint8_t first[LETTER_ID_SIZE] = { 1 }, second[LETTER_ID_SIZE] = { 2 };

/* A letter by hand, sealed by whomever. */
static slice seal(struct party_rig *rig, const struct letter *from, const uint8_t *secret, uint8_t *buffer)
{
        uint8_t body[16];
        struct letter letter = *from;
        writer out = writer_over(buffer, LETTER_MAX);
        if (!letter.from.size)
                letter.from = slice_text(PARTY_SP_TSM);
        if (!letter.to.size)
                letter.to = slice_text(PARTY_AUTHORITY);
        if (!letter.kind.size)
                letter.kind = slice_text("add");
        if (!letter.at)
                letter.at = rig->now[RIG_ASKED];
        letter.body = party_rig_add(body, 5);
        assert_int_equal(letter_seal(&letter, secret, &out, NULL).code, MITOME_OK);
        return writer_view(&out);
}

static mitome_code receive(struct party_rig *rig, slice letter)
{
        uint8_t buffer[LETTER_MAX];
        writer out = WRITER(buffer);
        mitome_error error = { 0 };
        mitome_status status = party_receive(rig->parties[RIG_ASKED], &rig->desks, letter, &out, &error);
        assert_int_equal(status.code, error.code);
        assert_true(failed(status) == (out.used == 0));
        return status.code;
}

/* A member of the directory whose key the test holds. */
static void enter(struct party_rig *rig, const char *name, uint8_t secret[LETTER_SECRET_SIZE])
{
        const uint8_t seed[crypto_sign_SEEDBYTES] = { 7, (uint8_t)name[0], (uint8_t)name[1] };
        struct directory_entry *entry = &rig->network.directory.entries[rig->network.directory.count++];
        snprintf(entry->name, sizeof entry->name, "%s", name);
        crypto_sign_seed_keypair(entry->key, secret, seed);
}

/* ---- once ---- */

static void test_what_is_asked_is_done_and_answered(void **state)
{
        struct party_rig *rig = *state;
        uint64_t sum = 0;
        assert_int_equal(party_rig_call(rig, "add", first, 5, &sum, NULL).code, MITOME_OK);
        assert_int_equal(sum, 5);
        assert_int_equal(party_rig_call(rig, "add", second, 6, &sum, NULL).code, MITOME_OK);
        assert_int_equal(sum, 11);
        assert_int_equal(party_rig_sum(rig->parties[RIG_ASKED]), 11);
        assert_int_equal(party_rig_sum(rig->parties[RIG_ASKER]), 0);
}

static enum post_fate always(void *context, const struct directory_entry *to, slice letter, unsigned number)
{
        (void)to;
        (void)letter;
        (void)number;
        return *(const enum post_fate *)context;
}

static void set_fate(struct party_rig *rig, enum post_fate *fate)
{
        rig->network.fate = always;
        rig->network.fate_context = fate;
}

static void test_a_letter_that_arrives_twice_is_done_once(void **state)
{
        struct party_rig *rig = *state;
        enum post_fate fate = POST_TWICE;
        uint64_t sum = 0;
        set_fate(rig, &fate);
        assert_int_equal(party_rig_call(rig, "add", first, 5, &sum, NULL).code, MITOME_OK);
        assert_int_equal(sum, 5);
        assert_int_equal(rig->handled, 1);
        assert_int_equal(party_rig_sum(rig->parties[RIG_ASKED]), 5);
}

static void test_a_letter_that_was_lost_before_is_done_when_it_is_asked_again(void **state)
{
        struct party_rig *rig = *state;
        enum post_fate fate = POST_DROP;
        uint64_t sum = 99;
        set_fate(rig, &fate);
        assert_int_equal(party_rig_call(rig, "add", first, 5, &sum, NULL).code, MITOME_E_UNREACHABLE);
        assert_int_equal(sum, 99);
        assert_int_equal(rig->handled, 0);
        fate = POST_PASS;
        assert_int_equal(party_rig_call(rig, "add", first, 5, &sum, NULL).code, MITOME_OK);
        assert_int_equal(sum, 5);
}

static void test_a_letter_whose_answer_was_lost_gets_the_same_answer(void **state)
{
        struct party_rig *rig = *state;
        enum post_fate fate = POST_LOSE_ANSWER;
        uint64_t sum = 99;
        set_fate(rig, &fate);
        assert_int_equal(party_rig_call(rig, "add", first, 5, &sum, NULL).code, MITOME_E_UNREACHABLE);
        fate = POST_PASS;
        assert_int_equal(party_rig_call(rig, "add", second, 6, &sum, NULL).code, MITOME_OK);
        assert_int_equal(sum, 11);
        rig->now[RIG_ASKER] += DAY; /* sealed anew, at another time */
        assert_int_equal(party_rig_call(rig, "add", first, 5, &sum, NULL).code, MITOME_OK);
        assert_int_equal(sum, 5); /* what it was then */
        assert_int_equal(party_rig_sum(rig->parties[RIG_ASKED]), 11);
}

static void test_an_id_is_not_taken_for_another_letter(void **state)
{
        struct party_rig *rig = *state;
        uint64_t sum = 0;
        mitome_code refusal = MITOME_OK;
        assert_int_equal(party_rig_call(rig, "add", first, 5, &sum, NULL).code, MITOME_OK);
        assert_int_equal(party_rig_call(rig, "add", first, 6, &sum, &refusal).code, MITOME_E_REFUSED);
        assert_int_equal(refusal, MITOME_E_LETTER_TWICE);
        refusal = MITOME_OK;
        assert_int_equal(party_rig_call(rig, "look", first, 5, &sum, &refusal).code, MITOME_E_REFUSED);
        assert_int_equal(refusal, MITOME_E_LETTER_TWICE);
        assert_int_equal(party_rig_sum(rig->parties[RIG_ASKED]), 5);
        assert_int_equal(party_rig_call(rig, "add", first, 5, &sum, NULL).code, MITOME_OK);
}

static void test_a_letter_that_is_late_does_nothing_after_it_was_asked_again(void **state)
{
        struct party_rig *rig = *state;
        enum post_fate fate = POST_HOLD;
        uint64_t sum = 0;
        set_fate(rig, &fate);
        assert_int_equal(party_rig_call(rig, "add", first, 5, &sum, NULL).code, MITOME_E_UNREACHABLE);
        assert_int_equal(party_rig_call(rig, "add", second, 6, &sum, NULL).code, MITOME_E_UNREACHABLE);
        fate = POST_PASS;
        assert_int_equal(party_rig_call(rig, "add", first, 5, &sum, NULL).code, MITOME_OK);
        post_local_release(&rig->network); /* the second one first, then the first one */
        assert_int_equal(party_rig_sum(rig->parties[RIG_ASKED]), 11);
        assert_int_equal(rig->handled, 2);
        assert_int_equal(party_rig_call(rig, "add", second, 6, &sum, NULL).code, MITOME_OK);
        assert_int_equal(sum, 11);
}

/* ---- refusals ---- */

static void test_a_refusal_changes_nothing_and_is_kept_and_noted(void **state)
{
        struct party_rig *rig = *state;
        uint64_t sum = 99;
        mitome_code refusal = MITOME_OK;
        for (int i = 0; i < 2; i++) {
                assert_int_equal(
                        party_rig_call(rig, "refuse", first, 5, &sum, &refusal).code, MITOME_E_REFUSED);
                assert_int_equal(refusal, MITOME_E_CERTIFICATE_ON_HOLD);
        }
        assert_int_equal(rig->handled, 1);
        assert_int_equal(party_rig_sum(rig->parties[RIG_ASKED]), 0);
        assert_int_equal(sum, 99);
        assert_int_equal(
                party_rig_count(rig->parties[RIG_ASKED], "SELECT count(*) FROM inbox WHERE refused = 1"), 1);
        assert_int_equal(party_rig_count(rig->parties[RIG_ASKED], "SELECT count(*) FROM journal"), 1);
}

static void test_a_store_that_fails_is_no_refusal(void **state)
{
        struct party_rig *rig = *state;
        uint64_t sum = 99;
        rig->breaks = 1;
        assert_int_equal(party_rig_call(rig, "break", first, 5, &sum, NULL).code, MITOME_E_UNREACHABLE);
        assert_int_equal(party_rig_sum(rig->parties[RIG_ASKED]), 0);
        assert_int_equal(party_rig_count(rig->parties[RIG_ASKED], "SELECT count(*) FROM journal"), 0);
        assert_int_equal(party_rig_call(rig, "break", first, 5, &sum, NULL).code, MITOME_OK);
        assert_int_equal(party_rig_sum(rig->parties[RIG_ASKED]), 5);
}

static void test_nobody_asks_what_is_not_his_to_ask(void **state)
{
        struct party_rig *rig = *state;
        uint64_t sum;
        mitome_code refusal = MITOME_OK;
        assert_int_equal(party_rig_call(rig, "only-shop", first, 5, &sum, &refusal).code, MITOME_E_REFUSED);
        assert_int_equal(refusal, MITOME_E_LETTER_SENDER);
        assert_int_equal(party_rig_call(rig, "no-such", second, 5, &sum, &refusal).code, MITOME_E_REFUSED);
        assert_int_equal(refusal, MITOME_E_LETTER_KIND);
        assert_int_equal(rig->handled, 0);
}

/* ---- who and when ---- */

static void test_a_letter_of_a_stranger_is_not_read(void **state)
{
        struct party_rig *rig = *state;
        uint8_t buffer[LETTER_MAX], secret[LETTER_SECRET_SIZE], key[LETTER_KEY_SIZE];
        crypto_sign_keypair(key, secret);
        assert_int_equal(
                receive(rig, seal(rig, &(struct letter){ .from = slice_text("nobody") }, secret, buffer)),
                MITOME_E_LETTER_SENDER);
        assert_int_equal(
                receive(rig, seal(rig, &(struct letter){ 0 }, secret, buffer)), MITOME_E_SIGNATURE_INVALID);
        assert_int_equal(party_rig_sum(rig->parties[RIG_ASKED]), 0);
        assert_int_equal(party_rig_count(rig->parties[RIG_ASKED], "SELECT count(*) FROM inbox"), 0);
}

static void test_a_letter_signed_by_another_party_is_refused(void **state)
{
        struct party_rig *rig = *state;
        uint8_t buffer[LETTER_MAX], shop[LETTER_SECRET_SIZE];
        enter(rig, PARTY_SHOP, shop);
        assert_int_equal(
                receive(rig, seal(rig, &(struct letter){ 0 }, shop, buffer)), MITOME_E_SIGNATURE_INVALID);
        struct letter own = { .from = slice_text(PARTY_SHOP), .kind = slice_text("only-shop") };
        assert_int_equal(receive(rig, seal(rig, &own, shop, buffer)), MITOME_OK);
        assert_int_equal(party_rig_sum(rig->parties[RIG_ASKED]), 5);
}

static void test_a_letter_to_another_is_refused(void **state)
{
        struct party_rig *rig = *state;
        uint8_t buffer[LETTER_MAX], shop[LETTER_SECRET_SIZE];
        enter(rig, PARTY_SHOP, shop);
        struct letter other = { .from = slice_text(PARTY_SHOP), .to = slice_text("maker") };
        assert_int_equal(receive(rig, seal(rig, &other, shop, buffer)), MITOME_E_LETTER_ADDRESSEE);
        struct letter answer = { .from = slice_text(PARTY_SHOP), .is_answer = true };
        assert_int_equal(receive(rig, seal(rig, &answer, shop, buffer)), MITOME_E_LETTER_FORM);
}

static void test_clocks_a_day_apart_are_taken_and_three_are_not(void **state)
{
        struct party_rig *rig = *state;
        uint64_t sum;
        const int64_t start = rig->now[RIG_ASKED];
        const struct {
                int64_t off;
                mitome_code code;
        } cases[] = { { DAY, MITOME_OK }, { -DAY, MITOME_OK }, { LETTER_SKEW, MITOME_OK },
                { -LETTER_SKEW, MITOME_OK }, { LETTER_SKEW + 1, MITOME_E_UNREACHABLE },
                { -LETTER_SKEW - 1, MITOME_E_UNREACHABLE }, { 3 * DAY, MITOME_E_UNREACHABLE } };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                uint8_t id[LETTER_ID_SIZE] = { 9, (uint8_t)i };
                rig->now[RIG_ASKER] = start + cases[i].off;
                assert_int_equal(party_rig_call(rig, "add", id, 1, &sum, NULL).code, cases[i].code);
        }
        assert_int_equal(party_rig_sum(rig->parties[RIG_ASKED]), 4);
        uint8_t buffer[LETTER_MAX], shop[LETTER_SECRET_SIZE];
        enter(rig, PARTY_SHOP, shop);
        struct letter old = { .from = slice_text(PARTY_SHOP), .at = start - 3 * DAY };
        assert_int_equal(receive(rig, seal(rig, &old, shop, buffer)), MITOME_E_LETTER_TIME);
}

static void test_bytes_that_are_no_letter_are_refused(void **state)
{
        struct party_rig *rig = *state;
        uint8_t buffer[LETTER_MAX], shop[LETTER_SECRET_SIZE];
        enter(rig, PARTY_SHOP, shop);
        struct letter own = { .from = slice_text(PARTY_SHOP), .kind = slice_text("only-shop") };
        slice letter = seal(rig, &own, shop, buffer);
        for (size_t size = 0; size < letter.size; size++)
                assert_int_not_equal(receive(rig, slice_of(letter.data, size)), MITOME_OK);
        for (size_t at = 0; at < letter.size; at++) {
                buffer[at] ^= 0x20;
                assert_int_not_equal(receive(rig, letter), MITOME_OK);
                buffer[at] ^= 0x20;
        }
        assert_int_equal(party_rig_sum(rig->parties[RIG_ASKED]), 0);
        assert_int_equal(receive(rig, letter), MITOME_OK);
}

/* ---- answers ---- */

/* What comes back instead of the answer. */
struct forger {
        struct party_rig *rig;
        slice answer;
};

static mitome_status forge(void *context, const struct directory_entry *to, slice letter, uint8_t *answer,
        size_t capacity, size_t *ret_size, mitome_error *error)
{
        struct forger *forger = context;
        (void)to;
        (void)letter;
        *ret_size = forger->answer.size;
        return slice_copy(forger->answer, "answer", answer, capacity, error);
}

/* The asker anew, with a key that the test knows, and the forger between him and the other. */
static void fool(struct party_rig *rig, struct forger *forger)
{
        *forger = (struct forger){ .rig = rig };
        party_rig_shut(rig, RIG_ASKER);
        rig->post = (struct post){ forger, forge };
        assert_int_equal(party_rig_open(rig, RIG_ASKER, NULL).code, MITOME_OK);
}

static mitome_code ask_fooled(struct party_rig *rig)
{
        uint8_t body[16], buffer[LETTER_MAX];
        slice answer = { 0 };
        mitome_code refusal = MITOME_OK;
        mitome_code code = party_call(rig->parties[RIG_ASKER], PARTY_AUTHORITY, "add", first,
                party_rig_add(body, 5), buffer, &answer, &refusal, NULL)
                                   .code;
        assert_int_equal(refusal, MITOME_OK);
        return code;
}

static void test_an_answer_to_another_letter_is_none(void **state)
{
        struct party_rig *rig = *state;
        struct forger forger;
        uint8_t letter[LETTER_MAX], answer[LETTER_MAX], shop[LETTER_SECRET_SIZE];
        writer out = WRITER(answer);
        /* A right answer of the right party, to another's letter. */
        enter(rig, PARTY_SHOP, shop);
        struct letter own = { .from = slice_text(PARTY_SHOP), .kind = slice_text("only-shop") };
        assert_int_equal(
                party_receive(rig->parties[RIG_ASKED], &rig->desks, seal(rig, &own, shop, letter), &out, NULL)
                        .code,
                MITOME_OK);
        fool(rig, &forger);
        forger.answer = writer_view(&out);
        assert_int_equal(ask_fooled(rig), MITOME_E_UNREACHABLE);
        /* No answer at all, and a letter that is none. */
        forger.answer = slice_of(NULL, 0);
        assert_int_equal(ask_fooled(rig), MITOME_E_UNREACHABLE);
        forger.answer = slice_of(letter, 100);
        assert_int_equal(ask_fooled(rig), MITOME_E_UNREACHABLE);
}

/* Signs, as `secret`'s owner, an answer to whatever comes. */
struct impostor {
        const uint8_t *secret;
        const char *from, *kind;
        slice body;
        bool other_digest, headless;
};

static mitome_status impersonate(void *context, const struct directory_entry *to, slice bytes,
        uint8_t *answer, size_t capacity, size_t *ret_size, mitome_error *error)
{
        const struct impostor *impostor = context;
        writer out = writer_over(answer, capacity);
        struct letter letter = { .from = slice_text(impostor->from),
                .to = slice_text(PARTY_SP_TSM),
                .kind = slice_text(impostor->kind),
                .body = impostor->body,
                .is_answer = true,
                .at = 1763733600 };
        (void)to;
        crypto_hash_sha256(letter.answers, bytes.data, bytes.size);
        letter.answers[0] ^= impostor->other_digest;
        if (!impostor->headless)
                letter.head = (struct letter_head){ 1, { 1 } };
        MITOME_TRY(letter_seal(&letter, impostor->secret, &out, error));
        *ret_size = out.used;
        return ok();
}

static void test_an_answer_signed_by_another_is_none(void **state)
{
        struct party_rig *rig = *state;
        uint8_t authority[LETTER_SECRET_SIZE], shop[LETTER_SECRET_SIZE];
        const uint8_t refusal[] = { 0xA1, 0x01, 0x19, 0x03, 0xE8 }, no_refusal[] = { 0xA1, 0x01, 0x00 };
        party_rig_shut(rig, RIG_ASKED);
        rig->network.directory.count = 0;
        enter(rig, PARTY_AUTHORITY, authority);
        enter(rig, PARTY_SHOP, shop);
        const struct {
                struct impostor impostor;
                mitome_code code, refusal;
        } cases[] = {
                { { authority, PARTY_AUTHORITY, "answer", SLICE(refusal), false, false }, MITOME_OK,
                        MITOME_OK },
                { { authority, PARTY_AUTHORITY, "refused", SLICE(refusal), false, false }, MITOME_E_REFUSED,
                        1000 },
                { { shop, PARTY_AUTHORITY, "answer", SLICE(refusal), false, false }, MITOME_E_UNREACHABLE,
                        MITOME_OK },
                { { shop, PARTY_SHOP, "answer", SLICE(refusal), false, false }, MITOME_E_UNREACHABLE,
                        MITOME_OK },
                { { authority, PARTY_SHOP, "answer", SLICE(refusal), false, false }, MITOME_E_UNREACHABLE,
                        MITOME_OK },
                { { authority, PARTY_AUTHORITY, "answer", SLICE(refusal), true, false }, MITOME_E_UNREACHABLE,
                        MITOME_OK },
                { { authority, PARTY_AUTHORITY, "add", SLICE(refusal), false, false }, MITOME_E_UNREACHABLE,
                        MITOME_OK },
                { { authority, PARTY_AUTHORITY, "refused", SLICE(no_refusal), false, false },
                        MITOME_E_UNREACHABLE, MITOME_OK },
                { { authority, PARTY_AUTHORITY, "refused", { 0 }, false, false }, MITOME_E_UNREACHABLE,
                        MITOME_OK },
                /* who has answered has written so, and does not call his journal empty */
                { { authority, PARTY_AUTHORITY, "answer", SLICE(refusal), false, true }, MITOME_E_UNREACHABLE,
                        MITOME_OK },
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                struct impostor impostor = cases[i].impostor;
                uint8_t buffer[LETTER_MAX];
                slice answer;
                mitome_code why = MITOME_OK;
                party_rig_shut(rig, RIG_ASKER);
                rig->post = (struct post){ &impostor, impersonate };
                assert_int_equal(party_rig_open(rig, RIG_ASKER, NULL).code, MITOME_OK);
                assert_int_equal(party_call(rig->parties[RIG_ASKER], PARTY_AUTHORITY, "add", first,
                                         slice_of(refusal, 5), buffer, &answer, &why, NULL)
                                         .code,
                        cases[i].code);
                assert_int_equal(why, cases[i].refusal);
        }
}

/* ---- what is remembered ---- */

static int64_t count(struct party_rig *rig, const char *sql)
{
        return party_rig_count(rig->parties[RIG_ASKED], sql);
}

static void pass(struct party_rig *rig, int64_t seconds)
{
        rig->now[RIG_ASKER] += seconds;
        rig->now[RIG_ASKED] += seconds;
}

/* What letters say of people does not lie about for ever; nor do they fill the store. */
static void test_letters_that_nobody_can_bring_again_are_not_kept(void **state)
{
        struct party_rig *rig = *state;
        uint8_t buffer[LETTER_MAX], secret[LETTER_SECRET_SIZE], id[LETTER_ID_SIZE] = { 9 };
        uint64_t sum;
        const struct letter early = { .from = slice_text(PARTY_SHOP),
                .at = rig->now[RIG_ASKED] + LETTER_SKEW };
        enter(rig, PARTY_SHOP, secret);
        slice letter = seal(rig, &early, secret, buffer);
        assert_int_equal(receive(rig, letter), MITOME_OK); /* refused, and kept */
        assert_int_equal(party_rig_call(rig, "add", first, 5, &sum, NULL).code, MITOME_OK);
        pass(rig, 2 * (int64_t)LETTER_SKEW);
        assert_int_equal(party_rig_call(rig, "add", second, 6, &sum, NULL).code, MITOME_OK);
        assert_int_equal(count(rig, "SELECT count(*) FROM inbox WHERE letter <> x''"), 3);
        assert_int_equal(receive(rig, letter), MITOME_OK); /* the last second that it can come */
        pass(rig, 1);
        assert_int_equal(receive(rig, letter), MITOME_E_LETTER_TIME);
        assert_int_equal(party_rig_call(rig, "add", id, 7, &sum, NULL).code, MITOME_OK);
        assert_int_equal(count(rig, "SELECT count(*) FROM inbox WHERE letter <> x''"), 2);
        assert_int_equal(count(rig, "SELECT count(*) FROM inbox"), 4);
}

/* A line that was down for a week does not have anything done twice. */
static void test_an_id_that_is_used_again_after_weeks_is_done_once(void **state)
{
        struct party_rig *rig = *state;
        uint8_t id[LETTER_ID_SIZE] = { 9 };
        uint64_t sum;
        assert_int_equal(party_rig_call(rig, "add", first, 5, &sum, NULL).code, MITOME_OK);
        pass(rig, PARTY_REMEMBERS);
        assert_int_equal(party_rig_call(rig, "add", second, 6, &sum, NULL).code, MITOME_OK);
        assert_int_equal(party_rig_call(rig, "add", first, 5, &sum, NULL).code, MITOME_OK);
        assert_int_equal(sum, 5);
        assert_int_equal(rig->handled, 2);
        pass(rig, 1);
        assert_int_equal(party_rig_call(rig, "add", id, 7, &sum, NULL).code, MITOME_OK);
        assert_int_equal(count(rig, "SELECT count(*) FROM inbox"), 2); /* the first is forgotten */
        assert_int_equal(party_rig_sum(rig->parties[RIG_ASKED]), 18);
}

static void test_an_inbox_that_is_full_of_old_letters_becomes_empty_again(void **state)
{
        struct party_rig *rig = *state;
        uint64_t sum;
        for (uint8_t i = 1; i <= 40; i++) {
                const uint8_t id[LETTER_ID_SIZE] = { 1, i };
                assert_int_equal(party_rig_call(rig, "add", id, 1, &sum, NULL).code, MITOME_OK);
        }
        pass(rig, PARTY_REMEMBERS + 1);
        for (uint8_t i = 1; i <= 3; i++) {
                const uint8_t id[LETTER_ID_SIZE] = { 2, i };
                assert_int_equal(party_rig_call(rig, "add", id, 1, &sum, NULL).code, MITOME_OK);
        }
        assert_int_equal(count(rig, "SELECT count(*) FROM inbox"), 3);
        assert_int_equal(sum, 43);
}

static void test_a_decision_can_name_what_it_was_told(void **state)
{
        struct party_rig *rig = *state;
        struct journal_evidence evidence[2];
        uint64_t sum;
        assert_int_equal(party_rig_call(rig, "add", first, 5, &sum, NULL).code, MITOME_OK);
        party_call_evidence(rig->parties[RIG_ASKER], evidence);
        assert_string_equal(evidence[0].kind, "letter");
        assert_string_equal(evidence[1].kind, "answer");
        uint8_t digest[LETTER_DIGEST_SIZE];
        struct sql_query query;
        assert_int_equal(sql_ask(party_store(rig->parties[RIG_ASKED]), "SELECT letter FROM inbox", NULL, 0,
                                 &query, NULL)
                                 .code,
                MITOME_OK);
        assert_true(sql_next(&query));
        slice letter = sql_bytes(&query, 0);
        crypto_hash_sha256(digest, letter.data, letter.size);
        assert_int_equal(sql_end(&query).code, MITOME_OK);
        assert_memory_equal(digest, evidence[0].digest, sizeof digest); /* the one that the other kept */
        assert_memory_not_equal(digest, evidence[1].digest, sizeof digest);
}

static void test_a_call_inside_a_transaction_is_not_made(void **state)
{
        struct party_rig *rig = *state;
        uint64_t sum;
        size_t left;
        assert_int_equal(sql_begin(party_store(rig->parties[RIG_ASKER]), NULL).code, MITOME_OK);
        assert_int_equal(party_rig_call(rig, "add", first, 5, &sum, NULL).code, MITOME_E_ARGUMENT);
        assert_int_equal(party_flush(rig->parties[RIG_ASKER], &left, NULL).code, MITOME_E_ARGUMENT);
        sql_rollback(party_store(rig->parties[RIG_ASKER]));
        assert_int_equal(rig->network.letters, 0);
        uint8_t body[16];
        assert_int_equal(
                party_send(rig->parties[RIG_ASKER], PARTY_AUTHORITY, "add", party_rig_add(body, 1), NULL)
                        .code,
                MITOME_E_ARGUMENT);
        uint8_t buffer[LETTER_MAX];
        slice answer;
        assert_int_equal(party_call(rig->parties[RIG_ASKER], "maker", "add", first, party_rig_add(body, 1),
                                 buffer, &answer, NULL, NULL)
                                 .code,
                MITOME_E_LETTER_ADDRESSEE);
}

/* ---- the outbox ---- */

static size_t flush(struct party_rig *rig)
{
        size_t left = 99;
        assert_int_equal(party_flush(rig->parties[RIG_ASKER], &left, NULL).code, MITOME_OK);
        return left;
}

static void test_what_is_sent_arrives_in_its_order(void **state)
{
        struct party_rig *rig = *state;
        for (uint64_t i = 1; i <= 3; i++)
                assert_int_equal(party_rig_send(rig, "add", i).code, MITOME_OK);
        assert_int_equal(rig->network.letters, 0);
        assert_int_equal(flush(rig), 0);
        assert_int_equal(party_rig_sum(rig->parties[RIG_ASKED]), 6);
        assert_int_equal(rig->network.letters, 3);
        assert_int_equal(flush(rig), 0);
        assert_int_equal(rig->network.letters, 3);
}

static void test_what_was_rolled_back_is_not_sent(void **state)
{
        struct party_rig *rig = *state;
        uint8_t body[16];
        struct party *party = rig->parties[RIG_ASKER];
        assert_int_equal(sql_begin(party_store(party), NULL).code, MITOME_OK);
        assert_int_equal(
                party_send(party, PARTY_AUTHORITY, "add", party_rig_add(body, 1), NULL).code, MITOME_OK);
        sql_rollback(party_store(party));
        assert_int_equal(flush(rig), 0);
        assert_int_equal(rig->network.letters, 0);
}

static void test_pauses_grow_and_no_letter_overtakes(void **state)
{
        struct party_rig *rig = *state;
        enum post_fate fate = POST_DROP;
        static const int64_t pauses[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600 };
        set_fate(rig, &fate);
        assert_int_equal(party_rig_send(rig, "add", 1).code, MITOME_OK);
        assert_int_equal(party_rig_send(rig, "add", 2).code, MITOME_OK);
        unsigned tried = 0;
        for (size_t i = 0; i < sizeof pauses / sizeof *pauses; i++) {
                assert_int_equal(flush(rig), 2);
                assert_int_equal(rig->network.letters, ++tried);
                rig->now[RIG_ASKER] += pauses[i] - 1;
                rig->now[RIG_ASKED] += pauses[i];
                assert_int_equal(flush(rig), 2);
                assert_int_equal(rig->network.letters, tried); /* not due yet, the second neither */
                rig->now[RIG_ASKER]++;
        }
        fate = POST_PASS;
        assert_int_equal(flush(rig), 0);
        assert_int_equal(party_rig_sum(rig->parties[RIG_ASKED]), 3);
}

static void test_a_letter_of_the_outbox_whose_answer_was_lost_is_done_once(void **state)
{
        struct party_rig *rig = *state;
        enum post_fate fate = POST_LOSE_ANSWER;
        set_fate(rig, &fate);
        assert_int_equal(party_rig_send(rig, "add", 7).code, MITOME_OK);
        for (int i = 0; i < 4; i++) {
                assert_int_equal(flush(rig), 1);
                rig->now[RIG_ASKER] += 100;
        }
        fate = POST_TWICE;
        assert_int_equal(flush(rig), 0);
        assert_int_equal(party_rig_sum(rig->parties[RIG_ASKED]), 7);
        assert_int_equal(rig->handled, 1);
}

static void test_a_letter_that_waited_for_a_week_is_taken(void **state)
{
        struct party_rig *rig = *state;
        enum post_fate fate = POST_LOSE_ANSWER;
        set_fate(rig, &fate);
        assert_int_equal(party_rig_send(rig, "add", 7).code, MITOME_OK);
        assert_int_equal(flush(rig), 1);
        rig->now[RIG_ASKER] += 7 * DAY;
        rig->now[RIG_ASKED] += 7 * DAY;
        fate = POST_PASS;
        assert_int_equal(flush(rig), 0); /* sealed anew, under the same id */
        assert_int_equal(party_rig_sum(rig->parties[RIG_ASKED]), 7);
}

static void test_a_clock_that_was_put_back_does_not_stop_the_outbox(void **state)
{
        struct party_rig *rig = *state;
        enum post_fate fate = POST_DROP;
        set_fate(rig, &fate);
        assert_int_equal(party_rig_send(rig, "add", 7).code, MITOME_OK);
        assert_int_equal(flush(rig), 1);
        rig->now[RIG_ASKER] -= DAY;
        fate = POST_PASS;
        assert_int_equal(flush(rig), 0);
}

static void test_a_refusal_ends_a_letter_of_the_outbox(void **state)
{
        struct party_rig *rig = *state;
        assert_int_equal(party_rig_send(rig, "refuse", 7).code, MITOME_OK);
        assert_int_equal(party_rig_send(rig, "add", 1).code, MITOME_OK);
        assert_int_equal(flush(rig), 0);
        assert_int_equal(party_rig_sum(rig->parties[RIG_ASKED]), 1);
        /* Both asked, both ended. */
        assert_int_equal(party_rig_count(rig->parties[RIG_ASKER], "SELECT count(*) FROM journal"), 4);
}

/* ---- the store and the key ---- */

static void test_a_party_is_the_same_after_it_was_closed(void **state)
{
        struct party_rig *rig = *state;
        char folder[] = "/tmp/mitome-party-XXXXXX", path[64];
        uint8_t before[LETTER_KEY_SIZE], after[LETTER_KEY_SIZE];
        uint64_t sum;
        assert_non_null(mkdtemp(folder));
        party_rig_shut(rig, RIG_ASKED);
        rig->folders[RIG_ASKED] = folder;
        if (rig->stores[RIG_ASKED])
                rig->stores[RIG_ASKED] = store_rig_fresh();
        assert_int_equal(party_rig_open(rig, RIG_ASKED, NULL).code, MITOME_OK);
        party_key(rig->parties[RIG_ASKED], before);
        assert_int_equal(party_rig_call(rig, "add", first, 5, &sum, NULL).code, MITOME_OK);
        party_rig_shut(rig, RIG_ASKED);
        assert_int_equal(party_rig_call(rig, "add", first, 5, &sum, NULL).code, MITOME_E_UNREACHABLE);
        assert_int_equal(party_rig_open(rig, RIG_ASKED, NULL).code, MITOME_OK);
        party_key(rig->parties[RIG_ASKED], after);
        assert_memory_equal(before, after, sizeof before);
        assert_int_equal(party_rig_call(rig, "add", first, 5, &sum, NULL).code, MITOME_OK);
        assert_int_equal(sum, 5);
        assert_int_equal(rig->handled, 1);
        party_rig_shut(rig, RIG_ASKED);

        /* A key that others may read, one that was cut, none. */
        snprintf(path, sizeof path, "%s/party.key", folder);
        assert_int_equal(chmod(path, 0644), 0);
        assert_int_equal(party_rig_open(rig, RIG_ASKED, NULL).code, MITOME_E_FILE_MODE);
        assert_int_equal(chmod(path, 0600), 0);
        assert_int_equal(truncate(path, 31), 0);
        assert_int_equal(party_rig_open(rig, RIG_ASKED, NULL).code, MITOME_E_VALUE);
        assert_int_equal(unlink(path), 0);
        if (rig->stores[RIG_ASKED]) {
                /* A key is made, and does not go with what is in the store. */
                assert_int_equal(party_rig_open(rig, RIG_ASKED, NULL).code, MITOME_E_STORE_SEAL);
                assert_int_equal(unlink(path), 0);
        } else {
                assert_int_equal(party_rig_open(rig, RIG_ASKED, NULL).code, MITOME_E_FILE_READ);
                snprintf(path, sizeof path, "%s/party.db", folder);
                assert_int_equal(unlink(path), 0);
        }
        assert_int_equal(rmdir(folder), 0);
}

static void test_folder_is_made_where_one_can_be(void **state)
{
        (void)state;
        char folder[] = "/tmp/mitome-party-XXXXXX", path[64], below[80];
        mitome_error error = { 0 };
        assert_non_null(mkdtemp(folder));
        snprintf(path, sizeof path, "%s/a", folder);
        snprintf(below, sizeof below, "%s/b", path);
        assert_int_equal(folder_make(below, 0700, "it", "above", &error).code, MITOME_E_FILE_READ);
        assert_string_equal(error.field, "above");
        assert_int_equal(folder_make(path, 0700, "it", "above", NULL).code, MITOME_OK);
        assert_int_equal(folder_make(path, 0700, "it", "above", NULL).code, MITOME_OK);
        assert_int_equal(rmdir(path), 0);

        /* A file in its place, and above it. */
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        assert_int_equal(fclose(file), 0);
        error = (mitome_error){ 0 };
        assert_int_equal(folder_make(path, 0700, "it", "above", &error).code, MITOME_E_FILE_WRITE);
        assert_string_equal(error.field, "it");
        assert_int_equal(folder_make(below, 0700, "it", "above", NULL).code, MITOME_E_FILE_WRITE);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(rmdir(folder), 0);
}

static void test_what_is_sealed_to_a_party_only_that_party_opens(void **state)
{
        struct party_rig *rig = *state;
        uint8_t key[LETTER_KEY_SIZE], sealed[64 + PARTY_SEAL_EXTRA], plain[64];
        const uint8_t words[] = { 1, 2, 3, 4, 5 };
        slice opened;
        writer out = WRITER(sealed);
        party_key(rig->parties[RIG_ASKED], key);
        assert_int_equal(party_seal(key, SLICE(words), &out, NULL).code, MITOME_OK);
        assert_int_equal(out.used, sizeof words + PARTY_SEAL_EXTRA);
        assert_int_equal(
                party_unseal(rig->parties[RIG_ASKED], writer_view(&out), plain, sizeof plain, &opened, NULL)
                        .code,
                MITOME_OK);
        assert_true(slice_equal(opened, SLICE(words)));
        assert_int_equal(
                party_unseal(rig->parties[RIG_ASKER], writer_view(&out), plain, sizeof plain, &opened, NULL)
                        .code,
                MITOME_E_SIGNATURE_INVALID);
        assert_int_equal(
                party_unseal(rig->parties[RIG_ASKED], writer_view(&out), plain, 4, &opened, NULL).code,
                MITOME_E_BUFFER_FULL);
        sealed[50] ^= 1;
        assert_int_equal(
                party_unseal(rig->parties[RIG_ASKED], writer_view(&out), plain, sizeof plain, &opened, NULL)
                        .code,
                MITOME_E_SIGNATURE_INVALID);
        assert_int_equal(party_unseal(rig->parties[RIG_ASKED], slice_of(sealed, 47), plain, sizeof plain,
                                 &opened, NULL)
                                 .code,
                MITOME_E_SIGNATURE_INVALID);
        writer small = writer_over(sealed, 52);
        assert_int_equal(party_seal(key, SLICE(words), &small, NULL).code, MITOME_E_BUFFER_FULL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
                TEST(test_what_is_asked_is_done_and_answered),
                TEST(test_a_letter_that_arrives_twice_is_done_once),
                TEST(test_a_letter_that_was_lost_before_is_done_when_it_is_asked_again),
                TEST(test_a_letter_whose_answer_was_lost_gets_the_same_answer),
                TEST(test_an_id_is_not_taken_for_another_letter),
                TEST(test_a_letter_that_is_late_does_nothing_after_it_was_asked_again),
                TEST(test_a_refusal_changes_nothing_and_is_kept_and_noted),
                TEST(test_a_store_that_fails_is_no_refusal),
                TEST(test_nobody_asks_what_is_not_his_to_ask),
                TEST(test_a_letter_of_a_stranger_is_not_read),
                TEST(test_a_letter_signed_by_another_party_is_refused),
                TEST(test_a_letter_to_another_is_refused),
                TEST(test_clocks_a_day_apart_are_taken_and_three_are_not),
                TEST(test_bytes_that_are_no_letter_are_refused),
                TEST(test_an_answer_to_another_letter_is_none),
                TEST(test_an_answer_signed_by_another_is_none),
                TEST(test_letters_that_nobody_can_bring_again_are_not_kept),
                TEST(test_an_id_that_is_used_again_after_weeks_is_done_once),
                TEST(test_an_inbox_that_is_full_of_old_letters_becomes_empty_again),
                TEST(test_a_decision_can_name_what_it_was_told),
                TEST(test_a_call_inside_a_transaction_is_not_made),
                TEST(test_what_is_sent_arrives_in_its_order),
                TEST(test_what_was_rolled_back_is_not_sent),
                TEST(test_pauses_grow_and_no_letter_overtakes),
                TEST(test_a_letter_of_the_outbox_whose_answer_was_lost_is_done_once),
                TEST(test_a_letter_that_waited_for_a_week_is_taken),
                TEST(test_a_clock_that_was_put_back_does_not_stop_the_outbox),
                TEST(test_a_refusal_ends_a_letter_of_the_outbox),
                TEST(test_a_party_is_the_same_after_it_was_closed),
                cmocka_unit_test(test_folder_is_made_where_one_can_be),
                TEST(test_what_is_sealed_to_a_party_only_that_party_opens),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
