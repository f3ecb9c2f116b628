/* SPDX-License-Identifier: Apache-2.0 */
#include "probe_platform.h"
#include "probe_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Somebody stands between the probes and the sound authenticator and answers, in one thing, as a broken one
 * would: the probe for that thing cries, and none of the others does. */

enum defect {
        DEFECT_NONE,
        DEFECT_ANSWERS_AGAIN, /* a message that it has answered before */
        DEFECT_SIGNS,         /* the signing key, without its password */
        DEFECT_SIGNS_FOREIGN, /* another site's passkey */
        DEFECT_TWICE,         /* a token that is used up */
        DEFECT_CLAIMS,        /* verification that did not happen */
        DEFECT_CROSSES,       /* key 0017, what a login is made of */
        DEFECT_COUNTS_BACK,   /* after a power cycle */
        DEFECT_READS,         /* the file of a key */
        DEFECT_MANAGES,       /* without a session */
        DEFECT_STORES,        /* access rules, from anybody */
        DEFECT_SPOILS,        /* every signature: no login is any good */
        DEFECT_SAYS_NOTHING,  /* none: but in the place of each refusal, that nobody was there */
};

static const struct {
        enum defect defect;
        const char *probe;
} matrix[] = {
        { DEFECT_NONE, "none" },
        { DEFECT_ANSWERS_AGAIN, "P01" },
        { DEFECT_SIGNS, "P03" },
        { DEFECT_TWICE, "P04" },
        { DEFECT_CLAIMS, "P05" },
        { DEFECT_SIGNS_FOREIGN, "P13" },
        { DEFECT_CROSSES, "P13" },
        { DEFECT_COUNTS_BACK, "P14" },
        { DEFECT_READS, "P15" },
        { DEFECT_MANAGES, "P16" },
        { DEFECT_STORES, "P17" },
        { DEFECT_SPOILS, "P00" },
};

static const char *const probes[] = { "P00", "P01", "P03", "P04", "P05", "P13", "P14", "P15", "P16", "P17" };

enum {
        GET_ASSERTION = 0x02,
        CLIENT_PIN = 0x06,
        REFUSED_PARAM = 0x33,
        NO_CREDENTIALS = 0x2E,
        NOBODY_THERE = 0x2F,
        KEPT_MAX = 2048,
        KEPT = 8
};

static struct between {
        struct target real;
        enum defect defect;
        bool cycled, same_token; /* no other was given since the last assertion */
        unsigned kept;
        struct {
                uint8_t asked[KEPT_MAX], answered[KEPT_MAX];
                size_t asked_size, answered_size;
        } messages[KEPT];
        uint8_t file[2];
} between;

static struct probe_rig rig;

static void keep(slice request, slice answer)
{
        unsigned i = between.kept++ % KEPT;
        assert_true(request.size <= KEPT_MAX && answer.size <= KEPT_MAX);
        memcpy(between.messages[i].asked, request.data, between.messages[i].asked_size = request.size);
        memcpy(between.messages[i].answered, answer.data, between.messages[i].answered_size = answer.size);
}

static bool recall(slice request, uint8_t *response, size_t *ret_size)
{
        for (unsigned i = 0; i < KEPT && i < between.kept; i++)
                if (slice_equal(
                            request, slice_of(between.messages[i].asked, between.messages[i].asked_size))) {
                        *ret_size = between.messages[i].answered_size;
                        memcpy(response, between.messages[i].answered, *ret_size);
                        return true;
                }
        return false;
}

static void give_last(uint8_t *response, size_t *ret_size)
{
        if (between.kept == 0)
                return;
        const unsigned i = (between.kept - 1) % KEPT;
        *ret_size = between.messages[i].answered_size;
        memcpy(response, between.messages[i].answered, *ret_size);
}

