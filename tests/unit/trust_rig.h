/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TRUST_RIG_H
#define TRUST_RIG_H

/* Certificates and revocation lists of every make, for the tests of trust. A failure ends the test program.
 */

#include "authority.h"

#include <mitome/rp.h>

#include <openssl/x509.h>

enum { RIG_DAY = 86400 };
extern const int64_t rig_now;

struct rig_certificate {
        EVP_PKEY *key;
        X509 *x509;
        struct authority_der der;
};

struct rig_plan {
        const char *const *subject;           /* pairs, ended by NULL */
        const struct rig_certificate *issuer; /* NULL: self-signed */
        EVP_PKEY *key;                        /* NULL: a new P-256 key */
        const char *extensions;               /* section [certificate] and what it needs */
        int64_t not_before, not_after;        /* 0: a day before and a year after rig_now */
        const EVP_MD *digest;                 /* NULL: SHA-256 */
};

void rig_make(struct rig_certificate *ret, const struct rig_plan *plan);
void rig_free(struct rig_certificate *certificate);
slice rig_der(const struct rig_certificate *certificate);

extern const char rig_ca_extensions[], rig_leaf_extensions[];

struct rig_crl_plan {
        const struct rig_certificate *issuer;
        EVP_PKEY *signer;     /* NULL: the issuer's */
        int64_t issued, next; /* next 0: none */
        slice serial;         /* empty: nobody is on it */
        int reason;           /* CRL_REASON_.., or 0 for none given */
        bool critical;        /* carries a critical extension */
        bool critical_entry;  /* its entry carries one */
};

void rig_crl(struct authority_der *ret, const struct rig_crl_plan *plan);

struct mitome_trust *rig_trust(const struct rig_certificate *anchor, const struct rig_certificate *jpki);
void rig_add_crl(struct mitome_trust *trust, const struct authority_der *crl);

#endif
