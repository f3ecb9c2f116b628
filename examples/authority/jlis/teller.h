/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TELLER_H
#define TELLER_H

/* A counter of the authority's: whoever sits at a telephone (call centre) or a desk (municipality) and speaks
 * with the authority by letters. What somebody asks for there is remembered before it is said, so that a call
 * that was completed takes effect whatever happens to the line: row 36, "連絡を受けることにより完了する手続".
 */

#include "party.h"

/* The party's tables. */
extern const char teller_schema[];
enum { TELLER_SCHEMA_VERSION = 1, TELLER_SERIAL_MAX = 20, TELLER_CERTIFICATES_MAX = 8 };

enum teller_state { TELLER_ASKED, TELLER_DONE, TELLER_REFUSED };

/* An order: one letter, and why it was written. */
struct teller_order {
        const char *kind;  /* of the letter: "hold", "release", "revoke", "register-person" .. */
        slice body;        /* forgotten when it has been answered: it may hold the four basic facts */
        const char *asked; /* how the wish came: "telephone", "counter" */
        const char *about; /* journal's kind of subject, "serial", "person"; NULL: none yet */
        slice subject;
};

/* teller_place remembers an order and says it to the authority, after what still waits about the same
 * subject. UNREACHABLE: it is remembered, and teller_flush goes on. REFUSED: *ret_refusal (may be NULL) is
 * why. *ret_answer views `buffer`. */
MITOME_CHECKED mitome_status teller_place(struct party *party, const struct teller_order *order,
        uint8_t buffer[LETTER_MAX], slice *ret_answer, mitome_code *ret_refusal, mitome_error *error);

/* teller_flush says again what was not answered, the oldest first, and nothing about a subject before what
 * was asked earlier about it was answered; *ret_left is how many still wait. Only a failing store is a
 * failure. */
MITOME_CHECKED mitome_status teller_flush(struct party *party, size_t *ret_left, mitome_error *error);

/* ---- who is calling ---- */

struct teller_certificate {
        int kind, place, status;
        uint8_t serial[TELLER_SERIAL_MAX];
        size_t serial_size;
        char device[65]; /* empty for a card's */
};
struct teller_found {
        uint8_t person[16];
        size_t count;
        struct teller_certificate certificates[TELLER_CERTIFICATES_MAX];
};

/* teller_find asks for a person by what he says of himself; nothing of it is kept. REFUSED with
 * AUTHORITY_UNKNOWN, AUTHORITY_AMBIGUOUS. */
MITOME_CHECKED mitome_status teller_find(struct party *party, const char *name, const int birth[3],
        const char *address, struct teller_found *ret, mitome_code *ret_refusal, mitome_error *error);

/* teller_change holds, releases or revokes (`reason`: CRLReason) one certificate: teller_place with its body.
 */
MITOME_CHECKED mitome_status teller_change(struct party *party, const char *what, const char *asked, int kind,
        slice serial, int reason, mitome_code *ret_refusal, mitome_error *error);

/* ---- a municipality's ---- */

struct teller_facts {
        const char *name, *address, *prefecture, *city, *gender, *municipality;
        int birth[3];
};

/* teller_register tells of a person; teller_move of a person's new facts. */
MITOME_CHECKED mitome_status teller_register(struct party *party, const struct teller_facts *facts,
        uint8_t ret_person[16], mitome_code *ret_refusal, mitome_error *error);
MITOME_CHECKED mitome_status teller_move(struct party *party, const uint8_t person[16],
        const struct teller_facts *facts, mitome_code *ret_refusal, mitome_error *error);

/* teller_card has certificates issued for a card's keys: moduli by kind (1 signing, 2 user verification;
 * empty: none). Views of the certificates and of their CAs' go into `buffer`. */
MITOME_CHECKED mitome_status teller_card(struct party *party, const uint8_t person[16], int64_t expiry,
        const slice moduli[3], uint8_t buffer[LETTER_MAX], slice ret_certificates[3], slice ret_cas[3],
        mitome_code *ret_refusal, mitome_error *error);

#endif
