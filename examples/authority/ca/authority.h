/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHORITY_H
#define AUTHORITY_H

/* The authority (J-LIS) of a demonstration: both CAs, with a short list in memory of what is revoked. The
 * authority that keeps a register of people is in jlis. */

#include "ca.h"

enum { AUTHORITY_REVOKED_MAX = 64 };

struct authority;

/* authority_new makes the two CAs, with keys of their own. */
MITOME_CHECKED mitome_status authority_new(
        const struct mitome_random *random, int64_t now, struct authority **ret, mitome_error *error);
void authority_free(struct authority *authority);

/* authority_ca is the certificate of a CA. */
slice authority_ca(const struct authority *authority, enum authority_kind kind);

/* authority_issue certifies an RSA-2048 public key (big-endian numbers) for a person: valid from now to his
 * fifth birthday from now, marked as issued into a phone unless it is for a card. KEY_WEAK for another key;
 * VALUE for a date that is none, a text with control or configuration characters, and a signing certificate
 * for a child under 15. */
MITOME_CHECKED mitome_status authority_issue(struct authority *authority, enum authority_kind kind,
        const struct authority_person *person, slice modulus, slice exponent, int64_t now,
        struct authority_certificate *ret, mitome_error *error);

/* authority_revoke puts a certificate on the next list, for good. FULL after AUTHORITY_REVOKED_MAX. */
MITOME_CHECKED mitome_status authority_revoke(struct authority *authority, enum authority_kind kind,
        const struct authority_certificate *certificate, int64_t now, mitome_error *error);

/* authority_hold puts it there until it is released or revoked (一時保留); authority_release takes it off
 * again, MISSING when it is not on hold. */
MITOME_CHECKED mitome_status authority_hold(struct authority *authority, enum authority_kind kind,
        const struct authority_certificate *certificate, int64_t now, mitome_error *error);
MITOME_CHECKED mitome_status authority_release(struct authority *authority, enum authority_kind kind,
        const struct authority_certificate *certificate, mitome_error *error);

/* authority_crl issues the list of a CA, valid for a day; authority_last_crl the last one of a CA that gives
 * up its key, valid as long as the CA. */
MITOME_CHECKED mitome_status authority_crl(struct authority *authority, enum authority_kind kind, int64_t now,
        struct authority_der *ret, mitome_error *error);
MITOME_CHECKED mitome_status authority_last_crl(struct authority *authority, enum authority_kind kind,
        int64_t now, struct authority_der *ret, mitome_error *error);

#endif
