/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FIDO_APPLET_H
#define FIDO_APPLET_H

/* The FIDO applet: credentials, the user's verification, and what is signed (PROTOCOL.md). */

#include "apdu.h"
#include "fido_index.h"
#include "fido_rules.h"
#include "matcher_class.h"
#include "p256.h"
#include "signing_key.h"
#include "unlock_token.h"

struct mitome_element;

enum {
        FIDO_AAGUID_SIZE = 16,
        FIDO_HASH_SIZE = SHA256_SIZE,
        FIDO_CREDENTIAL_ID_SIZE = 32,
        FIDO_CREDENTIALS_MAX = 10000,
        FIDO_RP_ID_MAX = 255,
        FIDO_TEXT_MAX = 64, /* user id and names */
        FIDO_SEEDS_SIZE = 64,
        FIDO_BLOB_KEY_SIZE = 32,
        FIDO_BLOB_MAX = 64, /* credBlob */
        FIDO_PIN_TOKEN_SIZE = 32,
        FIDO_PARAM_SIZE = SHA256_SIZE, /* pinUvAuthParam of protocol 2 */
        FIDO_PARAM_ONE_SIZE = 16,      /* of protocol 1 */
        FIDO_WRONG_IN_A_ROW_MAX = 3,   /* CTAP 2.1 6.5.5.7.1 */
        FIDO_LOOKS_MAX = 16,           /* of one token: assertions without presence */
        FIDO_CERTIFICATES_MAX = 3584,  /* so that an attestation fits into a response */
};

enum fido_ctap_command {
        FIDO_MAKE_CREDENTIAL = 0x01,
        FIDO_GET_ASSERTION = 0x02,
        FIDO_CLIENT_PIN = 0x06, /* a token by finger */
        FIDO_BIO_ENROLMENT = 0x09,
};

/* CTAP 2.1, 6.5.5.7: what a pinUvAuthToken is for. */
enum fido_permission {
        FIDO_MC = 0x01,
        FIDO_GA = 0x02,
        FIDO_CM = 0x04,
        FIDO_BE = 0x08,
        FIDO_LBW = 0x10,
        FIDO_ACFG = 0x20,
        FIDO_PCMR = 0x40, /* CTAP 2.2: credential management, to read only, by the persistent token */
        FIDO_PERMISSIONS = 0x7F,
        FIDO_PERMISSIONS_BY_FINGER =
                FIDO_MC | FIDO_GA | FIDO_CM | FIDO_LBW | FIDO_PCMR, /* fingers are added by PIN */
        /* of getPinToken: the previews of credential and finger management know no permissions */
        FIDO_PERMISSIONS_LEGACY = FIDO_MC | FIDO_GA | FIDO_CM | FIDO_BE,
};

/* CTAP 2.1, 12.1 */
enum fido_protection { FIDO_PROTECT_NONE = 1, FIDO_PROTECT_NAMED = 2, FIDO_PROTECT_VERIFIED = 3 };

/* How a user was verified: unlock_modality, or one of these. */
enum fido_modality { FIDO_UNVERIFIED = 0, FIDO_BY_PIN = 4 };

/* The operation that BEGIN announced. */
struct fido_operation {
        bool open;
        uint8_t command;
        uint8_t rp_id_hash[FIDO_HASH_SIZE];
        uint8_t client_data_hash[FIDO_HASH_SIZE];
        bool presence_asked;
        bool built_in;       /* a UV try was debited for its challenge */
        bool removes;        /* a finger, where the command is bioEnrollment; else one is added */
        bool by_pin;         /* a pinUvAuthToken authorised it, and ends with it */
        uint8_t modality;    /* how the user was verified: enum fido_modality */
        uint8_t permissions; /* of the token that is asked for */
        bool has_challenge;
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE];
};

/* PIN/UV auth protocols */
enum fido_protocol { FIDO_PROTOCOL_ONE = 1, FIDO_PROTOCOL_TWO = 2 };

/* What platform and element share for one exchange. Declare it with FIDO_SHARED(name): it is wiped on every
 * way out. */
struct fido_shared {
        enum fido_protocol protocol;
        struct secret aes, hmac;
};

void fido_shared_wipe(struct fido_shared *shared);

#define FIDO_SHARED(name) __attribute__((cleanup(fido_shared_wipe))) struct fido_shared name = { 0 }

/* The one pinUvAuthToken that is alive. */
struct fido_token {
        struct secret value; /* size 0: none */
        enum fido_protocol protocol;
        uint8_t permissions;
        bool has_rp; /* it is for this relying party only */
        uint8_t rp_id_hash[FIDO_HASH_SIZE];
        uint8_t modality; /* enum fido_modality: how the user was verified when it was made */
        uint8_t looks;    /* assertions without presence that it has authorised */
};

