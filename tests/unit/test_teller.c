/* SPDX-License-Identifier: Apache-2.0 */

/* Call centre and municipality: what was asked for at a telephone or a desk takes effect, once, whatever
 * happens to the line. */

#include "register_rig.h"
#include "teller.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const int birth[3] = { 1990, 4, 1 };

struct world {
        struct register_rig rig;
        struct register_rig_card card;
        struct party *call_centre, *municipality;
};

static int64_t tell_time(void *context)
{
        const struct world *world = context;
        return world->rig.now;
}

static void sit_down(struct world *world, const char *name, struct party **ret)
{
        const struct party_config config = {
                .name = name,
                .schema = teller_schema,
                .schema_version = TELLER_SCHEMA_VERSION,
                .directory = &world->rig.network.directory,
                .post = post_local(&world->rig.network),
                .clock = { world, tell_time },
                .random = world->rig.random,
        };
        assert_int_equal(party_open(&config, ret, NULL).code, MITOME_OK);
        assert_int_equal(post_local_join(&world->rig.network, *ret, NULL, NULL).code, MITOME_OK);
}

static int set_up(void **state)
{
        struct world *world = calloc(1, sizeof *world);
        register_rig_begin(&world->rig);
        register_rig_open(&world->rig);
        register_rig_holder(&world->rig, &register_rig_hanako, &world->card);
        sit_down(world, PARTY_CALL_CENTRE, &world->call_centre);
        sit_down(world, PARTY_MUNICIPALITY, &world->municipality);
        *state = world;
        return 0;
}

static int tear_down(void **state)
{
        struct world *world = *state;
        party_close(world->call_centre);
        party_close(world->municipality);
        register_rig_end(&world->rig);
        free(world);
        return 0;
}

static mitome_code find(struct world *world, const char *name, const char *address, struct teller_found *ret)
{
        mitome_code refusal = MITOME_OK;
        mitome_status status = teller_find(world->call_centre, name, birth, address, ret, &refusal, NULL);
        return status.code == MITOME_E_REFUSED ? refusal : status.code;
}

static mitome_code change(struct party *party, const char *what, const struct teller_certificate *certificate)
{
        mitome_code refusal = MITOME_OK;
        mitome_status status = teller_change(party, what, "telephone", certificate->kind,
                slice_of(certificate->serial, certificate->serial_size), 1, &refusal, NULL);
        return status.code == MITOME_E_REFUSED ? refusal : status.code;
}

static uint64_t login_status(struct world *world)
{
        return register_rig_status(&world->rig, REGISTER_USER_VERIFICATION,
                register_rig_der(&world->card.certificates[REGISTER_USER_VERIFICATION]))
                .status;
}

static int64_t count(struct party *party, const char *sql)
{
        struct sql_query query;
        assert_int_equal(sql_ask(party_store(party), sql, NULL, 0, &query, NULL).code, MITOME_OK);
        assert_true(sql_next(&query));
        int64_t answer = sql_integer(&query, 0);
        assert_int_equal(sql_end(&query).code, MITOME_OK);
        return answer;
}

/* The card's login certificate of her who calls. */
static struct teller_certificate found_login(struct world *world)
{
        struct teller_found found;
        assert_int_equal(
                find(world, register_rig_hanako.name, register_rig_hanako.address, &found), MITOME_OK);
        assert_int_equal(found.count, 2);
        assert_memory_equal(found.person, world->card.person, sizeof found.person);
        assert_int_equal(found.certificates[1].kind, REGISTER_USER_VERIFICATION);
        return found.certificates[1];
}

static void test_a_caller_is_found_by_all_he_says(void **state)
{
        struct world *world = *state;
        struct teller_found found;
        found_login(world);
        assert_int_equal(find(world, register_rig_hanako.name, register_rig_taro.address, &found),
                MITOME_E_AUTHORITY_UNKNOWN);
        assert_int_equal(find(world, register_rig_taro.name, register_rig_hanako.address, &found),
                MITOME_E_AUTHORITY_UNKNOWN);
}

static void test_a_certificate_is_held_by_telephone(void **state)
{
        struct world *world = *state;
        const struct teller_certificate login = found_login(world);
        assert_int_equal(change(world->call_centre, "hold", &login), MITOME_OK);
        assert_int_equal(login_status(world), REGISTER_HOLD);
        assert_int_equal(change(world->call_centre, "release", &login), MITOME_OK);
        assert_int_equal(login_status(world), REGISTER_GOOD);
        assert_int_equal(change(world->call_centre, "revoke", &login), MITOME_OK);
        assert_int_equal(change(world->call_centre, "release", &login), MITOME_E_AUTHORITY_REVOKED);
        assert_int_equal(login_status(world), REGISTER_REVOKED);
        assert_int_equal(count(world->call_centre, "SELECT count(*) FROM wish WHERE state = 1"), 3);
        assert_int_equal(count(world->call_centre, "SELECT count(*) FROM wish WHERE state = 2"), 1);
}

static enum post_fate fate = POST_PASS;

