/* SPDX-License-Identifier: Apache-2.0 */
/* `mitome metadata`: what this project declares of its own models, as FIDO metadata statements. */
#include "cli.h"
#include "complain.h"
#include "get_info_json.h"
#include "hid_host.h"
#include "maker_statement.h"
#include "random_system.h"
#include "trust_files.h"

#include <getopt.h>
#include <limits.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STATEMENT_MAX = 16384, INFO_MAX = 2048, EXIT_COULD_NOT = 2 };

static const char usage[] =
        "usage: mitome metadata [--class NAME] [--root FILE] [--from TARGET]\n"
        "       mitome metadata --list\n\n"
        "Prints the FIDO metadata statement of one of this project's models, JSON. There is one for each assurance\n"
        "class; only the first, which is software, is built.\n\n"
        "  --list         the classes: name, AAGUID, protection of keys and of comparison\n"
        "  --class NAME   which one; \"software\" if nothing is said\n"
        "  --root FILE    the CA of its batches, a certificate (DER or PEM), for attestationRootCertificates\n"
        "  --from TARGET  asks a device of the model, at hid:PATH, pty:PATH, unix:PATH or udp:PORT, for authenticatorGetInfo;\n"
        "                 without it the statement lacks that member, which a published one must have\n\n"
        "Exit status: 0 printed, 2 could not.\n";

struct options {
        const struct maker_class *class;
        const char *root, *from;
        bool list, help;
};

static const struct maker_class *find_class(const char *name)
{
        for (size_t i = 0; i < MAKER_CLASSES; i++)
                if (strcmp(name, maker_classes[i].name) == 0)
                        return &maker_classes[i];
        return NULL;
}

static bool read_options(int argc, char **argv, struct options *options)
{
        static const struct option known[] = {
                { "class", required_argument, NULL, 'c' },
                { "root", required_argument, NULL, 'r' },
                { "from", required_argument, NULL, 'f' },
                { "list", no_argument, NULL, 'l' },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
                if (option == 'c')
                        options->class = find_class(optarg);
                else if (option == 'r')
                        options->root = optarg;
                else if (option == 'f')
                        options->from = optarg;
                else if (option == 'l')
                        options->list = true;
                else if (option == 'h')
                        options->help = true;
                else
                        return false;
                if (!options->class) {
                        fprintf(stderr, "mitome metadata: no class is called \"%s\" (--list)\n", optarg);
                        return false;
                }
        }
        return optind == argc;
}

static int print_list(void)
{
        for (size_t i = 0; i < MAKER_CLASSES; i++) {
                char text[GET_INFO_AAGUID_TEXT];
                const struct maker_class *class = &maker_classes[i];
                get_info_aaguid_text(class->aaguid, text);
                printf("%-17s %s  keys: %-14s comparison: %-8s %s\n", class->name, text,
                        class->key_protection, class->matcher_protection,
                        class->built ? "built" : "not built");
        }
        return EXIT_SUCCESS;
}

/* The CBOR behind the status of authenticatorGetInfo's answer. */
static mitome_status ask(const char *target, uint8_t answer[INFO_MAX], slice *ret, mitome_error *error)
{
        static const uint8_t get_info[] = { 0x04 };
        const struct mitome_random random = random_system();
        struct hid_host *host;
        size_t size = 0;
        MITOME_TRY(hid_host_open(target, &random, &host, error));
        mitome_status status = hid_host_exchange(host, SLICE(get_info), answer, INFO_MAX, &size, error);
        hid_host_close(host);
        MITOME_TRY(status);
        if (size < 1 || answer[0] != 0)
                return fail(error, MITOME_E_NOT_AUTHENTICATOR, "the answer to authenticatorGetInfo", NULL);
        *ret = slice_of(answer + 1, size - 1);
        return ok();
}

/* DER as it is, or the first certificate of a PEM file, into `der`. */
static mitome_status read_root(
        const char *path, uint8_t der[AUTHORITY_DER_MAX], slice *ret, mitome_error *error)
{
        uint8_t *file = NULL;
        unsigned char *decoded = NULL;
        long size = 0;
        slice content;
        writer w = writer_over(der, AUTHORITY_DER_MAX);
        MITOME_TRY(trust_read_file(path, &file, &content, error));
        BIO *bio = content.size <= INT_MAX ? BIO_new_mem_buf(content.data, (int)content.size) : NULL;
        bool is_pem = bio && PEM_bytes_read_bio(&decoded, &size, NULL, PEM_STRING_X509, bio, NULL, NULL) == 1;
        write_slice(&w, is_pem ? slice_of(decoded, (size_t)size) : content);
        OPENSSL_free(decoded);
        BIO_free(bio);
        free(file);
        MITOME_TRY(writer_finish(&w, "the root", ret, error));
        const unsigned char *next = ret->data;
        X509 *certificate = d2i_X509(NULL, &next, (long)ret->size);
        bool whole = certificate && next == ret->data + ret->size;
        X509_free(certificate);
        return whole ? ok() : fail(error, MITOME_E_VALUE, "the root", NULL);
}

static mitome_status print_statement(
        const struct options *options, const char **ret_wrong, mitome_error *error)
{
        uint8_t answer[INFO_MAX], json[STATEMENT_MAX], der[AUTHORITY_DER_MAX];
        slice root = { 0 }, info = { 0 };
        writer w = WRITER(json);
        *ret_wrong = options->from;
        if (options->from)
                MITOME_TRY(ask(options->from, answer, &info, error));
        *ret_wrong = NULL;
        if (options->root)
                MITOME_TRY(read_root(options->root, der, &root, error));
        MITOME_TRY(maker_write_statement(options->class, root, info, &w, error));
        printf("%.*s\n", (int)w.used, (const char *)json);
        return ok();
}

int metadata_main(int argc, char **argv)
{
        struct options options = { .class = &maker_classes[0] };
        mitome_error error = { 0 };
        if (!read_options(argc, argv, &options)) {
                fputs(usage, stderr);
                return EXIT_COULD_NOT;
        }
        if (options.help)
                return fputs(usage, stdout) < 0 ? EXIT_COULD_NOT : EXIT_SUCCESS;
        if (options.list)
                return print_list();
        const char *wrong;
        if (failed(print_statement(&options, &wrong, &error))) {
                char called[PATH_MAX];
                snprintf(called, sizeof called, "mitome metadata%s%s", wrong ? ": " : "", wrong ? wrong : "");
                return complain(called, &error);
        }
        return EXIT_SUCCESS;
}
