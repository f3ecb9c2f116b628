/* SPDX-License-Identifier: Apache-2.0 */
#include "context.h"
#include "evaluation_statement.h"
#include "leaf_certificate.h"
#include "raw_signature.h"
#include "trust.h"

static const char clause[] = "EVALUATION-STATEMENT.md 4";

static mitome_status verify_signature(const struct evaluation_statement *statement, const X509 *leaf,
        struct cose_verifier *verifier, mitome_error *error)
{
        uint8_t to_sign[EVALUATION_PAYLOAD_MAX + 256], der[RAW_SIGNATURE_DER_MAX];
        writer w = WRITER(to_sign), signature = WRITER(der);
        struct cose_key key;
        slice part;
        MITOME_TRY(leaf_read_key(
                verifier, leaf, statement->algorithm, "x5chain[0] public key", clause, &key, error));
        evaluation_statement_to_sign(&w, statement->algorithm, statement->sign1.payload);
        MITOME_TRY(writer_finish(&w, "payload", &part, error));
        if (statement->algorithm == COSE_ES256)
                raw_signature_write_der(&signature, statement->sign1.signature);
        else
                write_slice(&signature, statement->sign1.signature);
        mitome_status status =
                cose_verify(verifier, &key, &part, 1, writer_view(&signature), "signature", clause, NULL);
        return failed(status) ? fail(error, MITOME_E_EVALUATION_SIGNATURE, "the statement", clause) : ok();
}

static mitome_status verify_evaluator(const struct evaluation_statement *statement,
        struct mitome_context *context, const struct mitome_trust *evaluators, int64_t now,
        mitome_error *error)
{
        struct cose_verifier *verifier = context_verifier(context);
        const struct attestation_input input = { .verifier = verifier };
        X509 *leaf;
        bool anchored;
        MITOME_TRY(leaf_read(&input, statement->sign1.chain[0], "x5chain[0]", clause, &leaf, error));
        mitome_status status = leaf_check_not_ca(leaf, clause, error);
        if (!failed(status))
                status = leaf_check_signs_documents(leaf, clause, error);
        if (!failed(status))
                status = verify_signature(statement, leaf, verifier, error);
        X509_free(leaf);
        MITOME_TRY(status);
        MITOME_TRY(trust_verify_attestation(
                evaluators, statement->sign1.chain, statement->sign1.chain_count, now, &anchored, error));
        return anchored ? ok() : fail(error, MITOME_E_EVALUATION_SIGNATURE, "the statement", clause);
}

static mitome_status check_expected(const struct mitome_evaluation *said,
        const struct mitome_evaluation_expectation *expected, mitome_error *error)
{
        const char *other = NULL;
        if (expected->aaguid.size && !slice_equal(expected->aaguid, said->aaguid))
                other = "payload.aaguid";
        else if (expected->report.size && !slice_equal(expected->report, said->report))
                other = "payload.report";
        else if (expected->policy_sha256.size && !mitome_evaluation_find(said, expected->policy_sha256))
                other = "payload.policies";
        else if (said->simulated && !expected->accept_simulated)
                other = "payload.simulated";
        return other ? fail(error, MITOME_E_EVALUATION_OTHER, other, clause) : ok();
}

mitome_status mitome_verify_evaluation(struct mitome_context *context, mitome_slice statement,
        const struct mitome_evaluation_expectation *expected, const struct mitome_trust *evaluators,
        int64_t now, struct mitome_evaluation *ret, mitome_error *error)
{
        struct evaluation_statement read;
        if (!evaluators)
                return fail(error, MITOME_E_ARGUMENT, "evaluators", NULL);
        MITOME_TRY(evaluation_statement_read(statement, &read, error));
        MITOME_TRY(verify_evaluator(&read, context, evaluators, now, error));
        MITOME_TRY(check_expected(&read.said, expected, error));
        MITOME_TRY(evaluation_check_time(&read.said, now, error));
        *ret = read.said;
        return ok();
}

const struct mitome_evaluation_policy *mitome_evaluation_find(
        const struct mitome_evaluation *evaluation, mitome_slice policy_sha256)
{
        for (size_t i = 0; i < evaluation->policy_count; i++)
                if (slice_equal(evaluation->policies[i].sha256, policy_sha256))
                        return &evaluation->policies[i];
        return NULL;
}
