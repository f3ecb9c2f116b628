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
 * All that it hangs from has to be good when it is issued, and it ends with the first of them.
 *
 * A card's certificate on hold takes nothing along: a hold is meant to be taken back. While it lasts no
 * application by that card is taken. */

#include "ca.h"
#include "party.h"

#include <mitome/trust.h>

enum register_kind { REGISTER_SIGNING = 1, REGISTER_USER_VERIFICATION = 2, REGISTER_KINDS = 2 };
enum register_place { REGISTER_CARD = 1, REGISTER_PHONE = 2 };
enum register_status { REGISTER_GOOD, REGISTER_HOLD, REGISTER_REVOKED, REGISTER_UNKNOWN };

enum {
        REGISTER_PERSON_SIZE = 16,
        REGISTER_SERIAL_MAX = 20,
        REGISTER_MODULUS_SIZE = 256,
        REGISTER_IDENTITY_MAX = 64,            /* of a device */
        REGISTER_APPLICATION_DAY = 86400,      /* how long an application is good for a certificate */
        REGISTER_APPLICATION_SKEW = 2 * 86400, /* how far the clock of who applies may be off */
};

/* Which kinds of a phone's certificates end with one of the card's: a bit for each, 1 << kind. */
struct register_link {
        enum register_kind card;
        unsigned phone;
};
extern const struct register_link register_links[REGISTER_KINDS];

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
enum { REGISTER_SCHEMA_VERSION = 2 };

struct authority_register;

/* register_open takes a party that was opened with register_schema; party and config must outlive it. */
MITOME_CHECKED mitome_status register_open(struct party *party, const struct register_config *config,
        struct authority_register **ret, mitome_error *error);
void register_close(struct authority_register *book);

/* What the authority answers; their context is the register. */
extern const struct party_desk register_desks[];
extern const size_t register_desk_count;

/* register_source is what the CAs publish from: status, lists and their numbers. */
struct ca_source register_source(struct authority_register *book);

#endif
