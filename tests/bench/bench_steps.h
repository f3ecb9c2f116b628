/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_STEPS_H
#define BENCH_STEPS_H

/* Where the time of a login goes: its steps, each by itself. */

#include "bench_cases.h"
#include "bench_round.h"

struct steps;
struct steps *steps_new(const struct bench_case *one);
void steps_free(struct steps *steps);

/* All of struct steps. */
bench_operation steps_envelope;    /* the response's JSON and base64url */
bench_operation steps_client_data; /* clientDataJSON */
bench_operation steps_hashes;      /* of clientDataJSON and of the RP ID */
bench_operation steps_auth_data;   /* authenticatorData */
bench_operation steps_key;         /* COSE_Key to views */
bench_operation steps_signature;   /* cose_verify, a verifier that has seen the key */

#endif
