/* SPDX-License-Identifier: Apache-2.0 */

/* The page of the phone's app that answers a shop's counter, as a program of its own: before an element that
 * runs as a process (`mitome element --unix`). */

#include "card_link.h"
#include "counter_port.h"
#include "hex_text.h"
#include "kept_receipts.h"
#include "unix_socket.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CONNECT_MS = 5000 };

static const char usage[] =
        "usage: counter-phone --element PATH --socket PATH [--kept FOLDER] [--app HEX]\n"
        "                     [--touch ask|auto] [--once]\n\n"
        "Plays the phone that lies on a shop's counter: answers `mitome check-device --phone unix:PATH`.\n\n"
        "  --element PATH   the socket of `mitome element --unix`\n"
        "  --socket PATH    where the counter may ask\n"
        "  --kept FOLDER    keeps a copy of each receipt that a counter says the authority has; without it the\n"
        "                   phone forgets none\n"
        "  --app HEX        SHA-256 of the app's certificate, where the element's access rules name it\n"
        "  --touch ask      the holder presses Enter once a counter (else nothing is given); auto: always\n"
        "  --once           ends after one counter\n";

struct options {
        const char *element, *socket, *kept;
        struct mitome_app app; /* its identity is the platform's word */
        bool automatic, once, help;
};

static bool read_app(const char *text, struct mitome_app *app)
{
        slice hash;
        return !failed(hex_text_decode(
                       slice_text(text), "--app", app->sha256, sizeof app->sha256, &hash, NULL)) &&
               hash.size == sizeof app->sha256;
}

static bool read_options(int argc, char **argv, struct options *options)
{
        static const struct option known[] = {
                { "element", required_argument, NULL, 'e' },
                { "socket", required_argument, NULL, 's' },
                { "kept", required_argument, NULL, 'k' },
                { "app", required_argument, NULL, 'a' },
                { "touch", required_argument, NULL, 't' },
                { "once", no_argument, NULL, 'o' },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
                if (option == 'e')
                        options->element = optarg;
                else if (option == 's')
                        options->socket = optarg;
                else if (option == 'k')
                        options->kept = optarg;
                else if (option == 'a' && read_app(optarg, &options->app))
                        continue;
                else if (option == 't' && (strcmp(optarg, "auto") == 0 || strcmp(optarg, "ask") == 0))
                        options->automatic = strcmp(optarg, "auto") == 0;
                else if (option == 'o')
                        options->once = true;
                else if (option == 'h')
                        options->help = true;
                else
                        return false;
        }
        return options->help || (optind == argc && options->element && options->socket);
}

static int complain(const mitome_error *error)
{
        char text[512];
        (void)mitome_explain(error, text, sizeof text);
        fprintf(stderr, "counter-phone: %s\n", text);
        return 2;
}

static bool touch(void *context)
{
        const struct options *options = context;
        if (options->automatic)
                return true;
        fputs("窓口での確認: お店がこの端末の状態を確認します。Enterで許可 A shop asks what is in this phone. Enter "
              "allows it; n and Enter does not: ",
                stderr);
        /* The whole line: what is left of it would answer the next question. */
        const int first = getchar();
        for (int c = first; c != '\n' && c != EOF;)
                c = getchar();
        return first == '\n';
}

static mitome_status keep(void *context, uint32_t number, slice receipt, mitome_error *error)
{
        const struct options *options = context;
        return kept_receipts_put(options->kept, number, receipt, error);
}

static mitome_status serve(
        struct options *options, struct mitome_enforcer *enforcer, int listener, mitome_error *error)
{
        do {
                int line;
                struct counter_port port = { .enforcer = enforcer,
                        .context = options,
                        .touch = touch,
                        .keep = options->kept ? keep : NULL };
                MITOME_TRY(unix_socket_accept(listener, &line, error));
                /* A counter that hangs up, or says what is no question, ends its line and nothing else. */
                mitome_status ended = counter_port_serve(&port, line, NULL);
                if (failed(ended) && ended.code != MITOME_E_LINK)
                        fputs("counter-phone: what the counter said is no question\n", stderr);
                close(line);
        } while (!options->once);
        return ok();
}

static mitome_status run(struct options *options, mitome_error *error)
{
        struct card_link *card;
        struct mitome_enforcer *enforcer = NULL;
        int listener = -1;
        MITOME_TRY(card_link_open(options->element, CONNECT_MS, &card, error));
        const struct mitome_link link = card_link(card);
        mitome_status status = mitome_enforcer_new(&link, &options->app, &enforcer, error);
        if (!failed(status))
                status = unix_socket_listen(options->socket, &listener, error);
        if (!failed(status))
                status = serve(options, enforcer, listener, error);
        if (listener >= 0) {
                close(listener);
                (void)unlink(options->socket);
        }
        mitome_enforcer_free(enforcer);
        card_link_close(card);
        return status;
}

int main(int argc, char **argv)
{
        /* Nobody's, whom only rules for every app let through. */
        struct options options = { .app = { .sha256 = { 0x43 }, .sha1 = { 0x43 } } };
        mitome_error error = { 0 };
        if (!read_options(argc, argv, &options)) {
                fputs(usage, stderr);
                return 2;
        }
        if (options.help) {
                fputs(usage, stdout);
                return 0;
        }
        signal(SIGPIPE, SIG_IGN);
        return failed(run(&options, &error)) ? complain(&error) : 0;
}
