/* SPDX-License-Identifier: Apache-2.0 */
/* A party behind HTTP, asked by the real clients and by ones that mean ill. */
#include "party_rig.h"

#include "digest.h"
#include "phone_way_http.h"
#include "post_http.h"
#include "relay_message.h"
#include "service.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail /* the one of status.h is meant */

enum { COMMANDS = 5, CALLS_EACH = 25, THREADS = 4 };

/* The asked party of the rig behind a service; the asker reaches it by HTTP. */
struct stage {
        struct party_rig rig;
        struct service_lock lock; /* the asked's */
        struct service *service;
        struct post_http *http;
        struct phone_way_http *phone;
        unsigned served, gone; /* relays that came to their end, and that lost their phone */
        unsigned ticks;
        unsigned meanwhile; /* what was answered while a letter was under way */
        unsigned relay_seconds;
        bool patient;        /* phones of any identity */
        bool opens;          /* the first command opens a secure channel: the element has proven its keys */
        mitome_code verdict; /* of the TSM at the end of a relay */
};

/* ---- what it serves ---- */

static mitome_status on_echo(void *context, slice body, writer *answer, mitome_error *error)
{
        (void)context;
        (void)error;
        write_slice(answer, body);
        return ok();
}

static mitome_status on_no(void *context, slice body, writer *answer, mitome_error *error)
{
        (void)context;
        (void)body;
        write_u8(answer, 1);
        return fail(error, MITOME_E_CERTIFICATE_ON_HOLD, "certificate", NULL);
}

static mitome_status on_trouble(void *context, slice body, writer *answer, mitome_error *error)
{
        (void)context;
        (void)body;
        (void)answer;
        return fail(error, MITOME_E_SQL_FAILED, "disk", NULL);
}

/* What the phone says makes the party ask another one. */
static mitome_status on_ask(void *context, slice body, writer *answer, mitome_error *error)
{
        struct stage *stage = context;
        const uint8_t letter_id[LETTER_ID_SIZE] = { 6 };
        uint8_t buffer[LETTER_MAX];
        slice told;
        mitome_code refusal = MITOME_OK;
        mitome_status status = party_call(stage->rig.parties[RIG_ASKED], PARTY_SP_TSM, "anything", letter_id,
                body, buffer, &told, &refusal, NULL);
        cbor_write_uint(answer, (uint64_t)status.code);
        cbor_write_uint(answer, (uint64_t)refusal);
        (void)error;
        return ok();
}

/* The way of the party behind the service: before it hands a letter over, it has the service asked. */
static mitome_status hand_over_slowly(void *context, const struct directory_entry *to, slice letter,
        uint8_t *answer, size_t capacity, size_t *ret_size, mitome_error *error)
{
        struct stage *stage = context;
        const struct phone_way way = phone_way_http(stage->phone);
        const struct post post = post_local(&stage->rig.network);
        uint8_t buffer[16];
        slice told;
        stage->meanwhile +=
                !failed(way.call(way.context, "echo", slice_text("x"), buffer, sizeof buffer, &told, NULL));
        return post.deliver(post.context, to, letter, answer, capacity, ret_size, error);
}

static const struct phone_desk phone_desks[] = { { "echo", on_echo }, { "no", on_no },
        { "trouble", on_trouble }, { "ask", on_ask } };

/* Sends COMMANDS commands; each answer must be the command's number and 9000. */
static mitome_status serve_phone(
        void *context, slice identity, const struct mitome_link *link, mitome_error *error)
{
        struct stage *stage = context;
        assert_true(stage->patient || slice_is(identity, "TEST-0001"));
        for (uint8_t i = 1; i <= COMMANDS; i++) {
                const bool opens = stage->opens && i == 1;
                const uint8_t command[] = { opens ? 0x84 : 0x80, opens ? 0x82 : 0xCA, 0x00, i, 0x00 };
                uint8_t response[MITOME_APDU_MAX];
                size_t size = 0;
                mitome_status status = link->transmit(
                        link->context, SLICE(command), response, sizeof response, &size, error);
                if (failed(status)) {
                        stage->gone++;
                        /* Once gone, gone. */
                        assert_int_equal(link->transmit(link->context, SLICE(command), response,
                                                     sizeof response, &size, NULL)
                                                 .code,
                                MITOME_E_LINK);
                        return status;
                }
                const uint8_t expected[] = { i, 0x90, 0x00 };
                if (!slice_equal(slice_of(response, size), SLICE(expected)))
                        return fail(error, MITOME_E_APDU_STATUS, "answer", NULL);
        }
        stage->served++;
        return stage->verdict == MITOME_OK ? ok() : fail(error, stage->verdict, "verdict", NULL);
}

