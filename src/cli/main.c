/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <stdio.h>
#include <string.h>

enum { EXIT_USAGE = 2 };

static const struct subcommand {
        const char *name;
        int (*run)(int argc, char **argv);
        const char *help;
} subcommands[] = {
        { "authenticator", authenticator_main, "run the authenticator: a security key of this machine" },
        { "biometric", biometric_main, "measure how well fingers are told apart" },
        { "card", card_main, "say what the card in a reader is, or have it sign an application" },
        { "check-device", check_device_main,
                "say whether a phone that is handed in still has a certificate" },
        { "element", element_main, "run the secure element as a process of its own" },
        { "evaluate", evaluate_main,
                "attack an authenticator, and judge what was seen by authentication-level policies" },
        { "explain", explain_main, "say what an error code means and what to do" },
        { "finger", finger_main, "enrol, try, list, name or remove the fingers of an authenticator" },
        { "inspect", inspect_main,
                "print an attestation object, response, certificate, BLOB, message.. for a person" },
        { "journal", journal_main,
                "verify the journals of the parties against each other, as one time line" },
        { "judge", judge_main, "judge stored credentials again, by newer metadata and revocation lists" },
        { "metadata", metadata_main, "print what this project declares of its models, for FIDO's metadata" },
        { "statement", statement_main, "sign an evaluation, or say whether a signed one is to be believed" },
        { "status", status_main, "say how it stands with an authenticator, in plain words" },
        { "verify", verify_main, "verify registrations and logins, one JSON case a line" },
};

static void print_help(FILE *out)
{
        fputs("usage: mitome SUBCOMMAND [OPTION..]\n\n", out);
        for (size_t i = 0; i < sizeof subcommands / sizeof subcommands[0]; i++)
                fprintf(out, "  %-13s %s\n", subcommands[i].name, subcommands[i].help);
        fputs("\n`mitome SUBCOMMAND --help` tells its options; `mitome --version` the version.\n"
              "Exit status: 0 done or all right, 1 something was refused, 2 could not run.\n",
                out);
}

static int run(int argc, char **argv)
{
        const char *name = argc > 1 ? argv[1] : "";
        if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
                print_help(stdout);
                return 0;
        }
        if (strcmp(name, "--version") == 0) {
                puts("mitome " MITOME_VERSION);
                return 0;
        }
        for (size_t i = 0; i < sizeof subcommands / sizeof subcommands[0]; i++)
                if (strcmp(name, subcommands[i].name) == 0)
                        return subcommands[i].run(argc - 1, argv + 1);
        if (argc > 1)
                fprintf(stderr, "mitome: there is no subcommand '%s'\n\n", name);
        print_help(stderr);
        return EXIT_USAGE;
}

int main(int argc, char **argv)
{
        int status = run(argc, argv);
        if (fflush(stdout) != 0 || ferror(stdout)) {
                perror("mitome: standard output");
                return EXIT_USAGE;
        }
        return status;
}
