/* SPDX-License-Identifier: Apache-2.0 */
#include "anchor_file.h"
#include "card_keys.h"
#include "card_server.h"
#include "cli.h"
#include "complain.h"
#include "cut_medium.h"
#include "hex_text.h"
#include "native.h"
#include "provision.h"
#include "random_system.h"
#include "storage_file.h"
#include "unix_socket.h"
#include "vpcd.h"

#include <errno.h>
#include <getopt.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

static const char usage[] =
        "usage: mitome element --state DIR --vpcd HOST:PORT [--contactless] [--provision-demo]\n"
        "       mitome element --state DIR --unix PATH [--provision-demo]\n"
        "       mitome element --state DIR --socket FD [--provision-demo]\n"
        "       mitome element --state DIR --create --scp03-keys FILE [--scp03-i I]\n"
        "       mitome element --state DIR --provision-demo [--personality phone|card] [--scp03-keys FILE]\n"
        "                                      [--scp03-i I]\n"
        "       mitome element --write-cap NAME\n\n"
        "Runs the secure element in software, as a process of its own, until a signal ends it.\n\n"
        "  --state DIR        where the sealed state is kept (mode 0700)\n"
        "  --vpcd HOST:PORT   puts the element into the virtual card reader (vpcd of pcscd) that listens there, as\n"
        "                     soon as there is one, and again when it comes back\n"
        "  --unix PATH        the socket to listen on, for programs of the same user; frames are those of vpcd\n"
        "  --socket FD        a connected stream socket that was inherited; ends with it\n"
        "  --contactless      with --vpcd: the reader is one for contactless cards, and the element gives nothing by which\n"
        "                     its phone could be followed\n"
        "  --anchor FILE      a counter that rises with the state and tells when an older one was put back: kept where\n"
        "                     whoever restores DIR cannot restore it along; from the element's making on\n"
        "  --medium FILE      keeps state and anchor in FILE instead of DIR, where `mitome evaluate` can copy them, put them\n"
        "                     back and cut the power; for nothing else\n"
        "  --create           make a new, empty element in DIR and end\n"
        "  --scp03-keys FILE  its first key set: three lines of 32, 48 or 64 hexadecimal digits, ENC, MAC and DEK (mode\n"
        "                     0600)\n"
        "  --scp03-i I        what of SCP03 is offered with it: 00, 10, 20, 30, 60, 70 (default), or each with 01;\n"
        "                     60 or 70 with --provision-demo\n"
        "  --provision-demo   if DIR is new: make an element there and personalise it for an invented person, with\n"
        "                     certificates of a CA that is forgotten at once, PIN 1234 and password PASSWORD1.\n"
        "                     It plays a phone's element, or a My Number Card (--personality card).\n"
        "                     Without --scp03-keys its keys are random and are left in DIR/scp03-keys\n"
        "  --write-cap NAME   writes the CAP file of an applet of this build (jpki, fido, ara, stand-in) to standard\n"
        "                     output: what a management station loads, and installs from\n";

struct options {
        const char *state, *socket, *inherited, *vpcd, *keys, *i, *personality, *cap, *anchor, *medium;
        struct vpcd_address address; /* what vpcd says */
        bool create, provision, contactless, help;
};

/* What may be said together. */
static bool is_complete(const struct options *options)
{
        const char *personality = options->personality;
        if (options->cap)
                return !options->state && !options->create && !options->provision && !options->anchor &&
                       !options->medium;
        int ways = (options->socket != NULL) + (options->vpcd != NULL) + (options->inherited != NULL);
        if (!options->state || (options->contactless && !options->vpcd) ||
                (options->medium && options->anchor))
                return false;
        if (personality && (!options->provision ||
                                   (strcmp(personality, "card") != 0 && strcmp(personality, "phone") != 0)))
                return false;
        if (options->create)
                return options->keys && ways == 0 && !options->provision;
        return options->provision ? ways <= 1 : ways == 1 && !options->keys && !options->i;
}

static bool read_options(int argc, char **argv, struct options *options)
{
        static const struct option known[] = {
                { "state", required_argument, NULL, 's' },
                { "unix", required_argument, NULL, 'u' },
                { "socket", required_argument, NULL, 'f' },
                { "vpcd", required_argument, NULL, 'v' },
                { "anchor", required_argument, NULL, 'a' },
                { "medium", required_argument, NULL, 'm' },
                { "contactless", no_argument, NULL, 'n' },
                { "create", no_argument, NULL, 'c' },
                { "scp03-keys", required_argument, NULL, 'k' },
                { "write-cap", required_argument, NULL, 'w' },
                { "personality", required_argument, NULL, 'y' },
                { "provision-demo", no_argument, NULL, 'p' },
                { "scp03-i", required_argument, NULL, 'i' },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
                if (option == 's')
                        options->state = optarg;
                else if (option == 'u')
                        options->socket = optarg;
                else if (option == 'f')
                        options->inherited = optarg;
                else if (option == 'v')
                        options->vpcd = optarg;
                else if (option == 'a')
                        options->anchor = optarg;
                else if (option == 'm')
                        options->medium = optarg;
                else if (option == 'k')
                        options->keys = optarg;
                else if (option == 'w')
                        options->cap = optarg;
                else if (option == 'y')
                        options->personality = optarg;
                else if (option == 'i')
                        options->i = optarg;
                else if (option == 'n')
                        options->contactless = true;
                else if (option == 'c')
                        options->create = true;
                else if (option == 'p')
                        options->provision = true;
                else if (option == 'h')
                        options->help = true;
                else
                        return false;
        }
        return options->help || (optind == argc && is_complete(options));
}