static mitome_status on_page(void *context, const struct service_asked *asked, uint8_t **ret_body,
        size_t *ret_size, mitome_error *error)
{
        (void)context;
        if (slice_is(asked->path, "missing"))
                return fail(error, MITOME_E_FILE_READ, "page", NULL);
        size_t size = asked->path.size + asked->body.size;
        uint8_t *bytes = malloc(size + 1);
        writer w = writer_over(bytes, size);
        write_slice(&w, asked->path);
        write_slice(&w, asked->body);
        *ret_body = bytes;
        *ret_size = size;
        return ok();
}

static const struct service_page pages[] = {
        { "/page/", SERVICE_GET, "text/plain", on_page },
        { "/page/both/", SERVICE_GET | SERVICE_POST, "text/plain", on_page },
};

static mitome_status on_tick(void *context, mitome_error *error)
{
        struct stage *stage = context;
        (void)error;
        stage->ticks++;
        return ok();
}

/* ---- the stage ---- */

static void open_stage(struct stage *stage)
{
        struct service_parts parts = { .desks = stage->rig.desks,
                .phone = { stage, phone_desks, 4 },
                .relay = { stage, serve_phone },
                .relay_seconds = stage->relay_seconds,
                .pages = pages,
                .page_count = 2,
                .tick = on_tick,
                .tick_context = stage };
        parts.party = stage->rig.parties[RIG_ASKED];
        assert_int_equal(service_open(&parts, &stage->lock, NULL, 0, &stage->service, NULL).code, MITOME_OK);
}

static int set_up(void **state)
{
        struct stage *stage = calloc(1, sizeof *stage);
        const struct post slow = { stage, hand_over_slowly };
        party_rig_begin(&stage->rig);
        party_rig_shut(&stage->rig, RIG_ASKER);
        party_rig_shut(&stage->rig, RIG_ASKED);
        assert_int_equal(service_lock_init(&stage->lock, slow, NULL).code, MITOME_OK);
        stage->rig.post = service_lock_post(&stage->lock);
        assert_int_equal(party_rig_open(&stage->rig, RIG_ASKED, NULL).code, MITOME_OK);
        open_stage(stage);
        /* The asker's way is HTTP, to where it listens. */
        assert_int_equal(post_http_open(0, &stage->http, NULL).code, MITOME_OK);
        stage->rig.post = post_http(stage->http);
        assert_int_equal(party_rig_open(&stage->rig, RIG_ASKER, NULL).code, MITOME_OK);
        struct directory *directory = &stage->rig.network.directory;
        char url[64];
        snprintf(url, sizeof url, "http://127.0.0.1:%u", (unsigned)service_port(stage->service));
        for (size_t i = 0; i < directory->count; i++)
                snprintf(directory->entries[i].url, sizeof directory->entries[i].url, "%s", url);
        assert_int_equal(phone_way_http_open(url, 0, &stage->phone, NULL).code, MITOME_OK);
        *state = stage;
        return 0;
}

static int tear_down(void **state)
{
        struct stage *stage = *state;
        service_close(stage->service);
        service_lock_end(&stage->lock);
        phone_way_http_close(stage->phone);
        party_rig_end(&stage->rig);
        post_http_close(stage->http);
        free(stage);
        return 0;
}

/* ---- a client of its own ---- */

