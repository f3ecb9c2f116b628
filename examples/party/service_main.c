/* SPDX-License-Identifier: Apache-2.0 */
#include "service_main.h"

#include "journal_line.h"
#include "post_http.h"
#include "random_system.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_DONE, EXIT_FAILED, EXIT_WRONG_USAGE };
enum {
        OPTION_FOLDER = 256,
        OPTION_DIRECTORY,
        OPTION_LISTEN,
        OPTION_JOURNAL,
        OPTION_IDENTITY,
        OPTION_HELP,
        OPTION_OWN
};
enum { COMMON = 6, HOST_MAX = 64 };

static const struct option common[COMMON] = {
        { "folder", required_argument, NULL, OPTION_FOLDER },
        { "directory", required_argument, NULL, OPTION_DIRECTORY },
        { "listen", required_argument, NULL, OPTION_LISTEN },
        { "journal", required_argument, NULL, OPTION_JOURNAL },
        { "identity", no_argument, NULL, OPTION_IDENTITY },
        { "help", no_argument, NULL, OPTION_HELP },
};

struct words {
        const char *folder, *directory, *listen, *journal;
        bool identity, help;
        const char *own[SERVICE_OPTIONS_MAX];
        char host[HOST_MAX];
        uint16_t port;
};

/* ---- the command line ---- */

static void print_help(const struct service_program *program)
{
        printf("usage: %s --folder FOLDER --directory FILE [--listen HOST:PORT]\n"
               "       %s --folder FOLDER --identity\n"
               "       %s --folder FOLDER --journal FILE\n\n%s\n\n"
               "  --folder FOLDER     what it remembers, and its key; made when there is none\n"
               "  --directory FILE    who the other parties are: {\"parties\": [{\"name\", \"key_hex\", \"url\"}]}\n"
               "  --listen HOST:PORT  numeric; 127.0.0.1:0 when it is not given, which is any free port\n"
               "  --identity          prints its own entry for a directory\n"
               "  --journal FILE      writes its journal to FILE, also while it runs\n",
                program->program, program->program, program->program, program->about);
        for (size_t i = 0; i < program->option_count; i++) {
                char line[64];
                snprintf(line, sizeof line, "--%s %s", program->options[i].name,
                        program->options[i].placeholder);
                printf("  %-19s %s\n", line, program->options[i].help);
        }
        printf("\nIt speaks plain HTTP: letters between parties are signed, what goes to an element is sealed. Where others\n"
               "may listen, put TLS in front. Its keys lie in files of mode 0600, not in an HSM.\n");
}

static bool read_listen(struct words *words)
{
        const char *text = words->listen ? words->listen : "127.0.0.1:0", *colon = strrchr(text, ':');
        char *end = NULL;
        if (!colon || colon == text || !colon[1])
                return false;
        bool in_brackets = text[0] == '[' && colon[-1] == ']';
        const char *from = in_brackets ? text + 1 : text;
        int length = (int)(colon - from) - in_brackets;
        if (length <= 0 || length >= HOST_MAX)
                return false;
        snprintf(words->host, sizeof words->host, "%.*s", length, from);
        errno = 0;
        unsigned long port = strtoul(colon + 1, &end, 10);
        words->port = (uint16_t)port;
        return *end == '\0' && errno == 0 && port <= UINT16_MAX;
}

static void take_option(struct words *words, int option)
{
        const struct {
                int option;
                const char **place;
        } texts[] = { { OPTION_FOLDER, &words->folder }, { OPTION_DIRECTORY, &words->directory },
                { OPTION_LISTEN, &words->listen }, { OPTION_JOURNAL, &words->journal } };
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
                if (texts[i].option == option)
                        *texts[i].place = optarg;
        if (option >= OPTION_OWN)
                words->own[option - OPTION_OWN] = optarg;
        words->identity = words->identity || option == OPTION_IDENTITY;
        words->help = words->help || option == OPTION_HELP;
}

/* What is wrong with them, in words; NULL: nothing. */
static const char *fault_of(struct words *words, int arguments)
{
        if (words->help)
                return NULL;
        if (arguments)
                return "it takes options only";
        if (!read_listen(words))
                return "--listen wants HOST:PORT, both as numbers";
        if (!words->folder)
                return "--folder is missing";
        return words->directory || words->identity || words->journal ? NULL : "--directory is missing";
}

static bool read_words(const struct service_program *program, int argc, char **argv, struct words *ret)
{
        struct option all[COMMON + SERVICE_OPTIONS_MAX + 1] = { 0 };
        struct words words = { 0 };
        if (program->option_count > SERVICE_OPTIONS_MAX)
                return false;
        for (size_t i = 0; i < COMMON; i++)
                all[i] = common[i];
        for (size_t i = 0; i < program->option_count; i++)
                all[COMMON + i] = (struct option){ program->options[i].name, required_argument, NULL,
                        OPTION_OWN + (int)i };
        for (int option; (option = getopt_long(argc, argv, "", all, NULL)) != -1;) {
                if (option == '?')
                        return false;
                take_option(&words, option);
        }
        const char *fault = fault_of(&words, argc - optind);
        if (fault)
                fprintf(stderr, "%s: %s\n", program->program, fault);
        else
                *ret = words;
        return fault == NULL;
}

/* ---- running ---- */

static int64_t read_clock(void *context)
{
        (void)context;
        return (int64_t)time(NULL);
}

