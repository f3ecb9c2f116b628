/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MITOME_EVALUATION_H
#define MITOME_EVALUATION_H

/* Evaluation statements: what an evaluator found of a model of authenticator, signed by him, for a while
 * (attestation/level/EVALUATION-STATEMENT.md). No login can show how many PINs an element takes before it
 * closes; a relying party can demand that somebody has looked, somebody whom it believes. */

#include <mitome/bytes.h>
#include <mitome/error.h>
#include <mitome/level.h>
#include <mitome/rp.h>
#include <mitome/trust.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

enum {
        MITOME_EVALUATION_MAX = 32768, /* bytes of a statement */
        MITOME_EVALUATION_POLICIES_MAX = 16,
};

/* A policy that the evaluation was held against. */
struct mitome_evaluation_policy {
        mitome_slice id;
        mitome_slice sha256; /* of its file: which version of it */
        mitome_slice level;  /* that was reached; empty: none */
};

/* What a statement says. Views point into it. */
struct mitome_evaluation {
        mitome_slice report; /* SHA-256 of report.json */
        mitome_slice aaguid; /* 16 bytes */
        mitome_slice build;  /* what was evaluated, as its evaluator names it, UTF-8 */
        int64_t at, expires; /* seconds since 1970, UTC; it counts before `expires` */
        bool simulated;      /* the element that was evaluated was software */
        struct mitome_evaluation_policy policies[MITOME_EVALUATION_POLICIES_MAX];
        size_t policy_count;
        mitome_slice facts;     /* what was found, CBOR; mitome_level_judge_evaluated reads it */
        mitome_slice evaluator; /* who signed: his certificate, DER */
};

/* What a relying party knows beforehand; what is empty is not compared. */
struct mitome_evaluation_expectation {
        mitome_slice aaguid;        /* of the model that logs in, 16 bytes. Of a registration whose trust is
                                       VERIFIED: else the AAGUID is only the authenticator's word */
        mitome_slice report;        /* SHA-256 of the report that is at hand */
        mitome_slice policy_sha256; /* of the policy's file: the statement must have been held against this
                                       version of it */
        bool refuse_simulated;
};

/* mitome_verify_evaluation believes a statement, or refuses it:
 *  - it is not of the form (EVALUATION_STATEMENT, CBOR_*, MISSING, TOO_LONG, ..), or is from the future;
 *  - its signature does not verify by its certificate, or that leads to none of the anchors
 *    (EVALUATION_SIGNATURE); the certificate is a CA's (LEAF_CONSTRAINTS), has expired or was revoked
 *    (CERTIFICATE_*, CRL_*, OCSP_*);
 *  - its time is over (EVALUATION_EXPIRED);
 *  - it is about something else than was expected (EVALUATION_OTHER).
 *
 * `evaluators` holds the certificates of evaluators, or of who certifies them, and nobody else's: a snapshot
 * of its own, for a maker's CA must not vouch for the evaluation of its own device. `context` may be NULL.
 * *ret is written when it is believed. */
MITOME_CHECKED mitome_status mitome_verify_evaluation(struct mitome_context *context, mitome_slice statement,
        const struct mitome_evaluation_expectation *expected, const struct mitome_trust *evaluators,
        int64_t now, struct mitome_evaluation *ret, mitome_error *error);

/* mitome_evaluation_find gives what a believed statement says of one version of a policy, by the SHA-256 of
 * its file; NULL when it was not held against it. */
const struct mitome_evaluation_policy *mitome_evaluation_find(
        const struct mitome_evaluation *evaluation, mitome_slice policy_sha256);

/* mitome_level_judge_evaluated is mitome_level_judge with an evaluation beside: what the evaluator found
 * counts as attested by him, and what a policy asks of the device must then be known, too. The statement is a
 * believed one about the model that logs in; of an authenticator whose attestation was not verified it says
 * nothing, for nobody knows what model that is. NULL: there is none. */
void mitome_level_judge_evaluated(const struct mitome_level_policy *policy,
        const struct mitome_level_evidence *evidence, const struct mitome_evaluation *evaluation,
        struct mitome_level_judgement *ret);

/* mitome_level_demand_evaluated is mitome_level_demand so. */
MITOME_CHECKED mitome_status mitome_level_demand_evaluated(const struct mitome_level_policy *policy,
        const struct mitome_level_evidence *evidence, const struct mitome_evaluation *evaluation,
        const char *level, struct mitome_level_judgement *ret, mitome_error *error);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
