/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RAW_SIGNATURE_H
#define RAW_SIGNATURE_H

#include "bytes.h"

/* raw_signature_write_der writes an ECDSA signature r || s of P-256, as COSE has it (RFC 9053 2.1), as
 * ECDSA-Sig-Value (RFC 3279 2.2.3), as OpenSSL and cose_verify take it. */
enum { RAW_SIGNATURE_SIZE = 64, RAW_SIGNATURE_DER_MAX = RAW_SIGNATURE_SIZE + 16 };
void raw_signature_write_der(writer *w, slice raw);

#endif
