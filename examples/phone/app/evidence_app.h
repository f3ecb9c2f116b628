/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_APP_H
#define EVIDENCE_APP_H

/* What the app on the phone asks of the FIDO applet for others: receipts and statements. It cannot make them,
 * only carry them. The applet is selected by the caller, behind the enforcer. */

#include "apdu.h"
#include "evidence_form.h"

#include <mitome/enforcer.h>

enum { EVIDENCE_ANSWER_MAX = 4096 };

/* Views into `bytes`. */
struct evidence_answer {
        slice evidence;       /* COSE_Sign1 */
        slice number, digest; /* of a receipt: what it is acknowledged by */
        uint8_t bytes[EVIDENCE_ANSWER_MAX];
};

/* evidence_fetch asks for a statement, or for the oldest receipt that nobody has acknowledged; the holder has
 * touched the phone. The nonce may be empty for a receipt. Any status word but 9000: APDU_STATUS, and *ret_sw
 * says why. */
MITOME_CHECKED mitome_status evidence_fetch(struct mitome_enforcer *enforcer, enum evidence_kind kind,
        slice nonce, struct evidence_answer *ret, uint16_t *ret_sw, mitome_error *error);

/* evidence_acknowledge lets the element forget a receipt: whoever asked for it has it. */
MITOME_CHECKED mitome_status evidence_acknowledge(struct mitome_enforcer *enforcer,
        const struct evidence_answer *receipt, uint16_t *ret_sw, mitome_error *error);

#endif
