/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVALUATE_FORMS_H
#define EVALUATE_FORMS_H

/* The files of an evaluation: the one report and all that is drawn from it. */

#include "bytes.h"

#include <jansson.h>

/* evaluate_forms_write writes report.json (unless `drawn_only`) and its forms into a folder, each at once and
 * whole. Fails with EVALUATE_REPORT, FILE_WRITE or NO_MEMORY. */
MITOME_CHECKED mitome_status evaluate_forms_write(
        const char *folder, const json_t *report, bool drawn_only, mitome_error *error);

/* evaluate_file_write writes one file so: who looks at it sees the old one or the new one. FILE_WRITE. */
MITOME_CHECKED mitome_status evaluate_file_write(
        const char *folder, const char *name, slice content, mitome_error *error);

#endif
