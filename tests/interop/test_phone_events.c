/* SPDX-License-Identifier: Apache-2.0 */

/* The fifteen things that can happen to a phone (the plan's life cycle, table 2): what must come of each, and
 * what must not. */

#include "play_event.h"

#include "random_system.h"
#include "register.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct event_table table;

static void a_row_comes_out_as_the_table_says(void **state)
{
        const struct phone_event *event = *state;
        const struct mitome_random random = random_system();
        struct event_outcome outcome;
        mitome_error error = { 0 };
        if (failed(play_event(event, &random, REGISTER_RELEASE, &outcome, &error)))
                fail_msg("%s: E%d %s", event->name, error.code, error.field ? error.field : "");
        if (outcome.user_verification != event->user_verification)
                fail_msg("%s: user verification %d in place of %s", event->name, outcome.user_verification,
                        event_certificate_names[event->user_verification]);
        if (outcome.signing != event->signing)
                fail_msg("%s: signing %d in place of %s", event->name, outcome.signing,
                        event_certificate_names[event->signing]);
        if (outcome.element != event->element)
                fail_msg("%s: element %d in place of %s", event->name, outcome.element,
                        event_element_names[event->element]);
        for (size_t i = 0; i < event->forbidden_count; i++)
                if (outcome.broken[event->forbidden[i]])
                        fail_msg("%s: %s", event->name, event_forbidden_names[event->forbidden[i]]);
}

static void the_table_has_the_plan_s_fifteen_rows(void **state)
{
        (void)state;
        assert_int_equal(table.count, 15);
}

int main(void)
{
        mitome_error error = { 0 };
        struct CMUnitTest tests[EVENT_MAX + 1] = { cmocka_unit_test(the_table_has_the_plan_s_fifteen_rows) };
        if (failed(event_table_read(getenv("MITOME_PHONE_EVENTS"), &table, &error))) {
                fprintf(stderr, "the table of events: E%d %s\n", error.code, error.field ? error.field : "");
                return 1;
        }
        for (size_t i = 0; i < table.count; i++)
                tests[i + 1] = (struct CMUnitTest){ .name = table.events[i].name,
                        .test_func = a_row_comes_out_as_the_table_says,
                        .initial_state = &table.events[i] };
        return _cmocka_run_group_tests("phone events", tests, table.count + 1, NULL, NULL);
}
