/* SPDX-License-Identifier: Apache-2.0 */
/* What CTAP costs beside the bare signatures: figures, never a verdict on a build. */
#include "bench_ctap.h"
#include "bench_ctap_client.h"
#include "bench_lines.h"
#include "bench_memory.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum { FEW = 10, MANY = 9900, STACK_RUNS = 50, COUNTED = 1000 };

static const char usage[] =
        "usage: bench_ctap [--seconds N] [--growth N]\n\n"
        "  --seconds N  how long to measure, all together (10)\n"
        "  --growth N   also look whether anything has grown after N getAssertions, and a quarter as many\n"
        "               commands of all kinds\n";

struct options {
        double seconds;
        unsigned long growth;
};

struct ctap_bench_set {
        struct ctap_bench few, many, maker;
        struct ctap_client *client; /* NULL: without libfido2 */
        struct ctap_raw raw[CTAP_ALGORITHMS], rsa;
        struct ctap_raw_make raw_make[CTAP_ALGORITHMS];
        struct ctap_request warm[CTAP_ALGORITHMS], cold[CTAP_ALGORITHMS][2];
};

static void open_set(struct ctap_bench_set *set)
{
        ctap_bench_open(&set->few, FEW);
        ctap_bench_open(&set->many, MANY);
        ctap_bench_open(&set->maker, 0);
        set->client = ctap_client_open();
        ctap_raw_open_rsa(&set->rsa);
        for (int i = 0; i < CTAP_ALGORITHMS; i++) {
                ctap_raw_open(&set->raw[i], (enum ctap_algorithm)i);
                set->raw_make[i] =
                        (struct ctap_raw_make){ .pair = &set->raw[i], .attestation = &set->raw[CTAP_ES256] };
                set->cold[i][0] = set->few.get[i];
                set->cold[i][1] = set->few.other[i];
        }
}

static void close_set(struct ctap_bench_set *set)
{
        ctap_bench_close(&set->few);
        ctap_bench_close(&set->many);
        ctap_bench_close(&set->maker);
        ctap_client_close(set->client);
        ctap_raw_close(&set->rsa);
        for (int i = 0; i < CTAP_ALGORITHMS; i++)
                ctap_raw_close(&set->raw[i]);
}

static int measure(struct ctap_bench_set *set, double seconds)
{
        enum { RSA, ES256, EDDSA, ES384, WARM_ES256, FIRST_MAKE = 10, BY_RP = 18, CLIENT = 22 };
        struct ctap_bench *few = &set->few;
        const struct bench_line lines[] = {
                [RSA] = { "RSA-2048 signature, OpenSSL alone", ctap_raw_sign, &set->rsa, -1, 0 },
                [ES256] = { "ES256 signature, OpenSSL alone", ctap_raw_sign, &set->raw[CTAP_ES256], -1, 0 },
                [EDDSA] = { "EdDSA signature, OpenSSL alone", ctap_raw_sign, &set->raw[CTAP_EDDSA], -1, 0 },
                [ES384] = { "ES384 signature, OpenSSL alone", ctap_raw_sign, &set->raw[CTAP_ES384], -1, 0 },
                [WARM_ES256] = { "getAssertion ES256, same key as before", ctap_run, &few->get[CTAP_ES256],
                        ES256, 1.25 },
                { "getAssertion EdDSA, same key as before", ctap_run, &few->get[CTAP_EDDSA], EDDSA, 1.25 },
                { "getAssertion ES384, same key as before", ctap_run, &few->get[CTAP_ES384], ES384, 1.25 },
                { "getAssertion ES256, another key each time", ctap_run_in_turns, set->cold[CTAP_ES256],
                        ES256, 2.2 },
                { "getAssertion EdDSA, another key each time", ctap_run_in_turns, set->cold[CTAP_EDDSA],
                        EDDSA, 2.2 },
                { "getAssertion ES384, another key each time", ctap_run_in_turns, set->cold[CTAP_ES384],
                        ES384, 2.2 },
                [FIRST_MAKE] = { "ES256 key pair and ES256 signature, OpenSSL alone", ctap_raw_make,
                        &set->raw_make[CTAP_ES256], -1, 0 },
                { "EdDSA key pair and ES256 signature, OpenSSL alone", ctap_raw_make,
                        &set->raw_make[CTAP_EDDSA], -1, 0 },
                { "ES384 key pair and ES256 signature, OpenSSL alone", ctap_raw_make,
                        &set->raw_make[CTAP_ES384], -1, 0 },
                { "makeCredential ES256, with its commit", ctap_run_make, &set->maker.make[CTAP_ES256],
                        FIRST_MAKE, 1.25 },
                { "makeCredential EdDSA, with its commit", ctap_run_make, &set->maker.make[CTAP_EDDSA],
                        FIRST_MAKE + 1, 1.25 },
                { "makeCredential ES384, with its commit", ctap_run_make, &set->maker.make[CTAP_ES384],
                        FIRST_MAKE + 2, 1.25 },
                { "one commit alone, of 4 bytes, in memory", ctap_run_commit, &set->maker, -1, 0 },
                { "getInfo", ctap_run, &few->get_info, -1, 20000 },
                [BY_RP] = { "getAssertion by RP ID, 10 resident credentials", ctap_run, &few->get_by_rp, -1,
                        0 },
                { "getAssertion by RP ID, 9,900 resident credentials", ctap_run, &set->many.get_by_rp, BY_RP,
                        1.5 },
                { "getAssertion, the last of an allow list of 64", ctap_run, &few->allow_64, RSA, 1.0 },
                { "makeCredential, an exclude list of 64", ctap_run_make, &set->maker.exclude_64, RSA, 1.0 },
                [CLIENT] = { "the same ES256 login as libfido2 sees it, over CTAPHID",
                        ctap_client_get_assertion, set->client, WARM_ES256, 0 },
        };
        return bench_lines(lines, set->client ? CLIENT + 1 : CLIENT, seconds);
}

