/* SPDX-License-Identifier: Apache-2.0 */
#include "portal_program.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { EXIT_DONE, EXIT_FAILED, EXIT_WRONG_USAGE };

static int complain(const mitome_error *error)
{
        char line[512];
        (void)mitome_explain(error, line, sizeof line);
        fprintf(stderr, "portal: %s\n", line);
        return EXIT_FAILED;
}

static int serve(const struct portal_options *options, const sigset_t *signals)
{
        struct portal_program *program = NULL;
        mitome_error error = { 0 };
        int signal_number = 0;
        if (failed(portal_program_open(options, &program, &error)))
                return complain(&error);
        printf("portal listens on %s%s\n", options->origin_text,
                options->unlimited ? " (unlimited: for measurements)" : "");
        fflush(stdout);
        (void)sigwait(signals, &signal_number);
        portal_program_close(program);
        return EXIT_DONE;
}

int main(int argc, char **argv)
{
        static struct portal_options options;
        const char *fault = NULL;
        sigset_t signals;
        if (!portal_options_read(argc, argv, &options, &fault)) {
                if (fault)
                        fprintf(stderr, "portal: %s\n", fault);
                fprintf(stderr, "portal: see --help\n");
                return EXIT_WRONG_USAGE;
        }
        if (options.help) {
                portal_options_help();
                return EXIT_DONE;
        }
        /* Before any thread is made: they all leave these to the main one. */
        sigemptyset(&signals);
        sigaddset(&signals, SIGINT);
        sigaddset(&signals, SIGTERM);
        pthread_sigmask(SIG_BLOCK, &signals, NULL);
        signal(SIGPIPE, SIG_IGN);
        return serve(&options, &signals);
}
