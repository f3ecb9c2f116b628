/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_lines.h"

#include <stdio.h>
#include <stdlib.h>

static double least(const struct bench_contender *contender, size_t rounds)
{
        double value = contender->rounds[0];
        for (size_t i = 1; i < rounds; i++)
                if (contender->rounds[i] < value)
                        value = contender->rounds[i];
        return value;
}

static void print_line(
        const struct bench_line *line, size_t at, const struct bench_contender *contenders, size_t rounds)
{
        double nanoseconds = least(&contenders[at], rounds), figure = nanoseconds;
        printf("%-58s %10.2f us", line->name, nanoseconds / 1000);
        if (line->base >= 0) {
                figure = nanoseconds / least(&contenders[line->base], rounds);
                printf("   %6.3f x (median %.3f)", figure,
                        bench_median_ratio(&contenders[at], &contenders[line->base], rounds));
        }
        if (line->target != 0)
                printf(line->base >= 0 ? "   %s %.2f" : "   %s %.0f ns",
                        figure <= line->target ? "met:" : "MISSED:", line->target);
        puts("");
}

int bench_lines(const struct bench_line *lines, size_t count, double seconds)
{
        struct bench_contender contenders[BENCH_LINES_MAX] = { 0 };
        const struct bench_contender *wrong = NULL;
        for (size_t i = 0; i < count; i++)
                contenders[i] = (struct bench_contender){
                        .name = lines[i].name, .run = lines[i].run, .state = lines[i].state
                };
        size_t rounds = bench_measure(contenders, count, seconds, &wrong);
        if (!rounds) {
                fprintf(stderr, "%s: did not come out as it must\n", wrong->name);
                return 1;
        }
        printf("%zu rounds; the least of each, and ratios of the least\n", rounds);
        for (size_t i = 0; i < count; i++)
                print_line(&lines[i], i, contenders, rounds);
        for (size_t i = 0; i < count; i++)
                free(contenders[i].rounds);
        return 0;
}

void bench_print_load(void)
{
        double load[3];
        if (getloadavg(load, 3) == 3)
                printf("load of the machine: %.2f %.2f %.2f\n", load[0], load[1], load[2]);
}
