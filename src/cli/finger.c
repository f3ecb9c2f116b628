/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"
#include "complain.h"
#include "finger_client.h"
#include "harmless_text.h"
#include "hex_text.h"
#include "hid_host.h"
#include "random_system.h"
#include "secret_prompt.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

static const char usage[] =
        "usage: mitome finger list --device TARGET [--pin-fd N]\n"
        "       mitome finger enrol --device TARGET [--pin-fd N] [NAME]\n"
        "       mitome finger rename --device TARGET [--pin-fd N] ID NAME\n"
        "       mitome finger remove --device TARGET [--pin-fd N] ID\n\n"
        "Manages the fingers of an authenticator, with its PIN. ID is what `list` prints.\n\n"
        "  --device TARGET   hid:PATH (a device file), pty:PATH, unix:PATH or udp:PORT, as the authenticator was\n"
        "                    told to listen\n"
        "  --pin-fd N        reads the PIN, one line, from this file descriptor; else it is asked for on the\n"
        "                    terminal\n";

enum { FD_MAX = 1023, WORDS_MAX = 2, EXIT_REFUSED = 1, EXIT_COULD_NOT = 2 };

struct options {
        const char *device, *action, *words[WORDS_MAX];
        size_t word_count;
        int pin_fd;
        bool help, wrong;
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

static bool read_options(int argc, char **argv, struct options *ret)
{
        static const struct option known[] = {
                { "device", required_argument, NULL, 'd' },
                { "pin-fd", required_argument, NULL, 'p' },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        struct options options = { .pin_fd = -1 };
        for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
                if (option == 'd')
                        options.device = optarg;
                else if (option == 'p')
                        take_pin_fd(&options, optarg);
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

/* ---- what is printed ---- */

/* A name is somebody else's text: it must not move the cursor. */
static void print_name(slice name)
{
        uint8_t bytes[HARMLESS_SIZE_MAX];
        writer w = WRITER(bytes);
        harmless_write(&w, name, HARMLESS_BEGINNING);
        fwrite(bytes, 1, w.used, stdout);
}

static void print_finger(const struct mitome_gate_finger *finger)
{
        for (size_t i = 0; i < sizeof finger->id; i++)
                printf("%02x", finger->id[i]);
        if (finger->name_size)
                putchar(' ');
        print_name(slice_of(finger->name, finger->name_size));
        putchar('\n');
}

static void show_sample(void *context, uint8_t status, unsigned remaining)
{
        (void)context;
        fprintf(stderr, "mitome finger: %s; ", finger_sample_text(status));
        if (remaining)
                fprintf(stderr, "touch the sensor %u more %s\n", remaining,
                        remaining == 1 ? "time" : "times");
        else
                fputs("enrolled\n", stderr);
}

/* ---- the actions ---- */

static mitome_status list(struct finger_client *client, const struct options *options, mitome_error *error)
{
        struct mitome_gate_finger fingers[MITOME_GATE_FINGERS_MAX];
        size_t count;
        (void)options;
        MITOME_TRY(finger_client_list(client, fingers, &count, error));
        for (size_t i = 0; i < count; i++)
                print_finger(&fingers[i]);
        return ok();
}

static mitome_status enrol(struct finger_client *client, const struct options *options, mitome_error *error)
{
        const struct finger_watcher watcher = { .sample = show_sample };
        struct mitome_gate_finger finger;
        slice name = slice_text(options->word_count ? options->words[0] : "");
        if (name.size > MITOME_GATE_NAME_MAX)
                return fail(error, MITOME_E_TOO_LONG, "the name", NULL);
        fputs("mitome finger: touch the sensor\n", stderr);
        MITOME_TRY(finger_client_enrol(client, name, &watcher, &finger, error));
        print_finger(&finger);
        return ok();
}

static mitome_status read_id(
        const struct options *options, uint8_t ret[MITOME_GATE_FINGER_ID_SIZE], mitome_error *error)
{
        slice id;
        MITOME_TRY(hex_text_decode(
                slice_text(options->words[0]), "ID", ret, MITOME_GATE_FINGER_ID_SIZE, &id, error));
        return id.size == MITOME_GATE_FINGER_ID_SIZE ? ok() : fail(error, MITOME_E_VALUE, "ID", NULL);
}

static mitome_status rename_finger(
        struct finger_client *client, const struct options *options, mitome_error *error)
{
        uint8_t id[MITOME_GATE_FINGER_ID_SIZE];
        MITOME_TRY(read_id(options, id, error));
        return finger_client_rename(client, SLICE(id), slice_text(options->words[1]), error);
}

static mitome_status remove_finger(
        struct finger_client *client, const struct options *options, mitome_error *error)
{
        uint8_t id[MITOME_GATE_FINGER_ID_SIZE];
        MITOME_TRY(read_id(options, id, error));
        return finger_client_remove(client, SLICE(id), error);
}

static const struct action {
        const char *name;
        size_t least, most; /* words behind it */
        mitome_status (*run)(
                struct finger_client *client, const struct options *options, mitome_error *error);
} actions[] = {
        { "list", 0, 0, list },
        { "enrol", 0, 1, enrol },
        { "rename", 2, 2, rename_finger },
        { "remove", 1, 1, remove_finger },
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

static mitome_status run_at(struct hid_host *host, const struct options *options, const struct action *action,
        mitome_error *error)
{
        const struct finger_wire wire = { host, exchange };
        const struct mitome_random random = random_system();
        struct finger_client client;
        SECRET(pin);
        MITOME_TRY(options->pin_fd >= 0
                           ? secret_prompt_line(options->pin_fd, "the PIN", MITOME_E_VALUE, &pin, error)
                           : secret_prompt_ask(
                                     "The authenticator's PIN: ", "the PIN", MITOME_E_VALUE, &pin, error));
        MITOME_TRY(finger_client_open(&client, &wire, &random, secret_view(&pin), error));
        mitome_status status = action->run(&client, options, error);
        finger_client_close(&client);
        return status;
}

static mitome_status run(const struct options *options, const struct action *action, mitome_error *error)
{
        const struct mitome_random random = random_system();
        struct hid_host *host;
        MITOME_TRY(hid_host_open(options->device, &random, &host, error));
        mitome_status status = run_at(host, options, action, error);
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
        if (!failed(run(&options, action, &error)))
                return 0;
        int status = complain("mitome finger", &error);
        return error.code == MITOME_E_FINGER_REFUSED ? EXIT_REFUSED : status;
}
