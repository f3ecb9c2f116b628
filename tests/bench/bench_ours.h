/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_OURS_H
#define BENCH_OURS_H

/* Our ceremonies, JSON in and verdict out, as a relying party calls them. */

#include "bench_cases.h"
#include "bench_round.h"

/* One ceremony of some credential. */
struct our_response {
        slice json;
        slice public_key;
};

struct ours {
        const struct bench_cases *cases;
        bool registration;
        bool trusted;
        struct our_response *list; /* taken in turn */
        size_t count, next;
        struct mitome_context *context; /* NULL: none */
        struct mitome_trust *trust;
        uint8_t *buffer;
};

enum ours_context { OURS_NO_CONTEXT, OURS_CONTEXT };

/* ours_new is one response of a case, over and over. */
struct ours *ours_new(const struct bench_cases *cases, const struct bench_case *one, enum ours_context kind);

/* ours_new_cold is a ceremony with another credential and another leaf each time, so many that no cache holds
 * them. */
struct ours *ours_new_cold(const struct bench_cases *cases, enum bench_case_id id);

void ours_free(struct ours *ours);

/* ours_code is what the ceremony comes to. */
mitome_code ours_code(struct ours *ours, mitome_error *error);

bench_operation ours_run; /* struct ours */

#endif