/* The authData of an assertion, in place. */
static uint8_t *auth_data(uint8_t *response, size_t size)
{
        slice found = { 0 };
        if (!platform_bytes(platform_member(slice_of(response + 1, size - 1), 2, NULL), &found))
                return NULL;
        return response + (found.data - response);
}

static bool has_param(slice request)
{
        return platform_member(slice_of(request.data + 1, request.size - 1), 6, NULL).size > 0;
}

static enum target_trouble exchange(
        void *context, slice request, unsigned limit_ms, uint8_t *response, size_t capacity, size_t *ret_size)
{
        enum { FLAGS_AT = 32, COUNT_AT = 33, VERIFIED = 0x04 };
        const enum target_trouble trouble =
                between.real.exchange(context, request, limit_ms, response, capacity, ret_size);
        uint8_t *data;
        if (request.data[0] == CLIENT_PIN)
                between.same_token = false;
        if (trouble != TARGET_ANSWERED || request.data[0] != GET_ASSERTION)
                return trouble;
        if (between.defect == DEFECT_ANSWERS_AGAIN && response[0] != 0)
                recall(request, response, ret_size);
        if (between.defect == DEFECT_TWICE && between.same_token && response[0] == REFUSED_PARAM)
                give_last(response, ret_size);
        if (between.defect == DEFECT_SIGNS_FOREIGN && response[0] == NO_CREDENTIALS && has_param(request))
                give_last(response, ret_size);
        if (between.defect == DEFECT_SAYS_NOTHING && response[0] != 0)
                response[0] = NOBODY_THERE;
        if (response[0] != 0 || !(data = auth_data(response, *ret_size)))
                return trouble;
        if (between.defect == DEFECT_CLAIMS && !has_param(request))
                data[FLAGS_AT] |= VERIFIED;
        if (between.defect == DEFECT_COUNTS_BACK && between.cycled)
                memset(data + COUNT_AT, 0, 4);
        if (between.defect == DEFECT_SPOILS)
                data[0] ^= 1;
        keep(request, slice_of(response, *ret_size));
        between.same_token = true;
        return trouble;
}

static void answer(uint8_t *response, size_t *ret_size, size_t data, uint16_t sw)
{
        memset(response, 0x5A, data);
        response[data] = (uint8_t)(sw >> 8);
        response[data + 1] = (uint8_t)sw;
        *ret_size = data + 2;
}

static bool begins(slice command, uint32_t header)
{
        const uint8_t bytes[] = { (uint8_t)(header >> 24), (uint8_t)(header >> 16), (uint8_t)(header >> 8),
                (uint8_t)header };
        return slice_begins_with(command, SLICE(bytes));
}

static enum target_trouble apdu(
        void *context, slice command, uint8_t *response, size_t capacity, size_t *ret_size)
{
        enum { SIGNATURE = 256, REFUSED = 0x6985 };
        const enum target_trouble trouble = between.real.apdu(context, command, response, capacity, ret_size);
        if (trouble != TARGET_ANSWERED)
                return trouble;
        if (begins(command, 0x00A4020C) && command.size >= 7)
                memcpy(between.file, command.data + 5, sizeof between.file);
        const bool refused = response[*ret_size - 2] != 0x90;
        if (between.defect == DEFECT_SIGNS && begins(command, 0x802A039A) && refused)
                answer(response, ret_size, SIGNATURE, 0x9000);
        if (between.defect == DEFECT_CROSSES && begins(command, 0x802A0397) && refused)
                answer(response, ret_size, SIGNATURE, 0x9000);
        if (between.defect == DEFECT_READS && begins(command, 0x00B00000) && between.file[1] == 0x17)
                answer(response, ret_size, 64, 0x9000);
        if (between.defect == DEFECT_READS && begins(command, 0x00A4020C) && between.file[1] == 0x17)
                answer(response, ret_size, 0, 0x9000);
        if (between.defect == DEFECT_MANAGES && begins(command, 0x80F04080))
                answer(response, ret_size, 0, 0x6A88); /* it has looked for that application */
        if (between.defect == DEFECT_STORES && begins(command, 0x80E29000))
                answer(response, ret_size, 0, 0x9000);
        return trouble;
}

