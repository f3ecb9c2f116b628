/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TRUST_INTERNAL_H
#define TRUST_INTERNAL_H

#include "path_memory.h"
#include "trust.h"

#include <openssl/ocsp.h>
#include <openssl/x509.h>

/* A revocation list, and what does not change of it: looked at once, when the snapshot is built. */
struct revocation_list {
        X509_CRL *crl;
        bool whole;               /* everything in it is understood */
        STACK_OF(X509) * signers; /* the anchors of the snapshot, of its name, whose key has signed it */
};

struct anchor_place {
        unsigned long name; /* its subject's hash */
        X509 *anchor;
};

struct mitome_trust {
        STACK_OF(X509) * anchors;    /* of attestation paths */
        struct anchor_place *places; /* the same, in the order of their names' hashes */
        size_t place_count;
        STACK_OF(X509) * jpki_anchors;
        struct revocation_list *lists;
        size_t list_count;
        OCSP_BASICRESP **answers;
        size_t answer_count;
        bool require_revocation;
        const struct mitome_metadata *metadata; /* the caller's; may be NULL */
        struct path_memory *memory;             /* changes under a snapshot that does not; may be NULL */
};

/* ---- anchors by name ---- */

MITOME_CHECKED mitome_status anchor_index_add(struct mitome_trust *trust, X509 *anchor, mitome_error *error);
void anchor_index_drop(struct mitome_trust *trust, const X509 *anchor);

/* anchor_index_find gives the places from *ret_first to before *ret_behind: all attestation anchors of the
 * name are there, and hardly others. False when the name could not be hashed. */
bool anchor_index_find(
        const struct mitome_trust *trust, const X509_NAME *name, size_t *ret_first, size_t *ret_behind);

/* ---- certificates ---- */

/* OpenSSL's security level of paths and responders: 112 bits, so no RSA under 2048 and no SHA-1. */
enum { TRUST_SECURITY_LEVEL = 2 };

/* certificate_parse takes exactly one certificate; free it with X509_free. */
MITOME_CHECKED mitome_status certificate_parse(slice der, const char *field, X509 **ret, mitome_error *error);

/* certificate_check_time fails with CERTIFICATE_EXPIRED or CERTIFICATE_NOT_YET_VALID. */
MITOME_CHECKED mitome_status certificate_check_time(
        const X509 *certificate, int64_t now, const char *field, mitome_error *error);

/* certificate_issued tells whether `issuer` issued `subject`: names, key identifiers, key usage and
 * signature. */
bool certificate_issued(X509 *issuer, X509 *subject);

/* time_is_within tells whether `now` is in [begin, end); false where `end` is NULL or a time is unreadable.
 */
bool time_is_within(const ASN1_TIME *begin, const ASN1_TIME *end, int64_t now);

/* digest_is_weak tells whether a signature algorithm hashes with less than 112 bits of security. */
bool digest_is_weak(int signature_nid);

/* ---- revocation ---- */

/* What lists and answers say of one certificate of one issuer. */
struct standing {
        bool alive;         /* a fresh list leaves it out, or a fresh answer calls it good */
        bool unknown;       /* a fresh answer says that it is none of the issuer's */
        mitome_code reason; /* why nothing is known, if nothing is */
};

/* standing_explain keeps why a list or an answer said nothing: what is only stale outweighs what is
 * somebody else's, and that outweighs nothing at all. */
void standing_explain(struct standing *standing, mitome_code reason);

/* ocsp_ask adds what the snapshot's answers say. CERTIFICATE_REVOKED or CERTIFICATE_ON_HOLD, for an answer
 * that is out of date, too. */
MITOME_CHECKED mitome_status ocsp_ask(const struct mitome_trust *trust, X509 *issuer,
        const ASN1_INTEGER *serial, int64_t now, const char *field, struct standing *standing,
        mitome_error *error);

void ocsp_free(struct mitome_trust *trust);

/* revocation_ask gathers what the snapshot's lists and answers say of a certificate of `issuer`.
 * CERTIFICATE_REVOKED, CERTIFICATE_ON_HOLD, CRL_FORM. */
MITOME_CHECKED mitome_status revocation_ask(const struct mitome_trust *trust, X509 *issuer,
        const ASN1_INTEGER *serial, int64_t now, const char *field, struct standing *ret,
        mitome_error *error);

/* revocation_fail_unsaid fails with the reason for which nothing is known. */
MITOME_CHECKED mitome_status revocation_fail_unsaid(
        const struct standing *standing, const char *field, mitome_error *error);

/* revocation_check_path asks about each certificate of a path but the last, which is its anchor or nobody's
 * subject. */
MITOME_CHECKED mitome_status revocation_check_path(const struct mitome_trust *trust, X509 *const *path,
        size_t count, bool anchored, int64_t now, mitome_error *error);

/* revocation_lists tells whether a list that `issuer` has signed has the certificate on it. */
bool revocation_lists(const struct mitome_trust *trust, X509 *issuer, const ASN1_INTEGER *serial);

/* revocation_note_anchor and revocation_add_list find out which anchors have signed which lists. */
MITOME_CHECKED mitome_status revocation_note_anchor(
        struct mitome_trust *trust, X509 *anchor, mitome_error *error);
MITOME_CHECKED mitome_status revocation_add_list(
        struct mitome_trust *trust, X509_CRL *crl, mitome_error *error);
void revocation_free(struct mitome_trust *trust);

#endif
