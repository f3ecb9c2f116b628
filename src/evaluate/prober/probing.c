/* SPDX-License-Identifier: Apache-2.0 */
#include "probing.h"

#include "cbor.h"
#include "ctap_status.h"
#include "get_info_json.h"
#include "hex_text.h"
#include "maker_statement.h"
#include "probe_platform.h"
#include "probing_journal.h"
#include "safe_text.h"

#include <stdio.h>
#include <string.h>

/* A member of the journal's lines alone. */
#define PIN_KNOWN "pin_known"

enum { RESPONSE_MAX = 8192, GET_INFO_MS = 10000 };

/* ---- what the target is ---- */

static enum target_trouble ask_info(struct target *target, uint8_t *response, slice *ret_cbor)
{
        static const uint8_t request[] = { 0x04 };
        size_t size = 0;
        *ret_cbor = (slice){ 0 };
        if (!(target->abilities & TARGET_CTAP))
                return TARGET_SILENT;
        enum target_trouble trouble =
                target->exchange(target->context, SLICE(request), GET_INFO_MS, response, RESPONSE_MAX, &size);
        if (trouble == TARGET_ANSWERED && size == 0)
                return TARGET_GARBLED;
        if (trouble == TARGET_ANSWERED && response[0] == CTAP2_OK)
                *ret_cbor = slice_of(response + 1, size - 1);
        return trouble;
}

static json_t *list_texts(slice list)
{
        enum { TEXTS_MAX = 16, TEXT_MAX = 64 };
        struct cbor_reader r = cbor_over(list, NULL, NULL);
        struct cbor_members texts;
        json_t *into = json_array();
        slice text;
        if (list.size == 0 || failed(cbor_open_array(&r, "texts", TEXTS_MAX, &texts)))
                return into;
        while (cbor_next_element(&r, &texts) && !failed(cbor_read_text(&r, "text", TEXT_MAX, &text)))
                json_array_append_new(into, safe_text(text));
        return into;
}

/* With hyphens; empty where there is none. Nothing that this project has built is more than software,
 * whatever way it is reached by. */
static void read_model(struct target *target, slice cbor, char ret[GET_INFO_AAGUID_TEXT])
{
        slice aaguid;
        *ret = '\0';
        if (!platform_bytes(platform_member(cbor, 3, NULL), &aaguid) || aaguid.size != GET_INFO_AAGUID_SIZE)
                return;
        get_info_aaguid_text(aaguid.data, ret);
        target->simulated = target->simulated || maker_class_find(aaguid.data);
}

static json_t *list_abilities(unsigned abilities)
{
        json_t *list = json_array();
        for (unsigned i = 0; i < TARGET_ABILITIES; i++)
                if (abilities & 1U << i)
                        json_array_append_new(
                                list, json_string(target_ability_word((enum target_ability)(1U << i))));
        return list;
}

json_t *probing_target(struct target *target)
{
        uint8_t response[RESPONSE_MAX];
        char aaguid[GET_INFO_AAGUID_TEXT];
        const slice name = slice_text(target->name);
        slice cbor;
        (void)ask_info(target, response, &cbor);
        read_model(target, cbor, aaguid);
        return json_pack("{s:o, s:o, s:s, s:o, s:o, s:b, s:o, s:o}", "name", safe_text(name), "kind",
                safe_text(slice_of(name.data, strcspn(target->name, ":"))), "aaguid", aaguid, "versions",
                list_texts(platform_member(cbor, 1, NULL)), "transports",
                list_texts(platform_member(cbor, 9, NULL)), "simulated", target->simulated, "abilities",
                list_abilities(target->abilities), "get_info", safe_text_hex(cbor));
}

/* ---- keeping it alive ---- */

struct probing {
        const struct probing_config *config;
        struct target *target;
        struct probing_journal journal;
        const char *pin;               /* as it was known at the beginning */
        bool pin_noted, element_noted; /* the journal has that it, or its element, refused it */
        mitome_status noting;          /* how that went .. */
        mitome_error *because;         /* .. and why it did not */
        bool dead;
};

static bool answers(struct target *target)
{
        uint8_t response[RESPONSE_MAX];
        slice cbor;
        return !(target->abilities & TARGET_CTAP) || ask_info(target, response, &cbor) == TARGET_ANSWERED;
}

static bool reach_anew(struct probing *probing)
{
        struct target again;
        struct target *target = probing->target;
        const bool pin_known = target->pin != NULL, refused = target->element_refused_pin;
        target->close(target->context);
        target->close = NULL;
        if (failed(target_open(probing->config->target, &again, NULL)))
                return false;
        *target = again;
        target->element_refused_pin = refused;
        if (!pin_known) /* it may have been refused */
                target->pin = NULL;
        return answers(target);
}

