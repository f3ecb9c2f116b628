/* SPDX-License-Identifier: Apache-2.0 */
#include "card_server.h"
#include "cli.h"
#include "complain.h"
#include "hex_text.h"
#include "random_system.h"
#include "storage_file.h"
#include "unix_socket.h"

#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
        "usage: mitome element --state DIR --unix PATH\n"
        "       mitome element --state DIR --create --scp03-keys FILE\n\n"
        "Runs the secure element in software, as a process of its own. It takes APDUs on the socket PATH, in the\n"
        "frames of vpcd (a length of two bytes, then the APDU), from programs of the same user.\n\n"
        "  --state DIR        where the sealed state is kept (mode 0700)\n"
        "  --unix PATH        the socket to listen on\n"
        "  --create           make a new element in DIR and end\n"
        "  --scp03-keys FILE  its first key set: three lines of 32 hexadecimal digits, ENC, MAC and DEK (mode 0600)\n";

/* Three lines of 32 digits, each with its end. */
enum { KEY_FILE_SIZE = 3 * (2 * MITOME_SCP03_KEY_SIZE + 1) };

struct options {
        const char *state, *socket, *keys;
        bool create, help;
};

static bool read_options(int argc, char **argv, struct options *options)
{
        static const struct option known[] = {
                { "state", required_argument, NULL, 's' },
                { "unix", required_argument, NULL, 'u' },
                { "create", no_argument, NULL, 'c' },
                { "scp03-keys", required_argument, NULL, 'k' },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
                if (option == 's')
                        options->state = optarg;
                else if (option == 'u')
                        options->socket = optarg;
                else if (option == 'k')
                        options->keys = optarg;
                else if (option == 'c')
                        options->create = true;
                else if (option == 'h')
                        options->help = true;
                else
                        return false;
        }
        bool complete = options->state &&
                        (options->create ? options->keys && !options->socket : options->socket != NULL);
        return options->help || (optind == argc && complete);
}

/* Takes the next line, which must hold one key. */
static mitome_status read_key(reader *r, uint8_t key[MITOME_SCP03_KEY_SIZE], mitome_error *error)
{
        enum { DIGITS = 2 * MITOME_SCP03_KEY_SIZE };
        slice digits, bytes;
        uint8_t end;
        MITOME_TRY(read_bytes(r, "the key file", DIGITS, &digits));
        MITOME_TRY(hex_text_decode(digits, "the key file", key, MITOME_SCP03_KEY_SIZE, &bytes, error));
        if (bytes.size != MITOME_SCP03_KEY_SIZE) /* white space among the digits */
                return fail(error, MITOME_E_VALUE, "the key file", NULL);
        if (r->rest.size == 0) /* the last line may lack its end */
                return ok();
        MITOME_TRY(read_u8(r, "the key file", &end));
        return end == '\n' ? ok() : fail(error, MITOME_E_VALUE, "the key file", NULL);
}

static mitome_status parse_keys(slice text, struct mitome_card_keys *keys, mitome_error *error)
{
        reader r = reader_over(text, NULL, error);
        MITOME_TRY(read_key(&r, keys->enc, error));
        MITOME_TRY(read_key(&r, keys->mac, error));
        MITOME_TRY(read_key(&r, keys->dek, error));
        return read_end(&r, "the key file");
}

/* Reads without stdio, whose buffers nobody wipes. */
static mitome_status read_keys(const char *path, struct mitome_card_keys *keys, mitome_error *error)
{
        uint8_t text[KEY_FILE_SIZE + 1];
        struct stat status;
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0)
                return fail(error, MITOME_E_FILE_READ, "the key file", NULL);
        mitome_status result = ok();
        ssize_t size = 0;
        if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
                result = fail(error, MITOME_E_FILE_READ, "the key file", NULL);
        else if (status.st_mode & (S_IRWXG | S_IRWXO))
                result = fail(error, MITOME_E_FILE_MODE, "the key file", NULL);
        else if ((size = read(fd, text, sizeof text)) < 0)
                result = fail(error, MITOME_E_FILE_READ, "the key file", NULL);
        close(fd);
        if (!failed(result))
                result = parse_keys(slice_of(text, (size_t)size), keys, error);
        bytes_wipe(text, sizeof text);
        return result;
}

static mitome_status create(const struct mitome_element_config *config, const char *path, mitome_error *error)
{
        struct mitome_card_keys keys;
        mitome_status status = read_keys(path, &keys, error);
        if (!failed(status))
                status = mitome_element_create(config, &keys, error);
        bytes_wipe(&keys, sizeof keys);
        return status;
}

/* Serves one client after the other, until a signal ends the process: every answer was durable before it was
 * sent, so that nothing needs to be put away. */
static mitome_status serve(const struct mitome_element_config *config, const char *path, mitome_error *error)
{
        struct mitome_element *element;
        int listener, client;
        MITOME_TRY(mitome_element_open(config, &element, error));
        mitome_status status = unix_socket_listen(path, &listener, error);
        while (!failed(status)) {
                status = unix_socket_accept(listener, &client, error);
                if (failed(status))
                        break;
                status = card_server_serve(element, client, error);
                close(client);
        }
        mitome_element_free(element);
        return status;
}

static mitome_status run(const struct options *options, mitome_error *error)
{
        struct storage_file *file;
        MITOME_TRY(storage_file_open(options->state, &file, error));
        struct mitome_element_config config = { .storage = storage_file(file), .random = random_system() };
        mitome_status status = storage_file_key(file, config.storage_key, error);
        if (!failed(status))
                status = options->create ? create(&config, options->keys, error)
                                         : serve(&config, options->socket, error);
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
        prctl(PR_SET_DUMPABLE, 0); /* no core dump and no debugger of the same user sees the keys */
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        signal(SIGPIPE, SIG_IGN);
        mitome_status status = run(&options, &error);
        return failed(status) ? complain("mitome element", &error) : 0;
}
