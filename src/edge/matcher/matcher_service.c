/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher_service.h"

#include "certified_class.h"
#include "harden.h"

#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
        VERIFY_LIMIT_MS = 30000,
        ENROL_LIMIT_MS = 120000,
        LAST_RESORT_S = 15, /* past its limit, an operation that hangs takes the process with it */
};

/* What runs. The digest is computed here, from the text that is shown. */
struct operation {
        bool enrols;
        uint8_t command;
        uint8_t rp_id[GATE_RP_ID_MAX];
        size_t rp_id_size;
        uint8_t finger_id[GATE_FINGER_ID_SIZE]; /* of the one that is added */
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE];
        uint8_t digest[SHA256_SIZE];
        struct secret pairing_key;
        guint timer;
        struct unlock_entry said; /* by the element, beside its challenge */
        unsigned remaining;       /* samples that an enrolment still wants */
        bool counted;             /* as a false trial, until it is known what becomes of it */
        struct entry_record before;
        bool shown;
};

struct matcher_service {
        struct matcher_service_config config;
        int fd; /* -1: no client */
        guint watch;
        bool runs;
        struct operation operation;
};

static void cancel_sensor(struct matcher_service *service)
{
        service->config.sensor.cancel(service->config.sensor.context);
}

/* ---- the client ---- */

static void hang_up(struct matcher_service *service)
{
        if (service->fd < 0)
                return;
        g_clear_handle_id(&service->watch, g_source_remove);
        close(service->fd);
        service->fd = -1;
        if (service->runs)
                cancel_sensor(service);
        else
                service->config.gone(service->config.context);
}

static void report(struct matcher_service *service, const struct gate_report *report)
{
        uint8_t buffer[GATE_MESSAGE_MAX];
        slice message;
        writer w = WRITER(buffer);
        gate_report_write(&w, report);
        if (service->fd < 0 || failed(writer_finish(&w, "report", &message, NULL)))
                return;
        ssize_t sent = send(service->fd, message.data, message.size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent != (ssize_t)message.size)
                hang_up(service); /* it does not listen */
}

static void report_kind(struct matcher_service *service, unsigned kind)
{
        report(service, &(struct gate_report){ .kind = (uint8_t)kind });
}

static void refuse(struct matcher_service *service, mitome_code code)
{
        report(service, &(struct gate_report){ .kind = GATE_REPORT_REFUSED, .code = (uint16_t)code });
}

/* ---- the display ---- */

/* What a relying party calls itself must not move the cursor: anything but visible ASCII is spelt out. */
static void show_text(slice text)
{
        for (size_t i = 0; i < text.size; i++)
                fprintf(stderr, text.data[i] > 0x20 && text.data[i] < 0x7F ? "%c" : "\\x%02X", text.data[i]);
}

static void show_purpose(struct operation *operation)
{
        static const char *const words[] = {
                [0x01] = "to register at ", [0x02] = "to log in at ", [0x06] = "to be verified for "
        };
        if (operation->shown)
                return;
        operation->shown = true;
        fputs("mitome-matcher: your finger ", stderr);
        if (operation->enrols)
                fputs("to enrol it", stderr);
        else if (!operation->rp_id_size)
                fputs("to manage this authenticator", stderr);
        else
                fputs(operation->command < G_N_ELEMENTS(words) && words[operation->command]
                                ? words[operation->command]
                                : "for ",
                        stderr);
        show_text(slice_of(operation->rp_id, operation->rp_id_size));
        fputc('\n', stderr);
}

/* ---- what the sensor says ---- */

/* One challenge is one capture: whoever sends it again, after a finger was asked for or anything was said
 * under seal, gets nothing for it, and after a restart neither. */
static mitome_status spend(struct matcher_service *service)
{
        const struct unlock_entry *said = &service->operation.said;
        struct entry_record next = service->config.entries->record;
        entry_spend(&next, said->entered, said->number);
        return entry_book_write(service->config.entries, &next, NULL);
}

static void set_timer(struct matcher_service *service, uint32_t ms);

static void on_ready(void *context)
{
        struct matcher_service *service = context;
        if (failed(spend(service))) {
                set_timer(service, 0); /* no finger for a challenge that could come again */
                return;
        }
        show_purpose(&service->operation);
        report(service, &(struct gate_report){ .kind = MITOME_GATE_AWAITS,
                                .remaining = (uint8_t)service->operation.remaining });
}

