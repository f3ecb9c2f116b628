/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TRUST_INTERNAL_H
#define TRUST_INTERNAL_H

#include "trust.h"

#include <openssl/x509.h>

struct mitome_trust {
        STACK_OF(X509) * anchors; /* of attestation paths */
        STACK_OF(X509) * jpki_anchors;
        STACK_OF(X509_CRL) * crls;
        const struct mitome_metadata *metadata; /* the caller's; may be NULL */
};

/* certificate_parse takes exactly one certificate; free it with X509_free. */
MITOME_CHECKED mitome_status certificate_parse(slice der, const char *field, X509 **ret, mitome_error *error);

/* certificate_check_time fails with CERTIFICATE_EXPIRED or CERTIFICATE_NOT_YET_VALID. */
MITOME_CHECKED mitome_status certificate_check_time(
        const X509 *certificate, int64_t now, const char *field, mitome_error *error);

/* certificate_issued tells whether `issuer` issued `subject`: names, key identifiers, key usage and
 * signature. */
bool certificate_issued(X509 *issuer, X509 *subject);

#endif
