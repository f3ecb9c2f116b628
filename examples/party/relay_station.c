/* SPDX-License-Identifier: Apache-2.0 */
#include "relay_station.h"

#include "service.h"

#include <stdlib.h>
#include <time.h>

enum {
        STEP_SECONDS = 50, /* that a phone is kept waiting for the next command; then it asks again */
        KEPT_SECONDS = 60, /* that the end of a relay can be fetched */
        A_SECOND = 1000,
        /* Who has not proven that he speaks for the element's keys may take so long for a command .. */
        STRANGER_MS = 3 * A_SECOND,
        /* .. and who has so long, before another one who names the same phone ends his relay. An element that
         * makes an RSA key takes longer, but seldom says nothing else. */
        OWES_MS = 10 * A_SECOND,
        SILENT_MS = 1 * A_SECOND, /* after which a silent stranger makes room for others */
        ROOM_MS = 5 * A_SECOND,   /* that the beginning of a relay waits for all that */
};

/* One relay. All of it belongs to the station's mutex. */
struct relay {
        bool used, running, ended, cancelled;
        bool proven;    /* the element's keys are at the other end: the TSM has opened a secure channel */
        uint64_t order; /* which began first */
        pthread_t thread;
        struct relay_station *station;
        uint8_t session[RELAY_SESSION_SIZE];
        uint8_t identity[PHONE_IDENTITY_MAX];
        size_t identity_size;
        uint32_t number; /* of the last command */
        bool waits;      /* for the response to it */
        int64_t since;   /* when it was set, in ms */
        bool element_gone;
        size_t command_size, response_size;
        uint8_t command[MITOME_APDU_MAX], response[MITOME_APDU_MAX];
        mitome_code code;
        time_t ended_at;
};

struct relay_station {
        struct phone_relay relay;
        struct service_lock *lock;
        struct party *party;
        pthread_mutex_t mutex;
        pthread_cond_t change;
        uint64_t begun;
        bool closing;
        unsigned seconds;
        struct relay relays[SERVICE_RELAYS];
};

/* ---- time ---- */

static struct timespec in_ms(int64_t ms)
{
        enum { NS_EACH = 1000000, NS_SECOND = 1000000000 };
        struct timespec at;
        clock_gettime(CLOCK_MONOTONIC, &at);
        at.tv_sec += (time_t)(ms / A_SECOND);
        at.tv_nsec += (long)(ms % A_SECOND) * NS_EACH;
        if (at.tv_nsec >= NS_SECOND) {
                at.tv_sec++;
                at.tv_nsec -= NS_SECOND;
        }
        return at;
}

static int64_t now_ms(void)
{
        const struct timespec now = in_ms(0);
        return (int64_t)now.tv_sec * A_SECOND + now.tv_nsec / 1000000;
}

static time_t monotonic(void)
{
        return in_ms(0).tv_sec;
}

/* ---- the thread of one relay ---- */

static slice identity_of(const struct relay *relay)
{
        return slice_of(relay->identity, relay->identity_size);
}

static int64_t shorter(const struct relay_station *station, int64_t ms)
{
        const int64_t whole = (int64_t)station->seconds * A_SECOND;
        return ms < whole ? ms : whole;
}

/* How long the phone may take for a command. */
static int64_t patience(const struct relay *relay)
{
        return shorter(relay->station, relay->proven ? INT64_MAX : STRANGER_MS);
}

/* Waits, in the station's mutex, for the phone's answer to the command that was set. */
static bool await_response(struct relay *relay)
{
        struct relay_station *station = relay->station;
        const struct timespec end = in_ms(patience(relay));
        int result = 0;
        while (relay->waits && !relay->cancelled && !station->closing && result == 0)
                result = pthread_cond_timedwait(&station->change, &station->mutex, &end);
        bool came = !relay->waits && !relay->element_gone;
        if (!came)
                relay->cancelled = true; /* a link that has failed fails for good */
        return came;
}

/* A TSM sends EXTERNAL AUTHENTICATE to whoever has proven the element's keys (the card's cryptogram), and to
 * nobody else: so this is how the station, which sees nothing of what is sealed, knows that an element is
 * there and not somebody who knows its name. */
static bool opens_channel(slice command)
{
        static const uint8_t head[] = { 0x84, 0x82 };
        return slice_begins_with(command, SLICE(head));
}

