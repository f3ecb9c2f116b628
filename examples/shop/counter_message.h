/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COUNTER_MESSAGE_H
#define COUNTER_MESSAGE_H

/* What counter and phone say to one another, over a line between the two (a cable, a socket): canonical CBOR.
 *
 *   question = { 1: 1 statement / 2 receipt, 2: nonce } or { 1: 3 acknowledge, 3: number, 4: digest }
 *   answer   = { 1: 0 here it is / 1 there is none / 2 the holder does not want it / 3 it cannot be given,
 *                ? 2: evidence } */

#include "evidence_form.h"
#include "statement_nonce.h"

enum { COUNTER_MESSAGE_MAX = EVIDENCE_MAX + 64 };

enum counter_question_kind { COUNTER_ASKS_STATEMENT = 1, COUNTER_ASKS_RECEIPT, COUNTER_ACKNOWLEDGES };

struct counter_question {
        enum counter_question_kind kind;
        slice nonce; /* views */
        uint32_t number;
        slice digest;
};

/* What the element signs for a counter's question is counter_nonce of it (statement_nonce.h): a clerk who
 * took another's question for his own, the SP-TSM's or the reset server's, would else have the statement that
 * has the customer's certificates revoked, or his phone set back. */
enum { COUNTER_SIGNED_SIZE = STATEMENT_NONCE_SIZE };

enum counter_answer_kind { COUNTER_GIVEN, COUNTER_NONE, COUNTER_DECLINED, COUNTER_FAILED };

struct counter_answer {
        enum counter_answer_kind kind;
        slice evidence; /* a view; empty unless given, and for an acknowledgement */
};

/* Reading is strict: CBOR_*, MISSING, VALUE, TOO_LONG. */
void counter_write_question(writer *w, const struct counter_question *question);
MITOME_CHECKED mitome_status counter_read_question(
        slice bytes, struct counter_question *ret, mitome_error *error);
void counter_write_answer(writer *w, const struct counter_answer *answer);
MITOME_CHECKED mitome_status counter_read_answer(
        slice bytes, struct counter_answer *ret, mitome_error *error);

#endif
