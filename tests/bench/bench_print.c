/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_print.h"

#include "bench_lineup.h"

#include <openssl/crypto.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static const char *verdict(bool reached)
{
        return reached ? "reached" : "MISSED";
}

static void print_times(const struct bench_findings *findings, const struct bench_contender *contenders)
{
        const char *group = "";
        printf("%-62s %10s %12s", "one thread, median of the rounds", "us", "a second");
        printf(findings->counted ? " %s\n" : "\n", "allocations: OpenSSL's, others");
        for (size_t i = 0; i < CONTENDERS; i++) {
                const struct bench_contender *c = &contenders[i];
                if (c->left_out)
                        continue;
                if (strcmp(group, c->group) != 0)
                        printf("%s\n", c->group);
                group = c->group;
                printf("  %-60s ", c->name);
                if (c->missing) {
                        printf("%s\n", c->missing);
                        continue;
                }
                double ns = bench_median(c, findings->rounds);
                printf("%10.2f %12.0f", ns / 1e3, 1e9 / ns);
                if (findings->counted && findings->costs[i].others >= 0)
                        printf(" %10.2f %7.2f", findings->costs[i].openssl, findings->costs[i].others);
                printf("\n");
        }
}

static void print_targets(const struct bench_findings *findings, const struct bench_contender *contenders)
{
        size_t count;
        const struct lineup_target *targets = lineup_targets(&count);
        printf("\n%-46s %8s %8s\n", "ratio, median of the rounds", "is", "target");
        for (size_t i = 0; i < count; i++) {
                const struct bench_contender *who = &contenders[targets[i].who],
                                             *base = &contenders[targets[i].base];
                if (who->left_out || base->left_out)
                        continue;
                if (who->missing || base->missing) {
                        printf("%-46s %8s <= %.2f\n", targets[i].what, "-", targets[i].limit);
                        continue;
                }
                double ratio = bench_median_ratio(who, base, findings->rounds);
                printf("%-46s %8.3f <= %.2f  %s\n", targets[i].what, ratio, targets[i].limit,
                        verdict(ratio <= targets[i].limit));
        }
}

static double most_others(const struct bench_findings *findings)
{
        double most = 0;
        for (size_t i = 0; i < CONTENDERS; i++)
                if (findings->costs[i].others > most)
                        most = findings->costs[i].others;
        return most;
}

static void print_findings(const struct bench_findings *findings)
{
        if (findings->our_threads > 0) {
                printf("%-46s %8.3f >= 1.90  %s\n", "two threads : one, ES256 warm key",
                        findings->our_threads, verdict(findings->our_threads >= 1.9));
                printf("%-46s %8.3f          (what the machine gives)\n", "two threads : one, raw ES256",
                        findings->raw_threads);
        }
        if (!findings->counted) {
                printf("allocations: nothing to count them with here\n");
                return;
        }
        double most = most_others(findings);
        printf("%-46s %8.2f <= 1     %s\n", "allocations beyond OpenSSL's, the most", most,
                verdict(most <= 1));
        printf("%-46s %8lld <= 0     %s, %lld bytes, over %llu ceremonies\n", "heap growth, blocks",
                (long long)findings->grown_blocks, verdict(findings->grown_blocks <= 0),
                (long long)findings->grown_bytes, (unsigned long long)findings->grown_over);
}

static void print_json_contender(const struct bench_contender *c, const struct bench_findings *findings,
        const struct bench_cost *cost, const char *before)
{
        printf("%s\n  {\"group\": \"%s\", \"name\": \"%s\"", before, c->group, c->name);
        if (c->missing) {
                printf(", \"missing\": \"%s\"}", c->missing);
                return;
        }
        double ns = bench_median(c, findings->rounds);
        printf(", \"nanoseconds\": %.1f, \"a_second\": %.1f", ns, 1e9 / ns);
        if (findings->counted && cost->others >= 0)
                printf(", \"allocations_openssl\": %.3f, \"allocations_others\": %.3f", cost->openssl,
                        cost->others);
        printf("}");
}

static void print_json(const struct bench_findings *findings, const struct bench_contender *contenders)
{
        size_t count;
        const struct lineup_target *targets = lineup_targets(&count);
        printf("{\"openssl\": \"%s\", \"libsodium\": \"%s\", \"rounds\": %zu, \"contenders\": [",
                OpenSSL_version(OPENSSL_VERSION_STRING), sodium_version_string(), findings->rounds);
        for (size_t i = 0; i < CONTENDERS; i++)
                print_json_contender(&contenders[i], findings, &findings->costs[i], i ? "," : "");
        printf("],\n \"ratios\": [");
        const char *before = "";
        for (size_t i = 0; i < count; i++) {
                const struct bench_contender *who = &contenders[targets[i].who],
                                             *base = &contenders[targets[i].base];
                if (who->missing || base->missing)
                        continue;
                printf("%s\n  {\"what\": \"%s\", \"ratio\": %.4f, \"at_most\": %.2f}", before,
                        targets[i].what, bench_median_ratio(who, base, findings->rounds), targets[i].limit);
                before = ",";
        }
        printf("],\n \"two_threads\": %.4f, \"two_threads_raw\": %.4f", findings->our_threads,
                findings->raw_threads);
        if (findings->counted)
                printf(",\n \"growth\": {\"ceremonies\": %llu, \"blocks\": %lld, \"bytes\": %lld, "
                       "\"resident\": %lld}",
                        (unsigned long long)findings->grown_over, (long long)findings->grown_blocks,
                        (long long)findings->grown_bytes, (long long)findings->grown_resident);
        printf("}\n");
}

void bench_print(const struct bench_findings *findings, struct lineup *lineup, enum bench_format format)
{
        const struct bench_contender *contenders = lineup_contenders(lineup);
        if (format == BENCH_JSON) {
                print_json(findings, contenders);
                return;
        }
        printf("OpenSSL %s, libsodium %s, %zu rounds\n", OpenSSL_version(OPENSSL_VERSION_STRING),
                sodium_version_string(), findings->rounds);
        print_times(findings, contenders);
        print_targets(findings, contenders);
        print_findings(findings);
}
