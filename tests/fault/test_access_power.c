/* SPDX-License-Identifier: Apache-2.0 */

/* The power is cut at every write of the access rules: what was answered 9000 holds, a rule is there whole or
 * not at all, and never without the refresh tag by which an enforcer learns of it. */

#include "access_rule.h"
#include "power_sweep.h"
#include "tlv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const slice nothing = { 0 };
static const uint8_t hash_a[32] = { 0xAA }, hash_b[20] = { 0xBB }, always[] = { 1 };

static struct element_rig stencil;

static int make_stencil(void **state)
{
        (void)state;
        element_rig_open(&stencil);
        element_rig_allow(&stencil, element_rig_jpki, SLICE(hash_a));
        return 0;
}

static int drop_stencil(void **state)
{
        (void)state;
        element_rig_close(&stencil);
        return 0;
}

/* ---- what the SEI-TSM does, step by step ---- */

enum { STEPS = 4 };

/* Which rules there are after each number of steps: bit 0 the one for A, bit 1 the one for B. */
static const uint8_t rules_after[STEPS + 1] = { 1, 3, 2, 2, 0 };

struct known {
        unsigned done; /* steps that were answered 9000 */
        uint64_t refresh;
};

static slice write_order(unsigned step, uint8_t *buffer, size_t capacity)
{
        uint8_t bytes[128], reference[80];
        writer w = writer_over(buffer, capacity), inner = WRITER(bytes), ref = WRITER(reference);
        const struct access_rule b = { .reference = { .aid = element_rig_jpki, .hash = SLICE(hash_b) },
                .apdu = SLICE(always) };
        switch (step) {
        case 0:
                access_rule_write(&inner, &b);
                tlv_write(&w, ACCESS_STORE, writer_view(&inner));
                break;
        case 1:
                tlv_write(&ref, ACCESS_AID, element_rig_jpki);
                tlv_write(&ref, ACCESS_HASH, SLICE(hash_a));
                tlv_write(&inner, ACCESS_REF, writer_view(&ref));
                tlv_write(&w, ACCESS_DELETE, writer_view(&inner));
                break;
        case 2:
                tlv_write(&w, ACCESS_NEW_TAG, nothing);
                break;
        default:
                tlv_write(&w, ACCESS_DELETE, nothing);
        }
        return writer_view(&w);
}

static bool read_refresh(struct element_rig *rig, uint64_t *ret)
{
        slice tag;
        if (element_rig_command(rig, 0x80CADF20, nothing) != SW_OK)
                return false;
        assert_int_equal(tlv_find_fixed(rig->data, ACCESS_REFRESH, "tag", 8, &tag, NULL).code, MITOME_OK);
        reader r = reader_over(tag, NULL, NULL);
        return !failed(read_u64(&r, "tag", ret));
}

static void run_steps(struct element_rig *rig, void *context)
{
        struct known *known = context;
        uint8_t bytes[256];
        if (element_rig_select(rig, element_rig_ara) != SW_OK || !read_refresh(rig, &known->refresh) ||
                element_rig_channel(rig, element_rig_ara, &element_rig_keys) != SW_OK)
                return;
        for (unsigned step = 0; step < STEPS; step++) {
                if (element_rig_secured(rig, 0x80E29000, write_order(step, bytes, sizeof bytes)) != SW_OK)
                        return;
                known->done = step + 1;
                if (!read_refresh(rig, &known->refresh))
                        return;
        }
}

/* ---- what is there when the power is back ---- */

static uint8_t read_rules(struct element_rig *rig)
{
        uint8_t found = 0;
        slice list;
        if (element_rig_command(rig, 0x80CAFF40, nothing) == SW_NO_REFERENCE)
                return 0;
        assert_int_equal(rig->sw, SW_OK);
        assert_int_equal(tlv_find(rig->data, ACCESS_ALL, "rules", &list, NULL).code, MITOME_OK);
        for (reader r = reader_over(list, NULL, NULL); r.rest.size;) {
                struct tlv tlv;
                struct access_rule rule;
                assert_int_equal(tlv_read(&r, "rule", &tlv).code, MITOME_OK);
                assert_int_equal(access_rule_read(tlv.value, &rule, NULL).code, MITOME_OK);
                bool a = slice_equal(rule.reference.hash, SLICE(hash_a));
                assert_true(a || slice_equal(rule.reference.hash, SLICE(hash_b)));
                found |= a ? 1 : 2;
        }
        return found;
}

static void check_rules(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        const struct known *known = context;
        uint64_t refresh = 0;
        if (cut->at == 0)
                assert_int_equal(known->done, STEPS);
        assert_int_equal(element_rig_select(rig, element_rig_ara), SW_OK);
        assert_true(read_refresh(rig, &refresh));
        const uint8_t rules = read_rules(rig);
        /* as it was promised, or the next step as well; and the tag tells which */
        if (refresh == known->refresh) {
                assert_int_equal(rules, rules_after[known->done]);
                return;
        }
        assert_true(known->done < STEPS);
        assert_int_equal(rules, rules_after[known->done + 1]);
}

static void rules_and_tag_change_together(void **state)
{
        (void)state;
        const struct known known = { 0 };
        const struct power_sweep sweep = { run_steps, check_rules, &known, sizeof known };
        const unsigned writes = power_sweep(&stencil, &sweep);
        assert_true(writes > STEPS); /* those of opening the channel, and one for each step */
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(rules_and_tag_change_together),
        };
        return cmocka_run_group_tests_name("access_power", tests, make_stencil, drop_stencil);
}