static bool power_cycle(void *context)
{
        between.cycled = true;
        between.same_token = false;
        return between.real.power_cycle(context);
}

static void come_between(enum defect defect)
{
        between.defect = defect;
        between.kept = 0;
        between.cycled = between.same_token = false;
        rig.target = between.real;
        rig.target.abilities &= ~(unsigned)(TARGET_FINGER | TARGET_EVIDENCE);
        rig.target.exchange = exchange;
        rig.target.apdu = apdu;
        rig.target.power_cycle = power_cycle;
        rig.target.twin = NULL; /* making a second device takes long: test_probes_untold.c */
}

static void each_defect_is_found_by_its_probe_alone(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof matrix / sizeof *matrix; i++) {
                for (size_t j = 0; j < sizeof probes / sizeof *probes; j++) {
                        const struct probe *probe = probe_find(probes[j]);
                        assert_non_null(probe);
                        come_between(matrix[i].defect);
                        const enum probe_result result = probe_rig_try(&rig, probe);
                        const bool cried = result == PROBE_BROKEN,
                                   its_own = strcmp(matrix[i].probe, probes[j]) == 0;
                        if (cried != its_own)
                                fail_msg("defect %d, %s: %s (%s)", (int)matrix[i].defect, probes[j],
                                        probe_result_name(result), probe_run_why(rig.run));
                }
        }
}

/* Where no login is any good, refusals say nothing, and nobody calls them a success. */
static void where_no_login_is_good_nothing_is_shown(void **state)
{
        static const char *const ids[] = { "P01", "P04", "P13", "P14" };
        (void)state;
        for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
                come_between(DEFECT_SPOILS);
                assert_int_equal(probe_rig_try(&rig, probe_find(ids[i])), PROBE_NOT_TESTABLE);
        }
        come_between(DEFECT_SPOILS);
        assert_int_equal(probe_rig_try(&rig, probe_find("P05")), PROBE_PARTLY);
        assert_null(probe_run_found(rig.run, LEVEL_OP_INTENT));
        assert_true(probe_rig_partial(&rig, LEVEL_OP_UNLOCK_IS_NO_FACTOR));
}

/* That nobody touched is no refusal: what was answered so has not been tried. */
static void where_nobody_was_there_nothing_is_refused(void **state)
{
        static const char *const ids[] = { "P01", "P04", "P05" };
        (void)state;
        for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
                come_between(DEFECT_SAYS_NOTHING);
                probe_rig_expect(&rig, probe_find(ids[i]), PROBE_PARTLY);
                assert_null(probe_run_found(rig.run, LEVEL_OP_EVIDENCE_ONCE));
                assert_null(probe_run_found(rig.run, LEVEL_OP_BOUND_TO_DATA));
                if (probe_run_found(
                            rig.run, LEVEL_OP_FRESH_VERIFICATION)) /* the next assertion was refused */
                        assert_true(probe_rig_partial(&rig, LEVEL_OP_FRESH_VERIFICATION));
                if (probe_run_found(rig.run, LEVEL_OP_UNLOCK_IS_NO_FACTOR)) /* what it claims was seen */
                        assert_true(probe_rig_partial(&rig, LEVEL_OP_UNLOCK_IS_NO_FACTOR));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_defect_is_found_by_its_probe_alone),
                cmocka_unit_test(where_no_login_is_good_nothing_is_shown),
                cmocka_unit_test(where_nobody_was_there_nothing_is_refused),
        };
        probe_rig_open(&rig, 0);
        between.real = rig.target;
        int failures = cmocka_run_group_tests(tests, NULL, NULL);
        rig.target = between.real;
        probe_rig_close(&rig);
        return failures;
}
