/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_H
#define EVIDENCE_H

/* What the element says of itself, signed by its device key: receipts of what was erased, statements of what
 * is there; and the lease without which the signing key of a phone does not sign. EVIDENCE.md in
 * attestation/evidence has the form of what is signed, PROTOCOL.md the commands. */

#include "apdu.h"
#include "evidence_form.h"

struct mitome_element;
struct applet;

enum {
        DEVICE_CERTIFICATES_MAX = EVIDENCE_CERTIFICATES_MAX, /* the list of TLVs */
        RECEIPTS_MAX = 16,
        LEASE_MAX = 1000,
};

/* ---- device key (device_key.c) ---- */

/* device_key_sign signs the parts, one after the other, by ES256 in DER; 6985 without device key and
 * certificate. A signature must never be taken for one of another purpose: whoever adds one says why not.
 * Receipts and statements begin with the head of a Sig_structure (84 6A "Signature1" ..), an attestation with
 * the SHA-256 of an RP ID. */
uint16_t device_key_sign(
        const struct mitome_element *element, const slice *parts, size_t count, writer *signature);

/* device_certificates is the path of the device key, a list of TLVs of tag 82, its own first; empty when
 * there is none. A view until the next commit. */
slice device_certificates(const struct mitome_element *element);

/* device_identity is what is printed on the phone; empty when there is no device certificate. */
slice device_identity(const struct mitome_element *element);

/* ---- receipts (receipts.c) ---- */

/* Why something is erased, by whose command, and with it what: a receipt lists of this what is there. */
enum receipt_reason {
        RECEIPT_RESET = 1,         /* the holder's authenticatorReset: credentials, PIN, finger, pairing */
        RECEIPT_RESET_ALL = 2,     /* the same, and both keys of the JPKI with all that is theirs */
        RECEIPT_ERASE_USER = 3,    /* the TSM: key 0017, its certificate, credentials that show it */
        RECEIPT_ERASE_SIGNING = 4, /* the TSM: key 001A, its certificate, the password, the lease */
        RECEIPT_ERASE_JPKI = 5,    /* the TSM: both */
        RECEIPT_DELETE_JPKI = 6,   /* an instance of the JPKI applet is deleted */
        RECEIPT_DELETE_FIDO = 7,   /* an instance of the FIDO applet is deleted, with the batch key */
};

/* receipt_record stages a receipt of what is there now and about to be erased, and the end of the lease when
 * the signing key goes. Call it once, before the erasure is staged, in the same transaction; the caller
 * commits. Nothing is recorded when there is nothing to list, or no device key and certificate to sign it. */
uint16_t receipt_record(struct mitome_element *element, enum receipt_reason reason);

/* receipt_record_deletion is receipt_record for an instance of an applet; of those that hold nothing of a
 * person's nothing is recorded. */
uint16_t receipt_record_deletion(struct mitome_element *element, const struct applet *applet);

/* receipts_pending is how many are not acknowledged. */
size_t receipts_pending(const struct mitome_element *element);

/* receipts_last and receipts_dropped: the last one's number; how many made room unacknowledged. */
uint32_t receipts_last(const struct mitome_element *element);
uint32_t receipts_dropped(const struct mitome_element *element);

/* ---- what both are sealed with (seal_evidence.c) ---- */

/* evidence_permitted answers 6985 where evidence is not given: contactless, and without a touch (the bit 02
 * of `options`, by the host's word). */
uint16_t evidence_permitted(const struct mitome_element *element, slice options);

/* evidence_seal writes 80, a COSE_Sign1 over the payload; 6985 without device key and certificate. */
uint16_t evidence_seal(
        const struct mitome_element *element, enum evidence_kind kind, slice payload, writer *answer);

/* ---- the status lease (status_lease.c) ---- */

/* lease_spend takes one signature off the lease, durably: 9000, or 6985 when none is left for the signing
 * certificate that is there now. */
uint16_t lease_spend(struct mitome_element *element);

/* lease_end stages its end: for whoever stages another key 001A, another certificate of it, or none. */
uint16_t lease_end(struct mitome_element *element);

/* lease_left is how many signatures key 001A may still make. */
uint16_t lease_left(const struct mitome_element *element);

/* ---- commands ---- */

typedef uint16_t evidence_handler(
        struct mitome_element *element, const struct apdu_command *command, writer *answer);

evidence_handler evidence_make_device_key, evidence_store_device_certificate; /* device_key.c */
evidence_handler evidence_get_receipt, evidence_acknowledge_receipt;          /* receipts.c */
evidence_handler evidence_get_statement;                                      /* statements.c */
evidence_handler evidence_set_lease, evidence_get_lease;                      /* status_lease.c */

#endif
