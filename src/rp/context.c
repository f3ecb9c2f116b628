/* SPDX-License-Identifier: Apache-2.0 */
#include "context.h"

#include <stdlib.h>

struct mitome_context {
        struct cose_verifier *verifier;
        struct leaf_memory *leaves;
};

mitome_status mitome_context_new(struct mitome_context **ret, mitome_error *error)
{
        struct mitome_context *context = calloc(1, sizeof *context);
        if (!context)
                return fail(error, MITOME_E_NO_MEMORY, "context", NULL);
        mitome_status status = cose_verifier_new(&context->verifier, error);
        context->leaves = leaf_memory_new();
        if (!failed(status) && !context->leaves)
                status = fail(error, MITOME_E_NO_MEMORY, "context", NULL);
        if (failed(status)) {
                mitome_context_free(context);
                return status;
        }
        *ret = context;
        return ok();
}

void mitome_context_free(struct mitome_context *context)
{
        if (!context)
                return;
        leaf_memory_free(context->leaves); /* decoded in the verifier's library context */
        cose_verifier_free(context->verifier);
        free(context);
}

struct cose_verifier *context_verifier(struct mitome_context *context)
{
        return context ? context->verifier : NULL;
}

struct leaf_memory *context_leaves(struct mitome_context *context)
{
        return context ? context->leaves : NULL;
}
