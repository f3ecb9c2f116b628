/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CEREMONY_RIG_H
#define CEREMONY_RIG_H

/* An authenticator, a browser and a CA of the test's own, so that a test can say what a ceremony shall look
 * like, in a plan, and get the JSON that a relying party would receive. Each plan begins valid; a negative
 * case is one edit away. Built on OpenSSL; failures of the rig abort the test. */

#include "cose.h"
#include "digest.h"

#include <mitome/rp.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

enum rig_key {
        RIG_ES256,
        RIG_EDDSA,
        RIG_RS256,
        RIG_ES384,
        RIG_HSS_LMS, /* a key of P-256 that claims an algorithm that is not supported */
        RIG_KEYS,
};

struct rig {
        EVP_PKEY **credential; /* RIG_KEYS each, made when first asked for: RSA takes long under valgrind */
        EVP_PKEY **attestation;
        EVP_PKEY *ca_key;
        X509 *ca;
        uint8_t ca_der[2048];
        size_t ca_der_size;
        uint8_t challenge[32];
        uint8_t credential_id[32];
};

void rig_open(struct rig *rig);
void rig_close(struct rig *rig);

enum rig_attestation { RIG_NO_STATEMENT, RIG_SELF, RIG_CHAIN };
enum rig_constraints { RIG_NOT_CA, RIG_IS_CA, RIG_NO_CONSTRAINTS };
enum rig_extension { RIG_ABSENT, RIG_WRAPPED, RIG_NOT_WRAPPED, RIG_TWICE };

struct rig_leaf {
        enum rig_key key;
        int version; /* 3 */
        const char *country, *organization, *unit, *name;
        const char *second_unit; /* NULL */
        enum rig_constraints constraints;
        enum rig_extension aaguid_extension;
        uint8_t extension_aaguid[16];
        bool extension_critical;
        int64_t not_before, not_after;
        bool trailing_byte;
};

struct rig_plan {
        bool registration;
        /* client data: members in order, or `client_json` in place of them all */
        const char *type;
        const char *challenge; /* base64url text; NULL: the rig's */
        const char *origin;
        const char *client_members; /* ",\"crossOrigin\":false" */
        const char *client_json;
        const char *before_client_data, *after_client_data;
        /* authenticator data */
        const char *rp_id;
        uint8_t flags;
        uint32_t sign_count;
        uint8_t aaguid[16];
        enum rig_key key;
        size_t credential_id_size; /* 32; more is filled up with zeros */
        mitome_slice extensions;
        mitome_slice public_key; /* COSE bytes in place of the key's own */
        bool trailing_auth_data;
        /* signatures */
        bool foreign_signer; /* another key than the record or the leaf says */
        bool spoil_signature;
        bool trailing_signature;
        bool sign_other_hash;
        /* attestation */
        const char *format;
        enum rig_attestation attestation;
        struct rig_leaf leaf;
        int64_t statement_algorithm; /* 0: that of the key */
        bool empty_chain;
        size_t chain_repeat;    /* 1: the leaf alone */
        mitome_slice statement; /* CBOR in place of attStmt */
        bool trailing_object;
        bool duplicate_key; /* authData stands twice */
        /* the JSON around it */
        const char *id, *raw_id; /* base64url text; NULL: the credential's */
        const char *credential_type;
        const char *user_handle;   /* JSON value; NULL: absent */
        const char *inner_members; /* ",\"transports\":[]" */
        const char *outer_members;
        const char *after_json;
};

struct rig_plan rig_registration_plan(void);
struct rig_plan rig_authentication_plan(void);

struct rig_response {
        uint8_t json[32768];
        size_t json_size;
        uint8_t client_data[8192];
        size_t client_data_size;
        uint8_t auth_data[4096];
        size_t auth_data_size;
        uint8_t object[16384]; /* registration */
        size_t object_size;
        uint8_t signature[1024];
        size_t signature_size;
        uint8_t public_key[640]; /* COSE */
        size_t public_key_size;
        uint8_t leaf[2048];
        size_t leaf_size;
};

void rig_build(const struct rig *rig, const struct rig_plan *plan, struct rig_response *ret);

/* rig_seal signs the parts in `response` again and wraps them. */
void rig_seal(const struct rig *rig, const struct rig_plan *plan, struct rig_response *response);

/* rig_wrap makes the JSON again from the parts in `response`, which a test may have edited. */
void rig_wrap(const struct rig *rig, const struct rig_plan *plan, struct rig_response *response);

mitome_slice rig_json(const struct rig_response *response);

/* What the relying party of the rig expects: "example.org", "https://example.org", the rig's challenge. */
struct mitome_expectation rig_expectation(const struct rig *rig);
struct mitome_credential rig_record(const struct rig *rig, const struct rig_response *response);

/* 2030-01-01, when all certificates of the rig are valid. */
enum { RIG_NOW = 1893456000 };

#endif
