/* SPDX-License-Identifier: Apache-2.0 */
#include "serve_authenticator.h"

#include "blob_file.h"
#include "demo_finger.h"
#include "random_system.h"
#include "steady_clock.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* ---- the way to the element ---- */

enum { GET_STATE_CLASS = 0x80, CHANNELS = 4, GET_STATE = 0x10 };

/* The authenticator begins with GET STATE: that tells which logical channel is its own. */
static mitome_status watched_transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct server *server = context;
        const struct mitome_link link = card_link(server->device.card);
        if (command.size >= 2 && command.data[1] == GET_STATE &&
                (command.data[0] & ~(CHANNELS - 1)) == GET_STATE_CLASS)
                server->fido_channel = command.data[0] & (CHANNELS - 1);
        return link.transmit(link.context, command, response, capacity, ret_size, error);
}

/* What the maker would do with a phone that comes back: the keys of the issuer's domain lie in the folder. */
static void pair_again(struct server *server)
{
        mitome_error cause = { 0 };
        char text[256];
        server->was_reset = false;
        if (!failed(device_pair_if_alone(&server->device, &cause)))
                return;
        mitome_explain(&cause, text, sizeof text);
        fprintf(stderr, "mitome authenticator: no finger from now on: %s\n", text);
}

/* Just after a reset of the element nobody has selected anything. */
static mitome_status watched_reset(void *context, mitome_error *error)
{
        struct server *server = context;
        MITOME_TRY(card_link_reset(server->device.card, error));
        if (server->was_reset)
                pair_again(server);
        return ok();
}

/* The element takes its time: hosts hear that they are not forgotten. */
static void while_waiting(void *context)
{
        struct server *server = context;
        uint8_t report[HID_PORT_REPORT_SIZE];
        if (server->authenticator && server->port.send &&
                mitome_authenticator_working(server->authenticator, steady_clock_ms(), report))
                server->port.send(server->port.context, report);
}

static void add_health(const struct device *device, struct device_state *state)
{
        if (!device->matcher)
                return;
        const struct matcher_health health = matcher_gate_health(device->matcher);
        state->matcher_deaths = health.deaths;
        state->matcher_last_end = health.last_end;
        state->matcher_lost = health.lost;
        state->matcher_rests = health.rests;
}

static mitome_status read_state(void *context, struct device_state *ret, mitome_error *error)
{
        const struct server *server = context;
        const struct mitome_link link = card_link(server->device.card);
        struct device_state state = { 0 };
        MITOME_TRY(device_state_read_beside(&link, (uint8_t)server->fido_channel, &state, error));
        add_health(&server->device, &state);
        *ret = state;
        return ok();
}

/* ---- what goes by ---- */

static const char *const command_names[SERVE_COMMANDS] = {
        [0x01] = "makeCredential",
        [0x02] = "getAssertion",
        [0x03] = "U2F",
        [0x04] = "getInfo",
        [0x06] = "clientPIN",
        [0x07] = "reset",
        [0x08] = "getNextAssertion",
        [0x09] = "bioEnrollment",
        [0x0A] = "credentialManagement",
        [0x0B] = "selection",
        [0x0C] = "largeBlobs",
        [0x0D] = "authenticatorConfig",
        [0x40] = "bioEnrollment (preview)",
        [0x41] = "credentialManagement (preview)",
};

static const char *name_of(uint8_t command)
{
        return command_names[command] ? command_names[command] : "vendor or unknown command";
}

static void note(struct server *server, bool request, slice message)
{
        enum { RESET = 0x07, DONE = 0x00 };
        if (request)
                server->command = message.data[0];
        else if (server->command == RESET && message.data[0] == DONE)
                server->was_reset = true;
        if (server->command == RESET)
                device_note_reset(&server->device, request);
}

/* Never the contents: there are names of people and of websites in them, and sealed PINs. */
static void tell_ctap(void *context, bool request, mitome_slice message)
{
        struct server *server = context;
        if (message.size == 0)
                return;
        note(server, request, message);
        if (!server->config.verbose)
                return;
        if (request)
                fprintf(stderr, "mitome authenticator: %s (%02x), %zu bytes\n", name_of(message.data[0]),
                        message.data[0], message.size);
        else
                fprintf(stderr, "mitome authenticator: -> %02x, %zu bytes\n", message.data[0], message.size);
}

