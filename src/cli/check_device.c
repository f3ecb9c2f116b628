/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"
#include "complain.h"
#include "counter_authority.h"
#include "counter_line.h"
#include "harmless_text.h"
#include "hex_text.h"
#include "random_system.h"
#include "trust_files.h"
#include "unix_socket.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char program[] = "mitome check-device";

static const char usage[] =
        "usage: mitome check-device --identity TEXT --maker-ca FILE.. --phone unix:PATH [OPTION..]\n"
        "       mitome check-device --identity TEXT --nonce-out FILE\n"
        "       mitome check-device --identity TEXT --maker-ca FILE.. --nonce FILE --evidence FILE.. [OPTION..]\n"
        "       mitome check-device --authority FOLDER (--entry | --journal FILE)\n\n"
        "Says whether a phone that somebody hands in still has a My Number certificate, or its key: never provisioned,\n"
        "a certificate is there, revoked but not erased, erased with a verified receipt, or cannot be told and why.\n"
        "The phone answers by its device key, after a touch; no PIN is asked for, and nothing is read contactless.\n\n"
        "  --identity TEXT       what is printed on the phone\n"
        "  --maker-ca FILE..     the makers' CA certificates for devices (PEM or DER)\n"
        "  --crl FILE..          their revocation lists\n"
        "  --phone unix:PATH     where the phone's app answers\n"
        "  --nonce-out FILE      without a line to the phone, first step: write a question down\n"
        "  --nonce FILE          second step: the question, which is good for an hour and for one answer\n"
        "  --evidence FILE..     and what the phone answered: a statement, receipts\n"
        "  --authority FOLDER    ask the authority, too, as the shop whose folder this is\n"
        "  --directory FILE      where the authority is found\n"
        "  --entry               prints the shop's own entry for such a file; its key is made when there is none\n"
        "  --journal FILE        writes the shop's journal to FILE\n"
        "  --language en|ja|both (both)\n"
        "  --json                one line of JSON\n\n"
        "Exit status: 0 nothing is left to do, 1 something is, or it cannot be told, 2 could not run.\n";

enum { EVIDENCE_FILES_MAX = 32, NONCE_GOOD_S = 3600, SCREEN_MAX = 16384, CONNECT_MS = 2000 };

struct options {
        const char *identity, *phone, *nonce_out, *nonce, *authority, *directory, *journal;
        const char *evidence[EVIDENCE_FILES_MAX];
        size_t evidence_count;
        struct mitome_trust *makers;
        bool has_maker, json, entry, help;
        enum counter_language language;
        const char *fault; /* of the options together */
        int list;          /* the option that files without one belong to */
};

/* ---- options ---- */

static bool take_file(struct options *options, int option, const char *path, mitome_error *error)
{
        if (option == 'm' || option == 'c') {
                bool maker = option == 'm';
                options->has_maker |= maker;
                return !failed(trust_add_file(options->makers, path, maker ? "CERTIFICATE" : "X509 CRL",
                        maker ? mitome_trust_add_anchor : mitome_trust_add_crl, error));
        }
        if (options->evidence_count == EVIDENCE_FILES_MAX)
                return !failed(fail(error, MITOME_E_TOO_MANY, "--evidence", NULL));
        options->evidence[options->evidence_count++] = path;
        return true;
}

static bool take_language(struct options *options, const char *text, mitome_error *error)
{
        static const struct {
                const char *name;
                enum counter_language language;
        } names[] = { { "en", COUNTER_ENGLISH }, { "ja", COUNTER_JAPANESE }, { "both", COUNTER_BOTH } };
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
                if (strcmp(names[i].name, text) == 0) {
                        options->language = names[i].language;
                        return true;
                }
        return !failed(fail(error, MITOME_E_VALUE, "--language", NULL));
}

static const char **text_of(struct options *options, int option)
{
        const struct {
                int option;
                const char **text;
        } texts[] = { { 'i', &options->identity }, { 'p', &options->phone }, { 'o', &options->nonce_out },
                { 'n', &options->nonce }, { 'a', &options->authority }, { 'd', &options->directory },
                { 'J', &options->journal } };
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
                if (texts[i].option == option)
                        return texts[i].text;
        return NULL;
}