static void on_sample(void *context, unsigned remaining)
{
        struct matcher_service *service = context;
        service->operation.remaining = remaining;
        report(service, &(struct gate_report){ .kind = MITOME_GATE_SAMPLE, .remaining = (uint8_t)remaining });
}

static void on_retry(void *context, enum mitome_gate_hint hint)
{
        struct matcher_service *service = context;
        report(service, &(struct gate_report){ .kind = MITOME_GATE_RETRY,
                                .hint = (uint8_t)hint,
                                .remaining = (uint8_t)service->operation.remaining });
}

static bool seal(const struct matcher_service *service, enum unlock_purpose purpose,
        uint8_t ret_bytes[UNLOCK_TOKEN_SIZE])
{
        const struct operation *operation = &service->operation;
        struct unlock_token token = { .purpose = (uint8_t)purpose,
                .modality = service->config.sensor.modality };
        if (failed(slice_copy(SLICE(operation->challenge), "challenge", token.challenge,
                    sizeof token.challenge, NULL)) ||
                failed(slice_copy(
                        SLICE(operation->digest), "digest", token.digest, sizeof token.digest, NULL)) ||
                failed(slice_copy(
                        SLICE(service->config.state->set), "set", token.set, sizeof token.set, NULL)))
                return false;
        unlock_token_seal(&token, secret_view(&operation->pairing_key), ret_bytes);
        return true;
}

static void report_evidence(struct matcher_service *service, unsigned kind, enum unlock_purpose purpose)
{
        uint8_t bytes[UNLOCK_TOKEN_SIZE];
        if (seal(service, purpose, bytes))
                report(service, &(struct gate_report){ .kind = (uint8_t)kind, .evidence = SLICE(bytes) });
}

static void report_match(struct matcher_service *service, slice kept)
{
        (void)kept;
        report_evidence(service, MITOME_GATE_EVIDENCE, UNLOCK_VERIFIED);
}

static void report_no_match(struct matcher_service *service, slice kept)
{
        (void)kept;
        report_kind(service, MITOME_GATE_NO_MATCH);
}

static void report_same(struct matcher_service *service, slice kept)
{
        (void)kept;
        report(service, &(struct gate_report){ .kind = MITOME_GATE_NO_MATCH, .hint = MITOME_GATE_HINT_SAME });
}

/* ---- the set, as the sensor sees it ---- */

static struct sensor_set set_of(
        const struct matcher_state *state, struct sensor_finger fingers[GATE_FINGERS_MAX])
{
        for (size_t i = 0; i < state->finger_count; i++) {
                const struct matcher_finger *finger = &state->fingers[i];
                fingers[i] = (struct sensor_finger){ .id = SLICE(finger->known.id),
                        .kept = slice_of(finger->data, finger->size) };
        }
        return (struct sensor_set){ .fingers = fingers, .count = state->finger_count };
}

/* What the device itself keeps, when the set is this one. */
static mitome_status take_survey(struct matcher_service *service, const struct sensor_set *set,
        uint8_t ret_survey[SENSOR_SURVEY_SIZE], mitome_error *error)
{
        const struct sensor *sensor = &service->config.sensor;
        if (sensor->list)
                return sensor->list(sensor->context, set, ret_survey, error);
        bytes_wipe(ret_survey, SENSOR_SURVEY_SIZE);
        return ok();
}

/* Somebody else may have changed what the device keeps. */
static mitome_status look_round(struct matcher_service *service, mitome_error *error)
{
        struct sensor_finger fingers[GATE_FINGERS_MAX];
        const struct sensor_set set = set_of(service->config.state, fingers);
        uint8_t survey[SENSOR_SURVEY_SIZE];
        MITOME_TRY(take_survey(service, &set, survey, error));
        return matcher_state_compare(service->config.state, SLICE(survey), error);
}

static mitome_status keep_finger(struct matcher_service *service, slice kept, mitome_error *error)
{
        struct sensor_finger fingers[GATE_FINGERS_MAX + 1];
        struct sensor_set set = set_of(service->config.state, fingers);
        const slice id = SLICE(service->operation.finger_id);
        uint8_t survey[SENSOR_SURVEY_SIZE];
        fingers[set.count++] = (struct sensor_finger){ .id = id, .kept = kept };
        MITOME_TRY(take_survey(service, &set, survey, error));
        return matcher_state_add(service->config.state, id, kept, SLICE(survey), error);
}

