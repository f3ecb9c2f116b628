/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VERIFY_EVIDENCE_H
#define VERIFY_EVIDENCE_H

#include "cose.h"
#include "digest.h"
#include "read_evidence.h"
#include "trust.h"

/* What whoever asked knows beforehand. */
struct evidence_expected {
        enum evidence_kind kind;
        slice nonce;    /* that was sent; of a receipt it may be empty: any is taken */
        slice identity; /* what is printed on the phone, UTF-8; empty: whatever it says */
};

/* evidence_verify reads one piece of evidence and believes it: it is of the kind that was asked for
 * (EVIDENCE_KIND), answers this nonce (EVIDENCE_NONCE) for this phone (EVIDENCE_IDENTITY), is signed by the
 * key of the device's certificate (SIGNATURE_*, KEY_*, DER), which is no CA's (LEAF_CONSTRAINTS) and whose
 * path ends, now, in an anchor of `trust` (CERTIFICATE_*, CRL_*, OCSP_*); without such an anchor
 * CERTIFICATE_ISSUER. `verifier` may be NULL. */
MITOME_CHECKED mitome_status evidence_verify(slice cose, const struct evidence_expected *expected,
        const struct mitome_trust *trust, int64_t now, struct cose_verifier *verifier, struct evidence *ret,
        mitome_error *error);

/* evidence_device_key gives the SHA-256 of the SubjectPublicKeyInfo of the key that signed it, by which a
 * reader knows a phone again: a phone has one device key for life, and its certificate names no phone. Of
 * evidence that was verified; DER. */
MITOME_CHECKED mitome_status evidence_device_key(
        const struct evidence *evidence, uint8_t ret[SHA256_SIZE], mitome_error *error);

#endif
