/* SPDX-License-Identifier: Apache-2.0 */
#include "report_oscal.h"

#include "report_parts.h"

#include <stdio.h>

static const char oscal_version[] = "1.2.3", our_names[] = "urn:mitome:oscal";

/* What is being written, and the report's digest, which its own UUIDs depend on. */
struct oscal {
        struct report_text *out;
        const json_t *report;
        const char *at;
        char digest[REPORT_DIGEST_SIZE];
        char target[REPORT_UUID_SIZE], tool[REPORT_UUID_SIZE];
};

static const struct {
        const char *state, *reason;
} states[REPORT_OUTCOMES] = {
        [REPORT_SATISFIED] = { "satisfied", "pass" },
        [REPORT_PARTIAL] = { "not-satisfied", "other" },
        [REPORT_DECLARED] = { "not-satisfied", "other" },
        [REPORT_NOT_SATISFIED] = { "not-satisfied", "fail" },
        [REPORT_UNCONFIRMED] = { "not-satisfied", "other" },
        [REPORT_NOT_TESTABLE] = { "not-satisfied", "other" },
};

/* ---- small parts ---- */

static void put_uuid(struct oscal *o, json_t *object, const char *name, const char *kind, const char *id)
{
        const char *const parts[] = { o->digest, kind, id };
        char uuid[REPORT_UUID_SIZE];
        report_uuid(o->out, parts, sizeof parts / sizeof *parts, uuid);
        report_put(o->out, object, name, json_string(uuid));
}

static json_t *new_in(struct oscal *o, json_t *object, const char *name, json_t *value)
{
        report_put(o->out, object, name, value);
        return json_object_get(object, name);
}

static json_t *new_at(struct oscal *o, json_t *array, json_t *value)
{
        report_append(o->out, array, value);
        return json_array_get(array, json_array_size(array) - 1);
}

static void property(struct oscal *o, json_t *properties, const char *name, const char *value)
{
        json_t *property = new_at(o, properties, json_object());
        report_put(o->out, property, "name", json_string(name));
        report_put(o->out, property, "ns", json_string(our_names));
        report_put_line(o->out, property, "value", value);
}

struct properties {
        struct oscal *o;
        json_t *list;
};

static void put_beside(void *context, const char *name, const char *label, const char *text)
{
        const struct properties *properties = context;
        (void)label;
        property(properties->o, properties->list, name, text);
}

static void put_beside_all(struct oscal *o, json_t *list, const json_t *policy)
{
        struct properties properties = { o, list };
        report_each_beside(o->out, policy, REPORT_ENGLISH, put_beside, &properties);
}

/* A control's identifier: policy and requirement, apart by what is in no name. */
enum { CONTROL_SIZE = 2 * REPORT_NAME_SIZE + 2 };
static void control_id(
        struct oscal *o, const json_t *policy, const json_t *requirement, char ret[CONTROL_SIZE])
{
        char first[REPORT_NAME_SIZE], second[REPORT_NAME_SIZE];
        report_name(report_string(o->out, policy, "id"), first);
        report_name(report_string(o->out, requirement, "id"), second);
        snprintf(ret, CONTROL_SIZE, "_%s__%s", first, second);
}

static void put_subject(struct oscal *o, json_t *of)
{
        json_t *subject = new_at(o, new_in(o, of, "subjects", json_array()), json_object());
        report_put(o->out, subject, "subject-uuid", json_string(o->target));
        report_put(o->out, subject, "type", json_string("component"));
}

static void put_origin(struct oscal *o, json_t *of)
{
        json_t *origin = new_at(o, new_in(o, of, "origins", json_array()), json_object());
        json_t *actor = new_at(o, new_in(o, origin, "actors", json_array()), json_object());
        report_put(o->out, actor, "type", json_string("tool"));
        report_put(o->out, actor, "actor-uuid", json_string(o->tool));
}

/* ---- who was looked at, and with what ---- */

static json_t *component(struct oscal *o, json_t *components, const char *uuid, const char *type,
        const char *title, const char *description)
{
        json_t *component = new_at(o, components, json_object());
        report_put(o->out, component, "uuid", json_string(uuid));
        report_put(o->out, component, "type", json_string(type));
        report_put_markdown(o->out, component, "title", title);
        report_put_markdown(o->out, component, "description", description);
        json_t *status = new_in(o, component, "status", json_object());
        report_put(o->out, status, "state", json_string("operational"));
        return component;
}

