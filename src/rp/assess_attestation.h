/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASSESS_ATTESTATION_H
#define ASSESS_ATTESTATION_H

/* What the relying party's policy says to an attestation that is right in itself, WebAuthn L3 7.1 #23, #24.
 */

#include "attestation_format.h"
#include "ceremony.h"

/* FORMAT_NOT_ALLOWED, before the statement is read. */
MITOME_CHECKED mitome_status assess_format(struct ceremony *c, const char *name);

/* Whom the attestation leads to, into the verdict; then what the policy demands of it and of the model. */
MITOME_CHECKED mitome_status assess_attestation(
        struct ceremony *c, const struct attestation_result *attestation);

/* 7.1 #28: what the policy demands of extensions. */
MITOME_CHECKED mitome_status assess_extensions(const struct ceremony *c);

#endif
