/* SPDX-License-Identifier: Apache-2.0 */

/* What the matcher's own policy takes from its maker's certificate: a class is lowered by it, never raised.
 */

#include "certified_class.h"
#include "maker.h"
#include "matcher_class.h"
#include "p256.h"
#include "random_system.h"
#include "unlock_token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct maker_matcher certified;

/* A certificate of the demonstration's maker. */
static slice certify(uint8_t class)
{
        const struct mitome_random random = random_system();
        struct tsm_matcher matcher = { .class = class, .modality = UNLOCK_FINGER };
        struct secret scalar = { 0 };
        assert_int_equal(p256_generate(&random, &scalar, matcher.point, NULL).code, MITOME_OK);
        assert_int_equal(
                maker_certify_matcher(&random, 1790000000, &matcher, &certified, NULL).code, MITOME_OK);
        return slice_of(certified.certificate.bytes, certified.certificate.size);
}

static void the_lower_class_is_the_policys(void **state)
{
        (void)state;
        for (uint8_t class = MATCHER_CONVENIENCE; class <= MATCHER_STRONG; class ++) {
                const slice certificate = certify(class);
                for (uint8_t own = MATCHER_SCRIPTED; own <= MATCHER_STRONG; own++)
                        assert_int_equal(certified_class(certificate, own), class < own ? class : own);
        }
}

static void without_a_certificate_it_is_the_sensors(void **state)
{
        (void)state;
        for (uint8_t own = MATCHER_SCRIPTED; own <= MATCHER_STRONG; own++)
                assert_int_equal(certified_class((slice){ 0 }, own), own);
}

/* Cut or changed anywhere, a certificate gives no more than it did. */
static void a_damaged_certificate_raises_nothing(void **state)
{
        (void)state;
        const slice whole = certify(MATCHER_WEAK);
        uint8_t bytes[1024];
        assert_true(whole.size <= sizeof bytes);
        for (size_t size = 1; size < whole.size; size++) {
                uint8_t *copy = malloc(size); /* a block of its own: a read past it shows */
                assert_non_null(copy);
                memcpy(copy, whole.data, size);
                assert_true(certified_class(slice_of(copy, size), MATCHER_STRONG) <= MATCHER_WEAK);
                assert_true(certified_class(slice_of(copy, size), MATCHER_SCRIPTED) == MATCHER_SCRIPTED);
                free(copy);
        }
        for (size_t at = 0; at < whole.size; at++) {
                memcpy(bytes, whole.data, whole.size);
                bytes[at] ^= 0x40;
                assert_true(certified_class(slice_of(bytes, whole.size), MATCHER_WEAK) <= MATCHER_WEAK);
                assert_true(certified_class(slice_of(bytes, whole.size), MATCHER_STRONG) <= MATCHER_WEAK);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_lower_class_is_the_policys),
                cmocka_unit_test(without_a_certificate_it_is_the_sensors),
                cmocka_unit_test(a_damaged_certificate_raises_nothing),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
