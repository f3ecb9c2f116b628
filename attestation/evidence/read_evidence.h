/* SPDX-License-Identifier: Apache-2.0 */
#ifndef READ_EVIDENCE_H
#define READ_EVIDENCE_H

/* Receipts and statements of secure elements, for whoever is shown one: the authority that revokes, the shop
 * that looks whether a phone is empty. EVIDENCE.md beside this file is their definition. */

#include "evidence_form.h"

/* A person's certificate and key, as they were listed; empty views where nothing was. */
struct evidence_person {
        enum evidence_person_kind kind;
        slice serial;           /* magnitude, big-endian */
        slice issuer;           /* SHA-256 of the issuer's Name */
        slice certificate, key; /* SHA-256 of the certificate; of the SubjectPublicKeyInfo */
};

/* Views into what was read. */
struct evidence {
        enum evidence_kind kind;
        struct cose_sign1 sign1;
        slice identity; /* UTF-8 */
        slice nonce;    /* empty: none, of a receipt */
        struct evidence_person persons[EVIDENCE_PERSONS];
        size_t person_count;
        uint32_t numbers[EVIDENCE_MEMBERS]; /* those members that are numbers; 0 where a kind has none */
};

/* evidence_read takes one COSE_Sign1 apart and checks its form (EVIDENCE_FORM, MISSING, VALUE, TOO_LONG,
 * TOO_MANY, CBOR_*, INPUT_ENDS, TRAILING_BYTES). It believes nothing: see evidence_verify. */
MITOME_CHECKED mitome_status evidence_read(slice cose, struct evidence *ret, mitome_error *error);

/* evidence_recognise tells whether the bytes begin as evidence does, and of which kind. */
bool evidence_recognise(slice cose, enum evidence_kind *ret);

/* evidence_reason_name tells why something was erased, NULL for a number that is not known. */
const char *evidence_reason_name(uint32_t reason);

#endif
