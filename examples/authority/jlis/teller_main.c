/* SPDX-License-Identifier: Apache-2.0 */
#include "teller_main.h"

#include "post_http.h"

#include <getopt.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { EXIT_DONE, EXIT_FAILED, EXIT_WRONG_USAGE, EXIT_WAITS };

/* ---- arguments ---- */

/* YYYY-MM-DD; whether there is such a day is the authority's to say. */
mitome_status teller_read_date(const char *text, int ret[3], mitome_error *error)
{
        static const char form[] = "0000-00-00";
        int numbers[3] = { 0 };
        size_t at = 0, i = 0;
        for (; text[i] && form[i]; i++) {
                bool digit = text[i] >= '0' && text[i] <= '9';
                if (form[i] == '0' ? !digit : text[i] != form[i])
                        break;
                if (digit)
                        numbers[at] = numbers[at] * 10 + (text[i] - '0');
                at += !digit;
        }
        if (text[i] || form[i])
                return fail(error, MITOME_E_VALUE, "the date (YYYY-MM-DD)", NULL);
        for (i = 0; i < 3; i++)
                ret[i] = numbers[i];
        return ok();
}

static mitome_status read_kind(const char *text, int *ret, mitome_error *error)
{
        static const char *const kinds[] = { "signing", "user-verification" };
        for (int i = 0; i < 2; i++)
                if (strcmp(text, kinds[i]) == 0) {
                        *ret = i + 1;
                        return ok();
                }
        return fail(error, MITOME_E_VALUE, "the kind (signing, user-verification)", NULL);
}

mitome_status teller_read_hex(const char *text, const char *field, uint8_t *ret, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        const char *end;
        return *text && sodium_hex2bin(ret, capacity, text, strlen(text), NULL, ret_size, &end) == 0 && !*end
                       ? ok()
                       : fail(error, MITOME_E_VALUE, field, NULL);
}

void teller_print_hex(const uint8_t *bytes, size_t size)
{
        for (size_t i = 0; i < size; i++)
                printf("%02x", bytes[i]);
}

/* ---- the command line ---- */

struct words {
        const char *folder, *directory, *journal;
        bool identity, help;
        const struct teller_command *command;
        char **arguments;
};

static void print_help(const struct teller_program *program)
{
        printf("usage: %s --folder FOLDER --directory FILE COMMAND ARGUMENT..\n"
               "       %s --folder FOLDER --identity | --journal FILE\n\n%s\n\n",
                program->program, program->program, program->about);
        for (size_t i = 0; i < program->command_count; i++)
                printf("  %s %s\n        %s\n", program->commands[i].name, program->commands[i].arguments,
                        program->commands[i].help);
        printf("\nExit status: 0 done, 1 refused or not possible, 2 wrong words, 3 the authority does not answer.\n"
               "Letters go over plain HTTP, signed; put TLS in front where others may read. The key lies in a file.\n");
}

static bool find_command(const struct teller_program *program, int count, char **rest, struct words *words)
{
        for (size_t i = 0; i < program->command_count; i++) {
                const struct teller_command *command = &program->commands[i];
                if (strcmp(rest[0], command->name) != 0)
                        continue;
                words->command = command;
                words->arguments = rest + 1;
                if (count != 1 + command->count)
                        fprintf(stderr, "%s: %s wants %s\n", program->program, command->name,
                                command->arguments);
                return count == 1 + command->count;
        }
        fprintf(stderr, "%s: there is no such command\n", program->program);
        return false;
}

/* Whether the options are all there; says which is not. */
static bool has_its_options(const struct teller_program *program, const struct words *words, int arguments)
{
        const bool about_itself = words->identity || words->journal;
        const char *fault = NULL;
        if (!words->folder)
                fault = "--folder is missing";
        else if (about_itself && arguments)
                fault = "--identity and --journal take no command";
        else if (!about_itself && !words->directory)
                fault = "--directory is missing";
        else if (!about_itself && !arguments)
                fault = "a command is missing";
        if (fault)
                fprintf(stderr, "%s: %s\n", program->program, fault);
        return fault == NULL;
}

