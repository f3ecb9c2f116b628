/* SPDX-License-Identifier: Apache-2.0 */
/* What our ceremonies cost beside the signature operations in them and beside libfido2, in one run. */
#include "bench_cases.h"
#include "bench_lineup.h"
#include "bench_memory.h"
#include "bench_ours.h"
#include "bench_print.h"
#include "bench_raw.h"
#include "bench_threads.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct options {
        double seconds;
        uint64_t growth;
        const char *cases;
        const char *only; /* NULL: all */
        enum bench_format format;
};

static const char usage[] =
        "usage: bench_verify [--seconds N] [--growth N] [--only TEXT] [--json]\n"
        "       bench_verify --write-cases DIR\n"
        "Measures verifications, JSON in and verdict out, beside the raw signature operations and libfido2.\n"
        "  --seconds N        how long to measure (10)\n"
        "  --growth N         how many ceremonies to look for growth of the heap over (20000)\n"
        "  --only TEXT        measures only what has TEXT in its line or heading (for profilers)\n"
        "  --json             for machines\n"
        "  --write-cases DIR  writes the ceremonies to DIR/cases.jsonl, as `mitome verify` reads them, and ends\n"
        "Exit status: 0 measured, whatever came out; 2 could not.\n";

static bool read_number(const char *text, double least, double most, double *ret)
{
        char *end;
        double number = strtod(text, &end);
        if (end == text || *end || !(number >= least && number <= most))
                return false;
        *ret = number;
        return true;
}

enum read_options { GO_ON, SHOW_USAGE, WRONG_OPTION };

static enum read_options read_options(int count, char **arguments, struct options *options)
{
        static const struct option known[] = {
                { "seconds", required_argument, NULL, 's' },
                { "growth", required_argument, NULL, 'g' },
                { "only", required_argument, NULL, 'o' },
                { "json", no_argument, NULL, 'j' },
                { "write-cases", required_argument, NULL, 'w' },
                { "help", no_argument, NULL, 'h' },
                { NULL, 0, NULL, 0 },
        };
        double growth = (double)options->growth;
        bool right = true;
        for (int option; (option = getopt_long(count, arguments, "h", known, NULL)) != -1;) {
                if (option == 's')
                        right = right && read_number(optarg, 0, 86400, &options->seconds);
                else if (option == 'g')
                        right = right && read_number(optarg, 0, 1e12, &growth);
                else if (option == 'j')
                        options->format = BENCH_JSON;
                else if (option == 'o')
                        options->only = optarg;
                else if (option == 'w')
                        options->cases = optarg;
                else if (option == 'h')
                        return SHOW_USAGE;
                else
                        right = false;
        }
        options->growth = (uint64_t)growth;
        return right && optind == count ? GO_ON : WRONG_OPTION;
}

/* What each of ours allocates, once it is warm. */
static void count_allocations(const struct bench_contender *contenders, struct bench_cost *costs)
{
        enum { TIMES = 1000 };
        for (size_t i = 0; i < CONTENDERS; i++) {
                const struct bench_contender *c = &contenders[i];
                costs[i] = (struct bench_cost){ -1, -1 };
                if (c->missing || c->run != ours_run)
                        continue;
                struct bench_allocations before = bench_memory_count();
                for (int j = 0; j < TIMES; j++)
                        c->run(c->state);
                struct bench_allocations after = bench_memory_count();
                costs[i].openssl = (double)(after.openssl - before.openssl) / TIMES;
                costs[i].others = (double)(after.others - before.others) / TIMES;
        }
}

/* Ceremonies of all kinds, with warm and with cold keys, in turn. */
static void look_for_growth(
        const struct bench_contender *contenders, uint64_t times, struct bench_findings *findings)
{
        struct bench_allocations before = bench_memory_count();
        uint64_t heap = bench_memory_heap(), resident = bench_memory_resident();
        uint64_t done = 0;
        for (uint64_t before_these = 1;
                done < times && done != before_these;) { /* there may be none of ours */
                before_these = done;
                for (size_t i = 0; i < CONTENDERS && done < times; i++)
                        if (!contenders[i].missing && contenders[i].run == ours_run) {
                                contenders[i].run(contenders[i].state);
                                done++;
                        }
        }
        findings->grown_blocks = bench_memory_count().live - before.live;
        findings->grown_bytes = (int64_t)(bench_memory_heap() - heap);
        findings->grown_resident = (int64_t)(bench_memory_resident() - resident);
        findings->grown_over = done;
}

