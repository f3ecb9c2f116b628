/* SPDX-License-Identifier: Apache-2.0 */
#include "biometric_report.h"
#include "biometric_run.h"
#include "cli.h"
#include "complain.h"
#include "det_chart.h"
#include "finger_threshold.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
        "usage: mitome biometric measure [--fingers N] [--impressions M] [--seed S] [--images DIR]\n"
        "                                [--out DIR [--resume]] [--part K/N] [--threshold T] [--json] [--matcher PATH]\n\n"
        "Measures how often the fingerprint gate takes one finger for another, and how often it does not know its\n"
        "own: through the very gate, mitome-matcher with its virtual sensor. Fingers are enrolled in sets of ten; each\n"
        "pair of fingers is compared once, and every finger M times with itself.\n\n"
        "  --fingers N      how many fingers are grown; 20 if nothing is said (246 give 30,135 pairs)\n"
        "  --impressions M  how often each finger is presented as itself; 2\n"
        "  --seed S         the first finger's seed; 1\n"
        "  --images DIR     no grown fingers, but FINGER_NUMBER.pgm of this folder (8-bit grey, 48 to 1000 pixels a\n"
        "                   side): the last M + 1 of each finger are presented, those before enrol it\n"
        "  --out DIR        keeps there: journal, report.json, report.txt, det.svg\n"
        "  --resume         goes on with the journal in DIR\n"
        "  --part K/N       does only every Nth set, beginning with the Kth, so that N processes share the work; their\n"
        "                   journals, written one behind the other into another DIR, are the whole: --resume there\n"
        "  --threshold T    judges the comparisons by another threshold than the matcher's, whose answers stay what they\n"
        "                   were\n"
        "  --json           prints the report as JSON\n"
        "  --matcher PATH   the program mitome-matcher, if it is not beside this one\n\n"
        "Exit status: 0 measured, 1 interrupted before the end, 2 could not measure.\n";

enum { PATH_SIZE = 4096, EXIT_INTERRUPTED = 1, EXIT_COULD_NOT = 2 };

struct options {
        const char *images, *out, *matcher;
        unsigned fingers, impressions, part, parts, threshold;
        uint64_t seed;
        bool resume, json, help, wrong;
};

static uint64_t take_number(struct options *options, const char *text, uint64_t least, uint64_t most)
{
        char *end;
        errno = 0;
        unsigned long long number = strtoull(text, &end, 10);
        if (*text < '0' || *text > '9' || *end || errno || number < least || number > most) {
                fprintf(stderr, "mitome biometric: \"%s\" is no number from %" PRIu64 " to %" PRIu64 "\n",
                        text, least, most);
                options->wrong = true;
        }
        return number;
}

/* K/N, K from 1. */
static void take_part(struct options *options, const char *text)
{
        enum { PARTS_MAX = 64 };
        char *end;
        unsigned long part = strtoul(text, &end, 10);
        if (*text < '0' || *text > '9' || *end != '/' || part < 1)
                options->wrong = true;
        else
                options->parts = (unsigned)take_number(options, end + 1, part, PARTS_MAX);
        options->part = (unsigned)part - 1;
}

static void take_option(struct options *options, int option)
{
        enum { SEED_MAX = 999999999 };
        switch (option) {
        case 'n':
                options->fingers = (unsigned)take_number(options, optarg, 2, BIOMETRIC_FINGERS_MAX);
                break;
        case 'i':
                options->impressions = (unsigned)take_number(options, optarg, 1, BIOMETRIC_ATTEMPTS_MAX);
                break;
        case 's':
                options->seed = take_number(options, optarg, 0, SEED_MAX);
                break;
        case 'd':
                options->images = optarg;
                break;
        case 'o':
                options->out = optarg;
                break;
        case 'm':
                options->matcher = optarg;
                break;
        case 'p':
                take_part(options, optarg);
                break;
        case 't':
                options->threshold = (unsigned)take_number(options, optarg, 1, BIOMETRIC_SCORES - 1);
                break;
        case 'r':
                options->resume = true;
                break;
        case 'j':
                options->json = true;
                break;
        case 'h':
                options->help = true;
                break;
        default:
                options->wrong = true;
        }
}

static bool read_options(int argc, char **argv, struct options *ret)
{
        static const struct option known[] = {
                { "fingers", required_argument, NULL, 'n' },
                { "impressions", required_argument, NULL, 'i' },
                { "seed", required_argument, NULL, 's' },
                { "images", required_argument, NULL, 'd' },
                { "out", required_argument, NULL, 'o' },
                { "matcher", required_argument, NULL, 'm' },
                { "part", required_argument, NULL, 'p' },
                { "threshold", required_argument, NULL, 't' },
                { "resume", no_argument, NULL, 'r' },
                { "json", no_argument, NULL, 'j' },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        struct options options = {
                .fingers = 20, .impressions = 2, .seed = 1, .parts = 1, .threshold = FINGER_THRESHOLD
        };
        for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;)
                take_option(&options, option);
        *ret = options;
        if (options.help)
                return true;
        return !options.wrong && (options.out || !options.resume) && optind + 1 == argc &&
               strcmp(argv[optind], "measure") == 0;
}

/* ---- the matcher ---- */

/* Beside this program, as installed or as built. */
static bool find_matcher(char path[PATH_SIZE])
{
        static const char *const places[] = { "mitome-matcher", "src/edge/matcher/mitome-matcher" };
        char own[PATH_SIZE / 2];
        ssize_t size = readlink("/proc/self/exe", own, sizeof own - 1);
        if (size <= 0)
                return false;
        own[size] = '\0';
        char *end = strrchr(own, '/');
        if (!end)
                return false;
        *end = '\0';
        for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
                int length = snprintf(path, PATH_SIZE, "%s/%s", own, places[i]);
                if (length > 0 && length < PATH_SIZE && access(path, X_OK) == 0)
                        return true;
        }
        return false;
}

