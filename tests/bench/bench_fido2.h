/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_FIDO2_H
#define BENCH_FIDO2_H

/* libfido2's verification of an assertion, which starts where JSON, client data and policy are done with. */

#include "bench_cases.h"
#include "bench_round.h"

struct fido2;

/* fido2_new is NULL where libfido2 was not there when this was built. */
struct fido2 *fido2_new(const struct bench_case *one, EVP_PKEY *key);
void fido2_free(struct fido2 *fido2);

bench_operation fido2_verify; /* fido_assert_verify with an object and a key that stand ready */
bench_operation fido2_build;  /* and with the object made of its parts each time */

#endif