static int complain(const struct service_program *program, const mitome_error *error)
{
        char line[512];
        (void)mitome_explain(error, line, sizeof line);
        fprintf(stderr, "%s: %s\n", program->program, line);
        return EXIT_FAILED;
}

static mitome_status print_identity(const struct party *party)
{
        uint8_t key[LETTER_KEY_SIZE];
        char hex[2 * LETTER_KEY_SIZE + 1];
        party_key(party, key);
        printf("{\"name\": \"%s\", \"key_hex\": \"%s\"}\n", party_name(party),
                sodium_bin2hex(hex, sizeof hex, key, sizeof key));
        return ok();
}

/* Until it is told to end; whoever may open its folder is given the journal meanwhile. */
static mitome_status await_signal(const sigset_t *signals, struct party *party, struct service_lock *lock,
        struct journal_line *line, mitome_error *error)
{
        struct pollfd fds[] = { { .fd = signalfd(-1, signals, SFD_CLOEXEC), .events = POLLIN },
                { .fd = line ? journal_line_descriptor(line) : -1, .events = POLLIN } };
        if (fds[0].fd < 0)
                return fail(error, MITOME_E_PROCESS, "signals", NULL);
        while (!(fds[0].revents & POLLIN)) {
                if (poll(fds, 2, -1) > 0 && fds[1].revents)
                        (void)failed(journal_line_give(line, party, lock, NULL)); /* who asked sees it */
        }
        close(fds[0].fd);
        return ok();
}

/* Without the line the party serves all the same: its journal is then given out when it has ended. */
static mitome_status serve_until_told(const struct words *words, struct party *party,
        struct service_lock *lock, const sigset_t *signals, mitome_error *error)
{
        struct journal_line *line = NULL;
        mitome_status opened = journal_line_open(words->folder, &line, NULL);
        mitome_status status = await_signal(signals, party, lock, failed(opened) ? NULL : line, error);
        if (!failed(opened))
                journal_line_close(line);
        return status;
}

static mitome_status serve(const struct service_program *program, const struct words *words,
        struct party *party, struct service_lock *lock, const sigset_t *signals, mitome_error *error)
{
        struct service_parts parts = { .party = party };
        struct service *service = NULL;
        void *context = NULL;
        MITOME_TRY(program->open(party, words->folder, words->own, &parts, &context, error));
        parts.party = party;
        mitome_status status = service_open(&parts, lock, words->host, words->port, &service, error);
        if (!failed(status)) {
                bool v6 = strchr(words->host, ':') != NULL;
                printf("%s listens on http://%s%s%s:%u\n", program->program, v6 ? "[" : "", words->host,
                        v6 ? "]" : "", (unsigned)service_port(service));
                fflush(stdout);
                status = serve_until_told(words, party, lock, signals, error);
                service_close(service);
        }
        if (program->close)
                program->close(context);
        return status;
}

/* What is asked of an open party: its entry, its journal, or to serve. */
static mitome_status run(const struct service_program *program, const struct words *words,
        struct party *party, struct service_lock *lock, const sigset_t *signals, mitome_error *error)
{
        if (words->identity)
                return print_identity(party);
        if (words->journal)
                return journal_export(party_store(party), words->journal, error);
        return serve(program, words, party, lock, signals, error);
}

static mitome_status open_and_run(const struct service_program *program, const struct words *words,
        const sigset_t *signals, struct post_http *http, mitome_error *error)
{
        struct directory directory = { 0 };
        struct service_lock lock;
        struct party *party = NULL;
        if (words->directory)
                MITOME_TRY(directory_read(words->directory, &directory, error));
        MITOME_TRY(service_lock_init(&lock, post_http(http), error));
        const struct party_config config = { .name = program->party,
                .folder = words->folder,
                .schema = program->schema,
                .schema_version = program->schema_version,
                .directory = &directory,
                .post = service_lock_post(&lock),
                .clock = { NULL, read_clock },
                .random = random_system() };
        mitome_error cause = { 0 };
        mitome_status status = party_open(&config, &party, &cause);
        const bool elsewhere = words->journal && status.code == MITOME_E_FILE_LOCKED;
        if (elsewhere)
                status = journal_line_fetch(words->folder, words->journal, error);
        else if (failed(status))
                status = fail(error, status.code, cause.field, cause.clause);
        else
                status = run(program, words, party, &lock, signals, error);
        party_close(party);
        service_lock_end(&lock);
        return status;
}

int service_main(const struct service_program *program, int argc, char **argv)
{
        struct words words;
        struct post_http *http = NULL;
        sigset_t signals;
        mitome_error error = { 0 };
        if (!read_words(program, argc, argv, &words)) {
                fprintf(stderr, "%s: see --help\n", program->program);
                return EXIT_WRONG_USAGE;
        }
        if (words.help) {
                print_help(program);
                return EXIT_DONE;
        }
        /* Before any thread is made: they all leave these to the main one. */
        sigemptyset(&signals);
        sigaddset(&signals, SIGINT);
        sigaddset(&signals, SIGTERM);
        pthread_sigmask(SIG_BLOCK, &signals, NULL);
        signal(SIGPIPE, SIG_IGN);
        mitome_status status = post_http_open(0, &http, &error);
        if (!failed(status))
                status = open_and_run(program, &words, &signals, http, &error);
        post_http_close(http);
        return failed(status) ? complain(program, &error) : EXIT_DONE;
}
