/* SPDX-License-Identifier: Apache-2.0 */
#include "phone_channels.h"

#include "bytes.h"
#include "status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#undef fail /* the one of status.h is meant */

/* An element with three channels, of which it gives the lowest that is free. */
struct element {
        unsigned open;
        uint16_t sw; /* instead of doing anything; 0: does it */
        bool gone;
        unsigned closed; /* how often something was */
};

static mitome_status transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct element *element = context;
        uint16_t sw = element->sw ? element->sw : 0x9000;
        size_t size = 0;
        assert_true(capacity >= 3);
        if (element->gone)
                return fail(error, MITOME_E_LINK, "element", NULL);
        if (!element->sw && command.data[1] == 0x70 && command.data[2] == 0x00) {
                uint8_t number = 1;
                while (element->open & 1U << number)
                        number++;
                if (number > 3) {
                        sw = 0x6A81;
                } else {
                        element->open |= 1U << number;
                        response[size++] = number;
                }
        } else if (!element->sw && command.data[1] == 0x70) {
                element->open &= ~(1U << command.data[3]);
                element->closed++;
        }
        response[size++] = (uint8_t)(sw >> 8);
        response[size++] = (uint8_t)sw;
        *ret_size = size;
        return ok();
}

static void say(const struct mitome_link *link, uint8_t cla, uint8_t ins, uint8_t p1, uint8_t p2)
{
        const uint8_t command[] = { cla, ins, p1, p2, 0x01 };
        uint8_t response[16];
        size_t size;
        (void)failed(link->transmit(link->context, SLICE(command), response, sizeof response, &size, NULL));
}

static void what_a_relay_leaves_open_is_closed(void **state)
{
        struct element element = { 0 };
        const struct mitome_link below = { &element, transmit };
        struct phone_channels channels = { .below = &below };
        const struct mitome_link link = phone_channels_link(&channels);
        (void)state;
        say(&link, 0x00, 0x70, 0x00, 0x00);
        say(&link, 0x00, 0x70, 0x00, 0x00);
        say(&link, 0x00, 0x70, 0x00, 0x00);
        say(&link, 0x00, 0x70, 0x00, 0x00); /* full */
        say(&link, 0x02, 0x70, 0x80, 0x02);
        assert_int_equal(element.open, 1U << 1 | 1U << 3);
        phone_channels_close(&channels);
        assert_int_equal(element.open, 0);
        assert_int_equal(element.closed, 3);
        phone_channels_close(&channels);
        assert_int_equal(element.closed, 3);
}

/* The one that the phone itself has open, too, and what only looks like one. */
static void what_a_relay_did_not_open_stays(void **state)
{
        struct element element = { .open = 1U << 1 };
        const struct mitome_link below = { &element, transmit };
        struct phone_channels channels = { .below = &below };
        const struct mitome_link link = phone_channels_link(&channels);
        (void)state;
        say(&link, 0x80, 0x70, 0x00, 0x00); /* another class: another command */
        element.open = 1U << 1;
        element.sw = 0x6985;
        say(&link, 0x00, 0x70, 0x00, 0x02);
        say(&link, 0x00, 0x70, 0x80, 0x01);
        element.sw = 0;
        say(&link, 0x00, 0xA4, 0x04, 0x00);
        phone_channels_close(&channels);
        assert_int_equal(element.open, 1U << 1);
        assert_int_equal(element.closed, 0);
}

static void an_element_that_is_gone_is_asked_nothing_more_than_once(void **state)
{
        struct element element = { 0 };
        const struct mitome_link below = { &element, transmit };
        struct phone_channels channels = { .below = &below };
        const struct mitome_link link = phone_channels_link(&channels);
        (void)state;
        say(&link, 0x00, 0x70, 0x00, 0x00);
        element.gone = true;
        phone_channels_close(&channels);
        element.gone = false;
        phone_channels_close(&channels);
        assert_int_equal(element.closed, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_a_relay_leaves_open_is_closed),
                cmocka_unit_test(what_a_relay_did_not_open_stays),
                cmocka_unit_test(an_element_that_is_gone_is_asked_nothing_more_than_once),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
