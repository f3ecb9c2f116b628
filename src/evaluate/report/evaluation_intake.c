/* SPDX-License-Identifier: Apache-2.0 */
#include "evaluation_assembly.h"

#include "evidence_folder.h"
#include "fact_text.h"
#include "get_info_facts.h"
#include "hex_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { GET_INFO_MAX = 8192 };

static mitome_status unlike(const char *field, mitome_error *error)
{
        return fail(error, MITOME_E_EVALUATE_REPORT, field, "src/evaluate/report/REPORT.md");
}

/* ---- when ---- */

static int number_at(const char *text, size_t from, size_t count)
{
        int number = 0;
        for (size_t i = from; i < from + count; i++)
                number = 10 * number + (text[i] - '0');
        return number;
}

static mitome_status take_time(struct assembling *a, mitome_error *error)
{
        static const char shape[] = "dddd-dd-ddTdd:dd:ddZ";
        const char *at = a->input->at;
        for (size_t i = 0; i < sizeof shape; i++)
                if (shape[i] == 'd' ? at[i] < '0' || at[i] > '9' : at[i] != shape[i])
                        return unlike("at", error);
        struct tm parts = { .tm_year = number_at(at, 0, 4) - 1900,
                .tm_mon = number_at(at, 5, 2) - 1,
                .tm_mday = number_at(at, 8, 2),
                .tm_hour = number_at(at, 11, 2),
                .tm_min = number_at(at, 14, 2),
                .tm_sec = number_at(at, 17, 2) };
        (void)snprintf(a->record.day, sizeof a->record.day, "%.*s", EVALUATION_DAY_SIZE - 1, at);
        a->record.now = timegm(&parts);
        return ok();
}

/* ---- the target ---- */

static mitome_status take_get_info(struct assembling *a, const json_t *hex, mitome_error *error)
{
        uint8_t bytes[GET_INFO_MAX];
        slice info;
        if (!json_is_string(hex) ||
                failed(hex_text_decode(slice_of(json_string_value(hex), json_string_length(hex)), "get_info",
                        bytes, sizeof bytes, &info, NULL)))
                return unlike("get_info", error);
        size_t evidence = evaluation_record_evidence(&a->record, "getInfo", LEVEL_OBSERVED, info, true);
        if (failed(get_info_facts(info, &a->record, evidence, a->target, NULL)))
                evaluation_record_caveat(&a->record, "get_info_unreadable",
                        "What the device says of itself (getInfo) does not read as CTAP has it: nothing was taken "
                        "from it.",
                        "機器の自己申告(getInfo)はCTAPの形式で読み取れず、何も採用していない。");
        return ok();
}

static void put(json_t *object, const char *name, json_t *value)
{
        json_object_set_new(object, name, value);
}

/* Its members in REPORT.md's order. */
static mitome_status describe_target(struct assembling *a, mitome_error *error)
{
        static const char *const lists[] = { "versions", "transports", "abilities" };
        const json_t *aaguid = json_object_get(a->target, "aaguid");
        const json_t *simulated = json_object_get(a->target, "simulated");
        if (!json_is_string(json_object_get(a->target, "name")))
                return unlike("target.name", error);
        if (!json_is_string(json_object_get(a->target, "kind")))
                return unlike("target.kind", error);
        if (!json_is_boolean(simulated))
                return unlike("target.simulated", error);
        for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
                if (!json_object_get(a->target, lists[i]))
                        put(a->target, lists[i], json_array());
                if (!json_is_array(json_object_get(a->target, lists[i])))
                        return unlike("target", error);
        }
        json_t *ordered = json_pack("{s:O, s:O, s:O?, s:O, s:O, s:O, s:O}", "name",
                json_object_get(a->target, "name"), "kind", json_object_get(a->target, "kind"), "aaguid",
                aaguid, "versions", json_object_get(a->target, "versions"), "transports",
                json_object_get(a->target, "transports"), "simulated", simulated, "abilities",
                json_object_get(a->target, "abilities"));
        json_decref(a->target);
        a->target = ordered;
        return ordered ? ok() : assembly_no_memory(error);
}

