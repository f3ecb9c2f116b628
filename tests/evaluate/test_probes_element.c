/* SPDX-License-Identifier: Apache-2.0 */
#include "probe_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Probes of the element's management and of who reaches its applets. */

static struct probe_rig rig;

static const struct probe *find(const char *id)
{
        const struct probe *probe = probe_find(id);
        assert_non_null(probe);
        return probe;
}

static void the_management_channel_takes_nothing_weaker(void **state)
{
        (void)state;
        probe_rig_expect(&rig, find("P16"), PROBE_HOLDS);
        assert_true(probe_rig_bool(&rig, LEVEL_CHANNEL_NO_DOWNGRADE));
}

/* Each costs tries of the key set, and the end gives them back: else the tenth time would close it. */
static void probing_the_channel_does_not_wear_it_out(void **state)
{
        (void)state;
        for (int i = 0; i < 4; i++)
                probe_rig_expect(&rig, find("P16"), PROBE_HOLDS);
}

static void without_the_keys_only_a_part_is_tried(void **state)
{
        const struct scp03_keys *keys = rig.target.keys;
        (void)state;
        rig.target.keys = NULL;
        probe_rig_expect(&rig, find("P16"), PROBE_PARTLY);
        rig.target.keys = keys;
        assert_true(probe_rig_bool(&rig, LEVEL_CHANNEL_NO_DOWNGRADE));
}

static void only_a_listed_app_reaches_the_applets(void **state)
{
        (void)state;
        probe_rig_expect(&rig, find("P17"), PROBE_HOLDS);
        assert_true(probe_rig_bool(&rig, LEVEL_ACCESS_ENFORCED));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_management_channel_takes_nothing_weaker),
                cmocka_unit_test(probing_the_channel_does_not_wear_it_out),
                cmocka_unit_test(without_the_keys_only_a_part_is_tried),
                cmocka_unit_test(only_a_listed_app_reaches_the_applets),
        };
        probe_rig_open(&rig, 0);
        int failures = cmocka_run_group_tests(tests, NULL, NULL);
        probe_rig_close(&rig);
        return failures;
}