/* The device forgets first: a finger that it still knew would be nobody's. */
static mitome_status drop_finger(struct matcher_service *service, slice id, mitome_error *error)
{
        const struct sensor *sensor = &service->config.sensor;
        struct sensor_finger fingers[GATE_FINGERS_MAX];
        struct sensor_set set = set_of(service->config.state, fingers);
        uint8_t survey[SENSOR_SURVEY_SIZE];
        size_t place = 0;
        while (place < set.count && !slice_equal(fingers[place].id, id))
                place++;
        if (place == set.count)
                return fail(error, MITOME_E_GATE_UNKNOWN_FINGER, "finger", NULL);
        if (sensor->remove)
                MITOME_TRY(sensor->remove(sensor->context, &fingers[place], error));
        fingers[place] = fingers[--set.count];
        MITOME_TRY(take_survey(service, &set, survey, error));
        return matcher_state_remove(service->config.state, id, SLICE(survey), error);
}

/* What cannot be forgotten there opens nothing here: the set has no such finger any more. */
static void empty_device(struct matcher_service *service)
{
        const struct sensor *sensor = &service->config.sensor;
        struct sensor_finger fingers[GATE_FINGERS_MAX];
        const struct sensor_set set = set_of(service->config.state, fingers);
        for (size_t i = 0; sensor->remove && i < set.count; i++)
                (void)failed(sensor->remove(sensor->context, &fingers[i], NULL));
}

/* ---- how an operation ends ---- */

/* Nobody is there to confirm a new set when the client has hung up: it would only close the finger path. */
static void report_enrolled(struct matcher_service *service, slice kept)
{
        if (service->fd >= 0 && !failed(keep_finger(service, kept, NULL)))
                report_evidence(service, MITOME_GATE_EVIDENCE, UNLOCK_ENROLLED);
        else
                report_kind(service, MITOME_GATE_BROKEN);
}

static void report_absent(struct matcher_service *service, slice kept)
{
        (void)kept;
        report_evidence(service, MITOME_GATE_ABSENT, UNLOCK_ABSENT);
}

static void report_dismissed(struct matcher_service *service, slice kept)
{
        (void)kept;
        report_evidence(service, MITOME_GATE_DISMISSED, UNLOCK_ABSENT);
}

static void report_broken(struct matcher_service *service, slice kept)
{
        (void)kept;
        report_kind(service, MITOME_GATE_BROKEN);
}

static struct entry_now entry_now(const struct matcher_service *service)
{
        struct entry_now now = { .ms = boot_clock_ms() };
        (void)failed(slice_copy(SLICE(service->config.boot), "boot", now.boot, sizeof now.boot, NULL));
        return now;
}

/* What cannot be written stays counted: that is on the safe side. */
static void settle(struct matcher_service *service, enum entry_end end)
{
        const struct operation *operation = &service->operation;
        struct entry_record next = service->config.entries->record;
        const struct entry_now now = entry_now(service);
        if (!operation->counted)
                return;
        entry_settle(&next, &operation->before, end, &now);
        (void)failed(entry_book_write(service->config.entries, &next, NULL));
}

static void end_operation(struct matcher_service *service)
{
        struct operation *operation = &service->operation;
        alarm(0);
        g_clear_handle_id(&operation->timer, g_source_remove);
        bytes_wipe(operation, sizeof *operation);
        service->runs = false;
}

static const struct ending {
        void (*report)(struct matcher_service *service, slice kept);
        enum entry_end entry;
} endings[] = {
        [SENSOR_MATCH] = { report_match, ENTRY_MATCHED },
        [SENSOR_NO_MATCH] = { report_no_match, ENTRY_MISSED },
        [SENSOR_SAME] = { report_same, ENTRY_MISSED },
        [SENSOR_ENROLLED] = { report_enrolled, ENTRY_NOTHING },
        [SENSOR_CANCELLED] = { report_absent, ENTRY_NOTHING },
        [SENSOR_DISMISSED] = { report_dismissed, ENTRY_NOTHING },
        [SENSOR_BROKEN] = { report_broken, ENTRY_MISSED },
};