static mitome_status carry(struct relay *relay, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        MITOME_TRY(slice_copy(command, "command", relay->command, sizeof relay->command, error));
        relay->command_size = command.size;
        relay->number++;
        relay->proven = relay->proven || opens_channel(command);
        relay->waits = true;
        relay->since = now_ms();
        pthread_cond_broadcast(&relay->station->change);
        if (!await_response(relay))
                return fail(error, MITOME_E_LINK, "phone", NULL);
        MITOME_TRY(slice_copy(
                slice_of(relay->response, relay->response_size), "response", response, capacity, error));
        *ret_size = relay->response_size;
        return ok();
}

static mitome_status transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct relay *relay = context;
        struct relay_station *station = relay->station;
        mitome_status told = service_lock_tell(station->lock, error);
        pthread_mutex_lock(&station->mutex);
        mitome_status status = failed(told) || relay->cancelled || relay->number >= RELAY_NUMBER_MAX
                                       ? fail(error, MITOME_E_LINK, "phone", NULL)
                                       : carry(relay, command, response, capacity, ret_size, error);
        pthread_mutex_unlock(&station->mutex);
        service_lock_take(station->lock);
        return status;
}

/* Where a phone begins anew, the thread of its former relay ends first. */
static bool has_predecessor(const struct relay *relay)
{
        for (size_t i = 0; i < SERVICE_RELAYS; i++) {
                const struct relay *other = &relay->station->relays[i];
                if (other->used && !other->ended && other->order < relay->order &&
                        slice_equal(identity_of(other), identity_of(relay)))
                        return true;
        }
        return false;
}

static mitome_code serve(struct relay *relay)
{
        struct relay_station *station = relay->station;
        const struct mitome_link link = { .context = relay, .transmit = transmit };
        service_lock_take(station->lock);
        mitome_status status = station->relay.serve(station->relay.context, identity_of(relay), &link, NULL);
        mitome_status told = service_lock_tell(station->lock, NULL);
        return failed(told) ? told.code : status.code;
}

static void *run(void *context)
{
        struct relay *relay = context;
        struct relay_station *station = relay->station;
        pthread_mutex_lock(&station->mutex);
        while (has_predecessor(relay))
                pthread_cond_wait(&station->change, &station->mutex);
        pthread_mutex_unlock(&station->mutex);
        mitome_code code = serve(relay);
        pthread_mutex_lock(&station->mutex);
        relay->ended = true;
        relay->waits = false;
        relay->code = code;
        relay->ended_at = monotonic();
        bytes_wipe(relay->command, sizeof relay->command);
        bytes_wipe(relay->response, sizeof relay->response);
        pthread_cond_broadcast(&station->change);
        pthread_mutex_unlock(&station->mutex);
        return NULL;
}

/* ---- what phones say; all in the station's mutex ---- */

static void let_go(struct relay *relay)
{
        if (relay->running)
                pthread_join(relay->thread, NULL);
        *relay = (struct relay){ 0 };
}

static struct relay *find_room(struct relay_station *station)
{
        struct relay *oldest = NULL;
        for (size_t i = 0; i < SERVICE_RELAYS; i++) {
                struct relay *relay = &station->relays[i];
                if (relay->used && relay->ended && relay->ended_at + KEPT_SECONDS < monotonic())
                        let_go(relay);
                if (!relay->used)
                        return relay;
                if (relay->ended && (!oldest || relay->ended_at < oldest->ended_at))
                        oldest = relay;
        }
        if (oldest)
                let_go(oldest);
        return oldest;
}

static bool owes(const struct relay *relay, int64_t ms)
{
        return relay->waits && relay->since + ms <= now_ms();
}

/* The relay of this phone that goes on. */
static struct relay *find_former(struct relay_station *station, slice identity)
{
        for (size_t i = 0; i < SERVICE_RELAYS; i++) {
                struct relay *relay = &station->relays[i];
                if (relay->used && !relay->ended && !relay->cancelled &&
                        slice_equal(identity_of(relay), identity))
                        return relay;
        }
        return NULL;
}

static void cancel(struct relay *relay)
{
        relay->cancelled = true;
        pthread_cond_broadcast(&relay->station->change);
}

/* Whoever names a phone may be anybody: he ends its relay only when nobody has answered there for a while, as
 * after a phone that was switched off. */
