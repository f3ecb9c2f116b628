/* SPDX-License-Identifier: Apache-2.0 */
/* `mitome verify`: a case a line in, a verdict a line out. */
#include "cli.h"
#include "level_file.h"
#include "trust_files.h"
#include "verify_stream.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_ALL_OK = 0, EXIT_SOME_NOT = 1, EXIT_NOT_RUN = 2 };

static const char usage[] =
        "Usage: mitome verify [--trust FILE..] [--mds BLOB [--mds-root FILE..]] [--level POLICY] [OPTION..] [FILE]\n"
        "Verifies WebAuthn registrations and logins: one JSON case a line from FILE or standard input, one JSON\n"
        "verdict a line on standard output. Exit status: 0 all accepted, 1 some refused, 2 could not run.\n"
        "\n"
        "  --trust FILE..       CA certificates that attestation paths may end in (all files: PEM or DER)\n"
        "  --jpki-trust FILE..  CA certificates of JPKI, which vouch for persons (format mitome-jpki)\n"
        "  --crl FILE..         revocation lists\n"
        "  --ocsp FILE..        OCSP responses (DER)\n"
        "  --mds BLOB           metadata of authenticator models (FIDO MDS3)\n"
        "  --mds-root FILE..    CA certificates that the BLOB's signer must lead to; without: those of --trust\n"
        "  --allow-stale        take a BLOB whose next one is overdue\n"
        "  --level POLICY       judge each ceremony by an authentication-level policy: a file, or the name of one\n"
        "                       that comes with the program (first-summary, nist-800-63b-4)\n"
        "  --report             each verdict lists every step: passed, failed or not asked\n"
        "  --jobs N             verify with N threads; 0: as many as there are processors\n"
        "  --help               this text\n";

struct verify_run {
        struct verify_trust *trust;
        struct mitome_trust *signers; /* of the metadata */
        struct level_policy levels;
        uint8_t *level_bytes;
        const char *input, *blob; /* NULL: standard input; none */
        unsigned jobs;
        bool has_signers, allow_stale, report, help;
};

static int not_run(const char *what, const char *why)
{
        fprintf(stderr, "mitome verify: %s: %s\n", what, why);
        return EXIT_NOT_RUN;
}

static int complain_about(const char *what, const mitome_error *error)
{
        char message[512];
        mitome_explain(error, message, sizeof message);
        return not_run(what, error->code == MITOME_E_FILE_READ && errno ? strerror(errno) : message);
}

/* ---- what is believed ---- */

enum file_kind { FILE_NONE, FILE_TRUST, FILE_JPKI, FILE_CRL, FILE_OCSP, FILE_SIGNER };

static int add_file(struct verify_run *run, enum file_kind kind, const char *path)
{
        static const enum verify_trust_kind kinds[] = {
                [FILE_TRUST] = VERIFY_ANCHOR,
                [FILE_JPKI] = VERIFY_JPKI_ANCHOR,
                [FILE_CRL] = VERIFY_CRL,
                [FILE_OCSP] = VERIFY_OCSP,
        };
        mitome_error error = { 0 };
        mitome_status status;
        errno = 0;
        if (kind == FILE_SIGNER) {
                run->has_signers = true;
                status = trust_add_file(run->signers, path, "CERTIFICATE", mitome_trust_add_anchor, &error);
        } else {
                status = verify_trust_add_file(run->trust, kinds[kind], path, &error);
        }
        return failed(status) ? complain_about(path, &error) : EXIT_ALL_OK;
}

static int read_blob(struct verify_run *run)
{
        mitome_error error = { 0 };
        struct mitome_metadata *metadata;
        const struct mitome_trust *signers =
                run->has_signers ? run->signers : verify_trust_snapshot(run->trust);
        errno = 0;
        mitome_status status = trust_read_metadata(
                run->blob, signers, (int64_t)time(NULL), run->allow_stale, &metadata, &error);
        if (failed(status))
                return complain_about(run->blob, &error);
        verify_trust_set_metadata(run->trust, metadata);
        return EXIT_ALL_OK;
}

/* ---- options ---- */