static void put_components(struct oscal *o, json_t *result)
{
        const json_t *target = report_object(o->out, o->report, "target");
        const json_t *tool = report_object(o->out, o->report, "tool");
        json_t *local = new_in(o, result, "local-definitions", json_object());
        json_t *components = new_in(o, local, "components", json_array());
        bool simulated = report_flag(o->out, target, "simulated");
        json_t *made = component(o, components, o->target, simulated ? "software" : "hardware",
                report_string(o->out, target, "description"),
                simulated ? "The authenticator that was evaluated. Its element is software, a simulation."
                          : "The authenticator that was evaluated.");
        json_t *properties = new_in(o, made, "props", json_array());
        property(o, properties, "target", report_string(o->out, target, "name"));
        property(o, properties, "simulated", simulated ? "yes" : "no");
        (void)component(o, components, o->tool, "software", report_string(o->out, tool, "name"),
                "The program that evaluated it.");
}

/* ---- observations ---- */

static json_t *observation(
        struct oscal *o, json_t *observations, const char *kind, const char *id, const char *method)
{
        json_t *observation = new_at(o, observations, json_object());
        put_uuid(o, observation, "uuid", kind, id);
        json_t *methods = json_array();
        report_append(o->out, methods, json_string(method));
        report_put(o->out, observation, "methods", methods);
        return observation;
}

static void put_probe(struct oscal *o, json_t *observations, const json_t *probe)
{
        REPORT_TEXT(aside);
        struct report_text *out = o->out;
        const char *id = report_string(out, probe, "id");
        enum report_result result = report_result(out, probe);
        json_t *made =
                observation(o, observations, "probe", id, result == REPORT_UNTESTED ? "UNKNOWN" : "TEST");
        report_put_markdown(out, made, "title", report_string(out, probe, "title"));
        report_put_markdown(out, made, "description", report_string(out, probe, "attack"));
        json_t *properties = new_in(o, made, "props", json_array());
        property(o, properties, "probe", id);
        property(o, properties, "result", report_string(out, probe, "result"));
        property(o, properties, "must-see", report_string(out, probe, "must"));
        property(o, properties, "responsible", report_string(out, probe, "responsible"));
        put_origin(o, made);
        put_subject(o, made);
        json_t *evidence = new_at(o, new_in(o, made, "relevant-evidence", json_array()), json_object());
        const char *held = report_string_if(out, probe, "evidence");
        report_put_markdown(
                out, evidence, "description", report_verdict(out, o->report, NULL, probe, &aside));
        json_t *more = new_in(o, evidence, "props", json_array());
        property(o, more, "replay", report_string(out, probe, "replay"));
        if (held)
                property(o, more, "evidence", held);
        report_put(out, made, "collected", json_string(o->at));
}

static void put_evidence(struct oscal *o, json_t *observations, const json_t *evidence)
{
        struct report_text *out = o->out;
        json_t *made =
                observation(o, observations, "evidence", report_string(out, evidence, "id"), "EXAMINE");
        report_put_markdown(out, made, "title", report_string(out, evidence, "id"));
        report_put_markdown(out, made, "description", report_string(out, evidence, "what"));
        json_t *properties = new_in(o, made, "props", json_array());
        property(o, properties, "obtained", report_string(out, evidence, "obtained"));
        property(o, properties, "sha256", report_string(out, evidence, "sha256"));
        put_origin(o, made);
        put_subject(o, made);
        report_put(out, made, "collected", json_string(o->at));
}

static void put_observations(struct oscal *o, json_t *result)
{
        const json_t *probes = report_array(o->out, o->report, "probes");
        const json_t *evidence = report_array(o->out, o->report, "evidence");
        if (json_array_size(probes) + json_array_size(evidence) == 0)
                return; /* no empty arrays in OSCAL */
        json_t *observations = new_in(o, result, "observations", json_array());
        for (size_t i = 0; i < json_array_size(probes); i++)
                put_probe(o, observations, json_array_get(probes, i));
        for (size_t i = 0; i < json_array_size(evidence); i++)
                put_evidence(o, observations, json_array_get(evidence, i));
}

/* ---- findings ---- */

/* One observation, once; only of what is in the report. */
static void relate(struct oscal *o, json_t *related, const char *array, const char *kind, const char *id)
{
        json_t *relation = json_object();
        put_uuid(o, relation, "observation-uuid", kind, id);
        bool there = !report_find(report_array(o->out, o->report, array), "id", id, NULL);
        for (size_t i = 0; !there && i < json_array_size(related); i++)
                there = json_equal(json_array_get(related, i), relation);
        if (there)
                json_decref(relation);
        else
                report_append(o->out, related, relation);
}

static void relate_fact(struct oscal *o, json_t *related, const char *name)
{
        const json_t *fact = report_find(report_array(o->out, o->report, "facts"), "name", name, NULL);
        const char *from = fact ? report_string_if(o->out, fact, "from") : NULL;
        const json_t *evidence = fact ? report_array_if(o->out, fact, "evidence") : NULL;
        if (from)
                relate(o, related, "probes", "probe", from);
        for (size_t i = 0; i < json_array_size(evidence); i++)
                relate(o, related, "evidence", "evidence", report_item(o->out, evidence, i, "evidence"));
}

