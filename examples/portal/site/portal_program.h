/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PORTAL_PROGRAM_H
#define PORTAL_PROGRAM_H

/* The program portal, without its main function: everything that it is made of, opened one on the other. */

#include "portal_options.h"

struct portal_program;

/* portal_program_open opens the store, reads whom it believes, listens, and begins its clock. What failed
 * stands in *error. */
MITOME_CHECKED mitome_status portal_program_open(
        const struct portal_options *options, struct portal_program **ret, mitome_error *error);
void portal_program_close(struct portal_program *program);

#endif
