/* SPDX-License-Identifier: Apache-2.0 */
#include "probe_rig.h"

#include "ctap_status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* What this project's own authenticator lets a probe do. One is made for all of these tests. */

static struct probe_rig rig;

static const uint8_t get_info[] = { 0x04 };

/* Who is there: a touch is all that is wanted. */
static const uint8_t selection[] = { 0x0B };

static enum target_trouble ask(slice request, uint8_t *status)
{
        enum { PATIENCE_MS = 60000 };
        uint8_t response[8192];
        size_t size = 0;
        enum target_trouble trouble = rig.target.exchange(
                rig.target.context, request, PATIENCE_MS, response, sizeof response, &size);
        *status = trouble == TARGET_ANSWERED ? response[0] : 0xFF;
        return trouble;
}

static void expect_alive(void)
{
        uint8_t status;
        assert_int_equal(ask(SLICE(get_info), &status), TARGET_ANSWERED);
        assert_int_equal(status, 0);
}

static void it_answers_and_is_simulated(void **state)
{
        (void)state;
        assert_true(rig.target.simulated);
        assert_string_equal(rig.target.name, "self");
        expect_alive();
}

static void whoever_does_not_touch_is_not_waited_for(void **state)
{
        uint8_t status;
        (void)state;
        assert_int_equal(ask(SLICE(selection), &status), TARGET_ANSWERED);
        assert_int_equal(status, CTAP2_OK);
        rig.target.touch(rig.target.context, false);
        assert_int_equal(ask(SLICE(selection), &status), TARGET_ANSWERED);
        assert_int_equal(status, CTAP2_ERR_USER_ACTION_TIMEOUT);
        rig.target.touch(rig.target.context, true);
}

/* SELECT of the FIDO applet. */
static const uint8_t select_fido[] = { 0x00, 0xA4, 0x04, 0x00, 0x08, 0xA0, 0x00, 0x00, 0x06, 0x47, 0x2F, 0x00,
        0x01, 0x00 };

static void its_element_is_spoken_to_beside_it(void **state)
{
        uint8_t response[4096];
        size_t size = 0;
        (void)state;
        assert_int_equal(
                rig.target.apdu(rig.target.context, SLICE(select_fido), response, sizeof response, &size),
                TARGET_ANSWERED);
        assert_true(size >= 2);
        expect_alive();
}

static void the_power_goes_and_comes(void **state)
{
        (void)state;
        assert_true(rig.target.power_cycle(rig.target.context));
        expect_alive();
        assert_true(rig.target.restart(rig.target.context));
        expect_alive();
}

static void an_old_copy_of_its_storage_is_refused(void **state)
{
        (void)state;
        assert_true(rig.target.copy(rig.target.context, 0));
        assert_true(rig.target.power_cycle(rig.target.context)); /* which is written down */
        assert_false(rig.target.restore(rig.target.context, 0));
        expect_alive();
        assert_false(rig.target.restore(rig.target.context, 3)); /* nothing was copied there */
}

static void the_power_is_cut_at_a_write(void **state)
{
        uint8_t status;
        (void)state;
        unsigned before = rig.target.writes(rig.target.context);
        rig.target.cut(rig.target.context, 1, 0);
        assert_false(rig.target.power_cycle(rig.target.context)); /* it writes as it starts */
        assert_true(rig.target.was_cut(rig.target.context));
        assert_int_equal(rig.target.writes(rig.target.context), before + 1);
        assert_int_equal(ask(SLICE(get_info), &status), TARGET_DIED);
        assert_true(rig.target.power_cycle(rig.target.context));
        assert_false(rig.target.was_cut(rig.target.context));
        expect_alive();
}

static void what_lies_in_its_folder_is_found(void **state)
{
        static const uint8_t word[] = { 's', 'c', 'p', '0', '3' },
                             nowhere[] = "no process has ever said this";
        const char *where = NULL;
        (void)state;
        if (!(rig.target.abilities & TARGET_PEEK))
                skip();
        assert_false(rig.target.search(rig.target.context, SLICE(nowhere), &where));
        (void)word;
        const slice common = slice_text("-----BEGIN CERTIFICATE-----");
        assert_true(rig.target.search(rig.target.context, common, &where));
        assert_non_null(where);
}

