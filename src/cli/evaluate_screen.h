/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVALUATE_SCREEN_H
#define EVALUATE_SCREEN_H

/* What `mitome evaluate` shows of a run: on a terminal a line that moves, elsewhere plain lines; colours on a
 * terminal only, and not where NO_COLOR is set. */

#include "probing.h"

struct evaluate_screen {
        bool japanese, terminal, colours;
        size_t number, of;
        uint64_t drawn_ms;
};

struct evaluate_screen evaluate_screen(bool japanese);

/* evaluate_screen_listen: SIGINT, SIGTERM and SIGHUP ask for the end of what is done, from now on. */
void evaluate_screen_listen(void);
bool evaluate_screen_stopped(void *context); /* one of them came; the context is nobody's */

/* evaluate_screen_watch gives the watch of a run, which such a signal ends. */
struct probing_watch evaluate_screen_watch(struct evaluate_screen *screen);

void evaluate_screen_list(const struct evaluate_screen *screen); /* the catalogue */

/* evaluate_screen_warn says which probes would do what harm to this target, before they do. */
void evaluate_screen_warn(
        const struct evaluate_screen *screen, const struct probe *const *probes, const struct target *target);

/* evaluate_screen_summary says, of a report, how many probes came out how, and the level of each policy. */
void evaluate_screen_summary(const struct evaluate_screen *screen, const json_t *report);

/* evaluate_screen_steps prints a trace. */
void evaluate_screen_steps(const json_t *steps);

const char *evaluate_result_word(const char *result, bool japanese);

/* evaluate_print_harmless prints what a target or a file has said, without what would command a terminal. */
void evaluate_print_harmless(FILE *out, const char *text);

#endif
