/* SPDX-License-Identifier: Apache-2.0 */
#include "child_process.h"
#include "probe_platform.h"
#include "probe_rig.h"
#include "random_system.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* Probes before an authenticator of which there is nothing in hand but its CTAPHID: `mitome authenticator`, a
 * plain FIDO authenticator, first without a PIN and then with one. */

#define PIN "574093"

static struct probe_rig rig;
static pid_t process;
static char folder[] = "/tmp/mitome-probes-XXXXXX";

static bool left_nothing(void)
{
        char *steps = json_dumps(probe_run_steps(rig.run), 0);
        assert_non_null(steps);
        const bool nothing = strstr(steps, "it is left") == NULL;
        free(steps);
        return nothing;
}

static int start(void **state)
{
        enum { WAITS = 1200 };
        char device[64], place[80];
        mitome_error error = { 0 };
        (void)state;
        assert_non_null(mkdtemp(folder));
        snprintf(device, sizeof device, "unix:%s/hid", folder);
        snprintf(place, sizeof place, "%s/state", folder);
        const char *const run[] = { getenv("MITOME_PROGRAM"), "authenticator", "--state", place, "--hid",
                device, "--touch", "auto", NULL };
        assert_false(failed(child_process_start(run, &process, &error)));
        for (int i = 0; access(device + strlen("unix:"), F_OK) != 0; i++) {
                assert_true(i < WAITS);
                nanosleep(&(struct timespec){ .tv_nsec = 50 * 1000 * 1000 }, NULL);
        }
        probe_rig_open_with(&rig, device, NULL, NULL);
        return 0;
}

static int stop(void **state)
{
        char command[128];
        (void)state;
        probe_rig_close(&rig);
        child_process_stop(process);
        snprintf(command, sizeof command, "rm -rf '%s'", folder);
        return system(command);
}

static void without_a_pin_presence_is_all_there_is(void **state)
{
        (void)state;
        probe_rig_expect(&rig, probe_rig_find("P00"), PROBE_PARTLY);
        assert_false(probe_rig_bool(&rig, LEVEL_LOGIN_USER_VERIFIED));
        assert_false(left_nothing()); /* what cannot be deleted is told of */
        probe_rig_expect(&rig, probe_rig_find("P01"), PROBE_PARTLY);
        probe_rig_expect(&rig, probe_rig_find("P04"), PROBE_NOT_TESTABLE);
        probe_rig_expect(&rig, probe_rig_find("P07"), PROBE_NOT_TESTABLE);
        probe_rig_expect(&rig, probe_rig_find("P08"), PROBE_NOT_TESTABLE);
        probe_rig_expect(&rig, probe_rig_find("P13"), PROBE_PARTLY);
        probe_rig_expect(&rig, probe_rig_find("P14"), PROBE_PARTLY);
}

static void what_needs_more_than_ctap_is_not_testable(void **state)
{
        static const char *const ids[] = { "P02", "P03", "P06", "P15", "P16", "P17" };
        (void)state;
        for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
                probe_rig_expect(&rig, probe_rig_find(ids[i]), PROBE_NOT_TESTABLE);
}

static void give_it_a_pin(struct probe_run *run, struct target *target)
{
        struct platform platform;
        if (!platform_open(&platform, run, target))
                return;
        int status = platform_change_pin(&platform, NULL, PIN);
        probe_end(run, status == 0 ? PROBE_HOLDS : PROBE_BROKEN, "setPIN: %02x", (unsigned)status & 0xFFFF);
        platform_close(&platform);
}

static void with_its_pin_ctap_shows_much(void **state)
{
        const struct probe setting = { .id = "set", .needs = TARGET_CTAP, .attempt = give_it_a_pin };
        (void)state;
        probe_rig_expect(&rig, &setting, PROBE_HOLDS);
        rig.target.pin = PIN;
        probe_rig_expect(&rig, probe_rig_find("P00"), PROBE_HOLDS);
        assert_true(probe_rig_bool(&rig, LEVEL_LOGIN_USER_VERIFIED));
        assert_true(left_nothing());
        probe_rig_expect(&rig, probe_rig_find("P01"), PROBE_PARTLY);
        assert_true(probe_rig_bool(&rig, LEVEL_OP_EVIDENCE_ONCE));
        probe_rig_expect(&rig, probe_rig_find("P04"), PROBE_HOLDS);
        assert_true(left_nothing());
        probe_rig_expect(&rig, probe_rig_find("P05"), PROBE_PARTLY);
        assert_true(probe_rig_bool(&rig, LEVEL_OP_UNLOCK_IS_NO_FACTOR));
        probe_rig_expect(&rig, probe_rig_find("P13"), PROBE_PARTLY);
        probe_rig_expect(&rig, probe_rig_find("P14"), PROBE_PARTLY);
        assert_true(probe_rig_bool(&rig, LEVEL_VERIFIER_CHECKS_FLAGS));
        assert_true(left_nothing());
}

