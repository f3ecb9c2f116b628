/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVALUATION_STATEMENT_H
#define EVALUATION_STATEMENT_H

/* The form of evaluation statements, for who signs one and for who verifies it.
 * EVALUATION-STATEMENT.md beside this file is their definition. */

#include "cose_sign1.h"
#include "level_fact.h"

#include <mitome/evaluation.h>

enum {
        EVALUATION_VERSION = 1,
        EVALUATION_PAYLOAD_MAX = 8192,
        EVALUATION_CERTIFICATE_MAX = 4096,
        EVALUATION_BUILD_MAX = 128,
        EVALUATION_NAME_MAX = 64, /* of a policy, of a level, of a fact */
        EVALUATION_FACTS_MAX = 128,
        EVALUATION_SECONDS_MAX = 1096 * 86400, /* it may count for: three years */
};

/* Members of the payload. */
enum evaluation_member {
        EVALUATION_AT_VERSION = 1,
        EVALUATION_AT_REPORT = 2,
        EVALUATION_AT_AAGUID = 3,
        EVALUATION_AT_BUILD = 4,
        EVALUATION_AT_POLICIES = 5,
        EVALUATION_AT_TIME = 6,
        EVALUATION_AT_EXPIRES = 7,
        EVALUATION_AT_SIMULATED = 8,
        EVALUATION_AT_FACTS = 9,
        EVALUATION_MEMBERS = 10, /* one more than the highest */
};

/* A statement that was read. */
struct evaluation_statement {
        int64_t algorithm; /* COSE_ES256 or COSE_EDDSA */
        struct cose_sign1 sign1;
        struct mitome_evaluation said;
};

/* evaluation_statement_read takes a statement apart and checks its form; it believes nothing. Fails with
 * EVALUATION_STATEMENT, MISSING, TOO_LONG, TOO_MANY, CBOR_*, INPUT_ENDS, TRAILING_BYTES. */
MITOME_CHECKED mitome_status evaluation_statement_read(
        slice cose, struct evaluation_statement *ret, mitome_error *error);

/* evaluation_statement_recognise tells whether the bytes begin as a statement does. */
bool evaluation_statement_recognise(slice cose);

/* evaluation_statement_to_sign writes what is signed: the Sig_structure (RFC 9052 4.4). */
void evaluation_statement_to_sign(writer *w, int64_t algorithm, slice payload);

/* evaluation_statement_write puts a signed statement together. */
void evaluation_statement_write(
        writer *w, int64_t algorithm, const slice *chain, size_t chain_count, slice payload, slice signature);

/* evaluation_payload_write writes the payload: what is said, with `facts` beside. Those of `facts` that are
 * not known, cannot be used, or are about a login, a verifier or a certificate's life, are left out. */
void evaluation_payload_write(
        writer *w, const struct mitome_evaluation *said, const struct level_facts *facts);

/* evaluation_may_say tells whether a statement may say a fact: what is true of one login or of the parties
 * around it no evaluation of a model can attest. */
bool evaluation_may_say(slice name);

/* evaluation_speaks_for_hardware tells whether a fact says what hardware alone can make true: of that a
 * simulation has nothing to say. It may speak against. */
bool evaluation_speaks_for_hardware(enum level_fact_id id, const struct level_fact *fact);

/* evaluation_check_time: EVALUATION_STATEMENT when it is from the future, EVALUATION_EXPIRED. */
MITOME_CHECKED mitome_status evaluation_check_time(
        const struct mitome_evaluation *said, int64_t now, mitome_error *error);

/* evaluation_add_facts adds what a believed statement says to what is known otherwise, attested (declared,
 * where the evaluator had it only declared himself). What was attested, measured or observed stays. A fact
 * that was declared gives way to what the evaluator saw whole; where he was told it, too, or saw a part, the
 * worse of the two counts. What speaks for hardware is passed over in a statement about a simulation. Words
 * view the statement. */
void evaluation_add_facts(const struct mitome_evaluation *evaluation, struct level_facts *facts);

/* evaluation_facts gives the facts of a statement as they stand there, and no others. */
void evaluation_facts(const struct mitome_evaluation *evaluation, struct level_facts *ret);

#endif
