/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTESTATION_FORMAT_H
#define ATTESTATION_FORMAT_H

/* Attestation statement formats, WebAuthn L3 8. A format checks its statement; whom the certificates belong
 * to is judged elsewhere (trust.h). */

#include "authdata.h"

enum { ATTESTATION_CHAIN_MAX = 8 };

/* The verification procedure inputs, WebAuthn L3 6.5.3. */
struct attestation_input {
        struct cbor_reader statement; /* over attStmt, so that offsets count in the attestation object */
        slice auth_data;
        const struct authdata *data; /* the same, read */
        slice client_data_hash;
};

enum attestation_type {
        ATTESTATION_NONE,
        ATTESTATION_SELF,
        ATTESTATION_X5C, /* Basic, AttCA or AnonCA: the chain alone does not tell which */
};

struct attestation_result {
        enum attestation_type type;
        int64_t algorithm;                  /* of the statement's signature; 0 with ATTESTATION_NONE */
        slice chain[ATTESTATION_CHAIN_MAX]; /* DER, leaf first; views into the statement */
        size_t chain_count;
};

struct attestation_format {
        const char *name;
        mitome_status (*verify)(
                const struct attestation_input *input, struct attestation_result *ret, mitome_error *error);
};

extern const struct attestation_format attestation_none;
extern const struct attestation_format attestation_packed;

/* attestation_format_find takes a format by its exact name, or fails with FORMAT_UNSUPPORTED at `clause`.
 * *ret_name is the static name of a format that is registered, supported or not, else NULL; it is set on
 * failure too. */
MITOME_CHECKED mitome_status attestation_format_find(slice name, const char *clause, const char **ret_name,
        const struct attestation_format **ret, mitome_error *error);

#endif
