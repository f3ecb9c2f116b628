/* SPDX-License-Identifier: Apache-2.0 */
/* `mitome verify`: a case a line in, a verdict a line out. */
#include "cli.h"
#include "evaluation_statement.h"
#include "level_file.h"
#include "trust_files.h"
#include "trust_options.h"
#include "verify_stream.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_ALL_OK = 0, EXIT_SOME_NOT = 1, EXIT_NOT_RUN = 2 };

static const char usage[] =
        "Usage: mitome verify [--trust FILE..] [--mds BLOB [--mds-root FILE..]] [--level POLICY] [OPTION..] [FILE]\n"
        "Verifies WebAuthn registrations and logins: one JSON case a line from FILE or standard input, one JSON\n"
        "verdict a line on standard output. Exit status: 0 all accepted, 1 some refused, 2 could not run.\n"
        "\n" TRUST_OPTIONS_HELP
        "  --level POLICY       judge each ceremony by an authentication-level policy: a file (with a\n"
        "                       slash, or .json at its end), or the name of one that comes with the program\n"
        "                       (nist-800-63b-4, first-summary ..)\n"
        "  --fresh              you drew the challenge of each case for it, and use it once; without this a case is\n"
        "                       taken for recorded, and reaches no level that asks for a challenge\n"
        "  --evaluation FILE    what an evaluator says of the model (mitome statement), for --level: the device is\n"
        "                       judged, too, and where the statement does not count nothing is known of it\n"
        "  --evaluator FILE     the certificate of an evaluator, or of who certifies them; may be given several times.\n"
        "                       --crl and --ocsp speak of these, too\n"
        "  --require-evaluation refuse a case that no believed statement is about\n"
        "  --accept-simulation  take a statement about an element in software, too\n"
        "  --report             each verdict lists every step: passed, failed or not asked\n"
        "  --jobs N             verify with N threads; 0: as many as there are processors\n"
        "  --help               this text\n";

struct verify_run {
        struct trust_options options;
        struct level_policy levels;
        uint8_t *level_bytes;
        uint8_t *evaluation_bytes;
        slice evaluation;
        struct mitome_trust *evaluators; /* NULL: none was named */
        unsigned jobs;
        bool report, require_evaluation, accept_simulation, fresh, help;
};

static int not_run(const char *what, const char *why)
{
        fprintf(stderr, "mitome verify: %s: %s\n", what, why);
        return EXIT_NOT_RUN;
}

static int complain_about(const struct verify_run *run, const char *what, const mitome_error *error)
{
        trust_options_complain(&run->options, what, error);
        return EXIT_NOT_RUN;
}

/* ---- options ---- */

static int take_level(struct verify_run *run, const char *name)
{
        mitome_error error = { 0 };
        struct level_file_spot spot;
        char place[PATH_MAX];
        errno = 0;
        free(run->level_bytes);
        run->level_bytes = NULL;
        if (!failed(level_file_read(name, &run->levels, &run->level_bytes, NULL, &spot, &error)))
                return EXIT_ALL_OK;
        if (!spot.line)
                return complain_about(run, name, &error);
        snprintf(place, sizeof place, "%s:%u:%u", name, spot.line, spot.column);
        return complain_about(run, place, &error);
}

static int take_evaluation(struct verify_run *run, const char *path)
{
        mitome_error error = { 0 };
        errno = 0;
        free(run->evaluation_bytes);
        run->evaluation_bytes = NULL;
        if (failed(trust_read_file(path, &run->evaluation_bytes, &run->evaluation, &error)))
                return complain_about(run, path, &error);
        /* Without bytes there were nothing to demand of a case. */
        return run->evaluation.size ? EXIT_ALL_OK : not_run(path, "the evaluation statement is empty");
}

/* Evaluators are believed of evaluations, and of nothing else. */
static int take_evaluator(struct verify_run *run, const char *path)
{
        mitome_error error = { 0 };
        errno = 0;
        mitome_status status = run->evaluators ? ok() : mitome_trust_new(&run->evaluators, &error);
        if (!failed(status))
                status =
                        trust_add_file(run->evaluators, path, "CERTIFICATE", mitome_trust_add_anchor, &error);
        return failed(status) ? complain_about(run, path, &error) : EXIT_ALL_OK;
}

static int take_jobs(struct verify_run *run, const char *text)
{
        char *end;
        errno = 0;
        unsigned long jobs = strtoul(text, &end, 10);
        if (*text < '0' || *text > '9' || *end || errno || jobs > VERIFY_JOBS_MAX)
                return not_run(text, "no number of threads: 0 to 64");
        long processors = sysconf(_SC_NPROCESSORS_ONLN);
        run->jobs = jobs ? (unsigned)jobs : processors < 1 ? 1 : (unsigned)processors;
        if (run->jobs > VERIFY_JOBS_MAX)
                run->jobs = VERIFY_JOBS_MAX;
        return EXIT_ALL_OK;
}

enum option_code {
        LEVEL = TRUST_OPTION_OWN,
        EVALUATION,
        EVALUATOR,
        REQUIRE,
        SIMULATION,
        FRESH,
        REPORT,
        JOBS
};

