/* SPDX-License-Identifier: Apache-2.0 */
/* report.json: made of findings, evidence and policies; the same inputs give the same bytes. */
#include "evaluation_report.h"

#include "digest.h"
#include "evidence_folder.h"
#include "hex_text.h"
#include "report_html.h"
#include "report_junit.h"
#include "report_oscal.h"
#include "report_sarif.h"
#include "report_xccdf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* {1: ["FIDO_2_1"], 3: aaguid, 4: {"uv": true, "clientPin": true}, 9: ["usb"], 13: 4, 18: 2} */
static const char get_info[] =
        "a60181684649444f5f325f31035000112233445566778899aabbccddeeff04a2627576f569636c69656e7450696ef50981637573620d041202";

static char folder[] = "/tmp/mitome-report-XXXXXX";

/* ---- inputs ---- */

static json_t *make_target(void)
{
        return json_pack("{s:s, s:s, s:b, s:[s], s:s}", "name", "self", "kind", "self", "simulated", 0,
                "abilities", "ctap", "get_info", get_info);
}

static json_t *make_probe(const char *id, const char *result, const char *why, json_t *found)
{
        return json_pack(
                "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:s, s:[], s:n, s:[{s:s}], s:i, s:s, s:o}",
                "id", id, "title", "t", "title_ja", "t", "attack", "a", "attack_ja", "a", "must", "m",
                "must_ja", "m", "responsible", "element", "destructive", 0, "result", result, "why", why,
                "facts", "evidence", "steps", "note", id, "steps_omitted", 0, "replay",
                "mitome evaluate --replay", "found", found);
}

static json_t *make_found(const char *name, json_t *value)
{
        return json_pack(
                "{s:s, s:s, s:b, s:o}", "name", name, "obtained", "observed", "partial", 0, "value", value);
}

static json_t *make_probes(void)
{
        json_t *probes = json_array();
        json_array_append_new(probes, make_probe("P07", "holds", "it locked",
                                              json_pack("[o, o]", make_found("pin.tries", json_integer(3)),
                                                      make_found("pin.length_least", json_integer(4)))));
        json_array_append_new(probes, make_probe("P04", "holds", "refused",
                                              json_pack("[o]", make_found("op.bound_to_data", json_true()))));
        json_array_append_new(
                probes, make_probe("P20", "not testable here", "--destructive allows that", json_array()));
        return probes;
}

static void write_text(const char *name, const char *text)
{
        char path[256];
        snprintf(path, sizeof path, "%s/%s", folder, name);
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
        assert_int_equal(fclose(file), 0);
}

static char path_evidence[256], path_more[256];

static int open_folder(void **state)
{
        (void)state;
        assert_non_null(mkdtemp(folder));
        snprintf(path_evidence, sizeof path_evidence, "%s/evidence.json", folder);
        snprintf(path_more, sizeof path_more, "%s/more.json", folder);
        write_text("cc.txt", "certificate\n");
        write_text("report.json",
                "{\"source\": \"grown:1\", \"synthetic\": true, \"complete\": true, \"fmr\": {\"errors\": 0, \"trials\": 30135, \"rate\": 0.0}, \"fnmr\": {\"errors\": 9, \"trials\": 492},\n \"thresholds\": [{\"threshold\": 24, \"fmr\": {\"errors\": 1, \"trials\": 1000}, \"fnmr\": {\"errors\": 30, \"trials\": 1000}}]}\n");
        write_text("evidence.json",
                "{\"mitome_evidence\": 1, \"items\": [\n {\"kind\": \"common-criteria\", \"certificate\": \"CC-1\", \"ava_van\": 5, \"document\": \"cc.txt\"},\n {\"kind\": \"measurement\", \"document\": \"report.json\"},\n {\"kind\": \"facts\", \"facts\": {\"pin.tries\": 8, \"uv.tries\": \"five\"}}]}\n");
        write_text("more.json",
                "{\"mitome_evidence\": 1, \"items\": [{\"kind\": \"emv\", \"expires\": \"2026-11-21\"}]}\n");
        return 0;
}

static int remove_folder(void **state)
{
        static const char *const names[] = { "cc.txt", "second.txt", "report.json", "evidence.json",
                "more.json" };
        char path[256];
        (void)state;
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
                snprintf(path, sizeof path, "%s/%s", folder, names[i]);
                unlink(path);
        }
        return rmdir(folder);
}

/* ---- policies that ship ---- */

enum { POLICY_MAX = 1 << 17, SHIPPED = 4 };

static const char *const shipped[SHIPPED] = { "nist-800-63b-4", "nist-800-63b-3", "android-cdd",
        "first-summary" };
static char policy_bytes[SHIPPED][POLICY_MAX];
static struct evaluation_policy_file policies[SHIPPED];

static void load_policies(void)
{
        const char *place = getenv("MITOME_POLICIES");
        assert_non_null(place);
        for (size_t i = 0; i < SHIPPED; i++) {
                char path[512];
                snprintf(path, sizeof path, "%s/%s.json", place, shipped[i]);
                FILE *file = fopen(path, "re");
                assert_non_null(file);
                size_t size = fread(policy_bytes[i], 1, POLICY_MAX, file);
                fclose(file);
                assert_in_range(size, 1, POLICY_MAX - 1);
                policies[i] = (struct evaluation_policy_file){ shipped[i], slice_of(policy_bytes[i], size) };
        }
}

/* ---- reports ---- */

struct given {
        json_t *target, *probes;
        const char *evidence[2];
        struct evaluation_input input;
};

static void give(struct given *given)
{
        load_policies();
        *given = (struct given){
                .target = make_target(), .probes = make_probes(), .evidence = { path_evidence, path_more }
        };
        given->input = (struct evaluation_input){ .version = "0.1.0",
                .at = "2026-11-22T10:00:00Z",
                .target = given->target,
                .probes = given->probes,
                .evidence = given->evidence,
                .evidence_count = 2,
                .policies = policies,
                .policy_count = SHIPPED };
}

static void drop(struct given *given)
{
        json_decref(given->target);
        json_decref(given->probes);
}

static json_t *report_of(const struct evaluation_input *input)
{
        json_t *report = NULL;
        const char *wrong = NULL;
        mitome_error error = { 0 };
        mitome_status status = evaluation_report(input, &report, &wrong, &error);
        if (status.code != MITOME_OK) {
                char text[512];
                mitome_explain(&error, text, sizeof text);
                fail_msg("%s: %s", wrong ? wrong : "", text);
        }
        assert_non_null(report);
        return report;
}

static mitome_code refusal_of(const struct evaluation_input *input, const char *expected_wrong)
{
        json_t *report = NULL;
        const char *wrong = "";
        mitome_code code = evaluation_report(input, &report, &wrong, NULL).code;
        assert_null(report);
        if (expected_wrong)
                assert_string_equal(wrong, expected_wrong);
        else
                assert_null(wrong);
        return code;
}