static const struct {
        const char *kind, *text, *text_ja;
} kinds[] = {
        { "self", "this project's own authenticator", "本プロジェクトの認証器" },
        { "hid", "an authenticator over CTAPHID", "CTAPHIDで接続した認証器" },
        { "pty", "a program that is an authenticator over CTAPHID", "CTAPHIDの認証器として動くプログラム" },
        { "unix", "a program that is an authenticator over CTAPHID", "CTAPHIDの認証器として動くプログラム" },
        { "udp", "a program that is an authenticator over CTAPHID", "CTAPHIDの認証器として動くプログラム" },
        { "pcsc", "an authenticator in a PC/SC card reader", "PC/SCカードリーダーの認証器" },
};

/* "Example Key 5 (an authenticator over CTAPHID, simulated)"; the product's name is in no language. */
static json_t *description(const struct assembling *a, size_t kind, enum report_language language)
{
        REPORT_TEXT(out);
        const bool ja = language == REPORT_JAPANESE, named = *a->record.product;
        report_text_add(&out, a->record.product);
        report_text_add(&out, !named ? "" : ja ? "(" : " (");
        report_text_add(&out, ja ? kinds[kind].text_ja : kinds[kind].text);
        if (json_is_true(json_object_get(a->target, "simulated")))
                report_text_add(&out, ja ? "、模擬" : ", simulated");
        report_text_add(&out, named ? ")" : "");
        return fact_text_string(&out);
}

/* Once it is known what statements call it. */
static mitome_status name_target(struct assembling *a, mitome_error *error)
{
        const char *kind = json_string_value(json_object_get(a->target, "kind"));
        size_t i = 0;
        while (i < sizeof kinds / sizeof *kinds && strcmp(kinds[i].kind, kind) != 0)
                i++;
        if (i == sizeof kinds / sizeof *kinds)
                return unlike("target.kind", error);
        json_t *named = json_pack("{s:O, s:s, s:o, s:o}", "name", json_object_get(a->target, "name"), "kind",
                kind, "description", description(a, i, REPORT_ENGLISH), "description_ja",
                description(a, i, REPORT_JAPANESE));
        if (!named || json_object_update_missing(named, a->target) != 0) {
                json_decref(named);
                return assembly_no_memory(error);
        }
        json_decref(a->target);
        a->target = named;
        return ok();
}

/* Written in groups or not, in small letters or not. */
static void keep_model(struct assembling *a, const char *aaguid)
{
        size_t used = 0;
        for (; aaguid && *aaguid && used < sizeof a->record.aaguid - 1; aaguid++)
                if (*aaguid != '-')
                        a->record.aaguid[used++] =
                                *aaguid >= 'A' && *aaguid <= 'F' ? (char)(*aaguid - 'A' + 'a') : *aaguid;
        a->record.aaguid[used] = '\0';
}

static mitome_status take_target(struct assembling *a, mitome_error *error)
{
        const json_t *hex = json_object_get(a->input->target, "get_info");
        a->target = json_copy((json_t *)(uintptr_t)a->input->target);
        if (!json_is_object(a->target))
                return unlike("target", error);
        json_object_del(a->target, "get_info");
        if (json_is_null(json_object_get(a->target, "aaguid")))
                json_object_del(a->target, "aaguid");
        if (hex && !json_is_null(hex))
                MITOME_TRY(take_get_info(a, hex, error));
        MITOME_TRY(describe_target(a, error));
        keep_model(a, json_string_value(json_object_get(a->target, "aaguid")));
        return ok();
}

/* ---- probes ---- */

static bool find_obtained(const char *name, enum level_obtained *ret)
{
        for (int i = LEVEL_DECLARED; i <= LEVEL_OBSERVED; i++)
                if (name && strcmp(level_obtained_name((enum level_obtained)i), name) == 0) {
                        *ret = (enum level_obtained)i;
                        return true;
                }
        return false;
}

static mitome_status take_found(
        struct assembling *a, const json_t *found, const char *from, size_t evidence, mitome_error *error)
{
        const char *name = json_string_value(json_object_get(found, "name"));
        const json_t *partial = json_object_get(found, "partial"), *value = json_object_get(found, "value");
        enum level_obtained obtained = LEVEL_UNKNOWN;
        const enum level_fact_id fact = name ? level_fact_find(slice_text(name)) : LEVEL_FACTS;
        if (fact == LEVEL_FACTS || !value || !json_is_boolean(partial) ||
                !find_obtained(json_string_value(json_object_get(found, "obtained")), &obtained))
                return unlike("probes.found", error);
        evaluation_record_given(&a->record, fact, obtained, json_is_true(partial), value, from, evidence);
        return ok();
}

