/* SPDX-License-Identifier: Apache-2.0 */
#include "authenticator_internal.h"

#include <stdlib.h>

_Static_assert((int)MITOME_REPORT_SIZE == (int)CTAPHID_REPORT_SIZE, "two sizes of a report");
_Static_assert((int)MITOME_MESSAGE_MAX == (int)CORE_MESSAGE_MAX, "two sizes of a message");
_Static_assert((int)CTAPHID_MESSAGE_MAX == (int)CORE_MESSAGE_MAX, "two sizes of a message");
_Static_assert((int)ISO7816_MESSAGE_MAX == (int)CORE_MESSAGE_MAX, "two sizes of a message");

enum {
        HID_POLL_MAX_MS = 50,   /* of one wait for the user: keepalives are due every 100 ms */
        CARD_POLL_MAX_MS = 500, /* platforms give a card up after 2 s */
        CHANNEL_BUSY = 0x06,
        OTHER_ERROR = 0x7F,
        SW_IN_USE = 0x6985,
        SW_NO_ELEMENT = 0x6F00,
};

/* ---- life ---- */

static struct core_config core_facts(const struct mitome_authenticator_config *config)
{
        return (struct core_config){ .test_touch = config->test_touch,
                .blobs = config->blobs.load && config->blobs.save,
                .transports = config->transports ? config->transports : MITOME_TRANSPORT_USB };
}

static mitome_status build(struct mitome_authenticator *a, mitome_error *error)
{
        const struct core_config facts = core_facts(&a->config);
        MITOME_TRY(ctaphid_new(&a->config.random, &a->hid, error));
        MITOME_TRY(iso7816_new(&a->card, error));
        MITOME_TRY(core_new(&facts, &a->core, error));
        MITOME_TRY(run_start_enforcer(a, error));
        return run_attach(a, error);
}

mitome_status mitome_authenticator_new(const struct mitome_authenticator_config *config,
        struct mitome_authenticator **ret, mitome_error *error)
{
        if (!config->element.transmit || !config->random.fill)
                return fail(error, MITOME_E_ARGUMENT, "config", NULL);
        if (config->transports & ~(unsigned)MITOME_AUTHENTICATOR_TRANSPORTS)
                return fail(error, MITOME_E_ARGUMENT, "config.transports", NULL);
        struct mitome_authenticator *a = calloc(1, sizeof *a);
        if (!a)
                return fail(error, MITOME_E_NO_MEMORY, "authenticator", NULL);
        a->config = *config;
        mitome_status status = build(a, error);
        if (failed(status)) {
                mitome_authenticator_free(a);
                return status;
        }
        *ret = a;
        return ok();
}

void mitome_authenticator_free(struct mitome_authenticator *authenticator)
{
        if (!authenticator)
                return;
        run_end(authenticator);
        mitome_enforcer_free(authenticator->enforcer);
        core_free(authenticator->core);
        iso7816_free(authenticator->card);
        ctaphid_free(authenticator->hid);
        bytes_wipe(authenticator, sizeof *authenticator);
        free(authenticator);
}

/* The first time that is told is when the core, which was made without one, has been powered on. */
static void note_time(struct mitome_authenticator *a, uint64_t now_ms)
{
        if (now_ms > a->now_ms)
                a->now_ms = now_ms;
        if (!a->dated)
                run_power_on(a);
}

static mitome_status restart_element(struct mitome_authenticator *a, mitome_error *error)
{
        const struct mitome_link *link = &a->config.element;
        mitome_enforcer_close(a->enforcer); /* before the reset ends its channel */
        if (link->reset)
                MITOME_TRY(link->reset(link->context, error));
        return run_attach(a, error);
}

mitome_status mitome_authenticator_restart_element(
        struct mitome_authenticator *authenticator, uint64_t now_ms, mitome_error *error)
{
        note_time(authenticator, now_ms);
        return restart_element(authenticator, error);
}

mitome_status mitome_authenticator_power_cycle(
        struct mitome_authenticator *authenticator, uint64_t now_ms, mitome_error *error)
{
        struct mitome_authenticator *a = authenticator;
        note_time(a, now_ms);
        run_abort(a, MOUTH_HID);
        run_abort(a, MOUTH_CARD);
        ctaphid_reset(a->hid);
        iso7816_reset(a->card);
        mitome_status status = restart_element(a, error);
        run_power_on(a); /* the app, if the core works for it, hears of it by its answer */
        return status;
}

/* ---- the mouths' ends ---- */

