/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGN_EVALUATION_H
#define SIGN_EVALUATION_H

/* An evaluator's signature under a report (attestation/level/EVALUATION-STATEMENT.md). */

#include "evaluation_statement.h"

#include <jansson.h>

struct evaluation_order {
        slice report;        /* report.json as its file has it: its SHA-256 is signed */
        const char *build;   /* what was evaluated: product and version, as its evaluator names it */
        slice key;           /* PEM, not encrypted: P-256 or Ed25519 */
        slice certificates;  /* PEM, the evaluator's first, then who certified it */
        unsigned valid_days; /* from the report's time */
};

/* evaluation_sign signs. Fails with EVALUATE_REPORT for a report that is not as REPORT.md has it, or that
 * names no model; with KEY_TYPE, KEY_MISMATCH, DER, MISSING, VALUE, TOO_LONG, TOO_MANY for key, certificates,
 * build and days. */
MITOME_CHECKED mitome_status evaluation_sign(const struct evaluation_order *order,
        uint8_t buffer[MITOME_EVALUATION_MAX], slice *ret, mitome_error *error);

/* evaluation_aaguid reads a model's AAGUID as people write it: 32 hexadecimal digits, or the same in five
 * groups as a UUID has them. */
enum { EVALUATION_AAGUID_SIZE = 16 };
bool evaluation_aaguid(const char *text, uint8_t ret[EVALUATION_AAGUID_SIZE]);

#endif