/* Two digits; which values there are, the element knows. */
static mitome_status read_i(const char *text, uint8_t *ret, mitome_error *error)
{
        enum { USUAL = 0x70 };
        slice byte;
        *ret = USUAL;
        if (!text)
                return ok();
        if (strlen(text) != 2)
                return fail(error, MITOME_E_VALUE, "--scp03-i", NULL);
        MITOME_TRY(hex_text_decode(slice_text(text), "--scp03-i", ret, 1, &byte, error));
        return byte.size == 1 ? ok() : fail(error, MITOME_E_VALUE, "--scp03-i", NULL);
}

static mitome_status create(
        const struct mitome_element_config *config, const struct options *options, mitome_error *error)
{
        struct mitome_card_keys keys;
        MITOME_TRY(read_i(options->i, &keys.i, error));
        mitome_status status = card_keys_read(options->keys, &keys, error);
        if (!failed(status))
                status = mitome_element_create(config, &keys, error);
        bytes_wipe(&keys, sizeof keys);
        return status;
}

/* The keys of a demonstration: those of the file, or new ones that are left beside the state. */
static mitome_status demo_keys(
        const struct options *options, struct mitome_card_keys *ret, mitome_error *error)
{
        return options->keys ? card_keys_read(options->keys, ret, error)
                             : provision_make_keys(options->state, ret, error);
}

/* An element that is there already is left as it is: the same call starts it every time. */
static mitome_status provision(
        const struct mitome_element_config *config, const struct options *options, mitome_error *error)
{
        enum { FULL_RANDOM = 0x60, FULL = 0x70 };
        uint8_t *image = NULL;
        size_t size = 0;
        struct mitome_card_keys keys;
        const bool is_card = options->personality && strcmp(options->personality, "card") == 0;
        const struct provision_order order = { .element = config,
                .folder = options->state,
                .personality = is_card ? PROVISION_CARD : PROVISION_PHONE };
        MITOME_TRY(config->storage.load(config->storage.context, &image, &size, error));
        free(image);
        if (image) {
                fprintf(stderr, "mitome element: %s holds an element already; nothing was personalised\n",
                        options->state);
                return ok();
        }
        MITOME_TRY(read_i(options->i, &keys.i, error));
        if (keys.i != FULL_RANDOM && keys.i != FULL) /* who personalises asks for level 33, and for S8 */
                return fail(error, MITOME_E_VALUE, "--scp03-i", NULL);
        mitome_status status = demo_keys(options, &keys, error);
        if (!failed(status))
                status = provision_demo(&order, &keys, error);
        bytes_wipe(&keys, sizeof keys);
        return status;
}

/* True when a client waits, false when it is time to stop. */
static bool await_client(int listener, int stop)
{
        struct pollfd wait[] = { { .fd = listener, .events = POLLIN }, { .fd = stop, .events = POLLIN } };
        while (poll(wait, 2, -1) < 0)
                if (errno != EINTR)
                        return false;
        return wait[1].revents == 0;
}

/* One client after the other. */
static mitome_status serve_socket(
        struct mitome_element *element, const char *path, int stop, mitome_error *error)
{
        int listener, client;
        MITOME_TRY(unix_socket_listen(path, &listener, error));
        mitome_status status = ok();
        while (!failed(status) && await_client(listener, stop)) {
                status = unix_socket_accept(listener, &client, error);
                if (failed(status))
                        break;
                status = card_server_serve(element, client, stop, error);
                close(client);
        }
        close(listener);
        return status;
}

/* The one client that this process was started for. */
static mitome_status serve_inherited(
        struct mitome_element *element, const char *number, int stop, mitome_error *error)
{
        enum { DIGITS_MAX = 7 };
        size_t digits = strspn(number, "0123456789");
        int type = 0;
        socklen_t size = sizeof type;
        int fd = digits && digits <= DIGITS_MAX && !number[digits] ? (int)strtol(number, NULL, 10) : -1;
        if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM)
                return fail(error, MITOME_E_SOCKET, "--socket", NULL);
        mitome_status status = card_server_serve(element, fd, stop, error);
        close(fd);
        return status;
}

