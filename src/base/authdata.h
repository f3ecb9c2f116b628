/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHDATA_H
#define AUTHDATA_H

/* Authenticator data, WebAuthn L3 6.1. */

#include "cose.h"

enum {
        AUTHDATA_UP = 0x01,
        AUTHDATA_UV = 0x04,
        AUTHDATA_BE = 0x08,
        AUTHDATA_BS = 0x10,
        AUTHDATA_AT = 0x40,
        AUTHDATA_ED = 0x80,
        AUTHDATA_RESERVED = 0x22,
        AUTHDATA_CREDENTIAL_ID_MAX = 1023, /* WebAuthn L3 7.1, credential IDs over 1023 bytes fail */
        AUTHDATA_AAGUID_SIZE = 16,
};

struct authdata {
        slice rp_id_hash; /* 32 bytes */
        uint8_t flags;
        uint32_t sign_count;
        /* with AUTHDATA_AT: */
        slice aaguid; /* 16 bytes */
        slice credential_id;
        slice public_key_bytes; /* the COSE_Key as encoded */
        struct cose_key public_key;
        /* with AUTHDATA_ED: */
        slice extensions; /* one canonical CBOR map */
};

/* authdata_read reads all of `input`; every view points into it. Trailing bytes are refused. Reserved flag
 * bits are tolerated as the specification asks; BS without BE is refused (6.1: BS needs BE). */
MITOME_CHECKED mitome_status authdata_read(slice input, struct authdata *ret, mitome_error *error);

/* authdata_read_by reads what some authenticators make of it: with `left_over`, bytes behind the end are
 * ignored; with `any_order`, CBOR keys of the extensions come in any order. */
struct authdata_rules {
        struct cose_verifier *verifier; /* for the key; may be NULL */
        bool left_over, any_order;
};
MITOME_CHECKED mitome_status authdata_read_by(
        slice input, const struct authdata_rules *rules, struct authdata *ret, mitome_error *error);

/* authdata_write writes the same structure; public_key_bytes is written as it is, and public_key only when
 * public_key_bytes is empty. What is written is not checked (tests write what must be
 * refused), but a credential ID over 65535 bytes overflows the writer. */
void authdata_write(writer *w, const struct authdata *data);

#endif
