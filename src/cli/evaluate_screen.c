/* SPDX-License-Identifier: Apache-2.0 */
#include "evaluate_screen.h"

#include "harmless_text.h"
#include "report_parts.h"
#include "steady_clock.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the person ---- */

static volatile sig_atomic_t has_had_enough;

static void hear_signal(int number)
{
        (void)number;
        has_had_enough = 1;
}

bool evaluate_screen_stopped(void *context)
{
        (void)context;
        return has_had_enough;
}

/* ---- words ---- */

static const struct {
        const char *result, *japanese, *colour;
} results[] = {
        { "holds", "防いだ", "\033[32m" },
        { "partly", "試した範囲で防いだ", "\033[33m" },
        { "broken", "破られた", "\033[31m" },
        { "not testable here", "ここでは確認不能", "\033[2m" },
        { "target failed", "対象が異常", "\033[31m" },
};

enum { RESULTS = sizeof results / sizeof results[0] };

const char *evaluate_result_word(const char *result, bool japanese)
{
        for (size_t i = 0; i < RESULTS && japanese; i++)
                if (strcmp(results[i].result, result) == 0)
                        return results[i].japanese;
        return result;
}

static const char *colour_of(const struct evaluate_screen *screen, const char *result)
{
        for (size_t i = 0; i < RESULTS && screen->colours; i++)
                if (strcmp(results[i].result, result) == 0)
                        return results[i].colour;
        return "";
}

static const char *text_of(const json_t *object, const char *name)
{
        const char *text = json_string_value(json_object_get(object, name));
        return text ? text : "";
}

/* What comes from a target or a file may hold what a terminal obeys, or what turns the words beside it. */
void evaluate_print_harmless(FILE *out, const char *text)
{
        reader r = reader_over(slice_text(text), NULL, NULL);
        for (slice shown; harmless_next(&r, &shown);)
                fwrite(shown.data, 1, shown.size, out);
}

/* ---- a run ---- */

struct evaluate_screen evaluate_screen(bool japanese)
{
        return (struct evaluate_screen){
                .japanese = japanese,
                .terminal = isatty(STDERR_FILENO),
                .colours = isatty(STDOUT_FILENO) && !getenv("NO_COLOR"),
        };
}

static const char *title_of(const struct evaluate_screen *screen, const struct probe *probe)
{
        return screen->japanese ? probe->title_ja : probe->title;
}

static const char *harm_of(const struct evaluate_screen *screen, const struct probe *probe)
{
        return screen->japanese ? probe->harm_ja : probe->harm;
}

static void draw(const struct evaluate_screen *screen, const struct probe *probe)
{
        fprintf(stderr, "\r\033[K[%zu/%zu] %s %s", screen->number, screen->of, probe->id,
                title_of(screen, probe));
}

static void begins(void *context, size_t number, size_t of, const struct probe *probe)
{
        struct evaluate_screen *screen = context;
        screen->number = number;
        screen->of = of;
        if (screen->terminal)
                draw(screen, probe);
}

static bool progress(void *context, const struct probe *probe, uint64_t done, uint64_t of)
{
        enum { OFTEN_MS = 100 };
        struct evaluate_screen *screen = context;
        const uint64_t now = steady_clock_ms();
        if (screen->terminal && now - screen->drawn_ms >= OFTEN_MS) {
                screen->drawn_ms = now;
                draw(screen, probe);
                fprintf(stderr, "  %" PRIu64 "/%" PRIu64, done, of);
        }
        return !has_had_enough;
}

static void ended(
        void *context, size_t number, size_t of, const struct probe *probe, const json_t *result, bool kept)
{
        struct evaluate_screen *screen = context;
        const char *word = text_of(result, "result");
        if (screen->terminal)
                fputs("\r\033[K", stderr);
        printf("[%zu/%zu] %s %s%s%s%s: ", number, of, probe->id, colour_of(screen, word),
                evaluate_result_word(word, screen->japanese), screen->colours ? "\033[0m" : "",
                kept ? screen->japanese ? "(記録済み)" : " (from the journal)" : "");
        evaluate_print_harmless(stdout, text_of(result, "why"));
        putchar('\n');
        fflush(stdout);
}