/* A pairing that the management station has not confirmed yet. */
struct fido_pairing {
        struct secret key; /* size 0: none */
        uint8_t element_point[PAIRING_POINT_SIZE], matcher_point[PAIRING_POINT_SIZE];
        uint8_t class, modality;
};

/* The private keys that stay ready to sign: the batch key, and the one of the last assertion. */
enum { FIDO_READY_BATCH, FIDO_READY_CREDENTIAL, FIDO_READY_KEYS };

/* What hmac-secret was given: one salt or two, and what the answer is encrypted with. */
struct fido_salts {
        struct fido_shared shared;
        struct secret salts;
};

/* A getAssertion that several credentials fit: what was asked, for NEXT ASSERTION. */
struct fido_chain {
        bool open;
        struct fido_operation operation;
        uint8_t flags;      /* UP and UV */
        uint8_t extensions; /* enum fido_extension */
        bool has_salts;
        struct fido_salts salts;
        uint32_t before; /* the place of the credential that signed last */
};

/* How far MANAGE CREDENTIALS has listed. */
struct fido_listing {
        bool open;
        uint32_t place;                     /* of the credential that was shown last */
        bool keys;                          /* largeBlobKeys are shown, too */
        uint8_t rp_id_hash[FIDO_HASH_SIZE]; /* of the relying party whose credentials are listed */
};

/* What stands between two commands. All but the last two members ends with a selection. */
struct fido {
        struct fido_operation operation;
        bool has_agreement;
        struct secret agreement;
        uint8_t agreement_point[P256_POINT_SIZE];
        struct fido_token token;
        struct fido_pairing pairing;
        struct signing_ready ready[FIDO_READY_KEYS];
        struct fido_listing relying_parties, credentials;
        struct fido_chain chain;
        uint8_t wrong_in_a_row; /* PINs since the reset or the last right one */
        struct fido_index index;
};

typedef uint16_t fido_handler(
        struct mitome_element *element, const struct apdu_command *command, writer *answer);

fido_handler fido_get_state;                                        /* fido_applet.c */
fido_handler fido_key_agreement;                                    /* fido_agreement.c */
fido_handler fido_get_pin_token, fido_get_uv_token, fido_authorise; /* fido_token.c */
fido_handler fido_begin, fido_check, fido_abandon;                  /* fido_operation.c */
fido_handler fido_confirm;                                          /* fido_fingers.c */
fido_handler fido_make_credential;                                  /* fido_make_credential.c */
fido_handler fido_get_assertion, fido_next_assertion;               /* fido_get_assertion.c */
fido_handler fido_store_batch_key, fido_set_pin;                    /* fido_manage.c */
fido_handler fido_pair, fido_confirm_pairing;                       /* fido_pairing.c */
fido_handler fido_set_enterprise;                                   /* fido_enterprise.c */
fido_handler fido_manage_credentials;                               /* fido_management.c */
fido_handler fido_u2f_register, fido_u2f_authenticate;              /* fido_ctap1.c */
fido_handler fido_sign_document, fido_read_certificate;             /* fido_document.c */

fido_handler fido_reset;        /* fido_reset.c */
fido_handler fido_forget_token; /* fido_token.c */
fido_handler fido_change_pin;   /* fido_pin.c */
fido_handler fido_configure;    /* fido_config.c */

/* fido_dispatch is the one door: it asks the state table (fido_rules.h) and then the command's handler. */
fido_handler fido_dispatch; /* fido_applet.c */

/* fido_allowed asks the table for a command, or for an operation that BEGIN announces. */
uint16_t fido_allowed(struct mitome_element *element, uint8_t ins, enum fido_phase begins);

/* ---- PIN/UV auth protocols 1 and 2 (fido_agreement.c) ---- */

enum { FIDO_COORDINATE_SIZE = 32, FIDO_IV_SIZE = 16, FIDO_BLOCK_SIZE = 16 };

/* fido_agree takes the fields of a command: 88 protocol (1; absent: 2), 80 x, 81 y of the platform. 6A88 no
 * key agreement (none was asked for, or a wrong PIN has ended it) · 6A80 another protocol, a point off the
 * curve. */
uint16_t fido_agree(
        const struct fido *fido, slice protocol, slice x, slice y, struct fido_shared *ret_shared);

/* fido_seal encrypts `plain`, of whole blocks: by protocol 2 behind a new IV. fido_unseal is its inverse, for
 * 1 to 4 blocks: anything else is 6A80. */
uint16_t fido_seal(
        struct mitome_element *element, const struct fido_shared *shared, slice plain, writer *sealed);
uint16_t fido_unseal(const struct fido_shared *shared, slice sealed, struct secret *ret_plain);

