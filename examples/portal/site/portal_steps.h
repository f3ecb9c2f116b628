/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PORTAL_STEPS_H
#define PORTAL_STEPS_H

/* How the portal's tables came to be: party_config.steps. */

#include "sql_store.h"

extern const struct sql_step portal_steps[];

#endif
