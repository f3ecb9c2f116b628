/* SPDX-License-Identifier: Apache-2.0 */
#include "phone_body.h"

#include "blob_file.h"
#include "steady_clock.h"

#include <stdio.h>

/* ---- the way to the element, watched ---- */

enum { GET_STATE_CLASS = 0x80, CHANNELS = 4, GET_STATE = 0x10 };

/* The authenticator begins with GET STATE: that tells which logical channel is its own. */
static void watch_channel(struct phone_body *body, slice command)
{
        if (command.size >= 2 && command.data[1] == GET_STATE &&
                (command.data[0] & ~(CHANNELS - 1)) == GET_STATE_CLASS)
                body->fido_channel = command.data[0] & (CHANNELS - 1);
}

static mitome_status watched_transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct phone_body *body = context;
        const struct mitome_link card = card_link(body->element.card);
        const struct mitome_trace *trace = &body->config.trace;
        watch_channel(body, command);
        if (trace->apdu)
                trace->apdu(trace->context, true, command);
        MITOME_TRY(card.transmit(card.context, command, response, capacity, ret_size, error));
        if (trace->apdu)
                trace->apdu(trace->context, false, slice_of(response, *ret_size));
        return ok();
}

static mitome_status reset(void *context, mitome_error *error)
{
        struct phone_body *body = context;
        return card_link_reset(body->element.card, error);
}

/* ---- parts ---- */

static mitome_status path_in(const struct phone_body *body, const char *name,
        char path[PHONE_FOLDER_MAX + 32], mitome_error *error)
{
        int size = snprintf(path, PHONE_FOLDER_MAX + 32, "%s/%s", body->folder, name);
        return size > 0 && size < PHONE_FOLDER_MAX + 32 ? ok()
                                                        : fail(error, MITOME_E_TOO_LONG, "folder", NULL);
}

static mitome_status start_element(struct phone_body *body, mitome_error *error)
{
        char folder[PHONE_FOLDER_MAX + 32];
        const struct phone_body_config *config = &body->config;
        MITOME_TRY(path_in(body, "element", folder, error));
        if (config->issuer)
                MITOME_TRY(element_process_create(config->program, folder, &config->issuer->keys, error));
        MITOME_TRY(element_process_start(config->program, folder, &body->element, error));
        body->link = (struct mitome_link){ .context = body, .transmit = watched_transmit, .reset = reset };
        return ok();
}

static mitome_status first_touch(const struct phone_body *body, uint64_t *ret, mitome_error *error)
{
        const struct mitome_random *random = &body->config.random;
        uint8_t bytes[sizeof *ret];
        *ret = body->config.touch;
        if (*ret)
                return ok();
        if (random->fill(random->context, bytes, sizeof bytes) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, "finger", NULL);
        reader r = reader_over(SLICE(bytes), NULL, error);
        return read_u64(&r, "touch", ret);
}

static mitome_status start_hand(struct phone_body *body, mitome_error *error)
{
        uint64_t touch;
        MITOME_TRY(first_touch(body, &touch, error));
        MITOME_TRY(phone_hand_open(&body->gate, body->sensor, touch, &body->hand, error));
        body->fingers = phone_hand_gate(body->hand);
        return ok();
}

static mitome_status start_matcher(struct phone_body *body, mitome_error *error)
{
        char state[PHONE_FOLDER_MAX + 32], image[PHONE_FOLDER_MAX + 64];
        MITOME_TRY(path_in(body, "matcher", state, error));
        MITOME_TRY(path_in(body, "sensor.sock", body->sensor, error));
        snprintf(image, sizeof image, "FP_VIRTUAL_IMAGE=%s", body->sensor);
        const char *const environment[] = { image, NULL };
        const struct matcher_gate_config config = {
                .program = body->config.matcher, .state = state, .environment = environment
        };
        MITOME_TRY(matcher_gate_start(&config, &body->matcher, error));
        body->gate = matcher_gate(body->matcher);
        return ok();
}

static mitome_status open_blobs(struct phone_body *body, mitome_error *error)
{
        char path[PHONE_FOLDER_MAX + 32];
        MITOME_TRY(path_in(body, "large-blobs", path, error));
        return blob_file_open(path, &body->blobs, error);
}

mitome_status phone_body_start(
        struct phone_body *body, const struct phone_body_config *config, mitome_error *error)
{
        *body = (struct phone_body){ .config = *config };
        int size = snprintf(body->folder, sizeof body->folder, "%s", config->folder);
        mitome_status status = size > 0 && (size_t)size < sizeof body->folder
                                       ? start_element(body, error)
                                       : fail(error, MITOME_E_TOO_LONG, "folder", NULL);
        if (!failed(status))
                status = start_matcher(body, error);
        if (!failed(status))
                status = start_hand(body, error);
        if (!failed(status))
                status = open_blobs(body, error);
        body->config.issuer = NULL;
        body->config.folder = body->folder;
        if (failed(status))
                phone_body_stop(body);
        return status;
}

void phone_body_stop(struct phone_body *body)
{
        phone_body_rest(body);
        phone_hand_close(body->hand);
        matcher_gate_close(body->matcher);
        blob_file_close(body->blobs);
        element_process_stop(&body->element);
        *body = (struct phone_body){ 0 };
}

/* ---- the authenticator ---- */

mitome_status phone_body_wake(struct phone_body *body, mitome_error *error)
{
        if (body->authenticator)
                return ok();
        const struct mitome_authenticator_config config = {
                .element = body->link,
                .app = body->config.software,
                .gate = body->fingers,
                .random = body->config.random,
                .presence = body->config.presence,
                .blobs = blob_file(body->blobs),
                .transports = body->config.transports,
                .trace = { .context = body->config.trace.context,
                        .ctap = body->config.trace.ctap }, /* the APDUs are watched on the link */
        };
        return mitome_authenticator_new(&config, &body->authenticator, error);
}

void phone_body_rest(struct phone_body *body)
{
        mitome_authenticator_free(body->authenticator);
        body->authenticator = NULL;
}

mitome_status phone_body_call(void *context, slice request, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        enum { WAIT_MS = 50, PATIENCE_MS = 60000 };
        struct phone_body *body = context;
        const uint64_t end = steady_clock_ms() + PATIENCE_MS;
        bool answered = mitome_authenticator_call(
                body->authenticator, request, WAIT_MS, steady_clock_ms(), response, capacity, ret_size);
        while (!answered && steady_clock_ms() < end)
                answered = mitome_authenticator_call(body->authenticator, (slice){ 0 }, WAIT_MS,
                        steady_clock_ms(), response, capacity, ret_size);
        return answered ? ok() : fail(error, MITOME_E_GATE_BROKEN, "authenticator", NULL);
}
