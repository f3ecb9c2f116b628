/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence_document.h"

#include "aaguid_word.h"
#include "biometric_report.h"
#include "hex_text.h"
#include "json.h"
#include "metadata_statement.h"
#include "rate_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *load(slice content)
{
        return json_loadb((const char *)content.data, content.size, JSON_REJECT_DUPLICATES, NULL);
}

static void claim_given(struct evaluation_record *record, enum level_fact_id fact, const json_t *of,
        const char *name, const char *from, size_t evidence)
{
        const json_t *value = json_object_get(of, name);
        if (value)
                evaluation_record_given(record, fact, LEVEL_DECLARED, false, value, from, evidence);
}

static const char *refuse(const char *why, const char *why_ja, const char **ret_ja)
{
        *ret_ja = why_ja;
        return why;
}

/* ---- metadata statements ---- */

static void claim_word(struct evaluation_record *record, enum level_fact_id fact, const char *word,
        const char *from, size_t evidence)
{
        if (word)
                evaluation_record_word(record, fact, LEVEL_DECLARED, word, from, evidence);
}

static void claim_number(struct evaluation_record *record, enum level_fact_id fact,
        struct metadata_number number, const char *from, size_t evidence)
{
        if (number.said)
                evaluation_record_count(record, fact, LEVEL_DECLARED, number.value, from, evidence);
}

static void claim_methods(struct evaluation_record *record, const struct metadata_methods *methods,
        const char *from, size_t evidence)
{
        const struct {
                enum level_fact_id fact;
                bool said;
        } offers[] = { { LEVEL_PIN_OFFERED, methods->passcode },
                { LEVEL_PIN_DIGITS_ONLY, methods->digits_only }, { LEVEL_UV_OFFERED, methods->biometric } };
        for (size_t i = 0; i < sizeof offers / sizeof offers[0]; i++)
                if (offers[i].said)
                        evaluation_record_bool(record, offers[i].fact, LEVEL_DECLARED, true, from, evidence);
        claim_word(record, LEVEL_UV_MODALITY, metadata_modality_word(methods->modality), from, evidence);
        claim_number(record, LEVEL_PIN_LENGTH_LEAST, methods->length_least, from, evidence);
        claim_number(record, LEVEL_PIN_TRIES, methods->code_tries, from, evidence);
        claim_number(record, LEVEL_UV_TRIES, methods->biometric_tries, from, evidence);
        claim_number(record, LEVEL_UV_WAIT_SECONDS, methods->wait_seconds, from, evidence);
}

static const char *check_model(const struct evaluation_record *record,
        const struct metadata_statement *statement, const char **ret_ja)
{
        char digits[2 * METADATA_AAGUID_SIZE + 1] = "";
        writer w = writer_over((uint8_t *)digits, sizeof digits - 1);
        hex_text_write(&w, SLICE(statement->aaguid));
        return evaluation_record_model(record, digits, ret_ja);
}

const char *evidence_metadata(struct evaluation_record *record, slice content, const char *from,
        size_t evidence, const char **ret_ja)
{
        struct metadata_statement statement;
        uint8_t *space = malloc(content.size + 1);
        bool read = space && !failed(metadata_statement_read(content, space, content.size, &statement, NULL));
        free(space); /* the certificates, which nobody asks for here */
        json_t *whole = read ? load(content) : NULL;
        if (!whole)
                return refuse("it is no metadata statement that can be read",
                        "読み取れるメタデータステートメントではない", ret_ja);
        const char *why = check_model(record, &statement, ret_ja);
        if (!why) {
                const char *product = json_string_value(json_object_get(whole, "description"));
                evaluation_record_product(record, product ? product : "");
                evaluation_record_bool(record, LEVEL_MODEL_EVERY_PATH_VERIFIES, LEVEL_DECLARED,
                        statement.weakest_path >= METADATA_PATH_PASSCODE, from, evidence);
                claim_word(record, LEVEL_MODEL_KEY_PROTECTION,
                        metadata_protection_word(metadata_worst_protection(statement.key_protection)), from,
                        evidence);
                claim_word(record, LEVEL_MODEL_MATCHER_PROTECTION,
                        metadata_protection_word(metadata_worst_protection(statement.matcher_protection)),
                        from, evidence);
                claim_methods(record, &statement.methods, from, evidence);
                /* A no is a statement, too, and absence is none. */
                claim_given(record, LEVEL_MODEL_KEY_RESTRICTED, whole, "isKeyRestricted", from, evidence);
        }
        json_decref(whole);
        return why;
}