static const json_t *named(const json_t *array, const char *member, const char *name)
{
        size_t i;
        const json_t *one;
        json_array_foreach(array, i, one)
        {
                const char *text = json_string_value(json_object_get(one, member));
                if (text && strcmp(text, name) == 0)
                        return one;
        }
        return NULL;
}

static const char *text_of(const json_t *of, const char *name)
{
        const char *text = json_string_value(json_object_get(of, name));
        return text ? text : "(none)";
}

/* ---- tests ---- */

static void the_same_inputs_give_the_same_bytes_in_whatever_order(void **state)
{
        struct given given;
        REPORT_TEXT(first);
        REPORT_TEXT(second);
        slice one, other;
        (void)state;
        give(&given);
        json_t *report = report_of(&given.input);
        report_text_file(&first, report);
        assert_false(failed(report_text_finish(&first, &one, NULL)));
        json_decref(report);

        /* Everything the other way round, a policy and a file twice. */
        struct evaluation_policy_file turned[SHIPPED + 1] = { policies[3], policies[2], policies[1],
                policies[0], policies[1] };
        const char *files[] = { path_more, path_evidence, path_more };
        json_t *probes = json_array();
        for (size_t i = json_array_size(given.probes); i > 0; i--)
                json_array_append(probes, json_array_get(given.probes, i - 1));
        given.input.policies = turned;
        given.input.policy_count = SHIPPED + 1;
        given.input.evidence = files;
        given.input.evidence_count = 3;
        given.input.probes = probes;
        report = report_of(&given.input);
        report_text_file(&second, report);
        assert_false(failed(report_text_finish(&second, &other, NULL)));
        assert_int_equal(one.size, other.size);
        assert_memory_equal(one.data, other.data, one.size);
        json_decref(report);
        json_decref(probes);
        drop(&given);
}

static void a_report_has_its_members_in_order(void **state)
{
        static const char *const members[] = { "mitome_report", "tool", "at", "target", "caveats", "evidence",
                "facts", "probes", "policies", "disagreements", "guess_budget", "det" };
        struct given given;
        const char *name;
        json_t *value;
        size_t i = 0;
        (void)state;
        give(&given);
        json_t *report = report_of(&given.input);
        json_object_foreach(report, name, value) assert_string_equal(name, members[i++]);
        assert_int_equal(i, sizeof members / sizeof members[0]);
        const json_t *target = json_object_get(report, "target");
        assert_null(json_object_get(target, "get_info"));
        assert_string_equal(text_of(target, "aaguid"), "00112233445566778899aabbccddeeff");
        assert_string_equal(
                json_string_value(json_array_get(json_object_get(target, "versions"), 0)), "FIDO_2_1");
        assert_string_equal(
                json_string_value(json_array_get(json_object_get(target, "transports"), 0)), "usb");
        assert_null(json_object_get(json_array_get(json_object_get(report, "probes"), 0), "found"));
        json_decref(report);
        drop(&given);
}

static void what_was_seen_counts_before_what_is_said_and_both_are_told(void **state)
{
        struct given given;
        (void)state;
        give(&given);
        json_t *report = report_of(&given.input);
        const json_t *facts = json_object_get(report, "facts"), *caveats = json_object_get(report, "caveats");
        const json_t *tries = named(facts, "name", "pin.tries");
        assert_int_equal(json_integer_value(json_object_get(tries, "value")), 3);
        assert_string_equal(text_of(tries, "obtained"), "observed");
        assert_string_equal(text_of(tries, "from"), "P07");
        assert_string_equal(text_of(named(caveats, "id", "contradiction"), "text"),
                "pin.tries: declared 8 (statement), observed 3 (P07): the device does not do what it says; by this value it is better.");
        const json_t *unusable = named(facts, "name", "uv.tries");
        assert_string_equal(text_of(unusable, "obtained"), "unusable");
        assert_string_equal(text_of(unusable, "why"), "a number is wanted, not \"five\"");
        assert_true(json_is_null(json_object_get(unusable, "value")));
        const json_t *emv = named(facts, "name", "model.emv");
        assert_string_equal(text_of(emv, "why"), "it ended on 2026-11-21");
        const json_t *offered = named(facts, "name", "pin.offered");
        assert_string_equal(text_of(offered, "obtained"), "declared");
        assert_string_equal(text_of(offered, "from"), "getInfo");
        json_decref(report);
        drop(&given);
}

/* The worse of two counts, and both are told, whichever was seen. */
static void what_is_worse_counts_and_both_are_told(void **state)
{
        static const struct {
                const char *fact, *facts, *obtained, *caveat, *text;
                bool partial;
        } table[] = {
                { "op.intent", "\"op.intent\": false", "declared", "contradiction",
                        "op.intent: declared no (statement), observed yes (P60): what was seen is better than what is said; the worse one counts.",
                        false },
                { "uv.local", "\"uv.local\": false", "declared", "contradiction",
                        "uv.local: declared no (statement), observed in part yes (P60): what was seen is better than what is said; the worse one counts.",
                        true },
                { "uv.local", "\"uv.local\": true", "observed", NULL, NULL, true },
        };
        struct given given;
        (void)state;
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
                char text[256];
                snprintf(text, sizeof text,
                        "{\"mitome_evidence\": 1, \"items\": [{\"kind\": \"facts\", \"facts\": {%s}}]}",
                        table[i].facts);
                write_text("more.json", text);
                give(&given);
                json_t *found = make_found(table[i].fact, json_true());
                json_object_set_new(found, "partial", json_boolean(table[i].partial));
                json_array_append_new(given.probes, make_probe("P60", "holds", "", json_pack("[o]", found)));
                given.input.evidence = given.evidence + 1;
                given.input.evidence_count = 1;
                json_t *report = report_of(&given.input);
                const json_t *fact = named(json_object_get(report, "facts"), "name", table[i].fact);
                assert_string_equal(text_of(fact, "obtained"), table[i].obtained);
                assert_int_equal(json_is_true(json_object_get(fact, "value")), table[i].caveat == NULL);
                const json_t *caveat = named(json_object_get(report, "caveats"), "id", "contradiction");
                if (table[i].caveat)
                        assert_string_equal(text_of(caveat, "text"), table[i].text);
                else
                        assert_null(caveat);
                json_decref(report);
                drop(&given);
        }
        write_text("more.json",
                "{\"mitome_evidence\": 1, \"items\": [{\"kind\": \"emv\", \"expires\": \"2026-11-21\"}]}\n");
}

