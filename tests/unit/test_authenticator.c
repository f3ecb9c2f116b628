/* SPDX-License-Identifier: Apache-2.0 */
/* The shipped authenticator by its public header: reports in and out, with an element that answers by a table
 * and a gate that does what the test says. */
#include <mitome/authenticator.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
        GET_STATE = 0x10,
        BEGIN = 0x20,
        NEXT = 0x22,
        GET = 0x26,
        ABANDON = 0x2E,
        MANAGE = 0x70,
        SELECT = 0xA4,
        GET_DATA = 0xCA
};
enum {
        KEEPALIVE = 0x3B,
        CBOR = 0x10,
        INIT = 0x06,
        CANCEL = 0x11,
        PING = 0x01,
        MSG = 0x03,
        WINK = 0x08,
        ERROR = 0x3F
};
enum { PROCESSING = 1, UP_NEEDED = 2 };

struct rig {
        struct mitome_authenticator *authenticator;
        uint64_t now;
        /* element */
        bool dead;
        uint8_t flags;
        bool always_uv;
        uint8_t log[64]; /* the INS of each command */
        size_t logged;
        uint16_t select_sw;
        bool other_app;  /* its rules are for another one */
        bool several;    /* credentials fit an assertion */
        size_t size_lie; /* when not 0: what the link says the answer's size is */
        /* gate */
        struct mitome_gate_event next_event;
        bool gate_refuses, gate_fails;
        unsigned told, told_number; /* what the user was told of his finger */
        enum mitome_guidance told_state;
        unsigned starts, cancels, polls;
        int longest_wait;
        bool time_passes; /* each wait takes as long as it may */
        /* touch */
        enum mitome_presence_answer touch;
        unsigned touches; /* polls for one */
        bool prompted;
        char touched_for[64];
        struct mitome_prompt prompt; /* the last one; its views are stale */
        unsigned prompts, winks;
        /* trace */
        unsigned ctap_in, ctap_out, apdu_in, apdu_out, u2f_in, u2f_out;
        uint8_t cost_command;
        unsigned cost, costs;
        /* blobs */
        uint8_t blobs[MITOME_BLOBS_MAX];
        size_t blobs_size;
        bool blobs_fail;
        /* power */
        unsigned resets;
        bool reset_fails;
        bool tells_working; /* the link says that it waits long */
        unsigned working_reports;
        uint8_t working_report[MITOME_REPORT_SIZE];
        /* reader, app */
        uint8_t response[MITOME_MESSAGE_MAX];
        size_t size;
        uint16_t sw;
        /* host */
        uint32_t channel;
        uint8_t report[MITOME_REPORT_SIZE];
};

static const uint8_t state_answer[] = { 0x80, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0x81,
        1, 0, 0x82, 1, 3, 0x83, 1, 5, 0x84, 1, 4, 0x85, 2, 0, 9, 0x87, 2, 0, 3, 0x8A, 4, 0, 0, 0, 0, 0x86, 1,
        0, 0x90, 0x00 };
enum { FLAGS_OFFSET = 20, FLAGS2_OFFSET = sizeof state_answer - 3 };

/* The access rules: the FIDO applet is this app's, whose certificate's SHA-256 begins with 5A. */
static size_t answer_rules(struct rig *rig, uint8_t p1, uint8_t *response)
{
        static const uint8_t refresh[] = { 0xDF, 0x20, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0x90, 0x00 };
        static const uint8_t list[] = { 0xFF, 0x40, 0x35, 0xE2, 0x33, 0xE1, 0x2C, 0x4F, 8, 0xF0, 0x4D, 0x49,
                0x54, 0x4F, 0x4D, 0x45, 0x01, 0xC1, 32, 0x5A };
        static const uint8_t end[] = { 0xE3, 3, 0xD0, 1, 1, 0x90, 0x00 };
        if (p1 == 0xDF) {
                memcpy(response, refresh, sizeof refresh);
                return sizeof refresh;
        }
        memset(response, 0, 64);
        memcpy(response, list, sizeof list);
        response[sizeof list - 1] = rig->other_app ? 0x5B : 0x5A;
        memcpy(response + sizeof list + 31, end, sizeof end);
        return sizeof list + 31 + sizeof end;
}

static size_t answer(struct rig *rig, uint8_t ins, uint8_t p1, uint8_t *response)
{
        static const uint8_t assertion[] = { 0x80, 1, 7, 0x81, 1, 8, 0x82, 1, 9, 0x90, 0x00 };
        static const uint8_t first[] = { 0x80, 1, 7, 0x81, 1, 8, 0x82, 1, 9, 0x86, 2, 0, 3, 0x90, 0x00 };
        static const uint8_t fine[] = { 0x90, 0x00 };
        switch (ins) {
        case SELECT:
                response[0] = (uint8_t)(rig->select_sw >> 8);
                response[1] = (uint8_t)rig->select_sw;
                return 2;
        case MANAGE:
                memcpy(response, "\x6D", 2);
                return 2;
        case GET_DATA:
                return answer_rules(rig, p1, response);
        case GET_STATE:
                memcpy(response, state_answer, sizeof state_answer);
                response[FLAGS_OFFSET] = rig->flags;
                response[FLAGS2_OFFSET] = rig->always_uv;
                return sizeof state_answer;
        case BEGIN:
                memset(response, 0x11, 34);
                response[0] = 0x80;
                response[1] = 32;
                memcpy(response + 34, fine, 2);
                return 36;
        case GET:
                if (rig->several) {
                        memcpy(response, first, sizeof first);
                        return sizeof first;
                }
                memcpy(response, assertion, sizeof assertion);
                return sizeof assertion;
        case NEXT:
                memcpy(response, assertion, sizeof assertion);
                return sizeof assertion;
        default:
                memcpy(response, fine, 2);
                return 2;
        }
}

static mitome_status transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct rig *rig = context;
        (void)error;
        assert_true(command.size >= 4 && capacity >= 4096);
        if (rig->logged < sizeof rig->log)
                rig->log[rig->logged++] = command.data[1];
        if (rig->dead)
                return (mitome_status){ MITOME_E_LINK };
        for (unsigned waited = 1; rig->tells_working && rig->authenticator && waited <= 10; waited++)
                rig->working_reports += mitome_authenticator_working(
                        rig->authenticator, rig->now + 50 * waited, rig->working_report);
        *ret_size = answer(rig, command.data[1], command.data[2], response);
        if (rig->size_lie)
                *ret_size = rig->size_lie - 1;
        return (mitome_status){ MITOME_OK };
}

static mitome_status reset_element(void *context, mitome_error *error)
{
        struct rig *rig = context;
        (void)error;
        rig->resets++;
        return (mitome_status){ rig->reset_fails ? MITOME_E_LINK : MITOME_OK };
}

static mitome_status load_blobs(
        void *context, uint8_t *blobs, size_t capacity, size_t *ret_size, mitome_error *error)
{
        struct rig *rig = context;
        (void)error;
        assert_true(capacity >= rig->blobs_size);
        memcpy(blobs, rig->blobs, rig->blobs_size);
        *ret_size = rig->blobs_size;
        return (mitome_status){ rig->blobs_fail ? MITOME_E_SOCKET : MITOME_OK };
}

static mitome_status save_blobs(void *context, mitome_slice blobs, mitome_error *error)
{
        struct rig *rig = context;
        (void)error;
        if (rig->blobs_fail)
                return (mitome_status){ MITOME_E_SOCKET };
        assert_true(blobs.size <= sizeof rig->blobs);
        if (blobs.size)
                memcpy(rig->blobs, blobs.data, blobs.size);
        rig->blobs_size = blobs.size;
        return (mitome_status){ MITOME_OK };
}

static mitome_status gate_start(void *context, const struct mitome_gate_request *request, mitome_error *error)
{
        struct rig *rig = context;
        (void)error;
        if (request->purpose == MITOME_GATE_FORGET) /* this one has nothing to forget */
                return (mitome_status){ MITOME_E_GATE_BUSY };
        assert_int_equal(request->challenge.size, 32);
        rig->starts++;
        return (mitome_status){ rig->gate_refuses ? MITOME_E_GATE_BUSY : MITOME_OK };
}

