/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RELYING_PARTY_H
#define RELYING_PARTY_H

/* Those who believe certificates (検証者), and somebody with a phone in his hand who knows what opens it. A
 * portal has a passkey registered and bound to a person: it verifies the registration, the signature of the
 * phone's key over it, and the certificate that the phone shows, by libmitome-rp. Somebody else is shown a
 * signed contract and verifies it by OpenSSL alone. Both ask what the authority publishes, and nobody its
 * register. */

#include "world.h"

struct visit {
        bool answered;      /* the phone showed a certificate, and its key signed; else nothing was sent */
        mitome_code answer; /* the portal's: OK where it lets him in */
        uint8_t serial[REGISTER_SERIAL_MAX];
        size_t serial_size;
};

/* relying_party_visit goes to the portal with the phone and its PIN. `list`: the portal knows this revocation
 * list and nothing else; empty: it asks the responder. A phone that does not answer is no failure. */
MITOME_CHECKED mitome_status relying_party_visit(struct world *world, struct world_phone *phone,
        const char *pin, slice list, struct visit *ret, mitome_error *error);

/* relying_party_visit_told goes to a portal that knows what somebody has given it, true or not: a list, an
 * answer of the responder, or both; nothing: it asks the responder itself. */
struct relying_party_news {
        slice list, answer;
};
MITOME_CHECKED mitome_status relying_party_visit_told(struct world *world, struct world_phone *phone,
        const char *pin, const struct relying_party_news *news, struct visit *ret, mitome_error *error);

struct contract {
        bool readable;        /* the certificate, with name and address in it (基本4情報) */
        bool valid;           /* signed, by the key of that certificate, which the authority issued */
        enum ca_state status; /* and what the responder says of it */
        uint8_t serial[REGISTER_SERIAL_MAX];
        size_t serial_size;
};

/* relying_party_contract has a contract signed with the phone and its password, and believes it or not. */
MITOME_CHECKED mitome_status relying_party_contract(struct world *world, struct world_phone *phone,
        const char *password, struct contract *ret, mitome_error *error);

/* relying_party_ask asks the responder about a certificate and verifies the answer by OpenSSL. OCSP_STATUS
 * when there is none, OCSP_SIGNATURE when it is not the authority's. */
MITOME_CHECKED mitome_status relying_party_ask(
        struct world *world, enum register_kind kind, slice serial, enum ca_state *ret, mitome_error *error);

/* relying_party_fetch_answer is the responder's answer about a certificate, as it is given now. */
MITOME_CHECKED mitome_status relying_party_fetch_answer(struct world *world, enum register_kind kind,
        slice serial, uint8_t buffer[OCSP_RESPONSE_MAX], slice *ret, mitome_error *error);

/* relying_party_fetch_list is the list of user-verification certificates, as it is published now. */
enum { RELYING_PARTY_LIST_MAX = 8192 };
MITOME_CHECKED mitome_status relying_party_fetch_list(
        struct world *world, uint8_t buffer[RELYING_PARTY_LIST_MAX], slice *ret, mitome_error *error);

#endif
