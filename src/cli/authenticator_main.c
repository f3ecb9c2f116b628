/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"
#include "complain.h"
#include "device.h"
#include "hid_port.h"
#include "random_system.h"

#include <mitome/authenticator.h>

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
        "usage: mitome authenticator --state DIR --hid uhid|pty:PATH|unix:PATH|udp:PORT [--touch auto|ask]\n"
        "                            [--provision-demo]\n\n"
        "Runs the authenticator, its element in a process of its own, until a signal ends it.\n\n"
        "  --state DIR        where everything is kept (mode 0700); a new one becomes a plain FIDO authenticator\n"
        "  --hid uhid         a HID device of this machine, for every program on it\n"
        "  --hid pty:PATH     a link to a terminal that libfido2 takes for a device file\n"
        "  --hid unix:PATH    a SOCK_SEQPACKET socket, a report a packet\n"
        "  --hid udp:PORT     127.0.0.1, a report a datagram: for tests\n"
        "  --touch ask        ask on the terminal whether the user is there (default)\n"
        "  --touch auto       say that the user is there: for tests only\n"
        "  --provision-demo   if DIR is new: personalise it for an invented person, PIN 1234, password PASSWORD1\n";

struct options {
        const char *state, *hid, *touch;
        bool provision, help;
};

static bool read_options(int argc, char **argv, struct options *options)
{
        static const struct option known[] = {
                { "state", required_argument, NULL, 's' },
                { "hid", required_argument, NULL, 'd' },
                { "touch", required_argument, NULL, 't' },
                { "provision-demo", no_argument, NULL, 'p' },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
                if (option == 's')
                        options->state = optarg;
                else if (option == 'd')
                        options->hid = optarg;
                else if (option == 't')
                        options->touch = optarg;
                else if (option == 'p')
                        options->provision = true;
                else if (option == 'h')
                        options->help = true;
                else
                        return false;
        }
        if (options->touch && strcmp(options->touch, "auto") != 0 && strcmp(options->touch, "ask") != 0)
                return false;
        return options->help || (optind == argc && options->state && options->hid);
}

/* ---- the user ---- */

static enum mitome_presence_answer touch_at_once(void *context, int wait_ms)
{
        (void)context;
        (void)wait_ms;
        return MITOME_PRESENCE_TOUCHED;
}

static void ask_on_terminal(void *context, const struct mitome_prompt *prompt)
{
        (void)context;
        fprintf(stderr, "mitome authenticator: is it you, for %.*s? [y/N] ", (int)prompt->rp_id.size,
                (const char *)prompt->rp_id.data);
}

static enum mitome_presence_answer hear_terminal(void *context, int wait_ms)
{
        char answer[16];
        struct pollfd wait = { .fd = STDIN_FILENO, .events = POLLIN };
        (void)context;
        if (poll(&wait, 1, wait_ms) != 1)
                return MITOME_PRESENCE_NOTHING;
        ssize_t size = read(STDIN_FILENO, answer, sizeof answer);
        return size > 0 && (answer[0] == 'y' || answer[0] == 'Y') ? MITOME_PRESENCE_TOUCHED
                                                                  : MITOME_PRESENCE_DECLINED;
}

/* ---- the loop ---- */

struct server {
        struct options options;
        struct device device;
        struct hid_port port;
        int stop;
        struct mitome_authenticator *authenticator;
};

static uint64_t clock_ms(void)
{
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static mitome_status power_on(struct server *server, mitome_error *error)
{
        const bool is_auto = server->options.touch && strcmp(server->options.touch, "auto") == 0;
        const struct mitome_authenticator_config config = {
                .element = card_link(server->device.card),
                .random = random_system(),
                .presence = { .ask = is_auto ? NULL : ask_on_terminal,
                        .poll = is_auto ? touch_at_once : hear_terminal },
                .test_touch = is_auto,
        };
        return mitome_authenticator_new(&config, &server->authenticator, error);
}

/* Unplugged and plugged in again, as far as the device can tell. */
static mitome_status cycle_power(struct server *server, mitome_error *error)
{
        if (!server->options.touch || strcmp(server->options.touch, "auto") != 0)
                return ok();
        return mitome_authenticator_power_cycle(server->authenticator, clock_ms(), error);
}

/* True when there was something. */
static mitome_status hear(struct server *server, bool *ret_any, mitome_error *error)
{
        uint8_t report[HID_PORT_REPORT_SIZE];
        *ret_any = true;
        switch (server->port.receive(server->port.context, report)) {
        case HID_PORT_REPORT:
                mitome_authenticator_receive(server->authenticator, report, clock_ms());
                break;
        case HID_PORT_POWER_CYCLE:
                return cycle_power(server, error);
        case HID_PORT_GONE:
                return fail(error, MITOME_E_SOCKET, "--hid", NULL);
        case HID_PORT_NOTHING:
                *ret_any = false;
        }
        return ok();
}

static bool speak(struct server *server, int wait_ms)
{
        uint8_t report[HID_PORT_REPORT_SIZE];
        bool any = false;
        while (mitome_authenticator_send(server->authenticator, wait_ms, clock_ms(), report)) {
                server->port.send(server->port.context, report);
                any = true;
        }
        return any;
}

static mitome_status serve(struct server *server, mitome_error *error)
{
        enum { BUSY_MS = 20 };
        for (;;) {
                struct pollfd fds[HID_PORT_WATCH_MAX + 1];
                bool any = true;
                size_t count = server->port.watch(server->port.context, fds);
                fds[count] = (struct pollfd){ .fd = server->stop, .events = POLLIN };
                if (poll(fds, count + 1, BUSY_MS) < 0 && errno != EINTR)
                        return fail(error, MITOME_E_PROCESS, "poll", NULL);
                if (fds[count].revents)
                        return ok();
                while (any) {
                        MITOME_TRY(hear(server, &any, error));
                        speak(server, 0);
                }
                speak(server, BUSY_MS);
        }
}

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

static mitome_status run(struct server *server, mitome_error *error)
{
        const struct device_config config = { .program = "mitome authenticator",
                .state = server->options.state,
                .provision = server->options.provision };
        MITOME_TRY(stop_signals(&server->stop, error));
        mitome_status status = device_start(&server->device, &config, error);
        if (!failed(status))
                status = power_on(server, error);
        if (!failed(status))
                status = hid_port_open(server->options.hid, &server->port, error);
        if (!failed(status)) {
                fprintf(stderr, "mitome authenticator: ready at %s\n", server->options.hid);
                status = serve(server, error);
        }
        if (server->port.close)
                server->port.close(server->port.context);
        mitome_authenticator_free(server->authenticator);
        device_stop(&server->device);
        close(server->stop);
        return status;
}

int authenticator_main(int argc, char **argv)
{
        struct server server = { .stop = -1 };
        mitome_error error = { 0 };
        if (!read_options(argc, argv, &server.options)) {
                fputs(usage, stderr);
                return 2;
        }
        if (server.options.help) {
                fputs(usage, stdout);
                return 0;
        }
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        signal(SIGPIPE, SIG_IGN);
        return failed(run(&server, &error)) ? complain("mitome authenticator", &error) : 0;
}
