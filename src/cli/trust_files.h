/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TRUST_FILES_H
#define TRUST_FILES_H

/* Certificates as people keep them, PEM or DER, for a trust snapshot. */

#include "bytes.h"

#include <mitome/rp.h>

/* trust_add_certificates makes every certificate in `content` an attestation anchor. VALUE when it holds
 * none, or anything else beside: what cannot be used must not look as if it were. */
MITOME_CHECKED mitome_status trust_add_certificates(
        struct mitome_trust *trust, slice content, const char *field, mitome_error *error);

/* trust_looks_like_certificate tells whether a file begins as one does. */
bool trust_looks_like_certificate(slice content);

#endif
