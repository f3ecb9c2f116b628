/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JPKI_APPLET_H
#define JPKI_APPLET_H

/* The JPKI applet: two keys, two certificates, a PIN and a password, by the commands of the plastic card. By
 * its personality it plays the secure element of a phone or the My Number Card. */

#include "apdu.h"

struct mitome_element;
struct evp_pkey_st;

/* Elementary files by their numbers. */
enum jpki_ef {
        JPKI_NO_EF = 0,
        JPKI_SIGN_CERTIFICATE = 0x0001,
        JPKI_SIGN_CA = 0x0002,
        JPKI_TOKEN_INFO = 0x0006,
        JPKI_AVAILABILITY = 0x0008, /* the card's only */
        JPKI_AUTH_CERTIFICATE = 0x000A,
        JPKI_AUTH_CA = 0x000B,
        JPKI_AUTH_KEY = 0x0017,
        JPKI_AUTH_PIN = 0x0018,
        JPKI_SIGN_KEY = 0x001A,
        JPKI_SIGN_PASSWORD = 0x001B,
};

enum { JPKI_PASSWORD_TRIES = 5, JPKI_FILE_MAX = 4096, JPKI_SERIAL_MAX = 16 };

/* What belongs to one kind of certificate: user verification, signing. */
struct jpki_kit {
        uint8_t key_reference, secret_reference; /* P2: 80 | short file number */
        enum jpki_ef key, secret, certificate, ca;
};

enum { JPKI_KITS = 2 };
extern const struct jpki_kit jpki_kits[JPKI_KITS];

/* A certificate on its way in: it is a file when it is whole. */
struct jpki_draft {
        enum jpki_ef ef;
        size_t size;
        uint8_t bytes[JPKI_FILE_MAX];
};

/* What stands between two commands, and ends with a selection or a reset. */
struct jpki {
        enum jpki_ef current;
        bool pin_verified, password_verified;
        struct jpki_draft draft;
};

/* RSA keys that were parsed, and hold their Montgomery and blinding state: 0017, 001A. They end with a
 * selection or a reset, and with the stored key that they are of. */
struct jpki_ready {
        struct evp_pkey_st *keys[JPKI_KITS];
};

/* The kinds of files, for what a command may be asked of. */
enum jpki_kind { JPKI_KIND_CERTIFICATE, JPKI_KIND_INFO, JPKI_KIND_SECRET, JPKI_KIND_KEY };

/* jpki_current_is answers 9000 when the current EF is of `kind`, 6986 when there is none, 6981 for another.
 */
uint16_t jpki_current_is(const struct mitome_element *element, enum jpki_kind kind);

/* jpki_is_opened tells whether the secret that guards `ef` was verified in this selection, and need not be
 * changed first; what nothing guards is always open. */
bool jpki_is_opened(const struct mitome_element *element, enum jpki_ef ef);

/* jpki_close_secret forgets that a secret was verified. */
void jpki_close_secret(struct mitome_element *element, enum jpki_ef secret);

/* jpki_object is where the store keeps a file. */
uint32_t jpki_object(enum jpki_ef ef);

/* jpki_find_kit finds by a key's reference (97, 9A); NULL when it is none. */
const struct jpki_kit *jpki_find_kit(uint8_t key_reference);

/* ---- personality (jpki_personality.c) ---- */

enum jpki_personality { JPKI_PHONE = 0, JPKI_CARD = 1 };

/* Flags of PERSONALISE. */
enum { JPKI_NO_HOST_HASHES = 0x01 };

struct jpki_settings {
        enum jpki_personality personality;
        uint8_t flags;
        slice serial; /* of EF 0006; lasts until the next commit */
};

struct jpki_settings jpki_settings(const struct mitome_element *element);

/* jpki_signs_no_host_hash: key 0017 signs what the element hashed, and nothing that could be a FIDO
 * signature. Only then may there be credentials of that key. */
bool jpki_signs_no_host_hash(const struct mitome_element *element);

/* jpki_generation counts the certificates of user verification: it rises, and never goes back, when one is
 * written, replaced or erased, or its key is. */
uint32_t jpki_generation(const struct mitome_element *element);
uint16_t jpki_next_generation(struct mitome_element *element);

/* ---- keys (jpki_ready.c) ---- */

/* jpki_ready_key lends the key of an EF; 6A88 when there is none. */
uint16_t jpki_ready_key(struct mitome_element *element, enum jpki_ef ef, struct evp_pkey_st **ret);

/* jpki_drop_keys wipes the keys that are held ready. */
void jpki_drop_keys(struct mitome_element *element);

/* jpki_user_verification_sign signs the parts, one after the other, with key 0017: PKCS#1 v1.5 with SHA-256,
 * 256 bytes. The caller has verified the user. 6A88 there is no such key. */
uint16_t jpki_user_verification_sign(
        struct mitome_element *element, const slice *parts, size_t count, writer *signature);

/* ---- for the FIDO applet ---- */

enum { JPKI_SIGNATURE_SIZE = 256 };

/* jpki_check_password spends a try of the signing password, durably, and compares: 9000, and the tries are
 * full again; 6606 likewise, but it is temporary and has to be changed first; 63Cx; 6983 none is left; 6A82
 * none is set. It opens nothing of this applet; a wrong one closes
 * what the right one had opened (jpki_secrets.c). */
uint16_t jpki_check_password(struct mitome_element *element, slice text);

/* jpki_password_is_temporary: the station has set it, and its holder not yet changed it: it opens nothing but
 * its own change (jpki_secrets.c). */
bool jpki_password_is_temporary(const struct mitome_element *element);

/* jpki_check_lease answers 6985 where key 001A signs by lease and none is left; jpki_sign_document takes one
 * off, durably, and signs a SHA-256 hash with it: PKCS#1 v1.5, DigestInfo. The caller has checked the
 * password. 6A88 there is no such key (jpki_keys.c). */
uint16_t jpki_check_lease(const struct mitome_element *element);
uint16_t jpki_sign_document(struct mitome_element *element, slice hash, writer *signature);

/* jpki_find_certificate tells whether a file is one for a certificate, and what guards it here: the password,
 * the PIN, or nothing (jpki_applet.c). */
bool jpki_find_certificate(const struct mitome_element *element, enum jpki_ef file, enum jpki_ef *ret_guard);

/* ---- commands ---- */

typedef uint16_t jpki_handler(
        struct mitome_element *element, const struct apdu_command *command, writer *answer);

jpki_handler jpki_read_binary;                                  /* jpki_files.c */
jpki_handler jpki_update_binary;                                /* jpki_certificates.c */
jpki_handler jpki_verify, jpki_change, jpki_set_reference_data; /* jpki_secrets.c */
jpki_handler jpki_sign, jpki_generate_key_pair;                 /* jpki_keys.c */
jpki_handler jpki_personalise, jpki_get_data;                   /* jpki_personality.c */
jpki_handler jpki_erase;                                        /* jpki_erase.c */

/* jpki_erase_applet stages the end of all that is the applet's, the other applets' things untouched. */
uint16_t jpki_erase_applet(struct mitome_element *element);

#endif
