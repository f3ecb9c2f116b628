/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FIDO_RULES_H
#define FIDO_RULES_H

/* The state table of the FIDO applet, as data: which command is taken in which phase, and what must be there.
 * PROTOCOL.md shows the same table. It knows nothing of how the facts are found. */

#include "bytes.h"

/* What is open. Exactly one holds. */
enum fido_phase {
        FIDO_IDLE,
        FIDO_MAKE,     /* makeCredential, by nobody's verification */
        FIDO_MAKE_PIN, /* by a pinUvAuthToken */
        FIDO_MAKE_UV,  /* with a challenge to the matcher */
        FIDO_GET,
        FIDO_GET_PIN,
        FIDO_GET_UV,
        FIDO_TOKEN_UV, /* a pinUvAuthToken by finger */
        FIDO_ENROL,
        FIDO_PHASES,
};

/* What is there; the order is the one in which they are asked for. */
enum fido_fact {
        FACT_BATCH_KEY = 0x0001,
        FACT_NO_BATCH_KEY = 0x0002,
        FACT_PAIRED = 0x0004,
        FACT_SET = 0x0008, /* a PIN has confirmed an enrolment set */
        FACT_PIN = 0x0010,
        FACT_PIN_TRIES = 0x0020, /* the PIN, if there is one, has tries */
        FACT_UV_TRIES = 0x0040,
        FACT_ROW = 0x0080, /* fewer than three wrong PINs in a row */
        FACT_AGREEMENT = 0x0100,
        FACT_PENDING = 0x0200, /* a pairing waits to be confirmed */
        FACTS = 0x03FF,
};

struct fido_rule {
        uint8_t ins;
        enum fido_phase begins; /* BEGIN: what is announced; else FIDO_IDLE */
        uint16_t phases;        /* bits, 1 << enum fido_phase */
        uint16_t facts;         /* enum fido_fact, all of them */
        const char *name;
};

extern const struct fido_rule fido_rules[];
extern const size_t fido_rule_count;

/* fido_rules_ask answers 9000, 6985 when no row has the phase, or what the first missing fact says. */
uint16_t fido_rules_ask(uint8_t ins, enum fido_phase begins, enum fido_phase phase, uint16_t facts);

/* How rows are written down; "" for a number that is none. */
const char *fido_phase_name(enum fido_phase phase);
const char *fido_fact_name(uint16_t fact);
uint16_t fido_fact_refusal(uint16_t fact);

#endif
