/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHORITY_H
#define AUTHORITY_H

/* The authority (J-LIS), played: CAs for user verification and signing in the profiles of JPKI's test
 * hierarchy, and their revocation lists. Names are invented. Times are in seconds since 1970, UTC; all DER
 * goes into buffers of the caller's. */

#include "bytes.h"

enum { AUTHORITY_DER_MAX = 4096, AUTHORITY_SERIAL_SIZE = 10, AUTHORITY_REVOKED_MAX = 64 };

enum authority_kind { AUTHORITY_USER_VERIFICATION, AUTHORITY_SIGNING };

/* Who applies. The texts are UTF-8; the names and addresses of the examples belong to nobody. */
struct authority_person {
        const char *name;
        const char *address;
        const char *prefecture, *city; /* romanised, as the signing certificate's subject has them */
        const char *gender;
        int birth_year, birth_month, birth_day;
        bool on_card; /* the certificates are for a My Number Card: they are not marked as a phone's */
};

struct authority_der {
        uint8_t bytes[AUTHORITY_DER_MAX];
        size_t size;
};

struct authority_certificate {
        struct authority_der der;
        uint8_t serial[AUTHORITY_SERIAL_SIZE];
};

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
