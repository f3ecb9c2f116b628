/* SPDX-License-Identifier: Apache-2.0 */
/* Two portals before one store, as two machines would run them: a browser may come to either at any time.
 * Under postgres_rig.sh. */
#include "portal_rig.h"

#include <pthread.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#undef fail /* the one of status.h is meant */

/* The second is a rig of its own, with what it shares with the first. */
struct pair {
        struct portal_rig first, second;
};

static int draw_anew(void *context, uint8_t *bytes, size_t size)
{
        (void)context;
        randombytes_buf(bytes, size);
        return 0;
}

static int64_t clock_of(void *context)
{
        const struct portal_rig *rig = context;
        return rig->now;
}

/* share gives the second all that does not change: passkeys, list, the name of the store. */
static void share(struct pair *pair)
{
        struct party *party = pair->second.party;
        struct portal *portal = pair->second.portal;
        pair->second = pair->first;
        pair->second.party = party;
        pair->second.portal = portal;
}

static int set_up(void **state)
{
        struct pair *pair = calloc(1, sizeof *pair);
        if (!pair)
                return -1;
        portal_rig_open(&pair->first, PORTAL_ATTESTED);
        const struct party_config beside = { .name = PARTY_PORTAL,
                .store = pair->first.store,
                .schema = portal_schema,
                .schema_version = PORTAL_SCHEMA_VERSION,
                .directory = &pair->first.nobody,
                .clock = { &pair->first, clock_of },
                .random = { NULL, draw_anew } };
        struct portal_config config = pair->first.portal->config;
        *state = pair;
        if (!pair->first.store || failed(party_open(&beside, &pair->second.party, NULL)))
                return -1;
        config.party = pair->second.party;
        return failed(portal_core_open(&config, &pair->second.portal, NULL)) ? -1 : 0;
}

static int tear_down(void **state)
{
        struct pair *pair = *state;
        portal_core_close(pair->second.portal);
        party_close(pair->second.party);
        portal_rig_close(&pair->first);
        free(pair);
        return 0;
}

static struct portal_browser newcomer(struct pair *pair)
{
        struct portal_browser browser = { .address = "192.0.2.7" };
        struct ceremony_registered registered;
        portal_rig_visit(&pair->first, &browser);
        assert_int_equal(
                portal_rig_register(&pair->first, &browser, 1, PORTAL_RIG_BARE, &registered), MITOME_OK);
        portal_rig_visit(&pair->first, &browser);
        return browser;
}

static void test_who_logs_in_at_one_is_known_at_the_other(void **state)
{
        struct pair *pair = *state;
        struct portal_browser browser = newcomer(pair);
        struct ceremony_logged_in logged_in;
        assert_int_equal(portal_rig_log_in(&pair->first, &browser, 1, &logged_in), MITOME_OK);
        assert_int_equal(portal_rig_return(&pair->second, &browser), MITOME_OK);
        assert_int_equal(browser.session.account, logged_in.session.account);
        assert_int_equal(session_end(pair->second.portal, &browser.session, NULL).code, MITOME_OK);
        assert_int_equal(portal_rig_return(&pair->first, &browser), MITOME_OK);
        assert_int_equal(browser.session.account, 0); /* a visitor again */
}

static void attack_answering_one_challenge_at_both(void **state)
{
        struct pair *pair = *state;
        struct portal_browser browser = newcomer(pair);
        struct ceremony_logged_in logged_in;
        struct rig_plan plan = rig_authentication_plan();
        plan.sign_count = ++pair->first.sign_count;
        portal_rig_begin_login(&pair->first, &browser, 1, &plan);
        share(pair);
        assert_int_equal(portal_rig_answer(&pair->second, &browser, &logged_in), MITOME_OK);
        assert_int_equal(portal_rig_answer(&pair->first, &browser, &logged_in), MITOME_E_CHALLENGE_SPENT);
        assert_int_equal(portal_rig_answer(&pair->second, &browser, &logged_in), MITOME_E_CHALLENGE_SPENT);
}

struct answer {
        pthread_t thread;
        struct portal_rig *rig;
        struct portal_browser browser;
        mitome_code code;
};

static void *answer(void *context)
{
        struct answer *one = context;
        struct ceremony_logged_in logged_in;
        one->code = portal_rig_answer(one->rig, &one->browser, &logged_in);
        return NULL;
}

static void attack_answering_one_challenge_at_both_at_once(void **state)
{
        enum { ROUNDS = 12 };
        struct pair *pair = *state;
        struct portal_browser browser = newcomer(pair);
        for (int i = 0; i < ROUNDS; i++) {
                struct rig_plan plan = rig_authentication_plan();
                plan.sign_count = ++pair->first.sign_count;
                portal_rig_begin_login(&pair->first, &browser, 1, &plan);
                share(pair);
                struct answer answers[] = { { .rig = &pair->first, .browser = browser },
                        { .rig = &pair->second, .browser = browser } };
                for (size_t j = 0; j < 2; j++)
                        assert_int_equal(pthread_create(&answers[j].thread, NULL, answer, &answers[j]), 0);
                for (size_t j = 0; j < 2; j++)
                        assert_int_equal(pthread_join(answers[j].thread, NULL), 0);
                const size_t winner = answers[0].code == MITOME_OK ? 0 : 1;
                assert_int_equal(answers[winner].code, MITOME_OK);
                assert_int_equal(answers[1 - winner].code, MITOME_E_CHALLENGE_SPENT);
        }
}

#define BEFORE_ONE_STORE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                BEFORE_ONE_STORE(test_who_logs_in_at_one_is_known_at_the_other),
                BEFORE_ONE_STORE(attack_answering_one_challenge_at_both),
                BEFORE_ONE_STORE(attack_answering_one_challenge_at_both_at_once),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
