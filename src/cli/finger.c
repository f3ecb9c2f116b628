/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"
#include "complain.h"
#include "finger_report.h"
#include "hex_text.h"
#include "hid_host.h"
#include "prompt_words.h"
#include "random_system.h"
#include "secret_prompt.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

static const char usage[] =
        "usage: mitome finger list --device TARGET [--pin-fd N] [--json]\n"
        "       mitome finger enrol --device TARGET [--pin-fd N] [--json] [NAME]\n"
        "       mitome finger rename --device TARGET [--pin-fd N] ID NAME\n"
        "       mitome finger remove --device TARGET [--pin-fd N] ID\n"
        "       mitome finger unlock --device TARGET [--pin-fd N] [--json]\n"
        "       mitome finger verify --device TARGET [--json]\n"
        "       mitome finger status --device TARGET [--json]\n\n"
        "Manages the fingers of an authenticator, with its PIN. ID is what `list` prints. `unlock` enters the PIN, after\n"
        "which fingers count again; `verify` has one finger tried, and `status` says how it stands: neither needs the PIN.\n\n"
        "  --device TARGET   hid:PATH (a device file), pty:PATH, unix:PATH or udp:PORT, as the authenticator was\n"
        "                    told to listen\n"
        "  --pin-fd N        reads the PIN, one line, from this file descriptor; else it is asked for on the\n"
        "                    terminal\n"
        "  --json            one line of JSON on standard output\n"
        "  --language LANG   en or ja: of what is said to whoever touches the sensor; else as the locale says\n\n"
        "Exit status: 0 done (verify: recognised; status, unlock: fingers are open), 1 refused (not recognised,\n"
        "closed), 2 could not be asked.\n";

enum { FD_MAX = 1023, WORDS_MAX = 2, EXIT_REFUSED = 1, EXIT_COULD_NOT = 2 };

struct options {
        const char *device, *action, *words[WORDS_MAX];
        size_t word_count;
        int pin_fd;
        bool help, wrong;
        struct finger_report report;
};

static void take_pin_fd(struct options *options, const char *text)
{
        char *end;
        unsigned long number = strtoul(text, &end, 10);
        if (*text < '0' || *text > '9' || *end || number > FD_MAX)
                options->wrong = true;
        else
                options->pin_fd = (int)number;
}

static void take_language(struct options *options, const char *text)
{
        options->report.language = mitome_guidance_language(text);
        options->wrong |= strcmp(text, "en") != 0 && strcmp(text, "ja") != 0;
}

static bool read_options(int argc, char **argv, struct options *ret)
{
        static const struct option known[] = {
                { "device", required_argument, NULL, 'd' },
                { "pin-fd", required_argument, NULL, 'p' },
                { "json", no_argument, NULL, 'j' },
                { "language", required_argument, NULL, 'l' },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        struct options options = { .pin_fd = -1, .report = { .language = prompt_language() } };
        for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
                if (option == 'd')
                        options.device = optarg;
                else if (option == 'p')
                        take_pin_fd(&options, optarg);
                else if (option == 'j')
                        options.report.json = true;
                else if (option == 'l')
                        take_language(&options, optarg);
                else if (option == 'h')
                        options.help = true;
                else
                        options.wrong = true;
        }
        if (optind < argc)
                options.action = argv[optind++];
        while (optind < argc && options.word_count < WORDS_MAX)
                options.words[options.word_count++] = argv[optind++];
        *ret = options;
        return !options.wrong && optind == argc && (options.help || (options.device && options.action));
}

/* ---- the actions; *ret_status is the program's ---- */

static const char name_words[] = "NAME (64 bytes)", id_words[] = "ID (32 digits, as `list` prints them)";
_Static_assert(MITOME_GATE_NAME_MAX == 64 && MITOME_GATE_FINGER_ID_SIZE == 16, "the words say so");

static void show_sample(void *context, uint8_t status, unsigned remaining)
{
        finger_report_guide(context, finger_sample_guidance(status, remaining), remaining);
}

static mitome_status list(
        struct finger_client *client, const struct options *options, int *ret_status, mitome_error *error)
{
        struct mitome_gate_finger fingers[MITOME_GATE_FINGERS_MAX];
        size_t count;
        (void)ret_status;
        MITOME_TRY(finger_client_list(client, fingers, &count, error));
        finger_report_list(&options->report, fingers, count);
        return ok();
}

static mitome_status enrol(
        struct finger_client *client, const struct options *options, int *ret_status, mitome_error *error)
{
        struct finger_report report = options->report;
        const struct finger_watcher watcher = { .context = &report, .sample = show_sample };
        struct mitome_gate_finger finger;
        slice name = slice_text(options->word_count ? options->words[0] : "");
        (void)ret_status;
        if (name.size > MITOME_GATE_NAME_MAX)
                return fail(error, MITOME_E_TOO_LONG, name_words, NULL);
        finger_report_guide(&report, MITOME_GUIDANCE_TOUCH, 0);
        MITOME_TRY(finger_client_enrol(client, name, &watcher, &finger, error));
        finger_report_finger(&report, &finger);
        return ok();
}

static mitome_status read_id(
        const struct options *options, uint8_t ret[MITOME_GATE_FINGER_ID_SIZE], mitome_error *error)
{
        slice id;
        MITOME_TRY(hex_text_decode(
                slice_text(options->words[0]), id_words, ret, MITOME_GATE_FINGER_ID_SIZE, &id, error));
        return id.size == MITOME_GATE_FINGER_ID_SIZE ? ok() : fail(error, MITOME_E_VALUE, id_words, NULL);
}