/* A sensor that enrols when it is asked to compare, or the other way round, is none. */
static enum sensor_outcome believable(enum sensor_outcome outcome, bool enrols)
{
        const bool odd = enrols ? outcome == SENSOR_MATCH : outcome == SENSOR_ENROLLED;
        return odd || (size_t)outcome >= G_N_ELEMENTS(endings) ? SENSOR_BROKEN : outcome;
}

/* The user waits for the answer, not for what is then written: of a trial that was counted before, that can
 * only take something back. */
static void on_ended(void *context, enum sensor_outcome outcome, slice kept)
{
        struct matcher_service *service = context;
        const bool spent = !failed(spend(service)); /* where the sensor was never ready, too */
        const struct ending *ending =
                &endings[spent ? believable(outcome, service->operation.enrols) : SENSOR_BROKEN];
        ending->report(service, kept);
        settle(service, ending->entry);
        end_operation(service);
        if (service->fd < 0)
                service->config.gone(service->config.context);
}

/* ---- beginning an operation ---- */

static gboolean on_time_up(gpointer user_data)
{
        struct matcher_service *service = user_data;
        service->operation.timer = 0;
        cancel_sensor(service);
        return G_SOURCE_REMOVE;
}

static void set_timer(struct matcher_service *service, uint32_t ms)
{
        g_clear_handle_id(&service->operation.timer, g_source_remove);
        service->operation.timer = g_timeout_add(ms, on_time_up, service);
}

static void set_limit(struct matcher_service *service, uint32_t timeout_ms)
{
        uint32_t limit = service->operation.enrols ? ENROL_LIMIT_MS : VERIFY_LIMIT_MS;
        if (timeout_ms)
                limit = timeout_ms;
        set_timer(service, limit);
        alarm(limit / 1000 + LAST_RESORT_S);
        harden_allow(limit / 1000 + LAST_RESORT_S);
}

/* What the digest has in the place of clientDataHash. */
static slice stand_in(const struct gate_request *request, uint8_t removal[SHA256_SIZE])
{
        if (request->kind != GATE_REQUEST_REMOVE)
                return request->client_data_hash;
        unlock_removal(request->finger_id, removal);
        return slice_of(removal, SHA256_SIZE);
}

static mitome_status describe(
        struct operation *operation, const struct gate_request *request, mitome_error *error)
{
        uint8_t rp_id_hash[SHA256_SIZE], removal[SHA256_SIZE];
        operation->enrols = request->kind == GATE_REQUEST_ENROL;
        operation->command = request->command;
        operation->rp_id_size = request->rp_id.size;
        MITOME_TRY(
                slice_copy(request->rp_id, "request.rpId", operation->rp_id, sizeof operation->rp_id, error));
        MITOME_TRY(slice_copy(request->challenge, "request.challenge", operation->challenge,
                sizeof operation->challenge, error));
        MITOME_TRY(slice_copy(request->finger_id, "request.fingerId", operation->finger_id,
                sizeof operation->finger_id, error));
        sha256(&request->rp_id, 1, rp_id_hash);
        unlock_digest(request->command, request->rp_id.size ? SLICE(rp_id_hash) : slice_of(NULL, 0),
                stand_in(request, removal), operation->digest);
        return ok();
}

static mitome_status check_fingers(const struct matcher_service *service, mitome_error *error)
{
        const struct operation *operation = &service->operation;
        const struct matcher_state *state = service->config.state;
        if (operation->enrols && state->finger_count == GATE_FINGERS_MAX)
                return fail(error, MITOME_E_GATE_FULL, "enrolment set", NULL);
        if (operation->enrols && matcher_state_find(state, SLICE(operation->finger_id)))
                return fail(error, MITOME_E_GATE_KNOWN_FINGER, "enrolment set", NULL);
        if (!operation->enrols && state->finger_count == 0)
                return fail(error, MITOME_E_GATE_NO_FINGER, "enrolment set", NULL);
        return ok();
}

/* From here on what was asked can be named in evidence. */
static mitome_status introduce(
        struct matcher_service *service, const struct gate_request *request, mitome_error *error)
{
        struct operation *operation = &service->operation;
        MITOME_TRY(matcher_state_key(service->config.state, &operation->pairing_key, error));
        return describe(operation, request, error);
}

