/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGISTER_H
#define REGISTER_H

/* The authority's register (J-LIS): who there is, which certificates were issued to whom, on a card and into
 * a phone, what hangs from what, and what of it is still good. All of it is asked for by letters; each answer
 * is one transaction with what it changed, the lines of the journal and the letters that follow from it.
 *
 * A person has at most one certificate of each kind on the card and one in a phone that is not revoked: the
 * store itself refuses a second. A new one revokes the one before, in the transaction that issues it.
 *
 * What a phone's certificate hangs from (連動失効): register_links says it, as data.
 *
 *   revoked on the card       takes from the phone    because
 *   signing (署名用)          signing                 it holds the same four basic facts
 *   user verification         both                    it ends when the card ends, and who holds no card holds
 *   (利用者証明用)                                    nothing that was issued upon it
 *
 * A card's certificate on hold takes nothing along: a hold is meant to be taken back. While it lasts no
 * application by that card is taken. */

#include "party.h"

#include <mitome/trust.h>

enum register_kind { REGISTER_SIGNING = 1, REGISTER_USER_VERIFICATION = 2, REGISTER_KINDS = 2 };
enum register_place { REGISTER_CARD = 1, REGISTER_PHONE = 2 };
enum register_status { REGISTER_GOOD, REGISTER_HOLD, REGISTER_REVOKED, REGISTER_UNKNOWN };

enum {
        REGISTER_PERSON_SIZE = 16,
        REGISTER_SERIAL_MAX = 20,
        REGISTER_MODULUS_SIZE = 256,
        REGISTER_TEXT_MAX = 256, /* a name, an address */
        REGISTER_CMS_MAX = 8192,
        REGISTER_APPLICATION_DAY = 86400, /* how long an application is good for a certificate */
};

/* Which kinds of a phone's certificates end with one of the card's: a bit for each, 1 << kind. */
struct register_link {
        enum register_kind card;
        unsigned phone;
};
extern const struct register_link register_links[REGISTER_KINDS];

struct ca; /* ca.h */

struct register_config {
        const struct ca *signing, *user_verification;
        const struct mitome_trust
                *devices;             /* anchors: the makers' CAs of devices; NULL: no receipt is believed */
        const char *const *verifiers; /* 利用者証明検証者: who may ask for successors, ended by NULL */
        /* What a hold on a phone's certificate ends in: taken back by telephone, or only by a new
         * certificate. The plan asks for the second, for the caller may be whoever found the phone. */
        enum { REGISTER_REISSUE, REGISTER_RELEASE } phone_release;
};

/* The party's tables. */
extern const char register_schema[];
enum { REGISTER_SCHEMA_VERSION = 1 };

struct authority_register;

/* register_open takes a party that was opened with register_schema; party and config must outlive it. */
MITOME_CHECKED mitome_status register_open(struct party *party, const struct register_config *config,
        struct authority_register **ret, mitome_error *error);
void register_close(struct authority_register *book);

/* What the authority answers; their context is the register. */
extern const struct party_desk register_desks[];
extern const size_t register_desk_count;

/* What is known of one certificate. */
struct register_answer {
        enum register_status status;
        uint8_t reason; /* CRLReason, when it is on hold or revoked */
        int64_t at;     /* since when */
        int64_t not_after;
};

/* register_look_up tells what a certificate's status is: REGISTER_UNKNOWN is an answer. */
MITOME_CHECKED mitome_status register_look_up(struct authority_register *book, enum register_kind kind,
        slice serial, struct register_answer *ret, mitome_error *error);

/* register_list walks through what is on hold or revoked and not expired at `now`, by serial number: of a
 * kind, and of one municipality's (NULL: of all). */
struct register_entry {
        slice serial;
        uint8_t reason;
        int64_t at;
};
MITOME_CHECKED mitome_status register_list(struct authority_register *book, enum register_kind kind,
        const char *municipality, int64_t now,
        mitome_status (*take)(void *context, const struct register_entry *entry, mitome_error *error),
        void *context, mitome_error *error);

#endif