slice authenticator_request(const struct mitome_authenticator *a, enum mouth mouth, bool *ret_u2f)
{
        *ret_u2f = (mouth == MOUTH_HID && ctaphid_request_kind(a->hid) == CTAPHID_MSG) ||
                   (mouth == MOUTH_CARD && iso7816_request_is_u2f(a->card));
        if (mouth == MOUTH_HID)
                return ctaphid_request(a->hid);
        return mouth == MOUTH_CARD ? iso7816_request(a->card) : a->call_request;
}

uint32_t authenticator_channel(const struct mitome_authenticator *a, enum mouth mouth)
{
        if (mouth == MOUTH_HID)
                return ctaphid_request_channel(a->hid);
        return mouth == MOUTH_CARD ? a->card_sessions : 0;
}

static void keep_call_answer(struct mitome_authenticator *a, slice answer)
{
        a->call_answered = true;
        a->call_size = answer.size;
        if (!failed(slice_copy(answer, "answer", a->call_answer, sizeof a->call_answer, NULL)))
                return;
        a->call_answer[0] = OTHER_ERROR;
        a->call_size = 1;
}

void authenticator_reply(struct mitome_authenticator *a, enum mouth mouth, slice answer)
{
        if (mouth == MOUTH_HID)
                ctaphid_reply(a->hid, answer);
        else if (mouth == MOUTH_CARD)
                iso7816_reply(a->card, answer);
        else
                keep_call_answer(a, answer);
}

static int shorter(int wait_ms, int most)
{
        return wait_ms >= 0 && wait_ms < most ? wait_ms : most;
}

/* ---- CTAPHID ---- */

static void take_hid_request(struct mitome_authenticator *a)
{
        run_take(a, MOUTH_HID);
}

static void cancel_hid_request(struct mitome_authenticator *a)
{
        run_cancel(a, MOUTH_HID);
}

static void abort_hid_request(struct mitome_authenticator *a)
{
        run_abort(a, MOUTH_HID);
}

static void wink(struct mitome_authenticator *a)
{
        const struct mitome_presence *presence = &a->config.presence;
        if (presence->wink)
                presence->wink(presence->context);
}

void mitome_authenticator_receive(
        struct mitome_authenticator *authenticator, const uint8_t report[MITOME_REPORT_SIZE], uint64_t now_ms)
{
        static void (*const takers[])(struct mitome_authenticator * a) = {
                [CTAPHID_NONE] = NULL,
                [CTAPHID_REQUEST] = take_hid_request,
                [CTAPHID_CANCELS] = cancel_hid_request,
                [CTAPHID_WINKS] = wink,
                [CTAPHID_ABORTED] = abort_hid_request,
        };
        struct mitome_authenticator *a = authenticator;
        note_time(a, now_ms);
        ctaphid_set_elsewhere(a->hid, !run_is_free(a, MOUTH_HID) && !run_has(a, MOUTH_HID));
        enum ctaphid_outcome outcome = ctaphid_receive(a->hid, report, a->now_ms);
        if (takers[outcome])
                takers[outcome](a);
}

/* The host is told that its user is wanted before a touch is looked for: one that is there at once would come
 * before the word that one is wanted. */
static void wait_for_user(struct mitome_authenticator *a, int wait_ms)
{
        bool told = a->told || a->waiting == WAITS_FOR_GATE || !run_has(a, MOUTH_HID);
        /* Whoever waits behind an aborted request is not the one whose user is wanted. */
        ctaphid_keepalive(a->hid, run_wants_user(a) ? CTAPHID_UP_NEEDED : CTAPHID_AS_BEFORE, a->now_ms);
        a->told = true;
        if (told)
                run_poll(a, shorter(shorter(wait_ms, HID_POLL_MAX_MS),
                                    (int)ctaphid_keepalive_in(a->hid, a->now_ms)));
}

bool mitome_authenticator_send(struct mitome_authenticator *authenticator, int wait_ms, uint64_t now_ms,
        uint8_t ret_report[MITOME_REPORT_SIZE])
{
        struct mitome_authenticator *a = authenticator;
        note_time(a, now_ms);
        ctaphid_tick(a->hid, a->now_ms);
        if (ctaphid_send(a->hid, ret_report))
                return true;
        if (a->waiting != WAITS_FOR_REQUEST)
                wait_for_user(a, wait_ms);
        return ctaphid_send(a->hid, ret_report);
}

bool mitome_authenticator_busy(const struct mitome_authenticator *authenticator)
{
        return authenticator->working != MOUTH_NONE || ctaphid_busy(authenticator->hid);
}

bool mitome_authenticator_working(
        struct mitome_authenticator *authenticator, uint64_t now_ms, uint8_t ret_report[MITOME_REPORT_SIZE])
{
        ctaphid_keepalive(authenticator->hid, CTAPHID_PROCESSING, now_ms);
        return ctaphid_send_keepalive(authenticator->hid, ret_report);
}