/* What a probe has set, and may have left. */
static void let_go(const struct target *target)
{
        if (target->touch)
                target->touch(target->context, true);
        if (target->tamper)
                target->tamper(target->context, NULL, NULL);
        if (target->cut)
                target->cut(target->context, 0, 0);
        if (target->finger)
                target->finger(target->context, TARGET_FINGER_HOLDER);
}

static bool revive(struct probing *probing)
{
        struct target *target = probing->target;
        if (!target->close)
                return false;
        let_go(target);
        if (target->restart) {
                target->pin = probing->pin; /* whatever a probe has set, or lost */
                return target->restart(target->context) && answers(target);
        }
        if (answers(target))
                return true;
        if (target->power_cycle && target->power_cycle(target->context) && answers(target))
                return true;
        return reach_anew(probing);
}

/* ---- one probe ---- */

static const struct probing_watch *watch_of(const struct probing *probing)
{
        return &probing->config->watch;
}

static bool has_stopped(const struct probing *probing)
{
        const struct probing_watch *watch = watch_of(probing);
        return watch->stopped && watch->stopped(watch->context);
}

static bool asks_progress(void *context, const struct probe *probe, uint64_t done, uint64_t of)
{
        const struct probing_watch *watch = watch_of(context);
        return !watch->progress || watch->progress(watch->context, probe, done, of);
}

/* Nothing more is sent either when a refusal could not be noted. */
static bool asks_stopped(void *context)
{
        const struct probing *probing = context;
        return failed(probing->noting) || has_stopped(probing);
}

static void say(const struct probing *probing, const struct probe *probe, enum probing_event event)
{
        const struct probing_watch *watch = watch_of(probing);
        if (watch->said)
                watch->said(watch->context, probe, event);
}

/* What must not be lost when somebody is killed, or stops: that harm begins, that a PIN was refused. */
static mitome_status note(struct probing *probing, const char *id, const char *result, mitome_error *error)
{
        json_t *line = json_pack("{s:s, s:s}", "id", id, "result", result);
        mitome_status status = line ? probing_journal_add(&probing->journal, line, error)
                                    : fail(error, MITOME_E_NO_MEMORY, id, NULL);
        json_decref(line);
        return status;
}

static void note_refusal(struct probing *probing, const char *which, bool *noted)
{
        if (!*noted && !failed(probing->noting))
                probing->noting = note(probing, which, PROBING_REFUSED, probing->because);
        *noted = true;
}

/* A try that was spent is not spent again by whoever goes on, were we killed the next moment. */
static void note_refusals(void *context, const struct probe *probe)
{
        struct probing *probing = context;
        const struct target *target = probing->target;
        const bool refused = probing->pin && !target->pin, news = refused && !probing->pin_noted;
        if (refused)
                note_refusal(probing, PROBING_PIN, &probing->pin_noted);
        if (target->element_refused_pin)
                note_refusal(probing, PROBING_ELEMENT_PIN, &probing->element_noted);
        if (news)
                say(probing, probe, PROBING_PIN_REFUSED);
}

static mitome_status attempt(struct probing *probing, const struct probe *probe, bool again,
        struct probe_run **ret, mitome_error *error)
{
        struct probe_run_config limits = probing->config->limits;
        limits.progress = asks_progress;
        limits.stopped = asks_stopped;
        limits.refused = note_refusals;
        limits.context = probing;
        limits.target = probing->config->target->name;
        limits.again = again;
        if (probing->dead)
                return probe_run_skip(probe, &limits, "The target no longer answers.", ret, error);
        return probe_run_attempt(probe, probing->target, &limits, ret, error);
}

/* Whether the PIN was known is the journal's alone: who learns it later tries again what needed it. One that
 * was refused may be the same again, and each time it would cost a try: what needed it stands. Whether it was
 * broken off before is the journal's, too: who replays it expects as little of it. */
static mitome_status note_result(
        struct probing *probing, const json_t *result, bool again, mitome_error *error)
{
        json_t *line = json_copy((json_t *)(uintptr_t)result);
        const bool refused = probing->pin && !probing->target->pin;
        json_t *known = refused ? json_string("refused") : json_boolean(probing->target->pin);
        mitome_status status =
                line && json_object_set_new(line, PIN_KNOWN, known) == 0 &&
                                json_object_set_new(line, PROBING_AGAIN, json_boolean(again)) == 0
                        ? probing_journal_add(&probing->journal, line, error)
                        : fail(error, MITOME_E_NO_MEMORY, PIN_KNOWN, NULL);
        json_decref(line);
        return status;
}

/* What was found when the target's life has been looked after. One that the person has broken off found
 * nothing that could be gone on with. */
