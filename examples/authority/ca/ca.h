/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CA_H
#define CA_H

/* One CA of the authority, in the profiles of JPKI's test hierarchy: its key and certificate, what it
 * certifies, and its revocation lists. It remembers nothing but its key: who has what, and what of it is
 * revoked, is the register's to know. Its key lies in a file, or in memory; a real one would be in an HSM.
 * Names are invented. Times are in seconds since 1970, UTC. */

#include "bytes.h"

enum { AUTHORITY_DER_MAX = 4096, AUTHORITY_SERIAL_SIZE = 10 };

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

struct ca;

/* ca_make makes a CA with a key of its own, for ten years. */
MITOME_CHECKED mitome_status ca_make(enum authority_kind kind, const struct mitome_random *random,
        int64_t now, struct ca **ret, mitome_error *error);

/* ca_open reads the CA of this kind from a folder; the first time it makes it and keeps it there, key and
 * certificate in one file of mode 0600. FILE_MODE when others may read it, STORE_FOREIGN when it is not such
 * a file, FILE_READ and FILE_WRITE. */
MITOME_CHECKED mitome_status ca_open(const char *folder, enum authority_kind kind,
        const struct mitome_random *random, int64_t now, struct ca **ret, mitome_error *error);
void ca_close(struct ca *ca);

enum authority_kind ca_kind(const struct ca *ca);
slice ca_certificate(const struct ca *ca); /* DER */
int64_t ca_not_after(const struct ca *ca);

/* ---- certificates ---- */

/* ca_fifth_birthday is the end of the fifth birthday from `now` (in Japan), with which a certificate ends
 * unless its card ends before. VALUE when there is no such date of birth. */
MITOME_CHECKED mitome_status ca_fifth_birthday(
        const struct authority_person *person, int64_t now, int64_t *ret, mitome_error *error);

/* ca_check_person: may he have a certificate of this kind now? VALUE for a date that is none, a text with
 * control or configuration characters, a place that is not romanised, and a signing certificate for a child
 * under 15; TOO_LONG. ca_issue asks it, too. */
MITOME_CHECKED mitome_status ca_check_person(
        enum authority_kind kind, const struct authority_person *person, int64_t now, mitome_error *error);

/* ca_draw_serial draws a serial number that nobody can foresee: positive and of full length. */
MITOME_CHECKED mitome_status ca_draw_serial(
        const struct mitome_random *random, uint8_t ret[AUTHORITY_SERIAL_SIZE], mitome_error *error);

struct ca_order {
        const struct authority_person *person;
        slice modulus; /* of his RSA-2048 key; the exponent is 65537 */
        slice serial;  /* AUTHORITY_SERIAL_SIZE bytes that no other certificate has: ca_draw_serial */
        int64_t not_before, not_after;
};

/* ca_issue certifies a key for a person, marked as issued into a phone unless it is for a card. KEY_WEAK for
 * another key; VALUE for a time that ends before it begins or after the CA does; what ca_check_person refuses
 * (at not_before). `random` is for the opaque common name. */
MITOME_CHECKED mitome_status ca_issue(const struct ca *ca, const struct ca_order *order,
        const struct mitome_random *random, struct authority_der *ret, mitome_error *error);

/* ---- what is known of them ---- */

/* As the letter "status" has them. */
enum ca_state { CA_GOOD, CA_HOLD, CA_REVOKED, CA_UNKNOWN };

/* What the register knows of a serial number. CA_UNKNOWN: this CA never gave it. */
struct ca_status {
        enum ca_state state;
        int reason; /* of a revocation: CRLReason (RFC 5280 5.3.1), 0 for none given; a hold is 6 */
        int64_t at; /* since when */
};

/* Where the holder of a signing certificate lived when it was issued: its lists are parted by it. */
struct ca_place {
        const char *prefecture, *city; /* romanised, as in the certificate */
};

/* One line of a list. */
struct ca_entry {
        slice serial; /* a view that is good for the call */
        int reason;   /* 6: on hold */
        int64_t at;
};
struct ca_visitor {
        void *context;
        mitome_status (*visit)(void *context, const struct ca_entry *entry, mitome_error *error);
};

/* What a register has to offer, so that the CAs can publish: the one of jlis/register.h keeps it in a store,
 * authority.c a few in memory. */
struct ca_source {
        void *context;
        /* What is known of a serial number (magnitude bytes). */
        mitome_status (*status)(void *context, enum authority_kind kind, slice serial, struct ca_status *ret,
                mitome_error *error);
        /* Shows every certificate that is revoked or on hold; of signing certificates, of one place only
         * unless `place` is NULL. Those that have ended may be left out. In any order; a serial number
         * once. VALUE when there is no such place: then nothing is signed, and no number drawn. */
        mitome_status (*revoked)(void *context, enum authority_kind kind, const struct ca_place *place,
                const struct ca_visitor *visitor, mitome_error *error);
        /* Gives the next number of a list, which it never gives again: they grow, over all of one CA. */
        mitome_status (*next_number)(
                void *context, enum authority_kind kind, uint64_t *ret, mitome_error *error);
};

/* ---- lists ---- */

/* A list (DER), which may be large: free it. */
struct ca_list {
        uint8_t *bytes;
        size_t size;
};
void ca_list_free(struct ca_list *list);
slice ca_list_view(const struct ca_list *list);

/* ca_crl issues the list of a CA: of all, or (signing only) of one place, with a critical
 * issuingDistributionPoint that is the distribution point of the certificates of that place. */
MITOME_CHECKED mitome_status ca_crl(const struct ca *ca, const struct ca_source *source,
        const struct ca_place *place, int64_t now, int64_t next, struct ca_list *ret, mitome_error *error);

#endif
