/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEAF_CERTIFICATE_H
#define LEAF_CERTIFICATE_H

/* What attestation formats ask of an attestation certificate, beside its path. */

#include "cose.h"

#include <openssl/x509.h>

enum { LEAF_KEY_MAX = 640 }; /* of a COSE_Key with an RSA modulus of 4096 bits */

/* leaf_read decodes exactly one certificate, or fails with DER. The caller frees it with X509_free. */
MITOME_CHECKED mitome_status leaf_read(
        slice der, const char *field, const char *clause, X509 **ret, mitome_error *error);

/* leaf_read_key gives the certificate's public key as the key of a COSE algorithm, held to the same limits as
 * a credential's key: KEY_TYPE when it is of another type or curve, KEY_POINT, KEY_WEAK. *ret views
 * `buffer`. */
MITOME_CHECKED mitome_status leaf_read_key(const X509 *leaf, int64_t algorithm, const char *field,
        const char *clause, uint8_t buffer[LEAF_KEY_MAX], struct cose_key *ret, mitome_error *error);

/* leaf_check_packed holds the certificate to WebAuthn L3 8.2.1. */
MITOME_CHECKED mitome_status leaf_check_packed(const X509 *leaf, slice aaguid, mitome_error *error);

#endif
