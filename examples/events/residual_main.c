/* SPDX-License-Identifier: Apache-2.0 */

/* Plays the plan's residual issues with and without each measure and prints what remains, as Markdown. */

#include "residual_risk.h"

#include "random_system.h"

#include <stdio.h>
#include <string.h>

static const struct row {
        const char *what;
        unsigned measures;
        bool reachable;
} rows[] = {
        { "nothing", 0, true },
        { "2-1 revoked at the old phone", RESIDUAL_OLD_REVOKE, true },
        { "2-1, 2-2 and erased there", RESIDUAL_OLD_REVOKE | RESIDUAL_OLD_ERASE, true },
        { "3 factory reset", RESIDUAL_RESET, true },
        { "1-1 new phone", RESIDUAL_NEW_PHONE, true },
        { "1-1, 1-2 and erased from afar", RESIDUAL_NEW_PHONE | RESIDUAL_REMOTE_ERASE, true },
        { "1-1, 1-2, the phone cannot be reached", RESIDUAL_NEW_PHONE | RESIDUAL_REMOTE_ERASE, false },
        { ".. and the counter", RESIDUAL_NEW_PHONE | RESIDUAL_REMOTE_ERASE | RESIDUAL_COUNTER, false },
        { "the counter alone", RESIDUAL_COUNTER, false },
};

static mitome_status print_row(const struct row *row, const struct mitome_random *random, mitome_error *error)
{
        struct residual_outcome outcome;
        MITOME_TRY(residual_play(row->measures, row->reachable, random, &outcome, error));
        printf("| %s | %u | %u | %s | %s | %u | %s | %s |\n", row->what, outcome.keys, outcome.live,
                outcome.login ? "yes" : "no", outcome.stale_login ? "yes" : "no", outcome.signatures,
                outcome.facts ? "yes" : "no", counter_verdict_name(outcome.verdict));
        fflush(stdout);
        return ok();
}

static int print_table(void)
{
        const struct mitome_random random = random_system();
        puts("| measures taken | keys in the phone | of them alive | login, OCSP asked | login, list of yesterday | "
             "signatures | 基本4情報 | a counter says |\n|---|---|---|---|---|---|---|---|");
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                mitome_error error = { 0 };
                if (failed(print_row(&rows[i], &random, &error))) {
                        fprintf(stderr, "residual-risk: %s: E%d %s\n", rows[i].what, error.code,
                                error.field ? error.field : "");
                        return 2;
                }
        }
        const struct residual_guess pin = residual_guess_pin(), password = residual_guess_password();
        printf("\nA PIN is guessed with %u of %.0f (%.2f %%), a password with %u of %.3g (%.1e).\n",
                pin.tries, pin.of, 100 * pin.tries / pin.of, password.tries, password.of,
                password.tries / password.of);
        return 0;
}

int main(int argc, char **argv)
{
        if (argc > 1) {
                bool help = strcmp(argv[1], "--help") == 0;
                fputs("usage: residual-risk\nPlays the two residual issues of the plan and prints what remains, as Markdown.\n",
                        help ? stdout : stderr);
                return help ? 0 : 2;
        }
        return print_table();
}
