/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RESET_SERVER_H
#define RESET_SERVER_H

/* The maker as a party: it makes phones (the keys of their elements go to the SEI-TSM, and are not kept), and
 * its reset server (端末初期化) has the SEI-TSM erase an element when its phone is set back: only for a phone
 * that has proved, by its device key, that it asks itself.
 *
 * A phone's words:
 *   begin-reset    {1 identity} -> {1 session (16), 2 nonce (16)}; for every name, known or not
 *   factory-reset  {1 session, 2 statement (COSE, for reset_nonce of it: statement_nonce.h)} -> {1 state}
 *   reset-state    {1 session} -> {1 state}; of a session that has proved nothing: RESET_SESSION
 *   reset-receipt  {1 session, 2 receipt (COSE)} -> {1 number, 2 digest}, once the authority has taken it
 * The state is enum reset_state: what was asked is never "erased" before the receipt was taken. A session
 * costs nothing until it has proved something: its nonce is a MAC over it and the identity, by a key that the
 * server forgets when it ends. The CA's key lies in the party's store; a real one would be in an HSM. */

#include "maker_device_ca.h"
#include "party.h"
#include "phone_way.h"

enum reset_state { RESET_ASKED = 1, RESET_CONFIRMED = 2 };

enum { RESET_SESSION_S = 900, RESET_SESSION_SIZE = 16, RESET_NONCE_SIZE = 16 };

extern const char reset_server_schema[];
enum { RESET_SERVER_SCHEMA_VERSION = 2 };

struct reset_server;

/* reset_server_open takes the CA for device keys from the party's store, or makes it. */
MITOME_CHECKED mitome_status reset_server_open(
        struct party *party, struct reset_server **ret, mitome_error *error);
void reset_server_close(struct reset_server *server);

extern const struct phone_desk reset_server_phone_desks[];
extern const size_t reset_server_phone_desk_count;

/* reset_server_ca is the anchor for device keys, DER; a view that lives as long as the server. */
slice reset_server_ca(const struct reset_server *server);

/* reset_server_certify certifies the device key of a new phone of this model, and notes the phone.
 * DEVICE_KNOWN for an identity that another key has, and for a key that has another identity. */
MITOME_CHECKED mitome_status reset_server_certify(struct reset_server *server, slice identity, slice model,
        const uint8_t point[MAKER_POINT_SIZE], struct authority_der *ret, mitome_error *error);

/* reset_server_hand_keys sends the SEI-TSM the keys of a new phone's element (register-element, by the
 * outbox), sealed to it: ENC||MAC||DEK. */
MITOME_CHECKED mitome_status reset_server_hand_keys(
        struct reset_server *server, slice identity, uint8_t version, slice keys, mitome_error *error);

MITOME_CHECKED mitome_status reset_server_tick(struct reset_server *server, mitome_error *error);

#endif