/* Whoever owns the sensor reads why it does not begin; clients have one code for all of it. */
static void tell_owner(const mitome_error *cause)
{
        char text[512];
        mitome_explain(cause, text, sizeof text);
        fprintf(stderr, "mitome-matcher: %s\n", text);
}

static mitome_status start_sensor(struct matcher_service *service, mitome_error *error)
{
        mitome_error cause = { 0 };
        struct operation *operation = &service->operation;
        const struct sensor *sensor = &service->config.sensor;
        struct sensor_finger fingers[GATE_FINGERS_MAX];
        const struct sensor_set set = set_of(service->config.state, fingers);
        const struct sensor_watcher watcher = {
                .context = service,
                .ready = on_ready,
                .sample = on_sample,
                .retry = on_retry,
                .ended = on_ended,
        };
        operation->remaining = operation->enrols ? sensor->samples : 0;
        const mitome_status status =
                operation->enrols
                        ? sensor->enrol(sensor->context, &set, SLICE(operation->finger_id), &watcher, &cause)
                        : sensor->verify(sensor->context, &set, &watcher, &cause);
        if (!failed(status))
                return ok();
        tell_owner(&cause);
        return fail(error, status.code, cause.field, cause.clause);
}

/* What the policy goes by: what the sensor is built to be, and no more than its maker vouches for. */
static uint8_t class_of(const struct matcher_service *service)
{
        const struct matcher_state *state = service->config.state;
        return certified_class(
                slice_of(state->certificate, state->certificate_size), service->config.sensor.class);
}

/* What the element says: that the challenge is its own, for this, and what it has not answered before. Before
 * that is known nothing is said under seal, or a spent challenge would bring its try back. */
static mitome_status hear_entry(
        struct matcher_service *service, const struct gate_request *request, mitome_error *error)
{
        struct operation *operation = &service->operation;
        struct unlock_entry *said = &operation->said;
        struct entry_record next = service->config.entries->record;
        const struct entry_now now = entry_now(service);
        MITOME_TRY(unlock_entry_open(request->entry, operation->enrols ? UNLOCK_ENROLLED : UNLOCK_VERIFIED,
                SLICE(operation->challenge), secret_view(&operation->pairing_key), said, error));
        const bool former = next.heard && said->entered < next.count; /* compares nothing: the PIN is due */
        if (entry_is_spent(&next, said->entered, said->number) || (former && operation->enrols))
                return fail(error, MITOME_E_GATE_ENTRY, "entry", NULL);
        entry_hear(&next, said->entered, &now);
        return entry_book_write(service->config.entries, &next, error);
}

/* An enrolment may be begun whenever the PIN allows it. */
static mitome_status count_trial(struct matcher_service *service, mitome_error *error)
{
        struct operation *operation = &service->operation;
        struct entry_book *book = service->config.entries;
        struct entry_record next = book->record;
        const struct entry_now now = entry_now(service);
        if (operation->enrols)
                return ok();
        const mitome_code decision = entry_decide(&next, class_of(service), &now);
        if (decision != MITOME_OK)
                return fail(error, decision, "finger", NULL);
        operation->before = next;
        entry_count(&next, &now);
        MITOME_TRY(entry_book_write(book, &next, error));
        operation->counted = true;
        return ok();
}

/* A trial is counted last, so that nothing but the finger is missing to it. */
static mitome_status prepare(struct matcher_service *service, mitome_error *error)
{
        MITOME_TRY(check_fingers(service, error));
        MITOME_TRY(look_round(service, error));
        MITOME_TRY(count_trial(service, error));
        mitome_status status = start_sensor(service, error);
        if (failed(status))
                settle(service, ENTRY_NOTHING);
        return status;
}

/* What could not even begin: the element is told so, under seal, and gives its try back. */
static void decline(struct matcher_service *service, mitome_code code)
{
        uint8_t bytes[UNLOCK_TOKEN_SIZE];
        if (!failed(spend(service)) && seal(service, UNLOCK_ABSENT, bytes))
                report(service, &(struct gate_report){ .kind = GATE_REPORT_DECLINED,
                                        .code = (uint16_t)code,
                                        .evidence = SLICE(bytes) });
        else
                refuse(service, code);
}