static bool take(struct options *options, int option, const char *argument, mitome_error *error)
{
        const char **text = text_of(options, option);
        if (text)
                *text = argument;
        else if (option == 'm' || option == 'c' || option == 'e')
                return take_file(options, options->list = option, argument, error);
        else if (option == 1)
                return options->list && take_file(options, options->list, argument, error);
        else if (option == 'l')
                return take_language(options, argument, error);
        else if (option == 'j')
                options->json = true;
        else if (option == 'E')
                options->entry = true;
        else if (option == 'h')
                options->help = true;
        else
                return false;
        if (option != 1)
                options->list = 0;
        return true;
}

/* What is asked of the shop itself, and of no phone. */
static bool is_about_shop(const struct options *options)
{
        return options->entry || options->journal;
}

/* Exactly one way, with what it needs; else says which of them is missing, or is one too many. */
static const char *fault_of_way(const struct options *options)
{
        const int ways = (options->phone != NULL) + (options->nonce_out != NULL) + (options->nonce != NULL);
        const struct {
                bool wrong;
                const char *fault;
        } faults[] = {
                { !options->identity, "--identity is missing" },
                { ways != 1, "one of --phone, --nonce-out and --nonce is wanted" },
                { !options->nonce_out && !options->has_maker, "--maker-ca is missing" },
                { options->nonce && !options->evidence_count, "--evidence is missing" },
                { options->evidence_count && !options->nonce, "--evidence goes with --nonce" },
                { options->authority && !options->directory, "--directory is missing" },
                { options->directory && !options->authority, "--authority is missing" },
        };
        for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
                if (faults[i].wrong)
                        return faults[i].fault;
        return NULL;
}

static const char *fault_of_shop(const struct options *options)
{
        if (!options->authority)
                return "--authority is missing";
        return options->identity || options->phone || options->nonce_out || options->nonce ||
                               options->entry == (options->journal != NULL)
                       ? "--entry and --journal stand alone"
                       : NULL;
}

static const char *fault_of(const struct options *options)
{
        if (options->help)
                return NULL;
        return is_about_shop(options) ? fault_of_shop(options) : fault_of_way(options);
}

static bool is_identity(const char *text)
{
        const slice identity = slice_text(text);
        for (size_t i = 0; i < identity.size; i++)
                if (identity.data[i] < 0x20 || identity.data[i] == 0x7F)
                        return false;
        return identity.size && identity.size <= EVIDENCE_IDENTITY_MAX && slice_is_utf8(identity);
}

