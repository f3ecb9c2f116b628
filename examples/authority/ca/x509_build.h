/* SPDX-License-Identifier: Apache-2.0 */
#ifndef X509_BUILD_H
#define X509_BUILD_H

/* Certificates made by OpenSSL from a description; who issues them is somebody else's to know. */

#include "authority.h"

#include <openssl/x509.h>

/* What a certificate shall say. */
struct x509_plan {
        X509_NAME *subject;
        EVP_PKEY *key; /* whose certificate it is */
        X509 *issuer;  /* NULL: self-signed */
        EVP_PKEY *issuer_key;
        slice serial;
        int64_t not_before, not_after;
        const char *extensions; /* a configuration as OpenSSL reads it; its section [certificate] lists them
                                   in order */
};

/* x509_build makes and signs one; free it with X509_free. */
MITOME_CHECKED mitome_status x509_build(const struct x509_plan *plan, X509 **ret, mitome_error *error);

/* x509_der encodes a certificate. */
MITOME_CHECKED mitome_status x509_der(X509 *certificate, struct authority_der *ret, mitome_error *error);

/* x509_name makes a name of pairs type, value, ended by NULL; values are UTF-8. NULL when there is no memory.
 */
X509_NAME *x509_name(const char *const *pairs);

#endif
