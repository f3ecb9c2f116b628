/* SPDX-License-Identifier: Apache-2.0 */
#include "card_inspect.h"
#include "card_sign.h"
#include "cli.h"
#include "complain.h"
#include "pcsc.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

static const char usage[] =
        "usage: mitome card [--reader NAME] [--json]\n"
        "       mitome card --list\n"
        "       mitome card sign-application [--reader NAME] (--in FILE | --nonce TEXT [--kind KIND]\n"
        "                                    [--device ID --purpose P]) [--out FILE] [--password-fd N]\n\n"
        "Says what the card in a reader is and holds: its applets, its certificates, the tries that its PIN and\n"
        "password have left. No try is spent.\n\n"
        "sign-application has a My Number Card sign the application for a phone certificate, with its signing key.\n"
        "The signing password is asked for on the terminal. The answer is a CMS SignedData (DER), which\n"
        "`openssl cms -verify -inform DER -purpose any -CAfile CA` verifies.\n\n"
        "  --reader NAME     the card in this reader; else the first card that is found\n"
        "  --json            one JSON object in place of the text\n"
        "  --list            the readers, and which of them hold a card\n"
        "  --in FILE         the application, of at most 64 KiB, as the authority wants it\n"
        "  --nonce TEXT      or one in JSON, with what the authority gave against a second use\n"
        "  --kind KIND       the certificates applied for: user-verification, signing or both (both)\n"
        "  --device ID       the phone that it is for: the identity printed on it\n"
        "  --purpose P       what for: issue, renew, reset-pin, reset-password or revoke\n"
        "  --out FILE        where the signed application goes; else to standard output\n"
        "  --password-fd N   reads the password, one line, from this file descriptor\n";

struct options {
        const char *reader;
        struct card_sign order;
        bool sign, json, list, help, wrong;
};

enum { FD_MAX = 1023 };

static int descriptor(const char *text)
{
        char *end;
        unsigned long number = strtoul(text, &end, 10);
        return *text >= '0' && *text <= '9' && *end == '\0' && number <= FD_MAX ? (int)number : -1;
}

static void take_option(struct options *options, int option)
{
        struct card_sign *order = &options->order;
        struct card_application *application = &order->application;
        switch (option) {
        case 'r':
                options->reader = optarg;
                break;
        case 'j':
                options->json = true;
                break;
        case 'l':
                options->list = true;
                break;
        case 'i':
                order->in = optarg;
                break;
        case 'n':
                application->nonce = optarg;
                break;
        case 'k':
                application->kind = optarg;
                break;
        case 'd':
                application->device = optarg;
                break;
        case 'u':
                application->purpose = optarg;
                break;
        case 'o':
                order->out = optarg;
                break;
        case 'p':
                order->password_fd = descriptor(optarg);
                options->wrong |= order->password_fd < 0;
                break;
        case 'h':
                options->help = true;
                break;
        default:
                options->wrong = true;
        }
}

/* What may be said together. */
static bool is_complete(const struct options *options)
{
        const struct card_sign *order = &options->order;
        const struct card_application *a = &order->application;
        bool composed = a->kind || a->device || a->purpose;
        bool signing = order->in || a->nonce || composed || order->out || order->password_fd >= 0;
        if (options->sign)
                return !options->json && !options->list && !order->in != !a->nonce &&
                       (a->nonce || !composed) && !a->device == !a->purpose;
        return !signing && (!options->list || (!options->reader && !options->json));
}

static bool read_options(int argc, char **argv, struct options *options)
{
        static const struct option known[] = {
                { "reader", required_argument, NULL, 'r' },
                { "json", no_argument, NULL, 'j' },
                { "list", no_argument, NULL, 'l' },
                { "in", required_argument, NULL, 'i' },
                { "nonce", required_argument, NULL, 'n' },
                { "kind", required_argument, NULL, 'k' },
                { "device", required_argument, NULL, 'd' },
                { "purpose", required_argument, NULL, 'u' },
                { "out", required_argument, NULL, 'o' },
                { "password-fd", required_argument, NULL, 'p' },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;)
                take_option(options, option);
        if (optind < argc && strcmp(argv[optind], "sign-application") == 0) {
                options->sign = true;
                optind++;
        }
        bool fits = !options->wrong && optind == argc && is_complete(options);
        if (!options->order.application.kind)
                options->order.application.kind = "both";
        return fits || (options->help && !options->wrong);
}

static mitome_status list(mitome_error *error)
{
        struct pcsc_readers readers;
        MITOME_TRY(pcsc_list(&readers, error));
        for (size_t i = 0; i < readers.count; i++)
                printf("%-8s %s\n", readers.list[i].has_card ? "card" : "empty", readers.list[i].name);
        if (readers.count == 0)
                fputs("mitome card: there is no reader\n", stderr);
        return ok();
}

static mitome_status use_card(const struct options *options, mitome_error *error)
{
        struct pcsc_card *card;
        MITOME_TRY(pcsc_open(options->reader, &card, error));
        const struct mitome_link link = pcsc_link(card);
        const struct card_inspect request = {
                .reader = pcsc_reader_name(card),
                .atr = pcsc_atr(card),
                .now = options->order.application.now,
                .json = options->json,
        };
        mitome_status status = options->sign ? card_sign(&link, &options->order, error)
                                             : card_inspect(&link, &request, stdout, error);
        pcsc_close(card);
        return status;
}

/* The card could be asked, and said no. */
static bool is_refusal(mitome_code code)
{
        static const mitome_code codes[] = { MITOME_E_NO_JPKI, MITOME_E_NOT_MY_NUMBER_CARD,
                MITOME_E_SECRET_WRONG, MITOME_E_SECRET_LOCKED, MITOME_E_SECRET_FORM, MITOME_E_APDU_STATUS };
        for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
                if (codes[i] == code)
                        return true;
        return false;
}

int card_main(int argc, char **argv)
{
        struct options options = { .order = { .password_fd = -1, .application.now = (int64_t)time(NULL) } };
        mitome_error error = { 0 };
        if (!read_options(argc, argv, &options)) {
                fputs(usage, stderr);
                return 2;
        }
        if (options.help) {
                fputs(usage, stdout);
                return 0;
        }
        prctl(PR_SET_DUMPABLE, 0); /* no core dump shows the password */
        mitome_status status = options.list ? list(&error) : use_card(&options, &error);
        if (!failed(status))
                return 0;
        complain("mitome card", &error);
        return is_refusal(status.code) ? 1 : 2;
}