static mitome_status gate_poll(void *context, int wait_ms, struct mitome_gate_event *ret, mitome_error *error)
{
        struct rig *rig = context;
        (void)error;
        rig->polls++;
        if (wait_ms > rig->longest_wait)
                rig->longest_wait = wait_ms;
        if (rig->time_passes)
                rig->now += (uint64_t)wait_ms;
        *ret = rig->next_event;
        rig->next_event = (struct mitome_gate_event){ .kind = MITOME_GATE_NOTHING };
        return (mitome_status){ rig->gate_fails ? MITOME_E_GATE_BROKEN : MITOME_OK };
}

static void gate_cancel(void *context)
{
        struct rig *rig = context;
        rig->cancels++;
        rig->next_event = (struct mitome_gate_event){ .kind = MITOME_GATE_ABSENT, .has_evidence = true };
}

static void ask_touch(void *context, const struct mitome_prompt *prompt)
{
        struct rig *rig = context;
        assert_false(rig->prompted); /* one at a time */
        rig->prompted = true;
        rig->prompts++;
        rig->prompt = *prompt;
        memset(rig->touched_for, 0, sizeof rig->touched_for);
        if (prompt->rp_id.size)
                memcpy(rig->touched_for, prompt->rp_id.data, prompt->rp_id.size);
}

static enum mitome_presence_answer poll_touch(void *context, int wait_ms)
{
        struct rig *rig = context;
        assert_true(rig->prompted);
        if (wait_ms > rig->longest_wait)
                rig->longest_wait = wait_ms;
        rig->touches++;
        return rig->touch;
}

static void end_touch(void *context)
{
        struct rig *rig = context;
        assert_true(rig->prompted);
        rig->prompted = false;
}

static void wink(void *context)
{
        ((struct rig *)context)->winks++;
}

static void tell(void *context, enum mitome_guidance state, unsigned number)
{
        struct rig *rig = context;
        rig->told++;
        rig->told_state = state;
        rig->told_number = number;
}

static int fill(void *context, uint8_t *bytes, size_t size)
{
        (void)context;
        memset(bytes, 0x42, size);
        return 0;
}

static void trace_ctap(void *context, bool request, mitome_slice message)
{
        struct rig *rig = context;
        assert_true(message.size > 0);
        *(request ? &rig->ctap_in : &rig->ctap_out) += 1;
}

static void trace_apdu(void *context, bool command, mitome_slice apdu)
{
        struct rig *rig = context;
        assert_true(apdu.size >= 2);
        *(command ? &rig->apdu_in : &rig->apdu_out) += 1;
}

static void trace_u2f(void *context, bool request, mitome_slice apdu)
{
        struct rig *rig = context;
        assert_true(apdu.size >= 2);
        *(request ? &rig->u2f_in : &rig->u2f_out) += 1;
}

static void trace_cost(void *context, uint8_t command, unsigned element_commands)
{
        struct rig *rig = context;
        rig->cost_command = command;
        rig->cost = element_commands;
        rig->costs++;
}

static struct mitome_authenticator_config config_of(struct rig *rig)
{
        return (struct mitome_authenticator_config){
                .element = { .context = rig, .transmit = transmit, .reset = reset_element },
                .app = { .sha256 = { 0x5A } },
                .gate = { .version = MITOME_GATE_VERSION,
                        .context = rig,
                        .start = gate_start,
                        .poll = gate_poll,
                        .cancel = gate_cancel },
                .random = { .fill = fill },
                .trace = { .context = rig,
                        .ctap = trace_ctap,
                        .apdu = trace_apdu,
                        .u2f = trace_u2f,
                        .cost = trace_cost },
                .presence = { .context = rig,
                        .ask = ask_touch,
                        .poll = poll_touch,
                        .end = end_touch,
                        .wink = wink,
                        .tell = tell },
                .blobs = { .context = rig, .load = load_blobs, .save = save_blobs },
        };
}

/* ---- the host ---- */

static void put(struct rig *rig, uint32_t channel, uint8_t command, const void *message, size_t size)
{
        uint8_t report[MITOME_REPORT_SIZE] = { 0 };
        for (size_t i = 0; i < 4; i++)
                report[i] = (uint8_t)(channel >> (24 - 8 * i));
        report[4] = command | 0x80;
        report[6] = (uint8_t)size;
        assert_true(size <= MITOME_REPORT_SIZE - 7);
        if (size)
                memcpy(report + 7, message, size);
        mitome_authenticator_receive(rig->authenticator, report, rig->now);
}

static bool take(struct rig *rig)
{
        return mitome_authenticator_send(rig->authenticator, 1000, rig->now, rig->report);
}

static void expect_report(struct rig *rig, uint8_t command, uint8_t first)
{
        assert_true(take(rig));
        assert_int_equal(rig->report[4], command | 0x80);
        assert_int_equal(rig->report[7], first);
}

static void expect_quiet(struct rig *rig)
{
        assert_false(take(rig));
}

static void open_channel(struct rig *rig)
{
        put(rig, 0xFFFFFFFF, INIT, "12345678", 8);
        expect_report(rig, INIT, '1');
        rig->channel = (uint32_t)rig->report[15] << 24 | (uint32_t)rig->report[16] << 16 |
                       (uint32_t)rig->report[17] << 8 | rig->report[18];
}

/* getAssertion for "a", in one packet, with an option. */
static void ask_assertion(struct rig *rig, const char *option)
{
        static const uint8_t head[] = { 0x02, 0xA3, 0x01, 0x61, 'a', 0x02, 0x58, 0x20 };
        uint8_t message[sizeof head + 32 + 6] = { 0 };
        memcpy(message, head, sizeof head);
        memcpy(message + sizeof head + 32, "\x05\xA1\x62..\xF5", 6);
        memcpy(message + sizeof head + 32 + 3, option, 2);
        put(rig, rig->channel, CBOR, message, sizeof message);
}

static void ask_info(struct rig *rig)
{
        put(rig, rig->channel, CBOR, "\x04", 1);
}

enum { PIN = 0x02, PAIRED = 0x04, OPEN = 0x08 };

static int set_up(void **state)
{
        struct rig *rig = calloc(1, sizeof *rig);
        rig->select_sw = 0x9000;
        rig->flags = PIN | PAIRED | OPEN;
        rig->touch = MITOME_PRESENCE_TOUCHED;
        rig->now = 5000;
        struct mitome_authenticator_config config = config_of(rig);
        assert_int_equal(mitome_authenticator_new(&config, &rig->authenticator, NULL).code, MITOME_OK);
        open_channel(rig);
        rig->logged = 0;
        *state = rig;
        return 0;
}

static int tear_down(void **state)
{
        struct rig *rig = *state;
        mitome_authenticator_free(rig->authenticator);
        free(rig);
        return 0;
}

static void expect_log(struct rig *rig, const uint8_t *ins, size_t count)
{
        assert_int_equal(rig->logged, count);
        assert_memory_equal(rig->log, ins, count);
        rig->logged = 0;
}

