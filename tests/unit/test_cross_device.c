/* SPDX-License-Identifier: Apache-2.0 */

/* A phone logs another browser in, and everybody who would like to be that browser, or that phone. */

#include "cross_device.h"
#include "desk_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { BROWSER = 11, OTHER = 12 };
#define HOME slice_text("192.0.2.1")

static struct desk_rig rig;

static int begin(void **state)
{
        (void)state;
        desk_rig_open(&rig, cross_device_schema);
        return 0;
}

static int end(void **state)
{
        (void)state;
        desk_rig_close(&rig);
        return 0;
}

static struct cross_device_request ask(int64_t session)
{
        struct cross_device_request request = { 0 };
        assert_int_equal(cross_device_begin(rig.party, session, &request, NULL).code, MITOME_OK);
        return request;
}

static mitome_code look(const char *code, struct cross_device_sight *ret)
{
        return cross_device_look(rig.party, slice_text(code), HOME, ret, NULL).code;
}

static mitome_code claim(const char *code, uint8_t id[CROSS_DEVICE_ID_SIZE])
{
        struct cross_device_sight sight = { 0 };
        return cross_device_claim(rig.party, slice_text(code), HOME, &sight, id, NULL).code;
}

static mitome_code grant(const uint8_t id[CROSS_DEVICE_ID_SIZE], int64_t account)
{
        const struct cross_device_grant shown = {
                .account = account, .credential = 8, .authenticated = rig.now, .amr = 0x33, .level = "high"
        };
        return cross_device_grant(rig.party, id, &shown, NULL).code;
}

static mitome_code take(int64_t session, const struct cross_device_request *request, int64_t *ret_account)
{
        struct cross_device_grant grant = { .account = -1 };
        mitome_code code = cross_device_take(rig.party, session, SLICE(request->id), &grant, NULL).code;
        *ret_account = grant.account;
        return code;
}

static void expect_state(const struct cross_device_request *request, enum cross_device_state expected)
{
        enum cross_device_state now = CROSS_DEVICE_OVER;
        assert_int_equal(
                cross_device_poll(rig.party, BROWSER, SLICE(request->id), &now, NULL).code, MITOME_OK);
        assert_int_equal(now, expected);
}

/* ---- what it is for ---- */

static void a_phone_logs_the_browser_in_that_asked(void **state)
{
        (void)state;
        const struct cross_device_request request = ask(BROWSER);
        struct cross_device_sight sight = { 0 };
        struct cross_device_grant got = { 0 };
        uint8_t id[CROSS_DEVICE_ID_SIZE];
        expect_state(&request, CROSS_DEVICE_WAITS);
        assert_int_equal(look(request.code, &sight), MITOME_OK);
        expect_state(&request, CROSS_DEVICE_SEEN);
        assert_int_equal(claim(request.code, id), MITOME_OK);
        assert_memory_equal(id, request.id, sizeof id);
        assert_int_equal(grant(id, 7), MITOME_OK);
        expect_state(&request, CROSS_DEVICE_READY);
        assert_int_equal(
                cross_device_take(rig.party, BROWSER, SLICE(request.id), &got, NULL).code, MITOME_OK);
        assert_int_equal(got.account, 7);
        assert_int_equal(got.credential, 8);
        assert_int_equal(got.authenticated, rig.now);
        assert_int_equal(got.amr, 0x33);
        assert_string_equal(got.level, "high");
        expect_state(&request, CROSS_DEVICE_OVER);
}

static void both_screens_show_the_same_two_digits(void **state)
{
        (void)state;
        const struct cross_device_request request = ask(BROWSER);
        struct cross_device_sight sight = { 0 };
        assert_int_equal(look(request.code, &sight), MITOME_OK);
        assert_string_equal(sight.number, request.number);
        assert_int_equal(strlen(sight.number), 2);
        assert_int_equal(sight.expires, rig.now + CROSS_DEVICE_SECONDS);
}