static int connect_to(const struct stage *stage)
{
        const struct sockaddr_in address = { .sin_family = AF_INET,
                .sin_port = htons(service_port(stage->service)),
                .sin_addr = { htonl(INADDR_LOOPBACK) } };
        int line = socket(AF_INET, SOCK_STREAM, 0);
        assert_true(line >= 0);
        assert_int_equal(connect(line, (const struct sockaddr *)&address, sizeof address), 0);
        const struct timeval limit = { 70, 0 };
        assert_int_equal(setsockopt(line, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
        return line;
}

static bool send_all(int line, slice bytes)
{
        return send(line, bytes.data, bytes.size, MSG_NOSIGNAL) == (ssize_t)bytes.size;
}

/* request sends one request and reads what comes until the other closes; answers the HTTP status. */
static int request(struct stage *stage, const char *method, const char *target, slice body, char *answer,
        size_t capacity)
{
        char head[8192];
        size_t used = 0;
        int line = connect_to(stage), status = 0;
        int length = snprintf(head, sizeof head,
                "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n",
                method, target, body.size);
        assert_true(length > 0 && (size_t)length < sizeof head);
        if (send_all(line, slice_of(head, (size_t)length)))
                (void)send_all(line, body);
        for (ssize_t got;
                used < capacity - 1 && (got = recv(line, answer + used, capacity - 1 - used, 0)) > 0;)
                used += (size_t)got;
        close(line);
        answer[used] = '\0';
        return sscanf(answer, "HTTP/1.1 %d", &status) == 1 ? status : 0;
}

static const char *body_of(const char *answer)
{
        const char *end = strstr(answer, "\r\n\r\n");
        assert_non_null(end);
        return end + 4;
}

/* ---- letters ---- */

static const uint8_t id[LETTER_ID_SIZE] = { 3 };

static void test_a_letter_goes_over_http(void **state)
{
        struct stage *stage = *state;
        uint64_t sum = 0;
        mitome_code refusal = MITOME_OK;
        assert_int_equal(party_rig_call(&stage->rig, "add", id, 5, &sum, NULL).code, MITOME_OK);
        assert_int_equal(party_rig_call(&stage->rig, "add", id, 5, &sum, NULL).code, MITOME_OK);
        assert_int_equal(sum, 5);
        assert_int_equal(party_rig_call(&stage->rig, "add", id, 6, &sum, &refusal).code, MITOME_E_REFUSED);
        assert_int_equal(refusal, MITOME_E_LETTER_TWICE);
}

static void test_nobody_there_is_unreachable(void **state)
{
        struct stage *stage = *state;
        uint64_t sum = 0;
        service_close(stage->service);
        stage->service = NULL;
        assert_int_equal(party_rig_call(&stage->rig, "add", id, 5, &sum, NULL).code, MITOME_E_UNREACHABLE);
        for (size_t i = 0; i < stage->rig.network.directory.count; i++)
                stage->rig.network.directory.entries[i].url[0] = '\0';
        assert_int_equal(party_rig_call(&stage->rig, "add", id, 5, &sum, NULL).code, MITOME_E_UNREACHABLE);
}

/* One of several askers, each with a party and an id of his own, at the same service. */
struct worker {
        struct stage *stage;
        unsigned number;
        unsigned good;
};

static void *call_echo(void *context)
{
        struct worker *worker = context;
        const struct phone_way way = phone_way_http(worker->stage->phone);
        for (unsigned i = 0; i < CALLS_EACH; i++) {
                const uint8_t body[] = { (uint8_t)worker->number, (uint8_t)i };
                uint8_t buffer[64];
                slice answer;
                worker->good += !failed(way.call(way.context, "echo", SLICE(body), buffer, sizeof buffer,
                                        &answer, NULL)) &&
                                slice_equal(answer, SLICE(body));
        }
        return NULL;
}

static void test_several_threads_ask_at_once(void **state)
{
        struct stage *stage = *state;
        struct worker workers[THREADS];
        pthread_t threads[THREADS];
        for (unsigned i = 0; i < THREADS; i++) {
                workers[i] = (struct worker){ stage, i, 0 };
                assert_int_equal(pthread_create(&threads[i], NULL, call_echo, &workers[i]), 0);
        }
        uint64_t sum = 0;
        for (uint8_t i = 0; i < CALLS_EACH; i++) {
                const uint8_t own[LETTER_ID_SIZE] = { 8, i };
                assert_int_equal(party_rig_call(&stage->rig, "add", own, 1, &sum, NULL).code, MITOME_OK);
        }
        for (unsigned i = 0; i < THREADS; i++) {
                assert_int_equal(pthread_join(threads[i], NULL), 0);
                assert_int_equal(workers[i].good, CALLS_EACH);
        }
        assert_int_equal(sum, CALLS_EACH);
}

/* ---- what outsiders send ---- */

static void test_garbage_and_too_much_are_answered_and_nothing_is_done(void **state)
{
        struct stage *stage = *state;
        static uint8_t large[SERVICE_BODY_MAX + 1];
        static char answer[65536], target[6000];
        const struct {
                const char *method, *target;
                size_t body;
                int status;
        } cases[] = {
                { "POST", "/letter", 0, 400 },
                { "POST", "/letter", 300, 400 },
                { "POST", "/letter", SERVICE_BODY_MAX, 400 },
                { "POST", "/letter", SERVICE_BODY_MAX + 1, 413 },
                { "GET", "/letter", 0, 405 },
                { "PUT", "/letter", 10, 405 },
                { "POST", "/letter/more", 10, 404 },
                { "POST", "/nowhere", 10, 404 },
                { "GET", "/", 0, 404 },
                { "POST", "/phone/unknown", 10, 403 },
                { "POST", "/phone/", 10, 403 },
                { "POST", "/phone/echo", PHONE_BODY_MAX + 1, 403 },
                { "POST", "/phone/trouble", 1, 500 },
                { "GET", "/phone/echo", 0, 405 },
                { "POST", "/relay/TEST-0001", 10, 403 },
                { "POST", "/relay/", 1, 403 },
                { "POST", "/relay/../../etc", 1, 403 },
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
                assert_int_equal(request(stage, cases[i].method, cases[i].target,
                                         slice_of(large, cases[i].body), answer, sizeof answer),
                        cases[i].status);
        memset(target, 'a', sizeof target - 1);
        target[0] = '/';
        assert_int_equal(request(stage, "GET", target, slice_of(NULL, 0), answer, sizeof answer), 414);
        assert_int_equal(stage->served + stage->gone, 0);
        assert_int_equal(stage->rig.handled, 0);
}

static void test_pages_are_given_as_they_were_asked_for(void **state)
{
        struct stage *stage = *state;
        static char answer[8192];
        const slice none = slice_of(NULL, 0), body = slice_text("body");
        assert_int_equal(request(stage, "GET", "/page/a%2Fb%2B=?x=1", none, answer, sizeof answer), 200);
        assert_string_equal(body_of(answer), "a%2Fb%2B=?x=1");
        assert_int_equal(request(stage, "GET", "/page/missing", none, answer, sizeof answer), 404);
        assert_int_equal(request(stage, "POST", "/page/x", body, answer, sizeof answer), 405);
        assert_int_equal(request(stage, "POST", "/page/both/x", body, answer, sizeof answer), 200);
        assert_string_equal(body_of(answer), "xbody");
        assert_int_equal(request(stage, "DELETE", "/page/x", none, answer, sizeof answer), 405);
}

static void test_a_client_that_stops_in_the_middle_holds_nobody_up(void **state)
{
        struct stage *stage = *state;
        uint64_t sum = 0;
        int lines[8];
        for (size_t i = 0; i < 8; i++) {
                lines[i] = connect_to(stage);
                assert_true(send_all(lines[i],
                        slice_text("POST /letter HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nab")));
        }
        assert_int_equal(party_rig_call(&stage->rig, "add", id, 5, &sum, NULL).code, MITOME_OK);
        for (size_t i = 0; i < 8; i++)
                close(lines[i]);
}

/* ---- phones ---- */

static void test_a_phone_is_answered_or_refused(void **state)
{
        struct stage *stage = *state;
        const struct phone_way way = phone_way_http(stage->phone);
        uint8_t buffer[64];
        slice answer = { 0 };
        mitome_error error = { 0 };
        assert_int_equal(
                way.call(way.context, "echo", slice_text("hello"), buffer, sizeof buffer, &answer, &error)
                        .code,
                MITOME_OK);
        assert_true(slice_is(answer, "hello"));
        assert_int_equal(
                way.call(way.context, "no", slice_text("x"), buffer, sizeof buffer, &answer, &error).code,
                MITOME_E_REFUSED);
        assert_int_equal(phone_refusal(&error), MITOME_E_CERTIFICATE_ON_HOLD);
        error = (mitome_error){ 0 };
        assert_int_equal(
                way.call(way.context, "nothing", slice_text("x"), buffer, sizeof buffer, &answer, &error)
                        .code,
                MITOME_E_REFUSED);
        assert_int_equal(phone_refusal(&error), MITOME_E_LETTER_KIND);
        error = (mitome_error){ 0 };
        assert_int_equal(
                way.call(way.context, "trouble", slice_text("x"), buffer, sizeof buffer, &answer, &error)
                        .code,
                MITOME_E_UNREACHABLE);
        assert_int_equal(phone_refusal(&error), MITOME_OK);
        assert_int_equal(
                way.call(way.context, "echo", slice_text("longer than that"), buffer, 4, &answer, NULL).code,
                MITOME_E_UNREACHABLE);
}

static void test_others_are_served_while_a_letter_is_under_way(void **state)
{
        struct stage *stage = *state;
        const struct phone_way way = phone_way_http(stage->phone);
        uint8_t buffer[64], expected[16];
        slice answer = { 0 };
        writer w = WRITER(expected);
        cbor_write_uint(&w, MITOME_E_REFUSED);
        cbor_write_uint(&w, MITOME_E_LETTER_KIND); /* the asker has no desks */
        assert_int_equal(
                way.call(way.context, "ask", slice_of(NULL, 0), buffer, sizeof buffer, &answer, NULL).code,
                MITOME_OK);
        assert_true(slice_equal(answer, writer_view(&w)));
        assert_int_equal(stage->meanwhile, 1);
}

/* An element that answers each command with its number. */
struct element {
        unsigned commands, dies_at;
        bool lies;
};

static mitome_status answer_command(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct element *element = context;
        writer w = writer_over(response, capacity);
        if (++element->commands == element->dies_at)
                return fail(error, MITOME_E_LINK, "element", NULL);
        assert_int_equal(command.size, 5);
        write_u8(&w, (uint8_t)(command.data[3] + element->lies));
        write_u16(&w, 0x9000);
        *ret_size = w.used;
        return ok();
}

static mitome_code relay(struct stage *stage, struct element *element, mitome_error *error)
{
        const struct phone_way way = phone_way_http(stage->phone);
        const struct mitome_link link = { .context = element, .transmit = answer_command };
        return way.relay(way.context, slice_text("TEST-0001"), &link, error).code;
}

static void test_a_relay_carries_every_command_once(void **state)
{
        struct stage *stage = *state;
        struct element element = { 0 };
        for (unsigned i = 1; i <= 3; i++) {
                assert_int_equal(relay(stage, &element, NULL), MITOME_OK);
                assert_int_equal(element.commands, i * COMMANDS);
                assert_int_equal(stage->served, i);
        }
        mitome_error error = { 0 };
        stage->verdict = MITOME_E_CERTIFICATE_ON_HOLD;
        assert_int_equal(relay(stage, &element, &error), MITOME_E_REFUSED);
        assert_int_equal(phone_refusal(&error), MITOME_E_CERTIFICATE_ON_HOLD);
}

static void test_an_element_that_dies_ends_the_relay(void **state)
{
        struct stage *stage = *state;
        for (unsigned at = 1; at <= COMMANDS; at++) {
                struct element element = { .dies_at = at };
                assert_int_equal(relay(stage, &element, NULL), MITOME_E_LINK);
                assert_int_equal(stage->gone, at);
        }
        struct element liar = { .lies = true };
        mitome_error error = { 0 };
        assert_int_equal(relay(stage, &liar, &error), MITOME_E_REFUSED);
        assert_int_equal(phone_refusal(&error), MITOME_E_APDU_STATUS);
        assert_int_equal(stage->served, 0);
}

/* One step by hand; the HTTP status, and the message when it is 200. */
static int hand_step(
        struct stage *stage, const struct relay_message *message, uint8_t *buffer, struct relay_message *ret)
{
        static char answer[8192];
        uint8_t bytes[RELAY_MESSAGE_MAX];
        writer w = WRITER(bytes);
        relay_message_write(&w, message);
        int line = connect_to(stage), status = 0;
        char head[256];
        int length = snprintf(head, sizeof head,
                "POST /relay/TEST-0001 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n",
                w.used);
        assert_true(send_all(line, slice_of(head, (size_t)length)) && send_all(line, writer_view(&w)));
        size_t used = 0;
        for (ssize_t got; (got = recv(line, answer + used, sizeof answer - used, 0)) > 0;)
                used += (size_t)got;
        close(line);
        assert_true(used > 12 && sscanf(answer, "HTTP/1.1 %d", &status) == 1);
        if (status != 200)
                return status;
        const char *body = memmem(answer, used, "\r\n\r\n", 4);
        assert_non_null(body);
        size_t size = used - (size_t)(body + 4 - answer);
        memcpy(buffer, body + 4, size);
        assert_int_equal(relay_message_read(slice_of(buffer, size), ret, NULL).code, MITOME_OK);
        return status;
}

static struct relay_message respond(const struct relay_message *command, uint8_t response[3])
{
        struct relay_message said = *command;
        response[0] = command->apdu.data[3];
        response[1] = 0x90;
        response[2] = 0x00;
        said.apdu = slice_of(response, 3);
        return said;
}

static void test_a_step_that_is_said_twice_is_taken_once(void **state)
{
        struct stage *stage = *state;
        uint8_t buffer[RELAY_MESSAGE_MAX], again[RELAY_MESSAGE_MAX], response[3];
        struct relay_message command, same, said = { .begins = true };
        assert_int_equal(hand_step(stage, &said, buffer, &command), 200);
        for (uint32_t number = 1; number <= COMMANDS; number++) {
                assert_false(command.ends);
                assert_int_equal(command.number, number);
                said = respond(&command, response);
                assert_int_equal(hand_step(stage, &said, buffer, &command), 200);
                assert_int_equal(hand_step(stage, &said, again, &same), 200); /* as if the answer was lost */
                assert_int_equal(same.number, command.number);
                assert_true(same.ends == command.ends && slice_equal(same.apdu, command.apdu));
        }
        assert_true(command.ends);
        assert_int_equal(command.code, MITOME_OK);
        assert_int_equal(stage->served, 1);
}

static void test_a_relay_takes_no_step_of_a_stranger_or_out_of_turn(void **state)
{
        struct stage *stage = *state;
        uint8_t buffer[RELAY_MESSAGE_MAX], other[RELAY_MESSAGE_MAX], response[3];
        struct relay_message command, ignored, said = { .begins = true };
        assert_int_equal(hand_step(stage, &said, buffer, &command), 200);
        said = respond(&command, response);
        struct relay_message strange = said;
        strange.session[15] ^= 1;
        assert_int_equal(hand_step(stage, &strange, other, &ignored), 403);
        strange = said;
        strange.number = 2;
        assert_int_equal(hand_step(stage, &strange, other, &ignored), 403);
        strange.number = 3;
        assert_int_equal(hand_step(stage, &strange, other, &ignored), 403);
        assert_int_equal(hand_step(stage, &said, buffer, &command), 200);
        assert_int_equal(command.number, 2);
}

static void await_gone(struct stage *stage, unsigned count)
{
        const struct timespec pause = { 0, 20000000 };
        for (int i = 0; i < 500; i++) {
                service_lock_take(&stage->lock);
                bool come = stage->gone >= count;
                service_lock_leave(&stage->lock);
                if (come)
                        return;
                nanosleep(&pause, NULL);
        }
        assert_true(false); /* the relay does not end */
}

static void test_a_phone_that_stopped_in_mid_relay_begins_anew(void **state)
{
        struct stage *stage = *state;
        uint8_t buffer[RELAY_MESSAGE_MAX], response[3];
        struct relay_message command, ignored, said = { .begins = true };
        uint64_t sum = 0;
        assert_int_equal(hand_step(stage, &said, buffer, &command), 200);
        said = respond(&command, response);
        assert_int_equal(hand_step(stage, &said, buffer, &command), 200);
        /* It says no more. Others are served meanwhile. */
        assert_int_equal(party_rig_call(&stage->rig, "add", id, 5, &sum, NULL).code, MITOME_OK);
        struct element element = { 0 };
        assert_int_equal(relay(stage, &element, NULL), MITOME_OK);
        assert_int_equal(element.commands, COMMANDS);
        assert_int_equal(stage->gone, 1); /* the former one ended first */
        said = respond(&command, response);
        assert_true(hand_step(stage, &said, buffer, &ignored) != 200 || ignored.code == MITOME_E_LINK);
}

/* Somebody begins a relay and does not wait for what he is told. */
static int begin_as(struct stage *stage, const char *identity)
{
        static const uint8_t begin[] = { 0xA0 };
        char head[256];
        int line = connect_to(stage),
            length = snprintf(head, sizeof head,
                    "POST /relay/%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1\r\n\r\n",
                    identity);
        assert_true(send_all(line, slice_of(head, (size_t)length)) && send_all(line, SLICE(begin)));
        return line;
}

/* The status that he is told in the end. */
static int await_status(int line)
{
        char answer[512] = "";
        int status = 0;
        assert_true(recv(line, answer, sizeof answer - 1, 0) > 12);
        assert_int_equal(sscanf(answer, "HTTP/1.1 %d", &status), 1);
        close(line);
        return status;
}

static void test_a_stranger_does_not_end_a_relay_under_way(void **state)
{
        struct stage *stage = *state;
        uint8_t buffer[RELAY_MESSAGE_MAX], response[3];
        struct relay_message command, said = { .begins = true };
        assert_int_equal(hand_step(stage, &said, buffer, &command), 200);
        int stranger = begin_as(stage, "TEST-0001"), another = begin_as(stage, "TEST-0001");
        for (uint32_t number = 1; number <= COMMANDS; number++) {
                assert_int_equal(command.number, number);
                said = respond(&command, response);
                assert_int_equal(hand_step(stage, &said, buffer, &command), 200);
        }
        assert_true(command.ends && command.code == MITOME_OK);
        assert_int_equal(stage->served, 1);
        assert_int_equal(stage->gone, 0);
        close(stranger);
        close(another);
}

static void test_an_element_that_has_proven_its_keys_may_take_its_time(void **state)
{
        struct stage *stage = *state;
        const struct timespec key_generation = { 3, 500000000 };
        uint8_t buffer[RELAY_MESSAGE_MAX], response[3];
        struct relay_message command, said = { .begins = true };
        stage->opens = true;
        assert_int_equal(hand_step(stage, &said, buffer, &command), 200);
        int stranger = begin_as(stage, "TEST-0001");
        nanosleep(&key_generation, NULL);
        said = respond(&command, response);
        assert_int_equal(hand_step(stage, &said, buffer, &command), 200);
        assert_int_equal(command.number, 2);
        assert_int_equal(stage->gone, 0);
        close(stranger);
}

/* A service whose phones have little time. */
static void hurry(struct stage *stage, unsigned seconds)
{
        service_close(stage->service);
        stage->relay_seconds = seconds;
        open_stage(stage);
}

static void test_a_phone_that_never_comes_back_is_given_up(void **state)
{
        struct stage *stage = *state;
        uint8_t buffer[RELAY_MESSAGE_MAX], response[3];
        struct relay_message command, ended, said = { .begins = true };
        hurry(stage, 2);
        assert_int_equal(hand_step(stage, &said, buffer, &command), 200);
        await_gone(stage, 1);
        /* Too late: it hears how it ended, and nothing is taken. */
        said = respond(&command, response);
        assert_int_equal(hand_step(stage, &said, buffer, &ended), 200);
        assert_true(ended.ends);
        assert_int_equal(ended.code, MITOME_E_LINK);
        assert_int_equal(stage->served, 0);
}

/* As many as there can be; each has its first command. */
static void fill_with_relays(struct stage *stage, int lines[SERVICE_RELAYS])
{
        char name[32], answer[512];
        stage->patient = true;
        for (size_t i = 0; i < SERVICE_RELAYS; i++) {
                snprintf(name, sizeof name, "OTHER-%zu", i);
                lines[i] = begin_as(stage, name);
                assert_true(recv(lines[i], answer, sizeof answer, 0) > 12);
        }
}

static void test_silent_relays_make_room(void **state)
{
        struct stage *stage = *state;
        struct element element = { 0 };
        int lines[SERVICE_RELAYS];
        fill_with_relays(stage, lines);
        assert_int_equal(relay(stage, &element, NULL), MITOME_OK);
        assert_int_equal(stage->served, 1);
        for (size_t i = 0; i < SERVICE_RELAYS; i++)
                close(lines[i]);
}

/* Those who have proven their elements' keys are not ended for anybody. */
static void test_only_so_many_relays_are_under_way(void **state)
{
        struct stage *stage = *state;
        int lines[SERVICE_RELAYS];
        stage->opens = true;
        hurry(stage, 8);
        fill_with_relays(stage, lines);
        assert_int_equal(await_status(begin_as(stage, "ONE-TOO-MANY")), 503);
        assert_int_equal(stage->gone, 0);
        for (size_t i = 0; i < SERVICE_RELAYS; i++)
                close(lines[i]);
        await_gone(stage, SERVICE_RELAYS);
        assert_int_equal(await_status(begin_as(stage, "TEST-0001")), 200);
}

static void test_a_service_that_closes_ends_its_relays(void **state)
{
        struct stage *stage = *state;
        uint8_t buffer[RELAY_MESSAGE_MAX];
        struct relay_message command, said = { .begins = true };
        assert_int_equal(hand_step(stage, &said, buffer, &command), 200);
        service_close(stage->service);
        stage->service = NULL;
        await_gone(stage, 1);
}

static void test_it_ticks_and_flushes(void **state)
{
        struct stage *stage = *state;
        const struct timespec pause = { 0, 100000000 };
        unsigned ticks = 0;
        for (int i = 0; i < 100 && ticks == 0; i++) {
                nanosleep(&pause, NULL);
                service_lock_take(&stage->lock);
                ticks = stage->ticks;
                service_lock_leave(&stage->lock);
        }
        assert_true(ticks > 0);
}

static void test_an_address_that_cannot_be_had_is_told(void **state)
{
        struct stage *stage = *state;
        struct service_parts parts = { .party = stage->rig.parties[RIG_ASKED] };
        struct service *second = NULL;
        assert_int_equal(
                service_open(&parts, &stage->lock, NULL, service_port(stage->service), &second, NULL).code,
                MITOME_E_SOCKET);
        assert_int_equal(
                service_open(&parts, &stage->lock, "no.such.host", 0, &second, NULL).code, MITOME_E_SOCKET);
        assert_null(second);
}

/* ---- the message ---- */

static void test_relay_messages_are_strict(void **state)
{
        uint8_t bytes[RELAY_MESSAGE_MAX];
        const uint8_t apdu[] = { 0x90, 0x00 };
        struct relay_message message = { .session = { 1, 2 }, .number = 300, .apdu = SLICE(apdu) }, read;
        writer w = WRITER(bytes);
        (void)state;
        relay_message_write(&w, &message);
        assert_int_equal(relay_message_read(writer_view(&w), &read, NULL).code, MITOME_OK);
        assert_int_equal(read.number, 300);
        assert_true(slice_equal(read.apdu, SLICE(apdu)) && !read.ends && !read.begins);
        for (size_t size = 0; size < w.used; size++)
                assert_true(failed(relay_message_read(slice_of(bytes, size), &read, NULL)));
        static const struct {
                const char *bytes;
                size_t size;
                mitome_code code;
        } cases[] = {
                { "\xA0", 1, MITOME_OK },
                { "\xA0\x00", 2, MITOME_E_TRAILING_BYTES },
                { "\xA1\x02\x01", 3, MITOME_E_MISSING },
                { "\xA1\x05\x01", 3, MITOME_E_VALUE },
                { "\xA1\x61\x61\x01", 4, MITOME_E_VALUE },
                { "\xA1\x01\x41\x00", 4, MITOME_E_VALUE },
                { "\xA1\x02\x1A\x00\x10\x00\x01", 7, MITOME_E_VALUE },
                { "\x80", 1, MITOME_E_CBOR_TYPE },
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
                assert_int_equal(
                        relay_message_read(slice_of(cases[i].bytes, cases[i].size), &read, NULL).code,
                        cases[i].code);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
                TEST(test_a_letter_goes_over_http),
                TEST(test_nobody_there_is_unreachable),
                TEST(test_several_threads_ask_at_once),
                TEST(test_garbage_and_too_much_are_answered_and_nothing_is_done),
                TEST(test_pages_are_given_as_they_were_asked_for),
                TEST(test_a_client_that_stops_in_the_middle_holds_nobody_up),
                TEST(test_a_phone_is_answered_or_refused),
                TEST(test_others_are_served_while_a_letter_is_under_way),
                TEST(test_a_relay_carries_every_command_once),
                TEST(test_an_element_that_dies_ends_the_relay),
                TEST(test_a_step_that_is_said_twice_is_taken_once),
                TEST(test_a_relay_takes_no_step_of_a_stranger_or_out_of_turn),
                TEST(test_a_phone_that_stopped_in_mid_relay_begins_anew),
                TEST(test_a_phone_that_never_comes_back_is_given_up),
                TEST(test_a_stranger_does_not_end_a_relay_under_way),
                TEST(test_an_element_that_has_proven_its_keys_may_take_its_time),
                TEST(test_silent_relays_make_room),
                TEST(test_only_so_many_relays_are_under_way),
                TEST(test_a_service_that_closes_ends_its_relays),
                TEST(test_it_ticks_and_flushes),
                TEST(test_an_address_that_cannot_be_had_is_told),
                cmocka_unit_test(test_relay_messages_are_strict),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
