/* SPDX-License-Identifier: Apache-2.0 */

/* A phone on the screen: a page over a real authenticator, with the parties of its life beside it. */

#include "phone_extension.h"
#include "phone_life.h"
#include "phone_page.h"
#include "random_system.h"

#include <curl/curl.h>
#include <getopt.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOOPBACK "127.0.0.1"

enum { EXIT_NOT_RUN = 2, PATH_SIZE = 4096, SETS = 2 };

static const char usage[] =
        "usage: phone --folder DIR [--trust-out DIR] [--rp-id ID]... [--listen 127.0.0.1:PORT] [--portal URL]\n"
        "             [--portal-ca FILE] [--hid PORT | --uhid] [--pages DIR] [--program FILE] [--matcher FILE]\n\n"
        "Plays a phone on the screen, for a person who does not exist: an element and a matcher (processes of their\n"
        "own), a My Number Card, both certificates, two fingers; and the parties that issue, hold, revoke and erase.\n"
        "The page's address is printed when the phone is ready. PIN " PHONE_LIFE_PIN
        ", signing password " PHONE_LIFE_PASSWORD ", card's password " PHONE_LIFE_CARD_PASSWORD ".\n\n"
        "  --folder DIR      where the phone is; made when there is none\n"
        "  --trust-out DIR   what a portal has to believe is written there, and its lists are kept fresh\n"
        "  --rp-id ID        a relying party that may learn whose certificate it is (localhost); up to 8 times\n"
        "  --listen ADDRESS  of the page: this machine alone (127.0.0.1:8090)\n"
        "  --portal URL      whose codes may be typed without a link (http://localhost:8080)\n"
        "  --portal-ca FILE  PEM of the CA that vouches for a portal with a certificate of its own\n"
        "  --uhid            other programs of this machine find the phone as a security key (needs /dev/uhid)\n"
        "  --hid PORT        the same for tests: as mitome authenticator --hid takes it\n"
        "  --pages DIR       pages and static files, instead of those of the source tree\n"
        "  --program FILE    mitome; --matcher FILE: mitome-matcher; else those that were built beside this one\n\n"
        "None of this is for real people: software is no secure element, the fingers are grown from noise.\n";

struct options {
        const char *folder, *trust_out, *listen, *portal, *portal_ca, *hid, *pages, *program, *matcher;
        const char *rp_ids[PHONE_LIFE_RP_IDS];
        size_t rp_id_count;
        bool help;
};

/* All that lives as long as the program. */
struct program {
        struct options options;
        uint16_t port;
        char mitome[PATH_SIZE], matcher[PATH_SIZE];
        struct phone_actor *actor;
        struct phone_extension *extension;
        struct web_page_set *pages;
        struct phone_page *page;
        struct web *web;
};

static bool take(struct options *options, int option)
{
        const struct {
                int option;
                const char **to;
        } texts[] = {
                { 'f', &options->folder },
                { 't', &options->trust_out },
                { 'l', &options->listen },
                { 'o', &options->portal },
                { 'c', &options->portal_ca },
                { 'd', &options->hid },
                { 'g', &options->pages },
                { 'm', &options->program },
                { 'a', &options->matcher },
        };
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
                if (texts[i].option == option) {
                        *texts[i].to = optarg;
                        return true;
                }
        if (option != 'r')
                return false;
        if (options->rp_id_count == PHONE_LIFE_RP_IDS) {
                fputs("phone: --rp-id is taken up to 8 times\n", stderr);
                return false;
        }
        options->rp_ids[options->rp_id_count++] = optarg;
        return true;
}

static bool read_options(int argc, char **argv, struct options *options)
{
        static const struct option known[] = {
                { "folder", required_argument, NULL, 'f' },
                { "trust-out", required_argument, NULL, 't' },
                { "rp-id", required_argument, NULL, 'r' },
                { "listen", required_argument, NULL, 'l' },
                { "portal", required_argument, NULL, 'o' },
                { "portal-ca", required_argument, NULL, 'c' },
                { "uhid", no_argument, NULL, 'u' },
                { "hid", required_argument, NULL, 'd' },
                { "pages", required_argument, NULL, 'g' },
                { "program", required_argument, NULL, 'm' },
                { "matcher", required_argument, NULL, 'a' },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        *options = (struct options){ .listen = "127.0.0.1:8090", .portal = "http://localhost:8080" };
        for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
                if (option == 'h')
                        options->help = true;
                else if (option == 'u')
                        options->hid = "uhid";
                else if (!take(options, option))
                        return false;
        }
        if (options->rp_id_count == 0)
                options->rp_ids[options->rp_id_count++] = "localhost";
        if (options->help)
                return true;
        if (optind != argc)
                fputs("phone: it takes options only\n", stderr);
        else if (!options->folder)
                fputs("phone: --folder is missing\n", stderr);
        return optind == argc && options->folder;
}

/* ---- the programs beside it ---- */

/* FOLDER/examples/phone is beside FOLDER/mitome. */
static mitome_status find_programs(struct program *program, mitome_error *error)
{
        char self[PATH_SIZE];
        ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
        if (size <= 0)
                return fail(error, MITOME_E_PROCESS, "mitome", NULL);
        self[size] = '\0';
        for (int i = 0; i < 2; i++) {
                char *slash = strrchr(self, '/');
                if (slash)
                        *slash = '\0';
        }
        int first = snprintf(program->mitome, PATH_SIZE, "%s/mitome", self);
        int second = snprintf(program->matcher, PATH_SIZE, "%s/src/edge/matcher/mitome-matcher", self);
        return first < PATH_SIZE && second < PATH_SIZE ? ok()
                                                       : fail(error, MITOME_E_TOO_LONG, "mitome", NULL);
}