/* ---- a reader ---- */

/* [11.3.3] the name that SELECT gives depends on whether U2F is spoken, which alwaysUv ends */
static void answer_select(struct mitome_authenticator *a)
{
        bool u2f;
        a->card_sessions++; /* it may be another reader's */
        if (failed(run_takes_u2f(a, &u2f, NULL)))
                iso7816_refuse(a->card, SW_NO_ELEMENT);
        else
                iso7816_selected(a->card, u2f);
}

/* Another mouth is served: a CTAP host is told so in its own words. */
static void refuse_card(struct mitome_authenticator *a)
{
        static const uint8_t busy = CHANNEL_BUSY;
        if (iso7816_request_is_u2f(a->card))
                iso7816_refuse(a->card, SW_IN_USE);
        else
                iso7816_reply(a->card, slice_of(&busy, 1));
}

static void take_card_request(struct mitome_authenticator *a)
{
        if (run_is_free(a, MOUTH_CARD))
                run_take(a, MOUTH_CARD);
        else
                refuse_card(a);
}

static void take_apdu(struct mitome_authenticator *a, slice apdu)
{
        enum iso7816_outcome outcome = iso7816_receive(a->card, apdu);
        if (outcome == ISO7816_REQUEST || !iso7816_working(a->card))
                run_abort(a, MOUTH_CARD); /* the one before */
        if (outcome == ISO7816_SELECTED)
                answer_select(a);
        else if (outcome == ISO7816_REQUEST)
                take_card_request(a);
        else if (outcome == ISO7816_CANCELS)
                run_cancel(a, MOUTH_CARD);
}

bool mitome_authenticator_exchange(struct mitome_authenticator *authenticator, mitome_slice apdu,
        bool contactless, int wait_ms, uint64_t now_ms, uint8_t *response, size_t capacity, size_t *ret_size)
{
        struct mitome_authenticator *a = authenticator;
        note_time(a, now_ms);
        a->contactless = contactless;
        if (apdu.size)
                take_apdu(a, apdu);
        if (run_has(a, MOUTH_CARD)) {
                run_poll(a, shorter(wait_ms, CARD_POLL_MAX_MS));
                iso7816_keepalive(a->card, run_wants_user(a) ? ISO7816_UP_NEEDED : ISO7816_PROCESSING);
        }
        size_t size = iso7816_send(a->card, response, capacity);
        if (size)
                *ret_size = size;
        return size != 0;
}

void mitome_authenticator_exchange_reset(struct mitome_authenticator *authenticator, uint64_t now_ms)
{
        note_time(authenticator, now_ms);
        iso7816_reset(authenticator->card);
        run_abort(authenticator, MOUTH_CARD);
}

/* ---- the app ---- */

static void take_call(struct mitome_authenticator *a, slice request)
{
        a->call_request = request;
        run_take(a, MOUTH_APP);
        a->call_request = (slice){ 0 };
}

static size_t give_status(uint8_t status, uint8_t *response)
{
        response[0] = status;
        return 1;
}

static size_t give_call_answer(struct mitome_authenticator *a, uint8_t *response, size_t capacity)
{
        slice answer = slice_of(a->call_answer, a->call_size);
        size_t size = answer.size;
        if (failed(slice_copy(answer, "answer", response, capacity, NULL)))
                size = give_status(OTHER_ERROR, response);
        bytes_wipe(a->call_answer, a->call_size);
        a->call_answered = false;
        return size;
}

bool mitome_authenticator_call(struct mitome_authenticator *authenticator, mitome_slice request, int wait_ms,
        uint64_t now_ms, uint8_t *response, size_t capacity, size_t *ret_size)
{
        struct mitome_authenticator *a = authenticator;
        note_time(a, now_ms);
        if (request.size && (!run_is_free(a, MOUTH_APP) || a->call_answered)) {
                *ret_size = give_status(CHANNEL_BUSY, response);
                return true;
        }
        if (request.size)
                take_call(a, request);
        if (run_has(a, MOUTH_APP))
                run_poll(a, shorter(wait_ms, CARD_POLL_MAX_MS));
        if (a->call_answered)
                *ret_size = give_call_answer(a, response, capacity);
        else if (!run_has(a, MOUTH_APP)) /* nothing was asked */
                *ret_size = give_status(OTHER_ERROR, response);
        else
                return false;
        return true;
}

void mitome_authenticator_call_cancel(struct mitome_authenticator *authenticator, uint64_t now_ms)
{
        note_time(authenticator, now_ms);
        run_cancel(authenticator, MOUTH_APP);
}
