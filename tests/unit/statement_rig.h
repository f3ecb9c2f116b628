/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STATEMENT_RIG_H
#define STATEMENT_RIG_H

/* Attestation statements of every make over what the ceremony rig has built. A failure of the rig aborts. */

#include "attestation_format.h"
#include "ceremony_rig.h"

struct rig_der {
        uint8_t bytes[4096];
        size_t size;
};

slice rig_der_view(const struct rig_der *der);

/* An extension that a certificate shall carry. */
struct rig_extension_plan {
        const char *oid; /* NULL: none */
        slice value;
        int times; /* how often it stands there */
};

/* rig_certify makes a certificate of the rig's CA for a key, without what packed asks for. */
void rig_certify(const struct rig *rig, EVP_PKEY *key, const struct rig_extension_plan *extension,
        struct rig_der *ret);

/* rig_signature signs authData || clientDataHash of a response, SHA-256 where the key takes a digest; with
 * `other_hash` over another client data hash. */
void rig_signature(EVP_PKEY *key, const struct rig_response *response, bool other_hash, struct rig_der *ret);

void rig_client_data_hash(const struct rig_response *response, uint8_t ret[32]);

/* rig_statement views attStmt in the attestation object of a response. */
slice rig_statement(const struct rig_response *response);

/* rig_verify runs a format over the response's authenticator data, hash, and `statement`, which is copied
 * into memory of just its size. *error is reset before. */
mitome_status rig_verify(const struct rig_response *response, slice statement,
        const struct attestation_format *format, struct attestation_result *ret, mitome_error *error);

/* rig_check_truncations expects every beginning of a right statement to end too early. */
void rig_check_truncations(
        const struct rig_response *response, slice statement, const struct attestation_format *format);

/* rig_der_write writes one DER element: the tag's bytes, the shortest length, the content. */
void rig_der_write(writer *w, slice tag, slice content);

#endif