static void what_the_challenge_is_sealed_for_is_of_the_request_alone(void **state)
{
        (void)state;
        const struct cross_device_request first = ask(BROWSER), second = ask(BROWSER);
        struct cross_device_sight one = { 0 }, again = { 0 }, other = { 0 };
        assert_int_equal(look(first.code, &one), MITOME_OK);
        assert_int_equal(look(first.code, &again), MITOME_OK);
        assert_int_equal(look(second.code, &other), MITOME_OK);
        assert_memory_equal(one.context, again.context, sizeof one.context);
        assert_memory_not_equal(one.context, other.context, sizeof one.context);
}

static void a_code_is_read_as_people_type_it(void **state)
{
        (void)state;
        char code[CROSS_DEVICE_CODE_SIZE + 1];
        assert_int_equal(cross_device_read_code(slice_text("abcd-2345"), code, NULL).code, MITOME_OK);
        assert_string_equal(code, "ABCD2345");
        assert_int_equal(cross_device_read_code(slice_text(" ABCD 2345 "), code, NULL).code, MITOME_OK);
        assert_string_equal(code, "ABCD2345");
        static const char *const none[] = { "", "ABCD234", "ABCD23456", "ABCD234O", "ABCD2341", "ABCD234_",
                "ABCD234\xC3\xA4", "ABCD2345; DROP" };
        for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
                assert_int_equal(
                        cross_device_read_code(slice_text(none[i]), code, NULL).code, MITOME_E_PHONE_CODE);
        assert_string_equal(code, "ABCD2345");
}

static void codes_lie_in_the_store_hashed(void **state)
{
        (void)state;
        const struct cross_device_request request = ask(BROWSER);
        struct sql_query query = { 0 };
        assert_int_equal(
                sql_ask(party_store(rig.party), "SELECT code FROM cross_device", NULL, 0, &query, NULL).code,
                MITOME_OK);
        assert_true(sql_next(&query));
        assert_int_equal(sql_bytes(&query, 0).size, 32);
        assert_false(slice_begins_with(sql_bytes(&query, 0), slice_text(request.code)));
        assert_int_equal(sql_end(&query).code, MITOME_OK);
}

/* ---- attacks ---- */

static void attack_another_browser_polls(void **state)
{
        (void)state;
        const struct cross_device_request request = ask(BROWSER);
        enum cross_device_state now = CROSS_DEVICE_OVER;
        uint8_t id[CROSS_DEVICE_ID_SIZE];
        int64_t account;
        assert_int_equal(claim(request.code, id), MITOME_OK);
        assert_int_equal(grant(id, 7), MITOME_OK);
        assert_int_equal(cross_device_poll(rig.party, OTHER, SLICE(request.id), &now, NULL).code,
                MITOME_E_PHONE_REQUEST);
        assert_int_equal(take(OTHER, &request, &account), MITOME_E_PHONE_REQUEST);
        assert_int_equal(account, -1);
        /* .. and the browser that asked has lost nothing. */
        assert_int_equal(take(BROWSER, &request, &account), MITOME_OK);
        assert_int_equal(account, 7);
}

static void attack_a_login_bound_to_another_session(void **state)
{
        (void)state;
        const struct cross_device_request mine = ask(BROWSER), theirs = ask(OTHER);
        uint8_t id[CROSS_DEVICE_ID_SIZE];
        int64_t account;
        assert_int_equal(claim(theirs.code, id), MITOME_OK);
        assert_int_equal(grant(id, 7), MITOME_OK);
        assert_int_equal(take(BROWSER, &mine, &account), MITOME_E_PHONE_REQUEST);
        assert_int_equal(take(BROWSER, &theirs, &account), MITOME_E_PHONE_REQUEST);
        assert_int_equal(account, -1);
}

