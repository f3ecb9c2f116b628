/* SPDX-License-Identifier: Apache-2.0 */

/* The application for a phone certificate: what is composed, and what is refused before a card is asked. */

#include "card_application.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { AT = 1800000000 }; /* 2027-01-15 08:00:00Z */

static uint8_t buffer[CARD_APPLICATION_MAX];

static mitome_code try_write(const struct card_application *application, slice *ret, mitome_error *error)
{
        return card_application_write(application, buffer, ret, error).code;
}

static const struct card_application right = {
        .kind = "both", .purpose = "issue", .device = "MT-1 0001", .nonce = "Nonce-of_7", .now = AT
};

static void an_application_names_purpose_kinds_and_device(void **state)
{
        (void)state;
        slice text;
        assert_int_equal(try_write(&right, &text, NULL), MITOME_OK);
        assert_true(slice_is(text,
                "{\"application\": \"issue\", \"version\": 1, \"kinds\": [\"user-verification\", \"signing\"], "
                "\"device\": \"MT-1 0001\", \"applied_at\": \"2027-01-15T08:00:00Z\", \"nonce\": "
                "\"Nonce-of_7\"}\n"));
        struct card_application bare = right;
        bare.kind = "signing";
        bare.device = bare.purpose = NULL;
        assert_int_equal(try_write(&bare, &text, NULL), MITOME_OK);
        assert_true(slice_is(text,
                "{\"application\": \"phone-certificate\", \"version\": 1, \"kinds\": [\"signing\"], "
                "\"applied_at\": \"2027-01-15T08:00:00Z\", \"nonce\": \"Nonce-of_7\"}\n"));
}

/* What is no such text could end the string that it stands in, and add members of its own. */
static void an_identity_cannot_write_members(void **state)
{
        (void)state;
        static char endless[CARD_DEVICE_MAX + 2];
        memset(endless, 'A', sizeof endless - 1);
        const char *const devices[] = { "", "A\"", "A\\", "A\n", "A\x7F", "\xFF", "\", \"kinds\": [\"",
                endless };
        for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++) {
                struct card_application application = right;
                mitome_error error = { 0 };
                slice text = { 0 };
                application.device = devices[i];
                assert_int_equal(try_write(&application, &text, &error), MITOME_E_VALUE);
                assert_string_equal(error.field, "--device");
                assert_null(text.data);
        }
}

static void what_is_not_known_is_refused(void **state)
{
        (void)state;
        struct {
                struct card_application application;
                const char *field;
        } cases[] = { { right, "--purpose" }, { right, "--purpose" }, { right, "--device" },
                { right, "--nonce" }, { right, "--nonce" }, { right, "--kind" } };
        cases[0].application.purpose = "steal";
        cases[1].application.device = NULL;
        cases[2].application.purpose = NULL;
        cases[3].application.nonce = "a b";
        cases[4].application.nonce = "";
        cases[5].application.kind = "neither";
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                mitome_error error = { 0 };
                slice text;
                assert_int_equal(try_write(&cases[i].application, &text, &error), MITOME_E_VALUE);
                assert_string_equal(error.field, cases[i].field);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_application_names_purpose_kinds_and_device),
                cmocka_unit_test(an_identity_cannot_write_members),
                cmocka_unit_test(what_is_not_known_is_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
