/* SPDX-License-Identifier: Apache-2.0 */
#include "biometric_measure.h"
#include "biometric_plan.h"
#include "biometric_tally.h"
#include "cli.h"
#include "complain.h"
#include "finger_threshold.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

enum { EXIT_INTERRUPTED = 1, EXIT_COULD_NOT = 2 };

struct options {
        struct biometric_order order;
        bool help, wrong;
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
                options->order.parts = (unsigned)take_number(options, end + 1, part, PARTS_MAX);
        options->order.part = (unsigned)part - 1;
}

static void take_option(struct options *options, int option)
{
        enum { SEED_MAX = 999999999 };
        switch (option) {
        case 'n':
                options->order.fingers = (unsigned)take_number(options, optarg, 2, BIOMETRIC_FINGERS_MAX);
                break;
        case 'i':
                options->order.impressions =
                        (unsigned)take_number(options, optarg, 1, BIOMETRIC_ATTEMPTS_MAX);
                break;
        case 's':
                options->order.seed = take_number(options, optarg, 0, SEED_MAX);
                break;
        case 'd':
                options->order.images = optarg;
                break;
        case 'o':
                options->order.out = optarg;
                break;
        case 'm':
                options->order.matcher = optarg;
                break;
        case 'p':
                take_part(options, optarg);
                break;
        case 't':
                options->order.threshold = (unsigned)take_number(options, optarg, 1, BIOMETRIC_SCORES - 1);
                break;
        case 'r':
                options->order.resume = true;
                break;
        case 'j':
                options->order.print = BIOMETRIC_JSON;
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
        struct options options = { .order = { .fingers = 20,
                                           .impressions = 2,
                                           .seed = 1,
                                           .parts = 1,
                                           .threshold = FINGER_THRESHOLD } };
        for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;)
                take_option(&options, option);
        *ret = options;
        if (options.help)
                return true;
        return !options.wrong && (options.order.out || !options.order.resume) && optind + 1 == argc &&
               strcmp(argv[optind], "measure") == 0;
}

int biometric_main(int argc, char **argv)
{
        struct options options;
        mitome_error error = { 0 };
        bool finished = false;
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
        if (failed(biometric_measure(&options.order, &finished, &error)))
                return complain("mitome biometric", &error);
        return finished ? 0 : EXIT_INTERRUPTED;
}
