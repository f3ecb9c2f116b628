/* SPDX-License-Identifier: Apache-2.0 */
#include "phone_way_http.h"

#include "http_client.h"
#include "phone_channels.h"
#include "refusal.h"
#include "relay_message.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
        REQUEST_MS = 60000,
        ADDRESS_MAX = 256,
        TRIES = 3,
        PAUSE_MS = 200,
        OK_STATUS = 200,
        REFUSED_STATUS = 403
};

struct phone_way_http {
        struct http_client *client;
        char url[ADDRESS_MAX];
};

mitome_status phone_way_http_open(
        const char *url, long timeout_ms, struct phone_way_http **ret, mitome_error *error)
{
        struct phone_way_http *http = calloc(1, sizeof *http);
        if (!http)
                return fail(error, MITOME_E_NO_MEMORY, "way", NULL);
        int length = snprintf(http->url, sizeof http->url, "%s", url);
        mitome_status status =
                length > 0 && length < ADDRESS_MAX
                        ? http_client_open(timeout_ms > 0 ? timeout_ms : REQUEST_MS, &http->client, error)
                        : fail(error, MITOME_E_TOO_LONG, "address", NULL);
        if (failed(status)) {
                free(http);
                return status;
        }
        *ret = http;
        return ok();
}

void phone_way_http_close(struct phone_way_http *http)
{
        if (!http)
                return;
        http_client_close(http->client);
        free(http);
}

/* ---- one request ---- */

static mitome_status post(struct phone_way_http *http, const char *path, slice body, uint8_t *buffer,
        size_t capacity, slice *ret_answer, mitome_error *error)
{
        long status = 0;
        slice answer;
        mitome_code refusal = MITOME_OK;
        MITOME_TRY(http_client_post(
                http->client, http->url, path, body, buffer, capacity, &status, &answer, error));
        if (status == REFUSED_STATUS && !failed(refusal_read(answer, &refusal, NULL)))
                return phone_refuse(refusal, "TSM", error);
        if (status != OK_STATUS)
                return fail(error, MITOME_E_UNREACHABLE, "TSM", NULL);
        *ret_answer = answer;
        return ok();
}

static mitome_status call(void *context, const char *kind, slice body, uint8_t *buffer, size_t capacity,
        slice *ret_answer, mitome_error *error)
{
        char path[sizeof "/phone/" + PHONE_KIND_MAX];
        int length = snprintf(path, sizeof path, "/phone/%s", kind);
        if (length < 0 || (size_t)length >= sizeof path)
                return fail(error, MITOME_E_TOO_LONG, "kind", NULL);
        return post(context, path, body, buffer, capacity, ret_answer, error);
}

/* ---- the relay ---- */

struct relaying {
        struct phone_way_http *http;
        const struct mitome_link *link;
        char path[sizeof "/relay/" + PHONE_IDENTITY_MAX];
        uint8_t bytes[RELAY_MESSAGE_MAX];
};

static void pause_a_little(void)
{
        const struct timespec pause = { 0, PAUSE_MS * 1000000L };
        nanosleep(&pause, NULL);
}

/* The same step may be said again until it is answered: it is taken once. A first one that was lost begins a
 * relay of which nobody hears; the next one ends that. */
static mitome_status say(struct relaying *relaying, const struct relay_message *message,
        struct relay_message *ret, mitome_error *error)
{
        uint8_t bytes[RELAY_MESSAGE_MAX];
        writer w = WRITER(bytes);
        slice body, answer = { 0 };
        relay_message_write(&w, message);
        MITOME_TRY(writer_finish(&w, "relay", &body, error));
        for (int try = 1;; try++) {
                mitome_error cause = { 0 };
                mitome_status status = post(relaying->http, relaying->path, body, relaying->bytes,
                        sizeof relaying->bytes, &answer, &cause);
                if (!failed(status))
                        return relay_message_read(answer, ret, error);
                if (status.code != MITOME_E_UNREACHABLE || try == TRIES)
                        return fail_at(error, cause.code, cause.at, cause.field, cause.clause);
                pause_a_little();
        }
}

/* step carries out one command; *ret_said is what to say of it. */
static void step(const struct mitome_link *link, const struct relay_message *command, uint8_t *response,
        struct relay_message *ret_said)
{
        size_t size = 0;
        *ret_said = *command;
        mitome_status status =
                link->transmit(link->context, command->apdu, response, MITOME_APDU_MAX, &size, NULL);
        ret_said->ends = failed(status);
        ret_said->code = failed(status) ? status.code : MITOME_OK;
        ret_said->apdu = slice_of(response, size);
}

static bool follows(const struct relay_message *before, const struct relay_message *next)
{
        if (next->begins)
                return false;
        if (before->begins)
                return next->ends || next->number == 1;
        return slice_equal(SLICE(before->session), SLICE(next->session)) &&
               (next->ends || next->number == before->number + 1);
}

static mitome_status relay_to(
        void *context, slice identity, const struct mitome_link *link, mitome_error *error)
{
        struct relaying relaying = { .http = context, .link = link };
        struct relay_message said = { .begins = true }, next = { 0 };
        uint8_t response[MITOME_APDU_MAX];
        bool element_gone = false;
        if (!phone_identity_is_plain(identity))
                return fail(error, MITOME_E_VALUE, "identity", NULL);
        snprintf(relaying.path, sizeof relaying.path, "/relay/%.*s", (int)identity.size,
                (const char *)identity.data);
        for (;;) {
                MITOME_TRY(say(&relaying, &said, &next, error));
                if (!follows(&said, &next))
                        return fail(error, MITOME_E_UNREACHABLE, "TSM", NULL);
                if (next.ends)
                        break;
                step(link, &next, response, &said);
                element_gone = said.ends;
        }
        if (element_gone)
                return fail(error, MITOME_E_LINK, "element", NULL);
        return next.code == MITOME_OK ? ok() : phone_refuse(next.code, "TSM", error);
}

static mitome_status relay(void *context, slice identity, const struct mitome_link *link, mitome_error *error)
{
        struct phone_channels channels = { .below = link };
        const struct mitome_link watched = phone_channels_link(&channels);
        mitome_status status = relay_to(context, identity, &watched, error);
        phone_channels_close(&channels);
        return status;
}

struct phone_way phone_way_http(struct phone_way_http *http)
{
        return (struct phone_way){ .context = http, .call = call, .relay = relay };
}
