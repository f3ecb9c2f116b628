/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include <inttypes.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_us(void)
{
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static const char *paint(const struct stage *stage, const char *code)
{
        return stage->colour ? code : "";
}

static const char bold[] = "\033[1m", dim[] = "\033[2m", green[] = "\033[32m", red[] = "\033[31m",
                  plain[] = "\033[0m";

void stage_open(struct stage *stage, FILE *out)
{
        uint64_t now = now_us();
        *stage = (struct stage){
                .out = out,
                .colour = isatty(fileno(out)) == 1,
                .began_us = now,
                .last_us = now,
        };
        setvbuf(out, NULL, _IOLBF, 0);
}

void stage_step(struct stage *stage, const char *title)
{
        fprintf(stage->out, "\n%s%u. %s%s\n", paint(stage, bold), ++stage->step, title, paint(stage, plain));
        stage->last_us = now_us();
}

void stage_sent(struct stage *stage, const char *from, const char *to, const char *format, ...)
{
        char text[STAGE_TEXT_MAX];
        va_list arguments;
        va_start(arguments, format);
        /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it was started above */
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        uint64_t now = now_us();
        fprintf(stage->out, "   %-13s -> %-13s  %-72s %s%8.1f ms%s\n", from, to, text, paint(stage, dim),
                (double)(now - stage->last_us) / 1000, paint(stage, plain));
        stage->last_us = now;
}

void stage_note(struct stage *stage, const char *format, ...)
{
        va_list arguments;
        fputs("   ", stage->out);
        va_start(arguments, format);
        /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it was started above */
        vfprintf(stage->out, format, arguments);
        va_end(arguments);
        fputc('\n', stage->out);
}

void stage_check(
        struct stage *stage, const char *party, bool as_it_must_be, const char *what, const char *format, ...)
{
        if (stage->check_count == STAGE_CHECKS_MAX) {
                stage->overfull = true;
                return;
        }
        struct stage_check *check = &stage->checks[stage->check_count++];
        check->party = party;
        check->as_it_must_be = as_it_must_be;
        snprintf(check->what, sizeof check->what, "%s", what);
        va_list arguments;
        va_start(arguments, format);
        /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it was started above */
        vsnprintf(check->outcome, sizeof check->outcome, format, arguments);
        va_end(arguments);
        fprintf(stage->out, "   %s%s%s %s: %s\n", paint(stage, as_it_must_be ? green : red),
                as_it_must_be ? "ok  " : "FAIL", paint(stage, plain), party, check->outcome);
        stage->last_us = now_us();
}

bool stage_summary(struct stage *stage, unsigned expected)
{
        unsigned good = 0;
        fprintf(stage->out, "\n%s%-4s  %-58s  %-14s  %s%s\n", paint(stage, bold), "", "What had to be",
                "Decided by", "What came out", paint(stage, plain));
        for (unsigned i = 0; i < stage->check_count; i++) {
                const struct stage_check *check = &stage->checks[i];
                good += check->as_it_must_be;
                fprintf(stage->out, "%s%s%s  %-58s  %-14s  %s\n",
                        paint(stage, check->as_it_must_be ? green : red),
                        check->as_it_must_be ? "ok  " : "FAIL", paint(stage, plain), check->what,
                        check->party, check->outcome);
        }
        bool all = good == stage->check_count && good >= expected && !stage->overfull;
        fprintf(stage->out, "\n%s%u of %u lines are as they must be%s, in %.1f s.\n",
                paint(stage, all ? green : red), good,
                stage->check_count < expected ? expected : stage->check_count, paint(stage, plain),
                (double)(now_us() - stage->began_us) / 1e6);
        return all;
}
