/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PORTAL_MODEL_H
#define PORTAL_MODEL_H

/* One metadata statement as a portal needs it. */

#include "portal_trust.h"

struct model_memory {
        uint8_t *bytes; /* what the model views; NULL: nothing */
        struct portal_model model;
};

/* portal_model_read reads a statement into memory of its own. What metadata_statement_read refuses; VALUE for
 * an icon that is not a PNG in a data: URL, and for a description that is none. */
MITOME_CHECKED mitome_status portal_model_read(slice json, struct model_memory *ret, mitome_error *error);
void portal_model_free(struct model_memory *model);

#endif