/* ---- measurements ---- */

/* Errors and trials as struct biometric_rate is written: with more beside them. */
static bool read_rate(const json_t *of, const char *name, uint64_t *ret_errors, uint64_t *ret_trials)
{
        const json_t *rate = json_object_get(of, name);
        const json_t *errors = json_object_get(rate, "errors"), *trials = json_object_get(rate, "trials");
        if (!json_is_integer(errors) || !json_is_integer(trials) || json_integer_value(errors) < 0 ||
                json_integer_value(errors) > json_integer_value(trials) ||
                json_integer_value(trials) > UINT32_MAX) /* more than an evaluation statement can carry */
                return false;
        *ret_errors = (uint64_t)json_integer_value(errors);
        *ret_trials = (uint64_t)json_integer_value(trials);
        return true;
}

static json_t *plain_rate(const json_t *of, const char *name)
{
        uint64_t errors, trials;
        char text[RATE_TEXT_SIZE];
        if (!read_rate(of, name, &errors, &trials) || trials == 0)
                return NULL;
        rate_text((double)errors / (double)trials, text);
        return json_string(text);
}

static json_t *det_of(const json_t *report, const char *source)
{
        size_t i;
        const json_t *point;
        json_t *points = json_array();
        json_array_foreach(json_object_get(report, "thresholds"), i, point)
        {
                const json_t *threshold = json_object_get(point, "threshold");
                json_t *fmr = plain_rate(point, "fmr"), *fnmr = plain_rate(point, "fnmr");
                if (json_is_integer(threshold) && fmr && fnmr)
                        json_array_append_new(
                                points, json_pack("{s:I, s:O, s:O}", "threshold",
                                                json_integer_value(threshold), "fmr", fmr, "fnmr", fnmr));
                json_decref(fmr);
                json_decref(fnmr);
        }
        return json_pack("{s:s, s:o}", "source", source, "points", points);
}

/* Of several measurements the curve of the one with more points is drawn, of equals the one whose text comes
 * first: whichever was given first. */
static void keep_det(struct evaluation_record *record, json_t *det)
{
        const json_t *known = record->det;
        size_t count = json_array_size(json_object_get(det, "points"));
        size_t known_count = json_array_size(json_object_get(known, "points"));
        char *text = json_dumps(det, 0), *known_text = known ? json_dumps(known, 0) : NULL;
        bool better = count > known_count ||
                      (count && count == known_count && text && known_text && strcmp(text, known_text) < 0);
        free(text);
        free(known_text);
        if (better) {
                json_decref(record->det);
                record->det = json_incref(det);
        }
        json_decref(det);
}

static void note_measurement(struct evaluation_record *record, const json_t *report)
{
        if (json_is_true(json_object_get(report, "synthetic")))
                evaluation_record_caveat(record, "synthetic",
                        "The fingers of the measurement were grown by a program and belong to nobody: its rates "
                        "are figures of the matcher, not of a population.",
                        "測定に用いた指はプログラムが生成したもので、誰のものでもない。率は照合器の数字であり、人口"
                        "についての数字ではない。");
        if (!json_is_true(json_object_get(report, "complete")))
                evaluation_record_caveat(record, "measurement_incomplete",
                        "A measurement was not brought to its end: its rates are of what was done of it.",
                        "測定は途中までのもので、率は行われた分についてのものである。");
}

