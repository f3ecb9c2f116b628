/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVALUATOR_RIG_H
#define EVALUATOR_RIG_H

/* Evaluators: keys, certificates and who certifies them, made anew in each run. */

#include "sign_evaluation.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

/* 2026-11-22T10:00:00Z, when the sample report was made. */
enum { EVALUATOR_AT = 1795341600 };

struct evaluator {
        EVP_PKEY *key;
        X509 *certificate;
        char key_pem[4096], certificate_pem[8192];
        uint8_t der[4096];
        slice certificate_der;
};

struct evaluator_plan {
        const char *kind;               /* "P-256", "P-384", "ED25519", "RSA" */
        const struct evaluator *issuer; /* NULL: itself */
        bool is_ca;
        const char *key_usage, *extended_key_usage; /* as openssl writes them; NULL: absent */
        int64_t not_before, not_after;              /* 0: years around EVALUATOR_AT */
};

void evaluator_make(const struct evaluator_plan *plan, struct evaluator *ret);
void evaluator_drop(struct evaluator *evaluator);

/* evaluator_list is the issuer's list with one that he revoked, of the day before `at`, for a week. */
enum { EVALUATOR_LIST_MAX = 2048 };
slice evaluator_list(const struct evaluator *issuer, const struct evaluator *revoked, int64_t at,
        uint8_t der[EVALUATOR_LIST_MAX]);

/* evaluator_order is to sign the sample report, for 90 days. */
struct evaluation_order evaluator_order(const struct evaluator *evaluator, slice report);

/* evaluator_sample reads the sample report, as its file has it; the caller frees it. */
char *evaluator_sample(void);

#endif
