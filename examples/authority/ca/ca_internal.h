/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CA_INTERNAL_H
#define CA_INTERNAL_H

/* What a CA is made of, for the files of this room. */

#include "ca.h"

#include <openssl/x509.h>

struct ca {
        enum authority_kind kind;
        EVP_PKEY *key;
        X509 *certificate;
        struct authority_der der;
        int64_t not_after;
};

/* ca_adopt makes a CA of a key and its certificate, and takes them over even when it fails. STORE_FOREIGN
 * when they are not each other's, or not of this kind. */
MITOME_CHECKED mitome_status ca_adopt(
        enum authority_kind kind, EVP_PKEY *key, X509 *certificate, struct ca **ret, mitome_error *error);

#endif