static void attack_a_login_is_taken_twice(void **state)
{
        (void)state;
        const struct cross_device_request request = ask(BROWSER);
        uint8_t id[CROSS_DEVICE_ID_SIZE];
        int64_t account;
        assert_int_equal(claim(request.code, id), MITOME_OK);
        assert_int_equal(grant(id, 7), MITOME_OK);
        assert_int_equal(take(BROWSER, &request, &account), MITOME_OK);
        assert_int_equal(take(BROWSER, &request, &account), MITOME_E_PHONE_REQUEST);
        assert_int_equal(account, -1);
}

static void attack_a_code_is_answered_twice(void **state)
{
        (void)state;
        const struct cross_device_request request = ask(BROWSER);
        uint8_t first[CROSS_DEVICE_ID_SIZE], second[CROSS_DEVICE_ID_SIZE];
        int64_t account;
        /* Two phones hold it when the first one is through. */
        assert_int_equal(claim(request.code, first), MITOME_OK);
        assert_int_equal(claim(request.code, second), MITOME_OK);
        assert_int_equal(grant(first, 7), MITOME_OK);
        assert_int_equal(grant(second, 66), MITOME_E_PHONE_ANSWERED);
        assert_int_equal(claim(request.code, second), MITOME_E_PHONE_CODE);
        assert_int_equal(take(BROWSER, &request, &account), MITOME_OK);
        assert_int_equal(account, 7);
        assert_int_equal(grant(second, 66), MITOME_E_PHONE_ANSWERED);
}

static void attack_a_code_is_guessed(void **state)
{
        (void)state;
        const struct cross_device_request request = ask(BROWSER);
        struct cross_device_sight sight = { 0 };
        /* One letter off, so that no draw makes it right. */
        char wrong[CROSS_DEVICE_CODE_SIZE + 1];
        memcpy(wrong, request.code, sizeof wrong);
        wrong[0] = wrong[0] == 'A' ? 'B' : 'A';
        for (int i = 0; i < CROSS_DEVICE_MISSES; i++)
                assert_int_equal(look(wrong, &sight), MITOME_E_PHONE_CODE);
        assert_int_equal(look(wrong, &sight), MITOME_E_PHONE_CODE_TRIES);
        /* Even the right one is not looked at from there any more, as a page or as an answer, .. */
        uint8_t id[CROSS_DEVICE_ID_SIZE];
        assert_int_equal(look(request.code, &sight), MITOME_E_PHONE_CODE_TRIES);
        assert_int_equal(claim(request.code, id), MITOME_E_PHONE_CODE_TRIES);
        /* .. but others are not shut out by that, .. */
        assert_int_equal(cross_device_look(rig.party, slice_text(request.code), slice_text("198.51.100.7"),
                                 &sight, NULL)
                                 .code,
                MITOME_OK);
        /* .. and it passes. */
        rig.now += CROSS_DEVICE_SECONDS;
        const struct cross_device_request later = ask(BROWSER);
        assert_int_equal(look(later.code, &sight), MITOME_OK);
}

static void a_right_code_counts_as_no_miss(void **state)
{
        (void)state;
        const struct cross_device_request request = ask(BROWSER);
        struct cross_device_sight sight = { 0 };
        for (int i = 0; i < 3 * CROSS_DEVICE_MISSES; i++)
                assert_int_equal(look(request.code, &sight), MITOME_OK);
}

static void attack_wrong_answers_to_a_code_without_end(void **state)
{
        (void)state;
        const struct cross_device_request request = ask(BROWSER);
        uint8_t id[CROSS_DEVICE_ID_SIZE];
        for (int i = 0; i < CROSS_DEVICE_TRIES; i++)
                assert_int_equal(claim(request.code, id), MITOME_OK);
        assert_int_equal(claim(request.code, id), MITOME_E_PHONE_CODE);
        expect_state(&request, CROSS_DEVICE_OVER);
}

static void attack_a_code_of_yesterday(void **state)
{
        (void)state;
        const struct cross_device_request request = ask(BROWSER);
        struct cross_device_sight sight = { 0 };
        uint8_t id[CROSS_DEVICE_ID_SIZE];
        assert_int_equal(claim(request.code, id), MITOME_OK);
        rig.now += CROSS_DEVICE_SECONDS;
        assert_int_equal(look(request.code, &sight), MITOME_E_PHONE_CODE);
        assert_int_equal(grant(id, 7), MITOME_E_PHONE_ANSWERED);
        expect_state(&request, CROSS_DEVICE_OVER);
}