static bool read_words(const struct teller_program *program, int argc, char **argv, struct words *words)
{
        static const struct option options[] = {
                { "folder", required_argument, NULL, 'f' },
                { "directory", required_argument, NULL, 'd' },
                { "journal", required_argument, NULL, 'j' },
                { "identity", no_argument, NULL, 'i' },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        for (int option; (option = getopt_long(argc, argv, "+", options, NULL)) != -1;) {
                if (option == '?')
                        return false;
                words->folder = option == 'f' ? optarg : words->folder;
                words->directory = option == 'd' ? optarg : words->directory;
                words->journal = option == 'j' ? optarg : words->journal;
                words->identity = words->identity || option == 'i';
                words->help = words->help || option == 'h';
        }
        if (words->help)
                return true;
        return has_its_options(program, words, argc - optind) &&
               (optind == argc || find_command(program, argc - optind, argv + optind, words));
}

/* ---- running ---- */

static int64_t read_clock(void *context)
{
        (void)context;
        return (int64_t)time(NULL);
}

static int draw(void *context, uint8_t *bytes, size_t size)
{
        (void)context;
        randombytes_buf(bytes, size);
        return 0;
}

static mitome_status print_identity(const struct party *party)
{
        uint8_t key[LETTER_KEY_SIZE];
        party_key(party, key);
        printf("{\"name\": \"%s\", \"key_hex\": \"", party_name(party));
        teller_print_hex(key, sizeof key);
        printf("\"}\n");
        return ok();
}

/* hold, release, revoke: KIND SERIAL. */
static mitome_status run_change(struct party *party, const char *asked, const struct words *words,
        mitome_code *ret_refusal, mitome_error *error)
{
        const struct teller_command *command = words->command;
        uint8_t serial[TELLER_SERIAL_MAX];
        size_t size;
        int kind;
        MITOME_TRY(read_kind(words->arguments[0], &kind, error));
        MITOME_TRY(teller_read_hex(
                words->arguments[1], "the serial number", serial, sizeof serial, &size, error));
        MITOME_TRY(teller_change(party, command->name, asked, kind, slice_of(serial, size), command->reason,
                ret_refusal, error));
        printf("%s: done\n", command->name);
        return ok();
}

static mitome_status run(const struct teller_program *program, struct party *party, const struct words *words,
        mitome_code *ret_refusal, mitome_error *error)
{
        size_t left;
        if (words->identity)
                return print_identity(party);
        if (words->journal)
                return journal_export(party_store(party), words->journal, error);
        MITOME_TRY(teller_flush(party, &left, error));
        if (left)
                fprintf(stderr, "%s: earlier orders that are not answered yet: %zu\n", program->program,
                        left);
        return words->command->run ? words->command->run(party, words->arguments, ret_refusal, error)
                                   : run_change(party, program->asked, words, ret_refusal, error);
}

static mitome_status open_and_run(const struct teller_program *program, const struct words *words,
        struct post_http *http, mitome_code *ret_refusal, mitome_error *error)
{
        struct directory directory = { 0 };
        struct party *party = NULL;
        if (words->directory)
                MITOME_TRY(directory_read(words->directory, &directory, error));
        if (!words->identity && !words->journal && !directory_find(&directory, slice_text("authority")))
                return fail(error, MITOME_E_MISSING, "the authority's entry in the directory", NULL);
        const struct party_config config = {
                .name = program->party,
                .folder = words->folder,
                .schema = teller_schema,
                .schema_version = TELLER_SCHEMA_VERSION,
                .directory = &directory,
                .post = post_http(http),
                .clock = { NULL, read_clock },
                .random = { NULL, draw },
        };
        MITOME_TRY(party_open(&config, &party, error));
        mitome_status status = run(program, party, words, ret_refusal, error);
        party_close(party);
        return status;
}

static int complain(const struct teller_program *program, mitome_status status, mitome_code refusal,
        const mitome_error *error)
{
        char line[512];
        const mitome_error refused = { .code = refusal, .at = MITOME_NOWHERE, .field = "record" };
        if (status.code == MITOME_E_UNREACHABLE) {
                fprintf(stderr,
                        "%s: the authority does not answer; what it was asked to do is remembered, and said again by the\n"
                        "next command; a question is not\n",
                        program->program);
                return EXIT_WAITS;
        }
        (void)mitome_explain(
                status.code == MITOME_E_REFUSED && refusal ? &refused : error, line, sizeof line);
        fprintf(stderr, "%s: %s\n", program->program, line);
        return EXIT_FAILED;
}

int teller_main(const struct teller_program *program, int argc, char **argv)
{
        struct words words = { 0 };
        struct post_http *http = NULL;
        mitome_code refusal = MITOME_OK;
        mitome_error error = { 0 };
        if (sodium_init() < 0 || !read_words(program, argc, argv, &words)) {
                fprintf(stderr, "%s: see --help\n", program->program);
                return EXIT_WRONG_USAGE;
        }
        if (words.help) {
                print_help(program);
                return EXIT_DONE;
        }
        mitome_status status = post_http_open(0, &http, &error);
        if (!failed(status))
                status = open_and_run(program, &words, http, &refusal, &error);
        post_http_close(http);
        return failed(status) ? complain(program, status, refusal, &error) : EXIT_DONE;
}