static mitome_status settle(struct probing *probing, const struct probe *probe, const struct probe_run *run,
        bool skipped, bool harms, bool again, json_t **ret, mitome_error *error)
{
        if (has_stopped(probing)) {
                if (harms)
                        say(probing, probe, PROBING_BROKEN_OFF);
                return ok();
        }
        json_t *object = probe_run_json(run);
        if (!object)
                return fail(error, MITOME_E_NO_MEMORY, probe->id, NULL);
        mitome_status status = skipped ? ok() /* with --resume it may answer again */
                                       : note_result(probing, object, again, error);
        if (failed(status))
                json_decref(object);
        else
                *ret = object;
        return status;
}

static mitome_status try_one(
        struct probing *probing, const struct probe *probe, bool again, json_t **ret, mitome_error *error)
{
        struct probe_run *run = NULL;
        struct target *target = probing->target;
        if (!probing->dead && target->restart)
                probing->dead = !revive(probing);
        const bool skips = probing->dead, harms = !skips && probe_harms(probe, target);
        if (harms)
                MITOME_TRY(note(probing, probe->id, PROBING_BEGUN, error));
        MITOME_TRY(attempt(probing, probe, again, &run, error));
        mitome_status status = probing->noting;
        if (!skips && probe_run_result(run) == PROBE_TARGET_FAILED)
                probing->dead = !revive(probing);
        else if (!skips)
                let_go(target);
        if (!failed(status))
                status = settle(probing, probe, run, skips, harms, again, ret, error);
        probe_run_free(run);
        return status;
}

static bool has_result(const json_t *kept, const char *name)
{
        const char *result = json_string_value(json_object_get(kept, "result"));
        return result && strcmp(result, name) == 0;
}

/* What was broken off, or could not be tried for want of the PIN that is known now, is tried again. */
static bool stands(const struct probing *probing, const json_t *kept)
{
        const bool for_want = json_is_false(json_object_get(kept, PIN_KNOWN)) && probing->target->pin;
        return kept && !has_result(kept, PROBING_BEGUN) &&
               !(for_want && (has_result(kept, probe_result_name(PROBE_NOT_TESTABLE)) ||
                                     has_result(kept, probe_result_name(PROBE_PARTLY))));
}

static void drop_notes(json_t *result)
{
        json_object_del(result, PIN_KNOWN);
        json_object_del(result, PROBING_AGAIN);
}

static mitome_status take_one(struct probing *probing, const struct probe *probe, size_t number, size_t of,
        json_t *results, mitome_error *error)
{
        const struct probing_watch *watch = watch_of(probing);
        const json_t *noted = json_object_get(probing->journal.probes, probe->id);
        const bool kept = stands(probing, noted);
        json_t *result = kept ? json_copy((json_t *)(uintptr_t)noted) : NULL;
        if (watch->begins && !kept)
                watch->begins(watch->context, number, of, probe);
        if (!kept)
                MITOME_TRY(try_one(probing, probe, has_result(noted, PROBING_BEGUN), &result, error));
        if (!result)
                return kept ? fail(error, MITOME_E_NO_MEMORY, probe->id, NULL) : ok();
        drop_notes(result);
        if (watch->ended)
                watch->ended(watch->context, number, of, probe, result, kept);
        return json_array_append_new(results, result) == 0 ? ok()
                                                           : fail(error, MITOME_E_NO_MEMORY, probe->id, NULL);
}

/* ---- all ---- */

static bool is_among(const struct probe *const *probes, const struct probe *probe)
{
        while (*probes && *probes != probe)
                probes++;
        return *probes;
}

/* One that was broken off and is not asked for any more has still changed the target. */
static mitome_status tell_broken_off(
        struct probing *probing, const struct probe *probe, json_t **ret, mitome_error *error)
{
        const struct probe_run_config limits = { .target = probing->config->target->name, .again = true };
        struct probe_run *run;
        MITOME_TRY(probe_run_skip(probe, &limits, "It was not asked for again.", &run, error));
        *ret = probe_run_json(run);
        probe_run_free(run);
        return ok();
}

/* What the journal has of probes that are not asked for now is as true as before. */
static mitome_status tell_others(
        struct probing *probing, const struct probe *const *probes, json_t *results, mitome_error *error)
{
        for (size_t i = 0; probe_catalogue[i]; i++) {
                const struct probe *probe = probe_catalogue[i];
                const json_t *noted = json_object_get(probing->journal.probes, probe->id);
                json_t *object = NULL;
                if (is_among(probes, probe) || !noted)
                        continue;
                if (has_result(noted, PROBING_BEGUN))
                        MITOME_TRY(tell_broken_off(probing, probe, &object, error));
                else
                        object = json_copy((json_t *)(uintptr_t)noted);
                if (!object || json_array_append(results, object) != 0) {
                        json_decref(object);
                        return fail(error, MITOME_E_NO_MEMORY, probe->id, NULL);
                }
                drop_notes(object);
                json_decref(object);
        }
        return ok();
}

