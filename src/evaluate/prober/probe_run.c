/* SPDX-License-Identifier: Apache-2.0 */
#include "probe_run.h"

#include "cbor.h"
#include "ctap_status.h"
#include "safe_text.h"
#include "seeded_draw.h"
#include "steady_clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RESPONSE_MAX = 8192, NOTE_MAX = 400, WHY_MAX = 400, SPARE_MESSAGES = 64, SPARE_MS = 120000 };

struct probe_run {
        const struct probe *probe;
        struct target *target;
        struct probe_run_config config;
        char *name;    /* of the target, for the replay command */
        bool did_harm; /* with leave that the replay must have, too */
        uint64_t began_ms, draw;
        unsigned exchanges, spare; /* messages; those left for putting back, until that time */
        uint64_t spare_until_ms;
        bool ended, failed; /* a verdict was given; no memory for the trace */
        enum probe_result result;
        char why[WHY_MAX];
        json_t *first, *last; /* steps: the beginning, and the end of what goes on behind it */
        uint64_t omitted;
        json_t *found;
        uint8_t response[RESPONSE_MAX];
        size_t response_size;
};

/* ---- words ---- */

const char *probe_result_name(enum probe_result result)
{
        static const char *const names[] = {
                [PROBE_NOT_TESTABLE] = "not testable here",
                [PROBE_HOLDS] = "holds",
                [PROBE_PARTLY] = "partly",
                [PROBE_BROKEN] = "broken",
                [PROBE_TARGET_FAILED] = "target failed",
        };
        return names[result];
}

const char *target_trouble_text(enum target_trouble trouble)
{
        static const char *const texts[] = {
                [TARGET_ANSWERED] = "answered",
                [TARGET_SILENT] = "did not answer within the time limit",
                [TARGET_DIED] = "broke the connection",
                [TARGET_GARBLED] = "answered what is no answer of this protocol",
                [TARGET_FLOODED] = "sent more than the protocol allows",
        };
        return texts[trouble];
}

/* ---- the trace ---- */

static void keep_step(struct probe_run *run, json_t *step)
{
        if (!step) {
                run->failed = true;
                return;
        }
        json_t *list = json_array_size(run->first) < PROBE_STEPS_FIRST ? run->first : run->last;
        run->failed = json_array_append_new(list, step) != 0 || run->failed;
        if (json_array_size(run->last) > PROBE_STEPS_LAST) {
                json_array_remove(run->last, 0);
                run->omitted++;
        }
}

static void note_exchange(struct probe_run *run, const char *by, slice sent, slice saw)
{
        keep_step(run, json_pack("{s:o, s:o, s:s}", "sent", safe_text_hex(sent), "saw", safe_text_hex(saw),
                               "by", by));
}

void probe_note(struct probe_run *run, const char *format, ...)
{
        char text[NOTE_MAX];
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        keep_step(run, json_pack("{s:o}", "note", safe_text(slice_text(text))));
}

/* ---- the verdict ---- */

/* A sound target is the least that can be said; the worst is what was broken. */
static int badness(enum probe_result result)
{
        static const int order[] = {
                [PROBE_HOLDS] = 0,
                [PROBE_PARTLY] = 1,
                [PROBE_NOT_TESTABLE] = 2,
                [PROBE_TARGET_FAILED] = 3,
                [PROBE_BROKEN] = 4,
        };
        return order[result];
}

void probe_end(struct probe_run *run, enum probe_result result, const char *why, ...)
{
        va_list arguments;
        if (run->ended && badness(result) <= badness(run->result))
                return;
        run->ended = true;
        run->result = result;
        va_start(arguments, why);
        vsnprintf(run->why, sizeof run->why, why, arguments);
        va_end(arguments);
}

/* ---- facts ---- */

static void keep_fact(
        struct probe_run *run, enum level_fact_id fact, const char *obtained, bool partial, json_t *value)
{
        const char *name = level_fact_kind(fact)->name;
        json_t *one = json_pack("{s:s, s:s, s:b, s:o}", "name", name, "obtained", obtained, "partial",
                partial || run->config.again, "value", value);
        run->failed = json_object_set_new(run->found, name, one) != 0 || run->failed;
}

void probe_fact_bool(struct probe_run *run, enum level_fact_id fact, bool yes, bool partial)
{
        keep_fact(run, fact, "observed", partial, json_boolean(yes));
}