static void a_report_says_what_it_rests_on(void **state)
{
        static const char *const ids[] = { "simulated", "contradiction", "evidence_unused", "unusable",
                "independence", "synthetic", "not_run", "declared" };
        struct given given;
        size_t i;
        const json_t *fact;
        (void)state;
        give(&given);
        json_object_set_new(given.target, "simulated", json_true());
        json_t *report = report_of(&given.input);
        for (i = 0; i < sizeof ids / sizeof ids[0]; i++) {
                const json_t *caveat = named(json_object_get(report, "caveats"), "id", ids[i]);
                if (!caveat)
                        fail_msg("no caveat %s", ids[i]);
                assert_true(strlen(text_of(caveat, "text")) > 20 && strlen(text_of(caveat, "text_ja")) > 20);
        }
        assert_string_equal(
                text_of(json_array_get(json_object_get(report, "caveats"), 0), "id"), "simulated");
        /* Each rate has its bound and, beside it, what the bound rests on. */
        json_array_foreach(
                json_object_get(report, "facts"), i, fact) if (strcmp(text_of(fact, "type"), "rate") == 0)
                assert_string_equal(json_string_value(json_array_get(json_object_get(fact, "caveats"), 0)),
                        "independence");
        const json_t *fmr = named(json_object_get(report, "facts"), "name", "uv.fmr");
        assert_string_equal(text_of(json_object_get(fmr, "value"), "upper_95"), "0.0000994055");
        json_decref(report);

        /* Of a device that is none of ours nothing of the kind is said. */
        json_object_set_new(given.target, "simulated", json_false());
        report = report_of(&given.input);
        assert_null(named(json_object_get(report, "caveats"), "id", "simulated"));
        json_decref(report);
        drop(&given);
}

/* Comparisons are no transactions: as many as one has tries make one. */
static void comparisons_make_as_many_transactions_as_they_suffice_for(void **state)
{
        static const struct {
                const char *tries;
                json_int_t count, transactions; /* 0: nothing is known of them */
        } rows[] = { { "uv.tries", 5, 6027 }, { "uv.tries", 4, 7533 }, { "uv.tries", 1, 30135 },
                { "uv.tries", 30135, 1 }, { "uv.tries", 30136, 0 }, { "uv.tries", 0, 0 },
                { "pin.tries", 3, 0 } };
        (void)state;
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                struct given given;
                give(&given);
                json_array_append_new(given.probes,
                        make_probe("P06", "holds", "it waits",
                                json_pack("[o]", make_found(rows[i].tries, json_integer(rows[i].count)))));
                json_t *report = report_of(&given.input);
                const json_t *far = named(json_object_get(report, "facts"), "name", "uv.far");
                const json_t *caveat = named(json_object_get(report, "caveats"), "id", "transactions");
                assert_int_equal(far != NULL, rows[i].transactions > 0);
                assert_int_equal(caveat != NULL, rows[i].transactions > 0);
                if (far) {
                        const json_t *value = json_object_get(far, "value");
                        assert_int_equal(
                                json_integer_value(json_object_get(value, "trials")), rows[i].transactions);
                        assert_int_equal(json_integer_value(json_object_get(value, "errors")), 0);
                        assert_string_equal(text_of(far, "from"), "uv.fmr, uv.tries");
                        assert_string_equal(text_of(far, "obtained"), "measured");
                }
                json_decref(report);
                drop(&given);
        }
}

static json_t *make_rate(json_int_t errors, json_int_t trials)
{
        return json_pack("{s:I, s:I}", "errors", errors, "trials", trials);
}

/* A probe that found one more thing, given to a report. */
static void add_found(struct given *given, const char *id, const char *name, json_t *value)
{
        json_array_append_new(
                given->probes, make_probe(id, "holds", "", json_pack("[o]", make_found(name, value))));
}

static void an_artefact_that_opened_it_is_told(void **state)
{
        static const json_int_t errors[] = { 0, 4 };
        (void)state;
        for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
                struct given given;
                give(&given);
                add_found(&given, "P11", "uv.iapar", make_rate(errors[i], 4));
                json_t *report = report_of(&given.input);
                const json_t *caveat = named(json_object_get(report, "caveats"), "id", "artefacts");
                assert_int_equal(caveat != NULL, errors[i] > 0);
                if (caveat) {
                        assert_non_null(strstr(text_of(caveat, "text"), "4 of 4"));
                        assert_non_null(strstr(text_of(caveat, "text_ja"), "4回"));
                }
                json_decref(report);
                drop(&given);
        }
}

/* One evidence item beside what probes found. */
static json_t *report_beside(struct given *given, const char *item)
{
        char text[512];
        snprintf(text, sizeof text, "{\"mitome_evidence\": 1, \"items\": [%s]}\n", item);
        write_text("more.json", text);
        given->input.evidence = given->evidence + 1;
        given->input.evidence_count = 1;
        json_t *report = report_of(&given->input);
        write_text("more.json",
                "{\"mitome_evidence\": 1, \"items\": [{\"kind\": \"emv\", \"expires\": \"2026-11-21\"}]}\n");
        return report;
}

#define WITNESSED "{\"kind\": \"facts\", \"by\": \"N. N.\", \"document\": \"cc.txt\", "

/* 500 of 10,000 comparisons fail: no word about transactions, or about comparisons, hides that. */
static void no_word_hides_a_measurement_that_fails(void **state)
{
        static const struct {
                const char *item, *fact;
                json_int_t errors, trials;
                const char *contradiction;
        } rows[] = {
                { "{\"kind\": \"facts\", \"facts\": {\"uv.far\": {\"errors\": 0, \"trials\": 1000000}}}",
                        "uv.far", 500, 2000, "contradiction" },
                { "{\"kind\": \"facts\", \"facts\": {\"uv.far\": \"none\"}}", "uv.far", 500, 2000,
                        "unusable" },
                { WITNESSED
                        "\"obtained\": \"measured\", \"facts\": {\"uv.far\": {\"errors\": 1, \"trials\": 10}}}",
                        "uv.far", 1, 10, NULL },
                { WITNESSED
                        "\"obtained\": \"measured\", \"facts\": {\"uv.far\": {\"errors\": 0, \"trials\": 1000000}}}",
                        "uv.far", 500, 2000, "sources_differ" },
                { WITNESSED
                        "\"obtained\": \"measured\", \"facts\": {\"uv.far\": {\"errors\": 9, \"trials\": 10}}}",
                        "uv.far", 9, 10, "sources_differ" },
                { WITNESSED
                        "\"obtained\": \"measured\", \"partial\": true, \"facts\": {\"uv.far\": {\"errors\": 0, \"trials\": 10000}}}",
                        "uv.far", 500, 2000, "sources_differ" },
                { WITNESSED
                        "\"obtained\": \"observed\", \"facts\": {\"uv.fmr\": {\"errors\": 0, \"trials\": 1000000}}}",
                        "uv.fmr", 500, 10000, "sources_differ" },
        };
        (void)state;
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                struct given given;
                give(&given);
                add_found(&given, "P06", "uv.tries", json_integer(5));
                add_found(&given, "P12", "uv.fmr", make_rate(500, 10000));
                json_t *report = report_beside(&given, rows[i].item);
                const json_t *caveats = json_object_get(report, "caveats");
                const json_t *fact = named(json_object_get(report, "facts"), "name", rows[i].fact);
                const json_t *value = json_object_get(fact, "value");
                assert_string_equal(text_of(fact, "obtained"), "measured");
                assert_int_equal(json_integer_value(json_object_get(value, "errors")), rows[i].errors);
                assert_int_equal(json_integer_value(json_object_get(value, "trials")), rows[i].trials);
                if (rows[i].contradiction)
                        assert_non_null(named(caveats, "id", rows[i].contradiction));
                /* It is said to be counted where that is what counts. */
                assert_int_equal(named(caveats, "id", "transactions") != NULL, rows[i].trials != 10);
                json_decref(report);
                drop(&given);
        }
}