static void count_cost(void *context, uint8_t command, unsigned element_commands)
{
        struct server *server = context;
        server->costs[command].count++;
        server->costs[command].element_commands += element_commands;
        if (server->config.verbose)
                fprintf(stderr, "mitome authenticator: %s took %u commands of the element\n",
                        name_of(command), element_commands);
}

static void report_costs(const struct server *server)
{
        for (size_t i = 0; i < SERVE_COMMANDS; i++)
                if (server->costs[i].count)
                        fprintf(stderr, "mitome authenticator: %lu x %s: %.1f commands of the element each\n",
                                server->costs[i].count, name_of((uint8_t)i),
                                (double)server->costs[i].element_commands / (double)server->costs[i].count);
}

/* ---- putting it together ---- */

static mitome_status open_gate(struct server *server, struct mitome_gate *ret, mitome_error *error)
{
        if (!server->device.matcher)
                return ok();
        const struct mitome_gate gate = matcher_gate(server->device.matcher);
        const struct hand_config config = { .gate = gate,
                .sensor = server->device.sensor,
                .prompter = server->prompter,
                .images = server->config.images,
                .image_count = server->config.image_count };
        if (config.image_count)
                MITOME_TRY(hand_open(&config, &server->hand, error));
        *ret = server->hand ? hand_gate(server->hand) : gate;
        return ok();
}

static mitome_status power_on(struct server *server, mitome_error *error)
{
        struct mitome_authenticator_config config = {
                .element = { .context = server, .transmit = watched_transmit, .reset = watched_reset },
                .random = random_system(),
                .presence = prompter_presence(server->prompter),
                .trace = { .context = server, .ctap = tell_ctap, .cost = count_cost },
                .transports = (server->config.hid ? MITOME_TRANSPORT_USB : 0) |
                              (server->config.vpcd ? MITOME_TRANSPORT_SMART_CARD : 0),
                .test_touch = server->config.prompts.automatic,
        };
        MITOME_TRY(open_gate(server, &config.gate, error));
        MITOME_TRY(blob_file_open(server->device.blobs, &server->blobs, error));
        config.blobs = blob_file(server->blobs);
        return mitome_authenticator_new(&config, &server->authenticator, error);
}

/* The person that was invented has a finger, too. */
static mitome_status enrol_demo(struct server *server, mitome_error *error)
{
        if (!server->device.is_new || !server->config.device.provision)
                return ok();
        if (!server->hand) {
                fputs("mitome authenticator: no finger was enrolled\n", stderr);
                return ok();
        }
        prompter_automatic(server->prompter, true);
        mitome_status status = demo_finger_enrol(server->authenticator, error);
        prompter_automatic(server->prompter, server->config.prompts.automatic);
        if (!failed(status))
                fputs("mitome authenticator: a finger that belongs to nobody is enrolled\n", stderr);
        return status;
}

/* Without it everything else works. */
static mitome_status open_status(struct server *server, mitome_error *error)
{
        char path[DEVICE_PATH_MAX];
        const struct status_source source = { .context = server, .read = read_state };
        MITOME_TRY(device_path(server->config.device.state, DEVICE_STATUS_SOCKET, path, error));
        if (failed(status_server_open(path, &source, &server->status, NULL)))
                fprintf(stderr, "mitome authenticator: `mitome status` will not reach it: no socket at %s\n",
                        path);
        return ok();
}

static void tell_reader(const void *context, enum vpcd_event event)
{
        static const char *const said[] = {
                [VPCD_WAITS] = "waiting for the reader at",
                [VPCD_INSERTED] = "in the reader at",
                [VPCD_REMOVED] = "out of the reader at",
        };
        const struct server *server = context;
        fprintf(stderr, "mitome authenticator: %s %s\n", said[event], server->config.vpcd);
}

static mitome_status open_reader(struct server *server, mitome_error *error)
{
        struct vpcd_address address;
        const struct vpcd_watch watch = { .context = server, .tell = tell_reader };
        if (!server->config.vpcd)
                return ok();
        MITOME_TRY(vpcd_parse(server->config.vpcd, &address, error));
        return vpcd_slot_open(&address, &watch, &server->reader, error);
}

