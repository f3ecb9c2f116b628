/* SPDX-License-Identifier: Apache-2.0 */
#include "report_sarif.h"

#include "report_parts.h"

#include <stdio.h>
#include <string.h>

static const char schema_name[] = "https://json.schemastore.org/sarif-2.1.0.json";

/* "open": there was not enough to decide; "review": a person has to judge. Nothing is "notApplicable": an
 * attack that was not tried may well apply. */
static const char *const outcome_kinds[REPORT_OUTCOMES] = {
        [REPORT_SATISFIED] = "pass",
        [REPORT_PARTIAL] = "review",
        [REPORT_DECLARED] = "review",
        [REPORT_NOT_SATISFIED] = "fail",
        [REPORT_UNCONFIRMED] = "review",
        [REPORT_NOT_TESTABLE] = "open",
};

static const char *const result_kinds[REPORT_RESULTS] = {
        [REPORT_HOLDS] = "pass",
        [REPORT_PARTLY] = "review",
        [REPORT_BROKEN] = "fail",
        [REPORT_UNTESTED] = "open",
        [REPORT_TARGET_FAILED] = "fail",
};

struct sarif {
        struct report_text *out;
        const json_t *report;
        json_t *rules, *results, *taxonomies;
        const char *target;
};

static json_t *put_new(struct sarif *s, json_t *object, const char *name, json_t *value)
{
        report_put(s->out, object, name, value);
        return json_object_get(object, name);
}

static json_t *append_new(struct sarif *s, json_t *array, json_t *value)
{
        report_append(s->out, array, value);
        return json_array_get(array, json_array_size(array) - 1);
}

static void put_message(struct sarif *s, json_t *of, const char *name, const char *text)
{
        report_put_message(s->out, put_new(s, of, name, json_object()), "text", text);
}

/* Two texts with a word between them, as one message. */
static void put_joined(struct sarif *s, json_t *of, const char *name, const char *first, const char *between,
        const char *second)
{
        REPORT_TEXT(joined);
        report_text_add(&joined, first);
        report_text_add(&joined, between);
        report_text_add(&joined, second);
        put_message(s, of, name, report_end(s->out, &joined));
}

/* ---- rules and results ---- */

static json_t *add_rule(struct sarif *s, const char *id, const char *title)
{
        json_t *made = append_new(s, s->rules, json_object());
        report_put_line(s->out, made, "id", id);
        put_message(s, made, "shortDescription", title);
        return made;
}

/* `whose` it is: of the authenticator, or of a party beside it. */
static json_t *add_result(struct sarif *s, const char *id, const char *kind, const char *level,
        const char *whose, const char *message)
{
        json_t *made = append_new(s, s->results, json_object());
        report_put_line(s->out, made, "ruleId", id);
        report_put(s->out, made, "ruleIndex", json_integer((json_int_t)json_array_size(s->rules) - 1));
        report_put(s->out, made, "kind", json_string(kind));
        report_put(s->out, made, "level", json_string(kind[0] == 'f' ? level : "none"));
        put_message(s, made, "message", message);
        json_t *location = append_new(s, put_new(s, made, "locations", json_array()), json_object());
        json_t *logical =
                append_new(s, put_new(s, location, "logicalLocations", json_array()), json_object());
        report_put_line(s->out, logical, "name", whose);
        report_put(s->out, logical, "kind", json_string("module"));

        /* Which finding it is, from one report of an authenticator to the next. */
        const char *const parts[] = { "finding", s->target, id };
        char uuid[REPORT_UUID_SIZE];
        report_uuid(s->out, parts, sizeof parts / sizeof *parts, uuid);
        report_put(s->out, put_new(s, made, "fingerprints", json_object()), "mitome/v1", json_string(uuid));
        return made;
}

static void put_property(struct sarif *s, json_t *of, const char *name, const char *value)
{
        json_t *properties = json_object_get(of, "properties");
        if (!properties)
                properties = put_new(s, of, "properties", json_object());
        report_put_line(s->out, properties, name, value);
}

static void add_probe(struct sarif *s, const json_t *probe)
{
        REPORT_TEXT(aside);
        struct report_text *out = s->out;
        const char *id = report_string(out, probe, "id");
        enum report_result result = report_result(out, probe);
        json_t *rule = add_rule(s, id, report_string(out, probe, "title"));
        put_joined(s, rule, "fullDescription", report_string(out, probe, "attack"),
                " Must be seen: ", report_string(out, probe, "must"));
        put_property(s, rule, "responsible", report_string(out, probe, "responsible"));
        json_t *made = add_result(s, id, result_kinds[result], "error", report_whose(out, s->report, probe),
                report_verdict(out, s->report, NULL, probe, &aside));
        put_property(s, made, "replay", report_string(out, probe, "replay"));
}

