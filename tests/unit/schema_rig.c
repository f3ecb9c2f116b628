/* SPDX-License-Identifier: Apache-2.0 */
#include "schema_rig.h"

#include <regex.h>
#include <stdio.h>
#include <string.h>

enum { DEPTH = 32 };

struct judge {
        json_t *document;
        char *why;
        size_t capacity;
        unsigned depth;
};

static bool fits(struct judge *judge, json_t *schema, json_t *value, const char *where);

static bool say(struct judge *judge, const char *where, const char *what)
{
        if (judge->why && judge->capacity && !judge->why[0])
                (void)snprintf(judge->why, judge->capacity, "%s: %s", where, what);
        return false;
}

/* "#/components/schemas/Name" */
static json_t *resolve(json_t *document, const char *reference)
{
        const char *at = reference;
        json_t *found = document;
        if (*at++ != '#')
                return NULL;
        while (*at == '/' && found) {
                char name[64];
                const size_t length = strcspn(++at, "/");
                (void)snprintf(name, sizeof name, "%.*s", (int)length, at);
                found = json_object_get(found, name);
                at += length;
        }
        return found;
}

/* ---- types ---- */

static const char *type_of(json_t *value)
{
        switch (json_typeof(value)) {
        case JSON_OBJECT:
                return "object";
        case JSON_ARRAY:
                return "array";
        case JSON_STRING:
                return "string";
        case JSON_INTEGER:
                return "integer";
        case JSON_REAL:
                return "number";
        case JSON_NULL:
                return "null";
        default:
                return "boolean";
        }
}

static bool keep_type(struct judge *judge, json_t *rule, json_t *schema, json_t *value, const char *where)
{
        size_t i;
        json_t *one;
        (void)schema;
        if (json_is_string(rule))
                return strcmp(json_string_value(rule), type_of(value)) == 0 || say(judge, where, "type");
        json_array_foreach(rule, i, one) if (strcmp(json_string_value(one), type_of(value)) == 0) return true;
        return say(judge, where, "type");
}

static bool keep_enum(struct judge *judge, json_t *rule, json_t *schema, json_t *value, const char *where)
{
        size_t i;
        json_t *one;
        (void)schema;
        json_array_foreach(rule, i, one) if (json_equal(one, value)) return true;
        return say(judge, where, "none of the enumeration");
}

static bool keep_const(struct judge *judge, json_t *rule, json_t *schema, json_t *value, const char *where)
{
        (void)schema;
        return json_equal(rule, value) || say(judge, where, "const");
}

/* ---- texts ---- */

static bool keep_pattern(struct judge *judge, json_t *rule, json_t *schema, json_t *value, const char *where)
{
        regex_t pattern;
        (void)schema;
        if (!json_is_string(value))
                return true;
        if (regcomp(&pattern, json_string_value(rule), REG_EXTENDED | REG_NOSUB) != 0)
                return say(judge, where, "pattern that is none");
        const bool right = regexec(&pattern, json_string_value(value), 0, NULL, 0) == 0;
        regfree(&pattern);
        return right || say(judge, where, "pattern");
}

static bool keep_length(struct judge *judge, json_t *rule, json_t *schema, json_t *value, const char *where)
{
        const bool least = json_object_get(schema, "minLength") == rule;
        const json_int_t bound = json_integer_value(rule), size = (json_int_t)json_string_length(value);
        if (!json_is_string(value))
                return true;
        return (least ? size >= bound : size <= bound) || say(judge, where, "length");
}

/* ---- objects and arrays ---- */

static bool keep_properties(
        struct judge *judge, json_t *rule, json_t *schema, json_t *value, const char *where)
{
        const char *name;
        json_t *inner;
        (void)where;
        (void)schema;
        json_object_foreach(rule, name, inner)
        {
                json_t *member = json_object_get(value, name);
                if (member && !fits(judge, inner, member, name))
                        return false;
        }
        return true;
}

