/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"
#include "complain.h"
#include "device.h"
#include "status_server.h"
#include "status_text.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static const char usage[] =
        "usage: mitome status --state DIR [--json]\n\n"
        "Says in plain words how it stands with an authenticator: tries that are left, fingers that are closed and\n"
        "why, certificates on hold, a lease that is used up. It asks the one that runs with DIR, or the element there.\n"
        "No try is spent.\n\n"
        "  --state DIR  the folder of `mitome authenticator`\n"
        "  --json       one line of JSON; its \"troubles\" are what is wrong\n\n"
        "Exit status: 0 all is well, 1 something is wrong, 2 could not ask.\n";

struct options {
        const char *state;
        bool json, help;
};

static bool read_options(int argc, char **argv, struct options *options)
{
        static const struct option known[] = {
                { "state", required_argument, NULL, 's' },
                { "json", no_argument, NULL, 'j' },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
                if (option == 's')
                        options->state = optarg;
                else if (option == 'j')
                        options->json = true;
                else if (option == 'h')
                        options->help = true;
                else
                        return false;
        }
        return options->help || (optind == argc && options->state);
}

static bool has_trouble(slice json)
{
        static const char none[] = "\"troubles\":[]";
        for (reader r = reader_over(json, NULL, NULL); r.rest.size;) {
                uint8_t passed;
                if (slice_begins_with(r.rest, slice_text(none)))
                        return false;
                if (failed(read_u8(&r, "status", &passed)))
                        break;
        }
        return true;
}

static int print(const struct options *options, slice json, slice text)
{
        const slice said = options->json ? json : text;
        fwrite(said.data, 1, said.size, stdout);
        return has_trouble(json) ? 1 : 0;
}

/* Nobody runs it: the element is started, asked, and ended. */
static mitome_status ask_element(const struct options *options, int *ret, mitome_error *error)
{
        struct device device = { 0 };
        struct device_state state;
        uint8_t json_bytes[STATUS_TEXT_MAX], text_bytes[STATUS_TEXT_MAX];
        writer json_out = WRITER(json_bytes), text_out = WRITER(text_bytes);
        mitome_status status = device_start_element(&device, options->state, error);
        if (!failed(status)) {
                const struct mitome_link link = card_link(device.card);
                status = device_state_read(&link, &state, error);
        }
        device_stop(&device);
        MITOME_TRY(status);
        status_json(&state, &json_out);
        status_text(&state, &text_out);
        *ret = print(options, writer_view(&json_out), writer_view(&text_out));
        return ok();
}

static mitome_status run(const struct options *options, int *ret, mitome_error *error)
{
        char path[DEVICE_PATH_MAX];
        uint8_t buffer[2 * STATUS_TEXT_MAX];
        slice json, text;
        MITOME_TRY(device_path(options->state, DEVICE_STATUS_SOCKET, path, error));
        if (!status_server_ask(path, buffer, sizeof buffer, &json, &text))
                return ask_element(options, ret, error);
        *ret = print(options, json, text);
        return ok();
}

int status_main(int argc, char **argv)
{
        struct options options = { 0 };
        mitome_error error = { 0 };
        int result = 0;
        if (!read_options(argc, argv, &options)) {
                fputs(usage, stderr);
                return 2;
        }
        if (options.help) {
                fputs(usage, stdout);
                return 0;
        }
        signal(SIGPIPE, SIG_IGN);
        return failed(run(&options, &result, &error)) ? complain("mitome status", &error) : result;
}
