/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COSE_SIGN1_H
#define COSE_SIGN1_H

/* Untagged COSE_Sign1 (RFC 9052 4.2), as all that is signed here for others is: receipts and statements of
 * elements, evaluation statements, letters and entries of a journal. Nothing is signed or verified here. */

#include "cbor.h"

enum {
        COSE_SIGN1_SIGNATURE_SIZE = 64, /* of ES256 and EdDSA */
        COSE_SIGN1_CHAIN_MAX = 4,
        COSE_SIGN1_KEY_ID_MAX = 32,
        COSE_SIGN1_PROTECTED_MAX = 64, /* and as much more as a key_id may have */
        COSE_X5CHAIN = 33,             /* RFC 9360 2 */
};

/* Both content type and external_aad tell kinds apart: whoever takes a signature of one for another's has
 * left out both. */
struct cose_sign1_kind {
        int64_t algorithm;
        const char *content_type, *aad;
};

/* What a reader takes. */
struct cose_sign1_form {
        const struct cose_sign1_kind *kinds;
        size_t kind_count;
        mitome_code protected_code;   /* for a protected header of no such kind, or another count of parts */
        mitome_code unprotected_code; /* for another unprotected header, an empty certificate, a chain of one
                                         in an array */
        size_t key_id_max;            /* at most COSE_SIGN1_KEY_ID_MAX; 0: without a key_id */
        size_t certificate_max; /* of each in x5chain, which is all of the unprotected header; 0: that is
                                   empty */
        size_t payload_max;
};

/* One that was read: views. */
struct cose_sign1 {
        size_t kind; /* in the form's list */
        slice key_id, payload, signature;
        slice chain[COSE_SIGN1_CHAIN_MAX];     /* DER, the signer's own first */
        size_t chain_at[COSE_SIGN1_CHAIN_MAX]; /* where each begins in what was read */
        size_t chain_count;
};

/* cose_sign1_read takes one apart, all of `r`'s next item; nothing is proved by that. Fails with the form's
 * codes, MISSING (x5chain), VALUE (signature), TOO_LONG, TOO_MANY, CBOR_*, INPUT_ENDS. */
MITOME_CHECKED mitome_status cose_sign1_read(
        struct cbor_reader *r, const struct cose_sign1_form *form, struct cose_sign1 *ret);

/* cose_sign1_recognise tells whether the bytes begin as one does, and of which kind. */
bool cose_sign1_recognise(slice cose, const struct cose_sign1_form *form, size_t *ret_kind);

/* cose_sign1_write_protected writes the protected header: {1: algorithm, 3: content type}, and 4 when there
 * is a key_id. */
void cose_sign1_write_protected(writer *w, const struct cose_sign1_kind *kind, slice key_id);

/* cose_sign1_write_to_sign writes what is signed: the Sig_structure (RFC 9052 4.4). */
void cose_sign1_write_to_sign(writer *w, const struct cose_sign1_kind *kind, slice key_id, slice payload);

/* cose_sign1_write puts a signed one together; without certificates its unprotected header is empty. */
void cose_sign1_write(writer *w, const struct cose_sign1_kind *kind, slice key_id, const slice *chain,
        size_t chain_count, slice payload, slice signature);

#endif