static void serve_operation(struct matcher_service *service, const struct gate_request *request)
{
        mitome_error error = { 0 };
        if (service->runs) {
                refuse(service, MITOME_E_GATE_BUSY);
                return;
        }
        if (failed(introduce(service, request, &error)) || failed(hear_entry(service, request, &error))) {
                end_operation(service);
                refuse(service, error.code);
                return;
        }
        if (failed(prepare(service, &error))) {
                decline(service, error.code);
                end_operation(service);
                return;
        }
        service->runs = true;
        set_limit(service, request->timeout_ms);
        report_kind(service, GATE_REPORT_DONE);
}

/* ---- the set: who may change it the element has said before, and evidence tells it what came of it ---- */

static void serve_list(struct matcher_service *service, const struct gate_request *request)
{
        const struct matcher_state *state = service->config.state;
        struct gate_report fingers = { .kind = GATE_REPORT_FINGERS, .listed = state->finger_count };
        (void)request;
        for (size_t i = 0; i < state->finger_count; i++)
                fingers.list[i] = state->fingers[i].known;
        report(service, &fingers);
}

static void serve_rename(struct matcher_service *service, const struct gate_request *request)
{
        mitome_error error = { 0 };
        if (service->runs)
                refuse(service, MITOME_E_GATE_BUSY);
        else if (failed(matcher_state_rename(
                         service->config.state, request->finger_id, request->name, &error)))
                refuse(service, error.code);
        else
                report_kind(service, GATE_REPORT_DONE);
}

static mitome_status remove_finger(
        struct matcher_service *service, const struct gate_request *request, mitome_error *error)
{
        MITOME_TRY(introduce(service, request, error));
        return drop_finger(service, request->finger_id, error);
}

static void serve_remove(struct matcher_service *service, const struct gate_request *request)
{
        mitome_error error = { 0 };
        if (service->runs) {
                refuse(service, MITOME_E_GATE_BUSY);
                return;
        }
        if (failed(remove_finger(service, request, &error)))
                refuse(service, error.code);
        else
                report_evidence(service, MITOME_GATE_EVIDENCE, UNLOCK_REMOVED);
        end_operation(service);
}

/* Nothing that is remembered of one element's PIN may serve another one: whenever this is cut short, the
 * record is lost, and the PIN is due. */
static mitome_status lose_entries(struct matcher_service *service, mitome_error *error)
{
        return entry_book_write(service->config.entries, &(struct entry_record){ 0 }, error);
}

static mitome_status forget(struct matcher_service *service, mitome_error *error)
{
        MITOME_TRY(lose_entries(service, error));
        empty_device(service);
        return matcher_state_forget(service->config.state, error);
}

static void serve_forget(struct matcher_service *service, const struct gate_request *request)
{
        mitome_error error = { 0 };
        (void)request;
        if (service->runs)
                refuse(service, MITOME_E_GATE_BUSY);
        else if (failed(forget(service, &error)))
                refuse(service, error.code);
        else
                report_kind(service, GATE_REPORT_DONE);
}

/* ---- the other requests ---- */

static void serve_status(struct matcher_service *service, const struct gate_request *request)
{
        const struct matcher_state *state = service->config.state;
        (void)request;
        if (!service->runs)
                (void)failed(look_round(service, NULL)); /* a request that needs it finds out, too */
        report(service, &(struct gate_report){ .kind = GATE_REPORT_STATUS,
                                .paired = state->paired,
                                .fingers = (uint8_t)state->finger_count,
                                .set = SLICE(state->set),
                                .sensor = slice_text(service->config.sensor.name),
                                .class = service->config.sensor.class,
                                .modality = service->config.sensor.modality });
}

static void serve_point(struct matcher_service *service, const struct gate_request *request)
{
        (void)request;
        report(service, &(struct gate_report){
                                .kind = GATE_REPORT_POINT, .point = SLICE(service->config.state->point) });
}

static void report_paired(struct matcher_service *service)
{
        uint8_t confirmation[SHA256_SIZE];
        mitome_error error = { 0 };
        if (failed(matcher_state_confirmation(service->config.state, confirmation, &error)))
                refuse(service, error.code);
        else
                report(service, &(struct gate_report){
                                        .kind = GATE_REPORT_PAIRED, .confirmation = SLICE(confirmation) });
}

