/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGISTER_INTERNAL_H
#define REGISTER_INTERNAL_H

#include "register.h"
#include "register_body.h"

struct authority_register {
        struct party *party;
        struct sql_store *store;
        const struct register_config *config;
        uint8_t issuer[REGISTER_KINDS + 1][LETTER_DIGEST_SIZE]; /* by kind: SHA-256 of the CA's Name */
};

/* register_ca is the CA of a kind. */
const struct ca *register_ca(const struct authority_register *book, enum register_kind kind);

/* ---- people ---- */

enum { PERSON_TEXT_MAX = 256, PERSON_TOWN_MAX = 64, PERSON_CODE_MAX = 16 };

struct register_person {
        int64_t number; /* in the store */
        uint8_t id[REGISTER_PERSON_SIZE];
        char name[PERSON_TEXT_MAX + 1], address[PERSON_TEXT_MAX + 1];
        char prefecture[PERSON_TOWN_MAX + 1], city[PERSON_TOWN_MAX + 1];
        char gender[PERSON_CODE_MAX + 1], municipality[PERSON_CODE_MAX + 1];
        struct body_date born;
};

/* register_load_person finds a person by his opaque id: AUTHORITY_UNKNOWN. */
MITOME_CHECKED mitome_status register_load_person(
        struct authority_register *book, slice id, struct register_person *ret, mitome_error *error);

/* register_describe is a person as the CAs want to be told; views of `person`. */
struct authority_person register_describe(const struct register_person *person, enum register_place place);

/* ---- certificates ---- */

struct register_certificate {
        int64_t number, person;
        enum register_kind kind;
        enum register_place place;
        enum register_status status;
        int reason;
        int64_t at, not_after;
        uint8_t serial[REGISTER_SERIAL_MAX];
        size_t serial_size;
        char device[REGISTER_IDENTITY_MAX + 1]; /* of a phone's */
        bool by_application;
        uint8_t application[LETTER_DIGEST_SIZE];
        uint8_t key[LETTER_DIGEST_SIZE], digest[LETTER_DIGEST_SIZE]; /* of the SubjectPublicKeyInfo; of it */
};

slice register_serial(const struct register_certificate *certificate);

/* register_load_number, register_load and register_load_live find one: AUTHORITY_UNKNOWN. Live is what is not
 * revoked; on hold is live. */
MITOME_CHECKED mitome_status register_load_number(struct authority_register *book, int64_t number,
        struct register_certificate *ret, mitome_error *error);
MITOME_CHECKED mitome_status register_load(struct authority_register *book, enum register_kind kind,
        slice serial, struct register_certificate *ret, mitome_error *error);
MITOME_CHECKED mitome_status register_load_live(struct authority_register *book, int64_t person,
        enum register_kind kind, enum register_place place, struct register_certificate *ret, bool *ret_found,
        mitome_error *error);

/* register_require_good: AUTHORITY_CARD unless there is a certificate, neither on hold nor ended. */
MITOME_CHECKED mitome_status register_require_good(const struct authority_register *book,
        const struct register_certificate *certificate, const char *field, mitome_error *error);

/* ---- why something is done ---- */

struct register_grounds {
        struct journal_evidence evidence[JOURNAL_EVIDENCE_MAX];
        size_t count;
};
struct register_grounds register_grounds(const struct party_request *request);
void register_add_ground(struct register_grounds *grounds, const char *kind, slice digest);

/* register_note writes a decision; the subject is "kind:text", in hex when `hex`. */
struct register_subject {
        const char *kind;
        slice bytes;
        bool hex;
        int64_t person; /* whose it is, by his number in the store; 0: nobody's */
};
MITOME_CHECKED mitome_status register_note(struct authority_register *book, const char *what,
        const char *outcome, struct register_subject subject, const struct register_grounds *grounds,
        const char *reason, mitome_error *error);
struct register_subject register_about(const struct register_certificate *certificate);

/* ---- revoking ---- */

enum {
        REGISTER_ENDS_MAX = 8,
        /* CRLReason, RFC 5280 5.3.1 */
        REASON_KEY_COMPROMISE = 1,
        REASON_FACTS_CHANGED = 3,
        REASON_SUPERSEDED = 4,
        REASON_CEASED = 5,
        REASON_HOLD = 6,
        REASON_WITHDRAWN = 9,
};

/* What ended in one transaction. */
struct register_ended {
        size_t count;
        struct register_ending {
                struct register_certificate certificate;
                int reason;
        } endings[REGISTER_ENDS_MAX];
};

/* register_end revokes a certificate, and of a card's what hangs from it; what is revoked already stays as it
 * is. Each goes into the journal and into `ended`. */
MITOME_CHECKED mitome_status register_end(struct authority_register *book,
        const struct register_certificate *certificate, int reason, const struct register_grounds *grounds,
        struct register_ended *ended, mitome_error *error);

/* register_end_live does it with the live certificate of a kind and a place, if there is one. */
MITOME_CHECKED mitome_status register_end_live(struct authority_register *book, int64_t person,
        enum register_kind kind, enum register_place place, int reason,
        const struct register_grounds *grounds, struct register_ended *ended, mitome_error *error);

/* register_tell has the SP-TSM told of what ended in phones; register_write_ended writes the list. */
MITOME_CHECKED mitome_status register_tell(
        struct authority_register *book, const struct register_ended *ended, mitome_error *error);
void register_write_ended(writer *w, const struct register_ended *ended);

/* ---- issuing ---- */

struct register_order {
        const struct register_person *person;
        enum register_kind kind;
        enum register_place place;
        slice modulus;
        int64_t not_after;         /* no longer than until then */
        slice device, application; /* of a phone's */
};

/* register_certify issues and enters one, in the place of the live one, which must have ended: KEY_WEAK,
 * AUTHORITY_KEY_USED, VALUE. *ret_number is the new one's. */
MITOME_CHECKED mitome_status register_certify(struct authority_register *book,
        const struct register_order *order, const struct register_grounds *grounds, int64_t *ret_number,
        struct authority_der *ret, mitome_error *error);

/* ---- desks ---- */

typedef mitome_status register_handler(
        void *context, const struct party_request *request, writer *answer, mitome_error *error);

register_handler register_person_desk, register_change_desk, register_find_desk;  /* register_person.c */
register_handler register_card_desk, register_issue_desk;                         /* register_issue.c */
register_handler register_application_desk;                                       /* register_application.c */
register_handler register_revoke_desk, register_hold_desk, register_release_desk; /* register_revoke.c */
register_handler register_receipt_desk, register_known_desk;                      /* register_receipt.c */
register_handler register_status_desk, register_successor_desk;                   /* register_ask.c */

#endif
