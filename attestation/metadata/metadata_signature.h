/* SPDX-License-Identifier: Apache-2.0 */
#ifndef METADATA_SIGNATURE_H
#define METADATA_SIGNATURE_H

/* The JWS around a BLOB's payload (RFC 7515): whose it is. */

#include "bytes.h"

#include <mitome/metadata.h>

/* The parts of a compact serialisation, views into it. */
struct metadata_jws {
        slice header, payload, signature; /* base64url */
        slice signed_text;                /* header.payload */
};

/* metadata_jws_split takes a BLOB apart. */
MITOME_CHECKED mitome_status metadata_jws_split(slice blob, struct metadata_jws *ret, mitome_error *error);

/* metadata_jws_decode decodes a part into `space`, which must have three bytes more than it takes. */
MITOME_CHECKED mitome_status metadata_jws_decode(
        slice text, const char *field, writer *space, slice *ret, mitome_error *error);

/* metadata_jws_verify holds header, path and signature to mitome_metadata_read's comment; offsets count in
 * the header's bytes. *ret_signer is x5c[0]; it lies in `space`. `space` and `scratch` must have room for the
 * parts decoded. */
MITOME_CHECKED mitome_status metadata_jws_verify(const struct metadata_jws *jws,
        const struct mitome_trust *signers, int64_t now, writer *space, writer *scratch, slice *ret_signer,
        mitome_error *error);

#endif