static mitome_status rename_finger(
        struct finger_client *client, const struct options *options, int *ret_status, mitome_error *error)
{
        uint8_t id[MITOME_GATE_FINGER_ID_SIZE];
        (void)ret_status;
        MITOME_TRY(read_id(options, id, error));
        if (slice_text(options->words[1]).size > MITOME_GATE_NAME_MAX)
                return fail(error, MITOME_E_TOO_LONG, name_words, NULL);
        return finger_client_rename(client, SLICE(id), slice_text(options->words[1]), error);
}

static mitome_status remove_finger(
        struct finger_client *client, const struct options *options, int *ret_status, mitome_error *error)
{
        uint8_t id[MITOME_GATE_FINGER_ID_SIZE];
        (void)ret_status;
        MITOME_TRY(read_id(options, id, error));
        MITOME_TRY(finger_client_remove(client, SLICE(id), error));
        finger_report_guide(&options->report, MITOME_GUIDANCE_REMOVED, 0);
        return ok();
}

/* After the PIN, if there was one to enter: it has opened what a PIN can open. */
static mitome_status tell_state(
        struct finger_client *client, const struct options *options, int *ret_status, mitome_error *error)
{
        struct finger_state state;
        MITOME_TRY(finger_client_state(client, &state, error));
        finger_report_state(&options->report, &state);
        *ret_status = state.open ? 0 : EXIT_REFUSED;
        return ok();
}

static mitome_status verify(
        struct finger_client *client, const struct options *options, int *ret_status, mitome_error *error)
{
        const struct mitome_random random = random_system();
        struct finger_state state;
        enum mitome_guidance said;
        MITOME_TRY(finger_client_state(client, &state, error));
        if (state.open) /* else nobody has to touch anything to be told so */
                finger_report_guide(&options->report, MITOME_GUIDANCE_TOUCH, 0);
        MITOME_TRY(finger_client_verify(client, &random, &said, &state, error));
        finger_report_verdict(&options->report, said, &state);
        *ret_status = said == MITOME_GUIDANCE_RECOGNISED ? 0 : EXIT_REFUSED;
        return ok();
}

static const struct action {
        const char *name;
        size_t least, most; /* words behind it */
        bool wants_pin;
        mitome_status (*run)(struct finger_client *client, const struct options *options, int *ret_status,
                mitome_error *error);
} actions[] = {
        { "list", 0, 0, true, list },
        { "enrol", 0, 1, true, enrol },
        { "rename", 2, 2, true, rename_finger },
        { "remove", 1, 1, true, remove_finger },
        { "unlock", 0, 0, true, tell_state },
        { "verify", 0, 0, false, verify },
        { "status", 0, 0, false, tell_state },
};

static const struct action *find_action(const struct options *options)
{
        for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
                if (strcmp(actions[i].name, options->action) == 0 &&
                        options->word_count >= actions[i].least && options->word_count <= actions[i].most)
                        return &actions[i];
        return NULL;
}

/* ---- one run ---- */

static mitome_status exchange(void *context, slice request, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        return hid_host_exchange(context, request, response, capacity, ret_size, error);
}

/* Whoever has mistaken the PIN wants to know how often that may happen. */
static void tell_pin_tries(struct finger_client *client, const struct finger_wire *wire)
{
        struct finger_state state;
        finger_client_begin(client, wire);
        if (!failed(finger_client_state(client, &state, NULL)) && state.pin_set)
                fprintf(stderr, "mitome finger: that PIN was not taken; %u %s left\n", state.pin_tries,
                        state.pin_tries == 1 ? "try" : "tries");
}

static mitome_status open_with_pin(struct finger_client *client, const struct finger_wire *wire,
        const struct options *options, mitome_error *error)
{
        const struct mitome_random random = random_system();
        mitome_error cause = { 0 };
        SECRET(pin);
        MITOME_TRY(options->pin_fd >= 0
                           ? secret_prompt_line(options->pin_fd, "the PIN", MITOME_E_VALUE, &pin, error)
                           : secret_prompt_ask(
                                     "The authenticator's PIN: ", "the PIN", MITOME_E_VALUE, &pin, error));
        mitome_status status = finger_client_open(client, wire, &random, secret_view(&pin), &cause);
        if (!failed(status))
                return ok();
        if (cause.code == MITOME_E_FINGER_REFUSED)
                tell_pin_tries(client, wire);
        return fail(error, cause.code, cause.field, cause.clause);
}

static mitome_status run_at(struct hid_host *host, const struct options *options, const struct action *action,
        int *ret_status, mitome_error *error)
{
        const struct finger_wire wire = { host, exchange };
        struct finger_client client;
        finger_client_begin(&client, &wire);
        if (action->wants_pin)
                MITOME_TRY(open_with_pin(&client, &wire, options, error));
        mitome_status status = action->run(&client, options, ret_status, error);
        finger_client_close(&client);
        return status;
}

static mitome_status run(
        const struct options *options, const struct action *action, int *ret_status, mitome_error *error)
{
        const struct mitome_random random = random_system();
        struct hid_host *host;
        MITOME_TRY(hid_host_open(options->device, &random, &host, error));
        mitome_status status = run_at(host, options, action, ret_status, error);
        hid_host_close(host);
        return status;
}

int finger_main(int argc, char **argv)
{
        struct options options;
        mitome_error error = { 0 };
        bool fits = read_options(argc, argv, &options);
        if (fits && options.help) {
                fputs(usage, stdout);
                return 0;
        }
        const struct action *action = fits ? find_action(&options) : NULL;
        if (!action) {
                fputs(usage, stderr);
                return EXIT_COULD_NOT;
        }
        prctl(PR_SET_DUMPABLE, 0); /* no core dump shows the PIN */
        int status = 0;
        if (!failed(run(&options, action, &status, &error)))
                return status;
        status = complain("mitome finger", &error);
        return error.code == MITOME_E_FINGER_REFUSED ? EXIT_REFUSED : status;
}
