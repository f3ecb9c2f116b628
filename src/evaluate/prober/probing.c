/* SPDX-License-Identifier: Apache-2.0 */
#include "probing.h"

#include "cbor.h"
#include "probing_journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RESPONSE_MAX = 8192, GET_INFO_MS = 10000 };

/* ---- what the target is ---- */

/* getInfo's members that stand in a report. */
struct info {
        json_t *versions, *transports;
        char aaguid[40];
        char *hex; /* the CBOR */
};

static mitome_status take_texts(struct cbor_reader *r, json_t *into)
{
        enum { TEXTS_MAX = 16, TEXT_MAX = 64 };
        struct cbor_members texts;
        MITOME_TRY(cbor_open_array(r, "texts", TEXTS_MAX, &texts));
        while (cbor_next_element(r, &texts)) {
                slice text;
                MITOME_TRY(cbor_read_text(r, "text", TEXT_MAX, &text));
                json_array_append_new(into, json_stringn((const char *)text.data, text.size));
        }
        return ok();
}

static mitome_status take_aaguid(struct cbor_reader *r, char ret[40])
{
        enum { AAGUID_SIZE = 16 };
        slice id;
        size_t used = 0;
        MITOME_TRY(cbor_read_fixed(r, "aaguid", AAGUID_SIZE, &id));
        for (size_t i = 0; i < AAGUID_SIZE; i++) {
                const bool dash = i == 4 || i == 6 || i == 8 || i == 10;
                used += (size_t)snprintf(ret + used, 40 - used, dash ? "-%02x" : "%02x", id.data[i]);
        }
        return ok();
}

static mitome_status take_info(slice cbor, struct info *into)
{
        enum { MEMBERS_MAX = 64, VERSIONS = 1, AAGUID = 3, TRANSPORTS = 9 };
        struct cbor_reader r = cbor_over(cbor, NULL, NULL);
        struct cbor_members members;
        MITOME_TRY(cbor_open_map(&r, "getInfo", MEMBERS_MAX, &members));
        for (;;) {
                struct cbor_key key;
                bool more;
                MITOME_TRY(cbor_next_key(&r, &members, &key, &more));
                if (!more)
                        return ok();
                if (key.is_text)
                        MITOME_TRY(cbor_skip(&r, "member"));
                else if (key.number == VERSIONS)
                        MITOME_TRY(take_texts(&r, into->versions));
                else if (key.number == AAGUID)
                        MITOME_TRY(take_aaguid(&r, into->aaguid));
                else if (key.number == TRANSPORTS)
                        MITOME_TRY(take_texts(&r, into->transports));
                else
                        MITOME_TRY(cbor_skip(&r, "member"));
        }
}

static json_t *hex_text(slice bytes)
{
        char *text = malloc(2 * bytes.size + 1);
        if (!text)
                return NULL;
        text[0] = '\0';
        for (size_t i = 0; i < bytes.size; i++)
                snprintf(text + 2 * i, 3, "%02x", bytes.data[i]);
        json_t *hex = json_string(text);
        free(text);
        return hex;
}

static enum target_trouble ask_info(struct target *target, uint8_t *response, size_t *ret_size)
{
        static const uint8_t request[] = { 0x04 };
        *ret_size = 0;
        if (!(target->abilities & TARGET_CTAP))
                return TARGET_SILENT;
        enum target_trouble trouble = target->exchange(
                target->context, SLICE(request), GET_INFO_MS, response, RESPONSE_MAX, ret_size);
        if (trouble == TARGET_ANSWERED && *ret_size == 0)
                return TARGET_GARBLED;
        return trouble;
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
        size_t size;
        char kind[16];
        struct info info = { .versions = json_array(), .transports = json_array() };
        slice cbor = { 0 };
        if (ask_info(target, response, &size) == TARGET_ANSWERED && response[0] == 0 &&
                !failed(take_info(slice_of(response + 1, size - 1), &info)))
                cbor = slice_of(response + 1, size - 1);
        snprintf(kind, sizeof kind, "%.*s", (int)strcspn(target->name, ":"), target->name);
        return json_pack("{s:s, s:s, s:s, s:o, s:o, s:b, s:o, s:o}", "name", target->name, "kind", kind,
                "aaguid", info.aaguid, "versions", info.versions, "transports", info.transports, "simulated",
                target->simulated, "abilities", list_abilities(target->abilities), "get_info",
                hex_text(cbor));
}