static int take_option(struct verify_run *run, int option)
{
        bool handled;
        if (!trust_options_take(&run->options, option, optarg, &handled))
                return EXIT_NOT_RUN;
        if (handled)
                return EXIT_ALL_OK;
        switch (option) {
        case LEVEL:
                return take_level(run, optarg);
        case EVALUATION:
                return take_evaluation(run, optarg);
        case EVALUATOR:
                return take_evaluator(run, optarg);
        case REQUIRE:
                run->require_evaluation = true;
                return EXIT_ALL_OK;
        case SIMULATION:
                run->accept_simulation = true;
                return EXIT_ALL_OK;
        case FRESH:
                run->fresh = true;
                return EXIT_ALL_OK;
        case REPORT:
                run->report = true;
                return EXIT_ALL_OK;
        case JOBS:
                return take_jobs(run, optarg);
        case 'h':
                run->help = true;
                return EXIT_ALL_OK;
        default:
                fputs(usage, stderr);
                return EXIT_NOT_RUN;
        }
}

static int take_options(struct verify_run *run, int argc, char **argv)
{
        static const struct option options[] = {
                TRUST_OPTIONS,
                { "level", required_argument, NULL, LEVEL },
                { "evaluation", required_argument, NULL, EVALUATION },
                { "evaluator", required_argument, NULL, EVALUATOR },
                { "require-evaluation", no_argument, NULL, REQUIRE },
                { "accept-simulation", no_argument, NULL, SIMULATION },
                { "fresh", no_argument, NULL, FRESH },
                { "report", no_argument, NULL, REPORT },
                { "jobs", required_argument, NULL, JOBS },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        int result = EXIT_ALL_OK;
        optind = 0; /* as often as the program likes */
        for (int option; result == EXIT_ALL_OK && !run->help &&
                         (option = getopt_long(argc, argv, "-h", options, NULL)) != -1;)
                result = take_option(run, option);
        run->options.kind = 0;
        bool handled;
        for (int i = optind; result == EXIT_ALL_OK && !run->help && i < argc; i++) /* behind "--" */
                if (!trust_options_take(&run->options, 1, argv[i], &handled))
                        result = EXIT_NOT_RUN;
        return result;
}

/* ---- the run ---- */

static int run_stream(struct verify_run *run, FILE *input, const char *name)
{
        const struct verify_rules rules = {
                .trust = run->options.trust,
                .levels = run->level_bytes ? &run->levels : NULL,
                .evaluation = run->evaluation,
                .evaluators = run->evaluators,
                .require_evaluation = run->require_evaluation,
                .accept_simulation = run->accept_simulation,
                .fresh = run->fresh,
                .report = run->report,
        };
        struct verify_counts counts;
        mitome_error error = { 0 };
        bool progress = isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO);
        mitome_status status = verify_stream(&rules, input, stdout, run->jobs, progress, &counts, &error);
        if (failed(status))
                return complain_about(
                        run, status.code == MITOME_E_FILE_WRITE ? "standard output" : name, &error);
        return counts.refused ? EXIT_SOME_NOT : EXIT_ALL_OK;
}

/* Of the simulated element of this project that would be said anew in each verdict, and not what to do. */
static void note_simulation(const struct verify_run *run)
{
        struct evaluation_statement statement;
        if (run->evaluation_bytes && !run->accept_simulation &&
                !failed(evaluation_statement_read(run->evaluation, &statement, NULL)) &&
                statement.said.simulated)
                fputs("mitome verify: the evaluation is of a simulated element, in software, and counts for no case: "
                      "--accept-simulation takes that\n",
                        stderr);
}

static int run_all(struct verify_run *run, int argc, char **argv)
{
        int result = take_options(run, argc, argv);
        if (run->help)
                fputs(usage, stdout);
        if (run->help || result != EXIT_ALL_OK)
                return result;
        if (run->evaluation_bytes && (!run->level_bytes || !run->evaluators))
                return not_run("--evaluation", "it wants --level, and --evaluator: who is believed");
        if (run->require_evaluation && !run->evaluation_bytes)
                return not_run("--require-evaluation", "it wants --evaluation");
        note_simulation(run);
        if (!trust_options_finish(&run->options, (int64_t)time(NULL)))
                return EXIT_NOT_RUN;
        mitome_error error = { 0 };
        if (run->evaluators && failed(verify_trust_add_lists(run->options.trust, run->evaluators, &error)))
                return complain_about(run, "--evaluator", &error);
        const char *name = run->options.input;
        if (!name || strcmp(name, "-") == 0)
                return run_stream(run, stdin, "standard input");
        FILE *file = fopen(name, "r");
        if (!file)
                return not_run(name, strerror(errno));
        result = run_stream(run, file, name);
        fclose(file);
        return result;
}

int verify_main(int argc, char **argv)
{
        struct verify_run *run = calloc(1, sizeof *run);
        if (!run || failed(trust_options_open(&run->options, "mitome verify", NULL))) {
                free(run);
                return not_run("trust", strerror(ENOMEM));
        }
        run->jobs = 1;
        int result = run_all(run, argc, argv);
        trust_options_close(&run->options);
        mitome_trust_free(run->evaluators);
        free(run->evaluation_bytes);
        free(run->level_bytes);
        free(run);
        return result;
}