static void said(void *context, const struct probe *probe, enum probing_event event)
{
        static const char *const texts[][2] = {
                [PROBING_PIN_REFUSED] = { "the PIN that was given is refused: it is not used any more",
                        "指定されたPINは拒否された。以後は使わない" },
                [PROBING_BROKEN_OFF] = { "broken off: the target may have been changed",
                        "中断した。対象は変わっている可能性がある" },
                [PROBING_PIN_UNUSED] = { "the journal has it that the target refused the PIN: none is used in this folder; with another PIN, begin in another",
                        "記録ではPINは拒否されている。このフォルダではPINを使わない。別のPINでは別のフォルダで開始する" },
        };
        const struct evaluate_screen *screen = context;
        fprintf(stderr, "\n%s: %s", probe ? probe->id : "--out", texts[event][screen->japanese]);
        if (probe && event == PROBING_BROKEN_OFF)
                fprintf(stderr, ": %s", harm_of(screen, probe));
        fputc('\n', stderr);
}

void evaluate_screen_listen(void)
{
        static const struct {
                int number, flags;
        } signals[] = {
                { SIGINT, SA_RESETHAND }, /* a second one ends it at once: a card may keep us for good */
                { SIGTERM, 0 },           /* which timeout(1) and others send twice */
                { SIGHUP, 0 },
        };
        for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
                const struct sigaction action = { .sa_handler = hear_signal, .sa_flags = signals[i].flags };
                sigaction(signals[i].number, &action, NULL);
        }
}

struct probing_watch evaluate_screen_watch(struct evaluate_screen *screen)
{
        return (struct probing_watch){ .context = screen,
                .begins = begins,
                .progress = progress,
                .ended = ended,
                .said = said,
                .stopped = evaluate_screen_stopped };
}

/* ---- the catalogue ---- */

static void print_needs(unsigned needs)
{
        const char *between = "";
        for (unsigned i = 0; i < TARGET_ABILITIES; i++)
                if (needs & 1U << i) {
                        printf("%s%s", between, target_ability_word((enum target_ability)(1U << i)));
                        between = "+";
                }
}

void evaluate_screen_list(const struct evaluate_screen *screen)
{
        for (size_t i = 0; probe_catalogue[i]; i++) {
                const struct probe *probe = probe_catalogue[i];
                printf("%-4s %c ", probe->id, probe->destructive ? '!' : probe->harm ? '+' : ' ');
                printf("%s (%s; ", title_of(screen, probe), probe->responsible);
                print_needs(probe->needs);
                puts(")");
                printf("       %s\n", screen->japanese ? probe->attack_ja : probe->attack);
                if (probe->harm)
                        printf("       --destructive: %s\n", harm_of(screen, probe));
        }
        puts(screen->japanese
                        ? "! 作り直せない対象では --destructive が必要、+ その指定があれば害のある攻撃も行う"
                        : "! needs --destructive where the target cannot be made anew, + goes further with it");
}

void evaluate_screen_warn(
        const struct evaluate_screen *screen, const struct probe *const *probes, const struct target *target)
{
        bool said = false;
        for (size_t i = 0; probes[i]; i++) {
                if (!probe_harms(probes[i], target))
                        continue;
                if (!said)
                        fputs(screen->japanese
                                        ? "--destructive: 次の試験は対象に元に戻せない害を与えることがある:\n"
                                        : "--destructive: these probes may do harm that cannot be undone:\n",
                                stderr);
                said = true;
                fprintf(stderr, "  %s %s\n", probes[i]->id, harm_of(screen, probes[i]));
        }
}

/* ---- the summary ---- */

static void print_counts(const struct evaluate_screen *screen, const json_t *probes)
{
        size_t counts[RESULTS] = { 0 };
        for (size_t i = 0; i < json_array_size(probes); i++)
                for (size_t k = 0; k < RESULTS; k++)
                        if (strcmp(text_of(json_array_get(probes, i), "result"), results[k].result) == 0)
                                counts[k]++;
        fputs(screen->japanese ? "\n試験:" : "\nprobes:", stdout);
        for (size_t k = 0; k < RESULTS; k++)
                if (counts[k])
                        printf(" %s%zu %s%s", colour_of(screen, results[k].result), counts[k],
                                evaluate_result_word(results[k].result, screen->japanese),
                                screen->colours ? "\033[0m" : "");
        putchar('\n');
}

static const json_t *requirement_of(const json_t *policy, const char *id)
{
        return report_find(json_object_get(policy, "requirements"), "id", id, NULL);
}

static void print_left(const struct evaluate_screen *screen, const json_t *policy, const json_t *requirement)
{
        REPORT_TEXT(unlike); /* the report is this program's own, or one that the forms were drawn from */
        const char *left = report_left(
                &unlike, policy, requirement, screen->japanese ? REPORT_JAPANESE : REPORT_ENGLISH);
        if (left)
                printf(" (%s)", left);
}

