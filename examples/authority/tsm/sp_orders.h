/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SP_ORDERS_H
#define SP_ORDERS_H

/* The SP-TSM as a party: what holders and the authority want of the phones, as orders in a store, and who
 * carries them out. An order says what is wanted. Whoever runs it looks at what the element and the authority
 * say now and does the next step that is missing; every step may be done twice, so that what was cut off
 * anywhere is repaired by running it again (sp_tsm_serve, sp_tsm_tick).
 *
 *   open       something is to be done in the element; waits until the phone relays
 *   holder     the certificates are in; the temporary PIN or password waits for the holder, in the session
 *              in which his card's signature was verified, ten minutes at most (一連のセッション)
 *   receipt    asked and sent, not confirmed: the element's signed receipt has not reached the authority
 *   done       as it was asked; of an erasure: the authority has taken the receipt
 *   given up   refused, out of time, superseded. What it had put into the element is revoked, and another
 *              order erases it: no key stays without an owner
 *
 * One order a phone is under way; erasures go first, others wait in the order of asking. The keys of the
 * phones' domains lie in the store sealed under a key of a file (crypto_secretbox): this is no HSM, and
 * whoever has both files has the keys. */

#include "device_list.h"
#include "party.h"
#include "phone_way.h"
#include "push_queue.h"
#include "push_registry.h"
#include "tsm_channel.h"

#include <mitome/trust.h>

/* What a phone may apply for. */
enum sp_purpose {
        SP_ISSUE = 1,
        SP_RENEW = 2,
        SP_RESET_PIN = 3,
        SP_RESET_PASSWORD = 4,
        SP_REVOKE = 5,
        SP_ERASE = 6, /* nobody applies for it: it follows from a revocation, or an order that was given up */
};

enum sp_order_state {
        SP_ORDER_OPEN = 1,
        SP_ORDER_HOLDER = 2,
        SP_ORDER_RECEIPT = 3,
        SP_ORDER_DONE = 4,
        SP_ORDER_GIVEN_UP = 5,
};

/* Kinds of certificates, as EVIDENCE.md numbers them. */
enum { SP_SIGNING = 1, SP_USER_VERIFICATION = 2, SP_KINDS = 2 };

enum {
        SP_ID_SIZE = 16,          /* of sessions and orders */
        SP_SESSION_S = 600,       /* row 26: how long a session stands */
        SP_SESSIONS_MAX = 100000, /* at one time */
        SP_NONCE_SIZE = 32,       /* characters of a session's nonce */
        SP_IDENTITY_MAX = 64,     /* printed on the phone; letters, digits, '-', '_', '.' */
        SP_WRAPPING_SIZE = 32,
        SP_APPS_MAX = 4,
};

struct sp_tsm_config {
        uint8_t wrapping_key[SP_WRAPPING_SIZE]; /* sp_wrapping_load reads or makes it */
        const struct mitome_trust *makers;      /* anchors: the CAs of device keys; outlives the TSM */
        const struct push *push;                /* NULL: phones come by themselves */
        struct push_queue *queue;               /* answers push-register and push-poll; NULL: refused */
        uint8_t apps[SP_APPS_MAX][32]; /* SHA-256 of certificates of apps that may speak to the applet */
        size_t app_count;
        uint16_t lease; /* signatures between two looks at the certificate's status: 1..1000; 0 is 100 */
};