/* ---- policies ---- */

struct beside {
        struct sarif *s;
        json_t *of;
};

static void put_beside(void *context, const char *name, const char *label, const char *text)
{
        const struct beside *beside = context;
        (void)label;
        put_property(beside->s, beside->of, name, text);
}

static json_t *taxonomy_of(struct sarif *s, const json_t *policy)
{
        struct report_text *out = s->out;
        const char *id = report_string(out, policy, "id"), *sha256 = report_string(out, policy, "sha256");
        const char *const parts[] = { "policy", id, sha256 };
        struct beside beside = { s, NULL };
        char uuid[REPORT_UUID_SIZE];
        report_uuid(out, parts, sizeof parts / sizeof *parts, uuid);
        json_t *taxonomy = append_new(s, s->taxonomies, json_object());
        report_put_line(out, taxonomy, "name", id);
        report_put(out, taxonomy, "guid", json_string(uuid));
        put_message(s, taxonomy, "shortDescription", report_string(out, policy, "title"));
        put_property(s, taxonomy, "sha256", sha256);
        beside.of = taxonomy;
        report_each_beside(out, policy, REPORT_ENGLISH, put_beside, &beside);
        put_property(s, taxonomy, "provisional", report_flag(out, policy, "provisional") ? "yes" : "no");
        put_new(s, taxonomy, "taxa", json_array());
        return taxonomy;
}

/* What points from a rule or result to its requirement in the taxonomy made last. */
static void put_taxon(struct sarif *s, json_t *reference, const json_t *taxonomy)
{
        size_t taxa = json_array_size(json_object_get(taxonomy, "taxa"));
        const json_t *last = json_array_get(json_object_get(taxonomy, "taxa"), taxa - 1);
        report_put(s->out, reference, "id", json_incref(json_object_get(last, "id")));
        report_put(s->out, reference, "index", json_integer((json_int_t)taxa - 1));
        json_t *component = put_new(s, reference, "toolComponent", json_object());
        report_put(s->out, component, "name", json_incref(json_object_get(taxonomy, "name")));
        report_put(s->out, component, "index", json_integer((json_int_t)json_array_size(s->taxonomies) - 1));
}

static void add_requirement(
        struct sarif *s, json_t *taxonomy, const json_t *policy, const json_t *requirement)
{
        REPORT_TEXT(aside);
        struct report_text *out = s->out;
        enum report_outcome outcome = report_outcome(out, requirement);
        char first[REPORT_NAME_SIZE], second[REPORT_NAME_SIZE], id[2 * REPORT_NAME_SIZE + 2];
        report_name(report_string(out, policy, "id"), first);
        report_name(report_string(out, requirement, "id"), second);
        snprintf(id, sizeof id, "%s/%s", first, second);

        json_t *taxon = append_new(s, json_object_get(taxonomy, "taxa"), json_object());
        report_put_line(out, taxon, "id", report_string(out, requirement, "id"));
        put_message(s, taxon, "shortDescription", report_string(out, requirement, "text"));
        put_joined(s, taxon, "fullDescription", report_string(out, requirement, "source"), ", ",
                report_string(out, requirement, "section"));

        json_t *rule = add_rule(s, id, report_string(out, requirement, "text"));
        put_message(s, rule, "help", report_string(out, requirement, "remedy"));
        put_property(s, rule, "level", report_string(out, requirement, "level"));
        put_property(s, rule, "keyword", report_is_shall(out, requirement) ? "SHALL" : "SHOULD");
        put_property(s, rule, "wordingConfirmed", report_flag(out, requirement, "verified") ? "yes" : "no");
        put_property(s, rule, "predicate", report_string(out, requirement, "predicate"));
        put_property(s, rule, "responsible", report_string(out, requirement, "responsible"));
        json_t *relation = append_new(s, put_new(s, rule, "relationships", json_array()), json_object());
        put_taxon(s, put_new(s, relation, "target", json_object()), taxonomy);

        json_t *made = add_result(s, id, outcome_kinds[outcome],
                report_is_shall(out, requirement) ? "error" : "warning",
                report_whose(out, s->report, requirement),
                report_verdict(out, s->report, policy, requirement, &aside));
        put_taxon(s, append_new(s, put_new(s, made, "taxa", json_array()), json_object()), taxonomy);
}

static void add_policy(struct sarif *s, const json_t *policy)
{
        const json_t *requirements = report_array(s->out, policy, "requirements");
        json_t *taxonomy = taxonomy_of(s, policy);
        for (size_t i = 0; i < json_array_size(requirements); i++)
                add_requirement(s, taxonomy, policy, json_array_get(requirements, i));
}