static enum post_fate tell_fate(
        void *context, const struct directory_entry *to, slice letter, unsigned number)
{
        (void)context;
        (void)to;
        (void)letter;
        (void)number;
        return fate;
}

/* Row 36: the call completes the report. Whether the letter or its answer was lost, it takes effect once. */
static void test_a_call_takes_effect_though_the_line_fails(void **state)
{
        struct world *world = *state;
        static const enum post_fate fates[] = { POST_DROP, POST_LOSE_ANSWER };
        const struct teller_certificate login = found_login(world);
        world->rig.network.fate = tell_fate;
        for (size_t i = 0; i < 2; i++) {
                size_t left;
                fate = fates[i];
                assert_int_equal(change(world->call_centre, "hold", &login), MITOME_E_UNREACHABLE);
                assert_int_equal(count(world->call_centre, "SELECT count(*) FROM wish WHERE state = 0"), 1);
                assert_int_equal(teller_flush(world->call_centre, &left, NULL).code, MITOME_OK);
                assert_int_equal(left, 1);
                fate = POST_PASS;
                world->rig.now += 3600;
                assert_int_equal(teller_flush(world->call_centre, &left, NULL).code, MITOME_OK);
                assert_int_equal(left, 0);
                assert_int_equal(login_status(world), REGISTER_HOLD);
                assert_int_equal(change(world->call_centre, "release", &login), MITOME_OK);
        }
        world->rig.network.fate = NULL;
        assert_int_equal(count(world->call_centre, "SELECT count(*) FROM wish WHERE state = 1"), 4);
}

static unsigned to_drop;

static enum post_fate drop_some(
        void *context, const struct directory_entry *to, slice letter, unsigned number)
{
        (void)context;
        (void)to;
        (void)letter;
        (void)number;
        to_drop -= to_drop > 0;
        return to_drop > 0 ? POST_DROP : POST_PASS;
}

/* A release that was lost does not arrive after the hold that was asked for later, and undo it: neither when
 * the line is back for the second call, nor when it comes back in the middle of it. */
static void test_a_later_call_is_not_undone_by_an_earlier_one(void **state)
{
        struct world *world = *state;
        const struct teller_certificate login = found_login(world);
        world->rig.network.fate = drop_some;
        for (unsigned lost = 0; lost < 2; lost++) {
                size_t left;
                to_drop = 0;
                assert_int_equal(change(world->call_centre, "hold", &login), MITOME_OK);
                to_drop = 2;
                assert_int_equal(change(world->call_centre, "release", &login), MITOME_E_UNREACHABLE);
                to_drop = lost ? 2 : 0;
                assert_int_equal(
                        change(world->call_centre, "hold", &login), lost ? MITOME_E_UNREACHABLE : MITOME_OK);
                assert_int_equal(teller_flush(world->call_centre, &left, NULL).code, MITOME_OK);
                assert_int_equal(left, 0);
                assert_int_equal(login_status(world), REGISTER_HOLD);
                assert_int_equal(change(world->call_centre, "release", &login), MITOME_OK);
        }
        world->rig.network.fate = NULL;
}

/* What waits about one certificate keeps nobody else waiting, and is counted. */
static void test_another_call_does_not_wait(void **state)
{
        struct world *world = *state;
        struct teller_found found;
        size_t left;
        assert_int_equal(
                find(world, register_rig_hanako.name, register_rig_hanako.address, &found), MITOME_OK);
        world->rig.network.fate = tell_fate;
        fate = POST_DROP;
        assert_int_equal(change(world->call_centre, "hold", &found.certificates[0]), MITOME_E_UNREACHABLE);
        assert_int_equal(change(world->call_centre, "release", &found.certificates[0]), MITOME_E_UNREACHABLE);
        assert_int_equal(teller_flush(world->call_centre, &left, NULL).code, MITOME_OK);
        assert_int_equal(left, 2);
        fate = POST_PASS;
        assert_int_equal(change(world->call_centre, "hold", &found.certificates[1]), MITOME_OK);
        assert_int_equal(count(world->call_centre, "SELECT count(*) FROM wish WHERE state = 0"), 2);
        assert_int_equal(login_status(world), REGISTER_HOLD);
        world->rig.network.fate = NULL;
}

static const struct teller_facts jiro = { "見本 次郎", "京都府見本市見本町3番", "Kyoto-fu", "Mihon-shi", "1",
        "262013", { 2000, 2, 29 } };

