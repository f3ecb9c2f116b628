/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FIDO_APPLET_H
#define FIDO_APPLET_H

/* The FIDO applet: credentials, the user's verification, and what is signed (PROTOCOL.md). */

#include "apdu.h"
#include "p256.h"
#include "unlock_token.h"

struct mitome_element;

enum {
        FIDO_AAGUID_SIZE = 16,
        FIDO_HASH_SIZE = SHA256_SIZE,
        FIDO_CREDENTIAL_ID_SIZE = 32,
        FIDO_CREDENTIALS_MAX = 256,
        FIDO_RP_ID_MAX = 255,
        FIDO_TEXT_MAX = 64, /* user id and names */
        FIDO_PIN_TOKEN_SIZE = 32,
        FIDO_PARAM_SIZE = SHA256_SIZE,
        FIDO_CERTIFICATES_MAX = 3584, /* so that an attestation fits into a response */
};

enum fido_ctap_command { FIDO_MAKE_CREDENTIAL = 0x01, FIDO_GET_ASSERTION = 0x02, FIDO_BIO_ENROLMENT = 0x09 };

/* The operation that BEGIN announced. */
struct fido_operation {
        bool open;
        uint8_t command;
        uint8_t rp_id_hash[FIDO_HASH_SIZE];
        uint8_t client_data_hash[FIDO_HASH_SIZE];
        bool presence_asked;
        bool built_in; /* a UV try was debited for its challenge */
        bool by_pin;   /* a PIN token authorised it, and ends with it */
        bool has_challenge;
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE];
};

/* Signature counters: values up to `reserved` are written down as used, those up to `used` are. */
struct fido_counter {
        uint32_t credential; /* its place in the store; 0: free */
        uint32_t used, reserved;
};

/* What stands between two commands. All but the last two members ends with a selection. */
struct fido {
        struct fido_operation operation;
        bool has_agreement;
        struct secret agreement;
        uint8_t agreement_point[P256_POINT_SIZE];
        struct secret pin_token; /* size 0: none */
        uint8_t wrong_in_a_row;  /* PINs since the reset or the last right one */
        struct fido_counter counters[FIDO_CREDENTIALS_MAX];
};

typedef uint16_t fido_handler(
        struct mitome_element *element, const struct apdu_command *command, writer *answer);

fido_handler fido_get_state;                                     /* fido_applet.c */
fido_handler fido_key_agreement, fido_get_pin_token;             /* fido_pin_token.c */
fido_handler fido_begin, fido_confirm, fido_check, fido_abandon; /* fido_operation.c */
fido_handler fido_make_credential;                               /* fido_make_credential.c */
fido_handler fido_get_assertion;                                 /* fido_get_assertion.c */
fido_handler fido_store_batch_key, fido_pair, fido_set_pin;      /* fido_manage.c */

/* ---- PIN tokens (fido_pin_token.c) ---- */

/* fido_token_authorises tells whether `param` is the token's HMAC over the message. */
bool fido_token_authorises(const struct fido *fido, slice message, slice param);

/* ---- operations (fido_operation.c) ---- */

/* fido_begun answers 6985 when no operation with this command is open. */
uint16_t fido_begun(const struct fido *fido, enum fido_ctap_command command);

/* fido_end_operation forgets the open operation and the PIN token that authorised it. */
void fido_end_operation(struct fido *fido);

/* fido_spend_operation ends the open operation and hands it out. One with built-in verification needs a
 * token that stands for exactly it (else 66xx, 6983), and gives back the tries of the finger, durably. */
uint16_t fido_spend_operation(struct mitome_element *element, slice token, struct fido_operation *ret);

/* fido_flags are UP and UV of an operation that was spent. */
uint8_t fido_flags(const struct fido_operation *operation, bool present);

/* ---- credentials (fido_credentials.c) ---- */

struct fido_credential {
        uint32_t place;
        uint8_t algorithm;
        bool discoverable;
        slice id, rp_id_hash, private_key;
        slice rp_id, user_id, user_name, display_name;
};

/* What is looked for; empty views mean any. */
struct fido_query {
        slice rp_id_hash; /* always given: nothing is found for another relying party */
        slice id;
        slice user_id;
        bool discoverable;
};

size_t fido_count(const struct mitome_element *element);

/* fido_find gives the newest credential that fits. Its views last until the next commit. */
bool fido_find(
        const struct mitome_element *element, const struct fido_query *query, struct fido_credential *ret);

bool fido_read_credential(const struct mitome_element *element, uint32_t place, struct fido_credential *ret);

/* fido_put_credential prepares a new one as the newest, fido_delete_credential the end of one. */
uint16_t fido_put_credential(struct mitome_element *element, const struct fido_credential *credential);
uint16_t fido_delete_credential(struct mitome_element *element, uint32_t place);

/* fido_count_signature gives the next value of a credential's signature counter. Values are reserved in the
 * store by blocks; it commits when a block is used up. */
uint16_t fido_count_signature(struct mitome_element *element, uint32_t place, uint32_t *ret);

#endif