static mitome_status pair(struct matcher_service *service, slice element_point, mitome_error *error)
{
        struct matcher_state *state = service->config.state;
        struct entry_record next = service->config.entries->record;
        if (state->paired && slice_equal(SLICE(state->element_point), element_point))
                return ok();
        MITOME_TRY(lose_entries(service, error));
        mitome_status status = matcher_state_pair(state, element_point, error);
        if (!failed(status)) {
                empty_device(service);
                entry_begin(&next);
        }
        (void)failed(entry_book_write(service->config.entries, &next, NULL)); /* else it stays lost */
        return status;
}

static void serve_pair(struct matcher_service *service, const struct gate_request *request)
{
        mitome_error error = { 0 };
        if (service->runs)
                refuse(service, MITOME_E_GATE_BUSY);
        else if (failed(pair(service, request->element_point, &error)))
                refuse(service, error.code);
        else
                report_paired(service);
}

static void serve_certificate(struct matcher_service *service, const struct gate_request *request)
{
        const struct matcher_state *state = service->config.state;
        (void)request;
        report(service, &(struct gate_report){ .kind = GATE_REPORT_CERTIFICATE,
                                .certificate = slice_of(state->certificate, state->certificate_size) });
}

static void serve_certify(struct matcher_service *service, const struct gate_request *request)
{
        mitome_error error = { 0 };
        if (service->runs)
                refuse(service, MITOME_E_GATE_BUSY);
        else if (failed(matcher_state_certify(service->config.state, request->certificate, &error)))
                refuse(service, error.code);
        else
                report_kind(service, GATE_REPORT_DONE);
}

static void serve_cancel(struct matcher_service *service, const struct gate_request *request)
{
        (void)request;
        if (service->runs)
                cancel_sensor(service);
}

static void serve(struct matcher_service *service, slice message)
{
        static void (*const servers[])(struct matcher_service *, const struct gate_request *) = {
                [GATE_REQUEST_STATUS] = serve_status,
                [GATE_REQUEST_POINT] = serve_point,
                [GATE_REQUEST_PAIR] = serve_pair,
                [GATE_REQUEST_VERIFY] = serve_operation,
                [GATE_REQUEST_ENROL] = serve_operation,
                [GATE_REQUEST_CANCEL] = serve_cancel,
                [GATE_REQUEST_LIST] = serve_list,
                [GATE_REQUEST_RENAME] = serve_rename,
                [GATE_REQUEST_REMOVE] = serve_remove,
                [GATE_REQUEST_FORGET] = serve_forget,
                [GATE_REQUEST_CERTIFICATE] = serve_certificate,
                [GATE_REQUEST_CERTIFY] = serve_certify,
        };
        struct gate_request request;
        mitome_error error = { 0 };
        if (failed(gate_request_read(message, &request, &error)))
                refuse(service, error.code);
        else
                servers[request.kind](service, &request);
}

static gboolean on_message(gint fd, GIOCondition condition, gpointer user_data)
{
        struct matcher_service *service = user_data;
        uint8_t buffer[GATE_MESSAGE_MAX];
        (void)condition;
        ssize_t count = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT | MSG_TRUNC);
        if (count <= 0) {
                service->watch = 0; /* removed by the answer below */
                hang_up(service);
                return G_SOURCE_REMOVE;
        }
        if ((size_t)count > sizeof buffer)
                refuse(service, MITOME_E_TOO_LONG);
        else
                serve(service, slice_of(buffer, (size_t)count));
        return service->fd >= 0 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

/* ---- its life ---- */

void matcher_service_attach(struct matcher_service *service, int fd)
{
        service->fd = fd;
        service->watch = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_message, service);
}

mitome_status matcher_service_new(
        const struct matcher_service_config *config, struct matcher_service **ret, mitome_error *error)
{
        struct matcher_service *service = calloc(1, sizeof *service);
        if (!service)
                return fail(error, MITOME_E_NO_MEMORY, "mitome-matcher", NULL);
        service->config = *config;
        service->fd = -1;
        *ret = service;
        return ok();
}

void matcher_service_free(struct matcher_service *service)
{
        if (!service)
                return;
        bytes_wipe(service, sizeof *service);
        free(service);
}