static bool was_refused(const struct probing *probing, const char *which)
{
        return has_result(json_object_get(probing->journal.probes, which), PROBING_REFUSED);
}

static void heed_refusals(struct probing *probing)
{
        struct target *target = probing->target;
        if (target->pin && was_refused(probing, PROBING_PIN)) {
                target->pin = NULL;
                probing->pin_noted = true;
                say(probing, NULL, PROBING_PIN_UNUSED);
        }
        if (was_refused(probing, PROBING_ELEMENT_PIN))
                target->element_refused_pin = probing->element_noted = true;
}

static mitome_status take_all(
        struct probing *probing, json_t *results, bool *ret_finished, mitome_error *error)
{
        const struct probe *const *probes =
                probing->config->probes ? probing->config->probes : probe_catalogue;
        size_t of = 0;
        while (probes[of])
                of++;
        heed_refusals(probing);
        for (size_t i = 0; i < of && !has_stopped(probing); i++)
                MITOME_TRY(take_one(probing, probes[i], i + 1, of, results, error));
        MITOME_TRY(tell_others(probing, probes, results, error));
        *ret_finished = !has_stopped(probing);
        return ok();
}

/* What tells models and their versions apart. Two keys of one model and version nothing in getInfo does. */
static json_t *header_of(const struct probing_config *config, const struct target *target, const json_t *said)
{
        enum { EXTENSIONS = 2, FIRMWARE_VERSION = 14 };
        uint8_t cbor[RESPONSE_MAX];
        const char *hex = json_string_value(json_object_get(said, "get_info"));
        slice info = { 0 };
        uint64_t firmware = 0;
        if (hex && failed(hex_text_decode(slice_text(hex), "get_info", cbor, sizeof cbor, &info, NULL)))
                info = (slice){ 0 };
        platform_uint(platform_member(info, FIRMWARE_VERSION, NULL), &firmware);
        return json_pack("{s:i, s:s, s:O, s:O, s:O, s:o, s:I, s:b, s:b, s:s}", "mitome_journal", 1, "version",
                config->version, "target", json_object_get(said, "name"), "aaguid",
                json_object_get(said, "aaguid"), "versions", json_object_get(said, "versions"), "extensions",
                list_texts(platform_member(info, EXTENSIONS, NULL)), "firmware", (json_int_t)firmware,
                "simulated", target->simulated, "destructive", target->may_destroy, "at", config->at);
}

mitome_status probing_find(const struct probing_config *config, struct target *target, const char *id,
        json_t **ret, mitome_error *error)
{
        struct probing probing = { .config = config, .target = target };
        json_t *said = probing_target(target), *header = said ? header_of(config, target, said) : NULL;
        mitome_status status = header ? probing_journal_read(config->folder, header, &probing.journal, error)
                                      : fail(error, MITOME_E_NO_MEMORY, id, NULL);
        json_decref(header);
        json_decref(said);
        MITOME_TRY(status);
        json_t *found = json_object_get(probing.journal.probes, id);
        if (!found || has_result(found, PROBING_BEGUN))
                status = fail(error, MITOME_E_EVALUATE_PROBE, id, NULL);
        else
                *ret = json_incref(found);
        if (!failed(status))
                heed_refusals(&probing);
        probing_journal_close(&probing.journal);
        return status;
}

mitome_status probing_run(const struct probing_config *config, struct target *target,
        struct probing_result *ret, mitome_error *error)
{
        struct probing probing = { .config = config,
                .target = target,
                .journal = { .fd = -1 },
                .pin = target->pin,
                .because = error };
        struct probing_result result = { .probes = json_array(), .target = probing_target(target) };
        mitome_status status =
                result.probes && result.target
                        ? probing_journal_open(config->folder, header_of(config, target, result.target),
                                  config->resume, &probing.journal, error)
                        : fail(error, MITOME_E_NO_MEMORY, "probes", NULL);
        if (!failed(status))
                status = take_all(&probing, result.probes, &result.finished, error);
        const char *at = json_string_value(json_object_get(probing.journal.header, "at"));
        snprintf(result.at, sizeof result.at, "%s", at ? at : config->at);
        probing_journal_close(&probing.journal);
        if (failed(status))
                probing_result_drop(&result);
        else
                *ret = result;
        return status;
}

void probing_result_drop(struct probing_result *result)
{
        json_decref(result->probes);
        json_decref(result->target);
        *result = (struct probing_result){ 0 };
}
