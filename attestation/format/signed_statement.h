/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNED_STATEMENT_H
#define SIGNED_STATEMENT_H

/* The members that statements of several formats are made of. */

#include "attestation_format.h"

enum statement_member {
        STATEMENT_ALG = 1,
        STATEMENT_SIG = 2,
        STATEMENT_X5C = 4,
        STATEMENT_DEVICE = 8, /* mitome-jpki: the statement of another format */
        STATEMENT_VER = 16,   /* tpm: "2.0", and nothing else */
        STATEMENT_PUB_AREA = 32,
        STATEMENT_CERT_INFO = 64,
};

struct signed_statement {
        unsigned members; /* enum statement_member: which there are */
        int64_t algorithm;
        slice signature;
        struct attestation_chain chain;
        struct cbor_reader device;
        reader pub_area, cert_info; /* over the bytes of each */
};

/* signed_statement_read takes an attStmt, a map of these members and no others (VALUE): all that are required
 * (MISSING), and of the optional ones any. Nothing may follow. */
MITOME_CHECKED mitome_status signed_statement_read(
        struct cbor_reader *r, unsigned required, unsigned optional, struct signed_statement *ret);

/* signed_statement_verify checks sig over authenticatorData || clientDataHash. */
MITOME_CHECKED mitome_status signed_statement_verify(const struct signed_statement *statement,
        const struct attestation_input *input, const struct cose_key *key, const char *clause,
        mitome_error *error);

#endif