/* The party's tables: struct party_config's schema. */
#define SP_TSM_SCHEMA                                                                                                                        \
        "CREATE TABLE device (identity TEXT PRIMARY KEY, first_version INTEGER, first BLOB, own_version "                                    \
        "INTEGER, own BLOB, own_stands INTEGER NOT NULL DEFAULT 0, low INTEGER NOT NULL DEFAULT 0) "                                         \
        "WITHOUT ROWID;"                                                                                                                     \
        "CREATE TABLE session (id BLOB PRIMARY KEY, nonce TEXT NOT NULL UNIQUE, identity TEXT NOT NULL, "                                    \
        "purpose INTEGER NOT NULL, kinds INTEGER NOT NULL, began_at INTEGER NOT NULL, verified_at INTEGER, "                                 \
        "order_id BLOB, digest BLOB) WITHOUT ROWID;"                                                                                         \
        "CREATE TABLE pinned (identity TEXT PRIMARY KEY, device_key BLOB NOT NULL) WITHOUT ROWID;"                                           \
        "CREATE INDEX session_began ON session (began_at);"                                                                                  \
        "CREATE TABLE order_ (row INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE, identity TEXT NOT NULL, "                      \
        "purpose INTEGER NOT NULL, kinds INTEGER NOT NULL, person BLOB, application BLOB, session BLOB, "                                    \
        "prepared INTEGER NOT NULL DEFAULT 0, prepare_id BLOB, prepare_s INTEGER, state INTEGER NOT NULL, code INTEGER NOT NULL DEFAULT 0, " \
        "made_at INTEGER NOT NULL, until INTEGER NOT NULL);"                                                                                 \
        "CREATE UNIQUE INDEX order_one ON order_ (identity) WHERE state IN (1, 2) AND purpose <= 4;"                                         \
        "CREATE INDEX order_open ON order_ (identity, row) WHERE state <= 3;"                                                                \
        "CREATE TABLE part (order_id BLOB NOT NULL, kind INTEGER NOT NULL, step INTEGER NOT NULL, tries "                                    \
        "INTEGER NOT NULL DEFAULT 0, modulus BLOB, call_id BLOB, certificate BLOB, ca BLOB, serial BLOB, "                                   \
        "secret BLOB, key BLOB, PRIMARY KEY (order_id, kind)) WITHOUT ROWID;"                                                                \
        "CREATE INDEX part_serial ON part (kind, serial);"                                                                                   \
        "CREATE TABLE held (identity TEXT NOT NULL, kind INTEGER NOT NULL, person BLOB NOT NULL, serial "                                    \
        "BLOB NOT NULL, lives INTEGER NOT NULL, PRIMARY KEY (identity, kind)) WITHOUT ROWID;"                                                \
        "CREATE INDEX held_serial ON held (kind, serial);"                                                                                   \
        "CREATE TABLE receipt (identity TEXT NOT NULL, number INTEGER NOT NULL, digest BLOB NOT NULL, cose "                                 \
        "BLOB NOT NULL, taken_at INTEGER, acknowledged INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (identity, "                                  \
        "number)) WITHOUT ROWID;"                                                                                                            \
        "CREATE TABLE leaving (identity TEXT PRIMARY KEY, asked INTEGER NOT NULL, letter BLOB, next_at INTEGER NOT "                         \
        "NULL) WITHOUT ROWID;"                                                                                                               \
        "CREATE TABLE erased (identity TEXT NOT NULL, number INTEGER NOT NULL, kind INTEGER NOT NULL, "                                      \
        "serial BLOB, key BLOB, PRIMARY KEY (identity, number, kind)) WITHOUT ROWID;" PUSH_REGISTRY_SCHEMA                                   \
                PUSH_QUEUE_SCHEMA DEVICE_LIST_SCHEMA
enum { SP_TSM_SCHEMA_VERSION = 2 };

struct sp_tsm;

/* sp_tsm_open takes its place in a party whose store has SP_TSM_SCHEMA; the party outlives it. */
MITOME_CHECKED mitome_status sp_tsm_open(
        struct party *party, const struct sp_tsm_config *config, struct sp_tsm **ret, mitome_error *error);
void sp_tsm_close(struct sp_tsm *tsm);

/* What other parties and phones may ask; the context of both is the struct sp_tsm. */
enum { SP_TSM_DESKS = 3, SP_TSM_PHONE_DESKS = 8 };
extern const struct party_desk sp_tsm_desks[SP_TSM_DESKS];
extern const struct phone_desk sp_tsm_phone_desks[SP_TSM_PHONE_DESKS];

/* sp_tsm_serve does what is open for this phone, over the relay; outside a transaction. It comes back when
 * nothing is left that can be done now: what waits is not a failure. Fails with DEVICE_UNKNOWN (no keys of
 * it), ORDER_BUSY (it is being served), UNREACHABLE (link, or a party), CHANNEL_*, APDU_STATUS: begin again.
 */
MITOME_CHECKED mitome_status sp_tsm_serve(
        struct sp_tsm *tsm, slice identity, const struct mitome_link *link, mitome_error *error);

/* sp_tsm_tick ends sessions that ran out, asks the authority again, and wakes phones; outside a transaction,
 * every second or so. Only a failing store is a failure. */
MITOME_CHECKED mitome_status sp_tsm_tick(struct sp_tsm *tsm, mitome_error *error);

/* sp_wrapping_load reads the key under which phones' keys are sealed, or makes one (as key_file_keep). Losing
 * it is losing the phones. */
MITOME_CHECKED mitome_status sp_wrapping_load(const char *path, const struct mitome_random *random,
        uint8_t ret_key[SP_WRAPPING_SIZE], mitome_error *error);

/* ---- what phones say: maps with integer keys, canonical ----
 *
 * begin   {1 identity, 2 purpose, 3 [kinds], 4 model} -> {1 session, 2 nonce}
 *         purpose: "issue", "renew", "reset-pin", "reset-password", "revoke"
 *         4: as the phone's software says it; to issue and renew it must be on the device list
 * (DEVICE_MODEL), and at `apply` so must the model that the maker's certificate of the device's key names
 * apply   {1 session, 2 CMS, ? 3 push token, ? 4 statement}  -> {1 order}
 *         4: by the device key, for application_nonce (statement_nonce.h) of the session's nonce and the CMS.
 *         Without it ORDER_PRESENCE, but for "revoke", which has neither 3 nor 4: a card alone has nothing
 *         done in a phone, and names no token for one. The device key is the one that spoke first under this
 *         identity (ORDER_DEVICE)
 * secret  {1 session, 2 which (1 password, 2 PIN)}   -> {1 temporary secret}
 * state   {1 order}                                  -> {1 state, ? 2 code}
 * receipt {1 COSE}                                   -> {1 number, 2 digest}, when the authority has taken it
 * push-register, push-poll: push_queue.h
 * revoke-here {1 identity, 2 statement, 3 session}   -> {1 order}; the session of a begin with "revoke", and
 *         the statement for revocation_nonce of its nonce */

#endif