/* What hardware alone can make true is true of no simulation, whoever says so; what speaks against it is. */
static void a_simulation_passes_for_no_hardware(void **state)
{
        static const struct {
                const char *fact, *value;
                bool simulated, usable;
        } rows[] = { { "model.key_protection", "\"secure_element\"", true, false },
                { "model.key_protection", "\"secure_element\"", false, true },
                { "model.key_protection", "\"software\"", true, true }, { "model.ava_van", "5", true, false },
                { "model.ava_van", "0", true, true }, { "pin.in_hardware", "true", true, false },
                { "pin.in_hardware", "false", true, true }, { "pin.tries", "3", true, true } };
        (void)state;
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                struct given given;
                char item[256];
                give(&given);
                json_object_set_new(given.target, "simulated", json_boolean(rows[i].simulated));
                snprintf(item, sizeof item, WITNESSED "\"obtained\": \"observed\", \"facts\": {\"%s\": %s}}",
                        rows[i].fact, rows[i].value);
                json_t *report = report_beside(&given, item);
                const json_t *fact = named(json_object_get(report, "facts"), "name", rows[i].fact);
                assert_string_equal(text_of(fact, "obtained"), rows[i].usable ? "observed" : "unusable");
                assert_int_equal(json_is_null(json_object_get(fact, "value")), !rows[i].usable);
                assert_int_equal(json_object_get(fact, "why_ja") != NULL, !rows[i].usable);
                json_decref(report);
                drop(&given);
        }
}

/* The digest of each piece, computed again. */
static void evidence_is_named_by_its_digest(void **state)
{
        static const char certificate[] = "certificate\n";
        const slice content = slice_text(certificate);
        uint8_t digest[SHA256_SIZE], digits[2 * SHA256_SIZE + 1] = { 0 };
        writer w = writer_over(digits, 2 * SHA256_SIZE);
        struct given given;
        (void)state;
        give(&given);
        json_t *report = report_of(&given.input);
        const json_t *evidence = json_object_get(report, "evidence");
        const json_t *info = json_array_get(evidence, 0);
        assert_string_equal(text_of(info, "id"), "E01");
        assert_string_equal(text_of(info, "what"), "getInfo");
        assert_string_equal(text_of(info, "bytes"), get_info);
        const json_t *cc = named(evidence, "what", "Common Criteria certificate CC-1: cc.txt");
        sha256(&content, 1, digest);
        hex_text_write(&w, SLICE(digest));
        assert_string_equal(text_of(cc, "sha256"), (const char *)digits);
        assert_int_equal(json_integer_value(json_object_get(cc, "size")), content.size);
        assert_true(json_is_null(json_object_get(cc, "bytes")));
        const json_t *van = named(json_object_get(report, "facts"), "name", "model.ava_van");
        assert_string_equal(
                json_string_value(json_array_get(json_object_get(van, "evidence"), 0)), text_of(cc, "id"));
        /* A trace is its probe's evidence. */
        const json_t *probe = named(json_object_get(report, "probes"), "id", "P07");
        assert_string_equal(
                text_of(named(evidence, "id", text_of(probe, "evidence")), "what"), "trace of P07");
        json_decref(report);
        drop(&given);
}

/* The four digits of the card: revision 3 does not take them, revision 4 does. */
static void policies_that_disagree_are_set_side_by_side(void **state)
{
        struct given given;
        (void)state;
        give(&given);
        json_t *report = report_of(&given.input);
        const json_t *topic = named(json_object_get(report, "disagreements"), "topic", "PINLEN");
        assert_non_null(topic);
        const json_t *three = named(json_object_get(topic, "sides"), "policy", "nist-800-63b-3");
        const json_t *four = named(json_object_get(topic, "sides"), "policy", "nist-800-63b-4");
        assert_string_equal(text_of(three, "outcome"), "not satisfied");
        assert_string_equal(text_of(four, "outcome"), "satisfied");
        assert_non_null(strstr(text_of(topic, "text"), "nist-800-63b-3 demands"));
        assert_non_null(strstr(text_of(topic, "text"), "pin.length_least is 4"));
        assert_non_null(strstr(text_of(topic, "text_ja"), "必須"));
        json_decref(report);
        drop(&given);
}

/* Applied, the changes lift the device: the fact of each is given as it has to be. */
static void the_changes_that_are_advised_lift_the_device(void **state)
{
        struct given given;
        size_t i, lifted = 0;
        const json_t *policy;
        (void)state;
        give(&given);
        json_t *report = report_of(&given.input);
        json_array_foreach(json_object_get(report, "policies"), i, policy)
        {
                const json_t *changes = json_object_get(policy, "changes"), *change;
                const char *next = json_string_value(json_object_get(policy, "next"));
                size_t j;
                if (!next)
                        continue;
                assert_true(json_is_true(json_object_get(policy, "changes_least")));
                assert_true(json_array_size(changes) > 0);
                json_t *probes = json_deep_copy(given.probes), *found = json_array();
                json_array_foreach(changes, j, change)
                {
                        const char *fact = text_of(change, "fact"), *to = text_of(change, "to");
                        json_t *value;
                        if (strcmp(to, "yes") == 0 || strcmp(to, "no") == 0)
                                value = json_boolean(strcmp(to, "yes") == 0);
                        else if (strncmp(to, "under ", 6) == 0)
                                value = json_pack("{s:i, s:i}", "errors", 0, "trials", 100000000);
                        else if (*to >= '0' && *to <= '9')
                                value = json_integer(strtol(to, NULL, 10));
                        else
                                value = json_stringn(to, strcspn(to, ", "));
                        if (strstr(text_of(change, "to"), " or fewer"))
                                assert_true(json_is_integer(value));
                        json_array_append_new(found, make_found(fact, value));
                }
                /* What the probes saw of these facts is replaced. */
                size_t k, f;
                json_t *probe;
                json_array_foreach(probes, k, probe)
                {
                        json_t *old = json_object_get(probe, "found");
                        for (f = json_array_size(old); f > 0; f--)
                                if (named(changes, "fact", text_of(json_array_get(old, f - 1), "name")))
                                        json_array_remove(old, f - 1);
                }
                json_array_append_new(probes, make_probe("P99", "holds", "changed", found));
                struct evaluation_input input = given.input;
                input.probes = probes;
                json_t *again = report_of(&input);
                const json_t *same = named(json_object_get(again, "policies"), "id", text_of(policy, "id"));
                const json_t *level;
                bool reached = false;
                json_array_foreach(json_object_get(same, "levels"), j, level)
                {
                        reached = reached || strcmp(json_string_value(level), next) == 0;
                        if (reached && strcmp(json_string_value(level), text_of(same, "level")) == 0)
                                break;
                }
                if (j == json_array_size(json_object_get(same, "levels")))
                        fail_msg("%s: %s is not reached but %s", text_of(policy, "id"), next,
                                text_of(same, "level"));
                json_decref(again);
                json_decref(probes);
                lifted++;
        }
        assert_true(lifted >= 2);
        json_decref(report);
        drop(&given);
}