static bool keep_required(struct judge *judge, json_t *rule, json_t *schema, json_t *value, const char *where)
{
        size_t i;
        json_t *name;
        (void)where;
        (void)schema;
        json_array_foreach(
                rule, i, name) if (json_is_object(value) &&
                                   !json_object_get(value, json_string_value(name))) return say(judge,
                json_string_value(name), "missing");
        return true;
}

static bool keep_additional(
        struct judge *judge, json_t *rule, json_t *schema, json_t *value, const char *where)
{
        json_t *known = json_object_get(schema, "properties");
        const char *name;
        json_t *member;
        (void)where;
        json_object_foreach(value, name, member)
        {
                if (json_object_get(known, name) || json_is_true(rule))
                        continue;
                if (json_is_false(rule))
                        return say(judge, name, "not in the schema");
                if (!fits(judge, rule, member, name))
                        return false;
        }
        return true;
}

static bool keep_items(struct judge *judge, json_t *rule, json_t *schema, json_t *value, const char *where)
{
        size_t i;
        json_t *one;
        (void)schema;
        json_array_foreach(value, i, one) if (!fits(judge, rule, one, where)) return false;
        return true;
}

/* ---- several schemas ---- */

static bool keep_ref(struct judge *judge, json_t *rule, json_t *schema, json_t *value, const char *where)
{
        json_t *target = resolve(judge->document, json_string_value(rule));
        (void)schema;
        return target ? fits(judge, target, value, where) : say(judge, where, "$ref to nothing");
}

static bool keep_all(struct judge *judge, json_t *rule, json_t *schema, json_t *value, const char *where)
{
        size_t i;
        json_t *one;
        (void)schema;
        json_array_foreach(rule, i, one) if (!fits(judge, one, value, where)) return false;
        return true;
}

static bool fits_quietly(const struct judge *judge, json_t *schema, json_t *value)
{
        struct judge quiet = { .document = judge->document, .depth = judge->depth };
        return fits(&quiet, schema, value, "");
}

static bool keep_one(struct judge *judge, json_t *rule, json_t *schema, json_t *value, const char *where)
{
        size_t i, count = 0;
        json_t *one;
        (void)schema;
        json_array_foreach(rule, i, one) count += fits_quietly(judge, one, value);
        return count == 1 || say(judge, where, "not exactly one of several");
}

static bool keep_if(struct judge *judge, json_t *rule, json_t *schema, json_t *value, const char *where)
{
        json_t *then = json_object_get(schema, "then");
        return !fits_quietly(judge, rule, value) || !then || fits(judge, then, value, where);
}

static bool keep_nothing(struct judge *judge, json_t *rule, json_t *schema, json_t *value, const char *where)
{
        (void)judge;
        (void)rule;
        (void)schema;
        (void)value;
        (void)where;
        return true;
}

static const struct keyword {
        const char *name;
        bool (*keep)(struct judge *judge, json_t *rule, json_t *schema, json_t *value, const char *where);
} keywords[] = {
        { "$ref", keep_ref },
        { "type", keep_type },
        { "enum", keep_enum },
        { "const", keep_const },
        { "pattern", keep_pattern },
        { "minLength", keep_length },
        { "maxLength", keep_length },
        { "properties", keep_properties },
        { "required", keep_required },
        { "additionalProperties", keep_additional },
        { "items", keep_items },
        { "allOf", keep_all },
        { "oneOf", keep_one },
        { "if", keep_if },
        { "then", keep_nothing },
        { "description", keep_nothing },
        { "format", keep_nothing },
};

static const struct keyword *keyword_of(const char *name)
{
        for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
                if (strcmp(keywords[i].name, name) == 0)
                        return &keywords[i];
        return NULL;
}

static bool fits(struct judge *judge, json_t *schema, json_t *value, const char *where)
{
        const char *name;
        json_t *rule;
        bool right = true;
        if (++judge->depth > DEPTH || !json_is_object(schema))
                return say(judge, where, "too deep, or no schema");
        json_object_foreach(schema, name, rule)
        {
                const struct keyword *keyword = keyword_of(name);
                if (!keyword)
                        right = say(judge, name, "keyword that is not known");
                right = right && keyword->keep(judge, rule, schema, value, where);
        }
        judge->depth--;
        return right;
}