/* fido_cbc is AES-CBC without padding, by a key of 16 bytes or of 32. */
uint16_t fido_cbc(const struct secret *key, const uint8_t *iv, int encrypt, slice in, uint8_t *out);

/* fido_param_is tells whether `param` authenticates the parts under a key: 16 bytes by protocol 1, 32 by 2,
 * and nothing else. The keys are shared.hmac, and tokens. */
bool fido_param_is(
        enum fido_protocol protocol, const struct secret *key, const slice *parts, size_t count, slice param);

/* ---- tokens (fido_token.c) ---- */

/* fido_token_authorises tells whether `param` is the token's HMAC over the message, the token has the
 * permission, and is for the relying party, where there is one: mc and ga bind a token that has none yet. */
bool fido_token_authorises(
        struct fido *fido, uint8_t permission, slice rp_id_hash, slice message, slice param);

/* fido_permissions_fit: some that are known; pcmr only alone. */
bool fido_permissions_fit(uint8_t permissions);

/* fido_check_pin decrypts what the platform sends of a PIN and compares it by user_pin_check. The key
 * agreement ends with a wrong one, and the third in a row is 6985. The hash that was right is in ret_hash. */
uint16_t fido_check_pin(struct mitome_element *element, const struct fido_shared *shared, slice encrypted,
        struct secret *ret_hash);

/* fido_end_token ends the token and what it began. */
void fido_end_token(struct fido *fido);

/* fido_token_used takes what an operation uses up: every permission but lbw. */
void fido_token_used(struct fido_token *token);
void fido_token_wipe(struct fido_token *token);

/* ---- the persistent token of CTAP 2.2, and what it shows (fido_persistent.c) ---- */

bool fido_persistent_exists(const struct mitome_element *element);

/* fido_persistent_value gives the token's value, and stages one when there is none. */
uint16_t fido_persistent_value(
        struct mitome_element *element, enum fido_protocol protocol, struct secret *ret_value);

/* fido_persistent_show answers 8B encIdentifier and 8C encCredStoreState, or nothing without a token. */
uint16_t fido_persistent_show(struct mitome_element *element, writer *answer);

/* fido_persistent_authorises: `param` is the persistent token's, whose only permission is pcmr. */
bool fido_persistent_authorises(const struct mitome_element *element, slice message, slice param);

/* fido_store_changed stages that a platform's list of the credentials is out of date (credStoreState): for
 * whoever stages a credential, its change or its end. */
uint16_t fido_store_changed(struct mitome_element *element);

/* ---- settings (fido_config.c) ---- */

bool fido_always_uv(const struct mitome_element *element);

/* fido_delete_settings stages the end of all that is configured, and of the device identifier. */
uint16_t fido_delete_settings(struct mitome_element *element);

/* fido_min_pin_lists: the relying party may learn the minimum length of the PIN (user_pin_min). */
bool fido_min_pin_lists(const struct mitome_element *element, slice rp_id_hash);

/* ---- operations (fido_operation.c) ---- */

/* fido_forget forgets what ends with a selection. */
void fido_forget(struct mitome_element *element);

enum fido_phase fido_phase_of(const struct fido *fido);

/* fido_end_operation forgets the open operation, and what it used of the token that authorised it. */
void fido_end_operation(struct fido *fido);

/* fido_spend_operation ends the open operation and hands it out. One with built-in verification needs a
 * token that stands for exactly it (else 66xx, 6983), and gives back the tries of the finger, durably. */
uint16_t fido_spend_operation(struct mitome_element *element, slice token, struct fido_operation *ret);

/* fido_end_chain forgets the assertion that NEXT ASSERTION would go on with: any command but that and GET
 * STATE does. */
void fido_end_chain(struct fido *fido);

/* fido_check_token tells whether an unlock token of this purpose stands for the operation (66xx). */
uint16_t fido_check_token(const struct mitome_element *element, const struct fido_operation *operation,
        slice bytes, enum unlock_purpose purpose, struct unlock_token *ret);

/* fido_flags are UP and UV of an operation that was spent. */
uint8_t fido_flags(const struct fido_operation *operation, bool present);

/* ---- the paired matcher (fido_pairing.c) ---- */

/* What its maker's certificate says of it, by the word of the management station. */
struct fido_matcher {
        uint8_t class;    /* enum matcher_class */
        uint8_t modality; /* enum unlock_modality */
};

/* fido_matcher tells whether one is paired. A pairing of before there were classes is none: nobody has said
 * how far its matcher is to be trusted. */
bool fido_matcher(const struct mitome_element *element, struct fido_matcher *ret);

/* fido_delete_pairing stages its end; fido_pairing_personalise does so where the matcher is none for a
 * person's element, with the set that it vouched for. */
uint16_t fido_delete_pairing(struct mitome_element *element);
uint16_t fido_pairing_personalise(struct mitome_element *element);