/* A policy is what it says of itself; what of it was not confirmed is said of each requirement. */
static void a_policy_that_is_provisional_says_so(void **state)
{
        static const char confirmed[] =
                "{\"id\": \"p\", \"title\": \"t\", \"levels\": [\"L\"], \"requirements\": [{\"id\": \"A\", \"level\": \"L\", \"source\": \"s\", \"section\": \"1\", \"keyword\": \"SHALL\", \"predicate\": \"pin.offered\", \"verified\": true}]}";
        static const char open[] =
                "{\"id\": \"p\", \"title\": \"t\", \"levels\": [\"L\"], \"requirements\": [{\"id\": \"A\", \"level\": \"L\", \"source\": \"s\", \"section\": \"1\", \"keyword\": \"SHALL\", \"predicate\": \"pin.offered\", \"verified\": false}]}";
        static const char provisional[] =
                "{\"id\": \"p\", \"title\": \"t\", \"provisional\": true, \"levels\": [\"L\"], \"requirements\": [{\"id\": \"A\", \"level\": \"L\", \"source\": \"s\", \"section\": \"1\", \"keyword\": \"SHALL\", \"predicate\": \"pin.offered\", \"verified\": false}]}";
        const char *const texts[] = { confirmed, provisional, open };
        struct given given;
        (void)state;
        give(&given);
        for (size_t i = 0; i < 3; i++) {
                const struct evaluation_policy_file file = { "p.json", slice_text(texts[i]) };
                given.input.policies = &file;
                given.input.policy_count = 1;
                json_t *report = report_of(&given.input);
                const json_t *policy = json_array_get(json_object_get(report, "policies"), 0);
                assert_int_equal(json_is_true(json_object_get(policy, "provisional")), i == 1);
                const json_t *asked = json_array_get(json_object_get(policy, "requirements"), 0);
                assert_int_equal(json_is_true(json_object_get(asked, "verified")), i == 0);
                assert_string_equal(text_of(policy, "level"), "L");
                assert_true(json_is_null(json_object_get(policy, "changes")));
                json_decref(report);
        }
        /* Two of one name are not told apart by a reader. */
        const struct evaluation_policy_file both[] = { { "p.json", slice_text(open) },
                { "q.json", slice_text(confirmed) } };
        given.input.policies = both;
        given.input.policy_count = 2;
        assert_int_equal(refusal_of(&given.input, NULL), MITOME_E_POLICY_ID_TWICE);
        drop(&given);
}

/* Beside a level stands what it rests on: its SHALLs that somebody only says to hold, and those of which a
 * part was seen. A SHOULD bars nothing, and what a higher level asks is not this one's. */
static void a_level_says_what_it_rests_on(void **state)
{
#define ONE(id, level, keyword, more, predicate)                                             \
        "{\"id\": \"" id "\", \"level\": \"" level "\", \"keyword\": \"" keyword "\", " more \
        "\"source\": \"s\", \"section\": \"1\", \"verified\": true, \"predicate\": \"" predicate "\"}"
        static const char text[] =
                "{\"id\": \"p\", \"title\": \"t\", \"levels\": [\"L1\", \"L2\", \"L3\"], \"requirements\": [" ONE(
                        "SEEN", "L1", "SHALL", "", "pin.tries <= 3") "," ONE("SAID", "L1", "SHALL", "",
                        "model.ava_van >= 5") "," ONE("OLD", "L1", "SHALL", "\"until\": \"L1\", ",
                        "pin.offered") "," ONE("WISH", "L2", "SHOULD", "", "pin.offered") "," ONE("PART",
                        "L2", "SHALL", "", "uv.local") "," ONE("MIXED", "L2", "SHALL", "",
                        "pin.tries <= 3 and pin.offered") "," ONE("HIGH", "L3", "SHALL", "",
                        "uv.offered") "," ONE("NONE", "L3", "SHALL", "", "op.intent") "]}";
#undef ONE
        const struct evaluation_policy_file file = { "p.json", slice_text(text) };
        struct given given;
        (void)state;
        give(&given);
        json_t *part = make_found("uv.local", json_true());
        json_object_set_new(part, "partial", json_true());
        json_array_append_new(given.probes, make_probe("P22", "partly", "", json_pack("[o]", part)));
        given.input.policies = &file;
        given.input.policy_count = 1;
        json_t *report = report_of(&given.input);
        const json_t *policy = json_array_get(json_object_get(report, "policies"), 0);
        assert_string_equal(text_of(policy, "level"), "L2");
        json_t *declared = json_pack("[s]", "SAID"), *partial = json_pack("[s, s]", "PART", "MIXED");
        assert_true(json_equal(json_object_get(policy, "declared"), declared));
        assert_true(json_equal(json_object_get(policy, "partial"), partial));
        json_decref(declared);
        json_decref(partial);
        json_decref(report);

        /* Of no level nothing is said. */
        json_array_append_new(given.probes,
                make_probe("P23", "broken", "", json_pack("[o]", make_found("pin.tries", json_integer(9)))));
        report = report_of(&given.input);
        policy = json_array_get(json_object_get(report, "policies"), 0);
        assert_true(json_is_null(json_object_get(policy, "level")));
        assert_int_equal(json_array_size(json_object_get(policy, "declared")), 0);
        assert_int_equal(json_array_size(json_object_get(policy, "partial")), 0);
        json_decref(report);
        drop(&given);
}

/* ---- what is refused ---- */

static void wrong_policies_and_files_are_refused_by_name(void **state)
{
        const struct evaluation_policy_file broken = { "broken.json", slice_text("{\"id\": 5}") };
        const char *const missing[] = { "/nonexistent/evidence.json" };
        struct given given;
        (void)state;
        give(&given);
        given.input.policies = &broken;
        given.input.policy_count = 1;
        assert_int_not_equal(refusal_of(&given.input, "broken.json"), MITOME_OK);
        drop(&given);
        give(&given);
        given.input.evidence = missing;
        given.input.evidence_count = 1;
        assert_int_equal(refusal_of(&given.input, missing[0]), MITOME_E_FILE_READ);
        drop(&given);
}