static void attack_a_login_is_taken_after_it_was_withdrawn(void **state)
{
        uint8_t id[CROSS_DEVICE_ID_SIZE];
        int64_t account = 0;
        (void)state;
        const struct cross_device_request withdrawn = ask(BROWSER), other = ask(OTHER);
        assert_int_equal(claim(withdrawn.code, id), MITOME_OK);
        assert_int_equal(grant(id, 7), MITOME_OK);
        assert_int_equal(claim(other.code, id), MITOME_OK);
        assert_int_equal(grant(id, 9), MITOME_OK);
        assert_int_equal(cross_device_withdraw(rig.party, 7, NULL).code, MITOME_OK);
        expect_state(&withdrawn, CROSS_DEVICE_OVER);
        assert_int_equal(take(BROWSER, &withdrawn, &account), MITOME_E_PHONE_REQUEST);
        assert_int_equal(take(OTHER, &other, &account), MITOME_OK);
        assert_int_equal(account, 9);
}

static void attack_a_login_is_left_lying_and_taken_later(void **state)
{
        (void)state;
        const struct cross_device_request request = ask(BROWSER);
        uint8_t id[CROSS_DEVICE_ID_SIZE];
        int64_t account;
        assert_int_equal(claim(request.code, id), MITOME_OK);
        assert_int_equal(grant(id, 7), MITOME_OK);
        rig.now += CROSS_DEVICE_SECONDS + 30;
        expect_state(&request, CROSS_DEVICE_OVER);
        assert_int_equal(take(BROWSER, &request, &account), MITOME_E_PHONE_REQUEST);
}

static void attack_codes_without_end_of_one_browser(void **state)
{
        (void)state;
        const struct cross_device_request first = ask(BROWSER);
        struct cross_device_sight sight = { 0 };
        for (int i = 0; i < CROSS_DEVICE_OPEN; i++) {
                rig.now++;
                (void)ask(BROWSER);
        }
        assert_int_equal(desk_rig_count(&rig, "SELECT count(*) FROM cross_device"), CROSS_DEVICE_OPEN);
        assert_int_equal(look(first.code, &sight), MITOME_E_PHONE_CODE);
}

static void attack_a_request_of_no_session(void **state)
{
        (void)state;
        struct cross_device_request request = { 0 };
        assert_int_equal(cross_device_begin(rig.party, 0, &request, NULL).code, MITOME_E_ARGUMENT);
}

/* ---- the machine ---- */

static void without_randomness_there_is_no_code(void **state)
{
        (void)state;
        struct cross_device_request request = { 0 };
        rig.no_randomness = true;
        assert_int_equal(cross_device_begin(rig.party, BROWSER, &request, NULL).code, MITOME_E_NO_RANDOMNESS);
        rig.no_randomness = false;
        rig.constant = 0xFF; /* no letter is drawn fairly of these */
        assert_int_equal(cross_device_begin(rig.party, BROWSER, &request, NULL).code, MITOME_E_NO_RANDOMNESS);
        assert_int_equal(desk_rig_count(&rig, "SELECT count(*) FROM cross_device"), 0);
}

static void a_code_that_is_open_is_not_given_again(void **state)
{
        (void)state;
        struct cross_device_request request = { 0 };
        rig.constant = 1;
        (void)ask(BROWSER);
        rig.constant = 0;
        const struct cross_device_request other = ask(OTHER);
        /* The same letters again: another id, which the first request does not have. */
        assert_int_equal(
                sql_do(party_store(rig.party), "UPDATE cross_device SET id = ? WHERE id <> ?",
                        SQL_VALUES(SQL_BYTES(slice_text("sixteen bytes...")), SQL_BYTES(SLICE(other.id))),
                        NULL, NULL)
                        .code,
                MITOME_OK);
        rig.constant = 1;
        assert_int_equal(cross_device_begin(rig.party, OTHER, &request, NULL).code, MITOME_E_NO_RANDOMNESS);
}