/* Where no level was reached, nothing is demanded of one. */
static void print_beside(void *context, const char *name, const char *label, const char *text)
{
        static const char *const always[] = { "by-unconfirmed-wording", "scopes-judged" };
        const bool *reached = context;
        bool shown = *reached && strcmp(name, "level-reached") != 0; /* that stands in the line above */
        for (size_t i = 0; i < sizeof always / sizeof *always; i++)
                shown |= strcmp(name, always[i]) == 0;
        if (!shown)
                return;
        printf("  %s: ", label);
        evaluate_print_harmless(stdout, text);
        putchar('\n');
}

static void print_blockers(const struct evaluate_screen *screen, const json_t *policy)
{
        const json_t *blockers = json_object_get(policy, "blockers");
        for (size_t i = 0; i < json_array_size(blockers); i++) {
                const char *id = json_string_value(json_array_get(blockers, i));
                fputs(i ? ", " : " ", stdout);
                evaluate_print_harmless(stdout, id);
                const json_t *requirement = requirement_of(policy, id);
                if (!requirement || strcmp(text_of(requirement, "outcome"), "not testable here") != 0)
                        continue; /* it was missed */
                fputs(" (?)", stdout);
                print_left(screen, policy, requirement);
        }
}

static void print_policy(const struct evaluate_screen *screen, const json_t *policy)
{
        const char *level = json_string_value(json_object_get(policy, "level"));
        const char *next = json_string_value(json_object_get(policy, "next"));
        evaluate_print_harmless(stdout, text_of(policy, "id"));
        fputs(": ", stdout);
        evaluate_print_harmless(stdout, level ? level : screen->japanese ? "該当するレベルなし" : "no level");
        if (next) {
                fputs(screen->japanese ? "。" : "; ", stdout);
                evaluate_print_harmless(stdout, next);
                fputs(screen->japanese ? " に届かない理由:" : " is kept off by", stdout);
                print_blockers(screen, policy);
        }
        putchar('\n');
        REPORT_TEXT(unlike); /* as in print_left */
        bool reached = level != NULL;
        report_each_beside(
                &unlike, policy, screen->japanese ? REPORT_JAPANESE : REPORT_ENGLISH, print_beside, &reached);
}

/* Which artefacts opened it, for that breaks no probe; what was given and does not count, and what was said
 * and is not so: whoever gave it would believe otherwise. */
static void print_caveats(const struct evaluate_screen *screen, const json_t *caveats)
{
        static const char *const told[] = { "artefacts", "unusable", "evidence_unused", "contradiction" };
        for (size_t i = 0; i < json_array_size(caveats); i++) {
                const json_t *caveat = json_array_get(caveats, i);
                for (size_t k = 0; k < sizeof told / sizeof *told; k++) {
                        if (strcmp(text_of(caveat, "id"), told[k]) != 0)
                                continue;
                        evaluate_print_harmless(
                                stdout, text_of(caveat, screen->japanese ? "text_ja" : "text"));
                        putchar('\n');
                }
        }
}

void evaluate_screen_summary(const struct evaluate_screen *screen, const json_t *report)
{
        const json_t *policies = json_object_get(report, "policies");
        print_counts(screen, json_object_get(report, "probes"));
        print_caveats(screen, json_object_get(report, "caveats"));
        for (size_t i = 0; i < json_array_size(policies); i++)
                print_policy(screen, json_array_get(policies, i));
        if (json_is_true(json_object_get(json_object_get(report, "target"), "simulated")))
                puts(screen->japanese
                                ? "対象のセキュアエレメントはソフトウェアによる模擬であり、耐タンパ性は評価していない。"
                                : "The target's element is software (simulated): nothing here speaks of tamper resistance.");
}

void evaluate_screen_steps(const json_t *steps)
{
        for (size_t i = 0; i < json_array_size(steps); i++) {
                const json_t *step = json_array_get(steps, i);
                const char *note = json_string_value(json_object_get(step, "note"));
                if (note) {
                        fputs("   # ", stdout);
                        evaluate_print_harmless(stdout, note);
                        putchar('\n');
                        continue;
                }
                printf("%s > %s\n", text_of(step, "by"), text_of(step, "sent"));
                printf("%*s < %s\n", (int)strlen(text_of(step, "by")), "", text_of(step, "saw"));
        }
}