static bool former_is_gone(struct relay_station *station, slice identity)
{
        struct relay *former = find_former(station, identity);
        if (!former)
                return true;
        if (!owes(former, shorter(station, former->proven ? OWES_MS : STRANGER_MS)))
                return false;
        cancel(former);
        return true;
}

/* When all are used: of those that have proven nothing, the one that has been silent longest makes room. */
static void end_a_silent_one(struct relay_station *station)
{
        struct relay *silent = NULL;
        for (size_t i = 0; i < SERVICE_RELAYS; i++) {
                struct relay *relay = &station->relays[i];
                if (relay->cancelled && !relay->ended)
                        return; /* one is on its way out */
                if (!relay->proven && !relay->ended && owes(relay, SILENT_MS) &&
                        (!silent || relay->since < silent->since))
                        silent = relay;
        }
        if (silent)
                cancel(silent);
}

static mitome_status make_way(
        struct relay_station *station, slice identity, struct relay **ret, mitome_error *error)
{
        enum { LOOK_MS = 100 };
        for (const int64_t end = now_ms() + ROOM_MS; !station->closing && now_ms() < end;) {
                if (former_is_gone(station, identity)) {
                        *ret = find_room(station);
                        if (*ret)
                                return ok();
                        end_a_silent_one(station);
                }
                const struct timespec look = in_ms(LOOK_MS);
                (void)pthread_cond_timedwait(&station->change, &station->mutex, &look);
        }
        return find_former(station, identity) ? fail(error, MITOME_E_UNREACHABLE, "relay", NULL)
                                              : fail(error, MITOME_E_FULL, "relay", NULL);
}

static mitome_status begin(struct relay_station *station, slice identity,
        const uint8_t session[RELAY_SESSION_SIZE], struct relay **ret, mitome_error *error)
{
        struct relay *relay = NULL;
        MITOME_TRY(make_way(station, identity, &relay, error));
        *relay = (struct relay){ .used = true, .station = station, .order = ++station->begun };
        MITOME_TRY(slice_copy(slice_of(session, RELAY_SESSION_SIZE), "session", relay->session,
                sizeof relay->session, error));
        MITOME_TRY(slice_copy(identity, "identity", relay->identity, sizeof relay->identity, error));
        relay->identity_size = identity.size;
        if (pthread_create(&relay->thread, NULL, run, relay) != 0) {
                *relay = (struct relay){ 0 };
                return fail(error, MITOME_E_FULL, "relay", NULL);
        }
        relay->running = true;
        *ret = relay;
        return ok();
}

static struct relay *find(struct relay_station *station, slice identity, const uint8_t *session)
{
        for (size_t i = 0; i < SERVICE_RELAYS; i++) {
                struct relay *relay = &station->relays[i];
                if (relay->used && slice_equal(identity_of(relay), identity) &&
                        secret_equal(SLICE(relay->session), slice_of(session, RELAY_SESSION_SIZE)))
                        return relay;
        }
        return NULL;
}

/* An answer to the command that is waited for is taken; one to the command before has been taken. */
static mitome_status take(struct relay *relay, const struct relay_message *message, mitome_error *error)
{
        if (relay->ended || (message->number + 1 == relay->number))
                return ok();
        if (message->number != relay->number || relay->cancelled)
                return fail(error, MITOME_E_RELAY_SESSION, "relay", NULL);
        if (!relay->waits)
                return ok();
        relay->element_gone = message->ends || message->apdu.size < 2;
        if (!relay->element_gone) {
                MITOME_TRY(slice_copy(
                        message->apdu, "response", relay->response, sizeof relay->response, error));
                relay->response_size = message->apdu.size;
        }
        relay->waits = false;
        pthread_cond_broadcast(&relay->station->change);
        return ok();
}