bool schema_fits(json_t *document, json_t *schema, json_t *value, char *why, size_t capacity)
{
        struct judge judge = { .document = document, .why = why, .capacity = capacity };
        if (capacity)
                why[0] = '\0';
        return fits(&judge, schema, value, "value");
}

/* ---- what there is at all ---- */

static bool known(struct judge *judge, json_t *schema);

static bool all_known(struct judge *judge, json_t *list)
{
        size_t i;
        const char *name;
        json_t *one;
        json_array_foreach(list, i, one) if (!known(judge, one)) return false;
        json_object_foreach(list, name, one) if (!known(judge, one)) return false;
        return true;
}

static bool known(struct judge *judge, json_t *schema)
{
        static const char *const inner[] = { "items", "additionalProperties", "if", "then" };
        const char *name, *reference = json_string_value(json_object_get(schema, "$ref"));
        json_t *rule;
        if (!json_is_object(schema)) /* none, or true and false */
                return true;
        json_object_foreach(schema, name, rule) if (!keyword_of(name)) return say(
                judge, name, "keyword that is not known");
        if (reference && !resolve(judge->document, reference))
                return say(judge, reference, "leads nowhere");
        for (size_t i = 0; i < sizeof inner / sizeof *inner; i++)
                if (!known(judge, json_object_get(schema, inner[i])))
                        return false;
        return all_known(judge, json_object_get(schema, "properties")) &&
               all_known(judge, json_object_get(schema, "allOf")) &&
               all_known(judge, json_object_get(schema, "oneOf"));
}

bool schema_known(json_t *document, json_t *schema, char *why, size_t capacity)
{
        struct judge judge = { .document = document, .why = why, .capacity = capacity };
        why[0] = '\0';
        return known(&judge, schema);
}

/* ---- operations ---- */

/* How a path of the file fits: 0 not, 1 by a {name}, 2 word for word. */
static unsigned fit_of(const char *known_path, const char *path)
{
        unsigned best = 2;
        while (*known_path && *path) {
                if (*known_path != '{') {
                        if (*known_path++ != *path++)
                                return 0;
                        continue;
                }
                best = 1;
                known_path += strcspn(known_path, "/");
                if (*path == '/')
                        return 0;
                path += strcspn(path, "/");
        }
        return *known_path == *path ? best : 0;
}

json_t *schema_operation(json_t *document, const char *method, const char *path, const char **ret_path)
{
        json_t *found = NULL;
        const char *name, *found_path = NULL;
        json_t *item;
        unsigned best = 0;
        json_object_foreach(json_object_get(document, "paths"), name, item)
        {
                const unsigned fit = fit_of(name, path);
                if (fit <= best || !json_object_get(item, method))
                        continue;
                best = fit;
                found = json_object_get(item, method);
                found_path = name;
        }
        if (ret_path)
                *ret_path = found_path;
        return found;
}

static json_t *schema_of_content(json_t *holder, const char *type)
{
        json_t *content = json_object_get(json_object_get(holder, "content"), type);
        return json_object_get(content, "schema");
}

json_t *schema_of_answer(json_t *document, json_t *operation, long status)
{
        char number[16];
        (void)snprintf(number, sizeof number, "%ld", status);
        json_t *responses = json_object_get(operation, "responses");
        json_t *answer = json_object_get(responses, number);
        if (answer)
                return schema_of_content(answer, "application/json");
        json_t *other = json_object_get(responses, "default");
        const char *reference = json_string_value(json_object_get(other, "$ref"));
        return schema_of_content(
                reference ? resolve(document, reference) : other, "application/problem+json");
}

json_t *schema_of_body(json_t *operation)
{
        return schema_of_content(json_object_get(operation, "requestBody"), "application/json");
}
