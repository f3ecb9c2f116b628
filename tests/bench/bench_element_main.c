/* SPDX-License-Identifier: Apache-2.0 */
/* What the secure element costs: figures, never a verdict on a build. */
#include "bench_element.h"
#include "bench_lines.h"
#include "bench_process.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
        "usage: bench_element [--seconds N] [--folder DIR] [--program MITOME]\n\n"
        "  --seconds N       how long to measure, all together (10)\n"
        "  --folder DIR      where to keep an element's state, to measure durable writes: a new one\n"
        "  --program MITOME  the program that runs an element as a process, to measure its memory; with --folder\n";

struct options {
        double seconds;
        const char *folder, *program;
};

static int measure(struct element_bench *bench, double seconds)
{
        enum { RAW, FEW_COMMIT = 9, FEW_LOGIN = 11 };
        const struct bench_line lines[] = {
                [RAW] = { "RSA-2048 private operation, OpenSSL alone", element_run_raw, bench, -1, 0 },
                { "signature by APDU, PIN verified before", element_run_apdu, &bench->sign, RAW, 1.15 },
                { "VERIFY of the PIN, in memory", element_run_apdu, &bench->verify, -1, 0 },
                { "SELECT of an applet", element_run_apdu, &bench->select, -1, 5000 },
                { "SELECT of an EF (JPKI)", element_run_apdu, &bench->select_file, -1, 5000 },
                { "GET STATE (FIDO)", element_run_apdu, &bench->get_state, -1, 5000 },
                { "GET DATA 66 (card manager)", element_run_apdu, &bench->get_data, -1, 5000 },
                { "SCP03 at level 33, the card's part: unwrap and wrap", element_run_unwrap, &bench->wrapped,
                        -1, 0 },
                { "GET STATE through SCP03 at level 33, both ends", element_run_secured, &bench->channel, -1,
                        0 },
                [FEW_COMMIT] = { "INITIALIZE UPDATE (one commit), 10 credentials", element_run_commit,
                        &bench->few, -1, 0 },
                { "INITIALIZE UPDATE (one commit), 1,000 credentials", element_run_commit, &bench->many,
                        FEW_COMMIT, 1.5 },
                [FEW_LOGIN] = { "login by finger, 10 credentials", element_run_login, &bench->few, -1, 0 },
                { "login by finger, 1,000 credentials", element_run_login, &bench->many, FEW_LOGIN, 1.5 },
        };
        int status = bench_lines(lines, sizeof lines / sizeof *lines, seconds);
        if (status == 0 && bench->many.count < ELEMENT_MANY)
                printf("(only %u credentials fit: the lines of 1,000 are of %u)\n", bench->many.count,
                        bench->many.count);
        return status;
}

static void print_durable(const char *folder)
{
        enum { COMMITS = 200 };
        double middle, fastest;
        element_bench_durable(folder, COMMITS, &middle, &fastest);
        printf("%-58s %10.2f us   (median %.2f us, by the wall's clock)\n",
                "INITIALIZE UPDATE (one durable write), on a file", fastest / 1000, middle / 1000);
}

static bool read_options(int argc, char **argv, struct options *options)
{
        static const struct option known[] = {
                { "seconds", required_argument, NULL, 's' },
                { "folder", required_argument, NULL, 'f' },
                { "program", required_argument, NULL, 'p' },
                { 0 },
        };
        for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
                if (option == 's')
                        options->seconds = atof(optarg);
                else if (option == 'f')
                        options->folder = optarg;
                else if (option == 'p')
                        options->program = optarg;
                else
                        return false;
        }
        return optind == argc && options->seconds > 0 && (options->folder || !options->program);
}

int main(int argc, char **argv)
{
        static struct element_bench bench;
        struct options options = { .seconds = 10 };
        if (!read_options(argc, argv, &options)) {
                fputs(usage, stderr);
                return 2;
        }
        setvbuf(stdout, NULL, _IOLBF, 0);
        bench_print_load();
        if (options.program && !process_report(options.program, options.folder))
                return 1;
        if (options.folder)
                print_durable(options.folder);
        element_bench_open(&bench);
        int status = measure(&bench, options.seconds);
        element_bench_close(&bench);
        bench_print_load();
        return status;
}