/* ---- what is neither: where policies disagree, and caveats ---- */

static void add_disagreements(struct sarif *s)
{
        static const char id[] = "disagreement";
        const json_t *disagreements = report_array(s->out, s->report, "disagreements");
        if (json_array_size(disagreements))
                (void)add_rule(s, id, "Two policies judge the same authenticator differently.");
        for (size_t i = 0; i < json_array_size(disagreements); i++) {
                REPORT_TEXT(message);
                const json_t *disagreement = json_array_get(disagreements, i);
                const char *topic = report_string(s->out, disagreement, "topic");
                report_text_add(&message, topic);
                report_text_add(&message, ": ");
                report_text_add(&message, report_string(s->out, disagreement, "text"));
                if (report_has_bound(s->out, s->report, disagreement))
                        report_add_caveat(s->out, s->report, &message);
                json_t *made =
                        add_result(s, id, "informational", "none", s->target, report_end(s->out, &message));
                /* Several results of one rule: the topic tells them apart. */
                report_put(s->out, made, "fingerprints", json_object());
                report_put_line(s->out, json_object_get(made, "fingerprints"), "mitome/v1", topic);
        }
}

/* Which caveats say that the run itself went wrong. */
static const char *level_of(const char *caveat)
{
        return strcmp(caveat, "target_failed") == 0 ? "error" : "note";
}

/* A run under which the target failed did not do all that it set out to do. */
static void put_invocation(struct sarif *s, json_t *run)
{
        const json_t *caveats = report_array(s->out, s->report, "caveats");
        const json_t *probes = report_array(s->out, s->report, "probes");
        json_t *invocation = append_new(s, put_new(s, run, "invocations", json_array()), json_object());
        bool whole = true;
        for (size_t i = 0; i < json_array_size(probes); i++)
                whole &= report_result(s->out, json_array_get(probes, i)) != REPORT_TARGET_FAILED;
        report_put(s->out, invocation, "executionSuccessful", json_boolean(whole));
        report_put_line(s->out, invocation, "startTimeUtc", report_time(s->out, s->report));
        json_t *notifications = put_new(s, invocation, "toolExecutionNotifications", json_array());
        for (size_t i = 0; i < json_array_size(caveats); i++) {
                const json_t *caveat = json_array_get(caveats, i);
                const char *id = report_string(s->out, caveat, "id");
                json_t *notification = append_new(s, notifications, json_object());
                report_put_line(s->out, put_new(s, notification, "descriptor", json_object()), "id", id);
                report_put(s->out, notification, "level", json_string(level_of(id)));
                put_message(s, notification, "message", report_string(s->out, caveat, "text"));
        }
}

mitome_status evaluation_sarif(const json_t *report, struct report_text *out, mitome_error *error)
{
        const json_t *tool = report_object(out, report, "tool");
        const json_t *target = report_object(out, report, "target");
        struct sarif s = { .out = out, .report = report, .target = report_string(out, target, "name") };
        const json_t *probes = report_array(out, report, "probes");
        const json_t *policies = report_array(out, report, "policies");
        slice written;
        json_t *whole = json_object();
        report_put(out, whole, "$schema", json_string(schema_name));
        report_put(out, whole, "version", json_string("2.1.0"));
        json_t *run = append_new(&s, put_new(&s, whole, "runs", json_array()), json_object());
        json_t *driver = put_new(&s, put_new(&s, run, "tool", json_object()), "driver", json_object());
        report_put_line(out, driver, "name", report_string(out, tool, "name"));
        report_put_line(out, driver, "version", report_string(out, tool, "version"));
        s.rules = put_new(&s, driver, "rules", json_array());
        put_joined(&s, put_new(&s, run, "automationDetails", json_object()), "description", "Evaluation of ",
                report_string(out, target, "description"), "");
        put_property(&s, run, "simulated", report_flag(out, target, "simulated") ? "yes" : "no");
        put_invocation(&s, run);
        s.taxonomies = put_new(&s, run, "taxonomies", json_array());
        s.results = put_new(&s, run, "results", json_array());
        for (size_t i = 0; i < json_array_size(probes); i++)
                add_probe(&s, json_array_get(probes, i));
        for (size_t i = 0; i < json_array_size(policies); i++)
                add_policy(&s, json_array_get(policies, i));
        add_disagreements(&s);
        report_text_json(out, whole);
        report_text_add(out, "\n");
        json_decref(whole);
        return report_text_finish(out, &written, error);
}