static void put_related(struct oscal *o, json_t *finding, const json_t *requirement)
{
        const json_t *facts = report_array(o->out, requirement, "facts");
        json_t *related = json_array();
        for (size_t i = 0; i < json_array_size(facts); i++)
                relate_fact(o, related, report_item(o->out, facts, i, "facts"));
        if (json_array_size(related))
                report_put(o->out, finding, "related-observations", related);
        else
                json_decref(related);
}

static void put_target(struct oscal *o, json_t *finding, const json_t *policy, const json_t *requirement,
        const char *control)
{
        REPORT_TEXT(aside);
        enum report_outcome outcome = report_outcome(o->out, requirement);
        json_t *target = new_in(o, finding, "target", json_object());
        report_put(o->out, target, "type", json_string("objective-id"));
        report_put(o->out, target, "target-id", json_string(control));
        json_t *status = new_in(o, target, "status", json_object());
        report_put(o->out, status, "state", json_string(states[outcome].state));
        report_put(o->out, status, "reason", json_string(states[outcome].reason));
        report_put_markdown(
                o->out, status, "remarks", report_verdict(o->out, o->report, policy, requirement, &aside));
}

static void put_finding(struct oscal *o, json_t *findings, const json_t *policy, const json_t *requirement)
{
        struct report_text *out = o->out;
        char control[CONTROL_SIZE];
        control_id(o, policy, requirement, control);
        json_t *finding = new_at(o, findings, json_object());
        put_uuid(o, finding, "uuid", "finding", control);
        report_put_markdown(out, finding, "title", report_string(out, requirement, "id"));
        report_put_markdown(out, finding, "description", report_string(out, requirement, "text"));
        json_t *properties = new_in(o, finding, "props", json_array());
        property(o, properties, "policy", report_string(out, policy, "id"));
        property(o, properties, "level", report_string(out, requirement, "level"));
        property(o, properties, "keyword", report_is_shall(out, requirement) ? "SHALL" : "SHOULD");
        property(o, properties, "source", report_string(out, requirement, "source"));
        property(o, properties, "section", report_string(out, requirement, "section"));
        property(
                o, properties, "wording-confirmed", report_flag(out, requirement, "verified") ? "yes" : "no");
        property(o, properties, "predicate", report_string(out, requirement, "predicate"));
        property(o, properties, "outcome", report_outcome_name(report_outcome(out, requirement)));
        property(o, properties, "responsible", report_string(out, requirement, "responsible"));
        put_target(o, finding, policy, requirement, control);
        put_related(o, finding, requirement);
        report_put_markdown(out, finding, "remarks", report_string(out, requirement, "remedy"));
}

/* ---- the whole ---- */

typedef void each_requirement(
        struct oscal *o, json_t *array, const json_t *policy, const json_t *requirement);

static void for_requirements(struct oscal *o, json_t *array, each_requirement *each)
{
        const json_t *policies = report_array(o->out, o->report, "policies");
        for (size_t i = 0; i < json_array_size(policies); i++) {
                const json_t *policy = json_array_get(policies, i);
                const json_t *requirements = report_array(o->out, policy, "requirements");
                for (size_t j = 0; j < json_array_size(requirements); j++)
                        each(o, array, policy, json_array_get(requirements, j));
        }
}

static void put_control(struct oscal *o, json_t *controls, const json_t *policy, const json_t *requirement)
{
        char control[CONTROL_SIZE];
        control_id(o, policy, requirement, control);
        json_t *selected = new_at(o, controls, json_object());
        report_put(o->out, selected, "control-id", json_string(control));
}

static void put_reviewed(struct oscal *o, json_t *result)
{
        json_t *reviewed = new_in(o, result, "reviewed-controls", json_object());
        json_t *selection = new_at(o, new_in(o, reviewed, "control-selections", json_array()), json_object());
        json_t *controls = json_array();
        for_requirements(o, controls, put_control);
        if (json_array_size(controls)) {
                report_put(o->out, selection, "include-controls", controls);
                return;
        }
        json_decref(controls); /* without a policy there is nothing that could be left out */
        report_put(o->out, selection, "include-all", json_object());
}