void probe_fact_count(struct probe_run *run, enum level_fact_id fact, uint64_t count, bool partial)
{
        keep_fact(run, fact, "observed", partial, json_integer((json_int_t)count));
}

void probe_fact_rate(struct probe_run *run, enum level_fact_id fact, uint64_t errors, uint64_t trials)
{
        keep_fact(run, fact, "measured", false,
                json_pack("{s:I, s:I}", "errors", (json_int_t)errors, "trials", (json_int_t)trials));
}

/* ---- messages ---- */

/* A target that was cut off by the probe itself has not failed. */
static bool was_cut(const struct probe_run *run)
{
        const struct target *target = run->target;
        return (target->abilities & TARGET_MEDIUM) && target->was_cut && target->was_cut(target->context);
}

static int give_up(struct probe_run *run, const char *what, const char *text)
{
        probe_note(run, "the %s %s", what, text);
        if (!was_cut(run))
                probe_end(run, PROBE_TARGET_FAILED, "The %s %s.", what, text);
        return -1;
}

static bool is_in_time(const struct probe_run *run)
{
        return steady_clock_ms() - run->began_ms <= run->config.budget_ms;
}

/* Whether another message may be sent. */
static bool may_send(struct probe_run *run)
{
        const struct probe_run_config *config = &run->config;
        const bool stopped = config->stopped && config->stopped(config->context);
        const bool in_time = is_in_time(run), few = run->exchanges < config->exchanges_max;
        if (!stopped && in_time && few) {
                run->exchanges++;
                return true;
        }
        if (run->spare && steady_clock_ms() < run->spare_until_ms) {
                run->spare--;
                return true;
        }
        if (stopped)
                probe_end(run, PROBE_PARTLY, "It was broken off.");
        else if (few)
                probe_end(run, PROBE_PARTLY, "It was ended: it may take %llu s.",
                        (unsigned long long)config->budget_ms / 1000);
        else
                probe_end(run, PROBE_PARTLY, "It was ended after %u messages.", run->exchanges);
        return false;
}

void probe_puts_back(struct probe_run *run)
{
        run->spare = SPARE_MESSAGES;
        run->spare_until_ms = steady_clock_ms() + SPARE_MS;
}

static bool is_cbor(slice body)
{
        struct cbor_reader r = cbor_over(body, NULL, NULL);
        return body.size == 0 || (!failed(cbor_skip(&r, "answer")) && !failed(cbor_end(&r, "answer")));
}

int probe_ctap(struct probe_run *run, slice request, slice *ret_body)
{
        struct target *target = run->target;
        size_t size = 0;
        if (!may_send(run))
                return -1;
        enum target_trouble trouble = target->exchange(target->context, request, run->config.exchange_ms,
                run->response, sizeof run->response, &size);
        if (trouble == TARGET_ANSWERED && size == 0)
                trouble = TARGET_GARBLED;
        run->response_size = trouble == TARGET_ANSWERED ? size : 0;
        note_exchange(run, "ctap", request, slice_of(run->response, run->response_size));
        if (trouble != TARGET_ANSWERED)
                return give_up(run, "authenticator", target_trouble_text(trouble));
        const slice body = slice_of(run->response + 1, size - 1);
        if (run->response[0] == 0 && !is_cbor(body))
                return give_up(run, "authenticator", "answered what is no CBOR as CTAP wants it");
        if (ret_body)
                *ret_body = body;
        return run->response[0];
}

enum probe_answer probe_answer_of(int status)
{
        static const uint8_t nothing_told[] = { CTAP1_ERR_TIMEOUT, CTAP1_ERR_CHANNEL_BUSY,
                CTAP2_ERR_OPERATION_DENIED, CTAP2_ERR_KEEPALIVE_CANCEL, CTAP2_ERR_USER_ACTION_TIMEOUT,
                CTAP2_ERR_ACTION_TIMEOUT, CTAP1_ERR_OTHER };
        if (status < 0 || status > UINT8_MAX) /* none, or "done" that cannot be read */
                return PROBE_UNCLEAR;
        for (size_t i = 0; i < sizeof nothing_told; i++)
                if (status == nothing_told[i])
                        return PROBE_UNCLEAR;
        return status == CTAP2_OK ? PROBE_ACCEPTED : PROBE_REFUSED;
}