static void what_is_over_is_forgotten(void **state)
{
        (void)state;
        struct cross_device_sight sight = { 0 };
        const struct cross_device_request request = ask(BROWSER);
        assert_int_equal(look("ABCD2345", &sight), MITOME_E_PHONE_CODE);
        assert_int_equal(cross_device_sweep(rig.party, NULL).code, MITOME_OK);
        assert_int_equal(desk_rig_count(&rig, "SELECT count(*) FROM cross_device"), 1);
        assert_int_equal(desk_rig_count(&rig, "SELECT count(*) FROM cross_device_miss"), 1);
        rig.now = request.expires + 600;
        assert_int_equal(cross_device_sweep(rig.party, NULL).code, MITOME_OK);
        assert_int_equal(desk_rig_count(&rig, "SELECT count(*) FROM cross_device"), 0);
        assert_int_equal(desk_rig_count(&rig, "SELECT count(*) FROM cross_device_miss"), 0);
}

static void a_phone_of_no_network_is_refused_and_the_longest_level_fits(void **state)
{
        (void)state;
        const struct cross_device_request request = ask(BROWSER);
        struct cross_device_sight sight = { 0 };
        struct cross_device_grant shown = { .account = 7 };
        assert_int_equal(
                cross_device_look(rig.party, slice_text(request.code), slice_of(NULL, 0), &sight, NULL).code,
                MITOME_E_ARGUMENT);
        memset(shown.level, 'x', sizeof shown.level - 1);
        assert_int_equal(cross_device_grant(rig.party, request.id, &shown, NULL).code, MITOME_OK);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_phone_logs_the_browser_in_that_asked, begin, end),
                cmocka_unit_test_setup_teardown(both_screens_show_the_same_two_digits, begin, end),
                cmocka_unit_test_setup_teardown(
                        what_the_challenge_is_sealed_for_is_of_the_request_alone, begin, end),
                cmocka_unit_test_setup_teardown(a_code_is_read_as_people_type_it, begin, end),
                cmocka_unit_test_setup_teardown(codes_lie_in_the_store_hashed, begin, end),
                cmocka_unit_test_setup_teardown(attack_another_browser_polls, begin, end),
                cmocka_unit_test_setup_teardown(attack_a_login_bound_to_another_session, begin, end),
                cmocka_unit_test_setup_teardown(attack_a_login_is_taken_twice, begin, end),
                cmocka_unit_test_setup_teardown(attack_a_code_is_answered_twice, begin, end),
                cmocka_unit_test_setup_teardown(attack_a_code_is_guessed, begin, end),
                cmocka_unit_test_setup_teardown(a_right_code_counts_as_no_miss, begin, end),
                cmocka_unit_test_setup_teardown(attack_wrong_answers_to_a_code_without_end, begin, end),
                cmocka_unit_test_setup_teardown(attack_a_code_of_yesterday, begin, end),
                cmocka_unit_test_setup_teardown(attack_a_login_is_taken_after_it_was_withdrawn, begin, end),
                cmocka_unit_test_setup_teardown(attack_a_login_is_left_lying_and_taken_later, begin, end),
                cmocka_unit_test_setup_teardown(attack_codes_without_end_of_one_browser, begin, end),
                cmocka_unit_test_setup_teardown(attack_a_request_of_no_session, begin, end),
                cmocka_unit_test_setup_teardown(without_randomness_there_is_no_code, begin, end),
                cmocka_unit_test_setup_teardown(a_code_that_is_open_is_not_given_again, begin, end),
                cmocka_unit_test_setup_teardown(what_is_over_is_forgotten, begin, end),
                cmocka_unit_test_setup_teardown(
                        a_phone_of_no_network_is_refused_and_the_longest_level_fits, begin, end),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