const char *evidence_measurement(struct evaluation_record *record, slice content, const char *from,
        size_t evidence, const char **ret_ja)
{
        static const struct {
                const char *name;
                enum level_fact_id fact;
        } rates[] = { { "fmr", LEVEL_UV_FMR }, { "fnmr", LEVEL_UV_FNMR } };
        enum { RATES = sizeof rates / sizeof rates[0] };
        uint64_t errors[RATES], trials[RATES];
        /* A longer one is none of that program: its curve would fill the report. */
        json_t *report = content.size <= BIOMETRIC_REPORT_MAX ? load(content) : NULL;
        bool read = report != NULL;
        for (size_t i = 0; read && i < RATES; i++)
                read = read_rate(report, rates[i].name, &errors[i], &trials[i]);
        if (!read) {
                json_decref(report);
                return refuse("it is no report of mitome biometric measure",
                        "mitome biometric measureの報告ではない", ret_ja);
        }
        const char *source = json_string_value(json_object_get(report, "source"));
        for (size_t i = 0; i < RATES; i++)
                if (trials[i])
                        evaluation_record_rate(
                                record, rates[i].fact, LEVEL_MEASURED, errors[i], trials[i], from, evidence);
        keep_det(record, det_of(report, source ? source : from));
        note_measurement(record, report);
        json_decref(report);
        return NULL;
}

/* ---- logins ---- */

/* The AAGUID of a registration, in digits; "" of a login, which has none, and of zeros, which are no model.
 */
static void read_model(const json_t *line, char ret[EVALUATION_AAGUID_SIZE])
{
        const char *text = json_string_value(json_object_get(line, "aaguid_b64url"));
        uint8_t bytes[METADATA_AAGUID_SIZE];
        writer w = writer_over((uint8_t *)ret, EVALUATION_AAGUID_SIZE - 1);
        slice aaguid;
        *ret = '\0';
        if (!text ||
                failed(base64url_decode(slice_text(text), "aaguid", bytes, sizeof bytes, &aaguid, NULL)) ||
                aaguid.size != sizeof bytes)
                return;
        hex_text_write(&w, aaguid);
        ret[w.used] = '\0';
        if (ret[strspn(ret, "0")] == '\0')
                *ret = '\0';
}

enum { UP = 0x01, UV = 0x04, BE = 0x08 };

static json_int_t flags_of(const json_t *line)
{
        return json_integer_value(json_object_get(line, "flags"));
}

/* How the user was verified counts as told where the signed data say so, by their flag, too, and a trusted
 * attestation says whose data they are, and that no app made them: a registration shows both. A login alone
 * shows only that it tells nothing. */
static void claim_told(struct evaluation_record *record, const json_t *line, bool registered, bool trusted,
        const char *from, size_t evidence)
{
        const char *by =
                json_string_value(json_object_get(json_object_get(line, "extensions"), "mitome-jpki"));
        const bool told =
                by && flags_of(line) & UV && level_fact_takes(LEVEL_LOGIN_VERIFIED_BY, slice_text(by));
        if (registered || !told)
                evaluation_record_bool(record, LEVEL_LOGIN_VERIFICATION_TOLD, LEVEL_OBSERVED, told && trusted,
                        from, evidence);
        if (told && trusted)
                evaluation_record_word(record, LEVEL_LOGIN_VERIFIED_BY, LEVEL_OBSERVED, by, from, evidence);
}

/* What an accepted line shows. Which origin was expected, and over which way the login came, it does not
 * tell. */
