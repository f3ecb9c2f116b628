/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OCSP_RESPONDER_H
#define OCSP_RESPONDER_H

/* Answers to "is this certificate good" (RFC 6960), from what the register says at that moment, signed by a
 * key that each CA has certified for just that, and for a month: it is drawn anew when half of it is over.
 * The nonce comes back (RFC 8954).
 *
 *   the request is none                                  malformedRequest
 *   it asks about an issuer that is none of these CAs,
 *   or about certificates of both                        unauthorized: each CA answers for itself
 *   the register cannot say                              tryLater
 *   a serial number that the CA never gave               unknown, signed */

#include "ca.h"
#include "ocsp_request.h"

enum { OCSP_RESPONSE_MAX = 8192, OCSP_RESPONDER_DAYS = 30 };

struct ocsp_responder_config {
        const struct ca *cas[2]; /* by kind; they outlive the responder */
        struct ca_source source;
        struct mitome_random random;
        uint32_t seconds; /* how long an answer may be kept (nextUpdate); 0: a minute. A revocation is known
                             everywhere after that, whoever keeps answers. */
};

struct ocsp_responder;

MITOME_CHECKED mitome_status ocsp_responder_new(const struct ocsp_responder_config *config, int64_t now,
        struct ocsp_responder **ret, mitome_error *error);
void ocsp_responder_free(struct ocsp_responder *responder);

/* ocsp_responder_answer writes the OCSPResponse to a request (DER). It writes one whatever happens, and fails
 * when that one says no more than that there is none. `out` holds OCSP_RESPONSE_MAX. */
MITOME_CHECKED mitome_status ocsp_responder_answer(
        struct ocsp_responder *responder, slice request, int64_t now, writer *out, mitome_error *error);

/* ocsp_responder_get answers a request in a path (RFC 6960 A.1: base64, perhaps percent-encoded). */
MITOME_CHECKED mitome_status ocsp_responder_get(
        struct ocsp_responder *responder, slice path, int64_t now, writer *out, mitome_error *error);

#endif