/* A command that brings a PIN or password (ISO 7816-4: VERIFY, CHANGE and RESET) is noted without it. */
static slice without_secret(slice command)
{
        enum { HEADER = 5, INS = 1, VERIFY = 0x20, CHANGE = 0x24, RESET = 0x2C };
        const uint8_t ins = command.size > HEADER ? command.data[INS] & 0xFE : 0;
        return ins == VERIFY || ins == CHANGE || ins == RESET ? slice_of(command.data, HEADER) : command;
}

int probe_apdu(struct probe_run *run, slice command, slice *ret_data)
{
        enum { STATUS_WORD = 2 };
        struct target *target = run->target;
        size_t size = 0;
        if (!may_send(run))
                return -1;
        enum target_trouble trouble =
                target->apdu(target->context, command, run->response, sizeof run->response, &size);
        if (trouble == TARGET_ANSWERED && size < STATUS_WORD)
                trouble = TARGET_GARBLED;
        run->response_size = trouble == TARGET_ANSWERED ? size : 0;
        note_exchange(run, "apdu", without_secret(command), slice_of(run->response, run->response_size));
        if (trouble != TARGET_ANSWERED)
                return give_up(run, "element", target_trouble_text(trouble));
        if (ret_data)
                *ret_data = slice_of(run->response, size - STATUS_WORD);
        return run->response[size - 2] << 8 | run->response[size - 1];
}

struct target *probe_turn_to(struct probe_run *run, struct target *target)
{
        struct target *before = run->target;
        run->target = target;
        return before;
}

void probe_tells_refusal(struct probe_run *run)
{
        if (run->config.refused)
                run->config.refused(run->config.context, run->probe);
}

/* ---- what the attempt draws, and how long it takes ---- */

void probe_random(struct probe_run *run, uint8_t *bytes, size_t size)
{
        for (size_t i = 0; i < size; i++)
                bytes[i] = (uint8_t)(draw_number(&run->draw) >> 32);
}

/* FNV-1a: another beginning for each probe, and always the same one. */
static uint64_t seed_of(const char *id)
{
        uint64_t seed = UINT64_C(0xCBF29CE484222325);
        for (; *id; id++)
                seed = (seed ^ (uint8_t)*id) * UINT64_C(0x100000001B3);
        return seed;
}

bool probe_progress(struct probe_run *run, uint64_t done, uint64_t of)
{
        const struct probe_run_config *config = &run->config;
        if (!is_in_time(run))
                return false;
        return !config->progress || config->progress(config->context, run->probe, done, of);
}

/* ---- an attempt ---- */

static void say_missing(struct probe_run *run, unsigned missing)
{
        for (unsigned i = 0; i < TARGET_ABILITIES; i++)
                if (missing & 1U << i) {
                        probe_end(run, PROBE_NOT_TESTABLE, "It takes a target that %s; this one does not.",
                                target_ability_name((enum target_ability)(1U << i)));
                        return;
                }
}

static bool may_attempt(struct probe_run *run)
{
        const unsigned missing = run->probe->needs & ~run->target->abilities;
        if (missing) {
                say_missing(run, missing);
                return false;
        }
        if (run->probe->destructive && !run->target->restart && !run->target->may_destroy) {
                probe_end(run, PROBE_NOT_TESTABLE,
                        "It would lock, fill or reset this authenticator: --destructive allows that.");
                return false;
        }
        return true;
}

static void attempt(struct probe_run *run)
{
        if (!may_attempt(run))
                return;
        run->did_harm = probe_harms(run->probe, run->target);
        run->probe->attempt(run, run->target);
        if (!run->ended)
                probe_end(run, PROBE_PARTLY, "The attempt ended without a verdict.");
        if (run->config.again && run->result == PROBE_HOLDS)
                run->result = PROBE_PARTLY;
}

static struct probe_run *make(
        const struct probe *probe, struct target *target, const struct probe_run_config *config)
{
        struct probe_run *run = calloc(1, sizeof *run);
        if (!run)
                return NULL;
        run->probe = probe;
        run->target = target;
        run->config = config ? *config : (struct probe_run_config){ 0 };
        if (!run->config.exchange_ms)
                run->config.exchange_ms = PROBE_EXCHANGE_MS;
        if (!run->config.exchanges_max)
                run->config.exchanges_max = PROBE_EXCHANGES_MAX;
        if (!run->config.budget_ms)
                run->config.budget_ms = PROBE_BUDGET_MS;
        run->name = safe_text_quoted(run->config.target ? run->config.target
                                     : target           ? target->name
                                                        : "TARGET");
        run->began_ms = steady_clock_ms();
        run->draw = seed_of(probe->id);
        run->first = json_array();
        run->last = json_array();
        run->found = json_object();
        if (run->config.again)
                probe_note(run, "an earlier attempt was broken off: what it may have changed is not known");
        return run;
}