static int64_t read_clock(void *context)
{
        (void)context;
        return (int64_t)time(NULL);
}

static void tell(void *context, const char *what)
{
        (void)context;
        fprintf(stderr, "phone: making %s\n", what);
}

static mitome_status open_actor(struct program *program, mitome_error *error)
{
        const struct options *options = &program->options;
        struct phone_life_config config = {
                .folder = options->folder,
                .trust_out = options->trust_out,
                .program = options->program ? options->program : program->mitome,
                .matcher = options->matcher ? options->matcher : program->matcher,
                .rp_id_count = options->rp_id_count,
                .clock = { .now = read_clock },
                .random = random_system(),
                .tell = tell,
        };
        for (size_t i = 0; i < options->rp_id_count; i++)
                config.rp_ids[i] = options->rp_ids[i];
        return phone_actor_open(&config, options->hid, &program->actor, error);
}

/* ---- the page ---- */

static mitome_status open_page(struct program *program, mitome_error *error)
{
        const struct options *options = &program->options;
        char path[PATH_SIZE];
        struct web_place place;
        const struct phone_extension_config extension = {
                .actor = program->actor, .folder = options->folder, .random = random_system()
        };
        snprintf(path, sizeof path, "%s/pages", options->pages ? options->pages : PHONE_PAGES_FOLDER);
        mitome_status status = web_pages_open(path, &program->pages, &place, error);
        if (failed(status)) {
                fprintf(stderr, "phone: %s:%u: %s\n", place.file, place.line, place.name);
                return status;
        }
        MITOME_TRY(phone_extension_open(&extension, &program->extension, error));
        const struct phone_page_config config = {
                .actor = program->actor,
                .pages = program->pages,
                .random = random_system(),
                .login = { .portal = options->portal, .ca_file = options->portal_ca },
                .pairing_secret = phone_extension_secret(program->extension),
        };
        return phone_page_open(&config, &program->page, error);
}

/* No other machine's business: whoever reaches the page holds the phone. */
static mitome_status read_port(const char *text, uint16_t *ret, mitome_error *error)
{
        enum { DIGITS_MAX = 5 };
        const size_t before = strlen(LOOPBACK ":");
        const bool right = strncmp(text, LOOPBACK ":", before) == 0;
        const size_t digits = right ? strspn(text + before, "0123456789") : 0;
        const unsigned long port = digits && digits <= DIGITS_MAX && !text[before + digits]
                                           ? strtoul(text + before, NULL, 10)
                                           : UINT16_MAX + 1UL;
        if (port > UINT16_MAX)
                return fail(error, MITOME_E_VALUE, "--listen", NULL);
        *ret = (uint16_t)port;
        return ok();
}

static mitome_status serve(
        struct program *program, const struct web_route_set sets[SETS], mitome_error *error)
{
        const struct options *options = &program->options;
        char folder[PATH_SIZE];
        snprintf(folder, sizeof folder, "%s/static", options->pages ? options->pages : PHONE_PAGES_FOLDER);
        const struct web_config config = {
                .host = LOOPBACK,
                .port = program->port,
                .sets = sets,
                .set_count = SETS,
                .static_folder = folder,
                .pages = program->pages,
        };
        MITOME_TRY(web_open(&config, &program->web, error));
        printf("phone is at http://" LOOPBACK ":%u/#%s\n", (unsigned)web_port(program->web),
                phone_page_secret(program->page));
        fflush(stdout);
        return ok();
}

/* ---- its life ---- */

static void wait_for_end(void)
{
        sigset_t signals;
        int which;
        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        sigaddset(&signals, SIGHUP);
        (void)sigwait(&signals, &which);
}

/* Before any thread begins: they inherit it. */
static void keep_signals(void)
{
        sigset_t signals;
        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        sigaddset(&signals, SIGHUP);
        sigprocmask(SIG_BLOCK, &signals, NULL);
        signal(SIGPIPE, SIG_IGN);
}

static mitome_status run(struct program *program, mitome_error *error)
{
        MITOME_TRY(read_port(program->options.listen, &program->port, error));
        MITOME_TRY(find_programs(program, error));
        MITOME_TRY(open_actor(program, error));
        MITOME_TRY(open_page(program, error));
        const struct web_route_set sets[SETS] = { phone_page_routes(program->page),
                phone_extension_routes(program->extension) };
        mitome_status status = serve(program, sets, error);
        if (!failed(status))
                wait_for_end();
        web_close(program->web);
        return status;
}

static void leave(struct program *program)
{
        phone_actor_close(program->actor);
        phone_page_close(program->page);
        phone_extension_close(program->extension);
        web_pages_free(program->pages);
}

int main(int argc, char **argv)
{
        static struct program program;
        mitome_error error = { 0 };
        char text[400];
        if (!read_options(argc, argv, &program.options)) {
                fputs("phone: see --help\n", stderr);
                return EXIT_NOT_RUN;
        }
        if (program.options.help) {
                fputs(usage, stdout);
                return 0;
        }
        if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
                return EXIT_NOT_RUN;
        keep_signals();
        mitome_status status = run(&program, &error);
        leave(&program);
        curl_global_cleanup();
        if (!failed(status))
                return 0;
        mitome_explain(&error, text, sizeof text);
        fprintf(stderr, "phone: %s\n", text);
        return EXIT_NOT_RUN;
}