/* Waits for a command after `number`, or the end. */
static mitome_status await_next(struct relay *relay, uint32_t number, uint8_t buffer[MITOME_APDU_MAX],
        struct relay_message *ret, mitome_error *error)
{
        struct relay_station *station = relay->station;
        const struct timespec end = in_ms((int64_t)STEP_SECONDS * A_SECOND);
        const uint64_t order = relay->order;
        int result = 0;
        while (relay->order == order && !relay->ended && !(relay->waits && relay->number > number) &&
                !relay->cancelled && !station->closing && result == 0)
                result = pthread_cond_timedwait(&station->change, &station->mutex, &end);
        if (relay->order != order || (relay->cancelled && !relay->ended && !relay->element_gone))
                return fail(error, MITOME_E_RELAY_SESSION, "relay", NULL);
        if (!relay->ended && !(relay->waits && relay->number > number))
                return fail(error, MITOME_E_UNREACHABLE, "relay", NULL);
        struct relay_message next = { .number = relay->number, .ends = relay->ended, .code = relay->code };
        MITOME_TRY(slice_copy(SLICE(relay->session), "session", next.session, sizeof next.session, error));
        if (!next.ends) {
                MITOME_TRY(slice_copy(slice_of(relay->command, relay->command_size), "command", buffer,
                        MITOME_APDU_MAX, error));
                next.apdu = slice_of(buffer, relay->command_size);
        }
        *ret = next;
        return ok();
}

static mitome_status draw_session(
        struct relay_station *station, uint8_t ret[RELAY_SESSION_SIZE], mitome_error *error)
{
        const struct mitome_random *random = party_random(station->party);
        service_lock_take(station->lock);
        int result = random->fill(random->context, ret, RELAY_SESSION_SIZE);
        service_lock_leave(station->lock);
        return result == 0 ? ok() : fail(error, MITOME_E_NO_RANDOMNESS, "session", NULL);
}

static mitome_status step(struct relay_station *station, slice identity, const struct relay_message *message,
        const uint8_t session[RELAY_SESSION_SIZE], uint8_t *buffer, struct relay_message *ret,
        mitome_error *error)
{
        struct relay *relay = NULL;
        if (message->begins) {
                MITOME_TRY(begin(station, identity, session, &relay, error));
        } else {
                relay = find(station, identity, message->session);
                if (!relay)
                        return fail(error, MITOME_E_RELAY_SESSION, "relay", NULL);
                MITOME_TRY(take(relay, message, error));
        }
        return await_next(relay, message->begins ? 0 : message->number, buffer, ret, error);
}

mitome_status relay_station_step(struct relay_station *station, slice identity,
        const struct relay_message *message, uint8_t buffer[MITOME_APDU_MAX], struct relay_message *ret,
        mitome_error *error)
{
        uint8_t session[RELAY_SESSION_SIZE] = { 0 };
        if (!phone_identity_is_plain(identity))
                return fail(error, MITOME_E_VALUE, "identity", NULL);
        if (message->begins)
                MITOME_TRY(draw_session(station, session, error));
        pthread_mutex_lock(&station->mutex);
        mitome_status status = step(station, identity, message, session, buffer, ret, error);
        pthread_mutex_unlock(&station->mutex);
        return status;
}

/* ---- opening ---- */

mitome_status relay_station_open(const struct phone_relay *relay, unsigned seconds, struct service_lock *lock,
        struct party *party, struct relay_station **ret, mitome_error *error)
{
        struct relay_station *station = calloc(1, sizeof *station);
        pthread_condattr_t monotonic_clock;
        if (!station)
                return fail(error, MITOME_E_NO_MEMORY, "relay", NULL);
        station->relay = *relay;
        station->lock = lock;
        station->party = party;
        station->seconds = seconds;
        pthread_mutex_init(&station->mutex, NULL);
        pthread_condattr_init(&monotonic_clock);
        pthread_condattr_setclock(&monotonic_clock, CLOCK_MONOTONIC);
        pthread_cond_init(&station->change, &monotonic_clock);
        pthread_condattr_destroy(&monotonic_clock);
        *ret = station;
        return ok();
}

void relay_station_stop(struct relay_station *station)
{
        if (!station)
                return;
        pthread_mutex_lock(&station->mutex);
        station->closing = true;
        pthread_cond_broadcast(&station->change);
        pthread_mutex_unlock(&station->mutex);
        for (size_t i = 0; i < SERVICE_RELAYS; i++)
                if (station->relays[i].running)
                        pthread_join(station->relays[i].thread, NULL);
}

void relay_station_free(struct relay_station *station)
{
        if (!station)
                return;
        pthread_cond_destroy(&station->change);
        pthread_mutex_destroy(&station->mutex);
        bytes_wipe(station, sizeof *station);
        free(station);
}
