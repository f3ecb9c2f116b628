/* SPDX-License-Identifier: Apache-2.0 */

/* The terminal as a program: a card or a phone in a reader of this machine. */

#include "kiosk.h"
#include "pcsc.h"
#include "random_system.h"
#include "secret_prompt.h"
#include "trust_files.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char usage[] =
        "usage: kiosk --jpki-trust FILE.. (--crl FILE | --ocsp FILE).. [--reader NAME] [--pin-fd N]\n\n"
        "Plays a convenience store's terminal: reads the certificate for user verification of the phone (or card) in a\n"
        "reader, has it sign a challenge, checks path and status, and says which paper it would print.\n\n"
        "  --jpki-trust FILE  a CA certificate of user verification (PEM or DER); again for more\n"
        "  --crl FILE         a revocation list; --ocsp FILE: a response (DER)\n"
        "  --reader NAME      the reader; else the first one with a card\n"
        "  --pin-fd N         reads the PIN, one line, from this file descriptor; else it is asked for\n\n"
        "Exit status: 0 served, 1 refused, 2 could not run.\n";

struct options {
        struct mitome_trust *trust;
        const char *reader;
        int pin_fd;
        bool has_anchor, help;
};

static int complain(int status, const mitome_error *error)
{
        char text[512];
        (void)mitome_explain(error, text, sizeof text);
        fprintf(stderr, "kiosk: %s\n", text);
        return status;
}

static mitome_status add_response(struct mitome_trust *trust, const char *path, mitome_error *error)
{
        uint8_t *bytes;
        slice content;
        MITOME_TRY(trust_read_file(path, &bytes, &content, error));
        mitome_status status =
                mitome_trust_add_ocsp(trust, (mitome_slice){ content.data, content.size }, error);
        free(bytes);
        return status;
}

static mitome_status take(struct options *options, int option, mitome_error *error)
{
        char *end;
        switch (option) {
        case 't':
                options->has_anchor = true;
                return trust_add_file(
                        options->trust, optarg, "CERTIFICATE", mitome_trust_add_jpki_anchor, error);
        case 'c':
                return trust_add_file(options->trust, optarg, "X509 CRL", mitome_trust_add_crl, error);
        case 'o':
                return add_response(options->trust, optarg, error);
        case 'r':
                options->reader = optarg;
                return ok();
        case 'p':
                options->pin_fd = (int)strtoul(optarg, &end, 10);
                return *optarg && !*end ? ok() : fail(error, MITOME_E_VALUE, "--pin-fd", NULL);
        case 'h':
                options->help = true;
                return ok();
        default: /* getopt has said what */
                return (mitome_status){ MITOME_E_VALUE };
        }
}

static mitome_status read_options(int argc, char **argv, struct options *options, mitome_error *error)
{
        static const struct option known[] = {
                { "jpki-trust", required_argument, NULL, 't' },
                { "crl", required_argument, NULL, 'c' },
                { "ocsp", required_argument, NULL, 'o' },
                { "reader", required_argument, NULL, 'r' },
                { "pin-fd", required_argument, NULL, 'p' },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;)
                MITOME_TRY(take(options, option, error));
        return options->help || (options->has_anchor && optind == argc)
                       ? ok()
                       : fail(error, MITOME_E_MISSING, "--jpki-trust", NULL);
}

static mitome_status ask_pin(const struct options *options, struct secret *ret, mitome_error *error)
{
        return options->pin_fd >= 0
                       ? secret_prompt_line(options->pin_fd, "the PIN", MITOME_E_SECRET_FORM, ret, error)
                       : secret_prompt_ask(
                                 "暗証番号 PIN (4 digits): ", "the PIN", MITOME_E_SECRET_FORM, ret, error);
}

static int print(const struct kiosk_holder *holder)
{
        printf("証明書 certificate ");
        for (size_t i = 0; i < holder->serial_size; i++)
                printf("%02x", holder->serial[i]);
        printf(", %s\n", holder->phone ? "スマホ in a phone" : "カード on a card");
        puts("住民票の写し: this terminal would now print a copy of the resident record of its holder.\n"
             "It is an example: it asks no municipality and prints no paper.");
        return 0;
}

static int serve(const struct options *options, struct pcsc_card *card, slice pin, mitome_error *error)
{
        const struct kiosk kiosk = {
                .trust = options->trust, .random = random_system(), .now = (int64_t)time(NULL)
        };
        const struct mitome_link link = pcsc_link(card);
        struct kiosk_holder holder;
        int tries;
        mitome_status status = kiosk_serve(&kiosk, &link, pin, &holder, &tries, error);
        if (tries >= 0)
                fprintf(stderr, "kiosk: %d tries are left\n", tries);
        return failed(status) ? complain(1, error) : print(&holder);
}

static int run(const struct options *options, mitome_error *error)
{
        SECRET(pin);
        struct pcsc_card *card;
        if (failed(ask_pin(options, &pin, error)) || failed(pcsc_open(options->reader, &card, error)))
                return complain(2, error);
        int result = serve(options, card, secret_view(&pin), error);
        pcsc_close(card);
        return result;
}

int main(int argc, char **argv)
{
        struct options options = { .pin_fd = -1 };
        mitome_error error = { 0 };
        if (failed(mitome_trust_new(&options.trust, &error)))
                return complain(2, &error);
        int result;
        if (failed(read_options(argc, argv, &options, &error))) {
                result = error.code == MITOME_OK ? 2 : complain(2, &error);
                fputs(usage, stderr);
        } else if (options.help) {
                fputs(usage, stdout);
                result = 0;
        } else {
                result = run(&options, &error);
        }
        mitome_trust_free(options.trust);
        return result;
}