#define EXPECT_LOG(rig, ...) \
        expect_log(rig, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

/* ---- beginning ---- */

static void beginning_selects_the_applet(void **state)
{
        (void)state;
        struct rig rig = { .select_sw = 0x9000 };
        struct mitome_authenticator_config config = config_of(&rig);
        mitome_error error = { 0 };
        assert_int_equal(mitome_authenticator_new(&config, &rig.authenticator, &error).code, MITOME_OK);
        EXPECT_LOG(&rig, MANAGE, SELECT, GET_DATA, GET_DATA, SELECT, GET_STATE);
        mitome_authenticator_free(rig.authenticator);

        struct mitome_authenticator *none = NULL;
        rig.select_sw = 0x6A82; /* no such applet, and the first that is asked for is the ARA-M */
        assert_int_equal(mitome_authenticator_new(&config, &none, &error).code, MITOME_E_ACCESS_DENIED);
        assert_int_equal(error.code, MITOME_E_ACCESS_DENIED);
        rig.select_sw = 0x6F00;
        assert_int_equal(mitome_authenticator_new(&config, &none, NULL).code, MITOME_E_ACCESS_RULES);
        rig.select_sw = 0x9000;
        rig.dead = true;
        assert_int_equal(mitome_authenticator_new(&config, &none, NULL).code, MITOME_E_LINK);
        rig.dead = false;
        const size_t lies[] = { 0, 1, 4097, 100000 };
        for (size_t i = 0; i < 4; i++) {
                rig.size_lie = lies[i] + 1;
                assert_int_equal(mitome_authenticator_new(&config, &none, NULL).code, MITOME_E_LINK);
        }
        /* No mouth speaks Bluetooth, and getInfo does not say so. */
        config.transports = MITOME_TRANSPORT_USB | MITOME_TRANSPORT_BLE;
        error = (mitome_error){ 0 };
        assert_int_equal(mitome_authenticator_new(&config, &none, &error).code, MITOME_E_ARGUMENT);
        assert_string_equal(error.field, "config.transports");
        config.transports = MITOME_TRANSPORT_HYBRID;
        assert_int_equal(mitome_authenticator_new(&config, &none, NULL).code, MITOME_E_ARGUMENT);
        config.transports = 0;
        config.random.fill = NULL;
        assert_int_equal(mitome_authenticator_new(&config, &none, NULL).code, MITOME_E_ARGUMENT);
        assert_null(none);
        mitome_authenticator_free(NULL);
}

/* Another app gets no authenticator, and nothing of the FIDO applet's. */
static void another_app_is_refused(void **state)
{
        (void)state;
        struct rig rig = { .select_sw = 0x9000, .other_app = true };
        const struct mitome_authenticator_config config = config_of(&rig);
        mitome_error error = { 0 };
        struct mitome_authenticator *none = NULL;
        assert_int_equal(mitome_authenticator_new(&config, &none, &error).code, MITOME_E_ACCESS_DENIED);
        assert_int_equal(error.code, MITOME_E_ACCESS_DENIED);
        EXPECT_LOG(&rig, MANAGE, SELECT, GET_DATA, GET_DATA);
        assert_null(none);
}

static void info_is_answered_at_once(void **state)
{
        struct rig *rig = *state;
        ask_info(rig);
        expect_report(rig, CBOR, 0x00);
        while (take(rig))
                continue;
        EXPECT_LOG(rig, GET_STATE);
        assert_int_equal(rig->ctap_in, 1);
        assert_int_equal(rig->ctap_out, 1);
        assert_int_equal(rig->apdu_in, 7); /* rules, SELECT and GET STATE at the beginning */
        assert_int_equal(rig->apdu_out, 7);
}

static void a_dead_element_is_told(void **state)
{
        struct rig *rig = *state;
        rig->dead = true;
        ask_info(rig);
        expect_report(rig, CBOR, 0x7F);
        expect_quiet(rig);
}

/* What is for apps that the enforcer has checked is not to be had over HID, by no command of either layer. */
static void vendor_commands_are_refused_over_hid(void **state)
{
        struct rig *rig = *state;
        rig->logged = 0;
        for (unsigned command = 0x42; command <= 0xFF; command++) { /* 40 and 41: of FIDO_2_1_PRE */
                const uint8_t message[] = { (uint8_t)command, 0xA0 };
                put(rig, rig->channel, CBOR, message, sizeof message);
                expect_report(rig, CBOR, 0x01);
                while (take(rig))
                        continue;
        }
        for (uint8_t command = 0x40; command <= 0x7F; command++) { /* CTAPHID_VENDOR_FIRST and _LAST */
                put(rig, rig->channel, command, "\x80\x36\x00\x00", 4);
                if (command == 0x7F) /* that is CTAPHID_ERROR itself */
                        continue;
                expect_report(rig, 0x3F, 0x01);
        }
        while (take(rig))
                continue;
        assert_int_equal(rig->logged, 0);
}

/* ---- a finger ---- */

static void a_finger_is_awaited_with_keepalives(void **state)
{
        struct rig *rig = *state;
        ask_assertion(rig, "uv");
        assert_int_equal(rig->starts, 1);
        expect_report(rig, KEEPALIVE, UP_NEEDED); /* at once: the user is wanted */
        expect_quiet(rig);
        rig->now += 99;
        expect_quiet(rig);
        for (int i = 0; i < 5; i++) {
                rig->now += i ? 100 : 1;
                expect_report(rig, KEEPALIVE, UP_NEEDED);
                expect_quiet(rig);
        }
        assert_true(rig->longest_wait < 100); /* or a keepalive would be late */
        rig->next_event = (struct mitome_gate_event){ .kind = MITOME_GATE_EVIDENCE, .has_evidence = true };
        expect_report(rig, CBOR, 0x00);
        expect_quiet(rig);
        EXPECT_LOG(rig, GET_STATE, BEGIN, GET);
        unsigned polls = rig->polls;
        expect_quiet(rig);
        assert_int_equal(rig->polls, polls); /* nobody is asked once it is over */
}

/* One poll of the gate, which reports `event`; then this was said, or nothing (NONE). */
static void expect_told(
        struct rig *rig, struct mitome_gate_event event, enum mitome_guidance state, unsigned number)
{
        unsigned before = rig->told;
        rig->next_event = event;
        (void)take(rig);
        assert_int_equal(rig->told - before, state != MITOME_GUIDANCE_NONE);
        if (state == MITOME_GUIDANCE_NONE)
                return;
        assert_int_equal(rig->told_state, state);
        assert_int_equal(rig->told_number, number);
}

#define EVENT(...) ((struct mitome_gate_event){ __VA_ARGS__ })

static void the_user_is_told_what_becomes_of_his_finger(void **state)
{
        struct rig *rig = *state;
        ask_assertion(rig, "uv");
        expect_report(rig, KEEPALIVE, UP_NEEDED);
        expect_told(
                rig, EVENT(.kind = MITOME_GATE_AWAITS), MITOME_GUIDANCE_NONE, 0); /* the prompt has said it */
        expect_told(rig, EVENT(.kind = MITOME_GATE_RETRY, .hint = MITOME_GATE_HINT_CENTRE),
                MITOME_GUIDANCE_CENTRE, 0);
        expect_told(rig, EVENT(.kind = MITOME_GATE_NOTHING), MITOME_GUIDANCE_NONE, 0);
        unsigned prompts = rig->prompts;
        expect_told(rig, EVENT(.kind = MITOME_GATE_NO_MATCH), MITOME_GUIDANCE_NOT_RECOGNISED, 5);
        assert_int_equal(rig->starts, 2); /* and he is asked again */
        assert_int_equal(rig->prompts, prompts + 1);
        assert_true(rig->prompted);
        rig->now += 100;
        expect_report(rig, KEEPALIVE, UP_NEEDED); /* and the host hears that he is awaited, as before */
        expect_told(rig, EVENT(.kind = MITOME_GATE_ABSENT, .has_evidence = true), MITOME_GUIDANCE_ABSENT, 0);
        assert_false(rig->prompted);
        /* Where the host gave up, there is nothing to say. */
        ask_assertion(rig, "uv");
        (void)take(rig);
        put(rig, rig->channel, CANCEL, NULL, 0);
        expect_told(rig, EVENT(.kind = MITOME_GATE_ABSENT, .has_evidence = true), MITOME_GUIDANCE_NONE, 0);
}

/* [11.2.9.1.7] with a sensor that is waited for: no gap is longer than 100 ms */
static void no_keepalive_is_late(void **state)
{
        struct rig *rig = *state;
        rig->time_passes = true;
        ask_assertion(rig, "uv");
        expect_report(rig, KEEPALIVE, UP_NEEDED);
        uint64_t last = rig->now;
        for (int i = 0; i < 1000; i++) {
                if (i % 7 == 0)
                        rig->now += 3; /* a program's own time */
                if (!take(rig))
                        continue;
                assert_int_equal(rig->report[4], KEEPALIVE | 0x80);
                assert_in_range(rig->now - last, 100, 103);
                last = rig->now;
        }
}

static void the_host_can_cancel(void **state)
{
        struct rig *rig = *state;
        ask_assertion(rig, "uv");
        expect_report(rig, KEEPALIVE, UP_NEEDED);
        put(rig, rig->channel, CANCEL, NULL, 0);
        assert_int_equal(rig->cancels, 1);
        expect_report(rig, CBOR, 0x2D);
        EXPECT_LOG(rig, GET_STATE, BEGIN, ABANDON);
        ask_info(rig);
        expect_report(rig, CBOR, 0x00);
}

static void a_gate_that_will_not_is_told(void **state)
{
        struct rig *rig = *state;
        rig->gate_refuses = true;
        ask_assertion(rig, "uv");
        expect_report(rig, CBOR, 0x7F);
        EXPECT_LOG(rig, GET_STATE, BEGIN, ABANDON);
        rig->gate_refuses = false;
        ask_assertion(rig, "uv");
        expect_report(rig, KEEPALIVE, UP_NEEDED);
        rig->gate_fails = true;
        expect_report(rig, CBOR, 0x7F);
        EXPECT_LOG(rig, GET_STATE, BEGIN, ABANDON);
}

static void without_a_gate_no_finger_is_awaited(void **state)
{
        struct rig *rig = *state;
        struct mitome_authenticator_config config = config_of(rig);
        config.gate = (struct mitome_gate){ 0 };
        mitome_authenticator_free(rig->authenticator);
        assert_int_equal(mitome_authenticator_new(&config, &rig->authenticator, NULL).code, MITOME_OK);
        open_channel(rig);
        ask_assertion(rig, "uv");
        expect_report(rig, CBOR, 0x7F);
        assert_int_equal(rig->starts, 0);
}

static void freeing_cancels_the_gate(void **state)
{
        struct rig *rig = *state;
        ask_assertion(rig, "uv");
        mitome_authenticator_free(rig->authenticator);
        rig->authenticator = NULL;
        assert_int_equal(rig->cancels, 1);
}

/* ---- a touch ---- */

static void a_touch_is_asked_after_the_host_knows(void **state)
{
        struct rig *rig = *state;
        ask_assertion(rig, "up");
        expect_report(rig, KEEPALIVE, UP_NEEDED);
        assert_int_equal(rig->touches, 0); /* asking may take long: the host is told first */
        expect_report(rig, CBOR, 0x00);
        assert_int_equal(rig->touches, 1);
        assert_string_equal(rig->touched_for, "a");
        EXPECT_LOG(rig, GET_STATE, BEGIN, GET);

        rig->touch = MITOME_PRESENCE_DECLINED;
        ask_assertion(rig, "up");
        expect_report(rig, KEEPALIVE, UP_NEEDED);
        expect_report(rig, CBOR, 0x27);
        EXPECT_LOG(rig, GET_STATE, BEGIN, ABANDON);

        ask_assertion(rig, "up"); /* cancelled before anybody was asked */
        put(rig, rig->channel, CANCEL, NULL, 0);
        expect_report(rig, CBOR, 0x2D);
        assert_int_equal(rig->touches, 2);
}

static void a_touch_that_does_not_come_times_out(void **state)
{
        struct rig *rig = *state;
        rig->touch = MITOME_PRESENCE_NOTHING;
        ask_assertion(rig, "up");
        expect_report(rig, KEEPALIVE, UP_NEEDED);
        for (int i = 1; i < 300; i++) {
                rig->now += 100;
                expect_report(rig, KEEPALIVE, UP_NEEDED);
                expect_quiet(rig);
        }
        assert_true(rig->prompted);
        assert_true(rig->longest_wait < 100); /* or a keepalive would be late */
        rig->now += 100;
        expect_report(rig, KEEPALIVE, UP_NEEDED);
        expect_report(rig, CBOR, 0x27);
        assert_false(rig->prompted);
}

static void a_touch_that_is_awaited_can_be_cancelled(void **state)
{
        struct rig *rig = *state;
        rig->touch = MITOME_PRESENCE_NOTHING;
        for (int polls = 0; polls < 4; polls++) {
                ask_assertion(rig, "up");
                expect_report(rig, KEEPALIVE, UP_NEEDED);
                for (int i = 0; i < polls; i++)
                        expect_quiet(rig);
                assert_true(rig->prompted);
                put(rig, rig->channel, CANCEL, NULL, 0);
                assert_false(rig->prompted);
                expect_report(rig, CBOR, 0x2D);
                expect_quiet(rig);
        }
}

static void without_a_poll_nobody_touches(void **state)
{
        struct rig *rig = *state;
        struct mitome_authenticator_config config = config_of(rig);
        config.presence = (struct mitome_presence){ 0 };
        mitome_authenticator_free(rig->authenticator);
        assert_int_equal(mitome_authenticator_new(&config, &rig->authenticator, NULL).code, MITOME_OK);
        open_channel(rig);
        ask_assertion(rig, "up");
        expect_report(rig, KEEPALIVE, UP_NEEDED);
        expect_quiet(rig);
        rig->now += 30000;
        expect_report(rig, KEEPALIVE, UP_NEEDED);
        expect_report(rig, CBOR, 0x27);
}

/* ---- a host that gives up (INIT on its busy channel) ---- */

static void give_up(struct rig *rig)
{
        put(rig, rig->channel, INIT, "abcdefgh", 8);
        expect_report(rig, INIT, 'a');
}

static void an_aborted_request_is_not_answered(void **state)
{
        struct rig *rig = *state;
        ask_assertion(rig, "uv");
        give_up(rig);
        assert_int_equal(rig->cancels, 1);
        expect_quiet(rig); /* the gate's end is fetched here */
        expect_quiet(rig);
        EXPECT_LOG(rig, GET_STATE, BEGIN, ABANDON);
        ask_info(rig);
        expect_report(rig, CBOR, 0x00);
        while (take(rig))
                continue;

        ask_assertion(rig, "up"); /* while a touch is awaited */
        give_up(rig);
        expect_quiet(rig);
        assert_int_equal(rig->touches, 0);
}

static void the_next_request_waits_for_the_gate(void **state)
{
        struct rig *rig = *state;
        ask_assertion(rig, "uv");
        give_up(rig);
        rig->next_event = (struct mitome_gate_event){ .kind = MITOME_GATE_NOTHING }; /* it takes its time */
        ask_info(rig);
        expect_quiet(rig);
        rig->now += 100;
        expect_report(rig, KEEPALIVE, PROCESSING); /* not this host's user */
        rig->next_event = (struct mitome_gate_event){ .kind = MITOME_GATE_ABSENT };
        expect_report(rig, CBOR, 0x00);
        while (take(rig))
                continue;
        EXPECT_LOG(rig, GET_STATE, BEGIN, ABANDON, GET_STATE);

        ask_assertion(rig, "uv"); /* and the one that waits can be cancelled, or given up too */
        give_up(rig);
        rig->next_event = (struct mitome_gate_event){ .kind = MITOME_GATE_NOTHING };
        ask_info(rig);
        put(rig, rig->channel, CANCEL, NULL, 0);
        assert_true(take(rig));
        while (rig->report[4] == (KEEPALIVE | 0x80))
                assert_true(take(rig));
        assert_int_equal(rig->report[7], 0x2D);
        ask_info(rig);
        give_up(rig);
        ask_info(rig);
        rig->next_event = (struct mitome_gate_event){ .kind = MITOME_GATE_EVIDENCE, .has_evidence = true };
        expect_report(rig, CBOR, 0x00);
        while (take(rig))
                continue;
        EXPECT_LOG(rig, GET_STATE, BEGIN, ABANDON, GET_STATE); /* and no GET ASSERTION */
}

/* ---- prompts ---- */

static void prompts_say_what_is_wanted(void **state)
{
        struct rig *rig = *state;
        ask_assertion(rig, "up");
        assert_int_equal(rig->prompt.why, MITOME_PROMPT_LOGIN);
        assert_false(rig->prompt.finger);
        assert_false(rig->prompt.contactless);
        assert_true(rig->prompt.timeout_ms > 0);
        expect_report(rig, KEEPALIVE, UP_NEEDED);
        expect_report(rig, CBOR, 0x00);

        ask_assertion(rig, "uv"); /* a finger is shown and ended, never polled */
        assert_int_equal(rig->prompt.why, MITOME_PROMPT_LOGIN);
        assert_true(rig->prompt.finger);
        assert_true(rig->prompted);
        unsigned touches = rig->touches;
        expect_report(rig, KEEPALIVE, UP_NEEDED);
        expect_quiet(rig);
        rig->next_event = (struct mitome_gate_event){ .kind = MITOME_GATE_EVIDENCE, .has_evidence = true };
        expect_report(rig, CBOR, 0x00);
        assert_false(rig->prompted);
        assert_int_equal(rig->touches, touches);

        ask_assertion(rig, "uv");
        put(rig, rig->channel, CANCEL, NULL, 0);
        assert_false(rig->prompted); /* at once, though the sensor may take its time */
        expect_report(rig, CBOR, 0x2D);

        put(rig, rig->channel, CBOR, "\x0B", 1);
        while (rig->prompt.why != MITOME_PROMPT_SELECT)
                assert_true(take(rig));
        assert_int_equal(rig->prompt.rp_id.size, 0);
}

/* [11.2.9.2.1] */
static void a_wink_is_shown(void **state)
{
        struct rig *rig = *state;
        put(rig, rig->channel, WINK, NULL, 0);
        assert_int_equal(rig->winks, 1);
        assert_true(take(rig));
        assert_int_equal(rig->report[4], WINK | 0x80);
        struct mitome_authenticator_config config = config_of(rig);
        config.presence.wink = NULL;
        mitome_authenticator_free(rig->authenticator);
        assert_int_equal(mitome_authenticator_new(&config, &rig->authenticator, NULL).code, MITOME_OK);
        open_channel(rig);
        put(rig, rig->channel, WINK, NULL, 0);
        assert_true(take(rig));
        assert_int_equal(rig->winks, 1);
}

/* ---- what the element did ---- */

static void what_a_request_cost_the_element_is_told(void **state)
{
        struct rig *rig = *state;
        ask_info(rig);
        assert_int_equal(rig->cost_command, 0x04);
        assert_int_equal(rig->cost, 1);
        while (take(rig))
                continue;
        ask_assertion(rig, "up");
        expect_report(rig, KEEPALIVE, UP_NEEDED);
        expect_report(rig, CBOR, 0x00);
        assert_int_equal(rig->cost_command, 0x02);
        assert_int_equal(rig->cost, 3);
        put(rig, rig->channel, MSG, "\x00\x03\x00\x00\x00\x00\x00", 7);
        assert_int_equal(rig->cost_command, 0x03);
        assert_int_equal(rig->u2f_in, 1);
        assert_int_equal(rig->u2f_out, 1);
        assert_int_equal(rig->costs, 3);
        assert_int_equal(rig->ctap_in, 2);
}

/* [11.2.9.1.7] a link that waits long for its element can keep the host waiting */
static void a_slow_element_keeps_the_host_waiting(void **state)
{
        struct rig *rig = *state;
        rig->tells_working = true;
        ask_info(rig); /* the element takes half a second */
        assert_in_range(rig->working_reports, 4, 5);
        assert_int_equal(rig->working_report[4], KEEPALIVE | 0x80);
        assert_int_equal(rig->working_report[7], PROCESSING);
        expect_report(rig, CBOR, 0x00);
}

/* ---- a reader ---- */

static bool exchange(struct rig *rig, const void *apdu, size_t size)
{
        rig->size = 0;
        if (!mitome_authenticator_exchange(rig->authenticator, (mitome_slice){ apdu, size }, true, 200,
                    rig->now, rig->response, sizeof rig->response, &rig->size))
                return false;
        assert_true(rig->size >= 2);
        rig->size -= 2;
        rig->sw = (uint16_t)(rig->response[rig->size] << 8 | rig->response[rig->size + 1]);
        return true;
}

#define EXCHANGE(rig, ...) \
        exchange(rig, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void expect_response(struct rig *rig, bool there, uint16_t sw, const char *data)
{
        assert_true(there);
        assert_int_equal(rig->sw, sw);
        if (data)
                assert_memory_equal(rig->response, data, strlen(data));
}

static void select_fido(struct rig *rig)
{
        expect_response(rig, EXCHANGE(rig, 0, 0xA4, 4, 0, 8, 0xA0, 0, 0, 6, 0x47, 0x2F, 0, 1, 0), 0x9000,
                rig->always_uv ? "FIDO_2_0" : "U2F_V2");
}

/* getAssertion for "a" with one option, as NFCCTAP_MSG. */
static bool exchange_assertion(struct rig *rig, const char *option, uint8_t p1)
{
        static const uint8_t head[] = { 0x02, 0xA3, 0x01, 0x61, 'a', 0x02, 0x58, 0x20 };
        uint8_t apdu[5 + sizeof head + 32 + 6 + 1] = { 0x80, 0x10, p1, 0, sizeof head + 32 + 6 };
        memcpy(apdu + 5, head, sizeof head);
        memcpy(apdu + 5 + sizeof head + 32, "\x05\xA1\x62..\xF5", 6);
        memcpy(apdu + 5 + sizeof head + 32 + 3, option, 2);
        return exchange(rig, apdu, sizeof apdu);
}

/* [11.3.3] */
static void select_says_u2f_unless_it_is_off(void **state)
{
        struct rig *rig = *state;
        select_fido(rig);
        rig->always_uv = true;
        select_fido(rig);
        rig->dead = true;
        expect_response(
                rig, EXCHANGE(rig, 0, 0xA4, 4, 0, 8, 0xA0, 0, 0, 6, 0x47, 0x2F, 0, 1, 0), 0x6F00, NULL);
}

static void a_reader_is_answered(void **state)
{
        struct rig *rig = *state;
        select_fido(rig);
        assert_true(EXCHANGE(rig, 0x80, 0x10, 0x80, 0, 1, 4, 0, 0));
        assert_int_equal(rig->sw, 0x6700);
        assert_true(EXCHANGE(rig, 0x80, 0x10, 0x80, 0, 0, 0, 1, 4, 0, 0));
        expect_response(rig, true, 0x9000, NULL);
        assert_int_equal(rig->response[0], 0);
        assert_true(rig->size > 50);
        expect_response(rig, EXCHANGE(rig, 0, 3, 0, 0, 0), 0x9000, "U2F_V2"); /* [10.1] */
        assert_int_equal(rig->u2f_in, 1);
        expect_response(rig, EXCHANGE(rig, 0, 0, 4, 0, 8, 0xA0, 0, 0, 6, 0x47, 0x2F, 0, 1), 0x6D00, NULL);
        expect_response(rig, EXCHANGE(rig, 0, 0x70, 0, 0, 1), 0x6D00, NULL); /* no channels either */
}

/* [11.3.7.2] and the fault of readers that give up after 2 s while a user is awaited */
static void a_reader_is_kept_waiting_for_the_user(void **state)
{
        struct rig *rig = *state;
        select_fido(rig);
        rig->touch = MITOME_PRESENCE_NOTHING;
        expect_response(rig, exchange_assertion(rig, "up", 0x80), 0x9100, "\x02");
        assert_true(rig->prompt.contactless);
        for (int i = 0; i < 5; i++) {
                rig->now += 200;
                expect_response(rig, EXCHANGE(rig, 0x80, 0x11, 0, 0, 0), 0x9100, "\x02");
        }
        rig->touch = MITOME_PRESENCE_TOUCHED;
        expect_response(rig, EXCHANGE(rig, 0x80, 0x11, 0, 0, 0), 0x9000, NULL);
        assert_int_equal(rig->response[0], 0);
        assert_false(rig->prompted);

        expect_response(rig, exchange_assertion(rig, "uv", 0x80), 0x9100, "\x02"); /* and for a finger */
        assert_true(rig->prompt.finger);
        rig->next_event = (struct mitome_gate_event){ .kind = MITOME_GATE_EVIDENCE, .has_evidence = true };
        expect_response(rig, EXCHANGE(rig, 0x80, 0x11, 0, 0, 0), 0x9000, NULL);
        assert_int_equal(rig->response[0], 0);
}

static void a_reader_without_keepalives_gets_its_answer_later(void **state)
{
        struct rig *rig = *state;
        select_fido(rig);
        rig->touch = MITOME_PRESENCE_NOTHING;
        assert_false(exchange_assertion(rig, "up", 0));
        for (int i = 0; i < 5; i++)
                assert_false(exchange(rig, NULL, 0));
        rig->touch = MITOME_PRESENCE_TOUCHED;
        expect_response(rig, exchange(rig, NULL, 0), 0x9000, NULL);
        assert_int_equal(rig->response[0], 0);
        assert_false(exchange(rig, NULL, 0));
}

/* [10.1] a U2F host asks again and again: each time the user is asked for a moment, and no request is left
 * behind */
static void u2f_asks_for_a_moment(void **state)
{
        struct rig *rig = *state;
        uint8_t apdu[5 + 64 + 1] = { 0, 1, 0, 0, 64 };
        select_fido(rig);
        rig->touch = MITOME_PRESENCE_NOTHING;
        for (int i = 0; i < 3; i++) {
                assert_false(exchange(rig, apdu, sizeof apdu));
                assert_int_equal(rig->prompt.why, MITOME_PROMPT_U2F_REGISTER);
                assert_int_equal(rig->prompt.rp_id.size, 0);
                assert_in_range(rig->prompt.timeout_ms, 100, 1000); /* hosts give a device up after 3 s */
                rig->now += rig->prompt.timeout_ms - 1;
                assert_false(exchange(rig, NULL, 0));
                rig->now += 1;
                expect_response(rig, exchange(rig, NULL, 0), 0x6985, NULL);
                assert_false(rig->prompted);
                assert_false(mitome_authenticator_busy(rig->authenticator));
        }
}

static void a_reader_can_cancel_select_or_go_away(void **state)
{
        struct rig *rig = *state;
        rig->touch = MITOME_PRESENCE_NOTHING;
        static const char *const options[] = { "up", "uv" };
        for (size_t i = 0; i < 2; i++) {
                select_fido(rig);
                expect_response(rig, exchange_assertion(rig, options[i], 0x80), 0x9100, "\x02");
                assert_true(EXCHANGE(rig, 0x80, 0x11, 0x11, 0, 0));
                assert_false(rig->prompted);
                while (rig->sw == 0x9100)
                        assert_true(EXCHANGE(rig, 0x80, 0x11, 0x11, 0, 0));
                expect_response(rig, true, 0x9000, "\x2D");

                expect_response(rig, exchange_assertion(rig, options[i], 0x80), 0x9100, "\x02");
                select_fido(rig);
                assert_false(rig->prompted);
                expect_response(rig, EXCHANGE(rig, 0x80, 0x11, 0, 0, 0), 0x6985, NULL);

                rig->touch = MITOME_PRESENCE_TOUCHED; /* the next request, behind the gate that ends */
                bool there = exchange_assertion(rig, "up", 0);
                while (!there)
                        there = exchange(rig, NULL, 0);
                expect_response(rig, true, 0x9000, NULL);
                assert_int_equal(rig->response[0], 0);
                rig->touch = MITOME_PRESENCE_NOTHING;

                expect_response(rig, exchange_assertion(rig, options[i], 0x80), 0x9100, "\x02");
                mitome_authenticator_exchange_reset(rig->authenticator, rig->now);
                assert_false(rig->prompted);
                assert_true(EXCHANGE(rig, 0x80, 0x11, 0, 0, 0));
                assert_int_equal(rig->sw, 0x6986);
                while (mitome_authenticator_busy(rig->authenticator))
                        take(rig);
        }
}

/* ---- the app ---- */

static bool call(struct rig *rig, const void *request, size_t size)
{
        return mitome_authenticator_call(rig->authenticator, (mitome_slice){ request, size }, 200, rig->now,
                rig->response, sizeof rig->response, &rig->size);
}

static bool call_assertion(struct rig *rig, const char *option)
{
        static const uint8_t head[] = { 0x02, 0xA3, 0x01, 0x61, 'a', 0x02, 0x58, 0x20 };
        uint8_t request[sizeof head + 32 + 6] = { 0 };
        memcpy(request, head, sizeof head);
        memcpy(request + sizeof head + 32, "\x05\xA1\x62..\xF5", 6);
        memcpy(request + sizeof head + 32 + 3, option, 2);
        return call(rig, request, sizeof request);
}

static void the_app_is_answered(void **state)
{
        struct rig *rig = *state;
        assert_true(call(rig, "\x04", 1));
        assert_int_equal(rig->response[0], 0);
        assert_true(rig->size > 50);
        size_t size;
        uint8_t small[8];
        assert_true(mitome_authenticator_call(rig->authenticator,
                (mitome_slice){ (const uint8_t *)"\x04", 1 }, 0, rig->now, small, sizeof small, &size));
        assert_int_equal(size, 1);
        assert_int_equal(small[0], 0x7F);
        assert_true(call(rig, NULL, 0)); /* nothing was asked */
        assert_int_equal(rig->response[0], 0x7F);

        rig->touch = MITOME_PRESENCE_NOTHING;
        assert_false(call_assertion(rig, "up"));
        assert_false(rig->prompt.contactless);
        assert_false(call(rig, NULL, 0));
        rig->touch = MITOME_PRESENCE_TOUCHED;
        assert_true(call(rig, NULL, 0));
        assert_int_equal(rig->response[0], 0x00);

        rig->touch = MITOME_PRESENCE_NOTHING;
        assert_false(call_assertion(rig, "up"));
        assert_true(call(rig, "\x04", 1)); /* one at a time */
        assert_int_equal(rig->response[0], 0x06);
        mitome_authenticator_call_cancel(rig->authenticator, rig->now);
        assert_true(call(rig, NULL, 0));
        assert_int_equal(rig->response[0], 0x2D);
        mitome_authenticator_call_cancel(rig->authenticator, rig->now); /* nothing */
        assert_true(call(rig, NULL, 0));
        assert_int_equal(rig->response[0], 0x7F);
}

/* What is for apps that the enforcer has checked is the app's alone: not a reader's, by no number. */
static void vendor_commands_are_the_apps_alone(void **state)
{
        struct rig *rig = *state;
        enum { VENDOR = 0x4D };
        select_fido(rig);
        rig->logged = 0;
        for (unsigned command = 0x42; command <= 0xFF; command++) {
                expect_response(
                        rig, EXCHANGE(rig, 0x80, 0x10, 0x80, 0, 2, (uint8_t)command, 0xA0), 0x9000, "\x01");
                assert_int_equal(rig->size, 1);
        }
        assert_int_equal(rig->logged, 0);
        assert_true(call(rig, (const uint8_t[]){ VENDOR, 0xA0 }, 2));
        assert_int_equal(rig->response[0], 0x14); /* it is understood: what is to be done is missing */
}

/* The app's answer is kept while others ask for theirs. */
static void an_answer_waits_for_its_app(void **state)
{
        struct rig *rig = *state;
        rig->touch = MITOME_PRESENCE_NOTHING;
        assert_false(call_assertion(rig, "up"));
        rig->touch = MITOME_PRESENCE_TOUCHED;
        expect_quiet(rig); /* whoever asks makes it go on */
        ask_info(rig);
        expect_report(rig, CBOR, 0x00);
        while (take(rig))
                continue;
        assert_true(call(rig, NULL, 0));
        assert_int_equal(rig->response[0], 0x00);
        assert_true(rig->size > 9); /* an assertion */
}

/* ---- three mouths, one core ---- */

static void begin_at(struct rig *rig, int mouth, const char *option)
{
        if (mouth == 0) {
                ask_assertion(rig, option);
                expect_report(rig, KEEPALIVE, UP_NEEDED);
        } else if (mouth == 1) {
                expect_response(rig, exchange_assertion(rig, option, 0x80), 0x9100, "\x02");
        } else {
                assert_false(call_assertion(rig, option));
        }
}

static void expect_busy_at(struct rig *rig, int mouth)
{
        if (mouth == 0) {
                ask_info(rig);
                expect_report(rig, ERROR, 0x06);
                put(rig, rig->channel, MSG, "\x00\x03\x00\x00\x00\x00\x00", 7);
                expect_report(rig, ERROR, 0x06);
                put(rig, rig->channel, PING, "p", 1); /* what needs no core goes on */
                expect_report(rig, PING, 'p');
        } else if (mouth == 1) {
                expect_response(rig, EXCHANGE(rig, 0x80, 0x10, 0x80, 0, 1, 4, 0), 0x9000, "\x06");
                expect_response(rig, EXCHANGE(rig, 0, 3, 0, 0, 0), 0x6985, NULL);
        } else {
                assert_true(call(rig, "\x04", 1));
                assert_int_equal(rig->response[0], 0x06);
        }
}

static void end_at(struct rig *rig, int mouth)
{
        if (mouth == 0) {
                do
                        assert_true(take(rig));
                while (rig->report[4] == (KEEPALIVE | 0x80));
                assert_int_equal(rig->report[4], CBOR | 0x80);
                assert_int_equal(rig->report[7], 0x00);
        } else if (mouth == 1) {
                do
                        assert_true(EXCHANGE(rig, 0x80, 0x11, 0, 0, 0));
                while (rig->sw == 0x9100);
                expect_response(rig, true, 0x9000, NULL);
                assert_int_equal(rig->response[0], 0);
        } else {
                while (!call(rig, NULL, 0))
                        continue;
                assert_int_equal(rig->response[0], 0);
        }
}

/* The status of a CTAP request by a channel, a reader (mouth 1) or the app. */
static uint8_t ask_next_at(struct rig *rig, int mouth)
{
        static const uint8_t next[] = { 0x08 };
        if (mouth == 1) {
                assert_true(EXCHANGE(rig, 0x80, 0x10, 0, 0, 1, 8, 0));
                return rig->response[0];
        }
        if (mouth == 2) {
                assert_true(call(rig, next, sizeof next));
                return rig->response[0];
        }
        put(rig, rig->channel, CBOR, next, sizeof next);
        do
                assert_true(take(rig));
        while (rig->report[4] != (CBOR | 0x80));
        return rig->report[7];
}

static void assert_at(struct rig *rig, int mouth)
{
        rig->touch = MITOME_PRESENCE_NOTHING;
        begin_at(rig, mouth, "up");
        rig->touch = MITOME_PRESENCE_TOUCHED;
        end_at(rig, mouth);
}

/* Of several assertions the next one is for who asked for the first: no other channel, session of a reader,
 * or mouth. */
static void the_next_assertion_is_for_who_asked(void **state)
{
        enum { NOT_ALLOWED = 0x30 };
        struct rig *rig = *state;
        rig->several = true;
        select_fido(rig);
        for (int mouth = 0; mouth < 3; mouth++) {
                for (int other = 0; other < 3; other++) {
                        assert_at(rig, mouth);
                        assert_int_equal(ask_next_at(rig, other), other == mouth ? 0 : NOT_ALLOWED);
                }
        }
        uint32_t channel = rig->channel;
        assert_at(rig, 0);
        put(rig, channel + 1, INIT, "12345678", 8); /* opens it */
        expect_report(rig, INIT, '1');
        rig->channel = channel + 1;
        assert_int_equal(ask_next_at(rig, 0), NOT_ALLOWED);
        assert_at(rig, 1);
        select_fido(rig); /* another reader, it may be */
        assert_int_equal(ask_next_at(rig, 1), NOT_ALLOWED);
}

static void one_mouth_works_and_the_others_are_busy(void **state)
{
        struct rig *rig = *state;
        static const char *const options[] = { "up", "uv" };
        select_fido(rig);
        for (int mouth = 0; mouth < 3; mouth++) {
                for (size_t i = 0; i < 2; i++) {
                        rig->touch = MITOME_PRESENCE_NOTHING;
                        rig->next_event = (struct mitome_gate_event){ .kind = MITOME_GATE_NOTHING };
                        begin_at(rig, mouth, options[i]);
                        for (int other = 0; other < 3; other++) {
                                if (other != mouth)
                                        expect_busy_at(rig, other);
                        }
                        assert_true(mitome_authenticator_busy(rig->authenticator));
                        rig->touch = MITOME_PRESENCE_TOUCHED;
                        rig->next_event = (struct mitome_gate_event){ .kind = MITOME_GATE_EVIDENCE,
                                .has_evidence = true };
                        end_at(rig, mouth);
                        assert_false(mitome_authenticator_busy(rig->authenticator));
                }
        }
}

/* Behind a request that its host has given up the next one waits, whoever asks: but only one. */
static void a_request_waits_behind_one_that_was_given_up(void **state)
{
        struct rig *rig = *state;
        select_fido(rig);
        ask_assertion(rig, "uv");
        give_up(rig);
        rig->next_event = (struct mitome_gate_event){ .kind = MITOME_GATE_NOTHING }; /* it takes its time */
        expect_response(rig, EXCHANGE(rig, 0x80, 0x10, 0x80, 0, 1, 4, 0), 0x9100, "\x01");
        expect_busy_at(rig, 0);
        expect_busy_at(rig, 2);
        rig->next_event = (struct mitome_gate_event){ .kind = MITOME_GATE_ABSENT };
        expect_response(rig, EXCHANGE(rig, 0x80, 0x11, 0, 0, 0), 0x6100 | 0, NULL);
        assert_int_equal(rig->response[0], 0);
        mitome_authenticator_exchange_reset(rig->authenticator, rig->now);
        ask_info(rig);
        expect_report(rig, CBOR, 0x00);
}

/* ---- power ---- */

static mitome_code cycle(struct rig *rig)
{
        return mitome_authenticator_power_cycle(rig->authenticator, rig->now, NULL).code;
}

static void a_power_cycle_begins_anew(void **state)
{
        struct rig *rig = *state;
        static const char *const options[] = { "up", "uv" };
        for (int mouth = 0; mouth < 3; mouth++) {
                for (size_t i = 0; i < 2; i++) {
                        rig->touch = MITOME_PRESENCE_NOTHING;
                        select_fido(rig);
                        begin_at(rig, mouth, options[i]);
                        assert_int_equal(cycle(rig), MITOME_OK);
                        assert_false(rig->prompted);
                        assert_true(EXCHANGE(rig, 0x80, 0x11, 0, 0, 0)); /* nothing is selected any more */
                        assert_int_equal(rig->sw, 0x6986);
                        while (mouth == 2 && !call(rig, NULL, 0))
                                continue;
                        assert_true(mouth != 2 || rig->response[0] == 0x7F);
                        ask_info(rig); /* on the channel that there was: nothing has told its host */
                        do
                                assert_true(take(rig));
                        while (rig->report[4] == (KEEPALIVE | 0x80));
                        assert_int_equal(rig->report[7], 0x00);
                        while (take(rig))
                                continue;
                }
        }
        assert_int_equal(rig->resets, 6);
        rig->logged = 0;
        assert_int_equal(cycle(rig), MITOME_OK);
        assert_int_equal(rig->log[0], MANAGE); /* another channel, the rules, the applet */
}

/* Whoever had the element for himself gives it back: what hosts and readers have stays. */
static void an_element_is_restarted_alone(void **state)
{
        struct rig *rig = *state;
        select_fido(rig);
        rig->logged = 0;
        assert_int_equal(
                mitome_authenticator_restart_element(rig->authenticator, rig->now, NULL).code, MITOME_OK);
        assert_int_equal(rig->resets, 1);
        assert_int_equal(rig->log[0], MANAGE); /* another channel, the rules, the applet */
        expect_response(
                rig, EXCHANGE(rig, 0x80, 0x10, 0, 0, 1, 0x55, 0), 0x9000, "\x01"); /* still selected */
        mitome_authenticator_exchange_reset(rig->authenticator, rig->now);
        ask_info(rig); /* on the channel that there was */
        expect_report(rig, CBOR, 0x00);
        while (take(rig))
                continue;
        rig->reset_fails = true;
        assert_int_equal(
                mitome_authenticator_restart_element(rig->authenticator, rig->now, NULL).code, MITOME_E_LINK);
        ask_info(rig);
        expect_report(rig, CBOR, 0x7F);
}

static void an_element_that_does_not_come_back_is_told(void **state)
{
        struct rig *rig = *state;
        rig->reset_fails = true;
        assert_int_equal(cycle(rig), MITOME_E_LINK);
        ask_info(rig);
        expect_report(rig, CBOR, 0x7F);
        rig->reset_fails = false;
        rig->select_sw = 0x6F00;
        assert_int_equal(cycle(rig), MITOME_E_ACCESS_RULES);
        rig->select_sw = 0x9000;
        rig->dead = true;
        assert_int_equal(cycle(rig), MITOME_E_LINK);
        ask_info(rig);
        expect_report(rig, CBOR, 0x7F);
        rig->dead = false;
        assert_int_equal(cycle(rig), MITOME_OK);
        ask_info(rig);
        expect_report(rig, CBOR, 0x00);
}

/* [6.6] the window in which a reset is taken opens with the first time that is told, and with each power
 * cycle */
static void resets_window_opens_with_power(void **state)
{
        struct rig *rig = *state;
        rig->now += 9000;
        put(rig, rig->channel, CBOR, "\x07", 1);
        expect_report(rig, KEEPALIVE, UP_NEEDED);
        assert_int_equal(rig->prompt.why, MITOME_PROMPT_RESET);
        expect_report(rig, CBOR, 0x00);
        rig->now += 20000;
        put(rig, rig->channel, CBOR, "\x07", 1);
        expect_report(rig, CBOR, 0x30);
        assert_int_equal(cycle(rig), MITOME_OK);
        rig->now += 9000;
        put(rig, rig->channel, CBOR, "\x07", 1);
        expect_report(rig, KEEPALIVE, UP_NEEDED);
        expect_report(rig, CBOR, 0x00);
}

/* ---- CANCEL and INIT at every moment ---- */

/* What happens around a request that waits for its user, one after another. */
enum { MOMENTS = 9 };

static void pass_moment(struct rig *rig, int moment)
{
        static const enum mitome_gate_event_kind events[] = { MITOME_GATE_AWAITS, MITOME_GATE_RETRY,
                MITOME_GATE_NOTHING };
        rig->now += 60; /* so that keepalives come between */
        rig->next_event = (struct mitome_gate_event){ .kind = events[moment % 3] };
        if (moment == MOMENTS - 2) {
                rig->touch = MITOME_PRESENCE_TOUCHED;
                rig->next_event =
                        (struct mitome_gate_event){ .kind = MITOME_GATE_EVIDENCE, .has_evidence = true };
        }
        take(rig);
}

static void expect_fresh(struct rig *rig)
{
        assert_false(rig->prompted);
        assert_false(mitome_authenticator_busy(rig->authenticator));
        ask_info(rig);
        expect_report(rig, CBOR, 0x00);
        while (take(rig))
                continue;
}

/* [11.2.9.1.5] the request is answered, once, with KEEPALIVE_CANCEL or with what it came to before */
static void cancel_at_every_moment(void **state)
{
        struct rig *rig = *state;
        static const char *const options[] = { "up", "uv" };
        for (int moment = 0; moment < MOMENTS; moment++) {
                for (size_t i = 0; i < 2; i++) {
                        unsigned answers = 0;
                        rig->touch = MITOME_PRESENCE_NOTHING;
                        ask_assertion(rig, options[i]);
                        for (int passed = 0; passed < moment; passed++) {
                                pass_moment(rig, passed);
                                answers += rig->report[4] == (CBOR | 0x80);
                        }
                        bool waited = rig->prompted;
                        put(rig, rig->channel, CANCEL, NULL, 0);
                        assert_false(rig->prompted);
                        while (take(rig)) {
                                answers += rig->report[4] == (CBOR | 0x80);
                                assert_true(rig->report[4] != (CBOR | 0x80) ||
                                            rig->report[7] == (waited ? 0x2D : 0x00));
                        }
                        assert_int_equal(answers, 1);
                        rig->report[4] = 0;
                        expect_fresh(rig);
                }
        }
}

/* [11.2.5.3] nobody hears of the request any more */
static void init_at_every_moment(void **state)
{
        struct rig *rig = *state;
        static const char *const options[] = { "up", "uv" };
        for (int moment = 0; moment < MOMENTS; moment++) {
                for (size_t i = 0; i < 2; i++) {
                        rig->touch = MITOME_PRESENCE_NOTHING;
                        ask_assertion(rig, options[i]);
                        for (int passed = 0; passed < moment; passed++)
                                pass_moment(rig, passed);
                        give_up(rig);
                        assert_false(rig->prompted);
                        while (mitome_authenticator_busy(rig->authenticator))
                                assert_false(take(rig));
                        expect_fresh(rig);
                }
        }
}

/* ---- large blobs ---- */

static const uint8_t read_blobs[] = { 0x0C, 0xA2, 0x01, 0x18, 0xFF, 0x03, 0x00 };

/* [6.10] the array comes from where it is kept; what is kept there and is none is not believed */
static void the_large_blob_array_is_kept_outside(void **state)
{
        struct rig *rig = *state;
        static const uint8_t initial_array[] = { 0x80, 0x76, 0xBE, 0x8B, 0x52, 0x8D, 0x00, 0x75, 0xF7, 0xAA,
                0xE9, 0x8D, 0x6F, 0xA5, 0x7A, 0x6D, 0x3C };
        put(rig, rig->channel, CBOR, read_blobs, sizeof read_blobs);
        expect_report(rig, CBOR, 0x00);
        assert_memory_equal(rig->report + 8, "\xA1\x01\x51", 3);
        assert_memory_equal(rig->report + 11, initial_array, sizeof initial_array);
        rig->blobs_size = 100;
        assert_int_equal(
                mitome_authenticator_power_cycle(rig->authenticator, rig->now, NULL).code, MITOME_OK);
        put(rig, rig->channel, CBOR, read_blobs, sizeof read_blobs);
        expect_report(rig, CBOR, 0x00);
        assert_memory_equal(rig->report + 11, initial_array, sizeof initial_array);
        rig->blobs_fail = true;
        assert_int_equal(
                mitome_authenticator_power_cycle(rig->authenticator, rig->now, NULL).code, MITOME_OK);
        put(rig, rig->channel, CBOR, read_blobs, sizeof read_blobs);
        expect_report(rig, CBOR, 0x7F);

        struct mitome_authenticator_config config = config_of(rig);
        config.blobs = (struct mitome_blobs){ 0 };
        mitome_authenticator_free(rig->authenticator);
        assert_int_equal(mitome_authenticator_new(&config, &rig->authenticator, NULL).code, MITOME_OK);
        open_channel(rig);
        put(rig, rig->channel, CBOR, read_blobs, sizeof read_blobs);
        expect_report(rig, CBOR, 0x01);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(beginning_selects_the_applet),
                cmocka_unit_test(another_app_is_refused),
                TEST(info_is_answered_at_once),
                TEST(a_dead_element_is_told),
                TEST(vendor_commands_are_refused_over_hid),
                TEST(a_finger_is_awaited_with_keepalives),
                TEST(the_user_is_told_what_becomes_of_his_finger),
                TEST(no_keepalive_is_late),
                TEST(the_host_can_cancel),
                TEST(a_gate_that_will_not_is_told),
                TEST(without_a_gate_no_finger_is_awaited),
                TEST(freeing_cancels_the_gate),
                TEST(a_touch_is_asked_after_the_host_knows),
                TEST(a_touch_that_does_not_come_times_out),
                TEST(a_touch_that_is_awaited_can_be_cancelled),
                TEST(without_a_poll_nobody_touches),
                TEST(an_aborted_request_is_not_answered),
                TEST(the_next_request_waits_for_the_gate),
                TEST(prompts_say_what_is_wanted),
                TEST(a_wink_is_shown),
                TEST(what_a_request_cost_the_element_is_told),
                TEST(a_slow_element_keeps_the_host_waiting),
                TEST(select_says_u2f_unless_it_is_off),
                TEST(a_reader_is_answered),
                TEST(a_reader_is_kept_waiting_for_the_user),
                TEST(a_reader_without_keepalives_gets_its_answer_later),
                TEST(u2f_asks_for_a_moment),
                TEST(a_reader_can_cancel_select_or_go_away),
                TEST(the_app_is_answered),
                TEST(vendor_commands_are_the_apps_alone),
                TEST(an_answer_waits_for_its_app),
                TEST(one_mouth_works_and_the_others_are_busy),
                TEST(the_next_assertion_is_for_who_asked),
                TEST(a_request_waits_behind_one_that_was_given_up),
                TEST(a_power_cycle_begins_anew),
                TEST(an_element_is_restarted_alone),
                TEST(an_element_that_does_not_come_back_is_told),
                TEST(resets_window_opens_with_power),
                TEST(cancel_at_every_moment),
                TEST(init_at_every_moment),
                TEST(the_large_blob_array_is_kept_outside),
        };
        return cmocka_run_group_tests_name("authenticator", tests, NULL, NULL);
}
