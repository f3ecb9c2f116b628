/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_FORM_H
#define EVIDENCE_FORM_H

/* What receipts and statements of an element are made of, for who signs and for who verifies them
 * (attestation/evidence/EVIDENCE.md). Each is an untagged COSE_Sign1 (RFC 9052 4.2). */

#include "cose_sign1.h"

enum evidence_kind { EVIDENCE_RECEIPT, EVIDENCE_STATEMENT, EVIDENCE_KINDS };

enum {
        EVIDENCE_VERSION = 1,
        EVIDENCE_NONCE_MIN = 16,
        EVIDENCE_NONCE_MAX = 64,
        EVIDENCE_IDENTITY_MAX = 64,
        EVIDENCE_SERIAL_MAX = 20, /* RFC 5280 4.1.2.2 */
        EVIDENCE_PAYLOAD_MAX = 1024,
        EVIDENCE_CERTIFICATES_MAX = 2048, /* bytes of them all */
        EVIDENCE_MAX = 4096,
};

/* Members of a payload. */
enum evidence_member {
        EVIDENCE_AT_VERSION = 1,
        EVIDENCE_AT_SEQUENCE = 2, /* receipt: its own; statement: the last one's */
        EVIDENCE_AT_REASON = 3,   /* receipt */
        EVIDENCE_AT_IDENTITY = 4,
        EVIDENCE_AT_PERSONS = 5, /* array of certificates and keys */
        EVIDENCE_AT_DERIVED = 6,
        EVIDENCE_AT_CERTIFICATE_CREDENTIALS = 7,
        EVIDENCE_AT_OTHER = 8, /* enum evidence_other */
        EVIDENCE_AT_DROPPED = 9,
        EVIDENCE_AT_NONCE = 10,
        EVIDENCE_AT_PENDING = 11, /* statement, as all that follow */
        EVIDENCE_AT_LEASE = 12,
        EVIDENCE_AT_LIFE_CYCLE = 13,
        EVIDENCE_MEMBERS = 14, /* one more than the highest */
};

/* Members of a person's certificate and key. */
enum evidence_person_member {
        EVIDENCE_PERSON_KIND = 1, /* enum evidence_person_kind */
        EVIDENCE_PERSON_SERIAL = 2,
        EVIDENCE_PERSON_ISSUER = 3,      /* SHA-256 of the issuer's Name, DER */
        EVIDENCE_PERSON_CERTIFICATE = 4, /* SHA-256 of the certificate's file */
        EVIDENCE_PERSON_KEY = 5,         /* SHA-256 of the SubjectPublicKeyInfo of the key */
};

enum evidence_person_kind { EVIDENCE_SIGNING = 1, EVIDENCE_USER_VERIFICATION = 2, EVIDENCE_PERSONS = 2 };

/* What else was there: bits. */
enum evidence_other {
        EVIDENCE_PIN = 0x01,
        EVIDENCE_PASSWORD = 0x02,
        EVIDENCE_PAIRING = 0x04,
        EVIDENCE_FINGER = 0x08, /* an enrolment set that a PIN confirmed */
        EVIDENCE_BATCH_KEY = 0x10,
        EVIDENCE_OTHERS = 0x1F,
};

/* Evidence has no key_id. */
extern const struct cose_sign1_kind evidence_kinds[EVIDENCE_KINDS];

#endif