/* Before anything is attacked for its sake, and at its line. */
static void a_wrong_file_is_told_with_its_place(void **state)
{
        unsigned line = 7, column = 7;
        mitome_error error = { 0 };
        (void)state;
        assert_int_equal(evidence_folder_check(path_evidence, &line, &column, &error).code, MITOME_OK);
        assert_int_equal(line, 0);
        write_text("more.json", "{\"mitome_evidence\": 1,\n \"colour\": 5}");
        assert_int_equal(
                evidence_folder_check(path_more, &line, &column, &error).code, MITOME_E_EVALUATE_EVIDENCE);
        assert_int_equal(line, 2);
        assert_int_equal(column, 3);
        assert_int_equal(error.at, MITOME_NOWHERE);
        assert_int_equal(
                evidence_folder_check("/nonexistent", &line, &column, NULL).code, MITOME_E_FILE_READ);
        assert_int_equal(evidence_folder_check(folder, &line, &column, NULL).code, MITOME_E_FILE_READ);
        assert_int_equal(line, 0);
        /* More than a report can hold is told before anything is attacked. */
        FILE *claims = fopen(path_more, "we");
        assert_non_null(claims);
        fprintf(claims, "{\"mitome_evidence\": 1, \"items\": [");
        for (unsigned item = 0; item < 128; item++) {
                fprintf(claims, "%s{\"kind\": \"facts\", \"what\": \"%u\", \"facts\": {", item ? "," : "",
                        item);
                for (size_t id = 0; id < LEVEL_FACTS; id++)
                        fprintf(claims, "%s\"%s\": true", id ? "," : "",
                                level_fact_kind((enum level_fact_id)id)->name);
                fprintf(claims, "}}");
        }
        fprintf(claims, "]}");
        assert_int_equal(fclose(claims), 0);
        assert_int_equal(evidence_folder_check(path_more, &line, &column, NULL).code, MITOME_E_TOO_MANY);
        /* So long a file is none that a person wrote. */
        FILE *file = fopen(path_more, "we");
        assert_non_null(file);
        for (size_t i = 0; i <= EVIDENCE_FILE_MAX; i++)
                assert_int_equal(putc(' ', file), ' ');
        assert_int_equal(fclose(file), 0);
        assert_int_equal(evidence_folder_check(path_more, &line, &column, NULL).code, MITOME_E_FILE_READ);
        write_text("more.json",
                "{\"mitome_evidence\": 1, \"items\": [{\"kind\": \"emv\", \"expires\": \"2026-11-21\"}]}\n");
}

/* What gives no end, or no beginning, is no file; the rest of the evidence goes on. */
static void what_is_no_file_is_not_waited_for(void **state)
{
        static const char *const names[] = { "fifo", "zero", "loop" };
        char path[256];
        struct given given;
        (void)state;
        snprintf(path, sizeof path, "%s/fifo", folder);
        assert_int_equal(mkfifo(path, 0600), 0);
        snprintf(path, sizeof path, "%s/zero", folder);
        assert_int_equal(symlink("/dev/zero", path), 0);
        snprintf(path, sizeof path, "%s/loop", folder);
        assert_int_equal(symlink("loop", path), 0);
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
                const char *const files[] = { path };
                char text[256];
                unsigned line, column;
                snprintf(path, sizeof path, "%s/%s", folder, names[i]);
                assert_int_equal(evidence_folder_check(path, &line, &column, NULL).code, MITOME_E_FILE_READ);
                give(&given);
                given.input.evidence = files;
                given.input.evidence_count = 1;
                assert_int_equal(refusal_of(&given.input, path), MITOME_E_FILE_READ);
                drop(&given);
                snprintf(text, sizeof text,
                        "{\"mitome_evidence\": 1, \"items\": [{\"kind\": \"common-criteria\", \"ava_van\": 5, \"document\": \"%s\"}]}",
                        names[i]);
                write_text("more.json", text);
                give(&given);
                given.input.evidence = given.evidence + 1;
                given.input.evidence_count = 1;
                json_t *report = report_of(&given.input);
                assert_string_equal(
                        text_of(named(json_object_get(report, "facts"), "name", "model.ava_van"), "why"),
                        "its document cannot be read");
                json_decref(report);
                drop(&given);
                unlink(path);
        }
        write_text("more.json",
                "{\"mitome_evidence\": 1, \"items\": [{\"kind\": \"emv\", \"expires\": \"2026-11-21\"}]}\n");
}

static void more_than_can_be_held_is_refused(void **state)
{
        enum { POLICIES = 33, PROBES = 2, FACTS = 2049 };
        struct evaluation_policy_file many[POLICIES];
        struct given given;
        (void)state;
        give(&given);
        for (size_t i = 0; i < POLICIES; i++)
                many[i] = policies[0];
        given.input.policies = many;
        given.input.policy_count = POLICIES;
        assert_int_equal(refusal_of(&given.input, NULL), MITOME_E_TOO_MANY);
        drop(&given);
        give(&given);
        for (size_t p = 0; p < PROBES; p++) {
                json_t *found = json_array();
                for (size_t i = 0; i < FACTS; i++)
                        json_array_append_new(found, make_found("pin.tries", json_integer((json_int_t)i)));
                json_array_append_new(given.probes, make_probe(p ? "P51" : "P50", "holds", "", found));
        }
        assert_int_equal(refusal_of(&given.input, NULL), MITOME_E_TOO_MANY);
        drop(&given);
}

/* What the report counts itself is one more fact: where there is no room for it, there is no report. */
static void a_rate_that_is_counted_is_not_left_out_silently(void **state)
{
        enum { ROOM = 4096 };
        (void)state;
        for (json_int_t tries = 0; tries < 2; tries++) {
                struct given given;
                json_t *found = json_array();
                give(&given);
                json_object_del(given.target, "get_info");
                json_array_clear(given.probes);
                given.input.evidence_count = 0;
                json_array_append_new(found, make_found("uv.fmr", make_rate(0, 100)));
                json_array_append_new(found, make_found("uv.tries", json_integer(tries)));
                for (json_int_t i = 0; i < ROOM - 2; i++)
                        json_array_append_new(found, make_found("pin.tries", json_integer(i)));
                json_array_append_new(given.probes, make_probe("P50", "holds", "", found));
                if (tries)
                        assert_int_equal(refusal_of(&given.input, NULL), MITOME_E_TOO_MANY);
                else
                        json_decref(report_of(&given.input));
                drop(&given);
        }
}