/* What it sent and saw is its evidence; an attempt that could not begin has none. */
static size_t trace_evidence(struct assembling *a, const json_t *probe, const char *id)
{
        char what[64];
        const json_t *steps = json_object_get(probe, "steps");
        char *text = json_array_size(steps) ? json_dumps(steps, JSON_COMPACT) : NULL;
        if (!text)
                return FACT_NO_EVIDENCE;
        (void)snprintf(what, sizeof what, "trace of %s", id);
        size_t evidence =
                evaluation_record_evidence(&a->record, what, LEVEL_OBSERVED, slice_text(text), false);
        free(text);
        return evidence;
}

static mitome_status take_probe(struct assembling *a, const json_t *given, mitome_error *error)
{
        size_t i;
        const json_t *found;
        const char *id = json_string_value(json_object_get(given, "id"));
        if (!id || strlen(id) > 16 || !json_is_string(json_object_get(given, "result")))
                return unlike("probes", error);
        json_t *probe = json_copy((json_t *)(uintptr_t)given);
        if (!probe || json_array_append_new(a->probes, probe) != 0)
                return assembly_no_memory(error);
        size_t evidence = trace_evidence(a, given, id);
        /* Its place until the evidence has its names. */
        put(probe, "evidence",
                evidence == FACT_NO_EVIDENCE ? json_null() : json_integer((json_int_t)evidence));
        json_t *names = json_array();
        json_array_foreach(json_object_get(given, "found"), i, found)
        {
                json_array_append(names, json_object_get(found, "name"));
                mitome_status status = take_found(a, found, id, evidence, error);
                if (failed(status)) {
                        json_decref(names);
                        return status;
                }
        }
        json_object_del(probe, "found");
        put(probe, "facts", names);
        return ok();
}

static int compare_probes(const void *left, const void *right)
{
        json_t *const *one = left, *const *other = right;
        return strcmp(json_string_value(json_object_get(*one, "id")),
                json_string_value(json_object_get(*other, "id")));
}

static mitome_status take_probes(struct assembling *a, mitome_error *error)
{
        size_t i;
        const json_t *probe;
        if (a->input->probes && !json_is_array(a->input->probes))
                return unlike("probes", error);
        size_t count = json_array_size(a->input->probes);
        const json_t **sorted = calloc(count + 1, sizeof(const json_t *));
        if (!sorted)
                return assembly_no_memory(error);
        json_array_foreach(a->input->probes, i, probe) sorted[i] = probe;
        mitome_status status = ok();
        for (i = 0; i < count && !failed(status); i++)
                if (!json_is_string(json_object_get(sorted[i], "id")))
                        status = unlike("probes", error);
        if (!failed(status))
                qsort(sorted, count, sizeof *sorted, compare_probes);
        for (i = 0; i < count && !failed(status); i++)
                status = i && compare_probes(&sorted[i - 1], &sorted[i]) == 0
                                 ? unlike("probes.id", error)
                                 : take_probe(a, sorted[i], error);
        free(sorted);
        return status;
}

/* ---- evidence files ---- */

static mitome_status take_evidence(struct assembling *a, mitome_error *error)
{
        for (size_t i = 0; i < a->input->evidence_count; i++) {
                a->wrong = a->input->evidence[i];
                MITOME_TRY(evidence_folder_read(a->wrong, &a->record, error));
        }
        a->wrong = NULL;
        return ok();
}

/* ---- all of it ---- */

mitome_status assembly_take(struct assembling *a, mitome_error *error)
{
        MITOME_TRY(take_time(a, error));
        MITOME_TRY(take_target(a, error));
        MITOME_TRY(take_probes(a, error));
        MITOME_TRY(take_evidence(a, error));
        MITOME_TRY(name_target(a, error));
        if (a->record.failed)
                return assembly_no_memory(error);
        return a->record.claims.code == MITOME_OK ? ok() : fail(error, a->record.claims.code, "facts", NULL);
}