static void try_threads(const struct bench_cases *cases, double seconds, struct bench_findings *findings)
{
        const struct bench_case *one = &cases->list[CASE_LOGIN_ES256];
        struct ours *ours[2] = { ours_new(cases, one, OURS_CONTEXT), ours_new(cases, one, OURS_CONTEXT) };
        struct raw_signature *raws[2] = { raw_of_login(one, cases->rig.credential[one->key]),
                raw_of_login(one, cases->rig.credential[one->key]) };
        struct bench_pair pairs[2] = { { ours_run, { ours[0], ours[1] }, 0, 0 },
                { raw_evp, { raws[0], raws[1] }, 0, 0 } };
        if (bench_two_threads(pairs, 2, seconds)) {
                findings->our_threads = pairs[0].both / pairs[0].alone;
                findings->raw_threads = pairs[1].both / pairs[1].alone;
        }
        for (int i = 0; i < 2; i++) {
                ours_free(ours[i]);
                raw_free(raws[i]);
        }
}

static void explain_failure(const struct bench_contender *failed)
{
        fprintf(stderr, "bench_verify: %s, %s: does not come out as it must", failed->group, failed->name);
        if (failed->run == ours_run) {
                char text[256];
                mitome_error error = { 0 };
                ours_code(failed->state, &error);
                mitome_explain(&error, text, sizeof text);
                fprintf(stderr, ": %s", text);
        }
        fprintf(stderr, "\n");
}

static void leave_out(struct bench_contender *contenders, const char *only)
{
        for (size_t i = 0; only && i < CONTENDERS; i++) {
                char line[256];
                snprintf(line, sizeof line, "%s, %s", contenders[i].group, contenders[i].name);
                contenders[i].left_out = !strstr(line, only);
                if (contenders[i].left_out)
                        contenders[i].missing = "left out";
        }
}

static int measure(const struct bench_cases *cases, const struct options *options, bool counted)
{
        struct lineup *lineup = lineup_new(cases);
        struct bench_contender *contenders = lineup_contenders(lineup);
        struct bench_cost costs[CONTENDERS] = { 0 };
        struct bench_findings findings = { .counted = counted, .costs = costs };
        const struct bench_contender *failed = NULL;
        leave_out(contenders, options->only);
        findings.rounds = bench_measure(contenders, CONTENDERS, options->seconds * 0.8, &failed);
        if (findings.rounds == 0) {
                explain_failure(failed);
                lineup_free(lineup);
                return 2;
        }
        if (!options->only)
                try_threads(cases, options->seconds * 0.2, &findings);
        count_allocations(contenders, costs);
        look_for_growth(contenders, options->growth, &findings);
        bench_print(&findings, lineup, options->format);
        lineup_free(lineup);
        return 0;
}

static int write_cases(const struct bench_cases *cases, const char *folder)
{
        char path[4096];
        int size = snprintf(path, sizeof path, "%s/cases.jsonl", folder);
        if (size < 0 || (size_t)size >= sizeof path || (mkdir(folder, 0777) != 0 && errno != EEXIST) ||
                !bench_cases_write(cases, path)) {
                fprintf(stderr, "bench_verify: cannot write %s: %s\n", path, strerror(errno));
                return 2;
        }
        return 0;
}

int main(int count, char **arguments)
{
        bool counted = bench_memory_start();
        struct options options = { .seconds = 10, .growth = 20000 };
        enum read_options read = read_options(count, arguments, &options);
        if (read != GO_ON) {
                fputs(usage, read == SHOW_USAGE ? stdout : stderr);
                return read == SHOW_USAGE ? 0 : 2;
        }
        struct bench_cases cases;
        bench_cases_open(&cases);
        int status = options.cases ? write_cases(&cases, options.cases) : measure(&cases, &options, counted);
        bench_cases_close(&cases);
        return status;
}