static void guessing_does_no_harm(void **state)
{
        (void)state;
        probe_rig_expect(&rig, probe_rig_find("P07"), PROBE_PARTLY);
        assert_int_equal(probe_rig_count(&rig, LEVEL_PIN_TRIES), 8);
        /* what was not tried is not told: no power cut, no old storage, no other PIN */
        assert_null(probe_run_found(rig.run, LEVEL_PIN_TRIES_HOLD));
        assert_null(probe_run_found(rig.run, LEVEL_PIN_LENGTH_LEAST));
        probe_rig_expect(&rig, probe_rig_find("P00"), PROBE_HOLDS); /* with the PIN that it had */
}

static void guessing_to_the_end_is_asked_for(void **state)
{
        (void)state;
        rig.target.may_destroy = true;
        probe_rig_expect(&rig, probe_rig_find("P07"), PROBE_PARTLY);
        assert_int_equal(probe_rig_count(&rig, LEVEL_PIN_TRIES), 8);
        assert_int_equal(probe_rig_count(&rig, LEVEL_PIN_LENGTH_LEAST), 4);
        assert_false(probe_rig_bool(&rig, LEVEL_PIN_DIGITS_ONLY));
        assert_false(probe_rig_bool(&rig, LEVEL_PIN_BLOCKLIST));
}

static unsigned tries;

static void count_tries(struct probe_run *run, struct target *target)
{
        struct platform platform;
        if (!platform_open(&platform, run, target))
                return;
        int status = platform_retries(&platform, false, &tries);
        probe_end(
                run, status == 0 ? PROBE_HOLDS : PROBE_BROKEN, "getRetries: %02x", (unsigned)status & 0xFFFF);
        platform_close(&platform);
}

/* Whoever keeps a journal hears it. */
static void note_refusal(void *context, const struct probe *probe)
{
        unsigned *refusals = context;
        assert_string_equal(probe->id, "P01");
        assert_null(rig.target.pin);
        ++*refusals;
}

/* It is somebody's key: a wrong --pin-file costs it one try, however many probes there are. */
static void a_wrong_pin_is_said_once(void **state)
{
        static const char *const ids[] = { "P00", "P04", "P05", "P07", "P08", "P13", "P14" };
        const struct probe counting = { .id = "count", .needs = TARGET_CTAP, .attempt = count_tries };
        (void)state;
        probe_rig_expect(&rig, &counting, PROBE_HOLDS);
        const unsigned before = tries;
        unsigned refusals = 0;
        const struct probe_run_config config = { .refused = note_refusal, .context = &refusals };
        rig.target.pin = "574099";
        probe_run_free(rig.run);
        rig.run = NULL;
        assert_false(failed(probe_run_attempt(probe_rig_find("P01"), &rig.target, &config, &rig.run, NULL)));
        assert_int_equal(probe_run_result(rig.run), PROBE_NOT_TESTABLE);
        assert_int_equal(refusals, 1);
        assert_non_null(strstr(probe_run_why(rig.run), "wrong"));
        assert_null(rig.target.pin);
        for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
                assert_int_not_equal(probe_rig_try(&rig, probe_rig_find(ids[i])), PROBE_HOLDS);
        probe_rig_expect(&rig, &counting, PROBE_HOLDS);
        assert_int_equal(tries, before - 1);
        rig.target.pin = PIN;
        probe_rig_expect(&rig, probe_rig_find("P00"), PROBE_HOLDS);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(without_a_pin_presence_is_all_there_is),
                cmocka_unit_test(what_needs_more_than_ctap_is_not_testable),
                cmocka_unit_test(with_its_pin_ctap_shows_much), cmocka_unit_test(guessing_does_no_harm),
                cmocka_unit_test(a_wrong_pin_is_said_once),
                cmocka_unit_test(guessing_to_the_end_is_asked_for), /* its PIN is locked then */
        };
        return cmocka_run_group_tests(tests, start, stop);
}
