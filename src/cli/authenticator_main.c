/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"
#include "complain.h"
#include "prompt_words.h"
#include "serve_authenticator.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

static const char usage[] =
        "usage: mitome authenticator --state DIR --hid uhid|pty:PATH|unix:PATH|udp:PORT [--touch ask|auto]\n"
        "                            [--vpcd HOST:PORT] [--finger IMAGE.. | --sensor KIND[:ARG]] [--notify COMMAND] [--prompt-socket PATH] [--matcher PATH]\n"
        "                            [--provision-demo] [--verbose]\n\n"
        "Runs the authenticator until a signal ends it. Element and matcher are processes of their own.\n\n"
        "  --state DIR           where everything is kept (mode 0700); a new one becomes a plain FIDO authenticator\n"
        "  --hid uhid            a HID device of this machine, which every program on it finds\n"
        "  --hid pty:PATH        a link to a terminal that libfido2 takes for a device file\n"
        "  --hid unix:PATH       a SOCK_SEQPACKET socket, a report a packet, own user only\n"
        "  --hid udp:PORT        127.0.0.1, a report a datagram, any user of this machine: for tests\n"
        "  --vpcd HOST:PORT      also puts it into the virtual card reader (vpcd of pcscd) that listens there, as a\n"
        "                        FIDO security key with contacts; may stand without --hid\n"
        "  --touch ask           ask whether the user is there: on the terminal, and as said below (default)\n"
        "  --touch auto          say that the user is there, always: FOR TESTS ONLY, and getInfo says so. With\n"
        "                        udp the power-cycle datagram of simulators is obeyed\n"
        "  --finger IMAGE..      a virtual finger instead of a fingerprint reader: PGM files, laid one after the\n"
        "                        other, or grown:SEED, a finger that belongs to nobody. With --touch ask each one is\n"
        "                        asked for. grown:1 with --touch auto, and for what --provision-demo made\n"
        "  --notify COMMAND      also ask by a program: COMMAND TITLE TEXT REASON touch|finger; it ends with 0 for\n"
        "                        yes, 1 for no (mitome-ask shows a desktop notification)\n"
        "  --prompt-socket PATH  also ask whoever is connected there (own user only): lines of JSON, answered by\n"
        "                        `yes N` or `no N`\n"
        "  --sensor KIND[:ARG]   what the matcher reads with: fingerprint (default: the first reader that gives images),\n"
        "                        fprintd (the desktop's service), command:PROGRAM (a sensor of somebody else's),\n"
        "                        scripted:FILE (FOR TESTS: nothing is read); docs/sensors.md\n"
        "  --matcher PATH        the program mitome-matcher, if it is not beside this one\n"
        "  --provision-demo      if DIR is new: personalise it for an invented person, PIN 1234, password PASSWORD1,\n"
        "                        enrol a finger, and list portal.example for enterprise attestation\n"
        "  --verbose             say what is asked, and what it cost in commands of the element\n";

struct options {
        const char *state, *hid, *vpcd, *touch, *notify, *prompt_socket, *matcher, *sensor;
        const char *images[HAND_IMAGES_MAX];
        size_t image_count;
        bool provision, verbose, help;
};

static bool add_image(struct options *options, const char *image)
{
        if (options->image_count == HAND_IMAGES_MAX)
                return false;
        options->images[options->image_count++] = image;
        return true;
}

/* `--finger A B C` as well as `--finger A --finger B`. */
static bool take_images(int argc, char **argv, struct options *options)
{
        bool taken = add_image(options, optarg);
        while (taken && optind < argc && argv[optind][0] != '-')
                taken = add_image(options, argv[optind++]);
        return taken;
}

static bool take_flag(int option, struct options *options)
{
        bool *const flags[] = {
                ['p'] = &options->provision, ['v'] = &options->verbose, ['h'] = &options->help
        };
        if (option < 0 || (size_t)option >= sizeof flags / sizeof flags[0] || !flags[option])
                return false;
        *flags[option] = true;
        return true;
}

static bool take_option(int option, struct options *options)
{
        const char **const texts[] = {
                ['s'] = &options->state,
                ['d'] = &options->hid,
                ['c'] = &options->vpcd,
                ['t'] = &options->touch,
                ['n'] = &options->notify,
                ['k'] = &options->prompt_socket,
                ['m'] = &options->matcher,
                ['r'] = &options->sensor,
        };
        if (option < 0 || (size_t)option >= sizeof texts / sizeof texts[0] || !texts[option])
                return take_flag(option, options);
        *texts[option] = optarg;
        return true;
}

static bool read_options(int argc, char **argv, struct options *options)
{
        static const struct option known[] = {
                { "state", required_argument, NULL, 's' },
                { "hid", required_argument, NULL, 'd' },
                { "vpcd", required_argument, NULL, 'c' },
                { "touch", required_argument, NULL, 't' },
                { "finger", required_argument, NULL, 'f' },
                { "notify", required_argument, NULL, 'n' },
                { "prompt-socket", required_argument, NULL, 'k' },
                { "matcher", required_argument, NULL, 'm' },
                { "sensor", required_argument, NULL, 'r' },
                { "provision-demo", no_argument, NULL, 'p' },
                { "verbose", no_argument, NULL, 'v' },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;)
                if (option == 'f' ? !take_images(argc, argv, options) : !take_option(option, options))
                        return false;
        if (options->touch && strcmp(options->touch, "auto") != 0 && strcmp(options->touch, "ask") != 0)
                return false;
        if (options->sensor && options->image_count)
                return false; /* a virtual finger is for the virtual sensor */
        return options->help || (optind == argc && options->state && (options->hid || options->vpcd));
}

static void fill(struct serve_config *config, struct options *options)
{
        static const char *const nobody[] = { "grown:1" };
        const bool is_auto = options->touch && strcmp(options->touch, "auto") == 0;
        const bool is_demo =
                !options->sensor && (is_auto || options->provision || device_is_demo(options->state));
        *config = (struct serve_config){
                .hid = options->hid,
                .vpcd = options->vpcd,
                .verbose = options->verbose,
                .may_cycle_power = is_auto,
                .device = { .state = options->state,
                        .matcher = options->matcher,
                        .sensor = options->sensor,
                        .provision = options->provision,
                        .virtual_sensor = options->image_count || is_demo,
                        .needs_matcher = options->image_count || options->matcher || options->sensor },
                .prompts = { .automatic = is_auto,
                        .terminal = true,
                        .command = options->notify,
                        .socket = options->prompt_socket,
                        .language = prompt_language() },
                .images = options->image_count ? options->images : nobody,
                .image_count = options->image_count ? options->image_count
                               : is_demo            ? 1
                                                    : 0,
        };
}

int authenticator_main(int argc, char **argv)
{
        struct options options = { 0 };
        struct serve_config config;
        struct server server;
        mitome_error error = { 0 };
        if (!read_options(argc, argv, &options)) {
                fputs(usage, stderr);
                return 2;
        }
        if (options.help) {
                fputs(usage, stdout);
                return 0;
        }
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* no debugger of the same user says yes in the user's place */
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        signal(SIGPIPE, SIG_IGN);
        fill(&config, &options);
        if (config.prompts.automatic)
                fputs("mitome authenticator: --touch auto: nobody is asked; for tests only\n", stderr);
        return failed(serve_authenticator(&server, &config, &error))
                       ? complain("mitome authenticator", &error)
                       : 0;
}