static bool read_options(int argc, char **argv, struct options *options, mitome_error *error)
{
        static const struct option known[] = {
                { "identity", required_argument, NULL, 'i' },
                { "maker-ca", required_argument, NULL, 'm' },
                { "crl", required_argument, NULL, 'c' },
                { "phone", required_argument, NULL, 'p' },
                { "nonce-out", required_argument, NULL, 'o' },
                { "nonce", required_argument, NULL, 'n' },
                { "evidence", required_argument, NULL, 'e' },
                { "authority", required_argument, NULL, 'a' },
                { "directory", required_argument, NULL, 'd' },
                { "language", required_argument, NULL, 'l' },
                { "entry", no_argument, NULL, 'E' },
                { "journal", required_argument, NULL, 'J' },
                { "json", no_argument, NULL, 'j' },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        for (int option; (option = getopt_long(argc, argv, "-", known, NULL)) != -1;)
                if (!take(options, option, optarg, error))
                        return false;
        if (optind != argc || (options->fault = fault_of(options)) != NULL)
                return false;
        if (!options->help && !is_about_shop(options) && !is_identity(options->identity))
                return !failed(fail(error, MITOME_E_VALUE, "--identity", NULL));
        return true;
}

/* ---- the question in a file: its hex digits, and when it was asked ---- */

static mitome_status write_question(
        const char *path, const uint8_t nonce[COUNTER_NONCE_SIZE], int64_t now, mitome_error *error)
{
        FILE *file = fopen(path, "wx");
        if (!file)
                return fail(error, MITOME_E_FILE_WRITE, path, NULL);
        for (size_t i = 0; i < COUNTER_NONCE_SIZE; i++)
                fprintf(file, "%02x", nonce[i]);
        fprintf(file, "\n%" PRId64 "\n", now);
        bool good = !ferror(file);
        good &= fclose(file) == 0;
        return good ? ok() : fail(error, MITOME_E_FILE_WRITE, path, NULL);
}

/* Up to the line's end. */
static slice take_line(reader *r)
{
        const slice from = r->rest;
        size_t size = 0;
        uint8_t byte = 0;
        while (!failed(read_u8(r, "question", &byte)) && byte != '\n')
                size++;
        return slice_of(from.data, size);
}

static bool read_number(slice text, int64_t *ret)
{
        enum { DIGITS_MAX = 12 };
        int64_t number = 0;
        for (size_t i = 0; i < text.size; i++) {
                if (text.data[i] < '0' || text.data[i] > '9')
                        return false;
                number = number * 10 + (text.data[i] - '0');
        }
        *ret = number;
        return text.size && text.size <= DIGITS_MAX;
}

static mitome_status read_question(
        const char *path, int64_t now, uint8_t nonce[COUNTER_NONCE_SIZE], mitome_error *error)
{
        uint8_t *bytes;
        slice content, decoded;
        int64_t asked;
        MITOME_TRY(trust_read_file(path, &bytes, &content, error));
        reader r = reader_over(content, NULL, NULL);
        const slice hex = take_line(&r), when = take_line(&r);
        bool good = !failed(hex_text_decode(hex, "question", nonce, COUNTER_NONCE_SIZE, &decoded, NULL)) &&
                    decoded.size == COUNTER_NONCE_SIZE && read_number(when, &asked) && r.rest.size == 0 &&
                    asked <= now && now - asked <= NONCE_GOOD_S;
        free(bytes);
        return good ? ok() : fail(error, MITOME_E_COUNTER_QUESTION, path, NULL);
}

/* ---- the ways ---- */

static mitome_status ask_phone(struct counter_case *at, const char *target, mitome_error *error)
{
        static const char scheme[] = "unix:";
        struct counter_line line;
        if (strncmp(target, scheme, strlen(scheme)) != 0)
                return fail(error, MITOME_E_VALUE, "--phone", NULL);
        MITOME_TRY(unix_socket_connect(target + strlen(scheme), CONNECT_MS, &line.fd, error));
        const struct counter_phone phone = counter_line_phone(&line);
        counter_gather(at, &phone);
        close(line.fd);
        return ok();
}

static mitome_status read_evidence(
        struct counter_case *at, const struct options *options, mitome_error *error)
{
        for (size_t i = 0; i < options->evidence_count; i++) {
                uint8_t *bytes;
                slice content;
                MITOME_TRY(trust_read_file(options->evidence[i], &bytes, &content, error));
                counter_show(at, content);
                free(bytes);
        }
        return ok();
}

/* One question is for one answer: it goes as soon as a statement has answered it. */
static mitome_status read_answers(struct counter_case *at, const struct options *options, mitome_error *error)
{
        MITOME_TRY(read_question(options->nonce, at->counter->now, at->nonce, error));
        MITOME_TRY(read_evidence(at, options, error));
        if (at->has_statement && unlink(options->nonce) != 0)
                return fail(error, MITOME_E_FILE_WRITE, options->nonce, NULL);
        return ok();
}

/* ---- the check ---- */

static int print(const struct counter_report *report, const struct options *options)
{
        static uint8_t text[SCREEN_MAX];
        uint8_t shown[HARMLESS_SIZE_MAX];
        writer w = WRITER(text), identity = WRITER(shown);
        harmless_write(&identity, slice_text(options->identity), HARMLESS_BEGINNING);
        if (options->json)
                counter_write_json(report, slice_text(options->identity), &w);
        else
                counter_write_screen(report, writer_view(&identity), options->language, &w);
        fwrite(text, 1, w.used, stdout);
        return counter_is_clear(report->verdict) ? 0 : 1;
}

static mitome_status gather(struct counter_case *at, const struct options *options, mitome_error *error)
{
        return options->phone ? ask_phone(at, options->phone, error) : read_answers(at, options, error);
}

static mitome_status check(const struct options *options, struct counter_case *at, struct counter *counter,
        struct counter_report *ret, mitome_error *error)
{
        const struct mitome_random random = random_system();
        struct counter_network *network = NULL;
        struct counter_authority authority;
        if (options->authority) {
                MITOME_TRY(counter_network_open(
                        options->authority, options->directory, &random, &network, error));
                authority = counter_network_authority(network);
                counter->authority = &authority;
        }
        mitome_status status = counter_begin(at, counter, &random, error);
        if (!failed(status))
                status = gather(at, options, error);
        if (!failed(status))
                counter_judge(at, ret);
        if (!failed(status) && network)
                status = counter_network_note(network, at, ret, error);
        counter->authority = NULL;
        counter_network_close(network);
        return status;
}

static void print_entry(struct counter_network *shop)
{
        uint8_t key[COUNTER_SHOP_KEY_SIZE] = { 0 };
        counter_network_key(shop, key);
        printf("{\"name\": \"shop\", \"key_hex\": \"");
        for (size_t i = 0; i < sizeof key; i++)
                printf("%02x", key[i]);
        printf("\"}\n");
}

static int tell_of_shop(const struct options *options, mitome_error *error)
{
        const struct mitome_random random = random_system();
        struct counter_network *shop = NULL;
        mitome_status status = counter_network_open(options->authority, NULL, &random, &shop, error);
        if (!failed(status) && options->journal)
                status = counter_network_journal(shop, options->journal, error);
        if (!failed(status) && options->entry)
                print_entry(shop);
        counter_network_close(shop);
        return failed(status) ? complain(program, error) : 0;
}

static int ask_later(const struct options *options, int64_t now, mitome_error *error)
{
        uint8_t nonce[COUNTER_NONCE_SIZE];
        const struct mitome_random random = random_system();
        mitome_status status = random.fill(random.context, nonce, sizeof nonce) == 0
                                       ? write_question(options->nonce_out, nonce, now, error)
                                       : fail(error, MITOME_E_NO_RANDOMNESS, "the question", NULL);
        return failed(status) ? complain(program, error) : 0;
}

static int run(const struct options *options, mitome_error *error)
{
        struct counter counter = { .identity = slice_text(options->identity ? options->identity : ""),
                .makers = options->makers,
                .now = (int64_t)time(NULL) };
        struct counter_report report;
        if (is_about_shop(options))
                return tell_of_shop(options, error);
        if (options->nonce_out)
                return ask_later(options, counter.now, error);
        struct counter_case *at = malloc(sizeof *at);
        mitome_status status = at ? check(options, at, &counter, &report, error)
                                  : fail(error, MITOME_E_NO_MEMORY, "the check", NULL);
        free(at);
        return failed(status) ? complain(program, error) : print(&report, options);
}

int check_device_main(int argc, char **argv)
{
        struct options options = { .language = COUNTER_BOTH };
        mitome_error error = { 0 };
        int result;
        if (failed(mitome_trust_new(&options.makers, &error)))
                return complain(program, &error);
        if (!read_options(argc, argv, &options, &error)) {
                result = 2;
                if (options.fault)
                        fprintf(stderr, "%s: %s\n", program, options.fault);
                if (error.code != MITOME_OK)
                        result = complain(program, &error);
                else
                        fputs(usage, stderr);
        } else if (options.help) {
                fputs(usage, stdout);
                result = 0;
        } else {
                result = run(&options, &error);
        }
        mitome_trust_free(options.makers);
        return result;
}
