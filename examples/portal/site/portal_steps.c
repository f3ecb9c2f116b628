/* SPDX-License-Identifier: Apache-2.0 */
#include "portal_steps.h"

#include "cross_device.h"
#include "document.h"
#include "oidc_store.h"
#include "portal_core.h"

#include <assert.h>

/* What a store somewhere has gone through stays as it is: a change is one more step. */
static_assert(PORTAL_SCHEMA_VERSION == 1, "a step of its own, behind the others");
const struct sql_step portal_steps[] = {
        { .version = 1, .sql = portal_schema },
        { .version = 2, .sql = cross_device_schema },
        { .version = 3, .sql = document_schema },
        { .version = 4, .sql = oidc_schema_step },
        { 0 },
};