/* fido_opens_person tells whether who was verified so (enum fido_modality) may use the user-verification key:
 * by PIN, and by what a matcher of class STRONG compares. */
bool fido_opens_person(const struct mitome_element *element, uint8_t modality);

/* ---- fingers (fido_fingers.c) ---- */

/* fido_fingers_change: the message of a bioEnrollment announces a change of the set; fido_fingers_capture: it
 * goes on with one. fido_fingers_describe fills in what the challenge of a change stands for. */
bool fido_fingers_change(slice message);
bool fido_fingers_capture(slice message);
/* fido_fingers_name: it gives a finger another name. */
bool fido_fingers_name(slice message);
uint16_t fido_fingers_describe(slice message, struct fido_operation *operation);

/* ---- enterprise attestation (fido_enterprise.c) ---- */

/* fido_enterprise_exists: the list is there; fido_enterprise_enabled: and switched on. */
bool fido_enterprise_exists(const struct mitome_element *element);
bool fido_enterprise_enabled(const struct mitome_element *element);
/* fido_disable_enterprise stages that it is switched off: only the management station switches it on. */
uint16_t fido_disable_enterprise(struct mitome_element *element);
bool fido_enterprise_lists(const struct mitome_element *element, slice rp_id_hash);

/* ---- credentials (fido_credentials.c) ---- */

struct fido_credential {
        uint32_t place;
        uint8_t algorithm, protection;
        bool discoverable;
        bool payment; /* thirdPartyPayment */
        slice id, rp_id_hash;
        slice key; /* the private one; of a certificate credential what it is bound to */
        slice rp_id, user_id, user_name, display_name; /* all empty: one of U2F's */
        slice seeds;    /* CredRandomWithUV and CredRandomWithoutUV, 64 bytes; older credentials have none */
        slice blob_key; /* largeBlobKey, 32 bytes, or empty */
        slice blob;     /* credBlob */
};

/* What is looked for; empty views mean any. */
struct fido_query {
        slice rp_id_hash; /* always given: nothing is found for another relying party */
        slice id;
        slice listed; /* a data field: one of the ids that it has as 87 */
        slice user_id;
        bool discoverable;
        bool verified;   /* the user was: else credProtect hides some */
        bool no_person;  /* but not so that a certificate credential may be used: they are left out */
        uint32_t before; /* older than the one at this place; 0: any */
};

/* fido_count is how many there are, fido_count_certificate how many of them are certificate credentials. */
size_t fido_count(const struct mitome_element *element);
size_t fido_count_certificate(const struct mitome_element *element);
/* fido_count_discoverable is how many of them are discoverable. */
size_t fido_count_discoverable(const struct mitome_element *element);

/* fido_find gives the newest credential that fits, or 6A88. Its views last until the next commit. */
uint16_t fido_find(
        struct mitome_element *element, const struct fido_query *query, struct fido_credential *ret);

/* fido_count_found tells how many fido_find would give, one after the other; it reads next to none. */
uint16_t fido_count_found(struct mitome_element *element, const struct fido_query *query, size_t *ret);

bool fido_read_credential(const struct mitome_element *element, uint32_t place, struct fido_credential *ret);

/* fido_use_index lends the index, made if it was not there, until the next change of credentials. */
uint16_t fido_use_index(struct mitome_element *element, const struct fido_index **ret);

/* fido_listings_end ends what MANAGE CREDENTIALS lists (fido_management.c): any other command does. */
void fido_listings_end(struct fido *fido);

/* Changes are staged and end with fido_commit_credentials, or, when something is refused in between, with
 * fido_index_settle. fido_put_credential gives the new one its place, as the newest. */
uint16_t fido_put_credential(struct mitome_element *element, struct fido_credential *credential);
/* fido_rewrite_credential changes one where it stands: its names, for one. Id, relying party and user stay.
 */
uint16_t fido_rewrite_credential(struct mitome_element *element, const struct fido_credential *credential);
uint16_t fido_delete_credential(struct mitome_element *element, const struct fido_credential *credential);
uint16_t fido_commit_credentials(struct mitome_element *element);

/* fido_end_certificate_credentials stages the end of them all, for whoever stages the end of the certificate;
 * that one commits. */
uint16_t fido_end_certificate_credentials(struct mitome_element *element);

/* fido_drop_keys wipes the private keys that are kept ready: with a selection's end, and with any
 * credential's.
 */
void fido_drop_keys(struct mitome_element *element);

/* fido_count_signature gives the next value of a credential's signature counter. Values are reserved in the
 * store by blocks; it commits when a block is used up. */
uint16_t fido_count_signature(
        struct mitome_element *element, const struct fido_credential *credential, uint32_t *ret);

#endif
