/* SPDX-License-Identifier: Apache-2.0 */
#include "card_server.h"
#include "cli.h"
#include "complain.h"
#include "random_system.h"
#include "storage_file.h"
#include "unix_socket.h"

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

/* One line of 32 hexadecimal digits. */
static bool read_key(FILE *file, uint8_t key[MITOME_SCP03_KEY_SIZE])
{
        for (int i = 0; i < MITOME_SCP03_KEY_SIZE; i++) {
                unsigned byte;
                if (fscanf(file, i ? "%2x" : " %2x", &byte) != 1)
                        return false;
                key[i] = (uint8_t)byte;
        }
        return true;
}

static mitome_status read_keys(const char *path, struct mitome_card_keys *keys, mitome_error *error)
{
        struct stat status;
        FILE *file = fopen(path, "re");
        if (!file)
                return fail(error, MITOME_E_FILE_READ, "the key file", NULL);
        mitome_status result = ok();
        if (fstat(fileno(file), &status) != 0 || status.st_mode & (S_IRWXG | S_IRWXO))
                result = fail(error, MITOME_E_FILE_MODE, "the key file", NULL);
        else if (!read_key(file, keys->enc) || !read_key(file, keys->mac) || !read_key(file, keys->dek))
                result = fail(error, MITOME_E_VALUE, "the key file", NULL);
        fclose(file);
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