static void tell_reader(const void *context, enum vpcd_event event)
{
        static const char *const said[] = {
                [VPCD_WAITS] = "waiting for the reader at",
                [VPCD_INSERTED] = "in the reader at",
                [VPCD_REMOVED] = "out of the reader at",
        };
        const struct options *options = context;
        fprintf(stderr, "mitome element: %s %s\n", said[event], options->vpcd);
}

static mitome_status serve_reader(
        struct mitome_element *element, const struct options *options, int stop, mitome_error *error)
{
        const struct vpcd_watch watch = { .context = options, .tell = tell_reader };
        return vpcd_serve(element, &options->address, stop, &watch, error);
}

/* A descriptor that has something to read once a signal asks for the end. Nothing needs to be put away then:
 * every answer was durable before it was sent. */
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

static mitome_status serve(
        const struct mitome_element_config *config, const struct options *options, mitome_error *error)
{
        struct mitome_element *element;
        int stop;
        MITOME_TRY(stop_signals(&stop, error));
        MITOME_TRY(mitome_element_open(config, &element, error));
        mitome_element_set_contactless(element, options->contactless);
        mitome_status status = options->vpcd ? serve_reader(element, options, stop, error)
                               : options->inherited
                                       ? serve_inherited(element, options->inherited, stop, error)
                                       : serve_socket(element, options->socket, stop, error);
        mitome_element_free(element);
        close(stop);
        return status;
}

static mitome_status create_or_serve(
        const struct mitome_element_config *config, const struct options *options, mitome_error *error)
{
        if (options->create)
                return create(config, options, error);
        if (options->provision)
                MITOME_TRY(provision(config, options, error));
        return options->socket || options->inherited || options->vpcd ? serve(config, options, error) : ok();
}

static mitome_status write_cap(const char *name, mitome_error *error)
{
        const struct native_file *native = native_named(name);
        uint8_t bytes[LOAD_FILE_CAP_MAX];
        writer w = WRITER(bytes);
        slice cap;
        if (!native)
                return fail(error, MITOME_E_VALUE, "--write-cap", NULL);
        native_write_cap(native, &w);
        MITOME_TRY(writer_finish(&w, "CAP file", &cap, error));
        return fwrite(cap.data, 1, cap.size, stdout) == cap.size
                       ? ok()
                       : fail(error, MITOME_E_FILE_WRITE, "standard output", NULL);
}

static mitome_status run_on_medium(
        struct mitome_element_config *config, const struct options *options, mitome_error *error)
{
        struct cut_medium *medium;
        MITOME_TRY(cut_medium_open(options->medium, &medium, error));
        config->storage = cut_medium_storage(medium);
        config->anchor = cut_medium_anchor(medium);
        mitome_status status = create_or_serve(config, options, error);
        cut_medium_close(medium);
        return status;
}

static mitome_status run_anchored(
        struct mitome_element_config *config, const struct options *options, mitome_error *error)
{
        struct anchor_file *anchor;
        if (options->medium)
                return run_on_medium(config, options, error);
        if (!options->anchor)
                return create_or_serve(config, options, error);
        MITOME_TRY(anchor_file_open(options->anchor, &anchor, error));
        config->anchor = anchor_file(anchor);
        mitome_status status = create_or_serve(config, options, error);
        anchor_file_close(anchor);
        return status;
}

static mitome_status run(const struct options *options, mitome_error *error)
{
        struct storage_file *file;
        MITOME_TRY(storage_file_open(options->state, &file, error));
        struct mitome_element_config config = { .storage = storage_file(file), .random = random_system() };
        mitome_status status = storage_file_key(file, config.storage_key, error);
        if (!failed(status))
                status = run_anchored(&config, options, error);
        bytes_wipe(&config, sizeof config);
        storage_file_close(file);
        return status;
}

int element_main(int argc, char **argv)
{
        struct options options = { 0 };
        mitome_error error = { 0 };
        if (!read_options(argc, argv, &options)) {
                fputs(usage, stderr);
                return 2;
        }
        if (options.help) {
                fputs(usage, stdout);
                return 0;
        }
        /* Nothing that somebody wrote into openssl.cnf, or names in OPENSSL_CONF, is loaded into an element;
         * nor are the texts of errors that it never prints. */
        if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
                return 2;
        prctl(PR_SET_DUMPABLE, 0); /* no core dump and no debugger of the same user sees the keys */
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        signal(SIGPIPE, SIG_IGN);
        mitome_status status = options.cap    ? write_cap(options.cap, &error)
                               : options.vpcd ? vpcd_parse(options.vpcd, &options.address, &error)
                                              : ok();
        if (!failed(status) && !options.cap)
                status = run(&options, &error);
        return failed(status) ? complain("mitome element", &error) : 0;
}
