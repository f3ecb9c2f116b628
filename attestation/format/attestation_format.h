/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTESTATION_FORMAT_H
#define ATTESTATION_FORMAT_H

/* Attestation statement formats, WebAuthn L3 8. A format checks its statement; whom the certificates belong
 * to is judged elsewhere (trust.h). */

#include "authdata.h"

enum { ATTESTATION_CHAIN_MAX = 8, ATTESTATION_PARTS_MAX = 4, ATTESTATION_CERTIFICATE_MAX = 8192 };

/* Levels beyond CBOR_DEPTH that an attestation object needs: compound puts an array and a map around each of
 * its statements. Clients send it to relying parties; no CTAP2 message carries it. */
enum { ATTESTATION_DEEPER = 2 };

/* The verification procedure inputs, WebAuthn L3 6.5.3. */
struct attestation_input {
        struct cbor_reader statement; /* over attStmt, so that offsets count in the attestation object */
        slice auth_data;
        const struct authdata *data; /* the same, read */
        slice client_data_hash;
        struct cose_verifier *verifier; /* may be NULL */
        struct leaf_memory *leaves;     /* may be NULL */
        unsigned switches;              /* enum mitome_switch */
};

enum attestation_type {
        ATTESTATION_NONE,
        ATTESTATION_SELF,
        ATTESTATION_X5C,  /* Basic, AttCA or AnonCA: the chain alone does not tell which */
        ATTESTATION_JPKI, /* a person's user-verification certificate; its path ends in a JPKI anchor */
};

struct attestation_chain {
        slice certificates[ATTESTATION_CHAIN_MAX]; /* DER, leaf first; views into the statement */
        size_t count;
};

/* What one statement shows. */
struct attestation_part {
        const char *format; /* static */
        enum attestation_type type;
        int64_t algorithm;              /* of the statement's signature; 0 where there is none */
        struct attestation_chain chain; /* ATTESTATION_X5C, ATTESTATION_JPKI */
};

/* What an attestation shows: one part, or several where a format holds statements of others. Every part has
 * been found to be right; trust is for who reads this. */
struct attestation_result {
        struct attestation_part parts[ATTESTATION_PARTS_MAX];
        size_t count;
};

/* attestation_add appends a part, or fails with TOO_MANY. */
MITOME_CHECKED mitome_status attestation_add(
        struct attestation_result *result, const struct attestation_part *part, mitome_error *error);

/* verify appends what it found to `result`, and nothing on a failure. */
struct attestation_format {
        const char *name;
        const char *clause; /* of its verification procedure */
        mitome_status (*verify)(const struct attestation_input *input, struct attestation_result *result,
                mitome_error *error);
};

extern const struct attestation_format attestation_android_key;
extern const struct attestation_format attestation_apple;
extern const struct attestation_format attestation_compound;
extern const struct attestation_format attestation_fido_u2f;
extern const struct attestation_format attestation_mitome_jpki;
extern const struct attestation_format attestation_none;
extern const struct attestation_format attestation_packed;
extern const struct attestation_format attestation_tpm;

/* attestation_format_find takes a format by its exact name, or fails with FORMAT_UNSUPPORTED or
 * FORMAT_ENDED at `clause`. *ret_name is the static name of a format that is registered, supported or not,
 * else NULL; it is set on failure too. */
MITOME_CHECKED mitome_status attestation_format_find(slice name, const char *clause, const char **ret_name,
        const struct attestation_format **ret, mitome_error *error);

/* ---- what several formats read ---- */

/* attestation_read_chain takes an x5c: an array of 1 to ATTESTATION_CHAIN_MAX byte strings (CHAIN_EMPTY,
 * TOO_MANY, TOO_LONG). The certificates are not looked into. */
MITOME_CHECKED mitome_status attestation_read_chain(
        struct cbor_reader *r, const char *field, struct attestation_chain *ret);

#endif
