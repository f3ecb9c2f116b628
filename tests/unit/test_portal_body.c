/* SPDX-License-Identifier: Apache-2.0 */
#include "portal_body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>
#undef fail /* the one of status.h is meant */

struct body {
        uint8_t text[8], bytes[8];
        slice name, key, object;
};

static mitome_status read_one(const char *json, struct body *body)
{
        const struct body_field fields[] = {
                { "name", BODY_TEXT, true, body->text, sizeof body->text, &body->name },
                { "key", BODY_BYTES, false, body->bytes, sizeof body->bytes, &body->key },
                { "credential", BODY_OBJECT, false, NULL, 0, &body->object },
        };
        mitome_error error = { 0 };
        const mitome_status status = body_read(slice_text(json), fields, 3, &error);
        assert_int_equal(error.code, status.code);
        return status;
}

static void members_are_read_in_any_order(void **state)
{
        (void)state;
        struct body body = { 0 };
        const mitome_status status = read_one(
                " {\"credential\" : {\"a\": [1, {}]} , \"key\":\"AQID\",\"name\":\"\\u82b1\"} ", &body);
        assert_int_equal(status.code, MITOME_OK);
        assert_true(slice_is(body.name, "花"));
        assert_int_equal(body.key.size, 3);
        assert_true(slice_begins_with(body.object, slice_text("{\"a\": [1, {}]}")) ||
                    slice_begins_with(body.object, slice_text(" {\"a\"")));
}

static void what_is_not_there_is_told_from_what_is_empty(void **state)
{
        (void)state;
        struct body body = { .key = slice_text("before") };
        assert_int_equal(read_one("{\"name\": \"\"}", &body).code, MITOME_OK);
        assert_non_null(body.name.data);
        assert_int_equal(body.name.size, 0);
        assert_null(body.key.data);
}

static void what_is_no_such_body_is_refused_whole(void **state)
{
        static const struct {
                const char *json;
                mitome_code code;
        } cases[] = {
                { "", MITOME_E_INPUT_ENDS },
                { "[]", MITOME_E_JSON_TYPE },
                { "{}", MITOME_E_MISSING },
                { "{\"name\": 7}", MITOME_E_JSON_TYPE },
                { "{\"name\": \"a\", \"name\": \"b\"}", MITOME_E_JSON_DUPLICATE_NAME },
                { "{\"name\": \"a\", \"nam\\u0065\": \"b\"}", MITOME_E_JSON_DUPLICATE_NAME },
                { "{\"name\": \"a\", \"admin\": true}", MITOME_E_VALUE },
                { "{\"name\": \"123456789\"}", MITOME_E_TOO_LONG },
                { "{\"name\": \"a\", \"key\": \"A+==\"}", MITOME_E_BASE64URL },
                { "{\"name\": \"a\", \"credential\": \"{}\"}", MITOME_E_JSON_TYPE },
                { "{\"name\": \"a\", \"credential\": {\"x\": }}", MITOME_E_JSON_SYNTAX },
                { "{\"name\": \"a\"} x", MITOME_E_TRAILING_BYTES },
        };
        (void)state;
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                struct body body = { .name = slice_text("before") };
                const mitome_code code = read_one(cases[i].json, &body).code;
                if (code != cases[i].code)
                        print_message("%s: E%d\n", cases[i].json, (int)code);
                assert_int_equal(code, cases[i].code);
                assert_true(slice_is(body.name, "before"));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(members_are_read_in_any_order),
                cmocka_unit_test(what_is_not_there_is_told_from_what_is_empty),
                cmocka_unit_test(what_is_no_such_body_is_refused_whole),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
