/* SPDX-License-Identifier: Apache-2.0 */

/* What a login costs the portal: its program as a child, browsers on this side, every signature real. The
 * processor time is the portal's alone (of its process). What the bare verification of a signature costs is
 * measured alone, and again while the logins go on, when both sides share caches and cores: that is what the
 * portal's time is held against. */

#include "load_lanes.h"
#include "portal_child.h"
#include "portal_rows.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RAW_ROUNDS = 3000, LANES = 64 };

struct options {
        const char *program, *folder, *store;
        uint64_t rows;
        double seconds, rate;
        size_t lanes;
};

struct bench {
        struct options options;
        struct portal_child child;
        struct soft_passkey passkey;
        struct soft_site site;
        struct soft_sample sample;
        double raw;         /* seconds of processor time of .. */
        uint64_t raw_count; /* .. so many bare verifications */
        double marks[2];    /* of the child's processor time */
        size_t mark_count;
};

/* ---- bare verification ---- */

static double own_seconds(void)
{
        struct timespec time;
        (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* One verification, its key ready: what a login cannot do without. */
static void verify_once(struct bench *bench)
{
        const double begin = own_seconds();
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        if (!context || EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, bench->passkey.key) != 1 ||
                EVP_DigestVerify(context, bench->sample.signature, bench->sample.signature_size,
                        bench->sample.message, bench->sample.message_size) != 1)
                abort();
        EVP_MD_CTX_free(context);
        bench->raw += own_seconds() - begin;
        bench->raw_count++;
}

static void probe(void *context)
{
        verify_once(context);
}

static double raw_cost(const struct bench *bench)
{
        return bench->raw / (double)bench->raw_count;
}

/* ---- the portal ---- */

static bool start(struct bench *bench)
{
        if (!portal_child_start(
                    bench->options.program, bench->options.folder, bench->options.store, 0, &bench->child))
                return false;
        bench->site = (struct soft_site){ .rp_id = "localhost", .origin = bench->child.origin };
        return true;
}

static bool wrap_registration(struct bench *bench, slice options, writer *w)
{
        write_slice(w, slice_text("{\"credential\":"));
        const bool made = soft_passkey_register(&bench->passkey, &bench->site, options, w);
        write_slice(w, slice_text(",\"name\":\"load\"}"));
        return made && !w->overflowed;
}

static bool register_first(struct bench *bench)
{
        uint8_t body[SOFT_JSON_MAX + 64];
        struct web_talk *talk = calloc(1, sizeof *talk);
        struct web_reply reply = { 0 };
        writer w = WRITER(body);
        if (!talk)
                return false;
        web_talk_begin(talk, bench->site.origin, bench->child.port);
        const bool good = web_talk_visit(talk) == 200 &&
                          web_talk_do(talk, "/api/register/options", slice_text("{\"name\":\"load\"}"),
                                  &reply) == 200 &&
                          wrap_registration(bench, reply.body, &w) &&
                          web_talk_do(talk, "/api/register", writer_view(&w), &reply) / 100 == 2;
        if (!good)
                (void)fprintf(stderr, "bench_portal: registering: %d %.*s\n", reply.status,
                        (int)reply.body.size, (const char *)reply.body.data);
        web_talk_hang_up(talk);
        free(talk);
        return good;
}

static bool prepare(struct bench *bench)
{
        soft_passkey_make(&bench->passkey);
        if (!start(bench) || !register_first(bench))
                return false;
        if (bench->options.rows == 0)
                return true;
        (void)portal_child_end(&bench->child);
        return portal_rows_fill(bench->options.folder, &bench->passkey, bench->options.rows) && start(bench);
}

/* ---- figures ---- */

static void mark(void *context)
{
        struct bench *bench = context;
        if (bench->mark_count < 2)
                bench->marks[bench->mark_count++] = portal_child_seconds(&bench->child);
}

static bool run(struct bench *bench, double rate, struct load_result *ret)
{
        const struct load_plan plan = {
                .site = &bench->site,
                .port = bench->child.port,
                .passkey = &bench->passkey,
                .people = bench->options.rows,
                .lanes = bench->options.lanes,
                .seconds = bench->options.seconds,
                .warming = 1,
                .rate = rate,
                .mark = mark,
                .probe = probe,
                .context = bench,
        };
        bench->mark_count = 0;
        bench->raw = 0;
        bench->raw_count = 0;
        return load_run(&plan, ret) && ret->logins > 0 && ret->refused == 0 && ret->broken == 0;
}

static void print_cost(const struct bench *bench, const struct load_result *result)
{
        const double cost = (bench->marks[1] - bench->marks[0]) / (double)result->logins;
        printf("  bare verification (ES256) at that time    %8.1f us\n", raw_cost(bench) * 1e6);
        printf("  processor time of the portal, one login   %8.1f us = %.2f x the bare verification\n",
                cost * 1e6, cost / raw_cost(bench));
}

static bool measure(struct bench *bench)
{
        struct load_result full = { 0 }, half = { 0 };
        soft_passkey_sample(&bench->passkey, &bench->sample);
        for (int i = 0; i < RAW_ROUNDS; i++)
                verify_once(bench);
        printf("rows                                        %8llu\n",
                (unsigned long long)bench->options.rows);
        printf("bare verification (ES256), alone            %8.1f us\n", raw_cost(bench) * 1e6);
        bool good = run(bench, 0, &full);
        printf("as many as there go, %zu connections\n", bench->options.lanes);
        printf("  logins a second                           %8.0f\n", (double)full.logins / full.seconds);
        print_cost(bench, &full);
        printf("  p50 %.2f ms, p99 %.2f ms, refused %llu, broken %llu\n", full.p50, full.p99,
                (unsigned long long)full.refused, (unsigned long long)full.broken);
        if (!good)
                return false;
        const double rate =
                bench->options.rate > 0 ? bench->options.rate : (double)full.logins / full.seconds / 2;
        good = run(bench, rate, &half);
        printf("at half of that, %.0f a second\n", rate);
        print_cost(bench, &half);
        printf("  p50                                       %8.2f ms\n", half.p50);
        printf("  p99                                       %8.2f ms (most %.2f)\n", half.p99, half.most);
        printf("resident memory                             %8.1f MB (at most %.1f)\n",
                (double)portal_child_resident(&bench->child, false) / 1e6,
                (double)portal_child_resident(&bench->child, true) / 1e6);
        return good;
}

/* ---- options ---- */

static bool read_options(int argc, char **argv, struct options *ret)
{
        static const struct option names[] = { { "portal", required_argument, NULL, 'p' },
                { "folder", required_argument, NULL, 'f' }, { "store", required_argument, NULL, 's' },
                { "rows", required_argument, NULL, 'r' }, { "seconds", required_argument, NULL, 't' },
                { "rate", required_argument, NULL, 'a' }, { "connections", required_argument, NULL, 'c' },
                { 0 } };
        *ret = (struct options){ .seconds = 5, .lanes = LANES };
        for (int code; (code = getopt_long(argc, argv, "", names, NULL)) != -1;) {
                switch (code) {
                case 'p':
                        ret->program = optarg;
                        break;
                case 'f':
                        ret->folder = optarg;
                        break;
                case 's':
                        ret->store = optarg;
                        break;
                case 'r':
                        ret->rows = strtoull(optarg, NULL, 10);
                        break;
                case 't':
                        ret->seconds = strtod(optarg, NULL);
                        break;
                case 'a':
                        ret->rate = strtod(optarg, NULL);
                        break;
                case 'c':
                        ret->lanes = strtoul(optarg, NULL, 10);
                        break;
                default:
                        return false;
                }
        }
        return ret->program && ret->folder && optind == argc && ret->lanes && !(ret->store && ret->rows);
}

int main(int argc, char **argv)
{
        static struct bench bench;
        if (!read_options(argc, argv, &bench.options)) {
                (void)fprintf(stderr,
                        "usage: bench_portal --portal PROGRAM --folder FOLDER [--store ADDRESS | --rows N] "
                        "[--seconds S] [--connections N] [--rate N]\n");
                return 2;
        }
        setvbuf(stdout, NULL, _IOLBF, 0);
        const bool good = prepare(&bench) && measure(&bench);
        (void)portal_child_end(&bench.child);
        soft_passkey_free(&bench.passkey);
        if (!good)
                (void)fprintf(stderr, "bench_portal: it did not come to its end\n");
        return good ? 0 : 1;
}
