/* SPDX-License-Identifier: Apache-2.0 */

/* Plays the plan's residual issues with and without each measure and prints what remains, and what can happen
 * to a phone, as Markdown: the tables of docs/life-cycle.md. */

#include "life_cycle_page.h"

#include "random_system.h"

#include <stdio.h>
#include <string.h>

static const char usage[] =
        "usage: residual-risk [--both] [--events FILE]\n"
        "Plays the two residual issues of the plan and prints what remains, as Markdown.\n"
        "  --events FILE  play nothing, and print what can happen to a phone, from phone_events.json\n"
        "  --both         in English, and then in Japanese\n";

static mitome_status print_events(const char *path, unsigned languages, mitome_error *error)
{
        static struct event_table table;
        MITOME_TRY(event_table_read(path, &table, error));
        for (unsigned i = 0; i < languages; i++) {
                page_print_events(&table, (enum page_language)i);
                puts("");
        }
        return ok();
}

static mitome_status print_residual(unsigned languages, mitome_error *error)
{
        const struct mitome_random random = random_system();
        struct residual_outcome outcomes[PAGE_ROWS];
        MITOME_TRY(page_play(&random, outcomes, error));
        for (unsigned i = 0; i < languages; i++)
                page_print_residual(outcomes, (enum page_language)i);
        return ok();
}

int main(int argc, char **argv)
{
        const char *events = NULL;
        unsigned languages = 1;
        mitome_error error = { 0 };
        for (int i = 1; i < argc; i++) {
                if (strcmp(argv[i], "--both") == 0) {
                        languages = PAGE_LANGUAGES;
                } else if (strcmp(argv[i], "--events") == 0 && i + 1 < argc) {
                        events = argv[++i];
                } else {
                        bool help = strcmp(argv[i], "--help") == 0;
                        fputs(usage, help ? stdout : stderr);
                        return help ? 0 : 2;
                }
        }
        mitome_status status =
                events ? print_events(events, languages, &error) : print_residual(languages, &error);
        if (failed(status))
                fprintf(stderr, "residual-risk: E%d %s\n", (int)status.code, error.field ? error.field : "");
        return failed(status) ? 2 : 0;
}
