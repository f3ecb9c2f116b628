/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEAF_CERTIFICATE_H
#define LEAF_CERTIFICATE_H

/* What attestation formats ask of an attestation certificate, beside its path. */

#include "attestation_format.h"
#include "cose.h"

#include <openssl/x509.h>

/* leaf_read decodes exactly one certificate, or fails with DER. The caller frees it with X509_free. It may be
 * without an EVP_PKEY: its key is for leaf_read_key to give. */
MITOME_CHECKED mitome_status leaf_read(const struct attestation_input *input, slice der, const char *field,
        const char *clause, X509 **ret, mitome_error *error);

/* leaf_read_key gives the certificate's public key as the key of a COSE algorithm (RS1 too), held to the same
 * limits as a credential's key: KEY_TYPE when it is of another type or curve, KEY_POINT, KEY_WEAK,
 * ALGORITHM_UNSUPPORTED. *ret views the certificate. */
MITOME_CHECKED mitome_status leaf_read_key(struct cose_verifier *verifier, const X509 *leaf,
        int64_t algorithm, const char *field, const char *clause, struct cose_key *ret, mitome_error *error);

/* leaf_check_key compares the certificate's public key with a credential's, whatever the algorithm of that:
 * KEY_MISMATCH when they are not the same. */
MITOME_CHECKED mitome_status leaf_check_key(const X509 *leaf, const struct cose_key *credential,
        const char *field, const char *clause, mitome_error *error);

/* One extension, the content of its OCTET STRING. */
struct leaf_extension {
        bool present;
        bool critical;
        slice value; /* views the certificate */
};

/* leaf_find_extension looks an extension up by its OID ("1.3.6.1.4.1.45724.1.1.4"); one that stands twice is
 * refused with LEAF_EXTENSION_TWICE. */
MITOME_CHECKED mitome_status leaf_find_extension(const X509 *leaf, const char *oid, const char *field,
        const char *clause, struct leaf_extension *ret, mitome_error *error);

/* leaf_is_ca tells whether basicConstraints say "CA". */
bool leaf_is_ca(const X509 *leaf);

/* leaf_check_not_ca: "The Basic Constraints extension MUST have the CA component set to false": it must be
 * there, and say so (LEAF_CONSTRAINTS). */
MITOME_CHECKED mitome_status leaf_check_not_ca(const X509 *leaf, const char *clause, mitome_error *error);

/* leaf_check_signs_documents: where the certificate says what its key is for, documents are among it:
 * keyUsage digitalSignature (RFC 5280 4.2.1.3), extendedKeyUsage id-kp-documentSigning (RFC 9336) or
 * anyExtendedKeyUsage. */
MITOME_CHECKED mitome_status leaf_check_signs_documents(
        const X509 *leaf, const char *clause, mitome_error *error);

/* leaf_check_aaguid compares the AAGUID extension, if there is one, with that of the authenticator
 * (LEAF_AAGUID), and refuses one that is critical. */
MITOME_CHECKED mitome_status leaf_check_aaguid(
        const X509 *leaf, slice aaguid, const char *clause, mitome_error *error);

/* leaf_check_packed holds the certificate to WebAuthn L3 8.2.1. */
MITOME_CHECKED mitome_status leaf_check_packed(const X509 *leaf, slice aaguid, mitome_error *error);

#endif
