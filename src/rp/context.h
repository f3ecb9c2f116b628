/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTEXT_H
#define CONTEXT_H

#include "cose.h"
#include "leaf_memory.h"

#include <mitome/rp.h>

/* context_verifier is the context's; NULL without a context. */
struct cose_verifier *context_verifier(struct mitome_context *context);

/* context_leaves are the certificates that its thread has met; NULL without a context. */
struct leaf_memory *context_leaves(struct mitome_context *context);

#endif
