/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <mitome/error.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
        int number;
        const char *name, *message, *remedy;
} registry[] = {
#define MITOME_ERROR(number, name, message, remedy) { number, #name, message, remedy },
#include <mitome/errors.def>
#undef MITOME_ERROR
};

enum { REGISTERED = sizeof registry / sizeof registry[0], EXIT_USAGE = 2 };

/* The page docs/errors.md: the registry as a table. */
static void print_page(void)
{
        puts("# Errors\n\n"
             "Made by `mitome explain --markdown` from include/mitome/errors.def. A number is never reused. `{field}` stands "
             "for the part of the\ninput that is meant.\n\n| code | name | message | what to do |\n|---|---|---|---|");
        for (int i = 0; i < REGISTERED; i++)
                printf("| E%d | `MITOME_E_%s` | %s | %s |\n", registry[i].number, registry[i].name,
                        registry[i].message, registry[i].remedy);
}

static int print_one(const char *code)
{
        char *end;
        const char *digits = code[0] == 'E' || code[0] == 'e' ? code + 1 : code;
        long number = strtol(digits, &end, 10);
        for (int i = 0; *digits && !*end && i < REGISTERED; i++)
                if (registry[i].number == number) {
                        printf("E%d MITOME_E_%s\n  %s\n", registry[i].number, registry[i].name,
                                registry[i].message);
                        if (registry[i].remedy[0])
                                printf("  What to do: %s\n", registry[i].remedy);
                        return 0;
                }
        fprintf(stderr, "mitome explain: there is no error '%s'; docs/errors.md lists them all\n", code);
        return 1;
}

int explain_main(int argc, char **argv)
{
        static const char usage[] = "usage: mitome explain CODE        say what an error means (E112)\n"
                                    "       mitome explain --markdown  print the page of all errors\n";
        if (argc == 2 && strcmp(argv[1], "--help") == 0) {
                fputs(usage, stdout);
                return 0;
        }
        if (argc == 2 && strcmp(argv[1], "--markdown") == 0) {
                print_page();
                return 0;
        }
        if (argc == 2 && argv[1][0] != '-')
                return print_one(argv[1]);
        fputs(usage, stderr);
        return EXIT_USAGE;
}
