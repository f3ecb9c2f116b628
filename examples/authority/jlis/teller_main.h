/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TELLER_MAIN_H
#define TELLER_MAIN_H

/* The main function of a counter's program:
 *
 *   NAME --folder FOLDER --directory FILE COMMAND ARGUMENT..
 *   NAME --folder FOLDER --identity         prints the party's entry for a directory, and leaves
 *   NAME --folder FOLDER --journal FILE     exports its journal, and leaves
 *
 * Before the command it says again what was not answered before. Exit status 0 done, 1 not, 2 wrong usage, 3
 * the authority does not answer: it is remembered, and said again by the next command. */

#include "teller.h"

struct teller_command {
        const char *name, *arguments, *help;
        int count; /* of arguments */
        mitome_status (*run)(
                struct party *party, char **arguments, mitome_code *ret_refusal, mitome_error *error);
        int reason; /* without run: the letter is the command's name, about KIND SERIAL, for this CRLReason */
};

struct teller_program {
        const char *party, *program, *about;
        const char *asked; /* how people come to it: "telephone", "counter" */
        const struct teller_command *commands;
        size_t command_count;
};

int teller_main(const struct teller_program *program, int argc, char **argv);

/* What arguments are read with; VALUE. */
MITOME_CHECKED mitome_status teller_read_date(const char *text, int ret[3], mitome_error *error);
MITOME_CHECKED mitome_status teller_read_hex(const char *text, const char *field, uint8_t *ret,
        size_t capacity, size_t *ret_size, mitome_error *error);
void teller_print_hex(const uint8_t *bytes, size_t size);

#endif
