/* SPDX-License-Identifier: Apache-2.0 */
/* The laxer switches: what each lets pass is refused without it, and nothing else passes with it. (The
 * stricter ones are tested with their formats.) */
#include "authdata.h"
#include "ceremony_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { ALL = 0x3F };

static struct rig rig;

/* As the SoloKeys firmware of its day wrote it: {"hmac-secret": true, "credProtect": 1}. */
static const uint8_t unsorted[] = "\xA2\x6B"
                                  "hmac-secret\xF5\x6B"
                                  "credProtect\x01";
/* The same key twice. */
static const uint8_t doubled[] = "\xA2\x6B"
                                 "credProtect\x01\x6B"
                                 "credProtect\x02";

static void edit_origin(struct rig_plan *plan)
{
        plan->origin = "https://example.org/";
}

static void edit_two_slashes(struct rig_plan *plan)
{
        plan->origin = "https://example.org//";
}

static void edit_other_origin(struct rig_plan *plan)
{
        plan->origin = "https://example.com/";
}

static void edit_left_over(struct rig_plan *plan)
{
        plan->trailing_auth_data = true;
}

static void edit_order(struct rig_plan *plan)
{
        plan->flags |= AUTHDATA_ED;
        plan->extensions = (slice){ unsorted, sizeof unsorted - 1 };
}

static void edit_double(struct rig_plan *plan)
{
        plan->flags |= AUTHDATA_ED;
        plan->extensions = (slice){ doubled, sizeof doubled - 1 };
}

static const struct {
        const char *name; /* NULL: no switch lets it pass */
        void (*edit)(struct rig_plan *plan);
        mitome_code code; /* without the switch */
} cases[] = {
        { "origin-slash", edit_origin, MITOME_E_ORIGIN_UNEXPECTED },
        { NULL, edit_two_slashes, MITOME_E_ORIGIN_UNEXPECTED },
        { NULL, edit_other_origin, MITOME_E_ORIGIN_UNEXPECTED },
        { "auth-data-left-over", edit_left_over, MITOME_E_TRAILING_BYTES },
        { "auth-data-any-order", edit_order, MITOME_E_CBOR_KEY_ORDER },
        { NULL, edit_double, MITOME_E_CBOR_DUPLICATE_KEY },
};

static mitome_code run(
        const struct rig_plan *plan, unsigned switches, struct mitome_verdict *verdict, mitome_error *error)
{
        static struct rig_response built;
        static uint8_t buffer[MITOME_RP_BUFFER_MAX];
        const struct mitome_policy policy = { .switches = switches };
        const struct mitome_expectation expected = rig_expectation(&rig);
        *error = (mitome_error){ 0 };
        rig_build(&rig, plan, &built);
        if (plan->registration)
                return mitome_verify_registration(NULL, &policy, &expected, rig_json(&built), NULL, RIG_NOW,
                        buffer, sizeof buffer, verdict, error)
                        .code;
        const struct mitome_credential record = rig_record(&rig, &built);
        return mitome_verify_authentication(NULL, &policy, &expected, rig_json(&built), &record, NULL,
                RIG_NOW, buffer, sizeof buffer, verdict, error)
                .code;
}

static void each_lets_its_own_pass(void **state)
{
        (void)state;
        for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
                struct rig_plan plan = i % 2 ? rig_registration_plan() : rig_authentication_plan();
                struct mitome_verdict verdict;
                mitome_error error;
                const char *name = cases[i / 2].name;
                unsigned bit = name ? mitome_switch_find((slice){ (const uint8_t *)name, strlen(name) }) : 0;
                assert_true(bit || !name);
                cases[i / 2].edit(&plan);
                assert_int_equal(run(&plan, 0, &verdict, &error), cases[i / 2].code);
                assert_non_null(error.clause);
                assert_int_equal(run(&plan, ALL & ~bit, &verdict, &error), cases[i / 2].code);
                if (bit)
                        assert_int_equal(run(&plan, bit, &verdict, &error), MITOME_OK);
        }
}

static void unsorted_extensions_are_read(void **state)
{
        (void)state;
        struct rig_plan plan = rig_registration_plan();
        struct mitome_verdict verdict;
        mitome_error error;
        edit_order(&plan);
        assert_int_equal(run(&plan, MITOME_SWITCH_AUTH_DATA_ANY_ORDER, &verdict, &error), MITOME_OK);
        assert_true(verdict.extensions.hmac_secret);
        assert_int_equal(verdict.extensions.cred_protect, 1);
}

static void what_is_no_name_is_no_switch(void **state)
{
        (void)state;
        const char *const names[] = { "", "origin-slas", "origin-slashes", "Origin-Slash", "all" };
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
                assert_int_equal(
                        mitome_switch_find((slice){ (const uint8_t *)names[i], strlen(names[i]) }), 0);
}

static int open_all(void **state)
{
        (void)state;
        rig_open(&rig);
        return 0;
}

static int close_all(void **state)
{
        (void)state;
        rig_close(&rig);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_lets_its_own_pass),
                cmocka_unit_test(unsorted_extensions_are_read),
                cmocka_unit_test(what_is_no_name_is_no_switch),
        };
        return cmocka_run_group_tests(tests, open_all, close_all);
}