/* ---- the results ---- */

static mitome_status write_file(const char *folder, const char *name, slice content, mitome_error *error)
{
        char path[PATH_SIZE];
        int length = snprintf(path, sizeof path, "%s/%s", folder, name);
        if (length < 0 || length >= PATH_SIZE)
                return fail(error, MITOME_E_TOO_LONG, "--out", NULL);
        FILE *file = fopen(path, "we");
        if (!file)
                return fail(error, MITOME_E_FILE_WRITE, "--out", NULL);
        bool written = fwrite(content.data, 1, content.size, file) == content.size;
        if (fclose(file) != 0 || !written)
                return fail(error, MITOME_E_FILE_WRITE, "--out", NULL);
        return ok();
}

static struct biometric_origin origin_of(
        const struct options *options, const struct biometric_source *source, char command[PATH_SIZE])
{
        if (options->images)
                (void)snprintf(command, PATH_SIZE, "mitome biometric measure --images DIR --impressions %u",
                        options->impressions);
        else
                (void)snprintf(command, PATH_SIZE,
                        "mitome biometric measure --fingers %u --impressions %u --seed %llu --threshold %u",
                        options->fingers, options->impressions, (unsigned long long)options->seed,
                        options->threshold);
        return (struct biometric_origin){
                .source = biometric_source_name(source),
                .command = command,
                .synthetic = !options->images,
        };
}

/* What is written, and where. */
struct product {
        const char *file;
        void (*write)(
                const struct biometric_tally *tally, const struct biometric_origin *origin, writer *out);
};

static void write_chart(
        const struct biometric_tally *tally, const struct biometric_origin *origin, writer *out)
{
        (void)origin;
        det_chart_write(tally, out);
}

static const struct product products[] = {
        { "report.json", biometric_report_json },
        { "report.txt", biometric_report_text },
        { "det.svg", write_chart },
};

static mitome_status write_product(const struct options *options, const struct product *product,
        const struct biometric_tally *tally, const struct biometric_origin *origin, uint8_t *buffer,
        mitome_error *error)
{
        slice content;
        writer out = writer_over(buffer, BIOMETRIC_REPORT_MAX);
        product->write(tally, origin, &out);
        MITOME_TRY(writer_finish(&out, "report", &content, error));
        if (product == &products[options->json ? 0 : 1])
                fwrite(content.data, 1, content.size, stdout);
        return options->out ? write_file(options->out, product->file, content, error) : ok();
}

static mitome_status write_products(const struct options *options, const struct biometric_tally *tally,
        const struct biometric_source *source, mitome_error *error)
{
        char command[PATH_SIZE];
        const struct biometric_origin origin = origin_of(options, source, command);
        uint8_t *buffer = malloc(BIOMETRIC_REPORT_MAX);
        if (!buffer)
                return fail(error, MITOME_E_NO_MEMORY, "report", NULL);
        mitome_status status = ok();
        for (size_t i = 0; i < sizeof products / sizeof *products && !failed(status); i++)
                status = write_product(options, &products[i], tally, &origin, buffer, error);
        free(buffer);
        return status;
}

/* ---- one run ---- */

static mitome_status open_source(struct options *options, struct biometric_source **ret, mitome_error *error)
{
        if (!options->images)
                return biometric_source_grown(options->fingers, options->seed, ret, error);
        MITOME_TRY(biometric_source_images(options->images, options->impressions, ret, error));
        options->fingers = biometric_source_fingers(*ret);
        return ok();
}

static mitome_status make_out(const struct options *options, mitome_error *error)
{
        if (!options->out || mkdir(options->out, 0777) == 0 || errno == EEXIST)
                return ok();
        return fail(error, MITOME_E_FILE_WRITE, "--out", NULL);
}

static mitome_status measure(
        const struct options *options, struct biometric_source *source, int *ret, mitome_error *error)
{
        char found[PATH_SIZE];
        const struct biometric_run_config config = {
                .plan = { options->fingers, options->impressions, BIOMETRIC_SET_MAX },
                .source = source,
                .program = options->matcher      ? options->matcher
                           : find_matcher(found) ? found
                                                 : NULL,
                .out = options->out,
                .threshold = options->threshold,
                .resume = options->resume,
                .part = options->part,
                .parts = options->parts,
        };
        struct biometric_tally *tally = NULL;
        bool finished = false;
        if (!config.program)
                return fail(error, MITOME_E_NO_MATCHER, "--matcher", NULL);
        MITOME_TRY(make_out(options, error));
        MITOME_TRY(biometric_run(&config, &tally, &finished, error));
        *ret = finished ? 0 : EXIT_INTERRUPTED;
        mitome_status status = write_products(options, tally, source, error);
        biometric_tally_free(tally);
        return status;
}

static mitome_status run(struct options *options, int *ret, mitome_error *error)
{
        struct biometric_source *source = NULL;
        MITOME_TRY(open_source(options, &source, error));
        mitome_status status = measure(options, source, ret, error);
        biometric_source_free(source);
        return status;
}

int biometric_main(int argc, char **argv)
{
        struct options options;
        mitome_error error = { 0 };
        int result = 0;
        bool fits = read_options(argc, argv, &options);
        if (!fits) {
                fputs(usage, stderr);
                return EXIT_COULD_NOT;
        }
        if (options.help) {
                fputs(usage, stdout);
                return 0;
        }
        signal(SIGPIPE, SIG_IGN);
        return failed(run(&options, &result, &error)) ? complain("mitome biometric", &error) : result;
}