static void wrong_targets_and_probes_are_refused(void **state)
{
        static const struct {
                const char *member, *json; /* json NULL: the member is missing */
        } targets
                [] = { { "name", NULL }, { "kind", "5" }, { "kind", "\"gopher\"" },
                        { "simulated", "\"yes\"" }, { "abilities", "{}" }, { "get_info", "\"a\"" },
                        { "get_info", "7" } },
         probes[] = { { "id", NULL }, { "id", "5" }, { "id", "\"01234567890123456\"" }, { "result", NULL },
                 { "found",
                         "[{\"name\": \"pin.colour\", \"obtained\": \"observed\", \"partial\": false, \"value\": 1}]" },
                 { "found",
                         "[{\"name\": \"pin.tries\", \"obtained\": \"guessed\", \"partial\": false, \"value\": 1}]" },
                 { "found", "[{\"name\": \"pin.tries\", \"obtained\": \"observed\", \"value\": 1}]" },
                 { "found", "[{\"name\": \"pin.tries\", \"obtained\": \"observed\", \"partial\": false}]" } };
        struct given given;
        (void)state;
        for (size_t i = 0; i < sizeof targets / sizeof targets[0] + sizeof probes / sizeof probes[0]; i++) {
                const size_t first = sizeof targets / sizeof targets[0];
                give(&given);
                json_t *of = i < first ? given.target : json_array_get(given.probes, 0);
                const char *member = i < first ? targets[i].member : probes[i - first].member;
                const char *json = i < first ? targets[i].json : probes[i - first].json;
                if (json)
                        json_object_set_new(of, member, json_loads(json, JSON_DECODE_ANY, NULL));
                else
                        json_object_del(of, member);
                assert_int_equal(refusal_of(&given.input, NULL), MITOME_E_EVALUATE_REPORT);
                drop(&given);
        }
        give(&given); /* a probe twice */
        json_array_append(given.probes, json_array_get(given.probes, 0));
        assert_int_equal(refusal_of(&given.input, NULL), MITOME_E_EVALUATE_REPORT);
        drop(&given);
        give(&given);
        given.input.at = "2026-11-22 10:00";
        assert_int_equal(refusal_of(&given.input, NULL), MITOME_E_EVALUATE_REPORT);
        drop(&given);
}

/* A probe of another's making that gives a value of the wrong type costs that fact, not the report; so does
 * getInfo that is none. */
static void a_value_that_does_not_fit_costs_its_fact_alone(void **state)
{
        struct given given;
        (void)state;
        give(&given);
        json_array_append_new(given.probes,
                make_probe("P30", "holds", "", json_pack("[o]", make_found("uv.offered", json_integer(4)))));
        json_object_set_new(given.target, "get_info", json_string("8181"));
        json_t *report = report_of(&given.input);
        const json_t *offered = named(json_object_get(report, "facts"), "name", "uv.offered");
        assert_string_equal(text_of(offered, "why"), "true or false is wanted, not 4");
        assert_non_null(named(json_object_get(report, "caveats"), "id", "get_info_unreadable"));
        assert_true(json_is_null(json_object_get(json_object_get(report, "target"), "aaguid")));
        json_decref(report);
        drop(&given);
}

/* What is made here has all that the forms read, and nothing that they do not know. */
static void every_form_can_be_drawn(void **state)
{
        static mitome_status (*const forms[])(const json_t *, struct report_text *, mitome_error *) = {
                evaluation_html, evaluation_xccdf, evaluation_oscal, evaluation_junit, evaluation_sarif
        };
        struct given given;
        (void)state;
        give(&given);
        for (size_t empty = 0; empty < 2; empty++) {
                if (empty) { /* nothing was probed, nothing was given */
                        given.input.probes = NULL;
                        given.input.evidence_count = 0;
                }
                json_t *report = report_of(&given.input);
                for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
                        REPORT_TEXT(out);
                        mitome_error error = { 0 };
                        if (forms[i](report, &out, &error).code != MITOME_OK)
                                fail_msg("form %zu: %s", i, error.field ? error.field : "?");
                        assert_true(out.size > 500);
                }
                json_decref(report);
        }
        drop(&given);
}

/* A policy with more figures about one fact than can be told apart is judged all the same. */
static void a_policy_of_too_many_figures_has_no_advice(void **state)
{
        enum { SIZE = 1 << 15 };
        struct given given;
        char *text = malloc(SIZE);
        size_t used;
        (void)state;
        assert_non_null(text);
        used = (size_t)snprintf(
                text, SIZE, "{\"id\": \"wide\", \"title\": \"t\", \"levels\": [\"L\"], \"requirements\": [");
        for (unsigned r = 0; r < 16; r++) {
                used += (size_t)snprintf(text + used, SIZE - used,
                        "%s{\"id\": \"R%u\", \"level\": \"L\", \"source\": \"s\", \"section\": \"1\", \"keyword\": \"SHALL\", \"verified\": true, \"predicate\": \"",
                        r ? "," : "", r);
                for (unsigned i = 0; i < 6; i++)
                        used += (size_t)snprintf(text + used, SIZE - used, "%suv.idle_hours = %u",
                                i ? " or " : "", 10 * (6 * r + i + 1));
                used += (size_t)snprintf(text + used, SIZE - used, "\"}");
        }
        used += (size_t)snprintf(text + used, SIZE - used, "]}");
        assert_in_range(used, 1, SIZE - 1);
        give(&given);
        const struct evaluation_policy_file wide = { "wide.json", slice_of(text, used) };
        given.input.policies = &wide;
        given.input.policy_count = 1;
        json_t *report = report_of(&given.input);
        const json_t *policy = json_array_get(json_object_get(report, "policies"), 0);
        assert_int_equal(json_array_size(json_object_get(policy, "blockers")), 16);
        assert_true(json_is_null(json_object_get(policy, "changes")));
        assert_true(json_is_false(json_object_get(policy, "changes_least")));
        json_decref(report);
        drop(&given);
        free(text);
}

/* An AAGUID is the device's own word until an attestation shows it. */
static void what_shows_the_model_is_told(void **state)
{
        struct given given;
        (void)state;
        for (size_t i = 0; i < 4; i++) {
                give(&given);
                if (i < 3) /* once with nothing said of the model */
                        json_array_append_new(given.probes,
                                make_probe("P60", "holds", "",
                                        json_pack("[{s:s, s:s, s:b, s:i}]", "name", "model.ava_van",
                                                "obtained", "declared", "partial", 0, "value", 5)));
                if (i > 0)
                        json_array_append_new(
                                given.probes, make_probe("P61", "holds", "",
                                                      json_pack("[o]", make_found("login.attestation_trusted",
                                                                               json_boolean(i == 1)))));
                given.input.evidence_count = 0;
                json_t *report = report_of(&given.input);
                assert_int_equal(named(json_object_get(report, "caveats"), "id", "model_unproven") != NULL,
                        i == 0 || i == 2);
                json_decref(report);
                drop(&given);
        }
}