/* A municipality registers, has a card issued, and, asked again with the same keys, gives the same. */
static void test_a_municipality_issues_a_card(void **state)
{
        struct world *world = *state;
        uint8_t person[16], buffer[LETTER_MAX], again_buffer[LETTER_MAX];
        const struct register_rig_key *key = register_rig_key(&world->rig);
        slice moduli[3] = { { 0 }, { 0 }, SLICE(key->modulus) };
        slice certificates[3] = { 0 }, cas[3] = { 0 }, again[3] = { 0 };
        int64_t expiry = world->rig.now + 1000000;
        assert_int_equal(teller_register(world->municipality, &jiro, person, NULL, NULL).code, MITOME_OK);
        assert_int_equal(teller_card(world->municipality, person, expiry, moduli, buffer, certificates, cas,
                                 NULL, NULL)
                                 .code,
                MITOME_OK);
        assert_int_equal(certificates[1].size, 0);
        assert_true(slice_equal(cas[2], ca_certificate(world->rig.config.user_verification)));
        assert_int_equal(
                teller_card(world->municipality, person, expiry, moduli, again_buffer, again, cas, NULL, NULL)
                        .code,
                MITOME_OK);
        assert_true(slice_equal(certificates[2], again[2]));
        assert_int_equal(
                register_rig_status(&world->rig, REGISTER_USER_VERIFICATION, again[2]).status, REGISTER_GOOD);
}

static mitome_status say_so(
        void *context, const struct party_request *request, writer *answer, mitome_error *error)
{
        const slice *said = context;
        (void)request;
        (void)error;
        write_slice(answer, *said);
        return ok();
}

/* An authority that answers with fewer certificates than it was given keys, with others, or without a CA. */
static void test_a_card_is_issued_whole_or_not(void **state)
{
        static const char *const from[] = { PARTY_MUNICIPALITY, NULL };
        static const struct party_desk desk = { "issue-card", from, say_so };
        static const struct {
                uint8_t bytes[18];
                size_t size;
                mitome_code code;
        } answers[] = {
                { { 0xA2, 1, 0xA1, 2, 0x41, 7, 2, 0xA1, 2, 0x41, 8 }, 11, MITOME_OK },
                { { 0xA2, 1, 0xA0, 2, 0xA1, 2, 0x41, 8 }, 8, MITOME_E_MISSING },
                { { 0xA2, 1, 0xA1, 2, 0x41, 7, 2, 0xA0 }, 8, MITOME_E_MISSING },
                { { 0xA2, 1, 0xA1, 2, 0x40, 2, 0xA1, 2, 0x41, 8 }, 10, MITOME_E_MISSING },
                { { 0xA2, 1, 0xA1, 1, 0x41, 7, 2, 0xA1, 1, 0x41, 8 }, 11, MITOME_E_VALUE },
                { { 0xA2, 1, 0xA2, 1, 0x41, 7, 2, 0x41, 7, 2, 0xA1, 2, 0x41, 8 }, 14, MITOME_E_VALUE },
        };
        struct world *world = *state;
        const struct register_rig_key *key = register_rig_key(&world->rig);
        const slice moduli[3] = { { 0 }, { 0 }, SLICE(key->modulus) };
        const uint8_t person[16] = { 1 };
        for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
                slice said = slice_of(answers[i].bytes, answers[i].size), certificates[3] = { 0 },
                      cas[3] = { 0 };
                uint8_t buffer[LETTER_MAX];
                world->rig.desks = (struct party_desks){ &said, &desk, 1 };
                assert_int_equal(teller_card(world->municipality, person, world->rig.now + 1000000, moduli,
                                         buffer, certificates, cas, NULL, NULL)
                                         .code,
                        answers[i].code);
        }
}

static void test_a_person_moves(void **state)
{
        struct world *world = *state;
        mitome_code refusal = MITOME_OK;
        const uint8_t nobody[16] = { 0 };
        assert_int_equal(
                teller_move(world->municipality, world->card.person, &jiro, NULL, NULL).code, MITOME_OK);
        assert_int_equal(register_rig_status(&world->rig, REGISTER_SIGNING,
                                 register_rig_der(&world->card.certificates[REGISTER_SIGNING]))
                                 .status,
                REGISTER_REVOKED);
        assert_int_equal(login_status(world), REGISTER_GOOD);
        assert_int_equal(
                teller_move(world->municipality, nobody, &jiro, &refusal, NULL).code, MITOME_E_REFUSED);
        assert_int_equal(refusal, MITOME_E_AUTHORITY_UNKNOWN);
}

/* What was said of a person is gone from the counter's store when it was answered. */
static void test_a_counter_keeps_no_personal_data(void **state)
{
        struct world *world = *state;
        uint8_t person[16];
        assert_int_equal(teller_register(world->municipality, &jiro, person, NULL, NULL).code, MITOME_OK);
        assert_int_equal(count(world->municipality, "SELECT count(*) FROM wish"), 1);
        assert_int_equal(count(world->municipality, "SELECT count(*) FROM wish WHERE body IS NOT NULL"), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
                TEST(test_a_caller_is_found_by_all_he_says),
                TEST(test_a_certificate_is_held_by_telephone),
                TEST(test_a_call_takes_effect_though_the_line_fails),
                TEST(test_a_later_call_is_not_undone_by_an_earlier_one),
                TEST(test_another_call_does_not_wait),
                TEST(test_a_municipality_issues_a_card),
                TEST(test_a_card_is_issued_whole_or_not),
                TEST(test_a_person_moves),
                TEST(test_a_counter_keeps_no_personal_data),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
