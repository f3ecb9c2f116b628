/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_CASES_H
#define BENCH_CASES_H

/* The ceremonies that are measured: keys, certificates and responses made anew in each run, in the shape and
 * size that browsers send. */

#include "ceremony_rig.h"

enum bench_case_id {
        CASE_LOGIN_ES256,
        CASE_LOGIN_RS256,
        CASE_LOGIN_EDDSA,
        CASE_NONE,
        CASE_SELF,
        CASE_X5C,       /* packed, the leaf under the root */
        CASE_X5C_CHAIN, /* packed, the leaf under an intermediate that is sent along */
        CASE_U2F,       /* fido-u2f, the leaf under the root */
        CASES,
};

struct bench_case {
        const char *name;
        bool registration;
        bool trusted;     /* the verdict must say so */
        enum rig_key key; /* of the credential */
        struct rig_response response;
};

struct bench_cases {
        struct rig rig;
        X509 *root;
        EVP_PKEY *root_key;
        uint8_t root_der[2048];
        size_t root_der_size;
        struct bench_case *list; /* CASES of them */
};

void bench_cases_open(struct bench_cases *cases);
void bench_cases_close(struct bench_cases *cases);

/* bench_case_build makes a response as case `id` has it, with the rig's keys as they are now. */
void bench_case_build(const struct bench_cases *cases, enum bench_case_id id, struct bench_case *ret);

/* bench_u2f_message is what a fido-u2f statement signs, WebAuthn L3 8.6, in `buffer`. */
slice bench_u2f_message(const struct rig_response *response, uint8_t *buffer, size_t capacity);

/* bench_cases_write writes the cases as `mitome verify` reads them, one a line; false: it could not. */
bool bench_cases_write(const struct bench_cases *cases, const char *path);

#endif
