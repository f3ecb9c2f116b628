/* SPDX-License-Identifier: Apache-2.0 */
#include "probe_rig.h"

#include "random_system.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void must(mitome_status status, const mitome_error *error)
{
        char text[512];
        if (!failed(status))
                return;
        mitome_explain(error, text, sizeof text);
        fail_msg("%s", text);
}

void probe_rig_open_with(struct probe_rig *rig, const char *target, const char *program, const char *matcher)
{
        const struct mitome_random random = random_system();
        mitome_error error = { 0 };
        const struct target_config config = { .name = target,
                .program = program ? program : getenv("MITOME_PROGRAM"),
                .matcher = matcher ? matcher : getenv("MITOME_MATCHER"),
                .random = &random };
        *rig = (struct probe_rig){ 0 };
        assert_non_null(config.program); /* this program is none that could be an element */
        must(target_open(&config, &rig->target, &error), &error);
}

bool probe_rig_open(struct probe_rig *rig, unsigned needs)
{
        probe_rig_open_with(rig, "self", NULL, NULL);
        if (!(needs & (TARGET_FINGER | TARGET_EVIDENCE)) || (rig->target.abilities & TARGET_FINGER))
                return true;
        probe_rig_close(rig);
        return false;
}

static void print_trace(const struct probe_rig *rig)
{
        char *steps = json_dumps(probe_run_steps(rig->run), JSON_INDENT(1));
        /* not by print_message, which cuts at a thousand characters */
        fprintf(stderr, "%s: %s\n%s\n", probe_result_name(probe_run_result(rig->run)),
                probe_run_why(rig->run), steps ? steps : "");
        free(steps);
}

enum probe_result probe_rig_try(struct probe_rig *rig, const struct probe *probe)
{
        mitome_error error = { 0 };
        probe_run_free(rig->run);
        rig->run = NULL;
        must(probe_run_attempt(probe, &rig->target, NULL, &rig->run, &error), &error);
        if (getenv("PROBE_RIG_TRACE"))
                print_trace(rig);
        return probe_run_result(rig->run);
}

void probe_rig_expect(struct probe_rig *rig, const struct probe *probe, enum probe_result result)
{
        if (probe_rig_try(rig, probe) == result)
                return;
        print_trace(rig);
        fail_msg("%s: %s (%s), not %s", probe->id, probe_result_name(probe_run_result(rig->run)),
                probe_run_why(rig->run), probe_result_name(result));
}

static const json_t *found(const struct probe_rig *rig, enum level_fact_id fact)
{
        const json_t *value = probe_run_found(rig->run, fact);
        if (!value)
                fail_msg("%s was not found out", level_fact_kind(fact)->name);
        return value;
}

bool probe_rig_bool(const struct probe_rig *rig, enum level_fact_id fact)
{
        const json_t *value = found(rig, fact);
        assert_true(json_is_boolean(value));
        return json_is_true(value);
}

bool probe_rig_told(const struct probe_rig *rig, enum level_fact_id fact)
{
        return probe_run_found(rig->run, fact) != NULL;
}

bool probe_rig_partial(const struct probe_rig *rig, enum level_fact_id fact)
{
        json_t *probe = probe_run_json(rig->run);
        const json_t *all = json_object_get(probe, "found"), *partial = NULL;
        for (size_t i = 0; i < json_array_size(all); i++) {
                const json_t *one = json_array_get(all, i);
                const char *name = json_string_value(json_object_get(one, "name"));
                if (name && strcmp(name, level_fact_kind(fact)->name) == 0)
                        partial = json_object_get(one, "partial");
        }
        if (!json_is_boolean(partial))
                fail_msg("%s was not found out", level_fact_kind(fact)->name);
        const bool yes = json_is_true(partial);
        json_decref(probe);
        return yes;
}

uint64_t probe_rig_count(const struct probe_rig *rig, enum level_fact_id fact)
{
        const json_t *value = found(rig, fact);
        assert_true(json_is_integer(value));
        return (uint64_t)json_integer_value(value);
}

void probe_rig_close(struct probe_rig *rig)
{
        probe_run_free(rig->run);
        if (rig->target.close)
                rig->target.close(rig->target.context);
        *rig = (struct probe_rig){ 0 };
}

const struct probe *probe_rig_find(const char *id)
{
        const struct probe *probe = probe_find(id);
        assert_non_null(probe);
        return probe;
}

unsigned probe_rig_pin_subcommand(slice request)
{
        enum { CLIENT_PIN = 0x06, PLACE = 5 };
        return request.size > PLACE && request.data[0] == CLIENT_PIN ? request.data[PLACE] : 0;
}

void probe_rig_say(uint8_t *response, size_t *ret_size, uint8_t status)
{
        response[0] = status;
        *ret_size = 1;
}