/* ---- memory, and what the element is asked ---- */

struct named_request {
        const char *name;
        struct ctap_request *request;
};

static void print_memory(struct ctap_bench_set *set, bool counted)
{
        struct ctap_bench *few = &set->few;
        const struct named_request list[] = {
                { "getInfo", &few->get_info },
                { "getAssertion ES256", &few->get[CTAP_ES256] },
                { "getAssertion EdDSA", &few->get[CTAP_EDDSA] },
                { "getAssertion ES384", &few->get[CTAP_ES384] },
                { "makeCredential ES256", &set->maker.make[CTAP_ES256] },
                { "makeCredential EdDSA", &set->maker.make[CTAP_EDDSA] },
                { "makeCredential ES384", &set->maker.make[CTAP_ES384] },
        };
        size_t raw = ctap_stack(ctap_raw_make, &set->raw_make[CTAP_ES384], STACK_RUNS);
        printf("stack of OpenSSL alone (ES384 key pair, ES256 signature): %zu bytes\n", raw);
        for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
                struct ctap_request *request = list[i].request;
                size_t stack = ctap_stack(ctap_run, request, STACK_RUNS);
                struct bench_allocations before = bench_memory_count();
                for (unsigned k = 0; k < COUNTED; k++)
                        if (!ctap_run(request))
                                exit(2);
                struct bench_allocations after = bench_memory_count();
                printf("%-24s %u commands of the element, %5zu bytes of stack", list[i].name,
                        request->bench->commands, stack);
                if (counted)
                        printf(", %.2f allocations beside %.1f of OpenSSL's",
                                (double)(after.others - before.others) / COUNTED,
                                (double)(after.openssl - before.openssl) / COUNTED);
                puts("");
        }
}

static void print_growth(
        struct ctap_bench *bench, const char *what, bench_operation *run, void *state, unsigned long times)
{
        enum {
                WARM_UP = 20000
        }; /* until the medium has been as large as it gets before it is written anew */
        for (unsigned long i = 0; i < WARM_UP; i++)
                if (!run(state))
                        exit(2);
        int64_t live = bench_memory_count().live;
        uint64_t heap = bench_memory_heap(), resident = bench_memory_resident();
        size_t capacity = bench->medium.capacity, largest = 0, before = bench->medium.size;
        for (unsigned long i = 0; i < times; i++) {
                if (!run(state))
                        exit(2);
                if (bench->medium.size > largest)
                        largest = bench->medium.size;
        }
        printf("after %lu %s: %+lld blocks, %+lld bytes of heap (%+lld of them the medium), %+lld resident; %zu bytes stored before, at most %zu meanwhile\n",
                times, what, (long long)(bench_memory_count().live - live),
                (long long)(bench_memory_heap() - heap), (long long)(bench->medium.capacity - capacity),
                (long long)(bench_memory_resident() - resident), before, largest);
}

static void print_growths(struct ctap_bench_set *set, unsigned long times)
{
        enum { MIXED = 4 };
        static struct ctap_request mix[CTAP_MIX];
        ctap_bench_mix(&set->few, mix);
        print_growth(&set->few, "getAssertions", ctap_run_in_turns, set->cold[CTAP_EDDSA], times);
        print_growth(&set->few, "commands of all kinds", ctap_run_mix, mix, times / MIXED);
}

static bool read_options(int argc, char **argv, struct options *options)
{
        static const struct option known[] = {
                { "seconds", required_argument, NULL, 's' },
                { "growth", required_argument, NULL, 'g' },
                { 0 },
        };
        for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
                if (option == 's')
                        options->seconds = atof(optarg);
                else if (option == 'g')
                        options->growth = strtoul(optarg, NULL, 10);
                else
                        return false;
        }
        return optind == argc && options->seconds > 0;
}

int main(int argc, char **argv)
{
        static struct ctap_bench_set set;
        struct options options = { .seconds = 10 };
        bool counted = bench_memory_start();
        if (!read_options(argc, argv, &options)) {
                fputs(usage, stderr);
                return 2;
        }
        setvbuf(stdout, NULL, _IOLBF, 0);
        bench_print_load();
        open_set(&set);
        int status = measure(&set, options.seconds);
        if (status == 0)
                print_memory(&set, counted);
        if (status == 0 && options.growth)
                print_growths(&set, options.growth);
        close_set(&set);
        bench_print_load();
        return status;
}
