/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DOCUMENT_PROOF_H
#define DOCUMENT_PROOF_H

/* What stands behind a signed document: the signature, the certificate, the person in it. */

#include "document.h"

enum { DOCUMENT_BIRTH_MAX = 16, DOCUMENT_SERIAL_MAX = 20 };

struct document_signed_by {
        uint8_t serial[DOCUMENT_SERIAL_MAX]; /* magnitude */
        size_t serial_size;
        char name[DOCUMENT_NAME_MAX + 1],
                birth[DOCUMENT_BIRTH_MAX + 1]; /* as the certificate has them; UTF-8 */
};

/* document_proof_verify: whose signature over `form` it is. Errors as document_sign has them. */
MITOME_CHECKED mitome_status document_proof_verify(const struct portal_snapshot *snapshot,
        const struct document_proof *proof, slice form, int64_t now, struct document_signed_by *ret,
        mitome_error *error);

/* document_proof_certificate copies the certificate of either form. */
MITOME_CHECKED mitome_status document_proof_certificate(const struct document_proof *proof,
        uint8_t buffer[DOCUMENT_PROOF_MAX], slice *ret, mitome_error *error);

/* document_proof_person reads who a signing certificate is for. */
MITOME_CHECKED mitome_status document_proof_person(
        slice certificate, struct document_signed_by *ret, mitome_error *error);

#endif
