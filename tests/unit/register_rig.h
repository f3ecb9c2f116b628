/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGISTER_RIG_H
#define REGISTER_RIG_H

/* The authority with its register, and those who ask it, on a network in memory; cards whose keys are
 * OpenSSL's. What must not fail and does ends the test (abort). */

#include "post_local.h"
#include "register.h"

#include <openssl/evp.h>

/* Who asks. */
enum register_rig_party {
        RIG_MUNICIPALITY,
        RIG_SP_TSM,
        RIG_CALL_CENTRE,
        RIG_SHOP,
        RIG_PORTAL,
        RIG_MAKER,
        RIG_ASKERS,
};

enum { REGISTER_RIG_TOLD = 32, REGISTER_RIG_KEYS = 24 };

extern const int64_t register_rig_now;

struct register_rig {
        struct mitome_random random;
        int64_t now; /* everybody's clock */
        struct post_local network;
        struct party *authority, *askers[RIG_ASKERS];
        const char *folder; /* the authority's; NULL: in memory */
        struct register_config config;
        struct authority_register *book;
        struct party_desks desks, told_desks;
        size_t keys; /* taken from the pool */
        size_t told; /* `revoked` letters that reached the SP-TSM */
        uint8_t told_bytes[REGISTER_RIG_TOLD][1024];
        size_t told_size[REGISTER_RIG_TOLD];
        uint8_t answer[LETTER_MAX];
};

/* register_rig_begin makes all; config may be changed before register_rig_open. register_rig_shut closes the
 * authority alone, which register_rig_open opens again. */
void register_rig_begin(struct register_rig *rig);
void register_rig_open(struct register_rig *rig);
void register_rig_shut(struct register_rig *rig);
void register_rig_end(struct register_rig *rig);

/* register_rig_ask sends a letter and gives the refusal's code, or that of the failure. *ret_answer (may be
 * NULL) is good until the next. */
mitome_code register_rig_ask(struct register_rig *rig, enum register_rig_party who, const char *kind,
        const writer *body, slice *ret_answer);

/* ---- people and cards ---- */

struct register_rig_facts {
        const char *name, *address, *prefecture, *city;
        int year, month, day;
};
extern const struct register_rig_facts register_rig_hanako, register_rig_taro;

/* A key that nobody else of this rig has. */
struct register_rig_key {
        EVP_PKEY *key;
        uint8_t modulus[REGISTER_MODULUS_SIZE];
};
const struct register_rig_key *register_rig_key(struct register_rig *rig);

struct register_rig_card {
        uint8_t person[REGISTER_PERSON_SIZE];
        const struct register_rig_key *keys[REGISTER_KINDS + 1];
        struct authority_der certificates[REGISTER_KINDS + 1];
};

void register_rig_write_facts(writer *w, uint64_t first, const struct register_rig_facts *facts);
void register_rig_person(
        struct register_rig *rig, const struct register_rig_facts *facts, uint8_t ret[REGISTER_PERSON_SIZE]);

/* register_rig_card issues a card, until `expiry` (0: ten years), with the kinds whose bits are set. */
void register_rig_card(
        struct register_rig *rig, unsigned kinds, int64_t expiry, struct register_rig_card *card);
mitome_code register_rig_try_card(
        struct register_rig *rig, unsigned kinds, int64_t expiry, struct register_rig_card *card);

/* A person with a card, all in one. */
void register_rig_holder(
        struct register_rig *rig, const struct register_rig_facts *facts, struct register_rig_card *ret);

/* register_rig_serial is a certificate's number, magnitude bytes. */
slice register_rig_serial(slice der, uint8_t buffer[REGISTER_SERIAL_MAX]);

/* ---- applications ---- */

struct register_rig_application {
        const char *purpose, *device, *nonce, *kind; /* NULL: "issue", "MT-1 0001", "nonce-1", "both" */
        int64_t at;                                  /* 0: the rig's time */
};

/* register_rig_sign has the signing key and certificate of the card sign it; `buffer` has 8192 bytes. */
slice register_rig_sign(struct register_rig *rig, const struct register_rig_card *card,
        const struct register_rig_application *application, uint8_t *buffer);
/* register_rig_sign_by has any key sign any content beside any certificate. */
slice register_rig_sign_by(
        struct register_rig *rig, EVP_PKEY *key, slice certificate, slice content, uint8_t *buffer);

/* register_rig_check has the SP-TSM ask for it; *ret_digest is the application's. */
mitome_code register_rig_check(struct register_rig *rig, slice cms,
        const struct register_rig_application *application, uint8_t ret_digest[32]);

/* ---- certificates ---- */

/* register_rig_issue has the SP-TSM ask for one; `ret` may be NULL. */
mitome_code register_rig_issue(struct register_rig *rig, const uint8_t person[REGISTER_PERSON_SIZE],
        enum register_kind kind, const struct register_rig_key *key, const char *device,
        const uint8_t digest[32], struct authority_der *ret);

/* register_rig_phone applies and issues, all in one, and gives the certificate. */
void register_rig_phone(struct register_rig *rig, const struct register_rig_card *card, const char *device,
        const char *nonce, enum register_kind kind, struct authority_der *ret);

mitome_code register_rig_revoke(struct register_rig *rig, enum register_rig_party who,
        enum register_kind kind, slice der, int reason, size_t *ret_ended);
mitome_code register_rig_hold(struct register_rig *rig, enum register_rig_party who,
        const char *kind_of_letter, enum register_kind kind, slice der);

/* register_rig_status asks as a portal. */
struct register_rig_status {
        uint64_t status, reason;
};
struct register_rig_status register_rig_status(struct register_rig *rig, enum register_kind kind, slice der);

/* register_rig_flush sends all letters that wait. */
void register_rig_flush(struct register_rig *rig);

/* register_rig_count is the answer of a SELECT count(*) in the authority's store. */
int64_t register_rig_count(struct register_rig *rig, const char *sql);

slice register_rig_der(const struct authority_der *der);

#endif