static void put_result(struct oscal *o, json_t *results)
{
        json_t *result = new_at(o, results, json_object());
        const json_t *caveats = report_array(o->out, o->report, "caveats");
        put_uuid(o, result, "uuid", "result", "");
        report_put_markdown(o->out, result, "title", "Evaluation against authentication-level policies");
        report_put_markdown(o->out, result, "description",
                "What was tried, what was seen, and what it means for each requirement. There is no score.");
        report_put(o->out, result, "start", json_string(o->at));
        report_put(o->out, result, "end", json_string(o->at));
        put_components(o, result);
        put_reviewed(o, result);
        put_observations(o, result);
        json_t *findings = json_array();
        for_requirements(o, findings, put_finding);
        if (json_array_size(findings))
                report_put(o->out, result, "findings", findings);
        else
                json_decref(findings);
        REPORT_TEXT(remarks);
        for (size_t i = 0; i < json_array_size(caveats); i++) {
                report_text_add(&remarks, i ? " " : "");
                report_text_add(&remarks, report_string(o->out, json_array_get(caveats, i), "text"));
        }
        if (remarks.size)
                report_put_markdown(o->out, result, "remarks", report_end(o->out, &remarks));
}

static void put_resources(struct oscal *o, json_t *root)
{
        const json_t *policies = report_array(o->out, o->report, "policies");
        json_t *resources =
                new_in(o, new_in(o, root, "back-matter", json_object()), "resources", json_array());
        json_t *plan = new_at(o, resources, json_object());
        put_uuid(o, plan, "uuid", "plan", "");
        report_put_markdown(o->out, plan, "title", "Assessment plan");
        report_put_markdown(o->out, plan, "description",
                "The probes of mitome evaluate and the policies below; there is no plan in OSCAL.");
        for (size_t i = 0; i < json_array_size(policies); i++) {
                const json_t *policy = json_array_get(policies, i);
                json_t *resource = new_at(o, resources, json_object());
                put_uuid(o, resource, "uuid", "policy", report_string(o->out, policy, "id"));
                report_put_markdown(o->out, resource, "title", report_string(o->out, policy, "title"));
                json_t *properties = new_in(o, resource, "props", json_array());
                property(o, properties, "policy", report_string(o->out, policy, "id"));
                property(o, properties, "sha256", report_string(o->out, policy, "sha256"));
                put_beside_all(o, properties, policy);
        }
}

static void put_plan(struct oscal *o, json_t *root)
{
        const char *const parts[] = { o->digest, "plan", "" };
        char uuid[REPORT_UUID_SIZE], href[REPORT_UUID_SIZE + 1];
        report_uuid(o->out, parts, sizeof parts / sizeof *parts, uuid);
        snprintf(href, sizeof href, "#%s", uuid);
        json_t *plan = new_in(o, root, "import-ap", json_object());
        report_put(o->out, plan, "href", json_string(href));
}

static void put_metadata(struct oscal *o, json_t *root)
{
        const json_t *tool = report_object(o->out, o->report, "tool");
        json_t *metadata = new_in(o, root, "metadata", json_object());
        REPORT_TEXT(title);
        report_text_add(&title, "Evaluation of ");
        report_text_add(
                &title, report_string(o->out, report_object(o->out, o->report, "target"), "description"));
        report_put_markdown(o->out, metadata, "title", report_end(o->out, &title));
        report_put(o->out, metadata, "last-modified", json_string(o->at));
        report_put_line(o->out, metadata, "version", report_string(o->out, tool, "version"));
        report_put(o->out, metadata, "oscal-version", json_string(oscal_version));
}

mitome_status evaluation_oscal(const json_t *report, struct report_text *out, mitome_error *error)
{
        struct oscal o = { .out = out, .report = report, .at = report_time(out, report) };
        const json_t *target = report_object(out, report, "target");
        const json_t *tool = report_object(out, report, "tool");
        const char *aaguid = report_string_if(out, target, "aaguid");
        /* The same subject has the same UUID in each report. */
        const char *const target_parts[] = { "target", report_string(out, target, "kind"),
                aaguid ? aaguid : "", report_string(out, target, "name") };
        const char *const tool_parts[] = { "tool", report_string(out, tool, "name"),
                report_string(out, tool, "version") };
        slice written;
        report_digest(out, report, o.digest);
        report_uuid(out, target_parts, sizeof target_parts / sizeof *target_parts, o.target);
        report_uuid(out, tool_parts, sizeof tool_parts / sizeof *tool_parts, o.tool);

        json_t *whole = json_object();
        json_t *root = new_in(&o, whole, "assessment-results", json_object());
        put_uuid(&o, root, "uuid", "assessment-results", "");
        put_metadata(&o, root);
        put_plan(&o, root);
        put_result(&o, new_in(&o, root, "results", json_array()));
        put_resources(&o, root);
        report_text_json(out, whole);
        report_text_add(out, "\n");
        json_decref(whole);
        return report_text_finish(out, &written, error);
}