/* ---- keeping it alive ---- */

struct probing {
        const struct probing_config *config;
        struct target *target;
        struct probing_journal journal;
        bool dead;
};

static bool answers(struct target *target)
{
        uint8_t response[RESPONSE_MAX];
        size_t size;
        return !(target->abilities & TARGET_CTAP) || ask_info(target, response, &size) == TARGET_ANSWERED;
}

static bool reach_anew(struct probing *probing)
{
        struct target again;
        struct target *target = probing->target;
        target->close(target->context);
        target->close = NULL;
        if (failed(target_open(probing->config->target, &again, NULL)))
                return false;
        *target = again;
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
        if (target->restart)
                return target->restart(target->context) && answers(target);
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

static mitome_status attempt(
        struct probing *probing, const struct probe *probe, struct probe_run **ret, mitome_error *error)
{
        struct probe_run_config limits = probing->config->limits;
        limits.progress = watch_of(probing)->progress;
        limits.context = watch_of(probing)->context;
        limits.target = probing->config->target->name;
        if (probing->dead)
                return probe_run_skip(probe, &limits, "The target no longer answers.", ret, error);
        return probe_run_attempt(probe, probing->target, &limits, ret, error);
}

/* One that the person has broken off found nothing that could be gone on with. */
static mitome_status try_one(
        struct probing *probing, const struct probe *probe, json_t **ret, mitome_error *error)
{
        struct probe_run *run = NULL;
        if (!probing->dead && probing->target->restart)
                probing->dead = !revive(probing);
        const bool skips = probing->dead;
        MITOME_TRY(attempt(probing, probe, &run, error));
        if (!skips && probe_run_result(run) == PROBE_TARGET_FAILED)
                probing->dead = !revive(probing);
        else if (!skips)
                let_go(probing->target);
        json_t *object = has_stopped(probing) ? NULL : probe_run_json(run);
        probe_run_free(run);
        if (has_stopped(probing))
                return ok();
        mitome_status status = !object ? fail(error, MITOME_E_NO_MEMORY, probe->id, NULL)
                               : skips ? ok() /* with --resume it may answer again */
                                       : probing_journal_add(&probing->journal, object, error);
        if (failed(status))
                json_decref(object);
        else
                *ret = object;
        return status;
}

static mitome_status take_one(struct probing *probing, const struct probe *probe, size_t number, size_t of,
        json_t *results, mitome_error *error)
{
        const struct probing_watch *watch = watch_of(probing);
        json_t *kept = json_object_get(probing->journal.probes, probe->id), *result = json_incref(kept);
        if (watch->begins && !kept)
                watch->begins(watch->context, number, of, probe);
        if (!kept)
                MITOME_TRY(try_one(probing, probe, &result, error));
        if (!result)
                return ok();
        if (watch->ended)
                watch->ended(watch->context, number, of, probe, result, kept != NULL);
        return json_array_append_new(results, result) == 0 ? ok()
                                                           : fail(error, MITOME_E_NO_MEMORY, probe->id, NULL);
}

/* ---- all ---- */

static mitome_status take_all(
        struct probing *probing, json_t *results, bool *ret_finished, mitome_error *error)
{
        const struct probe *const *probes =
                probing->config->probes ? probing->config->probes : probe_catalogue;
        size_t of = 0;
        while (probes[of])
                of++;
        for (size_t i = 0; i < of && !has_stopped(probing); i++)
                MITOME_TRY(take_one(probing, probes[i], i + 1, of, results, error));
        *ret_finished = !has_stopped(probing);
        return ok();
}

static json_t *header_of(const struct probing_config *config, const struct target *target, const json_t *said)
{
        return json_pack("{s:i, s:s, s:s, s:O, s:b, s:s}", "mitome_journal", 1, "version", config->version,
                "target", target->name, "aaguid", json_object_get(said, "aaguid"), "destructive",
                target->may_destroy, "at", config->at);
}

mitome_status probing_run(const struct probing_config *config, struct target *target,
        struct probing_result *ret, mitome_error *error)
{
        struct probing probing = { .config = config, .target = target, .journal = { .fd = -1 } };
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