static void claim_login(
        struct evaluation_record *record, const json_t *line, const char *from, size_t evidence)
{
        static const struct {
                json_int_t bit;
                enum level_fact_id fact;
        } bits[] = { { UP, LEVEL_LOGIN_USER_PRESENT }, { UV, LEVEL_LOGIN_USER_VERIFIED },
                { BE, LEVEL_LOGIN_BACKUP_ELIGIBLE }, { BE, LEVEL_KEY_SYNCABLE } };
        const char *trust = json_string_value(json_object_get(line, "trust")), *why_ja;
        const char *format = json_string_value(json_object_get(line, "fmt"));
        const enum aaguid_word word = format ? aaguid_word(slice_text(format)) : AAGUID_FILLED_IN;
        const bool trusted = trust && strcmp(trust, "verified") == 0,
                   named = trusted && word == AAGUID_SIGNED,
                   nobodys = json_is_true(json_object_get(line, "flags_unsigned"));
        char model[EVALUATION_AAGUID_SIZE];
        read_model(line, model);
        for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++)
                if (bits[i].bit == UP || !(nobodys || word == AAGUID_UNSIGNED))
                        evaluation_record_bool(record, bits[i].fact, LEVEL_OBSERVED,
                                flags_of(line) & bits[i].bit, from, evidence);
        if (trust)
                evaluation_record_bool(
                        record, LEVEL_LOGIN_ATTESTATION_TRUSTED, LEVEL_OBSERVED, trusted, from, evidence);
        claim_told(record, line, trust != NULL, named, from, evidence);
        if (named && !evaluation_record_model(record, model, &why_ja))
                claim_given(record, LEVEL_MODEL_FIDO_LEVEL, json_object_get(line, "metadata"),
                        "certification_level", from, evidence);
}

static bool is_login(const json_t *line)
{
        return json_is_boolean(json_object_get(line, "ok")) && json_is_integer(json_object_get(line, "code"));
}

/* The lines, one after the other: a reader of bytes moves, no pointer does. */
static bool next_line(reader *r, slice *ret)
{
        const slice rest = r->rest;
        const uint8_t *end = rest.size ? memchr(rest.data, '\n', rest.size) : NULL;
        size_t size = end ? (size_t)(end - rest.data) + 1 : rest.size;
        return rest.size && !failed(read_bytes(r, NULL, size, ret));
}

static bool is_blank(slice line)
{
        for (size_t i = 0; i < line.size; i++)
                if (!hex_text_is_space(line.data[i]))
                        return false;
        return true;
}

static bool is_accepted(const json_t *line)
{
        return json_is_true(json_object_get(line, "ok")) && json_is_integer(json_object_get(line, "flags"));
}

static bool is_of_another_model(const struct evaluation_record *record, const json_t *line)
{
        const char *why_ja;
        char model[EVALUATION_AAGUID_SIZE];
        read_model(line, model);
        return *model && *record->aaguid && evaluation_record_model(record, model, &why_ja);
}

struct login_lines {
        size_t accepted;
        bool odd, other_model;
};

/* A login that was refused is no evidence of the device. */
static struct login_lines look_at_logins(const struct evaluation_record *record, slice content)
{
        struct login_lines lines = { 0 };
        reader r = reader_over(content, NULL, NULL);
        for (slice text; next_line(&r, &text);) {
                if (is_blank(text))
                        continue;
                json_t *line = load(text);
                lines.odd = lines.odd || !is_login(line);
                lines.accepted += is_accepted(line);
                lines.other_model =
                        lines.other_model || (is_accepted(line) && is_of_another_model(record, line));
                json_decref(line);
        }
        return lines;
}

/* All lines are looked at before any is believed. */
const char *evidence_logins(struct evaluation_record *record, slice content, const char *from,
        size_t evidence, const char **ret_ja)
{
        enum { LOGINS_MAX = 256 };
        const struct login_lines lines = look_at_logins(record, content);
        reader r = reader_over(content, NULL, NULL);
        if (lines.odd)
                return refuse(
                        "a line of it is none of mitome verify", "mitome verifyの行でないものがある", ret_ja);
        if (lines.accepted == 0)
                return refuse("none of its logins was accepted", "受理された認証がない", ret_ja);
        if (lines.accepted > LOGINS_MAX)
                return refuse("it has more than 256 logins", "認証が256件を超える", ret_ja);
        if (lines.other_model)
                return refuse("a login of it is of another model", "別のモデルの認証を含む", ret_ja);
        for (slice text; next_line(&r, &text);) {
                json_t *line = is_blank(text) ? NULL : load(text);
                if (is_accepted(line))
                        claim_login(record, line, from, evidence);
                json_decref(line);
        }
        return NULL;
}
