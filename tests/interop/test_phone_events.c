/* SPDX-License-Identifier: Apache-2.0 */

/* The fifteen things that can happen to a phone (the plan's life cycle, table 2), under either setting of
 * what a hold by telephone ends in: what must come of each, and what must not. */

#include "play_event.h"

#include "random_system.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct event_table table;

static void play_under(const struct phone_event *event, enum event_setting setting)
{
        const struct mitome_random random = random_system();
        struct event_outcome outcome;
        const char *wrong;
        mitome_error error = { 0 };
        if (failed(play_event(event, setting, &random, &outcome, &error)))
                fail_msg("%s, %s: E%d %s", event->name, event_setting_names[setting], error.code,
                        error.field ? error.field : "");
        if (!event_is_right(event, setting, &outcome, &wrong))
                fail_msg("%s, %s: %s (came out as %d, %d, %d)", event->name, event_setting_names[setting],
                        wrong, outcome.user_verification, outcome.signing, outcome.element);
}

static void a_row_comes_out_as_the_table_says(void **state)
{
        for (unsigned setting = 0; setting < EVENT_SETTINGS; setting++)
                play_under(*state, (enum event_setting)setting);
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
