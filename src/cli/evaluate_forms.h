/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVALUATE_FORMS_H
#define EVALUATE_FORMS_H

/* The files of an evaluation: the one report and all that is drawn from it. */

#include "status.h"

#include <jansson.h>
#include <stdbool.h>

/* evaluate_forms_write writes report.json (unless `drawn_only`) and its forms into a folder, each at once and
 * whole. Fails with EVALUATE_REPORT, FILE_WRITE or NO_MEMORY. */
MITOME_CHECKED mitome_status evaluate_forms_write(
        const char *folder, const json_t *report, bool drawn_only, mitome_error *error);

#endif