/* The model that a statement is about is the device's, however the device's AAGUID is written. */
static void a_statement_about_another_model_is_left_out(void **state)
{
        static const struct {
                const char *aaguid;
                bool same;
        } table[] = { { "00112233-4455-6677-8899-aabbccddeeff", true },
                { "00112233445566778899aabbccddeeff", true },
                { "00112233-4455-6677-8899-AABBCCDDEEFF", true },
                { "10112233-4455-6677-8899-aabbccddeeff", false } };
        struct given given;
        (void)state;
        write_text("cc.txt",
                "{\"aaguid\": \"00112233-4455-6677-8899-aabbccddeeff\", \"keyProtection\": [\"tee\"], \"userVerificationDetails\": [[{\"userVerificationMethod\": \"passcode_internal\"}]]}");
        write_text("more.json",
                "{\"mitome_evidence\": 1, \"items\": [{\"kind\": \"metadata\", \"document\": \"cc.txt\"}]}");
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
                give(&given);
                json_object_del(given.target, "get_info");
                json_object_set_new(given.target, "aaguid", json_string(table[i].aaguid));
                json_t *report = report_of(&given.input);
                const json_t *fact = named(json_object_get(report, "facts"), "name", "model.key_protection");
                assert_int_equal(fact != NULL, table[i].same);
                json_decref(report);
                drop(&given);
        }
}

/* What it is stands in the report in words; a statement's name of the model before them, where it is this
 * device's, and of two names the same one in whatever order. */
static void a_report_says_what_the_target_is(void **state)
{
        static const char statement[] =
                "{\"aaguid\": \"%s\", \"description\": \"%s\", \"keyProtection\": [\"tee\"], \"userVerificationDetails\": "
                "[[{\"userVerificationMethod\": \"passcode_internal\"}]]}",
                          own[] = "00112233-4455-6677-8899-aabbccddeeff",
                          other[] = "10112233-4455-6677-8899-aabbccddeeff", long_name[] = "0123456789";
        static const struct {
                const char *kind, *aaguid, *first, *second, *text, *text_ja;
                bool simulated;
        } table[] = {
                { "self", NULL, NULL, NULL, "this project's own authenticator, simulated",
                        "本プロジェクトの認証器、模擬", true },
                { "hid", NULL, NULL, NULL, "an authenticator over CTAPHID", "CTAPHIDで接続した認証器",
                        false },
                { "pty", NULL, NULL, NULL, "a program that is an authenticator over CTAPHID",
                        "CTAPHIDの認証器として動くプログラム", false },
                { "unix", NULL, NULL, NULL, "a program that is an authenticator over CTAPHID",
                        "CTAPHIDの認証器として動くプログラム", false },
                { "udp", NULL, NULL, NULL, "a program that is an authenticator over CTAPHID",
                        "CTAPHIDの認証器として動くプログラム", false },
                { "pcsc", own, "Card B", "Card A", "Card A (an authenticator in a PC/SC card reader)",
                        "Card A(PC/SCカードリーダーの認証器)", false },
                { "pcsc", own, "Card A", "Card B", "Card A (an authenticator in a PC/SC card reader)",
                        "Card A(PC/SCカードリーダーの認証器)", false },
                { "hid", own, "", long_name, "an authenticator over CTAPHID", "CTAPHIDで接続した認証器",
                        false },
                { "hid", own, " ", "\xe3\x80\x80\xe2\x80\x8b", "an authenticator over CTAPHID",
                        "CTAPHIDで接続した認証器", false }, /* a blank is no name */
                { "hid", own, " ", "Card B", "Card B (an authenticator over CTAPHID)",
                        "Card B(CTAPHIDで接続した認証器)", false },
                { "hid", other, "Card A", "Card B", "an authenticator over CTAPHID",
                        "CTAPHIDで接続した認証器", false },
        };
        char text[1024], longer[256];
        struct given given;
        (void)state;
        memset(longer, 'a', sizeof longer - 1);
        longer[sizeof longer - 1] = '\0';
        write_text("more.json",
                "{\"mitome_evidence\": 1, \"items\": [{\"kind\": \"metadata\", \"document\": \"cc.txt\"}, {\"kind\": \"metadata\", \"document\": \"second.txt\"}]}");
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
                give(&given);
                if (table[i].aaguid) {
                        const char *second = table[i].second == long_name ? longer : table[i].second;
                        snprintf(text, sizeof text, statement, table[i].aaguid, table[i].first);
                        write_text("cc.txt", text);
                        snprintf(text, sizeof text, statement, table[i].aaguid, second);
                        write_text("second.txt", text);
                } else {
                        given.input.evidence_count = 0;
                }
                json_object_set_new(given.target, "kind", json_string(table[i].kind));
                json_object_set_new(given.target, "simulated", json_boolean(table[i].simulated));
                json_t *report = report_of(&given.input);
                const json_t *target = json_object_get(report, "target");
                assert_string_equal(text_of(target, "description"), table[i].text);
                assert_string_equal(text_of(target, "description_ja"), table[i].text_ja);
                json_decref(report);
                drop(&given);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_same_inputs_give_the_same_bytes_in_whatever_order),
                cmocka_unit_test(a_report_has_its_members_in_order),
                cmocka_unit_test(what_was_seen_counts_before_what_is_said_and_both_are_told),
                cmocka_unit_test(what_is_worse_counts_and_both_are_told),
                cmocka_unit_test(a_report_says_what_it_rests_on),
                cmocka_unit_test(an_artefact_that_opened_it_is_told),
                cmocka_unit_test(no_word_hides_a_measurement_that_fails),
                cmocka_unit_test(a_simulation_passes_for_no_hardware),
                cmocka_unit_test(a_rate_that_is_counted_is_not_left_out_silently),
                cmocka_unit_test(comparisons_make_as_many_transactions_as_they_suffice_for),
                cmocka_unit_test(evidence_is_named_by_its_digest),
                cmocka_unit_test(policies_that_disagree_are_set_side_by_side),
                cmocka_unit_test(the_changes_that_are_advised_lift_the_device),
                cmocka_unit_test(a_policy_that_is_provisional_says_so),
                cmocka_unit_test(a_level_says_what_it_rests_on),
                cmocka_unit_test(wrong_policies_and_files_are_refused_by_name),
                cmocka_unit_test(a_wrong_file_is_told_with_its_place),
                cmocka_unit_test(what_is_no_file_is_not_waited_for),
                cmocka_unit_test(more_than_can_be_held_is_refused),
                cmocka_unit_test(wrong_targets_and_probes_are_refused),
                cmocka_unit_test(a_value_that_does_not_fit_costs_its_fact_alone),
                cmocka_unit_test(every_form_can_be_drawn),
                cmocka_unit_test(a_policy_of_too_many_figures_has_no_advice),
                cmocka_unit_test(what_shows_the_model_is_told),
                cmocka_unit_test(a_statement_about_another_model_is_left_out),
                cmocka_unit_test(a_report_says_what_the_target_is),
        };
        return cmocka_run_group_tests(tests, open_folder, remove_folder);
}
