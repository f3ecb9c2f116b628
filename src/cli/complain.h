/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMPLAIN_H
#define COMPLAIN_H

#include <mitome/error.h>

/* complain prints the error behind the program's name on stderr and gives the exit status of a run that could
 * not be. */
int complain(const char *program, const mitome_error *error);

#endif