static int take_level(struct verify_run *run, const char *name)
{
        mitome_error error = { 0 };
        errno = 0;
        free(run->level_bytes);
        run->level_bytes = NULL;
        mitome_status status = level_file_read(name, &run->levels, &run->level_bytes, &error);
        return failed(status) ? complain_about(name, &error) : EXIT_ALL_OK;
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

/* Behind --trust and its like stand as many files as one likes; what is no certificate or list is the file of
 * cases. */
static int take_name(struct verify_run *run, enum file_kind kind, const char *name)
{
        if (kind != FILE_NONE && trust_is_trust_file(name))
                return add_file(run, kind, name);
        if (run->input)
                return not_run(name, "there is a file of cases already");
        run->input = name;
        return EXIT_ALL_OK;
}

enum option_code { IN_ORDER = 1, MDS = 256, STALE, LEVEL, REPORT, JOBS, FILES };

static int take_option(struct verify_run *run, int option, enum file_kind *kind)
{
        if (option != IN_ORDER)
                *kind = option > FILES ? (enum file_kind)(option - FILES) : FILE_NONE;
        switch (option) {
        case IN_ORDER:
                return take_name(run, *kind, optarg);
        case MDS:
                run->blob = optarg;
                return EXIT_ALL_OK;
        case STALE:
                run->allow_stale = true;
                return EXIT_ALL_OK;
        case LEVEL:
                return take_level(run, optarg);
        case REPORT:
                run->report = true;
                return EXIT_ALL_OK;
        case JOBS:
                return take_jobs(run, optarg);
        case 'h':
                run->help = true;
                return EXIT_ALL_OK;
        default:
                if (option > FILES)
                        return add_file(run, *kind, optarg);
                fputs(usage, stderr);
                return EXIT_NOT_RUN;
        }
}

static int take_options(struct verify_run *run, int argc, char **argv)
{
        static const struct option options[] = {
                { "trust", required_argument, NULL, FILES + FILE_TRUST },
                { "jpki-trust", required_argument, NULL, FILES + FILE_JPKI },
                { "crl", required_argument, NULL, FILES + FILE_CRL },
                { "ocsp", required_argument, NULL, FILES + FILE_OCSP },
                { "mds", required_argument, NULL, MDS },
                { "mds-root", required_argument, NULL, FILES + FILE_SIGNER },
                { "allow-stale", no_argument, NULL, STALE },
                { "level", required_argument, NULL, LEVEL },
                { "report", no_argument, NULL, REPORT },
                { "jobs", required_argument, NULL, JOBS },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        enum file_kind kind = FILE_NONE;
        int result = EXIT_ALL_OK;
        optind = 0; /* as often as the program likes */
        for (int option; result == EXIT_ALL_OK && !run->help &&
                         (option = getopt_long(argc, argv, "-h", options, NULL)) != -1;)
                result = take_option(run, option, &kind);
        for (int i = optind; result == EXIT_ALL_OK && !run->help && i < argc; i++) /* behind "--" */
                result = take_name(run, FILE_NONE, argv[i]);
        return result;
}

/* ---- the run ---- */

static int run_stream(struct verify_run *run, FILE *input, const char *name)
{
        const struct verify_rules rules = {
                .trust = run->trust,
                .levels = run->level_bytes ? &run->levels : NULL,
                .report = run->report,
        };
        struct verify_counts counts;
        mitome_error error = { 0 };
        bool progress = isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO);
        mitome_status status = verify_stream(&rules, input, stdout, run->jobs, progress, &counts, &error);
        if (failed(status) && errno)
                return not_run(
                        status.code == MITOME_E_FILE_WRITE ? "standard output" : name, strerror(errno));
        if (failed(status))
                return complain_about(name, &error);
        return counts.refused ? EXIT_SOME_NOT : EXIT_ALL_OK;
}

static int run_all(struct verify_run *run, int argc, char **argv)
{
        int result = take_options(run, argc, argv);
        if (run->help)
                fputs(usage, stdout);
        if (result == EXIT_ALL_OK && !run->help && run->blob)
                result = read_blob(run);
        if (run->help || result != EXIT_ALL_OK)
                return result;
        if (!run->input || strcmp(run->input, "-") == 0)
                return run_stream(run, stdin, "standard input");
        FILE *file = fopen(run->input, "r");
        if (!file)
                return not_run(run->input, strerror(errno));
        result = run_stream(run, file, run->input);
        fclose(file);
        return result;
}

int verify_main(int argc, char **argv)
{
        struct verify_run *run = calloc(1, sizeof *run);
        int result = EXIT_NOT_RUN;
        if (!run || failed(verify_trust_new(&run->trust, NULL)) ||
                failed(mitome_trust_new(&run->signers, NULL))) {
                result = not_run("trust", strerror(ENOMEM));
        } else {
                run->jobs = 1;
                result = run_all(run, argc, argv);
        }
        if (run) {
                verify_trust_free(run->trust);
                mitome_trust_free(run->signers);
                free(run->level_bytes);
        }
        free(run);
        return result;
}
