/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CEREMONY_H
#define CEREMONY_H

/* What the two ceremonies have in common. The steps are the same; their numbers, which the caller passes as
 * `clause`, are not. Each step is noted in the verdict. */

#include "authdata.h"
#include "client_data.h"
#include "response_json.h"
#include "trust.h"

#include <mitome/rp.h>

struct ceremony {
        struct cose_verifier *verifier; /* may be NULL */
        struct leaf_memory *leaves;     /* may be NULL */
        const struct mitome_policy *policy;
        const struct mitome_expectation *expected;
        const struct mitome_trust *trust; /* NULL: nobody is believed */
        int64_t now;
        writer arena; /* the rest of the caller's buffer, where what is decoded goes */
        struct mitome_response response;
        struct authdata data;
        struct mitome_verdict *verdict;
        mitome_error *error;
};

/* TAKE_STEP notes how a step came out, and leaves the calling function when it failed. */
#define TAKE_STEP(c, clause, expression)                                                            \
        do {                                                                                        \
                mitome_status taken_ = (expression);                                                \
                ceremony_note(c, clause, failed(taken_) ? MITOME_STEP_FAILED : MITOME_STEP_PASSED); \
                if (failed(taken_))                                                                 \
                        return taken_;                                                              \
        } while (0)

void ceremony_note(const struct ceremony *c, const char *clause, enum mitome_outcome outcome);

/* Begins the verdict anew. An expectation that could only ever refuse, or accept what it must not, is a fault
 * of the caller: ARGUMENT. */
MITOME_CHECKED mitome_status ceremony_begin(
        struct ceremony *c, struct mitome_verdict *verdict, mitome_error *error);

MITOME_CHECKED mitome_status ceremony_check_type(
        const struct ceremony *c, const struct client_data *data, const char *type, const char *clause);
MITOME_CHECKED mitome_status ceremony_check_challenge(
        const struct ceremony *c, const struct client_data *data, const char *clause);
MITOME_CHECKED mitome_status ceremony_check_origin(
        const struct ceremony *c, const struct client_data *data, const char *clause);
MITOME_CHECKED mitome_status ceremony_check_cross_origin(
        const struct ceremony *c, const struct client_data *data, const char *clause);
MITOME_CHECKED mitome_status ceremony_check_top_origin(
        const struct ceremony *c, const struct client_data *data, const char *clause);

/* Reads the client's extension results into the verdict. */
MITOME_CHECKED mitome_status ceremony_read_extension_results(struct ceremony *c);

/* Over the clientDataJSON as it was received, into the verdict. */
void ceremony_hash_client_data(struct ceremony *c);

/* Reads authData into c->data, and what it and its extensions say into the verdict. */
MITOME_CHECKED mitome_status ceremony_read_auth_data(struct ceremony *c, slice auth_data);

/* rpIdHash is that of `id`. */
MITOME_CHECKED mitome_status ceremony_check_rp_id(const struct ceremony *c, slice id, const char *clause);
MITOME_CHECKED mitome_status ceremony_check_user_present(const struct ceremony *c, const char *clause);
MITOME_CHECKED mitome_status ceremony_check_user_verified(const struct ceremony *c, const char *clause);
/* The policy accepts it; one with SHA-1 only with `allow_broken`, or by its name. */
MITOME_CHECKED mitome_status ceremony_check_algorithm(const struct ceremony *c, int64_t algorithm,
        bool allow_broken, const char *field, const char *clause);

#endif
