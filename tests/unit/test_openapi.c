/* SPDX-License-Identifier: Apache-2.0 */
/* examples/portal/openapi.json and the table of routes say the same: each path of the API is in both, with
 * the same methods and bodies. tests/interop/test_portal_http.c holds live answers against the schemas. */
#include "portal_routes.h"
#include "schema_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#undef fail /* the one of status.h is meant */

static json_t *document;

static int open_document(void **state)
{
        json_error_t error;
        (void)state;
        document = json_load_file(getenv("MITOME_OPENAPI"), JSON_REJECT_DUPLICATES, &error);
        return document ? 0 : -1;
}

static int close_document(void **state)
{
        (void)state;
        json_decref(document);
        return 0;
}

/* "/api/credentials/:id/rename" as OpenAPI has it. */
static void write_path(const char *route, char *to, size_t capacity)
{
        size_t used = 0;
        for (bool name = false; *route; route++) {
                if (name && *route == '/') {
                        to[used++] = '}';
                        name = false;
                }
                to[used++] = *route == ':' ? '{' : *route;
                name = name || *route == ':';
                assert_true(used + 2 < capacity);
                if (name && !route[1])
                        to[used++] = '}';
        }
        to[used] = '\0';
}

static const char *method_name(enum web_method method)
{
        return method == WEB_GET ? "get" : "post";
}

static bool is_api(const struct web_route *route)
{
        return strncmp(route->path, "/api/", 5) == 0;
}

static void each_route_is_in_the_file(void **state)
{
        (void)state;
        const struct web_route_set set = portal_routes(NULL);
        size_t count = 0;
        for (size_t i = 0; i < set.count; i++) {
                const struct web_route *route = &set.routes[i];
                char path[128];
                if (!is_api(route))
                        continue;
                count++;
                write_path(route->path, path, sizeof path);
                json_t *item = json_object_get(json_object_get(document, "paths"), path);
                json_t *operation = json_object_get(item, method_name(route->method));
                if (!operation)
                        print_message("%s %s is not in openapi.json\n", method_name(route->method), path);
                assert_non_null(operation);
                assert_int_equal(route->body_type != NULL, schema_of_body(operation) != NULL);
                if (route->body_type)
                        assert_string_equal(route->body_type, "application/json");
        }
        assert_true(count >= 20);
}

static bool has_route(const struct web_route_set *set, const char *path, const char *method)
{
        char known[128];
        for (size_t i = 0; i < set->count; i++) {
                write_path(set->routes[i].path, known, sizeof known);
                if (strcmp(known, path) == 0 && strcmp(method_name(set->routes[i].method), method) == 0)
                        return true;
        }
        return false;
}

static void each_path_of_the_file_is_a_route(void **state)
{
        (void)state;
        const struct web_route_set set = portal_routes(NULL);
        const char *path, *method;
        json_t *item, *operation;
        json_object_foreach(json_object_get(document, "paths"), path, item)
                json_object_foreach(item, method, operation)
        {
                if (!has_route(&set, path, method))
                        print_message("%s %s is no route\n", method, path);
                assert_true(has_route(&set, path, method));
        }
}

static void each_schema_is_understood(void **state)
{
        (void)state;
        char why[128];
        const char *name, *path, *method;
        json_t *schema, *item, *operation;
        json_object_foreach(json_object_get(json_object_get(document, "components"), "schemas"), name, schema)
        {
                if (!schema_known(document, schema, why, sizeof why))
                        print_message("%s: %s\n", name, why);
                assert_true(schema_known(document, schema, why, sizeof why));
        }
        json_object_foreach(json_object_get(document, "paths"), path, item)
                json_object_foreach(item, method, operation)
        {
                assert_non_null(schema_of_answer(document, operation, 200));
                assert_non_null(schema_of_answer(document, operation, 403));
                assert_true(
                        schema_known(document, schema_of_answer(document, operation, 200), why, sizeof why));
                assert_true(schema_known(document, schema_of_body(operation), why, sizeof why));
        }
}

/* Each operation that changes something for a session says that it wants the token. */
static void what_changes_a_session_wants_the_token(void **state)
{
        static const char *const phones[] = { "/api/phone/code/{code}", "/api/document/{id}" };
        (void)state;
        const char *path;
        json_t *item;
        json_object_foreach(json_object_get(document, "paths"), path, item)
        {
                json_t *post = json_object_get(item, "post");
                json_t *first = json_array_get(json_object_get(post, "security"), 0);
                const bool phone = strcmp(path, phones[0]) == 0 || strcmp(path, phones[1]) == 0;
                if (post)
                        assert_int_equal(json_object_get(first, "csrf") == NULL, phone);
        }
}

/* The rig itself can say no. */
static void a_value_that_does_not_fit_is_found(void **state)
{
        (void)state;
        json_t *schemas = json_object_get(json_object_get(document, "components"), "schemas");
        json_t *session = json_object_get(schemas, "Session");
        static const struct {
                const char *text;
                bool right;
        } cases[] = {
                { "{\"person\": false, \"csrf\": \"x\"}", true },
                { "{\"person\": false}", false },
                { "{\"person\": 0, \"csrf\": \"x\"}", false },
                { "{\"person\": false, \"csrf\": \"x\", \"account\": 1}", false },
                { "{\"person\": true, \"csrf\": \"x\"}", false },
                { "[]", false },
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                char why[128];
                json_t *value = json_loads(cases[i].text, 0, NULL);
                assert_int_equal(schema_fits(document, session, value, why, sizeof why), cases[i].right);
                assert_int_equal(why[0] == '\0', cases[i].right);
                json_decref(value);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_route_is_in_the_file),
                cmocka_unit_test(each_path_of_the_file_is_a_route),
                cmocka_unit_test(each_schema_is_understood),
                cmocka_unit_test(what_changes_a_session_wants_the_token),
                cmocka_unit_test(a_value_that_does_not_fit_is_found),
        };
        return cmocka_run_group_tests(tests, open_document, close_document);
}