/* The port comes last: who sees it may speak at once. */
static mitome_status open_all(struct server *server, mitome_error *error)
{
        MITOME_TRY(prompter_open(&server->config.prompts, &server->prompter, error));
        MITOME_TRY(device_start(&server->device, &server->config.device, error));
        card_link_on_wait(server->device.card, while_waiting, server);
        MITOME_TRY(power_on(server, error));
        MITOME_TRY(enrol_demo(server, error));
        MITOME_TRY(open_status(server, error));
        MITOME_TRY(open_reader(server, error));
        return server->config.hid ? hid_port_open(server->config.hid, &server->port, error) : ok();
}

static void close_all(struct server *server)
{
        if (server->port.close)
                server->port.close(server->port.context);
        vpcd_slot_close(server->reader);
        status_server_close(server->status);
        mitome_authenticator_free(server->authenticator);
        blob_file_close(server->blobs);
        hand_close(server->hand);
        device_stop(&server->device);
        prompter_close(server->prompter);
        close(server->stop);
}

/* ---- the loop ---- */

/* Unplugged and plugged in again, as far as hosts can tell. */
static mitome_status cycle_power(struct server *server, mitome_error *error)
{
        if (!server->config.may_cycle_power)
                return ok();
        return mitome_authenticator_power_cycle(server->authenticator, steady_clock_ms(), error);
}

static void speak(struct server *server, int wait_ms)
{
        uint8_t report[HID_PORT_REPORT_SIZE];
        while (server->port.send &&
                mitome_authenticator_send(server->authenticator, wait_ms, steady_clock_ms(), report))
                server->port.send(server->port.context, report);
}

/* The reports that are there, each with what it leads to; of a host that never stops, so many that nobody
 * else waits long. */
static mitome_status listen_to_host(struct server *server, mitome_error *error)
{
        enum { AT_ONCE = 512 };
        uint8_t report[HID_PORT_REPORT_SIZE];
        enum hid_port_event event;
        if (!server->port.receive)
                return ok();
        for (int i = 0; i < AT_ONCE; i++) {
                event = server->port.receive(server->port.context, report);
                if (event == HID_PORT_NOTHING)
                        break;
                if (event == HID_PORT_GONE)
                        return fail(error, MITOME_E_HID_GONE, "--hid", NULL);
                if (event == HID_PORT_POWER_CYCLE)
                        MITOME_TRY(cycle_power(server, error));
                else
                        mitome_authenticator_receive(server->authenticator, report, steady_clock_ms());
                speak(server, 0);
        }
        return ok();
}

/* ---- the reader ---- */

enum { READER_WAIT_MS = 200 }; /* after that long a host that understands keepalives gets one */

/* One command, or (an empty one) the rest of the last. */
static void exchange(struct server *server, slice command)
{
        uint8_t response[MITOME_MESSAGE_MAX + 2]; /* a host may want the longest in one piece */
        size_t size = 0;
        server->reader_waits = !mitome_authenticator_exchange(server->authenticator, command, false,
                READER_WAIT_MS, steady_clock_ms(), response, sizeof response, &size);
        if (!server->reader_waits)
                vpcd_slot_answer(server->reader, slice_of(response, size));
        bytes_wipe(response, sizeof response);
}

static mitome_status reset_reader(struct server *server, bool power_on, mitome_error *error)
{
        server->reader_waits = false;
        mitome_authenticator_exchange_reset(server->authenticator, steady_clock_ms());
        return power_on ? mitome_authenticator_power_cycle(server->authenticator, steady_clock_ms(), error)
                        : ok();
}

/* A reader that hangs up while its user is awaited is noticed as well: it has nothing to say before it is
 * answered. */
static mitome_status listen_to_reader(struct server *server, mitome_error *error)
{
        uint8_t buffer[VPCD_COMMAND_MAX];
        const slice go_on = { 0 };
        slice command = { 0 };
        enum vpcd_slot_event event;
        if (!server->reader)
                return ok();
        for (int i = 0; i < HID_PORT_TURN; i++) {
                event = vpcd_slot_receive(server->reader, buffer, &command);
                if (event == VPCD_SLOT_NOTHING)
                        break;
                if (event == VPCD_SLOT_COMMAND)
                        exchange(server, command);
                else
                        MITOME_TRY(reset_reader(server, event == VPCD_SLOT_POWER_ON, error));
        }
        bytes_wipe(buffer, sizeof buffer);
        if (server->reader_waits)
                exchange(server, go_on);
        return ok();
}

