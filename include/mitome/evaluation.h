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
        MITOME_EVALUATION_FACTS_MAX = 128,
};

/* A policy that the evaluation was held against. */
struct mitome_evaluation_policy {
        mitome_slice id;
        mitome_slice sha256; /* of its file: which version of it */
        mitome_slice level;  /* that was reached; empty: none */
};

/* One fact that was found, as mitome_level_judge_evaluated takes it: read once, when the statement is. */
struct mitome_evaluation_fact {
        unsigned number;        /* the library's own; of no use elsewhere */
        bool partial, declared; /* only a part of it was seen; the evaluator was told it */
        uint64_t value, trials; /* yes is 1; of a rate the errors, and in how many trials */
        mitome_slice word;
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
        struct mitome_evaluation_fact facts[MITOME_EVALUATION_FACTS_MAX]; /* those that are known here */
        size_t fact_count;
        mitome_slice evaluator; /* who signed: his certificate, DER */
};

/* What a relying party knows beforehand; what is empty is not compared. */
struct mitome_evaluation_expectation {
        mitome_slice aaguid;        /* of the model that logs in, 16 bytes. Of a registration whose trust is
                                       VERIFIED: else the AAGUID is only the authenticator's word */
        mitome_slice report;        /* SHA-256 of the report that is at hand */
        mitome_slice policy_sha256; /* of the policy's file: the statement must have been held against this
                                       version of it */
        bool accept_simulated;      /* take a statement about an element in software, too. It tells how the
                                       software behaves; for hardware it never counts */
};

/* mitome_verify_evaluation believes a statement, or refuses it:
 *  - it is not of the form (EVALUATION_STATEMENT, CBOR_*, MISSING, TOO_LONG, ..);
 *  - its signature does not verify by its certificate, or that leads to none of the anchors
 *    (EVALUATION_SIGNATURE); the certificate is a CA's or not for signing documents (LEAF_CONSTRAINTS), has
 *    expired, or was revoked by a list or a response of the snapshot (CERTIFICATE_*, CRL_*, OCSP_*);
 *  - it is about something else than was expected, or about a simulation (EVALUATION_OTHER);
 *  - it is from the future (EVALUATION_STATEMENT), or its time is over (EVALUATION_EXPIRED).
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

/* mitome_level_judge_evaluated judges login and device: what the evaluator found counts as attested by him,
 * and what a policy asks of the device must be known, or bars. `evaluation` is a believed one. It says
 * nothing, and the device is judged without it, when it is NULL, when at `now` its time is over, when it is
 * about another model than the evidence's, and when the attestation was not verified, for then nobody knows
 * what model that is: no statement is never better than one that found a fault. */
void mitome_level_judge_evaluated(const struct mitome_level_policy *policy,
        const struct mitome_level_evidence *evidence, const struct mitome_evaluation *evaluation, int64_t now,
        struct mitome_level_judgement *ret);

/* mitome_level_demand_evaluated demands an evaluation of the model that logs in, and with it a level, as
 * mitome_level_demand does. Refused, before the level is looked at: ATTESTATION_UNTRUSTED, nobody knows what
 * model it is; MISSING, there is no statement (NULL); EVALUATION_OTHER, it is about another model;
 * EVALUATION_EXPIRED; EVALUATION_STATEMENT, it is from the future. *ret is the judgement in each case. */
MITOME_CHECKED mitome_status mitome_level_demand_evaluated(const struct mitome_level_policy *policy,
        const struct mitome_level_evidence *evidence, const struct mitome_evaluation *evaluation, int64_t now,
        const char *level, struct mitome_level_judgement *ret, mitome_error *error);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
