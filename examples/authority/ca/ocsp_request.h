/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OCSP_REQUEST_H
#define OCSP_REQUEST_H

/* An OCSP request (RFC 6960 4.1), read strictly. */

#include "bytes.h"

enum {
        OCSP_REQUEST_MAX = 2048,    /* bytes */
        OCSP_CERTIFICATES_MAX = 16, /* asked about in one request */
        OCSP_NONCE_MAX = 32,        /* RFC 8954 2.1: 1 to 32 */
        OCSP_SERIAL_MAX = 20,
};

enum ocsp_digest { OCSP_SHA1, OCSP_SHA256, OCSP_OTHER_DIGEST };

/* One certificate that is asked about. */
struct ocsp_id {
        slice whole; /* the CertID as it was sent: the answer repeats it */
        enum ocsp_digest digest;
        slice name_hash, key_hash; /* of the issuer */
        slice serial;              /* magnitude; empty when it is none that a CA gives */
};

struct ocsp_request {
        struct ocsp_id ids[OCSP_CERTIFICATES_MAX];
        size_t count;
        slice nonce; /* empty: none */
};

/* ocsp_request_read reads one: DER, INPUT_ENDS, TRAILING_BYTES; VALUE for another version, a nonce that is
 * not of 1 to 32 bytes or given twice, a critical extension that is not known, a digest of another length
 * than its algorithm's; FULL for more certificates than OCSP_CERTIFICATES_MAX, MISSING for none. A
 * requestor's name and signature are read over: whoever asks is answered. */
MITOME_CHECKED mitome_status ocsp_request_read(slice der, struct ocsp_request *ret, mitome_error *error);

#endif