mitome_status probe_run_attempt(const struct probe *probe, struct target *target,
        const struct probe_run_config *config, struct probe_run **ret, mitome_error *error)
{
        struct probe_run *run = make(probe, target, config);
        if (!run)
                return fail(error, MITOME_E_NO_MEMORY, probe->id, NULL);
        attempt(run);
        if (run->failed || !run->name || !run->first || !run->last || !run->found) {
                probe_run_free(run);
                return fail(error, MITOME_E_NO_MEMORY, probe->id, NULL);
        }
        if (run->omitted) {
                char text[64];
                snprintf(text, sizeof text, "(%llu steps are left out here)",
                        (unsigned long long)run->omitted);
                json_array_insert_new(run->last, 0, json_pack("{s:s}", "note", text));
        }
        json_array_extend(run->first, run->last);
        run->target = NULL;
        *ret = run;
        return ok();
}

mitome_status probe_run_skip(const struct probe *probe, const struct probe_run_config *config,
        const char *why, struct probe_run **ret, mitome_error *error)
{
        struct probe_run *run = make(probe, NULL, config);
        if (!run)
                return fail(error, MITOME_E_NO_MEMORY, probe->id, NULL);
        probe_end(run, PROBE_NOT_TESTABLE, "%s", why);
        *ret = run;
        return ok();
}

/* ---- what it came to ---- */

enum probe_result probe_run_result(const struct probe_run *run)
{
        return run->result;
}

const char *probe_run_why(const struct probe_run *run)
{
        return run->why;
}

const json_t *probe_run_found(const struct probe_run *run, enum level_fact_id fact)
{
        return json_object_get(json_object_get(run->found, level_fact_kind(fact)->name), "value");
}

const json_t *probe_run_steps(const struct probe_run *run)
{
        return run->first;
}

/* The facts in the order of the registry, whatever the attempt's was. */
static void list_facts(const struct probe_run *run, json_t *names, json_t *found)
{
        for (int i = 0; i < LEVEL_FACTS; i++) {
                const char *name = level_fact_kind((enum level_fact_id)i)->name;
                json_t *fact = json_object_get(run->found, name);
                if (!fact)
                        continue;
                json_array_append_new(names, json_string(name));
                json_array_append(found, fact);
        }
}

static json_t *replay_command(const struct probe_run *run)
{
        char *command = NULL;
        if (!run->name || asprintf(&command, "mitome evaluate --replay %s%s %s", run->probe->id,
                                  run->did_harm ? " --destructive" : "", run->name) < 0)
                return NULL;
        json_t *text = safe_text(slice_text(command));
        free(command);
        return text;
}

static json_t *why_of(const struct probe_run *run)
{
        static const char again[] =
                " An earlier attempt of it was broken off: what that has changed is not known.";
        char why[WHY_MAX + sizeof again];
        snprintf(why, sizeof why, "%s%s", run->why, run->config.again ? again : "");
        return safe_text(slice_text(why));
}

json_t *probe_run_json(const struct probe_run *run)
{
        const struct probe *probe = run->probe;
        json_t *names = json_array(), *found = json_array();
        list_facts(run, names, found);
        return json_pack(
                "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:o, s:o, s:n, s:O, s:I, s:o, s:o}", "id",
                probe->id, "title", probe->title, "title_ja", probe->title_ja, "attack", probe->attack,
                "attack_ja", probe->attack_ja, "must", probe->must, "must_ja", probe->must_ja, "responsible",
                probe->responsible, "destructive", probe->destructive, "result",
                probe_result_name(run->result), "why", why_of(run), "facts", names, "evidence", "steps",
                run->first, "steps_omitted", (json_int_t)run->omitted, "replay", replay_command(run), "found",
                found);
}

void probe_run_free(struct probe_run *run)
{
        if (!run)
                return;
        json_decref(run->first);
        json_decref(run->last);
        json_decref(run->found);
        bytes_wipe(run->response, sizeof run->response);
        free(run->name);
        free(run);
}