static void names_of_no_kind_are_refused(void **state)
{
        static const char *const names[] = { "", "selfish", "self:", "self:anchor", "usb:1", "Self" };
        (void)state;
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
                struct target target;
                mitome_error error = { 0 };
                const struct target_config config = { .name = names[i] };
                assert_int_equal(target_open(&config, &target, &error).code, MITOME_E_EVALUATE_TARGET);
        }
}

/* ---- what a probe says ---- */

static void says_both(struct probe_run *run, struct target *target)
{
        slice body;
        (void)target;
        assert_int_equal(probe_ctap(run, SLICE(get_info), &body), 0);
        probe_note(run, "%zu bytes", body.size);
        probe_fact_count(run, LEVEL_PIN_TRIES, 3, false);
        probe_end(run, PROBE_BROKEN, "It is broken.");
        probe_end(run, PROBE_HOLDS, "It is not.");
}

static void says_nothing(struct probe_run *run, struct target *target)
{
        (void)run;
        (void)target;
}

static const struct probe both = { .id = "P98",
        .title = "Both",
        .title_ja = "両方",
        .attack = "a",
        .attack_ja = "a",
        .must = "m",
        .must_ja = "m",
        .responsible = "element",
        .needs = TARGET_CTAP,
        .attempt = says_both };

static void the_worse_verdict_stands(void **state)
{
        struct probe nothing = both;
        (void)state;
        nothing.attempt = says_nothing;
        probe_rig_expect(&rig, &both, PROBE_BROKEN);
        assert_string_equal(probe_run_why(rig.run), "It is broken.");
        assert_int_equal(probe_rig_count(&rig, LEVEL_PIN_TRIES), 3);
        assert_int_equal(json_array_size(probe_run_steps(rig.run)), 2);
        probe_rig_expect(&rig, &nothing, PROBE_PARTLY);
}

static void what_it_cannot_do_is_not_testable(void **state)
{
        struct probe wants = both;
        struct target less = rig.target;
        struct probe_run *run;
        (void)state;
        wants.needs = TARGET_CTAP | TARGET_MEDIUM;
        less.abilities = TARGET_CTAP;
        assert_false(failed(probe_run_attempt(&wants, &less, NULL, &run, NULL)));
        assert_int_equal(probe_run_result(run), PROBE_NOT_TESTABLE);
        assert_int_equal(json_array_size(probe_run_steps(run)), 0);
        probe_run_free(run);
        wants = both;
        wants.destructive = true;
        less.restart = NULL;
        assert_false(failed(probe_run_attempt(&wants, &less, NULL, &run, NULL)));
        assert_int_equal(probe_run_result(run), PROBE_NOT_TESTABLE);
        probe_run_free(run);
        less.may_destroy = true;
        assert_false(failed(probe_run_attempt(&wants, &less, NULL, &run, NULL)));
        assert_int_equal(probe_run_result(run), PROBE_BROKEN);
        probe_run_free(run);
}

static int open_one(void **state)
{
        (void)state;
        return probe_rig_open(&rig, 0) ? 0 : -1;
}

static int close_one(void **state)
{
        (void)state;
        probe_rig_close(&rig);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(it_answers_and_is_simulated),
                cmocka_unit_test(whoever_does_not_touch_is_not_waited_for),
                cmocka_unit_test(its_element_is_spoken_to_beside_it),
                cmocka_unit_test(the_power_goes_and_comes),
                cmocka_unit_test(an_old_copy_of_its_storage_is_refused),
                cmocka_unit_test(the_power_is_cut_at_a_write),
                cmocka_unit_test(what_lies_in_its_folder_is_found),
                cmocka_unit_test(names_of_no_kind_are_refused),
                cmocka_unit_test(the_worse_verdict_stands),
                cmocka_unit_test(what_it_cannot_do_is_not_testable),
        };
        return cmocka_run_group_tests(tests, open_one, close_one);
}
