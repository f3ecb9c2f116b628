/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AIK_CERTIFICATE_H
#define AIK_CERTIFICATE_H

/* The certificate of a TPM's attestation key, WebAuthn L3 8.3.1. */

#include "bytes.h"

#include <openssl/x509.h>

/* aik_certificate_check holds the certificate to 8.3.1. The TPM's maker is named by "id:" and eight
 * hexadecimal digits; whether these stand in the TCG's Vendor ID Registry is asked only with
 * MITOME_SWITCH_TPM_MANUFACTURER: the Recommendation's own test vector has id:00000000, FIDO's test tools
 * have id:FFFFF1D0, and the registry grows. Who may vouch for a TPM is told by the anchors, not by this name.
 */
MITOME_CHECKED mitome_status aik_certificate_check(const X509 *aik, unsigned switches, mitome_error *error);

#endif