/* ---- both, and everything else ---- */

enum {
        WATCH_MAX = 5 + HID_PORT_WATCH_MAX + PROMPT_WAYS_MAX * PROMPT_WATCH_MAX,
        BUSY_MS = 10,
};

/* Waits until somebody wants something. False: it is time to stop, or (then *ret_gone) the element has ended.
 */
static bool await(struct server *server, int wait_ms, bool *ret_gone)
{
        struct pollfd fds[WATCH_MAX] = { { .fd = server->stop, .events = POLLIN },
                { .fd = server->device.element_ending, .events = POLLIN } };
        size_t count = 2;
        if (server->status)
                fds[count++] = status_server_watch(server->status);
        if (server->reader)
                fds[count++] = (struct pollfd){ .fd = vpcd_slot_watch(server->reader), .events = POLLIN };
        if (server->device.matcher) /* nobody with his finger on the sensor waits for BUSY_MS */
                fds[count++] =
                        (struct pollfd){ .fd = matcher_gate_watch(server->device.matcher), .events = POLLIN };
        if (server->port.watch)
                count += server->port.watch(server->port.context, fds + count);
        count += prompter_watch(server->prompter, fds + count);
        (void)poll(fds, count, wait_ms);
        *ret_gone = fds[1].revents && !fds[0].revents; /* ^C on a terminal ends both at once */
        return !fds[0].revents && !fds[1].revents;
}

/* -1: until somebody comes. */
static int patience(const struct server *server, int prompts_ms)
{
        if (mitome_authenticator_busy(server->authenticator))
                return BUSY_MS;
        if (server->reader && vpcd_slot_watch(server->reader) < 0)
                return VPCD_RETRY_MS;
        return prompts_ms;
}

/* Pairing needs the applet for itself for a moment; the reader that asked for the reset hears nothing of it,
 * so what it has selected stays. */
static mitome_status settle(struct server *server, mitome_error *error)
{
        if (!server->was_reset || mitome_authenticator_busy(server->authenticator))
                return ok();
        if (server->device.matcher)
                return mitome_authenticator_restart_element(server->authenticator, steady_clock_ms(), error);
        server->was_reset = false;
        return ok();
}

static mitome_status serve(struct server *server, mitome_error *error)
{
        int wait_ms = 0;
        bool gone;
        while (await(server, wait_ms, &gone)) {
                MITOME_TRY(listen_to_host(server, error));
                MITOME_TRY(listen_to_reader(server, error));
                speak(server, mitome_authenticator_busy(server->authenticator) ? BUSY_MS : 0);
                MITOME_TRY(settle(server, error));
                wait_ms = patience(server, prompter_tend(server->prompter));
                if (server->status)
                        status_server_answer(server->status);
        }
        return gone ? fail(error, MITOME_E_ELEMENT_GONE, NULL, NULL) : ok();
}

/* A descriptor that has something to read once a signal asks for the end. */
static mitome_status stop_signals(int *ret_fd, mitome_error *error)
{
        sigset_t signals;
        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        sigaddset(&signals, SIGHUP);
        sigprocmask(SIG_BLOCK, &signals, NULL);
        *ret_fd = signalfd(-1, &signals, SFD_CLOEXEC);
        return *ret_fd >= 0 ? ok() : fail(error, MITOME_E_PROCESS, "the signal descriptor", NULL);
}

mitome_status serve_authenticator(
        struct server *server, const struct serve_config *config, mitome_error *error)
{
        *server = (struct server){ .config = *config };
        MITOME_TRY(stop_signals(&server->stop, error));
        mitome_status status = open_all(server, error);
        if (!failed(status)) {
                fprintf(stderr, "mitome authenticator: ready at %s\n",
                        config->hid ? config->hid : config->vpcd);
                status = serve(server, error);
        }
        if (config->verbose)
                report_costs(server);
        close_all(server);
        return status;
}
